import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import { createMemorySecretStore, type SecretStore } from '../../credentials/index.ts';
import { NO_REVOCATIONS } from '../context.ts';
import { type IdentityEvent, type People } from '../identity.ts';
import { createPeople, type PeoplePorts } from '../people.ts';
import { type ProviderSettings, type SessionLimits } from '../settings.ts';
import { createIssuerKey, type IssuerKey, startTestIssuer, type TestIssuer } from './issuer.ts';
import { LIMITS, providerFor } from './sign-in.ts';

/** In every secret a test issuer hands out; it must be in no error and on no page. */
export const CANARY = 'canary-51b0c';
// Anew for each test of the file that imports this.
export let profile: string;
export let issuer: TestIssuer;
export let key: IssuerKey;
export let events: IdentityEvent['kind'][];
export let secrets: SecretStore;
/** Moved by tests: the machine's clock, ms since the epoch, and what passes whatever is done to it, ms. */
export const clock = { now: 0, elapsed: 0 };

beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'countersign-identity-'));
  issuer = await startTestIssuer();
  key = await createIssuerKey('k1');
  issuer.answers.keys = { keys: [key.publicJwk] };
  Object.assign(clock, { now: Date.now(), elapsed: 0 });
  events = [];
  secrets = createMemorySecretStore();
});
afterEach(async () => {
  await issuer.stop();
  await rm(profile, { recursive: true, force: true });
});

/** What tests change of the provider's settings, of the rest of the profile, and of how long a person may take. */
export interface Bench {
  readonly provider?: Partial<ProviderSettings>;
  readonly context?: Partial<PeoplePorts['context']>;
  readonly signInTimeoutMs?: number;
  readonly profile?: string;
  readonly secrets?: SecretStore;
}

export function identityAt(address = issuer.issuer, limits: Partial<SessionLimits> = {}, bench: Bench = {}): People {
  const { context = {}, signInTimeoutMs = 60_000, secrets: store = secrets } = bench;
  return createPeople({
    provider: { ...providerFor(address), ...bench.provider },
    limits: { ...LIMITS, ...limits },
    secrets: store,
    directory: join(bench.profile ?? profile, 'identity'),
    context: { revocations: () => NO_REVOCATIONS, directory: () => undefined, ...context },
    clock: () => clock.now,
    elapsed: () => clock.elapsed,
    fetch,
    onEvent: ({ kind }) => events.push(kind),
    signInTimeoutMs,
  });
}

const seconds = (): number => Math.floor(clock.now / 1000);
export const claimsOf = (nonce: string | null): Record<string, unknown> => ({
  ...{ iss: issuer.issuer, sub: 'ana', aud: 'desktop', nonce, iat: seconds(), exp: seconds() + 3_600 },
  ...{ name: 'Ana Ruiz', email: 'ana@shop.example', groups: ['analysts'] },
});

export type Forge = (nonce: string) => Promise<string>;
export const honest: Forge = (nonce) => key.sign(claimsOf(nonce));

/** Plays a browser at a provider that at once redirects back; the ID token is what `forge` makes of the login's nonce. */
export function browser(
  forge: Forge = honest,
  extra: Record<string, unknown> = {},
  redirect: (parameters: URLSearchParams) => void = () => undefined,
) {
  return async (step: { readonly kind: string; readonly url?: string }): Promise<void> => {
    if (step.kind !== 'open' || step.url === undefined) return;
    const asked = new URL(step.url).searchParams;
    issuer.answers.token = async () => ({
      body: {
        access_token: `${CANARY}-access`,
        refresh_token: `${CANARY}-refresh`,
        token_type: 'Bearer',
        expires_in: 600,
        id_token: await forge(asked.get('nonce') ?? ''),
        ...extra,
      },
    });
    const back = new URL(asked.get('redirect_uri') ?? '');
    const answer = new URLSearchParams({ code: `${CANARY}-code`, state: asked.get('state') ?? '' });
    redirect(answer);
    back.search = answer.toString();
    const page = await (await fetch(back)).text();
    expect(page).not.toContain(CANARY);
  };
}

export async function expectRefused(work: Promise<unknown>, code: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toMatchObject({ code });
  // Everything a log might print of it, causes included.
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY);
  expect(await identityAt().restore()).toBeUndefined();
}

/** The provider from now on signs with, and publishes, another key. */
export async function rotateKey(): Promise<void> {
  key = await createIssuerKey('k2');
  issuer.answers.keys = { keys: [key.publicJwk] };
}
