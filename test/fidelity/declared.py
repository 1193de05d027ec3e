"""Foreign tables that declare less than their fields hold: lengths, dimensions.

The local copy of such a table is as wide as the collection. So a statement on
the foreign one has either the local rows, all of which its columns could hold,
or fails with 22001, if a column that it names has values that are too long.
"""
import queries
from expressions import Scope
from predicates import where
from tree import Node, Script, Seq, Statement, There, render
from world import ident


def make(g):
    found = [t.narrow for t in g.tables if t.narrow and t.narrow.collection]
    if not found:
        return queries.simple(g)
    narrow = g.pick(found)
    alias = g.alias()
    if narrow.misfits and g.chance(0.15):
        # whatever a value of that dimension would be, there is none
        name = ident(g.pick(narrow.misfits).name)
        return Script("declared", [Statement(Node(There(f"SELECT id, {name} FROM f.{narrow.name}")), "none", must_fail="42804")])
    scope = Scope([(alias, narrow)])
    shown = g.rng.sample(scope.refs, g.rng.randint(1, min(4, len(scope.refs))))
    items = [Node(f"to_json({r.sql})" if r.kind.endswith("[]") else r.sql) for r in shown]
    body = Node("SELECT ", Seq(items, least=len(items)), " FROM ", g.source(narrow, alias), where(g, scope, 1, 0, always=0.7))
    sql = render(body, "f")
    overlong = any(ref.sql in sql and ref.column.is_overlong for ref in scope.refs)
    widths = {i: (ref.column.width, ref.kind.endswith("[]")) for i, ref in enumerate(shown) if ref.column.width}
    return Script("declared", [Statement(body, may_fail=["22001"] if overlong else [], widths=widths)])
