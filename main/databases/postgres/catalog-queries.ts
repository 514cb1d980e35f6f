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

/** $1, where a query has it: OIDs of the relations that are wanted; NULL for all. */
const wanted = (oid: string): string => `($1::pg_catalog.oid[] IS NULL OR ${oid} = ANY ($1::pg_catalog.oid[]))`;

export const RELATIONS = `
SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.int8, c.relrowsecurity,
       s.description, pg_catalog.pg_get_userbyid(c.relowner), t.oid, t.typarray, c.relforcerowsecurity,
       EXISTS (SELECT FROM pg_catalog.pg_options_to_table(c.reloptions) o
                WHERE CASE o.option_name WHEN 'security_invoker' THEN o.option_value::pg_catalog.bool ELSE false END)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_type t ON t.oid = c.reltype
  LEFT JOIN pg_catalog.pg_description s
    ON s.objoid = c.oid AND s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objsubid = 0
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${SCHEMA}
 ORDER BY n.nspname, c.relname`;

/** Since 18 a column can have a NOT NULL constraint that its rows of before do not meet (NOT VALID). */
/** A view's query is wanted outside the system schemas: those relations are judged by name (sql facts, not lineage). */
export const DEFINITIONS = `
SELECT c.oid, pg_catalog.pg_get_viewdef(c.oid)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm') AND NOT ${SYSTEM} AND ${SCHEMA} AND ${wanted('c.oid')}`;

/** Views whose printed query names any of the relations. */
export const VIEWS_OVER = `
SELECT DISTINCT r.ev_class FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
 WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ANY ($1::pg_catalog.oid[])`;

export const COLUMNS = `
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull AND k.conrelid IS NULL
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_constraint k
    ON k.conrelid = a.attrelid AND k.conkey[1] = a.attnum AND k.contype = 'n' AND NOT k.convalidated
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${SCHEMA}
   AND ${wanted('a.attrelid')}
 ORDER BY a.attrelid, a.attnum`;

export const TYPES = `
SELECT x.atttypid, x.atttypmod, pg_catalog.format_type(x.atttypid, x.atttypmod)
  FROM (SELECT DISTINCT atttypid, atttypmod FROM pg_catalog.pg_attribute
         WHERE attnum > 0 AND NOT attisdropped AND ${wanted('attrelid')}) x`;

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
 WHERE ${wanted('d.adrelid')}
 ORDER BY d.adrelid, d.adnum, p.refobjsubid`;

export const COLUMN_COMMENTS = `
SELECT s.objoid, s.objsubid, s.description
  FROM pg_catalog.pg_description s
 WHERE s.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objsubid > 0 AND ${wanted('s.objoid')}`;

export const INHERITANCE = 'SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno';

/** The columns of a partition key, those in its expressions too, depend on their own table (StorePartitionKey in heap.c). */
export const PARTITION_KEYS = `
SELECT p.partrelid, a.attname
  FROM pg_catalog.pg_partitioned_table p
  JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = p.partrelid AND d.objsubid > 0
   AND d.refclassid = d.classid AND d.refobjid = p.partrelid AND d.refobjsubid = 0
  JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = d.objsubid
 ORDER BY p.partrelid, a.attnum`;

export const KEYS = `
SELECT conname, contype, conrelid, confrelid, pg_catalog.array_to_string(conkey, ' '), pg_catalog.array_to_string(confkey, ' '),
       confupdtype, confdeltype
  FROM pg_catalog.pg_constraint WHERE contype IN ('p', 'f') ORDER BY conrelid, conname`;
