/** What the record shows of what was done: as doors give it and the window draws it. */

/** What the Activity view looks for; an absent field does not narrow. */
export interface ActivityQuery {
  readonly person?: string | undefined;
  readonly agent?: string | undefined;
  readonly connection?: string | undefined;
  readonly environment?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly columnClass?: string | undefined;
  readonly verdict?: 'allow' | 'refuse' | 'ask' | undefined;
  readonly status?: 'done' | 'failed' | 'cancelled' | 'refused' | 'unknown' | 'not_started' | 'running' | undefined;
  readonly kinds?: readonly string[] | undefined;
  /** ms since 1970 UTC. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly text?: string | undefined;
}

/** One event of the record; a statement with how it ended. */
export interface ActivityRowView {
  readonly log: string;
  readonly index: number;
  readonly kind: string;
  /** ms since 1970 UTC. */
  readonly at: number;
  readonly person: string | null;
  readonly personName: string | null;
  readonly agent: string | null;
  readonly connection: string | null;
  readonly environment: string | null;
  readonly title: string;
  readonly summary: string;
  readonly verdict: 'allow' | 'refuse' | 'ask' | null;
  readonly status: string | null;
  readonly rows: number | null;
  readonly changed: number | null;
  readonly milliseconds: number | null;
  readonly maskedCells: number | null;
  readonly classes: readonly string[];
}

/** How far the search index is behind the record. */
export interface ActivityProgressView {
  readonly indexed: number;
  readonly recorded: number;
  /** False where this person sees only what they did themselves. */
  readonly everything: boolean;
  /** Who may see everything, for the sentence that says so. */
  readonly reviewers: readonly string[];
  readonly trouble: string | null;
}

export interface ActivityPageView {
  readonly events: readonly ActivityRowView[];
  readonly next: string | null;
}

export interface ActivityChartView {
  readonly bucket: number;
  readonly points: readonly {
    readonly at: number;
    readonly allowed: number;
    readonly refused: number;
    readonly failed: number;
    readonly other: number;
    readonly maskedCells: number;
  }[];
}

export interface ActivityFacetsView {
  readonly people: readonly { readonly value: string; readonly name: string; readonly events: number }[];
  readonly agents: readonly { readonly value: string; readonly events: number }[];
  readonly connections: readonly { readonly value: string; readonly events: number }[];
  readonly environments: readonly { readonly value: string; readonly events: number }[];
  readonly tables: readonly { readonly value: string; readonly events: number }[];
  readonly classes: readonly { readonly value: string; readonly events: number }[];
  readonly kinds: readonly { readonly value: string; readonly events: number }[];
}

/** One event with everything that the record has of it, and the proof that it is in the log. */
export interface ActivityEventView {
  readonly event: ActivityRowView;
  /** The leaf, as it was hashed: JSON text. */
  readonly leaf: string;
  readonly decision: {
    readonly policy: string;
    readonly rules: readonly string[];
    readonly obligations: readonly string[];
    readonly reasons: readonly string[];
    readonly approvals: readonly number[];
  } | null;
  readonly objects: readonly { readonly name: string; readonly access: string; readonly via: string | null }[];
  readonly columns: readonly { readonly name: string; readonly place: string; readonly class: string | null }[];
  /** The whole SQL text and its parameters; null where there is none, it was erased, or this person may not read it. */
  readonly text: string | null;
  readonly params: string | null;
  /** Why the text is not shown, where it is not. */
  readonly textHidden: string | null;
  /** What kind of reason that is: it may be there and not be this person's to read, or be gone for good. */
  readonly textState?: 'hidden' | 'erased' | 'missing' | undefined;
  readonly related: readonly ActivityRowView[];
  readonly proof: {
    readonly leafHash: string;
    /** Size and root (hex) of the checkpoint that the proof leads to; null until one covers the event. */
    readonly checkpoint: { readonly size: number; readonly root: string; readonly note: string } | null;
    /** RFC 6962 audit path, hex, from the leaf up; recomputed and compared before it is shown. */
    readonly path: readonly string[];
    readonly holds: boolean;
    readonly uploaded: boolean | null;
    /** Names of the witnesses that signed a checkpoint over it; null where none is configured. */
    readonly witnesses: readonly string[] | null;
    /** The C2SP tlog-proof text, to be kept as a file; null until a checkpoint covers the event. */
    readonly file: string | null;
  };
}

/** Times that the Activity view looks at: counted back from now, or exact (ms since 1970 UTC; `to` is left out itself). */
export type ActivityRange =
  | { readonly kind: 'last'; readonly span: 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'all' }
  | { readonly kind: 'exact'; readonly from: number; readonly to: number };

export interface ActivityCriteria {
  readonly filter: Omit<ActivityQuery, 'from' | 'to'>;
  readonly range: ActivityRange;
}
