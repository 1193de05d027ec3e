-- what people write in place of ORDER BY distance: similarities, functions, ranks
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE similarity_local (id bigint PRIMARY KEY, n integer NOT NULL, e vector(4) NOT NULL);
INSERT INTO similarity_local SELECT i, i % 10, ARRAY(SELECT (i * 7919 + k * 104729) % 997 % (2 + i % 50) / 8.0 + 0.125 FROM generate_series(1, 4) k)::real[]::vector
	FROM generate_series(1, 1000) i;
CREATE TABLE similarity_tables AS SELECT format('%s_%s', lower(metric), s) AS t, s, metric
	FROM unnest('{L2,IP,COSINE}'::text[]) metric, unnest('{s,l3,l2}'::text[]) s;
SELECT count(foreign_like(t, 'similarity_local', s)) FROM similarity_tables;
SELECT count(make_collection(t::regclass)) FROM similarity_tables;
DO $$ DECLARE x text; BEGIN FOR x IN SELECT t FROM similarity_tables LOOP EXECUTE format('INSERT INTO %I TABLE similarity_local', x); END LOOP; END $$;
SELECT count(index_and_load(t::regclass, 'e', 'FLAT', metric)) FROM similarity_tables;

-- each is a search, and has the values that the local table has
CREATE FUNCTION plan_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || statement LOOP plan := plan || line || E'\n'; END LOOP;
	RETURN plan;
END $$;
CREATE FUNCTION compare(metric_ text, value text, ending text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	x record;
	statement text := format('SELECT %s AS value FROM %%I %s', value, ending);
	here float8[];
	there float8[];
	result text;
BEGIN
	EXECUTE format('SELECT array_agg(value) FROM (%s) l', format(statement, 'similarity_local')) INTO here;
	FOR x IN SELECT * FROM similarity_tables WHERE metric = metric_ LOOP
		EXECUTE format('SELECT array_agg(value) FROM (%s) f', format(statement, x.t)) INTO there;
		result := concat_ws(', ', result, x.s || ' ' || CASE WHEN plan_of(format(statement, x.t)) NOT LIKE '%Milvus Search: e%' THEN 'no search'
			WHEN cardinality(here) <> cardinality(there) OR (SELECT max(abs(a - b)) FROM unnest(here, there) v(a, b)) > 2e-4 THEN format('%s instead of %s', there, here)
			WHEN plan_of(format(statement, x.t)) LIKE '%Output Fields: id%e%' OR plan_of(format(statement, x.t)) LIKE '%Output Fields: e%' THEN 'same, with the vector' ELSE 'same' END);
	END LOOP;
	RETURN result;
END $$;
SELECT metric, value, direction, compare(metric, value, format('ORDER BY %s %s LIMIT 7', value, direction))
	FROM (VALUES ('COSINE', $$1 - (e <=> '[1,2,3,4]')$$, 'DESC'), ('COSINE', $$cosine_distance(e, '[1,2,3,4]')$$, 'ASC'), ('COSINE', $$1 - cosine_distance('[1,2,3,4]', e)$$, 'DESC NULLS LAST'),
		('COSINE', $$(2 - (e <=> '[1,2,3,4]')) / 2$$, 'DESC'), ('COSINE', $$100 * (1 - (e <=> '[1,2,3,4]'))$$, 'DESC'), ('COSINE', $$1 / (1 + (e <=> '[1,2,3,4]'))$$, 'DESC'),
		('IP', $$(e <#> '[1,2,3,4]') * -1$$, 'DESC'), ('IP', $$-(e <#> '[1,2,3,4]')$$, 'DESC'), ('IP', $$inner_product(e, '[1,2,3,4]')$$, 'DESC'), ('IP', $$-inner_product(e, '[1,2,3,4]')$$, 'ASC'),
		('L2', $$l2_distance(e, '[1,2,3,4]')$$, 'ASC'), ('L2', $$1 / (1 + (e <-> '[1,2,3,4]'))$$, 'DESC'), ('L2', $$(e <-> '[1,2,3,4]') + 1$$, 'ASC NULLS FIRST'), ('L2', $$1 - l2_distance(e, '[1,2,3,4]') * 0.01$$, 'DESC')) v(metric, value, direction);
-- the value may be another than what orders, of the same distance
SELECT compare('COSINE', $$1 - (e <=> '[1,2,3,4]')$$, $$ORDER BY e <=> '[1,2,3,4]' LIMIT 5$$), compare('COSINE', $$e <=> '[1,2,3,4]'$$, $$ORDER BY 1 - (e <=> '[1,2,3,4]') DESC LIMIT 5$$);
-- a similarity as a bound: the match_documents() of the tutorials
SELECT metric, condition, compare(metric, 'id', format('WHERE %s ORDER BY %s, id LIMIT 20', condition, ranking)) FROM (VALUES
	('COSINE', $$1 - (e <=> '[1,2,3,4]') > 0.9$$, $$e <=> '[1,2,3,4]'$$), ('COSINE', $$0.95 <= 1 - (e <=> '[1,2,3,4]')$$, $$e <=> '[1,2,3,4]'$$),
	('L2', $$l2_distance(e, '[1,2,3,4]') < 3$$, $$e <-> '[1,2,3,4]'$$), ('L2', $$10 - (e <-> '[1,2,3,4]') > 7$$, $$e <-> '[1,2,3,4]'$$)) v(metric, condition, ranking);
SELECT count(*) AS local, (SELECT count(*) FROM cosine_s WHERE 1 - (e <=> '[1,2,3,4]') > 0.95) AS s, (SELECT count(*) FROM cosine_l3 WHERE 1 - (e <=> '[1,2,3,4]') > 0.95) AS l3,
	(SELECT count(*) FROM cosine_l2 WHERE 1 - (e <=> '[1,2,3,4]') > 0.95) AS l2 FROM similarity_local WHERE 1 - (e <=> '[1,2,3,4]') > 0.95;
EXPLAIN (COSTS OFF) SELECT id FROM cosine_s WHERE 1 - (e <=> '[1,2,3,4]') > 0.95;
CREATE FUNCTION match_documents(query_embedding vector(4), match_threshold float, match_count int) RETURNS TABLE (id bigint, similarity float) LANGUAGE sql STABLE AS $$
	SELECT d.id, 1 - (d.e <=> query_embedding) AS similarity FROM cosine_s d WHERE 1 - (d.e <=> query_embedding) > match_threshold ORDER BY similarity DESC LIMIT match_count
$$;
SELECT id, round(similarity::numeric, 3) FROM match_documents('[1,2,3,4]', 0.78, 3);
SELECT f.id, round(f.similarity::numeric, 3) FROM similarity_local l, LATERAL match_documents(l.e, 0.999, 1) f WHERE l.id IN (7, 99);
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM match_documents('[1,2,3,4]', 0.78, 3);

-- a bound that a division makes a little too small must not lose what is just within it
CREATE TABLE bits_local AS SELECT i::bigint AS id, (i * 2654435761 % 65536)::int::bit(16) AS b FROM generate_series(1, 300) i;
CREATE FOREIGN TABLE bits (id bigint NOT NULL, b bit(16) NOT NULL) SERVER l2;
SELECT make_collection('bits'), index_and_load('bits', 'b', 'BIN_FLAT', 'HAMMING');
INSERT INTO bits TABLE bits_local;
EXPLAIN (COSTS OFF) SELECT id FROM bits WHERE (b <~> B'0000000000000000') / 10 <= 0.3;
SELECT (SELECT count(*) FROM bits WHERE (b <~> B'0000000000000000') / 10 <= 0.3) = (SELECT count(*) FROM bits_local WHERE (b <~> B'0000000000000000') / 10 <= 0.3) AS at_3,
	(SELECT count(*) FROM bits WHERE (b <~> B'0000000000000000') / 10 <= 0.6) = (SELECT count(*) FROM bits_local WHERE (b <~> B'0000000000000000') / 10 <= 0.6) AS at_6,
	(SELECT count(*) FROM (SELECT id FROM bits WHERE (b <~> B'0000000000000000') / 10 <= 0.7 ORDER BY b <~> B'0000000000000000' LIMIT 1000) x)
		= (SELECT count(*) FROM bits_local WHERE (b <~> B'0000000000000000') / 10 <= 0.7) AS at_7;
SELECT milvus.drop_collection('bits');
DROP TABLE bits_local;

-- ranks under a LIMIT ask for one row more than they show
SELECT compare('L2', f || $$ OVER (ORDER BY e <-> '[1,2,3,4]')$$, $$ORDER BY e <-> '[1,2,3,4]' LIMIT 12$$) FROM unnest('{rank(),dense_rank(),row_number()}'::text[]) f;
SELECT compare('COSINE', $$row_number() OVER (ORDER BY 1 - (e <=> '[1,2,3,4]') DESC)$$, 'LIMIT 12 OFFSET 3');
-- from 16 on, PostgreSQL's rank does not look at the row after the last
SELECT regexp_replace(explained($$ SELECT id, rank() OVER (ORDER BY e <-> '[1,2,3,4]') FROM l2_s LIMIT 12 $$), 'l2_s \(actual rows=1[23] ', 'l2_s (actual rows=12 or 13 ') AS explained;

-- columns that are computed above the order have the distance, and what else they are made of
CREATE FUNCTION costly(float8) RETURNS float8 LANGUAGE plpgsql COST 10000 AS 'BEGIN RETURN round($1::numeric, 2); END';
SELECT compare('L2', $$costly(e <-> '[1,2,3,4]')$$, $$ORDER BY e <-> '[1,2,3,4]', id LIMIT 5$$), compare('L2', $$(e <-> '[1,2,3,4]') + 0 * random()$$, $$ORDER BY e <-> '[1,2,3,4]', id LIMIT 5$$),
	compare('COSINE', $$1 - (e <=> '[1,2,3,4]') + 0 * rank() OVER (ORDER BY e <=> '[1,2,3,4]')$$, $$ORDER BY e <=> '[1,2,3,4]' LIMIT 5$$);

-- what orders or ranks by a distance and is no search says why, without VERBOSE
CREATE FUNCTION why(statement text) RETURNS text LANGUAGE sql AS $$ SELECT coalesce(substring(plan_of(statement) FROM 'Search Not Sent: ([^\n]*)'), substring(plan_of(statement) FROM 'Milvus Search: .*'), plan_of(statement)) $$;
SELECT ending, why('SELECT id FROM cosine_s ' || ending) FROM unnest(ARRAY[
	$$ORDER BY 1 - (e <=> '[1,2,3,4]') LIMIT 5$$, $$ORDER BY e <=> '[1,2,3,4]' DESC LIMIT 5$$, $$ORDER BY 1 - (e <=> '[1,2,3,4]') DESC$$, $$ORDER BY e <-> '[1,2,3,4]' LIMIT 5$$,
	$$ORDER BY n * (e <=> '[1,2,3,4]') LIMIT 5$$, $$ORDER BY 0 * (e <=> '[1,2,3,4]') LIMIT 5$$, $$ORDER BY 1 / (e <=> '[1,2,3,4]') LIMIT 5$$, $$ORDER BY (e <=> '[1,2,3,4]') + (e <=> '[4,3,2,1]') LIMIT 5$$,
	$$ORDER BY round((e <=> '[1,2,3,4]')::numeric, 2) LIMIT 5$$, $$ORDER BY e <=> e LIMIT 5$$, $$WINDOW w AS (ORDER BY e <=> '[1,2,3,4]') ORDER BY rank() OVER w LIMIT 5$$,
	$$WINDOW w AS (PARTITION BY n ORDER BY e <=> '[1,2,3,4]') ORDER BY rank() OVER w LIMIT 5$$, $$ORDER BY sum(n) OVER (ORDER BY e <=> '[1,2,3,4]') LIMIT 5$$]) ending;
EXPLAIN (COSTS OFF) SELECT c.id FROM cosine_s c, similarity_local l WHERE l.id = 5 ORDER BY c.e <=> l.e LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM cosine_s ORDER BY id LIMIT 5;

-- a function of somebody else's that only has such a name
CREATE SCHEMA others;
CREATE FUNCTION others.l2_distance(a vector, b vector) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT AS 'BEGIN RETURN 7; END';
EXPLAIN (COSTS OFF) SELECT id FROM l2_s ORDER BY others.l2_distance(e, '[1,2,3,4]') LIMIT 5;

SELECT count(milvus.drop_collection(t::regclass) IS NULL) FROM similarity_tables;
DROP SCHEMA others CASCADE;
DROP FUNCTION compare, costly, why, plan_of, match_documents;
DROP TABLE similarity_local, similarity_tables;
DROP SERVER s, l3, l2 CASCADE;
