import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { MASKED_LIMIT } from '../../databases/result/index.ts';
import { masker } from '../../policy/masker.ts';
import { maskerTransform, type MaskedType } from './maskers.ts';

const page = readFileSync(new URL('../../../docs/masking.md', import.meta.url), 'utf8');
const tableBelow = (heading: string): readonly (readonly string[])[] =>
  (page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
const quoted = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

const TYPES: readonly (readonly [RegExp, MaskedType])[] = [
  [/^date,/, { typeOid: 1082, typeModifier: -1, type: 'date' }],
  [/^smallint,/, { typeOid: 23, typeModifier: -1, type: 'integer' }],
  [/^text/, { typeOid: 25, typeModifier: -1, type: 'text' }],
];

describe('docs/masking.md', () => {
  const examples = tableBelow('Maskers').flatMap(([written = '', values = '', shown = '', types = '']) => {
    const type = TYPES.find(([form]) => form.test(types))?.[1];
    const maskers = quoted(written);
    return quoted(values).flatMap((value, i) => {
      const answers = quoted(shown);
      // One masker of several values, or several maskers of one value.
      return maskers.flatMap((text, j) => [{ text, value, shown: answers[i + j] ?? '', type }]);
    });
  });

  it.each(examples)('says what $text makes of $value', ({ text, value, shown, type }) => {
    if (type === undefined) throw new Error('the example has a type');
    const target = Buffer.alloc(MASKED_LIMIT);
    const bytes = Buffer.from(value);
    const transform = maskerTransform(masker.parse(parse(text)), type, { key: Buffer.alloc(32, 3) });
    const length = transform(bytes, 0, bytes.length, target, 0);
    const beginning = shown.replace(/\.{3}$/, '');
    expect(target.toString('utf8', 0, length).startsWith(beginning)).toBe(true);
    if (beginning === shown && !shown.endsWith('_') && shown !== '411111')
      expect(length).toBe(Buffer.byteLength(shown));
  });

  it('has an example of most maskers', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12);
  });

  it('names a test for every channel', () => {
    const tests = ['./channels.test.ts', '../../doors/channels.test.ts']
      .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
      .join();
    const described = [...tests.matchAll(/^describe\('([^']+)'/gm)].map((match) => match[1]?.toLowerCase() ?? '');
    const channels = tableBelow('Channels').map(([name = '']) => name.toLowerCase());
    expect(channels.length).toBeGreaterThanOrEqual(12);
    for (const channel of channels) {
      expect(
        described.some((name) =>
          name.split(/,| and /).every((word) => channel.includes(word.trim().replace(/^the /, ''))),
        ),
      ).toBe(true);
    }
  });
});
