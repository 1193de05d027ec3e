"""Random sequences of writes must have the same effect on foreign tables as on local copies.

Compared are the rows of RETURNING or the number of rows, errors, and the
contents of the tables. Errors are the same on both sides, but where no
statement is at fault: see forgiven(). A sequence that ends in a difference is
cut down by running parts of it on tables made anew.
"""
import collections
import copy
import random
import sys
import time

import compare
import shrink
import tree
from tree import Node
from world import ident
from writes import Copy, Maker, Step
from writeworld import WriteStore, WriteWorld

# statements in a row on the same tables
PER_WORLD = 250
# after how many steps everything is read
CHECK_ALL = 12


class Ended(Exception):
    """The sides may differ from here on, by no fault."""


def render(action, schema):
    return tree.render(action.node if isinstance(action, Copy) else action, schema)


def forgiven(write, a, b):
    """Conflicting collations are an error of the first comparison of texts, if it comes to one.

    Where a statement fails may depend on the order of evaluation: of two rows that fail, each side may come to another first.
    """
    action = write.there.node if isinstance(write.there, Copy) else write.there
    return "42P22" in (a.state, b.state) or tree.is_risky(action) and all(x.state and x.state[:2] in ("22", "23") for x in (a, b))


class WriteJudge:
    """Runs steps on both sides. rewrite, miscount: faults planted there. other: a session there that only reads."""

    def __init__(self, here, there, rewrite=None, miscount=None, out=sys.stdout, other=None):
        self.here = here
        self.there = there
        self.other = other or there
        self.rewrite = rewrite
        self.miscount = miscount
        self.out = out
        self.counts = collections.Counter()
        self.kinds = collections.Counter()
        self.seconds = collections.Counter()
        self.failures = []
        self.show_errors = False

    # --- a step ---

    def run_there(self, write):
        sql = render(write.there, self.there.schema)
        outcome = self.there.execute(self.rewrite(sql) if self.rewrite else sql, getattr(write.there, "data", b""))
        if self.miscount and not outcome.state:
            outcome.count = self.miscount(sql, outcome.count)
        return outcome

    def run_here(self, write, in_block):
        """Several statements are one."""
        alone = len(write.here) == 1 or in_block
        if not alone:
            self.here.execute("BEGIN")
        found = compare.Outcome()
        for action in write.here:
            one = self.here.execute(render(action, self.here.schema), getattr(action, "data", b""))
            if one.state:
                found = one
                break
            found.names = one.names
            found.rows = [*found.rows, *one.rows]
            found.count += one.count
        if not alone:
            self.here.execute("ROLLBACK" if found.state else "COMMIT")
        return found

    def verdict(self, number, write, a, b):
        where = f"statement {number}"
        if write.expected:
            return None if b.state == write.expected else (f"error {b.state}", f"{where}: expected {write.expected}: {b.message}", [], [])
        if b.state and b.state.startswith(compare.NEVER):
            return f"error {b.state}", f"{where}: {b.message}", [a.message] if a.state else a.rows[:5], []
        if a.state != b.state:
            if forgiven(write, a, b):
                raise Ended
            return f"error {a.state} {b.state}", f"{where}: here: {a.message or 'none'}\nthere: {b.message or 'none'}", [], []
        if a.state:
            return None
        missing, extra = compare.differing_rows(a.rows, b.rows, [], False)
        if missing or extra:
            return "rows", f"{where}: RETURNING", missing, extra
        if write.told and a.count != b.count:
            return "count", f"{where}: {b.count} rows instead of {a.count}", [], []
        return None

    def step(self, step):
        """None, or what differs."""
        if step.script:
            return self.query(step.script)
        self.there.settle(step.settings)
        self.here.settle(step.settings)
        failed = False
        try:
            for number, write in enumerate(step.writes, 1):
                b = self.run_there(write)
                a = b if write.expected else self.run_here(write, step.block)
                self.counts["statements"] += write.counted
                verdict = self.verdict(number, write, a, b)
                if verdict:
                    return verdict
                self.counts["rows"] += write.counted and a.count > 0
                self.counts["errors"] += bool(a.state)
                failed |= bool(a.state)
                if a.state and self.show_errors:
                    print(step.kind, a.message.splitlines()[0], render(write.there, "f")[:600], file=self.out)
        finally:
            self.there.tidy()
            self.here.tidy()
        # of several partitions, some may have been written before another's row was refused: a WARNING tells
        if failed and (step.kind == "block" or any(base.table.partitions for base in step.written)):
            raise Ended
        return None

    def query(self, script):
        there, here = self.there.script(script), self.here.script(script)
        searching = script.statements[0].mode == "search" and not here[0].state
        self.counts["queries"] += 1
        return compare.judge(script, here, there, self.here.ranking(script) if searching else None)

    def contents(self, target):
        """What differs between the tables as a whole, each read by every way."""
        names = ", ".join(ident(c.name) for c in target.table.columns[1 if target.auto else 0:])
        more = ", id IS NULL" if target.auto else ""
        sql = f"SELECT {names}{more} FROM {{}}.{target.name}"
        # what one session wrote to a strong collection all of them see
        there = self.other if target.base.table.strong else self.there
        a = self.here.execute(sql.format("l"))
        # a bounded read is one page, which is asked for otherwise
        self.counts["reads"] += 1
        bound = " LIMIT 500" if self.counts["reads"] % 2 and len(a.rows) < 400 else ""
        b = there.execute(sql.format("f") + bound)
        if b.state:
            return f"reading {target.name}: error {b.state}", b.message, [], []
        missing, extra = compare.differing_rows(a.rows, b.rows, [], False)
        if missing or extra:
            return f"contents of {target.name}", f"{len(b.rows)} rows there, {len(a.rows)} here", missing, extra
        if target.auto:
            found = self.there.execute(f"SELECT count(*) - count(DISTINCT id) FROM f.{target.name}")
            if found.state or found.rows[0][0] != "0":
                return f"keys of {target.name}", found.message or f"{found.rows[0][0]} keys are there twice", [], []
        return None

    def made_anew(self):
        """Collections have come in the place of others: a session that only reads is one that has not seen those."""
        if self.other is not self.there:
            self.other.connect()

    def compare_contents(self, targets):
        self.here.settle([])
        self.there.settle([])
        self.other.settle([])
        for target in targets:
            found = self.contents(target)
            if found:
                return found
        return None

    def note_keys(self, targets):
        """What is there now, and what conditions on keys shall name."""
        for target in targets:
            column = ident(target.key.name)
            rows = self.here.execute(f"SELECT {column} FROM l.{target.name} ORDER BY {column}").rows
            target.present = [r[0] if target.key.kind == "text" else int(r[0]) for r in rows]
            target.key.pool = target.present + target.first_keys[:10]


class Sequence:
    """The writes of one world."""

    def __init__(self, judge, the_world, store, rng):
        self.judge = judge
        self.world = the_world
        self.store = store
        self.rng = rng
        self.steps = []

    def run(self, count):
        """True when the sides agreed to the end."""
        judge = self.judge
        maker = Maker(self.rng, self.world, judge.here.copy_out)
        end = judge.counts["statements"] + count
        targets = self.world.targets
        judge.note_keys(self.world.bases())
        changed = set(self.world.bases())
        while judge.counts["statements"] < end:
            judge.note_keys(changed)
            step = maker.step()
            changed = step.written
            self.steps.append(step)
            start = time.monotonic()
            try:
                verdict = judge.step(step)
                if not verdict and len(self.steps) % CHECK_ALL == 0:
                    verdict = judge.compare_contents(targets)
                elif not verdict and self.rng.random() < 0.5:
                    verdict = judge.compare_contents(self.looked_at(step))
            except Ended:
                judge.counts["ended"] += 1
                return True
            except compare.Lost as lost:
                verdict = self.lost(lost)
            judge.kinds[step.kind] += 1
            judge.seconds[step.kind] += time.monotonic() - start
            if verdict:
                return self.failed(verdict)
        verdict = judge.compare_contents(targets)
        return self.failed(verdict) if verdict else True

    def lost(self, lost):
        for side in {self.judge.here, self.judge.there, self.judge.other}:
            side.connect()
        return "error 08006", str(lost), [], []

    def looked_at(self, step):
        """In the order of the tables: a set has none."""
        return [t for t in self.world.targets if t in step.written]

    def failed(self, verdict):
        self.judge.failures.append(verdict[0])
        try:
            self.report(verdict)
        except RuntimeError as error:
            # the server is gone, perhaps by what was found
            raise SystemExit("\n".join([f"can't be run again: {error}", "--- the last steps", *map(self.text, self.steps[-3:])])) from error
        return False

    # --- cutting down ---

    def replay(self, steps):
        """On tables made anew: the number of the step that fails first, and how."""
        written = set().union(*(s.written for s in steps))
        text = " ".join(self.text(s) for s in steps)
        targets = [t for t in self.world.targets if t.base in written or f"f.{t.base.name}" in text
                   or any(f"f.{o.name} " in text for o in self.world.targets if o.base is t.base)]
        self.store.drop()
        self.store.build(self.world, targets)
        self.judge.made_anew()
        counts = copy.copy(self.judge.counts)
        try:
            for n, step in enumerate(steps):
                verdict = self.judge.step(step) or self.judge.compare_contents([t for t in self.world.targets if t.base in step.written])
                if verdict:
                    return n, verdict
        except Ended:
            pass
        except compare.Lost as lost:
            return n, self.lost(lost)
        finally:
            self.judge.counts = counts
        return None, None

    @staticmethod
    def same(verdict, found):
        """contents of t1 and of t1c are one failure."""
        return found and (found[0] == verdict[0] or found[0].startswith("contents") and verdict[0].startswith("contents"))

    def report(self, verdict, seconds=150):
        say = lambda *a: print(*a, file=self.judge.out)
        say(f"\n=== MISMATCH after {len(self.steps)} steps ({self.steps[-1].kind}): {verdict[0]}: {verdict[1]}")
        end = time.monotonic() + seconds
        n, found = self.replay(self.steps)
        steps = self.steps
        if found is None:
            say("--- not so when it is run again; its last steps")
            steps = steps[-6:]
        else:
            verdict = found
            steps = self.fewer(steps[:n + 1], verdict, end)
            steps = self.smaller(steps, verdict, end)
            _, found = self.replay(steps)
            verdict = found or verdict
            say(f"--- cut down to {len(steps)} steps: {verdict[0]}: {verdict[1]}")
        for step in steps:
            say(self.text(step)[:5000])
        self.describe(steps, say)
        for mark, rows in (("here ", verdict[2]), ("there", verdict[3])):
            say(f"--- rows {mark.strip()} only: {len(rows)}")
            for row in rows[:5]:
                say(str(row)[:1500])
        self.judge.out.flush()

    def describe(self, steps, say):
        say("--- the tables")
        for t in self.world.targets:
            if any(t.base in s.written for s in steps):
                columns = ", ".join(f"{c.definition(True)}{' (int8)' if c.int8 else ''}" for c in t.table.columns)
                say(f"    {t.name}{' (keys by the server)' if t.auto else ''}{t.options()}: {columns}")

    def fewer(self, steps, verdict, end):
        """Leave out steps before the last, first nearly all, then halves."""
        def fails(some):
            return time.monotonic() < end and self.same(verdict, self.replay(some)[1])
        last = steps[-1]
        rest = steps[:-1]
        for size in (0, 1, 3, 8, 20):
            if size < len(rest) and fails(rest[len(rest) - size:] + [last]):
                rest = rest[len(rest) - size:]
                break
        size = max(1, len(rest) // 2)
        while size and time.monotonic() < end:
            i = len(rest) - size
            while i >= 0:
                if fails(rest[:i] + rest[i + size:] + [last]):
                    rest = rest[:i] + rest[i + size:]
                i -= size
            size //= 2
        return rest + [last]

    def smaller(self, steps, verdict, end):
        """Cut within the last step: its settings, its writes, their parts."""
        step = steps[-1]
        if step.script:
            return steps
        writes = [copy.deepcopy(w) if w.here == [w.there] else w for w in step.writes]
        trial = Step(step.kind, None, writes, step.settings, step.block)
        trial.written = step.written

        def fails(_=None):
            return time.monotonic() < end and self.same(verdict, self.replay([*steps[:-1], trial])[1])
        cutter = shrink.Shrinker(trial, fails, seconds=max(0, end - time.monotonic()))
        if not fails():
            return steps
        cutter.cut_list(trial.settings)
        # PREPARE and DEALLOCATE, BEGIN and COMMIT stay
        if len(trial.writes) > 2:
            inner, first, last = trial.writes[1:-1], trial.writes[0], trial.writes[-1]

            def fails_so(_):
                trial.writes = [first, *inner, last]
                return fails()
            cutter.fails = fails_so
            cutter.cut_list(inner, 1)
            trial.writes = [first, *inner, last]
            cutter.fails = fails
        for write in trial.writes:
            if isinstance(write.there, Node) and write.here[0] is write.there:
                cutter.descend(write.there)
        return [*steps[:-1], trial]

    @staticmethod
    def text(step):
        if step.script:
            return step.script.sql("f")
        lines = [f"SET {s};" for s in step.settings]
        for write in step.writes:
            lines.append(render(write.there, "f") + ";")
            if isinstance(write.there, Copy) and write.there.node.parts[-1].count("binary") == 0:
                lines.append(write.there.data.decode() + "\\.")
        return "\n".join(lines)


def summary(judge, label, seconds):
    n = judge.counts["statements"]
    if not n:
        return f"{label}: no write statements"
    return (f"{label}: {n} write statements compared in {seconds:.0f} s, {len(judge.failures)} mismatches; "
            f"errors on both sides {judge.counts['errors']} ({100 * judge.counts['errors'] / n:.1f} %), "
            f"with at least one row {judge.counts['rows']} ({100 * judge.counts['rows'] / n:.1f} %), "
            f"given up {judge.counts['ended']}; {judge.counts['queries']} queries between them")


def run(judge, options, pgvector):
    """World after world, until there were statements enough. The seconds it took."""
    start = time.monotonic()
    index = 0
    while judge.counts["statements"] < options.writes and len(judge.failures) < options.failures:
        rng = random.Random(f"{options.seed}/{options.server}/writes/{index}")
        the_world = WriteWorld(rng, options.kind, pgvector, index)
        stored = WriteStore(judge.there.run, options.kind, f"{options.prefix}w", rng)
        stored.build(the_world)
        judge.made_anew()
        left = options.writes - judge.counts["statements"]
        if not Sequence(judge, the_world, stored, rng).run(min(left, PER_WORLD)):
            print(f"--- that was world {index} of writes, seed {options.seed}", file=judge.out, flush=True)
        if not options.keep:
            stored.drop()
        index += 1
    return time.monotonic() - start
