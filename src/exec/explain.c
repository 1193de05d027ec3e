/*
 * explain.c
 *		What EXPLAIN shows of a foreign scan.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "plan/relation.h"
#include "scan.h"
#include "search_params.h"

/* values of a list that are shown */
#define MAX_SHOWN 1000

/* Nobody wants to read a thousand values: how many they are; NULL for others. */
static char *
shorten_list(const Const *value)
{
	ArrayType  *array;
	int			count;

	if (value->constisnull || !OidIsValid(get_element_type(value->consttype)))
		return NULL;
	array = DatumGetArrayTypeP(value->constvalue);
	count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return count > MAX_SHOWN ? psprintf("[%d values]", count) : NULL;
}

void
scan_show_values(ForeignScanState *node, FilterValue *values)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	ListCell   *lc;

	foreach(lc, plan->fdw_exprs)
	{
		FilterValue *value = &values[foreach_current_index(lc)];
		Node	   *expr = lfirst(lc);

		value->type = exprType(expr);
		if (IsA(expr, Const))
		{
			value->datum = ((Const *) expr)->constvalue;
			value->isnull = ((Const *) expr)->constisnull;
			value->placeholder = shorten_list((Const *) expr);
		}
		else if (IsA(expr, Param) && ((Param *) expr)->paramkind == PARAM_EXTERN)
			value->placeholder = psprintf("$%d", ((Param *) expr)->paramid);
		else
			value->placeholder = "?";
	}
}

void
explain_show_table(const MilvusTable *table, struct ExplainState *es)
{
	const char *asked = table->options.collection;
	const char *name = table->collection->name;

	ExplainPropertyText("Milvus Collection", strcmp(asked, name) == 0 ? psprintf("%s.%s", table->options.dbname, name) :
						psprintf("%s.%s (alias %s)", table->options.dbname, name, asked), es);
	if (table->options.partition)
		ExplainPropertyText("Milvus Partition", table->options.partition, es);
}

static void
show_search(MilvusScanState *state, const FilterValue *values, struct ExplainState *es)
{
	AttrNumber	attnum = list_nth_int(state->search, SEARCH_ATTNUM);
	DistanceKind kind = list_nth_int(state->search, SEARCH_KIND);
	const CollectionField *field = state->table->columns[attnum - 1].field;
	const char *params = search_params_set(state->table);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s", field->name, distance_metric(kind));
	if (field->index_type)
		appendStringInfo(&text, ", index %s", field->index_type);
	if (list_nth_int(state->search, SEARCH_BOUND) >= 0)
	{
		const FilterValue *bound = &values[list_nth_int(state->search, SEARCH_BOUND)];

		if (bound->placeholder)
			appendStringInfo(&text, ", within %s", bound->placeholder);
		else if (!bound->isnull)
			appendStringInfo(&text, ", within %s",
							 DatumGetCString(DirectFunctionCall1(float8out, bound->datum)));
	}
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

/* The vector that a search fetches to compute the distances here; 0 for none. */
static AttrNumber
vector_to_compute(const MilvusScanState *state)
{
	AttrNumber	attnum = state->search ? list_nth_int(state->search, SEARCH_ATTNUM) : 0;

	return attnum && !neighbours_scores_hold(state->table->columns[attnum - 1].field) ? attnum : 0;
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

	scan_show_values(node, values);
	explain_show_table(state->table, es);
	if (state->search)
		show_search(state, values, es);
	if (state->kind == PATH_COUNT)
		ExplainPropertyText("Milvus Count", "all rows that pass", es);
	filter = filter_write(state->table, state->filters, values);
	if (filter.never)
		ExplainPropertyText("Milvus Filter", "none can pass: not asked", es);
	else if (filter.text[0])
		ExplainPropertyText("Milvus Filter", filter_shown(filter.text), es);
	if (es->verbose && state->kind != PATH_COUNT)
	{
		RowReader  *reader = row_make_reader(state->table, state->columns, state->recheck_columns,
											 vector_to_compute(state));
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
		if (es->verbose && state->pages)
			ExplainPropertyInteger("Milvus Pages", NULL, state->counters.pages, es);
		ExplainPropertyInteger("Milvus Rows", NULL, state->counters.rows, es);
		if (es->verbose)
			ExplainPropertyInteger("Milvus Bytes", NULL, state->counters.bytes, es);
		if (es->timing)
			ExplainPropertyFloat("Milvus Wait", "ms", INSTR_TIME_GET_MILLISEC(state->counters.waited), 3, es);
	}
}
