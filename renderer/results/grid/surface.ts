/** The elements of a grid: a scroller as tall as it may be, and in it, always in view, the canvas and its mirror. */
export interface Surface {
  /** Scrolls, has the keyboard focus, and is the ARIA grid. */
  readonly scroller: HTMLElement;
  /** As large as the visible part; holds everything that is shown. */
  readonly view: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly mirror: HTMLElement;
  /** Gives the scroller something to scroll, px. */
  setContentSize(width: number, height: number): void;
  /** Fits canvas and view to the visible part, CSS px; does nothing when nothing changed. */
  fit(width: number, height: number, ratio: number): void;
}

export function createSurface(host: HTMLElement, label: string): Surface {
  const scroller = document.createElement('div');
  scroller.className = 'grid';
  scroller.tabIndex = 0;
  scroller.setAttribute('role', 'grid');
  scroller.setAttribute('aria-label', label);
  scroller.setAttribute('aria-readonly', 'true');
  scroller.setAttribute('aria-multiselectable', 'true');

  const content = document.createElement('div');
  content.setAttribute('role', 'presentation');
  const view = document.createElement('div');
  view.className = 'grid-view';
  view.setAttribute('role', 'presentation');
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  const mirror = document.createElement('div');
  mirror.className = 'grid-mirror';
  mirror.setAttribute('role', 'presentation');
  // Opaque: the browser can draw text with its best smoothing and skip blending.
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('This browser has no 2D canvas.');

  view.append(canvas, mirror);
  content.append(view);
  scroller.append(content);
  host.append(scroller);

  return {
    scroller,
    view,
    canvas,
    context,
    mirror,
    setContentSize: (width, height) => {
      const wide = `${width}px`;
      const tall = `${height}px`;
      if (content.style.width !== wide) content.style.width = wide;
      if (content.style.height !== tall) content.style.height = tall;
    },
    fit: (width, height, ratio) => {
      const wide = `${width}px`;
      const tall = `${height}px`;
      if (view.style.width !== wide) view.style.width = wide;
      if (view.style.height !== tall) view.style.height = tall;
      const across = Math.round(width * ratio);
      const down = Math.round(height * ratio);
      if (canvas.width !== across) canvas.width = across;
      if (canvas.height !== down) canvas.height = down;
    },
  };
}
