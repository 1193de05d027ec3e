/*
 * mutation.c
 *		Insert and Upsert requests from columns of encoded values.
 *
 * InsertRequest and UpsertRequest have the same fields under the same numbers
 * (milvus.proto), so one writer serves both.
 */
#include "postgres.h"

#include "mutation.h"
#include "read.h"

enum
{
	INSERT_DB_NAME = 2, INSERT_COLLECTION_NAME = 3, INSERT_PARTITION_NAME = 4, INSERT_NUM_ROWS = 7
};

static const char *
rpc_name(const MilvusTable *table)
{
	return table->options.upsert ? "Upsert" : "Insert";
}

RpcCall *
mutation_start(const MilvusTable *table, FlatWriter *columns, int ncolumns, uint32 nrows)
{
	WirePiece  *pieces = palloc(sizeof(WirePiece) * (1 + 3 * ncolumns));
	FlatBuffer	head = codec_make_buffer();
	const TableOptions *options = &table->options;
	int			npieces = 0;

	flat_put_field(&head, INSERT_DB_NAME, options->dbname, strlen(options->dbname));
	flat_put_field(&head, INSERT_COLLECTION_NAME, options->collection, strlen(options->collection));
	if (options->partition)
		flat_put_field(&head, INSERT_PARTITION_NAME, options->partition, strlen(options->partition));
	flat_put_varint_field(&head, INSERT_NUM_ROWS, nrows);
	pieces[npieces++] = (WirePiece) {head.data, head.len};
	for (int i = 0; i < ncolumns; i++)
	{
		FlatWriter *column = &columns[i];

		flat_frame_column(column);
		pieces[npieces++] = (WirePiece) {column->prefix.data, column->prefix.len};
		if (column->values.len > 0)
			pieces[npieces++] = (WirePiece) {column->values.data, column->values.len};
		if (column->suffix.len > 0)
			pieces[npieces++] = (WirePiece) {column->suffix.data, column->suffix.len};
	}
	return rpc_start(&table->connection->rpc, rpc_name(table), false, pieces, npieces);
}

void
mutation_finish(const MilvusTable *table, RpcCall *call, uint32 nrows,
				RpcBuffer *buffer, FlatMutation *result)
{
	const char *problem;
	int64		taken;

	rpc_finish(call, buffer, NULL);
	problem = flat_open_mutation((FlatSlice) {buffer->data, buffer->len}, result);
	if (problem)
		read_raise_malformed(table, rpc_name(table), problem);
	read_check_status(table, rpc_name(table), &result->status);
	taken = table->options.upsert ? result->upsert_count : result->insert_count;
	if (taken != nrows)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("Milvus server \"%s\" took %lld of %u rows", table->connection->rpc.name,
						(long long) taken, nrows)));
	connection_note_write(table->connection, table->collection->dbname,
						  table->collection->name, result->timestamp);
}
