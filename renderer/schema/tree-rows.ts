import {
  type ColumnView,
  type ConnectionView,
  type EnvironmentName,
  type RelationView,
  type SchemaView,
} from '../../shared/views.ts';
import { path } from '../state/schema-cache.ts';
import { type Loadable } from '../state/trouble.ts';

/** One line of the tree. `key` is stable while it is shown; `level` begins at 1 as in ARIA. */
export type TreeRow = {
  readonly key: string;
  readonly level: number;
  /** Null: it cannot be opened. */
  readonly expanded: boolean | null;
  readonly position: number;
  readonly siblings: number;
} & (
  | { readonly kind: 'environment'; readonly environment: EnvironmentName; readonly connections: number }
  | { readonly kind: 'connection'; readonly connection: ConnectionView }
  | { readonly kind: 'schema'; readonly connection: ConnectionView; readonly schema: SchemaView }
  | { readonly kind: 'relation'; readonly connection: ConnectionView; readonly relation: RelationView }
  | {
      readonly kind: 'column';
      readonly connection: ConnectionView;
      readonly relation: RelationView;
      readonly column: ColumnView;
    }
  | { readonly kind: 'note'; readonly text: string; readonly failed: boolean; readonly parent: string }
);

/** The most dangerous last, so that nobody's hand lands there first. */
export const environments: readonly EnvironmentName[] = ['development', 'staging', 'production'];

export interface TreeState {
  readonly connections: readonly ConnectionView[];
  readonly branches: ReadonlyMap<string, Loadable<readonly unknown[]>>;
  readonly expanded: ReadonlySet<string>;
}

type Branch<T> = Loadable<readonly T[]> | undefined;

/** The lines to show, top to bottom. Twenty thousand tables are twenty thousand small objects: a few milliseconds. */
export function treeRows({ connections, branches, expanded }: TreeState): TreeRow[] {
  const rows: TreeRow[] = [];
  const note = (parent: string, level: number, text: string, failed = false): void => {
    rows.push({
      kind: 'note',
      key: `${parent}\0\0note`,
      level,
      expanded: null,
      position: 1,
      siblings: 1,
      text,
      failed,
      parent,
    });
  };

  /** The lines below an open one: what is loaded, or a note in its place. */
  function below<T>(
    parent: string,
    level: number,
    empty: string,
    each: (value: T, position: number, siblings: number) => void,
  ): void {
    const branch = branches.get(parent) as Branch<T>;
    if (branch === undefined || branch.state === 'loading') note(parent, level, 'Loading');
    else if (branch.state === 'failed') note(parent, level, branch.trouble.message, true);
    else if (branch.value.length === 0) note(parent, level, empty);
    else branch.value.forEach((value, index, all) => each(value, index + 1, all.length));
  }

  for (const environment of environments) {
    const members = connections.filter((connection) => connection.environment === environment);
    if (members.length === 0) continue;
    const key = `environment\0${environment}`;
    const open = !expanded.has(`closed\0${key}`);
    rows.push({
      kind: 'environment',
      key,
      level: 1,
      expanded: open,
      position: 1,
      siblings: 1,
      environment,
      connections: members.length,
    });
    if (!open) continue;
    members.forEach((connection, at) => {
      const top = path(connection.name);
      rows.push({
        kind: 'connection',
        key: top,
        level: 2,
        expanded: expanded.has(top),
        position: at + 1,
        siblings: members.length,
        connection,
      });
      if (!expanded.has(top)) return;
      below<SchemaView>(top, 3, 'No schema you may see', (schema, position, siblings) => {
        const second = path(connection.name, schema.name);
        rows.push({
          kind: 'schema',
          key: second,
          level: 3,
          expanded: expanded.has(second),
          position,
          siblings,
          connection,
          schema,
        });
        if (!expanded.has(second)) return;
        below<RelationView>(second, 4, 'No table or view', (relation, place, count) => {
          const third = path(connection.name, schema.name, relation.name);
          rows.push({
            kind: 'relation',
            key: third,
            level: 4,
            expanded: expanded.has(third),
            position: place,
            siblings: count,
            connection,
            relation,
          });
          if (!expanded.has(third)) return;
          below<ColumnView>(third, 5, 'No column', (column, index, all) => {
            rows.push({
              kind: 'column',
              key: `${third}\0${column.name}`,
              level: 5,
              expanded: null,
              position: index,
              siblings: all,
              connection,
              relation,
              column,
            });
          });
        });
      });
    });
  }
  return rows;
}

/** Opens or closes a line. Environments are open until closed, everything else closed until opened. */
export function toggled(expanded: ReadonlySet<string>, row: TreeRow): ReadonlySet<string> {
  const key = row.kind === 'environment' ? `closed\0${row.key}` : row.key;
  const next = new Set(expanded);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** The line above that this one belongs to, or -1. */
export function parentOf(rows: readonly TreeRow[], at: number): number {
  const level = rows[at]?.level ?? 0;
  for (let above = at - 1; above >= 0; above--) if ((rows[above]?.level ?? 0) < level) return above;
  return -1;
}

/** The words of a line, for typing ahead and for screen readers. */
export function labelOf(row: TreeRow): string {
  switch (row.kind) {
    case 'environment':
      return row.environment;
    case 'connection':
      return row.connection.title;
    case 'schema':
      return row.schema.name;
    case 'relation':
      return row.relation.name;
    case 'column':
      return row.column.name;
    case 'note':
      return row.text;
  }
}
