-- DELETE by filter and by keys, TRUNCATE
\i sql/servers.psql
SET client_min_messages = warning;
\i sql/try.psql
CREATE FOREIGN TABLE t_s (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 't');
CREATE FOREIGN TABLE t_l3 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER l3 OPTIONS (collection 't');
CREATE FOREIGN TABLE t_l2 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER l2 OPTIONS (collection 't');
SELECT make_collection(t) FROM unnest('{t_s,t_l3,t_l2}'::regclass[]) t;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{t_s,t_l3,t_l2}'::regclass[]) t;
-- one request where the filter says all; keys where it doesn't, where rows are wanted, where keys are named
EXPLAIN (COSTS OFF) DELETE FROM t_s;
EXPLAIN (COSTS OFF) DELETE FROM t_s WHERE n = 3 AND s LIKE 'a%';
EXPLAIN (COSTS OFF) DELETE FROM t_s WHERE n = 3 AND s LIKE '%a';
EXPLAIN (COSTS OFF) DELETE FROM t_s WHERE n = 3 RETURNING s;
EXPLAIN (COSTS OFF) DELETE FROM t_s WHERE id IN (1, 2);
SELECT explained('DELETE FROM t_s WHERE n = (SELECT max(n) FROM t_s)', 'COSTS OFF');
EXPLAIN (COSTS OFF) WITH x AS (DELETE FROM t_s WHERE n = 1) SELECT count(*) FROM t_s;
-- the same on each server, and on a local table: what commands say, and what is left
CREATE TABLE results (step integer, server text, said text, UNIQUE (step, server));
CREATE TABLE local (id bigint PRIMARY KEY, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL);
CREATE TABLE victims (id bigint);
INSERT INTO victims VALUES (21), (22), (22), (9999);
CREATE PROCEDURE run(target regclass) LANGUAGE plpgsql AS $$
DECLARE
	steps text[] := ARRAY[
		'INSERT INTO %1$s SELECT i, i %% 10, chr(97 + i %% 3) || i, ARRAY[i, 1]::real[]::vector FROM generate_series(1, 1000) i',
		'INSERT INTO %1$s VALUES (-9223372036854775808, 1, ''low'', ''[1,1]''), (9223372036854775806, 1, ''high'', ''[1,1]'')',
		'DELETE FROM %1$s WHERE n = 3 AND s LIKE ''a%%''',
		'DELETE FROM %1$s WHERE n = 4 AND s LIKE ''%%4''',
		'DELETE FROM %1$s WHERE id = 5', 'DELETE FROM %1$s WHERE id = 5', 'DELETE FROM %1$s WHERE id IN (6, 7, 8888)',
		'DELETE FROM %1$s WHERE id = -9223372036854775808', 'DELETE FROM %1$s WHERE id > 9223372036854775800',
		'DELETE FROM %1$s WHERE n = 77', 'DELETE FROM %1$s WHERE n = NULL', 'DELETE FROM %1$s WHERE false',
		'DELETE FROM %1$s t USING victims v WHERE v.id = t.id', 'DELETE FROM %1$s WHERE id IN (SELECT id + 10 FROM victims)',
		'DELETE FROM %1$s WHERE n = (SELECT max(n) FROM %1$s) AND id < 100',
		'DELETE FROM %1$s t WHERE EXISTS (SELECT 1 FROM %1$s o WHERE o.id = t.id + 1 AND o.n = 2)',
		'DELETE FROM %1$s WHERE random() < 2 AND id BETWEEN 200 AND 210',
		'DELETE FROM %1$s WHERE id IN (SELECT id FROM %1$s ORDER BY e <-> ''[500,1]'', id LIMIT 5)',
		'WITH x AS (DELETE FROM %1$s WHERE n = 0 RETURNING id) INSERT INTO victims SELECT -count(*) FROM x',
		'DELETE FROM %1$s WHERE n IN (1, 2) OR s > ''c5''',
		'INSERT INTO %1$s SELECT id + 5000, n, s, e FROM %1$s',
		'DELETE FROM %1$s'];
	moved bigint;
	rest text;
BEGIN
	FOR i IN 1 .. array_length(steps, 1) LOOP
		EXECUTE format(steps[i], target);
		GET DIAGNOSTICS moved = ROW_COUNT;
		EXECUTE format('SELECT count(*) || '' rows, '' || coalesce(sum(id), 0) || '' '' || coalesce(sum(n), 0) FROM %s', target) INTO rest;
		INSERT INTO results VALUES (i, target::text, moved || ' done, ' || rest);
	END LOOP;
END $$;
CALL run('local'); CALL run('t_s'); CALL run('t_l3'); CALL run('t_l2');
SELECT step, min(said) AS said, count(*) AS servers, array_agg(DISTINCT said) FILTER (WHERE said <> (SELECT l.said FROM results l WHERE l.step = r.step AND l.server = 'local')) AS otherwise
	FROM results r GROUP BY step ORDER BY step;
-- rows that are deleted are returned as they were
INSERT INTO t_s SELECT i, i, 's' || i, ARRAY[i, 1]::real[]::vector FROM generate_series(1, 30) i;
DELETE FROM t_s WHERE id < 3 RETURNING *, tableoid::regclass;
DELETE FROM t_s t USING victims v WHERE t.id = v.id RETURNING t.id, t.s, v.id;
PREPARE del(integer, integer) AS DELETE FROM t_s WHERE n BETWEEN $1 AND $2;
EXPLAIN (COSTS OFF) EXECUTE del(1, 2);
EXECUTE del(3, 3); EXECUTE del(4, 4); EXECUTE del(5, 5); EXECUTE del(6, 6); EXECUTE del(7, 7); EXECUTE del(8, NULL); EXECUTE del(9, 9);
SELECT count(*), min(id) FROM t_s;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE del(1, 2);
EXECUTE del(10, 12);
RESET plan_cache_mode;
SELECT count(*), min(id) FROM t_s;
-- what a plan of a deletion relies on is checked
PREPARE del_s(text) AS DELETE FROM t_s WHERE s = $1;
EXECUTE del_s('s13');
SELECT explained($$ DELETE FROM t_s WHERE s IN ('s14', 's15', 'none') $$);
SELECT explained('DELETE FROM t_s WHERE id IN (16, 17, -5)');
SELECT count(*), min(id) FROM t_s;
-- texts as keys, with all that a filter must escape
CREATE FOREIGN TABLE k_s (id varchar(40) NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE k_l3 (id varchar(40) NOT NULL, e vector(2) NOT NULL) SERVER l3;
CREATE FOREIGN TABLE k_l2 (id varchar(40) NOT NULL, e vector(2) NOT NULL) SERVER l2;
SELECT make_collection(t) FROM unnest('{k_s,k_l3,k_l2}'::regclass[]) t;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{k_s,k_l3,k_l2}'::regclass[]) t;
CREATE TABLE texts (id text);
INSERT INTO texts VALUES ('plain'), ('"'), (''''), ('\'), ('"]'), ('" or id != "'), ('%'), ('🐘'), (''), (' '), ('x y'), (E'tab\t');
INSERT INTO k_s SELECT id, '[1,1]' FROM texts; INSERT INTO k_l3 SELECT id, '[1,1]' FROM texts; INSERT INTO k_l2 SELECT id, '[1,1]' FROM texts;
INSERT INTO k_s VALUES (E'line\nbreak', '[1,1]'); INSERT INTO k_l3 VALUES (E'line\nbreak', '[1,1]');
DELETE FROM k_s USING texts WHERE k_s.id = texts.id AND texts.id <> 'plain';
DELETE FROM k_l3 USING texts WHERE k_l3.id = texts.id AND texts.id <> 'plain';
-- Lite 2 fails at a single quote in a key
SELECT try($$DELETE FROM k_l2 USING texts WHERE k_l2.id = texts.id AND texts.id <> 'plain'$$), try($$UPDATE k_l2 SET e = '[2,2]' WHERE id = ''''$$);
DELETE FROM k_l2 USING texts WHERE k_l2.id = texts.id AND texts.id NOT IN ('plain', '''');
SELECT 's', id FROM k_s UNION ALL SELECT 'l3', id FROM k_l3 UNION ALL SELECT 'l2', id FROM k_l2 ORDER BY 1, 2;
DELETE FROM k_s WHERE id = E'line\nbreak'; DELETE FROM k_l3 WHERE id = E'line\nbreak';
SELECT 's', count(*) FROM k_s UNION ALL SELECT 'l3', count(*) FROM k_l3;
-- a partition: Lite 3 would delete beyond it
SELECT milvus.call(server, 'CreatePartition', jsonb_build_object('collection_name', 't', 'partition_name', p))->>'code' FROM unnest('{s,l3}'::text[]) server, unnest('{p1,p2}'::text[]) p;
CREATE FOREIGN TABLE p1_s (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 't', partition 'p1');
CREATE FOREIGN TABLE p1_l3 (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER l3 OPTIONS (collection 't', partition 'p1');
SELECT milvus.release('t_s'), milvus.load('t_s'), milvus.load('t_l3') \gset ignored
TRUNCATE t_s, t_l3, t_l2;
SELECT count(*) FROM t_s UNION ALL SELECT count(*) FROM t_l3 UNION ALL SELECT count(*) FROM t_l2;
INSERT INTO p1_s SELECT i, 1, 'p1', '[1,1]' FROM generate_series(1, 10) i; INSERT INTO t_s SELECT i, 1, 'p0', '[1,1]' FROM generate_series(11, 20) i;
INSERT INTO p1_l3 SELECT i, 1, 'p1', '[1,1]' FROM generate_series(1, 10) i; INSERT INTO t_l3 SELECT i, 1, 'p0', '[1,1]' FROM generate_series(11, 20) i;
EXPLAIN (COSTS OFF) DELETE FROM p1_s WHERE n = 1 AND id < 3;
EXPLAIN (COSTS OFF) DELETE FROM p1_l3 WHERE n = 1 AND id < 3;
DELETE FROM p1_s WHERE n = 1 AND id < 3; DELETE FROM p1_l3 WHERE n = 1 AND id < 3;
DELETE FROM p1_s WHERE n = 1 AND id = 15; DELETE FROM p1_l3 WHERE n = 1 AND id = 15;
SELECT 's', s, count(*) FROM t_s GROUP BY s UNION ALL SELECT 'l3', s, count(*) FROM t_l3 GROUP BY s ORDER BY 1, 2;
TRUNCATE p1_s; TRUNCATE p1_l3;
SELECT 's', s, count(*) FROM t_s GROUP BY s UNION ALL SELECT 'l3', s, count(*) FROM t_l3 GROUP BY s ORDER BY 1, 2;
-- TRUNCATE: several at once, and what is refused
SELECT try('TRUNCATE t_s RESTART IDENTITY');
ALTER FOREIGN TABLE p1_s OPTIONS (ADD updatable 'false');
SELECT try('TRUNCATE t_s, p1_s');
ALTER FOREIGN TABLE p1_s OPTIONS (DROP updatable);
SELECT count(*) FROM t_s UNION ALL SELECT count(*) FROM t_l3;
TRUNCATE t_s, t_l3, local;
SELECT count(*) FROM t_s UNION ALL SELECT count(*) FROM t_l3;
-- keys that are there twice
ALTER FOREIGN TABLE t_s OPTIONS (ADD unique_keys 'false');
INSERT INTO t_s SELECT i % 5, i, 'twice', '[1,1]' FROM generate_series(1, 10) i;
EXPLAIN (COSTS OFF) DELETE FROM t_s WHERE s = 'twice';
DELETE FROM t_s WHERE s = 'twice';
SELECT count(*) FROM t_s;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{t_s,t_l3,t_l2,k_s,k_l3,k_l2}'::regclass[]) t;
DROP TABLE results, local, victims, texts;
DROP PROCEDURE run; DROP FUNCTION try;
DROP SERVER s, l3, l2 CASCADE;
