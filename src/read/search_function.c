/*
 * search_function.c
 *		milvus.search(): what SQL has no words for.
 *
 * Many queries in one request, a few hits for each value of a field, a filter in
 * Milvus' own language.  Nothing is promised that Milvus does not: what comes
 * is what it answers; but for groups, which are made here where a server has none.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
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
#include "hits.h"
#include "pages.h"
#include "search_extras.h"
#include "search_params.h"
#include "value/vector.h"

PG_FUNCTION_INFO_V1(milvus_search);

/* arguments, in the order of the function's */
enum
{
	ARG_TABLE, ARG_FIELD, ARG_QUERIES, ARG_K, ARG_FILTER, ARG_COLUMNS, ARG_PARAMS, ARG_WITHIN, ARG_GROUP_BY,
	ARG_GROUP_SIZE, ARG_STRICT_GROUP_SIZE, ARG_IDS, ARG_RANKER, ARG_HIGHLIGHT
};

/* requests and answers stay below this, of what servers take */
#define MAX_MESSAGE_BYTES (32 * 1024 * 1024)
#define MAX_QUERIES 16384

/* where groups are made here: as many hits as they may have, so many times, and again so many more */
#define GROUP_GROWTH 4

typedef struct ManySearch
{
	MilvusTable *table;
	const CollectionField *field;
	DistanceKind kind;
	bool		by_rank;		/* scores are a ranker's, and no distances */
	bool		greatest_first; /* of them */
	int			k;				/* hits, or groups of them */
	int			group_size;
	AttrNumber	group_column;	/* groups are made here, of this column; or 0 */
	bool		hide_group_column;	/* it was not asked for */
	double		within;			/* infinity: all */
	SearchRequest request;
	FlatSlice  *queries;		/* vectors, texts, or keys as texts; data NULL
								 * for a query that is NULL */
	int			nqueries;
	bool		by_ids;			/* they are keys */
	RowReader  *reader;
	TupleDesc	row_desc;		/* of the table */
	Tuplestorestate *store;
	TupleDesc	store_desc;
} ManySearch;

/* Is a column one that texts, or vectors, are searched in? */
static bool
is_searched_by(const TableColumn *column, bool texts)
{
	if (column->name == NULL)
		return false;

	/*
	 * of texts: by words, or by the vectors that a function of the server
	 * makes of them
	 */
	return texts ? column->field->bm25 > 0 || (column->field->function_output && milvus_type_is_vector(column->field->data_type)) :
		milvus_type_is_vector(column->field->data_type);
}

static bool
has_words(const MilvusTable *table, const char *name)
{
	for (int i = 0; i < table->ncolumns; i++)
		if (table->columns[i].name && strcmp(table->columns[i].name, name) == 0)
			return table->columns[i].field->bm25 > 0;
	return false;
}

/* The column that is searched. */
static AttrNumber
find_column(const MilvusTable *table, const char *name, bool texts)
{
	const char *what = texts ? "text that can be searched by words" : "vector";
	AttrNumber	found = 0;

	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
	{
		const TableColumn *column = &table->columns[attnum - 1];

		if (!is_searched_by(column, texts))
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
				 name ? errmsg("foreign table \"%s\" has no %s \"%s\"", table->relname, what, name) :
				 errmsg("foreign table \"%s\" has no %s", table->relname, what),
				 texts ? errhint("If the query is a vector, cast it to its type.") : 0));
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

static void
encode_texts(ManySearch *search, ArrayType *array)
{
	Datum	   *texts;
	bool	   *nulls;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &texts, &nulls, &search->nqueries);
	search->queries = palloc0(sizeof(FlatSlice) * Max(search->nqueries, 1));
	for (int i = 0; i < search->nqueries; i++)
		if (!nulls[i])
			search->queries[i] = filter_utf8_text(texts[i]);
}

/* One vector, of whatever type. */
static void
encode_query(ManySearch *search, AttrNumber attnum, Oid type, Datum query)
{
	FlatBuffer	bytes = codec_make_buffer();
	FieldType	field_type;
	Codec		codec;

	table_field_type(search->field, &field_type);
	codec_init(&codec, search->table->columns[attnum - 1].name, type, -1, &field_type);
	vector_write_query(&codec, query, &bytes, NULL);
	search->queries = palloc(sizeof(FlatSlice));
	search->queries[search->nqueries++] = (FlatSlice) {bytes.data, bytes.len};
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
	if (one)
	{
		encode_query(search, attnum, type, PointerGetDatum(array));
		return;
	}
	table_field_type(search->field, &field_type);
	codec_init(&codec, search->table->columns[attnum - 1].name, type, -1, &field_type);
	iterator = array_create_iterator(array, rows ? 1 : 0, NULL);
	search->queries = palloc0(sizeof(FlatSlice) * Max(ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), 1));
	while (array_iterate(iterator, &query, &isnull))
	{
		FlatBuffer	bytes = codec_make_buffer();

		if (!isnull)
			vector_write_query(&codec, query, &bytes, NULL);
		search->queries[search->nqueries++] = (FlatSlice) {bytes.data, bytes.len};
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

/* In any case the least comes first. */
static double
distance_of(const ManySearch *search, const FlatValue *raw)
{
	float4		score;

	memcpy(&score, raw->bytes.data, sizeof(score));
	if (!search->by_rank)
		return distance_from_score(search->kind, score);
	return search->greatest_first ? -(double) score : score;
}

/* One hit as a row of the result; extra: a jsonb, or 0 for NULL. */
static void
put_hit(ManySearch *search, int query, double distance, Datum *values, bool *nulls, Datum extra)
{
	Datum		result[4];
	bool		isnull[4] = {false, false, false, extra == 0};

	result[0] = Int32GetDatum(query);
	result[1] = Float8GetDatum(distance);
	result[2] = HeapTupleGetDatum(heap_form_tuple(search->row_desc, values, nulls));
	result[3] = extra;
	tuplestore_putvalues(search->store, search->store_desc, result, isnull);
}

/* the groups of one query, so far */
typedef struct Groups
{
	KeySet	   *values;			/* with their places in counts */
	int		   *counts;
	int			full;			/* groups that have all they may */
} Groups;

/* Is there room for a hit: is its group one of the k first, and not full? */
static bool
groups_take(ManySearch *search, Groups *groups, const Datum *values, const bool *nulls)
{
	const TableColumn *column = &search->table->columns[search->group_column - 1];
	int			position = search->group_column - 1;
	RowKey		key = {.is_text = true};
	int			place;
	Oid			output;
	bool		varlena;

	/* what is NULL is a group as well, of a text that no value has */
	key.text = (FlatSlice) {(const uint8 *) "", 1};
	if (!nulls[position])
	{
		char	   *text;

		getTypeOutputInfo(column->typeid, &output, &varlena);
		text = OidOutputFunctionCall(output, values[position]);
		key.text = (FlatSlice) {(const uint8 *) text, strlen(text)};
	}
	place = keyset_find(groups->values, &key);
	if (place < 0)
	{
		place = keyset_size(groups->values);
		if (place == search->k)
			return false;
		keyset_add(groups->values, &key, place);
	}
	if (groups->counts[place] == search->group_size)
		return false;
	if (++groups->counts[place] == search->group_size)
		groups->full++;
	return true;
}

/*
 * The hits of one query, by groups made here.  False, and nothing put, when more hits
 * may fill groups that are not full; unless these are the last there are.
 */
static bool
put_groups(ManySearch *search, FlatResult *result, int query, bool last)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw search row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	Datum	   *values = palloc(sizeof(Datum) * (search->row_desc->natts + 1));
	bool	   *nulls = palloc(sizeof(bool) * (search->row_desc->natts + 1));
	bool		enough = false;

	/* first to see whether they are enough, then to put them */
	for (int pass = 0; pass < 2 && (pass == 0 || enough || last); pass++)
	{
		Groups		groups = {.values = keyset_make(), .counts = palloc0(sizeof(int) * search->k)};
		FlatCursor	scores = {0};
		FlatValue	raw;

		row_bind(search->reader, result);
		MemoryContextSwitchTo(row_context);
		while (flat_next(&result->scores, &scores, &raw) && row_next(search->reader, values, nulls))
		{
			double		distance = distance_of(search, &raw);

			CHECK_FOR_INTERRUPTS();
			if (distance <= search->within && groups_take(search, &groups, values, nulls) && pass == 1)
			{
				nulls[search->group_column - 1] |= search->hide_group_column;
				put_hit(search, query + 1, distance, values, nulls, 0);
			}
			MemoryContextReset(row_context);
		}
		MemoryContextSwitchTo(caller);
		enough = groups.full == search->k;
	}
	MemoryContextDelete(row_context);
	return enough;
}

/* The hits of the queries first ... last, which were asked in one request. */
static void
put_hits(ManySearch *search, FlatResult *result, const SearchHighlights *highlights, const int *queries, int count)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw search row",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row_context);
	Datum	   *values = MemoryContextAlloc(caller, sizeof(Datum) * (search->row_desc->natts + 1));
	bool	   *nulls = MemoryContextAlloc(caller, sizeof(bool) * (search->row_desc->natts + 1));
	FlatCursor	scores = {0};
	size_t		at = 0;
	uint64_t	left = result->nrows,
				hit = 0;

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
		for (; hits > 0; hits--, hit++)
		{
			FlatValue	raw;
			double		distance;

			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(row_context);
			if (!flat_next(&result->scores, &scores, &raw) || !row_next(search->reader, values, nulls))
				read_raise_malformed(search->table, "Search", "fewer hits than it says");
			distance = distance_of(search, &raw);
			if (distance <= search->within)
				put_hit(search, queries[i] + 1, distance, values, nulls, highlights ? search_extras_of_hit(highlights, hit) : 0);
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
	Size		answer = (Size) row_estimate_width(search->reader, &varies, &vector_bytes) * search->request.limit * search->group_size;
	Size		largest = 1;

	/*
	 * hits of several rows come in the order in which the server found the
	 * rows (proxy/impl.go, handleIfSearchByPK)
	 */
	if (search->by_ids)
		return 1;
	for (int i = 0; i < search->nqueries; i++)
		largest = Max(largest, search->queries[i].len);
	return (int) Max(1, Min(MAX_QUERIES, MAX_MESSAGE_BYTES / Max(answer, largest)));
}

/* Send a search, and open its answer; with too_large, unless it would be too large. */
static void
ask(ManySearch *search, const SearchRequest *request, RpcBuffer *buffer, FlatResult *result, bool *too_large)
{
	read_finish(search->table, read_start_search(search->table, table_read_guarantee(search->table, READ_ONCE), request),
				buffer, too_large);
	if (too_large == NULL || !*too_large)
		read_open_search(search->table, buffer, result);
}

/* A key as a request has it; error 22P02 for what is no number where keys are. */
static Milvus__Proto__Schema__IDs *
make_id(const ManySearch *search, FlatSlice key)
{
	Milvus__Proto__Schema__IDs *ids = palloc(sizeof(*ids));
	char	   *text = pnstrdup((const char *) key.data, key.len);

	milvus__proto__schema__ids__init(ids);
	if (search->table->collection->primary_key->data_type == MILVUS_INT64)
	{
		ids->id_field_case = MILVUS__PROTO__SCHEMA__IDS__ID_FIELD_INT_ID;
		ids->int_id = palloc(sizeof(*ids->int_id));
		milvus__proto__schema__long_array__init(ids->int_id);
		ids->int_id->n_data = 1;
		ids->int_id->data = palloc(sizeof(int64_t));
		ids->int_id->data[0] = DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(pg_any_to_server(text, (int) key.len, PG_UTF8))));
	}
	else
	{
		ids->id_field_case = MILVUS__PROTO__SCHEMA__IDS__ID_FIELD_STR_ID;
		ids->str_id = palloc(sizeof(*ids->str_id));
		milvus__proto__schema__string_array__init(ids->str_id);
		ids->str_id->n_data = 1;
		ids->str_id->data = palloc(sizeof(char *));
		ids->str_id->data[0] = text;
	}
	return ids;
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
	bool		too_large = false;

	for (int i = 0; i < count; i++)
		vectors[i] = search->queries[queries[i]];
	request.vectors = vectors;
	request.nvectors = count;
	if (search->by_ids)
		request.ids = make_id(search, search->queries[queries[0]]);
	ask(search, &request, buffer, result, count > 1 ? &too_large : NULL);
	if (!too_large)
		put_hits(search, result, request.highlighter ? search_extras_open(search->table, buffer, result->nrows) : NULL, queries, count);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	if (too_large)
	{
		run_queries(search, queries, count / 2);
		run_queries(search, queries + count / 2, count - count / 2);
	}
}

/* More hits, until they fill the groups, or there are no more. */
static void
run_grouped_query(ManySearch *search, int query)
{
	int			max_hits = search->table->collection->max_window;

	for (int hits = search->request.limit;; hits = (int) Min((int64) hits * GROUP_GROWTH, max_hits))
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw search", ALLOCSET_DEFAULT_SIZES);
		MemoryContext caller = MemoryContextSwitchTo(context);
		SearchRequest request = search->request;
		RpcBuffer  *buffer = rpc_make_buffer();
		FlatResult *result = palloc(sizeof(FlatResult));
		bool		last,
					done;

		request.vectors = &search->queries[query];
		request.nvectors = 1;
		request.limit = hits;
		ask(search, &request, buffer, result, NULL);
		last = hits == max_hits || result->nrows < hits;
		done = put_groups(search, result, query, last) || last;
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(context);
		if (done)
			break;
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
		if (search->queries[i].len > 0 || (search->by_ids && search->queries[i].data))
			queries[count++] = i;
	/* how many hits its groups take is a query's own */
	for (int i = 0; i < count && search->group_column; i++)
		run_grouped_query(search, queries[i]);
	for (int first = 0; first < count && !search->group_column; first += per_request)
		run_queries(search, queries + first, Min(per_request, count - first));
}

static char *
text_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

static int
positive_argument(FunctionCallInfo fcinfo, int argument, const char *name, int otherwise, int most)
{
	int			value = PG_ARGISNULL(argument) ? otherwise : PG_GETARG_INT32(argument);

	if (value < 1 || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between 1 and %d", name, most)));
	return value;
}

/* Which groups are wanted, and who makes them; *columns: what is fetched. */
static void
prepare_groups(ManySearch *search, FunctionCallInfo fcinfo, List **columns)
{
	const Dialect *dialect = search->table->connection->dialect;
	char	   *field = text_argument(fcinfo, ARG_GROUP_BY);
	int			most = search->table->collection->max_window;

	search->group_size = positive_argument(fcinfo, ARG_GROUP_SIZE, "group_size", 1, most / search->k);
	if (field == NULL)
	{
		search->group_size = 1;
		return;
	}
	if (dialect->groups && (search->group_size == 1 || dialect->group_sizes))
	{
		search->request.group_by = field;
		search->request.group_size = search->group_size;
		search->request.strict_group_size = !PG_ARGISNULL(ARG_STRICT_GROUP_SIZE) && PG_GETARG_BOOL(ARG_STRICT_GROUP_SIZE);
		return;
	}
	for (AttrNumber attnum = 1; attnum <= search->table->ncolumns; attnum++)
	{
		const TableColumn *column = &search->table->columns[attnum - 1];

		if (column->name && column->dynamic_key == NULL && strcmp(column->field->name, field) == 0)
			search->group_column = attnum;
	}
	if (search->group_column == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("foreign table \"%s\" has no column for field \"%s\"", search->table->relname, field),
				 errdetail("%s does not group hits so: it is done here, by the values of the column.", dialect->name)));
	search->hide_group_column = list_nth_int(*columns, search->group_column - 1) < 0;
	lfirst_int(list_nth_cell(*columns, search->group_column - 1)) = search->group_column;
	search->request.limit = (int) Min((int64) search->k * search->group_size * GROUP_GROWTH, most);
}

/* Error 0A000 for what the server lacks. */
static void
require(const ManySearch *search, const char *flag, const char *what, const char *instead)
{
	const Dialect *dialect = search->table->connection->dialect;
	const char *since;

	if (!dialect_has(dialect, flag, &since))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has no %s", dialect->name, what),
				 errhint("Milvus has them from version %s on.%s", since, instead)));
}

/* The rows that have these keys are the queries. */
static void
prepare_ids(ManySearch *search, FunctionCallInfo fcinfo)
{
	char	   *name = text_argument(fcinfo, ARG_FIELD);
	AttrNumber	attnum;

	if (!PG_ARGISNULL(ARG_QUERIES))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("queries and ids cannot be given together")));
	require(search, "searches_by_ids", "searches by ids",
			" Before it, select the vectors first: milvus.search(NULL::docs, 'embedding', (SELECT array_agg(embedding) FROM docs WHERE id IN (1, 2))).");
	attnum = find_column(search->table, name, name && has_words(search->table, name));
	search->field = table_searched_field(search->table, search->table->columns[attnum - 1].field, true);
	choose_metric(search);
	search->request.field = search->field;
	search->by_ids = true;
	encode_texts(search, PG_GETARG_ARRAYTYPE_P(ARG_IDS));
}

/* Vectors in an array, or one; or texts, where the server makes vectors of them. */
static void
prepare_queries(ManySearch *search, FunctionCallInfo fcinfo)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, ARG_QUERIES);
	bool		is_array = OidIsValid(get_element_type(type));
	Oid			element = is_array ? get_element_type(type) : type;
	bool		texts = element == TEXTOID || element == VARCHAROID;
	AttrNumber	attnum = find_column(search->table, text_argument(fcinfo, ARG_FIELD), texts);
	const TableColumn *column = &search->table->columns[attnum - 1];

	search->field = table_searched_field(search->table, column->field, texts);
	choose_metric(search);
	search->request.is_text = texts;
	search->request.field = search->field;
	if (PG_ARGISNULL(ARG_QUERIES))
		return;
	if (texts && is_array)
		encode_texts(search, PG_GETARG_ARRAYTYPE_P(ARG_QUERIES));
	else if (texts)
		encode_texts(search, construct_array(&PG_GETARG_DATUM(ARG_QUERIES), 1, TEXTOID, -1, false, TYPALIGN_INT));
	else if (is_array)
		encode_queries(search, attnum, PG_GETARG_ARRAYTYPE_P(ARG_QUERIES));
	else
		encode_query(search, attnum, type, PG_GETARG_DATUM(ARG_QUERIES));
}

static void
prepare_extras(ManySearch *search, FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(ARG_RANKER))
	{
		require(search, "rankers", "rankers", "");
		search->request.ranker = search_extras_ranker(PG_GETARG_JSONB_P(ARG_RANKER));
		search->by_rank = true;
		search->greatest_first = search_extras_greatest_first(search->request.ranker, search->kind);
	}
	if (!PG_ARGISNULL(ARG_HIGHLIGHT))
	{
		require(search, "highlights", "highlights", "");
		search->request.highlighter = search_extras_highlighter(PG_GETARG_JSONB_P(ARG_HIGHLIGHT));
	}
}

static void
prepare(ManySearch *search, FunctionCallInfo fcinfo)
{
	char	   *filter = text_argument(fcinfo, ARG_FILTER);
	const char *params = PG_ARGISNULL(ARG_PARAMS) ? search_params_set(search->table) :
		search_params_merged(search->table, PG_GETARG_JSONB_P(ARG_PARAMS));
	List	   *columns = choose_columns(search->table, PG_ARGISNULL(ARG_COLUMNS) ? NULL : PG_GETARG_ARRAYTYPE_P(ARG_COLUMNS));

	search->k = positive_argument(fcinfo, ARG_K, "k", 10, search->table->collection->max_window);
	search->request.limit = search->k;
	search->within = PG_ARGISNULL(ARG_WITHIN) ? get_float8_infinity() : PG_GETARG_FLOAT8(ARG_WITHIN);
	if (PG_ARGISNULL(ARG_IDS))
		prepare_queries(search, fcinfo);
	else
		prepare_ids(search, fcinfo);
	prepare_groups(search, fcinfo, &columns);
	prepare_extras(search, fcinfo);
	search->reader = row_make_reader(search->table, columns, NIL, 0);
	search->request.params = search_params_text(params, search->request.limit, NULL, NULL);
	search->request.expr = filter ? filter : "";
	search->request.output_fields = row_output_fields(search->reader);
	if (search->request.output_fields == NIL)
		search->request.output_fields = list_make1(search->table->collection->primary_key->name);
}

/*
 * search(rel anyelement, field text, queries anycompatible, k int, filter text,
 *		  columns name[], params jsonb, within float8, group_by text, group_size int,
 *		  strict_group_size bool, ids text[], ranker jsonb, highlight jsonb)
 * -> (query int, distance float8, item anyelement, extra jsonb)
 */
Datum
milvus_search(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	relation;
	ManySearch	search = {0};

	/* as an older version of the extension declares it */
	if (PG_NARGS() <= ARG_HIGHLIGHT)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("milvus.search() is of an older version than the library of milvus_fdw, which is %s", MILVUS_FDW_VERSION),
				 errhint("Run ALTER EXTENSION milvus_fdw UPDATE in this database.")));
	relation = open_relation(fcinfo);
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
