/*
 * call.c
 *		Any RPC from SQL: milvus.call() and milvus.get().
 *
 * The administration in src/sql stands on these.  Must not know what the RPCs
 * mean, but for which of them only read.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "server/collection.h"
#include "wire/json.h"

PG_FUNCTION_INFO_V1(milvus_call);
PG_FUNCTION_INFO_V1(milvus_get);
PG_FUNCTION_INFO_V1(milvus_rpcs);

#define SERVICE (&milvus__proto__milvus__milvus_service__descriptor)

/*
 * Does the RPC only read, and only metadata?  By the verb it begins with;
 * GetVersion's and Connect's kind included, those of data (Query, Search) not.
 */
static bool
rpc_only_reads(const char *rpc)
{
	static const char *const verbs[] = {"Get", "Describe", "BatchDescribe", "Show", "List", "Has", "Select", "Check"};

	for (int i = 0; i < lengthof(verbs); i++)
	{
		size_t		len = strlen(verbs[i]);

		if (strncmp(rpc, verbs[i], len) == 0 && rpc[len] >= 'A' && rpc[len] <= 'Z')
			return true;
	}
	return false;
}

static const ProtobufCMethodDescriptor *
find_method(const char *rpc)
{
	const ProtobufCMethodDescriptor *method = protobuf_c_service_descriptor_get_method_by_name(SERVICE, rpc);

	if (method == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("MilvusService has no RPC \"%s\"", rpc),
				 errhint("milvus.rpcs() lists them.")));
	return method;
}

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
	return request;
}

static Datum
call_rpc(const char *server, const char *rpc, Jsonb *json, bool reads)
{
	const ProtobufCMethodDescriptor *method = find_method(rpc);
	MilvusConnection *connection = connect_to_server(server);
	ProtobufCMessage *request = make_request(method, json, connection);
	ProtobufCMessage *response;

	/* whatever it changes, descriptions may be out of date after it, even if it fails */
	if (!reads)
		collection_forget_all(connection);
	response = rpc_call(&connection->rpc, method->name, reads, request, method->output, NULL);
	return JsonbPGetDatum(json_from_message(response));
}

Datum
milvus_call(PG_FUNCTION_ARGS)
{
	char	   *rpc = text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		reads = rpc_only_reads(rpc);

	if (!reads)
		PreventCommandIfReadOnly("milvus.call()");
	PG_RETURN_DATUM(call_rpc(NameStr(*PG_GETARG_NAME(0)), rpc, PG_GETARG_JSONB_P(2), reads));
}

Datum
milvus_get(PG_FUNCTION_ARGS)
{
	char	   *rpc = text_to_cstring(PG_GETARG_TEXT_PP(1));

	find_method(rpc);
	if (!rpc_only_reads(rpc))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("milvus.get() is for RPCs that only read, %s is not one of them", rpc),
				 errhint("Use milvus.call().")));
	PG_RETURN_DATUM(call_rpc(NameStr(*PG_GETARG_NAME(0)), rpc, PG_GETARG_JSONB_P(2), true));
}

Datum
milvus_rpcs(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (unsigned i = 0; i < SERVICE->n_methods; i++)
	{
		const ProtobufCMethodDescriptor *method = &SERVICE->methods[i];
		Datum		values[4];
		bool		nulls[4] = {0};

		values[0] = CStringGetTextDatum(method->name);
		values[1] = CStringGetTextDatum(method->input->short_name);
		values[2] = CStringGetTextDatum(method->output->short_name);
		values[3] = BoolGetDatum(rpc_only_reads(method->name));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
