/*
 * call.c
 *		Any RPC from SQL: milvus.call(), milvus.get(), milvus.perform().
 *
 * The administration in src/sql stands on these.  Must not know what the RPCs
 * mean.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "call.h"
#include "compat.h"
#include "forward.h"
#include "later.h"
#include "remote/transaction.h"
#include "server/collection.h"
#include "wire/guess.h"
#include "wire/json.h"
#include "wire/method.h"

PG_FUNCTION_INFO_V1(milvus_call);
PG_FUNCTION_INFO_V1(milvus_get);
PG_FUNCTION_INFO_V1(milvus_perform);
PG_FUNCTION_INFO_V1(milvus_rpcs);
PG_FUNCTION_INFO_V1(milvus_require);
PG_FUNCTION_INFO_V1(milvus_dialect);
PG_FUNCTION_INFO_V1(milvus_dialect_flags);

MilvusConnection *
admin_connect(const char *name)
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

/* A text of a message, by name; NULL if it has no such field. */
static char **
find_text(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

	if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	return (char **) ((char *) message + field->offset);
}

/* The request, with the server's database where the caller named none. */
static ProtobufCMessage *
make_request(const ProtobufCMethodDescriptor *method, Jsonb *json, const MilvusConnection *connection)
{
	ProtobufCMessage *request = json_to_message(method->input, json);
	char	  **dbname = find_text(request, "db_name");
	char	  **other;

	if (dbname == NULL)
		dbname = find_text(request, "dbName");
	if (dbname == NULL)
		dbname = find_text(request, "target_db_name");
	if (dbname == NULL || strstr(method->name, "Database") != NULL)
		return request;
	if (*dbname == NULL || (*dbname)[0] == '\0')
		*dbname = connection->dbname;
	connection_check_database(connection, *dbname);

	/*
	 * where something is moved or copied to: left out, it would be the
	 * default one
	 */
	other = find_text(request, "newDBName");
	if (other == NULL)
		other = find_text(request, "target_db_name");
	if (other && (*other == NULL || (*other)[0] == '\0'))
		*other = *dbname;
	return request;
}

static const MilvusMethod *
find_method(const char *name)
{
	const MilvusMethod *method = method_find(name);
	const MilvusMethod *methods;
	NameGuess	guess;
	int			count;

	if (method)
		return method;
	guess_start(&guess, name);
	methods = method_list(&count);
	for (int i = 0; i < count; i++)
		guess_offer(&guess, methods[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("MilvusService has no RPC \"%s\"", name),
			 guess.best ? errhint("Perhaps you meant \"%s\"; the view milvus.rpcs lists them all.", guess.best) :
			 errhint("The view milvus.rpcs lists them.")));
}

/* Does it only read, and what is for everybody? */
static bool
is_metadata(const MilvusMethod *method)
{
	return (method->flags & (METHOD_READS | METHOD_GUARDED)) == METHOD_READS;
}

/* Errors that do not tell whether the server has done it. */
static bool
error_leaves_doubt(int sqlstate)
{
	return sqlstate == ERRCODE_CONNECTION_FAILURE || rpc_is_interrupt(sqlstate);
}

/*
 * Error 0A000: the server is older than the Milvus version that introduced
 * "what"; the hint names that version.
 */
static void
report_too_old(MilvusConnection *connection, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("Milvus server \"%s\" does not offer %s", connection->rpc.name, what),
			 errdetail("It calls itself \"%s\".", connection->server_version),
			 errhint("%s", hint)));
}

static Jsonb *
perform_call(const char *server, const MilvusMethod *method, Jsonb *json)
{
	const ProtobufCMethodDescriptor *descriptor = method_descriptor(method);
	MilvusConnection *connection = admin_connect(server);
	ProtobufCMessage *request = make_request(descriptor, json, connection);
	ProtobufCMessage *response;

	if (method->flags & METHOD_STREAM)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is a stream, which can't be called from SQL", method->name),
				 errdetail("It is for replication between clusters of Milvus.")));
	/* not by asking: some answer as if they had it */
	if (dialect_precedes(connection->dialect, method->since ? method->since : DIALECT_UNREAD))
		report_too_old(connection, method->name, method_versions(method->name));
	if (method->flags & METHOD_READS)
		return json_from_message(status_call(&connection->rpc, method->name, true, request, descriptor->output, NULL));

	/*
	 * whatever it changes, descriptions may be out of date after it, even if
	 * it fails
	 */
	later_check_request(connection, request);
	collection_forget_all(connection);
	PG_TRY();
	{
		response = status_call(&connection->rpc, method->name, false, request, descriptor->output, NULL);
	}
	PG_CATCH();
	{
		if (error_leaves_doubt(geterrcode()))
			transaction_note_call(connection, method->name, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
	transaction_note_call(connection, method->name, false);
	return json_from_message(response);
}

/* Reject NULL arguments: a STRICT function would silently do nothing. */
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
	method = find_method(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	if (!(method->flags & METHOD_READS))
		PreventCommandIfReadOnly("milvus.call()");
	PG_RETURN_JSONB_P(perform_call(NameStr(*PG_GETARG_NAME(0)), method, PG_GETARG_JSONB_P(2)));
}

/* get(server name, rpc text, request jsonb) -> jsonb, of metadata */
Datum
milvus_get(PG_FUNCTION_ARGS)
{
	const MilvusMethod *method = find_method(text_to_cstring(PG_GETARG_TEXT_PP(1)));

	if (!is_metadata(method))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("milvus.get() is for RPCs that only read metadata, %s is not one of them", method->name),
				 errhint("Use milvus.call().")));
	PG_RETURN_JSONB_P(perform_call(NameStr(*PG_GETARG_NAME(0)), method, PG_GETARG_JSONB_P(2)));
}

/*
 * perform(server name, rpc text, request jsonb) -> jsonb
 *
 * Used by the extension's own functions to issue RPCs.  PUBLIC may execute it,
 * but it refuses to run outside of them.
 */
Datum
milvus_perform(PG_FUNCTION_ARGS)
{
	Oid			function = forward_current();
	const MilvusMethod *method;

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("milvus.perform() is for the functions of the extension"),
				 errhint("Use milvus.call().")));
	check_not_null(fcinfo);
	method = find_method(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	forward_check_complete(PG_GETARG_JSONB_P(2));
	if (!(method->flags & METHOD_READS))
		PreventCommandIfReadOnly(psprintf("milvus.%s()", get_func_name(function)));
	PG_RETURN_JSONB_P(perform_call(NameStr(*PG_GETARG_NAME(0)), method, PG_GETARG_JSONB_P(2)));
}

/* What in SQL makes a call from C; those that functions make are found by the view milvus.rpcs. */
static const char *
used_by(const MilvusMethod *method)
{
	static const struct
	{
		const char *method;
		const char *user;
	}			users[] = {
		{"DescribeCollection", "foreign tables"},
		{"ShowCollections", "IMPORT FOREIGN SCHEMA"},
		{"TruncateCollection", "TRUNCATE"},
		{"ShowPartitions", "foreign tables"},
		{"DescribeIndex", "foreign tables"},
		{"Insert", "INSERT, COPY"},
		{"Delete", "DELETE"},
		{"Upsert", "UPDATE"},
		{"Search", "SELECT ... ORDER BY distance"},
		{"Query", "SELECT"},
		{"GetCollectionStatistics", "foreign tables"},
		{"Connect", "every connection"},
		{"AllocTimestamp", "SELECT"},
	};

	for (int i = 0; i < lengthof(users); i++)
		if (strcmp(users[i].method, method->name) == 0)
			return users[i].user;
	return NULL;
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
		const char *user = used_by(method);
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
		if (user)
			values[9] = CStringGetTextDatum(user);
		nulls[9] = user == NULL;
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
	MilvusConnection *connection = admin_connect(NameStr(*PG_GETARG_NAME(0)));
	char	   *wanted = text_to_cstring(PG_GETARG_TEXT_PP(1));

	if (!dialect_reaches(connection->dialect, wanted))
		report_too_old(connection, text_to_cstring(PG_GETARG_TEXT_PP(2)),
					   psprintf("It is in Milvus from version %s on.", wanted));
	PG_RETURN_VOID();
}

/* dialect_flags(server name) -> (flag, value, source) */
Datum
milvus_dialect_flags(PG_FUNCTION_ARGS)
{
	const Dialect *dialect = admin_connect(NameStr(*PG_GETARG_NAME(0)))->dialect;
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *name,
			   *source;
	bool		value;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; dialect_flag(dialect, i, &name, &value, &source); i++)
	{
		Datum		values[] = {CStringGetTextDatum(name), BoolGetDatum(value), CStringGetTextDatum(source)};
		bool		nulls[lengthof(values)] = {false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* dialect(server name) -> text: how the server is spoken to */
Datum
milvus_dialect(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(admin_connect(NameStr(*PG_GETARG_NAME(0)))->dialect->name));
}
