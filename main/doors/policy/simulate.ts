import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type SimulationView } from '../../../shared/policy-views.ts';
import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { auditDirectory } from '../../recording.ts';
import { newest } from '../newest.ts';
import { isReviewer, requireNoAgent } from '../standing.ts';
import { readPolicy } from './read-policy.ts';
import { type SimulateOrder } from './simulate-thread.ts';

/**
 * What a policy would have made of the statements recorded since then: progress, and at the end the list. A reviewer sees
 * everybody's, which is recorded before it begins; everybody else their own, an agent nobody's. Nothing of it runs in this thread.
 * @param since ms since 1970 UTC
 * @throws CountersignError `agent-may-not`, `policy-invalid`, `simulation-failed`
 */
export async function* simulatePolicy(
  installation: Installation,
  session: Session,
  { text, since }: { readonly text: string; readonly since: number },
  signal: AbortSignal,
): AsyncGenerator<SimulationView> {
  requireNoAgent(session, 'replay what is in the record');
  const { context } = installation.inForce().policy;
  const { hash } = readPolicy(text, context);
  const everybody = isReviewer(installation, session);
  if (everybody) {
    const filter = `policy simulate ${hash} from=${new Date(since).toISOString()}`;
    const actor = await installation.actorOf(session);
    await installation.audit.append({ k: 'review.done', actor, review: { what: 'search', filter } });
  }
  const { issuer, subject } = session.principal;
  const order: SimulateOrder = {
    policy: text,
    context: plainContext(context),
    directory: auditDirectory(installation.home),
    blobKey: installation.recording.blobKey,
    since,
    person: everybody ? null : `${issuer} ${subject}`,
  };
  yield* viewsOf(order, signal);
}

/** Connections have more than a policy may refer to, and what is theirs alone stays here. */
function plainContext({ classes, connections }: SimulateOrder['context']): SimulateOrder['context'] {
  return {
    classes,
    connections: connections.map(({ name, environment, database, team }) => ({
      ...{ name, environment, database },
      ...(team === undefined ? {} : { team }),
    })),
  };
}

async function* viewsOf(order: SimulateOrder, outer: AbortSignal): AsyncGenerator<SimulationView> {
  // Run from source under type stripping, from the build as JavaScript.
  const file = import.meta.url.endsWith('.ts') ? './simulate-thread.ts' : './simulate-thread.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: order });
  let view: SimulationView | undefined;
  let failure: unknown;
  const ended = once(worker, 'exit').catch((error: unknown) => {
    failure = error;
  });
  const told = newest(
    () => view,
    [
      (changed) => {
        worker.on('message', (next: SimulationView) => {
          view = next;
          changed();
        });
        void ended.then(changed);
        return () => undefined;
      },
    ],
    outer,
  );
  try {
    let exited = false;
    void ended.then(() => (exited = true));
    for await (const next of told) {
      if (next !== undefined) yield next;
      if (next?.done === true) return;
      if (exited) throw failed(failure);
    }
  } finally {
    await worker.terminate();
  }
}

const failed = (cause: unknown): CountersignError =>
  new CountersignError('simulation-failed', 'The simulation stopped before its end.', {
    next: 'Try again; countersign verify says whether the record can be read.',
    cause,
  });
