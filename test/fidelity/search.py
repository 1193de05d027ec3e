"""Random vector searches: ORDER BY distance LIMIT k, and everything around it that is no search.

Vectors are of small whole numbers, so that all distances but the cosine are
exact, and conditions on a distance never lie within rounding of one.
"""
import math

import queries
from expressions import Ref, Scope
from predicates import where
from queries import settings
from tree import Limit, Node, Script, Seq, Statement

OPERATORS = {"vector": ["<->", "<=>", "<#>"], "real[]": ["<->", "<=>", "<#>"], "halfvec": ["<->", "<=>", "<#>"],
             "sparsevec": ["<#>"], "bit": ["<~>", "<%>"]}


def operator_sql(kind, operator):
    # the extension's own, where pgvector has none
    return f"OPERATOR(milvus.{operator})" if kind == "real[]" else operator


def distance_of(operator, a, b):
    """What PostgreSQL will say; None where that is NaN."""
    dot = sum(x * y for x, y in zip(a, b))
    if operator == "<->":
        return math.dist(a, b)
    if operator == "<#>":
        return -dot
    if operator == "<=>":
        norm = math.hypot(*a) * math.hypot(*b)
        return 1 - dot / norm if norm else None
    differing = sum(x != y for x, y in zip(a, b))
    if operator == "<~>":
        return differing
    both = sum(x & y for x, y in zip(a, b))
    return 1 - both / (sum(x | y for x, y in zip(a, b)) or 1) if both else 1


class Search:
    """A table with a vector column, an operator and a query."""

    def __init__(self, g, small=False, operator=None, column=None):
        usable = [t for t in g.tables if t.vectors() and (not small or t.small)]
        self.table = g.pick(usable)
        self.alias = g.alias()
        self.scope = Scope([(self.alias, self.table)])
        self.column = column or g.pick(self.table.vectors())
        self.kind = self.column.kind
        self.operator = operator or (self.column.operator if g.chance(0.75) else g.pick(OPERATORS[self.kind]))
        self.ref = Ref(self.alias, self.column, self.table)
        self.key = Ref(self.alias, self.table.key, self.table)
        self.vector = self.query(g)

    def query(self, g):
        column = self.column
        v = g.pick(column.pool)
        if self.kind in ("vector", "real[]", "halfvec"):
            if g.chance(0.5):
                v = [g.rng.randint(-4, 4) for _ in v]
            if g.chance(0.05):
                v = [0] * len(v)
            elif not any(v):
                v = [1] + v[1:]
            elif self.kind != "halfvec" and not column.stored and self.operator == "<=>" and g.chance(0.1):
                # its squared length leaves float4, where PostgreSQL and Milvus differ
                v = [x * g.pick([1e20, 1e-20]) for x in v]
            if column.stored in ("Float16Vector", "BFloat16Vector", "Int8Vector") and g.chance(0.5):
                # no numbers that the field can hold: a little off, or beyond its range
                v = [x + g.pick([0, 0.1, -0.3, 0.7]) for x in v] if g.chance(0.8) else [x * g.pick([1e5, 1e-8]) for x in v]
        return v

    def written(self, g, null=0.03):
        if g.chance(null):
            return f"NULL::{self.kind}"
        v = self.vector
        if self.kind == "bit":
            return f"B'{''.join(map(str, v))}'"
        if self.kind == "sparsevec":
            return "'{" + ",".join(f"{i}:{x}" for i, x in v.items()) + "}/100'"
        inner = ",".join(map(str, v))
        text = f"'{{{inner}}}'::real[]" if self.kind == "real[]" else g.pick([f"'[{inner}]'", f"'[{inner}]'::{self.kind}"])
        return text

    def distance(self, g, vector=None, swap=True):
        op = operator_sql(self.kind, self.operator)
        vector = vector or self.written(g)
        if swap and g.chance(0.1) and "::" in vector:
            return f"({vector} {op} {self.ref.sql})"
        return f"({self.ref.sql} {op} {vector})"

    def ranked(self, g, distance):
        """The distance, or what people rank by in its place; and whether the greatest are the nearest.

        Where the greatest come first, PostgreSQL has vectors without a direction before all others: see doc/search.md.
        """
        falling = self.operator != "<=>" or all(any(v.values() if isinstance(v, dict) else v) for v in self.column.pool)
        functions = {"<->": "l2_distance", "<=>": "cosine_distance", "<~>": "hamming_distance", "<%>": "jaccard_distance"}
        name = functions.get(self.operator)
        if name and g.chance(0.3):
            distance = f"{'milvus.' if self.kind == 'real[]' else ''}{name}({self.ref.sql}, {self.typed(g)})"
        elif self.operator == "<#>" and self.kind in ("vector", "halfvec", "sparsevec") and g.chance(0.3):
            return f"inner_product({self.ref.sql}, {self.typed(g)})", True
        if not falling or g.chance(0.3):
            return g.pick([distance, distance, f"({distance} * 0.5)", f"(3 + {distance})", f"({distance} - 1)"]), False
        ways = [f"1 - {distance}", f"1 - ({distance})", f"({distance} * -1)", f"-({distance})", f"(1 - {distance}) / 2"]
        if self.operator != "<#>":
            ways.append(f"1 / (1 + {distance})")
        return g.pick(ways), True

    def typed(self, g):
        vector = self.written(g)
        return vector if "::" in vector or self.kind == "bit" else f"{vector}::{self.kind}"

    def between(self, g):
        """A number that no distance is near."""
        if self.kind == "sparsevec":
            return -0.5
        found = sorted({d for v in self.column.pool if (d := distance_of(self.operator, v, self.vector)) is not None})
        gaps = [(a + b) / 2 for a, b in zip(found, found[1:]) if b - a > 1e-3]
        return round(g.pick(gaps), 6) if gaps else 1e3

    def source(self, g):
        return g.source(self.table, self.alias)

    def limit(self, g):
        n = g.pick([0, 1, 1, 2, 3, 5, 10, 10, 20, 50, 1000, 20000, "ALL"])
        return Limit(f" LIMIT {n}" + (f" OFFSET {g.pick([0, 1, 3, 10, 60])}" if g.chance(0.2) else ""))


def nearest(g):
    """The k nearest, under random filters: any of the rows that are equally near will do."""
    s = Search(g)
    items = [s.key.node()]
    distance = s.distance(g)
    if g.chance(0.3):
        items.append(s.ref.node())
    items += [g.pick(s.scope.refs).node() for _ in range(g.rng.randint(0, 2))]
    if g.chance(0.15):
        other = g.pick(s.table.vectors())
        items.append(Node(Ref(s.alias, other, s.table).sql))
    if g.chance(0.12):
        second = Search(g, column=s.column)
        op = operator_sql(s.kind, g.pick(OPERATORS[s.kind]))
        second.kind, second.vector = s.kind, s.query(g)
        items.append(Node(f"({s.ref.sql} {op} {second.written(g, 0)}) AS distance2"))
    rest = where(g, s.scope, 1, 0.02, always=0.65)
    order = g.pick([" ORDER BY distance", " ORDER BY distance", f" ORDER BY {distance}", " ORDER BY distance ASC", " ORDER BY distance NULLS LAST"])
    if g.chance(0.4):
        distance, falls = s.ranked(g, distance)
        direction = g.pick([" DESC", " DESC", " DESC NULLS LAST"]) if falls else ""
        order = f" ORDER BY {g.pick(['distance', distance])}{direction}"
        # scores are rounded: what is as near here need not be there
        if s.operator not in ("<=>", "<%>") and g.chance(0.3):
            items.append(Node(f"{g.pick(['rank()', 'dense_rank()'])} OVER (ORDER BY {distance}{direction})"))
    items.append(Node(f"{distance} AS distance"))
    body = Node("SELECT ", Seq(items, least=len(items)), " FROM ", s.source(g), rest, order, s.limit(g))
    return Script("search", [Statement(body, "search")], settings(g))


def exact(g):
    """Where rows come in one order: a search, or none, with what SQL can put around it."""
    s = Search(g)
    if s.operator in ("<=>", "<%>"):
        # their scores are rounded, and so would the order be
        s.operator = {"bit": "<~>"}.get(s.kind, "<->")
    distance = s.distance(g)
    form = g.rng.randint(0, 8)
    listed = Seq([s.key.node(), Node(f"{distance} AS distance"), g.pick(s.scope.refs).node()], least=2)
    source, rest = s.source(g), where(g, s.scope, 1, 0.02, always=0.5)
    bound = f"{distance} {g.pick(['<', '<=', '>', '>='])} {s.between(g)}"
    if form <= 1:
        if g.chance(0.4):
            distance, _ = s.ranked(g, distance)
            listed = Seq([s.key.node(), Node(f"{distance} AS distance"), g.pick(s.scope.refs).node()], least=2)
        order = f" ORDER BY distance{g.pick(['', '', ' DESC', ' DESC NULLS LAST'])}, {s.key.sql}{queries.direction(g)}"
        return Script("vector", [Statement(Node("SELECT ", listed, " FROM ", source, rest, order, s.limit(g) if g.chance(0.8) else ""), "ordered")], settings(g))
    if form == 2:
        return Script("vector", [Statement(Node("SELECT ", listed, " FROM ", source, rest, f" ORDER BY {distance}"))], settings(g))
    if form == 3:
        between = g.pick([bound, bound, f"{distance} BETWEEN {s.between(g)} AND {s.between(g)}"])
        if g.chance(0.3):
            between = f"1 - {distance} {g.pick(['>', '>=', '<'])} {1 - s.between(g)}"
        rest = glue(rest, " AND ")
        tail = f" ORDER BY distance, {s.key.sql} LIMIT {g.rng.randint(1, 30)}" if g.chance(0.6) else ""
        return Script("vector", [Statement(Node("SELECT ", listed, " FROM ", source, f" WHERE {between}", rest, tail), "ordered" if tail else "rows")], settings(g))
    if form == 4:
        same = [c for c in s.table.vectors() if c.kind == s.kind and c.dim == s.column.dim]
        other = Ref(s.alias, g.pick(same), s.table).sql
        own = f"({s.ref.sql} {operator_sql(s.kind, s.operator)} {other})"
        return Script("vector", [Statement(Node("SELECT ", s.key.node(), f", {own} AS distance FROM ", source, rest,
                                                f" ORDER BY {own}, {s.key.sql}", s.limit(g)), "ordered")], settings(g))
    if form == 5:
        group = g.pick([r for r in s.scope.refs if r.kind not in ("jsonb",)])
        body = Node("SELECT ", group.node(), f", count(*), min({distance}) AS distance FROM ", source, rest, " GROUP BY ", group.node())
        return Script("vector", [Statement(body, merging=True)], settings(g))
    if form == 6:
        name = g.alias()
        body = Node(f"SELECT count(*), min(distance) AS distance, max(distance) AS distance_most FROM (SELECT {distance} AS distance FROM ",
                    source, rest, " ORDER BY distance", s.limit(g), f") {name}")
        return Script("vector", [Statement(body)], settings(g))
    if form == 7:
        return joined(g, s, distance)
    return looked_up(g, s)


def glue(rest, word):
    if getattr(rest, "before", None):
        rest.before = word
    return rest


def joined(g, s, distance):
    """A join above the search, or below it."""
    other = g.table(foreign=False) if g.chance(0.5) else g.table(small=True)
    alias = g.alias()
    right = Scope([(alias, other)])
    n = [r for r in s.scope.refs if r.column.name == "n"]
    m = [r for r in right.refs if r.column.name == "n"]
    if not n or not m:
        n, m = [s.key], [Ref(alias, other.key, other)]
    key = Ref(alias, other.key, other).sql
    if g.chance(0.5):
        name = g.alias()
        body = Node(f"SELECT {name}.id, {name}.distance, {key} FROM (SELECT {s.key.sql}, {n[0].sql} AS n, {distance} AS distance FROM ", s.source(g),
                    f" ORDER BY distance, {s.key.sql}", s.limit(g), f") {name}", g.pick([" JOIN ", " LEFT JOIN "]), g.source(other, alias),
                    f" ON {m[0].sql}::text = {name}.n::text")
        return Script("vector", [Statement(body)], settings(g, True))
    body = Node(f"SELECT {s.key.sql}, {key}, {distance} AS distance FROM ", s.source(g), g.pick([" JOIN ", " JOIN ", " LEFT JOIN "]), g.source(other, alias),
                f" ON {n[0].sql}::text = {m[0].sql}::text", where(g, s.scope, 0, 0, always=0.4), f" ORDER BY distance, {s.key.sql}, {key}", s.limit(g))
    return Script("vector", [Statement(body, "ordered")], settings(g, True))


def looked_up(g, s):
    """The query is a row's vector: a subquery, a parameter, an outer row's column."""
    form = g.rng.randint(0, 2)
    key = s.table.key
    sample = g.pick(key.pool[: len(s.table.rows)])
    inner = g.alias()
    lookup = f"(SELECT {inner}.{s.ref.sql.split('.', 1)[1]} FROM "
    chosen = Node(lookup, g.source(s.table, inner), f" WHERE {inner}.id = ", g.written(sample, key.kind, True), ")")
    op = operator_sql(s.kind, s.operator)
    order = f", {s.key.sql}"
    if form == 0:
        body = Node(f"SELECT {s.key.sql} FROM ", s.source(g), where(g, s.scope, 0, 0, always=0.4), f" ORDER BY {s.ref.sql} {op} ", chosen, order, s.limit(g))
        return Script("vector", [Statement(body, "ordered")], settings(g))
    if form == 1 and s.kind != "bit":
        body = Node(f"SELECT {s.key.sql}, {s.ref.sql} {op} $1 AS distance FROM ", s.source(g), where(g, s.scope, 0, 0, always=0.4),
                    f" ORDER BY distance{order} LIMIT $2")
        statements = [Statement(Node(f"PREPARE q({s.kind}, bigint) AS ", body), "none")]
        for _ in range(7):
            s.vector = s.query(g)
            statements.append(Statement(f"EXECUTE q({s.written(g)}, {g.pick([0, 1, 2, 5, 10, 100, 'NULL'])})", "ordered"))
        return Script("prepared", statements, ["plan_cache_mode = force_generic_plan"] if g.chance(0.3) else [])
    outer = g.alias()
    name = g.alias()
    field = s.ref.sql.split(".", 1)[1]
    body = Node(f"SELECT {outer}.id, {name}.* FROM (SELECT * FROM ", g.source(s.table, "b"), f" ORDER BY b.id LIMIT 4) {outer} CROSS JOIN LATERAL (SELECT "
                f"{s.key.sql} AS other, {s.ref.sql} {op} {outer}.{field} AS distance FROM ", s.source(g), where(g, s.scope, 0, 0, always=0.3),
                f" ORDER BY {s.ref.sql} {op} {outer}.{field}{order} LIMIT {g.rng.randint(1, 5)}) {name}")
    return Script("vector", [Statement(body)], settings(g, True))


def make(g):
    return nearest(g) if g.chance(0.5) else exact(g)
