/*
 * nesting.h
 *		How deep the messages of an answer are nested.
 */
#ifndef MILVUS_NESTING_H
#define MILVUS_NESTING_H

#include "postgres.h"

#include <protobuf-c/protobuf-c.h>

#include "flat.h"

/*
 * Can the bytes be unpacked as a message of the type?  False when it is malformed,
 * or nested deeper than protobuf allows: protobuf-c unpacks by recursion, however deep.
 */
extern bool nesting_is_bounded(const ProtobufCMessageDescriptor *type, FlatSlice message);

#endif							/* MILVUS_NESTING_H */
