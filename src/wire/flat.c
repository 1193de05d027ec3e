/*
 * flat.c
 *		Responses in one buffer seen as columns; columns of a request written
 *		into buffers.
 *
 * Decodes the protobuf wire format itself.  Everything is checked once when a
 * message is opened; the cursor checks its own bounds again as it goes.  Must
 * not know PostgreSQL.
 */
#include "flat.h"

#include <string.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "vectors and floats are read as they lie on the wire: little-endian machines only"
#endif

typedef enum WireType
{
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5
} WireType;

/* one field of a message */
typedef struct Field
{
	uint32_t	number;
	WireType	type;
	uint64_t	integer;		/* varint and fixed */
	FlatSlice	bytes;
} Field;

/* field numbers used below, by message */
enum
{
	STATUS_ERROR_CODE = 1, STATUS_REASON = 2, STATUS_CODE = 3,
	QUERY_STATUS = 1, QUERY_FIELDS_DATA = 2, QUERY_SESSION_TS = 5,
	SEARCH_STATUS = 1, SEARCH_RESULTS = 2,
	SEARCH_DATA_NUM_QUERIES = 1, SEARCH_DATA_FIELDS_DATA = 3, SEARCH_DATA_SCORES = 4,
	SEARCH_DATA_IDS = 5, SEARCH_DATA_TOPKS = 6,
	IDS_INT = 1, IDS_STRING = 2,
	FIELD_TYPE = 1, FIELD_NAME = 2, FIELD_SCALARS = 3, FIELD_VECTORS = 4,
	FIELD_IS_DYNAMIC = 6, FIELD_VALID = 7,
	SCALAR_VALID = 17,
	VECTOR_DIM = 1, VECTOR_VALID = 9,
	MUTATION_STATUS = 1, MUTATION_IDS = 2, MUTATION_INSERT_COUNT = 6,
	MUTATION_DELETE_COUNT = 7, MUTATION_UPSERT_COUNT = 8, MUTATION_TIMESTAMP = 9,
	INSERT_FIELDS_DATA = 5,
	REPEATED_DATA = 1			/* of BoolArray ... StringArray, FloatArray,
								 * ArrayArray, SparseFloatArray's contents */
};

/* bytes of a number on the wire, at most */
#define MAX_VARINT 10

static bool
take_varint(FlatSlice in, size_t *at, uint64_t *value)
{
	uint64_t	result = 0;
	int			shift = 0;

	while (*at < in.len && shift < 64)
	{
		uint8_t		byte = in.data[(*at)++];

		result |= (uint64_t) (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
		{
			*value = result;
			return true;
		}
		shift += 7;
	}
	return false;
}

/* Take the next field of a message: 1, 0 at its end, -1 if it is malformed. */
static int
take_field(FlatSlice in, size_t *at, Field *field)
{
	uint64_t	tag,
				len;

	if (*at == in.len)
		return 0;
	if (!take_varint(in, at, &tag) || (tag >> 3) == 0 || (tag >> 3) > 0x1fffffff)
		return -1;
	field->number = (uint32_t) (tag >> 3);
	field->type = (WireType) (tag & 7);
	field->integer = 0;
	field->bytes = (FlatSlice) {NULL, 0};
	switch (field->type)
	{
		case WIRE_VARINT:
			return take_varint(in, at, &field->integer) ? 1 : -1;
		case WIRE_FIXED64:
			len = 8;
			break;
		case WIRE_FIXED32:
			len = 4;
			break;
		case WIRE_BYTES:
			if (!take_varint(in, at, &len))
				return -1;
			break;
		default:
			return -1;
	}
	if (len > in.len - *at)
		return -1;
	if (field->type == WIRE_BYTES)
		field->bytes = (FlatSlice) {in.data + *at, (size_t) len};
	else
		memcpy(&field->integer, in.data + *at, (size_t) len);
	*at += (size_t) len;
	return 1;
}

int
flat_next_field(FlatSlice message, size_t *at, uint32_t *number, FlatSlice *bytes)
{
	Field		field;
	int			taken = take_field(message, at, &field);

	if (taken == 1)
	{
		*number = field.number;
		*bytes = field.bytes;
	}
	return taken;
}

static FlatKind
scalar_kind(uint32_t carrier)
{
	switch (carrier)
	{
		case FLAT_SCALAR_BOOL:
			return FLAT_BOOL;
		case FLAT_SCALAR_INT:
			return FLAT_INT32;
		case FLAT_SCALAR_LONG:
		case FLAT_SCALAR_TIMESTAMPTZ:
			return FLAT_INT64;
		case FLAT_SCALAR_FLOAT:
			return FLAT_FLOAT;
		case FLAT_SCALAR_DOUBLE:
			return FLAT_DOUBLE;
		case FLAT_SCALAR_STRING:
		case FLAT_SCALAR_BYTES:
		case FLAT_SCALAR_JSON:
		case FLAT_SCALAR_GEOMETRY:
		case FLAT_SCALAR_GEOMETRY_WKT:
			return FLAT_BYTES;
		case FLAT_SCALAR_ARRAY:
			return FLAT_ARRAY;
		default:
			return FLAT_NONE;
	}
}

/* Size of a fixed-size element on the wire; 0: varints. */
static size_t
element_size(FlatKind kind)
{
	return kind == FLAT_FLOAT ? 4 : kind == FLAT_DOUBLE ? 8 : 0;
}

static WireType
element_wire_type(FlatKind kind)
{
	switch (kind)
	{
		case FLAT_FLOAT:
			return WIRE_FIXED32;
		case FLAT_DOUBLE:
			return WIRE_FIXED64;
		case FLAT_BYTES:
		case FLAT_ARRAY:
			return WIRE_BYTES;
		default:
			return WIRE_VARINT;
	}
}

static const char *
count_packed(FlatKind kind, FlatSlice run, uint64_t *count)
{
	size_t		size = element_size(kind);
	int			length = 0;

	if (size > 0)
	{
		if (run.len % size != 0)
			return "packed values of uneven length";
		*count += run.len / size;
		return NULL;
	}
	for (size_t i = 0; i < run.len; i++)
	{
		bool		last = (run.data[i] & 0x80) == 0;

		*count += last;
		length = last ? 0 : length + 1;
		if (length == MAX_VARINT)
			return "a number of too many bytes";
	}
	return length > 0 ? "packed values end in the middle of one" : NULL;
}

/* Count the values of the column's body. */
static const char *
count_values(FlatColumn *column)
{
	uint64_t	count = 0;
	size_t		at = 0;
	Field		field;
	int			more;

	while ((more = take_field(column->body, &at, &field)) > 0)
	{
		if (field.number != REPEATED_DATA)
			continue;
		if (field.type == element_wire_type(column->kind))
			count++;
		else if (field.type == WIRE_BYTES)
		{
			const char *error = count_packed(column->kind, field.bytes, &count);

			if (error)
				return error;
		}
		else
			return "values of a wrong wire type";
	}
	if (more < 0)
		return "malformed column of values";
	if (count > UINT32_MAX)
		return "too many values";
	column->nvalues = (uint32_t) count;
	return NULL;
}

/* A vector column whose rows lie back to back. */
static const char *
open_fixed(FlatColumn *column)
{
	if (column->dim == 0)
	{
		if (column->body.len > 0)
			return "vectors without a dimension";
		return NULL;
	}
	switch (column->carrier)
	{
		case FLAT_VECTOR_FLOAT:
			column->row_bytes = (size_t) column->dim * 4;
			break;
		case FLAT_VECTOR_FLOAT16:
		case FLAT_VECTOR_BFLOAT16:
			column->row_bytes = (size_t) column->dim * 2;
			break;
		case FLAT_VECTOR_BINARY:
			column->row_bytes = ((size_t) column->dim + 7) / 8;
			break;
		default:
			column->row_bytes = column->dim;
			break;
	}
	if (column->body.len % column->row_bytes != 0)
		return "vectors that do not fit their dimension";
	if (column->body.len / column->row_bytes > UINT32_MAX)
		return "too many vectors";
	column->nvalues = (uint32_t) (column->body.len / column->row_bytes);
	return NULL;
}

/* The floats of a FloatArray must lie in one packed run. */
static const char *
find_floats(FlatSlice float_array, FlatSlice *floats)
{
	size_t		at = 0;
	Field		field;
	int			more;

	*floats = (FlatSlice) {NULL, 0};
	while ((more = take_field(float_array, &at, &field)) > 0)
	{
		if (field.number != REPEATED_DATA)
			continue;
		if (field.type != WIRE_BYTES || floats->len > 0)
			return "float vectors that are not packed in one run";
		*floats = field.bytes;
	}
	return more < 0 ? "malformed float vectors" : NULL;
}

static const char *
open_scalars(FlatSlice message, FlatColumn *column)
{
	size_t		at = 0;
	Field		field;
	int			more;

	while ((more = take_field(message, &at, &field)) > 0)
	{
		if (field.type != WIRE_BYTES)
			continue;
		if (field.number == SCALAR_VALID)
			column->valid = field.bytes;
		else if (scalar_kind(field.number) != FLAT_NONE)
		{
			if (column->carrier != FLAT_CARRIER_NONE)
				return "a column with values of two kinds";
			column->carrier = (FlatCarrier) field.number;
			column->kind = scalar_kind(field.number);
			column->body = field.bytes;
		}
	}
	if (more < 0)
		return "malformed scalar field";
	return column->kind == FLAT_NONE ? NULL : count_values(column);
}

static const char *
open_vectors(FlatSlice message, FlatColumn *column)
{
	size_t		at = 0;
	Field		field;
	int			more;
	const char *error;

	while ((more = take_field(message, &at, &field)) > 0)
	{
		if (field.number == VECTOR_DIM && field.type == WIRE_VARINT)
		{
			if (field.integer > UINT32_MAX)
				return "a vector dimension out of range";
			column->dim = (uint32_t) field.integer;
		}
		else if (field.type != WIRE_BYTES)
			continue;
		else if (field.number == VECTOR_VALID)
			column->valid = field.bytes;
		else if (field.number >= 2 && field.number <= 7)
		{
			if (column->carrier != FLAT_CARRIER_NONE)
				return "a column with vectors of two kinds";
			column->carrier = (FlatCarrier) (FLAT_VECTOR + field.number);
			column->kind = column->carrier == FLAT_VECTOR_SPARSE ? FLAT_BYTES : FLAT_FIXED;
			column->body = field.bytes;
		}
	}
	if (more < 0)
		return "malformed vector field";
	if (column->kind == FLAT_BYTES)
		return count_values(column);
	if (column->kind == FLAT_NONE)
		return NULL;
	if (column->carrier == FLAT_VECTOR_FLOAT &&
		(error = find_floats(column->body, &column->body)) != NULL)
		return error;
	return open_fixed(column);
}

/* How many rows there are, from the values and the validity. */
static const char *
settle_rows(FlatColumn *column)
{
	uint32_t	nvalid = 0;

	if (column->valid.len == 0)
	{
		column->nrows = column->nvalues;
		return NULL;
	}
	if (column->valid.len > UINT32_MAX)
		return "too many rows";
	for (size_t i = 0; i < column->valid.len; i++)
	{
		if (column->valid.data[i] > 1)
			return "validity that is neither true nor false";
		nvalid += column->valid.data[i];
	}
	column->nrows = (uint32_t) column->valid.len;
	if (column->nvalues != column->nrows && column->nvalues != nvalid)
		return "a validity that does not fit the values";
	return NULL;
}

static const char *
open_column(FlatSlice message, FlatColumn *column)
{
	size_t		at = 0;
	Field		field;
	int			more;
	const char *error = NULL;
	bool		filled = false;

	memset(column, 0, sizeof(*column));
	while (error == NULL && (more = take_field(message, &at, &field)) != 0)
	{
		if (more < 0)
			return "malformed field data";
		if (field.number == FIELD_TYPE && field.type == WIRE_VARINT)
			column->data_type = (int32_t) field.integer;
		else if (field.number == FIELD_IS_DYNAMIC && field.type == WIRE_VARINT)
			column->is_dynamic = field.integer != 0;
		else if (field.number == FIELD_NAME && field.type == WIRE_BYTES)
			column->name = field.bytes;
		else if (field.number == FIELD_VALID && field.type == WIRE_BYTES && column->valid.len == 0)
			column->valid = field.bytes;
		else if ((field.number == FIELD_SCALARS || field.number == FIELD_VECTORS) && field.type == WIRE_BYTES)
		{
			if (filled)
				return "a column with values twice";
			filled = true;
			error = field.number == FIELD_SCALARS ?
				open_scalars(field.bytes, column) : open_vectors(field.bytes, column);
		}
	}
	return error ? error : settle_rows(column);
}

const char *
flat_open_element(FlatSlice scalar_field, FlatColumn *elements)
{
	const char *error;

	memset(elements, 0, sizeof(*elements));
	error = open_scalars(scalar_field, elements);
	return error ? error : settle_rows(elements);
}

static const char *
open_status(FlatSlice message, FlatStatus *status)
{
	size_t		at = 0;
	Field		field;
	int			more;

	while ((more = take_field(message, &at, &field)) > 0)
	{
		if (field.number == STATUS_ERROR_CODE && field.type == WIRE_VARINT)
			status->error_code = (int32_t) field.integer;
		else if (field.number == STATUS_CODE && field.type == WIRE_VARINT)
			status->code = (int32_t) field.integer;
		else if (field.number == STATUS_REASON && field.type == WIRE_BYTES)
			status->reason = field.bytes;
	}
	return more < 0 ? "malformed status" : NULL;
}

FlatStatus
flat_find_status(FlatSlice message)
{
	FlatStatus	status = {0};
	size_t		at = 0;
	Field		field;

	/* it has the same number in all of them */
	while (take_field(message, &at, &field) > 0)
		if (field.number == QUERY_STATUS && field.type == WIRE_BYTES && open_status(field.bytes, &status) != NULL)
			return (FlatStatus) {0};
	return status;
}

/* IDs: the keys of a search or of a mutation, as a column. */
static const char *
open_ids(FlatSlice message, FlatColumn *ids)
{
	size_t		at = 0;
	Field		field;
	int			more;
	const char *error;

	memset(ids, 0, sizeof(*ids));
	while ((more = take_field(message, &at, &field)) > 0)
	{
		if (field.type != WIRE_BYTES || (field.number != IDS_INT && field.number != IDS_STRING))
			continue;
		if (ids->kind != FLAT_NONE)
			return "keys of two kinds";
		ids->carrier = field.number == IDS_INT ? FLAT_SCALAR_LONG : FLAT_SCALAR_STRING;
		ids->kind = scalar_kind(ids->carrier);
		ids->body = field.bytes;
	}
	if (more < 0)
		return "malformed keys";
	if (ids->kind != FLAT_NONE && (error = count_values(ids)) != NULL)
		return error;
	return settle_rows(ids);
}

/* All columns that have rows must have as many. */
static const char *
check_rows(FlatResult *result, uint32_t nrows)
{
	for (uint32_t i = 0; i < result->ncolumns; i++)
		if (result->columns[i].nrows != nrows)
			return "columns of different length";
	result->nrows = nrows;
	return NULL;
}

static const char *
add_column(FlatSlice message, FlatResult *result)
{
	if (result->ncolumns == FLAT_MAX_COLUMNS)
		return "too many columns";
	return open_column(message, &result->columns[result->ncolumns++]);
}

static void
clear_result(FlatResult *result, bool is_search)
{
	memset(result, 0, offsetof(FlatResult, columns));
	result->is_search = is_search;
}

const char *
flat_open_query(FlatSlice message, FlatResult *result)
{
	size_t		at = 0;
	Field		field;
	int			more;
	const char *error = NULL;

	clear_result(result, false);
	while (error == NULL && (more = take_field(message, &at, &field)) != 0)
	{
		if (more < 0)
			return "malformed query result";
		if (field.number == QUERY_STATUS && field.type == WIRE_BYTES)
			error = open_status(field.bytes, &result->status);
		else if (field.number == QUERY_FIELDS_DATA && field.type == WIRE_BYTES)
			error = add_column(field.bytes, result);
		else if (field.number == QUERY_SESSION_TS && field.type == WIRE_VARINT)
			result->session_ts = field.integer;
	}
	if (error)
		return error;
	return check_rows(result, result->ncolumns > 0 ? result->columns[0].nrows : 0);
}

/* topks says how many hits each query has: the sum is what the other columns hold. */
static const char *
open_search_data(FlatSlice message, FlatResult *result)
{
	size_t		at = 0;
	Field		field;
	int			more;
	FlatColumn	scores = {.kind = FLAT_FLOAT};
	const char *error = NULL;

	while (error == NULL && (more = take_field(message, &at, &field)) != 0)
	{
		if (more < 0)
			return "malformed search data";
		if (field.type == WIRE_VARINT && field.number == SEARCH_DATA_NUM_QUERIES)
			result->nqueries = (uint32_t) field.integer;
		if (field.type != WIRE_BYTES)
			continue;
		if (field.number == SEARCH_DATA_FIELDS_DATA)
			error = add_column(field.bytes, result);
		else if (field.number == SEARCH_DATA_TOPKS)
			result->topks = field.bytes;
		else if (field.number == SEARCH_DATA_IDS)
			error = open_ids(field.bytes, &result->ids);
		else if (field.number == SEARCH_DATA_SCORES)
		{
			if (scores.nvalues > 0 || field.bytes.len % 4 != 0)
				return "malformed scores";
			scores.carrier = FLAT_VECTOR_FLOAT;
			scores.kind = FLAT_FIXED;
			scores.dim = 1;
			scores.body = field.bytes;
			error = open_fixed(&scores);
		}
	}
	if (error == NULL)
		error = settle_rows(&scores);
	result->scores = scores;
	return error;
}

bool
flat_has_nulls(const FlatColumn *column)
{
	return column->valid.len > 0 && memchr(column->valid.data, 0, column->valid.len) != NULL;
}

bool
flat_next_topk(const FlatResult *result, size_t *at, uint64_t *hits)
{
	return *at < result->topks.len && take_varint(result->topks, at, hits);
}

const char *
flat_open_search(FlatSlice message, FlatResult *result)
{
	size_t		at = 0;
	Field		field;
	int			more;
	const char *error = NULL;

	clear_result(result, true);
	result->scores.kind = FLAT_FIXED;
	while (error == NULL && (more = take_field(message, &at, &field)) != 0)
	{
		if (more < 0)
			return "malformed search result";
		if (field.number == SEARCH_STATUS && field.type == WIRE_BYTES)
			error = open_status(field.bytes, &result->status);
		else if (field.number == SEARCH_RESULTS && field.type == WIRE_BYTES)
			error = open_search_data(field.bytes, result);
	}
	if (error)
		return error;
	/* without hits some servers send all columns empty, others none */
	if (result->ids.nrows != result->scores.nrows)
		return "keys and scores of different number";
	return check_rows(result, result->ids.nrows);
}

const char *
flat_open_mutation(FlatSlice message, FlatMutation *mutation)
{
	size_t		at = 0;
	Field		field;
	int			more;
	const char *error = NULL;

	memset(mutation, 0, sizeof(*mutation));
	while (error == NULL && (more = take_field(message, &at, &field)) != 0)
	{
		if (more < 0)
			return "malformed mutation result";
		if (field.number == MUTATION_STATUS && field.type == WIRE_BYTES)
			error = open_status(field.bytes, &mutation->status);
		else if (field.number == MUTATION_IDS && field.type == WIRE_BYTES)
			error = open_ids(field.bytes, &mutation->ids);
		else if (field.type != WIRE_VARINT)
			continue;
		else if (field.number == MUTATION_INSERT_COUNT)
			mutation->insert_count = (int64_t) field.integer;
		else if (field.number == MUTATION_DELETE_COUNT)
			mutation->delete_count = (int64_t) field.integer;
		else if (field.number == MUTATION_UPSERT_COUNT)
			mutation->upsert_count = (int64_t) field.integer;
		else if (field.number == MUTATION_TIMESTAMP)
			mutation->timestamp = field.integer;
	}
	return error;
}

/* Take one element of a repeated field; false at the end. */
static bool
next_element(const FlatColumn *column, FlatCursor *cursor, Field *element)
{
	size_t		size = element_size(column->kind);

	for (;;)
	{
		Field		field;

		if (cursor->packed_at < cursor->packed_end)
		{
			FlatSlice	run = {column->body.data, cursor->packed_end};

			if (size == 0)
				return take_varint(run, &cursor->packed_at, &element->integer);
			if (size > cursor->packed_end - cursor->packed_at)
				return false;
			element->integer = 0;
			memcpy(&element->integer, run.data + cursor->packed_at, size);
			cursor->packed_at += size;
			return true;
		}
		if (take_field(column->body, &cursor->body_at, &field) <= 0)
			return false;
		if (field.number != REPEATED_DATA)
			continue;
		if (field.type == element_wire_type(column->kind))
		{
			*element = field;
			return true;
		}
		if (field.type != WIRE_BYTES)
			return false;
		cursor->packed_at = (size_t) (field.bytes.data - column->body.data);
		cursor->packed_end = cursor->packed_at + field.bytes.len;
	}
}

bool
flat_next(const FlatColumn *column, FlatCursor *cursor, FlatValue *value)
{
	Field		element = {0};
	bool		compact = column->nvalues != column->nrows;

	if (cursor->row >= column->nrows)
		return false;
	value->isnull = column->valid.len > 0 && column->valid.data[cursor->row] == 0;
	cursor->row++;
	if (value->isnull && compact)
		return true;

	if (column->kind == FLAT_FIXED)
	{
		if (column->row_bytes > column->body.len - cursor->body_at)
			return false;
		value->bytes = (FlatSlice) {column->body.data + cursor->body_at, column->row_bytes};
		cursor->body_at += column->row_bytes;
		return true;
	}
	if (!next_element(column, cursor, &element))
		return false;
	switch (column->kind)
	{
		case FLAT_FLOAT:
			memcpy(&value->single, &element.integer, sizeof(float));
			break;
		case FLAT_DOUBLE:
			memcpy(&value->real, &element.integer, sizeof(double));
			break;
		case FLAT_BYTES:
		case FLAT_ARRAY:
			value->bytes = element.bytes;
			break;
		default:
			value->integer = (int64_t) element.integer;
			break;
	}
	return true;
}

FlatColumn *
flat_find_column(FlatResult *result, const char *name)
{
	size_t		len = strlen(name);

	for (uint32_t i = 0; i < result->ncolumns; i++)
	{
		FlatSlice	found = result->columns[i].name;

		if (found.len == len && memcmp(found.data, name, len) == 0)
			return &result->columns[i];
	}
	return NULL;
}

static void
reserve(FlatBuffer *buffer, size_t more)
{
	if (buffer->size - buffer->len < more)
	{
		size_t		size = buffer->size < 512 ? 1024 : buffer->size * 2;

		while (size - buffer->len < more)
			size *= 2;
		buffer->data = buffer->grow(buffer->context, buffer->data, size);
		buffer->size = size;
	}
}

void
flat_put_bytes(FlatBuffer *buffer, const void *data, size_t len)
{
	if (len == 0)
		return;
	reserve(buffer, len);
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

void
flat_put_varint(FlatBuffer *buffer, uint64_t value)
{
	reserve(buffer, 10);
	while (value >= 0x80)
	{
		buffer->data[buffer->len++] = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	buffer->data[buffer->len++] = (uint8_t) value;
}

void
flat_put_fixed32(FlatBuffer *buffer, uint32_t value)
{
	flat_put_bytes(buffer, &value, sizeof(value));
}

void
flat_put_fixed64(FlatBuffer *buffer, uint64_t value)
{
	flat_put_bytes(buffer, &value, sizeof(value));
}

static void
put_tag(FlatBuffer *buffer, int number, WireType type)
{
	flat_put_varint(buffer, (uint64_t) number << 3 | type);
}

void
flat_put_field(FlatBuffer *buffer, int number, const void *data, size_t len)
{
	put_tag(buffer, number, WIRE_BYTES);
	flat_put_varint(buffer, len);
	flat_put_bytes(buffer, data, len);
}

void
flat_put_varint_field(FlatBuffer *buffer, int number, uint64_t value)
{
	put_tag(buffer, number, WIRE_VARINT);
	flat_put_varint(buffer, value);
}

static size_t
varint_size(uint64_t value)
{
	size_t		size = 1;

	while (value >= 0x80)
	{
		value >>= 7;
		size++;
	}
	return size;
}

/* size of a length-delimited field of a number below 16 with len bytes in it */
static size_t
field_size(size_t len)
{
	return 1 + varint_size(len) + len;
}

void
flat_frame_column(FlatWriter *column)
{
	bool		is_vector = column->carrier > FLAT_VECTOR;
	int			carrier = is_vector ? column->carrier - FLAT_VECTOR : column->carrier;
	bool		is_bytes = is_vector ?
		column->carrier == FLAT_VECTOR_SPARSE :
		element_wire_type(scalar_kind(column->carrier)) == WIRE_BYTES;

	/*
	 * is there a run of packed values to be framed inside the innermost
	 * message?
	 */
	bool		packed = !is_bytes && !(is_vector && column->carrier != FLAT_VECTOR_FLOAT);
	size_t		innermost = packed ? field_size(column->values.len) : column->values.len;
	size_t		tail = column->carrier == FLAT_SCALAR_ARRAY ? 1 + varint_size((uint64_t) column->element_type) : 0;
	size_t		middle = field_size(innermost + tail) +
		(is_vector ? 1 + varint_size(column->dim) : 0);
	size_t		name_len = strlen(column->name);
	size_t		outer = 1 + varint_size((uint64_t) column->data_type) + field_size(name_len) + field_size(middle) +
		(column->is_dynamic ? 2 : 0) + (column->nullable ? field_size(column->valid.len) : 0);
	FlatBuffer *prefix = &column->prefix;
	FlatBuffer *suffix = &column->suffix;

	prefix->len = suffix->len = 0;
	put_tag(prefix, INSERT_FIELDS_DATA, WIRE_BYTES);
	flat_put_varint(prefix, outer);
	flat_put_varint_field(prefix, FIELD_TYPE, (uint64_t) column->data_type);
	flat_put_field(prefix, FIELD_NAME, column->name, name_len);
	put_tag(prefix, is_vector ? FIELD_VECTORS : FIELD_SCALARS, WIRE_BYTES);
	flat_put_varint(prefix, middle);
	if (is_vector)
		flat_put_varint_field(prefix, VECTOR_DIM, column->dim);
	put_tag(prefix, carrier, WIRE_BYTES);
	flat_put_varint(prefix, innermost + tail);
	if (packed)
	{
		put_tag(prefix, REPEATED_DATA, WIRE_BYTES);
		flat_put_varint(prefix, column->values.len);
	}
	if (tail > 0)
		flat_put_varint_field(suffix, 2, (uint64_t) column->element_type);
	if (column->is_dynamic)
		flat_put_varint_field(suffix, FIELD_IS_DYNAMIC, 1);
	if (column->nullable)
		flat_put_field(suffix, FIELD_VALID, column->valid.data, column->valid.len);
}

void
flat_reset(FlatWriter *column)
{
	column->values.len = 0;
	column->valid.len = 0;
}

/*
 * An array comes back empty without a word on its elements: sent so, it makes
 * Milvus 2.3 panic (proxy, checkArrayElement).
 */
static void
copy_array(FlatSlice scalar_field, FlatWriter *to)
{
	FlatColumn	elements;
	uint8_t		empty[] = {(uint8_t) (to->element_carrier << 3 | WIRE_BYTES), 0};

	if (flat_open_element(scalar_field, &elements) == NULL && elements.kind == FLAT_NONE)
		scalar_field = (FlatSlice) {empty, sizeof(empty)};
	flat_put_field(&to->values, REPEATED_DATA, scalar_field.data, scalar_field.len);
}

void
flat_copy_value(const FlatColumn *from, const FlatValue *value, FlatWriter *to)
{
	switch (from->kind)
	{
		case FLAT_BOOL:
		case FLAT_INT32:
		case FLAT_INT64:
			flat_put_varint(&to->values, (uint64_t) value->integer);
			break;
		case FLAT_FLOAT:
			flat_put_bytes(&to->values, &value->single, sizeof(value->single));
			break;
		case FLAT_DOUBLE:
			flat_put_bytes(&to->values, &value->real, sizeof(value->real));
			break;
		case FLAT_ARRAY:
			copy_array(value->bytes, to);
			break;
		case FLAT_BYTES:
			flat_put_field(&to->values, REPEATED_DATA, value->bytes.data, value->bytes.len);
			break;
		case FLAT_FIXED:
			flat_put_bytes(&to->values, value->bytes.data, value->bytes.len);
			break;
		case FLAT_NONE:
			break;
	}
}
