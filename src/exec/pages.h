/*
 * pages.h
 *		All rows that pass a filter, in pages by the primary key.
 */
#ifndef MILVUS_PAGES_H
#define MILVUS_PAGES_H

#include "postgres.h"

#include "portability/instr_time.h"
#include "key_list.h"
#include "row.h"

/* what a scan has done, for EXPLAIN (ANALYZE) */
typedef struct ScanCounters
{
	int64		requests;
	int64		pages;			/* of them, that brought a page of rows */
	int64		rows;
	int64		bytes;
	instr_time	waited;
} ScanCounters;

/* read_finish() on the clock */
extern void counters_finish_call(ScanCounters *counters, const MilvusTable *table, RpcCall *call, RpcBuffer *buffer, bool *too_large);

typedef struct PageSource PageSource;

/*
 * Nothing is sent yet.  wanted: as many rows will probably be asked for, -1
 * all; most: there are no more than that, -1 unknown.  Everything is allocated
 * in, and ends with, CurrentMemoryContext.
 */
extern PageSource *pages_begin(const MilvusTable *table, RowReader *reader, const char *expr,
							   int64 wanted, int64 most, ScanCounters *counters);

/* Before the first row: only rows with one of these keys, in whose order rows come anyway. */
extern void pages_ask_for_keys(PageSource *source, KeyList *keys);

/* The next row, see row_next(); also its key when key is not NULL. */
extern bool pages_next(PageSource *source, Datum *values, bool *nulls, RowKey *key);

/*
 * Stand before the first row again, without asking for it; false when its page
 * is gone.
 */
extern bool pages_rewind(PageSource *source);

#endif							/* MILVUS_PAGES_H */
