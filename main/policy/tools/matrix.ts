import { type MatrixCellView, type MatrixView } from '../../../shared/policy-views.ts';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { ACTIONS } from '../vocabulary.ts';
import { everyAsker } from './askers.ts';
import { type CellRule, rulesOfCells } from './cell-rules.ts';
import { cellOf } from './cells.ts';

/**
 * Who may do what: every kind of asker, on every connection, each action. Exact: nothing is asked for an example, every table
 * and every outcome of a condition that makes a difference is looked at.
 * @param titles of connections, by name; the name itself where there is none
 */
export function matrixOf(policy: CompiledPolicy, titles: ReadonlyMap<string, string> = new Map()): MatrixView {
  const who = everyAsker(policy);
  const { connections } = policy.context;
  const rulesOf = rulesOfCells(policy);
  const cells = rememberCells(policy);
  return {
    who: who.map(({ id, title }) => ({ id, title })),
    places: connections.map(({ name, environment }) => ({
      connection: name,
      title: titles.get(name) ?? name,
      environment,
    })),
    actions: ACTIONS,
    cells: who.flatMap((kind) =>
      connections.flatMap((connection) => ACTIONS.map((action) => cells(rulesOf(kind, connection, action, [])))),
    ),
  };
}

/** Cells with the same rules are the same: large organisations have few different ones. */
export function rememberCells(policy: CompiledPolicy): (rules: readonly CellRule[]) => MatrixCellView {
  const known = new Map<string, MatrixCellView>();
  return (rules) => {
    const key = rules
      .map(({ rule, condition }) => `${rule.reference.id}${condition === undefined ? '' : '?'}`)
      .join(' ');
    const cell = known.get(key) ?? cellOf(policy, rules);
    known.set(key, cell);
    return cell;
  };
}
