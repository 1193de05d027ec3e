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
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/tuplesort.h"

#include "neighbours.h"
#include "plan/filter.h"
#include "plan/relation.h"
#include "value/vector.h"

/* a first search where it is not known how many rows are wanted */
#define FIRST_LIMIT 100
#define LIMIT_GROWTH 4
/* a message should stay well below what servers send */
#define MAX_SEARCH_BYTES (32 * 1024 * 1024)

/* keys that were delivered */
typedef struct SeenKey
{
	RowKey		key;
	char		status;
} SeenKey;

static inline uint32
hash_key(const RowKey *key)
{
	return key->is_text ? hash_bytes(key->text.data, (int) key->text.len) :
		murmurhash32((uint32) key->integer ^ (uint32) ((uint64) key->integer >> 32));
}

static inline bool
same_key(const RowKey *a, const RowKey *b)
{
	if (a->is_text != b->is_text)
		return false;
	if (!a->is_text)
		return a->integer == b->integer;
	return a->text.len == b->text.len && memcmp(a->text.data, b->text.data, a->text.len) == 0;
}

#define SH_PREFIX seen
#define SH_ELEMENT_TYPE SeenKey
#define SH_KEY_TYPE RowKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_key(&(key))
#define SH_EQUAL(table, a, b) same_key(&(a), &(b))
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

typedef enum Stage
{
	SEARCHING,					/* more neighbours may come from searches */
	SCANNING,					/* reading a sorted remainder */
	DONE
} Stage;

struct NeighbourSource
{
	const MilvusTable *table;
	NeighbourRequest request;
	const CollectionField *field;
	RowReader  *reader;
	RowReader  *rest_reader;	/* with the vector */
	ScanCounters *counters;
	MemoryContext context;
	TupleDesc	tupdesc;		/* scan tuple, the vector when it is hidden, the distance */

	Stage		stage;
	bool		scores_hold;	/* else distances are computed here */
	int			limit;			/* of the next search */
	int			max_limit;
	bool		searched;		/* a response is bound to the reader */
	uint32		last_hits;
	int			last_limit;
	FlatSlice	vector;
	const char *params;
	List	   *output_fields;
	ReadGuarantee guarantee;
	RpcBuffer  *buffer;
	FlatResult *result;
	FlatCursor	score_cursor;
	seen_hash  *seen;
	FmgrInfo	function;

	Tuplesortstate *sorted;		/* rows in the order of their computed distances */
	TupleTableSlot *sorted_slot;
};

const char *
neighbours_search_params(const MilvusTable *table)
{
	if (milvus_search_params && milvus_search_params[0])
		return milvus_search_params;
	return table->options.search_params ? table->options.search_params : "{}";
}

bool
neighbours_scores_hold(const CollectionField *field)
{
	return !milvus_exact_distance || collection_scores_exact(field);
}

/* Encode the query vector as the field has its vectors; its type may differ from the column's. */
static FlatSlice
encode_query(NeighbourSource *source)
{
	FlatBuffer	bytes = codec_make_buffer();
	FieldType	type;
	Codec		codec;

	table_field_type(source->field, &type);
	codec_init(&codec, source->table->columns[source->request.attnum - 1].name,
			   source->request.query_type, -1, &type);
	vector_write_query(&codec, source->request.query, &bytes);
	return (FlatSlice) {bytes.data, bytes.len};
}

/* The cosine of a zero vector is no number: not what a server would say. */
static bool
is_zero_vector(FlatSlice vector)
{
	for (size_t i = 0; i < vector.len; i++)
		if (vector.data[i] != 0 && vector.data[i] != 0x80)
			return false;
	return true;
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
	return tupdesc;
}

static void
choose_limits(NeighbourSource *source)
{
	bool		varies = false;
	int			vector_bytes;
	int			width = row_estimate_width(source->reader, &varies, &vector_bytes);
	int64		wanted = source->request.wanted;

	source->max_limit = Min(source->table->connection->dialect->max_window,
							Max(1, MAX_SEARCH_BYTES / Max(width, 1)));
	source->limit = wanted > 0 ? (int) Min(wanted, source->max_limit) :
		Min(FIRST_LIMIT, source->max_limit);
}

NeighbourSource *
neighbours_begin(const MilvusTable *table, const NeighbourRequest *request, List *columns,
				 List *left_out, TupleDesc tupdesc, ScanCounters *counters)
{
	NeighbourSource *source = palloc0(sizeof(NeighbourSource));

	source->table = table;
	source->request = *request;
	source->field = table->columns[request->attnum - 1].field;
	source->counters = counters;
	source->context = CurrentMemoryContext;
	source->scores_hold = neighbours_scores_hold(source->field);
	source->rest_reader = row_make_reader(table, columns, left_out, request->attnum);
	source->reader = source->scores_hold ?
		row_make_reader(table, columns, left_out, 0) : source->rest_reader;
	source->tupdesc = make_tupdesc(tupdesc, table, request->attnum);
	source->guarantee = table_read_guarantee(table);
	source->buffer = rpc_make_buffer();
	source->result = palloc(sizeof(FlatResult));
	source->params = neighbours_search_params(table);
	source->seen = seen_create(CurrentMemoryContext, 64, NULL);
	fmgr_info(request->function, &source->function);

	source->output_fields = row_output_fields(source->reader);
	/* some servers send all fields when none is asked for */
	if (source->output_fields == NIL)
		source->output_fields = list_make1(table->collection->primary_key->name);
	choose_limits(source);
	if (!request->query_is_null)
		source->vector = encode_query(source);
	/* what no search can order: all rows, sorted here */
	if (request->query_is_null || (request->kind == DISTANCE_COSINE && is_zero_vector(source->vector)))
		source->limit = 0;
	return source;
}

/* The parameters with ef at least the limit: servers refuse less. */
static const char *
raise_ef(const char *params, int limit)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(params)));
	JsonbValue	buffer;
	JsonbValue *ef = getKeyJsonValueFromContainer(&json->root, "ef", 2, &buffer);
	Datum		raised;

	if (ef == NULL || ef->type != jbvNumeric ||
		DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(ef->val.numeric))) >= limit)
		return params;
	raised = DirectFunctionCall1(jsonb_in, CStringGetDatum(psprintf("{\"ef\": %d}", limit)));
	json = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(json), raised));
	return JsonbToCString(NULL, &json->root, VARSIZE(json));
}

/* Mark a key as delivered; false if it was already. */
static bool
note_key(NeighbourSource *source, const RowKey *key)
{
	RowKey		copy = *key;
	SeenKey    *entry;
	bool		found;

	entry = seen_insert(source->seen, copy, &found);
	if (!found && key->is_text)
	{
		uint8	   *text = MemoryContextAlloc(source->context, Max(key->text.len, 1));

		memcpy(text, key->text.data, key->text.len);
		entry->key.text.data = text;
	}
	return !found;
}

/* Search for source->limit neighbours and bind the answer to the reader. */
static void
run_search(NeighbourSource *source)
{
	MemoryContext request_context = AllocSetContextCreate(source->context, "milvus_fdw search request",
														  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(request_context);
	SearchRequest request;
	RpcCall    *call;
	bool		too_large = false;
	const char *problem;

	request.field = source->field;
	request.metric_type = distance_metric(source->request.kind);
	request.vector = source->vector;
	request.limit = source->limit;
	request.params = raise_ef(source->params, source->limit);
	request.expr = source->request.expr;
	request.output_fields = source->output_fields;
	call = read_start_search(source->table, source->guarantee, &request);
	rpc_finish(call, source->buffer, &too_large);
	source->counters->requests++;
	source->last_limit = source->limit;
	source->last_hits = 0;
	if (!too_large)
	{
		problem = flat_open_search((FlatSlice) {source->buffer->data, source->buffer->len}, source->result);
		if (problem)
			read_raise_malformed(source->table, "Search", problem);
		read_check_status(source->table, "Search", &source->result->status);
		source->counters->bytes += source->buffer->len;
		source->counters->rows += source->result->nrows;
		source->last_hits = source->result->nrows;
		row_bind(source->reader, source->result);
		memset(&source->score_cursor, 0, sizeof(FlatCursor));
	}
	source->searched = !too_large;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(request_context);
}

/* The next hit that was not delivered yet; false at the end of the answer. */
static bool
next_hit(NeighbourSource *source, Datum *values, bool *nulls, double *score)
{
	RowKey		key;

	while (source->searched && row_next_key(source->reader, &key))
	{
		FlatValue	raw;
		float4		single;

		if (!flat_next(&source->result->scores, &source->score_cursor, &raw))
			break;
		memcpy(&single, raw.bytes.data, sizeof(single));
		*score = single;
		if (!note_key(source, &key))
		{
			row_skip(source->reader);
			continue;
		}
		return row_next(source->reader, values, nulls);
	}
	return false;
}

static double
compute_distance(NeighbourSource *source, Datum vector)
{
	return DatumGetFloat8(FunctionCall2Coll(&source->function, InvalidOid, vector, source->request.query));
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
		tuplesort_end(source->sorted);
	source->sorted = tuplesort_begin_heap(source->tupdesc, 1, &key, &less, &collation, &nulls_first,
										  work_mem, NULL, TUPLESORT_NONE);
	if (source->sorted_slot == NULL)
		source->sorted_slot = MakeSingleTupleTableSlot(source->tupdesc, &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(caller);
}

/* Put a row that came with its vector into the sort; input is a virtual slot of its shape. */
static void
sort_row(NeighbourSource *source, TupleTableSlot *input, const Datum *values, const bool *nulls)
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
	input->tts_isnull[scan_width + 1] = nulls[position] || source->request.query_is_null;
	if (!input->tts_isnull[scan_width + 1])
		input->tts_values[scan_width + 1] = Float8GetDatum(compute_distance(source, values[position]));
	ExecStoreVirtualTuple(input);
	tuplesort_puttupleslot(source->sorted, input);
}

static bool
next_sorted(NeighbourSource *source, Datum *values, bool *nulls)
{
	int			scan_width = source->tupdesc->natts - 2;
	int			distance = row_distance_position(source->rest_reader);
	TupleTableSlot *slot = source->sorted_slot;

	if (source->sorted == NULL || !tuplesort_gettupleslot(source->sorted, true, true, slot, NULL))
		return false;
	slot_getallattrs(slot);
	memcpy(values, slot->tts_values, sizeof(Datum) * scan_width);
	memcpy(nulls, slot->tts_isnull, sizeof(bool) * scan_width);
	if (distance >= 0)
	{
		values[distance] = slot->tts_values[scan_width + 1];
		nulls[distance] = slot->tts_isnull[scan_width + 1];
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
		if (pages ? !pages_next(pages, values, nulls, &key) : !next_hit(source, values, nulls, &score))
			break;
		if (pages == NULL || seen_lookup(source->seen, key) == NULL)
			sort_row(source, input, values, nulls);
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
	const CollectionField *key_field = source->table->collection->primary_key;
	StringInfoData expr;
	seen_iterator iterator;
	SeenKey    *entry;
	int			count = 0;

	initStringInfo(&expr);
	if (source->request.expr[0])
		appendStringInfo(&expr, "(%s)", source->request.expr);
	if (source->seen->members == 0 || !filter_can_name(key_field))
		return expr.data;
	appendStringInfo(&expr, "%s%s not in [", expr.len > 0 ? " and " : "", key_field->name);
	seen_start_iterate(source->seen, &iterator);
	while ((entry = seen_iterate(source->seen, &iterator)) != NULL)
	{
		const RowKey *key = &entry->key;
		int			start = expr.len;

		if (count > 0)
			appendStringInfoChar(&expr, ',');
		if (filter_write_key(source->table, &expr, key->is_text, key->integer,
							 (const char *) key->text.data, key->text.len))
			count++;
		else
		{
			expr.len = start;
			expr.data[start] = '\0';
		}
	}
	appendStringInfoChar(&expr, ']');
	return count > 0 ? expr.data : source->request.expr[0] ?
		psprintf("(%s)", source->request.expr) : "";
}

/* What no search has found: all other rows, sorted. */
static void
scan_rest(NeighbourSource *source)
{
	MemoryContext caller = MemoryContextSwitchTo(source->context);
	PageSource *pages = pages_begin(source->table, source->rest_reader, rest_expression(source), -1,
									source->counters);

	MemoryContextSwitchTo(caller);
	fill_sort(source, pages);
	source->stage = SCANNING;
}

/* The answer is used up: what next? */
static void
go_on(NeighbourSource *source)
{
	if (source->last_limit > 0)
	{
		/* fewer than asked for: the server knows no more. As many as may be: neither */
		if (source->last_hits < (uint32) source->last_limit || source->last_limit >= source->max_limit)
			source->limit = 0;
		else
			source->limit = (int) Min((int64) source->last_limit * LIMIT_GROWTH, source->max_limit);
	}
	if (source->limit == 0)
	{
		scan_rest(source);
		return;
	}
	run_search(source);
	if (!source->scores_hold)
		fill_sort(source, NULL);
}

bool
neighbours_next(NeighbourSource *source, Datum *values, bool *nulls)
{
	double		score;
	int			distance = row_distance_position(source->reader);

	for (;;)
	{
		switch (source->stage)
		{
			case SEARCHING:
				if (!source->scores_hold)
				{
					if (next_sorted(source, values, nulls))
						return true;
				}
				else if (next_hit(source, values, nulls, &score))
				{
					if (distance >= 0)
					{
						values[distance] = Float8GetDatum(distance_from_score(source->request.kind, score));
						nulls[distance] = false;
					}
					return true;
				}
				go_on(source);
				break;
			case SCANNING:
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

void
neighbours_end(NeighbourSource *source)
{
	if (source->sorted)
		tuplesort_end(source->sorted);
	source->sorted = NULL;
}
