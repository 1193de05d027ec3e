"""Insert, Upsert, Delete: internal/proxy/task_insert.go, task_upsert.go, task_delete.go."""

import base
import columns
import schema as schemas
import store
from base import DT, about, expected, invalid, plain
from pymilvus.grpc_gen import schema_pb2


class Write:
    """One Insert or Upsert on its way through the checks."""

    def __init__(self, keeper, request, upsert):
        self.keeper = keeper
        self.version = keeper.version
        self.request = request
        self.upsert = upsert
        self.rows = request.num_rows
        self.fields_data = [schema_pb2.FieldData.FromString(d.SerializeToString()) for d in request.fields_data]
        if self.version < (2, 5, 0):
            for data in self.fields_data:
                del data.valid_data[:]
        schemas.check_collection_name(request.collection_name)
        self.collection = keeper.collection(request.db_name, request.collection_name)
        self.schema = self.collection.schema
        self.now = None
        if request.schema_timestamp and request.schema_timestamp != self.collection.updated:
            raise about(base.SCHEMA_MISMATCH, collection=request.collection_name)

    # --- the columns ---

    def allows_own_keys(self):
        """allow_insert_auto_id: 2.5.19 on, 2.6.3 on."""
        known = self.version >= (2, 6, 3) or self.version.between((2, 5, 19), (2, 5, 999))
        return known and base.go_bool(self.collection.properties.get("allow_insert_auto_id", "")) is True

    def check_dynamic(self, partial=False):
        """doCheckDynamicFieldData: the dynamic column is there or made of empty objects."""
        if self.schema.dynamic is None:
            return
        for data in self.fields_data:
            if not data.is_dynamic:
                continue
            data.field_name = schemas.META
            for raw in data.scalars.json_data.data:
                found = schemas.json_object(raw)
                if found is None:
                    raise invalid("invalid dynamic field data, only json map is supported: %s", raw[:40])
                if schemas.META in found:
                    raise plain("cannot set json key to: %s", schemas.META)
                for field in self.schema.fields:
                    if field.name in found and not (partial and self.version >= (2, 6, 18)):
                        raise plain("dynamic field name cannot include the static field name: %s", field.name)
            return
        made = columns.empty_field_data(self.schema.dynamic)
        made.scalars.json_data.data.extend([b"{}"] * self.rows)
        if self.schema.dynamic.nullable:
            made.valid_data.extend([True] * self.rows)
        self.fields_data.append(made)

    def check_complete(self):
        """checkFieldsDataBySchema."""
        names = set()
        for data in self.fields_data:
            if data.field_name in names:
                raise invalid("duplicated field %s found", data.field_name)
            names.add(data.field_name)
        made = 0
        for field in self.schema.fields:
            given = field.name in names
            auto = field.primary and field.auto_id and not self.upsert and not (self.allows_own_keys() and given)
            if auto or field.name in self.schema.bm25:
                made += 1
            if given or auto or field.name in self.schema.bm25:
                continue
            if not field.has_default and not field.nullable:
                raise invalid("fieldSchema(%s) has no corresponding fieldData pass in", field.name)
            if self.version < (2, 5, 0):
                self.fields_data.append(schema_pb2.FieldData(type=field.type, field_name=field.name))
                continue
            empty = columns.empty_field_data(field)
            empty.valid_data.extend([False] * self.rows)
            self.fields_data.append(empty)
        wanted, have = len(self.schema.fields), len(self.fields_data) + made
        if wanted != have:
            raise expected(wanted, have, "more fieldData has pass in")

    def take_primary(self):
        """The keys of the rows, and the keys to delete."""
        field = self.schema.pk
        given = next((d for d in self.fields_data if d.field_name == field.name), None)
        if given is None:
            if self.upsert:
                raise invalid("must assign pk when upsert, primary field: %s", field.name)
            return self.made_keys(), []
        if field.auto_id and not self.upsert and not self.allows_own_keys():
            raise invalid("can not assign primary field data when auto id enabled and allow_insert_auto_id is false %s",
                          field.name)
        keys = self.keys_of(given)
        if field.auto_id and self.upsert:
            # the old rows go, the new ones get keys of their own (facts 1.3)
            self.fields_data.remove(given)
            return self.made_keys(), keys
        return None, keys

    @staticmethod
    def keys_of(data):
        kind = data.scalars.WhichOneof("data") if data.WhichOneof("field") == "scalars" else None
        if kind not in ("long_data", "string_data"):
            raise invalid("currently only support DataType Int64 or VarChar as PrimaryField")
        return list(getattr(data.scalars, kind).data)

    def made_keys(self):
        first = self.keeper.new_id(self.rows)
        made = range(first, first + self.rows)
        return list(made) if self.schema.pk.type == DT.Int64 else [str(i) for i in made]

    def validate(self, made):
        """Every column, one value a row, by the field's name."""
        known = [f for f in self.schema.fields if f.name not in self.schema.bm25]
        for data in self.fields_data:
            if self.schema.or_dynamic(data.field_name) is None or self.schema.field(data.field_name) is None:
                raise plain("fieldName %s not exist in collection schema", data.field_name)
        count = len(self.fields_data) + (made is not None)
        if count != len(known):
            raise plain("len(columns) mismatch the expectColumnNum, expectColumnNum: %d, len(columns): %d",
                          len(known), count)
        if self.schema.partition_key and self.request.partition_name:
            raise self.no_partitions()
        # upserts don't look at max_capacity before 3.0 (newValidateUtil in task_upsert.go)
        capacity = not self.upsert or self.version >= (3, 0, 0)
        taken = {}
        for data in self.fields_data:
            field = self.schema.field(data.field_name)
            taken[field.name] = columns.read_column(data, field, self.rows, self.collection.timezone, capacity,
                                                    self.version)
        if made is not None:
            taken[self.schema.pk.name] = made
        return taken

    @staticmethod
    def no_partitions():
        return plain("not support manually specifying the partition names if partition key mode is used")

    def target_partition(self):
        if self.schema.partition_key:
            return None
        name = self.request.partition_name or store.DEFAULT_PARTITION
        schemas.check_partition_name(name, True)
        return self.keeper.partition(self.collection, name)

    # --- storing ---

    def put(self, taken, deletes, partition):
        with self.collection.writing():
            return self.put_now(taken, deletes, partition)

    def put_now(self, taken, deletes, partition):
        names = list(taken)
        keys = taken[self.schema.pk.name]
        self.now = self.keeper.clock.now()
        # an upsert's deletes go where its partition is; with a partition key everywhere
        for key in deletes:
            self.collection.shard_of(key).delete(key, self.now, partition)
        key_field = self.schema.partition_key
        for i, key in enumerate(keys):
            values = {name: taken[name][i] for name in names}
            where = partition or self.collection.partition_for_key(values[key_field.name])
            self.collection.shard_of(key).add(store.Row(key, values, self.now, where))
        return keys

    def answer(self, result, keys, deleted=0):
        base.fill_status(result.status)
        columns.write_ids(result.IDs, self.schema.pk, keys)
        result.succ_index.extend(range(len(keys)))
        result.timestamp = self.now
        result.insert_cnt = len(keys)
        if self.upsert:
            result.upsert_cnt = len(keys)
            result.delete_cnt = deleted
        return result


def check_rows(rows):
    if rows <= 0:
        raise expected("invalid num_rows", str(rows), "num_rows should be greater than 0")


def insert(keeper, request, result):
    write = Write(keeper, request, upsert=False)
    write.check_dynamic()
    check_rows(write.rows)
    write.check_complete()
    made, _ = write.take_primary()
    partition = write.target_partition()
    taken = write.validate(made)
    return write.answer(result, write.put(taken, [], partition))


def upsert(keeper, request, result):
    write = Write(keeper, request, upsert=True)
    schema, version = write.schema, keeper.version
    if schema.partition_key and request.partition_name:
        raise write.no_partitions()
    operations = {}
    if version >= (2, 6, 16):
        operations = array_operations(write)
    partial = request.partial_update and version >= (2, 6, 1) or bool(operations)
    if version >= (2, 6, 8):
        # d5eb240f3b, after 2.6.7
        data = next((d for d in write.fields_data if d.field_name == schema.pk.name), None)
        if data is None:
            raise invalid("must assign pk when checking duplicates, primary field: %s", schema.pk.name)
        keys = write.keys_of(data)
        if len(set(keys)) != len(keys):
            raise invalid("duplicate primary keys are not allowed in the same batch")
    check_rows(write.rows)
    partition = write.target_partition()
    if partial:
        return update_partially(write, partition, result, operations)
    write.check_dynamic()
    write.check_complete()
    made, keys = write.take_primary()
    taken = write.validate(made)
    return write.answer(result, write.put(taken, keys, partition), len(keys))


APPEND, REMOVE = schema_pb2.FieldPartialUpdateOp.ARRAY_APPEND, schema_pb2.FieldPartialUpdateOp.ARRAY_REMOVE


def array_operations(write):
    """validateFieldPartialUpdateOps (5849977c40): the array that is given is put to what is there, or taken from it."""
    given = {data.field_name: data for data in write.request.fields_data}
    found, seen = {}, set()
    for one in write.request.field_ops:
        name, op = one.field_name, schema_pb2.FieldPartialUpdateOp.OpType.Name(one.op)
        if not name:
            raise base.missing("FieldPartialUpdateOp.field_name is required")
        if name in seen:
            raise invalid('duplicate partial-update op for field "%s"', name)
        seen.add(name)
        if one.op == schema_pb2.FieldPartialUpdateOp.REPLACE:
            continue
        field = write.schema.field(name)
        if field is not None and field.primary:
            raise invalid('field "%s" is the primary key and cannot carry a partial-update op', name)
        if field is None:
            raise invalid('field "%s" not found in collection schema', name)
        if field.type != DT.Array:
            raise invalid('op %s requires Array field, but field "%s" is %s', op, name, schemas.type_name(field.type))
        if name not in given:
            raise invalid('partial-update op targets field "%s" not present in fields_data', name)
        data = given[name]
        if data.scalars.WhichOneof("data") != "array_data":
            raise invalid('partial-update op field "%s" payload is not an Array', name)
        element = data.scalars.array_data.element_type
        if element not in (DT.Value("None"), field.element):
            raise invalid('field "%s" expects element type %s but request provides %s', name,
                          schemas.type_name(field.element), schemas.type_name(element))
        for i, row in enumerate(data.scalars.array_data.data):
            kind = row.WhichOneof("data")
            length = len(getattr(row, kind).data) if kind else 0
            if one.op == APPEND and length > field.max_capacity:
                raise invalid('ARRAY_APPEND payload for field "%s" row %d has length %d exceeding max_capacity %d', name, i,
                              length, field.max_capacity)
        found[name] = one.op
    return found


def operated(field, op, before, value):
    """ApplyArrayRowOp; what is removed is compared as numbers are: NaN stays. A null that is given changes nothing.

    A null that was there is none afterwards, even if there was nothing to add or take away (UpdateArrayFieldByColumnWithOp).
    """
    if value is None:
        return before
    if op == REMOVE:
        return [one for one in before or [] if not any(one == other for other in value)]
    whole = list(before or []) + list(value)
    if len(whole) > field.max_capacity:
        raise invalid("array length %d exceeds max_capacity %d", len(whole), field.max_capacity)
    return whole


def update_partially(write, partition, result, operations):
    """queryPreExecute: old rows by their keys, the given columns over them; keys not found are inserted."""
    import json
    import reads
    schema, version, rows = write.schema, write.version, write.rows
    given_pk = next((d for d in write.fields_data if d.field_name == schema.pk.name), None)
    if given_pk is None:
        raise invalid("must assign pk when upsert, primary field: %s", schema.pk.name)
    keys = write.keys_of(given_pk)
    if not write.collection.is_loaded():
        raise reads.not_loaded(write.collection)
    begin = write.keeper.clock.now()
    times = store.read_times(write.collection, begin, 0, float("inf"))
    parts = None if partition is None else {partition}
    old = {}
    wanted = set(keys)
    for row in write.collection.visible(times, parts):
        if row.pk in wanted and (row.pk not in old or row.inserted > old[row.pk].inserted):
            old[row.pk] = row
    given = {}
    write.fields_data = [d for d in write.fields_data if d.field_name not in schema.bm25]
    for data in write.fields_data:
        name = schemas.META if data.is_dynamic else data.field_name
        field = schema.field(name)
        if field is None:
            raise plain("failed to get field schema by name: fieldName(%s) not found", name)
        if data.is_dynamic:
            data.field_name = schemas.META
            for raw in data.scalars.json_data.data:
                if schemas.json_object(raw) is None:
                    raise invalid("invalid dynamic field data, only json map is supported: %s", raw[:40])
        given[name] = columns.read_column(data, field, rows, write.collection.timezone, version >= (3, 0, 0), version)
    for key in keys:
        if key in old:
            continue
        for field in schema.fields:
            if field.name in given or field.name in schema.bm25 or field.nullable or field.has_default or field.dynamic:
                continue
            raise invalid("fieldSchema(%s) has no corresponding fieldData pass in", field.name)
        break
    taken = {f.name: [] for f in schema.fields if f.name not in schema.bm25}
    for i, key in enumerate(keys):
        before = old[key].values if key in old else {}
        for field in schema.fields:
            if field.name not in taken:
                continue
            if field.name in given:
                value = given[field.name][i]
                if field.name in operations and before:
                    value = operated(field, operations[field.name], before[field.name], value)
                elif field.dynamic and before:
                    # merged key by key (UpdateFieldDataByColumn for the dynamic field)
                    merged = json.loads(before[field.name] or b"{}")
                    merged.update(json.loads(value or b"{}"))
                    value = json.dumps(merged, ensure_ascii=False, separators=(",", ":")).encode()
            elif before:
                value = before[field.name]
            elif field.dynamic:
                value = b"{}"
            else:
                value = field.default() if field.has_default else None
            taken[field.name].append(value)
    if schema.pk.auto_id:
        taken[schema.pk.name] = write.made_keys()
    found = [key for key in keys if key in old]
    return write.answer(result, write.put(taken, found, partition), len(found))


def delete(keeper, request, result):
    """Keys named in the filter are deleted unseen; any other filter is read first (deleteRunner)."""
    import filters
    import reads
    schemas.check_collection_name(request.collection_name)
    collection = keeper.collection(request.db_name, request.collection_name)
    schema = collection.schema
    try:
        plan = filters.compile_filter(schema, request.expr, dict(request.expr_template_values), keeper.version,
                                      collection.timezone)
    except base.MilvusError as error:
        raise invalid("failed to create delete plan: %s", error.reason)
    if plan.always_true:
        raise invalid("delete plan can't be empty or always true : %s", request.expr)
    partitions = None
    if schema.partition_key:
        if request.partition_name:
            raise Write.no_partitions()
        partitions = reads.key_partitions(collection, plan)
    elif request.partition_name:
        schemas.check_partition_name(request.partition_name, True)
        partitions = {keeper.partition(collection, request.partition_name)}
    base.fill_status(result.status)
    result.IDs.SetInParent()
    keys = plan.primary_keys()
    one = next(iter(partitions)) if partitions is not None and len(partitions) == 1 else None
    if keys is None:
        if not collection.is_loaded():
            raise reads.not_loaded(collection)
        begin = keeper.clock.now()
        guarantee = begin if request.consistency_level == 0 else store.guarantee_of(
            _Level(request.consistency_level), begin, collection, reads.GRACEFUL)
        times = store.read_times(collection, guarantee, begin, float("inf"))
        rows = plan.select(collection, times, partitions)
        keys = [row.pk for row in reads.latest(rows)]
    with collection.writing():
        now = keeper.clock.now()
        for key in keys:
            collection.shard_of(key).delete(key, now, one)
    result.delete_cnt = len(keys)
    result.timestamp = now
    return result


class _Level:
    """What guarantee_of() reads of a request, for one that has only a level."""

    def __init__(self, level):
        self.consistency_level = level
        self.guarantee_timestamp = 0
        self.use_default_consistency = False
