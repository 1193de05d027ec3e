"""Run both sides in turns and print the table; called by bench/run."""
import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EF = 64
BLOCK = 30                              # searches of one side in a row
SCAN_BATCHES = {"scalars": [16384], "vectors": [2500, 5000, 16384]}
INSERT_BATCHES = [2500, 5000, 10000]
INSERT_FORMS = ["numpy", "lists"]


class Side:
    def __init__(self, python, script):
        self.script = script
        self.process = subprocess.Popen([python, os.path.join(HERE, script)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __getattr__(self, command):
        return lambda **arguments: self.ask(command, arguments)

    def ask(self, command, arguments):
        self.process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            sys.exit(f"{self.script}: {command} {arguments}: {answer['error']}")
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


def progress(text):
    print(f"[{time.monotonic() - progress.start:6.1f} s] {text}", file=sys.stderr, flush=True)


progress.start = time.monotonic()


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Table:
    """Lines of the result. A ratio says how many times as fast as PyMilvus milvus_fdw is."""

    def __init__(self):
        self.lines = []

    def add(self, what, unit, pymilvus, fdw, ratio, per_round):
        number = "{:,.2f}" if unit == "ms" else "{:,.0f}"
        self.lines.append((what, unit, number.format(pymilvus), number.format(fdw), f"{ratio:.2f}",
                           f"{min(per_round):.2f} to {max(per_round):.2f}" if per_round else ""))

    def add_latency(self, what, pymilvus, fdw):
        """Seconds of searches, in blocks."""
        for name, percent in ("p50", 50), ("p99", 99):
            a, b = (1000 * percentile([s for block in side for s in block], percent) for side in (pymilvus, fdw))
            blocks = [percentile(p, percent) / percentile(f, percent) for p, f in zip(pymilvus, fdw)]
            self.add(f"{what}, {name}", "ms", a, b, a / b, blocks if percent == 50 else None)

    def add_rate(self, what, rows, pymilvus, fdw):
        """Seconds of each round."""
        a, b = (rows / statistics.median(side) for side in (pymilvus, fdw))
        self.add(what, "rows/s", a, b, b / a, [p / f for p, f in zip(pymilvus, fdw)])

    def __str__(self):
        head = ("", "unit", "PyMilvus", "milvus_fdw", "times as fast", "in single rounds")
        lines = [head, *self.lines]
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

        def cells(line):
            return "| " + " | ".join(c.ljust(w) if i < 2 else c.rjust(w)
                                     for i, (c, w) in enumerate(zip(line, widths))) + " |"
        rule = "|" + "|".join("-" * (w + 1) + ("-" if i < 2 else ":") for i, w in enumerate(widths)) + "|"
        return "\n".join([cells(head), rule, *map(cells, self.lines)])


def measure_search(table, pymilvus, fdw, output, what, blocks):
    progress(f"search, {what}")
    seconds = ([], [])
    same = found = 0
    for side in pymilvus, fdw:
        side.search(output=output, first=0, count=BLOCK)        # warm up: connections, plans, caches
    for block in range(blocks):
        results = []
        for side, list_ in zip((pymilvus, fdw), seconds):
            results.append(side.search(output=output, first=BLOCK * block, count=BLOCK))
            list_.append(results[-1]["seconds"])
        for a, b in zip(results[0]["keys"], results[1]["keys"]):
            same += len(set(a) & set(b))
            found += len(a)
    table.add_latency(f"search k=10 ef={EF}, {what}", *seconds)
    return same / found


def expect_rows(result, rows):
    if result["rows"] != rows:
        sys.exit(f"{result['rows']} rows where there should be {rows}")
    return result["seconds"]


def measure_scan(table, pymilvus, fdw, output, rows, rounds):
    progress(f"scan, {output}")
    tried = {batch: expect_rows(pymilvus.scan(output=output, batch=batch), rows) for batch in SCAN_BATCHES[output]}
    batch = min(tried, key=tried.get)
    fdw.scan(output=output)
    seconds, inside, copied = [], [], []
    for _ in range(rounds):
        seconds.append(expect_rows(pymilvus.scan(output=output, batch=batch), rows))
        inside.append(expect_rows(fdw.scan(output=output), rows))
        copied.append(expect_rows(fdw.copy(output=output), rows))
    what = {"scalars": "id, name, price", "vectors": "id, name, price, embedding"}[output]
    table.add_rate(f"scan {what}: aggregate", rows, seconds, inside)
    table.add_rate(f"scan {what}: COPY BINARY", rows, seconds, copied)
    return batch


def insert_fdw(pymilvus, fdw, rows):
    seconds = expect_rows(fdw.insert(), rows)
    stored = pymilvus.count_and_drop(name="loaded_fdw")
    if stored != rows:
        sys.exit(f"{stored} of {rows} rows stored by milvus_fdw")
    return seconds


def measure_insert(table, pymilvus, fdw, rows, rounds):
    progress("insert")
    tried = {(form, batch): expect_rows(pymilvus.insert(form=form, batch=batch), rows)
             for form in INSERT_FORMS for batch in INSERT_BATCHES}
    form, batch = min(tried, key=tried.get)
    insert_fdw(pymilvus, fdw, rows)
    seconds, inserted = [], []
    for _ in range(rounds):
        seconds.append(expect_rows(pymilvus.insert(form=form, batch=batch), rows))
        inserted.append(insert_fdw(pymilvus, fdw, rows))
    table.add_rate("insert into a fresh collection", rows, seconds, inserted)
    return form, batch


def profile(fdw, pymilvus, rows, folder):
    os.makedirs(folder, exist_ok=True)
    workloads = {
        "search-key": lambda: [fdw.search(output="key", first=0, count=300) for _ in range(5)],
        "scan-scalars": lambda: [fdw.scan(output="scalars") for _ in range(5)],
        "scan-vectors": lambda: [fdw.scan(output="vectors") for _ in range(3)],
        "copy-vectors": lambda: [fdw.copy(output="vectors") for _ in range(2)],
        "insert": lambda: [insert_fdw(pymilvus, fdw, rows) for _ in range(2)],
    }
    for name, work in workloads.items():
        progress(f"perf, {name}")
        path = os.path.join(folder, name)
        fdw.perf_start(path=path + ".data")
        start = time.perf_counter()
        work()
        wall = time.perf_counter() - start
        fdw.perf_stop()
        with open(path + ".txt", "w") as out:
            print(f"# {name}: {wall:.2f} s in all", file=out, flush=True)
            for sort in "dso", "dso,symbol":
                subprocess.run(["perf", "report", "-i", path + ".data", "--stdio", "--no-children", "-g", "none",
                                "--sort", sort, "--percent-limit", "0.5"],
                               stdout=out, stderr=subprocess.DEVNULL, timeout=120, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pymilvus", required=True, help="the Python of venv-s")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--perf")
    options = parser.parse_args()
    rows = options.rows or (10000 if options.quick else 100000)
    blocks = 10 if options.quick else 12
    rounds = {"scalars": 5, "vectors": 3, "insert": 5}
    if options.quick:
        rounds = dict.fromkeys(rounds, 3)

    with contextlib.ExitStack() as stack:
        pymilvus = Side(options.pymilvus, "side_pymilvus.py")
        stack.callback(pymilvus.close)
        fdw = Side(sys.executable, "side_fdw.py")
        stack.callback(fdw.close)

        progress("data, collection, index")
        arguments = {"port": options.port, "count": rows, "seed": options.seed, "ef": EF,
                     "nqueries": max(blocks * BLOCK, 300)}
        there = pymilvus.setup(**arguments)
        here = fdw.setup(**arguments)
        if not rows == there["rows"] == here["rows"]:
            sys.exit(f"{there['rows']} and {here['rows']} rows where there should be {rows}")
        plans = fdw.check_plans()
        if not pymilvus.settle(first=0, count=100, still=15 if options.quick else 60):
            progress("the answers keep changing")
        progress("segments: " + "; ".join(pymilvus.segments()))

        table = Table()
        same = [measure_search(table, pymilvus, fdw, "key", "key only", blocks),
                measure_search(table, pymilvus, fdw, "all", "all columns", blocks)]
        batches = [measure_scan(table, pymilvus, fdw, output, rows, rounds[output]) for output in SCAN_BATCHES]
        form, batch = measure_insert(table, pymilvus, fdw, rows, rounds["insert"])
        progress("done")

        print(f"{rows:,} rows; Milvus {there['server']}, PostgreSQL {here['server']}; load average "
              + " ".join(f"{n:.1f}" for n in os.getloadavg()))
        print()
        print(table)
        print()
        print(f"PyMilvus at its best: query_iterator with batch_size {batches[0]} (scalars) and {batches[1]} "
              f"(vectors); insert of {form} in batches of {batch}.")
        print(f"{blocks * BLOCK} searches a side in blocks of {BLOCK}, {100 * min(same):.1f} % of the keys the same; "
              f"{min(rounds.values())} to {max(rounds.values())} rounds of scans and inserts; prepared searches run a "
              f"{'generic' if plans['generic'] else 'custom'} plan.")
        sys.stdout.flush()
        if options.perf:
            profile(fdw, pymilvus, rows, os.path.abspath(options.perf))


main()
