import { reasonIn } from '../approvals/reason.ts';
import { type RequiredApproval } from '../policy/answer.ts';
import { compareText } from '../policy/compiled-policy.ts';
import { RECORD_LEVELS } from '../policy/vocabulary.ts';
import { type Access, type DecideInput } from './decide-access.ts';
import { anyOf, whom } from './decide-words.ts';
import { type DemandedLevel } from './record-level.ts';
import { type Reason, type RuleReference } from './verdict.ts';

/**
 * What the policy wants to have before anything happens: a reason, a fresh proof of who asks, somebody's approval, a record
 * that is somewhere else. What the asker can give is refused with a code of its own, so that a door can ask for it.
 */
export function needReasons(input: DecideInput, accesses: readonly Access[]): readonly Reason[] {
  return [...reasonNeeded(input, accesses), ...stepUpNeeded(input, accesses), ...levelReasons(input, accesses)];
}

/** Codes of refusals that the asker can lift by giving something. */
export const NEEDS = { 'reason-needed': 'reason', 'step-up-needed': 'step-up' } as const;

function reasonNeeded({ reason }: DecideInput, accesses: readonly Access[]): readonly Reason[] {
  const rule = accesses.flatMap(({ answer }) => answer.obligations.reason ?? [])[0];
  if (rule === undefined || reasonIn(reason) !== undefined) return [];
  return [
    {
      code: 'reason-needed',
      sentence: `The policy wants to know why (rule ${rule.id})${wordsOf(rule)}.`,
      next: 'Give a reason of a few words: it is recorded. On the command line: --reason TEXT',
    },
  ];
}

/** Seconds that the clock of whoever proved it and this one may differ. */
const CLOCKS_DIFFER = 60;

function stepUpNeeded({ principal, now }: DecideInput, accesses: readonly Access[]): readonly Reason[] {
  const [strictest] = accesses
    .flatMap(({ answer }) => answer.obligations.stepUp ?? [])
    .sort((one, other) => one.minutes - other.minutes);
  if (strictest === undefined) return [];
  const { minutes, rule } = strictest;
  const wanted = `The policy wants a proof of who you are that is at most ${minutes} minute${minutes === 1 ? '' : 's'} old (rule ${rule.id})${wordsOf(rule)}`;
  if (principal.agent !== undefined || principal.service !== undefined) {
    const who = principal.agent === undefined ? 'a service' : 'an agent';
    return [
      { code: 'step-up-needed', sentence: `${wanted}, which ${who} cannot give.`, next: 'A person has to run it.' },
    ];
  }
  const age = now.getTime() - Date.parse(principal.steppedUpAt ?? '');
  if (age <= minutes * 60_000 && age >= -CLOCKS_DIFFER * 1000) return [];
  return [
    {
      code: 'step-up-needed',
      sentence: `${wanted}.`,
      next: 'Prove it again, and run it again. On the command line: countersign login --step-up',
    },
  ];
}

const wordsOf = ({ text }: RuleReference): string => (text === undefined ? '' : `: ${text}`);

/** Every approval that rules ask for, once, in the order of their ids. */
export function approvalsOf(accesses: readonly Access[]): readonly RequiredApproval[] {
  const approvals = new Map<string, RequiredApproval>();
  for (const approval of accesses.flatMap(({ answer }) => answer.obligations.approvals))
    approvals.set(approval.rule.id, approval);
  return [...approvals.values()].sort((one, other) => compareText(one.rule.id, other.rule.id));
}

/** `needs the approval of somebody else from engineers (rule four-eyes): four eyes`. */
export function needsApproval({ from, within, count, rule }: RequiredApproval): string {
  const people = count === 1 ? 'somebody else' : `${count} other people`;
  const also = within === undefined ? '' : `, also in ${whom(within)},`;
  return `needs the approval of ${people} from ${anyOf(from.map(whom))}${also} (rule ${rule.id})${wordsOf(rule)}`;
}

/** A record that has to be elsewhere before the statement runs, where there is no such place. */
function levelReasons({ recordLevels = ['local'] }: DecideInput, accesses: readonly Access[]): readonly Reason[] {
  const demanded = demandedLevel(accesses);
  if (demanded === undefined || recordLevels.includes(demanded.level)) return [];
  return [
    {
      code: 'obligation-unmet',
      sentence: `The policy asks for a record that is ${demanded.level} before the statement runs (rule ${demanded.rule.id}), and this installation has nowhere for it to be ${demanded.level}.`,
      next: `Ask your administrator to name a ${demanded.level === 'uploaded' ? 'store' : 'witness'} in organisation.yaml (record).`,
    },
  ];
}

/** The highest level that any of the answers demands of the record before the statement is sent. */
export function demandedLevel(accesses: readonly Access[]): DemandedLevel | undefined {
  let highest: DemandedLevel | undefined;
  for (const { answer } of accesses) {
    const { record } = answer.obligations;
    if (record === undefined || record.level === 'local') continue;
    if (highest === undefined || RECORD_LEVELS.indexOf(record.level) > RECORD_LEVELS.indexOf(highest.level))
      highest = { level: record.level, rule: record.rule };
  }
  return highest;
}
