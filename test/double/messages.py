"""The messages of MilvusService as PyMilvus declares them, and their JSON.

What PyMilvus has is taken from PyMilvus, which knows nothing of proto/ here;
only what it lacks comes from proto/.  Needs a venv with PyMilvus.
"""

import base64
import math
import os
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test", "conformance"))
import conformance      # noqa: E402

SERVICE = "milvus.proto.milvus.MilvusService"
STATUS = "milvus.proto.common.Status"

# Fields of bytes that hold a message.
EMBEDDED = {
    "milvus.proto.milvus.CreateCollectionRequest.schema": "milvus.proto.schema.CollectionSchema",
    "milvus.proto.milvus.SearchRequest.placeholder_group": "milvus.proto.common.PlaceholderGroup",
}


class Single(float):
    """A value of type float: digits beyond its precision do not count."""


class Rpc:
    def __init__(self, method, only_ours):
        self.name = method.name
        self.request = message_factory.GetMessageClass(method.input_type)
        self.response = message_factory.GetMessageClass(method.output_type)
        self.streaming = method.client_streaming or method.server_streaming
        self.only_ours = only_ours


def make_pool(files):
    pool = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in files}

    def add(name):
        file = waiting.pop(name, None)
        if file is not None:
            for imported in file.dependency:
                add(imported)
            pool.Add(file)

    pool.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
    for file in files:
        add(file.name)
    return pool


def rename_fields(message):
    for field in message.field:
        field.name = conformance.RENAMED.get(field.name, field.name)
    for nested in message.nested_type:
        rename_fields(nested)


class Protocol:
    """rpcs: name -> Rpc.  beyond: message -> the fields that only proto/ gives it."""

    def __init__(self):
        self.version, theirs = conformance.load_pymilvus()
        ours = conformance.compile_ours(os.path.join(ROOT, "proto"))
        for file in ours:
            for message in file.message_type:
                rename_fields(message)
        their_pool, our_pool = make_pool(theirs), make_pool(ours)
        their_service = their_pool.FindServiceByName(SERVICE)
        self.rpcs = {}
        for service, only_ours in ((our_pool.FindServiceByName(SERVICE), True), (their_service, False)):
            for method in service.methods:
                self.rpcs[method.name] = Rpc(method, only_ours)
        self.beyond = {}
        for file in ours:
            for message in file.message_type:
                self._compare(their_pool, our_pool.FindMessageTypeByName("%s.%s" % (file.package, message.name)))

    def _compare(self, their_pool, ours):
        try:
            theirs = their_pool.FindMessageTypeByName(ours.full_name)
        except KeyError:
            return
        fields = [f for f in ours.fields if f.name not in theirs.fields_by_name]
        if fields:
            self.beyond[ours.full_name] = fields
        for nested in ours.nested_types:
            self._compare(their_pool, nested)


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def held_class(field):
    """The class of the message that a field of bytes holds, or None."""
    held = EMBEDDED.get(field.full_name)
    return held and message_factory.GetMessageClass(field.file.pool.FindMessageTypeByName(held))


def scalar_as_json(field, value):
    if field.type == field.TYPE_BYTES:
        return base64.b64encode(value).decode()
    if field.type == field.TYPE_ENUM:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return Single(value) if field.type == field.TYPE_FLOAT else value
    return value


def as_json(message, beyond=None):
    """A message as milvus.call() writes it, with the fields of Protocol.beyond if given.

    Like the JSON of protobuf, with the proto's names, 64-bit integers as
    numbers, and all that can't be unset written.
    """
    def one(field, value):
        return as_json(value, beyond) if field.message_type else scalar_as_json(field, value)

    def empty(field):
        if field.is_repeated:
            return {} if is_map(field) else []
        return scalar_as_json(field, field.default_value)

    result = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if is_map(field):
            item = field.message_type.fields_by_name["value"]
            # bools as keys would be "true", but no map of the protocol has them
            result[field.name] = {str(k): one(item, value[k]) for k in value}
        elif field.is_repeated:
            result[field.name] = [one(field, v) for v in value]
        elif not field.has_presence or message.HasField(field.name):
            result[field.name] = one(field, value)
    for field in (beyond or {}).get(message.DESCRIPTOR.full_name, ()):
        if field.name not in message.DESCRIPTOR.fields_by_name and not field.has_presence:
            result[field.name] = empty(field)
    return result


def submessages(message):
    """(name, message) for each message set in a message."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if is_map(field):
            if field.message_type.fields_by_name["value"].message_type:
                for key in value:
                    yield "%s.%s" % (field.name, key), value[key]
        elif field.is_repeated:
            for i, item in enumerate(value):
                yield "%s.%d" % (field.name, i), item
        else:
            yield field.name, value


def unknown_fields(message, path=""):
    """What a message has that its declaration has not, at any depth."""
    for unknown in UnknownFieldSet(message):
        yield "%s has no field %d%s" % (message.DESCRIPTOR.name, unknown.field_number,
                                        path and " (at %s)" % path)
    for name, inner in submessages(message):
        yield from unknown_fields(inner, "%s.%s" % (path, name) if path else name)


def status_of(response):
    """The Status of a response, to be read or filled; None if it has none."""
    if response.DESCRIPTOR.full_name == STATUS:
        return response
    field = response.DESCRIPTOR.fields_by_name.get("status")
    if field is not None and not field.is_repeated and field.message_type and field.message_type.full_name == STATUS:
        return response.status
    return None
