"""What the write judge writes to: the tables of a world, further foreign tables over the same collections, rows to come.

t1 and t3 take plain inserts, t2 upserts. t1p maps some of t1's fields, t1c and
t2c wait for the commit. pt_1 … are partitions of pt, pt_all has them all. The
keys of au are made by the server. On the local side, the further tables are views.
"""
import copy

import store
import world
from world import Column, Table, ident

DYNAMIC_READ = "NEW.{column} := (NEW.\"$meta\" {arrow} '{key}'){cast};"


class Target:
    """A table that is written to. base: whose collection it is, its own or another's."""

    def __init__(self, table, base=None, upsert=False, commit=False, batch_size=None, part=None, view=False):
        self.table = table
        self.base = base or self
        self.upsert = upsert
        self.commit = commit
        self.batch_size = batch_size
        self.part = part            # the one partition it is
        self.view = view            # on the local side
        self.pool = None            # of a base: rows to insert, as a table
        self.auto = False
        self.insertable = True
        self.present = []           # of a base: the keys that are there,
        self.first_keys = []        # and those that were at first

    @property
    def name(self):
        return self.table.name

    @property
    def key(self):
        return self.table.key

    @property
    def careful(self):
        """Rows may be sent before a later one fails: there, none may."""
        return self.batch_size is not None

    def options(self):
        found = ", insert_mode 'upsert'" if self.upsert else ""
        found += ", write_mode 'commit'" if self.commit else ""
        return found + (f", batch_size '{self.batch_size}'" if self.batch_size else "")


class WriteWorld:
    def __init__(self, rng, server, pgvector, index, local=False):
        self.rng = rng
        self.server = server
        self.local = local          # both sides are: for the self-test
        self.maker = maker = world.Maker(rng, server, pgvector, index, writing=True)
        maker.defaults = server.defaults and not local
        first = maker.table("t1", rng.randint(60, 160), dynamic=rng.random() < 0.6)
        second = maker.table("t2", rng.randint(40, 90), first, dynamic=rng.random() < 0.4)
        third = maker.table("t3", rng.randint(12, 20), first, dynamic=rng.random() < 0.3)
        self.pal = maker.local(first)
        self.targets = []
        for table in (first, second, third):
            self.add(Target(table, upsert=table is second and not local, batch_size=rng.choice([None, None, None, 3, 7, 40])))
        t1, t2, _ = self.targets
        self.add(Target(self.part_of(first), t1, view=True))
        self.add(Target(self.named(first, "t1c"), t1, commit=True, view=True))
        self.add(Target(self.named(second, "t2c"), t2, upsert=t2.upsert, commit=True, view=True))
        self.partitioned()
        self.auto()
        for target in self.bases():
            target.pool = self.make_pool(target)

    def add(self, target):
        self.targets.append(target)
        return target

    def bases(self):
        return [t for t in self.targets if t.base is t]

    def named(self, table, name, columns=None):
        found = Table(name, columns or table.columns)
        found.rows = table.rows
        found.vector_rows = table.vector_rows
        found.fetch_size = self.rng.choice([None, None, 7, 40])
        return found

    def part_of(self, table):
        """Some of the fields, and single dynamic keys."""
        columns = [c for c in table.columns if c is table.key or c.name != "$meta" and self.rng.random() < 0.55]
        if len(columns) < 3:
            columns = table.columns[:3]
        return self.named(table, "t1p", columns)

    def partitioned(self):
        base = self.add(Target(self.maker.partitioned(self.rng.randint(30, 60))))
        for part in (1, 2, 3):
            self.add(Target(self.named(base.table, f"pt_{part}"), base, part=part, view=True))
        if self.server.partitions:
            # (rows that come by it would be in no partition of pt)
            self.add(Target(self.named(base.table, "pt_all"), base, view=True)).insertable = False

    def auto(self):
        while True:
            table = self.maker.table("au", self.rng.randint(20, 50), plain=True)
            if table.key.kind == "bigint":
                break
        self.add(Target(table, batch_size=self.rng.choice([None, None, 5]))).auto = True

    def make_pool(self, target):
        """Rows with other keys, and some with keys of the table."""
        table = target.table
        key = copy.copy(table.key)
        others = self.maker.keys(key.kind, 100)
        known = set(key.pool)
        target.first_keys = list(key.pool)
        key.pool = self.rng.sample(key.pool, min(len(key.pool), 20)) + [k for k in others if k not in known]
        pool = Table(f"pool_{table.name}", [key] + table.columns[1:], foreign=False)
        self.maker.fill(pool, len(key.pool))
        return pool

    def readable(self):
        """What queries may name: the server's keys differ from ours."""
        return [t.table for t in self.targets if not t.auto] + [self.pal]

    def family(self, target):
        return [t.table for t in self.targets if t.base is target.base]


def local_triggers(run, schema, table):
    """$meta and the columns of its keys are one thing, as in Milvus."""
    keys = [c for c in table.columns if c.dynamic_key]
    if not any(c.name == "$meta" for c in table.columns):
        return
    name = f"{schema}.{table.name}"
    put = "NEW.\"$meta\" || jsonb_build_object('{key}', NEW.{column})"
    parts = {c: {"key": c.dynamic_key, "column": ident(c.name)} for c in keys}
    merged = " ".join(f"IF NEW.{p['column']} IS NOT NULL THEN NEW.\"$meta\" := {put.format(**p)}; END IF;" for p in parts.values())
    read = " ".join(DYNAMIC_READ.format(arrow="->" if c.kind == "jsonb" else "->>", cast="" if c.kind in ("jsonb", "text") else f"::{c.kind}", **p)
                    for c, p in parts.items())

    def trigger(label, event, body):
        run(f"CREATE FUNCTION {name}_{label}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} RETURN NEW; END $f$")
        run(f"CREATE TRIGGER {label} BEFORE {event} ON {name} FOR EACH ROW EXECUTE FUNCTION {name}_{label}()")
    trigger("a_absent", "INSERT OR UPDATE", "NEW.\"$meta\" := coalesce(NEW.\"$meta\", '{}');")
    trigger("b_merge", "INSERT", merged)
    for c, p in parts.items():
        trigger(f"b_{c.dynamic_key}", f"UPDATE OF {ident(c.name)}",
                f"NEW.\"$meta\" := CASE WHEN NEW.{p['column']} IS NULL THEN NEW.\"$meta\" - '{p['key']}' ELSE {put.format(**p)} END;")
    trigger("c_read", "INSERT OR UPDATE", read)


def local_view(run, schema, target):
    columns = ", ".join(ident(c.name) for c in target.table.columns)
    where = f" WHERE part = {target.part}" if target.part else ""
    run(f"CREATE VIEW {schema}.{target.name} AS SELECT {columns} FROM {schema}.{target.base.name}{where}")


def create_auto_local(run, schema, target):
    table = target.table
    columns = ", ".join(c.definition(False) for c in table.columns[1:])
    names = ", ".join(ident(c.name) for c in table.columns[1:])
    run(f"CREATE TABLE {schema}.{table.name} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {columns})")
    for row in table.rows:
        run(f"INSERT INTO {schema}.{table.name} ({names}) VALUES ({', '.join(row[1:])})")


def create_local_side(run, the_world, targets):
    for target in targets:
        if target.view:
            local_view(run, "l", target)
        elif target.auto:
            create_auto_local(run, "l", target)
        else:
            store.create_local(run, target.table)
            if target.table.partitions:
                run(f"ALTER TABLE l.{target.name} ADD PRIMARY KEY (id)")
            local_triggers(run, "l", target.table)
        if target.base is target:
            store.create_local(run, target.pool, "x", keyless=True)
    store.create_local(run, the_world.pal, "x")


class WriteStore(store.Store):
    """Collections, foreign tables, and their local copies."""

    def build(self, the_world, targets=None):
        targets = targets or the_world.targets
        store.make_schemas(self.run)
        create_local_side(self.run, the_world, targets)
        for target in targets:
            if target.base is target:
                self.create_base(target)
            elif target.part is None:
                self.foreign(target.name, target.table, self.another_name(self.collection(target.base.table)), more=target.options())
        for loader in self.loading:
            self.run(f"SELECT milvus.load('f.{loader}')")
        self.loading = []

    def create_base(self, target):
        table = target.table
        collection = self.collection(table)
        loader = table.name + "_load"
        if table.partitions:
            self.create_partitioned(table, collection, loader)
            return
        stored = table.stored()
        self.foreign(loader, table, collection, stored)
        self.foreign(table.name, table, collection, more=target.options())
        self.make(loader, collection, table, auto_id=target.auto)
        names = ", ".join(ident(c.name) for c in stored[1 if target.auto else 0:])
        self.run(f"INSERT INTO f.{loader} ({names}) SELECT {names} FROM l.{table.name}")
        self.finish(loader, table)


class LocalStore:
    """The self-test's: both sides are local. damage: SQL that plants a fault in a table of the one, or None."""

    def __init__(self, run, damage=None):
        self.run = run
        self.damage = damage

    def build(self, the_world, targets=None):
        targets = targets or the_world.targets
        store.make_schemas(self.run)
        create_local_side(self.run, the_world, targets)
        for target in targets:
            self.create(target)
        for target in targets:
            if target.base is target:
                self.fill(target)

    def create(self, target):
        run, name = self.run, target.name
        if target.part:
            run(f"CREATE TABLE f.{name} PARTITION OF f.{target.base.name} FOR VALUES IN ({target.part})")
        elif target.view:
            local_view(run, "f", target)
        elif target.auto:
            create_auto_local(run, "f", target)
        elif target.table.partitions:
            run(f"CREATE TABLE f.{name} (LIKE l.{name}, PRIMARY KEY (id, part)) PARTITION BY LIST (part)")
        else:
            run(f"CREATE TABLE f.{name} (LIKE l.{name}, PRIMARY KEY (id))")

    def fill(self, target):
        name = target.name
        if not target.auto:
            self.run(f"INSERT INTO f.{name} SELECT * FROM l.{name} ORDER BY md5(id::text)")
        if not target.auto and not target.table.partitions:
            local_triggers(self.run, "f", target.table)
        for sql in self.damage(target) if self.damage else []:
            self.run(sql)

    def drop(self):
        pass
