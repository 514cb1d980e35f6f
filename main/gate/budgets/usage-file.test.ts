import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Usage } from '../usage.ts';
import { sumOfRacing } from '../testing/racing.ts';
import { createUsage } from './usage-file.ts';

const KEY = Buffer.alloc(32, 7);
const TEN = Date.parse('2026-03-02T10:00:00Z');
const at = (minutes: number): Date => new Date(TEN + minutes * 60_000);

let directory: string;
let path: string;
let usage: Usage;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-usage-'));
  path = join(directory, 'usage.db');
  usage = createUsage(path, KEY);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** As somebody else would who has the file. */
function meddle(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function had(asker: string, rows: number, minutes: number): void {
  usage.reserve(asker, rows, Infinity, at(minutes)).settle(rows, at(minutes));
}

const unavailable = expect.objectContaining({ code: 'usage-unavailable' }) as Error;

describe('rows of an hour', () => {
  it('are set aside before, and counted as they came out after', () => {
    const aside = usage.reserve('ana', 100, 1000, at(0));
    expect([aside.rows, usage.rowsLastHour('ana', at(0))]).toEqual([100, 100]);
    aside.settle(30, at(0));
    expect(usage.rowsLastHour('ana', at(0))).toBe(30);
  });

  it('are no more than are left, and then none', () => {
    expect([600, 600, 600].map((wanted) => usage.reserve('ana', wanted, 1000, at(0)).rows)).toEqual([600, 400, 0]);
    expect(usage.rowsLastHour('ana', at(0))).toBe(1000);
  });

  it('are free again an hour later, minute by minute, and the first moment is said', () => {
    had('ana', 600, 0);
    had('ana', 400, 20);
    const none = usage.reserve('ana', 10, 1000, at(30));
    expect([none.rows, none.freesAt]).toEqual([0, at(61)]);
    expect(usage.rowsLastHour('ana', at(60))).toBe(1000);
    expect(usage.rowsLastHour('ana', at(61))).toBe(400);
    expect(usage.rowsLastHour('ana', at(81))).toBe(0);
    expect(usage.reserve('ana', 700, 1000, at(61)).rows).toBe(600);
  });

  it('count from when they came out, however long the statement ran', () => {
    usage.reserve('ana', 100, 1000, at(0)).settle(100, at(50));
    expect(usage.rowsLastHour('ana', at(100))).toBe(100);
  });

  it('stay set aside where nobody saw the end of the statement', () => {
    usage.reserve('ana', 100, 1000, at(0));
    expect(createUsage(path, KEY).rowsLastHour('ana', at(10))).toBe(100);
    expect(usage.rowsLastHour('ana', at(61))).toBe(0);
  });

  it('are counted where none had to be set aside', () => {
    const aside = usage.reserve('ana', 0, Infinity, at(0));
    aside.settle(250, at(1));
    expect(usage.rowsLastHour('ana', at(1))).toBe(250);
  });

  it('are counted apart for each asker', () => {
    had('ana', 10, 0);
    had('ana scout', 5, 0);
    expect(['ana', 'ana scout', 'ben'].map((asker) => usage.rowsLastHour(asker, at(0)))).toEqual([10, 5, 0]);
  });

  it('still count when the clock is set back', () => {
    had('ana', 1000, 30);
    expect(usage.rowsLastHour('ana', at(0))).toBe(1000);
    expect(usage.reserve('ana', 10, 1000, at(-600)).rows).toBe(0);
  });

  it('still count when the clock was set forward and back again', () => {
    had('ana', 1000, 0);
    usage.reserve('ana', 1, 1000, at(600)).settle(1, at(600));
    expect(usage.rowsLastHour('ana', at(5))).toBe(1001);
  });

  it('leave no file where nobody had any', () => {
    expect(usage.rowsLastHour('ana', at(0))).toBe(0);
    expect(() => statSync(path)).toThrow();
  });

  it('are kept in a file that nobody else can read, and forgotten after a day', () => {
    had('ana', 10, 0);
    had('ana', 10, 25 * 60);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT count(*) AS n FROM had').get()).toMatchObject({ n: 1 });
    database.close();
  });

  it(
    'are given together as many as the hour has to processes that race for the last',
    { timeout: 60_000 },
    async () => {
      const script = `
      import { createUsage } from ${JSON.stringify(new URL('./usage-file.ts', import.meta.url).href)};
      const usage = createUsage(${JSON.stringify(path)}, Buffer.alloc(32, 7));
      let given = 0;
      for (let i = 0; i < 12; i++) given += usage.reserve('ana', 7, 100, new Date(${String(TEN)})).rows;
      console.log(given);`;
      expect(await sumOfRacing(script)).toBe(100);
    },
  );
});

describe('counts of rows that cannot be trusted', () => {
  it.each([
    ['somebody wrote a smaller number', 'UPDATE had SET rows = 0'],
    ['somebody moved them to another minute', 'UPDATE had SET minute = minute + 1'],
    ["somebody gave them to somebody else's count", "UPDATE had SET asker = 'ben'"],
  ])('give nothing where %s', (_what, sql) => {
    had('ana', 900, 0);
    meddle(sql);
    for (const asker of ['ana', 'ben'].filter((one) => !sql.includes('asker') || one === 'ben')) {
      if (asker === 'ben' && !sql.includes('asker')) continue;
      expect(() => usage.rowsLastHour(asker, at(0))).toThrow(unavailable);
      expect(() => usage.reserve(asker, 1, 1000, at(0))).toThrow(unavailable);
    }
  });

  it('give nothing where the file is of another installation', () => {
    had('ana', 1, 0);
    expect(() => createUsage(path, Buffer.alloc(32, 8)).reserve('ana', 1, 10, at(0))).toThrow(unavailable);
  });

  it.each([
    ['is no database', () => writeFileSync(path, 'not a database, and long enough to be read as one'.repeat(100))],
    ['has another table', () => meddle('CREATE TABLE had (x)')],
    ['is a directory', () => (path = directory)],
  ])('give nothing where the file %s', (_what, spoil) => {
    spoil();
    expect(() => createUsage(path, KEY).reserve('ana', 1, 10, at(0))).toThrow(unavailable);
  });

  it('give nothing while another process keeps the file locked', () => {
    had('ana', 1, 0);
    const other = new DatabaseSync(path);
    other.exec('BEGIN EXCLUSIVE');
    expect(() => usage.reserve('ana', 1, 10, at(0))).toThrow(unavailable);
    other.close();
    expect(usage.reserve('ana', 1, 10, at(0)).rows).toBe(1);
  });
});
