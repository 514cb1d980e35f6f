import type { ServerTrees } from '../../../databases/postgres/session.ts';
import { type Findings } from './findings.ts';
import { field, isList, isNode, readTree, type TreeNode, type TreeValue, UnreadableTree } from './node-tree.ts';
import { isTrue } from './scope.ts';
import { type ServerLineage, type ServerObjects, type ServerRelation } from './server-lineage.ts';
import { TreeWalk } from './tree-lineage.ts';
import { type Value } from './values.ts';

/** Why the trees say nothing about a statement: it must not run on the word of the other lineage alone. */
export interface UnknownLineage {
  readonly unknown: string;
}

/**
 * Major versions whose trees were compared with the lineage of the text over the whole corpus: what another one means by
 * its trees is not known.
 */
export const COMPARED_MAJORS: ReadonlySet<number> = new Set([13, 14, 15, 16, 17, 18]);

/**
 * The lineage of a statement as the server analysed and rewrote it. Undefined for a statement that is no query (SHOW, DDL),
 * and where the trees of this major version have not been compared: then the lineage of the text stands alone. Never throws
 * for what a server sends.
 */
export function serverLineage(trees: ServerTrees, serverMajor: number): ServerLineage | UnknownLineage | undefined {
  return COMPARED_MAJORS.has(serverMajor) ? lineageOf(trees) : undefined;
}

/** The same of a server of any version, for comparing the trees of a new one. */
export function lineageOf(trees: ServerTrees): ServerLineage | UnknownLineage | undefined {
  try {
    const walk = new TreeWalk();
    let outputs: readonly Value[] = [];
    for (const query of queriesOf(readTree(trees.rewritten))) {
      if (field(query, 'utilityStmt') !== null) return undefined;
      const columns = walk.query(query, undefined);
      if (isTrue(query, 'canSetTag')) outputs = columns;
    }
    const { statement, definitions, writes, locksRows } = walk;
    // Into what is written go the defaults of the table, which its owner wrote: of the text, only the text counts.
    const written = writes ? { ...statement, ...callsOf(asked(trees.parsed)) } : statement;
    return {
      outputs: outputs.map(({ flow, derivation }) => ({ flow, derivation })),
      statement: both(written, definitions),
      writes,
      locksRows,
    };
  } catch (error) {
    if (error instanceof UnreadableTree) return { unknown: `the server's tree cannot be followed: ${error.message}` };
    if (error instanceof RangeError) return { unknown: "the server's tree is nested too deeply" };
    throw error;
  }
}

/** What rules make of a statement may be several queries, or none. */
function queriesOf(tree: TreeValue): readonly TreeNode[] {
  const queries = isList(tree) ? tree.filter(isNode) : [];
  if (tree !== null && (!isList(tree) || queries.length !== tree.length)) throw new UnreadableTree('it is no list');
  return queries;
}

function asked(parsed: string): Findings {
  const tree = readTree(parsed);
  if (!isNode(tree)) throw new UnreadableTree('it is no query');
  const walk = new TreeWalk();
  walk.query(tree, undefined);
  return walk.statement;
}

function callsOf({
  functions,
  operators,
  types,
  collations,
}: ServerObjects): Omit<ServerObjects, 'uses' | 'relations'> {
  return { functions, operators, types, collations };
}

function both(a: ServerObjects, b: ServerObjects): ServerObjects {
  const relations = new Map<number, ServerRelation>(a.relations);
  for (const [oid, one] of b.relations) if (relations.get(oid)?.written !== true) relations.set(oid, one);
  return {
    uses: new Set([...a.uses, ...b.uses]),
    relations,
    functions: new Set([...a.functions, ...b.functions]),
    operators: new Set([...a.operators, ...b.operators]),
    types: new Set([...a.types, ...b.types]),
    collations: new Set([...a.collations, ...b.collations]),
  };
}
