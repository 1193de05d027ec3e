/*
 * neighbours.c
 *		The rows nearest to a query vector, as many as are asked for.
 *
 * First by searches.  When the server finds no more (or may not be asked for
 * more), the rows left come from a scan, sorted here; so there are never fewer
 * rows than exist.  Must not know the executor.
 */
#include "postgres.h"

#include <float.h>
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
#include "hits.h"
#include "neighbours.h"
#include "pages.h"
#include "search_params.h"
#include "server/setting.h"
#include "filter/filter.h"
#include "value/vector.h"

typedef enum Stage
{
	BEFORE_SEARCH,				/* a search for "limit" neighbours comes next */
	READING_HITS,				/* its answer is bound to the reader, and its
								 * scores hold */
	READING_SORTED_HITS,		/* its answer is sorted by the distances
								 * computed here */
	BEFORE_REST,				/* what no search finds comes next */
	READING_REST,				/* it is sorted by the distances computed here */
	DONE
} Stage;

/*
 * While the scores hold, the stages go from BEFORE_SEARCH to READING_HITS and back,
 * else to READING_SORTED_HITS and back; when searches find no more, to BEFORE_REST
 * and READING_REST, unless the searches have found all there is.  A score that
 * cannot be believed ends that the scores hold, for good, and the search is done again.
 * The hits' keys are those of all rows that were delivered, or are sorted.
 *
 * A search finds the neighbours of the query as the field can hold it.  Where that is
 * another vector, rows are delivered up to the distance "certain", beyond which a row
 * that no search has found yet may be nearer; what is sorted and farther waits for the
 * next search.
 */
typedef struct NeighbourSource
{
	const SourceRequest *request;
	SourceRequest hits_request; /* with the hits that a rounded query takes */
	const SearchPlan *search;
	const FilterValue *value;	/* the query vector */
	HitsQuery	query;
	const MilvusTable *table;
	const CollectionField *field;
	/* of hits and, with the vector, of the rest; what is set tells which */
	RowReader  *scan_reader;
	RowReader  *key_reader;
	RowReader  *rest_reader;
	Hits	   *hits;
	MemoryContext context;
	TupleDesc	tupdesc;		/* scan tuple, the vector when it is hidden,
								 * the distance */

	Stage		stage;
	bool		scores_hold;	/* else distances are computed here */
	bool		fetches_hits;	/* a search brings only keys */
	bool		may_step;		/* a search may begin at the score where the
								 * last one ended */
	bool		is_exact;		/* searches, and what is certain of their
								 * hits, find the nearest first */
	FmgrInfo	function;

	Tuplesortstate *sorted;		/* rows in the order of their computed
								 * distances */
	TupleTableSlot *sorted_slot;
	bool		slot_waits;		/* it has a row that was not delivered */
	double		certain;
} NeighbourSource;

/* Does an index, or the lack of one, with that query, bring the nearest first, or bring them so that it can be told? */
static bool
is_search_exact(const CollectionField *field, const HitsQuery *query)
{
	return collection_search_exact(field) && !(query->bounds.kind == DISTANCE_IP && hits_query_is_rounded(query));
}

/* Are the scores the distances, as far as the user minds? */
static bool
do_scores_hold(const CollectionField *field, const HitsQuery *query)
{
	if (hits_query_is_rounded(query) && is_search_exact(field, query))
		return false;
	return !milvus_exact_distance || (collection_scores_exact(field) && !hits_query_is_rounded(query));
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

/* Can a search bring a field? */
static bool
search_returns(const MilvusTable *table, const CollectionField *field)
{
	return table->connection->dialect->returns_all_vectors ||
		!milvus_type_is_vector(field->data_type) ||
		field->data_type == MILVUS_FLOAT_VECTOR || field->data_type == MILVUS_SPARSE_VECTOR;
}

/* Can it bring all that is wanted, and the vector where the distances are computed here? */
static bool
search_returns_all(const MilvusTable *table, const ScanPlan *plan, bool scores_hold)
{
	ListCell   *lc;

	foreach(lc, plan->columns)
	{
		if (lfirst_int(lc) > 0 && !search_returns(table, table->columns[lfirst_int(lc) - 1].field))
			return false;
	}
	return scores_hold || search_returns(table, table->columns[plan->search.attnum - 1].field);
}

/* The query, or as much of it as EXPLAIN knows. */
static HitsQuery
make_query(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values)
{
	const FilterValue *value = &values[plan->search.query];
	HitsQuery	query = {.bounds.kind = plan->search.kind};

	if (value->placeholder == NULL)
		query = hits_make_query(table, plan->search.attnum, plan->search.kind, value);
	return query;
}

bool
neighbours_bring_vectors(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values)
{
	HitsQuery	query = make_query(table, plan, values);
	bool		scores_hold = do_scores_hold(table->columns[plan->search.attnum - 1].field, &query);

	return query.obstacle != NULL || !scores_hold || !search_returns_all(table, plan, scores_hold);
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

/* The reader that hits are read by. */
static RowReader *
hits_reader(const NeighbourSource *source)
{
	if (source->fetches_hits)
		return source->key_reader;
	return source->scores_hold ? source->scan_reader : source->rest_reader;
}

static RowSource *
begin_neighbours(const SourceRequest *request)
{
	NeighbourSource *source = palloc0(sizeof(NeighbourSource));
	const MilvusTable *table = request->table;
	const SearchPlan *search = &request->plan->search;
	List	   *left_out = request->recheck ? NIL : request->plan->recheck_columns;

	source->request = request;
	source->hits_request = *request;
	source->search = search;
	source->value = &request->values[search->query];
	source->table = table;
	source->field = table->columns[search->attnum - 1].field;
	source->context = CurrentMemoryContext;
	source->rest_reader = row_make_reader(table, request->plan->columns, left_out, search->attnum);
	source->query = make_query(table, request->plan, request->values);
	source->query.params = search_params_set(table);
	source->scores_hold = do_scores_hold(source->field, &source->query);
	source->may_step = source->scores_hold || collection_search_exact(source->field);
	source->is_exact = is_search_exact(source->field, &source->query);
	source->fetches_hits = !search_returns_all(table, request->plan, source->scores_hold);
	if (source->fetches_hits)
		source->scores_hold = false;
	source->scan_reader = row_make_reader(table, request->plan->columns, left_out, 0);
	source->key_reader = row_make_reader(table, NIL, NIL, 0);
	source->tupdesc = make_tupdesc(request->tupdesc, table, search->attnum);
	source->query.bounds = search_bounds(search->kind, source->field->dim, distance_bound(request),
										 &source->query.rounding, table->connection->dialect);

	/*
	 * an approximate search may find fewer than there are within a radius:
	 * rather see where it ends
	 */
	if (!source->is_exact)
		source->query.bounds.has_radius = false;
	/* so many more that those wanted are most likely certain */
	else if (hits_query_is_rounded(&source->query) && request->wanted < PG_INT32_MAX)
		source->hits_request.wanted = request->wanted * 2 + 10;
	fmgr_info(search->function, &source->function);
	source->hits = hits_begin(&source->hits_request, &source->query, hits_reader(source));
	if (source->value->isnull && !isinf(source->query.bounds.farthest))
		source->stage = DONE;
	else
		/* all rows, sorted here */
		source->stage = source->query.obstacle ? BEFORE_REST : BEFORE_SEARCH;
	return (RowSource *) source;
}

static double
compute_distance(NeighbourSource *source, Datum vector)
{
	double		value = DatumGetFloat8(FunctionCall2Coll(&source->function, InvalidOid, vector, source->value->datum));

	return source->search->negated ? -value : value;
}

/* What the scan tuple has of a distance. */
static Datum
deliver_distance(const NeighbourSource *source, double distance)
{
	return Float8GetDatum(source->search->negated ? -distance : distance);
}

/* Sort rows by the distance computed from their vectors, also those that wait in the sort before. */
static void
begin_sort(NeighbourSource *source)
{
	Tuplesortstate *before = source->sorted;
	AttrNumber	key = source->tupdesc->natts;
	Oid			less = Float8LessOperator;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;
	MemoryContext caller = MemoryContextSwitchTo(source->context);

	source->sorted = tuplesort_begin_heap(source->tupdesc, 1, &key, &less, &collation, &nulls_first,
										  work_mem, NULL, TUPLESORT_NONE);
	if (source->sorted_slot == NULL)
		source->sorted_slot = MakeSingleTupleTableSlot(source->tupdesc, &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(caller);
	if (before == NULL)
		return;
	while (source->slot_waits || tuplesort_gettupleslot(before, true, false, source->sorted_slot, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		tuplesort_puttupleslot(source->sorted, source->sorted_slot);
		source->slot_waits = false;
	}
	ExecClearTuple(source->sorted_slot);
	tuplesort_end(before);
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
	input->tts_isnull[scan_width + 1] = nulls[position] || source->value->isnull;
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
	double		farthest = source->query.bounds.farthest;

	return !isinf(farthest) && (isnull || !(DatumGetFloat8(distance) <= farthest));
}

static bool
next_sorted(NeighbourSource *source, Datum *values, bool *nulls)
{
	int			scan_width = source->tupdesc->natts - 2;
	int			distance = row_distance_position(source->rest_reader);
	TupleTableSlot *slot = source->sorted_slot;

	/*
	 * not a copy: the row is used before the next is asked for, and its
	 * memory is the sort's own
	 */
	if (source->sorted == NULL || !tuplesort_gettupleslot(source->sorted, true, false, slot, NULL))
		return false;
	slot_getallattrs(slot);
	if (!slot->tts_isnull[scan_width + 1] && DatumGetFloat8(slot->tts_values[scan_width + 1]) > source->certain)
	{
		if (is_beyond(source, false, Float8GetDatum(source->certain)))
			source->stage = DONE;
		else
			source->slot_waits = true;
		return false;
	}
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

/*
 * A server's sums are float4: one that left its range on the way stays infinite,
 * or becomes a NaN, and the largest value is what a heap of candidates begins with.
 */
static bool
is_out_of_range(double score)
{
	return !(fabs(score) < FLT_MAX);
}

/* None that is left is nearer, if all are so far from the query that was sent. */
static double
nearest_left(const NeighbourSource *source, double score)
{
	return search_nearest_left(source->search->kind, source->field->dim,
							   distance_from_score(source->search->kind, score), &source->query.rounding);
}

/* Up to which distance no row is missing among the hits that came. */
static double
certain_distance(const NeighbourSource *source)
{
	double		score = hits_last_score(source->hits);
	double		certain = get_float8_infinity();

	if (!source->is_exact)
		return certain;
	/* what leaves float4 in the server comes in any order, or is left out */
	if (source->search->kind == DISTANCE_L2)
		certain = nearest_left(source, FLT_MAX);
	if (!hits_query_is_rounded(&source->query) || hits_are_all(source->hits))
		return certain;
	if (!is_out_of_range(score))
		return Min(certain, nearest_left(source, score));
	return source->search->kind == DISTANCE_L2 ? certain : -get_float8_infinity();
}

/*
 * Read rows into the sort, each in a context that is emptied: hits, or pages of
 * their rows, or of all rows but the hits.
 */
static void
fill_sort(NeighbourSource *source, PageSource *pages, bool are_hits)
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
		if (pages ? !pages_next(pages, values, nulls, &key) : !hits_next(source->hits, values, nulls, &key, &score))
			break;
		if (!are_hits && keyset_find(hits_keys(source->hits), &key) >= 0)
			continue;
		if (!sort_row(source, input, values, nulls, are_hits))
			hits_forget(source->hits, &key);
	}
	MemoryContextSwitchTo(caller);
	tuplesort_performsort(source->sorted);
	source->certain = are_hits ? certain_distance(source) : get_float8_infinity();
	ExecDropSingleTupleTableSlot(input);
	MemoryContextDelete(row_context);
}

/* Rows that pass the conditions, and this one. */
static PageSource *
begin_pages(const NeighbourSource *source, char *filter, int64 most)
{
	return pages_begin(source->table, source->rest_reader, filter, most, most, source->request->counters);
}

/* What no search has found: all other rows, sorted. */
static void
scan_rest(NeighbourSource *source)
{
	MemoryContext caller = MemoryContextSwitchTo(source->context);
	PageSource *pages = begin_pages(source, key_filter_others(source->table, source->request->expr, hits_keys(source->hits)),
									ROWS_ALL);

	MemoryContextSwitchTo(caller);
	fill_sort(source, pages, false);
	source->stage = READING_REST;
}

/*
 * Sort hits that came without their vectors: their rows, by their keys.  When one
 * of these can't be said, all of them are left to the rest.
 */
static void
sort_fetched_hits(NeighbourSource *source)
{
	MemoryContext context = AllocSetContextCreate(source->context, "milvus_fdw fetched hits", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	List	   *keys = NIL;
	bool		all_said = filter_can_name(source->table, source->table->collection->primary_key);
	PageSource *pages = NULL;
	KeyFilter	filter;
	RowKey		key;
	double		score;
	ListCell   *lc;

	key_filter_begin(&filter, source->table, false);
	while (hits_next(source->hits, NULL, NULL, &key, &score))
	{
		RowKey	   *copy = palloc(sizeof(RowKey));

		CHECK_FOR_INTERRUPTS();
		*copy = key_copy(&key);
		keys = lappend(keys, copy);
		all_said = key_filter_add(&filter, copy) && all_said;
	}
	if (all_said)
	{
		if (keys != NIL)
			pages = begin_pages(source, key_filter_end_within(&filter, source->request->expr), list_length(keys));
		fill_sort(source, pages, true);
		source->stage = READING_SORTED_HITS;
	}
	else
	{
		foreach(lc, keys)
		{
			hits_forget(source->hits, lfirst(lc));
		}
		source->stage = BEFORE_REST;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * Is every row that is wanted a neighbour that a search can find?  Those
 * without a vector are not, nor are those whose distance is no number, or leaves
 * float4 in the server; but they are not wanted where the distance is bounded.
 */
static bool
search_finds_all(const NeighbourSource *source)
{
	if (!source->is_exact)
		return false;
	if (!isinf(source->query.bounds.farthest))
		return true;
	return !source->field->nullable && source->search->kind == DISTANCE_HAMMING;
}

/* The answer to a search is used up: what next? */
static Stage
next_stage(NeighbourSource *source)
{
	if (hits_more(source->hits, source->may_step))
		return BEFORE_SEARCH;
	return hits_are_all(source->hits) && search_finds_all(source) ? DONE : BEFORE_REST;
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

/* Search again with the vectors, and compute the distances of what was not delivered yet. */
static void
distrust_scores(NeighbourSource *source, const RowKey *key)
{
	hits_forget(source->hits, key);
	source->scores_hold = source->may_step = false;
	source->fetches_hits = !search_returns(source->table, source->field);
	hits_set_reader(source->hits, hits_reader(source));
	source->stage = BEFORE_SEARCH;
}

/* The next hit whose score is believed; else, or when it is beyond the bound, the stage is another. */
static bool
next_believed_hit(NeighbourSource *source, Datum *values, bool *nulls)
{
	int			distance = row_distance_position(source->scan_reader);
	RowKey		key;
	double		score,
				value;

	if (!hits_next(source->hits, values, nulls, &key, &score))
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
				if (!hits_receive(source->hits))
					source->stage = next_stage(source);
				else if (source->fetches_hits)
					sort_fetched_hits(source);
				else if (source->scores_hold)
					source->stage = READING_HITS;
				else
				{
					fill_sort(source, NULL, true);
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
send_neighbours(RowSource *rows)
{
	NeighbourSource *source = (NeighbourSource *) rows;

	if (source->stage == BEFORE_SEARCH)
		hits_send(source->hits);
}

static void
explain_neighbours(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values, const ScanCounters *counters, struct ExplainState *es)
{
	const CollectionField *field = table->columns[plan->search.attnum - 1].field;
	const FilterValue *value = &values[plan->search.query];
	const char *params = search_params_set(table);
	HitsQuery	query = make_query(table, plan, values);
	bool		scores_hold = do_scores_hold(field, &query);
	StringInfoData text;

	initStringInfo(&text);
	hits_explain_search(&text, table, plan->search.attnum, plan->search.kind);
	if (plan->search.bound >= 0)
	{
		const FilterValue *bound = &values[plan->search.bound];

		if (bound->placeholder)
			appendStringInfo(&text, ", within %s", bound->placeholder);
		else if (!bound->isnull)
			appendStringInfo(&text, ", within %s",
							 DatumGetCString(DirectFunctionCall1(float8out, bound->datum)));
	}
	hits_explain_limit(&text, plan, values);
	if (strcmp(params, "{}") != 0)
		appendStringInfo(&text, ", params %s", params);
	if (hits_query_is_rounded(&query))
		appendStringInfoString(&text, ", query rounded by the field");
	else if (value->placeholder && vector_may_round(table->columns[plan->search.attnum - 1].typeid, field->data_type))
		appendStringInfoString(&text, ", query may be rounded by the field: distances are then computed from the vectors");
	if (query.obstacle)
		appendStringInfo(&text, ", not sent: %s", query.obstacle);
	else if (!search_returns_all(table, plan, scores_hold))
		appendStringInfoString(&text, ", rows fetched by key, distances computed from the vectors");
	else if (!scores_hold)
		appendStringInfoString(&text, ", distances computed from the vectors");
	ExplainPropertyText("Milvus Search", text.data, es);
}

const RowSourceMethods neighbours_methods = {
	.begin = begin_neighbours,
	.send = send_neighbours,
	.next = next_neighbour,
	.end = end_neighbours,
	.explain = explain_neighbours
};
