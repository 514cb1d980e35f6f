/**
 * What the events of a good log obey: numbers without gaps in each session, each intent ended exactly once, each session
 * ended, references that hold, blobs that are there.
 */
import { createDecipheriv } from 'node:crypto';
import { type Frame } from './journal.ts';
import { sha256 } from './merkle.ts';
import { type Reporter } from './report.ts';

interface Json {
  readonly [key: string]: unknown;
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path of keys, or undefined. */
function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

export function parseObject(bytes: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

interface OpenSession {
  next: number;
  ended: boolean;
  open: number;
}

const SEALED_PARTS = [['op', 'text'], ['op', 'params'], ['bind', 'token'], ['bind', 'claims'], ['long']] as const;
const ENDS = new Set(['stmt.outcome', 'stmt.closed']);

export class Rules {
  readonly #report: Reporter;
  readonly #logId: string;
  readonly #blobKey: Uint8Array | undefined;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #intents = new Map<number, { readonly hash: Buffer; readonly session: string }>();
  readonly #bindings = new Set<number>();
  /** Leaf hashes of all entries, joined. */
  #hashes = Buffer.alloc(1 << 16);
  #size = 0;
  readonly #zeroed = new Map<string, string>();
  readonly #erased = new Set<string>();
  readonly #count = { intents: 0, sessions: 0, blobs: 0, references: 0 };
  #opened = 0;
  #lastKind = '';

  constructor(report: Reporter, logId: string, blobKey: Uint8Array | undefined) {
    this.#report = report;
    this.#logId = logId;
    this.#blobKey = blobKey;
  }

  /** Sessions and intents that are open now, in the form a segment's state has them. */
  openState(): unknown {
    return {
      sessions: [...this.#sessions].map(([s, { next, ended }]) => [s, next, ended]),
      intents: [...this.#intents].map(([i, { hash, session }]) => [i, hash.toString('hex'), session]),
    };
  }

  /** Judges the events of one frame, given their leaf hashes. */
  frame(frame: Frame, hashes: readonly Buffer[]): void {
    const blobs = new Map(frame.blobs.map((blob) => [blob.address, blob]));
    frame.entries.forEach((entry, i) => {
      const index = frame.first + i;
      const hash = hashes[i];
      const leaf = parseObject(entry);
      if (hash === undefined) return;
      this.#remember(hash);
      if (leaf === null || leaf.v !== 1 || typeof leaf.k !== 'string')
        return this.#report.finding('event-form', 'The event is not JSON of schema version 1.', `event ${index}`);
      this.#event(index, hash, leaf.k, leaf);
      for (const path of SEALED_PARTS) {
        const commitment = at(leaf, ...path);
        if (isObject(commitment)) this.#commitment(index, commitment, blobs);
      }
    });
    for (const address of blobs.keys())
      this.#report.finding('blob-unnamed', `No event of its frame names the blob ${address}.`, frame.where);
  }

  /** Judges what is open at the end. */
  end(): void {
    const closed = this.#lastKind === 'log.close';
    const unended = this.#intents.size;
    const running = [...this.#sessions.values()].filter((session) => !session.ended).length;
    if (closed) this.#nothingOpen('The log was closed', `event ${this.#size - 1}`);
    else if (unended + running > 0)
      this.#report.notChecked(
        `How ${running} sessions and ${unended} statements end: they are open at the end of a log that is in use or was left by a crash.`,
      );
    for (const [address, where] of this.#zeroed)
      if (!this.#erased.has(address))
        this.#report.finding('blob-missing', `The blob ${address} is gone, and no event says it was erased.`, where);
    const { intents, sessions, blobs, references } = this.#count;
    const rule = 'the rules of the record, over the events';
    this.#report.checked('events numbered without gaps', this.#size, rule);
    this.#report.checked('sessions numbered without gaps', sessions, rule);
    this.#report.checked(
      'intents, each with at most one end and none left open but at the end of the log',
      intents,
      rule,
    );
    this.#report.checked('references from one event to another', references, 'leaf hash');
    this.#report.checked('encrypted blobs present', blobs - this.#zeroed.size, 'SHA-256 in the event');
    if (this.#zeroed.size > 0)
      this.#report.checked('encrypted blobs erased', this.#zeroed.size, 'the event that says so');
    if (blobs === 0) return;
    if (this.#blobKey === undefined)
      this.#report.notChecked('That the encrypted blobs hold what their commitments say: no blob key was given.');
    else this.#report.checked('blobs decrypted', blobs - this.#zeroed.size, 'the salted commitment in the event');
  }

  #remember(hash: Buffer): void {
    const needed = (this.#size + 1) * 32;
    if (needed > this.#hashes.length) this.#hashes = Buffer.concat([this.#hashes, Buffer.alloc(this.#hashes.length)]);
    hash.copy(this.#hashes, this.#size * 32);
    this.#size++;
  }

  #event(index: number, hash: Buffer, kind: string, leaf: Json): void {
    const where = `event ${index}`;
    this.#lastKind = kind;
    if (kind === 'log.open') {
      this.#opened++;
      if (index > 0) this.#nothingOpen('The log was opened again', where);
    } else if (this.#opened === 0 && index === 0)
      this.#report.finding('first-event', 'A log begins with log.open.', where);
    if (kind === 'key.bind') this.#bindings.add(index);
    if (kind === 'blob.erased' && typeof leaf.blob === 'string') this.#erased.add(leaf.blob);
    const bind = at(leaf, 'actor', 'bind');
    if (bind !== undefined && !(typeof bind === 'number' && this.#bindings.has(bind)))
      this.#report.finding('binding', 'It names a key binding that is not in the log before it.', where);
    const decision = at(leaf, 'pol', 'decision');
    if ((kind === 'stmt.intent' && decision !== 'allow') || (kind === 'stmt.denied' && decision === 'allow'))
      this.#report.finding('decision', `A ${kind} cannot carry the decision ${String(decision)}.`, where);
    const ref = this.#reference(index, leaf.ref);
    if (ENDS.has(kind)) {
      const intent = ref === undefined ? undefined : this.#intents.get(ref);
      if (ref === undefined || intent === undefined || intent.session !== leaf.s)
        this.#report.finding(
          'intent-end',
          'It ends an intent that is not open: never begun, of another session, or ended before.',
          where,
        );
    }
    if (typeof leaf.s === 'string') this.#inSession(leaf.s, index, hash, kind, leaf.n, ref);
    else if (leaf.n !== undefined || kind.startsWith('stmt.') || kind.startsWith('session.'))
      this.#report.finding('session', 'It belongs to no session.', where);
  }

  #inSession(s: string, index: number, hash: Buffer, kind: string, n: unknown, ref: number | undefined): void {
    const where = `event ${index}`;
    let session = this.#sessions.get(s);
    if (session === undefined) {
      if (kind !== 'session.start') this.#report.finding('session', `Session ${s} is not open here.`, where);
      this.#count.sessions++;
      this.#sessions.set(s, (session = { next: 0, ended: false, open: 0 }));
    } else if (kind === 'session.start' || (session.ended && !ENDS.has(kind)))
      this.#report.finding(
        'session',
        `Session ${s} cannot ${kind === 'session.start' ? 'start twice' : 'go on after its end'}.`,
        where,
      );
    if (n !== session.next)
      this.#report.finding(
        'session-gap',
        `Session ${s} should have its event ${session.next} here, not ${String(n)}.`,
        where,
      );
    session.next++;
    if (kind === 'stmt.intent') {
      this.#count.intents++;
      this.#intents.set(index, { hash, session: s });
      session.open++;
    }
    if (ENDS.has(kind) && ref !== undefined && this.#intents.delete(ref)) session.open--;
    if (kind === 'session.end') session.ended = true;
    if (session.ended && session.open === 0) this.#sessions.delete(s);
  }

  /** The index that `ref` names, when the event there has the hash it says. */
  #reference(index: number, ref: unknown): number | undefined {
    if (ref === undefined) return undefined;
    this.#count.references++;
    const i = at(ref, 'i');
    if (
      typeof i === 'number' &&
      Number.isInteger(i) &&
      i >= 0 &&
      i < index &&
      this.#hashes.toString('hex', i * 32, i * 32 + 32) === at(ref, 'h')
    )
      return i;
    this.#report.finding('reference', 'It refers to an event that is not in the log as it says.', `event ${index}`);
    return undefined;
  }

  #nothingOpen(what: string, where: string): void {
    for (const i of this.#intents.keys())
      this.#report.finding('intent-open', `${what}, and the intent at event ${i} has no end.`, where);
    for (const [s, session] of this.#sessions)
      if (!session.ended) this.#report.finding('session-open', `${what}, and session ${s} has no end.`, where);
  }

  #commitment(index: number, commitment: Json, blobs: Map<string, Frame['blobs'][number]>): void {
    const where = `event ${index}`;
    const address = String(commitment.ref);
    const blob = blobs.get(address);
    this.#count.blobs++;
    if (blob === undefined)
      return this.#report.finding('blob-missing', `The blob ${address} is not in its frame.`, where);
    blobs.delete(address);
    if (blob.zeroed) return void this.#zeroed.set(address, where);
    if (this.#blobKey === undefined) return;
    const plain = decrypt(blob.bytes, this.#blobKey, this.#logId);
    if (plain === null || plain.length - 32 !== commitment.len || sha256(plain).toString('hex') !== commitment.h)
      this.#report.finding('blob-content', `The blob ${address} does not hold what the event commits to.`, where);
  }
}

/** salt(32) + content out of iv(12) + AES-256-GCM + tag(16); null when key, log or bytes are others. */
function decrypt(sealed: Buffer, key: Uint8Array, logId: string): Buffer | null {
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
    cipher.setAAD(Buffer.from(logId));
    cipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]);
  } catch {
    return null;
  }
}
