// Makes main/gate/understand/postgres/extensions.json: the compiled functions of well-known extensions that compute from
// what they are given and do nothing else, with the symbols they were reviewed as.
//
//   node scripts/postgres-extensions.ts postgres://superuser@host:port/empty-database ...
//
// One server for each version that is to be known; their lists are put together. What an extension writes in SQL is read
// like any other function, and what it has in other languages is left out.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/**
 * Reviewed: every compiled function of these computes from its arguments, reads a clock or random numbers, or supports an
 * index, but for those named. Never here: what runs SQL or reads tables, pages or other sessions (tablefunc's crosstab and
 * connectby, dblink, postgres_fdw, pgrowlocks, pgstattuple, pageinspect, pg_stat_statements, xml2's xpath_table).
 */
const REVIEWED: Readonly<Record<string, { readonly left_out?: readonly string[]; readonly only?: readonly string[] }>> =
  {
    btree_gin: {},
    btree_gist: {},
    citext: {},
    cube: {},
    earthdistance: {},
    fuzzystrmatch: {},
    hstore: {},
    intarray: {},
    // Changes how the session reads numbers.
    isn: { left_out: ['isn_weak(bool)'] },
    ltree: {},
    // Changes a setting of the session.
    pg_trgm: { left_out: ['set_limit(float4)'] },
    pgcrypto: {},
    seg: {},
    tablefunc: { only: ['normal_rand(int4,float8,float8)'] },
    unaccent: {},
    'uuid-ossp': {},
  };

const MEMBERS = `
  select p.proname || '(' || coalesce((select string_agg(t.typname, ',' order by x.i)
           from unnest(p.proargtypes::oid[]) with ordinality x (t, i) join pg_type t on t.oid = x.t), '') || ')' as signature,
         l.lanname as language, p.prosrc as symbol, p.probin as library
    from pg_proc p join pg_language l on l.oid = p.prolang
    join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    join pg_extension e on e.oid = d.refobjid
   where e.extname = $1 and l.lanname in ('c', 'internal') and p.prokind <> 'a'
   order by 1`;

interface Member {
  readonly signature: string;
  readonly language: 'c' | 'internal';
  readonly symbol: string;
  readonly library: string | null;
}

/** `name(types)`, then `library symbol`; a function of the server itself under another name has the library `internal`. */
function line({ signature, language, symbol, library }: Member): string {
  return `${signature} ${language === 'c' ? (library ?? '') : 'internal'} ${symbol}`;
}

async function main(urls: readonly string[]): Promise<void> {
  const lists = new Map(Object.keys(REVIEWED).map((extension) => [extension, new Set<string>()]));
  for (const connectionString of urls) {
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      for (const [extension, { left_out = [], only }] of Object.entries(REVIEWED)) {
        await client.query(`create extension if not exists "${extension}" cascade`);
        for (const member of (await client.query<Member>(MEMBERS, [extension])).rows) {
          if (left_out.includes(member.signature) || only?.includes(member.signature) === false) continue;
          lists.get(extension)?.add(line(member));
        }
      }
    } finally {
      await client.end();
    }
  }
  const body = [...lists].map(
    ([extension, list]) => `  ${JSON.stringify(extension)}: ${JSON.stringify([...list].sort(), undefined, 1)}`,
  );
  writeFileSync(
    fileURLToPath(new URL('../main/gate/understand/postgres/extensions.json', import.meta.url)),
    `{\n${body.join(',\n')}\n}\n`,
  );
}

const urls = process.argv.slice(2);
if (urls.length === 0) {
  console.error('usage: node scripts/postgres-extensions.ts postgres://superuser@host:port/database ...');
  process.exitCode = 2;
} else {
  await main(urls);
}
