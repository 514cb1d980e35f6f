import { useCallback, useState } from 'react';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { troubleOf } from '../state/trouble.ts';
import { copySelection, type CopyFormat } from './copy.ts';
import { type ResultSheet } from './result-sheet.ts';
import { plural } from './words.ts';

export interface CopyMessage {
  readonly text: string;
  readonly trouble: boolean;
}

/** The gate's refusal: what it refused, and what to do next. */
export function notCopied(error: unknown): string {
  const { message, next } = troubleOf(error);
  return `Not copied. ${message}${next === null ? '' : ` ${next}`}`;
}

/** Copies what is selected and says in words what became of it. */
export function useCopy(
  client: Client<Desktop>,
  result: string | null,
  sheet: ResultSheet,
  /** Why nothing may leave, or null: then the gate is not asked. */
  stays: string | null,
): { readonly message: CopyMessage | null; readonly copy: (format: CopyFormat, headers: boolean) => void } {
  const [message, setMessage] = useState<CopyMessage | null>(null);
  const copy = useCallback(
    (format: CopyFormat, headers: boolean) => {
      const { selection } = sheet.snapshot();
      if (result === null || selection === null) return;
      if (stays !== null) {
        setMessage({ text: `Not copied. ${stays}`, trouble: true });
        return;
      }
      copySelection(client, result, selection, format, headers)
        .then(({ cells, cut }) =>
          setMessage(
            cut
              ? { text: 'Copied the beginning: a limit cut the rest.', trouble: true }
              : { text: `Copied ${plural(cells, 'cell')}.`, trouble: false },
          ),
        )
        .catch((error: unknown) => setMessage({ text: notCopied(error), trouble: true }));
    },
    [client, result, sheet, stays],
  );
  return { message, copy };
}
