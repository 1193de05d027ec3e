-- what is in the servers; WHERE server, database, collection = ... asks only for those

-- Milvus Lite 2 has no databases, and not every user may list them: then there is the one that the server's option names
CREATE FUNCTION milvus.list_databases(server name, own text) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN milvus.get(server, 'ListDatabases');
EXCEPTION
	WHEN feature_not_supported OR insufficient_privilege THEN
		RETURN jsonb_build_object('db_names', jsonb_build_array(own));
END $$;
COMMENT ON FUNCTION milvus.list_databases(name, text) IS 'internal: the databases of a server, as far as they can be listed';

CREATE VIEW milvus.databases AS
SELECT s.server, n.database, (l.answer->'db_ids'->>(n.position - 1)::integer)::bigint AS id,
	t.created,
	milvus.pairs(d.answer->'properties') AS properties
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.list_databases(s.server, s.database) AS answer OFFSET 0) l
CROSS JOIN LATERAL milvus.element_texts(l.answer->'db_names') WITH ORDINALITY AS n(database, position)
CROSS JOIN LATERAL (SELECT (l.answer->'created_timestamp'->>(n.position - 1)::integer)::bigint AS stamp) c
-- of the first database Milvus tells nanoseconds, of the others its own timestamps, which are smaller
CROSS JOIN LATERAL (SELECT CASE WHEN c.stamp > 1500000000000000000 THEN to_timestamp(c.stamp / 1000000000.0)
	ELSE milvus.hybrid_time(c.stamp) END AS created) t
CROSS JOIN LATERAL (SELECT milvus.get_detail(s.server, 'DescribeDatabase', jsonb_build_object('db_name', n.database)) AS answer OFFSET 0) d;
COMMENT ON VIEW milvus.databases IS 'the databases of all servers';

CREATE VIEW milvus.collection_names AS
SELECT d.server, d.database, c.collection, (l.answer->'collection_ids'->>(c.position - 1)::integer)::bigint AS id,
	milvus.utc_time((l.answer->'created_utc_timestamps'->>(c.position - 1)::integer)::bigint) AS created
FROM milvus.databases d
CROSS JOIN LATERAL (SELECT milvus.get_of(d.server, 'ShowCollections', jsonb_build_object('db_name', d.database)) AS answer OFFSET 0) l
CROSS JOIN LATERAL milvus.element_texts(l.answer->'collection_names') WITH ORDINALITY AS c(collection, position);
COMMENT ON VIEW milvus.collection_names IS 'the names of all collections: one request for each database';

CREATE VIEW milvus.described_collections AS
SELECT n.*, r.description
FROM milvus.collection_names n
CROSS JOIN LATERAL (SELECT milvus.get_of(n.server, 'DescribeCollection',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection)) AS description OFFSET 0) r;
COMMENT ON VIEW milvus.described_collections IS 'the whole description of each collection, as Milvus sends it';

CREATE VIEW milvus.collections AS
SELECT d.server, d.database, d.collection, d.id,
	d.description->'schema'->>'description' AS description,
	(d.description->'schema'->>'enable_dynamic_field')::boolean AS dynamic_fields,
	d.description->>'consistency_level' AS consistency_level,
	(d.description->>'shards_num')::integer AS shards,
	(d.description->>'num_partitions')::bigint AS partitions,
	milvus.texts(d.description->'aliases') AS aliases,
	milvus.pairs(d.description->'properties') AS properties,
	(milvus.pairs(s.answer->'stats')->>'row_count')::bigint AS estimated_rows,
	replace(l.answer->>'state', 'LoadState', '') AS load_state,
	d.created
FROM milvus.described_collections d
CROSS JOIN LATERAL (SELECT milvus.get_detail(d.server, 'GetCollectionStatistics',
	jsonb_build_object('db_name', d.database, 'collection_name', d.collection)) AS answer OFFSET 0) s
CROSS JOIN LATERAL (SELECT milvus.get_detail(d.server, 'GetLoadState',
	jsonb_build_object('db_name', d.database, 'collection_name', d.collection)) AS answer OFFSET 0) l;
COMMENT ON VIEW milvus.collections IS 'the collections of all servers and databases; estimated_rows: as far as flushed, and deleted ones too';

CREATE VIEW milvus.fields AS
SELECT d.server, d.database, d.collection, f.position::integer AS position,
	f.field->>'name' AS field,
	(f.field->>'fieldID')::bigint AS id,
	f.field->>'data_type' AS data_type,
	nullif(f.field->>'element_type', 'None') AS element_type,
	milvus.field_type(f.field) AS column_type,
	(f.field->>'is_primary_key')::boolean AS primary_key,
	(f.field->>'autoID')::boolean AS auto_id,
	(f.field->>'nullable')::boolean AS nullable,
	v.value AS default_value,
	(f.field->>'is_partition_key')::boolean AS partition_key,
	(f.field->>'is_clustering_key')::boolean AS clustering_key,
	(f.field->>'is_function_output')::boolean AS function_output,
	milvus.pairs(f.field->'type_params') AS type_params,
	f.field->>'description' AS description
FROM milvus.described_collections d
-- and those of structs, as Milvus names them
CROSS JOIN LATERAL (SELECT p.field, p.position FROM milvus.elements(d.description->'schema'->'fields') WITH ORDINALITY AS p(field, position)
	UNION ALL
	SELECT x.field, 1000 * s.position + x.position
	FROM milvus.elements(d.description->'schema'->'struct_array_fields') WITH ORDINALITY AS s(field, position)
	CROSS JOIN LATERAL (SELECT s.field - 'fields' || '{"data_type": "ArrayOfStruct"}', 0
		UNION ALL SELECT i.field || jsonb_build_object('name', format('%s[%s]', s.field->>'name', i.field->>'name')), i.position
		FROM milvus.elements(s.field->'fields') WITH ORDINALITY AS i(field, position)) AS x(field, position)) f
LEFT JOIN LATERAL jsonb_each(f.field->'default_value') AS v(member, value) ON true;
COMMENT ON VIEW milvus.fields IS 'the fields of all collections, and the types of their columns';

CREATE VIEW milvus.functions AS
SELECT d.server, d.database, d.collection,
	f.function->>'name' AS function,
	f.function->>'type' AS type,
	milvus.texts(f.function->'input_field_names') AS input_fields,
	milvus.texts(f.function->'output_field_names') AS output_fields,
	milvus.pairs(f.function->'params') AS params,
	f.function->>'description' AS description
FROM milvus.described_collections d
CROSS JOIN LATERAL milvus.elements(d.description->'schema'->'functions') AS f(function);
COMMENT ON VIEW milvus.functions IS 'the functions of all collections, that make fields from others';

-- Milvus Lite 2 has no partitions but the one that all collections have
CREATE VIEW milvus.partitions AS
SELECT n.server, n.database, n.collection, p.partition,
	(a.answer->'partitionIDs'->>(p.position - 1)::integer)::bigint AS id,
	(milvus.pairs(s.answer->'stats')->>'row_count')::bigint AS estimated_rows,
	replace(l.answer->>'state', 'LoadState', '') AS load_state,
	milvus.utc_time((a.answer->'created_utc_timestamps'->>(p.position - 1)::integer)::bigint) AS created
FROM milvus.collection_names n
CROSS JOIN LATERAL (SELECT milvus.get_or(n.server, 'ShowPartitions',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection), '{"partition_names": ["_default"]}') AS answer OFFSET 0) a
CROSS JOIN LATERAL milvus.element_texts(a.answer->'partition_names') WITH ORDINALITY AS p(partition, position)
CROSS JOIN LATERAL (SELECT milvus.get_detail(n.server, 'GetPartitionStatistics',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection, 'partition_name', p.partition)) AS answer OFFSET 0) s
CROSS JOIN LATERAL (SELECT milvus.get_detail(n.server, 'GetLoadState',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection, 'partition_names', jsonb_build_array(p.partition)))
	AS answer OFFSET 0) l;
COMMENT ON VIEW milvus.partitions IS 'the partitions of all collections; rows: as far as flushed';

CREATE VIEW milvus.indexes AS
SELECT n.server, n.database, n.collection,
	i.index->>'field_name' AS field,
	i.index->>'index_name' AS index_name,
	p.params->>'index_type' AS index_type,
	p.params->>'metric_type' AS metric_type,
	-- some servers keep the build parameters as one JSON text beside the rest
	p.params - '{index_type,metric_type,params}'::text[] || coalesce(milvus.document(p.params->>'params'), '{}') AS params,
	i.index->>'state' AS state,
	(i.index->>'indexed_rows')::bigint AS indexed_rows,
	(i.index->>'pending_index_rows')::bigint AS pending_rows,
	(i.index->>'total_rows')::bigint AS total_rows,
	nullif(i.index->>'index_state_fail_reason', '') AS fail_reason
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.elements(milvus.get_of(n.server, 'DescribeIndex',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'index_descriptions') AS i(index)
CROSS JOIN LATERAL (SELECT milvus.pairs(i.index->'params') AS params) p;
COMMENT ON VIEW milvus.indexes IS 'the indexes of all collections, and how far they are built';

CREATE VIEW milvus.aliases AS
SELECT d.server, d.database, d.collection, a.alias
FROM milvus.described_collections d
CROSS JOIN LATERAL milvus.element_texts(d.description->'aliases') AS a(alias);
COMMENT ON VIEW milvus.aliases IS 'other names of collections';

CREATE VIEW milvus.load_state AS
SELECT n.server, n.database, n.collection, replace(s.answer->>'state', 'LoadState', '') AS state,
	(p.answer->>'progress')::integer AS progress,
	(p.answer->>'refresh_progress')::integer AS refresh_progress
FROM milvus.collection_names n
CROSS JOIN LATERAL (SELECT milvus.get_detail(n.server, 'GetLoadState',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection)) AS answer OFFSET 0) s
CROSS JOIN LATERAL (SELECT milvus.get_detail(n.server, 'GetLoadingProgress',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection)) AS answer OFFSET 0) p;
COMMENT ON VIEW milvus.load_state IS 'which collections are loaded, and how far';

CREATE FUNCTION milvus.list_namespaces(server name, database text, collection text) RETURNS SETOF jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 5 AS $$
DECLARE
	token text := '';
	answer jsonb;
BEGIN
	LOOP
		answer := milvus.get_of(server, 'ListNamespaces', jsonb_build_object('db_name', database,
			'collection_name', collection, 'page_token', token));
		RETURN QUERY SELECT jsonb_array_elements(answer->'namespaces');
		EXIT WHEN coalesce(answer->>'next_page_token', '') IN ('', token);
		token := answer->>'next_page_token';
	END LOOP;
END $$;
COMMENT ON FUNCTION milvus.list_namespaces(name, text, text) IS 'internal: the namespaces of a collection, page by page';

CREATE VIEW milvus.namespaces AS
SELECT n.server, n.database, n.collection,
	s.info->>'namespace_name' AS namespace,
	s.info->>'state' AS state,
	coalesce(nullif(s.info->'stats'->>'entity_count', '0'), s.info->'stats'->>'approx_entity_count')::bigint AS rows,
	(s.info->'stats'->>'logical_bytes')::bigint AS bytes,
	milvus.hybrid_time((s.info->'stats'->>'last_write_timestamp')::bigint) AS last_write,
	milvus.hybrid_time((s.info->>'created_timestamp')::bigint) AS created
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.list_namespaces(n.server, n.database, n.collection) AS s(info);
COMMENT ON VIEW milvus.namespaces IS 'the namespaces of all collections';
