import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type ColumnView, type RelationView, type SchemaView } from '../../shared/views.ts';
import { createStore, type Store } from './store.ts';
import { type Loadable, loading, troubleOf } from './trouble.ts';

type Branch = Loadable<readonly SchemaView[]> | Loadable<readonly RelationView[]> | Loadable<readonly ColumnView[]>;

/**
 * What is known of the connections' catalogs, asked for once. The tree reads the store; completion awaits. A failed
 * answer is forgotten on the next wish, so that a retry asks again.
 */
export interface SchemaCache {
  /** Changes whenever a branch does; keys are paths made by `path`. */
  readonly branches: Store<ReadonlyMap<string, Branch>>;
  schemas(connection: string): Promise<readonly SchemaView[]>;
  relations(connection: string, schema: string): Promise<readonly RelationView[]>;
  columns(connection: string, schema: string, relation: string): Promise<readonly ColumnView[]>;
  search(connection: string, text: string): Promise<readonly RelationView[]>;
  /** Forgets a connection and asks the server anew. */
  refresh(connection: string): Promise<void>;
  /** Asks again for the tables and columns that are known, which stay as they are until the answer: other ones may be masked now. */
  reread(): void;
  /** Forgets everything: another person signed in, and sees other things. */
  clear(): void;
}

/** A catalog path as one key. NUL cannot be in a PostgreSQL name. */
export const path = (...parts: readonly string[]): string => parts.join('\0');

/** Schemas of the server itself: there when needed, but never before the person's own. */
export function isSystemSchema(name: string): boolean {
  return name === 'information_schema' || name.startsWith('pg_');
}

const ownFirst = (a: SchemaView, b: SchemaView): number =>
  Number(isSystemSchema(a.name)) - Number(isSystemSchema(b.name));

export function createSchemaCache(client: Client<Desktop>): SchemaCache {
  const branches = createStore<ReadonlyMap<string, Branch>>(new Map());
  const asked = new Map<string, Promise<unknown>>();

  const put = (key: string, branch: Branch): void => {
    branches.update((map) => new Map(map).set(key, branch));
  };

  function once<T extends readonly (SchemaView | RelationView | ColumnView)[]>(
    key: string,
    ask: () => Promise<T>,
  ): Promise<T> {
    const known = asked.get(key);
    if (known !== undefined) return known as Promise<T>;
    put(key, loading);
    const answer = ask();
    asked.set(key, answer);
    answer.then(
      (value) => {
        if (asked.get(key) === answer) put(key, { state: 'ready', value } as Branch);
      },
      (error: unknown) => {
        if (asked.get(key) !== answer) return;
        asked.delete(key);
        put(key, { state: 'failed', trouble: troubleOf(error) });
      },
    );
    return answer;
  }

  const forget = (belongs: (key: string) => boolean): void => {
    for (const key of [...asked.keys()]) if (belongs(key)) asked.delete(key);
    branches.update((map) => new Map([...map].filter(([key]) => !belongs(key))));
  };

  const schemasOf = async (connection: string, refresh: boolean): Promise<readonly SchemaView[]> =>
    (await client['schema.schemas']({ connection, refresh })).toSorted(ownFirst);

  const cache: SchemaCache = {
    branches,
    schemas: (connection) => once(path(connection), () => schemasOf(connection, false)),
    relations: (connection, schema) =>
      once(path(connection, schema), () => client['schema.relations']({ connection, schema })),
    columns: (connection, schema, relation) =>
      once(path(connection, schema, relation), () => client['schema.columns']({ connection, schema, relation })),
    search: (connection, text) => client['schema.search']({ connection, text: text.slice(0, 200) }),
    refresh: async (connection) => {
      forget((key) => key === connection || key.startsWith(`${connection}\0`));
      await once(path(connection), () => schemasOf(connection, true));
    },
    reread: () => {
      for (const [key, before] of [...asked]) {
        const [connection = '', schema, relation] = key.split('\0');
        if (schema === undefined) continue;
        const answer: Promise<readonly (RelationView | ColumnView)[]> =
          relation === undefined
            ? client['schema.relations']({ connection, schema })
            : client['schema.columns']({ connection, schema, relation });
        asked.set(key, answer);
        answer.then(
          (value) => {
            if (asked.get(key) === answer) put(key, { state: 'ready', value } as Branch);
          },
          () => {
            if (asked.get(key) === answer) asked.set(key, before);
          },
        );
      }
    },
    clear: () => {
      forget(() => true);
    },
  };
  return cache;
}
