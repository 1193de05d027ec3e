"""A Milvus server, asked with PyMilvus' declarations of the messages and nothing else of PyMilvus.

What it makes has names with a random prefix, and is dropped by that prefix.
"""
import base64
import json
import os
import secrets
import struct
import sys
import time

import grpc
from google.protobuf import message_factory

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "double"))
import messages     # noqa: E402

PREFIX = "milvus_fdw_check_"
STRONG, SESSION, BOUNDED, EVENTUALLY = range(4)
FLOAT_VECTOR, BINARY_VECTOR, FLOAT16_VECTOR, BFLOAT16_VECTOR, SPARSE_VECTOR = 101, 100, 102, 103, 104
TYPES = {"Bool": 1, "Int8": 2, "Int16": 3, "Int32": 4, "Int64": 5, "Float": 10, "Double": 11, "VarChar": 21, "Array": 22, "JSON": 23,
         "Geometry": 24, "Text": 25, "Timestamptz": 26, "BinaryVector": BINARY_VECTOR, "FloatVector": FLOAT_VECTOR, "Float16Vector": FLOAT16_VECTOR,
         "BFloat16Vector": BFLOAT16_VECTOR, "SparseFloatVector": SPARSE_VECTOR, "Int8Vector": 105}
# where a column of each type has its values
HOLDERS = {"Bool": "bool_data", "Int8": "int_data", "Int16": "int_data", "Int32": "int_data", "Int64": "long_data", "Float": "float_data",
           "Double": "double_data", "VarChar": "string_data", "JSON": "json_data", "Array": "array_data", "Timestamptz": "string_data",
           "Geometry": "geometry_wkt_data", "Text": "string_data"}


class Refused(Exception):
    """The server answered with an error."""


class Unknown(Refused):
    """It does not know the RPC."""


class Gone(Exception):
    """It does not answer any more."""


class Absent(Exception):
    """What a test needs is not there: it can't be measured."""


class Field:
    """A field of a schema."""

    def __init__(self, name, kind, key=False, element=None, nullable=False, default=None, auto=False, partition_key=False, **params):
        self.name, self.kind, self.key, self.element = name, kind, key, element
        self.nullable, self.default, self.auto, self.partition_key, self.params = nullable, default, auto, partition_key, params

    def describe(self, message, number):
        message.fieldID = number
        message.name = self.name
        message.data_type = TYPES[self.kind]
        message.is_primary_key = self.key
        message.autoID = self.auto
        message.is_partition_key = self.partition_key
        message.nullable = self.nullable
        if self.element:
            message.element_type = TYPES[self.element]
        if self.default is not None:
            holder = {"Int64": "long_data", "Int32": "int_data", "VarChar": "string_data"}[self.kind]
            setattr(message.default_value, holder, self.default)
        for key, value in self.params.items():
            message.type_params.add(key=key, value=str(value))


class Server:
    def __init__(self, address, user=None, password=None, tls=None, timeout=60):
        """user without password: a token. tls: a file of root certificates, or "" for the system's."""
        self.address = address
        self.timeout = timeout
        self.protocol = messages.Protocol()
        sizes = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        if tls is None:
            self.channel = grpc.insecure_channel(address, sizes)
        else:
            self.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(open(tls, "rb").read() if tls else None), sizes)
        self.metadata = []
        if user:
            self.metadata = [("authorization", base64.b64encode((user if password is None else f"{user}:{password}").encode()).decode())]
        self.prefix = PREFIX + secrets.token_hex(5)
        self.made = []
        self.pool = self.protocol.rpcs["Query"].request.DESCRIPTOR.file.pool
        self.build_tags = None
        self.version = None
        self.doubt = False          # read strong, whatever it costs
        self.writes = 0

    def message(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName("milvus.proto." + name))

    def call(self, name, request=None, timeout=None, **fields):
        """The answer, or an exception: a code other than 0 is one."""
        rpc = self.protocol.rpcs[name]
        request = request or rpc.request(**fields)
        self.writes += name in ("Insert", "Upsert", "Delete", "CreateCollection", "TruncateCollection")
        ask = self.channel.unary_unary(f"/{messages.SERVICE}/{name}", request_serializer=rpc.request.SerializeToString,
                                       response_deserializer=rpc.response.FromString)
        try:
            answer = ask(request, timeout=timeout or self.timeout, metadata=self.metadata)
        except grpc.RpcError as error:
            text = f"{error.code().name}: {error.details()}"
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                raise Unknown(text) from None
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                raise Gone(text) from None
            raise Refused(text) from None
        status = messages.status_of(answer)
        if status is not None and (status.code or status.error_code):
            raise Refused(" ".join(status.reason.split()) or f"code {status.code}, error code {status.error_code}")
        return answer

    def greet(self):
        """Wait for it to answer, and take what it says of itself."""
        try:
            grpc.channel_ready_future(self.channel).result(timeout=20)
        except grpc.FutureTimeoutError:
            raise Gone(f"no server answers at {self.address}") from None
        try:
            request = self.protocol.rpcs["Connect"].request()
            request.client_info.sdk_type = "milvus_fdw"
            self.build_tags = self.call("Connect", request).server_info.build_tags
        except Unknown:
            self.build_tags = ""
        try:
            self.version = self.call("GetVersion").version
        except Refused:
            self.version = ""

    def number(self):
        """(2, 5, 24) of a Milvus; None of one of the Lites, and of what does not say."""
        text = (self.build_tags or "").lstrip("v")
        try:
            parts = [int("".join(c for c in p if c.isdigit()) or -1) for p in text.split("-")[0].split(".")[:3]]
        except ValueError:
            return None
        return tuple(parts + [0] * (3 - len(parts))) if len(parts) >= 2 and min(parts) >= 0 else None

    @property
    def lite(self):
        """2 or 3, of the Lites."""
        return 2 if not self.build_tags else 3 if self.build_tags.startswith("milvus_lite") else None

    # --- collections of ours ---

    def create(self, label, fields, dynamic=False, properties=None):
        schema = self.schema(label, fields)
        schema.enable_dynamic_field = dynamic
        self.create_of(schema, properties)
        return Collection(self, schema.name, fields, dynamic)

    def schema(self, label, fields):
        """For create_of(), which takes more than fields."""
        schema = self.message("schema.CollectionSchema")(name=f"{self.prefix}_{label}", autoID=any(f.auto for f in fields))
        for number, field in enumerate(fields):
            field.describe(schema.fields.add(), 100 + number)
        return schema

    def create_of(self, schema, properties=None):
        self.made.append(schema.name)
        request = self.protocol.rpcs["CreateCollection"].request(collection_name=schema.name, schema=schema.SerializeToString(), shards_num=1)
        for key, value in (properties or {}).items():
            request.properties.add(key=key, value=value)
        try:
            self.call("CreateCollection", request)
        except Unknown as error:
            raise Absent(f"no server, but a model that has not all: {error}") from None

    def drop_all(self):
        """Whatever has our prefix. True when nothing is left."""
        try:
            left = {n for n in self.call("ShowCollections").collection_names if n.startswith(self.prefix)}
        except Refused:
            left = set(self.made)
        for name in left:
            try:
                self.call("ReleaseCollection", collection_name=name)
            except Refused:
                pass
            try:
                self.call("DropCollection", collection_name=name)
            except Refused:
                pass
        try:
            return not any(n.startswith(self.prefix) for n in self.call("ShowCollections").collection_names)
        except Refused:
            return True


def column_of(message, field, values):
    """values: one for each row; None only where the field is nullable."""
    column = message(field_name=field.name, type=TYPES[field.kind])
    valid = [v for v in values if v is not None]
    if field.nullable:
        column.valid_data.extend(v is not None for v in values)
    if field.kind == "SparseFloatVector":
        # pairs of an index and a float, 8 bytes each
        column.vectors.sparse_float_vector.contents.extend(valid)
        column.vectors.sparse_float_vector.dim = max(int.from_bytes(v[-8:-4], "little") for v in valid) + 1
        return column
    if field.kind.endswith("Vector"):
        column.vectors.dim = int(field.params["dim"])
        if field.kind == "FloatVector":
            column.vectors.float_vector.data.extend(x for v in valid for x in v)
        else:
            setattr(column.vectors, {"BinaryVector": "binary_vector", "Float16Vector": "float16_vector",
                                     "BFloat16Vector": "bfloat16_vector", "Int8Vector": "int8_vector"}[field.kind], b"".join(valid))
        return column
    holder = getattr(column.scalars, HOLDERS[field.kind])
    holder.SetInParent()
    if field.kind == "Array":
        holder.element_type = TYPES[field.element]
        for row in valid:
            item = holder.data.add()
            part = getattr(item, HOLDERS[field.element])
            part.SetInParent()
            part.data.extend(row)
    elif field.kind == "JSON":
        holder.data.extend(v if isinstance(v, bytes) else json.dumps(v, ensure_ascii=False).encode() for v in valid)
    else:
        holder.data.extend(valid)
    return column


def scalar_values(data, name):
    held = getattr(data, data.WhichOneof("data")) if data.WhichOneof("data") else None
    if held is None:
        return []
    if name == "array_data":
        return [scalar_values(d, d.WhichOneof("data")) for d in held.data]
    return list(held.data)


def column_values(column, rows):
    """The values of a column of an answer, None for NULL."""
    if column.HasField("vectors"):
        kind = column.vectors.WhichOneof("data")
        if kind == "float_vector":
            flat, dim = column.vectors.float_vector.data, column.vectors.dim
            found = [list(flat[i:i + dim]) for i in range(0, len(flat), dim)]
        elif kind == "sparse_float_vector":
            found = list(column.vectors.sparse_float_vector.contents)
        else:
            flat = getattr(column.vectors, kind) if kind else b""
            size = len(flat) // rows if rows else 1
            found = [flat[i:i + size] for i in range(0, len(flat), size or 1)]
    else:
        found = scalar_values(column.scalars, column.scalars.WhichOneof("data"))
    valid = list(column.valid_data)
    if valid and len(found) < len(valid):
        left = iter(found)
        return [next(left) if v else None for v in valid]
    if valid:
        return [x if v else None for x, v in zip(found, valid)]
    return found


def answer_rows(fields_data, count=None):
    """Rows as dicts."""
    if count is None:
        count = max([len(column_values(c, 0)) for c in fields_data if not c.HasField("vectors")] or [0])
    columns = {c.field_name: column_values(c, count) for c in fields_data}
    length = max([len(v) for v in columns.values()] or [0])
    return [{n: v[i] for n, v in columns.items() if i < len(v)} for i in range(length)]


class Collection:
    """One that we made, or one that is only read."""

    def __init__(self, server, name, fields=(), dynamic=False):
        self.server, self.name, self.fields, self.dynamic = server, name, list(fields), dynamic
        self.loaded = False
        self.static = False         # seen whole, and not written to any more

    @property
    def key(self):
        return next(f for f in self.fields if f.key)

    def columns(self, rows, names=None, leave_out=()):
        """rows: dicts; "$meta" has the dynamic keys."""
        message = self.server.message("schema.FieldData")
        found = []
        for field in self.fields:
            if field.name in leave_out or field.auto and field.name not in (names or ()) or names is not None and field.name not in names:
                continue
            found.append(column_of(message, field, [row.get(field.name) for row in rows]))
        if self.dynamic and (names is None or "$meta" in names):
            column = message(type=TYPES["JSON"], is_dynamic=True)
            column.scalars.json_data.data.extend(
                m if isinstance(m, bytes) else json.dumps(m, ensure_ascii=False).encode() for m in (row.get("$meta", {}) for row in rows))
            found.append(column)
        return found

    def insert(self, rows, partition="", leave_out=(), change=None):
        columns = self.columns(rows, leave_out=leave_out)
        if change:
            change(columns)
        return self.server.call("Insert", collection_name=self.name, partition_name=partition, fields_data=columns, num_rows=len(rows))

    def upsert(self, rows, names=None, partial=False):
        every = [f.name for f in self.fields] + (["$meta"] if self.dynamic else [])
        columns = self.columns(rows, names or every)
        request = self.server.protocol.rpcs["Upsert"].request(collection_name=self.name, fields_data=columns, num_rows=len(rows))
        if partial:
            request.partial_update = True
        return self.server.call("Upsert", request)

    def delete(self, expr, partition=""):
        return self.server.call("Delete", collection_name=self.name, partition_name=partition, expr=expr, consistency_level=STRONG)

    def index(self, field="e", kind="FLAT", metric="L2", name=None, **more):
        """more: parameters of a scalar index, which has no metric."""
        request = self.server.protocol.rpcs["CreateIndex"].request(collection_name=self.name, field_name=field, index_name=name or f"i_{field}")
        for key, value in {"index_type": kind, **(more or {"metric_type": metric, "params": "{}"})}.items():
            request.extra_params.add(key=key, value=value)
        self.server.call("CreateIndex", request)

    def start_loading(self):
        self.server.call("LoadCollection", collection_name=self.name, replica_number=1)

    def load(self, seconds=120):
        """Load it, and wait till it can be read."""
        if not self.loaded:
            self.start_loading()
            end = time.monotonic() + seconds
            while True:
                try:
                    if self.server.call("GetLoadingProgress", collection_name=self.name).progress >= 100:
                        break
                except Unknown:
                    break
                if time.monotonic() > end:
                    raise Refused(f"not loaded after {seconds} s")
                time.sleep(0.1)
            self.loaded = True
        return self

    def level(self, level=None):
        """A strong read waits for the next tick of the server's clock."""
        if level is not None:
            return level, 0
        return (EVENTUALLY, 1) if self.static and not self.server.doubt else (STRONG, 0)

    def ask(self, expr, fields, params=None, level=None, guarantee=0, partitions=(), db=""):
        level, least = self.level(level)
        request = self.server.protocol.rpcs["Query"].request(
            collection_name=self.name, expr=expr, output_fields=fields, partition_names=partitions, consistency_level=level,
            guarantee_timestamp=guarantee or least)
        if db:
            request.db_name = db
        for key, value in (params or {}).items():
            request.query_params.add(key=key, value=str(value))
        return self.server.call("Query", request)

    def query(self, expr, fields, **options):
        return answer_rows(self.ask(expr, fields, **options).fields_data)

    def keys(self, expr, **options):
        name = self.key.name
        return sorted(row[name] for row in self.query(expr, [name], **options))

    def count(self, expr="", **options):
        return self.query(expr, ["count(*)"], **options)[0]["count(*)"]

    def search(self, vector, k, *options, **more):
        """[(key, score, row)] of one query."""
        results = self.results(vector, k, *options, **more)
        keys = list(results.ids.int_id.data) or list(results.ids.str_id.data)
        return list(zip(keys, results.scores, answer_rows(results.fields_data, len(keys)) or [{}] * len(keys)))

    def results(self, vector, k, params=None, fields=(), field="e", metric="L2", extra=None, expr="", change=None):
        """SearchResultData. change: is given the request before it is sent."""
        kind = {FLOAT_VECTOR: 101, BINARY_VECTOR: 100, FLOAT16_VECTOR: 102, BFLOAT16_VECTOR: 103}[TYPES[self.field(field).kind]]
        group = self.server.message("common.PlaceholderGroup")()
        packed = vector if isinstance(vector, bytes) else struct.pack(f"<{len(vector)}f", *vector)
        group.placeholders.add(tag="$0", type=kind, values=[packed])
        request = self.server.protocol.rpcs["Search"].request(
            collection_name=self.name, dsl=expr, dsl_type=1, placeholder_group=group.SerializeToString(), output_fields=fields, nq=1)
        request.consistency_level, request.guarantee_timestamp = self.level()
        params = params or {}
        chosen = {"anns_field": field, "topk": k, "metric_type": metric, "round_decimal": -1, "params": json.dumps(params), **params, **(extra or {})}
        for key, value in chosen.items():
            request.search_params.add(key=key, value=str(value))
        if change:
            change(request)
        return self.server.call("Search", request).results

    def field(self, name):
        return next(f for f in self.fields if f.name == name)
