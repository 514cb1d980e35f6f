/**
 * Random queries over the attack schema that mean to be misread: few names, used for everything, so that aliases shadow
 * columns, columns shadow outer columns, and names exist on one side of a subquery only. Most are valid, many are not; one
 * seed gives the same queries for ever.
 */

/** Names of the masked columns, of others, and names that PostgreSQL itself gives to columns. */
const NAMES = [
  'id',
  'ssn',
  'email',
  'name',
  'a',
  'b',
  't',
  'o',
  'key',
  'value',
  'ref',
  'tableoid',
  'ctid',
  'ordinality',
];
const TABLES = [
  ['customers', 'id name email ssn salary city created prefs'],
  ['customers', 'id name email ssn salary city created prefs'],
  ['customers', 'id name email ssn salary city created prefs'],
  ['orders', 'id customer_id amount status placed note'],
  ['staff', 'id boss name'],
  ['v_safe', 'id name city'],
  ['v_ref', 'id ref'],
  ['mv_ref', 'id ref'],
  ['v_ref2', 'id code'],
  ['cust_part', 'id ssn'],
  ['people', 'id city ssn born pay tags doc span words flag tail boss'],
  ['people', 'id city ssn born pay tags doc span words flag tail boss'],
  ['v_people_tail', 'id city note'],
  ['by_city', 'id city ssn'],
  ['by_ssn', 'id ssn note'],
  ['shadow.staff', 'id boss name'],
  ['pg_namespace', 'oid nspname nspowner nspacl'],
  ['information_schema.schemata', 'catalog_name schema_name schema_owner'],
] as const;

interface Item {
  readonly name: string;
  readonly columns: readonly string[];
}

interface Scope {
  readonly items: readonly Item[];
  readonly outer: Scope | undefined;
}

interface Query {
  readonly sql: string;
  readonly columns: readonly string[];
}

/** Random numbers from one seed (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function* randomQueries(seed: number): Generator<string> {
  const writer = new QueryWriter(numbers(seed));
  for (;;) yield writer.statement();
}

class QueryWriter {
  readonly #random: () => number;
  #withs: readonly Item[] = [];
  #nested = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  statement(): string {
    this.#withs = [];
    const choice = this.#random();
    if (choice < 0.25) return this.#shadow();
    if (choice < 0.4) return this.#shift();
    if (choice < 0.42) return this.#merge();
    const { sql } = this.#query(undefined);
    return `${this.#chance(0.04) ? 'explain ' : ''}${sql} limit 40`;
  }

  /** A name that something in FROM has or has not: where it has not, the masked column outside is meant. */
  #shadow(): string {
    const clause = this.#chance(0.3) ? this.#with(undefined) : '';
    const { sql, items } = this.#from(undefined);
    const name = this.#one([...NAMES, ...items.flatMap((item) => [...item.columns, item.name])]);
    return `${clause}select (select ${name} from ${sql} limit 1) from (select ssn as ${name} from customers where id < 4) q`;
  }

  /** Refused to whoever reads only: the words of the refusal must not depend on a value either. */
  #merge(): string {
    const { sql, items } = this.#from(undefined);
    const scope = { items, outer: undefined };
    return `merge into orders using (select * from ${sql} limit 5) as m on ${this.#condition(scope)} when matched then do nothing returning ${this.#one(['m.*', 'orders.id', this.#column(scope)])}`;
  }

  /** A masked column behind all the columns of something in FROM, however many those are. */
  #shift(): string {
    const clause = this.#chance(0.3) ? this.#with(undefined) : '';
    const { sql, items } = this.#from(undefined);
    const count = items.reduce((sum, item) => sum + item.columns.length, 1);
    const given = Array.from(
      { length: this.#one([count - 1, count, count, count + 1]) || 1 },
      (_, at) => `c${String(at)}`,
    );
    const masked = '(select ssn from customers where id < 4) q';
    return `${clause}select ${given.at(-1) ?? ''}::text || '' from (select * from ${sql}, ${masked} limit 9) as z (${given.join(', ')})`;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #one<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  #deep(): boolean {
    return this.#nested > 3;
  }

  #query(outer: Scope | undefined): Query {
    this.#nested++;
    const before = this.#withs;
    const clause = !this.#deep() && this.#chance(0.2) ? this.#with(outer) : '';
    const first = this.#select(outer);
    let { sql } = first;
    if (!this.#deep() && this.#chance(0.12)) {
      const operation = this.#one(['union all', 'union all', 'union', 'except', 'except all', 'intersect']);
      sql = `${sql} ${operation} ${this.#select(outer, first.columns.length).sql}`;
    }
    this.#withs = before;
    this.#nested--;
    return { sql: clause + sql, columns: first.columns };
  }

  #with(outer: Scope | undefined): string {
    const name = this.#one([...NAMES, 'customers', 'q']);
    if (this.#chance(0.35)) {
      const [a, b] = [this.#one(NAMES), this.#one(NAMES)];
      const added = this.#one(NAMES);
      const tail = this.#one([
        ` search depth first by ${a} set ${added}`,
        ` search breadth first by ${a} set ${added}`,
        ` cycle ${a} set ${added} using ${this.#one(NAMES)}`,
        '',
      ]);
      const start = this.#one([
        '1, 2',
        "1, 'x'::text",
        `id, ${this.#one(['name', 'ssn', 'email'])} from customers where id = 3`,
      ]);
      this.#withs = [{ name, columns: [a, b, ...(tail === '' ? [] : [added])] }, ...this.#withs];
      const step = this.#one([`${a}, ${b}`, `q.${a}, q.${b}`]);
      return `with recursive ${name} (${a}, ${b}) as (select ${start} union all select ${step} from ${name} q where false)${tail} `;
    }
    const { sql, columns } = this.#query(outer);
    this.#withs = [{ name, columns }, ...this.#withs];
    return `with ${name} as ${this.#one(['', '', 'materialized '])}(${sql}) `;
  }

  #select(outer: Scope | undefined, width?: number): Query {
    const { sql: from, items } = this.#from(outer);
    const scope = { items, outer };
    const targets: string[] = [];
    const columns: string[] = [];
    for (let left = width ?? this.#one([1, 1, 2, 3]); left > 0; left--) {
      if (width === undefined && this.#chance(0.15)) {
        const star = this.#chance(0.5) ? undefined : this.#one(items);
        targets.push(star === undefined ? '*' : `${star.name}.*`);
        columns.push(...(star === undefined ? items.flatMap((item) => item.columns) : star.columns));
        continue;
      }
      const named = this.#chance(0.5) ? this.#one(NAMES) : undefined;
      const value = this.#expression(scope);
      targets.push(named === undefined ? value : `${value} as ${named}`);
      columns.push(named ?? /(\w+)$/.exec(value)?.[1] ?? '?column?');
    }
    const where = this.#chance(0.4) ? ` where ${this.#condition(scope)}` : '';
    const order = width === undefined && this.#chance(0.15) ? ` order by ${this.#one([this.#column(scope), '1'])}` : '';
    const distinct = this.#chance(0.04) ? this.#one(['distinct ', `distinct on (${this.#column(scope)}) `]) : '';
    const grouped = distinct === '' && this.#chance(0.05) ? this.#grouping(scope, targets.length) : '';
    const sql = `select ${distinct}${targets.join(', ')} from ${from}${where}${grouped}${order}`;
    return { sql: order === '' ? sql : `(${sql})`, columns };
  }

  #grouping(scope: Scope, width: number): string {
    const all = Array.from({ length: width }, (_, at) => String(at + 1));
    const more = this.#chance(0.5) ? `, ${this.#column(scope)}` : '';
    const having = this.#chance(0.3)
      ? ` having ${this.#one(['count(*) > 0', `max(${this.#column(scope)}::text) > '1'`])}`
      : '';
    return ` group by ${this.#one([all.join(', '), `rollup (${all.join(', ')})`, `grouping sets ((${all.join(', ')}), ())`])}${more}${having}`;
  }

  #from(outer: Scope | undefined): { readonly sql: string; readonly items: readonly Item[] } {
    const parts: string[] = [];
    const items: Item[] = [];
    for (let left = this.#one([1, 1, 2]); left > 0; left--) {
      const one = this.#chance(0.25) && !this.#deep() ? this.#join(outer, items) : this.#item(outer, items);
      parts.push(one.sql);
      items.push(...one.items);
    }
    return { sql: parts.join(', '), items };
  }

  #join(outer: Scope | undefined, before: readonly Item[]): { readonly sql: string; readonly items: readonly Item[] } {
    const left = this.#item(outer, before);
    const right = this.#item(outer, [...before, ...left.items]);
    const shared = left.items[0]?.columns.filter((name) => right.items[0]?.columns.includes(name)) ?? [];
    const kind = this.#one(['on', 'using', 'natural', 'alias']);
    const [key = 'id'] = shared;
    if (kind === 'natural')
      return { sql: `${left.sql} natural join ${right.sql}`, items: [...left.items, ...right.items] };
    if (kind === 'using') {
      return { sql: `${left.sql} join ${right.sql} using (${key})`, items: [...left.items, ...right.items] };
    }
    const joined = `${left.sql} left join ${right.sql} on true`;
    if (kind === 'on') return { sql: joined, items: [...left.items, ...right.items] };
    const name = this.#one(NAMES);
    const columns = [...(left.items[0]?.columns ?? []), ...(right.items[0]?.columns ?? [])];
    const { sql, renamed } = this.#rename(columns);
    return { sql: `(${joined}) as ${name}${sql}`, items: [{ name, columns: renamed }] };
  }

  /** A list of names for the first columns. */
  #rename(columns: readonly string[]): { readonly sql: string; readonly renamed: readonly string[] } {
    if (this.#chance(0.6)) return { sql: '', renamed: columns };
    const count = Math.min(columns.length, this.#one([1, 2, 3]));
    const given = Array.from({ length: count }, () => this.#one(NAMES));
    return { sql: ` (${given.join(', ')})`, renamed: columns.map((name, at) => given[at] ?? name) };
  }

  #item(outer: Scope | undefined, before: readonly Item[]): { readonly sql: string; readonly items: readonly Item[] } {
    const name = this.#one(NAMES);
    const aliased = (sql: string, columns: readonly string[]) => {
      const renamed = this.#rename(columns);
      return { sql: `${sql} as ${name}${renamed.sql}`, items: [{ name, columns: renamed.renamed }] };
    };
    const choice = this.#random();
    if (choice < 0.3) return this.#function(before, outer);
    if (choice < 0.55 && !this.#deep()) {
      const lateral = this.#chance(0.3);
      const { sql, columns } = this.#query(lateral ? { items: before, outer } : outer);
      return aliased(`${lateral ? 'lateral ' : ''}(${sql} limit 9)`, columns);
    }
    const [with_] = this.#withs;
    if (with_ !== undefined && this.#chance(0.5)) {
      const query = this.#one(this.#withs);
      if (this.#chance(0.5)) return { sql: query.name, items: [query] };
      return aliased(query.name, query.columns);
    }
    const [table, list] = this.#one(TABLES);
    const columns = list.split(' ');
    if (this.#chance(0.4)) return { sql: table, items: [{ name: table.split('.').at(-1) ?? '', columns }] };
    return aliased(table, columns);
  }

  #function(
    before: readonly Item[],
    outer: Scope | undefined,
  ): { readonly sql: string; readonly items: readonly Item[] } {
    const scope: Scope = { items: before, outer };
    const value = this.#chance(0.25) && before.length > 0 ? this.#column(scope) : "'x'::text";
    const [sql, columns] = this.#one([
      ['generate_series(1, 2)', 'generate_series'],
      ['generate_series(1, 2) with ordinality', 'generate_series ordinality'],
      [`unnest(array[${value}])`, 'unnest'],
      [`unnest(array[1], array[${value}])`, 'unnest unnest'],
      ["unnest(to_tsvector('simple', 'b'))", 'lexeme positions weights'],
      [`jsonb_each(jsonb_build_object('a', ${value}))`, 'key value'],
      [`jsonb_array_elements(jsonb_build_array(${value}))`, 'value'],
      [`jsonb_array_elements_text(jsonb_build_array(${value})) with ordinality`, 'value ordinality'],
      ['jsonb_object_keys(\'{"a":1}\')', 'jsonb_object_keys'],
      [`rows from (generate_series(1, 2), jsonb_array_elements('[1]'))`, 'generate_series value'],
      [`regexp_split_to_table(${value}, '-')`, 'regexp_split_to_table'],
      ['pg_get_keywords()', 'word catcode barelabel catdesc baredesc'],
      [`(values (1, ${value}), (2, 'y'))`, 'column1 column2'],
      [
        "json_table(jsonb '[1]', '$[*]' columns (a int path '$', nested path '$' columns (b int path '$'), t int path '$', o for ordinality))",
        'a t o b',
      ],
      ["xmltable('/a' passing '<a/>' columns a text path '.', ordinality for ordinality)", 'a ordinality'],
    ] as const);
    const names = columns.split(' ');
    const alias = this.#one(NAMES);
    const renamed = this.#rename(names);
    if (names.length === 1 && renamed.sql === '') {
      return { sql: `${sql} as ${alias}`, items: [{ name: alias, columns: [alias, ...names] }] };
    }
    return { sql: `${sql} as ${alias}${renamed.sql}`, items: [{ name: alias, columns: renamed.renamed }] };
  }

  #column(scope: Scope): string {
    if (this.#chance(0.06)) return this.#one(NAMES);
    let at = scope;
    while (at.outer !== undefined && (at.items.length === 0 || this.#chance(0.35))) at = at.outer;
    if (at.items.length === 0) return this.#one(NAMES);
    const item = this.#one(at.items);
    const column = this.#chance(0.95) ? this.#one(item.columns) : this.#one(NAMES);
    if (this.#chance(0.04)) return item.name;
    if (this.#chance(0.03)) return `(${item.name}).${column}`;
    return this.#chance(0.55) ? `${item.name}.${column}` : column;
  }

  #expression(scope: Scope): string {
    const choice = this.#random();
    if (choice < 0.5) return this.#column(scope);
    if (choice < 0.72 && !this.#deep()) return `(${this.#query(scope).sql} limit 1)`;
    if (this.#chance(0.4)) return this.#whole(scope, 2);
    const column = this.#column(scope);
    return this.#one([
      `${column}::text`,
      `coalesce(${column}::text, '-')`,
      `count(${column}) over ()`,
      `${column} is null`,
      `case when ${this.#condition(scope)} then ${column}::text end`,
      `exists (${this.#deep() ? 'select' : this.#query(scope).sql})`,
      `count(*) over (order by ${column})`,
      `array[${column}]`,
      `to_jsonb(${column})`,
      `lag(${column}) over (order by ${this.#column(scope)})`,
      `row_number() over (partition by ${column} order by ${this.#column(scope)} rows between 1 preceding and current row)`,
      `jsonb_build_object('a', ${column}) -> 'a'`,
      `jsonb_path_query_first(to_jsonb(${column}), '$ ? (@ != null)')`,
      `max(${column}::text) filter (where ${this.#condition(scope)}) over ()`,
      `(array[${column}, ${column}])[1]`,
      `row(${column}, 1)`,
      `greatest(${column}, ${column})`,
      `grouping(${column})`,
      '1',
    ]);
  }

  /** Made of columns by functions that cannot fail, or nearly so. */
  #whole(scope: Scope, depth: number): string {
    const part = (): string =>
      this.#one([
        () => this.#column(scope),
        () => this.#column(scope),
        () => `'${this.#one(['', 'x', '1'])}'`,
        () => (depth > 0 ? this.#whole(scope, depth - 1) : 'null'),
      ])();
    return this.#one([
      () => `coalesce(${part()}, ${part()})`,
      () => `(${part()} || ${part()})`,
      () =>
        `${this.#one(['upper', 'lower', 'initcap', 'btrim', 'length', 'char_length', 'md5', 'reverse'])}(${part()})`,
      () => `${this.#one(['left', 'right', 'substr', 'repeat'])}(${part()}, ${this.#one(['2', '0', '-1'])})`,
      () => `substring(${part()} from 2 for ${this.#one(['1', '-1', '3'])})`,
      () => `concat(${part()}, ${part()})`,
      () => `concat_ws('-', ${part()}, ${part()})`,
      () => `${part()}::${this.#one(['text', 'varchar', 'varchar(2)', 'int', 'bpchar'])}`,
      () => `trim(both 's' from ${part()})`,
      () => `nullif(${part()}, 'x')`,
    ])();
  }

  #condition(scope: Scope): string {
    if (this.#chance(0.5)) return 'true';
    const column = this.#column(scope);
    return this.#one([
      `${column} is not null`,
      `${column} = 'x'`,
      `${column}::text > '1'`,
      `${column}::text like '%1%'`,
    ]);
  }
}
