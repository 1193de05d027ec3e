"""FieldData in and out: what the proxy checks of written columns, and how rows are answered.

In the rows a Bool is a bool, integers are int, Float a float already rounded
to 32 bits, VarChar a str, JSON bytes, an Array a list, Timestamptz
microseconds, vectors of fixed size bytes as they came (FloatVector: packed
floats), sparse vectors bytes; null is None.  Checks are those of
internal/proxy/validate_util.go, in its order.
"""

import math

import numpy
import base
import instants
import schema as schemas
from base import DT, expected, invalid, plain
from pymilvus.grpc_gen import schema_pb2

JSON_LIMIT = 65536              # common.JSONMaxLength

CARRIERS = {DT.Bool: "bool_data", DT.Int8: "int_data", DT.Int16: "int_data", DT.Int32: "int_data",
            DT.Int64: "long_data", DT.Float: "float_data", DT.Double: "double_data", DT.VarChar: "string_data",
            DT.Text: "string_data", DT.JSON: "json_data", DT.Array: "array_data", DT.Timestamptz: "string_data"}
VECTOR_CARRIERS = {DT.FloatVector: "float_vector", DT.BinaryVector: "binary_vector",
                   DT.Float16Vector: "float16_vector", DT.BFloat16Vector: "bfloat16_vector",
                   DT.Int8Vector: "int8_vector", DT.SparseFloatVector: "sparse_float_vector"}
WANTED = {"bool_data": "need bool array", "int_data": "need int array", "long_data": "need long int array",
          "float_data": "need float32 array", "double_data": "need float64(double) array",
          "string_data": "need string array", "json_data": "need json array"}


def float32(number):
    return float(numpy.float32(number))


# --- in ---

def illegal(field, kind="field"):
    return expected(WANTED.get(CARRIERS.get(field.type), "need " + kind), "got nil",
                    "%s '%s' is illegal, array type mismatch" % (kind, field.name))


def check_finite(numbers):
    for number in numbers:
        if not math.isfinite(number):
            raise plain("value '%f' is not a number or infinity" % number)


def bytes_of_vectors(data, field):
    """The vectors of a FieldData, one bytes each; checks of one value and of the dimension."""
    carrier = VECTOR_CARRIERS[field.type]
    words = carrier.replace("_", " ")
    if data.WhichOneof("field") != "vectors" or data.vectors.WhichOneof("data") != carrier:
        if field.nullable and data.WhichOneof("field") in (None, "vectors") and (
                data.vectors.WhichOneof("data") is None):
            return []
        raise expected("need " + words, "got nil", "%s field '%s' is illegal, array type mismatch" % (words, field.name))
    found = getattr(data.vectors, carrier)
    if field.type == DT.SparseFloatVector:
        rows = list(found.contents)
        for row in rows:
            check_sparse(row)
        return rows
    if field.type == DT.FloatVector:
        packed = numpy.array(found.data, dtype="<f4")
        if not numpy.isfinite(packed).all():
            check_finite(float(x) for x in packed)
        raw, size = packed.tobytes(), field.dim * 4
    else:
        raw, size = found, field.dim // 8 if field.type == DT.BinaryVector else field.dim * schemas.SIZED[field.type]
        if field.type in (DT.Float16Vector, DT.BFloat16Vector):
            check_finite(halves(raw, field.type).tolist())
    if not raw and not field.nullable:
        raise expected("need " + words, "got nil", "%s field '%s' is illegal, array type mismatch" % (words, field.name))
    if data.vectors.dim != field.dim:
        raise expected(field.dim, data.vectors.dim, "the dim (%d) of field data(%s) is not equal to schema dim (%d)"
                       % (data.vectors.dim, field.name, field.dim))
    if len(raw) % size:
        raise base.MilvusError(base.UNEXPECTED, "the length(%d) of vector data should divide the dim(%d)"
                               % (len(raw), field.dim))
    return [raw[i:i + size] for i in range(0, len(raw), size)]


def check_sparse(row):
    if len(row) % 8:
        raise plain("invalid data length in sparse float vector: %d", len(row))
    pairs = numpy.frombuffer(row, dtype=[("i", "<u4"), ("v", "<f4")])
    if (pairs["i"] == 2 ** 32 - 1).any():
        raise plain("invalid index in sparse float vector: must be less than 2^32-1")
    if (pairs["i"][1:] <= pairs["i"][:-1]).any():
        raise plain("unsorted or same indices in sparse float vector")
    check_finite(pairs["v"].tolist())
    if (pairs["v"] < 0).any():
        raise plain("negative value in sparse float vector")


def halves(raw, kind):
    """float16 or bfloat16 as float32."""
    if kind == DT.Float16Vector:
        return numpy.frombuffer(raw, dtype="<f2").astype("<f4")
    return (numpy.frombuffer(raw, dtype="<u2").astype("<u4") << 16).view("<f4")


def check_overflow(kind, numbers):
    limit = schemas.SMALL_INTS.get(kind)
    if limit is None or kind == DT.Int32:
        return
    for i, number in enumerate(numbers):
        if not -limit <= number < limit:
            raise expected("integer doesn't overflow", "out of range", "the %dth element (%d) out of range: [%d, %d]"
                           % (i, number, -limit, limit - 1))


def array_row(row, field, number, capacity):
    kind = field.element
    carrier = CARRIERS[kind]
    names = {"int_data": "int", "long_data": "int64", "float_data": "float", "double_data": "double",
             "string_data": "string", "bool_data": "bool"}
    if row.WhichOneof("data") != carrier:
        raise expected("%s array" % names[carrier], "%s array" % (row.WhichOneof("data") or "nil"),
                       "insert data does not match")
    values = list(getattr(row, carrier).data)
    if capacity and len(values) > field.max_capacity:
        raise expected("valid length array", "array length exceeds max capacity",
                       "the length (%d) of %dth array exceeds max capacity (%d)"
                       % (len(values), number, field.max_capacity))
    check_overflow(kind, values)
    if kind == DT.VarChar:
        for i, text in enumerate(values):
            if len(text.encode()) > field.max_length:
                raise invalid('length of Array array field "%s" exceeds max length, row number: %d, array index: %d, '
                              'length: %d, max length: %d', field.name, number, i, len(text.encode()),
                              field.max_length)
    return values


def scalars(data, field, zone, capacity, version):
    """The values that a FieldData brings, in the rows' form, checked one by one."""
    carrier = CARRIERS[field.type]
    held = data.scalars.WhichOneof("data") if data.WhichOneof("field") == "scalars" else None
    values = list(getattr(data.scalars, carrier).data) if held == carrier else []
    may_lack = field.has_default or field.nullable
    if field.type == DT.Array:
        if held != carrier:
            raise expected("need %s array" % schemas.type_name(field.element), "got nil",
                           "array field '%s' is illegal, array type mismatch" % field.name)
        return [array_row(row, field, i, capacity) for i, row in enumerate(values)]
    if field.type == DT.Timestamptz:
        if held != carrier:
            raise invalid("timestamptz field data must be a string array")
        return [instants.parse(text, zone) for text in values]
    # an empty list unmarshals as nil
    if not values and not may_lack and field.type != DT.Bool:
        raise illegal(field, {DT.VarChar: "varchar field", DT.JSON: "json field", DT.Text: "text field"}
                      .get(field.type, "field"))
    if held not in (None, carrier) and values == []:
        raise illegal(field)
    if field.type in (DT.VarChar, DT.Text) and not field.auto_id:
        limit = field.max_length or (2 * 1024 * 1024 if field.type == DT.Text else 0)
        for i, text in enumerate(values):
            length = len(text.encode())
            if length > limit:
                raise invalid("length of %s field %s exceeds max length, row number: %d, length: %d, max length: %d",
                              "text" if field.type == DT.Text else "varchar", field.name, i, length, limit)
    if field.type == DT.JSON:
        for raw in values:
            if len(raw) > JSON_LIMIT:
                raise expected("valid length json string", "length exceeds max length",
                               "the length (%d) of json field (%s) exceeds max length (%d)"
                               % (len(raw), field.name, JSON_LIMIT))
    check_overflow(field.type, values)
    if field.type in schemas.FLOATS:
        check_finite(values)
    return values


def fill(values, data, field, rows, version):
    """fillWithValue: compact values -> one a row; null or the default where valid_data says no."""
    valid = list(data.valid_data)
    if version < (2, 5, 0):
        return fill_24(values, data, field, rows)
    if not valid and (field.nullable or field.has_default) and version >= (2, 6, 2):
        valid = [True] * rows           # facts 1.5: fd83cae0fd
    wrong = "the length of valid_data of field(%s) is wrong" % field.name
    if field.has_default:
        if len(valid) != rows:
            raise expected(rows, len(valid), wrong)
        instead = field.default()
    else:
        wanted = rows if field.nullable else 0
        if len(valid) != wanted:
            raise expected(wanted, len(valid), wrong)
        instead = None
    if not field.nullable and not field.has_default:
        return values
    given = sum(valid)
    if len(values) != given:
        if field.is_vector:
            raise mismatch(field, len(values), rows)
        raise expected(given, len(values), "the length of field is wrong")
    source = iter(values)
    return [next(source) if ok else instead for ok in valid]


def fill_24(values, data, field, rows):
    """2.4's fillWithDefaultValue: all or nothing, and a panic where there is no array at all (facts 1.4)."""
    if field.has_default and not values:
        if data.WhichOneof("field") != "scalars" or data.scalars.WhichOneof("data") is None:
            die("panic: undefined data type " + schemas.type_name(field.type))
        return [field.default()] * rows
    return values


def die(text):
    """The proxy of a standalone is the server: a panic takes it all down."""
    import os
    import sys
    print(text, file=sys.stderr, flush=True)
    os._exit(2)


def mismatch(field, have, rows):
    return expected(rows, have, "the num_rows (%d) of field (%s) is not equal to passed num_rows (%d)"
                    % (have, field.name, rows))


def read_column(data, field, rows, zone, capacity, version):
    """One written column, one value a row: Validate for one field."""
    if field.is_vector:
        values = bytes_of_vectors(data, field)
    else:
        values = scalars(data, field, zone, capacity, version)
    values = fill(values, data, field, rows, version)
    if len(values) != rows:
        raise mismatch(field, len(values), rows)
    return values


# --- out ---

def carrier_of(target, field):
    """The empty list of a FieldData that values of this field go into."""
    target.type = field.type
    target.field_name = field.name
    target.field_id = field.id
    target.is_dynamic = field.dynamic
    if field.is_vector:
        target.vectors.SetInParent()
        target.vectors.dim = field.dim
        return target.vectors
    target.scalars.SetInParent()
    found = getattr(target.scalars, CARRIERS[field.type])
    found.SetInParent()
    if field.type == DT.Array:
        found.element_type = field.element
    return found


def write_column(target, field, values, zone, version):
    """Scalars full length with zeros for nulls, vectors compact; valid_data only of nullable fields."""
    found = carrier_of(target, field)
    if field.is_vector:
        write_vectors(found, field, values)
    elif field.type == DT.Array:
        for row in values:
            out = found.data.add()
            if row is not None:
                held = getattr(out, CARRIERS[field.element])
                held.SetInParent()
                held.data.extend(row)
    elif field.type == DT.Timestamptz and isinstance(zone, instants.Parts):
        # extractFieldsFromResults: the column is of arrays then
        target.type, target.scalars.array_data.element_type = DT.Array, DT.Int64
        for value in values:
            target.scalars.array_data.data.add().long_data.data.extend(zone.of(value or 0))
    elif field.type == DT.Timestamptz:
        found.data.extend(instants.shown(0 if v is None else v, zone) for v in values)
    else:
        zero = {DT.Bool: False, DT.VarChar: "", DT.Text: "", DT.JSON: b""}.get(field.type, 0)
        found.data.extend(zero if v is None else v for v in values)
    if field.nullable and version >= (2, 5, 0):
        target.valid_data.extend(v is not None for v in values)


def write_vectors(found, field, values):
    there = [v for v in values if v is not None]
    if field.type == DT.FloatVector:
        found.float_vector.SetInParent()
        found.float_vector.data.extend(numpy.frombuffer(b"".join(there), dtype="<f4").tolist())
    elif field.type == DT.SparseFloatVector:
        sparse = found.sparse_float_vector
        sparse.SetInParent()
        sparse.contents.extend(there)
        width = max((int(numpy.frombuffer(v, dtype="<u4")[-2]) + 1 for v in there if v), default=0)
        found.dim = sparse.dim = width
    else:
        setattr(found, VECTOR_CARRIERS[field.type], b"".join(there))


def write_ids(target, field, keys):
    if field.type == DT.Int64:
        target.int_id.SetInParent()
        target.int_id.data.extend(keys)
    else:
        target.str_id.SetInParent()
        target.str_id.data.extend(keys)


def read_ids(ids):
    kind = ids.WhichOneof("id_field")
    return list(getattr(ids, kind).data) if kind in ("int_id", "str_id") else []


def empty_field_data(field):
    """GenEmptyFieldData: a column for a field that was left out."""
    data = schema_pb2.FieldData()
    carrier_of(data, field)
    return data
