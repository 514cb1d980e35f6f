import { BodyReader, Message, readDataRow } from './messages.ts';
import { type RowSink, type TextValue } from './session.ts';

/** Messages that answer a statement of either kind; COPY's are not among them. */
const EXPECTED: ReadonlySet<number> = new Set([
  Message.parseComplete,
  Message.bindComplete,
  Message.closeComplete,
  Message.commandComplete,
  Message.dataRow,
  Message.emptyQuery,
]);

/** The answer to a statement and to the question asked right behind it: rows to the sink, the rest kept. */
export class RowStream {
  readonly #sink: RowSink;
  readonly #cancel: () => void;
  #rows = 0;
  #tag: string | undefined;
  #after: readonly TextValue[] | undefined;
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

  /** The row that answers the question behind the statement. */
  get after(): readonly TextValue[] | undefined {
    return this.#after;
  }

  /** What the sink threw. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** @throws Error for a message that answers no statement */
  take(type: number, bytes: Buffer, start: number, end: number): void | Promise<void> {
    if (type === Message.dataRow) {
      if (this.#tag !== undefined) this.#after = readDataRow(new BodyReader(bytes, start, end));
      else if (!this.#stopped) return this.#row(bytes, start, end);
    } else if (type === Message.commandComplete) this.#tag ??= new BodyReader(bytes, start, end).text();
    else if (type === Message.emptyQuery) this.#tag = '';
    else if (!EXPECTED.has(type)) throw new Error(`message ${String(type)} does not answer a statement`);
  }

  #row(bytes: Buffer, start: number, end: number): void | Promise<void> {
    try {
      const wanted = this.#sink.row(bytes, start, end);
      if (wanted === true) this.#rows++;
      else if (wanted === false) this.#stop();
      else
        return wanted.then(
          (more) => (more ? void this.#rows++ : this.#stop()),
          (error: unknown) => this.#fail(error),
        );
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancel();
  }
}
