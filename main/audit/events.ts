/**
 * The events of the record: what a caller gives. The log adds schema version, id, times, boot, session number and index
 * (docs/log-format.md). Names are the keys of the leaf. A type that is not listed here cannot get into a leaf.
 */

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

interface InSession {
  readonly s: string;
}
interface MaybeInSession {
  readonly s?: string;
}

export interface StatementIntent extends InSession {
  readonly actor: Actor;
  readonly src?: Source;
  readonly db: Database;
  readonly op: Operation;
  readonly pol: Decision;
  readonly why?: Why;
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
  /** The PK token (OpenPubkey, JWS JSON general serialization): the provider's signature over the key, the key's over the token. */
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

/** Everything a caller appends by `append`. Intents and their ends go through `recordIntent`, so that none stays open. */
export type AuditEvent =
  | ({ readonly k: 'key.bind'; readonly actor: Actor; readonly bind: KeyBinding } & MaybeInSession)
  | ({
      readonly k: 'session.start';
      readonly actor: Actor;
      readonly dev?: Device;
      readonly src?: Source;
      /** `header..signature`: the bound device key signs `{"log":ID,"s":SESSION}` (RFC 7515 Appendix F, detached). */
      readonly proof?: string;
    } & InSession)
  | ({ readonly k: 'session.end'; readonly why: Why } & InSession)
  | ({
      readonly k: 'auth.ok';
      readonly actor: Actor;
      readonly auth: { readonly method: string; readonly acr?: string; readonly amr?: readonly string[] };
    } & MaybeInSession)
  | ({
      readonly k: 'auth.failed';
      readonly src?: Source;
      readonly auth: { readonly method: string; readonly iss?: string; readonly code: string };
    } & MaybeInSession)
  | ({
      readonly k: 'auth.refresh';
      readonly actor: Actor;
      readonly auth: { readonly method: string; readonly acr?: string; readonly amr?: readonly string[] };
    } & MaybeInSession)
  /** A device key that counts no more: revoked, expired or replaced. `bind` is the index of its `key.bind`. */
  | ({
      readonly k: 'key.revoke';
      readonly actor: Actor;
      readonly bind: Pick<KeyBinding, 'alg' | 'thumbprint' | 'iss' | 'sub'>;
      readonly why: Why;
    } & MaybeInSession)
  | ({
      readonly k: 'conn.open';
      readonly db: Database;
      readonly out?: Pick<Outcome, 'server'>;
      readonly role?: RoleRecord;
      /** Why the connection accepts what its role can do, or what it was opened for besides statements. */
      readonly why?: Why;
    } & InSession)
  /** A connection that was made and let go before anything ran on it. */
  | ({
      readonly k: 'conn.refused';
      readonly db: Database;
      readonly out: Pick<Outcome, 'server' | 'code'>;
      readonly role?: RoleRecord;
    } & InSession)
  | ({ readonly k: 'conn.close'; readonly db: Pick<Database, 'id'>; readonly why?: Why } & InSession)
  | ({ readonly k: 'stmt.denied' } & StatementIntent)
  | ({
      readonly k: 'view.result';
      /** The intent whose rows were shown. */
      readonly ref: Reference;
      readonly view: {
        readonly first: number;
        readonly rows: number;
        readonly columns: number;
        readonly masked?: number;
      };
    } & InSession)
  | ({
      readonly k: 'clipboard.copy';
      readonly ref: Reference;
      readonly view: { readonly cells: number; readonly masked?: number; readonly format?: string };
    } & InSession)
  | ({
      readonly k: 'export.intent';
      readonly actor?: Actor;
      /** The intent whose rows leave, where they come from one statement. */
      readonly ref?: Reference;
      readonly export: ExportRecord;
      readonly why?: Why;
    } & InSession)
  | ({
      readonly k: 'export.outcome';
      readonly ref: Reference;
      readonly export: ExportRecord;
      readonly out: Outcome;
    } & InSession)
  | ({
      readonly k: 'tx.begin';
      readonly db: Pick<Database, 'id'>;
      readonly tx: { readonly id: string; readonly mode?: string };
    } & InSession)
  | ({
      readonly k: 'tx.end';
      readonly db: Pick<Database, 'id'>;
      readonly tx: { readonly id: string; readonly end: 'commit' | 'rollback' | 'unknown' };
      readonly out?: Pick<Outcome, 'server' | 'ms'>;
    } & InSession)
  /** A tool that an agent called; `args` are sealed. */
  | ({
      readonly k: 'agent.call';
      readonly actor: Actor;
      readonly call: { readonly id: string; readonly tool: string; readonly args?: Secret };
    } & InSession)
  | ({
      readonly k: 'agent.result';
      readonly ref: Reference;
      readonly call: { readonly id: string; readonly tool: string };
      readonly out: Outcome;
    } & InSession)
  | ({
      readonly k: 'approval.request';
      readonly actor: Actor;
      readonly approval: ApprovalRecord;
      readonly db?: Database;
      readonly why?: Why;
    } & MaybeInSession)
  | ({
      readonly k: 'approval.decision';
      readonly actor: Actor;
      readonly ref?: Reference;
      readonly approval: ApprovalRecord;
      readonly why?: Why;
    } & MaybeInSession)
  | ({ readonly k: 'approval.expired'; readonly ref?: Reference; readonly approval: ApprovalRecord } & MaybeInSession)
  | ({
      readonly k: 'breakglass.start';
      readonly actor: Actor;
      readonly approval: ApprovalRecord;
      readonly db?: Database;
      readonly why: Why;
    } & InSession)
  | ({
      readonly k: 'breakglass.end';
      readonly ref: Reference;
      readonly approval: ApprovalRecord;
      readonly why: Why;
    } & InSession)
  /** Somebody looked at the record: what they searched or took out of it, never what they found. */
  | ({
      readonly k: 'review.done';
      readonly actor: Actor;
      readonly review: {
        readonly what: 'search' | 'text' | 'export' | 'break-glass';
        readonly filter?: string;
        readonly events?: number;
        readonly log?: string;
        readonly index?: number;
      };
      readonly why?: Why;
    } & MaybeInSession)
  | ({
      readonly k: 'policy.load';
      readonly load: {
        readonly hash: string;
        readonly version?: string;
        readonly source: string;
        readonly rules: number;
        /** The policy as it was read, as JSON (docs/log-format.md): with it decisions are made again offline. */
        readonly policy?: Secret;
        /** SHA-256 of the classification in force, hex; and the classification, as JSON. */
        readonly classes?: string;
        readonly classification?: Secret;
      };
    } & MaybeInSession)
  /** People and groups as a directory says them changed. */
  | ({
      readonly k: 'directory.change';
      readonly actor?: Actor;
      readonly change: { readonly what: string; readonly from?: string; readonly to?: string };
    } & MaybeInSession)
  | ({ readonly k: 'upload.state'; readonly upload: UploadState } & MaybeInSession)
  /** A witness or store knows another log under this name. */
  | ({
      readonly k: 'witness.conflict';
      readonly witness: { readonly name: string; readonly size: number; readonly root?: string };
    } & MaybeInSession)
  | ({
      readonly k: 'config.change';
      readonly actor?: Actor;
      readonly change: { readonly what: string; readonly from?: string; readonly to?: string };
      readonly why?: Why;
    } & MaybeInSession)
  | ({
      readonly k: 'verify.report';
      readonly report: {
        readonly good: boolean;
        readonly size: number;
        readonly root?: string;
        readonly events: number;
        readonly findings: readonly string[];
      };
    } & MaybeInSession);

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

/** Every event as the writer records it: those above, and those only the log itself makes. */
export type RecordedEvent =
  | AuditEvent
  | ({ readonly k: 'stmt.intent' } & StatementIntent)
  | ({ readonly k: 'stmt.outcome'; readonly ref: Reference; readonly out: Outcome } & InSession)
  | ({ readonly k: 'stmt.closed'; readonly ref: Reference; readonly out: ClosedIntent } & InSession)
  | { readonly k: 'log.open'; readonly log?: LogIdentity; readonly dev: Device; readonly beat: Beat }
  | { readonly k: 'log.recovered'; readonly rec: OpenCounts & { readonly torn: boolean } }
  | { readonly k: 'log.close' }
  /** `blob` is the address; its bytes go from the journal once this is durable. `AuditLog.eraseBlob` makes it. */
  | ({
      readonly k: 'blob.erased';
      readonly actor?: Actor;
      readonly blob: string;
      /** The log whose blob it is, where that one was given up and takes no events. */
      readonly of?: { readonly log: string };
      readonly why: Why;
    } & MaybeInSession)
  /** The log is open, its writer lives, and nothing else was recorded for `every` seconds. */
  | { readonly k: 'heartbeat'; readonly beat: Beat }
  /** How a statement ended whose intent is in a log that was given up meanwhile. */
  | {
      readonly k: 'late.outcome';
      readonly of: { readonly log: string } & Reference;
      readonly out: Outcome | ClosedIntent;
    }
  /**
   * Wall clock and monotonic clock parted by more than 2 s since the event before; `by` in ms, negative for back. After
   * `log.open`: the wall clock is behind the newest event of the opening before.
   */
  | { readonly k: 'clock.jump'; readonly clock: { readonly by: number } };

/** Accepted while the disk is full: they end what already runs, and the reserve segment keeps room for them. */
export const ENDS: ReadonlySet<RecordedEvent['k']> = new Set([
  'stmt.outcome',
  'stmt.closed',
  'session.end',
  'conn.close',
  'late.outcome',
  'log.close',
]);
