/*
 * milvus_fdw.c
 *		The way in: module magic, handler and validator.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "src/compat.h"
#include "src/analyze.h"
#include "src/import.h"
#include "src/write/modify.h"
#include "src/read/scan.h"
#include "src/read/siblings.h"
#include "src/plan/modify_table.h"
#include "src/plan/relation.h"
#include "src/server/option.h"
#include "src/server/setting.h"

MILVUS_MODULE_MAGIC("milvus_fdw", MILVUS_FDW_VERSION);

PG_FUNCTION_INFO_V1(milvus_fdw_handler);
PG_FUNCTION_INFO_V1(milvus_fdw_validator);

void
_PG_init(void)
{
	setting_define_all();
	modify_install_hook();
	siblings_install_hook();
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
	routine->GetForeignModifyBatchSize = milvusGetForeignModifyBatchSize;
	routine->ExecForeignBatchInsert = milvusExecForeignBatchInsert;
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
