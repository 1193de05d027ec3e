-- from the first release to 0.2.0

DROP FUNCTION milvus.search(anyelement, text, anycompatiblearray, integer, text, name[], jsonb, double precision, text);
CREATE FUNCTION milvus.bm25_distance(body text, words text) RETURNS double precision
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.bm25_distance(text, text) IS 'negative BM25 score, 0 without a match';
CREATE OPERATOR milvus.<@> (FUNCTION = milvus.bm25_distance, LEFTARG = text, RIGHTARG = text);
COMMENT ON OPERATOR milvus.<@> (text, text) IS 'negative BM25 score, 0 without a match';
CREATE FUNCTION milvus.text_match(body text, words text, minimum integer DEFAULT NULL) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.text_match(text, text, integer) IS 'does a text have one of the words, or that many of them?';
CREATE FUNCTION milvus.phrase_match(body text, phrase text, slop integer DEFAULT 0) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.phrase_match(text, text, integer) IS 'does a text have the words in this order, with so many others between?';
CREATE FUNCTION milvus.rrf(legs double precision[], k integer DEFAULT 60, candidates integer DEFAULT 100, params jsonb DEFAULT NULL) RETURNS double precision
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.rrf(double precision[], integer, integer, jsonb) IS 'negative sum of 1 / (k + place) over the legs in which a row is among the first candidates';
CREATE FUNCTION milvus.weighted(legs double precision[], weights double precision[], candidates integer DEFAULT 100, params jsonb DEFAULT NULL) RETURNS double precision
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.weighted(double precision[], double precision[], integer, jsonb) IS 'negative weighted sum of the scores, each between 0 and 1, of the legs in which a row is among the first candidates';
CREATE FUNCTION milvus.dialect_flags(server name, OUT flag text, OUT value boolean, OUT source text) RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 50 AS 'MODULE_PATHNAME', 'milvus_dialect_flags';
COMMENT ON FUNCTION milvus.dialect_flags(name) IS 'what a server is taken to do, and where that is known from; false is the cautious value';
DROP FUNCTION milvus.table_schema(regclass);
CREATE FUNCTION milvus.table_schema(rel regclass, as_new boolean DEFAULT false) RETURNS jsonb
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_table_schema';
COMMENT ON FUNCTION milvus.table_schema(regclass, boolean) IS 'the CollectionSchema that a foreign table''s columns describe, with the lengths and capacities of its collection, unless as_new';
CREATE FUNCTION milvus.check_schema(server name, schema jsonb) RETURNS void
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_check_schema';
COMMENT ON FUNCTION milvus.check_schema(name, jsonb) IS 'internal: an error unless the server can store a collection of this schema';
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
ALTER FUNCTION milvus.bm25_field(jsonb, text) SET search_path = pg_catalog, pg_temp;
CREATE FUNCTION milvus.search(
		rel anyelement,
		field text,
		queries anycompatible,
		k integer DEFAULT 10,
		filter text DEFAULT NULL,
		columns name[] DEFAULT NULL,
		params jsonb DEFAULT NULL,
		within double precision DEFAULT NULL,
		group_by text DEFAULT NULL,
		group_size integer DEFAULT 1,
		strict_group_size boolean DEFAULT false,
		ids text[] DEFAULT NULL,
		ranker jsonb DEFAULT NULL,
		highlight jsonb DEFAULT NULL)
	RETURNS TABLE (query integer, distance double precision, item anyelement, extra jsonb)
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_search';
COMMENT ON FUNCTION milvus.search(anyelement, text, anycompatible, integer, text, name[], jsonb, double precision, text, integer, boolean, text[], jsonb, jsonb)
	IS 'the k nearest rows of a foreign table to each of many queries, in one request';
CREATE OR REPLACE VIEW milvus.servers AS
SELECT s.srvname AS server,
	coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'host'), 'localhost')
		|| ':' || coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'port'), '19530')
		AS address,
	coalesce((SELECT option_value FROM pg_catalog.pg_options_to_table(s.srvoptions) WHERE option_name = 'dbname'), 'default')
		AS database,
	u.unusable IS NULL AS usable, u.unusable AS reason
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
CROSS JOIN LATERAL (SELECT CASE
	WHEN NOT pg_catalog.has_server_privilege(s.oid, 'USAGE') THEN format('%I has no USAGE on the server', current_user)
	WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_user_mappings m
		WHERE m.srvid = s.oid AND (m.umuser = 0 OR m.usename = current_user)) THEN format('%I has no user mapping', current_user)
	END AS unusable) u
WHERE w.fdwname = 'milvus_fdw';
COMMENT ON VIEW milvus.servers IS 'the Milvus servers; the other views are of those that the current user can use';
CREATE VIEW milvus.usable_servers AS SELECT server, address, database FROM milvus.servers WHERE usable;
COMMENT ON VIEW milvus.usable_servers IS 'internal: the servers that the current user can use';
GRANT SELECT ON milvus.usable_servers TO PUBLIC;
CREATE OR REPLACE VIEW milvus.versions AS
SELECT s.server, coalesce(nullif(i.info->>'build_tags', ''), 'Milvus Lite 2') AS version,
	milvus.dialect(s.server) AS dialect,
	nullif(i.info->>'deploy_mode', '') AS deploy_mode,
	nullif(i.info->>'build_time', '') AS build_time,
	nullif(i.info->>'git_commit', '') AS git_commit,
	nullif(i.info->>'go_version', '') AS go_version
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'Connect')->'server_info' AS info OFFSET 0) i;
COMMENT ON VIEW milvus.health IS 'are the servers well? With a row for each, whatever keeps it from being asked';
CREATE OR REPLACE VIEW milvus.databases AS
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
CREATE OR REPLACE VIEW milvus.resource_groups AS
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
CREATE OR REPLACE VIEW milvus.metrics AS
SELECT s.server, (m.answer->>'response')::jsonb AS metrics
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'GetMetrics', '{"request": {"metric_type": "system_info"}}') AS answer OFFSET 0) m;
COMMENT ON VIEW milvus.metrics IS 'metrics of all nodes as reported by Milvus, as one document';
CREATE OR REPLACE VIEW milvus.nodes AS
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
CREATE OR REPLACE VIEW milvus.components AS
SELECT s.server, (c.component->>'nodeID')::bigint AS node, c.component->>'role' AS role,
	c.component->>'state_code' AS state, milvus.pairs(c.component->'extra_info') AS extra_info
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.get(s.server, 'GetComponentStates') AS answer OFFSET 0) a
CROSS JOIN LATERAL milvus.elements(jsonb_build_array(a.answer->'state') || coalesce(a.answer->'subcomponent_states', '[]')) AS c(component)
WHERE c.component <> 'null';
CREATE OR REPLACE VIEW milvus.file_resources AS
SELECT s.server, (f.resource->>'id')::bigint AS id, f.resource->>'name' AS name, f.resource->>'path' AS path
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'ListFileResources')->'resources') AS f(resource);
CREATE OR REPLACE VIEW milvus.replication AS
SELECT s.server, r.configuration->'clusters' AS clusters, r.configuration->'cross_cluster_topology' AS topology
FROM milvus.usable_servers s
CROSS JOIN LATERAL (SELECT milvus.call(s.server, 'GetReplicateConfiguration')->'configuration' AS configuration OFFSET 0) r;
CREATE OR REPLACE VIEW milvus.users AS
SELECT s.server, u.entry->'user'->>'name' AS user_name,
	ARRAY(SELECT r->>'name' FROM jsonb_array_elements(u.entry->'roles') AS r ORDER BY 1) AS roles,
	u.entry->>'description' AS description
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'SelectUser', '{"include_role_info": true}')->'results') AS u(entry);
CREATE OR REPLACE VIEW milvus.roles AS
SELECT s.server, r.entry->'role'->>'name' AS role, r.entry->'role'->>'description' AS description,
	ARRAY(SELECT u->>'name' FROM jsonb_array_elements(r.entry->'users') AS u ORDER BY 1) AS members
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'SelectRole', '{"include_user_info": true}')->'results') AS r(entry);
CREATE OR REPLACE VIEW milvus.privilege_groups AS
SELECT s.server, g.entry->>'group_name' AS privilege_group,
	ARRAY(SELECT p->>'name' FROM jsonb_array_elements(g.entry->'privileges') AS p ORDER BY 1) AS privileges
FROM milvus.usable_servers s
CROSS JOIN LATERAL milvus.elements(milvus.get(s.server, 'ListPrivilegeGroups')->'privilege_groups') AS g(entry);
CREATE OR REPLACE VIEW milvus.user_tags AS
SELECT u.server, u.user_name, milvus.get_of(u.server, 'GetUserTags', jsonb_build_object('user_name', u.user_name))->'tags' AS tags
FROM (SELECT s.server, n.user_name FROM milvus.usable_servers s
	CROSS JOIN LATERAL milvus.element_texts(milvus.get(s.server, 'ListCredUsers')->'usernames') AS n(user_name)) u;
COMMENT ON FUNCTION milvus.alter_alias(rel regclass, alias text, server name, collection text, database text) IS 'point an alias at another collection';
CREATE OR REPLACE FUNCTION milvus.check_health(server name, OUT healthy boolean, OUT reasons text[], OUT quota_states text[], OUT error text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
	answer jsonb;
BEGIN
	-- Milvus Lite 2 can't be asked: it is well when it answers at all
	answer := milvus.get_or(server, 'CheckHealth', '{}', jsonb_build_object('isHealthy', milvus.dialect(server) IS NOT NULL));
	healthy := answer->'isHealthy';
	reasons := milvus.texts(answer->'reasons');
	quota_states := milvus.texts(answer->'quota_states');
EXCEPTION
	WHEN OTHERS THEN
		healthy := false;
		error := sqlerrm;
END $function$;
COMMENT ON FUNCTION milvus.check_health(server name) IS 'health of a server; connection errors are returned, not raised';
COMMENT ON FUNCTION milvus.import(rel regclass, files text[], options jsonb, wait boolean, partition text, row_based boolean, server name, collection text, database text) IS 'have Milvus import files that its storage has, and wait for it; a loaded collection then wants milvus.load(..., refresh => true)';
COMMENT ON FUNCTION milvus.prewarm(rel regclass, replicas integer, fields text[], namespace text, ttl_seconds bigint, priority text, wait boolean, server name, collection text, database text) IS 'warm the caches of a collection, and wait for it';
COMMENT ON FUNCTION milvus.unpin_snapshot(server name, pin bigint) IS 'release the pinned files of a snapshot';
CREATE OR REPLACE FUNCTION milvus_internal.add_field(rel regclass DEFAULT NULL::regclass, field text DEFAULT NULL::text, schema jsonb DEFAULT NULL::jsonb, server name DEFAULT NULL::name, collection text DEFAULT NULL::text, database text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
	t milvus.target := milvus.whole_target(rel, server, collection, database);
	whole jsonb := schema;
BEGIN
	IF schema IS NULL AND rel IS NOT NULL THEN
		SELECT f INTO whole FROM jsonb_array_elements(milvus.table_schema(rel, as_new => true)->'fields') AS f WHERE f->>'name' = field;
	END IF;
	IF whole IS NULL OR coalesce(field, schema->>'name') IS NULL THEN
		RAISE undefined_column USING MESSAGE = format('there is no column for a field "%s"', field),
			HINT = 'Add the column to the foreign table first, or give the field''s schema.';
	END IF;
	whole := whole || jsonb_build_object('name', coalesce(field, schema->>'name'));
	PERFORM milvus.check_schema(t.server, jsonb_build_object('fields', jsonb_build_array(whole)));
	PERFORM milvus.perform(t.server, 'AddCollectionField', milvus.naming(t) || jsonb_build_object('schema', jsonb_strip_nulls(whole)));
END $function$;
COMMENT ON FUNCTION milvus_internal.alter_alias(rel regclass, alias text, server name, collection text, database text) IS 'point an alias at another collection';
CREATE OR REPLACE FUNCTION milvus_internal.create_collection(rel regclass DEFAULT NULL::regclass, shards integer DEFAULT 1, consistency_level text DEFAULT 'Bounded'::text, partitions bigint DEFAULT NULL::bigint, properties jsonb DEFAULT '{}'::jsonb, schema jsonb DEFAULT NULL::jsonb, server name DEFAULT NULL::name, collection text DEFAULT NULL::text, database text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
	t milvus.target := milvus.target(rel, server, collection, database);
	whole jsonb := CASE WHEN rel IS NULL THEN '{}' ELSE milvus.table_schema(rel, as_new => true) END || coalesce(schema, '{}')
		|| jsonb_build_object('name', t.collection);
BEGIN
	IF coalesce(jsonb_array_length(whole->'fields'), 0) = 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'a collection needs fields',
			HINT = 'Name a foreign table, or give a schema, as milvus.table_schema() shows it.';
	END IF;
	PERFORM milvus.check_schema(t.server, whole);
	IF milvus.has_collection(server => t.server, collection => t.collection, database => t.database) THEN
		RAISE NOTICE 'collection "%" exists already', t.collection;
	END IF;
	PERFORM milvus.perform(t.server, 'CreateCollection', milvus.naming(t)
		|| jsonb_strip_nulls(jsonb_build_object('schema', whole, 'shards_num', shards,
			'consistency_level', consistency_level, 'num_partitions', partitions, 'properties', properties)));
END $function$;
CREATE OR REPLACE FUNCTION milvus_internal.create_index(rel regclass DEFAULT NULL::regclass, field text DEFAULT NULL::text, index_type text DEFAULT NULL::text, metric_type text DEFAULT NULL::text, params jsonb DEFAULT '{}'::jsonb, index_name text DEFAULT NULL::text, wait boolean DEFAULT true, server name DEFAULT NULL::name, collection text DEFAULT NULL::text, database text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
END $function$;
COMMENT ON FUNCTION milvus_internal.import(rel regclass, files text[], options jsonb, wait boolean, partition text, row_based boolean, server name, collection text, database text) IS 'have Milvus import files that its storage has, and wait for it; a loaded collection then wants milvus.load(..., refresh => true)';
COMMENT ON FUNCTION milvus_internal.prewarm(rel regclass, replicas integer, fields text[], namespace text, ttl_seconds bigint, priority text, wait boolean, server name, collection text, database text) IS 'warm the caches of a collection, and wait for it';
COMMENT ON FUNCTION milvus_internal.unpin_snapshot(server name, pin bigint) IS 'release the pinned files of a snapshot';

ALTER VIEW milvus.collections RENAME COLUMN rows TO estimated_rows;
COMMENT ON VIEW milvus.collections IS 'the collections of all servers and databases; estimated_rows: as far as flushed, and deleted ones too';
ALTER VIEW milvus.partitions RENAME COLUMN rows TO estimated_rows;
CREATE FUNCTION milvus.table_ddl(rel regclass, server name, name text DEFAULT NULL, collection text DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
DECLARE
	can jsonb := (SELECT jsonb_object_agg(flag, value) FROM milvus.dialect_flags(server));
	foreign_name text := coalesce(name, (SELECT relname FROM pg_class WHERE oid = rel) || '_milvus');
	key smallint := (SELECT conkey[1] FROM pg_constraint WHERE conrelid = rel AND contype = 'p' AND cardinality(conkey) = 1);
	columns text[] := '{}';
	notes text[] := '{}';
	values_ text[] := '{}';
	c record;
	type text;
	note text;
BEGIN
	FOR c IN SELECT a.attname, a.attnum, a.attnotnull OR a.attnum = key AS required, format_type(a.atttypid, a.atttypmod) AS declared,
			CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END AS plain,
			coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text AS base, coalesce(e.typname, '') AS element
		FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typlen = -1 AND t.typcategory = 'A'
		WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LOOP
		type := CASE
			WHEN c.attnum = key AND c.base IN ('smallint', 'integer', 'bigint') THEN 'bigint'
			WHEN c.base IN ('boolean', 'smallint', 'integer', 'bigint', 'real', 'double precision', 'text', 'jsonb') THEN c.declared
			WHEN c.base = 'character varying' OR c.base ~ '(^|\.)(vector|halfvec|sparsevec)$' THEN c.declared
			WHEN c.base = 'bit' THEN c.declared
			WHEN c.base = 'timestamp with time zone' AND (can->>'timestamptz_fields')::boolean AND c.attnum IS DISTINCT FROM key THEN c.declared
			WHEN c.element IN ('bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'text', 'varchar') THEN c.declared
			WHEN c.base = 'numeric' THEN 'double precision'
			WHEN c.base IN ('json', 'hstore') THEN 'jsonb'
			WHEN c.element = 'numeric' THEN 'double precision[]'
			WHEN c.element <> '' THEN 'text[]'
			WHEN c.base = 'uuid' THEN 'varchar(36)'
			WHEN c.base = 'character' THEN 'varchar' || substr(c.plain, length('character') + 1)
			ELSE 'text' END;
		IF c.attnum = key AND type NOT IN ('bigint', 'text') AND type !~ '^(varchar|character varying)' THEN
			type := 'text';
		END IF;
		note := concat_ws('; ', CASE WHEN type <> c.declared THEN 'was ' || c.declared END,
			CASE WHEN NOT c.required AND NOT (can->>'nullable_fields')::boolean THEN 'no NULL in this Milvus' END);
		columns := columns || format('%I %s%s%s', c.attname, type, CASE WHEN c.attnum = key THEN ' OPTIONS (primary_key ''true'')' END,
			CASE WHEN c.required OR NOT (can->>'nullable_fields')::boolean THEN ' NOT NULL' END);
		notes := notes || note;
		values_ := values_ || CASE WHEN type = c.declared THEN format('%I', c.attname)
			-- whatever DateStyle is
			WHEN type = 'text' AND c.base ~ '^(date|time)' THEN format('to_json(%I) #>> ''{}''', c.attname)
			WHEN type = 'jsonb' THEN format('to_jsonb(%I)', c.attname) ELSE format('%I::%s', c.attname, type) END;
	END LOOP;
	IF columns = '{}' THEN
		RAISE undefined_column USING MESSAGE = format('"%s" has no columns', rel);
	END IF;
	RETURN format(E'CREATE FOREIGN TABLE %1$I (\n%2$s\n) SERVER %3$I OPTIONS (collection %4$L);\n%5$s-- INSERT INTO %8$s SELECT %6$s FROM %7$s;', foreign_name,
		(SELECT string_agg(E'\t' || columns[i] || CASE WHEN i < cardinality(columns) THEN ',' ELSE '' END || coalesce(' -- ' || regexp_replace(nullif(notes[i], ''), '[\r\n]+', ' ', 'g'), ''), E'\n' ORDER BY i)
			FROM generate_subscripts(columns, 1) i),
		server, coalesce(collection, (SELECT relname FROM pg_class WHERE oid = rel)),
		CASE WHEN key IS NULL THEN E'-- without a primary key of one column here, the first column is it: its values must be unique\n' ELSE '' END,
		regexp_replace(array_to_string(values_, ', '), '[\r\n]+', ' ', 'g'), regexp_replace(rel::text, '[\r\n]+', ' ', 'g'),
		-- nothing may leave the comment that it is in
		regexp_replace(format('%I', foreign_name), '[\r\n]+', ' ', 'g'));
END $$;
COMMENT ON FUNCTION milvus.table_ddl(regclass, name, text, text) IS 'the CREATE FOREIGN TABLE for a local table: what Milvus has no type for becomes another, and comments say so';
ALTER FUNCTION milvus.table_ddl(regclass, name, text, text) SET search_path = pg_catalog, pg_temp;
