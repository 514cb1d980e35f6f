import { FIRST_NORMAL_OID } from '../../../databases/postgres/oids.ts';
import { field, isList, isNode, type TreeNode, type TreeValue } from './node-tree.ts';
import { isTrue, listOf, nodeAt, numberOf } from './scope.ts';
import { IMPLICIT_CAST } from './shapes.ts';

/** What an implicit cast of PostgreSQL's own is made of: it changes the type of a value and nothing else. */
export function castOf(node: TreeNode, label: string): TreeValue | undefined {
  // The old row, or the new one, or NULL where there is none.
  if (label === 'RETURNINGEXPR') return field(node, 'retexpr');
  if (label === 'RELABELTYPE') return field(node, 'relabelformat') === IMPLICIT_CAST ? field(node, 'arg') : undefined;
  if (label !== 'FUNCEXPR' || field(node, 'funcformat') !== IMPLICIT_CAST) return undefined;
  const [argument, ...more] = listOf(field(node, 'args'));
  const simple = more.every((one) => isNode(one) && one.label === 'CONST');
  return simple && numberOf(node, 'funcid') < FIRST_NORMAL_OID ? argument : undefined;
}

/** True for a call of a function that somebody made in this database. */
export function isCallOfUsers(node: TreeNode, label: string): boolean {
  return label === 'FUNCEXPR' && numberOf(node, 'funcid') >= FIRST_NORMAL_OID;
}

/** Where an element or a field of a column is stored: the column, whose other elements and fields stay where they are. */
export function keptPart(node: TreeNode, label: string): TreeNode | undefined {
  const stores = label === 'FIELDSTORE' || (label === 'SUBSCRIPTINGREF' && field(node, 'refassgnexpr') !== null);
  const column = stores ? nodeAt(node, label === 'FIELDSTORE' ? 'arg' : 'refexpr') : undefined;
  return column?.label === 'VAR' ? column : undefined;
}

/** The OID of the view that a subquery was made from; undefined where the text has it as a subquery. */
export function viewOf(entry: TreeNode, query: TreeNode): number | undefined {
  const oid = field(entry, 'relid');
  if (typeof oid === 'number') return oid > 0 ? oid : undefined;
  // Up to PostgreSQL 15, a view's query still has the places of OLD and NEW, which are the view and not in FROM.
  const [first] = listOf(field(query, 'rtable'));
  if (!isNode(first) || field(first, 'relkind') !== 'v' || isTrue(first, 'inFromCl')) return undefined;
  return numberOf(first, 'relid');
}

/** True where the value calls something that can give several rows. */
export function givesRows(value: TreeValue): boolean {
  const stack: TreeValue[] = [value];
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    if (isList(part)) stack.push(...part);
    else if (isNode(part)) {
      if (isTrue(part, 'funcretset') || isTrue(part, 'opretset')) return true;
      stack.push(...part.values);
    }
  }
  return false;
}
