import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asSuperuser } from '../../../databases/embedded/index.ts';
import { databaseOf, startTwins, type Twin, type Twins } from './twins.ts';

/** Twins whose masked values lie in ranges that types do not share, and are NULL in different rows. */
const SCHEMA = [
  `CREATE TABLE ledger (
     id int PRIMARY KEY, kind text NOT NULL, balance bigint NOT NULL, amount numeric NOT NULL, rate float8 NOT NULL,
     limit_amount numeric(12, 2), opened date NOT NULL, seen timestamptz NOT NULL, comment varchar(60))`,
  `CREATE FUNCTION narrowed() RETURNS TABLE (a int, b smallint) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
     AS 'select id, balance from ledger'`,
  'CREATE VIEW shares AS SELECT id, kind, 1 / (balance - 5) AS share, age(opened) AS held FROM ledger',
  'CREATE VIEW shaken AS SELECT id, 1 / (balance - 5) + (random() * 0)::int AS share FROM ledger',
  "CREATE VIEW dated AS SELECT id, (SELECT clock_timestamp() + (1 / (balance - 5)) * interval '1 day') AS due FROM ledger",
  'CREATE VIEW ranked AS SELECT id, row_number() OVER (ORDER BY id) AS row, rank() OVER (ORDER BY 1 / (balance - 5)) AS place FROM ledger',
  "CREATE FUNCTION minus(text, bigint) RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT $2 - length($1)'",
  'CREATE OPERATOR ~- (LEFTARG = text, RIGHTARG = bigint, FUNCTION = minus)',
  "CREATE VIEW moved AS SELECT id, 1 / ('12345'::text ~- balance) AS share FROM ledger",
  'GRANT SELECT ON ledger, shares, shaken, dated, ranked, moved TO analyst',
];

const data = (twin: Twin): string => {
  const [balance, amount, opened, every] =
    twin === 'a' ? ['-100000 - i', '1e400', '5000000-01-01', 3] : ['i', '7', '2001-02-03', 4];
  return `INSERT INTO ledger
    SELECT i, 'k' || i % 3, ${balance}, ${amount}, i, CASE WHEN i % ${String(every)} > 0 THEN i END, '${opened}', '2020-01-01',
           CASE WHEN i % ${String(every)} > 0 THEN repeat('x', i * ${String(every)}) END
      FROM generate_series(1, 12) i`;
};

const MASKED = ['balance', 'amount', 'rate', 'limit_amount', 'opened', 'seen', 'comment'];

const POLICY = `version: 1
rules:
  - { id: everyone-reads, allow: read }
  - { id: masked, require: { mask: { finance: 'null' } } }
`;

const CLASSIFICATION = `version: 1
detect: off
classes:
  money: { group: finance, masker: redact, title: money }
columns:
  - classes:
${MASKED.map((column) => `      public.ledger.${column}: money\n`).join('')}`;

export async function startStrangerTwins(): Promise<Twins> {
  const twins = await startTwins(SCHEMA);
  try {
    for (const twin of ['a', 'b'] as const)
      await asSuperuser(twins.server, databaseOf(twin), async (query) => {
        await query(data(twin));
      });
    await writeFile(join(twins.home, 'policy.yaml'), POLICY, { mode: 0o600 });
    await writeFile(join(twins.home, 'classification.yaml'), CLASSIFICATION, { mode: 0o600 });
    await twins.installation.reload();
    return twins;
  } catch (error) {
    await twins.close();
    throw error;
  }
}
