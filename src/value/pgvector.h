/*
 * pgvector.h
 *		pgvector's types and distances, when it is installed.
 *
 * Found by extension membership, never by name alone: other extensions define
 * functions of the same names, and pgvector may be in any schema.
 */
#ifndef MILVUS_PGVECTOR_H
#define MILVUS_PGVECTOR_H

#include "postgres.h"

typedef enum PgvectorType
{
	PGVECTOR_NONE,
	PGVECTOR_VECTOR,
	PGVECTOR_HALFVEC,
	PGVECTOR_SPARSEVEC
} PgvectorType;

/* pgvector's layouts, as of 0.8 (its vector.h, halfvec.h, sparsevec.h) */
typedef struct VectorLayout
{
	int32		vl_len_;
	int16		dim;
	int16		unused;
	float4		x[FLEXIBLE_ARRAY_MEMBER];
} VectorLayout;

typedef struct HalfvecLayout
{
	int32		vl_len_;
	int16		dim;
	int16		unused;
	uint16		x[FLEXIBLE_ARRAY_MEMBER];
} HalfvecLayout;

typedef struct SparsevecLayout
{
	int32		vl_len_;
	int32		dim;
	int32		nnz;
	int32		unused;
	int32		indices[FLEXIBLE_ARRAY_MEMBER]; /* from 0; then nnz float4 */
} SparsevecLayout;

#define PGVECTOR_MAX_DIM 16000
#define SPARSEVEC_MAX_DIM 1000000000
#define SPARSEVEC_MAX_NNZ 16000

/* Which of pgvector's types is it? */
extern PgvectorType pgvector_classify(Oid typeid);

/* The OID of one of its types, InvalidOid without pgvector. */
extern Oid	pgvector_type(PgvectorType type);

/* What a distance operator computes. */
typedef enum DistanceKind
{
	DISTANCE_NONE,
	DISTANCE_L2,				/* <-> */
	DISTANCE_IP,				/* <#>, the negative inner product */
	DISTANCE_COSINE,			/* <=> */
	DISTANCE_HAMMING,			/* <~> */
	DISTANCE_JACCARD,			/* <%> */
	DISTANCE_BM25,				/* milvus.<@>: the negative score; of words,
								 * which only a server knows */
	DISTANCE_FUSED				/* milvus.rrf(), milvus.weighted(): of several
								 * of those above */
} DistanceKind;

/*
 * The name of a function of pgvector, without the type that it may begin with
 * ("halfvec_"), or of this extension; "" of any other.
 */
extern const char *known_function_name(Oid function, bool *is_ours);

/*
 * Is it one of pgvector's distance functions, or of ours, which are also those of
 * the operators?  *negated: its value is the distance, but for the sign, as that of
 * inner_product().
 */
extern DistanceKind distance_classify(Oid function, bool *negated);

/* Does it have no meaning but by searches? */
#define distance_is_only_in_milvus(kind) ((kind) == DISTANCE_BM25 || (kind) == DISTANCE_FUSED)

/* Milvus' name of the metric, and pgvector's value for a score of it. */
extern const char *distance_metric(DistanceKind kind);
extern DistanceKind distance_of_metric(const char *metric);
extern double distance_from_score(DistanceKind kind, double score);

#endif							/* MILVUS_PGVECTOR_H */
