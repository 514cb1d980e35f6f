import { useEffect, useState } from 'react';
import { type Desktop } from '../../../shared/contract.ts';
import { type Client, type Output } from '../../../shared/rpc/types.ts';
import { type Loadable, loading, troubleOf } from '../../state/trouble.ts';

/** Asks again whenever `key` changes and forgets answers that come too late. */
export function useAsked<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Loadable<T> {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly state: Loadable<T> }>({ key, state: loading });
  useEffect(() => {
    const controller = new AbortController();
    const keep = (state: Loadable<T>): void => {
      if (!controller.signal.aborted) setAnswer({ key, state });
    };
    ask(controller.signal).then(
      (value) => keep({ state: 'ready', value }),
      (error: unknown) => keep({ state: 'failed', trouble: troubleOf(error) }),
    );
    return () => controller.abort();
    // The key says everything that `ask` depends on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
  return answer.key === key ? answer.state : loading;
}

export type WholeCell = Output<Desktop['result.cell']>;

/** The whole text of a cell, as far as it may be seen. */
export const useCell = (client: Client<Desktop>, result: string, row: number, column: number): Loadable<WholeCell> =>
  useAsked(`${result} ${row} ${column}`, (signal) => client['result.cell']({ result, row, column }, signal));
