/*
 * transaction.h
 *		What the transaction has written to Milvus, and what it keeps back until
 *		it commits.
 *
 * Milvus has no transactions.  What was sent stays, whatever becomes of the
 * transaction here: then the client is warned.  With write_mode 'commit' the
 * requests are kept in this backend, in memory and above work_mem in a
 * temporary file, and are sent when everything else of the commit has been
 * done.  Must not know what the rows are.
 */
#ifndef MILVUS_TRANSACTION_H
#define MILVUS_TRANSACTION_H

#include "postgres.h"

#include "mutation.h"

/* a request under way; the transaction's own, as it may outlive the statement that failed */
typedef struct SentMutation SentMutation;

/*
 * mutation_start() and mutation_finish(), on the record: what the transaction
 * leaves behind if it is undone.  level: the nesting of the subtransaction whose
 * write it is, which may be outside the current one.  Once it is finished, whether
 * or not with an error, the request is no more.  One that is not finished when its
 * (sub)transaction is undone is waited for a moment then.
 */
extern SentMutation *transaction_start_mutation(const MilvusTable *table, const Mutation *mutation, int level);
extern int64 transaction_finish_mutation(const MilvusTable *table, SentMutation *sent,
										 RpcBuffer *buffer, FlatMutation *answer);

/* Give it a chance to go on. */
extern void transaction_poll_mutation(const SentMutation *sent);

/* A collection has been emptied, however many rows it had. */
extern void transaction_note_truncation(const MilvusTable *table);

/*
 * An RPC has changed something else than rows; uncertain: perhaps, as it was not
 * answered.  rpc must live to the end of the transaction.
 */
extern void transaction_note_call(const MilvusConnection *connection, const char *rpc, bool uncertain);

/* Keep a request to the end of the transaction.  Nothing of it is referred to afterwards. */
extern void transaction_keep(const MilvusTable *table, const Mutation *mutation);

/*
 * Error 55000 when the transaction keeps back writes to the table's
 * collection: what would be read is not what has been written.
 */
extern void transaction_check_read(const MilvusTable *table);

/* That error, for writes to a table that are still with their statement. */
extern _Noreturn void transaction_raise_waiting(const MilvusTable *writes);

#endif							/* MILVUS_TRANSACTION_H */
