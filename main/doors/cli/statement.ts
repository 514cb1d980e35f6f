import { type Session } from '../../identity/principal.ts';
import { type CountersignError } from '../../errors.ts';
import { type Gate } from '../../gate/gate.ts';
import { type GateRequest, type Judgement, type ResultColumn } from '../../gate/request.ts';
import { type Row } from '../format/rows.ts';

/** What one statement came to, as the command line tells it. */
export interface Told {
  readonly judgement: Judgement | undefined;
  /** What stands beside each row that is shown; undefined where the policy asks for none. */
  readonly watermark: string | undefined;
  readonly columns: readonly ResultColumn[];
  /** Id of the result whose rows these are; undefined where there are none. */
  readonly result: string | undefined;
  /** To be read before `release`. */
  readonly rows: Iterable<Row>;
  readonly tag: string | undefined;
  readonly cut: string | undefined;
  readonly notices: readonly string[];
  readonly error:
    | {
        readonly code: string;
        readonly message: string;
        readonly next: string | undefined;
        readonly position: number | undefined;
      }
    | undefined;
  release(): void;
}

/** Why somebody wants it, in their words. */
export type Wanted = Pick<GateRequest, 'reason' | 'ticket'>;

export function requestOf(session: Session, connection: string, text: string, { reason, ticket }: Wanted): GateRequest {
  return {
    session,
    connection,
    text,
    params: [],
    origin: 'cli',
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
  };
}

/** Runs one statement to its end. Never throws for what a statement can do wrong. */
export async function runStatement(gate: Gate, request: GateRequest, signal: AbortSignal): Promise<Told> {
  let judgement: Judgement | undefined;
  let watermark: string | undefined;
  let columns: readonly ResultColumn[] = [];
  let result: string | undefined;
  let tag: string | undefined;
  let cut: string | undefined;
  let error: Told['error'];
  const notices: string[] = [];
  for await (const event of gate.run(request, signal)) {
    switch (event.kind) {
      case 'verdict':
        ({ judgement, watermark } = event);
        break;
      case 'columns':
        ({ columns, result } = event);
        break;
      case 'notice':
        notices.push(`${event.severity}: ${event.text}`);
        break;
      case 'done':
        ({ tag, cut } = event);
        break;
      case 'failed':
        error = errorOf(event.error, event.position);
        break;
      case 'cancelled':
        error = { code: 'cancelled', message: 'The statement was cancelled.', next: undefined, position: undefined };
        break;
      case 'recorded':
      case 'progress':
        break;
    }
  }
  const held = error === undefined ? result : undefined;
  return {
    judgement,
    watermark,
    columns: error === undefined ? columns : [],
    result: held,
    rows: held === undefined || columns.length === 0 ? [] : gate.result(request.session, held).textRows(),
    tag,
    cut,
    notices,
    error,
    release() {
      if (result !== undefined) gate.releaseResult(request.session, result);
    },
  };
}

export function errorOf(error: CountersignError, position?: number): NonNullable<Told['error']> {
  return { code: error.code, message: error.message, next: error.next, position };
}
