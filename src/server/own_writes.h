/*
 * own_writes.h
 *		What this session has written, so that it reads it.
 *
 * Remembered to the end of the session by server, database and collection: not
 * by the name or the user that it was written by.
 */
#ifndef MILVUS_OWN_WRITES_H
#define MILVUS_OWN_WRITES_H

#include "postgres.h"

#include "collection.h"

/* Before a write: noting it can't fail then. */
extern void own_writes_expect(MilvusConnection *connection, const Collection *collection);

/* After a write; timestamp 0: the server did not tell one. */
extern void own_writes_note(MilvusConnection *connection, const Collection *collection, uint64 timestamp);

/*
 * The timestamp of the session's last write to the collection, 0 if none.  Where
 * the server told none for it (Milvus 2.3 for a deletion), it is asked for the
 * time.
 */
extern uint64 own_writes_last(MilvusConnection *connection, const Collection *collection);

#endif							/* MILVUS_OWN_WRITES_H */
