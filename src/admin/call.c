/*
 * call.c
 *		Any RPC from SQL: milvus.call(), milvus.get(), milvus.perform().
 *
 * The administration in src/sql stands on these.  Must not know what the RPCs
 * mean.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "remote/transaction.h"
#include "server/collection.h"
#include "wire/json.h"
#include "wire/method.h"

PG_FUNCTION_INFO_V1(milvus_call);
PG_FUNCTION_INFO_V1(milvus_get);
PG_FUNCTION_INFO_V1(milvus_perform);
PG_FUNCTION_INFO_V1(milvus_rpcs);
PG_FUNCTION_INFO_V1(milvus_require);
PG_FUNCTION_INFO_V1(milvus_dialect);

static MilvusConnection *
connect_to_server(const char *name)
{
	ForeignServer *server = GetForeignServerByName(name, false);
	ForeignDataWrapper *fdw = GetForeignDataWrapper(server->fdwid);

	if (strcmp(fdw->fdwname, "milvus_fdw") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not a Milvus server", name)));
	compat_check_server_usage(server);
	return connection_get(server->serverid, GetUserId());
}

/* The request, with the server's database where the caller named none. */
static ProtobufCMessage *
make_request(const ProtobufCMethodDescriptor *method, Jsonb *json, const MilvusConnection *connection)
{
	ProtobufCMessage *request = json_to_message(method->input, json);
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(method->input, "db_name");
	char	  **dbname;

	if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED ||
		strstr(method->name, "Database") != NULL)
		return request;
	dbname = (char **) ((char *) request + field->offset);
	if (*dbname == NULL || (*dbname)[0] == '\0')
		*dbname = connection->dbname;
	connection_check_database(connection, *dbname);
	return request;
}

/* Does it only read, and what is for everybody? */
static bool
is_metadata(const MilvusMethod *method)
{
	return (method->flags & (METHOD_READS | METHOD_GUARDED)) == METHOD_READS;
}

static Jsonb *
call_rpc(const char *server, const MilvusMethod *method, Jsonb *json)
{
	const ProtobufCMethodDescriptor *descriptor = method_descriptor(method);
	bool		reads = method->flags & METHOD_READS;
	MilvusConnection *connection = connect_to_server(server);
	ProtobufCMessage *request = make_request(descriptor, json, connection);
	ProtobufCMessage *response;

	if (method->flags & METHOD_STREAM)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is a stream, which can't be called from SQL", method->name),
				 errdetail("It is for replication between clusters of Milvus.")));
	/* whatever it changes, descriptions may be out of date after it, even if it fails */
	if (!reads)
		collection_forget_all(connection);
	response = rpc_call(&connection->rpc, method->name, reads, request, descriptor->output, NULL);
	if (!reads)
		transaction_note_call(connection, method->name);
	return json_from_message(response);
}

/* Nothing is not an argument of what changes something: it would do nothing, without a word. */
static void
check_not_null(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("server, RPC and request must not be null")));
}

/* call(server name, rpc text, request jsonb) -> jsonb */
Datum
milvus_call(PG_FUNCTION_ARGS)
{
	const MilvusMethod *method;

	check_not_null(fcinfo);
	method = method_find(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	if (!(method->flags & METHOD_READS))
		PreventCommandIfReadOnly("milvus.call()");
	PG_RETURN_JSONB_P(call_rpc(NameStr(*PG_GETARG_NAME(0)), method, PG_GETARG_JSONB_P(2)));
}

/* get(server name, rpc text, request jsonb) -> jsonb, of metadata */
Datum
milvus_get(PG_FUNCTION_ARGS)
{
	const MilvusMethod *method = method_find(text_to_cstring(PG_GETARG_TEXT_PP(1)));

	if (!is_metadata(method))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("milvus.get() is for RPCs that only read metadata, %s is not one of them", method->name),
				 errhint("Use milvus.call().")));
	PG_RETURN_JSONB_P(call_rpc(NameStr(*PG_GETARG_NAME(0)), method, PG_GETARG_JSONB_P(2)));
}

/*
 * Is it a function of the extension, which makes this call? That its source
 * names the RPC is enough: nobody but the extension writes it.
 */
static bool
function_makes_call(Oid function, const char *rpc)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Datum		source;
	bool		isnull,
				found;

	if (!HeapTupleIsValid(tuple))
		return false;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	found = !isnull && strstr(TextDatumGetCString(source), psprintf("'%s'", rpc)) != NULL;
	ReleaseSysCache(tuple);
	return found && getExtensionOfObject(ProcedureRelationId, function) == get_extension_oid("milvus_fdw", true);
}

/* A null in a request is an argument that the function needs, and has not got: what it can do without it leaves out. */
static void
check_complete(Oid function, Jsonb *request)
{
	JsonbIterator *iterator = JsonbIteratorInit(&request->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *key = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && value.type == jbvNull)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("milvus.%s() needs a value for \"%s\"", get_func_name(function), key),
					 errhint("Its arguments are %s.",
							 TextDatumGetCString(OidFunctionCall1(F_PG_GET_FUNCTION_IDENTITY_ARGUMENTS,
																  ObjectIdGetDatum(function))))));
	}
}

/*
 * perform(function regproc, server name, rpc text, request jsonb) -> jsonb
 *
 * What the functions of the extension make their calls by. Everybody may execute it, for
 * what counts is who may execute the function that is named: so that a single one can be granted.
 */
Datum
milvus_perform(PG_FUNCTION_ARGS)
{
	Oid			function;
	const MilvusMethod *method;

	check_not_null(fcinfo);
	function = PG_GETARG_OID(0);
	method = method_find(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (!function_makes_call(function, method->name))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("milvus.perform() is for the functions of the extension"),
				 errhint("Use milvus.call().")));
	compat_check_execute(function);
	check_complete(function, PG_GETARG_JSONB_P(3));
	if (!(method->flags & METHOD_READS))
		PreventCommandIfReadOnly(psprintf("milvus.%s()", get_func_name(function)));
	PG_RETURN_JSONB_P(call_rpc(NameStr(*PG_GETARG_NAME(1)), method, PG_GETARG_JSONB_P(3)));
}

/* () -> (rpc, request, response, only_reads, by_get, streams, since, lite_2, lite_3, used_by) */
Datum
milvus_rpcs(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			count;
	const MilvusMethod *methods = method_list(&count);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		const MilvusMethod *method = &methods[i];
		const ProtobufCMethodDescriptor *descriptor = method_descriptor(method);
		Datum		values[10] = {0};
		bool		nulls[10] = {0};

		values[0] = CStringGetTextDatum(method->name);
		values[1] = CStringGetTextDatum(descriptor->input->short_name);
		values[2] = CStringGetTextDatum(descriptor->output->short_name);
		values[3] = BoolGetDatum((method->flags & METHOD_READS) != 0);
		values[4] = BoolGetDatum(is_metadata(method));
		values[5] = BoolGetDatum((method->flags & METHOD_STREAM) != 0);
		if (method->since)
			values[6] = CStringGetTextDatum(method->since);
		nulls[6] = method->since == NULL;
		values[7] = BoolGetDatum((method->flags & METHOD_LITE_2) != 0);
		values[8] = BoolGetDatum((method->flags & METHOD_LITE_3) != 0);
		if (method->used_by)
			values[9] = CStringGetTextDatum(method->used_by);
		nulls[9] = method->used_by == NULL;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * require(server name, version text, what text) -> void: error 0A000 unless the
 * server is of that version of Milvus, or a later one. For what an older server
 * would answer without a word, and wrongly.
 */
Datum
milvus_require(PG_FUNCTION_ARGS)
{
	MilvusConnection *connection = connect_to_server(NameStr(*PG_GETARG_NAME(0)));
	char	   *wanted = text_to_cstring(PG_GETARG_TEXT_PP(1));

	if (!dialect_reaches(connection->server_version, wanted))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("Milvus server \"%s\" does not offer %s", connection->rpc.name,
						text_to_cstring(PG_GETARG_TEXT_PP(2))),
				 errdetail("It calls itself \"%s\".", connection->server_version),
				 errhint("It is in Milvus from version %s on.", wanted)));
	PG_RETURN_VOID();
}

/* dialect(server name) -> text: how the server is spoken to */
Datum
milvus_dialect(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(connect_to_server(NameStr(*PG_GETARG_NAME(0)))->dialect->name));
}
