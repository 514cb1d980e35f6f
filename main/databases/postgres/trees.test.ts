import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TemporaryServer } from '../embedded/index.ts';
import { serversAtHand } from '../embedded/testing/installed.ts';
import { Message } from './messages.ts';
import { type ServerFields } from './server-error.ts';
import { type BeginOptions, connectPostgres, type PostgresSession, type RowSink } from './session.ts';
import { type PostgresTarget } from './target.ts';
import { secondLineageOf, TreeCollector } from './trees.ts';

const never = new AbortController().signal;
const ignored: RowSink = { row: () => true };

const statement = (text: string, changes: Partial<BeginOptions> = {}): BeginOptions => ({
  mode: 'read only',
  statementTimeout: 20_000,
  lockTimeout: 1000,
  text,
  params: [],
  ...changes,
});

describe('trees among the notices of a Parse', () => {
  const tree = (detail: string, changes: Record<string, string> = {}): ReadonlyMap<string, string> =>
    new Map(Object.entries({ V: 'LOG', R: 'elog_node_display', M: 'parse tree:', D: detail, ...changes }));

  const collected = (...seen: readonly (ReadonlyMap<string, string> | 'parsed')[]): unknown => {
    const collector = new TreeCollector();
    for (const one of seen) {
      if (one === 'parsed') collector.message(Message.parseComplete);
      else collector.notice(one);
    }
    return collector.result;
  };

  it('are the two that come before it is complete, whatever language their titles are in', () => {
    const title = { M: 'Parsebaum:', S: 'LOG' };
    expect(collected(tree('{A}', title), tree('({B})', title), 'parsed')).toEqual({
      parsed: '{A}',
      rewritten: '({B})',
    });
  });

  it.each([
    ['none', 'not-sent', ['parsed']],
    ['one', 'not-sent', [tree('{A}'), 'parsed']],
    ['three', 'not-sent', [tree('{A}'), tree('({B})'), tree('{C}'), 'parsed']],
    ['one more behind it', 'parsed-again', [tree('{A}'), tree('({B})'), 'parsed', tree('{A}')]],
    ['more than is taken', 'too-large', [tree('{A}'), tree('x'.repeat(4 * 1024 * 1024)), 'parsed']],
  ] as const)('are not taken when there are %s', (_what, missing, seen) => {
    expect(collected(...seen)).toBe(missing);
  });

  it.each([
    ['RAISE LOG in a function', { R: 'exec_stmt_raise' }],
    ['a notice of another level', { V: 'NOTICE' }],
    ['a notice without a routine', { R: '' }],
  ])('are not what %s says under their title', (_what, changes) => {
    expect(collected(tree('{FORGED}', changes), tree('{A}'), tree('({B})'), 'parsed')).toEqual({
      parsed: '{A}',
      rewritten: '({B})',
    });
  });
});

describe('whether the server is asked for trees', () => {
  it.each([
    ['fatal', undefined, 18, 'on'],
    ['panic', 'when_quiet', 15, 'on'],
    ['warning', undefined, 18, 'off: log is not quiet'],
    ['fatal,backend:debug1', 'when_quiet', 18, 'off: log is not quiet'],
    ['', 'when_quiet', 18, 'off: log is not quiet'],
    ['warning', 'always', 18, 'on'],
    ['fatal', 'never', 18, 'off: by configuration'],
    ['fatal', 'always', 12, 'off: this server version'],
    ['fatal', 'always', 19, 'off: this server version'],
    ['fatal', 'always', Number.NaN, 'off: this server version'],
  ] as const)('with a log at "%s", set to %s, on PostgreSQL %d: %s', (level, secondLineage, major, state) => {
    expect(secondLineageOf(secondLineage === undefined ? {} : { secondLineage }, major, level)).toBe(state);
  });
});

for (const { major, name, missing, start } of serversAtHand) {
  describe.skipIf(missing)(`the trees of ${name}`, () => {
    let server: TemporaryServer;
    let target: PostgresTarget;
    let proxy: Server;
    /** What the server sent since the test began. */
    let sent = '';
    const sockets = new Set<Socket>();
    const opened: PostgresSession[] = [];

    beforeAll(async () => {
      server = await start();
      const admin = await connectPostgres(
        {
          host: server.host,
          port: server.port,
          database: 'postgres',
          user: 'postgres',
          password: server.password,
          tls: 'disable',
          searchPath: ['public'],
          applicationName: 'tests',
        },
        never,
      );
      for (const text of [
        `CREATE ROLE quiet LOGIN PASSWORD 'only for tests'`,
        `ALTER ROLE quiet SET log_min_messages = 'fatal'`,
        `CREATE ROLE loud LOGIN PASSWORD 'only for tests'`,
        'CREATE TABLE people (id int PRIMARY KEY, name text)',
        `INSERT INTO people VALUES (1, 'Ana')`,
        'CREATE VIEW names AS SELECT name FROM people',
        `CREATE FUNCTION forging() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'parse tree:' USING DETAIL = '{QUERY}'; RETURN 1; END $$`,
        `CREATE FUNCTION asking() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM people); END $$`,
        'GRANT SELECT ON ALL TABLES IN SCHEMA public TO quiet, loud',
      ])
        await admin.query(text);
      await admin.close();
      proxy = createServer((client) => {
        const upstream = connectTcp(server.port, server.host);
        for (const socket of [client, upstream]) {
          sockets.add(socket);
          socket.on('error', () => undefined);
          socket.on('close', () => [client, upstream].forEach((end) => end.destroy()));
        }
        client.pipe(upstream);
        upstream.on('data', (bytes) => {
          sent += bytes.toString('latin1');
          client.write(bytes);
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      target = {
        host: '127.0.0.1',
        port: (proxy.address() as AddressInfo).port,
        database: 'postgres',
        user: 'quiet',
        password: 'only for tests',
        tls: 'disable',
        searchPath: ['public'],
        applicationName: 'tests',
      };
    }, 60_000);
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((session) => session.close()));
      sent = '';
    });
    afterAll(async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await server.stop();
    });

    async function connect(changes: Partial<PostgresTarget> = {}): Promise<PostgresSession> {
      const session = await connectPostgres({ ...target, ...changes }, never);
      opened.push(session);
      return session;
    }
    const printed = (): number => sent.split('elog_node_display').length - 1;

    it('come with the Parse, with views in the one and what is behind them in the other', async () => {
      const session = await connect();
      expect(session.secondLineage).toBe('on');
      const { trees } = await session.begin(statement('SELECT name FROM names'));
      const [[table, view] = []] = await session.query(`SELECT 'people'::regclass::oid, 'names'::regclass::oid`);
      const reads = (tree: string | undefined, oid: string | null | undefined): boolean =>
        new RegExp(`:relid\\s+${oid ?? ''}\\s`).test(tree ?? '');
      expect([reads(trees?.parsed, view), reads(trees?.parsed, table)]).toEqual([true, false]);
      expect(reads(trees?.rewritten, table)).toBe(true);
    });

    it("are of the asker's statement and of nothing that the gate asks, nor of what functions ask", async () => {
      const session = await connect();
      const scope = {
        relations: ['people'],
        functions: [],
        operators: ['='],
        types: [],
        functionOids: [],
        operatorOids: [],
        allCode: true,
      };
      const prepared = await session.begin(statement('SELECT asking() FROM people', { marks: scope }));
      await session.query('SELECT count(*) FROM people');
      const held = { scope, marks: prepared.marks ?? new Map<string, string>() };
      await session.execute(prepared, ignored, never, { held });
      expect(printed()).toBe(2);
      await session.query('SELECT count(*) FROM people');
      expect(printed()).toBe(2);
    });

    it('are of the query inside EXPLAIN where its text is given, and it does not run', async () => {
      const session = await connect();
      const prepared = await session.begin(
        statement('EXPLAIN SELECT name FROM people WHERE id = $1', {
          treeOf: '        SELECT name FROM people WHERE id = $1',
          params: ['1'],
        }),
      );
      expect(prepared.trees?.rewritten).toMatch(/^\(\{QUERY\s+:commandType\s+1\s/);
      expect(await session.execute(prepared, ignored, never)).toMatchObject({ tag: 'EXPLAIN' });
    });

    it('are not asked for where nobody wants them, nor of a text that is too large', async () => {
      const session = await connect();
      expect(await session.begin(statement('SELECT 1', { treeOf: null }))).not.toHaveProperty('trees');
      const large = `SELECT 1 AS n -- ${'x'.repeat(256 * 1024)}`;
      expect(await session.begin(statement(large))).toMatchObject({ missingTrees: 'too-large' });
      expect(printed()).toBe(0);
    });

    it.each([
      ['the log is not quiet', { user: 'loud' }, 'off: log is not quiet'],
      ['they are switched off', { secondLineage: 'never' as const }, 'off: by configuration'],
    ])('are not printed where %s', async (_what, changes, state) => {
      const session = await connect(changes);
      expect(session.secondLineage).toBe(state);
      expect(await session.begin(statement('SELECT name FROM people'))).not.toHaveProperty('trees');
      expect(printed()).toBe(0);
    });

    it('are printed on a connection that has them always', async () => {
      const session = await connect({ user: 'loud', secondLineage: 'always' });
      expect(session.secondLineage).toBe('on');
      expect((await session.begin(statement('SELECT name FROM people'))).trees).toBeDefined();
    });

    it('reach nobody as notices, and neither does what only looks like them', async () => {
      const session = await connect();
      const notices: ServerFields[] = [];
      session.onNotice((notice) => notices.push(notice));
      const prepared = await session.begin(statement('SELECT forging() FROM people'));
      await session.execute(prepared, ignored, never);
      expect(notices).toEqual([]);
      expect(prepared.trees?.parsed).not.toBe('{QUERY}');
    });

    it('hold no field that a name can forge', async () => {
      const session = await connect();
      const { trees } = await session.begin(statement('SELECT 1 AS "} :relid 99 {QUERY :commandType 2 (b) "'));
      expect(trees?.rewritten).not.toMatch(/(?<!\\)[\s}]:relid\s+99/);
      expect(trees?.rewritten.match(/(?<!\\)\{QUERY/g)).toHaveLength(1);
    });

    it('are not printed any more after a statement that cannot be parsed', async () => {
      const session = await connect();
      await expect(session.begin(statement('SELECT nothing FROM people'))).rejects.toMatchObject({ sqlstate: '42703' });
      sent = '';
      await session.query('SELECT count(*) FROM people');
      expect(printed()).toBe(0);
    });

    it('end with the session where somebody makes the server send more than it is asked for', async () => {
      const session = await connect();
      await session.query(`SELECT set_config('client_min_messages', 'log', false)`);
      await expect(session.begin(statement('SELECT 1'))).rejects.toMatchObject({ code: 'session-changed' });
    });

    // Before 15 nobody but a superuser could make it loud.
    if (major < 15) return;
    it('are not printed from the moment on that the log is no longer quiet', async () => {
      const session = await connect();
      const admin = await connect({ user: 'postgres', password: server.password, secondLineage: 'never' });
      await admin.query(`GRANT SET ON PARAMETER log_min_messages TO quiet`);
      await session.query(`SELECT set_config('log_min_messages', 'warning', false)`);
      sent = '';
      await expect(session.begin(statement('SELECT name FROM people'))).rejects.toMatchObject({
        code: 'session-changed',
      });
      expect(printed()).toBe(0);
      await admin.query(`REVOKE SET ON PARAMETER log_min_messages FROM quiet`);
    });
  });
}
