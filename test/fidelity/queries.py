"""Random SELECTs: filters, aggregates, DISTINCT, windows, joins, set operations, subqueries in FROM."""
import subqueries
from expressions import Ref, Scope
from predicates import condition, of_one, where
from tree import Node, Script, Seq, Statement
from values import FLOATS, INTEGERS

ORDERABLE = ("boolean", *INTEGERS, *FLOATS, "text", "jsonb")
SETTINGS = ["enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off", "enable_sort = off", "enable_hashagg = off",
            "enable_material = off", "enable_memoize = off", "enable_incremental_sort = off", "enable_seqscan = off",
            "enable_indexscan = off", "enable_partitionwise_join = on", "enable_partitionwise_aggregate = on",
            "from_collapse_limit = 1", "join_collapse_limit = 1", "cursor_tuple_fraction = 1", "geqo_threshold = 2"]


def settings(g, joins=False):
    found = []
    if joins and g.chance(0.35):
        found = ["enable_hashjoin = off", "enable_mergejoin = off"]
    elif g.chance(0.2):
        found = [g.pick(SETTINGS)]
    if g.chance(0.06):
        found.append(f"plan_cache_mode = {g.pick(['force_generic_plan', 'force_custom_plan'])}")
    return found


def total_order(g, scope, extra=2, expressions=True):
    """ORDER BY: random columns in random directions, then the keys, so that only one order is right."""
    refs = [r for r in scope.refs if r.kind in ORDERABLE or r.kind.endswith("[]")]
    parts = []
    for _ in range(g.rng.randint(0, extra)):
        ref = g.pick(refs)
        node = ref.node()
        if expressions and g.chance(0.15) and ref.kind in ("text", *INTEGERS, *FLOATS):
            node = g.scalar(scope, ref.kind, 1)
        collate = g.pick(['', '', ' COLLATE "C"', ' COLLATE "en-x-icu"']) if ref.kind == "text" else ""
        parts.append(Node(node, collate, direction(g)))
    # no cut may take the keys
    keys = ", ".join(k.sql + direction(g) for k in scope.keys())
    return Node(" ORDER BY ", Seq(parts, least=0, after=", "), keys)


def direction(g):
    return g.pick(["", "", " ASC", " DESC", " DESC"]) + g.pick(["", "", " NULLS FIRST", " NULLS LAST"])


def limit(g, most=40):
    text = f" LIMIT {g.pick([0, 1, 1, 2, 5, 10, g.rng.randint(1, most), 'ALL'])}" if g.chance(0.9) else ""
    return Node(text + (f" OFFSET {g.rng.randint(0, 12)}" if g.chance(0.3) else ""), optional=True)


def select_list(g, scope, least=1):
    """Columns, expressions, whole rows."""
    if g.chance(0.1):
        return Seq([Node("*" if g.chance(0.5) or len(scope.tables) > 1 else scope.tables[0][0])], least=1)
    parts = []
    for _ in range(g.rng.randint(least, 5)):
        pick = g.rng.random()
        if pick < 0.75 or not scope.refs:
            parts.append(g.pick(scope.refs).node())
        elif pick < 0.92:
            kind = g.pick(["integer", "bigint", "double precision", "text", "text", "jsonb", "boolean", "real", "text[]"])
            parts.append(Node("(", g.scalar(scope, kind, 2), ")"))
        elif pick < 0.97 and subqueries.is_small(scope):
            parts.append(subqueries.correlated_value(g, scope))
        else:
            vectors = [Ref(a, c, t) for a, t in scope.tables for c in t.vectors()]
            parts.append((g.pick(vectors) if vectors else g.pick(scope.refs)).node())
    if g.chance(0.5):
        parts += [k.node() for k in scope.keys()]
    return Seq(parts)


def one_table(g, small=False):
    table = g.table(small)
    alias = g.alias()
    return table, alias, Scope([(alias, table)])


def simple_body(g, limited=0.35):
    """SELECT … FROM one table, and whether its rows come in one order only."""
    table, alias, scope = one_table(g)
    ordered = g.chance(0.4)
    tail = Node("")
    if ordered:
        tail = Node(total_order(g, scope), limit(g) if g.chance(limited) else "")
    return Node("SELECT ", select_list(g, scope), " FROM ", g.source(table, alias), where(g, scope), tail), ordered


def simple(g):
    body, ordered = simple_body(g)
    return Script("simple", [Statement(body, "ordered" if ordered else "rows")], settings(g))


def folded(g):
    """Tests of one column, and nothing around them that would keep them from the server."""
    loose = [t for t in g.tables if t.foreign and t.columns[-1].dynamic_key]
    table, alias = g.pick(loose) if loose and g.chance(0.4) else g.table(), g.alias()
    scope = Scope([(alias, table)])
    test = of_one(g, scope)
    more = Node(" AND ", of_one(g, scope)) if g.chance(0.3) else ""
    return Script("folded", [Statement(Node("SELECT ", select_list(g, scope), " FROM ", g.source(table, alias), " WHERE ", test, more))], settings(g))


def by_key(g):
    """Single rows and first rows by key."""
    table, alias, scope = one_table(g)
    key = Ref(alias, table.key, table)
    form = g.rng.randint(0, 5)
    source = g.source(table, alias)
    if form == 0:
        body = Node("SELECT ", select_list(g, scope), " FROM ", source, " WHERE ", key.node(), " = ", g.constant(key.kind, key))
        return Script("key", [Statement(body)], settings(g))
    if form == 1:
        body = Node("SELECT ", select_list(g, scope), " FROM ", source, " WHERE ", key.node(), " = ANY (", g.array(key.kind, key, 12), ")")
        return Script("key", [Statement(body)], settings(g))
    if form == 2:
        body = Node("SELECT ", select_list(g, scope), " FROM ", source, where(g, scope, 1), f" ORDER BY {key.sql}{direction(g)}", limit(g))
        return Script("key", [Statement(body, "ordered")], settings(g))
    if form == 3:
        body = Node("SELECT min(", key.node(), "), max(", key.node(), "), count(*) FROM ", source, where(g, scope, 1))
        return Script("key", [Statement(body)], settings(g))
    if form == 4:
        rows = g.rng.randint(0, 30)
        body = Node("SELECT 1 FROM ", source, where(g, scope, 1), f" LIMIT {rows}", f" OFFSET {g.rng.randint(0, 5)}" if g.chance(0.3) else "")
        return Script("key", [Statement(body, "count")], settings(g))
    body = Node("SELECT ", g.pick(["count(*)", f"count({g.pick(scope.refs).sql})"]), " FROM ", source, where(g, scope, 1, always=0.5))
    return Script("key", [Statement(body)], settings(g))


# --- aggregates ---

def aggregate(g, scope, distinct=True):
    """One aggregate; the name of its column says whether it is rounded."""
    ref = g.pick(scope.refs)
    order = ", ".join(k.sql for k in scope.keys())
    numbers = scope.of(*INTEGERS)
    floats = scope.of(*FLOATS)
    form = g.rng.randint(0, 9)
    if form <= 1:
        return Node("count(*)")
    if form == 2:
        unique = "DISTINCT " if distinct and ref.kind != "jsonb" and g.chance(0.4) else ""
        return Node(f"count({unique}", ref.node(), ")")
    if form in (3, 4):
        usable = [r for r in scope.refs if r.kind not in ("boolean", "jsonb")]
        return Node(g.pick(["min(", "max("]), g.pick(usable).node(), ")")
    if form == 5 and numbers:
        return Node(g.pick(["sum(", "avg(", "sum(DISTINCT "]), g.pick(numbers).node(), ")")
    if form == 6 and floats:
        x = g.pick(floats).sql
        return Node(f"{g.pick(['sum', 'avg', 'stddev'])}((CASE WHEN abs({x}) < 1000 THEN {x} END)::double precision) AS approx")
    if form == 7:
        # (arrays of different lengths can't be one array)
        return Node("array_agg(", ref.node(), "::text" if ref.kind.endswith("[]") else "", f" ORDER BY {order})")
    if form == 8 and scope.of("boolean"):
        return Node(g.pick(["bool_and(", "bool_or(", "every("]), g.pick(scope.of("boolean")).node(), ")")
    if scope.of("text") and form == 9:
        return Node("string_agg(", g.pick(scope.of("text")).node(), f", '|' ORDER BY {order})")
    return Node("count(*) FILTER (WHERE ", condition(g, scope, 1, 0), ")")


def groupable(g, scope):
    return [r for r in scope.refs if r.kind not in ("jsonb",)] or scope.refs


def having(g, scope):
    form = g.rng.randint(0, 2)
    if form == 0:
        return Node(f"count(*) {g.pick(['>', '>=', '<', '='])} {g.rng.randint(1, 4)}", optional=True)
    numbers = scope.of(*INTEGERS, "text")
    ref = g.pick(numbers)
    return Node(f"{g.pick(['min', 'max'])}(", ref.node(), f") {g.pick(['>', '<=', '<>'])} ", g.constant(ref.kind, ref), optional=True)


def aggregated(g):
    table, alias, scope = one_table(g)
    source = g.source(table, alias)
    if g.chance(0.35):
        body = Node("SELECT ", Seq([aggregate(g, scope) for _ in range(g.rng.randint(1, 4))]), " FROM ", source, where(g, scope))
        return Script("aggregate", [Statement(body, merging=True)], settings(g))
    keys = [g.pick(groupable(g, scope)).node() for _ in range(g.rng.randint(1, 2))]
    n = [r for r in scope.refs if r.column.name == "n"]
    if n and g.chance(0.35):
        keys = [n[0].node(), *keys[1:]]
    group = Seq(list(keys), before=" GROUP BY ")
    if g.chance(0.08):
        group = Seq(list(keys), before=f" GROUP BY {g.pick(['ROLLUP', 'CUBE'])} (", after=")")
    tail = Node(" HAVING ", having(g, scope), optional=True) if g.chance(0.3) else Node("")
    parts = list(keys) + [aggregate(g, scope) for _ in range(g.rng.randint(1, 3))]
    body = Node("SELECT ", Seq(parts), " FROM ", source, where(g, scope, always=0.7), group, tail)
    return Script("aggregate", [Statement(body, merging=True)], settings(g))


def distinct(g):
    table, alias, scope = one_table(g)
    source = g.source(table, alias)
    refs = [g.pick(scope.refs) for _ in range(g.rng.randint(1, 3))]
    if g.chance(0.5):
        body = Node("SELECT DISTINCT ", Seq([r.node() for r in refs]), " FROM ", source, where(g, scope))
        return Script("distinct", [Statement(body, merging=True)], settings(g))
    first = [r.sql for r in refs[:2]]
    key = Ref(alias, table.key, table).sql
    order = ", ".join([f + direction(g) for f in first] + [key + direction(g)])
    body = Node(f"SELECT DISTINCT ON ({', '.join(first)}) ", Seq([g.pick(scope.refs).node() for _ in range(3)]), " FROM ", source,
                where(g, scope), f" ORDER BY {order}")
    # groups of equal texts come in the order of their first: which is equal, but not the same, under some collations
    return Script("distinct", [Statement(body, "rows", merging=True)], settings(g))


def window(g):
    table, alias, scope = one_table(g)
    key = Ref(alias, table.key, table).sql
    parts = [Node(key)]
    for _ in range(g.rng.randint(1, 3)):
        by = g.pick(groupable(g, scope)).sql
        order = g.pick([r for r in scope.refs if r.kind in ORDERABLE]).sql + direction(g)
        over = f" OVER (PARTITION BY {by} ORDER BY {order}, {key}" if g.chance(0.6) else f" OVER (ORDER BY {order}, {key}"
        f = g.pick(["row_number()", "rank()", "dense_rank()", "ntile(3)", "count(*)", "lag({})", "lead({}, 2)", "first_value({})",
                    "last_value({})", "sum(a.n)", "max({})", "min({})"])
        ref = g.pick([r for r in scope.refs if r.kind not in ("boolean", "jsonb")])
        f = f.replace("{}", ref.sql).replace("a.n", f"{alias}.n" if any(r.column.name == "n" for r in scope.refs) else "1")
        frame = g.pick(["", "", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"])
        parts.append(Node(f, over, frame, ")"))
    body = Node("SELECT ", Seq(parts), " FROM ", g.source(table, alias), where(g, scope, 1))
    return Script("window", [Statement(body, merging=True)], settings(g))


# --- several tables ---

def join_condition(g, left, right, full=False):
    """Joined on equal columns, and perhaps on something more."""
    # two tables may have nothing in common: then it is an error on both sides
    a, b = subqueries.columns_to_compare(g, left, right) or (left.refs[0], right.refs[0])
    link = Node(a.node(), " = ", b.node())
    if full or g.chance(0.65):
        return link
    both = Scope(left.tables + right.tables)
    return Node(link, " AND ", condition(g, both, 1, 0))


def joined_source(g):
    """FROM of two or three tables; the first of which may be few rows, so that the next are looked up."""
    count = g.pick([2, 2, 2, 3])
    tables = [g.table(small=g.chance(0.5)) if g.chance(0.8) else g.table(foreign=False) for _ in range(count)]
    if sum(not t.small for t in tables) > 2:
        tables[0] = g.table(small=True)
    scope = Scope([(g.alias(), tables[0])])
    node = Node(g.source(tables[0], scope.tables[0][0]), type="from")
    for table in tables[1:]:
        own = Scope([(g.alias(), table)])
        kind = g.pick([" JOIN ", " JOIN ", " JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ", " CROSS JOIN "])
        if kind == " CROSS JOIN " and not table.small:
            kind = " JOIN "
        source = g.source(table, own.tables[0][0])
        if kind == " CROSS JOIN ":
            node = Node(node, kind, source, type="from")
        else:
            node = Node(node, kind, source, " ON ", join_condition(g, scope, own, kind == " FULL JOIN "), type="from")
        scope = Scope(scope.tables + own.tables)
    return node, scope


def joined(g):
    source, scope = joined_source(g)
    pick = g.rng.random()
    if pick < 0.25:
        body = Node("SELECT ", Seq([aggregate(g, scope, False) for _ in range(g.rng.randint(1, 3))]), " FROM ", source, where(g, scope, 1))
        return Script("join", [Statement(body, merging=True)], settings(g, True))
    body = Node("SELECT ", select_list(g, scope), " FROM ", source, where(g, scope, 1, 0.04))
    if pick < 0.55:
        body = Node(body, total_order(g, scope), limit(g) if g.chance(0.5) else "")
        return Script("join", [Statement(body, "ordered")], settings(g, True))
    return Script("join", [Statement(body)], settings(g, True))


def lateral(g):
    """The inner query again for each outer row."""
    outer = g.table(small=True) if g.chance(0.6) else g.table(foreign=False)
    alias = g.alias()
    scope = Scope([(alias, outer)])
    table, own_alias, own = one_table(g)
    a, b = subqueries.columns_to_compare(g, scope, own) or (scope.refs[0], own.refs[0])
    rest = where(g, own, 1, 0, always=0.5)
    if getattr(rest, "before", None):
        rest.before = " AND "
    name = g.alias()
    inner = Node("SELECT ", Seq([g.pick(own.refs).node(), Ref(own_alias, table.key, table).node()], least=2), " FROM ", g.source(table, own_alias), " WHERE ",
                 b.node(), g.pick([" = ", " = ", " > ", " <= "]), a.node(), rest, total_order(g, own, 1), f" LIMIT {g.rng.randint(1, 4)}")
    kind = g.pick([" CROSS JOIN LATERAL (", " LEFT JOIN LATERAL ("])
    body = Node("SELECT ", Ref(alias, outer.key, outer).node(), f", {name}.* FROM ", g.source(outer, alias), kind, inner,
                f") {name}(p, q)", " ON true" if "LEFT" in kind else "", where(g, scope, 1, 0, always=0.4))
    return Script("lateral", [Statement(body)], settings(g, True))


def set_operation(g):
    kinds = [g.pick(["integer", "bigint", "text", "text", "boolean", "double precision", "real"]) for _ in range(g.rng.randint(1, 3))]
    arms = []
    for _ in range(g.pick([2, 2, 3])):
        table, alias, scope = one_table(g)
        items = [Node("(", g.scalar(scope, k, 1) if not scope.of(k) else g.pick(scope.of(k)).node(), f")::{k}", ' COLLATE "C"' if k == "text" else "") for k in kinds]
        arms.append(Node("SELECT ", Seq(items, least=len(items)), " FROM ", g.source(table, alias), where(g, scope, 1), type="query"))
    node = arms[0]
    for arm in arms[1:]:
        op = g.pick([" UNION ", " UNION ALL ", " INTERSECT ", " INTERSECT ALL ", " EXCEPT ", " EXCEPT ALL ", " UNION ALL "])
        node = Node("(", node, ")", op, "(", arm, ")", type="query")
    return Script("set", [Statement(node, merging=True)], settings(g))


def nested(g):
    """A subquery in FROM, or WITH; filtered, limited and aggregated above."""
    table, alias, scope = one_table(g)
    name = g.alias()
    limited = Node(total_order(g, scope, 1), limit(g)) if g.chance(0.5) else Node("")
    inner = Node("SELECT * FROM ", g.source(table, alias), where(g, scope, 1), limited)
    above = Scope([(name, table)])
    rest = Node(g.pick(["", "MATERIALIZED ", "NOT MATERIALIZED "]))
    form = g.rng.randint(0, 2)
    if form == 0:
        items, merging = Seq([aggregate(g, above, False) for _ in range(2)]), True
    else:
        items, merging = select_list(g, above), False
    if g.chance(0.5):
        body = Node("SELECT ", items, " FROM (", inner, f") {name}", where(g, above, 1))
    else:
        body = Node(f"WITH {name} AS ", rest, "(", inner, ") SELECT ", items, f" FROM {name}", where(g, above, 1))
    return Script("nested", [Statement(body, merging=merging)], settings(g))
