/*
 * deletion.h
 *		Keys collected in a filter, and deleted in requests of many.
 */
#ifndef MILVUS_DELETION_H
#define MILVUS_DELETION_H

#include "postgres.h"

#include "read/row.h"
#include "sender.h"

typedef struct Deletion Deletion;

/* For the sender's table.  Everything is allocated in CurrentMemoryContext. */
extern Deletion *deletion_begin(Sender *sender);

/* Delete the row of a key; sends what has been collected when it is enough.  Error 0A000 when a filter can't say it, or the server fails at such a key. */
extern void deletion_add(Deletion *deletion, const RowKey *key);

/* Send what is left, and wait for all of it. */
extern void deletion_finish(Deletion *deletion);

#endif							/* MILVUS_DELETION_H */
