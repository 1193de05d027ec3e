-- a server that lies about what it sends: nothing is read as another type than it is, and nothing is believed without bounds
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
\i sql/double.psql
SELECT control('{"op": "reset"}') IS NOT NULL, control('{"op": "version", "version": "2.3.5"}') IS NOT NULL, milvus.disconnect('d');
-- a collection with a text key, an integer, a text, a float vector
CREATE FUNCTION describe(key text, dim text DEFAULT '2') RETURNS void LANGUAGE sql AS $$
	SELECT answers('DescribeCollection', jsonb_build_object('collection_name', 'c', 'collectionID', 42, 'num_partitions', 1, 'schema', jsonb_build_object('name', 'c', 'fields', jsonb_build_array(
		jsonb_build_object('fieldID', 100, 'name', 'id', 'is_primary_key', true, 'data_type', key, 'autoID', key = 'Int64', 'type_params', '[{"key": "max_length", "value": "20"}]'::jsonb),
		jsonb_build_object('fieldID', 101, 'name', 'n', 'data_type', 'Int32'),
		jsonb_build_object('fieldID', 102, 'name', 's', 'data_type', 'VarChar', 'type_params', '[{"key": "max_length", "value": "20"}]'::jsonb),
		jsonb_build_object('fieldID', 103, 'name', 'e', 'data_type', 'FloatVector', 'type_params', jsonb_build_array(jsonb_build_object('key', 'dim', 'value', dim)))))))
$$;
SELECT answers('DescribeIndex', '{"index_descriptions": [{"field_name": "e", "index_name": "e", "state": "Finished", "params": [{"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]}'),
	answers('ShowPartitions', '{"partition_names": ["_default"]}'), answers('GetCollectionStatistics', '{"stats": [{"key": "row_count", "value": "3"}]}');
CREATE FOREIGN TABLE t (id varchar(20) NOT NULL, n integer, s varchar(20), e vector(2)) SERVER d OPTIONS (collection 'c');
CREATE FOREIGN TABLE i (id bigint NOT NULL, n integer, s varchar(20), e vector(2)) SERVER d OPTIONS (collection 'c');
-- what a statement makes of an answer to Query
CREATE FUNCTION told(answer jsonb, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM answers('Query', answer, '{}');
	PERFORM milvus.disconnect('d');
	RETURN try(statement);
END $$;
SELECT describe('VarChar');
-- keys of another type: an integer is no address of a text
SELECT told('{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [4198400, 4198401]}}}]}', 'SELECT id FROM t');
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"long_data": {"data": [4198400]}}}, {"type": "Int32", "field_name": "n", "scalars": {"int_data": {"data": [1]}}}]}', 'SELECT n FROM t');
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"string_data": {"data": ["a"]}}, "valid_data": [false]}, {"type": "Int32", "field_name": "n", "scalars": {"int_data": {"data": [1]}}}]}', 'SELECT n FROM t');
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"bool_data": {"data": [true]}}}]}', 'SELECT id FROM t WHERE n = 1');
-- columns of another type, or of another dimension
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"string_data": {"data": ["a"]}}}, {"type": "Int32", "field_name": "n", "scalars": {"string_data": {"data": ["1"]}}}]}', 'SELECT n FROM t');
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"string_data": {"data": ["a"]}}}, {"type": "VarChar", "field_name": "s", "scalars": {"int_data": {"data": [1]}}}]}', 'SELECT s FROM t');
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"string_data": {"data": ["a"]}}}, {"type": "FloatVector", "field_name": "e", "vectors": {"dim": 3, "float_vector": {"data": [1, 2, 3]}}}]}', 'SELECT e FROM t');
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"string_data": {"data": ["a"]}}}, {"type": "FloatVector", "field_name": "e", "vectors": {"dim": 2, "float_vector": {"data": ["NaN", 2]}}}]}', 'SELECT e FROM t');
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "id", "scalars": {"string_data": {"data": ["b", "a"]}}}]}', 'SELECT id FROM t');
-- counts that are none
SELECT told('{"fields_data": [{"type": "VarChar", "field_name": "count(*)", "scalars": {"string_data": {"data": ["3"]}}}]}', 'SELECT count(*) FROM t');
SELECT told('{"fields_data": [{"type": "Int64", "field_name": "count(*)", "scalars": {"long_data": {"data": [3]}}, "valid_data": [false]}]}', 'SELECT count(*) FROM t');
-- keys of a search, and of an insert
SELECT answers('Search', '{"results": {"num_queries": 1, "top_k": 1, "topks": [1], "scores": [0.5], "ids": {"int_id": {"data": [4198400]}}}}');
SELECT try('SELECT id FROM t ORDER BY e <-> ''[1,1]'' LIMIT 1');
SELECT describe('Int64'), milvus.disconnect('d');
SELECT answers('Insert', '{"insert_cnt": 1, "IDs": {"str_id": {"data": ["four"]}}, "succ_index": [0]}');
SELECT try('INSERT INTO i (n, s, e) VALUES (1, ''x'', ''[1,1]'') RETURNING id');
SELECT answers('Search', '{"results": {"num_queries": 1, "top_k": 1, "topks": [1], "scores": [0.5], "ids": {"str_id": {"data": ["x"]}}}}');
SELECT try('SELECT id FROM i ORDER BY e <-> ''[1,1]'' LIMIT 1');
-- declared sizes
SELECT describe('Int64', d), milvus.disconnect('d'), try('SELECT n FROM i') FROM unnest('{65539000,-2,2x,99999999999999999999}'::text[]) d;
SELECT describe('Int64', '40000'), milvus.disconnect('d'), try('SELECT e FROM i');
SELECT describe('Int64'), milvus.disconnect('d');
-- a message given again and again where there is one, which protobuf-c would merge each time anew; texts that are none
SELECT control(jsonb_build_object('op', 'answer', 'rpc', 'DescribeCollection', 'bytes', encode(decode(repeat('1200', 3), 'hex'), 'base64'))) IS NOT NULL;
SELECT milvus.disconnect('d'), try('SELECT n FROM i');
SELECT control(jsonb_build_object('op', 'answer', 'rpc', 'DescribeCollection', 'bytes', encode('\x0a04120280ff'::bytea, 'base64'))) IS NOT NULL;
SELECT milvus.disconnect('d'), try('SELECT n FROM i');
SELECT answers('DescribeCollection', jsonb_build_object('status', jsonb_build_object('code', 65535, 'reason', repeat('long ', 2000))));
SELECT milvus.disconnect('d'), length(try('SELECT n FROM i')) BETWEEN 4000 AND 4400;

-- an entry of a map without its value
SELECT control('{"op": "answer", "rpc": "FlushAll", "bytes": "GgcSBTIDCgFr"}') IS NOT NULL;
SELECT milvus.call('d', 'FlushAll', '{}')->'flush_results'->0->'collection_results'->0->'channel_cps';
-- an answer, and a name, larger than is allowed
SELECT answers('DescribeCollection', jsonb_build_object('schema', jsonb_build_object('name', 'c', 'description', repeat('c', 2000000))));
SELECT milvus.disconnect('d'), try('SELECT n FROM i');
-- (newer gRPC says that it is the client)
ALTER SERVER d OPTIONS (ADD max_message '1MB');
SELECT milvus.disconnect('d'), replace(try('SELECT n FROM i'), 'CLIENT: ', '') AS try;
ALTER SERVER d OPTIONS (DROP max_message);
SELECT answers('DescribeCollection', jsonb_build_object('schema', jsonb_build_object('name', repeat('c', 5000))));
SELECT milvus.disconnect('d'), try('SELECT n FROM i');

SELECT control('{"op": "reset"}') IS NOT NULL, control('{"op": "version", "version": "3.0.1"}') IS NOT NULL;
DROP FUNCTION told, describe, answers, control, try;
DROP SERVER d CASCADE;
