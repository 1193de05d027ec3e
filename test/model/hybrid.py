"""HybridSearch: legs fused by rrf or weights, in float32.

2.4 and 2.5: internal/proxy/reScorer.go and rankSearchResultDataByPk;
2.6 on: internal/util/function/rerank (rerank.py), as a function_score, too.
"""

import json

import base
import columns
import reads
import rerank
import search
import store
from base import expected, invalid, plain

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
        score = rerank.asked(request, version)
        # a function_score makes the older parameters void
        self.ranker = self.choose(found, len(request.requests)) if score is None else \
            rerank.make(score, collection.schema, version)

    def choose(self, found, legs):
        """The legacy parameters `strategy` and `params`."""
        if "strategy" not in found:
            return rerank.Rrf(60)
        strategy = found["strategy"]
        if strategy not in ("rrf", "weighted"):
            raise plain("unsupported rank type %s" % strategy)
        if "params" not in found:
            raise plain("params not found in rank_params")
        try:
            params = json.loads(found["params"])
        except ValueError as error:
            raise plain("parse rerank params failed: %s" % error)
        return self.take_k(params) if strategy == "rrf" else self.take_weights(params, legs)

    def take_k(self, params):
        if "k" not in params:
            if self.version < (2, 6, 0):
                raise plain("k not found in rank_params")
            return rerank.Rrf(60)
        k = params["k"]
        if isinstance(k, bool) or not isinstance(k, (int, float)):
            raise plain("The type of rank param k should be float")
        if not 0 < k < 16384:
            raise plain("the rank params k should be in range (0, 16384)")
        return rerank.Rrf(k)

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
        # reScorer.go normalises unless told otherwise; rerank/function_score.go only when told
        whole = self.version < (2, 6, 0)
        if "norm_score" in params and self.version >= (2, 5, 9):
            if not isinstance(params["norm_score"], bool):
                raise plain("weighted rerank err, norm_score should been bool type")
            whole = params["norm_score"]
        return rerank.Weighted(weights, whole)

    def best(self, lists, metrics):
        """One query's legs as one list of hits."""
        if self.ranker is None:
            # nobody minds that boosts leave no reranker, until it is called
            if self.version < (3, 0, 0):
                columns.die("panic: runtime error: invalid memory address or nil pointer dereference")
            if any(lists):
                raise base.wrapped(base.FUNCTION_FAILED,
                                   "rerank operator: rerankMeta is nil, cannot build rerank chain")
            return []
        scores, down = self.ranker.fuse(lists, metrics)
        rows = {hit.row.pk: hit for hits in lists for hit in hits}
        if self.group_field is not None:
            found = rerank.best_groups(scores, {key: hit.group for key, hit in rows.items()}, self.group_size,
                                       self.group_scorer, self.offset, self.limit)
        else:
            found = rerank.best(scores, down, self.offset, self.limit)
        return [search.Hit(rows[key].row, columns.float32(score), rows[key].group) for key, score in found]


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
        answers.append(rank.best(lists, metrics))
    base.fill_status(result.status)
    result.collection_name = request.collection_name
    search.fill_results(result.results, collection, output, answers, rank, nq, version,
                        rank.group_field)
    return result
