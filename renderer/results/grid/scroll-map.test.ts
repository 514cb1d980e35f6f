import { describe, expect, it } from 'vitest';
import { createScrollMap, MAX_SCROLL_HEIGHT } from './scroll-map.ts';

const ROW = 24;
const VIEWPORT = 700;

describe('a result that fits the element limit', () => {
  const map = createScrollMap(100_000 * ROW, VIEWPORT);

  it('scrolls one to one', () => {
    expect(map.scrollHeight).toBe(2_400_000);
    expect(map.move(0, 0, 123_456)).toBe(123_456);
    expect(map.seat(123_456)).toBe(123_456);
  });

  it('never passes the last row', () => {
    expect(map.move(0, 0, 9_999_999)).toBe(2_400_000 - VIEWPORT);
  });

  it('shows nothing to scroll when all rows are visible', () => {
    expect(createScrollMap(5 * ROW, VIEWPORT).maxPosition).toBe(0);
    expect(createScrollMap(0, VIEWPORT).move(0, 0, 50)).toBe(0);
  });
});

describe.each([1_000_000, 10_000_000, 2_000_000_000])('a result of %i rows', (rows) => {
  const content = rows * ROW;
  const map = createScrollMap(content, VIEWPORT);
  const maxScroll = MAX_SCROLL_HEIGHT - VIEWPORT;

  it('keeps the element within what a browser can lay out at a device pixel ratio of 2', () => {
    expect(map.scrollHeight).toBeLessThan(2 ** 25 / 2);
  });

  it('reaches the first and the very last pixel', () => {
    expect(map.move(5_000_000, 4_000_000, 0)).toBe(0);
    expect(map.move(0, 0, maxScroll)).toBe(content - VIEWPORT);
  });

  it('moves the content by exactly the scrolled pixels wherever it stands', () => {
    for (const position of [0, 10_000, 999_990, 1_000_010, content / 2, content - 1_000_100, content - 50_000]) {
      const from = map.seat(position);
      expect(map.move(position, from, from + 3)).toBeCloseTo(position + 3, 6);
      expect(map.move(position, from, from + 120)).toBeCloseTo(position + 120, 6);
      if (position > 120) expect(map.move(position, from, from - 120)).toBeCloseTo(position - 120, 6);
    }
  });

  it('goes to the proportional place when the thumb is dragged', () => {
    const middle = map.move(0, 0, maxScroll / 2);
    expect(middle / (content - VIEWPORT)).toBeCloseTo(0.5, 5);
  });

  it('finds the same place again after the thumb is put where it belongs', () => {
    for (let i = 0; i <= 100; i++) {
      const position = ((content - VIEWPORT) * i) / 100;
      const scroll = map.seat(position);
      expect(scroll).toBeGreaterThanOrEqual(0);
      expect(scroll).toBeLessThanOrEqual(maxScroll);
      // A drag that ends there: the same row within what one pixel of the stretched map stands for.
      const far = scroll > maxScroll / 2 ? 0 : maxScroll;
      expect(Math.abs(map.move(map.seat(far), far, scroll) - position)).toBeLessThan(1);
    }
  });

  it('puts a later row at a later place', () => {
    let last = -1;
    for (let i = 0; i <= 1000; i++) {
      const scroll = map.seat(((content - VIEWPORT) * i) / 1000);
      expect(scroll).toBeGreaterThan(last);
      last = scroll;
    }
  });

  it('lets a person scroll on for hundreds of thousands of pixels between two rests', () => {
    const position = content / 2;
    let scroll = map.seat(position);
    let at = position;
    for (let i = 0; i < 4000; i++) {
      at = map.move(at, scroll, scroll - 150);
      scroll -= 150;
    }
    expect(at).toBeCloseTo(position - 600_000, 4);
  });
});
