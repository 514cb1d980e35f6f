import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError } from '../errors.ts';
import { tryLock, type Lock } from '../lock.ts';
import {
  type AuditEvent,
  type ClosedIntent,
  type DeadLog,
  type Device,
  type IntentEnd,
  type LogIdentity,
  type StatementIntent,
} from './events.ts';
import { nodeIo, putFile } from './journal/io.ts';
import { LOG_ID } from './journal/reader.ts';
import { uuid7 } from './leaf.ts';
import { signer } from './note.ts';
import { type SignedTree } from './publish.ts';
import { startThread, type LogThread } from './thread.ts';
import { type WorkerInput } from './worker.ts';
import { type Receipt } from './writer.ts';

export interface AuditLogOptions {
  /** Holds one folder for each log; several processes may use it at once, each writes its own log. */
  readonly directory: string;
  /** Ed25519 private key (KeyObject or PKCS #8 PEM) that signs checkpoints. */
  readonly key: KeyObject | string;
  /** 32 bytes: AES-256-GCM key of SQL texts, parameters and everything long. */
  readonly blobKey: Uint8Array;
  /** First part of every log's origin, such as `acme.example/audit/laptop-17`: no spaces, no `+`. */
  readonly origin: string;
  readonly app: Device;
}

export interface AuditState {
  /** Id of the log this process writes. */
  readonly log: string;
  /** Events on stable storage. */
  readonly recorded: number;
  /** Why nothing new can be recorded, or null. */
  readonly trouble: string | null;
  /** The log that could not be continued and that this one follows, when that was found at this opening. */
  readonly dead: DeadLog | null;
}

/** A recorded intent: ended by exactly one call of `end`. What is not ended when the log closes or the process dies is closed as `unknown`. */
export interface RecordedIntent {
  readonly receipt: Receipt;
  /** Resolves when the end is on stable storage. @throws CountersignError `audit-intent-ended` on a second call. */
  end(end: IntentEnd): Promise<Receipt>;
}

export interface AuditLog {
  readonly id: string;
  /** Directory of this log. */
  readonly path: string;
  /** Resolves when the event is on stable storage. @throws CountersignError `audit-*`: then the event does not count. */
  append(event: AuditEvent): Promise<Receipt>;
  /** Resolves when the intent is on stable storage: only then may the statement be sent. */
  recordIntent(intent: StatementIntent): Promise<RecordedIntent>;
  /** Signs what is recorded now; the signature is on stable storage when it resolves. @throws CountersignError `audit-*` */
  checkpoint(): Promise<SignedTree>;
  state(): AuditState;
  /** Calls `listener` after every change; gives what ends that. */
  onState(listener: (state: AuditState) => void): () => void;
  /** Ends what is open, signs the log and lets go of it. */
  close(): Promise<void>;
}

/**
 * Opens a log of its own for this process: the first free one below `directory` that `key` signs, or a new one. A log
 * that must not be continued is kept as it is, and a new log's first leaf names it.
 * @throws CountersignError `audit-disk-full`, `audit-failed`, `audit-options`.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const key = typeof options.key === 'string' ? createPrivateKey(options.key) : options.key;
  if (key.asymmetricKeyType !== 'ed25519' || options.blobKey.length !== 32 || /[\s+]/.test(options.origin))
    throw new CountersignError(
      'audit-options',
      'The audit log needs an Ed25519 key, a blob key of 32 bytes and an origin without spaces.',
    );
  const blobKey = createSecretKey(options.blobKey);
  makeDirectory(options.directory);
  const input = (id: string, after?: DeadLog): WorkerInput => ({
    root: join(options.directory, id),
    id,
    origin: `${options.origin}/${id}`,
    key,
    blobKey,
    app: options.app,
    ...(after === undefined ? {} : { after }),
  });

  for (const id of readdirSync(options.directory)
    .filter((name) => LOG_ID.test(name))
    .sort()) {
    const io = nodeIo(join(options.directory, id));
    if (io.size('dead.json') !== null) continue;
    const lock = takeLock(join(options.directory, id));
    if (lock === null) continue;
    if (!signedBy(io.read('log.json'), signer(`${options.origin}/${id}`, key).vkey)) {
      lock.release();
      continue;
    }
    const opened = await start(input(id), lock);
    if (!('dead' in opened)) return opened;
    // Named by its successor's first leaf before it is marked: a crash in between finds the damage again.
    const successor = await startNew(options.directory, (newId) => input(newId, opened.dead));
    putFile(io, 'dead.json', Buffer.from(`${JSON.stringify(opened.dead, null, 2)}\n`), { durable: true });
    lock.release();
    return successor;
  }
  return startNew(options.directory, (id) => input(id));
}

async function startNew(directory: string, input: (id: string) => WorkerInput): Promise<AuditLog> {
  for (;;) {
    const id = uuid7(Date.now());
    makeDirectory(join(directory, id));
    nodeIo(directory).syncDirectory('.');
    const lock = takeLock(join(directory, id));
    // Another process may take a folder that it finds without a lock.
    if (lock === null) continue;
    const opened = await start(input(id), lock);
    if (!('dead' in opened)) return opened;
    lock.release();
    throw new CountersignError('audit-failed', `A new audit log cannot be read back: ${opened.dead.reason}.`, {
      next: 'Check the disk that holds the profile.',
    });
  }
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

/** A log without log.json has no entry yet and is anybody's. */
function signedBy(logJson: Buffer | null, vkey: string): boolean {
  if (logJson === null) return true;
  try {
    return (JSON.parse(logJson.toString()) as LogIdentity).key === vkey;
  } catch {
    return false;
  }
}

const isClosed = (end: IntentEnd): end is ClosedIntent => end.status === 'unknown' || end.status === 'not_started';

/** Starts the thread that writes the log; gives the log once it has been read back, or why it must not be continued. */
async function start(input: WorkerInput, lock: Lock): Promise<AuditLog | { readonly dead: DeadLog }> {
  const listeners = new Set<(state: AuditState) => void>();
  const started = await startThread(input, lock, () => listeners.forEach((listener) => listener(log.state())));
  if ('dead' in started) return started;
  const thread: LogThread = started;
  const log: AuditLog = {
    id: input.id,
    path: input.root,
    append: (event) => thread.record(event),
    async recordIntent(intent) {
      const receipt = await thread.record({ ...intent, k: 'stmt.intent' });
      const ref = { i: receipt.index, h: receipt.hash };
      let ended = false;
      return {
        receipt,
        async end(end) {
          if (ended)
            throw new CountersignError('audit-intent-ended', 'The statement has already been ended in the record.');
          ended = true;
          return thread.record(
            isClosed(end)
              ? { k: 'stmt.closed', s: intent.s, ref, out: end }
              : { k: 'stmt.outcome', s: intent.s, ref, out: end },
          );
        },
      };
    },
    checkpoint: () => thread.ask({ kind: 'checkpoint' }),
    state: () => ({ log: input.id, recorded: thread.recorded(), trouble: thread.trouble(), dead: input.after ?? null }),
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => thread.close(),
  };
  return log;
}
