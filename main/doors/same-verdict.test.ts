import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { desktop as contract, type Desktop as DesktopContract } from '../../shared/contract.ts';
import { type Client, connect, messagePortLink } from '../../shared/rpc/index.ts';
import { type RunEvent, type VerdictView } from '../../shared/views.ts';
import { signInAt } from '../demonstration/idp/visitor.ts';
import { runCli } from './cli/main.ts';
import { type Desktop, openDesktop } from './desktop/open.ts';

/** G15: one table of cases through every door. The window's door is its RPC; the command line's is its process. */
const CASES = [
  'SELECT 1',
  'SELECT id, name, email FROM customers LIMIT 3',
  'SELECT * FROM customer_contacts LIMIT 1',
  "SELECT name FROM customers WHERE email LIKE 'a%'",
  'SELECT upper(email) FROM customers',
  'SELECT country, count(*) FROM customers GROUP BY country',
  'SELECT nobody_knows_me(1)',
  'SELECT * FROM no_such_table',
  'SELEC 1',
  'SELECT 1; SELECT 2',
  '',
  'DELETE FROM orders',
  'DROP TABLE orders',
  'WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone',
  'EXPLAIN SELECT * FROM customers',
  'EXPLAIN ANALYZE DELETE FROM orders',
  "SELECT set_config('role', 'postgres', false)",
  'COPY customers TO STDOUT',
  'BEGIN',
  'SELECT 1/0',
  'SELECT $1::int',
] as const;

/** Rules of this test beside those of the demonstration, each about a table of its own. */
const RULES = `
  - { id: why, require: { reason: true }, in: { table: orders } }
  - { id: fresh, require: { stepUp: { minutes: 5 } }, in: { table: products } }
  - { id: both, require: { reason: true, stepUp: true }, in: { table: order_items } }
  - { id: stays, deny: export, in: { table: events }, text: it is for the screen }
  - { id: marked, require: { watermark: true }, in: { table: events } }
`;
/** Statements that the person could have by giving something, and what that is. */
const NEEDS = [
  ['SELECT id FROM orders LIMIT 1', ['reason'], 'reason-needed'],
  ['SELECT id FROM products LIMIT 1', ['step-up'], 'step-up-needed'],
  ['SELECT quantity FROM order_items LIMIT 1', ['reason', 'step-up'], 'reason-needed'],
  ['SELECT name FROM customers c JOIN orders o ON c.email = o.status', [], undefined],
] as const;

describe('the window and the command line', () => {
  let home: string;
  let window: Desktop;
  let client: Client<DesktopContract>;
  let closeLink: () => void;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'countersign-doors-'));
    window = await openDesktop({ home, demonstration: true, onProgress: () => undefined });
    const { port1, port2 } = new MessageChannel();
    window.serveLink(messagePortLink(port1));
    client = connect(messagePortLink(port2), contract);
    closeLink = () => port2.close();
    let redirect: Promise<unknown> | undefined;
    for await (const step of client['session.signIn'](undefined)) {
      if (step.kind === 'open') redirect = signInAt(step.url, 'ana@shop.example', 'ana-demo').then((url) => fetch(url));
    }
    await redirect;
    const policy = join(home, 'policy.yaml');
    await writeFile(policy, (await readFile(policy, 'utf8')).replace('\ntests:', `${RULES}\ntests:`));
    while ((await client['query.explain']({ connection: 'production', text: NEEDS[0][0] })).verdict === 'allow');
  }, 60_000);
  afterAll(async () => {
    closeLink();
    await window.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function cli(
    command: 'query' | 'explain',
    lines: readonly object[] = CASES.map((sql) => ({ sql })),
  ): Promise<readonly Record<string, unknown>[]> {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const stdin = Readable.from(lines.map((line, id) => `${JSON.stringify({ id, ...line })}\n`));
    const text = stdout.toArray();
    stderr.resume();
    const code = await runCli([command, 'production', '--jsonl', '--home', home], {
      stdin,
      stdout,
      stderr,
      environment: {},
      signal: new AbortController().signal,
    });
    stdout.end();
    expect(code).toBe(0);
    return Buffer.concat(await text)
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('explain every statement alike: verdict, rules, masks, reasons and places', async () => {
    const told = await cli('explain');
    for (const [i, text] of CASES.entries()) {
      const view: VerdictView = await client['query.explain']({ connection: 'production', text });
      expect(told[i], text).toMatchObject({ ...view });
    }
  });

  it('run every statement alike: verdict, columns, rows and errors', async () => {
    const told = await cli('query');
    for (const [i, text] of CASES.entries()) {
      const events: RunEvent[] = [];
      for await (const event of client['query.run']({ connection: 'production', text, offset: 0 })) events.push(event);
      const verdict = events.find((event) => event.kind === 'verdict')?.verdict;
      const columns = events.find((event) => event.kind === 'columns');
      const failed = events.find((event) => event.kind === 'failed');
      const row = told[i];
      expect(row?.['verdict'], text).toBe(verdict?.verdict);
      expect(row?.['code'], text).toBe(verdict?.reasons[0]?.code ?? null);
      expect(row?.['reason'], text).toBe(verdict?.reasons[0]?.sentence ?? null);
      const names = failed === undefined ? (columns?.columns ?? []).map((column) => column.name) : [];
      expect(
        (row?.['columns'] as { name: string }[]).map((column) => column.name),
        text,
      ).toEqual(names);
      expect((row?.['error'] as { code: string } | null)?.code, text).toBe(failed?.error.code);
      if (columns === undefined) continue;
      const rows = row?.['rows'] as (string | null)[][];
      for (const [r, cells] of rows.slice(0, 3).entries()) {
        for (const [c, cell] of cells.entries()) {
          const shown = await client['result.cell']({ result: columns.result, row: r, column: c });
          expect(shown.text, `${text} row ${String(r)} column ${String(c)}`).toBe(cell);
        }
      }
    }
  });

  it('say alike what the person can give so that it runs', async () => {
    const told = await cli(
      'explain',
      NEEDS.map(([sql]) => ({ sql })),
    );
    for (const [i, [text, needs, code]] of NEEDS.entries()) {
      const view = await client['query.explain']({ connection: 'production', text });
      expect(view.needs, text).toEqual(needs);
      expect(told[i], text).toMatchObject({ ...view });
      if (code !== undefined) expect(told[i]?.['code'], text).toBe(code);
    }
  });

  it('take a reason alike, and neither takes one that says nothing', async () => {
    const [text] = NEEDS[0];
    const reasons = ['a customer called', '\u200b \u3164\u3164\u3164'];
    const told = await cli(
      'query',
      reasons.map((reason) => ({ sql: text, reason, ticket: 'T-1' })),
    );
    for (const [i, reason] of reasons.entries()) {
      const request = { connection: 'production', text, offset: 0, reason, ticket: 'T-1' };
      const events: RunEvent[] = [];
      for await (const event of client['query.run'](request)) events.push(event);
      const verdict = events.find((event) => event.kind === 'verdict')?.verdict;
      expect(verdict?.verdict).toBe(i === 0 ? 'allow' : 'refuse');
      expect([told[i]?.['verdict'], told[i]?.['reason']]).toEqual([
        verdict?.verdict,
        verdict?.reasons[0]?.sentence ?? null,
      ]);
    }
  });

  it('let rows leave alike: shown in the window, and neither copied nor given to another program', async () => {
    const text = 'SELECT id FROM events LIMIT 2';
    const [told] = await cli('query', [{ sql: text }]);
    expect(told).toMatchObject({ verdict: 'allow', rows: [], error: { code: 'export-refused' } });
    const events: RunEvent[] = [];
    for await (const event of client['query.run']({ connection: 'production', text, offset: 0 })) events.push(event);
    const verdict = events.find((event) => event.kind === 'verdict')?.verdict;
    expect(verdict).toMatchObject({ verdict: 'allow', leaving: { kind: 'no' } });
    expect(verdict?.watermark).toMatch(/^ana@shop\.example \d{4}-\d\d-\d\dT\d\d:\d\dZ [\da-f-]{36}#\d+$/);
    const result = events.find((event) => event.kind === 'columns')?.result ?? '';
    expect((await client['result.cell']({ result, row: 0, column: 0 })).text).not.toBeNull();
    const area = { result, firstRow: 0, rows: 1, firstColumn: 0, columns: 1, format: 'csv', headers: true } as const;
    const error = (told?.['error'] ?? {}) as { readonly code: string; readonly message: string };
    await expect(client['result.copy'](area)).rejects.toMatchObject({ code: error.code, message: error.message });
    await expect(client['clipboard.copied']({ result, cells: 1 })).rejects.toMatchObject({ code: error.code });
  });
});
