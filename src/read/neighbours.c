/*
 * neighbours.c
 *		The rows nearest to a query vector, as many as are asked for.
 *
 * First by searches, each for more neighbours than the one before, leaving out
 * what was delivered already: by key, because equal scores have no stable
 * order.  When the server finds no more (or may not be asked for more), the
 * rows left come from a scan, sorted here; so there are never fewer rows than
 * exist.  Must not know the executor.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

#include "compat.h"
#include "keys.h"
#include "neighbours.h"
#include "pages.h"
#include "search_params.h"
#include "server/setting.h"
#include "filter/filter.h"
#include "value/vector.h"

/* a first search where it is not known how many rows are wanted */
#define FIRST_LIMIT 100
#define LIMIT_GROWTH 4
/* keys of rows not wanted again, as long as a list of them costs less than the rows */
#define MAX_LISTED_KEYS 10000
/* a message should stay well below what servers send */
#define MAX_SEARCH_BYTES (32 * 1024 * 1024)

typedef enum Stage
{
	BEFORE_SEARCH,				/* a search for "limit" neighbours comes next */
	READING_HITS,				/* its answer is bound to the reader, and its scores hold */
	READING_SORTED_HITS,		/* its answer is sorted by the distances computed here */
	BEFORE_REST,				/* what no search finds comes next */
	READING_REST,				/* it is sorted by the distances computed here */
	DONE
} Stage;

/*
 * While the scores hold, the stages go from BEFORE_SEARCH to READING_HITS and back,
 * else to READING_SORTED_HITS and back; when searches find no more, to BEFORE_REST
 * and READING_REST, unless the searches have found all there is.  A score that
 * cannot be believed ends that the scores hold, for good, and the search is done again.
 * seen has the keys of all rows that were delivered, or are sorted.
 */
typedef struct NeighbourSource
{
	const SourceRequest *request;
	const SearchPlan *search;
	const FilterValue *query;	/* the query vector */
	const MilvusTable *table;
	const CollectionField *field;
	RowReader  *reader;			/* of hits */
	RowReader  *rest_reader;	/* with the vector */
	MemoryContext context;
	TupleDesc	tupdesc;		/* scan tuple, the vector when it is hidden, the distance */

	Stage		stage;
	bool		scores_hold;	/* else distances are computed here */
	int			limit;			/* of the search that comes, or was the last */
	int			max_limit;
	bool		refused;		/* the last answer was too large to be sent */
	bool		stepping;		/* searches begin where the last ended */
	uint32		last_hits;		/* of the last search */
	uint32		new_hits;		/* of them, not delivered before */
	double		last_score;		/* of the farthest hit so far */
	FlatSlice	vector;			/* the query as the server wants it; none when it is NULL */
	SearchBounds bounds;
	List	   *output_fields;
	ReadGuarantee guarantee;
	RpcBuffer  *buffer;
	FlatResult *result;
	FlatCursor	score_cursor;
	KeySet	   *seen;
	FmgrInfo	function;

	Tuplesortstate *sorted;		/* rows in the order of their computed distances */
	TupleTableSlot *sorted_slot;
} NeighbourSource;

bool
neighbours_scores_hold(const CollectionField *field)
{
	return !milvus_exact_distance || collection_scores_exact(field);
}

/*
 * Encode the query vector as the field has its vectors; its type may differ from the
 * column's.  False where PostgreSQL and a server do not mean the same by it.
 */
static bool
encode_query(NeighbourSource *source)
{
	FlatBuffer	bytes = codec_make_buffer();
	FieldType	type;
	Codec		codec;

	if (source->query->isnull)
		return false;
	table_field_type(source->field, &type);
	codec_init(&codec, source->table->columns[source->search->attnum - 1].name,
			   source->query->type, -1, &type);
	vector_write_query(&codec, source->query->datum, &bytes);
	source->vector = (FlatSlice) {bytes.data, bytes.len};
	return source->search->kind != DISTANCE_COSINE || vector_has_cosine(&codec, source->vector);
}

static TupleDesc
make_tupdesc(TupleDesc scan, const MilvusTable *table, AttrNumber vector)
{
	TupleDesc	tupdesc = CreateTemplateTupleDesc(scan->natts + 2);

	for (int i = 1; i <= scan->natts; i++)
	{
		TupleDescCopyEntry(tupdesc, i, scan, i);
	}
	TupleDescInitEntry(tupdesc, scan->natts + 1, "vector", table->columns[vector - 1].typeid, -1, 0);
	TupleDescInitEntry(tupdesc, scan->natts + 2, "distance", FLOAT8OID, -1, 0);
	compat_finalize_tupdesc(tupdesc);
	return tupdesc;
}

static void
choose_limits(NeighbourSource *source)
{
	bool		varies = false;
	int			vector_bytes;
	int			width = row_estimate_width(source->reader, &varies, &vector_bytes);
	int64		wanted = source->request->wanted;

	source->max_limit = Min(source->table->collection->max_window,
							Max(1, MAX_SEARCH_BYTES / Max(width, 1)));
	if (wanted != ROWS_ALL)
		source->limit = (int) Min(wanted, source->max_limit);
	else
		source->limit = source->bounds.has_radius ? source->max_limit : Min(FIRST_LIMIT, source->max_limit);
}

/* Can a search bring a field? */
static bool
search_returns(const NeighbourSource *source, const CollectionField *field)
{
	return source->table->connection->dialect->returns_all_vectors ||
		!milvus_type_is_vector(field->data_type) ||
		field->data_type == MILVUS_FLOAT_VECTOR || field->data_type == MILVUS_SPARSE_VECTOR;
}

/* Can it bring all that is wanted, and the vector where the distances are computed here? */
static bool
search_returns_all(const NeighbourSource *source)
{
	ListCell   *lc;

	foreach(lc, source->request->plan->columns)
		if (lfirst_int(lc) > 0 && !search_returns(source, source->table->columns[lfirst_int(lc) - 1].field))
			return false;
	return source->scores_hold || search_returns(source, source->field);
}

/* No row farther than this is wanted; infinity: any. */
static double
distance_bound(const SourceRequest *request)
{
	int			bound = request->plan->search.bound;

	if (bound < 0 || isnan(DatumGetFloat8(request->values[bound].datum)))
		return get_float8_infinity();
	return DatumGetFloat8(request->values[bound].datum);
}

static RowSource *
begin_neighbours(const SourceRequest *request)
{
	NeighbourSource *source = palloc0(sizeof(NeighbourSource));
	const MilvusTable *table = request->table;
	const SearchPlan *search = &request->plan->search;
	List	   *left_out = request->recheck ? NIL : request->plan->recheck_columns;
	bool		is_searchable;

	source->request = request;
	source->search = search;
	source->query = &request->values[search->query];
	source->table = table;
	source->field = table->columns[search->attnum - 1].field;
	source->context = CurrentMemoryContext;
	source->scores_hold = neighbours_scores_hold(source->field);
	source->rest_reader = row_make_reader(table, request->plan->columns, left_out, search->attnum);
	source->reader = source->scores_hold ?
		row_make_reader(table, request->plan->columns, left_out, 0) : source->rest_reader;
	source->tupdesc = make_tupdesc(request->tupdesc, table, search->attnum);
	source->guarantee = table_read_guarantee(table, READ_ONCE);
	source->buffer = rpc_make_buffer();
	source->result = palloc(sizeof(FlatResult));
	source->bounds = search_bounds(search->kind, source->field->dim, distance_bound(request),
								   table->connection->dialect);
	/* an approximate index may find fewer than there are within a radius: rather see where it ends */
	if (!collection_search_exact(source->field))
		source->bounds.has_radius = false;
	source->seen = keyset_make();
	fmgr_info(search->function, &source->function);

	source->output_fields = row_output_fields(source->reader);
	/* some servers send all fields when none is asked for */
	if (source->output_fields == NIL)
		source->output_fields = list_make1(table->collection->primary_key->name);
	choose_limits(source);
	is_searchable = encode_query(source);
	if (source->query->isnull && !isinf(source->bounds.farthest))
		source->stage = DONE;
	else
		/* what no search can order, or return: all rows, sorted here */
		source->stage = is_searchable && search_returns_all(source) ? BEFORE_SEARCH : BEFORE_REST;
	return (RowSource *) source;
}

/* Search, and bind the answer to the reader, unless it was refused. */
static void
run_search(NeighbourSource *source)
{
	MemoryContext request_context = AllocSetContextCreate(source->context, "milvus_fdw search request",
														  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(request_context);
	SearchRequest request = {0};
	RpcCall    *call;
	bool		too_large = false;
	const char *problem;

	request.field = source->field;
	request.metric_type = distance_metric(source->search->kind);
	request.vectors = &source->vector;
	request.nvectors = 1;
	request.limit = source->limit;
	request.params = search_params_text(search_params_set(source->table), source->limit, &source->bounds,
										source->stepping ? &source->last_score : NULL);
	request.expr = source->request->expr;
	request.output_fields = source->output_fields;
	call = read_start_search(source->table, source->guarantee, &request);
	counters_finish_call(source->request->counters, source->table, call, source->buffer, &too_large);
	source->last_hits = source->new_hits = 0;
	source->refused = too_large;
	if (!too_large)
	{
		problem = flat_open_search((FlatSlice) {source->buffer->data, source->buffer->len}, source->result);
		if (problem)
			read_raise_malformed(source->table, "Search", problem);
		read_check_status(source->table, "Search", &source->result->status);
		if (source->result->nqueries > 1)
			read_raise_malformed(source->table, "Search", "answers to more queries than were asked");
		source->request->counters->bytes += source->buffer->len;
		source->request->counters->rows += source->result->nrows;
		source->last_hits = source->result->nrows;
		row_bind(source->reader, source->result);
		memset(&source->score_cursor, 0, sizeof(FlatCursor));
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(request_context);
}

/* The next hit that was not delivered yet; false at the end of the answer. */
static bool
next_hit(NeighbourSource *source, Datum *values, bool *nulls, RowKey *key, double *score)
{
	while (row_next_key(source->reader, key))
	{
		FlatValue	raw;
		float4		single;

		if (!flat_next(&source->result->scores, &source->score_cursor, &raw))
			break;
		memcpy(&single, raw.bytes.data, sizeof(single));
		*score = source->last_score = single;
		if (!keyset_add(source->seen, key, 0))
		{
			row_skip(source->reader);
			continue;
		}
		source->new_hits++;
		return row_next(source->reader, values, nulls);
	}
	return false;
}

static double
compute_distance(NeighbourSource *source, Datum vector)
{
	double		value = DatumGetFloat8(FunctionCall2Coll(&source->function, InvalidOid, vector, source->query->datum));

	return source->search->negated ? -value : value;
}

/* What the scan tuple has of a distance. */
static Datum
deliver_distance(const NeighbourSource *source, double distance)
{
	return Float8GetDatum(source->search->negated ? -distance : distance);
}

/* Sort rows by the distance computed from their vectors. */
static void
begin_sort(NeighbourSource *source)
{
	AttrNumber	key = source->tupdesc->natts;
	Oid			less = Float8LessOperator;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;
	MemoryContext caller = MemoryContextSwitchTo(source->context);

	if (source->sorted)
	{
		ExecClearTuple(source->sorted_slot);
		tuplesort_end(source->sorted);
	}
	source->sorted = tuplesort_begin_heap(source->tupdesc, 1, &key, &less, &collation, &nulls_first,
										  work_mem, NULL, TUPLESORT_NONE);
	if (source->sorted_slot == NULL)
		source->sorted_slot = MakeSingleTupleTableSlot(source->tupdesc, &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(caller);
}

/*
 * Put a row that came with its vector into the sort; input is a virtual slot of
 * its shape.  False, and nothing done, for a hit whose distance is no number:
 * it comes last, with the rows that no search finds.
 */
static bool
sort_row(NeighbourSource *source, TupleTableSlot *input, const Datum *values, const bool *nulls, bool is_hit)
{
	int			scan_width = source->tupdesc->natts - 2;
	int			position = row_vector_position(source->rest_reader);

	ExecClearTuple(input);
	for (int i = 0; i < scan_width; i++)
	{
		input->tts_values[i] = values[i];
		input->tts_isnull[i] = nulls[i];
	}
	/* the vector itself is not needed any more, only its distance */
	input->tts_isnull[scan_width] = true;
	input->tts_isnull[scan_width + 1] = nulls[position] || source->query->isnull;
	if (!input->tts_isnull[scan_width + 1])
	{
		double		distance = compute_distance(source, values[position]);

		if (is_hit && isnan(distance))
			return false;
		input->tts_values[scan_width + 1] = Float8GetDatum(distance);
	}
	ExecStoreVirtualTuple(input);
	tuplesort_puttupleslot(source->sorted, input);
	return true;
}

/* Is a row farther away than any that is wanted?  One without a distance is. */
static bool
is_beyond(const NeighbourSource *source, bool isnull, Datum distance)
{
	return !isinf(source->bounds.farthest) &&
		(isnull || !(DatumGetFloat8(distance) <= source->bounds.farthest));
}

static bool
next_sorted(NeighbourSource *source, Datum *values, bool *nulls)
{
	int			scan_width = source->tupdesc->natts - 2;
	int			distance = row_distance_position(source->rest_reader);
	TupleTableSlot *slot = source->sorted_slot;

	/* not a copy: the row is used before the next is asked for, and its memory is the sort's own */
	if (source->sorted == NULL || !tuplesort_gettupleslot(source->sorted, true, false, slot, NULL))
		return false;
	slot_getallattrs(slot);
	if (is_beyond(source, slot->tts_isnull[scan_width + 1], slot->tts_values[scan_width + 1]))
	{
		source->stage = DONE;
		return false;
	}
	memcpy(values, slot->tts_values, sizeof(Datum) * scan_width);
	memcpy(nulls, slot->tts_isnull, sizeof(bool) * scan_width);
	if (distance >= 0)
	{
		nulls[distance] = slot->tts_isnull[scan_width + 1];
		if (!nulls[distance])
			values[distance] = deliver_distance(source, DatumGetFloat8(slot->tts_values[scan_width + 1]));
	}
	return true;
}

/* Read rows by next into the sort, each in a context that is emptied. */
static void
fill_sort(NeighbourSource *source, PageSource *pages)
{
	MemoryContext row_context = AllocSetContextCreate(source->context, "milvus_fdw sorted row",
													  ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *input = MakeSingleTupleTableSlot(source->tupdesc, &TTSOpsVirtual);
	Datum	   *values = palloc(sizeof(Datum) * source->tupdesc->natts);
	bool	   *nulls = palloc(sizeof(bool) * source->tupdesc->natts);
	MemoryContext caller;

	begin_sort(source);
	caller = MemoryContextSwitchTo(row_context);
	for (;;)
	{
		RowKey		key;
		double		score;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(row_context);
		if (pages ? !pages_next(pages, values, nulls, &key) : !next_hit(source, values, nulls, &key, &score))
			break;
		if (pages && keyset_find(source->seen, &key) >= 0)
			continue;
		if (!sort_row(source, input, values, nulls, pages == NULL))
			keyset_remove(source->seen, &key);
	}
	MemoryContextSwitchTo(caller);
	tuplesort_performsort(source->sorted);
	ExecDropSingleTupleTableSlot(input);
	MemoryContextDelete(row_context);
}

/* The filter of the rows that were not delivered yet, as far as it can be said. */
static char *
rest_expression(NeighbourSource *source)
{
	StringInfoData expr;
	KeyFilter	seen;
	KeySetIterator iterator;
	const RowKey *key;
	char	   *others = NULL;

	if (keyset_size(source->seen) <= MAX_LISTED_KEYS && filter_can_name(source->table, source->table->collection->primary_key))
	{
		key_filter_begin(&seen, source->table, true);
		keyset_begin(source->seen, &iterator);
		while ((key = keyset_next(source->seen, &iterator)) != NULL)
			(void) key_filter_add(&seen, key);
		others = key_filter_end(&seen);
	}
	initStringInfo(&expr);
	if (source->request->expr[0])
		appendStringInfo(&expr, "(%s)", source->request->expr);
	if (others)
		appendStringInfo(&expr, "%s%s", expr.len > 0 ? " and " : "", others);
	return expr.data;
}

/* What no search has found: all other rows, sorted. */
static void
scan_rest(NeighbourSource *source)
{
	MemoryContext caller = MemoryContextSwitchTo(source->context);
	PageSource *pages = pages_begin(source->table, source->rest_reader, rest_expression(source), ROWS_ALL, ROWS_ALL,
									source->request->counters);

	MemoryContextSwitchTo(caller);
	fill_sort(source, pages);
}

/*
 * Is every row that is wanted a neighbour that a search can find?  Those
 * without a vector are not, nor are those whose distance is no number, or leaves
 * float4 in the server; but they are not wanted where the distance is bounded.
 */
static bool
search_finds_all(const NeighbourSource *source)
{
	if (!collection_search_exact(source->field))
		return false;
	if (!isinf(source->bounds.farthest))
		return true;
	return !source->field->nullable && source->search->kind == DISTANCE_HAMMING;
}

/* The answer to a search is used up: what next?  Sets the limit of the next search, if that is it. */
static Stage
next_stage(NeighbourSource *source)
{
	if (source->refused)
	{
		source->limit = source->max_limit = source->limit / 2;
		return source->limit > 0 ? BEFORE_SEARCH : BEFORE_REST;
	}
	/* fewer than asked for: the server knows no more */
	if (source->last_hits < (uint32) source->limit)
		return search_finds_all(source) ? DONE : BEFORE_REST;
	if (source->limit < source->max_limit)
	{
		source->limit = (int) Min((int64) source->limit * LIMIT_GROWTH, source->max_limit);
		return BEFORE_SEARCH;
	}
	/* as many as may be: go on beyond them, unless so many are equally far */
	if (!source->table->connection->dialect->range_steps || source->new_hits == 0 || !source->scores_hold)
		return BEFORE_REST;
	source->stepping = true;
	return BEFORE_SEARCH;
}

/*
 * Servers give a zero vector, which has no direction, the same cosine as one at
 * a right angle, 0, or drop it: Lite 2 the one with a filter, the other without.
 */
static bool
may_be_zero_vector(const NeighbourSource *source, double score)
{
	return score == 0 && source->search->kind == DISTANCE_COSINE;
}

/* Scores are float4: beyond this they may have left its range on the way. */
#define MAX_SCORE 1e36

static bool
is_out_of_range(double score)
{
	return isnan(score) || fabs(score) > MAX_SCORE;
}

/* Search again with the vectors, and compute the distances of what was not delivered yet. */
static void
distrust_scores(NeighbourSource *source, const RowKey *key)
{
	MemoryContext caller = MemoryContextSwitchTo(source->context);

	keyset_remove(source->seen, key);
	source->scores_hold = source->stepping = false;
	source->reader = source->rest_reader;
	source->output_fields = row_output_fields(source->reader);
	choose_limits(source);
	source->stage = search_returns(source, source->field) ? BEFORE_SEARCH : BEFORE_REST;
	MemoryContextSwitchTo(caller);
}

/* The next hit whose score is believed; else, or when it is beyond the bound, the stage is another. */
static bool
next_believed_hit(NeighbourSource *source, Datum *values, bool *nulls)
{
	int			distance = row_distance_position(source->reader);
	RowKey		key;
	double		score,
				value;

	if (!next_hit(source, values, nulls, &key, &score))
	{
		source->stage = next_stage(source);
		return false;
	}
	if (may_be_zero_vector(source, score) || is_out_of_range(score))
	{
		distrust_scores(source, &key);
		return false;
	}
	value = distance_from_score(source->search->kind, score);
	if (is_beyond(source, false, Float8GetDatum(value)))
	{
		source->stage = DONE;
		return false;
	}
	if (distance >= 0)
	{
		values[distance] = deliver_distance(source, value);
		nulls[distance] = false;
	}
	return true;
}

static bool
next_neighbour(RowSource *rows, Datum *values, bool *nulls)
{
	NeighbourSource *source = (NeighbourSource *) rows;

	for (;;)
	{
		switch (source->stage)
		{
			case BEFORE_SEARCH:
				run_search(source);
				if (source->refused)
					source->stage = next_stage(source);
				else if (source->scores_hold)
					source->stage = READING_HITS;
				else
				{
					fill_sort(source, NULL);
					source->stage = READING_SORTED_HITS;
				}
				break;
			case READING_HITS:
				if (next_believed_hit(source, values, nulls))
					return true;
				break;
			case READING_SORTED_HITS:
				if (next_sorted(source, values, nulls))
					return true;
				if (source->stage != DONE)
					source->stage = next_stage(source);
				break;
			case BEFORE_REST:
				scan_rest(source);
				source->stage = READING_REST;
				break;
			case READING_REST:
				if (next_sorted(source, values, nulls))
					return true;
				source->stage = DONE;
				break;
			case DONE:
				return false;
		}
		CHECK_FOR_INTERRUPTS();
	}
}

/* The temporary files of a sort. */
static void
end_neighbours(RowSource *rows)
{
	NeighbourSource *source = (NeighbourSource *) rows;

	if (source->sorted)
		tuplesort_end(source->sorted);
	source->sorted = NULL;
}

static void
explain_neighbours(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values, struct ExplainState *es)
{
	const CollectionField *field = table->columns[plan->search.attnum - 1].field;
	const char *params = search_params_set(table);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s", field->name, distance_metric(plan->search.kind));
	if (field->index_type)
		appendStringInfo(&text, ", index %s", field->index_type);
	if (plan->search.bound >= 0)
	{
		const FilterValue *bound = &values[plan->search.bound];

		if (bound->placeholder)
			appendStringInfo(&text, ", within %s", bound->placeholder);
		else if (!bound->isnull)
			appendStringInfo(&text, ", within %s",
							 DatumGetCString(DirectFunctionCall1(float8out, bound->datum)));
	}
	if (plan->limit >= 0 && !plan->drops_rows)
	{
		const FilterValue *limit = &values[plan->limit];
		const FilterValue *offset = plan->offset >= 0 ? &values[plan->offset] : NULL;

		if (limit->placeholder || (offset && offset->placeholder))
			appendStringInfoString(&text, ", k from LIMIT");
		else if (!limit->isnull)
			appendStringInfo(&text, ", k " INT64_FORMAT, DatumGetInt64(limit->datum) +
							 (offset && !offset->isnull ? DatumGetInt64(offset->datum) : 0) + plan->one_ahead);
	}
	if (strcmp(params, "{}") != 0)
		appendStringInfo(&text, ", params %s", params);
	if (!neighbours_scores_hold(field))
		appendStringInfoString(&text, ", distances computed from the vectors");
	ExplainPropertyText("Milvus Search", text.data, es);
}

const RowSourceMethods neighbours_methods = {
	.begin = begin_neighbours,
	.next = next_neighbour,
	.end = end_neighbours,
	.explain = explain_neighbours
};
