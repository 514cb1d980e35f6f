import { type Principal } from '../identity/principal.ts';
import { type Asker } from '../policy/answer.ts';

/** Who asks, as the policy is told: everything that identity has verified, and nothing else. */
export function askerOf(principal: Principal): Asker {
  const { name, email, groups, verified, acr, amr, service, agent } = principal;
  return {
    name,
    groups,
    verified,
    ...(email === undefined ? {} : { email }),
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
    ...(service === undefined ? {} : { service: { name: service.name } }),
    ...(agent === undefined ? {} : { agent: { id: agent.id } }),
  };
}
