/*
 * sender.c
 *		The requests by which one statement writes to one table, in their order.
 *
 * One request is under way at a time, so that the server does them in the
 * order they were sent; the next is made meanwhile.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "sender.h"

Sender *
sender_begin(const MilvusTable *table)
{
	Sender	   *sender = palloc0(sizeof(Sender));

	sender->table = table;
	sender->context = CurrentMemoryContext;
	sender->level = GetCurrentTransactionNestLevel();
	sender->at_commit = table->options.write_at_commit;
	sender->buffer = rpc_make_buffer();
	return sender;
}

MemoryContext
sender_request_context(Sender *sender)
{
	sender_await(sender);
	if (sender->call_context == NULL)
		sender->call_context = AllocSetContextCreate(sender->context, "milvus_fdw write request",
													 ALLOCSET_SMALL_SIZES);
	MemoryContextReset(sender->call_context);
	return sender->call_context;
}

void
sender_send(Sender *sender, const Mutation *mutation)
{
	MemoryContext caller;

	sender->requests++;
	for (int i = 0; i < mutation->npieces; i++)
		sender->bytes += mutation->pieces[i].len;
	if (sender->at_commit)
	{
		transaction_keep(sender->table, mutation);
		return;
	}
	caller = MemoryContextSwitchTo(sender->call_context);
	sender->sent = transaction_start_mutation(sender->table, mutation, sender->level);
	MemoryContextSwitchTo(caller);
}

void
sender_delete(Sender *sender, const char *filter, int64 rows)
{
	MemoryContext caller = MemoryContextSwitchTo(sender_request_context(sender));
	Mutation	mutation;

	mutation_make_deletion(&mutation, sender->table, filter, rows);
	sender_send(sender, &mutation);
	MemoryContextSwitchTo(caller);
}

int64
sender_await(Sender *sender)
{
	instr_time	start,
				end;
	int64		done;

	if (sender->sent == NULL)
		return 0;
	INSTR_TIME_SET_CURRENT(start);
	sender->finishing = true;
	done = transaction_finish_mutation(sender->table, sender->sent, sender->buffer, &sender->answer);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_ACCUM_DIFF(sender->waited, end, start);
	sender->finishing = false;
	sender->sent = NULL;
	sender->written += done;
	return done;
}

void
sender_poll(Sender *sender)
{
	if (sender->sent)
		transaction_poll_mutation(sender->sent);
}

/* After an error elsewhere: what became of the request under way, if that can be learnt. */
static void
settle_request(Sender *sender, MemoryContext caller)
{
	PG_TRY();
	{
		sender_await(sender);
	}
	PG_CATCH();
	{
		/* the first error is the one to tell */
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
}

void
sender_rethrow(Sender *sender, MemoryContext caller)
{
	/*
	 * nobody waits any more, or there is nobody to wait for: the end of the
	 * transaction has a look
	 */
	bool		in_haste = rpc_is_interrupt(geterrcode()) ||
		ERRCODE_TO_CATEGORY(geterrcode()) == ERRCODE_CONNECTION_EXCEPTION;
	ErrorData  *error;
	char	   *progress;

	if (sender->written == 0 && (sender->sent == NULL || in_haste))
		PG_RE_THROW();
	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	FlushErrorState();
	if (!in_haste && !sender->finishing)
		settle_request(sender, caller);
	if (sender->written > 0)
	{
		progress = psprintf(INT64_FORMAT " %s of this statement had been written to Milvus before.",
							sender->written, sender->written == 1 ? "row" : "rows");
		error->detail = error->detail ? psprintf("%s\n%s", error->detail, progress) : progress;
	}
	ReThrowError(error);
}
