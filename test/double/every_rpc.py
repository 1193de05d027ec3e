#!/usr/bin/env python3
"""Call every unary RPC by milvus.call() and milvus.get(), against a double.

    test/double/run [--seed N] [--rounds N] [--fault NAME]

For each RPC that the extension knows: requests with a value in every field,
which must arrive as they were meant, and answers with a value in every field,
which must be told as they are.  What is meant is decided by PyMilvus'
declarations and Python's protobuf.  Ends with "N RPCs called, M mismatches".
Exit status: 0 when all is well, 1 when something differs, or when fewer than
140 RPCs were called; 2 when it could not be tried.
"""

import argparse
import base64
import collections
import json
import os
import random
import struct
import subprocess
import sys

from google.protobuf import json_format
from google.protobuf.internal import encoder

import messages

FEWEST = 140
DEPTH = 5               # of messages in messages; many contain themselves
DATABASE = "double's database"
# where a request names databases; one that is left out is the server's
DATABASES = ("db_name", "dbName", "newDBName", "target_db_name")
# after all whose source was read: what none of these has is not called on them
VERSION = "3.1.0"
NEWER = bytes([0xfa, 0xff, 0x7f, 3]) + b"new"        # a field that no declaration has

TEXTS = ["'", '"', "\\", "\\n", "\n", "\t", "\x01", "\x7f", "ä", "中文", "\u2028", "😀", "𝔐", " ", "$$", "%s", ":x",
         "{}", "plain", "NULL", "\ufeff"]
NUMBERS = {"int32": (-2**31, 2**31 - 1, -1, 1, -123456), "uint32": (2**32 - 1, 2**31, 1),
           "int64": (-2**63, 2**63 - 1, -1, 2**53 + 1, -2**53 - 1, 1), "uint64": (2**64 - 1, 2**63 + 1, 2**53 + 1)}
SINGLES = (3.4028234663852886e38, -1.401298464324817e-45, 0.10000000149011612, 16777216.0, -0.5)
DOUBLES = (1.7976931348623157e308, -5e-324, 0.1, 1e22, 1 / 3)


class Filler:
    """Puts values into messages, each time those that were used least so far."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.used = collections.Counter()
        self.fields = set()
        self.root = None

    def pick(self, key, options):
        """One of some, by turns in each kind of request and answer."""
        key = (self.root, key)
        least = min(self.used[key, o] for o in options)
        chosen = self.random.choice([o for o in options if self.used[key, o] == least])
        self.used[key, chosen] += 1
        return chosen

    def number(self, kind):
        if self.random.random() < 0.5:
            return self.random.choice(NUMBERS[kind])
        low, high = min(NUMBERS[kind]), max(NUMBERS[kind])
        return self.random.randint(low if low < 0 else 1, high)

    def text(self):
        return "".join(self.random.choices(TEXTS, k=self.random.randint(3, 12)))

    def real(self, field):
        if self.random.random() < 0.5:
            return self.random.choice(SINGLES if field.type == field.TYPE_FLOAT else DOUBLES)
        return self.random.randint(-10**6, 10**6) / 1024 or 1.0

    def scalar(self, field):
        if field.type == field.TYPE_STRING:
            return self.text()
        if field.type == field.TYPE_BYTES:
            return bytes(self.random.sample(range(256), 256))
        if field.type == field.TYPE_BOOL:
            return True
        if field.type == field.TYPE_ENUM:
            numbers = [v.number for v in field.enum_type.values if v.number != 0]
            return self.pick(field.full_name, numbers) if numbers else 0
        if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
            return self.real(field)
        return self.number({field.CPPTYPE_INT32: "int32", field.CPPTYPE_UINT32: "uint32", field.CPPTYPE_INT64: "int64",
                            field.CPPTYPE_UINT64: "uint64"}[field.cpp_type])

    def put(self, message, field, depth, sparse):
        self.fields.add(field.full_name)
        inside = getattr(message, field.name)
        if messages.is_map(field):
            key, item = (field.message_type.fields_by_name[n] for n in ("key", "value"))
            for _ in range(2):
                k = self.scalar(key)
                if item.message_type:
                    self.fill(inside[k], depth + 1, sparse)
                else:
                    inside[k] = self.scalar(item)
        elif field.is_repeated:
            for _ in range(2):
                if field.message_type:
                    self.fill(inside.add(), depth + 1, sparse)
                else:
                    inside.append(self.scalar(field))
        elif field.message_type:
            inside.SetInParent()
            self.fill(inside, depth + 1, sparse)
        elif messages.held_class(field):
            held = messages.held_class(field)()
            self.fill(held, depth + 1, sparse)
            setattr(message, field.name, held.SerializeToString())
        else:
            setattr(message, field.name, self.scalar(field))

    def fill(self, message, depth=0, sparse=False):
        """A value in every field that there is room for; sparse: in some of them."""
        if depth == 0:
            self.root = message.DESCRIPTOR.full_name
        fields = [f for f in message.DESCRIPTOR.fields if depth < DEPTH or holds_scalars(f)]
        for oneof in message.DESCRIPTOR.oneofs:
            members = [f for f in oneof.fields if f in fields]
            fields = [f for f in fields if f not in members]
            if members:
                chosen = self.pick((oneof.full_name, depth), range(len(members)))
                fields.append(members[chosen])
        for field in fields:
            if not sparse or self.random.random() < 0.5 or (depth == 0 and field.name in DATABASES):
                self.put(message, field, depth, sparse)
        return message


def holds_scalars(field):
    if messages.is_map(field):
        field = field.message_type.fields_by_name["value"]
    return field.message_type is None


def reachable(descriptor, found):
    if descriptor.full_name not in found:
        found[descriptor.full_name] = {f.full_name for f in descriptor.fields if not descriptor.GetOptions().map_entry}
        for field in descriptor.fields:
            if field.message_type:
                reachable(field.message_type, found)
    return found


# --- other ways to write a request ---

def loosen(descriptor, plain):
    """The JSON of a message in the other forms that milvus.call() takes."""
    result = {}
    for name, value in plain.items():
        field = descriptor.fields_by_name[name]
        if value in (0, "", [], {}) and not field.has_presence:
            result[name] = None
        elif messages.is_map(field):
            item = field.message_type.fields_by_name["value"]
            result[name] = {k: loosen_one(item, v) for k, v in value.items()}
        elif field.is_repeated:
            result[name] = as_object(field, value) or [loosen_one(field, v) for v in value]
        else:
            result[name] = loosen_one(field, value)
    return result


def loosen_one(field, value):
    if field.message_type:
        return loosen(field.message_type, value)
    if field.type == field.TYPE_ENUM and isinstance(value, str):
        return field.enum_type.values_by_name[value].number
    if field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64):
        return str(value)
    held = messages.held_class(field)
    if held:
        message = held.FromString(base64.b64decode(value))
        return loosen(message.DESCRIPTOR, messages.as_json(message))
    return value


def as_object(field, pairs):
    """KeyValuePairs as an object, where jsonb keeps their order."""
    if field.message_type is None or field.message_type.name != "KeyValuePair":
        return None
    keys = [p["key"] for p in pairs]
    in_order = sorted(set(keys), key=lambda k: (len(k.encode()), k.encode()))
    return {p["key"]: p["value"] for p in pairs} if keys == in_order else None


# --- comparison ---

def differences(want, have, path=""):
    """Where two JSON values differ, as texts."""
    def name(key):
        text = key if isinstance(key, str) and key.isidentifier() else json.dumps(key)
        return "%s.%s" % (path, text) if path else text

    if isinstance(want, dict) and isinstance(have, dict):
        for key in sorted(set(want) | set(have)):
            if key not in have:
                yield "%s is missing, should be %s" % (name(key), short(want[key]))
            elif key not in want:
                yield "%s should not be there, is %s" % (name(key), short(have[key]))
            else:
                yield from differences(want[key], have[key], name(key))
    elif isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        for i, (w, h) in enumerate(zip(want, have)):
            yield from differences(w, h, name(i))
    elif not same(want, have):
        yield "%s should be %s, is %s" % (path or "it", short(want), short(have))


def same(want, have):
    if isinstance(want, float) and isinstance(have, (int, float)) and not isinstance(have, bool):
        if isinstance(want, messages.Single):
            return struct.pack("f", want) == struct.pack("f", have)
        return want == float(have)
    return type(want) is type(have) and want == have


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:100] + "…"


def with_held(message):
    """The JSON of a request, with the messages that its bytes hold: they may be packed in another order."""
    plain = messages.as_json(message)
    for field in message.DESCRIPTOR.fields:
        held = messages.held_class(field)
        if held and plain.get(field.name):
            plain[field.name] = messages.as_json(held.FromString(getattr(message, field.name)))
    return plain


# --- the two sides ---

class Sql:
    """A database with the extension, and the server d, the double."""

    SETUP = """
CREATE EXTENSION IF NOT EXISTS milvus_fdw;
CREATE SERVER d FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '%d', dbname %s);
CREATE USER MAPPING FOR CURRENT_USER SERVER d;
CREATE FUNCTION control(op jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN (milvus.call('d', 'Dummy', jsonb_build_object('request_type', op)) ->> 'response')::jsonb;
END $$;
CREATE FUNCTION attempt(how text, rpc text, request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
BEGIN
	RETURN jsonb_build_object('result', CASE how WHEN 'get' THEN milvus.get('d', rpc, request)
		WHEN 'call' THEN milvus.call('d', rpc, request) ELSE control(request) END);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN jsonb_build_object('sqlstate', state, 'message', message, 'detail', detail);
END $$;
"""

    def __init__(self, port):
        bindir = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--bindir"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout.strip()
        self.psql = [os.path.join(bindir, "psql"), "-qXAt", "-v", "ON_ERROR_STOP=1"]
        self.run(self.SETUP % (port, quote(DATABASE)))

    def run(self, script):
        env = {**os.environ, "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "-c client_min_messages=warning"}
        done = subprocess.run(self.psql, input=script.encode(), stdout=subprocess.PIPE, env=env)
        if done.returncode != 0:
            print("every_rpc: psql failed", file=sys.stderr)
            sys.exit(2)
        return done.stdout.decode().split("\n")[:-1]

    def rpcs(self):
        """(rpc, request, response, is it for milvus.get()?) of each that the extension knows."""
        rows = self.run("SELECT json_build_array(rpc, request, response, by_get) FROM milvus.rpcs")
        return sorted(json.loads(row) for row in rows)

    def attempts(self, list_of_lists):
        """For each list of (how, rpc, request) its results; all in one session."""
        script = "".join(
            "SELECT attempt(%s, %s, %s);\n" % (quote(how), quote(rpc), quote(json.dumps(request, ensure_ascii=False)))
            for attempts in list_of_lists for how, rpc, request in attempts)
        results = iter([json.loads(line) for line in self.run(script)])
        return [[next(results) for _ in attempts] for attempts in list_of_lists]


def quote(text):
    return "'%s'" % text.replace("'", "''")


def control(op, **order):
    return ("control", "Dummy", {"op": op, **order})


# --- the test ---

KINDS = ("catalogue", "request", "answer", "special")
SHOWN = 20              # mismatches of a kind in one RPC


class Report:
    def __init__(self):
        self.count = collections.Counter()
        self.rpcs = {kind: collections.Counter() for kind in KINDS}

    def mismatch(self, kind, rpc, text):
        self.count[kind] += 1
        self.rpcs[kind][rpc] += 1
        if self.rpcs[kind][rpc] <= SHOWN:
            print("mismatch: %s: %s: %s" % (kind, rpc, text))


class Case:
    """One RPC with one request and one answer."""

    def __init__(self, rpc, reads, filler, number, last):
        self.rpc, self.reads = rpc, reads
        sparse = number == last
        if number == 0:
            # nothing said: the server's database, and an empty success
            self.request, self.response = rpc.request(), rpc.response()
            self.sent = {}
            for name in DATABASES:
                if name in rpc.request.DESCRIPTOR.fields_by_name and "Database" not in rpc.name:
                    setattr(self.request, name, DATABASE)
            status = messages.status_of(self.response)
            if status is not None:
                status.SetInParent()
            if rpc.name == "GetVersion":
                self.response.version = VERSION
            script = control("reset")
        else:
            self.request = filler.fill(rpc.request(), sparse=sparse)
            self.response = filler.fill(rpc.response(), sparse=sparse)
            self.sent = messages.as_json(self.request)
            if sparse:
                self.sent = loosen(rpc.request.DESCRIPTOR, self.sent)
            status = messages.status_of(self.response)
            if status is not None:
                status.code = status.error_code = 0
            answer = self.response.SerializeToString() + (NEWER if sparse else b"")
            script = control("answer", rpc=rpc.name, bytes=base64.b64encode(answer).decode())
        self.attempts = [script, ("call", rpc.name, self.sent), ("get", rpc.name, self.sent),
                         control("requests", bytes=True)]

    def judge(self, results, beyond, report):
        _, called, got, recorded = results
        want = messages.as_json(self.response, beyond)
        for how, result in (("call", called), ("get", got)):
            if how == "get" and not self.reads:
                if result.get("sqlstate") != "42501":
                    report.mismatch("answer", self.rpc.name, "milvus.get(): %s" % short(result))
            elif "result" not in result:
                report.mismatch("answer", self.rpc.name, "milvus.%s(): %s" % (how, short(result)))
            else:
                for text in differences(want, result["result"]):
                    report.mismatch("answer", self.rpc.name, "milvus.%s(): %s" % (how, text))
        # Connect comes before the first of all
        arrived = [r for r in recorded["result"] if r["rpc"] != "Connect"]
        if [r["rpc"] for r in arrived] != [self.rpc.name] * (1 + self.reads):
            report.mismatch("request", self.rpc.name, "arrived: %s" % [r["rpc"] for r in arrived])
        for entry in arrived:
            self.judge_request(entry, report)
        return bool(arrived)

    def judge_request(self, entry, report):
        if "fault" in entry:
            report.mismatch("request", self.rpc.name, entry["fault"])
            return
        request = self.rpc.request.FromString(base64.b64decode(entry["bytes"]))
        if request != self.request:
            for text in differences(with_held(self.request), with_held(request)):
                report.mismatch("request", self.rpc.name, text)
        for text in differences(messages.as_json(request), entry["request"]):
            report.mismatch("request", self.rpc.name, "told by the double: " + text)


def check_json(cases):
    """Is our JSON of a message that of protobuf?"""
    for case in cases:
        for message in (case.request, case.response):
            if json_format.ParseDict(messages.as_json(message), type(message)()) != message:
                sys.exit("every_rpc: as_json() is wrong for a %s" % message.DESCRIPTOR.name)


def failing(rpc, sqlstate, text="", how="call", request={}, script=(), **status):
    """A name, what to do, and the SQLSTATE and a text of the message that must come of it."""
    script = list(script)
    if status:
        script.append(control("answer", rpc=rpc, response={"status": status}))
    name = ", ".join("%s %s" % item for item in status.items()) or short(request)
    return name, script + [(how, rpc, request)], sqlstate, text


def nested(depth):
    """QueryResults with an array of arrays of arrays …"""
    inner = b""
    for _ in range(depth):
        for tag in (b"\x0a", b"\x42"):      # ArrayArray.data, ScalarField.array_data
            inner = tag + length(inner) + inner
    for tag in (b"\x1a", b"\x12"):          # FieldData.scalars, QueryResults.fields_data
        inner = tag + length(inner) + inner
    return inner


def length(data):
    return encoder._VarintBytes(len(data))


def failures():
    reason = "it's \"said\" thus: ä 😀"
    for code, sqlstate in ((1100, "22023"), (100, "42P01"), (101, "55000"), (200, "42704"), (700, "42704"),
                           (800, "3D000"), (1400, "28P01"), (1401, "42501"), (5, "HV000"), (65535, "HV000")):
        yield failing("ListSnapshots", sqlstate, reason, code=code, reason=reason)
    yield failing("ListSnapshots", "HV000", reason, error_code="IllegalArgument", reason=reason)
    for status, sqlstate in (("UNIMPLEMENTED", "0A000"), ("PERMISSION_DENIED", "42501"), ("UNAUTHENTICATED", "28000"),
                             ("RESOURCE_EXHAUSTED", "54000"), ("UNAVAILABLE", "08006"), ("INTERNAL", "HV000"),
                             ("INVALID_ARGUMENT", "HV000")):
        fail = control("fail", rpc="ListSnapshots", grpc=status, message="because")
        # of these two the reason is a detail
        text = "" if status in ("UNIMPLEMENTED", "UNAVAILABLE") else "because"
        name, *rest = failing("ListSnapshots", sqlstate, text, script=[fail])
        yield ("gRPC %s" % status, *rest)
    broken = control("answer", rpc="ListSnapshots", bytes=base64.b64encode(b"\x0a\x7f").decode())
    name, *rest = failing("ListSnapshots", "HV000", "malformed", script=[broken])
    yield ("no message", *rest)
    # deeper than protobuf allows, and deep enough for the stack of whoever reads it by recursion
    for depth in (60, 20000):
        deep = nested(depth)
        broken = control("answer", rpc="Query", bytes=base64.b64encode(deep).decode())
        name, *rest = failing("Query", "HV000", "malformed", script=[broken])
        yield ("nested %d times" % depth, *rest)
    # the double itself: what PyMilvus does not know it must not take
    yield failing("Insert", "HV000", "InsertRequest has no field", request={"skip_rls": True})


def misfits():
    """json.h: what a message does not have is 42703, what does not fit 22023; both name the field."""
    yield failing("Insert", "42703", "no_such", request={"no_such": 1})
    yield failing("Insert", "42703", "fields_data.no_such", request={"fields_data": [{"no_such": 1}]})
    for field, values in (("num_rows", (2**32, -1, 1.5, 10**30, "x", True, [])),
                          ("hash_keys", ([2**32], [None], [1.5], 1, {})),
                          ("base", ([], 1, "x", {"msg_type": "NoSuch"}, {"msg_type": 2**31}, {"msg_type": True},
                                    {"msgID": 2**63}, {"msgID": -2**63 - 1}, {"msgID": 1.5}, {"msgID": "1.5"},
                                    {"msgID": ""}, {"timestamp": 2**64}, {"timestamp": -1}, {"properties": 1})),
                          ("fields_data", ({"a": 1}, [1], [{"is_dynamic": "true"}], [{"is_dynamic": 1}]))):
        for value in values:
            yield failing("Insert", "22023", field, request={field: value})
    vector = {"dim": 1, "float_vector": {"data": [1e300]}}
    yield failing("Insert", "22023", "data", request={"fields_data": [{"vectors": vector}]})
    yield failing("CreateCollection", "22023", "shards_num", request={"shards_num": 2**31})
    yield failing("CreateCollection", "22023", "shards_num", request={"shards_num": 0.5})
    yield failing("CreateCollection", "22023", "schema", request={"schema": "no base64!"})
    two = {"long_data": {"data": [1]}, "bool_data": {"data": [True]}}
    yield failing("Insert", "22023", "excludes", request={"fields_data": [{"scalars": two}]})


def check_failures(sql, report):
    cases = [*failures(), *misfits()]
    results = sql.attempts([[control("reset"), *attempts] for _, attempts, _, _ in cases])
    for (name, attempts, sqlstate, text), (*_, last) in zip(cases, results):
        if last.get("sqlstate") != sqlstate:
            report.mismatch("special", attempts[-1][1], "%s: should be %s, is %s" % (
                name, sqlstate, last.get("sqlstate", "no error")))
        elif text not in last["message"] and text not in last["detail"]:
            report.mismatch("special", attempts[-1][1], "%s: no %s in %s" % (name, short(text), short(last["message"])))


def check_rest(protocol, sql, report):
    """Repeats of what only reads, values that JSON has not, and values that are newer than the declarations."""
    def fail(rpc, times):
        return control("fail", rpc=rpc, grpc="UNAVAILABLE", times=times)

    odd = protocol.rpcs["Search"].response()
    vectors = odd.results.fields_data.add(type=4711).vectors
    vectors.float_vector.data.extend([float("nan"), float("inf"), float("-inf")])
    doubles = odd.results.fields_data.add().scalars
    doubles.double_data.data.extend([float("nan"), float("inf"), float("-inf")])
    reset = control("reset")
    reading, writing, oddly, in_turn, back = sql.attempts([
        [reset, fail("ListSnapshots", 2), ("get", "ListSnapshots", {}), control("counts")],
        [reset, fail("DropSnapshot", 2), ("call", "DropSnapshot", {}), control("counts")],
        [reset, control("answer", rpc="Search", bytes=base64.b64encode(odd.SerializeToString()).decode()),
         ("call", "Search", {})],
        [reset, control("answers", rpc="GetVersion", list=[{"version": "1"}, {"version": "2"}]),
         *[("get", "GetVersion", {})] * 3, reset, ("get", "GetVersion", {})],
        [reset, ("call", "Insert", {"fields_data": messages.as_json(odd.results)["fields_data"]}),
         control("requests")]])
    if "result" not in reading[2] or reading[3]["result"].get("ListSnapshots") != 3:
        report.mismatch("special", "ListSnapshots", "is not repeated: %s" % short(reading[2:]))
    if writing[2].get("sqlstate") != "08006" or writing[3]["result"].get("DropSnapshot") != 1:
        report.mismatch("special", "DropSnapshot", "fails once: %s" % short(writing[2:]))
    for text in differences(messages.as_json(odd, protocol.beyond), oddly[2].get("result", oddly[2])):
        report.mismatch("special", "Search", "odd values: " + text)
    versions = [r.get("result", {}).get("version") for r in in_turn[2:5] + in_turn[6:]]
    if versions != ["1", "2", "2", VERSION]:
        report.mismatch("special", "GetVersion", "answers in turn: %s" % versions)
    if "result" not in back[1]:
        report.mismatch("special", "Insert", "odd values, as they were told: %s" % short(back[1]))
    else:
        for text in differences(messages.as_json(odd.results)["fields_data"],
                                back[2]["result"][-1]["request"]["fields_data"]):
            report.mismatch("special", "Insert", "odd values: " + text)


def check_catalogue(protocol, known, report):
    for name, request, response, _ in known:
        rpc = protocol.rpcs.get(name)
        if rpc is None:
            report.mismatch("catalogue", name, "neither PyMilvus nor proto/ has it")
        elif (request, response) != (rpc.request.DESCRIPTOR.name, rpc.response.DESCRIPTOR.name):
            report.mismatch("catalogue", name, "%s, %s" % (request, response))
    for name in sorted(set(protocol.rpcs) - {row[0] for row in known}):
        if not protocol.rpcs[name].streaming:
            report.mismatch("catalogue", name, "is not listed")


def main():
    parser = argparse.ArgumentParser(description="Call every RPC against a double.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--rounds", type=int, default=8, help="requests and answers for each RPC (%(default)s)")
    parser.add_argument("--fault", default=None, help="of the double, see there")
    args = parser.parse_args()
    print("seed %d" % args.seed, flush=True)

    double = subprocess.Popen([sys.executable, os.path.join(messages.HERE, "double.py"), "--version", VERSION] +
                              (["--fault", args.fault] if args.fault else []), stdout=subprocess.PIPE, text=True)
    try:
        return judge(args, int(double.stdout.readline()))
    finally:
        double.terminate()
        double.wait()


def judge(args, port):
    protocol, report, filler = messages.Protocol(), Report(), Filler(args.seed)
    sql = Sql(port)
    known = sql.rpcs()
    check_catalogue(protocol, known, report)
    cases = [Case(protocol.rpcs[name], reads, filler, number, args.rounds - 1)
             for number in range(args.rounds) for name, _, _, reads in known
             if name in protocol.rpcs and not protocol.rpcs[name].streaming and name not in ("Connect", "Dummy")]
    check_json(cases)
    called = set()
    for case, results in zip(cases, sql.attempts([case.attempts for case in cases])):
        if case.judge(results, protocol.beyond, report):
            called.add(case.rpc.name)
    check_failures(sql, report)
    check_rest(protocol, sql, report)

    found = {}
    for rpc in {case.rpc for case in cases}:
        reachable(rpc.request.DESCRIPTOR, found)
        reachable(rpc.response.DESCRIPTOR, found)
    fields = set().union(*found.values())
    print("%d of %d fields filled, PyMilvus %s" % (len(filler.fields & fields), len(fields), protocol.version))
    for name in sorted(fields - filler.fields):
        print("never filled: %s" % name)
    for kind in KINDS:
        print("mismatches of kind %s: %d, in %d RPCs" % (kind, report.count[kind], len(report.rpcs[kind])))
    print("%d RPCs called, %d mismatches" % (len(called), sum(report.count.values())))
    return 1 if report.count or len(called) < FEWEST else 0


if __name__ == "__main__":
    sys.exit(main())
