import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asSuperuser, startTemporary, type TemporaryServer } from '../../../databases/embedded/index.ts';
import { type ServerAtHand } from '../../../databases/embedded/testing/installed.ts';
import { connectPostgres } from '../../../databases/postgres/session.ts';
import { type Installation, openInstallation } from '../../../installation.ts';
import { type Session } from '../../../identity/principal.ts';
import { type SecondLineage } from '../../../profile/types.ts';
import { type GateRequest, type Judgement } from '../../request.ts';

/**
 * Two databases that differ in nothing but the values of masked columns, behind one installation. Whoever may not see
 * those values must not be able to tell the two apart: what an asker gets of one is what an asker gets of the other.
 */
export interface Twins {
  readonly home: string;
  readonly installation: Installation;
  readonly session: Session;
  readonly server: TemporaryServer;
  /** Password of the database role: must be found nowhere but in the file that holds it. */
  readonly password: string;
  /** Runs one statement as the doors do and gives all of it that an asker can see. */
  run(twin: Twin, text: string, params?: readonly string[]): Promise<Visible>;
  /** Lines that differ where anything stored in the twin's tables, sequences, large objects or settings differs. */
  contents(twin: Twin): Promise<readonly string[]>;
  close(): Promise<void>;
}

const TWINS = ['a', 'b'] as const;
export type Twin = (typeof TWINS)[number];

/** All that comes out of one run, on every channel. */
export interface Visible {
  readonly verdict: 'allow' | 'masked' | 'refuse';
  /** Codes of the reasons of a refusal. */
  readonly because: readonly string[];
  /** May give something else at another time: clocks and random numbers. */
  readonly changing: boolean;
  /** True where it was permitted and the server, or what came after it, ended it with an error. */
  readonly failed: boolean;
  readonly output: {
    readonly reasons: readonly string[];
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | null)[])[];
    readonly notices: readonly string[];
    readonly ending: readonly unknown[];
  };
}

/** Rows of one statement that are compared; a longer result is cut by policy, on both twins alike. */
const ROWS = 5_000;

const POLICY = `version: 1
rules:
  - { id: analysts-read, allow: read }
  - { id: masked, require: { mask: { pii: redact } } }
  - { id: bounds, require: { limits: { rows: ${String(ROWS)}, bytes: 4 MiB, seconds: 20 } } }
`;

/** Every column that a salt reaches, apart from the generated ones: whoever may not see the source may not see those. */
const CLASSIFICATION = `version: 1
detect: off
classes:
  email: { group: pii, masker: redact, title: e-mail address }
  ssn: { group: pii, masker: redact, title: social security number }
columns:
  - classes:
      public.customers.email: email
      public.customers.ssn: ssn
      public.cust_part.ssn: ssn
${[
  ...'ssn born pay tags doc span words flag'.split(' ').map((name) => `people.${name}`),
  'by_ssn.ssn',
  'by_city.ssn',
  'leases.tenant',
]
  .map((column) => `      public.${column}: ssn\n`)
  .join('')}`;

const PASSWORD = 'canary-of-the-database-role';

/**
 * The statements of attack-schema.sql that a server of the version understands: a section, and those of its name with the
 * version since which a server does. `salt` decides every value that is to be masked.
 */
function attackSchema(section: 'schema' | 'data', major: number, salt = ''): readonly string[] {
  const text = readFileSync(new URL('../attack-schema.sql', import.meta.url), 'utf8');
  const [, ...parts] = text.split(/^-- @(\w+)$/m);
  const bodies = parts.filter((_, at) => {
    const [name, since = 0] = (parts[at - 1] ?? '').split('_');
    return at % 2 === 1 && name === section && Number(since) <= major;
  });
  const sql = bodies.join('').replaceAll(":'salt'", `'${salt.replaceAll("'", "''")}'`);
  return sql.split(/;\n/).filter((statement) => statement.trim() !== '');
}

export const databaseOf = (twin: Twin): string => `attack_${twin}`;
const saltOf = (twin: Twin): string => `salt of ${twin}`;

export async function startTwins(
  more: readonly string[] = [],
  { major, start }: Pick<ServerAtHand, 'major' | 'start'> = { major: 18, start: startTemporary },
): Promise<Twins> {
  const home = await mkdtemp(join(tmpdir(), 'countersign-twins-'));
  const server = await start();
  let installation: Installation | undefined;
  const close = async (): Promise<void> => {
    await installation?.close();
    await server.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await fill(server, major, more);
    await writeProfile(home, server);
    installation = await openInstallation(home, 'cli');
    const session = await installation.identity.restore({});
    if (session === undefined) throw new Error('a local profile is always signed in');
    const { gate } = installation;
    return {
      home,
      installation,
      session,
      server,
      password: PASSWORD,
      run: (twin, text, params = []) =>
        visible(gate, { session, connection: `twin-${twin}`, text, params, origin: 'cli' }),
      contents: (twin) => contents(server, twin),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One database is made and copied while empty, so that object identifiers agree; then each copy gets its values. */
async function fill(server: TemporaryServer, major: number, more: readonly string[]): Promise<void> {
  await asSuperuser(server, 'postgres', async (query) => {
    await query(`CREATE ROLE analyst LOGIN PASSWORD '${PASSWORD}'`);
    // Workers return rows in the order in which they happen to run.
    await query('ALTER ROLE analyst SET max_parallel_workers_per_gather = 0');
    // What a role brings along must not decide how a text is read.
    await query('ALTER ROLE analyst SET standard_conforming_strings = off');
    await query('ALTER ROLE analyst SET search_path = shadow, public');
    await query("ALTER ROLE analyst SET log_min_messages = 'fatal'");
    await query('CREATE DATABASE attack_empty');
  });
  await asSuperuser(server, 'attack_empty', async (query) => {
    for (const statement of [...attackSchema('schema', major), ...more]) await query(statement);
  });
  await asSuperuser(server, 'postgres', async (query) => {
    for (const twin of TWINS) await query(`CREATE DATABASE ${databaseOf(twin)} TEMPLATE attack_empty`);
  });
  for (const twin of TWINS) {
    await asSuperuser(server, databaseOf(twin), async (query) => {
      await query(`GRANT TEMP ON DATABASE ${databaseOf(twin)} TO analyst`);
      for (const statement of attackSchema('data', major, saltOf(twin))) await query(statement);
    });
  }
}

/** Of one twin the server's trees are read as well, of the other the text alone: neither may show in what is told. */
const SECOND_LINEAGE: Readonly<Record<Twin, SecondLineage>> = { a: 'never', b: 'when_quiet' };

async function writeProfile(home: string, server: TemporaryServer): Promise<void> {
  const connection = (twin: Twin): string => `  twin-${twin}:
    title: Twin
    environment: development
    host: ${server.host}
    port: ${String(server.port)}
    database: ${databaseOf(twin)}
    user: analyst
    password: file:secrets/analyst
    tls: disable
    searchPath: [shut, public]
    secondLineage: ${SECOND_LINEAGE[twin]}
`;
  const write = (name: string, text: string): Promise<void> => writeFile(join(home, name), text, { mode: 0o600 });
  await mkdir(join(home, 'secrets'), { mode: 0o700 });
  await write('secrets/analyst', PASSWORD);
  await write('policy.yaml', POLICY);
  await write('classification.yaml', CLASSIFICATION);
  await write('connections.yaml', `version: 1\nconnections:\n${TWINS.map(connection).join('')}`);
  await write('organisation.yaml', 'version: 1\nname: Twins\nidentity: { kind: os-account }\nsecrets: file\n');
}

/** What of a run must be the same on both twins: of what changes by itself, the shape. */
export function comparable({ verdict, because, changing, output }: Visible): unknown {
  if (!changing) return { verdict, because, output };
  return { verdict, because, columns: output.columns };
}

async function visible(gate: Installation['gate'], request: GateRequest): Promise<Visible> {
  let judgement: Judgement | undefined;
  let columns: readonly string[] = [];
  let result: string | undefined;
  const notices: string[] = [];
  const ending: unknown[] = [];
  let done = false;
  for await (const event of gate.run(request, new AbortController().signal)) {
    switch (event.kind) {
      case 'verdict':
        judgement = event.judgement;
        break;
      case 'columns':
        result = event.result;
        columns = event.columns.map(({ name, type, mask }) => `${name} ${type} ${mask?.class ?? ''}`);
        break;
      case 'notice':
        notices.push(`${event.severity}: ${event.text}`);
        break;
      case 'done':
        done = true;
        ending.push(event.tag, event.rows, event.bytes, event.cut, event.maskedCells);
        break;
      case 'failed':
        ending.push(event.error.code, event.error.message, event.error.next, event.position);
        break;
      case 'cancelled':
        ending.push('cancelled');
        break;
      case 'recorded':
      case 'progress':
        break;
    }
  }
  const rows = result === undefined || !done ? [] : [...gate.result(request.session, result).textRows()];
  if (result !== undefined) gate.releaseResult(request.session, result);
  const verdict = judgement?.verdict;
  const reasons = verdict === undefined || verdict.verdict === 'allow' ? [] : verdict.reasons;
  // The twins' own names are the one thing that may differ.
  const same = (text: string): string => text.replaceAll(/attack_[ab]/g, 'attack_?');
  return {
    verdict: verdict?.verdict !== 'allow' ? 'refuse' : verdict.masks.length > 0 ? 'masked' : 'allow',
    because: reasons.map((reason) => reason.code),
    changing: judgement !== undefined && isChanging(judgement),
    failed: ending.length > 0 && !done,
    output: {
      reasons: reasons.map(({ sentence, next }) => same(`${sentence} ${next ?? ''}`)),
      columns,
      rows: rows.map((row) => row.map((cell) => (cell === null ? null : same(cell)))),
      notices: notices.map(same),
      ending: ending.map((part) => (typeof part === 'string' ? same(part) : part)),
    },
  };
}

/** Clocks, random numbers, measured times, and what the server counts of its own work. */
function isChanging({ facts }: Judgement): boolean {
  return (
    facts.effects.includes('random-or-time') ||
    facts.title === 'EXPLAIN ANALYZE' ||
    facts.relations.some(({ name }) => /^pg_stat/.test(name)) ||
    /current_(time|date)|localtime|\bxmin\b|tablesample(?!.*repeatable)/is.test(facts.normalized)
  );
}

/** What must be the same before and after anything that is judged a read: rows, sequences, large objects, settings. */
const STORED = `
SELECT c.oid::regclass::text, query_to_xml(format('SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (SELECT row_to_json(t)::text AS line FROM (SELECT * FROM ONLY %s) t) x', c.oid::regclass), true, true, '')::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname !~ '^(pg_|information_schema)'
UNION ALL SELECT 'large object ' || loid, md5(string_agg(data, '' ORDER BY pageno)) FROM pg_largeobject GROUP BY loid
UNION ALL SELECT 'setting', setconfig::text FROM pg_db_role_setting
UNION ALL SELECT 'objects', concat_ws(' ', (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_roles), (SELECT count(*) FROM pg_largeobject_metadata))
ORDER BY 1, 2`;

async function contents({ host, port, user, password }: TemporaryServer, twin: Twin): Promise<readonly string[]> {
  const target = {
    host,
    port,
    user,
    password,
    database: databaseOf(twin),
    tls: 'disable',
    searchPath: ['public'],
  } as const;
  const owner = await connectPostgres({ ...target, applicationName: 'contents' }, new AbortController().signal);
  try {
    return (await owner.query(STORED)).map((row) => row.join(': '));
  } finally {
    await owner.close();
  }
}
