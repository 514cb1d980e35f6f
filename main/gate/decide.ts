import { type Obligations, type PolicyAnswer, type RequiredApproval } from '../policy/answer.ts';
import { byEffect, compareText } from '../policy/compiled-policy.ts';
import { RECORD_LEVELS } from '../policy/vocabulary.ts';
import { changes, denials, judgeAccess, type Access, type DecideInput } from './decide-access.ts';
import { codeReasons } from './decide-code.ts';
import { judgeMasks, NO_MASKS } from './decide-masks.ts';
import { anyOf, NEVER, NOT_RUN, whom } from './decide-words.ts';
import { type Facts, type Hazard, type Lineage } from './facts.ts';
import { type DemandedLevel } from './record-level.ts';
import { type Limits, type Reason, type RuleReference, type Verdict } from './verdict.ts';

export { type DecideInput } from './decide-access.ts';

/** More reasons than a person reads are not shown; the first ones are the most useful. */
const MAX_REASONS = 5;

/** Bounds where the policy sets none. */
export const DEFAULT_LIMITS: Limits = {
  rows: 2_000_000,
  bytes: 1024 ** 3,
  statementTimeout: 120_000,
  lockTimeout: 5_000,
};

/**
 * May this person run this statement here, now, and bound by what. Pure. What was not understood refuses before the
 * policy is asked; what the policy does not allow refuses before masks are looked at; a masked column anywhere but in
 * a plain output refuses; an obligation that cannot be met refuses.
 */
export function decide(input: DecideInput): Verdict {
  const { facts, lineage } = input;
  const unclear = notRunnable(facts);
  if (unclear.length > 0) return refuse(unclear, []);

  const accesses = input.accesses ?? judgeAccess(input);
  const rules = rulesOf(accesses.map((access) => access.answer));
  const denied = denials(input, accesses);
  if (denied.length > 0) return refuse(denied, rules);

  const untraced = [...notTraced(facts, lineage), ...codeReasons(input)];
  if (untraced.length > 0) return refuse(untraced, rules);

  const judged = lineage === undefined ? NO_MASKS : judgeMasks(input, lineage, accesses);
  const unmet = [...approvalReasons(input, accesses), ...judged.reasons, ...unmetObligations(input, accesses)];
  if (unmet.length > 0) return refuse(unmet, rules);

  const obligations = accesses.map((access) => access.answer.obligations);
  const { masks, permitted, groupSize, leftOut } = judged;
  const demanded = demandedLevel(accesses);
  const permits = permitted.flatMap((use) => use.permits.map(({ rule }) => rule));
  return {
    verdict: 'allow',
    envelope: changes(facts) ? 'write' : 'read',
    masks,
    limits: limitsOf(obligations),
    rules: ordered([...rules, ...permits]),
    leaving: { kind: 'yes' },
    ...(permitted.length === 0 ? {} : { permitted }),
    ...(groupSize === undefined ? {} : { groupSize }),
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(demanded === undefined ? {} : { demanded }),
  };
}

function notRunnable(facts: Facts): readonly Reason[] {
  const reasons = facts.hazards.map(hazardReason);
  // Each says more than what follows, which is true of whole kinds of statements.
  if (reasons.length > 0) return reasons;
  const never = NOT_RUN[facts.action];
  if (never !== undefined) reasons.push({ code: 'not-run', sentence: `${facts.title} is not run here. ${never}` });
  for (const effect of facts.effects) {
    const why = NEVER[effect];
    if (why !== undefined)
      reasons.push({ code: 'effect-refused', sentence: `${facts.title} is refused because ${why}.` });
  }
  return reasons;
}

function hazardReason(hazard: Hazard): Reason {
  const { code, sentence, next, span } = hazard;
  return { code, sentence, ...(next === undefined ? {} : { next }), ...(span === undefined ? {} : { span }) };
}

const ALWAYS_TRACED: readonly string[] = ['select', 'explain', 'insert', 'update', 'delete', 'merge'];

function notTraced(facts: Facts, lineage: Lineage | undefined): readonly Reason[] {
  if (lineage !== undefined) return lineage.hazards.map(hazardReason);
  if (!ALWAYS_TRACED.includes(facts.action) && facts.relations.every((use) => use.access === 'write')) return [];
  return [
    {
      code: 'lineage-unknown',
      sentence: 'Where the values of this statement come from could not be traced, so nothing could be masked.',
      next: 'Write it more simply: plain columns of named tables.',
    },
  ];
}

function approvalReasons(input: DecideInput, accesses: readonly Access[]): readonly Reason[] {
  const approvals = new Map<string, RequiredApproval>();
  for (const approval of accesses.flatMap((access) => access.answer.obligations.approvals)) {
    approvals.set(approval.rule.id, approval);
  }
  const ordered = [...approvals.values()].sort((one, other) => compareText(one.rule.id, other.rule.id));
  return ordered.map(({ from, count, rule }) => {
    const people = count === 1 ? 'somebody else' : `${count} other people`;
    const why = rule.text === undefined ? '' : `: ${rule.text}`;
    return {
      code: 'approval-needed',
      sentence: `${input.facts.title} on ${input.connection.title} needs the approval of ${people} from ${anyOf(from.map(whom))} (rule ${rule.id})${why}.`,
      next: 'Asking for approval comes with the approvals view, which this version does not have yet; run it where the policy allows it outright.',
    };
  });
}

/** An obligation that nothing here can meet is not dropped: the statement does not run. */
function unmetObligations({ recordLevels = ['local'] }: DecideInput, accesses: readonly Access[]): readonly Reason[] {
  const found = new Map<string, Reason>();
  const add = (rule: RuleReference | undefined, what: string) => {
    if (rule === undefined || found.has(what)) return;
    found.set(what, {
      code: 'obligation-unmet',
      sentence: `The policy asks for ${what} (rule ${rule.id}), which this version cannot give.`,
      next: 'Ask your administrator to lift the rule for this connection until it can.',
    });
  };
  for (const { obligations } of accesses.map((access) => access.answer)) {
    add(obligations.reason, 'a reason');
    add(obligations.stepUp?.rule, 'a fresh sign-in');
    add(obligations.noExport, 'a result that cannot be exported');
  }
  const demanded = demandedLevel(accesses);
  if (demanded !== undefined && !recordLevels.includes(demanded.level)) {
    const what = `record ${demanded.level}`;
    found.set(what, {
      code: 'obligation-unmet',
      sentence: `The policy asks for a record that is ${demanded.level} before the statement runs (rule ${demanded.rule.id}), and this installation has nowhere for it to be ${demanded.level}.`,
      next: `Ask your administrator to name a ${demanded.level === 'uploaded' ? 'store' : 'witness'} in organisation.yaml (record).`,
    });
  }
  return [...found.values()];
}

/** The highest level that any of the answers demands of the record before the statement is sent. */
function demandedLevel(accesses: readonly Access[]): DemandedLevel | undefined {
  let highest: DemandedLevel | undefined;
  for (const { answer } of accesses) {
    const { record } = answer.obligations;
    if (record === undefined || record.level === 'local') continue;
    if (highest === undefined || RECORD_LEVELS.indexOf(record.level) > RECORD_LEVELS.indexOf(highest.level))
      highest = { level: record.level, rule: record.rule };
  }
  return highest;
}

function limitsOf(obligations: readonly Obligations[]): Limits {
  const smallest = (bound: 'rows' | 'bytes' | 'milliseconds') => {
    const values = obligations.flatMap((entry) => entry[bound]?.value ?? []);
    return values.length === 0 ? undefined : Math.min(...values);
  };
  const statementTimeout = smallest('milliseconds') ?? DEFAULT_LIMITS.statementTimeout;
  return {
    rows: smallest('rows') ?? DEFAULT_LIMITS.rows,
    bytes: smallest('bytes') ?? DEFAULT_LIMITS.bytes,
    statementTimeout,
    lockTimeout: Math.min(DEFAULT_LIMITS.lockTimeout, statementTimeout),
  };
}

function rulesOf(answers: readonly PolicyAnswer[]): readonly RuleReference[] {
  return ordered(answers.flatMap((answer) => answer.rules));
}

/** Each once. */
function ordered(rules: readonly RuleReference[]): readonly RuleReference[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule] as const));
  return [...byId.values()].sort(byEffect);
}

/** Reasons said once, in the order given: the first stage that refuses, in the order of the text. */
function refuse(reasons: readonly Reason[], rules: readonly RuleReference[]): Verdict {
  const once = [...new Map(reasons.map((reason) => [`${reason.code}\0${reason.sentence}`, reason])).values()];
  const [first, ...rest] = once.slice(0, MAX_REASONS);
  if (first === undefined) throw new Error('a refusal has at least one reason');
  return { verdict: 'refuse', reasons: [first, ...rest], rules };
}
