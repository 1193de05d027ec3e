/*
 * scan.c
 *		The executor's callbacks of a foreign scan.
 *
 * Evaluates what the plan left open, writes the filter, and takes rows from
 * one of its sources: pages, neighbours, or a count.
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "count.h"
#include "begin.h"
#include "plan/relation.h"
#include "scan.h"

/* The table that is scanned, or counted: then the plan node has no relation of its own. */
static MilvusTable *
open_scanned_table(ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Index		relid = plan->scan.scanrelid > 0 ? plan->scan.scanrelid : bms_next_member(plan->fs_relids, -1);
	RangeTblEntry *rte pg_attribute_unused() = exec_rt_fetch(relid, node->ss.ps.state);
	Oid			user = compat_scan_check_as_user(plan, rte);
	/* the query holds its lock */
	Relation	relation = table_open((Oid) intVal(list_nth(plan->fdw_private, SCAN_RELATION)), NoLock);
	MilvusTable *table = table_open_in_statement(relation, OidIsValid(user) ? user : GetUserId(),
												 DESCRIPTION_CACHED, node->ss.ps.state);

	table_close(relation, NoLock);
	if (compat_is_result_relation(node->ss.ps.state->es_plannedstmt, (int) relid))
		table_read_for_update(table);
	return table;
}

/* Is there a value from elsewhere in the plan? */
static bool
has_exec_param(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		return true;
	return expression_tree_walker(node, has_exec_param, context);
}

void
milvusBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	MilvusScanState *state = palloc0(sizeof(MilvusScanState));
	List	   *limits = list_nth(plan->fdw_private, SCAN_LIMIT);
	int			width;

	node->fdw_state = state;
	state->table = open_scanned_table(node);
	state->kind = intVal(list_nth(plan->fdw_private, SCAN_KIND));
	state->relied_on = intVal(list_nth(plan->fdw_private, SCAN_RELIED_ON));
	state->filters = list_nth(plan->fdw_private, SCAN_FILTERS);
	state->columns = list_nth(plan->fdw_private, SCAN_COLUMNS);
	state->recheck_columns = list_nth(plan->fdw_private, SCAN_RECHECK_COLUMNS);
	state->search = list_nth(plan->fdw_private, SCAN_SEARCH);
	state->limit_index = linitial_int(limits);
	state->offset_index = lsecond_int(limits);
	state->has_local_conds = intVal(list_nth(plan->fdw_private, SCAN_HAS_LOCAL_CONDS)) != 0;
	state->exprs = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	state->asks_with_params = has_exec_param((Node *) plan->fdw_exprs, NULL);
	state->values = scan_make_values(plan);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "milvus_fdw scan", ALLOCSET_DEFAULT_SIZES);
	state->row_context = AllocSetContextCreate(estate->es_query_cxt, "milvus_fdw row", ALLOCSET_DEFAULT_SIZES);
	width = Max(list_length(state->columns), node->ss.ss_ScanTupleSlot->tts_tupleDescriptor->natts) + 1;
	state->row_values = palloc(sizeof(Datum) * width);
	state->row_nulls = palloc(sizeof(bool) * width);
}

FilterValue *
scan_make_values(ForeignScan *plan)
{
	FilterValue *values = palloc0(sizeof(FilterValue) * Max(list_length(plan->fdw_exprs), 1));

	for (int i = 0; i < list_length(plan->fdw_exprs); i++)
		values[i].type = exprType(list_nth(plan->fdw_exprs, i));
	return values;
}

void
scan_evaluate_values(List *exprs, ExprContext *econtext, FilterValue *values)
{
	ListCell   *lc;

	foreach(lc, exprs)
	{
		FilterValue *value = &values[foreach_current_index(lc)];

		value->placeholder = NULL;
		value->datum = ExecEvalExpr(lfirst(lc), econtext, &value->isnull);
	}
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
	MilvusScanState *state = node->fdw_state;
	NeighbourRequest request;
	const FilterValue *query = &state->values[list_nth_int(state->search, SEARCH_QUERY)];
	int			bound = list_nth_int(state->search, SEARCH_BOUND);

	request.bound = get_float8_infinity();
	if (bound >= 0 && !isnan(DatumGetFloat8(state->values[bound].datum)))
		request.bound = DatumGetFloat8(state->values[bound].datum);
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

/* Does a bound on the distance let no row pass? */
static bool
bound_is_null(const MilvusScanState *state)
{
	int			bound = state->search ? list_nth_int(state->search, SEARCH_BOUND) : -1;

	return bound >= 0 && state->values[bound].isnull;
}

static void
start_scan(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;
	MemoryContext caller;
	List	   *filters = state->filters;
	KeyList    *keys = NULL;
	FilterText	filter;
	int64		wanted;

	begin_reading(state->table, node->ss.ps.state, state->relied_on);
	/* in the scan's context: the values must live as long */
	caller = MemoryContextSwitchTo(state->context);
	scan_evaluate_values(state->exprs, node->ss.ps.ps_ExprContext, state->values);
	if (state->kind == PATH_PAGES)
		keys = key_list_take(state->table, &filters, state->values);
	filter = filter_write(state->table, filters, state->values);
	state->started = true;
	state->count_given = false;
	state->finished = filter.never || bound_is_null(state) || (keys && key_list_left(keys) == 0);
	state->recheck = filter.recheck;
	/* rows that don't pass here must be made up for: how many there are, nobody knows */
	wanted = state->has_local_conds || state->recheck ? -1 : wanted_rows(state);
	if (!state->finished)
		state->check = collection_start_check(state->table->connection, state->table->collection);
	if (state->kind == PATH_COUNT)
	{
		/* planned only where the filter says it all */
		if (state->recheck)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("conditions on foreign table \"%s\" are too large for a message", state->table->relname)));
		state->count_expr = filter.never ? NULL : filter.text;
		state->finished = false;
	}
	else if (state->finished)
		 /* nothing is asked */ ;
	else if (state->search)
		begin_neighbours(node, filter.text, wanted);
	else
	{
		state->pages = pages_begin(state->table,
								   row_make_reader(state->table, state->columns,
												   state->recheck ? NIL : state->recheck_columns, 0),
								   filter.text, wanted, keys ? key_list_left(keys) : filter.most, &state->counters);
		pages_ask_for_keys(state->pages, keys);
	}
	MemoryContextSwitchTo(caller);
}

/* Before the first row is given away: what was planned with must still hold. */
static void
finish_check(MilvusScanState *state)
{
	CollectionCheck *check = state->check;

	state->check = NULL;
	if (check && !collection_finish_check(check))
		table_raise_outdated(state->table);
}

/* The next row of whatever source there is, into the state's arrays. */
static bool
fetch_row(MilvusScanState *state, int natts)
{
	if (state->kind == PATH_COUNT)
	{
		int64		count;

		if (state->count_given)
			return false;
		count = state->count_expr ? count_rows(state->table, state->count_expr, table_read_guarantee(state->table, READ_ONCE),
											   &state->counters) : 0;
		/* all aggregates of such a plan are the same number; there is one row */
		for (int i = 0; i < natts; i++)
		{
			state->row_values[i] = Int64GetDatum(count);
			state->row_nulls[i] = false;
		}
		state->count_given = true;
		return true;
	}
	if (state->neighbours)
		return neighbours_next(state->neighbours, state->row_values, state->row_nulls);
	return pages_next(state->pages, state->row_values, state->row_nulls, NULL);
}

/* Do the sent conditions hold? Asked only where the server was sent weaker ones. */
static bool
passes_recheck(ForeignScanState *node, TupleTableSlot *slot)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;

	econtext->ecxt_scantuple = slot;
	return ExecQual(node->fdw_recheck_quals, econtext);
}

/*
 * The first row, while it is checked whether the plan still holds.  If the
 * server refuses what it is asked because the collection has changed, then that
 * is what the user is told.
 */
static bool
fetch_first_row(MilvusScanState *state, int natts)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool found = false;

	PG_TRY();
	{
		found = fetch_row(state, natts);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
		finish_check(state);
		ReThrowError(error);
	}
	PG_END_TRY();
	finish_check(state);
	return found;
}

TupleTableSlot *
milvusIterateForeignScan(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	int			natts = slot->tts_tupleDescriptor->natts;

	if (!state->started)
		start_scan(node);
	for (;;)
	{
		MemoryContext caller;
		bool		found;

		ExecClearTuple(slot);
		if (state->finished)
			return slot;
		MemoryContextReset(state->row_context);
		caller = MemoryContextSwitchTo(state->row_context);
		found = state->check ? fetch_first_row(state, natts) : fetch_row(state, natts);
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
	MilvusScanState *state = node->fdw_state;

	/* the same question again: perhaps its answer is still here */
	if (state->started && state->pages && (node->ss.ps.chgParam == NULL || !state->asks_with_params) &&
		pages_rewind(state->pages))
	{
		state->finished = false;
		return;
	}
	end_sources(state);
	state->check = NULL;
	state->started = false;
	MemoryContextReset(state->context);
}

void
milvusEndForeignScan(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;

	if (state == NULL)
		return;
	end_sources(state);
	MemoryContextDelete(state->context);
	MemoryContextDelete(state->row_context);
}
