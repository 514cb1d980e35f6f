import { CountersignError } from '../../errors.ts';
import { readBounded } from '../bounded-body.ts';
import { addCheckpointBody, MAX_PROOF_HASHES, MAX_REQUEST_BYTES, SIZE_TYPE } from './add-checkpoint.ts';
import { parseCheckpoint, parseSize } from './checkpoint.ts';
import { cosignedAt } from './cosignature.ts';
import { parseNote, parseSignatureLine } from './signed-note.ts';
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

const MAX_ANSWER_BYTES = 64 * 1024;
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
): Witness {
  const key = witnessKey(settings.key);
  const address = addCheckpointAddress(settings.url);
  const clock = (): number => Math.floor(now() / 1000);

  return {
    name: key.name,
    key: key.text,
    async cosign(request, signal) {
      signal.throwIfAborted();
      const { text, body } = checkedRequest(request);
      const answer = await send(address, body, signal, timeout, key.name);
      if (answer.status === 200) return { kind: 'cosigned', line: cosignatureIn(answer.body, key, text, clock()) };
      if (answer.status === 409) return { kind: 'conflict', size: conflictingSize(answer, request.oldSize, key.name) };
      const refusal = REFUSALS[answer.status];
      if (refusal !== undefined)
        return { kind: 'refused', code: refusal.code, reason: `The witness ${key.name} ${refusal.reason}.` };
      if (answer.status === 408 || answer.status === 429 || answer.status >= 500) {
        throw new CountersignError(
          'witness-unavailable',
          `The witness ${key.name} cannot answer now (${answer.status}).`,
          {
            next: 'It is asked again. If this lasts, tell its administrator.',
          },
        );
      }
      throw invalidAnswer(key.name, `status ${answer.status}`);
    },
  };
}

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function send(address: URL, body: string, signal: AbortSignal, timeout: number, name: string): Promise<Answered> {
  try {
    const response = await fetch(address, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      // Whoever answers under another address is not who was asked.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    const bytes = await readBounded(response, MAX_ANSWER_BYTES);
    if (bytes === null) throw invalidAnswer(name, 'more than 64 KiB');
    return { status: response.status, type: response.headers.get('content-type') ?? '', body: bytes.toString('utf8') };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError('witness-unreachable', `The witness ${name} at ${address.host} does not answer.`, {
      next: 'It is asked again. Check the network, and the address of the witness in organisation.yaml.',
      cause,
    });
  }
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
    throw new CountersignError(
      'witness-request-invalid',
      'What a witness should cosign is not a checkpoint with its proof.',
    );
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

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

function addCheckpointAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const allowed =
    url !== null &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.includes(url.hostname))) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (!allowed) {
    throw new CountersignError('witness-address-invalid', 'The address of a witness is not one that may be asked.', {
      next: 'Write https://host/path (http only for this machine itself), without user, query and fragment.',
    });
  }
  // Set, and not resolved against the address: a path that begins with two slashes would name another host.
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/add-checkpoint`;
  return url;
}

function invalidAnswer(name: string, what: string): CountersignError {
  return new CountersignError('witness-answer-invalid', `The witness ${name} answered with something else: ${what}.`, {
    next: 'Check its address and key in organisation.yaml; what it answered is not used.',
  });
}
