import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Demonstration, startDemonstration } from '../../demonstration/demonstration.ts';
import { signInAt } from '../../demonstration/idp/visitor.ts';
import { openInstallation } from '../../installation.ts';
import { runCli } from './main.ts';

const RULES = `
  - { id: stays, deny: export, in: { table: events }, text: it is for the screen }
  - { id: marked, require: { watermark: true }, in: { table: products } }
  - { id: why-out, require: { reason: true }, on: export, in: { table: orders } }
`;

describe('rows on the command line', () => {
  let home: string;
  let demonstration: Demonstration;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'countersign-cli-leaving-'));
    demonstration = await startDemonstration(home, () => undefined);
    const policy = join(home, 'policy.yaml');
    await writeFile(policy, (await readFile(policy, 'utf8')).replace('\ntests:', `${RULES}\ntests:`));
    const installation = await openInstallation(home, 'cli');
    for await (const step of installation.identity.signIn('browser')) {
      if (step.kind === 'open') void signInAt(step.url, 'ana@shop.example', 'ana-demo').then((url) => fetch(url));
    }
    await installation.close();
  }, 60_000);
  afterAll(async () => {
    await demonstration.stop();
    rmSync(home, { recursive: true, force: true });
  });

  async function query(sql: string, options: readonly string[], terminal = false) {
    const stdout = Object.assign(new PassThrough(), { isTTY: terminal });
    const stderr = new PassThrough();
    const told = [stdout.toArray(), stderr.toArray()];
    const code = await runCli(['query', 'production', '--sql', sql, '--home', home, ...options], {
      stdin: Readable.from([]),
      stdout,
      stderr,
      environment: {},
      signal: new AbortController().signal,
    });
    stdout.end();
    stderr.end();
    const [out = '', said = ''] = (await Promise.all(told)).map((parts) => Buffer.concat(parts as Buffer[]).toString());
    return { code, out, said };
  }

  it.each([
    ['csv', ['--format', 'csv'], false],
    ['json', ['--format', 'json'], true],
    ['a table that another program reads', [], false],
  ] as const)('that are to stay on the screen do not leave it as %s', async (_how, options, terminal) => {
    const { code, out, said } = await query('SELECT id FROM events LIMIT 2', options, terminal);
    expect([code, out]).toEqual([1, '']);
    expect(said).toContain(
      'The policy does not let you take rows out of public.events on Shop production (rule stays): it is for the screen. [export-refused]',
    );
  });

  it('that are to stay on the screen are shown on it', async () => {
    const { code, out } = await query('SELECT id FROM events LIMIT 2', [], true);
    expect(code).toBe(0);
    expect(out.split('\n').length).toBeGreaterThan(3);
  });

  it('carry who has seen them, on the screen and off it', async () => {
    for (const [options, terminal] of [
      [['--format', 'csv'], false],
      [['--format', 'json'], false],
      [[], true],
    ] as const) {
      const { code, out } = await query('SELECT id FROM products LIMIT 2', options, terminal);
      expect(code).toBe(0);
      expect(out).toContain('seen_by');
      expect(out.match(/ana@shop\.example \d{4}-\d\d-\d\dT\d\d:\d\dZ [\da-f-]{36}#\d+/g)).toHaveLength(2);
    }
  });

  it('that want a reason to leave take the one of the command', async () => {
    const refused = await query('SELECT id FROM orders LIMIT 1', ['--format', 'csv']);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.said).toContain('[reason-needed]');
    const given = await query('SELECT id FROM orders LIMIT 1', ['--format', 'csv', '--reason', 'for the auditors']);
    expect([given.code, given.out.split('\r\n')[0]]).toEqual([0, 'id']);
  });
});
