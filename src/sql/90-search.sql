-- searches that SQL has no words for

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
