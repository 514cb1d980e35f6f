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

/** Events that wait for the next round without a word of concern; rounds are a minute apart at most. */
const IN_FLIGHT = 1000;

const lines = {
  uploaded: { label: 'Uploaded', icon: 'cloud-upload' },
  witnessed: { label: 'Witnessed', icon: 'verified' },
} as const;

export function anchorWords({ recorded, store, uploaded, witnessed, anchorTrouble }: AuditStateView): {
  readonly uploaded: AnchorLine | null;
  readonly witnessed: AnchorLine | null;
} {
  /** @param sentence of how many of how many */
  const line = (verb: keyof typeof lines, reached: number, sentence: (of: string) => string): AnchorLine => {
    const count = Math.min(reached, recorded);
    const waiting = recorded - count;
    const late = anchorTrouble !== null || waiting > IN_FLIGHT;
    const newest = waiting === 1 ? 'the newest 1 waits' : `the newest ${number(waiting)} wait`;
    return {
      label: lines[verb].label,
      meaning: late ? 'write' : 'approved',
      icon: late ? 'warning' : lines[verb].icon,
      words: `${verb} ${number(count)}`,
      sentence: `${sentence(`${number(count)} of ${events(recorded)}`)}${waiting === 0 ? '.' : `; ${newest}${late ? '.' : ' for the next round.'}`}`,
    };
  };
  return {
    uploaded:
      uploaded === null
        ? null
        : line('uploaded', uploaded, (of) => `A copy of ${of} is ${store === null ? 'in the store' : `in ${store}`}`),
    witnessed:
      witnessed === null ? null : line('witnessed', witnessed, (of) => `Enough witnesses have signed over ${of}`),
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
