import { createHash } from 'node:crypto';
import { compileAgent, compileService, type Wrong } from './askers.ts';
import { checkTests } from './check-tests.ts';
import { compileRules, compileTreatments, type RuleOfActions } from './compile-rules.ts';
import {
  inOrder,
  type CompiledAgent,
  type CompiledGrant,
  type CompiledPermit,
  type CompiledPolicy,
  type CompiledService,
  type PolicyContext,
} from './compiled-policy.ts';
import { localClock } from './local-clock.ts';
import { NameChecks } from './name-checks.ts';
import { compilePermit } from './permits.ts';
import { policyFile, stepUpMinutes, type PolicyFile } from './policy-file.ts';
import { PEOPLE, TAKERS } from './selectors.ts';
import { ACTIONS, type Action } from './vocabulary.ts';
import { readYaml, type Problem, type YamlFile } from './yaml-file.ts';

export type CompileResult =
  | { readonly ok: true; readonly policy: CompiledPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a policy file and checks everything that can be checked before anybody asks: its shape, every group, class,
 * agent, service, grant and connection it names, and the types of its conditions. A policy is accepted whole or not at all.
 */
export function compilePolicy(text: string, context: PolicyContext): CompileResult {
  const read = readYaml(text, policyFile);
  return read.ok ? compileFile(read.file, context) : read;
}

export function compileFile(file: YamlFile<PolicyFile>, context: PolicyContext): CompileResult {
  const source = file.value;
  const checks = new NameChecks(file, context);
  checks.given();
  const localTime = localClock(source.timezone);
  if (localTime === undefined)
    checks.problem(['timezone'], `"${source.timezone}" is not a time zone such as UTC or Europe/Berlin`);
  const [grants, agents, services] = [grantsOf(source, checks), agentsOf(source, checks), servicesOf(source, checks)];
  const rules = compileRules(source.rules, checks);
  const permits = source.rules.flatMap((rule, index): readonly CompiledPermit[] => {
    const compiled = rules[index]?.compiled;
    return rule.permit === undefined || compiled === undefined ? [] : [compilePermit(rule, rule.permit, compiled)];
  });
  const functions = compileTreatments(source.functions, checks);
  checkTests(source, localTime, checks);
  const { problems } = checks;
  if (problems.length > 0 || localTime === undefined) return { ok: false, problems };
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
      agents,
      services,
      localTime,
      context,
      tests: source.tests.map((test, index) => ({ source: test, line: file.problem(['tests', index], '').line })),
    },
  };
}

function grantsOf({ grants }: PolicyFile, checks: NameChecks): ReadonlyMap<string, CompiledGrant> {
  const compiled = Object.entries(grants).map(([name, source]): CompiledGrant => {
    const path = ['grants', name];
    const { approval, alert = [], maxMinutes, reason, text } = source;
    const stepUp = stepUpMinutes(source.stepUp);
    if (approval !== undefined) checks.approval([...path, 'approval'], approval);
    return {
      name,
      for: checks.selectors([...path, 'for'], source.for, TAKERS),
      place: checks.place([...path, 'in'], source.in ?? {}),
      maxMinutes,
      reason,
      alert: [...checks.groups([...path, 'alert'], alert)],
      ...(stepUp === undefined ? {} : { stepUpMinutes: stepUp }),
      ...(approval === undefined ? {} : { approval }),
      ...(text === undefined ? {} : { text }),
    };
  });
  return new Map(compiled.map((grant) => [grant.name, grant]));
}

function agentsOf({ agents = {} }: PolicyFile, checks: NameChecks): ReadonlyMap<string, CompiledAgent> {
  return new Map(
    Object.entries(agents).map(([name, source]) => {
      const people = checks.selectors(['agents', name, 'for'], source.for, PEOPLE);
      return [name, compileAgent(name, source, people)];
    }),
  );
}

function servicesOf({ services = {} }: PolicyFile, checks: NameChecks): ReadonlyMap<string, CompiledService> {
  return new Map(
    Object.entries(services).flatMap(([name, source]): readonly (readonly [string, CompiledService])[] => {
      const path = ['services', name];
      checks.groups([...path, 'groups'], source.groups);
      const wrong: Wrong = (key, message, choices) => checks.problem([...path, ...key], message, choices);
      const service = compileService(name, source, wrong);
      return service === undefined ? [] : [[name, service]];
    }),
  );
}

/**
 * A policy as it was read, in JSON: every part in the order of its schema, what was left out as what that means, without
 * comments, layout and tests. Who has these bytes can decide again.
 */
function policyDocument({ tests: _tests, ...decides }: PolicyFile): string {
  return JSON.stringify(decides);
}

function byAction(rules: readonly RuleOfActions[]): CompiledPolicy['rulesFor'] {
  const ordered = [...rules].sort((one, other) => inOrder(one.compiled, other.compiled));
  const entries = ACTIONS.map((action) => [
    action,
    ordered.filter((rule) => isAbout(rule, action)).map((rule) => rule.compiled),
  ]);
  return Object.fromEntries(entries) as CompiledPolicy['rulesFor'];
}

/**
 * What may be read may leave: a rule that allows or denies `select` does so for `export`. What reading is bound by, the
 * statement was bound by.
 */
function isAbout({ compiled, actions }: RuleOfActions, action: Action): boolean {
  if (action !== 'export') return actions.has(action);
  const { effect } = compiled.reference;
  if (effect === 'allow') return actions.has('select');
  return actions.has('export') || (effect === 'deny' && actions.has('select'));
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
