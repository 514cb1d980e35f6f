import { type CompiledPolicy } from '../../policy/compiled-policy.ts';
import { type DecideInput } from '../decide.ts';
import { type Judged } from '../judge.ts';
import { type Reason, type Verdict } from '../verdict.ts';
import { type Budgets, type CountedUse } from './budgets.ts';
import { CountsUnavailable } from './sealed-counts.ts';

/** One use of each permit and class that a verdict rests on, however many columns it is about. */
export function countedUses(
  verdict: Verdict,
  { principal, connection, policy, now }: Pick<DecideInput, 'principal' | 'connection' | 'policy' | 'now'>,
): readonly CountedUse[] {
  if (verdict.verdict !== 'allow' || verdict.permitted === undefined) return [];
  const asked = {
    person: `${principal.issuer} ${principal.subject}`,
    connection: connection.name,
    day: dayOf(policy, now),
  };
  const uses = verdict.permitted.flatMap((use) =>
    use.permits.flatMap(({ rule, perDay }): readonly CountedUse[] =>
      perDay === undefined ? [] : [{ ...asked, class: use.class, permit: rule.id, perDay }],
    ),
  );
  return [...new Map(uses.map((use) => [`${use.class}\0${use.permit}`, use])).values()];
}

/** The judgement with its uses counted: `exhausted` looks whether any are left, `spend` takes them. */
export function charge(judged: Judged, count: Budgets['exhausted' | 'spend']): Judged {
  if (judged.counted.length === 0) return judged;
  try {
    const spent = count(judged.counted);
    return spent === undefined ? judged : refused(judged, spentReason(spent, judged.connection.title));
  } catch (error) {
    if (!(error instanceof CountsUnavailable)) throw error;
    return refused(judged, UNAVAILABLE);
  }
}

/** Spends for one run: a statement that is judged anew because a definition moved has paid already. */
export function spendOnce({ spend }: Budgets): Budgets['spend'] {
  const paid = new Set<string>();
  const name = (use: CountedUse): string => `${use.class}\0${use.permit}`;
  return (uses) => {
    const due = uses.filter((use) => !paid.has(name(use)));
    const exhausted = spend(due);
    if (exhausted === undefined) for (const use of due) paid.add(name(use));
    return exhausted;
  };
}

function dayOf({ localTime }: CompiledPolicy, now: Date): string {
  const { year, month, day } = localTime(now);
  const digits = (value: bigint, count: number): string => String(value).padStart(count, '0');
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}

function spentReason({ class: columnClass, permit, perDay }: CountedUse, title: string): Reason {
  const often = perDay === 1 ? 'once' : `${perDay} times`;
  return {
    code: 'budget-spent',
    sentence: `Rule ${permit} permits this ${often} a day for ${columnClass} on ${title}, and today you have done it that often.`,
    next: "The count starts anew at midnight in the policy's time zone.",
  };
}

const UNAVAILABLE: Reason = {
  code: 'budget-unavailable',
  sentence: 'The policy counts how often this is done, and it cannot be counted now, so it does not run.',
  next: 'Ask your administrator to look at budgets.db in the profile directory: it must be writable, and nobody else may have changed it.',
};

export function refused(judged: Judged, reason: Reason): Judged {
  const { judgement } = judged;
  const { rules } = judgement.verdict;
  return { ...judged, judgement: { ...judgement, verdict: { verdict: 'refuse', reasons: [reason], rules } } };
}
