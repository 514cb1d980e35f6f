import { createHash, randomBytes } from 'node:crypto';

/** Lifetime of a ticket in a redirect file, milliseconds. */
export const TICKET_MS = 60_000;
const TOKEN_BYTES = 32;
const MAX_TICKETS = 64;

/** What a tab keeps for as long as it lives. */
export interface TabKey {
  /** Presented by the tab on every connection. */
  readonly key: string;
  /**
   * Presented by the server first thing on every connection, and never sent by the tab: a program that takes over the port
   * after this process has gone does not know it, so the tab does not talk to it.
   */
  readonly welcome: string;
}

/**
 * Admission to the page. A ticket is single use and short-lived, because it travels in an address that may be seen; it
 * is exchanged for a key that is only ever in the tab's sessionStorage and in this process. Tokens are kept and looked
 * up by their SHA-256, so that neither a memory dump nor the time of a comparison gives one away.
 */
export interface TabKeys {
  /** A new ticket, valid `lifetimeMs`. */
  issue(lifetimeMs?: number): string;
  /** The key for a ticket, once; null when the ticket is unknown, used or expired. */
  redeem(ticket: string): TabKey | null;
  /** What to greet the holder of `key` with; null when it is no key. */
  admit(key: string): Pick<TabKey, 'welcome'> | null;
}

const token = (): string => randomBytes(TOKEN_BYTES).toString('base64url');
export const fingerprint = (value: string): string => createHash('sha256').update(value).digest('base64');

export function createTabKeys(now: () => number = Date.now): TabKeys {
  const expiry = new Map<string, number>();
  const welcomes = new Map<string, string>();

  return {
    issue(lifetimeMs = TICKET_MS) {
      for (const [name, at] of expiry) if (at <= now()) expiry.delete(name);
      const oldest = expiry.keys().next();
      if (expiry.size >= MAX_TICKETS && oldest.done !== true) expiry.delete(oldest.value);
      const ticket = token();
      expiry.set(fingerprint(ticket), now() + lifetimeMs);
      return ticket;
    },
    redeem(ticket) {
      const name = fingerprint(ticket);
      const at = expiry.get(name);
      expiry.delete(name);
      if (at === undefined || at <= now()) return null;
      const made = { key: token(), welcome: token() };
      welcomes.set(fingerprint(made.key), made.welcome);
      return made;
    },
    admit(key) {
      const welcome = welcomes.get(fingerprint(key));
      return welcome === undefined ? null : { welcome };
    },
  };
}
