// Makes main/gate/understand/postgres/builtins.json: the reviewed list of PostgreSQL's own functions and catalog
// relations, joined with what a live server of the same version knows about their shape.
//
//   node scripts/postgres-builtins.ts REVIEW.json postgres://user@host:port/database
//
// REVIEW.json holds { functions: [{ name, args, class, allow }], relations: [{ schema, name, class }] }: one reviewed row
// for each signature in pg_catalog. A function that the server has and the review has not is written as refused.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';

const review = z.object({
  functions: z.array(
    z.object({ name: z.string(), args: z.string(), class: z.string(), allow: z.enum(['yes', 'metadata', 'no']) }),
  ),
  relations: z.array(z.object({ schema: z.string(), name: z.string(), class: z.string() })),
});

/** They take a type by its name and run its input function and checks, which for a domain are anybody's SQL. */
const RUNS_TYPE_CODE: ReadonlySet<string> = new Set(['pg_input_is_valid', 'pg_input_error_info']);

interface FunctionRow {
  readonly name: string;
  readonly args: string;
  readonly most: number;
  readonly defaults: number;
  readonly variadic: boolean;
  readonly returns_set: boolean;
  readonly volatile: boolean;
  readonly result_kind: string;
  readonly columns: string[] | null;
}

const FUNCTIONS = `
  select p.proname as name, pg_get_function_identity_arguments(p.oid) as args, p.pronargs::int as most,
         p.pronargdefaults::int as defaults, p.provariadic <> 0 as variadic, p.proretset as returns_set,
         p.provolatile = 'v' as volatile,
         case when t.typtype = 'c' or t.typname = 'record' then 'row'
              when t.typtype = 'p' and t.typname like 'any%' then 'any' else 'scalar' end as result_kind,
         case when p.proargmodes is not null then
           (select array_agg(coalesce(nullif(a.name, ''), 'column' || a.ord) order by a.ord)
              from unnest(p.proargnames, p.proargmodes::text[]) with ordinality a(name, mode, ord) where a.mode in ('o', 'b', 't'))
         end as columns
    from pg_proc p join pg_type t on t.oid = p.prorettype
   where p.pronamespace = 'pg_catalog'::regnamespace`;

/** Argument types as the review writes them: without names and modes, OUT arguments left out. */
const TYPES = `
  select p.proname as name, coalesce((select string_agg(format_type(a.type, null), ', ' order by a.ord)
    from unnest(p.proargtypes) with ordinality a(type, ord)), '') as types
    from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace`;

async function main(reviewPath: string, url: string): Promise<void> {
  const { functions: reviewed, relations: classes } = review.parse(JSON.parse(readFileSync(reviewPath, 'utf8')));
  const verdicts = new Map(reviewed.map((row) => [`${row.name}(${row.args})`, row]));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const version = await client.query<{ server_version: string }>('show server_version');
    const shapes = (await client.query<FunctionRow>(`${FUNCTIONS} order by p.proname, p.oid`)).rows;
    const types = (await client.query<{ types: string }>(`${TYPES} order by p.proname, p.oid`)).rows;
    const functions: Record<string, unknown[][]> = {};
    shapes.forEach((shape, at) => {
      const verdict = verdicts.get(`${shape.name}(${types[at]?.types ?? ''})`);
      const letter = verdict === undefined || RUNS_TYPE_CODE.has(shape.name) ? 'n' : verdict.allow[0];
      const least = shape.most - shape.defaults - (shape.variadic ? 1 : 0);
      const flags = `${shape.returns_set ? 's' : ''}${shape.volatile ? 'v' : ''}${shape.result_kind[0] ?? ''}`;
      const signature = [
        least,
        shape.variadic ? -1 : shape.most,
        letter,
        RUNS_TYPE_CODE.has(shape.name) ? 'runs_sql' : (verdict?.class ?? 'unknown'),
        flags,
        ...(shape.columns ? [shape.columns] : []),
      ];
      const list = (functions[shape.name] ??= []);
      if (!list.some((known) => JSON.stringify(known) === JSON.stringify(signature))) list.push(signature);
    });
    const operators = await client.query<{ name: string }>(
      `select distinct oprname as name from pg_operator where oprnamespace = 'pg_catalog'::regnamespace order by 1`,
    );
    const typeNames = await client.query<{ name: string }>(
      `select t.typname as name from pg_type t where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype <> 'c'
         and not exists (select from pg_type e where e.oid = t.typelem and e.typtype = 'c') order by 1`,
    );
    const columns = await client.query<{ schema: string; name: string; columns: string[] }>(
      `select n.nspname as schema, c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
         from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
        where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
        group by 1, 2 order by 1, 2`,
    );
    const classOf = new Map(classes.map((row) => [`${row.schema}.${row.name}`, row.class]));
    const relations = Object.fromEntries(
      columns.rows.map((row) => [
        `${row.schema}.${row.name}`,
        [classOf.get(`${row.schema}.${row.name}`) ?? 'unknown', row.columns.join(' ')],
      ]),
    );
    const line = (key: string, value: unknown): string => `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const object = (record: Record<string, unknown>): string =>
      `{\n${Object.entries(record)
        .map(([key, value]) => `    ${line(key, value)}`)
        .join(',\n')}\n  }`;
    writeFileSync(
      fileURLToPath(new URL('../main/gate/understand/postgres/builtins.json', import.meta.url)),
      `{\n  ${line('version', version.rows[0]?.server_version.split(' ')[0])},\n  ${line(
        'operators',
        operators.rows.map((row) => row.name),
      )},\n` +
        `  ${line(
          'types',
          typeNames.rows.map((row) => row.name),
        )},\n  "relations": ${object(relations)},\n  "functions": ${object(functions)}\n}\n`,
    );
  } finally {
    await client.end();
  }
}

const [reviewPath, url] = process.argv.slice(2);
if (reviewPath === undefined || url === undefined) {
  console.error('usage: node scripts/postgres-builtins.ts REVIEW.json postgres://user@host:port/database');
  process.exitCode = 2;
} else {
  await main(reviewPath, url);
}
