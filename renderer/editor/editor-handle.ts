import { type Boundary } from './statements.ts';

/** What the rest of the window may do with the text editor, whatever editor it is. Offsets are UTF-16 units of the tab's text. */
export interface EditorHandle {
  readonly tab: string;
  text(): string;
  cursor(): number;
  /** The selected part, or null when nothing is selected. */
  selection(): Boundary | null;
  focus(): void;
  /** Puts text at the cursor, in place of the selection. */
  insert(text: string): void;
  /** Replaces a part as one step that can be undone. */
  replace(part: Boundary, text: string): void;
  /** Scrolls to a part, selects it and takes the focus. */
  reveal(part: Boundary): void;
  /** Marks a part without moving anything; null takes the mark away. */
  mark(part: Boundary | null): void;
}
