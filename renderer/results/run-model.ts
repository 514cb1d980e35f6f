import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type ResultColumnView, type RunEvent, type SpanView, type VerdictView } from '../../shared/views.ts';
import { troubleOf } from '../state/trouble.ts';

/**
 * - `running`: from the call until an end; a result may already be there and grow.
 * - `done`: the whole result, or as much of it as the limits let through (`cut`).
 * - `refused`, `asked`: the verdict stopped it; nothing ran.
 * - `failed`: the server, the link or the gate said no; rows that came before stay readable.
 * - `cancelled`: by the person.
 */
export type RunState = 'running' | 'done' | 'refused' | 'asked' | 'failed' | 'cancelled';

export interface RunFailure {
  readonly code: string;
  readonly message: string;
  readonly next: string | null;
  /** UTF-16 offsets into the tab's text. */
  readonly span: SpanView | null;
}

/** One run as it stands; a new object for every change, so that React can compare by identity. */
export interface RunSnapshot {
  readonly state: RunState;
  /** When it began, ms since the epoch. */
  readonly startedAt: number;
  /** The text that was sent. */
  readonly text: string;
  /** Where `text` stands in the tab, UTF-16 units. */
  readonly offset: number;
  /** Where the statement stands in the tab, once the verdict is there. */
  readonly statement: SpanView | null;
  readonly verdict: VerdictView | null;
  /** Index of the intent in the log: recorded before the database saw a byte. */
  readonly recorded: number | null;
  readonly result: string | null;
  readonly columns: readonly ResultColumnView[];
  readonly rows: number;
  readonly bytes: number;
  readonly milliseconds: number | null;
  readonly tag: string | null;
  readonly notices: readonly { readonly severity: string; readonly text: string }[];
  readonly error: RunFailure | null;
  /** Which limit cut the result, or null when it is whole. */
  readonly cut: string | null;
  readonly maskedCells: number;
}

export interface RunModel {
  subscribe(listener: () => void): () => void;
  snapshot(): RunSnapshot;
  readonly connection: string;
  /** Aborts when the run is put away: whatever was made for it can go. */
  readonly disposed: AbortSignal;
  /** Asks the server to stop. Does nothing when the run has ended. */
  cancel(): void;
  /** Ends the run and lets the gate process forget its rows. */
  dispose(): void;
}

export interface RunRequest {
  readonly connection: string;
  readonly text: string;
  /** Where `text` stands in the tab, UTF-16 units. */
  readonly offset: number;
  /** What the person said it is for, where the policy asks; recorded with the statement. */
  readonly reason?: string;
  readonly ticket?: string;
}

/** A server may send a notice per row; only the last ones are kept. */
const MAX_NOTICES = 1000;

/** Where the statement begins in the tab, UTF-16 units. */
const statementStart = (snapshot: RunSnapshot): number => snapshot.statement?.start ?? snapshot.offset;

/** Offsets into the statement, as offsets into the tab. */
export function inTab(snapshot: RunSnapshot, span: SpanView): SpanView {
  const base = statementStart(snapshot);
  return { start: base + span.start, end: base + span.end };
}

/** What the person sent of a span into the statement. */
export function excerpt(snapshot: RunSnapshot, span: SpanView): string {
  const base = statementStart(snapshot) - snapshot.offset;
  return snapshot.text.slice(base + span.start, base + span.end);
}

/** Why none of a result's rows may leave the screen; null where they may, or where the gate decides when they do. */
export const staysHere = (snapshot: RunSnapshot | null): string | null => {
  const leaving = snapshot?.verdict?.leaving;
  return leaving?.kind === 'no' ? (leaving.sentence ?? 'These rows stay on this screen.') : null;
};

/** The snapshot after an event. Pure: the state machine is tested as a table. */
export function advance(now: RunSnapshot, event: RunEvent): RunSnapshot {
  // A refusal is recorded too, and the number may come after the verdict.
  if (event.kind === 'recorded') return { ...now, recorded: event.index };
  if (now.state !== 'running') return now;
  switch (event.kind) {
    case 'verdict': {
      const stopped = { allow: 'running', refuse: 'refused', ask: 'asked' } as const;
      return { ...now, verdict: event.verdict, statement: event.statement, state: stopped[event.verdict.verdict] };
    }
    case 'columns':
      return { ...now, result: event.result, columns: event.columns };
    case 'progress':
      return { ...now, rows: Math.max(now.rows, event.rows), bytes: Math.max(now.bytes, event.bytes) };
    case 'notice':
      return {
        ...now,
        notices: [...now.notices.slice(-(MAX_NOTICES - 1)), { severity: event.severity, text: event.text }],
      };
    case 'done':
      return {
        ...now,
        state: 'done',
        tag: event.tag,
        rows: event.rows,
        bytes: event.bytes,
        milliseconds: event.milliseconds,
        cut: event.cut,
        maskedCells: event.maskedCells,
      };
    case 'failed': {
      const { code, message, next, span } = event.error;
      return { ...now, state: 'failed', error: { code, message, next, span: span && inTab(now, span) } };
    }
    case 'cancelled':
      return { ...now, state: 'cancelled', milliseconds: event.milliseconds };
  }
}

/** The stream ended without `done`, `failed` or `cancelled`: what became of the statement is not known here. */
const noEnd: RunFailure = {
  code: 'link-closed',
  message: 'The connection to the gate ended before the statement did.',
  next: 'Look at the history for what was recorded, then run it again.',
  span: null,
};

/** Runs one statement and keeps what is known of it. `now` is the clock, ms. */
export function createRun(client: Client<Desktop>, request: RunRequest, now: () => number = Date.now): RunModel {
  const listeners = new Set<() => void>();
  const controller = new AbortController();
  const putAway = new AbortController();
  const startedAt = now();
  let current: RunSnapshot = {
    state: 'running',
    startedAt,
    text: request.text,
    offset: request.offset,
    statement: null,
    verdict: null,
    recorded: null,
    result: null,
    columns: [],
    rows: 0,
    bytes: 0,
    milliseconds: null,
    tag: null,
    notices: [],
    error: null,
    cut: null,
    maskedCells: 0,
  };

  function show(next: RunSnapshot): void {
    if (next === current) return;
    current = next;
    for (const listener of listeners) listener();
  }

  function release(): void {
    if (current.result === null) return;
    // The result may be gone already (the gate restarted, the link closed): then there is nothing to release.
    client['result.release']({ result: current.result }).catch(() => undefined);
  }

  async function follow(): Promise<void> {
    try {
      for await (const event of client['query.run'](request, controller.signal)) {
        show(advance(current, event));
        if (putAway.signal.aborted && event.kind === 'columns') release();
      }
      if (current.state === 'running') show({ ...current, state: 'failed', error: noEnd });
    } catch (error) {
      if (current.state !== 'running') return;
      if (controller.signal.aborted) show({ ...current, state: 'cancelled', milliseconds: now() - startedAt });
      else show({ ...current, state: 'failed', error: { ...troubleOf(error), span: null } });
    }
  }
  void follow();

  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: () => current,
    connection: request.connection,
    disposed: putAway.signal,
    cancel: () => {
      if (current.state === 'running') controller.abort();
    },
    dispose: () => {
      if (putAway.signal.aborted) return;
      putAway.abort();
      listeners.clear();
      controller.abort();
      release();
    },
  };
}
