/**
 * What the role of a connection can do besides what it is meant for: the facts that make a connection weak. One query of
 * the gate's own over pg_catalog, readable by every role and the same on PostgreSQL 13 to 18. A session can always go
 * back to the role it logged in as and to every role that one is a member of (SET ROLE), so those are asked about and not
 * the current role alone.
 */
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { FIRST_NORMAL_OID } from './oids.ts';
import { ServerError } from './server-error.ts';
import { type PostgresSession, type TextValue } from './session.ts';

const count = z.int().min(0);
/** Who a privilege comes from: a role's name, or PUBLIC. */
const grantees = z.array(z.string());

const attributes = {
  superuser: z.boolean(),
  bypassRowSecurity: z.boolean(),
  replication: z.boolean(),
  createRole: z.boolean(),
  createDatabase: z.boolean(),
};

const roleFacts = z.object({
  /** server_version_num / 10000. */
  serverMajor: count,
  /** The role that logged in. */
  role: z.string(),
  database: z.string(),
  ...attributes,
  /** Roles it is a member of, directly or through others, with what each of them is. */
  memberOf: z.array(z.object({ name: z.string(), predefined: z.boolean(), ...attributes })),
  /** Tables, views and foreign tables outside the system schemas that it, or a role it is a member of, owns. */
  owns: z.object({ count, examples: z.array(z.string()) }),
  createOnDatabase: grantees,
  temporaryTables: grantees,
  /** Schemas of the search path that it may make objects in. */
  createOnSchemas: z.array(z.object({ schema: z.string(), from: grantees })),
  /** Installed extensions that reach past the database, with how many of their functions and foreign servers it may use. */
  extensions: z.array(z.object({ name: z.string(), functions: count, servers: count })),
  /** Functions outside the system schemas that it may call, and of them those that run with their owner's rights. */
  functions: z.object({ count, definers: count, examples: z.array(z.string()) }),
  /** Of those, functions in a language that can reach files and programs (pg_language.lanpltrusted is false), C left out. */
  untrusted: z.object({ count, examples: z.array(z.string()) }),
  /** Settings of the whole server, or beyond the role's own, that it was granted (pg_parameter_acl, from PostgreSQL 15 on). */
  parameters: z.array(z.object({ name: z.string(), from: grantees })),
  /** Catalogs that lineage and masks are made from and that it may not read. */
  unreadable: z.array(z.string()),
  settings: z.object({
    /** As current_setting prints it; -1 for no limit. */
    tempFileLimit: z.string(),
    /** 0 for none. */
    statementTimeout: z.string(),
    logMinMessages: z.string(),
  }),
});

export type RoleFacts = z.infer<typeof roleFacts>;
export type RoleAttributes = Pick<RoleFacts, keyof typeof attributes>;

/** Extensions through which a query reaches files, programs, other servers, raw pages, or runs a text as SQL. */
const DANGEROUS_EXTENSIONS = [
  'adminpack',
  'dblink',
  'file_fdw',
  'http',
  'lo',
  'mysql_fdw',
  'oracle_fdw',
  'orafce',
  'pageinspect',
  'pg_cron',
  'pg_net',
  'pg_surgery',
  'pg_walinspect',
  'pgstattuple',
  'plperlu',
  'plpython2u',
  'plpython3u',
  'plsh',
  'pltclu',
  'postgres_fdw',
  'tablefunc',
  'tds_fdw',
  'xml2',
] as const;

/** Catalogs that are read for lineage, marks and these facts. */
const NEEDED_CATALOGS = [
  'pg_attrdef',
  'pg_attribute',
  'pg_auth_members',
  'pg_cast',
  'pg_class',
  'pg_constraint',
  'pg_database',
  'pg_depend',
  'pg_description',
  'pg_extension',
  'pg_inherits',
  'pg_language',
  'pg_namespace',
  'pg_operator',
  'pg_policy',
  'pg_proc',
  'pg_rewrite',
  'pg_roles',
  'pg_trigger',
  'pg_type',
] as const;

const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

const ATTRIBUTES = `'superuser', r.rolsuper, 'bypassRowSecurity', r.rolbypassrls, 'replication', r.rolreplication,
    'createRole', r.rolcreaterole, 'createDatabase', r.rolcreatedb`;

/** JSON list of a query's one column. */
const all = (query: string): string =>
  `(SELECT COALESCE(pg_catalog.json_agg(x.v ORDER BY x.v), '[]') FROM (${query}) x (v))`;

/** Who gives the role a privilege: every grantee of an access control list that the role is, or PUBLIC (0). */
const grantedTo = (acl: string, owner: string, kind: 'd' | 'n', privilege: 'CREATE' | 'TEMPORARY'): string =>
  all(`SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(a.grantee)::pg_catalog.text END
         FROM pg_catalog.aclexplode(COALESCE(${acl}, pg_catalog.acldefault('${kind}', ${owner}))) a
        WHERE a.privilege_type = '${privilege}' AND (a.grantee = 0 OR a.grantee IN (SELECT b.oid FROM being b))`);

const EXAMPLES = 3;

/** GRANT SET, ALTER SYSTEM ON PARAMETER came with PostgreSQL 15. */
const GRANTS_PARAMETERS = 15;

/** What nobody can do harm with, and docs/postgres-role.md may ask for. */
const HARMLESS_PARAMETERS = ['log_min_messages', 'temp_file_limit'] as const;

const PARAMETERS = `(SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', x.name, 'from', x.grantees) ORDER BY x.name), '[]')
    FROM (SELECT s.parname AS name, pg_catalog.json_agg(DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(a.grantee)::pg_catalog.text END) AS grantees
            FROM pg_catalog.pg_parameter_acl s, pg_catalog.aclexplode(s.paracl) a
           WHERE (a.grantee = 0 OR a.grantee IN (SELECT b.oid FROM being b))
             AND NOT (a.privilege_type = 'SET' AND s.parname IN (${list(HARMLESS_PARAMETERS)}))
             AND NOT (SELECT me.rolsuper FROM me)
           GROUP BY s.parname) x)`;

/**
 * For a superuser every privilege is there without being granted, so nothing but the attributes is asked about. Handlers
 * and triggers of extensions are no functions that a query can call.
 */
const roleQuery = (serverMajor: number): string => `
WITH me AS (SELECT r.* FROM pg_catalog.pg_roles r WHERE r.rolname = session_user),
being AS (SELECT r.* FROM pg_catalog.pg_roles r, me
           WHERE r.oid = me.oid OR NOT me.rolsuper AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER')),
callable AS (SELECT p.oid, p.proname, p.prosecdef, p.prorettype, l.lanname, l.lanpltrusted
               FROM me, pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
              WHERE p.oid >= ${String(FIRST_NORMAL_OID)} AND NOT me.rolsuper AND pg_catalog.has_function_privilege(me.oid, p.oid, 'EXECUTE')),
owned AS (SELECT c.oid FROM me, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
             AND n.nspname !~ '^pg_(toast|temp_)' AND NOT me.rolsuper AND c.relowner IN (SELECT b.oid FROM being b)),
extensions AS (
  SELECT e.extname,
         (SELECT pg_catalog.count(*) FROM pg_catalog.pg_depend d JOIN callable f ON f.oid = d.objid
           WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
             AND d.refobjid = e.oid AND d.deptype = 'e'
             AND f.proname !~ '_(handler|validator)$' AND f.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype) AS functions,
         (SELECT pg_catalog.count(*) FROM me, pg_catalog.pg_depend d JOIN pg_catalog.pg_foreign_server s ON s.srvfdw = d.objid
           WHERE d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass
             AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid AND d.deptype = 'e'
             AND NOT me.rolsuper AND pg_catalog.has_server_privilege(me.oid, s.oid, 'USAGE')) AS servers
    FROM pg_catalog.pg_extension e WHERE e.extname IN (${list(DANGEROUS_EXTENSIONS)}))
SELECT pg_catalog.json_build_object(
  'serverMajor', pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000,
  'role', me.rolname, 'database', pg_catalog.current_database(),
  ${ATTRIBUTES.replaceAll('r.', 'me.')},
  'memberOf', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', r.rolname, 'predefined', r.rolname ~ '^pg_',
    ${ATTRIBUTES}) ORDER BY r.rolname), '[]') FROM being r WHERE r.oid <> me.oid),
  'owns', pg_catalog.json_build_object('count', (SELECT pg_catalog.count(*) FROM owned),
    'examples', ${all(`SELECT o.oid::pg_catalog.regclass::pg_catalog.text FROM owned o ORDER BY 1 LIMIT ${String(EXAMPLES)}`)}),
  'createOnDatabase', ${grantedTo('db.datacl', 'db.datdba', 'd', 'CREATE')},
  'temporaryTables', ${grantedTo('db.datacl', 'db.datdba', 'd', 'TEMPORARY')},
  'createOnSchemas', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname,
      'from', ${grantedTo('n.nspacl', 'n.nspowner', 'n', 'CREATE')}) ORDER BY n.nspname), '[]')
    FROM pg_catalog.pg_namespace n
   WHERE n.nspname = ANY (pg_catalog.current_schemas(false)) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname !~ '^pg_temp_' AND NOT me.rolsuper AND pg_catalog.has_schema_privilege(me.oid, n.oid, 'CREATE')),
  'extensions', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', e.extname, 'functions', e.functions,
      'servers', e.servers) ORDER BY e.extname), '[]') FROM extensions e WHERE e.functions > 0 OR e.servers > 0),
  'functions', pg_catalog.json_build_object('count', (SELECT pg_catalog.count(*) FROM callable),
    'definers', (SELECT pg_catalog.count(*) FROM callable f WHERE f.prosecdef),
    'examples', ${all(`SELECT f.oid::pg_catalog.regprocedure::pg_catalog.text FROM callable f WHERE f.prosecdef ORDER BY 1 LIMIT ${String(EXAMPLES)}`)}),
  'untrusted', pg_catalog.json_build_object('count', (SELECT pg_catalog.count(*) FROM callable f WHERE NOT f.lanpltrusted AND f.lanname NOT IN ('c', 'internal')),
    'examples', ${all(`SELECT f.oid::pg_catalog.regprocedure::pg_catalog.text FROM callable f WHERE NOT f.lanpltrusted AND f.lanname NOT IN ('c', 'internal') ORDER BY 1 LIMIT ${String(EXAMPLES)}`)}),
  'parameters', ${serverMajor < GRANTS_PARAMETERS ? "'[]'::pg_catalog.json" : PARAMETERS},
  'unreadable', ${all(`SELECT c.relname::pg_catalog.text FROM pg_catalog.pg_class c
      WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relname IN (${list(NEEDED_CATALOGS)})
        AND NOT pg_catalog.has_table_privilege(me.oid, c.oid, 'SELECT')`)},
  'settings', pg_catalog.json_build_object('tempFileLimit', pg_catalog.current_setting('temp_file_limit'),
    'statementTimeout', pg_catalog.current_setting('statement_timeout'),
    'logMinMessages', pg_catalog.current_setting('log_min_messages')))
FROM me, pg_catalog.pg_database db WHERE db.datname = pg_catalog.current_database()`;

/**
 * Asks the server what the session's role can do. Fails closed: a role of which that cannot be said is not used.
 * @throws CountersignError role-unknown, or what the connection was lost with
 */
export async function loadRoleFacts(session: PostgresSession): Promise<RoleFacts> {
  const unknown = (cause?: unknown): CountersignError =>
    new CountersignError('role-unknown', `What the role ${session.role} can do on the server could not be read.`, {
      next: 'The role needs to read pg_catalog; see docs/postgres-role.md.',
      cause,
    });
  let rows: readonly (readonly TextValue[])[];
  try {
    rows = await session.query(roleQuery(Number.parseInt(session.serverVersion, 10)));
  } catch (error) {
    throw error instanceof ServerError ? unknown(error) : error;
  }
  const read = roleFacts.safeParse(parseJson(rows[0]?.[0] ?? 'null'));
  if (!read.success) throw unknown(read.error);
  return read.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
