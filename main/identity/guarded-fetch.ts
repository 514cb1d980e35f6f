import { type CustomFetch } from 'openid-client';
import { CountersignError } from '../errors.ts';

/** Largest answer read from a provider, bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Names that stay on this machine (RFC 8252 §7.3, RFC 6761 §6.3). */
export function isLoopback(url: URL): boolean {
  return url.hostname === '127.0.0.1' || url.hostname === '[::1]' || url.hostname === 'localhost';
}

/**
 * fetch for everything sent to a provider: https, or http on loopback, whatever the discovery document says; redirects are
 * not followed; an answer is cut off with an error past 1 MB.
 */
export function guardedFetch(fetchImplementation: typeof fetch): CustomFetch {
  return async (address, options) => {
    const url = new URL(address);
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
      throw new CountersignError(
        'identity-endpoint-insecure',
        `The identity provider sends this program to ${url.protocol}//${url.host}, which is not https.`,
        {
          next: 'Tell the administrator of the identity provider.',
        },
      );
    }
    const { body: content, signal, ...rest } = options;
    const response = await fetchImplementation(address, {
      ...rest,
      // The same bytes under another name: openid-client's type knows no shared buffers.
      ...(content === undefined ? {} : { body: content as NonNullable<RequestInit['body']> }),
      ...(signal === undefined ? {} : { signal }),
      redirect: 'manual',
    });
    const body = await readBounded(response, url.host);
    return new Response(body.length === 0 ? null : body, {
      status: response.status,
      headers: response.headers,
    });
  };
}

async function readBounded(response: Response, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) {
      throw new CountersignError(
        'identity-answer-too-large',
        `The identity provider at ${host} answered with more than 1 MB.`,
        {
          next: 'Check the issuer in organisation.yaml.',
        },
      );
    }
    parts.push(part);
  }
  return Uint8Array.from(Buffer.concat(parts));
}
