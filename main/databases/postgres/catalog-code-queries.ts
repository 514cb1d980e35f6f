/**
 * What is read of pg_catalog about code that users and extensions made: functions, operators, casts, types, triggers,
 * checks, rules and row-security policies. An object made after initdb has an OID of 16384 and more
 * (FirstNormalObjectId, access/transam.h), whichever schema it was put into.
 */

import { FIRST_NORMAL_OID as MADE } from './oids.ts';

const SCHEMA = `n.nspname !~ '^pg_(toast|temp_)'`;

/** A function as others refer to it: `[oid, schema, name, arguments]`. */
const REFERENCE = `pg_catalog.json_build_array(f.oid, fn.nspname, f.proname, f.pronargs)`;
const REFERRED = `pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace fn ON fn.oid = f.pronamespace`;

/** Names of the columns of a table that meet a condition. */
const columnsOf = (relation: string, condition: string): string =>
  `pg_catalog.array_to_json(ARRAY(SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${relation} AND a.attnum > 0 AND ${condition} ORDER BY a.attnum))`;

/** The extension that an object of a catalog is a member of. */
const member = (catalog: string, oid: string): string => `(
  SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
   WHERE d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND d.objid = ${oid} AND d.deptype = 'e'
     AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass LIMIT 1)`;

const formatted = (types: string): string =>
  `pg_catalog.array_to_json(ARRAY(SELECT pg_catalog.format_type(x.t, NULL) FROM pg_catalog.unnest(${types}) WITH ORDINALITY x (t, i) ORDER BY x.i))`;

/** Functions and operators that a parsed body depends on; PostgreSQL's own are pinned and have no such rows. */
const CALLED = `CASE WHEN p.prosqlbody IS NOT NULL THEN pg_catalog.array_to_json(ARRAY(
         SELECT d.refobjid::pg_catalog.int8 FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
            AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
          ORDER BY 1)) END`;

/** BEGIN ATOMIC came with PostgreSQL 14. */
export const functionsQuery = (serverMajor: number): string => `
SELECT p.oid, n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
       COALESCE(pg_catalog.pg_get_function_result(p.oid), 'void'), p.prokind, l.lanname, p.provolatile, p.prosecdef,
       p.proleakproof, r.rolname, r.rolsuper, ${member('pg_proc', 'p.oid')},
       (SELECT pg_catalog.string_agg(t.typname, ',' ORDER BY x.i) FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY x (t, i)
          JOIN pg_catalog.pg_type t ON t.oid = x.t),
       p.proretset, p.prorettype, p.provariadic <> 0, p.pronargdefaults, pg_catalog.pg_get_expr(p.proargdefaults, 0),
       pg_catalog.array_to_json(COALESCE(p.proallargtypes, p.proargtypes::pg_catalog.oid[])),
       ${formatted('COALESCE(p.proallargtypes, p.proargtypes::pg_catalog.oid[])')},
       pg_catalog.array_to_json(p.proargnames), pg_catalog.array_to_json(p.proargmodes::pg_catalog.text[]),
       CASE WHEN l.lanname IN ('sql', 'c', 'internal') THEN p.prosrc END, p.probin,
       ${serverMajor >= 14 ? 'pg_catalog.pg_get_function_sqlbody(p.oid)' : 'NULL'},
       pg_catalog.md5(pg_catalog.concat_ws(E'\\x01', l.lanname, p.prosrc, p.probin, p.proconfig::pg_catalog.text, p.prosecdef,
         ${serverMajor >= 14 ? 'p.prosqlbody::pg_catalog.text' : 'NULL'})),
       ${serverMajor >= 14 ? CALLED : 'NULL'},
       pg_catalog.array_to_json(p.proconfig),
       CASE WHEN p.prokind = 'a' THEN pg_catalog.array_to_json(ARRAY(
         SELECT ${REFERENCE} FROM pg_catalog.pg_aggregate a JOIN ${REFERRED} ON f.oid = ANY (ARRAY[a.aggtransfn, a.aggfinalfn,
           a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::pg_catalog.oid[])
          WHERE a.aggfnoid = p.oid ORDER BY f.oid)) END
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
 WHERE p.oid >= ${MADE} AND ${SCHEMA}
 ORDER BY n.nspname, p.proname, 4`;

export const OPERATORS = `
SELECT o.oid, n.nspname, o.oprname, o.oprleft, o.oprright, o.oprresult, ${REFERENCE}, o.oprcom, o.oprnegate,
       pg_catalog.pg_get_userbyid(o.oprowner), ${member('pg_operator', 'o.oid')}
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace JOIN ${REFERRED} ON f.oid = o.oprcode
 WHERE o.oid >= ${MADE} AND ${SCHEMA}
 ORDER BY n.nspname, o.oprname, o.oid`;

export const CASTS = `
SELECT c.oid, c.castsource, c.casttarget,
       pg_catalog.format_type(c.castsource, NULL) || ' AS ' || pg_catalog.format_type(c.casttarget, NULL),
       c.castmethod, c.castcontext, (SELECT ${REFERENCE} FROM ${REFERRED} WHERE f.oid = c.castfunc), ${member('pg_cast', 'c.oid')}
  FROM pg_catalog.pg_cast c WHERE c.oid >= ${MADE}
 ORDER BY 4, c.oid`;

/** Arrays and row types of relations have no code of their own. */
const OWN = `NOT EXISTS (SELECT FROM pg_catalog.pg_type x WHERE x.typarray = t.oid)`;

/** Operator classes that sorting, grouping and hashing values of a type use: its default ones of btree and hash. */
const CLASSES = `pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname IN ('btree', 'hash')`;

export const USER_TYPES = `
SELECT t.oid, n.nspname, t.typname, t.typtype, t.typarray, pg_catalog.pg_get_userbyid(t.typowner), ${member('pg_type', 't.oid')}
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE ${SCHEMA} AND t.typtype IN ('b', 'd', 'e', 'r', 'm') AND ${OWN}
   AND (t.oid >= ${MADE} OR EXISTS (SELECT FROM ${CLASSES} WHERE c.opcintype = t.oid AND c.opcdefault AND c.oid >= ${MADE}))
 ORDER BY n.nspname, t.typname`;

/** Types that others are made of. The checks of a domain depend on what they cast to; built-in types have no such rows. */
export const typePartsQuery = (serverMajor: number): string => `
SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typtype = 'd' AND t.oid >= ${MADE}
UNION SELECT rngtypid, rngsubtype FROM pg_catalog.pg_range WHERE rngtypid >= ${MADE}
${serverMajor >= 14 ? `UNION SELECT rngmultitypid, rngtypid FROM pg_catalog.pg_range WHERE rngtypid >= ${MADE}` : ''}
UNION SELECT k.contypid, p.refobjid
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND p.objid = k.oid
   AND p.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
 WHERE k.contypid <> 0 AND p.refobjid <> k.contypid
ORDER BY 1, 2`;

const classFunctions = (join: string, type: string): string => `
  UNION SELECT ${type}, a.amproc::pg_catalog.oid FROM ${CLASSES} ${join}
    JOIN pg_catalog.pg_amproc a ON a.amprocfamily = c.opcfamily AND a.amproclefttype = c.opcintype AND a.amprocrighttype = c.opcintype
  UNION SELECT ${type}, o.oprcode::pg_catalog.oid FROM ${CLASSES} ${join}
    JOIN pg_catalog.pg_amop a ON a.amopfamily = c.opcfamily AND a.amoplefttype = c.opcintype AND a.amoprighttype = c.opcintype
    JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr`;

export const TYPE_FUNCTIONS = `
SELECT x.type, ${REFERENCE}
  FROM (
  SELECT t.oid AS type, pg_catalog.unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout]::pg_catalog.oid[]) AS code
    FROM pg_catalog.pg_type t WHERE t.typtype = 'b' AND t.oid >= ${MADE} AND ${OWN}
  UNION SELECT rngtypid, pg_catalog.unnest(ARRAY[rngcanonical, rngsubdiff]::pg_catalog.oid[]) FROM pg_catalog.pg_range WHERE rngtypid >= ${MADE}
  ${classFunctions(`JOIN pg_catalog.pg_range g ON g.rngsubopc = c.oid AND g.rngtypid >= ${MADE}`, 'g.rngtypid')}
  ${classFunctions(`AND c.opcdefault AND c.oid >= ${MADE}`, 'c.opcintype')}
  UNION SELECT k.contypid, CASE WHEN p.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN p.refobjid
      ELSE (SELECT o.oprcode::pg_catalog.oid FROM pg_catalog.pg_operator o WHERE o.oid = p.refobjid) END
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND p.objid = k.oid
     AND p.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
   WHERE k.contypid <> 0
  ) x JOIN ${REFERRED} ON f.oid = x.code
 ORDER BY x.type, f.oid`;

export const DOMAIN_CHECKS = `
SELECT k.contypid, pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k
 WHERE k.contypid >= ${MADE} AND k.contype = 'c' ORDER BY k.contypid, k.conname`;

export const EXTENSIONS = `
SELECT e.extname, e.extversion, n.nspname, pg_catalog.pg_get_userbyid(e.extowner)
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY 1`;

/** Functions and operators that the queries of views were resolved to when they were made. */
export const VIEW_CALLS = `
SELECT DISTINCT r.ev_class, d.refobjid FROM pg_catalog.pg_rewrite r
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
   AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
 WHERE r.rulename = '_RETURN' AND d.refobjid >= ${MADE}
 ORDER BY 1, 2`;

/**
 * Bits of tgtype: src/include/catalog/pg_trigger.h. Copies of a trigger on partitions are internal before PostgreSQL 15;
 * those of foreign keys are functions of PostgreSQL itself.
 */
export const TRIGGERS = `
SELECT t.tgrelid, t.tgname, t.tgtype, t.tgenabled, ${REFERENCE}
  FROM pg_catalog.pg_trigger t JOIN ${REFERRED} ON f.oid = t.tgfoid
 WHERE NOT t.tgisinternal OR t.tgparentid <> 0 AND f.proname !~ '^RI_FKey_' ORDER BY 1, 2`;

export const CHECKS = `
SELECT k.conrelid, k.conname, pg_catalog.pg_get_constraintdef(k.oid), ${columnsOf('k.conrelid', 'a.attnum = ANY (k.conkey)')}
  FROM pg_catalog.pg_constraint k WHERE k.conrelid >= ${MADE} AND k.contype = 'c' ORDER BY 1, 2`;

/** Columns of expressions and predicates are what the index depends on, unless they are those of a constraint. */
export const INDEX_KEYS = `
SELECT i.indrelid, c.relname, i.indisunique OR i.indisexclusion,
       i.indisunique AND NOT i.indisexclusion AND i.indexprs IS NULL AND i.indpred IS NULL, ${columnsOf(
         'i.indrelid',
         `(a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) OR EXISTS (
       SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
          AND d.refclassid = d.classid AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))`,
       )}
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid >= ${MADE} AND (NOT i.indisprimary OR i.indisexclusion)
   AND (i.indisunique OR i.indisexclusion OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
 ORDER BY 1, 2`;

/** PostgreSQL's own are pinned and have no such rows. A generated column depends on what it calls itself before 15. */
export const OWN_CALLS = `
WITH called AS (
  SELECT d.classid, d.objid, d.refobjid FROM pg_catalog.pg_depend d
   WHERE d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
     AND d.refobjid >= ${MADE})
SELECT x.adrelid, CASE WHEN a.attgenerated = '' THEN 'default' ELSE 'generated column' END, a.attname, d.refobjid
  FROM pg_catalog.pg_attrdef x JOIN called d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = x.oid
  JOIN pg_catalog.pg_attribute a ON a.attrelid = x.adrelid AND a.attnum = x.adnum
UNION SELECT k.conrelid, CASE k.contype WHEN 'c' THEN 'check' ELSE 'index' END, k.conname, d.refobjid
  FROM pg_catalog.pg_constraint k
  JOIN called d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid AND k.conrelid <> 0
UNION SELECT i.indrelid, 'index', c.relname, d.refobjid
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN called d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
UNION SELECT p.polrelid, 'policy', p.polname, d.refobjid
  FROM pg_catalog.pg_policy p JOIN called d ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objid = p.oid
UNION SELECT t.tgrelid, 'trigger condition', t.tgname, d.refobjid
  FROM pg_catalog.pg_trigger t
  JOIN called d ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.objid = t.oid AND d.refobjid <> t.tgfoid
UNION SELECT c.oid, 'table', c.relname, d.refobjid
  FROM pg_catalog.pg_class c
  JOIN called d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND c.relkind IN ('r', 'p', 'f')
ORDER BY 1, 2, 3, 4`;

export const RULES = `
SELECT ev_class, rulename, CASE WHEN ev_class >= ${MADE} THEN pg_catalog.pg_get_ruledef(oid) ELSE '' END
  FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN' ORDER BY 1, 2`;

export const POLICIES = `
SELECT p.polrelid, p.polname, p.polpermissive, p.polcmd,
       pg_catalog.array_to_json(ARRAY(SELECT pg_catalog.pg_get_userbyid(x) FROM pg_catalog.unnest(p.polroles) x WHERE x <> 0 ORDER BY 1)),
       pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
  FROM pg_catalog.pg_policy p ORDER BY 1, 2`;

/** Schemas that names in a body can mean depend on whom it runs as: whoever calls it, or the owner (SECURITY DEFINER). */
export const USABLE_SCHEMAS = `
SELECT r.rolname, pg_catalog.array_to_json(ARRAY(SELECT n.nspname FROM pg_catalog.pg_namespace n
         WHERE ${SCHEMA} AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') ORDER BY n.nspname))
  FROM pg_catalog.pg_roles r
 WHERE r.rolname = current_user OR r.oid IN (SELECT p.proowner FROM pg_catalog.pg_proc p WHERE p.prosecdef AND p.oid >= ${MADE})
 ORDER BY 1`;

/** Roles that relations are read as: has_privs_of_role (utils/acl.h) is what row security asks for. */
export const ROLES = `
SELECT r.rolname, r.rolsuper OR r.rolbypassrls,
       pg_catalog.array_to_json(ARRAY(SELECT m.rolname FROM pg_catalog.pg_roles m
         WHERE (m.oid IN (SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.relrowsecurity)
             OR m.oid IN (SELECT pg_catalog.unnest(p.polroles) FROM pg_catalog.pg_policy p))
           AND pg_catalog.pg_has_role(r.oid, m.oid, 'USAGE') ORDER BY m.rolname))
  FROM pg_catalog.pg_roles r
 WHERE r.rolname = current_user OR r.oid IN (SELECT p.proowner FROM pg_catalog.pg_proc p WHERE p.prosecdef AND p.oid >= ${MADE})
    OR r.oid IN (SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.relkind IN ('v', 'm') AND c.oid >= ${MADE})
 ORDER BY 1`;

/** Settings that decide how a text is read, what runs beside it, or what the server keeps of it. */
export const SETTINGS = `
SELECT name, setting FROM pg_catalog.pg_settings
 WHERE name IN ('array_nulls', 'backslash_quote', 'check_function_bodies', 'client_encoding', 'event_triggers',
   'local_preload_libraries', 'log_min_error_statement', 'log_min_messages', 'log_statement', 'quote_all_identifiers',
   'row_security', 'server_encoding', 'session_preload_libraries', 'session_replication_role', 'shared_preload_libraries',
   'standard_conforming_strings', 'transform_null_equals', 'xmlbinary')
 ORDER BY name`;
