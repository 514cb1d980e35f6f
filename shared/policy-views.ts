/** What the Policy view is shown, and what `countersign policy ... --json` prints: the same objects. */
import { type VerdictView } from './views.ts';

/** Lines and columns from 1; columns in UTF-16 units. */
export interface ProblemView {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly choices: readonly string[];
}

export interface PolicyStateView {
  /** The file as it is on disk. */
  readonly text: string;
  /** SHA-256 of that text, hex: what a later save is based on. */
  readonly revision: string;
  /** The policy in force, which is another one where the file is malformed; hex. */
  readonly inForce: string;
  /** ISO 8601. */
  readonly since: string;
  readonly rules: number;
  /** Why the file is not in force, or null. */
  readonly trouble: string | null;
  readonly problems: readonly ProblemView[];
  /** Why this person may not save it, or null where they may. */
  readonly locked: string | null;
}

export interface PolicyTestView {
  readonly line: number;
  readonly title: string;
  readonly passed: boolean;
  readonly differences: readonly string[];
}

/** A text in the editor that is not in the file: kept with the person's tabs. */
export interface PolicyDraft {
  /** UTF-16 units: at most those of a policy that the gate reads. */
  readonly text: string;
  /** The revision of the file that it was made from. */
  readonly revision: string;
}

/** Checked as it would be when it came into force, and its own tests run. */
export interface PolicyCheckView {
  readonly problems: readonly ProblemView[];
  /** What is no error and hardly meant: a rule that nothing can meet, a grant that lifts nothing, a group that nobody names. */
  readonly warnings: readonly ProblemView[];
  /** Null where it cannot be read. */
  readonly hash: string | null;
  readonly rules: number;
  readonly tests: readonly PolicyTestView[];
}

/** What one kind of asker may do at one place. */
export interface MatrixCellView {
  /** `depends`: on a condition, a table, or a fact that is known only when it is asked. */
  readonly effect: 'allow' | 'deny' | 'approval' | 'depends';
  /** One line: `masks pii, payment; 10,000 rows`. */
  readonly summary: string;
  readonly obligations: readonly string[];
  readonly rules: readonly string[];
  /** The conditions and tables it depends on, as they are written. */
  readonly conditions: readonly string[];
}

/** `cells[(who * places.length + place) * actions.length + action]` */
export interface MatrixView {
  readonly who: readonly { readonly id: string; readonly title: string }[];
  readonly places: readonly { readonly connection: string; readonly title: string; readonly environment: string }[];
  readonly actions: readonly string[];
  readonly cells: readonly MatrixCellView[];
}

export interface PolicyChangeView {
  readonly who: string;
  readonly connection: string;
  readonly action: string;
  /** `wider`: more is allowed, or less is asked for. `mixed`: some of each. */
  readonly direction: 'wider' | 'narrower' | 'mixed';
  readonly before: MatrixCellView;
  readonly after: MatrixCellView;
}

export interface PolicyDiffView {
  /** The same policy, whatever its layout and comments. */
  readonly same: boolean;
  readonly rules: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly string[];
  };
  readonly changes: readonly PolicyChangeView[];
}

/** One question that a statement asks of the policy, and every rule that has to do with it. */
export interface ExplainedQuestionView {
  readonly action: string;
  /** `schema.table`, or `nothing`, or `unknown`. */
  readonly on: string;
  readonly effect: 'allow' | 'deny';
  readonly rules: readonly {
    readonly id: string;
    readonly effect: 'allow' | 'deny' | 'require' | 'permit';
    readonly line: number;
    readonly applies: boolean;
    /** `it is for group engineers`, `the connection is in staging`, `grant unmask lifts it`, `its condition is false`. */
    readonly why: string;
  }[];
}

export interface PolicyExplanationView {
  readonly as: string;
  readonly verdict: VerdictView;
  readonly questions: readonly ExplainedQuestionView[];
}

/** A recorded statement that another policy decides otherwise. */
export interface SimulatedView {
  readonly log: string;
  readonly index: number;
  readonly at: string;
  readonly person: string;
  readonly agent: string | null;
  readonly connection: string;
  readonly title: string;
  readonly before: 'allow' | 'refuse';
  readonly after: 'allow' | 'refuse';
  /** What changes: `refused by no-drop`, `email: clear -> partial`, `rows: 10,000 -> 1,000`, `needs approval of group:dba`. */
  readonly changes: readonly string[];
  readonly rules: readonly string[];
}

export interface SimulationView {
  readonly examined: number;
  readonly same: number;
  /** What could not be decided again, and why. */
  readonly skipped: readonly { readonly why: string; readonly count: number }[];
  readonly nowAllowed: number;
  readonly nowRefused: number;
  readonly otherwiseBound: number;
  /** At most 1,000, newest first. */
  readonly changed: readonly SimulatedView[];
  readonly cut: boolean;
  readonly done: boolean;
}

/** Offsets are UTF-16 units into the text. */
export interface PolicyCompletionView {
  readonly label: string;
  readonly kind: 'key' | 'value' | 'name' | 'fact';
  readonly detail: string;
  readonly insert: string;
  readonly from: number;
  readonly to: number;
}

export interface ClassifiedColumnView {
  readonly connection: string;
  /** `schema.table.column` */
  readonly column: string;
  readonly class: string;
  readonly group: string;
  readonly source: 'file' | 'comment' | 'detected';
}

export interface ClassificationProposalView {
  readonly connection: string;
  readonly column: string;
  readonly class: string;
  /** Of the values looked at, the share that look so; null where only the name speaks. */
  readonly share: number | null;
}
