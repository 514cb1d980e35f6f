/** What an allowance is bound by: what had to be there before, how much may come out, and whether it may leave. */
import { type Decided, type Difference } from './decided.ts';
import { type DecisionInput } from './decision-input.ts';
import { at, type Json } from './json.ts';
import { type Relation } from './policy-match.ts';
import { LEVELS, type Obligations } from './policy-obligations.ts';

/** Bounds where the policy sets none (docs/policy.md, "Obligations"): rows, bytes, milliseconds. */
const LIMITS = { rows: 2_000_000, bytes: 1024 ** 3, ms: 120_000 } as const;
/** Milliseconds that two clocks may differ. */
const CLOCKS_DIFFER = 60_000;
const READS = new Set(['select', 'explain', 'show']);

export const isRead = (action: string): boolean => READS.has(action);

/** What is required before a statement runs: an allowance shows that it was met. */
export function* metObligations(decided: Decided, obligations: readonly Obligations[]): Iterable<Difference> {
  const { leaf, input } = decided;
  const unmet = (what: string, rule: string | undefined): Difference => ({
    code: 'decision-obligation',
    sentence: `It was allowed without ${what}, which rule ${String(rule)} requires.`,
  });
  for (const { approvals, reason, stepUp, watermark } of obligations) {
    const [approval] = approvals;
    const used = at(leaf, 'pol', 'approvals');
    if (approval !== undefined && !(Array.isArray(used) && used.length > 0)) yield unmet('an approval', approval.rule);
    if (reason !== undefined && !isReason(at(leaf, 'why', 'reason'))) yield unmet('a reason', reason);
    if (stepUp !== undefined && !isFresh(input, stepUp.minutes)) yield unmet('a fresh sign-in', stepUp.rule);
    if (watermark !== undefined && input.allowed?.watermark !== true) yield unmet('a watermark', watermark);
  }
  yield* mayLeave(decided, obligations);
  const highest = Math.max(0, ...obligations.map(({ record }) => LEVELS.indexOf(record ?? 'local')));
  if (LEVELS.indexOf(input.allowed?.record ?? 'local') < highest)
    yield { code: 'decision-obligation', sentence: `It did not wait for a record that is ${String(LEVELS[highest])}.` };
}

export const isReason = (given: unknown): boolean => typeof given === 'string' && /[\p{L}\p{N}]/u.test(given);

/** A person proves who they are; an agent or a service cannot, whatever its person did. */
export function isFresh({ asked, steppedUpAt }: DecisionInput, minutes: number): boolean {
  if (steppedUpAt === undefined || asked.agent !== undefined || asked.service !== undefined) return false;
  const age = asked.at - steppedUpAt;
  return age <= minutes * 60_000 && age >= -CLOCKS_DIFFER;
}

/**
 * Whether rows of the result may leave the screen is asked of every relation that is read. What is not known before they do
 * (how many they are) closes conditions, and such a rule does not say no yet.
 */
function* mayLeave({ input, policy }: Decided, obligations: readonly Obligations[]): Iterable<Difference> {
  const leaving = input.allowed?.leaving;
  if (leaving === undefined) {
    const rule = obligations.find(({ noExport }) => noExport !== undefined)?.noExport;
    if (rule !== undefined)
      yield {
        code: 'decision-obligation',
        sentence: `It was allowed without a word of whether it may leave the screen, and rule ${rule} says that it may not.`,
      };
    return;
  }
  const read = input.questions.flatMap(({ action, on }) => (action === 'select' ? [on] : []));
  const relations: readonly Relation[] = read.length === 0 ? ['none'] : read;
  const answers = relations.map((on) => policy.ask(input.asked, 'export', on));
  const closed = answers.some(({ effect, rules, failed, obligations: { noExport } }) => {
    const closing = effect === 'deny' ? rules : noExport === undefined ? [] : [noExport];
    return effect === 'deny' && rules.length === 0 ? true : closing.some((rule) => !failed.includes(rule));
  });
  const most = leastOf(obligations, 'rows') ?? LIMITS.rows;
  const open = answers.every(
    ({ effect, obligations: { noExport, approvals, rows } }) =>
      effect === 'allow' && noExport === undefined && approvals.length === 0 && (rows ?? Infinity) >= most,
  );
  const expected = closed ? 'no' : open ? 'yes' : 'asked-then';
  if (leaving !== expected)
    yield {
      code: 'decision-obligation',
      sentence: `Whether it may leave the screen is said to be "${leaving}", and by the policy it is "${expected}".`,
    };
}

function leastOf(
  obligations: readonly Obligations[],
  bound: 'rows' | 'bytes' | 'ms' | 'rowsPerHour',
): number | undefined {
  const values = obligations.flatMap((required) => required[bound] ?? []);
  return values.length === 0 ? undefined : Math.min(...values);
}

export function* sameBounds(
  leaf: Json,
  { allowed, questions, action }: DecisionInput,
  obligations: readonly Obligations[],
): Iterable<Difference> {
  if (allowed === undefined) return;
  const { limits, left, envelope, rowsPerHour } = allowed;
  for (const bound of ['rows', 'bytes', 'ms'] as const) {
    const value = leastOf(obligations, bound) ?? LIMITS[bound];
    if (limits[bound] !== value || (left?.[bound] ?? 0) > value)
      yield {
        code: 'decision-limit',
        sentence: `It is bound by ${value} ${bound}, and was let run to ${Math.max(limits[bound], left?.[bound] ?? 0)}.`,
      };
  }
  const perHour = leastOf(obligations, 'rowsPerHour');
  if (rowsPerHour !== perHour)
    yield {
      code: 'decision-limit',
      sentence: `In an hour there may be ${String(perHour ?? 'any number of')} rows, not ${String(rowsPerHour ?? 'any number')}.`,
    };
  if (envelope !== 'write' && (!isRead(action) || questions.some((question) => !isRead(question.action))))
    yield { code: 'decision-limit', sentence: 'It may change what it touches, and was let run as a read.' };
  const said = at(leaf, 'pol', 'obligations');
  const words = [
    `at most ${limits.rows} rows, ${limits.bytes} bytes, ${limits.ms} ms`,
    `${envelope} envelope`,
    ...(left === undefined ? [] : [`of these, ${left.rows} rows and ${left.ms} ms were left`]),
  ];
  if (!Array.isArray(said) || words.some((word) => !said.includes(word)))
    yield { code: 'decision-limit', sentence: 'The event says other bounds in clear than in its sealed part.' };
}
