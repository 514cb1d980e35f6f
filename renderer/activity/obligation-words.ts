import { byteWords } from '../../shared/explain.ts';
import { thousands } from '../results/words.ts';

/** Numbers with what they count, as the record writes obligations: `at most 2000000 rows, 1073741824 bytes, 120000 ms`. */
const COUNTED = /\b(\d{1,15}) (rows|bytes|ms)\b/g;

/** An obligation with the units of the verdict that a person saw; what the record has word for word stays in its leaf. */
export function obligationWords(obligation: string): string {
  if (!obligation.startsWith('at most ')) return obligation;
  return obligation.replaceAll(COUNTED, (_, digits: string, unit: string) => {
    const count = Number(digits);
    if (unit === 'ms') return `${(count / 1000).toLocaleString('en')} s`;
    return unit === 'bytes' ? byteWords(count) : `${thousands(count)} ${unit}`;
  });
}
