/*
 * scan.c
 *		The executor's callbacks of a foreign scan.
 *
 * Evaluates what the plan left open, writes the filter, and takes rows from
 * their source.  Must not know how a source gets them.
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
#include "remote/begin.h"
#include "scan.h"

/* The table that is scanned, or counted: then the plan node has no relation of its own. */
static MilvusTable *
open_scanned_table(ForeignScanState *node, const ScanPlan *scanned)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Index		relid = plan->scan.scanrelid > 0 ? plan->scan.scanrelid : bms_next_member(plan->fs_relids, -1);
	RangeTblEntry *rte pg_attribute_unused() = exec_rt_fetch(relid, node->ss.ps.state);
	Oid			user = compat_scan_check_as_user(plan, rte);

	/* the query holds its lock */
	Relation	relation = table_open(scanned->relid, NoLock);
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

static const RowSourceMethods *
choose_source(const ScanPlan *plan)
{
	switch (plan->kind)
	{
		case PATH_PAGES:
			return &pages_methods;
		case PATH_SEARCH:
		case PATH_RANGE:
			return plan->search.kind == DISTANCE_BM25 ? &words_methods :
				plan->search.kind == DISTANCE_FUSED ? &fusion_methods : &neighbours_methods;
		case PATH_COUNT:
			return &count_methods;
	}
	elog(ERROR, "unexpected kind of path %d", (int) plan->kind);
}

void
milvusBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	MilvusScanState *state = palloc0(sizeof(MilvusScanState));
	int			width;

	node->fdw_state = state;
	siblings_expect();
	scan_plan_read(plan->fdw_private, &state->plan);
	state->table = open_scanned_table(node, &state->plan);
	state->methods = choose_source(&state->plan);
	state->exprs = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	state->asks_with_params = has_exec_param((Node *) plan->fdw_exprs, NULL);
	state->values = scan_make_values(plan);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "milvus_fdw scan", ALLOCSET_DEFAULT_SIZES);
	state->row_context = AllocSetContextCreate(estate->es_query_cxt, "milvus_fdw row", ALLOCSET_DEFAULT_SIZES);
	width = Max(list_length(state->plan.columns), node->ss.ss_ScanTupleSlot->tts_tupleDescriptor->natts) + 1;
	state->counters.legs = palloc0(sizeof(LegCounters) * list_length(state->plan.fusion.legs));
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

/* The value of an expression of the plan; false when there is none, or it is NULL. */
static bool
plan_integer(const MilvusScanState *state, int index, int64 *value)
{
	if (index < 0 || state->values[index].isnull)
		return false;
	*value = Max(DatumGetInt64(state->values[index].datum), 0);
	return true;
}

/* How many rows the LIMIT above will take, as far as that is known. */
static int64
wanted_rows(const MilvusScanState *state)
{
	int64		limit,
				offset = 0,
				wanted;

	/* rows rejected locally must be replaced, and their number is unknown */
	if (state->plan.drops_rows || state->request.recheck || !plan_integer(state, state->plan.limit, &limit))
		return ROWS_ALL;
	(void) plan_integer(state, state->plan.offset, &offset);
	if (pg_add_s64_overflow(limit, offset, &wanted) || wanted == 0 ||
		pg_add_s64_overflow(wanted, state->plan.one_ahead, &wanted))
		return ROWS_ALL;
	return wanted;
}

/* Does a bound on the distance let no row pass? */
static bool
bound_is_null(const MilvusScanState *state)
{
	return state->plan.has_search && state->plan.search.bound >= 0 && state->values[state->plan.search.bound].isnull;
}

/* Evaluate what is to be asked for.  In the scan's context: the values must live as long. */
static void
make_request(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;
	SourceRequest *request = &state->request;
	List	   *filters = state->plan.filters;
	KeyList    *keys = NULL;
	FilterText	filter;

	scan_evaluate_values(state->exprs, node->ss.ps.ps_ExprContext, state->values);
	if (state->plan.kind == PATH_PAGES)
		keys = key_list_take(state->table, &filters, state->values);
	filter = filter_write(state->table, filters, state->values);
	if (filter.recheck && (state->plan.has_words || (state->plan.has_search && state->plan.search.kind == DISTANCE_FUSED)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("conditions on foreign table \"%s\" cannot be sent as they are", state->table->relname),
				 errdetail("A value of theirs is too large, or one that the server cannot be told, and beside what only Milvus can compute nothing can be checked here.")));
	*request = (SourceRequest)
	{
		.table = state->table,
			.plan = &state->plan,
			.values = state->values,
			.expr = filter.never || bound_is_null(state) || (keys && key_list_left(keys) == 0) ? NULL : filter.text,
			.keys = keys,
			.recheck = filter.recheck,
			.most = keys ? key_list_left(keys) : filter.most,
			.tupdesc = node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
			.counters = &state->counters
	};
	request->wanted = wanted_rows(state);
}

static void
start_scan(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;
	MemoryContext caller;

	begin_reading(state->table, node->ss.ps.state, state->plan.relied_on);
	caller = MemoryContextSwitchTo(state->context);
	make_request(node);
	state->stage = SCAN_READING;
	if (state->request.expr)
		state->check = collection_start_check(state->table->connection, state->table->collection);
	if (state->check)
		state->stage = SCAN_CHECKING;
	/* that there is nothing to count is an answer, too */
	if (state->request.expr || state->plan.kind == PATH_COUNT)
		state->source = state->methods->begin(&state->request);
	else
		state->stage = SCAN_ENDED;
	MemoryContextSwitchTo(caller);
}

void
scan_send(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;

	if (state->stage != SCAN_NOT_STARTED)
		return;
	start_scan(node);
	if (state->source && state->methods->send)
		state->methods->send(state->source);
}

/* Before the first row is given away: what was planned with must still hold. */
static void
finish_check(MilvusScanState *state)
{
	CollectionCheck *check = state->check;

	state->check = NULL;
	state->stage = SCAN_READING;
	if (check && !collection_finish_check(check))
		table_raise_outdated(state->table);
}

/* The next row of the source, into the state's arrays. */
static bool
fetch_row(MilvusScanState *state)
{
	return state->methods->next(state->source, state->row_values, state->row_nulls);
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
fetch_first_row(MilvusScanState *state)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool found = false;

	PG_TRY();
	{
		found = fetch_row(state);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (rpc_is_interrupt(error->sqlerrcode))
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

	if (state->stage == SCAN_NOT_STARTED && state->siblings)
		siblings_start(state->siblings, state->place);
	if (state->stage == SCAN_NOT_STARTED)
		start_scan(node);
	for (;;)
	{
		MemoryContext caller;
		bool		found;

		ExecClearTuple(slot);
		if (state->stage == SCAN_ENDED)
			return slot;
		MemoryContextReset(state->row_context);
		caller = MemoryContextSwitchTo(state->row_context);
		found = state->stage == SCAN_CHECKING ? fetch_first_row(state) : fetch_row(state);
		MemoryContextSwitchTo(caller);
		if (!found)
		{
			state->stage = SCAN_ENDED;
			return slot;
		}
		memcpy(slot->tts_values, state->row_values, sizeof(Datum) * natts);
		memcpy(slot->tts_isnull, state->row_nulls, sizeof(bool) * natts);
		ExecStoreVirtualTuple(slot);
		if (!state->request.recheck || passes_recheck(node, slot))
			return slot;
		CHECK_FOR_INTERRUPTS();
	}
}

static void
end_source(MilvusScanState *state)
{
	if (state->source && state->methods->end)
		state->methods->end(state->source);
	/* requests under way end with the memory they live in */
	state->source = NULL;
}

void
milvusReScanForeignScan(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;

	/* the same question again: perhaps its answer is still here */
	if (state->source && state->methods->rewind && (node->ss.ps.chgParam == NULL || !state->asks_with_params) &&
		state->methods->rewind(state->source))
	{
		state->stage = state->check ? SCAN_CHECKING : SCAN_READING;
		return;
	}
	end_source(state);
	state->check = NULL;
	state->stage = SCAN_NOT_STARTED;
	MemoryContextReset(state->context);
}

void
milvusEndForeignScan(ForeignScanState *node)
{
	MilvusScanState *state = node->fdw_state;

	if (state == NULL)
		return;
	end_source(state);
	MemoryContextDelete(state->context);
	MemoryContextDelete(state->row_context);
}
