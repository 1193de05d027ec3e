#!/usr/bin/env python3
"""Is doc/pymilvus.md complete, do its statements run, and do they ask what PyMilvus asks?

    MILVUS_D_PORT=N dev/pg-temp PYTHON test/docs/pymilvus.py [--verbose]

PYTHON is the python of a venv with PyMilvus.  MILVUS_D_PORT is the port of the
double (test/double/double.py), which is told here what to answer; without it
one is started.  PGHOST, PGPORT, PGUSER name a cluster with the extension
installed; the database is made anew there.

Names: what PyMilvus has and the page has not, or the other way round, fails.
Statements: each row's run in a session of their own, after those at the top of
the page.  Requests: PyMilvus' methods are called on the double as well (CALLS),
and the RPCs that are the purpose of a method must be among the statements'.

Ends with "N methods, M statements run, K failed"; exit status 1 when any failed.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# this file has the name of the package that it is about
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != HERE]

import argparse     # noqa: E402
import atexit       # noqa: E402
import datetime     # noqa: E402
import inspect      # noqa: E402
import json         # noqa: E402
import logging      # noqa: E402
import re           # noqa: E402
import subprocess   # noqa: E402
import warnings     # noqa: E402

# PyMilvus has much to say: what is deprecated, what fails
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import grpc                                                                     # noqa: E402
import pandas                                                                   # noqa: E402
import pymilvus                                                                 # noqa: E402
from pymilvus import (AnnSearchRequest, Collection, CollectionSchema, DataType, FieldSchema, Function,    # noqa: E402
                      FunctionType, Index, MilvusClient, Partition, Role, RRFRanker, connections, utility)
from pymilvus.client.types import ResourceGroupConfig                           # noqa: E402
from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc                       # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(ROOT, "doc", "pymilvus.md")
SERVICE = milvus_pb2.DESCRIPTOR.services_by_name["MilvusService"]
NOWHERE = "not applicable"
FEWEST_WORDS = 6        # of an argument

CLASSES = {"MilvusClient": MilvusClient, "Collection": Collection, "Partition": Partition, "Index": Index, "Role": Role,
           "connections": type(connections)}

# --- what the double answers ---

FIELDS = [
    {"fieldID": 100, "name": "id", "is_primary_key": True, "data_type": "Int64"},
    {"fieldID": 101, "name": "title", "data_type": "VarChar", "type_params": [{"key": "max_length", "value": "800"}]},
    {"fieldID": 102, "name": "lang", "data_type": "VarChar", "type_params": [{"key": "max_length", "value": "20"}]},
    {"fieldID": 103, "name": "embedding", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "3"}]}]
ONE = {"IDs": {"int_id": {"data": [1]}}, "succ_index": [0], "timestamp": 470000000000000000}
REPLICA = {"replicaID": 1, "collectionID": 42, "node_ids": [5], "resource_group_name": "__default_resource_group"}
GROUP = {"name": "rg", "capacity": 1, "num_available_node": 1, "nodes": [{"node_id": 5, "hostname": "h"}]}

# a collection without rows
COLUMNS = [
    {"type": "Int64", "field_name": "id", "scalars": {"long_data": {"data": []}}},
    {"type": "VarChar", "field_name": "title", "scalars": {"string_data": {"data": []}}},
    {"type": "VarChar", "field_name": "lang", "scalars": {"string_data": {"data": []}}},
    {"type": "FloatVector", "field_name": "embedding", "vectors": {"dim": 3, "float_vector": {"data": []}}}]

ANSWERS = {
    "ListDatabases": {"db_names": ["default"], "db_ids": [1], "created_timestamp": [470000000000000000]},
    "DescribeDatabase": {"db_name": "default"},
    "ShowCollections": {"collection_names": ["docs"], "collection_ids": [42], "created_utc_timestamps": [1793000000000]},
    "DescribeCollection": {
        "collection_name": "docs", "collectionID": 42, "shards_num": 1, "num_partitions": 2, "consistency_level": "Bounded",
        "aliases": ["books"], "schema": {"name": "docs", "fields": FIELDS}},
    "HasCollection": {"value": True},
    "HasPartition": {"value": True},
    "ShowPartitions": {"partition_names": ["_default", "en"], "partitionIDs": [1, 2],
                       "created_utc_timestamps": [1793000000000] * 2, "inMemory_percentages": [100, 100]},
    "DescribeIndex": {"index_descriptions": [{
        "index_name": "embedding", "field_name": "embedding", "indexID": 7, "state": "Finished",
        "params": [{"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]},
    "DescribeAlias": {"alias": "books", "collection": "docs"},
    "ListAliases": {"collection_name": "docs", "aliases": ["books"]},
    "GetCollectionStatistics": {"stats": [{"key": "row_count", "value": "10"}]},
    "GetPartitionStatistics": {"stats": [{"key": "row_count", "value": "10"}]},
    "GetLoadState": {"state": "LoadStateLoaded"},
    "GetLoadingProgress": {"progress": 100, "refresh_progress": 100},
    "GetReplicas": {"replicas": [REPLICA]},
    "GetFlushState": {"flushed": True},
    "FlushAll": {"flush_all_ts": 470000000000000000},
    "GetFlushAllState": {"flushed": True},
    "ManualCompaction": {"compactionID": 7},
    "GetCompactionState": {"state": "Completed", "completedPlanNo": 1},
    "GetCompactionStateWithPlans": {"state": "Completed", "mergeInfos": [{"sources": [1, 2], "target": 3}]},
    "Import": {"tasks": [9]},
    "GetImportState": {"state": "ImportCompleted", "id": 9, "row_count": 1},
    "Insert": {**ONE, "insert_cnt": 1},
    "Upsert": {**ONE, "upsert_cnt": 1},
    "Delete": {"timestamp": 470000000000000000},
    "ListResourceGroups": {"resource_groups": ["__default_resource_group", "rg"]},
    "DescribeResourceGroup": {"resource_group": GROUP},
    "SelectUser": {"results": [{"user": {"name": "ann"}, "roles": [{"name": "reader"}]}]},
    "SelectRole": {"results": [{"role": {"name": "reader"}, "users": [{"name": "ann"}]}]},
    "ListCredUsers": {"usernames": ["ann"]},
    "ListSnapshots": {"snapshots": ["monday"]},
    "DescribeSnapshot": {"name": "monday", "collection_name": "docs"},
    "RestoreSnapshot": {"job_id": 3},
    "GetRestoreSnapshotState": {"info": {"job_id": 3, "state": "RestoreSnapshotCompleted"}},
    "PinSnapshotData": {"pin_id": 12},
    "RefreshExternalCollection": {"job_id": 6},
    "GetRefreshExternalCollectionProgress": {"job_info": {"job_id": 6, "state": "RefreshCompleted"}},
    "RunAnalyzer": {"results": [{"tokens": [{"token": "hello"}, {"token": "world"}]}]},
}

# --- what PyMilvus is asked to do ---

V = [[0.0, 1.0, 0.0]]
ROW = {"id": 1, "title": "Elephants", "lang": "en", "embedding": [1.0, 0.0, 0.0]}
BM25 = Function("bm25", FunctionType.BM25, ["title"], ["words"])
NODES = {"rg": ResourceGroupConfig(requests={"node_num": 3})}


def schema():
    return CollectionSchema([FieldSchema("id", DataType.INT64, is_primary=True), FieldSchema("title", DataType.VARCHAR, max_length=800),
                             FieldSchema("lang", DataType.VARCHAR, max_length=20), FieldSchema("embedding", DataType.FLOAT_VECTOR, dim=3)])


def index_params(field="embedding", index_type="FLAT", metric="L2"):
    params = MilvusClient.prepare_index_params()
    params.add_index(field, index_type=index_type, metric_type=metric)
    return params


def struct(c):
    made = c.create_struct_field_schema()
    made.add_field("page", DataType.INT32)
    return made


def two_searches():
    return [AnnSearchRequest(V, "embedding", {"metric_type": "L2"}, 10) for _ in range(2)]


def pages(iterator):
    iterator.next()
    iterator.close()


def compacted(collection):
    collection.compaction_id = 7
    return collection


L2 = {"metric_type": "L2"}
CALLS = {
    "MilvusClient": {
        "add_collection_field": lambda c: c.add_collection_field("docs", "year", DataType.INT64, nullable=True),
        "add_collection_function": lambda c: c.add_collection_function("docs", BM25),
        "add_collection_struct_field": lambda c: c.add_collection_struct_field("docs", "parts", struct(c), 100),
        "add_file_resource": lambda c: c.add_file_resource("words", "/words.txt"),
        "add_function_field": lambda c: c.add_function_field("docs", FieldSchema("words", DataType.SPARSE_FLOAT_VECTOR), BM25,
                                                             index_params("words", "SPARSE_INVERTED_INDEX", "BM25")),
        "add_privileges_to_group": lambda c: c.add_privileges_to_group("readers", ["Search", "Query"]),
        "alter_alias": lambda c: c.alter_alias("docs", "books"),
        "alter_collection_field": lambda c: c.alter_collection_field("docs", "title", {"max_length": 1000}),
        "alter_collection_function": lambda c: c.alter_collection_function("docs", "bm25", BM25),
        "alter_collection_properties": lambda c: c.alter_collection_properties("docs", {"collection.ttl.seconds": 3600}),
        "alter_database_properties": lambda c: c.alter_database_properties("shop", {"database.max.collections": 10}),
        "alter_index_properties": lambda c: c.alter_index_properties("docs", "embedding", {"mmap.enabled": True}),
        "alter_role": lambda c: c.alter_role("reader", "reads"),
        "compact": lambda c: c.compact("docs", target_size=512),
        "create_alias": lambda c: c.create_alias("docs", "books"),
        "create_collection": lambda c: c.create_collection("docs", schema=schema(), index_params=index_params()),
        "create_database": lambda c: c.create_database("shop"),
        "create_field_schema": lambda c: c.create_field_schema("year", DataType.INT64),
        "create_index": lambda c: c.create_index("docs", index_params()),
        "create_partition": lambda c: c.create_partition("docs", "en"),
        "create_privilege_group": lambda c: c.create_privilege_group("readers"),
        "create_resource_group": lambda c: c.create_resource_group("rg"),
        "create_role": lambda c: c.create_role("reader"),
        "create_schema": lambda c: c.create_schema(),
        "create_snapshot": lambda c: c.create_snapshot("monday", "docs"),
        "create_user": lambda c: c.create_user("ann", "secret-1"),
        "delete": lambda c: c.delete("docs", filter="lang == 'fr'"),
        "describe_alias": lambda c: c.describe_alias("books"),
        "describe_collection": lambda c: c.describe_collection("docs"),
        "describe_database": lambda c: c.describe_database("default"),
        "describe_index": lambda c: c.describe_index("docs", "embedding"),
        "describe_replica": lambda c: c.describe_replica("docs"),
        "describe_resource_group": lambda c: c.describe_resource_group("rg"),
        "describe_role": lambda c: c.describe_role("reader"),
        "describe_snapshot": lambda c: c.describe_snapshot("monday", "docs"),
        "describe_user": lambda c: c.describe_user("ann"),
        "drop_alias": lambda c: c.drop_alias("books"),
        "drop_collection": lambda c: c.drop_collection("docs"),
        "drop_collection_field": lambda c: c.drop_collection_field("docs", "title"),
        "drop_collection_function": lambda c: c.drop_collection_function("docs", "bm25"),
        "drop_collection_properties": lambda c: c.drop_collection_properties("docs", ["collection.ttl.seconds"]),
        "drop_database": lambda c: c.drop_database("shop"),
        "drop_database_properties": lambda c: c.drop_database_properties("shop", ["database.max.collections"]),
        "drop_function_field": lambda c: c.drop_function_field("docs", "bm25"),
        "drop_index": lambda c: c.drop_index("docs", "embedding"),
        "drop_index_properties": lambda c: c.drop_index_properties("docs", "embedding", ["mmap.enabled"]),
        "drop_partition": lambda c: c.drop_partition("docs", "en"),
        "drop_privilege_group": lambda c: c.drop_privilege_group("readers"),
        "drop_resource_group": lambda c: c.drop_resource_group("rg"),
        "drop_role": lambda c: c.drop_role("reader", force_drop=True),
        "drop_snapshot": lambda c: c.drop_snapshot("monday", "docs"),
        "drop_user": lambda c: c.drop_user("ann"),
        "flush": lambda c: c.flush("docs"),
        "flush_all": lambda c: c.flush_all(),
        "get": lambda c: c.get("docs", [1, 2]),
        "get_collection_stats": lambda c: c.get_collection_stats("docs"),
        "get_compaction_plans": lambda c: c.get_compaction_plans(7),
        "get_compaction_state": lambda c: c.get_compaction_state(7),
        "get_flush_all_state": lambda c: c.get_flush_all_state(flush_all_ts=470000000000000000),
        "get_load_state": lambda c: c.get_load_state("docs"),
        "get_partition_stats": lambda c: c.get_partition_stats("docs", "en"),
        "get_refresh_external_collection_progress": lambda c: c.get_refresh_external_collection_progress(6),
        "get_replicate_configuration": lambda c: c.get_replicate_configuration(),
        "get_replicate_info": lambda c: c.get_replicate_info("cluster-a", "cluster-b-rootcoord-dml_0"),
        "get_restore_snapshot_state": lambda c: c.get_restore_snapshot_state(3),
        "get_server_type": lambda c: c.get_server_type(),
        "get_server_version": lambda c: c.get_server_version(),
        "grant_privilege": lambda c: c.grant_privilege("reader", "Collection", "Search", "docs"),
        "grant_privilege_v2": lambda c: c.grant_privilege_v2("reader", "Search", "docs"),
        "grant_role": lambda c: c.grant_role("ann", "reader"),
        "has_collection": lambda c: c.has_collection("docs"),
        "has_partition": lambda c: c.has_partition("docs", "en"),
        "hybrid_search": lambda c: c.hybrid_search("docs", two_searches(), RRFRanker(60)),
        "insert": lambda c: c.insert("docs", ROW),
        "list_aliases": lambda c: c.list_aliases("docs"),
        "list_collections": lambda c: c.list_collections(),
        "list_compaction_tasks": lambda c: c.list_compaction_tasks("docs"),
        "list_databases": lambda c: c.list_databases(),
        "list_file_resources": lambda c: c.list_file_resources(),
        "list_indexes": lambda c: c.list_indexes("docs"),
        "list_loaded_segments": lambda c: c.list_loaded_segments("docs"),
        "list_partitions": lambda c: c.list_partitions("docs"),
        "list_persistent_segments": lambda c: c.list_persistent_segments("docs"),
        "list_privilege_groups": lambda c: c.list_privilege_groups(),
        "list_refresh_external_collection_jobs": lambda c: c.list_refresh_external_collection_jobs("docs"),
        "list_resource_groups": lambda c: c.list_resource_groups(),
        "list_restore_snapshot_jobs": lambda c: c.list_restore_snapshot_jobs("docs"),
        "list_roles": lambda c: c.list_roles(),
        "list_segments": lambda c: c.list_segments("docs"),
        "list_snapshots": lambda c: c.list_snapshots("docs"),
        "list_users": lambda c: c.list_users(),
        "load_collection": lambda c: c.load_collection("docs"),
        "load_partitions": lambda c: c.load_partitions("docs", ["en"]),
        "optimize": lambda c: c.optimize("docs"),
        "pin_snapshot_data": lambda c: c.pin_snapshot_data("monday", "docs", ttl_seconds=3600),
        "query": lambda c: c.query("docs", "lang == 'en'", limit=100),
        "query_iterator": lambda c: pages(c.query_iterator("docs", filter="lang == 'en'")),
        "refresh_external_collection": lambda c: c.refresh_external_collection("docs"),
        "refresh_load": lambda c: c.refresh_load("docs"),
        "release_collection": lambda c: c.release_collection("docs"),
        "release_partitions": lambda c: c.release_partitions("docs", ["en"]),
        "remove_file_resource": lambda c: c.remove_file_resource("words"),
        "remove_privileges_from_group": lambda c: c.remove_privileges_from_group("readers", ["Query"]),
        "rename_collection": lambda c: c.rename_collection("docs", "books"),
        "restore_snapshot": lambda c: c.restore_snapshot("monday", "docs", "docs_monday"),
        "revoke_privilege": lambda c: c.revoke_privilege("reader", "Collection", "Search", "docs"),
        "revoke_privilege_v2": lambda c: c.revoke_privilege_v2("reader", "Search", "docs"),
        "revoke_role": lambda c: c.revoke_role("ann", "reader"),
        "run_analyzer": lambda c: c.run_analyzer(["hello world"], {"type": "standard"}),
        "search": lambda c: c.search("docs", V, "lang == 'en'"),
        "search_iterator": lambda c: pages(c.search_iterator("docs", V, anns_field="embedding")),
        "transfer_replica": lambda c: c.transfer_replica("__default_resource_group", "rg", "docs", 1),
        "truncate_collection": lambda c: c.truncate_collection("docs"),
        "unpin_snapshot_data": lambda c: c.unpin_snapshot_data(12),
        "update_password": lambda c: c.update_password("ann", "secret-1", "secret-2"),
        "update_replicate_configuration": lambda c: c.update_replicate_configuration(
            [{"cluster_id": "cluster-a", "connection_param": {"uri": "http://a:19530"}, "pchannels": ["a-rootcoord-dml_0"]}]),
        "update_resource_groups": lambda c: c.update_resource_groups(NODES),
        "update_user": lambda c: c.update_user("ann", "reads"),
        "upsert": lambda c: c.upsert("docs", ROW),
    },
    "Collection": {
        "aliases": lambda k: k.aliases,
        "alter_index": lambda k: k.alter_index("embedding", {"mmap.enabled": True}),
        "compact": lambda k: k.compact(),
        "construct_from_dataframe": lambda k: Collection.construct_from_dataframe("frame", pandas.DataFrame([ROW]), primary_field="id"),
        "create_index": lambda k: k.create_index("embedding", {"index_type": "FLAT", **L2}),
        "create_partition": lambda k: k.create_partition("fr"),
        "delete": lambda k: k.delete("lang == 'fr'"),
        "describe": lambda k: k.describe(),
        "description": lambda k: k.description,
        "drop": lambda k: k.drop(),
        "drop_index": lambda k: k.drop_index(index_name="embedding"),
        "drop_partition": lambda k: k.drop_partition("en"),
        "flush": lambda k: k.flush(),
        "get_compaction_plans": lambda k: compacted(k).get_compaction_plans(),
        "get_compaction_state": lambda k: compacted(k).get_compaction_state(),
        "get_replicas": lambda k: k.get_replicas(),
        "has_index": lambda k: k.has_index(index_name="embedding"),
        "has_partition": lambda k: k.has_partition("en"),
        "hybrid_search": lambda k: k.hybrid_search(two_searches(), RRFRanker(60), 10),
        "index": lambda k: k.index(index_name="embedding"),
        "indexes": lambda k: k.indexes,
        "insert": lambda k: k.insert([ROW]),
        "is_empty": lambda k: k.is_empty,
        "load": lambda k: k.load(),
        "num_entities": lambda k: k.num_entities,
        "num_shards": lambda k: k.num_shards,
        "partition": lambda k: k.partition("en"),
        "partitions": lambda k: k.partitions,
        "primary_field": lambda k: k.primary_field,
        "query": lambda k: k.query("lang == 'en'"),
        "query_iterator": lambda k: pages(k.query_iterator(expr="lang == 'en'")),
        "release": lambda k: k.release(),
        "schema": lambda k: k.schema,
        "search": lambda k: k.search(V, "embedding", L2, 5, "lang == 'en'"),
        "search_iterator": lambda k: pages(k.search_iterator(V, "embedding", L2)),
        "set_properties": lambda k: k.set_properties({"collection.ttl.seconds": 3600}),
        "truncate": lambda k: k.truncate(),
        "upsert": lambda k: k.upsert([ROW]),
        "wait_for_compaction_completed": lambda k: compacted(k).wait_for_compaction_completed(),
    },
    "Partition": {
        "delete": lambda p: p.delete("lang == 'fr'"),
        "drop": lambda p: p.drop(),
        "flush": lambda p: p.flush(),
        "get_replicas": lambda p: p.get_replicas(),
        "hybrid_search": lambda p: p.hybrid_search(two_searches(), RRFRanker(60), 10),
        "insert": lambda p: p.insert([ROW]),
        "is_empty": lambda p: p.is_empty,
        "load": lambda p: p.load(),
        "num_entities": lambda p: p.num_entities,
        "query": lambda p: p.query("lang == 'en'"),
        "release": lambda p: p.release(),
        "search": lambda p: p.search(V, "embedding", L2, 10),
        "upsert": lambda p: p.upsert([ROW]),
    },
    "Index": {
        "drop": lambda i: i.drop(),
        "params": lambda i: i.params,
        "to_dict": lambda i: i.to_dict(),
    },
    "Role": {
        "add_privileges_to_group": lambda r: r.add_privileges_to_group("readers", ["Search", "Query"]),
        "add_user": lambda r: r.add_user("ann"),
        "create": lambda r: r.create(),
        "create_privilege_group": lambda r: r.create_privilege_group("readers"),
        "drop": lambda r: r.drop(),
        "drop_privilege_group": lambda r: r.drop_privilege_group("readers"),
        "get_users": lambda r: r.get_users(),
        "grant": lambda r: r.grant("Collection", "docs", "Search"),
        "grant_v2": lambda r: r.grant_v2("Search", "docs"),
        "is_exist": lambda r: r.is_exist(),
        "list_grant": lambda r: r.list_grant("Collection", "docs"),
        "list_grants": lambda r: r.list_grants(),
        "list_privilege_groups": lambda r: r.list_privilege_groups(),
        "remove_privileges_from_group": lambda r: r.remove_privileges_from_group("readers", ["Query"]),
        "remove_user": lambda r: r.remove_user("ann"),
        "revoke": lambda r: r.revoke("Collection", "docs", "Search"),
        "revoke_v2": lambda r: r.revoke_v2("Search", "docs"),
    },
    "connections": {
        "get_connection_addr": lambda n: n.get_connection_addr("default"),
        "has_connection": lambda n: n.has_connection("default"),
        "list_connections": lambda n: n.list_connections(),
    },
    "utility": {
        "alter_alias": lambda u: u.alter_alias("docs", "books"),
        "create_alias": lambda u: u.create_alias("docs", "books"),
        "create_resource_group": lambda u: u.create_resource_group("rg"),
        "create_user": lambda u: u.create_user("ann", "secret-1"),
        "delete_user": lambda u: u.delete_user("ann"),
        "describe_resource_group": lambda u: u.describe_resource_group("rg"),
        "do_bulk_insert": lambda u: u.do_bulk_insert("docs", ["docs.parquet"]),
        "drop_alias": lambda u: u.drop_alias("books"),
        "drop_collection": lambda u: u.drop_collection("docs"),
        "drop_resource_group": lambda u: u.drop_resource_group("rg"),
        "flush_all": lambda u: u.flush_all(),
        "get_bulk_insert_state": lambda u: u.get_bulk_insert_state(9),
        "get_query_segment_info": lambda u: u.get_query_segment_info("docs"),
        "get_server_type": lambda u: u.get_server_type(),
        "get_server_version": lambda u: u.get_server_version(),
        "has_collection": lambda u: u.has_collection("docs"),
        "has_partition": lambda u: u.has_partition("docs", "en"),
        "hybridts_to_datetime": lambda u: u.hybridts_to_datetime(470000000000000000),
        "hybridts_to_unixtime": lambda u: u.hybridts_to_unixtime(470000000000000000),
        "index_building_progress": lambda u: u.index_building_progress("docs", "embedding"),
        "list_aliases": lambda u: u.list_aliases("docs"),
        "list_bulk_insert_tasks": lambda u: u.list_bulk_insert_tasks(collection_name="docs"),
        "list_collections": lambda u: u.list_collections(),
        "list_indexes": lambda u: u.list_indexes("docs"),
        "list_resource_groups": lambda u: u.list_resource_groups(),
        "list_roles": lambda u: u.list_roles(True),
        "list_user": lambda u: u.list_user("ann", True),
        "list_usernames": lambda u: u.list_usernames(),
        "list_users": lambda u: u.list_users(True),
        "load_balance": lambda u: u.load_balance("docs", 1, [2], [440000000000000001]),
        "load_state": lambda u: u.load_state("docs"),
        "loading_progress": lambda u: u.loading_progress("docs"),
        "mkts_from_datetime": lambda u: u.mkts_from_datetime(datetime.datetime(2025, 1, 1, 12, tzinfo=datetime.timezone.utc)),
        "mkts_from_hybridts": lambda u: u.mkts_from_hybridts(470000000000000000, milliseconds=1000),
        "mkts_from_unixtime": lambda u: u.mkts_from_unixtime(1735732800.5),
        "rename_collection": lambda u: u.rename_collection("docs", "books"),
        "reset_password": lambda u: u.reset_password("ann", "secret-1", "secret-2"),
        "transfer_node": lambda u: u.transfer_node("__default_resource_group", "rg", 1),
        "transfer_replica": lambda u: u.transfer_replica("__default_resource_group", "rg", "docs", 1),
        "truncate_collection": lambda u: u.truncate_collection("docs"),
        "update_password": lambda u: u.update_password("ann", "secret-1", "secret-2"),
        "update_resource_groups": lambda u: u.update_resource_groups(NODES),
        "wait_for_index_building_complete": lambda u: u.wait_for_index_building_complete("docs", "embedding"),
        "wait_for_loading_complete": lambda u: u.wait_for_loading_complete("docs"),
    },
}

# what the double answers to PyMilvus' call alone
ANSWERS_TO = {
    "Collection.create_partition": {"HasPartition": {"value": False}},
    "MilvusClient.search_iterator": {"Search": {"results": {"num_queries": 1, "topks": [0]}}},
    "Collection.search_iterator": {"Search": {"results": {"num_queries": 1, "topks": [0]}}},
}

# these need no server: SQL's result must be theirs
RESULTS = {"hybridts_to_datetime", "hybridts_to_unixtime", "mkts_from_datetime", "mkts_from_hybridts", "mkts_from_unixtime"}

# what PyMilvus asks on the way to something else
INCIDENTAL = {"Connect", "DescribeCollection", "DescribeIndex", "GetLoadingProgress", "GetLoadState", "GetFlushState",
              "GetFlushAllState", "GetCompactionState", "ShowPartitions", "HasPartition", "GetImportState", "AllocTimestamp"}

# RPCs that SQL has another way for
INSTEAD = {
    "GetVersion": "Connect",                    # the version comes with the connection
    "ListCredUsers": "SelectUser",              # names, and more
    "DescribeAlias": "DescribeCollection",      # which older servers have too, and it tells the aliases
    "ListAliases": "DescribeCollection",
    "HybridSearch": "Search",                   # two, ranked here
}
# and methods
INSTEAD_OF = {
    "has_collection": "HasCollection",          # PyMilvus describes it
    "is_empty": "Query",                        # PyMilvus goes by statistics, which know only what was flushed
    "partition": "ShowPartitions",              # not only whether it is there
    "add_collection_field": "AddCollectionField",   # PyMilvus tries AlterCollectionSchema first, as of its version 3
    "wait_for_compaction_completed": "GetCompactionState",
}


# --- the page ---

def rows_of(page):
    """{class: [(method, SQL or None, note)]}, and what is wrong with the form."""
    found, wrong, heading = {}, [], None
    for line in page.split("\n"):
        if line.startswith("## "):
            heading = line[3:]
        if not line.startswith("| ") or line.startswith("| method ") or heading is None:
            continue
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        name = re.fullmatch(r"`(\w+)`", cells[0])
        if len(cells) != 3 or not name:
            wrong.append("%s: not a row of method, SQL, note: %s" % (heading, line[:80]))
            continue
        sql = re.fullmatch(r"`([^`]+)`", cells[1])
        if not sql and (cells[1] != NOWHERE or len(cells[2].split()) < FEWEST_WORDS):
            wrong.append("%s.%s: neither SQL nor an argument" % (heading, name[1]))
        found.setdefault(heading, []).append((name[1], sql[1].replace("\\|", "|") if sql else None, cells[2]))
    return found, wrong


def setup_of(page, port):
    return re.search(r"^```sql\n(.*?)^```", page, re.S | re.M)[1].replace("'19530'", "'%d'" % port)


def public_names():
    def is_public(cls, name):
        member = inspect.getattr_static(cls, name)
        return not name.startswith("_") and (isinstance(member, (property, classmethod, staticmethod)) or inspect.isfunction(member))

    names = {heading: {n for n in dir(cls) if is_public(cls, n)} for heading, cls in CLASSES.items()}
    # without what the module imports
    names["utility"] = {n for n, f in inspect.getmembers(utility, inspect.isfunction)
                        if not n.startswith("_") and f.__module__ == utility.__name__}
    return names


def check_names(rows, wanted):
    for heading in sorted(set(rows) | set(wanted)):
        have = [name for name, _, _ in rows.get(heading, [])]
        for name in sorted(wanted.get(heading, set()) - set(have)):
            yield "%s.%s: is not on the page" % (heading, name)
        for name in sorted(set(have) - wanted.get(heading, set())):
            yield "%s.%s: PyMilvus has no such thing" % (heading, name)
        if have != sorted(set(have)):
            yield "%s: the rows are not in alphabetical order" % heading


# --- the double ---

class Double:
    def __init__(self, port):
        self.port = port
        self.stub = milvus_pb2_grpc.MilvusServiceStub(grpc.insecure_channel("127.0.0.1:%d" % port))

    def control(self, op, **order):
        request = milvus_pb2.DummyRequest(request_type=json.dumps({"op": op, **order}))
        return json.loads(self.stub.Dummy(request, timeout=20).response)

    def answer(self, rpc, response):
        if "status" in SERVICE.methods_by_name[rpc].output_type.fields_by_name:
            response = {"status": {}, **response}
        self.control("answer", rpc=rpc, response=response)

    def script(self):
        self.control("reset")
        for rpc, response in ANSWERS.items():
            self.answer(rpc, response)
        self.control("rows", columns=COLUMNS, count=0)

    def asked(self):
        return [entry["rpc"] for entry in self.control("requests")]


def the_double():
    port = os.environ.get("MILVUS_D_PORT")
    if not port:
        started = subprocess.Popen([sys.executable, os.path.join(ROOT, "test", "double", "double.py")], stdout=subprocess.PIPE, text=True)
        atexit.register(started.terminate)
        port = started.stdout.readline()
    return Double(int(port))


# --- what PyMilvus asks ---

def call_pymilvus(double):
    """{(class, method): (RPCs, result)}, and what failed."""
    uri = "http://127.0.0.1:%d" % double.port
    connections.connect("default", uri=uri)
    collection = Collection("docs")
    subjects = {"MilvusClient": MilvusClient(uri), "Collection": collection, "Partition": Partition(collection, "en"), "Role": Role("reader"),
                "Index": Index(collection, "embedding", {"index_type": "FLAT", **L2}, construct_only=True, index_name="embedding"),
                "connections": connections, "utility": utility}
    found, wrong = {}, []
    for heading, calls in CALLS.items():
        for name, call in calls.items():
            answers = ANSWERS_TO.get("%s.%s" % (heading, name), {})
            for rpc, response in answers.items():
                double.answer(rpc, response)
            double.asked()
            result = None
            try:
                result = call(subjects[heading])
            except Exception as e:      # whatever a client may raise
                wrong.append("%s.%s: PyMilvus: %s: %s" % (heading, name, type(e).__name__, str(e)[:300]))
            found[heading, name] = (double.asked(), result)
            if answers:
                double.script()
    return found, wrong


def purpose(rpcs):
    """Of the RPCs that a method sends, those that it is for."""
    return (set(rpcs) - INCIDENTAL) or (set(rpcs) - {"Connect", "AllocTimestamp"}) or set(rpcs)


# --- what SQL asks ---

class Sql:
    def __init__(self, double):
        bindir = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout.strip()
        self.psql = [os.path.join(bindir, "psql"), "-qXAt"]
        self.database = "pymilvus_%d" % os.getpid()
        self.double = double
        self.on("postgres", "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';" % self.database)
        atexit.register(self.on, "postgres", "DROP DATABASE IF EXISTS %s WITH (FORCE);" % self.database)
        self.run("""
SET client_min_messages = warning;
CREATE EXTENSION vector;
CREATE EXTENSION milvus_fdw;
CREATE SERVER control FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '%d');
CREATE USER MAPPING FOR CURRENT_USER SERVER control;
CREATE FUNCTION asked() RETURNS text LANGUAGE sql AS $$
	SELECT '@asked ' || (milvus.call('control', 'Dummy', '{"request_type": {"op": "requests"}}')->>'response')
$$;
""" % double.port)

    def on(self, database, script, stop=True):
        env = {**os.environ, "PGDATABASE": database, "PGCLIENTENCODING": "UTF8", "PGTZ": "UTC",
               "PGOPTIONS": "-c client_min_messages=error -c statement_timeout=20s"}
        done = subprocess.run(self.psql + (["-v", "ON_ERROR_STOP=1"] if stop else []), input=script, text=True, env=env,
                              stdout=subprocess.PIPE, stderr=None if stop else subprocess.DEVNULL)
        if done.returncode != 0:
            print("pymilvus: psql failed", file=sys.stderr)
            sys.exit(2)
        return done.stdout

    def run(self, script, stop=True):
        return self.on(self.database, script, stop)

    def try_all(self, setup, texts):
        """For each text: [(statement, error or None)], RPCs, the output."""
        script = []
        for text in texts:
            script.append("\\connect\nDROP SERVER IF EXISTS m, m2 CASCADE;\n" + setup + "SELECT 'asked: ' || asked() IS NULL;\n\\echo @text\n")
            for statement in text.split("; "):
                script.append("%s;\n\\echo @done :ERROR :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE\n" % statement)
            script.append("SELECT asked();\n")
        results = []
        for part in self.run("".join(script), stop=False).split("@text\n")[1:]:
            body, asked = part.split("@asked ", 1)
            done = re.findall(r"^@done (true|false) (.*)$", body, re.M)
            rpcs = [entry["rpc"] for entry in json.loads(asked.split("\n", 1)[0])]
            results.append(([error if failed == "true" else None for failed, error in done], rpcs, body.split("@done", 1)[0].strip()))
        return results


def same_result(want, text):
    try:
        if isinstance(want, datetime.datetime):
            return want.timestamp() == datetime.datetime.fromisoformat(text).timestamp()
        return want == type(want)(text)
    except ValueError:
        return False


def main():
    parser = argparse.ArgumentParser(description="Check doc/pymilvus.md against PyMilvus and a double of Milvus.")
    parser.add_argument("--verbose", action="store_true", help="show the RPCs of each method and its statements")
    args = parser.parse_args()
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()

    rows, wrong = rows_of(page)
    if "PyMilvus %s," % pymilvus.__version__ not in page:
        wrong.append("this is PyMilvus %s, the page is about another" % pymilvus.__version__)
    names = public_names()
    wrong += check_names(rows, names)
    wrong += ["%s.%s: PyMilvus has nothing to call" % (h, n) for h in CALLS for n in CALLS[h] if n not in names[h]]

    double = the_double()
    double.script()
    asked, failures = call_pymilvus(double)
    wrong += failures

    with_sql = [(heading, name, sql) for heading in rows for name, sql, _ in rows[heading] if sql]
    results = Sql(double).try_all(setup_of(page, double.port), [sql for _, _, sql in with_sql])
    if len(results) != len(with_sql):
        wrong.append("%d rows with SQL, %d were run" % (len(with_sql), len(results)))
    statements = 0
    for (heading, name, sql), (errors, rpcs, output) in zip(with_sql, results):
        method = "%s.%s" % (heading, name)
        statements += len(errors)
        wrong += ["%s: %s" % (method, error) for error in errors if error][:1]
        called, result = asked.get((heading, name), ([], None))
        if args.verbose:
            print("%s: PyMilvus %s, SQL %s" % (method, " ".join(called) or "-", " ".join(rpcs) or "-"))
        wanted = {INSTEAD_OF[name]} if name in INSTEAD_OF else {INSTEAD.get(rpc, rpc) for rpc in purpose(called)}
        missing = wanted - set(rpcs)
        if missing:
            wrong.append("%s: PyMilvus sends %s, the SQL %s" % (method, " ".join(sorted(missing)), " ".join(rpcs) or "nothing"))
        if name in RESULTS and not same_result(result, output):
            wrong.append("%s: PyMilvus' result is %s, SQL's %s" % (method, result, output))
    double.control("reset")

    for text in wrong:
        print("failed: " + text)
    print("%d methods, %d statements run, %d failed" % (sum(map(len, names.values())), statements, len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
