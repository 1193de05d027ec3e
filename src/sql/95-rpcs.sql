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
