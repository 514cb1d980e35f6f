import {
  type IdentityContext,
  type KnownAgent,
  NO_REVOCATIONS,
  NOTHING_KNOWN,
  type Revocations,
} from '../../context.ts';
import { createIdentity, type Identity, type IdentityEvent, type Session } from '../../index.ts';
import { browser, claimsOf, clock, issuer, key, profile, secrets } from '../../testing/bench.ts';
import { settingsFor, signIn } from '../../testing/sign-in.ts';

/** What policy and revocations say, changed by a test at any time. */
export interface Known {
  agents: Map<string, KnownAgent>;
  revocations: Revocations;
}

export interface Office {
  readonly identity: Identity;
  readonly known: Known;
  readonly events: IdentityEvent[];
  /** Resolves when something of this kind happens, or has. */
  happened(kind: IdentityEvent['kind']): Promise<IdentityEvent>;
}

/** Agents as the policy of a test describes them; `for` is a group of the provider. */
export const agent = (name: string, group = 'analysts', maxMinutes = 60): [string, KnownAgent] => [
  name,
  { name, title: name.toUpperCase(), for: { group }, maxMinutes },
];

const WHO: IdentityContext['isOf'] = (who, { groups }) =>
  groups !== 'unknown' && 'group' in who && groups.includes(String(who.group));

/** One process of a profile at the test's own provider. */
export function office(
  options: {
    readonly home?: string;
    readonly idleMinutes?: number;
    /** What the record cannot take. */
    readonly fails?: IdentityEvent['kind'];
  } = {},
): Office {
  const known: Known = { agents: new Map([agent('scout'), agent('other', 'engineers')]), revocations: NO_REVOCATIONS };
  const events: IdentityEvent[] = [];
  const waiting: { readonly kind: IdentityEvent['kind']; readonly resolve: (event: IdentityEvent) => void }[] = [];
  const { idleMinutes = 60 } = options;
  const identity = createIdentity({
    organisation: settingsFor(issuer.issuer, 'desktop', { idleMinutes, revalidateMinutes: 600 }),
    secrets,
    profileDirectory: options.home ?? profile,
    context: {
      ...NOTHING_KNOWN,
      agents: () => known.agents,
      revocations: () => known.revocations,
      isOf: WHO,
    },
    clock: () => clock.now,
    async onEvent(event) {
      if (event.kind === options.fails) await Promise.reject(new Error('the disk is full'));
      events.push(event);
      for (const { kind, resolve } of waiting) if (kind === event.kind) resolve(event);
    },
  });
  return {
    identity,
    known,
    events,
    happened: (kind) =>
      new Promise((resolve) => {
        const earlier = events.find((event) => event.kind === kind);
        if (earlier === undefined) waiting.push({ kind, resolve });
        else resolve(earlier);
      }),
  };
}

/** Ana signs in; or whoever the claims name. */
export const person = (identity: Identity, claims: Readonly<Record<string, unknown>> = {}): Promise<Session> =>
  signIn(
    identity,
    browser((nonce) => key.sign({ ...claimsOf(nonce), ...claims })),
  );
