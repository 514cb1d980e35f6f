import { type Bound, type Obligations, type PolicyAnswer, type RequiredApproval } from '../policy/answer.ts';
import { byEffect } from '../policy/compiled-policy.ts';
import { mayTake } from '../policy/grants.ts';
import { askerOf } from './asker.ts';
import { changes, denials, judgeAccess, type Access, type DecideInput } from './decide-access.ts';
import { codeReasons } from './decide-code.ts';
import { usedGrants } from './decide-grants.ts';
import { foreseenLeaving } from './decide-leaving.ts';
import { judgeMasks, NO_MASKS } from './decide-masks.ts';
import { approvalsOf, demandedLevel, needReasons, needsApproval } from './decide-needs.ts';
import { anyOf, NEVER, NOT_RUN } from './decide-words.ts';
import { type Facts, type Hazard, type Lineage } from './facts.ts';
import { type Allow, type Limits, type Reason, type RuleReference, type Verdict } from './verdict.ts';

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
 * a plain output refuses; an obligation that cannot be met refuses. What is allowed ends with the grants it rests on, and
 * with the login.
 */
export function decide(input: DecideInput): Verdict {
  const verdict = decideWith(input, input.accesses ?? judgeAccess(input));
  if (verdict.verdict !== 'allow') return verdict;
  const again = (grants: readonly string[]): Verdict => {
    const other = { ...input, grants };
    return decideWith(other, judgeAccess(other));
  };
  const grants = usedGrants(input, verdict, again);
  return within({ ...verdict, ...(grants.length === 0 ? {} : { grants }) }, input);
}

function decideWith(input: DecideInput, accesses: readonly Access[]): Verdict {
  const { facts, lineage } = input;
  const unclear = [...withheld(input), ...notRunnable(facts)];
  if (unclear.length > 0) return refuse(unclear, []);

  const rules = rulesOf(accesses.map((access) => access.answer));
  const denied = denials(input, accesses);
  if (denied.length > 0) return refuse(denied, rules);

  const untraced = [...notTraced(facts, lineage), ...codeReasons(input)];
  if (untraced.length > 0) return refuse(untraced, rules);

  const judged = lineage === undefined ? NO_MASKS : judgeMasks(input, lineage, accesses);
  const unmet = [...approvalReasons(input, accesses), ...judged.reasons, ...needReasons(input, accesses)];
  if (unmet.length > 0) return refuse(unmet, rules);

  const obligations = accesses.map((access) => access.answer.obligations);
  const { masks, permitted, groupSize, leftOut } = judged;
  const demanded = demandedLevel(accesses);
  const limits = limitsOf(obligations);
  const rowsPerHour = leastOf(obligations, 'rowsPerHour');
  const watermark = obligations.flatMap((entry) => entry.watermark ?? [])[0];
  const permits = permitted.flatMap((use) => use.permits.map(({ rule }) => rule));
  return {
    verdict: 'allow',
    envelope: changes(facts) ? 'write' : 'read',
    masks,
    limits,
    rules: ordered([...rules, ...permits]),
    leaving: foreseenLeaving(input, accesses, limits),
    ...(rowsPerHour === undefined ? {} : { rowsPerHour }),
    ...(watermark === undefined ? {} : { watermark }),
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
  return approvalsOf(accesses).map((approval) => {
    const grants = grantsToTake(input, approval);
    const take =
      grants.length === 0
        ? 'run it where the policy allows it outright'
        : `take the grant ${grants.join(' or ')}, which lifts the rule for a while (countersign grant take)`;
    return {
      code: 'approval-needed',
      sentence: `${input.facts.title} on ${input.connection.title} ${needsApproval(approval)}.`,
      next: `Asking for approval comes with the approvals view, which this version does not have yet; ${take}.`,
      ...(grants.length === 0 ? {} : { grants }),
    };
  });
}

/** Of the grants that lift the rule, those that the asker may take here without anybody's approval. */
function grantsToTake(
  { policy, principal, connection }: DecideInput,
  { liftedBy = [] }: RequiredApproval,
): readonly string[] {
  return liftedBy.filter(
    (name) => policy.grants.get(name)?.approval === undefined && mayTake(policy, askerOf(principal), connection, name),
  );
}

/** A login for some connections is for no other, whatever the policy gives to whoever is behind it. */
function withheld({ connections, connection }: DecideInput): readonly Reason[] {
  if (connections === undefined || connections.includes(connection.name)) return [];
  return [
    {
      code: 'connection-withheld',
      sentence: `This token is not for ${connection.title}.`,
      next: `It is for ${anyOf(connections)}; the person it acts for can issue another one.`,
    },
  ];
}

function limitsOf(obligations: readonly Obligations[]): Limits {
  const statementTimeout = leastOf(obligations, 'milliseconds')?.value ?? DEFAULT_LIMITS.statementTimeout;
  return {
    rows: leastOf(obligations, 'rows')?.value ?? DEFAULT_LIMITS.rows,
    bytes: leastOf(obligations, 'bytes')?.value ?? DEFAULT_LIMITS.bytes,
    statementTimeout,
    lockTimeout: Math.min(DEFAULT_LIMITS.lockTimeout, statementTimeout),
  };
}

type BoundName = 'rows' | 'bytes' | 'milliseconds' | 'rowsPerHour';

function leastOf(obligations: readonly Obligations[], name: BoundName): Bound | undefined {
  return obligations
    .flatMap((entry) => entry[name] ?? [])
    .reduce<Bound | undefined>(
      (least, bound) => (least === undefined || bound.value < least.value ? bound : least),
      undefined,
    );
}

/** Nothing runs on after what lets it run has ended. */
function within(allowed: Allow, { now, expiresAt }: Pick<DecideInput, 'now' | 'expiresAt'>): Allow {
  const ends = [...(allowed.grants ?? []).map(({ until }) => until), ...(expiresAt === undefined ? [] : [expiresAt])];
  const left = Math.min(...ends.map((end) => Date.parse(end) - now.getTime()));
  const { limits } = allowed;
  if (left >= limits.statementTimeout) return allowed;
  const statementTimeout = Math.max(1, left);
  const narrower = { ...limits, statementTimeout, lockTimeout: Math.min(limits.lockTimeout, statementTimeout) };
  return { ...allowed, limits: narrower, narrowedFrom: limits };
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
