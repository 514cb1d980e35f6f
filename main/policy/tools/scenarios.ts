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
/** Tables that stand for the others. */
const MOST_RELATIONS = 400;

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

/** Tables and outcomes of conditions that stand for all that make a difference to these rules. */
export function scenariosOf(
  rules: readonly CellRule[],
  sourceOf: (rule: CompiledRule) => RuleSource | undefined,
): readonly Scenario[] {
  const conditions = [...new Set(rules.flatMap(({ condition }) => condition ?? []))];
  const relations = relationsOf(rules, sourceOf);
  return combinations(conditions).flatMap((truths) => relations.map((relation) => ({ relation, truths })));
}

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

/** One table for each set of rules that a table can be in, none, and one that is not known. */
function relationsOf(
  rules: readonly CellRule[],
  sourceOf: (rule: CompiledRule) => RuleSource | undefined,
): readonly Scenario['relation'][] {
  const about = rules.filter(({ tables }) => tables).map(({ rule }) => rule);
  const places = about.flatMap((rule) => sourceOf(rule)?.in ?? []);
  const schemas = examples(places.flatMap(({ schema = [] }) => schema));
  const tables = examples(places.flatMap(({ table = [] }) => table));
  const named = schemas.flatMap((schema) => tables.map((name) => ({ schema, name }))).slice(0, MOST_RELATIONS);
  const different = new Map<string, Scenario['relation']>();
  for (const relation of named) {
    const rulesOf = about.map((rule) => (isTable(rule, relation) ? 1 : 0)).join('');
    if (!different.has(rulesOf)) different.set(rulesOf, relation);
  }
  return ['none', 'unknown', ...different.values()];
}

/** Nobody calls a table so: it is matched only by a pattern that matches every name. */
const UNNAMED = '\u0001';

/** A name that no pattern names, and for each pattern and each two of them one that they match, where there is one. */
function examples(patterns: readonly string[]): readonly string[] {
  const wild = patterns.filter((pattern) => pattern.includes('*'));
  const together = wild.flatMap((one) =>
    patterns.flatMap((other) => [
      one.replace('*', other).replaceAll('*', 'x'),
      one.replaceAll('*', other.replaceAll('*', '')),
    ]),
  );
  return [...new Set([UNNAMED, ...patterns.map((pattern) => pattern.replaceAll('*', 'x')), ...together])];
}
