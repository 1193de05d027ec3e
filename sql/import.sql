-- IMPORT FOREIGN SCHEMA: every field type, names quoted, pgvector or not
\i sql/servers.psql
SET client_min_messages = warning;
SELECT milvus.drop_collection(server => 's', collection => c) FROM unnest('{Import_All,import_binary,import_select}'::text[]) c;
SELECT milvus.call('s', 'CreateCollection', '{"collection_name": "Import_All", "schema": {"name": "Import_All", "description": "d", "enable_dynamic_field": true, "fields": [
	{"name": "id", "data_type": "VarChar", "is_primary_key": true, "type_params": {"max_length": 64}},
	{"name": "b", "data_type": "Bool"}, {"name": "I8", "data_type": "Int8"}, {"name": "i16", "data_type": "Int16"}, {"name": "i32", "data_type": "Int32"},
	{"name": "i64", "data_type": "Int64"}, {"name": "f", "data_type": "Float"}, {"name": "d", "data_type": "Double"},
	{"name": "select", "data_type": "VarChar", "type_params": {"max_length": 65535}}, {"name": "j", "data_type": "JSON"},
	{"name": "ai", "data_type": "Array", "element_type": "Int8", "type_params": {"max_capacity": 10}},
	{"name": "at", "data_type": "Array", "element_type": "VarChar", "type_params": {"max_capacity": 10, "max_length": 20}},
	{"name": "e", "data_type": "FloatVector", "type_params": {"dim": 4}}]}}')->>'code' AS created;
SELECT milvus.call('s', 'CreateCollection', '{"collection_name": "import_binary", "schema": {"name": "import_binary", "fields": [
	{"name": "id", "data_type": "Int64", "is_primary_key": true, "autoID": true}, {"name": "e", "data_type": "BinaryVector", "type_params": {"dim": 16}}]}}')->>'code' AS created;
CREATE SCHEMA imported;
CREATE FUNCTION columns_of(rel regclass) RETURNS TABLE (name text, type text, not_null boolean) LANGUAGE sql AS $$
	SELECT quote_ident(attname), format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = rel AND attnum > 0 ORDER BY attnum $$;
IMPORT FOREIGN SCHEMA "default" LIMIT TO ("Import_All", import_binary) FROM SERVER s INTO imported;
SELECT * FROM columns_of('imported."Import_All"');
SELECT * FROM columns_of('imported.import_binary');
SELECT ftoptions FROM pg_foreign_table ORDER BY 1;
-- values of Int8 are checked against its own range
INSERT INTO imported."Import_All" VALUES ('k', true, 128, 1, 1, 1, 1, 1, 's', '{}', '{1}', '{a}', '[1,2,3,4]', '{}');
INSERT INTO imported."Import_All" VALUES ('k', true, 127, 1, 1, 1, 1, 1, 's', '{}', '{1,-128}', '{a}', '[1,2,3,4]', '{"dyn": 1}'),
	(E'quote"\\', true, -128, 1, 1, 1, 1, 1, 's', '{}', '{}', '{}', '[1,2,3,5]', NULL);
SELECT index_and_load('imported."Import_All"', 'e', 'FLAT', 'L2');
SELECT * FROM imported."Import_All" ORDER BY id;
-- text keys page too
ALTER FOREIGN TABLE imported."Import_All" OPTIONS (ADD fetch_size '1');
SELECT count(*), count(DISTINCT id) FROM imported."Import_All";
SELECT id FROM imported."Import_All" ORDER BY e <-> '[1,2,3,5]' LIMIT 10;
IMPORT FOREIGN SCHEMA "default" EXCEPT ("Import_All") FROM SERVER s INTO imported OPTIONS (x 'y');
IMPORT FOREIGN SCHEMA nosuchdb FROM SERVER s INTO imported;
-- Milvus Lite 2.5: the types that only it has
SELECT milvus.drop_collection(server => 'l2', collection => 'import_l2');
SELECT milvus.call('l2', 'CreateCollection', '{"collection_name": "import_l2", "schema": {"name": "import_l2", "fields": [
	{"name": "id", "data_type": "Int64", "is_primary_key": true}, {"name": "h", "data_type": "Float16Vector", "type_params": {"dim": 4}},
	{"name": "g", "data_type": "BFloat16Vector", "type_params": {"dim": 4}}, {"name": "v", "data_type": "SparseFloatVector"},
	{"name": "b", "data_type": "BinaryVector", "type_params": {"dim": 8}}]}}')->>'code' AS created;
IMPORT FOREIGN SCHEMA "default" LIMIT TO (import_l2) FROM SERVER l2 INTO imported;
SELECT * FROM columns_of('imported.import_l2');
INSERT INTO imported.import_l2 VALUES (1, '[1,2,3,4]', '[1,-2,0.5,3e38]', '{1:1,5:0.5}/1000000000', B'10000001');
SELECT index_and_load('imported.import_l2', f, i, m) FROM (VALUES ('h', 'FLAT', 'L2'), ('g', 'FLAT', 'L2'), ('v', 'SPARSE_INVERTED_INDEX', 'IP'), ('b', 'BIN_FLAT', 'HAMMING')) x(f, i, m);
SELECT id, h, g, v, b FROM imported.import_l2;
SELECT explained('SELECT id FROM imported.import_l2 ORDER BY g <-> ''[1,-2,0.5,3e38]'' LIMIT 1', 'COSTS OFF');
-- Milvus Lite 3: nullable fields, timestamps, a geometry, a BM25 function whose output can't be read
SELECT milvus.drop_collection(server => 'l3', collection => 'import_l3');
SELECT milvus.call('l3', 'CreateCollection', '{"collection_name": "import_l3", "schema": {"name": "import_l3", "fields": [
	{"name": "id", "data_type": "Int64", "is_primary_key": true}, {"name": "n", "data_type": "Int32", "nullable": true},
	{"name": "t", "data_type": "Timestamptz", "nullable": true}, {"name": "g", "data_type": "Geometry", "nullable": true},
	{"name": "e", "data_type": "FloatVector", "type_params": {"dim": 2}}]}}')->>'code' AS created;
IMPORT FOREIGN SCHEMA "default" LIMIT TO (import_l3) FROM SERVER l3 INTO imported;
SELECT * FROM columns_of('imported.import_l3');
SET timezone = 'UTC';
INSERT INTO imported.import_l3 VALUES (1, NULL, '2026-01-02 03:04:05.678901+02', 'POINT (1 2)', '[1,2]'), (2, 2, NULL, NULL, '[3,4]');
SELECT index_and_load('imported.import_l3', 'e', 'FLAT', 'L2');
SELECT * FROM imported.import_l3 ORDER BY id;
-- defaults of fields are those of columns; names that are equal in what PostgreSQL keeps of them; an alias by its name
SELECT milvus.drop_collection(server => 'l3', collection => 'import_defaults');
SELECT milvus.call('l3', 'CreateCollection', replace('{"collection_name": "import_defaults", "schema": {"name": "import_defaults", "enable_dynamic_field": true, "fields": [
	{"name": "id", "data_type": "Int64", "is_primary_key": true}, {"name": "i", "data_type": "Int32", "default_value": {"int_data": -5}},
	{"name": "l", "data_type": "Int64", "nullable": true, "default_value": {"long_data": 9007199254740993}}, {"name": "b", "data_type": "Bool", "default_value": {"bool_data": true}},
	{"name": "f", "data_type": "Float", "default_value": {"float_data": 0.1}}, {"name": "d", "data_type": "Double", "default_value": {"double_data": 0.1}},
	{"name": "s", "data_type": "VarChar", "type_params": {"max_length": 20}, "default_value": {"string_data": "it''s \\\\"}},
	{"name": "LONGa", "data_type": "Int32"}, {"name": "LONGb", "data_type": "Int32"}, {"name": "e", "data_type": "FloatVector", "type_params": {"dim": 2}}]}}', 'LONG', repeat('n', 70))::jsonb)->>'code' AS created;
SELECT milvus.create_alias(alias => 'import_alias', server => 'l3', collection => 'import_defaults');
IMPORT FOREIGN SCHEMA "default" LIMIT TO (import_alias, no_such_collection) FROM SERVER l3 INTO imported;
SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) AS column_default, a.attfdwoptions FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE a.attrelid = 'imported.import_alias'::regclass AND a.attnum > 0 ORDER BY a.attnum;
SELECT index_and_load('imported.import_alias', 'e', 'FLAT', 'L2');
INSERT INTO imported.import_alias (id, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn_2, e, "$meta")
	VALUES (1, 1, 2, '[1,2]', '{"Header 1": "x", "a.b": 7, "plain": true}') RETURNING i, l, b, f, d, s;
SELECT i, l, b, f, d, s FROM imported.import_alias;
INSERT INTO imported.import_alias VALUES (2, 1, NULL, true, 0, 0, 'x', 1, 2, '[1,2]');
-- dynamic keys that are no identifiers
CREATE FOREIGN TABLE imported.odd_keys (id bigint NOT NULL, h text OPTIONS (dynamic_key 'Header 1'), n bigint OPTIONS (dynamic_key 'a.b'), p boolean OPTIONS (dynamic_key 'plain')) SERVER l3 OPTIONS (collection 'import_defaults');
SELECT * FROM imported.odd_keys;
DROP FOREIGN TABLE imported.import_alias;
IMPORT FOREIGN SCHEMA "default" LIMIT TO (import_defaults) FROM SERVER l3 INTO imported OPTIONS (import_default 'false');
SELECT count(*) FROM pg_attrdef WHERE adrelid = 'imported.import_defaults'::regclass;
SELECT milvus.drop_alias('l3', 'import_alias'), milvus.drop_collection(server => 'l3', collection => 'import_defaults');
-- a dynamic key that is no identifier, on Milvus 2.3
SELECT milvus.drop_collection(server => 's', collection => 'import_odd');
CREATE FOREIGN TABLE imported.odd_s (id bigint NOT NULL, h text OPTIONS (dynamic_key 'Header 1'), n bigint OPTIONS (dynamic_key '\u4e2d'), p boolean OPTIONS (dynamic_key 'plain'), e vector(2) NOT NULL) SERVER s OPTIONS (collection 'import_odd');
SELECT make_collection('imported.odd_s'), index_and_load('imported.odd_s', 'e', 'FLAT', 'L2');
INSERT INTO imported.odd_s VALUES (1, 'x', 7, true, '[1,2]');
UPDATE imported.odd_s SET h = 'y' WHERE id = 1;
SELECT * FROM imported.odd_s;
SELECT milvus.drop_collection('imported.odd_s');
-- without pgvector: real[]
DROP SCHEMA imported CASCADE;
DROP FUNCTION columns_of;
DROP EXTENSION vector CASCADE;
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA "default" LIMIT TO ("Import_All") FROM SERVER s INTO imported;
SELECT id, e FROM imported."Import_All" ORDER BY e OPERATOR(milvus.<->) '{1,2,3,5}' LIMIT 1;
SELECT milvus.drop_collection(server => 's', collection => c) FROM unnest('{Import_All,import_binary}'::text[]) c;
SELECT milvus.drop_collection(server => 'l2', collection => 'import_l2'), milvus.drop_collection(server => 'l3', collection => 'import_l3');
DROP SCHEMA imported CASCADE;
DROP SERVER s, l3, l2 CASCADE;
