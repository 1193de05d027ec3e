/*
 * json.h
 *		Any message of the protocol as jsonb, and back.
 */
#ifndef MILVUS_JSON_H
#define MILVUS_JSON_H

#include "postgres.h"

#include <protobuf-c/protobuf-c.h>

#include "utils/jsonb.h"

/*
 * A message as jsonb: names are the proto's, enums by name, bytes in base64,
 * maps as objects.  All scalars are there, unset messages and members of
 * oneofs are not.
 */
extern Jsonb *json_from_message(const ProtobufCMessage *message);

/*
 * A message from jsonb, in CurrentMemoryContext.  Errors: 42703 for a name
 * the message does not have, 22023 for a value that does not fit; both name
 * the field.  Beyond what json_from_message() makes it takes enums by number,
 * a list of KeyValuePairs as an object, and a message in place of the bytes
 * that hold one (CreateCollectionRequest.schema).
 */
extern ProtobufCMessage *json_to_message(const ProtobufCMessageDescriptor *type, Jsonb *json);

#endif							/* MILVUS_JSON_H */
