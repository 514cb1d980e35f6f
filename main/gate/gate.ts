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
import { charge, spendOnce } from './budgets/charge.ts';
import { leftOfHour, setAside } from './budgets/rows-per-hour.ts';
import { CatalogMoved } from './catalogs.ts';
import { attempt, type Ended, endedEvent } from './enforce/attempt.ts';
import { CommitUnknown } from './enforce/execution.ts';
import { REFUSED_AFTER_PARSE } from './enforce/second-lineage.ts';
import { createEventQueue } from './event-queue.ts';
import { type AskedAs, explainAs, type ExplainedAs } from './explain-as.ts';
import { createHeldResults, type Owner } from './held-results.ts';
import { isFor, judge, type Judged } from './judge.ts';
import { createLeavingResults, type Departure, type HowItLeaves, type Left } from './leaving.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';
import { type GatePorts } from './ports.ts';
import { intentOf } from './record.ts';
import { underPressure } from './record-level.ts';
import { whyOf } from './record-why.ts';
import { type GateEvent, type GateRequest, type Judgement } from './request.ts';
import { type RowRange } from './row-ranges.ts';
import { createRunning, EndedByGate, type SessionEndCode, sessionEnded } from './running.ts';
import { suggestClassification, type Suggestion } from './suggest.ts';
import { type Allow } from './verdict.ts';
import { watermarkOf } from './watermark.ts';
import { type WorkingSession } from './working-sessions.ts';

export { type Departure, type Left, type SessionEndCode, type StoredResult };

export interface Gate {
  /** Runs one statement. Returning early from the iteration, or the signal, cancels it on the server. */
  run(request: GateRequest, signal: AbortSignal): AsyncIterable<GateEvent>;
  /** The verdict without running: same steps up to `decide`, nothing recorded, the database does not see the statement. */
  explain(request: GateRequest, signal: AbortSignal): Promise<Judgement>;
  /** The verdict that somebody else would get, or that another policy would give, with what the policy was asked. */
  explainAs(request: GateRequest, as: AskedAs, signal: AbortSignal): Promise<ExplainedAs>;
  /** The catalog of a connection as this person's role sees it: for the schema tree and completion. */
  catalog(session: Session, connection: string, options: { readonly refresh: boolean }): Promise<CatalogIndex>;
  /** What detectors propose for columns that nobody classified: names and shares, never a value. */
  suggestClassification(session: Session, connection: string, signal: AbortSignal): AsyncIterable<Suggestion>;
  /** A result of this login. @throws CountersignError result-gone */
  result(session: Session, id: string): StoredResult;
  releaseResult(session: Session, id: string): void;
  /** May these rows of a result be copied: asked before text of them is made. Throws as `recordLeaving` does. */
  copy(session: Session, id: string, rows: RowRange): Promise<Departure>;
  /** Cells of a result left for the clipboard: part of the record. Throws as `recordLeaving` does. */
  recordCopy(session: Session, id: string, cells: number): Promise<void>;
  /** Rows of a result were shown on a screen: part of the record. */
  recordShown(session: Session, id: string, rows: number): Promise<void>;
  /**
   * A result is about to leave: allowed by the policy as it is now and recorded, before its first byte does; how it ended is
   * recorded by what this gives. @throws CountersignError `export-refused`, `export-needs-approval`, `reason-needed`,
   * `step-up-needed`, `result-gone`
   */
  recordLeaving(
    session: Session,
    id: string,
    how: HowItLeaves,
  ): Promise<Departure & { ended(left: Left): Promise<void> }>;
  /** Logins that were used here and have not ended. */
  sessions(): readonly Session[];
  /** Whether a login has a statement running. */
  isRunning(session: Session): boolean;
  /** Cancels what a login has running, closes what it has open, and lets go of its results. */
  endSession(session: Session, code?: SessionEndCode, why?: string): Promise<void>;
  /** Cancels what relies on a grant that has ended; resolves when every such intent has its end. */
  grantEnded(id: string): Promise<void>;
  /** Cancels what the policy in force by now does not allow, or not with these masks; resolves when every such intent has its end. */
  policyChanged(): Promise<void>;
  /** Cancels everything that runs; resolves when every intent has its end. */
  cancelAll(): Promise<void>;
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
  const leaving = createLeavingResults(ports, held);
  const running = createRunning(ports.now);
  const sessions = new Map<Session['id'], Session>();

  async function identify(asked: Session): Promise<Session> {
    const session = await ports.identity.ensureLive(asked);
    await ports.identity.touch(session);
    sessions.set(session.id, session);
    return session;
  }

  /** For what is no statement: a login that is not for a connection learns nothing of it. */
  async function identifyFor(asked: Session, name: string): Promise<Session> {
    const session = await identify(asked);
    if (isFor(session, ports.inForce().connection(name))) return session;
    throw new CountersignError('connection-withheld', `This token is not for ${name}.`, {
      next: 'The person it acts for can issue another one.',
    });
  }

  async function* run(asked: GateRequest, outer: AbortSignal): AsyncIterable<GateEvent> {
    const started = performance.now();
    const since = (): number => Math.round(performance.now() - started);
    // Under way before anybody is asked who it is: whatever ends the login from here on ends the statement.
    const statement = running.begin(asked.session, outer);
    const { signal } = statement;
    let [known, atWork] = [false, false];
    try {
      const session = await identify(asked.session);
      known = true;
      const request = { ...asked, session };
      const spend = spendOnce(ports.budgets);
      for (let judgements = 1; ; judgements++) {
        const pressed = underPressure(await judge(ports, request, signal), ports.elsewhere.state());
        const hour = setAside(pressed, hourOf(session));
        let ending: Promise<GateEvent | CatalogMoved> | undefined;
        try {
          const judged = charge(hour.judged, spend);
          const { judgement, connection } = judged;
          const { verdict } = judgement;
          // Whoever has signed out meanwhile asks for nothing more, and begins nothing.
          signal.throwIfAborted();
          const workingSession = await ports.sessions.begin(session, request.origin);
          signal.throwIfAborted();
          const record = intentOf(workingSession, request, judged, ports.comparedHash);
          // Recorded before it is told: a reader who leaves at the verdict leaves no gap in the record.
          if (verdict.verdict !== 'allow') {
            const { index } = await ports.audit.append({ k: 'stmt.denied', ...record });
            yield { kind: 'verdict', judgement };
            yield { kind: 'recorded', index };
            return;
          }
          statement.restsOn(verdict, session, () => judged.again(ports.inForce()));
          const intent = await ports.audit.recordIntent(record);
          const owner = ownerOf(request, judged, verdict, intent, workingSession);
          const queue = createEventQueue<GateEvent>();
          queue.push({
            kind: 'verdict',
            judgement,
            ...(verdict.watermark === undefined ? {} : { watermark: owner.watermark }),
          });
          queue.push({ kind: 'recorded', index: intent.receipt.index });
          const emit = queue.push;
          let rows = 0;
          const came = (count: number): void => void (rows = count);
          // Not tied to the reader: a reader who leaves in the middle still gets its intent ended in the record.
          const execution = recorded(intent, verdict, signal).then(() =>
            attempt(ports, { request, judged, verdict, owner, held, signal, emit, came, since }),
          );
          ending = endIntent(intent, execution, signal, since).finally(() => hour.settle(rows));
          statement.ended = ending.finally(queue.end).then(nothing, nothing);
          atWork = true;
          yield* queue.events;
          const ended = await ending;
          atWork = false;
          if (!(ended instanceof CatalogMoved)) {
            yield ended;
            return;
          }
          ports.catalogs.forget(connection);
          if (judgements === MAX_JUDGEMENTS) throw ended;
        } finally {
          if (ending === undefined) hour.settle(0);
        }
      }
    } catch (error) {
      // Why somebody is not known says more than that whatever they ran has ended with their login.
      if (signal.aborted && known && !(error instanceof CommitUnknown)) yield endedEvent(signal, since());
      else if (error instanceof CountersignError)
        yield { kind: 'failed', error, position: undefined, milliseconds: since() };
      else throw error;
    } finally {
      statement.leave();
      // The reader may have gone away in the middle: whatever still runs is cancelled on the server.
      if (atWork) statement.abort();
      void statement.ended.then(() => running.finish(statement));
    }
  }

  /** Whose rows are counted, and by which policy. */
  const hourOf = ({ principal }: Session): Parameters<typeof setAside>[1] => ({
    usage: ports.usage,
    policy: ports.inForce().policy,
    principal,
    now: ports.now,
  });

  function ownerOf(
    { session, ...request }: GateRequest,
    { judgement: { facts, lineage }, connection, found }: Judged,
    verdict: Allow,
    { receipt }: RecordedIntent,
    { id, bind }: WorkingSession,
  ): Owner {
    return {
      session: session.id,
      intent: receipt,
      workingSession: id,
      bind,
      connection: connection.name,
      facts,
      lineage,
      found,
      verdict,
      why: whyOf(request),
      watermark: watermarkOf(session.principal, ports.now(), receipt),
    };
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
    { reason }: AbortSignal,
    since: () => number,
  ): Promise<GateEvent | CatalogMoved> {
    try {
      const ended = await execution;
      await intent.end(ended.outcome);
      return ended.event;
    } catch (thrown) {
      const error: unknown = thrown instanceof NotSent ? thrown.cause : thrown;
      const why: unknown = reason instanceof EndedByGate ? reason : error;
      const code = why instanceof CountersignError ? why.code : 'internal';
      await intent.end(thrown instanceof NotSent ? { status: 'not_started', code } : unended(error, code, since()));
      if (error instanceof CatalogMoved) return error;
      throw error;
    }
  }

  return {
    run,
    async explain(asked, signal) {
      const session = await identify(asked.session);
      const pressed = underPressure(await judge(ports, { ...asked, session }, signal), ports.elsewhere.state());
      return charge(leftOfHour(pressed, hourOf(session)), ports.budgets.exhausted).judgement;
    },
    async explainAs(asked, as, signal) {
      return explainAs(ports, { ...asked, session: await identifyFor(asked.session, asked.connection) }, as, signal);
    },
    async catalog(asked, name, { refresh }) {
      const session = await identifyFor(asked, name);
      const options = refresh ? { maxAge: 0 } : {};
      return (await ports.catalogs.of(session, ports.inForce().connection(name), options)).index;
    },
    async *suggestClassification(asked, name, signal) {
      yield* suggestClassification(ports, await identifyFor(asked, name), name, signal);
    },
    result: ({ id: session }, id) => held.get(session, id),
    releaseResult: ({ id: session }, id) => held.release(session, id),
    copy: async (asked, id, rows) => leaving.copy(await identify(asked), id, rows),
    recordCopy: async (asked, id, cells) => leaving.recordCopy(await identify(asked), id, cells),
    recordShown: ({ id: session }, id, rows) => held.recordShown(session, id, rows),
    recordLeaving: async (asked, id, how) => leaving.depart(await identify(asked), id, how),
    sessions: () => [...sessions.values()],
    isRunning: ({ id: session }) => running.has(session),
    async endSession({ id: session }, code = 'session-ended', why = 'signed out or ended') {
      sessions.delete(session);
      await running.cancel((other) => other === session, sessionEnded(code));
      held.releaseAll(session);
      ports.tokenKeys.forget(session);
      await ports.upstreams.closeSession(session);
      await ports.sessions.end(session, why);
    },
    grantEnded: running.grantEnded,
    policyChanged: running.policyChanged,
    cancelAll: () => running.cancel(() => true),
  };
}

const nothing = (): void => undefined;

/** What the record says of an intent whose execution gave no outcome of its own. */
function unended(error: unknown, code: string, ms: number): IntentEnd {
  if (error instanceof CommitUnknown) return { status: 'unknown', code };
  const refused = error instanceof CatalogMoved || REFUSED_AFTER_PARSE.has(code);
  return { status: refused ? 'refused' : 'failed', code, ms };
}
