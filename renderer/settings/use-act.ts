import { useState } from 'react';
import { type Trouble, troubleOf } from '../state/trouble.ts';

/** Does something that the gate may refuse: one at a time, and what it said stays until the next try. */
export function useAct(): {
  readonly busy: boolean;
  readonly trouble: Trouble | null;
  readonly act: (does: () => Promise<unknown>) => void;
} {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const act = (does: () => Promise<unknown>): void => {
    if (busy) return;
    setBusy(true);
    setTrouble(null);
    does().then(
      () => {
        setBusy(false);
      },
      (error: unknown) => {
        setBusy(false);
        setTrouble(troubleOf(error));
      },
    );
  };
  return { busy, trouble, act };
}
