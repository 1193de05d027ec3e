-- In what order the parts of a statement are written, and what its triggers and functions see of it
\i sql/servers.psql
\i sql/try.psql
CREATE FOREIGN TABLE rows (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE rows_l3 (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER l3 OPTIONS (collection 'rows');
SELECT make_collection('rows'), make_collection('rows_l3') \gset ignored
SELECT index_and_load('rows', 'e', 'FLAT', 'L2'), index_and_load('rows_l3', 'e', 'FLAT', 'L2') \gset ignored

-- what a part of the statement deletes, another may insert again
INSERT INTO rows SELECT i, i, '[1,1]' FROM generate_series(1, 6) i;
INSERT INTO rows_l3 SELECT i, i, '[1,1]' FROM generate_series(1, 6) i;
WITH gone AS (DELETE FROM rows WHERE id > 3 RETURNING *)
INSERT INTO rows SELECT id, n + 100, e FROM gone RETURNING id, n;
WITH gone AS (DELETE FROM rows_l3 WHERE id > 3 RETURNING *)
INSERT INTO rows_l3 SELECT id, n + 100, e FROM gone;
WITH gone AS (DELETE FROM rows WHERE id = 1 RETURNING *), changed AS (UPDATE rows SET n = n + 1000 WHERE id = 2 RETURNING *)
INSERT INTO rows SELECT id + 10, n, e FROM gone UNION ALL SELECT id + 10, n, e FROM changed;
-- the part that deletes is the statement, and the rows it is told of are inserted
WITH come AS (INSERT INTO rows VALUES (20, 20, '[1,1]') RETURNING id) DELETE FROM rows USING come WHERE rows.id = come.id - 17 RETURNING rows.id;
SELECT id, n FROM rows ORDER BY id;
SELECT id, n FROM rows_l3 ORDER BY id;

-- a trigger sees the rows that its statement has written before
CREATE FUNCTION count_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.n := (SELECT count(*) FROM rows); RETURN NEW; END $$;
TRUNCATE rows;
CREATE TRIGGER count_before BEFORE INSERT OR UPDATE ON rows FOR EACH ROW EXECUTE FUNCTION count_before();
INSERT INTO rows VALUES (1, 0, '[1,1]'), (2, 0, '[1,1]'), (3, 0, '[1,1]');
COPY rows FROM stdin;
4	0	[1,1]
5	0	[1,1]
\.
SELECT id, n FROM rows ORDER BY id;
-- ... and writes after them
CREATE OR REPLACE FUNCTION count_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE rows SET n = NEW.n WHERE id = NEW.id - 1; RETURN NEW; END $$;
DROP TRIGGER count_before ON rows;
CREATE TRIGGER count_before BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION count_before();
INSERT INTO rows VALUES (6, 60, '[1,1]'), (7, 70, '[1,1]'), (8, 80, '[1,1]');
SELECT id, n FROM rows ORDER BY id;
-- what could not be written for the trigger's sake fails the statement, though the trigger caught it
CREATE FUNCTION drop_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.id = 10 THEN
		PERFORM milvus.call('l3', 'DropPartition', '{"collection_name": "rows", "partition_name": "p"}');
		BEGIN PERFORM count(*) FROM rows_l3;
		EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'caught: %', SQLERRM;
		END;
	END IF;
	RETURN NEW;
END $$;
CREATE FOREIGN TABLE rows_p (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER l3 OPTIONS (collection 'rows', partition 'p');
SELECT milvus.call('l3', 'CreatePartition', '{"collection_name": "rows", "partition_name": "p"}') \gset ignored
CREATE TRIGGER drop_before BEFORE INSERT ON rows_p FOR EACH ROW EXECUTE FUNCTION drop_before();
SELECT try($$INSERT INTO rows_p VALUES (9, 0, '[1,1]'), (10, 0, '[1,1]'), (11, 0, '[1,1]')$$);
SELECT id FROM rows_l3 WHERE id > 6;
DROP TRIGGER count_before ON rows;
-- a subtransaction of the trigger does not take the statement's rows with it
CREATE OR REPLACE FUNCTION count_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	BEGIN PERFORM 1 / count(*) FROM rows WHERE id = 0;
	EXCEPTION WHEN division_by_zero THEN NULL;
	END;
	RETURN NEW;
END $$;
CREATE TRIGGER count_before BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION count_before();
INSERT INTO rows VALUES (12, 0, '[1,1]'), (13, 0, '[1,1]');
SELECT id FROM rows WHERE id > 8 ORDER BY id;
-- with write_mode 'commit' there is nothing to be seen yet
ALTER FOREIGN TABLE rows OPTIONS (ADD write_mode 'commit');
CREATE OR REPLACE FUNCTION count_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.n := (SELECT count(*) FROM rows); RETURN NEW; END $$;
SELECT try($$INSERT INTO rows VALUES (14, 0, '[1,1]')$$);
SELECT try($$INSERT INTO rows VALUES (15, 0, '[1,1]'), (16, 0, '[1,1]')$$);
SELECT id FROM rows WHERE id > 13 ORDER BY id;
DROP TRIGGER count_before ON rows;

-- a key that the server makes is there for the triggers that come after
CREATE FOREIGN TABLE made (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT make_collection('made') \gset ignored
SELECT index_and_load('made', 'e', 'FLAT', 'L2') \gset ignored
CREATE TABLE noted (id bigint, n integer, moment integer DEFAULT 1);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO noted VALUES (NEW.id, NEW.n); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT ON made FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO made (n, e) SELECT i, '[1,1]' FROM generate_series(1, 3) i;
COPY made (n, e) FROM stdin;
4	[1,1]
5	[1,1]
\.
SELECT count(*) FILTER (WHERE m.n = noted.n) AS same, count(*) FROM made m FULL JOIN noted USING (id);
WITH come AS (INSERT INTO made (n, e) VALUES (6, '[1,1]'), (7, '[1,1]') RETURNING *) INSERT INTO noted SELECT id, n, 2 FROM come;
SELECT n, count(*), min(id) > 0 AS known FROM noted GROUP BY n ORDER BY n;

-- writes that wait for the commit are noticed whoever reads, over whatever connection
CREATE ROLE milvus_test_other;
GRANT ALL ON rows TO milvus_test_other;
CREATE USER MAPPING FOR milvus_test_other SERVER s;
GRANT USAGE ON FOREIGN SERVER s TO milvus_test_other;
BEGIN;
INSERT INTO rows VALUES (20, 0, '[1,1]');
SAVEPOINT x;
SET LOCAL ROLE milvus_test_other;
SELECT count(*) FROM rows;
ROLLBACK TO x;
SELECT milvus.disconnect('s') IS NOT NULL AS disconnected;
SELECT count(*) FROM rows;
ROLLBACK;

-- rows that a view's owner may insert go by the owner's user mapping, into partitions as well
CREATE TABLE parent (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE rows_part PARTITION OF parent FOR VALUES FROM (1) TO (100) SERVER s OPTIONS (collection 'rows');
CREATE VIEW through AS SELECT * FROM parent;
GRANT INSERT ON through TO milvus_test_other;
DROP USER MAPPING FOR milvus_test_other SERVER s;
SET ROLE milvus_test_other;
INSERT INTO through VALUES (70, 0, '[1,1]');
RESET ROLE;
SELECT id FROM through WHERE id = 70;

-- the temporary file of writes that wait may not grow: the transaction ends in an error, however it ends
SET work_mem = '64kB';
SET temp_file_limit = '200kB';
ALTER FOREIGN TABLE rows OPTIONS (ADD batch_size '100');
SELECT replace(try($$INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(1000, 100000) i) x$$), '"', '');
BEGIN;
INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(200, 300) i) x;
SELECT replace(try($$INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(1000, 100000) i) x$$), '"', '');
INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(301, 400) i) x;
COMMIT;
SELECT count(*) FROM rows WHERE id BETWEEN 200 AND 400;
BEGIN;
\set VERBOSITY sqlstate
INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(1000, 100000) i) x;
\set VERBOSITY default
COMMIT;
BEGIN;
INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(1000, 6000) i) x;
ROLLBACK;
BEGIN;
SAVEPOINT x;
INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(1000, 6000) i) x;
ROLLBACK TO x;
COMMIT;
BEGIN;
INSERT INTO rows SELECT i, i, '[1,1]' FROM (SELECT generate_series(1000, 6000) i) x;
COMMIT;
RESET temp_file_limit;
RESET work_mem;
ALTER FOREIGN TABLE rows OPTIONS (SET write_mode 'statement');
SELECT count(*) FROM rows WHERE id >= 1000;

-- request_timeout is for waiting: an answer that has come is not late, however slow the query is that makes the rows
ALTER SERVER s OPTIONS (ADD request_timeout '4');
ALTER FOREIGN TABLE rows OPTIONS (SET batch_size '1');
INSERT INTO rows SELECT i, 0, '[1,1]' FROM (SELECT i, pg_sleep(CASE i WHEN 32 THEN 4.5 ELSE 0 END) FROM generate_series(31, 33) i) x;
SELECT count(*) FROM rows WHERE id BETWEEN 31 AND 33;

\set QUIET on
SET client_min_messages = error;
SELECT milvus.drop_collection('rows'), milvus.drop_collection('rows_l3'), milvus.drop_collection('made') \gset ignored
DROP OWNED BY milvus_test_other;
DROP ROLE milvus_test_other;
DROP VIEW through;
DROP TABLE noted, parent;
DROP SERVER s CASCADE;
DROP SERVER l3 CASCADE;
DROP SERVER l2 CASCADE;
DROP FUNCTION count_before, drop_before, note, try CASCADE;
