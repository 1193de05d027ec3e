"""The side of PyMilvus."""
import csv
import itertools
import json
import time

from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility

from data import DIM, Rows, key_order, queries
from worker import serve

UPSERT_BATCH = 5000
SCALARS = ["id", "name", "price"]
OUTPUT = {"key": [], "all": SCALARS + ["embedding"]}
SCAN = {"scalars": SCALARS, "vectors": SCALARS + ["embedding"]}

rows = vectors = items = order = None


def make_collection(name):
    schema = CollectionSchema([
        FieldSchema("id", DataType.INT64, is_primary=True),
        FieldSchema("name", DataType.VARCHAR, max_length=64),
        FieldSchema("price", DataType.DOUBLE),
        FieldSchema("embedding", DataType.FLOAT_VECTOR, dim=DIM),
    ])
    return Collection(name, schema, shards_num=1, consistency_level="Bounded")


def columns(form):
    if form == "lists":
        return [rows.ids.tolist(), rows.names, rows.prices.tolist(), rows.vectors.tolist()]
    return [rows.ids, rows.names, rows.prices, rows.vectors]


def insert_columns(collection, data, batch):
    count = len(data[0])
    inserted = 0
    for start in range(0, count, batch):
        inserted += collection.insert([column[start:start + batch] for column in data]).insert_count
    assert inserted == count


def setup(port, count, seed, ef, nqueries):
    """Connect, and make the collection that both sides search and read."""
    global rows, vectors, items, order
    connections.connect(host="127.0.0.1", port=str(port))
    rows = Rows(count, seed)
    vectors = queries(nqueries, seed).tolist()
    order = key_order(count, seed).tolist()
    items = make_collection("items")
    insert_columns(items, columns("numpy"), 5000)
    items.flush()
    items.create_index("embedding", {"index_type": "HNSW", "metric_type": "L2",
                                     "params": {"M": 16, "efConstruction": 200}})
    utility.wait_for_index_building_complete("items")
    items.load()
    setup.param = {"metric_type": "L2", "params": {"ef": ef}}
    return {"rows": items.num_entities, "server": utility.get_server_version()}


def segments():
    """What the query node holds: "rows/state/indexed" of each segment."""
    return sorted(f"{s.num_rows} rows, {s.state}, index {s.index_name or 'none'}"
                  for s in utility.get_query_segment_info("items"))


def search(output, first, count):
    """Seconds of each search, and the keys found."""
    seconds, keys = [], []
    for vector in vectors[first:first + count]:
        start = time.perf_counter()
        hits = items.search([vector], "embedding", setup.param, 10, output_fields=OUTPUT[output],
                            consistency_level="Bounded")[0]
        if output == "key":
            found = hits.ids
        else:
            found = [(hit.id, hit.entity.get("name"), hit.entity.get("price"), hit.entity.get("embedding"))
                     for hit in hits]
        seconds.append(time.perf_counter() - start)
        keys.append(list(found) if output == "key" else [row[0] for row in found])
    return {"seconds": seconds, "keys": keys}


def scan(output, batch):
    """Seconds of reading all rows as PyMilvus gives them, dicts, and their number."""
    count = 0
    start = time.perf_counter()
    iterator = items.query_iterator(batch_size=batch, output_fields=SCAN[output], consistency_level="Bounded")
    while page := iterator.next():
        count += len(page)
    iterator.close()
    return {"seconds": time.perf_counter() - start, "rows": count}


def query_keys(keys, output):
    return items.query(f"id in {keys}", output_fields=SCAN[output], consistency_level="Bounded")


def by_keys(keys):
    """Seconds of reading the rows of some keys, and the keys found."""
    start = time.perf_counter()
    found = query_keys(keys, "vectors")
    seconds = time.perf_counter() - start
    return {"seconds": [seconds], "keys": [[row["id"] for row in found]]}


def fetch(batch):
    """Seconds of reading the rows of all keys, by batches of keys, and the keys found."""
    found = []
    start = time.perf_counter()
    for first in range(0, len(order), batch):
        found += query_keys(order[first:first + batch], "scalars")
    seconds = time.perf_counter() - start
    return {"seconds": [seconds], "keys": [[row["id"] for row in found]]}


def insert(form, batch):
    """Seconds of inserting all rows into a fresh collection."""
    collection = make_collection("loaded_py")
    data = columns(form)
    start = time.perf_counter()
    insert_columns(collection, data, batch)
    return {"seconds": time.perf_counter() - start}


def insert_csv(path, batch):
    """Seconds of reading a file and inserting its rows into a fresh collection, as one would write it."""
    collection = make_collection("loaded_py")
    start = time.perf_counter()
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        while part := list(itertools.islice(reader, batch)):
            collection.insert([[int(row[0]) for row in part], [row[1] for row in part],
                               [float(row[2]) for row in part], [json.loads(row[3]) for row in part]])
    return {"seconds": time.perf_counter() - start}


def load_copy(name):
    """A collection with all rows that can be searched, on disk."""
    if utility.has_collection(name):
        Collection(name).drop()
    collection = make_collection(name)
    insert_columns(collection, columns("numpy"), 5000)
    collection.flush()
    collection.create_index("embedding", {"index_type": "FLAT", "metric_type": "L2", "params": {}})
    utility.wait_for_index_building_complete(name)
    collection.load()


def check(name, rows):
    found = Collection(name).query("", output_fields=["count(*)"], consistency_level="Strong")[0]["count(*)"]
    if found != rows:
        raise RuntimeError(f"{name}: {found} rows where there should be {rows}")
    Collection(name).drop()


def delete(name, batch, counted=False):
    """Seconds of deleting all rows, by batches of keys; counted: of the keys that there are, and how many those were."""
    collection = Collection(name)
    count = 0
    start = time.perf_counter()
    for first in range(0, len(order), batch):
        keys = order[first:first + batch]
        if counted:
            keys = [row["id"] for row in collection.query(f"id in {keys}", output_fields=["id"], consistency_level="Strong")]
        collection.delete(f"id in {keys}")
        count += len(keys)
    assert count == len(order)
    return {"seconds": time.perf_counter() - start}


def update(name, count):
    """Seconds of changing a field of the first rows: read, change, write them back whole."""
    collection = Collection(name)
    start = time.perf_counter()
    found = collection.query(f"id < {count}", output_fields=SCAN["vectors"], consistency_level="Strong")
    data = [[row["id"] for row in found], [row["name"] for row in found], [row["price"] + 1 for row in found],
            [row["embedding"] for row in found]]
    changed = 0
    for first in range(0, count, UPSERT_BATCH):
        changed += collection.upsert([column[first:first + UPSERT_BATCH] for column in data]).upsert_count
    assert changed == count
    return {"seconds": time.perf_counter() - start}


def count_and_drop(name):
    collection = Collection(name)
    collection.flush()
    count = collection.num_entities
    collection.drop()
    return count


serve({f.__name__: f for f in (setup, segments, search, scan, by_keys, fetch, insert, insert_csv, count_and_drop,
                               load_copy, check, delete, update)})
