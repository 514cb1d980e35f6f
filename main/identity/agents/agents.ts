import { randomUUID } from 'node:crypto';
import { CountersignError } from '../../errors.ts';
import { type IdentityContext, type KnownAgent } from '../context.ts';
import { type DeviceSigner, type Identity, type IdentityEvent, type People } from '../identity.ts';
import { type Principal, type Session, type SessionId } from '../principal.ts';
import { mayNot, notYours, revoked, stopped, tokenExpired, unknownAgent } from './refusals.ts';
import { createTokenReader, type TokenReaderPorts } from './read-token.ts';
import { type ListedToken, summaryOf, type TokenRegistry } from './registry.ts';
import { signAgentToken } from './token.ts';

export interface AgentPorts extends TokenReaderPorts {
  readonly people: TokenReaderPorts['people'] & Pick<People, 'confirm' | 'logins'>;
  readonly context: IdentityContext;
  readonly registry: TokenRegistry;
  /** A token is given out, or counts from now on, only after this has resolved for it. */
  readonly onEvent: (event: IdentityEvent) => Promise<void>;
  /** Calls back soon after another process changed what tokens or logins there are; gives what ends that. */
  readonly watch: (changed: () => void) => () => void;
}

/** Agents that act for a person: never more than the person, and no longer than the login that let them. */
export interface Agents extends Pick<Identity, 'issueAgentToken' | 'agentSession' | 'agentTokens' | 'stopAgent'> {
  isAgents(session: Pick<Session, 'id'>): boolean;
  ensureLive(session: Pick<Session, 'id'>): Promise<Session>;
  /** Asks the provider whether the person's login still stands. */
  confirm(session: Session): Promise<void>;
  /** The person's, for nothing but the proof that a working session begins. */
  deviceSigner(session: Session): Promise<DeviceSigner | undefined>;
  /** Something happened to logins, tokens, policy or revocations: sessions that no longer count end now. */
  lookAgain(): Promise<void>;
}

/** What begins a working session (main/gate/record-identity.ts): all that an agent's session has signed. */
const SESSION_PROOF = 'countersign-session';
const PREFIX = 'agent:';

/** An agent's session in this process: the token it came with, and what it was when last looked at. */
interface Acting {
  readonly token: string;
  readonly session: Session;
}

export function createAgents(ports: AgentPorts): Agents {
  const { people, context, registry, clock, onEvent, watch } = ports;
  const reader = createTokenReader(ports);
  const acting = new Map<SessionId, Acting>();
  let unwatch: (() => void) | undefined;

  const isAgents = ({ id }: Pick<Session, 'id'>): boolean => id.startsWith(PREFIX);
  const iso = (ms: number): string => new Date(ms).toISOString();

  function known(name: string, person: Principal): KnownAgent {
    const agents = context.agents();
    const agent = agents.get(name);
    if (agent === undefined) throw unknownAgent(name, agents.keys());
    if (context.revocations().agents.has(name)) throw revoked(name);
    if (!context.isOf(agent.for, person)) throw notYours(name);
    return agent;
  }

  /** Everything that must hold for a token to count now. Nothing is remembered of an earlier yes but the token itself. */
  async function check(token: string): Promise<Checked> {
    const read = await reader.read(token);
    const { id, agent: name, person, signer, connections } = read;
    const { issuer, subject } = person.principal;
    if (context.revocations().tokens.has(id)) throw revoked(name);
    const agent = known(name, person.principal);
    // An administrator who lowers the minutes shortens what is already issued.
    const ends = Math.min(read.expiresAt, read.issuedAt + agent.maxMinutes * 60_000);
    if (clock() >= ends) throw tokenExpired();
    const counts =
      read.madeBy === 'person'
        ? (await registry.list()).some((listed) => listed.id === id && listed.key === signer.thumbprint)
        : !(await registry.wasStopped({ issuer, subject, agent: name, id }, read.issuedAt));
    if (!counts) throw stopped(name);
    const said = connections === undefined ? {} : { connections };
    return {
      person,
      signer,
      session: {
        id: `${PREFIX}${id}` as SessionId,
        principal: actingFor(person.principal, { id: name, name: agent.title, token: id }),
        expiresAt: iso(Math.min(ends, Date.parse(person.expiresAt))),
        ...said,
      },
      listed: {
        ...{ id, agent: name, issuedAt: iso(read.issuedAt), expiresAt: iso(ends), ...said },
        ...{ issuer, subject, login: person.id, key: signer.thumbprint, madeBy: read.madeBy },
      },
    };
  }

  /** Who let an agent act is told before it does. What cannot be told does not happen. */
  async function begin(listed: ListedToken, session: Session): Promise<void> {
    if (!(await registry.add(listed))) return;
    try {
      await onEvent({ kind: 'token-issued', session, token: summaryOf(listed) });
    } catch (error) {
      const { issuer, subject, id } = listed;
      await registry.stop({ issuer, subject, which: { token: id } });
      throw error;
    }
  }

  function forget(id: SessionId, kind: 'expired' | 'revoked'): void {
    const ended = acting.get(id);
    if (ended === undefined) return;
    acting.delete(id);
    if (acting.size === 0) {
      unwatch?.();
      unwatch = undefined;
    }
    void onEvent({ kind, session: ended.session }).catch(() => undefined);
  }

  async function look({ id }: Pick<Session, 'id'>): Promise<Checked> {
    const known = acting.get(id);
    if (known === undefined) {
      throw new CountersignError('session-ended', 'The session of this agent is over.', {
        next: 'Ask the person it acts for to issue a new token with: countersign agent issue.',
      });
    }
    try {
      const checked = await check(known.token);
      if (acting.has(id)) acting.set(id, { token: known.token, session: checked.session });
      return checked;
    } catch (error) {
      if (error instanceof CountersignError && error.code.startsWith('agent-'))
        forget(id, error.code === 'agent-token-expired' ? 'expired' : 'revoked');
      throw error;
    }
  }

  async function lookAgain(): Promise<void> {
    for (const id of [...acting.keys()]) await look({ id }).catch(() => undefined);
  }

  return {
    isAgents,
    lookAgain,
    ensureLive: async (session) => (await look(session)).session,

    async issueAgentToken(session, request) {
      const person = await people.ensureLive(session);
      const agent = known(request.agent, person.principal);
      checkMinutes(request.minutes, agent);
      const connections = request.connections === undefined ? undefined : checkConnections(request.connections);
      const signer = await people.deviceSigner(person);
      if (signer === undefined) {
        throw new CountersignError(
          'agent-no-device-key',
          'No device key is bound to this sign-in to sign a token with.',
          {
            next: 'Sign in with an identity provider, in the browser: countersign login. A local profile has no agents.',
          },
        );
      }
      const issuedAt = Math.floor(clock() / 1000);
      const ends = Math.min(issuedAt + request.minutes * 60, Math.floor(Date.parse(person.expiresAt) / 1000));
      const id = randomUUID();
      const { issuer, subject } = person.principal;
      const said = connections === undefined ? {} : { connections };
      const token = await signAgentToken(
        { sub: subject, act: { sub: agent.name }, sid: person.id, jti: id, iat: issuedAt, exp: ends, ...said },
        signer,
      );
      const listed: ListedToken = {
        ...{ id, agent: agent.name, issuedAt: iso(issuedAt * 1000), expiresAt: iso(ends * 1000), ...said },
        ...{ issuer, subject, login: person.id, key: signer.thumbprint, madeBy: 'person' },
      };
      await begin(listed, person);
      return { token, issued: summaryOf(listed) };
    },

    async agentSession(token) {
      const { session, person, listed } = await check(token);
      if (listed.madeBy === 'provider') await begin(listed, person);
      acting.set(session.id, { token, session });
      unwatch ??= watch(() => void lookAgain());
      return session;
    },

    async agentTokens(session) {
      const keys = new Map((await people.logins(session)).map(({ id, device }) => [id, device]));
      const { issuer, subject } = session.principal;
      return (await registry.list())
        .filter((listed) => listed.issuer === issuer && listed.subject === subject)
        .filter(({ madeBy, login, key }) => madeBy === 'provider' || keys.get(login) === key)
        .filter(({ expiresAt }) => clock() < Date.parse(expiresAt))
        .map(summaryOf);
    },

    async stopAgent(session, which) {
      const { issuer, subject } = session.principal;
      const ended = await registry.stop({ issuer, subject, which });
      if (ended.length === 0 && 'token' in which) {
        throw new CountersignError(
          'agent-token-unknown',
          `You have no token ${JSON.stringify(which.token)} that still counts.`,
          {
            next: 'countersign agent list shows those that do.',
          },
        );
      }
      // What runs ends before anything is written down.
      await lookAgain();
      for (const listed of ended) await onEvent({ kind: 'token-stopped', session, token: summaryOf(listed) });
    },

    async confirm(session) {
      const { person } = await look(session);
      await people.confirm(person).catch(async (error: unknown) => {
        await look(session);
        throw error;
      });
    },

    async deviceSigner(session) {
      const { signer } = await look(session);
      return {
        ...signer,
        sign: (payload, type) =>
          type === SESSION_PROOF ? signer.sign(payload, type) : Promise.reject(mayNot('sign in the name of a person')),
      };
    },
  };
}

interface Checked {
  readonly person: Session;
  readonly signer: DeviceSigner;
  /** The agent's. */
  readonly session: Session;
  readonly listed: ListedToken;
}

/** The person's own name and groups, and the agent beside them. That the person stepped up is not the agent's to use. */
function actingFor({ steppedUpAt: _theirs, ...person }: Principal, agent: NonNullable<Principal['agent']>): Principal {
  return { ...person, agent };
}

function checkMinutes(minutes: number, { name, maxMinutes }: KnownAgent): void {
  if (Number.isSafeInteger(minutes) && minutes >= 1 && minutes <= maxMinutes) return;
  throw new CountersignError(
    'agent-minutes',
    `A token for ${name} lasts from 1 to ${String(maxMinutes)} minutes, not ${String(minutes)}.`,
    { next: 'Ask for fewer minutes, or ask an administrator to raise maxMinutes in policy.yaml.' },
  );
}

function checkConnections(names: readonly string[]): readonly string[] {
  const distinct = [...new Set(names)];
  if (
    distinct.length >= 1 &&
    distinct.length <= 100 &&
    distinct.every((name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
  )
    return distinct;
  throw new CountersignError('agent-connections', 'A token is for 1 to 100 connections, each by its name.', {
    next: 'Name the connections as countersign connections shows them, or none, for all that policy gives.',
  });
}
