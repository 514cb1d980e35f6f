import { type AuditStateView } from '../../shared/views.ts';
import { type Meaning } from '../design/index.ts';

/** Copies and signatures outside of this machine in words, each with a shape. Without a store there is nothing to say. */
export interface AnchorLine {
  readonly label: string;
  readonly meaning: Meaning;
  readonly icon: string;
  /** As short as the status line wants it. */
  readonly words: string;
  readonly sentence: string;
}

const number = (value: number): string => value.toLocaleString('en');
const events = (count: number): string => (count === 1 ? '1 event' : `${number(count)} events`);

/** Events that wait for the next round without a word of concern; rounds are seconds apart. */
const IN_FLIGHT = 1000;

export function anchorWords({ recorded, store, uploaded, witnessed, anchorTrouble }: AuditStateView): {
  readonly uploaded: AnchorLine | null;
  readonly witnessed: AnchorLine | null;
} {
  const line = (label: string, verb: string, count: number, where: string): AnchorLine => {
    const waiting = Math.max(0, recorded - count);
    const late = anchorTrouble !== null || waiting > IN_FLIGHT;
    return {
      label,
      meaning: late ? 'write' : 'approved',
      icon: late ? 'warning' : label === 'Uploaded' ? 'cloud-upload' : 'verified',
      words: label === 'Witnessed' && !late ? 'witnessed ok' : `${verb} ${number(count)}`,
      sentence: `${events(count)} ${verb}${where}${waiting === 0 ? '' : `, ${number(waiting)} on the way`}`,
    };
  };
  return {
    uploaded: uploaded === null ? null : line('Uploaded', 'uploaded', uploaded, store === null ? '' : ` to ${store}`),
    witnessed: witnessed === null ? null : line('Witnessed', 'witnessed', witnessed, ''),
  };
}

const pressures = {
  none: null,
  warn: {
    meaning: 'write',
    icon: 'warning',
    words: 'copies behind',
    sentence: 'Copies of the record are behind; everything still runs.',
  },
  'refuse-risky': {
    meaning: 'write',
    icon: 'warning',
    words: 'writes wait for copies',
    sentence:
      'Copies of the record are far behind: what changes or takes out data is refused until they have caught up.',
  },
  'refuse-all': {
    meaning: 'refused',
    icon: 'circle-slash',
    words: 'nothing runs until copies are made',
    sentence: 'Copies of the record are too far behind: everything is refused until they have caught up.',
  },
} as const satisfies Record<AuditStateView['pressure'], object | null>;

/** What waiting for the store refuses by now; null while nothing does. */
export function pressureWords(
  pressure: AuditStateView['pressure'],
): { readonly meaning: Meaning; readonly icon: string; readonly words: string; readonly sentence: string } | null {
  return pressures[pressure];
}
