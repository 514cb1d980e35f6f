import { type VerifyView } from '../../shared/views.ts';
import { type Meaning } from '../design/index.ts';
import { plural } from '../results/words.ts';

/** The outcome of a verification in a sentence. Where nothing was looked at, nothing is called good. */
export function outcomeWords({ good, findings, checked }: VerifyView): {
  readonly meaning: Meaning;
  readonly sentence: string;
} {
  if (findings.length > 0 || !good)
    return {
      meaning: 'refused',
      sentence: `${findings.length === 0 ? 'Not good' : plural(findings.length, 'finding')}: the record is not what was written. Keep it as it is, and show it to whoever answers for security.`,
    };
  if (checked.every(({ count }) => count === 0))
    return { meaning: 'write', sentence: 'There was nothing to check: no event is here.' };
  return {
    meaning: 'approved',
    sentence: 'Nothing that was checked is wrong: no event was changed, removed or put in between.',
  };
}
