/*
 * unpack.h
 *		May protobuf-c unpack an answer?
 */
#ifndef MILVUS_UNPACK_H
#define MILVUS_UNPACK_H

#include "postgres.h"

#include <protobuf-c/protobuf-c.h>

#include "flat.h"

/*
 * NULL, or what is wrong with the bytes as a message of the type.  Refused is
 * what is malformed, and what protobuf-c would do any amount of work for, in time,
 * memory or stack: messages nested deeper than protobuf allows, a message given
 * again where there is one (it merges the two, each time anew), and what becomes
 * far more than was sent.  Texts are UTF-8 without NUL.
 */
extern const char *unpack_problem(const ProtobufCMessageDescriptor *type, FlatSlice message);

#endif							/* MILVUS_UNPACK_H */
