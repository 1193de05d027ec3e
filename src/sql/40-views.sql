-- what Milvus tells of itself; WHERE server = 'm' contacts only that server

CREATE VIEW milvus.servers AS
SELECT s.srvname AS server
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
WHERE w.fdwname = 'milvus_fdw'
	AND pg_catalog.has_server_privilege(s.oid, 'USAGE')
	AND EXISTS (SELECT FROM pg_catalog.pg_user_mappings m
		WHERE m.srvid = s.oid AND (m.umuser = 0 OR m.usename = current_user));
COMMENT ON VIEW milvus.servers IS 'the Milvus servers that the current user can use';

-- Milvus Lite 2 has no databases: it shows the one that all servers have
CREATE VIEW milvus.databases AS
SELECT s.server, d.database
FROM milvus.servers s
CROSS JOIN LATERAL jsonb_array_elements_text(
	coalesce(milvus.get_quietly(s.server, 'ListDatabases', '{}')->'db_names', '["default"]')) AS d(database);
COMMENT ON VIEW milvus.databases IS 'the databases of all servers';

CREATE VIEW milvus.collection_names AS
SELECT d.server, d.database, c.collection
FROM milvus.databases d
CROSS JOIN LATERAL jsonb_array_elements_text(
	milvus.get(d.server, 'ShowCollections', jsonb_build_object('db_name', d.database))->'collection_names') AS c(collection);

CREATE VIEW milvus.described_collections AS
SELECT n.server, n.database, n.collection, r.description
FROM milvus.collection_names n
CROSS JOIN LATERAL (SELECT milvus.get_quietly(n.server, 'DescribeCollection',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection)) AS description OFFSET 0) r
WHERE r.description IS NOT NULL;

CREATE VIEW milvus.collections AS
SELECT d.server, d.database, d.collection,
	d.description->'schema'->>'description' AS description,
	(d.description->'schema'->>'enable_dynamic_field')::boolean AS dynamic_fields,
	d.description->>'consistency_level' AS consistency_level,
	(d.description->>'shards_num')::integer AS shards,
	(d.description->>'num_partitions')::bigint AS partitions,
	ARRAY(SELECT jsonb_array_elements_text(d.description->'aliases')) AS aliases,
	milvus.pairs(d.description->'properties') AS properties,
	CASE WHEN (d.description->>'created_utc_timestamp')::bigint > 0
		THEN to_timestamp((d.description->>'created_utc_timestamp')::bigint / 1000.0) END AS created
FROM milvus.described_collections d;
COMMENT ON VIEW milvus.collections IS 'the collections of all servers and databases';

CREATE VIEW milvus.fields AS
SELECT d.server, d.database, d.collection, f.ordinality::integer AS position,
	f.field->>'name' AS field,
	f.field->>'data_type' AS data_type,
	CASE WHEN f.field->>'element_type' <> 'None' THEN f.field->>'element_type' END AS element_type,
	(f.field->>'is_primary_key')::boolean AS primary_key,
	(f.field->>'autoID')::boolean AS auto_id,
	(f.field->>'nullable')::boolean AS nullable,
	(f.field->>'is_partition_key')::boolean AS partition_key,
	milvus.pairs(f.field->'type_params') AS type_params,
	f.field->>'description' AS description
FROM milvus.described_collections d
CROSS JOIN LATERAL jsonb_array_elements(d.description->'schema'->'fields') WITH ORDINALITY AS f(field, ordinality);
COMMENT ON VIEW milvus.fields IS 'the fields of all collections';

CREATE VIEW milvus.partitions AS
SELECT n.server, n.database, n.collection, p.partition
FROM milvus.collection_names n
CROSS JOIN LATERAL jsonb_array_elements_text(
	coalesce(milvus.get_quietly(n.server, 'ShowPartitions',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'partition_names',
		'["_default"]')) AS p(partition);
COMMENT ON VIEW milvus.partitions IS 'the partitions of all collections';

CREATE VIEW milvus.indexes AS
SELECT n.server, n.database, n.collection,
	i.index->>'field_name' AS field,
	i.index->>'index_name' AS index_name,
	p.params->>'index_type' AS index_type,
	p.params->>'metric_type' AS metric_type,
	-- some servers keep the build parameters as one JSON text beside the rest
	p.params - '{index_type,metric_type,params}'::text[] || coalesce((p.params->>'params')::jsonb, '{}') AS params,
	i.index->>'state' AS state,
	(i.index->>'indexed_rows')::bigint AS indexed_rows,
	(i.index->>'total_rows')::bigint AS total_rows
FROM milvus.collection_names n
CROSS JOIN LATERAL jsonb_array_elements(
	coalesce(milvus.get_quietly(n.server, 'DescribeIndex',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'index_descriptions',
		'[]')) AS i(index)
CROSS JOIN LATERAL (SELECT milvus.pairs(i.index->'params') AS params) p;
COMMENT ON VIEW milvus.indexes IS 'the indexes of all collections';

CREATE VIEW milvus.aliases AS
SELECT d.server, d.database, d.collection, a.alias
FROM milvus.described_collections d
CROSS JOIN LATERAL jsonb_array_elements_text(d.description->'aliases') AS a(alias);
COMMENT ON VIEW milvus.aliases IS 'other names of collections';

CREATE VIEW milvus.load_state AS
SELECT n.server, n.database, n.collection,
	milvus.get_quietly(n.server, 'GetLoadState',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->>'state' AS state,
	(milvus.get_quietly(n.server, 'GetLoadingProgress',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->>'progress')::integer AS progress
FROM milvus.collection_names n;
COMMENT ON VIEW milvus.load_state IS 'which collections are loaded, and how far';

GRANT SELECT ON ALL TABLES IN SCHEMA milvus TO PUBLIC;
