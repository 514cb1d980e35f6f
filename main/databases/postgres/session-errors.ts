import { CountersignError } from '../../errors.ts';
import { ServerError } from './server-error.ts';
import { type PostgresTarget } from './target.ts';

/** query_canceled (PostgreSQL appendix A): a cancel request, or a time-out. */
export const isCancelled = (error: unknown): boolean => error instanceof ServerError && error.sqlstate === '57014';

export const cancelled = (cause?: unknown): CountersignError =>
  new CountersignError('cancelled', 'The statement was cancelled.', { cause });

export const notPrepared = (): CountersignError =>
  new CountersignError('not-prepared', 'The statement was not run: its transaction has ended or it has run already.', {
    next: 'Run the statement again.',
  });

export const notCommitted = (): CountersignError =>
  new CountersignError(
    'not-committed',
    'The server rolled the transaction back instead of committing it: a statement in it had failed.',
  );

/** Somebody changed, between Parse and the end of the statement, what a name in it means. */
export const definitionsMoved = (): CountersignError =>
  new CountersignError('definitions-moved', 'A definition that the statement uses changed while it ran.', {
    next: 'Run it again.',
  });

export const stuck = (): CountersignError =>
  new CountersignError(
    'cancel-unanswered',
    'The server did not end the cancelled statement; its connection was closed.',
    {
      next: 'An administrator can look for it in pg_stat_activity.',
    },
  );

export const moved = (what: string): CountersignError =>
  new CountersignError(
    'session-changed',
    `The connection's ${what} is not what was decided on; the connection was closed.`,
    {
      next: 'Run the statement again: a new connection is made. A pooler in transaction mode cannot be used.',
    },
  );

export const settingsRefused = ({ host, port }: PostgresTarget, cause: ServerError): CountersignError =>
  new CountersignError(
    'settings-refused',
    `The server at ${host}:${String(port)} refused a setting that Countersign needs (${cause.sqlstate}).`,
    { next: 'Connect directly instead of through a pooler that restricts settings.', cause },
  );
