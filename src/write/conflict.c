/*
 * conflict.c
 *		INSERT ... ON CONFLICT DO NOTHING: which rows are new.
 *
 * Milvus has no such thing: keys are looked up before rows are sent.  Of two
 * sessions that insert one key at the same time both may find it new.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "conflict.h"
#include "read/keys.h"
#include "read/pages.h"

struct ConflictCheck
{
	const MilvusTable *table;
	AttrNumber	key_column;
	KeyMaker	key_maker;
	KeySet	   *taken;			/* keys of the rows given so far, and of those
								 * that were there */
	RowReader  *reader;			/* of the keys */
	bool		guaranteed;		/* the next is set */
	ReadGuarantee guarantee;	/* of all look-ups */
	RpcBuffer  *buffer;
	FlatResult *result;
	ScanCounters counters;
};

ConflictCheck *
conflict_begin(const MilvusTable *table, AttrNumber key_column)
{
	ConflictCheck *check = palloc0(sizeof(ConflictCheck));

	check->table = table;
	check->key_column = key_column;
	key_init_maker(&check->key_maker, table, key_column);
	check->taken = keyset_make();
	check->reader = row_make_reader(table, NIL, NIL, 0);
	check->buffer = rpc_make_buffer();
	check->result = palloc(sizeof(FlatResult));
	return check;
}

/*
 * Those of some keys that are there become taken ones.  Where a key may be there
 * several times one answer might not have all: Milvus drops repeated keys after it has
 * come to its limit.
 */
static void
look_up(ConflictCheck *check, const char *filter)
{
	const MilvusTable *table = check->table;
	PageRequest request = {.expr = filter};
	RowKey		key;

	if (!table->options.unique_keys)
	{
		PageSource *pages = pages_begin(table, check->reader, filter, ROWS_ALL, ROWS_ALL, &check->counters);

		while (pages_next(pages, NULL, NULL, &key))
		{
			CHECK_FOR_INTERRUPTS();
			keyset_add(check->taken, &key, 0);
		}
		return;
	}
	if (!check->guaranteed)
		check->guarantee = table_read_guarantee(table, READ_REPEATEDLY);
	check->guaranteed = true;
	request.output_fields = list_make1(table->collection->primary_key->name);
	request.limit = table->collection->max_window;
	counters_finish_call(&check->counters, table, read_start_page(table, check->guarantee, &request), check->buffer, NULL);
	check->counters.bytes += check->buffer->len;
	read_open_query(table, check->buffer, check->result);
	row_bind(check->reader, check->result);
	while (row_next_key(check->reader, &key))
	{
		CHECK_FOR_INTERRUPTS();
		row_skip(check->reader);
		keyset_add(check->taken, &key, 0);
	}
}

void
conflict_count(const ConflictCheck *check, ScanCounters *counters)
{
	counters->requests += check->counters.requests;
	counters->bytes += check->counters.bytes;
	INSTR_TIME_ADD(counters->waited, check->counters.waited);
}

int
conflict_leave_new(ConflictCheck *check, TupleTableSlot **slots, int nslots)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw conflicts", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RowKey	   *keys = palloc(sizeof(RowKey) * nslots);
	RowKey	   *unknown = palloc(sizeof(RowKey) * nslots);
	int			nunknown = 0,
				count = 0;

	for (int i = 0; i < nslots; i++)
	{
		RowKey		key = key_make_of_slot(&check->key_maker, slots[i], check->key_column);

		keys[i] = key_copy(&key);
		if (keyset_find(check->taken, &key) < 0)
			unknown[nunknown++] = keys[i];
	}
	if (nunknown > 0)
		look_up(check, key_filter_make(check->table, unknown, nunknown, "look up"));
	for (int i = 0; i < nslots; i++)
		if (keyset_add(check->taken, &keys[i], 0))
		{
			/* the executor keeps them all */
			TupleTableSlot *slot = slots[i];

			slots[i] = slots[count];
			slots[count++] = slot;
		}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return count;
}
