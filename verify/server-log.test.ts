import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CannotVerify } from './report.ts';
import { readServerLog } from './server-log.ts';

const directory = mkdtempSync(join(tmpdir(), 'countersign-server-log-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function read(text: string, offset?: number) {
  const file = join(directory, String(files++));
  writeFileSync(file, text);
  return [...readServerLog(file, offset)].map((entry) => ('told' in entry ? { ...entry, where: '' } : entry));
}
const json = (fields: object): string =>
  `${JSON.stringify({ timestamp: '2026-03-02 10:00:00.5 UTC', user: 'u', dbname: 'd', pid: 7, error_severity: 'LOG', ...fields })}\n`;
const csv = (
  message: string,
  { severity = 'LOG', statement = '', time = '2026-03-02 10:00:00.500 UTC' } = {},
): string => {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const row = [
    time,
    '"u"',
    '"d"',
    '7',
    '"h"',
    's',
    '1',
    '"idle"',
    time,
    '1/1',
    '0',
    severity,
    '00000',
    quoted(message),
  ];
  return `${[...row, ...Array<string>(5).fill(''), quoted(statement), '', '', '"app"', '"client backend"', '', '0'].join(',')}\n`;
};
const AT = Date.parse('2026-03-02T10:00:00.5Z');
const said = { where: '', at: AT, user: 'u', database: 'd', pid: 7, application: '', told: 'statement', prepared: '' };

describe('a statement in the log of a server', () => {
  it.each([
    ['statement: SELECT 1', 'SELECT 1', ''],
    ['execute <unnamed>: SELECT\n 2', 'SELECT\n 2', ''],
    ['execute countersign_once/countersign_once: SELECT 3', 'SELECT 3', 'countersign_once'],
    ['duration: 0.4 ms  statement: SELECT 4', 'SELECT 4', ''],
    ['duration: 12 ms  execute named: SELECT 5', 'SELECT 5', 'named'],
  ])('is read out of %j', (message, text, prepared) => {
    expect(read(json({ message }))).toEqual([{ ...said, text, prepared }]);
    expect(read(csv(message))).toEqual([{ ...said, text, prepared, application: 'app' }]);
  });

  it.each([
    'execute fetch from c: SELECT 1',
    'duration: 1 ms',
    'duration: 1 ms  parse <unnamed>: SELECT 1',
    'connection received',
  ])('is not seen in %j', (message) => {
    expect(read(json({ message }))).toEqual([{ at: AT }]);
  });

  it('is seen in an error about it', () => {
    const entry = { ...said, told: 'error', text: 'SELECT 1/0' };
    expect(read(json({ message: 'division by zero', error_severity: 'ERROR', statement: 'SELECT 1/0' }))).toEqual([
      entry,
    ]);
    expect(read(csv('x', { severity: 'ERROR', statement: 'SELECT 1/0' }))).toEqual([{ ...entry, application: 'app' }]);
  });

  it('is read out of pgaudit, once and not for what a function runs inside', () => {
    const audit = (sub: number, text: string): string =>
      `AUDIT: SESSION,1,${sub},READ,SELECT,TABLE,public.t,${text},<not logged>`;
    expect(read(json({ message: audit(1, '"SELECT ""a"", 1"') }))).toEqual([
      { ...said, told: 'audit', text: 'SELECT "a", 1' },
    ]);
    expect(read(json({ message: audit(2, 'SELECT 2') }))).toEqual([{ at: AT }]);
    expect(read(json({ message: audit(1, '<previously logged>') }))).toEqual([{ at: AT }]);
  });

  it("is no client's where a worker ran it", () => {
    expect(read(json({ message: 'statement: SELECT 1', backend_type: 'autovacuum worker' }))).toEqual([{ at: AT }]);
  });
});

describe('the times of a log', () => {
  it.each([
    ['2026-03-02 10:00:00.5 UTC', AT],
    ['2026-03-02 12:00:00.5 +02', AT],
    ['2026-03-02 04:30:00.5 -05:30', AT],
  ])('%s is read', (timestamp, at) => {
    expect(read(json({ timestamp, message: 'x' }))).toEqual([{ at }]);
  });

  it('need an offset where their zone is a name, and are refused without', () => {
    const entry = json({ timestamp: '2026-03-02 11:00:00.5 CET', message: 'x' });
    expect(read(entry, 60)).toEqual([{ at: AT }]);
    expect(() => read(entry)).toThrow(/log_timezone/);
  });
});

describe('a file that is no log of a server', () => {
  it.each([
    ['is told from one', 'hello\nworld\n'],
    ['of another table is refused', 'a,b,c\n1,2,3\n'],
    ['of broken JSON is refused', '{"timestamp":\n'],
    ['without times is refused', '{"message":"x"}\n'],
    ['that was cut is refused', csv('statement: SELECT 1').slice(0, 100)],
    ['with text behind a quote is refused', '"a"b,c\n'],
  ])('%s', (_what, text) => {
    expect(() => read(text)).toThrow(CannotVerify);
  });

  it('that is not there is refused in words', () => {
    expect(() => [...readServerLog(join(directory, 'absent'))]).toThrow(/cannot be read/);
  });

  it('and is empty says nothing', () => {
    expect(read('')).toEqual([]);
  });
});

it('reads entries that lie across the pieces of a large file', () => {
  const message = `statement: SELECT '${'é"\n'.repeat(40_000)}'`;
  const text = Array.from({ length: 12 }, () => csv(message)).join('');
  const entries = read(text);
  expect(entries).toHaveLength(12);
  expect(new Set(entries.map((entry) => ('told' in entry ? entry.text : '')))).toEqual(new Set([message.slice(11)]));
});
