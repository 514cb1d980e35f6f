import { PLACE_WORDS } from '../../shared/explain.ts';
import { type Action, type Effect, type Place, type UseForm } from './facts.ts';

/** The words of verdicts, in one place: window, command line and record show the same. */

/** `you may not VERB public.orders`. */
export const VERBS: Readonly<Record<Action, string>> = {
  select: 'read',
  explain: 'explain a statement on',
  show: 'show settings of',
  insert: 'insert into',
  update: 'update',
  delete: 'delete from',
  merge: 'merge into',
  truncate: 'truncate',
  drop: 'drop',
  ddl: 'change the structure of',
  call: 'call procedures on',
  copy: 'copy data of',
  session: 'change session settings on',
  transaction: 'control transactions on',
  lock: 'lock',
  admin: 'administer',
  export: 'take rows out of',
};

/** Statements that this version does not run for anybody, whatever the policy says, and why. */
export const NOT_RUN: Partial<Readonly<Record<Action, string>>> = {
  call: 'CALL and DO run code that cannot be read from the statement.',
  copy: 'COPY moves data past the result, where masks could not reach it.',
  session: 'Settings of the session decide how statements are read, so they are fixed while it is governed.',
  transaction: 'Every statement runs in a transaction of its own, which only the gate begins and ends.',
  lock: 'A lock would end with the statement that takes it.',
  admin: 'Statements that administer the server are not run here.',
};

/** Effects that leave the database's tables: never allowed, whatever kind of statement they hide in. */
export const NEVER: Partial<Readonly<Record<Effect, string>>> = {
  network: 'it reaches out over the network',
  file: "it reads or writes the server's files",
  signal: 'it signals other sessions of the server',
  'runs-sql': 'it runs SQL text that cannot be read before it runs',
};

interface PlaceWords {
  /** `public.customers.email is masked for you and used IN`. */
  readonly where: string;
  /** What somebody could learn. */
  readonly why: string;
  readonly next: string;
}

const PLAIN = 'Select it as a plain column: it comes back masked.';

export const PLACES: Readonly<Record<Place, PlaceWords>> = {
  output: { where: PLACE_WORDS.output, why: 'the output would show it', next: PLAIN },
  predicate: {
    where: PLACE_WORDS.predicate,
    why: 'whether a row comes back would tell its value',
    next: 'Filter on a column that is not masked, such as a key.',
  },
  'join-key': {
    where: PLACE_WORDS['join-key'],
    why: 'which rows match would tell its value',
    next: 'Join on a column that is not masked, such as a key.',
  },
  grouping: {
    where: PLACE_WORDS.grouping,
    why: 'the groups would tell which rows share a value',
    next: 'Group by a column that is not masked.',
  },
  ordering: {
    where: PLACE_WORDS.ordering,
    why: 'the order of rows would tell how values compare',
    next: 'Order by a column that is not masked.',
  },
  distinct: {
    where: PLACE_WORDS.distinct,
    why: 'which rows fall together would tell who shares a value',
    next: 'Leave it out of DISTINCT.',
  },
  window: {
    where: PLACE_WORDS.window,
    why: 'ranks and partitions would tell how values compare',
    next: 'Use a column that is not masked in the window.',
  },
  argument: { where: PLACE_WORDS.argument, why: 'its value could be worked out from the result', next: PLAIN },
  limit: { where: PLACE_WORDS.limit, why: 'the number of rows would tell its value', next: 'Write a number.' },
  assignment: {
    where: PLACE_WORDS.assignment,
    why: 'the value would be stored where nothing masks it',
    next: 'Write values that are not read from a masked column.',
  },
  returning: { where: PLACE_WORDS.returning, why: 'the returned rows would show it', next: PLAIN },
  lock: {
    where: PLACE_WORDS.lock,
    why: 'which rows are locked would tell its value',
    next: 'Leave the lock out.',
  },
  measure: {
    where: PLACE_WORDS.measure,
    why: 'the memory, bytes and time that it measures would tell how long values are',
    next: 'Use EXPLAIN without ANALYZE, or leave the column out.',
  },
  constraint: {
    where: PLACE_WORDS.constraint,
    why: 'whether the write goes through would tell its value',
    next: 'Leave the column out of what you write, or ask somebody who sees it in clear.',
  },
  'whole-row': {
    where: PLACE_WORDS['whole-row'],
    why: 'the row would carry its value along',
    next: 'Name the columns you need instead of the whole row.',
  },
};

interface FormWords {
  /** `The policy permits you TO KNOW WHETHER IT IS NULL`. */
  readonly what: string;
  /** How to write it. */
  readonly how: string;
}

export const FORMS: Readonly<Record<UseForm, FormWords>> = {
  nullness: { what: 'to know whether it is NULL', how: 'column IS NULL, column IS NOT NULL or count(column)' },
  equality: {
    what: 'to compare it with one value',
    how: "column = 'value', beside other conditions of WHERE and once in a statement",
  },
  join: {
    what: 'to join it with another masked column of its class',
    how: 'tables and plain columns only, and ORDER BY names every output',
  },
  group: {
    what: 'to count its groups',
    how: 'SELECT column, count(*) FROM one table GROUP BY column ORDER BY count(*), without WHERE and LIMIT',
  },
  aggregate: {
    what: 'to add up and average it over groups',
    how: 'SELECT key, count(*), count(column), avg(column) FROM one table GROUP BY key, without WHERE and LIMIT',
  },
  cardinality: { what: 'to count its different values', how: 'SELECT count(DISTINCT column) FROM one table' },
  conflict: {
    what: 'to write a value where no other row may have it',
    how: 'INSERT of one row of VALUES, or UPDATE with one value, once in a statement',
  },
  view: { what: 'what its reviewed views show of it', how: 'name the view' },
};

/** Forms that somebody may have meant who used a masked column there. */
export const FORMS_AT: Partial<Readonly<Record<Place, readonly UseForm[]>>> = {
  predicate: ['equality', 'nullness', 'join'],
  'join-key': ['join'],
  grouping: ['group'],
  distinct: ['group', 'cardinality'],
  argument: ['aggregate', 'cardinality', 'nullness'],
  constraint: ['conflict'],
};

/** `a`, `a or b`, `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words[words.length - 1] ?? ''}`;
}

/** `group:engineers` as a person says it. */
export function whom(selector: string): string {
  if (selector === 'agent') return 'agents';
  if (selector === 'owner-team') return "the connection's own team";
  return selector.replace(/^(group|person):/, '');
}
