/*
 * status.h
 *		Whether Milvus did what it was asked: the status in its answers, as errors.
 */
#ifndef MILVUS_STATUS_H
#define MILVUS_STATUS_H

#include "postgres.h"

#include "wire/rpc.h"

/* Milvus' own status, as found in every response */
typedef struct MilvusStatus
{
	int			code;
	int			error_code;		/* of before 2.3; either may tell the failure */
	const char *reason;
} MilvusStatus;

/* what to do where a collection is not there */
#define NOT_FOUND_HINT "Make it by milvus.create_collection(). The option collection of a foreign table names another."

/* what to do where reads need what is not in memory */
#define LOAD_HINT "Load it with milvus.load(); a vector field needs an index first, see milvus.create_index()."

/* codes that callers tell apart (pkg/util/merr of Milvus) */
#define MILVUS_COLLECTION_NOT_FOUND 100
#define MILVUS_COLLECTION_NOT_LOADED 101
#define MILVUS_SCHEMA_MISMATCH 109
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
#define MILVUS_UNEXPECTED 65535

/*
 * One RPC from message to message, in CurrentMemoryContext; a Milvus status
 * that is not a success is raised, unless the caller wants to see it.
 */
extern ProtobufCMessage *status_call(const RpcServer *server, const char *rpc, bool repeatable,
									 const ProtobufCMessage *request,
									 const ProtobufCMessageDescriptor *response_type,
									 MilvusStatus *status);

/* The status of a response: its field "status", or itself. False if it has none. */
extern bool status_of_message(const ProtobufCMessage *response, MilvusStatus *status);

/* Raise what Milvus reports as failed; returns when it was a success. */
extern void status_check(const RpcServer *server, const char *rpc, const MilvusStatus *status);

#define status_failed(status) ((status)->code != 0 || (status)->error_code != 0)

#endif							/* MILVUS_STATUS_H */
