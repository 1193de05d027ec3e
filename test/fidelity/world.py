"""Random schemas and rows: what a world of tables looks like, before any server has it.

A world has three collections (the last one small), a second foreign table with
wider types over the first, a partitioned table, and tables that are local on
both sides. Columns take their values from small pools, so that equality finds
rows and groups have members.
"""
import copy
import json
import math
import os

import values

KINDS = ["boolean", "smallint", "integer", "bigint", "real", "double precision", "text", "text", "varchar", "jsonb", "jsonb",
         "boolean[]", "smallint[]", "integer[]", "bigint[]", "real[]", "double precision[]", "text[]", "text[]"]
ODD_NAMES = ["Odd Name", "select", "in", "UPPER", "ünï", "a.b", 'quo"te', "not", "like", "true", "$x", "50%"]
# of the filter language, some of later versions only: no field of that name can be in a filter there
WORDS = ["threshold", "match_any", "match_all", "st_within", "minimum_should_match", "text_match_fuzzy", "element_filter"]
WIDER = {"smallint": ["integer", "bigint"], "integer": ["bigint"], "real": ["double precision"], "text": ["text"]}
DYNAMIC = [("color", "text"), ("size", "bigint"), ("weight", "double precision"), ("flag", "boolean"), ("doc", "jsonb")]
TIMESTAMP = "timestamp with time zone"
# types of columns that are over one of a field's
DOMAINS = {"integer": "x.d_integer", "bigint": "x.d_bigint", "real": "x.d_real", "boolean": "x.d_boolean", "text": "x.d_text", "jsonb": "x.d_jsonb"}
# where a field's default is, by the kind of its column
DEFAULTS = {"boolean": "bool_data", "smallint": "int_data", "integer": "int_data", "bigint": "long_data", "real": "float_data",
            "double precision": "double_data", "text": "string_data", "varchar": "string_data"}
# as servers give them back
SHAPES = ["POINT (1 2)", "POINT (-1 0)", "POINT (0.5 0.25)", "POLYGON ((0 0, 2 0, 2 2, 0 0))", "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))"]
EXTREME = bool(os.environ.get("FIDELITY_EXTREME"))
METRICS = {"<->": "L2", "<=>": "COSINE", "<#>": "IP", "<~>": "HAMMING", "<%>": "JACCARD"}


def ident(name):
    return '"' + name.replace('"', '""') + '"'


class Column:
    def __init__(self, name, kind, declared=None, null=0.0):
        self.name = name
        self.kind = kind            # the type in the grammar
        self.declared = declared or kind
        self.null = null            # share of NULLs; 0: NOT NULL
        self.field = None           # the field's name, where it is another
        self.dynamic_key = None
        self.partition_key = False  # rows go to partitions by it
        self.twin_of = None         # the name of another column of the same field or key
        self.pool = []
        self.operator = None        # of a vector: that of its index's metric
        self.dim = 0
        self.int8 = False
        self.stored = None          # the type of the field, where it is not the column's own
        self.default = None         # the field's, as a value of the pool; None: it has none
        self.bare = False           # the foreign column does not have it
        self.replaces_null = False  # the field is nullable, and has the default where it is told NULL
        self.width = None           # how many characters it declares, where the field may have more
        self.is_overlong = False    # and some value has

    @property
    def is_vector(self):
        return self.operator is not None

    @property
    def literal_kind(self):
        """varchar[] has no operators with text[]."""
        return "varchar[]" if self.declared.startswith("varchar") and self.kind == "text[]" else self.kind

    @property
    def collation(self):
        return self.declared.partition(" COLLATE ")[2]

    def options(self):
        if self.dynamic_key:
            return f" OPTIONS (dynamic_key {values.quoted(self.dynamic_key)})"
        options = ["partition_key 'true'"] * self.partition_key + [f"field {values.quoted(self.field or '')}"] * bool(self.field)
        return f" OPTIONS ({', '.join(options)})" if options else ""

    def definition(self, foreign):
        null = "" if self.null or self.dynamic_key else " NOT NULL"
        base, _, collate = self.declared.partition(" COLLATE ")
        collate = f" COLLATE {collate}" if collate else ""
        default = "" if self.default is None or foreign and self.bare else f" DEFAULT {values.literal(self.default, self.kind)}"
        return f"{ident(self.name)} {base}{self.options() if foreign else ''}{collate}{default}{null}"


def clip(number):
    return max(-128, min(127, number))


def twin(column):
    found = copy.copy(column)
    found.name, found.twin_of, found.partition_key = column.name + " again", column.name, False
    if not column.dynamic_key:
        found.field = column.field or column.name
    return found


class Table:
    """rows: lists of SQL literals, one for each column."""

    def __init__(self, name, columns, foreign=True):
        self.name = name
        self.columns = columns
        self.key = columns[0]
        self.rows = []
        self.foreign = foreign
        self.partitions = 0
        self.collation = None
        self.wide_of = None
        self.fetch_size = None
        self.alias = None           # its collection's, if the foreign table goes by one,
        self.collection = None      # that collection,
        self.another = None         # and one that the alias may be switched to
        self.strong = False         # its collection's consistency level is Strong
        self.steady = False         # a cursor over it does not see what is written meanwhile
        self.narrow = None          # the same collection, of whose fields columns declare less,
        self.misfits = []           # and vectors of which declare another dimension
        self.may_be_remade_within = False   # a cursor over it knows that it was made again
        self.remake = None          # has another session drop its collection, and make it again with its rows, or some
        self.vector_rows = {}       # column name: its vectors, for distances that a query may ask about

    @property
    def small(self):
        return len(self.rows) <= 20

    def vectors(self):
        return [c for c in self.columns if c.is_vector]

    def stored(self):
        return [c for c in self.columns if not c.dynamic_key]


class Maker:
    def __init__(self, rng, server, pgvector, index, writing=False):
        self.rng = rng
        self.server = server        # one of kinds
        self.pgvector = pgvector
        self.index = index
        self.writing = writing
        self.defaults = False       # some fields have one

    def null_share(self):
        if self.server.nullable and self.rng.random() < 0.7:
            return self.rng.choice([0.05, 0.2, 0.4, 1.0 if self.rng.random() < 0.1 else 0.3])
        return 0.0

    def scalar(self, name, kind):
        rng = self.rng
        limit = None
        column = Column(name, kind, kind, self.null_share())
        if kind == "varchar":
            limit = rng.choice([20, 60, 300])
            column.kind, column.declared = "text", f"varchar({limit})"
        elif kind == "text[]":
            column.declared = rng.choice(["text[]", "varchar(100)[]"])
        if column.kind == "text" and rng.random() < 0.3:
            column.declared += rng.choice([' COLLATE "C"', ' COLLATE "C"', ' COLLATE "POSIX"', ' COLLATE "ucs_basic"', ' COLLATE "de-x-icu"'])
        column.pool = [values.value(rng, column.kind, limit, self.server.special_floats) for _ in range(rng.choice([4, 12, 30, 60]))]
        if column.declared == kind and kind in DOMAINS and rng.random() < 0.12:
            column.declared = DOMAINS[kind]
        if self.defaults and not column.null and kind in DEFAULTS and rng.random() < 0.4:
            ordinary = [x for x in column.pool if not isinstance(x, float) or math.isfinite(x)]
            column.default = rng.choice(ordinary or [None])
            column.replaces_null = column.default is not None and self.server.nullable and self.server.snapshots and rng.random() < 0.4
            column.bare = not column.replaces_null and rng.random() < 0.6
        if kind == "text" and self.server.geometries and column.default is None and rng.random() < 0.15:
            column.stored = "Geometry"
            column.pool = rng.sample(SHAPES, rng.randint(2, len(SHAPES)))
        if kind in ("smallint", "smallint[]") and rng.random() < 0.4 and column.default is None:
            column.int8 = True
            column.pool = [[clip(e) for e in x] if kind == "smallint[]" else clip(x) for x in column.pool]
        return column

    def vector(self, name, kind, operator):
        """Small whole numbers: distances but the cosine are exact, ties and duplicates abound."""
        rng = self.rng
        column = Column(name, kind)
        column.operator = operator
        if self.server.null_vectors and rng.random() < 0.3:
            column.null = rng.choice([0.1, 0.4])
        column.dim = 8 if kind == "bit" else rng.choice([2, 3, 4, 8])
        column.declared = {"real[]": "real[]", "sparsevec": "sparsevec(100)"}.get(kind, f"{kind}({column.dim})")
        for _ in range(rng.choice([10, 40, 150])):
            v = [rng.randint(-4, 4) for _ in range(column.dim)]
            if kind == "bit":
                v = [rng.randint(0, 1) for _ in range(column.dim)]
            elif kind == "sparsevec":
                v = sorted(rng.sample(range(1, 101), rng.randint(1, 4)))
                v = {i: rng.randint(1, 5) for i in v}
            elif not any(v) and rng.random() < 0.7:
                v[0] = 1
            column.pool.append(v)
        if kind in ("vector", "real[]") and rng.random() < 0.5:
            column.pool.append([0] * column.dim)
        if kind in ("vector", "real[]") and not EXTREME:
            # (every number that is used is one of each)
            others = ["Float16Vector", "BFloat16Vector"] * self.server.other_vectors + ["Int8Vector"] * self.server.int8_vectors
            column.stored = rng.choice([None] * 4 + others)
        # (by hand; under COSINE pgvector's own arithmetic overflows, and Milvus' does not: see doc/search.md)
        if EXTREME and kind in ("vector", "real[]") and operator != "<=>" and rng.random() < 0.5:
            # squares, and products, of these leave the range of float4
            column.pool += [[rng.choice([1e19, -3e19, 2e25, 0, 1]) for _ in range(column.dim)] for _ in range(3)]
        return column

    def vectors(self):
        rng = self.rng
        plain = "vector" if self.pgvector and rng.random() < 0.85 else "real[]"
        metric = rng.choice(["<->", "<->", "<=>", "<#>"])
        bit = ("bit", rng.choice(["<~>", "<%>"]))
        if self.server.one_vector:
            kind, metric = bit if rng.random() < 0.12 else (plain, metric)
            return [self.vector("e", kind, metric)]
        found = [self.vector("e", plain, metric)]
        if rng.random() < 0.5:
            found.append(self.vector("e2", plain, rng.choice(["<->", "<=>", "<#>"])))
        if self.server.sparse and self.pgvector and rng.random() < 0.3:
            found.append(self.vector("sp", "sparsevec", "<#>"))
        if self.server.other_vectors:
            if self.pgvector and rng.random() < 0.3:
                found.append(self.vector("h", "halfvec", rng.choice(["<->", "<=>", "<#>"])))
            if rng.random() < 0.3:
                found.append(self.vector("bits", *bit))
        return found[:self.server.most_vectors]

    def vector_text(self, column, v):
        if column.kind == "bit":
            return f"B'{''.join(map(str, v))}'"
        if column.kind == "sparsevec":
            return values.quoted("{" + ",".join(f"{i}:{x}" for i, x in v.items()) + "}/100") + "::sparsevec"
        inner = ",".join(map(str, v))
        return f"'{{{inner}}}'::real[]" if column.kind == "real[]" else f"'[{inner}]'::{column.kind}"

    def keys(self, kind, count):
        rng = self.rng
        if kind == "text":
            found = {values.text(rng, 60) for _ in range(count // 3)}
            if self.server.plain_keys:
                # see server-defects
                found = {k for k in found if "\n" not in k and "\r" not in k and not (self.writing and "'" in k)}
            while len(found) < count:
                found.add(f"key{rng.randint(0, 9999)}")
        else:
            found = set(rng.sample(range(1, 3 * count), count - 3))
            # (the largest of all is in server-defects)
            found |= {-(2**63), 2**63 - 2, -1} if kind == "bigint" else {-1, 0, 2 * 10**9}
        found = sorted(found)
        rng.shuffle(found)
        return found

    def table(self, name, count, first=None, dynamic=False, plain=False):
        rng = self.rng
        key = Column("id", "text" if first is None and rng.random() < 0.25 or first and first.key.kind == "text" else "bigint")
        if key.kind == "text":
            key.declared = rng.choice(["varchar(100)", 'varchar(100) COLLATE "C"', "varchar(100)"])
        key.pool = self.keys(key.kind, count)
        n = Column("n", "integer")
        n.pool = list(range(-2, 8))
        ref = Column("ref", key.kind, "varchar(100)" if key.kind == "text" else "bigint", self.null_share())
        ref.pool = (first.key.pool if first else key.pool)[: rng.choice([5, 30])] + key.pool[:3]
        columns = [key, n, ref]
        names = iter(rng.sample(ODD_NAMES, 4))
        words = [] if plain else rng.sample(WORDS, 2)
        for i, kind in enumerate(rng.sample(KINDS + [TIMESTAMP] * (2 if self.server.timestamps else 0), rng.randint(6, 10))):
            column = self.scalar(f"c{i}", kind)
            if not plain and rng.random() < 0.2:
                column.name, column.field = next(names, f"c{i}"), f"f{i}"
            elif words and rng.random() < 0.15:
                column.field = words.pop()
            columns.append(column)
        columns += self.vectors()
        if dynamic:
            columns += self.dynamic()
        ref.partition_key = self.server.partitions and not self.writing and not plain and not ref.null and rng.random() < 0.6
        table = Table(name, columns)
        self.fill(table, count)
        table.strong = self.server.flushes and rng.random() < 0.3
        if rng.random() < 0.3:
            table.fetch_size = rng.choice([1, 3, 10, 50]) if count <= 20 else rng.choice([30, 50])
            table.steady = self.server.snapshots and not self.writing
        return table

    def dynamic(self):
        found = []
        meta = Column("$meta", "jsonb", "jsonb")
        found.append(meta)
        for key, kind in DYNAMIC:
            if self.rng.random() < 0.8:
                column = Column(f"d_{key}", kind, "varchar(200)" if kind == "text" and self.rng.random() < 0.3 else kind, 0.4)
                column.dynamic_key = key
                found.append(column)
        if len(found) > 1 and not self.writing and self.rng.random() < 0.4:
            found.append(twin(self.rng.choice(found[1:])))
        return found

    def dynamic_document(self):
        rng = self.rng
        doc = {k: values.json_value(rng, 1) for k in rng.sample(["extra", "k", "shape"], rng.randint(0, 2))}
        for key, kind in DYNAMIC:
            pick = rng.random()
            if pick < 0.2:
                continue
            if pick < 0.35:
                doc[key] = None
            elif kind == "text":
                doc[key] = rng.choice(values.TEXTS[:30])
            elif kind == "double precision":
                # (the server fails to filter by a key that has whole numbers only, and one beyond 64 bits)
                huge = 1e300 if self.server.huge_keys or not self.writing else 1e-300
                doc[key] = rng.choice([0, 1, -3, 0.5, huge, -2.25, 0.1, 2**53])
            elif kind == "boolean":
                doc[key] = rng.random() < 0.5
            elif kind == "bigint" and rng.random() < 0.2:
                # a float8 has some of these only
                doc[key] = rng.choice([2**53, 2**53 + 1, -(2**53), -(2**53) - 1])
            elif kind == "bigint":
                doc[key] = values.integer(rng, "bigint")
            else:
                doc[key] = values.json_value(rng)
        return doc

    def fill(self, table, count):
        rng = self.rng
        for c in table.columns:
            if c.is_vector:
                table.vector_rows[c.name] = []
        for i in range(count):
            doc = self.dynamic_document() if table.columns[-1].dynamic_key or table.columns[-1].name == "$meta" else None
            row = []
            for c in table.columns:
                if c is table.key:
                    row.append(values.literal(c.pool[i], c.kind))
                elif c.is_vector and not (c.null and rng.random() < c.null):
                    v = rng.choice(c.pool)
                    table.vector_rows[c.name].append(v)
                    row.append(self.vector_text(c, v))
                elif c.name == "$meta":
                    c.pool.append(doc)
                    row.append(json_literal(doc))
                elif c.dynamic_key:
                    x = doc.get(c.dynamic_key)
                    if x is not None:
                        c.pool.append(x)
                    path = f"({json_literal(doc)} {'->' if c.kind == 'jsonb' else '->>'} '{c.dynamic_key}')"
                    row.append(path if c.kind in ("jsonb", "text") else f"{path}::{c.kind}")
                elif c.is_vector or c.null and rng.random() < c.null:
                    row.append("NULL")
                else:
                    x = rng.choice(c.pool)
                    row.append(json_literal(x) if c.kind == "jsonb" else values.literal(x, c.kind))
            table.rows.append(row)

    def wide(self, table):
        """The same collection, read as other types."""
        columns = []
        for c in table.columns:
            if c.is_vector or c.dynamic_key or self.rng.random() < 0.2 and c is not table.key:
                continue
            wide = Column(c.name, c.kind, null=c.null)
            wide.kind = self.rng.choice(WIDER.get(c.kind, [c.kind]))
            wide.declared = c.declared if wide.kind == c.kind and c.kind != "text" else wide.kind
            wide.field, wide.pool = c.field, c.pool
            columns.append(wide)
        columns += [twin(c) for c in self.rng.sample(columns[1:], min(2, len(columns) - 1))]
        found = Table(table.name + "w", columns)
        found.rows = table.rows
        found.wide_of = table
        found.fetch_size = self.rng.choice([None, 40])
        found.steady = bool(found.fetch_size) and self.server.snapshots
        return found

    def narrow(self, table):
        """The same collection, in columns that its values are too long for."""
        rng = self.rng
        columns, misfits = [], []
        for c in table.columns:
            if c.dynamic_key or c.name == "$meta":
                continue
            column = Column(c.name, c.kind, c.kind, c.null)
            column.field, column.pool = c.field, c.pool
            if c.is_vector:
                if c.kind in ("vector", "halfvec", "bit"):
                    column.declared = f"{c.kind}({c.dim + rng.choice([-1, 1])})"
                    misfits.append(column)
                continue
            if c.kind in ("text", "text[]") and c is not table.key:
                lengths = sorted(len(text or "") for value in c.pool for text in (value if isinstance(value, list) else [value]))
                column.width = max(1, rng.choice(lengths[len(lengths) // 2:] or [1]))
                column.declared = f"varchar({column.width}){c.kind[4:]}"
                column.is_overlong = bool(lengths) and lengths[-1] > column.width
            columns.append(column)
        found = Table(table.name + "n", columns)
        found.rows, found.misfits = table.rows, misfits
        found.wide_of = table
        return found

    def partitioned(self, count):
        table = self.table("pt", count, plain=True)
        table.partitions = 3
        table.steady = False
        part = Column("part", "integer")
        part.pool = [1, 2, 3]
        table.columns.insert(1, part)
        for row in table.rows:
            row.insert(1, str(self.rng.choice(part.pool)))
        return table

    def local(self, first):
        """A table that is no foreign table on either side."""
        rng = self.rng
        key = Column("id", first.key.kind)
        key.pool = rng.sample(first.key.pool, 8)
        columns = [key, Column("n", "integer"), Column("s", "text", null=0.2), Column("x", "double precision", null=0.2)]
        columns[1].pool = list(range(-2, 8))
        columns[2].pool = values.TEXTS[:20]
        columns[3].pool = [0.5, 1.0, -1.0, 2.25]
        table = Table("pal", columns, foreign=False)
        self.fill(table, 8)
        return table


def json_literal(x):
    return "NULL::jsonb" if x is None else values.quoted(json.dumps(x, ensure_ascii=False)) + "::jsonb"


def make_world(rng, server, pgvector, index):
    maker = Maker(rng, server, pgvector, index)
    first = maker.table("t1", rng.randint(100, 220), dynamic=rng.random() < 0.5)
    second = maker.table("t2", rng.randint(50, 110), first, dynamic=rng.random() < 0.4)
    third = maker.table("t3", rng.randint(12, 20), first, dynamic=rng.random() < 0.3)
    tables = [first, second, third, maker.wide(first)]
    if index % 2 == 0:
        tables.append(maker.partitioned(rng.randint(40, 90)))
    tables.append(maker.local(first))
    first.narrow = maker.narrow(first)
    return tables
