/*
 * rpc.c
 *		Calls of MilvusService: method names, retries, and errors as SQLSTATEs.
 *
 * Knows how Milvus names its methods and reports failure; nothing of tables.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "proto/milvus.pb-c.h"
#include "method.h"
#include "unpack.h"
#include "rpc.h"

#define METHOD_PREFIX "/milvus.proto.milvus.MilvusService/"
#define MAX_REPEATS 3

/* by which Milvus' own log, its access log and its traces name a request (pkg/tracer) */
#define REQUEST_ID_HEADER "client-request-id"
#define REQUEST_ID_SIZE 48

/*
 * The database whose grants are looked at: that of the request counts in the
 * newest versions only (proxy/privilege_interceptor.go, issue 50678).
 */
#define DATABASE_HEADER "dbname"

int			rpc_log_min_duration = -1;

/* Which statement of the session it is. */
static uint64
statement_number(void)
{
	static TimestampTz last_statement = 0;
	static uint64 statements = 0;

	if (GetCurrentStatementStartTimestamp() != last_statement)
	{
		last_statement = GetCurrentStatementStartTimestamp();
		statements++;
	}
	return statements;
}

/* "postgres-12345-7": the process, and the statement. */
static void
write_request_id(char *id, uint64 statement)
{
	snprintf(id, REQUEST_ID_SIZE, "postgres-%d-" UINT64_FORMAT, MyProcPid, statement);
}

/* What gRPC takes as the value of a header. */
static bool
fits_header(const char *value)
{
	for (; *value; value++)
		if (*value < 0x20 || *value > 0x7e)
			return false;
	return true;
}

RpcCall *
rpc_start(const RpcServer *server, const char *rpc, bool repeatable,
		  const char *dbname, const WirePiece *pieces, int npieces)
{
	RpcCall    *call = palloc(sizeof(RpcCall));
	ChannelOutcome outcome;
	WireHeader	headers[RPC_MAX_HEADERS + 2];
	int			nheaders = server->nheaders;
	char		id[REQUEST_ID_SIZE];
	char		method[128];

	call->server = server;
	call->rpc = pstrdup(rpc);
	snprintf(method, sizeof(method), METHOD_PREFIX "%s", rpc);
	outcome = channel_connect(server->channel, 0);
	if (outcome == CHANNEL_TIMED_OUT)
		ereport(ERROR,
				(errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
				 errmsg("could not connect to Milvus server \"%s\" at %s", server->name, server->address),
				 errdetail("There was no answer within %d s.", server->connect_timeout_ms / 1000),
				 errhint("See the server options sslmode and connect_timeout.")));

	/*
	 * if it is not connected, the call fails at once, with gRPC's reason, and
	 * has sent nothing
	 */
	call->connected = outcome == CHANNEL_CONNECTED;
	call->repeatable = repeatable && call->connected;
	call->changes = !repeatable;
	memcpy(headers, server->headers, sizeof(server->headers));
	call->statement = statement_number();
	write_request_id(id, call->statement);
	headers[nheaders++] = (WireHeader) {REQUEST_ID_HEADER, id};
	if (dbname && fits_header(dbname))
		headers[nheaders++] = (WireHeader) {DATABASE_HEADER, dbname};
	call->call = call_start(server->channel, method, pieces, npieces, headers, nheaders);
	call->waiting_since = 0;
	return call;
}

/*
 * The database that a request is made in, NULL if none.  Databases are made
 * and dropped, and privileges are given, from outside of the one that is named.
 */
static const char *
request_database(const char *rpc, const ProtobufCMessage *request)
{
	static const char *const outside[] = {
		"CreateDatabase", "DropDatabase", "ListDatabases", "OperatePrivilege", "OperatePrivilegeV2"
	};
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "db_name");
	const char *dbname;

	for (int i = 0; i < lengthof(outside); i++)
		if (strcmp(rpc, outside[i]) == 0)
			return NULL;
	if (field == NULL)
		field = protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "dbName");
	if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	dbname = *(const char *const *) ((const char *) request + field->offset);
	return dbname && dbname[0] ? dbname : NULL;
}

RpcCall *
rpc_start_message(const RpcServer *server, const char *rpc, bool repeatable,
				  const ProtobufCMessage *request)
{
	size_t		len = protobuf_c_message_get_packed_size(request);
	uint8	   *packed = MemoryContextAllocHuge(CurrentMemoryContext, Max(len, 1));
	WirePiece	piece = {packed, len};
	RpcCall    *call;

	protobuf_c_message_pack(request, packed);
	call = rpc_start(server, rpc, repeatable, request_database(rpc, request), &piece, 1);
	pfree(packed);
	return call;
}

/* as much as anybody reads of what a server says */
#define MAX_READABLE 4096

/*
 * What a server says, for a message: in the database's encoding, and not too
 * long.  Characters that can't be shown become question marks.
 */
const char *
rpc_readable(const char *said)
{
	int			len = (int) strnlen(said, MAX_READABLE + 1);
	bool		cut = len > MAX_READABLE;
	char	   *text;
	bool		valid;

	if (cut)
		len = pg_encoding_mbcliplen(PG_UTF8, said, len, MAX_READABLE);
	text = psprintf("%.*s%s", len, said, cut ? " ..." : "");
	valid = pg_verify_mbstr(PG_UTF8, text, (int) strlen(text), true);
	if (valid && GetDatabaseEncoding() == PG_UTF8)
		return text;
	for (char *at = text; *at; at++)
		if (IS_HIGHBIT_SET(*at))
			*at = '?';
	return text;
}

const char *
rpc_name(const char *said)
{
	if (strlen(said) > MAX_READABLE)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("a name that Milvus told is %zu bytes long", strlen(said)),
				 errdetail("It begins with \"%.64s\".", rpc_readable(said))));
	if (!pg_is_ascii(said) && GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("names with other than ASCII characters are not supported in a database with encoding %s",
						GetDatabaseEncodingName()),
				 errdetail("Milvus calls something \"%s\".", rpc_readable(said))));
	return said;
}

void
rpc_raise_not_permitted(const RpcServer *server, const char *rpc, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied by Milvus server \"%s\"", server->name),
			 errdetail("%s: %s", rpc, rpc_readable(reason))));
}

/* The peer breaks the rules of HTTP/2 or gRPC. */
static _Noreturn void
raise_protocol_violation(RpcCall *call, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("invalid gRPC response from Milvus server \"%s\" at %s", call->server->name, call->server->address),
			 errdetail("%s: %s", call->rpc, message),
			 call->server->introduced ? 0 : errhint("Is it Milvus that is on that port? It is usually 19530.")));
}

/*
 * What gRPC says of a connection that did not come about, and what to look at.  Texts
 * of gRPC 1.51 to 1.83; where one has changed there is no hint.
 */
static const struct
{
	const char *said;
	const char *hint;
}			connection_hints[] = {
	{"Connection refused", "Is Milvus running on that host, and accepting connections on that port?"},
	{"http1.x", "There is an HTTP/1 server on that port; the port of Milvus is usually 19530."},
	{"Failed parsing HTTP/2", "What is on that port does not speak gRPC; the port of Milvus is usually 19530."},
	{"ALPN", "What is on that port speaks TLS, but not gRPC; the port of Milvus is usually 19530, that of a managed one often 443."},
	{"wrong version number", "There is no TLS on that port: see the server option sslmode."},
	{"WRONG_VERSION_NUMBER", "There is no TLS on that port: see the server option sslmode."},
	{"certificate verify failed", "See the server option sslrootcert; without it, the authorities of the system are trusted."},
	{"CERTIFICATE_VERIFY_FAILED", "See the server option sslrootcert; without it, the authorities of the system are trusted."},
	{"not in peer certificate", "See the server options host and ssl_server_name."},
	{"Socket closed", "Perhaps TLS is expected there, or none (server option sslmode), or it is not Milvus, whose port is usually 19530."},
	{"reset by peer", "Perhaps TLS is expected there, or none (server option sslmode), or it is not Milvus, whose port is usually 19530."},
};

static const char *
connection_hint(const char *message)
{
	for (int i = 0; i < lengthof(connection_hints); i++)
		if (strstr(message, connection_hints[i].said))
			return connection_hints[i].hint;
	return NULL;
}

static _Noreturn void
raise_unreachable(RpcCall *call, const char *message)
{
	const char *hint = call->connected ? NULL : connection_hint(message);

	ereport(ERROR,
			(errcode(call->connected ? ERRCODE_CONNECTION_FAILURE : ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
			 errmsg("could not reach Milvus server \"%s\" at %s",
					call->server->name, call->server->address),
			 errdetail("%s: %s", call->rpc, message),
			 hint ? errhint("%s", hint) : 0));
}

static _Noreturn void
raise_timeout(RpcCall *call)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONNECTION_FAILURE),
			 errmsg("Milvus server \"%s\" did not answer in time", call->server->name),
			 errdetail("The statement had waited for %d ms when %s was not answered by %s.",
					   call->server->request_timeout_ms, call->rpc, call->server->address),
			 errhint("See the server option request_timeout.")));
}

static _Noreturn void
raise_unimplemented(RpcCall *call, const char *message)
{
	const char *versions = method_versions(call->rpc);

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("Milvus server \"%s\" does not offer %s", call->server->name, call->rpc),
			 message[0] ? errdetail("%s: %s", call->server->address, message) : 0,
			 versions ? errhint("%s", versions) : 0));
}

static _Noreturn void
raise_with_status(RpcCall *call, int status, const char *message, int sqlstate, const char *hint)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("Milvus server \"%s\": %s", call->server->name,
					message[0] ? message : "request failed"),
			 errdetail("%s ended with gRPC status %d.", call->rpc, status),
			 hint ? errhint("%s", hint) : 0));
}

/* What Milvus' own code says has the same status as what gRPC does of the connection. */
static bool
is_of_connection(RpcCall *call, const char *message)
{
	return strcmp(message, "Stream removed") == 0 || strstr(message, "RST_STREAM") || !call->server->introduced;
}

/* gRPC itself failed: no answer from Milvus. */
static _Noreturn void
raise_grpc_status(RpcCall *call, int status, const char *message)
{
	switch (status)
	{
		case WIRE_STATUS_UNAVAILABLE:
			raise_unreachable(call, message);
		case WIRE_STATUS_DEADLINE_EXCEEDED:
			raise_timeout(call);
		case WIRE_STATUS_UNAUTHENTICATED:
			raise_with_status(call, status, message, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
							  "Set the options user and password, or token, of the user mapping.");
		case WIRE_STATUS_PERMISSION_DENIED:
			rpc_raise_not_permitted(call->server, call->rpc, message);
		case WIRE_STATUS_UNIMPLEMENTED:
			raise_unimplemented(call, message);
		case WIRE_STATUS_RESOURCE_EXHAUSTED:
			raise_with_status(call, status, message, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							  strstr(message, "larger than max") ? "See the server option max_message." : NULL);
		case WIRE_STATUS_UNKNOWN:
		case WIRE_STATUS_INTERNAL:
			if (is_of_connection(call, message))
				raise_protocol_violation(call, message);
			break;
		default:
			break;
	}
	raise_with_status(call, status, message, ERRCODE_FDW_ERROR, NULL);
}

RpcBuffer *
rpc_make_buffer(void)
{
	RpcBuffer  *buffer = palloc0(sizeof(RpcBuffer));

	buffer->context = CurrentMemoryContext;
	return buffer;
}

static void
reserve_buffer(RpcBuffer *buffer, size_t len)
{
	/* a page much smaller than the buffer gives the rest back */
	if (buffer->data && (buffer->size < len || buffer->size / 4 > Max(len, 1024 * 1024)))
	{
		pfree(buffer->data);
		buffer->data = NULL;
	}
	if (buffer->data == NULL)
	{
		buffer->size = Max(len, 8192);
		buffer->data = MemoryContextAllocHuge(buffer->context, buffer->size);
	}
}

/*
 * How much of request_timeout is left; 0: there is none.  All that a statement waits
 * for until it has rows, or has written some, counts: descriptions before them, and
 * asking again on a new connection.  Only waiting does: an answer that nobody came to
 * fetch is not late.
 */
static int
time_left(RpcCall *call)
{
	RpcWaits   *waits = call->server->waits;
	TimestampTz now = GetCurrentTimestamp();
	int64		limit = call->server->request_timeout_ms;

	if (call->waiting_since == 0)
		call->waiting_since = now;
	if (waits->statement != GetCurrentStatementStartTimestamp())
		*waits = (RpcWaits) {GetCurrentStatementStartTimestamp(), 0};
	return limit == 0 ? 0 : (int) Max(1, limit - waits->ms - TimestampDifferenceMilliseconds(call->waiting_since, now));
}

/* An answer has come, or an error. */
static void
note_waiting(const RpcCall *call, bool succeeded)
{
	bool		is_progress = succeeded && (call->changes || strcmp(call->rpc, "Query") == 0 || strcmp(call->rpc, "Search") == 0);

	call->server->waits->ms = is_progress ? 0 :
		call->server->waits->ms + TimestampDifferenceMilliseconds(call->waiting_since, GetCurrentTimestamp());
}

static uint32
wait_event(const RpcCall *call)
{
	static uint32 reads = 0,
				writes = 0;

	if (reads == 0)
	{
		reads = compat_wait_event("MilvusRead");
		writes = compat_wait_event("MilvusWrite");
	}
	return call->changes ? writes : reads;
}

void
rpc_receive(RpcCall *call, RpcBuffer *buffer, bool *too_large)
{
	const char *message;
	int			status;

	for (int repeats = 0;; repeats++)
	{
		call_wait(call->call, time_left(call), wait_event(call));
		status = call_status(call->call, &message);
		if (status != WIRE_STATUS_UNAVAILABLE || !call->repeatable || repeats >= MAX_REPEATS)
			break;

		/*
		 * the connection broke: a server that has been started again gets the
		 * question again
		 */
		message = pstrdup(message);
		if (channel_connect(call->server->channel, time_left(call)) != CHANNEL_CONNECTED)
			break;
		call_restart(call->call);
	}
	buffer->len = 0;
	buffer->waited_ms = (GetCurrentTimestamp() - call->waiting_since) / 1000.0;
	buffer->statement = call->statement;
	note_waiting(call, status == WIRE_STATUS_OK);
	if (too_large)
		*too_large = status == WIRE_STATUS_RESOURCE_EXHAUSTED;
	if (status != WIRE_STATUS_OK)
	{
		rpc_log(call->server, call->rpc, buffer, NULL, -1);
		if (too_large && *too_large)
			return;
		raise_grpc_status(call, status, rpc_readable(message));
	}
	buffer->len = call_response_length(call->call);
	reserve_buffer(buffer, buffer->len);
	call_copy_response(call->call, buffer->data);
}

void
rpc_log(const RpcServer *server, const char *rpc, const RpcBuffer *buffer, const char *collection, int64 rows)
{
	char		id[REQUEST_ID_SIZE];
	StringInfoData text;

	if (rpc_log_min_duration < 0 || buffer->waited_ms < rpc_log_min_duration)
		return;
	initStringInfo(&text);
	if (collection)
		appendStringInfo(&text, " of collection \"%s\"", collection);
	if (rows >= 0)
		appendStringInfo(&text, ", " INT64_FORMAT " rows", rows);
	write_request_id(id, buffer->statement);
	ereport(LOG,
			(errmsg("waited %.3f ms for Milvus server \"%s\": %s%s, %zu bytes, request %s",
					buffer->waited_ms, server->name, rpc, text.data, buffer->len, id)));
	pfree(text.data);
}

void
rpc_repeat(RpcCall *call)
{
	call->waiting_since = 0;
	call->connected = channel_connect(call->server->channel, 0) == CHANNEL_CONNECTED;
	call_restart(call->call);
}

void
rpc_free(RpcCall *call)
{
	call_free(call->call);
}

void
rpc_finish(RpcCall *call, RpcBuffer *buffer, bool *too_large)
{
	rpc_receive(call, buffer, too_large);
	rpc_free(call);
}

bool
rpc_settle(RpcCall *call, int ms, RpcBuffer *buffer)
{
	const char *message;

	if (!call_settle(call->call, ms) || call_status(call->call, &message) != WIRE_STATUS_OK)
		return false;
	buffer->len = buffer->size = call_response_length(call->call);
	buffer->data = MemoryContextAllocExtended(buffer->context, Max(buffer->len, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (buffer->data == NULL)
		return false;
	call_copy_response(call->call, buffer->data);
	return true;
}

/* Wait for the end; a call that ended with that gRPC status is given back. */
static bool
ended_with(RpcCall *call, int status)
{
	const char *message;

	call_wait(call->call, time_left(call), wait_event(call));
	if (call_status(call->call, &message) != status)
		return false;
	call_free(call->call);
	return true;
}

bool
rpc_is_offered(RpcCall *call)
{
	return !ended_with(call, WIRE_STATUS_UNIMPLEMENTED);
}

bool
rpc_is_permitted(RpcCall *call)
{
	return !ended_with(call, WIRE_STATUS_PERMISSION_DENIED);
}

bool
rpc_ready(RpcCall *call)
{
	return call_poll(call->call);
}

static void *
allocate(void *unused, size_t size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

static void
deallocate(void *unused, void *pointer)
{
	if (pointer)
		pfree(pointer);
}

ProtobufCAllocator *
rpc_allocator(void)
{
	static ProtobufCAllocator allocator = {allocate, deallocate, NULL};

	return &allocator;
}

ProtobufCMessage *
rpc_unpack(const RpcServer *server, const char *rpc, FlatSlice bytes, const ProtobufCMessageDescriptor *type)
{
	const char *problem = unpack_problem(type, bytes);
	ProtobufCMessage *message = NULL;

	if (problem == NULL)
		message = protobuf_c_message_unpack(type, rpc_allocator(), bytes.len, bytes.data);
	if (message == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("Milvus server \"%s\" sent a malformed answer to %s", server->name, rpc),
				 problem ? errdetail("It has %s.", problem) : 0));
	return message;
}

ProtobufCMessage *
rpc_finish_message(RpcCall *call, const ProtobufCMessageDescriptor *type)
{
	RpcBuffer  *buffer = rpc_make_buffer();
	ProtobufCMessage *message;

	rpc_finish(call, buffer, NULL);
	rpc_log(call->server, call->rpc, buffer, NULL, -1);
	message = rpc_unpack(call->server, call->rpc, (FlatSlice) {buffer->data, buffer->len}, type);
	pfree(buffer->data);
	return message;
}
