-- ANALYZE of large collections: Milvus chooses the rows
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
SET default_statistics_target = 4;
CREATE TABLE sampled_local (id bigint NOT NULL, n integer NOT NULL, e vector(2) NOT NULL);
INSERT INTO sampled_local SELECT i - 3000, i % 4, '[1,2]' FROM generate_series(1, 12000) i;
SELECT foreign_like('sampled_' || s, 'sampled_local', s) FROM unnest('{s,l3,l2}'::text[]) s;
SELECT count(make_collection('sampled_' || s)), count(index_and_load('sampled_' || s, 'e', 'FLAT', 'L2')) FROM unnest('{s,l3,l2}'::text[]) s;
INSERT INTO sampled_s TABLE sampled_local;
INSERT INTO sampled_l3 TABLE sampled_local;
INSERT INTO sampled_l2 TABLE sampled_local;
-- how many rows there are is counted; what the sample says of them is near the truth: four values, each a quarter; negative keys too
CREATE VIEW sampled AS SELECT c.relname, c.reltuples, n.n_distinct AS values, (SELECT max(abs(f - 0.25)) < 0.1 FROM unnest(n.most_common_freqs) f) AS quarters,
	(SELECT sum(f) FROM unnest(i.histogram_bounds::text::bigint[]) WITH ORDINALITY b(v, f) WHERE v < 0) > 0 AS negative, i.n_distinct AS unique
	FROM pg_class c JOIN pg_stats n ON n.tablename = c.relname AND n.attname = 'n' JOIN pg_stats i ON i.tablename = c.relname AND i.attname = 'id' WHERE c.relname ~ '^sampled_.' ORDER BY 1;
ANALYZE sampled_s, sampled_l3, sampled_l2;
TABLE sampled;
ALTER FOREIGN TABLE sampled_s OPTIONS (ADD analyze_sampling 'off');
ALTER FOREIGN TABLE sampled_l2 OPTIONS (ADD analyze_sampling 'modulo');
ANALYZE sampled_s, sampled_l2;
TABLE sampled;
-- keys whose remainders say nothing: all of them are read
DELETE FROM sampled_l2 WHERE id <> 5;
ANALYZE sampled_l2;
SELECT reltuples FROM pg_class WHERE relname = 'sampled_l2';
-- refused
ALTER FOREIGN TABLE sampled_l3 OPTIONS (ADD analyze_sampling 'modulo');
SELECT try('ANALYZE sampled_l3');
ALTER FOREIGN TABLE sampled_s OPTIONS (SET analyze_sampling 'random');
SELECT try('ANALYZE sampled_s');
SELECT try($$ALTER FOREIGN TABLE sampled_s OPTIONS (SET analyze_sampling 'bernoulli')$$);
SELECT count(milvus.drop_collection('sampled_' || s) IS NULL) FROM unnest('{s,l3,l2}'::text[]) s;

-- what is asked: a double that counts 100,000 rows, and then has three
\i sql/double.psql
CREATE FOREIGN TABLE asked (id bigint NOT NULL, n integer NOT NULL) SERVER d OPTIONS (collection 'c');
CREATE FUNCTION asked_by_analyze(version text, sampling text) RETURNS TABLE (filter text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM control('{"op": "reset"}'), control(jsonb_build_object('op', 'version', 'version', version)), milvus.disconnect('d');
	PERFORM answers('DescribeCollection', jsonb_build_object('collection_name', 'c', 'collectionID', 42, 'num_partitions', 1, 'schema', jsonb_build_object('name', 'c', 'fields', jsonb_build_array(
			jsonb_build_object('fieldID', 100, 'name', 'id', 'is_primary_key', true, 'data_type', 'Int64'), jsonb_build_object('fieldID', 101, 'name', 'n', 'data_type', 'Int32'))))),
		answers('ShowPartitions', '{"partition_names": ["_default"]}'), answers('GetCollectionStatistics', '{"stats": [{"key": "row_count", "value": "100000"}]}'),
		control('{"op": "rows", "count": 100000, "columns": [{"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": [1, 2, 3]}}}, {"type": "Int32", "field_name": "n", "scalars": {"int_data": {"data": [1, 2, 3]}}}]}');
	EXECUTE format('ALTER FOREIGN TABLE asked OPTIONS (ADD analyze_sampling %L)', sampling);
	PERFORM control('{"op": "requests"}');
	ANALYZE asked;
	ALTER FOREIGN TABLE asked OPTIONS (DROP analyze_sampling);
	-- (which remainder, is random)
	RETURN QUERY SELECT regexp_replace(r->'request'->>'expr', '== (-?)\d+', '== \1r', 'g') FROM jsonb_array_elements(control('{"op": "requests"}')) r WHERE r->>'rpc' = 'Query';
END $$;
SELECT v, s, array_agg(filter) FROM unnest('{2.3.5,2.6.20}'::text[]) v, unnest('{auto,modulo,off}'::text[]) s, asked_by_analyze(v, s) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT control('{"op": "reset"}') IS NOT NULL;
DROP VIEW sampled;
DROP FUNCTION try, control, answers, asked_by_analyze;
DROP TABLE sampled_local;
DROP SERVER s, l3, l2, d CASCADE;
