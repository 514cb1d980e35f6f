import { type PolicyDraft } from '../../shared/views.ts';

/** The policy file as one version of it is on disk. */
export interface PolicyFile {
  readonly text: string;
  readonly revision: string;
}

/** The text as it stands in the editor. */
export interface Draft {
  readonly text: string;
  /** The revision of the file that it was made from: saving is refused where the file is another one by then. */
  readonly revision: string;
  /** The text of that revision; null where only its name is known, such as after a start. */
  readonly from: string | null;
}

const lines = (text: string): string => text.replaceAll('\r\n', '\n');

/** The same but for the ends of lines, which an editor may make all alike. */
export const sameText = (one: string, other: string): boolean => one === other || lines(one) === lines(other);

export const draftOf = ({ text, revision }: PolicyFile): Draft => ({ text, revision, from: text });

/** Is there anything that is not in the file. */
export const isEdited = ({ text, from }: Draft): boolean => from === null || !sameText(text, from);

/** Is the file another one than the draft was made from. */
export const isBehind = (draft: Draft, file: PolicyFile): boolean => draft.revision !== file.revision;

/** The draft once the file is known to be `file`: what nobody has edited follows it, what somebody has typed stays. */
export function onFile(draft: Draft | null, file: PolicyFile): Draft {
  if (draft === null || sameText(draft.text, file.text)) return draftOf(file);
  if (draft.revision === file.revision) return draft.from === null ? { ...draft, from: file.text } : draft;
  return isEdited(draft) ? draft : draftOf(file);
}

/** The same text, now made from `file`: whoever has seen both says that theirs is the one to keep. */
export const rebased = (draft: Draft, file: PolicyFile): Draft => ({ ...draftOf(file), text: draft.text });

/** What is kept between starts; undefined where the file says it all. */
export const keptForm = (draft: Draft | null): PolicyDraft | undefined =>
  draft === null || !isEdited(draft) ? undefined : { text: draft.text, revision: draft.revision };

export const restoredDraft = ({ text, revision }: PolicyDraft): Draft => ({ text, revision, from: null });
