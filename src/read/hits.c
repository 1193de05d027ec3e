/*
 * hits.c
 *		The hits of a search: the best first, each row once, as many as are wanted.
 *
 * By searches, each for more hits than the one before, leaving out what came
 * already: by key, because equal scores have no stable order.  Must not know what
 * a score means.
 */
#include "postgres.h"

#include <math.h>

#include "filter/filter.h"
#include "hits.h"
#include "utils/memutils.h"
#include "value/vector.h"

/* a first search where it is not known how many rows are wanted */
#define FIRST_LIMIT 100
#define LIMIT_GROWTH 4
/* a message should stay well below what servers send */
#define MAX_SEARCH_BYTES (32 * 1024 * 1024)

/*
 * From hits_send() to hits_receive() call is there, in request_context; after it
 * the answer is bound to the reader, unless it was refused.  seen has the keys of
 * all hits that came.
 */
struct Hits
{
	const SourceRequest *request;
	HitsQuery	query;
	RowReader  *reader;
	List	   *output_fields;
	MemoryContext context;

	int			limit;			/* of the search that comes, or was the last */
	int			max_limit;
	bool		refused;		/* the last answer was too large to be sent */
	bool		stepping;		/* searches begin where the last ended */
	uint32		last_hits;		/* of the last search */
	uint32		new_hits;		/* of them, that did not come before */
	double		last_score;		/* of the farthest hit so far */

	ReadGuarantee guarantee;
	MemoryContext request_context;
	RpcCall    *call;
	RpcBuffer  *buffer;
	FlatResult *result;
	FlatCursor	score_cursor;
	KeySet	   *seen;
};

/* Is the query that is sent so far from the one that was given that its neighbours are others? */
static bool
is_far(DistanceKind kind, const VectorRounding *rounding)
{
	/*
	 * what the nearest by another metric are is found out from more hits, at
	 * a cost; by inner product they are those of the query that is sent,
	 * which may be off by what half precision rounds
	 */
	return rounding->distance > rounding->length * (kind == DISTANCE_IP ? 1.0 / 256 : 1.0 / 16);
}

HitsQuery
hits_make_query(const MilvusTable *table, AttrNumber attnum, DistanceKind kind, const FilterValue *value)
{
	const TableColumn *column = &table->columns[attnum - 1];
	HitsQuery	query = {
		.field = table_searched_field(table, column->field, kind == DISTANCE_BM25),
		.metric = distance_metric(kind),
		.is_text = kind == DISTANCE_BM25,
		.bounds = {.kind = kind, .farthest = INFINITY},
		.params = "{}"
	};
	FlatBuffer	bytes = codec_make_buffer();
	FieldType	type;
	Codec		codec;

	if (value->isnull)
	{
		query.obstacle = "the query is NULL";
		query.finds_nothing = true;
		return query;
	}
	if (query.is_text)
	{
		query.query = filter_utf8_text(value->datum);
		return query;
	}

	/*
	 * encoded as the field has its vectors; the value's type may differ from
	 * the column's
	 */
	table_field_type(query.field, &type);
	codec_init(&codec, column->name, value->type, -1, &type);
	query.obstacle = vector_find_misfit(&codec, value->datum);
	if (query.obstacle)
		return query;
	vector_write_query(&codec, value->datum, &bytes, &query.rounding);
	query.query = (FlatSlice) {bytes.data, bytes.len};
	if (is_far(kind, &query.rounding))
		query.obstacle = "the field holds no vector near the query";
	else if (kind == DISTANCE_COSINE && !vector_has_cosine(&codec, query.query))
	{
		query.obstacle = "the query has no direction";
		query.finds_nothing = true;
	}
	return query;
}

bool
hits_query_is_rounded(const HitsQuery *query)
{
	return query->rounding.distance > 0;
}

static void
choose_limits(Hits *hits)
{
	const Collection *collection = hits->request->table->collection;
	bool		varies = false;
	int			vector_bytes;
	int			width = row_estimate_width(hits->reader, &varies, &vector_bytes);
	int64		wanted = hits->request->wanted;

	hits->max_limit = Min(collection->max_window, Max(1, MAX_SEARCH_BYTES / Max(width, 1)));
	if (wanted != ROWS_ALL)
		hits->limit = (int) Min(wanted, hits->max_limit);
	else
		hits->limit = hits->query.bounds.has_radius ? hits->max_limit : Min(FIRST_LIMIT, hits->max_limit);
}

void
hits_set_reader(Hits *hits, RowReader *reader)
{
	MemoryContext caller = MemoryContextSwitchTo(hits->context);

	hits->reader = reader;
	hits->stepping = false;
	hits->output_fields = row_output_fields(reader);
	/* some servers send all fields when none is asked for */
	if (hits->output_fields == NIL)
		hits->output_fields = list_make1(hits->request->table->collection->primary_key->name);
	choose_limits(hits);
	MemoryContextSwitchTo(caller);
}

Hits *
hits_begin(const SourceRequest *request, const HitsQuery *query, RowReader *reader)
{
	Hits	   *hits = palloc0(sizeof(Hits));

	hits->request = request;
	hits->query = *query;
	hits->context = CurrentMemoryContext;
	hits->guarantee = table_read_guarantee(request->table, READ_ONCE);
	hits->buffer = rpc_make_buffer();
	hits->result = palloc(sizeof(FlatResult));
	hits->seen = keyset_make();
	hits_set_reader(hits, reader);
	return hits;
}

void
hits_send(Hits *hits)
{
	MemoryContext caller;
	SearchRequest request = {0};

	if (hits->call)
		return;
	hits->request_context = AllocSetContextCreate(hits->context, "milvus_fdw search request", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(hits->request_context);
	request.field = hits->query.field;
	request.metric_type = hits->query.metric;
	request.is_text = hits->query.is_text;
	request.vectors = &hits->query.query;
	request.nvectors = 1;
	request.limit = hits->limit;
	request.params = search_params_text(hits->query.params, hits->limit, &hits->query.bounds,
										hits->stepping ? &hits->last_score : NULL);
	request.expr = hits->request->expr;
	request.output_fields = hits->output_fields;
	hits->call = read_start_search(hits->request->table, hits->guarantee, &request);
	MemoryContextSwitchTo(caller);
}

bool
hits_receive(Hits *hits)
{
	const MilvusTable *table = hits->request->table;
	ScanCounters *counters = hits->request->counters;
	RpcCall    *call;
	MemoryContext caller;

	hits_send(hits);
	call = hits->call;
	hits->call = NULL;
	hits->refused = false;
	caller = MemoryContextSwitchTo(hits->request_context);
	counters_finish_call(counters, table, call, hits->buffer, &hits->refused);
	hits->last_hits = hits->new_hits = 0;
	if (!hits->refused)
	{
		read_open_search(table, hits->buffer, hits->result);
		if (hits->result->nqueries > 1)
			read_raise_malformed(table, "Search", "answers to more queries than were asked");
		counters->bytes += hits->buffer->len;
		counters->rows += hits->result->nrows;
		hits->last_hits = hits->result->nrows;
		row_bind(hits->reader, hits->result);
		memset(&hits->score_cursor, 0, sizeof(FlatCursor));
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(hits->request_context);
	hits->request_context = NULL;
	return !hits->refused;
}

bool
hits_next(Hits *hits, Datum *values, bool *nulls, RowKey *key, double *score)
{
	while (row_next_key(hits->reader, key))
	{
		FlatValue	raw;
		float4		single;

		if (!flat_next(&hits->result->scores, &hits->score_cursor, &raw))
			break;
		memcpy(&single, raw.bytes.data, sizeof(single));
		*score = hits->last_score = single;
		if (!keyset_add(hits->seen, key, 0))
		{
			row_skip(hits->reader);
			continue;
		}
		hits->new_hits++;
		return row_next(hits->reader, values, nulls);
	}
	return false;
}

void
hits_forget(Hits *hits, const RowKey *key)
{
	keyset_remove(hits->seen, key);
}

double
hits_last_score(const Hits *hits)
{
	return hits->last_score;
}

KeySet *
hits_keys(const Hits *hits)
{
	return hits->seen;
}

bool
hits_are_all(const Hits *hits)
{
	/*
	 * of a key that is there several times servers leave out all but one,
	 * after they have counted
	 */
	if (!hits->request->table->options.unique_keys && hits->last_hits > 0)
		return false;
	return !hits->refused && hits->last_hits < (uint32) hits->limit;
}

bool
hits_more(Hits *hits, bool may_step)
{
	if (hits->refused)
	{
		hits->limit = hits->max_limit = hits->limit / 2;
		return hits->limit > 0;
	}
	if (hits_are_all(hits))
		return false;
	if (hits->limit < hits->max_limit)
	{
		hits->limit = (int) Min((int64) hits->limit * LIMIT_GROWTH, hits->max_limit);
		return true;
	}
	/* as many as may be: go on beyond them, unless so many are equally far */
	if (!may_step || !hits->request->table->connection->dialect->range_steps || hits->new_hits == 0)
		return false;
	hits->stepping = true;
	return true;
}

void
hits_explain_search(StringInfo out, const MilvusTable *table, AttrNumber attnum, DistanceKind kind)
{
	const CollectionField *field = table->columns[attnum - 1].field;
	const char *index_type = table_searched_field(table, field, kind == DISTANCE_BM25)->index_type;

	appendStringInfo(out, "%s %s", field->name, distance_metric(kind));
	if (index_type)
		appendStringInfo(out, ", index %s", index_type);
}

void
hits_explain_limit(StringInfo out, const ScanPlan *plan, const FilterValue *values)
{
	const FilterValue *limit,
			   *offset;

	if (plan->limit < 0 || plan->drops_rows)
		return;
	limit = &values[plan->limit];
	offset = plan->offset >= 0 ? &values[plan->offset] : NULL;
	if (limit->placeholder || (offset && offset->placeholder))
		appendStringInfoString(out, ", k from LIMIT");
	else if (!limit->isnull)
		appendStringInfo(out, ", k " INT64_FORMAT, DatumGetInt64(limit->datum) +
						 (offset && !offset->isnull ? DatumGetInt64(offset->datum) : 0) + plan->one_ahead);
}
