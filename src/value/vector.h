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

/*
 * A query vector as the server wants it in a placeholder: the bytes of one
 * row. Not for NULL.
 */
extern void vector_write_query(const Codec *codec, Datum value, FlatBuffer *bytes);

/*
 * May a field round values of that SQL type?  One of half precision does, queries
 * too, unless the type has half precision itself.  Of a domain: it may.
 */
extern bool vector_may_round(Oid typeid, MilvusType type);

/* Is what vector_write_query() wrote of it another vector, rounded by the field? */
extern bool vector_rounds_query(const Codec *codec, Datum value, FlatSlice query);

/*
 * Has what vector_write_query() wrote, for any field but a sparse one, a cosine
 * that float4 arithmetic can compute?  Not a zero vector, nor one whose squared
 * length leaves float4: there PostgreSQL and a server say different things.
 */
extern bool vector_has_cosine(const Codec *codec, FlatSlice query);

#endif							/* MILVUS_VECTOR_H */
