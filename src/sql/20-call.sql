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

CREATE FUNCTION milvus.dialect_flags(server name, OUT flag text, OUT value boolean, OUT source text) RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 50 AS 'MODULE_PATHNAME', 'milvus_dialect_flags';
COMMENT ON FUNCTION milvus.dialect_flags(name) IS 'what a server is taken to do, and where that is known from; false is the cautious value';

-- [{"key": k, "value": v}, ...] as {k: v, ...}
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

CREATE FUNCTION milvus.table_schema(rel regclass, as_new boolean DEFAULT false) RETURNS jsonb
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_table_schema';
COMMENT ON FUNCTION milvus.table_schema(regclass, boolean) IS 'the CollectionSchema that a foreign table''s columns describe, with the lengths and capacities of its collection, unless as_new';

CREATE FUNCTION milvus.check_schema(server name, schema jsonb) RETURNS void
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'milvus_check_schema';
COMMENT ON FUNCTION milvus.check_schema(name, jsonb) IS 'internal: an error unless the server can store a collection of this schema';

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
