import { type Desktop } from '../../../shared/contract.ts';
import { type Handlers } from '../../../shared/rpc/index.ts';
import {
  type AgentView,
  type LoginView,
  type PersonView,
  type SettingsView,
  type SignInStep,
} from '../../../shared/views.ts';
import { type LoginSummary, type SignInProgress } from '../../identity/identity.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { type ServiceSettings } from '../../profile/types.ts';
import { isAdministrator } from '../standing.ts';

type Account =
  'session.stepUp' | 'session.list' | 'session.end' | 'agents.list' | 'agents.issue' | 'agents.stop' | 'settings.state';

/** What a person sees and ends of their own: logins, agents that act for them, and what the organisation says of it all. */
export function accountHandlers(
  installation: Installation,
  seated: () => Promise<{ readonly session: Session }>,
): Pick<Handlers<Desktop>, Account> {
  const { identity } = installation;
  return {
    async *'session.stepUp'(_, signal): AsyncGenerator<SignInStep> {
      const { session } = await seated();
      for await (const step of identity.stepUp(session, 'browser', signal)) yield* stepOf(step);
    },
    async 'session.list'() {
      const { session } = await seated();
      return (await identity.logins(session)).map((login) => loginView(login, session));
    },
    async 'session.end'({ id }) {
      const { session } = await seated();
      await identity.endLogin(session, id);
      return null;
    },

    async 'agents.list'() {
      const { session } = await seated();
      return agentViews(installation, session);
    },
    async 'agents.issue'({ agent, minutes, connections }) {
      const { session } = await seated();
      const { token, issued } = await identity.issueAgentToken(session, {
        agent,
        minutes,
        ...(connections === undefined ? {} : { connections }),
      });
      return { token, id: issued.id, agent: issued.agent, expiresAt: issued.expiresAt };
    },
    async 'agents.stop'(which) {
      const { session } = await seated();
      await identity.stopAgent(session, which);
      return null;
    },

    async 'settings.state'() {
      return settingsView(installation, (await seated()).session);
    },
  };
}

/** The steps that a window knows: a device code is for machines without one. */
export function* stepOf(step: SignInProgress): Iterable<SignInStep> {
  if (step.kind === 'open' || step.kind === 'waiting') yield step;
  else if (step.kind === 'done') yield { kind: 'done', person: personView(step.session) };
}

export function personView({ principal, expiresAt }: Session): PersonView {
  const { name, email, groups, verified, issuer, steppedUpAt } = principal;
  return {
    name,
    email: email ?? null,
    groups: groups === 'unknown' ? [] : groups,
    groupsKnown: groups !== 'unknown',
    verified,
    issuer,
    expiresAt,
    steppedUpAt: steppedUpAt ?? null,
  };
}

function loginView({ id, device, createdAt, lastUsedAt, expiresAt }: LoginSummary, session: Session): LoginView {
  return { id, current: id === session.id, device: device ?? null, createdAt, lastUsedAt, expiresAt };
}

/** Agents of the policy with what this person has let them do. */
async function agentViews(installation: Installation, session: Session): Promise<readonly AgentView[]> {
  const tokens = await installation.identity.agentTokens(session);
  const { agents } = installation.inForce().policy;
  return [...agents.values()].map(({ name, title, maxMinutes, text, for: who }) => ({
    name,
    title,
    maxMinutes,
    text: text ?? null,
    mine: installation.people.isOf(who, session.principal),
    tokens: tokens
      .filter(({ agent }) => agent === name)
      .map(({ id, issuedAt, expiresAt, connections }) => ({
        id,
        issuedAt,
        expiresAt,
        connections: connections ?? null,
      })),
  }));
}

function settingsView(installation: Installation, session: Session): SettingsView {
  const { home } = installation;
  const { organisation, revocations } = installation.profile();
  const directory = installation.people.directory();
  const kinds = new Map<string, number>();
  for (const { kind } of revocations) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return {
    profile: home,
    organisation: organisation.name,
    identity:
      organisation.identity.kind === 'os-account'
        ? { kind: 'os-account' }
        : {
            kind: 'oidc',
            issuer: organisation.identity.provider.issuer,
            clientId: organisation.identity.provider.clientId,
            groupsFrom: organisation.identity.provider.groupsFrom,
            directory:
              directory === undefined
                ? null
                : { issuedAt: directory.issuedAt, expiresAt: directory.expiresAt, people: directory.people },
          },
    session: organisation.session,
    secrets: secretsView(installation),
    administrator: isAdministrator(installation, session),
    services: [...installation.inForce().policy.services.values()].map(({ name, title }) => ({
      name,
      title,
      from: sourceOf(organisation.services.get(name)),
    })),
    revoked: [...kinds].map(([kind, count]) => ({ kind, count })),
  };
}

function secretsView({ secrets }: Installation): SettingsView['secrets'] {
  const { kind, sentence } = secrets.describe();
  return { kind: kind === 'os-key-store' ? 'keyring' : kind, sentence, weak: kind === 'file' || kind === 'memory' };
}

function sourceOf(settings: ServiceSettings | undefined): string {
  switch (settings?.kind) {
    case undefined:
      return 'this machine has no token for it';
    case 'client':
      return `client credentials of ${settings.clientId}`;
    case 'environment':
      return `a token in the variable ${settings.variable}`;
    case 'file':
      return `a token in ${settings.path}`;
    case 'github':
      return 'GitHub Actions';
  }
}
