/** A log written into a directory without a thread, with as many events as a test wants. For tests. */
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DeadLog, type RecordedEvent } from '../../events.ts';
import { packEntries } from '../../journal/frame.ts';
import { nodeIo } from '../../journal/io.ts';
import { openJournalReader } from '../../journal/reader.ts';
import { uuid7 } from '../../leaf.ts';
import { signer } from '../../note.ts';
import { statement } from '../../testing/lives.ts';
import { type ObjectStore } from '../../store/store.ts';
import { Writer } from '../../writer.ts';
import { keysOf } from '../keys.ts';

const blobKey = createSecretKey(Buffer.alloc(32, 7));

export interface WrittenLog {
  readonly id: string;
  readonly path: string;
  readonly key: KeyObject;
  /** Appends this many events, most of them statements with a sealed text, in commits of up to `batch`. */
  add(events: number, batch?: number): void;
  append(...events: readonly RecordedEvent[]): void;
  /** Signs what there is. */
  sign(): void;
  size(): number;
}

export interface WrittenLogOptions {
  readonly id?: string;
  readonly key?: KeyObject;
  readonly origin?: string;
  readonly after?: DeadLog;
  readonly segmentBytes?: number;
  readonly checkpointEvery?: number;
}

/** @param directory holds the logs of a profile */
export function writeLog(directory: string, options: WrittenLogOptions = {}): WrittenLog {
  const {
    id = uuid7(Date.now()),
    key = generateKeyPairSync('ed25519').privateKey,
    origin = 'test.example',
    segmentBytes = 256 * 1024,
    checkpointEvery = 64,
    after,
  } = options;
  const path = join(directory, id);
  mkdirSync(path, { recursive: true });
  let now = Date.now();
  const writer = new Writer({
    io: nodeIo(path),
    id,
    signer: signer(`${origin}/${id}`, key),
    blobKey,
    app: { app: 'test', version: '0' },
    clock: { wall: () => now++, monotonic: () => BigInt(now++) * 1_000_000n },
    segmentBytes,
    checkpointEvery,
    ...(after === undefined ? {} : { after }),
  });
  const session = `s${writer.size}`;
  const append = (events: readonly RecordedEvent[]): void => {
    for (const reply of writer.append(events)) if ('problem' in reply) throw new Error(reply.problem.message);
    writer.maintain();
  };
  append([{ k: 'session.start', s: session, actor: statement(session, '').actor }]);
  return {
    id,
    path,
    key,
    add(events, batch = 16) {
      for (let done = 0; done < events; done += batch)
        append(
          Array.from({ length: Math.min(batch, events - done) }, (_, i) => ({
            k: 'stmt.denied' as const,
            ...statement(session, `select ${String(done + i)} /* of ${id} */`),
          })),
        );
    },
    append: (...events) => append(events),
    sign: () => writer.publish(),
    size: () => writer.size,
  };
}

/** What of the log up to `size` is not in the store as it is in the journal; empty when all of it is. */
export async function missingIn(
  store: ObjectStore,
  path: string,
  id: string,
  size: number,
): Promise<readonly string[]> {
  const keys = keysOf(id);
  const own: Buffer[] = [];
  const missing: string[] = [];
  const reader = openJournalReader(path, 0);
  for (
    let run = reader.next({ until: size, bytes: 1 << 20 });
    run !== null;
    run = reader.next({ until: size, bytes: 1 << 20 })
  ) {
    own.push(...run.entries);
    for (const { address, bytes, erased } of run.blobs)
      if (!erased && (await store.read(keys.blob(address)))?.equals(bytes) !== true) missing.push(keys.blob(address));
  }
  const chunks: Buffer[] = [];
  let at = 0;
  for await (const key of store.list(keys.chunks)) {
    if (key !== keys.chunk(at)) missing.push(`${key} does not follow`);
    const bytes = (await store.read(key)) ?? Buffer.alloc(0);
    chunks.push(bytes);
    for (let from = 0; from < bytes.length; from += 2 + bytes.readUInt16BE(from)) at++;
  }
  if (!Buffer.concat(chunks).equals(packEntries(own))) missing.push('entries');
  return missing;
}
