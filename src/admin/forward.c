/*
 * forward.c
 *		A function that changes something in Milvus, for whoever may execute it.
 *
 * What milvus.flush() does is written in SQL, as milvus_internal.flush(), and is
 * executed with the caller's rights.  Only while it is, milvus.perform() makes
 * calls: so EXECUTE on a function gives just what that function does, and a role
 * needs neither rights on all RPCs nor those of somebody else.  No code of others
 * may run in between: the functions have their search_path set.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "forward.h"

PG_FUNCTION_INFO_V1(milvus_forward);

static Oid	current_function = InvalidOid;

Oid
forward_current(void)
{
	return current_function;
}

/* The function of the same name and arguments in milvus_internal. */
static Oid
find_implementation(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	Oid			found;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	found = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, NameGetDatum(&form->proname),
							PointerGetDatum(&form->proargtypes),
							ObjectIdGetDatum(get_namespace_oid("milvus_internal", false)));
	if (!OidIsValid(found))
		elog(ERROR, "function milvus.%s() has no implementation", NameStr(form->proname));
	ReleaseSysCache(tuple);
	return found;
}

/* An error without the lines that say where in the implementation it was: they are nobody's business. */
static void
rethrow_without_context(MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	FlushErrorState();
	error->context = NULL;
	/* whoever has called us adds his own again */
	ThrowErrorData(error);
}

/* The link symbol of all functions that change something. */
Datum
milvus_forward(PG_FUNCTION_ARGS)
{
	Oid			caller = current_function;
	MemoryContext context = CurrentMemoryContext;
	FmgrInfo   *implementation = fcinfo->flinfo->fn_extra;
	Datum		result = (Datum) 0;

	LOCAL_FCINFO(inner, FUNC_MAX_ARGS);

	if (implementation == NULL)
	{
		implementation = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));
		fmgr_info_cxt(find_implementation(fcinfo->flinfo->fn_oid), implementation, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = implementation;
	}
	InitFunctionCallInfoData(*inner, implementation, PG_NARGS(), PG_GET_COLLATION(), NULL, NULL);
	for (int i = 0; i < PG_NARGS(); i++)
		inner->args[i] = fcinfo->args[i];
	current_function = fcinfo->flinfo->fn_oid;
	PG_TRY();
	{
		result = FunctionCallInvoke(inner);
	}
	PG_CATCH();
	{
		current_function = caller;
		rethrow_without_context(context);
	}
	PG_END_TRY();
	current_function = caller;
	fcinfo->isnull = inner->isnull;
	return result;
}

/* Is it the name of something? An index's may be left to the server. */
static bool
is_name(const char *key)
{
	size_t		len = strlen(key);

	return (len >= 4 && pg_strcasecmp(key + len - 4, "name") == 0 && strcmp(key, "index_name") != 0) ||
		strcmp(key, "alias") == 0 || strcmp(key, "resource_group") == 0;
}

void
forward_check_complete(Jsonb *request)
{
	JsonbIterator *iterator = JsonbIteratorInit(&request->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	int			depth = 0;
	char	   *key = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_OBJECT)
			depth++;
		else if (token == WJB_END_OBJECT)
			depth--;
		else if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE &&
				 (value.type == jbvNull ||
				  (depth == 1 && value.type == jbvString && value.val.string.len == 0 && is_name(key))))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("milvus.%s() needs a value for \"%s\"", get_func_name(current_function), key),
					 errhint("Its arguments are %s.",
							 TextDatumGetCString(OidFunctionCall1(F_PG_GET_FUNCTION_IDENTITY_ARGUMENTS,
																  ObjectIdGetDatum(current_function))))));
	}
}
