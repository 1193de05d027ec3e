"""The side of PyMilvus."""
import time

from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility

from data import DIM, Rows, queries
from worker import serve

SCALARS = ["id", "name", "price"]
OUTPUT = {"key": [], "all": SCALARS + ["embedding"]}
SCAN = {"scalars": SCALARS, "vectors": SCALARS + ["embedding"]}

rows = vectors = items = None


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
    global rows, vectors, items
    connections.connect(host="127.0.0.1", port=str(port))
    rows = Rows(count, seed)
    vectors = queries(nqueries, seed).tolist()
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


def settle(first, count, still):
    """Wait till the answers have not changed for some seconds: in the first minute after a load they may."""
    old, since, end = None, time.monotonic(), time.monotonic() + 180
    while time.monotonic() < min(since + still, end):
        new = search("key", first, count)["keys"]
        if new != old:
            old, since = new, time.monotonic()
        time.sleep(0.5)
    return time.monotonic() < end


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


def insert(form, batch):
    """Seconds of inserting all rows into a fresh collection."""
    collection = make_collection("loaded_py")
    data = columns(form)
    start = time.perf_counter()
    insert_columns(collection, data, batch)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "rows": count_and_drop("loaded_py")}


def count_and_drop(name):
    collection = Collection(name)
    collection.flush()
    count = collection.num_entities
    collection.drop()
    return count


serve({f.__name__: f for f in (setup, segments, settle, search, scan, insert, count_and_drop)})
