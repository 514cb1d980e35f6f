/** What the window is shown. Plain data made by main/doors/desktop from the gate's own types; no secrets, no power. */
import { type ActivityCriteria } from './activity-views.ts';
import { type PolicyDraft } from './policy-views.ts';

export * from './account-views.ts';
export * from './activity-views.ts';
export * from './policy-views.ts';

export type EnvironmentName = 'development' | 'staging' | 'production';

export interface AppInfo {
  readonly version: string;
  readonly organisation: string;
  readonly demonstration: boolean;
  /** `oidc`: sign in with the organisation; `os-account`: a local profile, identity not verified. */
  readonly identity: 'oidc' | 'os-account';
  /** For the demonstration: who can sign in and what each shows. Empty in a real organisation. */
  readonly people: readonly {
    readonly name: string;
    readonly email: string;
    readonly password: string;
    readonly role: string;
  }[];
  readonly notices: readonly string[];
}

export interface PersonView {
  readonly name: string;
  readonly email: string | null;
  readonly groups: readonly string[];
  /** False where the provider did not say which groups they are in, which is not the same as none. */
  readonly groupsKnown?: boolean;
  readonly verified: boolean;
  readonly issuer: string;
  readonly expiresAt: string;
  /** When they last proved again who they are; null: not in this login. */
  readonly steppedUpAt: string | null;
}

export type SignInStep =
  | { readonly kind: 'open'; readonly url: string }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'done'; readonly person: PersonView };

/** What a connection's database role can do besides what it is for. */
export interface WeaknessView {
  /** Stable; the word of `accept` in connections.yaml where the severity is `refused`. */
  readonly code: string;
  /** `refused`: nobody works through such a role, unless the connection accepts it. */
  readonly severity: 'refused' | 'shown';
  readonly accepted: boolean;
  readonly sentence: string;
  /** SQL that ends it. */
  readonly mend: readonly string[];
}

/** Whether statements are traced a second time from the server's own trees. */
export interface SecondLineageView {
  readonly on: boolean;
  readonly sentence: string;
  readonly mend: readonly string[];
}

export interface ConnectionView {
  readonly name: string;
  readonly title: string;
  readonly engine: string;
  readonly environment: EnvironmentName;
  readonly database: string;
  readonly team: string | null;
  /** May the person write here without asking. */
  readonly access: 'read-only' | 'read-write';
  readonly strength: 'advisory' | 'brokered' | 'gateway';
  readonly state: 'closed' | 'open' | 'failed';
  /** The gravest first; null until somebody has connected since the program was started. */
  readonly weaknesses: readonly WeaknessView[] | null;
  readonly secondLineage: SecondLineageView | null;
}

/** `countersign connections show`: a connection with what its server says of its role. */
export interface ConnectionDetail {
  readonly connection: ConnectionView;
  readonly host: string;
  readonly port: number;
  readonly role: string;
  readonly searchPath: readonly string[];
  readonly weaknesses: readonly WeaknessView[];
  readonly secondLineage: SecondLineageView;
  /** Why the connection accepts what would refuse every session; null where it accepts nothing. */
  readonly because: string | null;
}

/** `countersign connections doctor`. */
export interface ExaminationView {
  readonly connection: string;
  readonly title: string;
  /** False where nobody can work through the connection as it is. */
  readonly usable: boolean;
  readonly findings: readonly {
    readonly code: string;
    readonly level: 'good' | 'weak' | 'refuses';
    readonly sentence: string;
    readonly mend: readonly string[];
  }[];
  readonly secondLineage: SecondLineageView | null;
}

export interface ColumnView {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly primaryKey: boolean;
  readonly foreignKey: string | null;
  readonly class: string | null;
  /** Would this person see the column masked. */
  readonly masked: boolean;
  readonly comment: string | null;
}

export interface RelationView {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly estimatedRows: number;
  /** Has a column that this person sees masked. */
  readonly sensitive: boolean;
  readonly comment: string | null;
}

export interface SchemaView {
  readonly name: string;
  readonly relations: number;
}

/** UTF-16 offsets into the statement. */
export interface SpanView {
  readonly start: number;
  readonly end: number;
}

export interface ReasonView {
  readonly code: string;
  readonly sentence: string;
  readonly next: string | null;
  readonly span: SpanView | null;
  /** Grants that the person could take, each of which lifts the rule that this is about. */
  readonly grants?: readonly string[];
}

export interface MaskView {
  readonly output: number;
  readonly name: string;
  readonly column: string;
  readonly class: string;
  readonly rule: string;
  /** What is left to see of a value: `the last four digits`. */
  readonly masker: string;
  readonly sentence: string;
  /** Names of the grants that lift it; absent where none does. */
  readonly liftedBy?: readonly string[];
}

/** Something that a statement names, and where. */
export interface NamedView {
  readonly name: string;
  readonly span: SpanView | null;
}

/** The verdict on one statement, with everything that made it. The same object `countersign explain` prints. */
export interface VerdictView {
  readonly verdict: 'allow' | 'refuse' | 'ask';
  readonly action: string;
  readonly title: string;
  readonly effects: readonly string[];
  readonly objects: readonly {
    readonly name: string;
    readonly access: 'read' | 'write';
    readonly via: string | null;
  }[];
  /** Base columns where the statement could be traced, else columns as they are written; each with its place. */
  readonly columns: readonly { readonly column: string; readonly place: string; readonly span: SpanView | null }[];
  readonly functions: readonly NamedView[];
  readonly operators: readonly NamedView[];
  /** Types that values are turned into, and all others that are named. */
  readonly casts: readonly NamedView[];
  readonly types: readonly NamedView[];
  readonly outputs: readonly {
    readonly name: string;
    readonly from: readonly string[];
    /** `plain`: it is the column. `whole`: made of it, masked whole where it is masked. `bounded`: what a permit lets show. */
    readonly made: 'plain' | 'whole' | 'bounded' | 'computed';
    readonly span: SpanView | null;
  }[];
  readonly masks: readonly MaskView[];
  readonly rules: readonly { readonly id: string; readonly effect: string; readonly text: string | null }[];
  readonly reasons: readonly ReasonView[];
  readonly limits: { readonly rows: number; readonly bytes: number; readonly statementTimeout: number } | null;
  /** Rows that every group has at least before any is released; null where no permit asks for it. */
  readonly groupSize: number | null;
  /** Uses of masked columns that only a permit allows. */
  readonly permitted: readonly {
    readonly form: string;
    readonly columns: readonly string[];
    readonly permits: readonly string[];
  }[];
  /** True where indexes are left out that would give rows in the order of a masked column. */
  readonly unordered: boolean;
  readonly approvers: readonly string[];
  /** What the person can give so that it runs: the window asks for it, the command line names the option. */
  readonly needs: readonly ('reason' | 'step-up')[];
  /** Grants it relies on, and until when they last. */
  readonly grants: readonly { readonly name: string; readonly until: string }[];
  /** Whether rows may leave the screen; `sentence` where not, or not all. */
  readonly leaving: { readonly kind: 'yes' | 'no' | 'asked-then'; readonly sentence: string | null };
  /** What stands on the result, or null. */
  readonly watermark: string | null;
  /** Null until somebody has connected, and where the statement needs no connection to be judged. */
  readonly secondLineage: SecondLineageView | null;
  /** True where a list was cut: the statement names more than is shown. */
  readonly cut: boolean;
}

export interface ResultColumnView {
  readonly name: string;
  readonly type: string;
  /** Right-aligned in the grid. */
  readonly numeric: boolean;
  readonly mask: MaskView | null;
}

export type RunEvent =
  | { readonly kind: 'verdict'; readonly statement: SpanView; readonly verdict: VerdictView }
  | { readonly kind: 'recorded'; readonly index: number }
  | { readonly kind: 'columns'; readonly result: string; readonly columns: readonly ResultColumnView[] }
  | { readonly kind: 'progress'; readonly rows: number; readonly bytes: number }
  | { readonly kind: 'notice'; readonly severity: string; readonly text: string }
  | {
      readonly kind: 'done';
      readonly tag: string;
      readonly rows: number;
      readonly bytes: number;
      readonly milliseconds: number;
      /** Why the result was cut, or null when it is whole. */
      readonly cut: string | null;
      readonly maskedCells: number;
    }
  | {
      readonly kind: 'failed';
      readonly error: {
        readonly code: string;
        readonly message: string;
        readonly next: string | null;
        readonly span: SpanView | null;
      };
    }
  | { readonly kind: 'cancelled'; readonly milliseconds: number };

export interface AuditStateView {
  /** Events durable on this machine. */
  readonly recorded: number;
  readonly log: string;
  /** Null when fine; else why nothing can run. */
  readonly trouble: string | null;
  /** Where copies go; null where no store is configured. */
  readonly store: string | null;
  /** Events that have a copy there, and that enough witnesses signed; null where none is configured. */
  readonly uploaded: number | null;
  readonly witnessed: number | null;
  /** What waiting for the store refuses by now. */
  readonly pressure: 'none' | 'warn' | 'refuse-risky' | 'refuse-all';
  /** What keeps copies or signatures from being made, or null. */
  readonly anchorTrouble: string | null;
  /** What the store does not promise. */
  readonly weaknesses: readonly { readonly code: string; readonly sentence: string; readonly mend: string }[];
}

export interface VerifyView {
  readonly good: boolean;
  /** Directory or bucket. */
  readonly source: string;
  readonly logs: readonly {
    readonly id: string;
    readonly size: number;
    readonly signed: number;
    readonly root: string;
    readonly key: string;
  }[];
  /** What was looked at, how many of it, and who or what proves it. */
  readonly checked: readonly { readonly what: string; readonly count: number; readonly provenBy: string }[];
  readonly findings: readonly { readonly code: string; readonly sentence: string; readonly where: string | null }[];
  readonly notChecked: readonly string[];
}

/** One editor tab as it is kept between starts. */
export interface TabState {
  readonly id: string;
  readonly title: string;
  readonly connection: string | null;
  readonly text: string;
  readonly cursor: number;
}

export interface WorkspaceState {
  readonly tabs: readonly TabState[];
  readonly active: string | null;
  readonly layout: Readonly<Record<string, number>>;
  readonly theme: 'system' | 'light' | 'dark' | 'high-contrast';
  /** What the Activity view showed last. */
  readonly activity?: ActivityCriteria | undefined;
  /** A policy that is edited and not saved. */
  readonly policy?: PolicyDraft | undefined;
}

export interface HistoryEntry {
  readonly at: string;
  readonly connection: string;
  readonly text: string;
  readonly verdict: 'allow' | 'refuse' | 'ask' | 'failed';
  readonly rows: number | null;
  readonly milliseconds: number | null;
}
