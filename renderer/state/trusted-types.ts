/** The part of the Trusted Types API that is used here (W3C Trusted Types, section 2.3); not every browser has it. */
interface PolicyRules {
  createHTML?(text: string, ...more: readonly unknown[]): string;
  createScript?(text: string, ...more: readonly unknown[]): string;
  createScriptURL?(url: string, ...more: readonly unknown[]): string;
}

interface Policy {
  readonly name: string;
  createScriptURL(url: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: PolicyRules): Policy;
}

const trustedTypes = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes;

function ownScript(url: string): string {
  const absolute = new URL(url, import.meta.url);
  if (absolute.origin !== new URL(document.baseURI).origin) {
    throw new TypeError('Scripts come from the window’s own origin only.');
  }
  return absolute.href;
}

/** Named in shared/csp.ts: the one way of this window to name a script. */
const policy = trustedTypes?.createPolicy('countersign', { createScriptURL: ownScript });

/** A script address of our own origin, as the browser wants it under `require-trusted-types-for 'script'`. */
export function trustedScriptUrl(url: string): string {
  return policy?.createScriptURL(url) ?? ownScript(url);
}

/** Monaco parts that are bundled and never shown: they get no policy, so that they could make no markup either. */
const REFUSED = new Set(['defaultWorkerFactory', 'tokenizeToString', 'standaloneColorizer']);

/** Monaco's policies, except those of parts that this window does not have. */
export function createMonacoPolicy(name: string, rules: PolicyRules = {}): Policy | undefined {
  return REFUSED.has(name) ? undefined : trustedTypes?.createPolicy(name, rules);
}
