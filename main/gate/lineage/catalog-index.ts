import {
  type CatalogColumn,
  type CatalogFunction,
  type CatalogRelation,
  type CatalogSnapshot,
} from '../../databases/catalog.ts';
import { identifiers } from '../../databases/postgres/identifiers.ts';
import { type BaseColumn } from '../facts.ts';
import { builtinRelation, type BuiltinRelation, type Call, isReviewedMajor } from '../understand/postgres/builtins.ts';
import { CodeIndex } from './code-index.ts';

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

/** Under what functions run: the session's role and search_path as it is set, or what functions around them put in place. */
interface Runtime {
  readonly role: string;
  readonly path: readonly string[];
}

/**
 * A catalog snapshot with the look-ups that lineage makes; build one for each snapshot and keep it. Names are looked up on
 * the path of the session, or of the function whose body is read.
 */
export class CatalogIndex {
  readonly snapshot: CatalogSnapshot;
  readonly code: CodeIndex;
  readonly #byName: Map<string, CatalogRelation>;
  readonly #byOid: Map<number, CatalogRelation>;
  readonly #columns: Map<string, BaseColumn>;
  readonly #sources: Map<BaseColumn, ColumnSource>;
  /** By path and runtime. */
  readonly #derived: Map<string, CatalogIndex>;
  readonly #session: readonly string[];
  readonly #path: readonly string[];
  readonly #runtime: Runtime;
  readonly #kept = new Map<string, unknown>();

  constructor(
    snapshot: CatalogSnapshot,
    derived?: { readonly from: CatalogIndex; readonly path: readonly string[]; readonly runtime: Runtime },
  ) {
    this.snapshot = snapshot;
    if (derived !== undefined) {
      const { from } = derived;
      this.code = from.code;
      this.#byName = from.#byName;
      this.#byOid = from.#byOid;
      this.#columns = from.#columns;
      this.#sources = from.#sources;
      this.#derived = from.#derived;
      this.#session = from.#session;
      this.#path = derived.path;
      this.#runtime = derived.runtime;
      return;
    }
    this.code = new CodeIndex(snapshot);
    this.#byName = new Map(snapshot.relations.map((relation) => [key(relation.schema, relation.name), relation]));
    this.#byOid = new Map(snapshot.relations.map((relation) => [relation.oid, relation]));
    this.#columns = new Map();
    this.#sources = new Map();
    this.#derived = new Map();
    this.#session = searched(snapshot.searchPath);
    this.#path = this.#session;
    this.#runtime = { role: snapshot.role, path: snapshot.configuredPath };
  }

  /** For texts that the server printed for the session's path: queries of views, checks, bodies resolved when they were made. */
  printed(): CatalogIndex {
    return this.#derive(this.#session, this.#runtime);
  }

  /** For the body of a function that is called here: SET search_path and SECURITY DEFINER decide what its names mean. */
  inside(called: CatalogFunction): CatalogIndex {
    const set = called.settings.find((setting) => setting.startsWith('search_path='));
    const runtime = {
      role: called.securityDefiner ? called.owner : this.#runtime.role,
      path: set === undefined ? this.#runtime.path : identifiers(set.slice('search_path='.length)),
    };
    const usable = this.snapshot.usableSchemas[runtime.role] ?? [];
    const schemas = runtime.path.map((schema) => (schema === '$user' ? runtime.role : schema));
    return this.#derive(searched(schemas.filter((schema) => usable.includes(schema))), runtime);
  }

  #derive(path: readonly string[], runtime: Runtime): CatalogIndex {
    const id = JSON.stringify([path, runtime]);
    if (id === this.#identity()) return this;
    const known = this.#derived.get(id);
    if (known !== undefined) return known;
    const made = new CatalogIndex(this.snapshot, { from: this, path, runtime });
    this.#derived.set(id, made);
    return made;
  }

  #identity(): string {
    return JSON.stringify([this.#path, this.#runtime]);
  }

  /** Schemas in the order in which a name without one is looked for. */
  get path(): readonly string[] {
    return this.#path;
  }

  /** The role that statements and functions run as here (current_user). */
  get role(): string {
    return this.#runtime.role;
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

  /** Functions made by users that a call can pick: all of that name and number of arguments in the schemas it can mean. */
  functionsCalled({ name, count }: Pick<Call, 'name' | 'count'>): readonly CatalogFunction[] {
    return this.code.functionsCalled(this.#path, name, count);
  }

  /** True for a type, as the server formats it, with casts that run code which was not reviewed. */
  hasUserCast(type: string): boolean {
    return this.code.hasUserCast(type);
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

  /** Columns that decide which of the tables that share rows with the relation holds a row: none where it has no partitions. */
  partitionKey(relation: CatalogRelation): readonly BaseColumn[] {
    if (relation.kind !== 'partitioned table' && relation.parents.length === 0) return [];
    return this.keep(`partition key ${String(relation.oid)}`, () => {
      const family = [relation, ...this.#reach(relation, 'parents'), ...this.#reach(relation, 'children')];
      return family.flatMap((member) =>
        member.columns
          .filter((column) => member.partitionKey?.includes(column.name) === true)
          .flatMap((column) => this.source(member, column).own),
      );
    });
  }

  ancestors(relation: CatalogRelation): readonly CatalogRelation[] {
    return this.#reach(relation, 'parents');
  }

  descendants(relation: CatalogRelation): readonly CatalogRelation[] {
    return this.#reach(relation, 'children');
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

  /** Keeps what was computed about an object (the lineage of a view, of a body) as long as the snapshot lives. */
  keep<T>(what: string, make: () => T): T {
    const known = this.#kept.get(what);
    if (known !== undefined) return known as T;
    const made = make();
    this.#kept.set(what, made);
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

/** pg_catalog is searched first unless the path names it elsewhere (PostgreSQL documentation 5.10.5). */
function searched(path: readonly string[]): readonly string[] {
  return path.includes('pg_catalog') ? path : ['pg_catalog', ...path];
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
