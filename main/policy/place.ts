import { type PolicyQuestion } from './answer.ts';
import { type CompiledPlace } from './compiled-policy.ts';

/** Whether a place has to do with a connection; schemas and tables are of what is asked there. */
export function isConnection(
  place: CompiledPlace,
  connection: { readonly name: string; readonly environment: string; readonly database: string },
): boolean {
  const { environments, connections, databases } = place;
  if (environments !== undefined && !(environments as ReadonlySet<string>).has(connection.environment)) return false;
  if (connections !== undefined && !connections.has(connection.name)) return false;
  return databases === undefined || databases(connection.database);
}

/** Whether the question is about something there. `closing` is the answer for relations that are not known. */
export function isPlace(
  place: CompiledPlace,
  { connection, relation }: Pick<PolicyQuestion, 'connection' | 'relation'>,
  closing: boolean,
): boolean {
  if (!isConnection(place, connection)) return false;
  if (place.schemas === undefined && place.tables === undefined) return true;
  if (relation === 'none') return false;
  if (relation === 'unknown') return closing;
  return (place.schemas?.(relation.schema) ?? true) && (place.tables?.(relation.name) ?? true);
}
