/*
 * table.c
 *		A foreign table as Milvus sees it: connection, collection, partition,
 *		and the field behind each column.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/rel.h"

#include "table.h"

/* guarantee timestamps with a meaning of their own (Milvus' proxy, task_query.go) */
#define GUARANTEE_STRONG 0
#define GUARANTEE_EVENTUALLY 1
#define GUARANTEE_BOUNDED 2

static CollectionField *
find_dynamic_field(Collection *collection)
{
	for (int i = 0; i < collection->nfields; i++)
		if (collection->fields[i].is_dynamic)
			return &collection->fields[i];
	return NULL;
}

static void
resolve_column(MilvusTable *table, Form_pg_attribute attribute, TableColumn *column)
{
	ColumnOptions options;

	if (attribute->attisdropped)
		return;
	option_get_column(table->relid, attribute->attnum, NameStr(attribute->attname), &options);
	column->name = pstrdup(NameStr(attribute->attname));
	column->typeid = attribute->atttypid;
	column->typmod = attribute->atttypmod;
	column->dynamic_key = options.dynamic_key;
	column->field = options.dynamic_key ?
		find_dynamic_field(table->collection) :
		collection_find_field(table->collection, options.field);
	if (column->field)
		return;
	if (options.dynamic_key)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("column \"%s\" of foreign table \"%s\" is a dynamic key, but collection \"%s\" has no dynamic fields",
						column->name, table->relname, table->collection->name)));
	ereport(ERROR,
			(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
			 errmsg("column \"%s\" of foreign table \"%s\" has no field \"%s\" in collection \"%s\"",
					column->name, table->relname, options.field, table->collection->name),
			 errhint("Name the field with the column option \"field\", or a dynamic one with \"dynamic_key\".")));
}

MilvusTable *
table_open_remote(Relation relation, Oid userid, bool fresh)
{
	MilvusTable *table = palloc0(sizeof(MilvusTable));
	TupleDesc	tupdesc = RelationGetDescr(relation);
	ForeignTable *foreign = GetForeignTable(RelationGetRelid(relation));
	ForeignServer *server = GetForeignServer(foreign->serverid);

	table->relid = RelationGetRelid(relation);
	table->relname = pstrdup(RelationGetRelationName(relation));
	option_get_table(foreign, server, table->relname, &table->options);
	table->connection = connection_get(foreign->serverid, userid);
	table->collection = collection_describe(table->connection, table->options.dbname,
											table->options.collection, fresh);
	if (table->collection->primary_key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("collection \"%s\" has no primary key", table->collection->name)));
	table->ncolumns = tupdesc->natts;
	table->columns = palloc0(sizeof(TableColumn) * Max(tupdesc->natts, 1));
	for (int i = 0; i < tupdesc->natts; i++)
		resolve_column(table, TupleDescAttr(tupdesc, i), &table->columns[i]);
	return table;
}

void
table_field_type(const CollectionField *field, FieldType *type)
{
	type->type = field->data_type;
	type->element_type = field->element_type;
	type->dim = field->dim;
	type->max_length = field->max_length;
	type->max_capacity = field->max_capacity;
}

void
table_init_codec(const MilvusTable *table, AttrNumber attnum, Codec *codec)
{
	const TableColumn *column = &table->columns[attnum - 1];
	FieldType	type;

	table_field_type(column->field, &type);
	codec_init(codec, column->name, column->dynamic_key ? JSONBOID : column->typeid,
			   column->dynamic_key ? -1 : column->typmod, &type);
}

AttrNumber
table_find_column(const MilvusTable *table, const CollectionField *field)
{
	for (int i = 0; i < table->ncolumns; i++)
		if (table->columns[i].name && table->columns[i].field == field &&
			table->columns[i].dynamic_key == NULL)
			return i + 1;
	return 0;
}

ReadGuarantee
table_read_guarantee(const MilvusTable *table)
{
	uint64		written;

	switch (table->options.consistency)
	{
		case CONSISTENCY_STRONG:
			return (ReadGuarantee) {GUARANTEE_STRONG, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Strong};
		case CONSISTENCY_EVENTUALLY:
			return (ReadGuarantee) {GUARANTEE_EVENTUALLY, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Eventually};
		case CONSISTENCY_BOUNDED:
			return (ReadGuarantee) {GUARANTEE_BOUNDED, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Bounded};
		case CONSISTENCY_SESSION:
			break;
	}
	written = connection_last_write(table->connection, table->collection->dbname,
									table->collection->name);
	if (written == 0)
		return (ReadGuarantee) {GUARANTEE_BOUNDED, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Bounded};
	return (ReadGuarantee) {written, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Session};
}
