import { type Asker } from '../answer.ts';
import { compareText, type CompiledPolicy, type Selectors } from '../compiled-policy.ts';
import { type Problem } from '../yaml-file.ts';
import { ANYBODY, readSelectors } from '../selectors.ts';
import { askerAs } from '../situation.ts';
import { EVERYONE } from './probe.ts';

/** A kind of asker that a policy tells apart from others. */
export interface KindOfAsker {
  /** As in `to:`; `everyone` for whoever is none of the others. */
  readonly id: string;
  readonly title: string;
  readonly asker: Asker;
}

/** Who is meant, or what is wrong with the words; `column` is which of them, from 1. */
export type AskedAs =
  { readonly ok: true; readonly asker: Asker } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Who `group:analysts`, `agent:scout`, `person:ana@example.com` together are: one person, or one service. */
export function readAsker(policy: CompiledPolicy, words: readonly string[]): AskedAs {
  const problems: Problem[] = [];
  const names = {
    group: [...policy.providerNames.keys()],
    agent: [...policy.agents.keys()],
    service: [...policy.services.keys()],
  };
  const who = readSelectors(words, ANYBODY, names, ({ at, message, choices }) => {
    problems.push({ line: 1, column: at + 1, message, choices });
  });
  const contradiction = wrongTogether(who);
  if (contradiction !== undefined) problems.push({ line: 1, column: 1, message: contradiction });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, asker: askerAs(policy, words) };
}

function wrongTogether({ agents, agent, services, service, persons, groups }: Selectors): string | undefined {
  if (service) return 'which service is asked as has to be said: service:NAME';
  if (services.size > 1 || agents.size > 1 || persons.size > 1)
    return 'it is one person, one agent or one service that asks';
  if (services.size > 0 && (agent || agents.size + persons.size + groups.size > 0))
    return 'a service asks by itself: the policy says which groups it is in';
  return undefined;
}

/**
 * Every kind of asker: a member of each group and of no other, each person whom rules name, whoever is neither, each agent
 * (for a person who may do everything, so that what it shows is what agents are kept from), each service.
 */
export function everyAsker(policy: CompiledPolicy): readonly KindOfAsker[] {
  const rules = [...Object.values(policy.rulesFor).flat(), ...policy.permits];
  const persons = new Set(
    [...rules.map(({ to }) => to), ...[...policy.grants.values()].map((grant) => grant.for)].flatMap((to) => [
      ...to.persons,
    ]),
  );
  const asked = (id: string, title: string): KindOfAsker => ({ id, title, asker: askerAs(policy, [id]) });
  // A policy that names no agents may still have rules for them.
  const unnamed = policy.agents.size === 0 && rules.some(({ to }) => to.agent);
  return [
    ...[...policy.providerNames.keys()].map((name) => asked(`group:${name}`, name)),
    ...[...persons].sort(compareText).map((email) => asked(`person:${email}`, email)),
    asked('everyone', 'everyone else'),
    ...(unnamed ? [asked('agent', 'any agent')] : []),
    ...[...policy.agents.values()].map(({ name, title }) => asked(`agent:${name}`, title)),
    ...[...policy.services.values()].map(({ name, title }) => asked(`service:${name}`, title)),
  ];
}

/** The policy as it is for agents whose person may do everything: they act for anybody. */
export function withAgentsOfAnybody(policy: CompiledPolicy): CompiledPolicy {
  return { ...policy, agents: new Map([...policy.agents].map(([name, agent]) => [name, { ...agent, for: EVERYONE }])) };
}
