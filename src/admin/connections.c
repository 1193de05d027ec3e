/*
 * connections.c
 *		This session's connections from SQL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "server/connection.h"

PG_FUNCTION_INFO_V1(milvus_connections);
PG_FUNCTION_INFO_V1(milvus_disconnect);
PG_FUNCTION_INFO_V1(milvus_disconnect_all);

/* (server, user_name, address, server_version, dialect, state, requests, since) */
Datum
milvus_connections(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, connection_list())
	{
		MilvusConnection *connection = lfirst(lc);
		Datum		values[8];
		bool		nulls[8] = {0};
		NameData	server,
					user;

		namestrcpy(&server, connection->rpc.name);
		namestrcpy(&user, OidIsValid(connection->userid) ?
				   GetUserNameFromId(connection->userid, true) : "public");
		values[0] = NameGetDatum(&server);
		values[1] = NameGetDatum(&user);
		values[2] = CStringGetTextDatum(connection->rpc.address);
		values[3] = CStringGetTextDatum(connection->server_version);
		values[4] = CStringGetTextDatum(connection->dialect->name);
		values[5] = CStringGetTextDatum(connection->invalid ? "outdated" : channel_state(connection->rpc.channel));
		values[6] = Int64GetDatum((int64) channel_calls(connection->rpc.channel));
		values[7] = TimestampTzGetDatum(connection->since);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Close the connections to one server: was there any? */
Datum
milvus_disconnect(PG_FUNCTION_ARGS)
{
	ForeignServer *server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false);

	PG_RETURN_BOOL(connection_disconnect(server->serverid) > 0);
}

Datum
milvus_disconnect_all(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(connection_disconnect(InvalidOid) > 0);
}
