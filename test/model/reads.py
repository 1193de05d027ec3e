"""Query: internal/proxy/task_query.go, and what its readers share with Search."""

import json
import random
import time
import zlib

import base
import columns
import filters
import instants
import schema as schemas
import store
from base import DT, expected, invalid, plain

GRACEFUL = 5000             # common.gracefulTime, ms
WINDOW = 16384              # quotaAndLimits.limits.maxQueryResultWindow
LARGE_WINDOW = 1000000      # with the property query_mode=large_topk, 2.6.14 on
UNLIMITED = -1


def not_loaded(collection, action="query"):
    return base.MilvusError(base.COLLECTION_NOT_LOADED, "failed to %s: collection not loaded[collection=%d]"
                            % (action, collection.id))


def large(collection, version):
    return version >= (2, 6, 14) and collection.properties.get("query_mode") == "large_topk"


def deadline_of(context):
    left = context.time_remaining() if context is not None else None
    return time.time() + left if left is not None else float("inf")


def latest(rows):
    """One row a key, the newest: what merging the segments of a shard leaves (segments/result.go)."""
    newest = {}
    for row in rows:
        if row.pk not in newest or row.inserted > newest[row.pk].inserted:
            newest[row.pk] = row
    return list(newest.values())


def scrambled(rows):
    """An order that is not the key's: nothing but `iterator` promises one."""
    return sorted(rows, key=lambda row: zlib.crc32(str(row.pk)[::-1].encode()))


def key_partitions(collection, plan):
    keys = plan.partition_keys()
    return None if keys is None else {collection.partition_for_key(key) for key in keys}


def wanted_partitions(keeper, collection, names, plan):
    if collection.schema.partition_key:
        if names:
            raise invalid("not support manually specifying the partition names if partition key mode is used")
        return key_partitions(collection, plan) if plan is not None else None
    for name in names:
        schemas.check_partition_name(name, False)
    for name in names:
        if name not in collection.partitions:
            raise plain("partition name %s not found", name)
    return set(names) or None


def check_loaded(collection, partitions, action="query"):
    if collection.loaded is None:
        raise not_loaded(collection, action)
    missing = (partitions or set()) - collection.loaded
    if missing:
        raise base.MilvusError(base.PARTITION_NOT_LOADED, "failed to %s: fail to %s on QueryNode 1: partition not loaded"
                               "[partition=[%s]]" % (action, action.replace("q", "Q"),
                                                     " ".join(str(collection.partitions[name][0]) for name in missing)))


def zone_of(params, collection, version, query=False):
    """The time zone that timestamptz is shown in: the request's, else the collection's; with the parts asked for, if any."""
    if version < (2, 6, 3):
        return collection.timezone
    zone = params.get("timezone")
    if zone and not instants.valid_zone(zone):
        raise invalid("unknown or invalid IANA Time Zone ID: %s", zone)
    zone = zone or collection.timezone
    if "time_fields" in params:
        parts = instants.Parts(zone, params["time_fields"])
        # a query that names none shows the text, a search shows none
        return parts if parts.names or not query else zone
    return zone


class Params:
    """parseQueryParams."""

    def __init__(self, request, collection, version):
        found = base.pairs(request.query_params)
        self.for_best = self.iterator = False
        if "reduce_stop_for_best" in found:
            self.for_best = self.boolean(found, "reduce_stop_for_best", "value for reduce_stop_for_best is invalid")
        if "iterator" in found and version >= (2, 5, 0):
            self.iterator = self.boolean(found, "iterator", "value for iterator field is invalid")
        # 2.4 knows no key `iterator`; there every segment gives the first by key, and they are merged by key
        # (segcore/InsertRecord.h find_first, proxy reduceRetrieveResults)
        self.ordered = self.iterator or version < (2, 5, 0)
        self.for_best = self.for_best and self.ordered
        self.collection_id = 0
        if "collection_id" in found:
            number = base.go_int(found["collection_id"])
            if number is None:
                raise expected("int value for collection_id", "collection_id", "value for collection id is invalid")
            self.collection_id = number
        if "ignore_growing" in found and base.go_bool(found["ignore_growing"]) is None:
            raise plain("parse ignore growing field failed")
        self.limit, self.offset = UNLIMITED, 0
        if "limit" in found:
            self.limit = self.number(found, "limit")
            if "offset" in found:
                self.offset = self.number(found, "offset")
            check_window(self.offset, self.limit, large(collection, version))
        self.zone = zone_of(found, collection, version, query=True)
        self.order = []
        if version >= (3, 0, 0):
            if found.get("group_by_fields"):
                raise base.Unimplemented("the model has no group_by_fields in queries")
            self.order = [part.strip() for part in found.get("order_by_fields", "").split(",") if part.strip()]
        if self.order and self.limit == UNLIMITED:
            raise invalid("ORDER BY requires explicit limit")
        if self.order and self.iterator:
            raise invalid("ORDER BY with iterator is not supported")

    @staticmethod
    def boolean(found, key, text):
        value = base.go_bool(found[key])
        if value is None:
            raise expected("true or false", found[key], text)
        return value

    @staticmethod
    def number(found, key):
        value = base.go_int(found[key])
        if value is None:
            raise plain("%s [%s] is invalid", key, found[key])
        return value


def check_window(offset, limit, is_large):
    window = LARGE_WINDOW if is_large else WINDOW
    wrong = None
    if offset < 0:
        wrong = "offset [%d] is invalid, should be gte than 0" % offset
    elif limit <= 0:
        wrong = "limit [%d] is invalid, should be greater than 0" % limit
    elif offset + limit > window:
        wrong = "(offset+limit) should be in range [1, %d], but got %d" % (window, offset + limit)
    if wrong:
        raise plain("invalid max query result window, %s", wrong)


class Key:
    """One field of ORDER BY (internal/util/reduce/orderby/types.go): as in PostgreSQL nulls are last, or first with desc."""

    def __init__(self, text, schema):
        name, *options = [part.strip() for part in text.split(":")]
        direction = options[0].lower() if options else ""
        if direction not in ("", "asc", "ascending", "desc", "descending"):
            raise invalid("invalid order direction '%s' for field '%s', must be 'asc' or 'desc'", direction, name)
        self.down = direction.startswith("desc")
        self.nulls_first = self.down
        if len(options) > 1:
            nulls = options[1].lower()
            if nulls not in ("nulls_first", "nulls_last"):
                raise invalid("invalid null ordering '%s', must be 'nulls_first' or 'nulls_last'", nulls)
            self.nulls_first = nulls == "nulls_first"
        field = schema.field(name)
        if field is None:
            raise invalid("order_by field '%s' does not exist in collection schema", name)
        if field.type not in schemas.INTEGERS | schemas.FLOATS | {DT.Bool, DT.VarChar}:
            raise invalid("order_by field '%s' has type %s which is not sortable", name, schemas.type_name(field.type))
        self.name = field.name

    def sort(self, rows):
        """Stable; texts by their bytes."""
        there = [row for row in rows if row.values[self.name] is not None]
        nulls = [row for row in rows if row.values[self.name] is None]
        there.sort(key=self.value, reverse=self.down)
        return nulls + there if self.nulls_first else there + nulls

    def value(self, row):
        found = row.values[self.name]
        return found.encode() if isinstance(found, str) else found


def sorted_by(rows, keys, params):
    """OrderByLimitOperator: of equals the one with the smaller key first."""
    rows = sorted(latest(rows), key=lambda row: row.pk)
    for key in reversed(keys):
        rows = key.sort(rows)
    return rows[params.offset:params.offset + params.limit]


class Output:
    """translateOutputFields: which columns, and which keys of the dynamic field."""

    def __init__(self, schema, names, version):
        self.schema = schema
        self.fields = set()
        self.names = []
        self.keys = None
        self.asked_pk = False
        everything = False
        keys = []
        for name in names:
            name = name.strip()
            if name == schema.pk.name or name == "*":
                self.asked_pk = True
            if name == "*":
                everything = True
                for field in schema.fields:
                    if field.name not in schema.bm25:
                        self.add(field.name, field.name)
                continue
            if name in schema.by_name:
                if name in schema.bm25:
                    raise plain("not allowed to retrieve raw data of field %s", name)
                self.add(name, name)
                continue
            if schema.dynamic is None:
                raise plain("field %s not exist", name)
            column = filters.parse_name(schema, name, version)
            if column is None or column.field is not schema.dynamic or len(column.path) != 1:
                raise plain("parse output field name failed: %s", name)
            self.add(schemas.META, name)
            keys.append(column.path[0])
        # of several keys only those are answered; "*" and $meta bring all
        if keys and not everything and schemas.META not in [n.strip() for n in names]:
            self.keys = keys

    def add(self, field, name):
        self.fields.add(field)
        if name not in self.names:
            self.names.append(name)

    def columns(self, with_pk):
        """In no order (the proxy walks a Go map), with the key at the end if it was not asked for."""
        found = [f for f in self.schema.fields if f.name in self.fields]
        random.shuffle(found)
        if with_pk and self.schema.pk not in found:
            found.append(self.schema.pk)
        if not with_pk:
            found = [f for f in found if not f.primary]
        return found

    def values(self, field, rows):
        found = [row.values[field.name] for row in rows]
        if field.dynamic and self.keys is not None:
            found = [self.only_keys(raw) for raw in found]
        return found

    def only_keys(self, raw):
        """ExtractSubJson: the object with nothing but the keys asked for."""
        if raw is None:
            return None
        found = {k: v for k, v in json.loads(raw).items() if k in self.keys}
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def is_count(names):
    return len(names) == 1 and names[0].strip().lower() == "count(*)"


def begin_of(keeper, request, collection):
    """CanSkipAllocTimestamp: only strong reads ask the oracle, the others take the wall clock."""
    level = request.consistency_level
    if request.use_default_consistency:
        level = collection.level
    elif level == 0 and request.guarantee_timestamp > 0:
        return base.Clock.wall()
    return keeper.clock.now() if level == 0 else base.Clock.wall()


def times_of(keeper, request, collection, iterator, begin, deadline):
    """The time each shard is read at: consistency level, schema change, and the rule for iterators."""
    version = keeper.version
    guarantee = store.guarantee_of(request, begin, collection, GRACEFUL)
    if version >= (2, 6, 0):
        guarantee = max(guarantee, collection.updated)
    mvcc = 0
    if iterator and request.guarantee_timestamp > 0 and version >= (2, 5, 0):
        # facts 1.1: the number becomes the snapshot, whatever the level says
        mvcc = guarantee = request.guarantee_timestamp
    return store.read_times(collection, guarantee, mvcc, deadline)


def query(keeper, request, result, context):
    version = keeper.version
    schemas.check_collection_name(request.collection_name)
    collection = keeper.collection(request.db_name, request.collection_name)
    schema = collection.schema
    if schema.partition_key and len(request.partition_names):
        raise invalid("not support manually specifying the partition names if partition key mode is used")
    for name in request.partition_names:
        schemas.check_partition_name(name, False)
    params = Params(request, collection, version)
    if 0 < params.collection_id != collection.id:
        raise invalid("Input collection id is not consistent to collectionID in the context,"
                      "alias or database may have changed")
    names = list(request.output_fields)
    count = is_count(names)
    if not count and version >= (3, 0, 0) and any("(" in name for name in names):
        raise base.Unimplemented("the model has no aggregates but a lone count(*)")
    try:
        plan = filters.compile_filter(schema, request.expr, dict(request.expr_template_values), version, params.zone)
    except base.MilvusError as error:
        raise invalid("failed to create query plan: %s", error.reason)
    output = None if count else Output(schema, names, version)
    if not count and plan.always_true and params.limit == UNLIMITED:
        raise invalid("empty expression should be used with limit")
    partitions = wanted_partitions(keeper, collection, list(request.partition_names), plan)
    if count and params.limit != UNLIMITED:
        raise invalid("count entities with pagination is not allowed")
    check_loaded(collection, partitions)
    order = [Key(text, schema) for text in params.order]
    begin = begin_of(keeper, request, collection)
    times = times_of(keeper, request, collection, params.iterator, begin, deadline_of(context))
    first = params.limit + params.offset if params.ordered and params.limit != UNLIMITED and not count else None
    rows = plan.select(collection, times, partitions, first)
    base.fill_status(result.status)
    result.collection_name = request.collection_name
    result.primary_field_name = schema.pk.name
    if count:
        result.output_fields.append("count(*)")
        column = result.fields_data.add(type=DT.Int64, field_name="count(*)")
        column.scalars.long_data.data.append(len(rows))
    else:
        rows = sorted_by(rows, order, params) if order else paged(rows, params, collection)
        answer(result, output, rows, params.zone, version)
    if params.iterator and request.guarantee_timestamp == 0:
        # getMaxMvccTsFromChannels over channelsMvcc, which a query never fills: always the proxy's BeginTs
        result.session_ts = begin
    return result


def paged(rows, params, collection):
    """limit and offset, as the shards' answers are reduced."""
    rows = latest(rows)
    if params.limit == UNLIMITED:
        return scrambled(rows)
    if not params.ordered:
        rows = scrambled(rows)
        return rows[params.offset:params.offset + params.limit]
    rows.sort(key=lambda row: row.pk)
    if not params.for_best:
        return rows[params.offset:params.offset + params.limit]
    return for_best(rows, params, collection)


def for_best(rows, params, collection):
    """reduce_stop_for_best: each shard gives `limit` rows, merged until one that has more runs dry."""
    want = params.limit + params.offset
    lists = {}
    for row in rows:
        lists.setdefault(collection.shard_of(row.pk).name, []).append(row)
    given = {name: part[:want] for name, part in lists.items()}
    more = {name for name, part in lists.items() if len(part) > want}
    merged = []
    for row in sorted((r for part in given.values() for r in part), key=lambda r: r.pk):
        merged.append(row)
        name = collection.shard_of(row.pk).name
        if name in more and row is given[name][-1]:
            break
    return merged[params.offset:]


def answer(result, output, rows, zone, version):
    for field in output.columns(with_pk=True):
        target = result.fields_data.add()
        columns.write_column(target, field, output.values(field, rows), zone, version)
    result.output_fields.extend(output.names)
