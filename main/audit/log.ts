import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { CountersignError } from '../errors.ts';
import {
  type Actor,
  type AuditEvent,
  type ClosedIntent,
  type DeadLog,
  type Device,
  type IntentEnd,
  type RecordedEvent,
  type StatementIntent,
} from './events.ts';
import { nodeIo } from './journal/io.ts';
import { writeMark } from './marks.ts';
import { beginLog, openKnown, openLog, type Logs, type NotOpened, type OpenLog } from './opening.ts';
import { type SignedTree } from './publish.ts';
import { refuseSharedStorage } from './storage.ts';
import { ENDED, OTHER_LOG } from './problem.ts';
import { asError, CLOSED } from './thread.ts';
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
  /** Most minutes without an event: then a heartbeat says that there was none. 15 where absent. */
  readonly heartbeatMinutes?: number;
  /** Stands in for what the operating system calls this machine; a log is continued only where it was begun. */
  readonly machine?: string;
  /** Accepts a directory on a network file system or in a synchronised folder, where nothing promised here holds. */
  readonly sharedStorage?: boolean;
}

export interface AuditState {
  /** Id of the log this process writes. */
  readonly log: string;
  /** Events on stable storage. */
  readonly recorded: number;
  /** Why nothing new can be recorded, or null. */
  readonly trouble: string | null;
  /** The log that could not be continued and that this one follows, when that was found by this process. */
  readonly dead: DeadLog | null;
}

/** A recorded intent: ended by exactly one call of `end`. What is not ended when the log closes or the process dies is closed as `unknown`. */
export interface RecordedIntent {
  readonly receipt: Receipt;
  /** Resolves when the end is on stable storage. @throws CountersignError `audit-intent-ended` on a second call. */
  end(end: IntentEnd): Promise<Receipt>;
}

export interface AuditLog {
  /** Of the log written now: another one after `giveUp`. */
  readonly id: string;
  /** Directory of that log. */
  readonly path: string;
  /**
   * Resolves when the event is on stable storage.
   * @param log id of the log that the event speaks of: refused with `audit-other-log` when that is no longer the one written.
   * @throws CountersignError `audit-*`: then the event does not count.
   */
  append(event: AuditEvent, log?: string): Promise<Receipt>;
  /** Resolves when the intent is on stable storage: only then may the statement be sent. */
  recordIntent(intent: StatementIntent): Promise<RecordedIntent>;
  /** Signs what is recorded now; the signature is on stable storage when it resolves. @throws CountersignError `audit-*` */
  checkpoint(): Promise<SignedTree>;
  /**
   * The log must not go on: a store or witness knows another one by its name, or a longer one. It is kept as it is, and a
   * new log that names it takes over: `id`, `path` and `state` speak of that one when this resolves. Events given meanwhile
   * go there; sessions begin there again. Until there is a new one nothing is recorded.
   * @param at its last state that is known to be good.
   * @throws CountersignError `audit-*`: nothing more can be recorded by this process.
   */
  giveUp(reason: string, at: { readonly size: number; readonly root: string }): Promise<void>;
  /**
   * Erases sealed content for good: records `blob.erased`, then overwrites its bytes.
   * @param log id of the log that has it: any of this profile that no other process is writing.
   * @param address hex: `ref` of the content in its event.
   * @throws CountersignError `audit-no-log`, `audit-no-blob`, `audit-blob-erased`, `audit-log-in-use`, `audit-log-foreign`, `audit-*`
   */
  eraseBlob(log: string, address: string, actor: Actor, reason: string): Promise<void>;
  state(): AuditState;
  /** Calls `listener` after every change; gives what ends that. */
  onState(listener: (state: AuditState) => void): () => void;
  /** Ends what is open, signs the log and lets go of it. */
  close(): Promise<void>;
}

/**
 * Opens a log of its own for this process: the first free one below `directory` that `key` signs and that was begun
 * there, or a new one. A log that must not be continued is kept as it is, and a new log's first leaf names it.
 * @throws CountersignError `audit-disk-full`, `audit-failed`, `audit-options`, `audit-shared-storage`.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const key = typeof options.key === 'string' ? createPrivateKey(options.key) : options.key;
  if (key.asymmetricKeyType !== 'ed25519' || options.blobKey.length !== 32 || /[\s+]/.test(options.origin))
    throw new CountersignError(
      'audit-options',
      'The audit log needs an Ed25519 key, a blob key of 32 bytes and an origin without spaces.',
    );
  if (options.sharedStorage !== true) refuseSharedStorage(options.directory);
  const { directory, origin, app, machine, heartbeatMinutes } = options;
  const observers = new Set<() => void>();
  const logs: Logs = {
    directory,
    origin,
    app,
    key,
    blobKey: createSecretKey(options.blobKey),
    ...(machine === undefined ? {} : { machine }),
    ...(heartbeatMinutes === undefined ? {} : { heartbeat: heartbeatMinutes * 60 }),
    changed: () => observers.forEach((observer) => observer()),
  };
  return auditLog(logs, await openLog(logs), observers);
}

const isClosed = (end: IntentEnd): end is ClosedIntent => end.status === 'unknown' || end.status === 'not_started';

function auditLog(logs: Logs, opened: OpenLog, observers: Set<() => void>): AuditLog {
  let current = opened;
  /** While one log has been given up and the next is not there yet. */
  let succession: Promise<void> | undefined;
  /** The next one could not be begun: everything is refused until another attempt succeeds. */
  let failed = false;
  let closed = false;

  /** Runs work on the log that is written now, or on the next one where that is not there yet. */
  const onCurrent = <T>(work: () => Promise<T>): Promise<T> =>
    succession === undefined ? work() : succession.then(work);
  const record = (event: RecordedEvent): Promise<Receipt> => onCurrent(() => current.thread.record(event));

  /** An intent is ended in its own log, or, when that was given up meanwhile, spoken of in the next. */
  const recordEnd = ({ log, index, hash }: Receipt, s: string, end: IntentEnd): Promise<Receipt> =>
    onCurrent(() => {
      const ref = { i: index, h: hash };
      if (log !== current.thread.id) return current.thread.record({ k: 'late.outcome', of: { log, ...ref }, out: end });
      return current.thread.record(
        isClosed(end) ? { k: 'stmt.closed', s, ref, out: end } : { k: 'stmt.outcome', s, ref, out: end },
      );
    });

  const succeed = async (reason: string, at: { readonly size: number; readonly root: string }): Promise<void> => {
    const { thread, lock } = current;
    // What was open is not known when its thread has died.
    const left = await thread.ask({ kind: 'abandon' }).catch(() => ({}));
    const dead: DeadLog = { log: thread.id, size: at.size, root: at.root, reason, ...left };
    current = await beginLog(logs, dead);
    try {
      writeMark(nodeIo(thread.path), dead);
    } catch {
      // The new log names it, so that the next opening writes the mark.
    } finally {
      lock.release();
    }
  };

  const state = (): AuditState => ({
    log: current.thread.id,
    recorded: current.thread.recorded(),
    trouble: current.thread.trouble(),
    dead: current.dead,
  });

  return {
    get id() {
      return current.thread.id;
    },
    get path() {
      return current.thread.path;
    },
    append: (event, log) =>
      onCurrent(() =>
        log === undefined || log === current.thread.id
          ? current.thread.record(event)
          : Promise.reject(asError(OTHER_LOG)),
      ),
    async recordIntent(intent) {
      const receipt = await record({ ...intent, k: 'stmt.intent' });
      let ended = false;
      return {
        receipt,
        async end(end) {
          if (ended) throw asError(ENDED);
          ended = true;
          return recordEnd(receipt, intent.s, end);
        },
      };
    },
    checkpoint: () => onCurrent(() => current.thread.ask({ kind: 'checkpoint' })),
    async giveUp(reason, at) {
      if (closed) throw asError(CLOSED);
      if (succession === undefined || failed) {
        failed = false;
        succession = succeed(reason, at).then(
          () => {
            succession = undefined;
            logs.changed();
          },
          (error: unknown) => {
            failed = true;
            throw error;
          },
        );
      }
      await succession;
    },
    async eraseBlob(log, blob, actor, reason) {
      await succession;
      const erasure = { blob, actor, why: { reason } };
      if (log === current.thread.id) return void (await current.thread.ask({ kind: 'erase', erasure }));
      const other = await openKnown({ ...logs, changed: () => undefined }, log, false);
      if (other === 'dead')
        return void (await current.thread.ask({ kind: 'erase', erasure: { ...erasure, of: { log } } }));
      if (typeof other === 'string') throw notErasable(log, other);
      try {
        await other.thread.ask({ kind: 'erase', erasure });
      } finally {
        await other.thread.close();
      }
    },
    state,
    onState(listener) {
      const observer = (): void => listener(state());
      observers.add(observer);
      return () => observers.delete(observer);
    },
    async close() {
      closed = true;
      await succession?.catch(() => undefined);
      await current.thread.close();
    },
  };
}

const REASONS: Readonly<Record<Exclude<NotOpened, 'dead'>, readonly [code: string, what: string, next: string]>> = {
  absent: ['audit-no-log', 'is not in this profile', 'Take its id from the event: `countersign activity --json`.'],
  'in use': [
    'audit-log-in-use',
    'is being written by another Countersign process, and only that one can erase in it',
    'Close the other window or program that uses this profile, then try again.',
  ],
  'of another key': [
    'audit-log-foreign',
    'was written under another key or host name, so nothing can be recorded in it here',
    'Erase where that key is kept.',
  ],
  copied: [
    'audit-log-foreign',
    'is a copy, or was moved, and is not continued here',
    'Erase in the original, and delete the copy.',
  ],
  damaged: [
    'audit-failed',
    'is damaged and must not be continued',
    'Start the program again: it gives the log up and names it in a new one. Then try again.',
  ],
};

function notErasable(log: string, why: Exclude<NotOpened, 'dead'>): CountersignError {
  const [code, what, next] = REASONS[why];
  return new CountersignError(code, `The audit log ${log} ${what}.`, { next });
}
