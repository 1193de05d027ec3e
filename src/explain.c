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
#include "read/neighbours.h"
#include "read/row.h"
#include "read/scan.h"

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

/* What EXPLAIN (ANALYZE) tells of a scan. */
static void
show_counters(const MilvusScanState *state, struct ExplainState *es)
{
	const ScanCounters *counters = &state->counters;

	ExplainPropertyInteger("Milvus Requests", NULL, counters->requests, es);
	if (es->verbose && state->plan.kind == PATH_PAGES && state->source)
		ExplainPropertyInteger("Milvus Pages", NULL, counters->pages, es);
	ExplainPropertyInteger("Milvus Rows", NULL, counters->rows, es);
	if (es->verbose)
		ExplainPropertyInteger("Milvus Bytes", NULL, counters->bytes, es);
	if (es->timing)
		ExplainPropertyFloat("Milvus Wait", "ms", INSTR_TIME_GET_MILLISEC(counters->waited), 3, es);
}

/* The vector that a search fetches to compute the distances here; 0 for none. */
static AttrNumber
vector_to_compute(const MilvusScanState *state)
{
	AttrNumber	attnum = state->plan.has_search ? state->plan.search.attnum : 0;

	return attnum && !neighbours_scores_hold(state->table->columns[attnum - 1].field) ? attnum : 0;
}

void
milvusExplainForeignScan(ForeignScanState *node, struct ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	MilvusScanState *state = node->fdw_state;
	FilterValue *values = palloc0(sizeof(FilterValue) * Max(list_length(plan->fdw_exprs), 1));
	FilterText	filter;

	scan_show_values(node, values);
	explain_show_table(state->table, es);
	if (state->methods->explain)
		state->methods->explain(state->table, &state->plan, values, es);
	filter = filter_write(state->table, state->plan.filters, values);
	if (filter.never)
		ExplainPropertyText("Milvus Filter", "none can pass: not asked", es);
	else if (filter.text[0])
		ExplainPropertyText("Milvus Filter", filter_shown(filter.text), es);
	if (es->verbose && state->plan.kind != PATH_COUNT)
	{
		RowReader  *reader = row_make_reader(state->table, state->plan.columns, state->plan.recheck_columns,
											 vector_to_compute(state));
		ListCell   *lc;

		ExplainPropertyList("Output Fields", row_output_fields(reader), es);
		foreach(lc, state->plan.local_reasons)
			ExplainPropertyText("Filter Not Sent", strVal(lfirst(lc)), es);
		if (state->plan.search_reason[0])
			ExplainPropertyText("Search Not Sent", state->plan.search_reason, es);
	}
	if (es->analyze)
		show_counters(state, es);
}
