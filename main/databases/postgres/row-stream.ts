import { COMPLETE, type Step } from './flight.ts';
import { BodyReader, Message } from './messages.ts';
import { runBound } from './own-statements.ts';
import type { RowSink } from './session.ts';

/** The run of what was bound: its rows go to the sink. */
export class RowStream implements Step {
  readonly messages = runBound;
  readonly ends = COMPLETE;
  readonly #sink: RowSink;
  readonly #cancel: () => void;
  #rows = 0;
  #tag: string | undefined;
  #failure: { readonly error: unknown } | undefined;
  #stopped = false;

  /** `cancel` is called once, when no further row is wanted. */
  constructor(sink: RowSink, cancel: () => void) {
    this.#sink = sink;
    this.#cancel = cancel;
  }

  /** Rows that the sink took. */
  get rows(): number {
    return this.#rows;
  }

  /** The command tag; undefined where the sink wanted no more rows. */
  get tag(): string | undefined {
    return this.#stopped ? undefined : this.#tag;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** What the sink threw, or what no row may be given for. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  take(type: number, bytes: Buffer, start: number, end: number): void | Promise<void> {
    if (type === Message.dataRow) {
      if (!this.#stopped) return this.#row(bytes, start, end);
    } else if (type === Message.commandComplete) this.#tag = new BodyReader(bytes, start, end).text();
    else if (type === Message.emptyQuery) this.#tag = '';
  }

  /** Gives the sink nothing more. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  #row(bytes: Buffer, start: number, end: number): void | Promise<void> {
    try {
      const wanted = this.#sink.row(bytes, start, end);
      if (wanted === true) this.#rows++;
      else if (wanted === false) this.#stop();
      else
        return wanted.then(
          (more) => (more ? void this.#rows++ : this.#stop()),
          (error: unknown) => this.fail(error),
        );
    } catch (error) {
      this.fail(error);
    }
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#tag === undefined) this.#cancel();
  }
}
