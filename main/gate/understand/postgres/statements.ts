import { type Action, type Effect } from '../../facts.ts';
import {
  administration,
  channel,
  copy,
  concurrently,
  cursor,
  doBlock,
  lockTable,
  prepared,
  procedureCall,
  type Refusal,
  setting,
  transaction,
  truncateCascade,
} from './refusals.ts';
import { type Fields, fieldsOf, items, nodeOf, nodesOf, text } from './tree.ts';

/** What a statement of one kind is, before its parts are looked at. */
export interface StatementMeaning {
  readonly action: Action;
  /** The server's command tag, or the first words of the command where the tag says less. */
  readonly title: string;
  readonly effects: readonly Effect[];
  /** Set for statements that do not run whatever policy says: why, and what to do instead. */
  readonly refused?: Refusal;
}

type Rule = StatementMeaning | ((fields: Fields) => StatementMeaning);

const query = (title: string): StatementMeaning => ({ action: 'select', title, effects: [] });
const write = (action: Action, title: string): StatementMeaning => ({ action, title, effects: ['writes'] });
const ddl = (title: string): StatementMeaning => ({ action: 'ddl', title, effects: ['ddl'] });
/** Code that others run, or the names by which it and columns are known. */
const code = (title: string): StatementMeaning => ({ action: 'ddl', title, effects: ['ddl', 'code'] });
const drop = (title: string): StatementMeaning => ({ action: 'drop', title, effects: ['ddl'] });

function replace(what: string): Rule {
  return (fields) => {
    const title = fields['replace'] === true ? `CREATE OR REPLACE ${what}` : `CREATE ${what}`;
    return what === 'VIEW' ? ddl(title) : code(title);
  };
}

/** OBJECT_FOREIGN_TABLE -> FOREIGN TABLE. */
function objectWord(value: unknown): string {
  const word = (text(value) ?? '').replace(/^OBJECT_/, '').replaceAll('_', ' ');
  return OBJECT_WORDS[word] ?? word.replace(/^TS/, 'TEXT SEARCH ');
}

const OBJECT_WORDS: Readonly<Record<string, string>> = {
  FDW: 'FOREIGN DATA WRAPPER',
  'FOREIGN SERVER': 'SERVER',
  MATVIEW: 'MATERIALIZED VIEW',
  OPCLASS: 'OPERATOR CLASS',
  OPFAMILY: 'OPERATOR FAMILY',
  'STATISTIC EXT': 'STATISTICS',
  TABCONSTRAINT: 'CONSTRAINT',
};

/** Objects whose loss changes what others may see or do, or where data goes: dropping one is as much as making one. */
const ADMINISTERED: ReadonlyMap<string, Parameters<typeof administration>[0]> = new Map([
  ['OBJECT_ACCESS_METHOD', 'code'],
  ['OBJECT_DATABASE', 'server'],
  ['OBJECT_EVENT_TRIGGER', 'code'],
  ['OBJECT_EXTENSION', 'code'],
  ['OBJECT_FDW', 'outside'],
  ['OBJECT_FOREIGN_SERVER', 'outside'],
  ['OBJECT_FOREIGN_TABLE', 'outside'],
  ['OBJECT_LANGUAGE', 'code'],
  ['OBJECT_POLICY', 'rights'],
  ['OBJECT_PUBLICATION', 'outside'],
  ['OBJECT_ROLE', 'rights'],
  ['OBJECT_SUBSCRIPTION', 'outside'],
  ['OBJECT_TABLESPACE', 'server'],
]);

function administered(type: unknown, title: string): StatementMeaning | undefined {
  const area = ADMINISTERED.get(text(type) ?? '');
  return area === undefined ? undefined : administration(area, title);
}

/** Objects that are code, and schemas, under whose names everything in them is classified and listed. */
const CODE: ReadonlySet<string> = new Set([
  'OBJECT_AGGREGATE',
  'OBJECT_FUNCTION',
  'OBJECT_OPCLASS',
  'OBJECT_OPERATOR',
  'OBJECT_OPFAMILY',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_SCHEMA',
  'OBJECT_TYPE',
]);

const named = (type: unknown, title: string): StatementMeaning =>
  CODE.has(text(type) ?? '') ? code(title) : ddl(title);

/** Parts of ALTER TABLE that change who may see rows, or whose the table is. */
const RIGHTS_OF_A_TABLE = /^AT_(ChangeOwner|EnableRowSecurity|DisableRowSecurity|ForceRowSecurity|NoForceRowSecurity)$/;

function alterTable(fields: Fields): StatementMeaning {
  const parts = items(fields['cmds'], 'AlterTableCmd').map((one) => text(one['subtype']) ?? '');
  const title = `ALTER ${objectWord(fields['objtype'])}`;
  if (parts.some((part) => RIGHTS_OF_A_TABLE.test(part))) return administration('rights', title);
  const other = administered(fields['objtype'], title);
  if (other !== undefined) return other;
  const detaches = items(fields['cmds'], 'AlterTableCmd').some(
    (one) => fieldsOf(nodeOf(one['def'])?.fields)?.['concurrent'] === true,
  );
  if (detaches) return concurrently('ddl', `${title} DETACH PARTITION`);
  return parts.includes('AT_DropColumn') ? drop(`${title} DROP COLUMN`) : ddl(title);
}

/** A function in C names a file of the server; one of the server's own C functions can be bound to other types. */
function createFunction(fields: Fields): StatementMeaning {
  const title = `CREATE ${fields['replace'] === true ? 'OR REPLACE ' : ''}${fields['is_procedure'] === true ? 'PROCEDURE' : 'FUNCTION'}`;
  const language = items(fields['options'], 'DefElem').find((one) => text(one['defname']) === 'language');
  const native = /^(c|internal)$/i.test(text(nodeOf(language?.['arg'])?.fields['sval']) ?? '');
  return native ? administration('code', title, 'file') : code(title);
}

/** CREATE TABLE name (...) may hold a column default or check; CREATE TABLE AS holds a query: both are read by the walk. */
const RULES: Readonly<Record<string, Rule>> = {
  SelectStmt: (fields) => query(items(fields['valuesLists'], 'List').length > 0 ? 'VALUES' : 'SELECT'),
  InsertStmt: (fields) => (isUpsert(fields) ? write('merge', 'INSERT ON CONFLICT UPDATE') : write('insert', 'INSERT')),
  UpdateStmt: write('update', 'UPDATE'),
  DeleteStmt: write('delete', 'DELETE'),
  MergeStmt: write('merge', 'MERGE'),
  TruncateStmt: (fields) =>
    text(fields['behavior']) === 'DROP_CASCADE' ? truncateCascade : write('truncate', 'TRUNCATE TABLE'),

  ExplainStmt: { action: 'explain', title: 'EXPLAIN', effects: [] },
  VariableShowStmt: { action: 'show', title: 'SHOW', effects: [] },

  VariableSetStmt: (fields) =>
    setting(/RESET/.test(text(fields['kind']) ?? '') ? 'RESET' : 'SET', text(fields['name']) ?? 'ALL'),
  DiscardStmt: setting('DISCARD'),
  ConstraintsSetStmt: setting('SET CONSTRAINTS'),
  LoadStmt: administration('code', 'LOAD', 'file'),
  PrepareStmt: prepared('PREPARE', 'Run the statement itself; parameters can be given as $1, $2.'),
  ExecuteStmt: prepared('EXECUTE', 'Run the statement itself; parameters can be given as $1, $2.'),
  DeallocateStmt: prepared('DEALLOCATE', 'Leave it out: nothing stays prepared here.'),
  DeclareCursorStmt: cursor('DECLARE CURSOR'),
  FetchStmt: (fields) => cursor(fields['ismove'] === true ? 'MOVE' : 'FETCH'),
  ClosePortalStmt: cursor('CLOSE'),
  TransactionStmt: transaction,
  ListenStmt: channel('LISTEN'),
  UnlistenStmt: channel('UNLISTEN'),
  NotifyStmt: channel('NOTIFY'),
  LockStmt: lockTable,
  DoStmt: doBlock,
  CallStmt: procedureCall,
  CopyStmt: copy,

  CreateTableAsStmt: (fields) =>
    ddl(
      fields['is_select_into'] === true
        ? 'SELECT INTO'
        : text(fields['objtype']) === 'OBJECT_MATVIEW'
          ? 'CREATE MATERIALIZED VIEW'
          : 'CREATE TABLE AS',
    ),
  RefreshMatViewStmt: ddl('REFRESH MATERIALIZED VIEW'),
  CreateStmt: ddl('CREATE TABLE'),
  ViewStmt: replace('VIEW'),
  IndexStmt: (fields) => (fields['concurrent'] === true ? concurrently('ddl', 'CREATE INDEX') : ddl('CREATE INDEX')),
  CreateSchemaStmt: (fields) =>
    nodesOf(fields['schemaElts']).some(({ kind }) => kind === 'CreateTrigStmt')
      ? code('CREATE SCHEMA')
      : ddl('CREATE SCHEMA'),
  CreateSeqStmt: ddl('CREATE SEQUENCE'),
  AlterSeqStmt: ddl('ALTER SEQUENCE'),
  CreateStatsStmt: ddl('CREATE STATISTICS'),
  AlterStatsStmt: ddl('ALTER STATISTICS'),
  CreateDomainStmt: ddl('CREATE DOMAIN'),
  AlterDomainStmt: ddl('ALTER DOMAIN'),
  CreateEnumStmt: ddl('CREATE TYPE'),
  CreateRangeStmt: ddl('CREATE TYPE'),
  CompositeTypeStmt: ddl('CREATE TYPE'),
  AlterEnumStmt: ddl('ALTER TYPE'),
  AlterTypeStmt: ddl('ALTER TYPE'),
  DefineStmt: (fields) => named(fields['kind'], `CREATE ${objectWord(fields['kind'])}`),
  AlterTableStmt: alterTable,
  AlterTableMoveAllStmt: ddl('ALTER TABLE ALL IN TABLESPACE'),
  RenameStmt: (fields) => {
    const title = `ALTER ${objectWord(fields['renameType'])} RENAME`;
    return administered(fields['renameType'], title) ?? named(fields['renameType'], title);
  },
  AlterObjectDependsStmt: (fields) => ddl(`ALTER ${objectWord(fields['objectType'])} DEPENDS`),
  AlterObjectSchemaStmt: (fields) => {
    const title = `ALTER ${objectWord(fields['objectType'])} SET SCHEMA`;
    return administered(fields['objectType'], title) ?? named(fields['objectType'], title);
  },
  AlterOwnerStmt: (fields) => administration('rights', `ALTER ${objectWord(fields['objectType'])} OWNER`),
  CommentStmt: ddl('COMMENT'),
  SecLabelStmt: administration('rights', 'SECURITY LABEL'),
  DropStmt: (fields) => {
    const title = `DROP ${objectWord(fields['removeType'])}`;
    if (fields['concurrent'] === true) return concurrently('drop', title);
    return administered(fields['removeType'], title) ?? drop(title);
  },
  DropOwnedStmt: administration('rights', 'DROP OWNED'),
  DropdbStmt: administration('server', 'DROP DATABASE'),
  DropRoleStmt: administration('rights', 'DROP ROLE'),
  DropTableSpaceStmt: administration('server', 'DROP TABLESPACE'),
  DropUserMappingStmt: administration('outside', 'DROP USER MAPPING'),
  DropSubscriptionStmt: administration('outside', 'DROP SUBSCRIPTION'),

  CreateFunctionStmt: createFunction,
  AlterFunctionStmt: (fields) => code(`ALTER ${objectWord(fields['objtype'])}`),
  CreateTrigStmt: replace('TRIGGER'),
  RuleStmt: replace('RULE'),
  CreateEventTrigStmt: administration('code', 'CREATE EVENT TRIGGER'),
  AlterEventTrigStmt: administration('code', 'ALTER EVENT TRIGGER'),
  CreatePLangStmt: administration('code', 'CREATE LANGUAGE'),
  CreateCastStmt: code('CREATE CAST'),
  CreateTransformStmt: code('CREATE TRANSFORM'),
  CreateConversionStmt: code('CREATE CONVERSION'),
  CreateOpClassStmt: code('CREATE OPERATOR CLASS'),
  CreateOpFamilyStmt: code('CREATE OPERATOR FAMILY'),
  AlterOpFamilyStmt: code('ALTER OPERATOR FAMILY'),
  AlterOperatorStmt: code('ALTER OPERATOR'),
  AlterCollationStmt: ddl('ALTER COLLATION'),
  CreateAmStmt: administration('code', 'CREATE ACCESS METHOD'),
  AlterTSDictionaryStmt: ddl('ALTER TEXT SEARCH DICTIONARY'),
  AlterTSConfigurationStmt: ddl('ALTER TEXT SEARCH CONFIGURATION'),
  CreatePolicyStmt: administration('rights', 'CREATE POLICY'),
  AlterPolicyStmt: administration('rights', 'ALTER POLICY'),

  GrantStmt: (fields) => administration('rights', fields['is_grant'] === true ? 'GRANT' : 'REVOKE'),
  GrantRoleStmt: (fields) => administration('rights', fields['is_grant'] === true ? 'GRANT ROLE' : 'REVOKE ROLE'),
  AlterDefaultPrivilegesStmt: administration('rights', 'ALTER DEFAULT PRIVILEGES'),
  CreateRoleStmt: administration('rights', 'CREATE ROLE'),
  AlterRoleStmt: administration('rights', 'ALTER ROLE'),
  AlterRoleSetStmt: administration('rights', 'ALTER ROLE SET', 'session'),
  ReassignOwnedStmt: administration('rights', 'REASSIGN OWNED'),
  CreatedbStmt: administration('server', 'CREATE DATABASE'),
  AlterDatabaseStmt: administration('server', 'ALTER DATABASE'),
  AlterDatabaseRefreshCollStmt: administration('server', 'ALTER DATABASE REFRESH COLLATION VERSION'),
  AlterDatabaseSetStmt: administration('server', 'ALTER DATABASE SET', 'session'),
  AlterSystemStmt: administration('server', 'ALTER SYSTEM', 'session'),
  CreateTableSpaceStmt: administration('server', 'CREATE TABLESPACE', 'file'),
  AlterTableSpaceOptionsStmt: administration('server', 'ALTER TABLESPACE'),
  CreateExtensionStmt: administration('code', 'CREATE EXTENSION', 'runs-sql'),
  AlterExtensionStmt: administration('code', 'ALTER EXTENSION', 'runs-sql'),
  AlterExtensionContentsStmt: administration('code', 'ALTER EXTENSION'),
  CreateFdwStmt: administration('outside', 'CREATE FOREIGN DATA WRAPPER', 'network'),
  AlterFdwStmt: administration('outside', 'ALTER FOREIGN DATA WRAPPER', 'network'),
  CreateForeignServerStmt: administration('outside', 'CREATE SERVER', 'network'),
  AlterForeignServerStmt: administration('outside', 'ALTER SERVER', 'network'),
  CreateForeignTableStmt: administration('outside', 'CREATE FOREIGN TABLE', 'network'),
  CreateUserMappingStmt: administration('outside', 'CREATE USER MAPPING', 'network'),
  AlterUserMappingStmt: administration('outside', 'ALTER USER MAPPING', 'network'),
  ImportForeignSchemaStmt: administration('outside', 'IMPORT FOREIGN SCHEMA', 'network'),
  CreatePublicationStmt: administration('outside', 'CREATE PUBLICATION', 'network'),
  AlterPublicationStmt: administration('outside', 'ALTER PUBLICATION', 'network'),
  CreateSubscriptionStmt: administration('outside', 'CREATE SUBSCRIPTION', 'network'),
  AlterSubscriptionStmt: administration('outside', 'ALTER SUBSCRIPTION', 'network'),
  VacuumStmt: (fields) => administration('upkeep', fields['is_vacuumcmd'] === true ? 'VACUUM' : 'ANALYZE'),
  ClusterStmt: administration('upkeep', 'CLUSTER', 'lock'),
  ReindexStmt: administration('upkeep', 'REINDEX', 'lock'),
  CheckPointStmt: administration('upkeep', 'CHECKPOINT'),
};

/** Undefined for a kind that is no statement PostgreSQL 18 knows. */
export function statementMeaning(kind: string, fields: Fields): StatementMeaning | undefined {
  const rule = Object.hasOwn(RULES, kind) ? RULES[kind] : undefined;
  return typeof rule === 'function' ? rule(fields) : rule;
}

/** What a data-modifying statement does to its target; an upsert inserts and updates. */
export function writeActions(kind: string, fields: Fields): readonly Action[] {
  switch (kind) {
    case 'InsertStmt':
      return isUpsert(fields) ? ['insert', 'update'] : ['insert'];
    case 'UpdateStmt':
      return ['update'];
    case 'DeleteStmt':
      return ['delete'];
    case 'MergeStmt':
      return ['merge'];
    default:
      return [];
  }
}

export function isUpsert(fields: Fields): boolean {
  return text(fieldsOf(fields['onConflictClause'])?.['action']) === 'ONCONFLICT_UPDATE';
}

export function isWriteStatement(kind: string): boolean {
  return kind === 'InsertStmt' || kind === 'UpdateStmt' || kind === 'DeleteStmt' || kind === 'MergeStmt';
}
