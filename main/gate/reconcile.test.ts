/** The record against the log of a real server: what the gate ran is found in both, and what went around it is found. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newReconciliation } from '../../verify/reconcile.ts';
import { Reporter, type Report } from '../../verify/report.ts';
import { type CheckedEvent } from '../../verify/event-check.ts';
import { logsBelow } from '../audit/journal/reader.ts';
import { openSecretStore } from '../credentials/index.ts';
import { startLogging, type LoggingServer } from '../databases/embedded/testing/logging.ts';
import { openInstallation } from '../installation.ts';
import { addConnection } from '../profile/edit-connections.ts';
import { createLocalProfile } from '../profile/local.ts';
import { auditDirectory } from '../recording.ts';
import { eventsOf } from './testing/recorded.ts';

const TEXTS = [
  'SELECT id, name FROM customers',
  "\n  select name, 'a;\nb' from customers ;\n",
  'SELECT 1/0',
  'SELECT nope FROM customers',
  'EXPLAIN SELECT * FROM customers',
  "INSERT INTO customers VALUES (1, 'x')",
];

let server: LoggingServer;
let home: string;
let log: { readonly id: string; readonly events: readonly CheckedEvent[]; readonly sealed: readonly CheckedEvent[] };

beforeAll(async () => {
  server = await startLogging();
  const superuser = await server.connect('postgres', server.password);
  for (const text of [
    "CREATE ROLE analyst LOGIN PASSWORD 'only for tests'",
    'CREATE TABLE customers (id int PRIMARY KEY, name text)',
    "INSERT INTO customers VALUES (7, 'Ana')",
    'GRANT SELECT, INSERT ON customers TO analyst',
  ])
    await superuser.query(text);
  home = mkdtempSync(join(tmpdir(), 'countersign-reconcile-'));
  await createLocalProfile(home, { secrets: 'file' });
  const secrets = await openSecretStore('file', home);
  const url = `postgres://analyst:${encodeURIComponent('only for tests')}@127.0.0.1:${server.port}/postgres?sslmode=disable`;
  await addConnection(home, url, 'shop', 'development', secrets);
  const installation = await openInstallation(home, 'cli');
  const session = await installation.identity.restore();
  if (session === undefined) throw new Error('nobody is signed in');
  const run = async (text: string): Promise<void> => {
    const request = { session, connection: 'shop', text, params: [], origin: 'cli' } as const;
    for await (const event of installation.gate.run(request, new AbortController().signal)) void event;
  };
  for (const text of TEXTS) await run(text);
  const around = await server.connect('analyst', 'only for tests');
  await around.query("SELECT name FROM customers WHERE name <> 'canary in the text'");
  await around.end();
  for (const text of TEXTS) await run(text);
  await installation.close();
  await superuser.end();
  await server.stop();
  const blobKey = await secrets.get('audit-blob-key');
  const [first] = logsBelow(auditDirectory(home));
  if (blobKey === undefined || first === undefined) throw new Error('no log');
  const events = eventsOf(first.path, first.id, blobKey);
  log = { id: first.id, events, sealed: events.map((event) => ({ ...event, open: () => 'no-key' as const })) };
}, 60_000);
afterAll(() => {
  server.remove();
  rmSync(home, { recursive: true, force: true });
});

function reconciled(files: readonly string[], events = log.events): Report {
  const report = new Reporter();
  const reconciliation = newReconciliation({ files, clockDifference: 0.1 });
  const check = reconciliation.check(report, log.id);
  for (const event of events) check.event(event);
  check.end();
  reconciliation.conclude(report);
  return report.report('test');
}
const found = (report: Report): readonly string[] => report.findings.map(({ code }) => code);
const counted = (report: Report): number =>
  report.checked.find(({ what }) => what.includes('that the record announced'))?.count ?? 0;

/** The server's log with some of its lines changed or left out. */
function changedLog(change: (line: string) => string | undefined): string {
  const file = join(home, `server-${String(Math.random()).slice(2)}.json`);
  const lines = readFileSync(server.logs.json, 'utf8')
    .split('\n')
    .flatMap((line) => change(line) ?? []);
  writeFileSync(file, lines.join('\n'));
  return file;
}

describe.each(['json', 'csv'] as const)('a server that logs %s', (form) => {
  it('tells of every statement that the record has, and of the one that went around it', () => {
    const report = reconciled([server.logs[form]]);
    expect(found(report)).toEqual(['around']);
    expect(report.findings[0]?.sentence).toMatch(/SELECT at .* as analyst on postgres, process \d+/);
    expect(JSON.stringify(report)).not.toContain('canary');
    // Two rounds of what ran: one of the texts failed on the server, two were refused before it.
    expect(counted(report)).toBe(8);
  });

  it('is compared by time and process where texts cannot be opened, and that is said', () => {
    const report = reconciled([server.logs[form]], log.sealed);
    expect([found(report), counted(report)]).toEqual([['around'], 8]);
    expect(report.notChecked.join()).toContain('could not be opened');
  });
});

describe('the comparison finds', () => {
  it('a statement that the server does not know', () => {
    const file = changedLog((line) => (line.includes('EXPLAIN SELECT') ? undefined : line));
    expect(found(reconciled([file])).toSorted()).toEqual(['around', 'not-in-server-log', 'not-in-server-log']);
  });

  it('a statement with another text on a connection of the record', () => {
    const file = changedLog((line) => line.replace('SELECT id, name FROM customers', 'SELECT secret FROM customers'));
    expect(new Set(found(reconciled([file])))).toEqual(new Set(['around', 'unannounced', 'not-in-server-log']));
  });

  it('an intent that somebody took out of the record', () => {
    const without = log.events.filter(({ leaf }) => !JSON.stringify(leaf).includes('"title":"EXPLAIN"'));
    expect(found(reconciled([server.logs.json], without)).toSorted()).toEqual(['around', 'unannounced', 'unannounced']);
  });

  it('a statement on the process of a connection after the record has closed it', () => {
    const pid = log.events
      .map(({ leaf }) => /"pid":(\d+)/.exec(JSON.stringify(leaf))?.[1])
      .find((one) => one !== undefined);
    const late = new Date(Date.now() + 3_600_000).toISOString().replace('T', ' ').replace('Z', ' UTC');
    const entry = {
      timestamp: late,
      user: 'analyst',
      dbname: 'postgres',
      pid: Number(pid),
      message: 'statement: SELECT 1',
    };
    const file = join(home, 'late.json');
    writeFileSync(file, `${JSON.stringify({ ...entry, error_severity: 'LOG', backend_type: 'client backend' })}\n`);
    expect(found(reconciled([server.logs.json, file]))).toEqual(['around', 'around']);
  });
});

describe('the comparison says', () => {
  it('that it cannot tell where the log of the server covers another time', () => {
    const file = changedLog((line) => (line.includes('"analyst"') ? undefined : line));
    const report = reconciled([file]);
    expect(found(report)).toEqual([]);
    expect(report.notChecked.join()).toContain('does not tell of their connections');
  });

  it('who else ran statements that the record does not know', () => {
    expect(reconciled([server.logs.json]).notChecked.join()).toMatch(/Who ran \d+ statements of other roles/);
  });
});
