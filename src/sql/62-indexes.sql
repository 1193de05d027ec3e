-- indexes, loading, flushing, compaction, import: what takes its time is waited for, unless wait => false

CREATE FUNCTION milvus.bm25_field(schema jsonb, field text) RETURNS text
	LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT coalesce(
		(SELECT f->'output_field_names'->>0 FROM milvus.elements(schema->'functions') AS f
			WHERE f->>'type' = 'BM25' AND f->'input_field_names' = jsonb_build_array(field)),
		-- some servers do not tell their functions: there is one, of one text
		(SELECT min(f->>'name') FILTER (WHERE f->'is_function_output' = 'true') FROM milvus.elements(schema->'fields') AS f
			HAVING coalesce(jsonb_array_length(schema->'functions'), 0) = 0
				AND count(*) FILTER (WHERE f->'is_function_output' = 'true') = 1
				AND array_agg(f->>'name') FILTER (WHERE milvus.pairs(f->'type_params')->>'enable_analyzer' = 'true') = ARRAY[field]))
$$;
COMMENT ON FUNCTION milvus.bm25_field(jsonb, text) IS 'internal: the field that a BM25 function makes of a text';

CREATE FUNCTION milvus.create_index(rel regclass DEFAULT NULL, field text DEFAULT NULL, index_type text DEFAULT NULL,
		metric_type text DEFAULT NULL, params jsonb DEFAULT '{}', index_name text DEFAULT NULL,
		wait boolean DEFAULT true, server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	schema jsonb;
	vector text;
BEGIN
	IF field IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = 'an index needs a field',
			HINT = 'For example milvus.create_index(''docs'', ''embedding'', ''HNSW'', ''L2'').';
	END IF;
	schema := milvus.get_of(t.server, 'DescribeCollection', milvus.naming(t))->'schema';
	-- one that another client made of a type unknown to the server would be at it for ever
	PERFORM milvus.check_schema(t.server, jsonb_build_object('fields', jsonb_build_array(f))) FROM milvus.elements(schema->'fields') AS f WHERE f->>'name' = field;
	IF coalesce(metric_type, 'BM25') = 'BM25' AND coalesce(index_type, 'SPARSE') LIKE 'SPARSE%' THEN
		vector := milvus.bm25_field(schema, field);
	END IF;
	IF vector IS NOT NULL THEN
		field := vector;
		metric_type := 'BM25';
		-- the Lites know no other
		index_type := coalesce(index_type, 'SPARSE_INVERTED_INDEX');
	END IF;
	PERFORM milvus.perform(t.server, 'CreateIndex', milvus.naming(t) || jsonb_build_object(
		'field_name', field, 'index_name', coalesce(index_name, ''),
		-- servers want the build parameters as one JSON text beside the rest
		'extra_params', jsonb_strip_nulls(jsonb_build_object('index_type', coalesce(index_type, 'AUTOINDEX'),
			'metric_type', metric_type, 'params', params::text))));
	IF wait THEN
		PERFORM milvus.wait_for_index(server => t.server, collection => t.collection, database => t.database,
			field => field);
	END IF;
END $$;
COMMENT ON FUNCTION milvus.create_index(regclass, text, text, text, jsonb, text, boolean, name, text, text)
	IS 'build an index on a field, and wait for it';

CREATE FUNCTION milvus.find_indexes(t milvus.target, field text, index_name text) RETURNS SETOF jsonb
	LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT i FROM milvus.elements(milvus.get_of(t.server, 'DescribeIndex', milvus.naming(t))->'index_descriptions') AS i
	WHERE (field IS NOT NULL OR index_name IS NOT NULL)
		AND i->>'field_name' = coalesce(field, i->>'field_name') AND i->>'index_name' = coalesce(index_name, i->>'index_name')
$$;
COMMENT ON FUNCTION milvus.find_indexes(milvus.target, text, text) IS 'internal: the descriptions of indexes, by field or name';

CREATE FUNCTION milvus.wait_for_index(rel regclass DEFAULT NULL, field text DEFAULT NULL, index_name text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	index jsonb;
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		-- the one that is furthest from its end
		SELECT i INTO index FROM milvus.find_indexes(t, field, index_name) AS i
			ORDER BY i->>'state' = 'Failed' DESC, i->>'state' = 'Finished' LIMIT 1;
		IF index IS NULL THEN
			RAISE undefined_object USING MESSAGE = format('collection "%s" has no such index', t.collection),
				HINT = 'Name the field, or the index: see the view milvus.indexes.';
		ELSIF index->>'state' = 'Failed' THEN
			RAISE fdw_error USING MESSAGE = format('building the index on "%s" failed', index->>'field_name'),
				DETAIL = coalesce(index->>'index_state_fail_reason', '');
		END IF;
		EXIT WHEN index->>'state' = 'Finished';
		PERFORM milvus.pause(look, format('index on "%s": %s of %s rows', index->>'field_name', index->>'indexed_rows', index->>'total_rows'));
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.wait_for_index(regclass, text, text, name, text, text) IS 'wait until the index on a field is built';

CREATE FUNCTION milvus.alter_index(rel regclass DEFAULT NULL, index_name text DEFAULT NULL, properties jsonb DEFAULT '{}',
		delete_keys text[] DEFAULT '{}', server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterIndex', milvus.naming(t)
		|| jsonb_build_object('index_name', index_name, 'extra_params', properties, 'delete_keys', delete_keys))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_index(regclass, text, jsonb, text[], name, text, text) IS 'set or delete properties of an index, such as mmap.enabled';

CREATE FUNCTION milvus.drop_index(rel regclass DEFAULT NULL, field text DEFAULT NULL, index_name text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	-- servers differ in which of the two names they want, and drop nothing without a word when there is none
	indexes jsonb[] := ARRAY(SELECT milvus.find_indexes(t, field, index_name));
BEGIN
	IF cardinality(indexes) = 0 THEN
		RAISE undefined_object USING MESSAGE = format('collection "%s" has no such index', t.collection),
			HINT = 'Name the field, or the index: see the view milvus.indexes.';
	ELSIF cardinality(indexes) > 1 THEN
		RAISE ambiguous_parameter USING MESSAGE = format('field "%s" of collection "%s" has %s indexes', field, t.collection, cardinality(indexes)),
			HINT = format('Name one by index_name: %s.', (SELECT string_agg(i->>'index_name', ', ' ORDER BY i->>'index_name') FROM unnest(indexes) AS i));
	END IF;
	PERFORM milvus.perform(t.server, 'DropIndex', milvus.naming(t)
		|| jsonb_build_object('field_name', indexes[1]->'field_name', 'index_name', indexes[1]->'index_name'));
END $$;
COMMENT ON FUNCTION milvus.drop_index(regclass, text, text, name, text, text) IS 'drop the index on a field; the collection must not be loaded';

CREATE FUNCTION milvus.partition_names(t milvus.target, partitions text[]) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	IF cardinality(partitions) = 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'the list of partitions is empty',
			HINT = 'Leave it out if you mean the whole collection.';
	END IF;
	RETURN coalesce(partitions, CASE WHEN t.partition IS NOT NULL THEN ARRAY[t.partition] END);
END $$;
COMMENT ON FUNCTION milvus.partition_names(milvus.target, text[]) IS 'internal: the partitions that are meant, NULL: all of the collection';

CREATE FUNCTION milvus.wait_for_load(rel regclass DEFAULT NULL, refresh boolean DEFAULT false, partitions text[] DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	request jsonb := milvus.naming(t) || jsonb_strip_nulls(jsonb_build_object('partition_names', milvus.partition_names(t, partitions)));
	-- Milvus Lite 3 knows no refresh, and says so by 0
	refreshes boolean := refresh AND milvus.dialect(t.server) <> 'Milvus Lite 3';
	progress jsonb;
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		progress := milvus.get(t.server, 'GetLoadingProgress', request);
		EXIT WHEN (progress->>'progress')::bigint >= 100
			AND (NOT refreshes OR (progress->>'refresh_progress')::bigint >= 100);
		PERFORM milvus.pause(look, format('collection "%s": %s %% loaded', t.collection,
			progress->>CASE WHEN refreshes THEN 'refresh_progress' ELSE 'progress' END));
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.wait_for_load(regclass, boolean, text[], name, text, text) IS 'wait until a collection, or partitions of it, are loaded';

CREATE FUNCTION milvus.load(rel regclass DEFAULT NULL, replicas integer DEFAULT NULL, wait boolean DEFAULT true,
		fields text[] DEFAULT '{}', dynamic_field boolean DEFAULT true, resource_groups text[] DEFAULT '{}',
		refresh boolean DEFAULT false, partitions text[] DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	names text[] := milvus.partition_names(t, partitions);
	request jsonb := milvus.naming(t) || jsonb_build_object('load_fields', fields,
		'skip_load_dynamic_field', NOT dynamic_field, 'resource_groups', resource_groups, 'refresh', refresh)
		|| jsonb_strip_nulls(jsonb_build_object('replica_number', replicas));
BEGIN
	IF names IS NULL THEN
		PERFORM milvus.perform(t.server, 'LoadCollection', request);
	ELSE
		PERFORM milvus.perform(t.server, 'LoadPartitions', request || jsonb_build_object('partition_names', names));
	END IF;
	IF wait THEN
		PERFORM milvus.wait_for_load(refresh => refresh, partitions => names,
			server => t.server, collection => t.collection, database => t.database);
	END IF;
END $$;
COMMENT ON FUNCTION milvus.load(regclass, integer, boolean, text[], boolean, text[], boolean, text[], name, text, text)
	IS 'load a collection, or partitions of it, and wait for it; refresh => true for data that were imported since';

CREATE FUNCTION milvus.release(rel regclass DEFAULT NULL, partitions text[] DEFAULT NULL, server name DEFAULT NULL,
		collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	names text[] := milvus.partition_names(t, partitions);
BEGIN
	IF names IS NULL THEN
		PERFORM milvus.perform(t.server, 'ReleaseCollection', milvus.naming(t));
	ELSE
		PERFORM milvus.perform(t.server, 'ReleasePartitions', milvus.naming(t)
			|| jsonb_build_object('partition_names', names));
	END IF;
END $$;
COMMENT ON FUNCTION milvus.release(regclass, text[], name, text, text) IS 'take a collection, or partitions of it, out of memory';

CREATE FUNCTION milvus.flush(rel regclass DEFAULT NULL, wait boolean DEFAULT true, server name DEFAULT NULL,
		collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	flushed jsonb := milvus.perform(t.server, 'Flush',
		jsonb_build_object('db_name', t.database, 'collection_names', jsonb_build_array(t.collection)));
	state jsonb := milvus.naming(t) || jsonb_strip_nulls(jsonb_build_object(
		'segmentIDs', flushed->'coll_segIDs'->t.collection->'data', 'flush_ts', flushed->'coll_flush_ts'->t.collection));
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		EXIT WHEN NOT wait OR (milvus.get(t.server, 'GetFlushState', state)->>'flushed')::boolean;
		PERFORM milvus.pause(look, format('collection "%s" is being flushed', t.collection));
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.flush(regclass, boolean, name, text, text)
	IS 'have Milvus write what it holds of a collection to storage, and wait for it';

CREATE FUNCTION milvus.wait_for_flush_all(server name, flush_all_ts bigint, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	request jsonb := jsonb_build_object('flush_all_ts', flush_all_ts) || jsonb_strip_nulls(jsonb_build_object('db_name', database));
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		EXIT WHEN (milvus.ask(server, 'GetFlushAllState', request)->>'flushed')::boolean;
		PERFORM milvus.pause(look, format('server "%s" is flushing', server));
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.wait_for_flush_all(name, bigint, text) IS 'wait until all that was there at a time is on storage';

CREATE FUNCTION milvus.flush_all(server name, wait boolean DEFAULT true, database text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	stamp bigint := milvus.perform(server, 'FlushAll', jsonb_strip_nulls(jsonb_build_object('db_name', database)))->>'flush_all_ts';
BEGIN
	IF wait THEN
		PERFORM milvus.wait_for_flush_all(server, stamp, database);
	END IF;
	RETURN stamp;
END $$;
COMMENT ON FUNCTION milvus.flush_all(name, boolean, text) IS 'write what was inserted into any collection of a database to storage; returns the time up to which, for milvus.wait_for_flush_all()';

CREATE FUNCTION milvus.wait_for_compaction(server name, compaction bigint)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	state jsonb;
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		state := milvus.ask(server, 'GetCompactionState', jsonb_build_object('compactionID', compaction));
		IF state->>'state' = 'UndefiedState' THEN
			RAISE undefined_object USING MESSAGE = format('there is no compaction %s', compaction);
		END IF;
		EXIT WHEN state->>'state' = 'Completed';
		PERFORM milvus.pause(look, format('compaction %s: %s plans completed, %s under way', compaction,
			state->>'completedPlanNo', state->>'executingPlanNo'));
	END LOOP;
	IF (state->>'failedPlanNo')::bigint + (state->>'timeoutPlanNo')::bigint > 0 THEN
		RAISE WARNING 'compaction %: % plans failed, % timed out', compaction, state->>'failedPlanNo', state->>'timeoutPlanNo'
			USING HINT = 'milvus.compaction() tells more.';
	END IF;
END $$;
COMMENT ON FUNCTION milvus.wait_for_compaction(name, bigint) IS 'wait until a compaction is done';

CREATE FUNCTION milvus.compact(rel regclass DEFAULT NULL, clustering boolean DEFAULT false, l0 boolean DEFAULT false,
		target_size bigint DEFAULT NULL, wait boolean DEFAULT true,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	-- Milvus before 2.5 goes by the number
	id jsonb := milvus.get(t.server, 'DescribeCollection', milvus.naming(t))->'collectionID';
	compaction bigint := milvus.perform(t.server, 'ManualCompaction', milvus.naming(t) || jsonb_strip_nulls(
		jsonb_build_object('collectionID', id, 'majorCompaction', clustering, 'l0Compaction', l0, 'target_size', target_size)))->>'compactionID';
BEGIN
	IF wait THEN
		PERFORM milvus.wait_for_compaction(t.server, compaction);
	END IF;
	RETURN compaction;
END $$;
COMMENT ON FUNCTION milvus.compact(regclass, boolean, boolean, bigint, boolean, name, text, text)
	IS 'merge a collection''s segments, to a size in MB if given, and wait for it; its number, for milvus.compaction()';

CREATE FUNCTION milvus.compaction(server name, compaction bigint, OUT state text, OUT executing bigint, OUT timed_out bigint,
		OUT completed bigint, OUT failed bigint, OUT plans jsonb)
	LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT s->>'state', (s->>'executingPlanNo')::bigint, (s->>'timeoutPlanNo')::bigint,
		(s->>'completedPlanNo')::bigint, (s->>'failedPlanNo')::bigint,
		milvus.get_or(server, 'GetCompactionStateWithPlans', jsonb_build_object('compactionID', compaction), '{}')->'mergeInfos'
	FROM milvus.ask(server, 'GetCompactionState', jsonb_build_object('compactionID', compaction)) AS s
$$;
COMMENT ON FUNCTION milvus.compaction(name, bigint) IS 'how far a compaction is, and which segments it merges';

CREATE FUNCTION milvus.import_state(server name, task bigint, OUT state text, OUT rows bigint, OUT infos jsonb)
	LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT replace(s->>'state', 'Import', ''), (s->>'row_count')::bigint, milvus.pairs(s->'infos')
	FROM milvus.get(server, 'GetImportState', jsonb_build_object('task', task)) AS s
$$;
COMMENT ON FUNCTION milvus.import_state(name, bigint) IS 'how far an import is';

CREATE FUNCTION milvus.wait_for_import(server name, task bigint)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	import jsonb;
BEGIN
	FOR look IN 0 .. 2147483646 LOOP
		import := milvus.ask(server, 'GetImportState', jsonb_build_object('task', task));
		IF import->>'state' LIKE 'ImportFailed%' THEN
			RAISE fdw_error USING MESSAGE = format('import %s failed', task),
				DETAIL = coalesce(milvus.pairs(import->'infos')->>'failed_reason', '');
		END IF;
		EXIT WHEN import->>'state' = 'ImportCompleted';
		PERFORM milvus.pause(look, format('import %s: %s, %s rows', task, import->>'state', import->>'row_count'));
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.wait_for_import(name, bigint) IS 'wait until an import is done';

CREATE FUNCTION milvus.import(rel regclass DEFAULT NULL, files text[] DEFAULT NULL, options jsonb DEFAULT '{}',
		wait boolean DEFAULT true, partition text DEFAULT NULL, row_based boolean DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	tasks bigint[];
BEGIN
	IF coalesce(cardinality(files), 0) = 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'an import needs files',
			HINT = 'They are read by Milvus: name them as its storage knows them.';
	END IF;
	tasks := ARRAY(SELECT milvus.element_texts(milvus.perform(t.server, 'Import', milvus.naming(t) || jsonb_build_object(
		'files', files, 'options', jsonb_strip_nulls(options),
		-- one file a column is what .npy files are
		'row_based', coalesce(row_based, NOT (files[1] LIKE '%.npy')))
		|| jsonb_strip_nulls(jsonb_build_object('partition_name', coalesce(partition, t.partition))))->'tasks')::bigint);
	IF cardinality(tasks) = 0 THEN
		RAISE fdw_error USING MESSAGE = format('Milvus server "%s" gave no task for the import', t.server);
	END IF;
	FOR i IN 1 .. CASE WHEN wait THEN cardinality(tasks) ELSE 0 END LOOP
		PERFORM milvus.wait_for_import(t.server, tasks[i]);
	END LOOP;
	RETURN tasks[1];
END $$;
COMMENT ON FUNCTION milvus.import(regclass, text[], jsonb, boolean, text, boolean, name, text, text)
	IS 'have Milvus import files that its storage has, and wait for it; a loaded collection then wants milvus.load(..., refresh => true)';
