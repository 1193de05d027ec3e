"""Scenarios for check.py: searches by keys, rerankers and boosts (function_score), highlights.

Those marked public are after tests/python_client/milvus_client: test_milvus_client_search_by_pk.py, ..._search_reranker.py,
..._search_boost_ranker.py (3.0's) and ..._highlighter.py, in words of ours and small.
"""

import math

import grpc
import numpy
from check import DataType, plain, public, refuses, scenario
from pymilvus import AnnSearchRequest, Function, FunctionScore, FunctionType, LexicalHighlighter
from pymilvus.grpc_gen import common_pb2, milvus_pb2
from scenarios_data import INT, rows

TWO = ("2.6.20", "3.0.1")
SINCE_DECAY = ("2.6.1", "2.6.2", "2.6.10", "2.6.18", "2.6.20", "3.0.1")
PLANE = [[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]]
TEXTED = {"t": (DataType.VARCHAR, {"max_length": 200, "enable_analyzer": True}), "bm": (DataType.SPARSE_FLOAT_VECTOR, {}),
          "free": (DataType.VARCHAR, {"max_length": 200, "enable_analyzer": True}),
          "raw": (DataType.VARCHAR, {"max_length": 200})}


def found(answer):
    return [hit["id"] for hit in answer[0]]


def scores(answer):
    return {hit["id"]: hit["distance"] for hit in answer[0]}


def close(have, wanted):
    assert have.keys() == wanted.keys(), have
    assert all(math.isclose(have[key], wanted[key], rel_tol=1e-5, abs_tol=1e-6) for key in wanted), have


def turned(distance):
    """What a distance is as a score of which more is better."""
    return 1 - 2 * math.atan(distance) / math.pi


def rerank(fields=(), **params):
    return Function(name="f", function_type=FunctionType.RERANK, input_field_names=list(fields), params=params)


def decay(field="x", **params):
    params = {"reranker": "decay", "function": "gauss", "origin": 0, "scale": 100, **params}
    return rerank([field], **{key: value for key, value in params.items() if value is not None})


def boost(weight="1.5", text=None, **more):
    params = {"reranker": "boost", **more}
    if weight is not None:
        params["weight"] = weight
    if text is not None:
        params["filter"] = text
    return rerank(**params)


def plane(s, metric="COSINE", **more):
    """Four directions; x is 1 to 4, as the key is."""
    name = s.collection({"x": INT, **more}, metric=metric)
    s.client.insert(name, [{"id": i + 1, "v": v, "x": i + 1, **{key: i for key in more}} for i, v in enumerate(PLANE)])
    return name


def ask(s, name, ranker=None, limit=4, **more):
    return s.client.search(name, [[1.0, 0.0]], anns_field="v", limit=limit, ranker=ranker, **more)


def texted(s):
    name = s.collection(TEXTED, functions=[Function("f", FunctionType.BM25, ["t"], ["bm"])])
    texts = ["Is there a leakage", "I have the seat full of water! Like, full of water!", "Must be water.",
             "key key key key", "W\u00e4re Wasser kein water so", ""]
    s.client.insert(name, rows(len(texts), t=lambda i: texts[i], free=lambda i: texts[i], raw=lambda i: texts[i]))
    return name


def marks(answer, field="t"):
    return {hit["id"]: list(hit["highlight"][field]["fragments"]) for hit in answer[0]}


def marked(s, name, text="water", anns="bm", metric="BM25", output=("t",), limit=9, **params):
    params = {"highlight_search_text": True, **params}
    return s.client.search(name, [text], anns_field=anns, limit=limit, output_fields=list(output),
                           search_params={"metric_type": metric} if metric else {},
                           highlighter=LexicalHighlighter(**params))


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
    answer = s.client.search(name, ids=[2], anns_field="bm", limit=2, search_params={"metric_type": "BM25"},
                             highlighter=LexicalHighlighter(highlight_search_text=True))
    assert marks(answer)[2] == ["<em>Must</em> <em>be</em> <em>water</em>."]


@scenario(*TWO)
def keys_without_vectors(s):
    name = s.collection({"sp": (DataType.SPARSE_FLOAT_VECTOR, {"nullable": True})})
    s.client.insert(name, rows(3, sp=lambda i: None if i else {1: 1.0}))
    answer = s.client.search(name, ids=[1, 2], anns_field="sp", limit=2, filter="no such filter")
    assert [len(one) for one in answer] == [0, 0]


# --- decay ---

@public("search_reranker: ..._decay_score_ratio, ..._decay_score_ordering, ..._decay_offset_effect", *SINCE_DECAY)
def decays(s):
    name = s.collection({"x": (DataType.FLOAT, {})}, metric="COSINE")
    values = [0, 25, 50, 75, 100, 500]
    s.client.insert(name, [{"id": i, "v": [1, 0], "x": x} for i, x in enumerate(values)])
    ln = math.log(0.5)
    curves = {"gauss": lambda far: math.exp(ln * far * far / 1e4), "exp": lambda far: math.exp(ln * far / 100),
              "linear": lambda far: max(0.5, 1 - 0.5 * far / 100)}
    for function, curve in curves.items():
        close(scores(ask(s, name, decay(function=function), limit=9)), {i: curve(x) for i, x in enumerate(values)})
        answer = ask(s, name, decay(function=function, offset=30, origin=20), limit=9)
        close(scores(answer), {i: curve(max(0, abs(x - 20) - 30)) for i, x in enumerate(values)})
    assert found(ask(s, name, decay(), limit=9)) == [0, 1, 2, 3, 4, 5]


@scenario(*SINCE_DECAY)
def decays_by_metric(s):
    """Distances are turned whether norm_score says so or not; similarities only where it does (since 2.6.3)."""
    squares = {1: 0, 2: 0.4, 3: 0.8, 4: 2.0}
    inner = {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.0}
    factor = {i: math.exp(math.log(0.5) * (i - 4) ** 2) for i in squares}
    for metric, plain_, whole in (
            ("L2", {i: turned(d) for i, d in squares.items()}, {i: turned(d) for i, d in squares.items()}),
            ("IP", inner, {i: 0.5 + math.atan(d) / math.pi for i, d in inner.items()}),
            ("COSINE", inner, {i: (1 + d) / 2 for i, d in inner.items()})):
        name = plane(s, metric)
        close(scores(ask(s, name, decay(origin=4, scale=1))), {i: plain_[i] * factor[i] for i in factor})
        wanted = plain_ if s.version < (2, 6, 3) else whole
        answer = ask(s, name, decay(origin=4, scale=1, norm_score=True))
        close(scores(answer), {i: wanted[i] * factor[i] for i in factor})
        sent = [hit["distance"] for hit in answer[0]]
        assert sent == sorted(sent, reverse=True)


@scenario(*TWO)
def a_page_is_reranked(s):
    """The search cuts its page out first, by its own scores; the reranker orders what is left."""
    name = plane(s, "L2")
    assert found(ask(s, name, decay(origin=4, scale=1))) == [4, 3, 2, 1]
    assert found(ask(s, name, decay(origin=4, scale=1), limit=2)) == [2, 1]
    assert found(ask(s, name, decay(origin=4, scale=1), limit=2, offset=1)) == [3, 2]
    assert found(ask(s, name, decay(origin=4, scale=1), limit=4, offset=2)) == [4, 3]
    answer = ask(s, name, decay(origin=4, scale=1), round_decimal=1, output_fields=["x"])
    assert [round(hit["distance"], 6) for hit in answer[0]] == [0.3, 0.3, 0.0, 0.0]
    assert answer[0][0]["entity"] == {"x": 4}
    groups = ask(s, name, decay(origin=4, scale=1), group_by_field="x", limit=2)
    assert found(groups) == [2, 1]


DECAY_ERRORS = {
    (2, 6): [({"function": "no"}, " decay function: decay, only support [gauss,linear,exp]"),
             ({"origin": "a"}, "aram origin:a is not a number"), ({"origin": None}, "ecay function lost param: origin"),
             ({"scale": "a"}, "aram scale:a is not a number"), ({"scale": None}, "ecay function lost param: scale"),
             ({"scale": -1}, "ecay function param: scale must > 0, but got -1.000000"),
             ({"offset": -1}, "ecay function param: offset must >= 0, but got -1.000000"),
             ({"decay": 1.5}, "ecay function param: decay must 0 < decay < 1, but got 1.500000"),
             ({"norm_score": "x"}, "norm_score params must be true/false, bug got x"),
             ({"score_mode": "x"}, "score mode: [x], only supports: [max, avg, sum]"),
             ({"reranker": "no"}, "nsupported rerank function: [no] , list of supported [decay,model,rrf,weighted]")],
    (3, 0): [({"function": "no"}, 'decay: invalid function "no", must be one of [gauss, exp, linear]'),
             ({"origin": "a"}, "decay param origin: a is not a number"), ({"origin": None}, "decay origin not specified"),
             ({"scale": "a"}, "decay param scale: a is not a number"), ({"scale": None}, "decay scale not specified"),
             ({"scale": -1}, "decay: scale must be > 0, got -1.000000"),
             ({"offset": -1}, "decay: offset must be >= 0, got -1.000000"),
             ({"decay": 1.5}, "decay: decay must be 0 < decay < 1, got 1.500000"),
             ({"decay": 0.0001}, "decay must be between 0.001000 and 0.999000 for numerical stability"),
             ({"score_mode": "x"}, "unsupported score_mode: x, only supports [max, sum, avg]"),
             ({"reranker": "no"}, "unsupported reranker no")]}


@public("search_reranker: ..._invalid_origin, ..._without_origin, ..._scale_out_of_range, ..._not_supported_function_value, ...",
        "2.6.10", *TWO)
def decay_parameters_are_checked(s):
    name = plane(s)
    late = s.version >= (3, 0, 0)
    for params, text in DECAY_ERRORS[s.version[:2]]:
        code = 1101 if "not specified" in text else 1100 if late else plain(s)
        refuses(lambda: ask(s, name, decay(**params)), code, text)
    # 3.0 builds the reranker when there is something to rerank
    if late:
        assert found(ask(s, name, decay(scale=-1), filter="x > 99")) == []
    else:
        refuses(lambda: ask(s, name, decay(scale=-1), filter="x > 99"), plain(s))


@public("search_reranker: ..._not_single_field, ..._not_exist_field, ..._not_supported_field_type, ..._array, ..._on_dynamic_fields",
        "2.6.10", *TWO)
def decay_fields_are_checked(s):
    name = s.collection({"x": INT, "t": (DataType.VARCHAR, {"max_length": 9}), "j": (DataType.JSON, {}),
                         "n": (DataType.INT64, {"nullable": True})}, dynamic=True)
    s.client.insert(name, [{"id": i, "v": [i, 0], "x": i, "t": "a", "j": {}, "n": None if i else 0, "d": i} for i in (0, 1)])
    late = s.version >= (3, 0, 0)

    def refused(fields, early, later, code=1100):
        ranker = rerank(fields, reranker="decay", function="gauss", origin=0, scale=1)
        refuses(lambda: ask(s, name, ranker), code if late else plain(s), later if late else early)
    refused(["x", "n"] if late else ["x", "id"], "ecay function only supports single input, but gets [[x id]] input",
            "decay reranker requires exactly 1 input field, got 2")
    refused(["no"], "unction input field not found: no", "input field no not found in collection schema")
    refused(["d"], "unction input field not found: d", "input field d not found in collection schema")
    refused(["t"], "ecay rerank: unsupported input field type:VarChar", "decay input field t must be numeric, got VarChar")
    refused(["j"], "ecay rerank: unsupported input field type:JSON", "unsupported field type: JSON", 5)
    refused(["v"], "ecay rerank: unsupported input field type:FloatVector", "unsupported field type: FloatVector", 5)
    if late:
        # a null counts for nothing
        close(scores(ask(s, name, decay("n"))), {0: turned(1), 1: 0})
    else:
        refused(["n"], "unction input field cannot be nullable: field n", "")


@scenario("2.5.24", "2.6.1")
def older_servers_and_functions(s):
    """2.5 does not know the message; 2.6.1 knows no modes of boosts, and turns no similarity."""
    name = plane(s)
    if s.version < (2, 6, 0):
        close(scores(ask(s, name, decay(scale=-1))), {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.0})
        return
    score = FunctionScore([boost("2.0", "x == 2"), boost("3.0", "x >= 2")],
                          {"boost_mode": "sum", "function_mode": "no"})
    close(scores(ask(s, name, score)), {1: 1.0, 2: 0.8 * 6, 3: 1.8, 4: 0.0})


# --- rrf and weighted of one search ---

@scenario(*TWO)
def one_leg_fused(s):
    for metric, base in (("L2", {1: 0, 2: 0.4, 3: 0.8, 4: 2.0}), ("COSINE", {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.0})):
        name = plane(s, metric)
        answer = ask(s, name, rerank(reranker="rrf", k=10))
        assert found(answer) == [1, 2, 3, 4]
        close(scores(answer), {i: 1 / (10 + i) for i in base})
        answer = ask(s, name, rerank(reranker="weighted", weights=[0.5]))
        # without norm_score distances stay distances, and come as such
        assert found(answer) == [1, 2, 3, 4]
        close(scores(answer), {i: d / 2 for i, d in base.items()})
        answer = ask(s, name, rerank(reranker="weighted", weights=[0.5], norm_score=True))
        close(scores(answer), {i: 0.5 * (turned(d) if metric == "L2" else (1 + d) / 2) for i, d in base.items()})
        refuses(lambda: ask(s, name, rerank(reranker="weighted", weights=[0.5, 0.5])), 1100,
                "the length of weights param mismatch with ann search requests: invalid parameter[expected=1][actual=2]")
        refuses(lambda: ask(s, name, rerank(reranker="weighted", weights=[2])), 1100, "in range [0, 1]")
        refuses(lambda: ask(s, name, rerank(reranker="rrf", k=0)), 1100, "he rank params k should be in range (0, 16384)")
        try:
            ask(s, name, rerank(["x"], reranker="model", provider="tei", queries=["a"]))
            raise AssertionError("an answer")
        except Exception as error:
            assert "no services that rerank" in str(error), error


@scenario("2.6.20", "3.0.1")
def iterators_and_functions(s):
    name = plane(s)

    def page():
        request = milvus_pb2.SearchRequest(collection_name=name, dsl_type=common_pb2.BoolExprV1, nq=1)
        group = common_pb2.PlaceholderGroup()
        group.placeholders.add(tag="$0", type=common_pb2.FloatVector, values=[numpy.float32([1, 0]).tobytes()])
        request.placeholder_group = group.SerializeToString()
        for key, value in (("topk", "2"), ("anns_field", "v"), ("iterator", "True"), ("search_iter_v2", "True"),
                           ("search_iter_batch_size", "2")):
            request.search_params.add(key=key, value=value)
        function = request.function_score.functions.add(type=3, input_field_names=["x"])
        for key, value in (("reranker", "decay"), ("function", "exp"), ("origin", "0"), ("scale", "1")):
            function.params.add(key=key, value=value)
        return s.raw.Search(request)
    answer = page()
    if s.version >= (3, 0, 0):
        assert answer.status.code == 1100 and "function rerank is not supported with search iterator v2" in answer.status.reason
    else:
        # the bound of the next page is a score that no distance is compared with
        assert math.isclose(answer.results.search_iterator_v2_results.last_bound, 0.8 * 0.25, rel_tol=1e-6)


@scenario("2.6.2", "2.6.20", "3.0.1")
def hybrid_functions(s):
    name = s.collection({"x": INT, "sp": (DataType.SPARSE_FLOAT_VECTOR, {})})
    s.client.insert(name, [{"id": i, "v": [i, 0], "x": i, "sp": {1: float(i + 1)}} for i in range(4)])
    legs = [AnnSearchRequest([[0, 0]], "v", {}, 3), AnnSearchRequest([{1: 1.0}], "sp", {}, 3)]

    def fused(ranker, **more):
        return s.client.hybrid_search(name, legs, ranker, limit=4, **more)
    close(scores(fused(rerank(reranker="rrf", k=10))), {0: 1 / 11, 3: 1 / 11, 1: 1 / 12 + 1 / 13, 2: 1 / 12 + 1 / 13})
    close(scores(fused(rerank(reranker="weighted", weights=[0.5, 0.25]))),
          {0: 0.5, 1: 0.5 * turned(1) + 0.5, 2: 0.5 * turned(4) + 0.75, 3: 1.0})
    factor = [math.exp(-math.log(2) * i) for i in range(4)]
    wanted = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}
    ranker = decay(function="exp", scale=1)
    close(scores(fused(ranker)), {i: score * factor[i] for i, score in wanted.items()})
    if s.version >= (2, 6, 3):
        ranker = decay(function="exp", scale=1, score_mode="sum")
        wanted = {0: 1.0, 1: turned(1) + 2, 2: turned(4) + 3, 3: 4.0}
        close(scores(fused(ranker)), {i: score * factor[i] for i, score in wanted.items()})
    assert len(fused(ranker, offset=1)[0]) == 3
    refuses(lambda: fused(rerank(reranker="weighted", weights=[0.5])), 1100, "mismatch")


@scenario("2.6.20", "3.0.1")
def hybrid_with_nothing_but_boosts(s):
    """2.6 makes no reranker of them, and calls it; 3.0 has an error for that."""
    name = plane(s)
    legs = [AnnSearchRequest([[1, 0]], "v", {}, 3)]

    def fused():
        return s.client.hybrid_search(name, legs, boost(), limit=3, timeout=9)
    if s.version >= (3, 0, 0):
        refuses(fused, 2400, "rerankMeta is nil")
        return
    request = milvus_pb2.HybridSearchRequest(collection_name=name)
    group = common_pb2.PlaceholderGroup()
    group.placeholders.add(tag="$0", type=common_pb2.FloatVector, values=[numpy.float32([1, 0]).tobytes()])
    sub = request.requests.add(nq=1, dsl_type=common_pb2.BoolExprV1, placeholder_group=group.SerializeToString())
    sub.search_params.add(key="anns_field", value="v")
    request.rank_params.add(key="limit", value="3")
    function = request.function_score.functions.add(type=3)
    function.params.add(key="reranker", value="boost")
    function.params.add(key="weight", value="2")
    try:
        s.raw.HybridSearch(request, timeout=9)
        raise AssertionError("it stands")
    except grpc.RpcError:
        assert s.process.wait(9) == 2


# --- boosts ---

@public("search_boost_ranker: ..._multiply_correctness, ..._sum_correctness, ..._all_boost_functions_miss_keep_base_scores, "
        "..._function_mode_sum_correctness, ..._function_multiply_boost_sum_correctness", "2.6.10", *TWO)
def boosts(s):
    name = plane(s)
    even, high = "x in [2, 4]", "x >= 3"
    for functions, params, wanted in (
            ([boost("2.0", even)], {"boost_mode": "multiply"}, {1: 1.0, 2: 1.6, 3: 0.6, 4: 0.0}),
            ([boost("0.5", even)], {"boost_mode": "sum"}, {1: 1.0, 2: 1.3, 3: 0.6, 4: 0.5}),
            ([boost("2.0", "x > 99"), boost("3.0", "x < 0")], {"boost_mode": "sum", "function_mode": "sum"},
             {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.0}),
            ([boost("0.5", even), boost("0.25", high)], {"boost_mode": "sum", "function_mode": "sum"},
             {1: 1.0, 2: 1.3, 3: 0.85, 4: 0.75}),
            ([boost("2.0", even), boost("3.0", high)], None, {1: 1.0, 2: 1.6, 3: 1.8, 4: 0.0}),
            ([boost("2.0", even), boost("3.0", high)], {"boost_mode": "sum"}, {1: 1.0, 2: 2.8, 3: 3.6, 4: 6.0}),
            ([boost("1.5")], None, {1: 1.5, 2: 1.2, 3: 0.9, 4: 0.0})):
        answer = ask(s, name, FunctionScore(functions, params))
        close(scores(answer), wanted)
        assert found(answer) == sorted(wanted, key=lambda i: (-wanted[i], i))
    # a boost brings up what was found; it finds nothing
    assert found(ask(s, name, boost("9.0", "x == 3"), limit=2)) == [1, 2]
    assert found(ask(s, name, boost("9.0", "x == 3"), limit=1, offset=1)) == [2]


@public("search_boost_ranker: ..._l2_multiply_correctness, ..._l2_sum_correctness", "2.6.10", *TWO)
def boosts_of_distances(s):
    """A factor below 1 brings a distance nearer. A summand below 0 does so in 2.6 and one above 0 in 3.0, which boosts
    the negative distance."""
    name = plane(s, "L2")
    answer = ask(s, name, boost("0.25", "x == 3"))
    close(scores(answer), {1: 0.0, 2: 0.4, 3: 0.2, 4: 2.0})
    assert found(answer) == [1, 3, 2, 4]
    score = FunctionScore([boost("0.7" if s.version >= (3, 0, 0) else "-0.7", "x == 3")], {"boost_mode": "sum"})
    answer = ask(s, name, score)
    close(scores(answer), {1: 0.0, 2: 0.4, 3: 0.1, 4: 2.0})
    assert found(answer) == [1, 3, 2, 4]


@scenario("2.6.10", *TWO)
def boosts_and_a_decay(s):
    name = plane(s)
    both = FunctionScore([decay(origin=4, scale=1, function="exp"), boost("2.0", "x == 3")], {"boost_mode": "sum"})
    close(scores(ask(s, name, both)), {1: 1 / 8, 2: 0.2, 3: 1.3, 4: 0.0})
    turned_round = FunctionScore(list(reversed(both.functions)), {"boost_mode": "sum"})
    if s.version >= (3, 0, 0):
        # the fields it fetches are those of the first function
        refuses(lambda: ask(s, name, turned_round), 5, 'column "x" not found')
    else:
        close(scores(ask(s, name, turned_round)), {1: 1 / 8, 2: 0.2, 3: 1.3, 4: 0.0})
    refuses(lambda: ask(s, name, FunctionScore([decay(), decay()])), 1100 if s.version >= (3, 0, 0) else plain(s),
            "urrently only supports one rerank")


@public("search_boost_ranker: ..._invalid_weight, ..._missing_weight, ..._with_group_by, ..._invalid_filter", "2.6.10", *TWO)
def boosts_are_checked(s):
    name = plane(s)
    for ranker, text in ((boost("a"), "parse function scorer weight params failed"),
                         (boost(None), "must set weight params for weight scorer"),
                         (boost("1", "no @@@ 1"), "parse expr failed"), (boost("1", "no == 1"), "parse expr failed"),
                         (FunctionScore([boost()], {"boost_mode": "x"}), "unknown boost mode: x"),
                         (FunctionScore([boost()], {"function_mode": "x"}), "unknown function mode: x")):
        refuses(lambda: ask(s, name, ranker), 1100, "failed to create query plan: " + text)
    refuses(lambda: ask(s, name, boost(), group_by_field="x"), 1100,
            "don't support use segment scorer with group_by or search_iterator")


# --- highlights ---

@public("highlighter: ..._basic, ..._multiple_tags, ..._number, ..._lower_upper_case", *TWO)
def highlights(s):
    name = texted(s)
    found_ = marks(marked(s, name, pre_tags=["<<"], post_tags=[">>"], fragment_offset=0, fragment_size=10, num_of_fragments=1))
    assert found_ == {1: ["<<water>>! Lik"], 2: ["<<water>>."], 4: ["<<water>> so"]}
    assert marks(marked(s, name)) == {1: ["<em>water</em>! Like, full of <em>water</em>!"], 2: ["<em>water</em>."],
                                      4: ["<em>water</em> so"]}
    tags = marks(marked(s, name, "key", pre_tags=["{", "<", "="], post_tags=["}", ">"]))
    assert tags == {3: ["{key} <key> =key} {key>"]}
    answer = marked(s, name, "nonexistent")
    assert answer[0] == []
    # the words of the search's own text, in letters of either kind
    assert marks(marked(s, name, "MUST water", output=()))[2] == ["<em>Must</em> be <em>water</em>."]
    assert marks(marked(s, name, "w\u00e4re"))[4] == ["<em>W\u00e4re</em> Wasser kein water so"]


@public("highlighter: ..._fragment_parameters, ..._fragment_offset", *TWO)
def highlight_fragments(s):
    name = texted(s)

    def of(**params):
        return marks(marked(s, name, pre_tags=["{"], post_tags=["}"], **params))[1]
    assert of(fragment_size=1, num_of_fragments=0) == []
    assert of(fragment_size=1, num_of_fragments=1) == ["{water}"]
    assert of(fragment_size=1, num_of_fragments=2) == ["{water}", "{water}"]
    assert of(fragment_size=9, num_of_fragments=2) == ["{water}! Li", "{water}!"]
    assert of(fragment_size=100, num_of_fragments=2) == ["{water}! Like, full of {water}!"]
    assert of(fragment_size=5, fragment_offset=5) == ["l of {water}", "l of {water}"]
    assert of(fragment_size=5, fragment_offset=100) == [
        "I have the seat full of {water}", "I have the seat full of water! Like, full of {water}"]


@public("highlighter: ..._with_query, ..._text_match", *TWO)
def highlight_queries(s):
    name = texted(s)
    query = [{"type": "TextMatch", "field": "free", "text": "seat"}]
    answer = marked(s, name, highlight_query=query, fragment_size=5)
    assert marks(answer)[2] == ["<em>water</em>"] and marks(answer, "free")[2] == []
    assert marks(answer, "free")[1] == ["<em>seat</em> "]
    # a field that is marked need not be among those asked for
    answer = s.client.search(name, [[1, 1]], anns_field="v", limit=1, highlighter=LexicalHighlighter(
        highlight_query=[{"type": "TextMatch", "field": "free", "text": "water"}]))
    assert marks(answer, "free") == {1: ["<em>water</em>! Like, full of <em>water</em>!"]}
    assert answer[0][0]["entity"] == {}


@scenario(*TWO)
def highlights_of_several_queries(s):
    """One column for all hits; each search's text marks its own hits."""
    name = texted(s)
    answer = s.client.search(name, ["key", "leakage"], anns_field="bm", limit=2, search_params={"metric_type": "BM25"},
                             highlighter=LexicalHighlighter(highlight_search_text=True, fragment_size=1))
    assert [list(hit["highlight"]["t"]["fragments"]) for one in answer for hit in one] == [
        ["<em>key</em>"] * 4, ["<em>leakage</em>"]]


@public("highlighter: ..._fragment_size_invalid, ..._fragment_offset_invalid, ..._number_of_fragments_invalid, ..._empty_tags, "
        "..._text_match_invalid_search_params, ..._text_match_invalid_anns_field", *TWO)
def highlights_are_checked(s):
    name = texted(s)
    for key, values in (("fragment_size", (0, -1, 0.1)), ("fragment_offset", (-1, 0.1)), ("num_of_fragments", (-1, 0.1))):
        for value in values:
            refuses(lambda: marked(s, name, **{key: value}), 1100, "invalid %s: %s: invalid parameter" % (key, value))
    refuses(lambda: marked(s, name, pre_tags=[]), 1100, "pre_tags cannot be empty list: invalid parameter")
    refuses(lambda: marked(s, name, post_tags=[]), 1100, "post_tags cannot be empty list: invalid parameter")
    for metric in ("", "COSINE"):
        refuses(lambda: marked(s, name, [1.0, 1.0], "v", metric), 1100,
                'Search highlight only support with metric type "BM25" but was: : invalid parameter')
    refuses(lambda: marked(s, name, [1.0, 1.0]), 1100,
            "please provide varchar/text for BM25 Function based search, got FloatVector: invalid parameter")
    refuses(lambda: marked(s, name, "water", "v"), 5,
            "service internal error: Search with highlight failed, input field of BM25 annsField not found")
    for query, text in (({"type": "TextMatch", "field": "t"}, "must set `text` in query"),
                        ({"type": "No", "field": "t", "text": "a"}, "invalid highlight query type: No"),
                        ({"type": "TextMatch", "field": "no", "text": "a"}, "highlight field not found in schema: no"),
                        ({"type": "TextMatch", "field": "raw", "text": "a"},
                         "get highlight failed, the highlight field not found, raw:")):
        refuses(lambda: marked(s, name, highlight_query=[query]), 1100, text)
    # with a vector among the fields the rows are fetched once more, without the text
    refuses(lambda: marked(s, name, output=["v"]), 1100, "get highlight failed, text field not in output field t:")
    assert marks(marked(s, name, output=["v", "t"]))[2] == ["<em>water</em>."]


@scenario("2.5.24", "2.6.2")
def highlights_overlooked(s):
    name = texted(s)
    answer = marked(s, name, fragment_size=0)
    assert found(answer) and not any("highlight" in hit for hit in answer[0])
