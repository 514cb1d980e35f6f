/** Several lives of the logs of one profile on a simulated disk, each ended by a crash, and what must be true after them. For tests. */
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { verifyDirectory } from '../../../verify/index.ts';
import { type DeadLog, type RecordedEvent, type StatementIntent } from '../events.ts';
import { isDead, isMarked, readIdentity, writeMark, type ProfileLogs } from '../marks.ts';
import { EMPTY_ROOT, leafHash } from '../merkle.ts';
import { signer } from '../note.ts';
import { type Receipt, type Reply, type Writer, type WriterOptions } from '../writer.ts';
import { type Io } from '../journal/io.ts';
import { journalReader, type EntryRun } from '../journal/reader.ts';
import { judge, type Leaf } from './judge.ts';
import { folder, seeded, SimulatedDisk, Stopped } from './simulated-disk.ts';
import { statement } from './statement.ts';

export { statement };

export const LOG = '01a1fe84-7d22-709d-b559-0c8a4d77023d';
const { privateKey } = generateKeyPairSync('ed25519');
export const BLOB_KEY = Buffer.alloc(32, 7);
const { actor } = statement('', '');

export function simulatedOptions(io: Io, more: Partial<WriterOptions> = {}): WriterOptions {
  let now = 1_790_000_000_000;
  const id = more.id ?? LOG;
  return {
    io,
    id,
    signer: signer(`test.example/${id}`, privateKey),
    blobKey: createSecretKey(BLOB_KEY),
    app: { app: 'test', version: '0' },
    clock: { wall: () => now++, monotonic: () => BigInt(now++) * 1_000_000n },
    segmentBytes: 32 * 1024,
    checkpointEvery: 64,
    ...more,
  };
}

const isReceipt = (reply: Reply | undefined): reply is Receipt => reply !== undefined && 'index' in reply;

export interface Lives {
  /** The writer under test: the product's, or one with a known bug. */
  readonly open: (options: WriterOptions) => Writer;
  /** Lays a bug between writer and disk. */
  readonly wrap?: (io: Io) => Io;
  /** Also run the independent verifier over what is left, which costs most of the time. */
  readonly verified: boolean;
}

const EVERY = 900;

/** One profile on one machine, over all its lives. */
class Machine implements ProfileLogs {
  readonly disk: SimulatedDisk;
  readonly random: () => number;
  readonly #lives: Lives;
  /** By log: what was promised to be there, index and leaf hash. */
  readonly acknowledged = new Map<string, Map<number, string>>();
  /** Texts that were acknowledged as erased: `log address`. */
  readonly erased = new Set<string>();
  #wall = 1_790_000_000_000;
  #uptime = 0;
  #begun = 0;

  constructor(seed: number, lives: Lives) {
    this.random = seeded(seed * 7919 + 1);
    this.disk = new SimulatedDisk(seed);
    this.#lives = lives;
  }

  get ids(): readonly string[] {
    return [...new Set([...this.disk.files().keys()].map((path) => path.split('/')[0] ?? ''))].sort();
  }

  files(log: string): Io {
    return (this.#lives.wrap ?? ((io) => io))(folder(this.disk.io(), log));
  }

  pass(ms: number): void {
    this.#wall += ms;
    this.#uptime += ms;
  }

  /** Somebody sets the clock. */
  moveClock(ms: number): void {
    this.#wall += ms;
  }

  /** As a process does it: the first log that is not given up, or a new one. */
  open(): Writer {
    const id = this.ids.find((log) => !isDead(this, log));
    if (id === undefined) return this.begin();
    const writer = this.#open(id);
    this.#mark(id);
    return writer;
  }

  /** Opens and closes every log once more, as processes that start one after the other do. */
  settle(): void {
    for (const id of this.ids) if (!isDead(this, id)) this.#open(id).close();
    for (const id of this.ids) this.#mark(id);
  }

  #mark(id: string): void {
    const after = readIdentity(this.files(id), id)?.after;
    if (after !== undefined && !isMarked(this.files(after.log))) writeMark(this.files(after.log), after);
  }

  begin(after?: DeadLog): Writer {
    return this.#open(`01a1fe84-7d22-709d-b559-${String(++this.#begun).padStart(12, '0')}`, after);
  }

  #open(id: string, after?: DeadLog): Writer {
    const clock = { wall: () => this.#wall, monotonic: () => BigInt(Math.round(this.#uptime * 1e6)) };
    const more = { id, clock, heartbeat: EVERY, segmentBytes: 16 * 1024, checkpointEvery: 32, checkpointsKept: 2 };
    return this.#lives.open(
      simulatedOptions(this.files(id), {
        ...more,
        sibling: (log) => this.files(log),
        ...(after === undefined ? {} : { after }),
      }),
    );
  }
}

/** One process: random work until the disk stops it or it is done. */
function live(machine: Machine, life: number): void {
  const { random } = machine;
  const below = (n: number): number => Math.floor(random() * n);
  let writer = machine.open();
  let good = { size: 0, root: EMPTY_ROOT.toString('hex') };
  const open: { readonly receipt: Receipt; readonly s: string }[] = [];
  const texts: Receipt[] = [];
  const sessions: string[] = [];
  const promise = (reply: Reply): Reply => {
    if (!isReceipt(reply)) return reply;
    const promised = machine.acknowledged.get(reply.log) ?? new Map<number, string>();
    machine.acknowledged.set(reply.log, promised.set(reply.index, reply.hash));
    return reply;
  };
  const append = (events: readonly RecordedEvent[]): readonly Reply[] => writer.append(events).map(promise);

  const work: readonly (readonly [share: number, (step: number) => void])[] = [
    [
      14,
      (step) => {
        const s = `s${life}.${step}`;
        if (isReceipt(append([{ k: 'session.start', s, actor }])[0])) sessions.push(s);
      },
    ],
    [
      36,
      () => {
        const s = sessions[below(sessions.length)] ?? 'none';
        const intents = Array.from({ length: 1 + below(7) }, () =>
          statement(s, 'select '.padEnd(10 + below(600), 'x')),
        );
        for (const reply of append(intents.map((intent) => ({ ...intent, k: 'stmt.intent' }) as const)))
          if (isReceipt(reply)) {
            open.push({ receipt: reply, s });
            texts.push(reply);
          }
      },
    ],
    [
      20,
      () =>
        void append(
          open.splice(0, 1 + below(6)).map(({ receipt, s }): RecordedEvent => {
            const ref = { i: receipt.index, h: receipt.hash };
            return receipt.log === writer.id
              ? { k: 'stmt.outcome', s, ref, out: { status: 'done' } }
              : { k: 'late.outcome', of: { log: receipt.log, ...ref }, out: { status: 'done' } };
          }),
        ),
    ],
    [
      5,
      () => {
        const [s] = sessions.splice(below(sessions.length), 1);
        if (s !== undefined) append([{ k: 'session.end', s, why: { reason: 'done' } }]);
      },
    ],
    [8, () => writer.maintain()],
    [3, () => writer.publish()],
    [
      4,
      () => {
        const signed = writer.checkpoint();
        if ('size' in signed) good = { size: signed.size, root: signed.root };
      },
    ],
    [4, () => machine.moveClock((random() - 0.5) * 2e10)],
    [3, () => void erase()],
    [
      3,
      () => {
        const dead: DeadLog = { log: writer.id, ...good, reason: 'fork', ...writer.abandon() };
        writer = machine.begin(dead);
        writeMark(machine.files(dead.log), dead);
        sessions.length = 0;
        good = { size: 0, root: EMPTY_ROOT.toString('hex') };
      },
    ],
  ];

  function erase(): void {
    const text = texts[below(texts.length)];
    if (text === undefined) return;
    const run = journalReader(machine.files(text.log), text.log, text.index).next({ bytes: 1 });
    const blob = refOf(run);
    if (blob === undefined) return;
    const of = text.log === writer.id ? {} : { of: { log: text.log } };
    if (isReceipt(promise(writer.erase({ blob, actor, why: { reason: 'asked' }, ...of }))))
      machine.erased.add(`${text.log} ${blob}`);
  }

  const total = work.reduce((sum, [share]) => sum + share, 0);
  for (let step = 0; step < 16; step++) {
    for (let left = below(step % 4 === 0 ? 2 * EVERY * 1000 : 1000); left > 0;) {
      const passed = Math.min(left, writer.beat());
      machine.pass(passed);
      left -= passed;
    }
    writer.beat();
    let pick = below(total);
    for (const [share, doIt] of work) {
      if (pick < share) {
        doIt(step);
        break;
      }
      pick -= share;
    }
  }
  if (random() < 0.4) writer.close();
}

function refOf(run: EntryRun | null): string | undefined {
  const [entry] = run?.entries ?? [];
  const leaf = entry === undefined ? undefined : (JSON.parse(entry.toString()) as Partial<StatementIntent>);
  return (leaf?.op?.text as { readonly ref?: string } | undefined)?.ref;
}

/** Lives one seed through. Gives what is wrong at the end: nothing for a right journal. */
export function livesThrough(seed: number, lives: Lives): string | null {
  const machine = new Machine(seed, lives);
  const { disk, random } = machine;
  try {
    for (let life = 0; life < 4; life++) {
      disk.stopAfter = random() < 0.8 ? 1 + Math.floor(random() * 120) : Infinity;
      disk.failSyncAfter = random() < 0.3 ? 1 + Math.floor(random() * 20) : Infinity;
      try {
        live(machine, life);
      } catch (error) {
        if (!(error instanceof Stopped) && !(error instanceof Error && 'code' in error && error.code === 'EIO'))
          throw error;
      }
      disk.restart(random() < 0.6 ? 'power' : 'kill');
    }
    machine.settle();
    const wrong = wrongIn(machine);
    if (wrong !== null) return `seed ${seed}: ${wrong}`;
  } catch (error) {
    return `seed ${seed}: ${String(error)}`;
  }
  if (!lives.verified) return null;
  const excused = machine.ids.filter((log) => endsAnyhow(machine.files(log)));
  const finding = verifyFiles(disk.files()).findings.find(
    ({ code, where }) => code !== 'log-dead' && !excused.some((log) => where?.startsWith(log)),
  );
  return finding === undefined ? null : `seed ${seed}: ${finding.code}: ${finding.sentence} ${finding.where ?? ''}`;
}

function markOf(io: Io): DeadLog | undefined {
  const mark = io.read('dead.json');
  return mark === null ? undefined : (JSON.parse(mark.toString()) as DeadLog);
}

/** It was given up after an error of its disk: nobody reads it back, and it may end in an unfinished write. */
function endsAnyhow(io: Io): boolean {
  const mark = markOf(io);
  return mark !== undefined && mark.open === undefined;
}

/** What is wrong with the logs as a reader finds them. */
function wrongIn(machine: Machine): string | null {
  const gone = new Set<string>();
  const said = new Set<string>();
  const meant = new Set(machine.erased);
  for (const log of machine.ids) {
    const leaves: Leaf[] = [];
    const hashes: string[] = [];
    const reader = journalReader(machine.files(log), log, 0);
    for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 })) {
      for (const entry of run.entries) {
        leaves.push(JSON.parse(entry.toString()) as Leaf);
        hashes.push(leafHash(entry).toString('hex'));
      }
      if (!endsAnyhow(machine.files(log)))
        for (const { address, erased } of run.blobs) if (erased) gone.add(`${log} ${address}`);
    }
    for (const [index, hash] of machine.acknowledged.get(log) ?? [])
      if (hashes[index] !== hash) return `event ${index} of ${log} was acknowledged and is lost`;
    const { wrong, intents, sessions, erased } = judge(leaves);
    if (wrong !== null) return `${log} ${wrong}`;
    for (const { log: of, blob } of erased) {
      said.add(`${of || log} ${blob}`);
      // The last event of a failed disk may be one that nobody was promised.
      if (!endsAnyhow(machine.files(log))) meant.add(`${of || log} ${blob}`);
    }
    const known = markOf(machine.files(log))?.open ?? { intents: 0, sessions: 0 };
    if (!endsAnyhow(machine.files(log)) && (known.intents !== intents || known.sessions !== sessions))
      return `${log} has ${intents} intents and ${sessions} sessions open, which nothing says`;
  }
  for (const blob of meant)
    if (!gone.has(blob) && !endsAnyhow(machine.files(blob.split(' ')[0] ?? '')))
      return `the blob ${blob} was erased and is there`;
  for (const blob of gone) if (!said.has(blob)) return `the blob ${blob} is gone, and no event says so`;
  return null;
}

/** Puts the files of a simulated log where the verifier can read them, verifies, and cleans up. */
export const verifySimulated = (disk: SimulatedDisk): ReturnType<typeof verifyDirectory> =>
  verifyFiles(new Map([...disk.files()].map(([path, bytes]) => [`${LOG}/${path}`, bytes])));

function verifyFiles(files: ReadonlyMap<string, Buffer>): ReturnType<typeof verifyDirectory> {
  const root = mkdtempSync(join(tmpdir(), 'countersign-sim-'));
  try {
    for (const [path, bytes] of files) {
      const to = join(root, path);
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, bytes);
    }
    return verifyDirectory(root, { blobKey: BLOB_KEY });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
