import { type Clock } from '../state/saver.ts';
import { createStore, type Store } from '../state/store.ts';
import { isAbort, type Trouble, troubleOf } from '../state/trouble.ts';

/** What was answered last, and to what; it stays until there is a newer answer, so that nothing blinks while somebody types. */
export interface Answer<In, Out> {
  /** What `value` answers; null before the first answer. */
  readonly of: In | null;
  readonly value: Out | null;
  /** Is a newer question waiting or under way. */
  readonly asking: boolean;
  /** Why the newest question has no answer. */
  readonly trouble: Trouble | null;
}

export interface Asker<In, Out> {
  readonly answer: Store<Answer<In, Out>>;
  /** Asks after `wait` ms of rest; again what is asked or answered already does nothing. */
  ask(question: In, wait?: number): void;
  /** Asks the last question again, such as after it failed. */
  again(): void;
  /** Calls off what is under way; the last answer stays. */
  stop(): void;
  /** Lets go of everything. */
  clear(): void;
}

/** Questions that overtake each other, such as one for each keystroke: one is under way at a time, the newest wins. */
export function createAsker<In, Out>(
  clock: Clock,
  call: (question: In, signal: AbortSignal) => Promise<Out>,
): Asker<In, Out> {
  const nothing: Answer<In, Out> = { of: null, value: null, asking: false, trouble: null };
  const answer = createStore<Answer<In, Out>>(nothing);
  let asked: { readonly question: In } | null = null;
  let callOff: (() => void) | null = null;
  let running = new AbortController();

  const halt = (): void => {
    callOff?.();
    callOff = null;
    running.abort();
  };

  const run = async (question: In): Promise<void> => {
    callOff = null;
    const { signal } = (running = new AbortController());
    try {
      const value = await call(question, signal);
      if (!signal.aborted) answer.set({ of: question, value, asking: false, trouble: null });
    } catch (error) {
      if (signal.aborted) return;
      const trouble = isAbort(error) ? null : troubleOf(error);
      answer.update((before) => ({ ...before, asking: false, trouble }));
    }
  };

  const begin = (question: In, wait: number): void => {
    halt();
    asked = { question };
    answer.update((before) => ({ ...before, asking: true }));
    if (wait > 0) callOff = clock.after(wait, () => void run(question));
    else void run(question);
  };

  return {
    answer,
    ask: (question, wait = 0) => {
      if (asked === null || !Object.is(asked.question, question)) begin(question, wait);
    },
    again: () => {
      if (asked !== null) begin(asked.question, 0);
    },
    stop: () => {
      halt();
      if (!answer.get().asking) return;
      asked = null;
      answer.update((before) => ({ ...before, asking: false }));
    },
    clear: () => {
      halt();
      asked = null;
      answer.set(nothing);
    },
  };
}
