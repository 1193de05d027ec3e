/*
 * begin.c
 *		The one way to begin to read, or to change, a collection.
 */
#include "postgres.h"

#include "begin.h"
#include "write/modify.h"
#include "remote/transaction.h"

void
begin_reading(const MilvusTable *table, const EState *estate, int relied_on)
{
	if (relied_on != RELIED_ON_NOTHING && table->collection->fingerprint != (uint32) relied_on)
		table_raise_outdated(table);
	transaction_check_read(table);
	modify_settle(table, estate, false);
	table_check_loaded(table);
}

void
begin_writing(const MilvusTable *table, const EState *estate)
{
	/* what waits for the commit is sent in its order */
	if (!table->options.write_at_commit)
		transaction_check_read(table);
	modify_settle(table, estate, table->options.write_at_commit);
}
