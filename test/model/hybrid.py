"""HybridSearch: legs fused by rrf or weights, in float32.

2.4 and 2.5: internal/proxy/reScorer.go and rankSearchResultDataByPk;
2.6 on: internal/util/function/rerank.
"""

import json
import math

import numpy
import base
import columns
import reads
import search
import store
import vectors
from base import expected, invalid, plain

SINGLE = numpy.float32
MAX_LEGS = 1024
SCORERS = ("max", "sum", "avg")


class Rank:
    """parseRankParams, and the ranker itself."""

    def __init__(self, request, collection, version):
        self.version = version
        found = base.pairs(request.rank_params)
        if "limit" not in found:
            raise plain("limit not found in rank_params")
        self.limit = base.go_int(found["limit"])
        if self.limit is None:
            raise plain("limit [%s] is invalid", found["limit"])
        self.offset = 0
        if "offset" in found:
            self.offset = base.go_int(found["offset"])
            if self.offset is None:
                raise plain("offset [%s] is invalid", found["offset"])
        reads.check_window(self.offset, self.limit, reads.large(collection, version))
        self.round = base.go_int(found.get("round_decimal", "-1"))
        if self.round is None or not (self.round == -1 or 0 <= self.round <= 6):
            raise plain("round_decimal [%s] is invalid, should be -1 or an integer in range [0, 6]",
                          found.get("round_decimal"))
        self.group_field, self.group_size, self.strict = search.group_of(found, collection.schema, version) \
            if version >= (2, 5, 0) else (None, 1, False)
        self.group_scorer = found.get("rank_group_scorer", "max")
        if self.group_field is not None and self.group_scorer not in SCORERS:
            raise invalid("input group scorer type: %s is not supported!", self.group_scorer)
        self.zone = reads.zone_of(found, collection, version)
        self.choose(found, len(request.requests))

    def choose(self, found, legs):
        self.strategy, self.k, self.weights = "rrf", SINGLE(60), None
        # reScorer.go normalises unless told otherwise; rerank/function_score.go only when told
        self.norm = self.version < (2, 6, 0)
        if "strategy" not in found:
            return
        self.strategy = found["strategy"]
        if self.strategy not in ("rrf", "weighted"):
            raise plain("unsupported rank type %s" % self.strategy)
        if "params" not in found:
            raise plain("params not found in rank_params")
        try:
            params = json.loads(found["params"])
        except ValueError as error:
            raise plain("parse rerank params failed: %s" % error)
        if self.strategy == "rrf":
            self.take_k(params)
        else:
            self.take_weights(params, legs)

    def take_k(self, params):
        if "k" not in params:
            if self.version < (2, 6, 0):
                raise plain("k not found in rank_params")
            return
        k = params["k"]
        if isinstance(k, bool) or not isinstance(k, (int, float)):
            raise plain("The type of rank param k should be float")
        if not 0 < k < 16384:
            raise plain("the rank params k should be in range (0, 16384)")
        self.k = SINGLE(k)

    def take_weights(self, params, legs):
        weights = params.get("weights")
        if weights is None:
            raise plain("weights not found in rank_params")
        if not isinstance(weights, list):
            raise plain("The weights param should be an array")
        for weight in weights:
            if isinstance(weight, bool) or not isinstance(weight, (int, float)):
                raise plain("The type of rank param weight should be float")
            if not 0 <= weight <= 1:
                raise plain("rank param weight should be in range [0, 1]")
        if len(weights) != legs:
            raise expected(legs, len(weights), "the length of weights param mismatch with ann search requests")
        self.weights = [SINGLE(weight) for weight in weights]
        if "norm_score" in params and self.version >= (2, 5, 9):
            if not isinstance(params["norm_score"], bool):
                raise plain("weighted rerank err, norm_score should been bool type")
            self.norm = params["norm_score"]

    # --- scores ---

    def fuse(self, lists, metrics):
        """lists: for each leg its hits, best first.  (key -> score, greatest first?)"""
        scores = {}
        if self.strategy == "rrf":
            for hits in lists:
                for place, hit in enumerate(hits):
                    part = SINGLE(1) / (self.k + SINGLE(place + 1))
                    scores[hit.row.pk] = scores[hit.row.pk] + part if hit.row.pk in scores else part
            return scores, True
        larger = [vectors.closer_is_larger(m) for m in metrics]
        mixed = any(larger) and not all(larger)
        for hits, metric, weight in zip(lists, metrics, self.weights):
            for hit in hits:
                part = weight * self.normal(SINGLE(hit.score), metric, mixed)
                scores[hit.row.pk] = scores[hit.row.pk] + part if hit.row.pk in scores else part
        # 2.4 and 2.5 always sort down; 2.6 up, where smaller distances are better in all legs
        return scores, self.version < (2, 6, 0) or self.norm or mixed or all(larger)

    def normal(self, score, metric, mixed):
        """getNormalizeFunc and getActivateFunc."""
        arc = SINGLE(math.atan(float(score)))
        pi = SINGLE(math.pi)
        falling = SINGLE(1.0) - SINGLE(2) * arc / pi
        if not self.norm:
            if self.version >= (2, 6, 0) and mixed and not vectors.closer_is_larger(metric):
                return falling
            return score
        if metric == "COSINE":
            return (SINGLE(1) + score) * SINGLE(0.5)
        if metric == "IP":
            return SINGLE(0.5) + arc / pi
        if metric == "BM25" and self.version >= (2, 5, 0):
            return SINGLE(2) * arc / pi
        return falling

    def best(self, scores, down):
        """newIDScores: of equal scores the smaller key."""
        keys = sorted(scores, key=lambda key: (-scores[key] if down else scores[key], key))
        return [(key, scores[key]) for key in keys[self.offset:self.offset + self.limit]]

    def best_groups(self, scores, group_of_key):
        """newGroupingIDScores."""
        groups = {}
        for key in sorted(scores, key=lambda key: (-scores[key], key)):
            members = groups.setdefault(group_of_key[key], [])
            if len(members) < self.group_size:
                members.append(key)

        def final(members):
            values = [scores[key] for key in members]
            total = SINGLE(0)
            for value in values:
                total = total + value
            if self.group_scorer == "max":
                return max(SINGLE(0), *values)
            return total if self.group_scorer == "sum" else total / SINGLE(len(members))

        ordered = sorted(groups.values(), key=lambda m: (-final(m), -len(m), m[0]))
        chosen = ordered[self.offset:self.offset + self.limit]
        return [(key, scores[key]) for members in chosen for key in members]


def hybrid_search(keeper, request, result, context):
    version = keeper.version
    collection = search.begin_search(keeper, request)
    if not len(request.requests):
        raise plain("minimum of ann search requests is 1")
    if len(request.requests) > MAX_LEGS:
        raise plain("maximum of ann search requests is %d", MAX_LEGS)
    output = reads.Output(collection.schema, list(request.output_fields), version)
    rank = Rank(request, collection, version)
    legs, nq = [], 0
    for sub in request.requests:
        group = search.placeholder_group(sub.placeholder_group)
        count = sub.nq or sum(len(p.values) for p in group.placeholders)
        if nq and count != nq:
            raise expected(nq, count, "sub search request nq should be the same")
        nq = search.nq_of(sub, group)
        legs.append(search.Leg(keeper, request, collection, sub.dsl, dict(sub.expr_template_values),
                               sub.search_params, group, rank))
    for leg in legs:
        reads.check_loaded(collection, leg.partitions, "search")
    begin = reads.begin_of(keeper, request, collection)
    guarantee = store.guarantee_of(request, begin, collection, reads.GRACEFUL)
    if version >= (2, 6, 0):
        guarantee = max(guarantee, collection.updated)
    times = store.read_times(collection, guarantee, 0, reads.deadline_of(context))
    found = [leg.run(times) for leg in legs]
    metrics = [leg.metric for leg in legs]
    answers = []
    for i in range(nq):
        lists = []
        for leg, per_query in zip(legs, found):
            hits = per_query[i]
            lists.append(search.merge_groups(leg.info, hits, 0) if rank.group_field is not None
                         else hits[:leg.info.topk])
        scores, down = rank.fuse(lists, metrics)
        rows = {hit.row.pk: hit for hits in lists for hit in hits}
        if rank.group_field is not None:
            best = rank.best_groups(scores, {key: hit.group for key, hit in rows.items()})
        else:
            best = rank.best(scores, down)
        answers.append([search.Hit(rows[key].row, columns.float32(score), rows[key].group) for key, score in best])
    base.fill_status(result.status)
    result.collection_name = request.collection_name
    search.fill_results(result.results, collection, output, answers, rank, nq, version)
    return result
