/*
 * pages.h
 *		All rows that pass a filter, in pages by the primary key.
 */
#ifndef MILVUS_PAGES_H
#define MILVUS_PAGES_H

#include "postgres.h"

#include "row.h"
#include "source.h"

typedef struct PageSource PageSource;

/*
 * Nothing is sent yet.  wanted: as many rows will probably be asked for; most:
 * there are no more than that; or ROWS_ALL.  Everything is allocated in, and ends
 * with, CurrentMemoryContext.
 */
extern PageSource *pages_begin(const MilvusTable *table, RowReader *reader, const char *expr,
							   int64 wanted, int64 most, ScanCounters *counters);

/* The next row, see row_next(); also its key when key is not NULL. */
extern bool pages_next(PageSource *source, Datum *values, bool *nulls, RowKey *key);

#endif							/* MILVUS_PAGES_H */
