/*
 * call.h
 *		Calls of a server by its name.
 */
#ifndef MILVUS_CALL_H
#define MILVUS_CALL_H

#include "server/connection.h"

/*
 * The current user's connection to a foreign server of ours.  Errors: 42704, 42809,
 * 42501 without USAGE, those of connection_get().
 */
extern MilvusConnection *admin_connect(const char *server);

#endif							/* MILVUS_CALL_H */
