import { type Obligations, type RequiredApproval } from '../answer.ts';
import { type PolicyContext } from '../compiled-policy.ts';
import { maskFor } from '../obligations.ts';
import { MASK_STRENGTHS, RECORD_LEVELS } from '../vocabulary.ts';
import { type Outcome } from './scenarios.ts';

/** How one answer differs from another: more is given or less is asked for; less is given or more is asked for. */
export interface Difference {
  readonly wider: boolean;
  readonly narrower: boolean;
}

export const NO_DIFFERENCE: Difference = { wider: false, narrower: false };

export const both = (one: Difference, other: Difference): Difference => ({
  wider: one.wider || other.wider,
  narrower: one.narrower || other.narrower,
});

export function directionOf({ wider, narrower }: Difference): 'wider' | 'narrower' | 'mixed' | undefined {
  if (wider) return narrower ? 'mixed' : 'wider';
  return narrower ? 'narrower' : undefined;
}

/** @param classes what masks are compared over: a mask on a class that no column can have makes no difference */
export function compareOutcomes(before: Outcome, after: Outcome, classes: PolicyContext['classes']): Difference {
  const [may, mayThen] = [before.effect !== 'deny', after.effect !== 'deny'];
  if (may !== mayThen) return { wider: mayThen, narrower: may };
  return may ? compareObligations(before.obligations, after.obligations, classes) : NO_DIFFERENCE;
}

function compareObligations(before: Obligations, after: Obligations, classes: PolicyContext['classes']): Difference {
  const masks = classes.map((each) => {
    const strength = (bound: Obligations): number =>
      MASK_STRENGTHS.findIndex((word) => word === maskFor({ class: each.name, group: each.group }, bound)?.strength);
    return larger(strength(before), strength(after));
  });
  return [
    ...masks,
    ...COMPARED.map((compare) => compare(before, after)),
    approvals(before.approvals, after.approvals),
  ].reduce(both);
}

type Compare = (before: Obligations, after: Obligations) => Difference;

/** A larger number binds more. */
const larger = (before: number, after: number): Difference => ({ wider: after < before, narrower: after > before });

const binding =
  (strength: (bound: Obligations) => number): Compare =>
  (before, after) =>
    larger(strength(before), strength(after));

const COMPARED: readonly Compare[] = [
  binding(({ rows }) => -(rows?.value ?? Infinity)),
  binding(({ bytes }) => -(bytes?.value ?? Infinity)),
  binding(({ rowsPerHour }) => -(rowsPerHour?.value ?? Infinity)),
  binding(({ milliseconds }) => -(milliseconds?.value ?? Infinity)),
  binding(({ stepUp }) => -(stepUp?.minutes ?? Infinity)),
  binding(({ record }) => RECORD_LEVELS.indexOf(record?.level ?? 'local')),
  binding(({ reason }) => Number(reason !== undefined)),
  binding(({ noExport }) => Number(noExport !== undefined)),
  binding(({ watermark }) => Number(watermark !== undefined)),
];

/** Approvals by somebody else are neither more nor less: some of each. */
function approvals(before: readonly RequiredApproval[], after: readonly RequiredApproval[]): Difference {
  const keys = (list: readonly RequiredApproval[]): ReadonlySet<string> =>
    new Set(list.map(({ from, within, count }) => JSON.stringify([from, within, count])));
  const [asked, askedThen] = [keys(before), keys(after)];
  return { wider: !hasAll(askedThen, asked), narrower: !hasAll(asked, askedThen) };
}

export const hasAll = (set: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean =>
  [...wanted].every((item) => set.has(item));
