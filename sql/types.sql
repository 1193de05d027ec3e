-- every type that create_collection() makes: what is written is read, on all servers
\i sql/servers.psql
SET client_min_messages = warning;
CREATE TABLE types_local (id bigint PRIMARY KEY, b boolean NOT NULL, i2 smallint NOT NULL, i4 integer NOT NULL,
	i8 bigint NOT NULL, f4 real NOT NULL, f8 double precision NOT NULL, s varchar(1000) NOT NULL, t text NOT NULL,
	j jsonb NOT NULL, a2 smallint[] NOT NULL, a4 integer[] NOT NULL, a8 bigint[] NOT NULL, af real[] NOT NULL,
	ad double precision[] NOT NULL, ab boolean[] NOT NULL, at varchar(100)[] NOT NULL, e vector(4) NOT NULL);
-- (2.3.5 never returns a row whose key is the largest number: it is its mark for "none")
INSERT INTO types_local VALUES
	(1, true, 32767, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 'ascii', 'x', '{}',
		'{32767,-32768}', '{2147483647,-2147483648}', '{9223372036854775807,-9223372036854775808}', '{1.5,-0.1}',
		'{0.1,1e300}', '{t,f}', '{a,b}', '[1,2,3,4]'),
	(2, false, -32768, -2147483648, -9223372036854775808, -3.4028235e38, -1.7976931348623157e308, '', '', '{"a": null}',
		'{}', '{}', '{}', '{}', '{}', '{}', '{}', '[0,0,0,0]'),
	(3, true, 0, 0, 0, 1.17549435e-38, 5e-324, 'ünïcödé ✓ 🐘', E'tab\t quote" back\\slash ''single'' %_',
		'{"n": 12345678901234567890123, "s": "\u00e9\ud83d\ude00", "deep": [1, {"x": [true, null]}]}',
		'{0}', '{0}', '{0}', '{0}', '{0}', '{f}', '{"with \"quotes\" and \\",🐘}', '[-1.5,0.25,1e-30,1e30]'),
	(-9223372036854775807, false, -1, -1, -1, -1, -0.1, repeat('ä', 500), repeat('x', 20000), '{"big": 9007199254740993}',
		'{-1}', '{-1}', '{-1}', '{-1}', '{-1}', '{t}', ARRAY[''], '[3,3,3,3]'),
	(9223372036854775806, true, 1, 1, 1, 0.1, 0.1, E'line\nbreak\r\n', ' ', '[]'::jsonb || '{}',
		'{1,2,3}', '{1,2,3}', '{1,2,3}', '{1,2,3}', '{1,2,3}', '{t,t,t}', '{x,y,z}', '[9,9,9,9]');
UPDATE types_local SET j = '{"list": []}' WHERE id = 9223372036854775806;
SELECT foreign_like('types_s', 'types_local', 's'), foreign_like('types_l3', 'types_local', 'l3'),
	foreign_like('types_l2', 'types_local', 'l2');
SELECT make_collection(t) FROM unnest('{types_s,types_l3,types_l2}'::regclass[]) t;
INSERT INTO types_s SELECT * FROM types_local;
INSERT INTO types_l3 SELECT * FROM types_local;
INSERT INTO types_l2 SELECT * FROM types_local;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{types_s,types_l3,types_l2}'::regclass[]) t;
-- nothing differs
(SELECT 's' AS server, * FROM types_s EXCEPT ALL SELECT 's', * FROM types_local)
UNION ALL (SELECT 's', * FROM types_local EXCEPT ALL SELECT 's', * FROM types_s);
(SELECT 'l3' AS server, * FROM types_l3 EXCEPT ALL SELECT 'l3', * FROM types_local)
UNION ALL (SELECT 'l3', * FROM types_local EXCEPT ALL SELECT 'l3', * FROM types_l3);
(SELECT 'l2' AS server, * FROM types_l2 EXCEPT ALL SELECT 'l2', * FROM types_local)
UNION ALL (SELECT 'l2', * FROM types_local EXCEPT ALL SELECT 'l2', * FROM types_l2);
-- the same in small pages
ALTER FOREIGN TABLE types_s OPTIONS (ADD fetch_size '1');
ALTER FOREIGN TABLE types_l3 OPTIONS (ADD fetch_size '2');
SELECT count(*), count(DISTINCT id), sum(length(t)) FROM types_s;
SELECT count(*), count(DISTINCT id), sum(length(t)) FROM types_l3;
-- -0.0, NaN and infinities of scalars
CREATE FOREIGN TABLE floats_s (id bigint NOT NULL, f real NOT NULL, d double precision NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT foreign_like('floats_l2', 'floats_s', 'l2');
SELECT make_collection('floats_s'), make_collection('floats_l2');
INSERT INTO floats_s VALUES (1, '-0', '-0', '[1,1]'), (2, 'NaN', 'NaN', '[1,1]'), (3, 'inf', 'inf', '[1,1]'), (4, '-inf', '-inf', '[1,1]');
INSERT INTO floats_l2 SELECT * FROM (VALUES (1, '-0'::real, '-0'::float8, '[1,1]'::vector), (2, 'NaN', 'NaN', '[1,1]'), (3, 'inf', 'inf', '[1,1]'), (4, '-inf', '-inf', '[1,1]')) v;
SELECT index_and_load(t, 'e', 'FLAT', 'L2') FROM unnest('{floats_s,floats_l2}'::regclass[]) t;
SELECT id, f, d FROM floats_s ORDER BY id;
SELECT id, f, d FROM floats_l2 ORDER BY id;
SELECT id FROM floats_s WHERE f > 1 ORDER BY id;
SELECT id FROM floats_s WHERE NOT d > 1 ORDER BY id;
SELECT id FROM floats_s WHERE d = 'NaN' OR f = 0 ORDER BY id;
SELECT id FROM floats_s WHERE d <> 'NaN' ORDER BY id;
SELECT id FROM floats_s WHERE d < 'inf' ORDER BY id;
SELECT id FROM floats_l2 WHERE d >= 0 ORDER BY id;
-- NULLs, and a default
CREATE FOREIGN TABLE nulls_l3 (id bigint NOT NULL, b boolean, n integer, f real, s varchar(10), j jsonb, a integer[], e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('nulls_l3');
INSERT INTO nulls_l3 SELECT i, CASE WHEN i % 2 = 0 THEN true END, CASE WHEN i % 3 = 0 THEN i END, CASE WHEN i % 5 = 0 THEN i END,
	CASE WHEN i % 7 = 0 THEN 's' || i END, CASE WHEN i % 2 = 1 THEN '{"k": 1}'::jsonb END, CASE WHEN i % 4 = 0 THEN ARRAY[i] END,
	ARRAY[i, i]::real[]::vector FROM generate_series(1, 12) i;
SELECT index_and_load('nulls_l3', 'e', 'FLAT', 'L2');
SELECT * FROM nulls_l3 ORDER BY id;
-- binary vectors
CREATE FOREIGN TABLE bits_s (id bigint NOT NULL, e bit(16) NOT NULL) SERVER s;
CREATE FOREIGN TABLE bits_l2 (id bigint NOT NULL, e bit(16) NOT NULL) SERVER l2;
SELECT make_collection('bits_s'), make_collection('bits_l2');
INSERT INTO bits_s VALUES (1, B'1000000000000001'), (2, B'1111111100000000'), (3, B'0000000011111111'), (4, B'1010101010101010');
INSERT INTO bits_l2 SELECT * FROM (VALUES (1, B'1000000000000001'::bit(16)), (2, B'1111111100000000'), (3, B'0000000011111111'), (4, B'1010101010101010')) v;
SELECT index_and_load('bits_s', 'e', 'BIN_FLAT', 'HAMMING'), index_and_load('bits_l2', 'e', 'BIN_FLAT', 'JACCARD');
SELECT * FROM bits_s ORDER BY id;
SELECT * FROM bits_l2 ORDER BY id;
SELECT id, e <~> B'1000000000000000' AS distance FROM bits_s ORDER BY distance, id LIMIT 3;
SELECT id, round((e <%> B'1000000000000000')::numeric, 4) AS distance FROM bits_l2 ORDER BY e <%> B'1000000000000000', id LIMIT 3;
-- half and sparse vectors
CREATE FOREIGN TABLE half_l2 (id bigint NOT NULL, h halfvec(3) NOT NULL) SERVER l2;
CREATE FOREIGN TABLE sparse_l3 (id bigint NOT NULL, v sparsevec(1000) NOT NULL) SERVER l3;
CREATE FOREIGN TABLE sparse_l2 (id bigint NOT NULL, v sparsevec(1000) NOT NULL) SERVER l2;
CREATE FOREIGN TABLE bare (id bigint NOT NULL, v sparsevec(1000) NOT NULL) SERVER l3;
SELECT make_collection(t) FROM unnest('{half_l2,sparse_l3,sparse_l2,bare}'::regclass[]) t;
INSERT INTO bare VALUES (1, '{1:1.5,1000:2}/1000'), (2, '{2:1}/1000');
SELECT milvus.load('bare');
INSERT INTO half_l2 VALUES (1, '[1,2,3]'), (2, '[0.1,-65504,0.00006]');
INSERT INTO sparse_l3 VALUES (1, '{1:1.5,1000:2}/1000'), (2, '{2:1}/1000');
INSERT INTO sparse_l2 VALUES (1, '{1:1.5,1000:2}/1000'), (2, '{2:1}/1000');
SELECT index_and_load('half_l2', 'h', 'FLAT', 'L2'), index_and_load('sparse_l3', 'v', 'SPARSE_INVERTED_INDEX', 'IP'),
	index_and_load('sparse_l2', 'v', 'SPARSE_INVERTED_INDEX', 'IP');
SELECT * FROM half_l2 ORDER BY id;
SELECT * FROM sparse_l3 ORDER BY id;
SELECT * FROM sparse_l2 ORDER BY id;
SELECT id, h <-> '[1,2,4]' AS distance FROM half_l2 ORDER BY distance LIMIT 1;
SELECT id, v <#> '{1:2}/1000' AS distance FROM sparse_l3 ORDER BY distance LIMIT 1;
SELECT id, v <#> '{1:2}/1000' AS distance FROM sparse_l2 ORDER BY distance LIMIT 1;
-- a field of half precision has the query in half precision too: distances, bounds and orders are those of the query that was given
SELECT milvus.drop_collection(server => 'l2', collection => 'rounded');
SELECT milvus.create_collection(server => 'l2', collection => 'rounded', schema => '{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true},
	{"name": "h", "data_type": "Float16Vector", "type_params": {"dim": 3}}, {"name": "b", "data_type": "BFloat16Vector", "type_params": {"dim": 3}}]}');
CREATE FOREIGN TABLE rounded (id bigint NOT NULL, h vector(3) NOT NULL, b real[] NOT NULL) SERVER l2;
CREATE TABLE rounded_local AS SELECT i AS id, ARRAY[i % 7, i % 11, 1]::vector(3) AS h, ARRAY[i % 7, i % 11, 1]::real[] AS b FROM generate_series(1, 77) i;
INSERT INTO rounded SELECT * FROM rounded_local;
SELECT index_and_load('rounded', 'h', 'FLAT', 'L2'), index_and_load('rounded', 'b', 'FLAT', 'COSINE');
SELECT explained(format('SELECT id FROM rounded ORDER BY h <-> %L, id LIMIT 10', query), 'COSTS OFF') FROM unnest('{"[0.1,0.3,0.7]","[1,2,3]","[70000,0,0]"}'::text[]) query;
CREATE FUNCTION nearest(rel regclass, k integer) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT string_agg(id || '' '' || d::text, '', '' ORDER BY d) FROM (SELECT id, h <-> ''[0.1,0.3,0.7]'' AS d FROM %1$s ORDER BY d LIMIT %2$s) x)', rel, k);
	RETURN QUERY EXECUTE format('SELECT (SELECT string_agg(id || '' '' || d::text, '', '' ORDER BY d) FROM (SELECT id, b OPERATOR(milvus.<=>) ''{0.1,0.3,0.7}'' AS d FROM %1$s ORDER BY d LIMIT %2$s) x)', rel, k);
	RETURN QUERY EXECUTE format('SELECT string_agg(id::text, '','' ORDER BY id) FROM %s WHERE h <-> ''[0.1,0.3,1]'' < 0.31625', rel);
END $$;
SELECT * FROM nearest('rounded', 10) EXCEPT SELECT * FROM nearest('rounded_local', 10);
SELECT cardinality(string_to_array(nearest, ',')) FROM nearest('rounded', 10);
-- a row whose distance from the rounded query is greater may be nearer; queries may be beyond the field's range, values may not
DELETE FROM rounded;
INSERT INTO rounded SELECT i, ARRAY[999.5, i / 1000.0, 0]::real[]::vector, ARRAY[1, i / 1000.0, 0] FROM generate_series(1, 50) i;
INSERT INTO rounded VALUES (99, '[1000.5,0.25,0]', '{1000.5,1,0}');
SELECT id, round((h <-> '[1000,0,0]')::numeric, 4) AS from_rounded, round((h <-> '[1000.2,0,0]')::numeric, 4) AS distance FROM rounded WHERE id IN (1, 50, 99) ORDER BY id;
SELECT id FROM rounded ORDER BY h <-> '[1000.2,0,0]' LIMIT 1;
SELECT id FROM rounded WHERE h <-> '[1000.2,0,0]' < 0.6 ORDER BY h <-> '[1000.2,0,0]' LIMIT 1;
SELECT id FROM rounded WHERE h <-> '[1000.2,0,0]' < 0.6;
SELECT id FROM rounded ORDER BY h <-> '[70000,0,0]' LIMIT 1;
SELECT id FROM rounded ORDER BY b OPERATOR(milvus.<=>) '{3.4e38,1,0}' LIMIT 1;
INSERT INTO rounded VALUES (4, '[70000,0,0]', '{1,1,1}');
INSERT INTO rounded VALUES (4, '[1,1,1]', '{1,1,3.4e38}');
-- a score that cannot be believed, where hits come without their vectors; queries of other dimensions, and such as are no vectors
SELECT milvus.create_collection(server => 'l2', collection => 'angles', schema => '{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true},
	{"name": "h", "data_type": "BFloat16Vector", "type_params": {"dim": 2}}]}');
CREATE FOREIGN TABLE angles (id bigint NOT NULL, h real[] NOT NULL) SERVER l2;
INSERT INTO angles VALUES (1, '{1,2}'), (2, '{0,0}'), (3, '{2,-1}'), (4, '{3,1}');
SELECT index_and_load('angles', 'h', 'FLAT', 'COSINE');
SELECT id FROM angles ORDER BY h OPERATOR(milvus.<=>) '{1,2}' LIMIT 4;
SELECT explained('SELECT id FROM angles ORDER BY h OPERATOR(milvus.<=>) ''{1,2,3}'' LIMIT 4', 'COSTS OFF');
SELECT id FROM angles ORDER BY h OPERATOR(milvus.<=>) '{1,2,3}' LIMIT 0;
SELECT id FROM angles WHERE id > 9 ORDER BY h OPERATOR(milvus.<=>) '{1,2,3}' LIMIT 4;
SELECT id FROM angles ORDER BY h OPERATOR(milvus.<=>) '{1,2,3}' LIMIT 4;
SELECT id, h OPERATOR(milvus.<=>) '{1,NaN}' FROM angles ORDER BY 2, id LIMIT 1;
SELECT milvus.drop_collection('angles');
-- what is within a bound that float4 has no square of
SELECT milvus.create_collection(server => 'l2', collection => 'huge', schema => '{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true},
	{"name": "h", "data_type": "BFloat16Vector", "type_params": {"dim": 2}}, {"name": "e", "data_type": "FloatVector", "type_params": {"dim": 2}}]}');
CREATE FOREIGN TABLE huge (id bigint NOT NULL, h real[] NOT NULL, e real[] NOT NULL) SERVER l2;
INSERT INTO huge VALUES (1, '{1,2}', '{1,2}'), (2, '{3,4}', '{3,4}');
SELECT index_and_load('huge', 'h', 'FLAT', 'L2'), index_and_load('huge', 'e', 'FLAT', 'L2');
SELECT id FROM huge WHERE h OPERATOR(milvus.<->) '{1e38,1}' < 1e39 ORDER BY id;
SELECT id FROM huge WHERE e OPERATOR(milvus.<->) '{1e38,1}' < 1e39 ORDER BY id;
SELECT id FROM huge WHERE e OPERATOR(milvus.<->) '{1e38,1}' < 1e39 ORDER BY e OPERATOR(milvus.<->) '{1e38,1}', id LIMIT 5;
DELETE FROM huge;
INSERT INTO huge VALUES (0, '{1.8446744e19,5e16}', '{0,0}'), (1, '{0,1.8446744e19}', '{0,0}');
SELECT id FROM huge ORDER BY h OPERATOR(milvus.<->) '{1.8442240474082181e19,1.8514227e19}' LIMIT 1;
SELECT milvus.drop_collection('huge');
-- a key that is there several times comes once, and servers that leave out the others leave no other row out
SELECT milvus.create_collection(server => 'l2', collection => 'twice', schema => '{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true},
	{"name": "h", "data_type": "Float16Vector", "type_params": {"dim": 2}}, {"name": "e", "data_type": "FloatVector", "type_params": {"dim": 2}}]}');
CREATE FOREIGN TABLE twice (id bigint NOT NULL, h vector(2) NOT NULL, e vector(2) NOT NULL) SERVER l2 OPTIONS (unique_keys 'false');
CREATE TABLE once AS SELECT i::bigint AS id, ARRAY[i * 0.25, 1]::vector(2) AS h FROM generate_series(1, 100) i;
INSERT INTO twice SELECT id, h, h FROM once;
INSERT INTO twice SELECT id, h, h FROM once WHERE id % 3 > 0;
SELECT index_and_load('twice', 'h', 'FLAT', 'L2'), index_and_load('twice', 'e', 'FLAT', 'L2');
SELECT id FROM twice WHERE h <-> '[0.1,0.3]' < 20 ORDER BY h <-> '[0.1,0.3]' LIMIT 3 OFFSET 50;
SELECT id FROM twice WHERE e <-> '[0.1,0.3]' < 20 ORDER BY e <-> '[0.1,0.3]' LIMIT 3 OFFSET 50;
SELECT (SELECT array_agg(id) FROM (SELECT id FROM twice ORDER BY h <-> '[0.1,0.3]' LIMIT 70) x) = (SELECT array_agg(id ORDER BY id) FROM once WHERE id <= 70) AS same;
SELECT milvus.drop_collection('twice');
DROP TABLE once;
-- rows are not fetched by a key that no filter can name: where they do not come with the hits, a search is the error that a plain SELECT is
SELECT milvus.create_collection(server => 'l2', collection => 'named', schema => '{"fields": [{"name": "like", "data_type": "Int64", "is_primary_key": true}, {"name": "s", "data_type": "VarChar", "type_params": {"max_length": 4000}},
	{"name": "h", "data_type": "BFloat16Vector", "type_params": {"dim": 2}}, {"name": "e", "data_type": "FloatVector", "type_params": {"dim": 2}}]}');
CREATE FOREIGN TABLE named ("like" bigint NOT NULL, s varchar(4000) NOT NULL, h vector(2) NOT NULL, e vector(2) NOT NULL) SERVER l2;
INSERT INTO named VALUES (1, 'one', '[1,2]', '[1,2]'), (2, 'two', '[3,4]', '[3,4]');
SELECT index_and_load('named', 'h', 'FLAT', 'L2'), index_and_load('named', 'e', 'FLAT', 'L2');
SELECT "like", s FROM named;
SELECT "like", s FROM named ORDER BY h <-> '[3,3.9]' LIMIT 1;
SELECT "like", s FROM named ORDER BY milvus.rrf(ARRAY[e <-> '[3,3.9]', e <-> '[2.9,4]']) LIMIT 1;
SELECT milvus.drop_collection('named');
-- what is returned, and what triggers see, is what is stored
CREATE FUNCTION tell_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', new; RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON rounded FOR EACH ROW EXECUTE FUNCTION tell_row();
INSERT INTO rounded VALUES (100, '[0.1,0.2,0.3]', '{0.1,0.2,0.3}') RETURNING *;
UPDATE rounded SET h = '[0.7,1e-9,0]' WHERE id = 100 RETURNING *;
SELECT * FROM rounded WHERE id = 100;
SELECT milvus.drop_collection('rounded');
-- sparse vectors have one metric, also without an index
SELECT explained(format('SELECT id FROM bare ORDER BY v %s %L LIMIT 1', op, '{1:1}/1000'), 'COSTS OFF') FROM unnest('{<#>,<=>}'::text[]) op;
SELECT id FROM bare ORDER BY v <=> '{1:1}/1000' LIMIT 1;
-- columns of other types: wider ones fit, others are refused
CREATE FOREIGN TABLE types_wide (id bigint, i2 bigint, i4 bigint, f4 double precision, s text, j text, e real[]) SERVER s OPTIONS (collection 'types_s');
SELECT id, i2, i4, f4, left(s, 5) AS s, left(j, 10) AS j, e FROM types_wide WHERE id IN (1, 2) ORDER BY id;
CREATE FOREIGN TABLE types_bad (id bigint, i8 numeric) SERVER s OPTIONS (collection 'types_s');
SELECT * FROM types_bad;
CREATE FOREIGN TABLE types_missing (id bigint, nosuch integer) SERVER s OPTIONS (collection 'types_s');
SELECT * FROM types_missing;
SELECT milvus.drop_collection(t) FROM unnest('{types_s,types_l3,types_l2,floats_s,floats_l2,nulls_l3,bits_s,bits_l2,half_l2,sparse_l3,sparse_l2,bare}'::regclass[]) t;
DROP TABLE types_local;
DROP SERVER s, l3, l2 CASCADE;
