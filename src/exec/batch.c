/*
 * batch.c
 *		Rows collected in columns and sent in requests of some megabytes.
 *
 * Some servers trust the types of columns and die of a wrong one: what is sent
 * is made from the schema, never from the foreign table's word.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "batch.h"

/* a request: enough to be worth its round trip, well below the server's limit of 64 MB */
#define BATCH_BYTES (8 * 1024 * 1024)
#define BATCH_ROWS 100000
/* how often a request under way gets a chance to go on */
#define ROWS_BETWEEN_POLLS 64

typedef struct BatchColumn
{
	const CollectionField *field;
	AttrNumber	attnum;			/* 0: no column, its default is sent */
	Codec		codec;
	FlatWriter	writer;
} BatchColumn;

struct Batch
{
	const MilvusTable *table;
	MemoryContext context;
	MemoryContext row_context;
	MemoryContext call_context;
	int			ncolumns;
	BatchColumn *columns;
	FlatWriter *writers;		/* as mutation_start() wants them */
	AttrNumber	auto_id;		/* column of the key the server makes, or 0 */
	List	   *refused;		/* columns that must not get a value: function outputs */
	uint32		nrows;
	uint32		max_rows;
	Size		max_bytes;
	RpcCall    *call;			/* under way, or NULL */
	uint32		call_rows;
	int64		written;		/* rows the server has acknowledged */
	RpcBuffer  *buffer;
	FlatMutation mutation;
	Codec		key_codec;
};

bool
batch_has_auto_id(const MilvusTable *table)
{
	return table->collection->primary_key->auto_id && !table->options.upsert;
}

static void
add_column(Batch *batch, const CollectionField *field, AttrNumber attnum)
{
	BatchColumn *column = &batch->columns[batch->ncolumns++];
	FlatWriter *writer = &column->writer;
	FieldType	type;

	table_field_type(field, &type);
	column->field = field;
	column->attnum = attnum;
	if (attnum > 0)
		table_init_codec(batch->table, attnum, &column->codec);
	else
		codec_init(&column->codec, field->name,
				   field->is_dynamic ? JSONBOID : TEXTOID,
				   -1, field->is_dynamic ? &type : &(FieldType) {.type = MILVUS_VARCHAR});
	writer->name = field->name;
	writer->data_type = field->data_type;
	writer->element_type = field->element_type;
	writer->carrier = column->codec.carrier;
	writer->is_dynamic = field->is_dynamic;
	writer->nullable = field->nullable;
	writer->dim = field->dim;
	writer->values = codec_make_buffer();
	writer->valid = codec_make_buffer();
	writer->prefix = codec_make_buffer();
	writer->suffix = codec_make_buffer();
}

/* Where a default value is carried, for a field without a column. */
static FlatCarrier
default_carrier(const CollectionField *field)
{
	switch ((MilvusType) field->data_type)
	{
		case MILVUS_BOOL:
			return FLAT_SCALAR_BOOL;
		case MILVUS_INT64:
			return FLAT_SCALAR_LONG;
		case MILVUS_FLOAT:
			return FLAT_SCALAR_FLOAT;
		case MILVUS_DOUBLE:
			return FLAT_SCALAR_DOUBLE;
		case MILVUS_VARCHAR:
		case MILVUS_STRING:
			return FLAT_SCALAR_STRING;
		case MILVUS_INT8:
		case MILVUS_INT16:
		case MILVUS_INT32:
			return FLAT_SCALAR_INT;
		default:
			return FLAT_CARRIER_NONE;
	}
}

/* Append a field's default value; false if it is of a kind not known here. */
static bool
put_default(const CollectionField *field, FlatBuffer *values)
{
	const Milvus__Proto__Schema__ValueField *value = field->default_value;

	switch (value->data_case)
	{
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_BOOL_DATA:
			flat_put_varint(values, value->bool_data ? 1 : 0);
			return true;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_INT_DATA:
			flat_put_varint(values, (uint64) (int64) value->int_data);
			return true;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_LONG_DATA:
			flat_put_varint(values, (uint64) value->long_data);
			return true;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_FLOAT_DATA:
			flat_put_bytes(values, &value->float_data, sizeof(float));
			return true;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_DOUBLE_DATA:
			flat_put_bytes(values, &value->double_data, sizeof(double));
			return true;
		case MILVUS__PROTO__SCHEMA__VALUE_FIELD__DATA_STRING_DATA:
			flat_put_field(values, 1, value->string_data, strlen(value->string_data));
			return true;
		default:
			return false;
	}
}

/* Decide what is sent for a field. */
static void
plan_field(Batch *batch, const CollectionField *field)
{
	AttrNumber	attnum = table_find_column(batch->table, field);

	if (field->function_output)
	{
		if (attnum > 0)
			batch->refused = lappend_int(batch->refused, attnum);
		return;
	}
	if (field == batch->table->collection->primary_key && batch_has_auto_id(batch->table))
	{
		batch->auto_id = attnum;
		if (attnum > 0)
			table_init_codec(batch->table, attnum, &batch->key_codec);
		return;
	}
	if (attnum > 0 || field->is_dynamic)
	{
		add_column(batch, field, attnum);
		return;
	}
	if (field->default_value && batch->table->connection->dialect->fill_defaults &&
		default_carrier(field) != FLAT_CARRIER_NONE)
	{
		add_column(batch, field, 0);
		batch->columns[batch->ncolumns - 1].writer.carrier = default_carrier(field);
		return;
	}
	if (field->default_value || field->nullable)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("foreign table \"%s\" has no column for field \"%s\", which needs a value",
					batch->table->relname, field->name)));
}

Batch *
batch_begin(const MilvusTable *table)
{
	Batch	   *batch = palloc0(sizeof(Batch));
	const Dialect *dialect = table->connection->dialect;
	bool		has_vectors = false;

	batch->table = table;
	batch->context = CurrentMemoryContext;
	batch->row_context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw row to send",
											   ALLOCSET_DEFAULT_SIZES);
	batch->columns = palloc0(sizeof(BatchColumn) * table->collection->nfields);
	for (int i = 0; i < table->collection->nfields; i++)
	{
		plan_field(batch, &table->collection->fields[i]);
		has_vectors |= milvus_type_is_vector(table->collection->fields[i].data_type);
	}
	batch->writers = palloc0(sizeof(FlatWriter) * Max(batch->ncolumns, 1));
	batch->buffer = rpc_make_buffer();
	batch->max_rows = table->options.batch_size > 0 ? table->options.batch_size : BATCH_ROWS;
	if (has_vectors && dialect->max_vector_rows > 0)
		batch->max_rows = Min(batch->max_rows, (uint32) dialect->max_vector_rows);
	batch->max_bytes = has_vectors ? Min(BATCH_BYTES, dialect->max_vector_bytes) : BATCH_BYTES;
	return batch;
}

/* Says how far a statement had come when it failed. */
static void
describe_progress(void *arg)
{
	Batch	   *batch = arg;

	errcontext("insert into foreign table \"%s\", after " INT64_FORMAT " rows had been written to Milvus",
			   batch->table->relname, batch->written);
}

/* Wait for the request under way. */
static void
await_call(Batch *batch)
{
	if (batch->call == NULL)
		return;
	mutation_finish(batch->table, batch->call, batch->call_rows, batch->buffer, &batch->mutation);
	batch->call = NULL;
	batch->written += batch->call_rows;
	MemoryContextDelete(batch->call_context);
}

/* Send what has been collected; when it is on its way, the buffers are free again. */
static void
send_rows(Batch *batch)
{
	MemoryContext caller;

	if (batch->nrows == 0)
		return;
	await_call(batch);
	batch->call_context = AllocSetContextCreate(batch->context, "milvus_fdw insert request",
												ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(batch->call_context);
	for (int i = 0; i < batch->ncolumns; i++)
		batch->writers[i] = batch->columns[i].writer;
	batch->call = mutation_start(batch->table, batch->writers, batch->ncolumns, batch->nrows);
	batch->call_rows = batch->nrows;
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < batch->ncolumns; i++)
	{
		/* framing may have moved them */
		batch->columns[i].writer.prefix = batch->writers[i].prefix;
		batch->columns[i].writer.suffix = batch->writers[i].suffix;
		flat_reset(&batch->columns[i].writer);
	}
	batch->nrows = 0;
}

static void
raise_null(const Batch *batch, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("null value in column \"%s\" of foreign table \"%s\" violates the field's not-null constraint",
					column, batch->table->relname)));
}

/* The document of the dynamic fields: the $meta column's, with the single keys put in. */
static void
put_dynamic(Batch *batch, BatchColumn *column, TupleTableSlot *slot)
{
	const MilvusTable *table = batch->table;
	Datum		document = (Datum) 0;
	bool		isnull = true;

	if (column->attnum > 0)
		document = slot_getattr(slot, column->attnum, &isnull);
	if (isnull)
		document = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	else if (column->codec.typeid == JSONBOID && !JB_ROOT_IS_OBJECT(DatumGetJsonbP(document)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\": the dynamic fields must be a JSON object",
						table->columns[column->attnum - 1].name)));
	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
	{
		const TableColumn *key = &table->columns[attnum - 1];
		Datum		value,
					pair;

		if (key->name == NULL || key->dynamic_key == NULL)
			continue;
		value = slot_getattr(slot, attnum, &isnull);
		if (isnull)
			continue;
		pair = codec_json_pair(key->dynamic_key, value, key->typeid);
		document = DirectFunctionCall2(jsonb_concat, document, pair);
	}
	codec_write(&column->codec, document, &column->writer.values);
}

static void
put_value(Batch *batch, BatchColumn *column, TupleTableSlot *slot)
{
	FlatWriter *writer = &column->writer;
	bool		isnull = true;
	Datum		value = (Datum) 0;
	uint8		valid = 1;

	if (column->attnum > 0)
		value = slot_getattr(slot, column->attnum, &isnull);
	if (!isnull)
		codec_write(&column->codec, value, &writer->values);
	else if (column->field->default_value && !column->field->nullable)
	{
		if (!put_default(column->field, &writer->values))
			raise_null(batch, column->field->name);
	}
	else if (column->field->nullable)
		valid = 0;
	else
		raise_null(batch, batch->table->columns[column->attnum - 1].name);
	if (writer->nullable)
		flat_put_bytes(&writer->valid, &valid, 1);
}

static void
refuse_value(Batch *batch, TupleTableSlot *slot, AttrNumber attnum)
{
	bool		isnull;

	slot_getattr(slot, attnum, &isnull);
	if (!isnull)
		ereport(ERROR,
				(errcode(ERRCODE_GENERATED_ALWAYS),
				 errmsg("cannot insert a non-DEFAULT value into column \"%s\"",
						batch->table->columns[attnum - 1].name),
				 errdetail("Its values are made by Milvus.")));
}

void
batch_add(Batch *batch, TupleTableSlot *slot)
{
	ErrorContextCallback context = {error_context_stack, describe_progress, batch};
	MemoryContext caller;
	Size		bytes = 0;
	ListCell   *lc;

	error_context_stack = &context;
	MemoryContextReset(batch->row_context);
	caller = MemoryContextSwitchTo(batch->row_context);
	if (batch->auto_id > 0)
		refuse_value(batch, slot, batch->auto_id);
	foreach(lc, batch->refused)
		refuse_value(batch, slot, lfirst_int(lc));
	for (int i = 0; i < batch->ncolumns; i++)
	{
		BatchColumn *column = &batch->columns[i];

		if (column->field->is_dynamic)
			put_dynamic(batch, column, slot);
		else
			put_value(batch, column, slot);
		bytes += column->writer.values.len;
	}
	MemoryContextSwitchTo(caller);
	batch->nrows++;
	if (bytes >= batch->max_bytes || batch->nrows >= batch->max_rows)
		send_rows(batch);
	else if (batch->call && batch->nrows % ROWS_BETWEEN_POLLS == 0)
		(void) rpc_ready(batch->call);
	error_context_stack = context.previous;
}

void
batch_finish(Batch *batch, Datum *key)
{
	ErrorContextCallback context = {error_context_stack, describe_progress, batch};
	FlatCursor	cursor = {0};
	FlatValue	value;
	bool		found = false;

	error_context_stack = &context;
	send_rows(batch);
	await_call(batch);
	error_context_stack = context.previous;
	if (key == NULL)
		return;
	while (flat_next(&batch->mutation.ids, &cursor, &value))
		found = true;
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("Milvus server \"%s\" did not tell the key of a new row",
						batch->table->connection->rpc.name)));
	batch->mutation.ids.carrier = batch->key_codec.carrier;
	*key = codec_read(&batch->key_codec, &batch->mutation.ids, &value);
}
