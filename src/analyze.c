/*
 * analyze.c
 *		ANALYZE of a foreign table: a random sample of its rows.
 *
 * Keys are read, which is little, some of them are drawn, and only their rows are
 * fetched.  Of a large collection the server chooses whose keys, if it can.
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
#include "read/count.h"
#include "read/keys.h"
#include "read/pages.h"
#include "filter/filter.h"

/* keys asked for at once */
#define KEYS_PER_REQUEST 1000
/* a collection of so many times as many rows as are wanted is large */
#define LARGE 10
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
draw_keys(const MilvusTable *table, const char *filter, KeySample *sample)
{
	ScanCounters counters = {0};
	RowReader  *reader = row_make_reader(table, NIL, NIL, 0);
	PageSource *pages = pages_begin(table, reader, filter, ROWS_ALL, ROWS_ALL, &counters);
	RowKey		key;

	sample->count = 0;
	sample->seen = 0;
	sample->skip = -1;
	while (pages_next(pages, NULL, NULL, &key))
	{
		draw_key(sample, &key);
		CHECK_FOR_INTERRUPTS();
	}
}

static bool
has_no_divisor(int64 number)
{
	for (int64 divisor = 2; divisor * divisor <= number; divisor++)
		if (number % divisor == 0)
			return false;
	return true;
}

/*
 * Keys that are as random as their remainders by a prime are: each row has the same
 * chance, and numbers that follow one another come evenly.
 */
static char *
write_modulo(const CollectionField *key, int64 total, int wanted, double fraction)
{
	int64		modulus = Max(total / (wanted + wanted / 2), 2);
	int64		remainder;

	while (!has_no_divisor(modulus))
		modulus--;
	remainder = (int64) (modulus * fraction);
	/* the remainder of a negative number is negative, as in C */
	return psprintf("%s %% " INT64_FORMAT " == " INT64_FORMAT " or %s %% " INT64_FORMAT " == " INT64_FORMAT,
					key->name, modulus, remainder, key->name, modulus, remainder - modulus);
}

/* The filter by which Milvus is to choose rows, with a random number between 0 and 1; "" for all. */
static const char *
write_sampling(const MilvusTable *table, int64 total, int wanted, double fraction)
{
	const Dialect *dialect = table->connection->dialect;
	const CollectionField *key = table->collection->primary_key;
	AnalyzeSampling sampling = table->options.analyze_sampling;
	bool		has_modulo = dialect->remainders && key->data_type == MILVUS_INT64;

	if ((sampling == SAMPLING_RANDOM && !dialect->random_sample) || (sampling == SAMPLING_MODULO && !has_modulo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("foreign table \"%s\" cannot be sampled so", table->relname),
				 sampling == SAMPLING_RANDOM ? errdetail("%s has no random_sample().", dialect->name) :
				 errdetail("Its primary key is no integer, or %s does not compute remainders.", dialect->name),
				 errhint("Set the option analyze_sampling to 'auto'.")));
	if (sampling == SAMPLING_OFF || total <= wanted || (sampling == SAMPLING_AUTO && total < (int64) wanted * LARGE))
		return "";
	if (dialect->random_sample && sampling != SAMPLING_MODULO)
		return psprintf("random_sample(%.9f)", Min(1.5 * wanted / total, 0.999));
	return has_modulo ? write_modulo(key, total, wanted, fraction) : "";
}

/* How many rows there are. */
static double
draw_sample(const MilvusTable *table, KeySample *sample)
{
	ScanCounters counters = {0};
	int64		total = count_rows(table, "", table_read_guarantee(table, READ_ONCE), &counters);
	const char *filter = write_sampling(table, total, sample->wanted, sampler_random_fract(&sample->reservoir.randstate));

	draw_keys(table, filter, sample);
	/* keys of one kind only, all of them even for instance, tell little */
	if (filter[0] && sample->count < sample->wanted / 2)
		draw_keys(table, filter = "", sample);
	return filter[0] ? total : sample->seen;
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
	double		total;
	int			count = 0;

	begin_reading(table, NULL, RELIED_ON_NOTHING);
	if (!filter_can_name(table, table->collection->primary_key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot analyze foreign table \"%s\"", table->relname),
				 errdetail("A filter cannot name its primary key \"%s\".", table->collection->primary_key->name)));
	sample.wanted = targrows;
	sample.keys = palloc(sizeof(RowKey) * targrows);
	sample.context = CurrentMemoryContext;
	reservoir_init_selection_state(&sample.reservoir, targrows);
	total = draw_sample(table, &sample);
	for (int first = 0; first < sample.count; first += KEYS_PER_REQUEST)
		count += fetch_rows(table, relation, &sample, first,
							Min(first + KEYS_PER_REQUEST, sample.count), rows + count);
	*totalrows = total;
	*totaldeadrows = 0;
	ereport(elevel,
			(errmsg("\"%s\": collection contains %.0f rows; %d rows in sample",
					table->relname, total, count)));
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
