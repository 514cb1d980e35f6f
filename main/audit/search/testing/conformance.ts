/** What every index must do, whatever it stands on. Registers tests; for test files. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ActivityFilter, type ActivityStore, type Viewer } from '../activity-store.ts';
import { BEGUN, CONNECTIONS, entryFor, entryOf, madeUpEntries, seeded } from './made-up.ts';
import { openNaiveIndex } from './naive-store.ts';

const LOGS = ['01a1fe84-7d22-709d-b559-0c8a4d77023d', '01a1fe84-7d22-709d-b559-0c8a4d77023e'] as const;
const EVERYBODY: Viewer = { everything: true };
const actor = { user: { iss: 'https://idp', sub: 'ana', name: 'Ana', email: 'Ana@Example.com', verified: true } };
const db = { id: 'shop', engine: 'postgres', host: 'h', port: 1, database: 'd', role: 'r', env: 'production' };

const intent = (s: string, more: object = {}) =>
  ({
    k: 'stmt.intent',
    s,
    actor,
    db,
    op: {
      class: 'read',
      title: 'SELECT',
      norm: 'select email from customers where id = $1',
      objects: [{ name: 'public.customers', access: 'read' }],
      columns: [{ name: 'public.customers.email', place: 'output', class: 'email' }],
      text: { text: "select email from customers where id = 'canary-literal'" },
      ...more,
    },
    pol: { hash: '00', decision: 'allow', rules: ['all'] },
  }) as const;
const outcome = (s: string, i: number, status: 'done' | 'failed' = 'done') =>
  ({
    k: 'stmt.outcome',
    s,
    ref: { i, h: '00' },
    out: { status, rows: 3, ms: 7, masked: [{ class: 'email', cells: 3 }] },
  }) as const;

export function conformance(name: string, open: () => Promise<ActivityStore>): void {
  describe(name, () => {
    let store: ActivityStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const addAll = async (events: readonly Parameters<typeof entryFor>[1][], at = BEGUN): Promise<void> =>
      store.add(
        LOGS[0],
        events.map((event, i) => entryFor(i, event, at + i * 1000)),
      );
    const find = async (filter: ActivityFilter, viewer: Viewer = EVERYBODY) =>
      (await store.events(filter, viewer, { limit: 100 })).events;
    const found = async (text: string): Promise<number> => (await find({ text })).length;

    it('gives the same pages, charts, facets and events as a plain search through everything', async () => {
      const naive = openNaiveIndex();
      const entries = [madeUpEntries(1, 900), madeUpEntries(2, 500)];
      const random = seeded(3);
      const at = [0, 0];
      while (at.some((done, i) => done < (entries[i]?.length ?? 0))) {
        const which = random() < 0.6 ? 0 : 1;
        const from = at[which] ?? 0;
        const batch = entries[which]?.slice(from, from + 1 + Math.floor(random() * 120)) ?? [];
        for (const index of [store, naive]) await index.add(LOGS[which], batch);
        at[which] = from + batch.length;
      }
      for (let round = 0; round < 50; round++) {
        const { filter, viewer } = randomQuestion(random);
        const told = JSON.stringify([filter, viewer]);
        const limit = 1 + Math.floor(random() * 40);
        let before: string | null | undefined;
        for (let page = 0; page < 3 && before !== null; page++) {
          const options = { limit, ...(before === undefined ? {} : { before }) };
          const expected = await naive.events(filter, viewer, options);
          expect(await store.events(filter, viewer, options), told).toEqual(expected);
          before = expected.next;
        }
        const span = { from: BEGUN + random() * 40 * 3_600_000, to: BEGUN + 40 * 86_400_000 * random() };
        for (const bucket of ['hour', 'day'] as const)
          expect(await store.chart(filter, viewer, { ...span, bucket }), told).toEqual(
            await naive.chart(filter, viewer, { ...span, bucket }),
          );
        expect(await store.facets(filter, viewer), told).toEqual(await naive.facets(filter, viewer));
        const index = Math.floor(random() * 500);
        expect(await store.event(LOGS[1], index, viewer)).toEqual(await naive.event(LOGS[1], index, viewer));
      }
    });

    it('counts many events in few buckets as a plain search does, whole and cut by the times of a chart', async () => {
      const naive = openNaiveIndex();
      const entries = madeUpEntries(4, 1_500, undefined, 24_000);
      for (const index of [store, naive]) await index.add(LOGS[0], entries);
      const hour = 3_600_000;
      const filters: readonly ActivityFilter[] = [
        { text: 'country' },
        { text: '"created at"', connection: 'staging' },
        { environment: 'staging', kinds: ['stmt.intent'] },
        { environment: 'staging', kinds: ['stmt.intent', 'stmt.denied', 'conn.open'] },
        { text: 'sel*', from: BEGUN + 1.5 * hour, to: BEGUN + 3.2 * hour },
      ];
      const spans = [
        { from: 0, to: 4e12 },
        { from: BEGUN + hour, to: BEGUN + 2.5 * hour },
        { from: BEGUN + 90 * hour, to: BEGUN + 99 * hour },
      ];
      for (const filter of filters)
        for (const span of spans)
          for (const bucket of ['hour', 'day'] as const)
            expect(await store.chart(filter, EVERYBODY, { ...span, bucket }), JSON.stringify(filter)).toEqual(
              await naive.chart(filter, EVERYBODY, { ...span, bucket }),
            );
    });

    it('shows a statement as running until its end comes, and then as one row with how it ended', async () => {
      await addAll([intent('s')]);
      expect(await find({ status: 'running' })).toMatchObject([{ index: 0, status: 'running', rows: null }]);
      await store.add(LOGS[0], [entryFor(1, outcome('s', 0), BEGUN + 5)]);
      expect(await find({ status: 'running' })).toEqual([]);
      expect(await find({})).toMatchObject([{ index: 0, status: 'done', rows: 3, milliseconds: 7, maskedCells: 3 }]);
      expect(await find({ status: 'done', text: 'customers' })).toHaveLength(1);
      expect(await find({ kinds: ['stmt.outcome'] })).toMatchObject([
        { index: 1, person: 'https://idp ana', connection: 'shop' },
      ]);
    });

    it('keeps the first end of a statement, whatever a forged one says', async () => {
      await addAll([intent('s'), outcome('s', 0, 'failed'), outcome('s', 0)]);
      await store.add(LOGS[0], [entryFor(3, outcome('s', 0), BEGUN + 9_000)]);
      expect(await find({})).toMatchObject([{ status: 'failed' }]);
      const chart = await store.chart({}, EVERYBODY, { from: BEGUN, to: BEGUN + 1, bucket: 'day' });
      expect(chart.points).toEqual([{ at: BEGUN, allowed: 0, refused: 0, failed: 1, other: 0, maskedCells: 3 }]);
    });

    it('tells who touched a column, a table and a class, by person, e-mail address and agent', async () => {
      await addAll([{ ...intent('s'), actor: { ...actor, agent: { id: 'a-1', name: 'Writer' } } }]);
      const asked: readonly ActivityFilter[] = [
        { column: 'public.customers.email' },
        { table: 'public.customers' },
        { columnClass: 'email' },
        { person: 'https://idp ana' },
        { person: 'ana@example.com' },
        { agent: 'a-1' },
        { agent: 'Writer' },
        { agent: 'Writer (a-1)' },
      ];
      for (const filter of asked) expect(await find(filter), JSON.stringify(filter)).toHaveLength(1);
      expect(await find({ column: 'public.customers.emai' })).toEqual([]);
    });

    it('shows a person what they did themselves, also where only the session names them', async () => {
      const other = { user: { ...actor.user, sub: 'eli', email: 'eli@example.com' } };
      await addAll([
        { k: 'session.start', s: 'a', actor },
        { k: 'session.start', s: 'b', actor: other },
        { k: 'conn.open', s: 'b', db },
        { k: 'conn.close', s: 'b', db: { id: 'shop' } },
        { k: 'heartbeat', beat: { every: 60 } },
      ]);
      const eli: Viewer = { everything: false, person: 'https://idp eli' };
      expect(await find({}, eli)).toMatchObject([
        { kind: 'conn.close', environment: 'production' },
        { kind: 'conn.open' },
        { kind: 'session.start' },
      ]);
      expect(await store.event(LOGS[0], 0, eli)).toBeNull();
      expect(await store.event(LOGS[0], 4, eli)).toBeNull();
      expect((await store.facets({}, eli)).people.map(({ value }) => value)).toEqual(['https://idp eli']);
      expect(await find({ person: 'https://idp ana' }, eli)).toEqual([]);
    });

    it('takes in a log without gaps, all of a batch or nothing', async () => {
      await addAll([intent('s')]);
      const end = (index: number) => entryFor(index, outcome('s', 0), BEGUN + 5);
      await expect(store.add(LOGS[0], [end(2)])).rejects.toMatchObject({ code: 'index-gap' });
      await expect(store.add(LOGS[0], [end(1), end(3)])).rejects.toMatchObject({
        code: 'index-gap',
      });
      expect(await store.logs()).toMatchObject([{ log: LOGS[0], indexed: 1 }]);
      expect(await find({})).toHaveLength(1);
    });

    it('forgets one log and keeps the others; taken in anew, it is there once', async () => {
      const entries = madeUpEntries(5, 120);
      await store.add(LOGS[0], entries);
      await store.add(LOGS[1], madeUpEntries(6, 60));
      const before = await find({});
      const chart = { from: 0, to: BEGUN * 2, bucket: 'day' } as const;
      const charted = await store.chart({}, EVERYBODY, chart);
      await store.forget(LOGS[0]);
      expect((await find({})).every(({ log }) => log === LOGS[1])).toBe(true);
      expect(await find({ text: 'country', log: LOGS[0] })).toEqual([]);
      await store.add(LOGS[0], entries);
      expect(await find({})).toEqual(before);
      expect(await store.chart({}, EVERYBODY, chart)).toEqual(charted);
      expect((await store.chart({ text: 'country' }, EVERYBODY, chart)).points.length).toBeGreaterThan(0);
    });

    it('finds words without case and diacritics, beginnings of words, and words in a row', async () => {
      await addAll([intent('s', { norm: 'select Größe, order_items from Žluťoučký', objects: [] })]);
      for (const text of [
        'GROSSE grösse',
        'order_items',
        'items',
        '"order items"',
        'zlut*',
        'ana',
        'example',
        'customers.email',
      ])
        expect([text, await found(text.replace('GROSSE ', ''))]).toEqual([text, 1]);
      for (const text of ['item', '"items order"', 'zlut', '"items from select"', '"order items" nothing'])
        expect([text, await found(text)]).toEqual([text, 0]);
    });

    it('reads nothing that is typed as syntax, and answers every text', async () => {
      await addAll([intent('s')]);
      const texts = [
        'email OR nothing',
        'email NOT email',
        'email AND',
        '"',
        '""',
        '"email',
        'line:email',
        'line : email',
        '^email',
        'NEAR(email id)',
        'email + select',
        '{line} : email',
        "email' OR 1=1 --",
        "'; DROP TABLE events; --",
        'email\0nothing',
        '\0',
        '*',
        '***',
        ') (',
        '\ud800',
        'email \udfff',
        '\u241ft1',
        '"\u241f t1"',
        'x'.repeat(400),
        'a '.repeat(200),
        '("'.repeat(200),
        'email & !email',
        ':*',
        "a':*b",
        '\\',
      ];
      for (const text of texts) await expect(found(text), text).resolves.toBeTypeOf('number');
      expect(await found('email OR nothing')).toBe(0);
      expect(await found('email NOT email')).toBe(0);
      expect(await found('"email')).toBe(1);
      expect(await found('^email')).toBe(1);
      expect(await found('***')).toBe(0);
      expect(await found('  ')).toBe(1);
    });

    it('takes filters as values: quotes, wildcards and NUL find only what is called so', async () => {
      await addAll([intent('s'), { ...intent('s', { objects: [{ name: 'a\'b%_\0\ud800."t"', access: 'read' }] }) }]);
      for (const value of ["' OR 1=1 --", '%', '_', '\0', '\ud800', '', 'public.customers ', 'x'.repeat(400)])
        for (const field of [
          'person',
          'agent',
          'connection',
          'environment',
          'table',
          'column',
          'columnClass',
          'log',
        ] as const)
          expect(await find({ [field]: value }), `${field} ${value}`).toEqual([]);
      expect(await find({ table: 'a\'b%_\0\ud800."t"' })).toHaveLength(1);
      expect(await find({ kinds: ["' OR 1=1 --"] })).toEqual([]);
    });

    it('keeps names of any length apart, and finds them whole', async () => {
      const long = `public.${'t'.repeat(60_000)}`;
      await addAll([
        intent('s', { objects: [{ name: long, access: 'read' }] }),
        intent('s', { objects: [{ name: `${long}2`, access: 'read' }] }),
      ]);
      expect(await find({ table: long })).toMatchObject([{ index: 0 }]);
      expect(await find({ table: `${long}2` })).toMatchObject([{ index: 1 }]);
    });

    it('takes in what is no event at all, and says so', async () => {
      const leaves = [
        Buffer.from('not json'),
        Buffer.from('null'),
        Buffer.from('[]'),
        Buffer.from([0xff, 0xfe, 0x00]),
        Buffer.alloc(0),
        Buffer.from(
          JSON.stringify({
            k: 7,
            t: 'x',
            actor: 'ana',
            op: { objects: {}, columns: [1] },
            out: { rows: 1e300, status: 'odd' },
            ref: { i: -1 },
          }),
        ),
        Buffer.from(
          JSON.stringify({ k: '<script>alert(1)</script>', t: 1e300, op: { title: '=1+1', norm: '<b>\u2028' } }),
        ),
        Buffer.from(
          JSON.stringify({
            k: 'stmt.outcome',
            t: BEGUN * 1000,
            ref: { i: 7, h: '' },
            out: { status: 'done', masked: [{ cells: 1e300 }] },
          }),
        ),
        Buffer.from(JSON.stringify({ k: 'stmt.intent', t: -5, s: 's\0', s2: {}, __proto__: { k: 'x' } })),
      ];
      await store.add(
        LOGS[0],
        leaves.map((leaf, i) => entryOf(i, leaf)),
      );
      expect((await find({})).map(({ kind }) => kind).toSorted()).toEqual([
        '<script>alert(1)</script>',
        'stmt.intent',
        'unknown',
        'unreadable',
        'unreadable',
        'unreadable',
        'unreadable',
        'unreadable',
      ]);
      expect(await find({ kinds: ['<script>alert(1)</script>'] })).toMatchObject([{ title: '=1+1', summary: '' }]);
    });

    it('gives events of one millisecond each a place of its own, however many they are', async () => {
      const same = Array.from({ length: 2_100 }, (_, i) => entryFor(i, { k: 'heartbeat', beat: { every: 60 } }, BEGUN));
      await store.add(LOGS[0], same.slice(0, 1_500));
      await store.add(LOGS[0], same.slice(1_500));
      const seen: number[] = [];
      let before: string | null = String(Number.MAX_SAFE_INTEGER);
      do {
        const page = await store.events({}, EVERYBODY, { limit: 500, before });
        seen.push(...page.events.map(({ index }) => index));
        before = page.next;
      } while (before !== null);
      expect(seen).toEqual(same.map(({ index }) => index).toReversed());
    });

    it('holds an event that a clock of another year has stamped, at its place', async () => {
      await addAll([intent('s')]);
      await store.add(LOGS[0], [
        entryFor(1, { k: 'log.close' }, BEGUN - 365 * 86_400_000),
        entryFor(2, { k: 'log.close' }, 8.64e15),
      ]);
      expect((await find({})).map(({ index }) => index)).toEqual([2, 0, 1]);
      expect(await find({ from: BEGUN, to: BEGUN + 1 })).toMatchObject([{ index: 0 }]);
    });

    it('has nothing of what is sealed, so that nothing is left of it when a text is erased', async () => {
      await addAll([
        { ...intent('s'), op: { ...intent('s').op, params: { text: '["canary-parameter"]', n: 1 } } },
        {
          k: 'key.bind',
          actor,
          bind: { alg: 'EdDSA', thumbprint: 't', iss: 'i', sub: 's', token: { text: 'canary-token' } },
        },
      ]);
      const before = await store.event(LOGS[0], 0, EVERYBODY);
      await store.add(LOGS[0], [
        entryFor(2, { k: 'blob.erased', blob: 'bb'.repeat(32), why: { reason: 'asked for' } }, BEGUN + 9_000),
      ]);
      expect(await store.event(LOGS[0], 0, EVERYBODY)).toEqual(before);
      for (const text of ['canary*', 'literal', 'parameter', 'token']) expect(await found(text)).toBe(0);
      expect(JSON.stringify(await find({}))).not.toContain('canary');
    });

    it('finds columns that a long event keeps beside itself, where they could be opened', async () => {
      const leaf = Buffer.from(
        JSON.stringify({
          v: 1,
          k: 'stmt.intent',
          t: BEGUN * 1000,
          op: { title: 'SELECT' },
          pol: { decision: 'allow' },
        }),
      );
      const long = Buffer.from(
        JSON.stringify({
          'op.columns': [{ name: 'public.wide.c1', place: 'output', class: 'card' }],
          'op.norm': 'select c1',
          '__proto__.k': 'x',
        }),
      );
      await store.add(LOGS[0], [{ ...entryOf(0, leaf), long }, entryOf(1, leaf)]);
      expect(await find({ column: 'public.wide.c1' })).toMatchObject([
        { index: 0, classes: ['card'], summary: 'select c1' },
      ]);
    });

    it('refuses a cursor that is none, and a page without size', async () => {
      for (const before of ['x', '-1', '1 OR 1=1', '9'.repeat(40), ''])
        await expect(store.events({}, EVERYBODY, { before, limit: 1 })).rejects.toMatchObject({
          code: 'activity-cursor',
        });
      for (const limit of [0, -1, 1.5, 1e9])
        await expect(store.events({}, EVERYBODY, { limit })).rejects.toMatchObject({ code: 'activity-limit' });
    });
  });
}

function randomQuestion(random: () => number): { readonly filter: ActivityFilter; readonly viewer: Viewer } {
  const some = <T>(share: number, make: () => T): T | undefined => (random() < share ? make() : undefined);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const number = (most: number): number => Math.floor(random() * most);
  const person = (): string =>
    pick([`https://idp.example p${String(number(12))}`, `P${String(number(12))}@example.com`]);
  const filter = {
    person: some(0.2, person),
    agent: some(0.1, () => pick(['agent-1', 'Report Writer', 'Report Writer (agent-0)', 'nobody'])),
    connection: some(0.2, () => pick(CONNECTIONS)[0]),
    environment: some(0.2, () => pick(CONNECTIONS)[1]),
    table: some(0.15, () => `public.order_items_${String(number(7))}`),
    column: some(0.1, () => `public.order_items_${String(number(3))}.c${String(number(4))}_value`),
    columnClass: some(0.1, () => pick(['email', 'card', 'none'])),
    verdict: some(0.2, () => pick(['allow', 'refuse', 'ask'] as const)),
    status: some(0.2, () => pick(['done', 'failed', 'cancelled', 'unknown', 'running'] as const)),
    kinds: some(0.2, () =>
      pick([
        ['stmt.intent'],
        ['stmt.outcome'],
        ['stmt.denied', 'stmt.outcome', 'heartbeat'],
        ['conn.open', 'conn.close'],
        [],
      ]),
    ),
    from: some(0.2, () => BEGUN + random() * 40 * 86_400_000),
    to: some(0.2, () => BEGUN + random() * 40 * 86_400_000),
    text: some(0.3, () =>
      pick([
        'select',
        'country limit',
        'order_items',
        '"created at"',
        'c1*',
        'eva',
        'nagy update',
        '"ana lima" sel*',
        '"value from order"',
        'zak',
      ]),
    ),
    log: some(0.1, () => pick(LOGS)),
  };
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return {
    filter: Object.fromEntries(given),
    viewer: random() < 0.7 ? EVERYBODY : { everything: false, person: `https://idp.example p${String(number(4))}` },
  };
}
