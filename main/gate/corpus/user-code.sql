-- Code that users and extensions made, over the database of attack-schema.sql: what user-code.json speaks of. Statements
-- end with a semicolon at the end of a line; sections begin with "-- @name". With the objects of `ambush`, = and + of
-- every statement could be theirs, so that section has databases of its own.

-- @code
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION "uuid-ossp";
CREATE EXTENSION pgcrypto;
CREATE TABLE labels (id int PRIMARY KEY, tag varchar(20) NOT NULL);
CREATE TABLE members (id int PRIMARY KEY, mail citext NOT NULL, traits hstore);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE moods (id int PRIMARY KEY, feeling mood NOT NULL);
CREATE TABLE notes (id int PRIMARY KEY, note text);
CREATE VIEW shut.notes AS SELECT id, ssn AS note FROM public.customers;

CREATE FUNCTION leak() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public
  AS $$declare found text; begin select ssn into found from customers where id = 1; raise notice 'seen %', found; return found; end$$;

-- Names of PostgreSQL's own, for types that it turns into others first.
CREATE FUNCTION upper(varchar) RETURNS text LANGUAGE plpgsql STABLE AS $$begin return public.leak(); end$$;

-- One name, a harmless and a bad function.
CREATE FUNCTION neat(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 0';
CREATE FUNCTION neat(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT public.leak()';

-- An operator of a harmless function, whose commutator is not.
CREATE FUNCTION before(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < $2';
CREATE FUNCTION behind(text, text) RETURNS bool LANGUAGE plpgsql STABLE AS $$begin perform public.leak(); return $1 > $2; end$$;
CREATE OPERATOR <<<! (LEFTARG = text, RIGHTARG = text, FUNCTION = before, COMMUTATOR = >>>!);
CREATE OPERATOR >>>! (LEFTARG = text, RIGHTARG = text, FUNCTION = behind, COMMUTATOR = <<<!);
CREATE FUNCTION near(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs(length($1) - length($2)) < 2';
CREATE OPERATOR ~=~ (LEFTARG = text, RIGHTARG = text, FUNCTION = near);

-- Casts, types and their checks.
CREATE FUNCTION mood_number(mood) RETURNS int LANGUAGE plpgsql STABLE AS $$begin perform public.leak(); return 1; end$$;
CREATE CAST (mood AS int) WITH FUNCTION mood_number(mood) AS IMPLICIT;
CREATE FUNCTION mood_json(mood) RETURNS json LANGUAGE plpgsql STABLE AS $$begin perform public.leak(); return '1'; end$$;
CREATE CAST (mood AS json) WITH FUNCTION mood_json(mood);
CREATE FUNCTION staff_text(staff) RETURNS text LANGUAGE plpgsql STABLE AS $$begin return public.leak(); end$$;
CREATE CAST (staff AS text) WITH FUNCTION staff_text(staff);
CREATE FUNCTION spies(text) RETURNS bool LANGUAGE plpgsql STABLE AS $$begin perform public.leak(); return true; end$$;
CREATE DOMAIN spied AS text CHECK (spies(VALUE));
CREATE DOMAIN asked AS text CHECK (query_to_xml(VALUE, true, false, '')::text ~ '>[0-4]');
CREATE FUNCTION is_small(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < 100';
CREATE DOMAIN small AS int CHECK (is_small(VALUE));
CREATE TYPE pair AS (low small, high spied);

-- Functions in SQL that reach the masked column.
CREATE FUNCTION ids_like(p text) RETURNS SETOF int LANGUAGE sql STABLE AS $$select id from customers where ssn like p || '%'$$;
CREATE FUNCTION ref_through_view(int) RETURNS text LANGUAGE sql STABLE AS 'select ref from v_ref where id = $1';
CREATE FUNCTION ref_nested(int) RETURNS text LANGUAGE sql STABLE AS 'select ref_through_view($1)';
CREATE FUNCTION ref_named(wanted int) RETURNS text LANGUAGE sql STABLE AS 'select ssn from customers where customers.id = ref_named.wanted';
CREATE FUNCTION staff_name(int) RETURNS text LANGUAGE sql STABLE SET search_path = shadow, public AS 'select name from staff where id = $1';
CREATE FUNCTION note_of(int) RETURNS text LANGUAGE sql STABLE AS 'select note from notes where id = $1';
CREATE FUNCTION note_of_owner(int) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = shut, public AS 'select note from notes where id = $1';
CREATE FUNCTION note_around(int) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = shut, public AS 'select public.note_of($1)';
CREATE FUNCTION greet(who text, mark text DEFAULT get_ssn(1)) RETURNS text LANGUAGE sql STABLE AS $$select who || ', ' || mark$$;
CREATE FUNCTION same_as(anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'select $1';
CREATE FUNCTION count_down(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'select case when i > 0 then count_down(i - 1) else 0 end';
CREATE FUNCTION two_steps() RETURNS int LANGUAGE sql STABLE AS 'select 1; select 2';
CREATE FUNCTION noting() RETURNS int LANGUAGE sql VOLATILE AS $$insert into guesses values ('x') returning 1$$;
CREATE FUNCTION row_of(c customers) RETURNS text LANGUAGE sql STABLE AS 'select c.ssn';
CREATE FUNCTION leak_step(text, text) RETURNS text LANGUAGE plpgsql STABLE AS $$begin perform public.leak(); return $1; end$$;
CREATE AGGREGATE leak_all (text) (SFUNC = leak_step, STYPE = text, INITCOND = '');
CREATE FUNCTION unlocked() RETURNS int LANGUAGE sql STABLE SET row_security = off AS 'select 1';
CREATE VIEW v_called AS SELECT id, get_ssn(id) AS ref FROM staff;
CREATE VIEW v_neat AS SELECT id, near(name, 'S1') AS is_near FROM staff;

-- An = that CASE was resolved to on another path, which no name in the printed view shows.
CREATE SCHEMA hidden;
GRANT USAGE ON SCHEMA hidden TO analyst;
CREATE FUNCTION hidden.same(text, text) RETURNS bool LANGUAGE plpgsql STABLE AS $$begin perform public.leak(); return true; end$$;
CREATE OPERATOR hidden.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hidden.same);
SET search_path = hidden, pg_catalog, public;
CREATE VIEW public.v_case AS SELECT id, CASE name WHEN 'S1' THEN 1 ELSE 0 END AS is_first FROM public.staff;
RESET search_path;
CREATE VIEW v_upper AS SELECT id, upper(name) AS loud FROM staff;

-- Ordinary ones.
CREATE FUNCTION order_total(int) RETURNS numeric LANGUAGE sql STABLE AS 'select sum(amount) from orders where customer_id = $1';
CREATE FUNCTION orders_of(customer int, smallest numeric DEFAULT 0) RETURNS SETOF orders LANGUAGE sql STABLE
  AS 'select * from orders where customer_id = customer and amount >= smallest';
CREATE FUNCTION summary_of(customer int) RETURNS TABLE (orders bigint, total numeric) LANGUAGE sql STABLE
  AS 'select count(*), sum(amount) from orders o where o.customer_id = customer';
CREATE FUNCTION customers_in(wanted text) RETURNS SETOF customers LANGUAGE sql STABLE AS 'select * from customers where city = wanted';
CREATE FUNCTION mails_in(wanted text) RETURNS TABLE (who text, mail text) LANGUAGE sql STABLE AS 'select name, email from customers where city = wanted';
CREATE FUNCTION initials(VARIADIC parts text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$select string_agg(left(p, 1), '') from unnest(parts) p$$;

-- Members of an extension, replaced by hand.
CREATE OR REPLACE FUNCTION word_similarity(text, text) RETURNS real LANGUAGE plpgsql AS $$begin perform public.leak(); return 1; end$$;
CREATE OR REPLACE FUNCTION strict_word_similarity(text, text) RETURNS real LANGUAGE c IMMUTABLE AS '$libdir/pg_trgm', 'similarity';

INSERT INTO labels VALUES (1, 'new'), (2, 'old');
INSERT INTO members VALUES (1, 'One@mail.example', 'a=>1'), (2, 'two@mail.example', 'b=>2');
INSERT INTO moods VALUES (1, 'good'), (2, 'bad');
INSERT INTO notes VALUES (1, 'a note');
GRANT USAGE ON SCHEMA shadow TO analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst;

-- @code_14
CREATE FUNCTION atomic_ssn(int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT ssn FROM customers WHERE id = $1; END;
CREATE FUNCTION atomic_sum(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE RETURN a + b;

-- @ambush
CREATE TABLE labels (id int PRIMARY KEY, tag varchar(20) NOT NULL);
INSERT INTO labels VALUES (1, 'new'), (2, 'old');
GRANT SELECT ON labels TO analyst;
CREATE FUNCTION get_ssn_loud() RETURNS text LANGUAGE plpgsql STABLE
  AS $$declare found text; begin select ssn into found from public.customers limit 1; raise notice 'seen %', found; return found; end$$;
CREATE FUNCTION leaky(varchar, varchar) RETURNS bool LANGUAGE plpgsql STABLE AS $$begin perform public.get_ssn_loud(); return $1::text = $2::text; end$$;
CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = leaky);
CREATE OPERATOR >= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = leaky);
CREATE FUNCTION leaky_int(int, int) RETURNS int LANGUAGE plpgsql STABLE AS $$begin perform public.get_ssn_loud(); return $1; end$$;
CREATE OPERATOR + (LEFTARG = int, RIGHTARG = int, FUNCTION = leaky_int);
