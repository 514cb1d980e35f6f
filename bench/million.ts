/** The result that is measured: one million rows of ten columns of the usual kinds, some of them personal. */
export const MILLION = 1_000_000;

export const MILLION_TABLE = `CREATE TABLE million AS
  SELECT g AS id, g % 1000 AS grp, 'user' || g || '@example.org' AS email, '+49 170 ' || (1000000 + g) AS phone, md5(g::text) AS hash,
         (g * 1.25)::numeric(12,2) AS amount, timestamptz '2024-01-01 UTC' + g * interval '1 second' AS at, g % 2 = 0 AS flag,
         'Long Street ' || g AS street, NULL::text AS nothing
    FROM generate_series(1, ${String(MILLION)}) g`;
