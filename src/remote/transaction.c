/*
 * transaction.c
 *		What the transaction has written to Milvus, and what it keeps back until
 *		it commits.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "transaction.h"

/* what is held in memory at most, whatever work_mem is */
#define MAX_KEPT_BYTES (256 * 1024 * 1024)

/* what a subtransaction has written to a collection */
typedef struct WriteNote
{
	char	   *server;
	char	   *dbname;
	char	   *collection;
	int			level;			/* of the subtransaction */
	int64		written;
	int64		uncertain;		/* sent, and not answered */
	bool		truncated;
} WriteNote;

/* where a request lies in the store: the same in memory and in the file */
typedef struct StorePlace
{
	int			fileno;
	off_t		offset;
} StorePlace;

typedef struct KeptRequest
{
	MilvusTable *table;			/* only what requests are made from */
	MutationKind kind;
	int64		rows;
	int			level;
	StorePlace	place;
	Size		len;
} KeptRequest;

/* all of one transaction; gone with TopTransactionContext, but for the file */
static List *notes = NIL;		/* of WriteNote */
static List *kept = NIL;		/* of KeptRequest, in the order of sending */
static StringInfo store = NULL; /* their bytes, as long as they are few */
static BufFile *store_file = NULL;
static StorePlace store_end;
static bool callbacks_registered = false;

static void register_callbacks(void);

static void
forget_all(void)
{
	if (store_file)
		BufFileClose(store_file);
	store_file = NULL;
	store = NULL;
	store_end = (StorePlace) {0, 0};
	kept = notes = NIL;
}

/* --- the store --- */

static void
write_file(const void *data, Size len)
{
	if (BufFileSeek(store_file, store_end.fileno, store_end.offset, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write the temporary file of writes kept back: %m")));
	BufFileWrite(store_file, unconstify(void *, data), len);
	BufFileTell(store_file, &store_end.fileno, &store_end.offset);
}

/* Bytes to the end of the store; above work_mem it moves into a file. */
static void
append_to_store(const void *data, Size len)
{
	if (store_file == NULL && store->len + len > Min((Size) work_mem * 1024, MAX_KEPT_BYTES))
	{
		int			held = store->len;

		/* it lives as long as the transaction, not as the statement */
		store_file = BufFileCreateTemp(true);
		store_end = (StorePlace) {0, 0};
		write_file(store->data, held);
		resetStringInfo(store);
	}
	if (store_file)
		write_file(data, len);
	else
	{
		appendBinaryStringInfoNT(store, data, (int) len);
		store_end.offset = store->len;
	}
}

/* What lies behind a place is given up: what comes next is written over it. */
static void
cut_store(StorePlace place)
{
	store_end = place;
	if (store_file == NULL)
		store->len = (int) place.offset;
}

static void
read_store(const KeptRequest *request, char *data)
{
	if (store_file == NULL)
		memcpy(data, store->data + request->place.offset, request->len);
	else if (BufFileSeek(store_file, request->place.fileno, request->place.offset, SEEK_SET) != 0 ||
			 BufFileRead(store_file, data, request->len) != request->len)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read the temporary file of writes kept back: %m")));
}

/* --- what is told --- */

static bool
same_collection(const MilvusTable *one, const MilvusTable *other)
{
	return one->connection == other->connection &&
		strcmp(one->collection->dbname, other->collection->dbname) == 0 &&
		strcmp(one->collection->name, other->collection->name) == 0;
}

static void
append_rows(StringInfo text, int64 rows)
{
	appendStringInfo(text, rows == 1 ? INT64_FORMAT " row" : INT64_FORMAT " rows", rows);
}

static void
describe_note(StringInfo text, const WriteNote *note)
{
	if (text->len > 0)
		appendStringInfoChar(text, '\n');
	appendStringInfo(text, "Server \"%s\", collection \"%s.%s\": ", note->server, note->dbname, note->collection);
	if (note->truncated)
		appendStringInfoString(text, note->written > 0 || note->uncertain > 0 ? "truncated, and " : "truncated");
	if (note->written > 0)
		append_rows(text, note->written);
	else if (note->uncertain == 0 && !note->truncated)
		appendStringInfoString(text, "nothing");
	if (note->uncertain > 0)
		appendStringInfo(text, "%sperhaps " INT64_FORMAT " %s, whose request was not answered",
						 note->written > 0 ? ", and " : "", note->uncertain,
						 note->written > 0 ? "more" : note->uncertain == 1 ? "row" : "rows");
	appendStringInfoChar(text, '.');
}

/* A (sub)transaction is undone here: say what is not undone there. */
static void
warn_of_writes(int level)
{
	StringInfoData detail;
	ListCell   *lc;

	if (notes == NIL)
		return;
	initStringInfo(&detail);
	foreach(lc, notes)
	{
		WriteNote  *note = lfirst(lc);

		if (note->level < level)
			continue;
		if (note->written > 0 || note->uncertain > 0 || note->truncated)
			describe_note(&detail, note);
		notes = foreach_delete_current(notes, lc);
	}
	if (detail.len > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("what was written to Milvus is not rolled back"),
				 errdetail_internal("%s", detail.data),
				 errhint("With the option write_mode 'commit', writes wait for the end of the transaction.")));
	pfree(detail.data);
}

/* --- what is written --- */

static WriteNote *
find_note(const MilvusTable *table)
{
	int			level = GetCurrentTransactionNestLevel();
	const Collection *collection = table->collection;
	const char *server = table->connection->rpc.name;
	MemoryContext caller;
	WriteNote  *note;
	ListCell   *lc;

	foreach(lc, notes)
	{
		note = lfirst(lc);
		if (note->level == level && strcmp(note->collection, collection->name) == 0 &&
			strcmp(note->dbname, collection->dbname) == 0 && strcmp(note->server, server) == 0)
			return note;
	}
	caller = MemoryContextSwitchTo(TopTransactionContext);
	note = palloc0(sizeof(WriteNote));
	note->server = pstrdup(server);
	note->dbname = pstrdup(collection->dbname);
	note->collection = pstrdup(collection->name);
	note->level = level;
	notes = lappend(notes, note);
	MemoryContextSwitchTo(caller);
	return note;
}

SentMutation
transaction_start_mutation(const MilvusTable *table, const Mutation *mutation)
{
	SentMutation sent;

	register_callbacks();
	sent.kind = mutation->kind;
	sent.rows = mutation->rows;
	sent.note = find_note(table);
	sent.call = mutation_start(table, mutation);
	sent.note->uncertain += Max(sent.rows, 1);
	return sent;
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
transaction_finish_mutation(const MilvusTable *table, const SentMutation *sent,
							RpcBuffer *buffer, FlatMutation *answer)
{
	volatile bool answered = false;
	volatile int64 done = 0;

	PG_TRY();
	{
		done = mutation_finish(table, sent->call, sent->kind, sent->rows, buffer, answer, &answered);
	}
	PG_CATCH();
	{
		if (answered || error_excludes_write(geterrcode()))
			sent->note->uncertain -= Max(sent->rows, 1);
		PG_RE_THROW();
	}
	PG_END_TRY();
	sent->note->uncertain -= Max(sent->rows, 1);
	/* of keys some servers tell how many there were, not how many rows */
	sent->note->written += done;
	return done;
}

/* --- the commit --- */

static void
raise_changed(const KeptRequest *request)
{
	collection_forget(request->table->connection, request->table->options.dbname,
					  request->table->options.collection);
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("collection \"%s\" has changed since the transaction wrote to it",
					request->table->collection->name),
			 errdetail("Nothing was written to Milvus."),
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

		if (last && same_collection(last->table, request->table))
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
	SentMutation sent;

	read_store(request, data);
	sent = transaction_start_mutation(request->table, &mutation);
	transaction_finish_mutation(request->table, &sent, buffer, &answer);
}

/* How far a commit came, by collection: what was written, and what was not. */
static char *
describe_commit(int nsent)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, notes)
		describe_note(&text, lfirst(lc));
	for (int i = nsent; i < list_length(kept); i++)
	{
		KeptRequest *request = list_nth(kept, i);
		int64		rows = 0;
		bool		told = false;

		for (int j = nsent; j < list_length(kept); j++)
		{
			KeptRequest *other = list_nth(kept, j);

			if (!same_collection(request->table, other->table))
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

/* The request at fault is neither among those written nor among those not tried. */
static void
raise_commit_failure(ErrorData *error, int nsent)
{
	char	   *progress = describe_commit(nsent);

	error->detail = error->detail ? psprintf("%s\n%s", error->detail, progress) : progress;
	/* said here, and not again when the transaction is undone */
	notes = NIL;
	ReThrowError(error);
}

static void
send_all_kept(void)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	RpcBuffer  *buffer;
	volatile int nsent = 0;

	if (kept == NIL)
		return;
	check_collections();
	context = AllocSetContextCreate(caller, "milvus_fdw commit", ALLOCSET_DEFAULT_SIZES);
	buffer = rpc_make_buffer();
	PG_TRY();
	{
		for (int i = 0; i < list_length(kept); i++)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(context);
			MemoryContextSwitchTo(context);
			nsent = i + 1;
			send_kept(list_nth(kept, i), buffer);
		}
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		raise_commit_failure(error, nsent);
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
			((WriteNote *) lfirst(lc))->level = Min(((WriteNote *) lfirst(lc))->level, level - 1);
		foreach(lc, kept)
			((KeptRequest *) lfirst(lc))->level = Min(((KeptRequest *) lfirst(lc))->level, level - 1);
	}
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		warn_of_writes(level);
		while (kept != NIL && ((KeptRequest *) llast(kept))->level >= level)
		{
			cut_store(((KeptRequest *) llast(kept))->place);
			kept = list_delete_last(kept);
		}
	}
}

static void
register_callbacks(void)
{
	if (callbacks_registered)
		return;
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
	callbacks_registered = true;
}

void
transaction_note_truncation(const MilvusTable *table)
{
	register_callbacks();
	find_note(table)->truncated = true;
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
	copy->options.dbname = pstrdup(table->options.dbname);
	copy->options.collection = pstrdup(table->options.collection);
	return copy;
}

void
transaction_keep(const MilvusTable *table, const Mutation *mutation)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	KeptRequest *request = palloc0(sizeof(KeptRequest));
	KeptRequest *last = kept != NIL ? llast(kept) : NULL;

	register_callbacks();
	if (store == NULL)
		store = makeStringInfo();
	request->table = last && last->table->collection == table->collection ? last->table : copy_table(table);
	request->kind = mutation->kind;
	request->rows = mutation->rows;
	request->level = GetCurrentTransactionNestLevel();
	request->place = store_end;
	for (int i = 0; i < mutation->npieces; i++)
	{
		append_to_store(mutation->pieces[i].data, mutation->pieces[i].len);
		request->len += mutation->pieces[i].len;
	}
	kept = lappend(kept, request);
	MemoryContextSwitchTo(caller);
}

void
transaction_check_read(const MilvusTable *table)
{
	ListCell   *lc;

	foreach(lc, kept)
	{
		if (same_collection(((KeptRequest *) lfirst(lc))->table, table))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("collection \"%s\" has writes that wait for the end of the transaction",
							table->collection->name),
					 errdetail("Foreign table \"%s\" has the option write_mode 'commit', so Milvus does not know of them yet.",
							   ((KeptRequest *) lfirst(lc))->table->relname),
					 errhint("Commit first, or write with write_mode 'statement'.")));
	}
}
