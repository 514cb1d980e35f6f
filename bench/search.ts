/**
 * A million events in the search index of a profile, beside plain reads by primary key of the same file in the same run; a
 * part of them in that of a team.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { openAuditLog } from '../main/audit/index.ts';
import { startFeed } from '../main/audit/search/index.ts';
import { openPostgresIndex } from '../main/audit/search/postgres-index.ts';
import { openSqliteIndex } from '../main/audit/search/sqlite-index.ts';
import { actorOf } from '../main/audit/search/testing/made-up.ts';
import { startTemporary, type TemporaryServer } from '../main/databases/embedded/index.ts';
import { type Bench, type Measurement, median } from './bench.ts';
import { ask, fill, timed } from './search-questions.ts';

const EVENTS = 1_000_000;
const ROUNDS = 15;
const TEAM_EVENTS = 200_000;
const TEAM_ROUNDS = 7;

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** A hundred rows of the same file by primary key: what reading a page costs at least. ms of CPU time */
async function floor(file: string): Promise<number> {
  const database = new DatabaseSync(file, { readOnly: true });
  const keys = database.prepare('SELECT key FROM events ORDER BY key DESC LIMIT 100').all();
  const one = database.prepare('SELECT * FROM events WHERE key = ?');
  const { cpu } = await timed(ROUNDS, () => keys.forEach(({ key }) => one.get(Number(key))));
  database.close();
  return cpu;
}

async function inProfile(file: string): Promise<readonly Measurement[]> {
  const store = openSqliteIndex(file);
  const { cast, rate } = await fill(store, EVENTS);
  const asked = await ask(store, cast, { prefix: '', rounds: ROUNDS, by: 'cpu' });
  const page = asked.find(({ metric }) => metric.startsWith('page: everything'))?.value ?? NaN;
  const bare = await floor(file);
  await store.close();
  return [
    { metric: 'page of 100 against 100 reads by primary key', value: page / bare, unit: 'x' },
    { metric: 'events taken in, CPU', value: rate.cpu, unit: '/s' },
    { metric: 'events taken in, clock', value: rate.wall, unit: '/s' },
    { metric: 'index of a million events', value: statSync(file).size / 1e6, unit: 'MB' },
    ...asked,
  ];
}

/** The same questions of the index of a team, with the server that comes with the program; left out where it is not there. */
async function inTeam(): Promise<readonly Measurement[]> {
  let server: TemporaryServer;
  try {
    server = await startTemporary();
  } catch (error) {
    console.log(`search in PostgreSQL: skipped, because ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
  try {
    const { user, password, host, port } = server;
    const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/postgres`;
    const store = await openPostgresIndex(url);
    const { cast, rate } = await fill(store, TEAM_EVENTS);
    const asked = await ask(store, cast, { prefix: 'PostgreSQL, ', rounds: TEAM_ROUNDS, by: 'wall' });
    await store.close();
    const events = TEAM_EVENTS.toLocaleString('en');
    return [{ metric: `PostgreSQL, ${events} events taken in, clock`, value: rate.wall, unit: '/s' }, ...asked];
  } finally {
    await server.stop();
  }
}

/** From the acknowledgement of an event to its being in the index, through the log and the feed's thread. ms */
async function delays(directory: string): Promise<readonly number[]> {
  const log = await openAuditLog({
    directory: join(directory, 'audit'),
    key: generateKeyPairSync('ed25519').privateKey,
    blobKey: randomBytes(32),
    origin: 'bench.example/audit',
    app: { app: 'bench', version: '0' },
  });
  const feed = startFeed({
    directory: join(directory, 'audit'),
    index: { kind: 'sqlite', file: join(directory, 'fed.sqlite') },
  });
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const { index } = await log.append({
      k: 'session.start',
      s: `s${String(i)}`,
      actor: actorOf({ person: i, agent: false }),
    });
    const start = performance.now();
    await new Promise<void>((resolve) => {
      // It may be there before the acknowledgement has come back.
      const isThere = (): boolean => (feed.progress().indexed.get(log.id) ?? 0) > index;
      if (isThere()) return resolve();
      const stop = feed.onProgress(() => {
        if (!isThere()) return;
        stop();
        resolve();
      });
    });
    times.push(performance.now() - start);
  }
  await feed.close();
  await log.close();
  return times;
}

export const searchBench: Bench = {
  name: 'search',
  async run() {
    const directory = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
    try {
      const profile = await inProfile(join(directory, 'activity.sqlite'));
      const delay = await delays(directory);
      return [
        ...profile,
        { metric: 'recorded to findable, p50', value: median(delay), unit: 'ms', goal: 2_000 },
        { metric: 'recorded to findable, p95', value: percentile(delay, 0.95), unit: 'ms', goal: 2_000 },
        ...(await inTeam()),
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
