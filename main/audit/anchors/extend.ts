/**
 * Brings one stretch of a log to its copy: blobs, then the chunk that names them, then the tiles it fills, last the
 * checkpoint. A checkpoint in the store therefore says that everything under it is there. Every object is created where
 * none was; what is there already must be the same.
 */
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { packEntries } from '../journal/frame.ts';
import { type EntryRun } from '../journal/reader.ts';
import { type ObjectStore } from '../store/store.ts';
import { runs, type Cursor, type FullPart } from './cursor.ts';
import { keysOf } from './keys.ts';
import { type LocalLog, type Signed } from './local-log.ts';
import { eachOf, put } from './put.ts';

/** Bytes of entries that one chunk holds at most, unless a single commit is larger. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Objects on their way at the same time; the SDK of S3 opens 50 connections at most. */
export const WIDTH = 32;

export interface Stretch {
  /** Stands at the greatest checkpoint in the store, `from`; stands at `to` afterwards. */
  readonly cursor: Cursor;
  /** Entries that are in chunks already. */
  readonly chunks: number;
  /** Is log.json there already. */
  readonly identified: boolean;
  readonly to: Signed;
  readonly retainUntil: Date | undefined;
  readonly signal: AbortSignal;
  /** Takes the address of each blob that an event of the stretch says was erased. */
  readonly erased: (address: string) => void;
}

/**
 * @throws Different when something else is there: another process was faster, or somebody else writes
 * @throws CountersignError `upload-damaged` when the journal is not what the checkpoint signed: then nothing was sent
 */
export async function extend(log: LocalLog, store: ObjectStore, stretch: Stretch): Promise<void> {
  const { cursor, to, signal } = stretch;
  await check(log, cursor, to, signal);

  const keys = keysOf(log.id);
  const locked = { signal, ...(stretch.retainUntil === undefined ? {} : { retainUntil: stretch.retainUntil }) };
  if (!stretch.identified) await put(store, keys.identity, log.identity, locked);

  let chunk: Buffer[] = [];
  let bytes = 0;
  let parts: FullPart[] = [];
  const flush = async (): Promise<void> => {
    if (chunk.length > 0) await put(store, keys.chunk(cursor.size - chunk.length), packEntries(chunk), locked);
    await eachOf(parts, WIDTH, (part) => put(store, `${log.id}/${part.path}`, part.bytes, locked));
    chunk = [];
    parts = [];
    bytes = 0;
  };

  for await (const run of runs(log.path, { from: cursor.size, to: to.size }, signal)) {
    const size = run.entries.reduce((sum, entry) => sum + 2 + entry.length, 0);
    if (bytes + size > CHUNK_BYTES) await flush();
    if (run.first + run.entries.length > stretch.chunks) await putBlobs(log, store, run, signal);
    for (const entry of run.entries) {
      // A copy: the entry as it was read holds on to everything that was read with it.
      const own = Buffer.from(entry);
      if (cursor.size >= stretch.chunks) chunk.push(own);
      parts.push(...cursor.take(own));
      const address = erasedBlob(own);
      if (address !== null) stretch.erased(address);
    }
    bytes += size;
  }
  await flush();
  if (!cursor.root().equals(to.root)) throw damaged(log, to);
  await put(store, keys.checkpoint(to.size), Buffer.from(to.note), locked);
}

/** Objects cannot be taken back: the journal must lead to the signed root before the first one leaves. */
async function check(log: LocalLog, cursor: Cursor, to: Signed, signal: AbortSignal): Promise<void> {
  const trial = cursor.copy();
  for await (const run of runs(log.path, { from: trial.size, to: to.size }, signal))
    for (const entry of run.entries) trial.take(Buffer.from(entry));
  if (!trial.root().equals(to.root)) throw damaged(log, to);
}

/** Blobs may be erased one day: they are not locked. What is erased here already is not copied. */
function putBlobs(log: LocalLog, store: ObjectStore, { blobs }: EntryRun, signal: AbortSignal): Promise<void> {
  const { blob } = keysOf(log.id);
  const whole = blobs.filter(({ erased }) => !erased);
  return eachOf(whole, WIDTH, ({ address, bytes }) => put(store, blob(address), bytes, { signal }));
}

const erasure = z.object({ k: z.literal('blob.erased'), blob: z.string().regex(/^[0-9a-f]{64}$/) });

/** The address that a `blob.erased` event names; null for every other event. */
function erasedBlob(entry: Buffer): string | null {
  if (!entry.includes('"blob.erased"')) return null;
  const event = erasure.safeParse(JSON.parse(entry.toString()));
  return event.success ? event.data.blob : null;
}

const damaged = (log: LocalLog, { size }: Signed): CountersignError =>
  new CountersignError(
    'upload-damaged',
    `The journal of ${log.id} is not what its checkpoint of ${size} events signed.`,
    {
      next: 'Nothing more of it is copied. Run `countersign verify`, and start the program again: it then begins a new log.',
    },
  );
