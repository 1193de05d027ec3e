/*
 * batch.c
 *		Rows collected in columns and sent in requests of some megabytes.
 *
 * Some servers trust the declared column types and crash on a mismatch: what is sent
 * is made from the schema, never from the foreign table's word.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "batch.h"
#include "read/keys.h"

/* a request: enough to be worth its round trip, well below the server's limit */
#define BATCH_BYTES (8 * 1024 * 1024)
#define BATCH_ROWS 100000
/* the largest message servers take (grpc.serverMaxRecvSize of Milvus) */
#define MESSAGE_BYTES (64 * 1024 * 1024)
/* how often a request under way gets a chance to go on */
#define ROWS_BETWEEN_POLLS 64

typedef struct BatchColumn
{
	const CollectionField *field;
	AttrNumber	attnum;			/* 0: no column */
	bool		carried;		/* the value that is there goes with the row,
								 * see batch_carry() */
	FlatColumn *source;			/* where it comes from */
	FlatCursor	cursor;
	Codec		codec;			/* of a column, and of $meta */
	FlatWriter	writer;
	size_t		row_start;		/* of the row being added, in the writer's
								 * values */
} BatchColumn;

struct Batch
{
	const MilvusTable *table;
	Sender	   *sender;
	BatchPurpose purpose;
	MutationKind kind;
	const char *partition;		/* rows go there; NULL: the server's choice */
	Bitmapset  *changed;		/* columns that an UPDATE sets */
	MemoryContext row_context;
	int			ncolumns;
	BatchColumn *columns;
	FlatWriter *writers;		/* as mutation_make_rows() wants them */
	AttrNumber	auto_id;		/* column of the key the server makes, or 0 */
	List	   *refused;		/* columns that must not get a value: function
								 * outputs */
	List	   *fieldless;		/* columns that must not either: the
								 * collection has no field for them */
	bool		has_dynamic_keys;	/* columns that are single dynamic fields,
									 * to be put into $meta */
	KeySet	   *keys;			/* of an upsert's batch: two rows of a key
								 * would both stay; or NULL */
	KeyMaker	key_maker;
	AttrNumber	key_attnum;
	uint32		nrows;
	uint32		max_rows;
	Size		max_bytes;
	Codec		key_codec;
};

bool
batch_has_auto_id(const MilvusTable *table)
{
	return table->collection->primary_key->auto_id && !table->options.upsert;
}

static BatchColumn *
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
	else if (field->is_dynamic)
		codec_init(&column->codec, field->name, JSONBOID, -1, &type);
	writer->name = field->name;
	writer->data_type = field->data_type;
	writer->element_type = field->element_type;
	writer->carrier = milvus_type(field->data_type)->carrier;
	writer->element_carrier = milvus_type(field->element_type)->carrier;
	writer->is_dynamic = field->is_dynamic;

	/*
	 * what a partial update leaves out is not filled before 2.6.12, and such
	 * a field then may not have it
	 */
	writer->nullable = field->nullable ||
		(field->has_default && batch->purpose != BATCH_CHANGE && batch->table->connection->dialect->defaults_validity);
	writer->dim = field->dim;
	writer->values = codec_make_buffer();
	writer->valid = codec_make_buffer();
	writer->prefix = codec_make_buffer();
	writer->suffix = codec_make_buffer();
	return column;
}

/* Append a field's default value; false if it is of a kind not known here. */
static bool
put_default(const CollectionField *field, FlatWriter *writer)
{
	FlatColumn	source = {.kind = field->default_kind};

	flat_copy_value(&source, &field->default_value, writer);
	return field->default_kind != FLAT_NONE;
}

bool
batch_read_default(const Batch *batch, AttrNumber attnum, Datum *value)
{
	for (int i = 0; i < batch->ncolumns; i++)
	{
		const BatchColumn *column = &batch->columns[i];

		if (column->attnum != attnum || column->field->nullable || column->field->default_kind == FLAT_NONE)
			continue;
		if (value)
			*value = codec_read(&column->codec, &column->field->default_value);
		return true;
	}
	return false;
}

/* A field without a column: what is sent for it, if anything. */
static void
plan_unmapped_field(Batch *batch, const CollectionField *field)
{
	if (batch->purpose == BATCH_REPLACE)
		add_column(batch, field, 0)->carried = true;
	else if (batch->purpose == BATCH_CHANGE)
		return;
	else if (field->is_dynamic)
		add_column(batch, field, 0);
	else if (field->has_default && !batch->table->connection->dialect->defaults_left_out &&
			 milvus_type(field->data_type)->carrier != FLAT_CARRIER_NONE)
		add_column(batch, field, 0);
	else if (!field->has_default && !field->nullable)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("foreign table \"%s\" has no column for field \"%s\", which needs a value",
						batch->table->relname, field->name)));
}

/* Decide what is sent for a field. */
static void
plan_field(Batch *batch, const CollectionField *field)
{
	AttrNumber	attnum = table_find_column(batch->table, field);

	if (field->function_output)
	{
		if (attnum > 0 && (batch->changed == NULL || bms_is_member(attnum, batch->changed)))
			batch->refused = lappend_int(batch->refused, attnum);
	}
	else if (field->primary_key && batch->purpose == BATCH_INSERT && batch_has_auto_id(batch->table))
	{
		batch->auto_id = attnum;
		if (attnum > 0)
			table_init_codec(batch->table, attnum, &batch->key_codec);
	}
	else if (attnum == 0)
		plan_unmapped_field(batch, field);
	else if (batch->purpose != BATCH_CHANGE || field->primary_key || bms_is_member(attnum, batch->changed))
		add_column(batch, field, attnum);
}

/* Does a row that is upserted, whole or in part, keep its key, and is it found again? */
static void
check_upsert(const MilvusTable *table)
{
	const Dialect *dialect = table->connection->dialect;

	if (table->collection->primary_key->auto_id && !dialect->upsert_keeps_auto_id)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot replace rows of foreign table \"%s\"", table->relname),
				 errdetail("%s makes the keys of collection \"%s\", and would give a replaced row a new one.",
						   dialect->name, table->collection->name),
				 errhint("Delete the row and insert it anew.")));
	if (table->collection->partition_key && !dialect->upsert_partitions)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot replace rows of foreign table \"%s\"", table->relname),
				 errdetail("%s may put a replaced row into another partition than that of its partition key \"%s\", and then does not find it.",
						   dialect->name, table->collection->partition_key->name),
				 errhint("Delete the row and insert it anew. Milvus 2.3.10 and later do not have this fault.")));
}

/* How a whole row takes the place of the one with its key. */
static MutationKind
replacing_kind(const MilvusTable *table)
{
	const Dialect *dialect = table->connection->dialect;

	if (dialect->upsert_replaces)
		return MUTATION_UPSERT;
	if (!dialect->insert_replaces)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot replace rows of foreign table \"%s\"", table->relname),
				 errdetail("Milvus server \"%s\" calls itself \"%s\", which is not known to replace them.",
						   table->connection->rpc.name, table->connection->server_version)));
	/* keys that the server makes can't be inserted */
	return table->collection->primary_key->auto_id ? MUTATION_UPSERT : MUTATION_INSERT;
}

static MutationKind
choose_kind(const Batch *batch)
{
	MutationKind kind;

	if (batch->purpose == BATCH_INSERT && !batch->table->options.upsert)
		return MUTATION_INSERT;
	kind = batch->purpose == BATCH_CHANGE ? MUTATION_PARTIAL_UPDATE : replacing_kind(batch->table);
	check_upsert(batch->table);
	return kind;
}

static bool
same_name(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

/* A field is written by one column: of two, one would be lost without a word. */
static void
check_columns(const MilvusTable *table)
{
	for (int i = 0; i < table->ncolumns; i++)
		for (int j = 0; j < i && table->columns[i].name; j++)
		{
			const TableColumn *one = &table->columns[j];
			const TableColumn *other = &table->columns[i];

			if (one->name && one->field == other->field && same_name(one->dynamic_key, other->dynamic_key))
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" are the same field \"%s\"",
								one->name, other->name, table->relname,
								one->dynamic_key ? one->dynamic_key : one->field->name),
						 errhint("Write through a foreign table that has one column for it.")));
		}
}

Batch *
batch_begin(Sender *sender, BatchPurpose purpose, Bitmapset *changed)
{
	Batch	   *batch = palloc0(sizeof(Batch));
	const MilvusTable *table = sender->table;
	const Dialect *dialect = table->connection->dialect;
	bool		has_vectors = false;

	check_columns(table);
	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
		if (bms_is_member(attnum, changed))
			table_require_column(table, attnum);
	batch->table = table;
	batch->sender = sender;
	batch->purpose = purpose;
	batch->changed = changed;
	batch->kind = choose_kind(batch);
	batch->partition = table->options.partition;
	batch->row_context = AllocSetContextCreate(CurrentMemoryContext, "milvus_fdw row to send",
											   ALLOCSET_DEFAULT_SIZES);
	batch->columns = palloc0(sizeof(BatchColumn) * table->collection->nfields);
	for (int i = 0; i < table->collection->nfields; i++)
	{
		plan_field(batch, &table->collection->fields[i]);
		has_vectors |= milvus_type_is_vector(table->collection->fields[i].data_type);
	}
	for (int i = 0; i < table->ncolumns; i++)
	{
		batch->has_dynamic_keys |= table->columns[i].name && table->columns[i].dynamic_key;
		if (table->columns[i].name == NULL)
			batch->fieldless = lappend_int(batch->fieldless, i + 1);
	}
	batch->writers = palloc0(sizeof(FlatWriter) * Max(batch->ncolumns, 1));
	batch->max_rows = table->options.batch_size > 0 ? table->options.batch_size : BATCH_ROWS;
	if (has_vectors)
		batch->max_rows = Min(batch->max_rows, (uint32) dialect->max_vector_rows);
	batch->max_bytes = has_vectors ? Min(BATCH_BYTES, dialect->max_vector_bytes) : BATCH_BYTES;
	batch->key_attnum = table_find_column(table, table->collection->primary_key);
	if ((purpose != BATCH_INSERT || table->options.upsert) && batch->key_attnum > 0)
	{
		key_init_maker(&batch->key_maker, table, batch->key_attnum);
		batch->keys = keyset_make();
	}
	return batch;
}

List *
batch_carried_fields(const Batch *batch)
{
	List	   *fields = NIL;

	for (int i = 0; i < batch->ncolumns; i++)
		if (batch->columns[i].carried)
			fields = lappend(fields, batch->columns[i].field->name);
	return fields;
}

/* What passes through unread is framed as the field's own type: it must be of that type. */
static void
check_carried(Batch *batch, const BatchColumn *column)
{
	const FlatColumn *source = column->source;

	if (source->carrier != column->writer.carrier ||
		(source->kind == FLAT_FIXED && source->dim != (uint32) column->field->dim))
		read_raise_malformed(batch->table, "Query",
							 psprintf("values of another type than field \"%s\" has", column->field->name));
}

void
batch_carry(Batch *batch, FlatResult *result)
{
	for (int i = 0; i < batch->ncolumns; i++)
	{
		BatchColumn *column = &batch->columns[i];

		if (!column->carried)
			continue;
		column->source = flat_find_column(result, column->field->name);
		memset(&column->cursor, 0, sizeof(FlatCursor));
		if (result->nrows == 0)
			continue;
		if (column->source == NULL)
			read_raise_malformed(batch->table, "Query", psprintf("no column \"%s\"", column->field->name));
		check_carried(batch, column);
	}
}

void
batch_skip_carried(Batch *batch)
{
	FlatValue	value;

	for (int i = 0; i < batch->ncolumns; i++)
		if (batch->columns[i].carried)
			flat_next(batch->columns[i].source, &batch->columns[i].cursor, &value);
}

void
batch_set_partition(Batch *batch, const char *partition)
{
	if (batch->nrows > 0)
		elog(ERROR, "partition changed within a batch");
	batch->partition = partition;
}

/* Send what has been collected; when it is on its way, the buffers are free again. */
static void
send_rows(Batch *batch)
{
	MemoryContext caller;
	Mutation	mutation;

	if (batch->nrows == 0)
		return;
	caller = MemoryContextSwitchTo(sender_request_context(batch->sender));
	for (int i = 0; i < batch->ncolumns; i++)
		batch->writers[i] = batch->columns[i].writer;
	mutation_make_rows(&mutation, batch->table, batch->kind, batch->partition,
					   batch->writers, batch->ncolumns, batch->nrows);
	sender_send(batch->sender, &mutation);
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < batch->ncolumns; i++)
	{
		/* framing may have moved them */
		batch->columns[i].writer.prefix = batch->writers[i].prefix;
		batch->columns[i].writer.suffix = batch->writers[i].suffix;
		flat_reset(&batch->columns[i].writer);
	}
	batch->nrows = 0;
	if (batch->keys)
		keyset_empty(batch->keys);
}

/* Send all rows but the last, which is too large to go with them. */
static void
send_rows_before_last(Batch *batch)
{
	FlatBuffer *last = palloc(sizeof(FlatBuffer) * Max(batch->ncolumns, 1));
	uint8	   *valid = palloc0(Max(batch->ncolumns, 1));

	for (int i = 0; i < batch->ncolumns; i++)
	{
		BatchColumn *column = &batch->columns[i];
		FlatWriter *writer = &column->writer;

		last[i] = codec_make_buffer();
		flat_put_bytes(&last[i], writer->values.data + column->row_start, writer->values.len - column->row_start);
		writer->values.len = column->row_start;
		if (writer->nullable)
			valid[i] = writer->valid.data[--writer->valid.len];
	}
	batch->nrows--;
	send_rows(batch);
	for (int i = 0; i < batch->ncolumns; i++)
	{
		flat_put_bytes(&batch->columns[i].writer.values, last[i].data, last[i].len);
		if (batch->columns[i].writer.nullable)
			flat_put_bytes(&batch->columns[i].writer.valid, &valid[i], 1);
	}
	batch->nrows = 1;
}

static void
raise_null(const Batch *batch, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("null value in column \"%s\" of foreign table \"%s\" violates the field's not-null constraint",
					column, batch->table->relname)));
}

/* A server puts the default where a field that has one is null (proxy, FillWithDefaultValue; Lite 3). */
static void
raise_default_for_null(const Batch *batch, const char *field)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot store NULL in field \"%s\" of foreign table \"%s\"", field, batch->table->relname),
			 errdetail("The field has a default value, which Milvus would store instead."),
			 errhint("Write the value that is meant, or give the column a DEFAULT.")));
}

/* The $meta document with what the columns of single dynamic keys say put in. */
static Datum
put_dynamic_keys(Batch *batch, Datum document, TupleTableSlot *slot)
{
	const MilvusTable *table = batch->table;

	for (AttrNumber attnum = 1; attnum <= table->ncolumns; attnum++)
	{
		const TableColumn *key = &table->columns[attnum - 1];
		bool		isnull;
		Datum		value;

		if (key->name == NULL || key->dynamic_key == NULL ||
			(batch->changed && !bms_is_member(attnum, batch->changed)))
			continue;
		value = slot_getattr(slot, attnum, &isnull);
		if (!isnull)
			document = DirectFunctionCall2(jsonb_concat, document,
										   codec_json_pair(key->dynamic_key, value, key->typeid));
		else if (batch->purpose != BATCH_INSERT)
			document = DirectFunctionCall2(jsonb_delete, document,
										   PointerGetDatum(cstring_to_text(key->dynamic_key)));
	}
	return document;
}

static bool
changes_dynamic_keys(const Batch *batch)
{
	if (!batch->has_dynamic_keys)
		return false;
	for (AttrNumber attnum = 1; attnum <= batch->table->ncolumns; attnum++)
		if (batch->table->columns[attnum - 1].name && batch->table->columns[attnum - 1].dynamic_key &&
			(batch->changed == NULL || bms_is_member(attnum, batch->changed)))
			return true;
	return false;
}

/* The dynamic fields: the $meta column's, or those that are there, with the single keys put in. */
static void
put_dynamic(Batch *batch, BatchColumn *column, TupleTableSlot *slot)
{
	Datum		document = (Datum) 0;
	bool		isnull = true;
	FlatValue	value;

	if (column->carried)
	{
		if (!flat_next(column->source, &column->cursor, &value))
			value.isnull = true;
		isnull = value.isnull;
		if (!isnull && !changes_dynamic_keys(batch))
		{
			flat_copy_value(column->source, &value, &column->writer);
			return;
		}
		if (!isnull)
			document = codec_read(&column->codec, &value);
	}
	else if (column->attnum > 0)
		document = slot_getattr(slot, column->attnum, &isnull);
	if (isnull)
		document = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	else if (column->codec.typeid == JSONBOID && !JB_ROOT_IS_OBJECT(DatumGetJsonbP(document)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\": the dynamic fields must be a JSON object", column->codec.column)));
	if (batch->has_dynamic_keys)
		document = put_dynamic_keys(batch, document, slot);
	codec_write(&column->codec, document, &column->writer.values);
}

/* Not every server keeps every document. */
static void
check_document(const Batch *batch, const BatchColumn *column, Datum value)
{
	const Dialect *dialect = batch->table->connection->dialect;
	Jsonb	   *document;
	bool		kept;

	if (column->codec.typeid != JSONBOID || (dialect->json_arrays && dialect->json_nulls && dialect->json_scalars))
		return;
	document = DatumGetJsonbP(value);
	if (!JB_ROOT_IS_SCALAR(document))
		kept = JB_ROOT_IS_OBJECT(document) || dialect->json_arrays;
	else
		kept = JBE_ISNULL(document->root.children[0]) ? dialect->json_nulls : dialect->json_scalars;
	if (!kept)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\": %s keeps only documents that are JSON objects%s", column->codec.column,
						dialect->name, dialect->json_arrays ? " or arrays" : "")));
}

static void
put_value(Batch *batch, BatchColumn *column, TupleTableSlot *slot)
{
	FlatWriter *writer = &column->writer;
	bool		isnull = true;
	Datum		value = (Datum) 0;
	FlatValue	carried = {.isnull = true};
	uint8		valid = 1;

	if (column->carried)
	{
		if (flat_next(column->source, &column->cursor, &carried) && !carried.isnull)
			flat_copy_value(column->source, &carried, writer);
		isnull = carried.isnull;
	}
	else if (column->attnum > 0)
	{
		value = slot_getattr(slot, column->attnum, &isnull);
		if (!isnull && column->field->data_type == MILVUS_JSON)
			check_document(batch, column, value);
		if (!isnull)
			codec_write(&column->codec, value, &writer->values);
	}
	if (!isnull)
		 /* written */ ;
	else if (column->field->has_default && column->field->nullable)
		raise_default_for_null(batch, column->field->name);
	else if (column->field->has_default && batch->purpose == BATCH_INSERT)
	{
		if (!put_default(column->field, writer))
			raise_null(batch, column->field->name);
	}
	else if (column->field->nullable)
		valid = 0;
	else
		raise_null(batch, column->attnum > 0 ? batch->table->columns[column->attnum - 1].name : column->field->name);
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
				 batch->purpose == BATCH_INSERT ?
				 errmsg("cannot insert a non-DEFAULT value into column \"%s\"",
						batch->table->columns[attnum - 1].name) :
				 errmsg("column \"%s\" can only be updated to DEFAULT",
						batch->table->columns[attnum - 1].name),
				 errdetail("Its values are made by Milvus.")));
}

/* Two rows of one key in a request would both stay: the first goes ahead. */
static void
part_equal_keys(Batch *batch, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, batch->key_attnum, &isnull);
	RowKey		key;

	if (isnull)
		return;
	key = key_make(&batch->key_maker, value);
	key_check_changeable(batch->table, &key);
	if (keyset_add(batch->keys, &key, 0))
		return;
	send_rows(batch);
	keyset_add(batch->keys, &key, 0);
}

static void
put_row(Batch *batch, TupleTableSlot *slot)
{
	Size		bytes = 0,
				row_bytes = 0;
	ListCell   *lc;

	if (batch->auto_id > 0)
		refuse_value(batch, slot, batch->auto_id);
	foreach(lc, batch->refused)
	{
		refuse_value(batch, slot, lfirst_int(lc));
	}
	foreach(lc, batch->fieldless)
	{
		if (!slot_attisnull(slot, lfirst_int(lc)))
			table_require_column(batch->table, lfirst_int(lc));
	}
	if (batch->keys)
		part_equal_keys(batch, slot);
	for (int i = 0; i < batch->ncolumns; i++)
	{
		BatchColumn *column = &batch->columns[i];

		column->row_start = column->writer.values.len;
		if (column->field->is_dynamic)
			put_dynamic(batch, column, slot);
		else
			put_value(batch, column, slot);
		bytes += column->writer.values.len;
		row_bytes += column->writer.values.len - column->row_start;
	}
	batch->nrows++;
	if (row_bytes > MESSAGE_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("row is too large for foreign table \"%s\"", batch->table->relname),
				 errdetail("It has %zu bytes, a message to Milvus may have %d.", row_bytes, MESSAGE_BYTES)));
	if (bytes > MESSAGE_BYTES / 2 && batch->nrows > 1)
	{
		send_rows_before_last(batch);
		bytes = row_bytes;
	}
	if (bytes >= batch->max_bytes || batch->nrows >= batch->max_rows)
		send_rows(batch);
	else if (batch->nrows % ROWS_BETWEEN_POLLS == 0)
		sender_poll(batch->sender);
}

void
batch_add(Batch *batch, TupleTableSlot *slot)
{
	MemoryContext caller;

	MemoryContextReset(batch->row_context);
	caller = MemoryContextSwitchTo(batch->row_context);
	put_row(batch, slot);
	MemoryContextSwitchTo(caller);
}

void
batch_send(Batch *batch)
{
	send_rows(batch);
}

Datum
batch_read_key(Batch *batch)
{
	FlatMutation *answer = &batch->sender->answer;
	FlatCursor	cursor = {0};
	FlatValue	value;
	bool		found = false;

	while (flat_next(&answer->ids, &cursor, &value))
		found = true;
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("Milvus server \"%s\" did not tell the key of a new row",
						batch->table->connection->rpc.name)));
	codec_check_column(&batch->key_codec, &answer->ids);
	read_check_keys(batch->table, mutation_rpc(batch->kind), &answer->ids);
	return codec_read(&batch->key_codec, &value);
}
