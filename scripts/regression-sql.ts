// Runs the regression suite of PostgreSQL itself through understanding, lineage and decision, and against a server of our
// own, and prints how much is understood, whether anything judged a read wrote, and whether the lineage of the text missed
// a column that the server's own tree has. Nothing of the suite is kept here; a checkout of PostgreSQL's source is needed.
//
//   node scripts/regression-sql.ts PATH_OF_CHECKOUT [--server 15] [--files 'join|select'] [--seconds 600] [--verbose]
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serversAtHand } from '../main/databases/embedded/testing/installed.ts';
import { asSuperuser } from '../main/databases/embedded/index.ts';
import { readPsqlScript } from './psql-script.ts';
import { RegressionDatabase, SEARCH_PATH } from './regression-database.ts';
import { judgeStatement } from './regression-judge.ts';

const NUMBERS = [
  'statements',
  'valid for the server',
  'parsed',
  'parsed, but refused by the server',
  'understood',
  'allowed as read',
  'of these, run alone in READ ONLY',
  'wrote although judged a read',
  'queries compared with the tree of the server',
  'output columns compared',
  'outputs whose lineage missed a column',
  'uses that the lineage missed',
  'other disagreements (the statement is refused)',
] as const;
type Counted = (typeof NUMBERS)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: 'string', default: '18' },
    files: { type: 'string', default: '' },
    seconds: { type: 'string', default: 'Infinity' },
    verbose: { type: 'boolean', default: false },
  },
});
const [checkout] = positionals;
const server = serversAtHand.find(({ major }) => String(major) === values.server);
if (checkout === undefined || server === undefined || server.missing) {
  console.error('usage: node scripts/regression-sql.ts PATH_OF_CHECKOUT [--server 18] [--files REGEXP] [--verbose]');
  process.exit(2);
}

/** Files in the order in which PostgreSQL runs them: later ones use the tables of earlier ones. */
function inOrder(suite: string): readonly string[] {
  const there = readdirSync(join(suite, 'sql')).filter((name) => name.endsWith('.sql'));
  const schedule = join(suite, 'parallel_schedule');
  const scheduled = existsSync(schedule)
    ? readFileSync(schedule, 'utf8')
        .split('\n')
        .flatMap((line) => /^test:(.*)/.exec(line)?.[1]?.trim().split(/\s+/) ?? [])
        .map((name) => `${name}.sql`)
    : [];
  return [
    ...scheduled.filter((name) => there.includes(name)),
    ...there.filter((name) => !scheduled.includes(name)).sort(),
  ];
}

const SETUP = /^(test_setup|create_index|create_misc|create_view|create_table|create_operator|create_type)\.sql$/;

const counts = new Map<Counted, number>(NUMBERS.map((name) => [name, 0]));
const count = (name: Counted, by = 1): unknown => counts.set(name, (counts.get(name) ?? 0) + by);
const findings: string[] = [];
const found = (file: string, what: string, statement: string): void => {
  findings.push(`${file}: ${what}: ${statement.replaceAll(/\s+/g, ' ').slice(0, 300)}`);
};

// The server runs under an account of its own, which must be able to read the data that the suite loads.
const readable = mkdtempSync(join(tmpdir(), 'countersign-regression-'));
const suite = join(checkout, 'src/test/regress');
cpSync(join(suite, 'data'), join(readable, 'data'), { recursive: true });
chmodSync(readable, 0o755);
const running = await server.start();
try {
  await asSuperuser(running, 'postgres', async (query) => {
    await query('CREATE DATABASE regression TEMPLATE template0');
    await query('ALTER DATABASE regression SET log_min_messages = fatal');
    await query(`ALTER DATABASE regression SET search_path = ${SEARCH_PATH}`);
  });
  const database = new RegressionDatabase(running);
  const environment = { PG_ABS_SRCDIR: readable, PG_ABS_BUILDDIR: readable, PG_LIBDIR: '/none', PG_DLSUFFIX: '.so' };
  const wanted = new RegExp(values.files);
  const until = performance.now() + Number(values.seconds) * 1000;
  for (const file of inOrder(suite)) {
    if (!wanted.test(file) && !SETUP.test(file)) continue;
    if (performance.now() > until) {
      findings.push(`stopped before ${file}: the time was up`);
      break;
    }
    await database.connect();
    const { steps } = readPsqlScript(readFileSync(join(suite, 'sql', file), 'utf8'), environment);
    for (const step of steps) {
      if ('reconnect' in step) await database.connect();
      else await one(database, file, step.statement);
    }
    if (values.verbose) console.error(file, [...counts.values()].join(' '));
  }
  await database.close();
} finally {
  await running.stop();
  rmSync(readable, { recursive: true, force: true });
}

for (const [name, number] of counts) console.log(`${String(number).padStart(8)}  ${name}`);
for (const line of findings) console.log(line);
if (
  (counts.get('wrote although judged a read') ?? 0) + (counts.get('outputs whose lineage missed a column') ?? 0) >
  0
) {
  process.exitCode = 1;
}

async function one(database: RegressionDatabase, file: string, statement: string): Promise<void> {
  count('statements');
  const judged = await judgeStatement(statement, database);
  const ran = await database.run(statement, judged);
  const valid = ran.sqlstate !== '42601';
  if (valid) count('valid for the server');
  if (judged.parsed) count(valid ? 'parsed' : 'parsed, but refused by the server');
  else if (valid) found(file, `not parsed (${judged.because})`, statement);
  if (judged.understood) count('understood');
  if (judged.read) count('allowed as read');
  if (judged.read && ran.alone) {
    count('of these, run alone in READ ONLY');
    if (ran.wrote || ran.sqlstate === '25006') {
      count('wrote although judged a read');
      found(file, `WROTE (${ran.sqlstate ?? 'a transaction id'})`, statement);
    }
  }
  const compared = await database.compare(judged, ran);
  if (compared === undefined) return;
  count('queries compared with the tree of the server');
  count('output columns compared', compared.outputs);
  const { disagreement } = compared;
  if (disagreement === undefined) return;
  const missed = { flow: 'outputs whose lineage missed a column', use: 'uses that the lineage missed' } as const;
  const name = disagreement.code === 'flow' || disagreement.code === 'use' ? missed[disagreement.code] : undefined;
  count(name ?? 'other disagreements (the statement is refused)');
  if (name !== undefined || values.verbose) found(file, `${disagreement.code}: ${disagreement.what}`, statement);
}
