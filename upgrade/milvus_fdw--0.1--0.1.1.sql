-- from the first release to 0.1.1

CREATE FUNCTION milvus.dialect_flags(server name, OUT flag text, OUT value boolean, OUT source text) RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL UNSAFE ROWS 50 AS 'MODULE_PATHNAME', 'milvus_dialect_flags';
COMMENT ON FUNCTION milvus.dialect_flags(name) IS 'what a server is taken to do, and where that is known from; false is the cautious value';
