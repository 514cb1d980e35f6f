/** What the thread of a simulation does: reads the logs once, from their beginning, and tells how far it is. */
import { parentPort, workerData } from 'node:worker_threads';
import { type SimulationView } from '../../../shared/policy-views.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { type PolicyContext } from '../../policy/compiled-policy.ts';
import { recordedStatements, type WhichStatements } from './recorded-statements.ts';
import { createSimulation } from './simulation.ts';

export interface SimulateOrder extends WhichStatements {
  /** A policy that has been found to be good. */
  readonly policy: string;
  readonly context: PolicyContext;
}

/** Milliseconds between two words of progress. */
const TELL = 200;

function simulate({ policy: text, context, ...which }: SimulateOrder, tell: (view: SimulationView) => void): void {
  const compiled = compilePolicy(text, context);
  if (!compiled.ok) throw new Error('a policy that was good is not any more');
  const simulation = createSimulation(compiled.policy);
  let told = performance.now();
  for (const statement of recordedStatements(which)) {
    simulation.take(statement);
    if (performance.now() - told < TELL) continue;
    tell(simulation.view(false));
    told = performance.now();
  }
  tell(simulation.view(true));
}

if (parentPort !== null && typeof workerData === 'object' && workerData !== null && 'policy' in workerData) {
  const port = parentPort;
  simulate(workerData as SimulateOrder, (view) => port.postMessage(view));
}
