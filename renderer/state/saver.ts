/** When and how often the workspace is written. Text is never older than `delay` on disk while the link is up. */
export interface Clock {
  /** Calls back once after `delay` ms; the returned function calls it off. */
  after(delay: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  after: (delay, callback) => {
    const timer = setTimeout(callback, delay);
    return () => {
      clearTimeout(timer);
    };
  },
};

export interface Saver {
  /** Something changed: it is saved at most `delay` ms from the first change on, however much more changes. */
  changed(): void;
  /** Saves now what is not saved yet: on blur, and when the window may go away. */
  flush(): Promise<void>;
  /** Is there anything that is not on the disk yet. */
  dirty(): boolean;
  /** Lets go of what is not saved: it belonged to somebody else, and must not be written over what is loaded next. */
  forget(): void;
}

export interface SaverOptions<T> {
  readonly clock: Clock;
  /** ms */
  readonly delay: number;
  readonly current: () => T;
  readonly save: (value: T) => Promise<unknown>;
  /** Told null when saving works again. A failed save is tried again after `retry` ms. */
  readonly onTrouble: (error: unknown) => void;
  /** ms */
  readonly retry: number;
}

/** One save at a time; what changes meanwhile goes with the next one, so an older text never overwrites a newer. */
export function createSaver<T>({ clock, delay, current, save, onTrouble, retry }: SaverOptions<T>): Saver {
  let dirty = false;
  let callOff: (() => void) | null = null;
  let saving: Promise<void> | null = null;

  const plan = (wait: number): void => {
    callOff ??= clock.after(wait, () => {
      callOff = null;
      void flush();
    });
  };

  const run = async (): Promise<void> => {
    while (dirty) {
      dirty = false;
      try {
        await save(current());
        onTrouble(null);
      } catch (error) {
        dirty = true;
        onTrouble(error);
        plan(retry);
        return;
      }
    }
  };

  const flush = (): Promise<void> => {
    callOff?.();
    callOff = null;
    saving ??= run().finally(() => {
      saving = null;
    });
    return saving;
  };

  return {
    changed: () => {
      dirty = true;
      if (saving === null) plan(delay);
    },
    flush,
    dirty: () => dirty,
    forget: () => {
      dirty = false;
      callOff?.();
      callOff = null;
    },
  };
}
