/*
 * analyze.c
 *		ANALYZE of a foreign table: a random sample of its rows.
 *
 * No server draws samples.  So the keys of all rows are read, which is little,
 * some of them are drawn, and only their rows are fetched.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

#include "analyze.h"
#include "remote/begin.h"
#include "read/keys.h"
#include "read/pages.h"
#include "filter/filter.h"

/* keys asked for at once */
#define KEYS_PER_REQUEST 1000
/* assumed of a row by the planner's page count */
#define ASSUMED_ROW_BYTES 100

typedef struct KeySample
{
	RowKey	   *keys;
	int			count;
	int			wanted;
	double		seen;
	ReservoirStateData reservoir;
	double		skip;			/* keys to pass over before the next is drawn */
	MemoryContext context;
} KeySample;

/* The key points into a page: keep a copy. */
static void
keep_key(KeySample *sample, int position, const RowKey *key, bool replaces)
{
	RowKey	   *kept = &sample->keys[position];
	MemoryContext caller = MemoryContextSwitchTo(sample->context);

	if (replaces && kept->is_text)
		pfree(unconstify(uint8 *, kept->text.data));
	*kept = key_copy(key);
	MemoryContextSwitchTo(caller);
}

/* Vitter's algorithm Z, as core's own sampling has it. */
static void
draw_key(KeySample *sample, const RowKey *key)
{
	if (sample->count < sample->wanted)
		keep_key(sample, sample->count++, key, false);
	else
	{
		if (sample->skip < 0)
			sample->skip = reservoir_get_next_S(&sample->reservoir, sample->seen, sample->wanted);
		if (sample->skip <= 0)
			keep_key(sample, (int) (sample->wanted * sampler_random_fract(&sample->reservoir.randstate)), key, true);
		sample->skip -= 1;
	}
	sample->seen += 1;
}

static void
draw_keys(const MilvusTable *table, KeySample *sample)
{
	ScanCounters counters = {0};
	RowReader  *reader = row_make_reader(table, NIL, NIL, 0);
	PageSource *pages = pages_begin(table, reader, "", ROWS_ALL, ROWS_ALL, &counters);
	RowKey		key;

	while (pages_next(pages, NULL, NULL, &key))
	{
		draw_key(sample, &key);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Fetch the rows of some keys; they are made in the caller's context. How many came. */
static int
fetch_rows(const MilvusTable *table, Relation relation, const KeySample *sample,
		   int first, int last, HeapTuple *rows)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw sample", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	TupleDesc	tupdesc = RelationGetDescr(relation);
	Datum	   *values = palloc(sizeof(Datum) * (tupdesc->natts + 1));
	bool	   *nulls = palloc(sizeof(bool) * (tupdesc->natts + 1));
	ScanCounters counters = {0};
	KeyFilter	filter;
	List	   *columns = NIL;
	int			named,
				count = 0;

	for (AttrNumber attnum = 1; attnum <= tupdesc->natts; attnum++)
		columns = lappend_int(columns, table->columns[attnum - 1].name ? attnum : -1);
	key_filter_begin(&filter, table, false);
	for (int i = first; i < last; i++)
	{
		/* rows whose key can't be said are left out of the sample */
		(void) key_filter_add(&filter, &sample->keys[i]);
	}
	named = key_filter_count(&filter);
	if (named > 0)
	{
		PageSource *pages = pages_begin(table, row_make_reader(table, columns, NIL, 0), key_filter_end(&filter), named, named,
										&counters);

		while (pages_next(pages, values, nulls, NULL))
		{
			if (count == last - first)
				read_raise_malformed(table, "Query", "more rows than were asked for");
			MemoryContextSwitchTo(caller);
			rows[count++] = heap_form_tuple(tupdesc, values, nulls);
			MemoryContextSwitchTo(context);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return count;
}

static int
acquire_sample_rows(Relation relation, int elevel, HeapTuple *rows, int targrows,
					double *totalrows, double *totaldeadrows)
{
	MilvusTable *table = table_open_remote(relation, GetUserId(), DESCRIPTION_FRESH);
	KeySample	sample = {0};
	int			count = 0;

	begin_reading(table, NULL, RELIED_ON_NOTHING);
	if (!filter_can_name(table, table->collection->primary_key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot analyze foreign table \"%s\"", table->relname),
				 errdetail("A filter cannot name its primary key \"%s\".", table->collection->primary_key->name)));
	sample.wanted = targrows;
	sample.skip = -1;
	sample.keys = palloc(sizeof(RowKey) * targrows);
	sample.context = CurrentMemoryContext;
	reservoir_init_selection_state(&sample.reservoir, targrows);
	draw_keys(table, &sample);
	for (int first = 0; first < sample.count; first += KEYS_PER_REQUEST)
		count += fetch_rows(table, relation, &sample, first,
							Min(first + KEYS_PER_REQUEST, sample.count), rows + count);
	*totalrows = sample.seen;
	*totaldeadrows = 0;
	ereport(elevel,
			(errmsg("\"%s\": collection contains %.0f rows; %d rows in sample",
					table->relname, sample.seen, count)));
	return count;
}

bool
milvusAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages)
{
	MilvusTable *table = table_open_remote(relation, GetUserId(), DESCRIPTION_CACHED);

	*func = acquire_sample_rows;
	*totalpages = (BlockNumber) Max(ceil(table->collection->rows * ASSUMED_ROW_BYTES / BLCKSZ), 1);
	return true;
}
