// Makes main/gate/corpus/attack-catalog.json: the catalog of the database that the corpus of attacks speaks of, as the
// analyst's role reads it, for the tests that judge without a server. To be run again when attack-schema.sql changes.
//
//   node scripts/attack-catalog.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { asSuperuser, startTemporary } from '../main/databases/embedded/index.ts';
import { loadCatalog } from '../main/databases/postgres/catalog.ts';
import { connectPostgres } from '../main/databases/postgres/session.ts';

const corpus = new URL('../main/gate/corpus/', import.meta.url);
const sections = readFileSync(new URL('attack-schema.sql', corpus), 'utf8').split(/^-- @(\w+)$/m);
const statements = ['schema', 'schema_18'].flatMap((section) =>
  (sections[sections.indexOf(section) + 1] ?? '').split(/;\n/).filter((statement) => statement.trim() !== ''),
);

const server = await startTemporary();
try {
  const password = 'analyst';
  await asSuperuser(server, 'postgres', async (query) => {
    await query(`CREATE ROLE analyst LOGIN PASSWORD '${password}'`);
    await query('CREATE DATABASE attack');
  });
  await asSuperuser(server, 'attack', async (query) => {
    for (const statement of statements) await query(statement);
  });
  const { host, port } = server;
  const target = { host, port, database: 'attack', user: 'analyst', password, tls: 'disable' } as const;
  const session = await connectPostgres(
    { ...target, searchPath: ['public'], applicationName: 'attack-catalog' },
    new AbortController().signal,
  );
  const snapshot = await loadCatalog(session);
  await session.close();
  // The server's own relations are judged by name.
  const relations = snapshot.relations.filter(({ schema }) => !/^pg_|^information_schema$/.test(schema));
  const lines = Object.entries({ ...snapshot, relations, loadedAt: '2026-01-01T00:00:00.000Z' }).map(([key, value]) => {
    const rows: unknown = value;
    const body = Array.isArray(rows)
      ? `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`
      : JSON.stringify(rows);
    return `  ${JSON.stringify(key)}: ${body}`;
  });
  writeFileSync(new URL('attack-catalog.json', corpus), `{\n${lines.join(',\n')}\n}\n`);
} finally {
  await server.stop();
}
