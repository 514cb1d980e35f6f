import { randomUUID } from 'node:crypto';
import { type Login } from './login.ts';
import { type SessionId } from './principal.ts';
import { type SessionRecord } from './session-records.ts';
import { type SessionLimits } from './settings.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** The record of a new login. Times are milliseconds since the epoch. */
export function newRecord(login: Login, clientId: string, limits: SessionLimits, now: number): SessionRecord {
  return {
    version: 1,
    id: randomUUID() as SessionId,
    clientId,
    principal: login.principal,
    createdAt: iso(now),
    expiresAt: expiryOf(now, login, limits),
    ...broughtBy(login, now),
  };
}

/** The record after a step-up: key, proof, tokens, groups and strength are the new ones; id and longest hours stay. */
export function strengthened(
  { groupsFrom: _former, ...current }: SessionRecord,
  login: Login,
  limits: SessionLimits,
  { steppedUpAt, now }: { readonly steppedUpAt: number; readonly now: number },
): SessionRecord {
  const former = current.principal.device;
  const device = login.principal.device ?? former;
  const replaced = former === undefined || former === device ? [] : [former];
  const formerDevices = [...(current.formerDevices ?? []), ...replaced];
  const keepsRefreshToken = login.refreshToken === undefined && current.refreshToken !== undefined;
  return {
    ...current,
    principal: { ...login.principal, ...(device === undefined ? {} : { device }), steppedUpAt: iso(steppedUpAt) },
    expiresAt: keepsRefreshToken ? current.expiresAt : expiryOf(Date.parse(current.createdAt), login, limits),
    ...(formerDevices.length === 0 ? {} : { formerDevices }),
    ...broughtBy(login, now),
  };
}

function expiryOf(createdAt: number, login: Login, limits: SessionLimits): string {
  const longest = createdAt + limits.maxHours * 3_600_000;
  // Without a refresh token the provider cannot be asked again, so the login ends when its word does.
  return iso(login.refreshToken === undefined ? Math.min(longest, login.vouchedUntil) : longest);
}

/** What a sign-in and a step-up both bring. */
function broughtBy({ groupsFrom, refreshToken, binding }: Login, now: number) {
  return {
    lastUsedAt: iso(now),
    revalidatedAt: iso(now),
    ...(groupsFrom === undefined ? {} : { groupsFrom }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(binding === undefined ? {} : { binding }),
  };
}
