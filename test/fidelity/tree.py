"""Queries as trees: written out for either side, cut smaller by shrink.py.

A node knows what a cut may put in its place (an expression of its type, or
nothing), so that shrinking needs no grammar of its own.
"""


class Table:
    """The one thing that differs between the two sides: a table's schema."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name


class There:
    """A statement that only the foreign side has use for."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text


class Elsewhere(There):
    """What another session does to the foreign side's server meanwhile: a function. text: how it is told of."""

    __slots__ = ("act",)

    def __init__(self, text, act):
        super().__init__(f"SELECT 'elsewhere: {text}'")
        self.act = act


class Limit:
    """LIMIT and OFFSET, which the full ranking of a search is rendered without."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text


class Node:
    """parts: text, nodes, tables. type: an expression's; optional: may be left out.

    risky: whether and where it fails depends on the order of evaluation.
    """

    __slots__ = ("parts", "type", "optional", "risky")

    def __init__(self, *parts, type=None, optional=False, risky=False):
        self.parts = list(parts)
        self.type = type
        self.optional = optional
        self.risky = risky

    def write(self, out, side, limits):
        for part in self.parts:
            write(part, out, side, limits)


class Seq(Node):
    """Parts with a separator, of which at least `least` stay; nothing at all when empty."""

    __slots__ = ("separator", "least", "before", "after")

    def __init__(self, parts, separator=", ", least=1, before="", after="", **more):
        super().__init__(*parts, **more)
        self.separator = separator
        self.least = least
        self.before = before
        self.after = after

    def write(self, out, side, limits):
        if not self.parts:
            return
        out.append(self.before)
        for i, part in enumerate(self.parts):
            if i:
                out.append(self.separator)
            write(part, out, side, limits)
        out.append(self.after)


def write(part, out, side, limits):
    if isinstance(part, str):
        out.append(part)
    elif isinstance(part, Node):
        part.write(out, side, limits)
    elif isinstance(part, Table):
        out.append(side(part.name))
    elif isinstance(part, There):
        out.append(part.text if side("") == "f." else "SELECT 1")
    elif limits:
        out.append(part.text)


def render(part, schema, limits=True):
    out = []
    write(part, out, lambda name: f"{schema}.{name}", limits)
    return "".join(out)


def acts(part):
    return [p.act for node in walk(part) for p in node.parts if isinstance(p, Elsewhere)]


def walk(part):
    if isinstance(part, Node):
        yield part
        for child in part.parts:
            yield from walk(child)


def is_risky(part):
    return any(node.risky for node in walk(part))


class Statement:
    """One statement of a script, and how its results are compared.

    mode: rows (as a multiset), ordered, count (of rows only), search, or
    none, when it has no result worth comparing. A merging statement may show
    any of several equal values (0 and -0). may_fail: errors that the foreign
    side alone may raise; must_fail: the one that it has to.
    widths: of columns of the result, how long a text may be, and whether it is
    an array of those, as JSON.
    """

    __slots__ = ("node", "mode", "merging", "may_fail", "must_fail", "widths")

    def __init__(self, node, mode="rows", merging=False, may_fail=(), must_fail=None, widths=None):
        self.node = node if isinstance(node, Node) else Node(node)
        self.mode = mode
        self.merging = merging
        self.may_fail = may_fail
        self.must_fail = must_fail
        self.widths = widths or {}


class Script:
    """What is run on both sides, under the same settings, as one test."""

    __slots__ = ("kind", "statements", "settings")

    def __init__(self, kind, statements, settings=()):
        self.kind = kind
        self.statements = statements
        self.settings = list(settings)

    def risky(self):
        return any(is_risky(s.node) for s in self.statements)

    def sql(self, schema):
        lines = [f"SET {s};" for s in self.settings]
        return "\n".join(lines + [render(s.node, schema) + ";" for s in self.statements])
