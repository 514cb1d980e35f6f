import { resolveSecret, type SecretStore } from './credentials/index.ts';
import { CountersignError } from './errors.ts';
import { readDirectory } from './identity/directory.ts';
import {
  type Directory,
  type IdentityContext,
  type IdentitySettings,
  type Revocations,
  type ServiceSource,
} from './identity/index.ts';
import { type CompiledPolicy, type Selectors } from './policy/compiled-policy.ts';
import { isOf } from './policy/who.ts';
import { type Profile } from './profile/load.ts';
import { type Revocation } from './profile/revocations-file.ts';
import { type Organisation, type ServiceSettings } from './profile/types.ts';

/** What identity is told of a profile, swapped as a whole when one of its files changes. */
export interface KnownPeople {
  readonly context: IdentityContext;
  /** Uses another profile from now on. Gives why its directory is not in force, or undefined. */
  take(profile: Profile): CountersignError | undefined;
}

interface Now {
  readonly policy: CompiledPolicy;
  readonly revocations: Revocations;
  readonly directory: Directory | undefined;
}

export function knownPeople(profile: Profile, clock: () => number = Date.now): KnownPeople {
  let now: Now = { policy: profile.policy, revocations: revocationsOf(profile.revocations), directory: undefined };

  return {
    context: {
      revocations: () => now.revocations,
      directory: () => now.directory,
      agents: () => now.policy.agents,
      services: () => now.policy.services,
      // What the policy calls agents' people comes back as it was given: only the policy knows what it means.
      isOf: (who, person) => isOf(now.policy, who as Selectors, { ...person, verified: true }),
    },
    take({ policy, organisation, revocations, directory }) {
      const read = directoryOf(organisation, directory, clock());
      const good = !(read instanceof CountersignError);
      // A directory that is not good takes nothing from the last good one, which ends by its own time.
      now = { policy, revocations: revocationsOf(revocations), directory: good ? read : now.directory };
      return good ? undefined : read;
    },
  };
}

function directoryOf(
  { identity }: Organisation,
  text: string | undefined,
  now: number,
): Directory | CountersignError | undefined {
  if (identity.kind !== 'oidc' || identity.provider.directoryKey === undefined || text === undefined) return undefined;
  try {
    return readDirectory(text, identity.provider.directoryKey, now);
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
}

function revocationsOf(list: readonly Revocation[]): Revocations {
  const named = (kind: Revocation['kind']): ReadonlySet<string> =>
    new Set(list.filter((revocation) => revocation.kind === kind).map(({ id }) => id));
  return {
    people: named('person'),
    devices: named('device'),
    agents: named('agent'),
    services: named('service'),
    tokens: named('token'),
    grants: named('grant'),
  };
}

/** The identity provider as identity uses it; a client's secret is read when it is used, and kept nowhere. */
export function identitySource(
  { identity }: Organisation,
  store: SecretStore,
  profileDirectory: string,
): IdentitySettings['identity'] {
  if (identity.kind === 'os-account') return identity;
  const { clientSecret, ...provider } = identity.provider;
  return clientSecret === undefined
    ? { kind: 'oidc', provider }
    : {
        kind: 'oidc',
        provider: { ...provider, clientSecret: () => resolveSecret(clientSecret, { store, profileDirectory }) },
      };
}

/** How this machine gets services' tokens; a private key is read when it is used, and kept nowhere. */
export function serviceSources(
  services: ReadonlyMap<string, ServiceSettings>,
  secrets: SecretStore,
  home: string,
): ReadonlyMap<string, ServiceSource> {
  const sourceOf = (settings: ServiceSettings): ServiceSource =>
    settings.kind === 'client'
      ? { ...settings, key: () => resolveSecret(settings.key, { store: secrets, profileDirectory: home }) }
      : settings;
  return new Map([...services].map(([name, settings]) => [name, sourceOf(settings)]));
}
