/*
 * fusion_source.c
 *		The rows of a table ranked by several searches as one: hybrid search.
 *
 * The searches run at the same time, each for so many candidates; their ranks, or
 * scores, are fused here in float8, and ties are broken by the key.  So the numbers
 * are the same on every server.  An order leaves no row out: where more are wanted
 * than there are candidates, all others follow with the rank 0.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "compat.h"
#include "hits.h"
#include "keys.h"
#include "other_rows.h"
#include "pages.h"

/* rows of candidates that come with each leg must be no wider, else they are fetched once they are fused */
#define NARROW_ROW 512
/* so many of them at a time */
#define SLICE 1000

typedef struct Leg
{
	DistanceKind kind;
	double		weight;
	Hits	   *hits;			/* NULL: the query is NULL, or has no
								 * direction: nothing is near it */
} Leg;

typedef struct Candidate
{
	RowKey		key;
	double		score;
	MinimalTuple row;			/* NULL: not fetched yet, or gone meanwhile */
} Candidate;

typedef enum Stage
{
	BEFORE_SEARCH,
	READING_CANDIDATES,			/* the next is candidates[at]; the rows of
								 * those before fetched are there */
	READING_OTHERS,
	DONE
} Stage;

/*
 * candidates are sorted once all legs have come.  known has their keys, with their
 * positions while they are collected.
 */
typedef struct FusionSource
{
	const SourceRequest *request;
	SourceRequest leg_request;	/* what a leg asks for */
	Leg		   *legs;
	int			nlegs;
	double		k;				/* of RRF */
	bool		rows_come_with_legs;
	RowReader  *reader;
	TupleTableSlot *slot;
	MemoryContext context;
	Stage		stage;
	instr_time	sent;			/* when the legs began */
	KeySet	   *known;
	Candidate  *candidates;
	int			ncandidates;
	int			at;
	int			fetched;
	int64		delivered;
	OtherRows  *others;
} FusionSource;

static _Noreturn void
raise_parameter(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message)));
}

/* Milvus' own limits (internal/proxy/reranker) */
static void
read_weights(FusionSource *source, const FilterValue *value)
{
	Datum	   *weights;
	bool	   *nulls;
	int			count;

	if (value->isnull)
		raise_parameter("weights must not be NULL");
	deconstruct_array(DatumGetArrayTypeP(value->datum), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &weights, &nulls, &count);
	if (count != source->nlegs)
		raise_parameter("there must be a weight for each rank");
	for (int i = 0; i < count; i++)
	{
		source->legs[i].weight = nulls[i] ? -1 : DatumGetFloat8(weights[i]);
		if (!(source->legs[i].weight >= 0 && source->legs[i].weight <= 1))
			raise_parameter("weights must be between 0 and 1");
	}
}

static void
read_parameters(FusionSource *source)
{
	const FusionPlan *plan = &source->request->plan->fusion;
	const FilterValue *parameter = &source->request->values[plan->parameter];
	const FilterValue *candidates = &source->request->values[plan->candidates];
	int			most = source->request->table->collection->max_window;

	if (plan->by_rank)
	{
		source->k = parameter->isnull ? 0 : DatumGetInt32(parameter->datum);
		if (source->k < 1 || source->k > 16383)
			raise_parameter("k must be between 1 and 16383");
	}
	else
		read_weights(source, parameter);
	source->leg_request.wanted = candidates->isnull ? 0 : DatumGetInt32(candidates->datum);
	if (source->leg_request.wanted < 1 || source->leg_request.wanted > most)
		raise_parameter(psprintf("candidates must be between 1 and %d", most));
}

/* The search parameters of a leg: what is set, and over it what was given for this one. */
static const char *
leg_params(const MilvusTable *table, const FusionPlan *plan, const FilterValue *values, int leg)
{
	const FilterValue *given = &values[plan->leg_params];
	Jsonb	   *array;
	JsonbValue *params;

	if (given->isnull)
		return search_params_set(table);
	array = DatumGetJsonbP(given->datum);
	if (!JB_ROOT_IS_ARRAY(array) || JB_ROOT_IS_SCALAR(array) || JB_ROOT_COUNT(array) != list_length(plan->legs))
		raise_parameter("params must be a JSON array with an object for each rank");
	params = getIthJsonbValueFromContainer(&array->root, leg);
	return search_params_merged(table, JsonbValueToJsonb(params));
}

/* Is it less to fetch the rows with each leg than to ask for them again? */
static bool
is_narrow(const FusionSource *source)
{
	bool		varies = false;
	int			vector_bytes;
	int			width = row_estimate_width(source->reader, &varies, &vector_bytes);

	return vector_bytes == 0 && width <= NARROW_ROW;
}

static RowSource *
begin_fusion(const SourceRequest *request)
{
	FusionSource *source = palloc0(sizeof(FusionSource));
	const FusionPlan *plan = &request->plan->fusion;
	List	   *left_out = request->recheck ? NIL : request->plan->recheck_columns;

	source->request = request;
	source->context = CurrentMemoryContext;
	source->leg_request = *request;
	source->nlegs = list_length(plan->legs);
	source->legs = palloc0(sizeof(Leg) * source->nlegs);
	read_parameters(source);
	source->reader = row_make_reader(request->table, request->plan->columns, left_out, 0);
	source->others = other_rows_make(request, source->reader);
	/* later they could only be fetched by keys that a filter names */
	source->rows_come_with_legs = is_narrow(source) || !filter_can_name(request->table, request->table->collection->primary_key);
	source->slot = MakeSingleTupleTableSlot(request->tupdesc, &TTSOpsMinimalTuple);
	source->known = keyset_make();
	source->candidates = MemoryContextAllocHuge(source->context, sizeof(Candidate) * source->nlegs * source->leg_request.wanted);
	for (int i = 0; i < source->nlegs; i++)
	{
		List	   *leg = list_nth(plan->legs, i);
		int			attnum = list_nth_int(leg, FUSION_LEG_ATTNUM);
		const char *params = leg_params(request->table, plan, request->values, i);
		HitsQuery	query;

		source->legs[i].kind = (DistanceKind) list_nth_int(leg, FUSION_LEG_KIND);
		if (source->legs[i].kind == DISTANCE_NONE)
			continue;
		query = hits_make_query(request->table, attnum, source->legs[i].kind, &request->values[list_nth_int(leg, FUSION_LEG_QUERY)]);
		if (query.finds_nothing)
			continue;
		/* here are no other candidates than those of the server */
		if (query.obstacle)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("column \"%s\" cannot be ranked: %s", request->table->columns[attnum - 1].name, query.obstacle)));
		query.params = params;
		source->legs[i].hits = hits_begin(&source->leg_request, &query, source->rows_come_with_legs ?
										  row_make_reader(request->table, request->plan->columns, left_out, 0) :
										  row_make_reader(request->table, NIL, NIL, 0));
	}
	return (RowSource *) source;
}

/* A score between 0 and 1, the greater the nearer, as Milvus' weighted ranker has it (internal/proxy, getNormalizeFunc). */
static double
normal_score(DistanceKind kind, double score)
{
	switch (kind)
	{
		case DISTANCE_COSINE:
			return (1 + score) * 0.5;
		case DISTANCE_IP:
			return 0.5 + atan(score) / M_PI;
		case DISTANCE_BM25:
			return 2 * atan(fabs(score)) / M_PI;
		default:
			return 1 - 2 * atan(score) / M_PI;
	}
}

/* A row whose rank is not known yet. */
static MinimalTuple
form_row(const FusionSource *source, Datum *values, bool *nulls)
{
	int			position = row_distance_position(source->reader);

	if (position >= 0)
		nulls[position] = true;
	return compat_form_minimal_tuple(source->request->tupdesc, values, nulls);
}

/* The candidate of a key, which may be new: then with its row, if that came. */
static Candidate *
find_candidate(FusionSource *source, const RowKey *key, Datum *values, bool *nulls)
{
	int			position = keyset_find(source->known, key);
	Candidate  *candidate;
	MemoryContext caller;

	if (position >= 0)
		return &source->candidates[position];
	keyset_add(source->known, key, source->ncandidates);
	candidate = &source->candidates[source->ncandidates++];
	caller = MemoryContextSwitchTo(source->context);
	candidate->key = key_copy(key);
	candidate->score = 0;
	candidate->row = source->rows_come_with_legs ? form_row(source, values, nulls) : NULL;
	MemoryContextSwitchTo(caller);
	return candidate;
}

static void
collect_leg(FusionSource *source, const Leg *leg, LegCounters *counters, Datum *values, bool *nulls)
{
	MemoryContext row_context = AllocSetContextCreate(source->context, "milvus_fdw candidate", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row_context);
	instr_time	now;
	RowKey		key;
	double		score;

	/* refused, because it would be too large: fewer, then */
	while (!hits_receive(leg->hits))
		if (!hits_more(leg->hits, false))
			break;
	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_ACCUM_DIFF(counters->time, now, source->sent);
	for (int place = 1; place <= source->leg_request.wanted; place++)
	{
		Candidate  *candidate;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(row_context);
		if (!hits_next(leg->hits, values, nulls, &key, &score))
			break;
		if (!isfinite(score))
			continue;
		counters->hits++;
		candidate = find_candidate(source, &key, values, nulls);
		candidate->score += source->request->plan->fusion.by_rank ? 1 / (source->k + place) : leg->weight * normal_score(leg->kind, score);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_context);
}

/* The best first, ties by the key. */
static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *one = a;
	const Candidate *other = b;

	if (one->score != other->score)
		return one->score > other->score ? -1 : 1;
	return row_compare_keys(&one->key, &other->key);
}

static void
send_legs(RowSource *rows)
{
	FusionSource *source = (FusionSource *) rows;

	if (INSTR_TIME_IS_ZERO(source->sent))
		INSTR_TIME_SET_CURRENT(source->sent);
	for (int i = 0; i < source->nlegs; i++)
		if (source->legs[i].hits)
			hits_send(source->legs[i].hits);
}

static void
run_legs(FusionSource *source, Datum *values, bool *nulls)
{
	send_legs((RowSource *) source);
	for (int i = 0; i < source->nlegs; i++)
		if (source->legs[i].hits)
			collect_leg(source, &source->legs[i], &source->request->counters->legs[i], values, nulls);
	qsort(source->candidates, source->ncandidates, sizeof(Candidate), compare_candidates);
	for (int i = 0; i < source->ncandidates; i++)
	{
		keyset_remove(source->known, &source->candidates[i].key);
		keyset_add(source->known, &source->candidates[i].key, i);
	}
	if (source->rows_come_with_legs)
		source->fetched = source->ncandidates;
}

/* The rows of the next candidates, by their keys. */
static void
fetch_slice(FusionSource *source, Datum *values, bool *nulls)
{
	const SourceRequest *request = source->request;
	MemoryContext slice_context = AllocSetContextCreate(source->context, "milvus_fdw candidates", ALLOCSET_DEFAULT_SIZES);
	MemoryContext row_context = AllocSetContextCreate(slice_context, "milvus_fdw candidate", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(slice_context);
	int			wanted = request->wanted == ROWS_ALL ? SLICE : (int) Min(SLICE, Max(request->wanted - source->delivered, 1));
	int			last = Min(source->at + wanted, source->ncandidates);
	KeyFilter	keys;
	PageSource *pages;
	RowKey		key;

	key_filter_begin(&keys, request->table, false);
	for (int i = source->at; i < last; i++)
		if (!key_filter_add(&keys, &source->candidates[i].key))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("a key of foreign table \"%s\" cannot be named in a filter", request->table->relname)));
	pages = pages_begin(request->table, source->reader, key_filter_end_within(&keys, request->expr),
						last - source->at, last - source->at, request->counters);
	MemoryContextSwitchTo(row_context);
	while (pages_next(pages, values, nulls, &key))
	{
		int			position = keyset_find(source->known, &key);

		CHECK_FOR_INTERRUPTS();
		if (position >= 0)
		{
			MemoryContextSwitchTo(source->context);
			source->candidates[position].row = form_row(source, values, nulls);
			MemoryContextSwitchTo(row_context);
		}
		MemoryContextReset(row_context);
	}
	source->fetched = last;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(slice_context);
}

static void
deliver(FusionSource *source, Datum *values, bool *nulls, double rank)
{
	int			position = row_distance_position(source->reader);

	source->delivered++;
	if (position < 0)
		return;
	values[position] = Float8GetDatum(rank);
	nulls[position] = false;
}

/* The next candidate; false when there is none at hand. */
static bool
next_candidate(FusionSource *source, Datum *values, bool *nulls)
{
	Candidate  *candidate;
	int			natts = source->request->tupdesc->natts;

	if (source->at == source->ncandidates)
	{
		source->stage = READING_OTHERS;
		return false;
	}
	if (source->at == source->fetched)
		fetch_slice(source, values, nulls);
	candidate = &source->candidates[source->at++];
	if (candidate->row == NULL)
		return false;
	/* the slot frees it when it takes the next one */
	ExecStoreMinimalTuple(candidate->row, source->slot, true);
	candidate->row = NULL;
	slot_getallattrs(source->slot);
	memcpy(values, source->slot->tts_values, sizeof(Datum) * natts);
	memcpy(nulls, source->slot->tts_isnull, sizeof(bool) * natts);
	deliver(source, values, nulls, -candidate->score);
	return true;
}

static bool
next_fused(RowSource *rows, Datum *values, bool *nulls)
{
	FusionSource *source = (FusionSource *) rows;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		switch (source->stage)
		{
			case BEFORE_SEARCH:
				run_legs(source, values, nulls);
				source->stage = READING_CANDIDATES;
				break;
			case READING_CANDIDATES:
				if (next_candidate(source, values, nulls))
					return true;
				break;
			case READING_OTHERS:
				if (!other_rows_next(source->others, source->known, source->delivered, values, nulls))
				{
					source->stage = DONE;
					break;
				}
				deliver(source, values, nulls, 0);
				return true;
			case DONE:
				return false;
		}
	}
}

static void
end_fusion(RowSource *rows)
{
	FusionSource *source = (FusionSource *) rows;

	ExecDropSingleTupleTableSlot(source->slot);
}

/* The value of an expression, as far as it is known. */
static char *
shown_value(const FilterValue *value, Oid output)
{
	return value->placeholder ? pstrdup(value->placeholder) : value->isnull ? "NULL" : OidOutputFunctionCall(output, value->datum);
}

/* "embedding COSINE, index HNSW, params {...}" */
static void
show_leg(StringInfo out, const MilvusTable *table, const ScanPlan *plan, const FilterValue *values, int leg)
{
	List	   *numbers = list_nth(plan->fusion.legs, leg);
	DistanceKind kind = (DistanceKind) list_nth_int(numbers, FUSION_LEG_KIND);
	const FilterValue *given = &values[plan->fusion.leg_params];
	const char *params;

	if (kind == DISTANCE_NONE)
	{
		appendStringInfoString(out, "NULL");
		return;
	}
	hits_explain_search(out, table, list_nth_int(numbers, FUSION_LEG_ATTNUM), kind);
	params = given->placeholder ? given->placeholder : leg_params(table, &plan->fusion, values, leg);
	if (strcmp(params, "{}") != 0)
		appendStringInfo(out, ", params %s", params);
}

static void
explain_fusion(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values, const ScanCounters *counters, struct ExplainState *es)
{
	const FusionPlan *fusion = &plan->fusion;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s, candidates %s, fused here", fusion->by_rank ? "rrf k" : "weighted",
					 shown_value(&values[fusion->parameter], fusion->by_rank ? F_INT4OUT : F_ARRAY_OUT),
					 shown_value(&values[fusion->candidates], F_INT4OUT));
	ExplainPropertyText("Milvus Hybrid", text.data, es);
	for (int leg = 0; leg < list_length(fusion->legs); leg++)
	{
		resetStringInfo(&text);
		show_leg(&text, table, plan, values, leg);
		if (counters)
			appendStringInfo(&text, ", hits " INT64_FORMAT, counters->legs[leg].hits);
		if (counters && es->timing)
			appendStringInfo(&text, ", time %.3f ms", INSTR_TIME_GET_MILLISEC(counters->legs[leg].time));
		ExplainPropertyText(psprintf("Leg %d", leg + 1), text.data, es);
	}
}

const RowSourceMethods fusion_methods = {
	.begin = begin_fusion,
	.send = send_legs,
	.next = next_fused,
	.end = end_fusion,
	.explain = explain_fusion
};
