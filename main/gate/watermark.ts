import { type Receipt } from '../audit/index.ts';
import { type Principal } from '../identity/principal.ts';

/**
 * What stands on a result: who saw it, when (UTC, to the minute), and where the record has it. Printed beside each row
 * that leaves, it leads from a copy that turns up somewhere to the person, and to what they asked.
 */
export function watermarkOf(principal: Principal, now: Date, { log, index }: Receipt): string {
  return `${nameOf(principal)} ${now.toISOString().slice(0, 16)}Z ${log}#${String(index)}`;
}

function nameOf({ email, name, agent, service }: Principal): string {
  if (service !== undefined) return `service:${service.name}`;
  const person = (email ?? name).replaceAll(/\s+/gu, ' ');
  return agent === undefined ? person : `agent:${agent.id} for ${person}`;
}
