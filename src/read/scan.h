/*
 * scan.h
 *		The executor's callbacks of a foreign scan.
 */
#ifndef MILVUS_SCAN_H
#define MILVUS_SCAN_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "siblings.h"
#include "source.h"

typedef enum ScanStage
{
	SCAN_NOT_STARTED,			/* nothing has been evaluated, nor asked */
	SCAN_CHECKING,				/* the server is asked whether the plan's
								 * description still holds */
	SCAN_READING,
	SCAN_ENDED
} ScanStage;

/*
 * ForeignScanState.fdw_state.  source is there in the stages CHECKING and READING, and
 * then until a rescan; check in CHECKING.
 */
typedef struct MilvusScanState
{
	MilvusTable *table;
	ScanPlan	plan;
	const RowSourceMethods *methods;
	List	   *exprs;			/* ExprStates of fdw_exprs */
	FilterValue *values;
	bool		asks_with_params;	/* what is asked may change within the
									 * statement */

	ScanStage	stage;
	CollectionCheck *check;
	RowSource  *source;
	SourceRequest request;		/* what the source was asked for */
	MemoryContext context;		/* of one scan, emptied by a rescan */
	MemoryContext row_context;	/* of one row */
	Datum	   *row_values;
	bool	   *row_nulls;
	ScanCounters counters;
	SiblingScans *siblings;		/* or NULL */
	int			place;			/* among them */
} MilvusScanState;

/* The values of a plan's fdw_exprs: made, and evaluated into CurrentMemoryContext. */
extern FilterValue *scan_make_values(ForeignScan *plan);
extern void scan_evaluate_values(List *exprs, ExprContext *econtext, FilterValue *values);

/* Start a scan, unless it was, and send its first request, as far as it is known yet. */
extern void scan_send(ForeignScanState *node);

extern void milvusBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *milvusIterateForeignScan(ForeignScanState *node);
extern void milvusReScanForeignScan(ForeignScanState *node);
extern void milvusEndForeignScan(ForeignScanState *node);
extern void milvusExplainForeignScan(ForeignScanState *node, struct ExplainState *es);

#endif							/* MILVUS_SCAN_H */
