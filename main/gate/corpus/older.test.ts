import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { startTwins, type Twins } from './testing/twins.ts';

/** What an older server finds under words that the newest grammar has meanings for: things of the database, of any content. */
const SETUP = [
  ...['json_value', 'json_query'].map(
    (
      name,
    ) => `CREATE FUNCTION "${name}"(jsonb, text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
      AS 'SELECT ssn FROM customers WHERE id = 1'`,
  ),
  `CREATE FUNCTION "json"(customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.ssn'`,
  `CREATE FUNCTION "json_object"(customers) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.ssn'`,
  'CREATE VIEW v_login AS SELECT id, ssn AS "system_user" FROM customers',
  'GRANT SELECT ON v_login TO analyst',
  "CREATE FUNCTION first_login() RETURNS text LANGUAGE sql STABLE AS 'SELECT min(system_user) FROM v_login'",
];

/** The server prints it without quotes around the word. */
const VIEW = [
  "CREATE VIEW v_json AS SELECT id, json_value(prefs, '$.lang') AS lang FROM customers",
  'GRANT SELECT ON v_json TO analyst',
  `CREATE FUNCTION or_else(text DEFAULT json_value('{}', '$')) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1'`,
];

interface ReadOtherwise {
  readonly sql: string;
  readonly since: number;
  /** Where it is code of users that is not read, its refusal is that of all such code. */
  readonly refused?: 'user-function';
}

const READ_OTHERWISE: readonly ReadOtherwise[] = [
  { sql: "SELECT json_value(prefs, '$.lang') FROM customers WHERE id = 1", since: 17 },
  { sql: "SELECT id FROM orders WHERE json_query(to_jsonb(orders), '$') > '5'", since: 17 },
  { sql: 'SELECT json(c) FROM customers c WHERE id = 1', since: 17 },
  { sql: 'SELECT json_object(c) FROM customers c WHERE id = 1', since: 16 },
  { sql: 'SELECT id, system_user FROM v_login WHERE id < 4', since: 16 },
  { sql: "SELECT id FROM v_login WHERE system_user LIKE '1%'", since: 16 },
  { sql: 'SELECT id FROM v_login ORDER BY system_user LIMIT 3', since: 16 },
  { sql: 'SELECT lang FROM v_json WHERE id = 1', since: 17 },
  { sql: 'SELECT first_login()', since: 16, refused: 'user-function' },
  { sql: 'SELECT or_else()', since: 17, refused: 'user-function' },
  { sql: 'SELECT 0x10, 1_000 FROM orders LIMIT 1', since: 16 },
];

for (const server of serversAtHand.filter(({ major }) => major < 17)) {
  describe.skipIf(server.missing)(`what ${server.name} would read otherwise than the newest grammar`, () => {
    let twins: Twins;
    beforeAll(async () => {
      twins = await startTwins([...SETUP, ...VIEW], server);
    }, 120_000);
    afterAll(() => twins.close());

    for (const { sql, since, refused = 'newer-grammar' } of READ_OTHERWISE.filter((row) => server.major < row.since)) {
      it(`is refused: ${sql} (of PostgreSQL ${String(since)})`, async () => {
        const [a, b] = [await twins.run('a', sql), await twins.run('b', sql)];
        expect(a.output).toEqual(b.output);
        expect(a.verdict === 'refuse' ? a.because : a.verdict).toContain(refused);
      });
    }

    it('is no obstacle to what only looks like it', async () => {
      for (const sql of [
        `SELECT '{"a": 1}'::json->'a', json '[1]', cast('1' AS json)`,
        `SELECT pg_catalog.json_object('{a,b}')`,
        `SELECT 10 AS x1, id AS json_array FROM orders o_1 WHERE id = 10 LIMIT 1`,
      ]) {
        expect(await twins.run('a', sql)).toMatchObject({ verdict: 'allow', failed: false });
      }
    });
  });
}
