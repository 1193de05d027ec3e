-- any RPC: what everything else stands on

CREATE FUNCTION milvus.call(server name, rpc text, request jsonb DEFAULT '{}') RETURNS jsonb
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_call';
REVOKE ALL ON FUNCTION milvus.call(name, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION milvus.call(name, text, jsonb) IS 'call any RPC of MilvusService; see milvus.rpcs()';

CREATE FUNCTION milvus.get(server name, rpc text, request jsonb DEFAULT '{}') RETURNS jsonb
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'milvus_get';
COMMENT ON FUNCTION milvus.get(name, text, jsonb) IS 'call an RPC that only reads metadata';

CREATE FUNCTION milvus.rpcs(OUT rpc text, OUT request text, OUT response text, OUT only_reads boolean)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_rpcs';
COMMENT ON FUNCTION milvus.rpcs() IS 'the RPCs of MilvusService that milvus.call() knows';

CREATE FUNCTION milvus.get_quietly(server name, rpc text, request jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
	RETURN milvus.get(server, rpc, request);
EXCEPTION
	-- a server without the RPC, or without the thing asked for, has no rows to show
	WHEN feature_not_supported OR undefined_object OR undefined_table
		OR object_not_in_prerequisite_state THEN
		RETURN NULL;
END $$;
COMMENT ON FUNCTION milvus.get_quietly(name, text, jsonb) IS 'milvus.get(), or NULL where the server has no answer';

-- [{"key": k, "value": v}, …] as {k: v, …}
CREATE FUNCTION milvus.pairs(list jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(jsonb_object_agg(p->>'key', p->>'value'), '{}')
	FROM jsonb_array_elements(list) AS p
$$;
COMMENT ON FUNCTION milvus.pairs(jsonb) IS 'a list of KeyValuePairs as one object';

CREATE TYPE milvus.target AS (server name, database text, collection text, partition text);

CREATE FUNCTION milvus.target(rel regclass, server name, collection text, database text) RETURNS milvus.target
	LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'milvus_target';
COMMENT ON FUNCTION milvus.target(regclass, name, text, text) IS 'what a foreign table, or names, stand for in Milvus';

CREATE FUNCTION milvus.table_schema(rel regclass) RETURNS jsonb
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_table_schema';
COMMENT ON FUNCTION milvus.table_schema(regclass) IS 'the CollectionSchema that a foreign table''s columns describe';
