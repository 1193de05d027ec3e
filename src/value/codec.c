/*
 * codec.c
 *		Values of a field as Datums of a column's type, and back.
 *
 * Scalars, texts, JSON and arrays; vectors are in vector.c.  Must know nothing
 * but values.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "codec.h"
#include "pgvector.h"
#include "vector.h"

static void *
grow(void *context, void *old, size_t size)
{
	return old ? repalloc_huge(old, size) : MemoryContextAllocHuge(context, size);
}

FlatBuffer
codec_make_buffer(void)
{
	return (FlatBuffer)
	{
		.grow = grow, .context = CurrentMemoryContext
	};
}

static Datum
read_bool(const Codec *codec, const FlatValue *value)
{
	return BoolGetDatum(value->integer != 0);
}

static void
write_bool(const Codec *codec, Datum value, FlatBuffer *values)
{
	flat_put_varint(values, DatumGetBool(value) ? 1 : 0);
}

static Datum
read_int2(const Codec *codec, const FlatValue *value)
{
	return Int16GetDatum((int16) value->integer);
}

static Datum
read_int4(const Codec *codec, const FlatValue *value)
{
	return Int32GetDatum((int32) value->integer);
}

static Datum
read_int8(const Codec *codec, const FlatValue *value)
{
	/* IntArray's elements are int32, sent as 64-bit varints */
	return Int64GetDatum(codec->field.type == MILVUS_INT64 ? value->integer : (int32) value->integer);
}

static void
put_integer(const Codec *codec, int64 value, FlatBuffer *values)
{
	if (value > codec->max_integer || value < -codec->max_integer - 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\": %lld is out of range for a field of type %s",
						codec->column, (long long) value, milvus_type(codec->field.type)->name)));
	flat_put_varint(values, (uint64) value);
}

static void
write_int2(const Codec *codec, Datum value, FlatBuffer *values)
{
	put_integer(codec, DatumGetInt16(value), values);
}

static void
write_int4(const Codec *codec, Datum value, FlatBuffer *values)
{
	put_integer(codec, DatumGetInt32(value), values);
}

static void
write_int8(const Codec *codec, Datum value, FlatBuffer *values)
{
	put_integer(codec, DatumGetInt64(value), values);
}

static Datum
read_float4(const Codec *codec, const FlatValue *value)
{
	return Float4GetDatum(value->single);
}

static void
write_float4(const Codec *codec, Datum value, FlatBuffer *values)
{
	float4		number = DatumGetFloat4(value);

	flat_put_bytes(values, &number, sizeof(number));
}

static Datum
read_float8(const Codec *codec, const FlatValue *value)
{
	return Float8GetDatum(value->real);
}

static void
write_float8(const Codec *codec, Datum value, FlatBuffer *values)
{
	float8		number = DatumGetFloat8(value);

	flat_put_bytes(values, &number, sizeof(number));
}

/* The text received, in the database's encoding and checked: not terminated unless converted. */
static const char *
received_text(const FlatValue *value, int *len)
{
	char	   *text = (char *) value->bytes.data;
	char	   *converted;

	if (value->bytes.len > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("a text of more than 1 GB")));
	*len = (int) value->bytes.len;
	if (*len == 0)
		return "";
	converted = pg_any_to_server(text, *len, PG_UTF8);
	if (converted != text)
		*len = strlen(converted);
	return converted;
}

void
codec_check_length(const char *text, int len, int32 typmod)
{
	int			most = typmod - (int) VARHDRSZ;

	/* so many bytes are never more characters */
	if (typmod >= 0 && len > most && pg_mbstrlen_with_len(text, len) > most)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("value too long for type character varying(%d)", most)));
}

static Datum
read_text(const Codec *codec, const FlatValue *value)
{
	int			len;
	const char *text = received_text(value, &len);

	codec_check_length(text, len, codec->typmod);
	return PointerGetDatum(cstring_to_text_with_len(text, len));
}

char *
codec_to_utf8(char *text, int len, int *utf8_len)
{
	char	   *converted = pg_server_to_any(text, len, PG_UTF8);

	*utf8_len = converted == text ? len : (int) strlen(converted);
	return converted;
}

Datum
codec_json_pair(const char *key, Datum value, Oid typeid)
{
	Oid			output;
	bool		is_varlena;
	StringInfoData text;
	char	   *out;

	typeid = getBaseType(typeid);
	getTypeOutputInfo(typeid, &output, &is_varlena);
	out = OidOutputFunctionCall(output, value);
	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	escape_json(&text, key);
	appendStringInfoString(&text, ": ");
	if (typeid == JSONBOID)
		appendStringInfoString(&text, out);
	else if (typeid == BOOLOID)
		appendStringInfoString(&text, DatumGetBool(value) ? "true" : "false");
	else if (TypeCategory(typeid) == TYPCATEGORY_NUMERIC)
	{
		/* as a string it could not be read as a number again */
		if (strspn(out, "-+.0123456789eE") != strlen(out))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("%s cannot be stored in a document, under the key \"%s\"", out, key)));
		appendStringInfoString(&text, out);
	}
	else
		escape_json(&text, out);
	appendStringInfoChar(&text, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

static void
put_text(const Codec *codec, char *text, int len, FlatBuffer *values)
{
	text = codec_to_utf8(text, len, &len);
	if (codec->field.max_length > 0 && len > codec->field.max_length)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("column \"%s\": value of %d bytes is too long for the field's %d bytes",
						codec->column, len, codec->field.max_length)));
	flat_put_field(values, 1, text, len);
}

static void
write_text(const Codec *codec, Datum value, FlatBuffer *values)
{
	text	   *t = DatumGetTextPP(value);

	put_text(codec, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t), values);
	if ((Pointer) t != DatumGetPointer(value))
		pfree(t);
}

static Datum
read_jsonb(const Codec *codec, const FlatValue *value)
{
	int			len;
	const char *text = received_text(value, &len);

	/* an empty document is how some servers say null */
	if (len == 0)
		return DirectFunctionCall1(jsonb_in, CStringGetDatum("null"));
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(text, len)));
}

static void
write_jsonb(const Codec *codec, Datum value, FlatBuffer *values)
{
	Jsonb	   *json = DatumGetJsonbP(value);
	char	   *text = JsonbToCString(NULL, &json->root, VARSIZE(json));

	put_text(codec, text, strlen(text), values);
	pfree(text);
}

static Datum
read_timestamptz(const Codec *codec, const FlatValue *value)
{
	int			len;
	const char *text = received_text(value, &len);

	return DirectFunctionCall3(timestamptz_in, CStringGetDatum(pnstrdup(text, len)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(codec->typmod));
}

static void
write_timestamptz(const Codec *codec, Datum value, FlatBuffer *values)
{
	char		text[MAXDATELEN + 1];

	if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\": infinity cannot be stored in Milvus", codec->column)));
	JsonEncodeDateTime(text, value, TIMESTAMPTZOID, NULL);
	put_text(codec, text, strlen(text), values);
}

static Datum
read_array(const Codec *codec, const FlatValue *value)
{
	const Codec *element = codec->element;
	FlatColumn	column;
	FlatCursor	cursor = {0};
	FlatValue	item;
	const char *problem = flat_open_element(value->bytes, &column);
	Datum	   *items;
	bool	   *nulls;
	int			count = 0;
	int			lower = 1;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	ArrayType  *array;

	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("column \"%s\": received %s", codec->column, problem)));
	if (column.nrows > 0)
		codec_check_column(element, &column);
	items = palloc(sizeof(Datum) * Max(column.nrows, 1));
	nulls = palloc(sizeof(bool) * Max(column.nrows, 1));
	while (flat_next(&column, &cursor, &item))
	{
		nulls[count] = item.isnull;
		items[count++] = item.isnull ? (Datum) 0 : codec_read(element, &item);
	}
	get_typlenbyvalalign(element->typeid, &typlen, &typbyval, &typalign);
	if (count == 0)
		array = construct_empty_array(element->typeid);
	else
		array = construct_md_array(items, nulls, 1, &count, &lower, element->typeid, typlen, typbyval, typalign);
	pfree(items);
	pfree(nulls);
	return PointerGetDatum(array);
}

/* One row of an array field is a ScalarField: { oneof data { XArray x = carrier } }. */
static void
write_array(const Codec *codec, Datum value, FlatBuffer *values)
{
	const Codec *element = codec->element;
	ArrayType  *array = DatumGetArrayTypeP(value);
	FlatBuffer	items = {.grow = values->grow, .context = values->context};
	FlatBuffer	inner = items,
				outer = items;
	Datum	   *datums;
	bool	   *nulls;
	int			count;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("column \"%s\": only one-dimensional arrays can be stored in Milvus", codec->column)));
	get_typlenbyvalalign(element->typeid, &typlen, &typbyval, &typalign);
	deconstruct_array(array, element->typeid, typlen, typbyval, typalign, &datums, &nulls, &count);
	if (codec->field.max_capacity > 0 && count > codec->field.max_capacity)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\": array of %d elements exceeds the field's capacity of %d",
						codec->column, count, codec->field.max_capacity)));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column \"%s\": an array in Milvus must not contain nulls", codec->column)));
		element->write(element, datums[i], &items);
	}
	/* texts are framed one by one, numbers lie in one packed run */
	if (element->carrier == FLAT_SCALAR_STRING)
		inner = items;
	else
		flat_put_field(&inner, 1, items.data, items.len);
	flat_put_field(&outer, element->carrier, inner.data, inner.len);
	flat_put_field(values, 1, outer.data, outer.len);
}

bool
codec_set_conversions(Codec *codec, Datum (*read) (const Codec *, const FlatValue *),
					  void (*write) (const Codec *, Datum, FlatBuffer *))
{
	codec->read = read;
	codec->write = write;
	return true;
}

static Datum
read_float4_wide(const Codec *codec, const FlatValue *value)
{
	return Float8GetDatum((double) value->single);
}

static void
write_float4_narrow(const Codec *codec, Datum value, FlatBuffer *values)
{
	float8		wide = DatumGetFloat8(value);
	float4		number = (float4) wide;

	if ((double) number != wide && wide == wide)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("column \"%s\": %.17g cannot be stored in a field of type Float without loss",
						codec->column, wide)));
	flat_put_bytes(values, &number, sizeof(number));
}

static bool
find_integer_codec(Oid typeid, const FieldType *field, Codec *codec)
{
	if (typeid == INT8OID)
		return codec_set_conversions(codec, read_int8, write_int8);
	if (typeid == INT4OID && field->type != MILVUS_INT64)
		return codec_set_conversions(codec, read_int4, write_int4);
	if (typeid == INT2OID && field->type != MILVUS_INT64 && field->type != MILVUS_INT32)
		return codec_set_conversions(codec, read_int2, write_int2);
	return false;
}

static bool find_codec(Oid typeid, int32 typmod, const FieldType *field, Codec *codec);

static bool
find_array_codec(Oid typeid, int32 typmod, const FieldType *field, Codec *codec)
{
	Oid			element_type = get_element_type(typeid);
	FieldType	element = {.type = field->element_type, .max_length = field->max_length};

	if (!OidIsValid(element_type) || element.type == MILVUS_ARRAY || element.type == MILVUS_JSON)
		return false;
	codec->element = palloc0(sizeof(Codec));
	/* the modifier of an array is that of its elements */
	if (!find_codec(element_type, typmod, &element, codec->element))
		return false;
	codec->element->column = codec->column;
	return codec_set_conversions(codec, read_array, write_array);
}

static bool
find_codec(Oid typeid, int32 typmod, const FieldType *field, Codec *codec)
{
	const TypeInfo *type = milvus_type(field->type);

	codec->typeid = typeid;
	codec->typmod = typmod;
	codec->field = *field;
	codec->carrier = type->carrier;
	codec->max_integer = type->max;
	switch (field->type)
	{
		case MILVUS_BOOL:
			return typeid == BOOLOID && codec_set_conversions(codec, read_bool, write_bool);
		case MILVUS_INT8:
		case MILVUS_INT16:
		case MILVUS_INT32:
		case MILVUS_INT64:
			return find_integer_codec(typeid, field, codec);
		case MILVUS_FLOAT:
			if (typeid == FLOAT8OID)
				return codec_set_conversions(codec, read_float4_wide, write_float4_narrow);
			return typeid == FLOAT4OID && codec_set_conversions(codec, read_float4, write_float4);
		case MILVUS_DOUBLE:
			return typeid == FLOAT8OID && codec_set_conversions(codec, read_float8, write_float8);
		case MILVUS_STRING:
		case MILVUS_VARCHAR:
		case MILVUS_TEXT:
		case MILVUS_GEOMETRY:
			return (typeid == TEXTOID || typeid == VARCHAROID) &&
				codec_set_conversions(codec, read_text, write_text);
		case MILVUS_JSON:
			if (typeid == JSONBOID)
				return codec_set_conversions(codec, read_jsonb, write_jsonb);
			return typeid == TEXTOID && codec_set_conversions(codec, read_text, write_text);
		case MILVUS_TIMESTAMPTZ:
			return typeid == TIMESTAMPTZOID &&
				codec_set_conversions(codec, read_timestamptz, write_timestamptz);
		case MILVUS_ARRAY:
			return find_array_codec(typeid, typmod, field, codec);
		default:
			return vector_find_codec(typeid, typmod, field, codec);
	}
}

static const char *
describe_field(const FieldType *field)
{
	if (field->type == MILVUS_ARRAY)
		return psprintf("Array of %s", milvus_type(field->element_type)->name);
	return field->dim > 0 ? psprintf("%s of %d dimensions", milvus_type(field->type)->name, field->dim) :
		milvus_type(field->type)->name;
}

void
codec_init(Codec *codec, const char *column, Oid typeid, int32 typmod, const FieldType *field)
{
	Oid			base = getBaseTypeAndTypmod(typeid, &typmod);

	memset(codec, 0, sizeof(*codec));
	codec->column = column;
	codec->domain = base != typeid ? typeid : InvalidOid;
	if (!find_codec(base, typmod, field, codec))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s does not fit the Milvus field of type %s",
						column, format_type_with_typemod(base, typmod), describe_field(field)),
				 errhint("IMPORT FOREIGN SCHEMA chooses type %s for it.", codec_import_type(field))));
}

void
codec_check_column(const Codec *codec, const FlatColumn *column)
{
	/* geometries come as text or as bytes */
	if ((column->carrier != codec->carrier &&
		 !(codec->carrier == FLAT_SCALAR_GEOMETRY_WKT && column->carrier != FLAT_SCALAR_ARRAY && column->kind == FLAT_BYTES)) ||
		(column->kind == FLAT_FIXED && column->dim != (uint32) codec->field.dim))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("column \"%s\": received values of another kind than the field of type %s has",
						codec->column, describe_field(&codec->field)),
				 errhint("The collection may have been changed meanwhile; try again.")));
}

/* The constraints of a domain; core keeps what it looks up in the function's memory. */
static void
check_domain(const Codec *codec, Datum value, bool isnull)
{
	if (OidIsValid(codec->domain))
		domain_check(value, isnull, codec->domain, NULL, CurrentMemoryContext);
}

Datum
codec_read(const Codec *codec, const FlatValue *value)
{
	Datum		result = codec->read(codec, value);

	check_domain(codec, result, false);
	return result;
}

void
codec_check_null(const Codec *codec)
{
	check_domain(codec, (Datum) 0, true);
}

void
codec_write(const Codec *codec, Datum value, FlatBuffer *values)
{
	codec->write(codec, value, values);
}

static char *
sized_type(PgvectorType type, int size)
{
	char	   *name = format_type_be_qualified(pgvector_type(type));

	return size > 0 ? psprintf("%s(%d)", name, size) : name;
}

char *
codec_import_type(const FieldType *field)
{
	switch (field->type)
	{
		case MILVUS_BOOL:
			return "boolean";
		case MILVUS_INT8:
		case MILVUS_INT16:
			return "smallint";
		case MILVUS_INT32:
			return "integer";
		case MILVUS_INT64:
			return "bigint";
		case MILVUS_FLOAT:
			return "real";
		case MILVUS_DOUBLE:
			return "double precision";
		case MILVUS_VARCHAR:
			/* a text of n bytes never has more than n characters */
			return field->max_length > 0 ? psprintf("character varying(%d)", field->max_length) : "text";
		case MILVUS_JSON:
			return "jsonb";
		case MILVUS_TIMESTAMPTZ:
			return "timestamp with time zone";
		case MILVUS_ARRAY:
			{
				FieldType	element = {.type = field->element_type, .max_length = field->max_length};
				char	   *type = element.type == MILVUS_ARRAY ? NULL : codec_import_type(&element);

				return type ? psprintf("%s[]", type) : NULL;
			}
		case MILVUS_FLOAT_VECTOR:
		case MILVUS_BFLOAT16_VECTOR:
		case MILVUS_INT8_VECTOR:
			/* it holds every value of the narrower ones, which have no type */
			if (OidIsValid(pgvector_type(PGVECTOR_VECTOR)) && field->dim <= PGVECTOR_MAX_DIM)
				return sized_type(PGVECTOR_VECTOR, field->dim);
			return field->type == MILVUS_INT8_VECTOR ? "smallint[]" : "real[]";
		case MILVUS_FLOAT16_VECTOR:
			if (OidIsValid(pgvector_type(PGVECTOR_HALFVEC)) && field->dim <= PGVECTOR_MAX_DIM)
				return sized_type(PGVECTOR_HALFVEC, field->dim);
			return "real[]";
		case MILVUS_BINARY_VECTOR:
			return psprintf("bit(%d)", field->dim);
		case MILVUS_SPARSE_VECTOR:
			if (OidIsValid(pgvector_type(PGVECTOR_SPARSEVEC)))
				return sized_type(PGVECTOR_SPARSEVEC, SPARSEVEC_MAX_DIM);
			return "jsonb";
		case MILVUS_STRING:
		case MILVUS_TEXT:
		case MILVUS_GEOMETRY:
			return "text";
	}
	return NULL;
}

/* Milvus' limits of texts and of arrays (2.3 and later) */
#define MILVUS_MAX_LENGTH 65535
#define MILVUS_MAX_CAPACITY 4096

static bool
scalar_field_for_type(Oid typeid, int32 typmod, FieldType *field)
{
	switch (typeid)
	{
		case BOOLOID:
			field->type = MILVUS_BOOL;
			return true;
		case INT2OID:
			field->type = MILVUS_INT16;
			return true;
		case INT4OID:
			field->type = MILVUS_INT32;
			return true;
		case INT8OID:
			field->type = MILVUS_INT64;
			return true;
		case FLOAT4OID:
			field->type = MILVUS_FLOAT;
			return true;
		case FLOAT8OID:
			field->type = MILVUS_DOUBLE;
			return true;
		case TEXTOID:
		case VARCHAROID:
			field->type = MILVUS_VARCHAR;
			field->max_length = MILVUS_MAX_LENGTH;
			/* so many characters may take that many bytes */
			if (typeid == VARCHAROID && typmod >= (int32) VARHDRSZ)
				field->max_length = Min((int64) MILVUS_MAX_LENGTH,
										(int64) (typmod - VARHDRSZ) * pg_database_encoding_max_length());
			return true;
		default:
			return false;
	}
}

/* A column that the option dim makes a vector. */
static bool
vector_field_for_type(Oid typeid, int32 typmod, int dim, FieldType *field, const char **problem)
{
	PgvectorType pgvector = pgvector_classify(typeid);

	field->type = pgvector == PGVECTOR_HALFVEC ? MILVUS_FLOAT16_VECTOR : MILVUS_FLOAT_VECTOR;
	field->dim = dim;
	if (typeid != FLOAT4ARRAYOID && pgvector != PGVECTOR_VECTOR && pgvector != PGVECTOR_HALFVEC)
		*problem = psprintf("the option dim suits real[], vector and halfvec, not %s", format_type_be(typeid));
	else if (pgvector != PGVECTOR_NONE && typmod > 0 && typmod != dim)
		*problem = psprintf("the option dim is %d, its type %s", dim, format_type_with_typemod(typeid, typmod));
	else
		return true;
	return false;
}

bool
codec_field_for_type(Oid typeid, int32 typmod, int dim, FieldType *field, const char **problem)
{
	PgvectorType pgvector;

	/* of a domain, what it is over */
	typeid = getBaseTypeAndTypmod(typeid, &typmod);
	pgvector = pgvector_classify(typeid);
	memset(field, 0, sizeof(*field));
	*problem = psprintf("Milvus has no field for type %s", format_type_be(typeid));
	if (dim > 0)
		return vector_field_for_type(typeid, typmod, dim, field, problem);
	if (scalar_field_for_type(typeid, typmod, field))
		return true;
	if (typeid == JSONBOID)
		field->type = MILVUS_JSON;
	else if (typeid == TIMESTAMPTZOID)
		field->type = MILVUS_TIMESTAMPTZ;
	else if (pgvector == PGVECTOR_SPARSEVEC)
		field->type = MILVUS_SPARSE_VECTOR;
	else if (pgvector != PGVECTOR_NONE || typeid == BITOID)
	{
		field->type = pgvector == PGVECTOR_VECTOR ? MILVUS_FLOAT_VECTOR :
			pgvector == PGVECTOR_HALFVEC ? MILVUS_FLOAT16_VECTOR : MILVUS_BINARY_VECTOR;
		field->dim = typmod;
		if (typmod <= 0)
		{
			*problem = psprintf("type %s needs a dimension", format_type_be(typeid));
			return false;
		}
	}
	else if (OidIsValid(get_element_type(typeid)))
	{
		FieldType	element = {0};

		if (!scalar_field_for_type(get_element_type(typeid), typmod, &element))
			return false;
		field->type = MILVUS_ARRAY;
		field->element_type = element.type;
		field->max_length = element.max_length;
		field->max_capacity = MILVUS_MAX_CAPACITY;
	}
	else
		return false;
	return true;
}
