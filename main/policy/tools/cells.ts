import { type MatrixCellView } from '../../../shared/policy-views.ts';
import { type CompiledPermit, type CompiledPolicy, type CompiledRule } from '../compiled-policy.ts';
import { accumulate } from '../obligations.ts';
import { type CellRule } from './cell-rules.ts';
import { count, obligationWords } from './obligation-words.ts';
import { ruleSources } from './rule-sources.ts';
import { outcomeOf, scenariosOf } from './scenarios.ts';
import { either, tableWords } from './why.ts';

/** What a cell's rules come to, for every table and every outcome of their conditions. */
export function cellOf(policy: CompiledPolicy, rules: readonly CellRule[]): MatrixCellView {
  const sources = ruleSources(policy);
  const scenarios = scenariosOf(rules, ({ reference }) => sources.get(reference.id));
  const effects = new Set(scenarios.map((scenario) => outcomeOf(rules, scenario).effect));
  const [only = 'deny'] = effects;
  const effect = effects.size === 1 ? only : 'depends';
  const of = (...kinds: readonly string[]): readonly CellRule[] =>
    rules.filter(({ rule }) => kinds.includes(rule.reference.effect));
  const when = (rule: CellRule): string => whenWords(policy, rule);
  if (effect === 'deny') {
    const certain = of('deny').filter((rule) => !isOpen(rule));
    // Where nothing is allowed anyhow, what some tables are denied by explains nothing.
    const denies = certain.length > 0 || of('allow').length === 0 ? certain : of('deny');
    return {
      effect,
      summary:
        denies.length === 0
          ? 'no rule allows it'
          : `denied by ${denies.map(({ rule }) => rule.reference.id).join(', ')}`,
      obligations: [],
      rules: ids(denies),
      conditions: denies.flatMap(({ rule }) => lifted(rule)),
    };
  }
  const always = of('require').filter((rule) => !isOpen(rule));
  const bound = obligationWords(accumulate(always.map(({ rule }) => rule)));
  const sometimes = of('require')
    .filter(isOpen)
    .flatMap((open) =>
      obligationWords(accumulate([open.rule])).map(({ short, long }) => ({ short, long: `${long} ${when(open)}` })),
    );
  const permits = of('permit').map((open) =>
    [permitWords(open.rule), when(open)].filter((part) => part !== '').join(' '),
  );
  const conditions = [
    ...(of('allow').every(isOpen)
      ? of('allow').map((open) => `allowed ${when(open)} (rule ${open.rule.reference.id})`)
      : []),
    ...of('deny').flatMap((open) => [`denied ${when(open)} (rule ${open.rule.reference.id})`, ...lifted(open.rule)]),
    ...of('require')
      .filter(isOpen)
      .map((open) => `bound ${when(open)} (rule ${open.rule.reference.id})`),
  ];
  const shorts = bound.map(({ short }) => short);
  if (sometimes.length > 0) shorts.push('more in some cases');
  return {
    effect,
    summary: shorts.length === 0 ? EFFECTS[effect] : shorts.join('; '),
    obligations: [...bound, ...sometimes].map(({ long }) => long).concat(permits),
    rules: ids(rules),
    conditions,
  };
}

const EFFECTS = { allow: 'allowed', approval: 'with approval', depends: 'depends' } as const;

const isOpen = ({ tables, condition }: CellRule): boolean => tables || condition !== undefined;

const ids = (rules: readonly CellRule[]): readonly string[] => [...new Set(rules.map(({ rule }) => rule.reference.id))];

/** `on table log_* of schema audit when rows.estimate > 1000`, as it is written. */
function whenWords(policy: CompiledPolicy, { rule, tables, condition }: CellRule): string {
  const place = ruleSources(policy).get(rule.reference.id)?.in ?? {};
  return [
    ...(tables ? [`on ${tableWords(place)}`] : []),
    ...(condition === undefined ? [] : [`when ${condition}`]),
  ].join(' ');
}

const lifted = ({ reference, unlessGrants }: CompiledRule): readonly string[] =>
  unlessGrants.size === 0 ? [] : [`the grant ${either([...unlessGrants])} lifts rule ${reference.id}`];

function permitWords(rule: CompiledRule): string {
  const { forms, of, perDay, reference } = rule as CompiledPermit;
  const budget = perDay === undefined ? '' : `, ${count(perDay)} a day`;
  return `permits ${either([...forms])} of ${either([...of].map((name) => (name === '*' ? 'everything classified' : name)))}${budget} (rule ${reference.id})`;
}
