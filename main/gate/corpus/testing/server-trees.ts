import { Client, type Connection, type Submittable } from 'pg';
import { type CatalogSnapshot } from '../../../databases/catalog.ts';
import { type TemporaryServer } from '../../../databases/embedded/index.ts';
import { loadCatalog } from '../../../databases/postgres/catalog.ts';
import { connectPostgres, type ServerTrees } from '../../../databases/postgres/session.ts';

/** A plain client that has the server print what it makes of statements, and runs none of them. */
export interface TreePrinter {
  /** The trees of one statement; the server's error where it cannot be analysed. */
  parse(text: string): Promise<ServerTrees | Error>;
  /** Runs a statement of the test's own. */
  run(text: string): Promise<void>;
  /** The trees of a statement behind changes that the superuser makes, which are undone at once. */
  parseAfter(changes: readonly string[], text: string): Promise<ServerTrees | Error>;
  close(): Promise<void>;
}

/** Every statement is analysed as `role`, over a path that starts with pg_catalog and ends with pg_temp. */
export async function openPrinter(server: TemporaryServer, database: string, role: string): Promise<TreePrinter> {
  const { host, port, user, password } = server;
  const client = new Client({ host, port, user, password, database, ssl: false });
  const printed: string[] = [];
  client.on('notice', ({ routine, detail }) => {
    if (routine === 'elog_node_display') printed.push(detail ?? '');
  });
  await client.connect();
  const run = async (text: string): Promise<void> => void (await client.query(text));
  await run('SET debug_pretty_print = off; SET debug_print_parse = on; SET debug_print_rewritten = on');
  await run('SET search_path = pg_catalog, public, shadow, pg_temp');
  await run(`SET ROLE ${role}`);
  const parse = async (text: string): Promise<ServerTrees | Error> => {
    await run('SET client_min_messages = log');
    printed.length = 0;
    const error = await parseOnly(client, text);
    const [parsed, rewritten] = printed;
    if (error !== undefined) return error;
    return parsed === undefined || rewritten === undefined ? new Error('no trees') : { parsed, rewritten };
  };
  return {
    parse,
    run,
    async parseAfter(changes, text) {
      await run('BEGIN; RESET ROLE');
      try {
        for (const change of changes) await run(change);
        return await parse(text);
      } finally {
        await run(`ROLLBACK; SET ROLE ${role}`);
      }
    },
    close: () => client.end(),
  };
}

function parseOnly(client: Client, text: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const parse: Submittable & Record<'handleError' | 'handleReadyForQuery', (error?: Error) => void> = {
      submit(connection: Connection) {
        connection.parse({ name: '', text, types: [] }, false);
        connection.sync();
      },
      handleError: (error) => resolve(error),
      handleReadyForQuery: () => resolve(undefined),
    };
    client.query(parse);
  });
}

/** The catalog as `role` sees it, over the same path. */
export async function catalogOf(
  { host, port }: TemporaryServer,
  database: string,
  user: string,
  password: string,
): Promise<CatalogSnapshot> {
  const target = { host, port, user, password, database, tls: 'disable', searchPath: ['public', 'shadow'] } as const;
  const session = await connectPostgres({ ...target, applicationName: 'catalog' }, new AbortController().signal);
  try {
    return await loadCatalog(session);
  } finally {
    await session.close();
  }
}
