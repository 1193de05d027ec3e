/*
 * deletion.c
 *		Keys collected in a filter, and deleted in requests of many.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "deletion.h"
#include "read/keys.h"

/* servers parse a list of keys: longer ones take them more than twice as long */
#define KEYS_PER_REQUEST 10000
#define BYTES_PER_REQUEST (1024 * 1024)

struct Deletion
{
	Sender	   *sender;
	KeyFilter	filter;			/* of the next request */
	int			max_keys;
};

Deletion *
deletion_begin(Sender *sender)
{
	Deletion   *deletion = palloc0(sizeof(Deletion));
	const MilvusTable *table = sender->table;

	deletion->sender = sender;
	key_filter_begin(&deletion->filter, table, false);
	deletion->max_keys = table->options.batch_size > 0 ? table->options.batch_size : KEYS_PER_REQUEST;
	return deletion;
}

static void
send_keys(Deletion *deletion)
{
	KeyFilter  *filter = &deletion->filter;
	int			count = key_filter_count(filter);

	if (count == 0)
		return;
	sender_delete(deletion->sender, key_filter_end(filter), count);
	pfree(filter->list.data);
	key_filter_begin(filter, filter->table, false);
}

void
deletion_add(Deletion *deletion, const RowKey *key)
{
	const MilvusTable *table = deletion->sender->table;

	CHECK_FOR_INTERRUPTS();
	key_check_changeable(table, key);
	/* not every server deletes by anything else than a list */
	if (key_stands_alone(key))
		send_keys(deletion);
	if (!key_filter_add(&deletion->filter, key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot delete a row of foreign table \"%s\"", table->relname),
				 errdetail("A value of its key \"%s\" cannot be written in a filter of %s.",
						   table->collection->primary_key->name, table->connection->dialect->name)));
	if (key_stands_alone(key) || key_filter_count(&deletion->filter) >= deletion->max_keys ||
		deletion->filter.list.len >= BYTES_PER_REQUEST)
		send_keys(deletion);
}

void
deletion_finish(Deletion *deletion)
{
	send_keys(deletion);
	sender_await(deletion->sender);
}
