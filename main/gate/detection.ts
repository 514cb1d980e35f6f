import { type CatalogColumn, type CatalogRelation } from '../databases/catalog.ts';
import { type PostgresSession } from '../databases/postgres/session.ts';
import { type Session } from '../identity/principal.ts';
import { columnKey, type ColumnName, type DetectedColumns } from '../policy/classification.ts';
import { type Connection } from '../profile/types.ts';
import { type Facts } from './facts.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';
import { type Detection, detectColumn, holdsDetectable } from './mask/detectors.ts';
import { type Upstreams } from './upstreams.ts';

/**
 * The second net under tables: columns that nobody classified, recognised by their names and by a sample of their values,
 * read once per table and decided per column. Samples are looked at here and forgotten.
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
  /** What is detected in each of the relations, one after the other. */
  suggest(
    session: Session,
    connection: Connection,
    relations: readonly CatalogRelation[],
    signal: AbortSignal,
  ): AsyncIterable<Suggestion>;
}

/** A classification that a person might want to write down. */
export interface Suggestion extends Detection {
  readonly column: ColumnName;
  /** As format_type prints it. */
  readonly type: string;
}

const SAMPLE_ROWS = 200;
/** Longer cells are cut on the server: what a column holds shows at their beginning. Characters. */
const SAMPLE_TEXT = 255;
/** Milliseconds a sample may take; a table too slow to sample is judged by its columns' names. */
const SAMPLE_TIMEOUT = 2_000;
/** Of a larger table, pages from all over it are sampled: its first rows are its oldest. Rows, by the planner's estimate. */
const LARGE = 20_000;

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
            upstreams
              .use(session, connection, signal, (upstream) => detect(upstream, relation))
              .then((suggestions) => new Map(suggestions.map((one) => [columnKey(one.column), one.class])));
          seen.set(relation.oid, detected);
          detected.catch(() => seen.delete(relation.oid));
          return detected;
        }),
      );
      return new Map(found.flatMap((columns) => [...columns]));
    },
    async *suggest(session, connection, relations, signal) {
      for (const relation of relations) {
        signal.throwIfAborted();
        yield* await upstreams.use(session, connection, signal, (upstream) => detect(upstream, relation));
      }
    },
  };
}

async function detect(upstream: PostgresSession, relation: CatalogRelation): Promise<readonly Suggestion[]> {
  const sampled = relation.columns.filter(({ type }) => holdsDetectable(type));
  // A view's columns are those of its tables, which are touched as well.
  const samples = HOLDS_ROWS.includes(relation.kind) ? await sample(upstream, relation, sampled) : new Map();
  return relation.columns.flatMap((column): Suggestion[] => {
    const { name, type } = column;
    const detection = detectColumn({ name, type, samples: samples.get(column) ?? [] });
    if (detection === undefined) return [];
    return [{ ...detection, type, column: { schema: relation.schema, relation: relation.name, column: name } }];
  });
}

/** Per column the values of some rows, as text. None where the server does not give them in time. */
async function sample(
  upstream: PostgresSession,
  relation: CatalogRelation,
  columns: readonly CatalogColumn[],
): Promise<ReadonlyMap<CatalogColumn, readonly string[]>> {
  if (columns.length === 0) return new Map();
  const values = columns.map(
    ({ name }) => `pg_catalog.left((${quoted(name)})::pg_catalog.text, ${String(SAMPLE_TEXT)})`,
  );
  const text = `SELECT ${values.join(', ')} FROM ${quoted(relation.schema)}.${quoted(relation.name)}${pages(relation)} LIMIT ${String(SAMPLE_ROWS)}`;
  try {
    const prepared = await upstream.begin({
      mode: 'read only',
      statementTimeout: SAMPLE_TIMEOUT,
      lockTimeout: SAMPLE_TIMEOUT,
      text,
      params: [],
    });
    const rows = await upstream.query(prepared.text);
    return new Map(columns.map((column, i) => [column, rows.flatMap((row) => row[i] ?? [])]));
  } catch {
    return new Map();
  } finally {
    if (upstream.usable) await upstream.end('rollback');
  }
}

/** Ten times the rows that are looked at, so that a table that has shrunk since its last ANALYZE still gives enough. */
function pages({ kind, estimatedRows }: CatalogRelation): string {
  if (kind === 'foreign table' || estimatedRows < LARGE) return '';
  return ` TABLESAMPLE SYSTEM (${String((100 * 10 * SAMPLE_ROWS) / estimatedRows)})`;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
