import { type CatalogColumn, type CatalogRelation } from '../databases/catalog.ts';
import { type Principal } from '../identity/principal.ts';
import { type ClassifiedColumns } from '../policy/classification.ts';
import { type CompiledPolicy } from '../policy/compiled-policy.ts';
import { maskFor } from '../policy/obligations.ts';
import { type Connection } from '../profile/types.ts';
import { askPolicy } from './decide-access.ts';
import { type BaseColumn } from './facts.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';
import { outputsOf } from './lineage/trace.ts';

export { type CatalogRelation };

export interface DescribeInput {
  readonly principal: Principal;
  readonly connection: Connection;
  readonly policy: CompiledPolicy;
  readonly classification: ClassifiedColumns;
  readonly now: Date;
  /** Names of the grants in force for this person on this connection; none where absent. */
  readonly grants?: readonly string[];
}

/** A column as this person would meet it. */
export interface DescribedColumn {
  readonly column: CatalogColumn;
  /** Class of the value it holds, of itself or of the columns a view takes it from. */
  readonly class: string | undefined;
  readonly masked: boolean;
}

const asking = ({ grants = [], ...input }: DescribeInput): DescribeInput & { readonly grants: readonly string[] } => ({
  ...input,
  grants,
});

/** May this person read the relation at all: the schema tree shows nothing else. */
export function mayRead(input: DescribeInput, relation: CatalogRelation): boolean {
  return askPolicy(asking(input), 'select', relation).effect === 'allow';
}

/** The columns of a table or view with what would become of their values. Views are looked through. */
export function describeColumns(
  input: DescribeInput,
  relation: CatalogRelation,
  index: CatalogIndex,
): readonly DescribedColumn[] {
  const view = relation.kind === 'view' || relation.kind === 'materialized view';
  const outputs = view ? outputsOf(relation, index).outputs : [];
  const masks = maskLookup(input);
  return relation.columns.map((column, i) => {
    const sources = [
      { schema: relation.schema, relation: relation.name, column: column.name },
      ...(outputs[i]?.flow ?? []),
    ];
    const classes = sources.flatMap((source) => input.classification.of(source)?.class ?? []);
    return { column, class: classes[0], masked: sources.some(masks) };
  });
}

/** Whether a column of this relation would be masked; one policy question per relation. */
function maskLookup(input: DescribeInput): (column: BaseColumn) => boolean {
  const asked = new Map<string, ReturnType<typeof askPolicy>['obligations']>();
  return (column) => {
    const columnClass = input.classification.of(column);
    if (columnClass === undefined) return false;
    const key = `${column.schema}\0${column.relation}`;
    const obligations =
      asked.get(key) ??
      askPolicy(asking(input), 'select', { schema: column.schema, name: column.relation }).obligations;
    asked.set(key, obligations);
    return maskFor(columnClass, obligations) !== undefined;
  };
}
