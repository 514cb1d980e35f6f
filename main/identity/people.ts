import { join } from 'node:path';
import { type SecretStore } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { type IdentityContext } from './context.ts';
import { signWithDeviceKey } from './device-key.ts';
import { createDirectoryMemory } from './directory-memory.ts';
import { type IdentityEvent, type People } from './identity.ts';
import { createJwksArchive } from './jwks-archive.ts';
import { createLiveLogins, signedOutElsewhere } from './live-logins.ts';
import { endOf } from './liveness.ts';
import { type Login } from './login.ts';
import { newRecord, strengthened } from './login-record.ts';
import { type Principal, type Session, type SessionId } from './principal.ts';
import { createProvider } from './provider.ts';
import { revocationOf } from './revocations.ts';
import { createSessionRecords, type SessionRecord } from './session-records.ts';
import { type Clock, DEFAULT_GROUP_SOURCES, type ProviderSettings, type SessionLimits } from './settings.ts';
import {
  type SignInMethod,
  type SignInPorts,
  type SignInPrompt,
  signInWithBrowser,
  signInWithDeviceCode,
} from './sign-in.ts';
import { judgeStepUp, stepUpParameters } from './step-up.ts';

export interface PeoplePorts {
  readonly provider: ProviderSettings;
  readonly limits: SessionLimits;
  readonly secrets: SecretStore;
  /** `identity/` of the profile: key archive, locks, change stamp. Nothing secret. */
  readonly directory: string;
  readonly clock: Clock;
  /** ms from an arbitrary moment on, which nobody sets; `performance.now` where absent. */
  readonly elapsed?: () => number;
  readonly fetch: typeof fetch;
  readonly onEvent: (event: IdentityEvent) => void;
  readonly signInTimeoutMs: number;
  readonly context: Pick<IdentityContext, 'revocations' | 'directory'>;
}

/** Use is written down at most this often, ms: the idle limit counts minutes. */
const TOUCH_EVERY_MS = 30_000;

/** People signed in through an OpenID Connect provider. Throws CountersignError `identity-issuer-*` for an issuer nobody could trust. */
export function createPeople(ports: PeoplePorts): People {
  const { clock, limits, onEvent, context, directory: folder } = ports;
  const provider = createProvider(ports.provider, clock, ports.fetch);
  const records = createSessionRecords(ports.secrets, folder);
  const archive = createJwksArchive(join(folder, 'jwks'), clock);
  const directories = createDirectoryMemory(ports.secrets, folder, clock);
  const iso = (ms: number): string => new Date(ms).toISOString();

  /** The provider's groups, or those of the directory where that ranks before what the provider said. */
  function groupsOf({ principal, groupsFrom }: SessionRecord): Principal['groups'] {
    const { groupsFrom: sources = DEFAULT_GROUP_SOURCES } = ports.provider;
    const rank = sources.indexOf('directory');
    if (rank === -1 || (groupsFrom !== undefined && sources.indexOf(groupsFrom) < rank)) return principal.groups;
    return directories.newest(context.directory())?.groupsOf(principal) ?? principal.groups;
  }
  const sessionOf = (record: SessionRecord): Session => ({
    id: record.id,
    principal: { ...record.principal, groups: groupsOf(record) },
    expiresAt: record.expiresAt,
  });

  const { revocations } = context;
  const live = createLiveLogins({
    ...{ provider, records, archive, limits, folder, clock, revocations, sessionOf, onEvent },
    elapsed: ports.elapsed ?? (() => performance.now()),
  });

  async function keep(login: Login): Promise<SessionRecord> {
    const record = newRecord(login, ports.provider.clientId, limits, clock());
    await archive.record(ports.provider.issuer, login.keys);
    await forgetEnded();
    await records.add(record);
    live.keepAccess(record.id, login.access);
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

  async function strengthen(id: SessionId, login: Login, steppedUpAt: number): Promise<SessionRecord> {
    await archive.record(ports.provider.issuer, login.keys);
    const changed = await live.change(id, (current) => {
      const now = clock();
      // Nothing that is over comes back by a step-up.
      const isOver = endOf(current, limits, now) !== undefined;
      return isOver ? current : strengthened(current, login, limits, { steppedUpAt, now });
    });
    if (changed === undefined) {
      if (login.refreshToken !== undefined) await live.revokeAtProvider(login.refreshToken);
      throw signedOutElsewhere();
    }
    // The former refresh token is not revoked at the provider: many end everything of a browser session with it.
    live.keepAccess(id, login.access);
    return live.standing(id);
  }

  /** Signs in with the provider; what `judge` throws, and a revocation, end it before the person is told that it went well. */
  async function* signInWith(
    method: SignInMethod,
    signal: AbortSignal | undefined,
    { judge, parameters = {} }: Pick<SignInPorts, 'judge' | 'parameters'>,
  ): AsyncGenerator<SignInPrompt, Login> {
    const steps: SignInPorts = {
      provider,
      clock,
      signal: signal ?? new AbortController().signal,
      timeoutMs: ports.signInTimeoutMs,
      parameters,
      judge: (login) => {
        const taken = revocationOf(login.principal, revocations());
        if (taken !== undefined) throw taken;
        judge?.(login);
      },
    };
    const login = yield* method === 'browser' ? signInWithBrowser(steps) : signInWithDeviceCode(steps);
    await directories.learn(context.directory());
    return login;
  }

  /** Ids of the logins that are this person's, the current one last. */
  async function idsOf({ issuer, subject }: Pick<Principal, 'issuer' | 'subject'>): Promise<readonly SessionId[]> {
    const entries = await records.list();
    return entries.filter((entry) => entry.issuer === issuer && entry.subject === subject).map(({ id }) => id);
  }

  /** Deletes logins here, tells of the one that is meant, and then asks the provider to forget their tokens. */
  async function forget(ids: readonly SessionId[], meant: Session): Promise<void> {
    const tokens: (string | undefined)[] = [];
    for (const id of ids) tokens.push((await readIfWhole(id))?.refreshToken);
    await records.remove(ids);
    onEvent({ kind: 'signed-out', session: meant });
    for (const token of tokens) if (token !== undefined) await live.revokeAtProvider(token);
  }

  return {
    async *signIn(method, signal) {
      const login = yield* signInWith(method, signal, {});
      const session = sessionOf(await keep(login));
      onEvent({ kind: 'signed-in', session, method, bound: login.binding !== undefined });
      yield { kind: 'done', session };
    },

    async *stepUp({ id }, method, signal) {
      const startedAt = clock();
      const { principal: person } = await live.standing(id);
      const { stepUp } = ports.provider;
      let provenAt = startedAt;
      const login = yield* signInWith(method, signal, {
        parameters: stepUpParameters(stepUp, person),
        judge: (answer) => (provenAt = judgeStepUp(answer, { person, startedAt, now: clock() }, stepUp)),
      });
      const session = sessionOf(await strengthen(id, login, provenAt));
      onEvent({ kind: 'stepped-up', session, method });
      yield { kind: 'done', session };
    },

    async restore(options = {}) {
      const wanted = options.email?.toLowerCase();
      const entries = (await records.list()).filter(
        (entry) => wanted === undefined || entry.email?.toLowerCase() === wanted,
      );
      for (const { id } of entries.reverse()) {
        const record = await live.look(id);
        // A profile that now names another provider or client does not trust logins of the former one.
        if (record?.principal.issuer === ports.provider.issuer && record.clientId === ports.provider.clientId) {
          await directories.learn(context.directory());
          return sessionOf(record);
        }
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

    async logins({ id: own }) {
      const { principal } = await live.standing(own);
      const found = [];
      for (const id of await idsOf(principal)) {
        const record = await readIfWhole(id);
        if (record === undefined || endOf(record, limits, clock()) !== undefined) continue;
        const { createdAt, lastUsedAt, expiresAt } = record;
        const { device } = record.principal;
        found.push({ id, ...(device === undefined ? {} : { device }), createdAt, lastUsedAt, expiresAt });
      }
      return found;
    },

    async endLogin({ id: own }, id) {
      const { principal } = await live.standing(own);
      const meant = (await idsOf(principal)).find((theirs) => theirs === id);
      if (meant === undefined) {
        throw new CountersignError('session-unknown', 'That is none of your sign-ins in this profile.', {
          next: 'Look at the list again: it may have ended meanwhile.',
        });
      }
      const record = await readIfWhole(meant);
      await forget(
        [meant],
        record === undefined ? { id: meant, principal, expiresAt: iso(clock()) } : sessionOf(record),
      );
    },

    async ensureLive({ id }) {
      await directories.learn(context.directory());
      return sessionOf(await live.revalidated(id));
    },

    confirm: ({ id }) => live.confirm(id),

    async touch(session) {
      const record = await live.look(session.id);
      if (record === undefined || clock() - Date.parse(record.lastUsedAt) < TOUCH_EVERY_MS) return;
      // An idle login is over; using it again must not bring it back.
      await records.replace(session.id, (current) =>
        endOf(current, limits, clock()) === undefined ? { ...current, lastUsedAt: iso(clock()) } : current,
      );
    },

    async signOut(session) {
      const record = await readIfWhole(session.id);
      // The index tells whose a damaged record is; what the caller says of it is not believed.
      const whose = (await records.list()).find(({ id }) => id === session.id);
      const theirs = whose === undefined ? [] : await idsOf(whose);
      await forget([...new Set([session.id, ...theirs])], record === undefined ? session : sessionOf(record));
    },

    async deviceSigner(session) {
      const binding = (await live.look(session.id))?.binding;
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
