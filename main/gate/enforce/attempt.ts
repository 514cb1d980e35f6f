import { type IntentEnd } from '../../audit/index.ts';
import { ServerError } from '../../databases/postgres/server-error.ts';
import { type StoredResult } from '../../databases/result/index.ts';
import { type HeldResults, type Owner } from '../held-results.ts';
import { type Judged } from '../judge.ts';
import { visibleError } from '../mask/errors.ts';
import { visibleNotice } from '../mask/notices.ts';
import { type GatePorts } from '../ports.ts';
import { type GateEvent, type GateRequest } from '../request.ts';
import { EndedByGate } from '../running.ts';
import { type Allow } from '../verdict.ts';
import { confirm, type Evidence, questionsOf } from './confirm.ts';
import { CommitUnknown, type Ending, execute } from './execution.ts';

/** A statement that may run: judged, recorded, and about to be sent. */
export interface Attempt {
  readonly request: GateRequest;
  readonly judged: Judged;
  readonly verdict: Allow;
  readonly owner: Owner;
  readonly held: HeldResults;
  readonly signal: AbortSignal;
  readonly emit: (event: GateEvent) => void;
  /** Told how many rows the asker could see, however it ended. */
  readonly came: (rows: number) => void;
  /** Milliseconds since the statement was asked for. */
  readonly since: () => number;
}

/** How an attempt ended: what the asker is told, and what the record says. */
export interface Ended {
  readonly event: GateEvent;
  readonly outcome: IntentEnd;
}

/**
 * Steps 6 and 7 of the road: confirm, execute, mask. Resolves for every ending that the asker is told as one; rejects,
 * with nothing of the statement left behind, for what somebody above has to handle.
 */
export async function attempt(ports: GatePorts, statement: Attempt): Promise<Ended> {
  const { request, judged, verdict, owner, held, signal, emit, came, since } = statement;
  let processId: number | undefined;
  let phase: 'parse' | 'execute' = 'parse';
  let evidence: Evidence = {};
  let heldBack = verdict.groupSize !== undefined;
  let result: StoredResult | undefined;
  try {
    const questions = await questionsOf(judged);
    const ending = await ports.upstreams.use(request.session, judged.connection, signal, async (upstream) => {
      processId = upstream.processId;
      upstream.onNotice((fields) => {
        const notice = visibleNotice(fields, judged.masks);
        if (notice !== undefined) emit({ kind: 'notice', ...notice });
      });
      return execute({
        upstream,
        verdict,
        text: request.text,
        params: request.params,
        results: ports.results,
        signal,
        emit,
        opened(opened) {
          result = opened;
          held.own(opened, owner);
        },
        net: judged.net,
        keyOf: (scope, columnClass) => ports.tokenKeys.of(owner.session, scope, columnClass),
        plansOnly: judged.judgement.facts.action === 'explain',
        questions,
        confirm(prepared, session) {
          const confirmed = confirm(prepared, session, judged, questions);
          ({ evidence } = confirmed);
          heldBack ||= confirmed.guard.userCode === true;
          phase = 'execute';
          return confirmed;
        },
      });
    });
    came(ending.rows);
    if (judged.judgement.facts.effects.includes('ddl')) ports.catalogs.forget(judged.connection);
    return { event: doneEvent(ending, since()), outcome: doneOutcome(ending, verdict, processId, since()) };
  } catch (error) {
    came(heldBack ? 0 : (result?.rows ?? 0));
    if (error instanceof CommitUnknown) throw error;
    // Rows of a read that ended early were masked before they were stored and may be kept; a read that turned out to be
    // something else, or a write that was rolled back, has shown nothing that holds; and rows that were held back, nothing.
    const keeps = verdict.envelope === 'read' && !heldBack && (signal.aborted || error instanceof ServerError);
    if (result !== undefined && !keeps) held.release(owner.session, result.id);
    const ms = since();
    const server = processId === undefined ? {} : { server: { pid: processId, end: 'rollback' as const, ...evidence } };
    if (signal.aborted) {
      const event = endedEvent(signal, ms);
      const code = event.kind === 'failed' ? { code: event.error.code } : {};
      return { event, outcome: { status: 'cancelled', ...code, ms, ...server } };
    }
    if (!(error instanceof ServerError)) throw error;
    const { error: visible, position } = visibleError(error.fields, { masks: judged.masks, phase });
    return {
      event: { kind: 'failed', error: visible, position, milliseconds: ms },
      outcome: { status: 'failed', sqlstate: error.sqlstate, code: visible.code, ms, ...server },
    };
  }
}

function doneEvent({ tag, rows, bytes, cut, masked }: Ending, milliseconds: number): GateEvent {
  const maskedCells = masked.reduce((sum, { cells }) => sum + cells, 0);
  return { kind: 'done', tag, rows, bytes, cut, maskedCells, milliseconds };
}

function doneOutcome(ending: Ending, verdict: Allow, pid: number | undefined, ms: number): IntentEnd {
  const changed = verdict.envelope === 'write' ? /(\d+)$/.exec(ending.tag)?.[1] : undefined;
  return {
    status: 'done',
    rows: ending.rows,
    bytes: ending.bytes,
    ms,
    ...(changed === undefined ? {} : { changed: Number(changed) }),
    ...(ending.cut === undefined ? {} : { cut: ending.cut }),
    masked: ending.masked,
    server: {
      ...(pid === undefined ? {} : { pid }),
      ...(ending.transactionId === null ? {} : { xid: ending.transactionId }),
      end: ending.end,
      ...ending.evidence,
    },
  };
}

/** How the asker is told that a statement was cancelled: by themselves, or by what it rested on having ended. */
export function endedEvent({ reason }: AbortSignal, milliseconds: number): GateEvent {
  if (reason instanceof EndedByGate) return { kind: 'failed', error: reason, position: undefined, milliseconds };
  return { kind: 'cancelled', milliseconds };
}
