-- words in a text: only Milvus can find and rank them, so these are sent or refused, and never computed here

CREATE FUNCTION milvus.bm25_distance(body text, words text) RETURNS double precision
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.bm25_distance(text, text) IS 'negative BM25 score, 0 without a match';
CREATE OPERATOR milvus.<@> (FUNCTION = milvus.bm25_distance, LEFTARG = text, RIGHTARG = text);
COMMENT ON OPERATOR milvus.<@> (text, text) IS 'negative BM25 score, 0 without a match';

CREATE FUNCTION milvus.text_match(body text, words text, minimum integer DEFAULT NULL) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.text_match(text, text, integer) IS 'does a text have one of the words, or that many of them?';
CREATE FUNCTION milvus.phrase_match(body text, phrase text, slop integer DEFAULT 0) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.phrase_match(text, text, integer) IS 'does a text have the words in this order, with so many others between?';
