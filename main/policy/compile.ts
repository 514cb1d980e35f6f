import { createHash } from 'node:crypto';
import {
  inOrder,
  type CompiledGrant,
  type CompiledPermit,
  type CompiledPlace,
  type CompiledPolicy,
  type CompiledRule,
  type PolicyContext,
  type Selectors,
} from './compiled-policy.ts';
import { readCondition, type Condition } from './condition.ts';
import { localClock } from './local-clock.ts';
import { namePattern } from './name-pattern.ts';
import { compilePermit, permitProblems } from './permits.ts';
import { policyFile, SELECTOR_CHOICES, type PolicyFile, type RuleSource, type TreatmentSource } from './policy-file.ts';
import { functionName, type CompiledTreatment } from './treatments.ts';
import { actionsOf, ACTIONS, NAME, NAME_RULE, type Action } from './vocabulary.ts';
import { readYaml, type Path, type Problem, type YamlFile } from './yaml-file.ts';

export type CompileResult =
  | { readonly ok: true; readonly policy: CompiledPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a policy file and checks everything that can be checked before anybody asks: its shape, every group, class,
 * grant and connection it names, and the types of its conditions. A policy is accepted whole or not at all.
 */
export function compilePolicy(text: string, context: PolicyContext): CompileResult {
  const read = readYaml(text, policyFile);
  if (!read.ok) return read;
  return new Compiler(read.file, context).compile();
}

class Compiler {
  readonly #file: YamlFile<PolicyFile>;
  readonly #context: PolicyContext;
  readonly #problems: Problem[] = [];
  readonly #conditions = new Map<string, Condition>();

  constructor(file: YamlFile<PolicyFile>, context: PolicyContext) {
    this.#file = file;
    this.#context = context;
  }

  compile(): CompileResult {
    const source = this.#file.value;
    this.#checkNames('groups', Object.keys(source.groups));
    this.#checkNames('grants', Object.keys(source.grants));
    const localTime = localClock(source.timezone);
    if (localTime === undefined) {
      this.#problem(['timezone'], `"${source.timezone}" is not a time zone such as UTC or Europe/Berlin`);
    }
    const grants = new Map(Object.keys(source.grants).map((name) => [name, this.#grant(name)]));
    const rules = source.rules.map((rule, index) => this.#rule(rule, ['rules', index]));
    const permits = source.rules.flatMap((rule, index): readonly CompiledPermit[] => {
      const compiled = rules[index]?.compiled;
      if (rule.permit === undefined || compiled === undefined) return [];
      return [compilePermit(rule, rule.permit, compiled)];
    });
    const functions = source.functions.flatMap((treatment, index) => this.#treatment(treatment, ['functions', index]));
    this.#checkIds();
    this.#checkTests();
    if (this.#problems.length > 0 || localTime === undefined) {
      return { ok: false, problems: [...this.#problems].sort((a, b) => a.line - b.line || a.column - b.column) };
    }
    const document = policyDocument(source);
    return {
      ok: true,
      policy: {
        hash: createHash('sha256').update(document, 'utf8').digest('hex'),
        document,
        rulesFor: byAction(rules),
        permits: permits.sort(inOrder),
        functions,
        groupsOf: invert(source.groups),
        providerNames: new Map(Object.entries(source.groups)),
        grants,
        localTime,
        context: this.#context,
        tests: source.tests.map((test, index) => ({
          source: test,
          line: this.#file.problem(['tests', index], '').line,
        })),
      },
    };
  }

  #problem(path: Path, message: string, choices?: readonly string[]): void {
    this.#problems.push(this.#file.problem(path, message, choices));
  }

  #rule(rule: RuleSource, path: Path): { readonly compiled: CompiledRule; readonly actions: ReadonlySet<Action> } {
    const effects = EFFECTS.filter((effect) => rule[effect] !== undefined);
    const [effect = 'deny'] = effects;
    if (effects.length !== 1) {
      const found = effects.length === 0 ? 'none' : effects.join(' and ');
      const message = `rule ${rule.id} has ${found}, and a rule has exactly one of its effects`;
      this.#problem(path, message, EFFECTS);
    }
    for (const { key, message, choices } of permitProblems(rule, this.#maskable()))
      this.#problem([...path, ...key], message, choices);
    if (effect !== 'require' && rule.on !== undefined) {
      this.#problem([...path, 'on'], `rule ${rule.id}: "on" belongs to require; write the actions after ${effect}`);
    }
    const words = effect === 'permit' ? [] : ((effect === 'require' ? rule.on : rule[effect]) ?? ['all']);
    const condition = this.#condition(rule, path);
    const grants = this.#known(
      [...path, 'unless', 'grant'],
      'grant',
      rule.unless?.grant ?? [],
      Object.keys(this.#file.value.grants),
    );
    const groups = this.#known(
      [...path, 'unless', 'group'],
      'group',
      rule.unless?.group ?? [],
      Object.keys(this.#file.value.groups),
    );
    if (rule.require !== undefined) this.#checkObligations(rule.require, [...path, 'require']);
    return {
      actions: new Set(words.flatMap(actionsOf)),
      compiled: {
        reference: { id: rule.id, effect, ...(rule.text === undefined ? {} : { text: rule.text }) },
        to: this.#selectors([...path, 'to'], rule.to ?? ['everyone']),
        place: this.#place([...path, 'in'], rule.in ?? {}),
        unlessGrants: grants,
        unlessGroups: groups,
        ...(condition === undefined ? {} : { condition }),
        ...(rule.require === undefined ? {} : { obligations: rule.require }),
      },
    };
  }

  #treatment({ name, args, extension, treat, in: place }: TreatmentSource, path: Path): readonly CompiledTreatment[] {
    if ((name === undefined) === (extension === undefined)) {
      this.#problem(path, 'says which functions by exactly one of these', ['name', 'extension']);
      return [];
    }
    const compiled = { treat, place: this.#place([...path, 'in'], place ?? {}) };
    if (extension !== undefined) {
      if (args !== undefined) this.#problem([...path, 'args'], '"args" belong to a name, not to an extension');
      return [{ ...compiled, functions: { extension } }];
    }
    const named = functionName(name ?? '');
    if (named === undefined) {
      this.#problem([...path, 'name'], `"${name ?? ''}" is not a function with its schema, such as app.net_price`);
      return [];
    }
    return [{ ...compiled, functions: { ...named, args } }];
  }

  /** Rules with the same condition share it, so that it is evaluated once per question. */
  #condition(rule: RuleSource, path: Path): Condition | undefined {
    if (rule.when === undefined) return undefined;
    const known = this.#conditions.get(rule.when);
    if (known !== undefined) return known;
    const read = readCondition(rule.when);
    if (!read.ok) {
      this.#problem([...path, 'when'], `rule ${rule.id}: ${read.message}`, read.choices);
      return undefined;
    }
    this.#conditions.set(rule.when, read.condition);
    return read.condition;
  }

  #place(path: Path, place: NonNullable<RuleSource['in']>): CompiledPlace {
    const names = this.#context.connections.map((connection) => connection.name);
    return {
      ...(place.env === undefined ? {} : { environments: new Set(place.env) }),
      ...(place.connection === undefined
        ? {}
        : { connections: this.#known([...path, 'connection'], 'connection', place.connection, names) }),
      ...(place.database === undefined ? {} : { databases: namePattern(place.database) }),
      ...(place.schema === undefined ? {} : { schemas: namePattern(place.schema) }),
      ...(place.table === undefined ? {} : { tables: namePattern(place.table) }),
    };
  }

  #checkObligations(obligations: NonNullable<RuleSource['require']>, path: Path): void {
    if (Object.keys(obligations).length === 0)
      this.#problem(path, 'require asks for nothing', Object.keys(OBLIGATION_WORDS));
    const maskable = this.#maskable();
    for (const name of Object.keys(obligations.mask ?? {})) {
      if (!maskable.includes(name)) {
        this.#problem([...path, 'mask', name], `no class or group of classes is called "${name}"`, maskable);
      }
    }
    if (obligations.approval !== undefined)
      this.#checkApprovers([...path, 'approval', 'from'], obligations.approval.from);
  }

  #maskable(): readonly string[] {
    return ['*', ...new Set(this.#context.classes.flatMap((entry) => [entry.group, entry.name]))];
  }

  #checkApprovers(path: Path, from: readonly string[]): void {
    from.forEach((word, index) => {
      if (word === 'owner-team') return;
      if (word === 'everyone' || word === 'agent') {
        this.#problem([...path, index], `"${word}" cannot approve`, ['owner-team', 'group:NAME', 'person:EMAIL']);
      } else this.#selector([...path, index], word);
    });
  }

  #grant(name: string): CompiledGrant {
    const source = this.#file.value.grants[name];
    if (source === undefined) throw new Error(`grant ${name} is not in the file it was read from`);
    if (source.approval !== undefined) this.#checkApprovers(['grants', name, 'approval', 'from'], source.approval.from);
    return {
      name,
      for: this.#selectors(['grants', name, 'for'], source.for),
      maxMinutes: source.maxMinutes,
      reason: source.reason,
      stepUp: source.stepUp,
      ...(source.approval === undefined ? {} : { approval: source.approval }),
    };
  }

  #selectors(path: Path, words: readonly string[]): Selectors {
    const parsed = words.map((word, index) => this.#selector([...path, index], word));
    const named = (kind: string) => new Set(parsed.flatMap((entry) => (entry?.kind === kind ? [entry.name] : [])));
    return {
      everyone: parsed.some((entry) => entry?.kind === 'everyone'),
      agent: parsed.some((entry) => entry?.kind === 'agent'),
      groups: named('group'),
      persons: named('person'),
      words,
    };
  }

  #selector(path: Path, word: string): { readonly kind: string; readonly name: string } | undefined {
    if (word === 'everyone' || word === 'agent') return { kind: word, name: '' };
    const [kind, name] = splitOnce(word);
    if (kind === 'person' && /^[^\s@]+@[^\s@]+$/.test(name)) return { kind, name: name.toLowerCase() };
    if (kind === 'group') {
      this.#known(path, 'group', [name], Object.keys(this.#file.value.groups));
      return { kind, name };
    }
    this.#problem(path, `"${word}" does not say who`, SELECTOR_CHOICES);
    return undefined;
  }

  #known(path: Path, what: string, names: readonly string[], choices: readonly string[]): ReadonlySet<string> {
    names.forEach((name, index) => {
      if (!choices.includes(name)) this.#problem([...path, index], `no ${what} is called "${name}"`, choices);
    });
    return new Set(names);
  }

  #checkNames(key: 'groups' | 'grants', names: readonly string[]): void {
    for (const name of names) {
      if (!NAME.test(name)) this.#problem([key, name], `the name "${name}" must be ${NAME_RULE}`);
    }
  }

  #checkIds(): void {
    const seen = new Set<string>();
    this.#file.value.rules.forEach((rule, index) => {
      if (seen.has(rule.id)) this.#problem(['rules', index, 'id'], `two rules are called "${rule.id}"`);
      seen.add(rule.id);
    });
  }

  #checkTests(): void {
    const { tests, rules, grants } = this.#file.value;
    const connections = this.#context.connections.map((connection) => connection.name);
    tests.forEach((test, index) => {
      const path = ['tests', index];
      this.#selectors([...path, 'as'], test.as);
      this.#known([...path, 'grants'], 'grant', test.grants ?? [], Object.keys(grants));
      this.#known(
        [...path, 'on', 'connection'],
        'connection',
        test.on.connection === undefined ? [] : [test.on.connection],
        connections,
      );
      this.#known(
        [...path, 'by'],
        'rule',
        test.by === undefined ? [] : [test.by],
        rules.map((rule) => rule.id),
      );
      for (const name of Object.keys(test.uses ?? {})) {
        const classes = this.#context.classes.map((entry) => entry.name);
        if (!classes.includes(name)) this.#problem([...path, 'uses', name], `no class is called "${name}"`, classes);
      }
      if (test.at !== undefined && Number.isNaN(Date.parse(test.at))) {
        this.#problem([...path, 'at'], `"${test.at}" is not a time such as 2026-03-02T10:00:00Z`);
      }
    });
  }
}

/**
 * A policy as it was read, in JSON: every part in the order of its schema, what was left out as what that means, without
 * comments, layout and tests. Who has these bytes can decide again.
 */
function policyDocument({ tests: _tests, ...decides }: PolicyFile): string {
  return JSON.stringify(decides);
}

const EFFECTS = ['allow', 'deny', 'require', 'permit'] as const;

const OBLIGATION_WORDS: Readonly<Record<keyof NonNullable<RuleSource['require']>, true>> = {
  mask: true,
  limits: true,
  approval: true,
  reason: true,
  stepUp: true,
  record: true,
  noExport: true,
};

function splitOnce(word: string): readonly [string, string] {
  const colon = word.indexOf(':');
  return colon < 0 ? [word, ''] : [word.slice(0, colon), word.slice(colon + 1)];
}

function byAction(
  rules: readonly { readonly compiled: CompiledRule; readonly actions: ReadonlySet<Action> }[],
): CompiledPolicy['rulesFor'] {
  const ordered = [...rules].sort((one, other) => inOrder(one.compiled, other.compiled));
  const entries = ACTIONS.map((action) => [
    action,
    ordered.filter((rule) => rule.actions.has(action)).map((rule) => rule.compiled),
  ]);
  return Object.fromEntries(entries) as CompiledPolicy['rulesFor'];
}

function invert(groups: PolicyFile['groups']): ReadonlyMap<string, readonly string[]> {
  const inverted = new Map<string, string[]>();
  for (const [name, provided] of Object.entries(groups)) {
    for (const providerName of provided) {
      const names = inverted.get(providerName);
      if (names === undefined) inverted.set(providerName, [name]);
      else names.push(name);
    }
  }
  return inverted;
}
