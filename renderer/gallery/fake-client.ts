import { type Desktop } from '../../shared/contract.ts';
import { packWindow } from '../../shared/result-window.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type RunEvent } from '../../shared/views.ts';
import { type SampleTable } from './sample-rows.ts';

/** A gate with plain data in the page, for the gallery and the grid's benchmark; used by nothing in the product. */
export interface FakeGate {
  readonly table: SampleTable;
  /** What `query.run` sends; a number waits as many milliseconds. */
  readonly events: readonly (RunEvent | number)[];
  /** Does the run stay open after its events. */
  readonly open?: boolean;
  /** Answers a window after as many milliseconds; at once by default. */
  readonly delay?: number;
  /** Windows are never answered, or always refused. */
  readonly windows?: 'never' | 'failing';
}

const utf8 = new TextEncoder();
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function fakeClient(gate: FakeGate): Client<Desktop> {
  const { table, events, open = false, delay = 0, windows } = gate;

  const client: Partial<Client<Desktop>> = {
    'query.run': async function* (_input, signal) {
      for (const event of events) {
        if (typeof event === 'number') await wait(event);
        else yield event;
      }
      if (open)
        await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('ended'))));
    },
    'result.window': async (area) => {
      if (windows === 'never') await new Promise(() => undefined);
      if (windows === 'failing')
        throw Object.assign(new Error('The file that holds these rows is gone.'), { code: 'result-gone', next: null });
      if (delay > 0) await wait(delay);
      return packWindow(area, (row, column) => {
        const { text, masked } = table.cell(row, column);
        return { bytes: text === null ? null : utf8.encode(text), masked };
      });
    },
    'result.cell': ({ row, column }) => {
      const { text, masked } = table.cell(row, column);
      return Promise.resolve({ text, masked, bytes: text === null ? 0 : utf8.encode(text).length });
    },
    'result.copy': (area) =>
      Promise.resolve({
        text: Array.from({ length: Math.min(area.rows, 1000) }, (_, i) =>
          Array.from(
            { length: area.columns },
            (_unused, j) => table.cell(area.firstRow + i, area.firstColumn + j).text ?? '',
          ).join('\t'),
        ).join('\n'),
        cut: area.rows > 1000,
      }),
    'result.release': () => Promise.resolve(null),
    'clipboard.copied': () => Promise.resolve(null),
  };
  return client as Client<Desktop>;
}
