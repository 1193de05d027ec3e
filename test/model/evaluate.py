"""Plan -> rows: what the C++ core makes of a filter (internal/core/src/exec/expression).

Each expression gives two bits a row: data and valid.  How they are joined
differs by version:
  2.4           there is no valid.
  2.5-2.6.10    NOT is (not data) and valid; AND and OR join data alone and
                keep the valid bits of the operand that the core evaluates
                first; EXISTS stops NOT from looking at valid from then on.
  2.6.11-       three-valued logic (ThreeValuedLogicOp); up to 2.6.18 the last
                word is data's alone, in 2.6.20 valid counts there, too.
JSON: before 2.6.20 a missing path or another type is just false, and true of
`!=`; since then it is unknown (7ee85ba28e and others).
"""

import calendar
import datetime
import operator
import random
import re

import numpy
import analyzer
import base
import jsons
import plan as plans
import schema as schemas
import texts
from base import DT

OPS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}
BATCH = 8192


class Context:
    """One reading of one shard."""

    def __init__(self, version, indexed=(), doubles=()):
        self.version = version
        self.indexed = indexed
        self.doubles = doubles
        self.nulls = version >= (2, 5, 0)
        self.three_valued = version >= (2, 6, 11)
        self.json_unknown = version >= (2, 6, 20)
        self.not_applies_valid = True


def both(rows, data, valid=None):
    found = numpy.array(data, dtype=bool) if rows else numpy.zeros(0, dtype=bool)
    if valid is None:
        return found, numpy.ones(len(rows), dtype=bool)
    return found, numpy.array(valid, dtype=bool)


def select(node, rows, version, indexed=(), doubles=()):
    """The rows that pass, in order."""
    context = Context(version, indexed, doubles)
    passed = []
    for start in range(0, len(rows), BATCH):
        part = rows[start:start + BATCH]
        data, valid = run(node, part, context)
        if context.json_unknown:
            data = data & valid
        passed.extend(row for row, ok in zip(part, data) if ok)
    return passed


def run(node, rows, context):
    return RUNS[type(node)](node, rows, context)


# --- logic ---

def run_not(node, rows, context):
    data, valid = run(node.child, rows, context)
    data = ~data
    if context.nulls and (context.three_valued or context.not_applies_valid):
        data = data & valid
    return data, valid


def flat(node, kind):
    if isinstance(node, kind):
        return flat(node.left, kind) + flat(node.right, kind)
    return [node]


def order(nodes, context):
    """ReorderConjunctExpr: cheap ones first.  It tells only where valid bits or EXISTS depend on who comes first."""
    def heavy(node):
        if isinstance(node, (plans.And, plans.Or)):
            return any(heavy(n) for n in flat(node, type(node)))
        column = getattr(node, "column", None)
        return isinstance(node, plans.Compare) or column is not None and (
            column.type == DT.JSON or is_like(node))

    def is_like(node):
        return isinstance(node, plans.Unary) and node.op in ("match", "prefix", "postfix", "inner")

    def rank(node):
        if isinstance(node, plans.Compare):
            return 11
        if isinstance(node, (plans.And, plans.Or)):
            return 10 if heavy(node) else 3
        column = getattr(node, "column", None) or (node.left if isinstance(node, plans.Arith) else None)
        if column is None:
            return 4
        if column.type in schemas.INTEGERS or column.type in schemas.FLOATS:
            return 0
        if column.field.name in context.indexed:
            return 1
        like = is_like(node)
        if column.type in (DT.VarChar, DT.Text):
            return 6 if like else 2
        if column.type == DT.Array:
            return 7 if like else 5
        if column.type == DT.JSON:
            return 9 if like else 8
        return 4

    return sorted(nodes, key=rank)


def run_and(node, rows, context):
    return conjunct(flat(node, plans.And), True, rows, context)


def run_or(node, rows, context):
    return conjunct(flat(node, plans.Or), False, rows, context)


def conjunct(nodes, is_and, rows, context):
    nodes = order(nodes, context) if context.nulls else nodes
    data, valid = run(nodes[0], rows, context)
    data, valid = data.copy(), valid.copy()
    if settled(data, valid, is_and, context.three_valued):
        return data, valid
    for one in nodes[1:]:
        other, other_valid = run(one, rows, context)
        if context.three_valued:
            if is_and:
                valid = (valid & ~data) | (other_valid & ~other) | (valid & other_valid)
            else:
                valid = (valid & data) | (other_valid & other) | (valid & other_valid)
        data = data & other if is_and else data | other
        # up to 2.6.18 it forgets here that null is not false (UpdateResult)
        if settled(data, valid, is_and, context.json_unknown):
            break
    return data, valid


def settled(data, valid, is_and, with_valid):
    """Whether the core leaves the other operands out for this batch."""
    if with_valid:
        return bool((valid & ~data if is_and else valid & data).all())
    return not data.any() if is_and else bool(data.all())


def run_always(node, rows, context):
    return both(rows, [True] * len(rows))


def run_const(node, rows, context):
    """Up to 2.6.10 a constant is no bitmap, and refused (expression/Utils.h GetColumnVector; issues 40210, 46796)."""
    if not context.three_valued and rows:
        raise base.segcore("expr result must have a ColumnVector or RowVector result")
    return both(rows, [node.value] * len(rows))


def run_sample(node, rows, context):
    if node.predicate is not None:
        data, valid = run(node.predicate, rows, context)
    else:
        data, valid = run_always(node, rows, context)
    pick = random.Random(len(rows))
    kept = [i for i, ok in enumerate(data) if ok]
    chosen = set(pick.sample(kept, max(1, int(len(kept) * node.factor)))) if kept else set()
    return both(rows, [i in chosen for i in range(len(rows))], valid)


# --- leaves ---

def leaf(column, rows, context, test, unknown=False):
    """test(value) for every row; MISSING where a path leads nowhere.

    unknown: what data says there before 2.6.20 (valid then is true).
    """
    name, path, kind = column.field.name, column.path, column.type
    data, valid = [], []
    for row in rows:
        value = row.values[name]
        if value is None:
            data.append(False)
            valid.append(False)
            continue
        if kind == DT.JSON:
            value = jsons.parse(value)
            value = jsons.at(value, path) if value is not jsons.MISSING else value
        elif kind == DT.Array and path:
            place = int(path[0])
            value = value[place] if 0 <= place < len(value) else jsons.MISSING
            if value is jsons.MISSING and not context.json_unknown:
                data.append(False)
                valid.append(True)
                continue
        found = jsons.MISSING if value is jsons.MISSING else test(value)
        if found is jsons.MISSING:
            data.append(False if context.json_unknown else unknown)
            valid.append(not context.json_unknown)
        else:
            data.append(found)
            valid.append(True)
    return both(rows, data, valid)


def json_value(value, constant):
    """The JSON value as the type of the constant, or MISSING; an int constant takes any number."""
    if isinstance(constant, bool):
        return value if isinstance(value, bool) else jsons.MISSING
    if isinstance(constant, int):
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else jsons.MISSING
    if isinstance(constant, float):
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else jsons.MISSING
    if isinstance(constant, str):
        return value if isinstance(value, str) else jsons.MISSING
    return jsons.MISSING


def compare(op, value, constant):
    """C++'s comparison of int64 and double: the integer becomes a double."""
    if isinstance(value, float) != isinstance(constant, float) and not isinstance(value, str):
        value, constant = float(value), float(constant)
    return OPS[op](value, constant)


def as_stored(column, constant):
    """A constant in the precision of the column (GetValueFromProto<float>)."""
    kind = column.value_type
    if kind == DT.Float and isinstance(constant, (int, float)) and not isinstance(constant, bool):
        with numpy.errstate(over="ignore"):
            return float(numpy.float32(constant))
    return constant


def text_test(op, value, version):
    if op == "prefix":
        return lambda text: text.startswith(value)
    if op == "postfix":
        return lambda text: text.endswith(value)
    if op == "inner":
        return lambda text: value in text
    if op == "regex":
        pattern = re.compile(value)
        return lambda text: pattern.search(text) is not None
    try:
        return texts.like_regex(value, version)
    except texts.BadString as error:
        raise base.segcore(str(error))


def run_unary(node, rows, context):
    column, op, value = node.column, node.op, node.value
    if op in ("text", "phrase", "fuzzy"):
        if not column.field.match:
            # 2.5's parser does not look; there is no index then
            raise base.segcore("text index not found for field %s" % column.field.name)
        return leaf(column, rows, context, analyzer.matcher(column.field, op, value, node.extra))
    kind = column.type
    if isinstance(value, plans.Array):
        return whole_list(column, op, value, rows, context)
    if op in OPS:
        if kind == DT.JSON:
            if column.key in context.doubles and isinstance(value, int) and not isinstance(value, bool):
                # the index has doubles, and the constant becomes one (UnaryExpr.cpp, CanUseIndexForJson)
                value = float(value)
            data, valid = leaf(column, rows, context, lambda found: json_test(op, found, value), op == "!=")
            if op == "!=" and context.version >= (2, 6, 3) and not context.json_unknown:
                # a null column is "not equal" with data true and valid false (UnaryExpr.cpp of 2.6.10 and 2.6.18)
                data = data | numpy.array([row.values[column.field.name] is None for row in rows], dtype=bool)
            return data, valid
        constant = as_stored(column, value)
        return leaf(column, rows, context, lambda found: compare(op, found, constant))
    test = text_test(op, value, context.version)
    if kind == DT.JSON:
        return leaf(column, rows, context, lambda found: test(found) if isinstance(found, str) else jsons.MISSING)
    if kind == DT.Array and not column.path:
        raise base.segcore("unsupported operation on array")
    return leaf(column, rows, context, test)


def json_test(op, found, value):
    found = json_value(found, value)
    return found if found is jsons.MISSING else compare(op, found, value)


def whole_list(column, op, value, rows, context):
    """An array or a JSON list and a list constant: only == and != mean something."""
    def test(found):
        if not isinstance(found, list):
            return jsons.MISSING
        same = jsons.equal(found, value)
        return same if op == "==" else not same if op == "!=" else False
    return leaf(column, rows, context, test)


def run_range(node, rows, context):
    column = node.column
    low, high = as_stored(column, node.lower), as_stored(column, node.upper)
    low_op, high_op = ">=" if node.lower_in else ">", "<=" if node.upper_in else "<"
    if column.type == DT.JSON:
        if type(low) is not type(high):
            # BinaryRangeExpr.cpp: the type is the lower bound's; an integer is cast since 2.6.0 where a double is
            # wanted, and the type is the double if either is since d5bfaf4d34, 2.6.8
            numbers = {type(low), type(high)} == {int, float}
            if rows and not (numbers and (context.version >= (2, 6, 8) or
                                          context.version >= (2, 6, 0) and isinstance(low, float))):
                raise base.segcore("Assert on the value of a bound")
            low, high = (float(low), float(high)) if numbers else (low, high)

        def test(found):
            found = json_value(found, low)
            return found if found is jsons.MISSING else compare(low_op, found, low) and compare(high_op, found, high)
        return leaf(column, rows, context, test)
    return leaf(column, rows, context, lambda v: compare(low_op, v, low) and compare(high_op, v, high))


def run_term(node, rows, context):
    column = node.column
    values = [as_stored(column, v) for v in node.values]
    if column.type == DT.JSON:
        return json_term(column, values, rows, context)
    if column.type == DT.Array and not column.path:
        return array_term(column, values, rows, context)
    wanted = set(values)
    if not context.json_unknown and not values and column.type == DT.Array:
        return leaf(column, rows, context, lambda v: False)
    return leaf(column, rows, context, lambda v: v in wanted)


def json_term(column, values, rows, context):
    """All values are read as the first one's type; another type among them is an assertion (facts 1.8)."""
    if not values:
        return leaf(column, rows, context, lambda v: False)
    kinds = {plans.kind_of(v) for v in values}
    if len(kinds) > 1 or DT.Array in kinds:
        raise base.segcore("unknown data type" if DT.Array in kinds else
                           "Assert \"value_proto.val_case() == …\" => %s" % sorted(map(schemas.type_name, kinds)))
    wanted = set(values)
    integers = isinstance(values[0], int) and not isinstance(values[0], bool)

    def test(found):
        found = json_value(found, values[0])
        if found is jsons.MISSING:
            return found
        if integers and isinstance(found, float):
            return found.is_integer() and int(found) in wanted
        return found in wanted
    return leaf(column, rows, context, test)


def array_term(column, values, rows, context):
    """array in [[…]] and the like: no element type fits."""
    if not values:
        return leaf(column, rows, context, lambda v: False)
    raise base.segcore("unknown data type in term of an array")


def run_compare(node, rows, context):
    left, right, op = node.left, node.right, node.op
    wrong = left.field.is_vector or right.field.is_vector or {DT.Array, DT.JSON} & {left.type, right.type}
    if wrong and rows:
        raise base.segcore("unsupported data type of compare expression")
    data, valid = [], []
    for row in rows:
        a, b = row.values[left.field.name], row.values[right.field.name]
        known = a is not None and b is not None
        data.append(known and compare(op, a, b))
        valid.append(known)
    return both(rows, data, valid)


def run_arith(node, rows, context):
    column, op, value = node.left, node.op, node.value
    if node.arith == "length":
        return run_length(column, op, value, rows, context)
    operand = node.right
    if column.type == DT.Array and not column.path:
        raise base.segcore("unsupported arithmetic on an array")
    if column.value_type == DT.Float:
        single = numpy.float32
        operand, value = single(operand), single(value)

        def calculate(v):
            with numpy.errstate(all="ignore"):
                return number_op(node.arith, single(v), operand)
        return leaf(column, rows, context, lambda v: bool(OPS[op](calculate(v), value)))
    if column.type == DT.JSON:
        def test(found):
            found = json_value(found, operand)
            return found if found is jsons.MISSING else compare(op, number_op(node.arith, found, operand), value)
        return leaf(column, rows, context, test, op == "!=")
    return leaf(column, rows, context, lambda v: compare(op, number_op(node.arith, v, operand), value))


def number_op(arith, a, b):
    """C++ arithmetic: int64 wraps, / cuts off, % keeps the sign; else doubles."""
    whole = all(isinstance(x, int) and not isinstance(x, bool) for x in (a, b))
    if whole:
        if arith == "/":
            return plans.wrap(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)) if b else 0
        if arith == "%":
            return abs(a) % abs(b) * (-1 if a < 0 else 1) if b else 0
        if arith in plans.BITWISE:
            return {"&": a & b, "|": a | b, "^": a ^ b}[arith]
        return plans.wrap({"+": a + b, "-": a - b, "*": a * b}[arith])
    if arith in plans.BITWISE:
        return number_op(arith, int(a), int(b))
    if arith == "%":
        a, b = int(a), int(b)
        return abs(a) % abs(b) * (-1 if a < 0 else 1) if b else 0
    if arith == "/":
        if b == 0:
            return float("inf")
        return a / b
    return {"+": a + b, "-": a - b, "*": a * b}[arith] if arith in "+-*" else None


def run_length(column, op, value, rows, context):
    if isinstance(value, str) or isinstance(value, bool):
        raise base.segcore("array_length compared with no number")
    if column.type == DT.Array:
        if column.path:
            raise base.segcore("array_length of an element")
        return leaf(column, rows, context, lambda v: compare(op, len(v), value))

    def test(found):
        if isinstance(found, list):
            return compare(op, len(found), value)
        return jsons.MISSING
    # before JSON was three-valued, what is no list had the length 0
    return leaf(column, rows, context, test, compare(op, 0, value))


def run_exists(node, rows, context):
    column, version = node.column, context.version
    context.not_applies_valid = False
    if column.type != DT.JSON and rows:
        raise base.segcore("unsupported data type: %s" % schemas.type_name(column.type))
    name = column.field.name
    data, valid = [], []
    for row in rows:
        raw = row.values[name]
        document = jsons.MISSING if raw is None else jsons.parse(raw)
        found = jsons.MISSING if document is jsons.MISSING else jsons.at(document, column.path)
        there = found is not jsons.MISSING
        if version >= (2, 5, 0) and found is None:
            there = False
        if version >= (2, 6, 0) and there and empty_object(found):
            there = False
        data.append(there)
        # since three-valued logic EXISTS of a null document is false, not unknown
        valid.append(raw is not None or context.three_valued)
    return both(rows, data, valid)


def empty_object(value):
    """isObjectEmpty: an object whose values are all empty in the same way."""
    return isinstance(value, dict) and all(v is None or empty_object(v) for v in value.values())


def run_null(node, rows, context):
    name = node.column.field.name
    if node.column.field.is_vector and rows:
        raise base.segcore("unsupported data type: %s" % schemas.type_name(node.column.type))
    there = numpy.array([row.values[name] is not None for row in rows], dtype=bool)
    data = there if node.is_not else ~there
    if context.three_valued:
        return data.copy(), numpy.ones(len(rows), dtype=bool)
    return data.copy(), there


def run_contains(node, rows, context):
    column, elements, how = node.column, node.elements, node.how
    if column.type == DT.Array:
        if column.path:
            raise base.segcore("[ExecArrayContains]nested path must be null")
        wanted = {as_stored(plans.Column(column.field, ("0",)), e) for e in elements
                  if not isinstance(e, plans.Array)}
        if how == "all":
            return leaf(column, rows, context, lambda v: wanted <= set(v))
        return leaf(column, rows, context, lambda v: not wanted.isdisjoint(v))

    floats_are_ints = context.version >= (2, 6, 11)

    def same(value, element):
        if isinstance(value, float) and isinstance(element, int) and not isinstance(element, bool):
            if node.same and not floats_are_ints:
                return False
        return jsons.equal(value, element)

    def test(found):
        if not isinstance(found, list):
            return jsons.MISSING
        if how == "all":
            return all(any(same(v, e) for v in found) for e in elements)
        return any(same(v, e) for v in found for e in elements)
    return leaf(column, rows, context, test)


def run_shifted(node, rows, context):
    years, months, days, hours, minutes, seconds = node.interval
    sign = 1 if node.sign == "+" else -1
    rest = datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    def test(micros):
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
        place = moment.year * 12 + moment.month - 1 + sign * (years * 12 + months)
        year, month = place // 12, place % 12 + 1
        day = min(moment.day, calendar.monthrange(year, month)[1])
        moved = moment.replace(year=year, month=month, day=day) + sign * rest - datetime.datetime(1970, 1, 1)
        return OPS[node.op]((moved.days * 86400 + moved.seconds) * 1000000 + moved.microseconds, node.value)
    return leaf(node.column, rows, context, test)


RUNS = {plans.Not: run_not, plans.And: run_and, plans.Or: run_or, plans.Always: run_always, plans.Const: run_const,
        plans.Sample: run_sample, plans.Unary: run_unary, plans.Range: run_range, plans.Term: run_term,
        plans.Compare: run_compare, plans.Arith: run_arith, plans.Exists: run_exists, plans.Null: run_null,
        plans.Contains: run_contains, plans.Shifted: run_shifted}
