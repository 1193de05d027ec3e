/*
 * count.c
 *		The number of rows that pass a filter, as the server counts them.
 */
#include "postgres.h"

#include "commands/explain.h"

#include "compat.h"
#include "count.h"

int64
count_rows(const MilvusTable *table, const char *expr, ReadGuarantee guarantee, ScanCounters *counters)
{
	RpcBuffer  *buffer = rpc_make_buffer();
	FlatResult *result = palloc(sizeof(FlatResult));
	RpcCall    *call = read_start_count(table, guarantee, expr);
	FlatCursor	cursor = {0};
	FlatColumn *column;
	FlatValue	value;

	counters_finish_call(counters, table, call, buffer, NULL);
	read_open_query(table, buffer, result);
	counters->bytes += buffer->len;
	counters->rows += result->nrows;
	column = flat_find_column(result, READ_COUNT);
	if (column == NULL || column->carrier != FLAT_SCALAR_LONG || !flat_next(column, &cursor, &value) || value.isnull)
		read_raise_malformed(table, "Query", "no count");
	return value.integer;
}

/* one row, of which every column is the number */
typedef struct CountSource
{
	const SourceRequest *request;
	bool		given;			/* that row */
} CountSource;

static RowSource *
begin_count(const SourceRequest *request)
{
	CountSource *source = palloc0(sizeof(CountSource));

	/* planned only where the filter says it all */
	if (request->recheck)
		filter_raise_too_large(request->table);
	source->request = request;
	return (RowSource *) source;
}

static bool
next_count(RowSource *rows, Datum *values, bool *nulls)
{
	CountSource *source = (CountSource *) rows;
	const SourceRequest *request = source->request;
	int64		count = 0;

	if (source->given)
		return false;
	if (request->expr)
		count = count_rows(request->table, request->expr, table_read_guarantee(request->table, READ_ONCE), request->counters);
	for (int i = 0; i < request->tupdesc->natts; i++)
	{
		values[i] = Int64GetDatum(count);
		nulls[i] = false;
	}
	source->given = true;
	return true;
}

static void
explain_count(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values, const ScanCounters *counters, struct ExplainState *es)
{
	ExplainPropertyText("Milvus Count", "all rows that pass", es);
}

const RowSourceMethods count_methods = {
	.begin = begin_count,
	.next = next_count,
	.explain = explain_count
};
