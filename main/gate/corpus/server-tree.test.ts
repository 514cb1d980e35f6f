import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, type TemporaryServer } from '../../databases/embedded/index.ts';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { comparedTree } from '../enforce/second-lineage.ts';
import { type BaseColumn, type Facts, type Lineage } from '../facts.ts';
import { CatalogIndex } from '../lineage/catalog-index.ts';
import {
  COMPARED_MAJORS,
  type Disagreement,
  disagreement,
  lineageOf,
  type ServerLineage,
} from '../lineage/server/index.ts';
import { trace } from '../lineage/trace.ts';
import { understand } from '../understand/postgres/understand.ts';
import { attackRows } from './testing/attack-corpus.ts';
import { ORDINARY } from './testing/ordinary.ts';
import { numbers, randomQueries } from './testing/random-queries.ts';
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

/** Both lineages of one statement, where it is a query that the text alone would let through. */
interface Both {
  readonly raw: Lineage;
  readonly facts: Facts;
  readonly server: ServerLineage;
}

/** What one of the lineages does not know of the other; `changes` are what somebody does behind the catalog's back. */
interface Planted {
  readonly what: string;
  readonly sql: string;
  readonly code: Disagreement['code'];
  readonly plant?: (both: Both) => Partial<Both>;
  readonly changes?: readonly string[];
}

const without =
  (column: string) =>
  ({ raw }: Both): Partial<Both> => ({
    raw: { ...raw, uses: raw.uses.filter((use) => use.column.column !== column) },
  });
const derived =
  (derivation: 'plain' | 'whole') =>
  ({ raw }: Both): Partial<Both> => ({
    raw: { ...raw, outputs: raw.outputs.map((output) => ({ ...output, derivation })) },
  });
const flowless = ({ raw }: Both): Partial<Both> => ({
  raw: { ...raw, outputs: raw.outputs.map((output) => ({ ...output, flow: [] })) },
});

const POLICY = [
  'ALTER TABLE customers ENABLE ROW LEVEL SECURITY',
  "CREATE POLICY near ON customers USING (city = 'Oslo')",
  'SET LOCAL ROLE analyst',
];

const PLANTED: readonly Planted[] = [
  { what: 'a column that an output carries', sql: 'select ssn from customers', code: 'flow', plant: flowless },
  { what: 'a column behind a view', sql: 'select ref from v_ref', code: 'flow', plant: flowless },
  { what: 'a column in a whole row', sql: 'select c from customers c', code: 'flow', plant: flowless },
  {
    what: 'a column of the second arm of UNION',
    sql: 'select name from customers union all select ssn from customers',
    code: 'flow',
    plant: ({ raw }) => ({
      raw: {
        ...raw,
        outputs: raw.outputs.map((one) => ({ ...one, flow: one.flow.filter(({ column }) => column !== 'ssn') })),
      },
    }),
  },
  ...[
    "select id from customers where ssn like '1%'",
    'select id from customers order by ssn',
    'select count(*) from customers group by ssn',
    'select distinct on (ssn) id from customers',
    'select rank() over (order by ssn) from customers',
    'select count(*) filter (where ssn is null) from customers',
    "select case when ssn > '1' then 1 end from customers",
    'select c.id from customers c join customers d using (ssn)',
    'select id from customers union select length(ssn) from customers',
    'select 1 from orders where note = any (select ssn from customers)',
    'select id from orders limit (select length(min(ssn)) from customers)',
    'select 1 from customers c, generate_series(1, length(c.ssn))',
    'select id from v_filter',
    'with recursive t (n) as (select 1 union all select n + 1 from t, customers where ssn = n::text) select n from t',
  ].map((sql): Planted => ({ what: `a use: ${sql}`, sql, code: 'use', plant: without('ssn') })),
  {
    what: 'an output that is computed',
    sql: 'select md5(ssn) from customers',
    code: 'derivation',
    plant: derived('plain'),
  },
  {
    what: 'an output that may fail',
    sql: 'select ssn::int from customers',
    code: 'derivation',
    plant: derived('whole'),
  },
  {
    what: 'an output more',
    sql: 'select id, ssn from customers',
    code: 'outputs',
    plant: ({ raw }) => ({ raw: { ...raw, outputs: raw.outputs.slice(1) } }),
  },
  {
    what: 'a relation more',
    sql: 'select count(*) from customers, orders',
    code: 'relation',
    plant: ({ raw }) => ({ raw: { ...raw, relations: raw.relations.filter(({ name }) => name !== 'orders') } }),
  },
  {
    what: 'a relation of PostgreSQL itself more',
    sql: 'select count(*) from pg_class, pg_roles',
    code: 'relation',
    plant: ({ raw }) => ({ raw: { ...raw, relations: raw.relations.filter(({ name }) => name !== 'pg_roles') } }),
  },
  {
    what: 'a relation less',
    sql: 'select count(*) from customers',
    code: 'relation',
    plant: ({ raw }) => ({
      raw: { ...raw, relations: [...raw.relations, { schema: 'public', name: 'staff', access: 'read' }] },
    }),
  },
  {
    what: 'a write',
    sql: 'delete from orders where id = 1',
    code: 'write',
    plant: ({ raw }) => ({
      raw: { ...raw, relations: raw.relations.map(({ schema, name }) => ({ schema, name, access: 'read' })) },
    }),
  },
  {
    what: 'an effect',
    sql: 'delete from orders where id = 1',
    code: 'write',
    plant: ({ facts }) => ({ facts: { ...facts, effects: ['reads'] } }),
  },
  {
    what: 'a view that was replaced meanwhile',
    sql: 'select name from v_safe',
    code: 'flow',
    changes: ['CREATE OR REPLACE VIEW public.v_safe AS SELECT id, ssn AS name, city FROM customers'],
  },
  {
    what: 'columns that were renamed to one another meanwhile',
    sql: 'select status from orders',
    code: 'flow',
    changes: ['note TO x', 'status TO note', 'x TO status'].map((change) => `ALTER TABLE orders RENAME ${change}`),
  },
  {
    what: 'tables that were renamed to one another meanwhile',
    sql: 'select count(*) from staff',
    code: 'relation',
    changes: ['ALTER TABLE staff RENAME TO s', 'ALTER TABLE guesses RENAME TO staff'],
  },
  {
    what: 'a column that was added meanwhile',
    sql: 'select * from staff',
    code: 'outputs',
    changes: ['ALTER TABLE staff ADD COLUMN more text'],
  },
  {
    what: 'a temporary table before the one that is meant',
    sql: 'select name from staff',
    code: 'relation',
    changes: ['CREATE TEMP TABLE staff (id int, boss int, name text)', 'SET LOCAL search_path = public'],
  },
  {
    what: 'a table made meanwhile in a schema that is searched before',
    sql: 'select count(*) from orders',
    code: 'relation',
    changes: ['CREATE SCHEMA earlier', 'CREATE TABLE earlier.orders ()', 'SET LOCAL search_path = earlier, public'],
  },
  {
    what: 'a function that fits better than upper()',
    sql: 'select upper(name::varchar) from customers',
    code: 'object',
    changes: ["CREATE FUNCTION public.upper(varchar) RETURNS text LANGUAGE sql AS 'select $1::text'"],
  },
  {
    what: 'an aggregate that fits better than max()',
    sql: 'select max(name::varchar) from customers',
    code: 'object',
    changes: ["CREATE AGGREGATE public.max (varchar) (SFUNC = textcat, STYPE = text, INITCOND = '')"],
  },
  {
    what: 'an operator that fits better than =',
    sql: 'select id from customers where name::varchar = city::varchar',
    code: 'object',
    changes: [
      "CREATE FUNCTION public.same(varchar, varchar) RETURNS bool LANGUAGE sql AS 'select true'",
      'CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.same)',
    ],
  },
  {
    what: 'a cast made meanwhile between types of PostgreSQL itself',
    sql: 'select status::point from orders',
    code: 'object',
    changes: [
      "CREATE FUNCTION public.to_point(text) RETURNS point LANGUAGE sql AS 'select point(0, 0)'",
      'CREATE CAST (text AS point) WITH FUNCTION public.to_point(text)',
    ],
  },
  {
    what: 'a type of the name of one of PostgreSQL itself',
    sql: "select 'x'::money",
    code: 'object',
    changes: ["CREATE TYPE public.money AS ENUM ('x')", 'SET LOCAL search_path = public, pg_catalog'],
  },
  { what: 'row security that came meanwhile', sql: 'select id from customers', code: 'row-security', changes: POLICY },
];

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
        const difference = disagreement(raw, facts, server, place(database).index, { guards: () => false });
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
      for (const given of hostileNames(200)) {
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

    it('tell columns that row security decides by from those that the text uses', async () => {
      const lineages = await both('attack', 'select id from customers', POLICY);
      if (lineages === undefined) throw new Error('the text alone refuses it');
      const { raw, facts, server } = lineages;
      const { index } = place('attack');
      const guarded: string[] = [];
      const guards = ({ column }: BaseColumn): boolean => guarded.push(column) < 0;
      expect(disagreement(raw, facts, server, index, { guards })).toBeUndefined();
      expect(guarded).toEqual(['city']);
      expect(disagreement(raw, facts, server, index)?.what).toBe('row security decides by public.customers.city');
    });

    it('are those of a version that is compared at run time', () => {
      expect([...COMPARED_MAJORS]).toContain(major);
    });
  });
}

/** Names of up to 63 bytes, of characters that mean something where trees are printed, broken into lines or read. */
function* hostileNames(count: number): Generator<string> {
  const pieces = [
    '(',
    ')',
    '{',
    '}',
    '\\',
    ' ',
    '\n',
    '\t',
    ':',
    '<>',
    '[',
    ']',
    '7',
    '-1',
    'é',
    '漢',
    ':varattno 1',
    '{VAR ',
    'x',
  ];
  const random = numbers(SEED);
  const below = (bound: number): number => Math.floor(random() * bound);
  for (let left = count; left > 0; left--) {
    const few = Array.from({ length: 1 + below(3) }, () => pieces[below(pieces.length)] ?? '');
    let name = '';
    for (let longer = name; Buffer.byteLength(longer) <= 63; longer += few[below(few.length)] ?? '') {
      name = longer;
      if (name !== '' && below(40) === 0) break;
    }
    yield name === '' ? 'x' : name;
  }
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
