import { type Receipt } from '../writer.ts';

/** How far an event must have come before what it announces may happen. */
export type RecordLevel = 'local' | 'uploaded' | 'witnessed';

/** What back-pressure refuses: nothing, but it is said; what is risky (all but reads); everything. */
export type Pressure = 'none' | 'warn' | 'refuse-risky' | 'refuse-all';

/** How far this process's log has come outside this machine. */
export interface AnchorState {
  /** Name of the store, or null where none is configured. */
  readonly store: string | null;
  /** Events uploaded, counted from the log's beginning; null without a store. */
  readonly uploaded: number | null;
  /** Events under a checkpoint that enough witnesses have cosigned; null without witnesses. */
  readonly witnessed: number | null;
  readonly pressure: Pressure;
  /** The log took the place of another, and the store does not have that yet: until then `pressure` is `refuse-all`. */
  readonly unproven?: true;
  /** Since when events wait for the store (ISO 8601); null when none waits. */
  readonly waitingSince: string | null;
  /** What keeps it from going on, in a sentence with what to do; null when fine. */
  readonly trouble: string | null;
  /** Codes and sentences of what the store does not promise; known once somebody has looked. */
  readonly weaknesses: readonly { readonly code: string; readonly sentence: string; readonly mend: string }[];
}

/** Copies and signatures of the logs of this profile outside this machine. */
export interface Anchors {
  state(): AnchorState;
  /** Calls `listener` after every change; gives what ends that. */
  onState(listener: (state: AnchorState) => void): () => void;
  /**
   * Resolves when the event has reached the level.
   * @throws CountersignError `record-level-unreached` when it cannot in time, or nothing is configured that could give it.
   */
  reach(receipt: Receipt, level: RecordLevel, signal: AbortSignal): Promise<void>;
  /** Somebody has put right what was wrong (credentials, network, rights): tries again now. */
  retry(): void;
  /**
   * Tries to bring everything recorded so far to store and witnesses, and lets go: after `within` ms at the latest, and sooner
   * where neither answers any more. Never throws for what lies outside.
   */
  close(within: number): Promise<void>;
}
