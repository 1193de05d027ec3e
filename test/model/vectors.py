"""Vectors as numbers, and their distances (knowhere's metrics, exact)."""

import numpy
import base
import columns
import schema as schemas
from base import DT, invalid
from pymilvus.grpc_gen import common_pb2

PLACEHOLDERS = {common_pb2.FloatVector: DT.FloatVector, common_pb2.BinaryVector: DT.BinaryVector,
                common_pb2.Float16Vector: DT.Float16Vector, common_pb2.BFloat16Vector: DT.BFloat16Vector,
                common_pb2.SparseFloatVector: DT.SparseFloatVector, 105: DT.Int8Vector}
VARCHAR = 21
LARGER_IS_CLOSER = {"IP", "COSINE", "BM25"}


def closer_is_larger(metric):
    return metric in LARGER_IS_CLOSER


def fault(text, number=2001):
    return base.segcore(text, number, "search")


def matrix(raws, field):
    """Stored vectors as rows of numbers (bits for binary)."""
    joined = b"".join(raws)
    if field.type == DT.FloatVector:
        return numpy.frombuffer(joined, dtype="<f4").reshape(-1, field.dim)
    if field.type in (DT.Float16Vector, DT.BFloat16Vector):
        return columns.halves(joined, field.type).reshape(-1, field.dim)
    if field.type == DT.Int8Vector:
        return numpy.frombuffer(joined, dtype="i1").reshape(-1, field.dim)
    return numpy.unpackbits(numpy.frombuffer(joined, dtype="u1").reshape(-1, field.dim // 8), axis=1, bitorder="little")


def sparse(raw):
    pairs = numpy.frombuffer(raw, dtype=[("i", "<u4"), ("v", "<f4")])
    return dict(zip(pairs["i"].tolist(), pairs["v"].tolist()))


def check_query(group, field, version):
    """The values of a placeholder group, in the field's form (query/Plan.cpp, vector_type_convert.go)."""
    if not len(group.placeholders):
        return []
    placeholder = group.placeholders[0]
    values = list(placeholder.values)
    kind = PLACEHOLDERS.get(placeholder.type)
    if (kind == DT.FloatVector and field.type in (DT.Float16Vector, DT.BFloat16Vector)
            and version >= (2, 6, 10)):
        return [narrowed(value, field) for value in values]
    if kind != field.type:
        raise fault("vector type must be the same, field %s - type %s, search info type %s"
                    % (field.name, schemas.type_name(field.type),
                       schemas.type_name(kind) if kind else placeholder.type))
    if field.type == DT.SparseFloatVector:
        for value in values:
            columns.check_sparse(value)
        return values
    size = field.dim // 8 if field.type == DT.BinaryVector else field.dim * schemas.SIZED[field.type]
    for value in values:
        if len(value) != size:
            raise fault("vector dimension mismatch, expected vector size(byte) %d, actual %d." % (size, len(value)),
                        base.CORE_DIMENSION)
    return values


def narrowed(value, field):
    """ConvertPlaceholderGroup: float32 for a field of half the size."""
    found = numpy.frombuffer(value, dtype="<f4")
    if field.type == DT.Float16Vector:
        big = numpy.abs(found)
        if (big > 65504).any() or ((found != 0) & (big < 6.103515625e-5)).any():
            raise invalid("value exceeds or underflows float16 range")
        return found.astype("<f2").tobytes()
    if not numpy.isfinite(found).all():
        raise invalid("value is infinity or NaN, cannot convert to bfloat16")
    bits = found.view("<u4")
    rounded = bits + 0x7fff + ((bits >> 16) & 1)
    return (rounded >> 16).astype("<u2").tobytes()


def distances(raws, query, field, metric):
    """One float32 for each stored vector."""
    if not raws:
        return numpy.zeros(0, dtype="f4")
    if field.type == DT.SparseFloatVector:
        wanted = sparse(query)
        found = []
        for raw in raws:
            have = sparse(raw)
            found.append(sum(v * have[i] for i, v in wanted.items() if i in have))
        return numpy.array(found, dtype="f4")
    stored, asked = matrix(raws, field), matrix([query], field)[0]
    if field.type == DT.BinaryVector:
        a, b = stored.astype(bool), asked.astype(bool)
        if metric == "HAMMING":
            return (a ^ b).sum(axis=1).astype("f4")
        union = (a | b).sum(axis=1)
        both = (a & b).sum(axis=1)
        with numpy.errstate(all="ignore"):
            return numpy.where(union == 0, 0, 1 - both / numpy.maximum(union, 1)).astype("f4")
    a, b = stored.astype("f8"), asked.astype("f8")
    if metric == "L2":
        return ((a - b) ** 2).sum(axis=1).astype("f4")
    inner = a @ b
    if metric == "COSINE":
        norm = numpy.sqrt((a * a).sum(axis=1)) * numpy.sqrt((b * b).sum())
        with numpy.errstate(all="ignore"):
            inner = numpy.where(norm == 0, 0, inner / norm)
    return inner.astype("f4")
