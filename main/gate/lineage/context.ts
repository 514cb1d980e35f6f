import {
  type BaseColumn,
  type CodeUse,
  type ColumnUse,
  type Hazard,
  type Place,
  type RelationUse,
  type Span,
} from '../facts.ts';
import { type CatalogRelation } from '../../databases/catalog.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { type Candidates, NO_CANDIDATES } from './forms.ts';
import { type Column, type Value } from './scope.ts';

/** A WITH query that names in FROM can mean. */
export interface WithQuery {
  readonly name: string;
  columns(): readonly Column[];
}

/** WITH queries visible at a place, innermost first. */
export interface Environment {
  readonly query: WithQuery;
  readonly outer: Environment | undefined;
}

/** What of a use is known besides its place. */
export type Shown = Omit<ColumnUse, 'column' | 'place' | 'span'>;

/** Queries that are traced for one statement: each level of nested WITH RECURSIVE traces the one below several times. */
const MAX_QUERIES = 5_000;

/** Where a trace puts what it finds. */
export class Context {
  readonly index: CatalogIndex;
  /** Views being expanded, outermost first: a view that reaches itself cannot be traced. */
  readonly views: readonly string[];
  readonly relations = new Map<string, RelationUse>();
  readonly hazards = new Map<string, Hazard>();
  /** Code that users and extensions made: filled by UserCode. */
  readonly code = new Map<string, CodeUse>();
  /** Relations that writes reach without naming them: filled by traceFired. */
  readonly reached = new Set<CatalogRelation>();
  /** Columns of tables whose structure changes, with their namesakes in parents and children. */
  readonly restructured = new Set<BaseColumn>();
  /** Types of values that are used in any way but as they are, as the server formats them, with the first place. */
  readonly types = new Map<string, Span | undefined>();
  /** Set where the statement measures what it reads: reading a column is then a use of it (EXPLAIN ANALYZE). */
  measured = false;
  /** Uses of the statement's outermost query that have a form. */
  candidates: Candidates = NO_CANDIDATES;
  /** Something is done with whole rows. */
  readsRows = false;
  /** A name of PostgreSQL's own can mean code that somebody made here: no use is then sure to show one bounded thing. */
  shadowed = false;
  /** Queries that the trace is inside of. */
  depth = 0;
  /** With whose rights relations are read: of whoever asks, or inside a view those of its owner. */
  readonly role: string;
  readonly #spanOf: (location: number) => Span | undefined;
  #queries = 0;
  #uses = new Map<string, ColumnUse>();
  #used = new Set<BaseColumn>();

  constructor(
    index: CatalogIndex,
    spanOf: (location: number) => Span | undefined,
    views: readonly string[] = [],
    role: string = index.role,
  ) {
    this.index = index;
    this.views = views;
    this.role = role;
    this.#spanOf = spanOf;
  }

  get uses(): readonly ColumnUse[] {
    return [...this.#uses.values()];
  }

  span(location: number): Span | undefined {
    return this.#spanOf(location);
  }

  /** A value is used in a way that can show something about it. What is bounded in it was noted where that was made. */
  use(value: Value, place: Place, span: Span | undefined, shown: Shown = {}): void {
    this.inUse(value, span);
    for (const column of value.flow) {
      if (value.bounded?.has(column) === true) continue;
      this.#add({ column, place, ...shown, ...(span === undefined ? {} : { span }) });
    }
  }

  /** Something is done with values of a type: what the type itself then runs is looked up at the end. */
  inUse({ type }: Pick<Value, 'type'>, span: Span | undefined): void {
    if (type !== undefined && !this.types.has(type)) this.types.set(type, span);
  }

  /** The first way in which code is reached is the one that is told. */
  runs(use: CodeUse): void {
    // One trigger function gets the rows of several tables.
    const way = use.opaque?.fired === undefined ? '' : use.opaque.hazard.sentence;
    const key = `${use.kind} ${String(use.oid)} ${way}`;
    const known = this.code.get(key);
    if (known === undefined || (known.opaque === undefined && use.opaque !== undefined)) this.code.set(key, use);
  }

  /** A column is read, whatever becomes of its value. */
  read(value: Value, span: Span | undefined): Value {
    if (this.measured) this.use(value, 'measure', span);
    return value;
  }

  useColumns(columns: Iterable<BaseColumn>, place: Place, span: Span | undefined): void {
    this.use({ flow: new Set(columns), derivation: 'computed' }, place, span);
  }

  isUsed(column: BaseColumn): boolean {
    return this.#used.has(column);
  }

  /** A column is asked for: uses that waited for that happen now. */
  ask(value: Value, span: Span | undefined): Value {
    if (value.deferred === undefined) return value;
    for (const use of value.deferred) this.#add(span === undefined ? use : { ...use, span });
    const { deferred: _, ...rest } = value;
    return rest;
  }

  /** Runs the part of the trace that is inside one more query. */
  within<T>(run: () => T): T {
    if (++this.#queries > MAX_QUERIES) throw new RangeError('too many queries to trace');
    this.depth++;
    try {
      return run();
    } finally {
      this.depth--;
    }
  }

  /** Runs a part of the trace and gives its uses instead of keeping them. */
  apart<T>(run: () => T): { readonly result: T; readonly uses: readonly ColumnUse[] } {
    const [uses, used] = [this.#uses, this.#used];
    this.#uses = new Map();
    this.#used = new Set();
    try {
      const result = run();
      return { result, uses: this.uses };
    } finally {
      this.#uses = uses;
      this.#used = used;
    }
  }

  keepUses(uses: readonly ColumnUse[]): void {
    for (const use of uses) this.#add(use);
  }

  hazard(code: string, sentence: string, span?: Span, next?: string): void {
    const hazard: Hazard = {
      code,
      sentence,
      ...(next === undefined ? {} : { next }),
      ...(span === undefined ? {} : { span }),
    };
    this.addHazard(hazard);
  }

  addHazard(hazard: Hazard): void {
    this.hazards.set(`${hazard.code} ${hazard.sentence} ${hazard.span?.start ?? ''}`, hazard);
  }

  relation(use: RelationUse): void {
    this.relations.set(
      `${use.schema}\0${use.name}\0${use.access}\0${use.action ?? ''}\0${use.via ?? ''}\0${use.span?.start ?? ''}`,
      use,
    );
  }

  #add(use: ColumnUse): void {
    this.#used.add(use.column);
    const { schema, relation, column } = use.column;
    // A use that shows less never takes the place of one that shows more.
    const shown = `${use.form ?? ''}\0${use.view ?? ''}\0${String(use.notNull ?? false)}`;
    this.#uses.set(`${schema}\0${relation}\0${column}\0${use.place}\0${use.span?.start ?? ''}\0${shown}`, use);
  }
}
