/**
 * How often detectors are right, over generated columns of known kinds, adversarial ones and those that values alone cannot
 * tell among them; and what looking costs, beside a bare scan of the same cells.
 */
import { detectColumn } from '../main/gate/mask/detectors.ts';
import { COLUMNS, type GeneratedColumn, sampleOf } from '../main/gate/mask/testing/generated-columns.ts';
import { type Bench, type Measurement, median } from './bench.ts';

/** Columns of each kind, each with values of its own. */
const SEEDS = 40;
/** Values of a small column, and of a sample as tables are sampled. */
const SIZES = [8, 20, 200];
const ROUNDS = 5;
const SCANNED_ROWS = 2_000;

interface Score {
  right: number;
  missed: number;
  wrong: number;
}

function scores(columns: readonly GeneratedColumn[]): ReadonlyMap<string, Score> {
  const byClass = new Map<string, Score>();
  const of = (name: string): Score => {
    const score = byClass.get(name) ?? { right: 0, missed: 0, wrong: 0 };
    byClass.set(name, score);
    return score;
  };
  for (const column of columns) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      for (const size of SIZES) {
        const { name, type } = column;
        const found = detectColumn({ name, type, samples: sampleOf(column, size, seed * 7_919 + size) })?.class;
        if (found !== undefined && found === column.class) of(found).right++;
        else {
          if (column.class !== undefined) of(column.class).missed++;
          if (found !== undefined) of(found).wrong++;
        }
      }
    }
  }
  return byClass;
}

const percent = (part: number, rest: number): number => (100 * part) / (part + rest);

const sum = (list: Iterable<Score>): Score =>
  [...list].reduce(
    (all, { right, missed, wrong }) => ({
      right: all.right + right,
      missed: all.missed + missed,
      wrong: all.wrong + wrong,
    }),
    { right: 0, missed: 0, wrong: 0 },
  );

function accuracy(): readonly Measurement[] {
  const byClass = [...scores(COLUMNS)].sort(([a], [b]) => (a < b ? -1 : 1));
  const tellable = scores(COLUMNS.filter(({ wrong }) => wrong === undefined));
  return [
    ['all that values can tell', sum(tellable.values())] as const,
    ['all classes', sum(byClass.map(([, score]) => score))] as const,
    ...byClass,
  ].flatMap(([name, { right, missed, wrong }]) => [
    { metric: `${name}: precision`, value: percent(right, wrong), unit: '%' },
    { metric: `${name}: recall`, value: percent(right, missed), unit: '%' },
  ]);
}

/** The least that looking at every character can cost. */
function scan(values: readonly string[]): number {
  let sum = 0;
  for (const value of values) for (let i = 0; i < value.length; i++) sum += value.charCodeAt(i);
  return sum;
}

function throughput(): readonly Measurement[] {
  const columns = COLUMNS.map((column, seed) => ({
    name: column.name,
    type: column.type,
    samples: sampleOf(column, SCANNED_ROWS, seed),
  }));
  const megabytes = columns.reduce((sum, { samples }) => sum + Buffer.byteLength(samples.join('')), 0) / 1e6;
  /** CPU milliseconds: other work on the machine does not show in them. */
  const timed = (work: () => void): number => {
    work();
    return median(
      Array.from({ length: ROUNDS }, () => {
        const before = process.cpuUsage();
        work();
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      }),
    );
  };
  let scannedSum = 0;
  const scanned = timed(() => {
    for (const { samples } of columns) scannedSum += scan(samples);
  });
  const looked = timed(() => {
    for (const column of columns) detectColumn(column);
  });
  if (scannedSum === 0) throw new Error('nothing was scanned');
  return [
    { metric: 'detectors / bare scan, CPU', value: looked / scanned, unit: 'x' },
    { metric: 'detectors', value: (1000 * megabytes) / looked, unit: 'MB/s' },
    { metric: 'bare scan', value: (1000 * megabytes) / scanned, unit: 'MB/s' },
  ];
}

export const detectorsBench: Bench = {
  name: 'detectors',
  run: () => Promise.resolve([...accuracy(), ...throughput()]),
};
