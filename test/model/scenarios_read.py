"""Scenarios for check.py: queries, filters, searches."""

import time

import grpc
from check import DataType, MilvusClient, Server, plain, refuses, scenario
from pymilvus import AnnSearchRequest, Function, FunctionType, RRFRanker, WeightedRanker
from pymilvus.grpc_gen import common_pb2, milvus_pb2
from scenarios_data import INT, TEXT, rows

NULLABLE = (DataType.INT64, {"nullable": True})
STRONG, BOUNDED, EVENTUALLY = 0, 2, 3


# --- what a read sees ---

@scenario("2.4.23", "2.5.24", "2.6.20")
def levels_lag(s):
    slow = Server(".".join(map(str, s.version)), lag=1500)
    try:
        name = slow.collection({})
        time.sleep(1.6)
        slow.client.insert(name, rows(3))
        assert slow.long_values(slow.query(name, "id >= 0", EVENTUALLY)) == []
        assert slow.long_values(slow.query(name, "id >= 0", BOUNDED)) == []
        assert len(slow.long_values(slow.query(name, "id >= 0", STRONG))) == 3
        assert len(slow.long_values(slow.query(name, "id >= 0", BOUNDED))) == 3
    finally:
        slow.stop()


@scenario()
def iterator_and_a_timestamp(s):
    """facts 1.1: from 2.5 on the number is the snapshot; 2.4 knows no such key."""
    name = s.collection({})
    wrote = s.client.insert(name, rows(3))
    assert wrote
    time.sleep(0.15)
    for stamp, level in ((2, BOUNDED), (1, EVENTUALLY)):
        answer = s.query(name, "", level, stamp, iterator=True, limit=10)
        assert answer.status.code == 0
        assert s.long_values(answer) == ([0, 1, 2] if s.version < (2, 5, 0) else [])
    assert s.long_values(s.query(name, "", BOUNDED, 2, fields=["count(*)"]), "count(*)") == [3]


@scenario()
def session_ts_pages_are_one_snapshot(s):
    name = s.collection({}, num_shards=2)
    s.client.insert(name, rows(10))
    first = s.query(name, "", STRONG, iterator=True, limit=4)
    assert s.long_values(first) == [0, 1, 2, 3]
    if s.version < (2, 5, 0):
        assert first.session_ts == 0
        return
    assert first.session_ts > 2 ** 58
    s.client.insert(name, [{"id": 5000, "v": [1, 1]}])
    s.client.delete(name, filter="id == 7")
    page = s.query(name, "id > 3", BOUNDED, first.session_ts, iterator=True, limit=100)
    assert s.long_values(page) == [4, 5, 6, 7, 8, 9] and page.session_ts == 0
    assert 5000 in s.ids(name, "id > 3")


@scenario("2.6.20")
def own_write_time_is_a_snapshot_for_ever(s):
    name = s.collection({})
    answer = s.client.insert(name, rows(1))
    request = milvus_pb2.AllocTimestampRequest()
    then = s.raw.AllocTimestamp(request).timestamp
    s.client.insert(name, [{"id": 8, "v": [1, 1]}])
    assert s.long_values(s.query(name, "", BOUNDED, then, iterator=True, limit=9)) == [0] and answer


@scenario("2.5.24", "2.6.20")
def collection_id_is_checked(s):
    name = s.collection({})
    assert "not consistent" in s.query(name, "id > 0", collection_id=5).status.reason
    number = s.client.describe_collection(name)["collection_id"]
    assert s.query(name, "id > 0", collection_id=number).status.code == 0


@scenario()
def windows(s):
    name = s.collection({})
    refuses(lambda: s.client.query(name, filter="", limit=16385), plain(s), "invalid max query result window")
    refuses(lambda: s.client.query(name, filter="", limit=10, offset=16380), plain(s))
    refuses(lambda: s.client.query(name, filter="id > 0", limit=0), plain(s))
    assert "empty expression should be used with limit" in s.query(name, "").status.reason
    assert "pagination is not allowed" in s.query(name, "id > 0", fields=["count(*)"], limit=5).status.reason
    s.client.insert(name, rows(30))
    assert len(s.ids(name, "", limit=7, offset=3)) == 7


@scenario()
def only_iterators_are_in_order(s):
    name = s.collection({})
    s.client.insert(name, rows(50))
    assert s.long_values(s.query(name, "", iterator=True, limit=50)) == list(range(50))
    plain = s.long_values(s.query(name, "", limit=50))
    assert sorted(plain) == list(range(50)) and (plain != sorted(plain)) == (s.version >= (2, 5, 0))


@scenario("2.4.23", "2.6.20", "3.0.1")
def query_iterator(s):
    name = s.collection({"x": INT}, num_shards=3)
    s.client.insert(name, rows(25, x=lambda i: i % 2))
    found, pages = [], s.client.query_iterator(name, batch_size=7, filter="x == 1", output_fields=["id"])
    while True:
        page = pages.next()
        if not page:
            break
        found += [r["id"] for r in page]
    assert found == list(range(1, 25, 2))


# --- filters ---

@scenario()
def comparisons(s):
    name = s.collection({"x": INT, "f": (DataType.FLOAT, {}), "t": TEXT})
    s.client.insert(name, rows(5, x=lambda i: i - 2, f=lambda i: i / 10, t=lambda i: "t%d" % i))
    cases = {"x == -2": [0], "x != 0": [0, 1, 3, 4], "-1 <= x < 1": [1, 2], "1 > x > -2": [1, 2], "f == 0.1": [1],
             "f > 0.2": [3, 4], "x + 1 == 2": [3], "x % 2 == 0": [0, 2, 4], "t >= 't3'": [3, 4],
             "x in [1, 2] or t == 't0'": [0, 3, 4], "not (x in [1])": [0, 1, 2, 4], "x not in [1]": [0, 1, 2, 4],
             "x == 1 and t == 't3' && f > 0": [3], "9223372036854775807 > x": [0, 1, 2, 3, 4], "0x10 > x": [0, 1, 2, 3, 4]}
    for text, wanted in cases.items():
        assert s.ids(name, text) == wanted, (text, s.ids(name, text))


@scenario()
def filter_errors(s):
    name = s.collection({"x": INT, "t": TEXT})
    for text in ("x ==", "x = 1", "y == 1", "x == 'a'", "t > 1", "x", "not x", "x in 1", "x in ['a']", "x + t == 1",
                 "t like 5", "x == 9223372036854775808", "x == 1e999", "(x) is null", "t == \"a\nb\"", "x == 1)",
                 "t == 'a\\z'", "$meta['x'] == 1", "x[0] == 1"):
        refuses(lambda: s.ids(name, text), 1100, "failed to create query plan")


@scenario()
def least_integer(s):
    name = s.collection({"x": INT})
    s.client.insert(name, [{"id": 1, "v": [1, 1], "x": -2 ** 63}])
    if s.version >= (2, 6, 8):
        assert s.ids(name, "x == -9223372036854775808") == [1]
    else:
        refuses(lambda: s.ids(name, "x == -9223372036854775808"), 1100)
    assert s.ids(name, "x < -9223372036854775807") == [1]


@scenario()
def reserved_words(s):
    words = {"like": None, "exists": None, "st_within": (2, 5, 0), "interval": (2, 6, 3), "iso": (2, 6, 3),
             "minimum_should_match": (2, 6, 8), "threshold": (3, 0, 0), "match_any": (3, 0, 0),
             "text_match": (2, 5, 0), "random_sample": (2, 6, 0), "phrase_match": (2, 6, 0), "Threshold": (9, 9, 9)}
    keywords = ["like", "exists"] + ["text_match"] * (s.version >= (2, 5, 0)) + (
        ["random_sample", "phrase_match"] * (s.version >= (2, 6, 0)))
    for word in keywords:
        refuses(lambda: s.collection({word: INT}), 1701, "%s is keyword in milvus" % word)
        del words[word]
    name = s.collection({word: INT for word in words})
    s.client.insert(name, rows(1, **{word: (lambda i: 1) for word in words}))
    for word, since in words.items():
        if word == "st_within" and (2, 6, 0) <= s.version <= (2, 6, 2):
            continue
        if word == "phrase_match" and (2, 5, 17) <= s.version < (2, 6, 0):
            continue
        if since is None or s.version >= since:
            refuses(lambda: s.ids(name, word + " == 1"), 1100)
        else:
            assert s.ids(name, word + " == 1") == [0], word


@scenario()
def strings_and_escapes(s):
    texts = ["a'b", 'a"b', "a\\b", "a\nb", "ä", "😀", "中文", "%_"]
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(len(texts), t=lambda i: texts[i]))
    spelled = ['"a\'b"', "'a\"b'", '"a\\\\b"', '"a\\nb"', '"ä"', '"😀"', '"中文"', '"%_"']
    for i, text in enumerate(spelled):
        assert s.ids(name, "t == " + text) == [i], text
    assert s.ids(name, "t == \"\\x61'b\"") == [0] and s.ids(name, 't == "\\u4e2d\\u6587"') == [6]


@scenario()
def han_beyond_the_bmp(s):
    """facts 1.2: the low 16 bits are all that is left of it; \\U keeps it, and what is beside it."""
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(2, t=lambda i: ["\U00020bb7", "\u0bb7"][i]))
    assert s.ids(name, 't == "\U00020bb7"') == [1]
    assert s.ids(name, 't == "\\U00020bb7"') == [0]
    assert s.ids(name, 't in ["\\U00020bb7", "中"]') == [0]


@scenario()
def like(s):
    texts = ["abc", "abd", "xabc", "a%c", "", "ABC"]
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(len(texts), t=lambda i: texts[i]))
    for pattern, wanted in {"ab%": [0, 1], "%bc": [0, 2], "%ab%": [0, 1, 2], "abc": [0], "%": [0, 1, 2, 3, 4, 5],
                            "a_c": [0, 3], "": [4]}.items():
        found = s.ids(name, "t like '%s'" % pattern)
        if pattern == "" and s.version < (2, 5, 10):
            assert found == [0, 1, 2, 3, 4, 5]
            continue
        assert found == wanted, (pattern, found)
    # up to 2.5.9 a pattern without a wildcard is compared as it stands, escapes and all
    assert s.ids(name, 't like "a\\\\%c"') == ([3] if s.version >= (2, 5, 10) else [])


@scenario()
def null_tests_by_version(s):
    if s.version < (2, 5, 0):
        refuses(lambda: s.ids(s.collection({"n": INT}), "n is null"), 1100)
        return
    name = s.collection({"n": NULLABLE})
    s.client.insert(name, rows(4, n=lambda i: None if i % 2 else i))
    if s.version < (2, 5, 4):
        refuses(lambda: s.ids(name, "n is null"), 1100)
    else:
        assert s.ids(name, "n is null") == [1, 3] and s.ids(name, "n IS NOT NULL") == [0, 2]
        refuses(lambda: s.ids(name, "n is  null"), 1100)
        refuses(lambda: s.ids(name, "v is null"), 1100 if s.version >= (2, 6, 18) else 65535)
    assert s.ids(name, "not (n == 0)") == [2] and s.ids(name, "n not in [0]") == [2] and s.ids(name, "n != 0") == [2]


@scenario(since="2.5.3")
def null_logic_by_version(s):
    name = s.collection({"n": NULLABLE, "m": NULLABLE})
    values = [(n, m) for n in (0, 1, None) for m in (0, 1, None)]
    s.client.insert(name, [{"id": i, "v": [1, 1], "n": n, "m": m} for i, (n, m) in enumerate(values)])
    assert s.ids(name, "n == 1 and m == 1") == [4]
    assert s.ids(name, "n == 1 or m == 1") == [1, 3, 4, 5, 7]
    negated = s.ids(name, "not (n == 1 or m == 1)")
    if s.version >= (2, 6, 11):
        assert negated == [0]
    else:
        # the valid bits of the first operand alone: a null m passes
        assert negated == [0, 2]


@scenario("2.6.10", "2.6.18", "2.6.20", "3.0.1")
def optimizer_and_nulls(s):
    """facts 1.8."""
    name = s.collection({"n": NULLABLE})
    s.client.insert(name, rows(4, n=lambda i: None if i == 3 else i))
    # 2.6.8 to 2.6.12 fail (Milvus' issue 47997), then the null row comes until 2.6.18
    if s.version >= (2, 6, 13):
        found = s.ids(name, "n in [1, 2] or n != 1")
        assert found == ([0, 1, 2] if s.version >= (2, 6, 19) else [0, 1, 2, 3]), found
    assert s.ids(name, "n != 1 or n == 1") == [0, 1, 2] and s.ids(name, "n < 1 or n >= 1") == [0, 1, 2]


@scenario()
def arrays(s):
    name = s.collection({"a": (DataType.ARRAY, {"element_type": DataType.INT64, "max_capacity": 5})})
    lists = [[], [1], [1, 2], [2, 3, 1]]
    s.client.insert(name, rows(4, a=lambda i: lists[i]))
    for text, wanted in {"array_contains(a, 1)": [1, 2, 3], "array_contains_all(a, [1, 2])": [2, 3],
                         "ARRAY_CONTAINS_ANY(a, [3, 9])": [3], "array_length(a) == 2": [2], "a[0] == 1": [1, 2],
                         "a[1] in [2, 3]": [2, 3], "a == [1, 2]": [2], "json_contains(a, 3)": [3]}.items():
        assert s.ids(name, text) == wanted, (text, s.ids(name, text))
    missing = s.ids(name, "not (a[0] == 1)")
    # 2.6.11 on the optimizer makes != of it, which an element that is not there fails
    assert missing == ([3] if s.version >= (2, 6, 11) else [0, 3]), missing


@scenario()
def json_paths(s):
    documents = [{"k": 1}, {"k": 1.5}, {"k": "1"}, {"k": None}, {}, {"k": [1, 2, "x"]}, {"k": {"in": True}}, {"k": 2 ** 53 + 1}]
    name = s.collection({"j": (DataType.JSON, {})})
    s.client.insert(name, rows(len(documents), j=lambda i: documents[i]))
    for text, wanted in {'j["k"] == 1': [0], 'j["k"] > 1': [1, 7], 'j["k"] == "1"': [2], 'j["k"][0] == 1': [5],
                         'j["k"]["in"] == true': [6], 'j["k"] in [1, 2]': [0], 'json_contains(j["k"], 2)': [5],
                         'json_contains_all(j["k"], [1, "x"])': [5], 'json_contains_any(j["k"], [7, "x"])': [5],
                         'j["k"] == 9007199254740993': [7], 'j["k"] == 9007199254740992': [],
                         '1 <= j["k"] < 2': [0, 1], 'j["k"] like "1%"': [2], 'j["k"] == [1, 2, "x"]': [5]}.items():
        assert s.ids(name, text) == wanted, (text, s.ids(name, text))
    unequal = s.ids(name, 'j["k"] != 1')
    assert unequal == ([1, 7] if s.version >= (2, 6, 20) else [1, 2, 3, 4, 5, 6, 7]), unequal
    there = s.ids(name, 'exists j["k"]')
    assert there == ([0, 1, 2, 3, 5, 6, 7] if s.version < (2, 5, 0) else [0, 1, 2, 5, 6, 7]), there


@scenario(since="2.6.10")
def json_terms_of_mixed_types(s):
    """facts 1.8: one list of several types fails, until 3.0."""
    name = s.collection({"j": (DataType.JSON, {})})
    s.client.insert(name, rows(3, j=lambda i: {"k": [1, 2, "x"][i]}))
    text = 'j["k"] == 1 or j["k"] == 2 or j["k"] == "x"'
    if s.version >= (3, 0, 0):
        assert s.ids(name, text) == [0, 1, 2]
    else:
        refuses(lambda: s.ids(name, text))


@scenario("2.5.24", "2.6.20")
def templates(s):
    name = s.collection({"t": TEXT, "x": INT})
    s.client.insert(name, rows(3, t=lambda i: "\U00020bb7%d" % i, x=lambda i: i))
    assert s.ids(name, "t in {l}", filter_params={"l": ["\U00020bb71"]}) == [1]
    assert s.ids(name, "x > {n}", filter_params={"n": 1}) == [2]
    refuses(lambda: s.ids(name, "x > {n}", filter_params={"m": 1}), 1100, "is not found")


@scenario("2.5.24", "2.6.20", "3.0.1")
def text_match(s):
    name = s.collection({"t": (DataType.VARCHAR, {"max_length": 99, "enable_analyzer": True, "enable_match": True})})
    texts = ["The quick brown Fox", "quick fox", "lazy dog", ""]
    s.client.insert(name, rows(4, t=lambda i: texts[i]))
    assert s.ids(name, "text_match(t, 'FOX dog')") == [0, 1, 2]
    assert s.ids(name, "phrase_match(t, 'quick fox')") == [1]
    assert s.ids(name, "phrase_match(t, 'quick fox', 1)") == [0, 1]
    if s.version >= (2, 6, 8):
        assert s.ids(name, "text_match(t, 'quick brown', minimum_should_match=2)") == [0]


@scenario("3.0.1")
def regex_and_raw_strings(s):
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(3, t=lambda i: ["a1", "b22", "a\\c"][i]))
    assert s.ids(name, 't =~ "^a[0-9]$"') == [0] and s.ids(name, 't !~ "[0-9]"') == [2]
    assert s.ids(name, 't == r"a\\c"') == [2]


@scenario("2.5.24", "2.6.2", "2.6.10", "2.6.18")
def constants_are_not_executed(s):
    name = s.collection({"n": (DataType.INT64, {}), "a": (DataType.ARRAY, {
        "element_type": DataType.INT64, "max_capacity": 4})})
    s.client.insert(name, rows(3, n=lambda i: i, a=lambda i: [i]))
    if s.version < (2, 6, 11):
        refuses(lambda: s.ids(name, "1 == 1"), text="ColumnVector")
    else:
        assert s.ids(name, "1 == 1") == [0, 1, 2]
    if (2, 6, 8) <= s.version < (2, 6, 11):
        refuses(lambda: s.ids(name, "n in [1, 2] or n != 1"), text="ColumnVector")
    else:
        assert s.ids(name, "n in [1, 2] or n != 1") == [0, 1, 2]
    refuses(lambda: s.ids(name, "a[0] is null"))


@scenario("2.4.23", "2.5.24")
def a_filter_that_fells_the_proxy(s):
    name = s.collection({"a": (DataType.ARRAY, {"element_type": DataType.VARCHAR, "max_capacity": 4,
                                                "max_length": 9})})
    refuses(lambda: s.ids(name, "not 5"), 1100)
    refuses(lambda: s.ids(name, "a like 'x%'"), 1100)
    if s.version >= (2, 5, 0):
        refuses(lambda: s.ids(name, "not 5 < id"), 1100)
        return
    try:
        s.raw.Query(milvus_pb2.QueryRequest(collection_name=name, expr="not 5 < id", output_fields=["id"]), timeout=9)
        raise AssertionError("it stands")
    except grpc.RpcError:
        assert s.process.wait(9) == 2


@scenario("2.5.24", "2.6.2", "2.6.10")
def json_ranges_of_two_kinds(s):
    name = s.collection({"j": (DataType.JSON, {})})
    s.client.insert(name, rows(4, j=lambda i: {"k": i}))
    for text, since in (('0.5 < j["k"] < 3', (2, 6, 0)), ('0 < j["k"] < 2.5', (2, 6, 8))):
        if s.version >= since:
            assert s.ids(name, text) == [1, 2]
        else:
            refuses(lambda: s.ids(name, text), 65535)
    if s.version < (2, 6, 0):
        refuses(lambda: s.ids(name, 'j["k"] == j["l"]'), 65535)
    else:
        refuses(lambda: s.ids(name, 'j["k"] == j["l"]'), 1100)


@scenario("2.6.20", "3.0.1")
def constants_and_bits(s):
    name = s.collection({"n": (DataType.INT64, {})})
    s.client.insert(name, rows(4, n=lambda i: i))
    if s.version < (3, 0, 0):
        refuses(lambda: s.ids(name, "true and n > 1"), 1100)
        refuses(lambda: s.ids(name, "(n & 1) == 1"), 1100)
        return
    assert s.ids(name, "true and n > 1") == [2, 3] and s.ids(name, "false or n > 1") == [2, 3]
    assert s.ids(name, "n > 1 and false") == [] and s.ids(name, "n > 1 or true") == [0, 1, 2, 3]
    assert s.ids(name, "false") == [] and s.ids(name, "not false") == [0, 1, 2, 3]
    assert s.ids(name, "(n & 1) == 1") == [1, 3] and s.ids(name, "(n ^ 1) == 3") == [2]
    refuses(lambda: s.ids(name, "n & 1 == 1"), 1100)


@scenario("2.6.18", "2.6.20", "3.0.1")
def json_lists_of_several_kinds(s):
    name = s.collection({"j": (DataType.JSON, {})})
    s.client.insert(name, rows(4, j=lambda i: [{"k": 1}, {"k": "a"}, {"k": 2.5}, {}][i]))
    if s.version >= (3, 0, 0):
        assert s.ids(name, 'j["k"] in [1, "a"]') == [0, 1] and s.ids(name, 'j["k"] in ["a", 2.5, 1]') == [0, 1, 2]
        assert s.ids(name, 'j["k"] in [1, 2, 3] and j["k"] >= 2') == []
    else:
        refuses(lambda: s.ids(name, 'j["k"] in [1, "a"]'))
        assert s.ids(name, 'j["k"] in [1, 2, 3] and j["k"] >= 2') == [0]


@scenario("2.6.20")
def long_lists(s):
    name = s.collection({})
    s.client.insert(name, rows(5))
    assert s.ids(name, "id in [%s]" % ", ".join(map(str, range(3, 20000)))) == [3, 4]
    assert s.ids(name, " or ".join("id == %d" % i for i in range(1, 300))) == [1, 2, 3, 4]


# --- searches ---

def hits(found):
    return [(h["id"], round(h["distance"], 4)) for h in found[0]]


@scenario()
def search_metrics(s):
    kinds = {"b": (DataType.BINARY_VECTOR, {"dim": 8}), "sp": (DataType.SPARSE_FLOAT_VECTOR, {}),
             "h": (DataType.FLOAT16_VECTOR, {"dim": 2})}
    name = s.collection(kinds, num_shards=2)
    import numpy
    s.client.insert(name, [{"id": i, "v": [i, 0], "b": bytes([i]), "sp": {i: 1.0, 9: float(i + 1)},
                            "h": numpy.array([1, i], dtype="float16")} for i in range(4)])
    assert hits(s.client.search(name, [[2, 0]], anns_field="v", limit=3)) == [(2, 0), (1, 1), (3, 1)]
    assert hits(s.client.search(name, [b"\x01"], anns_field="b", limit=2)) == [(1, 0), (0, 1)]
    assert hits(s.client.search(name, [{9: 1.0}], anns_field="sp", limit=2)) == [(3, 4), (2, 3)]
    found = hits(s.client.search(name, [numpy.array([1, 0], dtype="float16")], anns_field="h", limit=2))
    assert found == [(0, 1), (1, 0.7071)]
    refuses(lambda: s.client.search(name, [[1, 2, 3]], anns_field="v", limit=2), None, "dimension mismatch")
    refuses(lambda: s.client.search(name, [[1, 2]], anns_field="v", limit=2, search_params={"metric_type": "IP"}),
            plain(s), "metric type not match")
    refuses(lambda: s.client.search(name, [[1, 2]], limit=2), plain(s), "multiple anns_fields exist")
    refuses(lambda: s.client.search(name, [[1, 2]], anns_field="v", limit=16385), plain(s))


@scenario()
def search_filter_offset_range(s):
    name = s.collection({"x": INT})
    s.client.insert(name, rows(10, x=lambda i: i))
    assert hits(s.client.search(name, [[0, 0]], filter="x % 2 == 1", limit=2, offset=1)) == [(3, 18), (5, 50)]
    found = s.client.search(name, [[0, 0]], limit=9, search_params={"params": {"radius": 32, "range_filter": 8}})
    assert hits(found) == [(2, 8), (3, 18)]
    refuses(lambda: s.client.search(name, [[0, 0]], limit=9, search_params={"params": {"radius": 1, "range_filter": 8}}))
    row = s.client.search(name, [[0, 0], [9, 9]], limit=1, output_fields=["x", "v"])
    assert row[1][0]["entity"]["x"] == 9 and row[1][0]["entity"]["v"] == [9.0, 9.0]


@scenario()
def search_groups(s):
    name = s.collection({"g": INT})
    s.client.insert(name, rows(9, g=lambda i: i % 3))
    assert [h["id"] for h in s.client.search(name, [[0, 0]], limit=2, group_by_field="g", output_fields=["g"])[0]] == [0, 1]
    if s.version >= (2, 5, 0):
        found = s.client.search(name, [[0, 0]], limit=2, group_by_field="g", group_size=2, strict_group_size=True)
        assert [h["id"] for h in found[0]] == [0, 3, 1, 4]


@scenario("2.5.24", "2.6.18")
def search_groups_and_nulls(s):
    name = s.collection({"g": NULLABLE})
    s.client.insert(name, rows(4, g=lambda i: None if i % 2 else i))

    def search():
        return s.client.search(name, [[0, 0]], limit=5, group_by_field="g")
    if s.version < (2, 6, 0):
        refuses(search, 1100, "nullable")
    else:
        assert [h["id"] for h in search()[0]] == [0, 1, 2]


@scenario()
def search_iterator(s):
    name = s.collection({})
    s.client.insert(name, rows(20))
    pages, found = s.client.search_iterator(name, [[0, 0]], batch_size=6, limit=15), []
    while True:
        page = pages.next()
        if not page:
            break
        found += [h["id"] for h in page]
    assert found == list(range(15))


@scenario("2.6.2", "2.6.10", "3.0.1")
def search_by_ids(s):
    name = s.collection({})
    s.client.insert(name, rows(4))

    def search(*ids):
        request = milvus_pb2.SearchRequest(collection_name=name, dsl_type=common_pb2.BoolExprV1, nq=len(ids))
        request.ids.int_id.data.extend(ids)
        request.search_params.add(key="topk", value="2")
        request.search_params.add(key="anns_field", value="v")
        return s.raw.Search(request)
    if s.version < (2, 6, 8):
        # an older server does not see them: no vectors, no hits
        assert len(search(2).results.ids.int_id.data) == 0
        return
    assert list(search(0, 2).results.ids.int_id.data) == [0, 1, 2, 1]
    assert "do not exist" in search(77).status.reason and "duplicate" in search(1, 1).status.reason


@scenario("2.6.1", "2.6.20")
def int8_vectors(s):
    import numpy
    name = s.collection({"w": (DataType.INT8_VECTOR, {"dim": 2})})
    s.client.insert(name, [{"id": i, "v": [0, 0], "w": numpy.array([i, -i], dtype="int8")} for i in range(3)])
    assert hits(s.client.search(name, [numpy.array([2, -2], dtype="int8")], anns_field="w", limit=2)) == [(2, 0), (1, 2)]


@scenario("2.6.18", "2.6.20")
def search_passes_over_null_vectors(s):
    import numpy
    name = s.collection({"w": (DataType.BFLOAT16_VECTOR, {"dim": 2, "nullable": True})})
    s.client.insert(name, [{"id": i, "v": [0, 0], "w": None if i == 1 else numpy.array([i, i], dtype="float32")
                            .view("uint32").__rshift__(16).astype("uint16").tobytes()} for i in range(3)])
    found = s.client.search(name, [[1, 1]], anns_field="w", limit=5, output_fields=["w"])
    assert [h["id"] for h in found[0]] == [0, 2]


@scenario("2.5.3", "2.6.20", "3.0.1")
def bm25(s):
    kinds = {"t": (DataType.VARCHAR, {"max_length": 99, "enable_analyzer": True}),
             "bm": (DataType.SPARSE_FLOAT_VECTOR, {})}
    function = Function("f", FunctionType.BM25, ["t"], ["bm"])
    name = s.collection(kinds, functions=[function])
    texts = ["milvus is a vector database", "vector vector", "nothing here", "a database of milvus and more words"]
    s.client.insert(name, rows(4, t=lambda i: texts[i]))
    found = s.client.search(name, ["vector database"], anns_field="bm", limit=4)
    assert {h["id"] for h in found[0]} == {0, 1, 3} and found[0][0]["id"] == 0
    scores = [h["distance"] for h in found[0]]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0
    refuses(lambda: s.client.query(name, filter="id >= 0", output_fields=["bm"]), plain(s), "not allowed to retrieve raw data")
    assert "bm" not in s.client.query(name, filter="id == 0", output_fields=["*"])[0]


@scenario()
def hybrid_rrf(s):
    name = s.collection({"sp": (DataType.SPARSE_FLOAT_VECTOR, {})}, num_shards=2)
    s.client.insert(name, [{"id": i, "v": [i, i], "sp": {1: float(i + 1)}} for i in range(6)])
    legs = [AnnSearchRequest([[0, 0]], "v", {}, 3), AnnSearchRequest([{1: 1.0}], "sp", {}, 3)]
    import numpy
    found = s.client.hybrid_search(name, legs, RRFRanker(10), limit=4, output_fields=["id"])
    assert [h["id"] for h in found[0]] == [0, 5, 1, 4]
    assert found[0][0]["distance"] == float(numpy.float32(1) / numpy.float32(11))
    refuses(lambda: s.client.hybrid_search(name, legs, WeightedRanker(0.5), limit=4), None, "mismatch")


@scenario()
def hybrid_weighted(s):
    import math
    name = s.collection({"sp": (DataType.SPARSE_FLOAT_VECTOR, {})})
    s.client.insert(name, [{"id": i, "v": [i, i], "sp": {1: float(i + 1)}} for i in range(3)])
    legs = [AnnSearchRequest([[0, 0]], "v", {}, 3), AnnSearchRequest([{1: 1.0}], "sp", {}, 3)]
    request = WeightedRanker(0.25, 0.5, norm_score=True)
    found = {h["id"]: h["distance"] for h in s.client.hybrid_search(name, legs, request, limit=3)[0]}
    for i, score in found.items():
        wanted = 0.25 * (1 - 2 * math.atan(2 * i * i) / math.pi) + 0.5 * (0.5 + math.atan(i + 1) / math.pi)
        assert abs(score - wanted) < 1e-6
    plain = WeightedRanker(0.25, 0.5, norm_score=False)
    (best, *_) = s.client.hybrid_search(name, legs, plain, limit=3)[0]
    if s.version < (2, 5, 9):
        assert abs(best["distance"] - max(found.values())) < 1e-6
    else:
        assert best["distance"] > max(found.values())


@scenario("3.0.1")
def what_is_not_built_says_so(s):
    name = s.collection({})
    s.client.insert(name, rows(2))
    try:
        s.query(name, "id > 0", group_by_fields="id", limit=5)
        raise AssertionError("an answer")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED
    try:
        s.raw.GetImportState(milvus_pb2.GetImportStateRequest())
        raise AssertionError("an answer")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED
    assert MilvusClient is not None


@scenario("2.5.24", "2.6.20")
def rights(s):
    own = Server(".".join(map(str, s.version)), auth=True)
    try:
        name = own.collection({})
        own.client.insert(name, rows(2))
        own.client.create_alias(name, "also")
        own.client.create_user("u", "secret1")
        own.client.create_role("r")
        own.client.grant_role("u", "r")
        user = MilvusClient(uri=own.uri, token="u:secret1")

        def denied(target):
            try:
                user.query(target, filter="id >= 0", output_fields=["id"])
                return False
            except Exception as error:
                assert "permission deny" in str(error), error
                return True
        assert denied(name) and denied("also") and user.describe_collection(name)
        own.client.grant_privilege("r", "Collection", "Query", "also")
        # e836a446bb: an alias stands for its collection when a right is given, too
        resolves = s.version >= (2, 6, 12)
        assert denied(name) != resolves and not denied("also")
        own.client.grant_privilege("r", "Collection", "Query", name)
        assert not denied(name) and not denied("also")
        try:
            MilvusClient(uri=own.uri, token="u:wrong").list_collections()
            raise AssertionError("let in")
        except Exception as error:
            assert "auth check failure" in str(error), error
    finally:
        own.stop()
