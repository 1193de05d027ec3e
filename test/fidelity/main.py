"""Random SELECTs on foreign tables and on local copies of them must give the same rows.

Every query is made from the seed, its world and its number alone: --only W.N
makes one of them again.
"""
import argparse
import collections
import copy
import random
import secrets
import sys
import time

import compare
import declared
import kinds
import large
import queries
import search
import sessions
import shrink
import store
import tree
import world
import writejudge
from expressions import Gen

KINDS = [(queries.simple, 30), (queries.folded, 12), (queries.by_key, 12), (queries.aggregated, 11), (queries.distinct, 4), (queries.window, 4),
         (queries.joined, 11), (queries.lateral, 2), (queries.set_operation, 4), (queries.nested, 6), (declared.make, 3), (sessions.prepared, 5), (sessions.cursor, 4), (search.make, 16)]


def make_script(seed, name, tables):
    g = Gen(random.Random(f"{seed}/{name}"), tables)
    maker = g.rng.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
    return maker(g)


class Judge:
    """Runs scripts on both sides, counts, and reports what differs. rewrite: a fault planted there."""

    def __init__(self, here, there, rewrite=None, out=sys.stdout):
        self.here = here
        self.there = there
        self.rewrite = rewrite
        self.out = out
        self.counts = collections.Counter()
        self.kinds = collections.Counter()
        self.seconds = collections.Counter()
        self.failures = []
        self.known = []
        self.last = None

    def outcomes(self, script):
        there = self.there.script(script, self.rewrite)
        here = self.here.script(script)
        searching = script.statements[0].mode == "search"
        return here, there, self.here.ranking(script) if searching and not here[0].state else None

    def verdict(self, script):
        return compare.judge(script, *self.outcomes(script))

    def run(self, script, name):
        """True when the sides agree."""
        start = time.monotonic()
        here, there, ranking = self.outcomes(script)
        self.counts["queries"] += 1
        self.kinds[script.kind] += 1
        self.seconds[script.kind] += time.monotonic() - start
        verdict = compare.judge(script, here, there, ranking)
        if verdict is None:
            failed = [(a.state, b.state) for a, b in zip(here, there) if a.state or b.state]
            self.counts["both"] += any(a and b for a, b in failed)
            self.counts["one"] += any(not (a and b) for a, b in failed)
            self.counts["rows"] += any(a.rows for a, s in zip(here, script.statements) if s.mode != "none")
            self.errors(failed, script, here)
            return True
        if any(text in verdict[1] for text in self.known):
            self.counts["known"] += 1
            return True
        self.failures.append(verdict[0])
        self.last = f"{verdict}\n{script.sql(self.there.schema)}"
        self.report(script, name, verdict)
        return False

    def errors(self, failed, script, here):
        pass

    def report(self, script, name, verdict):
        original = script.sql(self.there.schema)
        small = shrink.Shrinker(copy.deepcopy(script), lambda s: (self.verdict(s) or [None])[0] == verdict[0]).run()
        final = self.verdict(small) or verdict
        say = lambda *a: print(*a, file=self.out)
        say(f"\n=== MISMATCH in {name} ({small.kind}): {final[0]}: {final[1]}")
        say("--- original\n" + (original if len(original) < 8000 else original[:8000] + " …"))
        say("--- shrunk\n" + small.sql(self.there.schema)[:8000])
        if final[2] or final[3]:
            say(f"--- rows here only ({len(final[2])}), there only ({len(final[3])})")
            for mark, rows in (("here ", final[2]), ("there", final[3])):
                for row in rows[:6]:
                    say(mark, str(row)[:600])
        say("--- plan")
        for line in self.plan(small):
            say(line[:600])
        self.out.flush()

    def plan(self, script):
        self.there.run(self.there.base)
        self.there.settle(script.settings)
        found = []
        for statement in script.statements:
            sql = tree.render(statement.node, self.there.schema)
            if sql.startswith(("SELECT", "WITH", "(")):
                outcome = self.there.execute("EXPLAIN (VERBOSE, COSTS OFF) " + sql)
            elif sql.startswith("DECLARE"):
                outcome = self.there.execute("EXPLAIN (VERBOSE, COSTS OFF) " + sql.split(" FOR ", 1)[1])
            elif sql.startswith("EXECUTE"):
                outcome = self.there.execute("EXPLAIN (VERBOSE, COSTS OFF) " + sql)
            else:
                if sql.startswith("PREPARE"):
                    self.there.execute(sql)
                continue
            found += [r[0] for r in outcome.rows] if not outcome.state else [outcome.message]
            break
        self.there.execute("DEALLOCATE ALL")
        return found

    def summary(self, label, seconds):
        n = self.counts["queries"]
        if not n:
            return f"{label}: no queries"
        return (f"{label}: {n} queries compared in {seconds:.0f} s, {len(self.failures)} mismatches"
                f"{' (and ' + str(self.counts['known']) + ' known)' if self.counts['known'] else ''}; "
                f"errors on both sides {self.counts['both']} ({100 * self.counts['both'] / n:.1f} %), "
                f"on one side, by the order of evaluation {self.counts['one']}; "
                f"with at least one row {self.counts['rows']} ({100 * self.counts['rows'] / n:.1f} %)")


def describe(tables):
    for table in tables:
        columns = ", ".join(f"{c.definition(True)}{' ' + c.operator if c.is_vector else ''}" for c in table.columns)
        yield f"    {table.name} ({len(table.rows)} rows{', fetch_size ' + str(table.fetch_size) if table.fetch_size else ''}): {columns}"


def whole_tables(tables):
    for table in tables:
        if table.foreign:
            node = tree.Node("SELECT * FROM ", tree.Table(table.name))
            yield f"{table.name} as a whole", tree.Script("whole", [tree.Statement(node)])


class Run:
    """The queries of one seed on one server, world after world."""

    def __init__(self, options, out=sys.stdout):
        self.options = options
        self.out = out
        self.there = compare.Side(options.conninfo, "f", options.timeout)
        self.here = compare.Side(options.conninfo, "l", options.timeout)
        self.judge = Judge(self.here, self.there, out=out)
        self.judge.known = options.known
        self.another = None         # a session beside these two, once there is need for it
        if options.show_errors:
            self.judge.errors = self.show

    def elsewhere(self, sql):
        self.another = self.another or compare.Side(self.options.conninfo, "f", self.options.timeout)
        return self.another.run(sql)

    def show(self, failed, script, here):
        for (a, b), outcome in zip(failed, [o for o in here if o.state]):
            print(f"{script.kind} {a} {b} {outcome.message.splitlines()[0]} {script.sql('f')[:300]}", file=self.out)
            break

    def build(self, index):
        options = self.options
        rng = random.Random(f"{options.seed}/{options.server}/{index}")
        tables = world.make_world(rng, options.kind, self.pgvector, index)
        stored = store.Store(self.there.run, options.kind, options.prefix, rng, self.elsewhere)
        stored.build(tables)
        if rng.random() < 0.5:
            self.forget_writes(tables)
        return tables, stored

    def forget_writes(self, tables):
        """A session that has written nothing reads otherwise. What all readers have seen once, they see from then on."""
        self.there.run("SET milvus_fdw.consistency_level = 'strong'")
        for table in tables:
            if table.foreign:
                self.there.run(f"SELECT count(*) FROM f.{table.name}")
        self.there.connect()

    def prepare(self):
        options = self.options
        store.setup_server(self.there, options)
        options.kind = kinds.KINDS.get(options.server)
        if not options.kind:
            options.kind = kinds.of_version(*self.there.run("SELECT version, dialect FROM milvus.versions WHERE server = 'fidelity'").rows[0])
        available = self.there.run("SELECT FROM pg_available_extensions WHERE name = 'vector'").rows
        self.pgvector = bool(available) and not options.no_pgvector
        if self.pgvector:
            self.there.run("CREATE EXTENSION IF NOT EXISTS vector")
        else:
            self.there.run("DROP EXTENSION IF EXISTS vector CASCADE")
        self.here.run("RESET ALL")

    def queries(self):
        options = self.options
        start = time.monotonic()
        share = -(-options.queries // options.worlds)
        only = tuple(map(int, options.only.split("."))) if options.only else None
        for index in range(options.worlds):
            if only and only[0] != index:
                continue
            tables, stored = self.build(index)
            before = len(self.judge.failures)
            try:
                if not self.world(index, tables, min(share, options.queries - index * share), only):
                    break
            finally:
                if len(self.judge.failures) > before:
                    print(f"\n--- the tables of world {index}, seed {options.seed}", *describe(tables), sep="\n", file=self.out)
                if not options.keep:
                    stored.drop()
        if not only and not options.no_large and len(self.judge.failures) < options.failures:
            large.run(self.judge, self.there, options)
        return time.monotonic() - start

    def writes(self):
        judge = writejudge.WriteJudge(self.here, self.there, out=self.out, other=compare.Side(self.options.conninfo, "f", self.options.timeout))
        judge.show_errors = self.options.show_errors
        return judge, writejudge.run(judge, self.options, self.pgvector)

    def world(self, index, tables, count, only):
        """False when there were failures enough."""
        for name, script in whole_tables(tables):
            self.judge.run(script, f"{index}: {name}")
        for n in range(count):
            if only and only[1] != n:
                continue
            name = f"{index}.{n}"
            self.judge.run(make_script(f"{self.options.seed}/{self.options.server}", name, tables), name)
            if len(self.judge.failures) >= self.options.failures:
                return False
        return True


def parse(arguments):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", choices=["s", "l3", "l2", "any"], required=True, help="what kind of Milvus it is; any: what it says")
    p.add_argument("--address", default="127.0.0.1")
    p.add_argument("--port", required=True)
    p.add_argument("--server-options", default="", help="more of CREATE SERVER; FIDELITY_LOGIN in the environment: those of CREATE USER MAPPING")
    p.add_argument("--prefix", help="of the collections that are made (default: fidelity_ and a random one)")
    p.add_argument("--queries", type=int, default=5000)
    p.add_argument("--writes", type=int, default=0, help="statements that write, after the queries")
    p.add_argument("--seed", default=None, help="default: a new one, printed")
    p.add_argument("--worlds", type=int, default=5, help="sets of tables that the queries are spread over")
    p.add_argument("--failures", type=int, default=5, help="stop after so many")
    p.add_argument("--only", metavar="W.N", help="one query of a run: world and number")
    p.add_argument("--known", metavar="TEXT", action="append", default=[], help="count mismatches whose message has the text, but go on")
    p.add_argument("--timeout", type=int, default=30, help="of a statement, in seconds")
    p.add_argument("--no-pgvector", action="store_true", help="vectors as real[], although pgvector is there")
    p.add_argument("--no-large", action="store_true", help="no collection of more rows than a request may ask for")
    p.add_argument("--show-errors", action="store_true", help="queries that fail on both sides")
    p.add_argument("--keep", action="store_true", help="leave the last tables and collections")
    p.add_argument("--library", help="a build of the extension to take in place of the installed one")
    p.add_argument("--conninfo", default="", help="PostgreSQL, beyond PGHOST and the like")
    options = p.parse_args(arguments)
    options.seed = options.seed or secrets.token_hex(4)
    options.prefix = options.prefix or f"fidelity_{secrets.token_hex(3)}"
    return options


def told(seconds, kinds):
    return ", ".join(f"{k} {n} ({seconds[k]:.0f} s)" for k, n in kinds.most_common())


def main():
    options = parse(None)
    label = f"server {options.server}, seed {options.seed}"
    print(label, flush=True)
    run = Run(options)
    run.prepare()
    wrong = False
    if options.queries:
        seconds = run.queries()
        print(f"kinds: {told(run.judge.seconds, run.judge.kinds)}")
        print(run.judge.summary(label, seconds), flush=True)
        wrong |= bool(run.judge.failures) or not run.judge.counts["queries"]
    if options.writes:
        judge, seconds = run.writes()
        print(f"kinds: {told(judge.seconds, judge.kinds)}")
        print(writejudge.summary(judge, label, seconds))
        wrong |= bool(judge.failures) or not judge.counts["statements"]
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
