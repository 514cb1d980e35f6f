import { type Input } from '../../../shared/rpc/types.ts';
import { type Desktop } from '../../../shared/contract.ts';
import { type HistoryEntry, type RunEvent } from '../../../shared/views.ts';
import { CountersignError } from '../../errors.ts';
import { type Gate } from '../../gate/gate.ts';
import { type GateEvent, type GateRequest, type ResultColumn } from '../../gate/request.ts';
import { type Session } from '../../identity/principal.ts';
import { columnView, verdictView } from '../views.ts';
import { copyText } from './copy.ts';
import { frameBytes, TEXT_ROOM } from './frame-room.ts';
import { type History } from './history.ts';

/** The runs of one window: events as the contract has them, and what the window asks of their results. */
export interface Runs {
  run(request: GateRequest, offset: number, history: History, signal: AbortSignal): AsyncGenerator<RunEvent>;
  cell(
    session: Session,
    result: string,
    row: number,
    column: number,
  ): { readonly text: string | null; readonly masked: boolean; readonly bytes: number };
  copy(
    session: Session,
    request: Input<Desktop['result.copy']>,
  ): Promise<{ readonly text: string; readonly cut: boolean }>;
  copied(session: Session, result: string, cells: number): Promise<null>;
  release(session: Session, result: string): void;
  /** The window is gone: its results go with it. */
  close(): void;
}

export function createRuns(gate: Gate): Runs {
  const held = new Map<string, { readonly session: Session; readonly columns: readonly ResultColumn[] }>();

  function release(session: Session, result: string): void {
    held.delete(result);
    gate.releaseResult(session, result);
  }

  return {
    async *run(request, offset, history, signal) {
      const statement = { start: offset, end: offset + request.text.length };
      const entry = { at: new Date().toISOString(), connection: request.connection, text: request.text };
      for await (const event of gate.run(request, signal)) {
        if (event.kind === 'columns') held.set(event.result, { session: request.session, columns: event.columns });
        const ended = endOf(event);
        if (ended !== undefined) history.add({ ...entry, ...ended });
        yield runEvent(event, statement);
      }
    },
    cell(session, id, row, column) {
      const cell = gate.result(session, id).cell(row, column);
      const bytes = cell?.bytes ?? null;
      return {
        text: bytes === null ? null : wholeText(bytes),
        masked: cell?.masked ?? false,
        bytes: bytes?.length ?? 0,
      };
    },
    async copy(session, request) {
      const { result: id, firstRow, rows } = request;
      const { watermark } = await gate.copy(session, id, { first: firstRow, count: rows });
      return copyText(gate.result(session, id), held.get(id)?.columns ?? [], request, watermark);
    },
    async copied(session, result, cells) {
      await gate.recordCopy(session, result, cells);
      return null;
    },
    release,
    close() {
      for (const [id, { session }] of [...held]) release(session, id);
    },
  };
}

/** A byte order mark at the start of a cell is part of the cell. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** @throws CountersignError cell-too-large */
function wholeText(bytes: Uint8Array): string {
  const text = bytes.length > TEXT_ROOM ? undefined : decoder.decode(bytes);
  if (text !== undefined && frameBytes(text) <= TEXT_ROOM) return text;
  const size = Math.ceil(bytes.length / 1024 / 1024);
  throw new CountersignError(
    'cell-too-large',
    `This cell holds ${String(size)} MB, more than the window shows at once.`,
    {
      next: 'Select a part of it, such as left(column, 1000000), or run the statement with: countersign query',
    },
  );
}

function runEvent(event: GateEvent, statement: { readonly start: number; readonly end: number }): RunEvent {
  switch (event.kind) {
    case 'verdict':
      return { kind: 'verdict', statement, verdict: verdictView(event.judgement, null, event.watermark) };
    case 'columns':
      return { kind: 'columns', result: event.result, columns: event.columns.map(columnView) };
    case 'done':
      return { ...event, cut: event.cut ?? null };
    case 'failed': {
      const { code, message, next } = event.error;
      const span = event.position === undefined ? null : { start: event.position, end: event.position + 1 };
      return { kind: 'failed', error: { code, message, next: next ?? null, span } };
    }
    default:
      return event;
  }
}

function endOf(event: GateEvent): Pick<HistoryEntry, 'verdict' | 'rows' | 'milliseconds'> | undefined {
  switch (event.kind) {
    case 'verdict': {
      const { verdict } = event.judgement.verdict;
      return verdict === 'allow' ? undefined : { verdict, rows: null, milliseconds: null };
    }
    case 'done':
      return { verdict: 'allow', rows: event.rows, milliseconds: event.milliseconds };
    case 'failed':
    case 'cancelled':
      return { verdict: 'failed', rows: null, milliseconds: event.milliseconds };
    default:
      return undefined;
  }
}
