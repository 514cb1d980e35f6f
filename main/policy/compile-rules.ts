import { type CompiledRule } from './compiled-policy.ts';
import { readCondition, type Condition } from './condition.ts';
import { type NameChecks } from './name-checks.ts';
import { permitProblems } from './permits.ts';
import { OBLIGATION_WORDS, type RuleSource, type TreatmentSource } from './policy-file.ts';
import { functionName, type CompiledTreatment } from './treatments.ts';
import { actionsOf, type Action } from './vocabulary.ts';
import { type Path } from './yaml-file.ts';

const EFFECTS = ['allow', 'deny', 'require', 'permit'] as const;

/** A rule, and the actions that it is about as it is written. */
export interface RuleOfActions {
  readonly compiled: CompiledRule;
  readonly actions: ReadonlySet<Action>;
}

export function compileRules(rules: readonly RuleSource[], checks: NameChecks): readonly RuleOfActions[] {
  const conditions = new Map<string, Condition>();
  const seen = new Set<string>();
  return rules.map((rule, index) => {
    const path = ['rules', index];
    if (seen.has(rule.id)) checks.problem([...path, 'id'], `two rules are called "${rule.id}"`);
    seen.add(rule.id);
    const effect = effectOf(rule, path, checks);
    checkParts(rule, effect, path, checks);
    const condition = conditionOf(rule, path, checks, conditions);
    const words = effect === 'permit' ? [] : ((effect === 'require' ? rule.on : rule[effect]) ?? ['all']);
    return {
      actions: new Set(words.flatMap(actionsOf)),
      compiled: {
        reference: { id: rule.id, effect, ...(rule.text === undefined ? {} : { text: rule.text }) },
        to: checks.selectors([...path, 'to'], rule.to ?? ['everyone']),
        place: checks.place([...path, 'in'], rule.in ?? {}),
        unlessGrants: checks.grants([...path, 'unless', 'grant'], rule.unless?.grant ?? []),
        unlessGroups: checks.groups([...path, 'unless', 'group'], rule.unless?.group ?? []),
        ...(condition === undefined ? {} : { condition }),
        ...(rule.require === undefined ? {} : { obligations: rule.require }),
      },
    };
  });
}

/** `deny` stands in for a rule that says none or several, which is refused with the whole policy. */
function effectOf(rule: RuleSource, path: Path, checks: NameChecks): (typeof EFFECTS)[number] {
  const effects = EFFECTS.filter((effect) => rule[effect] !== undefined);
  const [effect = 'deny'] = effects;
  if (effects.length !== 1) {
    const found = effects.length === 0 ? 'none' : effects.join(' and ');
    const message = `rule ${rule.id} has ${found}, and a rule has exactly one of its effects`;
    checks.problem(path, message, EFFECTS);
  }
  return effect;
}

function checkParts(rule: RuleSource, effect: string, path: Path, checks: NameChecks): void {
  for (const { key, message, choices } of permitProblems(rule, checks.maskable))
    checks.problem([...path, ...key], message, choices);
  if (effect !== 'require' && rule.on !== undefined)
    checks.problem([...path, 'on'], `rule ${rule.id}: "on" belongs to require; write the actions after ${effect}`);
  if (rule.allow?.includes('export') === true) {
    const message = `rule ${rule.id}: export needs no allow, it is allowed wherever select is; deny it, or bind it with require`;
    checks.problem([...path, 'allow'], message);
  }
  if (rule.require !== undefined) checkObligations(rule.require, [...path, 'require'], checks);
}

function checkObligations(required: NonNullable<RuleSource['require']>, path: Path, checks: NameChecks): void {
  if (Object.keys(required).length === 0) checks.problem(path, 'require asks for nothing', OBLIGATION_WORDS);
  const { maskable } = checks;
  for (const name of Object.keys(required.mask ?? {})) {
    if (!maskable.includes(name))
      checks.problem([...path, 'mask', name], `no class or group of classes is called "${name}"`, maskable);
  }
  if (required.approval !== undefined) checks.approval([...path, 'approval'], required.approval);
}

/** Rules with the same condition share it, so that it is evaluated once per question. */
function conditionOf(
  rule: RuleSource,
  path: Path,
  checks: NameChecks,
  conditions: Map<string, Condition>,
): Condition | undefined {
  if (rule.when === undefined) return undefined;
  const known = conditions.get(rule.when);
  if (known !== undefined) return known;
  const read = readCondition(rule.when);
  if (!read.ok) {
    checks.problem([...path, 'when'], `rule ${rule.id}: ${read.message}`, read.choices);
    return undefined;
  }
  conditions.set(rule.when, read.condition);
  return read.condition;
}

export function compileTreatments(
  treatments: readonly TreatmentSource[],
  checks: NameChecks,
): readonly CompiledTreatment[] {
  return treatments.flatMap((treatment, index) => compileTreatment(treatment, ['functions', index], checks));
}

function compileTreatment(
  { name, args, extension, treat, in: place }: TreatmentSource,
  path: Path,
  checks: NameChecks,
): readonly CompiledTreatment[] {
  if ((name === undefined) === (extension === undefined)) {
    checks.problem(path, 'says which functions by exactly one of these', ['name', 'extension']);
    return [];
  }
  const compiled = { treat, place: checks.place([...path, 'in'], place ?? {}) };
  if (extension !== undefined) {
    if (args !== undefined) checks.problem([...path, 'args'], '"args" belong to a name, not to an extension');
    return [{ ...compiled, functions: { extension } }];
  }
  const named = functionName(name ?? '');
  if (named === undefined) {
    checks.problem([...path, 'name'], `"${name ?? ''}" is not a function with its schema, such as app.net_price`);
    return [];
  }
  return [{ ...compiled, functions: { ...named, args } }];
}
