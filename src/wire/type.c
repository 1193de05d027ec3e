/*
 * type.c
 *		The types that a field of Milvus can have: the one table of them.
 *
 * What a type is in SQL is value/codec.c's; which server can store it, a
 * dialect's.
 */
#include "postgres.h"

#include "type.h"

static const TypeInfo types[] = {
	{MILVUS_BOOL, "Bool", FLAT_SCALAR_BOOL, 8, 0, "bool_data", FLAT_BOOL},
	/* a varint of 16 bits takes three bytes */
	{MILVUS_INT8, "Int8", FLAT_SCALAR_INT, 8, PG_INT8_MAX, "int_data", FLAT_INT32},
	{MILVUS_INT16, "Int16", FLAT_SCALAR_INT, 24, PG_INT16_MAX, "int_data", FLAT_INT32},
	{MILVUS_INT32, "Int32", FLAT_SCALAR_INT, 32, PG_INT32_MAX, "int_data", FLAT_INT32},
	{MILVUS_INT64, "Int64", FLAT_SCALAR_LONG, 64, PG_INT64_MAX, "long_data", FLAT_INT64},
	{MILVUS_FLOAT, "Float", FLAT_SCALAR_FLOAT, 32, 0, "float_data", FLAT_FLOAT},
	{MILVUS_DOUBLE, "Double", FLAT_SCALAR_DOUBLE, 64, 0, "double_data", FLAT_DOUBLE},
	{MILVUS_STRING, "String", FLAT_SCALAR_STRING, 0, 0, "string_data", FLAT_BYTES},
	{MILVUS_VARCHAR, "VarChar", FLAT_SCALAR_STRING, 0, 0, "string_data", FLAT_BYTES},
	{MILVUS_ARRAY, "Array", FLAT_SCALAR_ARRAY},
	{MILVUS_JSON, "JSON", FLAT_SCALAR_JSON},
	{MILVUS_GEOMETRY, "Geometry", FLAT_SCALAR_GEOMETRY_WKT},
	{MILVUS_TEXT, "Text", FLAT_SCALAR_STRING},
	{MILVUS_TIMESTAMPTZ, "Timestamptz", FLAT_SCALAR_STRING},
	{MILVUS_BINARY_VECTOR, "BinaryVector", FLAT_VECTOR_BINARY, 1},
	{MILVUS_FLOAT_VECTOR, "FloatVector", FLAT_VECTOR_FLOAT, 32},
	{MILVUS_FLOAT16_VECTOR, "Float16Vector", FLAT_VECTOR_FLOAT16, 16},
	{MILVUS_BFLOAT16_VECTOR, "BFloat16Vector", FLAT_VECTOR_BFLOAT16, 16},
	{MILVUS_SPARSE_VECTOR, "SparseFloatVector", FLAT_VECTOR_SPARSE},
	{MILVUS_INT8_VECTOR, "Int8Vector", FLAT_VECTOR_INT8, 8},
};

const TypeInfo *
milvus_type(MilvusType type)
{
	TypeInfo   *unknown;

	for (int i = 0; i < lengthof(types); i++)
		if (types[i].type == type)
			return &types[i];
	unknown = palloc0(sizeof(TypeInfo));
	unknown->type = type;
	unknown->name = psprintf("type %d", (int) type);
	return unknown;
}

int
milvus_type_bytes(MilvusType type, int dim)
{
	int			bits = milvus_type(type)->bits;

	return milvus_type_is_vector(type) ? (int) Min(((int64) bits * dim + 7) / 8, PG_INT32_MAX) : bits / 8;
}
