import { type PostgresSession, type Prepared, type RowSink } from '../../databases/postgres/session.ts';
import { type ResultStore, type StoredResult } from '../../databases/result/index.ts';
import { CountersignError } from '../../errors.ts';
import { rowChannel, type RowChannelInput } from '../mask/rows.ts';
import { type GateEvent, type ResultColumn } from '../request.ts';
import { CatalogMoved } from '../catalogs.ts';
import { type Allow, type OutputMask } from '../verdict.ts';
import { type Confirmed, type Evidence, type Questions } from './confirm.ts';
import { groupSizes } from './group-size.ts';

/** How a statement ended, for its door and for the record. */
export interface Ending {
  readonly tag: string;
  readonly rows: number;
  readonly bytes: number;
  readonly cut: string | undefined;
  /** Cells that masks have changed, by the class of their columns; NULLs are not counted. */
  readonly masked: readonly { readonly class: string; readonly cells: number }[];
  readonly transactionId: string | null;
  readonly end: 'commit' | 'rollback';
  readonly evidence: Evidence;
}

export interface ExecutionInput {
  readonly upstream: PostgresSession;
  readonly verdict: Allow;
  readonly text: string;
  readonly params: readonly (string | null)[];
  readonly results: ResultStore;
  readonly signal: AbortSignal;
  readonly emit: (event: GateEvent) => void;
  /** Called with the result before its first row, so that somebody owns it whatever happens next. */
  readonly opened: (result: StoredResult) => void;
  /** What unclassified outputs are watched for, and the keys of tokens. */
  readonly net: RowChannelInput['net'];
  readonly keyOf: RowChannelInput['keyOf'];
  /** EXPLAIN: nothing comes out but a plan. */
  readonly plansOnly: boolean;
  /** What the server is asked together with the Parse. */
  readonly questions: Pick<Questions, 'marks' | 'treeOf'>;
  /** What the server made of the statement, after Parse and before Execute: may only throw, never widen. */
  readonly confirm: (prepared: Prepared, upstream: PostgresSession) => Confirmed;
}

/** Milliseconds between two progress events: a person cannot read faster, and each costs a message. */
const PROGRESS_EVERY = 100;
/** Milliseconds after the first row until somebody is told: enough for a window to lay out its columns by many rows. */
const FIRST_ROWS = 15;

/** Milliseconds that first rows are held back at most for a second look at them, where the server is slow to give enough. */
const LOOKED_AT = 250;

const CUT_WORDS = {
  rows: ({ limits, narrowedFrom = limits }: Allow) =>
    `cut at ${limits.rows.toLocaleString('en')} rows, ${limits.rows < narrowedFrom.rows ? 'what is left of the hour' : 'the most policy allows'}`,
  bytes: ({ limits }: Allow) => `cut at ${limits.bytes.toLocaleString('en')} bytes, the most policy allows`,
  disk: () => 'cut because there is no room left for it on this machine',
} as const;

/**
 * Runs one allowed statement inside the envelope its verdict asks for: begin, parse, confirm, execute, end. A read ends
 * in ROLLBACK whatever happened, so that nothing it did can stay; a write commits only when all of it succeeded.
 */
export async function execute(input: ExecutionInput): Promise<Ending> {
  const { upstream, verdict, signal } = input;
  const reads = verdict.envelope === 'read';
  const prepared = await upstream.begin(
    {
      mode: reads ? 'read only' : 'read write',
      statementTimeout: verdict.limits.statementTimeout,
      lockTimeout: verdict.limits.lockTimeout,
      text: input.text,
      params: input.params,
      treeOf: input.questions.treeOf,
      plansOnly: input.plansOnly,
      ...(verdict.leftOut === undefined ? {} : { leftOut: verdict.leftOut }),
      ...(input.questions.marks === undefined ? {} : { marks: input.questions.marks }),
    },
    signal,
  );
  let done: Ending;
  try {
    if (prepared.parameterOids.length !== input.params.length) throw parametersMissing(prepared, input);
    done = await stream(input, prepared, input.confirm(prepared, upstream));
    // What it rests on may have ended while it ran, too late for a cancellation to reach the server.
    signal.throwIfAborted();
    if (!reads) await commit(upstream);
  } finally {
    // After a read or a commit there is nothing left to end; on every other way out nothing may stay.
    if (upstream.usable) await upstream.end('rollback');
  }
  return { ...done, end: reads ? 'rollback' : 'commit' };
}

async function stream(input: ExecutionInput, prepared: Prepared, { evidence, guard }: Confirmed): Promise<Ending> {
  const { verdict, emit, signal, upstream } = input;
  let decided = false;
  const channel = rowChannel({
    columns: prepared.columns,
    masks: verdict.masks,
    net: input.net,
    keyOf: input.keyOf,
    decided: () => (decided = true),
    warn: (text) => emit({ kind: 'notice', severity: 'WARNING', text }),
  });
  const { writer, result } = input.results.create({ ...channel.options, limits: verdict.limits });
  input.opened(result);
  const reads = verdict.envelope === 'read';
  const sizes = verdict.groupSize === undefined ? undefined : groupSizes(verdict.groupSize);
  let told = 0;
  let firstRows: NodeJS.Timeout | undefined;
  let shown = false;
  let overdue = false;
  // Not before the first row, when the marks have been found to hold. A statement that gives no rows has a tag and
  // nothing to show.
  const show = (): void => {
    if (shown || !decided) return;
    shown = true;
    const columns = prepared.columns.map((column, i): ResultColumn => ({
      name: column.name,
      type: column.type,
      numeric: isNumeric(column.typeOid),
      mask: channel.masks.get(i),
    }));
    if (columns.length > 0) emit({ kind: 'columns', result: result.id, columns });
    if (!overdue) return;
    clearTimeout(firstRows);
    firstRows = setTimeout(progress, 0);
  };
  const settle = (): void => {
    writer.settle();
    show();
  };
  const progress = (): void => {
    if (!decided) {
      overdue = true;
      firstRows = setTimeout(settle, LOOKED_AT);
      return;
    }
    told = performance.now();
    emit({ kind: 'progress', rows: result.rows, bytes: result.bytes });
  };
  const sink: RowSink = {
    row(bytes, start, end) {
      // A write is never stopped half way because its RETURNING rows are many: they are cut, it is not.
      const wanted = writer.row(bytes, start, end) || !reads;
      sizes?.see(bytes, start, end);
      // Where code of users runs, or groups must be large, no row is good before all of them are.
      if (guard.userCode === true || sizes !== undefined) return wanted;
      show();
      if (firstRows === undefined) firstRows = setTimeout(progress, FIRST_ROWS);
      else if (told > 0 && (result.rows & 255) === 0 && performance.now() - told >= PROGRESS_EVERY) progress();
      return wanted;
    },
  };
  const { tag, transactionId } = await upstream
    .execute(prepared, sink, signal, guard)
    .catch((error: unknown) => {
      if (firstRows !== undefined) settle();
      throw isMoved(error) ? new CatalogMoved('A definition that it uses') : error;
    })
    .finally(() => clearTimeout(firstRows));
  if (reads && transactionId !== null) throw wrote(transactionId);
  const cutWords = (): string | undefined => (result.cut === undefined ? undefined : CUT_WORDS[result.cut](verdict));
  sizes?.check(cutWords());
  overdue = false;
  settle();
  const cut = cutWords();
  return {
    tag: tag ?? `SELECT ${String(result.rows)}`,
    rows: result.rows,
    bytes: result.bytes,
    cut,
    masked: maskedByClass(result, channel.masks),
    transactionId,
    end: 'rollback',
    evidence,
  };
}

function maskedByClass(result: StoredResult, masks: ReadonlyMap<number, OutputMask>): Ending['masked'] {
  const cells = new Map<string, number>();
  for (const [output, mask] of masks) cells.set(mask.class, (cells.get(mask.class) ?? 0) + result.maskedCells(output));
  return [...cells].flatMap(([name, count]) => (count === 0 ? [] : [{ class: name, cells: count }]));
}

const isMoved = (error: unknown): boolean => error instanceof CountersignError && error.code === 'definitions-moved';

/** The connection was lost between COMMIT and its answer: nobody here can tell whether the change happened. */
export class CommitUnknown extends CountersignError {
  constructor(cause: unknown) {
    super(
      'commit-unknown',
      'The connection was lost while the change was being committed: it may have happened or not.',
      {
        next: 'Look at the data before you run it again.',
        cause,
      },
    );
  }
}

async function commit(upstream: PostgresSession): Promise<void> {
  try {
    await upstream.end('commit');
  } catch (error) {
    throw upstream.usable ? error : new CommitUnknown(error);
  }
}

function parametersMissing({ parameterOids }: Prepared, { params }: ExecutionInput): CountersignError {
  const count = String(parameterOids.length);
  return new CountersignError(
    'parameters-missing',
    `The statement has ${count} parameters ($1 to $${count}), and ${String(params.length)} values were given.`,
    { next: 'Write the values into the statement.' },
  );
}

function wrote(transactionId: string): CountersignError {
  return new CountersignError(
    'read-wrote',
    `The statement was judged a read, but the server gave it transaction id ${transactionId}: it was rolled back and its rows withheld.`,
    {
      next: 'Tell your administrator: this statement should have been refused.',
    },
  );
}

/** OIDs of int2, int4, int8, float4, float8, numeric, money, oid (pg_type.dat). */
const NUMERIC = new Set([21, 23, 20, 700, 701, 1700, 790, 26]);
const isNumeric = (typeOid: number): boolean => NUMERIC.has(typeOid);
