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
  const effects = new Set(scenarios.each.map((scenario) => outcomeOf(rules, scenario).effect));
  const [only = 'deny'] = effects;
  const effect = effects.size === 1 && scenarios.complete ? only : 'depends';
  if (effect === 'deny') return deniedCell(rules);
  const [allows, denies] = [ofEffect(rules, 'allow'), ofEffect(rules, 'deny')];
  const [requires, permits] = [ofEffect(rules, 'require'), ofEffect(rules, 'permit')];
  const when = (open: CellRule): string => whenWords(policy, open);
  const always = requires.filter((rule) => !isOpen(rule)).map(({ rule }) => rule);
  const bound = obligationWords(accumulate(always));
  const sometimes = requires.filter(isOpen).flatMap((open) =>
    obligationWords(accumulate([open.rule])).map(({ short, long }) => ({
      short: `${short} ${when(open)} (rule ${open.rule.reference.id})`,
      long: `${long} ${when(open)}`,
    })),
  );
  const shorts = bound.map(({ short }) => short);
  if (sometimes.length > 0) shorts.push('more in some cases');
  return {
    effect,
    summary: shorts.length === 0 ? EFFECTS[effect] : shorts.join('; '),
    obligations: [
      ...[...bound, ...sometimes].map(({ long }) => long),
      ...permits.map((open) => [permitWords(open.rule), when(open)].filter((part) => part !== '').join(' ')),
    ],
    rules: ids(rules),
    conditions: [
      ...(allows.every(isOpen) ? allows.map((open) => `allowed ${when(open)} (rule ${open.rule.reference.id})`) : []),
      ...denies.flatMap((open) => [`denied ${when(open)} (rule ${open.rule.reference.id})`, ...lifted(open.rule)]),
      ...sometimes.map(({ short }) => short),
      // Of masks, what lifts them is said with the mask.
      ...requires.flatMap(({ rule }) =>
        Object.keys(rule.obligations ?? {}).some((key) => key !== 'mask') ? lifted(rule) : [],
      ),
    ],
  };
}

const ofEffect = (rules: readonly CellRule[], effect: string): readonly CellRule[] =>
  rules.filter(({ rule }) => rule.reference.effect === effect);

function deniedCell(rules: readonly CellRule[]): MatrixCellView {
  const denies = ofEffect(rules, 'deny');
  const certain = denies.filter((rule) => !isOpen(rule));
  // Where nothing is allowed anyhow, what some tables are denied by explains nothing.
  const by = certain.length > 0 || ofEffect(rules, 'allow').length === 0 ? certain : denies;
  return {
    effect: 'deny',
    summary: by.length === 0 ? 'no rule allows it' : `denied by ${ids(by).join(', ')}`,
    obligations: [],
    rules: ids(by),
    conditions: by.flatMap(({ rule }) => lifted(rule)),
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
