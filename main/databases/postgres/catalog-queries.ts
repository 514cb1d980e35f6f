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
       pg_catalog.array_to_json(pg_catalog.current_schemas(false)), pg_catalog.current_setting('search_path')`;

/** A view's query is wanted outside the system schemas: those relations are judged by name (sql facts, not lineage). */
export const RELATIONS = `
SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.int8, c.relrowsecurity,
       CASE WHEN c.relkind IN ('v', 'm') AND NOT ${SYSTEM} THEN pg_catalog.pg_get_viewdef(c.oid) END,
       pg_catalog.obj_description(c.oid, 'pg_class'), pg_catalog.pg_get_userbyid(c.relowner), t.oid, t.typarray, c.relforcerowsecurity
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_type t ON t.oid = c.reltype
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${SCHEMA}
 ORDER BY n.nspname, c.relname`;

/** Since 18 a column can have a NOT NULL constraint that its rows of before do not meet (NOT VALID). */
export const COLUMNS = `
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull AND k.conrelid IS NULL
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_constraint k
    ON k.conrelid = a.attrelid AND k.conkey[1] = a.attnum AND k.contype = 'n' AND NOT k.convalidated
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${SCHEMA}
 ORDER BY a.attrelid, a.attnum`;

export const TYPES = `
SELECT x.atttypid, x.atttypmod, pg_catalog.format_type(x.atttypid, x.atttypmod)
  FROM (SELECT DISTINCT atttypid, atttypmod FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped) x`;

/**
 * Columns that a generated column is computed from: the dependencies of its expression on its own table, which before
 * PostgreSQL 15 are those of the column itself.
 */
export const GENERATED = `
SELECT d.adrelid, d.adnum, s.attname
  FROM pg_catalog.pg_attrdef d
  JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
  JOIN pg_catalog.pg_depend p
    ON (p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid OR
        p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objid = d.adrelid AND p.objsubid = d.adnum)
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
