import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CANARY,
  loudError,
  type CanaryShop,
  DATABASE,
  PAY,
  startCanaryShop,
  type Told,
  YEAR,
} from './testing/canary-shop.ts';

/** One description per channel of docs/masking.md. Values of masked columns are looked for in all that comes out of it. */

let shop: CanaryShop;
beforeAll(async () => {
  shop = await startCanaryShop();
}, 120_000);
afterAll(() => shop.close());

const clean = ({ everything }: Told): void => {
  expect(everything).not.toMatch(CANARY);
  expect(everything).not.toContain(YEAR);
  expect(everything).not.toContain(PAY);
};

/** The statement may run or be refused; no value of a masked column comes out. */
function showsNothing(statements: readonly string[]): void {
  it.each(statements)('shows no value for: %s', async (text) => {
    clean(await shop.run(text));
  });
}

function refuses(statements: readonly string[]): void {
  it.each(statements)('refuses: %s', async (text) => {
    const told = await shop.run(text);
    expect(told.verdict ?? 'failed').not.toBe('allow');
    clean(told);
  });
}

describe('rows', () => {
  it.each([
    'SELECT * FROM people',
    'SELECT ssn AS name, born, pay, mail, tags, doc FROM people',
    'SELECT p.ssn FROM (SELECT * FROM people) p',
    'WITH p AS (SELECT ssn FROM people) SELECT * FROM p',
    'SELECT ref, mail FROM v_people',
    'SELECT ssn FROM people UNION ALL SELECT ref FROM v_people',
    'SELECT l.* FROM orders o, LATERAL (SELECT ssn FROM people LIMIT 3) l',
    'TABLE people',
  ])('are shown masked for: %s', async (text) => {
    const told = await shop.run(text);
    expect(told.error).toBeUndefined();
    expect(told.columns.some((column) => column.mask !== undefined)).toBe(true);
    expect(told.rows.length).toBeGreaterThan(0);
    clean(told);
  });

  it('have tokens that are equal for equal values of one login, and for nobody else', async () => {
    const told = await shop.run('SELECT ssn FROM people WHERE id = 1 UNION ALL SELECT person_ssn FROM orders');
    expect(told.rows[0]).toEqual(told.rows[1]);
    const digest = createHash('sha256').update('canary-ssn-1').digest('hex');
    expect(told.everything).not.toContain(digest.slice(0, 16));
  });

  showsNothing([
    'SELECT people FROM people',
    'SELECT row_to_json(p) FROM people p',
    'SELECT ssn || mail FROM people',
    'SELECT reverse(ssn), upper(mail), left(ssn, 3), encode(ssn::bytea, $$hex$$) FROM people',
    'SELECT string_agg(ssn, $$,$$) FROM people',
    'SELECT unnest(tags), doc ->> $$k$$ FROM people',
    'SELECT extract(year FROM born), pay * 1 FROM people',
    'SELECT max(ssn), min(born) FROM people',
    'SELECT coalesce(ssn, $$-$$) FROM people',
  ]);
});

describe('COPY', () => {
  refuses([
    'COPY people TO STDOUT',
    'COPY people (ssn) TO STDOUT (FORMAT binary)',
    'COPY (SELECT ssn FROM people) TO STDOUT',
    "COPY people TO '/tmp/people'",
    "COPY people TO PROGRAM 'cat'",
    'COPY orders FROM STDIN',
  ]);
});

describe('errors', () => {
  showsNothing([
    'SELECT ssn::int FROM people',
    'SELECT 1 / (length(ssn) - 12) FROM people',
    'SELECT doc::text::int FROM people',
    "SELECT ('{' || ssn)::json FROM people",
    'UPDATE people SET amount = 99 WHERE id = 1',
    'UPDATE people SET amount = 98 WHERE id = 1',
    'UPDATE people SET amount = -1 WHERE id = 2',
    'UPDATE people SET name = NULL WHERE id = 2',
    "UPDATE people SET ssn = 'x' WHERE id IN (2, 3)",
    "INSERT INTO orders VALUES (2, 'nobody', 'x')",
    'DELETE FROM people WHERE id = 1',
    'INSERT INTO people SELECT * FROM people',
    'SELECT * FROM people WHERE nmae = 1',
  ]);

  it('say what kind of thing went wrong, under a code, without the server’s words', async () => {
    const { error = '', verdict } = await shop.run("INSERT INTO orders VALUES (2, 'nobody', 'x')");
    expect(verdict).toBe('allow');
    expect(error).toContain('server-23503');
    expect(error).toContain('A constraint does not allow this.');
    expect(error).not.toContain('person_ssn');
  });
});

describe('notices', () => {
  showsNothing(['UPDATE people SET amount = 5 WHERE id = 3', 'UPDATE people SET amount = 6']);
});

describe('notifications', () => {
  refuses(['LISTEN canaries', 'UNLISTEN *', "NOTIFY canaries, 'x'", "SELECT pg_notify('c', ssn) FROM people"]);

  it('that another session sends reach nobody', async () => {
    const { host, port, user, password } = shop.server;
    const client = new Client({ host, port, user, password, database: DATABASE, ssl: false });
    await client.connect();
    await client.query("SELECT pg_notify('canaries', ssn) FROM people");
    const told = await shop.run('SELECT id FROM people');
    await client.end();
    expect(told.notices).toEqual([]);
    clean(told);
  });
});

describe('ParameterStatus', () => {
  refuses([
    "SELECT set_config('application_name', ssn, false) FROM people",
    "SET application_name = 'x'",
    "SET TimeZone = 'UTC'",
    'RESET ALL',
  ]);
});

describe('RETURNING', () => {
  showsNothing([
    'UPDATE people SET note = $$x$$ WHERE id = 4 RETURNING ssn, born, pay, mail',
    'UPDATE people SET note = $$x$$ WHERE id = 4 RETURNING *',
    'UPDATE people SET note = $$x$$ WHERE id = 4 RETURNING old.ssn, new.mail',
    'UPDATE people SET note = $$x$$ WHERE id = 4 RETURNING people',
    'UPDATE orders SET comment = $$x$$ FROM people WHERE people.id = 4 RETURNING people.ssn',
    "INSERT INTO people (id, name, ssn, born, pay, mail, tags, doc) VALUES (50, 'n', 'own', '2000-01-01', 1, 'm', '{}', '{}') RETURNING ssn, old.ssn",
    'DELETE FROM people WHERE id = 5 RETURNING ssn || mail',
    'MERGE INTO people p USING orders o ON p.id = o.id WHEN MATCHED THEN UPDATE SET note = $$x$$ RETURNING p.ssn, merge_action()',
  ]);
});

describe('cursors', () => {
  refuses([
    'DECLARE c CURSOR FOR SELECT ssn FROM people',
    'DECLARE c BINARY CURSOR WITH HOLD FOR SELECT ssn FROM people',
    'FETCH ALL FROM c',
    'MOVE ALL IN c',
    'CLOSE ALL',
    'PREPARE p AS SELECT ssn FROM people',
    'EXECUTE p',
  ]);
});

describe('EXPLAIN', () => {
  showsNothing([
    'EXPLAIN SELECT ssn FROM people',
    'EXPLAIN (VERBOSE, COSTS) SELECT ssn, mail FROM people',
    'EXPLAIN (ANALYZE) SELECT ssn FROM people',
    'EXPLAIN VERBOSE SELECT * FROM v_one',
    'EXPLAIN (VERBOSE, FORMAT json) SELECT id FROM v_one',
    'EXPLAIN SELECT id FROM people WHERE id = 1',
    'EXPLAIN VERBOSE SELECT id FROM people WHERE ssn = (SELECT person_ssn FROM orders LIMIT 1)',
    "EXPLAIN SELECT id FROM people WHERE ssn < 'd'",
    'EXPLAIN VERBOSE UPDATE people SET note = ssn',
  ]);
});

describe('command tags', () => {
  it('say how many rows, and no value', async () => {
    const told = await shop.run('SELECT ssn FROM people');
    expect(told.tag).toMatch(/^SELECT \d+$/);
  });
});

describe('statistics and activity', () => {
  refuses([
    'SELECT * FROM pg_stats',
    'SELECT most_common_vals FROM pg_catalog.pg_stats',
    'SELECT * FROM pg_statistic',
    'SELECT * FROM pg_stats_ext',
    'SELECT * FROM pg_stats_ext_exprs',
    'SELECT * FROM pg_statistic_ext_data',
    'SELECT pg_mcv_list_items(stxdmcv) FROM pg_statistic_ext_data',
    'SELECT query FROM pg_stat_activity',
    'SELECT pg_stat_get_activity(NULL)',
    'SELECT * FROM pg_stat_statements',
    'SELECT * FROM pg_prepared_statements',
    'SELECT * FROM pg_cursors',
    'SELECT * FROM pg_largeobject',
    'SELECT lo_get(424242)',
    'SELECT loread(lo_open(424242, 262144), 100)',
  ]);

  it('show definitions as their authors wrote them, constants included: docs/masking.md says so', async () => {
    const told = await shop.run("SELECT pg_get_viewdef('v_one'::regclass)");
    expect(told.rows[0]?.[0]).toContain("ssn = 'canary-ssn-1'");
  });
});

describe('history and the record', () => {
  it('hold no value of a masked column in clear, in any file of the profile', async () => {
    await shop.run('SELECT * FROM people');
    await shop.run('SELECT ssn::int FROM people');
    await shop.run('UPDATE people SET amount = 99 WHERE id = 1');
    await shop.run('SELECT id FROM people WHERE note = $1', ['canary-parameter']);
    await shop.run("SELECT id FROM people WHERE note = 'canary-literal'");
    expect(shop.files()).toEqual([]);
  });
});

describe('crash output', () => {
  it('of an error that nobody caught shows none of the server’s words', () => {
    const error = loudError();
    expect(inspect(error, { depth: 10 })).not.toContain('spilled');
    expect(`${String(error)}${error.stack ?? ''}${JSON.stringify(error)}`).not.toContain('spilled');
  });
});
