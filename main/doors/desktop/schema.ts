import { type ColumnView, type RelationView, type SchemaView } from '../../../shared/views.ts';
import { CountersignError } from '../../errors.ts';
import { type CatalogRelation, describeColumns, type DescribeInput, mayRead } from '../../gate/describe.ts';
import { type CatalogIndex } from '../../gate/lineage/catalog-index.ts';

/** The schema tree of one connection for one person: only what policy lets them read. */

export function schemaViews(input: DescribeInput, index: CatalogIndex): readonly SchemaView[] {
  const counts = new Map<string, number>();
  for (const relation of readable(input, index)) counts.set(relation.schema, (counts.get(relation.schema) ?? 0) + 1);
  return [...counts]
    .map(([name, relations]) => ({ name, relations }))
    .sort((a, b) => Number(isSystem(a.name)) - Number(isSystem(b.name)) || compare(a.name, b.name));
}

export function relationViews(input: DescribeInput, index: CatalogIndex, schema: string): readonly RelationView[] {
  return readable(input, index)
    .filter((relation) => relation.schema === schema)
    .map((relation) => relationView(input, index, relation))
    .sort((a, b) => compare(a.name, b.name));
}

export function columnViews(
  input: DescribeInput,
  index: CatalogIndex,
  schema: string,
  name: string,
): readonly ColumnView[] {
  const relation = index.relation(schema, name);
  if (relation === undefined || !mayRead(input, relation)) {
    throw new CountersignError('relation-unknown', `There is no ${schema}.${name} that you may read.`, {
      next: 'Refresh the schema tree.',
    });
  }
  const keys = new Map(
    index.snapshot.foreignKeys
      .filter(({ from }) => from.schema === schema && from.relation === name && from.columns.length === 1)
      .map(({ from, to }) => [from.columns[0], `${to.schema}.${to.relation}.${to.columns[0] ?? ''}`]),
  );
  return describeColumns(input, relation, index).map(({ column, class: columnClass, masked }) => ({
    name: column.name,
    type: column.type,
    notNull: column.notNull,
    primaryKey: relation.primaryKey.includes(column.name),
    foreignKey: keys.get(column.name) ?? null,
    class: columnClass ?? null,
    masked,
    comment: column.comment ?? null,
  }));
}

/** The server's own schemas stand last: nobody looks there first. */
const isSystem = (schema: string): boolean => schema === 'information_schema' || schema.startsWith('pg_');

const MAX_FOUND = 100;

/** Relations whose name has the letters of `text` in order: whole names first, then beginnings, then the shortest. */
export function searchRelations(input: DescribeInput, index: CatalogIndex, text: string): readonly RelationView[] {
  const wanted = text.toLowerCase().replaceAll(/\s/g, '');
  const found = readable(input, index).flatMap((relation) => {
    const rank = rankOf(relation, wanted);
    return rank === undefined ? [] : [{ relation, rank }];
  });
  found.sort((a, b) => a.rank - b.rank || compare(a.relation.name, b.relation.name));
  return found.slice(0, MAX_FOUND).map(({ relation }) => relationView(input, index, relation));
}

function rankOf(relation: CatalogRelation, wanted: string): number | undefined {
  const name = relation.name.toLowerCase();
  if (isSystem(relation.schema)) return name.includes(wanted) ? 100_000 + name.length : undefined;
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 100 + name.length;
  if (name.includes(wanted)) return 1_000 + name.length;
  return inOrder(`${relation.schema.toLowerCase()}.${name}`, wanted) ? 10_000 + name.length : undefined;
}

function inOrder(text: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Sequences and composite types are no place to look for rows. */
const SHOWN: readonly CatalogRelation['kind'][] = [
  'table',
  'partitioned table',
  'view',
  'materialized view',
  'foreign table',
];

function readable(input: DescribeInput, index: CatalogIndex): readonly CatalogRelation[] {
  return index.snapshot.relations.filter((relation) => SHOWN.includes(relation.kind) && mayRead(input, relation));
}

function relationView(input: DescribeInput, index: CatalogIndex, relation: CatalogRelation): RelationView {
  return {
    schema: relation.schema,
    name: relation.name,
    kind: relation.kind,
    estimatedRows: relation.estimatedRows,
    sensitive: describeColumns(input, relation, index).some((column) => column.masked),
    comment: relation.comment ?? null,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
