/*
 * json.c
 *		Any message of the protocol as jsonb, and back.
 *
 * Driven by protobuf-c's descriptors; knows no message but the few whose bytes
 * hold another message.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "common/base64.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "guess.h"
#include "json.h"
#include "proto/milvus.pb-c.h"
#include "rpc.h"

/* fields of bytes that hold a message */
static const struct
{
	const ProtobufCMessageDescriptor *holder;
	const char *field;
	const ProtobufCMessageDescriptor *held;
}			embedded[] = {

	{&milvus__proto__milvus__create_collection_request__descriptor, "schema",
	&milvus__proto__schema__collection_schema__descriptor},
	{&milvus__proto__milvus__add_collection_field_request__descriptor, "schema",
	&milvus__proto__schema__field_schema__descriptor},
	{&milvus__proto__milvus__search_request__descriptor, "placeholder_group",
	&milvus__proto__common__placeholder_group__descriptor},
};

static const ProtobufCMessageDescriptor *
find_embedded(const ProtobufCMessageDescriptor *holder, const char *field)
{
	for (int i = 0; i < lengthof(embedded); i++)
		if (embedded[i].holder == holder && strcmp(embedded[i].field, field) == 0)
			return embedded[i].held;
	return NULL;
}

/* proto/ calls a field "base_" that would collide with protobuf-c's own */
static const char *
field_name(const ProtobufCFieldDescriptor *field)
{
	return strcmp(field->name, "base_") == 0 ? "base" : field->name;
}

/* A map is a repeated message XEntry of key and value. */
static bool
is_map(const ProtobufCFieldDescriptor *field)
{
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	size_t		len;

	if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	len = strlen(entry->short_name);
	return entry->n_fields == 2 && len > 5 && strcmp(entry->short_name + len - 5, "Entry") == 0 &&
		strcmp(entry->fields[0].name, "key") == 0 && strcmp(entry->fields[1].name, "value") == 0;
}

/* May it be given as an object, too? */
static bool
is_pair_list(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE &&
		field->descriptor == &milvus__proto__common__key_value_pair__descriptor;
}

static size_t
value_size(ProtobufCType type)
{
	switch (type)
	{
		case PROTOBUF_C_TYPE_INT64:
		case PROTOBUF_C_TYPE_SINT64:
		case PROTOBUF_C_TYPE_SFIXED64:
		case PROTOBUF_C_TYPE_UINT64:
		case PROTOBUF_C_TYPE_FIXED64:
		case PROTOBUF_C_TYPE_DOUBLE:
			return 8;
		case PROTOBUF_C_TYPE_STRING:
		case PROTOBUF_C_TYPE_MESSAGE:
			return sizeof(void *);
		case PROTOBUF_C_TYPE_BYTES:
			return sizeof(ProtobufCBinaryData);
		case PROTOBUF_C_TYPE_BOOL:
			return sizeof(protobuf_c_boolean);
		default:
			return 4;
	}
}

static void append_message(StringInfo out, const ProtobufCMessage *message);

static void
append_text(StringInfo out, const char *utf8)
{
	escape_json(out, pg_any_to_server(utf8, strlen(utf8), PG_UTF8));
}

static void
append_base64(StringInfo out, const ProtobufCBinaryData *bytes)
{
	int			len = pg_b64_enc_len(bytes->len);
	char	   *text = palloc(len + 1);

	len = pg_b64_encode((const void *) bytes->data, bytes->len, text, len);
	appendStringInfo(out, "\"%.*s\"", Max(len, 0), text);
	pfree(text);
}

static void
append_real(StringInfo out, double value, Datum text)
{
	/* JSON has no such numbers */
	if (isnan(value) || isinf(value))
		appendStringInfo(out, "\"%s\"", DatumGetCString(text));
	else
		appendStringInfoString(out, DatumGetCString(text));
}

static void
append_enum(StringInfo out, const ProtobufCEnumDescriptor *type, int number)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);

	if (value)
		escape_json(out, value->name);
	else
		appendStringInfo(out, "%d", number);
}

static void
append_value(StringInfo out, const ProtobufCFieldDescriptor *field, const void *value)
{
	check_stack_depth();
	switch (field->type)
	{
		case PROTOBUF_C_TYPE_INT32:
		case PROTOBUF_C_TYPE_SINT32:
		case PROTOBUF_C_TYPE_SFIXED32:
			appendStringInfo(out, "%d", *(const int32 *) value);
			break;
		case PROTOBUF_C_TYPE_UINT32:
		case PROTOBUF_C_TYPE_FIXED32:
			appendStringInfo(out, "%u", *(const uint32 *) value);
			break;
		case PROTOBUF_C_TYPE_INT64:
		case PROTOBUF_C_TYPE_SINT64:
		case PROTOBUF_C_TYPE_SFIXED64:
			appendStringInfo(out, INT64_FORMAT, *(const int64 *) value);
			break;
		case PROTOBUF_C_TYPE_UINT64:
		case PROTOBUF_C_TYPE_FIXED64:
			appendStringInfo(out, UINT64_FORMAT, *(const uint64 *) value);
			break;
		case PROTOBUF_C_TYPE_FLOAT:
			append_real(out, *(const float *) value,
						DirectFunctionCall1(float4out, Float4GetDatum(*(const float *) value)));
			break;
		case PROTOBUF_C_TYPE_DOUBLE:
			append_real(out, *(const double *) value,
						DirectFunctionCall1(float8out, Float8GetDatum(*(const double *) value)));
			break;
		case PROTOBUF_C_TYPE_BOOL:
			appendStringInfoString(out, *(const protobuf_c_boolean *) value ? "true" : "false");
			break;
		case PROTOBUF_C_TYPE_ENUM:
			append_enum(out, field->descriptor, *(const int *) value);
			break;
		case PROTOBUF_C_TYPE_STRING:
			append_text(out, *(char *const *) value ? *(char *const *) value : "");
			break;
		case PROTOBUF_C_TYPE_BYTES:
			append_base64(out, value);
			break;
		case PROTOBUF_C_TYPE_MESSAGE:
			/* an entry of a map may lack its value */
			if (*(const ProtobufCMessage *const *) value)
				append_message(out, *(const ProtobufCMessage *const *) value);
			else
				appendStringInfoString(out, "{}");
			break;
	}
}

static void
append_repeated(StringInfo out, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	size_t		count = *(const size_t *) ((const char *) message + field->quantifier_offset);
	const char *values = *(const char *const *) ((const char *) message + field->offset);
	bool		map = is_map(field);

	appendStringInfoChar(out, map ? '{' : '[');
	for (size_t i = 0; i < count; i++)
	{
		const void *value = values + i * value_size(field->type);

		if (i > 0)
			appendStringInfoChar(out, ',');
		if (map)
		{
			const ProtobufCMessage *entry = *(const ProtobufCMessage *const *) value;
			const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0];
			const ProtobufCFieldDescriptor *item = &entry->descriptor->fields[1];

			if (key->type == PROTOBUF_C_TYPE_STRING)
				append_value(out, key, (const char *) entry + key->offset);
			else
			{
				appendStringInfoChar(out, '"');
				append_value(out, key, (const char *) entry + key->offset);
				appendStringInfoChar(out, '"');
			}
			appendStringInfoChar(out, ':');
			append_value(out, item, (const char *) entry + item->offset);
		}
		else
			append_value(out, field, value);
	}
	appendStringInfoChar(out, map ? '}' : ']');
}

/* Is there anything to show of a field that is not repeated? */
static bool
is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *) message;

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32 *) (base + field->quantifier_offset) == field->id;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(const void *const *) (base + field->offset) != NULL;
	return true;
}

static void
append_message(StringInfo out, const ProtobufCMessage *message)
{
	bool		first = true;

	CHECK_FOR_INTERRUPTS();
	appendStringInfoChar(out, '{');
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
	{
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		bool		repeated = field->label == PROTOBUF_C_LABEL_REPEATED;

		if (!repeated && !is_present(message, field))
			continue;
		if (!first)
			appendStringInfoChar(out, ',');
		first = false;
		escape_json(out, field_name(field));
		appendStringInfoChar(out, ':');
		if (repeated)
			append_repeated(out, message, field);
		else
			append_value(out, field, (const char *) message + field->offset);
	}
	appendStringInfoChar(out, '}');
}

Jsonb *
json_from_message(const ProtobufCMessage *message)
{
	StringInfoData out;

	initStringInfo(&out);
	append_message(&out, message);
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data)));
}

static ProtobufCMessage *fill_message(const ProtobufCMessageDescriptor *type, JsonbContainer *object,
									  const char *path);

static _Noreturn void
raise_misfit(const char *path, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" must be %s", path, wanted)));
}

static char *
take_text(const JsonbValue *value, const char *path)
{
	char	   *text;

	/*
	 * parameters are texts in Milvus; whoever writes a number or a truth
	 * value means its text
	 */
	if (value->type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	if (value->type == jbvBool)
		return pstrdup(value->val.boolean ? "true" : "false");
	if (value->type == jbvBinary)
	{
		text = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
		return pg_server_to_any(text, strlen(text), PG_UTF8);
	}
	if (value->type != jbvString)
		raise_misfit(path, "a string");
	text = pnstrdup(value->val.string.val, value->val.string.len);
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

/* The name that may have been meant, and all there are. */
static int
hint_names(const NameGuess *guess, const char *what, const char *names)
{
	return guess->best ? errhint("Perhaps you meant \"%s\". %s: %s.", guess->best, what, names) :
		errhint("%s: %s.", what, names);
}

/* A number as text, whole or not. */
static char *
number_text(const JsonbValue *value)
{
	if (value->type == jbvNumeric)
		return numeric_normalize(value->val.numeric);

	/*
	 * 64-bit numbers may come as strings, from clients whose own are too
	 * small
	 */
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	return "";
}

static int64
take_int64(const JsonbValue *value, int64 min, int64 max, const char *path)
{
	char	   *text = number_text(value);
	char	   *end;
	int64		number;

	errno = 0;
	number = strtoi64(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < min || number > max)
		raise_misfit(path, psprintf("a whole number from " INT64_FORMAT " to " INT64_FORMAT, min, max));
	return number;
}

static uint64
take_uint64(const JsonbValue *value, uint64 max, const char *path)
{
	char	   *text = number_text(value);
	char	   *end;
	uint64		number;

	errno = 0;
	number = strtou64(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || number > max)
		raise_misfit(path, psprintf("a whole number from 0 to " UINT64_FORMAT, max));
	return number;
}

static double
take_double(const JsonbValue *value, double max, const char *path)
{
	char	   *text = number_text(value);
	char	   *end;
	double		number;

	/* as json_from_message() tells them */
	if (strcmp(text, "NaN") == 0)
		return get_float8_nan();
	if (strcmp(text, "Infinity") == 0)
		return get_float8_infinity();
	if (strcmp(text, "-Infinity") == 0)
		return -get_float8_infinity();
	number = strtod(text, &end);
	if (value->type != jbvNumeric || *end != '\0' || fabs(number) > max)
		raise_misfit(path, "a number");
	return number;
}

static int
take_enum(const ProtobufCEnumDescriptor *type, const JsonbValue *value, const char *path)
{
	const ProtobufCEnumValue *found;
	char	   *name;
	NameGuess	guess;
	StringInfoData valid;

	if (value->type == jbvNumeric)
		return (int) take_int64(value, PG_INT32_MIN, PG_INT32_MAX, path);
	if (value->type != jbvString)
		raise_misfit(path, "a name or a number");
	name = pnstrdup(value->val.string.val, value->val.string.len);
	found = protobuf_c_enum_descriptor_get_value_by_name(type, name);
	if (found)
		return found->value;
	guess_start(&guess, name);
	initStringInfo(&valid);
	for (unsigned i = 0; i < type->n_values; i++)
	{
		guess_offer(&guess, type->values[i].name);
		appendStringInfo(&valid, "%s%s", i > 0 ? ", " : "", type->values[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for \"%s\": \"%s\"", path, name),
			 hint_names(&guess, "Valid values are", valid.data)));
}

static void
take_bytes(const ProtobufCMessageDescriptor *holder, const ProtobufCFieldDescriptor *field,
		   const JsonbValue *value, const char *path, ProtobufCBinaryData *bytes)
{
	const ProtobufCMessageDescriptor *held = find_embedded(holder, field->name);
	int			len;

	if (value->type == jbvBinary && held)
	{
		ProtobufCMessage *message = fill_message(held, value->val.binary.data, path);

		bytes->len = protobuf_c_message_get_packed_size(message);
		bytes->data = palloc(Max(bytes->len, 1));
		protobuf_c_message_pack(message, bytes->data);
		return;
	}
	if (value->type != jbvString)
		raise_misfit(path, held ? "an object, or a string in base64" : "a string in base64");
	len = pg_b64_dec_len(value->val.string.len);
	bytes->data = palloc(len + 1);
	len = pg_b64_decode(value->val.string.val, value->val.string.len, (void *) bytes->data, len);
	if (len < 0)
		raise_misfit(path, "a string in base64");
	bytes->len = len;
}

static void
take_value(const ProtobufCMessageDescriptor *holder, const ProtobufCFieldDescriptor *field,
		   const JsonbValue *value, const char *path, void *to)
{
	check_stack_depth();
	switch (field->type)
	{
		case PROTOBUF_C_TYPE_INT32:
		case PROTOBUF_C_TYPE_SINT32:
		case PROTOBUF_C_TYPE_SFIXED32:
			*(int32 *) to = (int32) take_int64(value, PG_INT32_MIN, PG_INT32_MAX, path);
			break;
		case PROTOBUF_C_TYPE_UINT32:
		case PROTOBUF_C_TYPE_FIXED32:
			*(uint32 *) to = (uint32) take_uint64(value, PG_UINT32_MAX, path);
			break;
		case PROTOBUF_C_TYPE_INT64:
		case PROTOBUF_C_TYPE_SINT64:
		case PROTOBUF_C_TYPE_SFIXED64:
			*(int64 *) to = take_int64(value, PG_INT64_MIN, PG_INT64_MAX, path);
			break;
		case PROTOBUF_C_TYPE_UINT64:
		case PROTOBUF_C_TYPE_FIXED64:
			*(uint64 *) to = take_uint64(value, PG_UINT64_MAX, path);
			break;
		case PROTOBUF_C_TYPE_FLOAT:
			*(float *) to = (float) take_double(value, FLT_MAX, path);
			break;
		case PROTOBUF_C_TYPE_DOUBLE:
			*(double *) to = take_double(value, DBL_MAX, path);
			break;
		case PROTOBUF_C_TYPE_BOOL:
			if (value->type != jbvBool)
				raise_misfit(path, "true or false");
			*(protobuf_c_boolean *) to = value->val.boolean;
			break;
		case PROTOBUF_C_TYPE_ENUM:
			*(int *) to = take_enum(field->descriptor, value, path);
			break;
		case PROTOBUF_C_TYPE_STRING:
			*(char **) to = take_text(value, path);
			break;
		case PROTOBUF_C_TYPE_BYTES:
			take_bytes(holder, field, value, path, to);
			break;
		case PROTOBUF_C_TYPE_MESSAGE:
			if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
				raise_misfit(path, "an object");
			*(ProtobufCMessage **) to = fill_message(field->descriptor, value->val.binary.data, path);
			break;
	}
}

/* A list from an array; of pairs, also from an object. */
static void
take_repeated(const ProtobufCFieldDescriptor *field, const JsonbValue *value, const char *path,
			  ProtobufCMessage *message)
{
	size_t		size = value_size(field->type);
	bool		pairs = value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data) &&
		(is_map(field) || is_pair_list(field));
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;
	ProtobufCMessage *pair = NULL;
	char	   *values;
	size_t		count = 0;

	if (!pairs && (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data)))
		raise_misfit(path, is_pair_list(field) ? "an array or an object" : is_map(field) ? "an object" : "an array");
	values = palloc0(size * Max(JsonContainerSize(value->val.binary.data), 1));
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			const ProtobufCFieldDescriptor *key = &((const ProtobufCMessageDescriptor *) field->descriptor)->fields[0];

			pair = palloc0(((const ProtobufCMessageDescriptor *) field->descriptor)->sizeof_message);
			protobuf_c_message_init(field->descriptor, pair);
			take_value(field->descriptor, key, &item, path, (char *) pair + key->offset);
		}
		else if (token == WJB_VALUE)
		{
			const ProtobufCFieldDescriptor *member = &((const ProtobufCMessageDescriptor *) field->descriptor)->fields[1];

			take_value(field->descriptor, member, &item, path, (char *) pair + member->offset);
			((ProtobufCMessage **) values)[count++] = pair;
		}
		else if (token == WJB_ELEM)
			take_value(message->descriptor, field, &item, path, values + size * count++);
	}
	*(char **) ((char *) message + field->offset) = values;
	*(size_t *) ((char *) message + field->quantifier_offset) = count;
}

static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessageDescriptor *type, const char *name, const char *path)
{
	NameGuess	guess;
	StringInfoData valid;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (strcmp(field_name(&type->fields[i]), name) == 0)
			return &type->fields[i];
	guess_start(&guess, name);
	initStringInfo(&valid);
	for (unsigned i = 0; i < type->n_fields; i++)
	{
		guess_offer(&guess, field_name(&type->fields[i]));
		appendStringInfo(&valid, "%s%s", i > 0 ? ", " : "", field_name(&type->fields[i]));
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("%s has no field \"%s\"", type->short_name, path),
			 hint_names(&guess, "Its fields are", valid.data)));
}

static ProtobufCMessage *
fill_message(const ProtobufCMessageDescriptor *type, JsonbContainer *object, const char *path)
{
	ProtobufCMessage *message = palloc0(type->sizeof_message);
	const ProtobufCFieldDescriptor *field = NULL;
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	item;
	const char *member = path;

	protobuf_c_message_init(type, message);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			char	   *name = pnstrdup(item.val.string.val, item.val.string.len);

			member = path[0] ? psprintf("%s.%s", path, name) : name;
			field = find_field(type, name, member);
		}
		else if (token == WJB_VALUE && item.type != jbvNull)
		{
			if (field->label == PROTOBUF_C_LABEL_REPEATED)
				take_repeated(field, &item, member, message);
			else
			{
				uint32	   *chosen = (uint32 *) ((char *) message + field->quantifier_offset);

				if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
				{
					if (*chosen != 0)
						ereport(ERROR,
								(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								 errmsg("\"%s\" excludes another field that is given, too", member),
								 errdetail("%s takes one of the two.", type->short_name)));
					*chosen = field->id;
				}
				take_value(type, field, &item, member, (char *) message + field->offset);
			}
		}
	}
	return message;
}

ProtobufCMessage *
json_to_message(const ProtobufCMessageDescriptor *type, Jsonb *json)
{
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the request must be a JSON object")));
	return fill_message(type, &json->root, "");
}
