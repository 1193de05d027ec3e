"""The filter language's words and grammar: text -> tree.

Written by hand after internal/parser/planparserv2/Plan.g4 of each line of
releases.  ANTLR's rules hold: the longest word wins, of equals the first;
operators bind as their alternatives are ordered; a prefix operator takes an
operand that binds at least as tight as itself.

A tree is a tuple whose first item names the alternative: ("int", text),
("binary", op, left, right), ("call", name, [trees]) …
"""

import re

import base


class SyntaxFault(Exception):
    pass


ESCAPE = (r"\\(?:['\"?abfnrtv\\]|[0-7]{1,3}|x[0-9a-fA-F]+|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n|\r\n%s)")
STRING = r"""(?:"(?:[^"\\\r\n]|{e})*"|'(?:[^'\\\r\n]|{e})*')"""
RAW = r"""[rR](?:"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')"""

KEYWORDS = {
    "like": "LIKE", "exists": "EXISTS", "in": "IN", "and": "AND", "or": "OR", "not": "NOT",
    "json_contains": "CONTAINS", "json_contains_all": "CONTAINS_ALL", "json_contains_any": "CONTAINS_ANY",
    "array_contains": "CONTAINS", "array_contains_all": "CONTAINS_ALL", "array_contains_any": "CONTAINS_ANY",
    "array_length": "ARRAY_LENGTH",
}
SPATIAL = ("st_equals", "st_touches", "st_overlaps", "st_crosses", "st_contains", "st_intersects", "st_within")

# word -> (token, since, until): only all lower or all upper case is a word
LATER = {
    "text_match": ("TEXT_MATCH", (2, 5, 0)), "phrase_match": ("PHRASE_MATCH", (2, 5, 17)),
    "random_sample": ("RANDOM_SAMPLE", (2, 6, 0)),
    "interval": ("INTERVAL", (2, 6, 3)), "iso": ("ISO", (2, 6, 3)),
    "minimum_should_match": ("MINIMUM", (2, 6, 8)),
    "text_match_fuzzy": ("FUZZY", (3, 0, 0)), "threshold": ("THRESHOLD", (3, 0, 0)),
    "match_all": ("MATCH", (3, 0, 0)), "match_any": ("MATCH", (3, 0, 0)), "match_least": ("MATCH_N", (3, 0, 0)),
    "match_most": ("MATCH_N", (3, 0, 0)), "match_exact": ("MATCH_N", (3, 0, 0)),
    "element_filter": ("ELEMENT_FILTER", (3, 0, 0)), "st_isvalid": ("ST_ISVALID", (3, 0, 0)),
}

BINARY = ("POW", "MULDIVMOD", "ADDSUB", "SHIFT", "TERM", "RANGE", "REVERSE_RANGE", "RELATIONAL", "EQUALITY",
          "BAND", "BXOR", "BOR", "AND", "OR")
OPERATORS = {"**": ("POW", "**"), "*": ("MULDIVMOD", "*"), "/": ("MULDIVMOD", "/"), "%": ("MULDIVMOD", "%"),
             "+": ("ADDSUB", "+"), "-": ("ADDSUB", "-"), "<<": ("SHIFT", "<<"), ">>": ("SHIFT", ">>"),
             "<": ("RELATIONAL", "<"), "<=": ("RELATIONAL", "<="), ">": ("RELATIONAL", ">"),
             ">=": ("RELATIONAL", ">="), "==": ("EQUALITY", "=="), "!=": ("EQUALITY", "!="),
             "&": ("BAND", "&"), "^": ("BXOR", "^"), "|": ("BOR", "|"), "&&": ("AND", "and"), "||": ("OR", "or")}


class Language:
    """The words and precedences of one version."""

    def __init__(self, version):
        self.version = version
        words = dict(KEYWORDS)
        for word, (token, since) in LATER.items():
            if version >= since:
                words[word] = token
        if version >= (2, 5, 0):
            # tokens since 2.5.0, but in the rules of 2.6.0 and 2.6.1/2 they are no words (Plan.g4 of febfeca5ff)
            if not version.between((2, 6, 0), (2, 6, 2)):
                words.update((word, "SPATIAL") for word in SPATIAL)
                words["st_dwithin"] = "ST_DWITHIN"
        self.words = {}
        for word, token in words.items():
            self.words[word] = self.words[word.upper()] = token
        for word in ("true", "True", "TRUE", "false", "False", "FALSE"):
            self.words[word] = "BOOL"
        self.exists_is_last = version < (2, 5, 0)
        self.has_null_tests = version >= (2, 5, 4)
        self.has_calls = version >= (2, 5, 0)
        self.has_raw = version >= (3, 0, 0)
        # like, text_match … take any expression (a template, too) instead of a literal
        self.like_takes_expr = version >= (2, 6, 11)
        order = ["LIKE", "REGEX", "REGEX_NOT"] if self.has_raw else ["LIKE"]
        order += ["POW", "UNARY"] + list(BINARY[1:])
        if self.exists_is_last:
            order.append("EXISTS")
        else:
            order.insert(0, "EXISTS")
        self.precedence = {name: len(order) - i for i, name in enumerate(order)}
        self.scanner = self.make_scanner()

    def make_scanner(self):
        escape = ESCAPE % (r"|[^\r\n]" if self.has_raw else "")
        string = STRING.replace("{e}", escape)
        inner = "(?:%s|%s|[1-9][0-9]*|0)" % ("(?:u8|u|U|L)?" + string, RAW if self.has_raw else "(?!)")
        parts = [
            ("SPACE", r"[ \t\r\n]+"),
            ("NULLTEST", r"is null|IS NULL|is not null|IS NOT NULL" if self.has_null_tests else r"(?!)"),
            ("RAW", RAW if self.has_raw else r"(?!)"),
            ("STRING", "(?:u8|u|U|L)?" + string),
            ("JSONID", r"(?:[A-Za-z_][A-Za-z0-9_]*|\$meta)(?:\[%s\])+" % inner),
            ("STRUCT", r"(?:[A-Za-z_][A-Za-z0-9_]*(?:\[(?:[1-9][0-9]*|0)\])?|\$)\[[A-Za-z_][A-Za-z0-9_]*\]"
             if self.has_raw else r"(?!)"),
            ("META", r"\$meta"),
            ("ID", r"[A-Za-z_][A-Za-z0-9_]*"),
            ("FLOAT", r"0[xX](?:[0-9a-fA-F]*\.[0-9a-fA-F]+|[0-9a-fA-F]+\.?)[pP][+-]?[0-9]+"
                      r"|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+\.(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+"),
            ("INT", r"0[xX][0-9a-fA-F]+|0[bB][01]+|[1-9][0-9]*|0[0-7]*"),
            ("EMPTY", r"\[[ \t\r\n]*\]"),
            ("OP", r"\*\*|<<|>>|<=|>=|==|!=|&&|\|\||%s[-+*/%%<>&|^~!=]" % (r"=~|!~|" if self.has_raw else "")),
            ("MARK", r"[()\[\],{}]"),
        ]
        return re.compile("|".join("(?P<%s>%s)" % part for part in parts))

    def tokens(self, text):
        found, at, end = [], 0, len(text)
        match = self.scanner.match
        while at < end:
            hit = match(text, at)
            if hit is None:
                raise SyntaxFault("line 1:%d token recognition error at: '%s'" % (at, text[at:at + 1]))
            kind, word = hit.lastgroup, hit.group()
            at = hit.end()
            if kind == "SPACE":
                continue
            if kind == "ID":
                kind = self.words.get(word, "ID")
            elif kind == "OP":
                kind = {"!": "NOT", "=~": "REGEX", "!~": "REGEX_NOT"}.get(word, word)
            elif kind == "MARK":
                kind = word
            found.append((kind, word))
        found.append(("EOF", "<EOF>"))
        return found


class Parser:
    def __init__(self, language, text):
        self.language = language
        self.text = text
        self.tokens = language.tokens(text)
        self.at = 0

    def peek(self, ahead=0):
        place = self.at + ahead
        return self.tokens[place][0] if place < len(self.tokens) else "EOF"

    def take(self, kind=None):
        token = self.tokens[self.at]
        if kind is not None and token[0] != kind:
            raise SyntaxFault("line 1:%d mismatched input '%s' expecting %s" % (self.at, token[1], kind))
        self.at += 1
        return token[1]

    def unexpected(self):
        raise SyntaxFault("line 1:%d no viable alternative at input '%s'" % (self.at, self.tokens[self.at][1]))

    def parse(self):
        tree = self.expr(0)
        if self.peek() != "EOF":
            # handleInternal: what could be read is an expression, but it is not all
            raise SyntaxFault("invalid expression: %s" % self.text)
        return tree

    def expr(self, least):
        left = self.primary()
        precedence = self.language.precedence
        while True:
            kind = self.peek()
            level, op = OPERATORS.get(kind, (None, None))
            if kind in ("LIKE", "REGEX", "REGEX_NOT"):
                level = kind
            elif kind == "AND":
                level, op = "AND", "and"
            elif kind == "OR":
                level, op = "OR", "or"
            elif kind == "IN" or kind == "NOT" and self.peek(1) == "IN":
                level = "TERM"
            if level is None:
                return left
            if level == "RELATIONAL":
                around = self.range_level(kind, least)
                if around:
                    left = self.range(left, around)
                    continue
            if precedence[level] < least:
                return left
            if level == "TERM":
                negated = kind == "NOT"
                if negated:
                    self.take()
                self.take("IN")
                left = ("term", negated, left, self.expr(precedence[level] + 1))
            elif level == "LIKE" and not self.language.like_takes_expr:
                self.take()
                left = ("like", left, ("string", self.take("STRING")))
            elif level in ("LIKE", "REGEX", "REGEX_NOT"):
                self.take()
                left = (level.lower(), left, self.expr(precedence[level] + 1))
            else:
                self.take()
                left = ("binary", op, left, self.expr(precedence[level] + 1))

    def range_level(self, kind, least):
        """Range alternatives stand before Relational: taken wherever they fit."""
        same = ("<", "<=") if kind in ("<", "<=") else (">", ">=")
        level = "RANGE" if same[0] == "<" else "REVERSE_RANGE"
        if (self.language.precedence[level] >= least and self.peek(1) in ("ID", "JSONID") and self.peek(2) in same
                and self.peek(3) != "ISO"):
            return level
        return None

    def range(self, left, level):
        first = self.take()
        column = (self.peek(), self.take())
        second = self.take()
        right = self.expr(self.language.precedence[level] + 1)
        return ("range", level == "REVERSE_RANGE", first, column, second, left, right)

    def arguments(self, count):
        """'(' expr, … ')' with exactly so many."""
        self.take("(")
        found = [self.expr(0)]
        while len(found) < count:
            self.take(",")
            found.append(self.expr(0))
        self.take(")")
        return found

    def primary(self):
        kind = self.peek()
        simple = {"INT": "int", "FLOAT": "float", "BOOL": "bool", "STRING": "string", "RAW": "raw", "META": "id",
                  "EMPTY": "empty"}.get(kind)
        if simple:
            return (simple, self.take())
        if kind == "ID":
            return self.identifier()
        if kind == "JSONID":
            word = self.take()
            if self.peek() == "NULLTEST":
                return ("null", "not" in self.take().lower(), ("JSONID", word))
            return ("jsonid", word)
        if kind == "STRUCT":
            return ("struct", self.take())
        if kind == "{":
            self.take()
            name = self.take("ID")
            self.take("}")
            return ("template", name)
        if kind == "(":
            self.take()
            inner = self.expr(0)
            self.take(")")
            return inner
        if kind == "[":
            return self.array()
        if kind in ("+", "-", "~", "NOT"):
            self.take()
            return ("unary", "not" if kind == "NOT" else kind, self.expr(self.language.precedence["UNARY"]))
        if kind == "EXISTS":
            self.take()
            return ("exists", self.expr(self.language.precedence["EXISTS"]))
        if kind == "ISO":
            return self.instant_first()
        return self.function(kind)

    def array(self):
        self.take("[")
        items = [self.expr(0)]
        while self.peek() == ",":
            self.take()
            if self.peek() == "]":
                break
            items.append(self.expr(0))
        self.take("]")
        return ("array", items)

    def identifier(self):
        # Identifier [±INTERVAL "…"] op ISO "…" is one alternative, before the plain name
        comparisons = ("<", "<=", ">", ">=", "==", "!=")
        if self.peek(1) in comparisons and self.peek(2) == "ISO" and self.peek(3) == "STRING":
            name, op, _, text = self.take(), self.take(), self.take(), self.take()
            return ("instant", name, None, None, op, text)
        if (self.peek(1) in ("+", "-") and self.peek(2) == "INTERVAL" and self.peek(3) == "STRING"
                and self.peek(4) in comparisons and self.peek(5) == "ISO" and self.peek(6) == "STRING"):
            name, sign, _, interval, op, _, text = (self.take() for _ in range(7))
            return ("instant", name, sign, interval, op, text)
        word = self.take()
        if self.peek() == "NULLTEST":
            return ("null", "not" in self.take().lower(), ("ID", word))
        if self.peek() == "(" and self.language.has_calls:
            self.take()
            found = []
            while self.peek() != ")":
                found.append(self.expr(0))
                if self.peek() != ",":
                    break
                self.take()
            self.take(")")
            return ("call", word, found)
        return ("id", word)

    def instant_first(self):
        self.take("ISO")
        text = self.take("STRING")
        op = self.take()
        turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
        if op not in turned:
            self.unexpected()
        name = self.take("ID")
        sign = interval = None
        if self.peek() in ("+", "-") and self.peek(1) == "INTERVAL":
            sign = self.take()
            self.take()
            interval = self.take("STRING")
        return ("instant", name, sign, interval, turned[op], text)

    def function(self, kind):
        if kind in ("CONTAINS", "CONTAINS_ALL", "CONTAINS_ANY"):
            self.take()
            return (kind.lower(), *self.arguments(2))
        if kind == "ARRAY_LENGTH":
            self.take()
            self.take("(")
            column = (self.peek(), self.take())
            if column[0] not in ("ID", "JSONID"):
                self.unexpected()
            self.take(")")
            return ("array_length", column)
        if kind in ("TEXT_MATCH", "PHRASE_MATCH", "FUZZY"):
            return self.text_function(kind)
        if kind == "RANDOM_SAMPLE":
            self.take()
            return ("sample", *self.arguments(1))
        if kind in ("SPATIAL", "ST_DWITHIN", "ST_ISVALID", "ELEMENT_FILTER", "MATCH", "MATCH_N"):
            raise base.Unimplemented("the model has no %s in filters" % self.tokens[self.at][1]) \
                if self.peek(1) == "(" else SyntaxFault("mismatched input '%s'" % self.tokens[self.at][1])
        return self.unexpected()

    def text_function(self, kind):
        self.take()
        self.take("(")
        name = self.take("ID")
        self.take(",")
        if self.language.like_takes_expr:
            query = self.expr(0)
        else:
            query = ("string", self.take("STRING"))
        extra = None
        if kind == "FUZZY":
            self.take(",")
            option = self.take("ID")
            self.take("=")
            extra = (option, self.take("INT"))
        elif self.peek() == ",":
            self.take()
            if kind == "PHRASE_MATCH":
                extra = self.expr(0)
            else:
                self.take("MINIMUM")
                self.take("=")
                extra = self.take("INT")
        self.take(")")
        return (kind.lower(), name, query, extra)
