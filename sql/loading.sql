-- a collection that Milvus is loading, as it does by itself after a restart; and what else is asked again
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
\i sql/double.psql
SELECT control('{"op": "reset"}') IS NOT NULL, control('{"op": "version", "version": "2.3.5"}') IS NOT NULL, milvus.disconnect('d');
SELECT answers('DescribeCollection', '{"collection_name": "c", "collectionID": 42, "num_partitions": 1, "schema": {"name": "c", "fields": [
	{"fieldID": 100, "name": "id", "is_primary_key": true, "data_type": "Int64"},
	{"fieldID": 101, "name": "e", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "2"}]}]}}'),
	answers('DescribeIndex', '{"index_descriptions": [{"field_name": "e", "index_name": "e", "state": "Finished", "params": [{"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]}'),
	answers('ShowPartitions', '{"partition_names": ["_default"]}'), answers('GetCollectionStatistics', '{"stats": [{"key": "row_count", "value": "3"}]}'),
	answers('GetLoadingProgress', '{"progress": 50}'), answers('GetLoadState', '{"state": "LoadStateLoading"}');
CREATE FOREIGN TABLE t (id bigint NOT NULL, e vector(2)) SERVER d OPTIONS (collection 'c');
-- each code that says so: twice, then the rows
CREATE FUNCTION asked(code integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	refusal jsonb := jsonb_build_object('status', jsonb_build_object('code', code, 'reason', 'not yet'));
BEGIN
	PERFORM answers('Query', refusal, refusal, '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [7]}}}]}', '{}');
	PERFORM answers('Search', refusal, refusal, '{"results": {"num_queries": 1, "top_k": 1, "scores": [0.5], "topks": [1], "ids": {"int_id": {"data": [7]}}}}');
END $$;
SELECT code, asked(code), try('SELECT id FROM t') FROM unnest('{101,103,106,201,202,503,65535}'::integer[]) code;
SELECT asked(101), try($$SELECT id FROM t ORDER BY e <-> '[1,1]' LIMIT 1$$);
SELECT asked(101), try($$SELECT * FROM milvus.search(NULL::t, 'e', ARRAY['[1,1]']::vector[], k => 1)$$);
SET milvus_fdw.wait_for_load = '20s';
SELECT asked(101);
SELECT id FROM t;
SELECT asked(106);
SELECT id FROM t ORDER BY e <-> '[1,1]' LIMIT 1;
SELECT asked(503);
SELECT (item).id, distance FROM milvus.search(NULL::t, 'e', ARRAY['[1,1]']::vector[], k => 1, columns => '{id}');
-- the time is over
SET milvus_fdw.wait_for_load = 1;
SELECT answers('Query', '{"status": {"code": 101, "reason": "not yet"}}'), try('SELECT id FROM t');
-- somebody stops waiting
SET milvus_fdw.wait_for_load = '1h';
SET statement_timeout = '1s';
SELECT id FROM t;
RESET statement_timeout;
-- nobody loads it: waiting is no use
SELECT answers('GetLoadState', '{"state": "LoadStateNotLoad"}'), asked(101);
SELECT try('SELECT id FROM t');
-- nor is what fails for another reason waited for
SELECT answers('GetLoadState', '{"state": "LoadStateLoaded"}'), asked(65535);
SELECT try('SELECT id FROM t');
-- another collection got the name between two pages, and is being loaded: not waited for
SELECT answers('GetLoadState', '{"state": "LoadStateLoading"}');
SET client_min_messages = error;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t;
SELECT answers('Query', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [7]}}}]}', '{"status": {"code": 101, "reason": "not yet"}}');
FETCH 1 FROM c;
SELECT control('{"op": "answer", "rpc": "DescribeCollection", "response": {"collection_name": "c", "collectionID": 43}}') IS NOT NULL;
FETCH 1 FROM c;
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SET client_min_messages = warning;
SELECT answers('DescribeCollection', '{"collection_name": "c", "collectionID": 42, "num_partitions": 1, "schema": {"name": "c", "fields": [
	{"fieldID": 100, "name": "id", "is_primary_key": true, "data_type": "Int64"},
	{"fieldID": 101, "name": "e", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "2"}]}]}}');
-- a deletion is not repeated, but the reason is told
SELECT answers('GetLoadState', '{"state": "LoadStateLoading"}'), answers('Delete', '{"status": {"code": 101, "reason": "not yet"}}'),
	answers('Query', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [7]}}}]}', '{}');
SELECT try('DELETE FROM t WHERE id = 7');
-- what Milvus cancelled together with another client's is asked again, but not for ever
SELECT answers('GetLoadState', '{"state": "LoadStateLoaded"}'), answers('Search', '{"status": {"code": 65535, "reason": "worker(1) query failed: context canceled"}}',
	'{"results": {"num_queries": 1, "top_k": 1, "scores": [0.5], "topks": [1], "ids": {"int_id": {"data": [7]}}}}');
SELECT id FROM t ORDER BY e <-> '[1,1]' LIMIT 1;
SELECT answers('Search', '{"status": {"code": 65535, "reason": "worker(1) query failed: context canceled"}}');
SELECT try($$SELECT id FROM t ORDER BY e <-> '[1,1]' LIMIT 1$$);
-- request_timeout is of all that a statement waits for until it has rows: of the description and the first page together, and of each page after
SELECT answers('Query', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [7]}}}]}', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [8]}}}]}',
	'{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [9]}}}]}', '{}');
ALTER SERVER d OPTIONS (ADD request_timeout '3');
SELECT count(milvus.call('d', 'ListDatabases', '{}')), control('{"op": "delay", "seconds": 1.2}') IS NOT NULL;
SELECT left(try('SELECT id FROM t'), 60);
SELECT control('{"op": "delay", "seconds": 0}') IS NOT NULL;
EXPLAIN (COSTS OFF) SELECT id FROM t;
SELECT control('{"op": "delay", "seconds": 0.7}') IS NOT NULL;
SELECT id FROM t;
SELECT control('{"op": "reset"}') IS NOT NULL;
DROP SERVER d CASCADE;
DROP FUNCTION control, answers, asked, try;
