import { type Action, type Effect } from '../../facts.ts';
import { type Fields, fieldsOf, items, text } from './tree.ts';

/** What a statement of one kind is, before its parts are looked at. */
export interface StatementMeaning {
  readonly action: Action;
  /** The server's command tag, or the first words of the command where the tag says less. */
  readonly title: string;
  readonly effects: readonly Effect[];
  /** Set for statements that do not run whatever policy says: why, and what to do instead. */
  readonly refused?: { readonly code: string; readonly sentence: string; readonly next: string };
}

type Rule = StatementMeaning | ((fields: Fields) => StatementMeaning);

const query = (title: string): StatementMeaning => ({ action: 'select', title, effects: [] });
const write = (action: Action, title: string): StatementMeaning => ({ action, title, effects: ['writes'] });
const ddl = (title: string): StatementMeaning => ({ action: 'ddl', title, effects: ['ddl'] });
const drop = (title: string): StatementMeaning => ({ action: 'drop', title, effects: ['ddl'] });
const admin = (title: string, ...effects: readonly Effect[]): StatementMeaning => ({
  action: 'admin',
  title,
  effects: ['ddl', ...effects],
});

function refuse(
  action: Action,
  title: string,
  effects: readonly Effect[],
  code: string,
  sentence: string,
  next: string,
): StatementMeaning {
  return { action, title, effects, refused: { code, sentence, next } };
}

const session = (title: string): StatementMeaning =>
  refuse(
    'session',
    title,
    ['session'],
    'session-setting',
    `${title} changes what later statements mean.`,
    'Settings are part of the connection: ask for it to be set there.',
  );

const prepared = (title: string): StatementMeaning =>
  refuse(
    'session',
    title,
    ['session', 'runs-sql'],
    'prepared-statement',
    `${title} separates the text of a statement from its run.`,
    'Run the statement itself; parameters can be given as $1, $2.',
  );

const cursor = (title: string): StatementMeaning =>
  refuse(
    'session',
    title,
    ['session'],
    'cursor',
    `${title} reads rows through a cursor, which outlives the judgement of its query.`,
    'Run the SELECT itself: results are fetched in steps anyway.',
  );

const transaction = (title: string): StatementMeaning =>
  refuse(
    'transaction',
    title,
    ['transaction'],
    'transaction-control',
    `${title} would move the statement out of the transaction it was judged for.`,
    'Each statement runs in a transaction of its own.',
  );

const channel = (title: string): StatementMeaning =>
  refuse(
    'session',
    title,
    ['session', 'signal'],
    'channel',
    `${title} passes messages between sessions, outside of results.`,
    'Read the data with a SELECT.',
  );

function replace(what: string): Rule {
  return (fields) => ddl(fields['replace'] === true ? `CREATE OR REPLACE ${what}` : `CREATE ${what}`);
}

/** OBJECT_FOREIGN_TABLE -> FOREIGN TABLE. */
function objectWord(value: unknown): string {
  const word = (text(value) ?? '').replace(/^OBJECT_/, '').replaceAll('_', ' ');
  return { MATVIEW: 'MATERIALIZED VIEW', TABCONSTRAINT: 'CONSTRAINT', 'STATISTIC EXT': 'STATISTICS' }[word] ?? word;
}

const TRANSACTION_WORDS: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_SAVEPOINT: 'SAVEPOINT',
  TRANS_STMT_RELEASE: 'RELEASE',
  TRANS_STMT_ROLLBACK_TO: 'ROLLBACK TO SAVEPOINT',
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
  TRANS_STMT_COMMIT_PREPARED: 'COMMIT PREPARED',
  TRANS_STMT_ROLLBACK_PREPARED: 'ROLLBACK PREPARED',
};

function copy(fields: Fields): StatementMeaning {
  const from = fields['is_from'] === true;
  const outside =
    fields['is_program'] === true
      ? 'a program on the server'
      : text(fields['filename'])
        ? 'a file on the server'
        : undefined;
  const effects: readonly Effect[] = [from ? 'writes' : 'reads', ...(outside ? (['file'] as const) : [])];
  return refuse(
    'copy',
    from ? 'COPY FROM' : 'COPY TO',
    effects,
    'copy',
    outside
      ? `COPY ${from ? 'reads' : 'writes'} ${outside}.`
      : `COPY ${from ? 'loads' : 'sends'} data outside of rows, where it cannot be masked or counted.`,
    from ? 'Use INSERT.' : 'Run the SELECT and export its result.',
  );
}

/** CREATE TABLE name (...) may hold a column default or check; CREATE TABLE AS holds a query: both are read by the walk. */
const RULES: Readonly<Record<string, Rule>> = {
  SelectStmt: (fields) => query(items(fields['valuesLists'], 'List').length > 0 ? 'VALUES' : 'SELECT'),
  InsertStmt: (fields) => (isUpsert(fields) ? write('merge', 'INSERT ON CONFLICT UPDATE') : write('insert', 'INSERT')),
  UpdateStmt: write('update', 'UPDATE'),
  DeleteStmt: write('delete', 'DELETE'),
  MergeStmt: write('merge', 'MERGE'),
  TruncateStmt: write('truncate', 'TRUNCATE TABLE'),

  ExplainStmt: { action: 'explain', title: 'EXPLAIN', effects: [] },
  VariableShowStmt: { action: 'show', title: 'SHOW', effects: [] },

  VariableSetStmt: (fields) => session(/RESET/.test(text(fields['kind']) ?? '') ? 'RESET' : 'SET'),
  DiscardStmt: session('DISCARD'),
  ConstraintsSetStmt: session('SET CONSTRAINTS'),
  LoadStmt: refuse(
    'admin',
    'LOAD',
    ['file'],
    'load',
    'LOAD runs code from a file of the server.',
    'Ask an administrator.',
  ),
  PrepareStmt: prepared('PREPARE'),
  ExecuteStmt: prepared('EXECUTE'),
  DeallocateStmt: prepared('DEALLOCATE'),
  DeclareCursorStmt: cursor('DECLARE CURSOR'),
  FetchStmt: (fields) => cursor(fields['ismove'] === true ? 'MOVE' : 'FETCH'),
  ClosePortalStmt: cursor('CLOSE'),
  TransactionStmt: (fields) => transaction(TRANSACTION_WORDS[text(fields['kind']) ?? ''] ?? 'Transaction control'),
  ListenStmt: channel('LISTEN'),
  UnlistenStmt: channel('UNLISTEN'),
  NotifyStmt: channel('NOTIFY'),
  LockStmt: refuse(
    'lock',
    'LOCK TABLE',
    ['lock'],
    'lock-table',
    'LOCK TABLE makes other sessions wait.',
    'A statement takes the locks it needs by itself.',
  ),
  DoStmt: refuse(
    'call',
    'DO',
    ['runs-sql'],
    'do-block',
    'DO runs a program whose statements cannot be judged one by one.',
    'Run its statements themselves.',
  ),
  CallStmt: refuse(
    'call',
    'CALL',
    ['runs-sql'],
    'procedure-call',
    'CALL runs a procedure, and what it does is not known.',
    'Run its statements themselves.',
  ),
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
  IndexStmt: ddl('CREATE INDEX'),
  CreateSchemaStmt: ddl('CREATE SCHEMA'),
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
  DefineStmt: (fields) => ddl(`CREATE ${objectWord(fields['kind'])}`),
  AlterTableStmt: (fields) => {
    const drops = items(fields['cmds'], 'AlterTableCmd').some((one) => text(one['subtype']) === 'AT_DropColumn');
    const title = `ALTER ${objectWord(fields['objtype'])}`;
    return drops ? drop(`${title} DROP COLUMN`) : ddl(title);
  },
  AlterTableMoveAllStmt: ddl('ALTER TABLE ALL IN TABLESPACE'),
  RenameStmt: (fields) => ddl(`ALTER ${objectWord(fields['renameType'])} RENAME`),
  AlterObjectDependsStmt: (fields) => ddl(`ALTER ${objectWord(fields['objectType'])} DEPENDS`),
  AlterObjectSchemaStmt: (fields) => ddl(`ALTER ${objectWord(fields['objectType'])} SET SCHEMA`),
  AlterOwnerStmt: (fields) => admin(`ALTER ${objectWord(fields['objectType'])} OWNER`),
  CommentStmt: ddl('COMMENT'),
  SecLabelStmt: admin('SECURITY LABEL'),
  DropStmt: (fields) => drop(`DROP ${objectWord(fields['removeType'])}`),
  DropOwnedStmt: drop('DROP OWNED'),
  DropdbStmt: drop('DROP DATABASE'),
  DropRoleStmt: drop('DROP ROLE'),
  DropTableSpaceStmt: drop('DROP TABLESPACE'),
  DropUserMappingStmt: drop('DROP USER MAPPING'),
  DropSubscriptionStmt: drop('DROP SUBSCRIPTION'),

  CreateFunctionStmt: (fields) =>
    ddl(
      `CREATE ${fields['replace'] === true ? 'OR REPLACE ' : ''}${fields['is_procedure'] === true ? 'PROCEDURE' : 'FUNCTION'}`,
    ),
  AlterFunctionStmt: (fields) => ddl(`ALTER ${objectWord(fields['objtype'])}`),
  CreateTrigStmt: replace('TRIGGER'),
  RuleStmt: replace('RULE'),
  CreateEventTrigStmt: admin('CREATE EVENT TRIGGER'),
  AlterEventTrigStmt: admin('ALTER EVENT TRIGGER'),
  CreatePLangStmt: admin('CREATE LANGUAGE'),
  CreateCastStmt: ddl('CREATE CAST'),
  CreateTransformStmt: ddl('CREATE TRANSFORM'),
  CreateConversionStmt: ddl('CREATE CONVERSION'),
  CreateOpClassStmt: ddl('CREATE OPERATOR CLASS'),
  CreateOpFamilyStmt: ddl('CREATE OPERATOR FAMILY'),
  AlterOpFamilyStmt: ddl('ALTER OPERATOR FAMILY'),
  AlterOperatorStmt: ddl('ALTER OPERATOR'),
  AlterCollationStmt: ddl('ALTER COLLATION'),
  CreateAmStmt: admin('CREATE ACCESS METHOD'),
  AlterTSDictionaryStmt: ddl('ALTER TEXT SEARCH DICTIONARY'),
  AlterTSConfigurationStmt: ddl('ALTER TEXT SEARCH CONFIGURATION'),
  CreatePolicyStmt: admin('CREATE POLICY'),
  AlterPolicyStmt: admin('ALTER POLICY'),

  GrantStmt: (fields) => admin(fields['is_grant'] === true ? 'GRANT' : 'REVOKE'),
  GrantRoleStmt: (fields) => admin(fields['is_grant'] === true ? 'GRANT ROLE' : 'REVOKE ROLE'),
  AlterDefaultPrivilegesStmt: admin('ALTER DEFAULT PRIVILEGES'),
  CreateRoleStmt: admin('CREATE ROLE'),
  AlterRoleStmt: admin('ALTER ROLE'),
  AlterRoleSetStmt: admin('ALTER ROLE SET', 'session'),
  ReassignOwnedStmt: admin('REASSIGN OWNED'),
  CreatedbStmt: admin('CREATE DATABASE'),
  AlterDatabaseStmt: admin('ALTER DATABASE'),
  AlterDatabaseRefreshCollStmt: admin('ALTER DATABASE REFRESH COLLATION VERSION'),
  AlterDatabaseSetStmt: admin('ALTER DATABASE SET', 'session'),
  AlterSystemStmt: admin('ALTER SYSTEM', 'session'),
  CreateTableSpaceStmt: admin('CREATE TABLESPACE', 'file'),
  AlterTableSpaceOptionsStmt: admin('ALTER TABLESPACE'),
  CreateExtensionStmt: admin('CREATE EXTENSION', 'runs-sql'),
  AlterExtensionStmt: admin('ALTER EXTENSION', 'runs-sql'),
  AlterExtensionContentsStmt: admin('ALTER EXTENSION'),
  CreateFdwStmt: admin('CREATE FOREIGN DATA WRAPPER', 'network'),
  AlterFdwStmt: admin('ALTER FOREIGN DATA WRAPPER', 'network'),
  CreateForeignServerStmt: admin('CREATE SERVER', 'network'),
  AlterForeignServerStmt: admin('ALTER SERVER', 'network'),
  CreateForeignTableStmt: admin('CREATE FOREIGN TABLE', 'network'),
  CreateUserMappingStmt: admin('CREATE USER MAPPING', 'network'),
  AlterUserMappingStmt: admin('ALTER USER MAPPING', 'network'),
  ImportForeignSchemaStmt: admin('IMPORT FOREIGN SCHEMA', 'network'),
  CreatePublicationStmt: admin('CREATE PUBLICATION', 'network'),
  AlterPublicationStmt: admin('ALTER PUBLICATION', 'network'),
  CreateSubscriptionStmt: admin('CREATE SUBSCRIPTION', 'network'),
  AlterSubscriptionStmt: admin('ALTER SUBSCRIPTION', 'network'),
  VacuumStmt: (fields) => admin(fields['is_vacuumcmd'] === true ? 'VACUUM' : 'ANALYZE'),
  ClusterStmt: admin('CLUSTER', 'lock'),
  ReindexStmt: admin('REINDEX', 'lock'),
  CheckPointStmt: admin('CHECKPOINT'),
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

function isUpsert(fields: Fields): boolean {
  return text(fieldsOf(fields['onConflictClause'])?.['action']) === 'ONCONFLICT_UPDATE';
}

export function isWriteStatement(kind: string): boolean {
  return kind === 'InsertStmt' || kind === 'UpdateStmt' || kind === 'DeleteStmt' || kind === 'MergeStmt';
}
