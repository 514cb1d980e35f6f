import { type Asker } from './answer.ts';
import { type CompiledPolicy, type Selectors } from './compiled-policy.ts';

/** Somebody who asks, in the policy's own words. */
export interface Who {
  /** The policy's names; `unknown` where the provider did not say, which is not none. */
  readonly groups: ReadonlySet<string> | 'unknown';
  /** In lower case. */
  readonly email: string | undefined;
  readonly agent: string | undefined;
  readonly service: string | undefined;
  /**
   * Whether the policy can give them anything: a service that it does not name, an agent that it does not name or that is
   * not for this person, and a service's agent get nothing.
   */
  readonly known: boolean;
}

/** Reads who asks. A service is in the groups that the policy gives it, whatever its token says, and has no e-mail address. */
export function whoAsks(policy: CompiledPolicy, asker: Asker): Who {
  const { agent, service } = asker;
  if (service !== undefined) {
    const named = policy.services.get(service.name);
    return {
      groups: named?.groups ?? 'unknown',
      email: undefined,
      agent: agent?.id,
      service: service.name,
      known: named !== undefined && agent === undefined,
    };
  }
  const person: Who = {
    groups:
      asker.groups === 'unknown'
        ? 'unknown'
        : new Set(asker.groups.flatMap((provided) => policy.groupsOf.get(provided) ?? [])),
    email: asker.email?.toLowerCase(),
    agent: undefined,
    service: undefined,
    known: true,
  };
  if (agent === undefined) return person;
  return { ...person, agent: agent.id, known: mayActFor(policy, agent.id, person) };
}

/** A policy that names no agents says nothing of whose they are. */
function mayActFor(policy: CompiledPolicy, agent: string, person: Who): boolean {
  if (policy.agents.size === 0) return true;
  const named = policy.agents.get(agent);
  return named !== undefined && isPersonOf(named.for, person, false);
}

/** Whether the person or service, whoever acts for them, is one of those meant. `closing` is the answer for what is not known. */
export function isPersonOf(to: Selectors, who: Who, closing: boolean): boolean {
  if (to.everyone) return true;
  if (who.service !== undefined) {
    if (to.service || to.services.has(who.service)) return true;
  } else if (to.persons.size > 0 && (who.email === undefined ? closing : to.persons.has(who.email))) return true;
  if (to.groups.size === 0) return false;
  return who.groups === 'unknown' ? closing : intersects(to.groups, who.groups);
}

/** Whether an agent asks, and is one of those meant. */
export function isAgentOf(to: Selectors, { agent }: Who): boolean {
  return agent !== undefined && (to.agent || to.agents.has(agent));
}

export function intersects(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  for (const item of one) if (other.has(item)) return true;
  return false;
}

/** Whether the selectors mean this asker for certain: the person or service by name or group, or the agent. */
export function isOf(policy: CompiledPolicy, selectors: Selectors, asker: Asker): boolean {
  const who = whoAsks(policy, asker);
  return isPersonOf(selectors, who, false) || isAgentOf(selectors, who);
}
