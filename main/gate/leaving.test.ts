/** Results on their way off the screen, through a gate before a real server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Session } from '../identity/principal.ts';
import { openRoad, type Road } from './enforce/testing/road.ts';
import { session as login } from './testing/session.ts';
import { type UsedGrant } from './verdict.ts';

const POLICY = `version: 1
groups: { analysts: [analysts], dba: [dba] }
agents: { scout: { title: Scout, for: group:analysts, maxMinutes: 60 } }
grants: { unmask: { for: group:analysts, approval: none, maxMinutes: 30 } }
rules:
  - { id: everyone, allow: read }
  - { id: agents, allow: read, to: agent }
  - { id: masked, require: { mask: { pii: redact } }, unless: { grant: unmask } }
`;
const BULK = '  - { id: bulk, require: { approval: { from: group:dba } }, on: export, when: rows.estimate > 50 }\n';
const STAYS = '  - { id: stays, require: { noExport: true } }\n';
const MARKED = '  - { id: marked, require: { watermark: true } }\n';
const session: Session = {
  ...login,
  principal: { ...login.principal, groups: ['analysts'], email: 'ana@shop.example' },
};
const agent: Session = {
  ...session,
  id: 'agent-1' as Session['id'],
  principal: { ...session.principal, agent: { id: 'scout', name: 'Scout', token: 't1' } },
};
const HOW = { format: 'csv', to: 'stream' } as const;

describe('a result', () => {
  let road: Road;
  let directory: string;
  let granted: readonly UsedGrant[];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-leaving-'));
    road = await openRoad(
      [
        'CREATE TABLE people (id int PRIMARY KEY, secret text)',
        "INSERT INTO people SELECT i, 'whole' || i FROM generate_series(1, 200) i",
        'GRANT SELECT ON people TO analyst',
      ],
      {},
      undefined,
      {
        policy: POLICY,
        usageFile: join(directory, 'usage.db'),
        grants: { inForce: () => Promise.resolve(granted) },
      },
    );
  });
  beforeEach(() => {
    granted = [];
    road.policy(POLICY);
  });
  afterAll(async () => {
    await road.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs a statement and gives the id of its result. */
  async function resultOf(text: string, by = session): Promise<string> {
    const { events } = await road.run(text, {}, { session: by });
    const columns = events.find((event) => event.kind === 'columns');
    if (columns === undefined) throw new Error(JSON.stringify(events));
    return columns.result;
  }
  const lastRecorded = () => road.recorded.at(-1);

  it('leaves by its intent, which is recorded first, and its end', async () => {
    const id = await resultOf('SELECT id FROM people LIMIT 3');
    const { watermark, ended } = await road.opened.gate.recordLeaving(session, id, { ...HOW, reason: 'for the audit' });
    expect(watermark).toBeUndefined();
    expect(lastRecorded()).toMatchObject({
      k: 'export.intent',
      export: { format: 'csv', rows: 3 },
      why: { reason: 'for the audit' },
    });
    await ended({ status: 'done', rows: 3, bytes: 9, sha256: 'ab'.repeat(32) });
    expect(lastRecorded()).toMatchObject({ k: 'export.outcome', export: { rows: 3 }, out: { status: 'done' } });
  });

  it('that is to stay is refused, and the record has who tried to take what', async () => {
    const id = await resultOf('SELECT id FROM people LIMIT 3');
    road.policy(POLICY + STAYS);
    await expect(road.opened.gate.recordLeaving(session, id, HOW)).rejects.toMatchObject({ code: 'export-refused' });
    expect(lastRecorded()).toMatchObject({
      k: 'export.denied',
      actor: { user: { email: 'ana@shop.example' } },
      export: { format: 'csv', to: 'stream', rows: 3 },
      pol: { decision: 'refuse', reasons: [{ code: 'export-refused' }] },
    });
    await expect(road.opened.gate.copy(session, id, { first: 0, count: 1 })).rejects.toMatchObject({
      code: 'export-refused',
    });
    await expect(road.opened.gate.recordCopy(session, id, 1)).rejects.toMatchObject({ code: 'export-refused' });
    expect(road.recorded.filter(({ k }) => k === 'clipboard.copy')).toEqual([]);
  });

  it('of more rows than may leave by themselves needs approval', async () => {
    road.policy(POLICY + BULK);
    const few = await resultOf('SELECT id FROM people LIMIT 50');
    await expect(road.opened.gate.recordLeaving(session, few, HOW)).resolves.toBeDefined();
    const many = await resultOf('SELECT id FROM people LIMIT 51');
    await expect(road.opened.gate.recordLeaving(session, many, HOW)).rejects.toMatchObject({
      code: 'export-needs-approval',
      message: expect.stringContaining('from dba') as string,
    });
  });

  it('that is copied in pieces counts them together', async () => {
    road.policy(POLICY + BULK);
    const id = await resultOf('SELECT id FROM people');
    const copy = (first: number, count: number): Promise<string> =>
      road.opened.gate.copy(session, id, { first, count }).then(
        () => 'copied',
        (error: unknown) => String((error as { code?: unknown }).code),
      );
    expect(await copy(0, 20)).toBe('copied');
    expect(await copy(0, 20)).toBe('copied');
    expect(await copy(20, 200)).toBe('export-needs-approval');
    expect(await copy(20, 30)).toBe('copied');
    expect(await copy(50, 1)).toBe('export-needs-approval');
    expect(await copy(10, 30)).toBe('copied');
  });

  it('that is copied in pieces at once counts them together', async () => {
    road.policy(POLICY + BULK);
    const id = await resultOf('SELECT id FROM people');
    const pieces = await Promise.allSettled(
      [0, 40, 80, 120].map((first) => road.opened.gate.copy(session, id, { first, count: 40 })),
    );
    expect(pieces.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('leaves row by row up to what may leave in an hour, each counted once', async () => {
    road.policy(`${POLICY}  - { id: slowly, require: { limits: { rowsPerHour: 60 } }, on: export }\n`);
    const id = await resultOf('SELECT id FROM people');
    const copy = (first: number, count: number): Promise<unknown> =>
      road.opened.gate.copy(session, id, { first, count });
    await copy(0, 40);
    await copy(0, 40);
    await expect(copy(0, 61)).rejects.toMatchObject({
      code: 'rows-per-hour-spent',
      message: 'Rule slowly lets 60 rows leave the screen in any hour, and 20 are left.',
    });
    expect(lastRecorded()).toMatchObject({ k: 'export.denied', export: { rows: 61 } });
    await copy(0, 60);
    await expect(road.opened.gate.recordLeaving(session, id, HOW)).rejects.toMatchObject({
      code: 'rows-per-hour-spent',
    });
  });

  it('that a grant showed in clear stays once the grant has ended', async () => {
    granted = [{ id: 'g1', name: 'unmask', until: '2099-01-01T00:00:00Z' }];
    const id = await resultOf('SELECT secret FROM people LIMIT 2');
    expect((await road.opened.gate.copy(session, id, { first: 0, count: 1 })).watermark).toBeUndefined();
    granted = [];
    for (const leave of [
      () => road.opened.gate.copy(session, id, { first: 0, count: 1 }),
      () => road.opened.gate.recordLeaving(session, id, HOW),
    ])
      await expect(leave()).rejects.toMatchObject({ code: 'export-refused' });
  });

  it('carries who saw it, when, and where the record has it', async () => {
    road.policy(POLICY + MARKED);
    const { events } = await road.run('SELECT id FROM people LIMIT 1', {}, { session });
    const [verdict, recorded, columns] = events;
    const mark = verdict?.kind === 'verdict' ? verdict.watermark : undefined;
    expect(mark).toMatch(/^ana@shop\.example \d{4}-\d\d-\d\dT\d\d:\d\dZ [\da-f-]{36}#\d+$/);
    expect(mark?.endsWith(`#${String(recorded?.kind === 'recorded' && recorded.index)}`)).toBe(true);
    const id = columns?.kind === 'columns' ? columns.result : '';
    expect((await road.opened.gate.copy(session, id, { first: 0, count: 1 })).watermark).toBe(mark);
    expect((await road.opened.gate.recordLeaving(session, id, HOW)).watermark).toBe(mark);
  });

  it('carries it where a rule wants it by now, and did not when it was shown', async () => {
    const id = await resultOf('SELECT id FROM people LIMIT 1', agent);
    road.policy(POLICY + MARKED);
    expect((await road.opened.gate.copy(agent, id, { first: 0, count: 1 })).watermark).toMatch(
      /^agent:scout for ana@shop\.example /,
    );
  });

  it('is nobody else’s to take', async () => {
    const id = await resultOf('SELECT id FROM people LIMIT 1');
    const other = { ...session, id: 'login-2' as Session['id'] };
    await expect(road.opened.gate.copy(other, id, { first: 0, count: 1 })).rejects.toMatchObject({
      code: 'result-gone',
    });
    await expect(road.opened.gate.recordLeaving(other, id, HOW)).rejects.toMatchObject({ code: 'result-gone' });
  });
});

describe('rows of an hour', () => {
  const LIMITED = `${POLICY}  - { id: hourly, require: { limits: { rowsPerHour: 100 } } }\n`;
  let road: Road;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-hour-'));
    const file = join(directory, 'usage.db');
    road = await openRoad(
      [
        'CREATE TABLE people (id int, secret text)',
        'INSERT INTO people SELECT i FROM generate_series(1, 80) i',
        'GRANT SELECT ON people TO analyst',
      ],
      {},
      undefined,
      { policy: LIMITED, usageFile: file },
    );
  });
  afterAll(async () => {
    await road.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const as = (subject: string, change: Partial<Session['principal']> = {}): Session => ({
    ...session,
    id: subject as Session['id'],
    principal: { ...session.principal, subject, ...change },
  });

  it('are counted as they come out, cut what would be more, and then refuse', async () => {
    const by = { session: as('ben') };
    expect((await road.run('SELECT id FROM people', {}, by)).end).toMatchObject({
      kind: 'done',
      rows: 80,
      cut: undefined,
    });
    const cut = await road.run('SELECT id FROM people', {}, by);
    expect(cut.end).toMatchObject({ rows: 20, cut: 'cut at 20 rows, what is left of the hour' });
    expect(cut.events[0]).toMatchObject({
      judgement: { verdict: { limits: { rows: 20 }, narrowedFrom: { rows: 2_000_000 } } },
    });
    const refused = await road.run('SELECT id FROM people', {}, by);
    expect(refused.events[0]).toMatchObject({
      judgement: {
        verdict: {
          verdict: 'refuse',
          reasons: [
            { code: 'rows-per-hour-spent', next: expect.stringMatching(/free again at \d\d:\d\d UTC/) as string },
          ],
        },
      },
    });
    const explained = await road.opened.gate.explain(
      { ...by, connection: 'shop', text: 'SELECT id FROM people', params: [], origin: 'cli' },
      new AbortController().signal,
    );
    expect(explained.verdict).toMatchObject({ reasons: [{ code: 'rows-per-hour-spent' }] });
  });

  it("are an agent's own, beside those of the person", async () => {
    await road.run('SELECT id FROM people', {}, { session: as('cem') });
    const agents = as('cem', { agent: { id: 'scout', name: 'Scout' } });
    expect((await road.run('SELECT id FROM people', {}, { session: agents })).end).toMatchObject({ rows: 80 });
  });

  it('are counted for what was seen of a statement that was cancelled', async () => {
    const by = as('dan');
    const controller = new AbortController();
    let shown = 0;
    const text = 'SELECT p.id FROM people p, generate_series(1, 1000000) a WHERE a < 2 OR a > 999998';
    for await (const event of road.opened.gate.run(
      { session: by, connection: 'shop', text, params: [], origin: 'cli' },
      controller.signal,
    )) {
      if (event.kind === 'columns') controller.abort();
      if (event.kind === 'cancelled' || event.kind === 'done') shown++;
    }
    expect(shown).toBe(1);
    const left = await road.run('SELECT id FROM people', {}, { session: by });
    const verdict = left.events[0]?.kind === 'verdict' ? left.events[0].judgement.verdict : undefined;
    expect(verdict?.verdict === 'allow' ? verdict.limits.rows : 0).toBeLessThan(100);
  });

  it('give back what a refused or failed statement had set aside', async () => {
    const by = { session: as('eva') };
    await road.run('SELECT 1/0 FROM people', {}, by);
    await road.run('SELECT nobody_knows_me(id) FROM people', {}, by);
    expect((await road.run('SELECT id FROM people', {}, by)).end).toMatchObject({ rows: 80, cut: undefined });
  });

  it('refuse what is bound by them where they cannot be counted', async () => {
    const nowhere = await openRoad(
      ['CREATE TABLE people (id int, secret text)', 'GRANT SELECT ON people TO analyst'],
      {},
      undefined,
      { policy: LIMITED },
    );
    try {
      const { events } = await nowhere.run('SELECT id FROM people', {}, { session });
      expect(events[0]).toMatchObject({ judgement: { verdict: { reasons: [{ code: 'usage-unavailable' }] } } });
    } finally {
      await nowhere.close();
    }
  });
});
