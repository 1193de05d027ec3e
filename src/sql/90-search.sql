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
