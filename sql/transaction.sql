-- What becomes of writes in transactions: write_mode 'statement' and 'commit'
\i sql/servers.psql
CREATE FOREIGN TABLE a (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE b (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('a'), make_collection('b') \gset ignored
SELECT index_and_load('a', 'e', 'FLAT', 'L2'), index_and_load('b', 'e', 'FLAT', 'L2') \gset ignored
-- by default writes are sent with their statement; what a ROLLBACK leaves behind is said
BEGIN;
INSERT INTO a SELECT i, i, '[1,1]' FROM generate_series(1, 10) i;
SELECT count(*) FROM a;
DELETE FROM a WHERE id > 8;
INSERT INTO b VALUES (1, 1, '[1,1]');
ROLLBACK;
SELECT count(*) FROM a UNION ALL SELECT count(*) FROM b;
BEGIN;
INSERT INTO b VALUES (2, 2, '[1,1]');
SAVEPOINT x;
INSERT INTO b VALUES (3, 3, '[1,1]');
ROLLBACK TO x;
COMMIT;
SELECT id FROM b ORDER BY id;
-- an error in mid-statement: how far it had come
\i sql/try.psql
CREATE FOREIGN TABLE a_array (id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL) SERVER s OPTIONS (collection 'a', batch_size '10');
SELECT try($$INSERT INTO a_array SELECT i, i, CASE WHEN i < 135 THEN '{1,1}' ELSE '{1,1,1}' END::real[] FROM generate_series(101, 150) i$$);
SELECT count(*), max(id) FROM a WHERE id > 100;
-- where the error is not ours (what the warning says of the last request depends on its answer: test/tap)
SET client_min_messages = error;
SELECT try($$INSERT INTO a_array SELECT i, 100 / (175 - i), '{1,1}' FROM generate_series(151, 190) i$$);
SELECT try($$UPDATE a_array SET n = 1 / (145 - id) WHERE id > 120$$);
SELECT try($$DELETE FROM a_array WHERE 1 / (115 - id) < 2$$);
RESET client_min_messages;
TRUNCATE a, b;
BEGIN; TRUNCATE a; ROLLBACK;
-- write_mode 'commit': nothing is sent before
ALTER FOREIGN TABLE a OPTIONS (ADD write_mode 'commit');
ALTER SERVER l3 OPTIONS (ADD write_mode 'commit');
BEGIN;
INSERT INTO a SELECT i, i, '[1,1]' FROM generate_series(1, 10) i;
INSERT INTO b VALUES (1, 1, '[1,1]');
ROLLBACK;
SELECT count(*) FROM a UNION ALL SELECT count(*) FROM b;
BEGIN;
INSERT INTO a SELECT i, i, '[1,1]' FROM generate_series(1, 10) i;
INSERT INTO b VALUES (1, 1, '[1,1]');
SAVEPOINT x;
INSERT INTO a VALUES (11, 11, '[1,1]');
INSERT INTO b VALUES (2, 2, '[1,1]');
SAVEPOINT y;
INSERT INTO a VALUES (12, 12, '[1,1]');
RELEASE y;
ROLLBACK TO x;
INSERT INTO a VALUES (13, 13, '[1,1]');
-- what is kept back is not there to be read, or changed
SAVEPOINT z;
SELECT count(*) FROM a;
ROLLBACK TO z;
UPDATE a SET n = 1;
ROLLBACK TO z;
DELETE FROM a WHERE id = 1;
ROLLBACK TO z;
SELECT * FROM milvus.search(NULL::a, 'e', ARRAY['[1,1]'::vector], k => 2);
ROLLBACK TO z;
ANALYZE a;
ROLLBACK TO z;
TRUNCATE b;
INSERT INTO b VALUES (5, 5, '[1,1]');
COMMIT;
SELECT array_agg(id ORDER BY id) FROM a UNION ALL SELECT array_agg(id ORDER BY id) FROM b;
-- another table of the collection that writes at once would overtake it
CREATE FOREIGN TABLE a_now (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'a');
BEGIN;
INSERT INTO a VALUES (14, 14, '[1,1]');
INSERT INTO a_now VALUES (15, 15, '[1,1]');
ROLLBACK;
-- UPDATE and DELETE
BEGIN; UPDATE a SET n = n + 100 WHERE id < 3; COMMIT;
BEGIN; DELETE FROM a WHERE n < 6 RETURNING id; COMMIT;
BEGIN; DELETE FROM a; ROLLBACK;
SELECT id, n FROM a ORDER BY id;
BEGIN; TRUNCATE a; INSERT INTO a VALUES (1, 1, '[1,1]'); COMMIT;
SELECT id, n FROM a ORDER BY id;
-- bad values are found with their statement
BEGIN; INSERT INTO a VALUES (20, 20, '[1,1,1]'); COMMIT;
-- deferred triggers and cursors WITH HOLD come first
CREATE TABLE rows (id bigint);
CREATE FUNCTION forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (NEW.id, 0, '[1,1]'); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER forward AFTER INSERT ON rows DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forward();
BEGIN; INSERT INTO rows SELECT generate_series(30, 32); COMMIT;
SELECT array_agg(id ORDER BY id) FROM a;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM a ORDER BY id;
FETCH 1 FROM c;
DELETE FROM a_now WHERE id = 1;
COMMIT;
FETCH ALL FROM c;
CLOSE c;
-- no prepared transactions
BEGIN; INSERT INTO a VALUES (40, 40, '[1,1]'); PREPARE TRANSACTION 'x';
-- keys that the server makes are not known before the commit
CREATE FOREIGN TABLE made (id bigint OPTIONS (primary_key 'true', auto_id 'true') NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (write_mode 'commit');
SELECT make_collection('made') \gset ignored
SELECT index_and_load('made', 'e', 'FLAT', 'L2') \gset ignored
INSERT INTO made (n, e) VALUES (1, '[1,1]') RETURNING id;
INSERT INTO made (n, e) VALUES (1, '[1,1]') RETURNING n;
INSERT INTO made (n, e) VALUES (2, '[1,1]');
SELECT n FROM made ORDER BY n;
-- more than work_mem: spilled, with savepoints in between, and whole
SET work_mem = '64kB';
TRUNCATE a;
BEGIN;
INSERT INTO a SELECT i, i, '[1,1]' FROM generate_series(1, 20000) i;
SAVEPOINT x;
INSERT INTO a SELECT i, i, '[1,1]' FROM generate_series(20001, 40000) i;
ROLLBACK TO x;
INSERT INTO a SELECT i, i, '[1,1]' FROM generate_series(40001, 50000) i;
COMMIT;
RESET work_mem;
SELECT count(*), sum(id) FROM a;
-- a collection that has changed meanwhile gets nothing
BEGIN;
INSERT INTO a VALUES (60000, 1, '[1,1]');
INSERT INTO b VALUES (60000, 1, '[1,1]');
SELECT milvus.drop_collection('a') \gset ignored
\set VERBOSITY sqlstate
SET client_min_messages = error;	-- the warning that tells of the drop may come before or after
COMMIT;
RESET client_min_messages;
\set VERBOSITY default
SELECT count(*) FROM b;
SELECT milvus.drop_collection('b'), milvus.drop_collection('made') \gset ignored
DROP TABLE rows;
DROP FUNCTION forward, try;
SET client_min_messages = warning;
DROP SERVER s, l3, l2 CASCADE;
