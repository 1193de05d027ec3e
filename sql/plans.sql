-- what is asked of the server instead of being fetched, and which plan is chosen
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE plans_local (id bigint PRIMARY KEY, n integer NOT NULL, s varchar(20) NOT NULL, e vector(8) NOT NULL);
INSERT INTO plans_local SELECT i, i % 10, 's' || i % 7,
	ARRAY(SELECT ((i * 7919 + k * 104729) % 997 % (2 + i % 50)) / 8.0 + 0.125 FROM generate_series(1, 8) k)::real[]::vector
	FROM generate_series(1, 3000) i;
SELECT foreign_like('plans_' || s, 'plans_local', s) FROM unnest('{s,l3,l2}'::text[]) s;
SELECT make_collection('plans_' || s) FROM unnest('{s,l3,l2}'::text[]) s;
INSERT INTO plans_s SELECT * FROM plans_local;
INSERT INTO plans_l3 SELECT * FROM plans_local;
INSERT INTO plans_l2 SELECT * FROM plans_local;
SELECT index_and_load('plans_' || s, 'e', 'FLAT', 'L2') FROM unnest('{s,l3,l2}'::text[]) s;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l FROM explained(query, 'ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF') l
	WHERE l !~ 'Milvus Bytes|Buffers|Memory|Heap|Hits:|Batches:' $$;

-- count(*)
SELECT (SELECT count(*) FROM plans_s), (SELECT count(*) FROM plans_l3), (SELECT count(*) FROM plans_l2);
SELECT count(*), count(id), count(*) * 2 AS twice FROM plans_s WHERE n = 3 AND s <> 's1';
-- 19 itself takes count(id) for count(*)
SELECT replace(plan_of('SELECT count(*), count(id), count(*) * 2 FROM plans_s WHERE n = 3'), '(count(id))', '(count(*))') AS plan_of;
SELECT count(1), count(NULL) FROM plans_s;
EXPLAIN (COSTS OFF) SELECT count(1) FROM plans_s;
SELECT count(*) FROM plans_s WHERE n = 3 AND n = 4;
SELECT count(*) FROM plans_s WHERE n IS NULL;
SELECT (SELECT count(*) FROM plans_l3 WHERE id < l.id) FROM plans_local l WHERE id < 4 ORDER BY id;
SELECT count(*) FROM plans_s HAVING count(*) > 5000;
-- a LIMIT is evaluated once
CREATE SEQUENCE plans_limit;
SELECT id FROM plans_s LIMIT nextval('plans_limit');
SELECT currval('plans_limit');
DROP SEQUENCE plans_limit;
-- a range is a condition, not a parameter
SET milvus_fdw.search_params = '{"radius": 1}';
SELECT id FROM plans_s ORDER BY e <-> '[1,1,1,1,1,1,1,1]' LIMIT 1;
RESET milvus_fdw.search_params;
-- not by the server: a condition that is checked here, DISTINCT, FILTER, keys that are not unique, a value that may not be writable
EXPLAIN (COSTS OFF) SELECT count(*) FROM plans_s WHERE length(s) = 2;
DO $$BEGIN PERFORM set_config(name, 'off', false) FROM pg_settings WHERE name = 'enable_presorted_aggregate'; END$$;
EXPLAIN (COSTS OFF) SELECT count(DISTINCT n) FROM plans_s;
EXPLAIN (COSTS OFF) SELECT count(*) FILTER (WHERE n = 1) FROM plans_s;
EXPLAIN (COSTS OFF) SELECT n, count(*) FROM plans_s GROUP BY n;
ALTER FOREIGN TABLE plans_s OPTIONS (ADD unique_keys 'false');
EXPLAIN (COSTS OFF) SELECT count(*) FROM plans_s;
ALTER FOREIGN TABLE plans_s OPTIONS (DROP unique_keys);
SET plan_cache_mode = force_generic_plan;
PREPARE count_s(text) AS SELECT count(*) FROM plans_s WHERE s = $1;
PREPARE count_n(int) AS SELECT count(*) FROM plans_s WHERE n = $1;
EXPLAIN (COSTS OFF) EXECUTE count_s('s1');
EXPLAIN (COSTS OFF) EXECUTE count_n(1);
EXECUTE count_s('s1');
EXECUTE count_n(1);
EXECUTE count_n(NULL);
RESET plan_cache_mode;

-- right after a delete, an insert, and an upsert of what is there
SELECT milvus.call('s', 'Delete', '{"collection_name": "plans_s", "expr": "id in [1, 2, 3]"}')->'delete_cnt' AS deleted;
SET milvus_fdw.consistency_level = strong;
SELECT count(*) FROM plans_s;
RESET milvus_fdw.consistency_level;
INSERT INTO plans_s SELECT * FROM plans_local WHERE id <= 3;
SELECT count(*) FROM plans_s;
ALTER FOREIGN TABLE plans_s OPTIONS (ADD insert_mode 'upsert');
INSERT INTO plans_s SELECT * FROM plans_local WHERE id <= 5;
ALTER FOREIGN TABLE plans_s OPTIONS (DROP insert_mode);
SELECT count(*) FROM plans_s;

-- the order of the primary key
SELECT plan_of('SELECT id FROM plans_s ORDER BY id LIMIT 3 OFFSET 1');
SELECT plan_of('SELECT min(id) FROM plans_l3');
SELECT array_agg(id) FROM (SELECT id FROM plans_l2 WHERE n = 7 ORDER BY id LIMIT 3 OFFSET 2) x;
EXPLAIN (COSTS OFF) SELECT id FROM plans_s ORDER BY id DESC LIMIT 3;

-- lookups by key for few rows, one scan for many
ANALYZE plans_local;
SELECT plan_of('SELECT l.id, f.n FROM plans_local l JOIN plans_s f USING (id) WHERE l.id IN (5, 7)');
SELECT plan_of('SELECT l.id, f.n FROM plans_local l LEFT JOIN plans_l3 f ON f.id = l.id AND f.n < 6 WHERE l.id IN (5, 7)');
EXPLAIN (COSTS OFF) SELECT count(f.s) FROM plans_local l JOIN plans_s f USING (id);
SELECT plan_of('SELECT f.n FROM plans_s f WHERE id IN (SELECT id FROM plans_local WHERE id < 3)');
SELECT count(*) FROM plans_local l JOIN plans_s f USING (id) WHERE l.n = f.n;
SELECT count(*) FROM plans_local l JOIN plans_l2 f ON f.id = l.id + 1 WHERE l.id < 5;
PREPARE by_key(bigint) AS SELECT n FROM plans_s WHERE id = $1;
SELECT plan_of('EXECUTE by_key(8)');
PREPARE by_keys(bigint[]) AS SELECT id, n FROM plans_s WHERE id = ANY($1) ORDER BY id;
EXECUTE by_keys('{8,9,NULL,8,-1}');

-- read once where the same is asked again
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT plan_of('SELECT count(*) FROM generate_series(1, 4) g JOIN plans_s f ON f.n + 0 > g + 5');
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;

-- distances as conditions
SELECT plan_of($$ SELECT id FROM plans_s WHERE e <-> '[1,1,1,1,1,1,1,1]' < 1 $$);
SELECT plan_of($$ SELECT id, e <-> '[1,1,1,1,1,1,1,1]' AS d FROM plans_s WHERE e <-> '[1,1,1,1,1,1,1,1]' <= 0.5 ORDER BY d LIMIT 40 $$);
CREATE FUNCTION check_range(condition text) RETURNS TABLE (t text, rows bigint, problem bigint) LANGUAGE plpgsql AS $$ BEGIN
	FOREACH t IN ARRAY '{s,l3,l2}'::text[] LOOP
		EXECUTE format('SELECT count(*) FROM plans_local WHERE %s', condition) INTO rows;
		EXECUTE format('SELECT count(*) FROM (SELECT id FROM plans_local WHERE %1$s) x FULL JOIN (SELECT id FROM plans_%2$s WHERE %1$s) y USING (id) WHERE x IS NULL OR y IS NULL', condition, t) INTO problem;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT c, r.* FROM unnest(ARRAY[$$e <-> '[1,1,1,1,1,1,1,1]' < 2$$, $$e <-> '[1,1,1,1,1,1,1,1]' <= 0$$, $$e <-> '[1,1,1,1,1,1,1,1]' < 0$$,
	$$e <-> '[1,1,1,1,1,1,1,1]' < 100 AND n = 3$$, $$e <-> '[1,1,1,1,1,1,1,1]' BETWEEN 1 AND 1.5$$, $$2 >= e <-> '[1,1,1,1,1,1,1,1]' AND length(s) = 2$$,
	$$e <-> '[1,1,1,1,1,1,1,1]' > 7$$, $$e <-> NULL < 2$$, $$e <-> '[1,1,1,1,1,1,1,1]' < NULL$$, $$e <-> '[1,1,1,1,1,1,1,1]' < 'NaN'$$, $$e <-> '[1,1,1,1,1,1,1,1]' < 'Infinity'$$, $$e <-> '[1,1,1,1,1,1,1,1]' < '1e300'$$,
	$$e <#> '[1,1,1,1,1,1,1,1]' < -20$$, $$e <=> '[1,1,1,1,1,1,1,1]' < 0.01$$]) c, check_range(c) r;

-- where its order is of no use, a search is not the way to read a table
-- (from 16 on, a reason is told)
SELECT plan FROM explained($$ SELECT l.n, f.id FROM plans_local l LEFT JOIN plans_s f USING (id) ORDER BY f.e <-> '[1,1,1,1,1,1,1,1]' LIMIT 5 $$, 'COSTS OFF') plan WHERE plan !~ 'Search Not Sent';

-- partitions: each is searched for k, and what comes is merged; those that can't hold a row are not asked
CREATE FOREIGN TABLE plans_whole (id bigint NOT NULL, n int NOT NULL, e vector(8) NOT NULL) SERVER s;
SELECT make_collection('plans_whole');
SELECT milvus.call('s', 'CreatePartition', jsonb_build_object('collection_name', 'plans_whole', 'partition_name', 'p' || i))->>'error_code' FROM generate_series(1, 2) i;
CREATE FOREIGN TABLE plans_other (id bigint NOT NULL, n int NOT NULL, e vector(8) NOT NULL) SERVER l3;
SELECT make_collection('plans_other');
CREATE TABLE plans_parts (id bigint NOT NULL, n int NOT NULL, e vector(8) NOT NULL) PARTITION BY LIST (n);
CREATE FOREIGN TABLE plans_part_1 PARTITION OF plans_parts FOR VALUES IN (1) SERVER s OPTIONS (collection 'plans_whole', partition 'p1');
CREATE FOREIGN TABLE plans_part_2 PARTITION OF plans_parts FOR VALUES IN (2) SERVER s OPTIONS (collection 'plans_whole', partition 'p2');
CREATE FOREIGN TABLE plans_part_3 PARTITION OF plans_parts FOR VALUES IN (3) SERVER l3 OPTIONS (collection 'plans_other');
INSERT INTO plans_parts SELECT id, n, e FROM plans_local WHERE n IN (1, 2, 3);
SELECT index_and_load('plans_whole', 'e', 'FLAT', 'L2'), index_and_load('plans_other', 'e', 'FLAT', 'L2');
SELECT plan_of($$ SELECT id FROM plans_parts ORDER BY e <-> '[1,1,1,1,1,1,1,1]' LIMIT 4 OFFSET 1 $$);
SELECT plan_of($$ SELECT id FROM plans_parts WHERE n = 2 ORDER BY e <-> '[1,1,1,1,1,1,1,1]' LIMIT 5 $$);
SELECT count(*) FROM (SELECT e <-> '[1,1,1,1,1,1,1,1]' AS d FROM plans_parts ORDER BY d LIMIT 500) x
	WHERE d > (SELECT e <-> '[1,1,1,1,1,1,1,1]' AS d FROM plans_local WHERE n IN (1, 2, 3) ORDER BY d OFFSET 499 LIMIT 1) + 1e-6;
SET enable_partitionwise_aggregate = on;
SELECT plan_of('SELECT count(*) FROM plans_parts');
SELECT count(*) FROM plans_parts;
RESET enable_partitionwise_aggregate;
SELECT count(*), count(DISTINCT id) FROM plans_parts;
SELECT n, count(*) FROM plans_parts GROUP BY n ORDER BY n;

-- estimates: from the server, and from ANALYZE
CREATE FUNCTION rows_of(query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan; RETURN plan->0->'Plan'->>'Plan Rows'; END $$;
SELECT rows_of('SELECT * FROM plans_s'), rows_of('SELECT * FROM plans_l3'), rows_of('SELECT * FROM plans_s WHERE id = 3');
ANALYZE plans_s;
ANALYZE plans_l2;
SELECT relname, reltuples FROM pg_class WHERE relname ~ '^plans_(s|l2)$' ORDER BY 1;
SELECT tablename, attname, n_distinct FROM pg_stats WHERE tablename ~ '^plans_(s|l2)$' AND attname IN ('n', 's') ORDER BY 1, 2;
SELECT rows_of('SELECT * FROM plans_s WHERE n = 3'), rows_of('SELECT * FROM plans_l2 WHERE n < 5');

-- many queries in one request
SELECT query, round(distance::numeric, 4) AS distance, (item).id FROM milvus.search(NULL::plans_s, 'e', ARRAY['[1,2,3,4,5,6,7,8]', NULL, '[-1,2,-3,4,-5,6,-7,8]']::vector[], k => 1);
SELECT query, item FROM milvus.search(NULL::plans_l3, NULL, ARRAY['[1,2,3,4,5,6,7,8]']::vector[], k => 1, filter => 'n == 2', columns => '{n}');
SELECT t, count(*) AS problems FROM unnest('{s,l3,l2}'::text[]) t, LATERAL (
	WITH q AS (SELECT id, e FROM plans_local ORDER BY id LIMIT 40),
		m AS (SELECT query, array_agg(distance ORDER BY distance) AS d FROM (
			SELECT query, distance, item FROM milvus.search(NULL::plans_s, 'e', (SELECT array_agg(e ORDER BY id) FROM q), k => 7, columns => '{id}') WHERE t = 's'
			UNION ALL SELECT x.query, x.distance, NULL FROM milvus.search(NULL::plans_l3, 'e', (SELECT array_agg(e ORDER BY id) FROM q), k => 7) x WHERE t = 'l3'
			UNION ALL SELECT x.query, x.distance, NULL FROM milvus.search(NULL::plans_l2, 'e', (SELECT array_agg(e ORDER BY id) FROM q), k => 7) x WHERE t = 'l2') x GROUP BY query)
	SELECT FROM q LEFT JOIN m ON m.query = q.id WHERE cardinality(d) IS DISTINCT FROM 7
		OR EXISTS (SELECT FROM unnest(d, ARRAY(SELECT l.e <-> q.e FROM plans_local l ORDER BY 1 LIMIT 7)) u(a, b) WHERE abs(a - b) > 1e-3)) x GROUP BY t;
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', ARRAY['[1,1,1,1,1,1,1,1]']::vector[], k => 100, within => 0.5);
SELECT count(*) FROM milvus.search(NULL::plans_l2, 'e', '{{1,1,1,1,1,1,1,1},{2,2,2,2,2,2,2,2}}'::real[], k => 4);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', '{1,1,1,1,1,1,1,1}'::real[], k => 4);
SET milvus_fdw.search_params = '{"ef": 2}';
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', '{1,1,1,1,1,1,1,1}'::real[], k => 4);
RESET milvus_fdw.search_params;
-- one vector without an array
SELECT count(*), count(DISTINCT query) FROM milvus.search(NULL::plans_s, 'e', '[1,1,1,1,1,1,1,1]'::vector, k => 4);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', '{}'::vector[]);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', NULL::vector[]);
SELECT count(*) FROM milvus.search(NULL::plans_local, 'e', ARRAY['[1,1,1,1,1,1,1,1]']::vector[]);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'n', ARRAY['[1,1,1,1,1,1,1,1]']::vector[]);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', ARRAY['[1,1]']::vector[]);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', ARRAY['a']);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', '{{{1,2,3}}}'::real[]);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', ARRAY[ARRAY['[1,1,1,1,1,1,1,1]', NULL]]::vector[], k => 2, columns => '{id,id}');
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', ARRAY['[1,1,1,1,1,1,1,1]']::vector[], k => 0);
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', ARRAY['[1,1,1,1,1,1,1,1]']::vector[], columns => '{id,x}');
CREATE ROLE plans_reader;
GRANT USAGE ON FOREIGN SERVER s TO plans_reader;
SET ROLE plans_reader;
SELECT count(*) FROM milvus.search(NULL::plans_s, 'e', ARRAY['[1,1,1,1,1,1,1,1]']::vector[]);
RESET ROLE;
DROP OWNED BY plans_reader;
DROP ROLE plans_reader;

-- what a plan relies on is checked when it runs: here the index changes behind the session's back
CREATE SERVER behind FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port :'l3_port');
CREATE USER MAPPING FOR CURRENT_USER SERVER behind;
CREATE FOREIGN TABLE plans_behind (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(8) NOT NULL) SERVER behind OPTIONS (collection 'plans_l3');
SET plan_cache_mode = force_generic_plan;
PREPARE nearest AS SELECT id FROM plans_l3 ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 1;
EXECUTE nearest;
SELECT milvus.release('plans_behind'), milvus.call('behind', 'DropIndex', '{"collection_name": "plans_l3", "field_name": "e"}')->>'error_code' AS dropped, milvus.create_index('plans_behind', 'e', 'FLAT', 'COSINE'), milvus.load('plans_behind');
-- a description is believed for a second
SELECT pg_sleep(1.1);
\set VERBOSITY terse
EXECUTE nearest;
\echo :LAST_ERROR_SQLSTATE
EXECUTE nearest;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE nearest;
-- nor is the key that of the plan
PREPARE change AS UPDATE plans_l3 SET n = 7 WHERE id = 1;
EXECUTE change;
CREATE FOREIGN TABLE plans_other_key (id bigint NOT NULL, n integer NOT NULL, s varchar(20) OPTIONS (primary_key 'true') NOT NULL, e vector(8) NOT NULL) SERVER behind OPTIONS (collection 'plans_l3');
SELECT milvus.drop_collection('plans_behind'), milvus.create_collection('plans_other_key'), milvus.create_index('plans_other_key', 'e', 'FLAT', 'L2'), milvus.load('plans_other_key');
INSERT INTO plans_other_key VALUES (1, 2, 'a', '[1,1,1,1,1,1,1,1]');
EXECUTE change;
\echo :LAST_ERROR_SQLSTATE
EXECUTE change;
SELECT id, n, s FROM plans_l3;
\set VERBOSITY default
DROP SERVER behind CASCADE;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{plans_s,plans_l3,plans_l2,plans_whole,plans_other}'::regclass[]) t;
DROP TABLE plans_local, plans_parts;
DROP FUNCTION plan_of, check_range, rows_of;
DROP SERVER s, l3, l2 CASCADE;
