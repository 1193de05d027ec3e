/*
 * milvus_fdw.c
 *		The way in: module magic, settings, handler and validator.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "src/compat.h"
#include "src/exec/analyze.h"
#include "src/exec/import.h"
#include "src/exec/modify.h"
#include "src/exec/scan.h"
#include "src/plan/modify.h"
#include "src/plan/relation.h"
#include "src/remote/loading.h"
#include "src/server/json_check.h"
#include "src/server/option.h"

MILVUS_MODULE_MAGIC("milvus_fdw", MILVUS_FDW_VERSION);

PG_FUNCTION_INFO_V1(milvus_fdw_handler);
PG_FUNCTION_INFO_V1(milvus_fdw_validator);

bool		milvus_enable_search = true;
bool		milvus_exact_distance = true;
char	   *milvus_search_params = NULL;
int			milvus_consistency_level = CONSISTENCY_UNSET;

static const struct config_enum_entry consistency_levels[] = {
	{"default", CONSISTENCY_UNSET, false},
	{"session", CONSISTENCY_SESSION, false},
	{"strong", CONSISTENCY_STRONG, false},
	{"bounded", CONSISTENCY_BOUNDED, false},
	{"eventually", CONSISTENCY_EVENTUALLY, false},
	{NULL, 0, false}
};

static bool
check_search_params(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || (*newval)[0] == '\0' || json_check_object(*newval))
		return true;
	GUC_check_errdetail("It must be empty or a JSON object without \\u escapes, such as {\"ef\": 64}.");
	return false;
}

void
_PG_init(void)
{
	DefineCustomBoolVariable("milvus_fdw.enable_search",
							 "Lets ORDER BY a distance be answered by a vector search in Milvus.",
							 "Off, all rows are read and sorted here, which is exact.",
							 &milvus_enable_search, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("milvus_fdw.exact_distance",
							 "Computes distances from the vectors where the index does not keep them exactly.",
							 "Off, the scores of a lossy index are taken as they are.",
							 &milvus_exact_distance, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("milvus_fdw.search_params",
							   "Parameters of vector searches, as a JSON object.",
							   "For example {\"ef\": 64}. Overrides the option of the table.",
							   &milvus_search_params, "", PGC_USERSET, 0, check_search_params, NULL, NULL);
	DefineCustomEnumVariable("milvus_fdw.consistency_level",
							 "How recent the data must be that reads of foreign tables see.",
							 "\"default\" leaves it to the option consistency_level of the table or server, and without that to the collection's own.",
							 &milvus_consistency_level, CONSISTENCY_UNSET, consistency_levels,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("milvus_fdw.wait_for_load",
							"For so long a read waits for a collection that Milvus is loading.",
							"After a restart Milvus loads by itself what was loaded before. 0: such a read is an error at once.",
							&milvus_wait_for_load, 0, 0, INT_MAX / 1000, PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	MarkGUCPrefixReserved("milvus_fdw");
	modify_install_hook();
}

Datum
milvus_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = milvusGetForeignRelSize;
	routine->GetForeignPaths = milvusGetForeignPaths;
	routine->GetForeignUpperPaths = milvusGetForeignUpperPaths;
	routine->GetForeignPlan = milvusGetForeignPlan;
	routine->BeginForeignScan = milvusBeginForeignScan;
	routine->IterateForeignScan = milvusIterateForeignScan;
	routine->ReScanForeignScan = milvusReScanForeignScan;
	routine->EndForeignScan = milvusEndForeignScan;
	routine->ExplainForeignScan = milvusExplainForeignScan;
	routine->AddForeignUpdateTargets = milvusAddForeignUpdateTargets;
	routine->PlanForeignModify = milvusPlanForeignModify;
	routine->BeginForeignModify = milvusBeginForeignModify;
	routine->ExecForeignInsert = milvusExecForeignInsert;
	routine->ExecForeignUpdate = milvusExecForeignUpdate;
	routine->ExecForeignDelete = milvusExecForeignDelete;
	routine->EndForeignModify = milvusEndForeignModify;
	routine->BeginForeignInsert = milvusBeginForeignInsert;
	routine->EndForeignInsert = milvusEndForeignInsert;
	routine->ExplainForeignModify = milvusExplainForeignModify;
	routine->PlanDirectModify = milvusPlanDirectModify;
	routine->BeginDirectModify = milvusBeginDirectModify;
	routine->IterateDirectModify = milvusIterateDirectModify;
	routine->EndDirectModify = milvusEndDirectModify;
	routine->ExplainDirectModify = milvusExplainDirectModify;
	routine->ExecForeignTruncate = milvusExecForeignTruncate;
	routine->IsForeignRelUpdatable = milvusIsForeignRelUpdatable;
	routine->AnalyzeForeignTable = milvusAnalyzeForeignTable;
	routine->ImportForeignSchema = milvusImportForeignSchema;
	PG_RETURN_POINTER(routine);
}

Datum
milvus_fdw_validator(PG_FUNCTION_ARGS)
{
	option_validate(untransformRelOptions(PG_GETARG_DATUM(0)), PG_GETARG_OID(1));
	PG_RETURN_VOID();
}
