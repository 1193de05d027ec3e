\echo Use "CREATE EXTENSION milvus_fdw" to load this file. \quit

CREATE FUNCTION milvus_fdw_handler() RETURNS fdw_handler
	LANGUAGE c STRICT AS 'MODULE_PATHNAME';

CREATE FUNCTION milvus_fdw_validator(text[], oid) RETURNS void
	LANGUAGE c STRICT AS 'MODULE_PATHNAME';

CREATE FOREIGN DATA WRAPPER milvus_fdw
	HANDLER milvus_fdw_handler
	VALIDATOR milvus_fdw_validator;

CREATE SCHEMA milvus;
GRANT USAGE ON SCHEMA milvus TO PUBLIC;
COMMENT ON SCHEMA milvus IS 'views and functions of milvus_fdw: what Milvus servers tell, and what they can do';
-- nobody needs rights on it: what it holds is executed by way of the functions of milvus
CREATE SCHEMA milvus_internal;
COMMENT ON SCHEMA milvus_internal IS 'what the functions of the schema milvus do';

-- from here on names mean what they mean in pg_catalog, whoever has made others like them
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
-- distance operators for a PostgreSQL without pgvector, with pgvector's values

CREATE FUNCTION milvus.l2_distance(real[], real[]) RETURNS double precision
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'milvus_l2_distance';
COMMENT ON FUNCTION milvus.l2_distance(real[], real[]) IS 'Euclidean distance';
CREATE FUNCTION milvus.negative_inner_product(real[], real[]) RETURNS double precision
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'milvus_negative_inner_product';
COMMENT ON FUNCTION milvus.negative_inner_product(real[], real[]) IS 'negative inner product';
CREATE FUNCTION milvus.cosine_distance(real[], real[]) RETURNS double precision
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'milvus_cosine_distance';
COMMENT ON FUNCTION milvus.cosine_distance(real[], real[]) IS 'cosine distance';
CREATE FUNCTION milvus.hamming_distance(bit, bit) RETURNS double precision
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'milvus_hamming_distance';
COMMENT ON FUNCTION milvus.hamming_distance(bit, bit) IS 'differing bits';
CREATE FUNCTION milvus.jaccard_distance(bit, bit) RETURNS double precision
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'milvus_jaccard_distance';
COMMENT ON FUNCTION milvus.jaccard_distance(bit, bit) IS 'Jaccard distance';

CREATE OPERATOR milvus.<-> (
	FUNCTION = milvus.l2_distance, LEFTARG = real[], RIGHTARG = real[], COMMUTATOR = OPERATOR(milvus.<->));
CREATE OPERATOR milvus.<#> (
	FUNCTION = milvus.negative_inner_product, LEFTARG = real[], RIGHTARG = real[], COMMUTATOR = OPERATOR(milvus.<#>));
CREATE OPERATOR milvus.<=> (
	FUNCTION = milvus.cosine_distance, LEFTARG = real[], RIGHTARG = real[], COMMUTATOR = OPERATOR(milvus.<=>));
CREATE OPERATOR milvus.<~> (
	FUNCTION = milvus.hamming_distance, LEFTARG = bit, RIGHTARG = bit, COMMUTATOR = OPERATOR(milvus.<~>));
CREATE OPERATOR milvus.<%> (
	FUNCTION = milvus.jaccard_distance, LEFTARG = bit, RIGHTARG = bit, COMMUTATOR = OPERATOR(milvus.<%>));
COMMENT ON OPERATOR milvus.<-> (real[], real[]) IS 'Euclidean distance';
COMMENT ON OPERATOR milvus.<#> (real[], real[]) IS 'negative inner product';
COMMENT ON OPERATOR milvus.<=> (real[], real[]) IS 'cosine distance';
COMMENT ON OPERATOR milvus.<~> (bit, bit) IS 'differing bits';
COMMENT ON OPERATOR milvus.<%> (bit, bit) IS 'Jaccard distance';
-- any RPC: what everything else stands on

CREATE FUNCTION milvus.call(server name, rpc text, request jsonb DEFAULT '{}') RETURNS jsonb
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_call';
COMMENT ON FUNCTION milvus.call(name, text, jsonb) IS 'call any RPC of MilvusService; milvus.rpcs lists them';

-- STABLE: the answer is not asked for where nobody uses it
CREATE FUNCTION milvus.get(server name, rpc text, request jsonb DEFAULT '{}') RETURNS jsonb
	LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_get';
COMMENT ON FUNCTION milvus.get(name, text, jsonb) IS 'call an RPC that only reads metadata';

CREATE FUNCTION milvus.perform(server name, rpc text, request jsonb) RETURNS jsonb
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_perform';
COMMENT ON FUNCTION milvus.perform(name, text, jsonb) IS 'internal: a call that a function of the extension makes, and nobody else can';

CREATE FUNCTION milvus.get_of(server name, rpc text, request jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN milvus.get(server, rpc, request);
EXCEPTION
	WHEN undefined_object OR undefined_table OR invalid_catalog_name OR object_not_in_prerequisite_state THEN
		RETURN NULL;
END $$;
COMMENT ON FUNCTION milvus.get_of(name, text, jsonb) IS 'internal: milvus.get() of something that was listed; NULL where it is gone since, or not loaded';

CREATE FUNCTION milvus.get_or(server name, rpc text, request jsonb, otherwise jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN milvus.get_of(server, rpc, request);
EXCEPTION
	WHEN feature_not_supported THEN
		RETURN otherwise;
END $$;
COMMENT ON FUNCTION milvus.get_or(name, text, jsonb, jsonb) IS 'internal: milvus.get_of(), or something else where the server does not offer the RPC';

CREATE FUNCTION milvus.get_detail(server name, rpc text, request jsonb) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
BEGIN
	RETURN milvus.get_of(server, rpc, request);
EXCEPTION
	WHEN feature_not_supported OR insufficient_privilege THEN
		RETURN NULL;
END $$;
COMMENT ON FUNCTION milvus.get_detail(name, text, jsonb)
	IS 'internal: milvus.get_of() of what is only one column more; NULL also where it is not to be had from this server or by this user';

CREATE FUNCTION milvus.ask(server name, rpc text, request jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
	IF server IS NULL OR jsonb_path_exists(request, '$.* ? (@ == null)') THEN
		RAISE null_value_not_allowed USING MESSAGE = 'nothing is named that could be waited for';
	END IF;
	RETURN milvus.get(server, rpc, request);
END $$;
COMMENT ON FUNCTION milvus.ask(name, text, jsonb) IS 'internal: milvus.get(), for what would wait for ever for a NULL';

CREATE FUNCTION milvus.document(value text) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	RETURN value::jsonb;
EXCEPTION
	WHEN invalid_text_representation THEN
		RETURN jsonb_build_object('params', value);
END $$;
COMMENT ON FUNCTION milvus.document(text) IS 'internal: parameters that were kept as a text';

CREATE FUNCTION milvus.require(server name, version text, what text) RETURNS void
	LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_require';
COMMENT ON FUNCTION milvus.require(name, text, text) IS 'an error unless the server is of that version of Milvus or later';

CREATE FUNCTION milvus.dialect(server name) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_dialect';
COMMENT ON FUNCTION milvus.dialect(name) IS 'the kind of Milvus that a server is taken for';

-- [{"key": k, "value": v}, …] as {k: v, …}
CREATE FUNCTION milvus.pairs(list jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (SELECT coalesce(jsonb_object_agg(p->>'key', p->>'value'), '{}') FROM jsonb_array_elements(list) AS p);
COMMENT ON FUNCTION milvus.pairs(jsonb) IS 'a list of KeyValuePairs as one object';

CREATE FUNCTION milvus.texts(list jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN jsonb_typeof(list) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(list)) END;
COMMENT ON FUNCTION milvus.texts(jsonb) IS 'a list of strings as an array';

-- PostgreSQL's own functions, which expect 100 elements: views of views would be planned for millions of rows
CREATE FUNCTION milvus.elements(list jsonb) RETURNS SETOF jsonb
	LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE ROWS 3 AS 'jsonb_array_elements';
COMMENT ON FUNCTION milvus.elements(jsonb) IS 'internal: the elements of a short list';
CREATE FUNCTION milvus.element_texts(list jsonb) RETURNS SETOF text
	LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE ROWS 3 AS 'jsonb_array_elements_text';
COMMENT ON FUNCTION milvus.element_texts(jsonb) IS 'internal: the elements of a short list, as texts';

-- the physical part of a hybrid timestamp is milliseconds, above 18 bits of a counter
CREATE FUNCTION milvus.hybrid_time(hybrid bigint) RETURNS timestamp with time zone
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN hybrid > 0 THEN to_timestamp((hybrid >> 18) / 1000.0) END;
COMMENT ON FUNCTION milvus.hybrid_time(bigint) IS 'the time of one of Milvus'' hybrid timestamps';

CREATE FUNCTION milvus.hybrid_timestamp(at timestamp with time zone) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN floor(extract(epoch FROM at) * 1000)::bigint << 18;
COMMENT ON FUNCTION milvus.hybrid_timestamp(timestamp with time zone) IS 'the first of Milvus'' hybrid timestamps at a time';

CREATE FUNCTION milvus.utc_time(milliseconds bigint) RETURNS timestamp with time zone
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN milliseconds > 0 THEN to_timestamp(milliseconds / 1000.0) END;
COMMENT ON FUNCTION milvus.utc_time(bigint) IS 'internal: the time of one of Milvus'' created_utc_timestamps; NULL where it was not told';

CREATE TYPE milvus.target AS (server name, database text, collection text, partition text);
COMMENT ON TYPE milvus.target IS 'what a function of the schema milvus is about';

CREATE FUNCTION milvus.target(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL) RETURNS milvus.target
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'milvus_target';
COMMENT ON FUNCTION milvus.target(regclass, name, text, text) IS 'what a foreign table, or names, stand for in Milvus';

CREATE FUNCTION milvus.whole_target(rel regclass, server name, collection text, database text) RETURNS milvus.target
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
BEGIN
	IF t.partition IS NOT NULL THEN
		RAISE wrong_object_type USING
			MESSAGE = format('foreign table "%s" is only the partition "%s" of collection "%s"', rel, t.partition, t.collection),
			HINT = format('If you mean the whole collection, say so: server => %L, collection => %L.', t.server, t.collection);
	END IF;
	RETURN t;
END $$;
COMMENT ON FUNCTION milvus.whole_target(regclass, name, text, text) IS 'internal: a target that is not just a partition';

CREATE FUNCTION milvus.naming(t milvus.target) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN jsonb_build_object('db_name', (t).database, 'collection_name', (t).collection);
COMMENT ON FUNCTION milvus.naming(milvus.target) IS 'internal: how requests name a collection';

CREATE FUNCTION milvus.table_schema(rel regclass) RETURNS jsonb
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_table_schema';
COMMENT ON FUNCTION milvus.table_schema(regclass) IS 'the CollectionSchema that a foreign table''s columns describe';

CREATE FUNCTION milvus.field_type(field jsonb) RETURNS text
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_field_type';
COMMENT ON FUNCTION milvus.field_type(jsonb) IS 'the type of the column that a field is imported as';

-- between two looks at something that takes its time; every five seconds it says how far that is
CREATE FUNCTION milvus.pause(look integer, progress text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
	IF look >= 40 AND look % 20 = 12 THEN
		RAISE NOTICE '%', progress;
	END IF;
	PERFORM pg_sleep(CASE WHEN look < 40 THEN 0.05 ELSE 0.25 END);
END $$;
COMMENT ON FUNCTION milvus.pause(integer, text) IS 'internal: wait a moment, and say now and then how far something is';
-- servers, and this session's connections to them

CREATE VIEW milvus.servers AS
SELECT s.srvname AS server,
	coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'host'), 'localhost')
		|| ':' || coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'port'), '19530')
		AS address,
	coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'dbname'), 'default')
		AS database
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
WHERE w.fdwname = 'milvus_fdw'
	AND pg_catalog.has_server_privilege(s.oid, 'USAGE')
	AND EXISTS (SELECT FROM pg_catalog.pg_user_mappings m
		WHERE m.srvid = s.oid AND (m.umuser = 0 OR m.usename = current_user));
COMMENT ON VIEW milvus.servers IS 'the Milvus servers that the current user can use';

CREATE FUNCTION milvus.list_connections(OUT server name, OUT user_name name, OUT address text,
		OUT server_version text, OUT dialect text, OUT state text, OUT requests bigint, OUT since timestamp with time zone)
	RETURNS SETOF record
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_connections';
COMMENT ON FUNCTION milvus.list_connections() IS 'internal: what milvus.connections shows';

CREATE VIEW milvus.connections AS SELECT * FROM milvus.list_connections();
COMMENT ON VIEW milvus.connections IS 'the connections of this session, and how many requests were sent on each';

CREATE FUNCTION milvus.disconnect(server name) RETURNS boolean
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_disconnect';
COMMENT ON FUNCTION milvus.disconnect(name) IS 'close this session''s connections to a server; was there any?';

CREATE FUNCTION milvus.disconnect_all() RETURNS boolean
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'milvus_disconnect_all';
COMMENT ON FUNCTION milvus.disconnect_all() IS 'close all connections of this session; was there any?';

CREATE VIEW milvus.versions AS
SELECT s.server, coalesce(nullif(i.info->>'build_tags', ''), 'Milvus Lite 2') AS version,
	milvus.dialect(s.server) AS dialect,
	nullif(i.info->>'deploy_mode', '') AS deploy_mode,
	nullif(i.info->>'build_time', '') AS build_time,
	nullif(i.info->>'git_commit', '') AS git_commit,
	nullif(i.info->>'go_version', '') AS go_version
FROM milvus.servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'Connect')->'server_info' AS info OFFSET 0) i;
COMMENT ON VIEW milvus.versions IS 'what each server says of itself';

CREATE FUNCTION milvus.check_health(server name, OUT healthy boolean, OUT reasons text[], OUT quota_states text[], OUT error text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	answer jsonb;
BEGIN
	-- Milvus Lite 2 can't be asked: it is well when it answers at all
	answer := milvus.get_or(server, 'CheckHealth', '{}', jsonb_build_object('isHealthy', milvus.dialect(server) IS NOT NULL));
	healthy := answer->'isHealthy';
	reasons := milvus.texts(answer->'reasons');
	quota_states := milvus.texts(answer->'quota_states');
EXCEPTION
	WHEN connection_exception OR invalid_authorization_specification OR insufficient_privilege OR fdw_error OR internal_error THEN
		healthy := false;
		error := sqlerrm;
END $$;
COMMENT ON FUNCTION milvus.check_health(name) IS 'is a server well? An error to reach it is told, not raised';

CREATE VIEW milvus.health AS
SELECT s.server, s.address, h.healthy, h.reasons, h.quota_states, h.error
FROM milvus.servers s CROSS JOIN LATERAL milvus.check_health(s.server) h;
COMMENT ON VIEW milvus.health IS 'are the servers well? With a row also for those that can''t be reached';
-- what is in the servers; WHERE server, database, collection = … asks only for those

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
FROM milvus.servers s
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
	(milvus.pairs(s.answer->'stats')->>'row_count')::bigint AS rows,
	replace(l.answer->>'state', 'LoadState', '') AS load_state,
	d.created
FROM milvus.described_collections d
CROSS JOIN LATERAL (SELECT milvus.get_detail(d.server, 'GetCollectionStatistics',
	jsonb_build_object('db_name', d.database, 'collection_name', d.collection)) AS answer OFFSET 0) s
CROSS JOIN LATERAL (SELECT milvus.get_detail(d.server, 'GetLoadState',
	jsonb_build_object('db_name', d.database, 'collection_name', d.collection)) AS answer OFFSET 0) l;
COMMENT ON VIEW milvus.collections IS 'the collections of all servers and databases; rows: as far as flushed';

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
	(milvus.pairs(s.answer->'stats')->>'row_count')::bigint AS rows,
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
FROM milvus.servers s
CROSS JOIN LATERAL milvus.element_texts(milvus.get(s.server, 'ListResourceGroups')->'resource_groups') AS g(resource_group)
CROSS JOIN LATERAL (SELECT milvus.get_detail(s.server, 'DescribeResourceGroup',
	jsonb_build_object('resource_group', g.resource_group))->'resource_group' AS info OFFSET 0) d;
COMMENT ON VIEW milvus.resource_groups IS 'groups of query nodes';

CREATE VIEW milvus.metrics AS
SELECT s.server, (m.answer->>'response')::jsonb AS metrics
FROM milvus.servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'GetMetrics', '{"request": {"metric_type": "system_info"}}') AS answer OFFSET 0) m;
COMMENT ON VIEW milvus.metrics IS 'what Milvus tells of all its nodes, in one document';

CREATE VIEW milvus.nodes AS
SELECT m.server,
	(i.node->>'identifier')::bigint AS node,
	i.node->'infos'->>'type' AS role,
	i.node->'infos'->>'name' AS name,
	i.node->'infos'->'hardware_infos'->>'ip' AS address,
	(i.node->'infos'->'hardware_infos'->>'cpu_core_count')::integer AS cpu_cores,
	(i.node->'infos'->'hardware_infos'->>'cpu_core_usage')::double precision AS cpu_usage,
	(i.node->'infos'->'hardware_infos'->>'memory')::bigint AS memory,
	(i.node->'infos'->'hardware_infos'->>'memory_usage')::bigint AS memory_used,
	(i.node->'infos'->'hardware_infos'->>'disk')::double precision::bigint AS disk,
	(i.node->'infos'->'hardware_infos'->>'disk_usage')::double precision::bigint AS disk_used,
	(i.node->'infos'->>'has_error')::boolean AS has_error,
	nullif(i.node->'infos'->>'error_reason', '') AS error,
	i.node->'infos'->'system_info'->>'system_version' AS version,
	i.node->'infos'->>'created_time' AS created
FROM milvus.metrics m
CROSS JOIN LATERAL milvus.elements(nullif(m.metrics->'nodes_info', 'null')) AS i(node);
COMMENT ON VIEW milvus.nodes IS 'the nodes of each server''s cluster';

CREATE VIEW milvus.components AS
SELECT s.server, (c.component->>'nodeID')::bigint AS node, c.component->>'role' AS role,
	c.component->>'state_code' AS state, milvus.pairs(c.component->'extra_info') AS extra_info
FROM milvus.servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'GetComponentStates') AS answer OFFSET 0) a
CROSS JOIN LATERAL milvus.elements(jsonb_build_array(a.answer->'state') || coalesce(a.answer->'subcomponent_states', '[]')) AS c(component)
WHERE c.component <> 'null';
COMMENT ON VIEW milvus.components IS 'the component that answers, as it sees itself';

CREATE VIEW milvus.file_resources AS
SELECT s.server, (f.resource->>'id')::bigint AS id, f.resource->>'name' AS name, f.resource->>'path' AS path
FROM milvus.servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'ListFileResources')->'resources') AS f(resource);
COMMENT ON VIEW milvus.file_resources IS 'files that analyzers use';

CREATE VIEW milvus.replication AS
SELECT s.server, r.configuration->'clusters' AS clusters, r.configuration->'cross_cluster_topology' AS topology
FROM milvus.servers s
CROSS JOIN LATERAL (SELECT milvus.call(s.server, 'GetReplicateConfiguration')->'configuration' AS configuration OFFSET 0) r;
COMMENT ON VIEW milvus.replication IS 'which clusters replicate to which; for those who may execute milvus.call(), as it has what clusters connect by';
-- who may do what, as Milvus knows it

CREATE VIEW milvus.users AS
SELECT s.server, u.entry->'user'->>'name' AS user_name,
	ARRAY(SELECT r->>'name' FROM jsonb_array_elements(u.entry->'roles') AS r ORDER BY 1) AS roles,
	u.entry->>'description' AS description
FROM milvus.servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'SelectUser', '{"include_role_info": true}')->'results') AS u(entry);
COMMENT ON VIEW milvus.users IS 'the users of all servers, and their roles';

CREATE VIEW milvus.roles AS
SELECT s.server, r.entry->'role'->>'name' AS role, r.entry->'role'->>'description' AS description,
	ARRAY(SELECT u->>'name' FROM jsonb_array_elements(r.entry->'users') AS u ORDER BY 1) AS members
FROM milvus.servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'SelectRole', '{"include_user_info": true}')->'results') AS r(entry);
COMMENT ON VIEW milvus.roles IS 'the roles of all servers, and their members';

CREATE VIEW milvus.role_members AS
SELECT r.server, r.role, m.user_name
FROM milvus.roles r CROSS JOIN LATERAL unnest(r.members) AS m(user_name);
COMMENT ON VIEW milvus.role_members IS 'which user has which role';

-- each database tells its own, and those of all
CREATE VIEW milvus.grants AS
SELECT DISTINCT r.server, r.role,
	g.entry->'object'->>'name' AS object_type,
	nullif(g.entry->>'db_name', '') AS database,
	g.entry->>'object_name' AS object_name,
	g.entry->'grantor'->'privilege'->>'name' AS privilege,
	g.entry->'grantor'->'user'->>'name' AS grantor
FROM milvus.roles r
JOIN (SELECT d.server, d.database FROM milvus.databases d OFFSET 0) d ON d.server = r.server
CROSS JOIN LATERAL milvus.elements(milvus.get_of(r.server, 'SelectGrant', jsonb_build_object('entity', jsonb_build_object(
	'role', jsonb_build_object('name', r.role), 'db_name', d.database)))->'entities') AS g(entry);
COMMENT ON VIEW milvus.grants IS 'the privileges of all roles';

CREATE VIEW milvus.privilege_groups AS
SELECT s.server, g.entry->>'group_name' AS privilege_group,
	ARRAY(SELECT p->>'name' FROM jsonb_array_elements(g.entry->'privileges') AS p ORDER BY 1) AS privileges
FROM milvus.servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'ListPrivilegeGroups')->'privilege_groups') AS g(entry);
COMMENT ON VIEW milvus.privilege_groups IS 'privileges that can be granted together';

CREATE VIEW milvus.user_tags AS
SELECT u.server, u.user_name, milvus.get_of(u.server, 'GetUserTags', jsonb_build_object('user_name', u.user_name))->'tags' AS tags
FROM (SELECT s.server, n.user_name FROM milvus.servers s
	CROSS JOIN LATERAL milvus.element_texts(milvus.get(s.server, 'ListCredUsers')->'usernames') AS n(user_name)) u;
COMMENT ON VIEW milvus.user_tags IS 'the tags of users, which row policies can refer to';

CREATE VIEW milvus.row_policies AS
SELECT n.server, n.database, n.collection,
	p.policy->>'policy_name' AS policy,
	nullif(replace(p.policy->>'policy_type', 'RowPolicyType', ''), 'Unknown') AS type,
	milvus.texts(p.policy->'actions') AS actions,
	milvus.texts(p.policy->'roles') AS roles,
	p.policy->>'using_expr' AS using_expr,
	p.policy->>'check_expr' AS check_expr,
	p.policy->>'description' AS description
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.elements(milvus.get_of(n.server, 'ListRowPolicies',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'policies') AS p(policy);
COMMENT ON VIEW milvus.row_policies IS 'which rows of a collection which roles can see and write';

CREATE VIEW milvus.principals AS
SELECT n.server, n.database, n.collection, p.principal,
	milvus.get_of(n.server, 'GetRLSPrincipalTags',
		jsonb_build_object('db_name', n.database, 'collection_name', n.collection, 'principal_name', p.principal))->'tags' AS tags
FROM milvus.collection_names n
CROSS JOIN LATERAL milvus.element_texts(milvus.get_of(n.server, 'ListRLSPrincipals',
	jsonb_build_object('db_name', n.database, 'collection_name', n.collection))->'principal_names') AS p(principal);
COMMENT ON VIEW milvus.principals IS 'principals of row policies, and their tags';
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
-- databases, collections and their parts; each takes a foreign table, or server => …, collection => …

CREATE FUNCTION milvus.create_database(server name, database text, properties jsonb DEFAULT '{}')
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreateDatabase',
		jsonb_build_object('db_name', database, 'properties', properties))
$$;
COMMENT ON FUNCTION milvus.create_database(name, text, jsonb) IS 'make a database';

CREATE FUNCTION milvus.drop_database(server name, database text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropDatabase', jsonb_build_object('db_name', database))
$$;
COMMENT ON FUNCTION milvus.drop_database(name, text) IS 'drop a database, which must be empty';

CREATE FUNCTION milvus.alter_database(server name, database text, properties jsonb DEFAULT '{}', delete_keys text[] DEFAULT '{}')
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'AlterDatabase',
		jsonb_build_object('db_name', database, 'properties', properties, 'delete_keys', delete_keys))
$$;
COMMENT ON FUNCTION milvus.alter_database(name, text, jsonb, text[]) IS 'set or delete properties of a database';

CREATE FUNCTION milvus.create_collection(rel regclass DEFAULT NULL, shards integer DEFAULT 1, consistency_level text DEFAULT 'Bounded',
		partitions bigint DEFAULT NULL, properties jsonb DEFAULT '{}', schema jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	whole jsonb := CASE WHEN rel IS NULL THEN '{}' ELSE milvus.table_schema(rel) END || coalesce(schema, '{}')
		|| jsonb_build_object('name', t.collection);
BEGIN
	IF coalesce(jsonb_array_length(whole->'fields'), 0) = 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'a collection needs fields',
			HINT = 'Name a foreign table, or give a schema, as milvus.table_schema() shows it.';
	END IF;
	PERFORM milvus.perform(t.server, 'CreateCollection', milvus.naming(t)
		|| jsonb_strip_nulls(jsonb_build_object('schema', whole, 'shards_num', shards,
			'consistency_level', consistency_level, 'num_partitions', partitions, 'properties', properties)));
END $$;
COMMENT ON FUNCTION milvus.create_collection(regclass, integer, text, bigint, jsonb, jsonb, name, text, text)
	IS 'make a collection, from a foreign table''s columns or a schema; members of schema come before the table''s';

CREATE FUNCTION milvus.drop_collection(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropCollection', milvus.naming(t))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_collection(regclass, name, text, text) IS 'drop a collection, with its rows';

CREATE FUNCTION milvus.truncate_collection(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'TruncateCollection', milvus.naming(t))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.truncate_collection(regclass, name, text, text)
	IS 'empty a collection by Milvus'' own means; TRUNCATE of a foreign table works with every Milvus';

CREATE FUNCTION milvus.rename_collection(rel regclass DEFAULT NULL, new_name text DEFAULT NULL, new_database text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
BEGIN
	IF new_name IS NULL AND new_database IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'a new name, or a new database, is needed';
	END IF;
	PERFORM milvus.perform(t.server, 'RenameCollection', jsonb_strip_nulls(jsonb_build_object(
		'db_name', t.database, 'oldName', t.collection, 'newName', coalesce(new_name, t.collection),
		-- left out, it would be the default one
		'newDBName', coalesce(new_database, t.database))));
	IF rel IS NOT NULL THEN
		RAISE NOTICE 'foreign table "%" still means the old name', rel
			USING HINT = 'Set its option collection, and dbname if the database is another.';
	END IF;
END $$;
COMMENT ON FUNCTION milvus.rename_collection(regclass, text, text, name, text, text) IS 'give a collection another name, or move it to another database';

CREATE FUNCTION milvus.alter_collection(rel regclass DEFAULT NULL, properties jsonb DEFAULT '{}', delete_keys text[] DEFAULT '{}',
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollection', milvus.naming(t)
		|| jsonb_build_object('properties', properties, 'delete_keys', delete_keys))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_collection(regclass, jsonb, text[], name, text, text) IS 'set or delete properties of a collection, such as collection.ttl.seconds';

CREATE FUNCTION milvus.has_collection(rel regclass DEFAULT NULL, server name DEFAULT NULL, collection text DEFAULT NULL,
		database text DEFAULT NULL)
	RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
BEGIN
	RETURN milvus.get(t.server, 'HasCollection', milvus.naming(t))->'value';
EXCEPTION
	-- some servers take the question for a mistake
	WHEN undefined_table THEN
		RETURN false;
END $$;
COMMENT ON FUNCTION milvus.has_collection(regclass, name, text, text) IS 'is there such a collection?';

-- fields and functions

CREATE FUNCTION milvus.add_field(rel regclass DEFAULT NULL, field text DEFAULT NULL, schema jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	whole jsonb := schema;
BEGIN
	IF schema IS NULL AND rel IS NOT NULL THEN
		SELECT f INTO whole FROM jsonb_array_elements(milvus.table_schema(rel)->'fields') AS f WHERE f->>'name' = field;
	END IF;
	IF whole IS NULL OR coalesce(field, schema->>'name') IS NULL THEN
		RAISE undefined_column USING MESSAGE = format('there is no column for a field "%s"', field),
			HINT = 'Add the column to the foreign table first, or give the field''s schema.';
	END IF;
	PERFORM milvus.perform(t.server, 'AddCollectionField', milvus.naming(t)
		|| jsonb_build_object('schema', jsonb_strip_nulls(whole) || jsonb_build_object('name', coalesce(field, schema->>'name'))));
END $$;
COMMENT ON FUNCTION milvus.add_field(regclass, text, jsonb, name, text, text)
	IS 'add a field to a collection, from a foreign table''s column or a schema';

CREATE FUNCTION milvus.drop_field(rel regclass DEFAULT NULL, field text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionSchema', milvus.naming(t)
		|| jsonb_build_object('action', jsonb_build_object('drop_request', jsonb_build_object('field_name', field))))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_field(regclass, text, name, text, text) IS 'drop a field of a collection';

CREATE FUNCTION milvus.alter_field(rel regclass DEFAULT NULL, field text DEFAULT NULL, properties jsonb DEFAULT '{}',
		delete_keys text[] DEFAULT '{}', server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionField', milvus.naming(t)
		|| jsonb_build_object('field_name', field, 'properties', properties, 'delete_keys', delete_keys))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_field(regclass, text, jsonb, text[], name, text, text) IS 'set or delete properties of a field, such as max_length';

CREATE FUNCTION milvus.add_struct_field(rel regclass DEFAULT NULL, schema jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AddCollectionStructField', milvus.naming(t)
		|| jsonb_build_object('struct_array_field_schema', jsonb_strip_nulls(schema)))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.add_struct_field(regclass, jsonb, name, text, text) IS 'add a field of structs to a collection';

CREATE FUNCTION milvus.add_function(rel regclass DEFAULT NULL, function jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AddCollectionFunction', milvus.naming(t)
		|| jsonb_build_object('functionSchema', jsonb_strip_nulls(function)))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.add_function(regclass, jsonb, name, text, text) IS 'add a function to a collection: it makes a field from others';

CREATE FUNCTION milvus.alter_function(rel regclass DEFAULT NULL, function_name text DEFAULT NULL, function jsonb DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionFunction', milvus.naming(t)
		|| jsonb_build_object('function_name', function_name, 'functionSchema', jsonb_strip_nulls(function)))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_function(regclass, text, jsonb, name, text, text) IS 'replace a function of a collection';

CREATE FUNCTION milvus.drop_function(rel regclass DEFAULT NULL, function_name text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropCollectionFunction', milvus.naming(t)
		|| jsonb_build_object('function_name', function_name))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_function(regclass, text, name, text, text) IS 'drop a function of a collection';

CREATE FUNCTION milvus.add_function_field(rel regclass DEFAULT NULL, field jsonb DEFAULT NULL, function jsonb DEFAULT NULL,
		index_params jsonb DEFAULT '{}', backfill boolean DEFAULT false,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionSchema', milvus.naming(t)
		|| jsonb_build_object('action', jsonb_build_object('add_request', jsonb_build_object(
			'field_infos', jsonb_build_array(jsonb_build_object('field_schema', jsonb_strip_nulls(field), 'extra_params', index_params)),
			'func_schema', jsonb_build_array(jsonb_strip_nulls(function)), 'do_physical_backfill', backfill))))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.add_function_field(regclass, jsonb, jsonb, jsonb, boolean, name, text, text)
	IS 'add a function to a collection, with the field that it makes';

CREATE FUNCTION milvus.drop_function_field(rel regclass DEFAULT NULL, function_name text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterCollectionSchema', milvus.naming(t)
		|| jsonb_build_object('action', jsonb_build_object('drop_request',
			jsonb_build_object('function_name', function_name, 'drop_function_output_fields', true))))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_function_field(regclass, text, name, text, text)
	IS 'drop a function of a collection, with the field that it makes';

-- partitions

CREATE FUNCTION milvus.create_partition(rel regclass DEFAULT NULL, partition text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.partition_target(rel, partition, server, collection, database);
BEGIN
	PERFORM milvus.perform(t.server, 'CreatePartition', milvus.naming(t)
		|| jsonb_build_object('partition_name', t.partition));
END $$;
COMMENT ON FUNCTION milvus.create_partition(regclass, text, name, text, text)
	IS 'make a partition: the one named, or the one that the foreign table stands for';

CREATE FUNCTION milvus.drop_partition(rel regclass DEFAULT NULL, partition text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.partition_target(rel, partition, server, collection, database);
BEGIN
	PERFORM milvus.perform(t.server, 'DropPartition', milvus.naming(t)
		|| jsonb_build_object('partition_name', t.partition));
END $$;
COMMENT ON FUNCTION milvus.drop_partition(regclass, text, name, text, text) IS 'drop a partition, with its rows; it must not be loaded';

CREATE FUNCTION milvus.has_partition(rel regclass DEFAULT NULL, partition text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.partition_target(rel, partition, server, collection, database);
BEGIN
	RETURN milvus.get(t.server, 'HasPartition', milvus.naming(t) || jsonb_build_object('partition_name', t.partition))->'value';
END $$;
COMMENT ON FUNCTION milvus.has_partition(regclass, text, name, text, text) IS 'is there such a partition?';

CREATE FUNCTION milvus.partition_target(rel regclass, partition text, server name, collection text, database text)
	RETURNS milvus.target LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
BEGIN
	t.partition := coalesce(partition, t.partition);
	IF t.partition IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = 'which partition?',
			HINT = 'Name it, or a foreign table with the option partition.';
	END IF;
	RETURN t;
END $$;
COMMENT ON FUNCTION milvus.partition_target(regclass, text, name, text, text) IS 'internal: a target that is a partition';

-- aliases of collections

CREATE FUNCTION milvus.create_alias(rel regclass DEFAULT NULL, alias text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'CreateAlias', milvus.naming(t) || jsonb_build_object('alias', alias))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.create_alias(regclass, text, name, text, text) IS 'give a collection a second name';

CREATE FUNCTION milvus.alter_alias(rel regclass DEFAULT NULL, alias text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'AlterAlias', milvus.naming(t) || jsonb_build_object('alias', alias))
	FROM milvus.whole_target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_alias(regclass, text, name, text, text) IS 'have an alias mean another collection';

CREATE FUNCTION milvus.drop_alias(server name, alias text, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropAlias',
		jsonb_build_object('alias', alias) || jsonb_strip_nulls(jsonb_build_object('db_name', database)))
$$;
COMMENT ON FUNCTION milvus.drop_alias(name, text, text) IS 'drop an alias; the collection stays';
-- indexes, loading, flushing, compaction, import: what takes its time is waited for, unless wait => false

CREATE FUNCTION milvus.create_index(rel regclass DEFAULT NULL, field text DEFAULT NULL, index_type text DEFAULT NULL,
		metric_type text DEFAULT NULL, params jsonb DEFAULT '{}', index_name text DEFAULT NULL,
		wait boolean DEFAULT true, server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
BEGIN
	IF field IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = 'an index needs a field',
			HINT = 'For example milvus.create_index(''docs'', ''embedding'', ''HNSW'', ''L2'').';
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
	IS 'have Milvus import files that its storage has, and wait for it; a loaded collection then wants milvus.load(…, refresh => true)';
-- users, roles, privileges, row policies; passwords are what Milvus wants: base64, which hides nothing

CREATE FUNCTION milvus.base64(value text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN translate(encode(convert_to(value, 'UTF8'), 'base64'), E'\n', '');
COMMENT ON FUNCTION milvus.base64(text) IS 'internal: a text as bytes of a request';

CREATE FUNCTION milvus.create_user(server name, user_name text, password text, description text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreateCredential', jsonb_build_object(
		'username', user_name, 'password', milvus.base64(password)) || jsonb_strip_nulls(jsonb_build_object('description', description)))
$$;
COMMENT ON FUNCTION milvus.create_user(name, text, text, text) IS 'make a user of Milvus';

CREATE FUNCTION milvus.update_password(server name, user_name text, old_password text, new_password text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'UpdateCredential', jsonb_build_object(
		'username', user_name, 'oldPassword', milvus.base64(old_password), 'newPassword', milvus.base64(new_password)))
$$;
COMMENT ON FUNCTION milvus.update_password(name, text, text, text) IS 'change the password of a user of Milvus';

CREATE FUNCTION milvus.alter_user(server name, user_name text, description text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'UpdateCredential',
		jsonb_build_object('username', user_name, 'description', description))
$$;
COMMENT ON FUNCTION milvus.alter_user(name, text, text) IS 'describe a user of Milvus';

CREATE FUNCTION milvus.drop_user(server name, user_name text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DeleteCredential', jsonb_build_object('username', user_name))
$$;
COMMENT ON FUNCTION milvus.drop_user(name, text) IS 'drop a user of Milvus';

CREATE FUNCTION milvus.create_role(server name, role text, description text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreateRole', jsonb_build_object(
		'entity', jsonb_build_object('name', role) || jsonb_strip_nulls(jsonb_build_object('description', description))))
$$;
COMMENT ON FUNCTION milvus.create_role(name, text, text) IS 'make a role';

CREATE FUNCTION milvus.alter_role(server name, role text, description text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'AlterRole', jsonb_build_object('role_name', role, 'description', description))
$$;
COMMENT ON FUNCTION milvus.alter_role(name, text, text) IS 'describe a role';

CREATE FUNCTION milvus.drop_role(server name, role text, force boolean DEFAULT false)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropRole', jsonb_build_object('role_name', role, 'force_drop', force))
$$;
COMMENT ON FUNCTION milvus.drop_role(name, text, boolean) IS 'drop a role; force: with its privileges, where the server can';

CREATE FUNCTION milvus.grant_role(server name, user_name text, role text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperateUserRole', jsonb_build_object(
		'username', user_name, 'role_name', role, 'type', 'AddUserToRole'))
$$;
COMMENT ON FUNCTION milvus.grant_role(name, text, text) IS 'give a role to a user';

CREATE FUNCTION milvus.revoke_role(server name, user_name text, role text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperateUserRole', jsonb_build_object(
		'username', user_name, 'role_name', role, 'type', 'RemoveUserFromRole'))
$$;
COMMENT ON FUNCTION milvus.revoke_role(name, text, text) IS 'take a role from a user';

-- Milvus 2.5 and later know privileges by name alone; the first way, by the type of an object, works with all
CREATE FUNCTION milvus.operate_privilege(server name, operation text, role text, privilege text,
		object_type text, object_name text, database text)
	RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
	grantor jsonb := jsonb_build_object('privilege', jsonb_build_object('name', privilege));
	place text := coalesce(operate_privilege.database, (SELECT s.database FROM milvus.servers s WHERE s.server = operate_privilege.server));
BEGIN
	IF object_type IS NULL THEN
		BEGIN
			PERFORM milvus.perform(server, 'OperatePrivilegeV2', jsonb_build_object(
				'role', jsonb_build_object('name', role), 'grantor', grantor, 'type', operation,
				'db_name', place, 'collection_name', object_name));
			RETURN;
		EXCEPTION
			WHEN feature_not_supported THEN
				NULL;
		END;
	END IF;
	PERFORM milvus.perform(server, 'OperatePrivilege', jsonb_build_object('type', operation,
		'entity', jsonb_build_object('role', jsonb_build_object('name', role), 'grantor', grantor,
			'object', jsonb_build_object('name', coalesce(object_type, 'Collection')), 'object_name', object_name, 'db_name', place)));
END $$;
COMMENT ON FUNCTION milvus.operate_privilege(name, text, text, text, text, text, text) IS 'internal: grant or revoke';

CREATE FUNCTION milvus.grant_privilege(server name, role text, privilege text, object_name text DEFAULT '*',
		object_type text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	-- by 'OperatePrivilegeV2' or 'OperatePrivilege'
	SELECT milvus.operate_privilege(server, 'Grant', role, privilege, object_type, object_name, database)
$$;
COMMENT ON FUNCTION milvus.grant_privilege(name, text, text, text, text, text)
	IS 'give a privilege to a role, on a collection or all (''*'') of a database or all (''*''); object_type (Global, Collection, User) is for Milvus before 2.5';

CREATE FUNCTION milvus.revoke_privilege(server name, role text, privilege text, object_name text DEFAULT '*',
		object_type text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	-- by 'OperatePrivilegeV2' or 'OperatePrivilege'
	SELECT milvus.operate_privilege(server, 'Revoke', role, privilege, object_type, object_name, database)
$$;
COMMENT ON FUNCTION milvus.revoke_privilege(name, text, text, text, text, text) IS 'take a privilege from a role';

CREATE FUNCTION milvus.create_privilege_group(server name, privilege_group text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'CreatePrivilegeGroup', jsonb_build_object('group_name', privilege_group))
$$;
COMMENT ON FUNCTION milvus.create_privilege_group(name, text) IS 'make a group of privileges';

CREATE FUNCTION milvus.drop_privilege_group(server name, privilege_group text)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DropPrivilegeGroup', jsonb_build_object('group_name', privilege_group))
$$;
COMMENT ON FUNCTION milvus.drop_privilege_group(name, text) IS 'drop a group of privileges';

CREATE FUNCTION milvus.add_privileges_to_group(server name, privilege_group text, privileges text[])
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperatePrivilegeGroup', jsonb_build_object(
		'group_name', privilege_group, 'type', 'AddPrivilegesToGroup',
		'privileges', (SELECT jsonb_agg(jsonb_build_object('name', p)) FROM unnest(privileges) AS p)))
$$;
COMMENT ON FUNCTION milvus.add_privileges_to_group(name, text, text[]) IS 'put privileges into a group';

CREATE FUNCTION milvus.remove_privileges_from_group(server name, privilege_group text, privileges text[])
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'OperatePrivilegeGroup', jsonb_build_object(
		'group_name', privilege_group, 'type', 'RemovePrivilegesFromGroup',
		'privileges', (SELECT jsonb_agg(jsonb_build_object('name', p)) FROM unnest(privileges) AS p)))
$$;
COMMENT ON FUNCTION milvus.remove_privileges_from_group(name, text, text[]) IS 'take privileges out of a group';

CREATE FUNCTION milvus.backup_rbac(server name)
	RETURNS jsonb LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'BackupRBAC', '{}')->'RBAC_meta'
$$;
COMMENT ON FUNCTION milvus.backup_rbac(name) IS 'all users (with digests of their passwords), roles and privileges, for milvus.restore_rbac()';

CREATE FUNCTION milvus.restore_rbac(server name, backup jsonb)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'RestoreRBAC', jsonb_build_object('RBAC_meta', jsonb_strip_nulls(backup)))
$$;
COMMENT ON FUNCTION milvus.restore_rbac(name, jsonb) IS 'make the users, roles and privileges of a backup';

CREATE FUNCTION milvus.add_user_tags(server name, user_name text, tags jsonb)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'AddUserTags', jsonb_build_object('user_name', user_name, 'tags', tags))
$$;
COMMENT ON FUNCTION milvus.add_user_tags(name, text, jsonb) IS 'give tags to a user, for row policies';

CREATE FUNCTION milvus.delete_user_tags(server name, user_name text, tags text[])
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(server, 'DeleteUserTags', jsonb_build_object('user_name', user_name, 'tag_keys', tags))
$$;
COMMENT ON FUNCTION milvus.delete_user_tags(name, text, text[]) IS 'take tags from a user';

CREATE FUNCTION milvus.users_with_tag(server name, tag text, value text)
	RETURNS SETOF text LANGUAGE sql STABLE PARALLEL UNSAFE AS $$
	SELECT jsonb_array_elements_text(milvus.get(server, 'ListUsersWithTag',
		jsonb_build_object('tag_key', tag, 'tag_value', value))->'user_names')
$$;
COMMENT ON FUNCTION milvus.users_with_tag(name, text, text) IS 'the users that have a tag';

CREATE FUNCTION milvus.create_row_policy(rel regclass DEFAULT NULL, policy text DEFAULT NULL, actions text[] DEFAULT '{Query,Search}',
		roles text[] DEFAULT '{}', using_expr text DEFAULT '', check_expr text DEFAULT '', restrictive boolean DEFAULT NULL,
		description text DEFAULT '', server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'CreateRowPolicy', milvus.naming(t) || jsonb_build_object(
		'policy_name', policy, 'actions', actions, 'roles', roles, 'using_expr', using_expr, 'check_expr', check_expr, 'description', description)
		|| jsonb_strip_nulls(jsonb_build_object('policy_type',
			CASE WHEN restrictive THEN 'RowPolicyTypeRestrictive' WHEN NOT restrictive THEN 'RowPolicyTypePermissive' END)))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.create_row_policy(regclass, text, text[], text[], text, text, boolean, text, name, text, text)
	IS 'limit which rows roles can see (using_expr) and write (check_expr), in Milvus'' filter language';

CREATE FUNCTION milvus.alter_row_policy(rel regclass DEFAULT NULL, policy text DEFAULT NULL, actions text[] DEFAULT '{Query,Search}',
		roles text[] DEFAULT '{}', using_expr text DEFAULT '', check_expr text DEFAULT '', restrictive boolean DEFAULT false,
		description text DEFAULT '', server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'UpdateRowPolicy', milvus.naming(t) || jsonb_build_object(
		'policy_name', policy, 'actions', actions, 'roles', roles, 'using_expr', using_expr, 'check_expr', check_expr,
		'policy_type', CASE WHEN restrictive THEN 'RowPolicyTypeRestrictive' ELSE 'RowPolicyTypePermissive' END,
		'description', description))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.alter_row_policy(regclass, text, text[], text[], text, text, boolean, text, name, text, text)
	IS 'replace a row policy';

CREATE FUNCTION milvus.drop_row_policy(rel regclass DEFAULT NULL, policy text DEFAULT NULL,
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DropRowPolicy', milvus.naming(t) || jsonb_build_object('policy_name', policy))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.drop_row_policy(regclass, text, name, text, text) IS 'drop a row policy';

CREATE FUNCTION milvus.set_principal_tags(rel regclass DEFAULT NULL, principal text DEFAULT NULL, tags jsonb DEFAULT '{}',
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'SetRLSPrincipalTags', milvus.naming(t)
		|| jsonb_build_object('principal_name', principal, 'tags', tags))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.set_principal_tags(regclass, text, jsonb, name, text, text) IS 'set the tags of a principal of row policies';

CREATE FUNCTION milvus.delete_principal_tags(rel regclass DEFAULT NULL, principal text DEFAULT NULL, tags text[] DEFAULT '{}',
		server name DEFAULT NULL, collection text DEFAULT NULL, database text DEFAULT NULL)
	RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
	SELECT milvus.perform(t.server, 'DeleteRLSPrincipalTags', milvus.naming(t)
		|| jsonb_build_object('principal_name', principal, 'tag_keys', tags))
	FROM milvus.target(rel, server, collection, database) AS t
$$;
COMMENT ON FUNCTION milvus.delete_principal_tags(regclass, text, text[], name, text, text) IS 'take tags from a principal of row policies';
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
	IS 'have the caches of a collection filled, and wait for it';

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
COMMENT ON FUNCTION milvus.unpin_snapshot(name, bigint) IS 'give the files of a snapshot free';

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
-- searches that SQL has no words for

CREATE FUNCTION milvus.search(
		rel anyelement,
		field text,
		queries anycompatiblearray,
		k integer DEFAULT 10,
		filter text DEFAULT NULL,
		columns name[] DEFAULT NULL,
		params jsonb DEFAULT NULL,
		within double precision DEFAULT NULL,
		group_by text DEFAULT NULL)
	RETURNS TABLE (query integer, distance double precision, item anyelement)
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_search';
COMMENT ON FUNCTION milvus.search(anyelement, text, anycompatiblearray, integer, text, name[], jsonb, double precision, text)
	IS 'the k nearest rows of a foreign table to each of many query vectors, in one request';
-- the RPCs, and who uses them

CREATE FUNCTION milvus.list_rpcs(OUT rpc text, OUT request text, OUT response text, OUT only_reads boolean, OUT by_get boolean, OUT streams boolean,
		OUT since text, OUT lite_2 boolean, OUT lite_3 boolean, OUT used_by text)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_rpcs';
COMMENT ON FUNCTION milvus.list_rpcs() IS 'internal: what milvus.rpcs shows';

CREATE VIEW milvus.rpcs AS
WITH named AS MATERIALIZED (
	SELECT p.proname || '()' AS name, p.prosrc AS source
	FROM pg_catalog.pg_proc p WHERE p.pronamespace IN ('milvus'::regnamespace, 'milvus_internal'::regnamespace)
	UNION ALL
	SELECT c.relname, pg_catalog.pg_get_viewdef(c.oid)
	FROM pg_catalog.pg_class c WHERE c.relnamespace = 'milvus'::regnamespace AND c.relkind = 'v' AND c.relname <> 'rpcs')
SELECT r.rpc, r.request, r.response, r.only_reads, r.by_get, r.streams, r.since, r.lite_2, r.lite_3,
	ARRAY(SELECT n.name FROM named n WHERE strpos(n.source, '''' || r.rpc || '''') > 0
		UNION ALL SELECT r.used_by WHERE r.used_by IS NOT NULL ORDER BY 1) AS used_by
FROM milvus.list_rpcs() r;
COMMENT ON VIEW milvus.rpcs IS 'all RPCs of MilvusService: what they take and give, which Milvus has them, what uses them here';

CREATE FUNCTION milvus.help(topic text DEFAULT '')
	RETURNS TABLE (name text, description text, arguments text)
	LANGUAGE sql STABLE AS $$
	SELECT * FROM (
		SELECT 'milvus.' || c.relname, pg_catalog.obj_description(c.oid, 'pg_class'),
			(SELECT string_agg(a.attname, ', ' ORDER BY a.attnum)
				FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)
		FROM pg_catalog.pg_class c WHERE c.relnamespace = 'milvus'::regnamespace AND c.relkind = 'v'
		UNION ALL
		SELECT 'milvus.' || p.proname || '()', pg_catalog.obj_description(p.oid, 'pg_proc'),
			pg_catalog.pg_get_function_identity_arguments(p.oid)
		FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace) AS t(name, description, arguments)
	WHERE coalesce(t.description, '') NOT LIKE 'internal:%'
		AND (t.name ILIKE '%' || topic || '%' OR t.description ILIKE '%' || topic || '%')
	ORDER BY 1
$$;
COMMENT ON FUNCTION milvus.help(text) IS 'the views and functions of the schema milvus that have to do with something; arguments: a view''s columns';
-- what changes something is executed by way of C functions that may be granted one by one; the rest is for everybody

DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::regprocedure AS signature, p.proname AS name, pg_get_function_arguments(p.oid) AS arguments,
			pg_get_function_result(p.oid) AS result, obj_description(p.oid, 'pg_proc') AS comment
		FROM pg_proc p
		WHERE p.pronamespace = 'milvus'::regnamespace AND p.proname <> 'operate_privilege'
			AND p.prosrc ~ 'milvus\.(perform|operate_privilege)\('
	LOOP
		EXECUTE format('ALTER FUNCTION %s SET SCHEMA milvus_internal', f.signature);
		EXECUTE format('CREATE FUNCTION milvus.%I(%s) RETURNS %s LANGUAGE c VOLATILE PARALLEL UNSAFE AS ''MODULE_PATHNAME'', ''milvus_forward''',
			f.name, f.arguments, f.result);
		EXECUTE format('REVOKE ALL ON FUNCTION milvus.%I FROM PUBLIC', f.name);
		EXECUTE format('COMMENT ON FUNCTION milvus.%I IS %L', f.name, f.comment);
	END LOOP;

	-- names in bodies mean what they mean here; those without a text are bound already
	FOR f IN SELECT p.oid::regprocedure AS signature
		FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
		WHERE p.pronamespace IN ('milvus'::regnamespace, 'milvus_internal'::regnamespace)
			AND (l.lanname = 'plpgsql' OR l.lanname = 'sql' AND p.prosqlbody IS NULL)
	LOOP
		EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', f.signature);
	END LOOP;
END $$;

REVOKE ALL ON FUNCTION milvus.call FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA milvus TO PUBLIC;
