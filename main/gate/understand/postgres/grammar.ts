/**
 * Every kind of node that PostgreSQL's raw parser can produce, with each of its fields: what the walk over a parse tree
 * accepts. A kind or field that is not listed is not understood, and what is not understood does not run. A test compares
 * the list with the grammar that the parser itself publishes.
 *
 * Fields are written as `name` (a scalar), `name:node` (any node), `name:list` (a list of nodes) or `name:Kind` (a node of
 * exactly that kind, which the parser prints without its wrapper).
 */

export type Meaning = 'statement' | 'expression' | 'from' | 'clause' | 'leaf';

type Listing = Readonly<Record<string, string>>;

/** Statements: what each does is in statements.ts. */
const statements: Listing = {
  AlterCollationStmt: 'collname:list',
  AlterDatabaseRefreshCollStmt: 'dbname',
  AlterDatabaseSetStmt: 'dbname setstmt:VariableSetStmt',
  AlterDatabaseStmt: 'dbname options:list',
  AlterDefaultPrivilegesStmt: 'options:list action:GrantStmt',
  AlterDomainStmt: 'subtype typeName:list name def:node behavior missing_ok',
  AlterEnumStmt: 'typeName:list oldVal newVal newValNeighbor newValIsAfter skipIfNewValExists',
  AlterEventTrigStmt: 'trigname tgenabled',
  AlterExtensionContentsStmt: 'extname action objtype object:node',
  AlterExtensionStmt: 'extname options:list',
  AlterFdwStmt: 'fdwname func_options:list options:list',
  AlterForeignServerStmt: 'servername version options:list has_version',
  AlterFunctionStmt: 'objtype func:ObjectWithArgs actions:list',
  AlterObjectDependsStmt: 'objectType relation:RangeVar object:node extname:String remove',
  AlterObjectSchemaStmt: 'objectType relation:RangeVar object:node newschema missing_ok',
  AlterOpFamilyStmt: 'opfamilyname:list amname isDrop items:list',
  AlterOperatorStmt: 'opername:ObjectWithArgs options:list',
  AlterOwnerStmt: 'objectType relation:RangeVar object:node newowner:RoleSpec',
  AlterPolicyStmt: 'policy_name table:RangeVar roles:list qual:node with_check:node',
  AlterPublicationStmt: 'pubname options:list pubobjects:list for_all_tables action',
  AlterRoleSetStmt: 'role:RoleSpec database setstmt:VariableSetStmt',
  AlterRoleStmt: 'role:RoleSpec options:list action',
  AlterSeqStmt: 'sequence:RangeVar options:list for_identity missing_ok',
  AlterStatsStmt: 'defnames:list stxstattarget:node missing_ok',
  AlterSubscriptionStmt: 'kind subname conninfo publication:list options:list',
  AlterSystemStmt: 'setstmt:VariableSetStmt',
  AlterTSConfigurationStmt: 'kind cfgname:list tokentype:list dicts:list override replace missing_ok',
  AlterTSDictionaryStmt: 'dictname:list options:list',
  AlterTableMoveAllStmt: 'orig_tablespacename objtype roles:list new_tablespacename nowait',
  AlterTableSpaceOptionsStmt: 'tablespacename options:list isReset',
  AlterTableStmt: 'relation:RangeVar cmds:list objtype missing_ok',
  AlterTypeStmt: 'typeName:list options:list',
  AlterUserMappingStmt: 'user:RoleSpec servername options:list',
  CallStmt: 'funccall:FuncCall funcexpr:FuncExpr outargs:list',
  CheckPointStmt: '',
  ClosePortalStmt: 'portalname',
  ClusterStmt: 'relation:RangeVar indexname params:list',
  CommentStmt: 'objtype object:node comment',
  CompositeTypeStmt: 'typevar:RangeVar coldeflist:list',
  ConstraintsSetStmt: 'constraints:list deferred',
  CopyStmt: 'relation:RangeVar query:node attlist:list is_from is_program filename options:list whereClause:node',
  CreateAmStmt: 'amname handler_name:list amtype',
  CreateCastStmt: 'sourcetype:TypeName targettype:TypeName func:ObjectWithArgs context inout',
  CreateConversionStmt: 'conversion_name:list for_encoding_name to_encoding_name func_name:list def',
  CreateDomainStmt: 'domainname:list typeName:TypeName collClause:CollateClause constraints:list',
  CreateEnumStmt: 'typeName:list vals:list',
  CreateEventTrigStmt: 'trigname eventname whenclause:list funcname:list',
  CreateExtensionStmt: 'extname if_not_exists options:list',
  CreateFdwStmt: 'fdwname func_options:list options:list',
  CreateForeignServerStmt: 'servername servertype version fdwname if_not_exists options:list',
  CreateForeignTableStmt: 'base:CreateStmt servername options:list',
  CreateFunctionStmt:
    'is_procedure replace funcname:list parameters:list returnType:TypeName options:list sql_body:node',
  CreateOpClassStmt: 'opclassname:list opfamilyname:list amname datatype:TypeName items:list isDefault',
  CreateOpFamilyStmt: 'opfamilyname:list amname',
  CreatePLangStmt: 'replace plname plhandler:list plinline:list plvalidator:list pltrusted',
  CreatePolicyStmt: 'policy_name table:RangeVar cmd_name permissive roles:list qual:node with_check:node',
  CreatePublicationStmt: 'pubname options:list pubobjects:list for_all_tables',
  CreateRangeStmt: 'typeName:list params:list',
  CreateRoleStmt: 'stmt_type role options:list',
  CreateSchemaStmt: 'schemaname authrole:RoleSpec schemaElts:list if_not_exists',
  CreateSeqStmt: 'sequence:RangeVar options:list ownerId for_identity if_not_exists',
  CreateStatsStmt: 'defnames:list stat_types:list exprs:list relations:list stxcomment transformed if_not_exists',
  CreateStmt:
    'relation:RangeVar tableElts:list inhRelations:list partbound:PartitionBoundSpec partspec:PartitionSpec ofTypename:TypeName constraints:list nnconstraints:list options:list oncommit tablespacename accessMethod if_not_exists',
  CreateSubscriptionStmt: 'subname conninfo publication:list options:list',
  CreateTableAsStmt: 'query:node into:IntoClause objtype is_select_into if_not_exists',
  CreateTableSpaceStmt: 'tablespacename owner:RoleSpec location options:list',
  CreateTransformStmt: 'replace type_name:TypeName lang fromsql:ObjectWithArgs tosql:ObjectWithArgs',
  CreateTrigStmt:
    'replace isconstraint trigname relation:RangeVar funcname:list args:list row timing events columns:list whenClause:node transitionRels:list deferrable initdeferred constrrel:RangeVar',
  CreateUserMappingStmt: 'user:RoleSpec servername if_not_exists options:list',
  CreatedbStmt: 'dbname options:list',
  DeallocateStmt: 'name isall location',
  DeclareCursorStmt: 'portalname options query:node',
  DefineStmt: 'kind oldstyle defnames:list args:list definition:list if_not_exists replace',
  DeleteStmt:
    'relation:RangeVar usingClause:list whereClause:node returningClause:ReturningClause withClause:WithClause',
  DiscardStmt: 'target',
  DoStmt: 'args:list',
  DropOwnedStmt: 'roles:list behavior',
  DropRoleStmt: 'roles:list missing_ok',
  DropStmt: 'objects:list removeType behavior missing_ok concurrent',
  DropSubscriptionStmt: 'subname missing_ok behavior',
  DropTableSpaceStmt: 'tablespacename missing_ok',
  DropUserMappingStmt: 'user:RoleSpec servername missing_ok',
  DropdbStmt: 'dbname missing_ok options:list',
  ExecuteStmt: 'name params:list',
  ExplainStmt: 'query:node options:list',
  FetchStmt: 'direction howMany portalname ismove',
  GrantRoleStmt: 'granted_roles:list grantee_roles:list is_grant opt:list grantor:RoleSpec behavior',
  GrantStmt:
    'is_grant targtype objtype objects:list privileges:list grantees:list grant_option grantor:RoleSpec behavior',
  ImportForeignSchemaStmt: 'server_name remote_schema local_schema list_type table_list:list options:list',
  IndexStmt:
    'idxname relation:RangeVar accessMethod tableSpace indexParams:list indexIncludingParams:list options:list whereClause:node excludeOpNames:list idxcomment indexOid oldNumber oldCreateSubid oldFirstRelfilelocatorSubid unique nulls_not_distinct primary isconstraint iswithoutoverlaps deferrable initdeferred transformed concurrent if_not_exists reset_default_tblspc',
  InsertStmt:
    'relation:RangeVar cols:list selectStmt:node onConflictClause:OnConflictClause returningClause:ReturningClause withClause:WithClause override',
  ListenStmt: 'conditionname',
  LoadStmt: 'filename',
  LockStmt: 'relations:list mode nowait',
  MergeStmt:
    'relation:RangeVar sourceRelation:node joinCondition:node mergeWhenClauses:list returningClause:ReturningClause withClause:WithClause',
  NotifyStmt: 'conditionname payload',
  PrepareStmt: 'name argtypes:list query:node',
  ReassignOwnedStmt: 'roles:list newrole:RoleSpec',
  RefreshMatViewStmt: 'concurrent skipData relation:RangeVar',
  ReindexStmt: 'kind relation:RangeVar name params:list',
  RenameStmt: 'renameType relationType relation:RangeVar object:node subname newname behavior missing_ok',
  RuleStmt: 'relation:RangeVar rulename whereClause:node event instead actions:list replace',
  SecLabelStmt: 'objtype object:node provider label',
  SelectStmt:
    'distinctClause:list intoClause:IntoClause targetList:list fromClause:list whereClause:node groupClause:list groupDistinct havingClause:node windowClause:list valuesLists:list sortClause:list limitOffset:node limitCount:node limitOption lockingClause:list withClause:WithClause op all larg:SelectStmt rarg:SelectStmt',
  TransactionStmt: 'kind options:list savepoint_name gid chain location',
  TruncateStmt: 'relations:list restart_seqs behavior',
  UnlistenStmt: 'conditionname',
  UpdateStmt:
    'relation:RangeVar targetList:list whereClause:node fromClause:list returningClause:ReturningClause withClause:WithClause',
  VacuumStmt: 'options:list rels:list is_vacuumcmd',
  VariableSetStmt: 'kind name args:list jumble_args is_local location',
  VariableShowStmt: 'name',
  ViewStmt: 'view:RangeVar aliases:list query:node replace options:list withCheckOption',
};

/** Expressions: they yield values. */
const expressions: Listing = {
  A_ArrayExpr: 'elements:list list_start list_end location',
  A_Const: 'ival:Integer fval:Float boolval:Boolean sval:String bsval:BitString isnull location',
  A_Expr: 'kind name:list lexpr:node rexpr:node rexpr_list_start rexpr_list_end location',
  A_Indirection: 'arg:node indirection:list',
  BoolExpr: 'xpr:node boolop args:list location',
  BooleanTest: 'xpr:node arg:node booltesttype location',
  CaseExpr: 'xpr:node casetype casecollid arg:node args:list defresult:node location',
  CaseWhen: 'xpr:node expr:node result:node location',
  CoalesceExpr: 'xpr:node coalescetype coalescecollid args:list location',
  CollateClause: 'arg:node collname:list location',
  ColumnRef: 'fields:list location',
  CurrentOfExpr: 'xpr:node cvarno cursor_name cursor_param',
  FuncCall:
    'funcname:list args:list agg_order:list agg_filter:node over:WindowDef agg_within_group agg_star agg_distinct func_variadic funcformat location',
  GroupingFunc: 'xpr:node args:list refs:list agglevelsup location',
  JsonArrayAgg: 'constructor:JsonAggConstructor arg:JsonValueExpr absent_on_null',
  JsonArrayConstructor: 'exprs:list output:JsonOutput absent_on_null location',
  JsonArrayQueryConstructor: 'query:node output:JsonOutput format:JsonFormat absent_on_null location',
  JsonFuncExpr:
    'op column_name context_item:JsonValueExpr pathspec:node passing:list output:JsonOutput on_empty:JsonBehavior on_error:JsonBehavior wrapper quotes location',
  JsonIsPredicate: 'expr:node format:JsonFormat item_type unique_keys location',
  JsonObjectAgg: 'constructor:JsonAggConstructor arg:JsonKeyValue absent_on_null unique',
  JsonObjectConstructor: 'exprs:list output:JsonOutput absent_on_null unique location',
  JsonParseExpr: 'expr:JsonValueExpr output:JsonOutput unique_keys location',
  JsonScalarExpr: 'expr:node output:JsonOutput location',
  JsonSerializeExpr: 'expr:JsonValueExpr output:JsonOutput location',
  JsonValueExpr: 'raw_expr:node formatted_expr:node format:JsonFormat',
  MergeSupportFunc: 'xpr:node msftype msfcollid location',
  MinMaxExpr: 'xpr:node minmaxtype minmaxcollid inputcollid op args:list location',
  MultiAssignRef: 'source:node colno ncolumns',
  NamedArgExpr: 'xpr:node arg:node name argnumber location',
  NullTest: 'xpr:node arg:node nulltesttype argisrow location',
  ParamRef: 'number location',
  RowExpr: 'xpr:node args:list row_typeid row_format colnames:list location',
  SQLValueFunction: 'xpr:node op type typmod location',
  SetToDefault: 'xpr:node typeId typeMod collation location',
  SubLink: 'xpr:node subLinkType subLinkId testexpr:node operName:list subselect:node location',
  TypeCast: 'arg:node typeName:TypeName location',
  XmlExpr: 'xpr:node op name named_args:list arg_names:list args:list xmloption indent type typmod location',
  XmlSerialize: 'xmloption expr:node typeName:TypeName indent location',
};

/** Items of FROM: they yield rows. */
const fromItems: Listing = {
  JoinExpr:
    'jointype isNatural larg:node rarg:node usingClause:list join_using_alias:Alias quals:node alias:Alias rtindex',
  JsonTable:
    'context_item:JsonValueExpr pathspec:JsonTablePathSpec passing:list columns:list on_error:JsonBehavior alias:Alias lateral location',
  RangeFunction: 'lateral ordinality is_rowsfrom functions:list alias:Alias coldeflist:list',
  RangeSubselect: 'lateral subquery:node alias:Alias',
  RangeTableFunc: 'lateral docexpr:node rowexpr:node namespaces:list columns:list alias:Alias location',
  RangeTableSample: 'relation:node method:list args:list repeatable:node location',
  RangeVar: 'catalogname schemaname relname inh relpersistence alias:Alias location',
};

/** Parts of statements and expressions. */
const clauses: Listing = {
  ATAlterConstraint:
    'conname alterEnforceability is_enforced alterDeferrability deferrable initdeferred alterInheritability noinherit',
  A_Indices: 'is_slice lidx:node uidx:node',
  AccessPriv: 'priv_name cols:list',
  Alias: 'aliasname colnames:list',
  AlterTableCmd: 'subtype name num newowner:RoleSpec def:node behavior missing_ok recurse',
  CTECycleClause:
    'cycle_col_list:list cycle_mark_column cycle_mark_value:node cycle_mark_default:node cycle_path_column location cycle_mark_type cycle_mark_typmod cycle_mark_collation cycle_mark_neop',
  CTESearchClause: 'search_col_list:list search_breadth_first search_seq_column location',
  ColumnDef:
    'colname typeName:TypeName compression inhcount is_local is_not_null is_from_type storage storage_name raw_default:node cooked_default:node identity identitySequence:RangeVar generated collClause:CollateClause collOid constraints:list fdwoptions:list location',
  CommonTableExpr:
    'ctename aliascolnames:list ctematerialized ctequery:node search_clause:CTESearchClause cycle_clause:CTECycleClause location cterecursive cterefcount ctecolnames:list ctecoltypes:list ctecoltypmods:list ctecolcollations:list',
  Constraint:
    'contype conname deferrable initdeferred is_enforced skip_validation initially_valid is_no_inherit raw_expr:node cooked_expr generated_when generated_kind nulls_not_distinct keys:list without_overlaps including:list exclusions:list options:list indexname indexspace reset_default_tblspc access_method where_clause:node pktable:RangeVar fk_attrs:list pk_attrs:list fk_with_period pk_with_period fk_matchtype fk_upd_action fk_del_action fk_del_set_cols:list old_conpfeqop:list old_pktable_oid location',
  CreateOpClassItem: 'itemtype name:ObjectWithArgs number order_family:list class_args:list storedtype:TypeName',
  DefElem: 'defnamespace defname arg:node defaction location',
  FunctionParameter: 'name argType:TypeName mode defexpr:node location',
  GroupingSet: 'kind content:list location',
  IndexElem: 'name expr:node indexcolname collation:list opclass:list opclassopts:list ordering nulls_ordering',
  InferClause: 'indexElems:list whereClause:node conname location',
  IntoClause: 'rel:RangeVar colNames:list accessMethod options:list onCommit tableSpaceName viewQuery:Query skipData',
  JsonAggConstructor: 'output:JsonOutput agg_filter:node agg_order:list over:WindowDef location',
  JsonArgument: 'val:JsonValueExpr name',
  JsonBehavior: 'btype expr:node coerce location',
  JsonFormat: 'format_type encoding location',
  JsonKeyValue: 'key:node value:JsonValueExpr',
  JsonOutput: 'typeName:TypeName returning:JsonReturning',
  JsonReturning: 'format:JsonFormat typid typmod',
  JsonTableColumn:
    'coltype name typeName:TypeName pathspec:JsonTablePathSpec format:JsonFormat wrapper quotes columns:list on_empty:JsonBehavior on_error:JsonBehavior location',
  JsonTablePathSpec: 'string:node name name_location location',
  List: 'items:list',
  LockingClause: 'lockedRels:list strength waitPolicy',
  MergeWhenClause: 'matchKind commandType override condition:node targetList:list values:list',
  ObjectWithArgs: 'objname:list objargs:list objfuncargs:list args_unspecified',
  OnConflictClause: 'action infer:InferClause targetList:list whereClause:node location',
  PartitionBoundSpec:
    'strategy is_default modulus remainder listdatums:list lowerdatums:list upperdatums:list location',
  PartitionCmd: 'name:RangeVar bound:PartitionBoundSpec concurrent',
  PartitionElem: 'name expr:node collation:list opclass:list location',
  PartitionRangeDatum: 'kind value:node location',
  PartitionSpec: 'strategy partParams:list location',
  PublicationObjSpec: 'pubobjtype name pubtable:PublicationTable location',
  PublicationTable: 'relation:RangeVar whereClause:node columns:list',
  RangeTableFuncCol: 'colname typeName:TypeName for_ordinality is_not_null colexpr:node coldefexpr:node location',
  ReplicaIdentityStmt: 'identity_type name',
  ResTarget: 'name indirection:list val:node location',
  ReturnStmt: 'returnval:node',
  ReturningClause: 'options:list exprs:list',
  ReturningOption: 'option value location',
  RoleSpec: 'roletype rolename location',
  SortBy: 'node:node sortby_dir sortby_nulls useOp:list location',
  StatsElem: 'name expr:node',
  TableLikeClause: 'relation:RangeVar options relationOid',
  TriggerTransition: 'name isNew isTable',
  TypeName: 'names:list typeOid setof pct_type typmods:list typemod arrayBounds:list location',
  VacuumRelation: 'relation:RangeVar oid va_cols:list',
  WindowDef: 'name refname partitionClause:list orderClause:list frameOptions startOffset:node endOffset:node location',
  WithClause: 'ctes:list recursive location',
};

/** Names and constants. */
const leaves: Listing = {
  A_Star: '',
  BitString: 'bsval',
  Boolean: 'boolval',
  Float: 'fval',
  Integer: 'ival',
  String: 'sval',
};

/** Kinds that only the server's analysis makes: a raw tree that holds one is not what it claims to be. */
export const ANALYSED: ReadonlySet<string> = new Set(
  (
    'Aggref AlternativeSubPlan ArrayCoerceExpr ArrayExpr CallContext CaseTestExpr CoerceToDomain ' +
    'CoerceToDomainValue CoerceViaIO CollateExpr ConvertRowtypeExpr DistinctExpr FieldSelect FieldStore FromExpr ' +
    'FuncExpr InferenceElem InlineCodeBlock IntList JsonConstructorExpr JsonExpr JsonTablePath JsonTablePathScan ' +
    'JsonTableSiblingJoin MergeAction NextValueExpr NullIfExpr OidList OnConflictExpr OpExpr PLAssignStmt Param ' +
    'Query RTEPermissionInfo RangeTblEntry RangeTblFunction RangeTblRef RelabelType ReturningExpr RowCompareExpr ' +
    'RowMarkClause ScalarArrayOpExpr SetOperationStmt SortGroupClause SubPlan SubscriptingRef TableFunc ' +
    'TableSampleClause TargetEntry Var WindowClause WindowFunc WindowFuncRunCondition WithCheckOption'
  ).split(' '),
);

export type FieldShape = 'scalar' | 'node' | 'list' | { readonly kind: string };

export interface NodeRule {
  readonly meaning: Meaning;
  readonly fields: ReadonlyMap<string, FieldShape>;
}

function shape(written: string): readonly [string, FieldShape] {
  const [name = '', kind] = written.split(':');
  if (kind === undefined) return [name, 'scalar'];
  return [name, kind === 'node' || kind === 'list' ? kind : { kind }];
}

function rules(meaning: Meaning, listing: Listing): readonly (readonly [string, NodeRule])[] {
  return Object.entries(listing).map(([kind, fields]) => [
    kind,
    { meaning, fields: new Map(fields.split(' ').filter(Boolean).map(shape)) },
  ]);
}

export const GRAMMAR: ReadonlyMap<string, NodeRule> = new Map([
  ...rules('statement', statements),
  ...rules('expression', expressions),
  ...rules('from', fromItems),
  ...rules('clause', clauses),
  ...rules('leaf', leaves),
]);
