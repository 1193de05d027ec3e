"""Scenarios for check.py: searches by keys.

Those marked public are after tests/python_client/milvus_client: test_milvus_client_search_by_pk.py, in words of ours and small.
"""

from check import DataType, public, refuses, scenario
from pymilvus import Function, FunctionType
from scenarios_data import INT, rows

TWO = ("2.6.20", "3.0.1")
PLANE = [[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]]
TEXTED = {"t": (DataType.VARCHAR, {"max_length": 200, "enable_analyzer": True}), "bm": (DataType.SPARSE_FLOAT_VECTOR, {}),
          "free": (DataType.VARCHAR, {"max_length": 200, "enable_analyzer": True}),
          "raw": (DataType.VARCHAR, {"max_length": 200})}


def found(answer):
    return [hit["id"] for hit in answer[0]]


def plane(s, metric="COSINE", **more):
    """Four directions; x is 1 to 4, as the key is."""
    name = s.collection({"x": INT, **more}, metric=metric)
    s.client.insert(name, [{"id": i + 1, "v": v, "x": i + 1, **{key: i for key in more}} for i, v in enumerate(PLANE)])
    return name


def texted(s):
    name = s.collection(TEXTED, functions=[Function("f", FunctionType.BM25, ["t"], ["bm"])])
    texts = ["Is there a leakage", "I have the seat full of water! Like, full of water!", "Must be water.",
             "key key key key", "W\u00e4re Wasser kein water so", ""]
    s.client.insert(name, rows(len(texts), t=lambda i: texts[i], free=lambda i: texts[i], raw=lambda i: texts[i]))
    return name


# --- searches by keys ---

@public("search_by_pk: ..._with_duplicate_pk_values, ..._with_mismatched_id_type, ..._with_non_existing_pk_values")
def ids_are_checked(s):
    name = plane(s)
    refuses(lambda: s.client.search(name, ids=[1, 2, 1], limit=2), 1100, "duplicate IDs found in search request")
    refuses(lambda: s.client.search(name, ids=["1", "2"], limit=2), 1100, "primary key is int64, but IDs type mismatch")
    refuses(lambda: s.client.search(name, ids=[1, 77, 78], limit=2), 1100,
            "some of the provided primary key IDs do not exist: missing IDs = [77 78]")
    refuses(lambda: s.client.search(name, ids=[1], anns_field="no", limit=2), 1700, "vector field not found in schema")
    refuses(lambda: s.client.search(name, ids=[1], anns_field="x", limit=2), 1100,
            "field (x) to search is not of vector data type")
    s.client.release_collection(name)
    refuses(lambda: s.client.search(name, ids=[1], limit=2), 101, "failed to query")


@scenario("2.6.20", "3.0.1")
def queries_come_in_the_order_of_keys(s):
    """handleIfSearchByPK takes the vectors as the query brings them; nothing puts them in the order of the ids."""
    name = plane(s)
    answer = s.client.search(name, ids=[4, 1, 2], limit=1)
    assert [one[0]["id"] for one in answer] == [1, 2, 4]


@public("search_by_pk: search_by_pk_sparse_vectors over a BM25 field, search_by_pk_nullable_vector_field", "2.6.10", *TWO)
def texts_searched_by_key(s):
    name = texted(s)
    answer = s.client.search(name, ids=[2], anns_field="bm", limit=1, output_fields=["t"])
    assert found(answer) == [2]


@scenario(*TWO)
def keys_without_vectors(s):
    name = s.collection({"sp": (DataType.SPARSE_FLOAT_VECTOR, {"nullable": True})})
    s.client.insert(name, rows(3, sp=lambda i: None if i else {1: 1.0}))
    answer = s.client.search(name, ids=[1, 2], anns_field="sp", limit=2, filter="no such filter")
    assert [len(one) for one in answer] == [0, 0]
