import { type Client } from 'pg';
import { type TemporaryServer } from '../../../../databases/embedded/index.ts';
import { type ServerFunction, withClient } from './server-builtins.ts';

/** A simple value of each type that queries give to functions; a function that takes another type is not called. */
const VALUES: Readonly<Record<string, string>> = {
  smallint: '1',
  integer: '1',
  bigint: '1',
  numeric: '1',
  real: '1',
  'double precision': '1',
  money: "'1'",
  oid: '1259',
  xid: "'3'",
  xid8: "'3'",
  cid: "'0'",
  boolean: 'true',
  text: "'a'",
  name: "'pg_class'",
  '"char"': "'r'",
  character: "'a'",
  'character varying': "'a'",
  bytea: "'\\x61'",
  date: "'2024-01-02'",
  'time without time zone': "'01:02'",
  'time with time zone': "'01:02+00'",
  'timestamp without time zone': "'2024-01-02'",
  'timestamp with time zone': "'2024-01-02 00:00+00'",
  interval: "'1 day'",
  uuid: "'00000000-0000-0000-0000-000000000001'",
  inet: "'10.0.0.1'",
  cidr: "'10.0.0.0/8'",
  macaddr: "'08:00:2b:01:02:03'",
  macaddr8: "'08:00:2b:01:02:03:04:05'",
  json: `'{"a": 1}'`,
  jsonb: `'{"a": 1}'`,
  jsonpath: "'$.a'",
  xml: "'<a/>'",
  bit: "B'1'",
  'bit varying': "B'1'",
  tid: "'(0,1)'",
  pg_lsn: "'0/1'",
  regclass: "'pg_class'",
  regtype: "'int4'",
  regproc: "'pg_catalog.now'",
  regprocedure: "'pg_catalog.now()'",
  regoper: "'pg_catalog.~~*'",
  regoperator: "'pg_catalog.+(int4,int4)'",
  regconfig: "'simple'",
  regdictionary: "'simple'",
  regnamespace: "'pg_catalog'",
  regrole: "'postgres'",
  regcollation: `'"C"'`,
  regdatabase: "'postgres'",
  tsvector: "'a'",
  tsquery: "'a'",
  point: "'(0,0)'",
  box: "'(0,0),(1,1)'",
  circle: "'<(0,0),1>'",
  line: "'{1,2,3}'",
  lseg: "'[(0,0),(1,1)]'",
  path: "'[(0,0),(1,1)]'",
  polygon: "'((0,0),(1,1),(1,0))'",
  int4range: "'[1,2)'",
  int8range: "'[1,2)'",
  numrange: "'[1,2)'",
  daterange: "'[2024-01-01,2024-01-02)'",
  tsrange: "'[2024-01-01,2024-01-02)'",
  tstzrange: "'[2024-01-01,2024-01-02)'",
  int4multirange: "'{[1,2)}'",
  pg_snapshot: "'1:1:'",
  txid_snapshot: "'1:1:'",
  aclitem: "'=r/postgres'",
  oidvector: "'1'",
  int2vector: "'1'",
  anyelement: '1::int4',
  anynonarray: '1::int4',
  anyarray: 'ARRAY[1]',
  anycompatible: '1::int4',
  anycompatiblenonarray: '1::int4',
  anycompatiblearray: 'ARRAY[1]',
  anyrange: "'[1,2)'::int4range",
  anycompatiblerange: "'[1,2)'::int4range",
  anymultirange: "'{[1,2)}'::int4multirange",
  anycompatiblemultirange: "'{[1,2)}'::int4multirange",
  record: 'ROW(1)',
  '"any"': '1::int4',
};

/** The expression that stands for an argument; undefined where no plain value has the type. */
function argument(type: string): string | undefined {
  const known = VALUES[type];
  if (known !== undefined) return /^"?any|^record$/.test(type) ? known : `${known}::${type}`;
  const element = type.endsWith('[]') ? argument(type.slice(0, -2)) : undefined;
  return element === undefined ? undefined : `ARRAY[${element}]`;
}

/** All of the session that a read must leave alone, as one text. */
const STATE = `
  SELECT concat_ws(' | ',
    pg_current_xact_id_if_assigned()::text,
    (SELECT md5(string_agg(name || '=' || setting, ',' ORDER BY name)) FROM pg_settings),
    (SELECT string_agg(locktype || ' ' || mode, ',' ORDER BY locktype, mode) FROM pg_locks
      WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR mode NOT IN ('AccessShareLock', 'ExclusiveLock'))),
    (SELECT string_agg(c, ',') FROM pg_listening_channels() c), pg_my_temp_schema()::text,
    (SELECT count(*)::text FROM pg_replication_slots), (SELECT count(*)::text FROM pg_prepared_statements),
    (SELECT count(*)::text FROM pg_cursors WHERE name <> '')) AS state`;

/** Functions called between two looks at the session; one with an effect is then found among them. */
const BATCH = 50;

/**
 * Calls every function with simple values in a READ ONLY transaction and names those after which the session is another.
 * `called` counts the calls that ended without an error.
 */
export async function effectsOf(
  server: TemporaryServer,
  functions: readonly ServerFunction[],
): Promise<{ readonly called: number; readonly effects: readonly string[] }> {
  const calls = functions.flatMap(({ name, types }) => {
    const args = types === '' ? [] : types.split(', ').map(argument);
    const known = args.filter((arg) => arg !== undefined);
    return known.length === args.length ? [`pg_catalog."${name}"(${known.join(', ')})`] : [];
  });
  const effects: string[] = [];
  let called = 0;
  for (let at = 0; at < calls.length; at += BATCH) {
    const batch = calls.slice(at, at + BATCH);
    const outcome = await run(server, batch);
    called += outcome.called;
    if (!outcome.changed) continue;
    for (const call of batch) if ((await run(server, [call])).changed) effects.push(call);
  }
  return { called, effects };
}

/** In a session of its own: what one call leaves behind must not hide what the next one does. */
function run(server: TemporaryServer, calls: readonly string[]): Promise<{ called: number; changed: boolean }> {
  return withClient(server, (client) => runOn(client, calls));
}

async function runOn(client: Client, calls: readonly string[]): Promise<{ called: number; changed: boolean }> {
  const state = async (): Promise<string | undefined> => (await client.query<{ state: string }>(STATE)).rows[0]?.state;
  let called = 0;
  await client.query("SET statement_timeout = '5s'");
  await client.query('BEGIN READ ONLY');
  try {
    const before = await state();
    for (const call of calls) {
      try {
        await client.query(`SAVEPOINT one; SELECT * FROM ${call} LIMIT 3; RELEASE one`);
        called += 1;
      } catch {
        await client.query('ROLLBACK TO one');
      }
    }
    return { called, changed: before !== (await state()) };
  } finally {
    await client.query('ROLLBACK');
  }
}
