import { CountersignError } from '../../errors.ts';
import { type Allow } from '../verdict.ts';

/** Watches the rows of a result that a permit shows only where each stands for enough rows of the table. */
export interface GroupSizes {
  /** Takes the body of a DataRow (PostgreSQL protocol 55.7), cells in text. */
  see(source: Buffer, start: number, end: number): void;
  /**
   * Called when all rows are there, before any is shown. @throws CountersignError `group-too-small` for the whole result:
   * leaving out the small groups alone would tell what they are, by subtraction from the whole
   */
  check(cut: string | undefined): void;
}

const HEADER = 4;

export function groupSizes({ outputs, minimum }: NonNullable<Allow['groupSize']>): GroupSizes {
  let large = true;
  return {
    see(source, start, end) {
      large &&= outputs.every((output) => cellOf(source, start, end, output) >= minimum);
    },
    check(cut) {
      if (cut === undefined && large) return;
      throw new CountersignError(
        'group-too-small',
        cut === undefined
          ? `A group of the result has fewer than ${minimum} rows, so all of it is withheld.`
          : `The result is ${cut}, so the sizes of its groups could not all be checked, and all of it is withheld.`,
        { next: 'Group by fewer columns, or by one with fewer values.' },
      );
    },
  };
}

/** The number in a cell; NaN, which is not large enough, where there is none. */
function cellOf(source: Buffer, start: number, end: number, output: number): number {
  let at = start + 2;
  for (let column = 0; at + HEADER <= end; column++) {
    const length = source.readInt32BE(at);
    at += HEADER;
    if (column === output) return length > 0 ? Number(source.toString('latin1', at, at + length)) : NaN;
    at += Math.max(length, 0);
  }
  return NaN;
}
