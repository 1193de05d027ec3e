-- the views of the schema milvus, milvus.call(), and who may do what
\i sql/servers.psql
\i sql/try.psql
-- the same without addresses
CREATE FUNCTION tried(statement text) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace(try(statement), '127.0.0.1:\d+', 'ADDRESS', 'g') $$;
SET client_min_messages = warning;
CREATE FOREIGN TABLE cat (id bigint NOT NULL, name varchar(10) NOT NULL DEFAULT 'none', e vector(4) NOT NULL) SERVER s;
COMMENT ON FOREIGN TABLE cat IS 'the cats';
COMMENT ON COLUMN cat.name IS 'what it is called';
SELECT make_collection('cat');
SELECT milvus.create_index('cat', 'e', 'HNSW', 'COSINE', '{"M": 8, "efConstruction": 64}');
SELECT server, database FROM milvus.servers ORDER BY 1;
SELECT server, version, dialect FROM milvus.versions ORDER BY 1;
SELECT server, healthy, reasons, quota_states, error FROM milvus.health ORDER BY 1;
SELECT server, database, created < now() + interval '1 day' AS created FROM milvus.databases WHERE database = 'default' ORDER BY 1;
SELECT server, database, collection, id > 0 AS id, description, dynamic_fields, consistency_level, shards, partitions, aliases, properties, estimated_rows, load_state,
	created BETWEEN now() - interval '1 hour' AND now() + interval '1 hour' AS created
	FROM milvus.collections WHERE server = 's' AND collection = 'cat';
SELECT field, data_type, column_type, primary_key, auto_id, type_params, description FROM milvus.fields WHERE server = 's' AND collection = 'cat' ORDER BY position;
SELECT field, index_type, metric_type, params, state, fail_reason FROM milvus.indexes WHERE server = 's' AND collection = 'cat';
SELECT partition, estimated_rows, load_state FROM milvus.partitions WHERE server = 's' AND collection = 'cat';
SELECT state, progress FROM milvus.load_state WHERE server = 's' AND collection = 'cat';
SELECT milvus.load(server => 's', collection => 'cat');
SELECT state, progress FROM milvus.load_state WHERE server = 's' AND collection = 'cat';
INSERT INTO cat VALUES (1, 'one', '[1,2,3,4]');
SELECT milvus.flush('cat');
SELECT estimated_rows, load_state FROM milvus.collections WHERE server = 's' AND collection = 'cat';
SELECT rows, state, nodes FROM milvus.segments WHERE server = 's' AND collection = 'cat' AND state = 'Flushed';
SELECT resource_group, nodes, jsonb_array_length(shards) AS shards FROM milvus.replicas WHERE server = 's' AND collection = 'cat';
-- (all roles of a standalone are one process on one machine)
SELECT count(*) FILTER (WHERE role = 'querynode') AS query_nodes, bool_or(has_error) AS errors, count(*) > 1 AS roles, count(memory) AS memories, sum(memory_used) < sum(memory) AS fits
FROM milvus.nodes WHERE server = 's';
SELECT jsonb_typeof(metrics->'nodes_info') FROM milvus.metrics WHERE server = 's';
SELECT role, state FROM milvus.components WHERE server = 's';
SELECT milvus.release('cat');
-- what the Lites tell
CREATE FOREIGN TABLE lite (id bigint NOT NULL, name varchar(10) DEFAULT 'none', n integer NOT NULL DEFAULT 7, f real DEFAULT 1.5, b boolean DEFAULT true,
	later timestamptz DEFAULT now(), e vector(2) NOT NULL) SERVER l3;
SELECT make_collection('lite');
SELECT field, data_type, column_type, primary_key, nullable, default_value FROM milvus.fields WHERE server = 'l3' AND collection = 'lite' ORDER BY position;
SELECT milvus.drop_collection('lite');
DROP FOREIGN TABLE lite;
-- only what is asked for is asked: the requests that each query sends
CREATE FUNCTION requests(query text) RETURNS TABLE (server name, requests bigint, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
	before jsonb := (SELECT jsonb_object_agg(c.server, c.requests) FROM milvus.connections c);
	found bigint;
BEGIN
	EXECUTE format('SELECT count(x::text) FROM (%s) x', query) INTO found;
	RETURN QUERY SELECT c.server, c.requests - coalesce(before->>c.server, '0')::bigint, found FROM milvus.connections c
		WHERE c.requests > coalesce(before->>c.server, '0')::bigint ORDER BY 1;
END $$;
SELECT FROM milvus.versions;	-- each is connected from here on
SELECT milvus.create_database('s', 'catalogue_db');
SELECT milvus.create_collection(server => 's', database => 'catalogue_db', collection => 'far', schema => milvus.table_schema('cat') - 'name');
-- lengths and capacities of a collection are those of its copy; a new one has room for four bytes a character
SELECT milvus.create_collection(server => 's', collection => 'sized', schema => '{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true},
	{"name": "t", "data_type": "VarChar", "type_params": {"max_length": "40"}},
	{"name": "a", "data_type": "Array", "element_type": "VarChar", "type_params": {"max_length": "30", "max_capacity": "7"}},
	{"name": "e", "data_type": "FloatVector", "type_params": {"dim": "2"}}]}');
CREATE FOREIGN TABLE sized (id bigint NOT NULL, t varchar(40) NOT NULL, a varchar(30)[] NOT NULL, e vector(2) NOT NULL) SERVER s;
SELECT as_new, f->>'name' AS field, f->'type_params' AS type_params
	FROM unnest('{f,t}'::boolean[]) as_new, jsonb_array_elements(milvus.table_schema('sized', as_new)->'fields') f WHERE f->'type_params' <> '[]';
SELECT milvus.drop_collection('sized');
SELECT f->>'name' AS field, f->'type_params' AS type_params FROM jsonb_array_elements(milvus.table_schema('sized')->'fields') f WHERE f->>'name' = 't';
-- databases and collections
SELECT * FROM requests($$SELECT collection FROM milvus.collections WHERE server = 's' AND database = 'catalogue_db'$$);
SELECT * FROM requests($$SELECT collection FROM milvus.collections WHERE server = 's' AND database = 'catalogue_db' AND collection = 'nosuch'$$);
-- and one description
SELECT * FROM requests($$SELECT collection, shards, aliases, description, consistency_level FROM milvus.collections WHERE server = 's' AND database = 'catalogue_db' AND collection = 'far'$$);
-- and its rows
SELECT * FROM requests($$SELECT * FROM milvus.collections WHERE server = 's' AND database = 'catalogue_db' AND collection = 'far'$$);
SELECT * FROM requests($$SELECT * FROM milvus.indexes WHERE server = 's' AND database = 'catalogue_db' AND collection = 'far'$$);
SELECT * FROM requests($$SELECT collection FROM milvus.collections c JOIN milvus.load_state l USING (server, database, collection)
	WHERE server = 's' AND database = 'catalogue_db' AND l.state = 'NotLoad'$$);
SELECT * FROM requests($$SELECT * FROM milvus.servers$$);
SELECT DISTINCT server FROM requests($$SELECT * FROM milvus.databases$$) ORDER BY 1;
SELECT * FROM requests($$SELECT database FROM milvus.databases WHERE server = 'l3' AND database = 'default'$$);
SELECT milvus.drop_collection(server => 's', database => 'catalogue_db', collection => 'far');
SELECT milvus.drop_database('s', 'catalogue_db');
-- what a server does not offer is an error that says who does
CREATE FOREIGN TABLE asked (id bigint NOT NULL, e vector(2) NOT NULL) SERVER l2;
SELECT make_collection('asked');
SELECT tried('SELECT * FROM milvus.users WHERE server = ''l3''');
SELECT tried('SELECT * FROM milvus.segments WHERE server = ''l2''');
SELECT tried('SELECT * FROM milvus.privilege_groups WHERE server = ''s''');
SELECT tried('SELECT * FROM milvus.snapshots WHERE server = ''s''');
SELECT tried('SELECT * FROM milvus.compactions WHERE server = ''s''');
SELECT tried('SELECT * FROM milvus.namespaces WHERE server = ''s''');
SELECT milvus.drop_collection('asked');
-- a server that is down
CREATE SERVER down FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '1', connect_timeout '2');
CREATE USER MAPPING FOR CURRENT_USER SERVER down;
SELECT healthy, error FROM milvus.health WHERE server = 'down';
SELECT count(*) FROM milvus.health;
SELECT tried('SELECT * FROM milvus.databases WHERE server = ''down''');
DROP SERVER down CASCADE;
-- every RPC: what is wrong with a request is said before it is sent
SELECT milvus.call('s', 'NoSuchRpc');
SELECT milvus.call('s', 'ListDatabase');
SELECT milvus.call('s', 'describecollection');
SELECT milvus.call('s', 'CreateReplicateStream');
SELECT milvus.call('s', 'DumpMessages');
SELECT milvus.get('s', 'DropCollection', '{}');
SELECT milvus.get('s', 'Query', '{}');
SELECT milvus.get('s', 'DescribeCollection', '{"colection_name": "x"}');
SELECT milvus.get('s', 'DescribeCollection', '{"zzz": "x"}');
SELECT milvus.get('s', 'DescribeCollection', '{"collection_name": {"a": 1}, "collectionID": "x"}');
SELECT milvus.get('s', 'DescribeCollection', '[]');
SELECT milvus.call('s', 'CreateCollection', '{"consistency_level": "Sometimes"}');
SELECT milvus.call('s', 'CreateCollection', '{"consistency_level": "bounded"}');
SELECT milvus.get('nosuch', 'GetVersion');
SELECT milvus.load();
SELECT milvus.load('cat', server => 's');
SELECT milvus.load(server => 's');
SELECT milvus.load('pg_class');
SELECT milvus.create_index('cat');
SELECT try('SELECT milvus.get(''s'', ''DescribeCollection'', ''{"collection_name": "nosuch"}'')');
SELECT try('SELECT milvus.get(''l2'', ''GetVersion'')');
SELECT milvus.hybrid_timestamp('2026-11-22 10:00:00.123Z'), milvus.hybrid_time(milvus.hybrid_timestamp('2026-11-22 10:00:00.123Z') + 5) = '2026-11-22 10:00:00.123Z' AS same,
	milvus.hybrid_time((milvus.get('s', 'AllocTimestamp')->>'timestamp')::bigint) BETWEEN now() - interval '1 minute' AND now() + interval '1 minute' AS now;
-- read-only transactions, and what a rollback does not undo
BEGIN READ ONLY;
SELECT milvus.drop_collection('cat');
ROLLBACK;
BEGIN;
SELECT milvus.create_partition('cat', 'left');
SAVEPOINT one;
SELECT milvus.create_partition('cat', 'undone');
SELECT milvus.drop_partition('cat', 'undone');
ROLLBACK TO one;
SELECT milvus.get('s', 'GetVersion')->>'version';
ROLLBACK;
SELECT partition FROM milvus.partitions WHERE server = 's' AND collection = 'cat' ORDER BY 1;
-- rights: a single function is granted, and gives no more than it does
CREATE ROLE milvus_nobody;
GRANT USAGE ON FOREIGN SERVER s TO milvus_nobody;
SET ROLE milvus_nobody;
SELECT milvus.call('s', 'GetVersion');
SELECT milvus.drop_partition('cat', 'left');
SELECT try('SELECT milvus_internal.drop_partition(''cat'', ''left'')');
SELECT try('SELECT milvus.perform(''s'', ''DropPartition'', ''{}'')');
SELECT try('SELECT milvus.operate_privilege(''s'', ''Grant'', ''public'', ''*'', ''Global'', ''*'', NULL)');
SELECT try('SELECT * FROM milvus.replication');
SELECT milvus.get('l3', 'GetVersion');
SELECT milvus.get('s', 'GetVersion');
SELECT count(*) FROM milvus.collections;
RESET ROLE;
CREATE USER MAPPING FOR milvus_nobody SERVER s;
GRANT EXECUTE ON FUNCTION milvus.drop_partition TO milvus_nobody;
SET ROLE milvus_nobody;
SELECT milvus.get('s', 'GetVersion')->>'version';
SELECT collection FROM milvus.collections WHERE collection = 'cat';
SELECT milvus.drop_partition('cat', 'left');
SELECT try('SELECT milvus.drop_collection(''cat'')');
SELECT try('SELECT milvus.perform(''s'', ''DropPartition'', ''{}'')');
SELECT try('SELECT milvus.perform(''s'', ''DropCollection'', ''{"collection_name": "cat"}'')');
RESET ROLE;
-- after an error in a function perform() is as it was
SELECT try('SELECT milvus.drop_partition(''cat'', '''')');
SELECT try('SELECT milvus.perform(''s'', ''DropPartition'', ''{}'')');
-- functions and operators that somebody has made come before nothing
CREATE SCHEMA evil;
CREATE FUNCTION evil.jsonb_build_object(text, text) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.jsonb_build_object(text, text, text, text) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FUNCTION evil.add(text, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
CREATE AGGREGATE evil.jsonb_object_agg(text, text) (SFUNC = evil.add, STYPE = text);
SET search_path = public, evil, pg_catalog;
SELECT milvus.create_database('s', 'catalogue_evil'), milvus.drop_database('s', 'catalogue_evil');
SELECT shards, properties FROM milvus.collections WHERE server = 's' AND collection = 'cat';
SELECT milvus.has_partition('cat', 'left');
RESET search_path;
-- nor is a default evaluated that somebody has written
CREATE FUNCTION evil.number() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'evil'; END $$;
CREATE FOREIGN TABLE evil.defaults (id bigint NOT NULL, n integer DEFAULT evil.number(), m integer DEFAULT 2 + 3) SERVER l3;
SELECT f->>'name' AS name, f->'default_value' AS default_value FROM jsonb_array_elements(milvus.table_schema('evil.defaults')->'fields') f;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
-- connections
SELECT server, user_name, server_version, dialect, state, requests > 0 AS used FROM milvus.connections WHERE server = 's' ORDER BY 2;
SELECT milvus.disconnect('s'), milvus.disconnect('s');
SELECT count(*) FROM milvus.connections WHERE server = 's';
SELECT id FROM cat WHERE false;
SELECT milvus.disconnect_all(), milvus.disconnect_all();
DROP OWNED BY milvus_nobody;
DROP ROLE milvus_nobody;
SELECT milvus.drop_collection('cat');
SELECT count(*) FROM milvus.collections WHERE collection = 'cat';
DROP FUNCTION requests, tried, try;
DROP SERVER s, l3, l2 CASCADE;
