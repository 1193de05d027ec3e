/*
 * collection.c
 *		Descriptions of collections: fields, indexes, size.
 *
 * Cached by connection.  Must not know PostgreSQL's tables.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "collection.h"

/* of a binary vector (quotaAndLimits, proxy.maxDimension): others have an eighth of it */
#define MAX_DIM (32768 * 8)

typedef Milvus__Proto__Milvus__DescribeCollectionResponse DescribeResponse;
typedef Milvus__Proto__Milvus__DescribeIndexResponse IndexResponse;
typedef Milvus__Proto__Milvus__GetCollectionStatisticsResponse StatisticsResponse;
typedef Milvus__Proto__Milvus__ShowPartitionsResponse PartitionsResponse;
typedef Milvus__Proto__Common__KeyValuePair KeyValuePair;

static const char *
find_pair(KeyValuePair **pairs, size_t npairs, const char *key)
{
	for (size_t i = 0; i < npairs; i++)
		if (strcmp(pairs[i]->key, key) == 0)
			return pairs[i]->value;
	return NULL;
}

/* A size that a field declares; 0: none. */
static int
size_pair(const Milvus__Proto__Schema__FieldSchema *schema, const char *key, int most)
{
	const char *value = find_pair(schema->type_params, schema->n_type_params, key);
	char	   *end;
	long		size;

	if (value == NULL)
		return 0;
	errno = 0;
	size = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || size < 1 || size > most)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("field \"%s\" has a malformed %s: \"%s\"", schema->name, key, value)));
	return (int) size;
}

/* Is a type parameter "true"? */
static bool
is_set(const Milvus__Proto__Schema__FieldSchema *schema, const char *key)
{
	const char *value = find_pair(schema->type_params, schema->n_type_params, key);

	return value && pg_strcasecmp(value, "true") == 0;
}

static void
read_default(CollectionField *field, const Milvus__Proto__Schema__ValueField *value)
{
	FlatKind	kind = FLAT_NONE;
	FlatValue  *result = &field->default_value;

	/* servers send an empty value where there is none */
	field->has_default = value && value->data_case != MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA__NOT_SET;
	if (!field->has_default)
		return;
	switch (value->data_case)
	{
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_BOOL_DATA:
			kind = FLAT_BOOL;
			result->integer = value->bool_data != 0;
			break;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_INT_DATA:
			kind = FLAT_INT32;
			result->integer = value->int_data;
			break;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_LONG_DATA:
			kind = FLAT_INT64;
			result->integer = value->long_data;
			break;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_FLOAT_DATA:
			kind = FLAT_FLOAT;
			result->single = value->float_data;
			break;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_DOUBLE_DATA:
			kind = FLAT_DOUBLE;
			result->real = value->double_data;
			break;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_STRING_DATA:
			kind = FLAT_BYTES;
			result->bytes.len = strlen(value->string_data);
			result->bytes.data = (uint8 *) pstrdup(value->string_data);
			break;
		default:
			break;
	}
	if (kind == milvus_type(field->data_type)->default_kind)
		field->default_kind = kind;
}

void
collection_read_field(CollectionField *field, const Milvus__Proto__Schema__FieldSchema *schema)
{
	const char *analyzer;

	field->name = pstrdup(rpc_name(schema->name));
	field->data_type = schema->data_type;
	field->element_type = schema->element_type;
	field->dim = size_pair(schema, "dim", MAX_DIM);
	field->max_length = size_pair(schema, "max_length", PG_INT32_MAX);
	field->max_capacity = size_pair(schema, "max_capacity", PG_INT32_MAX);
	field->primary_key = schema->is_primary_key;
	field->auto_id = schema->autoid;
	field->nullable = schema->nullable;
	field->partition_key = schema->is_partition_key;
	field->function_output = schema->is_function_output;
	field->is_dynamic = schema->is_dynamic;
	field->analyzed = is_set(schema, "enable_analyzer");
	analyzer = find_pair(schema->type_params, schema->n_type_params, "analyzer_params");
	field->analyzer = analyzer ? pstrdup(rpc_readable(analyzer)) : NULL;
	field->matched = is_set(schema, "enable_match");
	read_default(field, schema->default_value);
}

/* Lite 2 does not tell its functions: a text with words, and a vector that is made, are a pair if there is one of each. */
static void
guess_bm25(Collection *collection)
{
	CollectionField *text = NULL;
	int			vector = 0;

	for (int i = 0; i < collection->nfields; i++)
	{
		CollectionField *field = &collection->fields[i];

		if (field->analyzed)
		{
			if (text)
				return;
			text = field;
		}
		if (field->function_output && field->data_type == MILVUS_SPARSE_VECTOR)
		{
			if (vector)
				return;
			vector = i + 1;
		}
	}
	if (text)
		text->bm25 = vector;
}

static void
fill_functions(Collection *collection, const Milvus__Proto__Schema__CollectionSchema *schema)
{
	for (size_t i = 0; i < schema->n_functions; i++)
	{
		const Milvus__Proto__Schema__FunctionSchema *function = schema->functions[i];
		CollectionField *text,
				   *vector;

		if (function->type != MILVUS__PROTO__SCHEMA__FUNCTION_TYPE__BM25 ||
			function->n_input_field_names != 1 || function->n_output_field_names != 1)
			continue;
		text = collection_find_field(collection, function->input_field_names[0]);
		vector = collection_find_field(collection, function->output_field_names[0]);
		if (text && vector && vector->data_type == MILVUS_SPARSE_VECTOR)
			text->bm25 = (int) (vector - collection->fields) + 1;
	}
	if (schema->n_functions == 0)
		guess_bm25(collection);
}

static void
fill_collection(Collection *collection, const DescribeResponse *response)
{
	const Milvus__Proto__Schema__CollectionSchema *schema = response->schema;
	bool		has_meta = false;

	/* of an alias Milvus 2.3 says the alias again */
	collection->name = pstrdup(rpc_name(schema->name[0] ? schema->name : response->collection_name));
	collection->fields = palloc0(sizeof(CollectionField) * (schema->n_fields + 1));
	for (size_t i = 0; i < schema->n_fields; i++)
	{
		CollectionField *field = &collection->fields[collection->nfields];

		/* fields below 100 are the system's own: RowID, Timestamp */
		if (schema->fields[i]->fieldid > 0 && schema->fields[i]->fieldid < 100)
			continue;
		collection_read_field(field, schema->fields[i]);
		has_meta |= field->is_dynamic;
		if (field->primary_key)
			collection->primary_key = field;
		if (field->partition_key)
			collection->partition_key = field;
		collection->nfields++;
	}
	fill_functions(collection, schema);
	collection->has_dynamic = has_meta || schema->enable_dynamic_field;
	/* most servers don't list $meta */
	if (collection->has_dynamic && !has_meta)
	{
		CollectionField *field = &collection->fields[collection->nfields++];

		field->name = pstrdup("$meta");
		field->data_type = MILVUS__PROTO__SCHEMA__DATA_TYPE__JSON;
		field->is_dynamic = true;
	}
}

static void
fill_indexes(Collection *collection, const IndexResponse *response)
{
	for (size_t i = 0; i < response->n_index_descriptions; i++)
	{
		const Milvus__Proto__Milvus__IndexDescription *index = response->index_descriptions[i];
		CollectionField *field = collection_find_field(collection, index->field_name);
		const char *type = find_pair(index->params, index->n_params, "index_type");
		const char *metric = find_pair(index->params, index->n_params, "metric_type");

		if (field == NULL)
			continue;
		field->index_type = pstrdup(type ? rpc_readable(type) : "");
		field->metric_type = metric ? pstrdup(metric) : NULL;
	}
}

static double
read_row_count(const StatisticsResponse *response)
{
	const char *rows = find_pair(response->stats, response->n_stats, "row_count");

	return rows ? strtod(rows, NULL) : -1;
}

/*
 * Are there partitions that are not loaded, beside others that are?  Milvus
 * answers from the loaded ones without a word.
 */
static bool
is_partly_loaded(const DescribeResponse *described, const PartitionsResponse *loaded)
{
	return loaded->n_partition_names > 0 &&
		(int64) loaded->n_partition_names < described->num_partitions;
}

/*
 * The number of rows as reads see them; 0 if it can't be had.  Statistics know
 * only what has been flushed, so a young collection looks empty to them.
 */
static double
ask_row_count(MilvusConnection *connection, const char *dbname, const char *name)
{
	Milvus__Proto__Milvus__QueryRequest request = MILVUS__PROTO__MILVUS__QUERY_REQUEST__INIT;
	Milvus__Proto__Milvus__QueryResults *results;
	Milvus__Proto__Schema__ScalarField *scalars;
	char	   *field = "count(*)";
	MilvusStatus status;

	request.db_name = (char *) dbname;
	request.collection_name = (char *) name;
	request.output_fields = &field;
	request.n_output_fields = 1;
	/* what there is: waits for nothing */
	request.guarantee_timestamp = 1;
	request.consistency_level = MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Eventually;
	request.expr = "";
	results = (Milvus__Proto__Milvus__QueryResults *)
		status_call(&connection->rpc, "Query", true, &request.base,
					&milvus__proto__milvus__query_results__descriptor, &status);
	if (status_failed(&status) || results->n_fields_data == 0 ||
		results->fields_data[0]->field_case != MILVUS__PROTO__SCHEMA__FIELD_DATA__FIELD_SCALARS)
		return 0;
	scalars = results->fields_data[0]->scalars;
	if (scalars->data_case != MILVUS__PROTO__SCHEMA__SCALAR_FIELD__DATA_LONG_DATA || scalars->long_data->n_data == 0)
		return 0;
	return (double) scalars->long_data->data[0];
}

/* What plans rely on, in one number. */
static uint32
compute_fingerprint(const Collection *collection, const Dialect *dialect)
{
	StringInfoData text;
	uint32		result;

	initStringInfo(&text);
	appendStringInfo(&text, "%s %s %d", dialect->name, collection->name, collection->partly_loaded);
	for (int i = 0; i < collection->nfields; i++)
	{
		const CollectionField *field = &collection->fields[i];

		appendStringInfo(&text, "|%s %d %d %d %d%d%d%d%d%d %d %s %s", field->name, field->data_type,
						 field->element_type, field->dim, field->primary_key, field->nullable,
						 field->partition_key, field->is_dynamic, field->analyzed, field->matched, field->bm25,
						 field->index_type ? field->index_type : "-",
						 field->metric_type ? field->metric_type : "-");
	}
	result = hash_bytes((const unsigned char *) text.data, text.len);
	pfree(text.data);
	/* it travels as an int */
	return result & PG_INT32_MAX;
}

/* quotaAndLimits.limits.topK and largeTopK: the defaults of Milvus, and of the property (pkg/common/common.go) */
static int
max_window(const Dialect *dialect, const DescribeResponse *response)
{
	const char *mode = find_pair(response->properties, response->n_properties, "query_mode");

	return dialect->large_topk && mode && strcmp(mode, "large_topk") == 0 ? 1000000 : dialect->max_window;
}

/* the questions that describe a collection, all on their way at once */
struct CollectionCheck
{
	MilvusConnection *connection;
	Collection *known;			/* what is checked; NULL when it is asked for
								 * the first time */
	const char *dbname;
	const char *name;
	MemoryContext context;		/* of the questions */
	RpcCall    *describe;
	RpcCall    *index;
	RpcCall    *statistics;
	RpcCall    *partitions;
};

static CollectionCheck *
start_asking(MilvusConnection *connection, const char *dbname, const char *name)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw describe",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	CollectionCheck *check = palloc0(sizeof(CollectionCheck));
	Milvus__Proto__Milvus__DescribeCollectionRequest describe = MILVUS__PROTO__MILVUS__DESCRIBE_COLLECTION_REQUEST__INIT;
	Milvus__Proto__Milvus__DescribeIndexRequest index = MILVUS__PROTO__MILVUS__DESCRIBE_INDEX_REQUEST__INIT;
	Milvus__Proto__Milvus__GetCollectionStatisticsRequest statistics = MILVUS__PROTO__MILVUS__GET_COLLECTION_STATISTICS_REQUEST__INIT;
	Milvus__Proto__Milvus__ShowPartitionsRequest partitions = MILVUS__PROTO__MILVUS__SHOW_PARTITIONS_REQUEST__INIT;

	check->connection = connection;
	check->dbname = dbname;
	check->name = name;
	check->context = context;
	describe.db_name = index.db_name = statistics.db_name = partitions.db_name = (char *) dbname;
	describe.collection_name = index.collection_name = (char *) name;
	statistics.collection_name = partitions.collection_name = (char *) name;
	partitions.type = MILVUS__PROTO__MILVUS__SHOW_TYPE__InMemory;
	check->describe = rpc_start_message(&connection->rpc, "DescribeCollection", true, &describe.base);
	check->index = rpc_start_message(&connection->rpc, "DescribeIndex", true, &index.base);
	check->statistics = rpc_start_message(&connection->rpc, "GetCollectionStatistics", true, &statistics.base);
	check->partitions = rpc_start_message(&connection->rpc, "ShowPartitions", true, &partitions.base);
	MemoryContextSwitchTo(caller);
	return check;
}

/* The description, from the answers; everything but that is given back. */
static Collection *
finish_asking(CollectionCheck *check)
{
	MilvusConnection *connection = check->connection;
	MemoryContext caller = MemoryContextSwitchTo(check->context);
	MemoryContext context;
	DescribeResponse *described;
	IndexResponse *indexes;
	PartitionsResponse *loaded = NULL;
	StatisticsResponse *counted = NULL;
	MilvusStatus status;
	Collection *collection;
	double		rows = -1;

	described = (DescribeResponse *)
		rpc_finish_message(check->describe, &milvus__proto__milvus__describe_collection_response__descriptor);
	/* Milvus Lite reports a missing collection in codes of its own */
	if (status_of_message(&described->base, &status) && status.code == MILVUS_COLLECTION_NOT_FOUND)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("collection \"%s\" does not exist in database \"%s\" of Milvus server \"%s\"",
						check->name, check->dbname, connection->rpc.name),
				 errhint(NOT_FOUND_HINT)));
	if (status_of_message(&described->base, &status))
		status_check(&connection->rpc, "DescribeCollection", &status);
	if (described->schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("Milvus server \"%s\" did not describe collection \"%s\"",
						connection->rpc.name, check->name)));
	indexes = (IndexResponse *)
		rpc_finish_message(check->index, &milvus__proto__milvus__describe_index_response__descriptor);

	/*
	 * a user allowed to read the rows may lack the privilege to fetch
	 * statistics
	 */
	if (rpc_is_permitted(check->statistics))
		counted = (StatisticsResponse *)
			rpc_finish_message(check->statistics, &milvus__proto__milvus__get_collection_statistics_response__descriptor);
	/* a server without partitions does not offer it */
	if (rpc_is_offered(check->partitions))
		loaded = (PartitionsResponse *)
			rpc_finish_message(check->partitions, &milvus__proto__milvus__show_partitions_response__descriptor);

	if (counted && status_of_message(&counted->base, &status) && !status_failed(&status))
		rows = read_row_count(counted);
	if (rows == 0)
		rows = ask_row_count(connection, check->dbname, check->name);

	context = AllocSetContextCreate(connection->context, "milvus_fdw collection", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(context);
	collection = palloc0(sizeof(Collection));
	collection->context = context;
	collection->asked_name = pstrdup(check->name);
	collection->dbname = pstrdup(check->dbname);
	collection->described_at = GetCurrentTimestamp();
	fill_collection(collection, described);

	/*
	 * a collection without an index, or statistics not offered, are no errors
	 * here
	 */
	if (status_of_message(&indexes->base, &status) && !status_failed(&status))
		fill_indexes(collection, indexes);
	collection->rows = rows;
	collection->id = described->collectionid;
	collection->schema_timestamp = described->update_timestamp;
	collection->npartitions = (int) described->num_partitions;
	collection->consistency = described->consistency_level;
	collection->max_window = max_window(connection->dialect, described);
	if (loaded && status_of_message(&loaded->base, &status) && !status_failed(&status))
		collection->partly_loaded = is_partly_loaded(described, loaded);
	collection->fingerprint = compute_fingerprint(collection, connection->dialect);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(check->context);
	return collection;
}

static Collection *
find_cached(MilvusConnection *connection, const char *dbname, const char *name)
{
	ListCell   *lc;

	foreach(lc, connection->collections)
	{
		Collection *collection = lfirst(lc);

		if (strcmp(collection->asked_name, name) == 0 && strcmp(collection->dbname, dbname) == 0)
			return collection;
	}
	return NULL;
}

/* Something may still use the old description: it goes at the end of the transaction. */
static void
retire(MilvusConnection *connection, Collection *collection)
{
	MemoryContext caller = MemoryContextSwitchTo(connection->context);

	connection->collections = list_delete_ptr(connection->collections, collection);
	connection->retired_collections = lappend(connection->retired_collections, collection->context);
	MemoryContextSwitchTo(caller);
}

Collection *
collection_describe(MilvusConnection *connection, const char *dbname, const char *name, int max_age)
{
	Collection *collection = find_cached(connection, dbname, name);
	MemoryContext caller;

	if (collection)
	{
		if (max_age > 0 &&
			!TimestampDifferenceExceeds(collection->described_at, GetCurrentTimestamp(), max_age))
			return collection;
		retire(connection, collection);
	}
	connection_check_database(connection, dbname);
	collection = finish_asking(start_asking(connection, dbname, name));
	caller = MemoryContextSwitchTo(connection->context);
	connection->collections = lappend(connection->collections, collection);
	MemoryContextSwitchTo(caller);
	return collection;
}

Collection *
collection_describe_unless(MilvusConnection *connection, const char *dbname, const char *name, int max_age, int sqlstate)
{
	MemoryContext caller = CurrentMemoryContext;
	Collection *volatile collection = NULL;

	PG_TRY();
	{
		collection = collection_describe(connection, dbname, name, max_age);
	}
	PG_CATCH();
	{
		if (geterrcode() != sqlstate)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	return collection;
}

Collection *
collection_resolve(MilvusConnection *connection, const char *dbname, const char *name, int max_age)
{
	Collection *collection = collection_describe(connection, dbname, name, max_age);
	Collection *own;

	/*
	 * a description is checked again beside the first request, but what an
	 * alias means is not
	 */
	if (strcmp(collection->name, name) != 0)
		collection = collection_describe(connection, dbname, name, Min(max_age, DESCRIPTION_RECENT));
	if (strcmp(collection->name, name) == 0)
		return collection;
	own = collection_describe_unless(connection, dbname, collection->name, max_age, ERRCODE_INSUFFICIENT_PRIVILEGE);
	if (own == NULL)
		return collection;
	/* it was dropped, and made again, in between */
	if (own->id != collection->id)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("collection \"%s\" has changed while it was looked up by its alias \"%s\"", own->name, name),
				 errhint("Try again.")));
	return own;
}

/*
 * Cached plans were made with what is forgotten: have them made anew.  As if
 * the foreign data wrapper itself had been altered, which plans depend on.
 */
static void
reset_plans(void)
{
	CallSyscacheCallbacks(FOREIGNDATAWRAPPEROID, 0);
}

void
collection_forget(MilvusConnection *connection, const char *dbname, const char *name)
{
	List	   *known = list_copy(connection->collections);
	ListCell   *lc;

	/* under whatever alias it was asked for */
	foreach(lc, known)
	{
		Collection *collection = lfirst(lc);

		if (strcmp(collection->dbname, dbname) == 0 &&
			(strcmp(collection->asked_name, name) == 0 || strcmp(collection->name, name) == 0))
			retire(connection, collection);
	}
	list_free(known);
	reset_plans();
}

void
collection_forget_all(MilvusConnection *connection)
{
	while (connection->collections != NIL)
		retire(connection, linitial(connection->collections));
	reset_plans();
}

CollectionCheck *
collection_start_check(MilvusConnection *connection, Collection *collection)
{
	CollectionCheck *check;

	if (!TimestampDifferenceExceeds(collection->described_at, GetCurrentTimestamp(), DESCRIPTION_RECENT))
		return NULL;
	check = start_asking(connection, collection->dbname, collection->asked_name);
	check->known = collection;
	return check;
}

bool
collection_finish_check(CollectionCheck *check)
{
	MilvusConnection *connection = check->connection;
	Collection *known = check->known;
	Collection *now = finish_asking(check);
	bool		same = now->fingerprint == known->fingerprint && now->id == known->id;

	if (same)
	{
		known->described_at = now->described_at;
		known->rows = now->rows;
	}
	else
		collection_forget(connection, known->dbname, known->name);
	MemoryContextDelete(now->context);
	return same;
}

CollectionIdentity
collection_identify(MilvusConnection *connection, const Collection *collection)
{
	Milvus__Proto__Milvus__DescribeCollectionRequest request = MILVUS__PROTO__MILVUS__DESCRIBE_COLLECTION_REQUEST__INIT;
	DescribeResponse *response;
	MilvusStatus status;

	if (collection->id == 0)
		return COLLECTION_SAME;
	request.db_name = collection->dbname;
	request.collection_name = collection->asked_name;
	response = (DescribeResponse *)
		status_call(&connection->rpc, "DescribeCollection", true, &request.base,
					&milvus__proto__milvus__describe_collection_response__descriptor, &status);
	if (status_failed(&status))
		return status.code == MILVUS_COLLECTION_NOT_FOUND || status.code == MILVUS_DATABASE_NOT_FOUND ?
			COLLECTION_OTHER : COLLECTION_UNTOLD;
	return response->collectionid == collection->id ? COLLECTION_SAME : COLLECTION_OTHER;
}

CollectionField *
collection_find_field(Collection *collection, const char *name)
{
	for (int i = 0; i < collection->nfields; i++)
		if (strcmp(collection->fields[i].name, name) == 0)
			return &collection->fields[i];
	return NULL;
}

bool
collection_scores_exact(const CollectionField *field)
{
	static const char *const keep_vectors[] = {
		"FLAT", "HNSW", "IVF_FLAT", "BIN_FLAT", "BIN_IVF_FLAT"
	};

	/* without an index the server compares the vectors themselves */
	if (field->index_type == NULL)
		return true;
	for (int i = 0; i < lengthof(keep_vectors); i++)
		if (strcmp(field->index_type, keep_vectors[i]) == 0)
			return true;
	return false;
}

bool
collection_search_exact(const CollectionField *field)
{
	return field->index_type == NULL ||
		strcmp(field->index_type, "FLAT") == 0 ||
		strcmp(field->index_type, "BIN_FLAT") == 0;
}

List *
collection_list_partitions(MilvusConnection *connection, const char *dbname, const char *name)
{
	Milvus__Proto__Milvus__ShowPartitionsRequest request = MILVUS__PROTO__MILVUS__SHOW_PARTITIONS_REQUEST__INIT;
	PartitionsResponse *response;
	List	   *result = NIL;

	request.db_name = (char *) dbname;
	request.collection_name = (char *) name;
	response = (PartitionsResponse *)
		status_call(&connection->rpc, "ShowPartitions", true, &request.base,
					&milvus__proto__milvus__show_partitions_response__descriptor, NULL);
	for (size_t i = 0; i < response->n_partition_names; i++)
		result = lappend(result, pstrdup(rpc_name(response->partition_names[i])));
	return result;
}

List *
collection_list(MilvusConnection *connection, const char *dbname)
{
	Milvus__Proto__Milvus__ShowCollectionsRequest request = MILVUS__PROTO__MILVUS__SHOW_COLLECTIONS_REQUEST__INIT;
	Milvus__Proto__Milvus__ShowCollectionsResponse *response;
	List	   *names = NIL;

	connection_check_database(connection, dbname);
	request.db_name = (char *) dbname;
	response = (Milvus__Proto__Milvus__ShowCollectionsResponse *)
		status_call(&connection->rpc, "ShowCollections", true, &request.base,
					&milvus__proto__milvus__show_collections_response__descriptor, NULL);
	for (size_t i = 0; i < response->n_collection_names; i++)
		names = lappend(names, response->collection_names[i]);
	return names;
}
