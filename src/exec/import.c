/*
 * import.c
 *		IMPORT FOREIGN SCHEMA: the collections of a database as foreign tables.
 */
#include "postgres.h"

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

/* A name cut to what PostgreSQL keeps of it. */
static char *
clip_name(const char *name)
{
	char	   *clipped = pstrdup(name);

	clipped[pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1)] = '\0';
	return clipped;
}

static void
append_column(StringInfo sql, const CollectionField *field, const char *type)
{
	char	   *column = clip_name(field->name);

	appendStringInfo(sql, "\n\t%s %s", quote_identifier(column), type);
	if (strcmp(column, field->name) != 0)
		appendStringInfo(sql, " OPTIONS (field %s)", quote_literal_cstr(field->name));
	if (!field->nullable && !field->is_dynamic)
		appendStringInfoString(sql, " NOT NULL");
	appendStringInfoChar(sql, ',');
}

/* The command for one collection. */
static char *
table_command(Collection *collection, const char *server, const char *schema, const char *dbname)
{
	char	   *relation = clip_name(collection->asked_name);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s.%s (",
					 quote_identifier(schema), quote_identifier(relation));
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
					 errdetail("Its type, %s, is not known here.", milvus_type_name(type.type))));
			continue;
		}
		append_column(&sql, field, type_name);
	}
	if (sql.data[sql.len - 1] == ',')
		sql.data[--sql.len] = '\0';
	appendStringInfo(&sql, "\n) SERVER %s OPTIONS (collection %s, dbname %s)", quote_identifier(server),
					 quote_literal_cstr(collection->asked_name), quote_literal_cstr(dbname));
	return sql.data;
}

List *
milvusImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverOid)
{
	ForeignServer *server = GetForeignServer(serverOid);
	MilvusConnection *connection;
	List	   *commands = NIL;
	ListCell   *lc;

	if (stmt->options != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("IMPORT FOREIGN SCHEMA takes no options for milvus_fdw")));
	connection = connection_get(serverOid, GetUserId());
	foreach(lc, collection_list(connection, stmt->remote_schema))
	{
		const char *name = lfirst(lc);

		if (is_wanted(stmt, name))
			commands = lappend(commands,
							   table_command(collection_describe(connection, stmt->remote_schema, name, DESCRIPTION_FRESH),
											 server->servername, stmt->local_schema, stmt->remote_schema));
	}
	return commands;
}
