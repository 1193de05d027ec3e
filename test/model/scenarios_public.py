"""Scenarios for check.py, after Milvus' own client tests: definitions, writes, rights."""

import grpc
from check import DataType, MilvusClient, MilvusException, Server, plain, public, refuses
from pymilvus.client.types import LoadState

INT = (DataType.INT64, {})
TEXT = (DataType.VARCHAR, {"max_length": 64})
WRONG_NAMES = ("12-s", "12 s", "(mn)", "中文", "%$#")
LONG_NAME = "a".join("a" for _ in range(256))
THREE = ("2.5.24", "2.6.20", "3.0.1")


def rows(count, start=0, **more):
    return [{"id": i, "v": [i, i], **{k: f(i) for k, f in more.items()}} for i in range(start, start + count)]


def fast(s, **more):
    """create_collection(name, dimension): PyMilvus makes the fields id and vector, index and load."""
    s.made += 1
    s.client.create_collection("q%d" % s.made, dimension=2, metric_type="L2", consistency_level="Strong", **more)
    return "q%d" % s.made


def wrong_name(name, kind="name"):
    return "Invalid collection %s: %s. " % (kind, name), ("the first character of a collection %s must be an underscore "
                                                          "or letter: invalid parameter" % kind)


def refuses_names(call, kind="name"):
    for name in WRONG_NAMES:
        for text in wrong_name(name, kind):
            refuses(lambda: call(name), 1100, text)
    refuses(lambda: call(LONG_NAME), 1100, "the length of a collection %s must be less than 255 characters" % kind)


# --- aliases ---

@public("alias: create_alias_invalid_collection_name, …_over_max_length, create_alias_invalid_alias_name", *THREE)
def alias_names(s):
    name = s.collection({}, load=False)
    refuses_names(lambda wrong: s.client.create_alias(wrong, "al"))
    refuses_names(lambda wrong: s.client.create_alias(name, wrong), "alias")


@public("alias: alter_alias_invalid_collection_name, alter_alias_invalid_alias_name, …_over_max_length", *THREE)
def alias_names_altered(s):
    name = s.collection({}, load=False)
    refuses_names(lambda wrong: s.client.alter_alias(wrong, "al"))
    refuses_names(lambda wrong: s.client.alter_alias(name, wrong), "alias")


@public("alias: create_alias_not_exist_collection, alter_alias_not_exist_collection", *THREE)
def alias_of_nothing(s):
    refuses(lambda: s.client.create_alias("not_there", "al"), 100,
            "collection not found[database=default][collection=not_there]")
    refuses(lambda: s.client.alter_alias("not_there", "al"), 100, "collection not found")


@public("alias: create_alias_same_collection_name, alter_alias_same_collection_name", *THREE)
def alias_like_a_collection(s):
    name = s.collection({}, load=False)
    text = "alias and collection name conflict[database=default][alias=%s" % name
    refuses(lambda: s.client.create_alias(name, name), 1601, text)
    refuses(lambda: s.client.alter_alias(name, name), 1601, text)


@public("alias: create_same_alias_diff_collections", *THREE)
def alias_taken(s):
    one, two = s.collection({}, load=False), s.collection({}, load=False)
    s.client.create_alias(one, "taken")
    refuses(lambda: s.client.create_alias(two, "taken"), 1602, "taken is alias to another collection: %s: "
            "alias already exist[database=default][alias=taken]" % one)
    s.client.drop_alias("taken")


@public("alias: drop_alias_not_existed, alter_non_exists_alias", *THREE)
def alias_not_there(s):
    s.client.drop_alias("not_there")
    name = s.collection({}, load=False)
    refuses(lambda: s.client.alter_alias(name, "not_there"), 1600, "alias not found[database=default][alias=not_there]")


@public("alias: alias_search_query", *THREE)
def alias_stands_for_its_collection(s):
    name = s.collection({"t": TEXT})
    s.client.create_alias(name, "stands")
    s.client.insert("stands", rows(5, t=str))
    assert [h["id"] for h in s.client.search("stands", [[1, 1]], limit=3)[0]] == [1, 0, 2]
    assert s.ids("stands", "id >= 0") == [0, 1, 2, 3, 4]
    s.client.release_collection("stands")
    refuses(lambda: s.client.drop_collection("stands"), plain(s), "cannot drop the collection via alias = stands")
    s.client.drop_alias("stands")
    assert s.client.has_collection(name)


@public("alias: alter_alias_default", *THREE)
def alias_altered(s):
    one, two = s.collection({}, load=False), s.collection({}, load=False)
    s.client.create_partition(one, "p")
    s.client.create_alias(two, "moves")
    s.client.alter_alias(one, "moves")
    assert s.client.list_partitions("moves") == s.client.list_partitions(one) == ["_default", "p"]
    assert s.client.list_aliases(one)["aliases"] == ["moves"]


# --- collections ---

@public("collection: collection_invalid_collection_name, …_name_over_max_length, …_name_empty", *THREE)
def collection_names(s):
    refuses_names(lambda wrong: s.client.create_collection(wrong, dimension=2))
    refuses(lambda: s.client.create_collection("  ", dimension=2), 1100, "Invalid collection name")


@public("collection: collection_vector_invalid_dim_default_schema, collection_vector_without_dim", *THREE)
def dimensions(s):
    refuses(lambda: s.client.create_collection("d", dimension=1), plain(s),
            "invalid dimension: 1. should be in range 2 ~ 32768")
    refuses(lambda: s.client.create_collection("d", dimension=32769), plain(s), "invalid dimension: 32769 of field vector."
            " float vector dimension should be in range 2 ~ 32768")
    refuses(lambda: s.collection({"w": (DataType.FLOAT_VECTOR, {})}), plain(s),
            "dimension is not defined in field type params")


@public("collection: binary_collection_with_min_dim", *THREE)
def binary_dimension(s):
    refuses(lambda: s.collection({"b": (DataType.BINARY_VECTOR, {"dim": 2})}), plain(s), "invalid dimension: 2 of field b. "
            "binary vector dimension should be multiple of 8.")


@public("collection: collection_string_auto_id, collection_string_array_without_max_length")
def length_is_wanted(s):
    refuses(lambda: s.client.create_collection("noml", dimension=2, id_type="string", auto_id=True), 1101,
            "type param(max_length) should be specified for the field(id) of collection noml")
    array = (DataType.ARRAY, {"element_type": DataType.VARCHAR, "max_capacity": 4})
    refuses(lambda: s.collection({"arr": array}), 1101, "type param(max_length) should be specified for the field(arr)")


@public("collection: collection_string_field_over_max_length, …_string_array_max_length_invalid")
def lengths(s):
    for kind in ((DataType.VARCHAR, {"max_length": 65536}),
                 (DataType.ARRAY, {"element_type": DataType.VARCHAR, "max_capacity": 4, "max_length": 65536})):
        refuses(lambda: s.collection({"x": kind}), 1100, "the maximum length specified for the field(x) should be in "
                "(0, 65535], but got 65536 instead: invalid parameter")


@public("collection: collection_array_field_invalid_capacity, …_array_field_element_type_not_exist", *THREE)
def array_fields(s):
    for capacity in (0, 4097):
        kind = (DataType.ARRAY, {"element_type": DataType.INT64, "max_capacity": capacity})
        refuses(lambda: s.collection({"x": kind}), plain(s), "the maximum capacity specified for a Array should be in "
                "(0, 4096]")
    kind = (DataType.ARRAY, {"element_type": DataType.JSON, "max_capacity": 4})
    refuses(lambda: s.collection({"x": kind}), plain(s), "element type JSON is not supported")


@public("collection: create_same_collection_different_params", *THREE)
def same_name_other_fields(s):
    s.client.create_collection("same", dimension=2)
    s.client.create_collection("same", dimension=2)
    refuses(lambda: s.client.create_collection("same", dimension=4), plain(s),
            "create duplicate collection with different parameters, collection: same")
    s.client.drop_collection("same")


@public("collection: collection_fast_creation_default", *THREE)
def fast_creation(s):
    name = fast(s)
    found = s.client.describe_collection(name)
    assert name in s.client.list_collections() and found["consistency_level"] == 0 and found["enable_dynamic_field"]
    assert [f["name"] for f in found["fields"]] == ["id", "vector"] and s.client.list_indexes(name) == ["vector"]
    assert s.client.get_load_state(name)["state"] == LoadState.Loaded
    s.client.load_partitions(name, "_default")
    s.client.release_partitions(name, "_default")
    assert s.client.get_load_state(name)["state"] == LoadState.NotLoad


@public("collection: collection_fast_creation_all_params (string keys)", *THREE)
def fast_creation_with_texts(s):
    name = fast(s, id_type="string", max_length=100, auto_id=False)
    s.client.insert(name, [{"id": "b", "vector": [1, 1]}, {"id": "a", "vector": [0, 0], "more": 3}])
    assert s.client.search(name, [[0, 0]], limit=2)[0][0]["id"] == "a"
    assert s.client.get(name, ["b"])[0]["vector"] == [1.0, 1.0]
    assert s.client.query(name, filter="more == 3", output_fields=["more"])[0] == {"id": "a", "more": 3}


@public("collection: collection_self_creation_default", *THREE)
def schema_comes_back(s):
    kinds = {"pk": (DataType.VARCHAR, {"max_length": 64, "is_primary": True}),
             "title": (DataType.VARCHAR, {"max_length": 64, "is_partition_key": True}),
             "n": (DataType.INT64, {"nullable": True, "default_value": 10}),
             "a": (DataType.ARRAY, {"element_type": DataType.INT64, "max_capacity": 12, "nullable": True})}
    found = s.client.describe_collection(s.collection(kinds))
    assert found["num_partitions"] == 16 and not found["enable_dynamic_field"]
    assert [f["name"] for f in found["fields"] if f.get("nullable")] == ["n", "a"]
    (n,) = [f for f in found["fields"] if f["name"] == "n"]
    assert n["default_value"].long_data == 10
    assert [f["name"] for f in found["fields"] if f.get("is_partition_key")] == ["title"]


@public("collection: collection_invalid_metric_type", *THREE)
def metric_types(s):
    refuses(lambda: s.client.create_collection("m", dimension=2, metric_type="invalid"), 1100,
            "float vector index does not support metric type")
    s.client.drop_collection("m")


@public("collection: collection_schema_with_invalid_field_name, collection_field_name_with_keywords", *THREE)
def field_names(s):
    for name in ("1x", "x y", "x-y"):
        refuses(lambda: s.collection({name: INT}), 1701, "field name invalid[field=%s]" % name)
    for name in ("$meta", "like", "exists", "EXISTS", "and", "or", "not", "in", "json_contains", "JSON_CONTAINS",
                 "array_length", "true", "False", "text_match"):
        refuses(lambda: s.collection({name: INT}), 1701, "Invalid field name: " + name)


@public("collection: collection_over_maximum_limits, collection_without_vectors, collection_dup_field, …_invalid_shards",
        *THREE)
def limits_of_a_schema(s):
    refuses(lambda: s.collection({"f%d" % i: INT for i in range(63)}), plain(s),
            "maximum field's number should be limited to 64")
    most = 4 if s.version < (2, 6, 0) else 10
    refuses(lambda: s.collection({"w%d" % i: (DataType.FLOAT_VECTOR, {"dim": 2}) for i in range(most)}), plain(s),
            "maximum vector field's number should be limited to %d" % most)
    refuses(lambda: s.collection({"x": INT}, vector=False), 1100, "schema does not contain vector field: invalid parameter")
    refuses(lambda: s.collection({"v": (DataType.FLOAT_VECTOR, {"dim": 2})}), plain(s), "duplicated field name")
    refuses(lambda: s.collection({}, num_shards=17), plain(s), "maximum shards's number should be limited to 16")


@public("collection: collection_set_nullable_on_pk_field, …_on_partition_key_field", *THREE)
def what_may_be_null(s):
    key = {"id": (DataType.INT64, {"is_primary": True, "nullable": True})}
    refuses(lambda: s.collection(key), 1100, "primary field not support null")
    refuses(lambda: s.collection({"k": (DataType.INT64, {"is_partition_key": True, "nullable": True})}), 1100,
            "partition key field not support nullable: invalid parameter")


@public("collection: create_collection_default_value_on_pk_field, …_non_match_default_value, …_invalid_default_value_string",
        *THREE)
def defaults_are_checked(s):
    refuses(lambda: s.collection({"id": (DataType.INT64, {"is_primary": True, "default_value": 10})}), 1100,
            "primary field not support default_value")
    text = (DataType.VARCHAR, {"max_length": 3, "default_value": "four"})
    refuses(lambda: s.collection({"t": text}), 1100, "the length (4) of string exceeds max length (3)")


@public("collection: load_collection_without_index, load_partition_names_empty; partition: load_partitions_without_index",
        *THREE)
def load_needs_an_index(s):
    name = s.collection({}, load=False)
    refuses(lambda: s.client.load_collection(name), 700, "index not found[collection=%s]" % name)
    refuses(lambda: s.client.load_partitions(name, ["_default"]), 700, "index not found[collection=%s]" % name)
    refuses(lambda: s.client.load_partitions(s.collection({}), []), plain(s), "due to no partition specified")


@public("collection: collection_load_release_comprehensive", *THREE)
def load_states_of_a_collection(s):
    name = fast(s)
    assert s.client.search(name, [[0, 0]], limit=1)[0] == [] and s.ids(name, "id >= 0") == []
    s.client.load_collection(name)
    for _ in range(2):
        s.client.release_collection(name)
        assert s.client.get_load_state(name)["state"] == LoadState.NotLoad
    refuses(lambda: s.client.search(name, [[0, 0]], limit=1), 101, "collection not loaded")
    refuses(lambda: s.ids(name, "id >= 0"), 101, "collection not loaded")
    s.client.load_collection(name)
    assert s.ids(name, "id >= 0") == []


@public("collection: partition_load_release_comprehensive; query: query_partition_without_loading_partiton", *THREE)
def load_states_of_partitions(s):
    name = s.collection({})
    for partition in ("p1", "p2"):
        s.client.create_partition(name, partition)
    s.client.release_collection(name)
    s.client.load_partitions(name, ["p1", "p2"])
    assert s.ids(name, "id >= 0", partition_names=["p1", "p2"]) == []
    s.client.release_partitions(name, ["p1"])
    refuses(lambda: s.client.search(name, [[0, 0]], limit=1, partition_names=["p1"]), 201, "partition not loaded")
    refuses(lambda: s.ids(name, "id >= 0", partition_names=["p1"]), 201, "partition not loaded")
    s.client.load_partitions(name, ["p1"])
    assert s.ids(name, "id >= 0", partition_names=["p1"]) == []


@public("collection: describe_collection_not_existed, alter_collection_properties_invalid_collection_name", *THREE)
def collection_not_there(s):
    refuses(lambda: s.client.describe_collection("nonexisted"), 100,
            "can't find collection[database=default][collection=nonexisted]")
    refuses(lambda: s.client.alter_collection_properties("nonexisted", {"mmap.enabled": True}), 100,
            "collection not found[database=default][collection=nonexisted]")


@public("collection: rename_collection_duplicated_collection, drop_collection_properties_invalid_properties")
def nothing_to_alter(s):
    name = s.collection({}, load=False)
    refuses(lambda: s.client.rename_collection(name, name), 1100, "collection name or database name should be different")
    refuses(lambda: s.client.drop_collection_properties(name, []), 1100, "no properties or delete keys provided")


@public("search: rename_search_query_default", *THREE)
def renamed(s):
    name = s.collection({})
    s.client.insert(name, rows(3))
    s.client.rename_collection(name, "renamed_" + name)
    refuses(lambda: s.ids(name, "id >= 0"), 100, "collection not found")
    assert s.ids("renamed_" + name, "id >= 0") == [0, 1, 2]
    assert [h["id"] for h in s.client.search("renamed_" + name, [[2, 2]], limit=1)[0]] == [2]


# --- databases ---

@public("database: create_database_invalid_db_name, …_over_max_length, drop_database_invalid_db_name", *THREE)
def database_names(s):
    for call in (s.client.create_database, s.client.drop_database):
        for name in WRONG_NAMES:
            refuses(lambda: call(name), 802, "the first character of a database name must be an underscore or letter: "
                    "invalid database name[database=%s]" % name)
        refuses(lambda: call(LONG_NAME), 802, "the length of a database name must be less than 255 characters")


@public("database: create_database_name_with_default, …_with_existed_name, drop_database_has_collections", *THREE)
def databases(s):
    refuses(lambda: s.client.create_database("default"), plain(s), "database already exist: default")
    s.client.create_database("full")
    client = MilvusClient(uri=s.uri, db_name="full")
    client.create_collection("in_it", dimension=2)
    assert client.list_collections() == ["in_it"] and "in_it" not in s.client.list_collections()
    refuses(lambda: s.client.drop_database("full"), plain(s),
            "full not empty, must drop all collections before drop database")
    client.drop_collection("in_it")
    s.client.drop_database("full")


@public("database: describe_database_invalid_db_name, alter_database_properties_nonexistent_db_name", *THREE)
def database_not_there(s):
    refuses(lambda: s.client.describe_database("nonexistent"), 800, "database not found[database=nonexistent]")
    refuses(lambda: s.client.alter_database_properties("nonexistent", {"database.replica.number": 2}), 800,
            "database not found[database=nonexistent]")


@public("database: alter_database_properties_invalid_params, drop_database_properties_invalid_format")
def database_properties(s):
    s.client.create_database("props", properties={"database.replica.number": "3"})
    assert s.client.describe_database("props")["database.replica.number"] == "3"
    refuses(lambda: s.client.drop_database_properties("props", []), 1100, "alter database with empty properties and delete "
            "keys, expected to set either properties or delete keys")
    s.client.drop_database_properties("props", ["database.replica.number"])
    assert "database.replica.number" not in s.client.describe_database("props")
    s.client.drop_database("props")


# --- partitions ---

@public("partition: partition_invalid_collection_name, partition_not_exist_collection_name, partition_invalid_partition_name",
        *THREE)
def partition_names(s):
    refuses_names(lambda wrong: s.client.create_partition(wrong, "p"))
    refuses(lambda: s.client.create_partition("not_there", "p"), 100,
            "collection not found[database=default][collection=not_there]")
    name = s.collection({}, load=False)
    for wrong in ("12 s", "(mn)", "中文", "%$#"):
        refuses(lambda: s.client.create_partition(name, wrong), plain(s), "Invalid partition name: " + wrong)


@public("partition: create_partition_name_existed, drop_partition_not_exist_partition, has_partition_collection_partition…",
        *THREE)
def partitions_there_and_not(s):
    name, other = s.collection({}, load=False), s.collection({}, load=False)
    for partition, count in (("_default", 1), ("p", 2), ("p", 2)):
        s.client.create_partition(name, partition)
        assert len(s.client.list_partitions(name)) == count
    s.client.drop_partition(other, "p")
    assert not s.client.has_partition(other, "p") and s.client.has_partition(name, "p")
    refuses(lambda: s.client.load_partitions(name, ["not_there"]), 200, "partition not found[partition=not_there]")


@public("insert: insert_invalid_partition_name, insert_not_exist_partition_name; upsert: the same", *THREE)
def writes_into_partitions(s):
    name = s.collection({}, load=False)
    for write in (s.client.insert, s.client.upsert):
        refuses(lambda: write(name, rows(1), partition_name="%$#"), plain(s), "Invalid partition name: %$#")
        refuses(lambda: write(name, rows(1), partition_name="not_there"), 200, "partition not found[partition=not_there]")


@public("partition_key: partition_key_on_field_schema, …_on_collection_schema, max_partitions", *THREE)
def partition_keys(s):
    kinds = {"k": (DataType.VARCHAR, {"max_length": 9, "is_partition_key": True}), "n": INT}
    name = s.collection(kinds, num_partitions=9)
    assert len(s.client.list_partitions(name)) == 9
    s.client.insert(name, rows(60, k=lambda i: "k%d" % (i % 10), n=lambda i: i % 10))

    def count(text):
        return s.client.query(name, filter=text, output_fields=["count(*)"])[0]["count(*)"]
    assert count('k == "k5" || n in [2,4,6]') == count('n in [2,4,6] || k == "k5"') == 24
    assert count('k in ["k2","k4","k6"] || n == 5') == count('n == 5 or k in ["k2","k4","k6"]') == 24
    found = [[h["id"] for h in s.client.search(name, [[0, 0]], limit=9, filter=text)[0]]
             for text in ('n in [1,3] && k in ["k1","k3"]', "n in [1,3]", 'k in ["k1","k3"]')]
    assert found[0] == found[1] == found[2] == [1, 3, 11, 13, 21, 23, 31, 33, 41]
    refuses(lambda: s.collection(kinds, num_partitions=1025), 1100, "partition number (1025) exceeds max configuration (1024)")


# --- indexes ---

@public("index: index_invalid_collection_name, index_not_exist_collection_name, index_default", *THREE)
def indexes(s):
    def index(**more):
        params = s.client.prepare_index_params()
        params.add_index("vector", index_type="HNSW", metric_type="L2", **more)
        return params
    for wrong in WRONG_NAMES:
        refuses(lambda: s.client.create_index(wrong, index()), 1100, wrong_name(wrong)[1])
    refuses(lambda: s.client.create_index("not_there", index()), 100, "collection not found")
    name = fast(s)
    if s.version < (2, 6, 0):
        refuses(lambda: s.client.drop_index(name, "vector"), 65535,
                "index cannot be dropped, collection is loaded, please release it first")
    else:
        refuses(lambda: s.client.drop_index(name, "vector"), 1100, "vector index cannot be dropped on loaded collection")
    s.client.release_collection(name)
    s.client.drop_index(name, "vector")
    assert s.client.list_indexes(name) == []
    for _ in range(2):
        s.client.create_index(name, index(params={"M": 8, "efConstruction": 64}))
    assert s.client.describe_index(name, "vector")["index_type"] == "HNSW"
    s.client.insert(name, [{"id": 1, "vector": [1, 1]}])
    s.client.load_collection(name)
    assert [h["id"] for h in s.client.search(name, [[0, 0]], limit=1)[0]] == [1]


# --- writes ---

@public("insert: insert_invalid_collection_name, insert_not_exist_collection_name; upsert: the same", *THREE)
def writes_to_nothing(s):
    for write in (s.client.insert, s.client.upsert):
        for wrong in WRONG_NAMES:
            refuses(lambda: write(wrong, rows(1)), 1100, wrong_name(wrong)[1])
        refuses(lambda: write("not_there", rows(1)), 100, "can't find collection[database=default][collection=not_there]")


@public("insert: insert_exceed_varchar_limit", *THREE)
def texts_too_long(s):
    name = s.collection({"small_limit": (DataType.VARCHAR, {"max_length": 3})})
    refuses(lambda: s.client.insert(name, rows(1, small_limit=lambda i: "four")), 1100,
            "length of varchar field small_limit exceeds max length")


@public("upsert: upsert_duplicate_pk_int64, …")
def keys_twice_in_an_upsert(s):
    name = s.collection({})
    refuses(lambda: s.client.upsert(name, rows(1) + rows(1)), 1100, "duplicate primary keys are not allowed in the same batch")


@public("partial_update: partial_update_simple_demo", "2.6.2", "2.6.20", "3.0.1")
def partial_update_keeps_the_rest(s):
    kinds = {"name": (DataType.VARCHAR, {"max_length": 99, "nullable": True}), "price": (DataType.FLOAT, {"nullable": True}),
             "kind": (DataType.VARCHAR, {"max_length": 50, "nullable": True})}
    name = s.collection(kinds)
    s.client.upsert(name, rows(3, name=lambda i: "p%d" % i, price=lambda i: 100.0 if i == 0 else None, kind=lambda i: "k"))
    s.client.upsert(name, [{"id": 0, "name": "new"}, {"id": 1, "name": None}], partial_update=True)
    s.client.upsert(name, [{"id": 0, "price": None}, {"id": 2, "price": 2.5}], partial_update=True)
    found = {r["id"]: (r["name"], r["price"], r["kind"], r["v"])
             for r in s.client.query(name, filter="id >= 0", output_fields=["*"])}
    assert found == {0: ("new", None, "k", [0, 0]), 1: (None, None, "k", [1, 1]), 2: ("p2", 2.5, "k", [2, 2])}


@public("partial_update: partial_update_new_pk_with_missing_field, …_same_pk_after_delete, …_pk_in_wrong_partition",
        "2.6.2", "2.6.20", "3.0.1")
def partial_update_of_no_row(s):
    name = s.collection({"n": INT})
    text = "fieldSchema(n) has no corresponding fieldData pass in: invalid parameter"
    refuses(lambda: s.client.upsert(name, rows(2), partial_update=True), 1100, text)
    s.client.insert(name, rows(2, n=lambda i: i))
    assert s.client.delete(name, filter="id >= 0")["delete_count"] == 2
    refuses(lambda: s.client.upsert(name, rows(2), partial_update=True), 1100, text)
    s.client.create_partition(name, "p")
    s.client.upsert(name, rows(2, n=lambda i: i), partial_update=True)
    refuses(lambda: s.client.upsert(name, rows(2), partition_name="p", partial_update=True), 1100, text)


@public("partial_update: partial_update_after_release_collection", "2.6.2", "2.6.20", "3.0.1")
def partial_update_reads(s):
    name = s.collection({"n": INT})
    s.client.upsert(name, rows(2, n=lambda i: i), partial_update=True)
    s.client.release_collection(name)
    refuses(lambda: s.client.upsert(name, [{"id": 1, "n": 5}], partial_update=True), 101,
            "failed to query: collection not loaded")


@public("partial_update: partial_update_duplicate_pk (insert twice, then a part of it)", "2.6.2", "2.6.20", "3.0.1")
def partial_update_of_a_key_twice(s):
    name = s.collection({"n": (DataType.INT32, {"nullable": True}), "t": (DataType.VARCHAR, {"max_length": 9, "nullable": True})})
    s.client.insert(name, rows(2, n=lambda i: i))
    s.client.insert(name, rows(2, t=lambda i: "a"))
    s.client.upsert(name, [{"id": 0, "t": "b"}, {"id": 1, "t": "c"}], partial_update=True)
    found = {r["id"]: (r["n"], r["t"]) for r in s.client.query(name, filter="id >= 0", output_fields=["n", "t"])}
    assert found == {0: (None, "b"), 1: (None, "c")}


@public("delete: delete_with_ids, delete_with_filters, delete_with_filters_partition", *THREE)
def deletes(s):
    name = s.collection({"t": TEXT})
    s.client.create_partition(name, "p")
    s.client.insert(name, rows(10, t=str))
    s.client.insert(name, rows(5, 10, t=str), partition_name="p")
    assert s.client.delete(name, ids=[0, 1])["delete_count"] == 2
    s.client.delete(name, filter="id < 4 and t in ['2', '3']")
    s.client.delete(name, filter="id > 7", partition_name="p")
    assert s.ids(name, "id >= 0") == [4, 5, 6, 7, 8, 9]
    assert [h["id"] for h in s.client.search(name, [[0, 0]], limit=9)[0]] == [4, 5, 6, 7, 8, 9]


@public("add_field: collection_add_field, add_vector_field", "2.6.18", "2.6.20", "3.0.1")
def vector_field_added(s):
    name = s.collection({})
    s.client.insert(name, rows(3))
    s.client.add_collection_field(name, "w", DataType.FLOAT_VECTOR, dim=2, nullable=True)
    s.client.insert(name, rows(4, 3, w=lambda i: None if i % 2 else [i, 0]))
    found = {r["id"]: r["w"] for r in s.client.query(name, filter="id in [0, 3, 4]", output_fields=["w"])}
    assert found == {0: None, 3: None, 4: [4.0, 0.0]}
    refuses(lambda: s.client.search(name, [[0, 0]], anns_field="w", limit=3), None,
            "field w is not loaded, please reload the collection")
    s.client.release_collection(name)
    refuses(lambda: s.client.load_collection(name), plain(s), "there is no vector index on field: [w]")
    params = s.client.prepare_index_params()
    params.add_index("w", metric_type="L2")
    s.client.create_index(name, params)
    s.client.load_collection(name)
    assert [h["id"] for h in s.client.search(name, [[0, 0]], anns_field="w", limit=9)[0]] == [4, 6]
    assert [len(hits) for hits in s.client.search(name, ids=[0, 4], anns_field="w", limit=9)] == [0, 2]


@public("timestamptz: timestamptz_input_data_invalid_time_format, …_wrong_default_value, …_add_field_not_nullable")
def timestamps(s):
    name = s.collection({"ts": (DataType.TIMESTAMPTZ, {"nullable": True})})
    refuses(lambda: s.client.insert(name, rows(1, ts=lambda i: "invalid_time_format")), 1100, "got invalid timestamptz string "
            "'invalid_time_format': invalid timezone name; must be a valid IANA Time Zone ID")
    refuses(lambda: s.client.add_collection_field(name, "more", DataType.TIMESTAMPTZ), 1100,
            "added field must be nullable, please check it, field name = more: invalid parameter")


# --- users ---

@public("rbac: create_user_value_invalid, create_user_exist, create_user_password_invalid_value, update_password_…", *THREE)
def users(s):
    for name, text in (("0", "invalid user name"), ("n@me", "invalid user name"), ("h h", "invalid user name")):
        refuses(lambda: s.client.create_user(name, "Milvus1"), 1100, text)
    refuses(lambda: s.client.create_user("root", "Milvus1"), plain(s), "user already exists: root")
    for word in ("0", "p@ss", "h h", "1+1=2"):
        refuses(lambda: s.client.create_user("u1", word), 1100, "invalid password")
    s.client.create_user("u1", "secret1")
    assert "u1" in s.client.list_users()
    for name in ("u1", "not_there"):
        refuses(lambda: s.client.update_password(name, "wrong12", "secret2"), 1400,
                "old password not correct for %s: not authenticated" % name)
    refuses(lambda: s.client.update_password("u1", "secret1", "h h"), 1100, "invalid password")
    s.client.update_password("u1", "secret1", "secret2")
    s.client.drop_user("u1")


@public("rbac: create_role_invalid, drop_role_invalid", *THREE)
def roles(s):
    s.client.create_role("r1")
    for name in ("admin", "public", "r1"):
        refuses(lambda: s.client.create_role(name), plain(s), 'role [name:"%s"] already exists' % name)
    refuses(lambda: s.client.drop_role("not_there"), plain(s), "not found the role, maybe the role isn't existed")
    for name in ("admin", "public"):
        refuses(lambda: s.client.drop_role(name), 1401, "the role[%s] is a default role, which can't be dropped" % name)
    s.client.drop_role("r1")


@public("rbac: init_token_invalid, init_username_invalid; grant_privilege, revoke_privilege (of what reads)", "2.6.20")
def denials(s):
    own = Server("2.6.20", auth=True)

    def denied(call):
        try:
            call()
            raise AssertionError("allowed")
        except (MilvusException, grpc.RpcError) as error:
            assert "permission deny to u in the `default` database" in str(error)
    try:
        for token in ("root:Milvuskk", "rootnn:Milvus"):
            try:
                MilvusClient(uri=own.uri, token=token).list_collections()
                raise AssertionError("let in")
            except (MilvusException, grpc.RpcError) as error:
                assert "auth check failure" in str(error)
        name = own.collection({})
        own.client.create_user("u", "secret1")
        own.client.create_role("r")
        own.client.grant_role("u", "r")
        user = MilvusClient(uri=own.uri, token="u:secret1")
        for call in (lambda: user.query(name, filter="id > 0"), lambda: user.search(name, [[0, 0]], limit=1),
                     lambda: user.drop_collection(name)):
            denied(call)
        own.client.grant_privilege("r", "Collection", "Search", name)
        assert user.search(name, [[0, 0]], limit=1)[0] == []
        denied(lambda: user.query(name, filter="id > 0"))
        own.client.revoke_privilege("r", "Collection", "Search", name)
        denied(lambda: user.search(name, [[0, 0]], limit=1))
    finally:
        own.stop()
