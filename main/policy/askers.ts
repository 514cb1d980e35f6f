import { type CompiledAgent, type CompiledService, type Selectors } from './compiled-policy.ts';
import { readClaimsCondition } from './condition.ts';
import { type AgentSource, type ServiceSource } from './policy-file.ts';

/** What is wrong with the agent or service, under one of its keys. */
export type Wrong = (key: readonly (string | number)[], message: string, choices?: readonly string[]) => void;

export function compileAgent(name: string, source: AgentSource, people: Selectors): CompiledAgent {
  const { title = name, client, maxMinutes, text } = source;
  return {
    ...{ name, title, for: people, maxMinutes },
    ...(client === undefined ? {} : { client }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Undefined where it does not say, or not clearly enough, whose token it is known by. */
export function compileService(name: string, source: ServiceSource, wrong: Wrong): CompiledService | undefined {
  const known = knownBy(name, source, wrong);
  if (known === undefined) return undefined;
  const { title = name, groups, maxMinutes } = source;
  return { name, title, groups: new Set(groups), maxMinutes, known };
}

function knownBy(
  name: string,
  { client, issuer, audience, when }: ServiceSource,
  wrong: Wrong,
): CompiledService['known'] | undefined {
  if ((client === undefined) === (issuer === undefined)) {
    wrong([], `service ${name} says whose token it is known by in exactly one of these ways`, ['client', 'issuer']);
    return undefined;
  }
  if (client !== undefined) {
    for (const [key, value] of Object.entries({ audience, when }))
      if (value !== undefined) wrong([key], `service ${name}: "${key}" belongs to an issuer, not to a client`);
    return { by: 'client', clientId: client };
  }
  if (issuer === undefined) return undefined;
  if (!isIssuer(issuer))
    wrong(
      ['issuer'],
      `"${issuer}" is not the address of an issuer, such as https://token.actions.githubusercontent.com`,
    );
  if (audience === undefined)
    wrong([], `service ${name} needs "audience": a token for another audience was not meant for this organisation`);
  // Whoever runs anything at the issuer has its tokens: which of them is meant is all that the condition says.
  if (when === undefined) wrong([], `service ${name} needs "when": else every token of the issuer would do`);
  if (audience === undefined || when === undefined) return undefined;
  const read = readClaimsCondition(when);
  if (!read.ok) {
    wrong(['when'], `service ${name}: ${read.message}`, read.choices);
    return undefined;
  }
  if (!/\bclaims\b/.test(when)) {
    wrong(['when'], `service ${name}: the condition does not look at the claims, so every token would do`);
    return undefined;
  }
  return { by: 'token', issuer, audience, accepts: read.accepts };
}

/** OpenID Connect Discovery §4: https; http only on this machine. */
function isIssuer(written: string): boolean {
  const url = URL.parse(written);
  if (url === null || url.search !== '' || url.hash !== '') return false;
  const local = url.hostname === 'localhost' || url.hostname === '127.0.0.1' || url.hostname === '[::1]';
  return url.protocol === 'https:' || (url.protocol === 'http:' && local);
}
