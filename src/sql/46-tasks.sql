-- what is under way, and what was kept

CREATE VIEW milvus.imports AS
SELECT n.server, n.database, n.collection,
	(t.task->>'id')::bigint AS task,
	replace(t.task->>'state', 'Import', '') AS state,
	(i.infos->>'progress_percent')::integer AS progress,
	(t.task->>'row_count')::bigint AS rows,
	i.infos->>'files' AS files,
	nullif(i.infos->>'failed_reason', '') AS fail_reason,
	ARRAY(SELECT jsonb_array_elements_text(t.task->'segment_ids')::bigint) AS segments,
	CASE WHEN (t.task->>'create_ts')::bigint > 0 THEN to_timestamp((t.task->>'create_ts')::bigint) END AS created
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.elements(milvus.get_of(n.server, 'ListImportTasks',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'tasks') AS t(task)
CROSS JOIN LATERAL (SELECT milvus.pairs(t.task->'infos') AS infos) i;
COMMENT ON VIEW milvus.imports IS 'imports of files into collections';

-- an older server overlooks the collection's name, and has nothing to tell
CREATE FUNCTION milvus.list_compactions(server name, database text, collection text) RETURNS SETOF jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 5 AS $$
BEGIN
	PERFORM milvus.require(server, '3.0', 'the compactions of a collection');
	RETURN QUERY SELECT jsonb_array_elements(milvus.get_of(server, 'GetCompactionStateWithPlans',
		jsonb_build_object('db_name', database, 'collection_name', collection))->'mergeInfos');
END $$;
COMMENT ON FUNCTION milvus.list_compactions(name, text, text) IS 'internal: the compactions of a collection';

CREATE VIEW milvus.compactions AS
SELECT n.server, n.database, n.collection,
	(c.plan->>'trigger_id')::bigint AS compaction,
	(c.plan->>'plan_id')::bigint AS plan,
	replace(c.plan->>'type', 'CompactionType', '') AS type,
	replace(c.plan->>'state', 'CompactionTaskState', '') AS state,
	ARRAY(SELECT jsonb_array_elements_text(c.plan->'sources')::bigint) AS sources,
	CASE WHEN jsonb_array_length(c.plan->'targets') > 0 THEN ARRAY(SELECT jsonb_array_elements_text(c.plan->'targets')::bigint)
		WHEN (c.plan->>'target')::bigint > 0 THEN ARRAY[(c.plan->>'target')::bigint] ELSE '{}' END AS targets,
	(c.plan->>'partition_id')::bigint AS partition_id,
	c.plan->>'channel' AS channel,
	nullif(c.plan->>'failure_reason', '') AS fail_reason
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.list_compactions(n.server, n.database, n.collection) AS c(plan);
COMMENT ON VIEW milvus.compactions IS 'compactions of segments; before Milvus 3.0 see milvus.compaction()';

CREATE VIEW milvus.snapshots AS
SELECT n.server, n.database, n.collection, s.snapshot,
	d.info->>'description' AS description,
	milvus.texts(d.info->'partition_names') AS partitions,
	d.info->>'s3_location' AS location,
	milvus.hybrid_time((d.info->>'create_ts')::bigint) AS created
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.element_texts(milvus.get_of(n.server, 'ListSnapshots',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'snapshots') AS s(snapshot)
CROSS JOIN LATERAL (SELECT milvus.get_detail(n.server, 'DescribeSnapshot',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection, 'name', s.snapshot)) AS info OFFSET 0) d;
COMMENT ON VIEW milvus.snapshots IS 'the snapshots of all collections';

CREATE VIEW milvus.restores AS
SELECT n.server, n.database, n.collection,
	(j.job->>'job_id')::bigint AS job,
	j.job->>'snapshot_name' AS snapshot,
	replace(j.job->>'state', 'RestoreSnapshot', '') AS state,
	(j.job->>'progress')::integer AS progress,
	nullif(j.job->>'reason', '') AS fail_reason
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.elements(milvus.get_of(n.server, 'ListRestoreSnapshotJobs',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'jobs') AS j(job);
COMMENT ON VIEW milvus.restores IS 'collections that are made from snapshots';

CREATE VIEW milvus.refreshes AS
SELECT n.server, n.database, n.collection,
	(j.job->>'job_id')::bigint AS job,
	replace(j.job->>'state', 'Refresh', '') AS state,
	(j.job->>'progress')::integer AS progress,
	nullif(j.job->>'reason', '') AS fail_reason,
	j.job->>'external_source' AS external_source,
	j.job->>'external_spec' AS external_spec
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.elements(milvus.get_of(n.server, 'ListRefreshExternalCollectionJobs',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'jobs') AS j(job);
COMMENT ON VIEW milvus.refreshes IS 'refreshes of external collections';
