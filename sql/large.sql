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
DROP TABLE large_local, far_local;
DROP FUNCTION check_far, search_requests;
DROP FUNCTION requests_of;
DROP SERVER s, l3, l2 CASCADE;
