/*
 * begin.c
 *		The one way to begin to read, or to change, a collection.
 */
#include "postgres.h"

#include "begin.h"
#include "transaction.h"

/* of all statements under way in this backend */
static dlist_head all_collected = DLIST_STATIC_INIT(all_collected);

void
begin_collecting(CollectedRows *rows)
{
	dlist_push_tail(&all_collected, &rows->node);
}

void
begin_forget_collected(CollectedRows *rows)
{
	dlist_delete(&rows->node);
}

/* The statements around this one (it runs in their triggers and functions) send what they have collected. */
static void
send_collected(const MilvusTable *table, const EState *estate, bool at_commit)
{
	dlist_iter	iter;

	dlist_foreach(iter, &all_collected)
	{
		CollectedRows *rows = dlist_container(CollectedRows, node, iter.cur);

		/*
		 * a statement does not see its own rows; what it keeps, it keeps for
		 * that
		 */
		if (rows->estate == estate || !rows->has_unsent || !table_same_collection(rows->table, table))
			continue;
		if (rows->table->options.write_at_commit && !at_commit)
			transaction_raise_waiting(rows->table);
		rows->send(rows);
	}
}

void
begin_reading(const MilvusTable *table, const EState *estate, int relied_on)
{
	if (relied_on != RELIED_ON_NOTHING && table->collection->fingerprint != (uint32) relied_on)
		table_raise_outdated(table);
	transaction_check_read(table);
	send_collected(table, estate, false);
	table_check_loaded(table);
}

void
begin_writing(const MilvusTable *table, const EState *estate)
{
	/* what waits for the commit is sent in its order */
	if (!table->options.write_at_commit)
		transaction_check_read(table);
	send_collected(table, estate, table->options.write_at_commit);
}
