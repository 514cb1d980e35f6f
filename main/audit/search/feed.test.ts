import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditLog, openAuditLog, type StatementIntent } from '../index.ts';
import { statement } from '../testing/lives.ts';
import { catchUp } from './catch-up.ts';
import { type ActivityStore, type Feed, startFeed } from './index.ts';
import { openIndex } from './open-index.ts';
import { openSqliteIndex } from './sqlite-index.ts';
import { madeUpEntries } from './testing/made-up.ts';

const blobKey = Buffer.alloc(32, 7);
const EVERYTHING = { everything: true } as const;
const key = generateKeyPairSync('ed25519').privateKey;
const actor = statement('s', '').actor;

let home: string;
let open: { close(): Promise<void> }[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'countersign-feed-'));
});
afterEach(async () => {
  for (const one of open.toReversed()) await one.close();
  open = [];
  rmSync(home, { recursive: true, force: true });
});

const directory = (): string => join(home, 'audit');
const file = (): string => join(home, 'activity.sqlite');
const kept = <T extends { close(): Promise<void> }>(one: T): T => {
  open.push(one);
  return one;
};
const openLog = async (): Promise<AuditLog> =>
  kept(
    await openAuditLog({
      directory: directory(),
      key,
      blobKey,
      origin: 'test.example/audit',
      app: { app: 'test', version: '0' },
    }),
  );
const openFeed = (): Feed =>
  kept(startFeed({ directory: directory(), index: { kind: 'sqlite', file: file() }, blobKey }));

/** Resolves when the feed has come so far. */
const reached = (feed: Feed, log: string, size: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): boolean => feed.progress().indexed.get(log) === size;
    if (look()) return resolve();
    const stop = feed.onProgress(() => {
      if (!look()) return;
      stop();
      resolve();
    });
  });

async function found(): Promise<readonly string[]> {
  const store = openSqliteIndex(file());
  const { events } = await store.events({}, EVERYTHING, { limit: 500 });
  await store.close();
  return events.map(({ log, index, kind }) => `${log} ${String(index)} ${kind}`);
}

/** A log that is closed again, with so many statements. */
async function written(statements: number): Promise<AuditLog> {
  const log = await openLog();
  await log.append({ k: 'session.start', s: 's', actor });
  for (let i = 0; i < statements; i++)
    await (await log.recordIntent(statement('s', `select ${String(i)}`))).end({ status: 'done', rows: 1 });
  await log.close();
  return log;
}
async function follow(more: { readonly blobKey?: Uint8Array } = { blobKey }): Promise<string | null> {
  const store = openSqliteIndex(file());
  try {
    return await catchUp({ directory: directory(), store, ...more });
  } finally {
    await store.close();
  }
}

describe('the feed of the index', () => {
  it('finds what is recorded while it runs, and in logs that begin later', async () => {
    const log = await openLog();
    const feed = openFeed();
    await log.append({ k: 'session.start', s: 's', actor });
    const intent = await log.recordIntent(statement('s', 'select 1'));
    await reached(feed, log.id, 3);
    expect(await found()).toEqual([`${log.id} 2 stmt.intent`, `${log.id} 1 session.start`, `${log.id} 0 log.open`]);
    await intent.end({ status: 'done' });
    const later = await openLog();
    await reached(feed, later.id, 1);
    await reached(feed, log.id, 4);
    expect(feed.progress().trouble).toBeNull();
  });

  it('goes on where it stood, and takes over when the process that fed the index is gone', async () => {
    const log = await openLog();
    const first = openFeed();
    await reached(first, log.id, 1);
    const second = openFeed();
    await reached(second, log.id, 1);
    await first.close();
    await log.append({ k: 'session.start', s: 's', actor });
    await reached(second, log.id, 2);
    expect(await found()).toHaveLength(2);
  });

  it('takes over when the process that fed the index was killed in the middle', async () => {
    const log = await written(20);
    const script = `
      const { startFeed } = await import(${JSON.stringify(join(import.meta.dirname, 'feed.ts'))});
      const feed = startFeed({ directory: ${JSON.stringify(directory())}, index: { kind: 'sqlite', file: ${JSON.stringify(file())} } });
      feed.onProgress(() => process.stdout.write('fed\\n'));
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      script,
    ]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const feed = openFeed();
    child.kill('SIGKILL');
    const again = await openLog();
    await again.append({ k: 'session.start', s: 't', actor });
    await reached(feed, again.id, again.state().recorded);
    expect(again.id).toBe(log.id);
    expect((await found()).filter((line) => line.endsWith('stmt.intent'))).toHaveLength(20);
  });

  it('makes a damaged index anew and goes on', async () => {
    const log = await openLog();
    const feed = openFeed();
    await reached(feed, log.id, 1);
    const other = new DatabaseSync(file());
    other.exec('DROP TABLE events');
    other.close();
    await log.append({ k: 'session.start', s: 's', actor });
    await reached(feed, log.id, 2);
    expect(await found()).toHaveLength(2);
  });

  it('answers searches in a thread, also after the index was made anew under it', async () => {
    const log = await written(3);
    await follow();
    const store: ActivityStore = kept(openIndex({ kind: 'sqlite', file: file() }));
    expect((await store.events({}, EVERYTHING, { limit: 10 })).events.length).toBeGreaterThan(3);
    rmSync(file());
    rmSync(`${file()}-wal`, { force: true });
    rmSync(`${file()}-shm`, { force: true });
    expect((await store.events({}, EVERYTHING, { limit: 10 })).events).toEqual([]);
    await follow();
    expect((await store.events({ log: log.id }, EVERYTHING, { limit: 10 })).events.length).toBeGreaterThan(3);
    await expect(store.events({}, EVERYTHING, { limit: 0 })).rejects.toMatchObject({ code: 'activity-limit' });
  });
});

describe('catching up', () => {
  it('takes a log in anew that was put back from an older copy', async () => {
    await written(2);
    const copy = join(home, 'copy');
    cpSync(directory(), copy, { recursive: true });
    await follow();
    const before = await found();
    await written(3);
    await follow();
    rmSync(directory(), { recursive: true });
    cpSync(copy, directory(), { recursive: true });
    await follow();
    expect(await found()).toEqual(before);
  });

  it('takes a log in anew whose events are not those that the index has', async () => {
    const log = await written(2);
    const store = openSqliteIndex(file());
    await store.add(log.id, madeUpEntries(1, 4));
    await store.close();
    await follow();
    expect((await found()).filter((line) => line.endsWith('stmt.intent'))).toHaveLength(2);
    expect((await found()).at(-1)).toBe(`${log.id} 0 log.open`);
  });

  it('keeps what it has of a log that is gone', async () => {
    const log = await written(2);
    await follow();
    const before = await found();
    rmSync(log.path, { recursive: true });
    expect(await follow()).toBeNull();
    expect(await found()).toEqual(before);
  });

  it('tells of a log that cannot be read, and takes in the others', async () => {
    const first = await openLog();
    const second = await openLog();
    for (const log of [first, second]) {
      await log.append({ k: 'session.start', s: 's', actor });
      await log.close();
    }
    const segment = join(first.path, 'journal', '00000000.seg');
    const bytes = readFileSync(segment);
    bytes[40] = 0xff;
    writeFileSync(segment, bytes);
    expect(await follow()).toContain(first.id);
    expect((await found()).every((line) => line.startsWith(second.id))).toBe(true);
    expect((await found()).length).toBeGreaterThan(1);
  });

  it('finds the columns of a statement so wide that they are kept in a blob', async () => {
    const log = await openLog();
    await log.append({ k: 'session.start', s: 's', actor });
    const wide = statement('s', 'select * from wide');
    const columns = Array.from({ length: 200 }, (_, i) => ({
      name: `public.a_table_with_a_rather_long_name.a_column_with_a_long_name_${String(i)}`,
      place: 'output',
    }));
    const intent: StatementIntent = { ...wide, op: { ...wide.op, columns } };
    await log.recordIntent(intent);
    const who = { column: 'public.a_table_with_a_rather_long_name.a_column_with_a_long_name_199' };
    await follow({});
    const blind = openSqliteIndex(file());
    expect((await blind.events(who, EVERYTHING, { limit: 1 })).events).toEqual([]);
    await blind.forget(log.id);
    await blind.close();
    await follow();
    const store = openSqliteIndex(file());
    expect((await store.events(who, EVERYTHING, { limit: 1 })).events).toHaveLength(1);
    await store.close();
  });

  it('leaves no text, parameter or token of a statement in the files of the index', async () => {
    const log = await openLog();
    await log.append({ k: 'session.start', s: 's', actor });
    const told = statement('s', "select 'canary-literal'");
    await log.recordIntent({
      ...told,
      op: { ...told.op, norm: 'select $1', params: { text: '["canary-parameter"]', n: 1 } },
    });
    await follow();
    for (const name of readdirSync(home).filter((one) => one.startsWith('activity.sqlite')))
      expect(readFileSync(join(home, name), 'latin1')).not.toContain('canary');
    expect((await found()).length).toBe(3);
  });
});
