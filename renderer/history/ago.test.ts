import { expect, it } from 'vitest';
import { agoInWords } from './ago.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

it.each([
  ['2026-03-01T11:59:40Z', 'just now'],
  ['2026-03-01T12:00:30Z', 'just now'],
  ['2026-03-01T11:57:00Z', '3 min. ago'],
  ['2026-03-01T09:00:00Z', '3 hr. ago'],
  ['2026-02-27T12:00:00Z', '2 days ago'],
  ['2024-02-27T12:00:00Z', '2 yr. ago'],
])('%s reads as %s', (at, words) => {
  expect(agoInWords(at, now)).toBe(words);
});
