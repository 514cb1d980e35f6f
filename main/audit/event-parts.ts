/** What events of the record are made of. Names are the keys of the leaf. */

/** Content that lies in an encrypted blob; the leaf keeps only a salted commitment, its length and the blob's address. */
export interface Secret {
  readonly text: string | Uint8Array;
}

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly instance?: string;
  readonly version?: string;
  readonly model?: string;
  /** SHA-256 of the agent's configuration, hex. */
  readonly charter?: string;
}

/** Who: a person as the identity provider names them, or the OS account (`verified: false`). */
export interface Actor {
  readonly user: {
    readonly iss: string;
    readonly sub: string;
    readonly name?: string;
    readonly email?: string;
    readonly groups?: readonly string[] | 'unknown';
    readonly verified: boolean;
  };
  readonly agent?: Agent;
  /** A service or CI job, by its name in the policy: `user` is then its own issuer and subject, and nobody is behind it. */
  readonly service?: string;
  /** Index of the `key.bind` leaf that ties the device key to this person. */
  readonly bind?: number;
}

export interface Device {
  /** RFC 7638 thumbprint of the device key, or another stable name of the machine. */
  readonly id?: string;
  readonly app: string;
  readonly version: string;
  readonly os?: string;
}

export interface Source {
  readonly door: 'desktop' | 'cli' | 'postgres' | 'mysql' | 'mcp';
  readonly address?: string;
  readonly host?: string;
}

export interface Database {
  readonly id: string;
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly role: string;
  readonly env: string;
  readonly tls?: string;
}

export interface ObjectUse {
  readonly name: string;
  readonly access: 'read' | 'write';
  readonly via?: string;
}

export interface ColumnRecord {
  /** schema.relation.column */
  readonly name: string;
  readonly place: string;
  readonly class?: string;
}

export interface Operation {
  readonly class: 'read' | 'write' | 'ddl' | 'dcl' | 'admin' | 'export' | 'connect' | 'session' | 'unknown';
  readonly title: string;
  readonly fingerprint?: string;
  /** The statement with every literal replaced: the only form of it that the leaf keeps in clear. */
  readonly norm?: string;
  readonly objects: readonly ObjectUse[];
  readonly columns: readonly ColumnRecord[];
  readonly text: Secret;
  readonly params?: Secret & { readonly n: number };
  /** The id also sent to the server in application_name or a comment. */
  readonly tag?: string;
}

export interface Decision {
  /** SHA-256 of the policy in force, hex. */
  readonly hash: string;
  readonly version?: string;
  readonly decision: 'allow' | 'refuse' | 'ask';
  readonly rules: readonly string[];
  /** Mask, row limit, reason, approval ... in the words of the verdict. */
  readonly obligations?: readonly string[];
  readonly reasons?: readonly { readonly code: string; readonly sentence: string }[];
  /** Single uses of masked columns that only a permit allows. */
  readonly permits?: readonly {
    readonly form: string;
    readonly class: string;
    readonly columns: readonly string[];
    readonly rules: readonly string[];
    /** Of an equality: HMAC-SHA-256 of the value under a key of the profile and the class, hex. */
    readonly value?: string;
  }[];
  /** Leaf indexes of the approvals used. */
  readonly approvals?: readonly number[];
  /** What the policy was asked and what it answered, as JSON (docs/log-format.md): enough to decide again offline. */
  readonly input?: Secret;
}

export interface Why {
  readonly reason?: string;
  readonly ticket?: string;
}

/** The event that this one ends or answers: its index and leaf hash (hex). */
export interface Reference {
  readonly i: number;
  readonly h: string;
}

export interface Outcome {
  readonly status: 'done' | 'failed' | 'cancelled' | 'refused';
  readonly sqlstate?: string;
  /** Stable code of the error or refusal; never the server's text, which may hold values. */
  readonly code?: string;
  readonly rows?: number;
  readonly changed?: number;
  readonly bytes?: number;
  readonly ms?: number;
  readonly masked?: readonly { readonly class: string; readonly cells: number }[];
  /** Why the result was cut, where it was. */
  readonly cut?: string;
  /** What the server said of itself: backend pid, transaction id, LSN, transaction end, what it read and by which definitions. */
  readonly server?: {
    readonly pid?: number;
    readonly xid?: string;
    readonly lsn?: string;
    readonly end?: 'commit' | 'rollback';
    /** Hashes of its trees of the statement without constants, and of the marks of what the statement uses; hex. */
    readonly tree?: string;
    readonly mark?: string;
  };
}

/** What the database role can do besides what it is for: codes of main/gate/role/weakness.ts. */
export interface RoleRecord {
  readonly weak: readonly string[];
  /** Of those, the ones that would refuse every session and that the connection accepts. */
  readonly accepted: readonly string[];
}

export interface KeyBinding {
  readonly alg: string;
  readonly thumbprint: string;
  readonly iss: string;
  readonly sub: string;
  readonly aud?: string;
  readonly nonce?: string;
  readonly iat?: number;
  readonly exp?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** When the login ends at the latest, whatever the token says of itself; seconds since 1970 like `iat` and `exp`. */
  readonly until?: number;
  /** Of a service, which has no PK token: how it was known, and the public key of its session. */
  readonly method?: 'workload-token' | 'client-credentials';
  readonly key?: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  /**
   * The PK token (OpenPubkey, JWS JSON general serialization): the provider's signature over the key, the key's over the
   * token. Of a service its token (compact JWS), or nothing where that is opaque.
   */
  readonly token?: Secret;
  /** The provider's signature keys as published at the login (JWK Set): with them the token verifies offline for ever. */
  readonly jwks?: Secret;
}

/** Who made what and where it went; never the content. */
export interface ExportRecord {
  readonly format: string;
  readonly to: 'file' | 'clipboard' | 'stream';
  readonly rows?: number;
  readonly columns?: number;
  readonly masked?: number;
  readonly bytes?: number;
  /** SHA-256 of what was written, hex. */
  readonly sha256?: string;
}

/** An approval as the record knows it; its own signed form is in the approvals hub and, whole, in `signed`. */
export interface ApprovalRecord {
  readonly id: string;
  /** What it is for: write, unmask, access, export, break-glass, script. */
  readonly kind: string;
  /** SHA-256 of what is bound, hex. */
  readonly binds: string;
  readonly decision?: 'approved' | 'refused' | 'revoked';
  readonly expires?: number;
  readonly uses?: number;
  /** The signed event, whole. */
  readonly signed?: Secret;
}

/** A right that somebody took for a while. */
export interface GrantRecord {
  readonly id: string;
  /** Its name in the policy. */
  readonly name: string;
  readonly connection: string;
  /** Seconds since 1970. */
  readonly until: number;
  /** Groups of the policy that are to be told. */
  readonly alert?: readonly string[];
  /** The signed event of the hub, whole. */
  readonly signed?: Secret;
}

/** A token that lets an agent act for a person; never the token. */
export interface TokenRecord {
  readonly id: string;
  readonly agent: string;
  /** Seconds since 1970. */
  readonly until: number;
  readonly connections?: readonly string[];
}

/** Copies and signatures of this log outside this machine. */
export interface UploadState {
  /** What happened: reached, lost, resumed, pressure, fork, weak ... */
  readonly what: string;
  readonly store?: string;
  /** Entries uploaded and witnessed. */
  readonly uploaded?: number;
  readonly witnessed?: number;
  /** Stable code of the trouble, or of the weakness of the store. */
  readonly code?: string;
}

/** Nothing was sent after all, or nobody can tell what became of it. */
export interface ClosedIntent {
  readonly status: 'unknown' | 'not_started';
  readonly code?: string;
}

/** How an intent ends. */
export type IntentEnd = Outcome | ClosedIntent;

/** A log that could not be continued and is kept as it was found; the first leaf of its successor names it. */
export interface DeadLog {
  readonly log: string;
  /** Entries of its last good state, and the root over them (hex). */
  readonly size: number;
  readonly root: string;
  readonly reason: string;
  /** Nothing is wrong with it: it is a copy, or was moved, and the original may go on elsewhere. */
  readonly copied?: true;
  /** What was open in it when it was given up while in use. */
  readonly open?: OpenCounts;
}

export interface OpenCounts {
  readonly intents: number;
  readonly sessions: number;
}

/** Where a log was begun: salted hashes (hex), which tell whether two places are the same and nothing else. */
export interface LogPlace {
  /** The installation of the operating system. */
  readonly machine: string;
  /** The log's own directory: what its file system calls it, and when it was made. */
  readonly inode: string;
  readonly born: string;
}

/** What a log is, in its leaf 0 and, byte for byte derived from that, in log.json. */
export interface LogIdentity {
  readonly id: string;
  readonly origin: string;
  /** Verifier key as a C2SP signed-note vkey. */
  readonly key: string;
  readonly place?: LogPlace;
  readonly after?: DeadLog;
}

/** Most seconds that pass between two events while the log is open. */
export interface Beat {
  readonly every: number;
}
