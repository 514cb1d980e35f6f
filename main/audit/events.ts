/**
 * The events of the record: what a caller gives. The log adds schema version, id, times, boot, session number and index
 * (docs/log-format.md). Names are the keys of the leaf. A type that is not listed here cannot get into a leaf.
 */
import {
  type Actor,
  type ApprovalRecord,
  type Beat,
  type ClosedIntent,
  type Database,
  type Decision,
  type Device,
  type ExportRecord,
  type GrantRecord,
  type KeyBinding,
  type LogIdentity,
  type OpenCounts,
  type Operation,
  type Outcome,
  type Reference,
  type RoleRecord,
  type Secret,
  type Source,
  type TokenRecord,
  type UploadState,
  type Why,
} from './event-parts.ts';

export * from './event-parts.ts';

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
      /** The decision by which they leave; absent in records from before it was one of its own. */
      readonly pol?: Pick<Decision, 'hash' | 'decision' | 'rules' | 'input'>;
      readonly why?: Why;
    } & InSession)
  /** A result was to leave and did not: nothing of it. */
  | ({
      readonly k: 'export.denied';
      readonly actor: Actor;
      readonly ref: Reference;
      readonly export: ExportRecord;
      readonly pol: Pick<Decision, 'hash' | 'decision' | 'rules' | 'reasons' | 'input'>;
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
  | ({
      readonly k: 'grant.start';
      readonly actor: Actor;
      readonly grant: GrantRecord;
      readonly why?: Why;
    } & MaybeInSession)
  /** It ended: by somebody, or without one. `why.reason` then says by what: `time`, `policy`, `revoked`. */
  | ({
      readonly k: 'grant.end';
      readonly actor?: Actor;
      readonly grant: Omit<GrantRecord, 'signed' | 'alert'>;
      readonly why: Why;
    } & MaybeInSession)
  | ({ readonly k: 'token.issue'; readonly actor: Actor; readonly token: TokenRecord } & MaybeInSession)
  | ({
      readonly k: 'token.end';
      readonly actor?: Actor;
      readonly token: Pick<TokenRecord, 'id' | 'agent'>;
      readonly why: Why;
    } & MaybeInSession)
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
      /** Who had it checked. */
      readonly actor?: Actor;
      readonly report: {
        readonly good: boolean;
        readonly size: number;
        readonly root?: string;
        readonly events: number;
        readonly findings: readonly string[];
      };
    } & MaybeInSession);

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
  'grant.end',
  'token.end',
  'late.outcome',
  'log.close',
]);
