import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OutputMask } from '../verdict.ts';
import { FIRST_LOOK, type Finding, secondNet, type WatchedOutput } from './second-net.ts';
import { CANARY, type CanaryShop, startCanaryShop } from './testing/canary-shop.ts';

const mask = (output: number): OutputMask => ({
  output,
  name: 'o',
  column: { schema: 'public', relation: 't', column: 'c' },
  class: 'email',
  group: 'pii',
  masker: { kind: 'redact' },
  rule: { id: 'masked', effect: 'require' },
  sentence: 'masked',
});
const watched = (output: number, may = true): WatchedOutput => ({
  output,
  column: '',
  maskOf: () => (may ? mask(output) : undefined),
});
const TEXT = { typeOid: 25, typeModifier: -1, type: 'text' };

/** A DataRow body. */
function row(...cells: readonly (string | null)[]): Buffer {
  const parts = cells.map((cell) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(cell === null ? -1 : Buffer.byteLength(cell));
    return Buffer.concat([length, Buffer.from(cell ?? '')]);
  });
  return Buffer.concat([Buffer.from([0, cells.length]), ...parts]);
}

function watch(outputs: readonly WatchedOutput[], mode: 'warn' | 'mask' = 'mask', types = [TEXT, TEXT]) {
  const told: Finding[] = [];
  const net = secondNet({ mode, outputs }, types, (findings) => told.push(...findings));
  return {
    net,
    told,
    see: (...cells: readonly (string | null)[]) => {
      const body = row(...cells);
      net?.see(body, 0, body.length);
    },
    judged: () => [...(net?.judge().keys() ?? [])],
  };
}

describe('the second net', () => {
  it('finds a column by most of its values, and that column alone', () => {
    const { see, judged, told } = watch([watched(0), watched(1)]);
    for (let i = 0; i < 20; i++) see(i % 4 === 0 ? `text ${String(i)}` : `user${String(i)}@example.org`, 'x');
    expect(judged()).toEqual([0]);
    expect(told).toMatchObject([{ mask: { output: 0 }, first: true, detection: { class: 'email', share: 0.75 } }]);
  });

  it('says nothing of a column in which some cells look like it', () => {
    const { see, judged } = watch([watched(0)]);
    for (let i = 0; i < 20; i++) see(i % 2 === 0 ? `text ${String(i)}` : `user${String(i)}@example.org`, null);
    expect(judged()).toEqual([]);
  });

  it('says nothing of values that policy lets this person see, nor of outputs it does not watch', () => {
    const { see, judged, told } = watch([watched(0, false)]);
    for (let i = 0; i < 20; i++) see(`user${String(i)}@example.org`, `user${String(i)}@example.org`);
    expect([judged(), told]).toEqual([[], []]);
  });

  it('warns without masking where the profile says warn', () => {
    const { see, judged, told } = watch([watched(0)], 'warn');
    see('user@example.org', null);
    expect(judged()).toEqual([]);
    expect(told.length).toBe(1);
  });

  it('finds what begins later, by the rows that it still looks at', () => {
    const { see, judged, told } = watch([watched(0)]);
    for (let i = 0; i < FIRST_LOOK.rows; i++) see(`text ${String(i)}`, null);
    expect(judged()).toEqual([]);
    for (let i = 0; i < 15; i++) see(`user${String(i)}@example.org`, null);
    expect(judged()).toEqual([]);
    see('last@example.org', null);
    expect(judged()).toEqual([0]);
    expect(told).toMatchObject([{ first: false }]);
  });

  it('takes no cell for an address because of how it begins', () => {
    const { see, judged } = watch([watched(0)]);
    for (let i = 0; i < 20; i++) see(`a${String(i)}@example.org`.padEnd(400, 'x'), null);
    expect(judged()).toEqual([]);
  });

  it('looks at no types that hold no text', () => {
    expect(
      watch([watched(0)], 'mask', [{ typeOid: 1184, typeModifier: -1, type: 'timestamp with time zone' }]).net,
    ).toBeUndefined();
  });
});

const ENTITLED = `version: 1
rules:
  - { id: everything, allow: read }
`;

describe('a result of columns that nobody classified', () => {
  let masking: CanaryShop;
  let warning: CanaryShop;
  let entitled: CanaryShop;
  beforeAll(async () => {
    [masking, warning, entitled] = await Promise.all([
      startCanaryShop({ detect: 'mask' }),
      startCanaryShop({ detect: 'warn' }),
      startCanaryShop({ detect: 'mask', policy: ENTITLED }),
    ]);
  }, 180_000);
  afterAll(() => Promise.all([masking.close(), warning.close(), entitled.close()]));

  it.each([
    'SELECT id, free FROM contacts',
    "SELECT doc ->> 'mail' AS part_no FROM contacts",
    "SELECT doc ->> 'mail' FROM contacts LIMIT 1",
    "SELECT * FROM (SELECT id, doc ->> 'mail' AS a FROM contacts) t ORDER BY id",
    "SELECT m FROM contacts, LATERAL (SELECT doc ->> 'mail' AS m) l",
  ])('shows no address under detect: mask, for: %s', async (text) => {
    const told = await masking.run(text);
    expect(told.error).toBeUndefined();
    expect(told.everything).not.toMatch(CANARY);
    expect(told.rows.length).toBeGreaterThan(0);
    const found = told.columns.flatMap(({ mask: of }) => of ?? []);
    expect(found).toMatchObject([{ class: 'email', group: 'pii', rule: { id: 'masked' } }]);
    expect(found[0]?.sentence).toBe('masked: looks like e-mail address (pii), rule masked');
  });

  it('that begins to look like addresses far behind its first rows is masked from there, and hidden before', async () => {
    const told = await masking.run('SELECT id, free FROM late ORDER BY id');
    expect(told.rows.length).toBe(30_000);
    expect(told.everything).not.toMatch(CANARY);
    expect(told.rows.filter(([, free]) => free !== null && free !== '•••')).toEqual([]);
    expect(told.notices).toEqual([
      expect.stringMatching(
        /^WARNING: Output "free" looks like e-mail address \(\d+ % of 16 different values\).*masked from here on/,
      ),
    ]);
  });

  it('is shown with a warning under detect: warn, once for an output', async () => {
    const told = await warning.run("SELECT doc ->> 'mail' AS a, free AS b, id FROM contacts");
    expect(told.rows[0]?.[0]).toMatch(CANARY);
    expect(told.columns.every((column) => column.mask === undefined)).toBe(true);
    expect(told.notices).toEqual([
      expect.stringMatching(/^WARNING: Output "a" looks like e-mail address \(100 % of 200 different values\)/),
      expect.stringMatching(/^WARNING: Output "b" looks like e-mail address/),
    ]);
    expect(told.notices.join()).not.toMatch(CANARY);
  });

  it('is left alone for somebody who may see such values', async () => {
    const told = await entitled.run("SELECT doc ->> 'mail' AS a, free FROM contacts");
    expect(told.columns.every((column) => column.mask === undefined)).toBe(true);
    expect(told.rows.length).toBe(400);
  });

  it('of other things is shown as it is', async () => {
    const told = await masking.run('SELECT id, part_no, code FROM contacts');
    expect(told.columns.every((column) => column.mask === undefined)).toBe(true);
    expect(told.rows[0]).toEqual(['1', 'x1', 'ok']);
    expect(told.notices).toEqual([]);
  });

  it('has no rows and its columns where the statement gives none', async () => {
    const told = await masking.run("SELECT doc ->> 'mail' AS a FROM contacts WHERE id < 0");
    expect([told.columns.map(({ name }) => name), told.rows, told.tag]).toEqual([['a'], [], 'SELECT 0']);
  });
});
