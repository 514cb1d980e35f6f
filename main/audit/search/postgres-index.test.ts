import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTemporary, type TemporaryServer } from '../../databases/embedded/index.ts';
import { openPostgresIndex } from './postgres-index.ts';
import { conformance } from './testing/conformance.ts';
import { madeUpEntries } from './testing/made-up.ts';

let server: TemporaryServer;
beforeAll(async () => {
  server = await startTemporary();
});
afterAll(() => server.stop());

const address = (database: string, user: string = server.user, password: string = server.password): string =>
  `postgres://${user}:${encodeURIComponent(password)}@${server.host}:${String(server.port)}/${database}`;

let made = 0;
async function administer(...statements: readonly string[]): Promise<void> {
  const client = new Client(address('postgres'));
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
async function newDatabase(): Promise<string> {
  const name = `activity_${String(made++)}`;
  await administer(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  return name;
}

conformance('the index in PostgreSQL', async () => openPostgresIndex(address(await newDatabase())));

describe('the index of a team', () => {
  it('is set up once, whoever comes first, and shared by all who come', async () => {
    const url = address(await newDatabase());
    const stores = await Promise.all(Array.from({ length: 4 }, () => openPostgresIndex(url)));
    await Promise.all(stores.map((store, i) => store.add(`log-${String(i)}`, madeUpEntries(i, 150))));
    const [one] = stores;
    const logs = (await one?.logs())?.map(({ log, indexed }) => [log, indexed]).sort();
    expect(logs).toEqual([0, 1, 2, 3].map((i) => [`log-${String(i)}`, 150]));
    const pages = await Promise.all(stores.map((store) => store.events({}, { everything: true }, { limit: 400 })));
    for (const page of pages) expect(page).toEqual(pages[0]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('works with a role that may only read and write the rows of its tables', async () => {
    const database = await newDatabase();
    await (await openPostgresIndex(address(database))).close();
    const owner = new Client(address(database));
    await owner.connect();
    await owner.query("CREATE ROLE desk LOGIN PASSWORD 'desk'");
    await owner.query('GRANT USAGE ON SCHEMA countersign_activity TO desk');
    await owner.query('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA countersign_activity TO desk');
    await owner.end();
    const store = await openPostgresIndex(address(database, 'desk', 'desk'));
    await store.add('log', madeUpEntries(1, 100));
    await store.forget('log');
    await store.add('log', madeUpEntries(1, 100));
    expect((await store.events({}, { everything: true }, { limit: 10 })).events).toHaveLength(10);
    await store.close();
  });

  it('leaves alone what a newer version has made, and makes what an older one has made anew', async () => {
    const database = await newDatabase();
    const url = address(database);
    const store = await openPostgresIndex(url);
    await store.add('log', madeUpEntries(1, 50));
    await store.close();
    const client = new Client(url);
    await client.connect();
    await client.query('UPDATE countersign_activity.version SET version = 1000');
    await expect(openPostgresIndex(url)).rejects.toMatchObject({ code: 'index-newer' });
    await client.query('UPDATE countersign_activity.version SET version = 0');
    await client.end();
    const again = await openPostgresIndex(url);
    expect(await again.logs()).toEqual([]);
    await again.close();
  });

  it('goes on when its tables were made anew under it, and calls nothing by an old number', async () => {
    const url = address(await newDatabase());
    const [one, other] = [await openPostgresIndex(url), await openPostgresIndex(url)];
    await one.add('log', madeUpEntries(1, 200));
    await other.events({}, { everything: true }, { limit: 10 });
    const client = new Client(url);
    await client.connect();
    await client.query('DROP SCHEMA countersign_activity CASCADE');
    await client.end();
    await expect(one.events({}, { everything: true }, { limit: 10 })).rejects.toMatchObject({
      code: 'index-unreachable',
    });
    const anew = await openPostgresIndex(url);
    await anew.add(
      'log',
      madeUpEntries(2, 200)
        .toReversed()
        .map((entry, i) => ({ ...entry, index: i })),
    );
    const everything = { everything: true } as const;
    const expected = await anew.events({}, everything, { limit: 300 });
    for (const store of [one, other]) expect(await store.events({}, everything, { limit: 300 })).toEqual(expected);
    for (const store of [one, other, anew]) await store.close();
  });

  it('says that it cannot be reached without saying with what password', async () => {
    const error = await openPostgresIndex(address('nothing_there', 'nobody', 'canary-password')).catch(String);
    expect(error).toContain('cannot be used');
    expect(error).not.toContain('canary');
  });
});
