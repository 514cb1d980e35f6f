import { randomBytes } from 'node:crypto';
import { hmacSha256 } from './hmac.ts';

/** How far a token says that two values are equal: within one login, or wherever the profile's key is. */
export type TokenScope = 'session' | 'tenant';

/** Keys of tokens. A class has its own, so that equal values of two classes are no sign of each other. */
export interface TokenKeys {
  of(session: string, scope: TokenScope, columnClass: string): Uint8Array;
  /** Lets go of a login's key: its tokens can never be made again. */
  forget(session: string): void;
}

const KEY = 32;

/** `tenant` is 32 bytes from the profile's secret store; keys of sessions live in memory alone. */
export function createTokenKeys(tenant: Uint8Array): TokenKeys {
  if (tenant.length !== KEY) throw new RangeError('the key of tokens has 32 bytes');
  const sessions = new Map<string, Uint8Array>();
  return {
    of(session, scope, columnClass) {
      let key = tenant;
      if (scope === 'session') {
        key = sessions.get(session) ?? randomBytes(KEY);
        sessions.set(session, key);
      }
      return Buffer.from(hmacSha256(key)(Buffer.from(`countersign token v1\n${columnClass}`)), 'latin1');
    },
    forget: (session) => void sessions.delete(session),
  };
}
