/*
 * mutation.c
 *		Insert, Upsert and Delete requests.
 *
 * InsertRequest and UpsertRequest have the same fields under the same numbers
 * (milvus.proto), so one writer serves both.
 */
#include "postgres.h"

#include "loading.h"
#include "mutation.h"
#include "read.h"
#include "server/own_writes.h"

enum
{
	/* InsertRequest, UpsertRequest, and the first three of DeleteRequest */
	REQUEST_DB_NAME = 2, REQUEST_COLLECTION_NAME = 3, REQUEST_PARTITION_NAME = 4,
	INSERT_NUM_ROWS = 7, INSERT_SCHEMA_TIMESTAMP = 8,
	UPSERT_PARTIAL_UPDATE = 9,
	DELETE_EXPR = 5
};

const char *
mutation_rpc(MutationKind kind)
{
	switch (kind)
	{
		case MUTATION_INSERT:
			return "Insert";
		case MUTATION_UPSERT:
		case MUTATION_PARTIAL_UPDATE:
			return "Upsert";
		case MUTATION_DELETE:
			return "Delete";
	}
	return "";
}

static FlatBuffer
make_head(const MilvusTable *table, const char *partition)
{
	FlatBuffer	head = codec_make_buffer();

	flat_put_field(&head, REQUEST_DB_NAME, table->collection->dbname, strlen(table->collection->dbname));
	flat_put_field(&head, REQUEST_COLLECTION_NAME, table->collection->asked_name, strlen(table->collection->asked_name));
	if (partition)
		flat_put_field(&head, REQUEST_PARTITION_NAME, partition, strlen(partition));
	return head;
}

void
mutation_make_rows(Mutation *mutation, const MilvusTable *table, MutationKind kind,
				   const char *partition, FlatWriter *columns, int ncolumns, uint32 nrows)
{
	WirePiece  *pieces = palloc(sizeof(WirePiece) * (1 + 3 * ncolumns));
	FlatBuffer	head = make_head(table, partition);
	int			npieces = 0;

	flat_put_varint_field(&head, INSERT_NUM_ROWS, nrows);

	/*
	 * by which the server refuses it when the name has come to mean another
	 * collection, or another schema (proxy/task_insert.go, task_upsert.go,
	 * from 2.5.4 on; others ignore it)
	 */
	if (table->collection->schema_timestamp != 0)
		flat_put_varint_field(&head, INSERT_SCHEMA_TIMESTAMP, table->collection->schema_timestamp);
	if (kind == MUTATION_PARTIAL_UPDATE)
		flat_put_varint_field(&head, UPSERT_PARTIAL_UPDATE, 1);
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
	*mutation = (Mutation) {kind, nrows, pieces, npieces};
}

void
mutation_make_deletion(Mutation *mutation, const MilvusTable *table, const char *expr, int64 rows)
{
	WirePiece  *piece = palloc(sizeof(WirePiece));
	FlatBuffer	request = make_head(table, table->options.partition);

	/* to some servers it would mean all rows */
	if (expr[0] == '\0')
		elog(ERROR, "deletion without a filter");
	flat_put_field(&request, DELETE_EXPR, expr, strlen(expr));
	*piece = (WirePiece) {request.data, request.len};
	*mutation = (Mutation) {MUTATION_DELETE, rows, piece, 1};
}

RpcCall *
mutation_start(const MilvusTable *table, const Mutation *mutation)
{
	own_writes_expect(table->connection, table->collection);
	return rpc_start(&table->connection->rpc, mutation_rpc(mutation->kind), false, table->collection->dbname,
					 mutation->pieces, mutation->npieces);
}

static int64
rows_done(MutationKind kind, const FlatMutation *answer)
{
	switch (kind)
	{
		case MUTATION_INSERT:
			return answer->insert_count;
		case MUTATION_UPSERT:
		case MUTATION_PARTIAL_UPDATE:
			return answer->upsert_count;
		case MUTATION_DELETE:
			break;
	}
	return answer->delete_count;
}

/*
 * A row that does not fit into a message of the queue behind the proxy gets an
 * error that does not say so (Milvus 2.3.5, repackInsertData).
 */
static void
check_row_size(const MilvusTable *table, const FlatStatus *status)
{
	char	   *reason = pnstrdup((const char *) status->reason.data, status->reason.len);

	if (status->code != 0 && strstr(reason, "no hash key for"))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("row is too large for Milvus server \"%s\"", table->connection->rpc.name),
				 errdetail("Milvus: %s.", rpc_readable(reason)),
				 errhint("A row must fit into a message of its queue: 5 MB, unless pulsar.maxMessageSize is configured otherwise.")));
	pfree(reason);
}

void
mutation_finish(const MilvusTable *table, RpcCall *call, MutationKind kind, int64 rows,
				RpcBuffer *buffer, FlatMutation *answer, volatile MutationOutcome *outcome)
{
	const char *problem;

	rpc_finish(call, buffer, NULL);
	outcome->answered = true;
	problem = flat_open_mutation((FlatSlice) {buffer->data, buffer->len}, answer);
	if (problem)
		read_raise_malformed(table, mutation_rpc(kind), problem);
	rpc_log(&table->connection->rpc, mutation_rpc(kind), buffer, table->collection->name, rows);
	if (answer->status.code == MILVUS_SCHEMA_MISMATCH)
		table_raise_outdated(table);
	check_row_size(table, &answer->status);
	loading_raise(table, &answer->status);
	read_check_status(table, mutation_rpc(kind), &answer->status);
	outcome->done = rows_done(kind, answer);
	own_writes_note(table->connection, table->collection, answer->timestamp);

	/*
	 * of a deletion by keys, servers tell how many keys there were, or how
	 * many rows
	 */
	if (kind != MUTATION_DELETE && outcome->done != rows)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("Milvus server \"%s\" took %lld of %lld rows", table->connection->rpc.name,
						(long long) outcome->done, (long long) rows)));
}

void
mutation_settle(MilvusConnection *connection, const Collection *collection, RpcCall *call,
				MutationKind kind, int ms, MutationOutcome *outcome)
{
	RpcBuffer	buffer = {.context = CurrentMemoryContext};
	FlatMutation answer;

	if (!rpc_settle(call, ms, &buffer) ||
		flat_open_mutation((FlatSlice) {buffer.data, buffer.len}, &answer) != NULL)
		return;
	outcome->answered = true;
	if (answer.status.code != 0 || answer.status.error_code != 0)
		return;
	outcome->done = rows_done(kind, &answer);
	own_writes_note(connection, collection, answer.timestamp);
}
