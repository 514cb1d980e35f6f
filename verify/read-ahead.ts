/**
 * Sealed segments read ahead in a thread of its own, which also does the hashing they need: two processors share the work
 * of a long journal. What it finds is what `COMPUTED` and `hashLeaf` find; where it stops, the reader goes on by itself.
 */
import { lstatSync } from 'node:fs';
import {
  isMainThread,
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  workerData,
  type MessagePort,
} from 'node:worker_threads';
import { readFile } from './files.ts';
import { parseFrame, u64, type FrameHashes, type MadeHashes } from './frames.ts';
import { CompactRange, hashLeaf, type Digest, type MadeNodes } from './merkle.ts';

/** Bytes of a segment's header before its state. */
const HEADER = 160;

/** A segment that was read, and the hashes of its frames from byte `from` up to byte `until`. */
export interface ReadSegment extends FrameHashes {
  /** Counts until the next one is taken. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly until: number;
  /** Hashes of `count` entries from index `first` on; asked for all entries before, in order. */
  made(first: number, count: number): MadeHashes;
}

export interface ReadAhead {
  /**
   * The segment of that ordinal, asked for in order; undefined where reading it is left to the caller. The first one is asked
   * for behind its first `OWN` bytes.
   */
  take(ordinal: number): ReadSegment | undefined;
  close(): void;
}

/** Bytes of the first segment that are left to the caller: until that is through with them the thread has started. */
export const OWN = 4 * 1024 * 1024;
/** Segments in memory at a time. */
const ROOMS = 4;
/** Bytes of segments from which on a thread pays: starting one takes as long as reading so much. */
const ENOUGH = 32 * 1024 * 1024;
/** Larger segments are read by themselves. */
const LARGEST = 64 * 1024 * 1024;
/** Milliseconds after which the thread is given up: reading and hashing one segment takes a small part of that. */
const PATIENCE = 60_000;

interface Task {
  readonly readAhead: {
    readonly paths: readonly string[];
    readonly rooms: readonly SharedArrayBuffer[];
    /** Segments read, and segments that may be read. */
    readonly counters: Int32Array<SharedArrayBuffer>;
    readonly port: MessagePort;
  };
}

interface Answer {
  readonly length: number;
  readonly from: number;
  readonly until: number;
  readonly notWhole: readonly number[];
  /** Index of the first entry that was hashed. */
  readonly first: number;
  readonly leaves: Uint8Array;
  readonly nodes: Uint8Array;
}

/** @param paths the segments by ordinal. Undefined where reading ahead does not pay. */
export function readAhead(paths: readonly string[]): ReadAhead | undefined {
  const sizes = paths.map((path) => lstatSync(path, { throwIfNoEntry: false })?.size ?? Infinity);
  const longest = Math.max(0, ...sizes);
  if (longest > LARGEST || sizes.reduce((sum, size) => sum + size, 0) < ENOUGH) return undefined;
  const rooms = Array.from({ length: ROOMS }, () => new SharedArrayBuffer(longest));
  const counters = new Int32Array(new SharedArrayBuffer(8));
  const { port1, port2 } = new MessageChannel();
  Atomics.store(counters, 1, ROOMS - 1);
  const task: Task = { readAhead: { paths, rooms, counters, port: port2 } };
  const worker = new Worker(new URL(import.meta.url), { workerData: task, transferList: [port2] });
  worker.on('error', () => undefined);
  worker.unref();
  let given = false;
  let next = 0;

  /** What the thread found of the next segment; null where it gave up. */
  const receive = (): Answer | null => {
    const ordinal = next++;
    // The room of the segment before is free now.
    if (ordinal > 0) {
      Atomics.add(counters, 1, 1);
      Atomics.notify(counters, 1);
    }
    while (Atomics.load(counters, 0) <= ordinal)
      if (Atomics.wait(counters, 0, Atomics.load(counters, 0), PATIENCE) === 'timed-out') break;
    const message = receiveMessageOnPort(port1) as { readonly message: Answer | null } | undefined;
    return message?.message ?? null;
  };

  return {
    take(ordinal) {
      let answer: Answer | null = null;
      while (!given && next <= ordinal && next < paths.length) {
        answer = receive();
        given = answer === null;
      }
      if (answer === null) return undefined;
      const { length, from, until, notWhole, first: begin, leaves, nodes } = answer;
      const broken = new Set(notWhole);
      const joined = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.length);
      const inner = digestsIn(Buffer.from(nodes.buffer, nodes.byteOffset, nodes.length), begin);
      return {
        bytes: Buffer.from(rooms[ordinal % ROOMS] ?? new SharedArrayBuffer(0), 0, length),
        from,
        until,
        frame: () => true,
        blob: (at) => !broken.has(at),
        made: (first, count) => ({
          leaves: joined.subarray((first - begin) * 32, (first - begin + count) * 32),
          nodes: inner,
        }),
      };
    },
    close() {
      port1.close();
      void worker.terminate();
    },
  };
}

function digestsIn(joined: Buffer, first: number): MadeNodes {
  let at = 0;
  return { first, next: () => joined.toString('latin1', at, (at += 32)) };
}

function isTask(value: unknown): value is Task {
  return typeof value === 'object' && value !== null && 'readAhead' in value;
}

/** What the thread does: one segment after the other, as rooms become free. */
function work({ readAhead: { paths, rooms, counters, port } }: Task): void {
  for (const [ordinal, path] of paths.entries()) {
    for (let allowed = Atomics.load(counters, 1); allowed <= ordinal; allowed = Atomics.load(counters, 1))
      Atomics.wait(counters, 1, allowed);
    const room = Buffer.from(rooms[ordinal % ROOMS] ?? new SharedArrayBuffer(0));
    let answer: Answer | null = null;
    try {
      answer = digested(readFile(path, { limit: room.length, room }), ordinal === 0 ? OWN : 0);
    } catch {
      // Whoever reads it next says what is wrong with it.
    }
    port.postMessage(answer);
    Atomics.add(counters, 0, 1);
    Atomics.notify(counters, 0);
    if (answer === null) return;
  }
}

/** Stands for hashes that are not looked at. */
const UNSEEN: FrameHashes = { frame: () => true, blob: () => true };

/** Hashes what reads as frames, from the first one that begins at `own` or behind, up to the first place that does not. */
function digested(bytes: Buffer, own: number): Answer {
  const whole = bytes.length >= HEADER;
  let first = whole ? u64(bytes, 32) : 0;
  let at = whole ? HEADER + bytes.readUInt32BE(120) : bytes.length;
  while (at < own) {
    const frame = parseFrame(bytes, at, '', true, UNSEEN);
    if (typeof frame === 'string') break;
    first = frame.first + frame.entries.length;
    at += frame.length;
  }
  const from = at;
  const leaves = new Digests();
  const nodes = new Digests();
  const tree = new CompactRange((height, _, node) => (height === 0 ? leaves : nodes).push(node), first);
  const notWhole: number[] = [];
  for (;;) {
    const frame = parseFrame(bytes, at, '', true);
    if (typeof frame === 'string')
      return { length: bytes.length, from, until: at, notWhole, first, leaves: leaves.bytes(), nodes: nodes.bytes() };
    for (const entry of frame.entries) tree.push(hashLeaf(entry));
    for (const blob of frame.blobs.values())
      if (blob.state !== 'whole') notWhole.push(blob.bytes.byteOffset - bytes.byteOffset);
    at += frame.length;
  }
}

/** Joined digests that grow. */
class Digests {
  #room = Buffer.allocUnsafe(32 * 1024);
  #count = 0;

  push(digest: Digest): void {
    if ((this.#count + 1) * 32 > this.#room.length) this.#room = Buffer.concat([this.#room, this.#room]);
    this.#room.write(digest, this.#count++ * 32, 'latin1');
  }

  bytes(): Buffer {
    return this.#room.subarray(0, this.#count * 32);
  }
}

if (!isMainThread && isTask(workerData)) work(workerData);
