import { CountersignError } from '../errors.ts';
import { type Identity } from '../identity/index.ts';
import { type Session, type SessionId } from '../identity/principal.ts';
import { type SessionEndCode } from './running.ts';

export interface LivenessPorts {
  /** Logins that have something running or a connection open. */
  sessionsInUse(): readonly Session[];
  /** Throws where the login counts no more by what is known here: it was ended in another process, or revoked by a file. */
  readonly stands: (session: Session) => Promise<void>;
  /** Asks whoever vouches for the login whether it still stands; throws where not. */
  readonly confirm: Identity['confirm'];
  end(session: Session, code: SessionEndCode, why: string): Promise<void>;
  /** Seconds between two questions about one login (organisation.yaml, session.checkSeconds); asked each time. */
  checkSeconds(): number;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Liveness {
  /** Looks once, as the clock does every second; resolves when everything it has begun is done. */
  look(): Promise<void>;
  close(): void;
}

/** Milliseconds: a login that has ended stops what it runs within this, and within `checkSeconds` where only its provider knows. */
const EVERY = 1_000;

/**
 * Watches logins while nobody asks anything of them: what runs for minutes, and connections that stay open, end with the
 * login. One question about a login is under way at a time, however slow its provider is.
 */
export function watchLiveness(ports: LivenessPorts): Liveness {
  /** When each was asked about last. */
  const asked = new Map<SessionId, number>();
  const asking = new Set<SessionId>();

  async function lookAt(session: Session): Promise<void> {
    const now = ports.now();
    if (Date.parse(session.expiresAt) <= now) return ports.end(session, 'session-expired', 'expired');
    try {
      await ports.stands(session);
    } catch (error) {
      return over(session, error);
    }
    const before = asked.get(session.id) ?? now;
    if (!asked.has(session.id)) asked.set(session.id, now);
    // A clock that was set back makes nobody wait.
    if (asking.has(session.id) || (before <= now && now - before < ports.checkSeconds() * 1000)) return;
    asked.set(session.id, now);
    asking.add(session.id);
    try {
      await ports.confirm(session);
    } catch (error) {
      await over(session, error);
    } finally {
      asking.delete(session.id);
    }
  }

  async function over(session: Session, error: unknown): Promise<void> {
    const expired = error instanceof CountersignError && error.code === 'session-expired';
    await ports.end(session, expired ? 'session-expired' : 'session-revoked', expired ? 'expired' : 'revoked');
  }

  async function look(): Promise<void> {
    const sessions = ports.sessionsInUse();
    const inUse = new Set(sessions.map(({ id }) => id));
    for (const id of asked.keys()) if (!inUse.has(id)) asked.delete(id);
    await Promise.all(sessions.map(lookAt));
  }

  const timer = setInterval(() => void look().catch(() => undefined), EVERY);
  timer.unref();
  return { look, close: () => clearInterval(timer) };
}
