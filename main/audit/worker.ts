/** The thread that owns the files of one log. It takes everything that has arrived, commits once, and answers once. */
import { type KeyObject } from 'node:crypto';
import { dirname, join } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type DeadLog, type Device, type LogPlace, type OpenCounts, type RecordedEvent } from './events.ts';
import { errorCode, isFull, nodeIo } from './journal/io.ts';
import { Damage } from './journal/recover.ts';
import { signer } from './note.ts';
import { type SignedTree } from './publish.ts';
import { type Problem } from './problem.ts';
import { Writer, type Erasure, type Receipt, type Reply } from './writer.ts';

export interface WorkerInput {
  readonly root: string;
  readonly id: string;
  readonly origin: string;
  readonly key: KeyObject;
  readonly blobKey: KeyObject;
  readonly app: Device;
  /** Seconds. */
  readonly heartbeat?: number;
  readonly place: LogPlace;
  readonly after?: DeadLog;
}

/** What the writer does besides recording, each with one answer. */
export type Request =
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'erase'; readonly erasure: Erasure }
  /** The log is left as it stands, and the thread ends. */
  | { readonly kind: 'abandon' };
export interface Answer {
  readonly checkpoint: SignedTree;
  readonly erase: Receipt;
  readonly abandon: { readonly open?: OpenCounts };
}

export interface Ask {
  readonly id: number;
  readonly request: Request;
}

export type ToWorker = { readonly append: readonly RecordedEvent[] } | { readonly ask: Ask } | 'close';

interface Standing {
  /** Events on stable storage. */
  readonly size: number;
  /** Why nothing new can be recorded, or null. */
  readonly trouble: string | null;
}

export type FromWorker =
  | { readonly kind: 'damaged'; readonly dead: DeadLog }
  | { readonly kind: 'unopened'; readonly problem: Problem }
  | ({ readonly kind: 'done'; readonly replies: readonly Reply[] } & Standing)
  | ({ readonly kind: 'answer'; readonly ask: number } & (
      { readonly answer: Answer[Request['kind']] } | { readonly problem: Problem }
    ) &
      Standing)
  | ({ readonly kind: 'closed' } & Standing);

/** Longest time that a timer takes, ms. */
const LONGEST = 2 ** 31 - 1;
/** How long events may stand without a checkpoint over them, ms. */
const PUBLISH_AFTER = 5000;

function openWriter(input: WorkerInput): Writer | FromWorker {
  try {
    return new Writer({
      ...input,
      io: nodeIo(input.root),
      sibling: (log) => nodeIo(join(dirname(input.root), log)),
      signer: signer(input.origin, input.key),
      clock: { wall: () => Date.now(), monotonic: () => process.hrtime.bigint() },
    });
  } catch (error) {
    if (error instanceof Damage)
      return { kind: 'damaged', dead: { log: input.id, size: error.size, root: error.root, reason: error.reason } };
    const problem = {
      code: isFull(error) ? 'audit-disk-full' : 'audit-failed',
      message: isFull(error)
        ? 'The disk is full: the audit log cannot be opened, so nothing can run.'
        : `The audit log cannot be opened (${errorCode(error) || 'internal error'}), so nothing can run.`,
      next: 'Make sure the disk that holds the profile can be written and has at least 64 MB free, then start again.',
    };
    return { kind: 'unopened', problem };
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const send = (message: FromWorker): void => port.postMessage(message);
  const writer = openWriter(workerData as WorkerInput);
  if (!(writer instanceof Writer)) send(writer);
  else {
    let publishing: NodeJS.Timeout | undefined;
    let beating: NodeJS.Timeout | undefined;
    const standing = (): Standing => ({ size: writer.size, trouble: writer.trouble });
    const done = (replies: readonly Reply[]): void => send({ kind: 'done', replies, ...standing() });
    const publish = (): void => {
      publishing = undefined;
      writer.publish();
      done([]);
    };
    const publishSoon = (): void => void (publishing ??= setTimeout(publish, PUBLISH_AFTER));
    const beat = (): void => {
      const { size } = writer;
      beating = setTimeout(beat, Math.min(writer.beat(), LONGEST));
      if (writer.size === size) return;
      done([]);
      publishSoon();
      writer.maintain();
    };
    const end = (): void => {
      clearTimeout(publishing);
      clearTimeout(beating);
      port.close();
    };
    const answerTo = (request: Request): Answer[Request['kind']] | { readonly problem: Problem } => {
      switch (request.kind) {
        case 'checkpoint':
          return writer.checkpoint();
        case 'erase':
          return writer.erase(request.erasure);
        case 'abandon':
          return writer.abandon();
      }
    };
    const answer = ({ id, request }: Ask): void => {
      const given = answerTo(request);
      const said = 'problem' in given ? { problem: given.problem } : { answer: given };
      send({ kind: 'answer', ask: id, ...said, ...standing() });
      if (request.kind === 'abandon') end();
    };
    port.on('message', (first: ToWorker) => {
      const events: RecordedEvent[] = [];
      const asks: Ask[] = [];
      let closing = false;
      for (let message: ToWorker | undefined = first; message !== undefined;) {
        if (message === 'close') closing = true;
        else if ('ask' in message) asks.push(message.ask);
        else events.push(...message.append);
        message = (receiveMessageOnPort(port) as { readonly message: ToWorker } | undefined)?.message;
      }
      if (events.length > 0) {
        done(writer.append(events));
        publishSoon();
      }
      asks.forEach(answer);
      if (!closing) return writer.maintain();
      writer.close();
      send({ kind: 'closed', ...standing() });
      end();
    });
    done([]);
    writer.maintain();
    beat();
  }
}
