import { describe, expect, it } from 'vitest';
import { type ServerFields } from '../../databases/postgres/server-error.ts';
import { type ErrorContext, visibleError } from './errors.ts';
import { visibleNotice } from './notices.ts';

const SECRET = 'CANARY-123-45-6789';
const fields = (sqlstate: string, changes: Partial<ServerFields> = {}): ServerFields => ({
  sqlstate,
  severity: 'ERROR',
  message: `message ${SECRET}`,
  detail: `detail ${SECRET}`,
  hint: `hint ${SECRET}`,
  where: `where ${SECRET}`,
  internalQuery: `internal ${SECRET}`,
  schema: SECRET,
  table: SECRET,
  column: SECRET,
  dataType: SECRET,
  constraint: SECRET,
  position: 7,
  ...changes,
});
const shown = (given: ServerFields, context: ErrorContext): string => {
  const { error } = visibleError(given, context);
  return JSON.stringify([error.message, error.next, error.code, error.stack, error.cause ?? null]);
};

/** One code of every class of PostgreSQL's appendix A, and every code that the sentences know. */
const CODES =
  '00000 01000 02000 03000 08006 09000 0A000 0B000 0F000 0L000 0P000 0Z000 20000 21000 22012 22P02 22003 23502 23503 23505 23514 24000 25006 25P02 26000 27000 28000 2B000 2D000 2F000 34000 38000 39000 3B000 3D000 3F000 40001 40P01 42501 42601 42703 42P01 44000 53100 53200 53400 54000 55000 55P03 57014 57P01 58030 72000 F0000 HV000 P0001 P0002 P0004 XX000 XX001 ZZ999'.split(
    ' ',
  );

describe('an error over masked columns', () => {
  it.each(CODES)('%s shows no text of the server once the statement runs', (code) => {
    expect(shown(fields(code), { masks: 'touched', phase: 'execute' })).not.toContain('CANARY');
  });

  it.each(CODES)('%s shows nothing that a function or trigger said, wherever it was raised', (code) => {
    for (const masks of ['touched', 'elsewhere'] as const) {
      for (const phase of ['parse', 'execute'] as const)
        expect(shown(fields(code), { masks, phase })).not.toContain('CANARY');
    }
  });

  it.each(['23505', '23502', '23503', '23514', '22P02', '42703'])(
    '%s never shows a row, even beside masked columns only',
    (code) => {
      const {
        where: _where,
        internalQuery: _query,
        ...plain
      } = fields(code, { message: 'free of values', hint: 'free of values' });
      expect(shown(plain, { masks: 'elsewhere', phase: 'execute' })).not.toContain('CANARY');
    },
  );

  it('keeps its place, its code and a sentence', () => {
    const { error, position } = visibleError(fields('22P02'), { masks: 'touched', phase: 'execute' });
    expect(position).toBe(7);
    expect(error.code).toBe('server-22P02');
    expect(error.message).toBe('A value is not valid for what was done with it. (22P02)');
    expect(error.next).toContain('withheld');
  });

  it('keeps the message of a misspelt column, which only repeats the statement', () => {
    const typo: ServerFields = {
      sqlstate: '42703',
      severity: 'ERROR',
      message: 'column "nme" does not exist',
      hint: 'Perhaps you meant "name".',
      position: 7,
    };
    const { error } = visibleError(typo, { masks: 'touched', phase: 'parse' });
    expect([error.message, error.next]).toEqual(['column "nme" does not exist', undefined]);
  });
});

describe('an error far from masked columns', () => {
  const division: ServerFields = {
    sqlstate: '22012',
    severity: 'ERROR',
    message: 'division by zero',
    hint: 'Use nullif.',
  };

  it('shows message and hint', () => {
    const { error } = visibleError(division, { masks: 'elsewhere', phase: 'execute' });
    expect([error.message, error.next]).toEqual(['division by zero', 'Use nullif.']);
  });

  it('shows the detail where nothing on the connection is masked', () => {
    const { error } = visibleError(
      { ...division, detail: 'Key (id)=(1) already exists.' },
      { masks: 'none', phase: 'execute' },
    );
    expect(error.message).toBe('division by zero\nKey (id)=(1) already exists.');
  });

  it('of a cancelled statement is said in our words, whatever the server said', () => {
    expect(shown(fields('57014'), { masks: 'none', phase: 'execute' })).not.toContain('CANARY');
  });
});

describe('a notice', () => {
  const notice = (sqlstate: string, message: string, changes: Partial<ServerFields> = {}): ServerFields => ({
    sqlstate,
    severity: 'NOTICE',
    message,
    ...changes,
  });

  it.each([
    ['raised by a function', notice('00000', `pay is ${SECRET}`, { where: 'PL/pgSQL function f() line 1 at RAISE' })],
    [
      'in the words of a harmless one, raised by a function',
      notice('42P07', `relation "${SECRET}" already exists, skipping`, {
        where: 'PL/pgSQL function f() line 1 at RAISE',
      }),
    ],
    ['without context', notice('00000', SECRET)],
    ['with words behind harmless ones', notice('42P07', `relation "x" already exists, skipping\n${SECRET}`)],
    ['of a tree print', notice('00000', 'parse tree:', { detail: SECRET })],
  ])('%s is dropped where anything is masked', (_what, given) => {
    expect(visibleNotice(given, 'touched')).toBeUndefined();
    expect(visibleNotice(given, 'elsewhere')).toBeUndefined();
  });

  it('of the server that names only an object of the statement is shown', () => {
    const given = notice('42P07', 'relation "shop" already exists, skipping');
    expect(visibleNotice(given, 'touched')).toEqual({ severity: 'NOTICE', text: given.message });
  });

  it('is shown where nothing is masked', () => {
    expect(visibleNotice(notice('00000', 'hello'), 'none')).toEqual({ severity: 'NOTICE', text: 'hello' });
  });
});
