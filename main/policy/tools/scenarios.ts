import { type Obligations, type PolicyQuestion } from '../answer.ts';
import { type CompiledRule } from '../compiled-policy.ts';
import { accumulate } from '../obligations.ts';
import { isPlace } from '../place.ts';
import { type RuleSource } from '../policy-file.ts';
import { type CellRule } from './cell-rules.ts';

/** One way in which what a cell leaves open may turn out: a table, and which of the conditions are true. */
export interface Scenario {
  readonly relation: PolicyQuestion['relation'];
  readonly truths: ReadonlySet<string>;
}

export interface Outcome {
  readonly effect: 'allow' | 'deny' | 'approval';
  readonly obligations: Obligations;
}

/** Of more conditions than this in one cell, not every combination is tried: none, all, each alone, and all but each. */
const COMBINED = 6;
/** Schemas by tables that are looked at to find those that differ. */
const MOST_RELATIONS = 20_000;
/** Patterns of names that are put together two by two. */
const MOST_PAIRS = 2_500;
/** Of one cell. */
const MOST_SCENARIOS = 4_000;

/** What comes of a cell's rules in a scenario: deny over require over allow. */
export function outcomeOf(rules: readonly CellRule[], { relation, truths }: Scenario): Outcome {
  const taking = rules.filter(({ rule, tables, condition }) => {
    if (condition !== undefined && !truths.has(condition)) return false;
    return !tables || isTable(rule, relation);
  });
  const of = (effect: string): readonly CompiledRule[] =>
    taking.flatMap(({ rule }) => (rule.reference.effect === effect ? [rule] : []));
  const obligations = accumulate(of('require'));
  if (of('deny').length > 0 || of('allow').length === 0) return { effect: 'deny', obligations };
  return { effect: obligations.approvals.length > 0 ? 'approval' : 'allow', obligations };
}

function isTable(
  { place: { schemas, tables }, reference: { effect } }: CompiledRule,
  relation: Scenario['relation'],
): boolean {
  const place = { ...(schemas === undefined ? {} : { schemas }), ...(tables === undefined ? {} : { tables }) };
  return isPlace(place, { connection: ANY_CONNECTION, relation }, effect === 'deny' || effect === 'require');
}

const ANY_CONNECTION: PolicyQuestion['connection'] = { name: '', environment: 'production', database: '' };

export interface Scenarios {
  /** Tables and outcomes of conditions that stand for all that make a difference. */
  readonly each: readonly Scenario[];
  /** False where there are more than anybody waits for: then `each` proves nothing. */
  readonly complete: boolean;
}

export function scenariosOf(
  rules: readonly CellRule[],
  sourceOf: (rule: CompiledRule) => RuleSource | undefined,
): Scenarios {
  const conditions = combinations([...new Set(rules.flatMap(({ condition }) => condition ?? []))]);
  const relations = relationsOf(rules, sourceOf);
  const complete = relations !== undefined && relations.length * conditions.length <= MOST_SCENARIOS;
  const looked = complete ? relations : UNDECIDED;
  return { complete, each: conditions.flatMap((truths) => looked.map((relation) => ({ relation, truths }))) };
}

const UNDECIDED = ['none', 'unknown'] as const;

function combinations(conditions: readonly string[]): readonly ReadonlySet<string>[] {
  if (conditions.length > COMBINED)
    return [
      new Set(),
      new Set(conditions),
      ...conditions.map((one) => new Set([one])),
      ...conditions.map((one) => new Set(conditions.filter((other) => other !== one))),
    ];
  return Array.from(
    { length: 2 ** conditions.length },
    (_, bits) => new Set(conditions.filter((_condition, at) => (bits >> at) % 2 === 1)),
  );
}

/** One table for each set of rules that a table can be in, none, and one that is not known; undefined where there are too many. */
function relationsOf(
  rules: readonly CellRule[],
  sourceOf: (rule: CompiledRule) => RuleSource | undefined,
): readonly Scenario['relation'][] | undefined {
  const about = rules.filter(({ tables }) => tables).map(({ rule }) => rule);
  const places = about.flatMap((rule) => sourceOf(rule)?.in ?? []);
  const schemas = kinds(examples(places.flatMap(({ schema = [] }) => schema)), about, 'schemas');
  const tables = kinds(examples(places.flatMap(({ table = [] }) => table)), about, 'tables');
  if (schemas === undefined || tables === undefined || schemas.length * tables.length > MOST_RELATIONS)
    return undefined;
  const different = new Map<string, Scenario['relation']>();
  for (const [schema, inSchema] of schemas) {
    for (const [name, inTable] of tables) {
      const both = inSchema.map((is, at) => (is && inTable[at] === true ? 1 : 0)).join('');
      if (!different.has(both)) different.set(both, { schema, name });
    }
  }
  return [...UNDECIDED, ...different.values()];
}

/** Of names, one for each set of rules whose patterns match it. */
function kinds(
  names: readonly string[] | undefined,
  about: readonly CompiledRule[],
  part: 'schemas' | 'tables',
): readonly (readonly [name: string, matches: readonly boolean[]])[] | undefined {
  if (names === undefined) return undefined;
  const different = new Map<string, readonly [string, readonly boolean[]]>();
  for (const name of names) {
    const matches = about.map(({ place }) => place[part]?.(name) ?? true);
    const key = matches.map(Number).join('');
    if (!different.has(key)) different.set(key, [name, matches]);
  }
  return [...different.values()];
}

/** Nobody calls a table so: it is matched only by a pattern that matches every name. */
const UNNAMED = '\u0001';

/** A name that no pattern names, and for each pattern and each two of them one that they match, where there is one. */
function examples(written: readonly string[]): readonly string[] | undefined {
  const patterns = [...new Set(written)];
  const wild = patterns.filter((pattern) => pattern.includes('*'));
  if (wild.length * patterns.length > MOST_PAIRS) return undefined;
  const together = wild.flatMap((one) =>
    patterns.flatMap((other) => [
      one.replace('*', other).replaceAll('*', 'x'),
      one.replaceAll('*', other.replaceAll('*', '')),
    ]),
  );
  return [...new Set([UNNAMED, ...patterns.map((pattern) => pattern.replaceAll('*', 'x')), ...together])];
}
