"""Search, exact: internal/proxy/task_search.go, search_util.go, search_reduce_util.go."""

import json
import math
import uuid

import analyzer
import base
import columns
import filters
import highlight
import reads
import rerank
import schema as schemas
import vectors
from base import DT, MilvusError, expected, invalid, missing, plain
from pymilvus.grpc_gen import common_pb2

TOPK = 16384
MAX_GROUP_SIZE = 10
# internal/core/src/common/Types.h
CORE_TYPES = {DT.FloatVector: "VECTOR_FLOAT", DT.Float16Vector: "VECTOR_FLOAT16", DT.BFloat16Vector: "VECTOR_BFLOAT16",
              DT.Int8Vector: "VECTOR_INT8", DT.SparseFloatVector: "VECTOR_SPARSE_FLOAT"}
GROUPABLE = schemas.INTEGERS | {DT.Bool, DT.VarChar, DT.Timestamptz}


class Hit:
    __slots__ = ("row", "score", "group")

    def __init__(self, row, score, group=None):
        self.row = row
        self.score = score
        self.group = group


def check_limit(number, is_large):
    top = reads.LARGE_WINDOW if is_large else TOPK
    if not 0 < number <= top:
        return "it should be in range [1, %d], but got %d" % (top, number)
    return None


class Info:
    """parseSearchInfo: the search parameters of one (sub-)search."""

    def __init__(self, params, collection, version, rank=None):
        self.version = version
        self.params = found = base.pairs(params)
        self.collection = collection
        is_large = reads.large(collection, version)
        given = base.go_int(found["topk"]) if "topk" in found else None
        if given is None:
            if rank is None:
                raise plain("topk [%s] is invalid", found["topk"]) if "topk" in found else missing(
                    "topk is required")
            given = rank.limit + rank.offset
        self.iterator = found.get("iterator") in ("True", "true")
        wrong = check_limit(given, is_large)
        if wrong:
            if not self.iterator:
                raise plain("topk [%d] is invalid, %s", given, wrong)
            given = TOPK
        self.offset = 0
        if rank is None and "offset" in found:
            offset = base.go_int(found["offset"])
            if offset is None:
                raise plain("offset [%s] is invalid", found["offset"])
            if offset and check_limit(offset, is_large):
                raise plain("offset [%d] is invalid, %s", offset, check_limit(offset, is_large))
            self.offset = offset
        self.topk = given + self.offset
        if check_limit(self.topk, is_large):
            raise plain("offset+topk [%d] is invalid, %s", self.topk, check_limit(self.topk, is_large))
        self.metric = found.get("metric_type", "").upper()
        self.round = base.go_int(found.get("round_decimal", "-1"))
        if self.round is None or not (self.round == -1 or 0 <= self.round <= 6):
            raise plain("round_decimal [%s] is invalid, should be -1 or an integer in range [0, 6]",
                          found.get("round_decimal"))
        self.inner = self.parse_inner(found.get("params", ""))
        self.collection_id = base.go_int(found.get("collection_id", "0")) or 0
        self.grouping(found, rank)
        if self.iterator and self.group_field is not None:
            raise expected("", "", "Not allowed to do groupBy when doing iteration")
        if "radius" in found.get("params", "") and self.group_field is not None:
            raise expected("", "", "Not allowed to do range-search when doing search-group-by")
        if "radius" not in self.inner and "range_filter" in self.inner and version >= (3, 0, 0):
            raise expected("range_filter", "", "range_filter requires radius to be set; range_filter alone is not a valid "
                                               "range search parameter")
        self.batches(found)
        self.zone = reads.zone_of(found, collection, version)
        self.refuse_unbuilt(found)
        self.anns_field(found)

    @staticmethod
    def parse_inner(text):
        if not text:
            return {}
        try:
            found = json.loads(text)
        except ValueError as error:
            raise vectors.fault("invalid search params: %s" % error)
        return found if isinstance(found, dict) else {}

    def grouping(self, found, rank):
        """parseGroupByInfo."""
        self.group_field = self.group_path = None
        self.group_size, self.strict = 1, False
        if rank is not None:
            self.group_field, self.group_size, self.strict = rank.group_field, rank.group_size, rank.strict
            return
        self.group_field, self.group_size, self.strict = group_of(found, self.collection.schema, self.version)
        if found.get("json_path") and self.version >= (2, 6, 2) and self.group_field is not None:
            raise base.Unimplemented("the model groups by no JSON path")

    def batches(self, found):
        """parseSearchIteratorV2Info."""
        self.token, self.bound = None, None
        if base.go_bool(found.get("search_iter_v2", "")) is not True or self.version < (2, 5, 2):
            return

        def wrong(text):
            return plain("parse iterator v2 info failed: %s", text)
        if not self.iterator:
            raise wrong("both iterator and search_iter_v2 must be set in the SDK")
        if self.offset > 0:
            raise wrong("Setting an offset is not permitted when using a search iterator v2")
        token = found.get("search_iter_id", "")
        if token:
            try:
                uuid.UUID(token)
            except ValueError:
                raise wrong("invalid token format")
        self.token = token or str(uuid.uuid4())
        if not found.get("search_iter_batch_size"):
            raise wrong("batch size is required")
        size = base.go_int(found["search_iter_batch_size"])
        if size is None or check_limit(size, reads.large(self.collection, self.version)):
            raise wrong("batch size is invalid")
        self.topk = size
        if found.get("search_iter_last_bound"):
            try:
                self.bound = columns.float32(float(found["search_iter_last_bound"]))
            except ValueError:
                raise wrong("failed to parse input last bound")

    def refuse_unbuilt(self, found):
        if self.version >= (3, 0, 0):
            for key in ("order_by_fields", "group_by_fields"):
                if found.get(key):
                    raise base.Unimplemented("the model has no %s in searches" % key)
        if found.get("analyzer_name") and self.version >= (2, 6, 0):
            raise base.Unimplemented("the model has no analyzer_name")

    def anns_field(self, found):
        schema = self.collection.schema
        name = found.get("anns_field", "")
        if not name:
            if len(schema.vectors) > 1:
                raise plain("multiple anns_fields exist, please specify a anns_field in search_params")
            name = schema.vectors[0].name
        field = schema.field(name)
        if field is None:
            raise invalid("failed to create query plan: failed to get field schema by name: fieldName(%s) not found",
                          name)
        if not field.is_vector:
            raise invalid("failed to create query plan: field (%s) to search is not of vector data type", name)
        if self.group_field is not None and field.type == DT.BinaryVector:
            raise plain("not support search_group_by operation based on binary vector column")
        if name in self.collection.unloaded:
            # segcore/plan_c.cpp: the index' meta came with the load
            raise vectors.fault("field %s is not loaded, please reload the collection" % name, base.CORE_NOT_LOADED)
        self.field = field

    def index_metric(self):
        """The metric of the field's index; a search by another is refused (util/segcore/plan.go)."""
        metric = next(i.params["metric_type"] for i in self.collection.indexes.values() if i.field == self.field.name)
        if self.metric and self.metric != metric:
            wrong = expected(metric, self.metric, "failed to search: fail to search on QueryNode 1: "
                                                  "worker(1) query failed: metric type not match")
            # on its way through the delegator it lost its code until 2.6.18, as the core's errors did (base.segcore)
            raise wrong if self.version >= (2, 6, 19) else MilvusError(base.UNEXPECTED, wrong.reason)
        return metric


def group_of(found, schema, version):
    """group_by_field, group_size, strict_group_size of a request's parameters."""
    field, size, strict = None, 1, False
    name = found.get("group_by_field")
    if name:
        field = schema.field(name)
        if field is None:
            if schema.dynamic is None or version < (2, 6, 2):
                raise MilvusError(base.FIELD_NOT_FOUND, "groupBy field not found in schema: field not found[field=%s]"
                                  % name)
            raise base.Unimplemented("the model groups by no dynamic key")
        if field.nullable and version.between((2, 5, 0), (2, 5, 999)):
            raise invalid("groupBy field(%s) not support nullable == true", name)
        if field.type not in GROUPABLE:
            if field.type == DT.JSON and version >= (2, 6, 2):
                raise base.Unimplemented("the model groups by no JSON")
            raise vectors.fault("unsupported data type %s for group by operator"
                                % CORE_TYPES.get(field.type, schemas.type_name(field.type).upper()), base.CORE_UNSUPPORTED)
    if version >= (2, 5, 0):
        if "group_size" in found:
            size = base.go_int(found["group_size"])
            if size is None:
                raise invalid("failed to parse input group size:%s", found["group_size"])
            if size <= 0:
                raise invalid("input group size:%d is negative, failed to do search_groupby", size)
            if size > MAX_GROUP_SIZE:
                raise invalid("input group size:%d exceeds configured max group size:%d", size, MAX_GROUP_SIZE)
        strict = base.go_bool(found.get("strict_group_size", "")) is True
    return field, size, strict


# --- one search over the rows that may be found ---

class Scorer:
    """Distances of one query to the rows of one shard."""

    def __init__(self, info, metric, rows, all_rows):
        self.info = info
        self.metric = metric
        name = info.field.name
        if metric == "BM25":
            text = info.collection.schema.bm25[name]
            # the statistics are of the shard's whole text, whatever the filter (IDF oracle of the delegator)
            self.words = info.collection.schema.field(text).analyzer.words
            self.bm25 = analyzer.Bm25([row.values[text] for row in all_rows], self.words)
            self.place = {id(row): i for i, row in enumerate(all_rows)}
            self.rows = rows
        else:
            self.rows = [row for row in rows if row.values[name] is not None]
            self.raws = [row.values[name] for row in self.rows]

    def hits(self, query):
        if self.metric == "BM25":
            counted = {}
            for word in self.words(query):
                counted[word] = counted.get(word, 0) + 1
            found = ((row, self.bm25.score(self.place[id(row)], counted)) for row in self.rows)
            # a document without any of the words is no hit of a sparse search
            return [Hit(row, columns.float32(score)) for row, score in found if score > 0]
        scores = vectors.distances(self.raws, query, self.info.field, self.metric).tolist()
        if self.info.field.type == DT.SparseFloatVector:
            return [Hit(row, score) for row, score in zip(self.rows, scores) if score > 0]
        return [Hit(row, score) for row, score in zip(self.rows, scores)]


def in_order(hits, metric):
    """Closest first, of equals the smaller key; a key once."""
    sign = -1 if vectors.closer_is_larger(metric) else 1
    seen, found = set(), []
    for hit in sorted(hits, key=lambda h: (sign * h.score, h.row.pk)):
        if hit.row.pk not in seen:
            seen.add(hit.row.pk)
            found.append(hit)
    return found


def within(info, metric, hits):
    """radius and range_filter; and, for batches, what lies beyond the last bound."""
    larger = vectors.closer_is_larger(metric)
    radius, inner = info.inner.get("radius"), info.inner.get("range_filter")
    if radius is not None:
        radius = number(radius, "radius")
        if inner is not None:
            inner = number(inner, "range_filter")
            if (inner <= radius) if larger else (inner >= radius):
                raise vectors.fault("metric type (%s), range_filter(%s) must be %s than radius(%s)"
                                    % (metric, inner, "greater" if larger else "less", radius))
        if larger:
            hits = [h for h in hits if h.score > radius and (inner is None or h.score <= inner)]
        else:
            hits = [h for h in hits if h.score < radius and (inner is None or h.score >= inner)]
    if info.bound is not None:
        hits = [h for h in hits if (h.score < info.bound if larger else h.score > info.bound)]
    return hits


def number(value, name):
    try:
        return columns.float32(float(value))
    except (TypeError, ValueError):
        raise vectors.fault("%s [%s] is no number" % (name, value))


def grouped(info, hits, groups):
    """SearchGroupBy of one segment: at most so many groups; without `strict` it stops at the last one's first."""
    kept, sizes = [], {}
    for hit in hits:
        hit.group = hit.row.values[info.group_field.name]
        if hit.group not in sizes and len(sizes) >= groups or sizes.get(hit.group, 0) >= info.group_size:
            continue
        sizes[hit.group] = sizes.get(hit.group, 0) + 1
        kept.append(hit)
        if len(sizes) == groups and (not info.strict or all(n >= info.group_size for n in sizes.values())):
            break
    return kept


def merge_groups(info, hits, offset):
    """reduceSearchResultDataWithGroupBy: whole groups, the best first."""
    limit = info.topk - offset
    skipped, groups = set(), {}
    total = 0
    for hit in hits:
        if total >= limit * info.group_size:
            break
        if len(skipped) < offset or hit.group in skipped:
            skipped.add(hit.group)
        elif hit.group not in groups and len(groups) >= limit:
            continue
        elif len(groups.get(hit.group, ())) >= info.group_size:
            continue
        else:
            groups.setdefault(hit.group, []).append(hit)
            total += 1
    return [hit for group in groups.values() for hit in group]


def rounded(score, digits):
    if digits == -1:
        return score
    factor = 10.0 ** digits
    return columns.float32(math.floor(score * factor + 0.5) / factor)


def core_rounded(hits, digits):
    """The core rounds what it found before anybody makes other scores of it (query/SearchOnSealed.cpp)."""
    for hit in hits:
        hit.score = rounded(hit.score, digits)
    return hits


class Leg:
    """A search, ready: its filter, its queries, its metric."""

    def __init__(self, keeper, request, collection, dsl, templates, params, group, rank=None):
        self.version = keeper.version
        self.collection = collection
        self.info = Info(params, collection, self.version, rank)
        if 0 < self.info.collection_id != collection.id:
            raise invalid("collection id:%d in the request is not consistent to that in the search context,"
                          "alias or database may have been changed: %d", self.info.collection_id, collection.id)
        try:
            self.plan = filters.compile_filter(collection.schema, dsl, templates, self.version, collection.timezone)
        except MilvusError as error:
            raise invalid("failed to create query plan: %s", error.reason)
        self.boosts = rerank.boosts_of(rerank.asked(request, self.version), collection.schema, templates, self.version,
                                       self.info.group_field is not None, self.info.token is not None)
        self.partitions = reads.wanted_partitions(keeper, collection, list(request.partition_names), self.plan)
        self.group = group
        self.metric = None
        self.queries = None

    def prepare(self):
        self.metric = self.info.index_metric()
        if self.queries is not None:
            return
        field = self.info.field
        first = self.group.placeholders[0].type if len(self.group.placeholders) else None
        if self.metric == "BM25":
            if first not in (None, vectors.VARCHAR):
                raise invalid("please provide varchar/text for BM25 Function based search, got %s",
                              common_pb2.PlaceholderType.Name(first))
            values = list(self.group.placeholders[0].values) if len(self.group.placeholders) else []
            self.queries = [value.decode() for value in values]
        else:
            self.queries = vectors.check_query(self.group, field, self.version)

    def run(self, times):
        """For each query the hits of all shards, merged."""
        self.prepare()
        info, collection = self.info, self.collection
        found = [[] for _ in self.queries]
        passing = set(map(id, self.plan.select(collection, times, self.partitions)))
        for place, shard in enumerate(collection.shards):
            seen = [row for row in shard.rows if row.inserted <= times[place] < row.deleted]
            rows = [row for row in seen if id(row) in passing]
            scorer = Scorer(info, self.metric, rows, seen)
            for i, query in enumerate(self.queries):
                if query is None:
                    continue
                hits = within(info, self.metric, in_order(scorer.hits(query), self.metric))
                hits = grouped(info, hits, info.topk) if info.group_field is not None else hits[:info.topk]
                if self.boosts is not None:
                    hits = self.boosts.apply(collection, core_rounded(hits, info.round), self.metric)
                found[i].extend(hits)
        found = [in_order(hits, self.metric) for hits in found]
        return found


def placeholder_group(raw):
    group = common_pb2.PlaceholderGroup()
    group.ParseFromString(raw)
    return group


def nq_of(request, group):
    nq = request.nq or sum(len(p.values) for p in group.placeholders)
    if not 0 < nq <= TOPK:
        raise plain("nq [%d] is invalid, nq (number of search vector per search request) should be in range "
                      "[1, %d], but got %d", nq, TOPK, nq)
    return nq


def refuse(request, version):
    """Parts of a request that the version understands and the model does not; older servers overlook them."""
    if version >= (3, 0, 0):
        for name in ("search_aggregation", "function_chains"):
            field = request.DESCRIPTOR.fields_by_name.get(name)
            if field is not None and (len(getattr(request, name)) if field.is_repeated else request.HasField(name)):
                raise base.Unimplemented("the model has no %s" % name)


def begin_search(keeper, request):
    collection = keeper.collection(request.db_name, request.collection_name)
    if collection.schema.partition_key and len(request.partition_names):
        raise plain("not support manually specifying the partition names if partition key mode is used")
    refuse(request, keeper.version)
    return collection


def search(keeper, request, result, context):
    version = keeper.version
    collection = begin_search(keeper, request)
    if len(request.sub_reqs):
        raise base.Unimplemented("the model takes no sub_reqs in Search; HybridSearch has them")
    by_ids = version >= (2, 6, 8) and request.WhichOneof("search_input") == "ids" and columns.read_ids(request.ids)
    given = ById(keeper, request, collection, by_ids, context).queries if by_ids else None
    if by_ids and all(query is None for query in given):
        # getting no vector at all it answers without having looked at the rest of the request
        result.results.num_queries = len(given)
        result.results.topks.extend(0 for _ in given)
        return result
    output = reads.Output(collection.schema, list(request.output_fields), version)
    group = common_pb2.PlaceholderGroup() if by_ids else placeholder_group(request.placeholder_group)
    nq = len(given) if by_ids else nq_of(request, group)
    leg = Leg(keeper, request, collection, request.dsl, dict(request.expr_template_values), request.search_params,
              group)
    leg.queries = given
    info = leg.info
    score = rerank.asked(request, version)
    ranker = None if score is None else rerank.make(score, collection.schema, version)
    if ranker is not None and info.token is not None and version >= (3, 0, 0):
        raise invalid("function rerank is not supported with search iterator v2")
    marker = highlight.of(request, leg, version)
    reads.check_loaded(collection, leg.partitions, "search")
    begin = reads.begin_of(keeper, request, collection)
    times = reads.times_of(keeper, request, collection, info.iterator, begin, reads.deadline_of(context))
    found = leg.run(times)
    base.fill_status(result.status)
    result.collection_name = request.collection_name
    answers = []
    for hits in found:
        if info.group_field is not None:
            answers.append(merge_groups(info, hits, info.offset))
        else:
            answers.append(hits[info.offset:info.topk])
    if ranker is not None:
        answers = [reranked(ranker, leg, hits) for hits in answers]
    grouped_by = None if ranker is not None and version < (3, 0, 0) else info.group_field
    if leg.boosts is not None and ranker is None:
        info.round = -1
    fill_results(result.results, collection, output, answers, info, nq, version, grouped_by)
    if marker is not None:
        marker.fill(result.results, answers, output)
    if info.token is not None:
        closest = 3.4028234663852886e38 * (1 if vectors.closer_is_larger(leg.metric) else -1)
        last = answers[0][-1].score if nq == 1 and answers and answers[0] else info.bound
        result.results.search_iterator_v2_results.token = info.token
        result.results.search_iterator_v2_results.last_bound = closest if last is None else last
    if info.iterator and request.guarantee_timestamp == 0 and version >= (2, 5, 0):
        # for searches the shards' times are known: the greatest (queryChannelsTs)
        result.session_ts = max(times)
    return result


def reranked(ranker, leg, hits):
    """rerankOperator: the one page that the search has left, in a new order.

    Of 2.6's answer it makes anew, the values grouped by do not come along (newRerankOutputs).
    """
    info = leg.info
    if leg.boosts is None:
        core_rounded(hits, info.round)
    scores, down = ranker.fuse([hits], [leg.metric])
    if info.group_field is not None:
        found = rerank.best_groups(scores, {hit.row.pk: hit.group for hit in hits}, info.group_size,
                                   info.params.get("rank_group_scorer", "max"), 0, info.topk)
    else:
        found = rerank.best(scores, down, 0, info.topk)
    rows = {hit.row.pk: hit for hit in hits}
    return [Hit(rows[key].row, columns.float32(float(score)), rows[key].group) for key, score in found]


class ById:
    """handleIfSearchByPK (internal/proxy/impl.go): a query for the rows, whose vectors (or texts) are then searched by.

    The queries come in the order that the query finds the rows, which is not the one they were asked for.
    """

    def __init__(self, keeper, request, collection, ids, context):
        self.version, self.collection, self.ids = keeper.version, collection, ids
        if self.version >= (2, 6, 9) and len(set(ids)) != len(ids):
            raise invalid("duplicate IDs found in search request")
        name = self.source(base.pairs(request.search_params).get("anns_field"))
        pk = collection.schema.pk
        if isinstance(ids[0], str) != (pk.type == DT.VarChar):
            kind = "varchar" if pk.type == DT.VarChar else "int64"
            raise expected("string IDs" if pk.type == DT.VarChar else "int64 IDs", "got other type",
                           "primary key is %s, but IDs type mismatch" % kind)
        reads.Output(collection.schema, [pk.name, name], self.version)
        partitions = reads.wanted_partitions(keeper, collection, list(request.partition_names), None)
        reads.check_loaded(collection, partitions)
        begin = reads.begin_of(keeper, request, collection)
        times = reads.times_of(keeper, request, collection, False, begin, reads.deadline_of(context))
        self.queries = self.values(name, times, partitions)

    def source(self, name):
        """The field whose values are taken."""
        schema = self.collection.schema
        if not name:
            if self.version < (2, 6, 9):
                raise expected("valid anns_field in search_params", "missing", "anns_field is required for search by IDs")
            if len(schema.vectors) > 1:
                raise expected("valid anns_field in search_params", "missing",
                               "multiple vector fields exist, please specify anns_field in search_params")
            name = schema.vectors[0].name
        field = schema.field(name)
        if field is None:
            raise MilvusError(base.FIELD_NOT_FOUND, "vector field not found in schema: field not found[field=%s]" % name)
        if name in schema.bm25 and self.version >= (2, 6, 10):
            return schema.bm25[name]
        if not field.is_vector:
            raise invalid("field (%s) to search is not of vector data type", name)
        return name

    def values(self, name, times, partitions):
        found = {row.pk: row.values[name] for row in reads.latest(self.collection.visible(times, partitions))}
        gone = [i for i in self.ids if i not in found]
        if gone or len(set(self.ids)) != len(self.ids):
            raise invalid("some of the provided primary key IDs do not exist: missing IDs = [%s]",
                          " ".join(map(str, gone)))
        # segments in the order of the key, merged by it; a null vector is no query, and finds nothing
        values = [found[i] for i in sorted(self.ids)]
        if None in values and not self.collection.schema.field(name).is_vector:
            raise base.Unimplemented("the model searches for no null text")
        return values


def fill_results(results, collection, output, answers, info, nq, version, grouped_by):
    schema = collection.schema
    flat = [hit for hits in answers for hit in hits]
    rows = [hit.row for hit in flat]
    results.num_queries = nq
    results.top_k = max((len(hits) for hits in answers), default=0)
    results.topks.extend(len(hits) for hits in answers)
    columns.write_ids(results.ids, schema.pk, [row.pk for row in rows])
    results.scores.extend(rounded(hit.score, info.round) for hit in flat)
    results.primary_field_name = schema.pk.name
    for field in output.columns(with_pk=False):
        columns.write_column(results.fields_data.add(), field, output.values(field, rows), info.zone, version)
    names = [name for name in output.names if name != schema.pk.name]
    if output.asked_pk and version >= (2, 5, 0):
        names.append(schema.pk.name)
        columns.write_column(results.fields_data.add(), schema.pk, [row.pk for row in rows], collection.timezone,
                             version)
    results.output_fields.extend(names)
    if grouped_by is not None:
        columns.write_column(results.group_by_field_value, grouped_by, [hit.group for hit in flat],
                             collection.timezone, version)
