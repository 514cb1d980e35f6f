import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import { type ActivityCriteria } from '../../shared/views.ts';
import { Button, EmptyState, Message, ProgressBar, Split } from '../design/index.ts';
import { lookFor } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench, type Workbench } from '../state/workbench.ts';
import { Chart } from './chart.tsx';
import { firstCriteria, isNarrowed, narrowedTo } from './criteria.ts';
import { EventDetail } from './event-detail.tsx';
import { EventList, type ListHandle } from './event-list.tsx';
import { ExportDialog } from './export-dialog.tsx';
import { type Names, namesOf } from './field-words.ts';
import { FilterBar } from './filter-bar.tsx';
import { type Bars } from './chart-model.ts';
import { type Count, countOf, countWords } from './count.ts';
import { Notices } from './notices.tsx';
import { boundsOf, exactRange } from './time-range.ts';
import { zoneName } from './times.ts';
import './activity.css';
import './chart.css';
import './event-detail.css';
import './event-list.css';
import './filter-bar.css';

/** ms between two looks at the clock for `3 min. ago`. */
const TICK = 30_000;

/** Everything that was done, by whom, and what came of it: filters over a chart over the list, and one event beside them. */
export function ActivityView(): ReactElement {
  const workbench = useWorkbench();
  const { activity } = workbench;
  const criteria = useStore(workbench.workspace, (workspace) => workspace.activity) ?? firstCriteria;
  const opened = useStore(activity.opened);
  const layout = useStore(workbench.workspace, ({ layout: sizes }) => sizes);
  const names = useNames(workbench);
  const now = useNow();
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<ListHandle>(null);
  const failed = useStore(activity.feed.state, ({ trouble }) => trouble !== null);

  useEffect(() => activity.follow(), [activity]);
  useEffect(() => {
    activity.look(criteria);
  }, [activity, criteria]);

  const onCriteria = (next: ActivityCriteria): void => {
    lookFor(workbench, next);
  };
  const onTimes = (from: number, to: number): void => {
    const range = exactRange(from, to);
    if (range !== null) onCriteria({ ...criteria, range });
  };
  const close = (): void => {
    activity.opened.set(null);
    list.current?.focus();
  };

  const main = (
    <div className="activity-main">
      <FilterBar criteria={criteria} names={names} onCriteria={onCriteria} search={search} />
      <Notices />
      {/* One trouble is told once, where it can be tried again. */}
      {!failed && <Chart activity={activity} onTimes={onTimes} />}
      <Events
        criteria={criteria}
        now={now}
        onCriteria={onCriteria}
        list={
          <EventList
            activity={activity}
            names={names}
            now={now}
            handle={list}
            onOpen={({ log, index }) => {
              activity.opened.set({ log, index });
            }}
            onLeave={close}
            onBefore={(at) => {
              onTimes(boundsOf(criteria.range, now).from ?? 0, at + 1);
            }}
          />
        }
      />
    </div>
  );

  return (
    <section
      className="activity-view"
      aria-label="Activity"
      onKeyDown={(event) => {
        const typing = event.target instanceof HTMLInputElement;
        if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        search.current?.focus();
        search.current?.select();
      }}
    >
      <Split
        orientation="horizontal"
        sizes={layout}
        onResized={(sizes) => {
          workbench.workspace.update((workspace) => ({ ...workspace, layout: { ...workspace.layout, ...sizes } }));
        }}
        areas={[
          { id: 'activity-main', label: 'events', least: '420px', content: main },
          ...(opened === null
            ? []
            : [
                {
                  id: 'activity-detail',
                  label: 'event',
                  size: '420px',
                  least: '280px',
                  fixed: true,
                  content: (
                    <EventDetail
                      at={opened}
                      names={names}
                      now={now}
                      onOpen={({ log, index }) => {
                        activity.opened.set({ log, index });
                      }}
                      onClose={close}
                      onTouching={(what) => {
                        const field = 'column' in what ? 'column' : 'table';
                        const value = 'column' in what ? what.column : what.table;
                        onCriteria({ ...criteria, filter: narrowedTo(criteria.filter, field, [value]) });
                      }}
                    />
                  ),
                },
              ]),
        ]}
      />
      <ExportDialog />
    </section>
  );
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, TICK);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}

function useNames(workbench: Workbench): Names {
  const rows = useStore(workbench.activity.feed.state, (state) => state.rows);
  const connections = useStore(workbench.connections);
  return useMemo(() => namesOf(rows, connections.state === 'ready' ? connections.value : []), [rows, connections]);
}

/** How many there are, and the list, or why there is none. */
function Events({
  criteria,
  now,
  onCriteria,
  list,
}: {
  criteria: ActivityCriteria;
  now: number;
  onCriteria: (criteria: ActivityCriteria) => void;
  list: ReactElement;
}): ReactElement {
  const { activity } = useWorkbench();
  const feed = useStore(activity.feed.state);
  const { rows, loading, trouble, begun } = feed;
  const bars = useStore(activity.bars);
  const paused = useStore(activity.paused);
  const count = countOf(feed, bars.state === 'ready' ? bars.value : null, criteria.range, now);
  return (
    <div className="activity-events">
      {(loading || !begun) && <ProgressBar label="Reading events" />}
      <Said count={count} bars={bars.state === 'ready' ? bars.value : null} criteria={criteria} />
      <p className="activity-count">
        {count !== null && <span>{countWords(count)}</span>}
        {paused && <span className="meaning-waiting">paused</span>}
        <span className="activity-zone">times in {zoneName(now)}</span>
      </p>
      {trouble !== null ? (
        <Message meaning="refused" alert actions={<Button onPress={activity.again}>Try again</Button>}>
          {trouble.message} {trouble.next}
        </Message>
      ) : begun && !loading && rows.length === 0 ? (
        <Nothing criteria={criteria} onCriteria={onCriteria} />
      ) : (
        list
      )}
    </div>
  );
}

/** Reads aloud how many there are whenever something else is looked for, and not for every event that comes. */
function Said({
  count,
  bars,
  criteria,
}: {
  count: Count | null;
  bars: Bars | null;
  criteria: ActivityCriteria;
}): ReactElement {
  const [seen, setSeen] = useState<Bars | null>(null);
  const [said, setSaid] = useState<{ readonly criteria: ActivityCriteria | null; readonly words: string }>({
    criteria: null,
    words: '',
  });
  // The bars of something else come after it is looked for: what is counted until then was looked for before.
  if (bars !== null && bars !== seen) {
    setSeen(bars);
    if (said.criteria !== criteria && count !== null) setSaid({ criteria, words: countWords(count) });
  }
  return (
    <span className="visually-hidden" role="status">
      {said.words}
    </span>
  );
}

function Nothing({
  criteria,
  onCriteria,
}: {
  criteria: ActivityCriteria;
  onCriteria: (criteria: ActivityCriteria) => void;
}): ReactElement {
  const narrowed = isNarrowed(criteria.filter);
  const everywhen = criteria.range.kind === 'last' && criteria.range.span === 'all';
  const title = narrowed
    ? 'No event has all of this.'
    : everywhen
      ? 'Nothing is recorded yet. Whatever runs stands here, newest first.'
      : 'Nothing happened in these times.';
  return (
    <EmptyState title={title}>
      {narrowed && (
        <Button
          onPress={() => {
            onCriteria({ ...criteria, filter: firstCriteria.filter });
          }}
        >
          Clear the filters
        </Button>
      )}
      {!everywhen && (
        <Button
          onPress={() => {
            onCriteria({ ...criteria, range: { kind: 'last', span: 'all' } });
          }}
        >
          Look at all time
        </Button>
      )}
    </EmptyState>
  );
}
