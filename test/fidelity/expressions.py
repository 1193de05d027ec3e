"""Random expressions of a wanted type over the columns in scope: references, constants, parameters, computations."""
import values
from tree import Node, Table
from values import FLOATS, INTEGERS, NUMBERS, literal, quoted
from world import ident

COLLATIONS = ['"C"', '"C"', '"POSIX"', '"en-x-icu"', '"de-x-icu"', '"default"', '"ucs_basic"']
CONSTANT_TYPES = {
    "smallint": ["smallint", "integer", "bigint", "numeric", "double precision", "real"],
    "integer": ["integer", "smallint", "bigint", "numeric", "double precision", "real"],
    "bigint": ["bigint", "integer", "smallint", "numeric", "double precision"],
    "real": ["real", "double precision", "numeric", "integer"],
    "double precision": ["double precision", "real", "numeric", "integer", "bigint"],
}


def shorter(x):
    """What a float4 looks like, which as a float8 is another number."""
    return float(f"{x:.7g}")


class Ref:
    """A column of a table under its alias. outer: of an enclosing query."""

    def __init__(self, alias, column, table):
        self.sql = f"{alias}.{ident(column.name)}"
        self.column = column
        self.kind = column.kind
        self.alias = alias
        self.table = table

    def node(self):
        return Node(self.sql, type=self.kind)


class Scope:
    """What a query level can name: its tables with their aliases."""

    def __init__(self, tables):
        self.tables = tables        # [(alias, world table)]
        self.refs = [Ref(a, c, t) for a, t in tables for c in t.columns if not c.is_vector]

    def of(self, *kinds):
        return [r for r in self.refs if r.kind in kinds]

    def keys(self):
        return [Ref(a, t.key, t) for a, t in self.tables]


class Gen:
    """The state of one script's making."""

    def __init__(self, rng, tables):
        self.rng = rng
        self.tables = tables
        self.aliases = 0
        self.params = None          # while a prepared statement is made: [(type, literals)]
        self.long_lists = 1         # how many lists of 10,000 it may still have

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, items):
        return self.rng.choice(items)

    def alias(self):
        self.aliases += 1
        return f"a{self.aliases}"

    def table(self, small=False, foreign=True):
        found = [t for t in self.tables if t.foreign == foreign and (not small or t.small)]
        return self.pick(found)

    def source(self, table, alias):
        return Node(Table(table.name) if table.foreign else f"x.{table.name}", f" {alias}")

    # --- constants ---

    def sample(self, kind, ref=None):
        """A value of the type: one of the column's, near one, or any."""
        rng = self.rng
        pool = ref.column.pool if ref is not None and ref.kind == kind else None
        if pool and rng.random() < 0.85:
            x = rng.choice(pool)
            if kind in INTEGERS and rng.random() < 0.25:
                top = 2 ** (INTEGERS[kind] - 1)
                x = max(-top, min(top - 1, x + rng.choice([-1, 1])))
            if kind == "double precision" and rng.random() < 0.2:
                x = shorter(x)
            if kind == "text" and rng.random() < 0.1:
                x = x.swapcase()[:1000]
            return x
        return values.value(rng, kind)

    def fit(self, x, kind):
        """The value as one of another number type, or None when it is none."""
        if kind in INTEGERS:
            if isinstance(x, float) and (x != x or abs(x) >= 2**63):
                return None
            x = int(x)
            top = 2 ** (INTEGERS[kind] - 1)
            return x if -top <= x < top else None
        if kind == "numeric":
            return x
        return values.float4(float(x)) if kind == "real" else float(x)

    def constant(self, kind, ref=None, exact=False):
        """A constant to compare with an expression of that type. exact: of this very type."""
        rng = self.rng
        wanted = kind
        if not exact and kind in CONSTANT_TYPES and rng.random() < 0.35:
            wanted = rng.choice(CONSTANT_TYPES[kind])
        if self.params is not None and rng.random() < 0.55 and len(self.params) < 4:
            return self.parameter(kind, wanted, ref)
        if rng.random() < 0.03:
            return Node(f"NULL::{kind}", type=kind)
        x = self.sample(kind, ref)
        if wanted != kind:
            x = self.fit(x, wanted)
            if kind == "real" and wanted == "double precision" and rng.random() < 0.5:
                x = shorter(x)
            if x is None:
                wanted, x = kind, self.sample(kind, ref)
        return Node(self.written(x, wanted, exact, wanted == kind), type=wanted)

    def written(self, x, kind, exact=False, untyped=True):
        if kind == "jsonb":
            return values.quoted(values.json.dumps(x, ensure_ascii=False)) + "::jsonb"
        if kind in NUMBERS and not isinstance(x, bool) and self.chance(0.4) and not exact and values.number_text(x).lstrip("-").isdigit():
            return f"({x})" if x < 0 else str(x)
        if kind in ("text", *INTEGERS, *FLOATS) and not exact and untyped and self.chance(0.4):
            return quoted(values.bare_text(x))
        if kind == "text" and self.chance(0.2):
            return quoted(x) + "::varchar"
        return literal(x, kind)

    def parameter(self, kind, wanted, ref):
        found = []
        for _ in range(8):
            x = self.sample(kind, ref)
            if wanted != kind:
                x = self.fit(x, wanted)
            if x is None or self.chance(0.08):
                found.append("NULL")
            elif wanted == "jsonb":
                found.append(values.quoted(values.json.dumps(x, ensure_ascii=False)))
            else:
                found.append(quoted(values.bare_text(x)))
        declared = self.pick(["text", "varchar"]) if wanted == "text" else wanted
        self.params.append((declared, found))
        return Node(f"${len(self.params)}", type=wanted)

    def array(self, kind, ref=None, most=5):
        items = [self.sample(kind, ref) for _ in range(self.rng.randint(0 if self.chance(0.1) else 1, most))]
        if self.chance(0.1):
            items.append(None)
        if self.params is not None and len(self.params) < 4 and self.chance(0.5):
            self.params.append((f"{kind}[]", [quoted(values.array_text([self.sample(kind, ref) for _ in range(n)])) for n in range(8)]))
            return Node(f"${len(self.params)}", type=f"{kind}[]")
        if self.chance(0.5):
            return Node(literal(items, f"{kind}[]"), type=f"{kind}[]")
        return Node("ARRAY[" + ", ".join(literal(i, kind) for i in items) + f"]::{kind}[]", type=f"{kind}[]")

    # --- expressions ---

    def scalar(self, scope, kind, depth=1):
        """An expression of exactly that type."""
        refs = scope.of(kind)
        pick = self.rng.random()
        if refs and (depth <= 0 or pick < 0.55):
            return self.pick(refs).node()
        if depth <= 0 or pick < 0.65:
            return self.constant(kind, self.pick(refs) if refs else None, exact=True)
        if pick < 0.75:
            return self.choice(scope, kind, depth)
        if kind in NUMBERS:
            return self.number(scope, kind, depth)
        if kind == "text":
            return self.text(scope, depth)
        if kind == "jsonb":
            return self.json(scope)
        if kind.endswith("[]"):
            return Node("(", self.scalar(scope, kind, depth - 1), " || ", self.scalar(scope, kind, 0), ")", type=kind)
        if kind == "boolean":
            from predicates import predicate
            return predicate(self, scope, depth - 1)
        return self.constant(kind, exact=True)

    def choice(self, scope, kind, depth):
        from predicates import predicate
        a, b = (self.scalar(scope, kind, depth - 1) for _ in range(2))
        form = self.rng.randint(0, 3)
        if form == 0:
            return Node("coalesce(", a, ", ", b, ")", type=kind)
        if form == 1 and kind != "jsonb":
            return Node("nullif(", a, ", ", b, ")", type=kind)
        if form == 2 and kind not in ("jsonb", *FLOATS, "numeric") and not kind.endswith("[]"):
            return Node(self.pick(["greatest(", "least("]), a, ", ", b, ")", type=kind)
        return Node("CASE WHEN ", predicate(self, scope, 0), " THEN ", a, " ELSE ", b, " END", type=kind)

    def number(self, scope, kind, depth):
        a = self.scalar(scope, kind, depth - 1)
        form = self.rng.randint(0, 9)
        if form <= 1 and kind in INTEGERS:
            b = self.pick(["7", "3", "2", "10"])
            return Node("(", a, f" % {b}::{kind})", type=kind)
        if form == 2 and scope.of("text") and kind != "smallint":
            f = self.pick(["length", "octet_length", "char_length", "ascii"])
            return Node(f"{f}(", self.pick(scope.of("text")).node(), f")::{kind}", type=kind)
        arrays = [r for r in scope.refs if r.kind.endswith("[]")]
        if form == 3 and arrays and kind != "smallint":
            return Node("cardinality(", self.pick(arrays).node(), f")::{kind}", type=kind)
        elements = scope.of(f"{kind}[]")
        if form == 4 and elements:
            return Node(self.pick(elements).node(), f"[{self.rng.randint(0, 4)}]", type=kind)
        smaller = [r for r in scope.of("smallint", "integer", "real") if NUMBERS.index(r.kind) < NUMBERS.index(kind)]
        if form == 5 and smaller:
            return Node(self.pick(smaller).node(), f"::{kind}", type=kind)
        # the rest may overflow, or fail to convert
        if form == 6 and scope.of("jsonb"):
            key = self.pick(["n", "k", "size"])
            return Node("(", self.pick(scope.of("jsonb")).node(), f" ->> '{key}')::{kind}", type=kind, risky=True)
        if form == 7:
            return Node("(", a, self.pick([" / ", " % ", " * "] if kind not in FLOATS else [" / ", " * "]),
                        self.scalar(scope, kind, 0), ")", type=kind, risky=True)
        if form == 8:
            other = self.pick([k for k in NUMBERS if k != kind])
            return Node("(", self.scalar(scope, other, 0), f")::{kind}", type=kind, risky=True)
        if kind in ("integer", "bigint") and self.chance(0.7):
            n = [r for r in scope.of("integer") if r.column.name == "n"]
            if n:
                return Node("(", self.pick(n).node(), self.pick([" + ", " - ", " * "]), str(self.rng.randint(1, 9)), f")::{kind}", type=kind)
        return Node("(", a, self.pick([" + ", " - "]), self.scalar(scope, kind, 0), ")", type=kind, risky=True)

    def text(self, scope, depth):
        a = self.scalar(scope, "text", depth - 1)
        form = self.rng.randint(0, 8)
        others = [r for r in scope.refs if r.kind in (*INTEGERS, *FLOATS, "boolean")]
        if form == 0 and others:
            return Node(self.pick(others).node(), "::text", type="text")
        if form == 1 and scope.of("jsonb"):
            return Node("(", self.pick(scope.of("jsonb")).node(), f" ->> {quoted(self.json_key())})", type="text")
        if form == 2 and scope.of("text[]"):
            return Node("(", self.pick(scope.of("text[]")).node(), f")[{self.rng.randint(0, 3)}]", type="text")
        if form == 3:
            return Node("(", a, " || ", self.scalar(scope, "text", 0), ")", type="text")
        if form == 4:
            return Node("(", a, f" COLLATE {self.pick(COLLATIONS)})", type="text")
        if form == 5:
            return Node("left(", a, f", {self.rng.randint(-2, 4)})", type="text")
        if form == 6:
            return Node("substr(", a, f", {self.rng.randint(1, 4)})", type="text")
        return Node(self.pick(["lower(", "upper(", "md5(", "reverse(", "btrim("]), a, ")", type="text")

    def json_key(self):
        return self.pick(["k", "k", "k", "n", "n", "nest", "list", "color", "extra", *values.JSON_KEYS])

    def json(self, scope):
        refs = scope.of("jsonb")
        if not refs:
            return self.constant("jsonb", exact=True)
        ref = self.pick(refs).node()
        form = self.rng.randint(0, 3)
        if form == 0:
            return Node("(", ref, " #> ", quoted(self.pick(["{nest,a}", "{nest,b,c}", "{list,0}", "{list,-1}", "{k}"])), ")", type="jsonb")
        if form == 1:
            return Node("(", ref, f" -> 'list' -> {self.rng.randint(-1, 2)})", type="jsonb")
        return Node("(", ref, f" -> {quoted(self.json_key())})", type="jsonb")
