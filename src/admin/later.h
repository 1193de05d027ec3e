/*
 * later.h
 *		Parts of requests that an older server overlooks.
 */
#ifndef MILVUS_LATER_H
#define MILVUS_LATER_H

#include <protobuf-c/protobuf-c.h>

#include "server/connection.h"

/* Error 0A000 when a request has something that the server's version of Milvus does not know, and would overlook. */
extern void later_check_request(const MilvusConnection *connection, const ProtobufCMessage *request);

#endif							/* MILVUS_LATER_H */
