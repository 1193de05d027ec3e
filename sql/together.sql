-- searches of partitions, and of several servers, are all under way before the first is answered
\i sql/servers.psql
SET client_min_messages = warning;
\i sql/double.psql
SELECT control('{"op": "reset"}') IS NOT NULL, control('{"op": "version", "version": "2.3.5"}') IS NOT NULL, milvus.disconnect('d');
SELECT answers('DescribeCollection', jsonb_build_object('collection_name', 'c', 'collectionID', 42, 'num_partitions', 1, 'schema', jsonb_build_object('name', 'c', 'fields', jsonb_build_array(
		jsonb_build_object('fieldID', 100, 'name', 'id', 'is_primary_key', true, 'data_type', 'Int64'), jsonb_build_object('fieldID', 101, 'name', 'n', 'data_type', 'Int32'),
		jsonb_build_object('fieldID', 102, 'name', 'e', 'data_type', 'FloatVector', 'type_params', '[{"key": "dim", "value": "2"}]'::jsonb))))),
	answers('DescribeIndex', '{"index_descriptions": [{"field_name": "e", "index_name": "e", "state": "Finished", "params": [{"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]}'),
	answers('ShowPartitions', '{"partition_names": ["_default"]}'), answers('GetCollectionStatistics', '{"stats": [{"key": "row_count", "value": "3"}]}'),
	answers('Search', '{"results": {"num_queries": 1, "top_k": 1, "topks": [1], "scores": [0.25], "ids": {"int_id": {"data": [7]}}, "fields_data": [{"type": "FloatVector", "field_name": "e", "vectors": {"dim": 2, "float_vector": {"data": [1, 2.5]}}}]}}');
CREATE TABLE parts (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) PARTITION BY LIST (n);
CREATE FOREIGN TABLE parts_1 PARTITION OF parts FOR VALUES IN (1) SERVER d OPTIONS (collection 'c');
CREATE FOREIGN TABLE parts_2 PARTITION OF parts FOR VALUES IN (2) SERVER d OPTIONS (collection 'c');
CREATE FOREIGN TABLE parts_3 PARTITION OF parts FOR VALUES IN (3) SERVER d OPTIONS (collection 'c');
EXPLAIN (COSTS OFF) SELECT id FROM parts ORDER BY e <-> '[1,2]' LIMIT 1;
-- the double answers when it has three
SELECT control('{"op": "gather", "rpc": "Search", "count": 3}') IS NOT NULL;
SELECT id FROM parts ORDER BY e <-> '[1,2]' LIMIT 1;
-- again for each outer row, with its vector; and from a cached plan
SELECT control('{"op": "gather", "rpc": "Search", "count": 3}') IS NOT NULL;
SELECT g, s.id FROM generate_series(1, 2) g, LATERAL (SELECT id FROM parts ORDER BY e <-> ARRAY[g, 2]::real[]::vector LIMIT 1) s;
PREPARE nearest(vector) AS SELECT id FROM parts ORDER BY e <-> $1 LIMIT 1;
SET plan_cache_mode = force_generic_plan;
SELECT control('{"op": "gather", "rpc": "Search", "count": 3}') IS NOT NULL;
EXECUTE nearest('[1,2]');
-- what is pruned is not asked; below a sort, which reads all of an Append
SELECT control('{"op": "gather", "rpc": "Search", "count": 2}') IS NOT NULL;
SELECT control('{"op": "requests"}') IS NOT NULL;
PREPARE pruned(int, int) AS SELECT id FROM parts WHERE n IN ($1, $2) ORDER BY e <-> '[1,2]' LIMIT 1;
EXECUTE pruned(1, 3);
SELECT DISTINCT r->'request'->>'dsl' FROM jsonb_array_elements(control('{"op": "requests"}')) r WHERE r->>'rpc' = 'Search';
RESET plan_cache_mode;
-- pages in the order of the key
SELECT answers('Query', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [4]}}}]}', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [5]}}}]}');
SELECT control('{"op": "gather", "rpc": "Query", "count": 3}') IS NOT NULL;
SELECT id FROM parts ORDER BY id LIMIT 1;
SELECT answers('Query', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [4]}}}]}', '{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [5]}}}]}',
	'{"fields_data": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [6]}}}]}', '{}');
SELECT control('{"op": "gather", "rpc": "Query", "count": 3}') IS NOT NULL;
SELECT sum(id) FROM parts;
-- search parameters by leg of a hybrid search, over those that are set
SET milvus_fdw.search_params = '{"a": 1, "b": 2}';
SELECT control('{"op": "requests"}') IS NOT NULL, control('{"op": "gather", "rpc": "Search", "count": 2}') IS NOT NULL;
SELECT id FROM parts_1 ORDER BY milvus.rrf(ARRAY[e <-> '[1,2]', e <-> '[2,1]'], candidates => 5, params => '[{"a": 3}, {}]') LIMIT 1;
SELECT p->>'value' FROM jsonb_array_elements(control('{"op": "requests"}')) r, jsonb_array_elements(r->'request'->'search_params') p WHERE r->>'rpc' = 'Search' AND p->>'key' = 'params' ORDER BY 1;
EXPLAIN (COSTS OFF) SELECT id FROM parts_1 ORDER BY milvus.weighted(ARRAY[e <-> '[1,2]', e <-> '[2,1]'], ARRAY[1, 0.5], params => '[{"a": 3}, {}]') LIMIT 1;
RESET milvus_fdw.search_params;
SELECT control('{"op": "reset"}') IS NOT NULL, milvus.disconnect('d');

-- two servers, the real ones
CREATE FOREIGN TABLE together_s (id bigint NOT NULL, e vector(2) NOT NULL) SERVER s;
CREATE FOREIGN TABLE together_l3 (id bigint NOT NULL, e vector(2) NOT NULL) SERVER l3;
SELECT count(make_collection(t)), count(index_and_load(t, 'e', 'FLAT', 'L2')) FROM unnest('{together_s,together_l3}'::regclass[]) t;
INSERT INTO together_s SELECT i, ARRAY[i, 1]::real[]::vector FROM generate_series(1, 50, 2) i;
INSERT INTO together_l3 SELECT i, ARRAY[i, 1]::real[]::vector FROM generate_series(2, 50, 2) i;
SELECT id FROM (SELECT * FROM together_s UNION ALL SELECT * FROM together_l3) u ORDER BY e <-> '[20.2,1]' LIMIT 5;
-- some rows of each, then no more: a cursor that ends early, and one that reads all
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM (SELECT * FROM together_s UNION ALL SELECT * FROM together_l3) u ORDER BY e <-> '[20.2,1]' LIMIT 40;
FETCH 2 FROM c;
CLOSE c;
DECLARE c CURSOR FOR SELECT id FROM (SELECT * FROM together_s UNION ALL SELECT * FROM together_l3) u ORDER BY id LIMIT 40;
MOVE 39 FROM c;
FETCH 5 FROM c;
COMMIT;
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{together_s,together_l3}'::regclass[]) t;
DROP FUNCTION control, answers;
DROP TABLE parts;
DROP SERVER s, l3, l2, d CASCADE;
