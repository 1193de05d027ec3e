"""Scenarios for check.py, after Milvus' own client tests: queries, filters, searches.

Not taken over: that a query with a limit answers in the order of the key
(query_expr_empty_with_pagination, query_pagination).  Milvus' segments do so
today; nothing says that they must, and the model does not.
"""

import numpy
from check import DataType, MilvusException, plain, public, refuses
from pymilvus import AnnSearchRequest, Function, FunctionType, RRFRanker, WeightedRanker
from scenarios_public import INT, TEXT, fast, rows

THREE = ("2.5.24", "2.6.20", "3.0.1")
NULLABLE = (DataType.INT64, {"nullable": True})
MATCH = (DataType.VARCHAR, {"max_length": 99, "enable_analyzer": True, "enable_match": True})


def found(answer):
    return [hit["id"] for hit in answer[0]]


def counted(s, name, text=""):
    return s.client.query(name, filter=text, output_fields=["count(*)"])[0]["count(*)"]


def filled(s, count=10):
    name = fast(s)
    s.client.insert(name, [{"id": i, "vector": [i, i], "float": i * 1.0, "varchar": str(i)} for i in range(count)])
    return name


# --- queries ---

@public("query: query_not_all_required_params, query_expr_none, query_no_collection", *THREE)
def query_needs_a_filter(s):
    name = filled(s)
    refuses(lambda: s.client.query(name, filter=""), 1100, "empty expression should be used with limit: invalid parameter")
    refuses(lambda: s.client.query("not_there", filter="id > 0"), 100, "collection not found")
    assert len(s.client.query(name, filter="", limit=4)) == 4


@public("query: query_default, query_output_fields, query_output_fields_all, query_output_fields_dynamic_name", *THREE)
def query_output_fields(s):
    name = filled(s)
    row = {"id": 3, "vector": [3.0, 3.0], "float": 3.0, "varchar": "3"}
    assert len(s.client.query(name, ids=list(range(10)))) == 10
    assert s.client.query(name, ids=[3], output_fields=["*"])[0] == row
    assert s.client.query(name, filter="id == 3", output_fields=["id", "vector", "float", "varchar"])[0] == row
    assert s.client.query(name, filter="id == 3", output_fields=["float"])[0] == {"id": 3, "float": 3.0}


@public("query: query_output_not_existed_field, query_invalid_wildcard, count_invalid_output_field", *THREE)
def query_of_no_field(s):
    name = s.collection({})
    for field in ("int", "int*", "cou"):
        refuses(lambda: s.client.query(name, filter="id > 0", output_fields=[field]), plain(s), "field %s not exist" % field)
    name = filled(s)
    for field in ("*%", "%", "in%", "**"):
        refuses(lambda: s.client.query(name, filter="id > 0", output_fields=[field]), plain(s),
                "parse output field name failed")


@public("query: query_expr_with_limit_offset_out_of_range, query_pagination_with_invalid_limit_value", *THREE)
def query_windows(s):
    name = filled(s)
    wrong = "invalid max query result window, "
    for more, text in ((dict(limit=16385), "(offset+limit) should be in range [1, 16384], but got 16385"),
                       (dict(limit=1, offset=16384), "(offset+limit) should be in range [1, 16384]"),
                       (dict(limit=2, offset=-1), "offset [-1] is invalid, should be gte than 0"),
                       (dict(limit=-1), "limit [-1] is invalid, should be greater than 0")):
        refuses(lambda: s.client.query(name, filter="", **more), plain(s), wrong + text)


@public("query: query_pagination_with_offset_over_num_entities, query_pagination_with_expression", *THREE)
def query_pages(s):
    name = filled(s, 30)
    assert s.client.query(name, filter="id >= 0", limit=5, offset=30) == []
    pages = [{row["id"] for row in s.client.query(name, filter="id % 2 == 0", limit=5, offset=5 * i)} for i in range(4)]
    assert [len(page) for page in pages] == [5, 5, 5, 0] and set.union(*pages) == set(range(0, 30, 2))


@public("query: query_on_specific_partition, query_multi_partitions_single_results, query_empty_partition, …_not_existed_…",
        *THREE)
def query_partitions(s):
    name = s.collection({})
    for partition in ("p1", "p2", "empty"):
        s.client.create_partition(name, partition)
    s.client.insert(name, rows(3), partition_name="p1")
    s.client.insert(name, rows(3, 3), partition_name="p2")
    assert s.ids(name, "id >= 0", partition_names=["p1"]) == [0, 1, 2] and s.ids(name, "id >= 0", partition_names=["empty"]) == []
    assert s.ids(name, "id in [1, 4]", partition_names=["p1", "p2"]) == [1, 4]
    assert s.ids(name, "id in [1, 4]", partition_names=["p1", "empty"]) == [1]
    refuses(lambda: s.ids(name, "id >= 0", partition_names=["not_there"]), plain(s), "partition name not_there not found")


@public("query: query_invalid_ignore_growing_param, query_pagination_with_invalid_limit_type", *THREE)
def query_parameters(s):
    name = s.collection({})
    assert "parse ignore growing field failed" in s.query(name, "id > 0", ignore_growing="maybe").status.reason
    for key in ("limit", "offset"):
        more = {"limit": 5, key: "12-s"}
        assert "%s [12-s] is invalid" % key in s.query(name, "id > 0", **more).status.reason


@public("query: query_with_dup_primary_key, query_to_get_latest_entity_with_dup_ids, count_duplicate_ids", *THREE)
def keys_twice(s):
    name = s.collection({"n": INT})
    for n in (1, 2):
        s.client.insert(name, rows(4, n=lambda i: n))
    assert s.ids(name, "id >= 0") == [0, 1, 2, 3]
    assert {row["n"] for row in s.client.query(name, filter="id in [0, 1]", output_fields=["n"])} == {2}
    assert counted(s, name) == 8


@public("query: count_with_pagination_param, count_with_expr, count_rename_collection, count_alias_insert_delete_drop", *THREE)
def counts(s):
    name = s.collection({"n": INT})
    s.client.insert(name, rows(10, n=lambda i: i))
    refuses(lambda: s.client.query(name, filter="id > 0", output_fields=["count(*)"], limit=5), 1100,
            "count entities with pagination is not allowed")
    assert counted(s, name, "n > 5 && n <= 8") == 3 and counted(s, name, "n == 2 || n == 3") == 2
    s.client.create_alias(name, "counted")
    s.client.delete("counted", ids=[0])
    s.client.insert("counted", rows(2, 20, n=lambda i: i))
    assert counted(s, "counted") == counted(s, name) == 11
    s.client.upsert(name, rows(3, 5, n=lambda i: 0))
    assert counted(s, name) == 11 and counted(s, name, "n == 0") == 3
    s.client.drop_alias("counted")


@public("query: query_random_sample, query_invalid_sample_rate", "2.6.2", "2.6.20", "3.0.1")
def samples(s):
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(100, t=lambda i: "red" if i % 2 else "blue"))
    for rate in (0.7, 0.5, 0.01):
        assert len(s.ids(name, "t like '%%red%%' && random_sample(%s)" % rate)) == max(1, int(50 * rate))
    for rate in ("1", "0", "-9"):
        refuses(lambda: s.ids(name, "t like '%%red%%' && random_sample(%s)" % rate), 1100)


@public("query: get_normal, get_output_fields, get_normal_string, get_invalid_collection_name, get_not_exist_…", *THREE)
def gets(s):
    name = filled(s)
    assert s.client.get(name, [3, 5], output_fields=["varchar"])[0].keys() == {"id", "varchar"}
    assert sorted(row["id"] for row in s.client.get(name, [3, 5, 99])) == [3, 5]
    refuses(lambda: s.client.get("12-s", [1]), 1100, "Invalid collection name")
    refuses(lambda: s.client.get("not_there", [1]), 100, "can't find collection[database=default][collection=not_there]")
    name = s.collection({"pk": (DataType.VARCHAR, {"max_length": 9, "is_primary": True})})
    s.client.insert(name, [{"pk": str(i), "v": [i, i]} for i in range(5)])
    assert [row["pk"] for row in s.client.get(name, ["3"])] == ["3"]


@public("query: query_string_field_pk_is_empty", *THREE)
def empty_key(s):
    name = s.collection({"pk": (DataType.VARCHAR, {"max_length": 9, "is_primary": True})})
    s.client.insert(name, [{"pk": "", "v": [i, i]} for i in range(5)])
    assert len(s.client.query(name, filter='pk >= ""')) == 1 and s.client.get_collection_stats(name)["row_count"] == 5


# --- filters ---

@public("query: query_expr_wrong_term_keyword, query_expr_non_array_term, …_inconsistent_mix_term_array, …_by_bool_field",
        *THREE)
def lists_are_checked(s):
    name = s.collection({"b": (DataType.BOOL, {})})
    s.client.insert(name, rows(4, b=lambda i: i % 2 == 0))
    for text, wrong in (("id inn [1, 2]", "invalid expression: id inn [1, 2]"),
                        ("id in not [1, 2]", "not can only apply on boolean"),
                        ("id in 1", "the right-hand side of 'in' must be a list"),
                        ('id in "in"', "the right-hand side of 'in' must be a list"),
                        ("id in [1.0, 2.0]", "value 'float_val:1' in list cannot be casted to Int64"),
                        ("id in [1, 2.0]", "value 'float_val:2' in list cannot be casted to Int64"),
                        ("b in [0]", "value 'int64_val:0' in list cannot be casted to Bool"),
                        ("id in [(), 1]", "cannot parse expression: id in [(), 1]"),
                        ("id in [{}]", "cannot parse expression: id in [{}]")):
        refuses(lambda: s.ids(name, text), 1100, wrong)
    for text in ("b in [True]", "b == True", "b == true"):
        assert s.ids(name, text) == [0, 2]
    assert s.ids(name, "b in [False]") == s.ids(name, "b == False") == [1, 3]


@public("query: query_expr_invalid_string, query_expr_not_existed_field; search: search_invalid_filter", *THREE)
def filters_are_checked(s):
    plainly, dynamic = s.collection({"t": TEXT}), fast(s)
    for name, text, wrong in ((dynamic, "12-s", "predicate is not a boolean expression: 12-s"),
                              (dynamic, "中文", "cannot parse expression: 中文"),
                              (dynamic, "%$#", "cannot parse expression: %$#"),
                              (plainly, "not_there > 1", "field not_there not exist"),
                              (plainly, "t", "predicate is not a boolean expression")):
        refuses(lambda: s.ids(name, text), 1100, wrong)
        refuses(lambda: s.client.search(name, [[0, 0]], limit=1, filter=text), 1100, wrong)


@public("query: query_compare_two_fields, query_compare_invalid_fields", *THREE)
def fields_compared(s):
    name = s.collection({"n": INT, "f": (DataType.FLOAT, {}), "t": TEXT, "j": (DataType.JSON, {})})
    s.client.insert(name, rows(4, n=lambda i: 2, f=float, t=str, j=lambda i: {"k": i}))
    assert s.ids(name, "f <= n") == [0, 1, 2] and s.ids(name, "id == f") == [0, 1, 2, 3]
    refuses(lambda: s.ids(name, "t == n"), 1100, "comparisons between VarChar and Int64 are not supported")
    if s.version >= (2, 6, 0):
        refuses(lambda: s.ids(name, "j['k'] < j['l']"), 1100, "two column comparison with JSON type is not supported")


@public("query: query_expr_not_in_term, query_expr_not_in_empty_and_all, query_expr_empty_term_array", *THREE)
def not_in_lists(s):
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(6, t=str))
    for text, wanted in (("id not in [3, 4, 5]", [0, 1, 2]), ("id not in []", [0, 1, 2, 3, 4, 5]), ("id in []", []),
                         ("id not in [0, 1, 2, 3, 4, 5]", []), ("t not in ['1', '2']", [0, 3, 4, 5]), ("t in []", [])):
        assert s.ids(name, text) == wanted, text


@public("query: query_string_expr_with_like_auto_index, …_with_prefixes_bitmap, query_string_with_invalid_prefix_expr", *THREE)
def texts_like(s):
    name = s.collection({"t": TEXT})
    s.client.insert(name, rows(30, t=str))
    for text, wanted in (('t like "0%"', [0]), ('t like "%0"', [0, 10, 20]), ('t like "%1%"', [1, *range(10, 20), 21]),
                         ('t like "2_"', list(range(20, 30))), ('t >= "28"', [28, 29, *range(3, 10)])):
        assert s.ids(name, text) == sorted(wanted), text
    refuses(lambda: s.ids(name, 'id like "0%"'), 1100, "like operation on non-string or no-json field is unsupported")


@public("query: query_json_modulo_operator", "2.6.20", "3.0.1")
def json_remainders(s):
    numbers = [100003, 7, 2000, 13, 999999, 26]
    name = s.collection({"j": (DataType.JSON, {})})
    s.client.insert(name, rows(6, j=lambda i: {"number": numbers[i], "data": {"nested": i * 7 + i % 13}}))
    for by in (2, 3, 7, 10, 13):
        for rest in range(by):
            assert s.ids(name, 'j["number"] %% %d == %d' % (by, rest)) == [
                i for i, n in enumerate(numbers) if n % by == rest]
            assert s.ids(name, 'j["data"]["nested"] %% %d == %d' % (by, rest)) == [
                i for i in range(6) if (i * 7 + i % 13) % by == rest]
    assert s.ids(name, 'j["number"] % 2 == 0 && id < 3') == [2]


@public("query: json_expr_on_search_n_query", *THREE)
def json_expressions(s):
    kinds = {name: (DataType.JSON, {}) for name in ("i", "f", "t", "b", "a", "o", "objs")}
    name = s.collection(kinds)
    s.client.insert(name, rows(40, i=lambda i: i, f=lambda i: i * 1.0, t=lambda i: '"%d"' % i, b=lambda i: i % 2 == 0,
                               a=lambda i: [i, i + 1, i + 2], o=lambda i: {"o": {"number": i, "level2": {"arr": [i, i + 1]}}},
                               objs=lambda i: [{"level2": {"str": str(100 + i)}}, {"float": 100.0 + i}]))
    for text, wanted in (("i < 10", range(10)), ("f <= 20.0 and f > 10.0", range(11, 21)),
                         ('t in ["1", "2", "3"]', [1, 2, 3]), ("b == true and f <= 6", [0, 2, 4, 6]),
                         ("a == [4, 5, 6] or i < 2", [0, 1, 4]), ('o["o"]["number"] < 3', [0, 1, 2]),
                         ('json_contains_any(o["o"]["level2"]["arr"], [1, 7])', [0, 1, 6, 7]),
                         ('objs[0]["level2"]["str"] like "13%" and objs[1]["float"] >= 135', range(35, 40)),
                         ('o["o"]["number"] in []', []), ('o["o"] in []', [])):
        assert s.ids(name, text) == list(wanted), text
        hits = s.client.search(name, [[0, 0], [1, 1]], limit=40, filter=text)
        assert [sorted(h["id"] for h in one) for one in hits] == [list(wanted)] * 2


@public("search_json: search_expression_json_contains, …_combined_with_normal; query: …_json_contains_list_in_list, "
        "…_json_contains_invalid_type", *THREE)
def json_contains(s):
    name = s.collection({"j": (DataType.JSON, {})})
    s.client.insert(name, rows(20, j=lambda i: {"number": i, "list": [i, i + 1, i + 2], "lists": [[i], [i + 1]]}))
    for call in ("json_contains", "JSON_CONTAINS"):
        assert s.ids(name, call + "(j['list'], 10)") == [8, 9, 10]
        assert s.ids(name, call + "(j['list'], 10) && id > 9") == [10]
        assert s.ids(name, call + "(j['lists'], [10])") == [9, 10]
    assert s.ids(name, "json_contains_all(j['list'], [4, 5])") == [3, 4]
    for call in ("json_contains_any", "JSON_CONTAINS_ALL"):
        for wrong in ("'str'", "10", "(1, 2, 3)"):
            text = "%s(j['list'], %s)" % (call, wrong)
            refuses(lambda: s.ids(name, text), 1100, "failed to create query plan: cannot parse expression: " + text)


@public("search_json: search_expr_array_contains, …_not_array_contains, …_all, …_any; query: query_expr_array_length, "
        "query_array_with_prefix_like", *THREE)
def array_functions(s):
    kind = (DataType.ARRAY, {"element_type": DataType.VARCHAR, "max_capacity": 9, "max_length": 9})
    name = s.collection({"a": kind})
    s.client.insert(name, rows(12, a=lambda i: [str(j) for j in range(i, i + 3 + i % 2)]))
    lists = [[str(j) for j in range(i, i + 3 + i % 2)] for i in range(12)]
    for text, test in (("array_contains(a, '10')", lambda a: "10" in a),
                       ("not ARRAY_CONTAINS(a, '10')", lambda a: "10" not in a),
                       ("array_contains_all(a, ['5', '6'])", lambda a: {"5", "6"} <= set(a)),
                       ("not array_contains_any(a, ['5', '9'])", lambda a: not {"5", "9"} & set(a)),
                       ("array_length(a) == 4", lambda a: len(a) == 4), ("ARRAY_LENGTH(a) < 4", lambda a: len(a) < 4),
                       ('a[0] like "1%"', lambda a: a[0].startswith("1")), ('a[1] like "%1"', lambda a: a[1].endswith("1"))):
        assert s.ids(name, text) == [i for i in range(12) if test(lists[i])], text


@public("search: search_null_expr_vector_field, search_null_expr_array_element, search_null_expr_not_exist_field")
def null_tests_refused(s):
    name = s.collection({"a": (DataType.ARRAY, {"element_type": DataType.INT64, "max_capacity": 9, "nullable": True})})
    for text, wrong in (("v is null", "IsNull/IsNotNull operations are not supported on vector fields"),
                        ("a[0] IS NOT NULL", "IsNull/IsNotNull operations are not supported on array element access"),
                        ("not_there is null", "field not_there not exist")):
        refuses(lambda: s.client.search(name, [[0, 0]], limit=1, filter=text), 1100, wrong)


def three_valued(s):
    """The collection of test_milvus_client_three_valued_logic, and its rows."""
    name = s.collection({"a": NULLABLE, "b": NULLABLE})
    data = rows(40, a=lambda i: None if i < 20 else i * 10, b=lambda i: None if i < 10 or 20 <= i < 30 else i * 100)
    s.client.insert(name, data)

    def where(test):
        return [row["id"] for row in data if test(row["a"], row["b"])]
    return name, where


@public("three_valued_logic: is_null_basic, not_is_not_null_equivalence, double_not_cancellation, triple_not, …")
def nulls_negated(s):
    name, where = three_valued(s)
    null, there = where(lambda a, b: a is None), where(lambda a, b: a is not None)
    for text, wanted in (("a IS NULL", null), ("a IS NOT NULL", there), ("NOT (a IS NOT NULL)", null), ("NOT (a IS NULL)", there),
                         ("NOT (NOT (a IS NULL))", null), ("NOT (NOT (NOT (a IS NULL)))", there)):
        assert s.ids(name, text) == wanted, text


@public("three_valued_logic: and_both_null_fields, or_either_null_field, de_morgan_not_and_to_or, de_morgan_not_or_to_and")
def nulls_joined(s):
    name, where = three_valued(s)
    for text, test in (("(a IS NULL) AND (b IS NULL)", lambda a, b: a is None and b is None),
                       ("(a IS NULL) OR (b IS NULL)", lambda a, b: a is None or b is None),
                       ("NOT ((a IS NOT NULL) AND (b IS NOT NULL))", lambda a, b: a is None or b is None),
                       ("NOT ((a IS NULL) OR (b IS NULL))", lambda a, b: a is not None and b is not None)):
        assert s.ids(name, text) == where(test), text


@public("three_valued_logic: null_with_value_comparison, not_combined_null_and_value, complex_nested_not, or_with_null_…")
def nulls_and_values(s):
    name, where = three_valued(s)
    for text, test in (
            ("(a IS NOT NULL) AND (a > 250)", lambda a, b: a is not None and a > 250),
            ("NOT ((a IS NOT NULL) AND (a < 250))", lambda a, b: a is None or a >= 250),
            ("NOT (((a IS NOT NULL) AND (a > 200)) AND (b IS NOT NULL))",
             lambda a, b: not (a is not None and a > 200 and b is not None)),
            ("(a IS NULL) OR (a > 350)", lambda a, b: a is None or a > 350)):
        assert s.ids(name, text) == where(test), text
    assert s.ids(name, "(id < 15) AND (a IS NULL)") == list(range(15))


@public("three_valued_logic: search_with_not_is_not_null_filter, search_with_complex_null_filter")
def nulls_searched(s):
    name, where = three_valued(s)
    for text, test in (("NOT (a IS NOT NULL)", lambda a, b: a is None),
                       ("NOT ((a IS NOT NULL) AND (b IS NOT NULL))", lambda a, b: a is None or b is None)):
        assert sorted(found(s.client.search(name, [[5, 5]], limit=100, filter=text))) == where(test)


@public("query_text_match: query_with_text_and_phrase_match_filter_template", "3.0.1")
def text_templates(s):
    name = s.collection({"t": MATCH})
    texts = ["vector database search", "database vector search", "hybrid sparse retrieval"]
    s.client.insert(name, rows(3, t=lambda i: texts[i]))
    for literal, template, value in (('text_match(t, "vector")', "text_match(t, {q})", "vector"),
                                     ('phrase_match(t, "vector database", 0)', "phrase_match(t, {q}, 0)", "vector database")):
        assert s.ids(name, literal) == s.ids(name, template, filter_params={"q": value}) != []


# --- searches ---

@public("search: search_limit_out_of_range, search_not_exist_anns_field, search_not_consistent_metric_type, "
        "search_invalid_collection_name_string", *THREE)
def searches_are_checked(s):
    name = s.collection({}, metric="IP")
    refuses(lambda: s.client.search("12-s", [[0, 0]], limit=1), None, "")
    refuses(lambda: s.client.search(name, [[0, 0]], limit=16385), plain(s),
            "topk [16385] is invalid, it should be in range [1, 16384], but got 16385")
    refuses(lambda: s.client.search(name, [[0, 0]], limit=1, anns_field="not_there"), 1100, "failed to create query plan: "
            "failed to get field schema by name: fieldName(not_there) not found: invalid parameter")
    refuses(lambda: s.client.search(name, [[0, 0]], limit=1, search_params={"metric_type": "L2"}), plain(s),
            "metric type not match: invalid parameter[expected=IP][actual=L2]")


@public("range_search: range_search_cosine, range_search_radius_range_filter_not_in_params", *THREE)
def ranges(s):
    name = s.collection({}, metric="COSINE")
    s.client.insert(name, [{"id": i, "v": [10 - i, i]} for i in range(11)])
    for more in ({"params": {"radius": 0.3, "range_filter": 0.8}}, {"radius": 0.3, "range_filter": 0.8}):
        (hits,) = s.client.search(name, [[1, 0]], limit=11, search_params={"metric_type": "COSINE", **more})
        wanted = [i for i in range(11) if 0.3 < (10 - i) / numpy.hypot(10 - i, i) <= 0.8]
        assert sorted(h["id"] for h in hits) == wanted and all(0.8 >= h["distance"] > 0.3 for h in hits), more
    refuses(lambda: s.client.search(name, [[1, 0]], limit=1, search_params={"metric_type": "IP", "radius": 1,
                                                                            "range_filter": 0}), None)


@public("range_search: range_search_only_range_filter", "3.0.1")
def range_without_radius(s):
    name = s.collection({})
    refuses(lambda: s.client.search(name, [[1, 0]], limit=1, search_params={"params": {"range_filter": 0.5}}), 1100,
            "range_filter requires radius to be set")


@public("search_pagination: …_sparse_with_pagination_default, …_binary_…, search_pagination_with_expression, …_in_partitions",
        *THREE)
def search_pages(s):
    name = s.collection({"sp": (DataType.SPARSE_FLOAT_VECTOR, {}), "b": (DataType.BINARY_VECTOR, {"dim": 8})})
    s.client.create_partition(name, "p")
    data = rows(60, sp=lambda i: {i % 7: 1.0, 9: i + 1.0}, b=lambda i: bytes([i]))
    s.client.insert(name, data[:40])
    s.client.insert(name, data[40:], partition_name="p")
    for field, query in (("sp", {3: 5.0, 9: 1.0}), ("b", b"\x15"), ("v", [7, 8])):
        for more in ({}, {"filter": "id % 3 == 1"}, {"partition_names": ["p"]}):
            whole = found(s.client.search(name, [query], anns_field=field, limit=60, **more))
            pages = [found(s.client.search(name, [query], anns_field=field, limit=9, offset=9 * i, **more)) for i in range(7)]
            assert sum(pages, []) == whole and len(whole) == (60 if not more else 20), (field, more)


@public("search_group_by: search_group_size, search_pagination_group_by, search_pagination_group_size", *THREE)
def groups(s):
    name = s.collection({"g": TEXT})
    s.client.insert(name, rows(40, g=lambda i: "g%d" % (i % 5)))
    more = dict(group_by_field="g", output_fields=["g"])
    (hits,) = s.client.search(name, [[0, 0]], limit=3, group_size=4, strict_group_size=True, **more)
    assert [h["id"] for h in hits] == [0, 5, 10, 15, 1, 6, 11, 16, 2, 7, 12, 17]
    (hits,) = s.client.search(name, [[0, 0]], limit=3, group_size=4, strict_group_size=False, **more)
    assert {h["entity"]["g"] for h in hits} == {"g0", "g1", "g2"}
    pages = [found(s.client.search(name, [[0, 0]], limit=2, offset=2 * i, **more)) for i in range(3)]
    assert pages == [[0, 1], [2, 3], [4]]
    pages = [found(s.client.search(name, [[0, 0]], limit=2, offset=2 * i, group_size=2, strict_group_size=True, **more))
             for i in range(3)]
    assert pages == [[0, 5, 1, 6], [2, 7, 3, 8], [4, 9]]


@public("search_group_by: search_group_by_supported_scalars", "2.6.20", "3.0.1")
def groups_of_kinds(s):
    kinds = {"i8": (DataType.INT8, {"nullable": True}), "i64": NULLABLE, "b": (DataType.BOOL, {"nullable": True}),
             "t": (DataType.VARCHAR, {"max_length": 9, "nullable": True}), "ts": (DataType.TIMESTAMPTZ, {"nullable": True})}
    name = s.collection(kinds)
    s.client.insert(name, rows(12, i8=lambda i: i % 3, i64=lambda i: i % 4, b=lambda i: i % 2 == 0, t=lambda i: "t%d" % (i % 5),
                               ts=lambda i: "2025-01-0%dT00:00:00Z" % (i % 3 + 1)))
    for field, many in (("i8", 3), ("i64", 4), ("b", 2), ("t", 5), ("ts", 3)):
        (hits,) = s.client.search(name, [[0, 0]], limit=9, group_by_field=field, output_fields=[field],
                                  filter=field + " is not null")
        assert [h["id"] for h in hits] == list(range(many)) and len({h["entity"][field] for h in hits}) == many


@public("search_group_by: search_group_by_unsupported_field, search_group_by_supported_binary_vector", *THREE)
def groups_refused(s):
    name = s.collection({"f": (DataType.FLOAT, {}), "d": (DataType.DOUBLE, {}), "b": (DataType.BINARY_VECTOR, {"dim": 8}),
                         "t": TEXT})
    s.client.insert(name, rows(1, f=float, d=float, b=lambda i: b"\0", t=str))
    for field, kind in (("f", "FLOAT"), ("d", "DOUBLE"), ("v", "VECTOR_FLOAT")):
        refuses(lambda: s.client.search(name, [[0, 0]], anns_field="v", limit=1, group_by_field=field),
                2001 if s.version >= (2, 6, 19) else 65535, "unsupported data type %s for group by operator" % kind)
    refuses(lambda: s.client.search(name, [b"\0"], anns_field="b", limit=1, group_by_field="t"), plain(s),
            "not support search_group_by operation based on binary vector")


@public("search_by_pk: search_by_pk_float_vectors, …_sparse_vectors, …_nullable_vector_field")
def searches_by_key(s):
    name = s.collection({"sp": (DataType.SPARSE_FLOAT_VECTOR, {"nullable": True})})
    s.client.insert(name, rows(10, sp=lambda i: None if i in (2, 5, 8) else {i: 1.0, 100: 0.5}))
    hits = s.client.search(name, ids=[3, 7], anns_field="v", limit=2)
    assert [(one[0]["id"], one[0]["distance"]) for one in hits] == [(3, 0), (7, 0)]
    for ids in ([0, 2, 3, 5], [2, 5, 8], [0, 1, 3, 4]):
        hits = s.client.search(name, ids=ids, anns_field="sp", limit=5)
        assert [len(one) for one in hits] == [0 if i in (2, 5, 8) else 5 for i in ids]
    refuses(lambda: s.client.search(name, ids=[1], limit=5), 1100,
            "multiple vector fields exist, please specify anns_field in search_params")


@public("search_by_pk: search_by_pk_verify_expr_cache, search_by_pk_with_json_fields_comparison_in_filter")
def a_name_used_again(s):
    for kind, answer in (((DataType.FLOAT, {}), float), (TEXT, str)):
        schema = s.client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("x", kind[0], **kind[1])
        params = s.client.prepare_index_params()
        params.add_index("v", index_type="FLAT", metric_type="L2")
        s.client.create_collection("again", schema=schema, index_params=params, consistency_level="Strong")
        s.client.insert("again", rows(4, x=answer))
        if answer is float:
            assert found(s.client.search("again", ids=[1], limit=9, filter="x >= 1", output_fields=["x"])) == [1, 2, 3]
        else:
            refuses(lambda: s.client.search("again", ids=[1], limit=9, filter="x >= 1"), 1100,
                    "comparisons between VarChar and Int64 are not supported")
        s.client.drop_collection("again")


@public("search_by_pk: search_by_pk_using_all_types_of_default_value; query: query_using_all_types_of_default_value", *THREE)
def defaults_of_all_types(s):
    wanted = {"i8": numpy.int8(8), "i16": numpy.int16(16), "i32": numpy.int32(32), "i64": numpy.int64(64),
              "f": numpy.float32(3.14), "d": numpy.double(3.1415), "b": False, "t": "abc"}
    kinds = dict(zip(wanted, (DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64, DataType.FLOAT, DataType.DOUBLE,
                              DataType.BOOL, DataType.VARCHAR)))
    name = s.collection({n: (kind, {"default_value": wanted[n], **({"max_length": 9} if n == "t" else {})})
                         for n, kind in kinds.items()})
    s.client.insert(name, rows(2))
    entity = s.client.search(name, [[0, 0]], limit=1, output_fields=["*"])[0][0]["entity"]
    row = s.client.query(name, filter="i8 == 8 and t == 'abc' and b == false and id == 0", output_fields=["*"])[0]
    for got in (entity, row):
        assert {n: got[n] for n in wanted} == wanted


@public("search_none_default: search_normal_none_data, search_default_value_with_insert, …_without_insert", *THREE)
def nulls_and_defaults_searched(s):
    name = s.collection({"f": (DataType.FLOAT, {"nullable": True, "default_value": numpy.float32(10.0)}),
                         "n": NULLABLE})
    assert s.client.search(name, [[0, 0]], limit=5)[0] == []
    s.client.insert(name, rows(2, f=lambda i: 5.0, n=lambda i: 1) + rows(2, 2) + rows(2, 4, f=lambda i: None, n=lambda i: None))
    hits = s.client.search(name, [[0, 0]], limit=9, output_fields=["f", "n"], filter="id >= 0")[0]
    assert [(h["id"], h["entity"]["f"], h["entity"]["n"]) for h in hits] == [
        (0, 5.0, 1), (1, 5.0, 1), (2, 10.0, None), (3, 10.0, None), (4, 10.0, None), (5, 10.0, None)]


# --- hybrid searches ---

def two_legs(**more):
    return [AnnSearchRequest([[0, 0]], "v", {}, 20, **more), AnnSearchRequest([{1: 1.0}], "sp", {}, 20, **more)]


def hybrid_collection(s):
    name = s.collection({"sp": (DataType.SPARSE_FLOAT_VECTOR, {}), "g": TEXT})
    s.client.insert(name, rows(20, sp=lambda i: {1: i + 1.0}, g=lambda i: "g%d" % (i % 4)))
    return name


@public("hybrid_search: hybrid_search_limit_out_of_range, …_not_exist_partition_names, …_not_exist_vector_name, "
        "hybrid_search_requests_mismatch", *THREE)
def hybrid_is_checked(s):
    name = hybrid_collection(s)
    rank = WeightedRanker(0.2, 0.8)
    refuses(lambda: s.client.hybrid_search("12-s", two_legs(), rank, limit=5), None, "")
    refuses(lambda: s.client.hybrid_search(name, two_legs(), rank, limit=16385), plain(s), "invalid max query result window, "
            "(offset+limit) should be in range [1, 16384], but got 16385")
    refuses(lambda: s.client.hybrid_search(name, two_legs(), rank, limit=5, partition_names=["not_exist"]), plain(s),
            "partition name not_exist not found")
    legs = [AnnSearchRequest([[0, 0]], "not_there", {}, 20)] * 2
    refuses(lambda: s.client.hybrid_search(name, legs, rank, limit=5), 1100, "failed to create query plan: failed to get field "
            "schema by name: fieldName(not_there) not found: invalid parameter")
    refuses(lambda: s.client.hybrid_search(name, two_legs()[:1], rank, limit=5), 1100, "the length of weights param mismatch "
            "with ann search requests: invalid parameter[expected=1][actual=2]")


@public("hybrid_search: hybrid_search_default, …_single_vector, …_limit_lt_topk (filters and pages of it)", *THREE)
def hybrid_finds(s):
    name = hybrid_collection(s)
    hits = s.client.hybrid_search(name, two_legs(expr="id < 10"), RRFRanker(), limit=20, output_fields=["g"])[0]
    assert {h["id"] for h in hits} == set(range(10)) and all(h["entity"]["g"] == "g%d" % (h["id"] % 4) for h in hits)
    assert [h["distance"] for h in hits] == sorted((h["distance"] for h in hits), reverse=True)
    first = found(s.client.hybrid_search(name, two_legs(), WeightedRanker(0.5, 0.5), limit=4))
    assert first == found(s.client.hybrid_search(name, two_legs(), WeightedRanker(0.5, 0.5), limit=20))[:4]


@public("search_group_by: hybrid_search_group_by, hybrid_search_group_size, hybrid_search_group_by_empty_results", *THREE)
def hybrid_groups(s):
    name = hybrid_collection(s)
    more = dict(group_by_field="g", output_fields=["g"])
    groups_found = [h["entity"]["g"] for h in s.client.hybrid_search(name, two_legs(), RRFRanker(), limit=3, **more)[0]]
    assert len(groups_found) == len(set(groups_found)) == 3
    hits = s.client.hybrid_search(name, two_legs(), WeightedRanker(0.3, 0.6), limit=2, group_size=3, strict_group_size=True,
                                  rank_group_scorer="max", **more)[0]
    many = [h["entity"]["g"] for h in hits]
    assert len(many) == 6 and len(set(many[:3])) == len(set(many[3:])) == 1 and many[0] != many[3]
    assert s.client.hybrid_search(name, two_legs(expr="id < 0"), RRFRanker(), limit=3, **more)[0] == []


# --- iterators ---

@public("search_iterator: search_iterator_default, search_iterator_with_invalid_expr, …_not_exist partition", *THREE)
def search_iterators(s):
    name = filled(s, 50)
    pages, ids = s.client.search_iterator(name, [[0, 0]], batch_size=7, filter="id >= 10"), []
    while True:
        page = pages.next()
        if not page:
            break
        assert len(page) <= 7
        ids += [h["id"] for h in page]
    assert ids == list(range(10, 50))
    refuses(lambda: s.client.search_iterator(name, [[0, 0]], batch_size=20, filter="invalidexpr").next(), 1100)
    refuses(lambda: s.client.search_iterator(name, [[0, 0]], batch_size=20, partition_names=["not_there"]).next(), plain(s),
            "partition name not_there not found")


@public("search_iterator: search_iterator_alias_different_col; query iterators after an alias moved", *THREE)
def iterators_and_aliases(s):
    one, two = filled(s, 50), filled(s, 50)
    s.client.create_alias(one, "wanders")
    pages = [s.client.search_iterator("wanders", [[0, 0]], batch_size=5),
             s.client.query_iterator("wanders", batch_size=5, filter="id >= 0")]
    for page in pages:
        assert len(page.next()) == 5
    s.client.alter_alias(two, "wanders")
    for page in pages:
        refuses(page.next, 1100, "alias or database may have")
    s.client.drop_alias("wanders")


@public("search_iterator: search_iterator_with_multiple_vectors, …_with_empty_data, …_with_invalid_batch_size", *THREE)
def iterators_refused(s):
    name = filled(s)
    for data, size in (([[1, 2], [3, 4]], 5), ([], 5), ([[0, 0]], -1)):
        refuses(lambda: s.client.search_iterator(name, data, batch_size=size), 1)


# --- full text ---

@public("upsert: upsert_bm25_sparse_vector_field; testcases/test_full_text_search: search with filter and limit", *THREE)
def full_text(s):
    kinds = {"t": (DataType.VARCHAR, {"max_length": 99, "enable_analyzer": True, "enable_match": True}),
             "bm": (DataType.SPARSE_FLOAT_VECTOR, {})}
    name = s.collection(kinds, functions=[Function("f", FunctionType.BM25, ["t"], ["bm"])])
    texts = ["green apple pie", "apple apple tart", "pear tart", "nothing of it"]
    s.client.insert(name, rows(4, t=lambda i: texts[i]))
    assert set(found(s.client.search(name, ["apple"], anns_field="bm", limit=9))) == {0, 1}
    assert found(s.client.search(name, ["apple tart"], anns_field="bm", limit=1)) == [1]
    assert found(s.client.search(name, ["apple tart"], anns_field="bm", limit=9, filter="text_match(t, 'pear')")) == [2]
    s.client.upsert(name, [{"id": 3, "v": [0, 0], "t": "apple"}])
    assert set(found(s.client.search(name, ["apple"], anns_field="bm", limit=9))) == {0, 1, 3}
    try:
        s.client.upsert(name, [{"id": 3, "v": [0, 0], "t": "a", "bm": {1: 1.0}}])
        raise AssertionError("taken")
    except MilvusException as error:
        assert "bm" in str(error)
