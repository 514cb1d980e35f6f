import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asSuperuser } from '../../../databases/embedded/index.ts';
import { databaseOf, startTwins, type Twin, type Twins } from './twins.ts';

/**
 * Twins for what permits give. Their masked values differ in everything but what permits show: who shares a value, which
 * values are missing, how many there are, and what they add up to in each city. Their order is turned round.
 */
const SCHEMA = [
  `CREATE TABLE panel (
     id int PRIMARY KEY, city text NOT NULL, ssn text NOT NULL, code text, pay numeric NOT NULL, bonus int, score float8 NOT NULL,
     born date NOT NULL, area box, tail text GENERATED ALWAYS AS (right(ssn, 2)) STORED)`,
  'CREATE INDEX ON panel (ssn)',
  'CREATE TABLE claims (id int PRIMARY KEY, ssn text NOT NULL, note text NOT NULL)',
  'CREATE INDEX ON claims (ssn)',
  'CREATE TABLE shelf (id int PRIMARY KEY, ssn text)',
  'CREATE TABLE letters (id int PRIMARY KEY, addressee text NOT NULL)',
  'CREATE TABLE panel_parts (id int NOT NULL, ssn text NOT NULL) PARTITION BY RANGE (id)',
  'CREATE TABLE panel_low PARTITION OF panel_parts FOR VALUES FROM (MINVALUE) TO (100)',
  'CREATE TABLE panel_high PARTITION OF panel_parts FOR VALUES FROM (100) TO (MAXVALUE)',
  "CREATE VIEW v_reviewed AS SELECT id, city FROM panel WHERE ssn LIKE '%-%'",
  "CREATE VIEW v_not_reviewed AS SELECT id, city FROM panel WHERE ssn LIKE '%-1%'",
  'CREATE VIEW v_panel AS SELECT id, city, ssn, code FROM panel',
  'CREATE VIEW v_known AS SELECT id, code IS NULL AS missing FROM panel',
  'CREATE VIEW v_over AS SELECT r.id, p.ssn FROM v_reviewed r LEFT JOIN panel p USING (id)',
  'CREATE MATERIALIZED VIEW mv_panel AS SELECT id, city, ssn FROM panel',
  'GRANT SELECT ON panel, claims, shelf, letters, panel_parts, panel_low, panel_high, v_reviewed, v_not_reviewed, v_panel, v_known, v_over, mv_panel TO analyst',
  'GRANT INSERT, UPDATE ON shelf TO analyst',
];

/**
 * Twenty values, each shared by twenty people; one code in five is missing; pay in a city is dealt out the other way round.
 * A third database has other masked values in every respect: what refused statements would tell shows there at the latest.
 */
function data(database: Twin | 'c'): readonly string[] {
  const other = database === 'c';
  // The last two digits are those that the class's own masker keeps; the order is made by what stands before them.
  const value = (number: string): string =>
    `'s-' || lpad((${database === 'b' ? `999 - (${number})` : number})::text, 3, '0') || '-' || lpad((${number})::text, 2, '0')`;
  const place = database === 'b' ? '99 - i / 4' : other ? 'i * i % 97' : 'i / 4';
  return [
    `INSERT INTO panel (id, city, ssn, code, pay, bonus, score, born, area)
     SELECT i, (ARRAY['Oslo', 'Lima', 'Pune', 'Kyiv'])[1 + i % 4],
            ${other ? "CASE WHEN i % 9 = 0 THEN 'none' ELSE 't-' || i * i % 23 END" : value('i % 20')},
            CASE WHEN ${other ? 'i % 3 > 0' : 'i % 5 > 0'} THEN ${value(other ? 'i % 11' : 'i % 7')} END,
            ${other ? '5' : '1000'} + (i % 4) * 100000 + (${place}) * 17, ${other ? 'nullif(i % 40, 0)' : `10 + (${place})`},
            ${place}, date '1950-01-01' + (${place}) * 30, box(point(0, 0), point(1, ${place}))
       FROM generate_series(0, 399) i`,
    `INSERT INTO claims SELECT i, ${other ? "'t-' || i % 11" : value('i % 40')}, 'c' || i FROM generate_series(0, 119) i`,
    `INSERT INTO shelf SELECT i, ${value('i')} FROM generate_series(0, 19) i`,
    `INSERT INTO letters SELECT i, ${value('i')} FROM generate_series(0, 19) i`,
    'INSERT INTO panel_parts SELECT id, ssn FROM panel',
    "INSERT INTO guesses VALUES ('s-001-01'), ('s-998-01')",
    'REFRESH MATERIALIZED VIEW mv_panel',
    'VACUUM ANALYZE',
  ];
}

const POLICY = `version: 1
rules:
  - { id: analysts-read, allow: read }
  - { id: shelf-is-theirs, allow: write, in: { table: shelf } }
  - { id: masked, require: { mask: { pii: partial, contacts: partial } } }
  - { id: known-or-not, permit: nullness, of: [ssn, code] }
  - { id: looked-up, permit: equality, of: pii, budget: { perDay: 5000 } }
  - { id: few, permit: equality, of: person, budget: { perDay: 2 } }
  - { id: shared, permit: join, of: ssn }
  - { id: counted, permit: group, of: [ssn, code], minimum: 10 }
  - { id: added-up, permit: aggregate, of: amount, minimum: 10 }
  - { id: how-many, permit: cardinality, of: ssn }
  - { id: reviewed, permit: view, of: ssn, views: public.v_reviewed }
`;

const CLASSIFICATION = `version: 1
detect: off
classes:
  ssn: { group: pii, masker: { keep-last: 2 }, title: social security number }
  code: { group: pii, masker: redact, title: code }
  amount: { group: pii, masker: redact, title: amount }
  person: { group: contacts, masker: redact, title: name }
columns:
  - classes:
      public.panel.ssn: ssn
      public.panel.code: code
      public.panel.pay: amount
      public.panel.bonus: amount
      public.panel.score: amount
      public.panel.born: amount
      public.panel.area: amount
      public.claims.ssn: ssn
      public.shelf.ssn: ssn
      public.letters.addressee: person
      public.panel_parts.ssn: ssn
      public.panel_low.ssn: ssn
      public.panel_high.ssn: ssn
      public.v_panel.ssn: ssn
      public.v_known.missing: amount
`;

/** The third database, which no connection of the profile leads to. */
export const OTHER = 'attack_other';

export async function startPermitTwins(): Promise<Twins> {
  const twins = await startTwins(SCHEMA);
  try {
    await asSuperuser(twins.server, 'postgres', async (query) => {
      await query(`CREATE DATABASE ${OTHER} TEMPLATE attack_empty`);
      // Where rows are joined and grouped by sorting them, their order is that of the values.
      for (const method of ['hashjoin', 'nestloop', 'hashagg'])
        await query(`ALTER ROLE analyst SET enable_${method} = off`);
    });
    for (const [database, which] of [
      [databaseOf('a'), 'a'],
      [databaseOf('b'), 'b'],
      [OTHER, 'c'],
    ] as const) {
      await asSuperuser(twins.server, database, async (query) => {
        for (const statement of data(which)) await query(statement);
      });
    }
    await writeFile(join(twins.home, 'policy.yaml'), POLICY, { mode: 0o600 });
    await writeFile(join(twins.home, 'classification.yaml'), CLASSIFICATION, { mode: 0o600 });
    await twins.installation.reload();
    return twins;
  } catch (error) {
    await twins.close();
    throw error;
  }
}
