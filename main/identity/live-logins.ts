import { join } from 'node:path';
import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { withLock } from '../lock.ts';
import { timeHere } from '../time-here.ts';
import { type Revocations } from './context.ts';
import { type IdentityEvent } from './identity.ts';
import { type JwksArchive } from './jwks-archive.ts';
import { confirmWithProvider, endOf, isRevalidationDue } from './liveness.ts';
import { type Session, type SessionId } from './principal.ts';
import { type Provider } from './provider.ts';
import { isUnreachable } from './provider-errors.ts';
import { revocationOf, revoked } from './revocations.ts';
import { type SessionRecord, type SessionRecords } from './session-records.ts';
import { type Clock, type SessionLimits } from './settings.ts';

export interface LiveLoginsPorts {
  readonly provider: Provider;
  readonly records: SessionRecords;
  readonly archive: JwksArchive;
  readonly limits: SessionLimits;
  /** Of locks among processes. */
  readonly folder: string;
  readonly clock: Clock;
  /** ms from an arbitrary moment on, which nobody sets. */
  readonly elapsed: () => number;
  readonly revocations: () => Revocations;
  readonly sessionOf: (record: SessionRecord) => Session;
  readonly onEvent: (event: IdentityEvent) => void;
}

/** Which logins still count: by what this machine knows, and by what the provider says when it is asked. */
export interface LiveLogins {
  /** The record as it is now; from memory while no process has changed any. */
  look(id: SessionId): Promise<SessionRecord | undefined>;
  /**
   * The record of a login that nothing here has ended. @throws CountersignError `session-ended`, `session-expired`,
   * `session-revoked`; a login that is over is deleted
   */
  standing(id: SessionId): Promise<SessionRecord>;
  /** The same, and the provider is asked where `revalidateMinutes` have passed since it last was. */
  revalidated(id: SessionId): Promise<SessionRecord>;
  /** The same, and the provider is asked now. */
  confirm(id: SessionId): Promise<void>;
  /** An access token with which the provider can be asked cheaply; kept in memory only. */
  keepAccess(id: SessionId, access: Access): void;
  /** Changes a login that is still there, while no refresh of it is under way in any process. */
  change(id: SessionId, change: (record: SessionRecord) => SessionRecord): Promise<SessionRecord | undefined>;
  /** Best effort (RFC 7009): some providers want a client secret for it, and the machine may be offline. */
  revokeAtProvider(refreshToken: string): Promise<void>;
}

export interface Access {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** A provider that could not be reached is asked again after this long, ms. */
const RETRY_AFTER_MS = 30_000;
/** An access token this close to its end, ms, is not worth asking with. */
const ACCESS_MARGIN_MS = 5_000;

export function createLiveLogins(ports: LiveLoginsPorts): LiveLogins {
  const { provider, records, archive, limits, folder, clock, revocations, sessionOf, onEvent } = ports;
  // Limits go on while the machine's clock is held or set back; what a provider says of times is compared with the clock.
  const { now } = timeHere(clock, ports.elapsed);
  const known = new Map<SessionId, { readonly revision: string; readonly record: SessionRecord | undefined }>();
  const underway = new Map<SessionId, Promise<SessionRecord>>();
  const unreachableSince = new Map<SessionId, number>();
  const accesses = new Map<SessionId, Access>();
  /** Why logins ended here: whoever asks for one later is told that, and not only that it is gone. */
  const endedHere = new Map<SessionId, CountersignError>();
  const refreshLock = join(folder, 'refresh.lock');

  async function look(id: SessionId): Promise<SessionRecord | undefined> {
    const revision = records.revision();
    const remembered = known.get(id);
    if (remembered?.revision === revision) return remembered.record;
    const record = await records.read(id);
    known.set(id, { revision, record });
    return record;
  }

  async function end(record: SessionRecord, kind: 'expired' | 'revoked', error: CountersignError): Promise<never> {
    endedHere.set(record.id, error);
    await records.remove([record.id]);
    accesses.delete(record.id);
    onEvent({ kind, session: sessionOf(record) });
    throw error;
  }

  function overOf(record: SessionRecord): CountersignError | undefined {
    const over = endOf(record, limits, clock());
    if (over !== undefined || endOf(record, limits, now()) === undefined) return over;
    return new CountersignError(
      'session-expired',
      "Your sign-in has expired: this machine's clock was set back while the program ran.",
      { next: 'Set the clock, start the program again, and sign in.' },
    );
  }

  async function standing(id: SessionId): Promise<SessionRecord> {
    const record = await look(id);
    const { issuer, clientId } = provider.settings;
    if (record === undefined) throw endedHere.get(id) ?? signedOutElsewhere();
    // A profile that now names another provider or client does not trust logins of the former one.
    if (record.principal.issuer !== issuer || record.clientId !== clientId) throw signedOutElsewhere();
    const taken = revocationOf(record.principal, revocations(), record.formerDevices);
    if (taken !== undefined) return end(record, 'revoked', taken);
    const over = overOf(record);
    if (over !== undefined) return end(record, 'expired', over);
    return record;
  }

  const isWaiting = (id: SessionId): boolean => (unreachableSince.get(id) ?? -Infinity) + RETRY_AFTER_MS > now();

  function noteUnreachable(record: SessionRecord): void {
    unreachableSince.set(record.id, now());
    onEvent({ kind: 'provider-unreachable', session: sessionOf(record) });
  }

  /** One refresh at a time among all processes: a rotated refresh token that is used twice ends the login at the provider. */
  function refresh(id: SessionId, isStillDue: (record: SessionRecord) => boolean): Promise<SessionRecord> {
    const sharing = underway.get(id);
    if (sharing !== undefined) return sharing;
    const started = withLock(refreshLock, async () => {
      const record = await records.read(id);
      if (record === undefined) throw signedOutElsewhere();
      return isStillDue(record) ? refreshNow(record) : record;
    }).finally(() => underway.delete(id));
    underway.set(id, started);
    return started;
  }

  async function refreshNow(record: SessionRecord): Promise<SessionRecord> {
    try {
      const { principal, groupsFrom, refreshToken, access } = await confirmWithProvider(
        record,
        provider,
        archive,
        clock,
      );
      const confirmed = await records.replace(record.id, ({ groupsFrom: _former, ...current }) => ({
        ...current,
        principal,
        refreshToken,
        revalidatedAt: new Date(clock()).toISOString(),
        ...(groupsFrom === undefined ? {} : { groupsFrom }),
      }));
      if (confirmed === undefined) {
        await revokeAtProvider(refreshToken);
        throw signedOutElsewhere();
      }
      accesses.set(record.id, access);
      unreachableSince.delete(record.id);
      onEvent({ kind: 'revalidated', session: sessionOf(confirmed) });
      return confirmed;
    } catch (error) {
      if (isUnreachable(error)) {
        noteUnreachable(record);
        return record;
      }
      if (error instanceof CountersignError && ENDING.has(error.code)) return end(record, 'revoked', error);
      throw error;
    }
  }

  /** Userinfo answers for an access token only while the provider stands by it (OpenID Connect Core §5.3.3). */
  async function askWithAccess(record: SessionRecord): Promise<'confirmed' | 'refused' | 'unreachable' | 'cannot-ask'> {
    const access = accesses.get(record.id);
    if (access === undefined || access.until - ACCESS_MARGIN_MS <= clock()) return 'cannot-ask';
    try {
      const configuration = await provider.configure();
      if (configuration.serverMetadata().userinfo_endpoint === undefined) return 'cannot-ask';
      await provider.ask(() => client.fetchUserInfo(configuration, access.token, record.principal.subject));
      unreachableSince.delete(record.id);
      return 'confirmed';
    } catch (error) {
      if (isUnreachable(error)) return 'unreachable';
      accesses.delete(record.id);
      return 'refused';
    }
  }

  async function confirm(id: SessionId): Promise<void> {
    const asked = clock();
    const record = await standing(id);
    if (isWaiting(id)) return;
    const said = await askWithAccess(record);
    if (said === 'confirmed') return;
    if (said === 'unreachable') return noteUnreachable(record);
    if (record.refreshToken === undefined) {
      // Nothing to ask with: such a login ends with the provider's first word, unless it has just taken that back.
      if (said === 'refused') await end(record, 'revoked', revoked('the identity provider no longer confirms you'));
      return;
    }
    await refresh(id, (current) => Date.parse(current.revalidatedAt) <= asked);
  }

  async function revokeAtProvider(refreshToken: string): Promise<void> {
    await provider
      .ask(async () =>
        client.tokenRevocation(await provider.configure(), refreshToken, { token_type_hint: 'refresh_token' }),
      )
      .catch(() => undefined);
  }

  return {
    look,
    standing,
    revalidated: async (id) => {
      const record = await standing(id);
      if (!isRevalidationDue(record, limits, now()) || isWaiting(id)) return record;
      return refresh(id, (current) => isRevalidationDue(current, limits, now()));
    },
    confirm,
    keepAccess: (id, access) => void accesses.set(id, access),
    change: (id, change) => withLock(refreshLock, () => records.replace(id, change)),
    revokeAtProvider,
  };
}

/** Codes with which a refresh ends the login. */
const ENDING: ReadonlySet<string> = new Set(['session-revoked', 'identity-token-refused']);

export function signedOutElsewhere(): CountersignError {
  return new CountersignError('session-ended', 'You are signed out of this profile.', { next: 'Sign in again.' });
}
