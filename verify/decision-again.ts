/**
 * One decision made again: by the policy of its hash, from what the record says it was made from, and compared with what was
 * decided. What the statement touches is taken from the record; that it touches nothing else is not judged here, because
 * that takes the database's grammar and its catalog.
 */
import { isDeepStrictEqual } from 'node:util';
import { classOf, inWords, LISTED, nameOf, type Decided, type Difference } from './decided.ts';
import { type DecisionInput } from './decision-input.ts';
import { judgeColumns, sameMasks, samePermits } from './decision-masks.ts';
import { isRead, metObligations, sameBounds } from './decision-obligations.ts';
import { at, isObject, type Json } from './json.ts';
import { type Answer } from './policy-model.ts';

/** Milliseconds that may lie between decision and record. */
const RECORDED_WITHIN = 5 * 60_000;

export function* decideAgain(decided: Decided): Iterable<Difference> {
  const { leaf, input } = decided;
  yield* sameCircumstances(leaf, input);
  if (input.cut) return;
  yield* sameClasses(decided);
  yield* allAsked(leaf, input);
  const again = askAgain(decided);
  yield* again.differences;
  yield* sameVerdict(decided, again.answers);
}

/** The policy's answers to what it was asked, and how they differ from those of the record. */
export function askAgain({ policy, input }: Pick<Decided, 'policy' | 'input'>): {
  readonly answers: readonly Answer[];
  readonly differences: readonly Difference[];
} {
  const differences: Difference[] = [];
  const answers = input.questions.map(({ action, on, answer: recorded }) => {
    const answer = policy.ask(input.asked, action, on);
    if (!isDeepStrictEqual(plainAnswer(answer), recorded))
      differences.push({
        code: 'decision-answer',
        sentence: `To ${action} on ${inWords(on)} the policy answers otherwise than was recorded: ${differing(answer, recorded)}.`,
      });
    return answer;
  });
  return { answers, differences };
}

/** Minutes that the record does not name. */
const STEP_UP_MINUTES = 15;

/** An answer as the record has it: only what there is. */
function plainAnswer({ effect, rules, obligations, failed }: Answer): Json {
  const { masks, approvals, rows, bytes, ms, rowsPerHour, reason, stepUp, record, noExport, watermark } = obligations;
  const all = {
    effect,
    rules,
    failed: failed.length === 0 ? undefined : failed,
    masks:
      masks.size === 0
        ? undefined
        : Object.fromEntries([...masks].map(([name, { strength, rule }]) => [name, [strength, rule]])),
    ...{ rows, bytes, ms, rowsPerHour },
    approvals:
      approvals.length === 0
        ? undefined
        : approvals.map(({ rule, count, from, within }) => [
            rule,
            count,
            from,
            ...(within === undefined ? [] : [within]),
          ]),
    ...{ reason, stepUp: stepUp?.rule, record, noExport, watermark },
    stepUpMinutes: stepUp?.minutes === STEP_UP_MINUTES ? undefined : stepUp?.minutes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function differing(answer: Answer, recorded: unknown): string {
  const now = plainAnswer(answer);
  const before = isObject(recorded) ? recorded : {};
  const parts = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return parts
    .filter((part) => !isDeepStrictEqual(before[part], now[part]))
    .map(
      (part) =>
        `${part} is ${JSON.stringify(now[part] ?? 'nothing')}, not ${JSON.stringify(before[part] ?? 'nothing')}`,
    )
    .join('; ');
}

/** The event says in clear who asked where; the sealed part must say the same. */
function* sameCircumstances(leaf: Json, input: DecisionInput): Iterable<Difference> {
  const { connection } = input.asked;
  const told = { connection: connection.name, env: connection.env, database: connection.database };
  const recorded = {
    connection: at(leaf, 'db', 'id'),
    env: at(leaf, 'db', 'env'),
    database: at(leaf, 'db', 'database'),
  };
  if (!isAsker(leaf, input) || !isDeepStrictEqual(told, recorded)) yield OTHER_ASKER;
  yield* sameTime(leaf, input);
}

export const OTHER_ASKER: Difference = {
  code: 'decision-asker',
  sentence: 'It was decided for another asker, or on another connection, than the event names.',
};

export function isAsker(leaf: Json, { asked: { person, agent, service } }: DecisionInput): boolean {
  const user = at(leaf, 'actor', 'user');
  const { name, email, groups, verified } = person;
  const recorded = {
    ...{ name: at(user, 'name'), email: at(user, 'email'), groups: at(user, 'groups'), verified: at(user, 'verified') },
    ...{ agent: at(leaf, 'actor', 'agent', 'id'), service: at(leaf, 'actor', 'service') },
  };
  return isDeepStrictEqual({ name, email, groups, verified, agent, service }, recorded);
}

export function* sameTime(leaf: Json, { asked: { at: decidedAt } }: DecisionInput): Iterable<Difference> {
  const late = typeof leaf.t === 'number' ? Math.abs(leaf.t / 1000 - decidedAt) : Infinity;
  if (late > RECORDED_WITHIN)
    yield {
      code: 'decision-time',
      sentence: `It was decided as of ${new Date(decidedAt).toISOString()}, more than five minutes from when it was recorded.`,
    };
}

/** Classes of columns are those of the classification; none that it has is left out. */
function* sameClasses({ leaf, input, classification }: Decided): Iterable<Difference> {
  if (classification === undefined) return;
  const { connection } = input.asked;
  for (const column of input.columns) {
    const meant = classOf(classification, input, column);
    if (meant?.class === column.class && meant.group === column.group) continue;
    yield {
      code: 'decision-class',
      sentence: `${nameOf(column)} was taken for ${column.class} (${column.group}), which the classification does not say.`,
    };
  }
  const classified = new Set(input.columns.map(nameOf));
  for (const { name } of objects(leaf, 'columns')) {
    const [schema, relation, column, more] = typeof name === 'string' ? name.split('.') : [];
    if (schema === undefined || relation === undefined || column === undefined || more !== undefined) continue;
    if (classified.has(`${schema}.${relation}.${column}`)) continue;
    const written = classification.written(connection.name, schema, relation, column);
    if (written !== undefined)
      yield {
        code: 'decision-class',
        sentence: `${String(name)} is classified as ${written.class}, and the decision was made as if it were not.`,
      };
  }
}

function objects(leaf: Json, list: 'objects' | 'columns'): readonly Json[] {
  const found = at(leaf, 'op', list);
  return (Array.isArray(found) ? found : []).slice(0, LISTED).filter(isObject);
}

/** Every relation that the event names has been asked about, and so has every one whose columns it reads. */
function* allAsked(leaf: Json, { questions, columns, action: what }: DecisionInput): Iterable<Difference> {
  const unnamed = questions.some(({ on }) => on === 'unknown');
  const asked = (matches: (schema: string, name: string) => boolean, isAbout: (action: string) => boolean): boolean =>
    questions.some(({ action, on }) => typeof on !== 'string' && matches(on.schema, on.name) && isAbout(action));
  const reads = (action: string): boolean => action === 'select';
  const writes = (action: string): boolean => !isRead(action) || (what === 'explain' && action === what);
  for (const { name, access } of objects(leaf, 'objects')) {
    // A relation that the catalog does not know is asked about in every schema that it may be in.
    const isIt = (schema: string, relation: string): boolean =>
      name === `${schema}.${relation}` || name === `.${relation}`;
    if (!asked(isIt, access === 'read' ? reads : writes) && !unnamed)
      yield {
        code: 'decision-question',
        sentence: `The policy was not asked about ${String(name)} (${String(access)}).`,
      };
  }
  for (const column of columns)
    if (!asked((schema, name) => schema === column.schema && name === column.relation, reads))
      yield { code: 'decision-question', sentence: `The policy was not asked whether ${nameOf(column)} may be read.` };
  if (questions.length === 0) yield { code: 'decision-question', sentence: 'The policy was asked nothing.' };
}

function* sameVerdict(decided: Decided, answers: readonly Answer[]): Iterable<Difference> {
  const { leaf, input } = decided;
  const denied = input.questions.filter((_, i) => answers[i]?.effect === 'deny');
  const rules = new Set(answers.flatMap((answer) => answer.rules));
  const reasons = at(leaf, 'pol', 'reasons');
  const codes = (Array.isArray(reasons) ? reasons : []).map((reason) => at(reason, 'code'));
  const byPolicy = codes.some((code) => code === 'denied' || code === 'not-allowed');
  if (at(leaf, 'pol', 'decision') !== 'allow') {
    if (byPolicy && denied.length === 0)
      yield { code: 'decision-effect', sentence: 'It was refused in the name of the policy, which allows it.' };
    if (byPolicy) yield* sameRules(leaf, rules);
    return;
  }
  const [first] = denied;
  if (first !== undefined)
    yield {
      code: 'decision-effect',
      sentence: `It was allowed, and the policy denies to ${first.action} on ${inWords(first.on)}.`,
    };
  if (input.allowed === undefined) {
    yield { code: 'decision-form', sentence: 'It was allowed without a word of what it is bound by.' };
    return;
  }
  const obligations = answers.map((answer) => answer.obligations);
  yield* metObligations(decided, obligations);
  yield* sameBounds(leaf, input, obligations);
  const judged = judgeColumns(decided, answers);
  yield* judged.differences;
  yield* sameMasks(leaf, input.allowed.masks, judged.masks);
  yield* samePermits(leaf, judged.permits);
  if (input.allowed.minimum !== judged.minimum)
    yield {
      code: 'decision-limit',
      sentence: `Groups must have ${String(judged.minimum)} rows, not ${String(input.allowed.minimum)}.`,
    };
  yield* sameRules(leaf, new Set([...rules, ...[...judged.permits.values()].flatMap((given) => [...given])]));
}

export function* sameRules(leaf: Json, rules: ReadonlySet<string>): Iterable<Difference> {
  const recorded = at(leaf, 'pol', 'rules');
  const named = new Set(Array.isArray(recorded) ? recorded.map(String) : []);
  const [missing, extra] = [[...rules].filter((id) => !named.has(id)), [...named].filter((id) => !rules.has(id))];
  if (missing.length > 0)
    yield { code: 'decision-rules', sentence: `Rules that made the decision are not named: ${missing.join(', ')}.` };
  if (extra.length > 0)
    yield {
      code: 'decision-rules',
      sentence: `Rules are named that had no part in the decision: ${extra.join(', ')}.`,
    };
}
