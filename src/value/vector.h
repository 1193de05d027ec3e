/*
 * vector.h
 *		Vectors on the wire as pgvector's types, real[], smallint[], bit, jsonb.
 */
#ifndef MILVUS_VECTOR_H
#define MILVUS_VECTOR_H

#include "codec.h"

/*
 * The conversions of a vector field for a column of that type; false when
 * there are none.  See codec.h for what read and write do.
 */
extern bool vector_find_codec(Oid typeid, int32 typmod, const FieldType *field, Codec *codec);

/* How far the vector that a field can hold is from the one that was given. */
typedef struct VectorRounding
{
	double		distance;		/* 0: they are the same */
	double		angle;			/* in radians; pi where only one has a
								 * direction */
	double		length;			/* of the one that was given */
} VectorRounding;

/*
 * A query vector as the server wants it in a placeholder: the bytes of one row.
 * Not for NULL.  It is the nearest vector that the field can hold, and rounding
 * tells how far off that is; without rounding what is beyond the field's range
 * is error 22003.
 */
extern void vector_write_query(const Codec *codec, Datum value, FlatBuffer *bytes, VectorRounding *rounding);

/* Why a vector of that type, not a sparse one, is none that the field could hold, or round; NULL when it is. */
extern const char *vector_find_misfit(const Codec *codec, Datum value);

/*
 * What is read of a vector that was written: rounded to the elements of the field.
 * Not of a sparse field.
 */
extern Datum vector_as_stored(const Codec *codec, Datum value);

/*
 * May a vector of that SQL type be another one in the field?  In fields of half
 * precision, and of whole numbers, unless the type has no other values.  Of a
 * domain: it may.
 */
extern bool vector_may_round(Oid typeid, MilvusType type);

/*
 * Has what vector_write_query() wrote, for any field but a sparse one, a cosine
 * that float4 arithmetic can compute?  Not a zero vector, nor one whose squared
 * length leaves float4: there PostgreSQL and a server say different things.
 */
extern bool vector_has_cosine(const Codec *codec, FlatSlice query);

#endif							/* MILVUS_VECTOR_H */
