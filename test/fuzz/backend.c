/*
 * backend.c
 *		Fuzzing inside a backend of what a server's answer goes through there:
 *		unpack.c, protobuf-c, json.c; flat.c, row.c and the codecs.
 *
 * Built into the library by test/fuzz/backend, which also says how to use it.
 * What is asserted besides what the sanitizers see:
 *	- whatever is refused is refused by an error that says so, never an internal one
 *	- a message that may be unpacked takes no more than it was allowed to
 *	- a value that is read prints, and its type's input function takes the text
 *
 * The same seed makes the same inputs in the same order.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "read/row.h"
#include "proto/milvus.pb-c.h"
#include "wire/json.h"
#include "wire/unpack.h"

PG_FUNCTION_INFO_V1(milvus_fuzz);

#define NSEEDS 400
#define INPUT_BYTES 65536
#define MAX_DEPTH 6
#define SERVICE (&milvus__proto__milvus__milvus_service__descriptor)

/* ---- random numbers ---- */

static uint64 random_state;

static uint64
next_random(void)
{
	uint64		z = (random_state += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint32
below(uint32 n)
{
	return (uint32) (next_random() >> 32) % n;
}

static const char *const texts[] = {"", "a", "id", "dim", "3", "\xc3\xa9", "{\"a\": [1, null]}", "max_length", "20", "-1", "1e400", "[1,2]", "\xf0\x9f\x82\xa1"};

static int64
random_integer(void)
{
	static const int64 odd[] = {0, 1, -1, 2, 5, 21, 22, 23, 100, 101, 104, 127, 128, 32767, 65539, PG_INT32_MAX, PG_INT32_MIN, PG_INT64_MAX, PG_INT64_MIN};

	return below(3) ? odd[below(lengthof(odd))] : (int64) next_random();
}

/* ---- any message, by its descriptor ---- */

static ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *type, int depth);

/* A value of a field into *at; false when it stays unset. */
static bool
random_value(const ProtobufCFieldDescriptor *field, void *at, int depth)
{
	switch (field->type)
	{
		case PROTOBUF_C_TYPE_STRING:
			*(char **) at = unconstify(char *, texts[below(lengthof(texts))]);
			return true;
		case PROTOBUF_C_TYPE_BYTES:
			*(ProtobufCBinaryData *) at = (ProtobufCBinaryData) {below(12), (uint8 *) "\x00\xff\x80 \x0a\x02hi\x12\x01\x00"};
			return true;
		case PROTOBUF_C_TYPE_MESSAGE:
			if (depth >= MAX_DEPTH)
				return false;
			*(ProtobufCMessage **) at = random_message(field->descriptor, depth + 1);
			return true;
		case PROTOBUF_C_TYPE_INT64:
		case PROTOBUF_C_TYPE_SINT64:
		case PROTOBUF_C_TYPE_SFIXED64:
		case PROTOBUF_C_TYPE_UINT64:
		case PROTOBUF_C_TYPE_FIXED64:
		case PROTOBUF_C_TYPE_DOUBLE:
			*(int64 *) at = random_integer();
			return true;
		case PROTOBUF_C_TYPE_BOOL:
			*(protobuf_c_boolean *) at = below(2);
			return true;
		default:
			*(int32 *) at = (int32) random_integer();
			return true;
	}
}

static size_t
width_of(const ProtobufCFieldDescriptor *field)
{
	switch (field->type)
	{
		case PROTOBUF_C_TYPE_STRING:
		case PROTOBUF_C_TYPE_MESSAGE:
			return sizeof(void *);
		case PROTOBUF_C_TYPE_BYTES:
			return sizeof(ProtobufCBinaryData);
		case PROTOBUF_C_TYPE_BOOL:
			return sizeof(protobuf_c_boolean);
		case PROTOBUF_C_TYPE_INT64:
		case PROTOBUF_C_TYPE_SINT64:
		case PROTOBUF_C_TYPE_SFIXED64:
		case PROTOBUF_C_TYPE_UINT64:
		case PROTOBUF_C_TYPE_FIXED64:
		case PROTOBUF_C_TYPE_DOUBLE:
			return 8;
		default:
			return 4;
	}
}

static ProtobufCMessage *
random_message(const ProtobufCMessageDescriptor *type, int depth)
{
	ProtobufCMessage *message = palloc0(type->sizeof_message);

	protobuf_c_message_init(type, message);
	for (unsigned i = 0; i < type->n_fields; i++)
	{
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		char	   *at = (char *) message + field->offset;
		uint32	   *quantifier = (uint32 *) ((char *) message + field->quantifier_offset);

		if (below(3) == 0)
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
		{
			size_t		n = below(4);
			char	   *values = palloc0(Max(n * width_of(field), 1));
			size_t		filled = 0;

			while (filled < n && random_value(field, values + filled * width_of(field), depth))
				filled++;
			*(size_t *) quantifier = filled;
			*(void **) at = values;
		}
		else if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		{
			if (*quantifier == 0 && random_value(field, at, depth))
				*quantifier = field->id;
		}
		else if (random_value(field, at, depth) && field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset > 0)
			*(protobuf_c_boolean *) quantifier = true;
	}
	return message;
}

/* ---- inputs ---- */

typedef struct Input
{
	const ProtobufCMessageDescriptor *type;
	size_t		len;
	uint8	   *data;
} Input;

static Input seeds[NSEEDS];
static uint8 *buffer;

static void
keep_seed(Input *seed, const ProtobufCMessage *message)
{
	seed->type = message->descriptor;
	seed->len = protobuf_c_message_get_packed_size(message);
	seed->data = palloc(seed->len + 1);
	protobuf_c_message_pack(message, seed->data);
}

/* A seed, some of its bytes changed. */
static Input
mutate(const Input *seed)
{
	Input		input = {seed->type, Min(seed->len, INPUT_BYTES), buffer};

	memcpy(buffer, seed->data, input.len);
	for (uint32 changes = below(4); changes > 0 && input.len > 0; changes--)
	{
		uint32		at = below((uint32) input.len);
		uint32		n = 1 + below(16);

		n = Min(n, (uint32) input.len - at);
		switch (below(6))
		{
			case 0:
				buffer[at] ^= 1 << below(8);
				break;
			case 1:
				buffer[at] = (uint8) random_integer();
				break;
			case 2:				/* cut out */
				memmove(buffer + at, buffer + at + n, input.len - at - n);
				input.len -= n;
				break;
			case 3:				/* again */
				if (input.len + n <= INPUT_BYTES)
				{
					memmove(buffer + at + n, buffer + at, input.len - at);
					input.len += n;
				}
				break;
			case 4:				/* a part of another */
				{
					const Input *other = &seeds[below(NSEEDS)];
					uint32		from = other->len ? below((uint32) other->len) : 0;

					n = Min(n, (uint32) (other->len - from));
					memcpy(buffer + at, other->data + from, Min(n, input.len - at));
				}
				break;
			default:
				input.len = at;
				break;
		}
	}
	/* a block of its own size: so that a read beyond it is seen */
	input.data = palloc(Max(input.len, 1));
	memcpy(input.data, buffer, input.len);
	return input;
}

/* ---- a message as JSON, and back ---- */

static const char *
try_message(const Input *input)
{
	ProtobufCMessage *message;
	Jsonb	   *json;

	if (unpack_problem(input->type, (FlatSlice) {input->data, input->len}) != NULL)
		return NULL;
	message = protobuf_c_message_unpack(input->type, rpc_allocator(), input->len, input->data);
	if (MemoryContextMemAllocated(CurrentMemoryContext, true) > (Size) 512 * 1024 * 1024)
		return "unpacked to more than was allowed";
	if (message == NULL)
		return NULL;
	json = json_from_message(message);
	(void) JsonbToCString(NULL, &json->root, VARSIZE(json));
	message = json_to_message(input->type, json);
	(void) protobuf_c_message_get_packed_size(message);
	if (input->type == &milvus__proto__milvus__describe_collection_response__descriptor)
	{
		const Milvus__Proto__Schema__CollectionSchema *schema = ((Milvus__Proto__Milvus__DescribeCollectionResponse *) message)->schema;

		for (size_t i = 0; schema && i < schema->n_fields; i++)
		{
			CollectionField field = {0};
			FieldType	type;

			collection_read_field(&field, schema->fields[i]);
			table_field_type(&field, &type);
			(void) codec_import_type(&type);
		}
	}
	return NULL;
}

/* ---- rows ---- */

/* a field, the columns it may be read by, and values as an answer has them */
static const struct
{
	const char *type;			/* of FieldData */
	const char *columns;		/* SQL types, separated by ; */
	CollectionField field;
	const char *values;
}			kinds[] = {
	{"Int64", "bigint", {.data_type = MILVUS_INT64,.primary_key = true}, "\"scalars\": {\"long_data\": {\"data\": [-9223372036854775807, 2, 3]}}"},
	{"Bool", "boolean", {.data_type = MILVUS_BOOL}, "\"scalars\": {\"bool_data\": {\"data\": [true, false, true]}}"},
	{"Int8", "smallint;bigint", {.data_type = MILVUS_INT8}, "\"scalars\": {\"int_data\": {\"data\": [1, -128, 127]}}"},
	{"Int32", "integer;bigint", {.data_type = MILVUS_INT32}, "\"scalars\": {\"int_data\": {\"data\": [1, 2147483647, -2]}}"},
	{"Float", "real;double precision", {.data_type = MILVUS_FLOAT}, "\"scalars\": {\"float_data\": {\"data\": [1.5, \"NaN\", \"Infinity\"]}}"},
	{"Double", "double precision", {.data_type = MILVUS_DOUBLE}, "\"scalars\": {\"double_data\": {\"data\": [1.5, 0, -1e300]}}"},
	{"VarChar", "text;varchar(3)", {.data_type = MILVUS_VARCHAR,.max_length = 20}, "\"scalars\": {\"string_data\": {\"data\": [\"a\", \"\u00e9\u4e2d  \", \"long\"]}}"},
	{"JSON", "jsonb;text", {.data_type = MILVUS_JSON}, "\"scalars\": {\"json_data\": {\"data\": [\"e30=\", \"WzEsbnVsbF0=\", \"eyJhIjoiXHUwMGU5In0=\"]}}"},
	{"Timestamptz", "timestamptz", {.data_type = MILVUS_TIMESTAMPTZ}, "\"scalars\": {\"string_data\": {\"data\": [\"2024-01-01T00:00:00Z\", \"0001-01-01T00:00:00+01:00\", \"x\"]}}"},
	{"Array", "bigint[]", {.data_type = MILVUS_ARRAY,.element_type = MILVUS_INT64}, "\"scalars\": {\"array_data\": {\"element_type\": \"Int64\", \"data\": [{\"long_data\": {\"data\": [1, 2]}}, {\"long_data\": {}}, {}]}}"},
	{"Array", "text[];varchar(3)[]", {.data_type = MILVUS_ARRAY,.element_type = MILVUS_VARCHAR,.max_length = 9}, "\"scalars\": {\"array_data\": {\"element_type\": \"VarChar\", \"data\": [{\"string_data\": {\"data\": [\"a\", \"bcde\"]}}, {}, {\"string_data\": {}}]}}"},
	{"Array", "real[]", {.data_type = MILVUS_ARRAY,.element_type = MILVUS_FLOAT}, "\"scalars\": {\"array_data\": {\"element_type\": \"Float\", \"data\": [{\"float_data\": {\"data\": [1, 2]}}, {}, {\"int_data\": {\"data\": [1]}}]}}"},
	{"FloatVector", "real[];vector(2);vector", {.data_type = MILVUS_FLOAT_VECTOR,.dim = 2}, "\"vectors\": {\"dim\": 2, \"float_vector\": {\"data\": [1, 2, 3, 4, 5, 6]}}"},
	{"BinaryVector", "bit(16);varbit", {.data_type = MILVUS_BINARY_VECTOR,.dim = 16}, "\"vectors\": {\"dim\": 16, \"binary_vector\": \"AAECAwQF\"}"},
	{"BinaryVector", "bit(12);varbit", {.data_type = MILVUS_BINARY_VECTOR,.dim = 12}, "\"vectors\": {\"dim\": 12, \"binary_vector\": \"AAECAwQF\"}"},
	{"Float16Vector", "real[];halfvec(2)", {.data_type = MILVUS_FLOAT16_VECTOR,.dim = 2}, "\"vectors\": {\"dim\": 2, \"float16_vector\": \"ADwAPAB8AHwAPgA+\"}"},
	{"BFloat16Vector", "real[];vector(2)", {.data_type = MILVUS_BFLOAT16_VECTOR,.dim = 2}, "\"vectors\": {\"dim\": 2, \"bfloat16_vector\": \"gD+APwBAAECAf4B/\"}"},
	{"SparseFloatVector", "jsonb;sparsevec(9);sparsevec", {.data_type = MILVUS_SPARSE_VECTOR}, "\"vectors\": {\"dim\": 9, \"sparse_float_vector\": {\"dim\": 9, \"contents\": [\"AQAAAAAAgD8=\", \"\", \"AQAAAAAAgD8FAAAAAACAvw==\"]}}"},
	{"Int8Vector", "smallint[]", {.data_type = MILVUS_INT8_VECTOR,.dim = 2}, "\"vectors\": {\"dim\": 2, \"int8_vector\": \"AAECAwQF\"}"}
};

/* Of a list separated by semicolons one that there is, NULL when pgvector lacks. */
static bool
choose_type(const char *list, Oid *typeid, int32 *typmod)
{
	char	   *copy = pstrdup(list);
	char	   *type;
	int			n = 0;

	for (type = strtok(copy, ";"); type; type = strtok(NULL, ";"))
		if ((strstr(type, "vec") == NULL || OidIsValid(TypenameGetTypid("vector"))) && below(++n) == 0)
			parseTypeString(type, typeid, typmod, false);
	return n > 0;
}

static MilvusTable *
make_table(void)
{
	MilvusTable *table = palloc0(sizeof(MilvusTable));
	Collection *collection = palloc0(sizeof(Collection));

	table->relname = "fuzzed";
	table->connection = palloc0(sizeof(MilvusConnection));
	table->connection->rpc.name = "fuzz";
	table->connection->dialect = dialect_find("2.6.10");
	table->collection = collection;
	collection->name = collection->asked_name = "fuzzed";
	collection->dbname = "default";
	collection->nfields = table->ncolumns = lengthof(kinds);
	collection->fields = palloc0(sizeof(CollectionField) * lengthof(kinds));
	collection->primary_key = &collection->fields[0];
	table->columns = palloc0(sizeof(TableColumn) * lengthof(kinds));
	for (int i = 0; i < lengthof(kinds); i++)
	{
		TableColumn *column = &table->columns[i];

		collection->fields[i] = kinds[i].field;
		collection->fields[i].name = column->name = i == 0 ? "id" : psprintf("f%d", i);
		collection->fields[i].nullable = below(4) == 0;
		column->field = &collection->fields[i];
		if (!choose_type(kinds[i].columns, &column->typeid, &column->typmod))
			column->typeid = InvalidOid;
	}
	return table;
}

/* An answer with all columns, of which some have the values of another's kind. */
static void
make_rows(Input *seed)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"fields_data\": [");
	for (int i = 0; i < lengthof(kinds); i++)
	{
		int			as = below(12) ? i : (int) below(lengthof(kinds));

		appendStringInfo(&json, "%s{\"type\": \"%s\", \"field_name\": \"%s\", %s%s}", i ? ", " : "", kinds[below(20) ? i : as].type,
						 i ? psprintf("f%d", i) : "id", kinds[as].values,
						 below(6) ? "" : ", \"valid_data\": [true, false, true]");
	}
	appendStringInfoString(&json, "]}");
	keep_seed(seed, json_to_message(&milvus__proto__milvus__query_results__descriptor,
									DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)))));
}

/* What PostgreSQL would make of the value's text must be taken. */
static void
check_value(const TableColumn *column, Datum value)
{
	Oid			output,
				input,
				param;
	bool		is_varlena;
	char	   *text;

	getTypeOutputInfo(column->typeid, &output, &is_varlena);
	text = OidOutputFunctionCall(output, value);
	getTypeInputInfo(column->typeid, &input, &param);
	PG_TRY();
	{
		(void) OidInputFunctionCall(input, text, param, column->typmod);
	}
	PG_CATCH();
	{
		FlushErrorState();
		elog(ERROR, "a value that its type does not take: %s", text);
	}
	PG_END_TRY();
}

static void
try_rows(const Input *input, const MilvusTable *table)
{
	FlatResult *result = palloc0(sizeof(FlatResult));
	RpcBuffer	answer = {.context = CurrentMemoryContext,.data = input->data,.len = input->len};
	Datum	   *values = palloc(sizeof(Datum) * (table->ncolumns + 1));
	bool	   *nulls = palloc(sizeof(bool) * (table->ncolumns + 1));
	List	   *columns = NIL;
	RowReader  *reader;
	RowKey		key;
	bool		ascending;
	/* mostly one column, since the first that does not fit ends it */
	int			only = below(8) ? (int) below(table->ncolumns) : -1;

	for (int i = 0; i < table->ncolumns; i++)
		columns = lappend_int(columns, OidIsValid(table->columns[i].typeid) && (only < 0 || only == i) ? i + 1 : -1);
	read_open_query(table, &answer, result);
	reader = row_make_reader(table, columns, NIL, 0);
	row_bind(reader, result);
	(void) row_last_key(reader, &key, &ascending);
	while (row_next(reader, values, nulls))
		for (int i = 0; i < table->ncolumns; i++)
			if (!nulls[i])
				check_value(&table->columns[i], values[i]);
}

/* ---- */

/* One input; what is wrong with how it went, or NULL. */
static const char *
execute(const Input *input, const MilvusTable *table, bool rows, int64 *refused)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *volatile problem = NULL;

	PG_TRY();
	{
		if (rows)
			try_rows(input, table);
		else
			problem = try_message(input);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			ReThrowError(error);
		if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR || error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
			problem = error->message;
		(*refused)++;
	}
	PG_END_TRY();
	return problem;
}

static void
report(const Input *input, const char *problem, int64 executions)
{
	StringInfoData hex;

	initStringInfo(&hex);
	for (size_t i = 0; i < input->len; i++)
		appendStringInfo(&hex, "%02x", input->data[i]);
	ereport(WARNING,
			(errmsg("FAILURE: %s", problem),
			 errdetail("Execution " INT64_FORMAT ", %s: %s", executions, input->type->short_name, hex.data)));
}

/* milvus_fuzz(seconds integer, seed bigint) -> text: how many of what; failures are WARNINGs */
Datum
milvus_fuzz(PG_FUNCTION_ARGS)
{
	TimestampTz start = GetCurrentTimestamp();
	MemoryContext once = AllocSetContextCreate(CurrentMemoryContext, "fuzzing once", ALLOCSET_DEFAULT_SIZES);
	MilvusTable *table;
	int64		executions = 0,
				refused = 0,
				failures = 0;

	random_state = (uint64) PG_GETARG_INT64(1);
	buffer = palloc(INPUT_BYTES);
	table = make_table();
	for (int i = 0; i < NSEEDS; i++)
	{
		if (i < NSEEDS / 2)
			keep_seed(&seeds[i], random_message(below(4) ? SERVICE->methods[below(SERVICE->n_methods)].output :
												&milvus__proto__milvus__describe_collection_response__descriptor, 0));
		else
			make_rows(&seeds[i]);
	}
	while (!TimestampDifferenceExceeds(start, GetCurrentTimestamp(), 1000 * PG_GETARG_INT32(0)))
	{
		MemoryContext caller = MemoryContextSwitchTo(once);
		int			chosen = below(NSEEDS);
		Input		input = mutate(&seeds[chosen]);
		const char *problem;

		CHECK_FOR_INTERRUPTS();
		problem = execute(&input, table, chosen >= NSEEDS / 2, &refused);
		if (problem && failures++ < 20)
			report(&input, problem, executions);
		executions++;
		MemoryContextSwitchTo(caller);
		MemoryContextReset(once);
	}
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("seed " INT64_FORMAT ": " INT64_FORMAT " executions, " INT64_FORMAT " ended with an error as they should, " INT64_FORMAT " failures",
											  PG_GETARG_INT64(1), executions, refused, failures)));
}
