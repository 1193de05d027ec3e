/*
 * transaction.c
 *		What the transaction has written to Milvus, and what it keeps back until
 *		it commits.
 */
#include "postgres.h"

#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/ipc.h"
#include "utils/memutils.h"

#include "store.h"
#include "transaction.h"

/* what a subtransaction has written to a collection */
typedef struct WriteNote
{
	char	   *server;
	char	   *dbname;
	char	   *collection;
	int			level;			/* of the subtransaction */
	int64		written;
	int64		uncertain;		/* sent, and not answered */
	int			uncertain_filters;	/* the same of deletions by filter */
	bool		truncated;
} WriteNote;

/* an RPC by which a subtransaction has changed something else */
typedef struct CallNote
{
	char	   *server;
	const char *rpc;
	int			level;
	int			count;			/* in a row */
	bool		uncertain;		/* sent, and not answered */
} CallNote;

/*
 * In under_way from its start until its outcome is known, or nobody can know it any
 * more.  The rows are counted as uncertain in the note for so long.
 */
struct SentMutation
{
	MemoryContext context;		/* of this and of the call */
	MilvusConnection *connection;
	const Collection *collection;
	RpcCall    *call;
	MutationKind kind;
	int64		rows;
	WriteNote  *note;
};

typedef struct KeptRequest
{
	MilvusTable *table;			/* only what requests are made from */
	MutationKind kind;
	int64		rows;
	int			level;
	off_t		place;			/* in the store */
	Size		len;
} KeptRequest;

/* all of one transaction, in TopTransactionContext */
static List *notes = NIL;		/* of WriteNote */
static List *calls = NIL;		/* of CallNote, in their order */
static List *under_way = NIL;	/* of SentMutation */
static List *kept = NIL;		/* of KeptRequest, in the order of sending */
static bool callbacks_registered = false;

static void register_callbacks(void);

static void
forget_all(void)
{
	store_forget();
	kept = notes = calls = under_way = NIL;
}

/* --- what is told --- */

static bool
same_place(const WriteNote *one, const WriteNote *other)
{
	return strcmp(one->collection, other->collection) == 0 &&
		strcmp(one->dbname, other->dbname) == 0 && strcmp(one->server, other->server) == 0;
}

static void
append_rows(StringInfo text, int64 rows)
{
	appendStringInfo(text, rows == 1 ? INT64_FORMAT " row" : INT64_FORMAT " rows", rows);
}

static void
append_part(StringInfo text, int start, const char *part)
{
	if (text->len > start)
		appendStringInfoString(text, ", and ");
	appendStringInfoString(text, part);
}

static void
describe_note(StringInfo text, const WriteNote *note)
{
	int			start;

	if (text->len > 0)
		appendStringInfoChar(text, '\n');
	appendStringInfo(text, "Server \"%s\", collection \"%s.%s\": ", note->server, note->dbname, note->collection);
	start = text->len;
	if (note->truncated)
		append_part(text, start, "truncated");
	if (note->written > 0)
	{
		append_part(text, start, "");
		append_rows(text, note->written);
	}
	if (note->uncertain > 0)
		append_part(text, start,
					psprintf("perhaps " INT64_FORMAT " %s, whose request was not answered", note->uncertain,
							 note->written > 0 ? "more" : note->uncertain == 1 ? "row" : "rows"));
	if (note->uncertain_filters > 0)
		append_part(text, start, "perhaps all rows that a DELETE selects, whose request was not answered");
	if (text->len == start)
		appendStringInfoString(text, "nothing");
	appendStringInfoChar(text, '.');
}

/* The notes from a level up, one for each collection. */
static List *
sum_notes(int level)
{
	List	   *sums = NIL;
	ListCell   *lc,
			   *other;

	foreach(lc, notes)
	{
		const WriteNote *note = lfirst(lc);
		WriteNote  *sum = NULL;

		if (note->level < level)
			continue;
		foreach(other, sums)
		{
			if (same_place(lfirst(other), note))
				sum = lfirst(other);
		}
		if (sum == NULL)
		{
			sum = palloc(sizeof(WriteNote));
			*sum = *note;
			sums = lappend(sums, sum);
			continue;
		}
		sum->written += note->written;
		sum->uncertain += note->uncertain;
		sum->uncertain_filters += note->uncertain_filters;
		sum->truncated |= note->truncated;
	}
	return sums;
}

static bool
leaves_trace(const WriteNote *note)
{
	return note->written > 0 || note->uncertain > 0 || note->uncertain_filters > 0 || note->truncated;
}

/* The calls from a level up, a line for each run of them on one server. */
static void
describe_calls(StringInfo text, int level)
{
	const char *server = NULL;
	ListCell   *lc;

	foreach(lc, calls)
	{
		const CallNote *call = lfirst(lc);

		if (call->level < level)
			continue;
		if (server && strcmp(server, call->server) == 0)
			appendStringInfoString(text, ", ");
		else
			appendStringInfo(text, "%sServer \"%s\": ", text->len > 0 ? "\n" : "", call->server);
		appendStringInfo(text, "%s%s", call->uncertain ? "perhaps " : "", call->rpc);
		if (call->count > 1)
			appendStringInfo(text, " (%d times)", call->count);
		server = call->server;
	}
	if (server)
		appendStringInfoChar(text, '.');
}

/*
 * A client whose encoding lacks a character gets an error in place of a message,
 * which an abort must not end with.
 */
static void
make_plain(StringInfo text)
{
	int			client = pg_get_client_encoding();

	if (client == GetDatabaseEncoding() || client == PG_SQL_ASCII)
		return;
	for (int i = 0; i < text->len; i++)
		if (IS_HIGHBIT_SET(text->data[i]))
			text->data[i] = '?';
}

/* A (sub)transaction is undone here: say what is not undone there. */
static void
warn_of_writes(int level)
{
	StringInfoData detail;
	ListCell   *lc;
	bool		by_commit;

	if (notes == NIL && calls == NIL)
		return;
	initStringInfo(&detail);
	foreach(lc, sum_notes(level))
	{
		if (leaves_trace(lfirst(lc)))
			describe_note(&detail, lfirst(lc));
	}
	foreach(lc, notes)
	{
		if (((WriteNote *) lfirst(lc))->level >= level)
			notes = foreach_delete_current(notes, lc);
	}
	by_commit = detail.len > 0;
	describe_calls(&detail, level);
	foreach(lc, calls)
	{
		if (((CallNote *) lfirst(lc))->level >= level)
			calls = foreach_delete_current(calls, lc);
	}
	make_plain(&detail);
	if (detail.len > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 by_commit ? errmsg("what was written to Milvus is not rolled back") :
				 errmsg("what was done in Milvus is not rolled back"),
				 errdetail_internal("%s", detail.data),
				 by_commit ? errhint("With the option write_mode 'commit', writes wait for the end of the transaction.") : 0));
	pfree(detail.data);
}

/* --- what is written --- */

static WriteNote *
find_note(const MilvusTable *table, int level)
{
	WriteNote	wanted = {
		.server = unconstify(char *, table->connection->rpc.name),
		.dbname = table->collection->dbname,
		.collection = table->collection->name,
		.level = level
	};
	MemoryContext caller;
	WriteNote  *note;
	ListCell   *lc;

	foreach(lc, notes)
	{
		note = lfirst(lc);
		if (note->level == level && same_place(note, &wanted))
			return note;
	}
	caller = MemoryContextSwitchTo(TopTransactionContext);
	note = palloc(sizeof(WriteNote));
	*note = wanted;
	note->server = pstrdup(wanted.server);
	note->dbname = pstrdup(wanted.dbname);
	note->collection = pstrdup(wanted.collection);
	notes = lappend(notes, note);
	MemoryContextSwitchTo(caller);
	return note;
}

/* A request is under way (1), or is settled (-1). */
static void
count_uncertain(const SentMutation *sent, int sign)
{
	if (sent->rows >= 0)
		sent->note->uncertain += sign * sent->rows;
	else
		sent->note->uncertain_filters += sign;
}

SentMutation *
transaction_start_mutation(const MilvusTable *table, const Mutation *mutation, int level)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw mutation", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SentMutation *sent = palloc(sizeof(SentMutation));

	register_callbacks();
	sent->context = context;
	sent->connection = table->connection;
	sent->collection = table->collection;
	sent->kind = mutation->kind;
	sent->rows = mutation->rows;
	sent->note = find_note(table, level);
	sent->call = mutation_start(table, mutation);
	count_uncertain(sent, 1);
	MemoryContextSetParent(context, TopTransactionContext);
	MemoryContextSwitchTo(TopTransactionContext);
	under_way = lappend(under_way, sent);
	MemoryContextSwitchTo(caller);
	return sent;
}

void
transaction_poll_mutation(const SentMutation *sent)
{
	(void) rpc_ready(sent->call);
}

/* Nothing more will be known of it. */
static void
close_mutation(SentMutation *sent, bool is_certain, int64 done)
{
	if (is_certain)
		count_uncertain(sent, -1);
	/* of keys some servers tell how many there were, not how many rows */
	sent->note->written += done;
	under_way = list_delete_ptr(under_way, sent);
	MemoryContextDelete(sent->context);
}

/* Errors that tell that the server has not done it. */
static bool
error_excludes_write(int sqlstate)
{
	return sqlstate == ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION ||
		sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED ||
		sqlstate == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION ||
		sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE;
}

int64
transaction_finish_mutation(const MilvusTable *table, SentMutation *sent,
							RpcBuffer *buffer, FlatMutation *answer)
{
	volatile MutationOutcome outcome = {0};

	PG_TRY();
	{
		mutation_finish(table, sent->call, sent->kind, sent->rows, buffer, answer, &outcome);
	}
	PG_CATCH();
	{
		/* otherwise the end of the transaction has another look */
		if (outcome.answered || error_excludes_write(geterrcode()))
			close_mutation(sent, true, outcome.done);
		PG_RE_THROW();
	}
	PG_END_TRY();
	close_mutation(sent, true, outcome.done);
	return outcome.done;
}

/* For so long is a request waited for, at the end of its transaction, that nobody waits for any more. */
#define SETTLE_MS 100

/*
 * Errors from elsewhere (the query's own, a trigger's, a cancel) leave requests
 * under way.  Most have been answered by then, or will be at once: then the client
 * is told what is there, and not what may be.  Called while a transaction is undone:
 * nothing here may be an error.  A session that is being terminated doesn't wait.
 */
static void
settle_mutations(int level)
{
	instr_time	start,
				now;

	INSTR_TIME_SET_CURRENT(start);
	for (int i = list_length(under_way) - 1; i >= 0; i--)
	{
		SentMutation *sent = list_nth(under_way, i);
		MutationOutcome outcome = {0};
		MemoryContext caller;
		int			left = 0;

		if (sent->note->level < level)
			continue;
		INSTR_TIME_SET_CURRENT(now);
		INSTR_TIME_SUBTRACT(now, start);
		if (!proc_exit_inprogress)
			left = Max(0, SETTLE_MS - (int) INSTR_TIME_GET_MILLISEC(now));
		caller = MemoryContextSwitchTo(sent->context);
		mutation_settle(sent->connection, sent->collection, sent->call, sent->kind, left, &outcome);
		MemoryContextSwitchTo(caller);
		close_mutation(sent, outcome.answered, outcome.done);
	}
}

/* --- the commit --- */

static void
raise_changed(const KeptRequest *request)
{
	collection_forget(request->table->connection, request->table->collection->dbname,
					  request->table->collection->name);
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("collection \"%s\" has changed since the transaction wrote to it",
					request->table->collection->name),
			 errhint("Try the transaction again.")));
}

/* A request of wrong columns can kill a server: is each collection as it was? */
static void
check_collections(void)
{
	ListCell   *lc;
	const KeptRequest *last = NULL;

	foreach(lc, kept)
	{
		KeptRequest *request = lfirst(lc);
		CollectionCheck *check;

		if (last && table_same_collection(last->table, request->table))
			continue;
		last = request;
		check = collection_start_check(request->table->connection, request->table->collection);
		if (check && !collection_finish_check(check))
			raise_changed(request);
	}
}

static void
send_kept(KeptRequest *request, RpcBuffer *buffer)
{
	char	   *data = MemoryContextAllocHuge(CurrentMemoryContext, Max(request->len, 1));
	WirePiece	piece = {data, request->len};
	Mutation	mutation = {request->kind, request->rows, &piece, 1};
	FlatMutation answer;
	SentMutation *sent;

	store_read(request->place, data, request->len);
	sent = transaction_start_mutation(request->table, &mutation, GetCurrentTransactionNestLevel());
	transaction_finish_mutation(request->table, sent, buffer, &answer);
}

/* How far a commit came, by collection: what was written, and what of the rest was not. */
static char *
describe_commit(int nsent)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, sum_notes(0))
	{
		describe_note(&text, lfirst(lc));
	}
	for (int i = nsent; i < list_length(kept); i++)
	{
		KeptRequest *request = list_nth(kept, i);
		int64		rows = 0;
		bool		told = false;

		for (int j = nsent; j < list_length(kept); j++)
		{
			KeptRequest *other = list_nth(kept, j);

			if (!table_same_collection(request->table, other->table))
				continue;
			told |= j < i;
			rows += Max(other->rows, 0);
		}
		if (told)
			continue;
		appendStringInfo(&text, "%sServer \"%s\", collection \"%s.%s\": not written: ",
						 text.len > 0 ? "\n" : "", request->table->connection->rpc.name,
						 request->table->collection->dbname, request->table->collection->name);
		append_rows(&text, rows);
		appendStringInfoChar(&text, '.');
	}
	return text.data;
}

static void
raise_commit_failure(ErrorData *error, int nsent)
{
	char	   *progress = describe_commit(nsent);

	error->detail = error->detail ? psprintf("%s\n%s", error->detail, progress) : progress;
	/* said here, and not again when the transaction is undone */
	notes = NIL;
	ReThrowError(error);
}

/* What the notes tell in all: changes with each request that has, or may have, an effect. */
static int64
sum_effects(void)
{
	int64		sum = 0;
	ListCell   *lc;

	foreach(lc, notes)
	{
		const WriteNote *note = lfirst(lc);

		sum += note->written + note->uncertain + note->uncertain_filters;
	}
	return sum;
}

static void
send_all_kept(void)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	RpcBuffer  *buffer;
	volatile int nsent = 0;
	volatile int64 effects = sum_effects();

	if (kept == NIL)
		return;
	context = AllocSetContextCreate(caller, "milvus_fdw commit", ALLOCSET_DEFAULT_SIZES);
	buffer = rpc_make_buffer();
	PG_TRY();
	{
		check_collections();
		for (; nsent < list_length(kept); nsent++)
		{
			effects = sum_effects();
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(context);
			MemoryContextSwitchTo(context);
			send_kept(list_nth(kept, nsent), buffer);
		}
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		settle_mutations(0);

		/*
		 * the request at fault is told of by its note, unless it surely had
		 * no effect
		 */
		raise_commit_failure(error, sum_effects() == effects ? nsent : nsent + 1);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static void
on_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			send_all_kept();
			break;
		case XACT_EVENT_PRE_PREPARE:
			if (kept != NIL)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot PREPARE a transaction that keeps back writes to Milvus"),
						 errdetail("Milvus has no prepared transactions; the foreign tables have the option write_mode 'commit'.")));
			break;
		case XACT_EVENT_ABORT:
			settle_mutations(0);
			warn_of_writes(0);
			forget_all();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			forget_all();
			break;
		default:
			break;
	}
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *lc;

	if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		foreach(lc, notes)
		{
			((WriteNote *) lfirst(lc))->level = Min(((WriteNote *) lfirst(lc))->level, level - 1);
		}
		foreach(lc, calls)
		{
			((CallNote *) lfirst(lc))->level = Min(((CallNote *) lfirst(lc))->level, level - 1);
		}
		foreach(lc, kept)
		{
			((KeptRequest *) lfirst(lc))->level = Min(((KeptRequest *) lfirst(lc))->level, level - 1);
		}
	}
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		settle_mutations(level);
		warn_of_writes(level);
		while (kept != NIL && ((KeptRequest *) llast(kept))->level >= level)
		{
			store_cut(((KeptRequest *) llast(kept))->place);
			kept = list_delete_last(kept);
		}
	}
}

static void
register_callbacks(void)
{
	if (callbacks_registered)
		return;

	/*
	 * called before those that were registered earlier: the connections are
	 * still open
	 */
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
	callbacks_registered = true;
}

void
transaction_note_truncation(const MilvusTable *table)
{
	register_callbacks();
	find_note(table, GetCurrentTransactionNestLevel())->truncated = true;
}

void
transaction_note_call(const MilvusConnection *connection, const char *rpc, bool uncertain)
{
	int			level = GetCurrentTransactionNestLevel();
	CallNote   *call = calls != NIL ? llast(calls) : NULL;
	MemoryContext caller;

	if (call && call->level == level && call->uncertain == uncertain && strcmp(call->rpc, rpc) == 0 &&
		strcmp(call->server, connection->rpc.name) == 0)
	{
		call->count++;
		return;
	}
	register_callbacks();
	caller = MemoryContextSwitchTo(TopTransactionContext);
	call = palloc(sizeof(CallNote));
	*call = (CallNote) {pstrdup(connection->rpc.name), rpc, level, 1, uncertain};
	calls = lappend(calls, call);
	MemoryContextSwitchTo(caller);
}

/* --- what is kept --- */

/* As much of a table as a request needs, to the end of the transaction. */
static MilvusTable *
copy_table(const MilvusTable *table)
{
	MilvusTable *copy = palloc0(sizeof(MilvusTable));

	copy->relname = pstrdup(table->relname);
	copy->connection = table->connection;
	copy->collection = table->collection;
	return copy;
}

void
transaction_keep(const MilvusTable *table, const Mutation *mutation)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	KeptRequest *request = palloc0(sizeof(KeptRequest));
	KeptRequest *last = kept != NIL ? llast(kept) : NULL;

	register_callbacks();
	request->table = last && last->table->collection == table->collection ? last->table : copy_table(table);
	request->kind = mutation->kind;
	request->rows = mutation->rows;
	request->level = GetCurrentTransactionNestLevel();
	request->place = store_end();
	for (int i = 0; i < mutation->npieces; i++)
	{
		store_append(mutation->pieces[i].data, mutation->pieces[i].len);
		request->len += mutation->pieces[i].len;
	}
	kept = lappend(kept, request);
	MemoryContextSwitchTo(caller);
}

void
transaction_raise_waiting(const MilvusTable *writes)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("collection \"%s\" has writes that wait for the end of the transaction",
					writes->collection->name),
			 errdetail("Foreign table \"%s\" has the option write_mode 'commit', so Milvus does not know of them yet.",
					   writes->relname),
			 errhint("Commit first, or write with write_mode 'statement'.")));
}

void
transaction_check_read(const MilvusTable *table)
{
	ListCell   *lc;

	foreach(lc, kept)
	{
		const KeptRequest *request = lfirst(lc);

		if (table_same_collection(request->table, table))
			transaction_raise_waiting(request->table);
	}
}
