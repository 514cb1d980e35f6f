import { compileFile } from './compile.ts';
import {
  type CompiledPlace,
  type CompiledPolicy,
  type CompiledRule,
  type PolicyContext,
  type Selectors,
} from './compiled-policy.ts';
import { isConnection } from './place.ts';
import { policyFile, type PolicyFile, type RuleSource } from './policy-file.ts';
import { unnamed } from './unnamed.ts';
import { actionsOf, type Action } from './vocabulary.ts';
import { readYaml, type Path, type Problem } from './yaml-file.ts';

/** What is no error and hardly meant, under the path of its place in the file. */
export type Warn = (path: Path, message: string) => void;

/**
 * What in a policy is valid and does nothing: a rule that nothing can meet or that a deny takes away whole, a grant that lifts
 * nothing, names that nobody uses, masks on what no column is. Nothing where the policy is not valid; in the order of the file.
 */
export function warningsOf(text: string, context: PolicyContext): readonly Problem[] {
  const read = readYaml(text, policyFile);
  if (!read.ok) return [];
  const { file } = read;
  const compiled = compileFile(file, context);
  if (!compiled.ok) return [];
  const problems: Problem[] = [];
  const warn: Warn = (path, message) => problems.push(file.problem(path, message));
  const rules = rulesOf(file.value, compiled.policy);
  rules.forEach((rule) => warnOfRule(rule, rules, compiled.policy, warn));
  warnOfMasks(file.value, context, warn);
  unnamed(file.value, compiled.policy, warn);
  return problems.sort((one, other) => one.line - other.line || one.column - other.column);
}

/** A rule as it is written and as it is understood, with its place in the file and in the same terms all that it is about. */
interface Known {
  readonly path: Path;
  readonly source: RuleSource;
  readonly rule: CompiledRule;
  readonly actions: ReadonlySet<Action>;
}

function rulesOf({ rules }: PolicyFile, { rulesFor, permits }: CompiledPolicy): readonly Known[] {
  const byId = new Map([...Object.values(rulesFor).flat(), ...permits].map((rule) => [rule.reference.id, rule]));
  return rules.flatMap((source, index): readonly Known[] => {
    const rule = byId.get(source.id);
    if (rule === undefined) return [];
    const words = source.allow ?? source.deny ?? source.on ?? (source.permit === undefined ? ['all'] : ['select']);
    return [{ path: ['rules', index], source, rule, actions: new Set(words.flatMap(actionsOf)) }];
  });
}

function warnOfRule(known: Known, all: readonly Known[], policy: CompiledPolicy, warn: Warn): void {
  const { path, source, rule } = known;
  const { connections } = policy.context;
  if (connections.length > 0 && !connections.some((connection) => isConnection(rule.place, connection)))
    warn([...path, 'in'], `rule ${source.id} is never about anything: no connection is there`);
  if (isOnlyFor(rule.to, rule.unlessGroups))
    warn([...path, 'unless'], `rule ${source.id} is for nobody: everybody whom it is for is exempt from it`);
  if (policy.agents.size === 0 && isOnlyAgents(rule.to))
    warn([...path, 'to'], `rule ${source.id} is for agents, and "agents" names none: no agent can act for anybody`);
  if (rule.reference.effect === 'deny') return;
  const deny = all.find((other) => other.rule.reference.effect === 'deny' && covers(other, known, policy.context));
  if (deny !== undefined)
    warn(path, `rule ${source.id} has no effect: rule ${deny.source.id} denies all that it is about`);
}

const isOnlyFor = (to: Selectors, exempt: ReadonlySet<string>): boolean =>
  to.groups.size > 0 && to.groups.size === to.words.length && [...to.groups].every((name) => exempt.has(name));

const isOnlyAgents = (to: Selectors): boolean =>
  to.words.every((word) => word === 'agent' || word.startsWith('agent:'));

/** Whether a deny takes away everything that a rule could be about: whoever asks, wherever, and whenever. */
function covers(deny: Known, { rule, actions }: Known, context: PolicyContext): boolean {
  const { condition, unlessGrants, unlessGroups, to, place } = deny.rule;
  const always = condition === undefined && unlessGrants.size === 0 && unlessGroups.size === 0;
  return (
    always &&
    [...actions].every((action) => deny.actions.has(action)) &&
    coversWho(to, rule.to) &&
    coversPlace(place, deny.source.in ?? {}, rule.place, context)
  );
}

function coversWho(deny: Selectors, rule: Selectors): boolean {
  if (deny.everyone) return true;
  const within = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
    [...one].every((name) => other.has(name));
  return (
    !rule.everyone &&
    (deny.agent || (!rule.agent && within(rule.agents, deny.agents))) &&
    (deny.service || (!rule.service && within(rule.services, deny.services))) &&
    within(rule.groups, deny.groups) &&
    within(rule.persons, deny.persons)
  );
}

/** Schemas and tables count as covered only where the deny names none: patterns within patterns are not worked out. */
function coversPlace(
  deny: CompiledPlace,
  written: NonNullable<RuleSource['in']>,
  rule: CompiledPlace,
  { connections }: PolicyContext,
): boolean {
  if (written.schema !== undefined || written.table !== undefined) return false;
  const anywhere = written.env === undefined && written.connection === undefined && written.database === undefined;
  if (anywhere) return true;
  // A connection that is made tomorrow may be where the deny does not reach.
  if (rule.connections === undefined) {
    const environments = [...(rule.environments ?? [])];
    const byEnvironment = written.connection === undefined && written.database === undefined;
    return (
      byEnvironment && environments.length > 0 && environments.every((env) => deny.environments?.has(env) === true)
    );
  }
  const meant = connections.filter((connection) => isConnection(rule, connection));
  return meant.every((connection) => isConnection(deny, connection));
}

function warnOfMasks({ rules }: PolicyFile, { classes }: PolicyContext, warn: Warn): void {
  const meant = (name: string) =>
    classes.filter((entry) => name === '*' || entry.name === name || entry.group === name);
  rules.forEach(({ id, require, permit, of = [] }, index) => {
    for (const name of Object.keys(require?.mask ?? {})) {
      const found = meant(name);
      if (found.length > 0 && found.every(({ columns }) => columns === 0))
        warn(
          ['rules', index, 'require', 'mask', name],
          `rule ${id} masks ${name}, and classification.yaml names no column of it`,
        );
    }
    if (permit === undefined) return;
    const masked = new Set(rules.flatMap((rule) => Object.keys(rule.require?.mask ?? {})).flatMap(meant));
    of.forEach((name, at) => {
      if (!meant(name).some((entry) => masked.has(entry)))
        warn(
          ['rules', index, 'of', at],
          `rule ${id} permits uses of ${name}, which no rule masks: they need no permit`,
        );
    });
  });
}
