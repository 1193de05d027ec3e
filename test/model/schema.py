"""Collections' schemas: what CreateCollection checks, field ids, lookups.

Rules from internal/proxy/util.go (validate…), internal/proxy/task.go
(createCollectionTask) and internal/rootcoord/create_collection_task.go.
"""

import functools
import json
import re

import analyzer
import base
from base import (DT, COLLECTION_ILLEGAL_SCHEMA, DATABASE_INVALID_NAME, FIELD_INVALID_NAME, MilvusError, PARAMETER_MISSING,
                  Unimplemented, expected, invalid, pairs, plain)
from pymilvus.grpc_gen import schema_pb2

META = "$meta"
START_OF_FIELDS = 100
MAX_NAME = 255
MAX_PARTITIONS = 1024           # rootCoord.maxPartitionNum

SIZED = {DT.FloatVector: 4, DT.Float16Vector: 2, DT.BFloat16Vector: 2, DT.Int8Vector: 1}
DENSE = set(SIZED) | {DT.BinaryVector}
VECTORS = DENSE | {DT.SparseFloatVector}
SMALL_INTS = {DT.Int8: 2 ** 7, DT.Int16: 2 ** 15, DT.Int32: 2 ** 31}
INTEGERS = set(SMALL_INTS) | {DT.Int64}
FLOATS = {DT.Float, DT.Double}
STRINGS = {DT.VarChar, DT.String, DT.Text}

SCALARS = INTEGERS | FLOATS | {DT.Bool, DT.VarChar, DT.JSON, DT.Array}

# when a type came (milvus-proto and the releases' notes; facts/types.md)
SINCE = {DT.Int8Vector: (2, 6, 0), DT.Timestamptz: (2, 6, 3), DT.Text: (3, 0, 0)}
NOT_BUILT = {DT.Geometry, DT.ArrayOfVector, DT.ArrayOfStruct, DT.Struct, DT.Mol}


def type_name(number):
    return DT.Name(number) if number in DT.values() else str(number)


class Field:
    def __init__(self, proto):
        self.proto = proto
        self.id = proto.fieldID
        self.name = proto.name
        self.type = proto.data_type
        self.element = proto.element_type
        self.primary = proto.is_primary_key
        self.auto_id = proto.autoID
        self.nullable = proto.nullable
        self.dynamic = proto.is_dynamic
        self.partition_key = proto.is_partition_key
        self.params = pairs(proto.type_params)
        self.has_default = proto.HasField("default_value")
        self.is_vector = self.type in VECTORS
        self.function_output = proto.is_function_output
        self.dim = int(self.params["dim"]) if self.type in DENSE else 0
        self.max_length = int(self.params["max_length"]) if "max_length" in self.params else 0
        self.max_capacity = int(self.params["max_capacity"]) if "max_capacity" in self.params else 0
        self.match = self.params.get("enable_match", "").lower() == "true"
        self.analyzed = self.params.get("enable_analyzer", "").lower() == "true"

    @functools.cached_property
    def analyzer(self):
        return analyzer.of(self.params)

    def default(self):
        """The value that the message holds, as the rows keep it."""
        value = self.proto.default_value
        kind = value.WhichOneof("data")
        if kind is None:
            return {DT.Bool: False, DT.VarChar: "", DT.JSON: b"{}"}.get(self.type, 0)
        if self.type == DT.Timestamptz and kind == "string_data":
            import instants
            return instants.parse(value.string_data, "UTC")
        return getattr(value, kind)


class Schema:
    def __init__(self, proto):
        self.proto = proto
        self.fields = [Field(f) for f in proto.fields]
        self.by_name = {f.name: f for f in self.fields}
        self.by_id = {f.id: f for f in self.fields}
        self.pk = next(f for f in self.fields if f.primary)
        self.dynamic = next((f for f in self.fields if f.dynamic), None)
        self.partition_key = next((f for f in self.fields if f.partition_key), None)
        self.vectors = [f for f in self.fields if f.is_vector]
        self.functions = list(proto.functions)
        self.bm25 = {f.output_field_names[0]: f.input_field_names[0] for f in self.functions
                     if f.type == schema_pb2.BM25}

    def field(self, name):
        """GetFieldFromName, or None."""
        return self.by_name.get(name)

    def or_dynamic(self, name):
        """GetFieldFromNameDefaultJSON: an unknown name is a key of the dynamic field."""
        return self.by_name.get(name) or self.dynamic


# --- names (validateCollectionNameOrAlias, validateFieldName, validatePartitionTag) ---

def check_collection_name(name, kind="name"):
    name = name.strip() if base.PLAYED < (2, 5, 0) else name
    if not name:
        raise invalid("collection %s should not be empty", kind)
    wrong = "Invalid collection %s: %s. " % (kind, name)
    if len(name.encode()) > MAX_NAME:
        raise invalid("%s the length of a collection %s must be less than %d characters", wrong, kind, MAX_NAME)
    if not re.match(r"[A-Za-z_]", name):
        raise invalid("%s the first character of a collection %s must be an underscore or letter", wrong, kind)
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise invalid("%s collection %s can only contain numbers, letters and underscores", wrong, kind)


def check_database_name(name):
    def wrong(text):
        return MilvusError(DATABASE_INVALID_NAME, "%s: invalid database name[database=%s]" % (text, name))

    if not name:
        raise wrong("database name couldn't be empty")
    if len(name.encode()) > MAX_NAME:
        raise wrong("the length of a database name must be less than %d characters" % MAX_NAME)
    if not re.match(r"[A-Za-z_]", name):
        raise wrong("the first character of a database name must be an underscore or letter")
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise wrong("database name can only contain numbers, letters and underscores")


def check_partition_name(name, strict):
    name = name.strip()
    wrong = "Invalid partition name: %s. " % name
    if not name:
        raise plain("%s", wrong + "Partition name should not be empty.")
    if len(name.encode()) > MAX_NAME:
        raise plain("%s", wrong + "The length of a partition name must be less than %d characters." % MAX_NAME)
    if strict:
        if not re.match(r"[A-Za-z0-9_]", name):
            raise plain("%s", wrong + "The first character of a partition name must be an underscore or letter.")
        if not re.fullmatch(r".[A-Za-z0-9_-]*", name, re.S):
            raise plain("%s", wrong + "Partition name can only contain numbers, letters and underscores.")


# pkg/common/keywords.go; a word of the lists below the first since that version
KEYWORDS = {"$meta", "like", "exists", "EXISTS", "and", "or", "not", "in", "true", "True", "TRUE", "false", "False", "FALSE"}
KEYWORDS |= {word for name in ("json_contains", "json_contains_all", "json_contains_any", "array_contains",
                               "array_contains_all", "array_contains_any", "array_length")
             for word in (name, name.upper())}
LATER_KEYWORDS = {"text_match": (2, 5, 0), "TEXT_MATCH": (2, 5, 0), "phrase_match": (2, 6, 0), "PHRASE_MATCH": (2, 6, 0),
                  "random_sample": (2, 6, 0), "RANDOM_SAMPLE": (2, 6, 0)}


def is_keyword(name):
    if name.lower() == "null" and base.PLAYED >= (3, 0, 0):
        return True
    return name in KEYWORDS or name in LATER_KEYWORDS and base.PLAYED >= LATER_KEYWORDS[name]


def check_field_name(name):
    name = name.strip()

    def wrong(text):
        return MilvusError(FIELD_INVALID_NAME, "%s: field name invalid[field=%s]" % (text, name))

    if not name:
        raise wrong("field name should not be empty")
    prefix = "Invalid field name: %s. " % name
    if len(name.encode()) > MAX_NAME:
        raise wrong(prefix + "The length of a field name must be less than %d characters." % MAX_NAME)
    if not re.match(r"[A-Za-z_]", name):
        raise wrong(prefix + "The first character of a field name must be an underscore or letter.")
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise wrong(prefix + "Field name can only contain numbers, letters, and underscores.")
    if is_keyword(name):
        raise wrong(prefix + "%s is keyword in milvus." % name)


# --- fields ---

def check_dimension(field, params):
    if field.data_type == DT.SparseFloatVector:
        if "dim" in params:
            raise plain("dim should not be specified for sparse vector field %s(%d)", field.name, field.fieldID)
        return
    if "dim" not in params:
        raise plain("dimension is not defined in field type params of field %s, "
                      "check type param `dim` for vector field", field.name)
    if not re.fullmatch(r"[+-]?\d+", params["dim"]):
        raise MilvusError(65535, 'strconv.ParseInt: parsing "%s": invalid syntax' % params["dim"])
    dim = int(params["dim"])
    if dim <= 1:
        raise plain("invalid dimension: %d. should be in range 2 ~ 32768", dim)
    if field.data_type == DT.BinaryVector:
        if dim % 8:
            raise plain("invalid dimension: %d of field %s. binary vector dimension should be multiple of 8. ",
                          dim, field.name)
        if dim > 32768 * 8:
            raise plain("invalid dimension: %d of field %s. binary vector dimension should be in range 2 ~ %d",
                          dim, field.name, 32768 * 8)
    elif dim > 32768:
        raise plain("invalid dimension: %d of field %s. float vector dimension should be in range 2 ~ 32768",
                      dim, field.name)


def check_default(field):
    """checkFieldSchema in rootcoord."""
    if not field.HasField("default_value"):
        return
    if field.is_primary_key:
        raise invalid("primary field not support default_value, type:%s, name:%s", type_name(field.data_type),
                      field.name)
    if field.data_type in VECTORS or field.data_type in (DT.Array, DT.JSON):
        raise invalid("type not support default_value, type:%s, name:%s", type_name(field.data_type), field.name)
    kind = field.default_value.WhichOneof("data")
    fits = {"bool_data": {DT.Bool}, "int_data": set(SMALL_INTS), "long_data": {DT.Int64}, "float_data": {DT.Float},
            "double_data": {DT.Double}, "string_data": {DT.VarChar, DT.Timestamptz},
            "timestamptz_data": {DT.Timestamptz}}
    if kind not in fits or field.data_type not in fits[kind]:
        raise invalid("type (%s) of field (%s) is not equal to the type(%s) of default_value",
                      type_name(field.data_type), field.name, kind)
    if kind == "int_data":
        limit = SMALL_INTS[field.data_type]
        if not -limit <= field.default_value.int_data < limit:
            raise invalid("default value out of range")
    if kind == "string_data" and field.data_type == DT.VarChar:
        length = len(field.default_value.string_data.encode())
        limit = int(pairs(field.type_params)["max_length"])
        if length > limit:
            raise expected("valid length string", "string length exceeds max length",
                           "the length (%d) of string exceeds max length (%d)" % (length, limit))


def check_field(field, collection, version):
    kind = field.data_type
    if kind in NOT_BUILT:
        raise Unimplemented("the model has no fields of type %s" % type_name(kind))
    if kind == DT.String:
        raise plain("string data type not supported yet, please use VarChar type instead")
    known = kind in SCALARS or kind in VECTORS or kind in SINCE
    if not known or kind in SINCE and version < SINCE[kind]:
        raise plain("data type %s is not valid", type_name(kind))
    check_field_name(field.name)
    params = pairs(field.type_params)
    if kind in VECTORS:
        check_dimension(field, params)
    if kind == DT.VarChar or kind == DT.Array and field.element_type == DT.VarChar:
        if "max_length" not in params:
            raise plain("type param(max_length) should be specified for %s of collection %s",
                        ("the field(%s)" if version >= (2, 6, 0) else "varChar field(%s)" if version >= (2, 5, 0)
                         else "varChar field%.0s") % field.name, collection, code=PARAMETER_MISSING)
        if not re.fullmatch(r"[+-]?\d+", params["max_length"]) or not 0 < int(params["max_length"]) <= 65535:
            if version < (2, 5, 0):
                raise invalid("the maximum length specified for a VarChar should be in (0, 65535]")
            raise invalid("the maximum length specified for %s(%s) should be in (0, %d], but got %s instead",
                          "the field" if version >= (2, 6, 0) else "a VarChar field", field.name, 65535,
                          params["max_length"])
    if kind == DT.Array:
        if field.element_type not in INTEGERS | FLOATS | {DT.Bool, DT.VarChar}:
            raise plain("element type %s is not supported", type_name(field.element_type))
        if "max_capacity" not in params:
            raise plain("type param(max_capacity) should be specified for array field %s of collection %s",
                        field.name, collection, code=PARAMETER_MISSING)
        if not re.fullmatch(r"[+-]?\d+", params["max_capacity"]) or not 0 < int(params["max_capacity"]) <= 4096:
            raise plain("the maximum capacity specified for a Array should be in (0, 4096]")
    if field.autoID and not field.is_primary_key:
        raise invalid("only primary key could be with AutoID enabled")
    if field.nullable and field.is_primary_key:
        raise invalid("primary field not support null, type:%s, name:%s", type_name(kind), field.name)
    # facts 3: d298f17d78, sure in 2.6.18
    if field.nullable and kind in VECTORS and version < (2, 6, 18):
        raise invalid("vector type not support null, type:%s, name:%s", type_name(kind), field.name)
    if params.get("enable_match", "").lower() == "true" and params.get("enable_analyzer", "").lower() != "true":
        raise invalid("field %s is set to enable match but not enable analyzer", field.name)
    check_default(field)


def check_functions(schema):
    by_name = {f.name: f for f in schema.fields}
    for field in schema.fields:
        field.is_function_output = False
    outputs = set()
    for function in schema.functions:
        if function.type != schema_pb2.BM25:
            raise Unimplemented("the model has no function of type %s" % function.type)
        if not function.name:
            raise plain("function name cannot be empty")
        for name in list(function.input_field_names) + list(function.output_field_names):
            if name not in by_name:
                raise plain("function %s field not found: %s",
                              "input" if name in function.input_field_names else "output", name)
        if len(function.input_field_names) != 1 or by_name[function.input_field_names[0]].data_type not in STRINGS:
            raise plain("BM25 function input field must be a VARCHAR/TEXT field, got %d field with type %s",
                          len(function.input_field_names), type_name(by_name[function.input_field_names[0]].data_type))
        if pairs(by_name[function.input_field_names[0]].type_params).get("enable_analyzer", "").lower() != "true":
            raise plain("BM25 function input field must set enable_analyzer to true")
        if len(function.output_field_names) != 1:
            raise plain("BM25 function only need 1 output field, but got %d", len(function.output_field_names))
        output = by_name[function.output_field_names[0]]
        if output.data_type != DT.SparseFloatVector:
            raise plain("BM25 function output field must be a SparseFloatVector field, but got %s",
                          type_name(output.data_type))
        if output.nullable:
            raise plain("function output field cannot be nullable: function %s, field %s", function.name, output.name)
        if output.name in outputs:
            raise plain("duplicate function output field: function %s, field %s", function.name, output.name)
        outputs.add(output.name)
        output.is_function_output = True


def build(request, version):
    """CreateCollectionRequest -> Schema, or the error that the proxy gives."""
    proto = schema_pb2.CollectionSchema()
    proto.ParseFromString(request.schema)
    if len(proto.struct_array_fields):
        raise Unimplemented("the model has no struct arrays")
    forget_unknown(proto, version)
    proto.autoID = False
    check_functions(proto)
    if request.shards_num > 16:
        raise plain("maximum shards's number should be limited to 16")
    if len(proto.fields) > 64:
        raise plain("maximum field's number should be limited to 64")
    vectors = [f for f in proto.fields if f.data_type in VECTORS]
    if len(vectors) > (10 if version >= (2, 6, 10) else 4):
        raise plain("maximum vector field's number should be limited to %d", 10 if version >= (2, 6, 10) else 4)
    if not vectors:
        raise invalid("schema does not contain vector field")
    check_collection_name(proto.name)
    primaries = [f for f in proto.fields if f.is_primary_key]
    if len(primaries) > 1:
        raise plain("there are more than one primary key, field name = %s, %s", primaries[0].name, primaries[1].name)
    if not primaries:
        raise plain("primary key is not specified", code=PARAMETER_MISSING)
    if primaries[0].data_type not in (DT.Int64, DT.VarChar):
        raise plain("the data type of primary key should be Int64 or VarChar")
    for field in proto.fields:
        if field.is_dynamic:
            raise plain("cannot explicitly set a field as a dynamic field")
        check_field(field, proto.name, version)
    names = [f.name for f in proto.fields]
    for name in names:
        if names.count(name) > 1:
            raise plain("duplicated field name %s found", name)
    keys = [f for f in proto.fields if f.is_partition_key]
    if len(keys) > 1:
        raise plain("there are more than one partition key, field name = %s, %s", keys[0].name, keys[1].name)
    if keys:
        if keys[0].is_primary_key:
            raise plain("the partition key field must not be primary field")
        if keys[0].nullable:
            raise invalid("partition key field not support nullable")
        if keys[0].data_type not in (DT.Int64, DT.VarChar):
            raise plain("the data type of partition key should be Int64 or VarChar")
        if request.num_partitions < 0:
            raise plain("the specified partitions should be greater than 0 if partition key is used")
        if request.num_partitions > MAX_PARTITIONS:
            raise invalid("partition number (%d) exceeds max configuration (%d)", request.num_partitions, MAX_PARTITIONS)
    elif request.num_partitions > 0:
        raise plain("num_partitions should only be specified with partition key field enabled")
    if proto.enable_dynamic_field:
        meta = proto.fields.add(name=META, data_type=DT.JSON, is_dynamic=True, description="dynamic schema")
        if version >= (2, 6, 3):
            meta.nullable = True
            meta.default_value.bytes_data = b"{}"
    for number, field in enumerate(proto.fields):
        field.fieldID = START_OF_FIELDS + number
    return Schema(proto)


def forget_unknown(proto, version):
    """What an older server's declarations don't have it does not see."""
    for field in proto.fields:
        if version < (2, 5, 0):
            field.nullable = False
        field.is_function_output = False
        field.fieldID = 0
    if version < (2, 5, 0):
        del proto.functions[:]


def json_object(raw):
    """A dict from bytes, or None if they are no JSON object."""
    try:
        found = json.loads(raw)
    except (ValueError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None


def illegal(text):
    return MilvusError(COLLECTION_ILLEGAL_SCHEMA, text)
