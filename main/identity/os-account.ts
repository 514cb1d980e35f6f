import { hostname, userInfo } from 'node:os';
import { type Session, type SessionId } from './principal.ts';

/** The one session of a local profile. */
export const OS_ACCOUNT_SESSION = 'os-account' as SessionId;

/**
 * The operating system's account as the asker of a local profile. Nobody vouched for it: `verified` is false, there is no
 * device key, and it does not expire.
 */
export function osAccountSession(now: number): Session {
  const { username, uid } = userInfo();
  return {
    id: OS_ACCOUNT_SESSION,
    principal: {
      issuer: `local:${hostname()}`,
      subject: uid === -1 ? username : String(uid),
      name: username,
      groups: [],
      verified: false,
      authenticatedAt: new Date(now).toISOString(),
    },
    expiresAt: '9999-12-31T23:59:59.999Z',
  };
}
