/*
 * connection.h
 *		Cached connections to Milvus servers, one for each user mapping.
 */
#ifndef MILVUS_CONNECTION_H
#define MILVUS_CONNECTION_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "foreign/foreign.h"
#include "lib/ilist.h"

#include "dialect.h"
#include "status.h"

struct Collection;

/*
 * In the list of open connections until it is retired: because its definition has changed
 * (invalid), or somebody disconnects.  Retired ones are closed when the transaction ends, so
 * whoever has one in a transaction may use it till then.
 */
typedef struct MilvusConnection
{
	dlist_node	node;			/* in the list of open or of retired
								 * connections */
	MemoryContext context;
	Oid			serverid;
	Oid			mappingid;
	uint32		server_hash;	/* of the two in their syscaches, to be told
								 * of changes */
	uint32		mapping_hash;
	Oid			userid;			/* whose mapping: InvalidOid for PUBLIC */
	bool		invalid;		/* the definition has changed */
	bool		keep;			/* option keep_connections */
	bool		lent;			/* its credentials are not the user's own, see
								 * check_lent_credentials() */
	RpcServer	rpc;
	RpcWaits	waits;
	char	   *server_version; /* as the server says */
	char	   *dbname;
	const Dialect *dialect;
	TimestampTz since;

	/* server/collection's cache of descriptions */
	List	   *collections;
	List	   *retired_collections;
} MilvusConnection;

/*
 * The connection of a user to a server, opened if need be.  It stays valid to
 * the end of the transaction, whatever happens to the server's definition.
 * Errors: 08001, 28000, 42704 (no user mapping), 2F003.
 */
extern MilvusConnection *connection_get(Oid serverid, Oid userid);

/* Close what is open: one server's, or (InvalidOid) all. How many there were. */
extern int	connection_disconnect(Oid serverid);

/* The open connections, a List of MilvusConnection. */
extern List *connection_list(void);

/* Error 0A000 when the server has no databases, and the name is not that of the one that all have. */
extern void connection_check_database(const MilvusConnection *connection, const char *dbname);

/* The time of a server that orders its writes by it: a read of that time sees all that was written before. */
extern uint64 connection_server_time(MilvusConnection *connection);

#endif							/* MILVUS_CONNECTION_H */
