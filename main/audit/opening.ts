/**
 * Which log a process writes. It goes on with the first free one that its key signs and that lies where it was begun, or
 * begins a new one. A log that must not be continued is named by the first leaf of a new one before it is marked, so that
 * a crash in between is seen at the next opening.
 */
import { type KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError } from '../errors.ts';
import { tryLock, type Lock } from '../lock.ts';
import { signedCheckpoints } from './checkpoints.ts';
import { type DeadLog, type Device } from './events.ts';
import { errorCode, nodeIo, type Io } from './journal/io.ts';
import { LOG_ID } from './journal/reader.ts';
import { uuid7 } from './leaf.ts';
import { isDead, isMarked, readIdentity, writeMark } from './marks.ts';
import { signer } from './note.ts';
import { isInPlace, placeOf } from './place.ts';
import { startThread, type LogThread } from './thread.ts';

/** What all logs of a profile have in common. */
export interface Logs {
  /** Holds one folder for each log. */
  readonly directory: string;
  readonly key: KeyObject;
  readonly blobKey: KeyObject;
  /** First part of every log's origin. */
  readonly origin: string;
  readonly app: Device;
  /** Most seconds between two events. */
  readonly heartbeat?: number;
  readonly machine?: string;
  /** Called when what a log's thread says of itself may have changed. */
  readonly changed: () => void;
}

export interface OpenLog {
  readonly thread: LogThread;
  readonly lock: Lock;
  /** The log that it follows, when that was found at this opening. */
  readonly dead: DeadLog | null;
}

/** Why a log is not opened. */
export type NotOpened = 'absent' | 'in use' | 'dead' | 'of another key' | 'copied' | 'damaged';

/** @throws CountersignError `audit-disk-full`, `audit-failed` */
export async function openLog(logs: Logs): Promise<OpenLog> {
  try {
    return await openAny(logs);
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    const code = errorCode(cause) || 'internal error';
    throw new CountersignError('audit-failed', `The audit log cannot be opened (${code}), so nothing can run.`, {
      next: 'Check the disk that holds the profile and the rights on it, then start again.',
      cause,
    });
  }
}

async function openAny(logs: Logs): Promise<OpenLog> {
  makeDirectory(logs.directory);
  let copied: string | undefined;
  for (const id of idsIn(logs.directory)) {
    const opened = await openKnown(logs, id, true);
    if (opened === 'copied') copied ??= id;
    if (typeof opened !== 'string') return opened;
  }
  return copied === undefined ? beginLog(logs, null) : followCopy(logs, copied);
}

/**
 * Opens the log of this id where it can be continued here.
 * @param replace begin a successor where it is damaged, and give that one
 */
export async function openKnown(logs: Logs, id: string, replace: boolean): Promise<OpenLog | NotOpened> {
  const path = join(logs.directory, id);
  const io = filesOf(logs, id);
  if (!idsIn(logs.directory).includes(id)) return 'absent';
  if (isGivenUp(logs, id)) return 'dead';
  const lock = takeLock(path);
  if (lock === null) return 'in use';
  let kept = false;
  try {
    // Another process may have given it up before this one had the lock.
    if (isGivenUp(logs, id)) return 'dead';
    const identity = readIdentity(io, id);
    const origin = originOf(logs, id, identity);
    if (identity !== undefined && identity.key !== signer(origin, logs.key).vkey) return 'of another key';
    if (identity?.place !== undefined && !isInPlace(identity.place, path, id, logs.machine)) return 'copied';
    kept = true;
    const started = await startThread(inputOf(logs, id, origin), lock, logs.changed);
    if (!('dead' in started)) {
      if (identity?.after !== undefined) markDead(logs, identity.after);
      return { thread: started, lock, dead: null };
    }
    kept = false;
    if (!replace) return 'damaged';
    const successor = await beginLog(logs, started.dead);
    writeMark(io, started.dead);
    return successor;
  } finally {
    if (!kept) lock.release();
  }
}

/** Begins a new log, which follows `dead` where that is given: durable, with its first leaf, when it resolves. */
export async function beginLog(logs: Logs, dead: DeadLog | null): Promise<OpenLog> {
  for (;;) {
    const id = uuid7(Math.max(0, Date.now()));
    makeDirectory(join(logs.directory, id));
    nodeIo(logs.directory).syncDirectory('.');
    const lock = takeLock(join(logs.directory, id));
    // Another process may take a folder that it finds without a lock.
    if (lock === null) continue;
    const input = { ...inputOf(logs, id, originOf(logs, id, undefined)), ...(dead === null ? {} : { after: dead }) };
    const thread = await startThread(input, lock, logs.changed);
    if (!('dead' in thread)) return { thread, lock, dead };
    lock.release();
    throw new CountersignError('audit-failed', `A new audit log cannot be read back: ${thread.dead.reason}.`, {
      next: 'Check the disk that holds the profile.',
    });
  }
}

/** Writes in a log's directory that it was given up, where that is not there yet and nobody else is about to. */
function markDead(logs: Logs, dead: DeadLog): void {
  if (!idsIn(logs.directory).includes(dead.log)) return;
  const io = filesOf(logs, dead.log);
  const lock = isMarked(io) ? null : takeLock(join(logs.directory, dead.log));
  if (lock === null) return;
  try {
    if (!isMarked(io)) writeMark(io, dead);
  } finally {
    lock.release();
  }
}

/** A log that does not lie where it was begun is left as it is: who copied it may be writing the original. */
async function followCopy(logs: Logs, id: string): Promise<OpenLog> {
  const path = join(logs.directory, id);
  const lock = takeLock(path);
  if (lock === null || isGivenUp(logs, id)) {
    lock?.release();
    return beginLog(logs, null);
  }
  try {
    const io = filesOf(logs, id);
    const { newest, newestRoot } = signedCheckpoints(io, signer(originOf(logs, id, readIdentity(io, id)), logs.key));
    const reason = 'its directory is not the one it was begun in: it was copied, moved to another disk, or restored';
    const successor = await beginLog(logs, { log: id, size: newest, root: newestRoot, reason, copied: true });
    if (successor.dead !== null) writeMark(io, successor.dead);
    return successor;
  } finally {
    lock.release();
  }
}

const isGivenUp = (logs: Logs, id: string): boolean =>
  isDead({ ids: idsIn(logs.directory), files: (log) => filesOf(logs, log) }, id);

const filesOf = (logs: Logs, id: string): Io => nodeIo(join(logs.directory, id));

function idsIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => LOG_ID.test(name))
    .sort();
}

/** A log keeps the origin it was begun with, so that a machine can get another name. */
function originOf(logs: Logs, id: string, identity: ReturnType<typeof readIdentity>): string {
  const { origin } = identity ?? {};
  return typeof origin === 'string' && origin.endsWith(`/${id}`) ? origin : `${logs.origin}/${id}`;
}

function inputOf(logs: Logs, id: string, origin: string): Parameters<typeof startThread>[0] {
  const root = join(logs.directory, id);
  const { key, blobKey, app, heartbeat, machine } = logs;
  return {
    root,
    id,
    origin,
    key,
    blobKey,
    app,
    place: placeOf(root, id, machine),
    ...(heartbeat === undefined ? {} : { heartbeat }),
  };
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw notWritable(cause);
  }
}

/** The lock of one log's directory, or null when another process writes that log. */
function takeLock(path: string): Lock | null {
  try {
    return tryLock(join(path, 'LOCK'));
  } catch (cause) {
    throw notWritable(cause);
  }
}

const notWritable = (cause: unknown): CountersignError =>
  new CountersignError('audit-failed', 'The directory of the audit log cannot be written, so nothing can run.', {
    next: 'Make sure the profile directory can be written and the disk is not full.',
    cause,
  });
