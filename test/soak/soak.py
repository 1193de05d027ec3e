#!/usr/bin/env python3
"""Sessions that read and write through a line that fails, and mirror what they were told.

    soak.py --port MILVUS [--seconds 60] [--sessions 8] [--seed N] [--plant]

PGHOST, PGPORT, PGUSER, PGDATABASE: a database with the extension.  Each session
has keys of its own on one collection, and writes them in every way there is.  Of
each key it knows which values it may have: one, or after a write that the client
was told is in doubt, two; such keys are not written again, since a request that
was on the line may arrive later.  Every read is compared with that, and at the end
the whole collection, on a healthy line.  Meanwhile test/tap/fault-proxy fails in all
the ways it can, statements are cancelled and sessions terminated.

Prints what was done, how long cancels took, and at last "soak: … N mismatches".
Exit status 1 when there was one: a wrong answer, an error that is none of those
that the faults explain, a session that hangs, a backend that grows.
"""

import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

import psycopg

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPAN = 1_000_000_000        # keys of a session
HANGS = 90                  # seconds
# the connection, a cancel, a termination, a server shutting the session's door
EXPLAINED = ("08", "57014", "57P01")


class Proxy:
    def __init__(self, target):
        for _ in range(200):
            self.port = random.randint(7000, 9999)
            self.process = subprocess.Popen(["perl", str(ROOT / "test/tap/fault-proxy"), str(self.port), str(target)], text=True, bufsize=1,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            if self.process.stdout.readline() == "ready\n":
                return
            self.process.wait()
        raise SystemExit("no free port")

    def tell(self, *command):
        self.process.stdin.write(" ".join(map(str, command)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or "unknown" in answer:
            raise SystemExit(f"fault-proxy: {command}: {answer!r}")
        return answer


def connect():
    return psycopg.connect("", autocommit=True)


class Session(threading.Thread):
    """One client.  possible: {key: set of values}, None among them: the row may not be there."""

    def __init__(self, soak, number):
        super().__init__(daemon=True)
        self.soak = soak
        self.number = number
        self.rng = random.Random(f"{soak.seed}.{number}")
        self.first = number * SPAN
        self.next = self.first
        self.possible = {}
        self.doubtful = set()
        self.told = []
        self.statements = 0
        self.errors = {}
        self.longest = 0
        self.alive = time.monotonic()
        self.cancelled_at = None
        self.cancels = []
        self.connection = None
        self.open()

    def open(self):
        if self.connection:
            self.connection.close()
        self.connection = connect()
        self.connection.add_notice_handler(lambda d: self.told.append(d.message_detail or ""))
        self.pid = self.connection.info.backend_pid

    # --- what may be written ---

    def keys(self, most):
        """Keys that are there for sure, next to each other."""
        known = [k for k, v in self.possible.items() if None not in v and k not in self.doubtful]
        if not known:
            return []
        at = self.rng.randrange(len(known))
        return known[at:at + self.rng.randint(1, most)]

    def rows(self, keys, n):
        return ", ".join(f"({k}, {n}, '{{{k % 1000},{n}}}')" for k in keys)

    def write(self, sql, keys, value, commits=False):
        """A statement that gives the keys a value (None: removes them)."""
        outcome = self.run_statement(sql)
        if outcome is None:
            outcome = (len(keys), 0)
        written, perhaps = outcome
        if (written, perhaps) == (0, 0):
            return
        for k in keys:
            before = self.possible.get(k, {None})
            if written >= len(keys) and perhaps == 0:
                self.possible[k] = {value}
            else:
                self.possible[k] = before | {value}
                self.doubtful.add(k)

    def run_statement(self, sql, fetch=None):
        """None: it succeeded. Otherwise rows that were told to be written, and that perhaps are."""
        self.told.clear()
        self.statements += 1
        self.alive = started = time.monotonic()
        try:
            with self.connection.cursor() as cursor:
                if fetch is None:
                    cursor.execute(sql)
                elif sql.startswith("COPY"):
                    with cursor.copy(sql) as copy:
                        fetch.extend([int(x) for x in row.split(b"\t")] for row in b"".join(copy).splitlines())
                else:
                    cursor.execute(sql)
                    fetch.extend(cursor.fetchall())
            return None
        except psycopg.Error as e:
            state = e.sqlstate or "08000"
            self.errors[state] = self.errors.get(state, 0) + 1
            if not state.startswith(EXPLAINED):
                self.soak.fail(f"session {self.number}: {state}: {e}; {sql[:200]}")
            if self.cancelled_at and state == "57014":
                self.cancels.append(time.monotonic() - self.cancelled_at)
            lost = self.connection.closed or self.connection.broken
            text = "\n".join(self.told + [e.diag.message_detail or ""])
            if not lost and self.connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                self.connection.rollback()
                text += "\n".join(self.told)
            if lost:
                # whatever it was that nobody could be told
                self.open()
                return (0, 1)
            return self.told_rows(text)
        finally:
            self.cancelled_at = None
            self.longest = max(self.longest, time.monotonic() - started)

    @staticmethod
    def told_rows(text):
        written = perhaps = 0
        for said in re.findall(r'^Server "[^"]*", collection "[^"]*": (.*)\.$', text, re.M):
            if said.startswith("not written"):
                continue
            found = re.match(r"(\d+) row", said)
            written += int(found[1]) if found else 0
            found = re.search(r"perhaps (\d+) ", said)
            perhaps += int(found[1]) if found else 0
            # a DELETE by filter has no number
            perhaps += "perhaps all rows" in said
        return written, perhaps

    # --- what is done ---

    def insert(self, table="t", begin="", end=""):
        count = self.rng.choice([1, 3, 50, 300])
        keys = list(range(self.next, self.next + count))
        self.next += count
        n = self.rng.randint(1, 10**6)
        self.write(f"{begin}INSERT INTO {table} VALUES {self.rows(keys, n)}{end}", keys, n)

    def upsert(self):
        keys = self.keys(100)
        n = self.rng.randint(1, 10**6)
        if keys:
            self.write(f"INSERT INTO u VALUES {self.rows(keys, n)}", keys, n)

    def update(self):
        keys = self.keys(100)
        n = self.rng.randint(1, 10**6)
        if keys:
            self.write(f"UPDATE t SET n = {n}, e = ARRAY[id % 1000, {n}] WHERE id = ANY ('{{{','.join(map(str, keys))}}}')", keys, n)

    def delete(self):
        keys = self.keys(30)
        if keys:
            self.write(f"DELETE FROM t WHERE id = ANY ('{{{','.join(map(str, keys))}}}')", keys, None)

    def late(self):
        self.insert("late", "BEGIN; ", "; COMMIT")

    def undone(self):
        keys = [self.next]
        self.next += 1
        self.write(f"BEGIN; INSERT INTO late VALUES {self.rows(keys, 1)}; ROLLBACK", keys, None)

    def read(self):
        first = self.rng.randint(self.first, max(self.first, self.next - 1))
        last = first + self.rng.choice([0, 10, 500, SPAN])
        last = min(last, self.first + SPAN - 1)
        rows = []
        where = f"id BETWEEN {first} AND {last}"
        sql = self.rng.choice([f"SELECT id, n FROM t WHERE {where} ORDER BY id", f"COPY (SELECT id, n FROM t WHERE {where}) TO STDOUT"])
        if last - first < 1000 and self.rng.random() < 0.5:
            # many pages
            sql = f"SELECT id, n FROM small WHERE {where}"
        if self.run_statement(sql, rows) is None:
            self.soak.compare(f"session {self.number}: {sql}", rows, {k: v for k, v in self.possible.items() if first <= k <= last})

    def search(self):
        keys = self.keys(1)
        if not keys:
            return
        rows = []
        sql = f"SELECT id, n FROM t WHERE id BETWEEN {self.first} AND {self.first + SPAN - 1} ORDER BY e OPERATOR(milvus.<->) '{{{keys[0] % 1000},1}}' LIMIT 5"
        if self.run_statement(sql, rows) is not None:
            return
        for k, n in rows:
            if n not in self.possible.get(k, {None}):
                self.soak.fail(f"session {self.number}: {sql}: {k} is {n}, not {self.possible.get(k)}")
        sure = sum(None not in v for v in self.possible.values())
        if len(rows) < min(5, sure):
            self.soak.fail(f"session {self.number}: {sql}: {len(rows)} rows of {sure}")

    def run(self):
        ways = [self.insert] * 3 + [self.upsert, self.update, self.delete, self.late, self.undone] + [self.read] * 4 + [self.search] * 2
        while not self.soak.over.is_set():
            try:
                self.rng.choice(ways)()
            except psycopg.OperationalError as e:
                # a session that can't be had at once
                if self.soak.over.wait(0.1):
                    return
                self.soak.note(f"session {self.number}: {e}")
            except Exception as e:
                self.soak.fail(f"session {self.number}: {type(e).__name__}: {e}")
                return


class Soak:
    def __init__(self, args):
        self.seed = args.seed
        self.planted = args.plant
        self.seconds = args.seconds
        self.rng = random.Random(args.seed)
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.mismatches = 0
        self.faults = {}
        self.proxy = Proxy(args.port)
        self.control = connect()
        self.set_up(args.port)
        self.sessions = [Session(self, i) for i in range(1, args.sessions + 1)]

    def note(self, text):
        with self.lock:
            print(text, file=sys.stderr, flush=True)

    def fail(self, text):
        with self.lock:
            self.mismatches += 1
            print(f"MISMATCH {text}", flush=True)

    def set_up(self, port):
        columns = "(id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL)"
        collection = f"soak_{os.getpid()}"
        self.control.execute("CREATE EXTENSION IF NOT EXISTS milvus_fdw")
        for name, at, options in (("direct", port, ""), ("m", self.proxy.port, ", connect_timeout '5', request_timeout '20', keepalives_idle '2', keepalives_interval '1', keepalives_count '2'")):
            self.control.execute(f"CREATE SERVER {name} FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '{at}'{options}); CREATE USER MAPPING FOR CURRENT_USER SERVER {name}")
        for name, server, options in (("all_rows", "direct", "consistency_level 'strong'"), ("t", "m", "batch_size '100'"), ("u", "m", "insert_mode 'insert'" if self.planted else "insert_mode 'upsert'"),
                                      ("small", "m", "fetch_size '50'"), ("late", "m", "write_mode 'commit', batch_size '100'")):
            self.control.execute(f"CREATE FOREIGN TABLE {name} {columns} SERVER {server} OPTIONS (collection '{collection}', {options})")
        self.control.execute("ALTER FOREIGN TABLE all_rows ALTER e OPTIONS (ADD dim '2')")
        self.control.execute("SELECT milvus.create_collection('all_rows'), milvus.create_index('all_rows', 'e', 'FLAT', 'L2'), milvus.load('all_rows')")

    def compare(self, what, rows, possible):
        seen = set()
        for k, n in rows:
            if k in seen:
                self.fail(f"{what}: {k} twice")
            seen.add(k)
            if n not in possible.get(k, {None}):
                self.fail(f"{what}: {k} is {n}, not {possible.get(k)}")
        for k, values in possible.items():
            if k not in seen and None not in values:
                self.fail(f"{what}: {k} is not there, should be {values}")

    def fault(self):
        rng = self.rng
        kind = rng.choice(["cut", "reset", "goaway", "freeze", "silence", "delay", "trickle", "stall"] + ["cancel"] * 8 + ["terminate"])
        self.faults[kind] = self.faults.get(kind, 0) + 1
        if kind in ("cut", "reset", "goaway", "silence"):
            self.proxy.tell(kind)
        elif kind == "freeze":
            self.proxy.tell("freeze")
            self.over.wait(rng.choice([0.1, 0.5, 2]))
            self.proxy.tell("thaw")
        elif kind in ("delay", "trickle", "stall"):
            self.proxy.tell(*{"delay": ("delay", rng.choice([0.2, 1])), "trickle": ("trickle", rng.choice([20_000, 200_000])), "stall": ("stall", rng.choice([4, 100, 5000]), 1)}[kind])
            self.proxy.tell("cut")
            self.over.wait(rng.choice([0.5, 2]))
            self.proxy.tell(*{"delay": ("delay", 0), "trickle": ("trickle", 0), "stall": ("stall", 0, 0)}[kind])
        else:
            session = rng.choice(self.sessions)
            session.cancelled_at = time.monotonic() if kind == "cancel" else None
            self.control.execute(f"SELECT pg_{kind}_backend(%s)", (session.pid,))

    def memory(self):
        """Of the backends, in kB, without what is shared."""
        found = {}
        for session in self.sessions:
            try:
                fields = pathlib.Path(f"/proc/{session.pid}/statm").read_text().split()
            except OSError:
                continue
            found[session.pid] = (int(fields[1]) - int(fields[2])) * 4
        return found

    def run(self):
        for session in self.sessions:
            session.start()
        end = time.monotonic() + self.seconds
        halfway = None
        while time.monotonic() < end:
            self.over.wait(self.rng.uniform(0.05, 0.4))
            self.fault()
            if halfway is None and time.monotonic() > end - self.seconds / 2:
                halfway = self.memory()
            for session in self.sessions:
                if time.monotonic() - session.alive > HANGS:
                    self.fail(f"session {session.number} has hung for {HANGS} s")
                    return self.tell()
        self.over.set()
        for session in self.sessions:
            session.join(HANGS)
            if session.is_alive():
                self.fail(f"session {session.number} does not end")
        grown = [size - halfway[pid] for pid, size in self.memory().items() if pid in halfway]
        self.tell(grown)
        # what was on the line may still arrive
        self.proxy.process.kill()
        possible = {}
        for session in self.sessions:
            session.connection.close()
            possible |= session.possible
        rows = self.control.execute("SELECT id, n FROM all_rows ORDER BY id").fetchall()
        self.compare("at the end", rows, possible)
        print(f"{len(rows)} rows at the end; {sum(len(s.doubtful) for s in self.sessions)} keys were in doubt")

    def tell(self, grown=()):
        errors = {}
        for session in self.sessions:
            for state, count in session.errors.items():
                errors[state] = errors.get(state, 0) + count
        print(f"faults: {', '.join(f'{k} {v}' for k, v in sorted(self.faults.items()))}")
        print(f"errors: {', '.join(f'{k} {v}' for k, v in sorted(errors.items()))}")
        cancels = sorted(c for s in self.sessions for c in s.cancels)
        if cancels:
            print(f"cancels that hit: {len(cancels)}, p50 {cancels[len(cancels) // 2] * 1000:.0f} ms, p99 {cancels[int(len(cancels) * 0.99)] * 1000:.0f} ms, longest {cancels[-1] * 1000:.0f} ms")
        print(f"longest statement: {max(s.longest for s in self.sessions):.1f} s")
        if grown:
            print(f"backends that lived through the second half grew by {max(grown)} kB at most")
            if max(grown) > 32 * 1024:
                self.fail(f"a backend grew by {max(grown)} kB")

    def clean(self):
        self.control.execute("SELECT milvus.drop_collection('all_rows')")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--plant", action="store_true", help="rows come twice: exit status 0 when that is seen")
    parser.add_argument("--seed", default=f"{random.randrange(1 << 32):08x}")
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    soak = Soak(args)
    try:
        soak.run()
        soak.clean()
    finally:
        soak.proxy.process.kill()
    print(f"soak: {sum(s.statements for s in soak.sessions)} statements of {args.sessions} sessions, {sum(soak.faults.values())} faults in {args.seconds:.0f} s, {soak.mismatches} mismatches")
    sys.exit((soak.mismatches == 0) if args.plant else (soak.mismatches > 0))


main()
