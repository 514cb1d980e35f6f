import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '../../errors.ts';
import { openJournalReader } from '../journal/reader.ts';
import { openAuditLog, type AuditLog } from '../log.ts';
import { statement } from '../testing/lives.ts';
import { type ObjectStore } from '../store/store.ts';
import { type Receipt } from '../writer.ts';
import { type CosignAnswer } from '../witness/client.ts';
import { SIGNATURE_TYPE, verifierKey } from '../witness/verifier-key.ts';
import { type Anchors, type AnchorState } from './anchors.ts';
import { LogCopy } from './copy.ts';
import { createAnchors } from './create.ts';
import { keysOf } from './keys.ts';
import { newestSigned, openLocalLog } from './local-log.ts';
import { type AnchorOptions } from './options.ts';
import { createLocalWitness, type LocalWitness } from './testing/local-witness.ts';
import { createManualClock, type ManualClock } from './testing/manual-clock.ts';
import { createMemoryStore, unreachable, type MemoryStore } from './testing/memory-store.ts';
import { missingIn, writeLog } from './testing/written-log.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const raw = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
const actor = statement('s', '').actor;
const never = new AbortController().signal;

let directory: string;
let clock: ManualClock;
let store: MemoryStore;
const opened: { close(): unknown }[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-anchors-'));
  clock = createManualClock();
  store = createMemoryStore();
});
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close();
  rmSync(directory, { recursive: true, force: true });
});

const logs = (): string => join(directory, 'log');

async function openLog(): Promise<AuditLog> {
  const log = await openAuditLog({
    directory: logs(),
    key: privateKey,
    blobKey: Buffer.alloc(32, 7),
    origin: 'test.example',
    app: { app: 'test', version: '0' },
  });
  opened.push(log);
  return log;
}

function anchor(
  log: AuditLog,
  options: Partial<AnchorOptions> = {},
  settings: Partial<AnchorOptions['settings']> = {},
): Anchors {
  const anchors = createAnchors({
    directory: logs(),
    log,
    witnesses: [],
    quorum: 1,
    clock,
    ...options,
    settings: { reachSeconds: 20, retainDays: 0, pressure: { warn: { events: 1_000_000 } }, ...settings },
  });
  opened.push({ close: () => anchors.close(0) });
  return anchors;
}

/** Resolves with the first state that is as wanted. */
const until = (anchors: Anchors, wanted: (state: AnchorState) => boolean): Promise<AnchorState> =>
  new Promise((resolve) => {
    const look = (state: AnchorState): void => {
      if (!wanted(state)) return;
      stop();
      resolve(state);
    };
    const stop = anchors.onState(look);
    look(anchors.state());
  });

/** Moves the clock on until the promise is settled. */
async function whileTimePasses<T>(promise: Promise<T>, ms = 1000): Promise<T> {
  let settled = false;
  void promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  while (!settled) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    clock.advance(ms);
  }
  return promise;
}

let sessions = 0;
async function record(log: AuditLog, events = 1): Promise<Receipt> {
  const s = `s${String(++sessions)}`;
  const first = await log.append({ k: 'session.start', s, actor });
  const receipts = await Promise.all(
    Array.from({ length: events - 1 }, (_, i) =>
      log.append({ k: 'stmt.denied', ...statement(s, `select ${String(i)}`) }),
    ),
  );
  return receipts.at(-1) ?? first;
}

interface Event {
  readonly k: string;
  readonly log?: { readonly after?: { readonly log: string; readonly size: number; readonly reason: string } };
  readonly upload?: { readonly what: string; readonly code?: string };
  readonly witness?: { readonly name: string; readonly size: number };
}

function events(path: string): readonly Event[] {
  const reader = openJournalReader(path, 0);
  const found: Event[] = [];
  for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 }))
    found.push(...run.entries.map((entry) => JSON.parse(entry.toString()) as Event));
  return found;
}
const uploadStates = (path: string): readonly string[] =>
  events(path)
    .filter(({ k }) => k === 'upload.state')
    .map(({ upload }) => [upload?.what, upload?.code].filter((part) => part !== undefined).join(' '));

const refused = (): CountersignError =>
  new CountersignError('store-refused', 'The store does not take these credentials.', { next: 'Renew them.' });
const failing = (error: () => Error) => () => ({ when: 'before' as const, error: error() });

/** Keeps what a log's directory holds now; gives what puts it back, as from a backup, into the same directory. */
function backup(path: string): () => void {
  const kept = mkdtempSync(join(directory, 'backup-'));
  cpSync(path, kept, { recursive: true });
  return () => {
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
    cpSync(kept, path, { recursive: true });
  };
}

const witnessList = {
  keysFor: (origin: string) => [{ key: verifierKey(origin, SIGNATURE_TYPE.note, raw), revoked: false, exact: false }],
};
function witness(name: string): LocalWitness {
  const made = createLocalWitness(directory, `witness.example/${name}`, witnessList);
  opened.push(made);
  return made;
}

/** A checkpoint that a log of another key signed. */
function checkpointOfAnother(): string {
  const other = writeLog(mkdtempSync(join(directory, 'other-')));
  other.add(2000);
  other.sign();
  return newestSigned(openLocalLog(other.path) ?? expect.fail())?.note ?? expect.fail();
}

describe('the record in a store', () => {
  it('is uploaded when somebody waits for it, at once', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    const receipt = await record(log, 40);
    await anchors.reach(receipt, 'uploaded', never);
    const { uploaded = 0 } = anchors.state();
    expect(uploaded).toBeGreaterThan(receipt.index);
    expect(await missingIn(store, log.path, log.id, uploaded ?? 0)).toEqual([]);
    expect(anchors.state()).toMatchObject({ store: 'memory', witnessed: null, pressure: 'none', trouble: null });
  });

  it('is uploaded by itself a second after it was recorded, in one piece', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await until(anchors, ({ uploaded }) => uploaded === 1);
    const { index } = await record(log, 10);
    await whileTimePasses(
      until(anchors, ({ uploaded }) => (uploaded ?? 0) > index),
      100,
    );
    expect(store.created.filter((key) => key.includes('/chunk/'))).toHaveLength(2);
    expect(anchors.state().waitingSince).toBeNull();
  });

  it('does not grow by being copied: an upload records nothing', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.reach(await record(log), 'uploaded', never);
    await anchors.close(10_000);
    expect(uploadStates(log.path)).toEqual([]);
  });

  it('reaches this machine by being recorded, and no level that is not set up', async () => {
    const log = await openLog();
    const anchors = anchor(log);
    const receipt = await record(log);
    await anchors.reach(receipt, 'local', never);
    await expect(anchors.reach(receipt, 'uploaded', never)).rejects.toMatchObject({
      code: 'record-level-unreached',
      next: expect.stringContaining('record.store'),
    });
    await expect(anchors.reach(receipt, 'witnessed', never)).rejects.toMatchObject({ code: 'record-level-unreached' });
    expect(anchors.state()).toMatchObject({ store: null, uploaded: null, witnessed: null });
  });

  it('is waited for as long as the organisation says, and then the words say what is the matter', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store }, { reachSeconds: 7 });
    const started = clock.now();
    await expect(whileTimePasses(anchors.reach(await record(log), 'uploaded', never))).rejects.toMatchObject({
      code: 'record-level-unreached',
      message: expect.stringContaining('The store does not answer. Check the network.'),
    });
    expect(clock.now() - started).toBeGreaterThanOrEqual(7000);
  });

  it('is not waited for by who gave up', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store });
    const controller = new AbortController();
    const waiting = anchors.reach(await record(log), 'uploaded', controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });

  it('is tried again for ever while the store does not answer, which the record says once', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store });
    await record(log, 5);
    await whileTimePasses(until(anchors, ({ trouble }) => trouble !== null));
    const tries = store.tried.length;
    for (let minute = 0; minute < 30; minute++) {
      clock.advance(61_000);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(store.tried.length).toBe(tries);
    store.fail(null);
    const all = log.state().recorded;
    await whileTimePasses(until(anchors, ({ uploaded, trouble }) => (uploaded ?? 0) >= all && trouble === null));
    await log.close();
    expect(uploadStates(log.path)).toEqual(['lost store-unreachable', 'resumed']);
  });

  it('tells at once who waits for it that people must act first, and goes on when they have', async () => {
    const log = await openLog();
    store.fail(failing(refused));
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('credentials') === true);
    const receipt = await record(log);
    const before = clock.now();
    await expect(whileTimePasses(anchors.reach(receipt, 'uploaded', never), 100)).rejects.toMatchObject({
      message: expect.stringContaining('does not take these credentials. Renew them.'),
    });
    expect(clock.now() - before).toBeLessThan(10_000);
    store.fail(null);
    anchors.retry();
    await whileTimePasses(
      until(anchors, ({ uploaded }) => (uploaded ?? 0) > receipt.index),
      100,
    );
    expect(anchors.state().trouble).toBeNull();
  });

  it('is uploaded when the program ends, the last event of the log included', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await record(log, 30);
    await log.close();
    await anchors.close(10_000);
    const size = newestSigned(openLocalLog(log.path) ?? expect.fail())?.size ?? 0;
    expect(events(log.path).at(-1)?.k).toBe('log.close');
    expect(await missingIn(store, log.path, log.id, size)).toEqual([]);
  });

  it('does not keep the program from ending when the store hangs', async () => {
    const log = await openLog();
    const hanging = {
      ...store,
      create: () => new Promise<never>(() => undefined),
      examine: (signal?: AbortSignal) =>
        new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
    };
    const anchors = anchor(log, { store: hanging });
    const waiting = expect(anchors.reach(await record(log), 'uploaded', never)).rejects.toMatchObject({
      code: 'record-level-unreached',
    });
    const before = clock.now();
    await whileTimePasses(anchors.close(60_000), 100);
    await waiting;
    expect(clock.now() - before).toBeLessThan(10_000);
  });

  it('is brought to a slow store when the program ends, as long as that answers', async () => {
    const log = await openLog();
    const slow: ObjectStore = {
      ...store,
      async create(key, bytes, options) {
        await clock.sleep(700, never);
        return store.create(key, bytes, options);
      },
    };
    await record(log, 100);
    await log.close();
    const anchors = anchor(log, { store: slow });
    const before = clock.now();
    await whileTimePasses(anchors.close(60_000), 100);
    expect(clock.now() - before).toBeGreaterThan(2000);
    const size = newestSigned(openLocalLog(log.path) ?? expect.fail())?.size ?? 0;
    expect(await missingIn(store, log.path, log.id, size)).toEqual([]);
  });

  it('says what the store does not promise, once, and never writes to one that replaces', async () => {
    const log = await openLog();
    store.weaken({ code: 'no-versioning', sentence: 'No versions.', mend: 'Turn them on.' });
    const anchors = anchor(log, { store });
    await anchors.reach(await record(log), 'uploaded', never);
    expect(anchors.state().weaknesses).toEqual([
      { code: 'no-versioning', sentence: 'No versions.', mend: 'Turn them on.' },
    ]);
    await anchors.close(1000);
    const again = anchor(log, { store });
    await again.reach(await record(log), 'uploaded', never);
    expect(uploadStates(log.path)).toEqual(['weak no-versioning']);
    await again.close(1000);

    const replacing = createMemoryStore('replacing');
    replacing.weaken({ code: 'may-overwrite', sentence: 'It replaces.', mend: 'Take another.' });
    const third = anchor(log, { store: replacing });
    await until(third, ({ trouble }) => trouble === 'It replaces. Take another.');
    expect(replacing.tried).toEqual([]);
  });

  it('includes the other logs of the profile that nobody writes any more', async () => {
    const closed = writeLog(logs());
    closed.add(300);
    closed.sign();
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.close(10_000);
    expect(await missingIn(store, closed.path, closed.id, closed.size())).toEqual([]);
  });

  it('includes them without asking for each again at every start, but once a day', async () => {
    const closed = writeLog(logs());
    closed.sign();
    const log = await openLog();
    const asked = async (): Promise<readonly string[]> => {
      const keys: string[] = [];
      store.fail((_, key) => {
        keys.push(key);
        return null;
      });
      const anchors = anchor(log, { store });
      await anchors.close(10_000);
      return keys.filter((key) => key.startsWith(closed.id));
    };
    expect(await asked()).not.toEqual([]);
    expect(await asked()).toEqual([]);
    clock.advance(24 * 3_600_000);
    expect(await asked()).not.toEqual([]);
    closed.add(5);
    closed.sign();
    expect(await asked()).toContain(keysOf(closed.id).checkpoint(closed.size()));
  });

  it('includes a damaged log as far as it verifies, and not an event more', async () => {
    const damaged = writeLog(logs());
    const sizes = [10, 20, 30, 40, 50].map((events) => {
      damaged.add(events, 1);
      damaged.sign();
      return damaged.size();
    });
    const segment = join(damaged.path, 'journal/00000000.seg');
    const bytes = readFileSync(segment);
    // A letter of an event between the third checkpoint and the fourth.
    const at = bytes.indexOf('stmt.denied', bytes.indexOf('CSFR', Math.floor((bytes.lastIndexOf('CSFR') * 80) / 150)));
    writeFileSync(segment, bytes.fill('X', at, at + 1));
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.close(10_000);
    expect(store.created.filter((key) => key.startsWith(keysOf(damaged.id).checkpoints))).toHaveLength(1);
    expect(store.objects.has(keysOf(damaged.id).checkpoint(sizes[2] ?? 0))).toBe(true);
    expect(await missingIn(store, damaged.path, damaged.id, sizes[2] ?? 0)).toEqual([]);
    expect(anchors.state().trouble).toContain('countersign verify');
  });
});

describe('what waits for the store', () => {
  const limits = { warn: { events: 20 }, refuseRisky: { events: 30 }, refuseAll: { events: 40, hours: 48 } };

  it('warns, refuses what is risky, refuses everything, and each change is recorded once', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store }, { pressure: limits });
    const seen: string[] = [];
    anchors.onState(({ pressure }) => seen.at(-1) !== pressure && seen.push(pressure));
    for (let i = 0; i < 50; i++) await record(log);
    expect(anchors.state()).toMatchObject({ pressure: 'refuse-all', waitingSince: expect.any(String) });
    store.fail(null);
    anchors.retry();
    await whileTimePasses(until(anchors, ({ pressure }) => pressure === 'none'));
    expect(seen.filter((level) => level !== 'none')).toEqual(['warn', 'refuse-risky', 'refuse-all']);
    await anchors.close(0);
    await log.close();
    expect(uploadStates(log.path).filter((state) => state.startsWith('pressure'))).toEqual([
      'pressure warn',
      'pressure refuse-risky',
      'pressure refuse-all',
      'pressure none',
    ]);
  });

  it.each(['its own', 'another'])(
    'counts by its age too, also when that began before this start, in %s log of the profile',
    async (whose) => {
      const first = await openLog();
      const anchors = anchor(first, { store });
      await anchors.reach(await record(first), 'uploaded', never);
      await anchors.close(1000);
      if (whose === 'its own') await record(first);
      else writeLog(logs()).sign();
      await first.close();
      clock.advance(49 * 3_600_000);
      store.fail(failing(unreachable));
      const log = whose === 'its own' ? await openLog() : first;
      const later = anchor(log, { store }, { pressure: { warn: { hours: 1 }, refuseAll: { hours: 48 } } });
      await until(later, ({ pressure }) => pressure === 'refuse-all');
      expect(Date.parse(later.state().waitingSince ?? '')).toBeLessThan(clock.now() - 48 * 3_600_000);
    },
  );

  it('is not kept from anything by a clock that is set back a year, nor for ever by one set forward', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store }, { pressure: { warn: { hours: 1 }, refuseAll: { hours: 48 } } });
    await anchors.reach(await record(log), 'uploaded', never);
    for (const years of [1, -2]) {
      store.fail(failing(unreachable));
      await record(log);
      clock.advance(years * 365 * 24 * 3_600_000);
      await record(log);
      store.fail(null);
      await whileTimePasses(anchors.reach(await record(log), 'uploaded', never), 100);
      await whileTimePasses(
        until(anchors, ({ pressure }) => pressure === 'none'),
        100,
      );
    }
  });
});

describe('a log that goes on elsewhere', () => {
  /** A log whose directory was put back from a copy after more of it had been uploaded. */
  async function rolledBack(): Promise<{ readonly log: AuditLog; readonly old: string }> {
    const first = await openLog();
    const anchors = anchor(first, { store });
    await anchors.reach(await record(first, 5), 'uploaded', never);
    await first.close();
    await anchors.close(10_000);
    const restore = backup(first.path);
    const second = await openLog();
    expect(second.id).toBe(first.id);
    const later = anchor(second, { store });
    await later.reach(await record(second, 30), 'uploaded', never);
    await second.close();
    await later.close(10_000);
    restore();
    const log = await openLog();
    expect(log.id).toBe(first.id);
    return { log, old: first.id };
  }

  it('is given up, its successor names it, and nothing runs before the store has that', async () => {
    const { log, old } = await rolledBack();
    const blocked: string[] = [];
    const anchors = anchor(log, { store });
    anchors.onState(({ pressure }) => blocked.push(pressure));
    const receipt = await record(log);
    await expect(anchors.reach(receipt, 'uploaded', never)).rejects.toMatchObject({
      code: 'record-level-unreached',
      message: expect.stringContaining('put back from a copy'),
    });
    await until(anchors, ({ pressure, uploaded }) => pressure === 'none' && (uploaded ?? 0) > 0);
    expect(blocked[0]).toBe('refuse-all');
    expect(log.id).not.toBe(old);
    const [leaf] = events(log.path);
    expect(leaf?.log?.after).toMatchObject({ log: old, reason: expect.stringContaining('put back from a copy') });
    expect(uploadStates(log.path)[0]).toBe('fork upload-ahead');
    expect(existsSync(join(logs(), old, 'dead.json'))).toBe(true);
    expect(store.objects.has(keysOf(log.id).chunk(0))).toBe(true);
    // The size that it names is one that the store and the log given up have in common.
    const size = leaf?.log?.after?.size ?? 0;
    expect(size).toBeGreaterThan(1);
    expect(store.objects.get(keysOf(old).checkpoint(size))?.toString()).toBe(
      readFileSync(join(logs(), old, 'checkpoints', String(size).padStart(20, '0')), 'utf8'),
    );
    await anchors.reach(await record(log), 'uploaded', never);
  });

  it('stays refused while its successor cannot be uploaded', async () => {
    const { log, old } = await rolledBack();
    store.fail((operation, key) =>
      operation === 'create' && !key.startsWith(old) ? { when: 'before', error: unreachable() } : null,
    );
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('does not answer') === true);
    expect(anchors.state().pressure).toBe('refuse-all');
    await log.close();
    await anchors.close(0);
    // A new process knows it as well, whatever it can reach.
    const again = anchor(await openLog(), { store });
    await whileTimePasses(until(again, ({ pressure }) => pressure === 'refuse-all'));
    store.fail(null);
    again.retry();
    await whileTimePasses(until(again, ({ pressure }) => pressure === 'none'));
  });

  it('is found while both are running: one goes on, the other begins anew, and nothing is lost', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.reach(await record(log, 5), 'uploaded', never);
    const old = { id: log.id, path: log.path };
    // The clone runs elsewhere, with the same key, and is faster.
    const path = join(directory, 'elsewhere', log.id);
    mkdirSync(join(directory, 'elsewhere'));
    cpSync(log.path, path, { recursive: true });
    const clone = writeLog(join(directory, 'elsewhere'), { id: log.id, key: privateKey, origin: 'test.example' });
    clone.add(20);
    clone.sign();
    const copy = new LogCopy({ log: openLocalLog(path) ?? expect.fail(), store, retainDays: 0, clock });
    for (let step = 'more'; step === 'more';)
      ({ kind: step } = await copy.step(newestSigned(copy.log) ?? expect.fail(), never));

    const receipt = await record(log, 50);
    await expect(anchors.reach(receipt, 'uploaded', never)).rejects.toMatchObject({ code: 'record-level-unreached' });
    await until(anchors, ({ uploaded, pressure }) => (uploaded ?? 0) > 0 && pressure === 'none');
    expect(log.id).not.toBe(old.id);
    expect(await missingIn(store, path, old.id, clone.size())).toEqual([]);
    // What was recorded here in the meantime is still where it was recorded.
    expect(events(old.path).length).toBeGreaterThan(receipt.index);
    expect(events(log.path)[0]?.log?.after?.log).toBe(old.id);
  });

  it('is not begun anew for ever when somebody lays chunks in its way', async () => {
    const log = await openLog();
    store.fail((operation, key) => {
      if (operation === 'list' && key.endsWith('/chunk/')) store.plant(`${key}${'0'.repeat(20)}`, Buffer.from('hello'));
      return null;
    });
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('goes on elsewhere') === true);
    expect(anchors.state().pressure).toBe('refuse-all');
    expect(readdirSync(logs()).filter((name) => name.length === 36)).toHaveLength(4);
  });

  it('is not found in what somebody else wrote: nothing is extended, nothing called good', async () => {
    const log = await openLog();
    store.plant(keysOf(log.id).checkpoint(500), Buffer.from('hello'));
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('was not written by this log') === true);
    await expect(whileTimePasses(anchors.reach(await record(log), 'uploaded', never), 100)).rejects.toMatchObject({
      message: expect.stringContaining('Somebody else writes to this place'),
    });
    expect(store.created).toEqual([]);
    expect(anchors.state().uploaded).toBe(0);
  });
});

describe('the witnesses of a log', () => {
  it('cosign one checkpoint by quorum, and the lines are kept here and in the store', async () => {
    const log = await openLog();
    const witnesses = ['one', 'two', 'three'].map(witness);
    const anchors = anchor(log, { store, witnesses, quorum: 3 });
    const receipt = await record(log, 20);
    await anchors.reach(receipt, 'witnessed', never);
    const size = anchors.state().witnessed ?? 0;
    expect(size).toBeGreaterThan(receipt.index);
    const kept = join(log.path, 'cosig', String(size).padStart(20, '0'));
    expect(readdirSync(kept)).toHaveLength(3);
    await anchors.close(10_000);
    for (const name of readdirSync(kept))
      expect(store.objects.get(keysOf(log.id).cosignature(size, name))).toEqual(readFileSync(join(kept, name)));
    expect(store.objects.has(keysOf(log.id).checkpoint(size))).toBe(true);
  });

  it('do not wait for one that does not answer, nor does the upload', async () => {
    const log = await openLog();
    const [one, two, three] = [witness('one'), witness('two'), witness('three')];
    two.trouble = 'hang';
    const anchors = anchor(log, { store, witnesses: [one, two, three], quorum: 2 });
    for (let i = 0; i < 3; i++) {
      const receipt = await record(log);
      await Promise.all([anchors.reach(receipt, 'witnessed', never), anchors.reach(receipt, 'uploaded', never)]);
    }
    expect(two.asked).toHaveLength(1);
    expect(anchors.state().trouble).toBeNull();
  });

  it('leave a statement waiting where the quorum does not come together, and the words say who', async () => {
    const log = await openLog();
    const [one, two] = [witness('one'), witness('two')];
    two.trouble = new CountersignError('witness-unreachable', 'The witness two does not answer.');
    const anchors = anchor(log, { witnesses: [one, two], quorum: 2 });
    await expect(whileTimePasses(anchors.reach(await record(log), 'witnessed', never))).rejects.toMatchObject({
      message: expect.stringContaining('The witness two does not answer.'),
    });
    two.trouble = null;
    anchors.retry();
    await whileTimePasses(anchors.reach(await record(log), 'witnessed', never), 10);
  });

  it('that know an older state are given the proof from there, by a process that knows nothing of it', async () => {
    const log = await openLog();
    const one = witness('one');
    const anchors = anchor(log, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log, 300), 'witnessed', never);
    await anchors.close(0);
    rmSync(join(log.path, 'cosig'), { recursive: true });
    const again = anchor(log, { witnesses: [one], quorum: 1 });
    expect(again.state().witnessed).toBe(0);
    await again.reach(await record(log, 300), 'witnessed', never);
  });

  it('are believed after a restart by their lines, and only by lines that verify', async () => {
    const log = await openLog();
    const one = witness('one');
    const anchors = anchor(log, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log), 'witnessed', never);
    const { witnessed } = anchors.state();
    await anchors.close(0);
    expect(anchor(log, { witnesses: [one], quorum: 1 }).state().witnessed).toBe(witnessed);
    expect(anchor(log, { witnesses: [witness('two')], quorum: 1 }).state().witnessed).toBe(0);
  });

  it.each([
    ['more of it than there is here', 'copy'],
    ['another history of it', 'elsewhere'],
  ])('end a log of which they know %s, without any store', async (what, words) => {
    const one = witness('one');
    const first = await openLog();
    const anchors = anchor(first, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(first, 5), 'witnessed', never);
    await first.close();
    await anchors.close(0);
    const restore = backup(first.path);
    const second = await openLog();
    const later = anchor(second, { witnesses: [one], quorum: 1 });
    await later.reach(await record(second, 30), 'witnessed', never);
    await second.close();
    await later.close(0);
    restore();
    const log = await openLog();
    if (what.startsWith('another')) await record(log, 200);
    const last = anchor(log, { witnesses: [one], quorum: 1 });
    await until(last, () => log.id !== first.id);
    await last.reach(await record(log), 'witnessed', never);
    const [leaf] = events(log.path);
    expect(leaf?.log?.after).toMatchObject({ log: first.id, reason: expect.stringContaining(words) });
    expect(leaf?.log?.after?.size).toBeGreaterThan(1);
    expect(events(log.path).find(({ k }) => k === 'witness.conflict')?.witness?.name).toBe('witness.example/one');
  });
});

describe('what a witness says', () => {
  it.each<[string, CosignAnswer]>([
    ['that it knows more of it', { kind: 'conflict', size: 1_000_000 }],
    ['that it is not the history it cosigned', { kind: 'refused', code: 'inconsistent', reason: 'No.' }],
  ])('ends no log: %s, and shows nothing that the log signed', async (_, says) => {
    const log = await openLog();
    const { id } = log;
    const one = witness('one');
    const anchors = anchor(log, { store, witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log, 5), 'witnessed', never);
    one.says = says;
    for (const shows of [null, checkpointOfAnother()]) {
      one.shows = shows;
      await expect(whileTimePasses(anchors.reach(await record(log), 'witnessed', never))).rejects.toMatchObject({
        message: expect.stringContaining('shows no proof'),
      });
    }
    await anchors.reach(await record(log), 'uploaded', never);
    expect(log.id).toBe(id);
    expect(anchors.state()).toMatchObject({ pressure: 'none', trouble: expect.stringContaining('shows no proof') });
    one.says = null;
    one.shows = null;
    anchors.retry();
    await whileTimePasses(anchors.reach(await record(log), 'witnessed', never), 100);
    expect(anchors.state().trouble).toBeNull();
  });

  it('is worth less once it has forgotten what it cosigned, which state and record say, once', async () => {
    const log = await openLog();
    const one = witness('one');
    const anchors = anchor(log, { witnesses: [one], quorum: 1 });
    await anchors.reach(await record(log, 5), 'witnessed', never);
    expect(anchors.state().trouble).toBeNull();
    one.forget();
    for (let i = 0; i < 3; i++) await anchors.reach(await record(log), 'witnessed', never);
    expect(anchors.state().trouble).toContain('it has lost its memory');
    await log.close();
    expect(events(log.path).filter(({ k }) => k === 'witness.conflict')).toMatchObject([
      { witness: { name: 'witness.example/one', size: 0 } },
    ]);
  });
});

describe('the time stamp of the day', () => {
  it('is one, kept here and in the store, and the next day another', async () => {
    const log = await openLog();
    const stamped: string[] = [];
    const stamp = (note: string): Promise<Uint8Array> => {
      stamped.push(note);
      return Promise.resolve(Buffer.from(`stamp ${String(stamped.length)}`));
    };
    const anchors = anchor(log, { store, stamp });
    for (let i = 0; i < 3; i++) await anchors.reach(await record(log), 'uploaded', never);
    expect(stamped).toHaveLength(1);
    clock.advance(24 * 3_600_000);
    await anchors.reach(await record(log), 'uploaded', never);
    await anchors.close(10_000);
    expect(stamped).toHaveLength(2);
    const kept = readdirSync(join(log.path, 'stamp'));
    expect(kept).toHaveLength(2);
    for (const size of kept.map(Number)) {
      expect(store.objects.has(keysOf(log.id).stamp(size))).toBe(true);
      expect(store.objects.has(keysOf(log.id).checkpoint(size))).toBe(true);
    }
  });

  it('holds nothing up when it cannot be had, which is said', async () => {
    const log = await openLog();
    const stamp = (): Promise<never> => Promise.reject(new CountersignError('stamp-unreachable', 'No stamps today.'));
    const anchors = anchor(log, { store, stamp });
    await anchors.reach(await record(log), 'uploaded', never);
    await until(anchors, ({ trouble }) => trouble === 'No stamps today.');
    await anchors.reach(await record(log), 'uploaded', never);
  });
});
