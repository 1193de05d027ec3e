"""RPCs that not all versions have: which of the versions here have a method for it in
internal/distributed/proxy/service.go (func (s *Server) NAME).  Of 3.0 a snapshot of 2026-07-23 was read, before 3.0.0;
what is not in it, and might have come till 3.0.1, is in MAYBE.
First releases between those here: RunAnalyzer 2.5.11, AddCollectionFunction 2.6.8, TruncateCollection 2.6.11,
GetReplicateConfiguration 2.6.17 or 2.6.18, AlterRole 2.6.19."""

HAVE = {
    "AddCollectionField": "2.6.1 2.6.2 2.6.10 2.6.20 3.0.1", "AddCollectionFunction": "2.6.10 2.6.20 3.0.1", "AddCollectionStructField": "3.0.1",
    "AddFileResource": "2.6.1 2.6.2 2.6.10 2.6.20 3.0.1", "AlterCollectionFunction": "2.6.10 2.6.20 3.0.1", "AlterCollectionSchema": "3.0.1", "AlterRole": "2.6.20 3.0.1",
    "BatchDescribeCollection": "2.6.1 2.6.2 2.6.10 2.6.20 3.0.1", "BatchUpdateManifest": "3.0.1", "ClientHeartbeat": "3.0.1", "ComputePhraseMatchSlop": "3.0.1",
    "CreateSnapshot": "3.0.1", "DeleteClientCommand": "3.0.1", "DescribeSnapshot": "3.0.1", "DropCollectionFunction": "2.6.10 2.6.20 3.0.1", "DropSnapshot": "3.0.1",
    "ExportSnapshot": "3.0.1", "GetClientTelemetry": "3.0.1", "GetRefreshExternalCollectionProgress": "3.0.1", "GetReplicateConfiguration": "2.6.20 3.0.1",
    "GetReplicateInfo": "2.6.2 2.6.10 2.6.20 3.0.1", "GetRestoreSnapshotState": "3.0.1", "ListFileResources": "2.6.1 2.6.2 2.6.10 2.6.20 3.0.1",
    "ListRefreshExternalCollectionJobs": "3.0.1", "ListRestoreSnapshotJobs": "3.0.1", "ListSnapshots": "3.0.1", "PinSnapshotData": "3.0.1", "PushClientCommand": "3.0.1",
    "RefreshExternalCollection": "3.0.1", "RemoveFileResource": "2.6.1 2.6.2 2.6.10 2.6.20 3.0.1", "RestoreExternalSnapshot": "3.0.1", "RestoreSnapshot": "3.0.1",
    "RunAnalyzer": "2.5.24 2.6.1 2.6.2 2.6.10 2.6.20 3.0.1", "TruncateCollection": "2.6.20 3.0.1", "UnpinSnapshotData": "3.0.1",
    "UpdateReplicateConfiguration": "2.6.2 2.6.10 2.6.20 3.0.1",
    # in the protocol, and nowhere in the proxy
    "AddUserTags": "", "DeleteUserTags": "", "GetUserTags": "", "ListUsersWithTag": "",
    "CreateRowPolicy": "", "DropRowPolicy": "", "UpdateRowPolicy": "", "ListRowPolicies": "",
    "SetRLSPrincipalTags": "", "GetRLSPrincipalTags": "", "DeleteRLSPrincipalTags": "", "ListRLSPrincipals": "",
    "CreateNamespace": "", "DescribeNamespace": "", "DropNamespace": "", "GetNamespaceStats": "", "HasNamespace": "", "ListNamespaces": "",
    "Prewarm": "", "DescribePrewarmTask": "", "GetExportSnapshotState": "",
}
MAYBE = {"CreateNamespace", "DescribeNamespace", "DropNamespace", "GetNamespaceStats", "HasNamespace", "ListNamespaces", "Prewarm", "DescribePrewarmTask", "GetExportSnapshotState"}


def lacks(version, rpc):
    if rpc not in HAVE or version == "3.0.1" and rpc in MAYBE:
        return False
    return version.lstrip("v") not in HAVE[rpc].split()
