import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** Wrong codes after which a sign-in has to begin anew. */
const MAX_TRIES = 3;

/**
 * The second factor of the demonstration: a random code of six digits for one sign-in, shown where a phone would show it.
 * Kept in memory: whoever is asked while the provider restarts begins anew.
 */
export interface OneTimeCodes {
  /** The person has given their password; gives the code that their phone shows. The same one while it is waited for. */
  show(uid: string, accountId: string): string;
  /** Who gave the right code. It counts once; `over` after the last try, or where none is waited for. */
  take(uid: string, code: string): { readonly accountId: string } | 'wrong' | 'over';
  /** Whose code this sign-in waits for. */
  waits(uid: string): string | undefined;
}

export function createOneTimeCodes(): OneTimeCodes {
  const waiting = new Map<string, { readonly accountId: string; readonly code: string; tries: number }>();
  return {
    show(uid, accountId) {
      const known = waiting.get(uid);
      if (known?.accountId === accountId) return known.code;
      const code = randomInt(0, 1_000_000).toString().padStart(6, '0');
      waiting.set(uid, { accountId, code, tries: 0 });
      return code;
    },
    take(uid, code) {
      const known = waiting.get(uid);
      if (known === undefined) return 'over';
      if (same(code.replaceAll(/\s/g, ''), known.code)) {
        waiting.delete(uid);
        return { accountId: known.accountId };
      }
      known.tries += 1;
      if (known.tries < MAX_TRIES) return 'wrong';
      waiting.delete(uid);
      return 'over';
    },
    waits: (uid) => waiting.get(uid)?.accountId,
  };
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
