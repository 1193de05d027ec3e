"""What the server keeps: databases, collections, partitions, rows with their times.

A row is never changed: it has the time it was inserted and, later, the time
of the delete that hit it.  A read at time T sees inserted <= T < deleted
(segcore masks by timestamps; a delete of T hits rows inserted before T, so
that an upsert, one timestamp for both, does not delete what it writes).

Rows live in shards by hash of the key.  What a shard's readers see lags
behind the clock, and each shard lags differently (tSafe; querynodev2/delegator).
"""

import contextlib
import threading
import time
import zlib

import base
import schema as schemas
from base import about
from pymilvus.grpc_gen import common_pb2

DEFAULT_DB = "default"
DEFAULT_PARTITION = "_default"
NEVER = 2 ** 64 - 1
MAX_LAG = 86400                 # queryNode.maxTimestampLag, seconds


class Row:
    __slots__ = ("pk", "values", "inserted", "deleted", "partition")

    def __init__(self, pk, values, inserted, partition):
        self.pk = pk
        self.values = values
        self.inserted = inserted
        self.deleted = NEVER
        self.partition = partition


class Shard:
    def __init__(self, name, lag):
        self.name = name
        self.lag = lag
        self.rows = []
        self.by_pk = {}
        self.in_order = ([], [])
        self.waited_for = 0         # the latest time that a read has waited for: all later ones see it, too

    def ordered(self):
        """The rows by key, and their keys; sorted anew only after rows came or went."""
        found = self.in_order
        if len(found[0]) != len(self.rows):
            rows = sorted(self.rows, key=lambda row: row.pk)
            found = self.in_order = (rows, [row.pk for row in rows])
        return found

    def add(self, row):
        self.rows.append(row)
        self.by_pk.setdefault(row.pk, []).append(row)

    def delete(self, pk, at, partition):
        """partition None: in all of them."""
        for row in self.by_pk.get(pk, ()):
            if row.inserted < at < row.deleted and partition in (None, row.partition):
                row.deleted = at

    def tsafe(self):
        return max(self.waited_for, base.compose(time.time() * 1000 - self.lag))


class Collection:
    def __init__(self, number, database, schema, request, now, lag):
        self.id = number
        self.database = database
        self.name = schema.proto.name
        self.schema = schema
        self.level = request.consistency_level
        self.properties = {p.key: p.value for p in request.properties}
        self.created = now
        self.updated = now
        self.partitions = {}
        self.indexes = {}           # name -> Index
        self.loaded = None          # None, or the names of the loaded partitions
        self.unloaded = set()       # vector fields that were added since they were loaded
        self.writers = 0            # writes that have a time, or will have one, and are not all there
        self.writers_lock = threading.Lock()
        count = request.shards_num or 1
        # the further shards lag more: a reader that takes them for one snapshot shall notice
        self.shards = [Shard("by-dev-rootcoord-dml_%d_%dv%d" % (number % 16 + i, number, i), lag * (1 + i / 2))
                       for i in range(count)]

    @contextlib.contextmanager
    def writing(self):
        with self.writers_lock:
            self.writers += 1
        try:
            yield
        finally:
            with self.writers_lock:
                self.writers -= 1

    def shard_of(self, pk):
        if isinstance(pk, int):
            key = (pk & (2 ** 64 - 1)).to_bytes(8, "little")
        else:
            key = pk.encode()
        return self.shards[zlib.crc32(key) % len(self.shards)]

    def partition_for_key(self, value):
        names = self.key_partitions()
        text = str(value) if not isinstance(value, str) else value
        return names[zlib.crc32(b"key" + text.encode()) % len(names)]

    def key_partitions(self):
        return ["%s_%d" % (DEFAULT_PARTITION, i) for i in range(len(self.partitions))]

    @property
    def timezone(self):
        return self.properties.get("timezone", "UTC")

    def visible(self, at, partitions=None):
        """Rows at a time: a number for all shards, or one for each."""
        for number, shard in enumerate(self.shards):
            moment = at[number] if isinstance(at, list) else at
            for row in shard.rows:
                if row.inserted <= moment < row.deleted and (partitions is None or row.partition in partitions):
                    yield row

    def is_loaded(self, partitions=()):
        return self.loaded is not None and all(p in self.loaded for p in partitions)


class Index:
    def __init__(self, number, name, field, params):
        self.id = number
        self.name = name
        self.field = field
        self.params = params


class Database:
    def __init__(self, number, name, properties, now):
        self.id = number
        self.name = name
        self.properties = properties
        self.created = now
        self.collections = {}
        self.aliases = {}           # alias -> collection's name


class Store:
    def __init__(self, version, lag):
        self.version = version
        base.play(version)
        self.lag = lag
        self.clock = base.Clock()
        self.lock = threading.RLock()
        self.next_id = base.compose(time.time() * 1000) >> 4
        self.renamed = []           # called when a collection gets another name, or none
        self.databases = {DEFAULT_DB: Database(1, DEFAULT_DB, {}, self.clock.now())}

    def new_id(self, count=1):
        """AllocID: the first of `count` numbers."""
        with self.lock:
            first = self.next_id
            self.next_id += count
            return first

    def database(self, name):
        name = name or DEFAULT_DB
        if name not in self.databases:
            raise about(base.DATABASE_NOT_FOUND, database=name)
        return self.databases[name]

    def collection(self, db_name, name):
        """By name or alias."""
        database = self.database(db_name)
        real = database.aliases.get(name, name)
        if real not in database.collections:
            raise about(base.COLLECTION_NOT_FOUND, database=database.name, collection=name)
        return database.collections[real]

    def by_id(self, database, number):
        for collection in database.collections.values():
            if collection.id == number:
                return collection
        raise about(base.COLLECTION_NOT_FOUND, database=database.name, collection=number)

    def make(self, request):
        """CreateCollection; the same once more is no error (createCollectionTask in rootcoord)."""
        schema = schemas.build(request, self.version)
        schemas.check_collection_name(request.collection_name)
        database = self.database(request.db_name)
        if request.collection_name in database.aliases:
            raise base.plain("collection name [%s] conflicts with an existing alias, please choose a unique name",
                             request.collection_name)
        old = database.collections.get(request.collection_name)
        if old is not None:
            if self.same(old, schema, request):
                return old
            raise base.plain("create duplicate collection with different parameters, collection: %s",
                             request.collection_name)
        schema.proto.name = request.collection_name
        now = self.clock.now()
        made = Collection(self.new_id(), database.name, schema, request, now, self.lag)
        if self.version >= (2, 6, 3):
            # the database's, at the time that the collection is made (rootcoord's create_collection_task.go)
            made.properties.setdefault("timezone", database.properties.get("timezone", "UTC"))
        if schema.partition_key:
            for i in range(request.num_partitions or 16):
                made.partitions["%s_%d" % (DEFAULT_PARTITION, i)] = (self.new_id(), now)
        else:
            made.partitions[DEFAULT_PARTITION] = (self.new_id(), now)
        database.collections[request.collection_name] = made
        return made

    @staticmethod
    def same(old, schema, request):
        return (old.schema.proto.fields == schema.proto.fields and len(old.shards) == (request.shards_num or 1)
                and old.level == request.consistency_level)

    def partition(self, collection, name):
        if name not in collection.partitions:
            raise about(base.PARTITION_NOT_FOUND, partition=name)
        return name

    def touch(self, collection):
        """A change of the schema: schema_timestamp of older descriptions no longer fits."""
        collection.updated = self.clock.now()


def read_times(collection, guarantee, mvcc, deadline):
    """Wait until each shard has seen `guarantee`; the time each is read at (waitTSafe).

    mvcc, if not 0, is that time; else each shard's own tSafe.  A time that is past, and has all its writes, is not
    waited for: it is taken as if it had been, which nobody can tell but by the clock.
    """
    times = []
    for shard in collection.shards:
        while True:
            safe = shard.tsafe()
            if safe >= guarantee:
                break
            if not collection.writers and guarantee >> base.LOGICAL_BITS <= int(time.time() * 1000):
                shard.waited_for = max(shard.waited_for, guarantee)
                continue
            behind = ((guarantee >> base.LOGICAL_BITS) - (safe >> base.LOGICAL_BITS)) / 1000.0
            if behind > MAX_LAG:
                raise base.MilvusError(base.UNEXPECTED, "Timestamp lag too large channel=%s lag(%ds) max(%ds)"
                                       % (shard.name, behind, MAX_LAG))
            if time.time() > deadline:
                raise base.MilvusError(base.UNEXPECTED, "context deadline exceeded")
            time.sleep(min(max(behind, 0.001), 0.05))
        # what has not come yet cannot be read, whatever time is asked for
        times.append(min(mvcc, safe) if mvcc else safe)
    return times


def guarantee_of(request, begin, collection, graceful):
    """parseGuaranteeTsFromConsistency and parseGuaranteeTs (internal/proxy/util.go)."""
    level = request.consistency_level
    given = request.guarantee_timestamp
    if request.use_default_consistency:
        level = collection.level
    elif level == common_pb2.Strong and given > 0:
        # clients older than the levels: 0 strong, 2 bounded, everything else as it is
        return base.before(begin, graceful) if given == 2 else given
    if level == common_pb2.Strong:
        return begin
    if level == common_pb2.Bounded:
        return base.before(begin, graceful)
    if level == common_pb2.Eventually:
        return 1
    return given
