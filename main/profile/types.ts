/** The profile directory: everything one person's installation knows and keeps, in a few files (docs/configuration.md). */

import { type Environment } from '../policy/vocabulary.ts';

export { type Environment };

/** Where a secret is, never the secret: `keyring:NAME`, `file:PATH` (0600, inside the profile), `env:NAME`. */
export type SecretReference = string & { readonly __brand: 'SecretReference' };

export interface Connection {
  /** Name used on the command line and in policy: lower case letters, digits, dashes. */
  readonly name: string;
  readonly title: string;
  readonly engine: 'postgres';
  readonly environment: Environment;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: SecretReference;
  readonly tls: 'disable' | 'prefer' | 'require' | 'verify-full';
  /** PEM file of the certificate authority for verify-full; system roots where absent. */
  readonly ca?: string;
  /** Schemas of the search path after pg_catalog; default public. */
  readonly searchPath: readonly string[];
  readonly team?: string;
  /** Whether lineage is read a second time from the server's own trees; `when_quiet` where absent. */
  readonly secondLineage?: SecondLineage;
  /** Powers of the role that would refuse every session, accepted in words. */
  readonly accept?: { readonly weaknesses: readonly AcceptableWeakness[]; readonly because: string };
}

/** Powers of a database role with which nobody is governed unless the connection accepts them. */
export const ACCEPTABLE_WEAKNESSES = [
  'superuser',
  'replication',
  'bypass-row-security',
  'create-role',
  'read-server-files',
  'write-server-files',
  'execute-server-programs',
] as const;
export type AcceptableWeakness = (typeof ACCEPTABLE_WEAKNESSES)[number];

/**
 * The server sends the trees of a statement it has parsed, and writes them to its log as well unless the role has
 * `log_min_messages` of fatal or panic: `when_quiet` asks for them only then.
 */
export const SECOND_LINEAGE = ['when_quiet', 'always', 'never'] as const;
export type SecondLineage = (typeof SECOND_LINEAGE)[number];

export interface OidcProvider {
  /** https:, or http: on loopback only. */
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly redirect: { readonly host: string; readonly ports: 'any' | readonly number[]; readonly path: string };
  /** Claim that holds groups in ID token or userinfo. */
  readonly groupsClaim: string;
  readonly groupsFrom: readonly ('id-token' | 'userinfo' | 'directory')[];
  /** Signs directory.json: an Ed25519 or ES256 public key as JWK. */
  readonly directoryKey?: Readonly<Record<string, string>>;
  readonly stepUp: {
    readonly acrValues: readonly string[];
    readonly acr: readonly string[];
    readonly amr: readonly string[];
    readonly requireAuthTime: boolean;
  };
  /** Of a client that is public and yet has one, as Google's desktop clients do. */
  readonly clientSecret?: SecretReference;
  /** Claims that the ID token must carry with exactly this value. */
  readonly requiredClaims: Readonly<Record<string, string>>;
  /** Asked of the provider besides, such as Google's access_type. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
}

export type ServiceSettings =
  | {
      readonly kind: 'client';
      readonly clientId: string;
      readonly key: SecretReference;
      readonly assertionAudience: 'issuer' | 'token-endpoint';
      readonly scopes: readonly string[];
    }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'github' };

export interface Organisation {
  readonly name: string;
  /** `oidc` for an organisation, `os-account` for a local profile: identity not verified, and said so. */
  readonly identity: { readonly kind: 'oidc'; readonly provider: OidcProvider } | { readonly kind: 'os-account' };
  readonly session: {
    readonly maxHours: number;
    readonly idleMinutes: number;
    readonly revalidateMinutes: number;
    readonly checkSeconds: number;
  };
  /** Groups (the provider's names) whose members may change policy and end what is not theirs. */
  readonly administrators: readonly string[];
  /** How this machine gets the tokens of the services that policy.yaml names. */
  readonly services: ReadonlyMap<string, ServiceSettings>;
  /** `keyring` (default), or `file` where an administrator accepts 0600 files because the machine has no OS key store. */
  readonly secrets: 'keyring' | 'file';
  readonly record: RecordSettings;
}

/** Where the record goes besides this machine, and who may look at it. */
export interface RecordSettings {
  /** Copies of every log: a directory outside the profile, or S3-compatible storage. */
  readonly store?: StoreSettings;
  /** Witnesses (C2SP tlog-witness) that sign that the log only grew, and how many of them count as witnessed. */
  readonly witnesses: readonly { readonly url: string; readonly key: string }[];
  readonly quorum: number;
  /** RFC 3161 time stamping authority for one checkpoint a day. */
  readonly timestamp?: { readonly url: string };
  /** When waiting for the store warns, refuses what is risky (all but reads), refuses everything; absent = never. */
  readonly pressure: {
    readonly warn: PressureLimit;
    readonly refuseRisky?: PressureLimit;
    readonly refuseAll?: PressureLimit;
  };
  /** Seconds that a statement waits for the level that policy demands of its record. */
  readonly reachSeconds: number;
  /** Groups (the provider's names) whose members see everybody's activity; others see their own. */
  readonly reviewers: readonly string[];
  /** PostgreSQL that holds the search index for a team (a connection URL kept as a secret); SQLite in the profile where absent. */
  readonly index?: SecretReference;
  /** Most minutes without an event while a log is open. */
  readonly heartbeatMinutes: number;
  /** Keeps the record also where nothing can be promised: on a network file system or in a synchronised folder. */
  readonly acceptSharedDisk: boolean;
}

/** Whichever is met first. */
export interface PressureLimit {
  readonly events?: number;
  readonly hours?: number;
}

export type StoreSettings =
  | { readonly kind: 'directory'; readonly path: string; readonly retainDays: number }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Without leading or trailing `/`; may be empty. */
      readonly prefix: string;
      readonly region: string;
      /** https:, or http: on loopback only; the provider's own where absent. */
      readonly endpoint?: string;
      /** Bucket in the path instead of the host name: what most S3-compatible servers want. */
      readonly pathStyle: boolean;
      /** `environment`: the credential chain of the AWS SDK (variables, profile, SSO, role); else two secrets. */
      readonly credentials:
        'environment' | { readonly accessKeyId: SecretReference; readonly secretAccessKey: SecretReference };
      /** Days of Object Lock retention (compliance mode) on each object; 0 = none is asked for. */
      readonly retainDays: number;
    };
