import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogSnapshot } from '../../../databases/catalog.ts';
import { asSuperuser, startTemporary, type TemporaryServer } from '../../../databases/embedded/index.ts';
import { installedPrograms, startInstalled } from '../../../databases/embedded/testing/installed.ts';
import { loadCatalog } from '../../../databases/postgres/catalog.ts';
import { connectPostgres } from '../../../databases/postgres/session.ts';
import { isReviewedFunction, REVIEWED_EXTENSIONS } from './extensions.ts';

const debian = installedPrograms(15);

/** Members in C that are left out on purpose: they change the session, run SQL or read what is not named. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  isn: ['isn_weak(bool)'],
  pg_trgm: ['set_limit(float4)'],
  tablefunc: [
    'connectby(text,text,text,text,int4)',
    'connectby(text,text,text,text,int4,text)',
    'connectby(text,text,text,text,text,int4)',
    'connectby(text,text,text,text,text,int4,text)',
    'crosstab(text)',
    'crosstab(text,int4)',
    'crosstab(text,text)',
    'crosstab2(text)',
    'crosstab3(text)',
    'crosstab4(text)',
  ],
};

describe.each([
  { name: 'PostgreSQL 18', start: startTemporary, skip: false },
  {
    name: debian === undefined ? 'PostgreSQL 15 (skipped: Debian’s postgresql-15 is not installed)' : 'PostgreSQL 15',
    start: () => startInstalled(debian ?? ''),
    skip: debian === undefined,
  },
])('extensions as $name makes them', ({ start, skip }) => {
  let server: TemporaryServer | undefined;
  let catalog: CatalogSnapshot;
  beforeAll(async () => {
    if (skip) return;
    server = await start();
    await asSuperuser(server, 'postgres', async (query) => {
      for (const extension of [
        ...REVIEWED_EXTENSIONS,
        'dblink',
        'postgres_fdw',
        'pgrowlocks',
        'pgstattuple',
        'pageinspect',
      ]) {
        await query(`CREATE EXTENSION IF NOT EXISTS "${extension}" CASCADE`);
      }
      await query('CREATE EXTENSION xml2').catch(() => undefined);
    });
    const { host, port, user, password } = server;
    const target = {
      host,
      port,
      user,
      password,
      database: 'postgres',
      tls: 'disable',
      searchPath: ['public'],
    } as const;
    const session = await connectPostgres({ ...target, applicationName: 'tests' }, new AbortController().signal);
    catalog = await loadCatalog(session);
    await session.close();
  });
  afterAll(async () => {
    await server?.stop();
  });

  const compiled = (extension: string): CatalogSnapshot['functions'] =>
    catalog.functions.filter(
      (one) => one.extension === extension && one.kind !== 'aggregate' && one.source.kind === 'compiled',
    );

  it.skipIf(skip).each(REVIEWED_EXTENSIONS)('%s has no compiled function that was not reviewed', (extension) => {
    const unknown = compiled(extension).filter((one) => !isReviewedFunction(one));
    expect(unknown.map(({ name, signature }) => `${name}(${signature})`).sort()).toEqual(LEFT_OUT[extension] ?? []);
    expect(compiled(extension).length).toBeGreaterThan(0);
  });

  it.skipIf(skip).each(['dblink', 'postgres_fdw', 'pgrowlocks', 'pgstattuple', 'pageinspect', 'xml2', 'plpgsql'])(
    '%s has no function that counts as reviewed',
    (extension) => {
      expect(compiled(extension).filter(isReviewedFunction)).toEqual([]);
    },
  );

  it.skipIf(skip)(
    'a member with another symbol, library, language, owner or signature is not the one that was reviewed',
    () => {
      const one = compiled('pg_trgm').find(({ name }) => name === 'similarity');
      if (one?.source.kind !== 'compiled') throw new Error('no similarity()');
      expect(isReviewedFunction(one)).toBe(true);
      for (const other of [
        { source: { ...one.source, symbol: 'set_limit' } },
        { source: { ...one.source, library: '/tmp/pg_trgm' } },
        { source: { kind: 'other' }, language: 'plpgsql' },
        { source: { kind: 'sql', text: 'SELECT 1' }, language: 'sql' },
        { ownedBySuperuser: false },
        { signature: 'text' },
        { extension: 'citext' },
      ] as const) {
        expect(isReviewedFunction({ ...one, ...other })).toBe(false);
      }
      const { extension: _, ...stranger } = one;
      expect(isReviewedFunction(stranger)).toBe(false);
    },
  );
});
