import { type Derivation } from '../../facts.ts';
import { type ServerColumn } from './server-lineage.ts';

/** What an expression, or a column of something in the range table, can carry. */
export interface Value {
  readonly flow: ReadonlySet<ServerColumn>;
  readonly derivation: ServerDerivation;
  /** Uses that happen only where the column is asked for: the computed columns of a view. */
  readonly deferred?: ReadonlySet<ServerColumn>;
  /** A constant, which changes nothing of the values it stands beside. */
  readonly constant?: true;
}

/**
 * As in the lineage of the text, which alone says what a use shows. `called`: given by a function of this database, whose
 * body is not in the tree: what it gives of its own is for the lineage of the text to say.
 */
export type ServerDerivation = Exclude<Derivation, 'bounded'> | 'called';

/** From what is nearest to a column to what is farthest. */
const GRADES: readonly ServerDerivation[] = ['plain', 'whole', 'called', 'computed'];
export const gradeOf = (derivation: ServerDerivation): number => GRADES.indexOf(derivation);

export const NOTHING: Value = { flow: new Set(), derivation: 'computed' };
export const CONSTANT: Value = { ...NOTHING, constant: true };
/** Of a recursive query before its first round: adds nothing to one of several values, and takes nothing away. */
export const UNTOLD: Value = { flow: new Set(), derivation: 'plain' };

/** What is computed from all of the values. */
export function together(values: readonly Value[]): Value {
  const carrying = values.filter((value) => value.flow.size > 0);
  const [first, second] = carrying;
  if (first === undefined) return NOTHING;
  if (second === undefined) return { flow: first.flow, derivation: 'computed' };
  return { flow: union(carrying), derivation: 'computed' };
}

/** One of the values, unchanged: rows of UNION ALL, of VALUES, sides of a join column. */
export function oneOf(values: readonly Value[]): Value {
  const told = values.filter((value) => !value.constant);
  return { flow: union(values), derivation: least(told) };
}

export function least(values: readonly Value[]): ServerDerivation {
  if (values.length === 0) return 'computed';
  return GRADES[Math.max(...values.map(({ derivation }) => gradeOf(derivation)))] ?? 'computed';
}

export function union(values: readonly Value[]): ReadonlySet<ServerColumn> {
  const flow = new Set<ServerColumn>();
  for (const value of values) for (const column of value.flow) flow.add(column);
  return flow;
}
