/**
 * `npm test`: provisions what tests need outside npm, runs lint, types, formatting and every test, prints each skipped
 * test with its reason, and ends with one line `N passed, N failed, N skipped`. Exit code 0 only when nothing failed.
 *
 * Flags: --unit or --e2e run one half; anything else is passed to Vitest as a file filter.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureRenderer } from './build.ts';
import { provision } from './provision.ts';

interface Tally {
  passed: number;
  failed: number;
  readonly skipped: string[];
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const root = join(import.meta.dirname, '..');
const tally: Tally = { passed: 0, failed: 0, skipped: [] };

function node(args: readonly string[]): number {
  return (
    spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root, stdio: 'inherit' })
      .status ?? 1
  );
}

/** A check without tests of its own counts as one. */
function check(name: string, args: readonly string[]): void {
  console.log(`\n# ${name}`);
  if (node(args) === 0) tally.passed += 1;
  else {
    tally.failed += 1;
    console.error(`FAILED: ${name}`);
  }
}

function vitest(project: string, filters: readonly string[]): void {
  console.log(`\n# ${project} tests`);
  const directory = mkdtempSync(join(tmpdir(), 'countersign-report-'));
  const file = join(directory, 'report.json');
  const status = node([
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    project,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...filters,
  ]);
  const before = tally.failed;
  if (existsSync(file)) {
    const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
    for (const suite of report.testResults) {
      if (suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed'))
        tally.failed += 1;
      for (const test of suite.assertionResults) {
        if (test.status === 'passed') tally.passed += 1;
        else if (test.status === 'failed') tally.failed += 1;
        else tally.skipped.push(test.fullName);
      }
    }
  }
  if (status !== 0 && tally.failed === before) tally.failed += 1;
  rmSync(directory, { recursive: true, force: true });
}

const flags = process.argv.slice(2);
const filters = flags.filter((flag) => !flag.startsWith('--'));
const whole = !flags.includes('--unit') && !flags.includes('--e2e') && filters.length === 0;

const missing = provision();
if (whole) {
  check('lint', ['node_modules/eslint/bin/eslint.js', '.']);
  check('types', ['node_modules/typescript/bin/tsc', '-b']);
  check('types of tests and tools', ['node_modules/typescript/bin/tsc', '-p', 'scripts']);
  check('format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']);
}
await ensureRenderer((text) => console.log(text));
if (!flags.includes('--e2e')) vitest('unit', filters);
if (!flags.includes('--unit')) vitest('e2e', filters);

for (const name of tally.skipped) console.log(`skipped: ${name}`);
for (const line of missing) console.log(line);
console.log(`\n${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
