import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, startTemporary, type TemporaryServer } from '../embedded/index.ts';
import { type ServerFields } from './server-error.ts';
import { type BeginOptions, connectPostgres, type PostgresSession, type RowSink } from './session.ts';
import { type PostgresTarget } from './target.ts';

let server: TemporaryServer;
let target: PostgresTarget;
const opened: PostgresSession[] = [];
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startTemporary();
  const { host, port, user, password } = server;
  target = {
    host,
    port,
    database: 'postgres',
    user,
    password,
    tls: 'prefer',
    searchPath: ['public', 'odd "name'],
    applicationName: 'countersign: tests',
  };
  await asSuperuser(server, 'postgres', async (query) => {
    await query('CREATE TABLE people (id int PRIMARY KEY, name varchar(40) NOT NULL, pay numeric(8,2))');
    await query(`INSERT INTO people VALUES (1, 'Ana', 10.5), (2, 'Eli', NULL)`);
    await query("CREATE TYPE mood AS ENUM ('good', 'bad')");
  });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((session) => session.close()));
});
afterAll(() => server.stop());

async function connect(changes: Partial<PostgresTarget> = {}): Promise<PostgresSession> {
  const session = await connectPostgres({ ...target, ...changes }, never);
  opened.push(session);
  return session;
}

const statement = (text: string, changes: Partial<BeginOptions> = {}): BeginOptions => ({
  mode: 'read only',
  statementTimeout: 20_000,
  lockTimeout: 1000,
  text,
  params: [],
  ...changes,
});

/** Keeps the cells of every row as text. */
function collector(): RowSink & { readonly rows: (string | null)[][] } {
  const rows: (string | null)[][] = [];
  return {
    rows,
    row(bytes, start) {
      const cells: (string | null)[] = [];
      let at = start + 2;
      for (let left = bytes.readInt16BE(start); left > 0; left--) {
        const length = bytes.readInt32BE(at);
        at += 4;
        cells.push(length < 0 ? null : bytes.toString('utf8', at, at + length));
        at += Math.max(length, 0);
      }
      rows.push(cells);
      return true;
    },
  };
}

describe('connecting', () => {
  it('pins the settings that change how a statement is read', async () => {
    const session = await connect();
    const rows = await session.query(
      `SELECT current_setting('search_path'), current_setting('standard_conforming_strings'), current_setting('client_encoding'), current_setting('application_name'), current_setting('row_security')`,
    );
    expect(rows).toEqual([['"public", "odd ""name", pg_temp', 'on', 'UTF8', 'countersign: tests', 'on']]);
    expect(session.serverVersion).toMatch(/^18/);
    expect(session.role).toBe('postgres');
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'login-refused'],
    ['no password', { password: '' }, 'login-refused'],
    ['a user who does not exist', { user: 'nobody there' }, 'login-refused'],
    ['a database that does not exist', { database: 'nowhere' }, 'database-missing'],
    ['a port where nothing listens', { port: 1 }, 'connection-refused'],
    ['a host that does not exist', { host: 'nowhere.invalid' }, 'host-unknown'],
    ['a server without TLS where TLS is required', { tls: 'require' as const }, 'tls-refused'],
    ['a server without TLS where its identity is to be verified', { tls: 'verify-full' as const }, 'tls-refused'],
  ])('names what is wrong with %s, and says nothing of the password', async (_what, changes, code) => {
    const error: unknown = await connectPostgres({ ...target, ...changes }, never).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify([String(error), error])).not.toContain(server.password);
  });

  it('takes neither password nor options from the environment', async () => {
    process.env['PGPASSWORD'] = server.password;
    process.env['PGOPTIONS'] = '-c standard_conforming_strings=off -c work_mem=999kB';
    try {
      const { password: _password, ...rest } = target;
      await expect(connectPostgres(rest, never)).rejects.toMatchObject({ code: 'login-refused' });
      const session = await connect();
      expect(await session.query('SHOW work_mem')).not.toEqual([['999kB']]);
    } finally {
      delete process.env['PGPASSWORD'];
      delete process.env['PGOPTIONS'];
    }
  });

  it('can be given up', async () => {
    const aborter = new AbortController();
    const connecting = connectPostgres(target, aborter.signal);
    aborter.abort();
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a statement', () => {
  it('is described before it runs, with types as people write them and the columns they come from', async () => {
    const session = await connect();
    const prepared = await session.begin(
      statement(`SELECT name, pay, 'good'::mood AS mood, $1::int FROM people`, { params: ['1'] }),
    );
    expect(prepared.columns.map(({ name, type, attribute }) => [name, type, attribute])).toEqual([
      ['name', 'character varying(40)', 2],
      ['pay', 'numeric(8,2)', 3],
      ['mood', 'mood', 0],
      ['int4', 'integer', 0],
    ]);
    expect(prepared.columns[0]?.tableOid).toBeGreaterThan(16_383);
    expect(prepared.columns[2]?.tableOid).toBe(0);
    expect(prepared.parameterOids).toEqual([23]);
    expect(prepared.probe).toMatchObject({
      readOnly: true,
      processId: session.processId,
      role: 'postgres',
      database: 'postgres',
    });
  });

  it('has not run when it is prepared', async () => {
    const session = await connect();
    await session.query('CREATE SEQUENCE public.ran');
    await session.begin(statement(`SELECT nextval('ran')`, { mode: 'read write' }));
    await session.end('commit');
    expect(await session.query('SELECT is_called FROM ran')).toEqual([['f']]);
  });

  it('gives its rows, its tag and the fact that it wrote nothing', async () => {
    const session = await connect();
    const sink = collector();
    const prepared = await session.begin(
      statement('SELECT id, name, pay FROM people WHERE id >= $1 ORDER BY id', { params: ['1'] }),
    );
    expect(await session.execute(prepared, sink, never)).toEqual({ tag: 'SELECT 2', rows: 2, transactionId: null });
    await session.end('rollback');
    expect(sink.rows).toEqual([
      ['1', 'Ana', '10.50'],
      ['2', 'Eli', null],
    ]);
  });

  it("survives the gate's own queries between preparing and running", async () => {
    const session = await connect();
    const sink = collector();
    const prepared = await session.begin(statement(`SELECT 'the statement that was decided on'`));
    await session.query('SELECT 1');
    await session.execute(prepared, sink, never);
    expect(sink.rows).toEqual([['the statement that was decided on']]);
  });

  it.each(['', '   ', '-- only a remark'])('may be empty: %j', async (text) => {
    const session = await connect();
    expect(await session.execute(await session.begin(statement(text)), collector(), never)).toMatchObject({
      tag: '',
      rows: 0,
    });
  });

  it('cannot be two', async () => {
    const session = await connect();
    await expect(session.begin(statement('SELECT 1; DROP TABLE people'))).rejects.toMatchObject({ sqlstate: '42601' });
  });

  it.each([
    ['write', `INSERT INTO people VALUES (3, 'x', 0)`, '25006'],
    ['turn the transaction into a writing one', 'SET TRANSACTION READ WRITE', '25001'],
    ['turn it into a writing one by a function', `SELECT set_config('transaction_read_only', 'off', true)`, '25001'],
  ])('cannot, in a reading envelope, %s', async (_what, text, sqlstate) => {
    const session = await connect();
    const run = async (): Promise<unknown> => session.execute(await session.begin(statement(text)), collector(), never);
    await expect(run()).rejects.toMatchObject({ sqlstate });
  });

  it('is seen to write where the read-only envelope lets it, and is rolled back', async () => {
    const session = await connect();
    const prepared = await session.begin(
      statement('EXPLAIN (ANALYZE, COSTS OFF) CREATE TABLE public.slipped AS SELECT 1'),
    );
    const { transactionId } = await session.execute(prepared, collector(), never);
    await session.end('rollback');
    expect(transactionId).not.toBeNull();
    expect(await session.query(`SELECT to_regclass('slipped')`)).toEqual([[null]]);
  });

  it.each(['COMMIT', 'ROLLBACK', 'COMMIT AND CHAIN', 'ROLLBACK AND CHAIN'])(
    'that leaves its envelope closes the connection: %s',
    async (text) => {
      const session = await connect();
      const prepared = await session.begin(statement(text));
      await expect(session.execute(prepared, collector(), never)).rejects.toMatchObject({ code: 'session-changed' });
      expect(session.usable).toBe(false);
    },
  );

  it('never runs outside its own transaction, nor twice', async () => {
    const session = await connect();
    const old = await session.begin(statement(`DELETE FROM people`, { mode: 'read write' }));
    await session.end('rollback');
    await expect(session.execute(old, collector(), never)).rejects.toMatchObject({ code: 'not-prepared' });
    const once = await session.begin(statement('SELECT 1'));
    await expect(session.execute(old, collector(), never)).rejects.toMatchObject({ code: 'not-prepared' });
    await session.execute(once, collector(), never);
    await expect(session.execute(once, collector(), never)).rejects.toMatchObject({ code: 'not-prepared' });
  });

  it('keeps what a committed writing envelope wrote', async () => {
    const session = await connect();
    const prepared = await session.begin(
      statement(`INSERT INTO people VALUES (9, 'Sam', 1) RETURNING id`, { mode: 'read write' }),
    );
    const sink = collector();
    expect(await session.execute(prepared, sink, never)).toMatchObject({
      tag: 'INSERT 0 1',
      transactionId: expect.any(String) as string,
    });
    await session.end('commit');
    expect(await (await connect()).query('DELETE FROM people WHERE id = 9 RETURNING name')).toEqual([['Sam']]);
  });

  it.each([
    ['before the place', `SELECT '😀𝒳é', nope`, 'nope'],
    ['none', 'SELECT nope', 'nope'],
  ])('that is wrong is reported with a UTF-16 place, with wide characters %s', async (_what, text, wrong) => {
    const session = await connect();
    await expect(session.begin(statement(text))).rejects.toMatchObject({
      fields: { sqlstate: '42703', severity: 'ERROR', position: text.indexOf(wrong) },
    });
    expect(await session.query('SELECT 1')).toEqual([['1']]);
  });

  it('that fails while it runs gives the whole error as fields', async () => {
    const session = await connect();
    const prepared = await session.begin(
      statement(`INSERT INTO people VALUES (1, 'again', 0)`, { mode: 'read write' }),
    );
    await expect(session.execute(prepared, collector(), never)).rejects.toMatchObject({
      fields: { sqlstate: '23505', table: 'people', constraint: 'people_pkey', detail: 'Key (id)=(1) already exists.' },
    });
    await expect(session.end('commit')).rejects.toMatchObject({ code: 'not-committed' });
    expect(session.usable).toBe(true);
  });

  it.each([
    ['a NUL', 'SELECT 1\0; DROP TABLE people', 'nul-byte'],
    ['half a character', `SELECT '\ud800'`, 'lone-surrogate'],
  ])('with %s is never sent', async (_what, text, code) => {
    const session = await connect();
    await expect(session.begin(statement(text))).rejects.toMatchObject({ code });
  });

  it('takes COPY for a breach of the protocol', async () => {
    const session = await connect();
    const prepared = await session.begin(statement('COPY people TO STDOUT'));
    await expect(session.execute(prepared, collector(), never)).rejects.toMatchObject({ code: 'protocol-violation' });
    expect(session.usable).toBe(false);
  });

  it('brings cells of ten megabytes and two thousand columns whole', async () => {
    const session = await connect();
    const sink = collector();
    await session.execute(await session.begin(statement(`SELECT repeat('é', 5242880)`)), sink, never);
    await session.end('rollback');
    expect(sink.rows[0]?.[0]?.length).toBe(5_242_880);
    const many = `SELECT ${Array.from({ length: 1600 }, (_, i) => String(i)).join(', ')}`;
    const prepared = await session.begin(statement(many));
    expect(prepared.columns).toHaveLength(1600);
  });

  it('tells notices apart from rows', async () => {
    const session = await connect();
    const notices: ServerFields[] = [];
    session.onNotice((notice) => notices.push(notice));
    const prepared = await session.begin(statement(`DO $$ BEGIN RAISE NOTICE 'pay is %', 10; END $$`));
    await session.execute(prepared, collector(), never);
    expect(notices).toMatchObject([
      { severity: 'NOTICE', message: 'pay is 10', where: expect.stringContaining('RAISE') as string },
    ]);
  });
});

describe('ending early', () => {
  it('cancels on the server when the signal aborts, and the connection serves on', async () => {
    const session = await connect();
    const aborter = new AbortController();
    const prepared = await session.begin(statement('SELECT generate_series(1, 1000000000)'));
    const running = session.execute(prepared, { row: () => (aborter.abort(), true) }, aborter.signal);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await session.end('rollback');
    expect(await session.query('SELECT 1')).toEqual([['1']]);
  });

  it('runs nothing for a signal that is aborted already', async () => {
    const session = await connect();
    const prepared = await session.begin(statement('SELECT 1'));
    await expect(session.execute(prepared, collector(), AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('stops the server when no further row is wanted', async () => {
    const session = await connect();
    let rows = 0;
    const prepared = await session.begin(statement('SELECT generate_series(1, 1000000000)'));
    const run = await session.execute(prepared, { row: () => ++rows <= 10 }, never);
    expect(run).toMatchObject({ tag: undefined, rows: 10 });
    await session.end('rollback');
    expect(await session.query('SELECT 1')).toEqual([['1']]);
  });

  it('stops the server when the taker of rows fails, and passes the failure on', async () => {
    const session = await connect();
    const prepared = await session.begin(statement('SELECT generate_series(1, 1000000000)'));
    const failing = session.execute(
      prepared,
      {
        row: () => {
          throw new Error('disk full');
        },
      },
      never,
    );
    await expect(failing).rejects.toThrow('disk full');
    await session.end('rollback');
    expect(session.usable).toBe(true);
  });

  it('holds the server back while the taker of rows is busy', async () => {
    const session = await connect();
    let busy = 0;
    let most = 0;
    const prepared = await session.begin(statement('SELECT i FROM generate_series(1, 500) i'));
    const run = await session.execute(
      prepared,
      {
        async row() {
          most = Math.max(most, ++busy);
          await new Promise((done) => setImmediate(done));
          busy--;
          return true;
        },
      },
      never,
    );
    expect([most, run.rows]).toEqual([1, 500]);
  });

  it('ends a statement that runs longer than allowed, and says it was not a cancel of ours', async () => {
    const session = await connect();
    const prepared = await session.begin(statement('SELECT pg_sleep(30)', { statementTimeout: 20 }));
    await expect(session.execute(prepared, collector(), never)).rejects.toMatchObject({ sqlstate: '57014' });
  });

  it('does not wait longer than allowed for a lock', async () => {
    const holder = await connect();
    await holder.execute(
      await holder.begin(statement('LOCK TABLE people IN ACCESS EXCLUSIVE MODE', { mode: 'read write' })),
      collector(),
      never,
    );
    const session = await connect();
    await expect(session.begin(statement('SELECT name FROM people', { lockTimeout: 20 }))).rejects.toMatchObject({
      sqlstate: '55P03',
    });
    await holder.end('rollback');
  });
});

describe('a session whose ground moves', () => {
  it.each([
    ['client_encoding', `SET client_encoding = 'SJIS'`],
    ['standard_conforming_strings', 'SET standard_conforming_strings = off'],
    ['search_path', 'SET search_path = public'],
  ])('closes itself as soon as %s changes', async (_what, text) => {
    const session = await connect();
    await session.query(text).catch(() => undefined);
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'session-changed' });
    expect(session.usable).toBe(false);
  });

  it.each([
    ['row_security', 'SET row_security = off'],
    ['a setting that turns = NULL into IS NULL', 'SET transform_null_equals = on'],
    ['the role', 'SET ROLE pg_read_all_data'],
  ])('closes itself at the next statement after %s has changed unreported', async (_what, text) => {
    const session = await connect();
    await session.query(text).catch(() => undefined);
    await expect(session.begin(statement('SELECT 1'))).rejects.toMatchObject({ code: 'session-changed' });
    expect(session.usable).toBe(false);
  });

  it.each([
    ['before the statement', 'countersign_beginRead', 'begin'],
    ['behind the statement', 'countersign_afterwards', 'execute'],
  ])("closes itself, and runs nothing, where the gate's own statement %s is gone", async (_what, name, at) => {
    const session = await connect();
    await session.query(`DEALLOCATE "${name}"`);
    const run = async (): Promise<unknown> => {
      const prepared = await session.begin(statement('SELECT 1'));
      expect(at).toBe('execute');
      return session.execute(prepared, collector(), never);
    };
    await expect(run()).rejects.toMatchObject({ code: 'session-changed' });
    expect(session.usable).toBe(false);
  });

  it("closes itself where something else is in the place of the gate's own ROLLBACK", async () => {
    const session = await connect();
    await session.query('DEALLOCATE countersign_rollback');
    await session.query('PREPARE countersign_rollback AS SELECT 1');
    const prepared = await session.begin(statement('SELECT 1'));
    await expect(session.execute(prepared, collector(), never)).rejects.toMatchObject({ code: 'session-changed' });
    expect(session.usable).toBe(false);
  });

  it('ends a transaction that was left open before it begins the next', async () => {
    const session = await connect();
    await session.begin(statement('DELETE FROM people', { mode: 'read write' }));
    const { probe } = await session.begin(statement('SELECT 1'));
    expect(probe.readOnly).toBe(true);
  });

  it('says that an administrator ended it, and is not used again', async () => {
    const session = await connect();
    const other = await connect();
    await other.query('SELECT pg_terminate_backend($1, 5000)', [String(session.processId)]);
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'connection-lost' });
    expect(session.usable).toBe(false);
  });

  it('loses its connection in the middle of a result with a clear error', async () => {
    const session = await connect();
    const other = await connect();
    let rows = 0;
    const prepared = await session.begin(statement('SELECT generate_series(1, 1000000000)'));
    const running = session.execute(
      prepared,
      {
        async row() {
          if (rows++ === 0) await other.query('SELECT pg_terminate_backend($1)', [String(session.processId)]);
          return true;
        },
      },
      never,
    );
    await expect(running).rejects.toMatchObject({ code: 'connection-lost' });
  });
});
