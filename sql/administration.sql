-- the functions of the schema milvus, on a whole Milvus
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
CREATE FUNCTION tried(statement text) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace(try(statement), '127.0.0.1:\d+', 'ADDRESS', 'g') $$;
-- what an earlier run may have left behind
SELECT count(try(command)) FROM unnest('{"SELECT milvus.revoke_privilege(''s'', ''admin_reader'', ''Search'', ''admin_a'')",
	"SELECT milvus.drop_role(''s'', ''admin_reader'')", "SELECT milvus.drop_user(''s'', ''admin_ann'')", "SELECT milvus.drop_resource_group(''s'', ''admin_rg'')",
	"SELECT milvus.drop_collection(server => ''s'', database => ''admin_db'', collection => ''admin_docs'')",
	"SELECT milvus.drop_collection(server => ''s'', database => ''admin_db'', collection => ''admin_two'')",
	"SELECT milvus.drop_database(''s'', ''admin_db'')"}'::text[]) command;

-- databases
SELECT milvus.create_database('s', 'admin_db');
SELECT tried('SELECT milvus.alter_database(''s'', ''admin_db'', ''{"database.max.collections": 10}'')');
SELECT count(*) FROM milvus.databases WHERE server = 's' AND database = 'admin_db';

-- collections: of columns, and of a schema
CREATE FOREIGN TABLE docs (id bigint OPTIONS (auto_id 'true') NOT NULL, lang varchar(5) OPTIONS (partition_key 'true') NOT NULL, tags varchar(10)[] NOT NULL,
	doc jsonb NOT NULL, "$meta" jsonb, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'admin_docs', dbname 'admin_db');
SELECT milvus.create_collection('docs', shards => 2, consistency_level => 'Strong', partitions => 3, properties => '{"collection.ttl.seconds": 3600}');
SELECT dynamic_fields, consistency_level, shards, partitions, properties FROM milvus.collections WHERE server = 's' AND database = 'admin_db';
SELECT field, data_type, element_type, primary_key, auto_id, partition_key FROM milvus.fields WHERE server = 's' AND database = 'admin_db' ORDER BY position;
SELECT count(*) FROM milvus.partitions WHERE server = 's' AND database = 'admin_db';
SELECT milvus.create_collection(server => 's', database => 'admin_db', collection => 'admin_two', schema => '{"description": "of a schema", "fields": [
	{"name": "id", "data_type": "VarChar", "is_primary_key": true, "type_params": {"max_length": 20}},
	{"name": "e", "data_type": "BinaryVector", "type_params": {"dim": 16}}]}');
SELECT c.description, f.field, f.column_type, f.primary_key FROM milvus.collections c JOIN milvus.fields f USING (server, database, collection)
	WHERE server = 's' AND database = 'admin_db' AND collection = 'admin_two' ORDER BY f.position;
SELECT tried('SELECT milvus.create_collection(server => ''s'', collection => ''none'')');
SELECT tried('SELECT milvus.create_collection(server => ''s'', collection => ''none'', schema => ''{"fields": [{"nome": "id"}]}'')');
SELECT milvus.alter_collection('docs', '{"collection.ttl.seconds": 60}');
SELECT properties FROM milvus.collections WHERE server = 's' AND database = 'admin_db' AND collection = 'admin_docs';
SELECT milvus.has_collection('docs'), milvus.has_collection(server => 's', collection => 'nosuch'), milvus.has_collection(server => 'l3', collection => 'nosuch'),
	milvus.has_collection(server => 'l2', collection => 'nosuch');
SELECT milvus.rename_collection(server => 's', database => 'admin_db', collection => 'admin_two', new_name => 'admin_three');
SET client_min_messages = notice;
SELECT milvus.rename_collection('docs', 'admin_renamed');
SET client_min_messages = warning;
ALTER FOREIGN TABLE docs OPTIONS (SET collection 'admin_renamed');
SELECT collection FROM milvus.collections WHERE server = 's' AND database = 'admin_db' ORDER BY 1;
SELECT tried('SELECT milvus.drop_database(''s'', ''admin_db'')');
SELECT milvus.drop_collection('docs'), milvus.drop_collection(server => 's', database => 'admin_db', collection => 'admin_three');
SELECT milvus.drop_database('s', 'admin_db');
-- what this Milvus can't do
SELECT tried(format('SELECT milvus.%s', call)) FROM unnest('{"alter_field(server => ''s'', collection => ''x'', field => ''f'', properties => ''{\"max_length\": 5}'')",
	"add_function(server => ''s'', collection => ''x'', function => ''{\"name\": \"f\", \"type\": \"BM25\"}'')",
	"truncate_collection(server => ''s'', collection => ''x'')", "create_privilege_group(''s'', ''g'')", "backup_rbac(''s'')"}'::text[]) AS call;

SELECT tried('SELECT milvus.alter_index(server => ''s'', collection => ''x'', index_name => ''i'', properties => ''{"mmap.enabled": true}'')');
-- nor what it would overlook without a word
SELECT tried(format('SELECT milvus.%s', call)) FROM unnest('{"load(server => ''s'', collection => ''x'', fields => ''{id}'')", "load(server => ''s'', collection => ''x'', dynamic_field => false)",
	"compact(server => ''s'', collection => ''x'', clustering => true)", "create_database(''s'', ''x'', ''{\"a\": 1}'')", "create_role(''s'', ''x'', ''described'')", "drop_role(''s'', ''x'', true)",
	"alter_user(''s'', ''root'', ''described'')", "create_resource_group(''s'', ''x'', ''{\"requests\": {\"node_num\": 1}}'')", "alter_collection(server => ''s'', collection => ''x'', delete_keys => ''{a}'')"}'::text[]) AS call;

-- aliases
CREATE FOREIGN TABLE a (id bigint NOT NULL, name varchar(10) NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'admin_a');
CREATE FOREIGN TABLE b (id bigint NOT NULL, name varchar(10) NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'admin_b');
SELECT make_collection('a'), make_collection('b');
SELECT milvus.create_alias('a', 'admin_alias');
SELECT milvus.create_alias(alias => 'admin_other', server => 's', collection => 'admin_b');
SELECT collection, alias FROM milvus.aliases WHERE server = 's' AND alias LIKE 'admin%' ORDER BY 1;
SELECT milvus.alter_alias('b', 'admin_alias');
SELECT collection, alias FROM milvus.aliases WHERE server = 's' AND alias LIKE 'admin%' ORDER BY 1, 2;
SELECT milvus.drop_alias('s', 'admin_alias'), milvus.drop_alias('s', 'admin_other');
SELECT count(*) FROM milvus.aliases WHERE server = 's' AND alias LIKE 'admin%';

-- partitions, as names and as foreign tables
CREATE FOREIGN TABLE a_part (id bigint NOT NULL, name varchar(10) NOT NULL, n integer NOT NULL, e vector(2) NOT NULL) SERVER s OPTIONS (collection 'admin_a', partition 'one');
SELECT milvus.create_partition('a_part'), milvus.create_partition('a', 'two');
SELECT milvus.has_partition('a_part'), milvus.has_partition('a', 'three');
SELECT tried('SELECT milvus.create_partition(''a'')');
SELECT tried('SELECT milvus.drop_collection(''a_part'')');
SELECT milvus.create_index('a', 'e', 'FLAT', 'L2');
SELECT milvus.load('a_part');
SELECT partition, load_state FROM milvus.partitions WHERE server = 's' AND collection = 'admin_a' ORDER BY 1;
SELECT tried('SELECT milvus.drop_partition(''a_part'')');
SELECT milvus.load('a', partitions => '{two}');
SELECT partition, load_state FROM milvus.partitions WHERE server = 's' AND collection = 'admin_a' ORDER BY 1;
SELECT milvus.release('a', partitions => '{two}'), milvus.release('a_part');
SELECT milvus.drop_partition('a_part'), milvus.drop_partition('a', 'two');
SELECT partition FROM milvus.partitions WHERE server = 's' AND collection = 'admin_a';

-- indexes
SELECT milvus.create_index('a', 'name', 'Trie', index_name => 'by_name');
SELECT milvus.create_index('a', 'n', 'STL_SORT', wait => false);
SELECT milvus.wait_for_index('a', 'n');
SELECT tried('SELECT milvus.wait_for_index(''a'', ''id'')');
SELECT tried('SELECT milvus.create_index(''a'', ''nosuch'', ''FLAT'', ''L2'')');
SELECT tried('SELECT milvus.create_index(''b'', ''e'', ''HNSW'', ''L2'')');
SELECT field, index_type, metric_type, state FROM milvus.indexes WHERE server = 's' AND collection = 'admin_a' ORDER BY 1;
SELECT milvus.drop_index('a', index_name => 'by_name'), milvus.drop_index('a', 'n');
SELECT tried('SELECT milvus.drop_index(''a'', ''n'')');
SELECT tried('SELECT milvus.drop_index(''a'')');
SELECT field FROM milvus.indexes WHERE server = 's' AND collection = 'admin_a' ORDER BY 1;

-- loading, flushing, compaction
SELECT milvus.load('a', wait => false);
SELECT milvus.load('a');
INSERT INTO a SELECT i, 'n' || i, i, '[1,2]' FROM generate_series(1, 10) i;
SELECT milvus.flush('a', wait => false), milvus.flush('a');
SELECT milvus.flush_all('s', wait => false) > 0 AS flush_all;	-- this Milvus takes a minute
SELECT estimated_rows, load_state FROM milvus.collections WHERE server = 's' AND collection = 'admin_a';
SELECT milvus.compact('a', wait => false) > 0 AS compaction;
SELECT state IN ('Executing', 'Completed') AS state, jsonb_typeof(plans) FROM milvus.compaction('s', milvus.compact('a', wait => false));
SELECT milvus.load_balance('a', 1);

-- an import of a file that the server's storage has
COPY (SELECT jsonb_build_object('rows', jsonb_agg(jsonb_build_object('id', i, 'name', 'file' || i, 'n', i, 'e', '[1,2]'::jsonb)))
	FROM generate_series(101, 103) i) TO PROGRAM 'cat >import.json';
SELECT milvus.import('a', ARRAY[current_setting('data_directory') || '/import.json']) > 0 AS task;
SELECT state, rows, files LIKE '%/import.json' AS file FROM milvus.imports WHERE server = 's' AND collection = 'admin_a' AND state = 'Completed';
SELECT milvus.load('a', refresh => true);
SELECT regexp_replace(tried($$SELECT milvus.import('a', '{/nosuch.json}')$$), '\d{6,}', 'N', 'g');
SELECT tried('SELECT milvus.import(''a'')');

-- resource groups; the only node is not to be had for another
SELECT milvus.create_resource_group('s', 'admin_rg');
SELECT resource_group, capacity, available_nodes FROM milvus.resource_groups WHERE server = 's' ORDER BY 1;
SELECT tried('SELECT milvus.update_resource_groups(''s'', ''{"admin_rg": {"requests": {"node_num": 1}}}'')');
SELECT milvus.transfer_node('s', '__default_resource_group', 'admin_rg', 1), milvus.transfer_node('s', 'admin_rg', '__default_resource_group', 1);
SELECT regexp_replace(tried('SELECT milvus.transfer_replica(''a'', ''__default_resource_group'', ''admin_rg'')'), '\d{6,}', 'N', 'g');
SELECT milvus.drop_resource_group('s', 'admin_rg');

-- users, roles, privileges
SELECT milvus.create_user('s', 'admin_ann', 'secret-1');
SELECT milvus.update_password('s', 'admin_ann', 'secret-1', 'secret-2');
SELECT tried('SELECT milvus.update_password(''s'', ''admin_ann'', ''wrong-1'', ''secret-3'')');
SELECT milvus.create_role('s', 'admin_reader');
SELECT milvus.grant_role('s', 'admin_ann', 'admin_reader');
SELECT tried('SELECT milvus.grant_privilege(''s'', ''admin_reader'', ''Search'', ''admin_a'')');
ALTER USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (ADD user 'root', ADD password 'Milvus');	-- it wants to know who grants
SELECT milvus.grant_privilege('s', 'admin_reader', 'Search', 'admin_a');
SELECT milvus.grant_privilege('s', 'admin_reader', 'ShowCollections', object_type => 'Global');
SELECT user_name, roles FROM milvus.users WHERE server = 's' AND user_name = 'admin_ann';
SELECT role, members FROM milvus.roles WHERE server = 's' AND role = 'admin_reader';
SELECT user_name FROM milvus.role_members WHERE server = 's' AND role = 'admin_reader';
SELECT object_type, object_name, privilege, grantor FROM milvus.grants WHERE server = 's' AND role = 'admin_reader' ORDER BY 1;
SELECT tried('SELECT milvus.drop_role(''s'', ''admin_reader'')');
SELECT milvus.revoke_privilege('s', 'admin_reader', 'Search', 'admin_a'), milvus.revoke_privilege('s', 'admin_reader', 'ShowCollections', object_type => 'Global');
SELECT milvus.revoke_role('s', 'admin_ann', 'admin_reader');
SELECT milvus.drop_role('s', 'admin_reader'), milvus.drop_user('s', 'admin_ann');
SELECT count(*) FROM milvus.users WHERE server = 's' AND user_name = 'admin_ann';

SELECT milvus.release('a');
SELECT count(milvus.drop_collection(t) IS NULL) FROM unnest('{a,b}'::regclass[]) t;
DROP FUNCTION tried, try;
