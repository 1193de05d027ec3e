"""Scenarios for check.py: what is altered, rights in groups, arrays added to, the machinery. PyMilvus' examples use them."""

from check import DataType, refuses, scenario
from scenarios_data import INT, rows


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
