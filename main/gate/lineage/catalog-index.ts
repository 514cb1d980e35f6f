import {
  type CatalogColumn,
  type CatalogFunction,
  type CatalogRelation,
  type CatalogSnapshot,
} from '../../databases/catalog.ts';
import { type BaseColumn } from '../facts.ts';
import { builtinRelation, type BuiltinRelation, isReviewedMajor } from '../understand/postgres/builtins.ts';

/** A relation that a name means: one of the snapshot, or one that PostgreSQL itself brings. */
export type Resolved =
  | { readonly kind: 'relation'; readonly relation: CatalogRelation }
  | { readonly kind: 'system'; readonly relation: BuiltinRelation };

/** Base columns whose values a read of one column may give, and those its value was computed from. */
export interface ColumnSource {
  /** The column itself with its namesakes in parents and children, whose rows it shares. */
  readonly own: readonly BaseColumn[];
  /** What a generated column is computed from. */
  readonly generatedFrom: readonly BaseColumn[];
}

/** A catalog snapshot with the look-ups that lineage makes; build one for each snapshot and keep it. */
export class CatalogIndex {
  readonly snapshot: CatalogSnapshot;
  readonly #byName = new Map<string, CatalogRelation>();
  readonly #byOid = new Map<number, CatalogRelation>();
  readonly #functions = new Map<string, CatalogFunction[]>();
  readonly #operators: ReadonlySet<string>;
  readonly #types: ReadonlySet<string>;
  readonly #castTypes: ReadonlySet<string>;
  readonly #path: readonly string[];
  readonly #columns = new Map<string, BaseColumn>();
  readonly #sources = new Map<BaseColumn, ColumnSource>();
  readonly #kept = new Map<number, unknown>();

  constructor(snapshot: CatalogSnapshot) {
    this.snapshot = snapshot;
    for (const relation of snapshot.relations) {
      this.#byName.set(key(relation.schema, relation.name), relation);
      this.#byOid.set(relation.oid, relation);
    }
    for (const one of snapshot.functions) {
      const list = this.#functions.get(one.name) ?? [];
      list.push(one);
      this.#functions.set(one.name, list);
    }
    this.#operators = new Set(snapshot.operators.map((operator) => operator.name));
    this.#castTypes = new Set(snapshot.casts.flatMap((cast) => typesOfCast(cast.name)).map(bareType));
    this.#types = new Set(
      snapshot.types.filter(({ functions }) => functions.length === 0).map((type) => key(type.schema, type.name)),
    );
    // pg_catalog is searched first unless the path names it elsewhere (PostgreSQL documentation 5.10.5).
    this.#path = snapshot.searchPath.includes('pg_catalog')
      ? snapshot.searchPath
      : ['pg_catalog', ...snapshot.searchPath];
  }

  /** The relation that a name in a statement means under the snapshot's search path. */
  resolve(schema: string | undefined, name: string): Resolved | undefined {
    for (const candidate of schema === undefined ? this.#path : [schema]) {
      const system = builtinRelation(candidate, name, this.snapshot.serverMajor);
      if (system !== undefined) return { kind: 'system', relation: system };
      const relation = this.#byName.get(key(candidate, name));
      if (relation !== undefined && relation.kind !== 'composite type') return { kind: 'relation', relation };
    }
    return undefined;
  }

  relation(schema: string, name: string): CatalogRelation | undefined {
    return this.#byName.get(key(schema, name));
  }

  relationByOid(oid: number): CatalogRelation | undefined {
    return this.#byOid.get(oid);
  }

  /** True where the columns of PostgreSQL's own catalog relations are those of the server. */
  get knowsSystemColumns(): boolean {
    return isReviewedMajor(this.snapshot.serverMajor);
  }

  /** Functions outside pg_catalog that an unqualified name can mean; with `anywhere`, in schemas off the path too. */
  functionsNamed(name: string, anywhere = false): readonly CatalogFunction[] {
    return (this.#functions.get(name) ?? []).filter((one) => anywhere || this.#path.includes(one.schema));
  }

  hasUserOperator(name: string): boolean {
    return this.#operators.has(name);
  }

  /** True for a type, however written, that this database defines a cast from or to: a use of its values may run code. */
  hasUserCast(type: string): boolean {
    return this.#castTypes.size > 0 && this.#castTypes.has(bareType(type));
  }

  /** True for an enum or domain of the snapshot, whose values carry no code of their own. */
  hasHarmlessType(name: readonly string[]): boolean {
    const [last = '', schema] = [name.at(-1), name.length > 1 ? name.at(-2) : undefined];
    const element = last.startsWith('_') ? last.slice(1) : last;
    return (schema === undefined ? this.#path : [schema]).some(
      (candidate) => this.#types.has(key(candidate, last)) || this.#types.has(key(candidate, element)),
    );
  }

  /** One object for one base column, so that sets of columns compare by identity. */
  baseColumn(schema: string, relation: string, column: string): BaseColumn {
    const id = `${key(schema, relation)}\0${column}`;
    const known = this.#columns.get(id);
    if (known !== undefined) return known;
    const made = Object.freeze({ schema, relation, column });
    this.#columns.set(id, made);
    return made;
  }

  source(relation: CatalogRelation, column: CatalogColumn): ColumnSource {
    const base = this.baseColumn(relation.schema, relation.name, column.name);
    const known = this.#sources.get(base);
    if (known !== undefined) return known;
    const family = [relation, ...this.#reach(relation, 'parents'), ...this.#reach(relation, 'children')];
    const own = new Set<BaseColumn>();
    const generatedFrom = new Set<BaseColumn>();
    const add = (member: CatalogRelation, name: string, to: Set<BaseColumn>): void => {
      const found = member.columns.find((one) => one.name === name);
      if (found === undefined) return;
      to.add(this.baseColumn(member.schema, member.name, name));
      for (const from of found.generatedFrom ?? []) {
        for (const other of family) add({ ...other, columns: other.columns.map(plainColumn) }, from, generatedFrom);
      }
    };
    for (const member of family) add(member, column.name, own);
    const source: ColumnSource = { own: [...own], generatedFrom: [...generatedFrom] };
    this.#sources.set(base, source);
    return source;
  }

  /** All ancestors, or all descendants, by inheritance and partitioning. */
  #reach(relation: CatalogRelation, direction: 'parents' | 'children'): readonly CatalogRelation[] {
    const found = new Set<CatalogRelation>();
    const waiting = [relation];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      for (const oid of one[direction]) {
        const next = this.#byOid.get(oid);
        if (next === undefined || next === relation || found.has(next)) continue;
        found.add(next);
        waiting.push(next);
      }
    }
    return [...found];
  }

  /** Keeps what was computed about a relation (the lineage of a view) for as long as the snapshot lives. */
  keep<T>(relation: CatalogRelation, make: () => T): T {
    const known = this.#kept.get(relation.oid);
    if (known !== undefined) return known as T;
    const made = make();
    this.#kept.set(relation.oid, made);
    return made;
  }

  /** Names of relations that look like the one that was not found; at most three. */
  relationsLike(name: string): readonly string[] {
    return nearest(
      name,
      this.snapshot.relations.map((relation) => relation.name),
    );
  }
}

function key(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

/** The two types of a cast among the snapshot's operators, `mood AS integer`; none for an operator. */
function typesOfCast(operator: string): readonly string[] {
  const parts = operator.split(' AS ');
  return parts.length === 2 ? parts : [];
}

/** What the grammar calls types that the server prints by their SQL names. */
const SQL_NAMES: Readonly<Record<string, string>> = {
  bigint: 'int8',
  'bit varying': 'varbit',
  boolean: 'bool',
  character: 'bpchar',
  'character varying': 'varchar',
  'double precision': 'float8',
  integer: 'int4',
  real: 'float4',
  smallint: 'int2',
  'time with time zone': 'timetz',
  'time without time zone': 'time',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
};

/** `public."mood"[]` -> `mood`, `numeric(10,2)` -> `numeric`, `integer` -> `int4`. */
function bareType(type: string): string {
  const element = type
    .replace(/\([\d,]*\)/, '')
    .replace(/(?:\[\])+$/, '')
    .replace(/^_/, '');
  const last = element.slice(element.lastIndexOf('.') + 1).replaceAll('"', '');
  return SQL_NAMES[last] ?? last;
}

/** Generated columns cannot refer to generated columns, so one step is all there is. */
function plainColumn(column: CatalogColumn): CatalogColumn {
  const { generatedFrom: _, ...rest } = column;
  return rest;
}

/** At most three of the names, those within few edits of the wanted one, nearest first. */
export function nearest(wanted: string, names: readonly string[]): readonly string[] {
  const most = Math.max(1, Math.floor(wanted.length / 3));
  return [...new Set(names)]
    .filter((name) => Math.abs(name.length - wanted.length) <= most || name.includes(wanted) || wanted.includes(name))
    .map((name) => ({ name, distance: name.includes(wanted) || wanted.includes(name) ? 1 : edits(wanted, name) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
