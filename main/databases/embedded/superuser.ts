import { Client } from 'pg';
import { type EmbeddedServer, superuserOf } from './server.ts';

/**
 * Runs statements as the superuser of an embedded server: for setting up the demonstration and tests, never for a
 * person's statements (those go through the gate). The connection is closed when `run` settles.
 */
export async function asSuperuser(
  server: EmbeddedServer,
  database: string,
  run: (query: (sql: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { user, password } = superuserOf(server);
  const client = new Client({ host: server.host, port: server.port, database, user, password, ssl: false });
  await client.connect();
  try {
    await run(async (sql) => void (await client.query(sql)));
  } finally {
    await client.end();
  }
}
