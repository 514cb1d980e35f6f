import { type ClientBase } from 'pg';
import { CountersignError } from '../../errors.ts';

/** Raised with every change of what is kept or of what counts as a word. */
const VERSION = 2;
export const SCHEMA = 'countersign_activity';
/** Key of the advisory locks: of setting up, and of taking in. */
const SETUP_LOCK = 7_245_801;
export const WRITE_LOCK = 7_245_802;

/**
 * `terms` and `lexemes` find events by what they touch and say; `line` has the words in their order, for phrases. The
 * primary key is the order of time (sort-key.ts); its block range index lets a range of time meet the others cheaply.
 */
const TABLES = `
  CREATE TABLE ${SCHEMA}.version (version integer NOT NULL, made text NOT NULL);
  INSERT INTO ${SCHEMA}.version VALUES (${String(VERSION)}, md5(random()::text || clock_timestamp()::text));
  CREATE TABLE ${SCHEMA}.logs (n integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, indexed bigint NOT NULL, hash text NOT NULL);
  CREATE TABLE ${SCHEMA}.terms (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, term text COLLATE "C" NOT NULL UNIQUE);
  CREATE TABLE ${SCHEMA}.sessions (log integer NOT NULL, id text COLLATE "C" NOT NULL, terms integer[] NOT NULL, PRIMARY KEY (log, id));
  CREATE TABLE ${SCHEMA}.events (
    key bigint PRIMARY KEY, log integer NOT NULL, idx bigint NOT NULL, listed boolean NOT NULL, ref bigint, tally smallint NOT NULL,
    rows bigint, changed bigint, milliseconds bigint, masked bigint, terms integer[] NOT NULL, title text NOT NULL, summary text NOT NULL,
    line text NOT NULL, lexemes tsvector NOT NULL, UNIQUE (log, idx)
  );
  CREATE INDEX events_about ON ${SCHEMA}.events (log, ref) WHERE ref IS NOT NULL;
  CREATE INDEX events_terms ON ${SCHEMA}.events USING gin (terms);
  CREATE INDEX events_lexemes ON ${SCHEMA}.events USING gin (lexemes);
  CREATE INDEX events_time ON ${SCHEMA}.events USING brin (key) WITH (pages_per_range = 32);
  ALTER TABLE ${SCHEMA}.events ALTER COLUMN terms SET STATISTICS 1000;
  CREATE TABLE ${SCHEMA}.rollups (
    term integer NOT NULL, hour bigint NOT NULL, verdict text NOT NULL, log integer NOT NULL,
    allowed bigint NOT NULL, refused bigint NOT NULL, failed bigint NOT NULL, other bigint NOT NULL, masked bigint NOT NULL,
    PRIMARY KEY (term, hour, verdict, log)
  );
`;

/**
 * Makes the tables where there are none, and makes them anew where they are of an older version: every machine then takes
 * its own logs in again. A role that may not create them can use them where somebody who may has opened the index once.
 * @throws CountersignError `index-newer`
 */
export async function setUp(client: ClientBase): Promise<void> {
  if ((await versionOf(client)) === VERSION) return;
  // Before the transaction: its first look at the catalog must come after whoever had the lock has made the tables.
  await client.query('SELECT pg_advisory_lock($1)', [SETUP_LOCK]);
  try {
    await client.query('BEGIN');
    await makeTables(client);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [SETUP_LOCK]).catch(() => undefined);
  }
}

async function makeTables(client: ClientBase): Promise<void> {
  const version = await versionOf(client);
  if (version === VERSION) return;
  if (version !== null && version > VERSION) throw newer();
  if (version !== null) await client.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  await client.query(TABLES);
}

async function versionOf(client: ClientBase): Promise<number | null> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('${SCHEMA}.version') IS NOT NULL AS there`,
  );
  if (rows[0]?.there !== true) return null;
  const version = await client.query<{ version: number }>(`SELECT version FROM ${SCHEMA}.version`);
  return version.rows[0]?.version ?? null;
}

/** Which making of the tables these are. @throws CountersignError `index-newer` where they are of another version meanwhile */
export async function makingOf(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ version: number; made: string }>(`SELECT version, made FROM ${SCHEMA}.version`);
  const [row] = rows;
  if (row?.version === VERSION) return row.made;
  throw newer();
}

const newer = (): CountersignError =>
  new CountersignError('index-newer', 'The search index in PostgreSQL was made by a newer version of this program.', {
    next: 'Update this program; until then there is no search on this machine, and the record is not affected.',
  });
