import { CountersignError } from '../../errors.ts';
import { sha256 } from '../merkle.ts';
import { addCheckpointBody, MAX_PROOF_HASHES, MAX_REQUEST_BYTES, SIZE_TYPE } from './add-checkpoint.ts';
import { parseCheckpoint, parseSize } from './checkpoint.ts';
import { cosignedAt } from './cosignature.ts';
import { below, type Answered, invalidAnswer, send, unexpected, witnessPrefix } from './exchange.ts';
import { parseNote, parseSignatureLine, signedBy } from './signed-note.ts';
import { parseVerifierKey, SIGNATURE_TYPE, type VerifierKey } from './verifier-key.ts';

/** A witness as its logs see it. */
export interface Witness {
  readonly name: string;
  /** Its verifier key. */
  readonly key: string;
  /**
   * Asks for a cosignature over the checkpoint. `conflict`: the newest that the witness knows has another size; ask again
   * with a proof from there, or, where it is greater than any checkpoint of this log, the log was rolled back or copied.
   * @throws CountersignError `witness-unreachable`, `witness-unavailable` (both worth another try), `witness-answer-invalid`,
   * `witness-clock`, `witness-request-invalid`; the signal's reason where it was aborted.
   */
  cosign(request: CosignRequest, signal: AbortSignal): Promise<CosignAnswer>;
}

/** A witness that also shows what it knows. */
export interface MonitoredWitness extends Witness {
  /**
   * The newest checkpoint of a log that the witness cosigned; null where it knows none, or does not show any. Nobody can
   * make one up: it is signed by the log and by the witness. An answer to `cosign` is not signed, so this is what tells a
   * log that was rolled back or copied from a witness that only says so.
   * @param log verifier key of the log
   * @throws CountersignError as `cosign` does
   */
  newest(log: string, signal: AbortSignal): Promise<NewestCosigned | null>;
}

export interface NewestCosigned {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
  /** Seconds since 1970, when the witness signed. */
  readonly time: number;
  /** Signed note. */
  readonly note: string;
}

export interface CosignRequest {
  /** Signed note. */
  readonly checkpoint: string;
  /** Size of the newest checkpoint that the witness cosigned, 0 where none or where that is not known. */
  readonly oldSize: number;
  /** RFC 6962 §2.1.2, from the old size to that of the checkpoint. */
  readonly proof: readonly Buffer[];
}

export type CosignAnswer =
  /** The signature line, newline included. */
  | { readonly kind: 'cosigned'; readonly line: string }
  | { readonly kind: 'conflict'; readonly size: number }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string };

/** `inconsistent`: what it cosigned before is not part of this log, or the proof is wrong. */
export type RefusalCode = 'unknown-log' | 'key-refused' | 'inconsistent' | 'malformed';

const REFUSALS: Readonly<Record<number, { readonly code: RefusalCode; readonly reason: string }>> = {
  400: { code: 'malformed', reason: 'does not understand the request' },
  403: { code: 'key-refused', reason: 'does not accept the key of this log: it is revoked or not the one listed' },
  404: { code: 'unknown-log', reason: 'does not know this log: its administrator has to list it' },
  413: { code: 'malformed', reason: 'finds the request too large' },
  422: { code: 'inconsistent', reason: 'has cosigned a history that this log does not continue' },
};

const TIMEOUT_MS = 15_000;
/** Most that the clocks of witness and log may differ, seconds. */
const CLOCK_TOLERANCE = 600;

export interface WitnessClientOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** For one request, ms. */
  readonly timeout?: number;
}

/**
 * @param settings submission prefix of the witness (https:, or http: on loopback), and its verifier key (type 0x04)
 * @throws CountersignError `witness-address-invalid`, `witness-key-invalid`
 */
export function createWitness(
  settings: { readonly url: string; readonly key: string },
  { now = Date.now, timeout = TIMEOUT_MS }: WitnessClientOptions = {},
): MonitoredWitness {
  const key = witnessKey(settings.key);
  const prefix = witnessPrefix(settings.url);
  const clock = (): number => Math.floor(now() / 1000);
  const ask = (path: string, body: string | null, signal: AbortSignal): Promise<Answered> =>
    send(below(prefix, path), body, AbortSignal.any([signal, AbortSignal.timeout(timeout)]), key.name).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw error;
      },
    );

  return {
    name: key.name,
    key: key.text,
    async cosign(request, signal) {
      signal.throwIfAborted();
      const { text, body } = checkedRequest(request);
      const answer = await ask('add-checkpoint', body, signal);
      if (answer.status === 200) return { kind: 'cosigned', line: cosignatureIn(answer.body, key, text, clock()) };
      if (answer.status === 409) return { kind: 'conflict', size: conflictingSize(answer, request.oldSize, key.name) };
      const refusal = REFUSALS[answer.status];
      if (refusal !== undefined)
        return { kind: 'refused', code: refusal.code, reason: `The witness ${key.name} ${refusal.reason}.` };
      throw unexpected(answer.status, key.name);
    },
    async newest(log, signal) {
      signal.throwIfAborted();
      const logKey = parseVerifierKey(log, SIGNATURE_TYPE.note);
      if (logKey === null) throw requestInvalid();
      const answer = await ask(`${sha256(Buffer.from(logKey.name)).toString('hex')}/checkpoint`, null, signal);
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw unexpected(answer.status, key.name);
      return newestIn(answer.body, logKey, key);
    },
  };
}

/** The one line by the configured key, checked for exactly this checkpoint. Lines of others are ignored. */
function cosignatureIn(body: string, key: VerifierKey, text: string, now: number): string {
  for (const line of body.split('\n').slice(0, 32)) {
    const signature = parseSignatureLine(`${line}\n`);
    const time = signature === null ? null : cosignedAt(signature, key, text);
    if (signature === null || time === null) continue;
    if (Math.abs(time - now) <= CLOCK_TOLERANCE) return signature.line;
    throw new CountersignError(
      'witness-clock',
      `The clock of the witness ${key.name} and that of this machine differ by ${Math.abs(time - now)} seconds.`,
      { next: 'Set the clock that is wrong: a witness vouches for the time as well.' },
    );
  }
  throw invalidAnswer(key.name, 'no cosignature of this checkpoint by its key');
}

/** The checkpoint that a witness shows, where both have signed it. */
function newestIn(text: string, log: VerifierKey, witness: VerifierKey): NewestCosigned {
  const note = parseNote(text);
  const checkpoint = note === null ? null : parseCheckpoint(note.text);
  const signed = note !== null && checkpoint?.origin === log.name && (signedBy(note, log)?.length ?? 0) > 0;
  const times = note?.signatures.map((line) => cosignedAt(line, witness, note.text)) ?? [];
  const time = times.find((found) => found !== null) ?? null;
  if (!signed || checkpoint === null || time === null)
    throw invalidAnswer(witness.name, 'a checkpoint that it and the log have not both signed');
  return { size: checkpoint.size, root: checkpoint.root, time, note: text };
}

function conflictingSize({ type, body }: Answered, oldSize: number, name: string): number {
  const size = type.split(';')[0]?.trim() === SIZE_TYPE && body.endsWith('\n') ? parseSize(body.slice(0, -1)) : null;
  // Told that it knows what was offered, it would be asked the same for ever.
  if (size === null || size === oldSize) throw invalidAnswer(name, 'a conflict without another size');
  return size;
}

function checkedRequest({ checkpoint, oldSize, proof }: CosignRequest): {
  readonly text: string;
  readonly body: string;
} {
  const note = parseNote(checkpoint);
  const parsed = note === null ? null : parseCheckpoint(note.text);
  const body = addCheckpointBody(oldSize, proof, checkpoint);
  if (
    note === null ||
    parsed === null ||
    !Number.isSafeInteger(oldSize) ||
    oldSize < 0 ||
    oldSize > parsed.size ||
    proof.length > MAX_PROOF_HASHES ||
    proof.some((hash) => hash.length !== 32) ||
    Buffer.byteLength(body) > MAX_REQUEST_BYTES
  )
    throw requestInvalid();
  return { text: note.text, body };
}

function witnessKey(text: string): VerifierKey {
  const key = parseVerifierKey(text, SIGNATURE_TYPE.cosignature);
  if (key !== null) return key;
  throw new CountersignError(
    'witness-key-invalid',
    'The key of a witness is not a verifier key for Ed25519 cosignatures.',
    {
      next: 'Take the line that `countersign witness show` prints, or that the operator of the witness publishes: name+hash+key.',
    },
  );
}

function requestInvalid(): CountersignError {
  return new CountersignError(
    'witness-request-invalid',
    'What a witness is asked about is no checkpoint with its proof, or no key of a log.',
  );
}
