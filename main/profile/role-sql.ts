/** SQL that takes rights from a role: what mends a weakness, and what sets a role up. Every name is quoted. */

/** An identifier as SQL writes it (PostgreSQL documentation 4.1.1). */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A string constant; standard_conforming_strings is on. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A body for DO: the tag is one that the body does not hold, whatever the names in it (PostgreSQL documentation 4.1.2.4). */
export function dollarQuoted(body: string): string {
  let tag = '$do$';
  while (body.includes(tag)) tag = `${tag.slice(0, -1)}_$`;
  return `${tag}${body}${tag}`;
}

/** PUBLIC is a key word and not a role. */
export const grantees = (names: readonly string[]): string =>
  names.map((name) => (name === 'PUBLIC' ? name : identifier(name))).join(', ');

export const revoke = (group: string, role: string): string => `REVOKE ${identifier(group)} FROM ${identifier(role)};`;

/** Functions that run with the rights of their owners; built-in ones are left as they are. */
export const revokeDefiners = (role: string): string =>
  revokeRoutines(role, 'SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.prosecdef AND p.oid >= 16384');

export const revokeUntrusted = (role: string): string =>
  revokeRoutines(
    role,
    `SELECT p.oid FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     WHERE NOT l.lanpltrusted AND l.lanname NOT IN ('c', 'internal') AND p.oid >= 16384`,
  );

/** All routines of an extension: which they are depends on its version. */
export const revokeExtension = (extension: string, role: string): string =>
  revokeRoutines(
    role,
    `SELECT d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
     WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
       AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
       AND d.deptype = 'e' AND e.extname = ${literal(extension)}`,
  );

/** EXECUTE is PUBLIC's unless it was taken away, so it is taken from PUBLIC too: other roles may need it given back. */
function revokeRoutines(role: string, query: string): string {
  return `DO ${dollarQuoted(`
DECLARE routine pg_catalog.regprocedure;
BEGIN
  FOR routine IN
    ${query}
  LOOP
    EXECUTE pg_catalog.format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC, %I', routine, ${literal(role)});
  END LOOP;
END `)};`;
}
