import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { readColor, readToken } from '../design/theme.ts';
import { barAt, type Bars, type Series, series, stacked } from './chart-model.ts';

/** The two strips of bars over one axis of time: events by what came of them, and below them cells that were masked. */
export interface BarChart {
  show(bars: Bars): void;
  /** Marks bars `from` to `to`, both included, as the keyboard does; null takes the mark away. */
  mark(range: { readonly from: number; readonly to: number } | null): void;
  destroy(): void;
}

export interface BarChartEvents {
  /** The bar under the pointer, or null. */
  readonly onPoint: (bar: number | null) => void;
  /** Bars were brushed over. */
  readonly onBrush: (from: number, to: number) => void;
}

/** CSS pixels. The left axis has the same width in both strips, so that bars stand above bars. */
const AXIS = 44;
const MASKED_HEIGHT = 30;
const TIME_HEIGHT = 18;
/** Widest bar. */
const MOST_WIDTH = 48;
const PATTERN = 6;

/** How a series is filled, told apart by its texture as well as by its colour. */
const fills: Readonly<
  Record<Series | 'masked', { readonly color: string; readonly lines: 'none' | 'slant' | 'level' | 'dots' }>
> = {
  refused: { color: 'refused', lines: 'slant' },
  failed: { color: 'write', lines: 'level' },
  allowed: { color: 'neutral-7', lines: 'none' },
  other: { color: 'neutral-7', lines: 'dots' },
  masked: { color: 'masked', lines: 'none' },
};

function pattern(name: Series | 'masked'): string | CanvasPattern {
  const { color, lines } = fills[name];
  const paint = readColor(color);
  if (lines === 'none') return paint;
  const scale = devicePixelRatio;
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(PATTERN * scale);
  const context = tile.getContext('2d');
  if (context === null) return paint;
  context.scale(tile.width / PATTERN, tile.height / PATTERN);
  // Opaque: the bars behind are taller and must not show through.
  context.fillStyle = lines === 'dots' ? readColor('surface') : paint;
  context.fillRect(0, 0, PATTERN, PATTERN);
  context.fillStyle = context.strokeStyle = lines === 'dots' ? paint : readColor('surface');
  context.lineWidth = 1;
  if (lines === 'dots') {
    context.fillRect(1, 1, 2, 2);
    context.fillRect(4, 4, 2, 2);
  } else if (lines === 'level') {
    context.fillRect(0, 2, PATTERN, 1);
    context.fillRect(0, 5, PATTERN, 1);
  } else {
    context.beginPath();
    for (const shift of [-PATTERN, 0, PATTERN]) {
      context.moveTo(shift, PATTERN);
      context.lineTo(shift + PATTERN, 0);
    }
    context.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? paint;
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' });
const DAY = 86_400_000;

/** Words of a tick by how far apart ticks are; midnight is told by its day. */
function tickWords(at: number, step: number): string {
  const date = new Date(at);
  if (step >= 27 * DAY) return month.format(date);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  return step >= DAY || midnight ? day.format(date) : clock.format(date);
}

/** Draws into `host`, as wide as it is. Styles are set on elements by script, which the window's style-src allows. */
export function createBarChart(host: HTMLElement, events: BarChartEvents): BarChart {
  const top = document.createElement('div');
  const bottom = document.createElement('div');
  host.append(top, bottom);
  let shown: Bars | null = null;
  let charts: { readonly events: uPlot; readonly masked: uPlot } | null = null;

  const end = (): number => (shown?.at.at(-1) ?? 0) + (shown?.bucket ?? 1);
  const time: uPlot.Scale = { time: true, range: () => [shown?.at[0] ?? 0, end()] };
  const counts: uPlot.Scale = { range: (_, _least, most) => [0, Math.max(1, most * 1.08)] };

  const font = `${readToken('small-size')} ${readToken('font-ui')}`;
  const axis = (): uPlot.Axis => ({ stroke: readColor('text-muted'), font, gap: 3, ticks: { show: false } });
  const countAxis = (): uPlot.Axis => ({
    ...axis(),
    size: AXIS,
    space: 22,
    incrs: [1, 2, 5, ...Array.from({ length: 12 }, (_, n) => [10, 20, 50].map((step) => step * 10 ** n)).flat()],
    grid: { stroke: readColor('line'), width: 1 },
    values: (_, splits) => splits.map((value) => compact.format(value)),
  });
  const bars = (): uPlot.Series['paths'] => uPlot.paths.bars?.({ align: 1, size: [0.92, MOST_WIDTH], gap: 1 });
  const line = (name: Series | 'masked'): uPlot.Series => {
    const fill = pattern(name);
    const drawn = bars();
    return {
      fill: () => fill as string,
      width: 0,
      points: { show: false },
      ...(drawn === undefined ? {} : { paths: drawn }),
    };
  };

  const barUnder = (plot: uPlot, left: number): number =>
    shown === null ? -1 : barAt(shown, plot.posToVal(left, 'x'));

  const common = (height: number): Pick<uPlot.Options, 'width' | 'height' | 'ms' | 'legend' | 'padding'> => ({
    width: Math.max(AXIS * 2, host.clientWidth),
    height,
    ms: 1,
    legend: { show: false },
    padding: [4, 20, 0, 0],
  });

  const build = (): void => {
    if (shown === null) return;
    charts?.events.destroy();
    charts?.masked.destroy();
    const height = Math.max(40, host.clientHeight - MASKED_HEIGHT);
    const eventChart = new uPlot(
      {
        ...common(height),
        scales: { x: time, y: counts },
        series: [{}, ...series.toReversed().map(line)],
        axes: [
          {
            ...axis(),
            size: TIME_HEIGHT,
            space: 72,
            grid: { show: false },
            values: (_, splits, _axis, _space, step) => splits.map((at) => tickWords(at, step)),
          },
          countAxis(),
        ],
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false, dist: 4 },
        },
        hooks: {
          setCursor: [
            (plot) => {
              const { left } = plot.cursor;
              events.onPoint(left === undefined || left < 0 ? null : barUnder(plot, left));
            },
          ],
          setSelect: [
            (plot) => {
              const { left, width } = plot.select;
              if (width <= 0) return;
              events.onBrush(barUnder(plot, left), barUnder(plot, left + width - 1));
              clear();
            },
          ],
        },
      },
      data(shown),
      top,
    );
    const maskedChart = new uPlot(
      {
        ...common(MASKED_HEIGHT),
        scales: { x: time, y: counts },
        series: [{}, line('masked')],
        axes: [
          { show: false },
          {
            ...countAxis(),
            space: 18,
            splits: (_plot, _axis, _least, most) => (most <= 1 ? [] : [Math.round(most / 1.08)]),
          },
        ],
        cursor: { show: false },
      },
      [[...shown.at], [...shown.maskedCells]],
      bottom,
    );
    charts = { events: eventChart, masked: maskedChart };
  };

  /** Without telling the hook: only a drag with the pointer narrows by itself. */
  const select = (left: number, width: number, height: number): void => {
    charts?.events.setSelect({ left, width, top: 0, height }, false);
  };
  /** Without a height as well: the edges of a mark are drawn however narrow it is. */
  const clear = (): void => {
    select(0, 0, 0);
  };

  const resized = new ResizeObserver(build);
  resized.observe(host);

  return {
    show: (next) => {
      const same = shown !== null && charts !== null;
      shown = next;
      if (!same) {
        build();
        return;
      }
      charts?.events.setData(data(next));
      charts?.masked.setData([[...next.at], [...next.maskedCells]]);
    },
    mark: (range) => {
      if (charts === null || shown === null || range === null) {
        clear();
        return;
      }
      const first = shown.at[Math.min(range.from, range.to)] ?? 0;
      const last = (shown.at[Math.max(range.from, range.to)] ?? 0) + shown.bucket;
      const left = charts.events.valToPos(first, 'x');
      select(left, charts.events.valToPos(last, 'x') - left, charts.events.over.clientHeight);
    },
    destroy: () => {
      resized.disconnect();
      charts?.events.destroy();
      charts?.masked.destroy();
      host.replaceChildren();
    },
  };
}

/** The tallest first: each is painted over by the ones that stand below it. */
function data(bars: Bars): uPlot.AlignedData {
  const tops = stacked(bars);
  return [[...bars.at], ...series.toReversed().map((name) => [...tops[name]])];
}
