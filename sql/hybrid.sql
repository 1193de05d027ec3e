-- several searches ranked as one: the numbers that PostgreSQL computes from the single searches, on every server
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
SET search_path = public, milvus;
CREATE TABLE hybrid_local AS SELECT i AS id, i % 5 AS n, (ARRAY['red apple', 'green apple pie', 'blue sky', 'apple sky apple', 'sea'])[1 + i % 5] || ' w' || i % 17 AS body,
	ARRAY[i % 23, i % 7]::real[]::vector(2) AS e FROM generate_series(1, 300) i;
CREATE FOREIGN TABLE hybrid_s (id bigint NOT NULL, n integer NOT NULL, body varchar(50) NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE hybrid_l3 (id bigint NOT NULL, n integer NOT NULL, body varchar(50) OPTIONS (full_text 'true') NOT NULL, e vector(2) NOT NULL) SERVER l3;
CREATE FOREIGN TABLE hybrid_l2 (id bigint NOT NULL, n integer NOT NULL, body varchar(50) OPTIONS (full_text 'true') NOT NULL, e vector(2) NOT NULL) SERVER l2;
SELECT count(make_collection(t)) FROM unnest('{hybrid_s,hybrid_l3,hybrid_l2}'::regclass[]) t;
SELECT milvus.create_index(t, 'body') FROM unnest('{hybrid_l3,hybrid_l2}'::regclass[]) t;
SELECT count(index_and_load(t, 'e', 'FLAT', 'L2')) FROM unnest('{hybrid_s,hybrid_l3,hybrid_l2}'::regclass[]) t;
INSERT INTO hybrid_s TABLE hybrid_local;
INSERT INTO hybrid_l3 TABLE hybrid_local;
INSERT INTO hybrid_l2 TABLE hybrid_local;

EXPLAIN (VERBOSE, COSTS OFF) SELECT id, rrf(ARRAY[e <-> '[3,3]', body <@> 'apple w3'], k => 50, candidates => 40) AS rank FROM hybrid_l3 WHERE n < 4 ORDER BY rank LIMIT 10;
-- RRF is 1 / (k + place), summed; place by place from the single searches
CREATE FUNCTION check_rrf(t regclass, legs text[], condition text, k int, candidates int, wanted int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	parts text[];
	expected text;
	fused text;
	result text;
BEGIN
	FOR i IN 1 .. cardinality(legs) LOOP
		parts := parts || format('SELECT id, 1.0::float8 / (%s + row_number() OVER (ORDER BY place)) AS score FROM (SELECT id, row_number() OVER () AS place FROM (SELECT id FROM %s WHERE %s ORDER BY %s LIMIT %s) s) p',
			k, t, condition || CASE WHEN legs[i] LIKE '%<@>%' THEN format(' AND %s < 0', legs[i]) ELSE '' END, legs[i], candidates);
	END LOOP;
	expected := format('SELECT array_agg(row(id, round(score::numeric, 12))::text) FROM (SELECT id, sum(score) AS score FROM (%s) u GROUP BY id ORDER BY score DESC, id LIMIT %s) x', array_to_string(parts, ' UNION ALL '), wanted);
	fused := format('SELECT array_agg(row(id, round(-rank::numeric, 12))::text) FROM (SELECT id, rrf(ARRAY[%s], %s, %s) AS rank FROM %s WHERE %s ORDER BY rank LIMIT %s) x',
		array_to_string(legs, ', '), k, candidates, t, condition, wanted);
	EXECUTE format('SELECT CASE WHEN (%s) = (%s) THEN ''same'' ELSE (%1$s)::text || '' instead of '' || (%2$s)::text END', fused, expected) INTO result;
	RETURN result;
END $$;
-- (where scores are equal their order is the server's, and its own from one request to the next: so the legs are whole, or have no ties)
SELECT t, check_rrf(t, ARRAY[$$e <-> '[3,3.3]'$$, $$e <-> '[9,1.1]'$$], 'id <= 150', 60, 30, 20), check_rrf(t, ARRAY[$$e <-> '[3,3.3]'$$, $$e <-> '[9,1.1]'$$, $$e <-> '[1,1.7]'$$], 'n < 3 AND id < 140', 1, 10, 25)
	FROM unnest('{hybrid_s,hybrid_l3,hybrid_l2}'::regclass[]) t;
SELECT t, check_rrf(t, ARRAY[$$e <-> '[3,3.3]'$$, $$body <@> 'apple w3 w5'$$], 'id IN (1,2,3,5,8,20,22)', 60, 10, 7) FROM unnest('{hybrid_l3,hybrid_l2}'::regclass[]) t;
-- all rows, each once; the vector comes by the key
SELECT t, (SELECT concat_ws(' ', count(*), count(DISTINCT id), count(*) FILTER (WHERE rank = 0), sum(n)) FROM (SELECT id, n, rank FROM (SELECT id, n, e, rrf(ARRAY[e <-> '[3,3]', e <-> '[8,1]'], candidates => 20) AS rank FROM hybrid_s ORDER BY rank) x) y)
	FROM (VALUES ('hybrid_s')) v(t);
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE f.e = l.e AND f.body = l.body) FROM (SELECT id, body, e, rrf(ARRAY[e <-> '[3,3]', body <@> 'apple'], candidates => 50) AS rank FROM hybrid_l3 ORDER BY rank LIMIT 200) f JOIN hybrid_local l USING (id);
-- weights: each score between 0 and 1; of L2 1 - 2 atan(square) / pi, of words 2 atan(score) / pi, and 0 of a row that is no candidate
SELECT count(*) FILTER (WHERE abs(f.score - (0.7 * (1 - 2 * atan((l.e <-> '[3,3]') ^ 2) / pi()) + 0.3 * (1 - 2 * atan((l.e <-> '[8,1]') ^ 2) / pi()))) < 1e-6), count(*)
	FROM (SELECT id, -weighted(ARRAY[e <-> '[3,3]', e <-> '[8,1]'], ARRAY[0.7, 0.3], 300) AS score FROM hybrid_s ORDER BY score DESC LIMIT 50) f JOIN hybrid_local l USING (id);
SELECT count(*) FILTER (WHERE abs(f.score - (0.5 * (1 - 2 * atan((l.e <-> '[3,3]') ^ 2) / pi()) + 2 * atan(-w.rank) / pi())) < 1e-6), count(*)
	FROM (SELECT id, -weighted(ARRAY[e <-> '[3,3]', body <@> 'apple w3'], ARRAY[0.5, 1], 300) AS score FROM hybrid_l2 ORDER BY score DESC LIMIT 50) f JOIN hybrid_local l USING (id)
	JOIN (SELECT id, body <@> 'apple w3' AS rank FROM hybrid_l2 ORDER BY rank) w USING (id);
-- parameters, an outer row, a subquery
PREPARE hybrid(vector, text, int) AS SELECT id, round(rrf(ARRAY[e <-> $1, body <@> $2], candidates => 300)::numeric, 6) FROM hybrid_l2 ORDER BY rrf(ARRAY[e <-> $1, body <@> $2], candidates => 300), id LIMIT $3;
EXECUTE hybrid('[3,3]', 'sea w4', 3);
SET plan_cache_mode = force_generic_plan;
EXECUTE hybrid('[3,3]', 'sea w4', 3);
-- what is NULL, and a vector without direction, counts nothing
EXECUTE hybrid(NULL, 'sea w4', 1);
EXECUTE hybrid(NULL, NULL, 2);
RESET plan_cache_mode;
-- the planner evaluates a distance from NULL, and the leg keeps its place
EXECUTE hybrid(NULL, 'sea w4', 1);
SELECT count(DISTINCT id), max(-rank) FROM (SELECT id, weighted(ARRAY[e <-> NULL, e <-> '[3,3]'], ARRAY[1, 0.5], 20) AS rank FROM hybrid_s ORDER BY rank LIMIT 10) x;
EXPLAIN (COSTS OFF) SELECT id FROM hybrid_s ORDER BY weighted(ARRAY[e <-> NULL, e <-> '[3,3]'], ARRAY[1, 0.5], 20) LIMIT 10;
SELECT w, r.id FROM unnest('{sea,pie}'::text[]) w, LATERAL (SELECT id FROM hybrid_l3 ORDER BY rrf(ARRAY[e <-> '[3,3]', body <@> w], candidates => 300) LIMIT 1) r;
SELECT id FROM hybrid_s WHERE n = (SELECT 2) ORDER BY rrf(ARRAY[e <-> '[3,3]', e <-> '[2,2]'], candidates => 300) LIMIT 2;
SELECT explained($$ SELECT id FROM hybrid_l3 ORDER BY rrf(ARRAY[e <-> '[3,3]', body <@> 'sea'], candidates => 20) LIMIT 5 $$);
SELECT explained($$ SELECT e FROM hybrid_l3 ORDER BY rrf(ARRAY[e <-> '[3,3]', body <@> 'sea'], candidates => 20) LIMIT 5 $$);
-- refused, with the reason
SELECT query, try(format('SELECT id FROM hybrid_l3 %s', query)) FROM unnest(ARRAY[
	$$WHERE length(body) > 3 ORDER BY rrf(ARRAY[e <-> '[3,3]', body <@> 'x']) LIMIT 3$$, $$ORDER BY rrf(ARRAY[e <=> '[3,3]', body <@> 'x']) LIMIT 3$$, $$ORDER BY rrf(ARRAY[e <-> '[3,3]', n]) LIMIT 3$$,
	$$ORDER BY rrf(ARRAY[e <-> '[3,3]'], k => 0) LIMIT 3$$, $$ORDER BY rrf(ARRAY[e <-> '[3,3]'], candidates => 0) LIMIT 3$$, $$ORDER BY rrf(ARRAY[e <-> '[3,3]'], candidates => NULL) LIMIT 3$$,
	$$ORDER BY rrf(ARRAY[e <-> '[3,3]'], params => '{}') LIMIT 3$$, $$ORDER BY rrf(ARRAY[e <-> '[3,3]'], params => '[1]') LIMIT 3$$, $$ORDER BY rrf(ARRAY[e <-> '[3,3]'], params => '[{}, {}]') LIMIT 3$$,
	$$ORDER BY weighted(ARRAY[e <-> '[3,3]'], ARRAY[1, 1]) LIMIT 3$$, $$ORDER BY weighted(ARRAY[e <-> '[3,3]'], ARRAY[2]) LIMIT 3$$, $$ORDER BY weighted(ARRAY[e <-> '[3,3]'], NULL) LIMIT 3$$,
	$$WHERE rrf(ARRAY[e <-> '[3,3]']) < 0 LIMIT 3$$, $$ORDER BY rrf(ARRAY[e <-> '[3,3]']) DESC LIMIT 3$$, $$ORDER BY n, rrf(ARRAY[e <-> '[3,3]']) LIMIT 3$$]) query;
SELECT milvus.rrf(ARRAY[1, 2]);

SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{hybrid_s,hybrid_l3,hybrid_l2}'::regclass[]) t;
DROP FUNCTION check_rrf, try;
DROP TABLE hybrid_local;
DROP SERVER s, l3, l2 CASCADE;
