/** A profile’s log with what anchors it, in memory and on a clock that tests move. Made anew for each test of a file that imports this. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { CountersignError } from '../../../errors.ts';
import { openJournalReader } from '../../journal/reader.ts';
import { openAuditLog, type AuditLog } from '../../log.ts';
import { statement } from '../../testing/lives.ts';
import { type Receipt } from '../../writer.ts';
import { SIGNATURE_TYPE, verifierKey } from '../../witness/verifier-key.ts';
import { type Anchors, type AnchorState } from '../anchors.ts';
import { createAnchors } from '../create.ts';
import { newestSigned, openLocalLog } from '../local-log.ts';
import { type AnchorOptions } from '../options.ts';
import { createLocalWitness, type LocalWitness } from './local-witness.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';
import { writeLog } from './written-log.ts';

export const { privateKey } = generateKeyPairSync('ed25519');
const raw = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
const actor = statement('s', '').actor;
export const never = new AbortController().signal;

export let directory: string;
export let clock: ManualClock;
export let store: MemoryStore;
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

export const logs = (): string => join(directory, 'log');

export async function openLog(): Promise<AuditLog> {
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

export function anchor(
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
export const until = (anchors: Anchors, wanted: (state: AnchorState) => boolean): Promise<AnchorState> =>
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
export async function whileTimePasses<T>(promise: Promise<T>, ms = 1000): Promise<T> {
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
export async function record(log: AuditLog, events = 1): Promise<Receipt> {
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

export function events(path: string): readonly Event[] {
  const reader = openJournalReader(path, 0);
  const found: Event[] = [];
  for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 }))
    found.push(...run.entries.map((entry) => JSON.parse(entry.toString()) as Event));
  return found;
}
export const uploadStates = (path: string): readonly string[] =>
  events(path)
    .filter(({ k }) => k === 'upload.state')
    .map(({ upload }) => [upload?.what, upload?.code].filter((part) => part !== undefined).join(' '));

export const refused = (): CountersignError =>
  new CountersignError('store-refused', 'The store does not take these credentials.', { next: 'Renew them.' });
export const failing = (error: () => Error) => () => ({ when: 'before' as const, error: error() });

/** Keeps what a log's directory holds now; gives what puts it back, as from a backup, into the same directory. */
export function backup(path: string): () => void {
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
export function witness(name: string): LocalWitness {
  const made = createLocalWitness(directory, `witness.example/${name}`, witnessList);
  opened.push(made);
  return made;
}

/** A checkpoint that a log of another key signed. */
export function checkpointOfAnother(): string {
  const other = writeLog(mkdtempSync(join(directory, 'other-')));
  other.add(2000);
  other.sign();
  return newestSigned(openLocalLog(other.path) ?? expect.fail())?.note ?? expect.fail();
}
