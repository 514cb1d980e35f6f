import { join } from 'node:path';
import { type SecretStore } from '../credentials/index.ts';
import { createAgents } from './agents/agents.ts';
import { mayNot } from './agents/refusals.ts';
import { createTokenRegistry } from './agents/registry.ts';
import { type IdentityContext } from './context.ts';
import { type Identity, type IdentityEvent, type People } from './identity.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createLocalPeople } from './local-people.ts';
import { createPeople } from './people.ts';
import { type Session } from './principal.ts';
import { createServices } from './services/services.ts';
import { type Clock, type IdentitySettings } from './settings.ts';
import { watchFiles } from './watch-files.ts';

export {
  type AgentToken,
  type DeviceSigner,
  type Identity,
  type IdentityEvent,
  type LoginSummary,
  type ServiceSigner,
  type SignInProgress,
} from './identity.ts';
export { type Directory, type IdentityContext, NO_REVOCATIONS, NOTHING_KNOWN, type Revocations } from './context.ts';
export { type Principal, type Session, type SessionId } from './principal.ts';
export { type IdentitySettings, type ServiceSource } from './settings.ts';
export { type SignInMethod } from './sign-in.ts';
export { type PkToken, type PkTokenExpectations, type VerifiedPkToken, verifyPkToken } from './pk-token.ts';
export { osAccountSession } from './os-account.ts';

/** Longest wait for a person at the identity provider, ms. */
const SIGN_IN_TIMEOUT_MS = 5 * 60_000;

export interface IdentityPorts {
  readonly organisation: IdentitySettings;
  readonly secrets: SecretStore;
  readonly profileDirectory: string;
  /** The policy's agents and services, revocations and directory. */
  readonly context: IdentityContext;
  /** Where services find their tokens; the process's own environment where absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
  /** An agent's token counts only after this has resolved for it; of everything else it is told, and need not be waited for. */
  readonly onEvent?: (event: IdentityEvent) => void | Promise<void>;
  readonly signInTimeoutMs?: number;
}

/** Identity as organisation.yaml describes it. Throws CountersignError `identity-issuer-*` for an issuer nobody could trust. */
export function createIdentity(ports: IdentityPorts): Identity {
  const { organisation, secrets, context, clock = Date.now } = ports;
  const { identity, session: limits } = organisation;
  const fetchImplementation = ports.fetch ?? fetch;
  const told = async (event: IdentityEvent): Promise<void> => ports.onEvent?.(event);
  const tell = (event: IdentityEvent): void => void told(event).catch(() => undefined);
  const directory = join(ports.profileDirectory, 'identity');

  /** What stands on a login ends with it, in the same breath. */
  function onEvent(event: IdentityEvent): void {
    tell(event);
    if (CHANGES_LOGINS.has(event.kind) && !agents.isAgents(event.session)) void agents.lookAgain();
  }

  const people: People =
    identity.kind === 'os-account'
      ? createLocalPeople(clock)
      : createPeople({
          provider: identity.provider,
          limits,
          secrets,
          directory,
          context,
          clock,
          fetch: fetchImplementation,
          onEvent,
          signInTimeoutMs: ports.signInTimeoutMs ?? SIGN_IN_TIMEOUT_MS,
        });
  const registry = createTokenRegistry(join(directory, 'agent-tokens.json'), clock);
  const provider = identity.kind === 'oidc' ? identity.provider : undefined;
  const issuers = createIssuerKeys(fetchImplementation);
  const agents = createAgents({
    ...{ people, context, provider, issuers, registry, clock },
    onEvent: told,
    watch: (changed) => watchFiles([registry.path, join(directory, 'changed')], changed),
  });
  const services = createServices({
    ...(provider === undefined ? {} : { provider }),
    issuers,
    sources: organisation.services ?? new Map(),
    context,
    environment: ports.environment ?? process.env,
    clock,
    fetch: fetchImplementation,
    onEvent: tell,
  });

  /** Whose room a session belongs to, by its id: what else a caller says of it is not believed. */
  const roomOf = (session: Pick<Session, 'id'>): typeof agents | typeof services | typeof people =>
    agents.isAgents(session) ? agents : services.isServices(session) ? services : people;
  /** For what only a person may do, signed in themselves. */
  function asPerson(session: Session, what: string): People {
    if (agents.isAgents(session)) throw mayNot(what);
    if (services.isServices(session)) throw services.mayNot(what);
    return people;
  }

  return {
    signIn: people.signIn,
    async *stepUp(session, method, signal) {
      yield* asPerson(session, 'prove who a person is').stepUp(session, method, signal);
    },
    restore: people.restore,
    people: people.people,
    logins: async (session) => asPerson(session, 'see the sign-ins of a person').logins(session),
    endLogin: async (session, id) => asPerson(session, 'end the sign-in of a person').endLogin(session, id),
    ensureLive: (session) => roomOf(session).ensureLive(session),
    confirm: (session) => roomOf(session).confirm(session),
    // Only a person can be idle: an agent that works does not keep their login alive.
    touch: async (session) => {
      if (roomOf(session) === people) await people.touch(session);
    },
    async signOut(session) {
      if (services.isServices(session)) services.signOut(session);
      else await asPerson(session, 'sign a person out').signOut(session);
    },
    deviceSigner: async (session) =>
      services.isServices(session) ? undefined : (agents.isAgents(session) ? agents : people).deviceSigner(session),
    serviceSigner: async (session) => services.signerOf(session),
    signInService: services.signIn,
    issueAgentToken: async (session, request) => {
      asPerson(session, 'issue tokens');
      return agents.issueAgentToken(session, request);
    },
    agentSession: agents.agentSession,
    agentTokens: async (session) => {
      asPerson(session, 'see the tokens of a person');
      return agents.agentTokens(session);
    },
    async stopAgent(session, which) {
      asPerson(session, 'stop agents');
      await agents.stopAgent(session, which);
    },
  };
}

/** After these a login may be gone, or have another key. */
const CHANGES_LOGINS: ReadonlySet<IdentityEvent['kind']> = new Set(['signed-out', 'revoked', 'expired', 'stepped-up']);
