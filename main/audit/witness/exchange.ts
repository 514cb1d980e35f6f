/** One question to a witness over HTTP and what came back, before anybody looks at it. */
import { CountersignError } from '../../errors.ts';
import { readBounded } from '../bounded-body.ts';

export interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const MAX_ANSWER_BYTES = 64 * 1024;
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];

/** @throws CountersignError `witness-address-invalid` */
export function witnessPrefix(text: string): URL {
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
  return url;
}

/** Set, and not resolved against the prefix: a path that begins with two slashes would name another host. */
export function below(prefix: URL, path: string): URL {
  const url = new URL(prefix);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}

/**
 * @param body of a POST; null for a GET
 * @throws CountersignError `witness-unreachable`, `witness-answer-invalid`
 */
export async function send(address: URL, body: string | null, signal: AbortSignal, name: string): Promise<Answered> {
  try {
    const response = await fetch(address, {
      ...(body === null ? {} : { method: 'POST', body, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
      // Whoever answers under another address is not who was asked.
      redirect: 'manual',
      signal,
    });
    const bytes = await readBounded(response, MAX_ANSWER_BYTES);
    if (bytes === null) throw invalidAnswer(name, 'more than 64 KiB');
    return { status: response.status, type: response.headers.get('content-type') ?? '', body: bytes.toString('utf8') };
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError('witness-unreachable', `The witness ${name} at ${address.host} does not answer.`, {
      next: 'It is asked again. Check the network, and the address of the witness in organisation.yaml.',
      cause,
    });
  }
}

/** What a status means that is neither an answer nor a refusal. */
export function unexpected(status: number, name: string): CountersignError {
  if (status !== 408 && status !== 429 && status < 500) return invalidAnswer(name, `status ${status}`);
  return new CountersignError('witness-unavailable', `The witness ${name} cannot answer now (${status}).`, {
    next: 'It is asked again. If this lasts, tell its administrator.',
  });
}

export function invalidAnswer(name: string, what: string): CountersignError {
  return new CountersignError('witness-answer-invalid', `The witness ${name} answered with something else: ${what}.`, {
    next: 'Check its address and key in organisation.yaml; what it answered is not used.',
  });
}
