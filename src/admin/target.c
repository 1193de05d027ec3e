/*
 * target.c
 *		What an administration function is about: a foreign table, or names.
 *
 * Also the Milvus schema that a foreign table's columns describe, and the
 * column that a field of a schema becomes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
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

PG_FUNCTION_INFO_V1(milvus_target);
PG_FUNCTION_INFO_V1(milvus_check_fields);
PG_FUNCTION_INFO_V1(milvus_table_schema);
PG_FUNCTION_INFO_V1(milvus_field_type);

/* Options of a foreign table of ours. */
static void
read_table_options(Oid relid, TableOptions *options, char **server_name)
{
	ForeignServer *server;
	ForeignTable *foreign = table_definition(relid, &server);

	option_get_table(foreign, server, get_rel_name(relid), options);
	*server_name = server->servername;
}

/*
 * target(rel regclass, server name, collection text, database text)
 * -> (server name, database text, collection text, partition text)
 *
 * Exactly one of the two ways: a table, or names.
 */
Datum
milvus_target(PG_FUNCTION_ARGS)
{
	bool		by_table = !PG_ARGISNULL(0);
	bool		by_name = !PG_ARGISNULL(1) || !PG_ARGISNULL(2) || !PG_ARGISNULL(3);
	TableOptions options = {0};
	char	   *server_name;
	TupleDesc	tupdesc;
	Datum		values[4];
	bool		nulls[4] = {0};
	NameData	server;

	if (by_table == by_name || (by_name && (PG_ARGISNULL(1) || PG_ARGISNULL(2))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("name a foreign table, or a server and a collection"),
				 errhint("For example milvus.load('docs'), or milvus.load(server => 'm', collection => 'docs').")));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (by_table)
		read_table_options(PG_GETARG_OID(0), &options, &server_name);
	else
	{
		ForeignServer *found = GetForeignServerByName(NameStr(*PG_GETARG_NAME(1)), false);
		ServerOptions server_options;

		option_get_server(found, &server_options);
		server_name = found->servername;
		options.collection = text_to_cstring(PG_GETARG_TEXT_PP(2));
		options.dbname = PG_ARGISNULL(3) ? server_options.dbname : text_to_cstring(PG_GETARG_TEXT_PP(3));
	}
	namestrcpy(&server, server_name);
	values[0] = NameGetDatum(&server);
	values[1] = CStringGetTextDatum(options.dbname);
	values[2] = CStringGetTextDatum(options.collection);
	nulls[3] = options.partition == NULL;
	if (options.partition)
		values[3] = CStringGetTextDatum(options.partition);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
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

/* Error 0A000 for what the server cannot store: some die of it, and again at each restart. */
static void
check_storable(const Dialect *dialect, const char *flag, const char *what, const char *field)
{
	const char *since;

	if (!dialect_has(dialect, flag, &since))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("field \"%s\" cannot be stored: %s has no %s", field, dialect->name, what),
				 since ? errhint("Milvus has them from version %s on.", since) : 0));
}

static void
check_type(const Dialect *dialect, MilvusType type, const char *field)
{
	static const struct
	{
		MilvusType	type;
		const char *flag;
		const char *what;
	}			types[] = {
		{MILVUS_TIMESTAMPTZ, "timestamptz_fields", "timestamps"},
		{MILVUS_BINARY_VECTOR, "binary_vectors", "binary vectors"},
		{MILVUS_FLOAT16_VECTOR, "half_vectors", "vectors of half precision"},
		{MILVUS_BFLOAT16_VECTOR, "half_vectors", "vectors of half precision"},
		{MILVUS_SPARSE_VECTOR, "sparse_vectors", "sparse vectors"}
	};

	for (int i = 0; i < lengthof(types); i++)
		if (types[i].type == type)
			check_storable(dialect, types[i].flag, types[i].what, field);
}

/*
 * check_fields(server name, fields jsonb): error 0A000 unless the server can store
 * fields like these FieldSchemas together.
 */
Datum
milvus_check_fields(PG_FUNCTION_ARGS)
{
	const Dialect *dialect = admin_connect(NameStr(*PG_GETARG_NAME(0)))->dialect;
	Jsonb	   *fields = PG_GETARG_JSONB_P(1);
	JsonbIterator *iterator = JsonbIteratorInit(&fields->root);
	JsonbValue	value;
	JsonbIteratorToken token;
	int			nvectors = 0;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		const Milvus__Proto__Schema__FieldSchema *field;
		MilvusType	type;

		if (token != WJB_ELEM || value.type != jbvBinary)
			continue;
		field = (const Milvus__Proto__Schema__FieldSchema *)
			json_to_message(&milvus__proto__schema__field_schema__descriptor, JsonbValueToJsonb(&value));
		type = (MilvusType) field->data_type;
		check_type(dialect, type, field->name);
		if (milvus_type_is_vector(type) && nvectors++ > 0)
			check_storable(dialect, "several_vectors", "collections with several vectors", field->name);
		/* an older server would overlook it */
		if (field->nullable)
			check_storable(dialect, "nullable_fields", "nullable fields", field->name);
	}
	PG_RETURN_VOID();
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

/* One FieldSchema, as JSON. */
static void
append_field(StringInfo out, Relation relation, Form_pg_attribute attribute,
			 const ColumnOptions *options, bool is_primary, const Dialect *dialect, StringInfo not_nullable)
{
	FieldType	type;
	const char *problem;
	bool		first = true,
				can_be_null,
				nullable = !attribute->attnotnull && !is_primary && !options->partition_key;

	if (!codec_field_for_type(attribute->atttypid, attribute->atttypmod, options->dim, &type, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of foreign table \"%s\" cannot become a field: %s",
						NameStr(attribute->attname), RelationGetRelationName(relation), problem),
				 errhint("Give it a type that Milvus has: vector(768), or the option dim, for vectors, double precision for numbers, text for dates and uuid, jsonb for json. "
						 "milvus.table_ddl() does so for a local table.")));
	if ((options->full_text || options->match || options->analyzer) && type.type != MILVUS_VARCHAR)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of foreign table \"%s\" has no words: it is no text",
						NameStr(attribute->attname), RelationGetRelationName(relation))));

	/*
	 * what BM25 is made of cannot be NULL (rootcoord, proxy: function input
	 * field)
	 */
	can_be_null = milvus_type_is_vector(type.type) ? dialect->nullable_vectors :
		dialect->nullable_fields && !options->full_text;
	appendStringInfoString(out, "{\"name\": ");
	escape_json(out, options->field);
	appendStringInfo(out, ", \"data_type\": \"%s\"", data_type_name(type.type));
	if (type.type == MILVUS_ARRAY)
		appendStringInfo(out, ", \"element_type\": \"%s\"", data_type_name(type.element_type));
	appendStringInfo(out, ", \"is_primary_key\": %s, \"autoID\": %s, \"is_partition_key\": %s, \"nullable\": %s",
					 is_primary ? "true" : "false", options->auto_id ? "true" : "false",
					 options->partition_key ? "true" : "false",
					 nullable && can_be_null ? "true" : "false");
	if (nullable && !can_be_null)
		appendStringInfo(not_nullable, "%s\"%s\"", not_nullable->len > 0 ? ", " : "", NameStr(attribute->attname));
	append_comment(out, RelationGetRelid(relation), attribute->attnum);

	/*
	 * where a field that is left out must be sent with its default, no client
	 * can rely on it
	 */
	if (dialect->defaults_left_out && !is_primary)
		append_default(out, relation, attribute, type.type);
	appendStringInfoString(out, ", \"type_params\": {");
	if (type.dim > 0)
		append_parameter(out, "dim", type.dim, &first);
	if (type.max_length > 0)
		append_parameter(out, "max_length", type.max_length, &first);
	if (type.max_capacity > 0)
		append_parameter(out, "max_capacity", type.max_capacity, &first);
	append_analyzer(out, options);
	appendStringInfoString(out, "}}");
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

/* Is it the column of all dynamic fields, or of one? */
static bool
is_dynamic_column(const ColumnOptions *options)
{
	return options->dynamic_key || strcmp(options->field, "$meta") == 0;
}

/*
 * table_schema(rel regclass) -> jsonb: the CollectionSchema of a foreign
 * table's columns.  The primary key is the column with that option, else the
 * first one.
 */
Datum
milvus_table_schema(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	TableOptions table;
	char	   *server;
	Relation	relation;
	TupleDesc	tupdesc;
	StringInfoData out;
	const Dialect *dialect;
	StringInfoData not_nullable,
				functions;
	bool		dynamic = false;
	int			primary = -1,
				first = -1,
				count = 0;

	read_table_options(relid, &table, &server);
	dialect = admin_connect(server)->dialect;
	initStringInfo(&not_nullable);
	initStringInfo(&functions);
	relation = table_open(relid, AccessShareLock);
	tupdesc = RelationGetDescr(relation);
	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < tupdesc->natts; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);
			ColumnOptions options;

			if (attribute->attisdropped)
				continue;
			option_get_column(relid, attribute->attnum, NameStr(attribute->attname), &options);
			if (is_dynamic_column(&options))
				dynamic = true;
			else if (pass == 0)
			{
				first = first < 0 ? i : first;
				if (options.primary_key)
					primary = i;
			}
			else
			{
				appendStringInfoString(&out, count++ > 0 ? ", " : "");
				append_field(&out, relation, attribute, &options,
							 i == (primary >= 0 ? primary : first), dialect, &not_nullable);
				if (options.full_text)
				{
					append_bm25_field(&out, &options);
					append_bm25_function(&functions, &options);
				}
			}
		}
		if (pass == 0)
		{
			initStringInfo(&out);
			appendStringInfoString(&out, "{\"name\": ");
			escape_json(&out, table.collection);
			append_comment(&out, relid, 0);
			appendStringInfo(&out, ", \"enable_dynamic_field\": %s, \"fields\": [", dynamic ? "true" : "false");
		}
	}
	table_close(relation, AccessShareLock);
	appendStringInfoChar(&out, ']');
	if (functions.len > 0)
		appendStringInfo(&out, ", \"functions\": [%s]", functions.data);
	appendStringInfoChar(&out, '}');
	if (not_nullable.len > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("fields of foreign table \"%s\" cannot be NULL in Milvus, although their columns can: %s",
						get_rel_name(relid), not_nullable.data),
				 errdetail("%s has no nullable %s.", dialect->name, dialect->nullable_fields ? "vectors" : "fields")));
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
