-- snapshots, and collections whose data are elsewhere

CREATE FUNCTION milvus.create_snapshot(rel regclass DEFAULT NULL, snapshot text DEFAULT NULL, description text DEFAULT '',
		compaction_protection_seconds bigint DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'CreateSnapshot', milvus.naming(t) || jsonb_build_object('name', snapshot, 'description', description)
		|| jsonb_strip_nulls(jsonb_build_object('compaction_protection_seconds', compaction_protection_seconds)))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.create_snapshot(regclass, text, text, bigint, name, text, text) IS 'keep a collection as it is now';

CREATE FUNCTION milvus.drop_snapshot(rel regclass DEFAULT NULL, snapshot text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropSnapshot', milvus.naming(t) || jsonb_build_object('name', snapshot))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_snapshot(regclass, text, name, text, text) IS 'drop a snapshot';

CREATE FUNCTION milvus.wait_for_restore(server name, job bigint)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	info jsonb;
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		info := milvus.ask(server, 'GetRestoreSnapshotState', jsonb_build_object('job_id', job))->'info';
		IF coalesce(info->>'state', 'RestoreSnapshotNone') = 'RestoreSnapshotNone' THEN
			RAISE undefined_object USING MESSAGE = format('there is no restore %s', job);
		ELSIF info->>'state' = 'RestoreSnapshotFailed' THEN
			RAISE fdw_error USING MESSAGE = format('restore %s failed', job), DETAIL = coalesce(info->>'reason', '');
		END IF;
		EXIT WHEN info->>'state' = 'RestoreSnapshotCompleted';
		PERFORM milvus.pause(look, format('restore %s: %s %%', job, info->>'progress'));
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.wait_for_restore(name, bigint) IS 'wait until a collection is restored';

CREATE FUNCTION milvus.restore_snapshot(rel regclass DEFAULT NULL, snapshot text DEFAULT NULL, target_collection text DEFAULT NULL,
		target_database text DEFAULT NULL, rewrite_data boolean DEFAULT false, wait boolean DEFAULT true,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	job bigint := milvus.perform(t.server, 'RestoreSnapshot', milvus.naming(t) || jsonb_build_object(
		'name', snapshot, 'target_collection_name', target_collection, 'rewrite_data', rewrite_data)
		|| jsonb_strip_nulls(jsonb_build_object('target_db_name', target_database)))->>'job_id';
BEGIN
	IF wait THEN
		PERFORM milvus.wait_for_restore(t.server, job);
	END IF;
	RETURN job;
END $$;
COMMENT ON FUNCTION milvus.restore_snapshot(regclass, text, text, text, boolean, boolean, name, text, text)
	IS 'make a new collection from a snapshot, and wait for it';

CREATE FUNCTION milvus.restore_external_snapshot(server name, target_collection text, metadata_uri text, external_spec jsonb DEFAULT NULL,
		wait boolean DEFAULT true, database text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	job bigint := milvus.perform(server, 'RestoreExternalSnapshot', jsonb_build_object(
		'target_collection_name', target_collection, 'snapshot_metadata_uri', metadata_uri)
		|| jsonb_strip_nulls(jsonb_build_object('target_db_name', database, 'external_spec', external_spec::text)))->>'job_id';
BEGIN
	IF wait THEN
		PERFORM milvus.wait_for_restore(server, job);
	END IF;
	RETURN job;
END $$;
COMMENT ON FUNCTION milvus.restore_external_snapshot(name, text, text, jsonb, boolean, text)
	IS 'make a new collection from an exported snapshot, and wait for it';

CREATE FUNCTION milvus.export_snapshot(rel regclass DEFAULT NULL, snapshot text DEFAULT NULL, target_path text DEFAULT NULL,
		external_spec jsonb DEFAULT NULL, wait boolean DEFAULT true,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	answer jsonb := milvus.perform(t.server, 'ExportSnapshot', milvus.naming(t) || jsonb_build_object(
		'name', snapshot, 'target_s3_path', target_path) || jsonb_strip_nulls(jsonb_build_object('external_spec', external_spec::text)));
	info jsonb;
BEGIN
	-- a server that has done it at once gives no job
	FOR look IN 0 .. 2147483646 LOOP
		EXIT WHEN NOT wait OR coalesce(answer->>'job_id', '0') = '0';
		info := milvus.get(t.server, 'GetExportSnapshotState', jsonb_build_object('job_id', answer->'job_id'))->'info';
		IF coalesce(info->>'state', 'ExportSnapshotNone') IN ('ExportSnapshotNone', 'ExportSnapshotFailed') THEN
			RAISE fdw_error USING MESSAGE = format('exporting snapshot "%s" failed', snapshot), DETAIL = coalesce(info->>'reason', '');
		END IF;
		EXIT WHEN info->>'state' = 'ExportSnapshotCompleted';
		PERFORM milvus.pause(look, format('snapshot "%s": %s of %s files', snapshot, info->>'copied_files', info->>'total_files'));
	END LOOP;
	RETURN coalesce(nullif(info->>'snapshot_metadata_uri', ''), answer->>'snapshot_metadata_uri');
END $$;
COMMENT ON FUNCTION milvus.export_snapshot(regclass, text, text, jsonb, boolean, name, text, text)
	IS 'copy a snapshot to other storage, and wait for it; where its description is, for milvus.restore_external_snapshot()';

CREATE FUNCTION milvus.pin_snapshot(rel regclass DEFAULT NULL, snapshot text DEFAULT NULL, ttl_seconds bigint DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS bigint LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT (milvus.perform(t.server, 'PinSnapshotData', milvus.naming(t) || jsonb_build_object('name', snapshot)
		|| jsonb_strip_nulls(jsonb_build_object('ttl_seconds', ttl_seconds)))->>'pin_id')::bigint
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.pin_snapshot(regclass, text, bigint, name, text, text)
	IS 'keep the files of a snapshot while others read them; the pin''s number';

CREATE FUNCTION milvus.unpin_snapshot(server name, pin bigint)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'UnpinSnapshotData', jsonb_build_object('pin_id', pin))
$$;
COMMENT ON FUNCTION milvus.unpin_snapshot(name, bigint) IS 'release the pinned files of a snapshot';

CREATE FUNCTION milvus.wait_for_refresh(server name, job bigint)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	info jsonb;
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		info := milvus.ask(server, 'GetRefreshExternalCollectionProgress', jsonb_build_object('job_id', job))->'job_info';
		IF info IS NULL THEN
			RAISE undefined_object USING MESSAGE = format('there is no refresh %s', job);
		ELSIF info->>'state' = 'RefreshFailed' THEN
			RAISE fdw_error USING MESSAGE = format('refresh %s failed', job), DETAIL = coalesce(info->>'reason', '');
		END IF;
		EXIT WHEN info->>'state' = 'RefreshCompleted';
		PERFORM milvus.pause(look, format('refresh %s: %s %%', job, info->>'progress'));
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.wait_for_refresh(name, bigint) IS 'wait until an external collection is refreshed';

CREATE FUNCTION milvus.refresh_external_collection(rel regclass DEFAULT NULL, external_source text DEFAULT NULL, external_spec jsonb DEFAULT NULL,
		wait boolean DEFAULT true, server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	job bigint := milvus.perform(t.server, 'RefreshExternalCollection', milvus.naming(t)
		|| jsonb_strip_nulls(jsonb_build_object('external_source', external_source, 'external_spec', external_spec::text)))->>'job_id';
BEGIN
	IF wait THEN
		PERFORM milvus.wait_for_refresh(t.server, job);
	END IF;
	RETURN job;
END $$;
COMMENT ON FUNCTION milvus.refresh_external_collection(regclass, text, jsonb, boolean, name, text, text)
	IS 'have Milvus look again at what an external collection is made from, and wait for it';
