/*
 * source.h
 *		Where the rows of a foreign scan come from.
 *
 * A scan knows its source by these methods alone.  pages.c, neighbours.c,
 * words_source.c, fusion_source.c and count.c are the sources there are.
 */
#ifndef MILVUS_SOURCE_H
#define MILVUS_SOURCE_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "portability/instr_time.h"

#include "key_list.h"
#include "filter/filter.h"
#include "plan/scan_plan.h"
#include "remote/read.h"

struct ExplainState;

/* how many rows, where nobody knows, or all of them are meant */
#define ROWS_ALL PG_INT64_MAX

/* what one of several searches that are fused has brought */
typedef struct LegCounters
{
	int64		hits;
	instr_time	time;			/* from when all were sent until its answer
								 * was read; they are read one by one */
} LegCounters;

/* what a scan has done, for EXPLAIN (ANALYZE) */
typedef struct ScanCounters
{
	int64		requests;
	int64		pages;			/* of them, that brought a page of rows */
	int64		rows;
	int64		bytes;
	instr_time	waited;
	LegCounters *legs;			/* by leg of the plan's fusion */
} ScanCounters;

/* read_finish() on the clock */
extern void counters_finish_call(ScanCounters *counters, const MilvusTable *table, RpcCall *call, RpcBuffer *buffer, bool *too_large);

/* What is asked of a source.  It lives as long as the source. */
typedef struct SourceRequest
{
	const MilvusTable *table;
	const ScanPlan *plan;
	const FilterValue *values;	/* of fdw_exprs */
	const char *expr;			/* the filter, "" for none; NULL: no row can
								 * pass */
	KeyList    *keys;			/* only rows with one of these keys; or NULL */
	bool		recheck;		/* the rows must come with what the sent
								 * conditions need */
	int64		wanted;			/* rows that will probably be asked for */
	int64		most;			/* there are no more than that */
	TupleDesc	tupdesc;		/* of the scan tuple */
	ScanCounters *counters;
} SourceRequest;

/* what a source keeps: its own */
typedef struct RowSource RowSource;

typedef struct RowSourceMethods
{
	/*
	 * Make one.  Nothing is sent yet.  Everything is allocated in, and ends
	 * with, CurrentMemoryContext.
	 */
	RowSource  *(*begin) (const SourceRequest *request);

	/*
	 * Send the first request, without waiting for the answer.  NULL: next
	 * does.
	 */
	void		(*send) (RowSource *source);

	/*
	 * The next row, into arrays of the width of the scan tuple plus one;
	 * false when there are no more.  Values are allocated in
	 * CurrentMemoryContext, or live until the next call.
	 *
	 * Each row that passes the filter comes once: of pages in the order of
	 * the primary key, of neighbours the nearest first, as far as the index
	 * promises, and none beyond the bound; so of rows ranked by words.  A
	 * count is one row.
	 */
	bool		(*next) (RowSource *source, Datum *values, bool *nulls);

	/*
	 * Stand before the first row again without asking for it; false when it
	 * is gone.  NULL: it always is.
	 */
	bool		(*rewind) (RowSource *source);

	/* Give back what memory contexts don't.  NULL: there is nothing. */
	void		(*end) (RowSource *source);

	/*
	 * What EXPLAIN says of it, beside the filter.  values may be
	 * placeholders; counters: what was done, NULL without ANALYZE.  NULL:
	 * nothing.
	 */
	void		(*explain) (const MilvusTable *table, const ScanPlan *plan, const FilterValue *values, const ScanCounters *counters, struct ExplainState *es);
} RowSourceMethods;

extern const RowSourceMethods pages_methods;
extern const RowSourceMethods neighbours_methods;
extern const RowSourceMethods words_methods;
extern const RowSourceMethods fusion_methods;
extern const RowSourceMethods count_methods;

#endif							/* MILVUS_SOURCE_H */
