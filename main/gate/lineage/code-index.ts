import {
  type CatalogCast,
  type CatalogFunction,
  type CatalogOperator,
  type CatalogRelation,
  type CatalogSnapshot,
  type CatalogType,
} from '../../databases/catalog.ts';
import { FIRST_NORMAL_OID } from '../../databases/postgres/oids.ts';
import { isBuiltinType } from '../understand/postgres/builtins.ts';
import { isReviewedFunction } from '../understand/postgres/extensions.ts';

/** What an OID of a type is, where users or extensions had a hand in it: arrays are what their elements are. */
export interface MadeType {
  readonly type?: CatalogType;
  /** The relation whose rows are of the type. */
  readonly row?: CatalogRelation;
}

/** Types whose casts are applied by functions that take values of any type (JSONTYPE_CAST in PostgreSQL's jsonfuncs.c). */
const CAST_BY_FUNCTIONS: ReadonlySet<number> = new Set([114, 3802]);

/** The functions, operators, casts and types of a snapshot that users and extensions made, by all that names them. */
export class CodeIndex {
  readonly #snapshot: CatalogSnapshot;
  readonly #functions = new Map<string, CatalogFunction[]>();
  readonly #functionByOid = new Map<number, CatalogFunction>();
  readonly #operators = new Map<string, CatalogOperator[]>();
  readonly #operatorByOid = new Map<number, CatalogOperator>();
  readonly #casts = new Map<number, CatalogCast[]>();
  readonly #types = new Map<string, MadeType>();
  readonly #typeByOid = new Map<number, MadeType>();
  /** PostgreSQL's own types that casts of users turn into others, or others into, by their names in pg_type. */
  readonly #castBuiltins = new Map<string, number>();
  #formatted: ReadonlyMap<string, number> | undefined;

  constructor(snapshot: CatalogSnapshot) {
    this.#snapshot = snapshot;
    for (const one of snapshot.functions) {
      add(this.#functions, one.name, one);
      this.#functionByOid.set(one.oid, one);
    }
    for (const operator of snapshot.operators) {
      add(this.#operators, operator.name, operator);
      this.#operatorByOid.set(operator.oid, operator);
    }
    for (const cast of snapshot.casts) {
      add(this.#casts, cast.source, cast);
      if (cast.target !== cast.source) add(this.#casts, cast.target, cast);
      const [source = '', target = ''] = cast.name.split(' AS ');
      if (cast.source < FIRST_NORMAL_OID) this.#castBuiltins.set(SQL_NAMES[source] ?? source, cast.source);
      if (cast.target < FIRST_NORMAL_OID) this.#castBuiltins.set(SQL_NAMES[target] ?? target, cast.target);
    }
    for (const relation of snapshot.relations) {
      if (relation.rowType !== undefined)
        this.#add(relation, relation.rowType.oid, relation.rowType.array, { row: relation });
    }
    for (const type of snapshot.types) this.#add(type, type.oid, type.array, { type });
  }

  #add(
    { schema, name }: { readonly schema: string; readonly name: string },
    oid: number,
    array: number,
    made: MadeType,
  ): void {
    this.#types.set(key(schema, name), made);
    this.#typeByOid.set(oid, made);
    if (array > 0) this.#typeByOid.set(array, made);
  }

  /** All that a call by this name and with so many arguments could pick; any number where it is not known. */
  functionsCalled(
    path: readonly string[],
    name: readonly string[],
    count: number | undefined,
  ): readonly CatalogFunction[] {
    const schemas = name.length > 1 ? name.slice(-2, -1) : path;
    return (this.#functions.get(name.at(-1) ?? '') ?? []).filter(
      (one) => one.kind !== 'procedure' && schemas.includes(one.schema) && takes(one, count),
    );
  }

  functionByOid(oid: number): CatalogFunction | undefined {
    return this.#functionByOid.get(oid);
  }

  operatorsNamed(path: readonly string[], name: readonly string[]): readonly CatalogOperator[] {
    const schemas = name.length > 1 ? name.slice(-2, -1) : path;
    return (this.#operators.get(name.at(-1) ?? '') ?? []).filter((one) => schemas.includes(one.schema));
  }

  operatorByOid(oid: number): CatalogOperator | undefined {
    return this.#operatorByOid.get(oid);
  }

  /** The type that a name means: `builtin` for PostgreSQL's own, undefined where there is none of that name. */
  typeNamed(path: readonly string[], name: readonly string[]): MadeType | 'builtin' | undefined {
    const last = name.at(-1) ?? '';
    for (const schema of name.length > 1 ? name.slice(-2, -1) : path) {
      // The name of an array type is that of its element with an underscore, as long as nobody took that name.
      const made =
        this.#types.get(key(schema, last)) ??
        (last.startsWith('_') ? this.#types.get(key(schema, last.slice(1))) : undefined);
      if (made?.type?.oid !== undefined && made.type.oid < FIRST_NORMAL_OID) return 'builtin';
      if (made !== undefined) return made;
      if (schema === 'pg_catalog' && isBuiltinType(last, this.#snapshot.serverMajor)) return 'builtin';
    }
    return undefined;
  }

  /** OID of a type of PostgreSQL's own that users made casts for. */
  castBuiltin(name: string): number | undefined {
    return this.#castBuiltins.get(name) ?? (name.startsWith('_') ? this.#castBuiltins.get(name.slice(1)) : undefined);
  }

  typeByOid(oid: number): MadeType | undefined {
    return this.#typeByOid.get(oid);
  }

  /** OID of the type that the server formats so in its columns, without modifier; undefined where no column has it. */
  typeFormatted(type: string): number | undefined {
    if (this.#formatted === undefined) {
      const formatted = new Map<string, number>();
      for (const { columns } of this.#snapshot.relations) {
        for (const column of columns)
          if (
            column.typeOid >= FIRST_NORMAL_OID ||
            this.#casts.has(column.typeOid) ||
            this.#typeByOid.has(column.typeOid)
          )
            formatted.set(column.type, column.typeOid);
      }
      this.#formatted = formatted;
    }
    return this.#formatted.get(type);
  }

  /** Casts that may run in a statement. */
  castsApplied(types: TypesAtHand): readonly CatalogCast[] {
    return this.#snapshot.casts.filter((cast) => applies(cast, types));
  }

  /** True for a type, as the server formats it, with casts that run code which was not reviewed. */
  hasUserCast(formatted: string): boolean {
    const oid = this.typeFormatted(formatted);
    return (
      oid !== undefined &&
      (this.#casts.get(oid) ?? []).some(({ function: called, method }) => {
        if (called === undefined) return method === 'inout';
        const one = this.#functionByOid.get(called.oid);
        return one !== undefined && !isReviewedFunction(one);
      })
    );
  }
}

/** Names in pg_type of types that the server prints by their SQL names. */
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

/** Types whose values a statement does something with, by OID. */
export interface TypesAtHand {
  readonly used: Pick<ReadonlySet<number>, 'has'>;
  /** Types that something is cast to, or put into. */
  readonly written: Pick<ReadonlySet<number>, 'has'>;
  /** It calls functions or operators, which give values of types that are not known here. */
  readonly computes: boolean;
}

/**
 * A cast needs a value of its source and somebody who wants its target. Nobody has to write an implicit one, one that is
 * applied where a value is stored, or one to JSON, which functions over any type look for.
 */
function applies({ source, target, context }: CatalogCast, { used, written, computes }: TypesAtHand): boolean {
  const isAtHand = (type: number): boolean => used.has(type) || written.has(type);
  if (source < FIRST_NORMAL_OID && target < FIRST_NORMAL_OID && !computes && !isAtHand(source)) return false;
  if (source >= FIRST_NORMAL_OID && !isAtHand(source)) return false;
  if (CAST_BY_FUNCTIONS.has(target)) return true;
  if (context === 'explicit') return written.has(target);
  return target < FIRST_NORMAL_OID || isAtHand(target);
}

function takes({ parameters, defaults, variadic }: CatalogFunction, count: number | undefined): boolean {
  if (count === undefined) return true;
  const least = parameters.length - Math.max(defaults?.count ?? 0, variadic ? 1 : 0);
  return least <= count && (variadic || count <= parameters.length);
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function key(schema: string, name: string): string {
  return `${schema}\0${name}`;
}
