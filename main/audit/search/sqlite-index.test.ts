import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteIndex } from './sqlite-index.ts';
import { conformance } from './testing/conformance.ts';
import { madeUpEntries } from './testing/made-up.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-index-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const file = (): string => join(directory, 'activity.sqlite');

conformance('the index in SQLite', () => Promise.resolve(openSqliteIndex(file())));

describe('the file of the index', () => {
  async function filled(): Promise<void> {
    const store = openSqliteIndex(file());
    await store.add('log', madeUpEntries(1, 200));
    await store.close();
  }

  it('keeps what was taken in', async () => {
    await filled();
    const store = openSqliteIndex(file());
    expect(await store.logs()).toMatchObject([{ log: 'log', indexed: 200 }]);
    await store.close();
  });

  it.skipIf(process.platform === 'win32')('is readable by nobody else', async () => {
    const store = openSqliteIndex(file());
    await store.add('log', madeUpEntries(1, 20));
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o077, name).toBe(0);
    await store.close();
  });

  it('is made anew where it is of another version, and where it is no database', async () => {
    await filled();
    const database = new DatabaseSync(file());
    database.exec('PRAGMA user_version = 999');
    database.close();
    const store = openSqliteIndex(file());
    expect(await store.logs()).toEqual([]);
    await store.close();
    writeFileSync(file(), 'this is no database, and long enough to be looked at as one'.repeat(200));
    const again = openSqliteIndex(file());
    expect(await again.logs()).toEqual([]);
    await again.close();
  });

  it('says that it is damaged, instead of giving half an answer', async () => {
    const store = openSqliteIndex(file());
    await store.add('log', madeUpEntries(1, 200));
    const other = new DatabaseSync(file());
    other.exec('DROP TABLE events');
    other.close();
    await expect(store.events({}, { everything: true }, { limit: 10 })).rejects.toMatchObject({
      code: 'index-damaged',
    });
    await store.close();
  });

  it('cannot be made where there is no directory, and says what to do', () => {
    expect(() => openSqliteIndex(join(directory, 'none', 'activity.sqlite'))).toThrow(
      expect.objectContaining({ code: 'index-unavailable' }),
    );
  });
});
