/*
 * show.c
 *		What EXPLAIN shows of scans and of writes alike.
 */
#include "postgres.h"

#include "commands/explain.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "show.h"

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
show_values(ForeignScan *plan, FilterValue *values)
{
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
show_table(const MilvusTable *table, struct ExplainState *es)
{
	const char *asked = table->options.collection;
	const char *name = table->collection->name;

	ExplainPropertyText("Milvus Collection", strcmp(asked, name) == 0 ? psprintf("%s.%s", table->options.dbname, name) :
						psprintf("%s.%s (alias %s)", table->options.dbname, name, asked), es);
	if (table->options.partition)
		ExplainPropertyText("Milvus Partition", table->options.partition, es);
}

void
show_counters(const ScanCounters *counters, struct ExplainState *es)
{
	ExplainPropertyInteger("Milvus Requests", NULL, counters->requests, es);
	if (counters->pages >= 0)
		ExplainPropertyInteger("Milvus Pages", NULL, counters->pages, es);
	if (counters->rows >= 0)
		ExplainPropertyInteger("Milvus Rows", NULL, counters->rows, es);
	if (es->verbose && counters->bytes >= 0)
		ExplainPropertyInteger("Milvus Bytes", NULL, counters->bytes, es);
	if (es->timing)
		ExplainPropertyFloat("Milvus Wait", "ms", INSTR_TIME_GET_MILLISEC(counters->waited), 3, es);
}
