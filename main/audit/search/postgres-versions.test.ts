import { Client } from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { type TemporaryServer } from '../../databases/embedded/index.ts';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { openPostgresIndex } from './postgres-index.ts';
import { conformance } from './testing/conformance.ts';

/** The oldest that may hold an index, and one between it and ours (postgres-index.test.ts). */
const OLDER: ReadonlySet<number> = new Set([13, 15]);

for (const at of serversAtHand.filter(({ major }) => OLDER.has(major))) {
  describe.skipIf(at.missing)(at.name, () => {
    let server: TemporaryServer;
    let made = 0;
    beforeAll(async () => {
      server = await at.start();
    });
    afterAll(() => server.stop());

    conformance('the index in it', async () => {
      const address = `postgres://${server.user}:${encodeURIComponent(server.password)}@${server.host}:${String(server.port)}`;
      const name = `activity_${String(made++)}`;
      const client = new Client(`${address}/postgres`);
      await client.connect();
      await client.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
      await client.end();
      return openPostgresIndex(`${address}/${name}`);
    });
  });
}
