/*
 * direct_delete.c
 *		The executor's callbacks of a DELETE that is one request: all its
 *		conditions are sent, and nobody wants to see the rows.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/rel.h"

#include "compat.h"
#include "remote/begin.h"
#include "modify.h"
#include "plan/relation.h"
#include "remote/read.h"
#include "read/scan.h"
#include "read/show.h"
#include "sender.h"

/* ForeignScanState.fdw_state */
typedef struct DirectDeleteState
{
	MilvusTable *table;
	Sender	   *sender;
	List	   *filters;
	List	   *exprs;			/* ExprStates of fdw_exprs */
	FilterValue *values;
	bool		done;
	int64		rows;
} DirectDeleteState;

void
milvusBeginDirectModify(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	DirectDeleteState *state = palloc0(sizeof(DirectDeleteState));
	RangeTblEntry *rte pg_attribute_unused() = exec_rt_fetch(plan->scan.scanrelid, estate);
	Oid			user = compat_scan_check_as_user(plan, rte);
	Relation	relation = node->ss.ss_currentRelation;
	bool		explain_only = (eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0;
	ScanPlan	scanned;

	scan_plan_read(plan->fdw_private, &scanned);
	node->fdw_state = state;
	state->table = table_open_in_statement(relation, OidIsValid(user) ? user : GetUserId(),
										   explain_only ? DESCRIPTION_CACHED : DESCRIPTION_FRESH, estate);
	state->filters = scanned.filters;
	state->exprs = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	state->values = scan_make_values(plan);
	if (explain_only)
		return;
	modify_check_updatable(state->table, "deletes");
	/* what the filter was made for must still be so */
	begin_reading(state->table, estate, scanned.relied_on);
	state->sender = sender_begin(state->table);
}

static int64
delete_rows(ForeignScanState *node)
{
	DirectDeleteState *state = node->fdw_state;
	FilterText	filter;

	scan_evaluate_values(state->exprs, node->ss.ps.ps_ExprContext, state->values);
	filter = filter_write(state->table, state->filters, state->values);
	if (filter.never)
		return 0;
	if (filter.recheck)
		filter_raise_too_large(state->table);
	sender_delete(state->sender, filter.text[0] ? filter.text : read_filter_of_all(state->table), -1);
	return sender_await(state->sender);
}

TupleTableSlot *
milvusIterateDirectModify(ForeignScanState *node)
{
	DirectDeleteState *state = node->fdw_state;

	if (!state->done)
	{
		state->done = true;
		state->rows = delete_rows(node);
		node->ss.ps.state->es_processed += state->rows;
		if (node->ss.ps.instrument)
			node->ss.ps.instrument->tuplecount += state->rows;
	}
	return ExecClearTuple(node->ss.ss_ScanTupleSlot);
}

void
milvusEndDirectModify(ForeignScanState *node)
{
	/* a request under way ends with the memory it lives in */
}

void
milvusExplainDirectModify(ForeignScanState *node, struct ExplainState *es)
{
	DirectDeleteState *state = node->fdw_state;
	FilterText	filter;

	show_values((ForeignScan *) node->ss.ps.plan, state->values);
	filter = filter_write(state->table, state->filters, state->values);
	show_table(state->table, es);
	ExplainPropertyText("Milvus Delete", filter.never ? "none can pass: not asked" :
						filter.text[0] ? filter_shown(filter.text) : read_filter_of_all(state->table), es);
	if (es->analyze && state->sender)
	{
		const ScanCounters counters = {
			.requests = state->sender->requests, .pages = -1, .rows = state->rows, .bytes = -1, .waited = state->sender->waited
		};

		show_counters(&counters, es);
	}
}
