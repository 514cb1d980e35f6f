import { type Action, type Effect } from '../../facts.ts';
import { type Fields, text } from './tree.ts';

/** Why statements of a kind do not run whatever policy says, and what to do instead: both are read by people. */
export interface Refusal {
  readonly code: string;
  readonly sentence: string;
  readonly next: string;
}

/** A kind of statement that does not run. */
export interface RefusedKind {
  readonly action: Action;
  readonly title: string;
  readonly effects: readonly Effect[];
  readonly refused: Refusal;
}

function kind(action: Action, title: string, effects: readonly Effect[], refused: Refusal): RefusedKind {
  return { action, title, effects, refused };
}

/** Settings that people change most, by name, and how to have what the change is for. */
const SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/^search_path$/, 'Write names with their schema; the path itself is part of the connection (searchPath).'],
  [
    /^(statement|lock|transaction)_timeout$/,
    'Every statement is bounded by the limits of the policy and can be cancelled; ask for a lower bound there.',
  ],
  [/^timezone$/, 'Write AT TIME ZONE in the query.'],
  [/^(datestyle|intervalstyle)$/, 'Write to_char() in the query.'],
  [
    /^(role|session_authorization)$/,
    'Use a connection whose role has these rights: the role is part of the connection.',
  ],
  [
    /^(default_)?transaction_|^transaction( snapshot)?$|^session characteristics$/,
    'Each statement runs in a transaction of its own, read-only where it only reads.',
  ],
  [
    /^(client_encoding|standard_conforming_strings|backslash_quote|escape_string_warning)$/,
    'Nothing needs to be set: text is UTF-8, and a backslash in a plain string is a backslash.',
  ],
  [
    /^(client_min_messages|application_name)$/,
    'Nothing needs to be set: notices are shown, and the session carries your name.',
  ],
];
const SETTING_OF_CONNECTION = 'Settings are part of the connection: ask for it to be set there, for its role.';

/** SET, RESET and their like; `name` as the parser gives it (`timezone` for SET TIME ZONE). */
export function setting(title: string, name?: string): RefusedKind {
  const known = SETTINGS.find(([pattern]) => pattern.test(name?.toLowerCase() ?? ''));
  return kind('session', title, ['session'], {
    code: 'session-setting',
    sentence: `${title}${name === undefined ? '' : ` ${name}`} changes what later statements mean.`,
    next: known?.[1] ?? SETTING_OF_CONNECTION,
  });
}

export function prepared(title: string, next: string): RefusedKind {
  return kind('session', title, ['session', 'runs-sql'], {
    code: 'prepared-statement',
    sentence: `${title} separates the text of a statement from its run.`,
    next,
  });
}

export function cursor(title: string): RefusedKind {
  return kind('session', title, ['session'], {
    code: 'cursor',
    sentence: `${title} reads rows through a cursor, which outlives the judgement of its query.`,
    next: 'Run the SELECT itself: results are fetched in steps anyway.',
  });
}

const OWN_TRANSACTION = 'Each statement runs in a transaction of its own';

/** TRANS_STMT_... -> the words of the command, and what a person who types it wants to know. */
const TRANSACTIONS: Readonly<Record<string, readonly [title: string, next: string]>> = {
  TRANS_STMT_BEGIN: ['BEGIN', `${OWN_TRANSACTION}, and is kept when it succeeds: run the statements themselves.`],
  TRANS_STMT_START: [
    'START TRANSACTION',
    `${OWN_TRANSACTION}, and is kept when it succeeds: run the statements themselves.`,
  ],
  TRANS_STMT_COMMIT: ['COMMIT', `${OWN_TRANSACTION}: one that succeeded is committed already.`],
  TRANS_STMT_ROLLBACK: [
    'ROLLBACK',
    `${OWN_TRANSACTION}: one that failed is rolled back already, and one that succeeded is kept.`,
  ],
  TRANS_STMT_SAVEPOINT: ['SAVEPOINT', `${OWN_TRANSACTION}, so there is nothing to come back to: leave it out.`],
  TRANS_STMT_RELEASE: ['RELEASE', `${OWN_TRANSACTION}, so there are no savepoints: leave it out.`],
  TRANS_STMT_ROLLBACK_TO: [
    'ROLLBACK TO SAVEPOINT',
    `${OWN_TRANSACTION}, so there are no savepoints: one that failed changed nothing.`,
  ],
  TRANS_STMT_PREPARE: [
    'PREPARE TRANSACTION',
    `${OWN_TRANSACTION}: two-phase commit belongs to a transaction manager with a role of its own.`,
  ],
  TRANS_STMT_COMMIT_PREPARED: ['COMMIT PREPARED', 'Ask an administrator to end prepared transactions.'],
  TRANS_STMT_ROLLBACK_PREPARED: ['ROLLBACK PREPARED', 'Ask an administrator to end prepared transactions.'],
};

export function transaction(fields: Fields): RefusedKind {
  const [title, next] = TRANSACTIONS[text(fields['kind']) ?? ''] ?? ['Transaction control', `${OWN_TRANSACTION}.`];
  return kind('transaction', title, ['transaction'], {
    code: 'transaction-control',
    sentence: `${title} would move statements out of the transaction they were judged for.`,
    next,
  });
}

export function channel(title: string): RefusedKind {
  return kind('session', title, ['session', 'signal'], {
    code: 'channel',
    sentence: `${title} passes messages between sessions, outside of results.`,
    next: 'Read the data with a SELECT.',
  });
}

export function copy(fields: Fields): RefusedKind {
  const from = fields['is_from'] === true;
  const program = fields['is_program'] === true;
  const outside = program ? 'a program on the server' : text(fields['filename']) ? 'a file on the server' : undefined;
  const effects: readonly Effect[] = [from ? 'writes' : 'reads', ...(outside ? (['file'] as const) : [])];
  return kind('copy', from ? 'COPY FROM' : 'COPY TO', effects, {
    code: 'copy',
    sentence: outside
      ? `COPY ${from ? 'reads' : 'writes'} ${outside}.`
      : `COPY ${from ? 'loads' : 'sends'} data outside of rows, where it cannot be masked or counted.`,
    next: from ? 'Use INSERT.' : 'Run the SELECT and export its result.',
  });
}

export const lockTable = kind('lock', 'LOCK TABLE', ['lock'], {
  code: 'lock-table',
  sentence: 'LOCK TABLE makes other sessions wait.',
  next: 'A statement takes the locks it needs by itself.',
});

export const doBlock = kind('call', 'DO', ['runs-sql'], {
  code: 'do-block',
  sentence: 'DO runs a program whose statements cannot be judged one by one.',
  next: 'Run its statements themselves.',
});

export const procedureCall = kind('call', 'CALL', ['runs-sql'], {
  code: 'procedure-call',
  sentence: 'CALL runs a procedure, and what it does is not known.',
  next: 'Run its statements themselves.',
});

/** What is for an administrator with a connection of their own, by what it touches. */
const ADMINISTRATION = {
  rights: 'Ask an administrator of the database: rights of roles are not changed through here.',
  server: 'Ask an administrator of the server to run it over a connection of their own.',
  upkeep:
    'The server does its own upkeep (autovacuum, checkpoints); for more, ask an administrator to run it over a connection of their own.',
  code: 'Ask an administrator to install it over a connection of their own.',
  outside: 'Ask an administrator: where data comes from or goes to is not changed through here.',
} as const;

export function administration(
  area: keyof typeof ADMINISTRATION,
  title: string,
  ...effects: readonly Effect[]
): RefusedKind {
  return kind('admin', title, ['ddl', ...effects], {
    code: 'administration',
    sentence: `${title} administers the server, which is not done through here.`,
    next: ADMINISTRATION[area],
  });
}

/** What the server runs in no transaction, where every statement here runs in one. */
export function concurrently(action: Action, title: string): RefusedKind {
  return kind(action, title, ['ddl'], {
    code: 'outside-transaction',
    sentence: `${title} CONCURRENTLY cannot run in a transaction, and every statement here runs in one.`,
    next: 'Leave CONCURRENTLY out where writers can wait; else ask an administrator to run it over a connection of their own.',
  });
}

export const truncateCascade = kind('truncate', 'TRUNCATE TABLE', ['writes'], {
  code: 'cascade',
  sentence: 'TRUNCATE ... CASCADE empties tables that the statement does not name.',
  next: 'Name every table: TRUNCATE a, b.',
});
