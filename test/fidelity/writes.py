"""Random INSERT, COPY, UPDATE, DELETE, TRUNCATE, alone, prepared, and in transaction blocks.

A step is what is made, run and cut down as one. It has writes: a statement for
the foreign tables, and what has the same effect on the local ones, mostly the
same statement. Where a row may be sent before a later one fails (batch_size),
or several statements make one transaction, none may fail: a rollback does not
reach Milvus.
"""
import collections

import queries
import search
import values
from expressions import Gen, Ref, Scope
from predicates import condition, predicate, where
from tree import Node, Seq, Table, is_risky
from values import FLOATS, INTEGERS, literal, quoted
from world import ident, json_literal

SETTINGS = ["enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off", "enable_material = off", "enable_sort = off",
            "plan_cache_mode = force_generic_plan", "plan_cache_mode = force_custom_plan"]
FORMATS = ["text", "csv", "binary"]
MOST_ROWS, LEAST_ROWS = 260, 25
LONGEST = 2000


def text_limit(c):
    """Of characters: a field of 65,535 bytes has room for more."""
    return int(c.declared[8:].split(")")[0]) if c.declared.startswith("varchar(") else LONGEST


class Copy:
    """COPY … FROM STDIN of rows."""

    def __init__(self, table, columns, form, data):
        self.node = Node("COPY ", Table(table), f" ({columns}) FROM STDIN (FORMAT {form})")
        self.data = data


class Write:
    """there: a statement, or a COPY. here: one or more instead of it, whose rows and counts are taken together.

    expected: the error that it must raise there, and there alone, without any effect.
    told: does the command tell how many rows it wrote?
    """

    def __init__(self, there, here=None, counted=True, expected=None, told=True):
        self.there = there
        self.here = here or [there]
        self.counted = counted
        self.expected = expected
        self.told = told


class Step:
    """script: a query between the writes, in their place."""

    def __init__(self, kind, target, writes, settings=(), block=False, script=None):
        self.kind = kind
        self.script = script
        self.writes = writes
        self.settings = list(settings)
        self.written = {target.base} if target else set()
        self.block = block          # a failure in it undoes only what is local


class Maker:
    """Makes steps. copy_out(sql, format): what COPY writes of a local query."""

    def __init__(self, rng, the_world, copy_out):
        self.rng = rng
        self.world = the_world
        self.copy_out = copy_out

    def chance(self, p):
        return self.rng.random() < p

    def gen(self, target=None):
        """Half of the time, its subqueries read the family of the target."""
        tables = self.world.readable()
        if target and not target.auto and self.chance(0.5):
            tables = self.world.family(target) + [self.world.pal]
        return Gen(self.rng, tables)

    # --- which table ---

    def target(self, fits=lambda t: True):
        return self.rng.choice([t for t in self.world.targets if fits(t)])

    def step(self):
        target = self.target()
        size = len(target.base.present)
        if self.chance(0.08):
            return self.query()
        if self.world.server.flushes_often and self.chance(0.01):
            return self.flush(target)
        if size < LEAST_ROWS and self.chance(0.5):
            return self.insert_select(target.base, refill=True)
        if size > MOST_ROWS and self.chance(0.6):
            return self.delete(target)
        maker = self.rng.choices([self.insert, self.insert_select, self.copy, self.update, self.delete, self.truncate,
                                  self.prepared, self.commit_block, self.statement_block], [20, 9, 8, 38, 14, 1, 5, 5, 3])[0]
        return maker(target)

    def settings(self):
        return [self.rng.choice(SETTINGS)] if self.chance(0.15) else []

    # --- keys ---

    def candidates(self, target):
        pool = [k for k in target.base.pool.key.pool]
        return pool + [k for k in target.base.first_keys if k not in pool]

    def fresh_key(self, target, taken):
        """One that is not there: often of a row that was."""
        there = set(target.base.present) | taken
        free = [k for k in self.candidates(target) if k not in there]
        if free and self.chance(0.85):
            key = self.rng.choice(free)
        else:
            while True:
                n = self.rng.randint(-10**12, 10**12)
                key = f"new {n}" if target.key.kind == "text" else n
                if key not in there:
                    break
        taken.add(key)
        return key

    def any_key(self, target, taken):
        if target.base.present and self.chance(0.6):
            return self.rng.choice(target.base.present)
        return self.fresh_key(target, set()) if self.chance(0.7) or not taken else self.rng.choice(sorted(taken))

    def new_key(self, target, taken):
        if not target.upsert:
            return self.fresh_key(target, taken)
        key = self.any_key(target, taken)
        taken.add(key)
        return key

    # --- INSERT ---

    def columns(self, target):
        """Those that an INSERT names: all, but sometimes some that may be left out."""
        found = list(target.table.columns)
        if target.auto:
            found = found[1:]
        if self.chance(0.25):
            found = [c for c in found if c is target.key or not (c.null or c.dynamic_key or c.default is not None) or self.chance(0.5)]
        return found

    def row(self, target, columns, key):
        pool = target.base.pool
        values_of = dict(zip([c.name for c in pool.columns], self.rng.choice(pool.rows)))
        if target.key:
            values_of[target.key.name] = literal(key, target.key.kind) if key is not None else "DEFAULT"
        if target.part:
            values_of["part"] = str(target.part)
        return [values_of[c.name] for c in columns]

    def rows(self, target, columns, count, taken):
        return [self.row(target, columns, None if target.auto else self.new_key(target, taken)) for _ in range(count)]

    @staticmethod
    def names(columns):
        return ", ".join(ident(c.name) for c in columns)

    def conflict(self, target, columns):
        """What makes an upsert of a local INSERT. A row replaces the whole one: what is not given is NULL, or absent."""
        stored = [c for c in target.table.columns if c is not target.key and not c.dynamic_key]
        sets = ", ".join(f"{ident(c.name)} = EXCLUDED.{ident(c.name)}" for c in stored)
        return f" ON CONFLICT ({ident(target.key.name)}) DO UPDATE SET {sets}"

    def into(self, target, columns, body, returning="", upsert=False):
        conflict = self.conflict(target, columns) if upsert else ""
        return Node("INSERT INTO ", Table(target.name), f" ({self.names(columns)}) ", body, conflict, returning)

    def values_write(self, target, columns, rows, returning=""):
        lists = [f"({', '.join(r)})" for r in rows]
        there = self.into(target, columns, Node("VALUES ", ", ".join(lists)), returning)
        if not target.upsert:
            return Write(there)
        return Write(there, [self.into(target, columns, Node("VALUES ", one), returning, upsert=True) for one in lists])

    def null_refused(self, target, column):
        """A server would store the default of such a field."""
        taken = set()
        columns = list(target.table.columns)[1 if target.auto else 0:]
        row = self.row(target, columns, None if target.auto else self.new_key(target, taken))
        row[columns.index(column)] = "NULL"
        return Step("null refused", target, [Write(self.into(target, columns, Node(f"VALUES ({', '.join(row)})")), expected="0A000")])

    def insert(self, target):
        if not target.insertable:
            target = target.base
        replacing = [c for c in target.table.columns if c.replaces_null]
        if replacing and not target.commit and target.name != "t1p" and self.chance(0.2):
            return self.null_refused(target, self.rng.choice(replacing))
        columns = self.columns(target)
        count = self.rng.choice([1, 1, 1, 2, 3, 5, 20, 60])
        taken = set()
        rows = self.rows(target, columns, count, taken)
        whole = len(columns) >= len(target.table.columns) - target.auto
        returning = self.returning(self.gen(), target, None, whole) if self.chance(0.35) else ""
        return Step("insert", target, [self.values_write(target, columns, rows, returning)], self.settings())

    def insert_select(self, target, refill=False):
        if not target.insertable or target.name == "t1p":
            target = target.base
        g = self.gen()
        columns = list(target.table.columns)[1 if target.auto else 0:]
        own = target.auto or not refill and self.chance(0.4)
        alias = g.alias()
        if own and target.base.present:
            source, condition_node, key = self.from_itself(g, target, alias)
        else:
            source, condition_node, key = self.from_pool(target, alias)
        selected = []
        for c in columns:
            text = f"{alias}.{ident(c.name)}"
            if c is target.key:
                text = key
            elif c.name == "part" and target.part:
                text = str(target.part)
            elif c.name == "n" and self.chance(0.4):
                text = f"{alias}.n + 1"
            selected.append(text)
        body = Node("SELECT ", ", ".join(selected), " FROM ", source, " ", alias, condition_node)
        returning = ""
        # (keys that the server makes can't be told by a statement that reads the table)
        if self.chance(0.3) and not target.auto:
            returning = self.returning(g, target, None, True)
        there = self.into(target, columns, body, returning)
        here = [self.into(target, columns, body, returning, upsert=True)] if target.upsert else None
        return Step("insert select", target, [Write(there, here)], self.settings())

    def from_pool(self, target, alias):
        """Rows of a local table whose keys are not there: listed, or asked for."""
        source = Node(f"x.{target.base.pool.name}")
        if target.auto:
            return source, f" WHERE {alias}.n = {self.rng.randint(-2, 7)}", None
        key = f"{alias}.{ident(target.key.name)}"
        there = set(target.base.present)
        found = [k for k in target.base.pool.key.pool if target.upsert or k not in there]
        found = self.rng.sample(found, min(len(found), self.rng.choice([3, 20, 100])))
        listed = f"{key} = ANY ({literal(found, target.key.kind + '[]')})"
        pick = self.rng.random()
        if target.upsert or pick < 0.5:
            test = Node(" WHERE ", listed)
        elif pick < 0.75:
            test = Node(f" WHERE {listed} AND NOT EXISTS (SELECT 1 FROM ", Table(target.base.name), f" b WHERE b.id = {key})")
        else:
            test = Node(f" WHERE {key} NOT IN (SELECT id FROM ", Table(target.base.name), f") AND {alias}.n < {self.rng.randint(0, 8)}")
        return source, test, key

    def from_itself(self, g, target, alias):
        """The table's rows again, under other keys; an upsert's under their own, too."""
        source = Node(Table(target.name))
        scope = self.scope(target, alias)
        test = self.where(g, scope)
        if target.auto:
            return source, f" WHERE {alias}.n = {self.rng.randint(-2, 7)}", None
        key = f"{alias}.{ident(target.key.name)}"
        if target.upsert and self.chance(0.6):
            return source, test, key
        if target.key.kind == "text":
            return source, test, f"md5({key} || '{self.rng.randint(0, 10**9)}')"
        shift = self.rng.randint(10**6, 10**9) * 10**6
        return source, Node(f" WHERE {key} BETWEEN -100000 AND 100000", self.and_where(test)), f"{key} + {shift}"

    @staticmethod
    def and_where(test):
        if isinstance(test, Seq) and test.parts:
            test.before = " AND "
        elif test.parts and test.parts[0] == " WHERE ":
            test.parts[0] = " AND "
        else:
            return ""
        return test

    # --- COPY ---

    def copy(self, target):
        if target.view and not target.part:
            target = target.base
        columns = self.columns(target)
        rows = self.rows(target, columns, self.rng.choice([1, 2, 10, 40]), set())
        form = self.rng.choice(FORMATS)
        typed = [", ".join(f"({text})::{c.declared.partition(' COLLATE ')[0]}" for text, c in zip(r, columns)) for r in rows]
        data = self.copy_out(" UNION ALL ".join(f"SELECT {t}" for t in typed), form)
        there = Copy(target.name, self.names(columns), form, data)
        if target.upsert:
            here = self.values_write(target, columns, rows).here
        else:
            here = [Copy(target.base.name, self.names(columns), form, data)]
        return Step(f"copy {form}", target, [Write(there, here)], self.settings())

    # --- conditions ---

    def scope(self, target, alias, *others):
        scope = Scope([(alias, target.table), *others])
        if target.auto:
            scope.refs = [r for r in scope.refs if r.column is not target.key]
        return scope

    def where(self, g, scope, depth=2, always=0.95):
        """Never one that fails or not by the order of evaluation."""
        while True:
            node = where(g, scope, depth, subqueries=0.15, always=always)
            if not is_risky(node):
                return node

    def by_key(self, g, target, alias):
        key = Ref(alias, target.key, target.table)
        some = self.rng.sample(target.base.present, min(len(target.base.present), self.rng.choice([1, 2, 5, 15])))
        some.append(self.fresh_key(target, set()))
        form = self.rng.randint(0, 4)
        if form == 0:
            return Node(" WHERE ", key.node(), " = ", g.constant(key.kind, key))
        if form == 1:
            return Node(" WHERE ", key.node(), f" = ANY ({literal(some, key.kind + '[]')})")
        if form == 2:
            return Node(" WHERE ", key.node(), f" IN ({', '.join(literal(k, key.kind) for k in some)})")
        if form == 3:
            return Node(" WHERE ", key.node(), " BETWEEN ", g.constant(key.kind, key), " AND ", g.constant(key.kind, key))
        return Node(" WHERE ", key.node(), self.rng.choice([" < ", " >= ", " <> "]), g.constant(key.kind, key))

    def condition(self, g, target, alias, scope):
        pick = self.rng.random()
        if pick < 0.3 and not target.auto:
            return self.by_key(g, target, alias)
        if pick < 0.4 and not target.auto:
            other, own = g.table(), g.alias()
            ref = Scope([(own, other)]).of(target.key.kind)
            if ref:
                inner = self.where(g, Scope([(own, other)]), 1)
                return Node(" WHERE ", f"{alias}.{ident(target.key.name)}", self.rng.choice([" IN ", " IN ", " NOT IN "]), "(SELECT ",
                            self.rng.choice(ref).node(), " FROM ", g.source(other, own), inner, ")")
        return self.where(g, scope)

    # --- UPDATE ---

    def settable(self, target):
        return [c for c in target.table.columns if c is not target.key and c.name != "part"]

    def assigned(self, g, scope, c, target, careful):
        """What a column is set to: an expression of its type. careful: it must not fail."""
        if (c.null or c.dynamic_key) and self.chance(0.15):
            return Node("NULL")
        if c.is_vector:
            return self.assigned_vector(scope, c)
        if c.name == "$meta":
            return self.assigned_meta(scope, c)
        if c.dynamic_key:
            return self.assigned_dynamic(g, scope, c)
        while True:
            if self.chance(0.4) or c.literal_kind == "varchar[]" or c.int8 and c.kind.endswith("[]") or c.stored:
                return Node(self.constant(c))
            node = self.computed(g, scope, c, careful)
            if not (careful and is_risky(node)):
                break
        if not c.null and (careful or c.replaces_null or self.chance(0.9)):
            node = Node("coalesce(", node, ", ", self.constant(c), ")")
        return node

    def constant(self, c):
        x = self.rng.choice(c.pool)
        if self.chance(0.25) and c.kind != "text" and not c.int8:
            x = values.value(self.rng, c.kind, None, self.world.server.special_floats)
        return json_literal(x) if c.kind == "jsonb" else literal(x, c.literal_kind)

    def computed(self, g, scope, c, careful):
        kind = c.kind
        if kind == "jsonb":
            return self.computed_json(g, scope)
        node = predicate(g, scope, 0) if kind == "boolean" else g.scalar(scope, kind, self.rng.randint(0, 2))
        if c.int8:
            return Node("(", node, " % 100)::smallint")
        if kind in FLOATS and not self.world.server.special_floats:
            return Node("nullif(nullif(nullif((", node, f")::{kind}, 'NaN'), 'Infinity'), '-Infinity')")
        if kind.endswith("[]"):
            # (a field has no arrays with NULLs)
            return Node("(array_remove(", node, f", NULL))[1:{self.rng.randint(2, 12)}]")
        if kind == "text":
            if careful or text_limit(c) == LONGEST or self.chance(0.9):
                return Node("left(", node, f", {text_limit(c)})")
        return Node("(", node, ")")

    def computed_json(self, g, scope):
        refs = scope.of("jsonb")
        form = self.rng.randint(0, 5)
        if refs:
            chosen = self.rng.choice(refs)
            ref = chosen.node()
            key = quoted(g.json_key())
            if form == 0:
                # (null or an array, || an object, is an array, which not every server keeps: then it refuses, and rightly)
                more = f"{quoted(values.json.dumps({g.json_key(): values.json_value(self.rng, 1)}, ensure_ascii=False))}::jsonb"
                return Node("(CASE jsonb_typeof(", ref, ") WHEN 'object' THEN ", chosen.node(), f" || {more} ELSE {more} END)")
            if form == 1:
                return Node("(", ref, f" - {key})")
            if form == 2:
                return Node("jsonb_set(", ref, f", '{{n}}', to_jsonb({self.rng.randint(-5, 5)}))")
            if form == 3:
                return Node("jsonb_build_object(", key, ", ", ref, f" -> {key})")
        some = self.rng.choice(scope.of("integer", "bigint", "text", "boolean", "integer[]", "text[]", "smallint"))
        return Node(f"jsonb_build_object({quoted(g.json_key())}, ", some.node(), ")")

    def assigned_vector(self, scope, c):
        same = [Ref(a, o, t) for a, t in scope.tables for o in t.vectors()
                if o is not c and o.kind == c.kind and o.dim == c.dim and (c.null or not o.null)]
        if same and self.chance(0.5):
            return Node(self.rng.choice(same).sql)
        if c.kind == "bit" and self.chance(0.4):
            return Node(f"~{Ref(scope.tables[0][0], c, None).sql}")
        if c.kind in ("vector", "halfvec") and self.chance(0.3):
            return Node(f"({Ref(scope.tables[0][0], c, None).sql} - {self.world.maker.vector_text(c, self.rng.choice(c.pool))})")
        return Node(self.world.maker.vector_text(c, self.rng.choice(c.pool)))

    def assigned_meta(self, scope, c):
        document = self.world.maker.dynamic_document()
        if self.chance(0.5):
            return Node(json_literal(document))
        own = Ref(scope.tables[0][0], c, None).sql
        if self.chance(0.5):
            return Node(f"({own} || {json_literal(document)})")
        return Node(f"({own} - {quoted(self.rng.choice(['extra', 'color', 'doc', 'size', 'k']))})")

    def assigned_dynamic(self, g, scope, c):
        pick = self.rng.random()
        if c.kind == "bigint" and pick < 0.4:
            return Node(f"({scope.tables[0][0]}.n * {self.rng.randint(-3, 9)})")
        if c.kind == "text" and pick < 0.4 and scope.of("text"):
            return Node("left(", self.rng.choice(scope.of("text")).node(), ", 50)")
        if c.kind == "boolean" and pick < 0.4:
            return Node("(", predicate(g, scope, 0), ")")
        if c.kind == "jsonb":
            return Node(json_literal(values.json_value(self.rng) if pick < 0.9 else {}))
        x = self.rng.choice(c.pool) if c.pool else values.value(self.rng, "bigint")
        return Node(literal(x, c.kind)) if c.pool else Node("NULL")

    def sets(self, g, scope, target, careful, subqueries=0.08):
        """The SET list, and the columns in it: $meta never along with one of its keys."""
        columns = self.settable(target)
        chosen = self.rng.sample(columns, min(len(columns), self.rng.choice([1, 1, 2, 3, 5])))
        if any(c.name == "$meta" for c in chosen):
            chosen = [c for c in chosen if not c.dynamic_key]
        parts = []
        for c in chosen:
            value = None
            if self.chance(subqueries) and not target.auto and c.kind in ("text", *INTEGERS) and not (c.is_vector or c.dynamic_key or c.int8 or c.stored):
                value = self.subquery(g, scope, c, target)
            parts.append(Node(f"{ident(c.name)} = ", value or self.assigned(g, scope, c, target, careful)))
        return Seq(parts), chosen

    def subquery(self, g, scope, c, target):
        """A value of another row, or of all rows, often of the same collection."""
        other, alias = g.table(), g.alias()
        own = Scope([(alias, other)])
        refs = [r for r in own.of(c.kind) if not (r.column.dynamic_key or r.column.name == "$meta")]
        if not refs:
            return None
        ref = self.rng.choice(refs)
        outer = scope.of(other.key.kind)
        small = len(target.base.present) <= 40
        if outer and small and self.chance(0.5):
            inner = Node("(SELECT ", ref.node(), " FROM ", g.source(other, alias), " WHERE ", f"{alias}.{ident(other.key.name)} = ",
                         self.rng.choice(outer).node(), ")")
        else:
            inner = Node("(SELECT max(", ref.node(), ") FROM ", g.source(other, alias), self.where(g, own, 1), ")")
        if c.kind == "text":
            inner = Node("left(", inner, f", {text_limit(c)})")
        return Node("coalesce(", inner, ", ", literal(self.rng.choice(c.pool), c.kind), ")")

    def returning(self, g, target, chosen, whole):
        """RETURNING: what a row's dynamic fields become by one another is the server's affair, so only what was set, or given whole."""
        columns = [c for c in target.table.columns if not (target.auto and c is target.key)]
        dynamic = {c.name for c in columns if c.dynamic_key or c.name == "$meta"}
        allowed = dynamic if chosen is None and whole else {c.name for c in chosen or () if c.name in dynamic}
        if chosen is not None and not any(c.name in dynamic for c in chosen):
            allowed = dynamic
        columns = [c for c in columns if c.name not in dynamic or c.name in allowed]
        if len(columns) == len(target.table.columns) and self.chance(0.3):
            return " RETURNING *"
        parts = [Node(f"{ident(c.name)}") for c in self.rng.sample(columns, min(len(columns), self.rng.randint(1, 5)))]
        if not target.auto:
            parts.append(Node(f"{ident(target.key.name)} AS the_key"))
        if self.chance(0.2):
            parts.append(Node("(n > 3) AS computed" if any(c.name == "n" for c in columns) else "1 AS computed"))
        return Seq(parts, before=" RETURNING ")

    def qualified(self, returning, alias):
        """With other tables in the statement, columns need their table's name."""
        if isinstance(returning, str):
            return returning.replace("*", f"{alias}.*")
        for part in returning.parts:
            text = part.parts[0]
            part.parts[0] = text.replace("(n", f"({alias}.n") if text.startswith("(") else text if text[0] == "1" else f"{alias}.{text}"
        return returning

    def joined(self, g, target, alias):
        """Another table, of which at most one row belongs to each of the target's: its source, the link, its scope."""
        own = g.alias()
        key = f"{alias}.{ident(target.key.name)}"
        ref = next((c for c in target.table.columns if c.name == "ref"), None)
        links = [key] + ([f"{alias}.ref"] if ref else [])
        kind = target.key.kind
        pick = self.rng.random()
        if pick < 0.35 and self.world.pal.key.kind == kind:
            other = self.world.pal
        elif pick < 0.6:
            pool = target.base.pool
            return Node(f"x.{pool.name} {own}"), f"{own}.{ident(pool.key.name)} = {key}", (own, pool)
        else:
            other = self.rng.choice([t for t in self.world.readable() if t.key.kind == kind and t.foreign])
        return g.source(other, own), f"{own}.{ident(other.key.name)} = {self.rng.choice(links)}", (own, other)

    def update(self, target, in_block=False):
        if target.auto and not self.world.server.updates_auto:
            return Step("update refused", target, [Write(Node("UPDATE ", Table(target.name), " SET n = n + 1"), expected="0A000")])
        g = self.gen(target)
        return Step("update", target, [self.update_write(g, target, in_block)], self.settings())

    def update_write(self, g, target, in_block=False, params=False):
        careful = target.careful or in_block
        alias = g.alias()
        scope = self.scope(target, alias)
        source, link = "", None
        if not target.auto and not params and self.chance(0.2):
            source, link, other = self.joined(g, target, alias)
            scope = self.scope(target, alias, other)
        sets, chosen = self.sets(g, scope, target, careful, 0 if params else 0.08)
        test = self.condition(g, target, alias, scope)
        if link:
            test = Node(f" WHERE {link}", self.and_where(test))
        returning = self.qualified(self.returning(g, target, chosen, False), alias) if self.chance(0.3) else ""
        node = Node("UPDATE ", Table(target.name), f" {alias} SET ", sets, Node(" FROM ", source) if source else "", test, returning)
        if returning and not params and self.chance(0.15):
            # how many it returned, by a CTE
            node = Node("WITH changed AS (", node, ") SELECT count(*) FROM changed")
        return Write(node)

    # --- DELETE, TRUNCATE ---

    def delete(self, target):
        return Step("delete", target, [self.delete_write(self.gen(target), target)], self.settings())

    def delete_write(self, g, target, params=False):
        alias = g.alias()
        scope = self.scope(target, alias)
        using, link = "", None
        if not target.auto and not params and self.chance(0.15):
            using, link, other = self.joined(g, target, alias)
            scope = self.scope(target, alias, other)
        test = self.condition(g, target, alias, scope)
        if link:
            test = Node(f" WHERE {link}", self.and_where(test))
        elif not isinstance(test, Node) or not test.parts or test.parts == [""]:
            test = "" if self.chance(0.3) else Node(" WHERE ", condition(g, scope, 0, 0))
        if is_risky(test):
            test = self.where(g, scope, 0, 1)
        returning = self.qualified(self.returning(g, target, None, True), alias) if self.chance(0.3) else ""
        return Write(Node("DELETE FROM ", Table(target.name), f" {alias}", Node(" USING ", using) if using else "", test, returning))

    def truncate(self, target):
        here = Node("TRUNCATE ", Table(target.base.name))
        if target.view and not target.part and self.world.local:
            target = target.base
        if target.part:
            here = Node("DELETE FROM ", Table(target.base.name), f" WHERE part = {target.part}")
        return Step("truncate", target, [Write(Node("TRUNCATE ", Table(target.name)), [here], told=False)])

    def flush(self, target):
        """What was written becomes segments of its own: what comes later changes them."""
        name = target.base.name + ("_load" if target.base.table.partitions else "")
        there = Node(f"DO $$ BEGIN PERFORM milvus.flush('f.{name}'); END $$")
        return Step("flush", target, [Write(there, [Node("DO $$ BEGIN END $$")], counted=False)])

    def query(self):
        """Filters, counts and indexes know of the writes, too."""
        script = self.rng.choice([search.make, queries.by_key, queries.simple, queries.aggregated])(Gen(self.rng, self.world.readable()))
        return Step("query", None, [], script=script)

    # --- prepared ---

    def prepared(self, target):
        """Executed eight times, with other values each time."""
        g = self.gen(target)
        g.params = []
        if target.auto:
            target = self.target(lambda t: not t.auto)
        form = self.rng.randint(0, 2)
        if form == 0 and target.insertable:
            write = self.insert_of_parameters(g, target)
        elif form == 1:
            write = self.update_write(g, target, True, params=True)
        else:
            write = self.delete_write(g, target, params=True)
        params = g.params or [("integer", ["1"] * 8)]
        types = ", ".join(t for t, _ in params)
        writes = [Write(Node(f"PREPARE w({types}) AS ", write.there), [Node(f"PREPARE w({types}) AS ", write.here[0])], counted=False)]
        for i in range(8):
            writes.append(Write(Node(f"EXECUTE w({', '.join(found[i] for _, found in params)})")))
        writes.append(Write(Node("DEALLOCATE ALL"), counted=False))
        return Step("prepared", target, writes, self.settings())

    def insert_of_parameters(self, g, target):
        columns = self.columns(target)
        taken = set()
        rows = self.rows(target, columns, 8, taken)
        chosen = {i for i, c in enumerate(columns) if c is target.key} | set(self.rng.sample(range(len(columns)), min(len(columns), 4)))
        written = []
        for i, c in enumerate(columns):
            if i in chosen and not (target.part and c.name == "part"):
                g.params.append((c.declared.partition(" COLLATE ")[0], [r[i] for r in rows]))
                written.append(f"${len(g.params)}")
            else:
                written.append(rows[0][i])
        whole = len(columns) == len(target.table.columns) and not any(c.dynamic_key or c.name == "$meta" for c in columns)
        returning = self.returning(g, target, None, whole) if self.chance(0.3) else ""
        body = Node(f"VALUES ({', '.join(written)})")
        return Write(self.into(target, columns, body, returning), [self.into(target, columns, body, returning, upsert=target.upsert)])

    # --- transaction blocks ---

    def commit_block(self, _):
        """Writes that wait for the commit: after the first one, only INSERT."""
        target = self.target(lambda t: t.commit)
        writes = [Write(Node("BEGIN"), counted=False)]
        taken, points = set(), []
        for n in range(self.rng.randint(1, 5)):
            if self.chance(0.35):
                points.append(f"p{len(points)}")
                writes.append(Write(Node(f"SAVEPOINT {points[-1]}"), counted=False))
            writes.append(self.block_write(target, n == 0, taken, points))
            if points and self.chance(0.35):
                point = self.rng.choice(points)
                word = "RELEASE" if self.chance(0.4) else "ROLLBACK TO"
                writes.append(Write(Node(f"{word} {point}"), counted=False))
                points = points[:points.index(point) + (word != "RELEASE")]
        writes.append(Write(Node("COMMIT" if self.chance(0.7) else "ROLLBACK"), counted=False))
        return Step("commit block", target, writes, self.settings(), block=True)

    def block_write(self, target, first, taken, points):
        g = self.gen(target)
        pick = self.rng.random()
        if first and pick < 0.3:
            return self.update_write(g, target, True)
        if first and pick < 0.45:
            return self.delete_write(g, target)
        if first and pick < 0.6 and not points:
            # their keys are free again, in this very transaction
            keys = self.rng.sample(target.base.present, min(len(target.base.present), 5))
            target.base.present = [k for k in target.base.present if k not in keys]
            return Write(Node("DELETE FROM ", Table(target.name), f" WHERE id = ANY ({literal(keys, target.key.kind + '[]')})"))
        columns = self.columns(target)
        rows = self.rows(target, columns, self.rng.choice([1, 2, 10]), taken)
        whole = len(columns) == len(target.table.columns)
        return self.values_write(target, columns, rows, self.returning(g, target, None, whole) if self.chance(0.3) else "")

    def statement_block(self, target):
        """Several statements of a transaction, each of which sees what was written before. None may fail."""
        writes = [Write(Node("BEGIN"), counted=False)]
        step = Step("block", target, writes, self.settings(), block=True)
        taken = collections.defaultdict(set)
        for _ in range(self.rng.randint(2, 4)):
            target = self.target(lambda t: not t.commit and t.name != "t1p" and t.insertable)
            step.written.add(target.base)
            pick = self.rng.random()
            if pick < 0.4 and (self.world.server.updates_auto or not target.auto):
                writes.append(self.update_write(self.gen(target), target, True))
            elif pick < 0.6:
                writes.append(self.delete_write(self.gen(target), target))
            else:
                columns = self.columns(target)
                writes.append(self.values_write(target, columns, self.rows(target, columns, self.rng.choice([1, 3, 10]), taken[target.base])))
        writes.append(Write(Node("COMMIT"), counted=False))
        return step
