import { type AuditLog } from '../audit/index.ts';
import { type KeyBinding } from '../audit/events.ts';
import { CountersignError } from '../errors.ts';
import { type DeviceSigner, type Identity, type IdentityEvent, type ServiceSigner } from '../identity/index.ts';
import { type Principal, type Session, type SessionId } from '../identity/principal.ts';
import { actorOf } from './record.ts';
import { serviceBindingOf } from './record-service.ts';
import { type SessionEndCode } from './running.ts';

/**
 * The proof, in the log that this process writes, of who a login is: the identity provider's signature over the device key,
 * the device key's over the login (a PK token), and over each working session. Once for each log, because each is judged by
 * itself.
 */
export interface LoginBindings {
  /** Index of the login's `key.bind` leaf, durable when this resolves; undefined where no device key is bound. */
  bind(session: Session): Promise<number | undefined>;
  /** The device key's signature over this log and the working session: the key was at hand when it began. */
  prove(session: Session, workingSession: string): Promise<string | undefined>;
  /** From here on the login's key counts no more; nothing where this log does not know it. */
  revoke(session: Session, reason: string): Promise<void>;
}

interface BoundKey {
  readonly log: string;
  readonly device: string | undefined;
  readonly index: Promise<number | undefined>;
}

/** `typ` of what the device key signs when a working session begins. */
const PROOF_TYPE = 'countersign-session';

export function createLoginBindings(
  audit: Pick<AuditLog, 'id' | 'append'>,
  identity: Partial<Pick<Identity, 'deviceSigner' | 'serviceSigner'>>,
): LoginBindings {
  /** Of each login in the log of this process: the key it has now last, before it those that it had before a step-up. */
  const bound = new Map<SessionId, readonly BoundKey[]>();
  async function signerOf(session: Session): Promise<DeviceSigner | ServiceSigner | undefined> {
    const { device, service } = session.principal;
    if (device === undefined) return undefined;
    const signer = await (service === undefined ? identity.deviceSigner?.(session) : identity.serviceSigner?.(session));
    if (signer === undefined || signer.thumbprint === device) return signer;
    // Between looking at the login and now it got another key; what is recorded must name one and the same.
    throw new CountersignError('session-changed', 'Your sign-in was confirmed anew at this very moment.', {
      next: 'Do it again.',
    });
  }

  async function record(session: Session, log: string): Promise<number | undefined> {
    const signer = await signerOf(session);
    if (signer === undefined) return undefined;
    const bind = 'pkToken' in signer ? bindingOf(session, signer) : serviceBindingOf(session, signer);
    const { index } = await audit.append({ k: 'key.bind', actor: actorOf(session), bind }, log);
    return index;
  }

  function bind(session: Session): Promise<number | undefined> {
    const log = audit.id;
    const { device } = session.principal;
    const keys = (bound.get(session.id) ?? []).filter((key) => key.log === log);
    const known = keys.find((key) => key.device === device);
    if (known !== undefined) return known.index;
    const index = record(session, log);
    bound.set(session.id, [...keys, { log, device, index }]);
    index.catch(() => {
      const others = (bound.get(session.id) ?? []).filter((key) => key.index !== index);
      bound.set(session.id, others);
    });
    return index;
  }

  return {
    bind,
    async prove(session, workingSession) {
      const signer = await signerOf(session);
      const payload = Buffer.from(JSON.stringify({ log: audit.id, s: workingSession }));
      const signed = await signer?.sign(payload, PROOF_TYPE);
      return signed && `${signed.protected}..${signed.signature}`;
    },
    async revoke(session, reason) {
      const keys = bound.get(session.id) ?? [];
      bound.delete(session.id);
      const { issuer, subject, agent } = session.principal;
      // An agent's session has the key of the person it acts for, which does not end with it.
      if (agent !== undefined) return;
      for (const { log, device, index: binding } of keys) {
        const index = await binding.catch(() => undefined);
        if (index === undefined || log !== audit.id || device === undefined) continue;
        const actor = actorOf(session, index);
        const key = { alg: ALGORITHM, thumbprint: device, iss: issuer, sub: subject };
        await audit.append({ k: 'key.revoke', actor, bind: key, why: { reason } }, log);
      }
    },
  };
}

/** Of the device key. */
const ALGORITHM = 'EdDSA';

function bindingOf(
  { principal, expiresAt }: Session,
  { thumbprint, pkToken, issuerKeys, until = expiresAt }: DeviceSigner,
): KeyBinding {
  const [byIssuer] = pkToken.signatures;
  const claims = parsed(pkToken.payload);
  const { kid } = parsed(byIssuer.protected);
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const seconds = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
  // Of an archive that grows for years only the keys that can have signed this token.
  const keys = issuerKeys.keys.filter((key) => kid === undefined || key.kid === undefined || key.kid === kid);
  const told = {
    aud: text(claims.azp) ?? text(Array.isArray(claims.aud) ? claims.aud[0] : claims.aud),
    nonce: text(claims.nonce),
    iat: seconds(claims.iat),
    exp: seconds(claims.exp),
    acr: text(claims.acr),
    amr: principal.amr,
  };
  return {
    alg: ALGORITHM,
    thumbprint,
    iss: principal.issuer,
    sub: principal.subject,
    ...(Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as Partial<KeyBinding>),
    until: Math.floor(Date.parse(until) / 1000),
    token: { text: JSON.stringify(pkToken) },
    jwks: { text: JSON.stringify({ keys }) },
  };
}

/** JSON in base64url of a token that was verified when the person signed in. */
function parsed(part: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}

const strengthOf = ({ acr, amr }: Principal): { readonly acr?: string; readonly amr?: readonly string[] } => ({
  ...(acr === undefined ? {} : { acr }),
  ...(amr === undefined ? {} : { amr }),
});

/** What ends here with a login. */
export interface Ends {
  endSession(session: Session, code: SessionEndCode, why: string): Promise<void>;
  endWhere(which: (session: Session) => boolean, why: string): Promise<void>;
}

/** Records what happens to logins, and lets nothing outlive one that has ended. */
export async function recordIdentity(
  audit: Pick<AuditLog, 'append'>,
  bindings: LoginBindings,
  event: IdentityEvent,
  { endSession, endWhere }: Ends,
): Promise<void> {
  const { session } = event;
  const { principal } = session;
  switch (event.kind) {
    case 'signed-in':
    case 'stepped-up': {
      // The proof first: what follows names it.
      const bind = await bindings.bind(session);
      const auth = {
        method: event.kind === 'stepped-up' ? `step-up ${event.method}` : event.method,
        ...strengthOf(principal),
      };
      await audit.append({ k: 'auth.ok', actor: actorOf(session, bind), auth });
      return;
    }
    case 'revalidated': {
      const auth = { method: 'refresh', ...strengthOf(principal) };
      await audit.append({ k: 'auth.refresh', actor: actorOf(session, await bindings.bind(session)), auth });
      return;
    }
    case 'revoked':
    case 'expired': {
      const code = `session-${event.kind}` as const;
      // First what takes effect: it does not wait for room on a disk.
      await endSession(session, code, event.kind);
      await bindings.revoke(session, event.kind);
      await audit.append({ k: 'auth.failed', auth: { method: 'session', iss: principal.issuer, code } });
      return;
    }
    case 'signed-out':
      await endSession(session, 'session-ended', 'signed out');
      await bindings.revoke(session, 'signed-out');
      return;
    case 'token-issued': {
      const { id, agent, expiresAt, connections } = event.token;
      const until = Math.floor(Date.parse(expiresAt) / 1000);
      const token = { id, agent, until, ...(connections === undefined ? {} : { connections }) };
      await audit.append({ k: 'token.issue', actor: actorOf(session, await bindings.bind(session)), token });
      return;
    }
    case 'token-stopped': {
      const { id, agent } = event.token;
      await endWhere((other) => other.principal.agent?.token === id, 'token stopped');
      const actor = actorOf(session, await bindings.bind(session));
      await audit.append({ k: 'token.end', actor, token: { id, agent }, why: { reason: 'stopped' } });
      return;
    }
    case 'provider-unreachable':
      return;
  }
}
