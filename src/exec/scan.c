/*
 * scan.c
 *		The executor's callbacks of a foreign scan.
 *
 * Evaluates what the plan left open, writes the filter, and takes rows from
 * one of two sources: pages or neighbours.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "plan/relation.h"
#include "scan.h"

void
milvusBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	RangeTblEntry *rte pg_attribute_unused() = exec_rt_fetch(plan->scan.scanrelid, estate);
	Oid			user = compat_scan_check_as_user(plan, rte);
	MilvusScanState  *state = palloc0(sizeof(MilvusScanState));
	List	   *limits = list_nth(plan->fdw_private, SCAN_LIMIT);
	int			width;

	node->fdw_state = state;
	state->table = table_open_remote(node->ss.ss_currentRelation,
									 OidIsValid(user) ? user : GetUserId(), false);
	state->filters = list_nth(plan->fdw_private, SCAN_FILTERS);
	state->columns = list_nth(plan->fdw_private, SCAN_COLUMNS);
	state->recheck_columns = list_nth(plan->fdw_private, SCAN_RECHECK_COLUMNS);
	state->search = list_nth(plan->fdw_private, SCAN_SEARCH);
	state->limit_index = linitial_int(limits);
	state->offset_index = lsecond_int(limits);
	state->has_local_conds = intVal(list_nth(plan->fdw_private, SCAN_HAS_LOCAL_CONDS)) != 0;
	state->exprs = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	state->values = palloc0(sizeof(FilterValue) * Max(list_length(plan->fdw_exprs), 1));
	for (int i = 0; i < list_length(plan->fdw_exprs); i++)
		state->values[i].type = exprType(list_nth(plan->fdw_exprs, i));
	state->context = AllocSetContextCreate(estate->es_query_cxt, "milvus_fdw scan", ALLOCSET_DEFAULT_SIZES);
	state->row_context = AllocSetContextCreate(estate->es_query_cxt, "milvus_fdw row", ALLOCSET_DEFAULT_SIZES);
	width = list_length(state->columns) + 1;
	state->row_values = palloc(sizeof(Datum) * width);
	state->row_nulls = palloc(sizeof(bool) * width);
}

/* Evaluate the expressions of this execution, into the scan's context. */
static void
evaluate_values(ForeignScanState *node)
{
	MilvusScanState  *state = node->fdw_state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	MemoryContext caller = MemoryContextSwitchTo(state->context);
	ListCell   *lc;

	foreach(lc, state->exprs)
	{
		FilterValue *value = &state->values[foreach_current_index(lc)];

		value->placeholder = NULL;
		/* in the scan's context: it must live as long */
		value->datum = ExecEvalExpr(lfirst(lc), econtext, &value->isnull);
	}
	MemoryContextSwitchTo(caller);
}

/* How many rows the LIMIT above will take, -1 if that is not known. */
static int64
wanted_rows(const MilvusScanState *state)
{
	int64		wanted;

	if (state->limit_index < 0 || state->values[state->limit_index].isnull)
		return -1;
	wanted = Max(DatumGetInt64(state->values[state->limit_index].datum), 0);
	if (state->offset_index >= 0 && !state->values[state->offset_index].isnull)
	{
		int64		offset = Max(DatumGetInt64(state->values[state->offset_index].datum), 0);

		if (pg_add_s64_overflow(wanted, offset, &wanted))
			return -1;
	}
	return wanted > 0 ? wanted : -1;
}

static void
begin_neighbours(ForeignScanState *node, const char *expr, int64 wanted)
{
	MilvusScanState  *state = node->fdw_state;
	NeighbourRequest request;
	const FilterValue *query = &state->values[list_nth_int(state->search, SEARCH_QUERY)];

	request.attnum = list_nth_int(state->search, SEARCH_ATTNUM);
	request.kind = list_nth_int(state->search, SEARCH_KIND);
	request.function = (Oid) list_nth_int(state->search, SEARCH_FUNCTION);
	request.query = query->datum;
	request.query_is_null = query->isnull;
	request.query_type = query->type;
	request.wanted = wanted;
	request.expr = expr;
	state->neighbours = neighbours_begin(state->table, &request, state->columns,
										 state->recheck ? NIL : state->recheck_columns,
										 node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
										 &state->counters);
}

/* A whole answer is promised where no partition is named. */
static void
check_loaded(const MilvusTable *table)
{
	if (table->options.partition || !table->collection->partly_loaded)
		return;
	collection_forget(table->connection, table->options.dbname, table->options.collection);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("collection \"%s\" is only partly loaded", table->collection->name),
			 errdetail("Milvus would leave out the rows of the partitions that are not loaded."),
			 errhint("Load it whole with milvus.load(), or read its partitions by foreign tables with the option \"partition\".")));
}

static void
start_scan(ForeignScanState *node)
{
	MilvusScanState  *state = node->fdw_state;
	MemoryContext caller;
	FilterText	filter;
	int64		wanted;

	check_loaded(state->table);
	evaluate_values(node);
	caller = MemoryContextSwitchTo(state->context);
	filter = filter_write(state->table, state->filters, state->values);
	state->started = true;
	state->finished = filter.never;
	state->recheck = filter.recheck;
	/* rows that don't pass here must be made up for: how many there are, nobody knows */
	wanted = state->has_local_conds || state->recheck ? -1 : wanted_rows(state);
	if (filter.never)
		 /* nothing is asked */ ;
	else if (state->search)
		begin_neighbours(node, filter.text, wanted);
	else
		state->pages = pages_begin(state->table,
								   row_make_reader(state->table, state->columns,
												   state->recheck ? NIL : state->recheck_columns, 0),
								   filter.text, wanted, &state->counters);
	MemoryContextSwitchTo(caller);
}

/* Do the sent conditions hold? Asked only where the server was sent weaker ones. */
static bool
passes_recheck(ForeignScanState *node, TupleTableSlot *slot)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	econtext->ecxt_scantuple = slot;
	return ExecQual(node->fdw_recheck_quals, econtext);
}

TupleTableSlot *
milvusIterateForeignScan(ForeignScanState *node)
{
	MilvusScanState  *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	int			natts = slot->tts_tupleDescriptor->natts;

	if (!state->started)
		start_scan(node);
	for (;;)
	{
		MemoryContext caller;
		bool		found = false;

		ExecClearTuple(slot);
		if (state->finished)
			return slot;
		MemoryContextReset(state->row_context);
		caller = MemoryContextSwitchTo(state->row_context);
		if (state->neighbours)
			found = neighbours_next(state->neighbours, state->row_values, state->row_nulls);
		else
			found = pages_next(state->pages, state->row_values, state->row_nulls, NULL);
		MemoryContextSwitchTo(caller);
		if (!found)
		{
			state->finished = true;
			return slot;
		}
		memcpy(slot->tts_values, state->row_values, sizeof(Datum) * natts);
		memcpy(slot->tts_isnull, state->row_nulls, sizeof(bool) * natts);
		ExecStoreVirtualTuple(slot);
		if (!state->recheck || passes_recheck(node, slot))
			return slot;
		CHECK_FOR_INTERRUPTS();
	}
}

static void
end_sources(MilvusScanState *state)
{
	if (state->neighbours)
		neighbours_end(state->neighbours);
	/* requests under way end with the memory they live in */
	state->neighbours = NULL;
	state->pages = NULL;
}

void
milvusReScanForeignScan(ForeignScanState *node)
{
	MilvusScanState  *state = node->fdw_state;

	end_sources(state);
	state->started = false;
	MemoryContextReset(state->context);
}

void
milvusEndForeignScan(ForeignScanState *node)
{
	MilvusScanState  *state = node->fdw_state;

	if (state == NULL)
		return;
	end_sources(state);
	MemoryContextDelete(state->context);
	MemoryContextDelete(state->row_context);
}
