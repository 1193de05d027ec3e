"""The side of milvus_fdw in Python (psycopg 3): set-up, checks, and what takes so long that the client hardly counts."""
import re
import struct
import subprocess
import time

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo

from data import Rows, key_order, queries
from worker import serve

COLUMNS = "id bigint, name varchar(64), price double precision, embedding vector(128)"
FOREIGN_COLUMNS = COLUMNS.replace("id bigint", "id bigint OPTIONS (primary_key 'true')")
SEARCH = {
    "key": "SELECT id FROM items ORDER BY embedding <-> %b LIMIT 10",
    "all": "SELECT id, name, price, embedding FROM items ORDER BY embedding <-> %b LIMIT 10",
}
# aggregates that no server computes: every column is read
AGGREGATE = {
    "scalars": "SELECT count(*), max(id), max(octet_length(name)), max(price) FROM items",
    "vectors": "SELECT count(*), max(id), max(octet_length(name)), max(price), max(vector_dims(embedding)) FROM items",
}
COPY = {
    "scalars": "COPY (SELECT id, name, price FROM items) TO STDOUT BINARY",
    "vectors": "COPY (SELECT id, name, price, embedding FROM items) TO STDOUT BINARY",
}
DELETE = {"keys": "id IN (SELECT id FROM keys)", "filter": "id >= 0"}
READ = {"scalars": ["id", "name", "price"], "vectors": ["id", "name", "price", "embedding"]}

# a loop inside the server: no client, no protocol
SEARCH_INSIDE = """
CREATE FUNCTION search_inside(first int, count int) RETURNS TABLE (seconds float8, keys bigint[])
LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
	query vector;
BEGIN
	FOR i IN first .. first + count - 1 LOOP
		SELECT q.vector INTO query FROM queries q WHERE q.n = i;
		started := clock_timestamp();
		SELECT array_agg(id) INTO keys FROM (SELECT id FROM items ORDER BY embedding <-> query LIMIT 10) found;
		seconds := extract(epoch FROM clock_timestamp() - started);
		RETURN NEXT;
	END LOOP;
END $$"""

COPY_BLOCK = 256 * 1024

connection = vectors = None
copies = {}


class Vector(list):
    """A list of floats that goes to PostgreSQL as a pgvector value."""


class VectorDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj):
        return struct.pack(f">HH{len(obj)}f", len(obj), 0, *obj)


def execute(query, *args, **kwargs):
    return connection.execute(query, *args, **kwargs)


def configure(ef):
    """What is the connection's own."""
    execute("SELECT set_config('milvus_fdw.search_params', %s, false)", (f'{{"ef": {int(ef)}}}',))
    info = TypeInfo.fetch(connection, "vector")
    info.register(connection)
    VectorDumper.oid = info.oid
    connection.adapters.register_dumper(Vector, VectorDumper)


def connect_again(ef):
    """A backend that has done nothing yet."""
    global connection
    connection.close()
    connection = psycopg.connect("", autocommit=True)
    configure(ef)
    return connection.info.backend_pid


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
    configure(ef)

    execute("CREATE TABLE queries (n int PRIMARY KEY, vector vector(128))")
    connection.cursor().executemany("INSERT INTO queries VALUES (%s, %b)", enumerate(vectors))
    execute("CREATE TABLE keys (id bigint PRIMARY KEY)")
    with connection.cursor().copy("COPY keys FROM STDIN") as copy:
        for key in key_order(count, seed).tolist():
            copy.write_row((key,))
    execute("VACUUM (FREEZE, ANALYZE) queries, keys")
    execute(SEARCH_INSIDE)
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


def search_inside(first, count):
    """Seconds of each search as a loop in the server sees them, and the keys found."""
    found = execute("SELECT seconds, keys FROM search_inside(%s, %s)", (first, count)).fetchall()
    return {"seconds": [row[0] for row in found], "keys": [row[1] for row in found]}


def record(port):
    """A single search through another port of the same server."""
    execute("CREATE SERVER recorded FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', "
            f"port '{int(port)}', consistency_level 'bounded')")
    execute("CREATE USER MAPPING FOR CURRENT_USER SERVER recorded")
    execute(f"CREATE FOREIGN TABLE recorded ({FOREIGN_COLUMNS}) SERVER recorded OPTIONS (collection 'items')")
    for query in SEARCH.values():
        execute(query.replace("items", "recorded"), (vectors[0],), binary=True)
    execute("DROP SERVER recorded CASCADE")


def through(port, statement, columns=FOREIGN_COLUMNS, collection="items"):
    """A statement on a table "recorded", through another port of the same server."""
    execute("CREATE SERVER recorded FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', "
            f"port '{int(port)}', consistency_level 'bounded')")
    execute("CREATE USER MAPPING FOR CURRENT_USER SERVER recorded")
    execute(f"CREATE FOREIGN TABLE recorded ({columns}) SERVER recorded OPTIONS (collection '{collection}')")
    execute(statement)
    execute("DROP SERVER recorded CASCADE")


def record_scan(port, output):
    through(port, AGGREGATE[output].replace("items", "recorded"))


def record_insert(port):
    make_loaded()
    through(port, "INSERT INTO recorded SELECT * FROM local_items", collection="loaded_fdw")


def record_delete(port, how):
    through(port, "DELETE FROM recorded WHERE " + DELETE[how], collection="loaded_fdw")


def has_search_function():
    """Is there milvus.search() for many queries?"""
    return execute("SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'search' AND 'queries' = ANY(proargnames)"
                   " AND pronamespace = to_regnamespace('milvus'))").fetchone()[0]


def scan(output):
    """Seconds of reading all rows inside PostgreSQL, and their number."""
    start = time.perf_counter()
    found = execute(AGGREGATE[output]).fetchone()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": found[0]}


def copy(output):
    """Seconds of receiving all rows, undecoded."""
    size = 0
    start = time.perf_counter()
    cursor = connection.cursor()
    with cursor.copy(COPY[output]) as stream:
        for block in stream:
            size += len(block)
    return {"seconds": time.perf_counter() - start, "rows": cursor.rowcount, "bytes": size}


def name_loaded(columns=FOREIGN_COLUMNS):
    execute("DROP FOREIGN TABLE IF EXISTS loaded")
    execute(f"CREATE FOREIGN TABLE loaded ({columns}) SERVER m OPTIONS (collection 'loaded_fdw')")


def make_loaded(columns=FOREIGN_COLUMNS):
    """A fresh collection; it is left there."""
    name_loaded(columns)
    execute("SELECT milvus.create_collection('loaded')")


def timed(query, *args):
    start = time.perf_counter()
    count = execute(query, *args).rowcount
    return {"seconds": time.perf_counter() - start, "rows": count}


def insert():
    """Seconds of inserting all rows of a local table into a fresh collection."""
    make_loaded()
    return timed("INSERT INTO loaded SELECT * FROM local_items")


def copy_from(form):
    """Seconds of copying all rows from the client, whose bytes are there before."""
    if form not in copies:
        cursor = connection.cursor()
        with cursor.copy(f"COPY local_items TO STDOUT (FORMAT {form})") as stream:
            data = b"".join(stream)
        copies[form] = [data[i:i + COPY_BLOCK] for i in range(0, len(data), COPY_BLOCK)]
    make_loaded()
    cursor = connection.cursor()
    start = time.perf_counter()
    with cursor.copy(f"COPY loaded FROM STDIN (FORMAT {form})") as stream:
        for block in copies[form]:
            stream.write(block)
    return {"seconds": time.perf_counter() - start, "rows": cursor.rowcount}


def write_csv():
    """All rows as a file; where it is."""
    path = execute("SHOW data_directory").fetchone()[0] + "/items.csv"
    execute(f"COPY local_items TO '{path}' (FORMAT csv)")
    return path


def copy_csv(path):
    """Seconds of copying all rows from a file on the server."""
    make_loaded()
    return timed(f"COPY loaded FROM '{path}' (FORMAT csv)")


def copy_csv_locally(path):
    """The same into a local table, for which PostgreSQL parses as much and writes no log."""
    execute("CREATE UNLOGGED TABLE copied (LIKE local_items)")
    found = timed(f"COPY copied FROM '{path}' (FORMAT csv)")
    execute("DROP TABLE copied")
    return found


def delete(how):
    """Seconds of deleting all rows of a collection that is there, by a local table's keys or by a filter."""
    name_loaded()
    return timed("DELETE FROM loaded WHERE " + DELETE[how])


def update(count):
    """Seconds of changing a field of the first rows."""
    name_loaded()
    return timed("UPDATE loaded SET price = price + 1 WHERE id < %s", (count,))


def load_many(rows, dim):
    """Insert rows that PostgreSQL makes one by one."""
    make_loaded(f"id bigint OPTIONS (primary_key 'true'), embedding vector({int(dim)})")
    return timed("INSERT INTO loaded SELECT i, %s::vector FROM (SELECT generate_series(1, %s) AS i) numbers",
                 (str([0.5] * dim), rows))


def perf_start(path):
    """Profile the backend from now on."""
    perf_start.process = subprocess.Popen(
        ["perf", "record", "-q", "-F", "2000", "-g", "-o", path, "-p", str(connection.info.backend_pid)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)


def perf_stop():
    perf_start.process.send_signal(2)
    perf_start.process.wait(60)


serve({f.__name__: f for f in (setup, check_plans, search_inside, record, record_scan, record_insert, record_delete, has_search_function,
                               scan, copy, insert, make_loaded, copy_from, write_csv, copy_csv, copy_csv_locally, delete, update, load_many, connect_again, perf_start, perf_stop)})
