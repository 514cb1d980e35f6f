import { type Desktop } from '../../shared/contract.ts';
import { type Client, type Input } from '../../shared/rpc/types.ts';
import { type Selection, selectedCells } from './grid/selection.ts';

export type CopyFormat = Input<Desktop['result.copy']>['format'];

/** What was put on the clipboard, in a sentence's parts. */
export interface Copied {
  readonly cells: number;
  /** A limit kept part of the selection back. */
  readonly cut: boolean;
}

/** Formats whose texts can follow one another; the others are one value (a JSON array, a list, a table). */
const lineFormats: readonly CopyFormat[] = ['tsv', 'csv', 'insert'];

/** Can a selection be copied in a format: several ranges only where their texts simply follow one another. */
export const canCopy = (selection: Selection | null, format: CopyFormat): boolean =>
  selection !== null && (selection.ranges.length === 1 || lineFormats.includes(format));

/**
 * The selection as text, made in the gate process (which knows what may leave and records it), put on the clipboard
 * by the browser. `write` takes the text as a promise, so that the person's key press still counts while it is made.
 */
export async function copySelection(
  client: Client<Desktop>,
  result: string,
  selection: Selection,
  format: CopyFormat,
  headers: boolean,
  write: (text: Promise<string>) => Promise<void> = writeClipboard,
): Promise<Copied> {
  let cut = false;
  const text = async (): Promise<string> => {
    const parts: string[] = [];
    const ranges = selection.ranges.toSorted((a, b) => a.top - b.top || a.left - b.left);
    for (const [index, range] of ranges.entries()) {
      const part = await client['result.copy']({
        result,
        firstRow: range.top,
        rows: range.bottom - range.top + 1,
        firstColumn: range.left,
        columns: range.right - range.left + 1,
        format,
        headers: headers && index === 0,
      });
      parts.push(part.text);
      cut ||= part.cut;
      if (part.cut) break;
    }
    return parts.length === 1 ? (parts[0] ?? '') : parts.map((part) => part.replace(/\r?\n$/, '')).join('\n');
  };
  await write(text());
  const cells = selectedCells(selection);
  await client['clipboard.copied']({ result, cells });
  return { cells, cut };
}

async function writeClipboard(text: Promise<string>): Promise<void> {
  const blob = text.then((value) => new Blob([value], { type: 'text/plain' }));
  await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
}
