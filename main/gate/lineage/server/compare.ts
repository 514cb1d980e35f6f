import { FIRST_NORMAL_OID } from '../../../databases/postgres/oids.ts';
import { type BaseColumn, type Facts, type Lineage } from '../../facts.ts';
import { type CatalogIndex } from '../catalog-index.ts';
import { type Accepts, knownObjects } from './harmless.ts';
import { type ServerColumn, type ServerLineage } from './server-lineage.ts';

/** What the two lineages of one statement do not agree on. */
export interface Disagreement {
  readonly code: 'outputs' | 'flow' | 'derivation' | 'use' | 'relation' | 'write' | 'lock' | 'object';
  /** Part of a sentence, after a colon; names of columns and relations, never a value. */
  readonly what: string;
}

/**
 * What makes the lineage of the text unsafe in the light of the server's: a base column that it missed at an output or
 * among the uses, an output that is computed, a relation or an object that it does not know. It may say more than the
 * server does: a whole row counts as all columns, and namesakes in parents and children are in its flows already.
 * PostgreSQL's own relations and functions are judged by name in the text and are compared by relation only.
 *
 * @param facts of the same text; of an EXPLAIN, with the lineage of the query inside it
 */
export function disagreement(
  raw: Lineage,
  facts: Facts,
  server: ServerLineage,
  index: CatalogIndex,
): Disagreement | undefined {
  return (
    differentRelations(raw, server, index) ??
    differentEffects(facts, server) ??
    unknownObject(server, knownObjects(raw, index.snapshot)) ??
    // EXPLAIN gives rows of its own making; what its query would give is used inside it or not at all.
    (facts.action === 'explain' ? undefined : differentOutputs(raw, server, index)) ??
    differentUses(raw, server, index)
  );
}

function differentOutputs(raw: Lineage, server: ServerLineage, index: CatalogIndex): Disagreement | undefined {
  if (raw.outputs.length !== server.outputs.length) {
    const [given, traced] = [String(server.outputs.length), String(raw.outputs.length)];
    return { code: 'outputs', what: `the server gives ${given} columns where ${traced} were traced` };
  }
  for (const [at, output] of raw.outputs.entries()) {
    const flow = new Set(output.flow);
    const own = server.outputs[at];
    const number = String(at + 1);
    for (const column of own?.flow ?? []) {
      const missed = missing(column, flow, index);
      if (missed === undefined) continue;
      return { code: 'flow', what: `for the server, output ${number} carries ${missed}, which was not traced` };
    }
    // What functions of this database give, the server's tree does not say.
    const made = own?.derivation ?? 'computed';
    if (output.derivation === 'plain' && made !== 'plain' && made !== 'called') {
      return { code: 'derivation', what: `for the server, output ${number} is computed; it was traced as a column` };
    }
    if (output.derivation === 'whole' && made === 'computed') {
      return { code: 'derivation', what: `for the server, output ${number} is computed in a way that may fail` };
    }
  }
  return undefined;
}

function differentUses(raw: Lineage, server: ServerLineage, index: CatalogIndex): Disagreement | undefined {
  const used = new Set(raw.uses.map((use) => use.column));
  for (const column of server.statement.uses) {
    const missed = missing(column, used, index);
    if (missed !== undefined) return { code: 'use', what: `the server uses ${missed}, which was not traced` };
  }
  return undefined;
}

/** The name of a column that is not among `known`, as the server's number means it in this catalog. */
function missing(
  { relation: oid, attribute }: ServerColumn,
  known: ReadonlySet<BaseColumn>,
  index: CatalogIndex,
): string | undefined {
  // System columns carry no values of columns; the server's own catalog has no columns that are traced.
  if (attribute < 0 || oid < FIRST_NORMAL_OID) return undefined;
  const relation = index.relationByOid(oid);
  if (relation === undefined) return `a relation with the OID ${String(oid)}`;
  const columns = relation.columns.filter(({ position }) => attribute === 0 || position === attribute);
  const name = `${relation.schema}.${relation.name}`;
  if (columns.length === 0 && attribute !== 0) return `column ${String(attribute)} of ${name}`;
  const missed = columns
    .map((column) => index.baseColumn(relation.schema, relation.name, column.name))
    .find((column) => !known.has(column));
  return missed === undefined ? undefined : `${name}.${missed.column}`;
}

function differentRelations(raw: Lineage, server: ServerLineage, index: CatalogIndex): Disagreement | undefined {
  const key = ({ schema, name }: { readonly schema: string; readonly name: string }): string => `${schema}.${name}`;
  const traced = new Set(raw.relations.map(key));
  const written = new Set(raw.relations.filter(({ access }) => access === 'write').map(key));
  const found = new Set<string>();
  for (const one of server.statement.relations.values()) {
    const relation = index.relationByOid(one.oid);
    const name = relation === undefined ? `a relation with the OID ${String(one.oid)}` : key(relation);
    found.add(name);
    if (!traced.has(name)) return { code: 'relation', what: `the server reads ${name}, which was not traced` };
    if (one.written && !written.has(name)) return { code: 'write', what: `the server writes ${name}` };
  }
  // What a materialized view was made from is traced too, and not read now.
  const absent = raw.relations.find((use) => use.via === undefined && !found.has(key(use)));
  return absent && { code: 'relation', what: `the server does not read ${key(absent)}` };
}

function differentEffects(facts: Facts, server: ServerLineage): Disagreement | undefined {
  // EXPLAIN shows how it would write, and does not unless it is ANALYZE.
  if (facts.action === 'explain') return undefined;
  if (server.writes && !facts.effects.includes('writes')) {
    return { code: 'write', what: 'the server would write' };
  }
  if (server.locksRows && !facts.effects.includes('lock')) return { code: 'lock', what: 'the server would lock rows' };
  return undefined;
}

function unknownObject({ statement }: ServerLineage, accepts: Accepts): Disagreement | undefined {
  const { functions, operators, types } = statement;
  for (const [kind, oids] of [
    ['function', functions],
    ['operator', operators],
    ['type', types],
  ] as const) {
    for (const oid of oids) {
      if (oid < FIRST_NORMAL_OID || accepts(kind, oid)) continue;
      return { code: 'object', what: `the server uses a ${kind} of this database (OID ${String(oid)})` };
    }
  }
  return undefined;
}
