/*
 * connection.c
 *		Cached connections to Milvus servers, one for each user mapping.
 *
 * A connection whose server or mapping has changed is retired: the next
 * statement gets a new one, and what still uses the old one may go on until
 * the transaction ends.  Must not know tables.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "common/base64.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "connection.h"
#include "option.h"
#include "proto/milvus.pb-c.h"

#define MAX_CREDENTIAL_FILE 65536

/* per backend */
static dlist_head open_connections = DLIST_STATIC_INIT(open_connections);
static dlist_head retired_connections = DLIST_STATIC_INIT(retired_connections);
static bool callbacks_registered = false;

static void
close_connection(MilvusConnection *connection)
{
	dlist_delete(&connection->node);
	if (connection->rpc.channel)
		channel_close(connection->rpc.channel);
	MemoryContextDelete(connection->context);
}

static void
retire_connection(MilvusConnection *connection)
{
	dlist_delete(&connection->node);
	dlist_push_tail(&retired_connections, &connection->node);
}

/* The end of a transaction: nothing uses an old connection, or an old description, any more. */
static void
end_transaction(XactEvent event, void *arg)
{
	dlist_mutable_iter iter;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE &&
		event != XACT_EVENT_PARALLEL_COMMIT && event != XACT_EVENT_PARALLEL_ABORT)
		return;
	dlist_foreach_modify(iter, &retired_connections)
		close_connection(dlist_container(MilvusConnection, node, iter.cur));
	dlist_foreach_modify(iter, &open_connections)
	{
		MilvusConnection *connection = dlist_container(MilvusConnection, node, iter.cur);
		ListCell   *lc;

		foreach(lc, connection->retired_collections)
		{
			MemoryContextDelete(lfirst(lc));
		}
		list_free(connection->retired_collections);
		connection->retired_collections = NIL;
		if (connection->invalid || !connection->keep)
			close_connection(connection);
	}
}

/* A server or a mapping has changed. */
static void
mark_invalid(Datum arg, int cacheid, uint32 hashvalue)
{
	dlist_iter	iter;

	dlist_foreach(iter, &open_connections)
	{
		MilvusConnection *connection = dlist_container(MilvusConnection, node, iter.cur);
		uint32		known = cacheid == FOREIGNSERVEROID ? connection->server_hash : connection->mapping_hash;

		/* no looking into catalogs here: there may be no transaction */
		if (hashvalue == 0 || known == hashvalue)
			connection->invalid = true;
	}
}

static void
register_callbacks(void)
{
	if (callbacks_registered)
		return;
	RegisterXactCallback(end_transaction, NULL);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, mark_invalid, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, mark_invalid, (Datum) 0);
	callbacks_registered = true;
}

/* The text of a file that an option names; secrets lose their last line break. */
static char *
read_file(const char *path, const char *option, bool is_secret)
{
	FILE	   *file = AllocateFile(path, PG_BINARY_R);
	char	   *text = palloc(MAX_CREDENTIAL_FILE + 1);
	size_t		len;

	if (file == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open the file of option \"%s\": %m", option)));
	len = fread(text, 1, MAX_CREDENTIAL_FILE + 1, file);
	FreeFile(file);
	if (len > MAX_CREDENTIAL_FILE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the file of option \"%s\" is too large", option)));
	text[len] = '\0';
	if (is_secret)
		while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
			text[--len] = '\0';
	return text;
}

/*
 * Client keys and secret files belong to the server's owner.  A non-superuser must
 * supply a password of their own, unless a superuser has said that none is needed.
 */
static bool
are_lent(const ServerOptions *server, const MappingOptions *mapping)
{
	return (server->sslkey || mapping->password_file || mapping->token_file) &&
		!mapping->password && !mapping->token && mapping->password_required;
}

/* At every use: one who may use them can have opened the connection for another. */
static void
check_lent_credentials(const MilvusConnection *connection, Oid userid)
{
	if (!connection->lent || superuser_arg(userid))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
			 errmsg("password or token is required"),
			 errdetail("Non-superusers must provide a password or a token in the user mapping where the server uses a client key or a file.")));
}

static void
check_file_access(const char *path, const char *option, Oid owner)
{
	if (path && !superuser_arg(owner) && !has_privs_of_role(owner, ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use option \"%s\"", option),
				 errdetail("The owner of the server must be a superuser or a member of pg_read_server_files.")));
}

/* What stands in an option; files are sent as they are. */
static char *
in_utf8(char *text)
{
	return pg_server_to_any(text, (int) strlen(text), PG_UTF8);
}

/* The value of the header "authorization", NULL without credentials: base64 of user:password or of the token. */
static char *
make_authorization(const MappingOptions *mapping)
{
	char	   *plain = NULL;
	char	   *encoded;
	int			len;

	if (mapping->token)
		plain = in_utf8(mapping->token);
	else if (mapping->token_file)
		plain = read_file(mapping->token_file, "token_file", true);
	else if (mapping->user)
		plain = psprintf("%s:%s", in_utf8(mapping->user),
						 mapping->password ? in_utf8(mapping->password) :
						 mapping->password_file ? read_file(mapping->password_file, "password_file", true) : "");
	if (plain == NULL)
		return NULL;
	len = pg_b64_enc_len(strlen(plain));
	encoded = palloc(len + 1);
	len = pg_b64_encode((const void *) plain, strlen(plain), encoded, len);
	if (len < 0)
		elog(ERROR, "could not encode credentials");
	encoded[len] = '\0';
	return encoded;
}

/* Of one that does not say it when a client connects; NULL: nor when it is asked, as Milvus Lite 2. */
static const char *
ask_version(MilvusConnection *connection)
{
	Milvus__Proto__Milvus__GetVersionRequest request = MILVUS__PROTO__MILVUS__GET_VERSION_REQUEST__INIT;
	Milvus__Proto__Milvus__GetVersionResponse *response;
	RpcCall    *call = rpc_start_message(&connection->rpc, "GetVersion", true, &request.base);

	if (!rpc_is_offered(call))
		return NULL;
	response = (Milvus__Proto__Milvus__GetVersionResponse *)
		rpc_finish_message(call, &milvus__proto__milvus__get_version_response__descriptor);
	return response->version;
}

/* One that does not know Connect is an old Milvus, or none: then it does not know what all have. */
static void
check_is_proxy(MilvusConnection *connection)
{
	Milvus__Proto__Milvus__ShowCollectionsRequest request = MILVUS__PROTO__MILVUS__SHOW_COLLECTIONS_REQUEST__INIT;

	if (rpc_is_offered(rpc_start_message(&connection->rpc, "ShowCollections", true, &request.base)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
			 errmsg("Milvus server \"%s\" at %s is not a Milvus proxy", connection->rpc.name, connection->rpc.address),
			 errdetail("It speaks gRPC, but does not offer milvus.proto.milvus.MilvusService."),
			 errhint("The port of Milvus is usually 19530.")));
}

/* Ask the server who it is. */
static void
introduce(MilvusConnection *connection)
{
	Milvus__Proto__Milvus__ConnectRequest request = MILVUS__PROTO__MILVUS__CONNECT_REQUEST__INIT;
	Milvus__Proto__Common__ClientInfo client = MILVUS__PROTO__COMMON__CLIENT_INFO__INIT;
	Milvus__Proto__Milvus__ConnectResponse *response;
	RpcCall    *call;
	MilvusStatus status;
	MemoryContext caller;
	const char *version = NULL;

	client.sdk_type = "milvus_fdw";
	client.sdk_version = MILVUS_FDW_VERSION;
	client.host = "";
	client.user = "";
	client.local_time = (char *) timestamptz_to_str(GetCurrentTimestamp());
	request.client_info = &client;
	call = rpc_start_message(&connection->rpc, "Connect", true, &request.base);
	if (!rpc_is_offered(call))
	{
		check_is_proxy(connection);
		call = rpc_start_message(&connection->rpc, "Connect", true, &request.base);
	}
	response = (Milvus__Proto__Milvus__ConnectResponse *)
		rpc_finish_message(call, &milvus__proto__milvus__connect_response__descriptor);
	if (status_of_message(&response->base, &status))
		status_check(&connection->rpc, "Connect", &status);
	if (response->server_info)
		version = response->server_info->build_tags;
	else
		version = ask_version(connection);
	caller = MemoryContextSwitchTo(connection->context);
	connection->dialect = dialect_find(version);
	connection->server_version = pstrdup(version ? rpc_readable(version) : connection->dialect->name);
	MemoryContextSwitchTo(caller);
	if (response->identifier != 0)
	{
		WireHeader *header = &connection->rpc.headers[connection->rpc.nheaders++];

		header->key = "identifier";
		header->value = MemoryContextStrdup(connection->context,
											psprintf(INT64_FORMAT, response->identifier));
	}
	connection->rpc.introduced = true;
	protobuf_c_message_free_unpacked(&response->base, rpc_allocator());
}

static void
set_header(MilvusConnection *connection, const char *key, const char *value)
{
	WireHeader *header = &connection->rpc.headers[connection->rpc.nheaders++];

	header->key = key;
	header->value = value;
}

/* Fill in a connection in its own memory context, which is the current one. */
static void
open_connection(MilvusConnection *connection, ForeignServer *server, UserMapping *mapping, Oid userid)
{
	ServerOptions options;
	MappingOptions credentials;
	WireChannelOptions channel = {0};
	char	   *authorization;

	option_get_server(server, &options);
	option_get_mapping(mapping, &credentials);
	connection->lent = are_lent(&options, &credentials);
	check_lent_credentials(connection, userid);
	check_file_access(options.sslrootcert, "sslrootcert", server->owner);
	check_file_access(options.sslcert, "sslcert", server->owner);
	check_file_access(options.sslkey, "sslkey", server->owner);

	channel.host = options.host;
	channel.port = options.port;
	channel.tls = options.tls;
	channel.max_message = options.max_message;
	channel.connect_timeout_ms = options.connect_timeout_ms;
	channel.keepalive_idle_ms = options.keepalive_idle_ms;
	channel.keepalive_limit_ms = options.keepalive_limit_ms;
	if (options.tls)
	{
		if (options.sslrootcert)
			channel.root_certs = read_file(options.sslrootcert, "sslrootcert", false);
		if (options.sslcert)
		{
			channel.cert_chain = read_file(options.sslcert, "sslcert", false);
			channel.private_key = read_file(options.sslkey, "sslkey", false);
		}
		channel.ssl_server_name = options.ssl_server_name;
	}
	connection->serverid = server->serverid;
	connection->mappingid = mapping->umid;
	connection->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(server->serverid));
	connection->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(mapping->umid));
	connection->userid = mapping->userid;
	connection->keep = options.keep_connections;
	connection->dbname = options.dbname;
	connection->since = GetCurrentTimestamp();
	connection->rpc.name = pstrdup(server->servername);
	connection->rpc.address = psprintf("%s:%d", options.host, options.port);
	connection->rpc.connect_timeout_ms = options.connect_timeout_ms;
	connection->rpc.request_timeout_ms = options.request_timeout_ms;
	connection->rpc.waits = &connection->waits;
	authorization = make_authorization(&credentials);
	if (authorization)
		set_header(connection, "authorization", authorization);
	connection->rpc.channel = channel_open(&channel);
}

static MilvusConnection *
make_connection(ForeignServer *server, UserMapping *mapping, Oid userid)
{
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "milvus_fdw connection",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MilvusConnection *connection = palloc0(sizeof(MilvusConnection));

	connection->context = context;

	/*
	 * retired until it is known to work: an error leaves it to the end of the
	 * transaction
	 */
	dlist_push_tail(&retired_connections, &connection->node);
	open_connection(connection, server, mapping, userid);
	MemoryContextSwitchTo(caller);
	introduce(connection);
	dlist_delete(&connection->node);
	dlist_push_tail(&open_connections, &connection->node);
	return connection;
}

static UserMapping *
find_mapping(Oid serverid, Oid userid)
{
	ForeignServer *server;

	if (SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(userid), ObjectIdGetDatum(serverid)) ||
		SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid), ObjectIdGetDatum(serverid)))
		return GetUserMapping(userid, serverid);
	server = GetForeignServer(serverid);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no user mapping for role \"%s\" on Milvus server \"%s\"", GetUserNameFromId(userid, false), server->servername),
			 errhint("Make one: CREATE USER MAPPING FOR %s SERVER %s; with user and password, or a token, where Milvus asks for them.",
					 quote_identifier(GetUserNameFromId(userid, false)), quote_identifier(server->servername))));
}

MilvusConnection *
connection_get(Oid serverid, Oid userid)
{
	UserMapping *mapping = find_mapping(serverid, userid);
	dlist_mutable_iter iter;

	register_callbacks();
	dlist_foreach_modify(iter, &open_connections)
	{
		MilvusConnection *connection = dlist_container(MilvusConnection, node, iter.cur);

		if (connection->mappingid != mapping->umid)
			continue;
		if (!connection->invalid)
		{
			check_lent_credentials(connection, userid);
			return connection;
		}
		retire_connection(connection);
	}
	return make_connection(GetForeignServer(serverid), mapping, userid);
}

int
connection_disconnect(Oid serverid)
{
	dlist_mutable_iter iter;
	int			count = 0;

	dlist_foreach_modify(iter, &open_connections)
	{
		MilvusConnection *connection = dlist_container(MilvusConnection, node, iter.cur);

		if (OidIsValid(serverid) && connection->serverid != serverid)
			continue;
		retire_connection(connection);
		count++;
	}
	return count;
}

List *
connection_list(void)
{
	List	   *result = NIL;
	dlist_iter	iter;

	dlist_foreach(iter, &open_connections)
		result = lappend(result, dlist_container(MilvusConnection, node, iter.cur));
	return result;
}

void
connection_check_database(const MilvusConnection *connection, const char *dbname)
{
	if (!connection->dialect->has_databases && strcmp(dbname, "default") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("Milvus server \"%s\" has no databases", connection->rpc.name),
				 errdetail("The database \"%s\" is asked for; %s has only \"default\".", dbname, connection->dialect->name)));
}

uint64
connection_server_time(MilvusConnection *connection)
{
	Milvus__Proto__Milvus__AllocTimestampRequest request = MILVUS__PROTO__MILVUS__ALLOC_TIMESTAMP_REQUEST__INIT;
	Milvus__Proto__Milvus__AllocTimestampResponse *response = (Milvus__Proto__Milvus__AllocTimestampResponse *)
		status_call(&connection->rpc, "AllocTimestamp", true, &request.base,
					&milvus__proto__milvus__alloc_timestamp_response__descriptor, NULL);
	uint64		timestamp = response->timestamp;

	protobuf_c_message_free_unpacked(&response->base, rpc_allocator());
	return timestamp;
}
