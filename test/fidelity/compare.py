"""Running a script on a side, and judging two outcomes.

Results are compared as text, the form in which they differ soonest. Columns
named approx… or distance… hold sums of floats and distances, equal within rounding.
"""
import collections
import json
import re
import select
import time

from psycopg import OperationalError, pq

import tree

ROWS = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.SINGLE_TUPLE)
MINUS_ZERO = re.compile(r"(?<![\w.+-])-0(?![\w.])")
# what no query of ours should meet: the wrapper's errors, internal ones, cancelled, lost connections
NEVER = ("HV", "XX", "57", "58", "08", "53")


class Lost(Exception):
    """The connection is gone: the backend crashed, or was stopped."""

    def outcome(self):
        return Outcome(state="08006", message=f"the connection was lost: {self}")


class Outcome:
    """Rows with their column names, or an error."""

    __slots__ = ("names", "rows", "state", "message", "count")

    def __init__(self, names=(), rows=(), state=None, message=None, count=0):
        self.names = names
        self.rows = rows
        self.state = state
        self.message = message
        self.count = count          # of rows written, as the command tells it


class Side:
    """A connection that reads one schema."""

    def __init__(self, conninfo, schema, timeout=30):
        self.schema = schema
        self.conninfo = conninfo
        self.connect(0)
        self.base = f"RESET ALL; SET statement_timeout = '{timeout}s'; SET client_min_messages = error"
        self.clean = False

    def connect(self, seconds=30):
        """After a crash, the cluster takes its time."""
        self.clean = False
        end = time.monotonic() + seconds
        while True:
            self.conn = pq.PGconn.connect(self.conninfo.encode())
            if self.conn.status == pq.ConnStatus.OK:
                return
            if time.monotonic() > end:
                raise SystemExit(self.conn.error_message.decode())
            time.sleep(0.2)

    def execute(self, sql, data=b""):
        """data: for COPY … FROM STDIN."""
        try:
            result = self.conn.exec_(sql.encode())
            if result.status == pq.ExecStatus.COPY_IN:
                self.conn.put_copy_data(data)
                self.conn.put_copy_end()
                result = self.last_result()
        except OperationalError as error:
            raise Lost(str(error)) from error
        if self.conn.status != pq.ConnStatus.OK:
            raise Lost(result.error_message.decode().strip())
        if result.status in ROWS:
            names = [result.fname(i).decode() for i in range(result.nfields)]
            rows = [tuple(None if (v := result.get_value(r, c)) is None else v.decode() for c in range(result.nfields))
                    for r in range(result.ntuples)]
            return Outcome(names, rows, count=result.command_tuples or 0)
        if result.status == pq.ExecStatus.FATAL_ERROR:
            state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"08000").decode()
            return Outcome(state=state, message=result.error_message.decode().strip())
        return Outcome(count=result.command_tuples or 0)

    def last_result(self):
        result = self.conn.get_result()
        while more := self.conn.get_result():
            result = more
        return result

    def copy_out(self, query, form):
        result = self.conn.exec_(f"COPY ({query}) TO STDOUT (FORMAT {form})".encode())
        if result.status != pq.ExecStatus.COPY_OUT:
            raise RuntimeError(f"{result.error_message.decode()}\n{query[:2000]}")
        pieces = []
        while (found := self.conn.get_copy_data(0))[0] > 0:
            pieces.append(bytes(found[1]))
        self.last_result()
        return b"".join(pieces)

    def run(self, sql):
        """For setting up: an error ends it all."""
        try:
            outcome = self.execute(sql)
        except Lost:
            self.connect()
            outcome = self.execute(sql)
        if outcome.state:
            raise RuntimeError(f"{outcome.message}\n{sql[:2000]}")
        return outcome

    def settle(self, settings):
        if self.clean and not settings:
            # a crash of another backend takes this one with it
            if select.select([self.conn.socket], [], [], 0)[0]:
                raise Lost("by another's crash")
            return
        self.run(self.base)
        for setting in settings:
            self.run(f"SET {setting}")
        self.clean = not settings

    def tidy(self):
        if self.conn.transaction_status != pq.TransactionStatus.IDLE:
            self.execute("ROLLBACK")

    def script(self, script, rewrite=None):
        """The outcomes of its statements. A lost connection is one, unless it was lost before."""
        outcomes = []
        try:
            self.settle(script.settings)
        except Lost:
            self.connect()
            self.settle(script.settings)
        try:
            for statement in script.statements:
                sql = tree.render(statement.node, self.schema)
                if self.schema == "f":
                    for act in tree.acts(statement.node):
                        act()
                outcomes.append(self.execute(rewrite(sql) if rewrite else sql))
            self.tidy()
            if script.kind in ("prepared", "cursor"):
                self.execute("DEALLOCATE ALL")
                self.execute("CLOSE ALL")
        except Lost as lost:
            outcomes += [lost.outcome()] * (len(script.statements) - len(outcomes))
            self.connect()
        return outcomes

    def ranking(self, script):
        """Every row of a search, whatever its limit: what the other side may pick from."""
        self.settle(script.settings)
        return self.execute(tree.render(script.statements[0].node, self.schema, limits=False))


def near(a, b):
    if a == b:
        return True
    if a is None or b is None:
        return False
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    if x != x or y != y:
        return x != x and y != y
    if x == y:
        return True
    # distances of whole numbers below 5 in a few dimensions: scores are float4s
    return abs(x - y) <= 2e-6 + 1e-6 * max(abs(x), abs(y))


def rough_columns(names):
    return [i for i, n in enumerate(names) if n.startswith(("approx", "distance"))]


def merged(rows):
    return [tuple(MINUS_ZERO.sub("0", v) if v and "-0" in v else v for v in row) for row in rows]


def rough_key(row, rough):
    return tuple("" if i in rough else ("\0" if v is None else v) for i, v in enumerate(row))


def order_value(v):
    return (1, 0.0) if v is None else (0, float(v)) if v != "NaN" else (0, float("inf"))


def match(left, right, rough):
    return all(near(a, b) if i in rough else a == b for i, (a, b) in enumerate(zip(left, right)))


def differing_rows(here, there, rough, ordered):
    """The rows of each that the other has not; two empty lists when they are equal."""
    if not rough and not ordered:
        a, b = collections.Counter(here), collections.Counter(there)
        return list((a - b).elements()), list((b - a).elements())
    if not ordered:
        def key(row):
            return rough_key(row, rough), [order_value(row[i]) for i in rough]
        here, there = sorted(here, key=key), sorted(there, key=key)
    pairs = [(a, b) for a, b in zip(here, there) if not match(a, b, rough)]
    size = min(len(here), len(there))
    return [p[0] for p in pairs] + list(here[size:]), [p[1] for p in pairs] + list(there[size:])


def search_difference(here, there, ranking):
    """As many rows; the same distances; each of them a row of the whole ranking, and none twice."""
    rough = rough_columns(here.names)
    if len(here.rows) != len(there.rows):
        return f"{len(there.rows)} rows instead of {len(here.rows)}", here.rows, there.rows
    # (that of ORDER BY is the last; another's depends on which of equally near rows came)
    by = rough[-1]
    pairs = zip(*(sorted(rows, key=lambda r: order_value(r[by])) for rows in (here.rows, there.rows)))
    other = [(a, b) for a, b in pairs if not near(a[by], b[by])]
    if other:
        return "other distances", [a for a, _ in other], [b for _, b in other]
    left = collections.defaultdict(list)
    for row in ranking.rows:
        left[rough_key(row, rough)].append(row)
    for row in there.rows:
        candidates = left[rough_key(row, rough)]
        found = next((c for c in candidates if match(c, row, rough)), None)
        if found is None:
            return "a row that is not among them, or comes twice", [], [row]
        candidates.remove(found)
    return None


def raised_by_a_row(state, risky):
    """An error that a statement ends with only if it comes to a certain row.

    That of conflicting collations is raised where the first texts are compared.
    """
    return state == "42P22" or risky and state.startswith("22")


def overlong(rows, widths):
    """The rows with a value that its column could not hold."""
    def fits(value, width, array):
        return all(len(text or "") <= width for text in (json.loads(value) if array else [value]))
    return [row for row in rows if not all(row[i] is None or fits(row[i], *width) for i, width in widths.items())]


def judge(script, here, there, ranking=None):
    """None when they agree, else (kind, text, rows here, rows there)."""
    risky = script.risky()
    for n, (statement, a, b) in enumerate(zip(script.statements, here, there)):
        if statement.must_fail:
            if b.state == statement.must_fail:
                return None
            return "no error", f"statement {n + 1}: {b.message or 'it succeeded'} instead of {statement.must_fail}", [], b.rows[:5]
        if b.state and b.state in statement.may_fail:
            continue
        if b.state and (b.state.startswith(NEVER) or b.state.startswith("0A") and b.state != a.state):
            return f"error {b.state}", f"statement {n + 1}: {b.message}", [a.message] if a.state else a.rows[:5], []
        if a.state or b.state:
            if a.state and b.state and (a.state == b.state or risky):
                continue
            if raised_by_a_row(a.state or b.state, risky):
                # the one stopped before the other would have: what follows can't be compared
                return None
            only = b if b.state else a
            return f"error {only.state}", f"statement {n + 1}: {'there' if b.state else 'here'} only: {only.message}", [], []
        if statement.mode == "none":
            continue
        if statement.mode == "search":
            if ranking.state:
                # without the limit it reaches a row on which it fails
                if raised_by_a_row(ranking.state, risky):
                    return None
                return f"error {ranking.state}", f"statement {n + 1} without its limit: {ranking.message}", a.rows[:5], []
            found = search_difference(a, b, ranking)
            if found:
                return "search", *found
            continue
        if statement.mode == "count":
            if len(a.rows) != len(b.rows):
                return "rows", f"statement {n + 1}: {len(b.rows)} rows instead of {len(a.rows)}", a.rows[:5], b.rows[:5]
            continue
        wide = overlong(b.rows, statement.widths)
        if wide:
            return "a value longer than its column", f"statement {n + 1}", [], wide
        rows, other = (merged(a.rows), merged(b.rows)) if statement.merging else (a.rows, b.rows)
        missing, extra = differing_rows(rows, other, rough_columns(a.names), statement.mode == "ordered")
        if missing or extra:
            return "rows", f"statement {n + 1}", missing, extra
    return None
