import { type Anchors, type AnchorState, type RecordLevel } from '../audit/anchors/anchors.ts';
import { CountersignError } from '../errors.ts';
import { type RuleReference } from '../policy/answer.ts';
import { type Judged } from './judge.ts';
import { type Reason } from './verdict.ts';

/** The record outside this machine, as far as statements depend on it. */
export type RecordElsewhere = Pick<Anchors, 'state' | 'reach'>;

/** How far the record of a statement must have come before the statement is sent, and the rule that says so. */
export interface DemandedLevel {
  readonly level: Exclude<RecordLevel, 'local'>;
  readonly rule: RuleReference;
}

/** The levels that a record can reach here at all. */
export function levelsOf({ uploaded, witnessed }: AnchorState): readonly RecordLevel[] {
  return [
    'local',
    ...(uploaded === null ? [] : (['uploaded'] as const)),
    ...(witnessed === null ? [] : (['witnessed'] as const)),
  ];
}

/** A statement that may run is refused all the same while too much of the record waits for its store. */
export function underPressure(judged: Judged, state: AnchorState): Judged {
  const { pressure } = state;
  const { verdict } = judged.judgement;
  if (verdict.verdict !== 'allow') return judged;
  const refused = pressure === 'refuse-all' || (pressure === 'refuse-risky' && verdict.envelope === 'write');
  if (!refused) return judged;
  const reason: Reason = {
    code: 'record-waiting',
    ...(state.unproven === true ? inPlaceOfAnother(state) : waiting(state)),
  };
  const { rules } = verdict;
  return { ...judged, judgement: { ...judged.judgement, verdict: { verdict: 'refuse', reasons: [reason], rules } } };
}

function waiting({ pressure, store, waitingSince }: AnchorState): Omit<Reason, 'code'> {
  const since = waitingSince === null ? '' : ` since ${waitingSince.slice(0, 16).replace('T', ' ')} UTC`;
  return {
    sentence: `The record has waited${since} to be copied to ${store ?? 'its store'}, longer than your organisation allows for ${pressure === 'refuse-all' ? 'anything to run' : 'anything but reads to run'}.`,
    next: 'Connect to the network of the store; what waits is copied by itself, and then this runs again.',
  };
}

/** A log that was put back, copied or forked has a successor: that has to be known outside before anything is done in it. */
function inPlaceOfAnother({ store, trouble }: AnchorState): Omit<Reason, 'code'> {
  return {
    sentence: `A new log of the record begins here in place of another, and nothing runs before ${store === null ? 'it has begun' : `${store} has its beginning`}.`,
    next: trouble ?? 'Run it again in a moment; countersign record status says what keeps it.',
  };
}

/** Nothing outside this machine: for a gate without an installation around it. */
export const ONLY_HERE: RecordElsewhere = {
  state: () => ({
    store: null,
    uploaded: null,
    witnessed: null,
    pressure: 'none',
    waitingSince: null,
    trouble: null,
    weaknesses: [],
  }),
  reach: (_receipt, level) =>
    level === 'local'
      ? Promise.resolve()
      : Promise.reject(
          new CountersignError('record-level-unreached', 'The record is kept on this machine only.', {
            next: 'organisation.yaml says where copies go (record.store, record.witnesses).',
          }),
        ),
};
