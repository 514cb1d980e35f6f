import { type ReactElement } from 'react';
import { showText } from './grid/cell-text.ts';
import './shown.css';

/** Longer than any line that is laid out. */
const LONGEST = 4000;

/** A line of text with what is invisible or reorders made visible, the marks told from the text by colour. */
export function Shown({ text }: { text: string }): ReactElement {
  const shown = showText(text, LONGEST);
  if (shown.marks.length === 0) return <>{shown.text}</>;
  const cuts = [0, ...shown.marks, shown.text.length];
  return (
    <>
      {cuts.slice(0, -1).map((start, index) => {
        const piece = shown.text.slice(start, cuts[index + 1]);
        return index % 2 === 1 ? (
          <span key={start} className="text-mark">
            {piece}
          </span>
        ) : (
          piece
        );
      })}
    </>
  );
}
