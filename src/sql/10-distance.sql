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
