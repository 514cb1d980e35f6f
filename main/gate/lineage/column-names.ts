import { type Fields, fieldsOf, items, names, nodeOf, nodesOf, text } from '../understand/postgres/tree.ts';

/**
 * The name that PostgreSQL gives an output column without an alias (FigureColname in its parse_target.c, described in
 * the documentation of SELECT, "Column names"). Another query may refer to it, so it has to be exactly that name.
 */
export function columnName(target: unknown, serverMajor: number): string {
  return figure(target, serverMajor).name ?? '?column?';
}

interface Figured {
  readonly name?: string;
  /** 0: nothing found; 1: a weak name that a stronger one beside it replaces; 2: a good one. */
  readonly strength: 0 | 1 | 2;
}

const NONE: Figured = { strength: 0 };
const good = (name: string | undefined): Figured => (name === undefined ? NONE : { name, strength: 2 });

const FIXED: Readonly<Record<string, string>> = {
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  CoalesceExpr: 'coalesce',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
};

const BY_OPERATION: Readonly<Record<string, string>> = {
  IS_GREATEST: 'greatest',
  IS_LEAST: 'least',
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
  SVFOP_CURRENT_DATE: 'current_date',
  SVFOP_CURRENT_TIME: 'current_time',
  SVFOP_CURRENT_TIME_N: 'current_time',
  SVFOP_CURRENT_TIMESTAMP: 'current_timestamp',
  SVFOP_CURRENT_TIMESTAMP_N: 'current_timestamp',
  SVFOP_LOCALTIME: 'localtime',
  SVFOP_LOCALTIME_N: 'localtime',
  SVFOP_LOCALTIMESTAMP: 'localtimestamp',
  SVFOP_LOCALTIMESTAMP_N: 'localtimestamp',
  SVFOP_CURRENT_ROLE: 'current_role',
  SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'user',
  SVFOP_SESSION_USER: 'session_user',
  SVFOP_CURRENT_CATALOG: 'current_catalog',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
};

function figure(value: unknown, serverMajor: number): Figured {
  const node = nodeOf(value);
  if (node === undefined) return NONE;
  const { kind, fields } = node;
  switch (kind) {
    case 'ColumnRef':
      return good(names(fields['fields']).at(-1));
    case 'A_Indirection': {
      const field = names(fields['indirection']).at(-1);
      return field === undefined ? figure(fields['arg'], serverMajor) : good(field);
    }
    case 'FuncCall':
      return good(calledName(fields, serverMajor));
    case 'A_Expr':
      return text(fields['kind']) === 'AEXPR_NULLIF' ? good('nullif') : NONE;
    case 'TypeCast': {
      const inner = figure(fields['arg'], serverMajor);
      if (inner.strength === 2) return inner;
      const type = names(fieldsOf(fields['typeName'])?.['names']).at(-1);
      return type === undefined ? inner : { name: type, strength: 1 };
    }
    case 'CollateClause':
      return figure(fields['arg'], serverMajor);
    case 'CaseExpr': {
      const inner = figure(fields['defresult'], serverMajor);
      return inner.strength === 2 ? inner : { name: 'case', strength: 1 };
    }
    case 'SubLink':
      return subLink(fields, serverMajor);
    case 'MinMaxExpr':
    case 'SQLValueFunction':
    case 'XmlExpr':
    case 'JsonFuncExpr':
      return good(BY_OPERATION[text(fields['op']) ?? '']);
    default:
      return good(FIXED[kind]);
  }
}

/** EXTRACT, written as SQL has it, called date_part() before PostgreSQL 14. */
function calledName(fields: Fields, serverMajor: number): string | undefined {
  const name = names(fields['funcname']).at(-1);
  const isSyntax = text(fields['funcformat']) === 'COERCE_SQL_SYNTAX';
  return name === 'extract' && isSyntax && serverMajor < 14 ? 'date_part' : name;
}

function subLink(fields: Fields, serverMajor: number): Figured {
  const type = text(fields['subLinkType']);
  if (type === 'EXISTS_SUBLINK') return good('exists');
  if (type === 'ARRAY_SUBLINK') return good('array');
  if (type !== 'EXPR_SUBLINK') return NONE;
  let query = nodeOf(fields['subselect'])?.fields;
  for (let arm = fieldsOf(query?.['larg']); arm !== undefined; arm = fieldsOf(query?.['larg'])) query = arm;
  if (nodesOf(query?.['valuesLists']).length > 0) return good('column1');
  const target = items(query?.['targetList'], 'ResTarget')[0];
  return target === undefined ? NONE : good(text(target['name']) ?? columnName(target['val'], serverMajor));
}
