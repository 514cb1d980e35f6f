import { type Json } from './json.ts';
import { type Reporter } from './report.ts';

export { type Json };

/** What a blob holds, or why it cannot be told. */
export type Opened = Buffer | 'erased' | 'no-key' | 'unreadable';

/** One event as the checks see it. */
export interface CheckedEvent {
  readonly index: number;
  /** For findings: `event 17`. */
  readonly where: string;
  readonly kind: string;
  readonly leaf: Json;
  /** RFC 6962 leaf hash. */
  readonly hash: Buffer;
  /** The content that a commitment `{h, len, ref}` of this leaf stands for, salt taken off. */
  open(commitment: unknown): Opened;
}

/** One kind of check over the events of one log, in order of index. */
export interface EventCheck {
  event(event: CheckedEvent): void;
  /** After the last event: counts what was checked, says what was not. */
  end(): void;
}

export type NewEventCheck = (report: Reporter, logId: string) => EventCheck;
