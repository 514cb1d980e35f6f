import { type LeftOutScans } from '../databases/postgres/settings.ts';
import { type Bound, type RuleReference } from '../policy/answer.ts';
import { type Masker } from '../policy/classification.ts';
import { type PermitForm } from '../policy/vocabulary.ts';
import { type BaseColumn, type ComparedValue, type Span } from './facts.ts';
import { type DemandedLevel } from './record-level.ts';

export { type Masker, type RuleReference };

/** The mask on one output column: shown in the grid, the tooltip, `explain` and the record in the same words. */
export interface OutputMask {
  readonly output: number;
  readonly name: string;
  readonly column: BaseColumn;
  /** Class of the column, for example `email`, and the group of classes it belongs to, for example `pii`. */
  readonly class: string;
  readonly group: string;
  readonly masker: Masker;
  /** The output is made of the column, and not the column itself: every cell is masked, NULL and empty ones like any other. */
  readonly whole?: true;
  readonly rule: RuleReference;
  /** Names of the grants that lift it; absent where none does. */
  readonly liftedBy?: readonly string[];
  /** The sentence of the tooltip. */
  readonly sentence: string;
}

/** What an allowed run is bound by. Every bound cuts visibly, never silently. */
export interface Limits {
  readonly rows: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly statementTimeout: number;
  readonly lockTimeout: number;
}

/** A use of a masked column that a permit allows in this statement, once. */
export interface PermittedUse {
  readonly form: PermitForm;
  /** Class of the columns. */
  readonly class: string;
  readonly columns: readonly BaseColumn[];
  /** The permit; for an agent, the one that names agents and, where it is another, the one of the person it acts for. */
  readonly permits: readonly UsedPermit[];
  /** What an equality compares with, where the record is to keep a keyed hash of it. */
  readonly compared?: ComparedValue;
}

export interface UsedPermit {
  readonly rule: RuleReference;
  /** Uses of it that one person has in a day on one connection, for one class. */
  readonly perDay?: number;
}

export interface Reason {
  readonly code: string;
  readonly sentence: string;
  /** What would be allowed, or how to ask. */
  readonly next?: string;
  readonly span?: Span;
  /** Grants that the asker may take, each of which would lift the rule that this is about. */
  readonly grants?: readonly string[];
}

interface Considered {
  readonly rules: readonly RuleReference[];
}

export interface Allow extends Considered {
  readonly verdict: 'allow';
  /** `read` runs in BEGIN READ ONLY .. ROLLBACK; `write` in BEGIN .. COMMIT. */
  readonly envelope: 'read' | 'write';
  readonly masks: readonly OutputMask[];
  readonly limits: Limits;
  /** The limits that the policy sets, where something else leaves less: the rows of the hour, the end of a grant or of the login. */
  readonly narrowedFrom?: Limits;
  /** Rows that the asker may have in any hour: set aside before the statement is sent. */
  readonly rowsPerHour?: Bound;
  /** Uses that only permits allow: counted before the statement is sent, and recorded. */
  readonly permitted?: readonly PermittedUse[];
  /** Nothing is released before every row's counts, the outputs of these indexes, are at least the minimum, and the result whole. */
  readonly groupSize?: { readonly outputs: readonly number[]; readonly minimum: number };
  /** Scans of indexes by which rows would come in the order of a masked column: the planner leaves them out. */
  readonly leftOut?: LeftOutScans;
  /** How far the record of the intent must have come before the statement is sent; on this machine where absent. */
  readonly demanded?: DemandedLevel;
  /** Grants without which this would not be allowed so; it ends with the first of them. */
  readonly grants?: readonly UsedGrant[];
  /** Whether the result may leave the screen: files, clipboard, streams to other programs. */
  readonly leaving: Leaving;
  /** The rule that wants the asker's name on the result. */
  readonly watermark?: RuleReference;
}

export interface UsedGrant {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly until: string;
}

/**
 * What can be said when a statement is judged; the policy is asked again when rows leave. `asked-then`: it depends on how many
 * they are, or on what is not known before. `rule` is absent where it is that no rule allows it.
 */
export type Leaving =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly rule?: RuleReference; readonly sentence: string }
  | { readonly kind: 'asked-then'; readonly rules: readonly RuleReference[]; readonly sentence: string };

export interface Refuse extends Considered {
  readonly verdict: 'refuse';
  readonly reasons: readonly [Reason, ...Reason[]];
}

/** May run once somebody else has approved exactly this. */
export interface Ask extends Considered {
  readonly verdict: 'ask';
  readonly reasons: readonly [Reason, ...Reason[]];
  readonly approvers: readonly string[];
}

export type Verdict = Allow | Refuse | Ask;
