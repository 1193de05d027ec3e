"""The proxy's optimizer of filters, 2.6.8 on (internal/parser/planparserv2/rewriter).

It is meant to change nothing but the speed.  Where it changes the rows, it
does so here as there: nullable fields up to 2.6.18 (facts 1.8), JSON values
of several types (until 3.0), `in` with a range of one JSON path, two ranges
with one lower bound.
"""

import plan as plans
import schema as schemas
from base import DT

RANGE_OPS = ("<", "<=", ">", ">=")
SCALARS = schemas.INTEGERS | schemas.FLOATS | {DT.VarChar}


def rewrite(node, version):
    if version < (2, 6, 8):
        return node
    if version >= (3, 0, 0):
        node = one_kind_each(node)
    return Rewriter(version).visit(node)


def one_kind_each(node):
    """normalizeJSONTermExprs, 3.0 (rewriter/json_term.go): a list for a JSON value is split by kinds."""
    for name in ("left", "right", "child", "predicate"):
        child = getattr(node, name, None)
        if isinstance(child, plans.Node):
            setattr(node, name, one_kind_each(child))
    if not isinstance(node, plans.Term) or node.column.type != DT.JSON or not node.values:
        return node
    kinds = {}
    for value in node.values:
        kinds.setdefault(case(value), []).append(value)
    if len(kinds) == 1 and "array" not in kinds:
        return node
    parts = []
    for kind in ("bool", "int64", "float", "string", "array"):
        values = kinds.get(kind, [])
        if kind == "array" or len(values) == 1:
            parts.extend(unary(node.column, "==", value) for value in values)
        elif values:
            parts.append(term(node.column, values))
    found = parts[0]
    for part in parts[1:]:
        found = plans.Or(left=found, right=part, template=False)
    return found


def true():
    return plans.Always()


def false():
    return plans.Not(child=plans.Always(), template=False)


def is_true(node):
    return isinstance(node, plans.Always)


def is_false(node):
    return isinstance(node, plans.Not) and is_true(node.child)


def unary(column, op, value):
    return plans.Unary(column=column, op=op, value=value, extra=None, template=False)


def term(column, values):
    return plans.Term(column=column, values=values, template=False)


def case(value):
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) else "array"


def same(a, b):
    """equalsGeneric: of one kind, and equal."""
    return case(a) == case(b) and case(a) != "array" and a == b


def kind_of_column(column):
    """effectiveDataType: an array's element type, whether there is an index or not."""
    if column.type in (DT.JSON, DT.Array) and column.element:
        return column.element
    return column.type


def ordered(values):
    """sortGenericValues: sorted and without doubles, by the kind of the first; others read as that kind's zero."""
    if len(values) <= 1:
        return values
    kind = next((case(v) for v in values if case(v) != "array"), None)
    if kind is None:
        return values
    zero = {"bool": False, "int64": 0, "float": 0.0, "string": ""}[kind]

    def key(value):
        return value if case(value) == kind else zero
    found, seen = [], set()
    for value in sorted(values, key=key):
        if key(value) not in seen:
            seen.add(key(value))
            found.append(value)
    return found


def compare(kind, a, b, doubles=True):
    """cmpGeneric; what is of no ordered type counts as equal.  Before 3.0 an int64 was made a double (`doubles`)."""
    if kind in schemas.INTEGERS:
        a, b = (v if case(v) == "int64" else 0 for v in (a, b))
    elif kind in schemas.FLOATS:
        a, b = ((float(v) if doubles else v) if case(v) in ("int64", "float") else 0.0 for v in (a, b))
    elif kind in (DT.VarChar, DT.String):
        a, b = (v if case(v) == "string" else "" for v in (a, b))
    else:
        return 0
    return (a > b) - (a < b)


def range_kind(column, value):
    """The type that bounds of this column are compared by, or None (resolveEffectiveType and its JSON twin)."""
    kind = column.type
    if kind == DT.Array:
        kind = column.element
    if kind in SCALARS:
        fits = {"int64": kind in schemas.INTEGERS or kind in schemas.FLOATS, "float": kind in schemas.FLOATS,
                "string": kind == DT.VarChar}
        return kind if fits.get(case(value)) else None
    if kind == DT.JSON and column.path:
        return {"int64": DT.Double, "float": DT.Double, "string": DT.VarChar}.get(case(value))
    return None


class Rewriter:
    def __init__(self, version):
        self.version = version
        # a580e1d42b, 2.6.19: no constants from what may be null or missing
        self.careful = version >= (2, 6, 19)
        # numbers are gathered into lists from 151 on, later from two on
        self.gather = 2 if version >= (2, 6, 11) else 151
        self.simplifies = version >= (2, 6, 11)
        self.kinds_apart = version >= (3, 0, 0)

    def foldable(self, column):
        """canFoldBoolDomainToConstant, in 3.0 canFoldPredicateToBoolConstant."""
        if self.kinds_apart and column.type == DT.JSON:
            return False
        return not self.careful or not column.field.nullable and not column.path

    def unequal_allowed(self, column):
        """Whether NOT (column == value) may become column != value: in 3.0 canRewriteNotEqual."""
        return not self.careful or not column.path or self.kinds_apart and column.type == DT.JSON

    def compare(self, kind, a, b):
        return compare(kind, a, b, not self.kinds_apart)

    def visit(self, node):
        if isinstance(node, plans.And):
            parts = self.flat(self.visit(node.left), plans.And) + self.flat(self.visit(node.right), plans.And)
            return self.both(parts)
        if isinstance(node, plans.Or):
            parts = self.flat(self.visit(node.left), plans.Or) + self.flat(self.visit(node.right), plans.Or)
            return self.either(parts)
        if isinstance(node, plans.Not):
            return self.negation(node)
        if isinstance(node, plans.Term):
            return self.membership(node)
        if isinstance(node, plans.Const) and self.simplifies:
            return true() if node.value else false()
        return node

    def flat(self, node, kind):
        if isinstance(node, kind):
            return self.flat(node.left, kind) + self.flat(node.right, kind)
        return [node]

    def fold(self, kind, parts):
        """foldBinary: constants swallow or vanish."""
        swallows, vanishes = (is_false, is_true) if kind is plans.And else (is_true, is_false)
        if any(map(swallows, parts)):
            return false() if kind is plans.And else true()
        parts = [p for p in parts if not vanishes(p)]
        if not parts:
            return true() if kind is plans.And else false()
        found = parts[0]
        for part in parts[1:]:
            found = kind(left=found, right=part, template=False)
        return found

    # --- single predicates ---

    def membership(self, node):
        node.values = ordered(node.values)
        if not self.simplifies:
            return node
        column, values = node.column, node.values
        if kind_of_column(column) == DT.Bool and values and all(case(v) == "bool" for v in values):
            if len(values) == 2:
                if self.careful and not self.foldable(column):
                    return node
                if column.field.nullable:
                    return plans.Null(column=column, is_not=True)
                return true()
        if len(values) == 1:
            return unary(column, "==", values[0])
        return node

    def negation(self, node):
        child = node.child
        if self.simplifies and isinstance(child, plans.Term):
            child.values = ordered(child.values)
            column = child.column
            if kind_of_column(column) == DT.Bool:
                if self.careful and not self.foldable(column) and len(child.values) == 2:
                    return node
            elif len(child.values) == 1:
                if not self.unequal_allowed(column):
                    return node
                return unary(column, "!=", child.values[0])
        child = self.visit(child)
        if is_false(child):
            return true()
        if self.simplifies:
            if is_true(child):
                return false()
            if isinstance(child, plans.Null):
                return plans.Null(column=child.column, is_not=not child.is_not)
            if isinstance(child, plans.Unary) and child.op == "==":
                if self.unequal_allowed(child.column):
                    return unary(child.column, "!=", child.value)
        return plans.Not(child=child, template=False)

    # --- or ---

    def either(self, parts):
        parts = self.equals_to_term(parts, "==")
        parts = self.join_text_matches(parts)
        parts = self.or_bounds(parts)
        parts = self.or_ranges(parts)
        parts = self.or_term_not_equal(parts)
        parts = self.or_terms(parts)
        parts = self.or_term_equal(parts)
        return self.fold(plans.Or, parts)

    def equals_to_term(self, parts, op):
        """combineOrEqualsToIn, combineAndNotEqualsToNotIn."""
        groups, others = {}, []
        for part in parts:
            if not isinstance(part, plans.Unary) or part.op != op:
                others.append(part)
                continue
            if self.kinds_apart and case(part.value) == "array":
                others.append(part)
                continue
            key = (part.column.key, self.group_kind(part.column, part.value))
            group = groups.setdefault(key, [])
            if group and case(group[0].value) != case(part.value):
                others.append(part)
                continue
            group.append(part)
        for group in groups.values():
            column = group[0].column
            numeric = column.type in schemas.INTEGERS | schemas.FLOATS
            if len(group) < (self.gather if numeric else 2):
                others.extend(group)
            elif op == "!=" and not self.unequal_allowed(column):
                others.extend(group)
            else:
                made = term(column, ordered([p.value for p in group]))
                others.append(made if op == "==" else plans.Not(child=made, template=False))
        return others

    @staticmethod
    def join_text_matches(parts):
        groups, others = {}, []
        for part in parts:
            if isinstance(part, plans.Unary) and part.op == "text" and part.extra is None:
                groups.setdefault(part.column.key, []).append(part)
            else:
                others.append(part)
        for group in groups.values():
            if len(group) == 1:
                others.extend(group)
            else:
                others.append(unary(group[0].column, "text", " ".join(p.value for p in group)))
        return others

    @staticmethod
    def bounds(parts):
        """Parts that are bounds, by column and type; and the rest."""
        groups, others = {}, []
        for part in parts:
            kind = range_kind(part.column, part.value) if isinstance(part, plans.Unary) and part.op in RANGE_OPS \
                else None
            if kind is None:
                others.append(part)
            else:
                groups.setdefault((part.column.key, kind), []).append(part)
        return groups, others

    def or_bounds(self, parts):
        """combineOrRangePredicates: of several lower (upper) bounds the weakest."""
        groups, others = self.bounds(parts)
        for (_, kind), group in groups.items():
            for lower in (True, False):
                some = [p for p in group if (p.op[0] == ">") == lower]
                if len(some) <= 1:
                    others.extend(some)
                    continue
                others.append(self.extreme(some, kind, -1 if lower else 1, loose=True))
        return others

    def extreme(self, some, kind, sign, loose):
        """The bound that is furthest in the direction of `sign`; of equals the one with = (loose) or without."""
        best = some[0]
        for part in some[1:]:
            order = self.compare(kind, part.value, best.value) * sign
            if order > 0 or order == 0 and (len(part.op) == 2) == loose and (len(best.op) == 2) != loose:
                best = part
        return unary(best.column, best.op, best.value)

    @staticmethod
    def intervals(parts):
        """Ranges and bounds as (lower, lower_in, upper, upper_in, part), by column and type; and the rest."""
        groups, others = {}, []
        for part in parts:
            if isinstance(part, plans.Range):
                column = part.column
                kind = column.element if column.type == DT.Array else column.type
                if kind == DT.JSON:
                    kind = range_kind(column, part.lower)
                if kind in SCALARS:
                    groups.setdefault((column.key, kind), []).append(
                        (part.lower, part.lower_in, part.upper, part.upper_in, part))
                    continue
            elif isinstance(part, plans.Unary) and part.op in RANGE_OPS:
                kind = range_kind(part.column, part.value)
                if kind is not None:
                    included = len(part.op) == 2
                    groups.setdefault((part.column.key, kind), []).append(
                        (part.value, included, None, False, part) if part.op[0] == ">" else
                        (None, False, part.value, included, part))
                    continue
            others.append(part)
        return groups, others

    def or_ranges(self, parts):
        """combineOrBinaryRanges: two that touch become one; of equal lower bounds the first one's = counts."""
        groups, others = self.intervals(parts)
        for (_, kind), group in groups.items():
            if len(group) != 2 or any(g[0] is None or g[2] is None for g in group):
                others.extend(g[4] for g in group)
                continue
            first, second = group
            if self.compare(kind, first[0], second[0]) > 0:
                first, second = second, first
            touch = self.compare(kind, first[2], second[0])
            if not (touch > 0 or touch == 0 and (first[3] or second[1])):
                others.extend(g[4] for g in group)
                continue
            upper, upper_in = second[2], second[3]
            order = self.compare(kind, first[2], second[2])
            if order > 0:
                upper, upper_in = first[2], first[3]
            elif order == 0 and first[3]:
                upper_in = True
            others.append(plans.Range(column=first[4].column, lower=first[0], lower_in=first[1], upper=upper,
                                      upper_in=upper_in, template=False))
        return others

    def group_kind(self, column, value):
        """In 3.0 predicates of JSON values are kept apart by the kind of the value (valueGroupKey)."""
        return case(value) if self.kinds_apart and column.type == DT.JSON else None

    def with_terms(self, parts, ops):
        """Terms and unaries of some operators, by column: (terms, unaries); and the rest.

        Of several terms the optimizer sees the last; the others stay as they are.
        """
        groups, others = {}, []
        for part in parts:
            if isinstance(part, plans.Term):
                if self.kinds_apart and (not part.values or len({case(v) for v in part.values}) > 1):
                    others.append(part)
                    continue
                kind = self.group_kind(part.column, part.values[0]) if part.values else None
                groups.setdefault((part.column.key, kind), ([], []))[0].append(part)
            elif isinstance(part, plans.Unary) and part.op in ops and not (
                    self.kinds_apart and case(part.value) == "array"):
                kind = self.group_kind(part.column, part.value)
                groups.setdefault((part.column.key, kind), ([], []))[1].append(part)
            else:
                others.append(part)
        return groups, others

    def or_term_not_equal(self, parts):
        groups, others = self.with_terms(parts, ("!=",))
        for terms, unequal in groups.values():
            if not terms or not unequal:
                others.extend(terms + unequal)
                continue
            last = terms[-1]
            if any(same(v, u.value) for u in unequal for v in last.values):
                if not self.foldable(last.column):
                    others.extend(terms + unequal)
                    continue
                others.extend(terms[:-1])
                # up to 2.6.12 a value, which nothing folds and the executor refuses (pull request 48261)
                others.append(true() if self.version >= (2, 6, 13) else plans.Const(value=True))
            else:
                others.extend(terms[:-1] + unequal)
        return others

    def or_terms(self, parts):
        groups, others = self.with_terms(parts, ())
        for terms, _ in groups.values():
            if len(terms) > 1:
                terms = [term(terms[0].column, ordered([v for t in terms for v in t.values]))]
            others.extend(terms)
        return others

    def or_term_equal(self, parts):
        groups, others = self.with_terms(parts, ("==",))
        for terms, equal in groups.values():
            if terms and equal:
                last = terms[-1]
                made = term(last.column, ordered(list(last.values) + [e.value for e in equal]))
                others.extend(terms[:-1] + [made])
            else:
                others.extend(terms + equal)
        return others

    # --- and ---

    def both(self, parts):
        parts = self.and_bounds(parts)
        parts = self.and_ranges(parts)
        parts = self.and_terms(parts)
        parts = self.and_term_not_equal(parts)
        parts = self.and_term_range(parts)
        parts = self.and_term_equal(parts)
        parts = self.equals_to_term(parts, "!=")
        return self.fold(plans.And, parts)

    def and_bounds(self, parts):
        """combineAndRangePredicates: the strongest bounds; both become a range."""
        groups, others = self.bounds(parts)
        for (_, kind), group in groups.items():
            lowers = [p for p in group if p.op[0] == ">"]
            uppers = [p for p in group if p.op[0] == "<"]
            low = self.extreme(lowers, kind, 1, loose=False) if lowers else None
            high = self.extreme(uppers, kind, -1, loose=False) if uppers else None
            if low is None or high is None:
                others.append(low or high)
                continue
            order = self.compare(kind, low.value, high.value)
            low_in, high_in = len(low.op) == 2, len(high.op) == 2
            if order > 0 or order == 0 and not (low_in and high_in):
                if self.foldable(low.column):
                    others.append(false())
                else:
                    others.extend(group)
                continue
            others.append(plans.Range(column=low.column, lower=low.value, lower_in=low_in, upper=high.value,
                                      upper_in=high_in, template=False))
        return others

    def and_ranges(self, parts):
        """combineAndBinaryRanges: the intersection."""
        groups, others = self.intervals(parts)
        for (_, kind), group in groups.items():
            if len(group) == 1:
                others.append(group[0][4])
                continue
            column = group[0][4].column
            low = low_in = high = high_in = None
            for lower, lower_in, upper, upper_in, _ in group:
                if lower is not None:
                    order = 1 if low is None else self.compare(kind, lower, low)
                    if order > 0 or order == 0 and not lower_in:
                        low, low_in = lower, lower_in
                if upper is not None:
                    order = -1 if high is None else self.compare(kind, upper, high)
                    if order < 0 or order == 0 and not upper_in:
                        high, high_in = upper, upper_in
            if low is not None and high is not None:
                order = self.compare(kind, low, high)
                if order > 0 or order == 0 and not (low_in and high_in):
                    if self.foldable(column):
                        others.append(false())
                    else:
                        others.extend(g[4] for g in group)
                    continue
                others.append(plans.Range(column=column, lower=low, lower_in=low_in, upper=high, upper_in=high_in,
                                          template=False))
            elif low is not None:
                others.append(unary(column, ">=" if low_in else ">", low))
            else:
                others.append(unary(column, "<=" if high_in else "<", high))
        return others

    def and_terms(self, parts):
        groups, others = self.with_terms(parts, ())
        for terms, _ in groups.values():
            if len(terms) > 1:
                common = [v for v in terms[0].values if all(any(same(v, w) for w in t.values) for t in terms[1:])]
                if common:
                    terms = [term(terms[0].column, common)]
                elif self.foldable(terms[0].column):
                    terms = [false()]
            others.extend(terms)
        return others

    def and_term_not_equal(self, parts):
        groups, others = self.with_terms(parts, ("!=",))
        for terms, unequal in groups.values():
            if not terms or not unequal:
                others.extend(terms + unequal)
                continue
            last = terms[-1]
            left = [v for v in last.values if not any(same(v, u.value) for u in unequal)]
            if left:
                others.extend(terms[:-1] + [term(last.column, left)])
            elif self.foldable(last.column):
                others.extend(terms[:-1] + [false()])
            else:
                others.extend(terms + unequal)
        return others

    def and_term_range(self, parts):
        """combineAndInWithRange; before 3.0 values of JSON paths count as equal to every bound."""
        groups, others = self.with_terms(parts, RANGE_OPS)
        for terms, limits in groups.values():
            if not terms or not limits:
                others.extend(terms + limits)
                continue
            last = terms[-1]
            kind = kind_of_column(last.column)
            if self.kinds_apart:
                values = [v for t in terms for v in t.values] + [p.value for p in limits]
                if kind == DT.JSON:
                    kind = {"int64": DT.Int64, "float": DT.Double, "string": DT.VarChar}.get(case(values[0]))
                if kind is None or last.column.type != DT.JSON and any(
                        range_kind(last.column, v) is None for v in values):
                    others.extend(terms + limits)
                    continue
            low = high = None
            for part in limits:
                if part.op[0] == ">":
                    order = 1 if low is None else self.compare(kind, part.value, low.value)
                    if order > 0 or order == 0 and part.op == ">" and len(low.op) == 2:
                        low = part
                else:
                    order = -1 if high is None else self.compare(kind, part.value, high.value)
                    if order < 0 or order == 0 and part.op == "<" and len(high.op) == 2:
                        high = part

            def comparable(value, limit):
                a, b = case(value), case(limit.value)
                numbers = ("int64", "float")
                return a in numbers and b in numbers or a == b and a in ("bool", "string")

            def inside(value):
                if low is not None:
                    order = self.compare(kind, value, low.value)
                    if order < 0 or order == 0 and len(low.op) == 1:
                        return False
                if high is not None:
                    order = self.compare(kind, value, high.value)
                    if order > 0 or order == 0 and len(high.op) == 1:
                        return False
                return True

            if not all(comparable(v, limit) for v in last.values for limit in (low, high) if limit is not None):
                others.extend(terms + limits)
                continue
            left = [v for v in last.values if inside(v)]
            if left:
                others.extend(terms[:-1] + [term(last.column, left)])
            elif self.foldable(last.column):
                others.extend(terms[:-1] + [false()])
            else:
                others.extend(terms + limits)
        return others

    def and_term_equal(self, parts):
        groups, others = self.with_terms(parts, ("==",))
        for terms, equal in groups.values():
            if not terms or not equal:
                others.extend(terms + equal)
                continue
            last = terms[-1]
            distinct = []
            for part in equal:
                if not any(same(part.value, d) for d in distinct):
                    distinct.append(part.value)
            there = len(distinct) == 1 and any(same(v, distinct[0]) for v in last.values)
            if there:
                others.append(unary(last.column, "==", distinct[0]))
            elif self.foldable(last.column):
                others.append(false())
            else:
                others.extend(terms + equal)
        return others
