import { type Session } from '../identity/principal.ts';
import { commentedColumns } from './commented.ts';
import { describeColumns, mayRead } from './describe.ts';
import { type Suggestion } from './detection.ts';
import { type GatePorts } from './ports.ts';

export { type Suggestion };

/** What of a catalog is looked at for suggestions: tables, not the server's own ones, and not views, which show tables. */
const OWN_SCHEMA = /^(?:pg_|information_schema$)/;
const SAMPLED: readonly string[] = ['table', 'partitioned table', 'materialized view', 'foreign table'];

/**
 * Classifications that detectors propose for columns nobody has classified, in relations that this person may read: names
 * and shares, never a value. Samples are read under the connection's role, bounded in rows and time.
 */
export async function* suggestClassification(
  ports: GatePorts,
  session: Session,
  name: string,
  signal: AbortSignal,
): AsyncIterable<Suggestion> {
  const { policy, columnsOf, connection: named } = ports.inForce();
  const connection = named(name);
  const { index } = await ports.catalogs.of(session, connection, {});
  const classification = columnsOf(connection, undefined, commentedColumns(index));
  const input = { principal: session.principal, connection, policy, classification, now: ports.now() };
  const relations = index.snapshot.relations
    .filter(({ schema, kind }) => SAMPLED.includes(kind) && !OWN_SCHEMA.test(schema))
    .filter((relation) => mayRead(input, relation));
  const classified = new Set(
    relations.flatMap((relation) =>
      describeColumns(input, relation, index).flatMap(({ column, class: of }) =>
        of === undefined ? [] : [keyOf(relation.schema, relation.name, column.name)],
      ),
    ),
  );
  for await (const suggestion of ports.detections.suggest(session, connection, relations, signal)) {
    const { schema, relation, column } = suggestion.column;
    if (!classified.has(keyOf(schema, relation, column))) yield suggestion;
  }
}

const keyOf = (...parts: readonly string[]): string => parts.join('\0');
