"""Scenarios for check.py: definitions and writes."""

import time

import grpc
from check import DataType, Server, number, plain, refuses, scenario
from pymilvus import MilvusClient
from pymilvus.grpc_gen import milvus_pb2, schema_pb2

INT = (DataType.INT64, {})
TEXT = (DataType.VARCHAR, {"max_length": 20})


def rows(count, **more):
    return [{"id": i, "v": [i, i], **{k: f(i) for k, f in more.items()}} for i in range(count)]


@scenario()
def version_is_told(s):
    told = s.client.get_server_version()
    assert told.lstrip("v") == ".".join(map(str, s.version))
    assert told.startswith("v") == (s.version < (2, 5, 0))


@scenario()
def describes_what_was_made(s):
    name = s.collection({"t": TEXT}, dynamic=True, num_shards=2, consistency_level="Bounded")
    found = s.client.describe_collection(name)
    assert [f["name"] for f in found["fields"]] == ["id", "t", "v"]
    assert found["num_shards"] == 2 and found["consistency_level_name"] == "Bounded"
    assert found["enable_dynamic_field"] and found["collection_id"] > 0


@scenario("2.6.20")
def collection_not_found(s):
    refuses(lambda: s.client.describe_collection("nothing"), 100, "can't find collection[database=default]")
    refuses(lambda: s.client.query("nothing", filter="id > 1"), 100)
    s.client.drop_collection("nothing")
    assert not s.client.has_collection("nothing")


@scenario("2.4.23", "2.6.20")
def schema_is_checked(s):
    def make(**fields):
        return lambda: s.collection(fields)
    refuses(make(x=(DataType.VARCHAR, {"max_length": 70000})), 1100, "maximum length")
    refuses(make(**{"1x": INT}), 1701)
    refuses(make(x=(DataType.BINARY_VECTOR, {"dim": 12})), plain(s), "multiple of 8")
    refuses(lambda: s.collection({"x": INT}, vector=False), 1100, "does not contain vector field")


@scenario("2.5.24", "2.6.18")
def nullable_vectors_by_version(s):
    def make():
        return s.collection({"w": (DataType.FLOAT16_VECTOR, {"dim": 2, "nullable": True})})
    if s.version < (2, 6, 18):
        refuses(make, 1100, "not support null")
        return
    name = make()
    s.client.insert(name, [{"id": 1, "v": [1, 1], "w": None}])
    assert s.client.query(name, filter="id == 1", output_fields=["w"])[0]["w"] is None


@scenario()
def aliases_and_renaming(s):
    name = s.collection({})
    s.client.create_alias(name, "al_" + name)
    assert s.client.describe_collection("al_" + name)["aliases"] == ["al_" + name]
    refuses(lambda: s.client.drop_collection(name), None, "associated aliases")
    refuses(lambda: s.client.rename_collection("al_" + name, "other"), None, "alias")
    other = s.collection({})
    refuses(lambda: s.client.create_alias(other, "al_" + name), 1602)
    s.client.alter_alias(other, "al_" + name)
    s.client.rename_collection(other, "new_" + other)
    assert s.client.describe_alias("al_" + name)["collection_name"] == "new_" + other
    refuses(lambda: s.client.create_alias(name, name), 1601)


@scenario("2.5.24", "3.0.1")
def databases_are_apart(s):
    s.client.create_database("d1")
    refuses(lambda: s.client.create_database("d1"), None, "already exist")
    refuses(lambda: MilvusClient(uri=s.uri, db_name="no_such").list_collections(), 800)
    name = s.collection({})
    inside = MilvusClient(uri=s.uri, db_name="d1")
    assert inside.list_collections() == [] and name in s.client.list_collections()
    s.client.drop_database("d1")
    assert s.client.list_databases() == ["default"]


@scenario("2.4.23", "2.6.20")
def partitions(s):
    name = s.collection({})
    s.client.create_partition(name, "p1")
    s.client.insert(name, rows(3), partition_name="p1")
    s.client.insert(name, [{"id": 9, "v": [0, 0]}])
    assert s.ids(name, "id >= 0", partition_names=["p1"]) == [0, 1, 2]
    assert s.ids(name, "id >= 0") == [0, 1, 2, 9]
    refuses(lambda: s.client.insert(name, rows(1), partition_name="no"), 200)
    refuses(lambda: s.ids(name, "id >= 0", partition_names=["no"]), plain(s), "partition name no not found")
    refuses(lambda: s.client.drop_partition(name, "p1"), None, "loaded")
    s.client.release_partitions(name, ["p1"])
    s.client.drop_partition(name, "p1")
    assert s.client.list_partitions(name) == ["_default"]


@scenario("2.4.23", "2.6.20")
def partition_key(s):
    name = s.collection({"k": (DataType.INT64, {"is_partition_key": True})}, num_partitions=4)
    s.client.insert(name, rows(20, k=lambda i: i % 5))
    assert s.client.describe_collection(name)["num_partitions"] == 4
    assert s.ids(name, "k == 3") == [3, 8, 13, 18]
    refuses(lambda: s.ids(name, "k == 3", partition_names=["_default_0"]), 1100, "partition key mode")
    refuses(lambda: s.client.insert(name, rows(1, k=lambda i: i), partition_name="_default_0"), plain(s))
    refuses(lambda: s.client.delete(name, filter="id == 1", partition_name="_default_0"), plain(s))


@scenario()
def index_before_load(s):
    name = s.collection({}, load=False)
    refuses(lambda: s.client.load_collection(name), 700, "index not found[collection=%s]" % name)
    refuses(lambda: s.ids(name, "id > 0"), 101)
    index = s.client.prepare_index_params()
    index.add_index("v", index_type="FLAT", metric_type="HAMMING")
    refuses(lambda: s.client.create_index(name, index), 1100, "does not support metric type")
    index = s.client.prepare_index_params()
    index.add_index("v", index_type="FLAT", metric_type="COSINE")
    s.client.create_index(name, index)
    assert s.client.describe_index(name, "v")["metric_type"] == "COSINE"
    s.client.load_collection(name)
    assert s.client.get_load_state(name)["state"].name == "Loaded"
    if s.version < (2, 6, 0):
        refuses(lambda: s.client.drop_index(name, "v"), 65535, "collection is loaded, please release it first")
    else:
        refuses(lambda: s.client.drop_index(name, "v"), 1100, "loaded collection")


@scenario()
def insert_checks_types_and_lengths(s):
    name = s.collection({"t": TEXT, "n": (DataType.INT8, {}), "f": (DataType.FLOAT, {})})
    good = {"id": 1, "t": "x", "n": 1, "f": 0.5, "v": [1, 1]}
    refuses(lambda: s.client.insert(name, [{**good, "t": "x" * 21}]), 1100, "exceeds max length")
    refuses(lambda: s.client.insert(name, [{**good, "t": "ä" * 11}]), 1100, "exceeds max length")
    refuses(lambda: s.client.insert(name, [{**good, "n": 128}]), 1100, "out of range")
    refuses(lambda: s.client.insert(name, [{**good, "f": float("nan")}]), plain(s), "not a number")
    s.client.insert(name, [good])
    assert s.ids(name, "t == 'x'") == [1]


def raw_insert(s, name, count, **columns):
    request = milvus_pb2.InsertRequest(collection_name=name, num_rows=count)
    for field, fill in columns.items():
        data = request.fields_data.add(field_name=field)
        fill(data)
    return s.raw.Insert(request)


def longs(*values):
    def fill(data):
        data.type = schema_pb2.Int64
        data.scalars.long_data.data.extend(values)
    return fill


def vecs(*values, dim=2):
    def fill(data):
        data.type = schema_pb2.FloatVector
        data.vectors.dim = dim
        data.vectors.float_vector.data.extend(values)
    return fill


@scenario("2.4.23", "2.5.3", "2.6.20")
def insert_checks_columns(s):
    name = s.collection({"x": INT})
    assert "no corresponding fieldData" in raw_insert(s, name, 1, id=longs(1), v=vecs(1, 1)).status.reason
    assert "dim (3)" in raw_insert(s, name, 1, id=longs(1), x=longs(1), v=vecs(1, 1, dim=3)).status.reason
    assert "num_rows" in raw_insert(s, name, 2, id=longs(1, 2), x=longs(1), v=vecs(1, 1, 2, 2)).status.reason
    answer = raw_insert(s, name, 1, id=longs(1), x=longs(1), v=vecs(1, 1), y=longs(1))
    assert answer.status.code == 1100
    answer = raw_insert(s, name, 2, id=longs(1, 2), x=longs(5, 6), v=vecs(1, 1, 2, 2))
    assert list(answer.IDs.int_id.data) == [1, 2] and answer.insert_cnt == 2 and answer.timestamp > 2 ** 58


@scenario("2.4.23")
def insert_without_a_default_kills_it(s):
    own = Server("2.4.23")
    try:
        name = own.collection({"x": (DataType.INT64, {"default_value": 7})})
        try:
            raw_insert(own, name, 1, id=longs(1), v=vecs(1, 1))
            raise AssertionError("it lives")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
        assert own.process.wait(10) == 2
    finally:
        own.stop()


@scenario(since="2.5.3")
def defaults_and_valid_data(s):
    name = s.collection({"x": (DataType.INT64, {"default_value": 7})})
    answer = raw_insert(s, name, 1, id=longs(1), x=longs(5), v=vecs(1, 1))
    if s.version < (2, 6, 2):
        assert "the length of valid_data of field(x) is wrong" in answer.status.reason
    else:
        assert answer.status.code == 0
    assert raw_insert(s, name, 1, id=longs(2), v=vecs(1, 1)).status.code == 0

    def both(data):
        longs(9)(data)
        data.valid_data.extend([True, False])
    assert raw_insert(s, name, 2, id=longs(3, 4), x=both, v=vecs(1, 1, 2, 2)).status.code == 0
    found = {r["id"]: r["x"] for r in s.client.query(name, filter="id >= 2", output_fields=["x"])}
    assert found == {2: 7, 3: 9, 4: 7}


@scenario(since="2.5.3")
def null_into_a_default_is_the_default(s):
    name = s.collection({"x": (DataType.INT64, {"default_value": 7, "nullable": True})})
    s.client.insert(name, [{"id": 1, "v": [1, 1], "x": None}])
    assert s.client.query(name, filter="id == 1", output_fields=["x"])[0]["x"] == 7


@scenario("2.4.23", "2.6.20")
def auto_id(s):
    name = s.collection({"id": (DataType.INT64, {"is_primary": True, "auto_id": True})})
    made = s.client.insert(name, [{"v": [1, 1]}, {"v": [2, 2]}])["ids"]
    assert len(set(made)) == 2 and s.ids(name, "id > 0") == sorted(made)
    answer = raw_insert(s, name, 1, id=longs(1), v=vecs(1, 1))
    assert "more fieldData has pass in" in answer.status.reason


@scenario()
def schema_timestamp_is_checked(s):
    name = s.collection({})
    request = milvus_pb2.InsertRequest(collection_name=name, num_rows=1, schema_timestamp=5)
    longs(1)(request.fields_data.add(field_name="id"))
    vecs(1, 1)(request.fields_data.add(field_name="v"))
    assert s.raw.Insert(request).status.code == 109
    request.schema_timestamp = s.client.describe_collection(name)["update_timestamp"]
    assert s.raw.Insert(request).status.code == 0


@scenario()
def dynamic_fields(s):
    name = s.collection({}, dynamic=True)
    s.client.insert(name, [{"id": 1, "v": [1, 1], "color": "red", "n": 5}, {"id": 2, "v": [1, 1]}])
    assert s.ids(name, "color == 'red'") == [1] and s.ids(name, '$meta["n"] > 4') == [1]
    row = s.client.query(name, filter="id == 1", output_fields=["color"])[0]
    assert row["color"] == "red" and "n" not in row
    row = s.client.query(name, filter="id == 1", output_fields=["*"])[0]
    assert row["color"] == "red" and row["n"] == 5
    refuses(lambda: s.client.query(s.collection({}), filter="id == 1", output_fields=["color"]), plain(s), "not exist")


@scenario()
def upsert_replaces(s):
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(3, t=lambda i: "a"))
    s.client.upsert(name, [{"id": 1, "v": [9, 9], "t": "b"}, {"id": 5, "v": [9, 9], "t": "c"}])
    found = {r["id"]: r["t"] for r in s.client.query(name, filter="id >= 0", output_fields=["t"], limit=10)}
    assert found == {0: "a", 1: "b", 2: "a", 5: "c"}
    assert s.client.query(name, output_fields=["count(*)"])[0]["count(*)"] == 4


@scenario("2.5.24", "2.6.2", "2.6.10", "3.0.1")
def upsert_of_one_key_twice(s):
    name = s.collection({})
    twice = [{"id": 1, "v": [1, 1]}, {"id": 1, "v": [2, 2]}]
    if s.version >= (2, 6, 8):
        refuses(lambda: s.client.upsert(name, twice), 1100, "duplicate primary keys")
        return
    s.client.upsert(name, twice)
    assert s.client.query(name, output_fields=["count(*)"])[0]["count(*)"] == 2
    assert s.ids(name, "id == 1") == [1]


@scenario("2.6.2", "2.6.20")
def upsert_with_auto_id_makes_new_keys(s):
    name = s.collection({"id": (DataType.INT64, {"is_primary": True, "auto_id": True}), "x": INT})
    old = s.client.insert(name, [{"v": [1, 1], "x": 1}])["ids"][0]
    s.client.upsert(name, [{"id": old, "v": [1, 1], "x": 2}])
    (row,) = s.client.query(name, filter="x > 0", output_fields=["x"])
    assert row["x"] == 2 and row["id"] != old
    s.client.upsert(name, [{"id": row["id"], "x": 3}], partial_update=True)
    (again,) = s.client.query(name, filter="x > 0", output_fields=["x"])
    assert again["x"] == 3 and again["id"] != row["id"]


@scenario(since="2.6.2")
def partial_update(s):
    name = s.collection({"t": TEXT, "n": (DataType.INT64, {"nullable": True})}, dynamic=True)
    s.client.insert(name, [{"id": 1, "v": [1, 1], "t": "a", "n": 1, "k": 1, "l": 2}])
    s.client.upsert(name, [{"id": 1, "n": None, "k": 9}], partial_update=True)
    (row,) = s.client.query(name, filter="id == 1", output_fields=["*"])
    assert row["t"] == "a" and row["n"] is None and row["k"] == 9 and row["l"] == 2
    refuses(lambda: s.client.upsert(name, [{"id": 2, "n": 1}], partial_update=True), 1100, "no corresponding fieldData")


@scenario("2.5.24")
def partial_update_is_overlooked_before(s):
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(1, t=lambda i: "a"))
    request = milvus_pb2.UpsertRequest(collection_name=name, num_rows=1, partial_update=True)
    longs(0)(request.fields_data.add(field_name="id"))
    assert "no corresponding fieldData" in s.raw.Upsert(request).status.reason


@scenario()
def delete_counts(s):
    name = s.collection({"x": INT})
    s.client.insert(name, rows(6, x=lambda i: i))
    assert s.client.delete(name, filter="id in [1, 77, 78]")["delete_count"] == 3
    assert s.client.delete(name, filter="x >= 4")["delete_count"] == 2
    assert s.client.delete(name, filter="x >= 4")["delete_count"] == 0
    assert s.ids(name, "id >= 0") == [0, 2, 3]
    # facts 1.9: the optimizer makes keys of it, and keys are counted unseen
    count = s.client.delete(name, filter="id == 55 or id == 56 or id == 57")["delete_count"]
    assert count == (3 if s.version >= (2, 6, 11) else 0)
    refuses(lambda: s.client.delete(name, filter="  "), 1100, "can't be empty or always true")


@scenario()
def truncate_by_version(s):
    name = s.collection({})
    s.client.insert(name, rows(3))
    request = milvus_pb2.TruncateCollectionRequest(collection_name=name)
    try:
        s.raw.TruncateCollection(request)
        assert s.version >= (2, 6, 11)
        assert s.ids(name, "id >= 0") == []
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED and s.version < (2, 6, 11)


@scenario("2.6.20")
def add_field(s):
    name = s.collection({})
    s.client.insert(name, rows(2))
    before = s.client.describe_collection(name)["update_timestamp"]
    s.client.add_collection_field(name, "x", DataType.INT64, nullable=True)
    assert s.client.describe_collection(name)["update_timestamp"] > before
    assert s.ids(name, "x is null") == [0, 1]
    refuses(lambda: s.client.add_collection_field(name, "y", DataType.INT64), 1100, "must be nullable")


@scenario("2.6.20", "3.0.1")
def timestamptz(s):
    name = s.collection({"ts": (DataType.TIMESTAMPTZ, {"nullable": True})})
    s.client.insert(name, [{"id": 1, "v": [1, 1], "ts": "2025-01-01T00:00:00.250000Z"},
                           {"id": 2, "v": [1, 1], "ts": "2025-01-01T08:00:01+08:00"},
                           {"id": 3, "v": [1, 1], "ts": None}])
    found = {r["id"]: r["ts"] for r in s.client.query(name, filter="id > 0", output_fields=["ts"])}
    assert found == {1: "2025-01-01T00:00:00.25Z", 2: "2025-01-01T00:00:01Z", 3: None}, found
    assert s.ids(name, 'ts >= ISO "2025-01-01T00:00:01Z"') == [2]
    assert s.ids(name, 'ts + INTERVAL "P1D" > ISO "2025-01-02T00:00:00.5Z"') == [2]
    shown = s.client.query(name, filter="id == 1", output_fields=["ts"], timezone="Asia/Shanghai")[0]["ts"]
    assert shown == "2025-01-01T08:00:00.25+08:00"
    refuses(lambda: s.client.insert(name, [{"id": 4, "v": [1, 1], "ts": "yesterday"}]), 1100, "timestamptz")


@scenario("2.6.10", "2.6.20", "3.0.1")
def time_zones(s):
    """After PyMilvus' examples/timestamptz_meta.py."""
    name = s.collection({"ts": (DataType.TIMESTAMPTZ, {})})
    assert s.client.describe_collection(name)["properties"]["timezone"] == "UTC"
    wrong = {"timezone": "error"}
    for call in (lambda: s.client.alter_collection_properties(name, wrong), lambda: s.client.create_database("z", wrong),
                 lambda: s.client.alter_database_properties("default", wrong), lambda: s.collection({}, properties=wrong)):
        refuses(call, 1100, "unknown or invalid IANA Time Zone ID: error")
    s.client.alter_collection_properties(name, {"timezone": "Asia/Shanghai"})
    s.client.insert(name, rows(1, ts=lambda i: "2025-01-01T08:00:00"))
    assert s.client.query(name, filter="id == 0", output_fields=["ts"])[0]["ts"] == "2025-01-01T08:00:00+08:00"
    s.client.create_database("zone", {"timezone": "Asia/Tokyo"})
    client = MilvusClient(uri=s.uri, db_name="zone")
    client.create_collection("z", dimension=2)
    assert client.describe_collection("z")["properties"]["timezone"] == "Asia/Tokyo"
    client.drop_collection("z")
    s.client.drop_database("zone")


@scenario("2.6.2")
def timestamptz_not_yet(s):
    refuses(lambda: s.collection({"ts": (DataType.TIMESTAMPTZ, {})}), 65535)


@scenario("2.4.23", "2.6.20")
def types_come_back(s):
    kinds = {"b": (DataType.BOOL, {}), "i8": (DataType.INT8, {}), "f": (DataType.FLOAT, {}),
             "d": (DataType.DOUBLE, {}), "t": TEXT, "j": (DataType.JSON, {}),
             "a": (DataType.ARRAY, {"element_type": DataType.VARCHAR, "max_capacity": 3, "max_length": 5}),
             "bin": (DataType.BINARY_VECTOR, {"dim": 8}), "sp": (DataType.SPARSE_FLOAT_VECTOR, {})}
    name = s.collection(kinds)
    row = {"id": 1, "v": [0.5, -1], "b": True, "i8": -128, "f": 0.25, "d": 1e300, "t": "ä😀", "j": {"a": [1, None]},
           "a": ["x", ""], "bin": b"\x05", "sp": {3: 0.5, 70000: 1.25}}
    s.client.insert(name, [row])
    (found,) = s.client.query(name, filter="id == 1", output_fields=["*"])
    assert found.pop("bin") == [row["bin"]] and found == {k: v for k, v in row.items() if k != "bin"}
    refuses(lambda: s.client.insert(name, [{**row, "a": ["x"] * 4}]), 1100, "max capacity")
    refuses(lambda: s.client.insert(name, [{**row, "a": ["toolong"]}]), 1100, "exceeds max length")


@scenario(since="2.5.3")
def nulls_come_back(s):
    kinds = {"n": (DataType.INT64, {"nullable": True}), "t": (DataType.VARCHAR, {"max_length": 5, "nullable": True}),
             "j": (DataType.JSON, {"nullable": True}),
             "a": (DataType.ARRAY, {"element_type": DataType.INT32, "max_capacity": 3, "nullable": True})}
    name = s.collection(kinds)
    s.client.insert(name, [{"id": 1, "v": [1, 1]}, {"id": 2, "v": [1, 1], "n": 1, "t": "x", "j": {}, "a": [1]}])
    (one, two) = sorted(s.client.query(name, filter="id > 0", output_fields=["n", "t", "j", "a"]),
                        key=lambda r: r["id"])
    assert [one[k] for k in "ntja"] == [None] * 4 and [two[k] for k in "ntja"] == [1, "x", {}, [1]]


@scenario("2.6.20")
def statistics_and_flush(s):
    name = s.collection({})
    s.client.insert(name, rows(4))
    s.client.delete(name, filter="id == 1")
    s.client.flush(name)
    assert s.client.get_collection_stats(name)["row_count"] == 4
    assert s.raw.AllocTimestamp(milvus_pb2.AllocTimestampRequest()).timestamp >> 18 > (time.time() - 5) * 1000
    assert number("2.6.20") == s.version


@scenario("2.6.20", "3.0.1")
def text_fields(s):
    if s.version < (3, 0, 0):
        refuses(lambda: s.collection({"t": (DataType.TEXT, {})}), 1100)
        return
    name = s.collection({"t": (DataType.TEXT, {"nullable": True})})
    s.client.insert(name, [{"id": 1, "v": [1, 1], "t": "long " * 20000}, {"id": 2, "v": [1, 1], "t": None}])
    found = {r["id"]: r["t"] for r in s.client.query(name, filter="id > 0", output_fields=["t"])}
    assert found == {1: "long " * 20000, 2: None}
    refuses(lambda: s.ids(name, "t is null"), 1100, "text field")


@scenario("2.6.20")
def valid_data_where_none_belongs(s):
    name = s.collection({"x": INT})

    def given(data):
        longs(1)(data)
        data.valid_data.append(True)
    assert "valid_data" in raw_insert(s, name, 1, id=longs(1), x=given, v=vecs(1, 1)).status.reason
