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
 * Those that pass the request's filter and whose keys are not among known; only as
 * many as are probably wanted after so many were delivered.  Nothing is sent yet.
 * Everything is allocated in, and ends with, CurrentMemoryContext.
 */
extern OtherRows *other_rows_begin(const SourceRequest *request, RowReader *reader, KeySet *known, int64 delivered);

/* The next one, see row_next(). */
extern bool other_rows_next(OtherRows *others, Datum *values, bool *nulls);

#endif							/* MILVUS_OTHER_ROWS_H */
