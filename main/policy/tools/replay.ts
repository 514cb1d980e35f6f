import { type Obligations, type PolicyAnswer, type PolicyQuestion } from '../answer.ts';
import { compareText, type CompiledPolicy } from '../compiled-policy.ts';
import { evaluate } from '../evaluate.ts';
import { RECORD_LEVELS } from '../vocabulary.ts';
import { approvers } from '../words.ts';
import { count } from './obligation-words.ts';
import { type RecordedAnswer, type RecordedDecision, recordedQuestion } from './recorded-decision.ts';
import { LEAVING_WORDS, leavingOf } from './replay-leaving.ts';
import { columnMasks, maskRefusal } from './replay-masks.ts';

/** What the event of a statement says in clear of how it was decided. */
export interface RecordedVerdict {
  readonly decision: 'allow' | 'refuse';
  /** Codes of the reasons of a refusal. */
  readonly codes: readonly string[];
  /** Columns that a permit let be seen in clear, schema.relation.column. */
  readonly cleared: readonly string[];
}

export type Replayed =
  | { readonly kind: 'same' }
  | { readonly kind: 'skipped'; readonly why: string }
  | {
      readonly kind: 'changed';
      readonly before: 'allow' | 'refuse';
      readonly after: 'allow' | 'refuse';
      readonly changes: readonly string[];
      readonly rules: readonly string[];
    };

/**
 * Asks a policy what was asked when a recorded statement was decided, and says what comes out otherwise. Nothing is looked
 * up: what the record does not know is not guessed, and such a statement is skipped.
 */
export function replay(policy: CompiledPolicy, recorded: RecordedDecision, verdict: RecordedVerdict): Replayed {
  if (recorded.cut) return { kind: 'skipped', why: 'it touches more than the record keeps' };
  if (verdict.decision === 'refuse' && verdict.codes.some((code) => !Object.hasOwn(BY_POLICY, code)))
    return { kind: 'same' };
  const questions = recorded.asked.map(({ action, on }) => recordedQuestion(recorded, action, on));
  const answers = questions.map((question) => evaluate(policy, question));
  const missing = failedAnew(recorded, answers);
  if (missing !== undefined)
    return { kind: 'skipped', why: `the condition of rule ${missing} asks for what was not known then` };

  const before = recorded.asked.flatMap(({ answer }) => recorded.answers[answer] ?? []);
  const refusals = refusalsOf(policy, recorded, questions, answers);
  const after = refusals.length > 0 ? 'refuse' : 'allow';
  if (verdict.decision === 'refuse' && (after === 'refuse' || stillMissing(verdict, answers))) return { kind: 'same' };
  const masks = after === 'allow' ? maskedOtherwise(policy, recorded, verdict, answers) : [];
  // Of what a refused statement would have been bound by nothing is known: only what it would show is told.
  const changes =
    verdict.decision === 'refuse'
      ? [`allowed: ${verdict.codes.map((code) => BY_POLICY[code] ?? code).join(', ')}`, ...needsNow(answers), ...masks]
      : [
          ...refusals,
          ...(after === 'allow'
            ? [...boundOtherwise(before, answers), ...leavingOtherwise(policy, recorded, answers)]
            : []),
          ...masks,
        ];
  if (changes.length === 0) return { kind: 'same' };
  return { kind: 'changed', before: verdict.decision, after, changes, rules: rulesThatDiffer(before, answers) };
}

/** Refusals by policy: what a statement was refused for besides, another policy does not change. */
const BY_POLICY: Readonly<Record<string, string>> = {
  denied: 'a rule denied it',
  'not-allowed': 'no rule allowed it',
  'approval-needed': 'it needed an approval',
  'reason-needed': 'it needed a reason',
  'step-up-needed': 'it needed a step-up',
  'rows-per-hour-spent': 'the rows of the hour were spent',
  'obligation-unmet': 'an obligation could not be met',
  'masked-column-used': 'it uses a masked column',
  'masked-column-computed': 'it computes with a masked column',
  'masked-column-stored': 'it stores a masked column',
};

/** What the asker had not given, by the code of the refusal for it. */
const MISSING: Readonly<Record<string, (bound: Obligations) => boolean>> = {
  'reason-needed': ({ reason }) => reason !== undefined,
  'step-up-needed': ({ stepUp }) => stepUp !== undefined,
  'obligation-unmet': ({ record }) => record !== undefined && record.level !== 'local',
};

/** Whether what was missing then is asked for by this policy too. */
function stillMissing({ codes }: RecordedVerdict, answers: readonly PolicyAnswer[]): boolean {
  return codes.some((code) => answers.some(({ obligations }) => MISSING[code]?.(obligations) === true));
}

function needsNow(answers: readonly PolicyAnswer[]): readonly string[] {
  const some = (isAsked: (bound: Obligations) => unknown): boolean =>
    answers.some(({ obligations }) => isAsked(obligations) !== undefined);
  return [
    ...(some(({ reason }) => reason) ? ['needs a reason'] : []),
    ...(some(({ stepUp }) => stepUp) ? ['needs a step-up'] : []),
  ];
}

/** A rule whose condition fails now and did not then: it asks for what the gate knew, or will know, and the record does not. */
function failedAnew(
  { asked, answers: recorded }: RecordedDecision,
  answers: readonly PolicyAnswer[],
): string | undefined {
  const failed = new Set(asked.flatMap(({ answer }) => recorded[answer]?.failed ?? []));
  return answers.flatMap(({ failedConditions }) => failedConditions).find((id) => !failed.has(id));
}

function refusalsOf(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  questions: readonly PolicyQuestion[],
  answers: readonly PolicyAnswer[],
): readonly string[] {
  const denied = new Set(
    answers.flatMap(({ effect, rules }, at) => {
      if (effect === 'allow') return [];
      if (rules.length > 0) return [`refused by ${rules.map(({ id }) => id).join(', ')}`];
      const question = questions[at];
      return [`no rule allows ${question?.action ?? ''}${on(question?.relation ?? 'none')}`];
    }),
  );
  if (denied.size > 0) return [...denied];
  const approvals = new Set(answers.flatMap(({ obligations }) => obligations.approvals.flatMap(approvers)));
  const masked = maskRefusal(policy, recorded, answers);
  const perHour = least(answers.map(({ obligations }) => obligations.rowsPerHour?.value));
  return [
    ...(approvals.size === 0 ? [] : [`needs approval of ${[...approvals].sort(compareText).join(', ')}`]),
    ...(masked === undefined ? [] : [masked]),
    ...(perHour !== undefined && (recorded.rowsLastHour ?? 0) >= perHour
      ? [`refused: more than ${count(perHour)} rows in an hour`]
      : []),
  ];
}

const on = (relation: PolicyQuestion['relation']): string =>
  typeof relation === 'string' ? '' : ` on ${relation.schema}.${relation.name}`;

const least = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

const BOUNDS = [
  ['rows', (answer: RecordedAnswer) => answer.rows, ({ rows }: Obligations) => rows?.value],
  ['bytes', (answer: RecordedAnswer) => answer.bytes, ({ bytes }: Obligations) => bytes?.value],
  ['milliseconds', (answer: RecordedAnswer) => answer.ms, ({ milliseconds }: Obligations) => milliseconds?.value],
  [
    'rows an hour',
    (answer: RecordedAnswer) => answer.rowsPerHour,
    ({ rowsPerHour }: Obligations) => rowsPerHour?.value,
  ],
] as const;

const SWITCHES = [
  ['a reason', (answer: RecordedAnswer) => answer.reason, ({ reason }: Obligations) => reason],
  ['a step-up', (answer: RecordedAnswer) => answer.stepUp, ({ stepUp }: Obligations) => stepUp],
  ['a watermark', (answer: RecordedAnswer) => answer.watermark, ({ watermark }: Obligations) => watermark],
] as const;

/** `rows: 10,000 -> 1,000`, `needs a reason`, `record: local -> witnessed`. */
function boundOtherwise(before: readonly RecordedAnswer[], answers: readonly PolicyAnswer[]): readonly string[] {
  const after = answers.map(({ obligations }) => obligations);
  const words = (value: number | undefined): string => (value === undefined ? 'no bound' : count(value));
  const bounds = BOUNDS.flatMap(([name, was, is]) => {
    const [old, young] = [least(before.map(was)), least(after.map(is))];
    return old === young ? [] : [`${name}: ${words(old)} -> ${words(young)}`];
  });
  const switches = SWITCHES.flatMap(([name, was, is]) => {
    const [old, young] = [
      before.some((answer) => was(answer) !== undefined),
      after.some((bound) => is(bound) !== undefined),
    ];
    return old === young ? [] : [young ? `needs ${name}` : `no longer needs ${name}`];
  });
  const level = (levels: readonly (string | undefined)[]): string =>
    RECORD_LEVELS.findLast((one) => levels.includes(one)) ?? 'local';
  const [old, young] = [level(before.map(({ record }) => record)), level(after.map(({ record }) => record?.level))];
  return [...bounds, ...switches, ...(old === young ? [] : [`record: ${old} -> ${young}`])];
}

function leavingOtherwise(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  answers: readonly PolicyAnswer[],
): readonly string[] {
  const before = recorded.allowed?.leaving;
  const after = leavingOf(policy, recorded, answers);
  return before === undefined || before === after ? [] : [`${LEAVING_WORDS[before]} -> ${LEAVING_WORDS[after]}`];
}

function maskedOtherwise(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  { decision, cleared }: RecordedVerdict,
  answers: readonly PolicyAnswer[],
): readonly string[] {
  const then = recorded.asked.map(({ answer }) => new Map(Object.entries(recorded.answers[answer]?.masks ?? {})));
  return columnMasks(policy, recorded, answers).flatMap(({ name, strength, boundBy }) => {
    if (decision === 'refuse') return strength === undefined ? [] : [`${name}: ${strength}`];
    const old = cleared.includes(name) ? undefined : boundBy(then.map((masks) => ({ masks })));
    return old === strength ? [] : [`${name}: ${old ?? 'clear'} -> ${strength ?? 'clear'}`];
  });
}

function rulesThatDiffer(before: readonly RecordedAnswer[], answers: readonly PolicyAnswer[]): readonly string[] {
  const old = new Set(before.flatMap(({ rules }) => rules));
  const young = new Set(answers.flatMap(({ rules }) => rules.map(({ id }) => id)));
  return [...old, ...young].filter((id) => old.has(id) !== young.has(id)).sort(compareText);
}
