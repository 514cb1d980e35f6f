import { type JSONWebKeySet, type JWK } from 'jose';
import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { guardedFetch, isLoopback } from './guarded-fetch.ts';
import { issuerMismatch, providerError } from './provider-errors.ts';
import { type Clock, CLOCK_TOLERANCE_SECONDS, type ProviderSettings } from './settings.ts';

/** Longest wait for one answer of the provider, seconds. */
const TIMEOUT_SECONDS = 10;
/** Metadata is asked for again after this long, ms. */
const METADATA_AGE_MS = 3_600_000;

/** The identity provider, discovered. Every error it lets out is a CountersignError without any part of a token. */
export interface Provider {
  readonly settings: ProviderSettings;
  /**
   * A configuration for one exchange. Its key cache is empty, so a token is always checked against the keys that are
   * published now: a rotated key is found, a withdrawn one is not. A program on somebody's machine is a public client and
   * proves nothing of itself; a service does.
   */
  configure(authentication?: client.ClientAuth): Promise<client.Configuration>;
  /** Runs a protocol step; whatever openid-client throws becomes a sentence. */
  ask<T>(step: () => Promise<T>): Promise<T>;
  /** The published keys against which this exchange was checked; none where it brought no ID token. */
  keysOf(configuration: client.Configuration): JSONWebKeySet;
}

export function createProvider(
  settings: ProviderSettings,
  clock: Clock,
  fetchImplementation: typeof fetch = fetch,
): Provider {
  const issuer = checkIssuer(settings.issuer);
  const guarded = guardedFetch(fetchImplementation);
  let discovered: { readonly metadata: client.ServerMetadata; readonly at: number } | undefined;

  async function metadata(): Promise<client.ServerMetadata> {
    if (discovered !== undefined && Math.abs(clock() - discovered.at) < METADATA_AGE_MS) return discovered.metadata;
    const found = await ask(() =>
      client.discovery(issuer, settings.clientId, undefined, client.None(), {
        [client.customFetch]: guarded,
        timeout: TIMEOUT_SECONDS,
        execute: isLoopback(issuer) ? [client.allowInsecureRequests] : [],
      }),
    );
    const answer = found.serverMetadata();
    // openid-client lets Entra's multi-tenant template through; that would accept every organisation's accounts.
    if (answer.issuer !== settings.issuer) throw issuerMismatch(settings.issuer);
    discovered = { metadata: answer, at: clock() };
    return answer;
  }

  async function ask<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw error instanceof CountersignError ? error : providerError(error, settings);
    }
  }

  return {
    settings,
    ask,
    configure: async (authentication) => {
      const secret = await settings.clientSecret?.();
      const configuration = new client.Configuration(
        await metadata(),
        settings.clientId,
        {
          [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
          [client.clockSkew]: Math.round((clock() - Date.now()) / 1000),
        },
        authentication ?? (secret === undefined ? client.None() : client.ClientSecretPost(secret)),
      );
      configuration[client.customFetch] = guarded;
      configuration.timeout = TIMEOUT_SECONDS;
      if (isLoopback(issuer)) client.allowInsecureRequests(configuration);
      client.enableNonRepudiationChecks(configuration);
      return configuration;
    },
    keysOf: (configuration) => {
      const cached = client.getJwksCache(configuration);
      return { keys: (cached?.jwks.keys ?? []).map((key) => ({ ...key })) as JWK[] };
    },
  };
}

function checkIssuer(issuer: string): URL {
  const url = URL.parse(issuer);
  if (
    url === null ||
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new CountersignError(
      'identity-issuer-invalid',
      'The issuer in organisation.yaml is not an address that an identity provider can have.',
      {
        next: 'Write the issuer as the provider documents it, such as https://login.example.com.',
      },
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new CountersignError(
      'identity-issuer-insecure',
      `The identity provider ${url.origin} is not reached over https, so nobody could trust what it says.`,
      {
        next: 'Use its https address in organisation.yaml; http is accepted on this machine only.',
      },
    );
  }
  return url;
}
