/** What Settings and the account menu are shown. Plain data; no secrets. */

export interface LoginView {
  readonly id: string;
  /** Whether it is the one of this window. */
  readonly current: boolean;
  /** Thumbprint of its device key; null where none is bound. */
  readonly device: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
}

export interface AgentView {
  readonly name: string;
  readonly title: string;
  readonly maxMinutes: number;
  readonly text: string | null;
  /** Whether this person may let it act for them. */
  readonly mine: boolean;
  /** This person's tokens for it that still count. */
  readonly tokens: readonly {
    readonly id: string;
    readonly issuedAt: string;
    readonly expiresAt: string;
    readonly connections: readonly string[] | null;
  }[];
}

/** Shown once; the window keeps it nowhere. */
export interface IssuedTokenView {
  readonly token: string;
  readonly id: string;
  readonly agent: string;
  readonly expiresAt: string;
}

export interface GrantView {
  readonly id: string;
  readonly name: string;
  readonly person: string;
  readonly mine: boolean;
  readonly connection: string;
  readonly reason: string | null;
  readonly from: string;
  readonly until: string;
}

export interface GrantOfferView {
  readonly name: string;
  readonly text: string | null;
  readonly connections: readonly string[];
  readonly maxMinutes: number;
  readonly reason: boolean;
  readonly stepUp: boolean;
  /** Who has to approve; null where nobody has to. */
  readonly approval: string | null;
  readonly alert: readonly string[];
}

export interface GrantsView {
  readonly inForce: readonly GrantView[];
  readonly offers: readonly GrantOfferView[];
}

export interface SettingsView {
  readonly profile: string;
  readonly organisation: string;
  readonly identity:
    | { readonly kind: 'os-account' }
    | {
        readonly kind: 'oidc';
        readonly issuer: string;
        readonly clientId: string;
        readonly groupsFrom: readonly string[];
        /** When the directory file was signed and until when it counts; null where there is none. */
        readonly directory: { readonly issuedAt: string; readonly expiresAt: string; readonly people: number } | null;
      };
  readonly session: {
    readonly maxHours: number;
    readonly idleMinutes: number;
    readonly revalidateMinutes: number;
    readonly checkSeconds: number;
  };
  /** Where secrets are kept, in words, and what is weak about it. */
  readonly secrets: {
    readonly kind: 'keyring' | 'safe-storage' | 'file' | 'memory';
    readonly sentence: string;
    readonly weak: boolean;
  };
  readonly administrator: boolean;
  readonly services: readonly { readonly name: string; readonly title: string; readonly from: string }[];
  /** What an administrator took away, by kind. */
  readonly revoked: readonly { readonly kind: string; readonly count: number }[];
}
