import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { type Gate } from '../../gate/gate.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { secondLineageOf } from '../connections.ts';
import { type Row } from '../format/rows.ts';
import { withWatermark } from '../format/watermark.ts';
import { maskView, verdictView } from '../views.ts';
import { CANNOT, type CliIo, DONE, type ExitCode, write } from './io.ts';
import { errorOf, requestOf, runStatement, type Told, type Wanted } from './statement.ts';

/** `reason` and `ticket` stand for the line's own statements, in place of those of the command. */
const wanted = { reason: z.string().max(2000).optional(), ticket: z.string().max(200).optional() };

const line = z.union([
  z.strictObject({ id: z.unknown(), sql: z.string(), ...wanted }),
  z.strictObject({ id: z.unknown(), script: z.array(z.string()).min(1), ...wanted }),
]);

/** One object of the answer (docs/cli.md). */
interface Answer {
  readonly verdict: 'allow' | 'refuse' | 'ask';
  readonly code: string | null;
  readonly reason: string | null;
  readonly [more: string]: unknown;
}

/** Judges one statement, or judges and runs it. */
type Answerer = (text: string, wanted: Wanted) => Promise<Answer>;

/**
 * One JSON object per line in, one per line out, in order. A refusal is a result. A line that is not such an object ends
 * the command, because what follows it cannot be trusted to mean what was meant.
 */
export async function answerLines(io: CliIo, answerer: Answerer, command: Wanted): Promise<ExitCode> {
  // Ctrl+C while the next line is waited for closes the input, and the loop ends.
  const lines = createInterface({ input: io.stdin, crlfDelay: Infinity, signal: io.signal });
  let number = 0;
  for await (const text of lines) {
    number++;
    if (text.trim() === '') continue;
    const asked = line.safeParse(parse(text));
    if (!asked.success) {
      throw new CountersignError(
        'input-line',
        `Line ${String(number)} of standard input is not {"id": …, "sql": "…"} or {"id": …, "script": ["…"]}.`,
        {
          next: 'Correct the line; those before it have been answered.',
        },
      );
    }
    const { id, reason = command.reason, ticket = command.ticket } = asked.data;
    const why = { ...(reason === undefined ? {} : { reason }), ...(ticket === undefined ? {} : { ticket }) };
    const answer = (sql: string): Promise<Answer> => answerer(sql, why);
    const told = 'sql' in asked.data ? await answer(asked.data.sql) : await answerScript(asked.data.script, answer);
    await write(io.stdout, `${JSON.stringify({ id, ...told })}\n`);
  }
  return io.signal.aborted ? CANNOT : DONE;
}

/** Statements of one session, one after the other; the first that is refused or fails ends the script. */
async function answerScript(script: readonly string[], answer: (text: string) => Promise<Answer>): Promise<Answer> {
  const results: Answer[] = [];
  for (const text of script) {
    const told = await answer(text);
    results.push(told);
    if (told.verdict !== 'allow' || (told['error'] ?? null) !== null) break;
  }
  const last = results.at(-1);
  if (last === undefined) throw new CountersignError('input-line', 'A script has at least one statement.');
  return { ...last, results };
}

export function queryAnswerer(io: CliIo, installation: Installation, session: Session, connection: string): Answerer {
  const { gate } = installation;
  return async (text, wanted) => {
    const told = await runStatement(gate, requestOf(session, connection, text, wanted), io.signal);
    try {
      return { ...verdictOf(told), ...(await answeredRows(gate, session, told)) };
    } finally {
      told.release();
    }
  };
}

export function explainAnswerer(io: CliIo, installation: Installation, session: Session, connection: string): Answerer {
  return async (text, wanted) => {
    try {
      const judgement = await installation.gate.explain(requestOf(session, connection, text, wanted), io.signal);
      const view = verdictView(judgement, secondLineageOf(installation, connection));
      const [first] = view.reasons;
      return { ...view, code: first?.code ?? null, reason: first?.sentence ?? null, error: null };
    } catch (error) {
      if (!(error instanceof CountersignError)) throw error;
      return { verdict: 'refuse', code: error.code, reason: error.message, error: errorOf(error) };
    }
  };
}

function verdictOf({ judgement, error }: Told): Answer {
  const verdict = judgement?.verdict;
  // Without a judgement nothing ran: the database could not be reached, or the login has ended.
  if (verdict === undefined)
    return { verdict: 'refuse', code: error?.code ?? 'internal', reason: error?.message ?? null };
  if (verdict.verdict === 'allow') return { verdict: 'allow', code: null, reason: null };
  const [{ code, sentence, next, span }] = verdict.reasons;
  return { verdict: verdict.verdict, code, reason: sentence, next: next ?? null, position: span?.start ?? null };
}

/** Rows of a statement that ran, on their way to the program that asked for them. */
async function answeredRows(gate: Gate, session: Session, told: Told): Promise<Record<string, unknown>> {
  const { result, rows, watermark } = told;
  if (result === undefined) return rowsOf(told, []);
  // What an agent gets for its own statement is its answer, and leaves nothing.
  if (session.principal.agent !== undefined) {
    const answer = rowsOf(told, rows, watermark);
    await gate.recordShown(session, result, answer.rows.length);
    return answer;
  }
  try {
    const { watermark: mark, ended } = await gate.recordLeaving(session, result, { format: 'jsonl', to: 'stream' });
    const answer = rowsOf(told, rows, mark);
    const text = JSON.stringify(answer.rows);
    const sha256 = createHash('sha256').update(text).digest('hex');
    await ended({ status: 'done', rows: answer.rows.length, bytes: Buffer.byteLength(text), sha256 });
    return answer;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return { ...rowsOf(told, []), error: errorView(errorOf(error)) };
  }
}

function rowsOf({ columns, notices, tag, cut, error }: Told, rows: Iterable<Row>, watermark?: string) {
  const marked = withWatermark(columns, rows, watermark);
  return {
    columns: marked.columns.map((column) => {
      const { name } = column;
      if (!('type' in column)) return { name, type: 'text' };
      const { type, mask } = column;
      if (mask === undefined) return { name, type };
      const view = maskView(mask);
      return { name, type, mask: { class: view.class, rule: view.rule, sentence: view.sentence } };
    }),
    rows: [...marked.rows],
    ...(tag === undefined ? {} : { tag }),
    ...(cut === undefined ? {} : { cut }),
    notices,
    error: error === undefined ? null : errorView(error),
  };
}

const errorView = (error: NonNullable<Told['error']>): Record<string, unknown> => ({
  ...error,
  next: error.next ?? null,
  position: error.position ?? null,
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
