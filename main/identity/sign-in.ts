import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { createDeviceKey, nonceOf } from './device-key.ts';
import { acceptLogin, type Login } from './login.ts';
import { type Provider } from './provider.ts';
import { listenForRedirect } from './redirect-listener.ts';
import { type Clock } from './settings.ts';

export type SignInMethod = 'browser' | 'device';

/** What the person has to do next; the caller opens the address or shows the code. */
export type SignInPrompt =
  | { readonly kind: 'open'; readonly url: string }
  | {
      readonly kind: 'device';
      readonly userCode: string;
      readonly verificationUri: string;
      /** The same address with the code filled in, where the provider offers one. */
      readonly verificationUriComplete?: string;
      readonly expiresAt: string;
    }
  | { readonly kind: 'waiting' };

export interface SignInPorts {
  readonly provider: Provider;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Longest wait for the person, ms. */
  readonly timeoutMs: number;
  /** Asked of the provider besides: what a step-up needs. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Throws where the login, good in itself, is not one that is wanted here; before the person is told how it went. */
  readonly judge?: (login: Login) => void;
}

/** Authorization code with PKCE S256 in the system browser (RFC 8252, RFC 7636); the nonce binds the device key. */
export async function* signInWithBrowser({
  provider,
  clock,
  signal,
  timeoutMs,
  parameters = {},
  judge = () => undefined,
}: SignInPorts): AsyncGenerator<SignInPrompt, Login> {
  const configuration = await provider.configure();
  const listener = await listenForRedirect(provider.settings.redirect);
  const limit = limitOf(signal, timeoutMs);
  try {
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const deviceKey = await createDeviceKey();
    const nonce = nonceOf(deviceKey.protectedHeader);
    const challenge = await client.calculatePKCECodeChallenge(verifier);
    const redirected = listener.next(state, limit);
    // Awaited below; an abort while the caller holds a prompt must not count as unhandled.
    redirected.catch(() => undefined);
    const address = await provider.ask(() =>
      Promise.resolve(
        client.buildAuthorizationUrl(configuration, {
          ...provider.settings.authorizationParameters,
          ...parameters,
          redirect_uri: listener.redirectUri,
          scope: provider.settings.scopes.join(' '),
          code_challenge: challenge,
          code_challenge_method: 'S256',
          state,
          nonce,
        }),
      ),
    );
    yield { kind: 'open', url: address.href };
    yield { kind: 'waiting' };

    const { url, finish } = await redirected.catch((error: unknown) => {
      throw ended(signal, error);
    });
    try {
      const answer = await provider.ask(() =>
        client.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        }),
      );
      const login = await acceptLogin(
        provider,
        configuration,
        answer,
        deviceKey,
        { value: nonce, required: true },
        clock,
      );
      judge(login);
      finish({
        ok: true,
        title: 'You are signed in',
        text: `As ${login.principal.name}. You can close this tab.`,
      });
      return login;
    } catch (error) {
      finish({
        ok: false,
        title: 'The sign-in did not succeed',
        text: error instanceof CountersignError ? error.message : 'Return to Countersign and sign in again.',
      });
      throw error;
    }
  } finally {
    await listener.close();
  }
}

/**
 * Device authorization (RFC 8628) for machines without a browser. The request carries the nonce although the RFC knows
 * none: providers that put it into the ID token bind the device key, the others do not.
 */
export async function* signInWithDeviceCode({
  provider,
  clock,
  signal,
  timeoutMs,
  parameters = {},
  judge = () => undefined,
}: SignInPorts): AsyncGenerator<SignInPrompt, Login> {
  const configuration = await provider.configure();
  const deviceKey = await createDeviceKey();
  const nonce = nonceOf(deviceKey.protectedHeader);
  const offer = await provider.ask(() =>
    client.initiateDeviceAuthorization(configuration, {
      ...parameters,
      scope: provider.settings.scopes.join(' '),
      nonce,
    }),
  );
  yield {
    kind: 'device',
    userCode: offer.user_code,
    verificationUri: webAddress(offer.verification_uri),
    ...(offer.verification_uri_complete === undefined
      ? {}
      : { verificationUriComplete: webAddress(offer.verification_uri_complete) }),
    expiresAt: new Date(clock() + offer.expires_in * 1000).toISOString(),
  };
  yield { kind: 'waiting' };
  const limit = limitOf(signal, Math.min(timeoutMs * 2, offer.expires_in * 1000));
  const answer = await provider
    .ask(() => client.pollDeviceAuthorizationGrant(configuration, offer, undefined, { signal: limit }))
    .catch((error: unknown) => {
      throw limit.aborted ? ended(signal, error) : error;
    });
  const login = await acceptLogin(provider, configuration, answer, deviceKey, { value: nonce, required: false }, clock);
  judge(login);
  return login;
}

function limitOf(signal: AbortSignal, timeoutMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

function ended(signal: AbortSignal, error: unknown): unknown {
  if (error instanceof CountersignError && error.code !== 'sign-in-cancelled') return error;
  return signal.aborted
    ? new CountersignError('sign-in-cancelled', 'The sign-in was cancelled.')
    : new CountersignError('sign-in-timeout', 'Nobody finished the sign-in in time.', { next: 'Sign in again.' });
}

/** An address that a person is told to open must be one for a browser. */
function webAddress(address: string): string {
  const url = URL.parse(address);
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url.href;
  throw new CountersignError(
    'identity-endpoint-insecure',
    'The identity provider names an address that is no web address.',
    {
      next: 'Tell the administrator of the identity provider.',
    },
  );
}
