"""Conditions and values that are queries of their own: IN, EXISTS, ANY, scalar subqueries."""
from expressions import Ref, Scope
from predicates import COMPARISONS, where
from tree import Node
from values import FLOATS, INTEGERS, NUMBERS


def is_small(scope):
    """May a subquery be run again for each of the rows?"""
    return all(t.small for _, t in scope.tables)


def inner(g, small=False):
    table = g.table(small) if g.chance(0.8) else g.table(foreign=False)
    alias = g.alias()
    return table, alias, Scope([(alias, table)])


def comparable(g, scope):
    """A table for a subquery, and two columns, of the query and of the subquery, that = takes."""
    while True:
        table, alias, own = inner(g)
        found = columns_to_compare(g, scope, own)
        # a world has tables with keys of either kind
        if found:
            return table, alias, own, *found


def columns_to_compare(g, scope, own):
    pairs = [(a, b) for a in scope.refs for b in own.refs
             if a.kind == b.kind and a.kind in ("boolean", "text", *INTEGERS, *FLOATS) and a.column.collation == b.column.collation
             or a.kind in NUMBERS and b.kind in NUMBERS]
    keys = [(a, b) for a, b in pairs if "id" in (a.column.name, b.column.name) and {a.column.name, b.column.name} <= {"id", "ref", "n"}]
    return g.pick(keys if keys and g.chance(0.5) else pairs) if pairs else None


def predicate(g, scope):
    form = g.rng.randint(0, 6)
    table, alias, own, outer, ours = comparable(g, scope)
    source = g.source(table, alias)
    if form <= 2:
        word = g.pick([" IN ", " IN ", " NOT IN ", " = ANY ", " <> ALL "])
        return Node(outer.node(), word, "(SELECT ", ours.node(), " FROM ", source, where(g, own, 1, 0), ")", type="boolean")
    if form == 3:
        op = g.pick(COMPARISONS)
        return Node(outer.node(), f" {op} {g.pick(['ANY', 'ALL'])} (SELECT ", ours.node(), " FROM ", source, where(g, own, 1, 0), ")", type="boolean")
    if form == 4:
        return Node(outer.node(), f" {g.pick(COMPARISONS)} ", value(g, ours, table, alias, own), type="boolean")
    word = g.pick(["EXISTS ", "EXISTS ", "NOT EXISTS "])
    body = where(g, own, 0, 0, always=0.6)
    link = Node(outer.node(), g.pick([" = ", " = ", " = ", " < "]) if is_small(scope) else " = ", ours.node())
    tail = Node(" AND ", body_text(body)) if getattr(body, "separator", None) and body.parts else Node("")
    return Node(word, "(SELECT ", g.pick(["1", "*", ours.sql]), " FROM ", source, " WHERE ", link, tail,
                g.pick(["", "", " LIMIT 1"]) if is_small(scope) else "", ")", type="boolean")


def body_text(body):
    body.before = ""
    return body


def value(g, ours, table, alias, own):
    """A scalar subquery: an aggregate, or the first row by key."""
    source = g.source(table, alias)
    if g.chance(0.5):
        f = "max" if ours.kind != "boolean" else "bool_or"
        return Node(f"(SELECT {f}(", ours.node(), ") FROM ", source, where(g, own, 1, 0), ")")
    key = Ref(alias, table.key, table).sql
    return Node("(SELECT ", ours.node(), " FROM ", source, where(g, own, 0, 0), f" ORDER BY {key}{g.pick(['', ' DESC'])} LIMIT 1)")


def correlated_value(g, scope):
    """A value for the select list, computed for each row of a small table."""
    table, alias, own, outer, ours = comparable(g, scope)
    return Node("(SELECT ", g.pick(["count(*)", f"count({ours.sql})"]), " FROM ", g.source(table, alias),
                " WHERE ", ours.node(), " = ", outer.node(), ")")
