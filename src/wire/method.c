/*
 * method.c
 *		What is known of each RPC of MilvusService, beside its messages.
 *
 * From Milvus' protocol files, by release, and from what the Lites answer.
 */
#include "postgres.h"

#include "proto/milvus.pb-c.h"
#include "method.h"

#define SERVICE (&milvus__proto__milvus__milvus_service__descriptor)

#define READS METHOD_READS
#define GUARDED METHOD_GUARDED
#define STREAM METHOD_STREAM
#define LITE_2 METHOD_LITE_2
#define LITE_3 METHOD_LITE_3

/* "3.0.1": in the branch of 3.0, after 3.0.0 */
static const MilvusMethod methods[] = {
	{"CreateDatabase", "2.3", LITE_3},
	{"DropDatabase", "2.3", LITE_3},
	{"ListDatabases", "2.3", READS | LITE_3},
	{"AlterDatabase", "2.4", LITE_3},
	{"DescribeDatabase", "2.4", READS | LITE_3},
	{"CreateCollection", "2.3", LITE_3 | LITE_2},
	{"DropCollection", "2.3", LITE_3 | LITE_2},
	{"HasCollection", "2.3", READS | LITE_3 | LITE_2},
	{"DescribeCollection", "2.3", READS | LITE_3 | LITE_2},
	{"BatchDescribeCollection", "2.6", READS},
	{"ShowCollections", "2.3", READS | LITE_3 | LITE_2},
	{"AlterCollection", "2.3", LITE_3},
	{"AlterCollectionField", "2.4", 0},
	{"AddCollectionFunction", "2.6", 0},
	{"AlterCollectionFunction", "2.6", 0},
	{"DropCollectionFunction", "2.6", 0},
	{"TruncateCollection", "2.6.11", LITE_3},
	{"AddCollectionField", "2.6", 0},
	{"AddCollectionStructField", "3.0", 0},
	{"RenameCollection", "2.3", LITE_3},
	{"AlterCollectionSchema", "3.0", 0},
	{"CreateAlias", "2.3", LITE_3},
	{"DropAlias", "2.3", LITE_3},
	{"AlterAlias", "2.3", LITE_3},
	{"DescribeAlias", "2.3", READS | LITE_3},
	{"ListAliases", "2.3", READS | LITE_3},
	{"CreatePartition", "2.3", LITE_3},
	{"DropPartition", "2.3", LITE_3},
	{"HasPartition", "2.3", READS | LITE_3},
	{"ShowPartitions", "2.3", READS | LITE_3},
	{"CreateNamespace", "3.0.1", 0},
	{"DescribeNamespace", "3.0.1", READS},
	{"ListNamespaces", "3.0.1", READS},
	{"DropNamespace", "3.0.1", 0},
	{"HasNamespace", "3.0.1", READS},
	{"GetNamespaceStats", "3.0.1", READS},
	{"LoadCollection", "2.3", LITE_3 | LITE_2},
	{"ReleaseCollection", "2.3", LITE_3 | LITE_2},
	{"LoadPartitions", "2.3", 0},
	{"Prewarm", "3.0.1", 0},
	{"DescribePrewarmTask", "3.0.1", READS},
	{"ReleasePartitions", "2.3", 0},
	{"GetLoadingProgress", "2.3", READS | LITE_3 | LITE_2},
	{"GetLoadState", "2.3", READS | LITE_3 | LITE_2},
	{"CreateIndex", "2.3", LITE_3 | LITE_2},
	{"AlterIndex", "2.4", 0},
	{"DescribeIndex", "2.3", READS | LITE_3 | LITE_2},
	{"GetIndexStatistics", "2.3", READS},
	{"GetIndexState", "2.3", READS},
	{"GetIndexBuildProgress", "2.3", READS},
	{"DropIndex", "2.3", LITE_3 | LITE_2},
	{"Insert", "2.3", LITE_3 | LITE_2},
	{"Delete", "2.3", LITE_3 | LITE_2},
	{"Upsert", "2.3", LITE_3 | LITE_2},
	{"Search", "2.3", READS | GUARDED | LITE_3 | LITE_2},
	{"HybridSearch", "2.4", READS | GUARDED | LITE_3 | LITE_2},
	{"Query", "2.3", READS | GUARDED | LITE_3 | LITE_2},
	{"CalcDistance", "2.3", READS | GUARDED},
	{"GetCollectionStatistics", "2.3", READS | LITE_3 | LITE_2},
	{"GetPartitionStatistics", "2.3", READS | LITE_3},
	{"CreateCredential", "2.3", 0},
	{"UpdateCredential", "2.3", 0},
	{"DeleteCredential", "2.3", 0},
	{"ListCredUsers", "2.3", READS},
	{"CreateRole", "2.3", 0},
	{"AlterRole", "2.6.19", 0},
	{"DropRole", "2.3", 0},
	{"OperateUserRole", "2.3", 0},
	{"SelectRole", "2.3", READS},
	{"SelectUser", "2.3", READS},
	{"OperatePrivilege", "2.3", 0},
	{"OperatePrivilegeV2", "2.4", 0},
	{"SelectGrant", "2.3", READS},
	{"BackupRBAC", "2.4", READS | GUARDED},
	{"RestoreRBAC", "2.4", 0},
	{"CreatePrivilegeGroup", "2.4", 0},
	{"DropPrivilegeGroup", "2.4", 0},
	{"ListPrivilegeGroups", "2.4", READS},
	{"OperatePrivilegeGroup", "2.4", 0},
	{"AddUserTags", NULL, 0},
	{"DeleteUserTags", NULL, 0},
	{"GetUserTags", NULL, READS},
	{"ListUsersWithTag", NULL, READS},
	{"CreateRowPolicy", NULL, 0},
	{"DropRowPolicy", NULL, 0},
	{"ListRowPolicies", NULL, READS},
	{"UpdateRowPolicy", NULL, 0},
	{"SetRLSPrincipalTags", NULL, 0},
	{"GetRLSPrincipalTags", NULL, READS},
	{"ListRLSPrincipals", NULL, READS},
	{"DeleteRLSPrincipalTags", NULL, 0},
	{"GetReplicas", "2.3", READS},
	{"CreateResourceGroup", "2.3", 0},
	{"DropResourceGroup", "2.3", 0},
	{"UpdateResourceGroups", "2.4", 0},
	{"TransferNode", "2.3", 0},
	{"TransferReplica", "2.3", 0},
	{"ListResourceGroups", "2.3", READS},
	{"DescribeResourceGroup", "2.3", READS},
	{"Import", "2.3", 0},
	{"GetImportState", "2.3", READS},
	{"ListImportTasks", "2.3", READS},
	{"Flush", "2.3", LITE_3 | LITE_2},
	{"FlushAll", "2.3", 0},
	{"GetFlushState", "2.3", READS | LITE_3 | LITE_2},
	{"GetFlushAllState", "2.3", READS},
	{"GetPersistentSegmentInfo", "2.3", READS},
	{"GetQuerySegmentInfo", "2.3", READS},
	{"GetMetrics", "2.3", READS},
	{"GetComponentStates", "2.3", READS},
	{"LoadBalance", "2.3", 0},
	{"GetCompactionState", "2.3", READS | LITE_3},
	{"ManualCompaction", "2.3", LITE_3},
	{"GetCompactionStateWithPlans", "2.3", READS},
	{"GetVersion", "2.3", READS | LITE_3},
	{"CheckHealth", "2.3", READS | LITE_3},
	{"CreateSnapshot", "3.0", 0},
	{"DropSnapshot", "3.0", 0},
	{"ListSnapshots", "3.0", READS},
	{"DescribeSnapshot", "3.0", READS},
	{"RestoreSnapshot", "3.0", 0},
	{"RestoreExternalSnapshot", "3.0", 0},
	{"ExportSnapshot", "3.0", 0},
	{"GetExportSnapshotState", "3.0.1", READS},
	{"GetRestoreSnapshotState", "3.0", READS},
	{"ListRestoreSnapshotJobs", "3.0", READS},
	{"PinSnapshotData", "3.0", 0},
	{"UnpinSnapshotData", "3.0", 0},
	{"BatchUpdateManifest", "3.0", 0},
	{"RefreshExternalCollection", "3.0", 0},
	{"GetRefreshExternalCollectionProgress", "3.0", READS},
	{"ListRefreshExternalCollectionJobs", "3.0", READS},
	{"RunAnalyzer", "2.5.11", READS},
	{"AddFileResource", "2.6", 0},
	{"RemoveFileResource", "2.6", 0},
	{"ListFileResources", "2.6", READS},
	{"ComputePhraseMatchSlop", "3.0", READS},
	{"ReplicateMessage", "2.3", 0},
	{"UpdateReplicateConfiguration", "2.6.2", 0},
	{"GetReplicateConfiguration", "2.6.18", READS | GUARDED},
	{"GetReplicateInfo", "2.6.2", READS},
	{"CreateReplicateStream", "2.6", STREAM},
	{"DumpMessages", "2.6", STREAM},
	{"Dummy", "2.3", 0},
	{"RegisterLink", "2.3", 0},
	{"ListIndexedSegment", "2.3", READS | GUARDED},
	{"DescribeSegmentIndexData", "2.3", READS | GUARDED},
	{"Connect", "2.3", READS | LITE_3 | LITE_2},
	{"AllocTimestamp", "2.3", READS | LITE_2},
};

const MilvusMethod *
method_list(int *count)
{
	*count = lengthof(methods);
	return methods;
}

const MilvusMethod *
method_find(const char *name)
{
	for (int i = 0; i < lengthof(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

const ProtobufCMethodDescriptor *
method_descriptor(const MilvusMethod *method)
{
	return protobuf_c_service_descriptor_get_method_by_name(SERVICE, method->name);
}

const char *
method_versions(const char *name)
{
	const MilvusMethod *method = method_find(name);
	const char *lites[] = {"", ", and Milvus Lite 2", ", and Milvus Lite 3", ", and Milvus Lite"};
	int			lite;

	if (method == NULL)
		return NULL;
	if (method->since == NULL)
		return "No released Milvus has it yet.";
	lite = (method->flags & LITE_2 ? 1 : 0) + (method->flags & LITE_3 ? 2 : 0);
	if (lite == 0)
		return psprintf("It is in Milvus from version %s on, but not in Milvus Lite.", method->since);
	return psprintf("It is in Milvus from version %s on%s.", method->since, lites[lite]);
}
