import { describe, expect, it } from 'vitest';
import { remaining } from './clock-words.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const SECOND = 1000;

describe('how long something lasts', () => {
  it.each([
    [-1, 'over'],
    [0, 'over'],
    [1, 'under a minute'],
    [59, 'under a minute'],
    [60, '1 min'],
    [119, '1 min'],
    [59 * 60 + 59, '59 min'],
    [3600, '1 h'],
    [3 * 3600 + 5 * 60, '3 h 5 min'],
    [47 * 3600, '47 h'],
    [72 * 3600, '3 days'],
  ])('is never said longer than it is: %i s', (seconds, words) => {
    expect(remaining(new Date(NOW + seconds * SECOND).toISOString(), NOW)).toBe(words);
  });

  it('is over where the time is none', () => {
    expect(remaining('soon', NOW)).toBe('over');
  });
});
