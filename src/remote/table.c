/*
 * table.c
 *		A foreign table as Milvus sees it: connection, collection, partition,
 *		and the field behind each column.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "lib/ilist.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "server/own_writes.h"
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
	column->typeid = attribute->atttypid;
	column->typmod = attribute->atttypmod;
	column->dynamic_key = options.dynamic_key;
	column->dim = options.dim;
	column->field = options.dynamic_key ?
		find_dynamic_field(table->collection) :
		collection_find_field(table->collection, options.field);
	if (column->field)
		column->name = pstrdup(NameStr(attribute->attname));
}

void
table_require_column(const MilvusTable *table, AttrNumber attnum)
{
	const TableColumn *column = &table->columns[attnum - 1];
	char	   *name;
	ColumnOptions options;

	if (column->name || !OidIsValid(column->typeid))
		return;
	name = get_attname(table->relid, attnum, false);
	option_get_column(table->relid, attnum, name, &options);
	if (options.dynamic_key)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
				 errmsg("column \"%s\" of foreign table \"%s\" is a dynamic key, but collection \"%s\" has no dynamic fields",
						name, table->relname, table->collection->name)));
	ereport(ERROR,
			(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
			 errmsg("column \"%s\" of foreign table \"%s\" has no field \"%s\" in collection \"%s\"",
					name, table->relname, options.field, table->collection->name),
			 errhint("Name the field with the column option \"field\", or a dynamic one with \"dynamic_key\".")));
}

/*
 * What a name means to a statement.  Lives in its es_query_cxt, and is in the list
 * as long as that does.
 */
typedef struct StatementName
{
	dlist_node	node;
	MemoryContextCallback forget;
	const EState *estate;
	Oid			serverid;
	char	   *dbname;
	char	   *asked_name;
	char	   *name;			/* what requests name it by */
	int64		id;
	uint64		snapshot;		/* see MilvusTable */
} StatementName;

/* per backend: of all statements that run */
static dlist_head statement_names = DLIST_STATIC_INIT(statement_names);

static void
forget_name(void *arg)
{
	dlist_delete(&((StatementName *) arg)->node);
}

static StatementName *
find_name(const EState *estate, const MilvusTable *table)
{
	dlist_iter	iter;

	dlist_foreach(iter, &statement_names)
	{
		StatementName *name = dlist_container(StatementName, node, iter.cur);

		if (name->estate == estate && name->serverid == table->connection->serverid &&
			strcmp(name->asked_name, table->options.collection) == 0 &&
			strcmp(name->dbname, table->options.dbname) == 0)
			return name;
	}
	return NULL;
}

static StatementName *
keep_name(EState *estate, const MilvusTable *table)
{
	MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
	StatementName *name = palloc0(sizeof(StatementName));

	name->estate = estate;
	name->serverid = table->connection->serverid;
	name->dbname = pstrdup(table->options.dbname);
	name->asked_name = pstrdup(table->options.collection);
	name->name = pstrdup(table->collection->asked_name);
	name->id = table->collection->id;
	name->forget.func = forget_name;
	name->forget.arg = name;
	MemoryContextSwitchTo(caller);
	MemoryContextRegisterResetCallback(estate->es_query_cxt, &name->forget);
	dlist_push_head(&statement_names, &name->node);
	return name;
}

static Collection *
resolve_collection(const MilvusTable *table, int max_age, const StatementName *known)
{
	Collection *collection;

	if (known == NULL)
		return collection_resolve(table->connection, table->options.dbname, table->options.collection, max_age);
	collection = collection_describe(table->connection, known->dbname, known->name, max_age);
	if (collection->id != known->id)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("collection \"%s\" is not the one that the statement began with", known->name),
				 errdetail("It was dropped, and one of the same name was made."),
				 errhint("Try again.")));
	return collection;
}

MilvusTable *
table_open_remote(Relation relation, Oid userid, int max_age)
{
	return table_open_in_statement(relation, userid, max_age, NULL);
}

MilvusTable *
table_open_in_statement(Relation relation, Oid userid, int max_age, EState *estate)
{
	MilvusTable *table = palloc0(sizeof(MilvusTable));
	TupleDesc	tupdesc = RelationGetDescr(relation);
	ForeignTable *foreign = GetForeignTable(RelationGetRelid(relation));
	ForeignServer *server = GetForeignServer(foreign->serverid);
	StatementName *name;

	table->relid = RelationGetRelid(relation);
	table->relname = pstrdup(RelationGetRelationName(relation));
	option_get_table(foreign, server, table->relname, &table->options);
	table->connection = connection_get(foreign->serverid, userid);
	if (table->options.partition && !table->connection->dialect->has_partitions &&
		strcmp(table->options.partition, "_default") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("Milvus server \"%s\" has no partitions", table->connection->rpc.name),
				 errdetail("Foreign table \"%s\" has the option partition; %s has only \"_default\".",
						   table->relname, table->connection->dialect->name)));
	name = estate ? find_name(estate, table) : NULL;
	table->collection = resolve_collection(table, max_age, name);
	if (estate && name == NULL)
		name = keep_name(estate, table);
	table->snapshot = name ? &name->snapshot : NULL;
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

ForeignTable *
table_definition(Oid relid, ForeignServer **server)
{
	char	   *relname = get_rel_name(relid);
	ForeignTable *foreign;

	if (relname == NULL || get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table", relname ? relname : "?")));
	foreign = GetForeignTable(relid);
	*server = GetForeignServer(foreign->serverid);
	if (strcmp(GetForeignDataWrapper((*server)->fdwid)->fdwname, "milvus_fdw") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table of milvus_fdw", relname)));
	return foreign;
}

void
table_check_loaded(const MilvusTable *table)
{
	if (table->options.partition || !table->collection->partly_loaded)
		return;
	collection_forget(table->connection, table->collection->dbname, table->collection->name);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("collection \"%s\" is only partly loaded", table->collection->name),
			 errdetail("Milvus would leave out the rows of the partitions that are not loaded."),
			 errhint("Load it whole with milvus.load(), or read its partitions by foreign tables with the option \"partition\".")));
}

void
table_raise_outdated(const MilvusTable *table)
{
	collection_forget(table->connection, table->collection->dbname, table->collection->name);
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("collection \"%s\" has changed since the query on foreign table \"%s\" was planned",
					table->collection->name, table->relname),
			 errdetail("Its fields, its indexes, or what of it is loaded are not what the plan relies on."),
			 errhint("Try again: the query will be planned anew.")));
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
	if (column->dim > 0 && column->dim != column->field->dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" has the option dim %d, its Milvus field %d dimensions",
						column->name, column->dim, column->field->dim)));
}

const CollectionField *
table_searched_field(const MilvusTable *table, const CollectionField *field, bool by_words)
{
	return by_words && field->bm25 > 0 ? &table->collection->fields[field->bm25 - 1] : field;
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

static uint64
last_write(const MilvusTable *table)
{
	return own_writes_last(table->connection, table->collection);
}

/*
 * From 2.5 on a guarantee_timestamp above 0 beside the key "iterator" is not
 * waited for: it is the snapshot that is read (proxy, task_query.go, PreExecute).
 * The level alone is asked for there; and Strong where the session has written,
 * since what a lower one shows may be older than its writes.
 */
static ReadGuarantee
ordered_guarantee(const MilvusTable *table, Consistency consistency)
{
	switch (consistency)
	{
		case CONSISTENCY_STRONG:
			break;
		case CONSISTENCY_EVENTUALLY:
			return (ReadGuarantee) {0, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Eventually};
		case CONSISTENCY_BOUNDED:
			return (ReadGuarantee) {0, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Bounded};
		case CONSISTENCY_SESSION:
		case CONSISTENCY_UNSET:
			if (last_write(table) == 0)
				return (ReadGuarantee) {0, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Bounded};
			break;
	}
	return (ReadGuarantee) {GUARANTEE_STRONG, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Strong};
}

/* What a read asks for: the user's level, else the collection's own. */
static Consistency
read_consistency(const MilvusTable *table)
{
	const Dialect *dialect = table->connection->dialect;

	/* of such a server nothing is known that could be waited for */
	if (!dialect->has_timestamps && !dialect->sees_all_writes)
		return CONSISTENCY_STRONG;
	if (table->options.consistency != CONSISTENCY_UNSET)
		return table->options.consistency;
	switch (table->collection->consistency)
	{
		case MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Strong:
			return dialect->sees_all_writes ? CONSISTENCY_SESSION : CONSISTENCY_STRONG;
		case MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Eventually:
			return last_write(table) == 0 ? CONSISTENCY_EVENTUALLY : CONSISTENCY_SESSION;
		default:
			return CONSISTENCY_SESSION;
	}
}

ReadGuarantee
table_read_guarantee(const MilvusTable *table, ReadKind kind)
{
	const Dialect *dialect = table->connection->dialect;
	Consistency consistency = read_consistency(table);
	uint64		written;

	if (kind == READ_ORDERED && !dialect->iterator_waits)
		return ordered_guarantee(table, consistency);
	switch (consistency)
	{
		case CONSISTENCY_STRONG:

			/*
			 * asked for by its time, only the first of several reads waits
			 * for it
			 */
			if (dialect->has_timestamps && (dialect->iterator_waits || kind == READ_REPEATEDLY))
				return (ReadGuarantee) {connection_server_time(table->connection), MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Session};
			return (ReadGuarantee) {GUARANTEE_STRONG, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Strong};
		case CONSISTENCY_EVENTUALLY:
			return (ReadGuarantee) {GUARANTEE_EVENTUALLY, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Eventually};
		case CONSISTENCY_BOUNDED:
			return (ReadGuarantee) {GUARANTEE_BOUNDED, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Bounded};
		case CONSISTENCY_SESSION:
		case CONSISTENCY_UNSET:
			break;
	}
	written = last_write(table);
	if (written == 0)
		return (ReadGuarantee) {GUARANTEE_BOUNDED, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Bounded};
	return (ReadGuarantee) {written, MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Session};
}

ReadGuarantee
table_snapshot_guarantee(const MilvusTable *table, uint64 session_ts)
{
	/*
	 * a proxy tells the time of its own clock, which may be behind that of
	 * its writes
	 */
	return (ReadGuarantee)
	{
		Max(session_ts, last_write(table)), MILVUS__PROTO__COMMON__CONSISTENCY_LEVEL__Session
	};
}

void
table_read_for_update(MilvusTable *table)
{
	if (table->options.consistency == CONSISTENCY_UNSET)
		table->options.consistency = CONSISTENCY_STRONG;
}

bool
table_same_collection(const MilvusTable *one, const MilvusTable *other)
{
	/* another role has another connection */
	return one->connection->serverid == other->connection->serverid &&
		strcmp(one->collection->dbname, other->collection->dbname) == 0 &&
		strcmp(one->collection->name, other->collection->name) == 0;
}
