-- resource groups, balance, replication, files, analyzers

CREATE FUNCTION milvus.create_resource_group(server name, resource_group text, config jsonb DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreateResourceGroup',
		jsonb_build_object('resource_group', resource_group) || jsonb_strip_nulls(jsonb_build_object('config', config)))
$$;
COMMENT ON FUNCTION milvus.create_resource_group(name, text, jsonb) IS 'make a group of query nodes';

CREATE FUNCTION milvus.update_resource_groups(server name, configs jsonb)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'UpdateResourceGroups', jsonb_build_object('resource_groups', configs))
$$;
COMMENT ON FUNCTION milvus.update_resource_groups(name, jsonb) IS 'set the configurations of resource groups, by name';

CREATE FUNCTION milvus.drop_resource_group(server name, resource_group text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropResourceGroup', jsonb_build_object('resource_group', resource_group))
$$;
COMMENT ON FUNCTION milvus.drop_resource_group(name, text) IS 'drop a group of query nodes, which must be empty';

CREATE FUNCTION milvus.transfer_node(server name, source text, target text, nodes integer)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'TransferNode', jsonb_build_object(
		'source_resource_group', source, 'target_resource_group', target, 'num_node', nodes))
$$;
COMMENT ON FUNCTION milvus.transfer_node(name, text, text, integer) IS 'move query nodes from one resource group to another';

CREATE FUNCTION milvus.transfer_replica(rel regclass DEFAULT NULL, source text DEFAULT NULL, target text DEFAULT NULL, replicas bigint DEFAULT 1,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'TransferReplica', milvus.naming(t) || jsonb_build_object(
		'source_resource_group', source, 'target_resource_group', target, 'num_replica', replicas))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.transfer_replica(regclass, text, text, bigint, name, text, text)
	IS 'move replicas of a collection from one resource group to another';

CREATE FUNCTION milvus.load_balance(rel regclass DEFAULT NULL, source bigint DEFAULT NULL, targets bigint[] DEFAULT '{}', segments bigint[] DEFAULT '{}',
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'LoadBalance', jsonb_build_object('db_name', t.database,
		'collectionName', t.collection, 'src_nodeID', source, 'dst_nodeIDs', targets, 'sealed_segmentIDs', segments))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.load_balance(regclass, bigint, bigint[], bigint[], name, text, text) IS 'move segments from one query node to others';

CREATE FUNCTION milvus.prewarm(rel regclass DEFAULT NULL, replicas integer DEFAULT NULL, fields text[] DEFAULT '{}', namespace text DEFAULT NULL,
		ttl_seconds bigint DEFAULT NULL, priority text DEFAULT NULL, wait boolean DEFAULT true,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	task text := milvus.perform(t.server, 'Prewarm', milvus.naming(t) || jsonb_strip_nulls(jsonb_build_object(
		'replica_number', replicas, 'load_fields', fields, 'namespace', namespace, 'ttl_seconds', ttl_seconds, 'priority', priority)))->>'taskID';
	state jsonb;
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		EXIT WHEN NOT wait;
		state := milvus.get(t.server, 'DescribePrewarmTask', jsonb_build_object('taskID', task));
		IF state->>'state' IN ('PrewarmTaskStateFailed', 'PrewarmTaskStateUnknown') THEN
			RAISE fdw_error USING MESSAGE = format('prewarming collection "%s" failed', t.collection), DETAIL = coalesce(state->>'error_message', '');
		END IF;
		EXIT WHEN state->>'state' = 'PrewarmTaskStateCompleted';
		PERFORM milvus.pause(look, format('collection "%s": %s %% prewarmed', t.collection, state->>'progress'));
	END LOOP;
	RETURN task;
END $$;
COMMENT ON FUNCTION milvus.prewarm(regclass, integer, text[], text, bigint, text, boolean, name, text, text)
	IS 'warm the caches of a collection, and wait for it';

CREATE FUNCTION milvus.create_namespace(rel regclass DEFAULT NULL, namespace text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'CreateNamespace', milvus.naming(t) || jsonb_build_object('namespace_name', namespace))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.create_namespace(regclass, text, name, text, text) IS 'make a namespace in a collection';

CREATE FUNCTION milvus.drop_namespace(rel regclass DEFAULT NULL, namespace text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropNamespace', milvus.naming(t) || jsonb_build_object('namespace_name', namespace))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_namespace(regclass, text, name, text, text) IS 'drop a namespace of a collection, with its rows';

CREATE FUNCTION milvus.add_file_resource(server name, resource_name text, path text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'AddFileResource', jsonb_build_object('name', resource_name, 'path', path))
$$;
COMMENT ON FUNCTION milvus.add_file_resource(name, text, text) IS 'name a file that analyzers can use';

CREATE FUNCTION milvus.remove_file_resource(server name, resource_name text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'RemoveFileResource', jsonb_build_object('name', resource_name))
$$;
COMMENT ON FUNCTION milvus.remove_file_resource(name, text) IS 'forget a file that analyzers could use';

CREATE FUNCTION milvus.run_analyzer(server name, texts text[], analyzer_params jsonb DEFAULT NULL, collection text DEFAULT NULL,
		field text DEFAULT NULL, analyzer_names text[] DEFAULT '{}', database text DEFAULT NULL)
	RETURNS TABLE (text integer, "position" bigint, token text, start_offset bigint, end_offset bigint)
	LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT r.n::integer, (t->>'position')::bigint, t->>'token', (t->>'start_offset')::bigint, (t->>'end_offset')::bigint
	FROM jsonb_array_elements(milvus.get(server, 'RunAnalyzer', jsonb_strip_nulls(jsonb_build_object(
		'placeholder', ARRAY(SELECT milvus.base64(u) FROM unnest(texts) AS u), 'analyzer_params', analyzer_params::text,
		'with_detail', true, 'collection_name', collection, 'field_name', field, 'analyzer_names', analyzer_names,
		'db_name', database)))->'results') WITH ORDINALITY AS r(result, n)
	CROSS JOIN LATERAL jsonb_array_elements(r.result->'tokens') WITH ORDINALITY AS k(t, m)
	ORDER BY r.n, k.m
$$;
COMMENT ON FUNCTION milvus.run_analyzer(name, text[], jsonb, text, text, text[], text)
	IS 'what an analyzer, or that of a field, makes of texts';

CREATE FUNCTION milvus.phrase_match_slop(server name, query text, texts text[], analyzer_params jsonb DEFAULT '{}')
	RETURNS TABLE (text integer, matches boolean, slop bigint)
	LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT m.n::integer, m.match::boolean, (a->'slops'->>(m.n - 1)::integer)::bigint
	FROM milvus.get(server, 'ComputePhraseMatchSlop', jsonb_build_object('query_text', query, 'data_texts', texts,
		'analyzer_params', analyzer_params::text)) AS a
	CROSS JOIN LATERAL jsonb_array_elements(a->'is_match') WITH ORDINALITY AS m(match, n)
$$;
COMMENT ON FUNCTION milvus.phrase_match_slop(name, text, text[], jsonb) IS 'how far the words of a phrase are apart in texts';

CREATE FUNCTION milvus.update_replication(server name, configuration jsonb, force_promote boolean DEFAULT false)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'UpdateReplicateConfiguration',
		jsonb_build_object('replicate_configuration', configuration, 'force_promote', force_promote))
$$;
COMMENT ON FUNCTION milvus.update_replication(name, jsonb, boolean) IS 'set which clusters replicate to which';

CREATE FUNCTION milvus.replicate_info(server name, source_cluster text, target_channel text)
	RETURNS jsonb LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT milvus.get(server, 'GetReplicateInfo', jsonb_build_object('source_cluster_id', source_cluster, 'target_pchannel', target_channel))
$$;
COMMENT ON FUNCTION milvus.replicate_info(name, text, text) IS 'how far replication from a cluster to a channel is';
