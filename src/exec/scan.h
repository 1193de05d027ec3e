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

/* ForeignScanState.fdw_state */
typedef struct MilvusScanState
{
	MilvusTable *table;
	List	   *filters;
	List	   *columns;
	List	   *recheck_columns;
	List	   *search;			/* see ScanSearch */
	int			limit_index;
	int			offset_index;
	bool		has_local_conds;

	List	   *exprs;			/* ExprStates of fdw_exprs */
	FilterValue *values;

	bool		started;
	bool		finished;
	bool		recheck;		/* sent conditions are checked here again */
	MemoryContext context;		/* of one scan, emptied by a rescan */
	MemoryContext row_context;	/* of one row */
	PageSource *pages;			/* one of the two */
	NeighbourSource *neighbours;
	Datum	   *row_values;
	bool	   *row_nulls;
	ScanCounters counters;
} MilvusScanState;

extern void milvusBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *milvusIterateForeignScan(ForeignScanState *node);
extern void milvusReScanForeignScan(ForeignScanState *node);
extern void milvusEndForeignScan(ForeignScanState *node);
extern void milvusExplainForeignScan(ForeignScanState *node, struct ExplainState *es);

#endif							/* MILVUS_SCAN_H */
