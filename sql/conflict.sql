-- INSERT ... ON CONFLICT DO NOTHING: as a local table has it
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
CREATE TABLE conflict_local (id bigint PRIMARY KEY, n integer NOT NULL, e vector(2) NOT NULL);
CREATE TABLE conflict_named (id varchar(20) PRIMARY KEY, n integer NOT NULL, e vector(2) NOT NULL);
SELECT foreign_like('conflict_' || s, 'conflict_local', s), foreign_like('named_' || s, 'conflict_named', s) FROM unnest('{s,l3,l2}'::text[]) s;
SELECT count(make_collection(t)), count(index_and_load(t, 'e', 'FLAT', 'L2')) FROM unnest('{conflict_s,conflict_l3,conflict_l2,named_s,named_l3,named_l2}'::regclass[]) t;
-- the same statement on the local table and the others: the same number of rows, and the same rows after it
CREATE FUNCTION insert_all(local regclass, pattern text, source text) RETURNS TABLE (rel text, inserted bigint, same boolean) LANGUAGE plpgsql AS $$
DECLARE
	t regclass;
BEGIN
	FOR t IN SELECT local UNION ALL SELECT c.oid FROM (SELECT oid, relname FROM pg_class WHERE relname ~ pattern AND relkind = 'f' ORDER BY 2) c LOOP
		EXECUTE format('INSERT INTO %s %s ON CONFLICT DO NOTHING', t, source);
		GET DIAGNOSTICS inserted = ROW_COUNT;
		EXECUTE format('SELECT NOT EXISTS (SELECT * FROM (TABLE %s EXCEPT ALL TABLE %s) x) AND (SELECT count(*) FROM %1$s) = (SELECT count(*) FROM %2$s)', local, t) INTO same;
		rel := t;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM insert_all('conflict_local', '^conflict_(s|l3|l2)$', $$SELECT i % 700, i, '[1,2]' FROM generate_series(1, 2500) i$$);
SELECT * FROM insert_all('conflict_local', '^conflict_(s|l3|l2)$', $$SELECT i, -i, '[1,3]' FROM generate_series(-300, 2100, 3) i$$);
SELECT * FROM insert_all('conflict_local', '^conflict_(s|l3|l2)$', $$VALUES (1, 1, '[1,1]'), (-9223372036854775807, 2, '[1,1]'), (9223372036854775806, 3, '[1,1]'), (-9223372036854775807, 4, '[1,1]')$$);
SELECT * FROM insert_all('conflict_named', '^named_(s|l3|l2)$', $$SELECT 'k"' || i % 50 || 'é', i, '[1,2]' FROM generate_series(1, 120) i$$);
SELECT * FROM insert_all('conflict_named', '^named_(s|l3|l2)$', $$SELECT 'k"' || i % 60 || 'é', i, '[1,2]' FROM generate_series(1, 120) i$$);
-- it reads the table that it writes to
SELECT * FROM insert_all('conflict_local', '^conflict_s$', $$SELECT id + 1, n, e FROM conflict_s WHERE id < 100$$);
-- row by row where somebody looks: RETURNING, triggers
INSERT INTO conflict_s VALUES (5000, 1, '[1,1]'), (1, 1, '[1,1]'), (5001, 2, '[1,1]'), (5000, 3, '[1,1]') ON CONFLICT DO NOTHING RETURNING id, n;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'inserted %', NEW.id; RETURN NEW; END $$;
CREATE TRIGGER tell AFTER INSERT ON conflict_l3 FOR EACH ROW EXECUTE FUNCTION tell();
INSERT INTO conflict_l3 VALUES (1, 1, '[1,1]'), (6000, 1, '[1,1]'), (6000, 2, '[1,1]') ON CONFLICT DO NOTHING;
DROP TRIGGER tell ON conflict_l3;
WITH x AS (INSERT INTO conflict_l3 VALUES (6000, 1, '[1,1]'), (6001, 1, '[1,1]') ON CONFLICT DO NOTHING RETURNING id) SELECT array_agg(id) FROM x;
-- with insert_mode 'upsert' too, rows that are there stay
ALTER FOREIGN TABLE conflict_s OPTIONS (ADD insert_mode 'upsert');
INSERT INTO conflict_s VALUES (5000, 99, '[1,1]'), (5002, 99, '[1,1]') ON CONFLICT DO NOTHING;
SELECT id, n FROM conflict_s WHERE id IN (5000, 5002) ORDER BY id;
EXPLAIN (COSTS OFF) INSERT INTO conflict_s VALUES (1, 1, '[1,1]') ON CONFLICT DO NOTHING;
-- rows of a partitioned table
CREATE TABLE conflict_parts (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) PARTITION BY RANGE (id);
ALTER TABLE conflict_parts ATTACH PARTITION conflict_l2 FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
INSERT INTO conflict_parts VALUES (7000, 1, '[1,1]'), (1, 1, '[1,1]'), (7000, 2, '[1,1]') ON CONFLICT DO NOTHING;
SELECT id, n FROM conflict_parts WHERE id = 7000;
-- another part of the statement that writes there: refused, since what is there is not known; nothing is lost
SELECT try($$WITH d AS (DELETE FROM conflict_l3 WHERE id <= 3 RETURNING *) INSERT INTO conflict_l3 SELECT id, -1, e FROM d ON CONFLICT DO NOTHING$$);
SELECT try($$WITH a AS (INSERT INTO conflict_l3 VALUES (9000, 1, '[1,1]') ON CONFLICT DO NOTHING RETURNING id), b AS (INSERT INTO conflict_l3 VALUES (9000, 2, '[1,1]') ON CONFLICT DO NOTHING RETURNING id) SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)$$);
SELECT array_agg(id ORDER BY id) FROM conflict_l3 WHERE id IN (1, 2, 3, 9000);
-- more rows of the keys that are looked up than one answer has: each key twenty times
SELECT make_collection('conflict_s'), index_and_load('conflict_s', 'e', 'FLAT', 'L2');
ALTER FOREIGN TABLE conflict_s OPTIONS (SET insert_mode 'insert', ADD unique_keys 'false');
INSERT INTO conflict_s SELECT 1 + i % 900, i, '[1,1]' FROM generate_series(1, 18000) i;
SELECT explained($$INSERT INTO conflict_s SELECT i, i, '[1,1]' FROM generate_series(1, 1000) i ON CONFLICT DO NOTHING$$, 'ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF');
SELECT count(*), count(DISTINCT id) FROM conflict_s;
-- an error of a later row
SELECT try($$INSERT INTO conflict_l3 VALUES (8000, 1, '[1,1]'), (8001, NULL, '[1,1]') ON CONFLICT DO NOTHING$$);
-- refused
SELECT try($$INSERT INTO conflict_s VALUES (1, 1, '[1,1]') ON CONFLICT (id) DO NOTHING$$), try($$INSERT INTO conflict_s VALUES (1, 1, '[1,1]') ON CONFLICT (id) DO UPDATE SET n = 1$$);
ALTER FOREIGN TABLE conflict_s OPTIONS (ADD write_mode 'commit');
SELECT try($$INSERT INTO conflict_s VALUES (1, 1, '[1,1]') ON CONFLICT DO NOTHING$$);
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{conflict_s,conflict_l3,conflict_l2,named_s,named_l3,named_l2}'::regclass[]) t;
DROP FUNCTION insert_all, try;
DROP TABLE conflict_local, conflict_named, conflict_parts;
DROP SERVER s, l3, l2 CASCADE;
