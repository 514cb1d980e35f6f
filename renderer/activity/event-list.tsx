import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type ReactElement,
  type Ref,
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from 'react';
import { type ActivityRowView } from '../../shared/views.ts';
import { Button, Icon, readToken } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { type Activity } from './activity.ts';
import { columns, EventLine } from './event-line.tsx';
import { keyOf } from './feed.ts';
import { type Names } from './field-words.ts';
import { listTime, zoneName } from './times.ts';

/** Lines before the end at which the next page is read. */
const AHEAD = 40;
/** CSS pixels from the top within which the list still follows what is new. */
const AT_TOP = 4;

export interface ListHandle {
  focus(): void;
}

interface EventListProps {
  readonly activity: Activity;
  readonly names: Names;
  /** ms since 1970 UTC; moves on now and then, so that `3 min. ago` stays true. */
  readonly now: number;
  readonly onOpen: (event: ActivityRowView) => void;
  /** Escape in the list. */
  readonly onLeave: () => void;
  /** Looks at the times before this one. */
  readonly onBefore: (at: number) => void;
  readonly handle: Ref<ListHandle>;
}

/**
 * The events, newest first, of which only the visible lines exist (ARIA grid: the list has the focus, `aria-activedescendant` names the line). What is
 * new is merged in while the top is in sight and nobody is at it; else it waits behind a button, so that nothing moves that is being read.
 */
export function EventList({ activity, names, now, onOpen, onLeave, onBefore, handle }: EventListProps): ReactElement {
  const { rows, loading, older } = useStore(activity.feed.state);
  const opened = useStore(activity.opened);
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | null>(opened === null ? null : keyOf(opened));
  const [initial] = useState(() => activity.scroll.get());
  const inside = useRef(false);
  const id = useId();
  const [rowHeight] = useState(() => Number.parseInt(readToken('row'), 10));
  const at = current === null ? -1 : rows.findIndex((row) => keyOf(row) === current);
  // The rule warns users of the React compiler, which is not used here.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length + 1,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialOffset: initial,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;

  useImperativeHandle(handle, () => ({ focus: () => scroller.current?.focus() }), []);

  useEffect(() => {
    if (older === 'there' && last >= rows.length - AHEAD) void activity.feed.more();
  }, [activity, older, last, rows.length]);

  useEffect(() => {
    // The line that says what there is beyond the last one comes with it.
    if (current !== null && at >= 0) virtual.scrollToIndex(at === rows.length - 1 ? rows.length : at);
    // Only a move of the current line scrolls; new lines above it must not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [current]);

  const tellReading = (): void => {
    const top = scroller.current?.scrollTop ?? 0;
    activity.scroll.set(top);
    activity.reading.set(inside.current || top > AT_TOP || current !== null);
  };
  useEffect(tellReading);

  const moveTo = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row !== undefined) setCurrent(keyOf(row));
  };
  const open = (row: ActivityRowView | undefined): void => {
    if (row === undefined) return;
    setCurrent(keyOf(row));
    onOpen(row);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 2);
    const moves: Record<string, () => void> = {
      ArrowDown: () => {
        moveTo(at + 1);
      },
      ArrowUp: () => {
        moveTo(at - 1);
      },
      PageDown: () => {
        moveTo(at + page);
      },
      PageUp: () => {
        moveTo(at - page);
      },
      Home: () => {
        moveTo(0);
      },
      End: () => {
        moveTo(rows.length - 1);
      },
      Enter: () => {
        open(rows[at]);
      },
      ' ': () => {
        open(rows[at]);
      },
      Escape: () => {
        if (opened === null) setCurrent(null);
        onLeave();
      },
    };
    const move = moves[event.key];
    if (move === undefined) return;
    move();
    event.preventDefault();
  };

  return (
    <div className="activity-list" aria-busy={loading}>
      <Fresh
        activity={activity}
        onShown={() => {
          setCurrent(null);
          virtual.scrollToIndex(0);
        }}
      />
      <div
        className="event-scroller"
        ref={scroller}
        role="grid"
        aria-label="Events, newest first"
        aria-rowcount={older === 'none' ? rows.length + 1 : -1}
        aria-colcount={columns.length}
        tabIndex={0}
        aria-activedescendant={at < 0 ? undefined : `${id}-${String(at)}`}
        onKeyDown={onKeyDown}
        onScroll={tellReading}
        onFocus={(event) => {
          if (current === null && event.target === event.currentTarget && event.target.matches(':focus-visible'))
            moveTo(0);
        }}
        onPointerEnter={() => {
          inside.current = true;
          tellReading();
        }}
        onPointerLeave={() => {
          inside.current = false;
          tellReading();
        }}
      >
        <div className="event-head" role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <span
              key={column.id}
              role="columnheader"
              className={`event-${column.id}`}
              title={column.id === 'time' ? zoneName(now) : undefined}
            >
              {column.label}
            </span>
          ))}
        </div>
        <div className="event-room" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined)
              return <Foot key="foot" activity={activity} top={item.start} now={now} onBefore={onBefore} />;
            const key = keyOf(row);
            return (
              <EventLine
                key={key}
                id={`${id}-${String(item.index)}`}
                event={row}
                names={names}
                now={now}
                top={item.start}
                position={item.index}
                current={key === current}
                opened={opened !== null && key === keyOf(opened)}
                onPress={() => {
                  open(row);
                }}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** New events that wait to be shown. */
function Fresh({ activity, onShown }: { activity: Activity; onShown: () => void }): ReactElement {
  const { fresh, freshCut } = useStore(activity.feed.state);
  const words = `${fresh.length.toLocaleString('en')}${freshCut ? ' or more' : ''} new`;
  return (
    <div className="event-fresh">
      {/* Told once when they begin to wait; a number that is read aloud every few seconds helps nobody. */}
      <span className="visually-hidden" role="status">
        {fresh.length > 0 && 'New events wait to be shown.'}
      </span>
      {fresh.length > 0 && (
        <Button
          icon="arrow-up"
          onPress={() => {
            void activity.feed.showFresh();
            onShown();
          }}
        >
          {words}
        </Button>
      )}
    </div>
  );
}

/** Behind the last line: what there is beyond it. */
function Foot({
  activity,
  top,
  now,
  onBefore,
}: {
  activity: Activity;
  top: number;
  now: number;
  onBefore: (at: number) => void;
}): ReactElement | null {
  const { rows, older, olderTrouble } = useStore(activity.feed.state);
  const oldest = rows.at(-1);
  if (oldest === undefined) return null;
  return (
    <div className="event-foot" role="presentation" style={{ transform: `translateY(${String(top)}px)` }}>
      {(older === 'loading' || older === 'there') && <span>Reading older events</span>}
      {older === 'none' && <span>These are all.</span>}
      {older === 'failed' && (
        <>
          <span className="meaning-refused">
            <Icon name="error" /> {olderTrouble?.message}
          </span>
          <Button variant="quiet" onPress={() => void activity.feed.more()}>
            Try again
          </Button>
        </>
      )}
      {older === 'too-many' && (
        <>
          <span>{rows.length.toLocaleString('en')} events are as many as are listed at once.</span>
          <Button
            variant="quiet"
            onPress={() => {
              onBefore(oldest.at);
            }}
          >
            Go on before {listTime(oldest.at, now)}
          </Button>
        </>
      )}
    </div>
  );
}
