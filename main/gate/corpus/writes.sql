-- The database of writes.json: what writes run by themselves. Run by the role `writer`, which owns it all. Statements end
-- with a semicolon at the end of a line. Every `ssn` is masked for some, and `holder` and what is in `vault`; :'salt' is
-- what such values begin with.

-- @schema
CREATE SCHEMA vault;
CREATE TABLE vault.secrets (id int PRIMARY KEY, code text);
CREATE TABLE log (note text);
CREATE TABLE sources (id int PRIMARY KEY, ssn text NOT NULL);
CREATE TABLE plain (id int PRIMARY KEY, city text, note text, updated timestamptz);
CREATE FUNCTION leak() RETURNS text LANGUAGE plpgsql VOLATILE AS $$begin return (select ssn from public.sources where id = 1); end$$;
CREATE FUNCTION leak_fixed(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$begin return (select ssn from public.sources where id = $1); end$$;
CREATE FUNCTION spy(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$begin raise notice '%', (select ssn from public.sources where id = 1); return true; end$$;
CREATE FUNCTION first_ssn() RETURNS text LANGUAGE sql STABLE AS 'select ssn from public.sources where id = 1';
CREATE FUNCTION is_listed(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$begin return $1; end$$;
CREATE FUNCTION next_code() RETURNS text LANGUAGE plpgsql VOLATILE AS $$begin return 'code'; end$$;

-- Triggers that carry a masked value of their row, or of another table, to where it is not masked.
CREATE FUNCTION copy_note() RETURNS trigger LANGUAGE plpgsql AS $$begin new.note := new.ssn; return new; end$$;
CREATE FUNCTION note_of_source() RETURNS trigger LANGUAGE plpgsql AS $$begin new.note := (select ssn from public.sources where id = 1); return new; end$$;
CREATE FUNCTION log_all() RETURNS trigger LANGUAGE plpgsql AS $$begin insert into public.log select ssn from seen; return null; end$$;
CREATE FUNCTION log_old() RETURNS trigger LANGUAGE plpgsql AS $$begin insert into public.log values (old.ssn); return old; end$$;
CREATE FUNCTION log_source() RETURNS trigger LANGUAGE plpgsql AS $$begin insert into public.log select ssn from public.sources where id = 1; return null; end$$;
CREATE TABLE copied (id int PRIMARY KEY, ssn text NOT NULL, city text, note text);
CREATE TRIGGER copies BEFORE INSERT OR UPDATE ON copied FOR EACH ROW EXECUTE FUNCTION copy_note();
CREATE VIEW v_copied AS SELECT id, city, note FROM copied;
CREATE TABLE from_afar (id int PRIMARY KEY, city text, note text);
CREATE TRIGGER copies BEFORE UPDATE ON from_afar FOR EACH ROW EXECUTE FUNCTION note_of_source();
CREATE TABLE logged (id int PRIMARY KEY, ssn text NOT NULL, city text);
CREATE TRIGGER logs AFTER UPDATE ON logged REFERENCING NEW TABLE AS seen FOR EACH STATEMENT EXECUTE FUNCTION log_all();
CREATE TRIGGER logs_deleted BEFORE DELETE ON logged FOR EACH ROW EXECUTE FUNCTION log_old();
CREATE TABLE emptied (id int PRIMARY KEY);
CREATE TRIGGER logs AFTER TRUNCATE ON emptied FOR EACH STATEMENT EXECUTE FUNCTION log_source();
CREATE TABLE parted (id int NOT NULL, ssn text NOT NULL, city text, note text) PARTITION BY RANGE (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (100);
CREATE TABLE parted_high PARTITION OF parted FOR VALUES FROM (100) TO (MAXVALUE);
CREATE TRIGGER copies BEFORE UPDATE ON parted_low FOR EACH ROW EXECUTE FUNCTION copy_note();
CREATE TABLE parted_whole (id int NOT NULL, ssn text NOT NULL, city text, note text) PARTITION BY RANGE (id);
CREATE TABLE parted_whole_low PARTITION OF parted_whole FOR VALUES FROM (MINVALUE) TO (100);
CREATE TRIGGER copies BEFORE UPDATE ON parted_whole FOR EACH ROW EXECUTE FUNCTION copy_note();
CREATE TABLE moving (id int NOT NULL, ssn text NOT NULL, city text) PARTITION BY LIST (city);
CREATE TABLE moving_here PARTITION OF moving FOR VALUES IN ('here');
CREATE TABLE moving_there PARTITION OF moving FOR VALUES IN ('there');
CREATE TRIGGER logs BEFORE DELETE ON moving_here FOR EACH ROW EXECUTE FUNCTION log_old();
CREATE TABLE parent (id int PRIMARY KEY, ssn text NOT NULL, city text, note text);
CREATE TABLE child () INHERITS (parent);
CREATE TRIGGER copies BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION copy_note();
CREATE TABLE owners (id int PRIMARY KEY, city text);
CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES owners ON DELETE SET NULL ON UPDATE CASCADE, ssn text NOT NULL, note text);
CREATE TRIGGER copies BEFORE UPDATE ON pets FOR EACH ROW EXECUTE FUNCTION copy_note();
CREATE TABLE toys (id int PRIMARY KEY, pet int REFERENCES pets ON DELETE CASCADE);
CREATE TABLE homes (id int PRIMARY KEY, owner int REFERENCES owners ON DELETE CASCADE, ssn text NOT NULL);
CREATE TRIGGER logs BEFORE DELETE ON homes FOR EACH ROW EXECUTE FUNCTION log_old();
CREATE VIEW desk AS SELECT id, city FROM sources JOIN plain USING (id);
CREATE FUNCTION at_desk() RETURNS trigger LANGUAGE plpgsql AS $$begin insert into public.log select ssn from public.sources where id = old.id; return new; end$$;
CREATE TRIGGER serves INSTEAD OF UPDATE ON desk FOR EACH ROW EXECUTE FUNCTION at_desk();
CREATE TABLE searched (id int PRIMARY KEY, ssn text NOT NULL, words tsvector);
CREATE TRIGGER words BEFORE INSERT OR UPDATE ON searched FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(words, 'pg_catalog.simple', ssn);
CREATE TABLE unchanged (id int PRIMARY KEY, ssn text NOT NULL);
CREATE TRIGGER skips BEFORE UPDATE ON unchanged FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TABLE conditional (id int PRIMARY KEY, city text);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$begin return new; end$$;
CREATE TRIGGER asks BEFORE UPDATE ON conditional FOR EACH ROW WHEN (spy(new.city)) EXECUTE FUNCTION nothing();

-- Definitions that call functions.
CREATE TABLE defaulted (id int PRIMARY KEY, note text DEFAULT leak());
CREATE TABLE defaulted_sql (id int PRIMARY KEY, note text DEFAULT first_ssn());
CREATE TABLE generated (id int PRIMARY KEY, note text GENERATED ALWAYS AS (leak_fixed(id)) STORED);
CREATE TABLE checked (id int PRIMARY KEY, note text CHECK (spy(note)));
CREATE TABLE indexed (id int PRIMARY KEY, note text);
CREATE INDEX ON indexed ((spy(note)));
CREATE DOMAIN spied AS text CHECK (spy(VALUE));
CREATE TABLE with_domain (id int PRIMARY KEY, note spied);
CREATE TABLE guarded (id int PRIMARY KEY, note text, ssn text NOT NULL);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON guarded USING (true) WITH CHECK (note <> ssn);
CREATE TABLE guarded_by_code (id int PRIMARY KEY, note text);
ALTER TABLE guarded_by_code ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON guarded_by_code USING (true) WITH CHECK (spy(note));

-- What the success of a write tells.
CREATE TABLE uniques (id int PRIMARY KEY, ssn text UNIQUE, city text, number int DEFAULT 0);
CREATE TABLE pairs (id int PRIMARY KEY, tenant int, ssn text, UNIQUE (tenant, ssn));
CREATE TABLE lowered (id int PRIMARY KEY, ssn text);
CREATE UNIQUE INDEX ON lowered (lower(ssn));
CREATE TABLE lacking (id int PRIMARY KEY, ssn text, city text);
CREATE UNIQUE INDEX ON lacking (city) WHERE ssn IS NULL;
CREATE TABLE excluded (id int PRIMARY KEY, ssn text, EXCLUDE USING btree (ssn WITH =));
CREATE TABLE mixed (id int PRIMARY KEY, login text, ssn text, CHECK (login <> ssn));
CREATE TABLE computed (id int PRIMARY KEY, divisor int, ssn text, rest int GENERATED ALWAYS AS (length(ssn) / divisor) STORED);
CREATE TABLE refers (id int PRIMARY KEY, guess text REFERENCES uniques (ssn));
CREATE TABLE places (id int PRIMARY KEY, city text);
CREATE TABLE stays (id int PRIMARY KEY, holder int REFERENCES places);
CREATE TABLE visits (id int PRIMARY KEY, holder int REFERENCES places ON DELETE CASCADE);
CREATE TABLE rooms (id int PRIMARY KEY, city text);
CREATE TABLE nights (id int PRIMARY KEY, holder int REFERENCES rooms ON DELETE CASCADE, note text);

-- Ordinary ones.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$begin new.updated := now(); return new; end$$;
CREATE TABLE touched (id int PRIMARY KEY, ssn text NOT NULL, city text, updated timestamptz);
CREATE TRIGGER touches BEFORE UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$begin new.updated := now(); return new; end$$;
CREATE TABLE stamped (id int PRIMARY KEY, city text, updated timestamptz);
CREATE TRIGGER stamps BEFORE UPDATE ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE stamped_masked (id int PRIMARY KEY, ssn text NOT NULL, updated timestamptz);
CREATE TRIGGER stamps BEFORE UPDATE ON stamped_masked FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE numbered (id serial PRIMARY KEY, other int GENERATED ALWAYS AS IDENTITY, made timestamptz DEFAULT now(), ssn text, city text, upped text GENERATED ALWAYS AS (upper(city)) STORED, CHECK (city <> ''));
CREATE TABLE coded (id int PRIMARY KEY, code text DEFAULT next_code(), city text);
CREATE TABLE folders (id int PRIMARY KEY, city text);
CREATE TABLE files (id int PRIMARY KEY, folder int REFERENCES folders ON DELETE CASCADE ON UPDATE CASCADE, ssn text);
CREATE TABLE resting (id int PRIMARY KEY, ssn text NOT NULL, city text, note text);
CREATE TRIGGER copies BEFORE UPDATE ON resting FOR EACH ROW EXECUTE FUNCTION copy_note();
ALTER TABLE resting DISABLE TRIGGER copies;
CREATE TABLE inserted_only (id int PRIMARY KEY, ssn text NOT NULL, city text, note text);
CREATE TRIGGER copies BEFORE INSERT ON inserted_only FOR EACH ROW EXECUTE FUNCTION copy_note();

-- @data
INSERT INTO vault.secrets SELECT i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO sources SELECT i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO plain SELECT i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO copied SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO from_afar SELECT i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO logged SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO parted SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO parted_whole SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO moving SELECT i, :'salt' || i, 'here' FROM generate_series(1, 3) i;
INSERT INTO child SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO owners SELECT i, 'Oslo' FROM generate_series(1, 6) i;
INSERT INTO pets SELECT i, i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO homes SELECT i, i + 3, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO searched SELECT i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO unchanged SELECT i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO conditional SELECT i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO guarded SELECT i, 'n', :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO guarded_by_code SELECT i, 'n' FROM generate_series(1, 3) i;
INSERT INTO uniques SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO pairs SELECT i, i, :'salt' || least(i, 2) FROM generate_series(1, 3) i;
INSERT INTO pairs SELECT 9, 8, ssn FROM pairs WHERE id = 1 AND ssn LIKE 'a%';
INSERT INTO pairs SELECT 9, 8, 'other' WHERE NOT EXISTS (SELECT FROM pairs WHERE id = 9);
INSERT INTO lowered SELECT i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO lacking SELECT 1, CASE WHEN :'salt' NOT LIKE 'a%' THEN 'x' END, 'Oslo';
INSERT INTO excluded SELECT i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO mixed SELECT i, 'Oslo', :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO computed (id, divisor, ssn) SELECT i, 1, :'salt' || repeat('x', i) FROM generate_series(1, 3) i;
INSERT INTO places SELECT i, 'Oslo' FROM generate_series(1, 6) i;
INSERT INTO stays SELECT 1, CASE WHEN :'salt' LIKE 'a%' THEN 1 ELSE 2 END;
INSERT INTO visits SELECT 1, CASE WHEN :'salt' LIKE 'a%' THEN 3 ELSE 4 END;
INSERT INTO rooms SELECT i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO touched SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO stamped SELECT i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO stamped_masked SELECT i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO numbered (ssn, city) SELECT :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO coded SELECT i, 'x', 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO folders SELECT i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO files SELECT i, i, :'salt' || i FROM generate_series(1, 3) i;
INSERT INTO resting SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
INSERT INTO inserted_only SELECT i, :'salt' || i, 'Oslo' FROM generate_series(1, 3) i;
UPDATE copied SET note = NULL;
UPDATE inserted_only SET note = NULL;
