/*
 * row.c
 *		Rows of a response as values of the scan tuple.
 *
 * Columns are found by name: servers send them in any order, and more than
 * were asked for.  Must not know how the response was come by.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "filter/filter.h"
#include "row.h"

typedef struct RowColumn
{
	int			position;
	const TableColumn *column;
	Codec		codec;

	/*
	 * of a dynamic key: how its value becomes one of the type, of a domain
	 * the one it is over
	 */
	Oid			type;
	int32		typmod;
	FmgrInfo	input;
	Oid			input_param;
	FlatColumn *source;
	FlatCursor	cursor;
} RowColumn;

struct RowReader
{
	const MilvusTable *table;
	int			width;
	int			ncolumns;
	RowColumn  *columns;
	int			distance_position;
	int			vector_position;
	uint32		rows_left;
	FlatColumn *key;
	FlatCursor	key_cursor;
	const char *current;		/* column being read, for error messages */
};

static void
add_column(RowReader *reader, int position, AttrNumber attnum)
{
	RowColumn  *column = &reader->columns[reader->ncolumns++];

	table_require_column(reader->table, attnum);
	column->position = position;
	column->column = &reader->table->columns[attnum - 1];
	table_init_codec(reader->table, attnum, &column->codec);
	if (column->column->dynamic_key)
	{
		Oid			input;

		column->typmod = column->column->typmod;
		column->type = getBaseTypeAndTypmod(column->column->typeid, &column->typmod);
		getTypeInputInfo(column->type, &input, &column->input_param);
		fmgr_info(input, &column->input);
	}
}

RowReader *
row_make_reader(const MilvusTable *table, List *columns, List *left_out, AttrNumber vector)
{
	RowReader  *reader = palloc0(sizeof(RowReader));
	ListCell   *lc;

	reader->table = table;
	reader->columns = palloc0(sizeof(RowColumn) * (list_length(columns) + 1));
	reader->distance_position = reader->vector_position = -1;
	foreach(lc, columns)
	{
		int			attnum = lfirst_int(lc);
		int			position = foreach_current_index(lc);

		if (attnum == 0)
			reader->distance_position = position;
		else if (attnum > 0 && !list_member_int(left_out, attnum))
		{
			add_column(reader, position, attnum);
			if (attnum == vector)
				reader->vector_position = position;
		}
	}
	reader->width = list_length(columns);
	if (vector != 0 && reader->vector_position < 0)
	{
		reader->vector_position = reader->width++;
		add_column(reader, reader->vector_position, vector);
	}
	return reader;
}

/* A key that is no identifier can't be asked for: it is taken out of the whole document here. */
static const char *
output_name(const RowColumn *column)
{
	const char *key = column->column->dynamic_key;

	return key && filter_is_identifier(key) ? key : column->column->field->name;
}

List *
row_add_output_field(List *fields, const char *name)
{
	ListCell   *lc;

	foreach(lc, fields)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return fields;
	}
	return lappend(fields, unconstify(char *, name));
}

List *
row_output_fields(const RowReader *reader)
{
	List	   *fields = NIL;

	for (int i = 0; i < reader->ncolumns; i++)
		fields = row_add_output_field(fields, output_name(&reader->columns[i]));
	return fields;
}

int
row_vector_position(const RowReader *reader)
{
	return reader->vector_position;
}

int
row_distance_position(const RowReader *reader)
{
	return reader->distance_position;
}

void
row_bind(RowReader *reader, FlatResult *result)
{
	const char *key_name = reader->table->collection->primary_key->name;
	const char *rpc = result->is_search ? "Search" : "Query";

	reader->rows_left = result->nrows;
	reader->key = flat_find_column(result, key_name);
	if (result->is_search && result->ids.kind != FLAT_NONE)
		reader->key = &result->ids;
	memset(&reader->key_cursor, 0, sizeof(FlatCursor));
	for (int i = 0; i < reader->ncolumns; i++)
	{
		RowColumn  *column = &reader->columns[i];

		memset(&column->cursor, 0, sizeof(FlatCursor));
		column->source = flat_find_column(result, column->column->field->name);
		/* keys of a search are not always among its fields */
		if (column->source == NULL && result->is_search && column->column->field->primary_key &&
			result->ids.kind != FLAT_NONE)
			column->source = &result->ids;
		if (column->source == NULL && result->nrows > 0)
			read_raise_malformed(reader->table, rpc, psprintf("no column \"%s\"", column->column->field->name));
		if (result->nrows > 0)
			codec_check_column(&column->codec, column->source);
	}
	if (reader->key == NULL && result->nrows > 0)
		read_raise_malformed(reader->table, rpc, "no keys");
	if (result->nrows > 0)
		read_check_keys(reader->table, rpc, reader->key);
}

static bool
is_number_type(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID ||
		type == FLOAT4OID || type == FLOAT8OID || type == NUMERICOID;
}

/*
 * The text of a scalar for a column's input function.  A number, a boolean and
 * a string are told apart, as jsonb's own casts do: filters rely on it.
 */
static char *
scalar_text(const RowColumn *column, const JsonbValue *scalar)
{
	Oid			type = column->type;
	const char *kind = scalar->type == jbvString ? "string" : scalar->type == jbvBool ? "boolean" : "numeric";

	if (scalar->type == jbvString ? is_number_type(type) || type == BOOLOID :
		scalar->type == jbvBool ? is_number_type(type) : type == BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot cast jsonb %s to type %s", kind, format_type_be(type))));
	if (scalar->type == jbvString)
		return pnstrdup(scalar->val.string.val, scalar->val.string.len);
	if (scalar->type == jbvBool)
		return pstrdup(scalar->val.boolean ? "true" : "false");
	/* 5.0 is an integer: without the zeros behind the point it reads as one */
	if (is_number_type(type))
		return numeric_normalize(scalar->val.numeric);
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(scalar->val.numeric)));
}

/* The value of a dynamic key, from the document that holds it, but for a domain's constraints. */
static Datum
find_dynamic(const RowColumn *column, const FlatValue *value, bool *isnull)
{
	Jsonb	   *document = value->isnull ? NULL : DatumGetJsonbP(codec_read(&column->codec, value));
	const char *key = column->column->dynamic_key;
	JsonbValue	buffer;
	JsonbValue *found = NULL;
	Jsonb	   *json;
	char	   *text;

	if (document && JB_ROOT_IS_OBJECT(document))
		found = getKeyJsonValueFromContainer(&document->root, key, strlen(key), &buffer);
	*isnull = found == NULL || (found->type == jbvNull && column->type != JSONBOID);
	if (*isnull)
		return (Datum) 0;
	if (column->type == JSONBOID)
		return JsonbPGetDatum(JsonbValueToJsonb(found));
	if (found->type == jbvBinary)
	{
		json = JsonbValueToJsonb(found);
		text = JsonbToCString(NULL, &json->root, VARSIZE(json));
	}
	else
		text = scalar_text(column, found);
	if (column->type == VARCHAROID)
		codec_check_length(text, strlen(text), column->typmod);
	return InputFunctionCall((FmgrInfo *) &column->input, text, column->input_param, column->typmod);
}

static Datum
read_dynamic(const RowColumn *column, const FlatValue *value, bool *isnull)
{
	Datum		result = find_dynamic(column, value, isnull);

	if (column->type != column->column->typeid)
		domain_check(result, *isnull, column->column->typeid, NULL, CurrentMemoryContext);
	return result;
}

static void
describe_position(void *arg)
{
	RowReader  *reader = arg;

	if (reader->current)
		errcontext("column \"%s\" of foreign table \"%s\"", reader->current, reader->table->relname);
}

bool
row_next(RowReader *reader, Datum *values, bool *nulls)
{
	ErrorContextCallback context = {error_context_stack, describe_position, reader};
	bool		more = reader->rows_left > 0;

	if (!more)
		return false;
	reader->rows_left--;
	error_context_stack = &context;
	for (int i = 0; i < reader->width; i++)
		nulls[i] = true;
	for (int i = 0; i < reader->ncolumns && more; i++)
	{
		RowColumn  *column = &reader->columns[i];
		FlatValue	value;

		reader->current = column->column->name;
		more = column->source && flat_next(column->source, &column->cursor, &value);
		if (!more)
			continue;
		if (value.isnull && column->column->dynamic_key == NULL)
		{
			codec_check_null(&column->codec);
			continue;
		}
		nulls[column->position] = false;
		if (column->column->dynamic_key)
			values[column->position] = read_dynamic(column, &value, &nulls[column->position]);
		else
			values[column->position] = codec_read(&column->codec, &value);
	}
	reader->current = NULL;
	error_context_stack = context.previous;
	if (!more)
		read_raise_malformed(reader->table, "Query", "fewer values than rows");
	return true;
}

void
row_skip(RowReader *reader)
{
	FlatValue	ignored;

	if (reader->rows_left > 0)
		reader->rows_left--;
	for (int i = 0; i < reader->ncolumns; i++)
		if (reader->columns[i].source)
			(void) flat_next(reader->columns[i].source, &reader->columns[i].cursor, &ignored);
}

static bool
take_key(FlatColumn *column, FlatCursor *cursor, RowKey *key)
{
	FlatValue	value;

	if (column == NULL || !flat_next(column, cursor, &value))
		return false;
	key->is_text = column->kind == FLAT_BYTES;
	if (key->is_text)
		key->text = value.bytes;
	else
		key->integer = value.integer;
	return true;
}

bool
row_next_key(RowReader *reader, RowKey *key)
{
	return take_key(reader->key, &reader->key_cursor, key);
}

int
row_compare_keys(const RowKey *one, const RowKey *other)
{
	int			result;

	if (!one->is_text)
		return one->integer < other->integer ? -1 : one->integer > other->integer;
	result = memcmp(one->text.data, other->text.data, Min(one->text.len, other->text.len));
	if (result != 0 || one->text.len == other->text.len)
		return result;
	return one->text.len < other->text.len ? -1 : 1;
}

bool
row_last_key(RowReader *reader, RowKey *key, bool *ascending)
{
	FlatCursor	cursor = {0};
	RowKey		next;
	bool		found = false;

	*ascending = true;
	while (take_key(reader->key, &cursor, &next))
	{
		/* a server may have a key twice */
		if (found && row_compare_keys(&next, key) < 0)
			*ascending = false;
		*key = next;
		found = true;
	}
	return found;
}

/* what is assumed of a value whose size the schema does not tell, before pages tell */
#define ASSUMED_BYTES 512

static int
value_width(const CollectionField *field, bool *varies)
{
	int			bytes = milvus_type_bytes(field->data_type, field->dim);

	if (bytes > 0)
		return bytes;
	if (field->data_type == MILVUS_VARCHAR && field->max_length <= ASSUMED_BYTES)
		return Max(field->max_length / 2, 1);
	*varies = true;
	return ASSUMED_BYTES;
}

int
row_estimate_width(const RowReader *reader, bool *varies, int *vector_bytes)
{
	int64		width = value_width(reader->table->collection->primary_key, varies);

	*vector_bytes = 0;
	for (int i = 0; i < reader->ncolumns; i++)
	{
		const CollectionField *field = reader->columns[i].column->field;

		width += value_width(field, varies);
		if (milvus_type_is_vector(field->data_type))
			*vector_bytes += value_width(field, varies);
	}
	return (int) Min(width, INT_MAX / 2);
}
