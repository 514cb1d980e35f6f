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
  const looking = new Set<SessionId>();
  const asking = new Set<SessionId>();

  async function lookAt(session: Session): Promise<void> {
    const now = ports.now();
    if (Date.parse(session.expiresAt) <= now) return ports.end(session, 'session-expired', 'expired');
    // What is known here takes effect, however long the provider takes to answer.
    await Promise.all([
      once(looking, session, () => ports.stands(session)),
      ...(isDue(session, now) ? [once(asking, session, () => ports.confirm(session))] : []),
    ]);
  }

  /** One such question about a login at a time; where the answer is no, or there is none, it ends. */
  async function once(underWay: Set<SessionId>, session: Session, ask: () => Promise<void>): Promise<void> {
    if (underWay.has(session.id)) return;
    underWay.add(session.id);
    try {
      await ask();
    } catch (error) {
      const expired = error instanceof CountersignError && error.code === 'session-expired';
      await ports.end(session, expired ? 'session-expired' : 'session-revoked', expired ? 'expired' : 'revoked');
    } finally {
      underWay.delete(session.id);
    }
  }

  function isDue({ id }: Session, now: number): boolean {
    const before = asked.get(id);
    if (before === undefined) asked.set(id, now);
    // A clock that was set back makes nobody wait.
    if (before === undefined || (before <= now && now - before < ports.checkSeconds() * 1000)) return false;
    asked.set(id, now);
    return true;
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
