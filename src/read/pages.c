/*
 * pages.c
 *		All rows that pass a filter, in pages by the primary key.
 *
 * Each page asks for the rows after the last key of the one before, so the
 * server's limit of 16,384 rows a query is none for us, and no row comes
 * twice.  The next page is asked for while this one is read.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "count.h"
#include "pages.h"
#include "filter/filter.h"

#define PAGE_BYTES (4 * 1024 * 1024)
/* first page of rows whose size is not known */
#define FIRST_ROWS_VARYING 512
#define PAGE_GROWTH 4

/*
 * result, in buffer, is the page that rows are taken from (reading); next_result is
 * where the one under way (call) will be.  last_key is the last one of the last page
 * received: the next begins behind it.  wanted and most only go down; a wanted that has
 * come to 0 is ROWS_ALL from then on, since more is asked for.
 */
struct PageSource
{
	const MilvusTable *table;
	RowReader  *reader;
	ScanCounters *counters;
	const char *expr;
	KeyList    *keys;			/* of which rows must have one, asked for some
								 * at a time; or NULL */
	List	   *output_fields;
	bool		ordered;		/* rows are asked for in the order of the key */
	ReadGuarantee guarantee;	/* of the next page */
	MemoryContext context;

	RpcBuffer  *buffer;			/* the page that is read */
	FlatResult *result;
	RpcBuffer  *next_buffer;	/* where the one after arrives */
	FlatResult *next_result;
	RpcCall    *call;			/* the page under way, or NULL */
	MemoryContext call_context;
	int			call_rows;		/* asked for by it */

	int			rows;			/* to ask for next */
	int			max_rows;
	int64		wanted;			/* rows that will probably still be asked for */
	int64		most;			/* rows there can still be */
	bool		reading;		/* a page is bound to the reader */
	bool		finished;
	int64		received;		/* pages with rows, so far */
	bool		doubted;		/* a first page had no rows, though there are
								 * some */
	bool		has_key;		/* there was a page before */
	RowKey		last_key;
	uint8	   *key_copy;
	Size		key_size;
};

static void
choose_first_size(PageSource *source)
{
	const Dialect *dialect = source->table->connection->dialect;
	bool		varies = false;
	int			vector_bytes;
	int			width = row_estimate_width(source->reader, &varies, &vector_bytes);
	int64		rows = PAGE_BYTES / Max(width, 1);

	source->max_rows = source->table->collection->max_window;
	if (vector_bytes > 0)
	{
		source->max_rows = Min(source->max_rows, dialect->max_vector_rows);
		source->max_rows = Min((Size) source->max_rows, dialect->max_vector_bytes / vector_bytes);
		source->max_rows = Max(source->max_rows, 1);
	}
	if (source->table->options.fetch_size > 0)
		rows = source->max_rows = Min(source->max_rows, source->table->options.fetch_size);
	else if (varies)
		rows = Min(rows, FIRST_ROWS_VARYING);
	source->rows = Max(1, Min(rows, source->max_rows));
}

PageSource *
pages_begin(const MilvusTable *table, RowReader *reader, const char *expr,
			int64 wanted, int64 most, ScanCounters *counters)
{
	PageSource *source = palloc0(sizeof(PageSource));

	source->table = table;
	source->reader = reader;
	source->counters = counters;
	source->expr = expr;
	source->most = most;
	source->wanted = Min(wanted, most);
	source->context = CurrentMemoryContext;
	/* a single row has any order */
	source->ordered = most > 1;
	source->guarantee = table_read_guarantee(table, source->ordered ? READ_ORDERED : READ_ONCE);
	source->buffer = rpc_make_buffer();
	source->result = palloc(sizeof(FlatResult));
	source->next_buffer = rpc_make_buffer();
	source->next_result = palloc(sizeof(FlatResult));
	/* the key always: pages are cut by it */
	source->output_fields = row_add_output_field(row_output_fields(reader), table->collection->primary_key->name);
	choose_first_size(source);
	return source;
}

/* Remember where a page ends; the page itself goes away. */
static void
keep_last_key(PageSource *source, const RowKey *key)
{
	if (source->has_key && row_compare_keys(key, &source->last_key) <= 0)
		read_raise_malformed(source->table, "Query", "keys that do not ascend from page to page");
	source->last_key = *key;
	source->has_key = true;
	if (!key->is_text)
		return;
	if (source->key_size < key->text.len)
	{
		source->key_size = Max(key->text.len, 256);
		source->key_copy = MemoryContextAlloc(source->context, source->key_size);
	}
	memcpy(source->key_copy, key->text.data, key->text.len);
	source->last_key.text.data = source->key_copy;
}

/* The filter of the next page. */
static char *
page_expression(PageSource *source)
{
	const char *key_name = source->table->collection->primary_key->name;
	const RowKey *key = &source->last_key;
	StringInfoData expr;

	initStringInfo(&expr);
	if (source->keys)
	{
		key_list_write(source->keys, &expr, source->call_rows);
		if (source->expr[0])
			appendStringInfo(&expr, " and (%s)", source->expr);
		return expr.data;
	}

	/*
	 * the lowest number does not parse: what is above it is said by its
	 * neighbour
	 */
	if (source->has_key && !key->is_text && key->integer == PG_INT64_MIN &&
		filter_can_name(source->table, source->table->collection->primary_key))
		appendStringInfo(&expr, "%s >= " INT64_FORMAT, key_name, PG_INT64_MIN + 1);
	else if (source->has_key)
	{
		appendStringInfo(&expr, "%s > ", key_name);
		if (!filter_can_name(source->table, source->table->collection->primary_key) ||
			!filter_write_key(source->table, &expr, key->is_text, key->integer,
							  (const char *) key->text.data, key->text.len))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot read foreign table \"%s\" beyond its first page", source->table->relname),
					 errdetail("The name of the primary key \"%s\", or a line break in a value of it, cannot be written in a filter of %s.",
							   key_name, source->table->connection->dialect->name)));
	}
	if (source->expr[0])
		appendStringInfo(&expr, source->has_key ? " and (%s)" : "%s", source->expr);
	return expr.data;
}

static void
start_page(PageSource *source)
{
	MemoryContext caller;
	PageRequest request;

	source->call_context = AllocSetContextCreate(source->context, "milvus_fdw page request",
												 ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(source->call_context);
	source->call_rows = (int) Min((int64) source->rows, source->wanted);
	request.expr = page_expression(source);
	request.output_fields = source->output_fields;
	request.limit = source->call_rows;
	request.ordered = source->ordered;
	source->call = read_start_page(source->table, source->guarantee, &request);
	MemoryContextSwitchTo(caller);
}

static void
end_call(PageSource *source)
{
	source->call = NULL;
	MemoryContextDelete(source->call_context);
}

/* From what this page weighed: how many rows the next should have. */
static void
adapt_size(PageSource *source, uint32 rows)
{
	int64		next;

	if (source->table->options.fetch_size > 0 || rows == 0)
		return;
	next = PAGE_BYTES / Max(source->buffer->len / rows, 1);
	next = Min(next, (int64) Max(source->rows, source->call_rows) * PAGE_GROWTH);
	source->rows = (int) Max(1, Min(next, source->max_rows));
}

static void
swap_pages(PageSource *source)
{
	RpcBuffer  *buffer = source->buffer;
	FlatResult *result = source->result;

	source->buffer = source->next_buffer;
	source->result = source->next_result;
	source->next_buffer = buffer;
	source->next_result = result;
}

/* One row, to learn something of the server. */
static void
ask_for_one(PageSource *source, ReadGuarantee guarantee)
{
	MemoryContext context = AllocSetContextCreate(source->context, "milvus_fdw look ahead", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	PageRequest request = {
		.expr = "",
		.output_fields = list_make1(source->table->collection->primary_key->name),
		.limit = 1,
		.ordered = true
	};

	counters_finish_call(source->counters, source->table, read_start_page(source->table, guarantee, &request),
						 source->next_buffer, NULL);
	read_open_query(source->table, source->next_buffer, source->next_result);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * Where the server reads snapshots, all pages of a statement are of one.  It tells
 * the time when it was asked, which a first page that has not waited for it may be
 * older than: so it is asked for a row first, unless one page is likely to be enough.
 */
static void
choose_snapshot(PageSource *source)
{
	uint64	   *snapshot = source->table->snapshot;

	if (!source->ordered || !source->table->connection->dialect->iterator_snapshots ||
		source->wanted <= source->rows)
		return;
	if (snapshot && *snapshot > 0)
	{
		source->guarantee = (ReadGuarantee) {*snapshot, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Session};
		return;
	}
	ask_for_one(source, source->guarantee);
	if (source->next_result->session_ts == 0)
		return;
	source->guarantee = table_snapshot_guarantee(source->table, source->next_result->session_ts);
	if (snapshot)
		*snapshot = source->guarantee.timestamp;
}

/*
 * A server of a version that was never run here says that there are no rows.
 * If it counts some nevertheless, and still does when both are asked for with
 * nothing left out, then it does not mean what it is asked as we do.  False: it
 * was only behind.
 */
static bool
is_surely_empty(PageSource *source)
{
	const MilvusTable *table = source->table;
	ReadGuarantee strong = {0, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Strong};
	int64		count;

	if (table->connection->dialect->run_here || !source->ordered || source->has_key || source->expr[0] ||
		count_rows(table, "", table_read_guarantee(table, READ_ONCE), source->counters) == 0)
		return true;
	ask_for_one(source, strong);
	count = count_rows(table, "", strong, source->counters);
	if (source->next_result->nrows > 0 && !source->doubted)
	{
		source->guarantee = strong;
		source->doubted = true;
		return false;
	}
	if (count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("Milvus server \"%s\" sent no rows of collection \"%s\", which has " INT64_FORMAT,
						table->connection->rpc.name, table->collection->name, count),
				 errdetail("It was sent Query with the parameters limit=1, iterator=True, consistency level Strong and guarantee timestamp 0. It calls itself \"%s\".",
						   table->connection->server_version),
				 errhint("milvus_fdw does not read this version right. Please report it with what \"dev/check against\" says of the server.")));
	return true;
}

/* Of several pages, the first and the last must be of the same collection; some servers see to that. */
static void
check_identity(PageSource *source)
{
	const MilvusTable *table = source->table;

	if (source->received <= 1 || table->connection->dialect->checks_id ||
		collection_identify(table->connection, table->collection) == COLLECTION_SAME)
		return;
	table_raise_outdated(table);
}

/*
 * Open the answer to a page.  What a server says when the collection is gone
 * between two pages, or another one, is that it has changed.
 */
static void
open_page(PageSource *source)
{
	const MilvusTable *table = source->table;
	MemoryContext caller = CurrentMemoryContext;

	if (source->received == 0)
	{
		read_open_query(table, source->next_buffer, source->next_result);
		return;
	}
	PG_TRY();
	{
		read_open_query(table, source->next_buffer, source->next_result);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		if (collection_identify(table->connection, table->collection) == COLLECTION_OTHER)
			table_raise_outdated(table);
		ReThrowError(error);
	}
	PG_END_TRY();
}

/* Can there be no more rows? */
static bool
is_exhausted(const PageSource *source)
{
	return source->most == 0 || (source->keys && key_list_left(source->keys) == 0);
}

/* Wait for the page that was asked for, or ask for it now: with fewer rows as long as it is too large to be sent. */
static void
await_page(PageSource *source)
{
	bool		too_large;

	for (;;)
	{
		if (source->call == NULL)
			start_page(source);
		counters_finish_call(source->counters, source->table, source->call, source->next_buffer, &too_large);
		end_call(source);
		if (!too_large)
			return;
		if (source->rows == 1 || source->call_rows == 1)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a row of foreign table \"%s\" is larger than a message of Milvus server \"%s\" may be",
							source->table->relname, source->table->connection->rpc.name)));
		source->rows = source->max_rows = Max(1, Min(source->rows, source->call_rows) / 2);
	}
}

/* The page that came is the one to read; it must be where the one before it ended. */
static void
take_page(PageSource *source)
{
	RowKey		key;
	bool		ascending;

	source->counters->pages++;
	source->received++;
	swap_pages(source);
	row_bind(source->reader, source->result);
	if (!row_last_key(source->reader, &key, &ascending))
		read_raise_malformed(source->table, "Query", "rows without keys");
	/* pages are cut by the key, and plans rely on the order */
	if (source->ordered && !ascending)
		read_raise_malformed(source->table, "Query", "rows that are not in the order of their keys");
	keep_last_key(source, &key);
	if (source->keys)
		key_list_pass(source->keys, &key);
	adapt_size(source, source->result->nrows);
	if (source->most != ROWS_ALL)
		source->most -= Min(source->most, source->result->nrows);
	if (source->wanted != ROWS_ALL)
		source->wanted -= Min(source->wanted, source->result->nrows);
}

/* Get the next page and ask for the one after; false when there are no more rows. */
static bool
receive_page(PageSource *source)
{
	if (source->call == NULL && !source->has_key)
		choose_snapshot(source);
	await_page(source);
	open_page(source);
	source->counters->bytes += source->next_buffer->len;
	source->counters->rows += source->next_result->nrows;
	if (source->next_result->nrows == 0 && source->keys)
	{
		key_list_pass(source->keys, NULL);
		return true;
	}
	if (source->next_result->nrows == 0)
	{
		check_identity(source);
		return !is_surely_empty(source) && receive_page(source);
	}
	/* only an answer to 0 tells one */
	if (source->guarantee.timestamp == 0 && source->next_result->session_ts > 0 &&
		source->table->connection->dialect->iterator_snapshots)
		source->guarantee = table_snapshot_guarantee(source->table, source->next_result->session_ts);
	take_page(source);
	/* enough, as far as known: whoever wants more asks for it */
	if (source->wanted == 0)
		source->wanted = ROWS_ALL;
	else if (!is_exhausted(source))
		start_page(source);
	return true;
}

bool
pages_next(PageSource *source, Datum *values, bool *nulls, RowKey *key)
{
	for (;;)
	{
		if (source->reading)
		{
			if (key && !row_next_key(source->reader, key))
				source->reading = false;
			else if (row_next(source->reader, values, nulls))
				return true;
			source->reading = false;
		}
		if (source->finished)
			return false;
		if (is_exhausted(source))
		{
			check_identity(source);
			source->finished = true;
		}
		else if (receive_page(source))
			source->reading = true;
		else
			source->finished = true;
	}
}

static RowSource *
begin_pages(const SourceRequest *request)
{
	RowReader  *reader = row_make_reader(request->table, request->plan->columns,
										 request->recheck ? NIL : request->plan->recheck_columns, 0);
	PageSource *source = pages_begin(request->table, reader, request->expr, request->wanted, request->most,
									 request->counters);

	source->keys = request->keys;
	return (RowSource *) source;
}

static void
send_first_page(RowSource *rows)
{
	PageSource *source = (PageSource *) rows;

	if (source->call || source->received > 0 || source->finished || is_exhausted(source))
		return;
	choose_snapshot(source);
	start_page(source);
}

static bool
next_row(RowSource *source, Datum *values, bool *nulls)
{
	return pages_next((PageSource *) source, values, nulls, NULL);
}

/* The first page is still here, until there was a second. */
static bool
rewind_pages(RowSource *rows)
{
	PageSource *source = (PageSource *) rows;

	if (source->received > 1)
		return false;
	if (source->received == 1)
	{
		row_bind(source->reader, source->result);
		source->reading = true;
	}
	return true;
}

const RowSourceMethods pages_methods = {
	.begin = begin_pages,
	.send = send_first_page,
	.next = next_row,
	.rewind = rewind_pages
};
