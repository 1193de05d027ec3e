-- collections and their indexes; each takes a foreign table, or server => …, collection => …

CREATE FUNCTION milvus.create_collection(rel regclass, shards integer DEFAULT 1, consistency_level text DEFAULT 'Bounded',
		partitions bigint DEFAULT NULL, properties jsonb DEFAULT '{}')
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, NULL, NULL, NULL);
BEGIN
	PERFORM milvus.call(t.server, 'CreateCollection', jsonb_strip_nulls(jsonb_build_object(
		'db_name', t.database, 'collection_name', t.collection,
		'schema', milvus.table_schema(rel), 'shards_num', shards,
		'consistency_level', consistency_level, 'num_partitions', partitions, 'properties', properties)));
END $$;
COMMENT ON FUNCTION milvus.create_collection(regclass, integer, text, bigint, jsonb)
	IS 'make a foreign table''s collection, from its columns';

CREATE FUNCTION milvus.drop_collection(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
BEGIN
	PERFORM milvus.call(t.server, 'DropCollection',
		jsonb_build_object('db_name', t.database, 'collection_name', t.collection));
END $$;
COMMENT ON FUNCTION milvus.drop_collection(regclass, name, text, text) IS 'drop a collection, with its rows';

CREATE FUNCTION milvus.create_index(rel regclass DEFAULT NULL, field text DEFAULT NULL, index_type text DEFAULT NULL,
		metric_type text DEFAULT NULL, params jsonb DEFAULT '{}', index_name text DEFAULT NULL,
		wait boolean DEFAULT true, server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	request jsonb := jsonb_build_object('db_name', t.database, 'collection_name', t.collection);
	found jsonb;
BEGIN
	IF field IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = 'an index needs a field',
			HINT = 'For example milvus.create_index(''docs'', ''embedding'', ''HNSW'', ''L2'').';
	END IF;
	PERFORM milvus.call(t.server, 'CreateIndex', request || jsonb_build_object(
		'field_name', field, 'index_name', coalesce(index_name, ''),
		-- servers want the build parameters as one JSON text beside the rest
		'extra_params', jsonb_strip_nulls(jsonb_build_object('index_type', coalesce(index_type, 'AUTOINDEX'),
			'metric_type', metric_type, 'params', params::text))));
	WHILE wait LOOP
		SELECT i INTO found
			FROM jsonb_array_elements(milvus.get(t.server, 'DescribeIndex', request)->'index_descriptions') AS i
			WHERE i->>'field_name' = field;
		IF found->>'state' = 'Failed' THEN
			RAISE fdw_error USING MESSAGE = format('building the index on "%s" failed', field),
				DETAIL = found->>'index_state_fail_reason';
		END IF;
		EXIT WHEN coalesce(found->>'state', 'Finished') NOT IN ('InProgress', 'Unissued', 'Retry')
			AND coalesce((found->>'pending_index_rows')::bigint, 0) = 0;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.create_index(regclass, text, text, text, jsonb, text, boolean, name, text, text)
	IS 'build an index on a field, and wait for it';

CREATE FUNCTION milvus.load(rel regclass DEFAULT NULL, replicas integer DEFAULT 1, wait boolean DEFAULT true,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	request jsonb := jsonb_build_object('db_name', t.database, 'collection_name', t.collection);
	names jsonb := CASE WHEN t.partition IS NULL THEN '{}'
		ELSE jsonb_build_object('partition_names', jsonb_build_array(t.partition)) END;
BEGIN
	PERFORM milvus.call(t.server, CASE WHEN t.partition IS NULL THEN 'LoadCollection' ELSE 'LoadPartitions' END,
		request || names || jsonb_build_object('replica_number', replicas));
	WHILE wait LOOP
		EXIT WHEN (milvus.get(t.server, 'GetLoadingProgress', request || names)->>'progress')::integer >= 100;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.load(regclass, integer, boolean, name, text, text)
	IS 'load a collection (or a table''s partition) so that it can be read, and wait for it';

CREATE FUNCTION milvus.release(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	request jsonb := jsonb_build_object('db_name', t.database, 'collection_name', t.collection);
BEGIN
	IF t.partition IS NULL THEN
		PERFORM milvus.call(t.server, 'ReleaseCollection', request);
	ELSE
		PERFORM milvus.call(t.server, 'ReleasePartitions',
			request || jsonb_build_object('partition_names', jsonb_build_array(t.partition)));
	END IF;
END $$;
COMMENT ON FUNCTION milvus.release(regclass, name, text, text) IS 'release a collection from memory';

CREATE FUNCTION milvus.flush(rel regclass DEFAULT NULL, wait boolean DEFAULT true, server name DEFAULT NULL,
		collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	flushed jsonb;
	request jsonb;
BEGIN
	flushed := milvus.call(t.server, 'Flush',
		jsonb_build_object('db_name', t.database, 'collection_names', jsonb_build_array(t.collection)));
	request := jsonb_strip_nulls(jsonb_build_object('db_name', t.database, 'collection_name', t.collection,
		'segmentIDs', flushed->'coll_segIDs'->t.collection->'data',
		'flush_ts', flushed->'coll_flush_ts'->t.collection));
	WHILE wait LOOP
		EXIT WHEN (milvus.get(t.server, 'GetFlushState', request)->>'flushed')::boolean;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.flush(regclass, boolean, name, text, text) IS 'have Milvus write what it holds of a collection to storage, and wait for it';

-- what changes something is for those who are granted it
DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace
		AND p.proname IN ('create_collection', 'drop_collection', 'create_index', 'load', 'release', 'flush')
	LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END $$;
