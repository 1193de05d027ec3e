"""What is altered about collections, their fields and indexes, once they are there.

internal/proxy/task.go (alterCollectionTask, alterCollectionFieldTask) and
task_index.go (alterIndexTask), internal/rootcoord/ddl_callbacks_alter_*.go.
"""

import base
import instants
import schema as schemas
from base import DT, MilvusError, about, invalid
from pymilvus.grpc_gen import common_pb2, schema_pb2

MMAP = "mmap.enabled"
WARMUPS = {"warmup"} | {"warmup." + what for what in ("scalarField", "scalarIndex", "vectorField", "vectorIndex")}
MAX_LIFETIME = 3155760000       # common.MaxTTLSeconds
DYNAMIC = "dynamicfield.enabled"


def loaded(request, text, *args):
    """merr.WrapErrCollectionLoaded."""
    return MilvusError(base.COLLECTION_LOADED, "%s: %s[collection=%s]" % (
        (text % args) if args else text, base.TEXTS[base.COLLECTION_LOADED], request.collection_name))


def level_of(text, before):
    """unmarshalConsistencyLevel: a number or a name; others are overlooked."""
    known = common_pb2.ConsistencyLevel
    number = base.go_int(text)
    if number is None:
        return known.Value(text) if text in known.keys() else before
    return number if number in known.values() else before


def check_zone(request, version):
    """The property `timezone`, which databases and collections have since 2.6.3."""
    zone = base.pairs(request.properties).get("timezone")
    if zone is not None and version >= (2, 6, 3) and not instants.valid_zone(zone):
        raise invalid("unknown or invalid IANA Time Zone ID: %s", zone)


def change_properties(properties, request):
    for pair in request.properties:
        properties[pair.key] = pair.value
    for key in request.delete_keys:
        properties.pop(key, None)


class Alterations:
    def __init__(self, keeper):
        self.keeper = keeper
        self.version = keeper.version

    def collection(self, request, answer):
        check_zone(request, self.version)
        found = self.keeper.collection(request.db_name, request.collection_name)
        if not len(request.delete_keys) and not len(request.properties) and self.version >= (2, 6, 3):
            raise invalid("no properties or delete keys provided")
        if request.delete_keys and len(request.properties):
            raise invalid("cannot provide both DeleteKeys and ExtraParams")
        if found.loaded is not None:
            self.check_unloaded(request)
        self.check_lifetime(request)
        if self.version >= (2, 6, 0) and DYNAMIC in list(base.pairs(request.properties)) + list(request.delete_keys):
            return self.make_dynamic(found, request)
        change_properties(found.properties, request)
        # two that are no properties, but of the collection itself (alter_collection_task.go), 2.5 on
        if "collection.description" in found.properties and self.version >= (2, 5, 0):
            found.schema.proto.description = found.properties.pop("collection.description")
        if "consistency_level" in found.properties and self.version >= (2, 5, 0):
            found.level = level_of(found.properties.pop("consistency_level"), found.level)
        self.keeper.touch(found)

    def make_dynamic(self, found, request):
        """broadcastAlterCollectionForAlterDynamicField: it is a property only in the request."""
        value = base.pairs(request.properties).get(DYNAMIC)
        if value is None:
            raise invalid("cannot delete key %s, dynamic field schema could support set to true/false", DYNAMIC)
        wanted = base.go_bool(value)
        if wanted is None:
            raise invalid("invalid dynamic schema property value: %s", request.properties[0].value)
        if len(request.properties) != 1:
            raise invalid("cannot alter dynamic schema with other properties at the same time")
        if wanted == found.schema.proto.enable_dynamic_field:
            return
        if not wanted:
            raise invalid("dynamic schema cannot supported to be disabled")
        proto = schema_pb2.FieldSchema(name=schemas.META, data_type=DT.JSON, is_dynamic=True, nullable=True)
        proto.default_value.bytes_data = b"{}"
        found.schema.proto.enable_dynamic_field = True
        self.put_field(found, proto)

    def check_unloaded(self, request):
        """alterCollectionTask: what the readers took along when they loaded."""
        with_the_load = {MMAP, "lazyload.enabled"} | (WARMUPS if self.version >= (2, 6, 11) else set())
        keys = {p.key for p in request.properties} & with_the_load
        if keys:
            raise loaded(request, "can not alter %s properties if collection loaded",
                         "mmap" if keys & {MMAP, "lazyload.enabled"} else "warmup")
        for key in request.delete_keys:
            if key in with_the_load:
                raise loaded(request, "can not delete %s properties if collection loaded", "mmap" if key == MMAP else key)

    def check_lifetime(self, request):
        """validateCollectionTTL."""
        value = base.pairs(request.properties).get("collection.ttl.seconds")
        if value is None or self.version < (2, 6, 10):
            return
        seconds = base.go_int(value)
        if seconds is None:
            raise invalid("collection TTL is not a valid positive integer")
        if not -1 <= seconds <= MAX_LIFETIME:
            raise invalid("collection TTL is out of range, expect [-1, %d], got %d", MAX_LIFETIME, seconds)

    def field(self, request, answer):
        """alterCollectionFieldTask: a field's lengths and how it is loaded; the rows that are there are not looked at."""
        found = self.keeper.collection(request.db_name, request.collection_name)
        field = found.schema.field(request.field_name)
        changed = {MMAP if p.key == "mmap_enabled" else p.key: p.value for p in request.properties}
        gone = [MMAP if key == "mmap_enabled" else key for key in request.delete_keys]
        altered = {"max_length", "max_capacity", MMAP}
        if self.version >= (2, 6, 10):
            altered.add("field.description")
        droppable = {MMAP}
        if self.version >= (2, 6, 11):
            altered |= WARMUPS
            droppable |= WARMUPS
        for key, value in changed.items():
            if key not in altered:
                raise invalid("%s does not allow update in collection field param", key)
            if found.loaded is not None and key in (MMAP, "warmup"):
                raise loaded(request, "can not alter warmup if collection loaded" if key == "warmup" else
                             "can not alter collection field properties if collection loaded")
            if key in ("max_length", "max_capacity"):
                self.check_size(field, key, value)
        for key in gone:
            if key not in droppable:
                raise invalid("%s is not allowed to drop in collection field param", key)
            if found.loaded is not None and key in (MMAP, "warmup"):
                raise loaded(request, "can not drop collection field properties if collection loaded")
        if field is None:
            raise invalid("field %s does not exist in collection", request.field_name)
        if "field.description" in changed:
            field.proto.description = changed.pop("field.description")
        params = dict(field.params, **changed)
        for key in gone:
            params.pop(key, None)
        if params == field.params and not len(request.properties):
            return
        del field.proto.type_params[:]
        for key, value in params.items():
            field.proto.type_params.add(key=key, value=value)
        found.schema = schemas.Schema(found.schema.proto)
        self.keeper.touch(found)

    @staticmethod
    def check_size(field, key, value):
        name = "" if field is None else field.name
        texts = field is not None and (field.type in schemas.STRINGS
                                       or field.type == DT.Array and field.element in schemas.STRINGS)
        size = base.go_int(value)
        if key == "max_length":
            if not texts:
                raise invalid("%s can not modify the maxlength for non-string types", "")
            if size is None:
                raise invalid("max_length should be an integer, but got string") if base.PLAYED >= (2, 6, 0) else \
                    invalid("the value for max_length of field %s must be an integer", name)
            if size > 65535:
                raise invalid("%s exceeds the maximum allowed value 65535", value)
            return
        if field is None or field.type != DT.Array:
            raise invalid("%s can not modify the maxcapacity for non-array types", "")
        if size is None:
            raise invalid("the value for max_capacity of field %s must be an integer", name)
        if not 0 < size <= 4096:
            raise invalid("the maximum capacity specified for a Array should be in (0, 4096]")

    def add_field(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        proto = schema_pb2.FieldSchema.FromString(request.schema)
        vector = proto.data_type in schemas.VECTORS
        # d298f17d78, which brought vectors that may be null
        if vector and self.version < (2, 6, 18):
            raise invalid("not support to add vector field, field name = %s", proto.name)
        if vector and len(found.schema.vectors) >= 10:
            raise invalid("maximum vector field's number should be limited to 10")
        if not proto.nullable:
            raise invalid("added field must be nullable, please check it, field name = %s", proto.name)
        if proto.is_primary_key or proto.autoID or proto.is_partition_key:
            raise invalid("not support to add pk or partition key field, field name = %s", proto.name)
        schemas.check_field(proto, found.name, self.version)
        if found.schema.field(proto.name) is not None:
            raise invalid("duplicate field name: %s", proto.name)
        self.put_field(found, proto)

    def put_field(self, found, proto):
        """The rows that are there have its default, or null."""
        whole = schema_pb2.CollectionSchema()
        whole.CopyFrom(found.schema.proto)
        proto.fieldID = max(f.fieldID for f in whole.fields) + 1
        whole.fields.add().CopyFrom(proto)
        made = schemas.Schema(whole)
        field = made.field(proto.name)
        value = field.default() if field.has_default else None
        for shard in found.shards:
            for row in shard.rows:
                row.values[field.name] = value
        found.schema = made
        if field.is_vector and found.loaded is not None:
            found.unloaded.add(field.name)
        self.keeper.touch(found)

    def index(self, request, answer):
        """alterIndexTask; how an index is loaded is all that can be altered."""
        if request.delete_keys and len(request.extra_params):
            raise invalid("cannot provide both DeleteKeys and ExtraParams")
        changed = base.pairs(request.extra_params)
        for key in list(changed) or request.delete_keys:
            if key not in (MMAP, "indexoffsetcache.enabled") and not (key == "warmup" and self.version >= (2, 6, 11)):
                raise invalid("%s is not a configable index %s", key,
                              "property" if self.version >= (2, 6, 0) else "proptery")
        found = self.keeper.collection(request.db_name, request.collection_name)
        if not request.index_name:
            raise invalid("index name is empty")
        if found.loaded is not None:
            raise loaded(request, "can't alter index on loaded collection, please release the collection first")
        index = found.indexes.get(request.index_name)
        if index is None:
            raise about(base.INDEX_NOT_FOUND, indexName=request.index_name)
        if MMAP in changed and base.go_bool(changed[MMAP]) is None:
            raise invalid("invalid mmap index params: invalid %s value: %s, expected: true, false", MMAP, changed[MMAP])
        index.params.update(changed)
        for key in request.delete_keys:
            index.params.pop(key, None)
