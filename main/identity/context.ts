/** What identity has to know of the rest of the profile, as it is now: asked anew each time, because files change. */
export interface IdentityContext {
  readonly revocations: () => Revocations;
  /** Undefined where there is no directory file, or none that verifies and has not expired. */
  readonly directory: () => Directory | undefined;
  /** Agents and services of the policy in force. */
  readonly agents: () => ReadonlyMap<string, KnownAgent>;
  readonly services: () => ReadonlyMap<string, KnownService>;
  /** The policy's own names for groups by the provider's. */
  readonly isOf: (
    who: KnownAgent['for'],
    person: { readonly email?: string; readonly groups: readonly string[] | 'unknown' },
  ) => boolean;
}

/** Who and what counts no more (revocations.yaml). All of it is refused until its line is taken out again. */
export interface Revocations {
  /** E-mail addresses in lower case, or `issuer subject`. */
  readonly people: ReadonlySet<string>;
  /** RFC 7638 thumbprints of device keys. */
  readonly devices: ReadonlySet<string>;
  readonly agents: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  /** Ids of agents' tokens. */
  readonly tokens: ReadonlySet<string>;
  /** Ids of grants. */
  readonly grants: ReadonlySet<string>;
}

export const NO_REVOCATIONS: Revocations = {
  people: new Set(),
  devices: new Set(),
  agents: new Set(),
  services: new Set(),
  tokens: new Set(),
  grants: new Set(),
};

/** People and their groups, from a file that an administrator's job signed (directory.ts). */
export interface Directory {
  /** ISO 8601. */
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly people: number;
  /** Undefined for somebody who is not in it: that is unknown, not none. */
  groupsOf(person: {
    readonly issuer: string;
    readonly subject: string;
    readonly email?: string;
  }): readonly string[] | undefined;
}

/** An agent as policy.yaml describes it; `for` is the policy's own and opaque here. */
export interface KnownAgent {
  readonly name: string;
  readonly title: string;
  readonly for: object;
  /** Its client at the organisation's provider, where that exchanges tokens (RFC 8693): tokens of the provider that name it count. */
  readonly client?: string;
  readonly maxMinutes: number;
}

export interface KnownService {
  readonly name: string;
  readonly title: string;
  readonly maxMinutes: number;
  readonly known:
    | { readonly by: 'client'; readonly clientId: string }
    | {
        readonly by: 'token';
        readonly issuer: string;
        readonly audience: string;
        readonly accepts: (claims: Readonly<Record<string, unknown>>) => boolean | 'failed';
      };
}

/** A profile without agents, services and revocations. */
export const NOTHING_KNOWN: IdentityContext = {
  revocations: () => NO_REVOCATIONS,
  directory: () => undefined,
  agents: () => new Map(),
  services: () => new Map(),
  isOf: () => false,
};
