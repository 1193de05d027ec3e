-- views and functions for what only newer Milvus have: what they ask a double of Milvus 3.0.1, which knows the protocol from PyMilvus, and what they make of its answers
\i sql/servers.psql
\i sql/try.psql
SET client_min_messages = warning;
\i sql/double.psql
-- do it, and show the requests that came of it: what is set in them
CREATE FUNCTION asked(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	PERFORM control('{"op": "requests"}');
	result := nullif(try(statement), 'accepted');
	RETURN QUERY SELECT r->>'rpc' || ' ' || set_members(r->'request')::text FROM jsonb_array_elements(control('{"op": "requests"}')) r
		UNION ALL SELECT '=> ' || result WHERE result IS NOT NULL;
END $$;
CREATE FUNCTION set_members(value jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT CASE jsonb_typeof(value)
		WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(m.key, set_members(m.value)), '{}') FROM jsonb_each(value) m
			WHERE m.value NOT IN ('""', '0', 'false', '[]', '{}', 'null', '"None"', '"FieldCreated"')
				AND m.key <> 'base' AND NOT (m.key = 'db_name' AND m.value = '"default"'))
		WHEN 'array' THEN (SELECT jsonb_agg(set_members(e) ORDER BY n) FROM jsonb_array_elements(value) WITH ORDINALITY x(e, n))
		ELSE value END
$$;
SELECT control('{"op": "reset"}') IS NOT NULL, control('{"op": "version", "version": "3.0.1"}') IS NOT NULL, milvus.disconnect('d');
SELECT server, version, dialect FROM milvus.versions WHERE server = 'd';
-- a collection for the views to find
SELECT answers('ListDatabases', '{"db_names": ["default"], "db_ids": [1], "created_timestamp": [470000000000000000]}');
SELECT answers('ShowCollections', '{"collection_names": ["c"], "collection_ids": [42], "created_utc_timestamps": [1793000000000]}');
SELECT answers('DescribeDatabase', '{"db_name": "default", "properties": [{"key": "database.max.collections", "value": "5"}]}');
SELECT * FROM milvus.databases WHERE server = 'd';
SELECT answers('DescribeCollection', '{"collection_name": "c", "collectionID": 42, "schema": {"name": "c", "description": "d", "fields": [
	{"fieldID": 100, "name": "id", "is_primary_key": true, "data_type": "Int64"},
	{"fieldID": 101, "name": "body", "data_type": "VarChar", "type_params": [{"key": "max_length", "value": "9"}], "default_value": {"string_data": "x"}, "nullable": true},
	{"fieldID": 102, "name": "words", "data_type": "SparseFloatVector", "is_function_output": true},
	{"fieldID": 103, "name": "bytes", "data_type": "Int8Vector", "type_params": [{"key": "dim", "value": "4"}]},
	{"fieldID": 104, "name": "long", "data_type": "Text"}],
	"struct_array_fields": [{"fieldID": 105, "name": "clips", "fields": [{"fieldID": 106, "name": "text", "data_type": "Array", "element_type": "VarChar"}]}],
	"functions": [{"name": "bm25", "type": "BM25", "input_field_names": ["body"], "output_field_names": ["words"], "params": [{"key": "k1", "value": "1.2"}]}]}}');
SELECT field, data_type, column_type, nullable, default_value, function_output FROM milvus.fields WHERE server = 'd' ORDER BY position;
SELECT * FROM milvus.functions WHERE server = 'd';

-- fields and functions of a collection
CREATE FOREIGN TABLE c (id bigint NOT NULL, body varchar(9), year integer DEFAULT 2000) SERVER d;
COMMENT ON COLUMN c.year IS 'of birth';
SELECT asked($$SELECT milvus.add_field('c', 'year')$$);
SELECT asked($$SELECT milvus.add_field(server => 'd', collection => 'c', field => 'n', schema => '{"data_type": "Int64", "nullable": true}')$$);
SELECT asked($$SELECT milvus.add_field('c', 'nosuch')$$);
SELECT asked($$SELECT milvus.drop_field('c', 'year')$$);
SELECT asked($$SELECT milvus.alter_field('c', 'body', '{"max_length": 20, "mmap.enabled": true}', '{"mmap"}')$$);
SELECT asked($$SELECT milvus.add_struct_field('c', '{"name": "s", "fields": [{"name": "a", "data_type": "Array", "element_type": "Int32"}]}')$$);
SELECT asked($$SELECT milvus.add_function('c', '{"name": "f", "type": "BM25", "input_field_names": ["body"], "output_field_names": ["words"]}')$$);
SELECT asked($$SELECT milvus.alter_function('c', 'f', '{"name": "f", "type": "BM25", "params": {"k1": 1.5}}')$$);
SELECT asked($$SELECT milvus.drop_function('c', 'f')$$);
SELECT asked($$SELECT milvus.add_function_field('c', '{"name": "words", "data_type": "SparseFloatVector"}', '{"name": "f", "type": "BM25"}', '{"index_type": "AUTOINDEX"}', true)$$);
SELECT asked($$SELECT milvus.drop_function_field('c', 'f')$$);
SELECT asked($$SELECT milvus.truncate_collection('c')$$);
SELECT asked($$SELECT milvus.alter_database('d', 'books', '{"database.max.collections": 7}', '{"x"}')$$);
SELECT asked($$SELECT milvus.alter_index('c', 'words', '{"mmap.enabled": true}', '{"y"}')$$);

-- what takes its time: looked at until it is done
SELECT answers('GetLoadingProgress', '{"progress": 30}', '{"progress": 100}', '{"progress": 100, "refresh_progress": 50}', '{"progress": 100, "refresh_progress": 100}');
SELECT asked($$SELECT milvus.load('c', fields => '{id,body}', dynamic_field => false, resource_groups => '{rg}', replicas => 2)$$);
SELECT asked($$SELECT milvus.load('c', refresh => true)$$);
SELECT answers('DescribeIndex', '{"index_descriptions": [{"field_name": "words", "index_name": "w", "state": "InProgress", "total_rows": 10}]}',
	'{"index_descriptions": [{"field_name": "words", "index_name": "w", "state": "Failed", "index_state_fail_reason": "no room"}]}');
SELECT asked($$SELECT milvus.create_index('c', 'words', params => '{"inverted_index_algo": "DAAT_MAXSCORE"}', metric_type => 'BM25')$$);
SELECT state, fail_reason FROM milvus.indexes WHERE server = 'd';
SELECT asked($$SELECT milvus.drop_index('c', 'words')$$);
SELECT answers('FlushAll', '{"flush_all_ts": 470000000000000000}'), answers('GetFlushAllState', '{"flushed": false}', '{"flushed": true}');
SELECT asked($$SELECT milvus.flush_all('d')$$);
SELECT answers('ManualCompaction', '{"compactionID": 7}'), answers('GetCompactionState', '{"state": "Executing"}', '{"state": "Completed", "completedPlanNo": 2}');
SELECT asked($$SELECT milvus.compact('c', clustering => true, target_size => 1000)$$);
SELECT answers('GetCompactionStateWithPlans', '{"state": "Completed", "mergeInfos": [{"sources": [1, 2], "target": 3, "plan_id": 8, "trigger_id": 7,
	"type": "CompactionTypeMix", "state": "CompactionTaskStateCompleted", "partition_id": 5, "channel": "ch"}]}');
SELECT * FROM milvus.compactions WHERE server = 'd';
SELECT * FROM milvus.compaction('d', 7);
SELECT answers('Import', '{"tasks": [9]}'), answers('GetImportState', '{"state": "ImportStarted"}', '{"state": "ImportCompleted", "row_count": 5}', '{"state": "ImportFailed", "infos": [{"key": "failed_reason", "value": "bad file"}]}');
SELECT asked($$SELECT milvus.import('c', '{a.npy,b.npy}', '{"timeout": "30m"}', partition => 'p')$$);
SELECT asked($$SELECT milvus.import('c', '{a.parquet}')$$);
SELECT answers('ListImportTasks', '{"tasks": [{"id": 9, "state": "ImportCompleted", "row_count": 5, "create_ts": 1793000000, "segment_ids": [1], "infos": [{"key": "files", "value": "a"}, {"key": "progress_percent", "value": "100"}]}]}');
SELECT task, state, progress, rows, files, fail_reason, segments, created AT TIME ZONE 'UTC' FROM milvus.imports WHERE server = 'd';
SELECT answers('Prewarm', '{"taskID": "t1"}'), answers('DescribePrewarmTask', '{"state": "PrewarmTaskStateWarming"}', '{"state": "PrewarmTaskStateCompleted"}', '{"state": "PrewarmTaskStateFailed", "error_message": "cold"}');
SELECT asked($$SELECT milvus.prewarm('c', fields => '{id}', ttl_seconds => 60, namespace => 'n')$$);
SELECT asked($$SELECT milvus.prewarm('c')$$);

-- and what may go wrong with that
SELECT try($$SELECT milvus.wait_for_restore(NULL, 1)$$), try($$SELECT milvus.wait_for_import('d', NULL)$$);
SELECT answers('GetRestoreSnapshotState', '{"info": {"state": "RestoreSnapshotNone"}}'), answers('Import', '{}'), answers('GetCompactionState', '{"state": "Completed", "failedPlanNo": 1}');
SELECT try($$SELECT milvus.wait_for_restore('d', 5)$$);
SELECT try($$SELECT milvus.import('c', '{a.json}')$$);
SELECT milvus.wait_for_compaction('d', 7);
SELECT answers('DescribeIndex', '{"index_descriptions": [{"field_name": "meta", "index_name": "a", "state": "Finished", "params": [{"key": "params", "value": "None"}]}, {"field_name": "meta", "index_name": "b", "state": "Finished"}]}');
SELECT asked($$SELECT milvus.create_index('c', 'meta', 'INVERTED', index_name => 'b')$$);
SELECT asked($$SELECT milvus.drop_index('c', 'meta')$$);
SELECT asked($$SELECT milvus.drop_index('c', index_name => 'b')$$);
SELECT index_name, params FROM milvus.indexes WHERE server = 'd' ORDER BY 1;
-- what is gone since it was listed is left out
SELECT answers('GetQuerySegmentInfo', '{"status": {"code": 100, "reason": "collection not found"}}'), answers('ShowPartitions', '{"status": {"code": 100, "reason": "collection not found"}}');
SELECT count(*) FROM milvus.segments WHERE server = 'd';
SELECT count(*) FROM milvus.partitions WHERE server = 'd';

-- snapshots
SELECT asked($$SELECT milvus.create_snapshot('c', 's1', 'before the change', 3600)$$);
SELECT asked($$SELECT milvus.drop_snapshot('c', 's1')$$);
SELECT answers('ListSnapshots', '{"snapshots": ["s1"]}'), answers('DescribeSnapshot', '{"name": "s1", "description": "x", "partition_names": ["p"], "create_ts": 470000000000000000, "s3_location": "s3://b"}');
SELECT * FROM milvus.snapshots WHERE server = 'd';
SELECT answers('RestoreSnapshot', '{"job_id": 3}'), answers('RestoreExternalSnapshot', '{"job_id": 4}'), answers('GetRestoreSnapshotState', '{"info": {"state": "RestoreSnapshotExecuting"}}', '{"info": {"state": "RestoreSnapshotCompleted"}}', '{"info": {"state": "RestoreSnapshotFailed", "reason": "gone"}}');
SELECT asked($$SELECT milvus.restore_snapshot('c', 's1', 'c2', rewrite_data => true)$$);
SELECT asked($$SELECT milvus.restore_external_snapshot('d', 'c3', 's3://b/meta', '{"a": 1}')$$);
SELECT answers('ListRestoreSnapshotJobs', '{"jobs": [{"job_id": 3, "snapshot_name": "s1", "state": "RestoreSnapshotPending", "progress": 10}]}');
SELECT * FROM milvus.restores WHERE server = 'd';
SELECT answers('ExportSnapshot', '{"job_id": 5}'), answers('GetExportSnapshotState', '{"info": {"state": "ExportSnapshotExecuting"}}', '{"info": {"state": "ExportSnapshotCompleted", "snapshot_metadata_uri": "s3://x/meta"}}', '{"info": {"state": "ExportSnapshotFailed", "reason": "full"}}');
SELECT asked($$SELECT milvus.export_snapshot('c', 's1', 's3://x')$$);
SELECT asked($$SELECT milvus.export_snapshot('c', 's1', 's3://x')$$);
SELECT answers('ExportSnapshot', '{"snapshot_metadata_uri": "s3://at-once"}');
SELECT milvus.export_snapshot('c', 's1', 's3://x');
SELECT answers('PinSnapshotData', '{"pin_id": 12}');
SELECT milvus.pin_snapshot('c', 's1', 60);
SELECT asked($$SELECT milvus.unpin_snapshot('d', 12)$$);
SELECT answers('RefreshExternalCollection', '{"job_id": 6}'), answers('GetRefreshExternalCollectionProgress', '{"job_info": {"state": "RefreshInProgress"}}', '{"job_info": {"state": "RefreshCompleted"}}', '{"job_info": {"state": "RefreshFailed", "reason": "no such table"}}');
SELECT asked($$SELECT milvus.refresh_external_collection('c', 's3://lake', '{"format": "iceberg"}')$$);
SELECT asked($$SELECT milvus.refresh_external_collection('c')$$);
SELECT answers('ListRefreshExternalCollectionJobs', '{"jobs": [{"job_id": 6, "state": "RefreshFailed", "reason": "no", "external_source": "s3://lake"}]}');
SELECT * FROM milvus.refreshes WHERE server = 'd';

-- namespaces, page by page
SELECT answers('ListNamespaces', '{"namespaces": [{"namespace_name": "n1", "state": "Ready", "stats": {"approx_entity_count": 3}}], "next_page_token": "p2"}',
	'{"namespaces": [{"namespace_name": "n2", "stats": {"entity_count": 4, "logical_bytes": 100}}]}');
SELECT namespace, state, rows, bytes FROM milvus.namespaces WHERE server = 'd';
SELECT asked($$SELECT milvus.create_namespace('c', 'n')$$);
SELECT asked($$SELECT milvus.drop_namespace('c', 'n')$$);

-- access
SELECT asked($$SELECT milvus.create_user('d', 'ann', 'pässword that is longer than fifty-seven characters, to be sure', 'a reader')$$);
SELECT asked($$SELECT milvus.alter_user('d', 'ann', 'reads')$$);
SELECT asked($$SELECT milvus.alter_role('d', 'reader', 'reads')$$);
SELECT asked($$SELECT milvus.drop_role('d', 'reader', force => true)$$);
SELECT asked($$SELECT milvus.grant_privilege('d', 'reader', 'Search', 'c', database => 'default')$$);
SELECT asked($$SELECT milvus.revoke_privilege('d', 'reader', 'ClusterReadOnly')$$);
SELECT asked($$SELECT milvus.create_privilege_group('d', 'g')$$);
SELECT asked($$SELECT milvus.add_privileges_to_group('d', 'g', '{Search,Query}')$$);
SELECT asked($$SELECT milvus.remove_privileges_from_group('d', 'g', '{Query}')$$);
SELECT asked($$SELECT milvus.drop_privilege_group('d', 'g')$$);
SELECT answers('ListPrivilegeGroups', '{"privilege_groups": [{"group_name": "g", "privileges": [{"name": "Search"}, {"name": "Query"}]}]}');
SELECT * FROM milvus.privilege_groups WHERE server = 'd';
SELECT answers('BackupRBAC', '{"RBAC_meta": {"users": [{"user": "ann", "password": "digest"}]}}');
SELECT milvus.backup_rbac('d')->'users'->0->>'user';
SELECT asked($$SELECT milvus.restore_rbac('d', '{"users": [{"user": "ann", "password": "digest"}]}')$$);

-- what no Milvus has whose source was read is not asked of those, and is of later ones
SELECT asked($$SELECT milvus.add_user_tags('d', 'ann', '{"team": "red"}')$$);
SELECT control('{"op": "version", "version": "3.1.0"}') IS NOT NULL, milvus.disconnect('d');
SELECT asked($$SELECT milvus.add_user_tags('d', 'ann', '{"team": "red"}')$$);
SELECT asked($$SELECT milvus.delete_user_tags('d', 'ann', '{team}')$$);
SELECT answers('ListCredUsers', '{"usernames": ["ann"]}'), answers('GetUserTags', '{"tags": {"team": "red"}}'), answers('ListUsersWithTag', '{"user_names": ["ann"]}');
SELECT * FROM milvus.user_tags WHERE server = 'd';
SELECT * FROM milvus.users_with_tag('d', 'team', 'red');
SELECT asked($$SELECT milvus.create_row_policy('c', 'own', '{Query,Search,Delete}', '{reader}', 'owner == "ann"', 'true', description => 'their own')$$);
SELECT asked($$SELECT milvus.alter_row_policy('c', 'own', roles => '{reader}', using_expr => 'true')$$);
SELECT asked($$SELECT milvus.drop_row_policy('c', 'own')$$);
SELECT answers('ListRowPolicies', '{"policies": [{"policy_name": "own", "actions": ["Query", "Search"], "roles": ["reader"], "using_expr": "a == 1"}]}');
SELECT * FROM milvus.row_policies WHERE server = 'd';
SELECT asked($$SELECT milvus.set_principal_tags('c', 'app', '{"tier": "gold"}')$$);
SELECT asked($$SELECT milvus.delete_principal_tags('c', 'app', '{tier}')$$);
SELECT answers('ListRLSPrincipals', '{"principal_names": ["app"]}'), answers('GetRLSPrincipalTags', '{"tags": {"tier": "gold"}}');
SELECT * FROM milvus.principals WHERE server = 'd';
SELECT control('{"op": "version", "version": "3.0.1"}') IS NOT NULL, milvus.disconnect('d');

-- cluster
SELECT asked($$SELECT milvus.create_resource_group('d', 'rg', '{"requests": {"node_num": 1}, "limits": {"node_num": 2}}')$$);
SELECT asked($$SELECT milvus.update_resource_groups('d', '{"rg": {"requests": {"node_num": 3}}}')$$);
SELECT answers('ListResourceGroups', '{"resource_groups": ["rg"]}'), answers('DescribeResourceGroup', '{"resource_group": {"name": "rg", "capacity": 2, "num_available_node": 1, "num_loaded_replica": {"c": 1}, "nodes": [{"node_id": 5, "hostname": "h"}]}}');
SELECT resource_group, capacity, available_nodes, loaded_replicas, nodes FROM milvus.resource_groups WHERE server = 'd';
SELECT asked($$SELECT milvus.add_file_resource('d', 'words', '/words.txt')$$);
SELECT asked($$SELECT milvus.remove_file_resource('d', 'words')$$);
SELECT answers('ListFileResources', '{"resources": [{"id": 1, "name": "words", "path": "/words.txt"}]}');
SELECT * FROM milvus.file_resources WHERE server = 'd';
SELECT answers('RunAnalyzer', '{"results": [{"tokens": [{"token": "hello", "start_offset": 0, "end_offset": 5, "position": 0}, {"token": "wörld", "start_offset": 6, "end_offset": 12, "position": 1}]}, {}]}');
SELECT * FROM milvus.run_analyzer('d', '{hello wörld,""}', '{"type": "standard"}');
SELECT asked($$SELECT milvus.run_analyzer('d', '{hello wörld}', collection => 'c', field => 'body', analyzer_names => '{default}')$$);
SELECT answers('ComputePhraseMatchSlop', '{"is_match": [true, false], "slops": [1, 0]}');
SELECT * FROM milvus.phrase_match_slop('d', 'hello world', '{hello big world,x}', '{"type": "standard"}');
SELECT answers('GetReplicateConfiguration', '{"configuration": {"clusters": [{"cluster_id": "a"}], "cross_cluster_topology": [{"source_cluster_id": "a", "target_cluster_id": "b"}]}}');
SELECT clusters->0->>'cluster_id' AS cluster, topology FROM milvus.replication WHERE server = 'd';
SELECT asked($$SELECT milvus.update_replication('d', '{"clusters": [{"cluster_id": "a"}]}', true)$$);
SELECT answers('GetReplicateInfo', '{"checkpoint": {"cluster_id": "a", "time_tick": 7}}');
SELECT milvus.replicate_info('d', 'a', 'ch')->'checkpoint'->>'time_tick';
SELECT answers('GetPersistentSegmentInfo', '{"infos": [{"segmentID": 1, "num_rows": 5, "state": "Flushed", "level": "L1", "is_sorted": true}, {"segmentID": 2, "num_rows": 6, "state": "Growing"}]}'),
	answers('GetQuerySegmentInfo', '{"infos": [{"segmentID": 1, "num_rows": 5, "mem_size": 100, "nodeIds": [3, 4], "index_name": "w"}, {"segmentID": 9, "num_rows": 1}]}');
SELECT segment, rows, state, level, sorted, loaded, memory, nodes, index_name FROM milvus.segments WHERE server = 'd' ORDER BY 1;
SELECT answers('CheckHealth', '{"isHealthy": false, "reasons": ["querynode down"], "quota_states": ["DenyToWrite"]}');
SELECT healthy, reasons, quota_states FROM milvus.health WHERE server = 'd';
-- without their arguments, functions send what makes sense without, or nothing and an error
SELECT answers('DescribeIndex', '{}');
SELECT p.proname, x.asked FROM pg_proc p
	CROSS JOIN LATERAL (SELECT string_agg(format('%I => %s', a.name, CASE a.name WHEN 'server' THEN '''d''' WHEN 'collection' THEN '''c''' WHEN 'wait' THEN 'false' ELSE 'NULL' END), ', ') AS list
		FROM unnest(p.proargnames) WITH ORDINALITY AS a(name, n)
		WHERE n <= p.pronargs AND (a.name IN ('server', 'collection', 'wait') OR n <= p.pronargs - p.pronargdefaults)) arguments
	CROSS JOIN LATERAL (SELECT string_agg(regexp_replace(asked, ' / Its arguments.*', ''), E'\n') AS asked FROM asked(format('SELECT milvus.%I(%s)', p.proname, arguments.list))) x
	WHERE p.pronamespace = 'milvus'::regnamespace AND NOT has_function_privilege('public', p.oid, 'EXECUTE') AND p.proname <> 'call' ORDER BY 1;
SELECT try($$SELECT milvus.drop_role('d', NULL)$$);
SELECT try($$SELECT milvus.drop_role(NULL, 'x')$$);
SELECT try($$SELECT milvus.call('d', 'DropRole', NULL)$$);
-- what a server has no type for, though some client has made a field of it, it is not asked to index: it would be at it for ever
SELECT answers('DescribeCollection', '{"collection_name": "c", "collectionID": 42, "schema": {"name": "c", "fields": [
	{"fieldID": 100, "name": "id", "is_primary_key": true, "data_type": "Int64"},
	{"fieldID": 101, "name": "moment", "data_type": "Timestamptz"},
	{"fieldID": 102, "name": "half", "data_type": "Float16Vector", "type_params": [{"key": "dim", "value": "4"}]},
	{"fieldID": 103, "name": "whole", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "4"}]}]}}');
SELECT control('{"op": "version", "version": "v2.3.5"}') IS NOT NULL, milvus.disconnect('d');
SELECT field, asked(format('SELECT milvus.create_index(%L, %L, wait => false)', 'c', field)) FROM unnest('{half,moment,whole}'::text[]) field;
SELECT control('{"op": "version", "version": "3.0.1"}') IS NOT NULL, milvus.disconnect('d');
SELECT field, asked(format('SELECT milvus.create_index(%L, %L, wait => false)', 'c', field)) FROM unnest('{half,moment}'::text[]) field;
-- the members of structs, too
SELECT control('{"op": "version", "version": "v2.6.10"}') IS NOT NULL, milvus.disconnect('d');
SELECT type, try(format('SELECT milvus.create_collection(server => %L, collection => %L, schema => %L)', 'd', 'structs', jsonb_build_object('fields',
	'[{"name": "id", "data_type": "Int64", "is_primary_key": true}]'::jsonb, 'struct_array_fields', jsonb_build_array(jsonb_build_object('name', 's', 'fields',
	jsonb_build_array(jsonb_build_object('name', 'm', 'data_type', 'Array', 'element_type', type)))))))
	FROM unnest('{Text,VarChar}'::text[]) type;
SELECT control('{"op": "version", "version": "3.0.1"}') IS NOT NULL, milvus.disconnect('d');
-- a timestamp is compared by the server where the column has it as it is
CREATE DOMAIN seconds AS timestamptz(0);
CREATE FOREIGN TABLE moments (id bigint NOT NULL, moment timestamptz(6) NOT NULL) SERVER d OPTIONS (collection 'c');
CREATE FOREIGN TABLE rounded (id bigint NOT NULL, moment timestamptz(3) NOT NULL) SERVER d OPTIONS (collection 'c');
CREATE FOREIGN TABLE in_seconds (id bigint NOT NULL, moment seconds NOT NULL) SERVER d OPTIONS (collection 'c');
SELECT t, trim(line) FROM unnest('{moments,rounded,in_seconds}'::regclass[]) t,
	explained(format('SELECT id FROM %s WHERE moment = ''2026-01-01 00:00:00+00''', t), 'VERBOSE, COSTS OFF') line WHERE line ~ 'Milvus Filter|Not Sent';
-- vectors of whole numbers as those of pgvector: the same bytes in a row and in a query; other numbers are rounded in a query, and refused in a row before anything is sent
SELECT answers('DescribeCollection', '{"collection_name": "c", "collectionID": 42, "schema": {"name": "c", "fields": [
	{"fieldID": 100, "name": "id", "is_primary_key": true, "data_type": "Int64"},
	{"fieldID": 101, "name": "bytes", "data_type": "Int8Vector", "type_params": [{"key": "dim", "value": "4"}]}]}}'),
	answers('DescribeIndex', '{"index_descriptions": [{"field_name": "bytes", "index_name": "b", "state": "Finished", "params": [{"key": "index_type", "value": "HNSW"}, {"key": "metric_type", "value": "L2"}]}]}'),
	answers('Insert', '{"insert_cnt": 1, "succ_index": [0]}');
CREATE FOREIGN TABLE vectors (id bigint NOT NULL, bytes vector(4) NOT NULL) SERVER d OPTIONS (collection 'c');
CREATE FOREIGN TABLE arrays (id bigint NOT NULL, bytes smallint[] NOT NULL) SERVER d OPTIONS (collection 'c');
CREATE FOREIGN TABLE reals (id bigint NOT NULL, bytes real[] NOT NULL) SERVER d OPTIONS (collection 'c');
SELECT t, asked FROM unnest('{vectors,arrays,reals}'::text[]) t, asked(format('INSERT INTO %s VALUES (1, %L)', t, CASE t WHEN 'vectors' THEN '[1,-128,127,0]' ELSE '{1,-128,127,0}' END)) WHERE asked LIKE 'Insert %';
SELECT try($$INSERT INTO vectors VALUES (1, '[1,-128,127.5,0]')$$), try($$INSERT INTO vectors VALUES (1, '[128,0,0,0]')$$), try($$INSERT INTO arrays VALUES (1, '{-129,0,0,0}')$$),
	try($$INSERT INTO reals VALUES (1, '{1e30,0,0,0}')$$);
SELECT asked FROM asked($$SELECT id FROM vectors ORDER BY bytes <-> '[1,-128,127,0]' LIMIT 1$$) WHERE asked LIKE 'Search %';
SELECT asked FROM asked($$SELECT id FROM vectors ORDER BY bytes <-> '[1.4,-128.3,126.6,-0.4]' LIMIT 1$$) WHERE asked LIKE 'Search %';
-- what Milvus forbids
SELECT control('{"op": "fail", "rpc": "DropCollection", "grpc": "PERMISSION_DENIED", "message": "PrivilegeDropCollection: permission deny to ann"}') IS NOT NULL;
SELECT try($$SELECT milvus.drop_collection('c')$$);
SELECT control('{"op": "reset"}') IS NOT NULL;
DROP SERVER d CASCADE;
DROP FUNCTION control, answers, asked, set_members, try;
