/*
 * batch.h
 *		Rows collected in columns and sent in requests of some megabytes.
 */
#ifndef MILVUS_BATCH_H
#define MILVUS_BATCH_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "remote/mutation.h"

typedef struct Batch Batch;

/*
 * A batch for the table, whose description must be fresh.  Everything is
 * allocated in CurrentMemoryContext.  Errors: 23502 when a field that needs a
 * value has no column.
 */
extern Batch *batch_begin(const MilvusTable *table);

/*
 * Add a row of the table's shape; sends what has been collected when it is
 * enough, and builds on while the server is at it.  Errors, before the row's
 * batch is sent: 23502, 428C9, and those of codec_write().
 */
extern void batch_add(Batch *batch, TupleTableSlot *slot);

/*
 * Send what is left and wait for all of it.  The key the server gave to the
 * last row is put into *key when it is not NULL: allocated in
 * CurrentMemoryContext, of the key column's type.
 */
extern void batch_finish(Batch *batch, Datum *key);

/* Does the server make the keys? */
extern bool batch_has_auto_id(const MilvusTable *table);

#endif							/* MILVUS_BATCH_H */
