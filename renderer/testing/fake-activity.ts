import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import {
  type ActivityChartView,
  type ActivityEventView,
  type ActivityFacetsView,
  type ActivityQuery,
  type ActivityRowView,
} from '../../shared/views.ts';
import { type FakeEvent, fakeEvent } from './fake-events.ts';

/** The Activity view's part of a gate made of plain data: events that follow from their number, looked through one by one. */

export interface FakeActivityOptions {
  /** Events there are at the beginning. */
  readonly events: number;
  /** ms since 1970 UTC: when the newest of them was. */
  readonly until: number;
  /** A new event comes as often, ms; null for never. */
  readonly every?: number | null;
  /** ms before an answer. */
  readonly delay?: number;
  /** The state to show. */
  readonly state?: 'loading' | 'failing' | 'indexing' | 'own' | 'old-failing' | undefined;
}

type ActivityCalls = Pick<
  Client<Desktop>,
  'activity.events' | 'activity.chart' | 'activity.facets' | 'activity.event' | 'activity.progress' | 'activity.export'
>;

const failing = (): Error =>
  Object.assign(new Error('The search index cannot be read: its file is damaged.'), {
    code: 'index-unreadable',
    next: 'Build it anew: countersign activity rebuild. The record itself is whole.',
  });

function matches({ row, columns, tables }: FakeEvent, query: ActivityQuery): boolean {
  const is = (wanted: string | undefined, value: string | null): boolean => wanted === undefined || wanted === value;
  return (
    is(query.person, row.person) &&
    is(query.agent, row.agent) &&
    is(query.connection, row.connection) &&
    is(query.environment, row.environment) &&
    is(query.verdict, row.verdict) &&
    is(query.status, row.status) &&
    (query.table === undefined || tables.includes(query.table)) &&
    (query.column === undefined || columns.some(({ name }) => name === query.column)) &&
    (query.columnClass === undefined || row.classes.includes(query.columnClass)) &&
    (query.kinds === undefined || query.kinds.includes(row.kind)) &&
    (query.from === undefined || row.at >= query.from) &&
    (query.to === undefined || row.at < query.to) &&
    (query.text === undefined ||
      query.text
        .toLowerCase()
        .split(/\s+/)
        .every((word) => `${row.title} ${row.summary} ${row.person ?? ''}`.toLowerCase().includes(word)))
  );
}

function counted(values: readonly (string | null)[]): { readonly value: string; readonly events: number }[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, events]) => ({ value, events })).toSorted((a, b) => b.events - a.events);
}

/** ms to the event before: people work by day, most before noon, and little at the weekend. */
function pauseBefore(at: number, n: number): number {
  if (n < 40) return 7000 + (n % 7) * 900;
  const date = new Date(at);
  const hour = date.getUTCHours();
  const busy = hour > 7 && hour < 18 ? 1 + Math.max(0, 4 - Math.abs(hour - 10)) : 0.15;
  const weekend = date.getUTCDay() % 6 === 0 ? 6 : 1;
  return Math.round((((n * 7919) % 97) * 4200 * weekend) / busy);
}

export function fakeActivity(options: FakeActivityOptions): ActivityCalls {
  const { delay = 15, state } = options;
  let at = options.until;
  const events = Array.from({ length: options.events }, (_, n) => {
    const event = fakeEvent(options.events - 1 - n, at);
    at -= pauseBefore(at, n);
    return event;
  });
  const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  const answer = async (signal?: AbortSignal): Promise<void> => {
    await pause(state === 'loading' ? 3_600_000 : delay, signal);
    if (state === 'failing') throw failing();
  };
  const mine = (query: ActivityQuery): ActivityQuery =>
    state === 'own' ? { ...query, person: 'https://id.harbor.example ana' } : query;
  const found = (query: ActivityQuery): FakeEvent[] => events.filter((event) => matches(event, mine(query)));

  const chart = (query: ActivityQuery, from: number, to: number, bucket: number): ActivityChartView => {
    const points = new Map<number, ActivityChartView['points'][number]>();
    for (const { row } of found({ ...query, from, to })) {
      const at = Math.floor(row.at / bucket) * bucket;
      const point = points.get(at) ?? { at, allowed: 0, refused: 0, failed: 0, other: 0, maskedCells: 0 };
      const kind =
        row.verdict === 'refuse'
          ? 'refused'
          : row.status === 'failed'
            ? 'failed'
            : row.verdict === 'allow'
              ? 'allowed'
              : 'other';
      points.set(at, {
        ...point,
        [kind]: point[kind] + 1,
        maskedCells: point.maskedCells + (row.maskedCells ?? 0),
      });
    }
    return { bucket, points: [...points.values()] };
  };

  const facets = (query: ActivityQuery): ActivityFacetsView => {
    const all = found(query);
    const names = new Map(all.map(({ row }) => [row.person, row.personName]));
    return {
      people: counted(all.map(({ row }) => row.person)).map((one) => ({ ...one, name: names.get(one.value) ?? '' })),
      agents: counted(all.map(({ row }) => row.agent)),
      connections: counted(all.map(({ row }) => row.connection)),
      environments: counted(all.map(({ row }) => row.environment)),
      tables: counted(all.flatMap(({ tables }) => tables)),
      classes: counted(all.flatMap(({ row }) => row.classes)),
      kinds: counted(all.map(({ row }) => row.kind)),
    };
  };

  return {
    'activity.events': async ({ query, before, limit }, signal) => {
      await answer(signal);
      if (state === 'old-failing' && before !== null) throw failing();
      const all = found(query);
      const start = before === null ? 0 : all.findIndex(({ row }) => row.index < Number(before));
      const page = start < 0 ? [] : all.slice(start, start + limit);
      const last = page.at(-1)?.row.index;
      return {
        events: page.map(({ row }) => row),
        next: last !== undefined && last > 0 && page.length === limit ? String(last) : null,
      };
    },
    'activity.chart': async ({ query, from, to, bucket }, signal) => {
      await answer(signal);
      return chart(query, from, to, bucket === 'hour' ? 3_600_000 : 86_400_000);
    },
    'activity.facets': async ({ query }, signal) => {
      await answer(signal);
      return facets(query);
    },
    'activity.event': async ({ index }, signal): Promise<ActivityEventView> => {
      await answer(signal);
      const at = events.findIndex(({ row }) => row.index === index);
      const event = events[at];
      if (event === undefined)
        throw Object.assign(new Error(`There is no event ${String(index)}.`), { code: 'no-event', next: null });
      const near = [events[at + 1], events[at - 1]].flatMap((other): ActivityRowView[] =>
        other === undefined ? [] : [other.row],
      );
      return { ...event.detail(), related: event.row.kind === 'stmt.intent' ? near : [] };
    },
    'activity.progress': async function* (_, signal) {
      const everything = state !== 'own';
      const reviewers = ['security', 'data-protection'];
      for (let more = 0; ; more++) {
        const recorded = state === 'indexing' ? 1_000_000 : events.length;
        const indexed = state === 'indexing' ? 412_000 + more * 9000 : events.length;
        yield { indexed, recorded, everything, reviewers, trouble: null };
        await pause(options.every ?? 3_600_000, signal);
        if (state !== 'indexing') events.unshift(fakeEvent(events.length, Date.now()));
      }
    },
    'activity.export': async function* ({ query, format }, signal) {
      if (format === 'csv') yield 'time,person,connection,verdict,statement\r\n';
      const all = found(query).slice(0, 100_000);
      for (let at = 0; at < all.length; at += 5000) {
        await answer(signal);
        yield all
          .slice(at, at + 5000)
          .map(({ row }) =>
            format === 'jsonl'
              ? `${JSON.stringify(row)}\n`
              : `${new Date(row.at).toISOString()},${row.person ?? ''},${row.connection ?? ''},${row.verdict ?? ''},"${row.summary.replaceAll('"', '""')}"\r\n`,
          )
          .join('');
      }
    },
  };
}
