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
import { parseFrame, type FrameHashes } from './frames.ts';
import { hashLeaf } from './merkle.ts';

/** Bytes of a segment's header before its state. */
const HEADER = 160;

/** A segment that was read, and the hashes of its frames up to byte `until`. */
export interface ReadSegment extends FrameHashes {
  /** Counts until the next one is taken. */
  readonly bytes: Buffer;
  readonly until: number;
  /** Leaf hashes, joined, of `count` entries from the `from`th of the segment. */
  leaves(from: number, count: number): Buffer;
}

export interface ReadAhead {
  /** The segment of that ordinal, which must be the one after that taken before; undefined where reading it is left to the caller. */
  take(ordinal: number): ReadSegment | undefined;
  close(): void;
}

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
  readonly until: number;
  readonly notWhole: readonly number[];
  readonly leaves: Uint8Array;
}

/** @param paths the segments by ordinal, without the open one. Undefined where reading ahead does not pay. */
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

  return {
    take(ordinal) {
      if (given || ordinal >= paths.length) return undefined;
      // The room of the segment before is free now.
      if (ordinal > 0) {
        Atomics.add(counters, 1, 1);
        Atomics.notify(counters, 1);
      }
      while (Atomics.load(counters, 0) <= ordinal)
        if (Atomics.wait(counters, 0, Atomics.load(counters, 0), PATIENCE) === 'timed-out') break;
      const message = receiveMessageOnPort(port1) as { readonly message: Answer | null } | undefined;
      if (message?.message == null) {
        given = true;
        return undefined;
      }
      const { length, until, notWhole, leaves } = message.message;
      const broken = new Set(notWhole);
      const joined = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.length);
      return {
        bytes: Buffer.from(rooms[ordinal % ROOMS] ?? new SharedArrayBuffer(0), 0, length),
        until,
        frame: () => true,
        blob: (at) => !broken.has(at),
        leaves: (from, count) => joined.subarray(from * 32, (from + count) * 32),
      };
    },
    close() {
      port1.close();
      void worker.terminate();
    },
  };
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
      answer = digested(readFile(path, { limit: room.length, room }));
    } catch {
      // Whoever reads it next says what is wrong with it.
    }
    port.postMessage(answer);
    Atomics.add(counters, 0, 1);
    Atomics.notify(counters, 0);
    if (answer === null) return;
  }
}

/** Hashes what reads as frames, up to the first place that does not. */
function digested(bytes: Buffer): Answer {
  let at = bytes.length < HEADER ? bytes.length : HEADER + bytes.readUInt32BE(120);
  let leaves = Buffer.allocUnsafe(32 * 1024);
  let count = 0;
  const notWhole: number[] = [];
  for (;;) {
    const frame = parseFrame(bytes, at, '', true);
    if (typeof frame === 'string')
      return { length: bytes.length, until: at, notWhole, leaves: leaves.subarray(0, count * 32) };
    for (const entry of frame.entries) {
      if ((count + 1) * 32 > leaves.length) leaves = Buffer.concat([leaves, leaves]);
      leaves.write(hashLeaf(entry), count * 32, 'latin1');
      count++;
    }
    for (const blob of frame.blobs.values())
      if (blob.state !== 'whole') notWhole.push(blob.bytes.byteOffset - bytes.byteOffset);
    at += frame.length;
  }
}

if (!isMainThread && isTask(workerData)) work(workerData);
