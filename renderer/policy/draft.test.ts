import { describe, expect, it } from 'vitest';
import {
  type Draft,
  draftOf,
  isBehind,
  isEdited,
  keptForm,
  onFile,
  rebased,
  restoredDraft,
  sameText,
} from './draft.ts';

const first = { text: 'version: 1\n', revision: 'a' };
const second = { text: 'version: 1\nrules: []\n', revision: 'b' };
const typed: Draft = { ...draftOf(first), text: 'version: 1\n# mine\n' };

describe('a draft of the policy', () => {
  it('is the file as long as nobody types', () => {
    expect(isEdited(onFile(null, first))).toBe(false);
    expect(onFile(draftOf(first), second)).toEqual(draftOf(second));
  });

  it('keeps what somebody typed when the file changes, and knows that it is behind', () => {
    const after = onFile(typed, second);
    expect(after).toEqual(typed);
    expect(isBehind(after, second)).toBe(true);
    expect(isBehind(after, first)).toBe(false);
  });

  it('follows a file that says what was typed', () => {
    expect(onFile(typed, { text: typed.text, revision: 'c' })).toEqual({
      text: typed.text,
      revision: 'c',
      from: typed.text,
    });
  });

  it('may be kept over a newer file by whoever has seen it', () => {
    const kept = rebased(typed, second);
    expect(kept.text).toBe(typed.text);
    expect(isBehind(kept, second)).toBe(false);
    expect(isEdited(kept)).toBe(true);
  });

  it('is not edited by an editor that makes the ends of lines alike', () => {
    expect(sameText('a\r\nb\n', 'a\nb\r\n')).toBe(true);
    expect(sameText('a\nb', 'a\nb\n')).toBe(false);
    expect(isEdited({ ...draftOf({ text: 'a\r\nb\n', revision: 'a' }), text: 'a\nb\n' })).toBe(false);
  });

  it('outlives a start of the window only where it says more than the file', () => {
    expect(keptForm(null)).toBeUndefined();
    expect(keptForm(draftOf(first))).toBeUndefined();
    expect(keptForm(typed)).toEqual({ text: typed.text, revision: 'a' });
  });

  it('of an earlier start counts as edited until the file is known to be the same', () => {
    const kept = restoredDraft({ text: typed.text, revision: 'a' });
    expect(isEdited(kept)).toBe(true);
    expect(onFile(kept, first)).toEqual(typed);
    expect(isBehind(onFile(kept, second), second)).toBe(true);
    expect(isEdited(onFile(kept, { text: typed.text, revision: 'd' }))).toBe(false);
  });
});
