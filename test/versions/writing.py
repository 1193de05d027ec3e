"""Writing rows: defaults, NULLs, keys that Milvus makes, deletions, truncation, upserts, nullable vectors."""

import math

from rpcs import lacks
from harness import ID, V, check, column, dynamic, field, numbers, since, values_of

WRITES = ("Insert", "Upsert", "Delete")
VALIDATE = "internal/proxy/validate_util.go fillWithValue"
M = field("m", "Int64")
N = field("n", "Int64", nullable=True)
INDEX = [{"field_name": "v", "index_name": "v", "state": "Finished", "params": [
    {"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]


def rows(count, first=1):
    return [{"id": i, "m": i * 10, "v": [float(i), 0.0]} for i in range(first, first + count)]


def ids(c, t):
    return sorted(r["id"] for r in c.stored(t))


# --- 2: keys that Milvus makes ---

AUTO = "internal/proxy/util.go checkUpsertPrimaryFieldData, task_upsert.go: the row gets a new key, in partial updates as well"
AUTOKEY = field("id", "Int64", key=True, auto=True)
ALL = ["v2.4.23", "v2.5.3", "2.5.24", "2.6.1", "2.6.2", "2.6.10", "2.6.20", "3.0.1"]


@check("UPDATE where the keys are Milvus' own is refused, and nothing is sent", AUTO, ALL)
def auto_update(c):
    t = c.make(AUTOKEY, M, V, rows=rows(5))
    for sql in ("UPDATE %s SET m = 1 WHERE id = 5", "UPDATE %s SET m = 1", "UPDATE %s SET v = '[7,7]' WHERE m > 10", "UPDATE %s SET m = 1, v = '[7,7]'",
                "UPDATE %s SET m = m + 1 WHERE id IN (1, 2) RETURNING *"):
        c.refused(sql % t, "0A000", sends=WRITES)
    c.same(sorted((r["id"], r["m"]) for r in c.stored(t)), [(i, i * 10) for i in range(1, 6)], "what is there")


@check("the same with text keys, and a prepared UPDATE", AUTO, ALL)
def auto_update_text(c):
    t = c.make(field("k", "VarChar", key=True, auto=True), M, V, rows=[{"k": "a", "m": 1, "v": [0.0, 0.0]}])
    c.refused("UPDATE %s SET m = 2 WHERE k = 'a'" % t, "0A000", sends=WRITES)
    if not c.run("PREPARE u(int) AS UPDATE %s SET m = $1" % t).error:
        c.refused("EXECUTE u(5)", "0A000", sends=WRITES)
    c.same([r["m"] for r in c.stored(t)], [1], "m")


@check("INSERT gives the keys that Milvus made", AUTO, ALL)
def auto_insert(c):
    t = c.make(AUTOKEY, M, V)
    c.same(c.must("INSERT INTO %s (m, v) VALUES (1, '[0,0]'), (2, '[0,0]') RETURNING id, m" % t), [(1001, 1), (1002, 2)], "RETURNING")
    c.same(c.run("DELETE FROM %s WHERE m = 1" % t).count, 1, "rows deleted")


# --- 3: defaults, NULL ---

DEFAULTED = [field("d_bool", "Bool", default=True), field("d_int8", "Int8", default=-7), field("d_int", "Int32", default=42), field("d_long", "Int64", default=-5000000000),
             field("d_float", "Float", default=1.5), field("d_double", "Double", default=-2.25), field("d_text", "VarChar", default="dëfault")]
DEFAULT_VALUES = (True, -7, 42, -5000000000, 1.5, -2.25, "dëfault")


@check("a mapped field with a default: from 2.5 on every value is said to be valid, before nothing is", VALIDATE, ALL)
def default_mapped(c):
    t = c.make(ID, *DEFAULTED, V)
    c.forget()
    c.must("INSERT INTO %s VALUES (1, false, 1, 2, 3, 4, 5, 'x', '[0,0]'), (2, true, -1, -2, -3, -4, -5, '', '[0,0]')" % t)
    request, = c.asked("Insert")
    for f in DEFAULTED:
        name = f["schema"]["name"]
        data = column(request, name)
        c.expect(data is not None, "%s was not sent", name)
        c.same(data["valid_data"], [True, True] if c.version >= (2, 5) else [], "valid_data of %s" % name)
    for name in ("id", "v"):
        c.same(column(request, name)["valid_data"], [], "valid_data of %s, which has no default" % name)
    c.same(len(c.stored(t)), 2, "rows stored")


@check("a field with a default that the foreign table does not map: 2.4 is sent the default, as its proxy panics without; later ones fill it in",
       "internal/proxy/util.go checkFieldsDataBySchema, " + VALIDATE, ALL)
def default_unmapped(c):
    t = c.make(ID, M, V, *[{**f, "mapped": False} for f in DEFAULTED])
    c.forget()
    c.must("INSERT INTO %s VALUES (1, 10, '[0,0]'), (2, 20, '[0,0]')" % t)
    request, = c.asked("Insert")
    for f, value in zip(DEFAULTED, DEFAULT_VALUES):
        name = f["schema"]["name"]
        data = column(request, name)
        if c.version < (2, 5):
            c.expect(data is not None, "%s was not sent", name)
            c.same(values_of(data), [value, value], "the values of %s" % name)
            c.same(data["valid_data"], [], "valid_data of %s" % name)
        else:
            c.expect(data is None, "%s was sent: %s", name, data)
    for row in c.stored(t):
        c.same(tuple(row[f["schema"]["name"]] for f in DEFAULTED), DEFAULT_VALUES, "what is stored")


@check("the same for columns that an INSERT leaves out, and for COPY", "internal/proxy/util.go checkFieldsDataBySchema", ALL)
def default_left_out(c):
    t = c.make(ID, field("d", "Int64", default=9, mapped=False), M, V)
    c.must("INSERT INTO %s (id, m, v) SELECT i, i, '[1,1]' FROM generate_series(1, 3) i" % t)
    with c.connection.cursor() as cursor:
        with cursor.copy("COPY %s (id, m, v) FROM STDIN" % t) as copy:
            copy.write("4\t4\t[1,1]\n")
    c.collect()
    c.same(sorted((r["id"], r["d"]) for r in c.stored(t)), [(i, 9) for i in range(1, 5)], "what is stored")


@check("NULL for a mapped field that has a default and is not nullable: an error, or the default, never another value", VALIDATE, ALL)
def default_not_null(c):
    for sql in ("INSERT INTO %s (id, v) VALUES (1, '[0,0]')", "INSERT INTO %s VALUES (1, NULL, NULL, '[0,0]')", "INSERT INTO %s VALUES (2, 5, 'x', '[0,0]'), (1, NULL, NULL, '[0,0]')"):
        t = c.make(ID, field("d", "Int64", default=9), field("s", "VarChar", default="nine"), V)
        result = c.run(sql % t)
        for row in c.stored(t):
            c.same((row["d"], row["s"]), (9, "nine") if row["id"] == 1 else (5, "x"), "what is stored by %s" % sql)
        c.expect(result.error in (None, "23502", "0A000"), "%s", result)
        c.expect(result.error or len(c.stored(t)) == result.count, "%s", result)


@check("what a 2.4 server would overlook in a schema is an error", "milvus-proto of 2.4: FieldSchema has no nullable", ["v2.4.23"])
def schema_overlooked(c):
    for schema in ('{"fields": [{"name": "id", "data_type": "Int64", "is_primary_key": true}, {"name": "n", "data_type": "Int64", "nullable": true}, {"name": "v", "data_type": "FloatVector", "type_params": {"dim": 2}}]}',):
        c.refused("SELECT milvus.create_collection(server => '%s', collection => 'over', schema => '%s')" % (c.server, schema), "0A000", sends=("CreateCollection",))


@check("NULL for a field that is nullable and has a default is an error: it would be stored as the default", VALIDATE, since("2.5.0", ALL))
def default_null(c):
    t = c.make(ID, field("d", "Int64", nullable=True, default=9), V)
    c.refused("INSERT INTO %s VALUES (1, NULL, '[0,0]')" % t, "0A000", "23502", "23", "22004", sends=WRITES)
    c.refused("INSERT INTO %s VALUES (1, 5, '[0,0]'), (2, NULL, '[0,0]')" % t, "0A000", "23", "22004", sends=WRITES)
    c.same(c.stored(t), [], "what is stored")
    c.must("INSERT INTO %s VALUES (1, 5, '[0,0]')" % t)
    data = column(c.asked("Insert")[-1], "d")
    c.same(data["valid_data"], [True], "valid_data")
    c.refused("UPDATE %s SET d = NULL WHERE id = 1" % t, "0A000", "23", "22004", sends=WRITES)
    c.same([(r["id"], r["d"]) for r in c.stored(t)], [(1, 5)], "what is stored")


@check("NULL of a nullable field: its valid_data say so, and only the valid values are sent", VALIDATE + ": fillWithNullValueImpl wants as many values as are valid", since("2.5.0", ALL))
def nulls(c):
    t = c.make(ID, N, field("s", "VarChar", nullable=True), field("a", "Array", element="Int64", nullable=True), field("j", "JSON", nullable=True), V)
    c.forget()
    c.must("INSERT INTO %s VALUES (1, NULL, NULL, NULL, NULL, '[0,0]'), (2, 5, 'x', '{1}', '{\"k\": 1}', '[0,0]'), (3, NULL, '', '{}', NULL, '[0,0]')" % t)
    request, = c.asked("Insert")
    for name, valid in (("n", [False, True, False]), ("s", [False, True, True]), ("a", [False, True, True]), ("j", [False, True, False])):
        c.same(column(request, name)["valid_data"], valid, "valid_data of %s" % name)
    c.same([(r["id"], r["n"], r["s"], r["a"], r["j"]) for r in c.stored(t)],
           [(1, None, None, None, None), (2, 5, "x", [1], {"k": 1}), (3, None, "", [], None)], "what is stored")
    c.select("SELECT id, n, s, a, j FROM %s" % t, [(1, None, None, None, None), (2, 5, "x", [1], {"k": 1}), (3, None, "", [], None)])


@check("all NULL in a request, and none", VALIDATE, since("2.5.0", ALL))
def nulls_all(c):
    t = c.make(ID, N, V)
    c.must("INSERT INTO %s VALUES (1, NULL, '[0,0]')" % t)
    c.must("INSERT INTO %s VALUES (2, 2, '[0,0]')" % t)
    c.must("INSERT INTO %s (id, v) VALUES (3, '[0,0]')" % t)
    c.select("SELECT id, n FROM %s" % t, [(1, None), (2, 2), (3, None)])


@check("UPDATE carries what it does not change: defaults, NULLs, unmapped fields", VALIDATE, ALL)
def update_carries(c):
    nullable = [N] if c.version >= (2, 5) else []
    t = c.make(ID, M, V, field("d", "Int64", default=9, mapped=False), field("e", "VarChar", default="e"), *nullable,
               rows=[{"id": 1, "m": 1, "v": [1.0, 1.0], "d": 5, "e": "f", "n": None}, {"id": 2, "m": 2, "v": [2.0, 2.0], "d": 9, "e": "", "n": 7}])
    result = c.run("UPDATE %s SET m = m + 10" % t)
    c.expect(result.count == 2, "%s", result)
    c.same(sorted((r["id"], r["m"], r["d"], r["e"], r.get("n")) for r in c.stored(t)), [(1, 11, 5, "f", None), (2, 12, 9, "", 7 if nullable else None)], "what is stored")


@check("UPDATE of a field with a default: partial updates of 2.6.2 to 2.6.11 take valid_data of nullable fields only, whole rows need them of all with a default",
       "internal/proxy/task_upsert.go queryPreExecute: FillWithNullValue, from 95cac4747f, 2.6.12, on FillWithDefaultValue", ALL + ["2.6.11", "2.6.12"])
def update_defaults(c):
    nullable = [field("q", "Int64", nullable=True, default=4)] if c.version >= (2, 5) else []
    t = c.make(ID, M, V, *DEFAULTED, *nullable, rows=[
        {"id": i, "m": i, "v": [1.0, 1.0], "q": 5, **{f["schema"]["name"]: x for f, x in zip(DEFAULTED, DEFAULT_VALUES)}} for i in (1, 2, 3)])
    for sql, where in (("d_int = 7", "id = 1"), ("d_text = 'x', d_bool = false", "id = 2"), ("d_long = id, d_double = 0.5, d_int8 = 1, d_float = 0", "id > 1"), ("m = 9", "id = 3")):
        result = c.run("UPDATE %s SET %s WHERE %s" % (t, sql, where))
        c.expect(result.error is None and result.count == (2 if ">" in where else 1), "UPDATE … SET %s: %s", sql, result)
    if nullable:
        c.expect(c.run("UPDATE %s SET q = 6, m = 8 WHERE id = 1" % t).count == 1, "UPDATE … SET q")
    c.same(sorted((r["id"], r["m"], r["d_int"], r["d_text"], r["d_bool"], r["d_long"], r["d_double"], r["d_int8"], r["d_float"]) for r in c.stored(t)), [
        (1, 8 if nullable else 1, 7, "dëfault", True, -5000000000, -2.25, -7, 1.5), (2, 2, 42, "x", False, 2, 0.5, 1, 0), (3, 9, 42, "dëfault", True, 3, 0.5, 1, 0)], "what is stored")
    if nullable:
        c.same(sorted((r["id"], r["q"]) for r in c.stored(t)), [(1, 6), (2, 5), (3, 5)], "q")


@check("dynamic fields are kept by UPDATE, and set by it", "internal/proxy/task_upsert.go", ALL)
def update_dynamic(c):
    t = c.make(ID, M, dynamic("y", "bigint"), V, rows=[{"id": 1, "m": 1, "$meta": {"y": 1, "z": "kept"}, "v": [0.0, 0.0]}, {"id": 2, "m": 2, "$meta": {"z": [1]}, "v": [0.0, 0.0]}])
    c.must("UPDATE %s SET m = m + 1" % t)
    c.must("UPDATE %s SET y = 5 WHERE id = 2" % t)
    c.must("UPDATE %s SET y = NULL WHERE id = 1" % t)
    c.same([(r["id"], r["m"], {k: v for k, v in r["$meta"].items() if v is not None}) for r in sorted(c.stored(t), key=lambda r: r["id"])],
           [(1, 2, {"z": "kept"}), (2, 3, {"z": [1], "y": 5})], "what is stored")


@check("IMPORT FOREIGN SCHEMA: what is nullable there is nullable here, vectors too; and the rows can be read", "pkg/proto schema.proto FieldSchema.nullable", ["v2.5.3", "2.6.10", "2.6.20", "3.0.1"])
def imported(c):
    fields = [ID, field("n", "Int64", nullable=True), field("m", "Int32"), field("j", "JSON", nullable=True), field("a", "Array", element="VarChar", nullable=True)]
    data = {"id": 1, "n": None, "m": 2, "j": None, "a": None, "v": [1.0, 2.0]}
    if c.version >= (2, 6, 3):
        fields.append(field("ts", "Timestamptz", nullable=True))
        data["ts"] = None
    if c.version >= (3, 0):
        fields.append(field("body", "Text"))
        data["body"] = "x"
    fields.append(field("v", "FloatVector", nullable=c.version >= (2, 6, 18)))
    t = c.make(*fields, rows=[data, {**data, "id": 2, "v": None if c.version >= (2, 6, 18) else [0.0, 0.0]}])
    c.must("CREATE SCHEMA i%s" % t)
    c.must('IMPORT FOREIGN SCHEMA "default" LIMIT TO (%s) FROM SERVER %s INTO i%s' % (t, c.server, t))
    found = dict(c.must("SELECT attname::text, attnotnull FROM pg_attribute WHERE attrelid = 'i%s.%s'::regclass AND attnum > 0" % (t, t)))
    c.same(found, {f["schema"]["name"]: not f["schema"].get("nullable", False) for f in fields}, "NOT NULL")
    c.same(len(c.must("SELECT * FROM i%s.%s" % (t, t))), 2, "rows")


@check("$meta that was added later is nullable, with valid_data in the answers", "internal/rootcoord/ddl_callbacks_alter_collection_properties.go", ["2.6.10", "2.6.20", "3.0.1"])
def meta_nullable(c):
    whole = {"schema": None, "sql": '"$meta" jsonb', "mapped": True}
    t = c.make(ID, dynamic("y", "bigint"), whole, V, meta_nullable=True, rows=[{"id": 1, "$meta": {"y": 1}, "v": [0.0, 0.0]}, {"id": 2, "$meta": None, "v": [0.0, 0.0]}, {"id": 3, "$meta": {}, "v": [0.0, 0.0]}])
    c.select("SELECT id, y, coalesce(\"$meta\", '{}') FROM %s" % t, [(1, 1, {"y": 1}), (2, None, {}), (3, None, {})])
    c.must("INSERT INTO %s (id, y, v) VALUES (4, 4, '[0,0]')" % t)
    c.select("SELECT id, y FROM %s WHERE y > 1" % t, [(4, 4)])


@check("UPDATE sets NULL and values", VALIDATE, since("2.5.0", ALL))
def update_nulls(c):
    t = c.make(ID, M, N, V, rows=[{"id": i, "m": i, "n": i, "v": [1.0, 1.0]} for i in (1, 2)])
    c.must("UPDATE %s SET n = NULL WHERE id = 1" % t)
    c.must("UPDATE %s SET n = 8 WHERE id = 2" % t)
    c.same(sorted((r["id"], r["m"], r["n"]) for r in c.stored(t)), [(1, 1, None), (2, 2, 8)], "what is stored")


@check("a field that is nullable and has a default, and that is not mapped, is left out", VALIDATE, since("2.5.0", ALL))
def default_nullable_unmapped(c):
    t = c.make(ID, field("d", "Int64", nullable=True, default=9, mapped=False), V)
    c.must("INSERT INTO %s VALUES (1, '[0,0]')" % t)
    c.expect(column(c.asked("Insert")[-1], "d") is None, "it was sent")
    c.same([r["d"] for r in c.stored(t)], [9], "what is stored")


@check("insert_mode upsert with defaults", VALIDATE, ALL)
def default_upsert(c):
    t = c.make(ID, field("d", "Int64", default=9), field("e", "Int64", default=8, mapped=False), V, options="insert_mode 'upsert'")
    c.must("INSERT INTO %s VALUES (1, 1, '[0,0]'), (2, 2, '[0,0]')" % t)
    c.must("INSERT INTO %s VALUES (2, 3, '[0,0]')" % t)
    c.same(sorted((r["id"], r["d"], r["e"]) for r in c.stored(t)), [(1, 1, 8), (2, 3, 8)], "what is stored")


@check("Text and timestamptz fields are written and read back, UPDATE carries them", "internal/proxy/validate_util.go, pkg/util/timestamptz", ["2.6.10", "2.6.20", "3.0.1"])
def newer_types(c):
    text = [field("body", "Text")] if c.version >= (3, 0) else []
    t = c.make(ID, field("ts", "Timestamptz", nullable=True), *text, V)
    c.must("SET timezone = 'Asia/Kolkata'")
    for values in ("1, '2025-01-01 00:00:00.123456+00'", "2, NULL", "3, '1969-12-31 23:59:59.999999+00'"):
        c.must("INSERT INTO %s VALUES (%s%s, '[0,0]')" % (t, values, ", 'b𠮷'" if text else ""))
    want = [(1, "2025-01-01 00:00:00.123456"), (2, None), (3, "1969-12-31 23:59:59.999999")]
    c.select("SELECT id, (ts AT TIME ZONE 'UTC')::text FROM %s" % t, want)
    result = c.run("UPDATE %s SET v = '[1,1]'" % t)
    c.expect(result.count == 3, "%s", result)
    c.select("SELECT id, (ts AT TIME ZONE 'UTC')::text FROM %s" % t, want, "after an UPDATE")
    for row in c.stored(t):
        c.expect(not text or row["body"] == "b𠮷", "%s", row)


# --- 6: deletions, truncation, upserts ---

DELETE = "internal/proxy/task_delete.go: keys by name are counted, not looked for; planparserv2/rewriter makes them of more, from 2.6.8 on"


@check("DELETE tells how many rows there were, not how many keys were named", DELETE, ALL)
def delete_counts(c):
    for where, want in (("id = 1 OR id = 2 OR id = 77", 2), ("id IN (3, 78, 79)", 1), ("id = 99", 0), ("id = ANY ('{5,6,80}')", 2),
                        ("id > 6 AND (id = 1 OR id = 7)", 1), ("id = 81 OR id IN (82, 83)", 0), ("id >= 8 AND id <= 8", 1), ("NOT id <> 84", 0),
                        ("id = 9 AND m = 91", 0), ("(id = 9 OR id = 85) AND m > 0", 1), ("id IN (1, 2) AND id IN (2, 3)", 0), ("id BETWEEN 86 AND 86", 0)):
        t = c.make(ID, M, V, rows=rows(9))
        left = set(range(1, 10))
        sql = "DELETE FROM %s WHERE %s"
        c.must("CREATE TEMP TABLE IF NOT EXISTS l (id bigint, m bigint)")
        c.must("TRUNCATE l")
        c.must("INSERT INTO l SELECT i, i * 10 FROM generate_series(1, 9) i")
        gone = {r[0] for r in c.must("DELETE FROM l WHERE %s RETURNING id" % where)}
        c.forget()
        result = c.run(sql % (t, where))
        if where == "id IN (1, 2) AND id IN (2, 3)":
            want = len(gone)
        c.expect(result.error is None and result.count == len(gone), "DELETE … WHERE %s tells %s, should be %d", where, result, len(gone))
        c.same(set(ids(c, t)), left - gone, "what is left after DELETE … WHERE %s" % where)


@check("the same with text keys", DELETE, ALL)
def delete_counts_text(c):
    for where, gone in (("k = 'a' OR k = 'b' OR k = 'x'", {"a", "b"}), ("k = 'zz'", set()), ("k IN ('a', 'y', 'z')", {"a"}), ("k LIKE 'a'", {"a"})):
        t = c.make(field("k", "VarChar", key=True), M, V, rows=[{"k": k, "m": 1, "v": [0.0, 0.0]} for k in "abc"])
        result = c.run("DELETE FROM %s WHERE %s" % (t, where))
        c.expect(result.error is None and result.count == len(gone), "DELETE … WHERE %s tells %s, should be %d", where, result, len(gone))
        c.same({r["k"] for r in c.stored(t)}, set("abc") - gone, "what is left")


@check("DELETE by other fields, by a range of the key, and of all rows", DELETE, ALL)
def delete_others(c):
    for where, want in (("WHERE m > 50", 4), ("WHERE id > 5", 4), ("WHERE id <> 5", 8), ("", 9), ("WHERE m = 50 OR id = 3", 2), ("WHERE m IN (10, 999)", 1)):
        t = c.make(ID, M, V, rows=rows(9))
        result = c.run("DELETE FROM %s %s" % (t, where))
        c.expect(result.error is None and result.count == want, "DELETE %s tells %s, should be %d", where, result, want)
        c.same(len(c.stored(t)), 9 - want, "how many are left")


@check("DELETE with parameters", DELETE, ALL)
def delete_parameters(c):
    t = c.make(ID, M, V, rows=rows(9))
    c.must("SET plan_cache_mode = force_generic_plan")
    c.must("PREPARE d(bigint, bigint) AS DELETE FROM %s WHERE id = $1 OR id = $2" % t)
    c.same(c.run("EXECUTE d(3, 99)").count, 1, "rows")
    c.must("PREPARE e(bigint[]) AS DELETE FROM %s WHERE id = ANY ($1)" % t)
    c.same(c.run("EXECUTE e('{1,2,3,98}')").count, 2, "rows")


SCHEMA = "internal/proxy/task_insert.go, task_upsert.go PreExecute, schema_timestamp, ErrCollectionSchemaMismatch (109): 3b3959c625, 2.5.4; 6111a0dc22, 2.4.21"
CHECKED = [v for v in ALL if numbers(v) >= (2, 5, 4) or (2, 4, 21) <= numbers(v) < (2, 5)]


@check("rows are written with the time of the schema that they were made for", SCHEMA, CHECKED)
def schema_timestamp(c):
    for options, statement in (("", "INSERT INTO %s VALUES (7, 70, '[7,0]'), (8, 80, '[8,0]')"), ("batch_size '1'", "INSERT INTO %s VALUES (7, 70, '[7,0]'), (8, 80, '[8,0]')"),
                               ("insert_mode 'upsert'", "INSERT INTO %s VALUES (1, 11, '[7,0]')"), ("write_mode 'commit'", "INSERT INTO %s VALUES (7, 70, '[7,0]')"),
                               ("", "UPDATE %s SET m = 1 WHERE id = 2"), ("", "UPDATE %s SET v = '[1,1]'")):
        t = c.make(ID, M, V, rows=rows(3), options=options, describe={"update_timestamp": "461234567890123456"})
        c.forget()
        c.must(statement % t)
        sent = c.asked("Insert", "Upsert")
        c.expect(sent, "nothing was written by %s", statement)
        c.same({int(r.get("schema_timestamp", 0)) for r in sent}, {461234567890123456}, "schema_timestamp, %s %s" % (statement, options))


@check("a collection that was dropped and made again just before the rows came: 40001, and none is in it", SCHEMA, CHECKED)
def made_again_before_rows(c):
    for options, statement in (("", "INSERT INTO %s VALUES (7, 70, '[7,0]')"), ("insert_mode 'upsert'", "INSERT INTO %s VALUES (1, 11, '[7,0]')"),
                               ("", "UPDATE %s SET m = 1 WHERE id = 2"), ("write_mode 'commit'", "INSERT INTO %s VALUES (7, 70, '[7,0]')")):
        t = c.make(ID, M, V, rows=rows(3), options=options)
        c.must("SELECT id FROM %s" % t)
        c.set(t, made_again_at_write=True)
        result = c.run(statement % t)
        c.same(result.error, "40001", "%s: %s; the SQLSTATE" % (statement, result))
        c.same(c.stored(t), [], "what the new one has, %s" % statement)
        c.must("INSERT INTO %s VALUES (9, 90, '[9,0]')" % t)
        c.same([r["id"] for r in c.stored(t)], [9], "what it has then")


TRUNCATE = "internal/proxy/impl.go TruncateCollection: from 6cc639e1bf, 2.6.11, on; before, Unimplemented"
TRUNCATERS = ALL[:-2] + ["2.6.11", "2.6.20", "3.0.1"]


@check("TRUNCATE uses TruncateCollection where there is one, else a deletion", TRUNCATE, TRUNCATERS)
def truncate(c):
    t = c.make(ID, M, V, rows=rows(9))
    c.forget()
    c.must("TRUNCATE %s" % t)
    if c.version >= (2, 6, 11):
        c.expect(c.asked("TruncateCollection") and not c.asked("Delete"), "it was not TruncateCollection")
    else:
        c.expect(not c.asked("TruncateCollection"), "TruncateCollection was sent to a version that has none")
        c.expect(c.asked("Delete"), "nothing was deleted")
    c.same(c.stored(t), [], "what is left")
    c.select("SELECT id FROM %s" % t, [], "what is read")
    c.must("INSERT INTO %s VALUES (1, 10, '[0,0]')" % t)
    c.select("SELECT id FROM %s" % t, [(1,)], "what is read after an INSERT")


@check("TRUNCATE of a collection with text keys", TRUNCATE, TRUNCATERS)
def truncate_text(c):
    t = c.make(field("k", "VarChar", key=True), M, V, rows=[{"k": k, "m": 1, "v": [0.0, 0.0]} for k in ("", "a", "é", "\U0001f600")])
    c.must("TRUNCATE %s" % t)
    c.same(c.stored(t), [], "what is left")


@check("milvus.truncate_collection() is an error where the server has no such RPC, and it is not asked", TRUNCATE, TRUNCATERS)
def truncate_function(c):
    t = c.make(ID, M, V, rows=rows(2))
    sql = "SELECT milvus.truncate_collection('%s')" % t
    if c.version >= (2, 6, 11):
        c.must(sql)
        c.same(c.stored(t), [], "what is left")
    else:
        c.refused(sql, "0A000", sends=("TruncateCollection", "Delete"))


UPSERT = "internal/proxy/task_upsert.go: duplicate primary keys in a batch, refused from 2.6.2 on, both kept before"


@check("an upsert never has a key twice; the last row stays", UPSERT, ALL)
def upsert_twice(c):
    t = c.make(ID, M, V, rows=rows(2), options="insert_mode 'upsert'")
    c.forget()
    c.must("INSERT INTO %s VALUES (1, 100, '[0,0]'), (5, 50, '[0,0]'), (1, 101, '[0,0]'), (5, 51, '[0,0]'), (1, 102, '[0,0]'), (6, 60, '[0,0]')" % t)
    for request in c.asked("Upsert"):
        keys = values_of(column(request, "id"))
        c.same(len(set(keys)), len(keys), "different keys in an upsert of %s" % keys)
    c.same(sorted((r["id"], r["m"]) for r in c.stored(t)), [(1, 102), (2, 20), (5, 51), (6, 60)], "what is stored")


@check("the same with text keys", UPSERT, ALL)
def upsert_twice_text(c):
    t = c.make(field("k", "VarChar", key=True), M, V, options="insert_mode 'upsert'")
    c.must("INSERT INTO %s VALUES ('a', 1, '[0,0]'), ('b', 2, '[0,0]'), ('a', 3, '[0,0]'), ('ä', 4, '[0,0]'), ('ä', 5, '[0,0]')" % t)
    for request in c.asked("Upsert"):
        keys = values_of(column(request, "k"))
        c.same(len(set(keys)), len(keys), "different keys in an upsert of %s" % keys)
    c.same(sorted((r["k"], r["m"]) for r in c.stored(t)), [("a", 3), ("b", 2), ("ä", 5)], "what is stored")


@check("UPDATE … FROM that matches a row more than once sends it once", UPSERT, ALL)
def update_from(c):
    t = c.make(ID, M, V, rows=rows(3))
    result = c.run("UPDATE %s t SET m = o.m FROM (VALUES (1, 7), (1, 7), (2, 8)) o(id, m) WHERE t.id = o.id" % t)
    c.expect(result.count == 2, "%s", result)
    for request in c.asked("Upsert"):
        keys = values_of(column(request, "id"))
        c.same(len(set(keys)), len(keys), "different keys in an upsert of %s" % keys)
    c.same(sorted((r["id"], r["m"]) for r in c.stored(t)), [(1, 7), (2, 8), (3, 30)], "what is stored")


@check("partial updates only from 2.6.2 on", "internal/proxy/task_upsert.go queryPreExecute; nullable fields right from 18371773dd, 2.6.2, on", ALL)
def partial(c):
    t = c.make(ID, M, V, rows=rows(3))
    c.forget()
    c.must("UPDATE %s SET m = 7 WHERE id = 2" % t)
    for request in c.asked("Upsert"):
        if c.version < (2, 6, 2):
            c.expect(not request.get("partial_update"), "partial_update")
        if not request.get("partial_update"):
            c.expect(column(request, "v") is not None, "not the whole row")
    c.same(sorted((r["id"], r["m"], tuple(r["v"])) for r in c.stored(t)), [(1, 10, (1, 0)), (2, 7, (2, 0)), (3, 30, (3, 0))], "what is stored")


# --- 7: nullable vectors, RPCs that are not there ---

VECTORS = "internal/rootcoord, pkg/util/typeutil: nullable vectors from d298f17d78, surely in 2.6.18"
NULLVECTOR = field("v", "FloatVector", nullable=True)


@check("nullable vectors: the values that there are come behind each other", VECTORS, ["2.6.18", "2.6.20", "3.0.1"])
def null_vectors_read(c):
    t = c.make(ID, M, NULLVECTOR, rows=[{"id": 1, "m": 1, "v": None}, {"id": 2, "m": 2, "v": [1.0, 2.0]}, {"id": 3, "m": 3, "v": None}, {"id": 4, "m": 4, "v": [3.0, 4.0]}],
               options="fetch_size '3'")
    c.select("SELECT id, v::text FROM %s" % t, [(1, None), (2, "[1,2]"), (3, None), (4, "[3,4]")])
    c.select("SELECT id FROM %s WHERE v IS NULL" % t, [(1,), (3,)], "IS NULL")
    c.select("SELECT id FROM %s WHERE v IS NOT NULL" % t, [(2,), (4,)], "IS NOT NULL")
    for text in c.filters():
        c.expect("v is" not in text, "the server refuses the null test of a vector: %s", text)


@check("nullable vectors are written: valid_data, and only the values that there are", VECTORS, ["2.6.18", "2.6.20", "3.0.1"])
def null_vectors_written(c):
    t = c.make(ID, M, NULLVECTOR)
    c.forget()
    c.must("INSERT INTO %s VALUES (1, 1, NULL), (2, 2, '[1,2]'), (3, 3, NULL), (4, 4, '[3,4]')" % t)
    data = column(c.asked("Insert")[0], "v")
    c.same(data["valid_data"], [False, True, False, True], "valid_data")
    c.same(data["vectors"]["float_vector"]["data"], [1.0, 2.0, 3.0, 4.0], "the values")
    c.must("INSERT INTO %s VALUES (5, 5, NULL)" % t)
    c.must("INSERT INTO %s VALUES (6, 6, '[5,6]')" % t)
    c.same([(r["id"], r["v"]) for r in c.stored(t)], [(1, None), (2, [1, 2]), (3, None), (4, [3, 4]), (5, None), (6, [5, 6])], "what is stored")
    c.must("UPDATE %s SET m = m + 1" % t)
    c.same(sorted((r["id"], r["m"], r["v"]) for r in c.stored(t)), [(1, 2, None), (2, 3, [1, 2]), (3, 4, None), (4, 5, [3, 4]), (5, 6, None), (6, 7, [5, 6])], "after an UPDATE")
    c.must("UPDATE %s SET v = NULL WHERE id = 2" % t)
    c.must("UPDATE %s SET v = '[9,9]' WHERE id = 1" % t)
    c.same(sorted((r["id"], r["v"]) for r in c.stored(t))[:2], [(1, [9, 9]), (2, None)], "after setting them")


@check("a search does not find rows without a vector, the table has them", VECTORS, ["2.6.18", "2.6.20", "3.0.1"])
def null_vectors_search(c):
    t = c.make(ID, M, NULLVECTOR, rows=[{"id": 1, "m": 1, "v": None}, {"id": 2, "m": 2, "v": [1.0, 2.0]}, {"id": 3, "m": 3, "v": [3.0, 4.0]}], indexes=INDEX)
    c.same(c.must("SELECT id FROM %s ORDER BY v <-> '[1,2]' LIMIT 2" % t), [(2,), (3,)], "the nearest two")
    c.same(c.must("SELECT id, v <-> '[1,2]' FROM %s ORDER BY v <-> '[1,2]' LIMIT 5" % t), [(2, 0.0), (3, math.sqrt(8)), (1, None)], "all")


@check("create_collection makes nullable vectors where there are such", VECTORS, ["v2.4.23", "v2.5.3", "2.5.24", "2.6.1", "2.6.10", "2.6.18", "2.6.20", "3.0.1"])
def null_vectors_created(c):
    c.order("answer", rpc="CreateCollection", response={})
    c.must('CREATE FOREIGN TABLE made%d (id bigint NOT NULL, giraffe bigint, zebra vector(2)) SERVER %s' % (c.runner.doubles.ports[c.text], c.server))
    c.forget()
    result = c.run("SELECT milvus.create_collection('made%d')" % c.runner.doubles.ports[c.text])
    notices = list(c.notices)
    sent = c.asked("CreateCollection")
    if c.version >= (2, 6, 18):
        c.expect(result.error is None, "%s", result)
    if result.error:
        c.expect(result.error == "0A000", "%s", result)
        return
    fields = fields_of(sent[0]["schema"])
    c.same(fields["zebra"].get("nullable", False), c.version >= (2, 6, 18), "is zebra nullable")
    c.same(fields["giraffe"].get("nullable", False), c.version >= (2, 5), "is giraffe nullable")
    warned = " ".join(n for n in notices if n.startswith("WARNING"))
    for name in ("giraffe", "zebra"):
        c.same('"%s"' % name in warned, not fields[name].get("nullable", False), "does a WARNING name %s, which is %s: %s; so" % (name, fields[name], notices))
    c.expect('"id"' not in warned, "the key is named: %s", notices)


def fields_of(schema):
    """The schema of a CreateCollection: bytes, which the recording has as base64, of a message that is told by pieces."""
    if isinstance(schema, dict):
        return {f["name"]: f for f in schema["fields"]}
    import base64
    return parse_schema(base64.b64decode(schema))


def parse_schema(data):
    """CollectionSchema and FieldSchema by their numbers in schema.proto: fields = 4; name = 2, nullable = 15 (or what it is)."""
    fields = {}
    for number, value in wire(data):
        if number == 4:
            found = dict(wire(value))
            fields[found[2].decode()] = {"nullable": bool(found.get(15, 0))}
    return fields


def wire(data):
    at = 0

    def varint():
        nonlocal at
        result = shift = 0
        while True:
            byte = data[at]
            at += 1
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result
    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        elif tag & 7 == 2:
            length = varint()
            yield tag >> 3, data[at:at + length]
            at += length
        else:
            at += 8 if tag & 7 == 1 else 4
            yield tag >> 3, None


RPCS = "internal/proxy, internal/distributed/proxy: what has no implementation there; milvus.proto of each version"


@check("row policies and tags of users have no implementation anywhere: an error, and nothing is sent", RPCS, ALL)
def row_policies(c):
    t = c.make(ID, M, V)
    for sql in ("SELECT milvus.create_row_policy('%s', 'own', '{Query}', '{reader}', 'true', 'true')" % t, "SELECT milvus.drop_row_policy('%s', 'own')" % t,
                "SELECT milvus.alter_row_policy('%s', 'own', roles => '{reader}')" % t, "SELECT * FROM milvus.row_policies WHERE server = '%s'" % c.server,
                "SELECT milvus.add_user_tags('%s', 'ann', '{\"team\": \"red\"}')" % c.server, "SELECT milvus.delete_user_tags('%s', 'ann', '{team}')" % c.server):
        c.refused(sql, "0A000", sends=("CreateRowPolicy", "DropRowPolicy", "UpdateRowPolicy", "AlterRowPolicy", "ListRowPolicies", "AddUserTags", "DeleteUserTags", "GetUserTags"))


@check("what only a later version has is an error that asks nothing", RPCS, ALL)
def later_rpcs(c):
    t = c.make(ID, M, V)
    for needs, sql, rpc in (((2, 5, 0), "SELECT * FROM milvus.run_analyzer('%s', '{a}', '{}')" % c.server, "RunAnalyzer"),
                            ((2, 6, 0), "SELECT milvus.add_file_resource('%s', 'w', '/w')" % c.server, "AddFileResource"),
                            ((3, 0, 0), "SELECT milvus.create_snapshot('%s', 's')" % t, "CreateSnapshot"),
                            ((3, 0, 0), "SELECT * FROM milvus.snapshots WHERE server = '%s'" % c.server, "ListSnapshots"),
                            ((3, 0, 0), "SELECT milvus.drop_field('%s', 'm')" % t, "AlterCollectionSchema")):
        if c.version < needs:
            c.refused(sql, "0A000", sends=(rpc,))


VALUES = {"text": "'x'", "name": "'x'", "jsonb": "'{}'", "text[]": "'{x}'", "bigint": "1", "integer": "1", "boolean": "false", "bigint[]": "'{1}'", "double precision": "1", "interval": "'1s'",
          "timestamp with time zone": "now()", "jsonb[]": "'{}'", "real": "1", "smallint": "1", "oid": "0"}


@check("no view and no function asks for an RPC that the version's proxy has no method for", "internal/distributed/proxy/service.go", ["v2.4.23", "v2.5.3", "2.5.24", "2.6.1", "2.6.2", "2.6.10", "2.6.20", "3.0.1"])
def rpcs_that_are_there(c):
    t = c.make(ID, M, V)
    c.must("SET statement_timeout = '3s'")
    c.must("SET client_min_messages = error")
    functions = c.must("""SELECT p.proname, p.pronargs - p.pronargdefaults, p.proargnames[1:p.pronargs], ARRAY(SELECT format_type(a, NULL) FROM unnest(p.proargtypes) a)
        FROM pg_proc p WHERE p.pronamespace = 'milvus'::regnamespace AND p.proargnames[1:p.pronargs] && '{server,rel}' AND p.prokind = 'f'
        AND p.proname NOT LIKE 'wait%' AND p.proname NOT IN ('call', 'get', 'search', 'disconnect', 'target', 'require') ORDER BY 1""")
    statements = []
    for name, needed, names, types in functions:
        given = []
        for i, (argument, kind) in enumerate(zip(names, types)):
            if argument == "rel":
                given.append("rel => '%s'" % t)
            elif argument == "server" and "rel" not in names:
                given.append("server => '%s'" % c.server)
            elif argument == "wait":
                given.append("wait => false")
            elif argument in ("server", "collection", "database"):
                if i < needed:
                    given.append("%s => '%s'" % (argument, t if argument == "collection" else "default"))
            elif i < needed or argument in ("field", "partition", "alias", "index_name", "name", "properties", "schema"):
                given.append('"%s" => %s' % (argument, "'m'" if argument == "field" else VALUES.get(kind, "NULL")))
        statements.append("SELECT milvus.%s(%s)" % (name, ", ".join(given)))
    views = c.must("SELECT viewname FROM pg_views WHERE schemaname = 'milvus' AND viewname NOT IN ('rpcs', 'connections') ORDER BY 1")
    statements += ["SELECT * FROM milvus.%s WHERE server = '%s'" % (v[0], c.server) for v in views]
    c.expect(len(statements) > 100, "only %d statements", len(statements))
    wrong, asked = [], set()
    for sql in statements:
        c.forget()
        result = c.run(sql)
        asked |= {r["rpc"] for r in c.sent}
        found = sorted({r["rpc"] for r in c.sent if lacks(c.text, r["rpc"])})
        if found:
            wrong.append("%s asked for %s => %s" % (sql, ", ".join(found), str(result)[:100]))
        if result.error == "57014":
            wrong.append("%s went on for ever" % sql)
    c.said = []
    c.expect(not wrong, "%d of %d statements:\n  %s", len(wrong), len(statements), "\n  ".join(wrong))
    c.expect(len(asked) > 60, "only %d RPCs were asked for: %s", len(asked), sorted(asked))
