import { describe, expect, it } from 'vitest';
import {
  type CatalogFunction,
  type CatalogPolicy,
  type CatalogRelation,
  type CatalogSnapshot,
} from '../../databases/catalog.ts';
import { type Lineage } from '../facts.ts';
import { understand } from '../understand/postgres/understand.ts';
import { CatalogIndex } from './catalog-index.ts';
import { trace } from './trace.ts';

let oid = 100;

function relation(name: string, columns: readonly string[], more: Partial<CatalogRelation> = {}): CatalogRelation {
  return {
    oid: (oid += 1),
    schema: 'public',
    name,
    kind: 'table',
    columns: columns.map((column, at) => ({
      name: column,
      type: 'text',
      typeOid: 25,
      notNull: false,
      position: at + 1,
    })),
    parents: [],
    children: [],
    primaryKey: [],
    estimatedRows: 0,
    rowSecurity: false,
    rules: [],
    triggers: [],
    owner: 'owner',
    ...more,
  };
}

type Policy = Partial<CatalogPolicy> & { readonly calls?: readonly number[] };

function secured(
  name: string,
  columns: readonly string[],
  policies: readonly Policy[],
  { forced = false, ...more }: Partial<CatalogRelation> & { readonly forced?: boolean } = {},
): CatalogRelation {
  return relation(name, columns, {
    rowSecurity: true,
    code: {
      triggers: [],
      checks: [],
      rules: [],
      indexes: [],
      calls: policies.flatMap(({ calls = [] }, at) =>
        calls.map((called) => ({ kind: 'policy' as const, name: `p${String(at)}`, oid: called })),
      ),
      policies: policies.map(({ calls: _, ...policy }, at) => ({
        name: `p${String(at)}`,
        permissive: true,
        command: 'all',
        roles: [],
        ...policy,
      })),
      forced,
    },
    ...more,
  });
}

const view = (name: string, columns: readonly string[], definition: string, more: Partial<CatalogRelation> = {}) =>
  relation(name, columns, { kind: 'view', definition, ...more });

function called(
  oid: number,
  name: string,
  body: string | undefined,
  more: Partial<CatalogFunction> = {},
): CatalogFunction {
  return {
    oid,
    schema: 'public',
    name,
    args: 'text',
    parameters: [{ name: '', type: 'text', typeOid: 25 }],
    variadic: false,
    returns: 'boolean',
    returnType: 16,
    returnsSet: false,
    columns: [],
    kind: 'function',
    language: body === undefined ? 'plpgsql' : 'sql',
    volatility: 'stable',
    securityDefiner: false,
    leakproof: false,
    owner: 'owner',
    ownedBySuperuser: false,
    signature: 'text',
    source: body === undefined ? { kind: 'other' } : { kind: 'sql', text: body },
    sourceHash: '',
    settings: [],
    parts: [],
    ...more,
  };
}

const snapshot = (role: string): CatalogSnapshot => ({
  serverMajor: 18,
  database: 'shop',
  role,
  searchPath: ['public'],
  relations: [
    relation('tenants', ['name', 'owner', 'secret']),
    secured('t', ['a', 'b', 'c'], [{ using: "(b = 'x'::text)" }]),
    secured(
      'kinds',
      ['a', 'b', 'c', 'd', 'e', 'f'],
      [
        { command: 'select', using: "(a = 'x'::text)" },
        { command: 'insert', check: "(b = 'x'::text)" },
        { command: 'update', using: "(c = 'x'::text)", check: "(d = 'x'::text)" },
        { command: 'delete', using: "(e = 'x'::text)" },
        { permissive: false, using: "(f = 'x'::text)", check: 'true' },
      ],
    ),
    secured(
      'of_roles',
      ['a', 'b'],
      [
        { roles: ['clerks'], using: "(a = 'x'::text)" },
        { roles: ['auditors'], using: 'b IS NULL' },
      ],
    ),
    secured('forced', ['a', 'b'], [{ using: "(b = 'x'::text)" }], { forced: true }),
    secured('off', ['a', 'b'], [{ using: "(b = 'x'::text)" }], { rowSecurity: false }),
    secured('shut', ['a'], []),
    secured(
      'of_tenants',
      ['a', 'tenant'],
      [
        {
          using:
            '(tenant IN ( SELECT tenants.name FROM tenants WHERE ((tenants.owner = CURRENT_USER) AND (tenants.secret = of_tenants.a))))',
        },
      ],
    ),
    secured('same_names', ['a', 'b'], [{ using: '(EXISTS ( SELECT 1 FROM t t_1 WHERE (t_1.a = same_names.b)))' }]),
    secured('by_setting', ['a', 'b'], [{ using: "(b = current_setting('app.tenant'::text, true))" }]),
    secured('by_view', ['a', 'b'], [{ using: '(EXISTS ( SELECT 1 FROM over_t WHERE (over_t.a = by_view.a)))' }]),
    secured('by_function', ['a', 'b'], [{ using: 'may_see(b)', calls: [1] }]),
    secured('by_definer', ['a', 'b'], [{ using: 'may_see_all(b)', calls: [3] }]),
    secured('by_opaque', ['a', 'b'], [{ using: 'guesses(b)', calls: [2] }]),
    secured('by_resolved', ['a', 'b'], [{ using: '(a = b)', calls: [2] }]),
    secured('loop', ['a'], [{ using: '(a IN ( SELECT loop_1.a FROM loop loop_1))' }]),
    secured('broken', ['a'], [{ using: 'a; SELECT 1' }]),
    secured('p', ['k', 'v'], [{ using: "(k = 'x'::text)" }], {
      oid: 1000,
      kind: 'partitioned table',
      children: [1001],
    }),
    secured('p1', ['k', 'v'], [{ using: "(v = 'x'::text)" }], { oid: 1001, parents: [1000] }),
    view('over_t', ['a'], ' SELECT a FROM t'),
    view('over_forced', ['a'], ' SELECT a FROM forced'),
    view('asked', ['a'], ' SELECT a FROM t', { securityInvoker: true }),
    view('nested', ['a'], ' SELECT a FROM asked'),
    view('of_clerk', ['a'], ' SELECT a FROM of_roles', { owner: 'clerk' }),
    view('of_nobody', ['a'], ' SELECT a FROM of_roles', { owner: 'somebody' }),
    relation('stored', ['a'], { kind: 'materialized view', definition: ' SELECT a FROM t', owner: 'clerk' }),
  ],
  functions: [
    called(1, 'may_see', 'SELECT EXISTS (SELECT FROM tenants WHERE secret = $1)'),
    called(2, 'guesses', undefined),
    called(3, 'may_see_all', 'SELECT EXISTS (SELECT FROM t WHERE a = $1)', { securityDefiner: true, owner: 'root' }),
  ],
  foreignKeys: [],
  operators: [],
  casts: [],
  types: [],
  extensions: [],
  configuredPath: ['public', 'pg_temp'],
  usableSchemas: { [role]: ['public'], owner: ['public'], root: ['public'] },
  roles: [
    { name: 'reader', bypassesRowSecurity: false, hasRightsOf: [] },
    { name: 'clerk', bypassesRowSecurity: false, hasRightsOf: ['clerks'] },
    { name: 'owner', bypassesRowSecurity: false, hasRightsOf: ['owner'] },
    { name: 'heir', bypassesRowSecurity: false, hasRightsOf: ['owner'] },
    { name: 'root', bypassesRowSecurity: true, hasRightsOf: [] },
  ],
  settings: { server_encoding: 'UTF8' },
  loadedAt: '2026-01-01T00:00:00.000Z',
});

const indexes = new Map<string, CatalogIndex>();

async function lineageOf(text: string, role = 'reader'): Promise<Lineage> {
  const { tree, facts } = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
  if (tree === undefined) throw new Error(facts.hazards[0]?.sentence);
  const index = indexes.get(role) ?? new CatalogIndex(snapshot(role));
  indexes.set(role, index);
  return trace(tree, index);
}

/** Columns by which row security decides, each with its table where that is another. */
async function decides(text: string, role?: string): Promise<string> {
  const { uses, hazards } = await lineageOf(text, role);
  expect(hazards).toEqual([]);
  const found = uses
    .filter((use) => use.rowSecurityOf !== undefined)
    .map(({ column: { relation: name, column }, rowSecurityOf, place, form }) => {
      expect({ place, form }).toEqual({ place: 'predicate', form: 'view' });
      return `${rowSecurityOf ?? ''}: ${name}.${column}`.replace(/^public\.(\w+): \1\./, '$1.');
    });
  return [...new Set(found)].sort().join(' ');
}

describe('row security', () => {
  it.each([
    ['select a from t', 't.b'],
    ['select count(*) from t', 't.b'],
    ['select 1 where exists (select from t)', 't.b'],
    ['with x as (select a from t) select 1', 't.b'],
    ['explain select a from t', 't.b'],
    ['insert into tenants (name) select a from t', 't.b'],
    ['select a from off', ''],
    ['select a from shut', ''],
    ['create index on t (a)', ''],
  ])('decides on the rows of what is read: %s: %s', async (text, expected) => {
    expect(await decides(text)).toBe(expected);
  });

  it.each([
    ['select a from kinds', 'kinds.a kinds.f'],
    ["insert into kinds (a) values ('x')", 'kinds.b'],
    ["insert into kinds (a) values ('x') returning a", 'kinds.a kinds.b kinds.f'],
    ["insert into kinds (a) values ('x') on conflict do nothing", 'kinds.a kinds.b kinds.f'],
    [
      "insert into kinds (a) values ('x') on conflict (a) do update set a = 'y'",
      'kinds.a kinds.b kinds.c kinds.d kinds.f',
    ],
    ["update kinds set a = 'x'", 'kinds.a kinds.c kinds.d kinds.f'],
    ['delete from kinds', 'kinds.a kinds.e kinds.f'],
    [
      'merge into kinds using tenants on name = a when matched then delete',
      'kinds.a kinds.b kinds.c kinds.d kinds.e kinds.f',
    ],
    ['delete from tenants using kinds where name = a', 'kinds.a kinds.f'],
  ])('has policies for each command, permissive or not: %s: %s', async (text, expected) => {
    expect(await decides(text)).toBe(expected);
  });

  it.each([
    ['reader', 'select a from t', 't.b'],
    ['root', 'select a from t', ''],
    ['owner', 'select a from t', ''],
    ['heir', 'select a from t', ''],
    ['root', 'select a from forced', ''],
    ['owner', 'select a from forced', 'forced.b'],
    ['heir', 'select a from forced', 'forced.b'],
    ['reader', 'select a from of_roles', ''],
    ['clerk', 'select a from of_roles', 'of_roles.a'],
    ['stranger', 'select a from of_roles', 'of_roles.a of_roles.b'],
    ['stranger', 'select a from t', 't.b'],
  ])(
    'binds a role as the server does, and one that is not known by all there is: %s: %s',
    async (role, text, expected) => {
      expect(await decides(text, role)).toBe(expected);
    },
  );

  it.each([
    ['reader', 'select a from over_t', ''],
    ['reader', 'select a from over_forced', 'forced.b'],
    ['reader', 'select a from asked', 't.b'],
    ['reader', 'select a from nested', 't.b'],
    ['owner', 'select a from asked', ''],
    ['reader', 'select a from of_clerk', 'of_roles.a'],
    ['reader', 'select a from of_nobody', 'of_roles.a of_roles.b'],
    ['reader', "update over_forced set a = 'x'", 'forced.b'],
    ['reader', "update asked set a = 'x'", 't.b'],
    ['reader', 'select a from stored', 't.b'],
  ])('is that of the owner of a view, or of whoever asks: %s: %s', async (role, text, expected) => {
    expect(await decides(text, role)).toBe(expected);
  });

  it.each([
    ['select k from p', 'p.k p: p1.k'],
    ['select k from p1', 'p1.v p1: p.v'],
  ])('is that of the parent or the partition, whichever is named: %s', async (text, expected) => {
    expect((await decides(text)).replaceAll('public.', '')).toBe(expected);
  });

  it('reads other tables through its own, whose columns and conditions are its too', async () => {
    const lineage = await lineageOf('select a from of_tenants');
    expect(lineage.relations).toMatchObject([
      { name: 'of_tenants', access: 'read', span: { start: 14 } },
      { name: 'tenants', access: 'read', via: 'public.of_tenants' },
    ]);
    expect(await decides('select a from of_tenants')).toBe(
      'of_tenants.a of_tenants.tenant public.of_tenants: tenants.name public.of_tenants: tenants.owner public.of_tenants: tenants.secret',
    );
  });

  it('binds what a policy reads too, as it does what its views read', async () => {
    expect(await decides('select a from same_names')).toBe('public.same_names: t.a same_names.b t.b');
    expect(await decides('select a from by_view')).toBe('by_view.a public.by_view: over_t.a public.by_view: t.a');
  });

  it('may ask for a setting, which nobody can change', async () => {
    expect(await decides('select a from by_setting')).toBe('by_setting.b');
  });

  it('runs functions in SQL, which read on', async () => {
    const { uses, relations, code, hazards } = await lineageOf('select a from by_function');
    expect(hazards).toEqual([]);
    expect(uses.map(({ column, rowSecurityOf }) => `${rowSecurityOf ?? ''} ${column.column}`).sort()).toEqual([
      'public.by_function b',
      'public.by_function secret',
    ]);
    expect(relations.map(({ name, via }) => [name, via])).toEqual([
      ['by_function', undefined],
      ['tenants', 'public.by_function'],
    ]);
    expect(code).toMatchObject([{ kind: 'function', oid: 1 }]);
  });

  it('is another one inside functions that run as their owners', async () => {
    expect(await decides('select a from by_definer')).toBe('by_definer.b public.by_definer: t.a');
  });

  it.each(['by_opaque', 'by_resolved'])('says which function of a policy cannot be read: %s', async (table) => {
    const { code = [] } = await lineageOf(`select a from ${table}`);
    expect(code.flatMap(({ opaque }) => opaque?.hazard.sentence ?? []).join()).toContain(
      `Inside the row security of public.${table}: `,
    );
  });

  it.each(['loop', 'broken'])('is a hazard where it cannot be traced: %s', async (table) => {
    const { hazards } = await lineageOf(`select a from ${table}`);
    expect(hazards.map(({ code }) => code)).toContain('untraceable');
    expect(hazards[0]?.sentence).toContain(`Inside the row security of public.${table}: `);
  });

  it('points to the table in the text', async () => {
    const [use] = (await lineageOf('select a from t')).uses;
    expect(use?.span).toEqual({ start: 14, end: 15 });
  });

  it('leaves rows out of groups as a condition does: no use of a group has a form', async () => {
    const text = (table: string): string => `select a, count(*) from ${table} group by a order by count(*)`;
    const forms = async (table: string): Promise<unknown> =>
      (await lineageOf(text(table))).uses.filter(({ place }) => place === 'grouping').map(({ form }) => form);
    expect(await forms('off')).toEqual(['group']);
    expect(await forms('t')).toEqual([undefined]);
  });
});
