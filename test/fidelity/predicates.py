"""Random conditions: every operator that PostgreSQL has for the types of the columns, under AND, OR and NOT."""
import re

import values
from expressions import COLLATIONS, shorter
from tree import Node, Seq
from values import FLOATS, INTEGERS, NUMBERS, literal, quoted
from world import TIMESTAMP

COMPARISONS = ["=", "=", "<>", "<", "<=", ">", ">="]


def condition(g, scope, depth=2, subqueries=0.1):
    """A boolean expression."""
    pick = g.rng.random()
    if depth > 0 and pick < 0.3:
        parts = [condition(g, scope, depth - 1, subqueries) for _ in range(g.rng.randint(2, 3))]
        return Node("(", Seq(parts, g.pick([" AND ", " OR ", " OR "]), type="boolean"), ")", type="boolean")
    if depth > 0 and pick < 0.4:
        return Node("NOT (", condition(g, scope, depth - 1, subqueries), ")", type="boolean")
    if depth > 0 and pick < 0.45:
        test = g.pick(["TRUE", "FALSE", "UNKNOWN", "NOT TRUE", "NOT FALSE", "NOT UNKNOWN", "NULL", "NOT NULL"])
        return Node("(", condition(g, scope, depth - 1, subqueries), f") IS {test}", type="boolean")
    if depth > 0 and pick < 0.55:
        return of_one(g, scope)
    if g.chance(subqueries):
        import subqueries as module
        return module.predicate(g, scope)
    return predicate(g, scope, 1)


def where(g, scope, depth=2, subqueries=0.1, always=0.88):
    """A WHERE clause, most of the time: a conjunction."""
    if not g.chance(always):
        return Node("")
    count = g.pick([1, 1, 1, 2, 2, 3])
    return Seq([condition(g, scope, depth if count == 1 else 1, subqueries) for _ in range(count)], " AND ", least=0, before=" WHERE ")


def predicate(g, scope, depth):
    """One test, of a column chosen first, so that every type has its turn."""
    if g.chance(0.05):
        return rows(g, scope)
    ref = g.pick(scope.refs)
    if g.chance(0.1):
        return Node(ref.node(), g.pick([" IS NULL", " IS NOT NULL"]), type="boolean")
    kind = ref.kind
    if kind == "boolean":
        return boolean(g, scope, ref)
    if kind == "text":
        return text(g, scope, ref, depth)
    if kind == "jsonb":
        return json(g, scope, ref)
    if kind.endswith("[]"):
        return array(g, scope, ref)
    return comparison(g, scope, ref, depth)


def of_one(g, scope):
    """Several tests of one column, or of one key of a document: what servers fold into one."""
    numbers = [r for r in scope.refs if r.column.dynamic_key and r.kind in NUMBERS]
    ref = g.pick(g.pick([some for some in (numbers, numbers, scope.of("jsonb"), scope.of(*INTEGERS), scope.refs) if some]))
    if ref.kind == "jsonb":
        test = one_key(g, ref)
    elif ref.kind in (*NUMBERS, "text", "boolean", TIMESTAMP):
        test = one_column(g, scope, ref)
    else:
        return predicate(g, scope, 1)
    parts = [test() for _ in range(g.pick([2, 2, 2, 3, 4]))]
    whole = Node("(", Seq(parts, g.pick([" AND ", " OR "]), type="boolean"), ")", type="boolean")
    return Node("NOT ", whole, type="boolean") if g.chance(0.15) else whole


def one_column(g, scope, ref):
    """Few values, so that tests are of the same ones: lists, or ranges, or either.  Of the column, or of its twin."""
    kind = ref.kind
    refs = [r for r in scope.refs if r.alias == ref.alias and r.kind == kind and (r.column.twin_of or r.column.name) == (ref.column.twin_of or ref.column.name)]
    few = sorted({values.bare_text(x): x for _ in range(g.pick([1, 2, 3, 3, 4])) if (x := g.sample(kind, ref)) is not None}.values())
    forms = g.pick([["=", "list", "list"], ["range"], ["list", "bound"], ["=", "list", "bound", "range", "null"]])
    if ref.column.dynamic_key and g.chance(0.5):
        forms = ["list", "bound"]
    if kind == "boolean":
        forms = ["=", "list", "null"]

    def constant(some=few):
        if kind in FLOATS and g.chance(0.4):
            return Node(literal(shorter(g.pick(some)), "double precision"), type=kind)
        return Node(g.written(g.pick(some), kind, exact=True), type=kind)

    def test():
        ref = g.pick(refs)
        form = g.pick(forms)
        if form == "=":
            return Node(ref.node(), g.pick([" = ", " <> ", " <> "]), constant(), type="boolean")
        if form == "list":
            some = Seq([constant() for _ in range(g.rng.randint(1, 4))], before="(", after=")")
            return Node(ref.node(), g.pick([" IN ", " IN ", " NOT IN "]), some, type="boolean")
        if form == "bound":
            return Node(ref.node(), g.pick([" < ", " <= ", " > ", " >= "]), constant(), type="boolean")
        if form == "range":
            return Node("(", ref.node(), g.pick([" > ", " >= "]), constant(few[:1]), " AND ", ref.node(), g.pick([" < ", " <= "]),
                        constant(few[1:] or few), ")", type="boolean")
        return Node(ref.node(), g.pick([" IS NULL", " IS NOT NULL"]), type="boolean")
    return test


def one_key(g, ref):
    documents = [d for d in ref.column.pool if isinstance(d, dict)]
    keys = sorted({k for d in documents for k in d})
    key = g.pick(keys) if keys and g.chance(0.8) else g.json_key()
    found = [d[key] for d in documents if key in d] + ["x", 1, True]
    texts = [x for x in found if isinstance(x, str)]
    others = [x for x in found if isinstance(x, int)]
    of_types = g.chance(0.5)

    def test():
        form = g.rng.random()
        if of_types:
            form = g.pick([0, 0.8])
        if form < 0.6:
            return Node(ref.node(), " @> ", g.written({key: g.pick(others if of_types else found)}, "jsonb"), type="boolean")
        if form < 0.75:
            return Node("(", ref.node(), f" ->> {quoted(key)}) {g.pick(['=', '=', '<>'])} {quoted(g.pick(texts))}", type="boolean")
        if form < 0.85:
            return Node("(", ref.node(), f" ->> {quoted(key)}) IN ({quoted(g.pick(texts))}, {quoted(g.pick(texts))})", type="boolean")
        return Node(ref.node(), f" ? {quoted(key)}", type="boolean")
    return test


def boolean(g, scope, ref):
    form = g.rng.randint(0, 5)
    if form == 0:
        return ref.node()
    if form == 1:
        return Node("NOT ", ref.node(), type="boolean")
    if form == 2:
        return Node(ref.node(), " IS ", g.pick(["TRUE", "FALSE", "UNKNOWN", "NOT TRUE", "NOT FALSE", "NOT UNKNOWN"]), type="boolean")
    if form == 3:
        return Node(ref.node(), g.pick([" = ", " <> ", " < ", " >= "]), g.constant("boolean", ref), type="boolean")
    if form == 4:
        return Node(ref.node(), g.pick([" IN ", " NOT IN "]), g.pick(["(true)", "(false, NULL)", "(true, false)"]), type="boolean")
    return distinct(g, ref.node(), g.scalar(scope, "boolean", 0))


def distinct(g, a, b):
    return Node(a, g.pick([" IS DISTINCT FROM ", " IS NOT DISTINCT FROM "]), b, type="boolean")


def comparison(g, scope, ref, depth):
    """Of numbers and, in the forms they share, texts."""
    kind = ref.kind
    left = ref.node()
    pick = g.rng.random()
    if depth > 0 and pick < 0.12:
        left = g.scalar(scope, kind, depth)
    elif pick < 0.18 and kind in ("smallint", "integer", "real"):
        # (a real may not fit into a bigint)
        left = Node(left, "::", g.pick(["bigint", "numeric", "double precision"]), type="numeric", risky=kind == "real")
    form = g.rng.random()
    if form < 0.34:
        return Node(left, f" {g.pick(COMPARISONS)} ", g.constant(kind, ref), type="boolean")
    if form < 0.42:
        return Node(g.constant(kind, ref), f" {g.pick(COMPARISONS)} ", left, type="boolean")
    if form < 0.50:
        same = scope.of(*NUMBERS) if kind in NUMBERS else [r for r in scope.of(kind) if r.column.collation == ref.column.collation]
        return Node(left, f" {g.pick(COMPARISONS)} ", g.pick(same).node(), type="boolean")
    if form < 0.55 and depth > 0:
        return Node(left, f" {g.pick(COMPARISONS)} ", g.scalar(scope, kind, depth), type="boolean")
    if form < 0.68:
        between = g.pick([" BETWEEN ", " BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC ", " NOT BETWEEN SYMMETRIC "])
        return Node(left, between, g.constant(kind, ref), " AND ", g.constant(kind, ref), type="boolean")
    if form < 0.84:
        return membership(g, left, kind, ref)
    if form < 0.93:
        form = g.pick([" = ANY (", " = ANY (", " <> ALL (", " <> ANY (", " > ANY (", " <= ALL (", " < ANY ("])
        return Node(left, form, g.array(kind, ref), ")", type="boolean")
    return distinct(g, left, g.constant(kind, ref))


def membership(g, left, kind, ref):
    word = g.pick([" IN ", " IN ", " NOT IN "])
    if g.params is None and g.long_lists and g.chance(0.02) and kind in ("integer", "bigint", "text"):
        g.long_lists -= 1
        items = [literal(g.sample(kind, ref), kind) for _ in range(20)]
        items += [quoted(f"v{i}") if kind == "text" else str(i * 3) for i in range(10_000)]
        return Node(left, word, "(", ", ".join(items), ", NULL)" if g.chance(0.2) else ")", type="boolean")
    items = [g.constant(kind, ref) for _ in range(g.rng.randint(1, 6))]
    if g.chance(0.12):
        items.append(Node("NULL"))
    return Node(left, word, Seq(items, before="(", after=")"), type="boolean")


def text(g, scope, ref, depth):
    left = ref.node()
    form = g.rng.random()
    if form < 0.4:
        return comparison(g, scope, ref, depth)
    if form < 0.52:
        a, b = left, g.constant("text", ref)
        if g.chance(0.5):
            a = Node(a, f" COLLATE {g.pick(COLLATIONS)}", type="text")
        else:
            b = Node(b, f" COLLATE {g.pick(COLLATIONS)}", type="text")
        return Node(a, f" {g.pick(COMPARISONS)} ", b, type="boolean")
    sample = g.sample("text", ref)[:40]
    cut = sorted(g.rng.randint(0, len(sample)) for _ in range(2))
    if form < 0.82:
        pattern, escape = like_pattern(g, sample, cut)
        word = g.pick([" LIKE ", " LIKE ", " LIKE ", " NOT LIKE ", " ILIKE ", " NOT ILIKE "])
        if g.params is not None and len(g.params) < 4 and g.chance(0.4):
            found = [quoted(like_pattern(g, g.sample("text", ref)[:40], (0, 1))[0]) for _ in range(8)]
            g.params.append(("text", found))
            return Node(left, word, f"${len(g.params)}", type="boolean", risky=True)
        # (a pattern must not end with its escape character)
        return Node(left, word, quoted(pattern), escape, type="boolean", risky=pattern.endswith("\\"))
    if form < 0.88:
        if g.chance(0.3):
            return Node("starts_with(", left, f", {quoted(sample[:cut[0]])})", type="boolean")
        return Node(left, f" ^@ {quoted(sample[:cut[0]])}", type="boolean")
    if form < 0.97:
        pattern = g.pick(["^a", "b$", "a.?b", "[[:upper:]]", r"\d", "^.{1,2}$", "", "ü|ß", "^$", "[%_]", r"\s",
                          "^" + re.sub(r"([^\w])", r"\\\1", sample[:cut[0]], flags=re.ASCII) if sample[:cut[0]].isascii() else "🐘"])
        return Node(left, g.pick([" ~ ", " ~ ", " ~* ", " !~ ", " !~* "]), quoted(pattern), type="boolean")
    return Node(left, g.pick([" SIMILAR TO ", " NOT SIMILAR TO "]), quoted(g.pick(["a%", "(a|b)_*", "%[0-9]", "_", "%"])), type="boolean")


def like_pattern(g, sample, cut):
    """A pattern that finds the sample, more often than not; and an ESCAPE clause."""
    def plain(s):
        return re.sub(r"([\\%_])", r"\\\1", s) if g.chance(0.8) else s
    form = g.rng.randint(0, 7)
    a, b = cut
    if form <= 1:
        return plain(sample[:a]) + "%", ""
    if form <= 3:
        return "%" + plain(sample[a:b]) + "%", ""
    if form == 4:
        return "%" + plain(sample[a:]), ""
    if form == 5:
        return (sample[:a] + "_" + sample[a + 1:]), g.pick(["", " ESCAPE ''"])
    if form == 6:
        return re.sub(r"([!%_])", r"!\1", sample) + "%", " ESCAPE '!'"
    return g.pick(["", "%", "_", "__", "%%", "\\%", "\\_%", "%\\\\%", "a%b", "a_b", "%\n%", "pre%", "%infix%"]), ""


def json(g, scope, ref):
    left = ref.node()
    form = g.rng.randint(0, 13)
    key = g.json_key()
    doc = g.pick(ref.column.pool) if ref.column.pool else {}
    if isinstance(doc, dict) and doc and g.chance(0.7):
        key = g.pick(sorted(doc))
    part = doc.get(key) if isinstance(doc, dict) else None
    if form <= 2:
        shown = "x" if isinstance(part, (dict, list)) or part is None else values.bare_text(part)
        op = g.pick(["=", "=", "=", "<>", "IS DISTINCT FROM", "<", ">="])
        return Node("(", left, f" ->> {quoted(key)}) {op} {quoted(shown)}", type="boolean")
    if form == 3:
        shown = ", ".join(quoted(values.bare_text(x)) for x in ("x", "1", part) if not isinstance(x, (dict, list, type(None))))
        return Node("(", left, f" ->> {quoted(key)}) {g.pick(['IN', 'NOT IN'])} ({shown})", type="boolean")
    if form == 4:
        return Node("(", left, f" -> {quoted(key)}) {g.pick(['=', '=', '<>', '>', '@>'])} ", g.written(part, "jsonb"), type="boolean")
    if form in (5, 6):
        small = {key: part}
        if isinstance(part, dict) and part and g.chance(0.5):
            inner = g.pick(sorted(part))
            small = {key: {inner: part[inner]}}
        return Node(left, f" {g.pick(['@>', '@>', '@>', '<@', '='])} ", g.written(small, "jsonb"), type="boolean")
    if form == 7:
        return Node(left, f" ? {quoted(key)}", type="boolean")
    if form == 8:
        return Node(left, f" {g.pick(['?|', '?&'])} ", literal([key, g.json_key()], "text[]"), type="boolean")
    if form == 9:
        path = g.pick(["{nest,b,c}", "{nest,a}", "{list,0}", "{nest,b}", "{list,-1}"])
        return Node("(", left, f" #>> '{path}') {g.pick(['=', '<>', 'IS NOT DISTINCT FROM'])} {quoted(g.pick(['x', '1', 'true', '0']))}", type="boolean")
    if form == 10:
        return Node("jsonb_typeof(", left, f" -> {quoted(key)}) = {quoted(g.pick(['number', 'string', 'null', 'object', 'array', 'boolean']))}", type="boolean")
    if form == 11:
        return Node("(", left, f" ->> {quoted(key)}) {g.pick(['IS NULL', 'IS NOT NULL'])}", type="boolean")
    if form == 12:
        cast = g.pick(["integer", "bigint", "numeric", "double precision", "boolean"])
        return Node("(", left, f" ->> {quoted(g.pick(['n', 'n', 'k']))})::{cast} {g.pick(['=', '>', '<='])} ",
                    g.constant(cast, exact=True), type="boolean", risky=True)
    return Node(left, f" @? {quoted(g.pick(['$.nest.b', '$.list[*] ? (@ == 1)', '$.k ? (@ starts with ' + chr(34) + 'x' + chr(34) + ')', '$.n ? (@ > 1)']))}", type="boolean")


def array(g, scope, ref):
    left = ref.node()
    kind = ref.kind[:-2]
    whole = ref.column.literal_kind
    sample = g.sample(ref.kind, ref)
    part = g.rng.sample(sample, g.rng.randint(0, min(2, len(sample)))) if sample else []
    element = literal(g.pick(sample) if sample else None if g.chance(0.2) else values.value(g.rng, kind, 20), kind)
    form = g.rng.randint(0, 11)
    if form <= 1:
        return Node(element, g.pick([" = ", " = ", " = ", " <> "]), "ANY (", left, ")", type="boolean")
    if form == 2:
        op = g.pick(["<>", "<>", "=", ">=", "<"]) if kind != "boolean" else "<>"
        return Node(element, f" {op} {g.pick(['ALL', 'ANY'])} (", left, ")", type="boolean")
    if form in (3, 4):
        return Node(left, g.pick([" @> ", " @> ", " <@ "]), literal(part + ([None] if g.chance(0.03) else []), whole), type="boolean")
    if form in (5, 6):
        return Node(left, " && ", literal(part + [g.pick(sample)] if sample else part, whole), type="boolean")
    if form == 7:
        return Node("cardinality(", left, f") {g.pick(COMPARISONS)} {g.rng.randint(0, 4)}", type="boolean")
    if form == 8:
        return Node("array_length(", left, f", 1) {g.pick(COMPARISONS + ['IS DISTINCT FROM'])} {g.rng.randint(0, 4)}", type="boolean")
    if form == 9:
        index = g.rng.randint(0, 4)
        op = g.pick(COMPARISONS) if kind != "boolean" else "="
        if 0 < index <= len(sample):
            element = literal(sample[index - 1], kind)
        return Node(left, f"[{index}] {op} {element}", type="boolean")
    if form == 10:
        return Node(left, f" {g.pick(COMPARISONS)} ", literal(sample, whole), type="boolean")
    return Node("array_position(", left, f", {element}) {g.pick(['IS NULL', 'IS NOT NULL', '= 1'])}", type="boolean")


def rows(g, scope):
    """Of several columns at once."""
    refs = [r for r in scope.refs if r.kind in (*INTEGERS, *FLOATS, "text")]
    if len(refs) < 2:
        return Node("true", type="boolean")
    some = g.rng.sample(refs, g.rng.randint(2, min(3, len(refs))))
    left = Node("(", ", ".join(r.sql for r in some), ")")

    def row():
        items = []
        for r in some:
            items += [g.constant(r.kind, r, exact=True), ", "]
        return Node("(", *items[:-1], ")")
    if g.chance(0.4):
        return Node(left, g.pick([" IN ", " NOT IN "]), Seq([row() for _ in range(g.rng.randint(1, 3))], before="(", after=")"), type="boolean")
    return Node(left, f" {g.pick(COMPARISONS)} ", row(), type="boolean")
