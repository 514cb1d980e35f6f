import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExaminationView } from '../../../shared/views.ts';
import { serversAtHand, type TemporaryServer } from '../../gate/testing/servers.ts';
import { COMPARED_MAJORS } from '../../gate/lineage/server/index.ts';
import { roleScript } from '../../profile/role-script.ts';
import { edit } from '../testing/workplace.ts';
import { run } from './testing/terminal.ts';

/** A name of everything that SQL can be broken out of with. */
const ODD = `odd "role" 'of' $do$ $$ %I -- all`;

describe('docs/postgres-role.md', () => {
  it('holds the script that connections role-script prints', () => {
    const page = readFileSync(new URL('../../../docs/postgres-role.md', import.meta.url), 'utf8');
    const [, script] = /^```sql role-script\n(.*?)^```$/ms.exec(page) ?? [];
    expect(script).toBe(roleScript({ user: 'countersign', database: 'shop', searchPath: ['public', 'sales'] }));
  });
});

for (const { major, name, missing, start } of serversAtHand) {
  describe.skipIf(missing)(`the doctor of a connection to ${name}`, () => {
    let server: TemporaryServer;
    let home: string;
    beforeAll(async () => {
      server = await start();
      home = join(mkdtempSync(join(tmpdir(), 'countersign-doctor-')), 'profile');
      await superuser('postgres', 'CREATE DATABASE shop');
      await superuser('shop', 'CREATE SCHEMA sales', 'CREATE TABLE sales.orders AS SELECT 1 AS id');
      expect((await run(['init', '--home', home, '--secrets', 'file'])).code).toBe(0);
      for (const [user, password] of [
        ['postgres', server.password === '' ? 'none' : server.password],
        ['reader', 'pass'],
        [ODD, 'pass'],
      ] as const) {
        const address = `127.0.0.1:${String(server.port)}/shop?sslmode=disable`;
        const url = `postgres://${encodeURIComponent(user)}:${password}@${address}`;
        const title = user === ODD ? 'odd' : user;
        expect((await run(['connections', 'add', url, '--home', home, '--title', title])).code).toBe(0);
      }
      edit(home, 'connections.yaml', /^( +)user: reader$/m, '$1user: reader\n$1searchPath: [public, sales]');
    });
    afterAll(async () => {
      await server.stop();
      rmSync(join(home, '..'), { recursive: true, force: true });
    });

    async function superuser(database: string, ...statements: readonly string[]): Promise<void> {
      const { host, port, user, password } = server;
      const client = new Client({ host, port, user, password, database, ssl: false });
      await client.connect();
      try {
        for (const statement of statements) await client.query(statement);
      } finally {
        await client.end();
      }
    }

    async function doctor(connection: string): Promise<{ readonly code: number; readonly view: ExaminationView }> {
      const { code, stdout, stderr } = await run(['connections', 'doctor', connection, '--json', '--home', home]);
      expect(stderr).toBe('');
      return { code, view: JSON.parse(stdout) as ExaminationView };
    }

    const levels = (view: ExaminationView): readonly string[] =>
      view.findings.filter(({ level }) => level !== 'good').map(({ level, code }) => `${level} ${code}`);

    it.each([
      ['reader', 'reader'],
      ['a role whose name has everything to quote', ODD],
    ])('finds nothing to mend once the script for %s was run, twice', async (_title, user) => {
      const connection = user === ODD ? 'odd' : user;
      const { code, stdout: script } = await run(['connections', 'role-script', connection, '--home', home]);
      expect(code).toBe(0);
      await superuser('shop', script, script, `ALTER ROLE "${user.replaceAll('"', '""')}" PASSWORD 'pass'`);
      const { code: found, view } = await doctor(connection);
      expect(levels(view)).toEqual([]);
      expect({ found, usable: view.usable }).toEqual({ found: 0, usable: true });
      expect(view.secondLineage?.on).toBe(COMPARED_MAJORS.has(major));
      const text = await run(['connections', 'doctor', connection, '--home', home]);
      expect(text.stdout).toMatch(/is as it should be\.\n$/);
    });

    it('says that nobody can work as a superuser, and nobody can', async () => {
      const { code, view } = await doctor('postgres');
      expect({ code, usable: view.usable }).toEqual({ code: 1, usable: false });
      expect(levels(view)).toContain('refuses superuser');
      const query = await run(['query', 'postgres', '--sql', 'SELECT 1 AS one', '--home', home]);
      expect(query.code).not.toBe(0);
      expect(query.stderr).toMatch(/SUPERUSER/);
      expect(query.stderr).toMatch(/accept: \[superuser\]/);
      const show = await run(['connections', 'show', 'postgres', '--home', home]);
      expect(show.stdout).toMatch(/\[superuser\] \(refuses every session\)/);
      const check = await run(['connections', '--check', '--home', home]);
      expect(check.stdout).toMatch(/postgres .* superuser/);
    });

    it('has no script that takes its power from a superuser, and changes nothing by the one that it prints', async () => {
      const { stdout: script } = await run(['connections', 'role-script', 'postgres', '--home', home]);
      await expect(superuser('shop', script)).rejects.toThrow(/is a superuser/);
      const { view } = await doctor('postgres');
      expect(levels(view)).toContain('refuses superuser');
      expect(levels(view)).toContain('weak statement-timeout');
    });

    it('lets a superuser be worked as where the connection says why, and says that it does', async () => {
      edit(
        home,
        'connections.yaml',
        /^( +)user: postgres$/m,
        '$1user: postgres\n$1accept: [superuser]\n$1because: a test of it',
      );
      try {
        const { code, view } = await doctor('postgres');
        expect(code).toBe(0);
        expect(levels(view)).toContain('weak superuser');
        const query = await run(['query', 'postgres', '--sql', 'SELECT 1 AS one', '--home', home]);
        expect(query.stderr).not.toMatch(/SUPERUSER/);
        expect(query.code).toBe(0);
      } finally {
        edit(home, 'connections.yaml', /\n +accept: .*\n +because: .*$/m, '');
      }
    });

    it('names each thing that is missing with what mends it', async () => {
      await superuser(
        'shop',
        'ALTER ROLE reader RESET ALL',
        'GRANT TEMPORARY ON DATABASE shop TO reader',
        'REVOKE USAGE ON SCHEMA sales FROM reader',
      );
      const before = await doctor('reader');
      const compared = COMPARED_MAJORS.has(major);
      expect(levels(before.view)).toEqual([
        'weak temporary-tables',
        'weak search-path',
        'weak temp-file-limit',
        'weak statement-timeout',
        ...(compared ? ['weak second-lineage'] : []),
      ]);
      expect(before.code).toBe(0);
      await superuser('shop', ...before.view.findings.flatMap(({ mend }) => mend));
      expect(levels((await doctor('reader')).view)).toEqual([]);
    });

    it('leaves a record that verifies, refused connections and all', async () => {
      const { code, stdout } = await run(['verify', '--home', home]);
      expect({ code, stdout }).toMatchObject({ code: 0 });
    });

    it('says why a server cannot be reached instead of failing', async () => {
      const url = 'postgres://reader:pass@127.0.0.1:1/shop?sslmode=disable';
      await run(['connections', 'add', url, '--home', home, '--title', 'nowhere']);
      const { code, view } = await doctor('nowhere');
      expect({ code, levels: levels(view) }).toEqual({ code: 1, levels: ['refuses connection-refused'] });
      const other = await run(['connections', 'doctor', 'no-such-connection', '--home', home]);
      expect(other.code).toBe(2);
    });
  });
}
