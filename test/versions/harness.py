"""What the checks of versions.py stand on: the doubles, sessions, tables, and what was sent."""

import json
import os
import re
import subprocess
import sys
import time
import traceback

import psycopg

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import grammar as milvus_filter      # noqa: E402

STRONG, SESSION, BOUNDED, EVENTUALLY, CUSTOMIZED = "Strong", "Session", "Bounded", "Eventually", "Customized"

# --- versions ---

# As such a server calls itself (cmd/milvus/run.go): up to 2.5.5 what "git describe" says; then the constant of
# pkg/common/version.go; from 2.6.13 on (79e45a605c) and in 3.0 the tag without its v.
VERSIONS = ["v2.4.23", "v2.5.3", "2.5.24", "2.6.1", "2.6.10", "2.6.20", "3.0.1"]


def numbers(version):
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(n) for n in match.groups()) if match else None


def since(version, among=VERSIONS):
    return [v for v in among if numbers(v) >= numbers(version)]


def before(version, among=VERSIONS):
    return [v for v in among if numbers(v) < numbers(version)]


# --- checks ---

class Check:
    def __init__(self, function, shows, source, versions):
        self.function, self.shows, self.source, self.versions = function, shows, source, versions
        self.name = function.__name__


CHECKS = []


def check(shows, source, versions=VERSIONS):
    """A check: what it shows, the file of Milvus' source that it follows from, the versions that it is made for."""
    def register(function):
        CHECKS.append(Check(function, shows, source, list(versions)))
        return function
    return register


class Failed(Exception):
    pass


class Doubles:
    def __init__(self, versions):
        python = os.environ.get("DOUBLES_PYTHON", sys.executable)
        self.process = subprocess.Popen([python, os.path.join(HERE, "doubles.py"), *versions], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("versions: the doubles did not start")
        self.ports = json.loads(line)

    def order(self, version, op, **order):
        self.process.stdin.write(json.dumps({"double": version, "op": op, **order}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


# --- fields ---

NUMBERS = {"Bool": "boolean", "Int8": "smallint", "Int16": "smallint", "Int32": "integer", "Int64": "bigint", "Float": "real",
           "Double": "double precision", "VarChar": "text", "Text": "text", "JSON": "jsonb", "Timestamptz": "timestamptz"}
DEFAULTS = {"Bool": "bool_data", "Int8": "int_data", "Int16": "int_data", "Int32": "int_data", "Int64": "long_data",
            "Float": "float_data", "Double": "double_data", "VarChar": "string_data"}


def field(name, kind, key=False, auto=False, nullable=False, default=None, element=None, dim=2, mapped=True, column=None, options=None):
    """A field of a collection, and the column for it."""
    schema = {"name": name, "data_type": kind}
    if key:
        schema["is_primary_key"] = True
    if auto:
        schema["autoID"] = True
    if nullable:
        schema["nullable"] = True
    if default is not None:
        schema["default_value"] = {DEFAULTS[kind]: default}
    if kind in ("VarChar",) or element == "VarChar":
        schema["type_params"] = [{"key": "max_length", "value": "1000"}]
    if "Vector" in kind:
        schema["type_params"] = [{"key": "dim", "value": str(dim)}]
    if element:
        schema["element_type"] = element
        schema.setdefault("type_params", []).append({"key": "max_capacity", "value": "100"})
    column = column or ("vector(%d)" % dim if "Vector" in kind else NUMBERS[element] + "[]" if element else NUMBERS[kind])
    sql = '"%s" %s%s%s' % (name, column, " OPTIONS (%s)" % options if options else "", "" if nullable else " NOT NULL")
    return {"schema": schema, "sql": sql, "mapped": mapped}


ID = field("id", "Int64", key=True)
V = field("v", "FloatVector")


def dynamic(name, column):
    """A column that is a key of $meta."""
    return {"schema": None, "sql": '"%s" %s OPTIONS (dynamic_key \'%s\')' % (name, column, name), "mapped": True}


class Result:
    def __init__(self):
        self.rows, self.error, self.message, self.detail, self.hint, self.count, self.status = [], None, "", "", "", None, ""

    def __str__(self):
        if self.error:
            return "ERROR %s: %s%s" % (self.error, self.message, " / " + self.detail if self.detail else "")
        return "%s %s" % (self.status, self.rows if len(self.rows) <= 10 else "%s … (%d rows)" % (self.rows[:10], len(self.rows)))


class Context:
    """One check with one version: a session of its own, and collections of its own."""

    made = 0

    def __init__(self, runner, version):
        self.runner, self.text = runner, version
        self.version = numbers(version) or (0, 0, 0)
        self.server = runner.server_of(version)
        self.connection = None
        self.said, self.notices, self.sent = [], [], []
        self.grammar = numbers(version) or (9, 9, 9)
        self.order("reset")
        self.connect()

    def connect(self):
        if self.connection:
            self.connection.close()
        self.connection = psycopg.connect(autocommit=True, application_name="versions")
        self.connection.add_notice_handler(lambda n: self.notices.append("%s: %s" % (n.severity, n.message_primary)))
        self.connection.execute("SET statement_timeout = '20s'")

    def close(self):
        self.connection.close()

    def order(self, op, **order):
        return self.runner.doubles.order(self.text, op, **order)

    # --- collections ---

    def make(self, *fields, rows=(), name=None, options="", dynamic_fields=False, describe=None, **more):
        """A collection with a foreign table for it; the table's name."""
        Context.made += 1
        name = name or "t%d" % Context.made
        self.describe(name, fields, dynamic_fields, rows, describe, more)
        columns = ", ".join(f["sql"] for f in fields if f["mapped"])
        self.must("CREATE FOREIGN TABLE %s (%s) SERVER %s%s" % (name, columns, self.server, " OPTIONS (%s)" % options if options else ""))
        return name

    def make_again(self, name, *fields, rows=(), describe=None, **more):
        """Another session drops the collection, and makes one of the same name: the number that it has."""
        Context.made += 1
        self.describe(name, fields, False, rows, describe, more)
        return str(1000 + Context.made)

    def describe(self, name, fields, dynamic_fields, rows, describe, more):
        schemas = [f["schema"] for f in fields if f["schema"]]
        for i, schema in enumerate(schemas):
            schema["fieldID"] = 100 + i
        dynamic_fields = dynamic_fields or any(f["schema"] is None for f in fields)
        self.order("collection", name=name, rows=list(rows), describe={
            "collectionID": str(1000 + Context.made), "shards_num": 1, "update_timestamp": "460000000000000000",
            "schema": {"name": name, "fields": schemas, **({"enable_dynamic_field": True} if dynamic_fields else {})}, **(describe or {})}, **more)

    def others(self, name, rows=(), delete=()):
        self.order("others", name=name, rows=list(rows), delete=list(delete))

    def set(self, name, **options):
        self.order("set", name=name, **options)

    def stored(self, name):
        return self.order("rows", name=name)

    # --- statements ---

    def run(self, sql):
        result = Result()
        self.notices.clear()
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                result.status, result.count = cursor.statusmessage, cursor.rowcount
                if cursor.description:
                    result.rows = cursor.fetchall()
        except psycopg.Error as e:
            result.error = e.sqlstate or "?"
            result.message = str(e).split("\n")[0]
            result.detail = (e.diag.message_detail or "") if e.diag else ""
            result.hint = (e.diag.message_hint or "") if e.diag else ""
            if self.connection.closed:
                self.said.append("%s\n    => %s" % (sql, result))
                raise Failed("the session is gone: %s" % e)
        self.collect()
        self.said.append("%s\n    => %s" % (sql, result))
        return result

    def must(self, sql):
        """A statement that ends well; its rows."""
        result = self.run(sql)
        if result.error:
            raise Failed("an error: %s" % result)
        return result.rows

    def collect(self):
        new = self.order("requests")
        self.sent += new
        self.latest = new

    def forget(self):
        """What was sent before does not count."""
        self.collect()
        self.sent = []

    def asked(self, *rpcs):
        """The requests since forget() of some RPCs."""
        return [r["request"] for r in self.sent if r["rpc"] in rpcs and "request" in r]

    def queries(self):
        return self.asked("Query")

    def pages(self):
        return [q for q in self.queries() if parameters(q).get("iterator", "").lower() == "true"]

    def counts(self):
        return [q for q in self.queries() if [o.replace(" ", "") for o in q["output_fields"]] == ["count(*)"]]

    def filters(self):
        """The filters of all requests since forget()."""
        return [r.get("expr") or r.get("dsl") or "" for r in self.asked("Query", "Delete", "Search")]

    def trees(self):
        try:
            return [milvus_filter.Parser(f, self.grammar).parse() for f in self.filters() if f.strip()]
        except milvus_filter.FilterError as e:
            raise Failed("a filter that this version can't read: %s" % e)

    def named(self):
        """The fields that the filters name."""
        return milvus_filter.names(self.trees())

    # --- judgement ---

    def expect(self, condition, text, *more):
        if not condition:
            raise Failed(text % more if more else text)

    def same(self, have, want, what):
        if have != want:
            raise Failed("%s: should be %r, is %r" % (what, want, have))

    def select(self, sql, want, what="the answer"):
        """Rows in any order."""
        rows = sorted(self.must(sql), key=repr)
        self.same(rows, sorted(want, key=repr), what)

    def refused(self, sql, *states, sends=()):
        """An error of one of some SQLSTATEs (or classes), and nothing of some RPCs sent."""
        self.forget()
        result = self.run(sql)
        for request in self.sent:
            self.expect(request["rpc"] not in sends, "%s was sent", request["rpc"])
        self.expect(result.error is not None, "no error, but %s", result)
        self.expect(any(result.error.startswith(s) for s in states), "SQLSTATE should be %s, is %s", " or ".join(states), result)
        return result

    # --- for the report ---

    def story(self):
        lines = ["  " + s for s in self.said[-6:]]
        for n in self.notices[-3:]:
            lines.append("    " + n)
        for r in self.sent[-14:]:
            request = r.get("request", {})
            if r["rpc"] in ("Query", "Search", "Delete", "Insert", "Upsert"):
                text = " ".join("%s=%s" % (k, json.dumps(request[k], ensure_ascii=False)) for k in
                                ("expr", "dsl", "output_fields", "consistency_level", "guarantee_timestamp", "use_default_consistency", "num_rows", "partial_update")
                                if request.get(k) not in (None, "", [], 0, False))
                if r["rpc"] == "Query":
                    text += " params=%s" % parameters(request)
                for d in request.get("fields_data", []):
                    text += "\n           %s: valid_data=%s %s" % (d.get("field_name") or "(dynamic)", d.get("valid_data"),
                                                                   json.dumps(d.get("scalars") or d.get("vectors"), ensure_ascii=False)[:150])
            else:
                text = ""
            lines.append("    sent %s %s%s" % (r["rpc"], text, "\n           answered: " + r["answer"] if "answer" in r else ""))
        return "\n".join(lines)


def parameters(query):
    return {p["key"]: p["value"] for p in query.get("query_params") or query.get("search_params") or []}


def column(request, name):
    """A column of an Insert or Upsert, or None."""
    for data in request["fields_data"]:
        if data["field_name"] == name or (name == "$meta" and data.get("is_dynamic")):
            return data
    return None


def values_of(data):
    carrier = data.get("scalars") or data.get("vectors") or {}
    for kind in ("bool_data", "int_data", "long_data", "float_data", "double_data", "string_data", "json_data", "float_vector"):
        if carrier.get(kind):
            return carrier[kind].get("data", [])
    return []


class Runner:
    def __init__(self, checks):
        self.checks = checks
        texts = list(dict.fromkeys(v for c in checks for v in c.versions))
        self.doubles = Doubles(texts)
        self.servers = {}
        with psycopg.connect(autocommit=True) as connection:
            connection.execute("SET client_min_messages = error")
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute("CREATE EXTENSION IF NOT EXISTS milvus_fdw")
            for i, text in enumerate(texts):
                name = "m%d" % i
                connection.execute("CREATE SERVER %s FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '%d')" % (name, self.doubles.ports[text]))
                connection.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER %s" % name)
                self.servers[text] = name

    def server_of(self, version):
        return self.servers[version]

    def run(self, verbose):
        passed, failed = 0, []
        for c in self.checks:
            wrong, began = {}, time.monotonic()
            for version in c.versions:
                context = Context(self, version)
                try:
                    c.function(context)
                    passed += 1
                except Failed as e:
                    context.collect()
                    wrong[version] = "%s\n%s" % (e, context.story())
                except Exception as e:      # noqa: BLE001: a check that breaks is a failure
                    context.collect()
                    wrong[version] = "%s\n%s" % ("".join(traceback.format_exception_only(e)).strip() + "\n" +
                                                 "".join(traceback.format_tb(e.__traceback__)[-2:]), context.story())
                finally:
                    context.close()
            if wrong:
                print("FAILED %s: %s  [%s]" % (c.name, c.shows, c.source))
                # versions that fail in the same way are told of once
                first = next(iter(wrong))
                for version, text in wrong.items():
                    if version == first or verbose:
                        print(" %s: %s" % (version, text))
                others = [v for v in wrong if v != first]
                alike = [v for v in others if wrong[v].split("\n")[0] == wrong[first].split("\n")[0]]
                if alike and not verbose:
                    print(" the same with %s" % ", ".join(alike))
                for v in others:
                    if v not in alike and not verbose:
                        print(" and %s: %s" % (v, wrong[v].split("\n")[0]))
                failed += list(wrong)
            elif verbose:
                print("ok %s (%s) %.1f s" % (c.name, ", ".join(c.versions), time.monotonic() - began))
            sys.stdout.flush()
        self.doubles.stop()
        print("%d passed, %d failed" % (passed, len(failed)))
        return 1 if failed else 0
