/*
 * search_function.c
 *		milvus.search(): what SQL has no words for.
 *
 * Many queries in one request, one hit for each value of a field, a filter in
 * Milvus' own language.  Nothing is promised that Milvus does not: what comes
 * is what it answers.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "remote/begin.h"
#include "pages.h"
#include "search_params.h"
#include "value/vector.h"

PG_FUNCTION_INFO_V1(milvus_search);

/* arguments, in the order of the function's */
enum
{
	ARG_TABLE, ARG_FIELD, ARG_QUERIES, ARG_K, ARG_FILTER, ARG_COLUMNS, ARG_PARAMS, ARG_WITHIN, ARG_GROUP_BY
};

/* requests and answers stay below this, of what servers take */
#define MAX_MESSAGE_BYTES (32 * 1024 * 1024)
#define MAX_QUERIES 16384

typedef struct ManySearch
{
	MilvusTable *table;
	const CollectionField *field;
	DistanceKind kind;
	int			k;
	double		within;			/* infinity: all */
	SearchRequest request;
	FlatSlice  *vectors;		/* by query; data NULL for a query that is NULL */
	int			nqueries;
	RowReader  *reader;
	TupleDesc	row_desc;		/* of the table */
	Tuplestorestate *store;
	TupleDesc	store_desc;
} ManySearch;

/* The vector field that is searched, and its column. */
static AttrNumber
find_vector(const MilvusTable *table, const char *name)
{
	AttrNumber	found = 0;

	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
	{
		const TableColumn *column = &table->columns[attnum - 1];

		if (column->name == NULL || !milvus_type_is_vector(column->field->data_type))
			continue;
		if (name && strcmp(column->name, name) == 0)
			return attnum;
		if (name == NULL && found)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("foreign table \"%s\" has several vectors", table->relname),
					 errhint("Name one of them: field => '%s'.", column->name)));
		if (name == NULL)
			found = attnum;
	}
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 name ? errmsg("foreign table \"%s\" has no vector \"%s\"", table->relname, name) :
				 errmsg("foreign table \"%s\" has no vector", table->relname)));
	return found;
}

static void
choose_metric(ManySearch *search)
{
	const char *metric = search->field->metric_type;

	if (metric == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("field \"%s\" of collection \"%s\" has no index", search->field->name,
						search->table->collection->name),
				 errhint("Create one with milvus.create_index().")));
	search->kind = distance_of_metric(metric);
	if (search->kind == DISTANCE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot search by metric %s", metric)));
	search->request.metric_type = metric;
}

/* Encode the queries: vectors in an array, the rows of an array of real, or one such row. */
static void
encode_queries(ManySearch *search, AttrNumber attnum, ArrayType *array)
{
	Oid			element = ARR_ELEMTYPE(array);
	bool		numbers = element == FLOAT4OID || element == INT2OID;
	bool		rows = numbers && ARR_NDIM(array) == 2;
	bool		one = numbers && ARR_NDIM(array) == 1;
	Oid			type = numbers ? get_array_type(element) : element;
	ArrayIterator iterator;
	FieldType	field_type;
	Codec		codec;
	Datum		query;
	bool		isnull;

	if (numbers && ARR_NDIM(array) > 2)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("queries must be vectors, or an array of numbers with one or two dimensions")));
	table_field_type(search->field, &field_type);
	codec_init(&codec, search->table->columns[attnum - 1].name, type, -1, &field_type);
	if (one)
	{
		FlatBuffer	bytes = codec_make_buffer();

		vector_write_query(&codec, PointerGetDatum(array), &bytes);
		search->vectors = palloc(sizeof(FlatSlice));
		search->vectors[search->nqueries++] = (FlatSlice) {bytes.data, bytes.len};
		return;
	}
	iterator = array_create_iterator(array, rows ? 1 : 0, NULL);
	search->vectors = palloc0(sizeof(FlatSlice) * Max(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), 1));
	while (array_iterate(iterator, &query, &isnull))
	{
		FlatBuffer	bytes = codec_make_buffer();

		if (!isnull)
			vector_write_query(&codec, query, &bytes);
		search->vectors[search->nqueries++] = (FlatSlice) {bytes.data, bytes.len};
	}
	array_free_iterator(iterator);
}

/* The columns to fetch, by position: all, or those that were named. */
static List *
choose_columns(const MilvusTable *table, ArrayType *names)
{
	List	   *columns = NIL;
	Datum	   *wanted = NULL;
	int			nwanted = 0,
				nfound = 0;

	if (names)
		deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &wanted, NULL, &nwanted);
	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
	{
		const char *name = table->columns[attnum - 1].name;
		bool		found = names == NULL;

		for (int i = 0; i < nwanted; i++)
			if (name && strcmp(name, NameStr(*DatumGetName(wanted[i]))) == 0)
			{
				found = true;
				nfound++;
			}
		if (found && name == NULL)
			table_require_column(table, attnum);
		columns = lappend_int(columns, name && found ? attnum : -1);
	}
	if (nfound < nwanted)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("foreign table \"%s\" does not have all the columns named", table->relname)));
	return columns;
}

/* The table behind the row type of the first argument; the caller may read it. */
static Relation
open_relation(FunctionCallInfo fcinfo)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, ARG_TABLE);
	Oid			relid = OidIsValid(type) ? get_typ_typrelid(type) : InvalidOid;
	ForeignServer *server;
	AclResult	acl;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the first argument must be of a foreign table's row type"),
				 errhint("For example milvus.search(NULL::docs, ...).")));
	(void) table_definition(relid, &server);
	acl = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_FOREIGN_TABLE, get_rel_name(relid));
	return table_open(relid, AccessShareLock);
}

/* One hit as a row of the result. */
static void
put_hit(ManySearch *search, int query, double distance, Datum *values, bool *nulls)
{
	Datum		result[3];
	bool		isnull[3] = {0};

	result[0] = Int32GetDatum(query);
	result[1] = Float8GetDatum(distance);
	result[2] = HeapTupleGetDatum(heap_form_tuple(search->row_desc, values, nulls));
	tuplestore_putvalues(search->store, search->store_desc, result, isnull);
}

/* The hits of the queries first ... last, which were asked in one request. */
static void
put_hits(ManySearch *search, FlatResult *result, const int *queries, int count)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw search row",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row_context);
	Datum	   *values = MemoryContextAlloc(caller, sizeof(Datum) * (search->row_desc->natts + 1));
	bool	   *nulls = MemoryContextAlloc(caller, sizeof(bool) * (search->row_desc->natts + 1));
	FlatCursor	scores = {0};
	size_t		at = 0;
	uint64_t	left = result->nrows;

	if (left > 0 && result->nqueries != (uint32) count)
		read_raise_malformed(search->table, "Search", "answers to another number of queries");
	row_bind(search->reader, result);
	for (int i = 0; i < count; i++)
	{
		uint64_t	hits = count == 1 ? left : 0;

		if ((count > 1 && !flat_next_topk(result, &at, &hits) && result->nrows > 0) || hits > left ||
			(i == count - 1 && hits != left))
			read_raise_malformed(search->table, "Search", "numbers of hits that are not theirs");
		left -= hits;
		for (; hits > 0; hits--)
		{
			FlatValue	raw;
			float4		score;
			double		distance;

			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(row_context);
			if (!flat_next(&result->scores, &scores, &raw) || !row_next(search->reader, values, nulls))
				read_raise_malformed(search->table, "Search", "fewer hits than it says");
			memcpy(&score, raw.bytes.data, sizeof(score));
			distance = distance_from_score(search->kind, score);
			if (distance <= search->within)
				put_hit(search, queries[i] + 1, distance, values, nulls);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_context);
}

/* How many queries go into one request. */
static int
queries_per_request(const ManySearch *search)
{
	bool		varies = false;
	int			vector_bytes;
	Size		answer = (Size) row_estimate_width(search->reader, &varies, &vector_bytes) * search->k;
	Size		largest = 1;

	for (int i = 0; i < search->nqueries; i++)
		largest = Max(largest, search->vectors[i].len);
	return (int) Max(1, Min(MAX_QUERIES, MAX_MESSAGE_BYTES / Max(answer, largest)));
}

/* Ask some of the queries; half of them at a time when the answer would be too large. */
static void
run_queries(ManySearch *search, const int *queries, int count)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw search", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SearchRequest request = search->request;
	FlatSlice  *vectors = palloc(sizeof(FlatSlice) * count);
	RpcBuffer  *buffer = rpc_make_buffer();
	FlatResult *result = palloc(sizeof(FlatResult));
	RpcCall    *call;
	bool		too_large = false;
	const char *problem;

	for (int i = 0; i < count; i++)
		vectors[i] = search->vectors[queries[i]];
	request.vectors = vectors;
	request.nvectors = count;
	call = read_start_search(search->table, table_read_guarantee(search->table, READ_ONCE), &request);
	read_finish(search->table, call, buffer, count > 1 ? &too_large : NULL);
	if (!too_large)
	{
		problem = flat_open_search((FlatSlice) {buffer->data, buffer->len}, result);
		if (problem)
			read_raise_malformed(search->table, "Search", problem);
		read_check_status(search->table, "Search", &result->status);
		put_hits(search, result, queries, count);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	if (too_large)
	{
		run_queries(search, queries, count / 2);
		run_queries(search, queries + count / 2, count - count / 2);
	}
}

static void
run_all(ManySearch *search)
{
	int		   *queries = palloc(sizeof(int) * Max(search->nqueries, 1));
	int			count = 0;
	int			per_request = queries_per_request(search);

	/* a query that is NULL has no neighbours */
	for (int i = 0; i < search->nqueries; i++)
		if (search->vectors[i].len > 0)
			queries[count++] = i;
	for (int first = 0; first < count; first += per_request)
		run_queries(search, queries + first, Min(per_request, count - first));
}

/* The parameters of all requests: what is set, and over it what was given. */
static const char *
merge_params(const MilvusTable *table, FunctionCallInfo fcinfo)
{
	Datum		set = DirectFunctionCall1(jsonb_in, CStringGetDatum(search_params_set(table)));
	Jsonb	   *merged;

	if (PG_ARGISNULL(ARG_PARAMS))
		return search_params_set(table);
	merged = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, set, PG_GETARG_DATUM(ARG_PARAMS)));
	if (!JB_ROOT_IS_OBJECT(merged))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("search parameters must be a JSON object")));
	return JsonbToCString(NULL, &merged->root, VARSIZE(merged));
}

static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static void
prepare(ManySearch *search, FunctionCallInfo fcinfo)
{
	AttrNumber	attnum = find_vector(search->table, text_argument(fcinfo, ARG_FIELD));
	char	   *filter = text_argument(fcinfo, ARG_FILTER);
	int			max_k = search->table->collection->max_window;

	search->field = search->table->columns[attnum - 1].field;
	search->k = PG_ARGISNULL(ARG_K) ? 10 : PG_GETARG_INT32(ARG_K);
	if (search->k < 1 || search->k > max_k)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must be between 1 and %d", max_k)));
	search->within = PG_ARGISNULL(ARG_WITHIN) ? get_float8_infinity() : PG_GETARG_FLOAT8(ARG_WITHIN);
	choose_metric(search);
	if (!PG_ARGISNULL(ARG_GROUP_BY) && !search->table->connection->dialect->groups)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("Milvus server \"%s\" does not group hits", search->table->connection->rpc.name),
				 errdetail("%s ignores group_by_field.", search->table->connection->dialect->name)));
	if (!PG_ARGISNULL(ARG_QUERIES))
		encode_queries(search, attnum, PG_GETARG_ARRAYTYPE_P(ARG_QUERIES));
	search->reader = row_make_reader(search->table,
									 choose_columns(search->table,
													PG_ARGISNULL(ARG_COLUMNS) ? NULL : PG_GETARG_ARRAYTYPE_P(ARG_COLUMNS)),
									 NIL, 0);
	search->request.field = search->field;
	search->request.limit = search->k;
	search->request.params = search_params_text(merge_params(search->table, fcinfo), search->k, NULL, NULL);
	search->request.expr = filter ? filter : "";
	search->request.group_by = text_argument(fcinfo, ARG_GROUP_BY);
	search->request.output_fields = row_output_fields(search->reader);
	if (search->request.output_fields == NIL)
		search->request.output_fields = list_make1(search->table->collection->primary_key->name);
}

/*
 * search(rel anyelement, field text, queries anycompatiblearray, k int, filter text,
 *		  columns name[], params jsonb, within float8, group_by text)
 * -> (query int, distance float8, item anyelement)
 */
Datum
milvus_search(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	relation = open_relation(fcinfo);
	ManySearch	search = {0};

	InitMaterializedSRF(fcinfo, 0);
	search.store = rsinfo->setResult;
	search.store_desc = rsinfo->setDesc;
	search.row_desc = lookup_rowtype_tupdesc_copy(RelationGetForm(relation)->reltype, -1);
	search.table = table_open_in_statement(relation, GetUserId(), DESCRIPTION_RECENT, rsinfo->econtext->ecxt_estate);
	begin_reading(search.table, rsinfo->econtext->ecxt_estate, RELIED_ON_NOTHING);
	prepare(&search, fcinfo);
	run_all(&search);
	table_close(relation, AccessShareLock);
	return (Datum) 0;
}
