/** What a policy would have made of recorded statements, in sum and one by one. */
import { type SimulatedView, type SimulationView } from '../../../shared/policy-views.ts';
import { type CompiledPolicy } from '../../policy/compiled-policy.ts';
import { readRecordedDecision } from '../../policy/tools/recorded-decision.ts';
import { replay, type Replayed } from '../../policy/tools/replay.ts';
import { type RecordedStatement } from './recorded-statements.ts';

/** Statements that are shown one by one. */
const MOST_SHOWN = 1_000;

export interface Simulation {
  take(statement: RecordedStatement): void;
  view(done: boolean): SimulationView;
}

export function createSimulation(policy: CompiledPolicy): Simulation {
  const skipped = new Map<string, number>();
  const sums = { examined: 0, same: 0, nowAllowed: 0, nowRefused: 0, otherwiseBound: 0 };
  let changed: SimulatedView[] = [];
  let cut = false;

  /** Logs are read one after the other, so the newest are known only at the end. */
  const newest = (): readonly SimulatedView[] =>
    changed
      .sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : other.index - one.index))
      .slice(0, MOST_SHOWN);

  function changes(statement: RecordedStatement, replayed: Extract<Replayed, { readonly kind: 'changed' }>): void {
    const { before, after, changes: words, rules } = replayed;
    sums[before === after ? 'otherwiseBound' : after === 'allow' ? 'nowAllowed' : 'nowRefused']++;
    const { log, index, at, person, agent, connection, title } = statement;
    changed.push({
      log,
      index,
      at: new Date(at).toISOString(),
      person,
      agent,
      connection,
      title,
      before,
      after,
      changes: words,
      rules,
    });
    if (changed.length < 2 * MOST_SHOWN) return;
    changed = [...newest()];
    cut = true;
  }

  return {
    take(statement) {
      const replayed = replayOf(policy, statement);
      if (replayed.kind === 'skipped') {
        skipped.set(replayed.why, (skipped.get(replayed.why) ?? 0) + 1);
        return;
      }
      sums.examined++;
      if (replayed.kind === 'same') sums.same++;
      else changes(statement, replayed);
    },
    view: (done) => ({
      ...sums,
      skipped: [...skipped].map(([why, count]) => ({ why, count })).sort((one, other) => other.count - one.count),
      // What goes on is told by its sums; the list comes with the end.
      changed: done ? newest() : [],
      cut: cut || changed.length > MOST_SHOWN,
      done,
    }),
  };
}

function replayOf(policy: CompiledPolicy, { input, verdict }: RecordedStatement): Replayed {
  if (input.kind !== 'text') return { kind: 'skipped', why: ABSENT[input.kind] };
  const recorded = readRecordedDecision(Buffer.from(input.text));
  if (recorded === undefined) return { kind: 'skipped', why: 'it was recorded in a form that is not known here' };
  return replay(policy, recorded, verdict);
}

const ABSENT = {
  none: 'what it was decided from was not recorded',
  erased: 'what it was decided from has been erased',
  missing: 'what it was decided from cannot be opened here',
} as const;
