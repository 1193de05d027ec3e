/*
 * own_writes.c
 *		What this session has written, so that it reads it.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "own_writes.h"

typedef struct OwnWrite
{
	char	   *address;		/* of the server: another one has other times */
	char	   *dbname;
	int64		id;				/* of the collection; 0: the server has none, */
	char	   *name;			/* then its own name */
	uint64		timestamp;		/* of the last write */
	bool		unknown;		/* of the last write the server told none */
} OwnWrite;

/* per backend */
static List *own_writes = NIL;

static OwnWrite *
find_write(const MilvusConnection *connection, const Collection *collection)
{
	ListCell   *lc;

	foreach(lc, own_writes)
	{
		OwnWrite   *write = lfirst(lc);

		if (write->id == collection->id && (write->id != 0 || strcmp(write->name, collection->name) == 0) &&
			strcmp(write->dbname, collection->dbname) == 0 && strcmp(write->address, connection->rpc.address) == 0)
			return write;
	}
	return NULL;
}

void
own_writes_expect(MilvusConnection *connection, const Collection *collection)
{
	MemoryContext caller;
	OwnWrite   *write;

	if (find_write(connection, collection) != NULL)
		return;
	caller = MemoryContextSwitchTo(CacheMemoryContext);
	write = palloc0(sizeof(OwnWrite));
	write->address = pstrdup(connection->rpc.address);
	write->dbname = pstrdup(collection->dbname);
	write->id = collection->id;
	write->name = pstrdup(collection->name);
	own_writes = lappend(own_writes, write);
	MemoryContextSwitchTo(caller);
}

void
own_writes_note(MilvusConnection *connection, const Collection *collection, uint64 timestamp)
{
	OwnWrite   *write = find_write(connection, collection);

	Assert(write != NULL);
	write->timestamp = Max(write->timestamp, timestamp);
	if (timestamp == 0 && connection->dialect->has_timestamps)
		write->unknown = true;
}

uint64
own_writes_last(MilvusConnection *connection, const Collection *collection)
{
	OwnWrite   *write = find_write(connection, collection);

	if (write == NULL)
		return 0;
	/* any time from now on is one after that write */
	if (write->unknown)
	{
		write->timestamp = Max(write->timestamp, connection_server_time(connection));
		write->unknown = false;
	}
	return write->timestamp;
}
