/*
 * words_source.c
 *		The rows of a table ranked by words: first those that match, the best first,
 *		then all others.
 *
 * A search finds only what matches.  An order does not leave rows out, so where
 * more are wanted the others follow, with the rank 0.  Must not know the executor.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "compat.h"
#include "filter/filter.h"
#include "hits.h"
#include "other_rows.h"
#include "search_params.h"

typedef enum Stage
{
	BEFORE_SEARCH,				/* a search comes next */
	READING_HITS,				/* its answer is bound to the reader */
	READING_OTHERS,				/* pages of what has none of the words, or, of
								 * a query that is NULL, of all */
	DONE
} Stage;

/*
 * From BEFORE_SEARCH to READING_HITS and back, as long as more is wanted; when the
 * server knows no more, to READING_OTHERS.
 */
typedef struct WordsSource
{
	const SourceRequest *request;
	RowReader  *reader;
	Hits	   *hits;
	OtherRows  *others;
	MemoryContext context;
	Stage		stage;
	bool		query_is_null;
	int64		delivered;
} WordsSource;

static RowSource *
begin_words(const SourceRequest *request)
{
	WordsSource *source = palloc0(sizeof(WordsSource));
	const FilterValue *words = &request->values[request->plan->search.query];
	List	   *left_out = request->recheck ? NIL : request->plan->recheck_columns;
	HitsQuery	query = hits_make_query(request->table, request->plan->search.attnum, DISTANCE_BM25, words);

	query.params = search_params_set(request->table);
	source->request = request;
	source->context = CurrentMemoryContext;
	source->query_is_null = words->isnull;
	source->reader = row_make_reader(request->table, request->plan->columns, left_out, 0);
	source->others = other_rows_make(request, source->reader);
	source->hits = hits_begin(request, &query, source->reader);
	if (!words->isnull)
		source->stage = BEFORE_SEARCH;
	else
		source->stage = request->plan->search.bound >= 0 ? DONE : READING_OTHERS;
	return (RowSource *) source;
}

/* Does a rank pass the bound?  One that is NULL passes none, and stopped the scan before. */
static bool
passes_bound(const WordsSource *source, double rank)
{
	const SearchPlan *search = &source->request->plan->search;
	double		bound;

	if (search->bound < 0)
		return true;
	bound = DatumGetFloat8(source->request->values[search->bound].datum);
	if (isnan(bound) && search->bound_is_turned)
		return false;
	return search->bound_is_open ? float8_lt(rank, bound) : float8_le(rank, bound);
}

static void
deliver(WordsSource *source, Datum *values, bool *nulls, double rank)
{
	int			position = row_distance_position(source->reader);

	source->delivered++;
	if (position < 0)
		return;
	values[position] = Float8GetDatum(rank);
	nulls[position] = source->query_is_null;
}

/* The answer is used up: what next? */
static Stage
next_stage(WordsSource *source)
{
	if (hits_more(source->hits, false))
		return BEFORE_SEARCH;
	if (!hits_are_all(source->hits))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more rows of foreign table \"%s\" match the words than Milvus ranks in one search",
						source->request->table->relname),
				 errhint("Ask for fewer by LIMIT, or narrow them down by more conditions.")));
	return passes_bound(source, 0) ? READING_OTHERS : DONE;
}

static bool
next_hit(WordsSource *source, Datum *values, bool *nulls)
{
	RowKey		key;
	double		score,
				rank;

	if (!hits_next(source->hits, values, nulls, &key, &score))
	{
		source->stage = next_stage(source);
		return false;
	}
	if (!isfinite(score))
		read_raise_malformed(source->request->table, "Search", "a score that is no number");
	rank = distance_from_score(DISTANCE_BM25, score);
	if (!passes_bound(source, rank))
	{
		source->stage = DONE;
		return false;
	}
	deliver(source, values, nulls, rank);
	return true;
}

static bool
next_ranked(RowSource *rows, Datum *values, bool *nulls)
{
	WordsSource *source = (WordsSource *) rows;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		switch (source->stage)
		{
			case BEFORE_SEARCH:
				source->stage = hits_receive(source->hits) ? READING_HITS : next_stage(source);
				break;
			case READING_HITS:
				if (next_hit(source, values, nulls))
					return true;
				break;
			case READING_OTHERS:
				if (!other_rows_next(source->others, hits_keys(source->hits), source->delivered, values, nulls))
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
send_words(RowSource *rows)
{
	WordsSource *source = (WordsSource *) rows;

	if (source->stage == BEFORE_SEARCH)
		hits_send(source->hits);
}

static void
explain_words(const MilvusTable *table, const ScanPlan *plan, const FilterValue *values, const ScanCounters *counters, struct ExplainState *es)
{
	const char *params = search_params_set(table);
	StringInfoData text;

	initStringInfo(&text);
	hits_explain_search(&text, table, plan->search.attnum, DISTANCE_BM25);
	if (plan->search.bound >= 0)
	{
		const FilterValue *bound = &values[plan->search.bound];

		appendStringInfo(&text, ", %s %s", plan->search.bound_is_open ? "below" : "at most", bound->placeholder ? bound->placeholder :
						 bound->isnull ? "NULL" : DatumGetCString(DirectFunctionCall1(float8out, bound->datum)));
	}
	hits_explain_limit(&text, plan, values);
	if (strcmp(params, "{}") != 0)
		appendStringInfo(&text, ", params %s", params);
	ExplainPropertyText("Milvus Search", text.data, es);
}

const RowSourceMethods words_methods = {
	.begin = begin_words,
	.send = send_words,
	.next = next_ranked,
	.explain = explain_words
};
