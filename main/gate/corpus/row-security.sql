-- Tables with row security, over the database of attack-schema.sql: what row-security.json speaks of. Statements end with a
-- semicolon at the end of a line; sections begin with "-- @name", those of a number are what servers know since that
-- version. The ssn of each is masked, and its values differ between the twins.

-- @schema
CREATE ROLE shop_owner;
CREATE ROLE heirs;
CREATE ROLE auditors;
CREATE ROLE viewer;
CREATE ROLE unbound BYPASSRLS;
GRANT heirs TO analyst;
GRANT CREATE ON SCHEMA public TO shop_owner, viewer, unbound, analyst, heirs;

CREATE TABLE g_plain (id int PRIMARY KEY, city text, ssn text, note text);
CREATE TABLE g_city (LIKE g_plain);
CREATE TABLE g_restrictive (LIKE g_plain);
CREATE TABLE g_commands (LIKE g_plain);
CREATE TABLE g_roles (LIKE g_plain);
CREATE TABLE g_off (LIKE g_plain);
CREATE TABLE g_shut (LIKE g_plain);
CREATE TABLE g_owned (LIKE g_plain);
CREATE TABLE g_forced (LIKE g_plain);
CREATE TABLE g_inherited (LIKE g_plain);
CREATE TABLE g_parts (LIKE g_plain) PARTITION BY RANGE (id);
CREATE TABLE g_parts_low PARTITION OF g_parts FOR VALUES FROM (MINVALUE) TO (100);
CREATE TABLE g_parts_high PARTITION OF g_parts FOR VALUES FROM (100) TO (MAXVALUE);
CREATE TABLE g_parent (LIKE g_plain);
CREATE TABLE g_child () INHERITS (g_parent);
CREATE TABLE g_members (id int, city text, ssn text);
CREATE TABLE g_by_members (LIKE g_plain);
CREATE TABLE g_by_cities (LIKE g_plain);
CREATE TABLE g_by_plain (LIKE g_plain);
CREATE TABLE g_by_view (LIKE g_plain);
CREATE TABLE g_by_function (LIKE g_plain);
CREATE TABLE g_by_definer (LIKE g_plain);
CREATE TABLE g_by_pure (LIKE g_plain);
CREATE TABLE g_by_opaque (LIKE g_plain);
CREATE TABLE g_by_setting (LIKE g_plain);
CREATE TABLE g_checked (LIKE g_plain);
CREATE TABLE g_reviewed (LIKE g_plain);

CREATE FUNCTION g_knows(p text) RETURNS bool LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM g_members m WHERE m.ssn = p)';
CREATE FUNCTION g_knows_all(p int) RETURNS bool LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
  AS $$SELECT ssn < '8' FROM people WHERE id = p$$;
CREATE FUNCTION g_near(p text) RETURNS bool LANGUAGE sql STABLE AS $$SELECT p IN ('Oslo', 'Lima')$$;
CREATE FUNCTION g_guess(p int) RETURNS bool LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public
  AS $$begin return (select ssn < '8' from people where id = p); end$$;
CREATE VIEW g_members_view AS SELECT id, ssn AS number FROM g_members;

CREATE POLICY p ON g_plain USING (ssn < '8');
CREATE POLICY p ON g_city USING (city = 'Oslo');
CREATE POLICY near ON g_restrictive USING (city = 'Oslo');
CREATE POLICY low ON g_restrictive AS RESTRICTIVE USING (ssn < '8');
CREATE POLICY seen ON g_commands FOR SELECT USING (true);
CREATE POLICY changed ON g_commands FOR UPDATE USING (ssn < '8') WITH CHECK (true);
CREATE POLICY gone ON g_commands FOR DELETE USING (city = 'Oslo');
CREATE POLICY ours ON g_roles USING (city = 'Oslo');
CREATE POLICY theirs ON g_roles TO auditors USING (ssn < '8');
CREATE POLICY p ON g_off USING (ssn < '8');
CREATE POLICY p ON g_owned USING (ssn < '8');
CREATE POLICY p ON g_forced USING (ssn < '8');
CREATE POLICY p ON g_inherited USING (ssn < '8');
CREATE POLICY p ON g_parts USING (city = 'Oslo');
CREATE POLICY p ON g_parts_low USING (ssn < '8');
CREATE POLICY p ON g_parent USING (ssn < '8');
CREATE POLICY p ON g_by_members USING (EXISTS (SELECT FROM g_members m WHERE m.ssn < g_by_members.ssn AND m.id = g_by_members.id + 1));
CREATE POLICY p ON g_by_cities USING (city IN (SELECT m.city FROM g_members m WHERE m.id = 1));
CREATE POLICY p ON g_by_plain USING (id IN (SELECT id FROM g_plain));
CREATE POLICY p ON g_by_view USING (id IN (SELECT v.id FROM g_members_view v WHERE v.number < '8'));
CREATE POLICY p ON g_by_function USING (g_knows(ssn || city));
CREATE POLICY p ON g_by_definer USING (g_knows_all(id));
CREATE POLICY p ON g_by_pure USING (g_near(city));
CREATE POLICY p ON g_by_opaque USING (g_guess(id));
CREATE POLICY p ON g_by_setting USING (city = current_setting('app.city', true) OR pg_has_role('auditors', 'member') OR city = 'Oslo');
CREATE POLICY seen ON g_checked FOR SELECT USING (true);
CREATE POLICY made ON g_checked FOR INSERT WITH CHECK (id IN (SELECT m.id FROM g_members m WHERE m.ssn < '8'));
CREATE POLICY p ON g_reviewed USING (ssn <> 'none');
ALTER TABLE g_plain ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_city ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_restrictive ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_shut ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_owned ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_forced ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_forced FORCE ROW LEVEL SECURITY;
ALTER TABLE g_inherited ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_parts_low ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_parent ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_cities ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_plain ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_view ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_function ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_definer ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_pure ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_opaque ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_by_setting ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_checked ENABLE ROW LEVEL SECURITY;
ALTER TABLE g_reviewed ENABLE ROW LEVEL SECURITY;

CREATE VIEW v_of_superuser AS SELECT id, city FROM g_plain;
CREATE VIEW v_of_unbound AS SELECT id, city FROM g_plain;
CREATE VIEW v_of_viewer AS SELECT id, city FROM g_plain;
CREATE VIEW v_of_analyst AS SELECT id, city FROM g_plain;
CREATE VIEW v_city AS SELECT id, note FROM g_city;
CREATE VIEW v_by_cities AS SELECT id, note FROM g_by_cities;
CREATE VIEW v_of_owner AS SELECT id, city FROM g_owned;
CREATE VIEW v_reviewed AS SELECT id, city FROM g_reviewed;
CREATE MATERIALIZED VIEW mv_plain AS SELECT id, city FROM g_plain;
CREATE FUNCTION g_plain_ids() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM g_plain';

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO analyst, viewer, unbound, shop_owner, heirs;
ALTER VIEW v_of_unbound OWNER TO unbound;
ALTER VIEW v_of_viewer OWNER TO viewer;
ALTER VIEW v_of_analyst OWNER TO analyst;
ALTER VIEW v_city OWNER TO viewer;
ALTER VIEW v_reviewed OWNER TO viewer;
ALTER MATERIALIZED VIEW mv_plain OWNER TO viewer;
ALTER VIEW v_by_cities OWNER TO viewer;
ALTER TABLE g_owned OWNER TO analyst;
ALTER TABLE g_forced OWNER TO analyst;
ALTER TABLE g_inherited OWNER TO heirs;
REVOKE CREATE ON SCHEMA public FROM analyst, heirs;

-- @schema_15
CREATE VIEW v_invoker WITH (security_invoker = on) AS SELECT id, city FROM g_plain;
CREATE VIEW v_over_invoker AS SELECT id FROM v_invoker;
CREATE VIEW v_invoker_city WITH (security_invoker) AS SELECT id, city FROM g_city;
GRANT SELECT ON v_invoker, v_over_invoker, v_invoker_city TO analyst;

-- @data
INSERT INTO g_members SELECT id, city, ssn FROM people;
INSERT INTO g_members SELECT id + 1000, city, ssn || city FROM people WHERE id % 2 = 0 AND ssn < '8';
REFRESH MATERIALIZED VIEW mv_plain;
