/*
 * scan.h
 *		The executor's callbacks of a foreign scan.
 */
#ifndef MILVUS_SCAN_H
#define MILVUS_SCAN_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "neighbours.h"
#include "pages.h"
#include "plan/filter.h"
#include "plan/relation.h"

/* ForeignScanState.fdw_state */
typedef struct MilvusScanState
{
	MilvusTable *table;
	PathKind	kind;
	int			relied_on;		/* fingerprint of the description that was planned with */
	List	   *filters;
	List	   *columns;
	List	   *recheck_columns;
	List	   *search;			/* see ScanSearch */
	int			limit_index;
	int			offset_index;
	bool		has_local_conds;

	List	   *exprs;			/* ExprStates of fdw_exprs */
	FilterValue *values;
	bool		asks_with_params;	/* what is asked may change within the statement */

	bool		started;
	CollectionCheck *check;		/* whether the description still holds, under way; or NULL */
	bool		finished;
	bool		recheck;		/* sent conditions are checked here again */
	MemoryContext context;		/* of one scan, emptied by a rescan */
	MemoryContext row_context;	/* of one row */
	PageSource *pages;			/* one of the two, unless rows are only counted */
	NeighbourSource *neighbours;
	const char *count_expr;		/* of PATH_COUNT: what to count; NULL: nothing passes */
	bool		count_given;
	Datum	   *row_values;
	bool	   *row_nulls;
	ScanCounters counters;
} MilvusScanState;

/* The values of a plan's fdw_exprs: made, and evaluated into CurrentMemoryContext. */
extern FilterValue *scan_make_values(ForeignScan *plan);
extern void scan_evaluate_values(List *exprs, ExprContext *econtext, FilterValue *values);

/* For EXPLAIN: constants as they are, a statement's parameters as $n, everything else as "?". */
extern void scan_show_values(ForeignScanState *node, FilterValue *values);

/* For EXPLAIN: the collection, and the partition. */
extern void explain_show_table(const MilvusTable *table, struct ExplainState *es);

extern void milvusBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *milvusIterateForeignScan(ForeignScanState *node);
extern void milvusReScanForeignScan(ForeignScanState *node);
extern void milvusEndForeignScan(ForeignScanState *node);
extern void milvusExplainForeignScan(ForeignScanState *node, struct ExplainState *es);

#endif							/* MILVUS_SCAN_H */
