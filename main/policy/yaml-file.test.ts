import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readClassification } from './classification.ts';
import { compilePolicy } from './compile.ts';
import { testContext } from './testing.ts';
import { MAX_FILE_BYTES, type Problem } from './yaml-file.ts';

const example = readFileSync(new URL('../../docs/examples/policy.yaml', import.meta.url), 'utf8');

/** Reads a text both ways and gives the problems; none when it was accepted. */
function problemsOf(text: string): readonly Problem[] {
  const results = [compilePolicy(text, testContext), readClassification(text, ['shop'])];
  return results.flatMap((result) => (result.ok ? [] : result.problems));
}

const wellPlaced = (problem: Problem) => problem.line >= 1 && problem.column >= 1 && problem.message !== '';

describe('any text at all', () => {
  it('is accepted or refused with places, never thrown at', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => problemsOf(text).every(wellPlaced)));
  });

  it(
    'made of a good policy by cutting, doubling and changing characters is accepted or refused with places',
    { timeout: 180_000 },
    () => {
      const damage = fc.record({
        at: fc.nat({ max: example.length - 1 }),
        length: fc.nat({ max: 40 }),
        insert: fc.oneof(
          fc.constantFrom(
            '',
            ':',
            '- ',
            '{',
            ']',
            '&a ',
            '*a',
            '!!js ',
            '\n',
            '\t',
            "'",
            '"',
            '#',
            '__proto__: ',
            '\0',
            '\ud800',
          ),
          fc.string(),
        ),
      });
      fc.assert(
        fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
          const text = damages.reduce(
            (before, { at, length, insert }) => before.slice(0, at) + insert + before.slice(at + length),
            example,
          );
          return problemsOf(text).every(wellPlaced);
        }),
        { numRuns: 200 },
      );
    },
  );

  it.each([
    ['nested lists', '['.repeat(20_000)],
    ['nested maps', '{a: '.repeat(20_000)],
    ['nested blocks', '- '.repeat(20_000)],
    ['a long key', `${'k'.repeat(900_000)}: 1\n`],
    ['a text beyond the cap', ' '.repeat(MAX_FILE_BYTES + 1)],
  ])('made to exhaust the reader (%s) is refused', (_sentence, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThanOrEqual(2);
    expect(problems.every(wellPlaced)).toBe(true);
    expect(problems.map((problem) => problem.message).join()).not.toMatch(/stack/i);
  });

  it('with a key that no program would see is refused where that key stands', () => {
    const [problem] = problemsOf('version: 1\ngroups:\n  __proto__: [security]\nrules: []\n');
    expect(problem).toMatchObject({ line: 3, message: '__proto__ can name nothing here' });
  });
});
