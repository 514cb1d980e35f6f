import * as client from 'openid-client';
import { CountersignError } from '../../errors.ts';
import { type Provider } from '../provider.ts';
import { type ServiceSource } from '../settings.ts';
import { type IssuerKeys } from '../issuer-keys.ts';
import { type AssertionKey, readPrivateKey } from './private-key.ts';
import { type ServiceProof } from './proof.ts';
import { refusalsFor, tokenRefused } from './refusals.ts';
import { type SessionKey } from './session-key.ts';
import { verifySignedToken } from '../signed-token.ts';

export type ClientSource = Extract<ServiceSource, { kind: 'client' }>;

/** `typ` of an access token: RFC 9068 §2.1, and what providers write that are older than it. */
const TYPES = ['at+jwt', 'application/at+jwt', 'jwt'];
/** A provider need not say how long its token lasts (RFC 6749 §5.1): it is then asked again after this long, ms. */
const UNSAID_MS = 5 * 60_000;

/**
 * Client credentials (RFC 6749 §4.4) with a signed assertion (RFC 7523 §2.2) instead of a shared secret. Where the provider
 * offers DPoP with Ed25519 (RFC 9449), its token names the key of the session. A token that is a JWT is checked; an opaque one
 * says nothing to anybody but the provider, and then that it was given is the proof.
 */
export async function clientProof(
  name: string,
  source: ClientSource,
  key: SessionKey,
  { provider, issuers, now }: { readonly provider: Provider; readonly issuers: IssuerKeys; readonly now: () => number },
): Promise<ServiceProof> {
  const assertion = await readPrivateKey(name, await source.key());
  const configuration = await provider.configure(authenticationOf(source, assertion, await tokenEndpoint(provider)));
  const bound = offersDpop(configuration);
  const options = bound === undefined ? {} : { DPoP: client.getDPoPHandle(configuration, key.pair, bound) };
  const parameters = source.scopes.length === 0 ? {} : { scope: source.scopes.join(' ') };
  const answer = await provider.ask(() => client.clientCredentialsGrant(configuration, parameters, options));
  const { issuer } = provider.settings;
  const asked = now();
  if (!isJwt(answer.access_token)) {
    const lasts = answer.expires_in === undefined ? UNSAID_MS : answer.expires_in * 1000;
    return {
      ...{ issuer, subject: source.clientId, issuedAt: asked, expiresAt: asked + lasts },
      ...{ claims: {}, token: undefined, bound: false },
    };
  }
  const proof = await verifySignedToken(answer.access_token, issuers, {
    ...{ issuer, types: TYPES, key: key.thumbprint, now: asked },
    ...refusalsFor(name),
  }).catch((error: unknown) => {
    throw error instanceof CountersignError && error.code === 'service-token-refused'
      ? new CountersignError(error.code, error.message, {
          next: 'Ask the provider for a token of your own interface (its scopes stand in organisation.yaml): some are sealed for somebody else.',
          cause: error,
        })
      : error;
  });
  checkClient(name, proof.claims, source.clientId);
  return proof;
}

/** How providers name the client in their tokens: RFC 9068 §2.2, OpenID Connect Core §2, Okta, Entra ID. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'] as const;

function checkClient(name: string, claims: Readonly<Record<string, unknown>>, clientId: string): void {
  const named = CLIENT_CLAIMS.map((claim) => claims[claim]).filter((value) => value !== undefined);
  if (named.length === 0 ? claims['sub'] !== clientId : named.some((value) => value !== clientId))
    throw tokenRefused(name, 'it was issued to another client');
}

function authenticationOf(
  { assertionAudience }: ClientSource,
  { key, alg, kid }: AssertionKey,
  endpoint: string,
): client.ClientAuth {
  return client.PrivateKeyJwt(kid === undefined ? { key } : { key, kid }, {
    [client.modifyAssertion]: (header, payload) => {
      header['alg'] = alg;
      if (assertionAudience === 'token-endpoint') payload['aud'] = endpoint;
    },
  });
}

async function tokenEndpoint(provider: Provider): Promise<string> {
  return (await provider.configure()).serverMetadata().token_endpoint ?? '';
}

/** How to say Ed25519 to a provider that offers DPoP with it (RFC 8037 §3.1 and RFC 9864 name it differently); undefined where it does not. */
function offersDpop(configuration: client.Configuration): client.ModifyAssertionOptions | undefined {
  const offered = configuration.serverMetadata().dpop_signing_alg_values_supported ?? [];
  const alg = ['Ed25519', 'EdDSA'].find((name) => offered.includes(name));
  if (alg === undefined) return undefined;
  return {
    [client.modifyAssertion]: (header) => {
      header['alg'] = alg;
    },
  };
}

/** Compact JWS by its looks; whether it is a good one is another question. */
function isJwt(token: string): boolean {
  const [header = '', , , more] = token.split('.');
  if (more !== undefined || token.split('.').length !== 3) return false;
  try {
    return typeof (JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { alg?: unknown }).alg === 'string';
  } catch {
    return false;
  }
}
