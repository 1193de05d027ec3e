"""A filter's way: text -> tree -> plan -> values filled in -> rewritten -> rows."""

import bisect
import functools

import base
import columns
import evaluate
import plan as plans
import rewrite
import schema as schemas
import syntax
import texts
from base import DT

LANGUAGES = {}


class Plan:
    """A filter ready to run."""

    def __init__(self, node, version):
        self.node = node
        self.version = version

    @property
    def always_true(self):
        return isinstance(self.node, plans.Always)

    def select(self, collection, times, partitions, first=None):
        """The visible rows that pass, shard after shard; first: of each shard so many keys, the smallest.

        Looking up keys and the beginning of an order is only quicker than reading all.
        """
        found = []
        indexed = {index.field for index in collection.indexes.values()}
        doubles = double_paths(collection, self.version)
        keys, above = pk_limits(self.node)
        for number, shard in enumerate(collection.shards):
            moment = times[number]

            def seen(rows):
                return [row for row in rows if row.inserted <= moment < row.deleted
                        and (partitions is None or row.partition in partitions)]

            if keys is not None:
                rows = [row for key in keys for row in shard.by_pk.get(key, ())]
            elif first is not None:
                found.extend(self.beginning(shard, seen, above, first, indexed, doubles))
                continue
            else:
                rows = shard.rows
            found.extend(evaluate.select(self.node, seen(rows), self.version, indexed, doubles))
        return found

    def holds(self, collection, rows):
        """For each row whether it passes: the bits alone, as what asks so in the core looks at no validity."""
        context = evaluate.Context(self.version, {index.field for index in collection.indexes.values()},
                                   double_paths(collection, self.version))
        return [bool(bit) for bit in evaluate.run(self.node, rows, context)[0]] if rows else []

    def beginning(self, shard, seen, above, first, indexed, doubles):
        rows, keys = shard.ordered()
        at = bisect.bisect_left(keys, above) if above is not None else 0
        found, size = [], max(first, 1000)
        while at < len(rows) and len({row.pk for row in found}) <= first:
            found.extend(evaluate.select(self.node, seen(rows[at:at + size]), self.version, indexed, doubles))
            at += size
        return found

    def primary_keys(self):
        """getPrimaryKeysFromPlan: the keys where the filter is nothing but keys."""
        node = self.node
        if isinstance(node, plans.Term) and node.column.field.primary:
            return list(node.values)
        if isinstance(node, plans.Unary) and node.op == "==" and node.column.field.primary:
            return [node.value]
        return None

    def partition_keys(self):
        """ParseKeys: the values that the partition key must have, or None."""
        return keys_in(self.node)


def double_paths(collection, version):
    """The JSON paths whose numbers an index has as doubles (json_cast_type DOUBLE; 2.5.7 on)."""
    found = set()
    for index in collection.indexes.values():
        if index.params.get("json_cast_type", "").upper() == "DOUBLE":
            column = parse_name(collection.schema, index.params["json_path"], version)
            if column is not None:
                found.add(column.key)
    return found


def pk_limits(node):
    """(keys, lower bound) that every row passing the filter keeps to; None where it is not bound so."""
    keys = above = None
    while isinstance(node, plans.And):
        k, a = pk_limits(node.right)
        keys, above = k if keys is None else keys, a if above is None else above
        node = node.left
    column = getattr(node, "column", None)
    if column is not None and column.field.primary:
        if isinstance(node, plans.Term) and keys is None:
            keys = sorted(set(node.values))
        elif isinstance(node, plans.Unary) and node.op == "==" and keys is None:
            keys = [node.value]
        elif isinstance(node, plans.Unary) and node.op in (">", ">=") and above is None:
            above = node.value
        elif isinstance(node, plans.Range) and above is None:
            above = node.lower
    return keys, above


def keys_in(node):
    """internal/util/exprutil: `==` and `in`, through AND (either side) and OR (both sides)."""
    if isinstance(node, plans.Term) and node.column.field.partition_key:
        return set(node.values)
    if isinstance(node, plans.Unary) and node.op == "==" and node.column.field.partition_key:
        return {node.value}
    if isinstance(node, plans.And):
        left, right = keys_in(node.left), keys_in(node.right)
        return right if left is None else left if right is None else left | right
    if isinstance(node, plans.Or):
        left, right = keys_in(node.left), keys_in(node.right)
        return None if left is None or right is None else left | right
    return None


@functools.lru_cache(maxsize=1024)
def tree_of(text, number):
    language = LANGUAGES[number]
    return syntax.Parser(language, texts.han_to_ascii(text, language.has_raw)).parse()


def compile_filter(schema, text, templates, version, zone="UTC"):
    if not text.strip():
        return Plan(plans.Always(), version)
    if version.number not in LANGUAGES:
        LANGUAGES[version.number] = syntax.Language(version)
    try:
        try:
            typed = plans.Visitor(schema, version, zone).visit(tree_of(text, version.number))
        except (syntax.SyntaxFault, plans.PlanFault) as error:
            raise plans.PlanFault(("cannot parse expression: %s: %s" if version >= (2, 6, 19) else
                                   "cannot parse expression: %s, error: %s") % (text, error))
        if typed.constant:
            # a filter that is but `true` or `false` is taken from 3.0 on
            if typed.template or typed.kind != DT.Bool or typed.dependent and version < (3, 0, 0):
                raise plans.PlanFault("predicate is not a boolean expression: %s, data type: %s"
                                      % (text, schemas.type_name(typed.kind or 0)))
            node = plans.Const(value=typed.what)
        else:
            if typed.kind != DT.Bool or typed.dependent:
                raise plans.PlanFault("predicate is not a boolean expression: %s, data type: %s"
                                      % (text, schemas.type_name(typed.kind or 0)))
            node = typed.what
        fill(node, {name: constant(value) for name, value in templates.items()}, version)
        return Plan(rewrite.rewrite(node, version), version)
    except plans.Panic as error:
        columns.die("panic: %s" % error)
    except plans.PlanFault as error:
        # the caller says "failed to create … plan" before it, and what it is after it
        raise base.MilvusError(base.PARAMETER_INVALID, str(error))
    except RecursionError:
        raise base.MilvusError(base.PARAMETER_INVALID, "unsupported expression: %s" % text[:100])


def parse_name(schema, text, version):
    """ParseIdentifier: the column that an output field's name is."""
    if version.number not in LANGUAGES:
        LANGUAGES[version.number] = syntax.Language(version)
    try:
        typed = plans.Visitor(schema, version, "UTC").visit(tree_of(text, version.number))
    except (syntax.SyntaxFault, plans.PlanFault, base.MilvusError):
        return None
    return typed.what if isinstance(typed.what, plans.Column) else None


# --- templates (fill_expression_value.go) ---

def constant(value):
    kind = value.WhichOneof("val")
    if kind is None:
        raise plans.PlanFault("expression template variable has no value")
    found = getattr(value, kind)
    return list_of(found) if kind == "array_val" else found


def list_of(value):
    kind = value.WhichOneof("data")
    if kind is None:
        return plans.Array([])
    items = list(getattr(value, kind).data)
    if kind == "array_data":
        items = [list_of(item) for item in items]
    elif kind == "json_data":
        import json

        def unpacked(item):
            return plans.Array([unpacked(i) for i in item]) if isinstance(item, list) else item
        items = [unpacked(json.loads(item)) for item in items]
    return plans.Array(items)


def fill(node, values, version):
    """Templates replaced by their values, checked as if they had been written there."""
    if not getattr(node, "template", False):
        return

    def get(holder):
        if not isinstance(holder, plans.Template):
            return holder
        if holder.name not in values:
            raise plans.PlanFault("the value of expression template variable name {%s} is not found" % holder.name)
        return values[holder.name]

    if isinstance(node, plans.Not):
        fill(node.child, values, version)
    elif isinstance(node, (plans.And, plans.Or)):
        fill(node.left, values, version)
        fill(node.right, values, version)
    elif isinstance(node, plans.Term):
        found = get(node.values)
        if not isinstance(found, plans.Array):
            raise plans.PlanFault("the value of term expression template variable is not array")
        node.values = [plans.cast(node.column.value_type, v) for v in found.items]
    elif isinstance(node, plans.Unary):
        found = get(node.value)
        if node.op in ("match", "regex"):
            if not isinstance(found, str):
                raise plans.PlanFault("the value of like expression template variable is not string")
            if node.op == "match":
                node.op, found = texts.like(found, version)
            node.value = found
        else:
            node.value = plans.cast(node.column.value_type, found)
    elif isinstance(node, plans.Range):
        kind = node.column.value_type
        bounds = [plans.cast(kind, get(node.lower)), plans.cast(kind, get(node.upper))]
        node.lower, node.upper = plans.check_bounds(bounds, (node.lower_in, node.upper_in))
    elif isinstance(node, plans.Arith):
        fill_arith(node, get)
    elif isinstance(node, plans.Contains):
        found = get(node.elements)
        items, node.same = plans.check_elements(node.column, node.how, found)
        kind = node.column.element if node.column.type == DT.Array else node.column.type
        node.elements = [plans.cast(kind, item) for item in items]


def fill_arith(node, get):
    if node.arith == "length":
        node.value = plans.cast(DT.Int64, get(node.value))
        return
    operand = get(node.right)
    column = node.left
    left = column.element if column.type == DT.Array else column.type
    right = plans.kind_of(operand)
    if right == DT.Array:
        raise plans.PlanFault("can not comparisons array directly")
    if node.arith == "%" and (right not in schemas.INTEGERS or left not in schemas.INTEGERS | {DT.JSON}):
        raise plans.PlanFault("modulo can only apply on integer types")
    kind = plans.Visitor.target_type(left, right)
    node.right = plans.cast(kind, operand)
    if node.arith in ("/", "%") and node.right == 0:
        raise plans.PlanFault("division or modulus by zero")
    node.value = plans.cast(kind, get(node.value))
