import { type CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { type Facts, type Lineage } from './facts.ts';
import { type OutputMask, type Verdict } from './verdict.ts';

/** Which door a statement came in by. Doors differ in how they speak, not in what is allowed (G15). */
export type Origin = 'desktop' | 'cli';

export interface GateRequest {
  readonly session: Session;
  /** Name of a connection of the profile. */
  readonly connection: string;
  /** Exactly one statement. */
  readonly text: string;
  readonly params: readonly (string | null)[];
  readonly origin: Origin;
  /** Why the person wants it, in their words: policy may ask for it, and the record keeps it. */
  readonly reason?: string;
  readonly ticket?: string;
}

/** Everything known about a statement before it runs: what `countersign explain` prints. */
export interface Judgement {
  readonly facts: Facts;
  /** Undefined where the text was not understood well enough to be traced. */
  readonly lineage: Lineage | undefined;
  readonly verdict: Verdict;
}

export interface ResultColumn {
  readonly name: string;
  /** The server's name for the type. */
  readonly type: string;
  readonly numeric: boolean;
  readonly mask: OutputMask | undefined;
}

/** What a run tells its door, in order. After `done`, `failed`, `cancelled` or a refusing verdict nothing follows. */
export type GateEvent =
  /** `watermark` is what stands on the result, where the verdict wants its asker's name on it. */
  | { readonly kind: 'verdict'; readonly judgement: Judgement; readonly watermark?: string }
  | { readonly kind: 'recorded'; readonly index: number }
  | { readonly kind: 'columns'; readonly result: string; readonly columns: readonly ResultColumn[] }
  | { readonly kind: 'progress'; readonly rows: number; readonly bytes: number }
  | { readonly kind: 'notice'; readonly severity: string; readonly text: string }
  | {
      readonly kind: 'done';
      readonly tag: string;
      readonly rows: number;
      readonly bytes: number;
      readonly milliseconds: number;
      readonly cut: string | undefined;
      readonly maskedCells: number;
    }
  /** `position` is a UTF-16 offset into the text. */
  | {
      readonly kind: 'failed';
      readonly error: CountersignError;
      readonly position: number | undefined;
      readonly milliseconds: number;
    }
  | { readonly kind: 'cancelled'; readonly milliseconds: number };
