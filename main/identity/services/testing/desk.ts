import { type KnownService, NO_REVOCATIONS, NOTHING_KNOWN, type Revocations } from '../../context.ts';
import { createIdentity, type Identity, type IdentityEvent } from '../../index.ts';
import { createMemorySecretStore } from '../../../credentials/index.ts';
import { providerFor, LIMITS } from '../../testing/sign-in.ts';
import { type ServiceSource } from '../../settings.ts';

/** What policy, revocations, platform and clock say, changed by a test at any time. */
export interface Desk {
  readonly identity: Identity;
  readonly events: IdentityEvent[];
  readonly services: Map<string, KnownService>;
  readonly sources: Map<string, ServiceSource>;
  environment: Record<string, string | undefined>;
  revocations: Revocations;
}

/** A process that services sign in to; `issuer` is the organisation's provider, and none where absent. */
export function desk(clock: { readonly now: number }, issuer?: string): Desk {
  const events: IdentityEvent[] = [];
  const services = new Map<string, KnownService>();
  const sources = new Map<string, ServiceSource>();
  const environment: Record<string, string | undefined> = {};
  const opened: Desk = {
    identity: createIdentity({
      organisation: {
        identity: issuer === undefined ? { kind: 'os-account' } : { kind: 'oidc', provider: providerFor(issuer) },
        session: LIMITS,
        services: sources,
      },
      secrets: createMemorySecretStore(),
      // Nothing of a service is written down, and so nothing is made here.
      profileDirectory: '/nowhere',
      context: { ...NOTHING_KNOWN, services: () => services, revocations: () => opened.revocations },
      environment,
      clock: () => clock.now,
      onEvent: (event) => void events.push(event),
    }),
    ...{ events, services, sources, environment },
    revocations: NO_REVOCATIONS,
  };
  return opened;
}

/** A service that the policy knows by the tokens of a platform. */
export const byToken = (
  name: string,
  issuer: string,
  accepts: (claims: Readonly<Record<string, unknown>>) => boolean | 'failed' = () => true,
  maxMinutes = 60,
): KnownService => ({
  name,
  title: `The ${name} job`,
  maxMinutes,
  known: { by: 'token', issuer, audience: 'countersign', accepts },
});

export const byClient = (name: string, clientId: string, maxMinutes = 60): KnownService => ({
  name,
  title: `The ${name} job`,
  maxMinutes,
  known: { by: 'client', clientId },
});
