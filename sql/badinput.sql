-- Bad values: refused with the column's name, and nothing is sent
\i sql/servers.psql
SET client_min_messages = warning;
\i sql/try.psql
-- the collections' own columns, and foreign tables with columns that can hold more than the fields
CREATE FOREIGN TABLE strict_s (id bigint NOT NULL, b boolean NOT NULL, i2 smallint NOT NULL, i4 integer NOT NULL, i8 bigint NOT NULL, f4 real NOT NULL, f8 double precision NOT NULL, s varchar(5) NOT NULL,
	j jsonb NOT NULL, a2 smallint[] NOT NULL, a4 integer[] NOT NULL, a varchar(2)[] NOT NULL, e vector(3) NOT NULL) SERVER s OPTIONS (collection 'bad');
CREATE FOREIGN TABLE strict_l3 (id bigint NOT NULL, i4 integer, s varchar(5), j jsonb, a varchar(2)[], t timestamptz, e vector(3) NOT NULL, sp sparsevec NOT NULL) SERVER l3 OPTIONS (collection 'bad');
CREATE FOREIGN TABLE strict_l2 (id bigint NOT NULL, s varchar(5) NOT NULL, h halfvec(2) NOT NULL, e vector(3) NOT NULL, sp sparsevec NOT NULL) SERVER l2 OPTIONS (collection 'bad');
CREATE FOREIGN TABLE strict_bits (id varchar(3) NOT NULL, bits bit(8) NOT NULL) SERVER s OPTIONS (collection 'bad_bits');
SELECT make_collection(t) FROM unnest('{strict_s,strict_l3,strict_l2,strict_bits}'::regclass[]) t;
SELECT milvus.call('s', 'DropCollection', '{"collection_name": "bad_int8"}')->>'code', milvus.call('s', 'CreateCollection', jsonb_build_object('collection_name', 'bad_int8', 'schema',
	'{"name": "bad_int8", "fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true}, {"name": "i1", "data_type": "Int8"},
	 {"name": "a1", "data_type": "Array", "element_type": "Int8", "type_params": [{"key": "max_capacity", "value": "3"}]}, {"name": "e", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "2"}]}]}'::jsonb))->>'code';
CREATE FOREIGN TABLE loose_s (id bigint, b boolean, i2 bigint, i4 bigint, i8 bigint, f4 real, f8 double precision, s text, j jsonb, a2 integer[], a4 bigint[], a text[], e real[]) SERVER s OPTIONS (collection 'bad');
CREATE FOREIGN TABLE loose_l3 (id bigint, i4 bigint, s text, j jsonb, a text[], t timestamptz, e real[], sp jsonb) SERVER l3 OPTIONS (collection 'bad');
CREATE FOREIGN TABLE loose_l2 (id bigint, s text, h real[], e real[], sp jsonb) SERVER l2 OPTIONS (collection 'bad');
CREATE FOREIGN TABLE loose_bits (id text, bits varbit) SERVER s OPTIONS (collection 'bad_bits');
CREATE FOREIGN TABLE loose_int8 (id bigint, i1 smallint, a1 smallint[], e real[]) SERVER s OPTIONS (collection 'bad_int8');
-- one value at a time is put in the place of a good one
CREATE FUNCTION try_values(target regclass, good text[], tries text[]) RETURNS TABLE (field text, value text, result text) LANGUAGE plpgsql AS $$
DECLARE i integer; row_values text[];
BEGIN
	FOR i IN 1 .. array_length(tries, 1) LOOP
		field := tries[i][1]; value := tries[i][2];
		row_values := good;
		row_values[(SELECT attnum FROM pg_attribute WHERE attrelid = target AND attname = tries[i][1])] := tries[i][2];
		result := try(format('INSERT INTO %s VALUES (%s)', target, array_to_string(row_values, ', ')));
		value := left(value, 40);
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM try_values('loose_s', ARRAY['1', 'true', '1', '1', '1', '1', '1', '''ok''', '''{}''', '''{1}''', '''{1}''', '''{a}''', '''{1,2,3}'''], ARRAY[
	['id', 'NULL'], ['b', 'NULL'], ['i2', 'NULL'], ['i4', 'NULL'], ['i8', 'NULL'], ['f4', 'NULL'], ['f8', 'NULL'], ['s', 'NULL'], ['j', 'NULL'], ['a2', 'NULL'], ['a4', 'NULL'], ['a', 'NULL'], ['e', 'NULL'],
	['i2', '32768'], ['i2', '-32769'], ['i4', '2147483648'], ['i4', '-2147483649'],
	['s', 'repeat(''x'', 21)'], ['s', 'repeat(''🐘'', 6)'],
	['j', '''5'''], ['j', '''"s"'''], ['j', '''[1]'''],
	['a2', '''{40000}'''], ['a2', '''{1,NULL}'''], ['a4', '''{{1},{2}}'''], ['a4', 'array_fill(1, ARRAY[4097])'], ['a4', '''{3000000000}'''], ['a', 'ARRAY[repeat(''x'', 9)]'], ['a', '''{a,NULL}'''],
	['e', '''{1,2}'''], ['e', '''{1,2,3,4}'''], ['e', '''{}'''], ['e', '''{1,2,NaN}'''], ['e', '''{1,Infinity,3}'''], ['e', '''{1,2,NULL}'''], ['e', '''{{1,2,3}}''']]);
SELECT * FROM try_values('loose_int8', ARRAY['1', '1', '''{1}''', '''{1,2}'''], ARRAY[['i1', '128'], ['i1', '-129'], ['a1', '''{128}'''], ['a1', '''{1,2,3,4}''']]);
SELECT * FROM try_values('loose_bits', ARRAY['''k''', '''10101010'''], ARRAY[['id', 'NULL'], ['id', 'repeat(''k'', 13)'], ['bits', '''1'''], ['bits', '''1010101010'''], ['bits', 'NULL']]);
SELECT * FROM try_values('loose_l3', ARRAY['1', '1', '''ok''', '''{}''', '''{a}''', '''2026-01-01''', '''{1,2,3}''', '''{"0": 1}'''], ARRAY[
	['id', 'NULL'], ['e', 'NULL'], ['sp', 'NULL'], ['i4', '2147483648'], ['s', 'repeat(''x'', 21)'], ['a', 'ARRAY[repeat(''x'', 9)]'], ['t', '''infinity'''], ['j', '''5'''], ['j', '''true'''], ['j', '''"s"'''], ['j', '''null'''],
	['sp', '''{"-1": 1}'''], ['sp', '''{"4294967295": 1}'''], ['sp', '''{"x": 1}'''], ['sp', '''{"1": "x"}'''], ['sp', '''[1]'''], ['sp', '''{"1": 1e300}''']]);
SELECT * FROM try_values('loose_l2', ARRAY['1', '''ok''', '''{1,2}''', '''{1,2,3}''', '''{"0": 1}'''], ARRAY[
	['h', '''{1}'''], ['h', '''{1,70000}'''], ['h', '''{1,NaN}'''], ['h', 'NULL'], ['s', 'repeat(''x'', 21)'], ['sp', '''{"0": "NaN"}''']]);
-- the order of keys in a document does not matter
SELECT try($$INSERT INTO loose_l3 VALUES (7, 7, 'ok', '{"b": 1, "a": {"d": 2, "c": 3}}', '{a}', '2026-01-01', '{1,2,3}', '{"5": 1, "0": 2}')$$);
-- UPDATE checks the same
INSERT INTO loose_s VALUES (1, true, 1, 1, 1, 1, 1, 'ok', '{}', '{1}', '{1}', '{a}', '{1,2,3}');
SELECT index_and_load('strict_s', 'e', 'FLAT', 'L2') \gset ignored
SELECT c AS set, try('UPDATE loose_s SET ' || c) FROM unnest(ARRAY['i2 = 40000', 's = repeat(''x'', 21)', 'b = NULL', 'e = ''{1,2}''', 'a4 = ''{1,NULL}''', 'j = ''5''', 'id = NULL']) c;
-- fields that need a value, columns that have none, partitions that don't exist
CREATE FOREIGN TABLE missing (id bigint, s text) SERVER s OPTIONS (collection 'bad');
CREATE FOREIGN TABLE superfluous (id bigint, b boolean, i2 bigint, i4 bigint, i8 bigint, f4 real, f8 double precision, s text, j jsonb, a2 integer[], a4 bigint[], a text[], e real[], nothing integer) SERVER s OPTIONS (collection 'bad');
CREATE FOREIGN TABLE elsewhere (id bigint, b boolean, i2 bigint, i4 bigint, i8 bigint, f4 real, f8 double precision, s text, j jsonb, a2 integer[], a4 bigint[], a text[], e real[])
	SERVER s OPTIONS (collection 'bad', partition 'none');
CREATE FOREIGN TABLE generated_key (id bigint GENERATED ALWAYS AS (i4 * 2) STORED, i4 integer, e real[]) SERVER l3 OPTIONS (collection 'bad_generated');
SELECT try('INSERT INTO missing VALUES (1, ''x'')'), try($$INSERT INTO superfluous VALUES (1, true, 1, 1, 1, 1, 1, 'ok', '{}', '{1}', '{1}', '{a}', '{1,2,3}', 1)$$);
SELECT left(try($$INSERT INTO elsewhere VALUES (1, true, 1, 1, 1, 1, 1, 'ok', '{}', '{1}', '{1}', '{a}', '{1,2,3}')$$), 60);
SELECT try('INSERT INTO generated_key VALUES (1, 1, ''{1,2}'')');
SELECT try($$INSERT INTO loose_s (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET s = 'x'$$);
-- what a filter says is echoed in Milvus' errors, and is not what they say
CREATE FOREIGN TABLE echoed (id bigint NOT NULL, s varchar(20) NOT NULL, e vector(2) NOT NULL) SERVER l3;
SELECT count(make_collection('echoed')), count(index_and_load('echoed', 'e', 'FLAT', 'L2'));
SELECT filter, left(try(format('SELECT * FROM milvus.search(NULL::echoed, %L, %L::vector, filter => %L)', 'e', '[1,1]', filter)), 40) FROM unnest(ARRAY['s == "is not consistent to" and (', 's == "not loaded[" and (', 'unlisted == 1']) filter;
SELECT milvus.drop_collection('echoed');
-- a row larger than a message may be
CREATE FOREIGN TABLE large_row (id bigint NOT NULL, a text[] NOT NULL, e real[] NOT NULL) SERVER s;
SELECT milvus.call('s', 'DropCollection', '{"collection_name": "large_row"}')->>'code', milvus.call('s', 'CreateCollection', jsonb_build_object('collection_name', 'large_row', 'schema',
	'{"name": "large_row", "fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true},
	 {"name": "a", "data_type": "Array", "element_type": "VarChar", "type_params": [{"key": "max_capacity", "value": "4096"}, {"key": "max_length", "value": "65535"}]}, {"name": "e", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "2"}]}]}'::jsonb))->>'code';
SELECT try($$INSERT INTO large_row VALUES (1, array_fill(repeat('x', 65000), ARRAY[1100]), '{1,1}')$$);
-- one that the queue behind the server does not take
SELECT try($$INSERT INTO large_row VALUES (1, array_fill(repeat('x', 60000), ARRAY[100]), '{1,1}')$$);
-- large ones that go
SELECT try($$INSERT INTO large_row SELECT i, array_fill(repeat('x', 60000), ARRAY[CASE WHEN i = 3 THEN 60 ELSE 10 END]), '{1,1}' FROM generate_series(1, 4) i$$);
-- nothing of all this has arrived
SELECT index_and_load('strict_l3', 'sp', 'SPARSE_INVERTED_INDEX', 'IP'), index_and_load('strict_l3', 'e', 'FLAT', 'L2') \gset ignored
SELECT milvus.create_index('strict_l2', 'h', 'FLAT', 'L2'), milvus.create_index('strict_l2', 'sp', 'SPARSE_INVERTED_INDEX', 'IP'), index_and_load('strict_l2', 'e', 'FLAT', 'L2') \gset ignored
SELECT index_and_load('strict_bits', 'bits', 'BIN_FLAT', 'HAMMING'), index_and_load('large_row', 'e', 'FLAT', 'L2') \gset ignored
SELECT 's', id FROM loose_s UNION ALL SELECT 'l3', id FROM loose_l3 UNION ALL SELECT 'l2', id FROM loose_l2 UNION ALL SELECT 'large', id FROM large_row ORDER BY 1, 2;
SELECT count(*) FROM loose_bits;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{strict_s,strict_l3,strict_l2,strict_bits,large_row,loose_int8}'::regclass[]) t;
DROP FUNCTION try, try_values;
DROP SERVER s, l3, l2 CASCADE;
