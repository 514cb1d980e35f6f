import { type ActivityEventView } from '../../shared/views.ts';

type Touched = Pick<ActivityEventView, 'objects' | 'columns'>;
type TouchedColumn = Touched['columns'][number];

/** A table or view with the columns of it that were touched; `object` is null for columns of none that is named. */
export interface TouchedObject {
  readonly object: Touched['objects'][number] | null;
  readonly columns: readonly { readonly short: string; readonly column: TouchedColumn }[];
}

/** Columns below the object that their name begins with; the longest fits where one name begins another. */
export function touchedObjects({ objects, columns }: Touched): readonly TouchedObject[] {
  const byLength = objects.toSorted((a, b) => b.name.length - a.name.length);
  const ownerOf = ({ name }: TouchedColumn) => byLength.find((object) => name.startsWith(`${object.name}.`)) ?? null;
  const below = (owner: Touched['objects'][number] | null): TouchedObject => ({
    object: owner,
    columns: columns
      .filter((column) => ownerOf(column) === owner)
      .map((column) => ({
        short: owner === null ? column.name : column.name.slice(owner.name.length + 1),
        column,
      })),
  });
  const rest = below(null);
  return [...objects.map(below), ...(rest.columns.length === 0 ? [] : [rest])];
}
