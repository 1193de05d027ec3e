/*
 * table_schema.c
 *		The Milvus schema that a foreign table's columns describe, what of it a
 *		server can store, and the column that a field of a schema becomes.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "call.h"
#include "compat.h"
#include "remote/table.h"
#include "server/option.h"
#include "value/codec.h"
#include "wire/json.h"

PG_FUNCTION_INFO_V1(milvus_check_schema);
PG_FUNCTION_INFO_V1(milvus_table_schema);
PG_FUNCTION_INFO_V1(milvus_field_type);

/* A table's schema on its way: JSON lists of its fields and functions, and the columns that lose their NULLs. */
typedef struct SchemaWriter
{
	Relation	relation;
	const Dialect *dialect;
	Collection *existing;		/* the table's collection, or NULL */
	StringInfoData fields;
	StringInfoData functions;
	StringInfoData not_nullable;
} SchemaWriter;

/* Error 0A000 for what the server cannot store: it would overlook it, or die of it, and again at each restart. */
static void
check_storable(const Dialect *dialect, const char *flag, const char *what, const char *kind, const char *name)
{
	const char *since;

	if (!dialect_has(dialect, flag, &since))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s \"%s\" cannot be stored: %s has no %s", kind, name, dialect->name, what),
				 since ? errhint("Milvus has them from version %s on.", since) : 0));
}

/* One without a type is left to the server to refuse. */
static void
check_type(const Dialect *dialect, MilvusType type, const char *field)
{
	static const struct
	{
		MilvusType	type;
		const char *flag;
		const char *what;
	}			types[] = {
		{MILVUS_GEOMETRY, "geometry_fields", "geometries"},
		{MILVUS_TEXT, "text_fields", "fields of type Text"},
		{MILVUS_TIMESTAMPTZ, "timestamptz_fields", "timestamps"},
		{MILVUS_BINARY_VECTOR, "binary_vectors", "binary vectors"},
		{MILVUS_FLOAT16_VECTOR, "half_vectors", "vectors of half precision"},
		{MILVUS_BFLOAT16_VECTOR, "half_vectors", "vectors of half precision"},
		{MILVUS_SPARSE_VECTOR, "sparse_vectors", "sparse vectors"},
		{MILVUS_INT8_VECTOR, "int8_vectors", "vectors of whole numbers"}
	};

	for (int i = 0; i < lengthof(types); i++)
		if (types[i].type == type)
			check_storable(dialect, types[i].flag, types[i].what, "field", field);
	if (type != 0 && milvus_type(type)->carrier == FLAT_CARRIER_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("field \"%s\" cannot be stored: its type is not known here", field)));
}

/*
 * check_schema(server name, schema jsonb): error 0A000 unless the server can store
 * a collection of this CollectionSchema.
 */
Datum
milvus_check_schema(PG_FUNCTION_ARGS)
{
	const Dialect *dialect = admin_connect(NameStr(*PG_GETARG_NAME(0)))->dialect;
	const Milvus__Proto__Schema__CollectionSchema *schema = (const Milvus__Proto__Schema__CollectionSchema *)
		json_to_message(&milvus__proto__schema__collection_schema__descriptor, PG_GETARG_JSONB_P(1));
	int			nvectors = 0;

	for (size_t i = 0; i < schema->n_fields; i++)
	{
		const Milvus__Proto__Schema__FieldSchema *field = schema->fields[i];

		check_type(dialect, (MilvusType) field->data_type, field->name);
		check_type(dialect, (MilvusType) field->element_type, field->name);
		if (milvus_type_is_vector((MilvusType) field->data_type) && nvectors++ > 0)
			check_storable(dialect, "several_vectors", "collections with several vectors", "field", field->name);
		if (field->nullable)
			check_storable(dialect, "nullable_fields", "nullable fields", "field", field->name);
	}
	for (size_t i = 0; i < schema->n_struct_array_fields; i++)
	{
		const Milvus__Proto__Schema__StructArrayFieldSchema *structs = schema->struct_array_fields[i];

		check_storable(dialect, "struct_fields", "arrays of structs", "field", structs->name);
		/* their members are arrays, of types that no other field has */
		for (size_t j = 0; j < structs->n_fields; j++)
			check_type(dialect, (MilvusType) structs->fields[j]->element_type, structs->fields[j]->name);
	}
	for (size_t i = 0; i < schema->n_functions; i++)
		check_storable(dialect, "has_functions", "functions", "function", schema->functions[i]->name);
	PG_RETURN_VOID();
}

static bool
is_users_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

/* Would evaluating it run code that somebody has written? */
static bool
has_users_functions(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_users_function, context))
		return true;
	return expression_tree_walker(node, has_users_functions, context);
}

/* A column's default as the field's, if it is a constant: PostgreSQL sets its own defaults, but others may write, too. */
static void
append_default(StringInfo out, Relation relation, Form_pg_attribute attribute, MilvusType type)
{
	const char *member = milvus_type(type)->default_member;
	Node	   *expression = NULL;
	Const	   *constant;
	Jsonb	   *pair;

	if (member && attribute->atthasdef && attribute->attgenerated == '\0')
		expression = build_column_default(relation, attribute->attnum);
	/* whoever asks is not who wrote it */
	if (expression && !has_users_functions(expression, NULL))
		expression = eval_const_expressions(NULL, expression);
	if (expression == NULL || !IsA(expression, Const) || ((Const *) expression)->constisnull)
		return;
	constant = (Const *) expression;
	pair = DatumGetJsonbP(codec_json_pair(member, constant->constvalue, constant->consttype));
	appendStringInfo(out, ", \"default_value\": %s", JsonbToCString(NULL, &pair->root, VARSIZE(pair)));
}

static void
append_comment(StringInfo out, Oid relid, int attnum)
{
	char	   *comment = GetComment(relid, RelationRelationId, attnum);

	if (comment == NULL)
		return;
	appendStringInfoString(out, ", \"description\": ");
	escape_json(out, comment);
}

static void
append_parameter(StringInfo out, const char *key, int value, bool *first)
{
	appendStringInfo(out, "%s\"%s\": \"%d\"", *first ? "" : ", ", key, value);
	*first = false;
}

static const char *
data_type_name(MilvusType type)
{
	return protobuf_c_enum_descriptor_get_value(&milvus__proto__schema__data_type__descriptor, (int) type)->name;
}

/* Type parameters of a text whose words count; there is max_length before them. */
static void
append_analyzer(StringInfo out, const ColumnOptions *options)
{
	if (options->full_text || options->match || options->analyzer)
		appendStringInfoString(out, ", \"enable_analyzer\": \"true\"");
	if (options->match)
		appendStringInfoString(out, ", \"enable_match\": \"true\"");
	if (options->analyzer)
	{
		appendStringInfoString(out, ", \"analyzer_params\": ");
		escape_json(out, options->analyzer);
	}
}

/* The vector that a BM25 function makes of a text. */
static char *
bm25_field(const ColumnOptions *options)
{
	return psprintf("%s_bm25", options->field);
}

static void
append_bm25_field(StringInfo out, const ColumnOptions *options)
{
	appendStringInfoString(out, ", {\"name\": ");
	escape_json(out, bm25_field(options));
	appendStringInfoString(out, ", \"data_type\": \"SparseFloatVector\", \"is_function_output\": true}");
}

static void
append_bm25_function(StringInfo out, const ColumnOptions *options)
{
	char	   *vector = bm25_field(options);

	appendStringInfo(out, "%s{\"name\": ", out->len > 0 ? ", " : "");
	escape_json(out, vector);
	appendStringInfoString(out, ", \"type\": \"BM25\", \"input_field_names\": [");
	escape_json(out, options->field);
	appendStringInfoString(out, "], \"output_field_names\": [");
	escape_json(out, vector);
	appendStringInfoString(out, "]}");
}

/* How much the field may hold, where there is one: a column cannot say it in bytes and elements. */
static void
keep_sizes(FieldType *type, const CollectionField *field)
{
	if (field == NULL || field->data_type != type->type || field->element_type != type->element_type)
		return;
	if (field->max_length > 0)
		type->max_length = field->max_length;
	if (field->max_capacity > 0)
		type->max_capacity = field->max_capacity;
}

/* The type of the field that a column becomes; error 42804. */
static void
choose_type(const SchemaWriter *writer, Form_pg_attribute attribute, const ColumnOptions *options, FieldType *type)
{
	const char *relname = RelationGetRelationName(writer->relation);
	const char *problem;

	if (!codec_field_for_type(attribute->atttypid, attribute->atttypmod, options->dim, type, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of foreign table \"%s\" cannot become a field: %s", NameStr(attribute->attname), relname, problem),
				 errhint("Give it a type that Milvus has: vector(768), or the option dim, for vectors, double precision for numbers, text for dates and uuid, jsonb for json. "
						 "milvus.table_ddl() does so for a local table.")));
	if ((options->full_text || options->match || options->analyzer) && type->type != MILVUS_VARCHAR)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of foreign table \"%s\" has no words: it is no text", NameStr(attribute->attname), relname)));
	if (writer->existing)
		keep_sizes(type, collection_find_field(writer->existing, options->field));
}

/* What BM25 is made of cannot be NULL (rootcoord, proxy: function input field). */
static bool
can_be_null(const Dialect *dialect, const FieldType *type, const ColumnOptions *options)
{
	if (milvus_type_is_vector(type->type))
		return dialect->nullable_vectors;
	return dialect->nullable_fields && !options->full_text;
}

static const char *
json_bool(bool value)
{
	return value ? "true" : "false";
}

static void
append_type_params(StringInfo out, const FieldType *type, const ColumnOptions *options)
{
	bool		first = true;

	appendStringInfoString(out, ", \"type_params\": {");
	if (type->dim > 0)
		append_parameter(out, "dim", type->dim, &first);
	if (type->max_length > 0)
		append_parameter(out, "max_length", type->max_length, &first);
	if (type->max_capacity > 0)
		append_parameter(out, "max_capacity", type->max_capacity, &first);
	append_analyzer(out, options);
	appendStringInfoChar(out, '}');
}

/* One FieldSchema, as JSON. */
static void
append_field(SchemaWriter *writer, Form_pg_attribute attribute, const ColumnOptions *options, bool is_primary)
{
	StringInfo	out = &writer->fields;
	FieldType	type;
	bool		wants_null = !attribute->attnotnull && !is_primary && !options->partition_key;
	bool		nullable;

	choose_type(writer, attribute, options, &type);
	nullable = wants_null && can_be_null(writer->dialect, &type, options);
	if (wants_null && !nullable)
		appendStringInfo(&writer->not_nullable, "%s\"%s\"", writer->not_nullable.len > 0 ? ", " : "", NameStr(attribute->attname));
	appendStringInfo(out, "%s{\"name\": ", out->len > 0 ? ", " : "");
	escape_json(out, options->field);
	appendStringInfo(out, ", \"data_type\": \"%s\"", data_type_name(type.type));
	if (type.type == MILVUS_ARRAY)
		appendStringInfo(out, ", \"element_type\": \"%s\"", data_type_name(type.element_type));
	appendStringInfo(out, ", \"is_primary_key\": %s, \"autoID\": %s, \"is_partition_key\": %s, \"nullable\": %s",
					 json_bool(is_primary), json_bool(options->auto_id), json_bool(options->partition_key), json_bool(nullable));
	append_comment(out, RelationGetRelid(writer->relation), attribute->attnum);

	/*
	 * where a field that is left out must be sent with its default, no client
	 * can rely on it
	 */
	if (writer->dialect->defaults_left_out && !is_primary)
		append_default(out, writer->relation, attribute, type.type);
	append_type_params(out, &type, options);
	appendStringInfoChar(out, '}');
	if (options->full_text)
	{
		append_bm25_field(out, options);
		append_bm25_function(&writer->functions, options);
	}
}

/* Is it the column of all dynamic fields, or of one? */
static bool
is_dynamic_column(const ColumnOptions *options)
{
	return options->dynamic_key || strcmp(options->field, "$meta") == 0;
}

/* What PostgreSQL has of its columns: the options by attnum - 1. */
static ColumnOptions *
read_columns(Relation relation)
{
	TupleDesc	tupdesc = RelationGetDescr(relation);
	ColumnOptions *columns = palloc0(sizeof(ColumnOptions) * tupdesc->natts);

	for (int i = 0; i < tupdesc->natts; i++)
		if (!TupleDescAttr(tupdesc, i)->attisdropped)
			option_get_column(RelationGetRelid(relation), i + 1, NameStr(TupleDescAttr(tupdesc, i)->attname), &columns[i]);
	return columns;
}

/*
 * Writes the fields of all columns; the primary key is the column with that
 * option, else the first one.  Returns whether there are dynamic fields.
 */
static bool
write_fields(SchemaWriter *writer)
{
	TupleDesc	tupdesc = RelationGetDescr(writer->relation);
	ColumnOptions *columns = read_columns(writer->relation);
	bool		dynamic = false;
	int			primary = -1;
	List	   *stored = NIL;
	ListCell   *cell;

	for (int i = 0; i < tupdesc->natts; i++)
	{
		if (TupleDescAttr(tupdesc, i)->attisdropped)
			continue;
		if (is_dynamic_column(&columns[i]))
			dynamic = true;
		else
		{
			stored = lappend_int(stored, i);
			if (columns[i].primary_key)
				primary = i;
		}
	}
	if (primary < 0 && stored != NIL)
		primary = linitial_int(stored);
	foreach(cell, stored)
	{
		int			i = lfirst_int(cell);

		append_field(writer, TupleDescAttr(tupdesc, i), &columns[i], i == primary);
	}
	return dynamic;
}

static void
warn_of_lost_nulls(const SchemaWriter *writer)
{
	if (writer->not_nullable.len > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("fields of foreign table \"%s\" cannot be NULL in Milvus, although their columns can: %s",
						RelationGetRelationName(writer->relation), writer->not_nullable.data),
				 errdetail("%s has no nullable %s.", writer->dialect->name, writer->dialect->nullable_fields ? "vectors" : "fields")));
}

/*
 * table_schema(rel regclass, as_new bool) -> jsonb: the CollectionSchema of a
 * foreign table's columns; with the sizes of the fields that its collection has
 * already, or as a new one would have them.
 */
Datum
milvus_table_schema(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ForeignServer *server;
	ForeignTable *foreign = table_definition(relid, &server);
	MilvusConnection *connection = admin_connect(server->servername);
	SchemaWriter writer = {.dialect = connection->dialect};
	TableOptions table;
	StringInfoData out;
	bool		dynamic;

	option_get_table(foreign, server, get_rel_name(relid), &table);
	/* (there is but one argument where the extension was not updated yet) */
	if (PG_NARGS() < 2 || !PG_GETARG_BOOL(1))
		writer.existing = collection_describe_unless(connection, table.dbname, table.collection, DESCRIPTION_RECENT, ERRCODE_UNDEFINED_TABLE);
	initStringInfo(&writer.fields);
	initStringInfo(&writer.functions);
	initStringInfo(&writer.not_nullable);
	writer.relation = table_open(relid, AccessShareLock);
	dynamic = write_fields(&writer);
	warn_of_lost_nulls(&writer);
	table_close(writer.relation, AccessShareLock);
	initStringInfo(&out);
	appendStringInfoString(&out, "{\"name\": ");
	escape_json(&out, table.collection);
	append_comment(&out, relid, 0);
	appendStringInfo(&out, ", \"enable_dynamic_field\": %s, \"fields\": [%s]", json_bool(dynamic), writer.fields.data);
	if (writer.functions.len > 0)
		appendStringInfo(&out, ", \"functions\": [%s]", writer.functions.data);
	appendStringInfoChar(&out, '}');
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data)));
}

/*
 * field_type(field jsonb) -> text: the type of column that IMPORT FOREIGN
 * SCHEMA makes of a FieldSchema; NULL if none.
 */
Datum
milvus_field_type(PG_FUNCTION_ARGS)
{
	ProtobufCMessage *schema = json_to_message(&milvus__proto__schema__field_schema__descriptor, PG_GETARG_JSONB_P(0));
	CollectionField field = {0};
	FieldType	type;
	char	   *name;

	collection_read_field(&field, (const Milvus__Proto__Schema__FieldSchema *) schema);
	table_field_type(&field, &type);
	name = codec_import_type(&type);
	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(name));
}
