import { type Fields, fieldsOf, type Node, names, nodeOf, nodesOf, text } from '../understand/postgres/tree.ts';
import { isBuiltin } from './forms.ts';
import { isExactNumberType, isScalarType, isTextType } from './types.ts';

/**
 * An expression that is masked whole: made of columns by functions that cannot fail and give one value for each row,
 * whatever the values are, so that a result of which every cell is masked is the same for any values.
 *
 * Left out as doubtful: md5 (fails for any value, but not for NULL, where the server's OpenSSL forbids it), lpad, repeat
 * and replace (can make a value longer than 1 GB of a short one), nullif and CASE (compare), casts to types that can
 * refuse a text, casts with a length. What is left fails for no value below 250 MB; a plain column does at 1 GB.
 */
export interface Whole {
  /** The column references it is made of, once for each time they are written. */
  readonly columns: readonly Fields[];
  /** Whether the columns, by their types as the server formats them, are such that it cannot fail. */
  fits(types: readonly string[], encoding: string | undefined): boolean;
}

/** Concatenating more columns could pass 1 GB while each of them can still be read by itself. */
const MAX_COLUMNS = 4;

/** Undefined where the expression is of any other shape. A column alone is none: it is plain. */
export function wholeOf(node: Node): Whole | undefined {
  const found: Found = { columns: [], cased: false };
  if (isTextExpression(node, found) || isLength(node, found)) {
    const { columns, cased } = found;
    if (!fewColumns(columns)) return undefined;
    return {
      columns,
      // Case depends on the collation, which two columns together may not have, and for other encodings on the libraries
      // of the server, which know some of their characters and refuse others.
      fits: (types, encoding) =>
        types.every(isTextType) && (!cased || (encoding === 'UTF8' && new Set(columns.map(written)).size === 1)),
    };
  }
  const columns = coalesced(node);
  if (columns === undefined || !fewColumns(columns)) return undefined;
  return {
    columns,
    fits: (types) =>
      types.every(isExactNumberType) || (types.every(isScalarType) && types.every((type) => type === types[0])),
  };
}

interface Found {
  readonly columns: Fields[];
  /** Whether upper() or its like is in it. */
  cased: boolean;
}

function fewColumns(columns: readonly Fields[]): boolean {
  return columns.length > 0 && columns.length <= MAX_COLUMNS;
}

function written(column: Fields): string {
  return names(column['fields']).join('\0');
}

/** Functions from text to text, and what may stand behind their first argument. */
const ONE_TEXT: Readonly<Record<string, readonly ('text' | 'length')[][]>> = {
  upper: [[]],
  lower: [[]],
  initcap: [[]],
  btrim: [[], ['text']],
  ltrim: [[], ['text']],
  rtrim: [[], ['text']],
  left: [['length']],
  right: [['length']],
  substr: [['length'], ['length', 'length']],
  substring: [['length'], ['length', 'length']],
};
const CASING: readonly string[] = ['upper', 'lower', 'initcap'];

/** Made of texts, and a text itself; not a column or a constant alone. */
function isTextExpression(node: Node, found: Found): boolean {
  const { kind, fields } = node;
  switch (kind) {
    case 'CoalesceExpr':
      return nodesOf(fields['args']).every((one) => isText(one, found));
    case 'A_Expr': {
      const [left, right] = [nodeOf(fields['lexpr']), nodeOf(fields['rexpr'])];
      return (
        text(fields['kind']) === 'AEXPR_OP' &&
        isBuiltin(names(fields['name']), '||') &&
        left !== undefined &&
        right !== undefined &&
        isText(left, found) &&
        isText(right, found)
      );
    }
    case 'TypeCast': {
      const [value, type] = [nodeOf(fields['arg']), fieldsOf(fields['typeName'])];
      return (
        value !== undefined &&
        type !== undefined &&
        isBuiltin(names(type['names']), 'text', 'varchar') &&
        !('typmods' in type) &&
        !('arrayBounds' in type) &&
        isText(value, found)
      );
    }
    case 'FuncCall': {
      const name = functionOf(fields);
      const [first, ...rest] = nodesOf(fields['args']);
      if (name === undefined || first === undefined) return false;
      if (name === 'concat' || name === 'concat_ws') return [first, ...rest].every((one) => isText(one, found));
      const allowed = Object.hasOwn(ONE_TEXT, name) ? (ONE_TEXT[name] ?? []) : [];
      if (!allowed.some((kinds) => kinds.length === rest.length && kinds.every((one, at) => isConstant(rest[at], one))))
        return false;
      found.cased ||= CASING.includes(name);
      return isText(first, found);
    }
    default:
      return false;
  }
}

function isText(node: Node, found: Found): boolean {
  if (node.kind === 'ColumnRef') found.columns.push(node.fields);
  return node.kind === 'ColumnRef' || isConstant(node, 'text') || isTextExpression(node, found);
}

function isLength({ kind, fields }: Node, found: Found): boolean {
  const name = kind === 'FuncCall' ? functionOf(fields) : undefined;
  const [value, another] = nodesOf(fields['args']);
  const measures = name === 'length' || name === 'char_length' || name === 'character_length';
  return measures && value !== undefined && another === undefined && isText(value, found);
}

/** The columns of coalesce() over columns and constants of any type. */
function coalesced({ kind, fields }: Node): readonly Fields[] | undefined {
  if (kind !== 'CoalesceExpr') return undefined;
  const args = nodesOf(fields['args']);
  if (!args.every((one) => one.kind === 'ColumnRef' || one.kind === 'A_Const')) return undefined;
  return args.flatMap((one) => (one.kind === 'ColumnRef' ? [one.fields] : []));
}

/** The name of a function that is called with arguments and nothing else. */
function functionOf(fields: Fields): string | undefined {
  const name = names(fields['funcname']);
  const plain = Object.keys(fields).every((field) => ['funcname', 'args', 'funcformat', 'location'].includes(field));
  return plain && isBuiltin(name, name.at(-1) ?? '') ? name.at(-1) : undefined;
}

/** A constant text or NULL; a constant length that is not negative. */
function isConstant(node: Node | undefined, kind: 'text' | 'length'): boolean {
  if (node?.kind !== 'A_Const') return false;
  if (kind === 'text') return 'sval' in node.fields || node.fields['isnull'] === true;
  const integer = fieldsOf(node.fields['ival']);
  if (integer === undefined) return false;
  const value = integer['ival'] ?? 0;
  return typeof value === 'number' && value >= 0;
}
