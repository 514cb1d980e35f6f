/**
 * What the nodes of an analysed statement are called, and which of their fields name objects, in PostgreSQL 13 to 18
 * (src/include/nodes/primnodes.h and parsenodes.h). A label or field that is not listed makes the tree unknown.
 */

/** Fields that hold object identifiers: one, or a list of them. */
export interface ObjectFields {
  readonly functions?: readonly string[];
  readonly operators?: readonly string[];
  readonly types?: readonly string[];
  readonly collations?: readonly string[];
}

const OPERATOR: ObjectFields = {
  functions: ['opfuncid'],
  operators: ['opno'],
  types: [],
  collations: ['inputcollid'],
};
const COERCION: ObjectFields = { types: ['resulttype'], collations: ['resultcollid'] };
const NONE: ObjectFields = {};

/** Nodes of which each carries what the nodes in its fields carry, and nothing else. */
export const EXPRESSIONS: ReadonlyMap<string, ObjectFields> = new Map(
  Object.entries({
    AGGREF: { functions: ['aggfnoid'], collations: ['inputcollid'] },
    ARRAYCOERCEEXPR: COERCION,
    ARRAYEXPR: { collations: ['array_collid'] },
    BOOLEANTEST: NONE,
    BOOLEXPR: NONE,
    CASEEXPR: { collations: ['casecollid'] },
    CASETESTEXPR: NONE,
    CASEWHEN: NONE,
    COALESCEEXPR: { collations: ['coalescecollid'] },
    COERCETODOMAIN: COERCION,
    COERCETODOMAINVALUE: NONE,
    COERCEVIAIO: COERCION,
    COLLATEEXPR: { collations: ['collOid'] },
    CONST: { types: ['consttype'], collations: ['constcollid'] },
    CONVERTROWTYPEEXPR: COERCION,
    DISTINCTEXPR: OPERATOR,
    FIELDSELECT: { collations: ['resultcollid'] },
    FIELDSTORE: { types: ['resulttype'] },
    FUNCEXPR: { functions: ['funcid'], collations: ['inputcollid'] },
    GROUPINGFUNC: NONE,
    INFERENCEELEM: { collations: ['infercollid'] },
    JSONBEHAVIOR: NONE,
    JSONCONSTRUCTOREXPR: NONE,
    JSONEXPR: { collations: ['collation'] },
    JSONFORMAT: NONE,
    JSONISPREDICATE: NONE,
    JSONRETURNING: { types: ['typid'] },
    JSONTABLEPATH: NONE,
    JSONTABLEPATHSCAN: NONE,
    JSONTABLESIBLINGJOIN: NONE,
    JSONVALUEEXPR: NONE,
    MERGEACTION: NONE,
    MERGESUPPORTFUNC: { collations: ['msfcollid'] },
    MINMAXEXPR: { types: ['minmaxtype'], collations: ['inputcollid'] },
    NAMEDARGEXPR: NONE,
    NULLIFEXPR: OPERATOR,
    NULLTEST: NONE,
    ONCONFLICTEXPR: NONE,
    OPEXPR: OPERATOR,
    PARAM: { types: ['paramtype'], collations: ['paramcollid'] },
    RANGETBLFUNCTION: { types: ['funccoltypes'], collations: ['funccolcollations'] },
    RELABELTYPE: COERCION,
    RETURNINGEXPR: NONE,
    ROWCOMPAREEXPR: { operators: ['opnos'], collations: ['inputcollids'] },
    ROWEXPR: NONE,
    SCALARARRAYOPEXPR: {
      functions: ['opfuncid', 'hashfuncid', 'negfuncid'],
      operators: ['opno'],
      collations: ['inputcollid'],
    },
    SETTODEFAULT: NONE,
    SORTGROUPCLAUSE: { operators: ['eqop', 'sortop'] },
    SQLVALUEFUNCTION: { types: ['type'] },
    SUBSCRIPTINGREF: { types: ['refcontainertype', 'refrestype'], collations: ['refcollid'] },
    TABLEFUNC: { types: ['coltypes'], collations: ['colcollations'] },
    TABLESAMPLECLAUSE: { functions: ['tsmhandler'] },
    TARGETENTRY: NONE,
    WINDOWFUNC: { functions: ['winfnoid'], collations: ['inputcollid'] },
    WITHCHECKOPTION: NONE,
    XMLEXPR: { types: ['type'] },
  } satisfies Record<string, ObjectFields>),
);

/** Names that nodes had in earlier versions. */
const EARLIER: ReadonlyMap<string, string> = new Map([
  ['ARRAY', 'ARRAYEXPR'],
  ['CASE', 'CASEEXPR'],
  ['COALESCE', 'COALESCEEXPR'],
  ['COLLATE', 'COLLATEEXPR'],
  ['MINMAX', 'MINMAXEXPR'],
  ['ROW', 'ROWEXPR'],
  ['ROWCOMPARE', 'ROWCOMPAREEXPR'],
  ['RTE', 'RANGETBLENTRY'],
  ['WHEN', 'CASEWHEN'],
]);

export function labelOf(node: { readonly label: string }): string {
  return EARLIER.get(node.label) ?? node.label;
}

/** Kinds of range table entries (RTEKind in parsenodes.h). */
export const RTE = {
  relation: 0,
  subquery: 1,
  join: 2,
  function: 3,
  tableFunction: 4,
  values: 5,
  cte: 6,
  namedTupleStore: 7,
  result: 8,
  group: 9,
} as const;

/** Kinds of sublinks (SubLinkType in primnodes.h). */
export const SUBLINK = { exists: 0, expression: 4 } as const;

/** Kinds of set operations (SetOperation in parsenodes.h). */
export const SET_OPERATION = { union: 1 } as const;

/** COERCE_IMPLICIT_CAST of CoercionForm in primnodes.h: nothing in the text asked for it. */
export const IMPLICIT_CAST = 2;

/** Commands of a Query (CmdType in nodes.h); 5 was that of utility statements before MERGE came with 15. */
export const COMMAND = { select: 1, merge: 5 } as const;

/** Fields of a Query that carry nothing of columns or are looked at by name where they matter. */
export const QUIET_QUERY_FIELDS: ReadonlySet<string> = new Set([
  'commandType',
  'querySource',
  'canSetTag',
  'resultRelation',
  'hasAggs',
  'hasWindowFuncs',
  'hasTargetSRFs',
  'hasSubLinks',
  'hasDistinctOn',
  'hasRecursive',
  'hasModifyingCTE',
  'hasForUpdate',
  'hasRowSecurity',
  'hasGroupRTE',
  'isReturn',
  'rteperminfos',
  'mergeTargetRelation',
  'mergeUseOuterJoin',
  'override',
  'returningOldAlias',
  'returningNewAlias',
  'groupDistinct',
  'limitOption',
  'constraintDeps',
  'stmt_location',
  'stmt_len',
]);
