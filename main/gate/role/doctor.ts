/**
 * `countersign connections doctor`: connects as a connection says and looks whether everything that the gate rests on is
 * there. Each finding says what it is, whether sessions are refused for it, and what mends it.
 */
import { type PostgresSession } from '../../databases/postgres/session.ts';
import { CountersignError } from '../../errors.ts';
import { type Connection } from '../../profile/types.ts';
import { type DescribedSecondLineage } from './described-second-lineage.ts';
import { identifier } from '../../profile/role-sql.ts';
import { type KnownRole } from './roles.ts';
import { BUILTIN_MAJORS, isReviewedMajor } from '../understand/postgres/builtins.ts';

/** `refuses`: nobody can work through the connection. `weak`: it works, with less protection than it could have. */
export type Level = 'good' | 'weak' | 'refuses';

export interface Finding {
  /** Stable: `reachable`, `tls`, `version`, `role`, the code of a weakness, `pooler` ... */
  readonly code: string;
  readonly level: Level;
  readonly sentence: string;
  /** What to do: SQL, or a line of connections.yaml. */
  readonly mend: readonly string[];
}

export interface Examination {
  readonly connection: string;
  readonly findings: readonly Finding[];
  /** Undefined where the role could not be looked at. */
  readonly secondLineage: DescribedSecondLineage | undefined;
}

export interface ExaminePorts {
  readonly connection: Connection;
  /** A connection of its own each time. */
  readonly connect: () => Promise<PostgresSession>;
  readonly look: (upstream: PostgresSession) => Promise<KnownRole>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Seconds that the server's clock may be off before times in the two records are hard to put side by side. */
const CLOCK_TOLERANCE = 5;

/** Never throws for what a server can do wrong: that is a finding. */
export async function examine(ports: ExaminePorts): Promise<Examination> {
  const { connection } = ports;
  const findings: Finding[] = [];
  const examination = (secondLineage?: DescribedSecondLineage): Examination => ({
    connection: connection.name,
    findings,
    secondLineage,
  });
  const sessions: PostgresSession[] = [];
  const connect = async (): Promise<PostgresSession> => {
    const session = await ports.connect();
    sessions.push(session);
    return session;
  };
  try {
    const started = ports.now();
    const session = await connect();
    findings.push(
      good(
        'reachable',
        `${connection.host}:${String(connection.port)} answers and lets ${connection.user} in (${String(Math.round(ports.now() - started))} ms).`,
      ),
      tls(connection, session.encrypted),
    );
    const role = await ports.look(session);
    findings.push(
      version(session.serverVersion, role.facts.serverMajor),
      ...roleFindings(role),
      ...(await searchPath(connection, session)),
      catalogs(role),
      pooler(await backends(session, await connect())),
      ...settings(role),
      secondLineage(role.secondLineage),
      good('extensions', 'No extension is needed on the server.'),
      await clock(session, ports.now),
    );
    return examination(role.secondLineage);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    findings.push({
      code: error.code,
      level: 'refuses',
      sentence: error.message,
      mend: error.next === undefined ? [] : [error.next],
    });
    return examination();
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

export const refuses = ({ findings }: Examination): boolean => findings.some(({ level }) => level === 'refuses');

const good = (code: string, sentence: string): Finding => ({ code, level: 'good', sentence, mend: [] });
const weak = (code: string, sentence: string, mend: readonly string[] = []): Finding => ({
  code,
  level: 'weak',
  sentence,
  mend,
});

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

function tls({ tls: mode, host, ca }: Connection, encrypted: boolean): Finding {
  if (LOOPBACK.test(host)) return good('tls', 'The server is on this machine; nothing leaves it.');
  if (!encrypted)
    return weak('tls', `Nothing between here and ${host} is encrypted.`, ['tls: verify-full # in connections.yaml']);
  if (mode === 'verify-full' || (mode === 'require' && ca !== undefined))
    return good('tls', `Encrypted, and ${host} proved its identity.`);
  return weak('tls', `Encrypted, but anybody in between can pretend to be ${host}: its certificate is not checked.`, [
    'tls: verify-full # in connections.yaml',
  ]);
}

function version(text: string, major: number): Finding {
  const [oldest, newest] = BUILTIN_MAJORS;
  if (isReviewedMajor(major)) return good('version', `PostgreSQL ${text} is supported.`);
  return weak(
    'version',
    `PostgreSQL ${text} is not among the versions whose functions were reviewed (${String(oldest)} to ${String(newest)}): what it has of its own is refused.`,
  );
}

function roleFindings({ facts, weaknesses }: KnownRole): readonly Finding[] {
  if (weaknesses.length === 0) return [good('role', `The role ${facts.role} can do nothing that it does not need.`)];
  return weaknesses.map(({ code, severity, accepted, sentence, mend }) => ({
    code,
    level: severity === 'refused' && !accepted ? 'refuses' : 'weak',
    sentence: accepted ? `${sentence} The connection accepts it.` : sentence,
    mend,
  }));
}

async function searchPath(
  { searchPath: wanted, user }: Connection,
  session: PostgresSession,
): Promise<readonly Finding[]> {
  const rows = await session.query('SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))');
  const searched = new Set(rows.map(([name]) => name));
  const missing = wanted.filter((schema) => !searched.has(schema));
  if (missing.length === 0)
    return [good('search-path', `The role may use every schema of its search path (${wanted.join(', ')}).`)];
  return [
    weak(
      'search-path',
      `The search path names ${missing.join(', ')}, which is not there or which ${user} may not use.`,
      missing.map((schema) => `GRANT USAGE ON SCHEMA ${identifier(schema)} TO ${identifier(user)};`),
    ),
  ];
}

function catalogs({ facts }: KnownRole): Finding {
  if (facts.unreadable.length === 0)
    return good('catalogs', 'The catalogs that lineage and masks are made from can be read.');
  const names = facts.unreadable.map((name) => `pg_catalog.${identifier(name)}`).join(', ');
  return {
    code: 'catalogs',
    level: 'refuses',
    sentence: `The role ${facts.role} may not read ${facts.unreadable.join(', ')}, which lineage and masks are made from.`,
    mend: [`GRANT SELECT ON ${names} TO ${identifier(facts.role)};`],
  };
}

/** Process ids of the server as two connections that are open at once see them, transaction after transaction. */
export interface Backends {
  /** BackendKeyData: what a cancel request names. */
  readonly announced: readonly [number, number];
  readonly first: readonly number[];
  readonly second: readonly number[];
}

const ROUNDS = 4;

async function backends(one: PostgresSession, other: PostgresSession): Promise<Backends> {
  const pidOf = async (session: PostgresSession): Promise<number> =>
    Number((await session.query('SELECT pg_catalog.pg_backend_pid()'))[0]?.[0]);
  const first: number[] = [];
  const second: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    first.push(await pidOf(one));
    second.push(await pidOf(other));
  }
  return { announced: [one.processId, other.processId], first, second };
}

/** A pooler that gives out a server process per transaction separates what is decided from what runs. */
export function pooler({ announced, first, second }: Backends): Finding {
  const changing = new Set(first).size > 1 || new Set(second).size > 1;
  const shared = first.some((pid) => second.includes(pid));
  const mend = ['host: and port: of the server itself # in connections.yaml, or pool_mode = session in PgBouncer'];
  if (changing || shared) {
    return {
      code: 'pooler',
      level: 'refuses',
      sentence:
        'A pooler gives each transaction another server process: settings and locks of one are not there in the next.',
      mend,
    };
  }
  if (first[0] !== announced[0] || second[0] !== announced[1]) {
    return {
      code: 'pooler',
      level: 'refuses',
      sentence:
        'A pooler stands before the server and announces process ids of its own: what runs cannot be told from what was decided on.',
      mend,
    };
  }
  return good('pooler', 'No pooler is in between: one connection is one server process.');
}

function settings({ facts: { role, settings: found } }: KnownRole): readonly Finding[] {
  const alter = (name: string, value: string): readonly string[] => [
    `ALTER ROLE ${identifier(role)} SET ${name} = '${value}';`,
  ];
  return [
    found.tempFileLimit === '-1'
      ? weak(
          'temp-file-limit',
          'One statement may fill the disk of the server with temporary files.',
          alter('temp_file_limit', '1GB'),
        )
      : good('temp-file-limit', `A statement writes at most ${found.tempFileLimit} of temporary files.`),
    found.statementTimeout === '0'
      ? weak(
          'statement-timeout',
          'The server itself sets no time limit; only the gate ends statements that take too long.',
          alter('statement_timeout', '15min'),
        )
      : good('statement-timeout', `The server ends a statement after ${found.statementTimeout}, should the gate not.`),
  ];
}

/** What somebody chose, or nobody can have, is nothing to mend. */
function secondLineage({ sentence, mend }: DescribedSecondLineage): Finding {
  const text = `Second lineage: ${sentence}`;
  return mend.length === 0 ? good('second-lineage', text) : weak('second-lineage', text, mend);
}

async function clock(session: PostgresSession, now: () => number): Promise<Finding> {
  const before = now();
  const [row] = await session.query('SELECT pg_catalog.date_part($1, pg_catalog.clock_timestamp())', ['epoch']);
  const after = now();
  const server = Number(row?.[0]) * 1000;
  // The server read its clock at some moment in between.
  const off = Math.max(0, before - server, server - after) / 1000;
  if (off <= CLOCK_TOLERANCE) return good('clock', 'The clocks of the server and of this machine agree.');
  return weak(
    'clock',
    `The clocks of the server and of this machine are ${Math.round(off).toLocaleString('en')} seconds apart.`,
    ['Let both machines use NTP.'],
  );
}
