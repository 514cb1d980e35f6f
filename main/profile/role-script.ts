import { type Connection } from './types.ts';
import { dollarQuoted, grantees, identifier, literal } from './role-sql.ts';

/** The role of one connection: what the script is written for. */
export type ScriptedRole = Pick<Connection, 'user' | 'database' | 'searchPath'>;

/**
 * What a superuser runs, in the database of the connection, so that its role can read the schemas of its search path and
 * nothing else (docs/postgres-role.md). A superuser is not made into one: it may be the only one there is. It can be run again, also for a role that is there already. PostgreSQL 13 to 18;
 * any client: it holds no command of psql.
 */
export function roleScript({ user, database, searchPath }: ScriptedRole): string {
  const role = identifier(user);
  const everybody = grantees(['PUBLIC', user]);
  const schemas = searchPath.map(identifier).join(', ');
  return `-- Run by a superuser in the database ${oneLine(database)}. It can be run again.
BEGIN;

-- 1. A role that logs in and has no power of its own. Give it a password afterwards: \\password in psql.
DO ${dollarQuoted(`
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(user)} AND rolsuper) THEN
    RAISE EXCEPTION 'this role is a superuser: name another user in connections.yaml, and print the script again';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(user)}) THEN
    CREATE ROLE ${role};
  END IF;
END `)};
ALTER ROLE ${role} LOGIN NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- 2. Bounds that the server keeps by itself.
ALTER ROLE ${role} SET temp_file_limit = '1GB';
ALTER ROLE ${role} SET statement_timeout = '15min';

-- 3. The second lineage: the server shows the tree of each statement to the gate, and keeps it out of its log.
ALTER ROLE ${role} SET log_min_messages = fatal;

-- 4. Nothing is made: no schemas, no temporary tables, no functions that could be picked instead of those that are meant.
--    This is taken from everybody, because what PUBLIC may do the role may do. Give it back to roles that need it.
REVOKE CREATE, TEMPORARY ON DATABASE ${identifier(database)} FROM ${everybody};
REVOKE CREATE ON SCHEMA ${schemas} FROM ${everybody};

-- 5. What is read.
GRANT CONNECT ON DATABASE ${identifier(database)} TO ${role};
GRANT USAGE ON SCHEMA ${schemas} TO ${role};
GRANT SELECT ON ALL TABLES IN SCHEMA ${schemas} TO ${role};
-- Tables made later: run this as, or FOR ROLE, whoever makes them.
ALTER DEFAULT PRIVILEGES IN SCHEMA ${schemas} GRANT SELECT ON TABLES TO ${role};

COMMIT;
`;
}

/** A name in a comment: it must not end the line. */
const oneLine = (name: string): string => name.replaceAll(/\p{Cc}/gu, ' ');
