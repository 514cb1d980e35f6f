import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactElement, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { readToken } from '../../design/index.ts';
import { Shown } from '../shown.tsx';
import { foldedLine, foldLines } from './fold-lines.ts';

/** Where a line that is not wrapped is folded all the same: no browser lays out a line of 10 MB in time. */
const LONGEST_LINE = 4000;
/** A tab is drawn as a mark, so lines keep their width; the text that is copied is untouched. */
const CHARACTER_RATIO = 0.61;

/** A text of any length, in the data face, with only the lines that show as elements. */
export function LongText({ text, wrap, label }: { text: string; wrap: boolean; label: string }): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(LONGEST_LINE);
  const [height, setHeight] = useState(18);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const size = Number.parseFloat(readToken('code-size'));
    setHeight(Number.parseFloat(readToken('code-line')));
    const observer = new ResizeObserver(() =>
      setWidth(Math.max(20, Math.floor((element.clientWidth - 16) / (size * CHARACTER_RATIO)))),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const limit = wrap ? width : LONGEST_LINE;
  const starts = useMemo(() => foldLines(text, limit), [text, limit]);
  // The virtualizer keeps its own state outside of React's rules for memoisation; it is used as its documentation says.
  // eslint-disable-next-line react-hooks/incompatible-library
  const lines = useVirtualizer({
    count: starts.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 10,
  });

  return (
    <div className="long-text selectable" ref={scroller} tabIndex={0} role="region" aria-label={label}>
      <div className="long-text-lines" style={{ height: lines.getTotalSize() }}>
        {lines.getVirtualItems().map((item) => (
          <div key={item.key} className="long-text-line" style={{ transform: `translateY(${item.start}px)` }}>
            <Shown text={foldedLine(text, starts, item.index)} />
          </div>
        ))}
      </div>
    </div>
  );
}
