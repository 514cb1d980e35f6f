-- The database of pg-attacks.json and its neighbours. PostgreSQL 18, run as a superuser in an empty UTF8 database.
-- Sections are told apart by lines of the form "-- @name": `schema` holds no value, `data` depends on the salt alone; with
-- a number they are what servers know since that version.

-- @schema
CREATE EXTENSION dblink;
CREATE EXTENSION tablefunc;
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION pg_trgm;
CREATE TABLE customers (
  id int PRIMARY KEY, name text NOT NULL, email text NOT NULL, ssn text NOT NULL, salary numeric NOT NULL, city text,
  created date NOT NULL, prefs jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX customers_email ON customers (email);
CREATE UNIQUE INDEX customers_ssn ON customers (ssn);
CREATE INDEX customers_ssn_last4 ON customers (right(ssn, 4));
ALTER TABLE customers ADD CONSTRAINT ssn_form CHECK (ssn ~ '^\d{3}-\d{2}-\d{4}$');
CREATE TABLE orders (
  id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers (id), amount numeric NOT NULL, status text NOT NULL,
  placed timestamptz NOT NULL, note text
);
CREATE TABLE staff (id int PRIMARY KEY, boss int, name text);
CREATE TABLE guesses (v text);
CREATE VIEW v_ref AS SELECT id, ssn AS ref FROM customers;
CREATE VIEW v_ref2 AS SELECT id, upper(ref) AS code FROM v_ref;
CREATE VIEW v_safe AS SELECT id, name, city FROM customers;
CREATE VIEW v_filter AS SELECT id, city FROM customers WHERE ssn LIKE '1%';
CREATE MATERIALIZED VIEW mv_ref AS SELECT id, ssn AS ref FROM customers;
CREATE FUNCTION get_ssn(int) RETURNS text LANGUAGE sql STABLE AS 'select ssn from public.customers where id=$1';
CREATE FUNCTION get_ssn_sd(int) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
  AS 'select ssn from customers where id=$1';
CREATE FUNCTION touch_orders() RETURNS int LANGUAGE plpgsql VOLATILE
  AS $$begin update orders set note='touched' where id=1; return 1; end$$;
CREATE FUNCTION touch_sd() RETURNS int LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public
  AS $$begin perform touch_orders(); return 1; end$$;
CREATE FUNCTION shout(t text) RETURNS bool LANGUAGE plpgsql IMMUTABLE COST 0.0001
  AS $$begin raise notice 'seen %', t; return true; end$$;
CREATE FUNCTION ref_of(customers) RETURNS text LANGUAGE sql STABLE AS 'select $1.ssn';
CREATE FUNCTION eqop(customers, text) RETURNS bool LANGUAGE sql STABLE AS 'select $1.ssn like $2';
CREATE OPERATOR ~~~ (LEFTARG = customers, RIGHTARG = text, PROCEDURE = eqop);
CREATE FUNCTION run_it(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$begin return query execute q; end$$;
CREATE PROCEDURE fix_orders() LANGUAGE plpgsql AS $$begin update orders set note='p' where id=2; end$$;
CREATE AGGREGATE cat_all (text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE SCHEMA shadow;
CREATE FUNCTION shadow.lower(text) RETURNS text LANGUAGE sql STABLE
  AS 'select ssn from public.customers where id=length($1)';
CREATE VIEW shadow.staff AS SELECT id, 1 AS boss, ssn AS name FROM public.customers;
CREATE TABLE cust_part (id int, ssn text) PARTITION BY RANGE (id);
CREATE TABLE cust_part1 PARTITION OF cust_part FOR VALUES FROM (0) TO (1000);
CREATE TABLE cust_child () INHERITS (customers);
CREATE SEQUENCE seq1;
CREATE RULE r_staff AS ON UPDATE TO staff DO ALSO INSERT INTO guesses VALUES ('r');
-- Masked columns of more types, of lengths that the salt decides too.
CREATE TABLE people (
  id int PRIMARY KEY, city text NOT NULL, ssn text NOT NULL, born date NOT NULL, pay numeric NOT NULL, tags text[] NOT NULL,
  doc jsonb NOT NULL, span int4range NOT NULL, words tsvector NOT NULL, flag boolean NOT NULL,
  tail text GENERATED ALWAYS AS (right(ssn, 2)) STORED, boss int
);
CREATE INDEX people_words ON people USING gin (words);
CREATE VIEW v_people AS SELECT p AS person, p.id, p.city FROM people p;
CREATE VIEW v_people_tail AS SELECT id, city, tail AS note FROM people;
-- Which partition holds a row tells its masked key.
CREATE TABLE by_ssn (id int NOT NULL, ssn text NOT NULL, note text) PARTITION BY RANGE (ssn);
CREATE TABLE by_ssn_low PARTITION OF by_ssn FOR VALUES FROM (MINVALUE) TO ('5');
CREATE TABLE by_ssn_high PARTITION OF by_ssn FOR VALUES FROM ('5') TO (MAXVALUE);
CREATE TABLE by_city (id int NOT NULL, city text NOT NULL, ssn text NOT NULL) PARTITION BY LIST (city);
CREATE TABLE by_city_oslo PARTITION OF by_city FOR VALUES IN ('Oslo');
CREATE TABLE by_city_other PARTITION OF by_city DEFAULT;
-- First on the search path, and skipped there by the server: the analyst has no USAGE on it.
CREATE SCHEMA shut;
CREATE TABLE shut.customers (LIKE public.customers);
CREATE TABLE shut.orders (id int, customer_id int, amount text, status text, placed text, note text, ssn text);
GRANT USAGE ON SCHEMA shadow TO analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA public, shadow TO analyst;
GRANT INSERT, UPDATE, DELETE ON orders, guesses, staff TO analyst;
GRANT USAGE, SELECT, UPDATE ON SEQUENCE seq1 TO analyst;

-- @schema_14
CREATE STATISTICS customers_st (mcv) ON (left(ssn, 2)), city FROM customers;

-- @schema_18
CREATE EXTENSION btree_gist;
CREATE TABLE leases (
  id int NOT NULL, valid daterange NOT NULL, tenant text NOT NULL,
  initial text GENERATED ALWAYS AS (left(tenant, 1)) VIRTUAL, PRIMARY KEY (id, valid WITHOUT OVERLAPS)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON leases TO analyst;

-- @data
INSERT INTO customers
SELECT i, 'Name ' || i, 'u' || substr(md5(:'salt' || 'e' || i), 1, 8) || '@mail.example',
       substr(translate(md5(:'salt' || i), 'abcdef', '012345'), 1, 3) || '-' ||
       substr(translate(md5(:'salt' || i), 'abcdef', '012345'), 4, 2) || '-' ||
       substr(translate(md5(:'salt' || i), 'abcdef', '012345'), 6, 4),
       30000 + (i * 37) % 5000, (ARRAY['Oslo', 'Lima', 'Pune', 'Kyiv'])[1 + i % 4], date '2020-01-01' + i,
       jsonb_build_object('lang', (ARRAY['en', 'de', 'fr'])[1 + i % 3], 'tags', jsonb_build_array('a', 'b'))
  FROM generate_series(1, 400) i;
INSERT INTO orders
SELECT i, 1 + i % 400, (i * 13) % 997, (ARRAY['new', 'paid', 'sent'])[1 + i % 3],
       timestamptz '2024-01-01 00:00+00' + i * interval '7 hours', 'n' || i
  FROM generate_series(1, 2000) i;
INSERT INTO staff SELECT i, nullif(i / 2, 0), 'S' || i FROM generate_series(1, 31) i;
REFRESH MATERIALIZED VIEW mv_ref;
INSERT INTO cust_part SELECT id, ssn FROM customers;
INSERT INTO people (id, city, ssn, born, pay, tags, doc, span, words, flag, boss)
SELECT i, (ARRAY['Oslo', 'Lima', 'Pune', 'Kyiv'])[1 + i % 4], substr(hex, 1, 3 + (number >> 3 & 7)),
       date '1950-01-01' + (number & 16383), (number >> 8 & 65535)::numeric / 7, ARRAY[substr(hex, 9, 2), 'z'],
       jsonb_build_object('k', hex, 'n', i), int4range(number >> 4 & 255, 300), to_tsvector('simple', 'w' || substr(hex, 11, 4)),
       number & 1 = 0, nullif(i / 2, 0)
  FROM (SELECT i, md5(:'salt' || i) AS hex, ('x' || md5(:'salt' || 'n' || i))::bit(31)::int AS number
          FROM generate_series(1, 200) i) numbers;
INSERT INTO by_ssn SELECT id, ssn, 'n' || id FROM people;
INSERT INTO by_city SELECT id, city, ssn FROM people;
SELECT lo_from_bytea(777, (SELECT string_agg(ssn, ',') FROM customers WHERE id < 4)::bytea);
GRANT SELECT ON LARGE OBJECT 777 TO analyst;
VACUUM (ANALYZE);

-- @data_18
INSERT INTO leases SELECT i, daterange(date '2020-01-01', date '2020-01-01' + i), md5(:'salt' || 'l' || i) FROM generate_series(1, 50) i;
