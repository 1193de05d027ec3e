"""Scores made anew: rrf, weights and decay of what was found, boosts while it is found.

2.6: internal/util/function/rerank (function_score.go, decay_function.go, rrf_function.go, weighted_function.go, util.go);
3.0: internal/util/function/chain (rerank_builder.go, operator_merge.go, expr/decay_expr.go, expr/num_combine_expr.go).
Boosts: planparserv2/plan_parser_v2.go; 2.6: core/src/exec/operator/RescoresNode.cpp and core/src/rescores, where distances
are still as the metric has them; 3.0: querynodev2/tasks/boost_score.go, where smaller-is-closer ones are negative already.
"""

import json
import math

import numpy
import base
import columns
import filters
import schema as schemas
import vectors
from base import DT, MilvusError, expected, invalid, missing, plain, wrapped
from pymilvus.grpc_gen import schema_pb2

SINGLE = numpy.float32
NUMERIC = schemas.INTEGERS | schemas.FLOATS
DECAYS = ("gauss", "linear", "exp")
NAMES = "decay,model,rrf,weighted"


def told(text, *args):
    """An error of Go's own; 2.6.19 took the capitals away with the rest."""
    text = text % args
    return plain("%s", text[0].lower() + text[1:] if base.PLAYED >= (2, 6, 19) else text)


def builder(text, *args):
    return invalid("%s", "rerank_builder: " + text % args)


def name_of(function):
    """GetRerankName."""
    for pair in function.params:
        if pair.key.lower() == "reranker":
            return pair.value.lower()
    return ""


# --- scores of several legs as one ---

def normal(score, metric, whole, greater):
    """getNormalizeFunc: to [0, 1] (`whole`), or only so that greater is better; float32 all the way."""
    arc = SINGLE(math.atan(float(score)))
    pi = SINGLE(math.pi)
    falling = SINGLE(1.0) - SINGLE(2) * arc / pi
    if not whole:
        return falling if greater and not vectors.closer_is_larger(metric) else score
    if metric == "COSINE":
        return (SINGLE(1) + score) * SINGLE(0.5)
    if metric == "IP":
        return SINGLE(0.5) + arc / pi
    if metric == "BM25" and base.PLAYED >= (2, 5, 0):
        return SINGLE(2) * arc / pi
    return falling


def summed(parts):
    scores = {}
    for key, part in parts:
        scores[key] = scores[key] + part if key in scores else part
    return scores


class Rrf:
    """1 / (k + place), the best in place 1."""
    input_field = None

    def __init__(self, k):
        self.k = k

    def fuse(self, lists, metrics):
        """lists: for each leg its hits, best first.  (key -> score, greatest first?)"""
        return summed((hit.row.pk, self.part(place + 1)) for hits in lists for place, hit in enumerate(hits)), True

    def part(self, place):
        if base.PLAYED >= (3, 0, 0):
            return SINGLE(1.0 / (float(self.k) + place))
        return SINGLE(1) / (SINGLE(self.k) + SINGLE(place))


class Weighted:
    input_field = None

    def __init__(self, weights, whole):
        self.weights = [SINGLE(weight) for weight in weights]
        self.whole = whole

    def fuse(self, lists, metrics):
        if len(self.weights) != len(lists):
            raise expected(len(lists), len(self.weights), "the length of weights param mismatch with ann search requests")
        larger = [vectors.closer_is_larger(m) for m in metrics]
        mixed = any(larger) and not all(larger)
        greater = mixed and base.PLAYED >= (2, 6, 0)
        scores = summed((hit.row.pk, weight * normal(SINGLE(hit.score), metric, self.whole, greater))
                        for hits, metric, weight in zip(lists, metrics, self.weights) for hit in hits)
        # 2.4 and 2.5 always sort down; 2.6 up, where smaller distances are better in all legs
        return scores, base.PLAYED < (2, 6, 0) or self.whole or mixed or all(larger)


class Decay:
    """score * f(|value - origin|): the score turned first so that greater is better, f in float64."""

    def __init__(self, field):
        self.input_field = field
        self.function, self.origin, self.scale, self.offset, self.decay = "", None, None, 0.0, 0.5
        self.whole, self.mode = False, "max"

    def factor(self, value):
        if value is None:
            # only 3.0 takes nullable fields: NumCombineNullAsZero
            return SINGLE(0)
        with numpy.errstate(all="ignore"):
            far = numpy.float64(max(0.0, abs(float(value) - self.origin) - self.offset))
            rate = numpy.log(numpy.float64(self.decay))
            if self.function == "gauss":
                return SINGLE(numpy.exp(far * far / (self.scale * self.scale / rate)))
            if self.function == "exp":
                return SINGLE(numpy.exp(rate / self.scale * far))
            return SINGLE(max(self.decay, 1 - (1 - self.decay) / self.scale * far))

    def fuse(self, lists, metrics):
        found, rows = {}, {}
        for hits, metric in zip(lists, metrics):
            for hit in hits:
                rows.setdefault(hit.row.pk, hit.row)
                found.setdefault(hit.row.pk, []).append(normal(SINGLE(hit.score), metric, self.whole, True))
        return {key: self.factor(rows[key].values[self.input_field.name]) * self.merged(scores)
                for key, scores in found.items()}, True

    def merged(self, scores):
        if self.mode == "max":
            return max(scores)
        total = scores[0]
        for score in scores[1:]:
            total = total + score
        return total if self.mode == "sum" else total / SINGLE(len(scores))


def best(scores, down, offset, limit):
    """newIDScores: of equal scores the smaller key."""
    keys = sorted(scores, key=lambda key: (-scores[key] if down else scores[key], key))
    return [(key, scores[key]) for key in keys[offset:offset + limit]]


def best_groups(scores, group_of_key, size, scorer, offset, limit):
    """newGroupingIDScores: always down."""
    groups = {}
    for key in sorted(scores, key=lambda key: (-scores[key], key)):
        members = groups.setdefault(group_of_key[key], [])
        if len(members) < size:
            members.append(key)

    def final(members):
        values = [scores[key] for key in members]
        total = SINGLE(0)
        for value in values:
            total = total + value
        if scorer == "max":
            return max(SINGLE(0), *values)
        return total if scorer == "sum" else total / SINGLE(len(members))

    ordered = sorted(groups.values(), key=lambda m: (-final(m), -len(m), m[0]))
    return [(key, scores[key]) for members in ordered[offset:offset + limit] for key in members]


# --- function_score, up to 2.6 ---

def number(pair):
    value = base.go_float(pair.value)
    if value is None:
        raise told("Param %s:%s is not a number", pair.key.lower(), pair.value)
    return value


def flag(pair):
    value = base.go_bool(pair.value)
    if value is None:
        raise plain("%s params must be true/false, bug got %s", pair.key.lower(), pair.value)
    return value


def input_fields(function, schema):
    """newRerankBase."""
    names = list(function.input_field_names)
    found = []
    for name in names:
        if not name:
            raise told("Rerank input field name cannot be empty string")
        if names.count(name) > 1:
            raise told("Each function input field should be used exactly once in the same function, input field: %s", name)
        field = schema.field(name)
        if field is None:
            raise told("Function input field not found: %s", name)
        if field.nullable:
            raise told("Function input field cannot be nullable: field %s", name)
        found.append(field)
    return found


def make_decay(function, fields, version):
    if len(fields) != 1:
        raise told("Decay function only supports single input, but gets [[%s]] input", " ".join(f.name for f in fields))
    kinds = NUMERIC | {DT.Timestamptz} if version >= (2, 6, 1) else NUMERIC
    if fields[0].type not in kinds:
        raise told("Decay rerank: unsupported input field type:%s, only support %s field",
                   schemas.type_name(fields[0].type), "numeric" if version >= (2, 6, 19) else "numberic")
    made = Decay(fields[0])
    for pair in function.params:
        key = pair.key.lower()
        if key == "function":
            made.function = pair.value
        elif key in ("origin", "scale", "offset", "decay"):
            setattr(made, key, number(pair))
        elif key == "norm_score" and version >= (2, 6, 3):
            made.whole = flag(pair)
        elif key == "score_mode" and version >= (2, 6, 3):
            made.mode = pair.value.lower()
            if made.mode not in ("max", "avg", "sum"):
                raise plain("%s score mode: [%s], only supports: [max, avg, sum]",
                            "unsupported" if version >= (2, 6, 19) else "Unsupport", pair.value)
    for name in ("origin", "scale"):
        if getattr(made, name) is None:
            raise told("Decay function lost param: %s", name)
    if made.scale <= 0:
        raise told("Decay function param: scale must > 0, but got %f", made.scale)
    if made.offset < 0:
        raise told("Decay function param: offset must >= 0, but got %f", made.offset)
    if made.decay <= 0 or made.decay >= 1:
        raise told("Decay function param: decay must 0 < decay < 1, but got %f", made.decay)
    if made.function not in DECAYS:
        # the text names the reranker, not the function that is unknown
        raise plain("%s decay function: decay, only support [gauss,linear,exp]",
                    "invalid" if version >= (2, 6, 19) else "Invaild")
    return made


def no_inputs(fields, name):
    if fields:
        raise told("The %s function does not support input parameters, but got [%s]", name,
                   " ".join(f.name for f in fields))


def make_rrf(function, fields, version):
    no_inputs(fields, "rrf")
    k = 60.0
    for pair in function.params:
        if pair.key.lower() == "k":
            k = number(pair)
    if k <= 0 or k >= 16384:
        raise told("The rank params k should be in range (0, 16384)")
    return Rrf(k)


def numbers(text):
    """A JSON array of numbers, or None."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, list) or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in found):
        return None
    return found


def make_weighted(function, fields, version):
    no_inputs(fields, "weighted")
    weights, whole = [], False
    for pair in function.params:
        key = pair.key.lower()
        if key == "weights":
            weights = numbers(pair.value)
            if weights is None:
                raise told("Parse weights param failed, weight should be []float, bug got: %s", pair.value)
            if any(not 0 <= weight <= 1 for weight in weights):
                raise plain("rank param weight should be in range [0, 1]")
        elif key == "norm_score":
            whole = flag(pair)
    if not weights:
        raise plain("weights not found")
    return Weighted(weights, whole)


MAKERS = {"decay": make_decay, "rrf": make_rrf, "weighted": make_weighted}


def make_one(function, schema, version):
    """createFunction; None for a boost."""
    if function.type != schema_pb2.Rerank:
        raise plain("%s is not rerank function%s", schema_pb2.FunctionType.Name(function.type),
                    "" if version >= (2, 6, 19) else ".")
    if len(function.output_field_names):
        raise told("Rerank function should not have output field, but now is %d", len(function.output_field_names))
    name = name_of(function)
    if name == "boost" and version >= (2, 6, 1):
        return None
    if name == "model":
        raise base.Unimplemented("the model has no services that rerank")
    if name not in MAKERS:
        raise told("Unsupported rerank function: [%s] , list of supported [%s]", name, NAMES)
    return MAKERS[name](function, input_fields(function, schema), version)


# --- function_score, 3.0: told only when something was found ---

class Late:
    """What 3.0 keeps until the search is done (proxy/rerank_meta.go, rerankOperator)."""

    def __init__(self, functions, schema):
        self.functions = functions
        self.schema = schema

    def fuse(self, lists, metrics):
        if not any(lists):
            return {}, True
        # GetInputFieldNamesFromFuncScore: of the first function, be it a boost
        names = list(self.functions[0].input_field_names)
        for name in names:
            field = self.schema.field(name)
            if field is not None and field.type not in NUMERIC | schemas.STRINGS | {DT.Bool, DT.Timestamptz}:
                raise wrapped(base.SERVICE_INTERNAL, "unsupported field type: %s" % schemas.type_name(field.type))
        mine = [f for f in self.functions if name_of(f) != "boost"]
        if len(mine) > 1:
            raise builder("currently only supports one rerank function")
        name = name_of(mine[0])
        if not name:
            raise missing("rerank_builder: reranker name not specified")
        if name == "model":
            raise base.Unimplemented("the model has no services that rerank")
        if name not in LATE_MAKERS:
            raise builder("unsupported reranker %s", name)
        made = LATE_MAKERS[name](mine[0], self.schema)
        if made.input_field is not None and made.input_field.name not in names:
            raise wrapped(base.SERVICE_INTERNAL, 'map_op: column "%s" not found' % made.input_field.name)
        return made.fuse(lists, metrics)


def late_decay(function, schema):
    made = Decay(None)
    made.function = None
    for pair in function.params:
        key = pair.key.lower()
        if key == "function":
            made.function = pair.value.lower()
        elif key in ("origin", "scale", "offset", "decay"):
            value = base.go_float(pair.value)
            if value is None:
                raise invalid("decay param %s: %s is not a number", key, pair.value)
            setattr(made, key, value)
        elif key == "norm_score":
            made.whole = base.go_bool(pair.value) or False
        elif key == "score_mode":
            made.mode = pair.value.lower()
    for name in ("function", "origin", "scale"):
        if getattr(made, name) is None:
            raise missing("decay %s not specified" % name)
    if made.mode not in ("max", "sum", "avg"):
        raise invalid("unsupported score_mode: %s, only supports [max, sum, avg]", made.mode)
    names = list(function.input_field_names)
    if len(names) != 1:
        raise builder("decay reranker requires exactly 1 input field, got %d", len(names))
    made.input_field = schema.field(names[0])
    if made.input_field is None:
        raise builder("input field %s not found in collection schema", names[0])
    if made.input_field.type not in NUMERIC:
        raise builder("decay input field %s must be numeric, got %s", names[0], schemas.type_name(made.input_field.type))
    late_limits(made)
    return made


def late_limits(made):
    """NewDecayExpr; its errors are wrapped once more."""
    def wrong(text, *args):
        return builder("%s: invalid parameter", "decay: " + text % args)
    if made.scale <= 0:
        raise wrong("scale must be > 0, got %f", made.scale)
    if made.offset < 0:
        raise wrong("offset must be >= 0, got %f", made.offset)
    if made.decay <= 0 or made.decay >= 1:
        raise wrong("decay must be 0 < decay < 1, got %f", made.decay)
    if made.decay < 0.001 or made.decay > 0.999:
        raise wrong("decay must be between %f and %f for numerical stability, got %f", 0.001, 0.999, made.decay)
    if made.function not in DECAYS:
        raise wrong('invalid function "%s", must be one of [gauss, exp, linear]', made.function)


def late_rrf(function, schema):
    for pair in function.params:
        if pair.key.lower() == "k":
            k = base.go_float(pair.value)
            if k is None:
                raise invalid("%s is not a number", pair.value)
            if k <= 0 or k >= 16384:
                raise invalid("The rank params k should be in range (0, 16384)")
            return Rrf(k)
    return Rrf(60.0)


def late_weighted(function, schema):
    weights, whole = [], False
    for pair in function.params:
        key = pair.key.lower()
        if key == "weights":
            weights = numbers(pair.value)
            if weights is None:
                raise invalid("failed to parse weights: %s", pair.value)
            if any(not 0 <= weight <= 1 for weight in weights):
                raise invalid("rank param weight should be in range [0, 1]")
        elif key == "norm_score":
            whole = base.go_bool(pair.value)
            if whole is None:
                raise invalid('failed to parse norm_score: strconv.ParseBool: parsing "%s": invalid syntax', pair.value)
    if not weights:
        raise builder("weighted reranker requires weights parameter")
    return Weighted(weights, whole)


LATE_MAKERS = {"decay": late_decay, "rrf": late_rrf, "weighted": late_weighted}


def asked(request, version):
    """The request's function_score, where the version knows it."""
    return request.function_score if version >= (2, 6, 0) and request.HasField("function_score") else None


def make(score, schema, version):
    """NewFunctionScore: the one reranker of a request; None where there are but boosts."""
    functions = list(score.functions)
    if version >= (3, 0, 0):
        return Late(functions, schema) if any(name_of(f) != "boost" for f in functions) else None
    if version < (2, 6, 1) and len(functions) != 1:
        raise plain("Currently only supports one rerank, but got %d", len(functions))
    found = None
    for function in functions:
        made = make_one(function, schema, version)
        if made is not None and found is not None:
            raise told("Currently only supports one rerank")
        found = made or found
    return found


# --- boosts ---

class Boost:
    """CreateSearchScorer: a weight for the rows that pass a filter."""

    def __init__(self, function, schema, templates, version):
        params = base.pairs(function.params)
        self.plan = None
        if "filter" in params:
            try:
                self.plan = filters.compile_filter(schema, params["filter"], templates, version)
            except MilvusError as error:
                raise broken("parse expr failed" + went_wrong(version, error.reason))
        if "weight" not in params:
            raise broken("must set weight params for weight scorer" + query_plan(version))
        weight = base.go_float(params["weight"])
        if weight is None:
            raise broken("parse function scorer weight params failed" + went_wrong(
                version, 'strconv.ParseFloat: parsing "%s": invalid syntax' % params["weight"]))
        self.weight = SINGLE(weight)
        if "random_score" in params and version >= (2, 6, 3):
            raise base.Unimplemented("the model has no random_score")

    def passing(self, collection, rows):
        return [True] * len(rows) if self.plan is None else self.plan.holds(collection, rows)


def broken(text):
    """CreateSearchPlanArgs fails."""
    return invalid("failed to create query plan: %s", text)


def query_plan(version):
    """2.6.19 gave a plan's faults a code of their own, which only the text keeps."""
    return ": query plan failed" if version >= (2, 6, 19) else ""


def went_wrong(version, reason):
    return ": " + reason if version >= (2, 6, 19) else " with error: {%s}" % reason


class Boosts:
    """All boosts of a request, and how they are put together."""

    def __init__(self, score, boosts, version):
        params = base.pairs(score.params)
        self.boosts = boosts
        self.version = version
        self.sums = {}
        for name in ("boost_mode", "function_mode"):
            mode = params.get(name, "multiply").lower()
            if mode not in ("multiply", "sum") and version >= (2, 6, 3):
                raise broken("unknown %s: %s: invalid parameter" % (name.replace("_", " "), mode))
            # 2.6.1 and 2.6.2 know no modes: everything is multiplied
            self.sums[name] = mode == "sum" and version >= (2, 6, 3)

    def apply(self, collection, hits, metric):
        """The k hits of a segment with their scores made anew; nobody else comes in."""
        rows = [hit.row for hit in hits]
        passing = [boost.passing(collection, rows) for boost in self.boosts]
        turned = self.version >= (3, 0, 0) and not vectors.closer_is_larger(metric)
        for place, hit in enumerate(hits):
            value = None
            for boost, passes in zip(self.boosts, passing):
                if passes[place]:
                    value = boost.weight if value is None else self.joined(value, boost.weight, "function_mode")
            if value is not None:
                score = self.joined(SINGLE(-hit.score if turned else hit.score), value, "boost_mode")
                hit.score = columns.float32(float(-score if turned else score))
        return hits

    def joined(self, left, right, mode):
        return left + right if self.sums[mode] else left * right


def boosts_of(score, schema, templates, version, grouped, batches):
    """CreateSearchScorers, or None."""
    if score is None or version < (2, 6, 1):
        return None
    found = [Boost(f, schema, templates, version) for f in score.functions if name_of(f) == "boost"]
    if not found:
        return None
    made = Boosts(score, found, version)
    if grouped or batches:
        raise broken("don't support use segment scorer with group_by or search_iterator" + query_plan(version))
    return made
