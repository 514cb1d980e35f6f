import { type ReasonView } from '../../shared/views.ts';
import { type Boundary } from './statements.ts';

/** Where in the tab's text a reason stands: its own part, else the whole statement; never empty, never outside of it. */
export function troubleSpan(reason: ReasonView, statement: Boundary): Boundary {
  if (reason.span === null) return statement;
  const start = Math.min(statement.start + reason.span.start, statement.end);
  const end = Math.min(statement.start + reason.span.end, statement.end);
  return end > start
    ? { start, end }
    : { start: Math.max(statement.start, start - 1), end: Math.max(statement.start + 1, start) };
}
