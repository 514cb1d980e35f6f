import { type Facts, type Lineage } from '../../facts.ts';
import { type Disagreement, type ServerLineage } from '../../lineage/server/index.ts';

/** Both lineages of one statement, where it is a query that the text alone would let through. */
export interface Both {
  readonly raw: Lineage;
  readonly facts: Facts;
  readonly server: ServerLineage;
}

/** What one of the lineages does not know of the other; `changes` are what somebody does behind the catalog's back. */
export interface Planted {
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

export const PLANTED: readonly Planted[] = [
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
  { what: 'row security that came meanwhile', sql: 'select id from customers', code: 'use', changes: POLICY },
];
