/** Numbers as people read them: a table for the terminal and a document for the repository. Pure. */
import { type Measurement } from './bench.ts';

export interface Outcome {
  readonly measurements: readonly Measurement[];
  readonly conditions: {
    readonly date: string;
    /** Load average of one minute before and after. */
    readonly load: string;
    readonly machine: string;
    readonly node: string;
  };
}

/** The last outcome of each benchmark. */
export type Kept = Readonly<Record<string, Outcome>>;

/** Three significant digits; whole numbers above a hundred, with their thousands marked. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value.toLocaleString(
    'en-US',
    Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  );
}

function verdict({ value, goal, unit }: Measurement): string {
  if (goal === undefined) return '';
  return `${value < goal ? 'met' : 'missed'}: under ${figure(goal)} ${unit}`;
}

/** Ratios first: they mean the same on another machine. */
const ratiosFirst = (measurements: readonly Measurement[]): readonly Measurement[] => [
  ...measurements.filter(({ unit }) => unit === 'x'),
  ...measurements.filter(({ unit }) => unit !== 'x'),
];

const cells = (measurements: readonly Measurement[]): readonly (readonly [string, string, string, string])[] =>
  ratiosFirst(measurements).map((measurement) => [
    measurement.metric,
    figure(measurement.value),
    measurement.unit,
    verdict(measurement),
  ]);

export function asTable(measurements: readonly Measurement[]): string {
  const rows = cells(measurements);
  const width = (column: 0 | 1 | 2): number => Math.max(0, ...rows.map((row) => row[column].length));
  return rows
    .map(([metric, value, unit, goal]) =>
      `  ${metric.padEnd(width(0))}  ${value.padStart(width(1))} ${unit.padEnd(width(2))}  ${goal}`.trimEnd(),
    )
    .join('\n');
}

/** docs/bench.md; benchmarks in the order of `names`. */
export function asDocument(kept: Kept, names: readonly string[]): string {
  const sections = names.flatMap((name) => {
    const outcome = kept[name];
    if (outcome === undefined) return [];
    const { date, load, machine, node } = outcome.conditions;
    const rows = cells(outcome.measurements).map(
      ([metric, value, unit, goal]) => `| ${metric} | ${value} | ${unit} | ${goal} |`,
    );
    return [
      `## ${name}\n\n[bench/${name}.ts](../bench/${name}.ts), ${date}, load ${load}, Node ${node.slice(1)}, ${machine}.\n\n` +
        `| what | value | unit | goal |\n| --- | ---: | --- | --- |\n${rows.join('\n')}\n`,
    ];
  });
  return `# Numbers\n\nWritten by \`npm run bench -- NAME --docs\`. Ratios (\`x\`) are against something measured in the same run and come first; other\nnumbers are of one machine at one time, whose load average is told. Medians, unless it says otherwise.\n\n${sections.join('\n')}`;
}
