/*
 * target.c
 *		What an administration function is about: a foreign table, or names.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "remote/table.h"
#include "server/option.h"

PG_FUNCTION_INFO_V1(milvus_target);

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
	{
		ForeignServer *found;
		ForeignTable *foreign = table_definition(PG_GETARG_OID(0), &found);

		option_get_table(foreign, found, get_rel_name(PG_GETARG_OID(0)), &options);
		server_name = found->servername;
	}
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
