"""Statements that live longer than one execution: prepared statements beyond their sixth, cursors."""
import copy

import queries
from expressions import Ref, Scope
from predicates import where
from queries import settings
from tree import Elsewhere, Node, Script, Seq, Statement, There
from world import ident


def prepared(g):
    """Executed eight times, with other values each time; generic from the sixth, or forced to be."""
    g.params = []
    form = g.rng.randint(0, 6)
    if form <= 2:
        script = queries.simple(g)
    elif form == 3:
        script = queries.aggregated(g)
    elif form == 4:
        script = queries.joined(g)
    else:
        script = by_parameter(g)
    params, g.params = g.params, None
    main = script.statements[0]
    if not params:
        params = [("integer", ["1"] * 8)]
    types = ", ".join(t for t, _ in params)
    statements = [Statement(Node(f"PREPARE q({types}) AS ", main.node), "none")]
    for i in range(8):
        arguments = ", ".join(found[i] for _, found in params)
        statements.append(Statement(Node(f"EXECUTE q({arguments})"), main.mode, main.merging))
    found = list(script.settings)
    if g.chance(0.3):
        found.append("plan_cache_mode = force_generic_plan")
    return Script("prepared", statements, found)


def by_parameter(g):
    """id = $1, id = ANY ($1), a column against a parameter."""
    table, alias, scope = queries.one_table(g)
    ref = Ref(alias, table.key, table) if g.chance(0.6) else g.pick(scope.of("integer", "bigint", "text", "smallint", "real", "double precision"))
    if g.chance(0.5):
        wanted = ref.kind if g.chance(0.6) or ref.kind == "text" else g.pick(["integer", "bigint", "numeric", "double precision"])
        test = Node(ref.node(), g.pick([" = ", " = ", " <= ", " > ", " <> "]), g.parameter(ref.kind, wanted, ref))
    else:
        test = Node(ref.node(), g.pick([" = ANY (", " <> ALL ("]), g.array(ref.kind, ref, 6), ")")
    rest = where(g, scope, 0, 0, always=0.3)
    if getattr(rest, "before", None):
        rest.before = " AND "
    body = Node("SELECT ", queries.select_list(g, scope), " FROM ", g.source(table, alias), " WHERE ", test, rest)
    return Script("prepared", [Statement(body)], settings(g))


def switched(g, table):
    """The alias that a foreign table goes by is switched while a cursor is read."""
    alias = g.alias()
    scope = Scope([(alias, table)])
    body = Node("SELECT ", queries.select_list(g, scope), " FROM ", g.source(table, alias), where(g, scope, 0), queries.total_order(g, scope, 1))

    def switch(collection):
        return Statement(Node(There(f"SELECT milvus.alter_alias(server => 'fidelity', collection => '{collection}', alias => '{table.alias}')")), "none")
    statements = [Statement("BEGIN", "none"), Statement(Node("DECLARE c CURSOR FOR ", body), "none"),
                  Statement(f"FETCH {g.pick(['1', '3', '50'])} FROM c", "ordered"), switch(table.another),
                  Statement("FETCH 20 FROM c", "ordered"), Statement("FETCH ALL FROM c", "ordered"),
                  Statement("COMMIT", "none"), switch(table.collection)]
    return Script("alias switched", statements, settings(g))


def in_key_order(alias, table):
    """ORDER BY: what comes page by page."""
    return f" ORDER BY {alias}.id" + (' COLLATE "C"' if table.key.kind == "text" else "")


def changed(g, table):
    """Rows go, and come again, while a cursor is read."""
    alias, base = g.alias(), table.wide_of or table
    scope = Scope([(alias, table)])
    # (plain columns: a subquery is a scan of its own, later than the cursor's)
    shown = Seq([ref.node() for ref in g.rng.sample(scope.refs, g.rng.randint(1, min(4, len(scope.refs))))])
    body = Node("SELECT ", shown, " FROM ", g.source(table, alias), where(g, scope, 0, always=0.5),
                in_key_order(alias, table),
                f" LIMIT {g.rng.randint(2, 60)}" if g.chance(0.4) else "")
    keys = ", ".join(row[0] for row in g.rng.sample(base.rows, g.pick([1, 3, len(base.rows) // 2])))
    names = ", ".join(ident(c.name) for c in base.stored())

    def there(sql):
        return Statement(Node(There(sql)), "none")
    away = there(f"DELETE FROM f.{base.name}_load WHERE id IN ({keys})")
    back = there(f"INSERT INTO f.{base.name}_load ({names}) SELECT {names} FROM l.{base.name} WHERE id IN ({keys})")
    statements = [Statement("BEGIN", "none"), Statement(Node("DECLARE c CURSOR FOR ", body), "none"), Statement(f"FETCH {g.pick([1, 1, 40])} FROM c", "ordered"),
                  away, Statement("FETCH ALL FROM c", "ordered"), Statement("COMMIT", "none"), away, back]
    return Script("rows changed", statements, settings(g))


def made_again(g, table):
    """The collection is dropped, and made again, with some of the rows while a cursor is read, or with them all between two executions.

    What is left of a cursor's rows comes from what it had, or fails. A later one may find that what it was
    planned with is no more: the next, or one after it, once the description is not believed any more. The last,
    for which it was asked for anew, reads what is there now.
    """
    alias = g.alias()
    scope = Scope([(alias, table)])
    body = Node("SELECT ", queries.select_list(g, scope), " FROM ", g.source(table, alias), where(g, scope, 0, always=0.5), in_key_order(alias, table))

    def made(whole):
        text = f"{table.name} made again, {'whole' if whole else 'with some rows'}"
        return Statement(Node(Elsewhere(text, lambda: table.remake(whole))), "none")
    # (a description is believed for a second: other scripts are not to meet it)
    forget = Statement(Node(There("SELECT milvus.disconnect('fidelity')")), "none")
    if not table.may_be_remade_within or g.chance(0.4):
        again = Statement("EXECUTE q", "ordered", may_fail=["40001"])
        statements = [Statement(Node("PREPARE q AS ", body), "none"), Statement("EXECUTE q", "ordered"), made(True),
                      again, copy.deepcopy(again), forget, copy.deepcopy(again), Statement("EXECUTE q", "ordered"), copy.deepcopy(forget)]
        return Script("prepared", statements, settings(g))
    statements = [Statement("BEGIN", "none"), Statement(Node("DECLARE c CURSOR FOR ", body), "none"),
                  Statement(f"FETCH {g.pick(['1', '1', '5'])} FROM c", "ordered"), made(False),
                  Statement("FETCH ALL FROM c", "ordered", may_fail=["40001"]), Statement("COMMIT", "none"), made(True),
                  Statement(copy.deepcopy(body), "ordered", may_fail=["40001"]), forget, Statement(copy.deepcopy(body), "ordered", may_fail=["40001"]),
                  Statement(copy.deepcopy(body), "ordered"), copy.deepcopy(forget)]
    return Script("made again", statements, settings(g))


def cursor(g):
    steady = [t for t in g.tables if t.steady]
    if steady and g.chance(0.2):
        return changed(g, g.pick(steady))
    switchable = [t for t in g.tables if t.alias]
    if switchable and g.chance(0.25):
        return switched(g, g.pick(switchable))
    remade = [t for t in g.tables if t.remake]
    if remade and g.chance(0.08):
        return made_again(g, g.pick(remade))
    if g.chance(0.75):
        table, alias, scope = queries.one_table(g)
        body = Node("SELECT ", queries.select_list(g, scope), " FROM ", g.source(table, alias), where(g, scope, 1),
                    queries.total_order(g, scope, 1))
    else:
        source, scope = queries.joined_source(g)
        body = Node("SELECT ", queries.select_list(g, scope), " FROM ", source, where(g, scope, 1, 0), queries.total_order(g, scope, 1))
    scroll = g.pick(["", "", "SCROLL ", "NO SCROLL "])
    hold = g.chance(0.3)
    moves = ["NEXT", "1", "3", "10", "FORWARD 5", "ALL", "2", "7"]
    if scroll == "SCROLL ":
        moves += ["PRIOR", "FIRST", "LAST", "ABSOLUTE 4", "ABSOLUTE -2", "RELATIVE -1", "BACKWARD 3", "BACKWARD ALL", "ABSOLUTE 0"]
    statements = [Statement("BEGIN", "none"),
                  Statement(Node(f"DECLARE c {scroll}CURSOR {'WITH HOLD ' if hold else ''}FOR ", body), "none")]

    def steps(count):
        for _ in range(count):
            verb = g.pick(["FETCH", "FETCH", "FETCH", "MOVE"])
            statements.append(Statement(f"{verb} {g.pick(moves)} FROM c", "ordered" if verb == "FETCH" else "none"))
    steps(g.rng.randint(2, 5))
    if g.chance(0.15):
        # a query of the same table between two fetches
        other = g.table()
        statements.append(Statement(Node("SELECT count(*) FROM ", g.source(other, "o")), "rows"))
        steps(1)
    statements.append(Statement("COMMIT", "none"))
    if hold:
        steps(2)
        statements.append(Statement("CLOSE c", "none"))
    return Script("cursor", statements, settings(g))


