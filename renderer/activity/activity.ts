import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type ActivityCriteria, type ActivityProgressView, type ActivityQuery } from '../../shared/views.ts';
import { type Clock, systemClock } from '../state/saver.ts';
import { createStore, type Store } from '../state/store.ts';
import { isAbort, type Loadable, loading, troubleOf } from '../state/trouble.ts';
import { type Bars, barsOf } from './chart-model.ts';
import { queryOf } from './criteria.ts';
import { createFeed, type Feed } from './feed.ts';
import { chartBounds, isOpen } from './time-range.ts';

/** Events read at a time, and held at most. */
const PAGE = 200;
const MOST = 20_000;
/** ms between two readings of a chart that is open at its end, however fast events come. */
const CHART_PAUSE = 1000;
/** A chart that takes its time is read more rarely: reading takes at most one part of so many of the time. */
const CHART_SHARE = 10;

export interface Activity {
  readonly feed: Feed;
  readonly bars: Store<Loadable<Bars>>;
  readonly progress: Store<Loadable<ActivityProgressView>>;
  /** While true nothing new is read. */
  readonly paused: Store<boolean>;
  /** The event that the person looks at, by `keyOf`. */
  readonly opened: Store<{ readonly log: string; readonly index: number } | null>;
  /** Is something being read just now that new events would push away. */
  readonly reading: Store<boolean>;
  /** Is the dialog of the export open. */
  readonly exporting: Store<boolean>;
  /** Where the list stood when the view was left, CSS pixels. */
  readonly scroll: Store<number>;
  /** Looks for something; again what it already looks for reads only what is new. */
  look(criteria: ActivityCriteria): void;
  /** Reads everything again. */
  again(): void;
  /** What is looked for now, with the times it means at this moment. */
  query(): ActivityQuery;
  /** Follows the index until the returned function is called. */
  follow(): () => void;
  /** Lets go of everything: what one person saw is not for the next. */
  clear(): void;
}

/** What the Activity view shows, kept while the view itself is away. `now` in ms since 1970 UTC. */
export function createActivity(
  client: Client<Desktop>,
  now: () => number = Date.now,
  clock: Clock = systemClock,
): Activity {
  let criteria: ActivityCriteria | null = null;
  let chartAsked = new AbortController();
  /** When the chart may be read again. */
  let chartNext = -Infinity;
  /** ms that the last one took; the first one waits for the index to be opened, which says nothing of the next. */
  let chartTook = 0;
  /** Is the chart being read; and did more come meanwhile. */
  let [charting, chartStale] = [false, false];
  /** Calls off the reading of the chart that is due; null where none is. */
  let chartDue: (() => void) | null = null;
  let lastIndexed = -1;
  const bars = createStore<Loadable<Bars>>(loading);
  const progress = createStore<Loadable<ActivityProgressView>>(loading);
  const paused = createStore(false);
  const reading = createStore(false);
  const opened = createStore<{ readonly log: string; readonly index: number } | null>(null);
  const exporting = createStore(false);
  const scroll = createStore(0);

  const query = (): ActivityQuery => (criteria === null ? {} : queryOf(criteria, now()));
  const feed = createFeed({
    ask: (before, limit, signal) => client['activity.events']({ query: query(), before, limit }, signal),
    page: PAGE,
    most: MOST,
  });

  const readChart = async (): Promise<void> => {
    if (criteria === null) return;
    chartAsked.abort();
    chartDue?.();
    chartDue = null;
    const { signal } = (chartAsked = new AbortController());
    const began = now();
    chartNext = began + CHART_PAUSE;
    [charting, chartStale] = [true, false];
    const { from, to, bucket } = chartBounds(criteria.range, now());
    try {
      const view = await client['activity.chart']({ query: query(), from, to, bucket }, signal);
      if (!signal.aborted) bars.set({ state: 'ready', value: barsOf(view, from, to) });
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) bars.set({ state: 'failed', trouble: troubleOf(error) });
    }
    if (signal.aborted) return;
    charting = false;
    const took = now() - began;
    chartNext = Math.max(chartNext, now() + Math.min(took, chartTook) * CHART_SHARE);
    chartTook = took;
    if (chartStale) planChart();
  };

  /** Reads the chart when it is time: what came last is counted too, also where nothing comes after it. */
  const planChart = (): void => {
    const wait = chartNext - now();
    // One that is under way is not called off, or a slow one would never come.
    if (charting) chartStale = true;
    else if (wait <= 0) void readChart();
    else chartDue ??= clock.after(wait, () => void readChart());
  };

  const again = (): void => {
    scroll.set(0);
    void feed.start();
    void readChart();
  };

  const refresh = (): void => {
    if (criteria === null || paused.get() || !isOpen(criteria.range, now())) return;
    void feed.refresh(!reading.get());
    planChart();
  };

  return {
    feed,
    bars,
    progress,
    paused,
    reading,
    opened,
    exporting,
    scroll,
    query,
    again,
    look: (wanted) => {
      if (criteria === wanted) {
        refresh();
        return;
      }
      criteria = wanted;
      bars.set(loading);
      again();
    },
    follow: () => {
      const ended = new AbortController();
      const run = async (): Promise<void> => {
        try {
          for await (const value of client['activity.progress'](undefined, ended.signal)) {
            progress.set({ state: 'ready', value });
            if (value.indexed === lastIndexed) continue;
            lastIndexed = value.indexed;
            refresh();
          }
        } catch (error) {
          if (!ended.signal.aborted) progress.set({ state: 'failed', trouble: troubleOf(error) });
        }
      };
      void run();
      const resumed = paused.subscribe(refresh);
      return () => {
        ended.abort();
        resumed();
      };
    },
    clear: () => {
      criteria = null;
      lastIndexed = -1;
      chartAsked.abort();
      chartDue?.();
      chartDue = null;
      charting = false;
      feed.stop();
      bars.set(loading);
      progress.set(loading);
      opened.set(null);
      exporting.set(false);
      scroll.set(0);
      paused.set(false);
    },
  };
}
