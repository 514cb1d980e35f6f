import { type MatrixCellView, type PolicyChangeView, type PolicyDiffView } from '../../shared/views.ts';

/** What a proposal changes, as a person reads it: what becomes wider first, and what changes alike told once. */

export type Direction = PolicyChangeView['direction'];

export interface ChangeGroup {
  readonly direction: Direction;
  readonly who: string;
  readonly before: MatrixCellView;
  readonly after: MatrixCellView;
  /** The connections, each with the actions that change so there. */
  readonly places: readonly { readonly connection: string; readonly actions: readonly string[] }[];
  /** Cells of the matrix it stands for. */
  readonly cells: number;
}

export const directions: readonly Direction[] = ['wider', 'mixed', 'narrower'];

export const directionWords: Readonly<Record<Direction, { readonly word: string; readonly icon: string }>> = {
  wider: { word: 'Wider', icon: 'arrow-up' },
  mixed: { word: 'Mixed', icon: 'arrow-swap' },
  narrower: { word: 'Narrower', icon: 'arrow-down' },
};

const looks = ({ effect, summary, obligations, conditions }: MatrixCellView): unknown => [
  effect,
  summary,
  obligations,
  conditions,
];

/** Cells of one asker that go from the same to the same are one line. Wider ones come first; otherwise the gate's order stays. */
export function groupChanges(changes: readonly PolicyChangeView[]): ChangeGroup[] {
  const groups = new Map<string, { readonly first: PolicyChangeView; readonly places: Map<string, string[]> }>();
  for (const change of changes) {
    const key = JSON.stringify([change.direction, change.who, looks(change.before), looks(change.after)]);
    const group = groups.get(key) ?? { first: change, places: new Map<string, string[]>() };
    groups.set(key, group);
    group.places.set(change.connection, [...(group.places.get(change.connection) ?? []), change.action]);
  }
  const all = [...groups.values()].map(({ first, places }): ChangeGroup => ({
    direction: first.direction,
    who: first.who,
    before: first.before,
    after: first.after,
    places: [...places].map(([connection, actions]) => ({ connection, actions })),
    cells: [...places.values()].reduce((sum, actions) => sum + actions.length, 0),
  }));
  return directions.flatMap((direction) => all.filter((group) => group.direction === direction));
}

/** The connections of a group, those with the same actions together: `select, insert on shop, billing`. */
export function placesInWords(group: ChangeGroup): string {
  const byActions = new Map<string, string[]>();
  for (const { connection, actions } of group.places) {
    const key = actions.join(', ');
    byActions.set(key, [...(byActions.get(key) ?? []), connection]);
  }
  return [...byActions].map(([actions, connections]) => `${actions} on ${connections.join(', ')}`).join('; ');
}

export type Counts = Readonly<Record<Direction, number>>;

/** Cells of the matrix that change, by direction. */
export function countsOf({ changes }: PolicyDiffView): Counts {
  const count = (direction: Direction): number => changes.filter((change) => change.direction === direction).length;
  return { wider: count('wider'), mixed: count('mixed'), narrower: count('narrower') };
}
