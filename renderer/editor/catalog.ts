import { type SchemaCache } from '../state/schema-cache.ts';
import { type Catalog } from './completion.ts';

/** Completion's questions about one connection, answered from the cache. Nothing it cannot learn is an error: it offers less. */
export function catalogOf(schema: SchemaCache, connection: string): Catalog {
  const found = new Map<string, Promise<string | null>>();

  /** The schema of a relation written without one; `public` before others. */
  const homeOf = (relation: string): Promise<string | null> => {
    const known = found.get(relation);
    if (known !== undefined) return known;
    const answer = schema.search(connection, relation).then((relations) => {
      const named = relations.filter(({ name }) => name === relation);
      return (named.find((other) => other.schema === 'public') ?? named[0])?.schema ?? null;
    });
    found.set(relation, answer);
    answer.catch(() => found.delete(relation));
    return answer;
  };

  const orNone = <T>(answer: Promise<readonly T[]>): Promise<readonly T[]> => answer.catch(() => []);

  return {
    search: (text) => orNone(schema.search(connection, text)),
    columns: async (inSchema, relation) => {
      try {
        const home = inSchema ?? (await homeOf(relation));
        return home === null ? null : await schema.columns(connection, home, relation);
      } catch {
        return null;
      }
    },
    schemas: async () => (await orNone(schema.schemas(connection))).map(({ name }) => name),
    relations: (name) => orNone(schema.relations(connection, name)),
  };
}
