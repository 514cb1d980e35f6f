import { createScrollMap, type ScrollMap } from './scroll-map.ts';

/**
 * Where the content stands while the browser scrolls: the browser's own scrolling (wheel, trackpad, thumb, touch) moves
 * an element of limited height, and this keeps the exact position beside it.
 */
export interface ScrollPosition {
  readonly top: number;
  readonly left: number;
  /** Content height and visible height, px; keeps the position. */
  resize(content: number, viewport: number): void;
  /** Height the scrolled element must have below the header, px. */
  readonly scrollHeight: number;
  to(top: number, left: number): void;
  dispose(): void;
}

export function followScroll(element: HTMLElement, onScroll: () => void): ScrollPosition {
  const ended = new AbortController();
  let map: ScrollMap = createScrollMap(0, 0);
  let top = 0;
  let left = 0;
  /** What the browser's scroll offset was when `top` was computed. */
  let seated = 0;
  let scrolling = false;

  /** Puts the thumb where the content really is; never while the person holds it. */
  function seat(): void {
    const wanted = map.seat(top);
    if (Math.abs(wanted - element.scrollTop) >= 1) element.scrollTop = wanted;
    seated = element.scrollTop;
  }

  element.addEventListener(
    'scroll',
    () => {
      const now = element.scrollTop;
      if (now !== seated) {
        scrolling = true;
        top = map.move(top, seated, now);
        seated = now;
      }
      left = element.scrollLeft;
      onScroll();
    },
    { signal: ended.signal, passive: true },
  );
  element.addEventListener(
    'scrollend',
    () => {
      scrolling = false;
      seat();
    },
    { signal: ended.signal },
  );

  return {
    get top() {
      return top;
    },
    get left() {
      return left;
    },
    get scrollHeight() {
      return map.scrollHeight;
    },
    resize: (content, viewport) => {
      map = createScrollMap(content, viewport);
      top = Math.min(top, map.maxPosition);
    },
    to: (wantedTop, wantedLeft) => {
      top = Math.min(Math.max(0, wantedTop), map.maxPosition);
      if (!scrolling || map.seat(top) !== element.scrollTop) seat();
      if (Math.abs(wantedLeft - element.scrollLeft) >= 1) element.scrollLeft = wantedLeft;
      left = element.scrollLeft;
    },
    dispose: () => ended.abort(),
  };
}
