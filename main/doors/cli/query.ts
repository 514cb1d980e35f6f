import { createHash, type Hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { buffer as readAll } from 'node:stream/consumers';
import { CountersignError } from '../../errors.ts';
import { NEEDS } from '../../gate/decide-needs.ts';
import { type Gate, type Left } from '../../gate/gate.ts';
import { type Reason } from '../../gate/verdict.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { formatRows, formatTable, type Row, type TextColumn } from '../format/rows.ts';
import { withWatermark } from '../format/watermark.ts';
import { secondLineageOf } from '../connections.ts';
import { verdictView } from '../views.ts';
import { type AskerOptions } from './asker-options.ts';
import { explainText, refusalText } from './explain-text.ts';
import { type CliIo, DONE, type ExitCode, REFUSED, tell, write } from './io.ts';
import { answerLines, explainAnswerer, queryAnswerer } from './jsonl.ts';
import { askerOf, withInstallation } from './signed-in.ts';
import { errorOf, requestOf, runStatement, type Told } from './statement.ts';
import { statementOf } from './utf8.ts';

export interface StatementOptions extends AskerOptions {
  readonly sql?: string;
  readonly file?: string;
  readonly jsonl?: boolean;
  readonly json?: boolean;
  readonly format?: 'table' | 'json' | 'csv';
  readonly reason?: string;
  readonly ticket?: string;
}

/** Rows of a table for a terminal whose widths are known before the first is printed; the rest follow in pages. */
const TABLE_PAGE = 1_000;
/** UTF-16 units written at once. */
const OUTPUT_PIECE = 64 * 1024;

export async function query(
  io: CliIo,
  home: string,
  connection: string,
  from: string | undefined,
  options: StatementOptions,
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await askerOf(installation, options, io);
    refuseUnknown(installation, connection);
    if (options.jsonl === true) return answerLines(io, queryAnswerer(io, installation, session, connection), options);
    const text = await statementText(io, from, options);
    const { gate } = installation;
    const told = await runStatement(gate, requestOf(session, connection, text, options), io.signal);
    try {
      const leaving = { gate, session, reason: options.reason };
      return await print(io, told, text, options.format ?? 'table', leaving);
    } finally {
      told.release();
    }
  });
}

export async function explain(
  io: CliIo,
  home: string,
  connection: string,
  from: string | undefined,
  options: StatementOptions,
): Promise<ExitCode> {
  return withInstallation(home, async (installation) => {
    const session = await askerOf(installation, options, io);
    refuseUnknown(installation, connection);
    if (options.jsonl === true) return answerLines(io, explainAnswerer(io, installation, session, connection), options);
    const text = await statementText(io, from, options);
    const judgement = await installation.gate.explain(requestOf(session, connection, text, options), io.signal);
    const view = verdictView(judgement, secondLineageOf(installation, connection));
    await write(
      io.stdout,
      options.json === true || options.format === 'json' ? `${JSON.stringify(view)}\n` : explainText(view, text),
    );
    return view.verdict === 'allow' ? DONE : REFUSED;
  });
}

/** A connection that is not there is no answer to any statement. @throws CountersignError connection-unknown */
function refuseUnknown(installation: Installation, connection: string): void {
  installation.inForce().connection(connection);
}

/** Exactly one of --sql, --file and `-`. */
export async function statementText(
  io: CliIo,
  from: string | undefined,
  { sql, file }: StatementOptions,
): Promise<string> {
  const given = [sql, file, from].filter((source) => source !== undefined);
  if (given.length !== 1 || (from !== undefined && from !== '-')) {
    throw new CountersignError(
      'usage',
      'Give the statement in one way: --sql TEXT, --file FILE, or - for standard input.',
    );
  }
  if (sql !== undefined) return sql;
  if (file === undefined) return statementOf(await readInput(io), 'standard input');
  try {
    return statementOf(await readFile(file), file);
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('file-unreadable', `${file} cannot be read.`, {
      next: 'Check the path and its permissions.',
      cause: error,
    });
  }
}

async function readInput(io: CliIo): Promise<Uint8Array> {
  try {
    return await readAll(addAbortSignal(io.signal, io.stdin));
  } catch (error) {
    if (io.signal.aborted) throw new CountersignError('cancelled', 'Cancelled before the statement was read.');
    throw error;
  }
}

type Format = NonNullable<StatementOptions['format']>;

/** Who is told what becomes of the rows. */
interface Leaving {
  readonly gate: Gate;
  readonly session: Session;
  readonly reason: string | undefined;
}

async function print(io: CliIo, told: Told, text: string, format: Format, leaving: Leaving): Promise<ExitCode> {
  for (const notice of told.notices) tell(io, `${notice}\n`);
  const verdict = told.judgement?.verdict;
  if (verdict !== undefined && verdict.verdict !== 'allow') {
    tell(io, refusalText(verdict.reasons, text));
    return REFUSED;
  }
  if (told.error !== undefined) {
    const { code, message, next } = told.error;
    if (verdict === undefined) throw new CountersignError(code, message, next === undefined ? {} : { next });
    tell(io, refusalText([reasonOf(told.error)], text));
    return REFUSED;
  }
  try {
    if (told.columns.length > 0) await printRecorded(io, told, format, leaving);
  } catch (error) {
    if (!(error instanceof CountersignError) || !STAYS.has(error.code)) throw error;
    // It ran, and nothing of it was written.
    tell(io, refusalText([reasonOf(errorOf(error))], text));
    return REFUSED;
  }
  if (told.cut !== undefined) tell(io, `Result ${told.cut}.\n`);
  const masked = told.columns.filter((column) => column.mask !== undefined).map((column) => column.name);
  if (masked.length > 0) tell(io, `Masked: ${masked.join(', ')}\n`);
  if (format === 'table' || told.columns.length === 0) tell(io, `${told.tag ?? ''}\n`);
  return DONE;
}

/** Codes of a result that ran and may not leave. */
const STAYS: ReadonlySet<string> = new Set([
  'export-refused',
  'export-needs-approval',
  'rows-per-hour-spent',
  ...Object.keys(NEEDS),
]);

function reasonOf({ code, message, next, position }: NonNullable<Told['error']>): Reason {
  return {
    code,
    sentence: message,
    ...(next === undefined ? {} : { next }),
    ...(position === undefined ? {} : { span: { start: position, end: position + 1 } }),
  };
}

/**
 * A table on a terminal is shown to somebody, and an agent reads the answer to what it asked; other forms, and a table that
 * another program reads where the policy says anything of that, leave.
 */
async function printRecorded(io: CliIo, told: Told, format: Format, leaving: Leaving): Promise<void> {
  const { gate, session, reason } = leaving;
  const written = { rows: 0, bytes: 0, hash: createHash('sha256') };
  if (told.result === undefined) return printRows(io, told, format, written);
  if (!leaves(io, told, format, session)) {
    await printRows(io, told, format, written, told.watermark);
    return gate.recordShown(session, told.result, written.rows);
  }
  const how = { format, to: 'stream', ...(reason === undefined ? {} : { reason }) } as const;
  const { watermark, ended } = await gate.recordLeaving(session, told.result, how);
  const end = (status: Left['status']): Promise<void> =>
    ended({ status, rows: written.rows, bytes: written.bytes, sha256: written.hash.digest('hex') });
  try {
    await printRows(io, told, format, written, watermark);
  } catch (error) {
    await end(io.signal.aborted ? 'cancelled' : 'failed');
    throw error;
  }
  await end('done');
}

function leaves(io: CliIo, { judgement }: Told, format: Format, { principal }: Session): boolean {
  if (principal.agent !== undefined) return false;
  if (format !== 'table') return true;
  const verdict = judgement?.verdict;
  return io.stdout.isTTY !== true && verdict?.verdict === 'allow' && verdict.leaving.kind !== 'yes';
}

interface Written {
  rows: number;
  /** UTF-8. */
  bytes: number;
  readonly hash: Hash;
}

async function printRows(io: CliIo, told: Told, format: Format, written: Written, watermark?: string): Promise<void> {
  const { columns, rows } = withWatermark(told.columns, told.rows, watermark);
  const read = counted(rows, written);
  const pieces = format === 'table' ? tables(columns, read) : formatRows(format, columns, read, { headers: true });
  const out = async (text: string): Promise<void> => {
    await write(io.stdout, text);
    written.bytes += Buffer.byteLength(text);
    written.hash.update(text);
  };
  let output = '';
  for (const piece of pieces) {
    output += piece;
    if (output.length < OUTPUT_PIECE) continue;
    await out(output);
    output = '';
    if (io.signal.aborted) throw new CountersignError('cancelled', 'Cancelled: the output is not whole.');
  }
  await out(output);
}

function* counted(rows: Iterable<Row>, written: Written): Generator<Row> {
  for (const row of rows) {
    written.rows++;
    yield row;
  }
}

function* tables(columns: readonly TextColumn[], rows: Iterable<Row>): Generator<string> {
  let page: Row[] = [];
  let printed = false;
  for (const row of rows) {
    page.push(row);
    if (page.length < TABLE_PAGE) continue;
    yield formatTable(columns, page);
    printed = true;
    page = [];
  }
  if (page.length > 0 || !printed) yield formatTable(columns, page);
}
