"""Tree -> plan: names, types and constants of a filter.

After internal/parser/planparserv2/parser_visitor.go, utils.go, operators.go.
A plan is made of the small classes below; evaluate.py runs it and rewrite.py
changes it as the proxy's optimizer does.
"""

import math
import re

import base
import instants
import schema as schemas
import texts
from base import DT

ARITHMETIC = schemas.INTEGERS | schemas.FLOATS
STRINGS = {DT.VarChar, DT.String, DT.Text}


class PlanFault(Exception):
    pass


def cast_item(kind, value):
    """One of a list after `in`; the message shows it as Go's protobuf prints it."""
    try:
        return cast(kind, value)
    except PlanFault:
        if isinstance(value, bool):
            shown = "bool_val:%s" % str(value).lower()
        elif isinstance(value, (int, float)):
            shown = ("int64_val:%d" if isinstance(value, int) else "float_val:%g") % value
        else:
            shown = 'string_val:"%s"' % value if isinstance(value, str) else "array_val:{…}"
        raise PlanFault("value '%s' in list cannot be casted to %s" % (shown, schemas.type_name(kind)))


class NothingFault(PlanFault):
    """What 2.4's planner goes on from with a null pointer."""


class Panic(Exception):
    """The proxy falls."""


class Node:
    """One predicate; `template` tells that values are still to be filled in."""

    def __init__(self, **what):
        self.__dict__.update(what)

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ", ".join("%s=%r" % pair for pair in sorted(self.__dict__.items())))


class Column:
    def __init__(self, field, path=()):
        self.field = field
        self.path = tuple(path)
        self.type = field.type
        self.element = field.element

    @property
    def key(self):
        return (self.field.id, self.path)

    @property
    def value_type(self):
        """What its values are compared as: an array's element where an index is given."""
        return self.element if self.type == DT.Array and self.path else self.type

    def __repr__(self):
        return self.field.name + "".join("/" + p for p in self.path)


class Array:
    """A list constant; same: all of one type."""

    def __init__(self, items):
        self.items = items
        kinds = {kind_of(i) for i in items}
        self.same = len(kinds) <= 1
        self.kind = kinds.pop() if len(kinds) == 1 else None

    def __repr__(self):
        return repr(self.items)


class Template:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return "{%s}" % self.name


class Unary(Node):          # column op value; extra for the text functions
    pass


class Range(Node):          # lower < column < upper
    pass


class Term(Node):           # column in values
    pass


class Compare(Node):        # left op right
    pass


class Arith(Node):          # column arith operand op value, and before that an expression
    pass


class Exists(Node):
    pass


class Null(Node):
    pass


class Contains(Node):
    pass


class Not(Node):
    pass


class And(Node):
    pass


class Or(Node):
    pass


class Always(Node):         # what an empty filter is
    pass


class Const(Node):          # a boolean that was computed
    pass


class Sample(Node):
    pass


class Shifted(Node):        # timestamptz ± interval op instant
    pass


class Typed:
    """ExprWithType: what (a node, a Column or a constant), its type, and whether it needs something around it."""

    def __init__(self, what, kind, dependent=False):
        self.what = what
        self.kind = kind
        self.dependent = dependent

    @property
    def constant(self):
        return not isinstance(self.what, (Node, Column))

    @property
    def template(self):
        if isinstance(self.what, Template):
            return True
        return isinstance(self.what, Node) and bool(getattr(self.what, "template", False))


def kind_of(value):
    if isinstance(value, bool):
        return DT.Bool
    if isinstance(value, int):
        return DT.Int64
    if isinstance(value, float):
        return DT.Double
    if isinstance(value, str):
        return DT.VarChar
    if isinstance(value, Array):
        return DT.Array
    return None


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value):
    return is_int(value) or isinstance(value, float)


def wrap(number):
    """int64 arithmetic of Go."""
    return (number + 2 ** 63) % 2 ** 64 - 2 ** 63


def cast(kind, value):
    """castValue."""
    if kind == DT.JSON or kind == DT.Timestamptz:
        return value
    if kind == DT.Array and isinstance(value, Array):
        return value
    if kind in STRINGS and isinstance(value, str):
        return value
    if kind == DT.Bool and isinstance(value, bool):
        return value
    if kind in schemas.FLOATS and is_number(value):
        return float(value)
    if kind in schemas.INTEGERS and is_int(value):
        return value
    raise PlanFault("cannot cast value to %s, value: %s" % (schemas.type_name(kind or 0), value))


def can_compare_types(left, right):
    if left == DT.Bool:
        return right in (DT.Bool, DT.JSON)
    if left in ARITHMETIC:
        return right in ARITHMETIC or right == DT.JSON
    if left in (DT.String, DT.VarChar):
        return right in STRINGS or right == DT.JSON
    return left == DT.JSON


def element_of(typed):
    if isinstance(typed.what, Column):
        return typed.what.element
    if isinstance(typed.what, Array):
        return typed.what.kind
    return None


def can_compare(left, right):
    a = element_of(left) if left.kind == DT.Array else left.kind
    b = element_of(right) if right.kind == DT.Array else right.kind
    return can_compare_types(a, b)


def compare_constants(op, a, b):
    """Less … NotEqual of operators.go, or None where the two can't be compared."""
    if isinstance(a, str) and isinstance(b, str):
        pass
    elif is_number(a) and is_number(b):
        if op in ("==", "!=") and (isinstance(a, float) or isinstance(b, float)):
            equal = abs(float(a) - float(b)) < 1e-10
            return equal if op == "==" else not equal
        if isinstance(a, float) or isinstance(b, float):
            a, b = float(a), float(b)
    elif not (op in ("==", "!=") and isinstance(a, bool) and isinstance(b, bool)):
        return None
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op]


BITWISE = ("&", "|", "^")
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Visitor:
    def __init__(self, schema, version, zone):
        self.schema = schema
        self.version = version
        self.zone = zone

    def visit(self, tree):
        return getattr(self, "visit_" + tree[0])(*tree[1:])

    # --- names ---

    def column(self, name, text_allowed=False):
        name = texts.decode_names(name)
        if name.lower() == "null" and self.version >= (3, 0, 0) and self.schema.field(name) is None:
            raise PlanFault("NULL literal is not supported in expressions; "
                            "use '<field> is null' or '<field> is not null' instead")
        field = self.schema.or_dynamic(name)
        if field is None:
            raise PlanFault("field %s not exist" % name)
        if field.type == DT.Text and not text_allowed:
            raise PlanFault("filter on text field (%s) is not supported yet" % field.name)
        return Column(field, () if field.name == name else (name,))

    def json_column(self, text):
        """getColumnInfoFromJSONIdentifier; the quoted keys are taken as they stand, escapes and all."""
        text = texts.decode_names(text)
        name = text.split("[")[0]
        if name.lower() == "null" and self.version >= (3, 0, 0) and self.schema.field(name) is None:
            raise PlanFault("NULL literal is not supported in expressions")
        field = self.schema.or_dynamic(name)
        if field is None:
            raise PlanFault("field %s not exist" % name)
        if field.type not in (DT.JSON, DT.Array):
            raise PlanFault("%s data type not supported accessed with []" % schemas.type_name(field.type))
        path = [] if field.name == name else [name]
        for part in text[len(name):].split("]["):
            part = part.strip("[]")
            if not part:
                raise PlanFault("invalid identifier: %s" % text)
            if self.version >= (3, 0, 0) and re.match(r"[rR]['\"]", part):
                part = part[1:]
            if len(part) >= 2 and part[0] == part[-1] and part[0] in "\"'" or part in ('"', "'"):
                part = part[1:-1]
                if not part:
                    raise PlanFault("invalid identifier: %s" % text)
                if field.type == DT.Array:
                    raise PlanFault("can only access array field with integer index")
            elif not re.fullmatch(r"[+-]?[0-9]+", part) or int(part) >= 2 ** 63:
                raise PlanFault('json key must be enclosed in double quotes or single quotes: "%s"' % part)
            path.append(part)
        return Column(field, path)

    def any_column(self, column):
        kind, word = column
        return self.column(word) if kind == "ID" else self.json_column(word)

    def visit_id(self, word):
        column = self.column(word)
        return Typed(column, column.type, True)

    def visit_jsonid(self, word):
        column = self.json_column(word)
        return Typed(column, column.type, True)

    def visit_struct(self, word):
        raise PlanFault("struct field not found: %s" % word)

    # --- constants ---

    def visit_int(self, text):
        number = base.go_int(text)
        if number is None:
            if text == "9223372036854775808" and self.version >= (2, 6, 8):
                return Typed(2 ** 63, None, True)
            raise PlanFault('strconv.ParseInt: parsing "%s": value out of range' % text)
        return Typed(number, DT.Int64, True)

    def visit_float(self, text):
        number = float.fromhex(text) if text[:2] in ("0x", "0X") else float(text)
        if math.isinf(number):
            raise PlanFault('strconv.ParseFloat: parsing "%s": value out of range' % text)
        return Typed(number, DT.Double, True)

    def visit_bool(self, text):
        return Typed(text.lower() == "true", DT.Bool, True)

    def visit_string(self, text):
        return Typed(self.string(text), DT.VarChar, True)

    def visit_raw(self, text):
        return Typed(text[2:-1], DT.VarChar, True)

    def visit_template(self, name):
        return Typed(Template(name), None)

    def visit_empty(self, _):
        return Typed(Array([]), DT.Array, True)

    def visit_array(self, trees):
        items = []
        for tree in trees:
            one = self.visit(tree)
            if not one.constant or one.template:
                raise PlanFault("array element type must be generic value")
            items.append(self.in_range(one.what))
        return Typed(Array(items), DT.Array, True)

    @staticmethod
    def in_range(value):
        if is_int(value) and value == 2 ** 63:
            raise PlanFault("int64 overflow: 9223372036854775808")
        return value

    def string(self, token):
        try:
            return texts.literal(token)
        except texts.BadString as error:
            raise PlanFault(str(error))

    # --- arithmetic ---

    def visit_unary(self, op, tree):
        child = self.visit(tree)
        if child.constant and not child.template:
            value = child.what
            if op == "-":
                if is_int(value):
                    return Typed(wrap(-value), DT.Int64, True if value == 2 ** 63 else False)
                if isinstance(value, float):
                    return Typed(-value, DT.Double)
                raise PlanFault("cannot parse expression")
            self.in_range(value)
            if op == "+":
                return child
            if op == "not":
                if not isinstance(value, bool):
                    raise (NothingFault if self.version < (2, 5, 0) else PlanFault)("not can only apply on boolean")
                return Typed(not value, DT.Bool)
            raise PlanFault("unexpected op: %s" % op)
        if isinstance(child.what, Sample):
            raise PlanFault("random sample expression cannot be used in unary expression")
        self.no_whole_array(child)
        if op == "+":
            return child
        if op != "not":
            raise PlanFault("unexpected op: %s" % op)
        self.must_run(child, "not op can only be applied on boolean expression")
        return Typed(Not(child=child.what, template=child.template), DT.Bool)

    def no_whole_array(self, typed):
        if isinstance(typed.what, Column) and typed.what.type == DT.Array and not typed.what.path:
            raise PlanFault("can not comparisons array fields directly")

    @staticmethod
    def must_run(typed, text):
        """canBeExecuted."""
        if typed.kind != DT.Bool or typed.dependent:
            raise PlanFault(text)

    def visit_binary(self, op, left, right):
        if op in ("and", "or"):
            return self.logical(op, left, right)
        a, b = self.operands(op, left, right)
        self.in_range(a.what) if a.constant else None
        self.in_range(b.what) if b.constant else None
        if op in ("<<", ">>") or op in BITWISE and self.version < (3, 0, 0):
            raise PlanFault("%s is not supported" % op)
        if a.constant and b.constant:
            if a.template or b.template:
                raise PlanFault("placeholder was not supported between two constants with operator: %s" % op)
            return self.fold(op, a.what, b.what)
        if op == "**":
            raise PlanFault("power can only apply on constants")
        if op in ("==", "!="):
            return self.comparison(op, a, b)
        self.no_whole_array(a)
        self.no_whole_array(b)
        if op in ("<", "<=", ">", ">="):
            return self.comparison(op, a, b)
        return self.arithmetic(op, a, b)

    def operands(self, op, left, right):
        """In 2.4 `not 5` is a null pointer, which a comparison falls over (operators.go Not, utils.go toColumnInfo)."""
        found, nothing = [], False
        for tree in (left, right):
            try:
                found.append(self.visit(tree))
            except NothingFault:
                if op not in TURNED:
                    raise PlanFault("invalid arithmetic expression")
                nothing = True
        if nothing:
            raise Panic("invalid memory address or nil pointer dereference")
        return found

    def fold(self, op, a, b):
        if op in ("<", "<=", ">", ">=", "==", "!="):
            found = compare_constants(op, a, b)
            if found is None:
                raise PlanFault("comparison operations cannot be applied to two incompatible operands")
            return Typed(found, DT.Bool)
        if op == "%":
            if not (is_int(a) and is_int(b)):
                raise PlanFault("modulo can only apply on integer")
            if b == 0:
                raise PlanFault("cannot modulo by zero")
            return Typed(int(math.fmod(a, b)) if abs(a) < 2 ** 53 and abs(b) < 2 ** 53
                         else abs(a) % abs(b) * (-1 if a < 0 else 1), DT.Int64)
        if op in BITWISE:
            if not (is_int(a) and is_int(b)):
                raise PlanFault("%s can only apply on integer fields" % op)
            return Typed({"&": a & b, "|": a | b, "^": a ^ b}[op], DT.Int64)
        if not (is_number(a) and is_number(b)):
            if op == "**" or isinstance(a, (bool, str)) or isinstance(b, (bool, str)):
                raise PlanFault("%s cannot apply on bool or string field" % op)
            # lists: the getters of a list give 0 (operators.go looks for bool and string only)
            a, b = a if is_number(a) else 0, b if is_number(b) else 0
        return self.calculate(op, a, b)

    @staticmethod
    def calculate(op, a, b):
        if op == "**":
            try:
                power = float(a) ** float(b)
            except OverflowError:
                power = math.inf
            except ZeroDivisionError:
                power = math.inf
            if isinstance(power, complex):
                power = math.nan
            if is_int(a) and is_int(b) and b >= 0 and power <= float(2 ** 63):
                return Typed(wrap(int(power)) if abs(power) < 2 ** 63 else -2 ** 63, DT.Int64)
            return Typed(power, DT.Double)
        if op == "/" and b == 0:
            raise PlanFault("cannot divide by zero")
        if is_int(a) and is_int(b):
            if op == "/":
                found = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            else:
                found = {"+": a + b, "-": a - b, "*": a * b}[op]
            return Typed(wrap(found), DT.Int64)
        a, b = float(a), float(b)
        return Typed({"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else math.inf}[op], DT.Double)

    def arithmetic(self, op, a, b):
        """Column and constant; what becomes of it is decided where it is compared."""
        if isinstance(a.what, Node) and not isinstance(a.what, Arith) or isinstance(b.what, Node) and not isinstance(
                b.what, Arith):
            if a.kind == DT.Bool or b.kind == DT.Bool:
                raise PlanFault("cannot perform arithmetic between bool expressions")
        if a.template:
            kind = b.kind
        elif b.template:
            kind = a.kind
        else:
            reverse = a.constant
            left = element_of(a) if a.kind == DT.Array else a.kind
            right = element_of(b) if b.kind == DT.Array else b.kind
            if reverse and self.version >= (2, 5, 0):
                left, right = right, left
            if not self.can_calculate(left, right):
                raise PlanFault("cannot perform arithmetic between %s field and %s"
                                % (schemas.type_name(left or 0), schemas.type_name(right or 0)))
            if op == "%" or op in BITWISE:
                for one in (left, right):
                    if one not in schemas.INTEGERS and one not in (DT.JSON, DT.Timestamptz):
                        raise PlanFault("%s can only apply on integer types" % op)
            if reverse and self.version < (2, 5, 0):
                left, right = right, left
            kind = self.target_type(left, right)
        return Typed(Arith(left=a.what, arith=op, right=b.what, kind=kind, op=None, value=None,
                           template=a.template or b.template), kind, True)

    def can_calculate(self, left, right):
        if left in schemas.INTEGERS and self.version >= (2, 5, 0):
            return right in schemas.INTEGERS or right == DT.JSON
        if left in ARITHMETIC:
            return right in ARITHMETIC or right == DT.JSON
        return left == DT.JSON and right in ARITHMETIC

    @staticmethod
    def target_type(left, right):
        """getTargetType."""
        if left == DT.JSON:
            if right == DT.JSON:
                return DT.JSON
            if right in schemas.FLOATS:
                return DT.Double
            if right in schemas.INTEGERS:
                return DT.Int64
        if left in schemas.FLOATS and (right == DT.JSON or right in ARITHMETIC):
            return DT.Double
        if left in schemas.INTEGERS:
            if right in schemas.FLOATS:
                return DT.Double
            if right in schemas.INTEGERS or right == DT.JSON:
                return DT.Int64
        raise PlanFault("incompatible data type, %s, %s" % (schemas.type_name(left or 0), schemas.type_name(right or 0)))

    # --- comparisons ---

    def comparison(self, op, a, b):
        """HandleCompare."""
        if not a.template and not b.template and not can_compare(a, b):
            raise PlanFault("comparisons between %s and %s are not supported"
                            % (schemas.type_name(a.kind or 0), schemas.type_name(b.kind or 0)))
        if a.constant:
            return Typed(self.with_value(TURNED[op], b, a.what), DT.Bool)
        if b.constant:
            return Typed(self.with_value(op, a, b.what), DT.Bool)
        if not isinstance(a.what, Column) or not isinstance(b.what, Column):
            raise PlanFault("only comparison between two fields is supported")
        if self.version >= (2, 6, 0) and DT.JSON in (a.what.type, b.what.type):
            raise PlanFault("two column comparison with JSON type is not supported")
        if self.version >= (3, 0, 0) and DT.Array in (a.what.type, b.what.type):
            raise PlanFault("field-to-field comparison involving ARRAY fields is not supported")
        return Typed(Compare(left=a.what, op=op, right=b.what), DT.Bool)

    def with_value(self, op, typed, value):
        """handleCompareRightValue."""
        template = isinstance(value, Template)
        kind = typed.what.value_type if isinstance(typed.what, Column) else typed.kind
        if not typed.template and not template:
            value = cast(kind, value)
        if isinstance(typed.what, Arith):
            return self.arith_compare(op, typed, value)
        if not isinstance(typed.what, Column):
            raise PlanFault("not supported to combine multiple fields")
        return Unary(column=typed.what, op=op, value=value, extra=None, template=template)

    def arith_compare(self, op, typed, value):
        """handleBinaryArithExpr."""
        what = typed.what
        template = isinstance(value, Template)
        if what.arith == "length":
            return Arith(left=what.left, arith="length", right=None, kind=DT.Int64, op=op, value=value,
                         template=template)
        left, right = what.left, what.right
        if isinstance(left, Column) and isinstance(right, Column):
            raise PlanFault("not supported to do arithmetic operations between multiple fields")
        if isinstance(right, Column) and not isinstance(left, Node):
            if what.arith not in ("+", "*"):
                raise PlanFault("module field is not yet supported")
            left, right = right, left
        elif not isinstance(left, Column) or isinstance(right, (Node, Column)):
            raise PlanFault("complicated arithmetic operations are not supported")
        if not isinstance(right, Template):
            right = cast(typed.kind, right)
            if what.arith in ("/", "%") and right == 0 and self.version >= (2, 5, 0):
                raise PlanFault("division or modulus by zero")
        return Arith(left=left, arith=what.arith, right=right, kind=typed.kind, op=op, value=value,
                     template=template or isinstance(right, Template))

    def visit_range(self, reverse, first, column, second, left, right):
        column = self.any_column(column)
        if column.type == DT.Array and not column.path:
            raise PlanFault("can not comparisons array fields directly")
        lower, upper = self.visit(left), self.visit(right)
        low_op, high_op = first, second
        if reverse:
            lower, upper, low_op, high_op = upper, lower, second, first
        if not lower.constant or not upper.constant:
            raise PlanFault("lowerbound or upperbound cannot be a non-const expression")
        kind = column.element if column.type == DT.Array else column.type
        values = []
        for bound in (lower, upper):
            value = self.in_range(bound.what)
            values.append(value if bound.template else self.cast_bound(kind, value))
        included = [len(low_op) == 2, len(high_op) == 2]
        template = lower.template or upper.template
        if not template:
            values = check_bounds(values, included)
        return Typed(Range(column=column, lower=values[0], upper=values[1], lower_in=included[0],
                           upper_in=included[1], template=template), DT.Bool)

    @staticmethod
    def cast_bound(kind, value):
        """castRangeValue."""
        if kind in (DT.String, DT.VarChar) and not isinstance(value, str):
            raise PlanFault("invalid range operations")
        if kind == DT.Bool:
            raise PlanFault("invalid range operations on boolean expr")
        if kind in schemas.INTEGERS and not is_int(value):
            raise PlanFault("invalid range operations")
        if kind in schemas.FLOATS:
            if not is_number(value):
                raise PlanFault("invalid range operations")
            return float(value)
        return value

    def visit_term(self, negated, child, values):
        typed = self.operands("==", child, child)[0]
        if typed.constant and not typed.template:
            raise PlanFault("'term' can only be used on non-const expression")
        if not isinstance(typed.what, Column):
            raise PlanFault("'term' can only be used on single field")
        column = typed.what
        found = self.visit(values)
        template = found.template
        if template:
            items = found.what
        else:
            if not found.constant:
                raise PlanFault("value in list cannot be a non-const expression")
            if not isinstance(found.what, Array):
                raise PlanFault("the right-hand side of 'in' must be a list")
            items = [cast_item(column.value_type, value) for value in found.what.items]
            if column.value_type == DT.JSON and (2, 6, 11) <= self.version < (3, 0, 0):
                if any(is_int(i) for i in items) and any(isinstance(i, float) for i in items):
                    items = [float(i) if is_int(i) else i for i in items]
        node = Term(column=column, values=items, template=template)
        return Typed(Not(child=node, template=template) if negated else node, DT.Bool)

    # --- texts ---

    def query_text(self, tree, what):
        found = self.visit(tree)
        if not found.constant or not (found.template or isinstance(found.what, str)):
            raise PlanFault("%s should be a string literal or template variable" % what)
        return found.what

    def visit_like(self, left, pattern):
        column = self.like_column(left, "like")
        value = self.query_text(pattern, "like pattern")
        if isinstance(value, Template):
            return Typed(Unary(column=column, op="match", value=value, extra=None, template=True), DT.Bool)
        op, operand = texts.like(value, self.version)
        return Typed(Unary(column=column, op=op, value=operand, extra=None, template=False), DT.Bool)

    def like_column(self, tree, what):
        left = self.visit(tree)
        if not isinstance(left.what, Column):
            raise PlanFault("%s operation on complicated expr is unsupported" % what)
        self.no_whole_array(left)
        if left.kind not in STRINGS | {DT.JSON} and not (left.kind == DT.Array and left.what.element in STRINGS):
            raise PlanFault("%s operation on non-string or no-json field is unsupported" % what)
        return left.what

    def visit_regex(self, left, pattern):
        column = self.like_column(left, "regex match")
        value = self.regex_pattern(pattern)
        if not isinstance(value, Template):
            try:
                re.compile(value)
            except re.error as error:
                raise PlanFault("invalid regex pattern: %s" % error)
        return Typed(Unary(column=column, op="regex", value=value, extra=None,
                           template=isinstance(value, Template)), DT.Bool)

    def visit_regex_not(self, left, pattern):
        found = self.visit_regex(left, pattern)
        return Typed(Not(child=found.what, template=found.what.template), DT.Bool)

    def regex_pattern(self, tree):
        """extractRegexPattern: of the escapes only those of quotes and backslashes are taken away."""
        if tree[0] != "string":
            return self.query_text(tree, "regex pattern")
        token = tree[1]
        if token[0] not in "\"'":
            raise PlanFault("invalid regex pattern literal")
        return re.sub(r"\\(.)", lambda m: m.group(1) if m.group(1) in (token[0], "\\") else m.group(), token[1:-1],
                      flags=re.S)

    def text_column(self, name):
        column = self.column(name, text_allowed=self.version >= (3, 0, 0))
        if column.type not in STRINGS:
            raise PlanFault("text match operation on non-string is unsupported")
        if not column.field.match and self.version >= (2, 6, 0):
            raise PlanFault('field "%s" does not enable match' % name)
        return column

    def visit_text_match(self, name, query, least):
        column = self.text_column(name)
        value = self.query_text(query, "text_match query")
        if least is not None:
            least = base.go_int(least)
            if least is None or not 1 <= least <= 1000:
                raise PlanFault("minimum_should_match should be >= 1 and <= 1000, got %s" % least)
        return Typed(Unary(column=column, op="text", value=value, extra=least, template=isinstance(value, Template)),
                     DT.Bool)

    def visit_phrase_match(self, name, query, slop):
        column = self.text_column(name)
        value = self.query_text(query, "phrase_match query")
        if slop is not None:
            found = self.visit(slop)
            if not found.constant or found.template:
                raise PlanFault('"slop" should be a const integer expression with "uint32" value')
            slop = found.what if is_int(found.what) else 0
            if not 0 <= slop < 2 ** 32:
                raise PlanFault('"slop" exceeds the range of "uint32" or is negative')
        return Typed(Unary(column=column, op="phrase", value=value, extra=slop or 0,
                           template=isinstance(value, Template)), DT.Bool)

    def visit_fuzzy(self, name, query, option):
        column = self.text_column(name)
        value = self.query_text(query, "text_match_fuzzy query")
        if option[0].lower() != "max_edit_distance":
            raise PlanFault("invalid option %s for text_match_fuzzy, expected max_edit_distance" % option[0])
        distance = base.go_int(option[1])
        if distance is None or not 0 <= distance <= 2:
            raise PlanFault("max_edit_distance should be in [0, 2]")
        return Typed(Unary(column=column, op="fuzzy", value=value, extra=distance,
                           template=isinstance(value, Template)), DT.Bool)

    # --- null, exists, lists, time ---

    def visit_null(self, is_not, column):
        column = self.any_column(column)
        # what is let through here, segcore refuses
        if column.field.is_vector and self.version >= (2, 6, 18):
            raise PlanFault("IsNull/IsNotNull operations are not supported on vector fields")
        if column.path:
            if column.type == DT.Array and self.version >= (2, 6, 16):
                raise PlanFault("IsNull/IsNotNull operations are not supported on array element access")
            found = Exists(column=column, template=False)
            return Typed(found if is_not else Not(child=found, template=False), DT.Bool)
        return Typed(Null(column=column, is_not=is_not), DT.Bool)

    def visit_exists(self, tree):
        found = self.visit(tree)
        if not isinstance(found.what, Column):
            raise PlanFault("exists operations are only supported on single fields now")
        if found.what.type != DT.JSON:
            raise PlanFault("exists operations are only supportted on json field, got:%s"
                            % schemas.type_name(found.what.type))
        if not found.what.path:
            raise PlanFault("exists operations are only supportted on json key")
        return Typed(Exists(column=found.what, template=False), DT.Bool)

    def contains(self, how, column, elements):
        found = self.visit(column)
        if not isinstance(found.what, Column) or found.what.type not in (DT.JSON, DT.Array):
            raise PlanFault("%s operation are only supported on json or array fields now" % how)
        value = self.visit(elements)
        if not value.constant:
            raise PlanFault("%s operation are only supported explicitly specified element" % how)
        if value.template:
            return Typed(Contains(column=found.what, how=how, elements=value.what, same=True, template=True), DT.Bool)
        self.in_range(value.what)
        items, same = check_elements(found.what, how, value.what)
        return Typed(Contains(column=found.what, how=how, elements=items, same=same, template=False), DT.Bool)

    def visit_contains(self, column, elements):
        return self.contains("contains", column, elements)

    def visit_contains_all(self, column, elements):
        return self.contains("all", column, elements)

    def visit_contains_any(self, column, elements):
        return self.contains("any", column, elements)

    def visit_array_length(self, column):
        column = self.any_column(column)
        if column.type not in (DT.JSON, DT.Array):
            raise PlanFault("array_length operation are only supported on json or array fields now")
        return Typed(Arith(left=column, arith="length", right=None, kind=DT.Int64, op=None, value=None,
                           template=False), DT.Int64, True)

    def visit_call(self, name, trees):
        for tree in trees:
            self.visit(tree)
        # parsed into a call; the core knows "empty" and "starts_with" of VarChar only
        raise base.Unimplemented("the model has no function %s in filters" % name) if name.lower() in (
            "empty", "starts_with") else base.segcore("function %s not found" % name)

    def visit_sample(self, tree):
        found = self.visit(tree)
        if not found.constant or found.template:
            raise PlanFault('"float factor" should be a const float expression')
        factor = found.what if isinstance(found.what, float) else 0.0
        if not 1e-10 < factor < 1 - 1e-10:
            raise PlanFault("the sample factor should be between 0 and 1 and not too close to 0 or 1")
        return Typed(Sample(factor=factor, predicate=None), DT.Bool)

    def visit_instant(self, name, sign, interval, op, text):
        column = self.column(name)
        if column.type != DT.Timestamptz:
            raise PlanFault("field '%s' is not a timestamptz datatype" % name)
        micros = instants.micros_of(self.string(text), self.zone)
        if micros is None:
            raise PlanFault("invalid timestamp string: '%s'. Does not match any known format" % text)
        if sign is None:
            return Typed(Unary(column=column, op=op, value=micros, extra=None, template=False), DT.Bool)
        found = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?",
                             self.string(interval))
        if not found:
            raise PlanFault("invalid ISO 8601 duration: %s" % interval)
        parts = tuple(int(part or 0) for part in found.groups())
        return Typed(Shifted(column=column, sign=sign, interval=parts, op=op, value=micros), DT.Bool)

    # --- and, or ---

    def logical(self, op, left, right):
        a, b = self.visit(left), self.visit(right)
        const_a = a.constant and not a.template
        const_b = b.constant and not b.template
        if const_a and const_b:
            if not (isinstance(a.what, bool) and isinstance(b.what, bool)):
                raise PlanFault("%s can only apply on boolean" % op)
            return Typed(a.what and b.what if op == "and" else a.what or b.what, DT.Bool)
        wrong = "'%s' can only be used between boolean expressions" % op
        if const_a or const_b:
            return self.with_constant(op, *((a.what, b) if const_a else (b.what, a)), wrong)
        samples = isinstance(a.what, Sample), isinstance(b.what, Sample)
        if samples[0] or op == "or" and samples[1]:
            raise PlanFault("random sample expression can only be the last expression in the logical and expression")
        self.must_run(a, wrong)
        self.must_run(b, wrong)
        if samples[1]:
            return Typed(Sample(factor=b.what.factor, predicate=a.what), DT.Bool)
        template = a.template or b.template
        made = (And if op == "and" else Or)(left=a.what, right=b.what, template=template)
        return Typed(made, DT.Bool)

    def with_constant(self, op, value, other, wrong):
        """From 3.0 on `true and x` is x, `true or x` is true, whatever x is."""
        if self.version < (3, 0, 0) or not isinstance(value, bool):
            raise PlanFault(wrong)
        if value == (op == "or"):
            always = Always()
            return Typed(always if value else Not(child=always, template=False), DT.Bool)
        self.must_run(other, wrong)
        return other


def check_bounds(values, included):
    op = ">" if all(included) else ">="
    wrong = compare_constants(op, values[0], values[1])
    if wrong:
        raise PlanFault("invalid range: lowerbound is greater than upperbound")
    return values


def check_elements(column, how, value):
    """checkContainsElement: the elements as a list, and whether they are of one type."""
    if how != "contains" and not isinstance(value, Array):
        raise PlanFault("%s operation element must be an array" % how)
    if column.type == DT.Array:
        elements = [cast(column.element, value)] if how == "contains" else value.items
        for one in elements:
            if not can_compare_types(column.element, kind_of(one)):
                raise PlanFault("%s operation can't compare between array element type: %s and %s"
                                % (how, schemas.type_name(column.element), schemas.type_name(kind_of(one))))
    if how == "contains":
        return [value], True
    return list(value.items), value.same
