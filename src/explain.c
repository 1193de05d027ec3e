/*
 * explain.c
 *		What EXPLAIN shows of a foreign scan.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "read/neighbours.h"
#include "read/row.h"
#include "read/scan.h"
#include "read/show.h"

/* The vector that a search fetches to compute the distances here; 0 for none. */
static AttrNumber
vector_to_compute(const MilvusScanState *state, const FilterValue *values)
{
	const SearchPlan *search = &state->plan.search;

	if (!state->plan.has_search || distance_is_only_in_milvus(search->kind))
		return 0;
	return neighbours_bring_vectors(state->table, &state->plan, values) ? search->attnum : 0;
}

/* "length(body) > 3: why" */
static char *
show_reason(const MilvusTable *table, List *reason)
{
	Node	   *condition = linitial(reason);

	if (IsA(condition, String))
		return strVal(lsecond(reason));
	return psprintf("%s: %s", deparse_expression(condition, deparse_context_for(table->relname, table->relid), false, false),
					strVal(lsecond(reason)));
}

void
milvusExplainForeignScan(ForeignScanState *node, struct ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	MilvusScanState *state = node->fdw_state;
	FilterValue *values = palloc0(sizeof(FilterValue) * Max(list_length(plan->fdw_exprs), 1));
	FilterText	filter;

	show_values(plan, values);
	show_table(state->table, es);
	/* of what the plan was made for nothing may be there any more */
	if (state->table->collection->fingerprint != (uint32) state->plan.relied_on)
	{
		ExplainPropertyText("Milvus Plan", "outdated: the collection has changed since", es);
		return;
	}
	if (state->methods->explain)
		state->methods->explain(state->table, &state->plan, values, es->analyze ? &state->counters : NULL, es);
	filter = filter_write(state->table, state->plan.filters, values);
	if (filter.never)
		ExplainPropertyText("Milvus Filter", "none can pass: not asked", es);
	else if (filter.text[0])
		ExplainPropertyText("Milvus Filter", filter_shown(filter.text), es);
	if (es->verbose && state->plan.kind != PATH_COUNT)
	{
		RowReader  *reader = row_make_reader(state->table, state->plan.columns, state->plan.recheck_columns,
											 vector_to_compute(state, values));
		ListCell   *lc;

		ExplainPropertyList("Output Fields", row_output_fields(reader), es);
		foreach(lc, state->plan.local_reasons)
		{
			ExplainPropertyText("Filter Not Sent", show_reason(state->table, lfirst(lc)), es);
		}
	}
	if (state->plan.search_reason[0])
		ExplainPropertyText("Search Not Sent", state->plan.search_reason, es);
	if (es->analyze)
	{
		ScanCounters counters = state->counters;

		if (!es->verbose || state->plan.kind != PATH_PAGES || state->source == NULL)
			counters.pages = -1;
		show_counters(&counters, es);
	}
}
