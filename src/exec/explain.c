/*
 * explain.c
 *		What EXPLAIN shows of a foreign scan and of a modification.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"

#include "compat.h"
#include "plan/relation.h"
#include "scan.h"

/* Constants as they are, everything else as $n. */
static void
show_values(ForeignScanState *node, FilterValue *values)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	ListCell   *lc;
	int			count = 0;

	foreach(lc, plan->fdw_exprs)
	{
		FilterValue *value = &values[foreach_current_index(lc)];
		Node	   *expr = lfirst(lc);

		value->type = exprType(expr);
		if (IsA(expr, Const))
		{
			value->datum = ((Const *) expr)->constvalue;
			value->isnull = ((Const *) expr)->constisnull;
		}
		else
			value->placeholder = psprintf("$%d", ++count);
	}
}

static void
show_search(MilvusScanState *state, const FilterValue *values, struct ExplainState *es)
{
	AttrNumber	attnum = list_nth_int(state->search, SEARCH_ATTNUM);
	DistanceKind kind = list_nth_int(state->search, SEARCH_KIND);
	const CollectionField *field = state->table->columns[attnum - 1].field;
	const char *params = neighbours_search_params(state->table);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s", field->name, distance_metric(kind));
	if (field->index_type)
		appendStringInfo(&text, ", index %s", field->index_type);
	if (state->limit_index >= 0 && !state->has_local_conds)
	{
		const FilterValue *limit = &values[state->limit_index];
		const FilterValue *offset = state->offset_index >= 0 ? &values[state->offset_index] : NULL;

		if (limit->placeholder || (offset && offset->placeholder))
			appendStringInfoString(&text, ", k from LIMIT");
		else if (!limit->isnull)
			appendStringInfo(&text, ", k " INT64_FORMAT, DatumGetInt64(limit->datum) +
							 (offset && !offset->isnull ? DatumGetInt64(offset->datum) : 0));
	}
	if (strcmp(params, "{}") != 0)
		appendStringInfo(&text, ", params %s", params);
	if (!neighbours_scores_hold(field))
		appendStringInfoString(&text, ", distances computed from the vectors");
	ExplainPropertyText("Milvus Search", text.data, es);
}

void
milvusExplainForeignScan(ForeignScanState *node, struct ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	MilvusScanState  *state = node->fdw_state;
	FilterValue *values = palloc0(sizeof(FilterValue) * Max(list_length(plan->fdw_exprs), 1));
	const char *search_reason = strVal(list_nth(plan->fdw_private, SCAN_SEARCH_REASON));
	List	   *reasons = list_nth(plan->fdw_private, SCAN_LOCAL_REASONS);
	FilterText	filter;

	show_values(node, values);
	ExplainPropertyText("Milvus Collection",
						psprintf("%s.%s", state->table->options.dbname, state->table->options.collection), es);
	if (state->table->options.partition)
		ExplainPropertyText("Milvus Partition", state->table->options.partition, es);
	if (state->search)
		show_search(state, values, es);
	filter = filter_write(state->table, state->filters, values);
	if (filter.never)
		ExplainPropertyText("Milvus Filter", "none can pass: not asked", es);
	else if (filter.text[0])
		ExplainPropertyText("Milvus Filter", filter.text, es);
	if (es->verbose)
	{
		RowReader  *reader = row_make_reader(state->table, state->columns, state->recheck_columns, 0);
		ListCell   *lc;

		ExplainPropertyList("Output Fields", row_output_fields(reader), es);
		foreach(lc, reasons)
			ExplainPropertyText("Filter Not Sent", strVal(lfirst(lc)), es);
		if (search_reason[0])
			ExplainPropertyText("Search Not Sent", search_reason, es);
	}
	if (es->analyze)
	{
		ExplainPropertyInteger("Milvus Requests", NULL, state->counters.requests, es);
		ExplainPropertyInteger("Milvus Rows", NULL, state->counters.rows, es);
		if (es->verbose)
			ExplainPropertyInteger("Milvus Bytes", NULL, state->counters.bytes, es);
	}
}
