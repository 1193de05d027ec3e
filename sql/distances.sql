-- distances for a PostgreSQL without pgvector, held against the same in SQL; needs no server
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS milvus_fdw;
-- eighths: each sum is exact
CREATE TEMP TABLE pairs AS
	SELECT i, array_agg((((i * 37 + j * 101) % 64 - 32) / 8.0)::real ORDER BY j) AS a, array_agg((((i * 59 + j * 23) % 64 - 31) / 8.0)::real ORDER BY j) AS b
	FROM generate_series(1, 60) i, generate_series(1, 20) j WHERE j <= 1 + i % 20 GROUP BY i;
CREATE TEMP VIEW sums AS SELECT i, a, b, sum((x - y) ^ 2) AS squares, sum(x * y) AS product, sum(x * x) AS aa, sum(y * y) AS bb
	FROM pairs, unnest(a::double precision[], b::double precision[]) u(x, y) GROUP BY i, a, b;
SELECT count(*), min(array_length(a, 1)), max(array_length(a, 1)), count(DISTINCT squares) > 50 AS various FROM sums;
-- none differs
SELECT i, a OPERATOR(milvus.<->) b, sqrt(squares) FROM sums WHERE (a OPERATOR(milvus.<->) b) IS DISTINCT FROM sqrt(squares);
SELECT i, a OPERATOR(milvus.<#>) b, -product FROM sums WHERE (a OPERATOR(milvus.<#>) b) IS DISTINCT FROM -product;
SELECT i, a OPERATOR(milvus.<=>) b FROM sums WHERE aa > 0 AND bb > 0
	AND (abs((a OPERATOR(milvus.<=>) b) - (1 - product / sqrt(aa * bb))) < 1e-15) IS DISTINCT FROM true;
CREATE TEMP TABLE bits AS SELECT (i * 977 % 65536)::bit(16) AS a, (i * 613 % 65536)::bit(16) AS b FROM generate_series(0, 40) i;
SELECT a, b FROM bits WHERE (a OPERATOR(milvus.<~>) b) IS DISTINCT FROM bit_count(a # b)::double precision;
SELECT a, b, a OPERATOR(milvus.<%>) b FROM bits WHERE bit_count(a | b) > 0
	AND (abs((a OPERATOR(milvus.<%>) b) - (1 - bit_count(a & b)::double precision / bit_count(a | b))) < 1e-15) IS DISTINCT FROM true;
-- what has no distance
SELECT '{0,0}'::real[] OPERATOR(milvus.<=>) '{1,2}', '{1,2}'::real[] OPERATOR(milvus.<->) NULL;
SELECT '{1,2}'::real[] OPERATOR(milvus.<->) '{1,2,3}';
SELECT '{1,NULL}'::real[] OPERATOR(milvus.<->) '{1,2}';
SELECT '{{1,2}}'::real[] OPERATOR(milvus.<->) '{1,2}';
SELECT B'101' OPERATOR(milvus.<~>) B'1010';
