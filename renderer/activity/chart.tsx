import { type KeyboardEvent, type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import { EmptyState, IconButton, onThemeChange, ProgressBar } from '../design/index.ts';
import { plural } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { type Activity } from './activity.ts';
import { type BarChart, createBarChart } from './bar-chart.ts';
import { type Bars, series, timesOf, totalsOf } from './chart-model.ts';
import { bucketWords } from './times.ts';

const labels = { refused: 'Refused', failed: 'Failed', allowed: 'Allowed', other: 'Other events' } as const;

/** One bar in words. */
function barWords(bars: Bars, bar: number): string {
  const parts = series.flatMap((name) => {
    const count = bars[name][bar] ?? 0;
    return count === 0 ? [] : [`${count.toLocaleString('en')} ${name === 'other' ? 'other' : name}`];
  });
  const masked = bars.maskedCells[bar] ?? 0;
  if (masked > 0) parts.push(`${plural(masked, 'cell')} masked`);
  return `${bucketWords(bars.at[bar] ?? 0, bars.bucket)}: ${parts.length === 0 ? 'nothing' : parts.join(', ')}`;
}

/** Events over time and masked cells below; brushing over bars narrows the times. Also there as a table. */
export function Chart({
  activity,
  onTimes,
}: {
  activity: Activity;
  onTimes: (from: number, to: number) => void;
}): ReactElement {
  const bars = useStore(activity.bars);
  const [asTable, setAsTable] = useState(false);
  // What was drawn last stays until the next is here: a chart that goes and comes would move everything below it.
  const [drawn, setDrawn] = useState<Bars | null>(bars.state === 'ready' ? bars.value : null);
  if (bars.state === 'ready' && bars.value !== drawn) setDrawn(bars.value);
  const totals = useMemo(
    () => (drawn === null || bars.state === 'failed' ? null : totalsOf(drawn)),
    [drawn, bars.state],
  );
  const [words, setWords] = useState('');

  return (
    <section className="activity-chart" aria-label="Events over time">
      {bars.state === 'loading' && <ProgressBar label="Counting" />}
      <header className="chart-head">
        <ul className="chart-legend">
          {series.map((name) => (
            <li key={name}>
              <span className={`swatch swatch-${name}`} aria-hidden="true" />
              {labels[name]} {totals !== null && <b>{totals[name].toLocaleString('en')}</b>}
            </li>
          ))}
          <li>
            <span className="swatch swatch-masked" aria-hidden="true" />
            Masked cells {totals !== null && <b>{totals.maskedCells.toLocaleString('en')}</b>}
          </li>
        </ul>
        <span className="chart-words" aria-hidden="true">
          {words}
        </span>
        <IconButton
          icon={asTable ? 'graph' : 'table'}
          label={asTable ? 'Show as a chart' : 'Show as a table'}
          onPress={() => {
            setAsTable(!asTable);
          }}
        />
      </header>
      <div className="chart-body">
        {bars.state === 'failed' ? (
          <EmptyState title={`Not counted: ${bars.trouble.message}`} />
        ) : drawn === null ? null : asTable ? (
          <BarTable bars={drawn} onTimes={onTimes} />
        ) : (
          <Drawing bars={drawn} onTimes={onTimes} onWords={setWords} />
        )}
      </div>
    </section>
  );
}

/** The drawn bars. Arrow keys go from bar to bar, with Shift they mark several, Enter narrows to them. */
function Drawing({
  bars,
  onTimes,
  onWords,
}: {
  bars: Bars;
  onTimes: (from: number, to: number) => void;
  onWords: (words: string) => void;
}): ReactElement {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<BarChart | null>(null);
  const latest = useRef({ bars, onTimes, onWords });
  const [marked, setMarked] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const [said, setSaid] = useState('');

  useEffect(() => {
    latest.current = { bars, onTimes, onWords };
    chart.current?.show(bars);
  });

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const make = (): void => {
      chart.current?.destroy();
      chart.current = createBarChart(element, {
        onPoint: (bar) => {
          latest.current.onWords(bar === null || bar < 0 ? '' : barWords(latest.current.bars, bar));
        },
        onBrush: (from, to) => {
          narrow(from, to);
        },
      });
      chart.current.show(latest.current.bars);
    };
    const narrow = (from: number, to: number): void => {
      const times = timesOf(latest.current.bars, from, to);
      if (times !== null) latest.current.onTimes(times.from, times.to);
    };
    make();
    const leave = onThemeChange(make);
    return () => {
      leave();
      chart.current?.destroy();
      chart.current = null;
      latest.current.onWords('');
    };
  }, []);

  useEffect(() => {
    chart.current?.mark(marked);
  }, [marked, bars]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const most = bars.at.length - 1;
    if (most < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = marked?.to ?? most + 1;
    const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: most }[event.key];
    if (target !== undefined) {
      const to = Math.max(0, Math.min(most, target));
      setMarked({ from: event.shiftKey && marked !== null ? marked.from : to, to });
      setSaid(barWords(bars, to));
      onWords(barWords(bars, to));
    } else if (event.key === 'Enter' && marked !== null) {
      const times = timesOf(bars, marked.from, marked.to);
      setMarked(null);
      if (times !== null) onTimes(times.from, times.to);
    } else if (event.key === 'Escape' && marked !== null) {
      setMarked(null);
      onWords('');
    } else return;
    event.preventDefault();
  };

  const totals = totalsOf(bars);
  return (
    <div
      className="chart-drawing"
      tabIndex={0}
      role="group"
      aria-roledescription="chart"
      aria-label={`${plural(totals.events, 'event')} in ${plural(bars.at.length, 'bar')}: ${String(totals.refused)} refused, ${String(totals.failed)} failed. Arrow keys read bars, Shift marks several, Enter narrows the times to them.`}
      onKeyDown={onKeyDown}
      onBlur={() => {
        setMarked(null);
      }}
    >
      <div className="chart-host" ref={host} aria-hidden="true" />
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </div>
  );
}

/** The same as numbers; bars in which nothing happened are left out. */
function BarTable({ bars, onTimes }: { bars: Bars; onTimes: (from: number, to: number) => void }): ReactElement {
  const some = bars.at
    .map((_, bar) => bar)
    .filter((bar) => series.some((name) => (bars[name][bar] ?? 0) > 0))
    .toReversed();
  return (
    <div className="chart-table selectable" tabIndex={0} role="region" aria-label="Events over time, as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((name) => (
              <th key={name} scope="col">
                {labels[name]}
              </th>
            ))}
            <th scope="col">Masked cells</th>
          </tr>
        </thead>
        <tbody>
          {some.map((bar) => (
            <tr key={bar}>
              <th scope="row">
                <button
                  type="button"
                  className="link"
                  title="Narrow the times to these"
                  onClick={() => {
                    const times = timesOf(bars, bar, bar);
                    if (times !== null) onTimes(times.from, times.to);
                  }}
                >
                  {bucketWords(bars.at[bar] ?? 0, bars.bucket)}
                </button>
              </th>
              {series.map((name) => (
                <td key={name}>{(bars[name][bar] ?? 0).toLocaleString('en')}</td>
              ))}
              <td>{(bars.maskedCells[bar] ?? 0).toLocaleString('en')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {some.length === 0 && <p>Nothing happened in these times.</p>}
    </div>
  );
}
