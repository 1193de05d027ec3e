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
	StringInfoData filter;		/* "key in [1,2" */
	int			list_start;
	int			nkeys;
	int			max_keys;
};

Deletion *
deletion_begin(Sender *sender)
{
	Deletion   *deletion = palloc0(sizeof(Deletion));
	const MilvusTable *table = sender->table;

	deletion->sender = sender;
	initStringInfo(&deletion->filter);
	appendStringInfo(&deletion->filter, "%s in [", table->collection->primary_key->name);
	deletion->list_start = deletion->filter.len;
	deletion->max_keys = table->options.batch_size > 0 ? table->options.batch_size : KEYS_PER_REQUEST;
	return deletion;
}

static void
send_keys(Deletion *deletion)
{
	if (deletion->nkeys == 0)
		return;
	appendStringInfoChar(&deletion->filter, ']');
	sender_delete(deletion->sender, deletion->filter.data, deletion->nkeys);
	deletion->filter.len = deletion->list_start;
	deletion->filter.data[deletion->list_start] = '\0';
	deletion->nkeys = 0;
}

void
deletion_add(Deletion *deletion, const RowKey *key)
{
	const MilvusTable *table = deletion->sender->table;
	char	   *alone;

	CHECK_FOR_INTERRUPTS();
	key_check_changeable(table, key);
	alone = key_filter_alone(table, key);
	if (alone)
	{
		sender_delete(deletion->sender, alone, 1);
		return;
	}
	if (!row_list_key(table, &deletion->filter, key, deletion->nkeys == 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot delete a row of foreign table \"%s\"", table->relname),
				 errdetail("A value of its key \"%s\" cannot be written in a filter of %s.",
						   table->collection->primary_key->name, table->connection->dialect->name)));
	deletion->nkeys++;
	if (deletion->nkeys >= deletion->max_keys || deletion->filter.len >= BYTES_PER_REQUEST)
		send_keys(deletion);
}

void
deletion_finish(Deletion *deletion)
{
	send_keys(deletion);
	sender_await(deletion->sender);
}
