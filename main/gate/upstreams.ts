import { connectPostgres, type PostgresSession } from '../databases/postgres/session.ts';
import { type PostgresTarget } from '../databases/postgres/target.ts';
import { CountersignError } from '../errors.ts';
import { type Session, type SessionId } from '../identity/principal.ts';
import { type Connection } from '../profile/types.ts';

/**
 * Upstream connections, each of exactly one login to one database. A statement has its connection to itself and leaves
 * nothing behind on it (its transaction is ended by the gate and everything that would outlive one is refused), so the
 * next statement of the same login may have it; another login never gets it.
 */
export interface Upstreams {
  /** Runs `work` on a connection of this login. @throws CountersignError as connectPostgres does, or `too-many-statements` */
  use<T>(
    session: Session,
    connection: Connection,
    signal: AbortSignal,
    work: (upstream: PostgresSession) => Promise<T>,
  ): Promise<T>;
  /** Whether a connection of this login to `connection` is open. */
  isOpen(session: SessionId, connection: string): boolean;
  /** Whether any connection of this login is open. */
  has(session: SessionId): boolean;
  /** Closes what a login has open, running statements included. */
  closeSession(session: SessionId): Promise<void>;
  close(): Promise<void>;
}

export interface UpstreamEvents {
  /** Asked before anything runs on the connection; where it throws, nothing does. */
  opened(session: Session, connection: Connection, upstream: PostgresSession): Promise<void>;
  closed(session: Session, connection: Connection, why: string): Promise<void>;
}

/** Statements one login may have running on one connection at the same time. */
const MAX_RUNNING = 4;
/** Milliseconds an unused upstream connection is kept. */
const IDLE = 5 * 60_000;

interface Pooled {
  readonly session: Session;
  readonly connection: Connection;
  readonly upstream: PostgresSession;
  busy: boolean;
  idleTimer: NodeJS.Timeout | undefined;
}

/** What connecting needs beyond the connection's own words: its secret, and the file it names. */
type Fetch = (connection: Connection) => Promise<string | undefined>;

export function createUpstreams(passwordOf: Fetch, authorityOf: Fetch, events: UpstreamEvents): Upstreams {
  const pools = new Map<string, Set<Pooled>>();
  const opening = new Map<string, number>();
  /** Being closed: two that end a login at once both wait until it is recorded, and neither ends the working session before. */
  const dropping = new Map<Pooled, Promise<void>>();
  /** How often a login has been closed: what was being opened for it meanwhile is not used. */
  const closings = new Map<SessionId, number>();
  const keyOf = (session: SessionId, connection: string): string => `${session}\n${connection}`;

  async function take(session: Session, connection: Connection, signal: AbortSignal): Promise<Pooled> {
    const key = keyOf(session.id, connection.name);
    const pool = pools.get(key) ?? new Set();
    pools.set(key, pool);
    for (const pooled of pool) {
      if (pooled.busy) continue;
      clearTimeout(pooled.idleTimer);
      if (!pooled.upstream.usable || !sameTarget(pooled.connection, connection)) {
        await drop(pooled, 'lost');
        continue;
      }
      pooled.busy = true;
      return pooled;
    }
    const waiting = opening.get(key) ?? 0;
    if (pool.size + waiting >= MAX_RUNNING) {
      throw new CountersignError(
        'too-many-statements',
        `${String(MAX_RUNNING)} statements of yours are already running on ${connection.title}.`,
        {
          next: 'Wait for one to end, or cancel one.',
        },
      );
    }
    opening.set(key, waiting + 1);
    const closing = closings.get(session.id);
    const stands = (): void => {
      if (closings.get(session.id) === closing) return;
      throw new CountersignError('session-ended', 'The login ended while its connection was being opened.', {
        next: 'Sign in again.',
      });
    };
    try {
      const upstream = await connectPostgres(
        targetOf(connection, session, await passwordOf(connection), await authorityOf(connection)),
        signal,
      );
      const pooled: Pooled = { session, connection, upstream, busy: true, idleTimer: undefined };
      pool.add(pooled);
      // Not recorded, not used.
      await opened(pooled, stands).catch(async (error: unknown) => {
        await drop(pooled, error instanceof CountersignError ? error.code : 'not recorded');
        throw error;
      });
      return pooled;
    } finally {
      opening.set(key, (opening.get(key) ?? 1) - 1);
    }
  }

  async function opened({ session, connection, upstream }: Pooled, stands: () => void): Promise<void> {
    stands();
    await events.opened(session, connection, upstream);
    stands();
  }

  async function drop(pooled: Pooled, why: string): Promise<void> {
    clearTimeout(pooled.idleTimer);
    const pool = pools.get(keyOf(pooled.session.id, pooled.connection.name));
    if (pool?.delete(pooled) === true) {
      const dropped = closed(pooled, why).finally(() => dropping.delete(pooled));
      dropping.set(pooled, dropped);
    }
    await dropping.get(pooled);
  }

  async function closed(pooled: Pooled, why: string): Promise<void> {
    await pooled.upstream.close();
    // Closed whether or not that can still be recorded: the end of the working session says it too.
    await events.closed(pooled.session, pooled.connection, why).catch(() => undefined);
  }

  function giveBack(pooled: Pooled): Promise<void> {
    pooled.busy = false;
    if (!pooled.upstream.usable) return drop(pooled, 'lost');
    pooled.idleTimer = setTimeout(() => void drop(pooled, 'idle').catch(() => undefined), IDLE);
    pooled.idleTimer.unref();
    return Promise.resolve();
  }

  const all = (): Pooled[] => [...pools.values()].flatMap((pool) => [...pool]);
  const notYetClosed = (): Pooled[] => [...all(), ...dropping.keys()];

  return {
    async use(session, connection, signal, work) {
      const pooled = await take(session, connection, signal);
      try {
        return await work(pooled.upstream);
      } finally {
        await giveBack(pooled);
      }
    },
    isOpen: (session, connection) =>
      [...(pools.get(keyOf(session, connection)) ?? [])].some((pooled) => pooled.upstream.usable),
    has: (session) => all().some((pooled) => pooled.session.id === session),
    async closeSession(session) {
      closings.set(session, (closings.get(session) ?? 0) + 1);
      await Promise.all(
        notYetClosed().flatMap((pooled) => (pooled.session.id === session ? [drop(pooled, 'session ended')] : [])),
      );
    },
    async close() {
      await Promise.all(notYetClosed().map((pooled) => drop(pooled, 'closed')));
    },
  };
}

/** A connection whose definition was edited must not go on under the old one. */
function sameTarget(a: Connection, b: Connection): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Where and as whom a connection goes, for one login. */
export function targetOf(
  connection: Connection,
  session: Session,
  password: string | undefined,
  ca: string | undefined,
): PostgresTarget {
  const { host, port, database, user, tls, searchPath } = connection;
  return {
    host,
    port,
    database,
    user,
    tls,
    searchPath,
    applicationName: applicationName(session.principal),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(connection.secondLineage === undefined ? {} : { secondLineage: connection.secondLineage }),
  };
}

/** What the server shows of who is at work: it keeps 63 bytes (NAMEDATALEN), so what tells one from another stands first. */
function applicationName({ email, name, agent, service }: Session['principal']): string {
  if (service !== undefined) return `countersign service:${service.name}`;
  const acting = agent === undefined ? '' : `agent:${agent.id} `;
  return `countersign ${acting}${email ?? name}`;
}
