import { numbers } from './random-queries.ts';

/** Names of up to 63 bytes, of characters that mean something where trees are printed, broken into lines or read. */
export function* hostileNames(count: number, seed: number): Generator<string> {
  const pieces = [
    '(',
    ')',
    '{',
    '}',
    '\\',
    ' ',
    '\n',
    '\t',
    ':',
    '<>',
    '[',
    ']',
    '7',
    '-1',
    'é',
    '漢',
    ':varattno 1',
    '{VAR ',
    'x',
  ];
  const random = numbers(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  for (let left = count; left > 0; left--) {
    const few = Array.from({ length: 1 + below(3) }, () => pieces[below(pieces.length)] ?? '');
    let name = '';
    for (let longer = name; Buffer.byteLength(longer) <= 63; longer += few[below(few.length)] ?? '') {
      name = longer;
      if (name !== '' && below(40) === 0) break;
    }
    yield name === '' ? 'x' : name;
  }
}
