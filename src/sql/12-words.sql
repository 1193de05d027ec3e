-- words in a text: only Milvus can find and rank them, so these are sent or refused, and never computed here

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

-- several ranks as one: of distances, and of ranks by words

CREATE FUNCTION milvus.rrf(legs double precision[], k integer DEFAULT 60, candidates integer DEFAULT 100, params jsonb DEFAULT NULL) RETURNS double precision
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.rrf(double precision[], integer, integer, jsonb) IS 'negative sum of 1 / (k + place) over the legs in which a row is among the first candidates';
CREATE FUNCTION milvus.weighted(legs double precision[], weights double precision[], candidates integer DEFAULT 100, params jsonb DEFAULT NULL) RETURNS double precision
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'milvus_only_in_milvus';
COMMENT ON FUNCTION milvus.weighted(double precision[], double precision[], integer, jsonb) IS 'negative weighted sum of the scores, each between 0 and 1, of the legs in which a row is among the first candidates';
