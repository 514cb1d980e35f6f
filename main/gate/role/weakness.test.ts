import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TemporaryServer } from '../../databases/embedded/index.ts';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { loadRoleFacts, type RoleFacts } from '../../databases/postgres/role.ts';
import { connectPostgres, type PostgresSession } from '../../databases/postgres/session.ts';
import { type Connection } from '../../profile/types.ts';
import { COMPARED_MAJORS } from '../lineage/server/index.ts';
import { judgeRole, roleTooPowerful, unaccepted, weaknessesOf } from './weakness.ts';
import { describeSecondLineage } from './described-second-lineage.ts';

/** A row: what is done to the role `asker`, as a superuser, and the codes of its weaknesses then. */
interface Row {
  readonly title: string;
  readonly make: readonly string[];
  readonly codes: readonly string[];
  /** Codes that refuse sessions. */
  readonly refused?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  /** What only a person can put right: nothing that the weakness itself says does it. */
  readonly stays?: true;
}

const rows: readonly Row[] = [
  { title: 'a role that only logs in and reads', make: ['GRANT SELECT ON goods TO asker'], codes: [] },
  {
    title: 'a superuser, whatever else it is',
    make: ['ALTER ROLE asker SUPERUSER REPLICATION'],
    codes: ['superuser'],
    refused: ['superuser'],
    stays: true,
  },
  {
    title: 'a role that can become a superuser through another one',
    make: [
      'CREATE ROLE middle',
      'CREATE ROLE top SUPERUSER',
      'GRANT top TO middle',
      'GRANT middle TO asker',
      'ALTER ROLE asker NOINHERIT',
    ],
    codes: ['superuser'],
    refused: ['superuser'],
    stays: true,
  },
  {
    title: 'a role that replicates',
    make: ['ALTER ROLE asker REPLICATION'],
    codes: ['replication'],
    refused: ['replication'],
  },
  {
    title: 'a role that row security does not hold',
    make: ['ALTER ROLE asker BYPASSRLS'],
    codes: ['bypass-row-security'],
    refused: ['bypass-row-security'],
  },
  {
    title: 'a reader of files',
    make: ['GRANT pg_read_server_files TO asker'],
    codes: ['read-server-files'],
    refused: ['read-server-files'],
  },
  {
    title: 'a writer of files',
    make: ['GRANT pg_write_server_files TO asker'],
    codes: ['write-server-files'],
    refused: ['write-server-files'],
  },
  {
    title: 'a runner of programs',
    make: ['GRANT pg_execute_server_program TO asker'],
    codes: ['execute-server-programs'],
    refused: ['execute-server-programs'],
  },
  {
    title: 'a maker of roles before 16, which can give itself those',
    make: ['ALTER ROLE asker CREATEROLE'],
    codes: ['create-role'],
    refused: ['create-role'],
    until: 15,
  },
  {
    title: 'a maker of roles from 16 on, which cannot',
    make: ['ALTER ROLE asker CREATEROLE'],
    codes: ['create-role'],
    since: 16,
  },
  { title: 'a maker of databases', make: ['ALTER ROLE asker CREATEDB'], codes: ['create-database'] },
  {
    title: 'one that ends sessions of others',
    make: ['GRANT pg_signal_backend TO asker'],
    codes: ['member-of-pg-signal-backend'],
  },
  {
    title: 'one that reads everything',
    make: ['GRANT pg_read_all_data TO asker'],
    codes: ['member-of-pg-read-all-data'],
    since: 14,
  },
  { title: 'one that monitors, said once', make: ['GRANT pg_monitor TO asker'], codes: ['member-of-pg-monitor'] },
  {
    title: 'one that maintains every table',
    make: ['GRANT pg_maintain TO asker'],
    codes: ['member-of-pg-maintain'],
    since: 17,
  },
  {
    title: 'an owner of what it reads',
    make: ['ALTER TABLE goods OWNER TO asker'],
    codes: ['owns-relations'],
    stays: true,
  },
  {
    title: 'a member of the owner of what it reads',
    make: ['CREATE ROLE keeper', 'ALTER TABLE goods OWNER TO keeper', 'GRANT keeper TO asker'],
    codes: ['owns-relations'],
    stays: true,
  },
  { title: 'a maker of schemas', make: ['GRANT CREATE ON DATABASE shop TO asker'], codes: ['create-on-database'] },
  {
    title: 'a maker of objects in the search path',
    make: ['GRANT CREATE ON SCHEMA public TO asker'],
    codes: ['create-on-search-path'],
  },
  {
    title: 'a maker of objects in the search path through a group',
    make: ['CREATE ROLE makers', 'GRANT makers TO asker', 'GRANT CREATE ON SCHEMA public TO makers'],
    codes: ['create-on-search-path'],
  },
  {
    title: 'everybody making objects in the search path',
    make: ['GRANT CREATE ON SCHEMA public TO PUBLIC'],
    codes: ['create-on-search-path'],
  },
  {
    title: 'no maker where the schema is not on its path',
    make: ['CREATE SCHEMA aside', 'GRANT CREATE ON SCHEMA aside TO asker'],
    codes: [],
  },
  {
    title: 'a maker of temporary tables',
    make: ['GRANT TEMPORARY ON DATABASE shop TO PUBLIC'],
    codes: ['temporary-tables'],
  },
  {
    title: 'a caller of its owner’s rights',
    make: ["CREATE FUNCTION lift() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"],
    codes: ['definer-functions'],
  },
  {
    title: 'no caller where EXECUTE was taken away',
    make: [
      "CREATE FUNCTION lift() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
      'REVOKE EXECUTE ON FUNCTION lift() FROM PUBLIC',
    ],
    codes: [],
  },
  {
    title: 'a plain function of somebody, which is no weakness',
    make: ["CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    codes: [],
  },
  {
    title: 'one that sets what the server runs',
    make: ['GRANT ALTER SYSTEM, SET ON PARAMETER archive_command TO asker'],
    codes: ['server-parameters'],
    since: 15,
  },
  {
    title: 'one that may keep its own lines out of the log, which is no weakness',
    make: ['GRANT SET ON PARAMETER log_min_messages TO asker'],
    codes: [],
    since: 15,
  },
  {
    title: 'a member of groups whose names are words of JavaScript',
    make: [
      'CREATE ROLE constructor',
      'GRANT constructor TO asker',
      'CREATE ROLE "__proto__"',
      'GRANT "__proto__" TO asker',
    ],
    codes: [],
  },
  {
    title: 'names that need quoting',
    make: ['CREATE ROLE "odd "" one"', 'GRANT "odd "" one" TO asker', 'GRANT CREATE ON SCHEMA public TO "odd "" one"'],
    codes: ['create-on-search-path'],
  },
];

for (const { major, name, missing, start } of serversAtHand) {
  describe.skipIf(missing)(`the weaknesses of a role on ${name}`, () => {
    let server: TemporaryServer;
    beforeAll(async () => {
      server = await start();
      await superuser('postgres', ['CREATE DATABASE shop']);
    });
    afterAll(() => server.stop());

    async function superuser(database: string, statements: readonly string[]): Promise<void> {
      const { host, port, user, password } = server;
      const client = new Client({ host, port, user, password, database, ssl: false });
      await client.connect();
      try {
        for (const statement of statements) await client.query(statement);
      } finally {
        await client.end();
      }
    }

    /** The role and what it could have a right on, as they should be; then what the row does to them. */
    async function prepare(make: readonly string[]): Promise<void> {
      await superuser('shop', [
        `DO $$ DECLARE r text; BEGIN
           FOR r IN SELECT nspname FROM pg_namespace WHERE oid >= 16384 OR nspname = 'public' LOOP
             EXECUTE format('DROP SCHEMA %I CASCADE', r);
           END LOOP;
           FOR r IN SELECT rolname FROM pg_roles WHERE oid >= 16384 LOOP
             EXECUTE format('DROP OWNED BY %1$I; DROP ROLE %1$I', r);
           END LOOP;
         END $$`,
        'CREATE SCHEMA public',
        'GRANT USAGE ON SCHEMA public TO PUBLIC',
        'GRANT SELECT ON pg_catalog.pg_roles TO PUBLIC',
        'REVOKE ALL ON DATABASE shop FROM PUBLIC',
        "CREATE ROLE asker LOGIN PASSWORD 'pass'",
        'GRANT CONNECT ON DATABASE shop TO asker',
        'CREATE TABLE goods (id int)',
        ...make,
      ]);
    }

    async function asAsker<T>(
      work: (session: PostgresSession) => Promise<T>,
      secondLineage: Connection['secondLineage'] = 'when_quiet',
    ): Promise<T> {
      const session = await connectPostgres(
        {
          host: server.host,
          port: server.port,
          database: 'shop',
          user: 'asker',
          password: 'pass',
          tls: 'disable',
          searchPath: ['public'],
          applicationName: 'test',
          secondLineage,
        },
        AbortSignal.timeout(20_000),
      );
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    }

    const facts = (): Promise<RoleFacts> => asAsker((session) => loadRoleFacts(session));

    const possible = rows.filter(({ since = 0, until = 99 }) => since <= major && major <= until);
    for (const { title, make, codes, refused = [], stays } of possible) {
      it(`are right for ${title}`, async () => {
        await prepare(make);
        const found = weaknessesOf(await facts());
        expect(found.map(({ code }) => code)).toEqual(codes);
        expect(found.filter(({ severity }) => severity === 'refused').map(({ code }) => code)).toEqual(refused);
        if (stays === true) return;
        await superuser(
          'shop',
          found.flatMap(({ mend }) => mend),
        );
        expect(weaknessesOf(await facts())).toEqual([]);
      });
    }

    it('do not end with SET ROLE in the role’s own defaults', async () => {
      await prepare(['ALTER ROLE asker SUPERUSER', 'CREATE ROLE harmless', 'ALTER ROLE asker SET role = harmless']);
      expect(weaknessesOf(await facts()).map(({ code }) => code)).toEqual(['superuser']);
    });

    it('say what dangerous extensions are within reach, and how to put them out of it', async () => {
      await prepare(['CREATE EXTENSION dblink', 'CREATE EXTENSION file_fdw']);
      const found = weaknessesOf(await facts());
      expect(found.map(({ code }) => code)).toEqual(['extension-dblink']);
      await superuser(
        'shop',
        found.flatMap(({ mend }) => mend),
      );
      expect(weaknessesOf(await facts())).toEqual([]);
    });

    it('are not known where the role may not read who it is: the role is not used', async () => {
      await prepare(['REVOKE SELECT ON pg_catalog.pg_roles FROM PUBLIC']);
      await expect(facts()).rejects.toMatchObject({ code: 'role-unknown' });
    });

    it('say whether the second lineage can be had, and the statement that makes it so', async () => {
      await prepare([]);
      const described = (secondLineage?: Connection['secondLineage']) =>
        asAsker(
          async (session) => describeSecondLineage(session.secondLineage, await loadRoleFacts(session)),
          secondLineage,
        );
      const compared = COMPARED_MAJORS.has(major);
      const before = await described();
      expect(before.on).toBe(false);
      expect((await described('always')).on).toBe(compared);
      expect(await described('never')).toMatchObject({ on: false, mend: [] });
      await superuser('shop', before.mend);
      expect((await described()).on).toBe(compared);
    });
  });
}

describe('a role that is too powerful', () => {
  const facts: RoleFacts = {
    serverMajor: 18,
    role: 'postgres',
    database: 'shop',
    superuser: true,
    bypassRowSecurity: true,
    replication: true,
    createRole: true,
    createDatabase: true,
    memberOf: [],
    owns: { count: 0, examples: [] },
    createOnDatabase: [],
    temporaryTables: [],
    createOnSchemas: [],
    extensions: [],
    functions: { count: 0, definers: 0, examples: [] },
    untrusted: { count: 0, examples: [] },
    parameters: [],
    unreadable: [],
    settings: { tempFileLimit: '-1', statementTimeout: '0', logMinMessages: 'warning' },
  };
  const connection = (accept?: Connection['accept']): Connection => ({
    name: 'shop',
    title: 'Shop',
    engine: 'postgres',
    environment: 'production',
    host: 'localhost',
    port: 5432,
    database: 'shop',
    user: 'postgres',
    tls: 'disable',
    searchPath: ['public'],
    ...(accept === undefined ? {} : { accept }),
  });

  it('refuses, and the refusal names the words that would accept it', () => {
    const refusing = unaccepted(judgeRole(facts, connection()));
    expect(refusing.map(({ code }) => code)).toEqual(['superuser']);
    const error = roleTooPowerful(connection(), refusing);
    expect(error.code).toBe('role-too-powerful');
    expect(error.message).toBe(
      'Shop is not used: The role postgres has SUPERUSER: no right of the server holds it back, and it reads files and runs programs there.',
    );
    expect(error.next).toContain('accept: [superuser]');
  });

  it('is accepted by its own word and by no other', () => {
    const because = 'a test';
    expect(unaccepted(judgeRole(facts, connection({ weaknesses: ['superuser'], because })))).toEqual([]);
    expect(unaccepted(judgeRole(facts, connection({ weaknesses: ['replication'], because })))).toHaveLength(1);
  });
});
