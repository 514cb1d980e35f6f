/** Search over the events of one or many logs: derived from the logs, rebuildable, never evidence. */

export interface ActivityFilter {
  /** Exact: `iss` and `sub` joined by a space, or an e-mail address that the person had at the time. */
  readonly person?: string;
  /** Exact: as `ActivityEvent.agent`, or an agent's id or name alone. */
  readonly agent?: string;
  readonly connection?: string;
  readonly environment?: string;
  /** `schema.relation`. */
  readonly table?: string;
  /** `schema.relation.column`: who touched this column. */
  readonly column?: string;
  /** Class of a column that the statement touches, such as `email`. */
  readonly columnClass?: string;
  readonly verdict?: 'allow' | 'refuse' | 'ask';
  /** How an allowed statement ended. */
  readonly status?: 'done' | 'failed' | 'cancelled' | 'refused' | 'unknown' | 'not_started' | 'running';
  /** Kinds of events; the default is every kind but ends, which are part of what they end. */
  readonly kinds?: readonly string[];
  /** ms since 1970 UTC; from inclusive, to exclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Words, all of which must be in normalized text, title, objects or columns. Quotes keep words together; `*` ends a prefix. */
  readonly text?: string;
  readonly log?: string;
}

/** Whose events a viewer may see: all, or those of one person (`iss` and `sub` joined by a space). */
export type Viewer = { readonly everything: true } | { readonly everything: false; readonly person: string };

/** Place in the order newest first (events of one millisecond: the last taken in first); opaque to the caller. */
export type Cursor = string;

/** One event, with its end where it has one. */
export interface ActivityEvent {
  readonly log: string;
  readonly index: number;
  readonly kind: string;
  /** ms since 1970 UTC. */
  readonly at: number;
  readonly person: string | null;
  readonly personName: string | null;
  /** Name and, where it is another, id in brackets. */
  readonly agent: string | null;
  readonly connection: string | null;
  readonly environment: string | null;
  readonly title: string;
  /** Normalized text or another one-line account, at most 400 characters. */
  readonly summary: string;
  readonly verdict: 'allow' | 'refuse' | 'ask' | null;
  /** `running` while an intent has no end. */
  readonly status: string | null;
  readonly rows: number | null;
  readonly changed: number | null;
  readonly milliseconds: number | null;
  readonly maskedCells: number | null;
  readonly classes: readonly string[];
}

export interface ActivityPage {
  readonly events: readonly ActivityEvent[];
  readonly next: Cursor | null;
}

export interface ActivityChart {
  /** Width of a bucket, ms: an hour or a day (UTC). */
  readonly bucket: number;
  /** Oldest first; buckets in which nothing happened are left out. */
  readonly points: readonly {
    /** Start of the bucket, ms since 1970 UTC. */
    readonly at: number;
    readonly allowed: number;
    readonly refused: number;
    readonly failed: number;
    readonly other: number;
    readonly maskedCells: number;
  }[];
}

/** What there is to choose from among the newest 20,000 events that match, most frequent first, 100 of each. */
export interface ActivityFacets {
  readonly people: readonly { readonly value: string; readonly name: string; readonly events: number }[];
  readonly agents: readonly { readonly value: string; readonly events: number }[];
  readonly connections: readonly { readonly value: string; readonly events: number }[];
  readonly environments: readonly { readonly value: string; readonly events: number }[];
  readonly tables: readonly { readonly value: string; readonly events: number }[];
  readonly classes: readonly { readonly value: string; readonly events: number }[];
  readonly kinds: readonly { readonly value: string; readonly events: number }[];
}

/** How far each log has been taken in. */
export interface IndexedLog {
  readonly log: string;
  readonly indexed: number;
  /** Leaf hash of the newest event taken in, hex: a log that has another there is taken in anew. */
  readonly hash: string;
}

/** One leaf to take in. */
export interface IndexEntry {
  readonly index: number;
  /** Leaf hash, hex. */
  readonly hash: string;
  /** The leaf's bytes. */
  readonly leaf: Uint8Array;
  /** Content of the leaf's `long` blob (docs/log-format.md), where it has one and the key is at hand. */
  readonly long?: Uint8Array;
}

/** Two stores stand behind this: SQLite in the profile, PostgreSQL for a team. Queries of both give the same answers. */
export interface ActivityStore {
  logs(): Promise<readonly IndexedLog[]>;
  /** Takes in the next entries of a log, in order, all or none. @throws CountersignError `index-gap` when they do not follow. */
  add(log: string, entries: readonly IndexEntry[]): Promise<void>;
  /** Forgets a log, to take it in anew. */
  forget(log: string): Promise<void>;
  events(
    filter: ActivityFilter,
    viewer: Viewer,
    options: { readonly before?: Cursor; readonly limit: number },
  ): Promise<ActivityPage>;
  /** `from` and `to` are taken outward to whole hours, those of the filter as well. */
  chart(
    filter: ActivityFilter,
    viewer: Viewer,
    options: { readonly from: number; readonly to: number; readonly bucket: 'hour' | 'day' },
  ): Promise<ActivityChart>;
  facets(filter: ActivityFilter, viewer: Viewer): Promise<ActivityFacets>;
  /** One event of a log, and those that refer to it; null where the viewer may not see it or it is not there. */
  event(
    log: string,
    index: number,
    viewer: Viewer,
  ): Promise<{ readonly event: ActivityEvent; readonly related: readonly ActivityEvent[] } | null>;
  close(): Promise<void>;
}
