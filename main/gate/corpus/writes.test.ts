import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asSuperuser, type TemporaryServer } from '../../databases/embedded/index.ts';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { type Installation, openInstallation } from '../../installation.ts';
import { type Session } from '../../identity/principal.ts';
import { type GateEvent } from '../request.ts';
import { runOutside } from './testing/outside.ts';

const ASKERS = ['masked', 'permitted', 'clear'] as const;
type Asker = (typeof ASKERS)[number];
const TWINS = ['a', 'b'] as const;
type Twin = (typeof TWINS)[number];

const row = z.strictObject({
  id: z.string(),
  sql: z.array(z.string()),
  params: z.array(z.string()).default([]),
  asker: z.enum(ASKERS),
  verdict: z.enum(['allow', 'refuse']),
  danger: z.enum(['reveals', 'none']),
  why: z.string(),
  code: z.string().optional(),
});
type Row = z.infer<typeof row>;
const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');
const { rows } = z.object({ about: z.string(), rows: z.array(row) }).parse(JSON.parse(read('./writes.json')));
const [, , schema = '', , data = ''] = read('./writes.sql').split(/^-- @(\w+)$/m);
const statements = (text: string): readonly string[] => text.split(/;\n/).filter((one) => one.trim() !== '');

const PASSWORD = 'writer-password';
const POLICY = `version: 1
rules:
  - { id: everything, allow: all }
  - { id: masked, require: { mask: { pii: redact } }, in: { connection: [masked-a, masked-b, permitted-a, permitted-b] } }
  - { id: new-people, permit: conflict, of: pii, in: { connection: [permitted-a, permitted-b] }, budget: { perDay: 1000 } }
functions:
  - { name: public.touch, treat: contained }
  - { name: public.stamp, treat: pure }
  - { name: public.next_code, treat: pure }
  - { name: public.is_listed, treat: pure }
`;
const MASKED =
  'sources copied logged parted parted_whole moving parent pets homes searched unchanged guarded uniques pairs lowered lacking excluded mixed computed touched stamped_masked numbered files resting inserted_only';
const CLASSIFICATION = `version: 1
detect: off
classes:
  ssn: { group: pii, masker: redact }
columns:
  - classes:
${MASKED.split(' ')
  .map((table) => `      public.${table}.ssn: ssn\n`)
  .join('')}      public.stays.holder: ssn
      public.visits.holder: ssn
      public.nights.holder: ssn
      vault.secrets.code: ssn
`;

for (const version of serversAtHand.filter(({ major }) => major === 15 || major === 18)) {
  describe.skipIf(version.missing)(`what writes run by themselves, on ${version.name}`, () => {
    let home: string;
    let server: TemporaryServer;
    let installation: Installation;
    let session: Session;

    const fill = async (twin: Twin): Promise<void> =>
      asSuperuser(server, `writes_${twin}`, async (query) => {
        await query('SET session_replication_role = replica');
        await query(
          `DO $$begin execute (select 'truncate ' || string_agg(oid::regclass::text, ',') || ' restart identity' from pg_class
             where relkind in ('r', 'p') and relnamespace in ('public'::regnamespace, 'vault'::regnamespace)); end$$`,
        );
        for (const one of statements(data)) await query(one.replaceAll(":'salt'", `'${twin}-'`));
      });

    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), 'countersign-writes-'));
      server = await version.start();
      await asSuperuser(server, 'postgres', async (query) => {
        await query(`CREATE ROLE writer LOGIN PASSWORD '${PASSWORD}'`);
        await query("ALTER ROLE writer SET log_min_messages = 'fatal'");
        for (const twin of TWINS) await query(`CREATE DATABASE writes_${twin} OWNER writer`);
      });
      for (const twin of TWINS) {
        await asSuperuser(server, `writes_${twin}`, async (query) => {
          await query('ALTER SCHEMA public OWNER TO writer');
          await query('SET ROLE writer');
          for (const one of statements(schema)) await query(one);
        });
        await fill(twin);
      }
      const write = (name: string, text: string): Promise<void> => writeFile(join(home, name), text, { mode: 0o600 });
      const connection = (asker: Asker, twin: Twin): string => `  ${asker}-${twin}:
    title: Twin
    environment: development
    host: ${server.host}
    port: ${String(server.port)}
    database: writes_${twin}
    user: writer
    password: file:secrets/writer
    tls: disable
    secondLineage: ${twin === 'a' ? 'never' : 'when_quiet'}
`;
      await mkdir(join(home, 'secrets'), { mode: 0o700 });
      await write('secrets/writer', PASSWORD);
      await write('policy.yaml', POLICY);
      await write('classification.yaml', CLASSIFICATION);
      const all = ASKERS.flatMap((asker) => TWINS.map((twin) => connection(asker, twin)));
      await write('connections.yaml', `version: 1\nconnections:\n${all.join('')}`);
      await write('organisation.yaml', 'version: 1\nname: Writes\nidentity: { kind: os-account }\nsecrets: file\n');
      installation = await openInstallation(home, 'cli');
      const restored = await installation.identity.restore({});
      if (restored === undefined) throw new Error('a local profile is always signed in');
      session = restored;
    }, 120_000);
    afterAll(async () => {
      await installation.close();
      await server.stop();
      await rm(home, { recursive: true, force: true });
    });

    /** All that comes out of one statement; `refused` where the policy or the gate itself said no. */
    const run = async (asker: Asker, twin: Twin, text: string, params: readonly string[]) => {
      const out: unknown[] = [];
      const because: string[] = [];
      let refused = false;
      let failed = false;
      let result: string | undefined;
      const request = { session, connection: `${asker}-${twin}`, text, params, origin: 'cli' } as const;
      const events: AsyncIterable<GateEvent> = installation.gate.run(request, new AbortController().signal);
      for await (const event of events) {
        if (event.kind === 'verdict' && event.judgement.verdict.verdict === 'refuse') {
          refused = true;
          because.push(...event.judgement.verdict.reasons.map(({ code }) => code));
          out.push(event.judgement.verdict.reasons);
        }
        if (event.kind === 'columns') ({ result } = event);
        if (event.kind === 'notice') out.push(event.text);
        if (event.kind === 'done') out.push(event.tag);
        if (event.kind === 'failed') {
          failed = true;
          out.push(event.error.code, event.error.message);
        }
      }
      if (result !== undefined) {
        out.push([...installation.gate.result(session, result).textRows()]);
        installation.gate.releaseResult(session, result);
      }
      return { out, because, refused, failed };
    };

    const script = async (twin: Twin, { sql, params, asker }: Row) => {
      const runs = [];
      for (const text of sql) runs.push(await run(asker, twin, text, params));
      return {
        verdict: runs.some(({ refused }) => refused) ? 'refuse' : 'allow',
        because: runs.flatMap(({ because }) => because),
        failed: runs.some(({ failed }) => failed),
        out: runs.map(({ out }) => out),
      };
    };

    for (const one of rows) {
      const said = one.verdict === 'allow' ? 'may run' : 'may not run';
      it(`${one.id} ${said} (${one.asker}): ${one.why}: ${one.sql.join('; ')}`, async () => {
        try {
          const [a, b] = [await script('a', one), await script('b', one)];
          expect({ verdict: a.verdict, failed: a.failed }, JSON.stringify(a.out)).toEqual({
            verdict: one.verdict,
            failed: false,
          });
          if (one.code !== undefined) expect(a.because, JSON.stringify(a.out)).toContain(one.code);
          if (one.asker !== 'clear') expect(a, 'of twins that differ in masked values').toEqual(b);
        } finally {
          if (one.verdict === 'allow' || one.sql.length > 1) for (const twin of TWINS) await fill(twin);
        }
      });

      const told = one.danger === 'reveals' ? 'reveals masked values' : 'reveals nothing';
      it(`${one.id} ${told} outside of the gate: ${one.sql.join('; ')}`, async () => {
        const outside = async (twin: Twin): Promise<string> => {
          const options = { user: 'writer', password: PASSWORD, database: `writes_${twin}`, params: one.params };
          const { heard } = await runOutside(server, one.sql, { ...options, transaction: 'read write' });
          return JSON.stringify(heard);
        };
        const [a, again, b] = [await outside('a'), await outside('a'), await outside('b')];
        expect(a === again && a !== b ? 'reveals' : 'none', `${a}\n${b}`).toBe(one.danger);
      });
    }
  });
}
