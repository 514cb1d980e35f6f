/**
 * What is read of pg_catalog, one query a kind of object. All of it is readable by every role; names of objects that the
 * role may not read are part of it, because views may reach them. Indexes, TOAST and other sessions' temporary schemas
 * are left out.
 */

const SCHEMA = `n.nspname !~ '^pg_(toast|temp_)'`;
const SYSTEM = `n.nspname IN ('pg_catalog', 'information_schema')`;

/** The path as it is searched: schemas that are not there, or that the role has no USAGE on, are left out by the server. */
export const SERVER = `
SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_database(), current_user,
       pg_catalog.array_to_json(pg_catalog.current_schemas(false))`;

/** A view's query is wanted outside the system schemas: those relations are judged by name (sql facts, not lineage). */
export const RELATIONS = `
SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.int8, c.relrowsecurity,
       CASE WHEN c.relkind IN ('v', 'm') AND NOT ${SYSTEM} THEN pg_catalog.pg_get_viewdef(c.oid) END,
       pg_catalog.obj_description(c.oid, 'pg_class')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${SCHEMA}
 ORDER BY n.nspname, c.relname`;

export const COLUMNS = `
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${SCHEMA}
 ORDER BY a.attrelid, a.attnum`;

export const TYPES = `
SELECT x.atttypid, x.atttypmod, pg_catalog.format_type(x.atttypid, x.atttypmod)
  FROM (SELECT DISTINCT atttypid, atttypmod FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped) x`;

/** Columns that a generated column is computed from: the dependencies of its expression on its own table. */
export const GENERATED = `
SELECT d.adrelid, d.adnum, s.attname
  FROM pg_catalog.pg_attrdef d
  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
  JOIN pg_catalog.pg_depend p
    ON p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid
   AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.refobjid = d.adrelid
   AND p.refobjsubid > 0 AND p.refobjsubid <> d.adnum
  JOIN pg_catalog.pg_attribute s ON s.attrelid = d.adrelid AND s.attnum = p.refobjsubid
 ORDER BY d.adrelid, d.adnum, p.refobjsubid`;

export const COLUMN_COMMENTS = `
SELECT s.objoid, s.objsubid, s.description
  FROM pg_catalog.pg_description s
 WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objsubid > 0`;

export const INHERITANCE = 'SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno';

export const KEYS = `
SELECT conname, contype, conrelid, confrelid, pg_catalog.array_to_string(conkey, ' '), pg_catalog.array_to_string(confkey, ' ')
  FROM pg_catalog.pg_constraint WHERE contype IN ('p', 'f') ORDER BY conrelid, conname`;

export const RULES = `SELECT ev_class, rulename FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN' ORDER BY 1, 2`;

export const TRIGGERS = 'SELECT tgrelid, tgname FROM pg_catalog.pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2';

export const FUNCTIONS = `
SELECT p.oid, n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
       COALESCE(pg_catalog.pg_get_function_result(p.oid), 'void'), p.prokind, l.lanname, p.provolatile, p.prosecdef
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
 WHERE NOT ${SYSTEM} AND ${SCHEMA}
 ORDER BY n.nspname, p.proname, 4`;

/**
 * Enums, and domains straight over a built-in type whose checks depend on no function or operator made here. Built-in
 * objects are pinned and have no rows in pg_depend, so any row is one of ours.
 */
export const USER_TYPES = `
SELECT n.nspname, t.typname, t.typtype
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE NOT ${SYSTEM} AND ${SCHEMA}
   AND (t.typtype = 'e' OR t.typtype = 'd' AND t.typbasetype < 16384 AND NOT EXISTS (
         SELECT FROM pg_catalog.pg_constraint k
           JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND p.objid = k.oid
          WHERE k.contypid = t.oid
            AND p.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)))
 ORDER BY n.nspname, t.typname`;

/**
 * Extensions whose operators and casts compute from what they are given and nothing else. Only those in C count: nobody
 * but a superuser can make these, so that none of the name's owner is among them.
 */
const COMPUTING = `('btree_gist', 'citext', 'cube', 'earthdistance', 'hstore', 'intarray', 'isn', 'ltree', 'pg_trgm', 'postgis', 'seg', 'vector')`;

function computes(catalog: string, oid: string, code: string): string {
  return `EXISTS (
    SELECT FROM pg_catalog.pg_depend x JOIN pg_catalog.pg_extension e ON e.oid = x.refobjid
      JOIN pg_catalog.pg_proc f ON f.oid = ${code} JOIN pg_catalog.pg_language l ON l.oid = f.prolang
     WHERE x.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND x.objid = ${oid} AND x.deptype = 'e'
       AND x.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
       AND e.extname IN ${COMPUTING} AND l.lanname IN ('c', 'internal'))`;
}

/** The first OID that initdb does not give out (access/transam.h, FirstNormalObjectId). */
export const USER_OPERATORS = `
SELECT o.oprname FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
 WHERE NOT ${SYSTEM} AND NOT ${computes('pg_operator', 'o.oid', 'o.oprcode')}
UNION
SELECT pg_catalog.format_type(c.castsource, NULL) || ' AS ' || pg_catalog.format_type(c.casttarget, NULL)
  FROM pg_catalog.pg_cast c WHERE c.oid >= 16384 AND NOT ${computes('pg_cast', 'c.oid', 'c.castfunc')}`;
