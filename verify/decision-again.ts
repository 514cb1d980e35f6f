/**
 * One decision made again: by the policy of its hash, from what the record says it was made from, and compared with what was
 * decided. What the statement touches is taken from the record; that it touches nothing else is not judged here, because
 * that takes the database's grammar and its catalog.
 */
import { isDeepStrictEqual } from 'node:util';
import { type ClassificationModel, type ColumnClass } from './classification.ts';
import { type ClassifiedColumn, type DecisionInput } from './decision-input.ts';
import { at, isObject, type Json } from './json.ts';
import { maskOn, type Answer, type Obligations, type PolicyModel, type Relation } from './policy-model.ts';

/** Bounds where the policy sets none (docs/policy.md, "Obligations"): rows, bytes, milliseconds. */
const LIMITS = { rows: 2_000_000, bytes: 1024 ** 3, ms: 120_000 } as const;
/** Milliseconds that may lie between decision and record. */
const RECORDED_WITHIN = 5 * 60_000;
/** Relations and columns beyond these are not in the clear part of an event. */
const LISTED = 200;

const READS = new Set(['select', 'explain', 'show']);
/** Statements whose outputs come to the asker as rows. */
const RETURNS_ROWS = new Set(['select', 'insert', 'update', 'delete', 'merge']);
/** Uses of which a statement has one form, and those that only hold where the asker cannot add or take rows. */
const ALONE = new Set(['equality', 'join', 'group', 'aggregate', 'cardinality', 'conflict']);
const COUNTED = new Set(['group', 'aggregate', 'cardinality']);
const WRITES = ['insert', 'update', 'merge', 'copy'];
const LEVELS = ['local', 'uploaded', 'witnessed'];

/** What is not as the policy says: a stable code and a sentence. */
export interface Difference {
  readonly code: string;
  readonly sentence: string;
}

/** The leaf whole, and the classification where it could be had. */
export interface Decided {
  readonly leaf: Json;
  readonly input: DecisionInput;
  readonly policy: PolicyModel;
  readonly classification: ClassificationModel | undefined;
}

export function* decideAgain(decided: Decided): Iterable<Difference> {
  const { leaf, input } = decided;
  yield* sameCircumstances(leaf, input);
  if (input.cut) return;
  yield* sameClasses(decided);
  yield* allAsked(leaf, input);
  const answers: Answer[] = [];
  for (const { action, on, answer: recorded } of input.questions) {
    const answer = decided.policy.ask(input.asked, action, on);
    answers.push(answer);
    if (!isDeepStrictEqual(plainAnswer(answer), recorded))
      yield {
        code: 'decision-answer',
        sentence: `To ${action} on ${inWords(on)} the policy answers otherwise than was recorded: ${differing(answer, recorded)}.`,
      };
  }
  yield* sameVerdict(decided, answers);
}

/** An answer as the record has it: only what there is. */
function plainAnswer({ effect, rules, obligations, failed }: Answer): Json {
  const { masks, approvals, rows, bytes, ms, reason, stepUp, record, noExport } = obligations;
  const all = {
    effect,
    rules,
    failed: failed.length === 0 ? undefined : failed,
    masks:
      masks.size === 0
        ? undefined
        : Object.fromEntries([...masks].map(([name, { strength, rule }]) => [name, [strength, rule]])),
    ...{ rows, bytes, ms },
    approvals: approvals.length === 0 ? undefined : approvals.map(({ rule, count, from }) => [rule, count, from]),
    ...{ reason, stepUp, record, noExport },
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

const inWords = (relation: Relation): string =>
  typeof relation === 'string'
    ? `${relation === 'none' ? 'no' : 'an unnamed'} relation`
    : `${relation.schema}.${relation.name}`;

/** The event says in clear who asked where; the sealed part must say the same. */
function* sameCircumstances(
  leaf: Json,
  { asked: { person, agent, connection, at: decidedAt } }: DecisionInput,
): Iterable<Difference> {
  const user = at(leaf, 'actor', 'user');
  const told = {
    ...{ name: person.name, email: person.email, groups: person.groups, verified: person.verified, agent },
    ...{ connection: connection.name, env: connection.env, database: connection.database },
  };
  const recorded = {
    ...{ name: at(user, 'name'), email: at(user, 'email'), groups: at(user, 'groups'), verified: at(user, 'verified') },
    agent: at(leaf, 'actor', 'agent', 'id'),
    ...{ connection: at(leaf, 'db', 'id'), env: at(leaf, 'db', 'env'), database: at(leaf, 'db', 'database') },
  };
  if (!isDeepStrictEqual(told, recorded))
    yield {
      code: 'decision-asker',
      sentence: 'It was decided for another asker, or on another connection, than the event names.',
    };
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

function classOf(
  classification: ClassificationModel,
  { asked: { connection } }: DecisionInput,
  { schema, relation, column, class: name, detected }: ClassifiedColumn,
): ColumnClass | undefined {
  const written = classification.written(connection.name, schema, relation, column);
  if (!detected) return written;
  return written === undefined && classification.masksDetected ? classification.detected(name) : undefined;
}

const nameOf = ({ schema, relation, column }: ClassifiedColumn): string => `${schema}.${relation}.${column}`;

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
  const writes = (action: string): boolean => !READS.has(action) || (what === 'explain' && action === what);
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
  yield* metObligations(leaf, input.allowed.record, obligations);
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

function* sameRules(leaf: Json, rules: ReadonlySet<string>): Iterable<Difference> {
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

/** What is required before a statement runs: an allowance shows that it was met. */
function* metObligations(
  leaf: Json,
  level: string | undefined,
  obligations: readonly Obligations[],
): Iterable<Difference> {
  const unmet = (what: string, rule: string | undefined): Difference => ({
    code: 'decision-obligation',
    sentence: `It was allowed without ${what}, which rule ${String(rule)} requires.`,
  });
  for (const { approvals, reason, stepUp, noExport } of obligations) {
    const [approval] = approvals;
    const used = at(leaf, 'pol', 'approvals');
    if (approval !== undefined && !(Array.isArray(used) && used.length > 0)) yield unmet('an approval', approval.rule);
    if (reason !== undefined && typeof at(leaf, 'why', 'reason') !== 'string') yield unmet('a reason', reason);
    if (stepUp !== undefined) yield unmet('a fresh sign-in', stepUp);
    if (noExport !== undefined) yield unmet('a result that cannot be exported', noExport);
  }
  const highest = Math.max(0, ...obligations.map(({ record }) => LEVELS.indexOf(record ?? 'local')));
  if (LEVELS.indexOf(level ?? 'local') < highest)
    yield { code: 'decision-obligation', sentence: `It did not wait for a record that is ${String(LEVELS[highest])}.` };
}

function* sameBounds(
  leaf: Json,
  { allowed, questions, action }: DecisionInput,
  obligations: readonly Obligations[],
): Iterable<Difference> {
  if (allowed === undefined) return;
  const { limits, envelope } = allowed;
  for (const bound of ['rows', 'bytes', 'ms'] as const) {
    const values = obligations.flatMap((required) => required[bound] ?? []);
    const value = values.length === 0 ? LIMITS[bound] : Math.min(...values);
    if (limits[bound] !== value)
      yield {
        code: 'decision-limit',
        sentence: `It is bound by ${value} ${bound}, and was let run to ${limits[bound]}.`,
      };
  }
  if (envelope !== 'write' && (!READS.has(action) || questions.some((question) => !READS.has(question.action))))
    yield { code: 'decision-limit', sentence: 'It may change what it touches, and was let run as a read.' };
  const said = at(leaf, 'pol', 'obligations');
  const words = [`at most ${limits.rows} rows, ${limits.bytes} bytes, ${limits.ms} ms`, `${envelope} envelope`];
  if (!Array.isArray(said) || words.some((word) => !said.includes(word)))
    yield { code: 'decision-limit', sentence: 'The event says other bounds in clear than in its sealed part.' };
}

interface JudgedColumns {
  /** Outputs that must be masked, with the masker where the classification is known, and the least rank of it. */
  readonly masks: ReadonlyMap<number, { readonly masker: Json | undefined; readonly rank: number }>;
  /** Rules that permit uses, by `form class`. */
  readonly permits: ReadonlyMap<string, ReadonlySet<string>>;
  readonly minimum: number | undefined;
  readonly differences: readonly Difference[];
}

/** How much of a value a masker leaves: the class's own, nothing but that there is one, nothing. */
const rankOf = (masker: Json): number => (masker.kind === 'null' ? 2 : masker.kind === 'redact' ? 1 : 0);

/** Of each classified column: must it be masked, and may it be used as it is. */
function judgeColumns({ input, policy, classification }: Decided, answers: readonly Answer[]): JudgedColumns {
  const { asked, action, views, columns, questions, allowed } = input;
  const permits = new Map<string, Set<string>>();
  const differences: Difference[] = [];
  const masks = new Map<number, { readonly masker: Json | undefined; readonly rank: number }>();
  const boundTo = new Map<string, Obligations>();
  questions.forEach(({ action: question, on }, i) => {
    const answer = answers[i];
    if (question === 'select' && answer !== undefined) boundTo.set(inWords(on), answer.obligations);
  });
  const ofViews = questions.flatMap(({ on }, i) => {
    const isView = typeof on !== 'string' && views.some(({ schema, name }) => schema === on.schema && name === on.name);
    return isView ? (answers[i]?.obligations ?? []) : [];
  });
  const onlyReads = action === 'select' && allowed?.envelope === 'read';
  const relationOf = ({ schema, relation: name }: ClassifiedColumn): Relation => ({ schema, name });

  /** The permits that give the use on the column's relation and on every view before it. */
  const given = (form: string, column: ClassifiedColumn, view?: string) => {
    const wanted = { form, class: column.class, group: column.group, ...(view === undefined ? {} : { view }) };
    const all = [relationOf(column), ...views].map((on) => policy.permitted(asked, on, wanted));
    return all.every((found) => found.length > 0) ? all.flat() : [];
  };
  const permit = (form: string, column: ClassifiedColumn, found: readonly { readonly id: string }[]): void => {
    const key = `${form} ${column.class}`;
    permits.set(key, new Set([...(permits.get(key) ?? []), ...found.map(({ id }) => id)]));
  };
  const strengths = new Map<string, string | undefined>();
  /** The mask in force on a column, once permits to see it in clear are looked at. */
  const strengthOn = (column: ClassifiedColumn): string | undefined => {
    const key = nameOf(column);
    if (strengths.has(key)) return strengths.get(key);
    const own = boundTo.get(inWords(relationOf(column))) ?? policy.ask(asked, 'select', relationOf(column)).obligations;
    let strength = maskOn(column, [own, ...ofViews]);
    if (strength !== undefined && (action === 'explain' || onlyReads)) {
      const clear = given('clear', column);
      if (clear.length > 0) {
        permit('clear', column, clear);
        strength = undefined;
      }
    }
    strengths.set(key, strength);
    return strength;
  };

  const used = columns.filter((column) => column.use !== undefined && strengthOn(column) !== undefined);
  const alone = used.filter(({ use }) => ALONE.has(use?.form ?? ''));
  const grouped = used.some(({ use }) => use?.form === 'group');
  const writable = (list: readonly ClassifiedColumn[], ways: readonly string[]): boolean =>
    list.some((column) => ways.some((way) => policy.ask(asked, way, relationOf(column)).effect === 'allow'));
  let minimum = 0;

  for (const column of columns) {
    const strength = strengthOn(column);
    if (strength === undefined) continue;
    const { output, use } = column;
    if (output !== undefined && output.shows !== 'bounded' && action !== 'explain') {
      if (output.shows === 'computed' || !RETURNS_ROWS.has(action))
        differences.push(carried(column, output.shows === 'computed' ? 'computed from' : 'stored'));
      const whole = output.shows === 'whole' || grouped;
      const own = classification && classOf(classification, input, column)?.masker;
      masks.set(
        output.at,
        both(masks.get(output.at), effective(whole && strength === 'partial' ? 'redact' : strength, own)),
      );
    }
    if (use === undefined || use.notNull) continue;
    const { form, view } = use;
    const mayBe = form !== undefined && (form === 'conflict' ? action !== 'explain' : onlyReads);
    const found = mayBe ? given(form, column, view) : [];
    if (form === undefined || found.length === 0) {
      differences.push(carried(column, `used (${use.place})`));
      continue;
    }
    permit(form, column, found);
    if (form === 'group' || form === 'aggregate') minimum = Math.max(minimum, ...found.map((one) => one.minimum));
    const joined = columns.filter((other) => other.use?.form === 'join');
    if (
      alone.some((other) => ALONE.has(form) && other.use?.form !== form) ||
      (COUNTED.has(form) && writable(alone, [...WRITES, 'delete'])) ||
      (form === 'join' && writable(joined, WRITES))
    )
      differences.push(carried(column, `used (${form}) where no permit holds`));
  }
  return { masks, permits, minimum: minimum > 0 ? minimum : undefined, differences };
}

const carried = (column: ClassifiedColumn, how: string): Difference => ({
  code: 'decision-mask',
  sentence: `${nameOf(column)} is masked for the asker, and was allowed to be ${how}.`,
});

/** `partial` is the class's own masker; undefined where it is not known. */
function effective(
  strength: string,
  own: Json | undefined,
): { readonly masker: Json | undefined; readonly rank: number } {
  if (strength === 'null' || own?.kind === 'null') return { masker: { kind: 'null' }, rank: 2 };
  if (strength === 'redact') return { masker: { kind: 'redact' }, rank: 1 };
  return { masker: own, rank: own === undefined ? 0 : rankOf(own) };
}

type Effective = ReturnType<typeof effective>;

/** An output that holds values of several columns has the masker that both agree on, else the stricter. */
function both(one: Effective | undefined, other: Effective): Effective {
  if (one === undefined) return other;
  if (one.rank === 2 || other.rank === 2) return { masker: { kind: 'null' }, rank: 2 };
  if (one.masker === undefined || other.masker === undefined)
    return { masker: undefined, rank: Math.max(one.rank, other.rank) };
  return isDeepStrictEqual(one.masker, other.masker) ? one : { masker: { kind: 'redact' }, rank: 1 };
}

function* sameMasks(
  leaf: Json,
  applied: NonNullable<DecisionInput['allowed']>['masks'],
  required: JudgedColumns['masks'],
): Iterable<Difference> {
  const byOutput = new Map(applied.map((mask) => [mask.output, mask]));
  for (const [output, { masker, rank }] of required) {
    const mask = byOutput.get(output);
    byOutput.delete(output);
    if (mask === undefined)
      yield { code: 'decision-mask', sentence: `Output ${output + 1} must be masked, and was allowed in clear.` };
    else if (masker === undefined ? rankOf(mask.masker) < rank : !isDeepStrictEqual(masker, mask.masker))
      yield {
        code: 'decision-mask',
        sentence: `Output ${output + 1} must be masked with ${JSON.stringify(masker)}, not with ${JSON.stringify(mask.masker)}.`,
      };
  }
  for (const output of byOutput.keys())
    yield { code: 'decision-mask', sentence: `Output ${output + 1} was masked, which nothing requires.` };
  const said = at(leaf, 'pol', 'obligations');
  const words = (Array.isArray(said) ? said : []).filter(
    (word) => typeof word === 'string' && word.startsWith('mask '),
  );
  const ends = applied.slice(0, LISTED).map((mask) => ` as ${mask.class} with ${String(mask.masker.kind)}`);
  if (words.length !== ends.length || ends.some((end, i) => !String(words[i]).endsWith(end)))
    yield { code: 'decision-mask', sentence: 'The event says other masks in clear than in its sealed part.' };
}

function* samePermits(leaf: Json, required: JudgedColumns['permits']): Iterable<Difference> {
  const permits = at(leaf, 'pol', 'permits');
  const recorded = new Map(
    (Array.isArray(permits) ? permits : []).map((permit): [string, readonly string[]] => {
      const rules = at(permit, 'rules');
      const key = `${String(at(permit, 'form'))} ${String(at(permit, 'class'))}`;
      return [key, Array.isArray(rules) ? rules.map(String) : []];
    }),
  );
  for (const [use, rules] of required)
    if (!isDeepStrictEqual(new Set(recorded.get(use)), new Set(rules)))
      yield {
        code: 'decision-permit',
        sentence: `The use ${use} is permitted by ${[...rules].join(', ')}, which the event does not say so.`,
      };
  for (const use of recorded.keys())
    if (!required.has(use))
      yield { code: 'decision-permit', sentence: `The event names a use, ${use}, that no permit gives here.` };
}
