/**
 * A million rows are taller than a browser lets an element be (2^25 px of layout, half of that at a device pixel ratio
 * of 2). So the scroller is given a height it can have, and a content position in exact pixels is kept beside it.
 *
 * Near both ends one scrolled pixel is one content pixel. Between them the scroller is a stretched map: a small scroll
 * (wheel, trackpad, keys) still moves by its own pixels from where the content stands, and only a step that no less
 * than a drag of the thumb can make goes to the proportional place. When scrolling rests, the thumb is put back to where
 * the content really is (`seat`).
 */
export interface ScrollMap {
  /** Height to give the scrolled element, px. */
  readonly scrollHeight: number;
  /** The largest content position, px. */
  readonly maxPosition: number;
  /** Where the thumb belongs for a content position. */
  seat(position: number): number;
  /** The content position after the scroller went from `from` to `to` while the content stood at `position`. */
  move(position: number, from: number, to: number): number;
}

/** Safe for layout units of 1/64 px in 32 bits at a device pixel ratio of 2. */
export const MAX_SCROLL_HEIGHT = 12_000_000;
/** Length of the one-to-one stretch at both ends, px. */
const EXACT_STRETCH = 1_000_000;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** @param content height of all rows, px. @param viewport height of the visible part, px. */
export function createScrollMap(content: number, viewport: number, limit = MAX_SCROLL_HEIGHT): ScrollMap {
  const maxPosition = Math.max(0, content - viewport);
  if (content <= limit) {
    return {
      scrollHeight: content,
      maxPosition,
      seat: (position) => clamp(position, 0, maxPosition),
      move: (_position, _from, to) => clamp(to, 0, maxPosition),
    };
  }

  const maxScroll = limit - viewport;
  const exact = Math.min(EXACT_STRETCH, maxScroll / 4);
  const stretch = (maxPosition - 2 * exact) / (maxScroll - 2 * exact);
  const place = (scroll: number): number => {
    if (scroll <= exact) return Math.max(0, scroll);
    if (scroll >= maxScroll - exact) return Math.min(maxPosition, maxPosition - (maxScroll - scroll));
    return exact + (scroll - exact) * stretch;
  };
  const seat = (position: number): number => {
    if (position <= exact) return Math.max(0, position);
    if (position >= maxPosition - exact) return Math.min(maxScroll, maxScroll - (maxPosition - position));
    return exact + (position - exact) / stretch;
  };
  // Half of what one device pixel of the thumb's track stands for.
  const thumbStep = maxScroll / Math.max(1, viewport) / 4;

  return {
    scrollHeight: limit,
    maxPosition,
    seat,
    move: (position, from, to) => {
      const atAnEnd = to <= 0 || to >= maxScroll;
      return atAnEnd || Math.abs(to - from) >= thumbStep ? place(to) : clamp(position + (to - from), 0, maxPosition);
    },
  };
}
