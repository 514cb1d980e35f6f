/** A million events in the search index, beside plain reads by primary key of the same file in the same run. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { openAuditLog } from '../main/audit/index.ts';
import { type ActivityFilter, type ActivityStore, startFeed } from '../main/audit/search/index.ts';
import { openSqliteIndex } from '../main/audit/search/sqlite-index.ts';
import { actorOf, BEGUN, entryFor, madeUpEvents, seeded } from '../main/audit/search/testing/made-up.ts';
import { type IndexEntry } from '../main/audit/search/activity-store.ts';
import { type Bench, type Measurement, median } from './bench.ts';

const EVENTS = 1_000_000;
const BATCH = 4_000;
const ROUNDS = 15;
const WORLD = { people: 300, tables: 120, columns: 40 };
/** Mean of 8 s between two events: three months of them. ms */
const STEP = 16_000;
const EVERYBODY = { everything: true } as const;

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** Fills the index; gives events per second of CPU time, with making the events left out. */
async function fill(store: ActivityStore): Promise<number> {
  const events = madeUpEvents(seeded(1), WORLD, STEP);
  let spent = 0;
  for (let index = 0; index < EVENTS;) {
    const batch: IndexEntry[] = [];
    while (batch.length < BATCH && index < EVENTS) {
      const { value } = events.next();
      if (value !== undefined) batch.push(entryFor(index, value.event, value.at));
      index++;
    }
    const before = process.cpuUsage();
    await store.add('bench', batch);
    const { user, system } = process.cpuUsage(before);
    spent += user + system;
  }
  return EVENTS / (spent / 1_000_000);
}

/** Milliseconds of CPU time of each round: everything is in memory, and wall time would measure the neighbours too. */
async function timed(work: () => Promise<unknown> | unknown): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return times;
}

const FILTERS: readonly (readonly [name: string, filter: ActivityFilter])[] = [
  ['everything', {}],
  ['one of the busiest people', { person: 'https://idp.example p0' }],
  ['one of the quietest people, by e-mail', { person: 'p299@example.com' }],
  ['environment', { environment: 'production' }],
  ['connection and verdict', { connection: 'shop', verdict: 'refuse' }],
  [
    'person, table and class that never meet',
    { person: 'https://idp.example p299', table: 'public.order_items_119', columnClass: 'phone' },
  ],
  ['who touched this column', { column: 'public.order_items_3.c5_value' }],
  [
    'failed, of one person, in one environment',
    { person: 'https://idp.example p9', status: 'failed', environment: 'development' },
  ],
  ['still running', { status: 'running' }],
  ['one week', { from: BEGUN + 30 * 86_400_000, to: BEGUN + 37 * 86_400_000 }],
  ['words', { text: 'country created' }],
  ['words in a row', { text: '"country 1 and created at"' }],
  ['words in a row that are nowhere', { text: '"at created and 1 country"' }],
  ['beginning of a word', { text: 'order_it*' }],
  ['a rare word and a person', { text: 'zak', person: 'https://idp.example p4' }],
];

const CHARTS: readonly (readonly [name: string, filter: ActivityFilter])[] = [
  ['everything', {}],
  ['person', { person: 'https://idp.example p0' }],
  ['environment and verdict', { environment: 'production', verdict: 'refuse' }],
  ['table', { table: 'public.order_items_0' }],
  ['person and connection', { person: 'https://idp.example p0', connection: 'staging' }],
  ['connection and class', { connection: 'shop', columnClass: 'card' }],
  ['environment and kind, half of all', { environment: 'staging', kinds: ['stmt.intent'] }],
  ['a word that is in every statement', { text: 'country' }],
];

async function measureQueries(store: ActivityStore): Promise<readonly Measurement[]> {
  const measured: Measurement[] = [];
  const report = (what: string, times: readonly number[], goal?: number): void => {
    measured.push({
      metric: `${what}, p50`,
      value: median(times),
      unit: 'ms',
      ...(goal === undefined ? {} : { goal }),
    });
    measured.push({ metric: `${what}, p95`, value: percentile(times, 0.95), unit: 'ms' });
  };
  for (const [name, filter] of FILTERS)
    report(`page of 100: ${name}`, await timed(() => store.events(filter, EVERYBODY, { limit: 100 })), 50);
  const all = { from: BEGUN, to: BEGUN + 200 * 86_400_000 };
  for (const [name, filter] of CHARTS)
    report(`chart by day: ${name}`, await timed(() => store.chart(filter, EVERYBODY, { ...all, bucket: 'day' })), 100);
  report('chart by hour: everything', await timed(() => store.chart({}, EVERYBODY, { ...all, bucket: 'hour' })), 100);
  report('facets: everything', await timed(() => store.facets({}, EVERYBODY)));
  report('facets: environment', await timed(() => store.facets({ environment: 'production' }, EVERYBODY)));
  return measured;
}

/** A hundred rows of the same file by primary key: what reading a page costs at least. ms */
async function floor(file: string): Promise<number> {
  const database = new DatabaseSync(file, { readOnly: true });
  const keys = database.prepare('SELECT key FROM events ORDER BY key DESC LIMIT 100').all();
  const one = database.prepare('SELECT * FROM events WHERE key = ?');
  const times = await timed(() => keys.forEach(({ key }) => one.get(Number(key))));
  database.close();
  return median(times);
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
    const file = join(directory, 'activity.sqlite');
    try {
      const store = openSqliteIndex(file);
      const rate = await fill(store);
      const queries = await measureQueries(store);
      const page = queries.find(({ metric }) => metric === 'page of 100: everything, p50')?.value ?? NaN;
      const bare = await floor(file);
      await store.close();
      const delay = await delays(directory);
      return [
        { metric: 'page of 100 against 100 reads by primary key', value: page / bare, unit: 'x' },
        { metric: 'events taken in', value: rate, unit: '/s' },
        { metric: 'index of a million events', value: statSync(file).size / 1e6, unit: 'MB' },
        { metric: 'recorded to findable, p50', value: median(delay), unit: 'ms', goal: 2_000 },
        { metric: 'recorded to findable, p95', value: percentile(delay, 0.95), unit: 'ms', goal: 2_000 },
        ...queries,
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
