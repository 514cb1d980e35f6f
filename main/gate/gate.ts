/**
 * THE ROAD. Every statement, from whichever door, goes through `run` and nowhere else:
 *
 *   identify -> understand -> lineage -> decide, spend -> record the intent -> confirm, execute -> mask -> record the outcome
 *
 * Every step can turn back; none can be left out, and no step after `decide` can widen what was decided.
 */
import { type IntentEnd, type RecordedIntent } from '../audit/index.ts';
import { type StoredResult } from '../databases/result/index.ts';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { abortWithin } from './abort-within.ts';
import { charge, spendOnce } from './budgets/charge.ts';
import { CatalogMoved } from './catalogs.ts';
import { attempt, type Ended } from './enforce/attempt.ts';
import { CommitUnknown } from './enforce/execution.ts';
import { REFUSED_AFTER_PARSE } from './enforce/second-lineage.ts';
import { createEventQueue } from './event-queue.ts';
import { createHeldResults, type Left, type Owner } from './held-results.ts';
import { judge } from './judge.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';
import { type GatePorts } from './ports.ts';
import { intentOf } from './record.ts';
import { underPressure } from './record-level.ts';
import { type GateEvent, type GateRequest, type Judgement } from './request.ts';
import { suggestClassification, type Suggestion } from './suggest.ts';
import { type Allow } from './verdict.ts';

export { type Left, type StoredResult };

export interface Gate {
  /** Runs one statement. Returning early from the iteration, or the signal, cancels it on the server. */
  run(request: GateRequest, signal: AbortSignal): AsyncIterable<GateEvent>;
  /** The verdict without running: same steps up to `decide`, nothing recorded, the database does not see the statement. */
  explain(request: GateRequest, signal: AbortSignal): Promise<Judgement>;
  /** The catalog of a connection as this person's role sees it: for the schema tree and completion. */
  catalog(session: Session, connection: string, options: { readonly refresh: boolean }): Promise<CatalogIndex>;
  /** What detectors propose for columns that nobody classified: names and shares, never a value. */
  suggestClassification(session: Session, connection: string, signal: AbortSignal): AsyncIterable<Suggestion>;
  /** A result of this login. @throws CountersignError result-gone */
  result(session: Session, id: string): StoredResult;
  releaseResult(session: Session, id: string): void;
  /** Cells of a result left for the clipboard: part of the record. */
  recordCopy(session: Session, id: string, cells: number): Promise<void>;
  /** Rows of a result were shown on a screen: part of the record. */
  recordShown(session: Session, id: string, rows: number): Promise<void>;
  /** A result is about to leave: recorded before its first byte does, and how it ended by what this gives. */
  recordLeaving(
    session: Session,
    id: string,
    how: { readonly format: string; readonly to: 'file' | 'stream' },
  ): Promise<(left: Left) => Promise<void>>;
  /** Cancels what a login has running, closes what it has open, and lets go of its results. */
  endSession(session: Session): Promise<void>;
  /** Cancels everything that runs; resolves when every intent has its end. */
  cancelAll(): Promise<void>;
}

/** A statement under way. `ended` resolves when its intent, once there is one, has its end in the record or cannot have it. */
interface Running {
  readonly session: Session['id'];
  readonly controller: AbortController;
  ended: Promise<void>;
}

/** The intent is recorded and the statement was not sent; `cause` says why. */
class NotSent extends Error {
  constructor(cause: unknown) {
    super('not sent', { cause });
  }
}

/** How often a statement is judged anew because the catalog moved between decision and execution. */
const MAX_JUDGEMENTS = 2;

export function createGate(ports: GatePorts): Gate {
  const held = createHeldResults(ports.results, ports.audit);
  const running = new Set<Running>();

  async function identify(asked: Session): Promise<Session> {
    const session = await ports.identity.ensureLive(asked);
    await ports.identity.touch(session);
    return session;
  }

  async function* run(asked: GateRequest, outer: AbortSignal): AsyncIterable<GateEvent> {
    const started = performance.now();
    const since = (): number => Math.round(performance.now() - started);
    const { controller, leave } = abortWithin(outer);
    const { signal } = controller;
    const statement: Running = { session: asked.session.id, controller, ended: Promise.resolve() };
    let atWork = false;
    try {
      const request = { ...asked, session: await identify(asked.session) };
      running.add(statement);
      const spend = spendOnce(ports.budgets);
      for (let judgements = 1; ; judgements++) {
        const judged = charge(underPressure(await judge(ports, request, signal), ports.elsewhere.state()), spend);
        const { judgement, connection } = judged;
        const { verdict } = judgement;
        const workingSession = await ports.sessions.begin(request.session, request.origin);
        // Whoever has signed out meanwhile asks for nothing more.
        signal.throwIfAborted();
        const record = intentOf(workingSession, request, judged, ports.comparedHash);
        // Recorded before it is told: a reader who leaves at the verdict leaves no gap in the record.
        if (verdict.verdict !== 'allow') {
          const { index } = await ports.audit.append({ k: 'stmt.denied', ...record });
          yield { kind: 'verdict', judgement };
          yield { kind: 'recorded', index };
          return;
        }
        const intent = await ports.audit.recordIntent(record);
        const owner: Owner = { session: request.session.id, intent: intent.receipt, workingSession: workingSession.id };
        const queue = createEventQueue<GateEvent>();
        queue.push({ kind: 'verdict', judgement });
        queue.push({ kind: 'recorded', index: intent.receipt.index });
        const emit = queue.push;
        // Not tied to the reader: a reader who leaves in the middle still gets its intent ended in the record.
        const execution = recorded(intent, verdict, signal).then(() =>
          attempt(ports, { request, judged, verdict, owner, held, signal, emit, since }),
        );
        const ending = endIntent(intent, execution, since);
        statement.ended = ending.finally(queue.end).then(nothing, nothing);
        atWork = true;
        yield* queue.events;
        const ended = await ending;
        atWork = false;
        if (ended instanceof CatalogMoved) {
          ports.catalogs.forget(connection);
          if (judgements < MAX_JUDGEMENTS) continue;
          throw ended;
        }
        yield ended;
        return;
      }
    } catch (error) {
      if (signal.aborted && !(error instanceof CommitUnknown)) yield { kind: 'cancelled', milliseconds: since() };
      else if (error instanceof CountersignError)
        yield { kind: 'failed', error, position: undefined, milliseconds: since() };
      else throw error;
    } finally {
      leave();
      // The reader may have gone away in the middle: whatever still runs is cancelled on the server.
      if (atWork) controller.abort();
      void statement.ended.then(() => running.delete(statement));
    }
  }

  /** Step 5, where policy demands more than this machine: resolves when the intent is there. */
  async function recorded({ receipt }: RecordedIntent, { demanded }: Allow, signal: AbortSignal): Promise<void> {
    if (demanded === undefined) return;
    try {
      await ports.elsewhere.reach(receipt, demanded.level, signal);
    } catch (cause) {
      throw new NotSent(cause);
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
    } catch (thrown) {
      const error: unknown = thrown instanceof NotSent ? thrown.cause : thrown;
      const code = error instanceof CountersignError ? error.code : 'internal';
      await intent.end(thrown instanceof NotSent ? { status: 'not_started', code } : unended(error, code, since()));
      if (error instanceof CatalogMoved) return error;
      throw error;
    }
  }

  async function cancelRunning(whose: (session: Session['id']) => boolean): Promise<void> {
    const theirs = [...running].filter(({ session }) => whose(session));
    for (const { controller } of theirs) controller.abort();
    await Promise.all(theirs.map(({ ended }) => ended));
  }

  return {
    run,
    async explain(request, signal) {
      const judged = await judge(ports, { ...request, session: await identify(request.session) }, signal);
      return charge(underPressure(judged, ports.elsewhere.state()), ports.budgets.exhausted).judgement;
    },
    async catalog(asked, name, { refresh }) {
      const session = await identify(asked);
      const options = refresh ? { maxAge: 0 } : {};
      return (await ports.catalogs.of(session, ports.inForce().connection(name), options)).index;
    },
    async *suggestClassification(asked, name, signal) {
      yield* suggestClassification(ports, await identify(asked), name, signal);
    },
    result: ({ id: session }, id) => held.get(session, id),
    releaseResult: ({ id: session }, id) => held.release(session, id),
    recordCopy: ({ id: session }, id, cells) => held.recordCopy(session, id, cells),
    recordShown: ({ id: session }, id, rows) => held.recordShown(session, id, rows),
    recordLeaving: ({ id: session }, id, how) => held.recordLeaving(session, id, how),
    async endSession({ id: session }) {
      await cancelRunning((other) => other === session);
      held.releaseAll(session);
      ports.tokenKeys.forget(session);
      await ports.upstreams.closeSession(session);
      await ports.sessions.end(session, 'signed out or ended');
    },
    cancelAll: () => cancelRunning(() => true),
  };
}

const nothing = (): void => undefined;

/** What the record says of an intent whose execution gave no outcome of its own. */
function unended(error: unknown, code: string, ms: number): IntentEnd {
  if (error instanceof CommitUnknown) return { status: 'unknown', code };
  const refused = error instanceof CatalogMoved || REFUSED_AFTER_PARSE.has(code);
  return { status: refused ? 'refused' : 'failed', code, ms };
}
