import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mountDisk, whyNoDisk } from '../audit/testing/small-disk.ts';
import { type Hub } from './hub.ts';
import { createSqliteHub } from './hub-sqlite.ts';
import { eventOf, hubConformance } from './testing/hub-conformance.ts';

hubConformance('SQLite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-hub-'));
  const hubs: Hub[] = [];
  return Promise.resolve({
    open() {
      const hub = createSqliteHub(join(directory, 'approvals.db'));
      hubs.push(hub);
      return hub;
    },
    async remove() {
      for (const hub of hubs) await hub.close();
      rmSync(directory, { recursive: true, force: true });
    },
  });
});

describe('the file of a hub', () => {
  let directory: string;
  let path: string;
  let hub: Hub;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-hub-'));
    path = join(directory, 'approvals.db');
    hub = createSqliteHub(path);
  });
  afterEach(async () => {
    await hub.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const bodies = async (of = hub): Promise<readonly string[]> => (await of.since(0, 100)).map(({ body }) => body);
  /** Runs SQL as somebody else would who has the file. */
  function meddle(sql: string): void {
    const database = new DatabaseSync(path);
    try {
      database.exec(sql);
    } finally {
      database.close();
    }
  }

  it('is made with the first event, for its owner alone', async () => {
    await hub.since(0, 1);
    expect(existsSync(path)).toBe(false);
    await hub.append(eventOf('one'));
    for (const name of ['', '-wal', '-shm']) expect(statSync(path + name).mode & 0o777).toBe(0o600);
  });

  it.each([
    'DELETE FROM events',
    "UPDATE events SET body = 'other'",
    "REPLACE INTO events SELECT position, id, topic, 'other' FROM events",
    "INSERT OR REPLACE INTO events (id, topic, body) SELECT id, topic, 'other' FROM events",
    "INSERT INTO events SELECT position, id, topic, 'other' FROM events WHERE true ON CONFLICT DO UPDATE SET body = 'other'",
  ])('is append-only: %s', async (sql) => {
    await hub.append(eventOf('one'));
    expect(() => meddle(sql)).toThrow(/events are never/);
    expect(await bodies()).toEqual(['one']);
  });

  it('gives no body beyond the bound, whoever wrote it', async () => {
    await hub.append(eventOf('one'));
    meddle("INSERT INTO events (id, topic, body) VALUES ('large', 'grant', printf('%.*c', 2000000, 'x'))");
    await hub.append(eventOf('two'));
    expect(await bodies()).toEqual(['one', 'two']);
  });

  it('gives a flood of large bodies in parts', async () => {
    await hub.append(eventOf('one'));
    meddle(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
      INSERT INTO events (id, topic, body) SELECT 'id' || i, 'grant', printf('%.*c', 1000000, 'x') FROM n`);
    const first = await hub.since(0, 100);
    expect(first.length).toBeLessThan(12);
    expect((await hub.since(first.at(-1)?.position ?? 0, 100)).length).toBeGreaterThan(0);
  });

  it('is looked at anew where another file was put in its place', async () => {
    await hub.append(eventOf('one'));
    await hub.close();
    const copy = join(directory, 'copy.db');
    cpSync(path, copy);
    hub = createSqliteHub(path);
    await hub.append(eventOf('two'));
    expect(await bodies()).toEqual(['one', 'two']);
    for (const name of ['-wal', '-shm']) rmSync(path + name, { force: true });
    const told = new Promise<void>((resolve) => hub.subscribe(resolve));
    renameSync(copy, path);
    await told;
    expect(await bodies()).toEqual(['one']);
    await hub.append(eventOf('three'));
    expect(await bodies(createSqliteHub(path))).toEqual(['one', 'three']);
  });

  it.each([
    ['is no database', 'hub-damaged', () => writeFileSync(path, 'no database, and long enough to be one'.repeat(500))],
    ['has another table', 'hub-damaged', () => meddle('CREATE TABLE events (x); PRAGMA user_version = 1')],
    ['is of a later version', 'hub-newer', () => meddle('PRAGMA user_version = 2')],
  ])('says so where it %s', async (_, code, spoil) => {
    spoil();
    await expect(hub.since(0, 1)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(path),
      next: expect.any(String),
    });
    await expect(hub.append(eventOf('one'))).rejects.toMatchObject({ code });
  });

  it('says so where its pages were overwritten', async () => {
    for (let i = 0; i < 50; i++) await hub.append(eventOf(`${String(i)} `.repeat(200)));
    await hub.close();
    truncateSync(path, 8192);
    hub = createSqliteHub(path);
    await expect(hub.since(0, 100)).rejects.toMatchObject({ code: 'hub-damaged' });
  });

  it('says so while another process keeps it locked', { timeout: 20_000 }, async () => {
    await hub.append(eventOf('one'));
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(hub.append(eventOf('two'))).rejects.toMatchObject({ code: 'hub-busy' });
    expect(await bodies()).toEqual(['one']);
    other.close();
    await hub.append(eventOf('two'));
  });

  it.skipIf(whyNoDisk !== undefined)(
    `says so when the disk is full, and goes on when it is not${whyNoDisk === undefined ? '' : ` (skipped: ${whyNoDisk})`}`,
    async () => {
      const disk = mountDisk(2, join(directory, 'disk'));
      const small = createSqliteHub(join(disk.directory, 'approvals.db'));
      try {
        await small.append(eventOf('one'));
        disk.fill();
        const large = eventOf('x'.repeat(500_000));
        await expect(small.append(large)).rejects.toMatchObject({
          code: 'hub-full',
          next: expect.stringContaining('Free'),
        });
        expect(await bodies(small)).toEqual(['one']);
        disk.free();
        await small.append(eventOf('two'));
        expect(await bodies(small)).toEqual(['one', 'two']);
      } finally {
        await small.close();
        disk.remove();
      }
    },
  );

  it('is shared by processes', { timeout: 60_000 }, async () => {
    const script = `
      import { createSqliteHub } from ${JSON.stringify(new URL('./hub-sqlite.ts', import.meta.url).href)};
      import { idOf } from ${JSON.stringify(new URL('./hub.ts', import.meta.url).href)};
      const hub = createSqliteHub(${JSON.stringify(path)});
      for (let i = 0; i < 10; i++) {
        const body = process.pid + ' ' + i;
        await hub.append({ id: idOf(body), topic: 'grant', body });
      }
      await hub.close();`;
    const run = promisify(execFile);
    await Promise.all([1, 2, 3].map(() => run(process.execPath, ['--input-type=module', '-e', script])));
    expect(new Set(await bodies()).size).toBe(30);
  });
});
