/*
 * conflict.h
 *		INSERT ... ON CONFLICT DO NOTHING: which rows are new.
 */
#ifndef MILVUS_CONFLICT_H
#define MILVUS_CONFLICT_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "read/source.h"
#include "remote/table.h"

/* rows that are looked up at once */
#define CONFLICT_BATCH 1000

typedef struct ConflictCheck ConflictCheck;

/*
 * For the rows that one statement inserts; key_column has their key.  Everything is
 * allocated in CurrentMemoryContext.
 */
extern ConflictCheck *conflict_begin(const MilvusTable *table, AttrNumber key_column);

/*
 * Which rows have a key that is neither there nor that of a row given before: they
 * are moved to the front of slots, in their order.  How many they are.  At most
 * CONFLICT_BATCH rows; one request, by strong consistency unless the user has said
 * otherwise.  Errors: 23502; 0A000 when no filter can name a key.
 */
extern int	conflict_leave_new(ConflictCheck *check, TupleTableSlot **slots, int nslots);

/* Add the look-ups so far. */
extern void conflict_count(const ConflictCheck *check, ScanCounters *counters);

#endif							/* MILVUS_CONFLICT_H */
