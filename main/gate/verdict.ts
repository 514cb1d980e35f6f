import { type RuleReference } from '../policy/answer.ts';
import { type Masker } from '../policy/classification.ts';
import { type BaseColumn, type Span } from './facts.ts';

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
  readonly rule: RuleReference;
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

export interface Reason {
  readonly code: string;
  readonly sentence: string;
  /** What would be allowed, or how to ask. */
  readonly next?: string;
  readonly span?: Span;
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
}

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
