import { type CSSProperties, type ReactElement, useMemo } from 'react';
import { LongText } from '../results/inspector/long-text.tsx';

/**
 * Characters that surely fit a line of the panel at its narrowest, where a word too long for the rest of it goes to the next:
 * the height is guessed by them, and scrolls where it guesses short.
 */
const NARROW = 40;

/** Text of any length as data: only what shows is laid out, and what is invisible or reorders is made visible. */
export function TextBlock({ text, label, most = 14 }: { text: string; label: string; most?: number }): ReactElement {
  const lines = useMemo(() => {
    let count = 0;
    for (const line of text.split('\n', most)) count += Math.max(1, Math.ceil(line.length / NARROW));
    return Math.min(most, count);
  }, [text, most]);
  return (
    <div className="text-block" style={{ '--lines': lines } as CSSProperties}>
      <LongText text={text} wrap label={label} />
    </div>
  );
}
