/*
 * setting.c
 *		The settings milvus_fdw.*
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "json_check.h"
#include "option.h"
#include "setting.h"
#include "wire/rpc.h"

bool		milvus_enable_search = true;
bool		milvus_exact_distance = true;
char	   *milvus_search_params = NULL;
int			milvus_consistency_level = CONSISTENCY_UNSET;
int			milvus_wait_for_load = 0;

static bool
check_search_params(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || (*newval)[0] == '\0' || json_check_object(*newval))
		return true;
	GUC_check_errdetail("It must be empty or a JSON object without \\u escapes, such as {\"ef\": 64}.");
	return false;
}

void
setting_define_all(void)
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
							 &milvus_consistency_level, CONSISTENCY_UNSET, option_consistency_levels,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("milvus_fdw.wait_for_load",
							"For so long a read waits for a collection that Milvus is loading.",
							"After a restart Milvus loads by itself what was loaded before. 0: such a read is an error at once.",
							&milvus_wait_for_load, 0, 0, INT_MAX / 1000, PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("milvus_fdw.log_min_duration",
							"Logs requests to Milvus that were waited for at least so long.",
							"0 logs all of them, -1 none.",
							&rpc_log_min_duration, -1, -1, INT_MAX, PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
	MarkGUCPrefixReserved("milvus_fdw");
}
