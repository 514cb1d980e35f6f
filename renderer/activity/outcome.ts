import { type ActivityRowView } from '../../shared/views.ts';
import { type Meaning } from '../design/index.ts';

/**
 * How an event stands in the list: its sign, its word, and the meaning whose colour it has. What went as it should is without a
 * colour, so that among a thousand lines the others are seen.
 */
export interface Outcome {
  readonly meaning: Meaning;
  readonly icon: string;
  readonly word: string;
}

const outcome = (meaning: Meaning, icon: string, word: string): Outcome => ({ meaning, icon, word });

const ends: Readonly<Record<string, Outcome>> = {
  done: outcome('read', 'pass', 'Done'),
  failed: outcome('write', 'error', 'Failed'),
  cancelled: outcome('read', 'debug-stop', 'Cancelled'),
  refused: outcome('refused', 'circle-slash', 'Refused'),
  running: outcome('waiting', 'play-circle', 'Running'),
  unknown: outcome('write', 'question', 'Unknown'),
  not_started: outcome('read', 'circle-large', 'Not started'),
};

const verdicts: Readonly<Record<string, Outcome>> = {
  allow: outcome('read', 'pass', 'Allowed'),
  refuse: outcome('refused', 'circle-slash', 'Refused'),
  ask: outcome('waiting', 'clock', 'Asks'),
};

const kinds: Readonly<Record<string, string>> = {
  'stmt.intent': 'Statement',
  'stmt.denied': 'Refused statement',
  'stmt.outcome': 'End of a statement',
  'stmt.closed': 'End of a statement',
  'log.open': 'Log opened',
  'log.close': 'Log closed',
  'log.recovered': 'Log recovered',
  heartbeat: 'Heartbeat',
  'clock.jump': 'Clock jumped',
  'key.bind': 'Device key bound',
  'key.revoke': 'Device key revoked',
  'session.start': 'Session began',
  'session.end': 'Session ended',
  'auth.ok': 'Signed in',
  'auth.failed': 'Sign-in failed',
  'auth.refresh': 'Sign-in renewed',
  'conn.open': 'Connected',
  'conn.refused': 'Connection refused',
  'conn.close': 'Disconnected',
  'view.result': 'Rows shown',
  'clipboard.copy': 'Cells copied',
  'export.intent': 'Export',
  'export.denied': 'Refused export',
  'export.outcome': 'End of an export',
  'tx.begin': 'Transaction began',
  'tx.end': 'Transaction ended',
  'agent.call': 'Agent called a tool',
  'agent.result': 'Tool answered',
  'approval.request': 'Approval asked for',
  'approval.decision': 'Approval decided',
  'approval.expired': 'Approval expired',
  'breakglass.start': 'Glass broken',
  'breakglass.end': 'Broken glass ended',
  'grant.start': 'Grant taken',
  'grant.end': 'Grant ended',
  'token.issue': 'Token given to an agent',
  'token.end': 'Token of an agent ended',
  'review.done': 'Record looked at',
  'policy.load': 'Policy loaded',
  'directory.change': 'Directory changed',
  'upload.state': 'Upload',
  'witness.conflict': 'Witness disagrees',
  'config.change': 'Configuration changed',
  'verify.report': 'Record verified',
  'blob.erased': 'Content erased',
};

/** Kinds that say by themselves that something went wrong, or that somebody may do more than before. */
const byKind: Readonly<Record<string, Outcome>> = {
  'auth.failed': outcome('write', 'error', 'Failed'),
  'conn.refused': outcome('refused', 'circle-slash', 'Refused'),
  'export.denied': outcome('refused', 'circle-slash', 'Refused'),
  'grant.start': outcome('write', 'unlock', 'Taken'),
  'grant.end': outcome('read', 'lock', 'Ended'),
  'token.issue': outcome('write', 'key', 'Issued'),
  'token.end': outcome('read', 'debug-stop', 'Ended'),
  'witness.conflict': outcome('refused', 'error', 'Conflict'),
  'clock.jump': outcome('write', 'warning', 'Clock'),
  'log.recovered': outcome('write', 'warning', 'Recovered'),
  'breakglass.start': outcome('write', 'warning', 'Emergency'),
  'blob.erased': outcome('write', 'trash', 'Erased'),
};

/** A kind in words; one that is not known stays as the record has it. */
export const kindWords = (kind: string): string => (Object.hasOwn(kinds, kind) ? (kinds[kind] ?? kind) : kind);

const own = (table: Readonly<Record<string, Outcome>>, key: string | null): Outcome | undefined =>
  key !== null && Object.hasOwn(table, key) ? table[key] : undefined;

/** A refusal and a question are told before how anything ended; an event without either is told by its kind. */
export function outcomeOf({ kind, verdict, status }: Pick<ActivityRowView, 'kind' | 'verdict' | 'status'>): Outcome {
  if (verdict === 'refuse' || (verdict === 'ask' && status === null)) return own(verdicts, verdict) as Outcome;
  return (
    own(ends, status) ?? own(byKind, kind) ?? own(verdicts, verdict) ?? outcome('read', 'circle-small-filled', 'Event')
  );
}

/** A value of the fields verdict and status, in the words of the list. */
export const verdictWords = (verdict: string): string => own(verdicts, verdict)?.word ?? verdict;
export const statusWords = (status: string): string => own(ends, status)?.word ?? status;
