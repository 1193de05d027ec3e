/*
 * vector.c
 *		Vectors on the wire as pgvector's types, real[], smallint[], bit, jsonb.
 *
 * On the wire all are little-endian, see flat.h.  Must know nothing but values.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/varbit.h"

#include "pgvector.h"
#include "vector.h"

/* The dimension of a value must be the field's: servers don't always check. */
static void
check_dimension(const Codec *codec, int dim)
{
	if (codec->field.dim > 0 && dim != codec->field.dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("column \"%s\": expected %d dimensions, not %d",
						codec->column, codec->field.dim, dim)));
}

static void
check_received(const Codec *codec, size_t len, size_t wanted)
{
	if (len != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("column \"%s\": received a vector of %zu bytes instead of %zu",
						codec->column, len, wanted)));
}

static void
check_element(const Codec *codec, float4 element)
{
	if (isnan(element) || isinf(element))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("column \"%s\": %s not allowed in a vector", codec->column,
						isnan(element) ? "NaN" : "infinite value")));
}

/* IEEE half precision to single */
static float4
half_to_float(uint16 half)
{
	uint32		sign = (uint32) (half & 0x8000) << 16;
	uint32		exponent = (half >> 10) & 0x1f;
	uint32		fraction = half & 0x3ff;
	union
	{
		uint32		bits;
		float4		value;
	}			result;

	if (exponent == 0)
	{
		/* zero, or subnormal: fraction * 2^-24 */
		result.value = ldexpf((float4) fraction, -24);
		result.bits |= sign;
	}
	else if (exponent == 0x1f)
		result.bits = sign | 0x7f800000 | fraction << 13;
	else
		result.bits = sign | (exponent + 112) << 23 | fraction << 13;
	return result.value;
}

static float4
bfloat_to_float(uint16 bits16)
{
	union
	{
		uint32		bits;
		float4		value;
	}			result;

	result.bits = (uint32) bits16 <<16;

	return result.value;
}

/* Single to half precision, rounding to even; false when it is too large. */
static bool
float_to_half(float4 value, uint16 *half)
{
	union
	{
		float4		value;
		uint32		bits;
	}			in = {value};
	uint32		sign = in.bits >> 16 & 0x8000;
	int32		exponent = (int32) (in.bits >> 23 & 0xff) - 127;
	uint32		fraction = (in.bits & 0x7fffff) | 0x800000;
	int			shift;
	uint32		rounded;

	if ((in.bits & 0x7fffffff) == 0 || exponent < -25)
	{
		*half = (uint16) sign;
		return true;
	}
	/* how many bits of the fraction go: 13, more below the normal range */
	shift = exponent < -14 ? 13 + (-14 - exponent) : 13;
	rounded = (fraction >> shift);
	if ((fraction & ((1u << shift) - 1)) > (1u << (shift - 1)) ||
		((fraction & ((1u << shift) - 1)) == (1u << (shift - 1)) && (rounded & 1)))
		rounded++;
	if (exponent >= -14)
		rounded += (uint32) (exponent + 14) << 10;
	if (rounded >= 0x7c00)
		return false;
	*half = (uint16) (sign | rounded);
	return true;
}

/* Single to bfloat16, rounding to even; false when it is too large. */
static bool
float_to_bfloat(float4 value, uint16 *half)
{
	union
	{
		float4		value;
		uint32		bits;
	}			in = {value};

	*half = (uint16) ((in.bits + 0x7fff + (in.bits >> 16 & 1)) >> 16);
	return (*half & 0x7f80) != 0x7f80;
}

/* The elements of a dense vector as received, whatever their width, into x[dim]. */
static void
widen_elements(const Codec *codec, FlatSlice bytes, float4 *x)
{
	int			dim = codec->field.dim;
	uint16		half;

	switch (codec->field.type)
	{
		case MILVUS_FLOAT_VECTOR:
			check_received(codec, bytes.len, sizeof(float4) * dim);
			memcpy(x, bytes.data, bytes.len);
			break;
		case MILVUS_INT8_VECTOR:
			check_received(codec, bytes.len, dim);
			for (int i = 0; i < dim; i++)
				x[i] = (int8) bytes.data[i];
			break;
		default:
			check_received(codec, bytes.len, sizeof(half) * dim);
			for (int i = 0; i < dim; i++)
			{
				memcpy(&half, bytes.data + sizeof(half) * i, sizeof(half));
				x[i] = codec->field.type == MILVUS_FLOAT16_VECTOR ? half_to_float(half) : bfloat_to_float(half);
			}
	}
}

/*
 * Append the nearest element that the field, of half precision or of whole
 * numbers, can hold.  False when a row cannot be
 * given the number: it is beyond the range of the elements, or they are whole
 * numbers and it is none.
 */
static bool
put_nearest(const Codec *codec, float4 value, FlatBuffer *values)
{
	bool		fits;

	if (codec->field.type == MILVUS_INT8_VECTOR)
	{
		int8		element = (int8) Max(PG_INT8_MIN, Min(PG_INT8_MAX, rintf(value)));

		fits = element == value;
		flat_put_bytes(values, &element, sizeof(element));
	}
	else
	{
		bool		is_float16 = codec->field.type == MILVUS_FLOAT16_VECTOR;
		uint16		largest = is_float16 ? 0x7bff : 0x7f7f;
		uint16		half;

		fits = is_float16 ? float_to_half(value, &half) : float_to_bfloat(value, &half);
		if (!fits)
			half = value < 0 ? 0x8000 | largest : largest;
		flat_put_bytes(values, &half, sizeof(half));
	}
	return fits;
}

static void
put_element(const Codec *codec, float4 value, FlatBuffer *values)
{
	if (!put_nearest(codec, value, values))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\": %g cannot be an element of a vector of type %s",
						codec->column, value, milvus_type(codec->field.type)->name),
				 codec->field.type == MILVUS_INT8_VECTOR ?
				 errdetail("Its elements are whole numbers from -128 to 127.") :
				 errdetail("Its elements are at most %g.", codec->field.type == MILVUS_FLOAT16_VECTOR ?
						   half_to_float(0x7bff) : bfloat_to_float(0x7f7f))));
}

/* The same backwards: append elements in the field's width. */
static void
put_elements(const Codec *codec, const float4 *x, int dim, FlatBuffer *values)
{
	check_dimension(codec, dim);
	for (int i = 0; i < dim; i++)
		check_element(codec, x[i]);
	if (codec->field.type == MILVUS_FLOAT_VECTOR)
		flat_put_bytes(values, x, sizeof(float4) * dim);
	else
		for (int i = 0; i < dim; i++)
			put_element(codec, x[i], values);
}

static Datum
read_vector(const Codec *codec, const FlatValue *value)
{
	int			dim = codec->field.dim;
	Size		size = offsetof(VectorLayout, x) + sizeof(float4) * dim;
	VectorLayout *vector = palloc(size);

	SET_VARSIZE(vector, size);
	vector->dim = dim;
	vector->unused = 0;
	widen_elements(codec, value->bytes, vector->x);
	for (int i = 0; i < dim; i++)
		check_element(codec, vector->x[i]);
	return PointerGetDatum(vector);
}

static void
write_vector(const Codec *codec, Datum value, FlatBuffer *values)
{
	VectorLayout *vector = (VectorLayout *) PG_DETOAST_DATUM(value);

	put_elements(codec, vector->x, vector->dim, values);
	if ((Pointer) vector != DatumGetPointer(value))
		pfree(vector);
}

static Datum
read_real_array(const Codec *codec, const FlatValue *value)
{
	int			dim = codec->field.dim;
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(float4) * dim;
	ArrayType  *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = FLOAT4OID;
	ARR_DIMS(array)[0] = dim;
	ARR_LBOUND(array)[0] = 1;
	widen_elements(codec, value->bytes, (float4 *) ARR_DATA_PTR(array));
	return PointerGetDatum(array);
}

/* A one-dimensional array without nulls. */
static ArrayType *
take_array(const Codec *codec, Datum value)
{
	ArrayType  *array = DatumGetArrayTypeP(value);

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("column \"%s\": a vector must be a one-dimensional array", codec->column)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\": a vector must not contain nulls", codec->column)));
	return array;
}

static void
write_real_array(const Codec *codec, Datum value, FlatBuffer *values)
{
	ArrayType  *array = take_array(codec, value);

	put_elements(codec, (float4 *) ARR_DATA_PTR(array),
				 ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), values);
	if ((Pointer) array != DatumGetPointer(value))
		pfree(array);
}

static Datum
read_halfvec(const Codec *codec, const FlatValue *value)
{
	int			dim = codec->field.dim;
	Size		size = offsetof(HalfvecLayout, x) + sizeof(uint16) * dim;
	HalfvecLayout *vector = palloc(size);

	check_received(codec, value->bytes.len, sizeof(uint16) * dim);
	SET_VARSIZE(vector, size);
	vector->dim = dim;
	vector->unused = 0;
	memcpy(vector->x, value->bytes.data, value->bytes.len);
	for (int i = 0; i < dim; i++)
		if ((vector->x[i] & 0x7c00) == 0x7c00)
			check_element(codec, half_to_float(vector->x[i]));
	return PointerGetDatum(vector);
}

static void
write_halfvec(const Codec *codec, Datum value, FlatBuffer *values)
{
	HalfvecLayout *vector = (HalfvecLayout *) PG_DETOAST_DATUM(value);

	check_dimension(codec, vector->dim);
	flat_put_bytes(values, vector->x, sizeof(uint16) * vector->dim);
	if ((Pointer) vector != DatumGetPointer(value))
		pfree(vector);
}

static Datum
read_bit(const Codec *codec, const FlatValue *value)
{
	int			dim = codec->field.dim;
	Size		size = VARBITTOTALLEN(dim);
	VarBit	   *bits = palloc0(size);

	check_received(codec, value->bytes.len, (dim + 7) / 8);
	SET_VARSIZE(bits, size);
	VARBITLEN(bits) = dim;
	/* the first bit is the highest of the first byte, as in numpy's packbits */
	memcpy(VARBITS(bits), value->bytes.data, value->bytes.len);
	/* bits beyond the last are 0 in every value */
	if (dim % BITS_PER_BYTE > 0)
		VARBITS(bits)[VARBITBYTES(bits) - 1] &= BITMASK << (BITS_PER_BYTE - dim % BITS_PER_BYTE);
	return PointerGetDatum(bits);
}

static void
write_bit(const Codec *codec, Datum value, FlatBuffer *values)
{
	VarBit	   *bits = DatumGetVarBitP(value);

	check_dimension(codec, VARBITLEN(bits));
	flat_put_bytes(values, VARBITS(bits), VARBITBYTES(bits));
}

static Datum
read_int2_array(const Codec *codec, const FlatValue *value)
{
	int			dim = codec->field.dim;
	Datum	   *elements = palloc(sizeof(Datum) * Max(dim, 1));
	ArrayType  *array;

	check_received(codec, value->bytes.len, dim);
	for (int i = 0; i < dim; i++)
		elements[i] = Int16GetDatum((int8) value->bytes.data[i]);
	array = construct_array(elements, dim, INT2OID, sizeof(int16), true, TYPALIGN_SHORT);
	pfree(elements);
	return PointerGetDatum(array);
}

static void
write_int2_array(const Codec *codec, Datum value, FlatBuffer *values)
{
	ArrayType  *array = take_array(codec, value);
	int			dim = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int16	   *x = (int16 *) ARR_DATA_PTR(array);

	check_dimension(codec, dim);
	for (int i = 0; i < dim; i++)
		put_element(codec, x[i], values);
}

/* One pair of a sparse vector as it lies on the wire. */
typedef struct SparsePair
{
	uint32		index;
	float4		value;
} SparsePair;

static int
compare_pairs(const void *a, const void *b)
{
	uint32		left = ((const SparsePair *) a)->index;
	uint32		right = ((const SparsePair *) b)->index;

	return left < right ? -1 : left > right;
}

/* The pairs of a received sparse vector, in order, without zeros. */
static SparsePair *
take_pairs(const Codec *codec, FlatSlice bytes, int *npairs)
{
	SparsePair *pairs = palloc(Max(bytes.len, sizeof(SparsePair)));
	int			count = 0;

	if (bytes.len % sizeof(SparsePair) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("column \"%s\": received a malformed sparse vector", codec->column)));
	memcpy(pairs, bytes.data, bytes.len);
	for (size_t i = 0; i < bytes.len / sizeof(SparsePair); i++)
	{
		check_element(codec, pairs[i].value);
		if (pairs[i].value != 0)
			pairs[count++] = pairs[i];
	}
	qsort(pairs, count, sizeof(SparsePair), compare_pairs);
	for (int i = 1; i < count; i++)
		if (pairs[i].index == pairs[i - 1].index)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_ERROR),
					 errmsg("column \"%s\": received a sparse vector with index %u twice", codec->column, pairs[i].index)));
	*npairs = count;
	return pairs;
}

static Datum
read_sparsevec(const Codec *codec, const FlatValue *value)
{
	int			npairs;
	SparsePair *pairs = take_pairs(codec, value->bytes, &npairs);
	int			dim = codec->typmod > 0 ? codec->typmod : SPARSEVEC_MAX_DIM;
	Size		size = offsetof(SparsevecLayout, indices) + (sizeof(int32) + sizeof(float4)) * npairs;
	SparsevecLayout *vector;
	float4	   *values;

	if (npairs > SPARSEVEC_MAX_NNZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\": a sparse vector of %d elements, where type sparsevec allows %d",
						codec->column, npairs, SPARSEVEC_MAX_NNZ)));
	vector = palloc0(size);
	values = (float4 *) (vector->indices + npairs);
	SET_VARSIZE(vector, size);
	vector->dim = dim;
	vector->nnz = npairs;
	for (int i = 0; i < npairs; i++)
	{
		if (pairs[i].index >= (uint32) dim)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("column \"%s\": index %u of a sparse vector exceeds its %d dimensions",
							codec->column, pairs[i].index + 1, dim)));
		vector->indices[i] = pairs[i].index;
		values[i] = pairs[i].value;
	}
	pfree(pairs);
	return PointerGetDatum(vector);
}

/* Put one sparse row; rows are byte strings, unlike those of the other vectors. */
static void
put_pairs(const SparsePair *pairs, int npairs, FlatBuffer *values)
{
	flat_put_field(values, 1, pairs, sizeof(SparsePair) * npairs);
}

static void
write_sparsevec(const Codec *codec, Datum value, FlatBuffer *values)
{
	SparsevecLayout *vector = (SparsevecLayout *) PG_DETOAST_DATUM(value);
	const float4 *x = (const float4 *) (vector->indices + vector->nnz);
	SparsePair *pairs = palloc(sizeof(SparsePair) * Max(vector->nnz, 1));

	for (int i = 0; i < vector->nnz; i++)
		pairs[i] = (SparsePair) {vector->indices[i], x[i]};
	put_pairs(pairs, vector->nnz, values);
	pfree(pairs);
}

static Datum
read_sparse_json(const Codec *codec, const FlatValue *value)
{
	int			npairs;
	SparsePair *pairs = take_pairs(codec, value->bytes, &npairs);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (int i = 0; i < npairs; i++)
	{
		char	   *number = DatumGetCString(DirectFunctionCall1(float4out, Float4GetDatum(pairs[i].value)));

		appendStringInfo(&text, "%s\"%u\":%s", i > 0 ? "," : "", pairs[i].index, number);
		pfree(number);
	}
	appendStringInfoChar(&text, '}');
	pfree(pairs);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

static float4
sparse_value(const Codec *codec, Numeric number)
{
	double		value = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(number)));

	if (fabs(value) > FLT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\": %g is out of range for a sparse vector", codec->column, value)));
	return (float4) value;
}

static void
write_sparse_json(const Codec *codec, Datum value, FlatBuffer *values)
{
	Jsonb	   *json = DatumGetJsonbP(value);
	JsonbIterator *iterator;
	JsonbValue	item;
	JsonbIteratorToken token;
	SparsePair *pairs;
	int			npairs = 0;
	bool		well_formed = JB_ROOT_IS_OBJECT(json);

	pairs = palloc(sizeof(SparsePair) * Max(JB_ROOT_COUNT(json), 1));
	iterator = JsonbIteratorInit(&json->root);
	while (well_formed && (token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			char	   *key = pnstrdup(item.val.string.val, item.val.string.len);
			char	   *end;
			unsigned long index = strtoul(key, &end, 10);

			well_formed = key[0] >= '0' && key[0] <= '9' && *end == '\0' && index < PG_UINT32_MAX;
			pairs[npairs].index = (uint32) index;
		}
		else if (token == WJB_VALUE)
		{
			well_formed = item.type == jbvNumeric;
			if (well_formed)
				pairs[npairs++].value = sparse_value(codec, item.val.numeric);
		}
	}
	if (!well_formed)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\": a sparse vector must be a JSON object of numbers by index", codec->column),
				 errhint("For example {\"0\": 1.5, \"42\": 0.25}.")));
	qsort(pairs, npairs, sizeof(SparsePair), compare_pairs);
	put_pairs(pairs, npairs, values);
	pfree(pairs);
}

/* Has every vector of that many dimensions a value of the type? */
static bool
dimension_fits(Oid typeid, PgvectorType pgvector, int32 typmod, int dim)
{
	if (dim <= 0 || (pgvector != PGVECTOR_NONE && dim > PGVECTOR_MAX_DIM))
		return false;
	if (pgvector != PGVECTOR_NONE || typeid == BITOID)
		return typmod < 0 || dim == typmod;
	return typeid != VARBITOID || typmod < 0 || dim <= typmod;
}

bool
vector_find_codec(Oid typeid, int32 typmod, const FieldType *field, Codec *codec)
{
	PgvectorType pgvector = pgvector_classify(typeid);

	/* pgvector's modifier is the dimension, that of bit its length */
	if (field->type != MILVUS_SPARSE_VECTOR && !dimension_fits(typeid, pgvector, typmod, field->dim))
		return false;
	switch (field->type)
	{
		case MILVUS_FLOAT_VECTOR:
		case MILVUS_FLOAT16_VECTOR:
		case MILVUS_BFLOAT16_VECTOR:
		case MILVUS_INT8_VECTOR:
			if (pgvector == PGVECTOR_VECTOR)
				return codec_set_conversions(codec, read_vector, write_vector);
			if (pgvector == PGVECTOR_HALFVEC && field->type == MILVUS_FLOAT16_VECTOR)
				return codec_set_conversions(codec, read_halfvec, write_halfvec);
			if (typeid == INT2ARRAYOID && field->type == MILVUS_INT8_VECTOR)
				return codec_set_conversions(codec, read_int2_array, write_int2_array);
			return typeid == FLOAT4ARRAYOID && codec_set_conversions(codec, read_real_array, write_real_array);
		case MILVUS_BINARY_VECTOR:
			return (typeid == BITOID || typeid == VARBITOID) && codec_set_conversions(codec, read_bit, write_bit);
		case MILVUS_SPARSE_VECTOR:
			if (pgvector == PGVECTOR_SPARSEVEC)
				return codec_set_conversions(codec, read_sparsevec, write_sparsevec);
			return typeid == JSONBOID && codec_set_conversions(codec, read_sparse_json, write_sparse_json);
		default:
			return false;
	}
}

Datum
vector_as_stored(const Codec *codec, Datum value)
{
	FlatBuffer	bytes = codec_make_buffer();
	FlatValue	stored = {0};

	codec->write(codec, value, &bytes);
	stored.bytes = (FlatSlice) {bytes.data, bytes.len};
	return codec->read(codec, &stored);
}

bool
vector_may_round(Oid typeid, MilvusType type)
{
	switch (type)
	{
		case MILVUS_FLOAT16_VECTOR:
			return pgvector_classify(typeid) != PGVECTOR_HALFVEC;
		case MILVUS_INT8_VECTOR:
			return typeid != INT2ARRAYOID;
		default:
			return type == MILVUS_BFLOAT16_VECTOR;
	}
}

/* How far apart two vectors are. */
static VectorRounding
measure_rounding(const float4 *given, const float4 *held, int dim)
{
	VectorRounding rounding = {0};
	double		square = 0,
				held_square = 0,
				difference = 0;

	for (int i = 0; i < dim; i++)
	{
		square += (double) given[i] * given[i];
		held_square += (double) held[i] * held[i];
		difference += ((double) given[i] - held[i]) * ((double) given[i] - held[i]);
	}
	rounding.distance = sqrt(difference);
	rounding.length = sqrt(square);
	if (difference > 0 && (square == 0 || held_square == 0))
		rounding.angle = M_PI;
	else if (difference > 0)
	{
		double		apart = 0;

		/*
		 * of the unit vectors, whose sine keeps its digits where they are
		 * near
		 */
		for (int i = 0; i < dim; i++)
		{
			double		d = given[i] / sqrt(square) - held[i] / sqrt(held_square);

			apart += d * d;
		}
		rounding.angle = 2 * asin(Min(sqrt(apart) / 2, 1));
	}
	return rounding;
}

/* The nearest vector that the field can hold, of a type that has others, too. */
static VectorRounding
write_nearest(const Codec *codec, Datum value, FlatBuffer *bytes)
{
	int			dim = codec->field.dim;
	FlatBuffer	given = codec_make_buffer();
	Codec		float4_codec = *codec;
	float4	   *held = palloc(sizeof(float4) * dim);
	const float4 *x;

	float4_codec.field.type = MILVUS_FLOAT_VECTOR;
	codec->write(&float4_codec, value, &given);
	x = (const float4 *) given.data;
	for (int i = 0; i < dim; i++)
		(void) put_nearest(codec, x[i], bytes);
	widen_elements(codec, (FlatSlice) {bytes->data, bytes->len}, held);
	return measure_rounding(x, held, dim);
}

const char *
vector_find_misfit(const Codec *codec, Datum value)
{
	int			dim;
	ArrayType  *array;

	switch (codec->typeid)
	{
		case FLOAT4ARRAYOID:
			array = DatumGetArrayTypeP(value);
			if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
				return "the query is no vector";
			dim = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
			for (int i = 0; i < dim; i++)
				if (!isfinite(((const float4 *) ARR_DATA_PTR(array))[i]))
					return "the query has elements that are no numbers";
			break;
		case BITOID:
		case VARBITOID:
			dim = VARBITLEN(DatumGetVarBitP(value));
			break;
		default:
			if (codec->carrier == FLAT_VECTOR_SPARSE)
				return NULL;
			/* vector and halfvec begin alike */
			dim = ((VectorLayout *) PG_DETOAST_DATUM(value))->dim;
	}
	return dim == codec->field.dim ? NULL : "the query has other dimensions than the field";
}

void
vector_write_query(const Codec *codec, Datum value, FlatBuffer *bytes, VectorRounding *rounding)
{
	FlatBuffer	row = {.grow = bytes->grow, .context = bytes->context};
	size_t		header = 1;

	if (rounding)
	{
		memset(rounding, 0, sizeof(*rounding));
		if (vector_may_round(codec->typeid, codec->field.type))
		{
			*rounding = write_nearest(codec, value, bytes);
			return;
		}
	}
	codec->write(codec, value, &row);
	if (codec->carrier != FLAT_VECTOR_SPARSE)
	{
		flat_put_bytes(bytes, row.data, row.len);
		return;
	}
	/* take a sparse row out of its frame: a tag byte and a length */
	while (row.data[header] & 0x80)
		header++;
	header++;
	flat_put_bytes(bytes, row.data + header, row.len - header);
}

bool
vector_has_cosine(const Codec *codec, FlatSlice query)
{
	int			dim = codec->field.dim;
	double		square = 0;
	float4	   *x = palloc(sizeof(float4) * dim);

	widen_elements(codec, query, x);
	for (int i = 0; i < dim; i++)
		square += (double) x[i] * x[i];
	pfree(x);
	/* below, squares of elements that matter are lost */
	return square > 1e-30 && square < FLT_MAX;
}
