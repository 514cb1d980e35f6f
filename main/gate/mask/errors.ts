/**
 * What a person may see of a server's error. Its texts can hold cells: a failed cast quotes the value, a constraint prints
 * the whole row, a trigger says what it likes. Nothing is edited out of such a text; it is replaced by our own.
 */
import { type ServerFields } from '../../databases/postgres/server-error.ts';
import { CountersignError } from '../../errors.ts';

/**
 * How near masked columns are to the statement: it touches a relation that has some; only other relations of the
 * connection have some; or nothing on this connection is masked for this person.
 */
export type MaskReach = 'touched' | 'elsewhere' | 'none';

export interface ErrorContext {
  readonly masks: MaskReach;
  /** `parse`: nothing of the statement had run, so its error can quote only the statement itself and names. */
  readonly phase: 'parse' | 'execute';
}

export interface VisibleError {
  readonly error: CountersignError;
  /** UTF-16 offset into the statement. */
  readonly position: number | undefined;
}

/** Codes the gate itself brings about, or that speak of the server and not of data: always in our own words. */
const OWN_WORDS: Readonly<Record<string, readonly [message: string, next?: string]>> = {
  '25006': [
    'The statement would write, and this transaction is read-only.',
    'Ask for write access to this connection.',
  ],
  '40001': ['Another transaction changed the same rows first.', 'Run the statement again.'],
  '40P01': ['The server ended the statement because of a deadlock with another session.', 'Run the statement again.'],
  '53100': ["The server's disk is full."],
  '53200': ['The server ran out of memory for this statement.'],
  '53400': ['The statement went over a limit that the server sets, such as temp_file_limit.'],
  '55P03': ['A lock that the statement needs was not free in time.', 'Another session holds it: try again later.'],
  '57014': [
    'The server ended the statement: it was cancelled or ran longer than allowed.',
    'Narrow it, or ask for a longer time-out.',
  ],
};

/** What a class of errors means, without any value (PostgreSQL appendix A). */
const CLASSES: Readonly<Record<string, string>> = {
  '0A': 'The server does not support this.',
  '21': 'A subquery gave more than one row where one is allowed.',
  '22': 'A value is not valid for what was done with it.',
  '23': 'A constraint does not allow this.',
  '25': 'The transaction is not in a state that allows this.',
  '28': 'The server refused the login.',
  '42': 'The statement is not valid for this database.',
  '44': 'The row is outside what the view shows.',
  '53': 'The server ran out of a resource.',
  '54': 'The statement is larger or deeper than the server takes.',
  '55': 'The object is not in a state that allows this.',
  '57': 'The server ended the statement.',
  '58': 'The server met an error of its system.',
  P0: 'A function or trigger raised an error.',
  XX: 'The server met an internal error.',
};

/**
 * Classes whose texts are free: written by functions and triggers, or by parts of the server that quote what they have in
 * hand.
 */
const FREE_TEXT = new Set(['P0', 'XX', 'HV', '38', '39']);

export function visibleError(fields: ServerFields, context: ErrorContext): VisibleError {
  const { sqlstate, position } = fields;
  const code = `server-${sqlstate}`;
  const own = OWN_WORDS[sqlstate];
  if (own !== undefined) {
    const [message, next] = own;
    return { error: new CountersignError(code, message, next === undefined ? {} : { next }), position };
  }
  if (mayShowMessage(fields, context)) {
    const next = context.masks === 'touched' ? undefined : fields.hint;
    const detail = mayShowDetail(fields, context) ? `\n${fields.detail ?? ''}` : '';
    return {
      error: new CountersignError(code, `${fields.message}${detail}`, next === undefined ? {} : { next }),
      position,
    };
  }
  const meaning = CLASSES[sqlstate.slice(0, 2)] ?? 'The server refused the statement.';
  return {
    error: new CountersignError(code, `${meaning} (${sqlstate})`, {
      next: "The server's own text is withheld, because it can hold values of masked columns.",
    }),
    position,
  };
}

function mayShowMessage({ sqlstate, where, internalQuery }: ServerFields, { masks, phase }: ErrorContext): boolean {
  if (masks === 'none') return true;
  const insideCode = where !== undefined || internalQuery !== undefined || FREE_TEXT.has(sqlstate.slice(0, 2));
  if (insideCode) return false;
  return masks === 'elsewhere' || phase === 'parse';
}

function mayShowDetail({ detail }: ServerFields, { masks }: ErrorContext): boolean {
  // Under any mask a detail may be a row: of the table itself, or of one that a constraint or trigger reached.
  return detail !== undefined && masks === 'none';
}
