/*
 * other_rows.h
 *		The rows that a ranking has not found: they follow, with the rank 0.
 */
#ifndef MILVUS_OTHER_ROWS_H
#define MILVUS_OTHER_ROWS_H

#include "postgres.h"

#include "keys.h"
#include "source.h"

typedef struct OtherRows OtherRows;

/*
 * Of the rows that pass the request's filter.  Nothing is sent yet.  Everything is
 * allocated in, and ends with, CurrentMemoryContext.
 */
extern OtherRows *other_rows_make(const SourceRequest *request, RowReader *reader);

/*
 * The next one, see row_next(): those whose keys are not among known, which is full
 * by the first call; only as many are asked for as are probably wanted after so many
 * were delivered.
 */
extern bool other_rows_next(OtherRows *others, KeySet *known, int64 delivered, Datum *values, bool *nulls);

#endif							/* MILVUS_OTHER_ROWS_H */
