/*
 * mutation.h
 *		Insert, Upsert and Delete requests.
 */
#ifndef MILVUS_MUTATION_H
#define MILVUS_MUTATION_H

#include "postgres.h"

#include "table.h"

typedef enum MutationKind
{
	MUTATION_INSERT,
	MUTATION_UPSERT,
	MUTATION_PARTIAL_UPDATE,	/* an upsert that leaves the fields it does
								 * not name as they are */
	MUTATION_DELETE
} MutationKind;

/* one request, encoded */
typedef struct Mutation
{
	MutationKind kind;
	int64		rows;			/* rows in it, or keys; -1: whatever the
								 * filter finds */
	WirePiece  *pieces;
	int			npieces;
} Mutation;

/*
 * Make a request of the rows that the columns hold, which are framed here;
 * partition NULL: the server's choice.  The pieces point into the columns;
 * what is made beside them is allocated in CurrentMemoryContext.
 */
extern void mutation_make_rows(Mutation *mutation, const MilvusTable *table, MutationKind kind,
							   const char *partition, FlatWriter *columns, int ncolumns, uint32 nrows);

/* Make a request that deletes what passes a filter, which must not be empty. */
extern void mutation_make_deletion(Mutation *mutation, const MilvusTable *table, const char *expr, int64 rows);

/* "Insert": the RPC of that kind. */
extern const char *mutation_rpc(MutationKind kind);

/*
 * Start sending.  Not repeatable: a broken connection leaves it open whether
 * the server has done it.
 */
extern RpcCall *mutation_start(const MilvusTable *table, const Mutation *mutation);

typedef struct MutationOutcome
{
	bool		answered;		/* the server has decided, whatever it says */
	int64		done;			/* rows that it wrote, or found to delete */
} MutationOutcome;

/*
 * Wait for its end.  outcome (zeroed by the caller) reports progress, even if an
 * error is raised.  The keys are left in answer, pointing into buffer.
 * From here on the session reads what it wrote.  Errors: Milvus' own, and HV000
 * when not all rows of an insert or upsert were taken.
 */
extern void mutation_finish(const MilvusTable *table, RpcCall *call, MutationKind kind, int64 rows,
							RpcBuffer *buffer, FlatMutation *answer, volatile MutationOutcome *outcome);

/*
 * The same at the end of a transaction, for a call that has ended or does so in
 * some milliseconds: never an error.  The answer, if any, stays in
 * CurrentMemoryContext, and the call the caller's.
 */
extern void mutation_settle(MilvusConnection *connection, const Collection *collection, RpcCall *call,
							MutationKind kind, int ms, MutationOutcome *outcome);

#endif							/* MILVUS_MUTATION_H */
