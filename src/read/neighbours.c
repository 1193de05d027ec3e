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
	Hits	   *hits;
	MemoryContext context;
	TupleDesc	tupdesc;		/* scan tuple, the vector when it is hidden,
								 * the distance */

	Stage		stage;
	bool		scores_hold;	/* else distances are computed here */
	bool		is_exact;		/* searches find the nearest first */
	SearchBounds bounds;
	FmgrInfo	function;

	Tuplesortstate *sorted;		/* rows in the order of their computed
								 * distances */
	TupleTableSlot *sorted_slot;
} NeighbourSource;

bool
neighbours_scores_hold(const CollectionField *field)
{
	return !milvus_exact_distance || collection_scores_exact(field);
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
	{
		if (lfirst_int(lc) > 0 && !search_returns(source, source->table->columns[lfirst_int(lc) - 1].field))
			return false;
	}
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
	HitsQuery	query;
	bool		is_searchable;

	source->request = request;
	source->search = search;
	source->query = &request->values[search->query];
	source->table = table;
	source->field = table->columns[search->attnum - 1].field;
	source->context = CurrentMemoryContext;
	source->rest_reader = row_make_reader(table, request->plan->columns, left_out, search->attnum);
	is_searchable = hits_make_query(table, search->attnum, search->kind, source->query, &query);
	source->scores_hold = neighbours_scores_hold(source->field) && !(query.is_rounded && milvus_exact_distance);
	source->is_exact = collection_search_exact(source->field) && !query.is_rounded;
	source->reader = source->scores_hold ?
		row_make_reader(table, request->plan->columns, left_out, 0) : source->rest_reader;
	source->tupdesc = make_tupdesc(request->tupdesc, table, search->attnum);
	source->bounds = search_bounds(search->kind, source->field->dim, distance_bound(request),
								   table->connection->dialect);

	/*
	 * an approximate search may find fewer than there are within a radius:
	 * rather see where it ends
	 */
	if (!source->is_exact)
		source->bounds.has_radius = false;
	fmgr_info(search->function, &source->function);
	query.bounds = source->bounds;
	source->hits = hits_begin(request, &query, source->reader);
	if (source->query->isnull && !isinf(source->bounds.farthest))
		source->stage = DONE;
	else
		/* what no search can order, or return: all rows, sorted here */
		source->stage = is_searchable && search_returns_all(source) ? BEFORE_SEARCH : BEFORE_REST;
	return (RowSource *) source;
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

	/*
	 * not a copy: the row is used before the next is asked for, and its
	 * memory is the sort's own
	 */
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
		if (pages ? !pages_next(pages, values, nulls, &key) : !hits_next(source->hits, values, nulls, &key, &score))
			break;
		if (pages && keyset_find(hits_keys(source->hits), &key) >= 0)
			continue;
		if (!sort_row(source, input, values, nulls, pages == NULL))
			hits_forget(source->hits, &key);
	}
	MemoryContextSwitchTo(caller);
	tuplesort_performsort(source->sorted);
	ExecDropSingleTupleTableSlot(input);
	MemoryContextDelete(row_context);
}

/* What no search has found: all other rows, sorted. */
static void
scan_rest(NeighbourSource *source)
{
	MemoryContext caller = MemoryContextSwitchTo(source->context);
	PageSource *pages = pages_begin(source->table, source->rest_reader,
									key_filter_others(source->table, source->request->expr, hits_keys(source->hits)),
									ROWS_ALL, ROWS_ALL, source->request->counters);

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
	if (!source->is_exact)
		return false;
	if (!isinf(source->bounds.farthest))
		return true;
	return !source->field->nullable && source->search->kind == DISTANCE_HAMMING;
}

/* The answer to a search is used up: what next? */
static Stage
next_stage(NeighbourSource *source)
{
	if (hits_more(source->hits, source->scores_hold))
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

/*
 * A server's sums are float4: one that left its range on the way stays infinite,
 * or becomes a NaN, and the largest value is what a heap of candidates begins with.
 */
static bool
is_out_of_range(double score)
{
	return !(fabs(score) < FLT_MAX);
}

/* Search again with the vectors, and compute the distances of what was not delivered yet. */
static void
distrust_scores(NeighbourSource *source, const RowKey *key)
{
	hits_forget(source->hits, key);
	source->scores_hold = false;
	source->reader = source->rest_reader;
	hits_set_reader(source->hits, source->reader);
	source->stage = search_returns(source, source->field) ? BEFORE_SEARCH : BEFORE_REST;
}

/* The next hit whose score is believed; else, or when it is beyond the bound, the stage is another. */
static bool
next_believed_hit(NeighbourSource *source, Datum *values, bool *nulls)
{
	int			distance = row_distance_position(source->reader);
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
	const char *params = search_params_set(table);
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
	if (!neighbours_scores_hold(field))
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
