"""A collection of more rows than a request may ask for: LIMIT beyond 16,384, pages in numbers."""
from tree import Limit, Node, Script, Statement, Table

ROWS = 20_500
QUERIES = [
    ("rows", "SELECT count(*), min(id), max(id), sum(n), count(DISTINCT s) FROM ", ""),
    ("ordered", "SELECT id, n FROM ", " ORDER BY id LIMIT 17000"),
    ("ordered", "SELECT id FROM ", " ORDER BY n, id DESC LIMIT 5 OFFSET 16390"),
    ("count", "SELECT id FROM ", " LIMIT 16385"),
    ("rows", "SELECT id, s FROM ", " WHERE n > 3 AND s <> 's7'"),
    ("rows", "SELECT n, count(*) FROM ", " WHERE id % 3 = 0 GROUP BY n"),
    # lists longer than what one request is asked with, and than the table
    ("ordered", "SELECT id, n FROM ", f" WHERE id = ANY (ARRAY(SELECT i * 3 FROM generate_series({ROWS}, -9, -1) i)) ORDER BY id"),
    ("rows", "SELECT id, n FROM ", " WHERE n < 7 AND s <> 's3' AND id = ANY (ARRAY(SELECT nullif(i * 7919 % 29989, 3) FROM generate_series(1, 30000) i)::bigint[] || 5::bigint || 5::bigint)"),
    ("count", "SELECT id FROM ", " WHERE id = ANY (ARRAY(SELECT i * 2 FROM generate_series(1, 9000) i)) LIMIT 1100"),
    ("rows", "SELECT count(*), sum(id) FROM ", " WHERE id = ANY (ARRAY(SELECT i FROM generate_series(30000, 60000) i)::bigint[] || 3::bigint)"),
    ("rows", "SELECT count(*), sum(id) FROM ", " WHERE id IN (%s)" % ", ".join(str(i) for i in range(-3, ROWS + 10, 1) if i % 50)),
    ("rows", "SELECT count(*), sum(n) FROM ", " WHERE n NOT IN (%s)" % ", ".join(str(i) for i in range(4, ROWS + 100))),
]
SEARCHES = ["", " WHERE n < 9", " WHERE length(s) = 2"]
LISTED = " WHERE id = ANY (ARRAY(SELECT i * 3 FROM generate_series(0, 1200) i))"


def build(run, collection, metric):
    run("DROP SCHEMA IF EXISTS l, f CASCADE; CREATE SCHEMA l; CREATE SCHEMA f")
    run("CREATE TABLE l.large (id bigint PRIMARY KEY, n integer NOT NULL, s varchar(20) NOT NULL, e real[] NOT NULL)")
    run(f"""INSERT INTO l.large SELECT i, i % 11, 's' || i % 13, ARRAY[i * 7919 % 101, i * 104729 % 97]::real[]
        FROM generate_series(1, {ROWS}) i; ANALYZE l.large""")
    run(f"""CREATE FOREIGN TABLE f.large (id bigint NOT NULL, n integer NOT NULL, s varchar(20) NOT NULL, e real[] NOT NULL)
        SERVER fidelity OPTIONS (collection '{collection}')""")
    run(f"""SELECT milvus.call('fidelity', 'CreateCollection', '{{"consistency_level": "Bounded", "collection_name": "{collection}", "schema": {{"name": "{collection}", "fields": [
        {{"name": "id", "data_type": "Int64", "is_primary_key": true}}, {{"name": "n", "data_type": "Int32"}},
        {{"name": "s", "data_type": "VarChar", "type_params": {{"max_length": 80}}}},
        {{"name": "e", "data_type": "FloatVector", "type_params": {{"dim": 2}}}}]}}}}')""")
    run("INSERT INTO f.large SELECT * FROM l.large ORDER BY id * 7919 % 20507")
    run(f"SELECT milvus.create_index('f.large', 'e', 'FLAT', '{metric}'), milvus.load('f.large')")


def scripts(operator):
    distance = f"e OPERATOR(milvus.{operator}) '{{50,40}}'"
    for mode, select, rest in QUERIES:
        yield Script("large", [Statement(Node(select, Table("large"), rest), mode)])
    for where in [*SEARCHES, LISTED]:
        for limit in (" LIMIT 16390", " LIMIT 20", " LIMIT 7 OFFSET 16384", "") if where != LISTED else (" LIMIT 20",):
            body = Node(f"SELECT id, {distance} AS distance FROM ", Table("large"), where, " ORDER BY distance", Limit(limit))
            yield Script("large", [Statement(body, "search")])


def run(judge, there, options):
    """The wrapper and the server are asked for more than one request can bring."""
    operator, metric = ("<->", "L2") if options.seed[-1] in "01234567" else ("<#>", "IP")
    collection = f"{options.prefix}_large"
    build(there.run, collection, metric)
    try:
        for n, script in enumerate(scripts(operator)):
            judge.run(script, f"large {n}")
            if len(judge.failures) >= options.failures:
                break
    finally:
        if not options.keep:
            there.run(f"SELECT milvus.drop_collection(server => 'fidelity', collection => '{collection}')")
