import { type MarkScope } from '../../databases/postgres/marks.ts';
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
  return {
    relations: [
      ...new Set([
        ...facts.relations.map((relation) => relation.name),
        ...lineage.outputs.flatMap(({ flow }) => flow.map((column) => column.relation)),
        // A type can be the row of a table.
        ...written.types,
      ]),
    ],
    functions: written.functions,
    operators: written.operators,
    types: written.types,
    functionOids: code?.functions ?? [],
    operatorOids: code?.operators ?? [],
    allCode: code === undefined,
  };
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
