import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { clockSkew } from './id-token.ts';
import { type ProviderSettings } from './settings.ts';

/** True where the provider could not be asked at all, so that it said neither yes nor no. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof CountersignError && error.code === 'identity-unreachable';
}

/** Error codes of RFC 6749 §5.2 and RFC 8628 §3.5 are short words; nothing else of an answer is repeated: it could hold a token. */
const WORD = /^[a-z_]{1,40}$/;

/** A sentence for what went wrong between here and the provider. Causes are dropped: they hold requests and answers. */
export function providerError(error: unknown, settings: ProviderSettings): CountersignError {
  const nested = findCountersignError(error);
  if (nested !== undefined) return nested;
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    // Too busy to answer is neither yes nor no (RFC 6585 §4; RFC 6749 §4.1.2.1).
    if (error instanceof client.ResponseBodyError && (error.status >= 500 || error.status === 429))
      return unreachable(settings, `answered with status ${String(error.status)}`);
    if (error.error === 'temporarily_unavailable' || error.error === 'server_error')
      return unreachable(settings, `answered ${error.error}`);
    return saidNo(WORD.test(error.error) ? error.error : 'unknown_error', settings);
  }
  if (error instanceof client.WWWAuthenticateChallengeError) return saidNo('invalid_token', settings);
  const code = error instanceof client.ClientError ? error.code : undefined;
  switch (code) {
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return clockSkew();
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return attributeOf(error) === 'issuer'
        ? issuerMismatch(settings.issuer)
        : refused('userinfo speaks of somebody else');
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      return refused('a claim is not what this login expects');
    case 'OAUTH_INVALID_RESPONSE':
    case 'OAUTH_UNSUPPORTED_OPERATION':
    case 'OAUTH_KEY_SELECTION_FAILED':
      return refused('its signature, key or form is not acceptable');
    case 'OAUTH_MISSING_SERVER_METADATA':
    case 'OAUTH_INVALID_SERVER_METADATA':
      return new CountersignError(
        'identity-unsupported',
        `The identity provider ${settings.issuer} does not offer this way of signing in.`,
        {
          next: 'Use the other way (browser or device code), or have it enabled at the provider.',
        },
      );
    case 'OAUTH_HTTP_REQUEST_FORBIDDEN':
    case 'OAUTH_REQUEST_PROTOCOL_FORBIDDEN':
      return new CountersignError(
        'identity-endpoint-insecure',
        `The identity provider ${settings.issuer} names an address that is not https.`,
        {
          next: 'Tell the administrator of the identity provider.',
        },
      );
    case 'OAUTH_RESPONSE_IS_NOT_CONFORM':
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
      // A no without the words that belong to it (glewlwyd for a revoked refresh token); other statuses are a proxy's, too.
      return isPlainNo(error)
        ? saidNo('unknown_error', settings)
        : unreachable(settings, 'answered, but not as an OpenID provider');
    case 'OAUTH_PARSE_ERROR':
      return unreachable(settings, 'answered, but not as an OpenID provider');
    case 'OAUTH_TIMEOUT':
      return unreachable(settings, 'did not answer within 10 seconds');
    case 'OAUTH_ABORT':
      return new CountersignError('sign-in-cancelled', 'The sign-in was cancelled.');
    default:
      return unreachable(settings, `could not be reached${networkReason(error)}`);
  }
}

export function issuerMismatch(issuer: string): CountersignError {
  return new CountersignError('identity-issuer-mismatch', `What answers at ${issuer} says it is another issuer.`, {
    next: "Copy the issuer exactly from the provider's discovery document into organisation.yaml (tenant, path and final slash count).",
  });
}

function refused(why: string): CountersignError {
  return new CountersignError('identity-token-refused', `The answer of the identity provider was refused: ${why}.`, {
    next: 'Sign in again; if it comes back, tell your administrator.',
  });
}

function unreachable(settings: ProviderSettings, what: string): CountersignError {
  return new CountersignError('identity-unreachable', `The identity provider ${settings.issuer} ${what}.`, {
    next: 'Check the network and the issuer in organisation.yaml, then try again.',
  });
}

function saidNo(word: string, settings: ProviderSettings): CountersignError {
  switch (word) {
    case 'access_denied':
      return new CountersignError('sign-in-denied', 'The sign-in was declined at the identity provider.', {
        next: 'Sign in again, or ask your administrator for access.',
      });
    case 'expired_token':
      return new CountersignError('sign-in-timeout', 'The code was not entered in time.', { next: 'Sign in again.' });
    case 'invalid_client':
    case 'unauthorized_client':
      return new CountersignError(
        'identity-client-refused',
        `The identity provider does not accept the client ${settings.clientId}.`,
        {
          next: 'Compare clientId in organisation.yaml with the registration at the provider (native application, no secret, this sign-in method allowed).',
        },
      );
    default:
      return new CountersignError('identity-refused', `The identity provider refused (${word}).`, {
        next: 'Sign in again; if it comes back, tell your administrator.',
      });
  }
}

/** Which member of an answer was not the expected one, as openid-client notes it in its causes. */
function attributeOf(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (typeof cause.cause === 'object' && cause.cause !== null && 'attribute' in cause.cause)
      return cause.cause.attribute;
  }
  return undefined;
}

/** Whether the answer in the causes is 400 or 401, with which a token or userinfo endpoint refuses (RFC 6749 §5.2, RFC 6750 §3.1). */
function isPlainNo(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.cause instanceof Response) return cause.cause.status === 400 || cause.cause.status === 401;
  }
  return false;
}

/** The system's word for a failed connection (ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED, ...), found at the end of the causes. */
function networkReason(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (
      'code' in cause &&
      typeof cause.code === 'string' &&
      /^(E[A-Z]{2,20}|CERT_[A-Z_]{2,40}|[A-Z_]{2,40}_CERT[A-Z_]{0,40}|UND_ERR_[A-Z_]{2,30})$/.test(cause.code)
    )
      return ` (${cause.code})`;
  }
  return '';
}

function findCountersignError(error: unknown): CountersignError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof CountersignError) return cause;
  }
  return undefined;
}
