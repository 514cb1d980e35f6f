import { field, isNode, type TreeNode, type TreeValue } from './node-tree.ts';
import { listOf, numberOf } from './scope.ts';
import { labelOf } from './shapes.ts';

/**
 * Functions of pg_catalog from text to text, or to its length, by OID (src/include/catalog/pg_proc.dat, where an OID is
 * never given out again): they cannot fail and give one value for each row, whatever the values are.
 */
const FUNCTIONS: ReadonlySet<number> = new Set([
  401, // text(character)
  406, // text(name)
  870, // lower(text)
  871, // upper(text)
  872, // initcap(text)
  875, // ltrim(text, text)
  876, // rtrim(text, text)
  877, // substr(text, integer, integer)
  881, // ltrim(text)
  882, // rtrim(text)
  883, // substr(text, integer)
  884, // btrim(text, text)
  885, // btrim(text)
  936, // substring(text, integer, integer)
  937, // substring(text, integer)
  946, // text("char")
  1317, // length(text)
  1318, // length(character)
  1367, // character_length(character)
  1369, // character_length(text)
  1372, // char_length(character)
  1381, // char_length(text)
  1740, // numeric(integer)
  1781, // numeric(bigint)
  1782, // numeric(smallint)
  313, // int4(smallint)
  481, // int8(integer)
  754, // int8(smallint)
  3058, // concat("any")
  3059, // concat_ws(text, "any")
  3060, // left(text, integer)
  3061, // right(text, integer)
]);

/** text || text. */
const CONCATENATION = 654;

/** The columns of an expression that is masked whole; undefined where anything else is in it, or it is a column alone. */
export function wholeOf(expression: TreeNode): readonly TreeNode[] | undefined {
  const columns: TreeNode[] = [];
  return labelOf(expression) !== 'VAR' && isWhole(expression, columns) && columns.length > 0 ? columns : undefined;
}

function isWhole(value: TreeValue, columns: TreeNode[]): boolean {
  if (!isNode(value)) return false;
  const all = (list: TreeValue): boolean => listOf(list).every((one) => isWhole(one, columns));
  switch (labelOf(value)) {
    case 'VAR':
      columns.push(value);
      return true;
    case 'CONST':
      return true;
    case 'COALESCEEXPR':
      return all(field(value, 'args'));
    // Only types that are the same but for their name are relabelled.
    case 'RELABELTYPE':
      return isWhole(field(value, 'arg'), columns);
    case 'FUNCEXPR':
      return FUNCTIONS.has(numberOf(value, 'funcid')) && all(field(value, 'args'));
    case 'OPEXPR':
      return numberOf(value, 'opno') === CONCATENATION && all(field(value, 'args'));
    default:
      return false;
  }
}
