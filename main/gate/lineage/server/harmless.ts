import { type CatalogSnapshot } from '../../../databases/catalog.ts';
import { type Lineage } from '../../facts.ts';
import { isReviewedFunction } from '../../understand/postgres/extensions.ts';

/** True for an object outside pg_catalog, by its OID. */
export type Accepts = (kind: 'function' | 'operator' | 'type', oid: number) => boolean;

const kept = new WeakMap<CatalogSnapshot, Accepts>();

/**
 * Objects of a database that bring no code of their own, or code that was reviewed: compiled functions of well-known
 * extensions and operators that call them; enums, domains whose checks call nothing, types that reviewed functions
 * handle, rows of relations, and arrays of these.
 */
function harmlessObjects(snapshot: CatalogSnapshot): Accepts {
  const known = kept.get(snapshot);
  if (known !== undefined) return known;
  const functions = new Set(snapshot.functions.filter(isReviewedFunction).map(({ oid }) => oid));
  const operators = new Set<number>();
  for (const one of snapshot.operators) if (functions.has(one.function.oid)) operators.add(one.oid);
  const types = new Set<number>();
  for (const type of snapshot.types) {
    if (type.functions.every(({ oid }) => functions.has(oid))) types.add(type.oid).add(type.array);
  }
  for (const { rowType } of snapshot.relations) {
    if (rowType !== undefined) types.add(rowType.oid).add(rowType.array);
  }
  const objects = { function: functions, operator: operators, type: types };
  const accepts: Accepts = (kind, oid) => objects[kind].has(oid);
  kept.set(snapshot, accepts);
  return accepts;
}

/**
 * Those, and the code that the lineage of the text says the statement runs or may run. Whether that may run is not the
 * question here: it was decided on that lineage.
 */
export function knownObjects({ code = [] }: Lineage, snapshot: CatalogSnapshot): Accepts {
  const harmless = harmlessObjects(snapshot);
  return (kind, oid) => harmless(kind, oid) || code.some((use) => use.kind === kind && use.oid === oid);
}
