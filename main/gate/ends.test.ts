/** What ends while a statement runs, on a server that is really running it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { openRoad, type Road } from './enforce/testing/road.ts';
import { session as login } from './testing/session.ts';
import { type UsedGrant } from './verdict.ts';

const POLICY = `version: 1
groups: { analysts: [analysts] }
agents: { scout: { title: Scout, for: group:analysts, maxMinutes: 60 } }
grants: { unmask: { for: group:analysts, approval: none, maxMinutes: 30 } }
rules:
  - { id: everyone, allow: [read, write] }
  - { id: agents, allow: read, to: agent }
  - { id: masked, require: { mask: { pii: redact } }, unless: { grant: unmask } }
`;
const session: Session = { ...login, principal: { ...login.principal, groups: ['analysts'] } };
const agent: Session = {
  ...session,
  id: 'agent-1' as Session['id'],
  principal: { ...session.principal, agent: { id: 'scout', name: 'Scout', token: 't1' } },
  connections: ['shop'],
};

/** Rows that no server has counted within the time of a test. */
const ENDLESS = 'generate_series(1, 1000000) a, generate_series(1, 1000000) b';
const COUNTS = `SELECT count(*) FROM ${ENDLESS}`;
const COUNTS_IN_CLEAR = `SELECT max(p.secret) FROM people p, ${ENDLESS}`;
let grants = 0;
/** One that has not ended in another test. */
const unmask = (until = '2099-01-01T00:00:00Z'): UsedGrant => ({ id: `g${String(++grants)}`, name: 'unmask', until });

const AT_WORK = `SELECT application_name FROM pg_stat_activity
  WHERE usename = 'analyst' AND state = 'active' AND query LIKE '%generate_series%'`;

describe('a statement that runs', () => {
  let road: Road;
  let directory: string;
  let granted: readonly UsedGrant[];
  let refused: ReadonlySet<string>;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-ends-'));
    road = await openRoad(
      [
        'CREATE TABLE people (id int PRIMARY KEY, secret text)',
        "INSERT INTO people VALUES (1, 'whole')",
        'CREATE TABLE kept (id bigint)',
        'GRANT SELECT ON people TO analyst',
        'GRANT SELECT, INSERT ON kept TO analyst',
      ],
      {},
      undefined,
      {
        policy: POLICY,
        usageFile: join(directory, 'usage.db'),
        grants: { inForce: () => Promise.resolve(granted) },
        identity: {
          ensureLive(asked) {
            const gone = new CountersignError('session-revoked', 'This login was revoked.');
            return refused.has(asked.id) ? Promise.reject(gone) : Promise.resolve(asked);
          },
          touch: () => Promise.resolve(),
        },
      },
    );
  });
  beforeEach(() => {
    granted = [unmask()];
    refused = new Set();
  });
  afterAll(async () => {
    await road.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const onServer = (): Promise<readonly (string | null)[]> =>
    road.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'countersign Ana'");

  /** Resolves when the server counts for somebody. */
  async function atWork(): Promise<void> {
    while ((await road.ask(AT_WORK)).length === 0);
  }

  it('ends within the second when its login is revoked, and nothing of that login is left on the server', async () => {
    const running = road.run(COUNTS, {}, { session });
    await atWork();
    expect(road.opened.sessionsInUse()).toContainEqual(session);
    refused = new Set([session.id]);
    await road.opened.endWhere(({ id }) => id === session.id, 'revoked by revocations.yaml');
    const { end, outcomes } = await running;
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'session-revoked' } });
    expect(outcomes).toEqual([expect.objectContaining({ status: 'cancelled', code: 'session-revoked' })]);
    while ((await onServer()).length > 0);
    expect(road.opened.sessionsInUse()).not.toContainEqual(session);
    expect(road.recorded.at(-1)).toMatchObject({ k: 'session.end', why: { reason: 'revoked by revocations.yaml' } });
    expect((await road.run('SELECT 1', {}, { session })).end).toMatchObject({ error: { code: 'session-revoked' } });
    expect(await onServer()).toEqual([]);
  });

  it('ends once, in the working session that it ran in, when several things end its login at once', async () => {
    const before = road.recorded.length;
    const other: Session = { ...session, id: 'twice' as Session['id'] };
    const running = road.run(COUNTS, {}, { session: other });
    await atWork();
    const end = (): Promise<void> => road.opened.endSession(other, 'session-revoked', 'revoked');
    await Promise.all([end(), end(), running.then(end)]);
    const kinds = road.recorded.slice(before).map(({ k }) => k);
    expect(kinds).toEqual(['session.start', 'conn.open', 'conn.close', 'session.end']);
  });

  it('of an agent ends when its token is stopped, and what the person runs goes on', async () => {
    const agents = road.run(COUNTS, {}, { session: agent });
    await atWork();
    const persons = road.run('SELECT count(*) FROM people', {}, { session });
    refused = new Set([agent.id]);
    await road.opened.endWhere(({ principal }) => principal.agent?.token === 't1', 'token stopped');
    expect((await agents).outcomes.at(-1)).toMatchObject({ code: 'session-revoked' });
    expect((await persons).end).toMatchObject({ kind: 'done' });
    expect((await road.run('SELECT 1', {}, { session: agent })).end).toMatchObject({ kind: 'failed' });
  });

  it('ends when a grant that it relies on does, and another grant ends nothing', async () => {
    const running = road.run(COUNTS_IN_CLEAR, {}, { session });
    await atWork();
    await road.opened.grantEnded('another');
    expect((await road.ask(AT_WORK)).length).toBe(1);
    const [grant] = granted;
    granted = [];
    await road.opened.grantEnded(grant?.id ?? '');
    const { end, outcomes } = await running;
    expect(end).toMatchObject({ kind: 'failed', error: { code: 'grant-ended' } });
    expect(outcomes).toEqual([expect.objectContaining({ status: 'cancelled', code: 'grant-ended' })]);
  });

  describe('when the policy changes', () => {
    afterEach(() => road.policy(POLICY));
    const change = async (rule: string): Promise<void> => {
      road.policy(`${POLICY}  - ${rule}\n`);
      await road.opened.policyChanged();
    };

    it.each([
      ['denies it', COUNTS_IN_CLEAR, '{ id: closed, deny: select, in: { table: people } }'],
      [
        'wants somebody to approve it',
        COUNTS_IN_CLEAR,
        '{ id: seen, require: { approval: { from: group:analysts } } }',
      ],
      ['masks what it shows', COUNTS_IN_CLEAR, '{ id: always, require: { mask: { pii: redact } } }'],
    ])('ends where the new one %s', async (_how, sql, rule) => {
      const running = road.run(sql, {}, { session });
      await atWork();
      await change(rule);
      const { end, outcomes } = await running;
      expect(end).toMatchObject({ kind: 'failed', error: { code: 'policy-changed' } });
      expect(outcomes).toEqual([expect.objectContaining({ status: 'cancelled', code: 'policy-changed' })]);
    });

    it('goes on where the new one allows it as it runs', async () => {
      const controller = new AbortController();
      const running = road.run(COUNTS, { signal: controller.signal }, { session });
      await atWork();
      await change('{ id: others, deny: [ddl, admin] }');
      expect((await road.ask(AT_WORK)).length).toBe(1);
      controller.abort();
      expect((await running).end).toMatchObject({ kind: 'cancelled' });
    });
  });

  it('goes on where the grant lifted nothing for it', async () => {
    const controller = new AbortController();
    const running = road.run(COUNTS, { signal: controller.signal }, { session });
    await atWork();
    await road.opened.grantEnded(granted[0]?.id ?? '');
    expect((await road.ask(AT_WORK)).length).toBe(1);
    controller.abort();
    expect((await running).end).toMatchObject({ kind: 'cancelled' });
  });

  it('ends by itself at the end of the grant, and of the login', async () => {
    granted = [unmask(new Date(Date.now() + 700).toISOString())];
    expect((await road.run(COUNTS_IN_CLEAR, {}, { session })).outcomes).toEqual([
      expect.objectContaining({ status: 'cancelled', code: 'grant-ended' }),
    ]);
    const ending: Session = {
      ...session,
      id: 'login-9' as Session['id'],
      principal: { ...session.principal, name: 'Ben' },
      expiresAt: new Date(Date.now() + 700).toISOString(),
    };
    expect((await road.run(COUNTS, {}, { session: ending })).outcomes).toEqual([
      expect.objectContaining({ status: 'cancelled', code: 'session-expired' }),
    ]);
  });

  it.each([
    ['the decision and the first byte', 'decided'],
    ['the intent and Parse', 1],
    ['Parse and Execute', 2],
  ] as const)('is not run where its grant ends between %s', async (_when, at) => {
    await road.run('SELECT secret FROM people', {}, { session });
    const id = granted[0]?.id ?? '';
    const end = async (): Promise<void> => void road.opened.grantEnded(id);
    const hooks =
      at === 'decided' ? { decided: end } : { flight: (number: number) => (number === at ? end() : Promise.resolve()) };
    const { events, outcomes, rows } = await road.run('SELECT secret FROM people', hooks, { session });
    expect(events.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'grant-ended' } });
    expect(outcomes).toEqual([expect.objectContaining({ status: 'cancelled', code: 'grant-ended' })]);
    expect(rows).toEqual([]);
    expect((await road.run('SELECT secret FROM people', {}, { session })).end).toMatchObject({
      error: { code: 'grant-ended' },
    });
  });

  it('is not run where its login is revoked between decision and execution', async () => {
    const hooks = { decided: async () => void road.opened.endSession(session, 'session-revoked', 'revoked') };
    const { outcomes, rows } = await road.run('SELECT secret FROM people', hooks, { session });
    expect(outcomes).toEqual([expect.objectContaining({ status: 'cancelled', code: 'session-revoked' })]);
    expect(rows).toEqual([]);
  });

  it('that writes is rolled back where its grant ends before it is committed', async () => {
    road.policy(`${POLICY}  - { id: closed, deny: write, unless: { grant: unmask } }\n`);
    const running = road.run(`INSERT INTO kept SELECT count(*) FROM ${ENDLESS}`, {}, { session });
    await atWork();
    await road.opened.grantEnded(granted[0]?.id ?? '');
    expect((await running).outcomes).toEqual([
      expect.objectContaining({
        status: 'cancelled',
        code: 'grant-ended',
        server: expect.objectContaining({ end: 'rollback' }) as unknown,
      }),
    ]);
    expect(await road.ask('SELECT count(*) FROM kept')).toEqual(['0']);
    road.policy(POLICY);
  });

  it('of a login that is for other connections is refused, and the database hears nothing of it', async () => {
    const elsewhere: Session = { ...agent, id: 'agent-2' as Session['id'], connections: ['staging'] };
    const { events, flights } = await road.run('SELECT 1', {}, { session: elsewhere });
    expect(events[0]).toMatchObject({
      judgement: { verdict: { verdict: 'refuse', reasons: [{ code: 'connection-withheld' }] } },
    });
    expect(flights).toBe(0);
    await expect(road.opened.gate.catalog(elsewhere, 'shop', { refresh: true })).rejects.toMatchObject({
      code: 'connection-withheld',
    });
  });

  it('shows the server who is at work, and for whom', async () => {
    const controller = new AbortController();
    const running = road.run(
      COUNTS,
      { signal: controller.signal },
      { session: { ...agent, id: 'agent-3' as Session['id'] } },
    );
    await atWork();
    expect(await road.ask(AT_WORK)).toEqual(['countersign agent:scout Ana']);
    controller.abort();
    await running;
  });
});
