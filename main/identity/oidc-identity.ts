import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as client from 'openid-client';
import { type SecretStore } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { signWithDeviceKey } from './device-key.ts';
import { type Identity, type IdentityEvent } from './identity.ts';
import { createJwksArchive } from './jwks-archive.ts';
import { confirmWithProvider, endOf, isRevalidationDue } from './liveness.ts';
import { withLock } from '../lock.ts';
import { type Login } from './login.ts';
import { type Session, type SessionId } from './principal.ts';
import { createProvider } from './provider.ts';
import { isUnreachable } from './provider-errors.ts';
import { createSessionRecords, type SessionRecord } from './session-records.ts';
import { type Clock, type ProviderSettings, type SessionLimits } from './settings.ts';
import { type SignInMethod, signInWithBrowser, signInWithDeviceCode } from './sign-in.ts';

export interface OidcIdentityPorts {
  readonly provider: ProviderSettings;
  readonly limits: SessionLimits;
  readonly secrets: SecretStore;
  /** `identity/` of the profile: key archive, locks, change stamp. Nothing secret. */
  readonly directory: string;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly onEvent: (event: IdentityEvent) => void;
  readonly signInTimeoutMs: number;
}

/** Use is written down at most this often, ms: the idle limit counts minutes. */
const TOUCH_EVERY_MS = 30_000;
/** A provider that could not be reached is asked again after this long, ms. */
const RETRY_AFTER_MS = 30_000;

/** People signed in through an OpenID Connect provider. */
export function createOidcIdentity(ports: OidcIdentityPorts): Identity {
  const { clock, limits, onEvent } = ports;
  const provider = createProvider(ports.provider, clock, ports.fetch);
  const records = createSessionRecords(ports.secrets, ports.directory);
  const archive = createJwksArchive(join(ports.directory, 'jwks'), clock);
  const known = new Map<SessionId, { readonly revision: string; readonly record: SessionRecord | undefined }>();
  const revalidations = new Map<SessionId, Promise<SessionRecord>>();
  const unreachableSince = new Map<SessionId, number>();

  const iso = (ms: number): string => new Date(ms).toISOString();
  const sessionOf = ({ id, principal, expiresAt }: SessionRecord): Session => ({ id, principal, expiresAt });

  /** The record as it is now; from memory while no process has changed any. */
  async function look(id: SessionId): Promise<SessionRecord | undefined> {
    const revision = records.revision();
    const remembered = known.get(id);
    if (remembered?.revision === revision) return remembered.record;
    const record = await records.read(id);
    known.set(id, { revision, record });
    return record;
  }

  async function keep(login: Login): Promise<SessionRecord> {
    const now = clock();
    const longest = now + limits.maxHours * 3_600_000;
    const record: SessionRecord = {
      version: 1,
      id: randomUUID() as SessionId,
      clientId: ports.provider.clientId,
      principal: login.principal,
      createdAt: iso(now),
      // Without a refresh token the provider cannot be asked again, so the login ends when its word does.
      expiresAt: iso(login.refreshToken === undefined ? Math.min(longest, login.vouchedUntil) : longest),
      lastUsedAt: iso(now),
      revalidatedAt: iso(now),
      ...(login.refreshToken === undefined ? {} : { refreshToken: login.refreshToken }),
      ...(login.binding === undefined ? {} : { binding: login.binding }),
    };
    await archive.record(ports.provider.issuer, login.keys);
    await forgetEnded();
    await records.add(record);
    return record;
  }

  /** For what must go on although a record is damaged: signing out, and signing in again. */
  const readIfWhole = (id: SessionId): Promise<SessionRecord | undefined> =>
    records.read(id).catch((error: unknown) => {
      if (error instanceof CountersignError && error.code === 'session-damaged') return undefined;
      throw error;
    });

  /** Logins past their limits, and records that cannot be read, hold tokens that serve nobody. */
  async function forgetEnded(): Promise<void> {
    const ended: SessionId[] = [];
    for (const { id } of await records.list()) {
      const record = await readIfWhole(id);
      if (record === undefined || endOf(record, limits, clock()) !== undefined) ended.push(id);
    }
    if (ended.length > 0) await records.remove(ended);
  }

  async function end(record: SessionRecord, kind: 'expired' | 'revoked', error: CountersignError): Promise<never> {
    await records.remove([record.id]);
    onEvent({ kind, session: sessionOf(record) });
    throw error;
  }

  /** One refresh at a time among all processes: a rotated refresh token that is used twice ends the login at the provider. */
  function revalidate(id: SessionId): Promise<SessionRecord> {
    const underway = revalidations.get(id);
    if (underway !== undefined) return underway;
    const started = withLock(join(ports.directory, 'refresh.lock'), async () => {
      const record = await records.read(id);
      if (record === undefined) throw signedOutElsewhere();
      if (!isRevalidationDue(record, limits, clock())) return record;
      try {
        const { principal, refreshToken } = await confirmWithProvider(record, provider, archive, clock);
        const confirmed = await records.replace(id, (current) => ({
          ...current,
          principal,
          refreshToken,
          revalidatedAt: iso(clock()),
        }));
        if (confirmed === undefined) {
          await revokeAtProvider(refreshToken);
          throw signedOutElsewhere();
        }
        unreachableSince.delete(id);
        onEvent({ kind: 'revalidated', session: sessionOf(confirmed) });
        return confirmed;
      } catch (error) {
        if (isUnreachable(error)) {
          unreachableSince.set(id, clock());
          onEvent({ kind: 'provider-unreachable', session: sessionOf(record) });
          return record;
        }
        if (
          error instanceof CountersignError &&
          (error.code === 'session-revoked' || error.code === 'identity-token-refused')
        ) {
          return end(record, 'revoked', error);
        }
        throw error;
      }
    }).finally(() => revalidations.delete(id));
    revalidations.set(id, started);
    return started;
  }

  async function revokeAtProvider(refreshToken: string): Promise<void> {
    // Best effort (RFC 7009): some providers want a client secret for it, and the machine may be offline.
    await provider
      .ask(async () =>
        client.tokenRevocation(await provider.configure(), refreshToken, { token_type_hint: 'refresh_token' }),
      )
      .catch(() => undefined);
  }

  return {
    async *signIn(method: SignInMethod, signal = new AbortController().signal) {
      const steps = { provider, clock, signal, timeoutMs: ports.signInTimeoutMs };
      const login = yield* method === 'browser' ? signInWithBrowser(steps) : signInWithDeviceCode(steps);
      const session = sessionOf(await keep(login));
      onEvent({ kind: 'signed-in', session, method, bound: login.binding !== undefined });
      yield { kind: 'done', session };
    },

    async restore(options = {}) {
      const wanted = options.email?.toLowerCase();
      const entries = (await records.list()).filter(
        (entry) => wanted === undefined || entry.email?.toLowerCase() === wanted,
      );
      for (const { id } of entries.reverse()) {
        const record = await look(id);
        // A profile that now names another provider or client does not trust logins of the former one.
        if (record?.principal.issuer === ports.provider.issuer && record.clientId === ports.provider.clientId)
          return sessionOf(record);
      }
      return undefined;
    },

    async people() {
      const people = new Map(
        (await records.list()).map(({ issuer, subject, email }) => [
          `${issuer} ${subject}`,
          { issuer, subject, ...(email === undefined ? {} : { email }) },
        ]),
      );
      return [...people.values()];
    },

    async ensureLive(session) {
      const record = await look(session.id);
      if (record?.principal.issuer !== ports.provider.issuer || record.clientId !== ports.provider.clientId)
        throw signedOutElsewhere();
      const now = clock();
      const over = endOf(record, limits, now);
      if (over !== undefined) return end(record, 'expired', over);
      const waiting = (unreachableSince.get(session.id) ?? -Infinity) + RETRY_AFTER_MS > now;
      if (!isRevalidationDue(record, limits, now) || waiting) return sessionOf(record);
      return sessionOf(await revalidate(session.id));
    },

    async touch(session) {
      const record = await look(session.id);
      if (record === undefined || clock() - Date.parse(record.lastUsedAt) < TOUCH_EVERY_MS) return;
      // An idle login is over; using it again must not bring it back.
      await records.replace(session.id, (current) =>
        endOf(current, limits, clock()) === undefined ? { ...current, lastUsedAt: iso(clock()) } : current,
      );
    },

    async signOut(session) {
      const record = await readIfWhole(session.id);
      const { issuer, subject } = record?.principal ?? session.principal;
      const theirs = (await records.list()).filter((entry) => entry.issuer === issuer && entry.subject === subject);
      const tokens = [];
      for (const { id } of theirs) tokens.push((await readIfWhole(id))?.refreshToken);
      await records.remove([session.id, ...theirs.map(({ id }) => id)]);
      onEvent({ kind: 'signed-out', session: record === undefined ? session : sessionOf(record) });
      for (const token of tokens) if (token !== undefined) await revokeAtProvider(token);
    },

    async deviceSigner(session) {
      const binding = (await look(session.id))?.binding;
      if (binding === undefined) return undefined;
      return {
        thumbprint: binding.deviceKey.thumbprint,
        pkToken: binding.pkToken,
        issuerKeys: await archive.read(ports.provider.issuer),
        sign: (payload, type) => signWithDeviceKey(binding.deviceKey, payload, type),
      };
    },
  };
}

function signedOutElsewhere(): CountersignError {
  return new CountersignError('session-ended', 'You are signed out of this profile.', { next: 'Sign in again.' });
}
