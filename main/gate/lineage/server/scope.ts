import { field, isList, isNode, type TreeNode, type TreeValue, UnreadableTree } from './node-tree.ts';
import { labelOf } from './shapes.ts';
import { type Value } from './values.ts';

/** A WITH query; what it gives is known once it has been followed, and grows while a recursive one is. */
export interface WithQuery {
  readonly node: TreeNode;
  columns: readonly Value[] | undefined;
}

/** One Query around an expression: Vars name its range table entries by number, and those of queries further out. */
export interface Scope {
  readonly outer: Scope | undefined;
  readonly entries: readonly TreeNode[];
  /** Columns of entries, as far as they have been asked for. */
  readonly columns: Map<number, readonly Value[]>;
  readonly queries: ReadonlyMap<string, WithQuery>;
}

export function scopeOf(query: TreeNode, outer: Scope | undefined): Scope {
  const queries = new Map<string, WithQuery>();
  for (const one of nodes(field(query, 'cteList'), 'COMMONTABLEEXPR')) {
    const name = textOf(one, 'ctename');
    // A line break in a name reads as the space it may have been: two names must not become one.
    if (queries.has(name)) throw new UnreadableTree('two of its WITH queries have one name');
    queries.set(name, { node: one, columns: undefined });
  }
  return { outer, entries: nodes(field(query, 'rtable'), 'RANGETBLENTRY'), columns: new Map(), queries };
}

export function scopeAbove(scope: Scope, levels: number): Scope {
  let found: Scope | undefined = scope;
  for (let left = levels; left > 0; left--) found = found?.outer;
  if (found === undefined) throw new UnreadableTree('it refers to a query that is not around');
  return found;
}

export function entryAt(scope: Scope, number: number): TreeNode {
  const entry = scope.entries[number - 1];
  if (entry === undefined) throw new UnreadableTree('it refers to a relation that its range table has not');
  return entry;
}

/** The members of a list that is nothing but nodes of one label. */
export function nodes(list: TreeValue, label: string): readonly TreeNode[] {
  if (list === null) return [];
  const members = isList(list) ? list.filter(isNode) : [];
  if (!isList(list) || members.length !== list.length || members.some((one) => labelOf(one) !== label)) {
    throw new UnreadableTree(`a list of ${label} holds something else`);
  }
  return members;
}

export function listOf(value: TreeValue): readonly TreeValue[] {
  return isList(value) ? value : [];
}

export function nodeAt(node: TreeNode, name: string): TreeNode | undefined {
  const value = field(node, name);
  return isNode(value) ? value : undefined;
}

/** @throws UnreadableTree where the node has no number of that name */
export function numberOf(node: TreeNode, name: string): number {
  const value = field(node, name);
  if (typeof value !== 'number') throw new UnreadableTree(`${node.label} has no ${name}`);
  return value;
}

export function textOf(node: TreeNode, name: string): string {
  const value = field(node, name);
  // A name made of digits alone is escaped at its first character only.
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new UnreadableTree(`${node.label} has no ${name}`);
  return value;
}

export function isTrue(node: TreeNode, name: string): boolean {
  return field(node, name) === 'true';
}
