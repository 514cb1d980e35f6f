import { CountersignError } from '../../errors.ts';
import { readBounded } from '../bounded-body.ts';
import { stampRequest } from './request.ts';

export interface StampOptions {
  /** PEM certificates that the authority's must lead to; where absent that is left to whoever verifies the record. */
  readonly ca?: string;
  /** For the whole request, ms. */
  readonly timeout?: number;
}

const TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Has a time stamping authority stamp a signed note (RFC 3161, over HTTP as its §3.4 says) and checks the answer.
 * `http:` is taken from anywhere: most authorities offer nothing else, the answer is signed and bound to the request, and the
 * request holds a hash and nothing more.
 * @returns DER TimeStampResp over the SHA-256 of the note's bytes
 * @throws CountersignError `stamp-address-invalid`, `stamp-unreachable` (worth another try), `stamp-refused`, `stamp-invalid`;
 * the signal's reason where it was aborted
 */
export async function stampCheckpoint(
  url: string,
  note: string,
  signal: AbortSignal,
  { ca, timeout = TIMEOUT_MS }: StampOptions = {},
): Promise<Buffer> {
  signal.throwIfAborted();
  const address = authorityAddress(url);
  const { bytes, nonce } = stampRequest(note);
  const response = await send(address, bytes, signal, timeout);
  // pkijs is large, and few processes stamp.
  const { openStamp } = await import('./token.ts');
  await openStamp(response, note, { nonce, ...(ca === undefined ? {} : { ca }) });
  return response;
}

async function send(address: URL, body: Buffer, signal: AbortSignal, timeout: number): Promise<Buffer> {
  let response: Response;
  let bytes: Buffer | null;
  try {
    response = await fetch(address, {
      method: 'POST',
      body: Uint8Array.from(body),
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    bytes = await readBounded(response, MAX_ANSWER_BYTES);
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(address, 'does not answer', cause);
  }
  if (response.status === 429 || response.status >= 500)
    throw unreachable(address, `cannot answer now (${response.status})`);
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (response.status !== 200 || bytes === null || type !== 'application/timestamp-reply') {
    throw new CountersignError('stamp-invalid', `What answers at ${address.host} is no time stamping authority.`, {
      next: 'Check the address in organisation.yaml.',
    });
  }
  return bytes;
}

function authorityAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ['https:', 'http:'].includes(url.protocol) && url.username === '' && url.password === '')
    return url;
  throw new CountersignError(
    'stamp-address-invalid',
    'The address of a time stamping authority is not one that may be asked.',
    {
      next: 'Write https://host/path or http://host/path, without user and password.',
    },
  );
}

function unreachable(address: URL, what: string, cause?: unknown): CountersignError {
  return new CountersignError('stamp-unreachable', `The time stamping authority at ${address.host} ${what}.`, {
    next: 'It is asked again. Check the network, and the address in organisation.yaml.',
    cause,
  });
}
