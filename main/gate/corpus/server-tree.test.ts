import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, type TemporaryServer } from '../../databases/embedded/index.ts';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { comparedTree } from '../enforce/second-lineage.ts';
import { CatalogIndex } from '../lineage/catalog-index.ts';
import { COMPARED_MAJORS, disagreement, lineageOf } from '../lineage/server/index.ts';
import { trace } from '../lineage/trace.ts';
import { understand } from '../understand/postgres/understand.ts';
import { attackRows } from './testing/attack-corpus.ts';
import { hostileNames } from './testing/hostile-names.ts';
import { ORDINARY } from './testing/ordinary.ts';
import { type Both, PLANTED } from './testing/planted.ts';
import { randomQueries } from './testing/random-queries.ts';
import { catalogOf, openPrinter, type TreePrinter } from './testing/server-trees.ts';
import { FORMS, FORMS_GRANTS, FORMS_SCHEMA } from './testing/tree-forms.ts';

/** More of these for whoever has the time: COUNTERSIGN_RANDOM_QUERIES=20000 COUNTERSIGN_RANDOM_SEED=7. */
const COUNT = Number(process.env['COUNTERSIGN_RANDOM_QUERIES'] ?? 300);
const SEED = Number(process.env['COUNTERSIGN_RANDOM_SEED'] ?? 1);
const FILES = ['pg-attacks', 'pg-more-attacks', 'own-attacks', 'new-attacks', 'ordinary'];
const PASSWORD = 'analyst';

interface Place {
  readonly index: CatalogIndex;
  readonly printer: TreePrinter;
}

for (const { major, name, missing, start } of serversAtHand) {
  describe.skipIf(missing)(`the trees of a live ${name}`, () => {
    let server: TemporaryServer;
    const places = new Map<string, Place>();
    const place = (database: string): Place => {
      const found = places.get(database);
      if (found === undefined) throw new Error(`${database} was not made`);
      return found;
    };

    beforeAll(async () => {
      server = await start();
      await asSuperuser(server, 'postgres', async (query) => {
        await query(`CREATE ROLE analyst LOGIN PASSWORD '${PASSWORD}'`);
        await query('CREATE ROLE asker');
        for (const database of ['attack', 'forms', ...ORDINARY.map((one) => one.name)]) {
          await query(`CREATE DATABASE ${database}`);
        }
      });
      const make = async (database: string, schema: readonly string[]): Promise<void> => {
        await asSuperuser(server, database, async (query) => {
          for (const statement of schema) await query(statement);
        });
        const index = new CatalogIndex(await catalogOf(server, database, 'analyst', PASSWORD));
        places.set(database, { index, printer: await openPrinter(server, database, 'analyst') });
      };
      await make('attack', [attackSchema()]);
      await make('forms', [...FORMS_SCHEMA, ...FORMS_GRANTS.map((grant) => grant.replace('asker', 'analyst'))]);
      for (const { name: database, schema } of ORDINARY) {
        await make(database, [schema, 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst']);
      }
    }, 180_000);

    afterAll(async () => {
      for (const { printer } of places.values()) await printer.close();
      await server.stop();
    });

    /** Undefined where there is nothing to compare: no query, refused by its text, unknown to this version. */
    async function both(database: string, text: string, changes?: readonly string[]): Promise<Both | undefined> {
      const { index, printer } = place(database);
      const { facts, tree } = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
      const query = facts.hazards.length > 0 ? undefined : await comparedTree(tree);
      const raw = query && trace(query, index);
      if (query === undefined || raw === undefined || raw.hazards.length > 0) return undefined;
      const trees = await (changes === undefined ? printer.parse(query.text) : printer.parseAfter(changes, query.text));
      if (trees instanceof Error) return undefined;
      const lineage = lineageOf(trees);
      if (lineage === undefined || 'unknown' in lineage) throw new Error(`${lineage?.unknown ?? 'no query'}: ${text}`);
      return { raw, facts, server: lineage };
    }

    async function told(database: string, texts: Iterable<string>): Promise<{ told: string[]; compared: number }> {
      const found: string[] = [];
      let compared = 0;
      for (const text of texts) {
        const lineages = await both(database, text);
        if (lineages === undefined) continue;
        compared++;
        const { raw, facts, server } = lineages;
        const difference = disagreement(raw, facts, server, place(database).index);
        if (difference !== undefined) found.push(`${difference.what}: ${text}`);
      }
      return { told: found, compared };
    }

    it('say of the corpus of attacks nothing that the text did not', { timeout: 120_000 }, async () => {
      const texts = FILES.flatMap((file) => attackRows(`./${file}.json`).flatMap((row) => row.sql));
      const result = await told('attack', texts);
      expect(result.told).toEqual([]);
      expect(result.compared, 'enough of them to show something').toBeGreaterThan(400);
    });

    it.each(ORDINARY)(
      'say of ordinary work ($name) nothing that the text did not',
      async ({ name: database, rows }) => {
        const result = await told(
          database,
          rows.map((row) => row.sql),
        );
        expect(result.told).toEqual([]);
        expect(result.compared).toBeGreaterThan(5);
      },
    );

    it('say of random queries nothing that the text did not', { timeout: 30_000 + COUNT * 100 }, async () => {
      const result = await told('attack', take(randomQueries(SEED), COUNT));
      expect(result.told).toEqual([]);
      expect(result.compared).toBeGreaterThan(COUNT / 10);
    });

    it('are read in every form that a query can have', async () => {
      const texts = FORMS.filter((form) => (form.since ?? 0) <= major).map((form) => form.sql);
      const result = await told('forms', texts);
      expect(result.told).toEqual([]);
      expect(result.compared, 'nearly all of them').toBeGreaterThan(texts.length * 0.95);
    });

    it('cannot be made to read otherwise by the names in a statement', async () => {
      let read = 0;
      for (const given of hostileNames(200, SEED)) {
        const quoted = `"${given.replaceAll('"', '""')}"`;
        const text = `select ${quoted}.ssn, q.${quoted} as ${quoted} from customers ${quoted}, (select id as ${quoted} from orders) q`;
        const trees = await place('attack').printer.parse(text);
        const lineage = trees instanceof Error ? undefined : lineageOf(trees);
        if (lineage === undefined) throw new Error(`not analysed: ${text}`);
        if ('unknown' in lineage) continue;
        read++;
        const attributes = lineage.outputs.map(({ flow }) => [...flow].map(({ attribute }) => attribute));
        expect({ attributes, relations: lineage.statement.relations.size }, text).toEqual({
          attributes: [[4], [1]],
          relations: 2,
        });
      }
      expect(read, 'some names are too long to be sure of').toBeGreaterThan(100);
    });

    for (const { what, sql, code, plant, changes } of PLANTED) {
      it(`show ${what}`, async () => {
        const lineages = await both('attack', sql, changes);
        if (lineages === undefined) throw new Error('the text alone refuses it');
        const { raw, facts, server } = plant === undefined ? lineages : { ...lineages, ...plant(lineages) };
        expect(disagreement(raw, facts, server, place('attack').index)?.code).toBe(code);
      });
    }

    it('are those of a version that is compared at run time', () => {
      expect([...COMPARED_MAJORS]).toContain(major);
    });
  });
}

function attackSchema(): string {
  const text = readFileSync(new URL('./attack-schema.sql', import.meta.url), 'utf8');
  const sections = text.split(/^-- @(\w+)$/m);
  return sections[sections.indexOf('schema') + 1] ?? '';
}

function* take(queries: Iterable<string>, count: number): Generator<string> {
  let left = count;
  for (const query of queries) {
    if (left-- <= 0) return;
    yield query;
  }
}
