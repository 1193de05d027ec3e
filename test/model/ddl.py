"""Databases, collections, aliases, partitions, indexes, loading.

internal/proxy/task.go, task_database.go, task_alias.go, task_index.go and
internal/rootcoord (meta_table.go, *_task.go), internal/datacoord (index_service.go).
"""

import analyzer
import base
import schema as schemas
import store
from alter import change_properties, check_zone
from base import DT, UNEXPECTED, MilvusError, about, expected, invalid, plain
from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2

DENSE_METRICS = {"L2", "IP", "COSINE"}
METRICS = {DT.FloatVector: DENSE_METRICS, DT.Float16Vector: DENSE_METRICS, DT.BFloat16Vector: DENSE_METRICS,
           DT.Int8Vector: DENSE_METRICS, DT.BinaryVector: {"HAMMING", "JACCARD"}, DT.SparseFloatVector: {"IP", "BM25"}}
DEFAULT_METRIC = {DT.BinaryVector: "HAMMING", DT.SparseFloatVector: "IP"}
UNBUILT_METRICS = {"SUBSTRUCTURE", "SUPERSTRUCTURE", "MHJACCARD", "MAX_SIM", "MAX_SIM_COSINE", "MAX_SIM_IP"}
def utc(timestamp):
    return timestamp >> base.LOGICAL_BITS


class Definitions:
    def __init__(self, keeper):
        self.keeper = keeper
        self.version = keeper.version

    # --- databases ---

    def create_database(self, request, answer):
        name = request.db_name
        schemas.check_database_name(name)
        check_zone(request, self.version)
        if name in self.keeper.databases:
            raise plain("database already exist: %s" % name)
        properties = {p.key: p.value for p in request.properties}
        self.keeper.databases[name] = store.Database(self.keeper.new_id(), name, properties, self.keeper.clock.now())

    def drop_database(self, request, answer):
        schemas.check_database_name(request.db_name)
        if request.db_name == store.DEFAULT_DB:
            raise plain("can not drop default database")
        found = self.keeper.databases.get(request.db_name)
        if found is None:
            return
        if found.collections:
            raise plain("database:%s not empty, must drop all collections before drop database"
                              % request.db_name)
        del self.keeper.databases[request.db_name]

    def list_databases(self, request, answer):
        for database in self.keeper.databases.values():
            answer.db_names.append(database.name)
            answer.created_timestamp.append(database.created)
            if self.version >= (2, 5, 0):
                answer.db_ids.append(database.id)

    def describe_database(self, request, answer):
        found = self.keeper.database(request.db_name)
        answer.db_name = found.name
        answer.dbID = found.id
        answer.created_timestamp = found.created
        for key, value in found.properties.items():
            answer.properties.add(key=key, value=value)

    def alter_database(self, request, answer):
        if not len(request.properties) and not len(request.delete_keys) and self.version >= (2, 6, 0):
            raise invalid("alter database with empty properties and delete keys, "
                          "expected to set either properties or delete keys")
        check_zone(request, self.version)
        found = self.keeper.database(request.db_name)
        change_properties(found.properties, request)

    # --- collections ---

    def create_collection(self, request, answer):
        check_zone(request, self.version)
        proto = schema_pb2.CollectionSchema.FromString(request.schema)
        for field in proto.fields:
            analyzer.of(base.pairs(field.type_params))      # what it can't analyze is refused here
        self.keeper.make(request)

    def drop_collection(self, request, answer):
        schemas.check_collection_name(request.collection_name)
        database = self.keeper.database(request.db_name)
        if request.collection_name in database.aliases:
            raise plain("cannot drop the collection via alias = %s" % request.collection_name)
        if request.collection_name not in database.collections:
            return
        aliases = [a for a, c in database.aliases.items() if c == request.collection_name]
        if aliases:
            raise plain("unable to drop the collection [%s] because it has associated aliases %s, "
                                          "please remove all aliases before dropping the collection"
                              % (request.collection_name, aliases))
        del database.collections[request.collection_name]
        self.tell(database.name, request.collection_name)

    def tell(self, database, name, other_database=None, other=None):
        for call in self.keeper.renamed:
            call(database, name, other_database, other)

    def has_collection(self, request, answer):
        schemas.check_collection_name(request.collection_name)
        database = self.keeper.database(request.db_name)
        name = request.collection_name
        answer.value = name in database.collections or name in database.aliases

    def describe_collection(self, request, answer):
        database_name = request.db_name or store.DEFAULT_DB
        try:
            if request.collectionID and not request.collection_name:
                found = self.keeper.by_id(self.keeper.database(request.db_name), request.collectionID)
            else:
                schemas.check_collection_name(request.collection_name)
                found = self.keeper.collection(request.db_name, request.collection_name)
        except MilvusError as error:
            if error.code == base.COLLECTION_NOT_FOUND:
                raise MilvusError(error.code, "can't find collection[database=%s][collection=%s]"
                                  % (database_name, request.collection_name))
            raise
        self.fill_description(answer, found)
        # the name the request asked by, an alias too (describeCollectionTask); the schema has the real one
        answer.collection_name = request.collection_name or found.name

    def fill_description(self, answer, found):
        schema = answer.schema
        schema.name = found.name
        schema.description = found.schema.proto.description
        schema.enable_dynamic_field = found.schema.proto.enable_dynamic_field
        for field in found.schema.proto.fields:
            if not field.is_dynamic:
                schema.fields.add().CopyFrom(field)
        schema.functions.extend(found.schema.proto.functions)
        answer.collectionID = found.id
        answer.virtual_channel_names.extend(s.name for s in found.shards)
        answer.physical_channel_names.extend(s.name.rsplit("_", 1)[0] for s in found.shards)
        answer.created_timestamp = found.created
        answer.created_utc_timestamp = utc(found.created)
        answer.shards_num = len(found.shards)
        answer.consistency_level = found.level
        database = self.keeper.database(found.database)
        answer.aliases.extend(a for a, c in database.aliases.items() if c == found.name)
        for key, value in found.properties.items():
            answer.properties.add(key=key, value=value)
        answer.db_name = found.database
        answer.num_partitions = len(found.partitions)
        answer.update_timestamp = found.updated
        answer.update_timestamp_str = str(found.updated)
        answer.collection_name = found.name
        if self.version >= (2, 5, 0):
            answer.db_id = database.id

    def batch_describe(self, request, answer):
        for name in request.collection_name:
            one = answer.responses.add()
            try:
                found = self.keeper.collection(request.db_name, name)
            except MilvusError as error:
                base.fill_status(one.status, error)
                continue
            base.fill_status(one.status)
            self.fill_description(one, found)

    def show_collections(self, request, answer):
        database = self.keeper.database(request.db_name)
        names = list(request.collection_names)
        in_memory = request.type == milvus_pb2.InMemory or bool(names)
        for found in database.collections.values():
            if names and found.name not in names or in_memory and found.loaded is None:
                continue
            answer.collection_names.append(found.name)
            answer.collection_ids.append(found.id)
            answer.created_timestamps.append(found.created)
            answer.created_utc_timestamps.append(utc(found.created))
            if self.version >= (2, 5, 0):
                answer.shards_num.append(len(found.shards))
            if in_memory:
                answer.inMemory_percentages.append(100)
                answer.query_service_available.append(True)
        for name in names:
            if name not in database.collections:
                raise about(base.COLLECTION_NOT_FOUND, database=database.name, collection=name)
            if database.collections[name].loaded is None:
                raise about(base.COLLECTION_NOT_LOADED, collection=name)

    def rename_collection(self, request, answer):
        schemas.check_collection_name(request.newName)
        source = self.keeper.database(request.db_name)
        target = self.keeper.database(request.newDBName or request.db_name)
        # rootcoord's ddl_callbacks_alter_collection_name.go; there in 2.6.10, not yet in 2.6.2
        if request.newName == request.oldName and source is target and self.version >= (2, 6, 3):
            raise invalid("collection name or database name should be different")
        if request.oldName in source.aliases:
            raise plain("unsupported use an alias to rename collection, alias:%s" % request.oldName)
        if request.newName in target.aliases:
            raise plain("cannot rename collection to an existing alias: %s" % request.newName)
        if request.newName in target.collections:
            raise plain("duplicated new collection name %s:%s with other collection name or alias"
                              % (target.name, request.newName))
        found = self.keeper.collection(request.db_name, request.oldName)
        aliases = [a for a, c in source.aliases.items() if c == found.name]
        if aliases and source is not target:
            raise plain("fail to rename db name, must drop all aliases of this collection "
                                          "before rename")
        del source.collections[found.name]
        found.name = request.newName
        found.database = target.name
        target.collections[found.name] = found
        self.tell(source.name, request.oldName, target.name, found.name)
        for alias in aliases:
            source.aliases[alias] = found.name

    def truncate(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        for shard in found.shards:
            shard.rows, shard.by_pk, shard.in_order = [], {}, ([], [])

    def statistics(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        # what was written to segments; deletes don't count (datacoord's NumOfRows)
        answer.stats.add(key="row_count", value=str(sum(len(s.rows) for s in found.shards)))

    def partition_statistics(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        name = self.keeper.partition(found, request.partition_name)
        answer.stats.add(key="row_count",
                         value=str(sum(r.partition == name for s in found.shards for r in s.rows)))

    def flush(self, request, answer):
        answer.db_name = request.db_name
        for name in request.collection_names:
            found = self.keeper.collection(request.db_name, name)
            answer.coll_segIDs[name].SetInParent()
            answer.flush_coll_segIDs[name].SetInParent()
            answer.coll_seal_times[name] = utc(self.keeper.clock.now()) // 1000
            answer.coll_flush_ts[name] = self.keeper.clock.now()
            assert found

    def flush_state(self, request, answer):
        answer.flushed = True

    # --- aliases ---

    def create_alias(self, request, answer):
        schemas.check_collection_name(request.alias, "alias")
        schemas.check_collection_name(request.collection_name)
        database = self.keeper.database(request.db_name)
        if request.alias in database.collections:
            raise about(base.ALIAS_NAME_CONFLICT, database=database.name, alias=request.alias)
        if request.collection_name not in database.collections:
            raise about(base.COLLECTION_NOT_FOUND, database=database.name, collection=request.collection_name)
        old = database.aliases.get(request.alias)
        if old == request.collection_name:
            return
        if old is not None:
            raise MilvusError(base.ALIAS_EXISTS, "%s is alias to another collection: %s: alias already exist"
                                                 "[database=%s][alias=%s]" % (request.alias, old, database.name,
                                                                              request.alias))
        database.aliases[request.alias] = request.collection_name

    def alter_alias(self, request, answer):
        schemas.check_collection_name(request.alias, "alias")
        schemas.check_collection_name(request.collection_name)
        database = self.keeper.database(request.db_name)
        if request.alias in database.collections:
            raise about(base.ALIAS_NAME_CONFLICT, database=database.name, alias=request.alias)
        if request.collection_name not in database.collections:
            raise about(base.COLLECTION_NOT_FOUND, collection=request.collection_name)
        if request.alias not in database.aliases:
            raise about(base.ALIAS_NOT_FOUND, database=database.name, alias=request.alias)
        database.aliases[request.alias] = request.collection_name

    def drop_alias(self, request, answer):
        self.keeper.database(request.db_name).aliases.pop(request.alias, None)

    def describe_alias(self, request, answer):
        database = self.keeper.database(request.db_name)
        if request.alias not in database.aliases:
            raise about(base.ALIAS_NOT_FOUND, database=database.name, alias=request.alias)
        answer.db_name = database.name
        answer.alias = request.alias
        answer.collection = database.aliases[request.alias]

    def list_aliases(self, request, answer):
        database = self.keeper.database(request.db_name)
        if request.collection_name:
            self.keeper.collection(request.db_name, request.collection_name)
        answer.db_name = database.name
        answer.collection_name = request.collection_name
        answer.aliases.extend(a for a, c in database.aliases.items()
                              if request.collection_name in ("", c))

    # --- partitions ---

    def create_partition(self, request, answer):
        schemas.check_collection_name(request.collection_name)
        found = self.keeper.collection(request.db_name, request.collection_name)
        if found.schema.partition_key:
            raise plain("disable create partition if partition key mode is used")
        schemas.check_partition_name(request.partition_name, True)
        if request.partition_name not in found.partitions:
            if len(found.partitions) >= schemas.MAX_PARTITIONS:
                raise plain("partition number (%d) exceeds max configuration (%d), collection: %s",
                            len(found.partitions), schemas.MAX_PARTITIONS, found.name)
            found.partitions[request.partition_name] = (self.keeper.new_id(), self.keeper.clock.now())
            if found.loaded is not None:
                # a loaded collection takes its new partitions along (rootcoord's syncNewCreatedPartition)
                found.loaded.add(request.partition_name)

    def drop_partition(self, request, answer):
        schemas.check_collection_name(request.collection_name)
        found = self.keeper.collection(request.db_name, request.collection_name)
        schemas.check_partition_name(request.partition_name, True)
        if found.schema.partition_key:
            raise plain("disable drop partition if partition key mode is used")
        if request.partition_name == store.DEFAULT_PARTITION:
            raise plain("default partition cannot be deleted")
        if request.partition_name not in found.partitions:
            return
        if found.loaded is not None and request.partition_name in found.loaded:
            raise plain("partition cannot be dropped, partition is loaded, please release it first")
        del found.partitions[request.partition_name]
        for shard in found.shards:
            shard.rows = [r for r in shard.rows if r.partition != request.partition_name]
            shard.by_pk, shard.in_order = {}, ([], [])
            for row in shard.rows:
                shard.by_pk.setdefault(row.pk, []).append(row)

    def has_partition(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        schemas.check_partition_name(request.partition_name, True)
        answer.value = request.partition_name in found.partitions

    def show_partitions(self, request, answer):
        if request.collectionID and not request.collection_name:
            found = self.keeper.by_id(self.keeper.database(request.db_name), request.collectionID)
        else:
            found = self.keeper.collection(request.db_name, request.collection_name)
        in_memory = request.type == milvus_pb2.InMemory
        for name in request.partition_names:
            self.keeper.partition(found, name)
            if in_memory and (found.loaded is None or name not in found.loaded):
                raise about(base.PARTITION_NOT_LOADED, partition=name)
        for name, (number, created) in found.partitions.items():
            if in_memory and (found.loaded is None or name not in found.loaded):
                continue
            if len(request.partition_names) and name not in request.partition_names:
                continue
            answer.partition_names.append(name)
            answer.partitionIDs.append(number)
            answer.created_timestamps.append(created)
            answer.created_utc_timestamps.append(utc(created))
            if in_memory:
                answer.inMemory_percentages.append(100)

    # --- indexes ---

    def create_index(self, request, answer):
        schemas.check_collection_name(request.collection_name)
        found = self.keeper.collection(request.db_name, request.collection_name)
        field = found.schema.field(request.field_name)
        params = self.index_params(request)
        if field is None and found.schema.dynamic is not None and self.version >= (2, 5, 7):
            field = found.schema.dynamic
        if field is None:
            raise plain("cannot create index on non-exist field: %s" % request.field_name)
        if field.type == DT.JSON and "json_path" not in params:
            raise invalid("create auto index on type:JSON is not supported") if "index_type" not in params else \
                MilvusError(UNEXPECTED, "json index must specify cast type")
        if field.is_vector:
            self.check_vector_index(found, field, params)
        name = request.index_name or request.field_name
        for index in found.indexes.values():
            same_place = index.field == request.field_name and (
                field.type != DT.JSON or index.params.get("json_path") == params.get("json_path"))
            if index.name == name and not same_place:
                raise MilvusError(UNEXPECTED, "CreateIndex failed: at most one distinct index is allowed per field")
            if same_place:
                if index.params == params and (not request.index_name or index.name == name):
                    return
                raise MilvusError(UNEXPECTED, "CreateIndex failed: at most one distinct index is allowed per field")
        found.indexes[name] = store.Index(self.keeper.new_id(), name, request.field_name, params)

    @staticmethod
    def index_params(request):
        import json
        params = {}
        for pair in request.extra_params:
            if pair.key in params:
                raise invalid("duplicated index param (key=%s) (value=%s) found", pair.key, pair.value)
            if pair.key == "params":
                try:
                    params.update({k: v if isinstance(v, str) else json.dumps(v)
                                   for k, v in json.loads(pair.value).items()})
                except (ValueError, AttributeError):
                    raise MilvusError(UNEXPECTED, "invalid params: %s" % pair.value)
            else:
                params[pair.key] = pair.value
        return params

    def check_vector_index(self, found, field, params):
        function_output = field.name in found.schema.bm25
        metric = params.get("metric_type", "").upper()
        if not metric:
            if function_output:
                metric = "BM25"
            else:
                metric = DEFAULT_METRIC.get(field.type, "COSINE")
            params["metric_type"] = metric
        if metric in UNBUILT_METRICS:
            raise base.Unimplemented("the model has no metric %s" % metric)
        if metric not in METRICS[field.type]:
            if field.type == DT.SparseFloatVector:
                raise expected("valid index params", "invalid index params",
                               "only IP&BM25 is the supported metric type for sparse index")
            kind = {DT.BinaryVector: "binary", DT.Int8Vector: "int"}.get(field.type, "float")
            raise expected("valid index params", "invalid index params",
                           "%s vector index does not support metric type: %s" % (kind, params["metric_type"]))
        if (metric == "BM25") != function_output:
            raise invalid("only BM25 Function output field support BM25 metric type" if metric == "BM25" else
                          "index metric type of BM25 function output field must be BM25, got %s" % metric)
        params.setdefault("index_type", "AUTOINDEX")

    def describe_index(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        if not found.indexes:
            raise about(base.INDEX_NOT_FOUND, collection=request.collection_name) if not request.index_name else \
                about(base.INDEX_NOT_FOUND, indexName=request.index_name)
        total = sum(len(s.rows) for s in found.shards)
        for index in found.indexes.values():
            if request.index_name and index.name != request.index_name:
                continue
            described = answer.index_descriptions.add(
                index_name=index.name, indexID=index.id, field_name=index.field, indexed_rows=total,
                total_rows=total, state=common_pb2.Finished)
            for key, value in index.params.items():
                described.params.add(key=key, value=value)
        if not len(answer.index_descriptions):
            raise about(base.INDEX_NOT_FOUND, indexName=request.index_name)

    def drop_index(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        names = [n for n, i in found.indexes.items()
                 if n == request.index_name or not request.index_name and i.field == request.field_name]
        if not names:
            return
        if found.loaded is not None and self.version < (2, 6, 0):
            # dropIndexTask of 2.5 and before, whatever the index is of
            raise MilvusError(UNEXPECTED, "index cannot be dropped, collection is loaded, please release it first")
        for name in names:
            field = found.schema.field(found.indexes[name].field)
            if found.loaded is not None and field is not None and field.is_vector:
                raise invalid("vector index cannot be dropped on loaded collection: %s", request.collection_name)
            del found.indexes[name]

    # --- loading ---

    def load_collection(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        self.check_indexed(found)
        found.loaded = set(found.partitions)
        found.unloaded.clear()

    def load_partitions(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        if not len(request.partition_names):
            raise plain("due to no partition specified")
        for name in request.partition_names:
            self.keeper.partition(found, name)
        self.check_indexed(found)
        found.loaded = (found.loaded or set()) | set(request.partition_names)

    @staticmethod
    def check_indexed(found):
        if not found.indexes:
            # loadCollectionTask asks for the indexes first
            raise about(base.INDEX_NOT_FOUND, collection=found.name)
        indexed = {i.field for i in found.indexes.values()}
        bare = [f.name for f in found.schema.vectors if f.name not in indexed]
        if bare:
            raise plain("there is no vector index on field: [%s], please create index firstly", " ".join(bare))

    def release_collection(self, request, answer):
        self.keeper.collection(request.db_name, request.collection_name).loaded = None

    def release_partitions(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        for name in request.partition_names:
            self.keeper.partition(found, name)
        if found.loaded is not None:
            found.loaded -= set(request.partition_names)
            if not found.loaded:
                found.loaded = None

    def load_state(self, request, answer):
        schemas.check_collection_name(request.collection_name)
        try:
            found = self.keeper.collection(request.db_name, request.collection_name)
        except MilvusError:
            answer.state = common_pb2.LoadStateNotExist
            return
        for name in request.partition_names:
            self.keeper.partition(found, name)
        there = found.is_loaded(request.partition_names)
        answer.state = common_pb2.LoadStateLoaded if there else common_pb2.LoadStateNotLoad

    def loading_progress(self, request, answer):
        found = self.keeper.collection(request.db_name, request.collection_name)
        for name in request.partition_names:
            self.keeper.partition(found, name)
        if not found.is_loaded(request.partition_names):
            raise about(base.COLLECTION_NOT_LOADED, collection=request.collection_name)
        answer.progress = answer.refresh_progress = 100
