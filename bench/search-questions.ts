/** What the search index is asked in its benchmark, of people who are in the events. */
import { performance } from 'node:perf_hooks';
import {
  type ActivityChart,
  type ActivityFilter,
  type ActivityStore,
  type IndexEntry,
  type Viewer,
} from '../main/audit/search/activity-store.ts';
import { BEGUN, entryFor, madeUpEvents, seeded } from '../main/audit/search/testing/made-up.ts';
import { type Measurement, median } from './bench.ts';

const DAY = 86_400_000;
const BATCH = 4_000;
const WORLD = { people: 300, tables: 120, columns: 40 };
/** Mean of 8 s between two events: a million of them are three months. ms */
const STEP = 16_000;
const EVERYBODY: Viewer = { everything: true };
const PAGE = 100;
/** Most that a page, and that a chart may take. ms */
const PAGE_GOAL = 50;
const CHART_GOAL = 100;

/** People as the index has them. */
export interface Cast {
  readonly busiest: string;
  readonly quietest: string;
  readonly quietestEmail: string;
  /** The busiest of those called by a rare word. */
  readonly rare: string;
}

/** Fills the index; `rate` is events per second of this process's CPU time and of the clock, with making the events left out. */
export async function fill(
  store: ActivityStore,
  events: number,
): Promise<{ readonly cast: Cast; readonly rate: { readonly cpu: number; readonly wall: number } }> {
  const made = madeUpEvents(seeded(1), WORLD, STEP);
  const seen = new Map<string, { readonly name: string; readonly email: string; count: number }>();
  let cpu = 0;
  let wall = 0;
  for (let index = 0; index < events;) {
    const batch: IndexEntry[] = [];
    for (; batch.length < BATCH && index < events; index++) {
      const { value } = made.next();
      if (value === undefined) break;
      batch.push(entryFor(index, value.event, value.at));
      const user = value.event.actor?.user;
      if (user === undefined) continue;
      const person = `${user.iss} ${user.sub}`;
      const known = seen.get(person) ?? { name: user.name ?? '', email: user.email ?? '', count: 0 };
      known.count++;
      seen.set(person, known);
    }
    const { cpu: usedCpu, wall: usedWall } = await spent(() => store.add('bench', batch));
    cpu += usedCpu;
    wall += usedWall;
  }
  const people = [...seen].toSorted(([, a], [, b]) => b.count - a.count);
  const [busiest = ''] = people[0] ?? [];
  const [quietest = '', { email: quietestEmail = '' } = {}] = people.at(-1) ?? [];
  const [rare = ''] = people.find(([, { name }]) => name.includes('Żak')) ?? [];
  return {
    cast: { busiest, quietest, quietestEmail, rare },
    rate: { cpu: (events / cpu) * 1000, wall: (events / wall) * 1000 },
  };
}

/** Milliseconds of CPU time of this process, and of the clock. */
async function spent(work: () => Promise<unknown> | unknown): Promise<{ readonly cpu: number; readonly wall: number }> {
  const begun = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, wall: performance.now() - begun };
}

/** Medians of some rounds. */
export async function timed(
  rounds: number,
  work: () => Promise<unknown> | unknown,
): Promise<{ readonly cpu: number; readonly wall: number }> {
  const times: { readonly cpu: number; readonly wall: number }[] = [];
  for (let round = 0; round < rounds; round++) times.push(await spent(work));
  return { cpu: median(times.map(({ cpu }) => cpu)), wall: median(times.map(({ wall }) => wall)) };
}

type Question = readonly [name: string, filter: ActivityFilter, viewer?: Viewer];

const pages = ({ busiest, quietest, quietestEmail, rare }: Cast): readonly Question[] => [
  ['everything', {}],
  ['one’s own, of the busiest', {}, { everything: false, person: busiest }],
  ['one’s own, of the quietest', {}, { everything: false, person: quietest }],
  [
    'one’s own words in one environment',
    { environment: 'staging', text: 'country' },
    { everything: false, person: busiest },
  ],
  ['the busiest person', { person: busiest }],
  ['the quietest person, by e-mail', { person: quietestEmail }],
  ['environment', { environment: 'production' }],
  ['connection and verdict', { connection: 'shop', verdict: 'refuse' }],
  ['person, table and class', { person: quietest, table: 'public.order_items_3', columnClass: 'phone' }],
  ['who touched this column', { column: 'public.order_items_3.c5_value' }],
  ['failed, of one person, in one environment', { person: busiest, status: 'failed', environment: 'development' }],
  ['still running', { status: 'running' }],
  ['one week', { from: BEGUN + 5 * DAY, to: BEGUN + 12 * DAY }],
  ['words', { text: 'country created' }],
  ['words, of one old week', { text: 'country created', from: BEGUN + 5 * DAY, to: BEGUN + 12 * DAY }],
  ['words in a row', { text: '"country 1 and created at"' }],
  ['frequent words in a row that are nowhere', { text: '"at created and 1 country"' }],
  ['beginning of a word', { text: 'order_it*' }],
  ['a rare word and a person', { text: 'zak', person: rare }],
];

const charts = ({ busiest }: Cast): readonly Question[] => [
  ['everything', {}],
  ['one’s own', {}, { everything: false, person: busiest }],
  ['one’s own in one environment', { environment: 'staging' }, { everything: false, person: busiest }],
  ['person', { person: busiest }],
  ['environment and verdict', { environment: 'production', verdict: 'refuse' }],
  ['table', { table: 'public.order_items_0' }],
  ['person and connection', { person: busiest, connection: 'staging' }],
  ['connection and class', { connection: 'shop', columnClass: 'card' }],
  ['environment and kind', { environment: 'staging', kinds: ['stmt.intent'] }],
  ['connection and status', { connection: 'staging', status: 'done' }],
  ['a word that is in every statement', { text: 'country' }],
  ['that word in one week', { text: 'country', from: BEGUN + 5 * DAY, to: BEGUN + 12 * DAY }],
];

const countedIn = ({ points }: ActivityChart): number =>
  points.reduce((sum, { allowed, refused, failed, other }) => sum + allowed + refused + failed + other, 0);

/**
 * Every question with how many events it found. The goal is held against CPU time where everything happens in this process,
 * because the clock measures its neighbours as well; against the clock where a server answers.
 */
export async function ask(
  store: ActivityStore,
  cast: Cast,
  options: { readonly prefix: string; readonly rounds: number; readonly by: 'cpu' | 'wall' },
): Promise<readonly Measurement[]> {
  const { prefix, rounds, by } = options;
  const measured: Measurement[] = [];
  const measure = async (what: string, work: () => Promise<unknown>, goal?: number): Promise<void> => {
    const times = await timed(rounds, work);
    for (const clock of by === 'cpu' ? (['cpu', 'wall'] as const) : (['wall'] as const))
      measured.push({
        metric: `${prefix}${what}, ${clock === 'cpu' ? 'CPU' : 'clock'}`,
        value: times[clock],
        unit: 'ms',
        ...(goal === undefined || clock !== by ? {} : { goal }),
      });
  };
  const days = { from: BEGUN, to: BEGUN + 200 * DAY, bucket: 'day' } as const;
  for (const [name, filter, viewer = EVERYBODY] of pages(cast)) {
    const page = () => store.events(filter, viewer, { limit: PAGE });
    const { events, next } = await page();
    const found = `${next === null ? '' : 'more than '}${events.length.toLocaleString('en')} events`;
    await measure(`page: ${name} (${found})`, page, PAGE_GOAL);
  }
  for (const [name, filter, viewer = EVERYBODY] of charts(cast)) {
    const chart = () => store.chart(filter, viewer, days);
    const found = countedIn(await chart());
    await measure(`chart by day: ${name} (${found.toLocaleString('en')} events)`, chart, CHART_GOAL);
  }
  await measure('chart by hour: everything', () => store.chart({}, EVERYBODY, { ...days, bucket: 'hour' }), CHART_GOAL);
  await measure('choices: everything', () => store.facets({}, EVERYBODY));
  await measure('choices: environment', () => store.facets({ environment: 'production' }, EVERYBODY));
  return measured;
}
