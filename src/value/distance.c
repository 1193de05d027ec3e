/*
 * distance.c
 *		Distance operators for real[] and bit, for a PostgreSQL without pgvector.
 *
 * Their values are pgvector's.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/varbit.h"

PG_FUNCTION_INFO_V1(milvus_l2_distance);
PG_FUNCTION_INFO_V1(milvus_negative_inner_product);
PG_FUNCTION_INFO_V1(milvus_cosine_distance);
PG_FUNCTION_INFO_V1(milvus_hamming_distance);
PG_FUNCTION_INFO_V1(milvus_jaccard_distance);

/* The elements of two vectors of the same length. */
static int
take_vectors(FunctionCallInfo fcinfo, const float4 **a, const float4 **b)
{
	ArrayType  *left = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *right = PG_GETARG_ARRAYTYPE_P(1);
	int			dim = ArrayGetNItems(ARR_NDIM(left), ARR_DIMS(left));

	if (ARR_NDIM(left) > 1 || ARR_NDIM(right) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a vector must be a one-dimensional array")));
	if (array_contains_nulls(left) || array_contains_nulls(right))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a vector must not contain nulls")));
	if (dim != ArrayGetNItems(ARR_NDIM(right), ARR_DIMS(right)))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different vector dimensions %d and %d", dim,
						ArrayGetNItems(ARR_NDIM(right), ARR_DIMS(right)))));
	*a = (const float4 *) ARR_DATA_PTR(left);
	*b = (const float4 *) ARR_DATA_PTR(right);
	return dim;
}

Datum
milvus_l2_distance(PG_FUNCTION_ARGS)
{
	const float4 *a,
			   *b;
	int			dim = take_vectors(fcinfo, &a, &b);
	double		sum = 0;

	for (int i = 0; i < dim; i++)
	{
		double		d = (double) a[i] - b[i];

		sum += d * d;
	}
	PG_RETURN_FLOAT8(sqrt(sum));
}

Datum
milvus_negative_inner_product(PG_FUNCTION_ARGS)
{
	const float4 *a,
			   *b;
	int			dim = take_vectors(fcinfo, &a, &b);
	double		sum = 0;

	for (int i = 0; i < dim; i++)
		sum += (double) a[i] * b[i];
	PG_RETURN_FLOAT8(-sum);
}

Datum
milvus_cosine_distance(PG_FUNCTION_ARGS)
{
	const float4 *a,
			   *b;
	int			dim = take_vectors(fcinfo, &a, &b);
	double		product = 0,
				norm_a = 0,
				norm_b = 0,
				similarity;

	for (int i = 0; i < dim; i++)
	{
		product += (double) a[i] * b[i];
		norm_a += (double) a[i] * a[i];
		norm_b += (double) b[i] * b[i];
	}
	/* NaN for a zero vector, as pgvector */
	similarity = product / sqrt(norm_a * norm_b);
	if (similarity > 1)
		similarity = 1;
	else if (similarity < -1)
		similarity = -1;
	PG_RETURN_FLOAT8(1 - similarity);
}

static int
take_bits(FunctionCallInfo fcinfo, const uint8 **a, const uint8 **b)
{
	VarBit	   *left = PG_GETARG_VARBIT_P(0);
	VarBit	   *right = PG_GETARG_VARBIT_P(1);

	if (VARBITLEN(left) != VARBITLEN(right))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different bit lengths %u and %u", VARBITLEN(left), VARBITLEN(right))));
	*a = VARBITS(left);
	*b = VARBITS(right);
	return VARBITBYTES(left);
}

Datum
milvus_hamming_distance(PG_FUNCTION_ARGS)
{
	const uint8 *a,
			   *b;
	int			bytes = take_bits(fcinfo, &a, &b);
	int64		differing = 0;

	for (int i = 0; i < bytes; i++)
		differing += pg_number_of_ones[a[i] ^ b[i]];
	PG_RETURN_FLOAT8((double) differing);
}

Datum
milvus_jaccard_distance(PG_FUNCTION_ARGS)
{
	const uint8 *a,
			   *b;
	int			bytes = take_bits(fcinfo, &a, &b);
	int64		both = 0,
				either = 0;

	for (int i = 0; i < bytes; i++)
	{
		both += pg_number_of_ones[a[i] & b[i]];
		either += pg_number_of_ones[a[i] | b[i]];
	}
	/* no bit in common: as far as can be, also when there is none at all */
	PG_RETURN_FLOAT8(both == 0 ? 1.0 : 1.0 - (double) both / either);
}
