/** What a decision had to do about masked columns: outputs that must be masked, and uses that a permit must give. */
import { isDeepStrictEqual } from 'node:util';
import { classOf, inWords, LISTED, nameOf, type Decided, type Difference } from './decided.ts';
import { type ClassifiedColumn, type DecisionInput } from './decision-input.ts';
import { at, type Json } from './json.ts';
import { type Relation } from './policy-match.ts';
import { type Answer } from './policy-model.ts';
import { maskOn, type Obligations } from './policy-obligations.ts';

/** Statements whose outputs come to the asker as rows. */
const RETURNS_ROWS = new Set(['select', 'insert', 'update', 'delete', 'merge']);
/** Uses of which a statement has one form, and those that only hold where the asker cannot add or take rows. */
const ALONE = new Set(['equality', 'join', 'group', 'aggregate', 'cardinality', 'conflict']);
const COUNTED = new Set(['group', 'aggregate', 'cardinality']);
const WRITES = ['insert', 'update', 'merge', 'copy'];
export interface JudgedColumns {
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
export function judgeColumns({ input, policy, classification }: Decided, answers: readonly Answer[]): JudgedColumns {
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

export function* sameMasks(
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

export function* samePermits(leaf: Json, required: JudgedColumns['permits']): Iterable<Difference> {
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
