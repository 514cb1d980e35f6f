import { isBehind, isEdited } from './draft.ts';
import { type Policy } from './policy.ts';
import { testsWords } from './tests-model.ts';

/** Why the text cannot be saved now, in a sentence for whoever wants to; null where it can. */
export function whyNotSaved({ state, draft, check }: Policy): string | null {
  const [file, held] = [state.get(), draft.get()];
  if (file === null || held === null) return 'The policy is not read yet.';
  if (file.locked !== null) return file.locked;
  if (!isEdited(held)) return 'There is nothing to save.';
  if (isBehind(held, file)) return 'The file was changed meanwhile: choose which text counts first.';
  const { of, value, trouble } = check.answer.get();
  if (trouble !== null) return `It could not be checked: ${trouble.message}`;
  if (of !== held.text || value === null) return 'It is being checked.';
  const { length } = value.problems;
  if (length > 0) return length === 1 ? 'It has an error.' : `It has ${String(length)} errors.`;
  const failing = value.tests.filter(({ passed }) => !passed).length;
  if (failing > 0)
    return `${testsWords(value.tests)}: correct the rules, or tests that expect what is no longer meant.`;
  return null;
}

/** Asks whether the text shall come into force, once it is known what that changes; nothing where it cannot. */
export function openSave(policy: Policy): void {
  if (whyNotSaved(policy) !== null) return;
  policy.weigh();
  policy.dialog.set('save');
}
