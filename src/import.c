/*
 * import.c
 *		IMPORT FOREIGN SCHEMA: the collections of a database as foreign tables.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "import.h"
#include "remote/table.h"

/* Is the collection one of those asked for? */
static bool
is_wanted(const ImportForeignSchemaStmt *stmt, const char *name)
{
	ListCell   *lc;

	if (stmt->list_type == FDW_IMPORT_SCHEMA_ALL)
		return true;
	foreach(lc, stmt->table_list)
	{
		RangeVar   *table = lfirst(lc);

		if (strcmp(table->relname, name) == 0)
			return stmt->list_type == FDW_IMPORT_SCHEMA_LIMIT_TO;
	}
	return stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO;
}

static bool
is_taken(List *taken, const char *name)
{
	ListCell   *lc;

	foreach(lc, taken)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}

/* A name cut to what PostgreSQL keeps of it, with a number behind where that is taken already. */
static char *
clip_name(const char *name, List **taken)
{
	char	   *clipped = pnstrdup(name, pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1));

	for (int number = 2; is_taken(*taken, clipped); number++)
	{
		char	   *suffix = psprintf("_%d", number);
		int			len = pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1 - (int) strlen(suffix));

		clipped = psprintf("%.*s%s", len, name, suffix);
	}
	*taken = lappend(*taken, clipped);
	return clipped;
}

/* The field's default as SQL; NULL when it has none, or one of a kind not known here. */
static char *
default_literal(const CollectionField *field)
{
	const FlatValue *value = &field->default_value;

	switch (field->default_kind)
	{
		case FLAT_BOOL:
			return pstrdup(value->integer ? "true" : "false");
		case FLAT_INT32:
		case FLAT_INT64:
			return psprintf("'" INT64_FORMAT "'", value->integer);
		case FLAT_FLOAT:
			return psprintf("'%.9g'", value->single);
		case FLAT_DOUBLE:
			return psprintf("'%.17g'", value->real);
		case FLAT_BYTES:
			return quote_literal_cstr(pg_any_to_server((const char *) value->bytes.data, (int) value->bytes.len, PG_UTF8));
		default:
			return NULL;
	}
}

static void
append_column(StringInfo sql, const CollectionField *field, const char *type, bool with_default, List **taken)
{
	char	   *column = clip_name(field->name, taken);
	char	   *default_value = with_default ? default_literal(field) : NULL;
	const char *options = "";

	appendStringInfo(sql, "\n\t%s %s", quote_identifier(column), type);
	if (strcmp(column, field->name) != 0)
		options = psprintf("field %s", quote_literal_cstr(field->name));
	/* so that create_collection() makes another of it */
	if (field->data_type == MILVUS_FLOAT_VECTOR && strcmp(type, "real[]") == 0)
		options = psprintf("%s%sdim '%d'", options, *options ? ", " : "", field->dim);
	if (field->bm25)
		options = psprintf("%s%sfull_text 'true'", options, *options ? ", " : "");
	if (field->matched)
		options = psprintf("%s%smatch 'true'", options, *options ? ", " : "");
	if (field->analyzed && field->analyzer)
		options = psprintf("%s%sanalyzer %s", options, *options ? ", " : "", quote_literal_cstr(field->analyzer));
	if (*options)
		appendStringInfo(sql, " OPTIONS (%s)", options);
	if (default_value)
		appendStringInfo(sql, " DEFAULT %s", default_value);
	if (!field->nullable && !field->is_dynamic)
		appendStringInfoString(sql, " NOT NULL");
	appendStringInfoChar(sql, ',');
}

/* what all commands of an import have in common */
typedef struct Import
{
	const char *server;
	const char *schema;
	const char *dbname;
	bool		with_defaults;	/* option import_default */
	List	   *taken;			/* names of tables so far */
} Import;

/* The command for one collection. */
static char *
table_command(Collection *collection, Import *import)
{
	char	   *relation = clip_name(collection->asked_name, &import->taken);
	List	   *columns = NIL;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s.%s (",
					 quote_identifier(import->schema), quote_identifier(relation));
	for (int i = 0; i < collection->nfields; i++)
	{
		const CollectionField *field = &collection->fields[i];
		FieldType	type;
		char	   *type_name;

		table_field_type(field, &type);
		type_name = codec_import_type(&type);
		/* what a BM25 function makes can be searched, but not read */
		if (field->function_output && type.type == MILVUS_SPARSE_VECTOR)
			continue;
		if (type_name == NULL)
		{
			ereport(WARNING,
					(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
					 errmsg("field \"%s\" of collection \"%s\" is not imported", field->name, collection->name),
					 errdetail("Its type, %s, is not known here.", milvus_type(type.type)->name)));
			continue;
		}
		append_column(&sql, field, type_name, import->with_defaults, &columns);
	}
	if (sql.data[sql.len - 1] == ',')
		sql.data[--sql.len] = '\0';
	appendStringInfo(&sql, "\n) SERVER %s OPTIONS (collection %s, dbname %s)", quote_identifier(import->server),
					 quote_literal_cstr(collection->asked_name), quote_literal_cstr(import->dbname));
	return sql.data;
}

static void
read_options(List *options, Import *import)
{
	ListCell   *lc;

	import->with_defaults = true;
	foreach(lc, options)
	{
		DefElem    *option = lfirst(lc);

		if (strcmp(option->defname, "import_default") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
					 errmsg("invalid option \"%s\"", option->defname),
					 errhint("The only option of IMPORT FOREIGN SCHEMA is import_default.")));
		import->with_defaults = defGetBoolean(option);
	}
}

List *
milvusImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverOid)
{
	ForeignServer *server = GetForeignServer(serverOid);
	Import		import = {server->servername, stmt->local_schema, stmt->remote_schema};
	MilvusConnection *connection;
	List	   *collections,
			   *commands = NIL;
	ListCell   *lc;

	read_options(stmt->options, &import);
	connection = connection_get(serverOid, GetUserId());
	collections = collection_list(connection, stmt->remote_schema);
	foreach(lc, collections)
	{
		const char *name = lfirst(lc);

		if (is_wanted(stmt, rpc_name(name)))
			commands = lappend(commands,
							   table_command(collection_describe(connection, stmt->remote_schema, name, DESCRIPTION_FRESH),
											 &import));
	}
	if (stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO)
		return commands;

	/*
	 * what is none of the list may be an alias; else it is left out, as core
	 * leaves it
	 */
	foreach(lc, stmt->table_list)
	{
		const char *name = ((RangeVar *) lfirst(lc))->relname;
		Collection *collection = is_taken(collections, name) ? NULL :
			collection_describe_unless(connection, stmt->remote_schema, name, DESCRIPTION_FRESH, ERRCODE_UNDEFINED_TABLE);

		if (collection)
			commands = lappend(commands, table_command(collection, &import));
	}
	return commands;
}
