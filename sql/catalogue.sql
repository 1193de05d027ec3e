-- views and functions of the schema milvus
\i sql/servers.psql
SET client_min_messages = warning;
CREATE FOREIGN TABLE cat (id bigint NOT NULL, name varchar(10) NOT NULL, e vector(4) NOT NULL) SERVER s;
SELECT make_collection('cat');
SELECT milvus.create_index('cat', 'e', 'HNSW', 'COSINE', '{"M": 8, "efConstruction": 64}');
SELECT server, database FROM milvus.databases WHERE database = 'default' ORDER BY 1;
SELECT server, database, collection, dynamic_fields, consistency_level, shards FROM milvus.collections WHERE server = 's' AND collection = 'cat';
SELECT field, data_type, primary_key, auto_id, type_params FROM milvus.fields WHERE server = 's' AND collection = 'cat' ORDER BY position;
SELECT field, index_type, metric_type, params, state FROM milvus.indexes WHERE server = 's' AND collection = 'cat';
SELECT partition FROM milvus.partitions WHERE server = 's' AND collection = 'cat';
SELECT state FROM milvus.load_state WHERE server = 's' AND collection = 'cat';
SELECT milvus.load(server => 's', collection => 'cat');
SELECT state, progress FROM milvus.load_state WHERE server = 's' AND collection = 'cat';
INSERT INTO cat VALUES (1, 'one', '[1,2,3,4]');
SELECT milvus.flush('cat');
SELECT milvus.pairs(milvus.get('s', 'GetCollectionStatistics', '{"collection_name": "cat"}')->'stats');
SELECT milvus.call('s', 'CreateAlias', '{"collection_name": "cat", "alias": "kitten"}')->>'code';
SELECT alias, collection FROM milvus.aliases WHERE server = 's' AND collection = 'cat';
CREATE FOREIGN TABLE kitten (id bigint, name text) SERVER s;
SELECT * FROM kitten;
SELECT milvus.call('s', 'DropAlias', '{"alias": "kitten"}')->>'code';
SELECT milvus.release('cat');
-- all servers in one query; Lite 2 has no partitions, databases or aliases
SELECT DISTINCT server FROM milvus.databases ORDER BY 1;
-- what is wrong with a request is said before it is sent
SELECT milvus.call('s', 'NoSuchRpc');
SELECT milvus.get('s', 'DropCollection', '{}');
SELECT milvus.get('s', 'DescribeCollection', '{"colection_name": "x"}');
SELECT milvus.get('s', 'DescribeCollection', '{"collection_name": {"a": 1}, "collectionID": "x"}');
SELECT milvus.get('s', 'DescribeCollection', '[]');
SELECT milvus.call('s', 'CreateCollection', '{"consistency_level": "Sometimes"}');
SELECT milvus.get('nosuch', 'GetVersion');
SELECT milvus.load();
SELECT milvus.load('cat', server => 's');
SELECT milvus.load(server => 's');
SELECT milvus.load('pg_class');
SELECT milvus.create_index('cat');
\set VERBOSITY sqlstate
SELECT milvus.get('s', 'DescribeCollection', '{"collection_name": "nosuch"}');
SELECT milvus.get('l2', 'GetVersion');
\set VERBOSITY default
SELECT count(*) >= 144 AS all_rpcs, count(*) FILTER (WHERE only_reads) > 40 AS reading FROM milvus.rpcs();
SELECT rpc, request, response, only_reads FROM milvus.rpcs() WHERE rpc IN ('Search', 'DescribeCollection', 'DropCollection') ORDER BY 1;
-- read-only transactions, and who may do what
BEGIN READ ONLY;
SELECT milvus.drop_collection('cat');
ROLLBACK;
CREATE ROLE milvus_nobody;
GRANT USAGE ON FOREIGN SERVER s TO milvus_nobody;
SET ROLE milvus_nobody;
SELECT milvus.call('s', 'GetVersion');
SELECT milvus.drop_collection('cat');
SELECT milvus.get('l3', 'GetVersion');
SELECT milvus.get('s', 'GetVersion');
SELECT count(*) FROM milvus.collections;
RESET ROLE;
CREATE USER MAPPING FOR milvus_nobody SERVER s;
SET ROLE milvus_nobody;
SELECT milvus.get('s', 'GetVersion')->>'version';
SELECT collection FROM milvus.collections WHERE collection = 'cat';
RESET ROLE;
-- connections
SELECT server, user_name, server_version, dialect, state FROM milvus.connections WHERE server = 's' ORDER BY 2;
SELECT milvus.disconnect('s'), milvus.disconnect('s');
SELECT count(*) FROM milvus.connections WHERE server = 's';
SELECT id FROM cat WHERE false;
SELECT milvus.disconnect_all(), milvus.disconnect_all();
DROP OWNED BY milvus_nobody;
DROP ROLE milvus_nobody;
SELECT milvus.drop_collection('cat');
SELECT count(*) FROM milvus.collections WHERE collection = 'cat';
-- the extension goes away whole
DROP SERVER s, l3, l2 CASCADE;
DROP EXTENSION milvus_fdw CASCADE;
SELECT count(*) FROM pg_namespace WHERE nspname = 'milvus';
