"""Scenarios for check.py: what is altered, rights in groups, arrays added to, the machinery. PyMilvus' examples use them."""

from check import DataType, MilvusClient, Server, refuses, scenario
from pymilvus import FieldOp
from pymilvus.grpc_gen import milvus_pb2
from scenarios_data import INT, rows


def denied(call):
    try:
        call()
        return False
    except Exception as error:
        assert "permission deny" in str(error), error
        return True


@scenario(since="2.5.3")
def index_altered(s):
    name = s.collection({})
    change = s.client.alter_index_properties
    refuses(lambda: change(name, "v", {"nlist": 5}), 1100, "nlist is not a configable index prop")
    refuses(lambda: change(name, "v", {"mmap.enabled": True}), 104, "please release the collection first: collection already")
    s.client.release_collection(name)
    refuses(lambda: change(name, "not_there", {"mmap.enabled": True}), 700, "index not found[indexName=not_there]")
    change(name, "v", {"mmap.enabled": True})
    assert s.client.describe_index(name, "v")["mmap.enabled"] == "True"
    s.client.drop_index_properties(name, "v", ["mmap.enabled"])
    assert "mmap.enabled" not in s.client.describe_index(name, "v")


@scenario(since="2.5.3")
def field_altered(s):
    name = s.collection({"t": (DataType.VARCHAR, {"max_length": 4}),
                         "a": (DataType.ARRAY, {"element_type": DataType.INT64, "max_capacity": 2})})
    row = {"id": 1, "v": [0, 0], "t": "12345", "a": [1, 2, 3]}
    change = s.client.alter_collection_field
    refuses(lambda: s.client.insert(name, row), 1100)
    change(name, "t", {"max_length": 5})
    change(name, "a", {"max_capacity": 3})
    s.client.insert(name, row)
    # shorter than what is there: nobody looks
    change(name, "t", {"max_length": 2})
    assert s.ids(name, "t == '12345'") == [1]
    refuses(lambda: change(name, "id", {"max_length": 5}), 1100, "can not modify the maxlength for non-string types")
    refuses(lambda: change(name, "t", {"dim": 5}), 1100, "dim does not allow update in collection field param")
    refuses(lambda: change(name, "a", {"max_capacity": 4097}), 1100, "should be in (0, 4096]")
    refuses(lambda: change(name, "t", {"mmap.enabled": True}), 104, "can not alter collection field properties")


@scenario(since="2.5.3")
def collection_altered(s):
    name = s.collection({})
    change = s.client.alter_collection_properties
    refuses(lambda: change(name, {"mmap.enabled": True}), 104, "can not alter mmap properties if collection loaded")
    # a level is no property: the collection's own one changes, as does its description
    change(name, {"consistency_level": "Eventually", "collection.description": "new"})
    found = s.client.describe_collection(name)
    assert found["consistency_level"] == 3 and found["description"] == "new" and "consistency_level" not in found["properties"]
    if s.version >= (2, 6, 10):
        refuses(lambda: change(name, {"collection.ttl.seconds": "-2"}), 1100, "collection TTL is out of range")


@scenario(since="2.6.2")
def made_dynamic(s):
    name = s.collection({})
    s.client.insert(name, rows(2))
    refuses(lambda: s.client.insert(name, {"id": 5, "v": [0, 0], "k": 1}))
    change = s.client.alter_collection_properties
    refuses(lambda: change(name, {"dynamicfield.enabled": "maybe"}), 1100, "invalid dynamic schema property value: maybe")
    change(name, {"dynamicfield.enabled": True})
    assert s.client.describe_collection(name)["enable_dynamic_field"]
    s.client.insert(name, {"id": 5, "v": [0, 0], "k": 1})
    assert s.ids(name, "k == 1") == [5] and s.ids(name, "id >= 0") == [0, 1, 5]
    refuses(lambda: change(name, {"dynamicfield.enabled": False}), 1100, "dynamic schema cannot supported to be disabled")


@scenario(since="2.6.18")
def arrays_added_to(s):
    array = {"element_type": DataType.INT64, "max_capacity": 4, "nullable": True}
    name = s.collection({"a": (DataType.ARRAY, array), "n": INT})
    s.client.insert(name, [{"id": i, "v": [0, 0], "n": i, "a": a} for i, a in enumerate(([1, 2, 1], [], None, [7]))])

    def change(op, column, **more):
        s.client.upsert(name, [dict({"id": i, "a": a}, **more) for i, a in enumerate(column)], field_ops={"a": op})

    def have():
        return [row["a"] for row in sorted(s.client.query(name, filter="id >= 0", output_fields=["a"]),
                                           key=lambda row: row["id"])]
    # the other columns stay, as in any partial update; a null that is given changes nothing
    change(FieldOp.array_append(), [[3], [4, 4], [5], None])
    assert have() == [[1, 2, 1, 3], [4, 4], [5], [7]] and s.ids(name, "n == id") == [0, 1, 2, 3]
    refuses(lambda: change(FieldOp.array_append(), [[3]]), 1100, "array length 5 exceeds max_capacity 4")
    change(FieldOp.array_remove(), [[1, 9], [4], [5], [7]])
    assert have() == [[2, 3], [], [], []]
    # to a row that is not there all columns are needed, and the array is put as it is
    s.client.upsert(name, {"id": 9, "v": [0, 0], "n": 9, "a": [1]}, field_ops={"a": FieldOp.array_remove()})
    assert have()[-1] == [1]
    # taking nothing from a null leaves an empty array
    s.client.upsert(name, {"id": 1, "v": [0, 0], "n": 1, "a": None})
    change(FieldOp.array_remove(), [[], [4]])
    assert s.ids(name, "a is null") == [] and have()[1] == []
    for field, text in (("id", "is the primary key and cannot carry"), ("n", "requires Array field, but field"),
                        ("x", "not found in collection schema")):
        refuses(lambda: s.client.upsert(name, {"id": 1, "a": [1], "n": 1}, field_ops={field: FieldOp.array_append()}), 1100,
                text)


@scenario("2.5.24", "2.6.20", "3.0.1")
def groups_of_privileges(s):
    own = Server(".".join(map(str, s.version)), auth=True)
    try:
        client, name = own.client, own.collection({})
        client.insert(name, rows(2))
        client.create_user("u", "secret1")
        client.create_role("r")
        client.grant_role("u", "r")
        assert client.describe_user("u")["roles"] == ("r",) and "r" in client.list_roles()
        user = MilvusClient(uri=own.uri, token="u:secret1")
        # everybody may look at himself
        assert client.describe_user("root")["roles"] == () and user.describe_user("u")["roles"] == ("r",)
        assert denied(lambda: user.describe_user("root")) and denied(user.list_users)
        client.create_privilege_group("g")
        client.add_privileges_to_group("g", ["Query", "Search"])
        client.grant_privilege_v2("r", "g", "*", "default")
        assert user.query(name, filter="id == 1") and denied(lambda: user.release_collection(name))
        # a group that is changed changes what was given with it
        client.remove_privileges_from_group("g", ["Query"])
        assert denied(lambda: user.query(name, filter="id == 1")) and user.search(name, [[0, 0]], limit=1)
        refuses(lambda: client.drop_privilege_group("g"), 1100, "privilege group [g] is used by role [r]")
        refuses(lambda: client.add_privileges_to_group("g", ["DropDatabase"]), 1100, "not the same privilege level")
        refuses(lambda: client.create_privilege_group("g"), 1100, "privilege group name [g] is defined by users")
        refuses(lambda: client.create_privilege_group("Query"), 1100, "is defined by built in privileges")
        refuses(lambda: client.create_privilege_group("1"), 1402, "invalid privilege group name")
        client.revoke_privilege_v2("r", "g", "*", "default")
        client.drop_privilege_group("g")
        client.grant_privilege_v2("r", "CollectionReadOnly", name, "default")
        assert user.query(name, filter="id == 1") and denied(lambda: user.delete(name, filter="id == 1"))
        (given,) = client.describe_role("r")["privileges"]
        assert (given["privilege"], given["object_type"], given["object_name"]) == ("CollectionReadOnly", "Global", name)
        refuses(lambda: client.grant_privilege_v2("r", "ClusterReadOnly", name, "default"), 1100, "should be * for the cluster")
        refuses(lambda: client.grant_privilege("r", "Collection", "CollectionReadOnly", name), 1100, "can not operate the built-in")
        # with Load come the questions about it
        client.grant_privilege_v2("r", "Load", name, "default")
        assert {"Load", "GetLoadState", "GetLoadingProgress"} <= {g["privilege"] for g in client.describe_role("r")["privileges"]}
    finally:
        own.stop()


@scenario("2.6.10", "2.6.20", "3.0.1")
def rights_go_along(s):
    own = Server(".".join(map(str, s.version)), auth=True)
    try:
        client, name = own.client, own.collection({})
        client.create_user("u", "secret1")
        client.create_role("r")
        client.grant_role("u", "r")
        client.grant_privilege("r", "Collection", "Query", name)
        user = MilvusClient(uri=own.uri, token="u:secret1")
        client.rename_collection(name, "other")
        moved = s.version >= (2, 6, 12)
        assert denied(lambda: user.query("other", filter="id == 1")) != moved
        client.drop_collection("other" if moved else client.rename_collection("other", name) or name)
        assert [g["privilege"] for g in client.describe_role("r")["privileges"]] == ([] if moved else ["Query"])
        if moved:
            # to know whether it is an alias the proxy asks for it
            refuses(lambda: client.grant_privilege("r", "Collection", "Query", "c", db_name="not_there"), 800)
    finally:
        own.stop()


@scenario()
def machinery(s):
    name = s.collection({})
    job = s.client.compact(name)
    assert job == -1 and s.client.get_compaction_state(job) == "Completed"
    answer = s.raw.GetReplicas(milvus_pb2.GetReplicasRequest(collection_name=name, with_shard_nodes=True))
    assert len(answer.replicas) == 1 and answer.replicas[0].resource_group_name == "__default_resource_group"
    s.client.release_collection(name)
    answer = s.raw.GetReplicas(milvus_pb2.GetReplicasRequest(collection_name=name))
    assert answer.status.code == 0 and not answer.replicas
    make = milvus_pb2.CreateResourceGroupRequest(resource_group="rg")
    assert s.raw.CreateResourceGroup(make).code == 0 and s.raw.CreateResourceGroup(make).code == 0
    found = s.raw.ListResourceGroups(milvus_pb2.ListResourceGroupsRequest()).resource_groups
    assert list(found) == ["__default_resource_group", "rg"]
    drop = milvus_pb2.DropResourceGroupRequest(resource_group="rg")
    assert s.raw.DropResourceGroup(drop).code == 0 and s.raw.DropResourceGroup(drop).code == 0
    describe = milvus_pb2.DescribeResourceGroupRequest(resource_group="rg")
    assert s.raw.DescribeResourceGroup(describe).status.code == 300


@scenario(since="2.5.24")
def analyzers(s):
    def words(params, text):
        return s.client.run_analyzer([text], params)[0].tokens
    assert words({}, "It is_so, Größe 12") == ["it", "is", "so", "größe", "12"]
    assert words({"type": "standard", "stop_words": ["it"]}, "It is") == ["is"]
    # a tokenizer alone leaves the words as they are
    assert words({"tokenizer": "standard"}, "It is") == ["It", "is"]
    assert words({"tokenizer": "whitespace", "filter": ["lowercase", {"type": "length", "max": 4}]}, "It's  S_o, longer") == \
        ["it's", "s_o,"]
    params = {"max_length": 99, "enable_analyzer": True, "enable_match": True}
    name = s.collection({"t": (DataType.VARCHAR, params),
                         "u": (DataType.VARCHAR, dict(params, analyzer_params={"tokenizer": "standard"}))})
    s.client.insert(name, [{"id": i, "v": [0, 0], "t": t, "u": t} for i, t in enumerate(("Red wine", "red WINE"))])
    assert s.ids(name, "text_match(t, 'RED')") == [0, 1]
    assert s.ids(name, "text_match(u, 'Red')") == [0] and s.ids(name, "text_match(u, 'WINE red')") == [1]


@scenario("2.6.10", "2.6.20", "3.0.1")
def parts_of_instants(s):
    name = s.collection({"at": (DataType.TIMESTAMPTZ, {"nullable": True})})
    s.client.insert(name, [{"id": 1, "v": [0, 0], "at": "2024-02-29T23:30:05.000007Z"}, {"id": 2, "v": [0, 1], "at": None}])
    ask = {"filter": "id == 1", "output_fields": ["at"], "timezone": "Asia/Shanghai"}

    def shown(text, **more):
        return list(s.client.query(name, **dict(ask, time_fields=text, **more))[0]["at"])
    assert shown("year, month,day hour,minute second microsecond") == [2024, 3, 1, 7, 30, 5, 7]
    assert shown("HOUR") == [7] and "".join(shown("")) == "2024-03-01T07:30:05.000007+08:00"
    refuses(lambda: shown("hours"), 1100, "unsupported field for extraction: hours")
    (hit, other) = s.client.search(name, [[0, 0]], output_fields=["at"], time_fields="hour")[0]
    assert list(hit["at"]) == [23] and other["at"] is None


@scenario("3.0.1")
def query_in_order(s):
    name = s.collection({"n": (DataType.INT64, {"nullable": True}), "t": (DataType.VARCHAR, {"max_length": 9}),
                         "j": (DataType.JSON, {"nullable": True})}, dynamic=True, num_shards=2)
    s.client.insert(name, [{"id": i, "v": [0, 0], "n": n, "t": t, "j": None} for i, (n, t) in enumerate(
        ((3, "b"), (None, "B"), (1, "é"), (3, "a"), (2, "a")))])

    def order(text, expr="", **more):
        more.setdefault("limit", 9)
        answer = s.query(name, expr, order_by_fields=text, **more)
        assert not answer.status.code, answer.status.reason
        return s.long_values(answer)
    # nulls as PostgreSQL has them, of equals the smaller key first, texts by their bytes
    assert order("n") == [2, 4, 0, 3, 1] and order("n:desc") == [1, 0, 3, 4, 2]
    assert order("n:desc:nulls_last") == [0, 3, 4, 2, 1] and order("n:asc:nulls_first") == [1, 2, 4, 0, 3]
    assert order("t") == [1, 3, 4, 0, 2] and order("t,n:desc") == [1, 3, 4, 0, 2] and order("t, n") == [1, 4, 3, 0, 2]
    assert order("n", "id != 2", limit=2, offset=1) == [0, 3]

    def refused(text, reason, **more):
        status = s.query(name, "", order_by_fields=text, **more).status
        assert status.code == 1100 and reason in status.reason, status.reason
    refused("n", "ORDER BY requires explicit limit")
    refused("n", "ORDER BY with iterator is not supported", limit=1, iterator=True)
    refused("n:up", "invalid order direction 'up' for field 'n'", limit=1)
    refused("n:asc:last", "invalid null ordering 'last'", limit=1)
    refused("k", "order_by field 'k' does not exist in collection schema", limit=1)
    refused("j", "has type JSON which is not sortable", limit=1)
