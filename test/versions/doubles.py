#!/usr/bin/env python3
"""Doubles of several versions of Milvus, in one process, that can also play a collection.

    PYTHON test/versions/doubles.py VERSION …

PYTHON is the python of a venv with PyMilvus.  The first line printed is a JSON
object {VERSION: port}.  Then each line read is an order in JSON, as test/double/double.py
takes it by Dummy, with "double": VERSION beside it; its answer is a line, too.

Beyond test/double there are, for collections that rows can be asked of:

    {"op": "collection", "name": C, "describe": {…}, "rows": [{field: value, …}, …], …}
                      a loaded collection.  More: "indexes": […] for DescribeIndex, "semantics": [2, 5, 3] when
                      it shall behave as that version, and see Collection.OPTIONS
    {"op": "others", "name": C, "rows": […], "delete": [keys]}       another session writes
    {"op": "set", "name": C, option: value, …}
    {"op": "rows", "name": C}              what is in it now

What is scripted with "answer", "answers", "fail" comes first.  What a read sees follows from what
internal/proxy/task_query.go makes of iterator, guarantee_timestamp and consistency_level.
"""

import base64
import json
import os
import re
import struct
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "double"))
sys.path.insert(0, HERE)
import double        # noqa: E402
import grammar as milvus_filter      # noqa: E402
import grpc          # noqa: E402
import messages      # noqa: E402
from google.protobuf import json_format     # noqa: E402

TICK = 1 << 18      # a hybrid timestamp's millisecond
START = 470000000000000000
STRONG, SESSION, BOUNDED, EVENTUALLY, CUSTOMIZED = range(5)
SCALARS = {"Bool": "bool_data", "Int8": "int_data", "Int16": "int_data", "Int32": "int_data", "Int64": "long_data",
           "Float": "float_data", "Double": "double_data", "VarChar": "string_data", "Text": "string_data",
           "Timestamptz": "string_data", "JSON": "json_data", "Geometry": "geometry_wkt_data"}


class Refused(Exception):
    def __init__(self, reason, code=1100):
        super().__init__(reason)
        self.code = code


class Denied(Exception):
    """privilege_interceptor.go: PermissionDenied."""


class Panic(Exception):
    """The server's process dies, or gRPC's recovery says so."""


def numbers(version):
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(n) for n in match.groups()) if match else None


class Collection:
    OPTIONS = {
        "lag": 0,               # ms that a read at level Bounded or Eventually stays behind
        "no_session_ts": False, # the answer has none
        "blind": 0,             # so many pages of the iterator are empty, whatever there is; -1: all
        "blind_strong": 0,      # the same, of those at level Strong
        "miscount": 0,          # count(*) tells so many more than there are, but at level Strong
        "page": 0,              # rows of a page at most
        "blind_until_strong": False,    # pages of the iterator are empty until somebody reads at level Strong
        "backward": False,      # pages behind a cursor go back to the keys before it
        "meta_nullable": False, # $meta was added later: it is nullable, with the default {}
        "made_again_at_write": False,   # just before the next Insert or Upsert another session drops it, and makes one of its name
        "disorder": False,      # pages in the order of insertion, not of the key
    }

    def __init__(self, server, order):
        self.server = server
        self.version = tuple(order.get("semantics") or server.numbers or (9, 9, 9))
        self.name = order["name"]
        self.describe = order["describe"]
        self.indexes = order.get("indexes", [])
        schema = self.describe["schema"]
        self.fields = {f["name"]: f for f in schema["fields"]}
        self.types = {n: f["data_type"] for n, f in self.fields.items()}
        if schema.get("enable_dynamic_field"):
            self.types["$meta"] = "JSON"
        self.nullable = {n for n, f in self.fields.items() if f.get("nullable")}
        self.key = next(f["name"] for f in schema["fields"] if f.get("is_primary_key"))
        self.auto = bool(self.fields[self.key].get("autoID"))
        self.options = {n: order.get(n, default) for n, default in self.OPTIONS.items()}
        self.now = order.get("now", START)
        self.rows = [{**row, " born": self.now - 1000000 * TICK, " died": None} for row in order.get("rows", [])]
        self.next_id = 1000
        self.aliases = order.get("aliases", [])
        self.denied = order.get("denied", [])       # names by which it may not be asked for
        self.partitions = ["_default", *order.get("partitions", [])]

    def tick(self):
        self.now += 10 * TICK
        return self.now

    # --- reading ---

    def read_at(self, request, iterator):
        """(the timestamp that a read is of, session_ts)."""
        given, level = request.guarantee_timestamp, request.consistency_level
        if iterator and given > 0 and self.version >= (2, 5):
            return given, 0
        safe = self.now - self.options["lag"] * TICK
        if request.use_default_consistency:
            level, given = BOUNDED, 0
        if level == STRONG:
            # parseGuaranteeTs(): 1 strong, 2 bounded, else as given
            at = self.now if given in (0, 1) else safe if given == 2 else max(safe, given)
        elif level in (SESSION, CUSTOMIZED):
            at = max(safe, given)
        else:
            at = safe
        at = min(at, self.now)
        tell = iterator and given == 0 and self.version >= (2, 5) and not self.options["no_session_ts"]
        return at, at if tell else 0

    def check_identity(self, params, reason):
        """A collection_id that is not the one of what the name means is refused: 4c91e05a5d, 2.5.4; 477425d092, 2.4.21."""
        checks = self.version >= (2, 5, 4) or (2, 4, 21) <= self.version < (2, 5)
        given, own = int(params.get("collection_id", 0)), int(self.describe.get("collectionID", 1))
        if checks and given > 0 and given != own:
            raise Refused(reason % {"given": given, "own": own})

    def check_window(self, depth):
        """validateMaxQueryResultWindow(), validateLimit(): of a collection with the property query_mode more, from 2dbca2c2fa, 2.6.14, on."""
        large = dict_of(self.describe.get("properties", [])).get("query_mode") == "large_topk" and self.version >= (2, 6, 14)
        most = 1000000 if large else 16384
        if not 0 < depth <= most:
            raise Refused("it should be in range [1, %d], but got %d" % (most, depth))

    def visible(self, at):
        return [r for r in self.rows if r[" born"] <= at and (r[" died"] is None or r[" died"] > at)]

    def parts(self, names, rows):
        for name in names:
            if name not in self.partitions:
                raise Refused("partition not found[partition=%s]" % name, 200)
        return [r for r in rows if not names or r.get(" part", "_default") in names]

    def filtered(self, expr, rows):
        try:
            return milvus_filter.passes(expr, self.version, self.types, rows, self.nullable)
        except milvus_filter.FilterError as e:
            raise Refused(str(e) if str(e).startswith("segcore") else "failed to create query plan: %s" % e)

    def query(self, request, response):
        params = {p.key: p.value for p in request.query_params}
        self.check_identity(params, "Input collection id is not consistent to collectionID in the context,alias or database may have changed")
        if "limit" in params:
            self.check_window(int(params["limit"]) + int(params.get("offset", 0)))
        iterator = params.get("iterator", "").lower() == "true"
        at, told = self.read_at(request, iterator)
        rows = self.filtered(request.expr, self.parts(request.partition_names, self.visible(at)))
        response.status.SetInParent()
        response.collection_name = self.name
        response.primary_field_name = self.key
        outputs = list(request.output_fields)
        strong = request.consistency_level == STRONG and request.guarantee_timestamp == 0
        if [o.replace(" ", "") for o in outputs] == ["count(*)"]:
            if strong:
                self.options["blind_until_strong"] = False
            count = len(rows) + (self.options["miscount"] if request.consistency_level != STRONG else 0)
            self.put(response.fields_data.add(), {"name": "count(*)", "data_type": "Int64"}, [count])
            return
        if not request.expr and "limit" not in params:
            raise Refused("empty expression should be used with limit")
        if request.consistency_level == STRONG and request.guarantee_timestamp == 0:
            self.options["blind_until_strong"] = False
        if iterator and self.options["blind_until_strong"]:
            rows = []
        if iterator and self.options["backward"] and ">" in request.expr:
            kept = {r[self.key] for r in rows}
            rows = [r for r in self.visible(at) if r[self.key] not in kept]
        blind = "blind_strong" if request.consistency_level == STRONG else "blind"
        if iterator and self.options[blind]:
            self.options[blind] -= self.options[blind] > 0
            rows = []
        if iterator and not self.options["disorder"]:
            rows = sorted(rows, key=lambda r: r[self.key].encode() if isinstance(r[self.key], str) else r[self.key])
        rows = rows[int(params.get("offset", 0)):]
        limit = int(params.get("limit", 1 << 40))
        if self.options["page"]:
            limit = min(limit, self.options["page"])
        rows = rows[:limit]
        response.session_ts = told
        wanted = self.wanted(outputs)
        for name in wanted:
            schema = self.fields.get(name, {"name": name, "data_type": "JSON"})
            self.put(response.fields_data.add(), schema, [r.get(name) for r in rows])
        del response.output_fields[:]
        response.output_fields.extend(wanted)

    def wanted(self, outputs):
        wanted = []
        for name in outputs:
            if name in ("*", "%"):
                wanted += [n for n in self.types]
            elif name in self.types:
                wanted.append(name)
            elif "$meta" in self.types:
                wanted.append("$meta")
            else:
                raise Refused("field %s not exist" % name)
        if self.key not in wanted:
            wanted.append(self.key)
        return list(dict.fromkeys(wanted))

    def put(self, data, schema, values):
        """Values as a column of an answer."""
        kind = schema["data_type"]
        data.type = data.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_name[kind].number
        data.field_name = schema["name"]
        data.field_id = schema.get("fieldID", 0)
        data.is_dynamic = schema["name"] == "$meta"
        if schema.get("nullable") or self.options["meta_nullable"] and schema["name"] == "$meta":
            data.valid_data.extend(v is not None for v in values)
        if "Vector" in kind:
            data.vectors.dim = int(dict_of(schema["type_params"])["dim"])
            # only those that there are: internal/proxy and segcore, nullable vectors
            floats = data.vectors.float_vector.data
            data.vectors.float_vector.SetInParent()
            for v in values:
                floats.extend(v or [])
            return
        if kind == "Array":
            data.scalars.array_data.element_type = data.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_name[schema["element_type"]].number
            for v in values:
                item = data.scalars.array_data.data.add()
                getattr(item, SCALARS[schema["element_type"]]).SetInParent()
                getattr(item, SCALARS[schema["element_type"]]).data.extend(v or [])
            return
        carrier = getattr(data.scalars, SCALARS[kind])
        carrier.SetInParent()
        for v in values:
            if kind == "JSON":
                carrier.data.append(b"" if v is None and schema.get("nullable") else json.dumps(v or {}).encode())
            else:
                empty = {"string_data": "", "geometry_wkt_data": "", "bool_data": False}.get(SCALARS[kind], 0)
                carrier.data.append(empty if v is None else v)

    def search(self, request, response):
        params = {p.key: p.value for p in request.search_params}
        self.check_identity(params, "collection id:%(given)d in the request is not consistent to that in the search context,"
                                    "alias or database may have been changed: %(own)d")
        self.check_window(int(params["topk"]) + int(params.get("offset", 0)))
        field = params["anns_field"]
        index = next((i for i in self.indexes if i["field_name"] == field), {"params": {}})
        metric = dict_of(index["params"]).get("metric_type", "L2")
        at, _ = self.read_at(request, False)
        rows = [r for r in self.filtered(request.dsl, self.parts(request.partition_names, self.visible(at))) if r.get(field) is not None]
        group = self.server.protocol_class("milvus.proto.common.PlaceholderGroup").FromString(request.placeholder_group)
        results = response.results
        response.status.SetInParent()
        response.collection_name = self.name
        results.num_queries = request.nq
        results.top_k = int(params["topk"])
        results.primary_field_name = self.key
        found = []
        for value in group.placeholders[0].values:
            query = struct.unpack("<%df" % (len(value) // 4), value)
            scored = []
            for row in rows:
                if metric == "L2":
                    score = sum((a - b) ** 2 for a, b in zip(row[field], query))
                else:
                    score = sum(a * b for a, b in zip(row[field], query))
                scored.append((score, row))
            scored.sort(key=lambda x: x[0] if metric == "L2" else -x[0])
            offset = int(params.get("offset", 0))
            scored = scored[offset:offset + int(params["topk"])]
            results.topks.append(len(scored))
            found += scored
        results.scores.extend(s for s, _ in found)
        ids = results.ids.str_id if self.types[self.key] == "VarChar" else results.ids.int_id
        ids.SetInParent()
        ids.data.extend(r[self.key] for _, r in found)
        for name in self.wanted(list(request.output_fields)):
            if name != self.key or self.key in request.output_fields:
                self.put(results.fields_data.add(), self.fields.get(name, {"name": name, "data_type": "JSON"}), [r.get(name) for _, r in found])

    # --- writing ---

    def take(self, data, count, partial=False):
        """The values of a column of a request, as validate_util.go fillWithValue (and for partial updates task_upsert.go
        queryPreExecute) check them. A missing valid_data is all true: of nullable fields from fd83cae0fd, 2.6.2, on, of
        others with a default from 95cac4747f, 2.6.12, on; till then partial updates take those of nullable fields only."""
        name = "$meta" if data.is_dynamic or data.field_name == "$meta" else data.field_name
        schema = self.fields.get(name, {"name": name, "data_type": "JSON"} if name == "$meta" and "$meta" in self.types else None)
        if schema is None:
            raise Refused("field %s not exist" % name)
        kind, valid = schema["data_type"], list(data.valid_data)
        default = "default_value" in schema
        if self.version < (2, 5):
            valid = []
        else:
            if partial and (2, 6, 2) <= self.version < (2, 6, 12) and valid and not schema.get("nullable"):
                raise Refused("the length of valid_data of field(%s) is wrong: expected 0, actual %d" % (name, len(valid)))
            if not valid and (self.version >= (2, 6, 12) or self.version >= (2, 6, 2) and (partial or schema.get("nullable"))):
                if default or schema.get("nullable"):
                    valid = [True] * count
            if (default or schema.get("nullable")) and len(valid) != count:
                raise Refused("the length of valid_data of field(%s) is wrong: expected %d, actual %d" % (name, count, len(valid)))
            if not (default or schema.get("nullable")) and valid:
                raise Refused("the length of valid_data of field(%s) is wrong: expected 0, actual %d" % (name, len(valid)))
        if data.WhichOneof("field") is None:
            if self.version < (2, 5):
                raise Panic("undefined data type %s" % kind)
            raise Refused("undefined data type:%s" % kind)
        if "Vector" in kind:
            dim = int(dict_of(schema["type_params"])["dim"])
            flat = list(data.vectors.float_vector.data)
            values = [flat[i:i + dim] for i in range(0, len(flat), dim)]
        elif kind == "Array":
            values = [list(getattr(d, SCALARS[schema["element_type"]]).data) for d in data.scalars.array_data.data]
        else:
            which = data.scalars.WhichOneof("data")
            if which != SCALARS[kind]:
                raise Panic("field %s is %s, sent is %s" % (name, kind, which))
            values = list(getattr(data.scalars, which).data)
            if kind == "JSON":
                values = [json.loads(v) for v in values]
        there = sum(valid) if valid else count
        if len(values) != there:
            raise Refused("the length of field(%s) is wrong: expected %d, actual %d" % (name, there, len(values)))
        if valid:
            fill = default_of(schema) if default else None
            left = iter(values)
            values = [next(left) if v else fill for v in valid]
        return name, values

    def decode(self, request, partial=False):
        count = request.num_rows
        columns = dict(self.take(d, count, partial) for d in request.fields_data)
        for name, schema in self.fields.items():
            if name in columns or (name == self.key and self.auto) or partial or schema.get("is_function_output"):
                continue
            if "default_value" in schema:
                if self.version < (2, 5):
                    raise Panic("undefined data type %s" % schema["data_type"])
                columns[name] = [default_of(schema)] * count
            elif schema.get("nullable") and self.version >= (2, 5):
                columns[name] = [None] * count
            else:
                raise Refused("fieldSchema(%s) has no corresponding fieldData pass in" % name)
        return [{n: v[i] for n, v in columns.items()} for i in range(count)]

    def answer_ids(self, response, keys, at):
        response.status.SetInParent()
        response.timestamp = at
        if self.types[self.key] == "VarChar":
            response.IDs.str_id.data.extend(keys)
        else:
            response.IDs.int_id.data.extend(keys)

    def check_schema(self, request):
        """task_insert.go, task_upsert.go, PreExecute: a schema_timestamp that is not the collection's update_timestamp is refused,
        ErrCollectionSchemaMismatch: 3b3959c625, 2.5.4; 6111a0dc22, 2.4.21."""
        if self.options["made_again_at_write"]:
            self.options["made_again_at_write"] = False
            self.describe.update({"collectionID": str(int(self.describe["collectionID"]) + 100000), "update_timestamp": str(int(self.describe["update_timestamp"]) + TICK)})
            self.rows = []
        checks = self.version >= (2, 5, 4) or (2, 4, 21) <= self.version < (2, 5)
        if checks and request.schema_timestamp not in (0, int(self.describe["update_timestamp"])):
            raise Refused("collection schema mismatch[collection=%s]" % self.name, 109)

    def insert(self, request, response):
        self.check_schema(request)
        rows = self.decode(request)
        at = self.tick()
        for row in rows:
            if self.auto:
                self.next_id += 1
                row[self.key] = self.next_id
        self.rows += [{**row, " born": at, " died": None, " part": request.partition_name or "_default"} for row in rows]
        self.answer_ids(response, [r[self.key] for r in rows], at)
        response.insert_cnt = len(rows)
        response.succ_index.extend(range(len(rows)))

    def upsert(self, request, response):
        self.check_schema(request)
        partial = getattr(request, "partial_update", False) and self.version >= (2, 6, 1)
        rows = self.decode(request, partial)
        keys = [r[self.key] for r in rows]
        if len(set(keys)) < len(keys) and self.version >= (2, 6, 2):
            raise Refused("duplicate primary keys are not allowed in the same batch")
        at = self.tick()
        for row in rows:
            for old in self.visible(at):
                if old[self.key] == row[self.key]:
                    old[" died"] = at
                    if partial:
                        row = {**{k: v for k, v in old.items() if k[0] != " "}, **row}
            if self.auto:
                # checkUpsertPrimaryFieldData(): the row gets another key
                self.next_id += 1
                row = {**row, self.key: self.next_id}
            self.rows.append({**row, " born": at, " died": None, " part": request.partition_name or "_default"})
        self.answer_ids(response, [r[self.key] for r in rows], at)
        response.upsert_cnt = response.insert_cnt = response.delete_cnt = len(rows)

    def delete(self, request, response):
        if not request.expr:
            raise Refused("expr cannot be empty")
        try:
            tree = milvus_filter.rewritten(request.expr, self.version, self.types, self.nullable)
        except milvus_filter.FilterError as e:
            raise Refused(str(e) if str(e).startswith("segcore") else "failed to create delete plan: %s" % e)
        if tree == milvus_filter.ALWAYS:
            raise Refused("delete plan can't be empty or always true : %s" % request.expr)
        gone = self.filtered(request.expr, self.parts([request.partition_name] if request.partition_name else [], self.visible(self.now)))
        at = self.tick()
        for row in gone:
            row[" died"] = at
        named = simple_keys(tree, self.key)
        response.delete_cnt = len(gone) if named is None else len(named)
        # task_delete.go: nothing is told before 2.5
        self.answer_ids(response, [], at if self.version >= (2, 5) else 0)

    # --- what is told of it ---

    def answer_describe(self, response):
        channels = ["by-dev-rootcoord-dml_%d" % i for i in range(self.describe.get("shards_num", 1))]
        json_format.ParseDict({"status": {}, "collection_name": self.name, "consistency_level": "Bounded", "aliases": self.aliases,
                               "num_partitions": str(len(self.partitions)), "physical_channel_names": channels, "created_timestamp": str(START - 1000 * TICK),
                               "created_utc_timestamp": "1793000000000", "db_name": "default",
                               "virtual_channel_names": ["%s_%sv%d" % (c, self.describe.get("collectionID", 1), i) for i, c in enumerate(channels)], **self.describe}, response)

    def row_count(self):
        return len(self.visible(self.now))


def simple_keys(tree, key):
    """The keys that task_delete.go takes to be all that is to be deleted, without a look: what getPrimaryKeysFromPlan()
    finds after the rewriter, or None."""
    if tree[0] == "==" and tree[1] == ("field", key) and tree[2][0] == "value":
        return [tree[2][1]]
    if tree[0] == "in" and tree[1] == ("field", key) and tree[2][0] == "list":
        return [t[1] for t in tree[2][1]]
    if tree[0] in ("and", "&&") and milvus_filter.names(tree) == {key}:
        # a list and ranges of the key: those of the list that are within
        found = [simple_keys(t, key) for t in milvus_filter.flat(tree, ("and", "&&"))]
        return next((f for f in found if f is not None), None)
    return None


def dict_of(pairs):
    return pairs if isinstance(pairs, dict) else {p["key"]: p["value"] for p in pairs}


def default_of(schema):
    return next(iter(schema["default_value"].values()))


class Model(double.Double):
    """A double with collections."""

    PLAYED = ("DescribeCollection", "HasCollection", "DescribeIndex", "ShowPartitions", "GetPartitionStatistics", "GetCollectionStatistics",
              "GetLoadState", "GetLoadingProgress", "ShowCollections", "ListDatabases", "Query", "Insert", "Upsert", "Delete", "Search",
              "AllocTimestamp", "TruncateCollection")

    def __init__(self, protocol, version):
        self.numbers = numbers(version)
        pool = protocol.rpcs["Search"].request.DESCRIPTOR.file.pool
        self.protocol_class = lambda name: messages.message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        super().__init__(protocol, version)

    def reset(self, order):
        self.collections = {}
        return super().reset(order)

    def control(self, order):
        op = order.get("op")
        if op == "collection":
            self.collections[order["name"]] = Collection(self, order)
            return {}
        if op in ("others", "set", "rows"):
            collection = self.collections[order["name"]]
            if op == "set":
                collection.options.update({k: v for k, v in order.items() if k in Collection.OPTIONS})
            if op == "others":
                at = collection.tick()
                for row in collection.visible(at):
                    if row[collection.key] in order.get("delete", []):
                        row[" died"] = at
                collection.rows += [{**row, " born": at, " died": None} for row in order.get("rows", [])]
            return [{k: v for k, v in r.items() if k[0] != " " or k == " part" and v != "_default"} for r in collection.visible(collection.now)]
        return super().control(order)

    def play(self, rpc, request):
        response = rpc.response()
        name = getattr(request, "collection_name", "")
        collection = self.collections.get(name) or next((c for c in self.collections.values() if name in c.aliases), None)
        status = messages.status_of(response)
        if status is not None:
            status.SetInParent()
        if rpc.name == "AllocTimestamp":
            response.timestamp = max([c.now for c in self.collections.values()] or [START])
            return response
        if rpc.name == "ListDatabases":
            response.db_names.append("default")
            return response
        if rpc.name == "ShowCollections":
            for i, c in enumerate(self.collections.values()):
                response.collection_names.append(c.name)
                response.collection_ids.append(int(c.describe.get("collectionID", i + 1)))
            return response
        if collection is None:
            raise Refused("collection not found[database=default][collection=%s]" % name, 100)
        if name in collection.denied:
            raise Denied("PrivilegeDescribeCollection: permission deny to ann in the `default` database")
        if rpc.name == "DescribeCollection":
            collection.answer_describe(response)
        elif rpc.name == "HasCollection":
            response.value = True
        elif rpc.name == "DescribeIndex":
            if not collection.indexes:
                raise Refused("index not found", 700)
            json_format.ParseDict({"status": {}, "index_descriptions": collection.indexes}, response)
        elif rpc.name == "ShowPartitions":
            for i, part in enumerate(collection.partitions, 1):
                response.partition_names.append(part)
                response.partitionIDs.append(i)
                response.inMemory_percentages.append(100)
        elif rpc.name in ("GetCollectionStatistics", "GetPartitionStatistics"):
            response.stats.add(key="row_count", value=str(collection.row_count()))
        elif rpc.name == "GetLoadState":
            json_format.ParseDict({"status": {}, "state": "LoadStateLoaded"}, response)
        elif rpc.name == "GetLoadingProgress":
            response.progress = response.refresh_progress = 100
        elif rpc.name == "TruncateCollection":
            if collection.version < (2, 6, 11):
                raise Panic("unimplemented")
            at = collection.tick()
            for row in collection.visible(at):
                row[" died"] = at
        else:
            getattr(collection, rpc.name.lower())(request, response)
        return response

    def answer_to(self, rpc, sent):
        if rpc.name in self.answers or rpc.name not in self.PLAYED or not self.collections:
            return super().answer_to(rpc, sent)
        sent = base64.b64decode(self.last["bytes"])
        try:
            return self.play(rpc, rpc.request.FromString(sent)).SerializeToString()
        except Refused as e:
            response = rpc.response()
            status = messages.status_of(response)
            status.code, status.reason = e.code, str(e)
            status.error_code = 1
            self.last["answer"] = str(e)
            return response.SerializeToString()
        except Panic as e:
            self.last["answer"] = "PANIC: %s" % e
            self.panicked = str(e)
            raise

    def record(self, rpc, sent, request_id=None):
        fault = super().record(rpc, sent, request_id)
        self.last = self.recorded[-1]
        return fault

    def respond(self, rpc, sent, context):
        try:
            return super().respond(rpc, sent, context)
        except Denied as e:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, str(e))
        except Panic as e:
            context.abort(grpc.StatusCode.UNIMPLEMENTED if str(e) == "unimplemented" else grpc.StatusCode.UNAVAILABLE, "PANIC: %s" % e)
        except Exception as e:
            if context.code() is None:
                import traceback
                traceback.print_exc()
            raise


def main():
    protocol = messages.Protocol()
    doubles, ports, servers = {}, {}, []
    for version in sys.argv[1:]:
        model = Model(protocol, version)
        server = grpc.server(ThreadPoolExecutor(max_workers=4), handlers=[double.Handler(model)],
                             options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
                                      ("grpc.so_reuseport", 0)])
        ports[version] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        doubles[version] = model
    print(json.dumps(ports), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        model = doubles[order.pop("double")]
        try:
            with model.lock:
                answer = model.control(order)
        except Exception as e:      # noqa: BLE001: told, not raised
            answer = {"error": "%s: %s" % (type(e).__name__, e)}
        print(json.dumps(answer), flush=True)
    for server in servers:
        server.stop(0)


if __name__ == "__main__":
    main()
