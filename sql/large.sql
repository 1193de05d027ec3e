-- answers larger than a message may be: gRPC's default of 4 MB, Milvus' 64 MB
\i sql/servers.psql
SET client_min_messages = warning;
CREATE FOREIGN TABLE large_s (id bigint NOT NULL, t text NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT foreign_like('large_l3', 'large_s', 'l3'), foreign_like('large_l2', 'large_s', 'l2');
SELECT make_collection(t) FROM unnest('{large_s,large_l3,large_l2}'::regclass[]) t;
CREATE TABLE large_local AS SELECT i::bigint AS id, repeat(chr(97 + i % 26), 50000 + i % 7) AS t, ARRAY[i, 1]::real[]::vector AS e
	FROM generate_series(1, 1600) i;
INSERT INTO large_s SELECT * FROM large_local;
INSERT INTO large_l3 SELECT * FROM large_local;
INSERT INTO large_l2 SELECT * FROM large_local WHERE id <= 200;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{large_s,large_l3,large_l2}'::regclass[]) t;
-- pages by bytes
SELECT count(*), sum(length(f.t)) = (SELECT sum(length(t)) FROM large_local) AS whole, bool_and(f.t = l.t) AS equal
	FROM large_s f JOIN large_local l USING (id);
SELECT count(*), bool_and(f.t = l.t) AS equal FROM large_l2 f JOIN large_local l USING (id);
-- 80 MB in a page: refused by Milvus 2.3 and halved, sent whole by Lite 3
ALTER FOREIGN TABLE large_s OPTIONS (ADD fetch_size '16384');
ALTER FOREIGN TABLE large_l3 OPTIONS (ADD fetch_size '16384');
CREATE FUNCTION requests_of(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE plan json; BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
	RETURN plan->0->'Plan'->'Plans'->0->>'Milvus Requests'; END $$;
SELECT count(*), bool_and(f.t = l.t) AS equal FROM large_s f JOIN large_local l USING (id);
SELECT requests_of('SELECT max(length(t)) FROM large_s') AS s, requests_of('SELECT max(length(t)) FROM large_l3') AS l3;
-- as much as is allowed at once
ALTER SERVER s OPTIONS (ADD max_message '1MB');
SELECT requests_of('SELECT max(length(t)) FROM large_s') > 80 AS in_small_pages;
SELECT count(*), bool_and(f.t = l.t) AS equal FROM large_s f JOIN large_local l USING (id) WHERE id <= 300;
SELECT count(*), sum(length(t)) FROM (SELECT t FROM large_s ORDER BY e <-> '[1,1]' LIMIT 50) x;
ALTER SERVER s OPTIONS (DROP max_message);
-- a search of more than 4 MB
SELECT count(*), sum(length(t)) FROM (SELECT t FROM large_s ORDER BY e <-> '[1,1]' LIMIT 300) x;
SELECT count(*), sum(length(t)) FROM (SELECT t FROM large_l3 ORDER BY e <-> '[1,1]' LIMIT 300) x;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{large_s,large_l3,large_l2}'::regclass[]) t;
-- more neighbours than a search may bring: the next begins where the last ended; with ties all over
CREATE TABLE far_local (id bigint NOT NULL, e vector(2) NOT NULL);
INSERT INTO far_local SELECT i, ARRAY[i % 211, i % 97]::real[]::vector FROM generate_series(1, 40000) i;
SELECT foreign_like('far_' || s, 'far_local', s) FROM unnest('{s,l3,l2}'::text[]) s;
SELECT make_collection('far_' || s) FROM unnest('{s,l3,l2}'::text[]) s;
INSERT INTO far_s SELECT * FROM far_local;
INSERT INTO far_l3 SELECT * FROM far_local WHERE id <= 18000;
INSERT INTO far_l2 SELECT * FROM far_local WHERE id <= 18000;
SELECT index_and_load('far_' || s, 'e', 'FLAT', 'L2') FROM unnest('{s,l3,l2}'::text[]) s;
CREATE FUNCTION search_requests(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE plan jsonb; BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
	RETURN jsonb_path_query_first(plan, 'strict $.**."Milvus Requests"'); END $$;
SELECT search_requests($$ SELECT id FROM far_s ORDER BY e <-> '[3,4]' LIMIT 39000 $$);
CREATE FUNCTION check_far(t text, k integer) RETURNS TABLE (rows bigint, keys bigint, ordered boolean, nearest boolean) LANGUAGE plpgsql AS $$ BEGIN
	RETURN QUERY EXECUTE format($q$ SELECT count(*), count(DISTINCT id), bool_and(d >= before),
		max(d) <= (SELECT max(d) FROM (SELECT e <-> '[3,4]' AS d FROM far_local WHERE id <= %s ORDER BY 1 LIMIT %s) z) + 1e-4
		FROM (SELECT *, coalesce(lag(d) OVER (), 0) AS before FROM (SELECT id, e <-> '[3,4]' AS d FROM far_%s ORDER BY d LIMIT %s) x) y $q$,
		CASE WHEN t = 's' THEN 40000 ELSE 18000 END, k, t, k); END $$;
SELECT * FROM check_far('s', 16384);
SELECT * FROM check_far('s', 39000);
SELECT * FROM check_far('s', 40001);
SELECT * FROM check_far('l3', 17000);
SELECT * FROM check_far('l2', 17000);
-- and within a distance
SELECT (SELECT count(*) FROM far_s WHERE e <-> '[3,4]' < 150) = (SELECT count(*) FROM far_local WHERE e <-> '[3,4]' < 150) AS same;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{far_s,far_l3,far_l2}'::regclass[]) t;
-- a long list of keys is cut to pieces, and goes with each page no more; text keys too, whatever their order is here
CREATE TABLE keys_local (k text NOT NULL, n integer NOT NULL, e vector(2) NOT NULL);
INSERT INTO keys_local SELECT CASE i % 4 WHEN 0 THEN 'a' || i WHEN 1 THEN chr(228) || i WHEN 2 THEN 'Z"' || i ELSE chr(20013) || i END, i % 10, '[1,1]'
	FROM generate_series(1, 6000) i;
SELECT foreign_like('keys_' || s, 'keys_local', s) FROM unnest('{s,l3,l2}'::text[]) s;
SELECT make_collection('keys_' || s) FROM unnest('{s,l3,l2}'::text[]) s;
INSERT INTO keys_s SELECT * FROM keys_local;
INSERT INTO keys_l3 SELECT * FROM keys_local;
INSERT INTO keys_l2 SELECT * FROM keys_local;
SELECT index_and_load('keys_' || s, 'e', 'FLAT', 'L2') FROM unnest('{s,l3,l2}'::text[]) s;
CREATE FUNCTION check_keys(t text, keys text[], condition text) RETURNS TABLE (rows bigint, same boolean, ascending boolean) LANGUAGE plpgsql AS $$ BEGIN
	RETURN QUERY EXECUTE format($q$ SELECT count(*), count(*) = (SELECT count(*) FROM keys_local WHERE k = ANY ($1) AND %s) AND bool_and(l.n = f.n),
		bool_and(f.k COLLATE "C" >= f.before) FROM (SELECT *, lag(k) OVER () AS before FROM (SELECT * FROM keys_%s WHERE k = ANY ($1) AND %s ORDER BY k COLLATE "C") o) f
		JOIN keys_local l USING (k) $q$, condition, t, condition) USING keys; END $$;
SELECT s, c.* FROM unnest('{s,l3,l2}'::text[]) s, check_keys(s, ARRAY(SELECT k FROM keys_local WHERE n <> 3) || '{x,NULL,x,é}'::text[], 'true') c;
SELECT s, c.* FROM unnest('{s,l3,l2}'::text[]) s, check_keys(s, ARRAY(SELECT 'no' || i FROM generate_series(1, 4000) i) || 'a8'::text, 'n > 7') c;
SELECT s, c.* FROM unnest('{s,l3,l2}'::text[]) s, check_keys(s, ARRAY(SELECT k || E'\n' FROM keys_local) || 'a8'::text, 'n > 7') c;
SELECT count(*) FROM keys_s WHERE k = ANY (ARRAY(SELECT NULL::text FROM generate_series(1, 2000)));
-- a few pages, each with keys of its own
PREPARE listed(text[]) AS SELECT n FROM keys_s WHERE k = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE listed('{}');
SELECT search_requests(format('EXECUTE listed(%L)', array_agg(k))) AS requests FROM keys_local WHERE n <> 3;
RESET plan_cache_mode;
SELECT count(*) FROM keys_local, LATERAL (SELECT n FROM keys_s WHERE k = ANY (ARRAY(SELECT keys_local.k || i FROM generate_series(0, 1200) i)) LIMIT 2) x WHERE keys_local.k IN ('a4', 'a40', 'none');
-- more values than rows: not worth telling a server
SELECT string_agg(i::text, ',') AS list FROM generate_series(1, 7000) i \gset
EXPLAIN (COSTS OFF, VERBOSE) SELECT count(*) FROM keys_s WHERE n = ANY ('{1,2}') AND k = ANY ('{a4,a8}');
SELECT 'EXPLAIN (COSTS OFF, VERBOSE) SELECT k FROM keys_s WHERE n IN (' || :'list' || ')' AS explain \gset
CREATE FUNCTION not_sent(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text; BEGIN
	FOR line IN EXECUTE query LOOP
		IF line ~ 'Milvus|Not Sent' THEN RETURN NEXT trim(line); END IF;
	END LOOP; END $$;
SELECT not_sent(:'explain');
SELECT string_agg(i::text, ',') AS list FROM generate_series(1, 1200) i \gset
SELECT 'EXPLAIN (COSTS OFF, VERBOSE) SELECT k FROM keys_s WHERE n IN (' || :'list' || ')' AS explain \gset
SELECT not_sent(:'explain');
-- larger than a message: checked here
SELECT count(*) FROM keys_s WHERE n = 5 AND k <> repeat('x', 60000000);
PREPARE huge(text) AS SELECT count(*) FROM keys_s WHERE n = 5 AND k < $1 COLLATE "C";
SELECT format('EXECUTE huge(%L)', repeat('a', 60000000)) AS huge \gset
SET plan_cache_mode = force_generic_plan;
:huge;
RESET plan_cache_mode;
SELECT count(milvus.drop_collection(('keys_' || s)::regclass) IS NULL) FROM unnest('{s,l3,l2}'::text[]) s;
DROP TABLE keys_local;
DROP FUNCTION check_keys, not_sent;
DROP TABLE large_local, far_local;
DROP FUNCTION check_far, search_requests;
DROP FUNCTION requests_of;
DROP SERVER s, l3, l2 CASCADE;
