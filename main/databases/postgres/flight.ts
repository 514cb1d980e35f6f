/**
 * Several questions in one round trip (PostgreSQL protocol 54.2.4, pipelining): each step of a flight is asked without
 * waiting for the one before it, and its answer ends in one message of known type. After an error the server skips what is
 * left up to the Sync, so that no step runs behind one that failed.
 */
import { type NoticeFields } from './trees.ts';
import { BodyReader, Message, readDataRow } from './messages.ts';
import type { TextValue } from './session.ts';

export interface Step {
  readonly messages: readonly Uint8Array[];
  /** Types of the message that ends its answer. */
  readonly ends: ReadonlySet<number>;
  /** Sees every message of its answer. A promise holds the server back until it settles. */
  take?(type: number, bytes: Buffer, start: number, end: number): void | Promise<void>;
  /** True where a notice that comes while it is answered is taken, and is for nobody else. */
  notice?(fields: NoticeFields): boolean;
}

/** How the answers of statements end. */
export const COMPLETE: ReadonlySet<number> = new Set([Message.commandComplete, Message.emptyQuery]);
export const DESCRIBED: ReadonlySet<number> = new Set([Message.rowDescription, Message.noData]);
export const PARSED: ReadonlySet<number> = new Set([Message.parseComplete]);
export const BOUND: ReadonlySet<number> = new Set([Message.bindComplete]);

/** Messages that answer a statement of either kind; COPY's are not among them. */
const EXPECTED: ReadonlySet<number> = new Set([
  ...COMPLETE,
  ...DESCRIBED,
  ...PARSED,
  ...BOUND,
  Message.parameterDescription,
  Message.closeComplete,
  Message.dataRow,
]);

export class Flight {
  readonly #steps: readonly Step[];
  #at = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  get messages(): readonly Uint8Array[] {
    return this.#steps.flatMap(({ messages }) => messages);
  }

  /** True when every step has been answered. */
  get complete(): boolean {
    return this.#at === this.#steps.length;
  }

  /** @throws Error for a message that answers no step */
  take(type: number, bytes: Buffer, start: number, end: number): void | Promise<void> {
    const step = this.#steps[this.#at];
    if (step === undefined || !EXPECTED.has(type)) throw new Error(`message ${String(type)} answers no statement`);
    if (step.ends.has(type)) this.#at += 1;
    return step.take?.(type, bytes, start, end);
  }

  notice(fields: NoticeFields): boolean {
    return this.#steps[this.#at]?.notice?.(fields) ?? false;
  }
}

/** A step whose few rows are kept as text, and its command tag with them. */
export interface Rows extends Step {
  readonly rows: (readonly TextValue[])[];
  readonly tag: string | undefined;
}

/** `taken` sees all rows as soon as the step is complete. */
export function rowsOf(messages: readonly Uint8Array[], taken?: (rows: Rows['rows']) => void): Rows {
  const rows: (readonly TextValue[])[] = [];
  let tag: string | undefined;
  return {
    messages,
    ends: COMPLETE,
    rows,
    get tag() {
      return tag;
    },
    // Nobody asked the gate's own questions but the gate.
    notice: () => true,
    take(type, bytes, start, end) {
      if (type === Message.dataRow) rows.push(readDataRow(new BodyReader(bytes, start, end)));
      if (!COMPLETE.has(type)) return;
      tag = type === Message.commandComplete ? new BodyReader(bytes, start, end).text() : '';
      taken?.(rows);
    },
  };
}
