/** The part of the Trusted Types API that is used here (W3C Trusted Types, section 2.3); not every browser has it. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

const trustedTypes = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes;

function ownScript(url: string): string {
  const absolute = new URL(url, import.meta.url);
  if (absolute.origin !== new URL(document.baseURI).origin)
    throw new TypeError('Scripts come from the window’s own origin only.');
  return absolute.href;
}

/** Named in shared/csp.ts: the one way of this window to name a script. */
const policy = trustedTypes?.createPolicy('countersign', { createScriptURL: ownScript });

/** A script address of our own origin, as the browser wants it under `require-trusted-types-for 'script'`. */
export function trustedScriptUrl(url: string): string {
  return policy?.createScriptURL(url) ?? ownScript(url);
}
