import { createRemoteJWKSet, customFetch, type JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { CountersignError } from '../errors.ts';
import { guardedFetch, isLoopback } from './guarded-fetch.ts';

/** Longest wait for one answer, ms. */
const TIMEOUT_MS = 10_000;

export type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/** The signature keys that issuers publish (OpenID Connect Discovery §3 and §4, RFC 7517). */
export interface IssuerKeys {
  /**
   * Keys of an issuer: asked for when first needed, again after ten minutes, and when a token names a key that is not among
   * them. @throws CountersignError `identity-*` where the issuer is not reached by https, or says it is another
   */
  of(issuer: string): Promise<RemoteKeys>;
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

export function createIssuerKeys(fetchImplementation: typeof fetch): IssuerKeys {
  const guarded = guardedFetch(fetchImplementation);
  const known = new Map<string, Promise<RemoteKeys>>();

  async function find(issuer: string): Promise<RemoteKeys> {
    // Not `new URL`: the path of an issuer stays, with or without a final slash (Discovery §4).
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await guarded(address, {
      body: undefined,
      headers: { accept: 'application/json' },
      method: 'GET',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw cause instanceof CountersignError ? cause : unreachable(issuer);
    });
    if (response.status >= 500) throw unreachable(issuer);
    const found = discovery.safeParse(await response.json().catch(() => undefined));
    if (response.status !== 200 || !found.success) {
      throw new CountersignError('identity-issuer-invalid', `${issuer} publishes no OpenID configuration.`, {
        next: 'Check the issuer in policy.yaml or organisation.yaml.',
      });
    }
    if (found.data.issuer !== issuer) {
      throw new CountersignError('identity-issuer-mismatch', `What answers at ${issuer} says it is another issuer.`, {
        next: "Copy the issuer exactly from the platform's discovery document (path and final slash count).",
      });
    }
    const keys = new URL(found.data.jwks_uri);
    if (keys.protocol !== 'https:' && !isLoopback(new URL(issuer))) {
      throw new CountersignError(
        'identity-endpoint-insecure',
        `${issuer} publishes its keys where https does not reach.`,
        {
          next: 'Tell the administrator of that issuer.',
        },
      );
    }
    return createRemoteJWKSet(keys, {
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: (url, { signal, headers }) =>
        guarded(url, {
          body: undefined,
          headers: Object.fromEntries(headers),
          method: 'GET',
          redirect: 'manual',
          signal,
        }),
    });
  }

  return {
    of(issuer) {
      const earlier = known.get(issuer);
      if (earlier !== undefined) return earlier;
      const found = find(issuer);
      known.set(issuer, found);
      found.catch(() => known.delete(issuer));
      return found;
    },
  };
}

/** Of all keys an issuer published, those that can have signed a token with this `kid`: what is kept as evidence. */
export function keysFor(keys: RemoteKeys, kid: string | undefined): JSONWebKeySet {
  const published = keys.jwks()?.keys ?? [];
  return { keys: published.filter((key) => kid === undefined || key.kid === undefined || key.kid === kid) };
}

const unreachable = (issuer: string): CountersignError =>
  new CountersignError('identity-unreachable', `The issuer ${issuer} could not be reached.`, {
    next: 'Check the network and the issuer in policy.yaml or organisation.yaml, then try again.',
  });
