/*
 * method.h
 *		What is known of each RPC of MilvusService, beside its messages.
 */
#ifndef MILVUS_METHOD_H
#define MILVUS_METHOD_H

#include "postgres.h"

#include <protobuf-c/protobuf-c.h>

#define METHOD_READS 0x01		/* it changes nothing */
#define METHOD_GUARDED 0x02		/* what it reads is not for everybody: rows,
								 * digests of passwords */
#define METHOD_STREAM 0x04		/* a stream of requests or of answers: it
								 * can't be called */
#define METHOD_LITE_2 0x08		/* Milvus Lite 2 has it */
#define METHOD_LITE_3 0x10		/* Milvus Lite 3 has it */

typedef struct MilvusMethod
{
	const char *name;
	const char *since;			/* the first Milvus that has it, not before
								 * "2.3"; NULL: none whose source was read */
	int			flags;
} MilvusMethod;

/* By name; NULL when there is none. */
extern const MilvusMethod *method_find(const char *name);

/* The service's own description of it: its messages. */
extern const ProtobufCMethodDescriptor *method_descriptor(const MilvusMethod *method);

/* All of them, in the order of the protocol. */
extern const MilvusMethod *method_list(int *count);

/* A sentence on which Milvus has the RPC; NULL when it is not known here. */
extern const char *method_versions(const char *name);

#endif							/* MILVUS_METHOD_H */
