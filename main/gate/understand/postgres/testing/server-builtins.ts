import { Client } from 'pg';
import { type TemporaryServer } from '../../../../databases/embedded/index.ts';

/** A function of pg_catalog as a server has it. */
export interface ServerFunction {
  readonly name: string;
  /** Types of the arguments that a call gives: `text, integer`. */
  readonly types: string;
  /** What the review is of: volatility, kind, language and code, so that a release that changes one of them shows. */
  readonly identity: string;
  /** How many arguments a call may have at least and, with -1 for any number, at most. */
  readonly least: number;
  readonly most: number;
  /** `s` where it returns a set, then r(ow), a(ny) or s(calar). */
  readonly flags: string;
  /** Names of its columns in FROM, where it has OUT arguments. */
  readonly columns: readonly string[] | null;
  /** A function that a query can call with values: no aggregate, window function or procedure. */
  readonly plain: boolean;
}

export interface ServerRelation {
  /** `schema.name`. */
  readonly name: string;
  readonly columns: readonly string[];
}

export interface ServerBuiltins {
  readonly major: number;
  readonly functions: readonly ServerFunction[];
  readonly relations: readonly ServerRelation[];
  readonly operators: readonly string[];
  readonly types: readonly string[];
  /** Keywords that cannot name a function: `C` and `R` of pg_get_keywords, names of columns at most and reserved words. */
  readonly keywords: readonly string[];
}

/** The body of a function in SQL is prosrc, or since PostgreSQL 14 a tree that pg_get_function_sqlbody prints. */
const functionsOf = (major: number): string => `
  SELECT p.proname AS name,
         coalesce((SELECT string_agg(format_type(a.type, null), ', ' ORDER BY a.ord)
                     FROM unnest(p.proargtypes) WITH ORDINALITY a(type, ord)), '') AS types,
         p.provolatile::text || p.prokind::text || ' ' || l.lanname ||
           CASE WHEN l.lanname = 'sql' THEN ' ' || md5(p.prosrc${major >= 14 ? " || coalesce(pg_get_function_sqlbody(p.oid), '')" : ''})
                WHEN p.prosrc = p.proname THEN '' ELSE ' ' || p.prosrc END AS identity,
         p.pronargs::int - p.pronargdefaults::int - (p.provariadic <> 0)::int AS least,
         CASE WHEN p.provariadic <> 0 THEN -1 ELSE p.pronargs::int END AS most,
         CASE WHEN p.proretset THEN 's' ELSE '' END ||
           CASE WHEN t.typtype = 'c' OR t.typname = 'record' THEN 'r' WHEN t.typtype = 'p' AND t.typname LIKE 'any%' THEN 'a' ELSE 's' END AS flags,
         CASE WHEN p.proargmodes IS NOT NULL THEN
           (SELECT array_agg(coalesce(nullif(a.name, ''), 'column' || a.ord) ORDER BY a.ord)
              FROM unnest(p.proargnames, p.proargmodes::text[]) WITH ORDINALITY a(name, mode, ord) WHERE a.mode IN ('o', 'b', 't'))
         END AS columns,
         p.prokind = 'f' AS plain
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_type t ON t.oid = p.prorettype
   WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid < 16384
   ORDER BY p.proname, p.oid`;

const RELATIONS = `
  SELECT n.nspname || '.' || c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
   GROUP BY 1 ORDER BY 1`;

const OPERATORS = `SELECT DISTINCT oprname::text AS name FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace ORDER BY 1`;

/** Types that a value can have, without the row types of catalog relations. */
const TYPES = `
  SELECT t.typname::text AS name FROM pg_type t
   WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype <> 'c'
     AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typtype = 'c') ORDER BY 1`;

const KEYWORDS = `SELECT word AS name FROM pg_get_keywords() WHERE catcode IN ('C', 'R') ORDER BY 1`;

/** What a server of the major version brings before anybody has made anything. */
export async function readBuiltins(server: TemporaryServer, major: number): Promise<ServerBuiltins> {
  return withClient(server, async (client) => {
    const names = async (sql: string): Promise<string[]> =>
      (await client.query<{ name: string }>(sql)).rows.map((row) => row.name);
    return {
      major,
      functions: (await client.query<ServerFunction>(functionsOf(major))).rows,
      relations: (await client.query<ServerRelation>(RELATIONS)).rows,
      operators: await names(OPERATORS),
      types: await names(TYPES),
      keywords: await names(KEYWORDS),
    };
  });
}

/** One connection as superuser to the server's first database. */
export async function withClient<T>(server: TemporaryServer, work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, password } = server;
  const client = new Client({ host, port, user, password, database: 'postgres', ssl: false });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
