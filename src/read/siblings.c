/*
 * siblings.c
 *		Scans that are all asked for their first row, one after the other: at once.
 *
 * A MergeAppend, over the partitions of a table or over several servers, fetches the
 * first row of each of its plans before it returns one (nodeMergeAppend.c); and what
 * is sorted, or aggregated, is read from an Append to its end.  So when the first of
 * these plans is asked, the others are sent their requests as well.  Nothing is asked
 * that would not have been.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"

#include "scan.h"
#include "siblings.h"

/* their answers wait in memory */
#define MOST_UNDER_WAY 8

/* Those below one node, in its order; in the memory of the statement. */
struct SiblingScans
{
	Bitmapset **valid;			/* of the node's plans, those that are not
								 * pruned */
	int			count;
	ForeignScanState **scans;
	int		   *plans;			/* which of the append's plans each is */
};

static ExecutorStart_hook_type next_executor_start = NULL;
static bool expected = false;

void
siblings_expect(void)
{
	expected = true;
}

static void
join_siblings(PlanState **plans, int nplans, Bitmapset **valid)
{
	SiblingScans *siblings = palloc0(sizeof(SiblingScans));

	siblings->valid = valid;
	siblings->scans = palloc(sizeof(ForeignScanState *) * nplans);
	siblings->plans = palloc(sizeof(int) * nplans);
	for (int i = 0; i < nplans; i++)
	{
		ForeignScanState *scan = (ForeignScanState *) plans[i];
		MilvusScanState *state;

		if (!IsA(scan, ForeignScanState) || scan->fdwroutine->IterateForeignScan != milvusIterateForeignScan)
			continue;
		state = scan->fdw_state;
		state->siblings = siblings;
		state->place = siblings->count;
		siblings->scans[siblings->count] = scan;
		siblings->plans[siblings->count++] = i;
	}
}

static bool
find_siblings(PlanState *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, MergeAppendState))
	{
		MergeAppendState *append = (MergeAppendState *) node;

		join_siblings(append->mergeplans, append->ms_nplans, &append->ms_valid_subplans);
	}
	else if ((IsA(node, SortState) || IsA(node, AggState)) && outerPlanState(node) && IsA(outerPlanState(node), AppendState))
	{
		AppendState *append = (AppendState *) outerPlanState(node);

		join_siblings(append->appendplans, append->as_nplans, &append->as_valid_subplans);
	}
	return planstate_tree_walker(node, find_siblings, context);
}

static void
start_statement(QueryDesc *query, int eflags)
{
	if (next_executor_start)
		next_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	if (expected && query->planstate && (eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(query->estate->es_query_cxt);

		find_siblings(query->planstate, NULL);
		MemoryContextSwitchTo(caller);
	}
	expected = false;
}

void
siblings_install_hook(void)
{
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = start_statement;
}

void
siblings_start(SiblingScans *siblings, int place)
{
	int			under_way = 0;

	for (int i = place; i < siblings->count && under_way < MOST_UNDER_WAY; i++)
	{
		ForeignScanState *scan = siblings->scans[i];

		if (!bms_is_member(siblings->plans[i], *siblings->valid))
			continue;

		/*
		 * it would be done when it is asked: before its parameters are
		 * evaluated
		 */
		if (scan->ss.ps.chgParam)
			ExecReScan(&scan->ss.ps);
		scan_send(scan);
		under_way++;
	}
}
