/**
 * THE ROAD. Every statement, from whichever door, goes through `run` and nowhere else:
 *
 *   identify -> understand -> lineage -> decide -> record the intent -> confirm, execute -> mask -> record the outcome
 *
 * Every step can turn back; none can be left out, and no step after `decide` can widen what was decided.
 */
import { type AuditLog, type Receipt, type RecordedIntent } from '../audit/index.ts';
import { type IntentEnd } from '../audit/events.ts';
import { ServerError } from '../databases/postgres/server-error.ts';
import { type ResultStore, type StoredResult } from '../databases/result/index.ts';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';
import { CatalogMoved, type Catalogs } from './catalogs.ts';
import { type Detections } from './detection.ts';
import { confirm } from './enforce/confirm.ts';
import { type Ending, execute } from './enforce/execution.ts';
import { createEventQueue } from './event-queue.ts';
import { judge, type Judged } from './judge.ts';
import { visibleError } from './mask/errors.ts';
import { visibleNotice } from './mask/notices.ts';
import { intentOf } from './record.ts';
import { type GateEvent, type GateRequest, type Judgement } from './request.ts';
import { type InForce } from './in-force.ts';
import { type Allow } from './verdict.ts';
import { type Upstreams } from './upstreams.ts';
import { type WorkingSessions } from './working-sessions.ts';

export { type StoredResult };

/** What the gate stands on. Sockets, files and clocks come in here; the steps themselves are functions of plain data. */
export interface GatePorts {
  readonly identity: { ensureLive(session: Session): Promise<Session>; touch(session: Session): Promise<void> };
  /** The profile as it is now; throws CountersignError when nothing may run under it. */
  readonly inForce: () => InForce;
  readonly audit: AuditLog;
  readonly sessions: WorkingSessions;
  readonly catalogs: Catalogs;
  readonly detections: Detections;
  readonly upstreams: Upstreams;
  readonly results: ResultStore;
  readonly now: () => Date;
}

export interface Gate {
  /** Runs one statement. Returning early from the iteration, or the signal, cancels it on the server. */
  run(request: GateRequest, signal: AbortSignal): AsyncIterable<GateEvent>;
  /** The verdict without running: same steps up to `decide`, nothing recorded, the database does not see the statement. */
  explain(request: GateRequest, signal: AbortSignal): Promise<Judgement>;
  /** The catalog of a connection as this person's role sees it: for the schema tree and completion. */
  catalog(
    session: Session,
    connection: string,
    options: { readonly refresh: boolean },
    signal: AbortSignal,
  ): Promise<CatalogIndex>;
  /** A result of this login. @throws CountersignError result-gone */
  result(session: Session, id: string): StoredResult;
  releaseResult(session: Session, id: string): void;
  /** Cells of a result left for the clipboard: part of the record. */
  recordCopy(session: Session, id: string, cells: number): Promise<void>;
  /** Cancels what a login has running, closes what it has open, and lets go of its results. */
  endSession(session: Session): Promise<void>;
  /** Cancels everything that runs; resolves when every intent has its end. */
  cancelAll(): Promise<void>;
}

/** What a run has to know of its own ending, beyond what it emits. */
interface Ended {
  readonly event: GateEvent;
  readonly outcome: IntentEnd;
}

/** Whose a result is, and the intent it came from. */
interface Owner {
  readonly session: Session['id'];
  readonly intent: Receipt;
  readonly workingSession: string;
}

/** A statement under way. `ended` resolves when its intent, once there is one, has its end in the record or cannot have it. */
interface Running {
  readonly session: Session['id'];
  readonly controller: AbortController;
  ended: Promise<void>;
}

/** How often a statement is judged anew because the catalog moved between decision and execution. */
const MAX_JUDGEMENTS = 2;

export function createGate(ports: GatePorts): Gate {
  const owners = new Map<string, Owner>();
  const running = new Set<Running>();

  async function identify(asked: Session): Promise<Session> {
    const session = await ports.identity.ensureLive(asked);
    await ports.identity.touch(session);
    return session;
  }

  async function* run(asked: GateRequest, outer: AbortSignal): AsyncIterable<GateEvent> {
    const started = performance.now();
    const since = (): number => Math.round(performance.now() - started);
    const controller = new AbortController();
    const signal = AbortSignal.any([outer, controller.signal]);
    const statement: Running = { session: asked.session.id, controller, ended: Promise.resolve() };
    try {
      const request = { ...asked, session: await identify(asked.session) };
      running.add(statement);
      for (let attempt = 1; ; attempt++) {
        const judged = await judge(ports, request, signal);
        const { judgement, connection, policyHash, classOf } = judged;
        const { verdict } = judgement;
        const workingSession = await ports.sessions.begin(request.session, request.origin);
        const record = intentOf(workingSession, request, connection, judgement, policyHash, classOf);
        // Recorded before it is told: a reader who leaves at the verdict leaves no gap in the record.
        if (verdict.verdict !== 'allow') {
          const { index } = await ports.audit.append({ k: 'stmt.denied', ...record });
          yield { kind: 'verdict', judgement };
          yield { kind: 'recorded', index };
          return;
        }
        const intent = await ports.audit.recordIntent(record);
        const owner: Owner = { session: request.session.id, intent: intent.receipt, workingSession };
        const queue = createEventQueue<GateEvent>();
        queue.push({ kind: 'verdict', judgement });
        queue.push({ kind: 'recorded', index: intent.receipt.index });
        // Not tied to the reader: a reader who leaves in the middle still gets its intent ended in the record.
        const execution = attemptExecution(request, judged, verdict, owner, signal, queue.push, since);
        const ending = endIntent(intent, execution, since);
        statement.ended = ending.finally(queue.end).then(nothing, nothing);
        yield* queue.events;
        const ended = await ending;
        if (ended instanceof CatalogMoved) {
          if (attempt < MAX_JUDGEMENTS) continue;
          throw ended;
        }
        yield ended;
        return;
      }
    } catch (error) {
      if (signal.aborted) yield { kind: 'cancelled', milliseconds: since() };
      else if (error instanceof CountersignError)
        yield { kind: 'failed', error, position: undefined, milliseconds: since() };
      else throw error;
    } finally {
      // The reader may have gone away in the middle: whatever still runs is cancelled on the server.
      controller.abort();
      void statement.ended.then(() => running.delete(statement));
    }
  }

  /** Step 8: exactly one outcome per intent, whatever happened in between. */
  async function endIntent(
    intent: RecordedIntent,
    execution: Promise<Ended>,
    since: () => number,
  ): Promise<GateEvent | CatalogMoved> {
    try {
      const ended = await execution;
      await intent.end(ended.outcome);
      return ended.event;
    } catch (error) {
      const code = error instanceof CountersignError ? error.code : 'internal';
      await intent.end({ status: error instanceof CatalogMoved ? 'refused' : 'failed', code, ms: since() });
      if (error instanceof CatalogMoved) return error;
      throw error;
    }
  }

  async function cancelRunning(whose: (session: Session['id']) => boolean): Promise<void> {
    const theirs = [...running].filter(({ session }) => whose(session));
    for (const { controller } of theirs) controller.abort();
    await Promise.all(theirs.map(({ ended }) => ended));
  }

  /** Steps 6 and 7. Resolves for everything the person is told as an ending; rejects for what has to be handled above. */
  async function attemptExecution(
    request: GateRequest,
    judged: Judged,
    verdict: Allow,
    owner: Owner,
    signal: AbortSignal,
    emit: (event: GateEvent) => void,
    since: () => number,
  ): Promise<Ended> {
    let processId: number | undefined;
    let phase: 'parse' | 'execute' = 'parse';
    let result: StoredResult | undefined;
    try {
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
            owners.set(opened.id, owner);
          },
          async confirm(prepared, session) {
            await confirm(prepared, session, judged);
            phase = 'execute';
          },
        });
      });
      if (judged.judgement.facts.effects.includes('ddl')) ports.catalogs.forget(judged.connection);
      return {
        event: { kind: 'done', ...visibleEnding(ending), milliseconds: since() },
        outcome: outcomeOf(ending, verdict, processId, since()),
      };
    } catch (error) {
      // Rows of a read that ended early were masked before they were stored and may be kept; a read that turned out to be
      // something else, or a write that was rolled back, has shown nothing that holds.
      const keeps = verdict.envelope === 'read' && (signal.aborted || error instanceof ServerError);
      if (result !== undefined && !keeps) release(result.id);
      const server = processId === undefined ? {} : { server: { pid: processId, end: 'rollback' as const } };
      if (signal.aborted) {
        return {
          event: { kind: 'cancelled', milliseconds: since() },
          outcome: { status: 'cancelled', ms: since(), ...server },
        };
      }
      if (error instanceof ServerError) {
        const { error: visible, position } = visibleError(error.fields, { masks: judged.masks, phase });
        return {
          event: { kind: 'failed', error: visible, position, milliseconds: since() },
          outcome: { status: 'failed', sqlstate: error.sqlstate, code: visible.code, ms: since(), ...server },
        };
      }
      throw error;
    }
  }

  function release(id: string): void {
    owners.delete(id);
    ports.results.release(id);
  }

  function result(session: Session, id: string): StoredResult {
    const found = owners.get(id)?.session === session.id ? ports.results.get(id) : undefined;
    if (found !== undefined) return found;
    throw new CountersignError('result-gone', 'This result is no longer held.', { next: 'Run the statement again.' });
  }

  return {
    run,
    result,
    async explain(request, signal) {
      return (await judge(ports, { ...request, session: await identify(request.session) }, signal)).judgement;
    },
    async catalog(asked, name, options, signal) {
      const session = await identify(asked);
      return (await ports.catalogs.of(session, ports.inForce().connection(name), options, signal)).index;
    },
    releaseResult(session, id) {
      if (owners.get(id)?.session === session.id) release(id);
    },
    async recordCopy(session, id, cells) {
      const owner = owners.get(id);
      if (owner?.session !== session.id) return;
      const ref = { i: owner.intent.index, h: owner.intent.hash };
      await ports.audit.append({ k: 'clipboard.copy', s: owner.workingSession, ref, view: { cells } });
    },
    async endSession({ id: session }) {
      await cancelRunning((other) => other === session);
      for (const [id, owner] of owners) {
        if (owner.session !== session) continue;
        owners.delete(id);
        ports.results.release(id);
      }
      await ports.upstreams.closeSession(session);
      await ports.sessions.end(session, 'signed out or ended');
    },
    cancelAll: () => cancelRunning(() => true),
  };
}

const nothing = (): void => undefined;

function visibleEnding({ tag, rows, bytes, cut, maskedCells }: Ending) {
  return { tag, rows, bytes, cut, maskedCells };
}

function outcomeOf(ending: Ending, verdict: Allow, pid: number | undefined, ms: number): IntentEnd {
  const changed = verdict.envelope === 'write' ? /(\d+)$/.exec(ending.tag)?.[1] : undefined;
  return {
    status: 'done',
    rows: ending.rows,
    bytes: ending.bytes,
    ms,
    ...(changed === undefined ? {} : { changed: Number(changed) }),
    ...(ending.cut === undefined ? {} : { cut: ending.cut }),
    masked:
      ending.maskedCells === 0
        ? []
        : [{ class: [...new Set(verdict.masks.map((mask) => mask.class))].join(','), cells: ending.maskedCells }],
    server: {
      ...(pid === undefined ? {} : { pid }),
      ...(ending.transactionId === null ? {} : { xid: ending.transactionId }),
      end: ending.end,
    },
  };
}
