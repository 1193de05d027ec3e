-- where the data are, and on what machines

CREATE VIEW milvus.segments AS
SELECT n.server, n.database, n.collection,
	coalesce(i.stored->>'segmentID', i.loaded->>'segmentID')::bigint AS segment,
	coalesce(i.stored->>'partitionID', i.loaded->>'partitionID')::bigint AS partition_id,
	coalesce(i.stored->>'num_rows', i.loaded->>'num_rows')::bigint AS rows,
	i.stored->>'state' AS state,
	coalesce(i.stored->>'level', i.loaded->>'level') AS level,
	coalesce(i.stored->>'is_sorted', i.loaded->>'is_sorted')::boolean AS sorted,
	i.loaded IS NOT NULL AS loaded,
	(i.loaded->>'mem_size')::bigint AS memory,
	ARRAY(SELECT jsonb_array_elements_text(i.loaded->'nodeIds')::bigint) AS nodes,
	nullif(i.loaded->>'index_name', '') AS index_name
FROM milvus.collection_names n
CROSS JOIN LATERAL (SELECT
	milvus.get_of(n.server, 'GetPersistentSegmentInfo',
		jsonb_build_object('dbName', n.database, 'collectionName', n.collection,
			-- later versions show only what they are asked for
			'states', '["Growing", "Sealed", "Flushing", "Flushed", "Importing"]'::jsonb))->'infos' AS stored,
	milvus.get_of(n.server, 'GetQuerySegmentInfo',
		jsonb_build_object('dbName', n.database, 'collectionName', n.collection))->'infos' AS loaded OFFSET 0) s
CROSS JOIN LATERAL (SELECT p.info AS stored, q.info AS loaded
	FROM milvus.elements(s.stored) AS p(info)
	FULL JOIN milvus.elements(s.loaded) AS q(info) ON p.info->>'segmentID' = q.info->>'segmentID') i;
COMMENT ON VIEW milvus.segments IS 'the segments of all collections that are not dropped: stored, loaded, or both';

CREATE VIEW milvus.replicas AS
SELECT n.server, n.database, n.collection,
	(r.replica->>'replicaID')::bigint AS replica,
	r.replica->>'resource_group_name' AS resource_group,
	ARRAY(SELECT jsonb_array_elements_text(r.replica->'node_ids')::bigint) AS nodes,
	r.replica->'shard_replicas' AS shards,
	r.replica->'num_outbound_node' AS outbound_nodes
FROM milvus.collection_names n
CROSS JOIN LATERAL (SELECT CASE milvus.get_of(n.server, 'GetLoadState',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->>'state'
	WHEN 'LoadStateLoaded' THEN milvus.get_of(n.server, 'GetReplicas',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection, 'with_shard_nodes', true)) END AS answer OFFSET 0) a
CROSS JOIN LATERAL milvus.elements(a.answer->'replicas') AS r(replica);
COMMENT ON VIEW milvus.replicas IS 'the replicas of all loaded collections';

CREATE VIEW milvus.resource_groups AS
SELECT s.server, g.resource_group,
	(d.info->>'capacity')::integer AS capacity,
	(d.info->>'num_available_node')::integer AS available_nodes,
	d.info->'num_loaded_replica' AS loaded_replicas,
	d.info->'num_outgoing_node' AS outgoing_nodes,
	d.info->'num_incoming_node' AS incoming_nodes,
	d.info->'config' AS config,
	d.info->'nodes' AS nodes
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.element_texts(milvus.get(s.server, 'ListResourceGroups')->'resource_groups') AS g(resource_group)
CROSS JOIN LATERAL (SELECT milvus.get_detail(s.server, 'DescribeResourceGroup',
	jsonb_build_object('resource_group', g.resource_group))->'resource_group' AS info OFFSET 0) d;
COMMENT ON VIEW milvus.resource_groups IS 'groups of query nodes';

CREATE VIEW milvus.metrics AS
SELECT s.server, (m.answer->>'response')::jsonb AS metrics
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'GetMetrics', '{"request": {"metric_type": "system_info"}}') AS answer OFFSET 0) m;
COMMENT ON VIEW milvus.metrics IS 'metrics of all nodes as reported by Milvus, as one document';

CREATE VIEW milvus.nodes AS
SELECT n.server,
	(n.node->>'identifier')::bigint AS node,
	n.infos->>'type' AS role,
	n.infos->>'name' AS name,
	n.infos->'hardware_infos'->>'ip' AS address,
	(n.hardware->>'cpu_core_count')::integer AS cpu_cores,
	(n.hardware->>'cpu_core_usage')::double precision AS cpu_usage,
	(n.hardware->>'memory')::bigint AS memory,
	(n.hardware->>'memory_usage')::bigint AS memory_used,
	(n.hardware->>'disk')::double precision::bigint AS disk,
	(n.hardware->>'disk_usage')::double precision::bigint AS disk_used,
	(n.infos->>'has_error')::boolean AS has_error,
	nullif(n.infos->>'error_reason', '') AS error,
	n.infos->'system_info'->>'system_version' AS version,
	n.infos->>'created_time' AS created
FROM (SELECT m.server, i.node, i.node->'infos' AS infos,
		-- all roles of a standalone are one process, and tell of the same machine
		CASE WHEN i.node->'infos'->'system_info'->>'deploy_mode' IS DISTINCT FROM 'STANDALONE'
				OR row_number() OVER (PARTITION BY m.server ORDER BY i.node->'infos'->>'type' <> 'proxy', i.node->'infos'->>'type') = 1
			THEN i.node->'infos'->'hardware_infos' END AS hardware
	FROM milvus.metrics m
	CROSS JOIN LATERAL milvus.elements(nullif(m.metrics->'nodes_info', 'null')) AS i(node)) n;
COMMENT ON VIEW milvus.nodes IS 'the nodes of each server''s cluster';

CREATE VIEW milvus.components AS
SELECT s.server, (c.component->>'nodeID')::bigint AS node, c.component->>'role' AS role,
	c.component->>'state_code' AS state, milvus.pairs(c.component->'extra_info') AS extra_info
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'GetComponentStates') AS answer OFFSET 0) a
CROSS JOIN LATERAL milvus.elements(jsonb_build_array(a.answer->'state') || coalesce(a.answer->'subcomponent_states', '[]')) AS c(component)
WHERE c.component <> 'null';
COMMENT ON VIEW milvus.components IS 'the component that answers, as it sees itself';

CREATE VIEW milvus.file_resources AS
SELECT s.server, (f.resource->>'id')::bigint AS id, f.resource->>'name' AS name, f.resource->>'path' AS path
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'ListFileResources')->'resources') AS f(resource);
COMMENT ON VIEW milvus.file_resources IS 'files that analyzers use';

CREATE VIEW milvus.replication AS
SELECT s.server, r.configuration->'clusters' AS clusters, r.configuration->'cross_cluster_topology' AS topology
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.call(s.server, 'GetReplicateConfiguration')->'configuration' AS configuration OFFSET 0) r;
COMMENT ON VIEW milvus.replication IS 'which clusters replicate to which; for those who may execute milvus.call(), as it has what clusters connect by';
