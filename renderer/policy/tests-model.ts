import { type PolicyTestView } from '../../shared/views.ts';
import { oneLine, plural, thousands } from '../results/words.ts';

/** Those that fail first, each part in the order of the file. */
export const testsInOrder = (tests: readonly PolicyTestView[]): PolicyTestView[] => [
  ...tests.filter(({ passed }) => !passed),
  ...tests.filter(({ passed }) => passed),
];

/** `All 12 tests pass`, or `2 of 12 tests fail`. */
export function testsWords(tests: readonly PolicyTestView[]): string {
  const failing = tests.filter(({ passed }) => !passed).length;
  if (failing === 0) return tests.length === 1 ? 'The one test passes' : `All ${plural(tests.length, 'test')} pass`;
  return `${thousands(failing)} of ${plural(tests.length, 'test')} ${failing === 1 ? 'fails' : 'fail'}`;
}

/** A title as far as it fits a few lines. */
export const titleWords = (title: string): string => oneLine(title, 300);
