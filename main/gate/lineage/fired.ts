import {
  type CatalogForeignKey,
  type CatalogOwnCall,
  type CatalogRelation,
  type CatalogTrigger,
} from '../../databases/catalog.ts';
import { type BaseColumn, type FiredCode, type Span } from '../facts.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { type Context } from './context.ts';
import { relationColumns } from './relations.ts';
import { isScalarType } from './types.ts';
import { UserCode } from './user-code.ts';

export type WriteEvent = CatalogTrigger['events'][number];

/** What a statement writes: base columns, so that those of views, partitions and children are among them. */
export interface Written {
  readonly events: ReadonlySet<WriteEvent>;
  readonly inserted: ReadonlySet<BaseColumn>;
  readonly updated: ReadonlySet<BaseColumn>;
  /** One row of values that the asker wrote: whether the write goes through tells of one value, and not of many. */
  readonly oneRow: boolean;
}

/**
 * What a write runs and is held against by itself: triggers, defaults, generated columns, checks and indexes of the
 * relations that it writes, of their partitions and children, and of those that foreign keys take it to (chapters
 * "Triggers" and "Constraints" of PostgreSQL's documentation). Their functions are code that the statement runs; columns
 * that decide with those it writes whether it goes through are used.
 */
export function traceFired(
  context: Context,
  relations: readonly CatalogRelation[],
  written: Written,
  span: Span | undefined,
): void {
  const fired = new Fired(context, span);
  for (const relation of relations) {
    for (const member of fired.reach(relation, written.events)) constraints(context, member, written, span);
  }
  for (const relation of relations) context.reached.delete(relation);
}

class Fired {
  readonly #context: Context;
  readonly #index: CatalogIndex;
  readonly #span: Span | undefined;
  readonly #seen = new Set<string>();

  constructor(context: Context, span: Span | undefined) {
    this.#context = context;
    this.#index = context.index;
    this.#span = span;
  }

  /** The relations whose rows such a write changes directly: itself, its partitions and children. */
  reach(relation: CatalogRelation, events: ReadonlySet<WriteEvent>): readonly CatalogRelation[] {
    const ancestors = this.#index.ancestors(relation);
    const partitioned = [relation, ...ancestors].some(({ kind }) => kind === 'partitioned table');
    // A row that moves to another partition is deleted and inserted; an INSERT into a parent stays there.
    const all = partitioned && events.has('update') ? new Set<WriteEvent>([...events, 'insert', 'delete']) : events;
    const below = new Set([...all].filter((event) => partitioned || event !== 'insert'));
    // Before PostgreSQL 15 a partition's copy of a trigger is the partitioned table's own.
    const members = [...this.#index.descendants(relation), ...(partitioned ? ancestors : [])];
    this.#runs(relation, all);
    for (const member of members) this.#runs(member, below);
    return below.size === 0 ? [relation] : [relation, ...members];
  }

  #runs(relation: CatalogRelation, events: ReadonlySet<WriteEvent>): void {
    const news = [...events].filter((event) => {
      const key = `${String(relation.oid)} ${event}`;
      return !this.#seen.has(key) && this.#seen.add(key);
    });
    if (news.length === 0) return;
    this.#context.reached.add(relation);
    const { triggers = [], calls = [] } = relation.code ?? {};
    for (const trigger of triggers) {
      if (trigger.fires && trigger.events.some((event) => news.includes(event))) this.#trigger(relation, trigger);
    }
    for (const call of calls) if (this.#isCalled(call, news)) this.#call(relation, call);
    const fresh = new Set(news);
    for (const key of foreignKeysTo(this.#index, relation)) {
      if (fresh.has('delete')) this.#cascade(key, key.onDelete, 'delete');
      if (fresh.has('update')) this.#cascade(key, key.onUpdate, 'update');
    }
  }

  #cascade({ from }: CatalogForeignKey, action: CatalogForeignKey['onDelete'], event: 'delete' | 'update'): void {
    const referencing = this.#index.relation(from.schema, from.relation);
    if (referencing === undefined || action === 'no action' || action === 'restrict') return;
    ruled(this.#context, referencing, this.#span);
    this.reach(referencing, new Set([action === 'cascade' ? event : 'update']));
  }

  #trigger(relation: CatalogRelation, { name, function: called }: CatalogTrigger): void {
    const said = `${called.schema}.${called.name}`;
    this.#context.runs({
      kind: 'function',
      oid: called.oid,
      opaque: {
        schema: called.schema,
        name: called.name,
        args: [],
        typeNames: [],
        compiled: false,
        hazard: {
          code: 'trigger-function',
          sentence: `Writing to ${nameOf(relation)} runs its trigger ${name}, and what the function ${said}() carries where is not known.`,
          next: `Ask your administrator to review ${said} and to list it under functions in the policy as contained.`,
          ...(this.#span === undefined ? {} : { span: this.#span }),
        },
        fired: { by: 'trigger', row: this.#row(relation) },
      },
    });
  }

  /** All that can be in a row as a trigger gets it. */
  #row(relation: CatalogRelation): FiredCode['row'] {
    const { result } = this.#context.apart(() => relationColumns(this.#context, relation, undefined));
    return [...new Set(result.flatMap(({ value }) => [...value.flow]))];
  }

  #isCalled({ kind }: CatalogOwnCall, events: readonly WriteEvent[]): boolean {
    switch (kind) {
      case 'trigger condition':
        return true;
      case 'policy':
        // Policies are traced with what they decide by.
        return false;
      default:
        return events.includes('insert') || events.includes('update');
    }
  }

  #call(relation: CatalogRelation, { kind, name, oid }: CatalogOwnCall): void {
    new UserCode(this.#context).fires(oid, {
      hazard: 'user-function',
      sentence: (said, which) => `Writing to ${nameOf(relation)} runs its ${kind} ${name}: ${said} ${which}`,
      next: 'Ask your administrator to review it and to list it under functions in the policy.',
      span: this.#span,
      called: false,
      fired: { by: 'definition', row: [] },
    });
  }
}

/** A rule makes a write do more than it says, or something else; what it does is traced nowhere. */
export function ruled(context: Context, written: CatalogRelation | undefined, span: Span | undefined): void {
  if (written === undefined || written.rules.length === 0) return;
  context.hazard(
    'rule',
    `Writing to ${nameOf(written)} runs its rule ${written.rules.join(', ')}, which does something else than the statement says.`,
    span,
    'Write to the tables behind the rule, or ask your administrator to make it a trigger.',
  );
}

/**
 * Whether a write goes through tells what its values are held against: those of other rows (unique and excluding
 * indexes, foreign keys), and those of the same row that it leaves as they are (checks, generated columns, indexes over
 * expressions).
 */
function constraints(context: Context, relation: CatalogRelation, written: Written, span: Span | undefined): void {
  const { inserted, updated, events } = written;
  const index = context.index;
  const sources = (names: readonly string[], of = relation): readonly BaseColumn[] =>
    of.columns
      .filter(({ name }) => names.includes(name))
      .flatMap((column) => {
        const { own, generatedFrom } = index.source(of, column);
        return [...own, ...generatedFrom];
      });
  const among = (columns: readonly BaseColumn[], set: ReadonlySet<BaseColumn>): readonly BaseColumn[] =>
    columns.filter((column) => set.has(column));
  const told = (columns: readonly BaseColumn[], ofOneValue: boolean): void => {
    const flow = new Set(columns);
    const form = ofOneValue && written.oneRow ? { form: 'conflict' as const } : {};
    context.use({ flow, derivation: 'computed' }, 'constraint', span, form);
  };

  const { checks = [], indexes = [] } = relation.code ?? {};
  // Of an expression, or of ranges that overlap, one write tells of many values.
  const keys = [{ columns: relation.primaryKey, unique: true, byValue: true }, ...indexes];
  for (const key of keys.filter(({ unique }) => unique)) {
    const columns = sources(key.columns);
    const given = among(columns, inserted);
    told(key.byValue || given.length === 0 ? given : columns, key.byValue);
    if (among(columns, updated).length === 0) continue;
    told(among(columns, updated), key.byValue);
    told(
      columns.filter((column) => !updated.has(column)),
      false,
    );
  }
  const generated = relation.columns.flatMap(({ generatedFrom }) => generatedFrom ?? []).length > 0;
  const together = [
    ...checks.map(({ columns }) => sources(columns)),
    ...indexes.map(({ columns }) => sources(columns)),
    ...(generated ? relation.columns.map((column) => index.source(relation, column).generatedFrom) : []),
  ];
  for (const columns of together) {
    if (among(columns, updated).length > 0)
      told(
        columns.filter((column) => !updated.has(column)),
        false,
      );
  }
  for (const { from, to } of foreignKeysFrom(index, relation)) {
    const referenced = index.relation(to.schema, to.relation);
    const columns = sources(from.columns);
    if (referenced === undefined) continue;
    if (among(columns, inserted).length + among(columns, updated).length > 0)
      told(sources(to.columns, referenced), !hasRange(referenced, to.columns));
  }
  for (const { from, to } of foreignKeysTo(index, relation)) {
    const referencing = index.relation(from.schema, from.relation);
    if (referencing === undefined) continue;
    if (events.has('delete') || among(sources(to.columns), updated).length > 0)
      told(sources(from.columns, referencing), false);
  }
}

/** Of a foreign key with PERIOD, which is met by ranges that contain another (PostgreSQL 18). */
const hasRange = ({ columns }: CatalogRelation, names: readonly string[]): boolean =>
  columns.some(({ name, type }) => names.includes(name) && !isScalarType(type));

const nameOf = ({ schema, name }: CatalogRelation): string => `${schema}.${name}`;

const foreignKeysFrom = (index: CatalogIndex, relation: CatalogRelation): readonly CatalogForeignKey[] =>
  foreignKeys(index, 'from').get(nameOf(relation)) ?? [];
const foreignKeysTo = (index: CatalogIndex, relation: CatalogRelation): readonly CatalogForeignKey[] =>
  foreignKeys(index, 'to').get(nameOf(relation)) ?? [];

const foreignKeys = (index: CatalogIndex, end: 'from' | 'to'): ReadonlyMap<string, readonly CatalogForeignKey[]> =>
  index.keep(`foreign keys ${end}`, () =>
    Map.groupBy(index.snapshot.foreignKeys, (key) => `${key[end].schema}.${key[end].relation}`),
  );
