/*
 * truncate.c
 *		TRUNCATE: by Milvus' own RPC where there is one, else by deletion.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/rel.h"

#include "remote/begin.h"
#include "deletion.h"
#include "modify.h"
#include "read/pages.h"
#include "filter/filter.h"
#include "proto/milvus.pb-c.h"

/* False when the server has no such RPC. */
static bool
truncate_collection(const MilvusTable *table)
{
	Milvus__Proto__Milvus__TruncateCollectionRequest request = MILVUS__PROTO__MILVUS__TRUNCATE_COLLECTION_REQUEST__INIT;
	Milvus__Proto__Milvus__TruncateCollectionResponse *response;
	RpcCall    *call;
	MilvusStatus status;

	request.db_name = table->collection->dbname;
	request.collection_name = table->collection->asked_name;
	if (!table->connection->dialect->truncates)
		return false;
	call = rpc_start_message(&table->connection->rpc, "TruncateCollection", false, &request.base);
	if (!rpc_is_offered(call))
		return false;
	response = (Milvus__Proto__Milvus__TruncateCollectionResponse *)
		rpc_finish_message(call, &milvus__proto__milvus__truncate_collection_response__descriptor);
	if (status_of_message(&response->base, &status))
		status_check(&table->connection->rpc, "TruncateCollection", &status);
	return true;
}

/* Where a deletion by filter would reach beyond the table's partition. */
static void
delete_by_keys(Sender *sender)
{
	const MilvusTable *table = sender->table;
	ScanCounters counters = {0};
	PageSource *pages = pages_begin(table, row_make_reader(table, NIL, NIL, 0), "", ROWS_ALL, ROWS_ALL, &counters);
	Deletion   *deletion = deletion_begin(sender);
	RowKey		key;

	while (pages_next(pages, NULL, NULL, &key))
		deletion_add(deletion, &key);
	deletion_finish(deletion);
}

static void
truncate_table(const MilvusTable *table)
{
	const Dialect *dialect = table->connection->dialect;
	Sender	   *sender = sender_begin(table);

	if (!sender->at_commit && table->options.partition == NULL && truncate_collection(table))
	{
		transaction_note_truncation(table);
		return;
	}
	/* rows of partitions that are not loaded would stay */
	table_check_loaded(table);
	if (dialect->delete_by_filter && filter_can_name(table, table->collection->primary_key) &&
		(table->options.partition == NULL || dialect->delete_in_partition))
		sender_delete(sender, read_filter_of_all(table), -1);
	else
		delete_by_keys(sender);
	sender_await(sender);
	if (!sender->at_commit)
		transaction_note_truncation(table);
}

void
milvusExecForeignTruncate(List *relations, DropBehavior behavior, bool restart_sequences)
{
	List	   *tables = NIL;
	ListCell   *lc;

	if (restart_sequences)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("RESTART IDENTITY is not supported by milvus_fdw"),
				 errdetail("Milvus makes keys that it never starts anew.")));
	/* all that can be refused is, before anything is emptied */
	foreach(lc, relations)
	{
		MilvusTable *table = table_open_remote(lfirst(lc), GetUserId(), DESCRIPTION_FRESH);

		table_read_for_update(table);
		modify_check_updatable(table, "truncates");
		begin_writing(table, NULL);
		tables = lappend(tables, table);
	}
	foreach(lc, tables)
	{
		CHECK_FOR_INTERRUPTS();
		truncate_table(lfirst(lc));
	}
}
