import { type CatalogRelation } from '../databases/catalog.ts';
import { type PostgresSession } from '../databases/postgres/session.ts';
import { type Session } from '../identity/principal.ts';
import { columnKey, type DetectedColumns } from '../policy/classification.ts';
import { type Connection } from '../profile/types.ts';
import { type Facts } from './facts.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';
import { detectColumn } from './mask/detectors.ts';
import { type Upstreams } from './upstreams.ts';

/**
 * The second net: columns that nobody classified, recognised by their names and by a sample of their values, read once
 * per table and decided per column. Samples are looked at here and forgotten.
 */
export interface Detections {
  /** What is detected in the relations that a statement touches. */
  of(
    session: Session,
    connection: Connection,
    catalog: CatalogIndex,
    facts: Facts,
    signal: AbortSignal,
  ): Promise<DetectedColumns>;
}

const SAMPLE_ROWS = 200;
/** Longer cells are cut on the server: what a column holds shows at their beginning. Characters. */
const SAMPLE_TEXT = 200;
/** Milliseconds a sample may take; a table too slow to sample is judged by its columns' names. */
const SAMPLE_TIMEOUT = 2_000;

const HOLDS_ROWS: readonly CatalogRelation['kind'][] = [
  'table',
  'partitioned table',
  'materialized view',
  'foreign table',
];

export function createDetections(upstreams: Upstreams): Detections {
  const known = new WeakMap<CatalogIndex, Map<number, Promise<DetectedColumns>>>();

  return {
    async of(session, connection, catalog, facts, signal) {
      const seen = known.get(catalog) ?? new Map<number, Promise<DetectedColumns>>();
      known.set(catalog, seen);
      const touched = new Set(facts.relations.flatMap(({ schema, name }) => catalog.relation(schema, name) ?? []));
      const found = await Promise.all(
        [...touched].map((relation) => {
          const detected =
            seen.get(relation.oid) ??
            upstreams.use(session, connection, signal, (upstream) => detect(upstream, relation));
          seen.set(relation.oid, detected);
          detected.catch(() => seen.delete(relation.oid));
          return detected;
        }),
      );
      return new Map(found.flatMap((columns) => [...columns]));
    },
  };
}

async function detect(upstream: PostgresSession, relation: CatalogRelation): Promise<DetectedColumns> {
  // A view's columns are those of its tables, which are touched as well.
  const samples = HOLDS_ROWS.includes(relation.kind) ? await sample(upstream, relation) : [];
  const found = new Map<string, string>();
  relation.columns.forEach(({ name, type }, i) => {
    const detection = detectColumn({ name, type, samples: samples[i] ?? [] });
    if (detection !== undefined)
      found.set(columnKey({ schema: relation.schema, relation: relation.name, column: name }), detection.class);
  });
  return found;
}

/** Per column the values of the first rows, as text. None where the server does not give them in time. */
async function sample(upstream: PostgresSession, relation: CatalogRelation): Promise<readonly (readonly string[])[]> {
  const columns = relation.columns.map(
    ({ name }) => `pg_catalog.left((${quoted(name)})::pg_catalog.text, ${String(SAMPLE_TEXT)})`,
  );
  if (columns.length === 0) return [];
  const text = `SELECT ${columns.join(', ')} FROM ${quoted(relation.schema)}.${quoted(relation.name)} LIMIT ${String(SAMPLE_ROWS)}`;
  try {
    const prepared = await upstream.begin({
      mode: 'read only',
      statementTimeout: SAMPLE_TIMEOUT,
      lockTimeout: SAMPLE_TIMEOUT,
      text,
      params: [],
    });
    const rows = await upstream.query(prepared.text);
    return relation.columns.map((_, i) => rows.flatMap((row) => row[i] ?? []));
  } catch {
    return [];
  } finally {
    if (upstream.usable) await upstream.end('rollback');
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
