/*
 * sender.h
 *		The requests by which one statement writes to one table, in their order.
 */
#ifndef MILVUS_SENDER_H
#define MILVUS_SENDER_H

#include "postgres.h"

#include "portability/instr_time.h"
#include "remote/transaction.h"

/*
 * At most one request is under way (sent).  answer is that of the last one awaited, good
 * until the next is.  With at_commit nothing ever is: the transaction keeps the requests.
 */
typedef struct Sender
{
	const MilvusTable *table;
	MemoryContext context;
	int			level;			/* of the subtransaction that writes */
	bool		at_commit;		/* nothing is sent now */
	SentMutation *sent;			/* the request under way, or NULL */
	bool		finishing;		/* its end is being waited for, or has failed */
	MemoryContext call_context;
	RpcBuffer  *buffer;
	FlatMutation answer;		/* of the last one, pointing into buffer */
	int64		written;		/* rows the server has acknowledged */

	/* for EXPLAIN (ANALYZE) */
	int64		requests;
	int64		bytes;
	instr_time	waited;
} Sender;

/* For the table, whose description must be fresh.  Everything is allocated in CurrentMemoryContext. */
extern Sender *sender_begin(const MilvusTable *table);

/*
 * The context to make the next request in: it goes when the request has been
 * answered.  Waits for the one before.
 */
extern MemoryContext sender_request_context(Sender *sender);

/*
 * Send a request made there, or keep it for the commit.  What it was made from
 * may be changed afterwards.
 */
extern void sender_send(Sender *sender, const Mutation *mutation);

/* The same for a deletion of what passes a filter; rows: how many keys it names, -1 if none. */
extern void sender_delete(Sender *sender, const char *filter, int64 rows);

/* Wait for what is under way: the rows that the server says it wrote. */
extern int64 sender_await(Sender *sender);

/* Give what is under way a chance to go on. */
extern void sender_poll(Sender *sender);

/* Re-throw the current error, adding a DETAIL that says how many rows had been written. */
extern _Noreturn void sender_rethrow(Sender *sender, MemoryContext caller);

#endif							/* MILVUS_SENDER_H */
