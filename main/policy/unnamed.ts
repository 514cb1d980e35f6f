import { type CompiledPolicy, type Selectors } from './compiled-policy.ts';
import { type ApprovalSource, type PolicyFile } from './policy-file.ts';
import { type Warn } from './warnings.ts';

/** Groups, agents, services and grants that the policy names and then says nothing of. */
export function unnamed(file: PolicyFile, policy: CompiledPolicy, warn: Warn): void {
  const rules = [...new Set([...Object.values(policy.rulesFor).flat(), ...policy.permits])];
  const given = rules.filter(({ reference }) => reference.effect === 'allow').map(({ to }) => to);
  const groups = usedGroups(file, policy, [
    ...rules.map(({ to }) => to),
    ...[...policy.grants.values(), ...policy.agents.values()].map((entry) => entry.for),
  ]);
  for (const name of Object.keys(file.groups))
    if (!groups.has(name)) warn(['groups', name], `nothing is said of the group ${name}`);
  for (const name of policy.agents.keys())
    if (!given.some((to) => to.agent || to.agents.has(name)))
      warn(['agents', name], `the agent ${name} may do nothing: no rule that allows names agents`);
  for (const [name, service] of policy.services)
    if (!given.some((to) => isGiven(to, name, service.groups)))
      warn(
        ['services', name],
        `the service ${name} may do nothing: no rule allows anything to it, its groups or everyone`,
      );
  const lifting = new Set(rules.flatMap(({ unlessGrants }) => [...unlessGrants]));
  for (const [name, { for: takers }] of policy.grants) {
    if (!lifting.has(name)) warn(['grants', name], `the grant ${name} lifts nothing: no rule has it under "unless"`);
    if (takers.agent || takers.agents.size > 0)
      warn(['grants', name, 'for'], `the grant ${name} names agents, and an agent has no grants`);
  }
}

const isGiven = (to: Selectors, service: string, groups: ReadonlySet<string>): boolean =>
  to.everyone || to.service || to.services.has(service) || [...groups].some((name) => to.groups.has(name));

function usedGroups(file: PolicyFile, policy: CompiledPolicy, selectors: readonly Selectors[]): ReadonlySet<string> {
  const approvals: readonly (ApprovalSource | undefined)[] = [
    ...file.rules.map(({ require }) => require?.approval),
    ...Object.values(file.grants).map(({ approval }) => approval),
  ];
  const words = approvals.flatMap((approval) => [...(approval?.from ?? []), approval?.within ?? '']);
  // A condition may name groups in a text of its own, and a connection's team is a group too.
  const conditions = file.rules.map(({ when = '' }) => when).join('\n');
  const teams = policy.context.connections.flatMap(({ team = [] }) => team);
  return new Set([
    ...selectors.flatMap((to) => [...to.groups]),
    ...words.map((word) => word.replace(/^group:/, '')),
    ...file.rules.flatMap(({ unless }) => unless?.group ?? []),
    ...Object.values(file.grants).flatMap(({ alert = [] }) => alert),
    ...Object.values(file.services ?? {}).flatMap((service) => service.groups),
    ...teams,
    ...Object.keys(file.groups).filter((name) => conditions.includes(`"${name}"`) || conditions.includes(`'${name}'`)),
  ]);
}
