"""Milvus' filters, as far as milvus_fdw writes them: read and evaluated as a version of Milvus does.

From internal/parser/planparserv2/Plan.g4 and internal/core/src/exec of Milvus' source,
never from what milvus_fdw happens to send.  evaluate() is three-valued: None is unknown.
"""

import datetime
import json
import re

# the words of the grammar that no field can be called, and the versions that have them: Plan.g4 at each
# release's "Bump milvus version" commit
WORDS = [
    ((2, 3), None, "like exists and or not in json_contains json_contains_all json_contains_any array_contains "
                   "array_contains_all array_contains_any array_length true false"),
    ((2, 5, 0), None, "text_match"),
    ((2, 5, 17), (2, 5, 99), "phrase_match"), ((2, 6, 0), None, "phrase_match random_sample"),
    ((2, 5, 18), (2, 5, 99), "st_equals st_touches st_overlaps st_crosses st_contains st_intersects st_within st_dwithin"),
    ((2, 6, 3), None, "st_equals st_touches st_overlaps st_crosses st_contains st_intersects st_within st_dwithin interval iso"),
    ((2, 6, 8), None, "minimum_should_match"),
    ((3, 0, 0), None, "text_match_fuzzy match_all match_any match_least match_most match_exact threshold element_filter st_isvalid"),
]


def words(version):
    return {w for since, until, names in WORDS if since <= version and (until is None or version <= until)
            for w in names.split()}


class FilterError(Exception):
    """What the server's parser says."""


TOKEN = re.compile(r"""
    (?P<space>[ \t\r\n]+)
  | (?P<null>(?:is\ null|IS\ NULL|is\ not\ null|IS\ NOT\ NULL)(?![A-Za-z0-9_]))
  | (?P<string>"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
  | (?P<float>(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
  | (?P<int>\d+)
  | (?P<name>\$meta|[A-Za-z_][A-Za-z0-9_]*)
  | (?P<op><=|>=|==|!=|&&|\|\||=|[<>()\[\],!+-])
""", re.X | re.S)
HAN = [(0x2e80, 0x2fd5), (0x3005, 0x3007), (0x3021, 0x3029), (0x3038, 0x303b), (0x3400, 0x4dbf), (0x4e00, 0x9fff),
       (0xf900, 0xfaff), (0x20000, 0x3ffff)]
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", '"': '"', "'": "'"}


def rewrite_han(text):
    """convertHanToASCII() of planparserv2/utils.go: Han characters lose what is above 16 bits, unless an
    escape such as \\U is met before."""
    result, skip = [], False
    for i, c in enumerate(text):
        if skip:
            skip = False
        elif c == "\\":
            if i + 1 < len(text) and text[i + 1] not in "\\ntrf\"'":
                return text
            skip = True
        elif any(low <= ord(c) <= high for low, high in HAN):
            c = chr(ord(c) & 0xffff)
        result.append(c)
    return "".join(result)


def unquote(literal):
    def one(match):
        text = match.group(0)
        if text[1] in "uU":
            return chr(int(text[2:], 16))
        if text[1] not in ESCAPES:
            raise FilterError("invalid escape %s" % text)
        return ESCAPES[text[1]]
    return re.sub(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", one, literal[1:-1], flags=re.S)


class Parser:
    """text -> nested tuples."""

    def __init__(self, text, version):
        if version >= (2, 4, 13):
            text = rewrite_han(text)
        self.version, self.words = version, words(version)
        self.tokens, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise FilterError("cannot parse expression: %s, error: token recognition error at %r" % (text, text[at:at + 9]))
            at = match.end()
            if match.lastgroup != "space":
                kind, value = match.lastgroup, match.group(0)
                if kind == "null" and version < (2, 5, 4):
                    raise FilterError("cannot parse expression: %s, error: no viable alternative at %r" % (text, value))
                if kind == "name" and value in (value.lower(), value.upper()) and value.lower() in self.words:
                    kind = "word"
                    value = value.lower()
                self.tokens.append((kind, value))
        self.tokens.append(("end", ""))
        self.text = text

    def peek(self, *values):
        return self.tokens[0][0] in ("op", "word", "null") and self.tokens[0][1] in values

    def take(self, *values):
        if values and not self.peek(*values):
            raise FilterError("cannot parse expression: %s, error: mismatched input %r expecting %s"
                              % (self.text, self.tokens[0][1], values))
        return self.tokens.pop(0)

    def parse(self):
        tree = self.or_()
        if self.tokens[0][0] != "end":
            raise FilterError("cannot parse expression: %s, error: extraneous input %r" % (self.text, self.tokens[0][1]))
        return tree

    def binary(self, words, inner):
        tree = inner()
        while self.peek(*words):
            op = self.take()[1]
            tree = (op, tree, inner())
        return tree

    def or_(self):
        return self.binary(("or", "||"), self.and_)

    def and_(self):
        return self.binary(("and", "&&"), self.equality)

    def equality(self):
        return self.binary(("==", "!="), self.relational)

    def relational(self):
        return self.binary(("<", "<=", ">", ">="), self.in_)

    def in_(self):
        tree = self.unary()
        while self.peek("in") or (self.peek("not") and self.tokens[1] == ("word", "in")):
            negated = self.take()[1] == "not"
            if negated:
                self.take("in")
            tree = ("not in" if negated else "in", tree, self.unary())
        return tree

    def unary(self):
        if self.peek("not", "!", "-", "+"):
            op = self.take()[1]
            return ("not" if op == "!" else op, self.unary())
        tree = self.primary()
        while self.peek("like"):
            self.take()
            tree = ("like", tree, self.primary())
        return tree

    def primary(self):
        kind, value = self.take()
        if kind == "int":
            return ("value", int(value))
        if kind == "float":
            return ("value", float(value))
        if kind == "string":
            return ("value", unquote(value))
        if kind == "op" and value == "(":
            tree = self.or_()
            self.take(")")
            return tree
        if kind == "op" and value == "[":
            items = []
            while not self.peek("]"):
                items.append(self.or_())
                if not self.peek("]"):
                    self.take(",")
            self.take("]")
            return ("list", items)
        if kind == "word" and value in ("true", "false"):
            return ("value", value == "true")
        if kind == "word" and value == "exists":
            return ("exists", self.unary())
        if kind == "word" and (value.startswith(("array_", "json_")) or value == "text_match"):
            self.take("(")
            arguments = [self.or_()]
            while self.peek(","):
                self.take()
                arguments.append(self.or_())
            self.take(")")
            return (value, *arguments)
        if kind == "name":
            # comparisons of timestamptz, from 2.6.3 on
            if self.tokens[0][1] in ("<", "<=", ">", ">=", "==", "!=") and self.tokens[1] == ("word", "iso"):
                op = self.take()[1]
                self.take()
                return (op, ("field", value), ("iso", unquote(self.take()[1])))
            tree = ("field", value)
            keys = []
            while self.peek("[") and self.tokens[1][0] in ("string", "int"):
                self.take()
                keys.append(self.take()[1])
                self.take("]")
            if keys:
                tree = ("path", value, [unquote(k) if k[0] in "\"'" else int(k) for k in keys])
            if self.tokens[0][0] == "null":
                return (self.take()[1].lower(), tree)
            return tree
        raise FilterError("cannot parse expression: %s, error: mismatched input %r" % (self.text, value))


MISSING = object()


class Moment:
    """A time with its zone, as pkg/util/timestamptz reads it: RFC 3339, four digits of a year."""

    def __init__(self, text):
        match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", text)
        if match is None:
            raise FilterError("invalid timestamp string: '%s'. Does not match any known format" % text)
        fraction = ((match[3] or ".")[1:] + "000000")[:6]
        self.at = datetime.datetime.fromisoformat("%sT%s.%s%s" % (match[1], match[2], fraction, match[4].replace("Z", "+00:00")))

    def __eq__(self, other):
        return self.at == other.at

    def __lt__(self, other):
        return self.at < other.at

    def __le__(self, other):
        return self.at <= other.at

    def __gt__(self, other):
        return self.at > other.at

    def __ge__(self, other):
        return self.at >= other.at


def names(tree):
    """The fields that a filter names."""
    if isinstance(tree, tuple) and tree and tree[0] in ("field", "path"):
        return {tree[1]}
    if isinstance(tree, (tuple, list)):
        return set().union(*(names(t) for t in tree)) if tree else set()
    return set()


class Evaluator:
    def __init__(self, version, fields):
        self.version, self.fields = version, fields

    def value(self, tree, row):
        if tree[0] == "value":
            return tree[1]
        if tree[0] == "-":
            return -self.value(tree[1], row)
        if tree[0] == "+":
            return self.value(tree[1], row)
        if tree[0] == "iso":
            return Moment(tree[1])
        if tree[0] == "list":
            return [self.value(t, row) for t in tree[1]]
        if tree[0] == "field":
            if tree[1] not in self.fields:
                if self.fields.get("$meta"):
                    return self.path(row.get("$meta"), [tree[1]])
                raise FilterError("field %s not exist" % tree[1])
            if self.fields[tree[1]] == "Text":
                raise FilterError("filter on text field (%s) is not supported yet" % tree[1])
            return row.get(tree[1])
        if tree[0] == "path":
            if tree[1] not in self.fields:
                raise FilterError("field %s not exist" % tree[1])
            return self.path(row.get(tree[1]), tree[2])
        return self.truth(tree, row)

    def path(self, document, keys):
        if document is None:
            return None if self.version >= (2, 5) else MISSING
        for key in keys:
            try:
                document = document[key]
            except (KeyError, IndexError, TypeError):
                return MISSING
        return MISSING if document is None else document

    def compare(self, op, left, right):
        if left is None or right is None:
            return None
        if isinstance(right, Moment):
            left = Moment(left)
        unlike = left is MISSING or kind_of(left) != kind_of(right)
        if unlike:
            # a JSON path without such a value: UNKNOWN from 2.6.20 on, before it differs from everything
            if self.version >= (2, 6, 20):
                return None
            return op == "!="
        return {"==": left == right, "!=": left != right, "<": left < right if op == "<" else None,
                "<=": left <= right if op == "<=" else None, ">": left > right if op == ">" else None,
                ">=": left >= right if op == ">=" else None}[op]

    def truth(self, tree, row):
        op = tree[0]
        if tree == ALWAYS:
            return True
        if op in ("or", "||"):
            both = [self.truth(t, row) for t in tree[1:]]
            return True if True in both else None if None in both else False
        if op in ("and", "&&"):
            both = [self.truth(t, row) for t in tree[1:]]
            return False if False in both else None if None in both else True
        if op == "not":
            inner = self.truth(tree[1], row)
            return None if inner is None else not inner
        if op in ("is null", "is not null"):
            if tree[1][0] == "field" and tree[1][1] not in self.fields:
                raise FilterError("field %s not exist" % tree[1][1])
            null = self.value(tree[1], row) in (None, MISSING)
            return null if op == "is null" else not null
        if op == "exists":
            return self.value(tree[1], row) not in (None, MISSING)
        if op in ("in", "not in"):
            left = self.value(tree[1], row)
            found = [self.compare("==", left, v) for v in self.value(tree[2], row)]
            if left is None or (left is MISSING and self.version >= (2, 6, 20)):
                return None
            return (True in found) == (op == "in")
        if op == "like":
            left, pattern = self.value(tree[1], row), self.value(tree[2], row)
            if left is None:
                return None
            return re.fullmatch(re.escape(pattern).replace("%", ".*"), left, re.S) is not None
        if op in ("==", "!=", "<", "<=", ">", ">="):
            left, right = self.value(tree[1], row), self.value(tree[2], row)
            return self.compare(op, left, right)
        if op.startswith(("array_contains", "json_contains")):
            have, want = self.value(tree[1], row), self.value(tree[2], row)
            if have is None or have is MISSING:
                return None
            if op.endswith("_all"):
                return all(w in have for w in want)
            if op.endswith("_any"):
                return any(w in have for w in want)
            return want in have
        if op == "array_length":
            have = self.value(tree[1], row)
            return None if have is None or have is MISSING else len(have)
        if op in ("field", "path", "value"):
            value = self.value(tree, row)
            return None if value is None or value is MISSING else bool(value)
        raise FilterError("unknown operator %s" % op)


def kind_of(value):
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


# --- the rewriter ---

ALWAYS = ("always",)
NUMBER_TYPES = ("Int8", "Int16", "Int32", "Int64", "Float", "Double")


def flat(tree, ops):
    if isinstance(tree, tuple) and tree and tree[0] in ops:
        return [leaf for t in tree[1:] for leaf in flat(t, ops)]
    return [tree]


def same_column(a, b):
    return a == b and a[0] in ("field", "path")


def scalar(tree):
    if tree[0] == "-" and tree[1][0] == "value":
        return -tree[1][1]
    return tree[1] if tree[0] == "value" else None


class Rewriter:
    """What planparserv2/rewriter (from 2.6.8 on) makes of a filter, as far as it is not the same.

    2.6.8 to 2.6.12: an OR of a list and != of a value in it becomes a bare constant, which segcore refuses
    (term_in.go combineOrInWithNotEqual newBoolConstExpr, FilterBitsNode.cpp); 2.6.13 to 2.6.18: always true, of NULL as well;
    2.6.14 to 2.6.18: b not in [true, false] becomes b is null (entry.go visitUnaryExpr).  Since 2.6.19 only where nothing is null.
    2.6.8 to 2.6.20: lists of one JSON path get values of several types, which segcore refuses (TermExpr.cpp).
    """

    def __init__(self, version, fields, nullable):
        self.version, self.fields, self.nullable = version, fields, nullable

    def many(self, column):
        """How many equalities of a column become a list."""
        if self.version >= (2, 6, 16) or self.fields.get(column[1]) not in NUMBER_TYPES:
            return 2
        return 151

    def lists(self, parts):
        """Equalities and lists of one column become one list."""
        result, groups = [], []
        for part in parts:
            if part[0] in ("==", "in") and part[1][0] in ("field", "path") and (part[0] == "in" or scalar(part[2]) is not None):
                values = [scalar(v) for v in part[2][1]] if part[0] == "in" else [scalar(part[2])]
                for group in groups:
                    if same_column(group[0], part[1]):
                        group[1].append((part[0], part, values))
                        break
                else:
                    groups.append((part[1], [(part[0], part, values)]))
            else:
                result.append(part)
        for column, members in groups:
            kinds = {}
            for op, _, values in members:
                if op == "==":
                    kinds.setdefault(kind_of(values[0]), []).append(values[0])
            if any(op == "in" for op, _, _ in members) or any(len(v) >= self.many(column) for v in kinds.values()):
                values = [v for _, _, vs in members for v in vs]
                if column[0] == "path" and len({kind_of(v) for v in values}) > 1 and self.version < (3, 0):
                    raise FilterError("segcore: TermExpr of %s has values of different types" % (column,))
                result.append(("in", column, ("list", [("value", v) for v in values])))
            else:
                result += [part for _, part, _ in members]
        return result

    def either(self, parts):
        parts = self.lists(parts)
        for lists in [p for p in parts if p[0] == "in"]:
            for other in parts:
                if other[0] == "!=" and same_column(other[1], lists[1]) and scalar(other[2]) in [scalar(v) for v in lists[2][1]]:
                    if self.version < (2, 6, 13):
                        raise FilterError("segcore: PhyFilterBitsNode result should be ColumnVector")
                    if self.version < (2, 6, 19) or lists[1][0] == "field" and self.fields.get(lists[1][1]) != "JSON" and lists[1][1] not in self.nullable:
                        return ALWAYS
        if ALWAYS in parts:
            return ALWAYS
        return parts[0] if len(parts) == 1 else ("or", *parts)

    def rewrite(self, tree):
        if self.version < (2, 6, 8) or not isinstance(tree, tuple):
            return tree
        if tree[0] in ("or", "||"):
            return self.either([self.rewrite(t) for t in flat(tree, ("or", "||"))])
        if tree[0] in ("and", "&&"):
            parts = [p for p in (self.rewrite(t) for t in flat(tree, ("and", "&&"))) if p != ALWAYS]
            return ALWAYS if not parts else parts[0] if len(parts) == 1 else ("and", *parts)
        if tree[0] == "not in" or tree[0] == "not" and tree[1][0] == "in":
            column, values = tree[1:] if tree[0] == "not in" else tree[1][1:]
            if self.fields.get(column[1]) == "Bool" and {scalar(v) for v in values[1]} == {True, False} and (2, 6, 14) <= self.version < (2, 6, 19):
                return ("is null", column) if column[1] in self.nullable else ("not", ALWAYS)
            if len(values[1]) == 1 and self.version >= (2, 6, 16):
                return ("!=", column, values[1][0])
        return tree


def rewritten(text, version, fields, nullable):
    return Rewriter(version, fields, nullable).rewrite(Parser(text, version).parse())


def passes(text, version, fields, rows, nullable=()):
    """The rows of a list that a filter passes. fields: name -> data type."""
    if not text.strip():
        return list(rows)
    tree = rewritten(text, version, fields, nullable)
    evaluator = Evaluator(version, fields)
    if not rows:
        evaluator.truth(tree, {})       # errors come without rows too
    return [row for row in rows if evaluator.truth(tree, row) is True]


if __name__ == "__main__":
    import sys
    print(json.dumps(Parser(sys.argv[2], tuple(int(n) for n in sys.argv[1].split("."))).parse()))
