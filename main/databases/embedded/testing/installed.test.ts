import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { serversAtHand } from './installed.ts';

describe('a server of each version that tests are run on', () => {
  for (const { major, name, missing, start } of serversAtHand) {
    it.skipIf(missing)(`${name} starts and answers as that version, in UTF8, whoever runs the tests`, async () => {
      const server = await start();
      try {
        const { host, port, user, password } = server;
        const client = new Client({ host, port, user, password, database: 'postgres', ssl: false });
        await client.connect();
        const { rows } = await client.query<{ version: number; encoding: string }>(
          `select current_setting('server_version_num')::int / 10000 as version, current_setting('server_encoding') as encoding`,
        );
        await client.end();
        expect(rows).toEqual([{ version: major, encoding: 'UTF8' }]);
      } finally {
        await server.stop();
      }
    });
  }
});
