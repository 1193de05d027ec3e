"""Full text, hybrid search, partitions, and two servers: see bench/words."""
import argparse
import concurrent.futures
import json
import logging
import os
import random
import statistics
import subprocess
import time

from pymilvus import AnnSearchRequest, DataType, Function, FunctionType, MilvusClient, RRFRanker

logging.disable(logging.CRITICAL)
WORDS = [f"w{i}" for i in range(2000)]
ROUNDS, QUERIES, DIM = 5, 40, 64


class Psql:
    """One session; each statement of a list is timed in it, from its planning to its last row."""

    def __init__(self, port):
        self.psql = subprocess.Popen([os.environ["PSQL"], "-qXAt", "-v", "ON_ERROR_STOP=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.run("SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS vector; CREATE EXTENSION IF NOT EXISTS milvus_fdw; SET search_path = public, milvus; "
                 f"CREATE SERVER m FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '{port}'); CREATE USER MAPPING FOR CURRENT_USER SERVER m; "
                 "CREATE FUNCTION timed(statements text[]) RETURNS float8[] LANGUAGE plpgsql AS $$ DECLARE s text; began timestamptz; r record; result float8[]; BEGIN "
                 "FOREACH s IN ARRAY statements LOOP began := clock_timestamp(); FOR r IN EXECUTE s LOOP END LOOP; "
                 "result := result || extract(epoch FROM clock_timestamp() - began)::float8; END LOOP; RETURN result; END $$")

    def run(self, sql):
        self.psql.stdin.write(sql + ";\n\\echo done\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "done\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError("psql ended")

    def timed(self, statements):
        quoted = ", ".join("$q$" + s + "$q$" for s in statements)
        return json.loads(self.run(f"SELECT to_json(timed(ARRAY[{quoted}]))")[0])


def vector():
    return [round(random.gauss(0, 1), 4) for _ in range(DIM)]


def report(name, here, there, what):
    a, b = statistics.median(here) * 1000, statistics.median(there) * 1000
    print(f"{name:<34} SQL {a:8.2f} ms   {what} {b:8.2f} ms   ratio {a / b:5.2f}", flush=True)


def take_turns(here, there):
    """Both several times, by turns; the first round warms up."""
    ours, theirs = [], []
    for n in range(ROUNDS + 1):
        a, b = here(), there()
        if n:
            ours += a
            theirs += b
    return ours, theirs


def each(calls):
    times = []
    for call in calls:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


def words(port, rows):
    client = MilvusClient(uri=f"http://127.0.0.1:{port}")
    if client.has_collection("bench_words"):
        client.drop_collection("bench_words")
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("body", DataType.VARCHAR, max_length=2000, enable_analyzer=True)
    schema.add_field("e", DataType.FLOAT_VECTOR, dim=DIM)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, ["body"], ["words"]))
    index = client.prepare_index_params()
    index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    index.add_index("e", index_type="FLAT", metric_type="COSINE")
    client.create_collection("bench_words", schema=schema, index_params=index)
    for first in range(0, rows, 500):
        client.insert("bench_words", [{"id": i, "body": " ".join(random.choices(WORDS, k=30)), "e": vector()} for i in range(first, min(first + 500, rows))])
    client.load_collection("bench_words")
    psql = Psql(port)
    psql.run('IMPORT FOREIGN SCHEMA "default" LIMIT TO (bench_words) FROM SERVER m INTO public')
    asked = [(" ".join(random.choices(WORDS, k=4)), vector()) for _ in range(QUERIES)]
    report("BM25, top 10", *take_turns(
        lambda: psql.timed([f"SELECT id, body <@> '{w}' FROM bench_words ORDER BY body <@> '{w}' LIMIT 10" for w, _ in asked]),
        lambda: each([lambda w=w: client.search("bench_words", [w], anns_field="words", limit=10, search_params={"metric_type": "BM25"}) for w, _ in asked])), "PyMilvus")

    def hybrid(w, v):
        legs = [AnnSearchRequest([v], "e", {"metric_type": "COSINE"}, 100), AnnSearchRequest([w], "words", {"metric_type": "BM25"}, 100)]
        client.hybrid_search("bench_words", legs, RRFRanker(60), limit=10)
    report("hybrid (RRF), top 10 of 2 x 100", *take_turns(
        lambda: psql.timed([f"SELECT id FROM bench_words ORDER BY rrf(ARRAY[e <=> '{v}', body <@> '{w}']) LIMIT 10" for w, v in asked]),
        lambda: each([lambda w=w, v=v: hybrid(w, v) for w, v in asked])), "PyMilvus")
    client.drop_collection("bench_words")


def partitions(port, rows):
    psql = Psql(port)
    names = ["bench_whole"] + [f"bench_part_{i}" for i in range(8)]
    psql.run(f"CREATE FOREIGN TABLE bench_whole (id bigint NOT NULL, part integer NOT NULL, e vector({DIM}) NOT NULL) SERVER m; "
             f"CREATE TABLE parts (id bigint NOT NULL, part integer NOT NULL, e vector({DIM}) NOT NULL) PARTITION BY LIST (part)")
    for i in range(8):
        psql.run(f"CREATE FOREIGN TABLE bench_part_{i} PARTITION OF parts FOR VALUES IN ({i}) SERVER m")
    for name in names:
        psql.run(f"SELECT create_collection('{name}'); SELECT create_index('{name}', 'e', 'FLAT', 'L2'); SELECT milvus.load('{name}')")
    psql.run(f"CREATE TABLE source AS SELECT i AS id, i % 8 AS part, ARRAY(SELECT random() + 0 * i FROM generate_series(1, {DIM}))::real[]::vector AS e FROM generate_series(1, {rows}) i")
    psql.run("INSERT INTO parts TABLE source; INSERT INTO bench_whole TABLE source")
    asked = [vector() for _ in range(QUERIES)]

    def search(table):
        return lambda: psql.timed([f"SELECT id FROM {table} ORDER BY e <-> '{v}' LIMIT 10" for v in asked])
    report("8 partitions, top 10", *take_turns(search("parts"), search("bench_part_3")), "one of them")
    report("8 partitions, top 10", *take_turns(search("parts"), search("bench_whole")), "one collection of all")
    client = MilvusClient(uri=f"http://127.0.0.1:{port}")
    pool = concurrent.futures.ThreadPoolExecutor(8)

    def by_pymilvus(v):
        list(pool.map(lambda i: client.search(f"bench_part_{i}", [v], limit=10, search_params={"metric_type": "L2"}, output_fields=["id"]), range(8)))
    report("8 partitions, top 10", *take_turns(search("parts"), lambda: each([lambda v=v: by_pymilvus(v) for v in asked])), "8 threads of PyMilvus")
    for name in names:
        psql.run(f"SELECT drop_collection('{name}')")


def servers(port, rows, other):
    """The nearest of two servers: one search each."""
    psql = Psql(port)
    psql.run(f"CREATE SERVER other FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '{other}'); CREATE USER MAPPING FOR CURRENT_USER SERVER other; "
             f"CREATE TABLE source AS SELECT i AS id, ARRAY(SELECT random() + 0 * i FROM generate_series(1, {DIM}))::real[]::vector AS e FROM generate_series(1, {rows}) i")
    for server in "m", "other":
        name = f"bench_on_{server}"
        psql.run(f"CREATE FOREIGN TABLE {name} (id bigint NOT NULL, e vector({DIM}) NOT NULL) SERVER {server}; SELECT create_collection('{name}'); "
                 f"SELECT create_index('{name}', 'e', 'FLAT', 'L2'); SELECT milvus.load('{name}'); INSERT INTO {name} TABLE source")
    asked = [vector() for _ in range(QUERIES)]

    def search(table):
        return lambda: psql.timed([f"SELECT id FROM {table} ORDER BY e <-> '{v}' LIMIT 10" for v in asked])
    both = "(SELECT * FROM bench_on_m UNION ALL SELECT * FROM bench_on_other) x"
    for server in "m", "other":
        report("two servers, top 10", *take_turns(search(both), search(f"bench_on_{server}")), f"one, {server}")
    for server in "m", "other":
        psql.run(f"SELECT drop_collection('bench_on_{server}')")


def waiting(port):
    """A server whose processors are no limit: a double that waits before each answer. What is asked one after the other adds up."""
    psql = Psql(port)

    def control(order):
        psql.run(f"SELECT milvus.call('m', 'Dummy', jsonb_build_object('request_type', $q${json.dumps(order)}$q$))")
    for rpc, answer in (("DescribeCollection", {"collection_name": "c", "collectionID": 42, "schema": {"name": "c", "fields": [
                            {"fieldID": 100, "name": "id", "is_primary_key": True, "data_type": "Int64"}, {"fieldID": 101, "name": "part", "data_type": "Int32"},
                            {"fieldID": 102, "name": "e", "data_type": "FloatVector", "type_params": [{"key": "dim", "value": "2"}]}]}}),
                        ("DescribeIndex", {"index_descriptions": [{"field_name": "e", "index_name": "e", "state": "Finished", "params": [
                            {"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]}),
                        ("GetLoadState", {"state": "LoadStateLoaded"}),
                        ("Search", {"results": {"num_queries": 1, "top_k": 1, "scores": [0.5], "topks": [1], "ids": {"int_id": {"data": [7]}}, "fields_data": [
                            {"type": "FloatVector", "field_name": "e", "vectors": {"dim": "2", "float_vector": {"data": [1, 2]}}}]}})):
        control({"op": "answers", "rpc": rpc, "list": [answer]})
    psql.run("CREATE TABLE parts (id bigint NOT NULL, part integer NOT NULL, e vector(2) NOT NULL) PARTITION BY LIST (part)")
    for i in range(8):
        psql.run(f"CREATE FOREIGN TABLE bench_part_{i} PARTITION OF parts FOR VALUES IN ({i}) SERVER m OPTIONS (collection 'c')")
    control({"op": "delay", "seconds": 0.02})

    def search(table):
        return lambda: psql.timed([f"SELECT id FROM {table} ORDER BY e <-> '[1,1]' LIMIT 1"] * QUERIES)
    report("8 partitions, 20 ms an answer", *take_turns(search("parts"), search("bench_part_3")), "one of them")
    psql.run(f"CREATE SERVER other FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '{port}'); CREATE USER MAPPING FOR CURRENT_USER SERVER other; "
             "CREATE FOREIGN TABLE there (id bigint NOT NULL, part integer NOT NULL, e vector(2) NOT NULL) SERVER other OPTIONS (collection 'c')")
    report("two servers, 20 ms an answer", *take_turns(search("(SELECT * FROM bench_part_3 UNION ALL SELECT * FROM there) x"), search("bench_part_3")), "one of them")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["words", "partitions", "servers", "waiting"])
    parser.add_argument("port", type=int)
    parser.add_argument("other", type=int, nargs="?")
    parser.add_argument("--rows", type=int, default=10000)
    options = parser.parse_args()
    random.seed(1)
    if options.what == "servers":
        servers(options.port, options.rows, options.other)
    elif options.what == "waiting":
        waiting(options.port)
    else:
        {"words": words, "partitions": partitions}[options.what](options.port, options.rows)


if __name__ == "__main__":
    main()
