import { CountersignError } from '../../errors.ts';
import { type IdentityContext, type KnownService } from '../context.ts';
import { type IdentityEvent, type ServiceMethod, type ServiceSigner } from '../identity.ts';
import { type Session, type SessionId } from '../principal.ts';
import { createProvider } from '../provider.ts';
import { type Clock, CLOCK_TOLERANCE_SECONDS, type ProviderSettings, type ServiceSource } from '../settings.ts';
import { clientProof } from './client-credentials.ts';
import { type IssuerKeys } from '../issuer-keys.ts';
import { type ServiceProof } from './proof.ts';
import { expired, refusalsFor, revoked, serviceMayNot, tokenRefused, unknownService } from './refusals.ts';
import { createSessionKey, isServiceSession, newSessionId, type SessionKey } from './session-key.ts';
import { verifySignedToken } from '../signed-token.ts';
import { accept, wayIn } from './way-in.ts';
import { workloadToken } from './workload-token.ts';

export interface ServicePorts {
  /** Undefined in a local profile: a workload needs none. */
  readonly provider?: ProviderSettings;
  readonly issuers: IssuerKeys;
  readonly sources: ReadonlyMap<string, ServiceSource>;
  readonly context: Pick<IdentityContext, 'services' | 'revocations'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly onEvent: (event: IdentityEvent) => void;
}

/** Services and CI jobs: known by a token that names nobody behind them. Nothing of one is kept when the process ends. */
export interface Services {
  isServices(session: Pick<Session, 'id'>): boolean;
  /** @throws CountersignError `service-*`, `identity-*` */
  signIn(name: string, signal?: AbortSignal): Promise<Session>;
  /** The session as it stands now; its token is renewed where that is due and its source has another. */
  ensureLive(session: Pick<Session, 'id'>): Promise<Session>;
  /** Asks the source and the issuer now. */
  confirm(session: Session): Promise<void>;
  signerOf(session: Session): ServiceSigner | undefined;
  signOut(session: Session): void;
  mayNot(what: string): CountersignError;
}

/** A token is renewed this long before it ends, ms, and tried again this long after it could not be. */
const RENEW_BEFORE_MS = 30_000;
const RETRY_AFTER_MS = 5_000;
const WORKLOAD_TYPES = ['jwt'];

interface Working {
  readonly id: SessionId;
  readonly name: string;
  readonly method: ServiceMethod;
  readonly key: SessionKey;
  readonly startedAt: number;
  /** What the session began with, which the record has. */
  readonly first: ServiceProof;
  proof: ServiceProof;
  /** The variables of a process do not change: such a token is the only one. */
  readonly renewable: boolean;
  title: string;
  /** Ms since the epoch: at the latest. */
  until: number;
  renewing: Promise<void> | undefined;
  triedAt: number;
}

export function createServices(ports: ServicePorts): Services {
  const { context, clock, issuers, onEvent } = ports;
  const working = new Map<SessionId, Working>();

  function known(name: string): KnownService {
    const services = context.services();
    const service = services.get(name);
    if (service === undefined) throw unknownService(name, services.keys());
    if (context.revocations().services.has(name)) throw revoked(name);
    return service;
  }

  /** Asks the source for a token and checks it in full against the policy in force. */
  async function prove(name: string, key: SessionKey): Promise<ServiceProof> {
    const service = known(name);
    const way = wayIn(service, ports.sources, ports.provider);
    if (way.by === 'client') {
      const provider = createProvider(way.provider, clock, ports.fetch);
      return clientProof(name, way.source, key, { provider, issuers, now: clock });
    }
    const { source, issuer, audience } = way;
    const jwt = await workloadToken(name, source, audience, ports);
    const proof = await verifySignedToken(jwt, issuers, {
      ...{ issuer, audience, types: WORKLOAD_TYPES, key: key.thumbprint, now: clock() },
      ...refusalsFor(name),
    });
    accept(service, proof);
    return proof;
  }

  const sessionOf = ({ id, title, name, proof, key, first, until, renewable }: Working): Session => ({
    id,
    principal: {
      issuer: proof.issuer,
      subject: proof.subject,
      name: title,
      groups: [],
      verified: true,
      device: key.thumbprint,
      authenticatedAt: new Date(first.issuedAt).toISOString(),
      service: { name },
    },
    // Where the source has newer tokens, their ends are looked at as the refresh of a person's login is: by `ensureLive`.
    expiresAt: new Date(renewable ? until : Math.min(until, proof.expiresAt)).toISOString(),
  });

  function find({ id }: Pick<Session, 'id'>): Working {
    const found = working.get(id);
    if (found !== undefined) return found;
    throw new CountersignError('session-ended', 'The session of this service is over.', {
      next: 'Start the command again; it signs in anew.',
    });
  }

  /** Ends a session once, whoever finds that it is over. */
  function end(found: Working, kind: 'expired' | 'revoked', error: CountersignError): never {
    if (working.delete(found.id)) onEvent({ kind, session: sessionOf(found) });
    throw error;
  }

  /** What policy, revocations and clock say of a session now. */
  function standing(found: Working): Working {
    const { name, proof, startedAt } = found;
    let service: KnownService;
    try {
      service = known(name);
      wayIn(service, ports.sources, ports.provider);
      accept(service, proof);
    } catch (error) {
      if (error instanceof CountersignError) return end(found, 'revoked', error);
      throw error;
    }
    found.title = service.title;
    // An administrator who lowers the minutes shortens what runs; one who raises them lengthens nothing.
    found.until = Math.min(found.until, startedAt + service.maxMinutes * 60_000);
    const now = clock();
    if (now >= found.until) end(found, 'expired', expired(name, 'the policy gives it no longer'));
    if (now < startedAt - CLOCK_TOLERANCE_SECONDS * 1000)
      end(found, 'expired', expired(name, "this machine's clock is before its beginning"));
    return found;
  }

  function renew(found: Working): Promise<void> {
    found.renewing ??= (async () => {
      try {
        found.triedAt = clock();
        const proof = await prove(found.name, found.key);
        if (proof.issuer !== found.first.issuer || proof.subject !== found.first.subject)
          end(found, 'revoked', tokenRefused(found.name, 'the new one is of somebody else'));
        const renewed = proof.expiresAt > found.proof.expiresAt;
        found.proof = proof;
        if (renewed && working.has(found.id)) onEvent({ kind: 'revalidated', session: sessionOf(found) });
      } catch (error) {
        if (!(error instanceof CountersignError)) throw error;
        if (!UNREACHABLE.has(error.code)) end(found, clock() < found.proof.expiresAt ? 'revoked' : 'expired', error);
        onEvent({ kind: 'provider-unreachable', session: sessionOf(found) });
      }
    })().finally(() => (found.renewing = undefined));
    return found.renewing;
  }

  async function ensureLive(session: Pick<Session, 'id'>): Promise<Session> {
    const found = standing(find(session));
    const { proof, triedAt } = found;
    if (clock() >= proof.expiresAt - RENEW_BEFORE_MS && clock() >= triedAt + RETRY_AFTER_MS) await renew(found);
    if (clock() >= found.proof.expiresAt)
      end(found, 'expired', expired(found.name, 'its token has expired, and there is no newer one'));
    return sessionOf(found);
  }

  return {
    isServices: ({ id }) => isServiceSession(id),
    ensureLive,
    mayNot: serviceMayNot,

    async signIn(name, signal) {
      const { title, maxMinutes, known: way } = known(name);
      const method = way.by === 'client' ? 'client-credentials' : 'workload-token';
      const key = await createSessionKey();
      const proof = await prove(name, key);
      const renewable = ports.sources.get(name)?.kind !== 'environment';
      signal?.throwIfAborted();
      const now = clock();
      const begun: Working = {
        ...{ id: newSessionId(), name, method, key, title, startedAt: now, first: proof, proof, renewable },
        ...{ until: now + maxMinutes * 60_000, renewing: undefined, triedAt: now },
      };
      working.set(begun.id, begun);
      const session = sessionOf(begun);
      onEvent({ kind: 'signed-in', session, method, bound: proof.bound });
      return session;
    },

    async confirm(session) {
      const found = standing(find(session));
      await renew(found);
      await ensureLive(session);
    },

    signerOf({ id }) {
      const found = working.get(id);
      if (found === undefined) return undefined;
      const { method, key, first, until } = found;
      const { thumbprint, publicKey, sign } = key;
      return { method, thumbprint, publicKey, sign, token: first.token, until: new Date(until).toISOString() };
    },

    signOut(session) {
      const found = working.get(session.id);
      if (found === undefined || !working.delete(found.id)) return;
      onEvent({ kind: 'signed-out', session: sessionOf(found) });
    },
  };
}

/** Nobody was there to ask: neither yes nor no. */
const UNREACHABLE: ReadonlySet<string> = new Set(['service-unreachable', 'identity-unreachable']);
