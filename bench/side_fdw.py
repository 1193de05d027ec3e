"""The side of milvus_fdw: SQL through libpq (psycopg 3), prepared statements, binary values."""
import re
import struct
import subprocess
import time

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo

from data import Rows, queries
from worker import serve

COLUMNS = "id bigint, name varchar(64), price double precision, embedding vector(128)"
FOREIGN_COLUMNS = COLUMNS.replace("id bigint", "id bigint OPTIONS (primary_key 'true')")
SEARCH = {
    "key": "SELECT id FROM items ORDER BY embedding <-> %b LIMIT 10",
    "all": "SELECT id, name, price, embedding FROM items ORDER BY embedding <-> %b LIMIT 10",
}
# every column that is counted is read
AGGREGATE = {
    "scalars": "SELECT count(id), count(name), count(price) FROM items",
    "vectors": "SELECT count(id), count(name), count(price), count(embedding) FROM items",
}
COPY = {
    "scalars": "COPY (SELECT id, name, price FROM items) TO STDOUT BINARY",
    "vectors": "COPY (SELECT id, name, price, embedding FROM items) TO STDOUT BINARY",
}
READ = {"scalars": ["id", "name", "price"], "vectors": ["id", "name", "price", "embedding"]}

connection = vectors = None


class Vector(list):
    """A list of floats that goes to PostgreSQL as a pgvector value."""


class VectorDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj):
        return struct.pack(f">HH{len(obj)}f", len(obj), 0, *obj)


class VectorLoader(Loader):
    format = Format.BINARY

    def load(self, data):
        return struct.unpack_from(f">{(len(data) - 4) // 4}f", data, 4)


def execute(query, *args, **kwargs):
    return connection.execute(query, *args, **kwargs)


def setup(port, count, seed, ef, nqueries):
    """A server, a foreign table of the collection, a local table with the same rows."""
    global connection, vectors
    connection = psycopg.connect("", autocommit=True)
    vectors = [Vector(v) for v in queries(nqueries, seed).tolist()]
    execute("CREATE EXTENSION vector")
    execute("CREATE EXTENSION milvus_fdw")
    execute(f"CREATE SERVER m FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '{int(port)}',"
            " consistency_level 'bounded')")
    execute("CREATE USER MAPPING FOR CURRENT_USER SERVER m")
    execute(f"CREATE FOREIGN TABLE items ({FOREIGN_COLUMNS}) SERVER m")
    execute("SELECT set_config('milvus_fdw.search_params', %s, false)", (f'{{"ef": {int(ef)}}}',))
    info = TypeInfo.fetch(connection, "vector")
    info.register(connection)
    VectorDumper.oid = info.oid
    connection.adapters.register_dumper(Vector, VectorDumper)
    connection.adapters.register_loader(info.oid, VectorLoader)

    rows = Rows(count, seed)
    execute(f"CREATE TABLE local_items ({COLUMNS})")
    with connection.cursor().copy("COPY local_items FROM STDIN BINARY") as copy:
        copy.set_types(["int8", "varchar", "float8", "vector"])
        for row in zip(rows.ids.tolist(), rows.names, rows.prices.tolist(), rows.vectors):
            copy.write_row((*row[:3], Vector(row[3])))
    execute("VACUUM (FREEZE, ANALYZE) local_items")
    return {"rows": execute("SELECT count(*) FROM local_items").fetchone()[0],
            "server": execute("SHOW server_version").fetchone()[0],
            "pid": connection.info.backend_pid}


def check_plans():
    """Is it measured what is to be measured?"""
    for name, query in AGGREGATE.items():
        plan = "\n".join(row[0] for row in execute("EXPLAIN (VERBOSE) " + query))
        fields = re.search(r"^ *Output Fields: (.*)$", plan, re.M)
        missing = [f for f in READ[name] if not fields or f not in fields[1].replace(",", " ").split()]
        if missing:
            raise RuntimeError(f"{query} does not read {missing}:\n{plan}")
    # the plan that the prepared statements come to
    execute("PREPARE p (vector) AS " + SEARCH["key"].replace("%b", "$1"))
    value = str(list(vectors[0]))
    for _ in range(8):
        execute(f"EXECUTE p ('{value}')")
    plan = "\n".join(row[0] for row in execute(f"EXPLAIN (VERBOSE, COSTS OFF) EXECUTE p ('{value}')"))
    execute("DEALLOCATE p")
    if "Sort" in plan:
        raise RuntimeError(f"no vector search:\n{plan}")
    return {"generic": "$1" in plan}


def search(output, first, count):
    """Seconds of each search, and the keys found."""
    seconds, keys = [], []
    query = SEARCH[output]
    for vector in vectors[first:first + count]:
        start = time.perf_counter()
        found = connection.cursor(binary=True).execute(query, (vector,), prepare=True).fetchall()
        seconds.append(time.perf_counter() - start)
        keys.append([row[0] for row in found])
    return {"seconds": seconds, "keys": keys}


def scan(output):
    """Seconds of reading all rows inside PostgreSQL, and their number."""
    start = time.perf_counter()
    counts = execute(AGGREGATE[output]).fetchone()
    seconds = time.perf_counter() - start
    assert len(set(counts)) == 1
    return {"seconds": seconds, "rows": counts[0]}


def copy(output):
    """Seconds of receiving all rows, undecoded."""
    size = 0
    start = time.perf_counter()
    cursor = connection.cursor()
    with cursor.copy(COPY[output]) as stream:
        for block in stream:
            size += len(block)
    return {"seconds": time.perf_counter() - start, "rows": cursor.rowcount, "bytes": size}


def insert():
    """Seconds of inserting all rows of a local table into a fresh collection; it is left there."""
    execute("DROP FOREIGN TABLE IF EXISTS loaded")
    execute(f"CREATE FOREIGN TABLE loaded ({FOREIGN_COLUMNS}) SERVER m OPTIONS (collection 'loaded_fdw')")
    execute("SELECT milvus.create_collection('loaded')")
    start = time.perf_counter()
    count = execute("INSERT INTO loaded SELECT * FROM local_items").rowcount
    return {"seconds": time.perf_counter() - start, "rows": count}


def perf_start(path):
    """Profile the backend from now on."""
    perf_start.process = subprocess.Popen(
        ["perf", "record", "-q", "-F", "2000", "-g", "-o", path, "-p", str(connection.info.backend_pid)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)


def perf_stop():
    perf_start.process.send_signal(2)
    perf_start.process.wait(60)


serve({f.__name__: f for f in (setup, check_plans, search, scan, copy, insert, perf_start, perf_stop)})
