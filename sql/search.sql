-- ORDER BY distance LIMIT k as a search: the neighbours and distances that PostgreSQL computes
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE search_local (id bigint PRIMARY KEY, n integer NOT NULL, s varchar(20) NOT NULL, e vector(8) NOT NULL);
-- reproducible, with duplicates and ties
INSERT INTO search_local SELECT i, i % 10, 's' || i % 7,
	ARRAY(SELECT ((i * 7919 + k * 104729) % 997 % (2 + i % 50)) / 8.0 + 0.125 FROM generate_series(1, 8) k)::real[]::vector
	FROM generate_series(1, 3000) i;
SELECT foreign_like(m || '_' || s, 'search_local', s) FROM unnest('{l2,ip,cos}'::text[]) m, unnest('{s,l3,l2}'::text[]) s;
CREATE TABLE search_tables AS SELECT (m || '_' || s)::regclass AS t, m, s, o, metric
	FROM (VALUES ('l2', '<->', 'L2'), ('ip', '<#>', 'IP'), ('cos', '<=>', 'COSINE')) v(m, o, metric), unnest('{s,l3,l2}'::text[]) s;
SELECT count(make_collection(t)) FROM search_tables;
DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT x.t FROM search_tables x LOOP
	EXECUTE format('INSERT INTO %s SELECT * FROM search_local', t); END LOOP; END $$;
SELECT count(index_and_load(t, 'e', CASE WHEN s = 's' AND m = 'l2' THEN 'HNSW' ELSE 'FLAT' END, metric,
	CASE WHEN s = 's' AND m = 'l2' THEN '{"M": 16, "efConstruction": 200}' ELSE '{}' END::jsonb)) FROM search_tables;
-- the distances of the k nearest, as a list, agree within rounding: |difference| <= 1e-5 * scale (L2: of the squares)
CREATE FUNCTION check_search(conditions text[], limits text[], queries vector[]) RETURNS TABLE (problem text) LANGUAGE plpgsql AS $$
DECLARE
	x record;
	c text;
	l text;
	q vector;
	here float8[];
	there float8[];
	recomputed float8[];
	ids bigint[];
	scale float8;
BEGIN
	FOR x IN SELECT * FROM search_tables LOOP
	FOREACH c IN ARRAY conditions LOOP
	FOREACH l IN ARRAY limits LOOP
	FOREACH q IN ARRAY queries LOOP
		EXECUTE format('SELECT array_agg(d ORDER BY d), max(norm) FROM (SELECT e %s $1 AS d, vector_norm(e) * vector_norm($1) + vector_norm(e) ^ 2 + vector_norm($1) ^ 2 AS norm FROM search_local WHERE %s ORDER BY 1 %s) y', x.o, c, l)
			INTO here, scale USING q;
		EXECUTE format('SELECT array_agg(d ORDER BY d), array_agg(id ORDER BY d), array_agg(r ORDER BY d)
			FROM (SELECT id, d, (SELECT e %s $1 FROM search_local l WHERE l.id = y.id) AS r FROM (SELECT id, e %s $1 AS d FROM %s WHERE %s ORDER BY d %s) y) z', x.o, x.o, x.t, c, l)
			INTO there, ids, recomputed USING q;
		IF cardinality(here) IS DISTINCT FROM cardinality(there) THEN
			problem := format('%s %s %s: %s rows instead of %s', x.t, c, l, cardinality(there), cardinality(here));
			RETURN NEXT;
		ELSIF (SELECT count(DISTINCT i) FROM unnest(ids) i) <> coalesce(cardinality(ids), 0) THEN
			problem := format('%s %s %s: a row twice', x.t, c, l);
			RETURN NEXT;
		ELSIF EXISTS (SELECT FROM unnest(here, there, recomputed) AS d(a, b, r)
				WHERE CASE WHEN x.m = 'l2' THEN abs(a * a - b * b) > 1e-5 * scale OR abs(r * r - b * b) > 1e-5 * scale
					ELSE abs(a - b) > 1e-5 * scale OR abs(r - b) > 1e-5 * scale END) THEN
			problem := format('%s %s %s %s: %s instead of %s', x.t, c, l, q, there[:5], here[:5]);
			RETURN NEXT;
		END IF;
	END LOOP; END LOOP; END LOOP; END LOOP;
END $$;
SELECT * FROM check_search('{true,n < 3,length(s) = 2 AND n = 4,n = 77,id % 400 = 0}',
	'{LIMIT 1,LIMIT 10,LIMIT 10 OFFSET 5,LIMIT 500}',
	ARRAY['[1,2,3,4,5,6,7,8]', '[-1,2,-3,4,-5,6,-7,8]']::vector[]);
-- more than there are, all, none, and every row of a filter that is checked here
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 5000) x;
SELECT count(*) FROM (SELECT id FROM l2_l3 ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT NULL) x;
SELECT count(*) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 0) x;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM l2_s WHERE length(s) = 2 ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 3000) x;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM l2_l2 WHERE id % 100 = 1 ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 100) x;
-- NULL as the query vector is no error: the rows come in any order
SELECT count(*), count(d) FROM (SELECT e <-> NULL::vector AS d FROM l2_s ORDER BY d LIMIT 10) x;
SET plan_cache_mode = force_generic_plan;
PREPARE nearest(vector, bigint) AS SELECT id, e <-> $1 AS distance FROM cos_s ORDER BY e <=> $1 LIMIT $2;
EXECUTE nearest('[1,2,3,4,5,6,7,8]', 3);
EXECUTE nearest('[1,2,3,4,5,6,7,8]', 1);
PREPARE nearest_null(vector) AS SELECT e <=> $1 AS distance FROM cos_s ORDER BY e <=> $1 LIMIT 2;
EXECUTE nearest_null(NULL);
RESET plan_cache_mode;
CREATE FUNCTION nearest_by_cosine(t text, q vector) RETURNS SETOF numeric LANGUAGE plpgsql AS
	$$ BEGIN RETURN QUERY EXECUTE format('SELECT (e <=> $1)::numeric(10,6) FROM %I ORDER BY e <=> $1 LIMIT 5', t) USING q; END $$;
-- the cosine of a zero vector is NaN
SELECT e <=> '[0,0,0,0,0,0,0,0]' AS distance FROM cos_s ORDER BY distance LIMIT 2;
-- a query whose squared length leaves float4: PostgreSQL's arithmetic, not the server's; all rows are read
SELECT t, q, count(*), count(DISTINCT d), bool_and(d IS NOT DISTINCT FROM l) AS same FROM unnest('{cos_s,cos_l3,cos_l2}'::text[]) t,
	unnest('{"[1e20,0,0,0,0,0,0,0]","[1e-25,0,0,0,0,0,0,0]","[1e-35,1e-35,0,0,0,0,0,0]"}'::vector[]) q,
	LATERAL nearest_by_cosine(t, q) WITH ORDINALITY f(d, i) JOIN LATERAL nearest_by_cosine('search_local', q) WITH ORDINALITY g(l, i) USING (i)
	GROUP BY t, q ORDER BY t, q;
-- a wrong dimension
SELECT id FROM l2_s ORDER BY e <-> '[1,2]' LIMIT 1;
-- an InitPlan, LATERAL, a join, a CTE, a subquery with a filter above
SELECT id FROM cos_s ORDER BY e <=> (SELECT e FROM cos_s WHERE id = 17), id LIMIT 1;
SELECT o.id, x.id AS nearest FROM (SELECT * FROM search_local WHERE id IN (17, 29)) o,
	LATERAL (SELECT id FROM ip_s WHERE ip_s.n = o.n ORDER BY e <#> o.e, id LIMIT 1) x
	EXCEPT ALL SELECT o.id, x.id FROM (SELECT * FROM search_local WHERE id IN (17, 29)) o,
	LATERAL (SELECT id FROM search_local l WHERE l.n = o.n ORDER BY e <#> o.e, id LIMIT 1) x;
CREATE TABLE names (n integer PRIMARY KEY, name text);
INSERT INTO names SELECT i, 'name ' || i FROM generate_series(0, 9) i;
SELECT count(*) FROM (SELECT f.id, name, e <-> '[1,2,3,4,5,6,7,8]' AS d FROM l2_s f JOIN names USING (n) ORDER BY d LIMIT 20) x
	JOIN (SELECT id, e <-> '[1,2,3,4,5,6,7,8]' AS d FROM search_local ORDER BY d LIMIT 20) y ON abs(x.d - y.d) < 1e-4 AND x.id = y.id
	HAVING count(*) < 15;
SELECT count(*) FROM (WITH near AS MATERIALIZED (SELECT id, n FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 50) SELECT id FROM near WHERE n = 3) x;
-- two distances, the other one is computed here; the vector too; an expression of the distance
SELECT count(*) FROM (SELECT id, e, e <-> '[1,2,3,4,5,6,7,8]' AS a, e <=> '[1,1,1,1,1,1,1,1]' AS b, 1 - (e <-> '[1,2,3,4,5,6,7,8]') AS c
	FROM l2_s ORDER BY a LIMIT 5) x JOIN search_local l USING (id)
	WHERE abs(a - (l.e <-> '[1,2,3,4,5,6,7,8]')) < 1e-4 AND b = (l.e <=> '[1,1,1,1,1,1,1,1]') AND l.e = x.e AND abs(1 - a - c) < 1e-9;
-- descending, grouped, windowed, distinct, without LIMIT: scanned and sorted here
SELECT (SELECT array_agg(id) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' DESC, id LIMIT 3) x)
	= (SELECT array_agg(id) FROM (SELECT id FROM search_local ORDER BY e <-> '[1,2,3,4,5,6,7,8]' DESC, id LIMIT 3) x) AS same;
SELECT (SELECT array_agg(n) FROM (SELECT n FROM l2_s GROUP BY n ORDER BY min(e <-> '[1,2,3,4,5,6,7,8]'), n LIMIT 3) x)
	= (SELECT array_agg(n) FROM (SELECT n FROM search_local GROUP BY n ORDER BY min(e <-> '[1,2,3,4,5,6,7,8]'), n LIMIT 3) x) AS same;
SELECT count(*) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]') x;
-- one search where one is enough, and the vector only where it is asked for
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l FROM explained(query, 'ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF') l
	WHERE l !~ 'Milvus Bytes|Buffers|Memory' $$;
SELECT plan_of($$ SELECT id, s, e <-> '[1,2,3,4,5,6,7,8]' AS d FROM l2_s WHERE n < 5 ORDER BY d LIMIT 10 $$);
SELECT plan_of($$ SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10 OFFSET 5 $$);
SELECT plan_of($$ SELECT id, e FROM l2_l3 ORDER BY e <-> '[1,2,3,4,5,6,7,8]', id LIMIT 2 $$);
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM l2_s ORDER BY e <=> '[1,2,3,4,5,6,7,8]' LIMIT 10;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]', id LIMIT 10;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]';
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' DESC LIMIT 10;
EXPLAIN (VERBOSE, COSTS OFF) SELECT f.id, name FROM l2_s f JOIN names USING (n) ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
SET milvus_fdw.enable_search = off;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
RESET milvus_fdw.enable_search;
-- search parameters: setting over option
ALTER FOREIGN TABLE l2_s OPTIONS (ADD search_params '{"ef": 20}');
EXPLAIN (COSTS OFF) SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
SELECT count(*) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 100) x;
SET milvus_fdw.search_params = '{"ef": 200}';
EXPLAIN (COSTS OFF) SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
SET milvus_fdw.search_params = 'ef=200';
-- what no index of the table knows, or is no number, does nothing on this server: each is told of once
SET milvus_fdw.search_params = '{"efs": 200, "nprobe": 8, "round_decimal": 3, "ef": "150"}';
SELECT count(*) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10) x;
SELECT count(*) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10) x;
RESET milvus_fdw.search_params;
ALTER FOREIGN TABLE l2_s OPTIONS (SET search_params '{"ef": 20, "nprobe": 8}');
SELECT count(*) FROM (SELECT id FROM l2_s ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10) x;
ALTER FOREIGN TABLE l2_s OPTIONS (SET search_params '{"ef": 20}');
DO $$ BEGIN PERFORM FROM milvus.search(NULL::l2_s, 'e', '[1,2,3,4,5,6,7,8]'::vector, params => '{"ef": "many"}');
EXCEPTION WHEN OTHERS THEN RAISE WARNING 'refused with %', SQLSTATE; END $$;
SELECT count(*) FROM milvus.search(NULL::l2_s, 'e', '[1,2,3,4,5,6,7,8]'::vector, params => '{"efSearch": 20}');
-- a server's, as those of the setting, are for tables of any index
ALTER SERVER l3 OPTIONS (ADD search_params '{"ef": 64, "nprob": 1}');
SELECT count(*) FROM (SELECT id FROM ip_l3 ORDER BY e <#> '[1,2,3,4,5,6,7,8]' LIMIT 10) x;
ALTER SERVER l3 OPTIONS (DROP search_params);
-- a lossy index: distances computed from the vectors, rows in their true order
CREATE FOREIGN TABLE lossy (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e vector(8) NOT NULL) SERVER s;
SELECT make_collection('lossy');
INSERT INTO lossy SELECT * FROM search_local;
SELECT index_and_load('lossy', 'e', 'IVF_SQ8', 'L2', '{"nlist": 8}');
EXPLAIN (COSTS OFF) SELECT id FROM lossy ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
SELECT count(*), bool_and(d = (l.e <-> '[1,2,3,4,5,6,7,8]')) AS exact, bool_and(d >= before) AS ordered
	FROM (SELECT id, d, coalesce(lag(d) OVER (), 0) AS before FROM (SELECT id, e <-> '[1,2,3,4,5,6,7,8]' AS d FROM lossy ORDER BY d LIMIT 20) y) x
	JOIN search_local l USING (id);
SET milvus_fdw.exact_distance = off;
EXPLAIN (COSTS OFF) SELECT id FROM lossy ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
RESET milvus_fdw.exact_distance;
-- not loaded, and without an index
SELECT milvus.release('lossy');
\set VERBOSITY sqlstate
SELECT id FROM lossy ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
SELECT milvus.drop_collection('lossy'), milvus.create_collection('lossy');
INSERT INTO lossy SELECT * FROM search_local LIMIT 10;
SELECT id FROM lossy ORDER BY e <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
\set VERBOSITY default
-- real[] and the extension's own operators
CREATE FOREIGN TABLE plain (id bigint, e real[]) SERVER s OPTIONS (collection 'l2_s');
SELECT (SELECT array_agg(round(d::numeric, 3)) FROM (SELECT e OPERATOR(milvus.<->) '{1,2,3,4,5,6,7,8}' AS d FROM plain ORDER BY d LIMIT 3) x)
	= (SELECT array_agg(round(d::numeric, 3)) FROM (SELECT e <-> '[1,2,3,4,5,6,7,8]' AS d FROM search_local ORDER BY d LIMIT 3) x) AS same;
EXPLAIN (COSTS OFF) SELECT id FROM plain ORDER BY e OPERATOR(milvus.<->) '{1,2,3,4,5,6,7,8}' LIMIT 3;
SELECT '{1,2}'::real[] OPERATOR(milvus.<->) '{4,6}' AS l2, '{1,2}'::real[] OPERATOR(milvus.<#>) '{4,6}' AS ip,
	round(('{1,0}'::real[] OPERATOR(milvus.<=>) '{1,1}')::numeric, 6) AS cosine,
	B'1100' OPERATOR(milvus.<~>) B'1010' AS hamming, B'1100' OPERATOR(milvus.<%>) B'1010' AS jaccard;
SELECT '{1,2}'::real[] OPERATOR(milvus.<->) '{1}';
SELECT count(milvus.drop_collection(t) IS NULL) FROM (SELECT t FROM search_tables UNION SELECT 'lossy') x;
DROP TABLE search_local, search_tables, names;
DROP FUNCTION check_search, plan_of;
DROP SERVER s, l3, l2 CASCADE;
