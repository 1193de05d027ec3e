/*
 * row.h
 *		Rows of a response as values of the scan tuple.
 */
#ifndef MILVUS_ROW_H
#define MILVUS_ROW_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "remote/read.h"

/* a primary key; text points into the response it came in, or to a copy */
typedef struct RowKey
{
	bool		is_text;
	int64		integer;
	FlatSlice	text;
} RowKey;

typedef struct RowReader RowReader;

/*
 * A reader that delivers columns (attribute numbers by position, -1: nothing,
 * 0: the distance, which is not the reader's) but those in left_out.  With
 * vector, that column is delivered as well, see row_vector_position().
 */
extern RowReader *row_make_reader(const MilvusTable *table, List *columns, List *left_out,
								  AttrNumber vector);

/* The fields to ask for, the primary key not among them unless it is wanted. */
extern List *row_output_fields(const RowReader *reader);

/* The fields and one more, unless it is among them. */
extern List *row_add_output_field(List *fields, const char *name);

/* Where the vector is, and where the distance goes (-1: nowhere). */
extern int	row_vector_position(const RowReader *reader);
extern int	row_distance_position(const RowReader *reader);

/* Stand before the first row of a response, which must outlive the reading. */
extern void row_bind(RowReader *reader, FlatResult *result);

/*
 * Read the next row into the arrays, or pass over it; false at the end.  The
 * values are allocated in CurrentMemoryContext.
 */
extern bool row_next(RowReader *reader, Datum *values, bool *nulls);

/* The key of the row that comes next; false at the end. Call it once a row, before row_next() or row_skip(). */
extern bool row_next_key(RowReader *reader, RowKey *key);
extern void row_skip(RowReader *reader);

/* The key of the last row of a response, and whether none is lower than the one before. */
extern bool row_last_key(RowReader *reader, RowKey *key, bool *ascending);

/* Below, equal or above, as servers order them: texts by their bytes. */
extern int	row_compare_keys(const RowKey *one, const RowKey *other);

/* Bytes a row takes on the wire, as far as the schema tells. */
extern int	row_estimate_width(const RowReader *reader, bool *varies, int *vector_bytes);

#endif							/* MILVUS_ROW_H */
