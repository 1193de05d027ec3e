/*
 * read.c
 *		Query and Search requests built from plain arguments.
 *
 * Knows what the proxy's parameters are called; not what the rows are for.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "loading.h"
#include "read.h"

/* how often a read is asked again that ended with another client's */
#define MAX_CANCELS 5

typedef Milvus__Proto__Common__KeyValuePair KeyValuePair;

/* Append a key-value pair to the parameters of a request. */
static List *
add_parameter(List *parameters, const char *key, const char *value)
{
	KeyValuePair *pair = palloc(sizeof(KeyValuePair));

	milvus__proto__common__key_value_pair__init(pair);
	pair->key = (char *) key;
	pair->value = (char *) value;
	return lappend(parameters, pair);
}

/* Fail, rather than answer for another collection that has the name meanwhile. */
static List *
add_identity(List *parameters, const MilvusTable *table)
{
	if (table->connection->dialect->checks_id && table->collection->id > 0)
		parameters = add_parameter(parameters, "collection_id", psprintf(INT64_FORMAT, table->collection->id));
	return parameters;
}

/* The pointers of a list, as a repeated field has them: a new array. */
static void *
repeated_field(const List *list, size_t *count)
{
	void	  **pointers = palloc(sizeof(void *) * Max(list_length(list), 1));
	ListCell   *lc;

	*count = 0;
	foreach(lc, list)
	{
		pointers[(*count)++] = lfirst(lc);
	}
	return pointers;
}

static RpcCall *
start_query(const MilvusTable *table, ReadGuarantee guarantee, const char *expr,
			List *output_fields, List *parameters)
{
	Milvus__Proto__Milvus__QueryRequest request = MILVUS__PROTO__MILVUS__QUERY_REQUEST__INIT;
	char	   *partition = table->options.partition;

	request.db_name = table->collection->dbname;
	request.collection_name = table->collection->asked_name;
	request.expr = (char *) expr;
	request.output_fields = repeated_field(output_fields, &request.n_output_fields);
	if (partition)
	{
		request.partition_names = &partition;
		request.n_partition_names = 1;
	}
	request.guarantee_timestamp = guarantee.timestamp;
	request.consistency_level = guarantee.level;
	request.query_params = repeated_field(add_identity(parameters, table), &request.n_query_params);
	return rpc_start_message(&table->connection->rpc, "Query", true, &request.base);
}

RpcCall *
read_start_page(const MilvusTable *table, ReadGuarantee guarantee, const PageRequest *page)
{
	List	   *parameters = add_parameter(NIL, "limit", psprintf("%d", page->limit));

	/*
	 * without it some servers return the rows in another order, or not all of
	 * them
	 */
	if (page->ordered || table->connection->dialect->iterator_waits)
		parameters = add_parameter(parameters, "iterator", "True");
	return start_query(table, guarantee, page->expr, page->output_fields, parameters);
}

/* The lowest number cannot be written: two halves reach it. */
char *
read_filter_of_all(const MilvusTable *table)
{
	const CollectionField *key = table->collection->primary_key;

	return key->data_type == MILVUS_INT64 ?
		psprintf("%s >= 0 or %s < 0", key->name, key->name) :
		psprintf("%s >= \"\"", key->name);
}

/* A limit is refused beside count(*) (proxy, task_query.go). */
RpcCall *
read_start_count(const MilvusTable *table, ReadGuarantee guarantee, const char *expr)
{
	/*
	 * such a server counts the whole collection unless there is a filter: one
	 * that all rows pass
	 */
	if (expr[0] == '\0' && table->options.partition && !table->connection->dialect->counts_partition)
		expr = read_filter_of_all(table);
	return start_query(table, guarantee, expr, list_make1(READ_COUNT), NIL);
}

/*
 * The query vectors as a request has them.  A placeholder has the number of the
 * field's own data type (common.PlaceholderType).
 */
static ProtobufCBinaryData
pack_vectors(const SearchRequest *search)
{
	Milvus__Proto__Common__PlaceholderValue placeholder = MILVUS__PROTO__COMMON__PLACEHOLDER_VALUE__INIT;
	Milvus__Proto__Common__PlaceholderValue *placeholders = &placeholder;
	Milvus__Proto__Common__PlaceholderGroup group = MILVUS__PROTO__COMMON__PLACEHOLDER_GROUP__INIT;
	ProtobufCBinaryData *vectors = palloc(sizeof(ProtobufCBinaryData) * Max(search->nvectors, 1));
	ProtobufCBinaryData packed;

	placeholder.tag = "$0";
	placeholder.type = search->is_text ? MILVUS__PROTO__COMMON__PLACEHOLDER_TYPE__VarChar :
		(Milvus__Proto__Common__PlaceholderType) search->field->data_type;
	for (int i = 0; i < search->nvectors; i++)
		vectors[i] = (ProtobufCBinaryData) {search->vectors[i].len, (uint8_t *) search->vectors[i].data};
	placeholder.values = vectors;
	placeholder.n_values = search->nvectors;
	group.placeholders = &placeholders;
	group.n_placeholders = 1;
	packed.len = protobuf_c_message_get_packed_size(&group.base);
	packed.data = palloc(packed.len);
	protobuf_c_message_pack(&group.base, packed.data);
	return packed;
}

static List *
search_parameters(const MilvusTable *table, const SearchRequest *search)
{
	List	   *parameters = add_parameter(NIL, "anns_field", search->field->name);

	parameters = add_parameter(parameters, "topk", psprintf("%d", search->limit));
	parameters = add_parameter(parameters, "metric_type", search->metric_type);
	parameters = add_parameter(parameters, "params",
							   pg_server_to_any(search->params, (int) strlen(search->params), PG_UTF8));
	parameters = add_parameter(parameters, "round_decimal", "-1");
	if (search->group_by)
		parameters = add_parameter(parameters, "group_by_field", search->group_by);
	if (search->group_by && search->group_size > 1)
	{
		parameters = add_parameter(parameters, "group_size", psprintf("%d", search->group_size));
		parameters = add_parameter(parameters, "strict_group_size", search->strict_group_size ? "true" : "false");
	}
	return add_identity(parameters, table);
}

RpcCall *
read_start_search(const MilvusTable *table, ReadGuarantee guarantee, const SearchRequest *search)
{
	Milvus__Proto__Milvus__SearchRequest request = MILVUS__PROTO__MILVUS__SEARCH_REQUEST__INIT;
	char	   *partition = table->options.partition;

	request.db_name = table->collection->dbname;
	request.collection_name = table->collection->asked_name;
	request.dsl = (char *) search->expr;
	request.dsl_type = MILVUS__PROTO__COMMON__DSL_TYPE__BoolExprV1;
	if (search->ids)
	{
		request.search_input_case = MILVUS__PROTO__MILVUS__SEARCH_REQUEST__SEARCH_INPUT_IDS;
		request.ids = search->ids;
	}
	else
	{
		request.search_input_case = MILVUS__PROTO__MILVUS__SEARCH_REQUEST__SEARCH_INPUT_PLACEHOLDER_GROUP;
		request.placeholder_group = pack_vectors(search);
	}
	request.output_fields = repeated_field(search->output_fields, &request.n_output_fields);
	if (partition)
	{
		request.partition_names = &partition;
		request.n_partition_names = 1;
	}
	request.guarantee_timestamp = guarantee.timestamp;
	request.consistency_level = guarantee.level;
	request.nq = search->nvectors;
	request.function_score = search->ranker;
	request.highlighter = search->highlighter;
	request.search_params = repeated_field(search_parameters(table, search), &request.n_search_params);
	return rpc_start_message(&table->connection->rpc, "Search", true, &request.base);
}

/*
 * A query node does several searches as one.  When the client of one of them cancels,
 * the others may end with it (seen on 2.3.5).
 */
static bool
was_cancelled_with_another(const FlatStatus *status)
{
	static const char reason[] = "context canceled";

	if ((status->code == 0 && status->error_code == 0) || status->reason.len == 0)
		return false;
	return memmem(status->reason.data, status->reason.len, reason, strlen(reason)) != NULL;
}

void
read_finish(const MilvusTable *table, RpcCall *call, RpcBuffer *buffer, bool *too_large)
{
	TimestampTz since = 0;

	for (int cancels = 0;;)
	{
		FlatStatus	status;

		rpc_receive(call, buffer, too_large);
		if (too_large && *too_large)
			break;
		status = flat_find_status((FlatSlice) {buffer->data, buffer->len});
		if (was_cancelled_with_another(&status))
		{
			if (++cancels > MAX_CANCELS)
				break;
		}
		else if (!loading_is_reason(&status) || !loading_wait(table, &status, &since))
			break;
		rpc_repeat(call);
	}
	rpc_free(call);
}

void
read_check_status(const MilvusTable *table, const char *rpc, const FlatStatus *flat)
{
	MilvusStatus status = {flat->code, flat->error_code, NULL};

	if (!status_failed(&status))
		return;
	/* whatever was believed of the collection may be why it failed */
	collection_forget(table->connection, table->collection->dbname, table->collection->name);
	status.reason = pnstrdup((const char *) flat->reason.data, flat->reason.len);

	/*
	 * the id in the request is another one (proxy/task_query.go,
	 * task_search.go), or a new collection of the name is not loaded yet; a
	 * filter that says so is echoed in errors, too
	 */
	if ((strstr(status.reason, "is not consistent to") || loading_is_reason(flat)) &&
		collection_identify(table->connection, table->collection) == COLLECTION_OTHER)
		table_raise_outdated(table);
	if (status.code == MILVUS_COLLECTION_NOT_LOADED || status.code == MILVUS_PARTITION_NOT_LOADED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 table->options.partition ?
				 errmsg("partition \"%s\" of collection \"%s\" is not loaded", table->options.partition, table->collection->name) :
				 errmsg("collection \"%s\" is not loaded", table->collection->name),
				 errhint(LOAD_HINT)));
	status_check(&table->connection->rpc, rpc, &status);
}

void
read_raise_malformed(const MilvusTable *table, const char *rpc, const char *problem)
{
	collection_forget(table->connection, table->collection->dbname, table->collection->name);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_ERROR),
			 errmsg("Milvus server \"%s\" sent a malformed answer to %s",
					table->connection->rpc.name, rpc),
			 errdetail("It has %s.", problem)));
}

void
read_check_keys(const MilvusTable *table, const char *rpc, const FlatColumn *keys)
{
	if (keys->carrier != milvus_type(table->collection->primary_key->data_type)->carrier)
		read_raise_malformed(table, rpc, "keys of another type than the primary key's");
	if (flat_has_nulls(keys))
		read_raise_malformed(table, rpc, "keys that are null");
}

void
read_open_query(const MilvusTable *table, const RpcBuffer *buffer, FlatResult *result)
{
	const char *problem = flat_open_query((FlatSlice) {buffer->data, buffer->len}, result);

	if (problem)
		read_raise_malformed(table, "Query", problem);
	rpc_log(&table->connection->rpc, "Query", buffer, table->collection->name, result->nrows);
	read_check_status(table, "Query", &result->status);
}

void
read_open_search(const MilvusTable *table, const RpcBuffer *buffer, FlatResult *result)
{
	const char *problem = flat_open_search((FlatSlice) {buffer->data, buffer->len}, result);

	if (problem)
		read_raise_malformed(table, "Search", problem);
	rpc_log(&table->connection->rpc, "Search", buffer, table->collection->name, result->nrows);
	read_check_status(table, "Search", &result->status);
}
