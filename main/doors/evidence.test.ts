/** What the real program records, under the verifier's eyes: who it was, and every decision again. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { desktop as contract, type Desktop as DesktopContract } from '../../shared/contract.ts';
import { type Client, connect, messagePortLink } from '../../shared/rpc/index.ts';
import { type CheckedEvent } from '../../verify/event-check.ts';
import { at } from '../../verify/json.ts';
import { newDecisionCheck } from '../../verify/decision-check.ts';
import { newIdentityCheck } from '../../verify/identity-check.ts';
import { verifyDirectory } from '../../verify/index.ts';
import { type Report } from '../../verify/report.ts';
import { logsBelow } from '../audit/journal/reader.ts';
import { openSecretStore } from '../credentials/index.ts';
import { signInAt } from '../demonstration/idp/visitor.ts';
import { auditDirectory } from '../recording.ts';
import { checkedLog, eventsOf } from '../gate/testing/recorded.ts';
import { runCli } from './cli/main.ts';
import { type Desktop, openDesktop } from './desktop/open.ts';

const TEXTS: readonly [string, string, ...string[]] = [
  'SELECT 1',
  'SELECT id, name, email FROM customers LIMIT 3',
  'SELECT * FROM customer_contacts LIMIT 1',
  "SELECT name FROM customers WHERE email LIKE 'a%'",
  'SELECT upper(email) FROM customers LIMIT 2',
  'SELECT country, count(*) FROM customers GROUP BY country',
  'SELECT nobody_knows_me(1)',
  'SELEC 1',
  'DELETE FROM orders',
  'DROP TABLE orders',
  'EXPLAIN SELECT * FROM customers',
  'SELECT 1/0',
];

let home: string;
let window: Desktop;
let client: Client<DesktopContract>;
let closeLink: () => void;

async function signIn(email: string, password: string): Promise<void> {
  let redirect: Promise<unknown> | undefined;
  for await (const step of client['session.signIn'](undefined))
    if (step.kind === 'open') redirect = signInAt(step.url, email, password).then((url) => fetch(url));
  await redirect;
}

async function throughWindow(connection: string): Promise<void> {
  for (const text of TEXTS) for await (const event of client['query.run']({ connection, text, offset: 0 })) void event;
}

async function commandLine(args: readonly string[], lines: readonly string[] = []): Promise<Buffer> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = stdout.toArray();
  stderr.resume();
  const io = { stdin: Readable.from(lines), stdout, stderr, environment: {}, signal: new AbortController().signal };
  expect(await runCli(args, io)).toBe(0);
  stdout.end();
  return Buffer.concat(await said);
}

let csv: Buffer;
let blobKey: Uint8Array;

let reports: readonly Report[];
interface Masked {
  readonly class: string;
  readonly cells: number;
}
let events: readonly CheckedEvent[];
let kinds: readonly (readonly string[])[];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-evidence-'));
  window = await openDesktop({ home, demonstration: true, onProgress: () => undefined });
  const { port1, port2 } = new MessageChannel();
  window.serveLink(messagePortLink(port1));
  client = connect(messagePortLink(port2), contract);
  closeLink = () => port2.close();
  await signIn('ana@shop.example', 'ana-demo');
  await throughWindow('production');
  const lines = TEXTS.map((sql, id) => `${JSON.stringify({ id, sql })}\n`);
  await commandLine(['query', 'staging', '--jsonl', '--home', home, '--as', 'ana@shop.example'], lines);
  csv = await commandLine([
    'query',
    'staging',
    '--home',
    home,
    '--as',
    'ana@shop.example',
    '--format',
    'csv',
    '--sql',
    TEXTS[1],
  ]);
  await commandLine(['query', 'staging', '--home', home, '--as', 'ana@shop.example', '--sql', TEXTS[1]]);
  await client['session.signOut'](undefined);
  await signIn('eli@shop.example', 'eli-demo');
  await throughWindow('staging');
  closeLink();
  await window.close();
  const kept = await (await openSecretStore('file', home)).get('audit-blob-key');
  if (kept === undefined) throw new Error('no blob key');
  blobKey = kept;
  const logs = logsBelow(auditDirectory(home));
  const [identity, decision] = [newIdentityCheck(), newDecisionCheck()];
  reports = logs.flatMap(({ path, id }) => [identity, decision].map((check) => checkedLog(check, path, id, blobKey)));
  events = logs.flatMap(({ path, id }) => eventsOf(path, id, blobKey));
  kinds = logs.map(({ path, id }) => eventsOf(path, id, blobKey).map(({ kind }) => kind));
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the record of two people at two doors', () => {
  it('has nothing that the verifier does not find as it is told', () => {
    expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it('is good to the verifier as anybody runs it', () => {
    const { findings, checked } = verifyDirectory(auditDirectory(home), { blobKey });
    expect(findings).toEqual([]);
    expect(checked.map(({ what }) => what)).toEqual(expect.arrayContaining(['logins', 'decisions made again']));
  });

  it('proves every login, every session and every decision, in the log of each process', () => {
    const counted = (what: string): readonly number[] =>
      reports.flatMap(({ checked }) => checked.filter((one) => one.what === what).map(({ count }) => count));
    // One window, for two people; each run of the command line takes up the log that the one before let go of.
    expect(counted('logins')).toEqual([2, 3]);
    expect(counted('sessions begun with the device key at hand')).toEqual([2, 3]);
    const left = events.filter(({ kind }) => kind === 'export.intent').length;
    expect(counted('decisions made again')).toEqual([2 * TEXTS.length, TEXTS.length + 2 + left]);
  });

  it('begins with the proof and ends with the end of the login', () => {
    const [window = []] = kinds;
    const first = (kind: string): number => window.indexOf(kind);
    expect(first('key.bind')).toBeLessThan(first('auth.ok'));
    expect(first('auth.ok')).toBeLessThan(first('session.start'));
    expect(window.lastIndexOf('key.revoke')).toBeGreaterThan(first('session.end'));
    expect(window.filter((kind) => kind === 'key.revoke')).toHaveLength(1);
  });

  it('counts what masks changed by the class of the columns', () => {
    const masked = events.flatMap(({ leaf }) => (at(leaf, 'out', 'masked') ?? []) as readonly Masked[]);
    expect(new Set(masked.map((one) => one.class))).toEqual(new Set(['email', 'street']));
    expect(masked.every(({ cells }) => cells > 0)).toBe(true);
  });

  it('has what left by the command line, with the hash of what was written, and what was shown', () => {
    const of = (kind: string) => events.filter((event) => event.kind === kind).map(({ leaf }) => leaf);
    const written = (kind: string) => of(kind).filter((leaf) => at(leaf, 'export', 'format') === 'csv');
    const [ended] = written('export.outcome');
    expect(written('export.intent')).toMatchObject([{ export: { to: 'stream', rows: 3, columns: 3 } }]);
    // Each answer of --jsonl that has rows leaves, too.
    expect(of('export.intent').filter((leaf) => at(leaf, 'export', 'format') === 'jsonl').length).toBeGreaterThan(0);
    const sha256 = createHash('sha256').update(csv).digest('hex');
    expect(ended).toMatchObject({ export: { rows: 3, bytes: csv.length, sha256 }, out: { status: 'done' } });
    expect(of('view.result')).toMatchObject([{ view: { first: 0, rows: 3, columns: 3 } }]);
  });

  it('leaves to be compared only what nobody can know from the record', () => {
    const said = new Set(reports.flatMap(({ notChecked }) => notChecked.map((sentence) => sentence.split(':')[0])));
    expect([...said].sort()).toEqual([
      'That statements touch what the record says they touch, and nothing else',
      "That this key is one of the identity provider's",
    ]);
  });
});
