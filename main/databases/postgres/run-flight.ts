import { BOUND, Flight, type Rows, rowsOf, type Step } from './flight.ts';
import { markValues, readMarks, sameMarks, SCOPED_MARKS } from './marks.ts';
import { bindParsed, onceBeside, runOwn, runOwnBeside, unnamed } from './own-statements.ts';
import { type RowStream } from './row-stream.ts';
import { definitionsMoved } from './session-errors.ts';
import type { ExecuteOptions, Prepared } from './session.ts';
import { AFTERWARDS } from './settings.ts';

export interface RunInput {
  readonly prepared: Prepared;
  readonly stream: RowStream;
  readonly reads: boolean;
  readonly userCode: boolean;
  readonly held: ExecuteOptions['held'];
}

/**
 * Bind and Execute of what was parsed, what the gate asks around it, and for a read its ROLLBACK.
 *
 * The server analyses a statement again at Bind where something under it has moved (src/backend/utils/cache/plancache.c),
 * and finds its names anew: a table made since, earlier on the search path, would be read instead. So the marks are read
 * between Bind, which fixes the plan, and the first row. Functions of users may be replaced even then: where they run,
 * the marks are read behind the last row as well, and by texts that such a function cannot have put others in place of.
 */
export class RunFlight extends Flight {
  readonly #afterwards: Rows;
  readonly #rollback: Rows | undefined;

  constructor({ prepared, stream, reads, userCode, held }: RunInput) {
    const check = (rows: Rows['rows']): void => {
      if (held !== undefined && !sameMarks(held.marks, readMarks(rows), held.scope)) stream.fail(definitionsMoved());
    };
    // The transaction knows the scope that `begin` was asked for.
    const scoped = prepared.marks !== undefined && !userCode;
    const before =
      held && rowsOf(scoped ? runOwnBeside('marks') : onceBeside(SCOPED_MARKS, markValues(held.scope)), check);
    const behind = held && userCode ? rowsOf(unnamed(SCOPED_MARKS, markValues(held.scope)), check) : undefined;
    const bind: Step = { messages: bindParsed(prepared.params), ends: BOUND };
    const afterwards = rowsOf(userCode ? unnamed(AFTERWARDS) : runOwn('afterwards'));
    const rollback = reads ? rowsOf(userCode ? unnamed('ROLLBACK') : runOwn('rollback')) : undefined;
    super([bind, before, stream, behind, afterwards, rollback].flatMap((step) => step ?? []));
    this.#afterwards = afterwards;
    this.#rollback = rollback;
  }

  /** The transaction's id, if it took one, and the envelope it had; undefined where the question was not reached. */
  get after(): { readonly transactionId: string | null; readonly envelope: string | null } | undefined {
    const [row] = this.#afterwards.rows;
    return row && { transactionId: row[0] ?? null, envelope: row[1] ?? null };
  }

  get rolledBack(): boolean {
    return this.#rollback?.tag === 'ROLLBACK';
  }
}
