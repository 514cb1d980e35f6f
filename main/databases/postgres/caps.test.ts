import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, startTemporary, type TemporaryServer } from '../embedded/index.ts';
import { CAPPED } from './caps.ts';
import { connectPostgres, type PostgresSession } from './session.ts';

const never = new AbortController().signal;

describe('bounds on what a statement may take of the server', () => {
  let server: TemporaryServer;
  const opened: PostgresSession[] = [];
  beforeAll(async () => {
    server = await startTemporary();
    await asSuperuser(server, 'postgres', async (query) => {
      for (const [role, settings] of Object.entries(ROLES)) {
        await query(`CREATE ROLE ${role} LOGIN PASSWORD 'only for tests'`);
        for (const [name, value] of Object.entries(settings))
          await query(`ALTER ROLE ${role} SET ${name} = '${value}'`);
      }
      await query('GRANT SET ON PARAMETER temp_file_limit TO trusted');
    });
  });
  afterAll(async () => {
    await Promise.all(opened.map((session) => session.close()));
    await server.stop();
  });

  const ROLES = {
    plain: {},
    greedy: {
      work_mem: '64GB',
      hash_mem_multiplier: '900',
      max_parallel_workers_per_gather: '900',
      idle_in_transaction_session_timeout: '0',
    },
    modest: {
      work_mem: '1MB',
      hash_mem_multiplier: '1',
      max_parallel_workers_per_gather: '0',
      idle_in_transaction_session_timeout: '5s',
      temp_file_limit: '1MB',
    },
    trusted: {},
  } as const;

  async function connect(user: string, password = 'only for tests'): Promise<PostgresSession> {
    const { host, port } = server;
    const session = await connectPostgres(
      {
        host,
        port,
        database: 'postgres',
        user,
        password,
        tls: 'disable',
        searchPath: ['public'],
        applicationName: 'tests',
      },
      never,
    );
    opened.push(session);
    return session;
  }
  async function boundsOf(session: PostgresSession): Promise<Readonly<Record<string, string>>> {
    const rows = await session.query(
      'SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.unnest($1::text[]) name',
      [`{${CAPPED.join(',')}}`],
    );
    return Object.fromEntries(rows.map(([name, value]) => [name ?? '', value ?? '']));
  }

  it('are lowered where a role brings more', async () => {
    expect(await boundsOf(await connect('greedy'))).toMatchObject({
      work_mem: '256MB',
      hash_mem_multiplier: '2',
      max_parallel_workers_per_gather: '4',
      idle_in_transaction_session_timeout: '1min',
    });
  });

  it('stay where a role brings less', async () => {
    expect(await boundsOf(await connect('modest'))).toEqual({
      work_mem: '1MB',
      hash_mem_multiplier: '1',
      max_parallel_workers_per_gather: '0',
      idle_in_transaction_session_timeout: '5s',
      temp_file_limit: '1MB',
    });
  });

  it.each([
    ['plain', '-1'],
    ['trusted', '16GB'],
  ])('include temporary files only where the role may set that: %s', async (role, limit) => {
    expect(await boundsOf(await connect(role))).toMatchObject({ temp_file_limit: limit });
  });

  it('include temporary files for a superuser', async () => {
    expect(await boundsOf(await connect('postgres', server.password))).toMatchObject({ temp_file_limit: '16GB' });
  });

  it.each([
    ['work_mem', '1GB'],
    ['idle_in_transaction_session_timeout', '0'],
  ])('end the session where something has lifted %s', async (name, value) => {
    const session = await connect('plain');
    await session.query('SELECT pg_catalog.set_config($1, $2, false)', [name, value]);
    const begun = session.begin({
      mode: 'read only',
      statementTimeout: 0,
      lockTimeout: 0,
      text: 'SELECT 1',
      params: [],
    });
    await expect(begun).rejects.toMatchObject({ code: 'session-changed' });
  });

  it('hold for one transaction, with time around the statement for what is asked of it', async () => {
    const session = await connect('plain');
    await session.begin({ mode: 'read only', statementTimeout: 7000, lockTimeout: 300, text: 'SELECT 1', params: [] });
    const timeouts = `SELECT pg_catalog.current_setting('statement_timeout'), pg_catalog.current_setting('lock_timeout'), pg_catalog.current_setting('transaction_timeout')`;
    expect(await session.query(timeouts)).toEqual([['7s', '300ms', '67s']]);
    await session.end('rollback');
    expect(await session.query(timeouts)).toEqual([['0', '0', '0']]);
  });
});
