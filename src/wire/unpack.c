/*
 * unpack.c
 *		May protobuf-c unpack an answer?
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "unpack.h"

/* what protobuf's own libraries allow */
#define MAX_DEPTH 100
/* of an unpacked answer: descriptions are small, rows are not unpacked at all */
#define MAX_BYTES ((uint64) 256 * 1024 * 1024)
/* fields of the largest message are well below */
#define MAX_FIELDS 256

typedef struct Unpacking
{
	uint64		bytes;			/* so far, of what would be allocated */
	const char *problem;
} Unpacking;

static bool
refuse(Unpacking *unpacking, const char *problem)
{
	unpacking->problem = problem;
	return false;
}

/* Mark a field as seen; false if it was. */
static bool
see_first(uint64 *seen, const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
	unsigned	position = (unsigned) (field - type->fields);
	uint64		bit = UINT64CONST(1) << (position % 64);

	if (position >= MAX_FIELDS || (seen[position / 64] & bit))
		return false;
	seen[position / 64] |= bit;
	return true;
}

static bool check_message(Unpacking *unpacking, const ProtobufCMessageDescriptor *type, FlatSlice message, int depth);

static bool
check_field(Unpacking *unpacking, const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field,
			FlatSlice bytes, uint64 *seen, int depth)
{
	/* a number or a pointer, and what it points to */
	unpacking->bytes += sizeof(uint64);
	if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES)
		unpacking->bytes += bytes.len;
	else if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		/* a byte of a packed run is a number at most */
		unpacking->bytes += bytes.len * sizeof(uint64);
	if (unpacking->bytes > MAX_BYTES)
		return refuse(unpacking, "more in it than is allowed");
	if (field->type == PROTOBUF_C_TYPE_STRING && bytes.len > 0 &&
		(memchr(bytes.data, '\0', bytes.len) != NULL || bytes.len > MaxAllocSize ||
		 !pg_verify_mbstr(PG_UTF8, (const char *) bytes.data, (int) bytes.len, true)))
		return refuse(unpacking, "a text that is not UTF-8");
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return true;
	if (field->label != PROTOBUF_C_LABEL_REPEATED && !see_first(seen, type, field))
		return refuse(unpacking, "a message twice where there is one");
	return check_message(unpacking, field->descriptor, bytes, depth + 1);
}

static bool
check_message(Unpacking *unpacking, const ProtobufCMessageDescriptor *type, FlatSlice message, int depth)
{
	uint64		seen[MAX_FIELDS / 64] = {0};
	FlatSlice	bytes;
	uint32_t	number;
	size_t		at = 0;
	int			taken;

	CHECK_FOR_INTERRUPTS();
	if (depth > MAX_DEPTH)
		return refuse(unpacking, "messages nested too deep");
	unpacking->bytes += type->sizeof_message;
	while ((taken = flat_next_field(message, &at, &number, &bytes)) == 1)
	{
		const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(type, number);

		/* what is not known is kept as well */
		if (field == NULL)
			unpacking->bytes += sizeof(ProtobufCMessageUnknownField) + bytes.len;
		else if (!check_field(unpacking, type, field, bytes, seen, depth))
			return false;
	}
	return taken == 0 ? true : refuse(unpacking, "malformed fields");
}

const char *
unpack_problem(const ProtobufCMessageDescriptor *type, FlatSlice message)
{
	Unpacking	unpacking = {0, NULL};

	check_message(&unpacking, type, message, 1);
	return unpacking.problem;
}
