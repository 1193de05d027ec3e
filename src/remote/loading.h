/*
 * loading.h
 *		Collections that Milvus is loading: after its restart, or since somebody said so.
 */
#ifndef MILVUS_LOADING_H
#define MILVUS_LOADING_H

#include "postgres.h"

#include "table.h"

/* Does a status tell that what is asked for can't be read, or not yet? */
extern bool loading_is_reason(const FlatStatus *status);

/* Error 55000, with the progress, when the status has that reason and the collection is being loaded. */
extern void loading_raise(const MilvusTable *table, const FlatStatus *status);

/*
 * After such a status of a read: waits a moment, interruptibly, and is true: try again.
 * That error when the setting's time has passed since *since (0: it begins now); false
 * when nobody is loading the collection.
 */
extern bool loading_wait(const MilvusTable *table, const FlatStatus *status, TimestampTz *since);

#endif							/* MILVUS_LOADING_H */
