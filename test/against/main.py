"""Hold what milvus_fdw believes of a Milvus server against the server itself, and what it does there against PyMilvus and PostgreSQL.

Makes collections whose names begin with milvus_fdw_check_ and a random suffix,
touches nothing else, and drops them at the end, also after an error or Ctrl-C.
With --read-only COLLECTION nothing is made: that collection is read through
the extension and by PyMilvus, and compared. Prints one page, for a report, and
at last "N passed, N failed".
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import flags
import through
from scratch import Scratch
from server import Absent, Gone, Refused, Server
from sql import Sql, SqlError, login_options, tls_options

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH = 118


def parse():
    p = argparse.ArgumentParser(prog="against", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("address", metavar="HOST:PORT")
    p.add_argument("user", nargs="?", help="without a password: a token")
    p.add_argument("password", nargs="?")
    p.add_argument("--tls", nargs="?", const="", metavar="FILE", help="the server has TLS; FILE: its root certificates, if not among the system's")
    p.add_argument("--read-only", metavar="COLLECTION", help="make nothing, compare what this collection has")
    p.add_argument("--queries", type=int, default=3000, help="random queries (default 3000)")
    p.add_argument("--writes", type=int, default=300, help="random statements that write (default 300)")
    p.add_argument("--seed", help="of those")
    p.add_argument("--believe", metavar="FLAG=VALUE", action="append", default=[], help="take this for what the extension believes: to see it found wrong")
    options = p.parse_args()
    if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^:\[\]]+):\d+", options.address):
        p.error("the address is HOST:PORT")
    return options


def say(text):
    """How far it is: not a part of the page."""
    if os.environ.get("AGAINST_TIMES"):
        print(f"{time.monotonic():.2f} {text}", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:WIDTH]}", end="", file=sys.stderr, flush=True)


class Page:
    """What is printed, and what passed."""

    def __init__(self):
        self.lines = []
        self.passed = self.failed = 0

    def put(self, *lines):
        self.lines += lines

    def head(self, text):
        self.put("", text, "-" * len(text))

    def count(self, good):
        self.passed += bool(good)
        self.failed += not good

    def table(self, mark, name, remark):
        lead = f"{mark:<12} {name:<22} "
        self.put(*textwrap.wrap(remark or "-", WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead)))

    def print(self):
        print("\n".join(line.rstrip() for line in self.lines))
        print(f"{self.passed} passed, {self.failed} failed")


def plain(value):
    return {True: "true", False: "false", None: "?"}.get(value, str(value)) if not isinstance(value, int) or isinstance(value, bool) else str(value)


def verdict(measured, believed):
    """agrees, cautious or WRONG. Less than what is there is cautious."""
    if measured == believed:
        return "agrees"
    return "cautious" if believed < measured else "WRONG"


def shorten(text, size=200):
    text = " ".join(str(text).split())
    return text if len(text) <= size else text[:size] + " ..."


def judge_flags(page, scratch, believed, sources):
    results = {"agrees": [], "cautious": [], "WRONG": [], "not measured": []}
    tests = {t.name: t for t in flags.TESTS}
    measured = {}
    for test in flags.TESTS:
        say(f"flag {test.name}")
        measured[test.name] = flags.measure(test, scratch)
    for name, belief in believed.items():
        if name not in tests:
            results["not measured"].append((name, None, belief, flags.NOT_MEASURED.get(name, "there is no test of it")))
            continue
        value, remark = measured[name]
        if value is None:
            results["not measured"].append((name, None, belief, remark))
        else:
            results[verdict(value, belief)].append((name, value, belief, remark))
    counts = [f"{len(results[word])} {'agree' if word == 'agrees' else word}" for word in results]
    page.head(f"Flags: {', '.join(counts)}")
    for word in ("WRONG", "cautious", "not measured"):
        for name, value, belief, remark in results[word]:
            about = f"believed {plain(belief)}, measured {plain(value)}. {remark}" if value is not None else f"believed {plain(belief)}: {remark}"
            page.table(word, name, shorten(about, 400 if word == "WRONG" else 160))
            if word == "WRONG":
                page.table("", "", f"asked: {tests[name].about} Known from: {sources.get(name)}")
    listed = [f"{name} {plain(value)}" for name, value, _, _ in results["agrees"]]
    page.put(*textwrap.wrap("agrees: " + ", ".join(listed), WIDTH, subsequent_indent="    "))
    for name in believed:
        if name in tests and measured[name][0] is not None:
            page.count(not any(name == r[0] for r in results["WRONG"]))
    extra = [n for n in tests if n not in believed]
    for name in extra:
        page.table("no flag", name, shorten(f"{plain(measured[name][0])} {measured[name][1]}", 100))


def list_facts(page, scratch):
    page.head("Measured beside them")
    unknown = []
    for test in flags.FACTS:
        say(f"fact {test.name}")
        value, remark = flags.measure(test, scratch)
        if value is None:
            unknown.append(test.name)
        else:
            page.table(plain(value), test.name, test.about + (f" ({shorten(remark, 100)})" if remark else ""))
    if unknown:
        page.put("not measured: " + ", ".join(unknown))


def judge_results(page, results):
    """(name, about, wrong) of each: wrong None, an Absent, or a text."""
    skipped, good = [], []
    for name, about, wrong in results:
        if isinstance(wrong, Absent):
            skipped.append(f"{name} ({shorten(wrong, 60)})")
            continue
        page.count(wrong is None)
        if wrong is None:
            good.append(name)
        else:
            page.table("WRONG", name, shorten(f"{about} {wrong}", 600))
    for word, names in (("right", good), ("not asked", skipped)):
        if names:
            page.put(*textwrap.wrap(f"{word}: {', '.join(names)}", WIDTH, subsequent_indent="    "))


def fidelity(page, options, server):
    host, _, port = options.address.rpartition(":")
    command = [os.path.join(HERE, "..", "fidelity", "run"), "--server", "any", "--address", host.strip("[]"), "--port", port,
               "--prefix", f"{server.prefix}_f", "--queries", str(options.queries), "--writes", str(options.writes), "--failures", "3"]
    command += ["--worlds", str(max(1, min(5, options.queries // 100)))] + ["--no-large"] * (options.queries < 1000)
    command += ["--seed", options.seed] if options.seed else []
    command += ["--server-options", tls_options(options.tls)] if options.tls is not None else []
    env = {**os.environ, "FIDELITY_LOGIN": login_options(options.user, options.password)}
    say(f"{options.queries} random queries, {options.writes} random writes")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, text=True, check=False)
    lines = done.stdout.splitlines()
    page.head("Random queries and writes, against copies in PostgreSQL")
    summaries = [line for line in lines if re.search(r"\d+ (queries|write statements) compared", line)]
    page.put(*(w for line in summaries for w in textwrap.wrap(line, WIDTH, subsequent_indent="    ")))
    wanted = bool(options.queries) + bool(options.writes)
    for line in summaries:
        page.count(" 0 mismatches" in line)
    for _ in range(len(summaries), wanted):
        page.count(False)
    if done.returncode != 0 or len(summaries) < wanted:
        start = next((i for i, line in enumerate(lines) if line.startswith("=== MISMATCH")), max(0, len(lines) - 30))
        page.put(*(line[:300] for line in lines[start:start + 40]))
        if done.returncode != 0 and len(summaries) >= wanted and all(" 0 mismatches" in line for line in summaries):
            page.count(False)


def write_and_compare(page, server, sql, options, believed, sources):
    try:
        scratch = Scratch(server)
        say("making collections")
        scratch.prepare()
        judge_flags(page, scratch, believed, sources)
        list_facts(page, scratch)
        page.head("The extension on that server")
        judge_results(page, through.run_checks(sql, scratch, say))
        if options.queries or options.writes:
            fidelity(page, options, server)
    except Gone as error:
        page.put("", f"FAILED: the server does not answer any more: {error}")
        page.count(False)
    finally:
        # once more Ctrl-C must not keep this from its end
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("dropping the collections")
        try:
            if not server.drop_all():
                raise Refused("some are left")
        except (Gone, Refused) as error:
            page.put("", f"FAILED: collections named {server.prefix}_... could not be dropped: {error}")
            page.count(False)
        say("")


def read_only(page, options):
    """By a process of its own: this one has PyMilvus' messages without PyMilvus."""
    page.head("A collection as the extension and as PyMilvus read it")
    env = {**os.environ, "AGAINST_LOGIN": ":".join(filter(None, [options.user, options.password]))}
    if options.tls is not None:
        env["AGAINST_TLS"] = options.tls
    command = [sys.executable, os.path.join(HERE, "readonly.py"), options.address, options.read_only]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True, check=False)
    judge_results(page, [json.loads(line) for line in done.stdout.splitlines()])
    if done.returncode != 0:
        page.put(*(done.stderr.splitlines()[-1:] or ["FAILED"]))
        page.count(False)


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    page = Page()
    start = time.time()
    server = Server(options.address, options.user, options.password, options.tls)
    try:
        server.greet()
    except (Gone, Refused) as error:
        print(f"FAILED: {error}\n0 passed, 1 failed")
        sys.exit(1)
    page.put(f"milvus_fdw against a Milvus server, {time.strftime('%Y-%m-%d %H:%M', time.gmtime(start))} UTC")
    try:
        sql = Sql(options.address, options.user, options.password, tls_options(options.tls))
        name, believed, sources = through.beliefs(sql)
    except SqlError as error:
        print(f"FAILED: the extension does not reach it: {error}\n0 passed, 1 failed")
        sys.exit(1)
    # (a size, and so not among the flags: see dialect_find)
    believed["max_window"] = 131072 if name == "Milvus Lite 3" else 16384
    for text in options.believe:
        flag, _, value = text.partition("=")
        believed[flag] = {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)
    extensions = sql.column("SELECT extname || chr(32) || extversion FROM pg_extension WHERE extname IN ('milvus_fdw', 'vector') ORDER BY 1")
    page.put(f"server:      version {server.version or 'not told'}, build tags {server.build_tags or 'none'}", f"taken for:   {name}",
             f"extension:   {', '.join(extensions)}, PostgreSQL {sql.run('SHOW server_version')[0]}",
             *([] if options.read_only else [f"collections: {server.prefix}_..."]))
    interrupted = False
    try:
        if options.read_only:
            read_only(page, options)
        else:
            write_and_compare(page, server, sql, options, believed, sources)
    except KeyboardInterrupt:
        interrupted = True
        page.put("", "FAILED: interrupted")
        page.count(False)
    page.put("", f"took {time.time() - start:.0f} s")
    page.print()
    sys.exit(130 if interrupted else page.failed > 0 or not page.passed)


if __name__ == "__main__":
    main()
