"""A world on the server and beside it: schema l has the local copies, schema f the foreign tables."""
import json
import os

from values import quoted
from world import DEFAULTS, DOMAINS, METRICS, ident

CHUNK = 40


def setup_server(side, options):
    """The extension and the server. options.library: a build to take in place of the installed one."""
    run = side.run
    run("SET client_min_messages = error")
    run("DROP SCHEMA IF EXISTS l, f, x CASCADE")
    run("DROP EXTENSION IF EXISTS milvus_fdw CASCADE; CREATE EXTENSION milvus_fdw")
    if options.library:
        run(f"UPDATE pg_proc SET probin = {quoted(options.library)} WHERE probin = '$libdir/milvus_fdw'")
    # a session can't have two builds of it
    side.connect()
    run(f"CREATE SERVER fidelity FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host {quoted(options.address)}, port '{options.port}'{options.server_options})")
    run(f"CREATE USER MAPPING FOR CURRENT_USER SERVER fidelity{os.environ.get('FIDELITY_LOGIN', '')}")


def make_schemas(run):
    run("DROP SCHEMA IF EXISTS l, f, x CASCADE; CREATE SCHEMA l; CREATE SCHEMA f; CREATE SCHEMA x")
    for kind in DOMAINS:
        run(f"CREATE DOMAIN {DOMAINS[kind]} AS {kind}")


def create_local(run, table, schema="l", keyless=False):
    columns = ", ".join(c.definition(False) for c in table.columns)
    key = "" if table.partitions or keyless else f", PRIMARY KEY ({ident(table.key.name)})"
    run(f"CREATE TABLE {schema}.{table.name} ({columns}{key})")
    for i in range(0, len(table.rows), CHUNK):
        rows = ", ".join(f"({', '.join(r)})" for r in table.rows[i:i + CHUNK])
        run(f"INSERT INTO {schema}.{table.name} VALUES {rows}")
    run(f"ANALYZE {schema}.{table.name}")


def create_wide_local(run, table, schema="l"):
    collate = ' COLLATE "default"'
    columns = ", ".join(f"{ident(c.twin_of or c.name)}::{c.declared}{collate if c.kind == 'text' else ''} AS {ident(c.name)}" for c in table.columns)
    run(f"CREATE TABLE {schema}.{table.name} AS SELECT {columns} FROM {schema}.{table.wide_of.name}; ANALYZE {schema}.{table.name}")


def create_narrow_local(run, table):
    """As wide as the collection."""
    collate = ' COLLATE "default"'
    columns = ", ".join(f"{ident(c.name)}::{'varchar[]' if c.width and c.kind == 'text[]' else c.kind}{collate if c.kind.startswith('text') else ''} "
                        f"AS {ident(c.name)}" for c in table.columns)
    run(f"CREATE TABLE l.{table.name} AS SELECT {columns} FROM l.{table.wide_of.name}; ANALYZE l.{table.name}")


class Store:
    """The collections of one world; prefix keeps their names apart from others'. elsewhere: run, of another session."""

    def __init__(self, run, kind, prefix, rng, elsewhere=None):
        self.run = run
        self.elsewhere = elsewhere
        self.kind = kind
        self.prefix = prefix
        self.rng = rng
        self.collections = []
        self.aliases = []
        self.loading = []

    def collection(self, table):
        return f"{self.prefix}_{table.name}"

    def another_name(self, collection):
        """The collection's own, or an alias."""
        if not self.kind.aliases or self.rng.random() < 0.4:
            return collection
        alias = f"{collection}_alias{len(self.aliases)}"
        self.run(f"SELECT milvus.create_alias(server => 'fidelity', collection => '{collection}', alias => '{alias}')")
        self.aliases.append(alias)
        return alias

    def foreign(self, name, table, collection, columns=None, more=""):
        columns = ", ".join(c.definition(True) for c in columns or table.columns)
        fetch = f", fetch_size '{table.fetch_size}'" if table.fetch_size else ""
        self.run(f"CREATE FOREIGN TABLE f.{name} ({columns}) SERVER fidelity OPTIONS (collection '{collection}'{fetch}{more})")

    def make(self, loader, collection, table, auto_id=False):
        """As create_collection() does, but for the fields it would make of other types."""
        self.collections.append(collection)
        schema = json.loads(self.run(f"SELECT milvus.table_schema('f.{loader}')").rows[0][0])
        for field in schema["fields"]:
            column = next(c for c in table.columns if field["name"] == (c.field or c.name))
            if column.is_vector and (column.kind == "real[]" or column.stored):
                field.update(data_type=column.stored or "FloatVector", element_type=0, type_params={"dim": str(column.dim)})
            elif column.stored:
                field.update(data_type=column.stored, type_params={})
            if column.int8:
                field.update({"element_type" if column.kind.endswith("[]") else "data_type": "Int8"})
            if column.default is not None:
                field["default_value"] = {DEFAULTS[column.kind]: column.default}
            if column.replaces_null:
                field["nullable"] = True
            if auto_id and column is table.key:
                field["autoID"] = True
        self.run(f"SELECT milvus.drop_collection('f.{loader}')")
        # (a shard is a channel of its own, which Milvus has few of, and each is behind by another time)
        shards = self.rng.choice([1, 1, 2]) if self.kind.flushes else 1
        self.call("CreateCollection", collection_name=collection, schema=schema, shards_num=shards,
                  consistency_level="Strong" if table.strong else "Bounded")

    def call(self, rpc, **request):
        self.run(f"SELECT milvus.call('fidelity', '{rpc}', {quoted(json.dumps(request))})")

    def finish(self, loader, table):
        if self.kind.flushes and self.rng.random() < 0.3:
            self.run(f"SELECT milvus.flush('f.{loader}')")
        for c in table.vectors():
            index = "HNSW" if c.stored == "Int8Vector" else {"bit": "BIN_FLAT", "sparsevec": "SPARSE_INVERTED_INDEX"}.get(c.kind, "FLAT")
            self.run(f"SELECT milvus.create_index('f.{loader}', {quoted(c.field or c.name)}, '{index}', '{METRICS[c.operator]}', wait => false)")
        if self.kind.json_indexes and any(c.name == "$meta" for c in table.columns) and self.rng.random() < 0.5:
            self.index_numbers(self.collection(table), "size")
        self.run(f"SELECT milvus.load('f.{loader}', wait => false)")
        self.loading.append(loader)

    def index_numbers(self, collection, key):
        """Of a dynamic key, as doubles: the server then compares integers so."""
        path = json.dumps(key)
        params = {"index_type": "INVERTED", "json_path": f"$meta[{path}]", "json_cast_type": "DOUBLE"}
        self.call("CreateIndex", collection_name=collection, field_name=key, index_name=f"numbers_{key}",
                  extra_params=[{"key": k, "value": v} for k, v in params.items()])

    def create(self, table):
        if not table.foreign:
            create_local(self.run, table, "x")
            return
        if table.wide_of:
            create_wide_local(self.run, table)
            table.collection = self.collection(table.wide_of)
            name = self.another_name(table.collection)
            table.alias = name if name != table.collection else None
            table.another = self.collections[1]
            self.foreign(table.name, table, name)
            return
        create_local(self.run, table)
        collection = self.collection(table)
        stored = table.stored()
        loader = table.name + "_load"
        if table.partitions:
            self.create_partitioned(table, collection, loader)
            return
        self.foreign(loader, table, collection, stored)
        self.foreign(table.name, table, collection)
        self.make(loader, collection, table)
        self.fill(loader, table)
        self.finish(loader, table)
        if table.small and self.elsewhere:
            table.may_be_remade_within = self.kind.ids and bool(table.fetch_size)
            table.remake = lambda whole: self.make_again(loader, collection, table, whole)
        if table.narrow:
            create_narrow_local(self.run, table.narrow)
            self.foreign(table.narrow.name, table.narrow, collection, table.narrow.columns + table.narrow.misfits)
            table.narrow.collection = collection

    def fill(self, loader, table, some=""):
        names = ", ".join(ident(c.name) for c in table.stored())
        self.run(f"INSERT INTO f.{loader} ({names}) SELECT {names} FROM l.{table.name}{some}")

    def make_again(self, loader, collection, table, whole):
        """Not whole: with some of the rows."""
        other = Store(self.elsewhere, self.kind, self.prefix, self.rng)
        other.make(loader, collection, table)
        other.fill(loader, table, "" if whole else f" ORDER BY md5(id::text) LIMIT {len(table.rows) // 3}")
        other.finish(loader, table)
        other.run(f"SELECT milvus.load('f.{loader}')")
        # what another session has written, sessions see at their level: what one has seen, all do
        other.run(f"SET milvus_fdw.consistency_level = 'strong'; SELECT count(*) FROM f.{loader}; RESET milvus_fdw.consistency_level")

    def create_partitioned(self, table, collection, loader):
        """Partitions of one collection; where there are none, collections of their own."""
        columns = ", ".join(c.definition(False) for c in table.columns)
        self.run(f"CREATE TABLE f.{table.name} ({columns}) PARTITION BY LIST (part)")
        shared = self.kind.partitions
        if shared:
            self.foreign(loader, table, collection)
            self.make(loader, collection, table)
        for i in range(1, table.partitions + 1):
            child = f"{table.name}_{i}"
            options = f"collection '{collection}', partition 'p{i}'" if shared else f"collection '{collection}_{i}'"
            self.run(f"CREATE FOREIGN TABLE f.{child} PARTITION OF f.{table.name} FOR VALUES IN ({i}) SERVER fidelity OPTIONS ({options})")
            for c in table.columns:
                if c.field:
                    self.run(f"ALTER FOREIGN TABLE f.{child} ALTER {ident(c.name)} OPTIONS (ADD field {quoted(c.field)})")
            if shared:
                self.call("CreatePartition", collection_name=collection, partition_name=f"p{i}")
            else:
                self.make(child, f"{collection}_{i}", table)
        self.run(f"INSERT INTO f.{table.name} SELECT * FROM l.{table.name}")
        if shared:
            self.finish(loader, table)
        else:
            for i in range(1, table.partitions + 1):
                self.finish(f"{table.name}_{i}", table)

    def build(self, tables):
        make_schemas(self.run)
        for table in tables:
            self.create(table)
        for loader in self.loading:
            self.run(f"SELECT milvus.load('f.{loader}')")
        self.loading = []

    def drop(self):
        for alias in self.aliases:
            self.run(f"SELECT milvus.drop_alias('fidelity', '{alias}')")
        self.aliases = []
        for name in self.collections:
            self.run(f"SELECT milvus.drop_collection(server => 'fidelity', collection => '{name}')")
        self.collections = []
