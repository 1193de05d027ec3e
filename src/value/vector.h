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

#endif							/* MILVUS_VECTOR_H */
