import { describe, expect, it } from 'vitest';
import { type ColumnView, type RelationView } from '../../shared/views.ts';
import { type Catalog, completionsFor, matchRank, MOST_COMPLETIONS, quoteName } from './completion.ts';
import { scopeAt } from './scope.ts';

const column = (name: string, masked = false): ColumnView => ({
  name,
  type: 'text',
  notNull: false,
  primaryKey: name === 'id',
  foreignKey: null,
  class: masked ? 'email' : null,
  masked,
  comment: null,
});
const relation = (name: string, schema = 'public'): RelationView => ({
  schema,
  name,
  kind: 'table',
  estimatedRows: 1,
  sensitive: false,
  comment: null,
});

const tables: Record<string, ColumnView[]> = {
  customers: [column('id'), column('name'), column('email', true)],
  orders: [column('id'), column('customer_id'), column('total')],
  Weird: [column('Group')],
};
const catalog: Catalog = {
  search: (text) =>
    Promise.resolve(
      Object.keys(tables)
        .filter((name) => matchRank(name, text) !== null)
        .map((name) => relation(name)),
    ),
  columns: (_, name) => Promise.resolve(tables[name] ?? null),
  schemas: () => Promise.resolve(['public', 'audit']),
  relations: (schema) => Promise.resolve(schema === 'audit' ? [relation('entries', 'audit')] : []),
};

/** What is offered at `|`, as it would be inserted. */
async function offered(marked: string): Promise<string[]> {
  const cursor = marked.indexOf('|');
  const found = await completionsFor(scopeAt(marked.replace('|', ''), cursor), catalog);
  return found.map(({ insert }) => insert);
}

describe('completion', () => {
  it.each([
    ['relations after FROM', 'select * from c|', ['customers']],
    ['relations after JOIN', 'select * from customers c join ord|', ['orders']],
    ['relations after a comma in FROM', 'select * from customers c, ord|', ['orders']],
    ['columns of an alias', 'select c.| from customers c', ['id', 'name', 'email']],
    ['columns of an alias by what is typed', 'select c.em| from customers as c', ['email']],
    ['columns of the one table without its name', 'select na| from customers', ['name']],
    [
      'columns with their alias when tables are joined',
      'select tot| from customers c join orders o on true',
      ['o.total'],
    ],
    ['columns in WHERE', 'select 1 from orders where cust|', ['customer_id']],
    ['columns in the condition of a join', 'select 1 from customers c join orders o on o.cu|', ['customer_id']],
    ['columns of the table being updated', 'update orders set tot|', ['total']],
    ['columns in the list of an INSERT', 'insert into orders (tot|', ['total']],
    ['names defined by WITH', 'with recent as (select 1) select * from rec|', ['recent']],
    ['relations of a schema', 'select * from audit.|', ['entries']],
    ['columns of a table in a subquery', 'select * from (select ema| from customers) x', ['email']],
    [
      'columns of the outer query beside a subquery',
      'select c.na| from customers c where exists (select 1 from orders)',
      ['name'],
    ],
    ['quoted names where folding would change them', 'select "Weird".| from "Weird"', ['"Group"']],
    ['keywords in the case being typed', 'SEL|', ['SELECT']],
  ])('offers %s', async (_, marked, expected) => {
    expect(await offered(marked)).toEqual(expected);
  });

  it.each([
    ['a string', "select 'c| from customers"],
    ['a closed string', "select 'c|' from customers"],
    ['a comment', 'select 1 -- from c|'],
    ['a block comment', 'select /* from c| */ 1'],
    ['dollar quotes', 'select $$ from c| $$'],
    ['a number', 'select 12|'],
  ])('offers nothing inside %s', async (_, marked) => {
    expect(await offered(marked)).toEqual([]);
  });

  it('says what is masked before it is chosen', async () => {
    const [email] = await completionsFor(scopeAt('select em from customers', 9), catalog);
    expect(email?.detail).toBe('text \u00b7 masked: email');
  });

  it('never offers more than the editor can show at once', async () => {
    const wide: Catalog = {
      ...catalog,
      columns: () => Promise.resolve(Array.from({ length: 2000 }, (_, n) => column(`c${String(n)}`))),
    };
    expect(await completionsFor(scopeAt('select c from wide', 8), wide)).toHaveLength(MOST_COMPLETIONS);
  });

  it.each([
    ['orders', 'orders'],
    ['Orders', '"Orders"'],
    ['user', '"user"'],
    ['two words', '"two words"'],
    ['a"b', '"a""b"'],
    ['x"; drop table y; --', '"x""; drop table y; --"'],
  ])('writes the name %s as %s', (name, written) => {
    expect(quoteName(name)).toBe(written);
  });

  it('finds letters in order, and the start of a name before the middle', () => {
    expect([
      matchRank('customer_id', 'cus'),
      matchRank('customer_id', 'id'),
      matchRank('customer_id', 'cmi'),
      matchRank('customer_id', 'xyz'),
    ]).toEqual([0, 1, 2, null]);
  });

  it('survives text that is cut anywhere, and a cursor anywhere', () => {
    const text = `with a as (select "x""y" from b.c d /* e */) insert into f (g) select 'h' from a, i join j on (k.l = 1)`;
    for (let cursor = 0; cursor <= text.length; cursor++) {
      expect(() => scopeAt(text, cursor)).not.toThrow();
      expect(() => scopeAt(text.slice(0, cursor), cursor)).not.toThrow();
    }
  });
});
