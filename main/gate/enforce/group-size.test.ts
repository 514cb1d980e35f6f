import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../errors.ts';
import { groupSizes } from './group-size.ts';

/** The body of a DataRow. */
function row(...cells: readonly (string | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(cells.length);
  return Buffer.concat([
    count,
    ...cells.map((cell) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(cell === null ? -1 : Buffer.byteLength(cell));
      return Buffer.concat([length, Buffer.from(cell ?? '')]);
    }),
  ]);
}

function codeOf(rows: readonly Buffer[], cut?: string): string | undefined {
  const sizes = groupSizes({ outputs: [1], minimum: 10 });
  for (const one of rows) {
    const framed = Buffer.concat([Buffer.from('D1234'), one, Buffer.from('rest')]);
    sizes.see(framed, 5, 5 + one.length);
  }
  try {
    sizes.check(cut);
    return undefined;
  } catch (error) {
    return error instanceof CountersignError ? error.code : String(error);
  }
}

describe('groups of a result', () => {
  it('are shown when each has enough rows', () => {
    expect(codeOf([row('x', '10'), row(null, '250', '1')])).toBeUndefined();
  });

  it('are shown when there are none', () => {
    expect(codeOf([])).toBeUndefined();
  });

  it.each([
    ['one is too small', [row('x', '250'), row('y', '9'), row('z', '250')]],
    ['one is empty', [row('x', '0')]],
    ['one has no size', [row('x', null)]],
    ['a size is no number', [row('x', 'many')]],
    ['a size is missing', [row('x')]],
  ])('are all withheld when %s', (_, rows) => {
    expect(codeOf(rows)).toBe('group-too-small');
  });

  it('are all withheld when the result was cut, since nobody has seen the rest', () => {
    expect(codeOf([row('x', '10')], 'cut at 1 row')).toBe('group-too-small');
  });
});
