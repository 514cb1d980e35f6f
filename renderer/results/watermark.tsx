import { type ReactElement } from 'react';
import { showText } from './grid/cell-text.ts';
import './watermark.css';

/** More than the largest panel shows; what is outside of it is cut. */
const LINES = 40;
const REPEATED = 12;
const LONGEST = 160;

/** Who looks at it, across a panel that shows cells; never in the way of the pointer, and read aloud by nobody. */
export function Watermark({ text }: { text: string }): ReactElement {
  const shown = showText(text, LONGEST).text;
  const line = Array.from({ length: REPEATED }, () => shown).join('\u2003\u2003\u2003');
  return (
    <div className="watermark" aria-hidden="true">
      <div className="watermark-lines">
        {Array.from({ length: LINES }, (_, index) => (
          <p key={index}>{line}</p>
        ))}
      </div>
    </div>
  );
}
