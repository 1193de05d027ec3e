/*
 * update.c
 *		Rows changed by writing them anew, with what the foreign table does not map.
 *
 * Milvus knows no UPDATE: an upsert takes the place of a whole row, and puts it
 * into the partition it names.  So fields without a column are read first, and
 * go into the request as they came; and where a collection has partitions and
 * the table is none of them, rows are looked for in each.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "batch.h"
#include "read/keys.h"
#include "update.h"

/* rows looked up at once */
#define ROWS_PER_LOOKUP 2000
#define BYTES_PER_LOOKUP (4 * 1024 * 1024)
#define VECTOR_BYTES_PER_LOOKUP (16 * 1024 * 1024)

struct Update
{
	Sender	   *sender;
	Batch	   *batch;
	BatchPurpose purpose;
	List	   *carried;		/* fields that go along unread */
	bool		has_partitions; /* and the table is none of them */
	List	   *partitions;		/* their names, once they are known */

	/* rows that wait to be looked up */
	MemoryContext rows_context;
	MinimalTuple *rows;
	RowKey	   *keys;
	KeySet	   *positions;
	int			nrows;
	int			max_rows;
	Size		bytes;
	TupleTableSlot *slot;

	bool		guaranteed;		/* the next is set */
	ReadGuarantee guarantee;	/* of all look-ups */
	RowReader  *reader;			/* of the keys */
	RpcBuffer  *buffer;
	FlatResult *result;
};

static bool
touches_dynamic(const MilvusTable *table, Bitmapset *changed)
{
	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
		if (table->columns[attnum - 1].name && table->columns[attnum - 1].field->is_dynamic &&
			(changed == NULL || bms_is_member(attnum, changed)))
			return true;
	return false;
}

static bool
has_functions(const Collection *collection)
{
	for (int i = 0; i < collection->nfields; i++)
		if (collection->fields[i].function_output)
			return true;
	return false;
}

/* Only what is set is sent where the server lets the rest be. */
static BatchPurpose
choose_purpose(const MilvusTable *table, Bitmapset *changed)
{
	const Dialect *dialect = table->connection->dialect;

	if (!dialect->partial_update || changed == NULL || has_functions(table->collection))
		return BATCH_REPLACE;
	if (!touches_dynamic(table, changed))
		return BATCH_CHANGE;
	/* keys that are gone from $meta would stay */
	if (!dialect->upsert_replaces && table->collection->primary_key->auto_id)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot update the dynamic fields of foreign table \"%s\"", table->relname),
				 errdetail("%s makes the keys of collection \"%s\", and merges dynamic fields into those that are there.",
						   dialect->name, table->collection->name)));
	return BATCH_REPLACE;
}

static int
rows_per_lookup(const MilvusTable *table, List *carried)
{
	const Dialect *dialect = table->connection->dialect;
	int			vector_bytes = 0;
	int			rows = Min(ROWS_PER_LOOKUP, table->collection->max_window);
	ListCell   *lc;

	foreach(lc, carried)
	{
		const CollectionField *field = collection_find_field(table->collection, lfirst(lc));

		if (field && milvus_type_is_vector(field->data_type))
			vector_bytes += Max(field->dim, 64) * sizeof(float);
	}
	if (vector_bytes > 0)
	{
		rows = Min(rows, VECTOR_BYTES_PER_LOOKUP / vector_bytes);
		rows = Min(rows, dialect->max_vector_rows);
	}
	return Max(rows, 1);
}

Update *
update_begin(Sender *sender, Bitmapset *changed)
{
	Update	   *update = palloc0(sizeof(Update));
	const MilvusTable *table = sender->table;

	update->sender = sender;
	update->purpose = choose_purpose(table, changed);
	update->batch = batch_begin(sender, update->purpose, changed);
	update->carried = batch_carried_fields(update->batch);
	update->has_partitions = table->collection->npartitions > 1 && table->options.partition == NULL &&
		table->collection->partition_key == NULL;
	if (update->carried == NIL && !update->has_partitions)
		return update;
	update->max_rows = rows_per_lookup(table, update->carried);
	update->rows_context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw rows to update",
												 ALLOCSET_DEFAULT_SIZES);
	update->rows = palloc(sizeof(MinimalTuple) * update->max_rows);
	update->keys = palloc(sizeof(RowKey) * update->max_rows);
	update->positions = keyset_make();
	update->reader = row_make_reader(table, NIL, NIL, 0);
	update->buffer = rpc_make_buffer();
	update->result = palloc(sizeof(FlatResult));
	return update;
}

/* Write the rows that were found: a row that is gone meanwhile is not made again. */
static void
write_found(Update *update)
{
	RowKey		key;

	batch_carry(update->batch, update->result);
	row_bind(update->reader, update->result);
	while (row_next_key(update->reader, &key))
	{
		int			position = keyset_find(update->positions, &key);

		CHECK_FOR_INTERRUPTS();
		row_skip(update->reader);
		if (position < 0)
		{
			batch_skip_carried(update->batch);
			continue;
		}
		ExecStoreMinimalTuple(update->rows[position], update->slot, false);
		batch_add(update->batch, update->slot);
		ExecClearTuple(update->slot);
	}
}

/* Look up some of the waiting rows in one partition, and write those that are there. */
static void
write_rows(Update *update, const char *partition, int first, int count)
{
	MilvusTable table = *update->sender->table;
	PageRequest request;
	bool		too_large = false;

	table.options.partition = unconstify(char *, partition);
	request.expr = key_filter_make(&table, &update->keys[first], count, "update");
	request.output_fields = lappend(list_copy(update->carried), table.collection->primary_key->name);
	/* where a key is there several times, all of them count */
	request.limit = table.collection->max_window;
	request.ordered = false;
	read_finish(&table, read_start_page(&table, update->guarantee, &request), update->buffer,
				count > 1 ? &too_large : NULL);
	if (too_large)
	{
		write_rows(update, partition, first, count / 2);
		write_rows(update, partition, first + count / 2, count - count / 2);
		return;
	}
	read_open_query(&table, update->buffer, update->result);
	write_found(update);
}

static void
write_waiting(Update *update)
{
	const MilvusTable *table = update->sender->table;
	MemoryContext caller;
	MemoryContext context;
	ListCell   *lc;

	if (update->nrows == 0)
		return;
	if (update->has_partitions && update->partitions == NIL)
	{
		caller = MemoryContextSwitchTo(update->sender->context);
		update->partitions = collection_list_partitions(table->connection, table->collection->dbname,
														table->collection->asked_name);
		MemoryContextSwitchTo(caller);
	}
	if (!update->guaranteed)
		update->guarantee = table_read_guarantee(table, READ_REPEATEDLY);
	update->guaranteed = true;
	context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw lookup", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	if (!update->has_partitions)
		write_rows(update, table->options.partition, 0, update->nrows);
	foreach(lc, update->partitions)
	{
		batch_send(update->batch);
		batch_set_partition(update->batch, lfirst(lc));
		write_rows(update, lfirst(lc), 0, update->nrows);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	MemoryContextReset(update->rows_context);
	keyset_empty(update->positions);
	update->nrows = 0;
	update->bytes = 0;
}

void
update_add(Update *update, const RowKey *key, TupleTableSlot *slot)
{
	MemoryContext caller;

	key_check_changeable(update->sender->table, key);
	if (update->rows_context == NULL)
	{
		batch_add(update->batch, slot);
		return;
	}
	if (update->slot == NULL)
	{
		caller = MemoryContextSwitchTo(update->sender->context);
		update->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(slot->tts_tupleDescriptor),
												&TTSOpsMinimalTuple);
		MemoryContextSwitchTo(caller);
	}
	caller = MemoryContextSwitchTo(update->rows_context);
	update->rows[update->nrows] = ExecCopySlotMinimalTuple(slot);
	update->keys[update->nrows] = key_copy(key);
	MemoryContextSwitchTo(caller);
	keyset_add(update->positions, key, update->nrows);
	update->bytes += update->rows[update->nrows]->t_len;
	update->nrows++;
	if (update->nrows >= update->max_rows || update->bytes >= BYTES_PER_LOOKUP)
		write_waiting(update);
}

void
update_finish(Update *update)
{
	if (update->rows_context)
		write_waiting(update);
	batch_send(update->batch);
	sender_await(update->sender);
}

const char *
update_describe(const Update *update)
{
	StringInfoData text;
	ListCell   *lc;

	if (update->purpose == BATCH_CHANGE)
		return update->has_partitions ? "upsert of the fields set, after a look for the partition" :
			"upsert of the fields set";
	initStringInfo(&text);
	appendStringInfoString(&text, "upsert of whole rows");
	foreach(lc, update->carried)
	{
		appendStringInfo(&text, "%s%s", foreach_current_index(lc) == 0 ? ", carrying " : ", ", (char *) lfirst(lc));
	}
	if (update->has_partitions)
		appendStringInfoString(&text, ", after a look for the partition");
	return text.data;
}
