import { type CatalogColumn, type CatalogRelation } from '../../databases/catalog.ts';
import { type BaseColumn, type CodeUse, type ColumnUse, type Hazard, type RelationUse, type Span } from '../facts.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { Context } from './context.ts';
import { queryColumns } from './query.ts';
import { type Column, type Value } from './scope.ts';
import { inspectStored, storedQuery } from './stored-text.ts';
import { UserCode } from './user-code.ts';

const MAX_VIEW_DEPTH = 60;

/** What a view gives and does, whoever asks: traced once for each snapshot. */
interface ViewLineage {
  readonly columns: readonly Column[];
  readonly uses: readonly ColumnUse[];
  readonly relations: readonly RelationUse[];
  readonly hazards: readonly Hazard[];
  readonly code: readonly CodeUse[];
}

/** The columns of a relation of the snapshot as a statement reads them: of a view, those that its query makes. */
export function relationColumns(
  context: Context,
  relation: CatalogRelation,
  span: Span | undefined,
): readonly Column[] {
  if (relation.kind !== 'view' && relation.kind !== 'materialized view') {
    // Where a row is (its partition by name, tableoid, ctid, its place in the result) tells the key.
    context.useColumns(context.index.partitionKey(relation), 'predicate', span);
    return relation.columns.map((column) => {
      return { name: column.name, value: baseValue(context.index, relation, column) };
    });
  }
  const view = viewLineage(context, relation);
  context.keepUses(span === undefined ? view.uses : view.uses.map((use) => ({ ...use, span })));
  for (const use of view.relations) context.relation(use);
  for (const hazard of view.hazards) context.addHazard(span === undefined ? hazard : { ...hazard, span });
  for (const use of view.code) context.runs(use);
  return view.columns;
}

/** A generated column is computed: whoever may not see what it is computed from may not see it either. */
function baseValue(index: CatalogIndex, relation: CatalogRelation, column: CatalogColumn): Value {
  const { own, generatedFrom } = index.source(relation, column);
  const { type } = column;
  if (generatedFrom.length === 0) {
    const origin = index.baseColumn(relation.schema, relation.name, column.name);
    const notNull = own.every((one) => (one === origin ? isNotNull(relation, column.name) : isNotNullIn(index, one)));
    return { flow: new Set(own), derivation: 'plain', type, origin, ...(notNull ? { notNull } : {}) };
  }
  const flow = new Set([...own, ...generatedFrom]);
  return { flow, derivation: 'computed', type, deferred: [...flow].map((column) => ({ column, place: 'argument' })) };
}

/** PostgreSQL does not check NOT NULL of a foreign table. */
function isNotNull({ kind, columns }: CatalogRelation, name: string): boolean {
  return kind !== 'foreign table' && columns.some((column) => column.name === name && column.notNull);
}

function isNotNullIn(index: CatalogIndex, { schema, relation, column }: BaseColumn): boolean {
  const member = index.relation(schema, relation);
  return member !== undefined && isNotNull(member, column);
}

function viewLineage({ index: asked, views: within }: Context, relation: CatalogRelation): ViewLineage {
  const name = `${relation.schema}.${relation.name}`;
  if (within.includes(name) || within.length >= MAX_VIEW_DEPTH) return untraceable(name, 'reaches itself');
  const index = asked.printed();
  return index.keep(`view ${String(relation.oid)}`, () => {
    const context = new Context(index, () => undefined, [...within, name], rightsIn(index, relation));
    return traceView(context, relation, name);
  });
}

/** The role with whose rights the query of a view reads: setRuleCheckAsUser in rewrite/rewriteDefine.c. */
export function rightsIn(index: CatalogIndex, { securityInvoker, owner }: CatalogRelation): string {
  return securityInvoker ? index.role : (owner ?? '');
}

function traceView(context: Context, relation: CatalogRelation, name: string): ViewLineage {
  const { index } = context;
  const query = relation.definition === undefined ? undefined : storedQuery(relation.definition);
  if (query === undefined) return untraceable(name, 'has no definition that can be read');
  const inspection = inspectStored(context, query);
  const code = new UserCode(context, undefined, relation.calls);
  code.names(inspection);
  code.resolved();
  if (inspection.locksRows) context.hazard('row-lock', 'The view locks the rows it reads.');
  const columns = queryColumns(context, query.root, { scope: undefined, environment: undefined }, true);
  code.typesInUse();
  if (columns.length !== relation.columns.length) return untraceable(name, 'has other columns than its definition');
  // An operator or a cast that is volatile can stand in any column, which then is computed whoever asks.
  const unasked = [...context.code.values()].some((use) => use.volatile === true);
  if (unasked) for (const { value } of columns) context.keepUses(value.deferred ?? []);
  return {
    columns: columns.map((column, at) => {
      const listed = relation.columns[at];
      const own = listed?.name ?? column.name;
      // The view's own column is a source too: what is stored in a materialized view, or classified by its name.
      const flow = new Set([...column.value.flow, index.baseColumn(relation.schema, relation.name, own)]);
      const { origin: _, notNull, deferred, ...value } = column.value;
      return {
        name: own,
        value: {
          ...value,
          flow,
          // What its author computed is bounded; that this column may have a class of its own is not.
          ...(value.derivation === 'bounded' ? { derivation: 'computed' } : {}),
          ...(listed === undefined ? {} : { type: listed.type }),
          // A materialized view may be older than the constraint.
          ...(notNull && relation.kind === 'view' ? { notNull } : {}),
          ...(deferred === undefined || unasked ? {} : { deferred: deferred.map((use) => usedInView(use, name)) }),
        },
      };
    }),
    uses: context.uses.map((use) => usedInView(use, name)),
    relations: [...context.relations.values()].map((use) => ({ ...use, via: name })),
    hazards: [...context.hazards.values()].map((hazard) => ({
      ...hazard,
      sentence: `Inside the view ${name}: ${hazard.sentence}`,
      next: 'Ask the owner of the view, or query the tables behind it.',
    })),
    code: [...context.code.values()],
  };
}

/** What a use inside a view shows is the choice of its author, unless it shows nothing. */
export function usedInView({ column, place, span, view, rowSecurityOf, notNull }: ColumnUse, name: string): ColumnUse {
  const where = {
    ...(span === undefined ? {} : { span }),
    ...(rowSecurityOf === undefined ? {} : { rowSecurityOf }),
  };
  if (notNull) return { column, place, form: 'nullness', notNull, ...where };
  return { column, place, form: 'view', view: view ?? name, ...where };
}

function untraceable(name: string, why: string): ViewLineage {
  const sentence = `The view ${name} ${why}, so where its values come from is not known.`;
  return {
    columns: [],
    uses: [],
    relations: [],
    hazards: [{ code: 'untraceable', sentence, next: 'Query the tables behind it.' }],
    code: [],
  };
}
