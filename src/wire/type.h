/*
 * type.h
 *		The types that a field of Milvus can have.
 */
#ifndef MILVUS_TYPE_H
#define MILVUS_TYPE_H

#include "postgres.h"

#include "flat.h"

/* schema.DataType, as far as it is known here */
typedef enum MilvusType
{
	MILVUS_BOOL = 1,
	MILVUS_INT8 = 2,
	MILVUS_INT16 = 3,
	MILVUS_INT32 = 4,
	MILVUS_INT64 = 5,
	MILVUS_FLOAT = 10,
	MILVUS_DOUBLE = 11,
	MILVUS_STRING = 20,
	MILVUS_VARCHAR = 21,
	MILVUS_ARRAY = 22,
	MILVUS_JSON = 23,
	MILVUS_GEOMETRY = 24,
	MILVUS_TEXT = 25,
	MILVUS_TIMESTAMPTZ = 26,
	MILVUS_BINARY_VECTOR = 100,
	MILVUS_FLOAT_VECTOR = 101,
	MILVUS_FLOAT16_VECTOR = 102,
	MILVUS_BFLOAT16_VECTOR = 103,
	MILVUS_SPARSE_VECTOR = 104,
	MILVUS_INT8_VECTOR = 105
} MilvusType;

#define milvus_type_is_vector(type) ((type) >= MILVUS_BINARY_VECTOR && (type) < 200)

/* A row of the one table of types, which type.c holds. */
typedef struct TypeInfo
{
	MilvusType	type;
	const char *name;			/* schema.DataType's */
	FlatCarrier carrier;		/* the member of FieldData that has its values
								 * in a request */
	int			bits;			/* of a value as sent, about; of a vector's
								 * dimension; 0: they vary */
	int64		max;			/* the greatest integer, the least is -max -
								 * 1; 0: it holds no integers */
	const char *default_member; /* of ValueField, for a field's default; NULL:
								 * none is known here */
	FlatKind	default_kind;	/* FLAT_NONE without one */
} TypeInfo;

/* Of a type that is not known here: one with a name that says its number, and no carrier. */
extern const TypeInfo *milvus_type(MilvusType type);

/* The bytes that a value takes on the wire, about; 0 if they vary.  dim: of a vector. */
extern int	milvus_type_bytes(MilvusType type, int dim);

#endif							/* MILVUS_TYPE_H */
