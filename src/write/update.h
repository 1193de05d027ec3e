/*
 * update.h
 *		Rows changed by writing them anew, with what the foreign table does not map.
 */
#ifndef MILVUS_UPDATE_H
#define MILVUS_UPDATE_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"

#include "read/row.h"
#include "sender.h"

typedef struct Update Update;

/*
 * For the sender's table; changed: the columns that are set, NULL for all.
 * Everything is allocated in CurrentMemoryContext.  Errors: 0A000 where the
 * server would give an updated row a new key.
 */
extern Update *update_begin(Sender *sender, Bitmapset *changed);

/* Write a row of the table's shape in the place of the one with its key. */
extern void update_add(Update *update, const RowKey *key, TupleTableSlot *slot);

/* Write what is left, and wait for all of it. */
extern void update_finish(Update *update);

/* For EXPLAIN: how rows are written. */
extern const char *update_describe(const Update *update);

#endif							/* MILVUS_UPDATE_H */
