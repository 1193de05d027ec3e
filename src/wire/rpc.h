/*
 * rpc.h
 *		Calls of MilvusService: method names, retries, and errors as SQLSTATEs.
 */
#ifndef MILVUS_RPC_H
#define MILVUS_RPC_H

#include "postgres.h"

#include <protobuf-c/protobuf-c.h>

#include "lib/stringinfo.h"

#include "channel.h"
#include "flat.h"
#include "datatype/timestamp.h"

#define RPC_MAX_HEADERS 4

/*
 * How long a statement has waited for a server since that last did something for it:
 * brought rows, or wrote them.
 */
typedef struct RpcWaits
{
	TimestampTz statement;		/* when it began */
	int64		ms;
} RpcWaits;

/* what every call to one server has in common; owned by the connection */
typedef struct RpcServer
{
	WireChannel *channel;
	const char *name;			/* of the foreign server, for messages */
	const char *address;		/* host:port, for messages */
	bool		introduced;		/* it has answered as Milvus does */
	WireHeader	headers[RPC_MAX_HEADERS];
	int			nheaders;
	int			connect_timeout_ms; /* 0: none */
	int			request_timeout_ms; /* 0: none */
	RpcWaits   *waits;
} RpcServer;

/* one RPC under way */
typedef struct RpcCall
{
	const RpcServer *server;
	const char *rpc;			/* "Search" */
	bool		connected;		/* there was a connection when it started */
	bool		repeatable;		/* asking twice does no harm */
	bool		changes;		/* it writes, or may */
	TimestampTz waiting_since;	/* 0: nobody has waited for it yet */
	uint64		statement;		/* of the session, that began it */
	WireCall   *call;
} RpcCall;

/* a response, in one piece */
typedef struct RpcBuffer
{
	uint8	   *data;
	size_t		len;
	size_t		size;
	MemoryContext context;
	double		waited_ms;		/* for it */
	uint64		statement;		/* of the session, that asked for it */
} RpcBuffer;

/*
 * Start an RPC with an encoded request.  repeatable: it may be sent again
 * when the connection breaks.  dbname: the database that the request names, or
 * NULL.  Everything is allocated in, and the call ends with,
 * CurrentMemoryContext.
 */
extern RpcCall *rpc_start(const RpcServer *server, const char *rpc, bool repeatable,
						  const char *dbname, const WirePiece *pieces, int npieces);

/* The same with a message. */
extern RpcCall *rpc_start_message(const RpcServer *server, const char *rpc, bool repeatable,
								  const ProtobufCMessage *request);

/*
 * Wait for the response and put it into buffer (reused, grown as needed in its
 * context).  Errors of the connection and of gRPC are raised with their
 * SQLSTATE; Milvus' own status is the caller's to look at.  With too_large
 * given, a message refused for its size sets it and returns.
 */
extern void rpc_finish(RpcCall *call, RpcBuffer *buffer, bool *too_large);

/* The same, but the call stays: for rpc_repeat(), or until rpc_free(), or its context goes. */
extern void rpc_receive(RpcCall *call, RpcBuffer *buffer, bool *too_large);

/*
 * Setting: an answer that was waited for so many milliseconds is logged, by rpc_log().
 * -1: none is.
 */
extern int	rpc_log_min_duration;

/*
 * Log an answer, if it took long enough: what it was of (NULL: of nothing), and how many
 * rows there are (-1: there are none).  rpc_finish_message() does it by itself.
 */
extern void rpc_log(const RpcServer *server, const char *rpc, const RpcBuffer *buffer, const char *collection, int64 rows);

/* Send the same request again. */
extern void rpc_repeat(RpcCall *call);

extern void rpc_free(RpcCall *call);

/*
 * Has the server answered, or does it in so many milliseconds?  Then the response is in
 * buffer.  For the end of a transaction: not interruptible, never an error.  The call
 * stays the caller's.
 */
extern bool rpc_settle(RpcCall *call, int ms, RpcBuffer *buffer);

/* The same as a message in CurrentMemoryContext; HV000 when it is malformed. */
extern ProtobufCMessage *rpc_finish_message(RpcCall *call, const ProtobufCMessageDescriptor *type);

/* An answer that has come, or a message in it, as such a message. */
extern ProtobufCMessage *rpc_unpack(const RpcServer *server, const char *rpc, FlatSlice bytes,
									const ProtobufCMessageDescriptor *type);

/* Wait for the end; false when the server does not know the RPC, then the call is given back. */
extern bool rpc_is_offered(RpcCall *call);

/* Wait for the end; false if the user lacks the privilege, in which case the call is released. */
extern bool rpc_is_permitted(RpcCall *call);

/* Has the response come?  Does not wait. */
extern bool rpc_ready(RpcCall *call);

/* An empty buffer in CurrentMemoryContext. */
extern RpcBuffer *rpc_make_buffer(void);

/* Was the wait ended by a cancel, or because the session ends, and not by the server? */
static inline bool
rpc_is_interrupt(int sqlstate)
{
	return sqlstate == ERRCODE_QUERY_CANCELED || sqlstate == ERRCODE_ADMIN_SHUTDOWN;
}

/* The user lacks the privilege, as Milvus says: error 42501. */
extern _Noreturn void rpc_raise_not_permitted(const RpcServer *server, const char *rpc, const char *reason);

/* What a server says, readable in a message: in the database's encoding, and not too long. */
extern const char *rpc_readable(const char *said);

/*
 * A name that a server tells, to be used here: itself.  Error HV000 for one of some
 * kB.  Milvus' names are ASCII; one that is not is error 0A000 in a database that is
 * not UTF-8.
 */
extern const char *rpc_name(const char *said);

/* protobuf-c's allocator on CurrentMemoryContext */
extern ProtobufCAllocator *rpc_allocator(void);

#endif							/* MILVUS_RPC_H */
