/*
 * count.c
 *		The number of rows that pass a filter, as the server counts them.
 */
#include "postgres.h"

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
