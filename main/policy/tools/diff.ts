import { type PolicyChangeView, type PolicyDiffView } from '../../../shared/policy-views.ts';
import { type CompiledPolicy, type CompiledRule, type KnownConnection } from '../compiled-policy.ts';
import { type PolicyFile } from '../policy-file.ts';
import { type Action, ACTIONS } from '../vocabulary.ts';
import { everyAsker, type KindOfAsker } from './askers.ts';
import { type CellRule, rulesOfCells } from './cell-rules.ts';
import { rememberCells } from './matrix.ts';
import { both, compareOutcomes, type Difference, directionOf, hasAll, NO_DIFFERENCE } from './compare.ts';
import { documentOf, ruleSources } from './rule-sources.ts';
import { outcomeOf, scenariosOf } from './scenarios.ts';

/**
 * What a change of policy gives and takes: each kind of asker, connection and action for which there is a table or an outcome of
 * a condition that makes a difference, also while one of the grants is in force. Both policies are read for the same
 * connections and classes.
 */
export function diffPolicies(before: CompiledPolicy, after: CompiledPolicy): PolicyDiffView {
  return {
    same: before.hash === after.hash,
    rules: changedParts(documentOf(before), documentOf(after)),
    changes: before.hash === after.hash ? [] : changesOf(before, after),
  };
}

function changesOf(before: CompiledPolicy, after: CompiledPolicy): readonly PolicyChangeView[] {
  const kinds = new Map([...everyAsker(before), ...everyAsker(after)].map((kind) => [kind.id, kind]));
  const grants = [...new Set([...before.grants.keys(), ...after.grants.keys()])];
  const compare = comparer(before, after);
  return [...kinds.values()].flatMap((kind) =>
    after.context.connections.flatMap((connection) =>
      ACTIONS.flatMap((action) => {
        const plain = compare(kind, connection, action, []);
        if (plain !== undefined) return [{ ...plain, who: kind.id }];
        // What differs only while somebody has a grant is a change all the same.
        return grants.flatMap((grant) => {
          const change = compare(kind, connection, action, [grant]);
          return change === undefined ? [] : [{ ...change, who: `${kind.id} with the grant ${grant}` }];
        });
      }),
    ),
  );
}

function comparer(before: CompiledPolicy, after: CompiledPolicy) {
  const rulesBefore = rulesOfCells(before);
  const rulesAfter = rulesOfCells(after);
  const cellBefore = rememberCells(before);
  const cellAfter = rememberCells(after);
  const compared = new Map<string, Difference>();
  const differenceOf = (old: readonly CellRule[], young: readonly CellRule[]): Difference => {
    const [one, other] = [meaningsOf(before, old), meaningsOf(after, young)];
    if (one === other) return NO_DIFFERENCE;
    const key = `${one}\n${other}`;
    const difference =
      compared.get(key) ?? both(compareRules(before, old, after, young), comparePermits(before, old, after, young));
    compared.set(key, difference);
    return difference;
  };
  return (
    kind: KindOfAsker,
    connection: KnownConnection,
    action: Action,
    grants: readonly string[],
  ): Omit<PolicyChangeView, 'who'> | undefined => {
    const old = rulesBefore(kind, connection, action, grants);
    const young = rulesAfter(kind, connection, action, grants);
    const direction = directionOf(differenceOf(old, young));
    if (direction === undefined) return undefined;
    return { connection: connection.name, action, direction, before: cellBefore(old), after: cellAfter(young) };
  };
}

function compareRules(
  before: CompiledPolicy,
  old: readonly CellRule[],
  after: CompiledPolicy,
  young: readonly CellRule[],
): Difference {
  const [of, ofThen] = [ruleSources(before), ruleSources(after)];
  const fromBefore = new Set(old.map(({ rule }) => rule));
  const sourceOf = (rule: CompiledRule) => (fromBefore.has(rule) ? of : ofThen).get(rule.reference.id);
  const { each, complete } = scenariosOf([...old, ...young], sourceOf);
  // What was not looked at may be wider and narrower.
  if (!complete) return { wider: true, narrower: true };
  return each
    .map((scenario) => compareOutcomes(outcomeOf(old, scenario), outcomeOf(young, scenario), after.context.classes))
    .reduce(both, NO_DIFFERENCE);
}

/** A permit that is new gives more, one that is gone less; one that gives something else some of each. */
function comparePermits(
  before: CompiledPolicy,
  old: readonly CellRule[],
  after: CompiledPolicy,
  young: readonly CellRule[],
): Difference {
  const permits = (policy: CompiledPolicy, rules: readonly CellRule[]): ReadonlySet<string> =>
    new Set(rules.filter(({ rule }) => rule.reference.effect === 'permit').map((rule) => meaningOf(policy, rule)));
  const [had, has] = [permits(before, old), permits(after, young)];
  return { wider: !hasAll(had, has), narrower: !hasAll(has, had) };
}

const meaningsOf = (policy: CompiledPolicy, rules: readonly CellRule[]): string =>
  [...new Set(rules.map((rule) => meaningOf(policy, rule)))].sort().join('\n');

/** What a rule means in a cell, whatever it is called and said of: for whom and where is settled there. */
function meaningOf(policy: CompiledPolicy, { rule: { reference }, tables, condition }: CellRule): string {
  const source = ruleSources(policy).get(reference.id);
  const about = tables ? [source?.in?.schema, source?.in?.table] : [];
  const { permit, of, minimum, budget, views, record, require: bound } = source ?? {};
  return JSON.stringify([reference.effect, bound, permit, of, minimum, budget, views, record, about, condition]);
}

/** Rules by id, and every other part of the file by its key and name: `grant unmask`. */
function changedParts(before: Document, after: Document): PolicyDiffView['rules'] {
  const [old, young] = [partsOf(before), partsOf(after)];
  const names = (of: ReadonlyMap<string, string>, keep: (name: string) => boolean): readonly string[] =>
    [...of.keys()].filter(keep);
  return {
    added: names(young, (name) => !old.has(name)),
    removed: names(old, (name) => !young.has(name)),
    changed: names(young, (name) => old.has(name) && old.get(name) !== young.get(name)),
  };
}

type Document = Omit<PolicyFile, 'tests'>;

const SINGULAR = { groups: 'group', agents: 'agent', services: 'service', grants: 'grant' } as const;

function partsOf({ rules, functions, ...rest }: Document): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const rule of rules) parts.set(rule.id, JSON.stringify(rule));
  for (const [key, value] of Object.entries(rest)) {
    const one = key in SINGULAR ? SINGULAR[key as keyof typeof SINGULAR] : undefined;
    if (one === undefined) parts.set(key, JSON.stringify(value));
    else for (const [name, part] of Object.entries(value ?? {})) parts.set(`${one} ${name}`, JSON.stringify(part));
  }
  for (const { name, extension, args, ...treated } of functions) {
    const called =
      extension === undefined
        ? `${name ?? ''}${args === undefined ? '' : `(${args.join(', ')})`}`
        : `extension ${extension}`;
    parts.set(`function ${called}`, JSON.stringify([parts.get(`function ${called}`), treated]));
  }
  return parts;
}
