/**
 * An error meant for a person: what happened, to what, and what to do next. `code` is stable and may be matched by
 * scripts; `message` never holds secrets, cells or stacks. Anything that is not a CountersignError is shown as an
 * internal error without its text.
 */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: string;
  /** What the person can do next: one sentence, or undefined where the message already says it. */
  readonly next: string | undefined;

  constructor(code: string, message: string, options: { readonly next?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.next = options.next;
  }
}
