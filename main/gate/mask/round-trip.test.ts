import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTemporary, type TemporaryServer } from '../../databases/embedded/index.ts';
import { MASKED_LIMIT } from '../../databases/result/index.ts';
import { type Masker } from '../verdict.ts';
import { type CellFormat, maskerTransform, type MaskedType } from './maskers.ts';

/** Every masked cell, in text and in binary, goes back to the server as a parameter of its column's type. */

const KEY = Buffer.alloc(32, 5);
const MONTH: Masker = { kind: 'date', unit: 'month' };
const YEAR: Masker = { kind: 'date', unit: 'year' };
const bucket = (size: number): Masker => ({ kind: 'bucket', size });
const TOKEN: Masker = { kind: 'token', scope: 'session' };
const EMAIL = 'ana.lopez@example.org';
const CARD = '4111 1111 1111 1111';
const DATES = ['2024-03-31', '1999-12-31', '0044-03-15 BC', '4713-12-31 BC', '5874897-12-31', 'infinity'];
const TIMES = [
  '2024-03-31 23:59:59.999999+00',
  '1999-12-31 23:59:59.5-11',
  '1969-12-31 12:00:00+05:45',
  '0001-01-01 00:00:00+00 BC',
  '294276-12-31 00:00:00+00',
  '-infinity',
];
const WHOLE = ['0', '1', '-1', '999', '1000', '-1000', '-1001', '32767', '-32768'];

/** Type, maskers, and values. */
const CASES: readonly (readonly [type: string, maskers: readonly Masker[], values: readonly string[]])[] = [
  ['text', [{ kind: 'email' }, { kind: 'email-domain' }, { kind: 'redact' }, TOKEN, { kind: 'initial' }], [EMAIL, '']],
  ['varchar(20)', [{ kind: 'card' }, { kind: 'card-bin' }, TOKEN, { kind: 'redact' }], [CARD, 'x']],
  ['varchar(5)', [TOKEN, { kind: 'fixed', text: 'hidden' }, { kind: 'redact' }], ['abcde']],
  ['char(22)', [TOKEN, { kind: 'card-token', scope: 'tenant', bin: true }, { kind: 'keep-last', count: 4 }], [CARD]],
  ['date', [MONTH, YEAR, { kind: 'redact' }], DATES],
  ['timestamp', [MONTH, YEAR], TIMES],
  ['timestamptz', [MONTH, YEAR], TIMES],
  ['smallint', [bucket(1000), bucket(7), bucket(1_000_000)], WHOLE],
  ['integer', [bucket(1000), bucket(10 ** 12)], [...WHOLE, '2147483647', '-2147483648']],
  ['bigint', [bucket(1000), bucket(3)], [...WHOLE, '9223372036854775807', '-9223372036854775808']],
  ['real', [bucket(1000), bucket(5)], [...WHOLE, '0.5', '-0.5', '16777217', '1e20', 'NaN', 'Infinity']],
  ['double precision', [bucket(1000)], [...WHOLE, '0.1', '-1e15', '1e300', 'NaN', '-Infinity']],
  ['numeric', [bucket(1000), bucket(2)], [...WHOLE, '0.0001', '-0.0001', '10000', '1e60', '-123456789012.5', 'NaN']],
  ['numeric(6,2)', [bucket(1000)], ['1234.56', '-1234.56', '-9999.99', '0']],
  ['money', [bucket(1000)], ['1234567.89', '-0.01', '0', '999.99', '-1000']],
  ['uuid', [TOKEN, { kind: 'redact' }], ['6f9619ff-8b86-4011-b42d-00c04fc964ff']],
  ['inet', [TOKEN, bucket(10), { kind: 'redact' }], ['10.0.0.1']],
  ['jsonb', [TOKEN, { kind: 'redact' }, { kind: 'keep-last', count: 4 }], ['{"a": "secret"}']],
  ['bytea', [TOKEN, { kind: 'redact' }, { kind: 'initial' }], ['\\xdeadbeef']],
  ['text[]', [TOKEN, { kind: 'redact' }, { kind: 'email' }], ['{ana@example.org}']],
  ['int4range', [bucket(1000), { kind: 'redact' }], ['[1,5000)']],
  ['boolean', [TOKEN, { kind: 'redact' }, bucket(2)], ['true']],
  ['interval', [MONTH, { kind: 'redact' }], ['3 days']],
  ['time', [MONTH, bucket(10)], ['12:34:56']],
  ['mood', [TOKEN, { kind: 'redact' }, { kind: 'initial' }], ['sad']],
  ['mail_address', [{ kind: 'email' }, TOKEN], [EMAIL]],
];

let server: TemporaryServer;
let client: Client;

beforeAll(async () => {
  server = await startTemporary();
  const { host, port, user, password } = server;
  client = new Client({ host, port, user, password, database: 'postgres', ssl: false });
  await client.connect();
  await client.query("SET DateStyle = 'ISO'; SET TimeZone = 'Asia/Kolkata'; SET bytea_output = 'hex'");
  await client.query("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN mail_address AS text");
}, 120_000);

afterAll(async () => {
  await client.end();
  await server.stop();
});

interface Cell {
  readonly bytes: Buffer;
  readonly type: MaskedType;
}

const raw = { getTypeParser: () => (value: unknown) => value };

async function read(type: string, literal: string, format: CellFormat): Promise<Cell> {
  const value = `${literal}::${type}`;
  const { rows, fields } = await client.query<{ v: string }>({ text: `SELECT ${value} AS v`, types: raw as never });
  const [field] = fields;
  const ids = [field?.dataTypeID, field?.dataTypeModifier];
  const { rows: types } = await client.query<{ name: string; send: string }>(
    'SELECT format_type($1, $2) AS name, typsend::text AS send FROM pg_type WHERE oid = $1',
    ids,
  );
  const { name = '', send = '' } = types[0] ?? {};
  // What a type's send function gives is what the protocol's binary format holds.
  const sent = format === 'binary' ? await client.query<{ b: Buffer }>(`SELECT ${send}(${value}) AS b`) : undefined;
  return {
    bytes: sent?.rows[0]?.b ?? Buffer.from(rows[0]?.v ?? ''),
    type: { typeOid: field?.dataTypeID ?? 0, typeModifier: field?.dataTypeModifier ?? -1, type: name },
  };
}

function masked({ bytes, type }: Cell, masker: Masker, format: CellFormat): Buffer | null {
  const target = Buffer.alloc(MASKED_LIMIT);
  const length = maskerTransform(masker, type, { format, key: KEY })(bytes, 0, bytes.length, target, 0);
  return length < 0 ? null : target.subarray(0, length);
}

describe('a masked cell', () => {
  for (const [type, maskers, values] of CASES) {
    it.each(maskers.map((masker) => [JSON.stringify(masker), masker] as const))(
      `of type ${type} under %s is taken by the server in both formats, and means the same in both`,
      async (_title, masker) => {
        for (const value of values) {
          const literal = `'${value}'`;
          const text = masked(await read(type, literal, 'text'), masker, 'text');
          const binary = masked(await read(type, literal, 'binary'), masker, 'binary');
          // A parameter given as bytes goes in binary format.
          const { rows } = await client.query(
            `SELECT $1::${type} IS NOT DISTINCT FROM $2::${type} AS same, $1::${type}::text AS shown`,
            [text?.toString() ?? null, binary],
          );
          expect({ literal, ...rows[0] }).toMatchObject({ literal, same: true });
          if (text !== null) expect(rows[0].shown).not.toBeNull();
        }
      },
    );
  }

  it('of a number or date never lies above its value, and less than a bucket below it', async () => {
    for (const value of ['-32768', '-1001', '-1000', '-1', '0', '999', '1000', '32767']) {
      const cell = masked(await read('integer', `'${value}'`, 'binary'), bucket(1000), 'binary');
      const bound = cell?.readInt32BE() ?? NaN;
      expect(Number(value) - bound).toBeGreaterThanOrEqual(0);
      expect(Number(value) - bound).toBeLessThan(1000);
    }
  });
});
