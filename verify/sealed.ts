/** The parts of events that lie encrypted in blobs: are they there, and do they hold what the event commits to. */
import { createDecipheriv } from 'node:crypto';
import { type Opened } from './event-check.ts';
import { type Blob } from './frames.ts';
import { isObject, type Json } from './json.ts';
import { sha256 } from './merkle.ts';
import { type Erasures, type KeptBlobs } from './erasures.ts';
import { type Reporter } from './report.ts';

export interface Commitment {
  /** SHA-256 of salt + content, hex. */
  readonly h: string;
  /** Bytes of the content. */
  readonly len: number;
  /** Address of the blob, hex. */
  readonly ref: string;
}

/** Commitments lie at most this deep in a leaf. */
const DEEPEST = 6;
/** What marks a commitment in the text of a leaf, after a quote; inside a string its quotes would be escaped. */
const MARK = 'ref":"';
export const REFERENCE = /"ref":"([0-9a-f]{64})"/g;
const HASH = /^[0-9a-f]{64}$/;

const isCommitment = (value: unknown): value is Commitment & Json =>
  isObject(value) &&
  typeof value.ref === 'string' &&
  typeof value.h === 'string' &&
  typeof value.len === 'number' &&
  HASH.test(value.ref);

/** Adds all commitments in a leaf to `found`. */
function findCommitments(value: Json, depth: number, found: Commitment[]): void {
  if (isCommitment(value)) found.push(value);
  else if (depth < DEEPEST)
    for (const key in value) {
      const inner = value[key];
      if (typeof inner === 'object' && inner !== null) findCommitments(inner as Json, depth + 1, found);
    }
}

function commitmentsIn(leaf: Json): readonly Commitment[] {
  const found: Commitment[] = [];
  findCommitments(leaf, 0, found);
  return found;
}

/** Judges and opens the sealed parts of the events of one log. */
export class SealedParts {
  readonly #report: Reporter;
  readonly #logId: string;
  readonly #key: Uint8Array | undefined;
  readonly #erasures: Erasures;
  readonly #kept: KeptBlobs;
  readonly #count = { named: 0, present: 0, opened: 0 };

  constructor(report: Reporter, logId: string, key: Uint8Array | undefined, erasures: Erasures, kept: KeptBlobs) {
    this.#kept = kept;
    this.#report = report;
    this.#logId = logId;
    this.#key = key;
    this.#erasures = erasures;
  }

  /** Judges the commitments of one event; the addresses it names are added to `named`. */
  event(leaf: Json, text: string, where: string, blobs: ReadonlyMap<string, Blob>, named: Set<string>): void {
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + MARK.length)) {
      if (text[at - 1] !== '"') continue;
      const address = text.slice(at + MARK.length, at + MARK.length + 64);
      const blob = blobs.get(address);
      if (blob === undefined && !HASH.test(address)) continue;
      this.#count.named++;
      named.add(address);
      if (blob?.state === 'whole') {
        this.#count.present++;
        this.#kept.push(address);
      } else this.#erasures.gone(this.#logId, address, blob?.state ?? 'absent', where);
    }
    if (this.#key === undefined) return;
    for (const commitment of commitmentsIn(leaf)) {
      const blob = blobs.get(commitment.ref);
      if (blob?.state !== 'whole') continue;
      this.#count.opened++;
      if (this.#open(commitment, blob) === null)
        this.#report.finding(
          'blob-content',
          `The blob ${commitment.ref} does not hold what the event commits to.`,
          where,
        );
    }
  }

  /** The content a commitment stands for. */
  open(commitment: unknown, blobs: ReadonlyMap<string, Blob>): Opened {
    const blob = isCommitment(commitment) ? blobs.get(commitment.ref) : undefined;
    if (!isCommitment(commitment)) return 'unreadable';
    if (blob?.state !== 'whole') return 'erased';
    if (this.#key === undefined) return 'no-key';
    return this.#open(commitment, blob) ?? 'unreadable';
  }

  end(): void {
    const { named, present, opened } = this.#count;
    this.#report.checked('encrypted blobs present', present, 'SHA-256 in the event');
    if (named === 0) return;
    if (this.#key === undefined)
      this.#report.notChecked('That the encrypted blobs hold what their commitments say: no blob key was given.');
    else this.#report.checked('blobs decrypted', opened, 'the salted commitment in the event');
  }

  #open({ h, len }: Commitment, { bytes }: Blob): Buffer | null {
    const plain = this.#key === undefined ? null : decrypt(bytes, this.#key, this.#logId);
    return plain === null || plain.length - 32 !== len || sha256(plain).toString('hex') !== h
      ? null
      : plain.subarray(32);
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
