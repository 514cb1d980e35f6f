import { type MarkScope } from '../../databases/postgres/marks.ts';
import { FIRST_NORMAL_OID } from '../../databases/postgres/oids.ts';
import { type CatalogSnapshot } from '../../databases/catalog.ts';
import { type CodeUse } from '../facts.ts';
import { type Judged } from '../judge.ts';
import { type Tree } from '../understand/postgres/understand.ts';

/** Code of the database that a statement runs, by OID: where the server's trees were read, they tell; else the text's lineage. */
export interface CodeOids {
  readonly functions: readonly number[];
  readonly operators: readonly number[];
}

/**
 * Everything whose change could change what a judged statement means, or put something else in its place: what it names
 * and what its views reach. Without the server's trees nobody knows which functions and operators its names turned into,
 * so all that users made count.
 */
export function scopeOf({ tree, judgement, catalog }: Judged, code: CodeOids | undefined): MarkScope | undefined {
  const { facts, lineage } = judgement;
  if (catalog === undefined || lineage === undefined || tree === undefined) return undefined;
  const written = namesIn(tree);
  const reached = (kind: CodeUse['kind']): readonly number[] =>
    (lineage.code ?? []).flatMap((use) => (use.kind === kind ? [use.oid] : []));
  const functions = reached('function');
  // The names in a body are looked up when it runs: any function or operator made since could be what they mean.
  const looksUp = functions.some((oid) => catalog.index.code.functionByOid(oid)?.source.kind === 'sql');
  return {
    relations: [
      ...new Set([
        ...facts.relations.map((relation) => relation.name),
        ...lineage.outputs.flatMap(({ flow }) => flow.map((column) => column.relation)),
        ...(lineage.reached ?? []).map((relation) => relation.name),
        // A type can be the row of a table.
        ...written.types,
      ]),
    ],
    functions: written.functions,
    operators: written.operators,
    types: written.types,
    functionOids: [...(code?.functions ?? []), ...functions],
    operatorOids: [...(code?.operators ?? []), ...reached('operator')],
    allCode: code === undefined || looksUp,
  };
}

/**
 * True where some of the code can be replaced by users while a statement runs. What is compiled and owned by a superuser,
 * as in extensions, is not among it: only a superuser brings compiled code.
 */
export function canBeReplaced(
  { functions, operators }: CodeOids,
  { functions: all, operators: by }: CatalogSnapshot,
): boolean {
  if (functions.length + operators.length === 0) return false;
  const fixed = new Set(
    all.flatMap(({ oid, source, ownedBySuperuser }) => (source.kind === 'compiled' && ownedBySuperuser ? [oid] : [])),
  );
  const behind = new Map(by.map((operator) => [operator.oid, operator.function]));
  const isFixed = (oid: number): boolean => oid < FIRST_NORMAL_OID || fixed.has(oid);
  return !functions.every(isFixed) || !operators.every((oid) => isFixed(behind.get(oid)?.oid ?? oid));
}

/** Operators that no text names: of CASE x WHEN, USING, IN, DISTINCT and the like. */
const IMPLIED = ['=', '<>', '<', '>', '<=', '>='];

interface Names {
  readonly functions: readonly string[];
  readonly operators: readonly string[];
  readonly types: readonly string[];
}

const known = new WeakMap<Tree, Names>();

function namesIn(tree: Tree): Names {
  const kept = known.get(tree);
  if (kept !== undefined) return kept;
  const { calls, operators, types } = tree.inspection;
  const last = (uses: readonly { readonly name: readonly string[] }[]): readonly string[] => [
    ...new Set(uses.flatMap(({ name }) => name.at(-1) ?? [])),
  ];
  const functions = last(calls);
  const names = {
    functions,
    operators: [...new Set([...last(operators), ...IMPLIED])],
    // `name(x)` is also how a value is turned into a type.
    types: [...new Set([...last(types), ...functions])],
  };
  known.set(tree, names);
  return names;
}
