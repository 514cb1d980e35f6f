import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTwins, type Twins } from './testing/twins.ts';

const COMMAND = fileURLToPath(new URL('../../../bin/countersign.mjs', import.meta.url));
const MARK = 'mark_of_statement_';
const STATEMENTS = 5;

const strace = process.platform === 'linux' && spawnSync('strace', ['-V']).status === 0;

describe('system calls of the command line', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = await startTwins();
  }, 120_000);
  afterAll(() => twins.close());

  it.skipIf(!strace)(
    `have the intent on stable storage before a byte of the statement leaves${strace ? '' : ' (skipped: needs strace)'}`,
    { timeout: 120_000 },
    () => {
      const lines = trace(
        twins.home,
        Array.from({ length: STATEMENTS }, (_, at) => `select '${MARK}${String(at)}'`),
      );
      let written = 0;
      let durable = 0;
      const sent: number[] = [];
      for (const line of lines) {
        if (/^\d+ +pwrite64\(.*\.seg>/.test(line)) written += line.split('stmt.intent').length - 1;
        else if (/^\d+ +(?:fdatasync\(|<\.\.\. fdatasync resumed>).*= 0$/.test(line)) durable = written;
        else if (
          /^\d+ +(?:write|writev|sendto|sendmsg)\(\d+<(?:socket|TCP)/.test(line) &&
          line.includes('countersign_beginRead')
        ) {
          for (const [, at] of line.matchAll(new RegExp(`${MARK}(\\d+)`, 'g'))) {
            sent.push(Number(at));
            expect(durable, `intents durable when statement ${String(at)} was sent`).toBe(Number(at) + 1);
          }
        }
      }
      expect(sent).toEqual(Array.from({ length: STATEMENTS }, (_, at) => at));
    },
  );
});

/** What the command line asked of the system, in order, while it ran the statements. */
function trace(home: string, statements: readonly string[]): readonly string[] {
  const file = join(home, 'trace');
  const options = ['-f', '-y', '-s', '8192', '-e', 'trace=pwrite64,fdatasync,write,writev,sendto,sendmsg', '-o', file];
  const input = statements.map((sql, id) => `${JSON.stringify({ id, sql })}\n`).join('');
  const command = [process.execPath, COMMAND, 'query', 'twin-a', '--home', home, '--jsonl'];
  const { status, stdout, stderr } = spawnSync('strace', [...options, ...command], { input, encoding: 'utf8' });
  const verdicts = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly verdict: string }).verdict);
  expect({ status, stderr, verdicts }).toEqual({ status: 0, stderr: '', verdicts: statements.map(() => 'allow') });
  return readFileSync(file, 'latin1').split('\n');
}
