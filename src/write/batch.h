/*
 * batch.h
 *		Rows collected in columns and sent in requests of some megabytes.
 */
#ifndef MILVUS_BATCH_H
#define MILVUS_BATCH_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"

#include "sender.h"

typedef struct Batch Batch;

typedef enum BatchPurpose
{
	BATCH_INSERT,				/* new rows; with insert_mode 'upsert' they
								 * replace those of their keys */
	BATCH_REPLACE,				/* whole rows: what the table does not map is
								 * carried along */
	BATCH_CHANGE				/* only the key and what is set: for servers
								 * with partial updates */
} BatchPurpose;

/*
 * A batch for the sender's table.  changed: columns that an UPDATE sets, NULL
 * for all.  Everything is allocated in CurrentMemoryContext.  Errors: 23502
 * when a field that needs a value has no column, 0A000 where a row can't be
 * replaced.
 */
extern Batch *batch_begin(Sender *sender, BatchPurpose purpose, Bitmapset *changed);

/*
 * Fields whose values come from the rows that are there, a List of char *: NIL
 * when the table says all of a row.  If not, batch_carry() binds an answer that
 * has these fields; then each batch_add() takes the next of its rows, and
 * batch_skip_carried() passes over one.
 */
extern List *batch_carried_fields(const Batch *batch);
extern void batch_carry(Batch *batch, FlatResult *result);
extern void batch_skip_carried(Batch *batch);

/* Rows go into that partition from now on; nothing may be waiting to be sent. */
extern void batch_set_partition(Batch *batch, const char *partition);

/*
 * Add a row of the table's shape; sends what has been collected when it is
 * enough, and keeps building the next request while the server processes this one.  Errors, before the row's
 * batch is sent: 23502, 428C9, 54000, and those of codec_write().
 */
extern void batch_add(Batch *batch, TupleTableSlot *slot);

/* Send what is left; the sender is to be waited for. */
extern void batch_send(Batch *batch);

/* The key that the server gave to the last row that was written, in CurrentMemoryContext. */
extern Datum batch_read_key(Batch *batch);

/*
 * What is stored for a column where a row has NULL, in CurrentMemoryContext: its
 * field's default; false when that is NULL, or an error.  value NULL: only asked.
 */
extern bool batch_read_default(const Batch *batch, AttrNumber attnum, Datum *value);

/* Does the server make the keys of new rows? */
extern bool batch_has_auto_id(const MilvusTable *table);

#endif							/* MILVUS_BATCH_H */
