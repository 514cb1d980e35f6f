/** Several lives of one log on a simulated disk, each ended by a crash, and what must be true after them. For tests. */
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { verifyDirectory } from '../../../verify/index.ts';
import { type RecordedEvent, type StatementIntent } from '../events.ts';
import { leafHash } from '../merkle.ts';
import { signer } from '../note.ts';
import { type Receipt, type Reply, type Writer, type WriterOptions } from '../writer.ts';
import { type Io } from '../journal/io.ts';
import { seeded, SimulatedDisk, Stopped } from './simulated-disk.ts';

export const LOG = '01a1fe84-7d22-709d-b559-0c8a4d77023d';
const { privateKey } = generateKeyPairSync('ed25519');
export const BLOB_KEY = Buffer.alloc(32, 7);
const actor = { user: { iss: 'https://idp.example', sub: 'ana', verified: false } };

export function statement(s: string, text: string): StatementIntent {
  return {
    s,
    actor,
    db: { id: 'shop', engine: 'postgres', host: 'db', port: 5432, database: 'shop', role: 'ana', env: 'staging' },
    op: { class: 'read', title: 'SELECT', objects: [], columns: [], text: { text } },
    pol: { hash: '00', decision: 'allow', rules: ['all'] },
  };
}

export function simulatedOptions(io: Io, more: Partial<WriterOptions> = {}): WriterOptions {
  let now = 1_790_000_000_000;
  return {
    io,
    id: LOG,
    signer: signer(`test.example/${LOG}`, privateKey),
    blobKey: createSecretKey(BLOB_KEY),
    app: { app: 'test', version: '0' },
    clock: { wall: () => now++, monotonic: () => BigInt(now++) * 1_000_000n },
    segmentBytes: 32 * 1024,
    checkpointEvery: 64,
    ...more,
  };
}

const isReceipt = (reply: Reply | undefined): reply is Receipt => reply !== undefined && 'index' in reply;

/** One process: random work until the disk stops it or it is done. Adds to `acknowledged` what was promised. */
function live(writer: Writer, random: () => number, life: number, acknowledged: Map<number, string>): void {
  const open: { readonly receipt: Receipt; readonly s: string }[] = [];
  const sessions: string[] = [];
  const append = (events: readonly RecordedEvent[]): readonly Reply[] => {
    const replies = writer.append(events);
    for (const reply of replies) if (isReceipt(reply)) acknowledged.set(reply.index, reply.hash);
    return replies;
  };
  for (let step = 0; step < 24; step++) {
    const pick = random();
    const s = sessions[Math.floor(random() * sessions.length)];
    if (pick < 0.15 || s === undefined) {
      const name = `s${life}.${step}`;
      if (isReceipt(append([{ k: 'session.start', s: name, actor }])[0])) sessions.push(name);
    } else if (pick < 0.55) {
      const intents = Array.from({ length: 1 + Math.floor(random() * 12) }, () =>
        statement(s, 'select '.padEnd(10 + Math.floor(random() * 900), 'x')),
      );
      for (const reply of append(intents.map((intent) => ({ ...intent, k: 'stmt.intent' }) as const)))
        if (isReceipt(reply)) open.push({ receipt: reply, s });
    } else if (pick < 0.8) {
      const ends = open.splice(0, 1 + Math.floor(random() * 6));
      append(
        ends.map(
          ({ receipt, s: of }) =>
            ({
              k: 'stmt.outcome',
              s: of,
              ref: { i: receipt.index, h: receipt.hash },
              out: { status: 'done' },
            }) as const,
        ),
      );
    } else if (pick < 0.85) {
      if (isReceipt(append([{ k: 'session.end', s, why: { reason: 'done' } }])[0]))
        sessions.splice(sessions.indexOf(s), 1);
    } else if (pick < 0.95) writer.maintain();
    else writer.publish();
  }
  if (random() < 0.4) writer.close();
}

/** Puts the files of a simulated log where the verifier can read them, verifies, and cleans up. */
export function verifySimulated(disk: SimulatedDisk): ReturnType<typeof verifyDirectory> {
  const root = mkdtempSync(join(tmpdir(), 'countersign-sim-'));
  try {
    for (const [path, bytes] of disk.files()) {
      const to = join(root, LOG, path);
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, bytes);
    }
    return verifyDirectory(root, { blobKey: BLOB_KEY });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Leaf hashes of the whole log, as any tlog-tiles reader finds them. */
function publishedLeaves(disk: SimulatedDisk): readonly string[] {
  const files = disk.files();
  const size = Number(files.get('checkpoint')?.toString().split('\n')[1]);
  const bundles = [...files.keys()]
    .filter((path) => path.startsWith('tile/entries/') && (!path.includes('.p/') || path.endsWith(`.p/${size % 256}`)))
    .filter(
      (path) =>
        !path.includes('.p/') || Number(path.slice('tile/entries/'.length).split('.')[0]) === Math.floor(size / 256),
    )
    .sort();
  return bundles.flatMap((path) => {
    const bytes = files.get(path) ?? Buffer.alloc(0);
    const leaves: string[] = [];
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at))
      leaves.push(leafHash(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at))).toString('hex'));
    return leaves;
  });
}

export interface Lives {
  /** The writer under test: the product's, or one with a known bug. */
  readonly open: (options: WriterOptions) => Writer;
  /** Lays a bug between writer and disk. */
  readonly wrap?: (io: Io) => Io;
  /** Also run the independent verifier over what is left, which costs most of the time. */
  readonly verified: boolean;
}

/** Lives one seed through. Gives what is wrong at the end: nothing for a right journal. */
export function livesThrough(seed: number, { open, wrap = (io) => io, verified }: Lives): string | null {
  const random = seeded(seed * 7919 + 1);
  const disk = new SimulatedDisk(seed);
  const acknowledged = new Map<number, string>();
  try {
    for (let life = 0; life < 4; life++) {
      disk.stopAfter = random() < 0.8 ? 1 + Math.floor(random() * 160) : Infinity;
      disk.failSyncAfter = random() < 0.3 ? 1 + Math.floor(random() * 20) : Infinity;
      try {
        live(open(simulatedOptions(wrap(disk.io()))), random, life, acknowledged);
      } catch (error) {
        if (!(error instanceof Stopped) && !(error instanceof Error && 'code' in error && error.code === 'EIO'))
          throw error;
      }
      disk.restart(random() < 0.6 ? 'power' : 'kill');
    }
    open(simulatedOptions(wrap(disk.io()))).close();
  } catch (error) {
    return `seed ${seed}: ${String(error)}`;
  }
  const leaves = publishedLeaves(disk);
  for (const [index, hash] of acknowledged)
    if (leaves[index] !== hash) return `seed ${seed}: event ${index} was acknowledged and is lost`;
  if (!verified) return null;
  const report = verifySimulated(disk);
  const [finding] = report.findings;
  return finding === undefined ? null : `seed ${seed}: ${finding.code}: ${finding.sentence} ${finding.where ?? ''}`;
}
