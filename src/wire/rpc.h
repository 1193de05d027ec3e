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
#include "datatype/timestamp.h"

#define RPC_MAX_HEADERS 4

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
} RpcServer;

/* one RPC under way */
typedef struct RpcCall
{
	const RpcServer *server;
	const char *rpc;			/* "Search" */
	bool		connected;		/* there was a connection when it started */
	bool		repeatable;		/* asking twice does no harm */
	TimestampTz waiting_since;	/* 0: nobody has waited for it yet */
	WireCall   *call;
} RpcCall;

/* a response, in one piece */
typedef struct RpcBuffer
{
	uint8	   *data;
	size_t		len;
	size_t		size;
	MemoryContext context;
} RpcBuffer;

/* Milvus' own status, as found in every response */
typedef struct RpcStatus
{
	int			code;
	int			error_code;		/* of before 2.3; either may tell the failure */
	const char *reason;
} RpcStatus;

/* codes that callers tell apart (pkg/util/merr of Milvus) */
#define MILVUS_COLLECTION_NOT_FOUND 100
#define MILVUS_COLLECTION_NOT_LOADED 101
#define MILVUS_COLLECTION_NOT_FULLY_LOADED 103
#define MILVUS_COLLECTION_ON_RECOVERING 106
#define MILVUS_PARTITION_NOT_FOUND 200
#define MILVUS_PARTITION_NOT_LOADED 201
#define MILVUS_PARTITION_NOT_FULLY_LOADED 202
#define MILVUS_CHANNEL_NOT_AVAILABLE 503
#define MILVUS_INDEX_NOT_FOUND 700
#define MILVUS_DATABASE_NOT_FOUND 800
#define MILVUS_INVALID_PARAMETER 1100
#define MILVUS_WRONG_PASSWORD 1400
#define MILVUS_PRIVILEGE_NOT_PERMITTED 1401

/*
 * Start an RPC with an encoded request.  repeatable: it may be sent again
 * when the connection breaks.  Everything is allocated in, and the call ends
 * with, CurrentMemoryContext.
 */
extern RpcCall *rpc_start(const RpcServer *server, const char *rpc, bool repeatable,
						  const WirePiece *pieces, int npieces);

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

/* Wait for the end; false when the server does not know the RPC, then the call is given back. */
extern bool rpc_is_offered(RpcCall *call);

/* Wait for the end; false if the user lacks the privilege, in which case the call is released. */
extern bool rpc_is_permitted(RpcCall *call);

/* Has the response come?  Does not wait. */
extern bool rpc_ready(RpcCall *call);

/* An empty buffer in CurrentMemoryContext. */
extern RpcBuffer *rpc_make_buffer(void);

/*
 * One RPC from message to message, in CurrentMemoryContext; a Milvus status
 * that is not a success is raised, unless the caller wants to see it.
 */
extern ProtobufCMessage *rpc_call(const RpcServer *server, const char *rpc, bool repeatable,
								  const ProtobufCMessage *request,
								  const ProtobufCMessageDescriptor *response_type,
								  RpcStatus *status);

/* The status of a response: its field "status", or itself. False if it has none. */
extern bool rpc_message_status(const ProtobufCMessage *response, RpcStatus *status);

/* What a server says, readable in a message: in the database's encoding, and not too long. */
extern const char *rpc_readable(const char *said);

/*
 * A name that a server tells, to be used here: itself.  Error HV000 for one of some
 * kB.  Milvus' names are ASCII; one that is not is error 0A000 in a database that is
 * not UTF-8.
 */
extern const char *rpc_name(const char *said);

/* Raise what Milvus reports as failed; returns when it was a success. */
extern void rpc_check_status(const RpcServer *server, const char *rpc, const RpcStatus *status);

#define rpc_failed(status) ((status)->code != 0 || (status)->error_code != 0)

/* protobuf-c's allocator on CurrentMemoryContext */
extern ProtobufCAllocator *rpc_allocator(void);

#endif							/* MILVUS_RPC_H */
