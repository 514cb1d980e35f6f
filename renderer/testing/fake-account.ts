import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import {
  type AgentView,
  type GrantOfferView,
  type GrantView,
  type LoginView,
  type PersonView,
  type SettingsView,
} from '../../shared/views.ts';

/** The account's part of a gate made of plain data: logins, agents, grants and what an organisation says of itself. */

export interface FakeAccountOptions {
  /** `empty`: no agents, no grants, one login. `administrator`: sees and ends everybody's grants. */
  readonly state?: 'full' | 'empty' | 'loading' | 'failing' | 'administrator' | 'weak' | undefined;
  readonly local?: boolean;
  /** ms before an answer. */
  readonly delay?: number;
}

/** Who is signed in and what they have taken, shared with the rest of the gate. */
export interface FakeSession {
  person: PersonView | null;
  /** Grants in force. */
  grants: readonly GrantView[];
}

type AccountCalls = Pick<
  Client<Desktop>,
  | 'session.stepUp'
  | 'session.list'
  | 'session.end'
  | 'agents.list'
  | 'agents.issue'
  | 'agents.stop'
  | 'grants.list'
  | 'grants.take'
  | 'grants.end'
  | 'settings.state'
>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const fromNow = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** An error as it comes over the link. */
export const refusal = (code: string, message: string, next: string): Error =>
  Object.assign(new Error(message), { code, next });

const logins: readonly LoginView[] = [
  {
    id: 'login-1',
    current: true,
    device: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    createdAt: fromNow(-2 * HOUR),
    lastUsedAt: fromNow(-20_000),
    expiresAt: fromNow(6 * HOUR),
  },
  {
    id: 'login-2',
    current: false,
    device: 'q0LxH9Vb2c6mTn7yQF4oB-kP3sR1uWdEaZ5jYtGhXvM',
    createdAt: fromNow(-26 * HOUR),
    lastUsedAt: fromNow(-3 * HOUR),
    expiresAt: fromNow(22 * HOUR),
  },
];

const agents: readonly AgentView[] = [
  {
    name: 'scout',
    title: 'Scout',
    maxMinutes: 60,
    text: 'Answers questions about the shop from Claude Code and from the terminal.',
    mine: true,
    tokens: [
      {
        id: '7d1c0f5a',
        issuedAt: fromNow(-18 * MINUTE),
        expiresAt: fromNow(42 * MINUTE),
        connections: ['shop-staging'],
      },
      { id: 'e93b2c44', issuedAt: fromNow(-56 * MINUTE), expiresAt: fromNow(4 * MINUTE), connections: null },
    ],
  },
  { name: 'librarian', title: 'Librarian', maxMinutes: 480, text: null, mine: true, tokens: [] },
  {
    name: 'ledger',
    title: 'Ledger',
    maxMinutes: 30,
    text: 'Reconciles payments for the finance team.',
    mine: false,
    tokens: [],
  },
];

const offers: readonly GrantOfferView[] = [
  {
    name: 'see-clear',
    text: 'See personal data of customers in clear.',
    connections: ['shop-production', 'shop-staging'],
    maxMinutes: 30,
    reason: true,
    stepUp: false,
    approval: null,
    alert: [],
  },
  {
    name: 'break-glass',
    text: 'Write on production in an emergency.',
    connections: ['shop-production'],
    maxMinutes: 60,
    reason: true,
    stepUp: true,
    approval: null,
    alert: ['group:security', 'oncall@harbor.example'],
  },
  {
    name: 'write-production',
    text: 'Write on production.',
    connections: ['shop-production'],
    maxMinutes: 120,
    reason: true,
    stepUp: false,
    approval: '1 of group:engineers of team Shop',
    alert: [],
  },
];

const grants: readonly GrantView[] = [
  {
    id: '01982f6a-53c1-7b40-9d1e-0f7a1b2c3d4e',
    name: 'write-production',
    person: 'Ana Ruiz',
    mine: true,
    connection: 'shop-production',
    reason: 'Ticket 4711: correct the returned orders',
    from: fromNow(-8 * MINUTE),
    until: fromNow(22 * MINUTE),
  },
];

const othersGrant: GrantView = {
  id: '01982f6b-0a44-7c02-8a7e-5d6c7b8a9f00',
  name: 'break-glass',
  person: 'Dev Patel',
  mine: false,
  connection: 'shop-production',
  reason: 'Orders stuck since 09:12',
  from: fromNow(-31 * MINUTE),
  until: fromNow(29 * MINUTE),
};

const settings: SettingsView = {
  profile: '~/.config/countersign/harbor',
  organisation: 'Harbor Goods',
  identity: {
    kind: 'oidc',
    issuer: 'https://id.harbor.example',
    clientId: 'countersign-desktop',
    groupsFrom: ['id-token', 'userinfo', 'directory'],
    directory: { issuedAt: fromNow(-5 * HOUR), expiresAt: fromNow(67 * HOUR), people: 214 },
  },
  session: { maxHours: 12, idleMinutes: 60, revalidateMinutes: 10, checkSeconds: 30 },
  secrets: { kind: 'keyring', sentence: 'In the key store of this computer.', weak: false },
  administrator: false,
  services: [
    { name: 'nightly', title: 'Nightly reports', from: 'client countersign-nightly' },
    { name: 'deploy', title: 'Deployments', from: 'https://token.actions.githubusercontent.com' },
  ],
  revoked: [
    { kind: 'person', count: 1 },
    { kind: 'device', count: 3 },
  ],
};

const localSettings: SettingsView = {
  ...settings,
  profile: '~/.config/countersign',
  organisation: 'Local profile',
  identity: { kind: 'os-account' },
  administrator: true,
  services: [],
  revoked: [],
};

export function fakeAccount(options: FakeAccountOptions, session: FakeSession): AccountCalls {
  const { state = 'full', delay = 25, local = false } = options;
  const empty = state === 'empty' || local;
  let knownLogins = empty ? logins.slice(0, 1) : logins;
  let knownAgents = empty ? [] : agents;
  session.grants = empty ? [] : state === 'administrator' ? [...grants, othersGrant] : grants;

  /** Every answer comes after the same moment, or as the state says never, or never well. */
  const answered = async <T>(value: () => T): Promise<T> => {
    if (state === 'loading') await new Promise(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, delay));
    if (state === 'failing')
      throw refusal('store-unreadable', 'The grants cannot be read: the file is damaged.', 'Start Countersign again.');
    return value();
  };
  const steppedUp = (): boolean => session.person?.steppedUpAt != null;

  return {
    'session.stepUp': async function* () {
      const { person } = session;
      if (person === null) throw refusal('signed-out', 'Nobody is signed in.', 'Sign in.');
      yield { kind: 'open', url: 'http://id.localhost:7007/authorize?client_id=countersign&prompt=login&max_age=0' };
      yield { kind: 'waiting' };
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const again = { ...person, steppedUpAt: fromNow(0) };
      session.person = again;
      yield { kind: 'done', person: again };
    },
    'session.list': () => answered(() => knownLogins),
    'session.end': ({ id }) =>
      answered(() => {
        knownLogins = knownLogins.filter((login) => login.id !== id);
        return null;
      }),
    'agents.list': () => answered(() => knownAgents),
    'agents.issue': ({ agent, minutes, connections }) =>
      answered(() => {
        const id = crypto.randomUUID().slice(0, 8);
        const token = {
          id,
          issuedAt: fromNow(0),
          expiresAt: fromNow(minutes * MINUTE),
          connections: connections ?? null,
        };
        knownAgents = knownAgents.map((one) => (one.name === agent ? { ...one, tokens: [token, ...one.tokens] } : one));
        return {
          token: `eyJhbGciOiJFZERTQSIsInR5cCI6ImNvdW50ZXJzaWduLWFnZW50K2p3dCJ9.${btoa(id.repeat(24))}.${btoa(agent.repeat(8))}`,
          id,
          agent,
          expiresAt: token.expiresAt,
        };
      }),
    'agents.stop': (which) =>
      answered(() => {
        knownAgents = knownAgents.map((agent) => ({
          ...agent,
          tokens: agent.tokens.filter(({ id }) => ('token' in which ? id !== which.token : agent.name !== which.agent)),
        }));
        return null;
      }),
    'grants.list': () => answered(() => ({ inForce: session.grants, offers: empty ? [] : offers })),
    'grants.take': ({ grant, connection, minutes, reason }) =>
      answered(() => {
        const offer = offers.find(({ name }) => name === grant);
        if (offer === undefined) throw refusal('no-such-grant', `There is no grant ${grant}.`, 'Look at the list.');
        if (offer.approval !== null)
          throw refusal(
            'approval-needed',
            `The grant ${grant} needs the approval of ${offer.approval}.`,
            'Ask one of them.',
          );
        if (offer.reason && (reason ?? '').trim().length < 4)
          throw refusal('reason-needed', `The grant ${grant} asks for a reason.`, 'Write why you need it.');
        if (offer.stepUp && !steppedUp())
          throw refusal('step-up-needed', `The grant ${grant} asks that you confirm it is you.`, 'Sign in again.');
        const taken: GrantView = {
          id: crypto.randomUUID(),
          name: grant,
          person: session.person?.name ?? '',
          mine: true,
          connection,
          reason: reason ?? null,
          from: fromNow(0),
          until: fromNow((minutes ?? offer.maxMinutes) * MINUTE),
        };
        session.grants = [...session.grants, taken];
        return taken;
      }),
    'grants.end': ({ id }) =>
      answered(() => {
        session.grants = session.grants.filter((grant) => grant.id !== id);
        return null;
      }),
    'settings.state': () =>
      answered(() => {
        if (local) return localSettings;
        if (state === 'administrator') return { ...settings, administrator: true };
        if (state !== 'weak') return settings;
        return {
          ...settings,
          secrets: {
            kind: 'file',
            sentence: 'In a file that only this account can read: no key store answers on this computer.',
            weak: true,
          },
        };
      }),
  };
}
