"""Run all sides in turns and print the table; called by bench/run."""
import argparse
import contextlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import data
from recorder import Recorder
from report import Table, anonymous_kb, in_turns, progress
from writes import Writes

HERE = os.path.dirname(os.path.abspath(__file__))
EF = 64
BLOCK = 25                              # searches of one side in a row
SCAN_BATCHES = {"scalars": [16384], "vectors": [2500, 5000, 16384]}
FETCH_BATCHES = [1000, 5000, 10000]
KEYS = 1000                             # keys in one statement
WORKLOADS = ["search", "many", "keys", "scan", "join", "insert", "copy", "delete", "update", "memory", "load-memory"]

# what side_libpq prepares
STATEMENTS = {
    "search_key": "SELECT id FROM items ORDER BY embedding <-> $1 LIMIT 10",
    "search_all": "SELECT id, name, price, embedding FROM items ORDER BY embedding <-> $1 LIMIT 10",
    "keys": "SELECT id, name, price, embedding FROM items WHERE id = ANY($1)",
    "lateral": "SELECT found.id FROM (SELECT vector FROM queries WHERE n < {many} ORDER BY n) query"
               " CROSS JOIN LATERAL (SELECT id FROM items ORDER BY embedding <-> query.vector LIMIT 10) found",
    "join": "SELECT id, name, price FROM keys JOIN items USING (id)",
    "in": "SELECT id, name, price FROM items WHERE id IN (SELECT id FROM keys)",
}
MANY_IN_ONE = ("SELECT (item).id FROM milvus.search(NULL::items, 'embedding', k => 10,"
               " queries => (SELECT array_agg(vector ORDER BY n) FROM queries WHERE n < {many})) ORDER BY query, distance")


class Side:
    """A process that takes commands as lines and answers with lines of JSON."""

    def __init__(self, name, *command):
        self.name = name
        self.process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        answer = json.loads(answer) if answer else {"error": "it ended"}
        if "error" in answer:
            sys.exit(f"{self.name}: {line[:200]}: {answer['error']}")
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


class PythonSide(Side):
    def __init__(self, python, script):
        super().__init__(script, python, os.path.join(HERE, script))

    def __getattr__(self, command):
        return lambda **arguments: self.send(json.dumps({"command": command, **arguments}))


class GrpcSide(Side):
    def __init__(self, build, port, vectors):
        super().__init__("side_grpc", os.path.join(build, "side_grpc"), "127.0.0.1", str(port), vectors, str(EF))

    def search(self, output, first, count):
        return self.send(f"search {output} {first} {count}")

    def replay(self, method, path):
        """The seconds it took, and how many bytes came back."""
        result = self.send(f"replay {method} {path}")
        return total(result), result["keys"][0][0]


class LibpqSide(Side):
    """A session of its own."""

    def __init__(self, build, vectors):
        super().__init__("side_libpq", os.path.join(build, "side_libpq"), vectors)
        self.send(f"execute SET milvus_fdw.search_params = '{{\"ef\": {EF}}}'")
        self.prepared = set()

    def prepare(self, name, many=0, sql=None):
        if name not in self.prepared:
            self.send(f"prepare {name} {(sql or STATEMENTS[name]).format(many=many)}")
            self.prepared.add(name)

    def search(self, output, first, count):
        self.prepare(f"search_{output}")
        return self.send(f"vectors search_{output} {first} {count}")

    def by_keys(self, keys):
        self.prepare("keys")
        return self.send("keys keys " + " ".join(map(str, keys)))

    def run(self, name, many=0, sql=None):
        self.prepare(name, many, sql)
        return self.send(f"run {name}")

    def pid(self):
        return self.send("pid")["keys"][0][0]


def total(result):
    return sum(result["seconds"])


def share(answers):
    """The share of the first side's keys that the others found too; that of the worst of them."""
    first, *others = answers
    worst = 1.0
    for other in others:
        same = sum(len(set(a) & set(b)) for a, b in zip(first, other))
        worst = min(worst, same / max(1, sum(map(len, first))))
    return worst


def tens(answers):
    """The answers of top-10 searches, also where one statement has them all."""
    keys = [key for answer in answers for key in answer]
    return [keys[i:i + 10] for i in range(0, len(keys), 10)]


def same_keys(what, answers):
    """Exact reads: all sides have the same rows, or there is nothing to compare."""
    sets = {side: sorted(key for keys in answer["keys"] for key in keys) for side, answer in answers.items()}
    if len({tuple(keys) for keys in sets.values()}) != 1:
        sys.exit(f"{what}: not the same rows: " + ", ".join(f"{side} {len(keys)}" for side, keys in sets.items()))


class Bench:
    def __init__(self, options, build, vectors):
        self.options = options
        self.rows = options.rows or (10000 if options.quick else 100000)
        self.nvectors = 1000
        self.ef = EF
        self.many = 100 if options.quick else 1000
        self.table = Table()
        self.notes = []
        self.pymilvus = self.fdw = self.grpc = self.libpq = None
        self.build = build
        self.vectors = vectors

    def rounds(self, whole):
        return 3 if self.options.quick else whole

    def start(self, stack):
        progress("data, collection, index")
        data.queries(self.nvectors, self.options.seed).tofile(self.vectors)
        arguments = {"port": self.options.port, "count": self.rows, "seed": self.options.seed, "ef": EF,
                     "nqueries": self.nvectors}
        self.pymilvus = PythonSide(self.options.pymilvus, "side_pymilvus.py")
        stack.callback(self.pymilvus.close)
        self.fdw = PythonSide(sys.executable, "side_fdw.py")
        stack.callback(self.fdw.close)
        self.there = self.pymilvus.setup(**arguments)
        self.here = self.fdw.setup(**arguments)
        if not self.rows == self.there["rows"] == self.here["rows"]:
            sys.exit(f"{self.there['rows']} and {self.here['rows']} rows where there should be {self.rows}")
        self.generic = self.fdw.check_plans()["generic"]
        self.grpc = GrpcSide(self.build, self.options.port, self.vectors)
        stack.callback(self.grpc.close)
        self.libpq = LibpqSide(self.build, self.vectors)
        stack.callback(self.libpq.close)
        self.compare_requests()
        if not self.settle(still=15 if self.options.quick else 60):
            progress("the answers keep changing")
        progress("segments: " + "; ".join(self.pymilvus.segments()))

    def searchers(self):
        return {"pymilvus": self.pymilvus.search, "grpc": self.grpc.search, "fdw": self.libpq.search}

    def compare_requests(self):
        """The C client is a yardstick only as long as it sends the same bytes."""
        recorder = Recorder(self.options.port)
        self.fdw.record(port=recorder.port)
        wrapper = recorder.take()
        client = GrpcSide(self.build, recorder.port, self.vectors)
        for output in "key", "all":
            client.search(output, 0, 1)
            sent = recorder.take()[-1]
            if sent not in wrapper:
                sys.exit(f"search, {output}: the C client does not send what milvus_fdw sends:\n"
                         f"{sent}\n" + "\n".join(map(str, wrapper)))
        client.close()
        recorder.close()

    def recorded(self, name, is_wanted, record, **arguments):
        """A file of the requests that milvus_fdw makes for one statement: those that are wanted."""
        recorder = Recorder(self.options.port)
        record(port=recorder.port, **arguments)
        path = os.path.join(os.path.dirname(self.vectors), name + ".requests")
        wanted = [message for message in recorder.take() if is_wanted(message)]
        recorder.close()
        if not wanted:
            sys.exit(f"{name}: no request was recorded")
        with open(path, "wb") as file:
            for message in wanted:
                file.write(struct.pack("=I", len(message)) + message)
        return path

    def scan_raw(self, path):
        seconds, received = self.grpc.replay("Query", path)
        if received < 8 * self.rows:
            sys.exit(f"{received} bytes are not {self.rows} rows")
        return seconds

    def settle(self, still):
        """Wait till the answers to all queries have not changed for some seconds: in the first
        minute after a load they may."""
        old, since, end = None, time.monotonic(), time.monotonic() + 180
        while time.monotonic() < min(since + still, end):
            new = self.grpc.search("key", 0, self.nvectors)["keys"]
            if new != old:
                old, since = new, time.monotonic()
            time.sleep(0.5)
        return time.monotonic() < end

    def search(self):
        blocks = 10 if self.options.quick else 40
        for output, what in ("key", "key only"), ("all", "all columns"):
            progress(f"search, {what}")
            works = {side: lambda round_, search=search, output=output:
                     search(output=output, first=round_ * BLOCK % self.nvectors, count=BLOCK)
                     for side, search in self.searchers().items()}
            if output == "key":
                works["inside"] = lambda round_: self.fdw.search_inside(first=round_ * BLOCK % self.nvectors, count=BLOCK)
            in_turns(works, 2)                  # warm up: connections, plans, caches
            results = in_turns(works, blocks)
            seconds = {side: [r["seconds"] for r in rounds] for side, rounds in results.items()}
            inside = seconds.pop("inside", None)
            self.table.add_latency(f"search k=10 ef={EF}, {what}", seconds)
            if inside:
                self.table.add_latency("the same, a loop in PL/pgSQL", {"grpc": seconds["grpc"], "fdw": inside})
            same = share([[keys for r in rounds for keys in r["keys"]] for rounds in results.values()])
            self.notes.append(f"{blocks * BLOCK} searches a side, {what}, in blocks of {BLOCK}: "
                              f"{100 * same:.1f} % of the keys the same on all sides.")

    def searches_of_many(self):
        """Many queries: one by one in the C client, in one statement in the others."""
        progress("many searches")
        works = {"grpc": lambda _: self.grpc.search("key", 0, self.many),
                 "lateral": lambda _: self.libpq.run("lateral", self.many)}
        if self.fdw.has_search_function():
            works["one request"] = lambda _: self.libpq.run("many", self.many, MANY_IN_ONE)
        else:
            self.notes.append("milvus.search() for many queries is not there: not measured.")
        in_turns(works, 1)
        results = in_turns(works, self.rounds(6))
        found = {name: [tens(r["keys"]) for r in rounds] for name, rounds in results.items()}
        for name, what in ("lateral", "LATERAL top-10 of {} rows"), ("one request", "milvus.search() of {} queries"):
            if name not in results:
                continue
            self.table.add_rounds(what.format(self.many), {"grpc": list(map(total, results["grpc"])),
                                                           "fdw": list(map(total, results[name]))})
            same = min(map(share, zip(found["grpc"], found[name])))
            if any(list(map(len, a)) != list(map(len, b)) for a, b in zip(found["grpc"], found[name])):
                sys.exit(f"{what}: not as many rows")
            self.notes.append(f"{what.format(self.many)}: {100 * same:.1f} % of the keys the same.")

    def keys(self):
        progress("keys")
        sets = [data.some_keys(self.rows, self.options.seed, KEYS, which).tolist() for which in range(20)]
        works = {"pymilvus": lambda round_: self.pymilvus.by_keys(keys=sets[round_]),
                 "fdw": lambda round_: self.libpq.by_keys(sets[round_])}
        in_turns(works, 2)
        for _ in range(6):                      # till the plan is the one that stays
            self.libpq.by_keys(sets[0])
        results = in_turns(works, self.rounds(20))
        for a, b in zip(*results.values()):
            same_keys("keys", {"pymilvus": a, "fdw": b})
        self.table.add_rounds(f"{KEYS:,} keys, all columns",
                              {side: list(map(total, rounds)) for side, rounds in results.items()})

    def expect_rows(self, result):
        if result["rows"] != self.rows:
            sys.exit(f"{result['rows']} rows where there should be {self.rows}")
        return result["seconds"]

    def scan(self):
        for output, what in ("scalars", "id, name, price"), ("vectors", "id, name, price, embedding"):
            progress(f"scan, {output}")
            tried = {batch: self.expect_rows(self.pymilvus.scan(output=output, batch=batch))
                     for batch in SCAN_BATCHES[output]}
            batch = min(tried, key=tried.get)
            works = {"pymilvus": lambda _: self.expect_rows(self.pymilvus.scan(output=output, batch=batch)),
                     "aggregate": lambda _: self.expect_rows(self.fdw.scan(output=output)),
                     "COPY BINARY": lambda _: self.expect_rows(self.fdw.copy(output=output))}
            path = self.recorded(f"scan-{output}", lambda message: b"iterator" in message, self.fdw.record_scan, output=output)
            works["grpc"] = lambda _: self.scan_raw(path)
            self.fdw.scan(output=output)
            results = in_turns(works, self.rounds(5 if output == "scalars" else 3))
            for how in "aggregate", "COPY BINARY":
                self.table.add_rounds(f"scan {what}: {how}", {"pymilvus": results["pymilvus"], "grpc": results["grpc"], "fdw": results[how]},
                                      self.rows)
            self.notes.append(f"query_iterator, {output}: batch_size {batch}, the best of {SCAN_BATCHES[output]}.")

    def join(self):
        progress("join")
        batches = [batch for batch in FETCH_BATCHES if batch <= self.rows]
        tried = {batch: total(self.pymilvus.fetch(batch=batch)) for batch in batches}
        batch = min(tried, key=tried.get)
        works = {"pymilvus": lambda _: self.pymilvus.fetch(batch=batch),
                 "join": lambda _: self.libpq.run("join"),
                 "in": lambda _: self.libpq.run("in")}
        self.libpq.run("join")
        results = in_turns(works, self.rounds(4))
        for answers in zip(*results.values()):
            same_keys("join", dict(zip(results, answers)))
        for name, what in ("join", "JOIN"), ("in", "IN (SELECT …)"):
            self.table.add_rounds(f"{self.rows:,} keys of a local table: {what}",
                                  {"pymilvus": list(map(total, results["pymilvus"])),
                                   "fdw": list(map(total, results[name]))}, self.rows)
        self.notes.append(f"Rows by keys through PyMilvus: {batch} keys a query, the best of {batches}.")

    def memory(self):
        """Does a backend that goes on searching grow?"""
        progress("memory")
        session = LibpqSide(self.build, self.vectors)
        pid = session.pid()

        session.search("key", 0, 1)
        grown, done = [f"{anonymous_kb(pid):,} kB after the first"], 1
        for until in (200, 2000) if self.options.quick else (1000, 10000):
            while done < until:
                count = min(until - done, self.nvectors)
                session.search("key", 0, count)
                done += count
            grown.append(f"{anonymous_kb(pid):,} kB after {until:,}")
        session.close()
        self.notes.append(f"Memory of a backend (RssAnon) over searches: {', '.join(grown)}.")

    def profile(self, folder):
        os.makedirs(folder, exist_ok=True)
        workloads = {
            "search-key": lambda: [self.fdw.search_inside(first=0, count=300) for _ in range(5)],
            "scan-scalars": lambda: [self.fdw.scan(output="scalars") for _ in range(5)],
            "scan-vectors": lambda: [self.fdw.scan(output="vectors") for _ in range(3)],
            "copy-vectors": lambda: [self.fdw.copy(output="vectors") for _ in range(2)],
            "insert": lambda: [Writes(self).insert_fdw() for _ in range(2)],
        }
        for name, work in workloads.items():
            progress(f"perf, {name}")
            path = os.path.join(folder, name)
            self.fdw.perf_start(path=path + ".data")
            start = time.perf_counter()
            work()
            wall = time.perf_counter() - start
            self.fdw.perf_stop()
            with open(path + ".txt", "w", encoding="utf-8") as out:
                print(f"# {name}: {wall:.2f} s in all", file=out, flush=True)
                for sort in "dso", "dso,symbol":
                    subprocess.run(["perf", "report", "-i", path + ".data", "--stdio", "--no-children", "-g", "none",
                                    "--sort", sort, "--percent-limit", "0.5"],
                                   stdout=out, stderr=subprocess.DEVNULL, timeout=120, check=False)

    def run(self):
        with contextlib.ExitStack() as stack:
            self.start(stack)
            writes = Writes(self)
            works = dict(zip(WORKLOADS, (self.search, self.searches_of_many, self.keys, self.scan, self.join,
                                         writes.insert, writes.copy, writes.delete, writes.update,
                                         self.memory, writes.memory)))
            for name in self.options.only or WORKLOADS:
                works[name]()
            progress("done")
            print(f"{self.rows:,} rows; Milvus {self.there['server']}, PostgreSQL {self.here['server']}; load average "
                  + " ".join(f"{n:.1f}" for n in os.getloadavg()))
            print()
            print(self.table)
            print()
            for note in self.notes:
                print("- " + note)
            print(f"- Prepared searches run a {'generic' if self.generic else 'custom'} plan.")
            sys.stdout.flush()
            if self.options.perf:
                self.profile(os.path.abspath(self.options.perf))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pymilvus", required=True, help="the Python of venv-s")
    parser.add_argument("--build", required=True, help="where side_grpc and side_libpq are")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=lambda names: names.split(","))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--perf")
    options = parser.parse_args()
    for name in options.only or ():
        if name not in WORKLOADS:
            parser.error(f"--only: one of {', '.join(WORKLOADS)}")
    with tempfile.TemporaryDirectory() as folder:
        Bench(options, options.build, os.path.join(folder, "vectors")).run()


main()
