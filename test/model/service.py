"""The gRPC side: which RPC does what, since when, and how errors are answered.

An RPC that the real server of the version has and the model has not is
UNIMPLEMENTED, as one that the version itself lacks; the text tells which.
"""

import logging
import sys
import traceback

import grpc
import admin
import alter
import analyzer
import base
import ddl
import hybrid
import reads
import rights
import search
import writes
from google.protobuf import message_factory
from google.protobuf.message import DecodeError
from pymilvus.grpc_gen import milvus_pb2

SERVICE = "milvus.proto.milvus.MilvusService"


class Rpc:
    def __init__(self, method, run, since, locked):
        self.name = method.name
        self.request = message_factory.GetMessageClass(method.input_type)
        self.response = message_factory.GetMessageClass(method.output_type)
        self.run = run
        self.since = since
        self.locked = locked
        self.has_status = "status" in self.response.DESCRIPTOR.fields_by_name


class Service:
    def __init__(self, keeper, authorize=False):
        self.keeper = keeper
        self.version = keeper.version
        self.defined = ddl.Definitions(keeper)
        self.altered = alter.Alterations(keeper)
        self.machinery = admin.Machinery(keeper)
        self.rights = rights.Rights(keeper, authorize)
        self.rpcs = {}
        methods = milvus_pb2.DESCRIPTOR.services_by_name["MilvusService"].methods_by_name
        for name, (run, since, locked) in self.table().items():
            self.rpcs[name] = Rpc(methods[name], run, since, locked)

    def table(self):
        """name -> what runs it, since which version, under the lock?"""
        d = self.defined
        early = (2, 0, 0)
        plain = {
            "CreateDatabase": d.create_database, "DropDatabase": d.drop_database, "ListDatabases": d.list_databases,
            "DescribeDatabase": d.describe_database, "AlterDatabase": d.alter_database,
            "CreateCollection": d.create_collection, "DropCollection": d.drop_collection,
            "HasCollection": d.has_collection, "DescribeCollection": d.describe_collection,
            "ShowCollections": d.show_collections, "RenameCollection": d.rename_collection,
            "AlterCollection": self.altered.collection, "GetCollectionStatistics": d.statistics,
            "GetPartitionStatistics": d.partition_statistics, "Flush": d.flush, "GetFlushState": d.flush_state,
            "CreateAlias": d.create_alias, "AlterAlias": d.alter_alias, "DropAlias": d.drop_alias,
            "DescribeAlias": d.describe_alias, "ListAliases": d.list_aliases,
            "CreatePartition": d.create_partition, "DropPartition": d.drop_partition,
            "HasPartition": d.has_partition, "ShowPartitions": d.show_partitions,
            "CreateIndex": d.create_index, "DescribeIndex": d.describe_index, "DropIndex": d.drop_index,
            "AlterIndex": self.altered.index,
            "LoadCollection": d.load_collection, "ReleaseCollection": d.release_collection,
            "LoadPartitions": d.load_partitions, "ReleasePartitions": d.release_partitions,
            "GetLoadState": d.load_state, "GetLoadingProgress": d.loading_progress,
            "GetVersion": self.get_version, "CheckHealth": self.check_health,
            "AllocTimestamp": self.alloc_timestamp,
        }
        m = self.machinery
        plain.update({
            "ManualCompaction": m.compact, "GetCompactionState": m.compaction_state,
            "GetCompactionStateWithPlans": m.compaction_state, "GetReplicas": m.replicas,
            "CreateResourceGroup": m.create_group, "DropResourceGroup": m.drop_group,
            "ListResourceGroups": m.list_groups, "DescribeResourceGroup": m.describe_group,
        })
        r = self.rights
        plain.update({
            "CreateCredential": r.create_user, "UpdateCredential": r.update_user, "DeleteCredential": r.delete_user,
            "ListCredUsers": r.list_users, "CreateRole": r.create_role, "DropRole": r.drop_role,
            "OperateUserRole": r.operate_user_role, "OperatePrivilege": r.operate_privilege,
            "SelectRole": r.select_role, "SelectUser": r.select_user, "SelectGrant": r.select_grant,
        })
        found = {name: (self.defining(run), early, True) for name, run in plain.items()}
        found["OperatePrivilegeV2"] = (self.defining(r.operate_privilege_v2), (2, 5, 0), True)
        for name, run in (("CreatePrivilegeGroup", r.create_group), ("DropPrivilegeGroup", r.drop_group),
                          ("ListPrivilegeGroups", r.list_groups), ("OperatePrivilegeGroup", r.operate_group)):
            found[name] = (self.defining(run), (2, 5, 0), True)
        found["Connect"] = (self.connect, early, True)
        found["AddCollectionField"] = (self.defining(self.altered.add_field), (2, 6, 0), True)
        found["AlterCollectionField"] = (self.defining(self.altered.field), (2, 5, 0), True)
        found["RunAnalyzer"] = (lambda request, answer, context: analyzer.run(self.keeper, request, answer), (2, 5, 11),
                                False)
        found["BatchDescribeCollection"] = (self.defining(d.batch_describe), (2, 6, 0), True)
        # in the declarations of 2.6, in the proxy since 2.6.11 (facts 1.11)
        found["TruncateCollection"] = (self.defining(d.truncate), (2, 6, 11), True)
        for name, run in (("Insert", writes.insert), ("Upsert", writes.upsert), ("Delete", writes.delete)):
            found[name] = (lambda request, answer, context, run=run: run(self.keeper, request, answer), early,
                           False)
        for name, run in (("Query", reads.query), ("Search", search.search), ("HybridSearch", hybrid.hybrid_search)):
            found[name] = (lambda request, answer, context, run=run: run(self.keeper, request, answer, context),
                           early, False)
        return found

    @staticmethod
    def defining(run):
        def wrapped(request, answer, context):
            run(request, answer)
        return wrapped

    # --- the server itself ---

    def connect(self, request, answer, context):
        for key, value in context.invocation_metadata():
            if key == "dbname":
                self.keeper.database(value)
        answer.server_info.build_tags = self.version.build_tag
        answer.server_info.deploy_mode = "STANDALONE"
        answer.identifier = self.keeper.clock.now()

    def get_version(self, request, answer):
        answer.version = self.version.build_tag

    def check_health(self, request, answer):
        answer.isHealthy = True

    def alloc_timestamp(self, request, answer):
        answer.timestamp = self.keeper.clock.now()

    # --- one call ---

    def call(self, rpc, sent, context):
        if self.version < rpc.since:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "unknown method %s for service %s" % (rpc.name, SERVICE))
        try:
            request = rpc.request.FromString(sent)
        except DecodeError as error:
            context.abort(grpc.StatusCode.INTERNAL, "grpc: error unmarshalling request: %s" % error)
        self.fill_database(request, context)
        try:
            self.rights.check(request, context.invocation_metadata())
        except rights.Denied as error:
            context.abort(grpc.StatusCode[error.code], str(error))
        except base.MilvusError as error:
            context.abort(grpc.StatusCode.UNKNOWN, error.reason)
        answer = rpc.response()
        status = answer.status if rpc.has_status else answer
        try:
            if rpc.locked:
                with self.keeper.lock:
                    rpc.run(request, answer, context)
            else:
                rpc.run(request, answer, context)
            base.fill_status(status)
        except base.MilvusError as error:
            answer = rpc.response()
            base.fill_status(answer.status if rpc.has_status else answer, error)
        except base.Unimplemented as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except Exception:
            # a fault of the model itself must not look like an answer of Milvus
            traceback.print_exc(file=sys.stderr)
            context.abort(grpc.StatusCode.INTERNAL, "the model failed: %s" % traceback.format_exc()[-1500:])
        return answer.SerializeToString()

    @staticmethod
    def fill_database(request, context):
        """The database interceptor: the header `dbname` where the request names none."""
        if "db_name" in request.DESCRIPTOR.fields_by_name and not request.db_name:
            for key, value in context.invocation_metadata():
                if key == "dbname" and not type(request).__name__.endswith("DatabaseRequest"):
                    request.db_name = value

    def handler(self):
        return Handler(self)


class Handler(grpc.GenericRpcHandler):
    """Bytes in, bytes out; names nobody knows gRPC answers with UNIMPLEMENTED."""

    def __init__(self, service):
        self.service_ = service

    def service(self, details):
        name, _, method = details.method.lstrip("/").partition("/")
        rpc = self.service_.rpcs.get(method)
        if name != SERVICE:
            return None
        if rpc is None:
            known = method in milvus_pb2.DESCRIPTOR.services_by_name["MilvusService"].methods_by_name
            if known:
                return grpc.unary_unary_rpc_method_handler(lambda sent, context: context.abort(
                    grpc.StatusCode.UNIMPLEMENTED, "the model has no %s" % method))
            return None
        return grpc.unary_unary_rpc_method_handler(lambda sent, context: self.service_.call(rpc, sent, context))


logging.getLogger("grpc").setLevel(logging.CRITICAL)
