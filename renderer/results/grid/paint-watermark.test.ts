import { describe, expect, it } from 'vitest';
import { watermarkPlaces } from './paint-watermark.ts';

/** As the painter turns them: up to the right, around the top left. */
const turned = ({ x, y }: { readonly x: number; readonly y: number }) => {
  const angle = Math.PI / 9;
  return { x: x * Math.cos(angle) + y * Math.sin(angle), y: y * Math.cos(angle) - x * Math.sin(angle) };
};

describe('where a watermark is written', () => {
  it.each([
    ['a window', 1440, 600, 220],
    ['a narrow and tall panel', 280, 900, 300],
    ['a text that is longer than the panel', 400, 300, 1200],
  ])('leaves no part of %s without one', (_, width, height, textWidth) => {
    const starts = watermarkPlaces(width, height, textWidth);
    // Every square of this size is touched by some text, sampled along its baseline.
    const square = 220;
    const touched = new Set(
      starts.flatMap(({ x, y }) =>
        Array.from({ length: 40 }, (_unused, i) => {
          const at = turned({ x: x + (textWidth * i) / 39, y });
          return `${String(Math.floor(at.x / square))} ${String(Math.floor(at.y / square))}`;
        }),
      ),
    );
    for (let across = 0; (across + 1) * square <= width; across++)
      for (let down = 0; (down + 1) * square <= height; down++)
        expect(touched).toContain(`${String(across)} ${String(down)}`);
  });

  it('is not more than a frame can draw', () => {
    expect(watermarkPlaces(2560, 1300, 260).length).toBeLessThan(150);
  });
});
