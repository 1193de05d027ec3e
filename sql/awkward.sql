-- awkward data: control characters in keys, the lowest key, -0.0, zero vectors, vectors that a server's search can't return
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE awkward_local (id varchar(50) NOT NULL, n bigint NOT NULL, d float8 NOT NULL, e vector(2) NOT NULL);
INSERT INTO awkward_local SELECT 'k' || chr(i) || 'x' || i, CASE WHEN i = 1 THEN -9223372036854775808 ELSE i END,
	CASE WHEN i % 3 = 0 THEN -0.0::float8 ELSE i / 4.0 END, ARRAY[i, 1]::real[]::vector FROM generate_series(1, 140) i;
-- small pages, so that every key ends one
SELECT foreign_like('awkward_' || s, 'awkward_local', s, $$ OPTIONS (fetch_size '3')$$) FROM unnest('{s,l3}'::text[]) s;
CREATE FOREIGN TABLE awkward_l2 (id varchar(50) NOT NULL, n bigint OPTIONS (primary_key 'true') NOT NULL, d float8 NOT NULL, e vector(2) NOT NULL)
	SERVER l2 OPTIONS (fetch_size '1');
SELECT make_collection('awkward_' || s) FROM unnest('{s,l3,l2}'::text[]) s;
INSERT INTO awkward_s SELECT * FROM awkward_local;
INSERT INTO awkward_l3 SELECT * FROM awkward_local;
INSERT INTO awkward_l2 SELECT * FROM awkward_local;
SELECT index_and_load('awkward_' || s, 'e', 'FLAT', 'L2') FROM unnest('{s,l3,l2}'::text[]) s;
SELECT count(*), count(DISTINCT id) FROM (TABLE awkward_s INTERSECT ALL TABLE awkward_local) x;
SELECT count(*), count(DISTINCT id) FROM (TABLE awkward_l3 INTERSECT ALL TABLE awkward_local) x;
SELECT count(*), count(DISTINCT id) FROM (TABLE awkward_l2 INTERSECT ALL TABLE awkward_local) x;
SELECT count(*) FROM awkward_local l WHERE (SELECT count(*) FROM awkward_s f WHERE f.id = l.id) = 1;
SELECT count(*) FROM awkward_local l WHERE (SELECT count(*) FROM awkward_l3 f WHERE f.id = l.id) = 1;
SELECT count(*) FROM awkward_local l WHERE (SELECT count(*) FROM awkward_l2 f WHERE f.id = l.id) = 1;
SELECT (SELECT count(*) FROM awkward_s WHERE d IN (0, 1)) AS s, (SELECT count(*) FROM awkward_l3 WHERE d IN (0, 1)) AS l3,
	(SELECT count(*) FROM awkward_l3 WHERE d NOT IN (0, 1)) AS l3_not, (SELECT count(*) FROM awkward_local WHERE d IN (0, 1)) AS local;
-- the lowest key in a count of a partition alone, which some servers count by a filter that all rows pass
CREATE FOREIGN TABLE lowest_s (n bigint OPTIONS (primary_key 'true') NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'awkward_lowest', partition '_default');
SELECT foreign_like('lowest_l3', 'lowest_s', 'l3', $$ OPTIONS (collection 'awkward_lowest', partition '_default')$$);
ALTER FOREIGN TABLE lowest_l3 ALTER n OPTIONS (ADD primary_key 'true');
SELECT make_collection(t) FROM unnest('{lowest_s,lowest_l3}'::regclass[]) t;
INSERT INTO lowest_s VALUES (-9223372036854775808, '[1,1]'), (-1, '[1,1]'), (0, '[1,1]'), (9223372036854775806, '[1,1]');
SELECT milvus.create_index(t, 'e', 'FLAT', 'L2') FROM unnest('{lowest_s,lowest_l3}'::regclass[]) t;
SELECT milvus.load(server => s, collection => 'awkward_lowest') FROM unnest('{s,l3}'::text[]) s;
INSERT INTO lowest_l3 SELECT * FROM lowest_s;
SELECT (SELECT count(*) FROM lowest_s) AS s, (SELECT count(*) FROM lowest_l3) AS l3;
SELECT milvus.drop_collection(server => s, collection => 'awkward_lowest') FROM unnest('{s,l3}'::name[]) s;
-- contradictory conditions below a search
SELECT id FROM awkward_s WHERE n IN (3) AND (n, d) = (4, 3) ORDER BY e <-> '[1,2]', id LIMIT 2;
-- a zero vector has no cosine: NaN, and last
CREATE FOREIGN TABLE zero_s (id bigint NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT foreign_like('zero_l3', 'zero_s', 'l3'), foreign_like('zero_l2', 'zero_s', 'l2');
SELECT make_collection(t) FROM unnest('{zero_s,zero_l3,zero_l2}'::regclass[]) t;
INSERT INTO zero_s VALUES (1, '[1,0]'), (2, '[0,0]'), (3, '[0,1]'), (4, '[-1,0]'), (5, '[1,1]'), (6, '[0,0]');
SELECT index_and_load(t, 'e', 'FLAT', 'COSINE') FROM unnest('{zero_s,zero_l3,zero_l2}'::regclass[]) t;
INSERT INTO zero_l3 TABLE zero_s;
INSERT INTO zero_l2 TABLE zero_s;
SELECT id, round((e <=> '[1,0]')::numeric, 5) AS d FROM zero_s ORDER BY e <=> '[1,0]', id LIMIT 10;
SELECT id, round((e <=> '[1,0]')::numeric, 5) AS d FROM zero_l3 ORDER BY e <=> '[1,0]', id LIMIT 10;
SELECT id, round((e <=> '[1,0]')::numeric, 5) AS d FROM zero_l2 ORDER BY e <=> '[1,0]', id LIMIT 10;
SELECT id FROM zero_l3 ORDER BY e <=> '[1,0]', id LIMIT 4;
SELECT id FROM zero_l2 WHERE e <=> '[1,0]' <= 1 ORDER BY e <=> '[1,0]', id LIMIT 4;
-- sparse: rows that share no dimension with the query are no hits, but rows
CREATE FOREIGN TABLE sparse_l2 (id bigint NOT NULL, e sparsevec(100) NOT NULL) SERVER l2;
SELECT make_collection('sparse_l2');
INSERT INTO sparse_l2 SELECT i, ('{' || 1 + i % 5 || ':1,' || 10 + i || ':2}/100')::sparsevec FROM generate_series(1, 40) i;
SELECT index_and_load('sparse_l2', 'e', 'SPARSE_INVERTED_INDEX', 'IP');
SELECT count(*), count(*) FILTER (WHERE d < 0), min(d) FROM (SELECT e <#> '{1:3}/100' AS d FROM sparse_l2 ORDER BY d LIMIT 20) x;
-- bits: Lite 2's searches fail to return them
CREATE FOREIGN TABLE bits_l2 (id bigint NOT NULL, e bit(8) NOT NULL) SERVER l2;
SELECT make_collection('bits_l2');
INSERT INTO bits_l2 SELECT i, i::bit(8) FROM generate_series(1, 100) i;
SELECT index_and_load('bits_l2', 'e', 'BIN_FLAT', 'HAMMING');
SELECT id, e, e <~> B'00000111' AS d FROM bits_l2 ORDER BY d, id LIMIT 3;
SELECT id, e <~> B'00000111' AS d FROM bits_l2 ORDER BY d, id LIMIT 3;
-- a bound between two numbers of bits
CREATE FOREIGN TABLE bits_s (id bigint NOT NULL, e bit(8) NOT NULL) SERVER s;
SELECT make_collection('bits_s');
INSERT INTO bits_s SELECT i, i::bit(8) FROM generate_series(1, 100) i;
SELECT index_and_load('bits_s', 'e', 'BIN_FLAT', 'HAMMING');
SELECT r, (SELECT count(*) FROM bits_s WHERE e <~> B'00000111' < r) AS less, (SELECT count(*) FROM bits_s WHERE e <~> B'00000111' <= r) AS at_most,
	(SELECT count(*) FROM generate_series(1, 100) i WHERE i::bit(8) <~> B'00000111' < r) AS less_here,
	(SELECT count(*) FROM generate_series(1, 100) i WHERE i::bit(8) <~> B'00000111' <= r) AS at_most_here
	FROM unnest('{-1,0,0.5,1,1.5,2,2.5,7,9}'::float8[]) r;
SELECT milvus.drop_collection('bits_s');
-- NaN, values that no float4 has, NULL as an element, a key in a list that can't be said
CREATE TABLE odd_local (id bigint NOT NULL, f real NOT NULL, a text[] NOT NULL, e vector(2) NOT NULL);
INSERT INTO odd_local SELECT i, CASE WHEN i % 3 = 0 THEN 'NaN' WHEN i % 3 = 1 THEN 1.1 ELSE i END,
	CASE WHEN i % 2 = 0 THEN '{}'::text[] ELSE '{x}' END, '[1,2]' FROM generate_series(1, 200) i;
SELECT foreign_like('odd_' || s, 'odd_local', s) FROM unnest('{s,l3,l2}'::text[]) s;
SELECT make_collection('odd_' || s) FROM unnest('{s,l3,l2}'::text[]) s;
INSERT INTO odd_s SELECT * FROM odd_local;
INSERT INTO odd_l3 SELECT * FROM odd_local;
INSERT INTO odd_l2 SELECT * FROM odd_local;
SELECT index_and_load('odd_' || s, 'e', 'FLAT', 'L2') FROM unnest('{s,l3,l2}'::text[]) s;
CREATE FUNCTION check_odd(condition text) RETURNS TABLE (local bigint, s bigint, l3 bigint, l2 bigint) LANGUAGE plpgsql AS $$ BEGIN
	EXECUTE 'SELECT count(*) FROM odd_local WHERE ' || condition INTO local;
	EXECUTE 'SELECT count(*) FROM odd_s WHERE ' || condition INTO s;
	EXECUTE 'SELECT count(*) FROM odd_l3 WHERE ' || condition INTO l3;
	EXECUTE 'SELECT count(*) FROM odd_l2 WHERE ' || condition INTO l2;
	RETURN NEXT; END $$;
SELECT condition, x.* FROM unnest(ARRAY['f = 1.1', 'f = 1.1::real', 'f <> 1.1', 'f <> 1.1::real', 'f IN (1.1, 5)', 'f NOT IN (1.1, 5)', 'f IN (1.1::real, 5)',
	'f NOT IN (1.1, 2.2)', 'f <> 5', 'f > 1.1', 'f <= 1.1', 'f = 1e300', 'f <> 1e300', 'f < 1e300', $$f = 'NaN'$$, $$f IN ('NaN', 5)$$,
	'NOT NULL = ANY (a)', 'NULL = ANY (a)', 'NULL <> ALL (a)']) condition, check_odd(condition) x;
SET plan_cache_mode = force_generic_plan;
PREPARE by_keys(bigint[]) AS SELECT id FROM odd_s WHERE id = ANY ($1);
EXECUTE by_keys('{5,-9223372036854775808,3,4}');
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{odd_s,odd_l3,odd_l2}'::regclass[]) t;
DROP FUNCTION check_odd;
DROP TABLE odd_local;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{awkward_s,awkward_l3,awkward_l2,zero_s,zero_l3,zero_l2,sparse_l2,bits_l2}'::regclass[]) t;
DROP TABLE awkward_local;
DROP SERVER s, l3, l2 CASCADE;
