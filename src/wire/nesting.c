/*
 * nesting.c
 *		How deep the messages of an answer are nested.
 */
#include "postgres.h"

#include "nesting.h"

/* what protobuf's own libraries allow */
#define MAX_DEPTH 100

static bool
fits(const ProtobufCMessageDescriptor *type, FlatSlice message, int depth)
{
	FlatSlice	bytes;
	uint32_t	number;
	size_t		at = 0;
	int			taken;

	if (depth > MAX_DEPTH)
		return false;
	while ((taken = flat_next_field(message, &at, &number, &bytes)) == 1)
	{
		const ProtobufCFieldDescriptor *field;

		if (bytes.len == 0)
			continue;
		field = protobuf_c_message_descriptor_get_field(type, number);
		if (field && field->type == PROTOBUF_C_TYPE_MESSAGE && !fits(field->descriptor, bytes, depth + 1))
			return false;
	}
	return taken == 0;
}

bool
nesting_is_bounded(const ProtobufCMessageDescriptor *type, FlatSlice message)
{
	return fits(type, message, 1);
}
