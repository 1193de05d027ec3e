#!/usr/bin/env python3
"""Full text, hybrid search, groups, rankers, highlights and searches by ids in SQL must be what PyMilvus' search() and hybrid_search() give.

    compare.py PORT [--queries N] [--seed SEED]

PSQL names psql, PG* the cluster.  See test/words/run.
"""
import argparse
import json
import logging
import os
import random
import re
import subprocess
import sys

from pymilvus import AnnSearchRequest, DataType, Function, FunctionType, LexicalHighlighter, MilvusClient, RRFRanker, WeightedRanker

logging.disable(logging.CRITICAL)
WORDS = "red green blue apple pie sky sea fox dog lazy quick brown river stone cloud".split()
ROWS = 400


def near(a, b):
    return abs(a - b) <= 1e-4 * max(1.0, abs(a), abs(b))


class Judge:
    def __init__(self, port, seed):
        self.random = random.Random(seed)
        self.port = port
        self.client = MilvusClient(uri=f"http://127.0.0.1:{port}")
        self.name = f"words_{seed}"
        self.failed = 0
        self.compared = 0
        # Lite 2 does not say what it is, and has no text_match
        try:
            version = self.client.get_server_version()
        except Exception:
            version = None
        self.is_lite = version is None or "lite" in version
        self.matches = version is not None
        found = None if self.is_lite else re.search(r"(\d+)\.(\d+)\.(\d+)", version)
        self.number = tuple(map(int, found.groups())) if found else (0, 0, 0)

    def make(self):
        schema = self.client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("n", DataType.INT64)
        schema.add_field("body", DataType.VARCHAR, max_length=500, enable_analyzer=True, enable_match=True)
        schema.add_field("e", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25", FunctionType.BM25, ["body"], ["words"]))
        index = self.client.prepare_index_params()
        index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        index.add_index("e", index_type="FLAT", metric_type="COSINE")
        self.client.create_collection(self.name, schema=schema, index_params=index, consistency_level="Strong")
        rows = [{"id": i, "n": i % 7, "body": " ".join(self.random.choices(WORDS, k=self.random.randint(1, 9))),
                 "e": [self.random.gauss(0, 1) for _ in range(4)]} for i in range(ROWS)]
        self.client.insert(self.name, rows)
        self.client.load_collection(self.name)

    def sql(self, text):
        setup = "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS vector; CREATE EXTENSION IF NOT EXISTS milvus_fdw; " \
            "SET search_path = public, milvus; "
        out = subprocess.run([os.environ["PSQL"], "-qXAt", "-v", "ON_ERROR_STOP=1"], input=setup + text, capture_output=True, text=True)
        if out.returncode:
            raise RuntimeError(out.stderr)
        return [json.loads(line) for line in out.stdout.splitlines() if line]

    def complain(self, what, here, there):
        self.failed += 1
        print(f"{what}\n  PyMilvus: {here}\n  SQL:      {there}")

    def compare(self, what, hits, statement, limit):
        """The same scores in the same order; the same rows, but where scores are equal."""
        rows = [tuple(r) for r in self.sql(f"SELECT json_build_array(id, score) FROM ({statement}) q")]
        self.compared += 1
        scores = [s for _, s in hits]
        matching = [(i, s) for i, s in rows if s != 0]
        if len(matching) != len(hits) or not all(near(a, b) for a, b in zip(scores, [s for _, s in matching])):
            return self.complain(what, hits[:8], matching[:8])
        if len({i for i, _ in rows}) != len(rows):
            return self.complain(what + ": a row twice", hits[:8], rows[:8])
        # rows of a score that others outside of the limit may have, too, are free
        free = scores[-1] if len(hits) == limit else None
        for score in {s for s in scores if free is None or not near(s, free)}:
            here = {i for i, s in hits if near(s, score)}
            there = {i for i, s in matching if near(s, score)}
            if here != there:
                return self.complain(what, sorted(here), sorted(there))
        return None

    def condition(self):
        """The same in Milvus' words and in SQL."""
        pick = self.random.random()
        n, word = self.random.randint(0, 6), self.random.choice(WORDS)
        if pick < 0.4:
            return "", "true"
        if pick < 0.7 or not self.matches:
            return f"n < {n}", f"n < {n}"
        if pick < 0.85:
            return f"text_match(body, '{word}')", f"text_match(body, '{word}')"
        return f"not text_match(body, '{word}') and n != {n}", f"NOT text_match(body, '{word}') AND n <> {n}"

    def query(self):
        return " ".join(self.random.choices(WORDS, k=self.random.randint(1, 4)))

    def by_words(self):
        words, limit = self.query(), self.random.choice([1, 3, 10, 50, ROWS])
        expr, where = self.condition()
        found = self.client.search(self.name, [words], anns_field="words", limit=limit, filter=expr, search_params={"metric_type": "BM25"})[0]
        hits = [(h["id"], abs(h["distance"])) for h in found]
        tail = self.random.choice([f"WHERE {where} AND body <@> '{words}' < 0", f"WHERE {where}"])
        statement = f"SELECT id, -(body <@> '{words}') AS score FROM words {tail} ORDER BY body <@> '{words}' LIMIT {limit}"
        self.compare(statement, hits, statement, limit)

    def matching(self):
        expr, where = self.condition()
        there = self.sql(f"SELECT coalesce(json_agg(id ORDER BY id), '[]') FROM words WHERE {where}")[0]
        here = sorted(r["id"] for r in self.client.query(self.name, filter=expr or "id >= 0", output_fields=["id"], limit=ROWS))
        self.compared += 1
        if here != there:
            self.complain(where, here[:10], there[:10])

    def hybrid(self, weighted):
        words, limit, candidates = self.query(), self.random.choice([1, 5, 20]), self.random.choice([30, 100])
        vector = [round(self.random.gauss(0, 1), 3) for _ in range(4)]
        expr, where = self.condition()
        legs = [AnnSearchRequest([vector], "e", {"metric_type": "COSINE"}, candidates, expr=expr or None),
                AnnSearchRequest([words], "words", {"metric_type": "BM25"}, candidates, expr=expr or None)]
        ranker = WeightedRanker(0.7, 0.3, norm_score=True) if weighted else RRFRanker(60)
        found = self.client.hybrid_search(self.name, legs, ranker, limit=limit)[0]
        hits = [(h["id"], h["distance"]) for h in found]
        ranks = f"ARRAY[e <=> '{vector}', body <@> '{words}']"
        rank = f"weighted({ranks}, ARRAY[0.7, 0.3], {candidates})" if weighted else f"rrf({ranks}, 60, {candidates})"
        statement = f"SELECT id, -{rank} AS score FROM words WHERE {where} ORDER BY {rank} LIMIT {limit}"
        self.compare(statement, hits, statement, limit)

    def vector(self):
        return [round(self.random.gauss(0, 1), 3) for _ in range(4)]

    def grouped(self):
        """Several queries at once, the best of each group."""
        vectors, limit = [self.vector() for _ in range(self.random.randint(1, 3))], self.random.choice([1, 3, 7])
        expr, _ = self.condition()
        # the Lites make groups of one
        size, strict = (1, False) if self.is_lite else (self.random.choice([1, 2, 5, 10]), self.random.random() < 0.5)
        options = {"group_size": size, "strict_group_size": strict} if size > 1 else {}
        found = self.client.search(self.name, vectors, anns_field="e", limit=limit, filter=expr, group_by_field="n",
                                   search_params={"metric_type": "COSINE"}, **options)
        for place, hits in enumerate(found, 1):
            statement = (f"SELECT (item).id, 1 - distance AS score FROM milvus.search(NULL::words, 'e', '{{{','.join(json.dumps(str(v)) for v in vectors)}}}'::vector[], "
                         f"k => {limit}, filter => $${expr}$$, group_by => 'n', group_size => {size}, strict_group_size => {strict}) WHERE query = {place}")
            self.compare(statement, [(h["id"], h["distance"]) for h in hits], statement, limit * size)

    def ranked(self):
        vector, limit = self.vector(), self.random.choice([3, 20, 100])
        expr, where = self.condition()
        boosts = self.number >= (2, 6, 3) and self.random.random() < 0.4
        if boosts:
            params = {"reranker": "boost", "filter": f"n == {self.random.randint(0, 6)}", "weight": self.random.choice([0.5, 1.5, 3])}
        else:
            params = {"reranker": "decay", "function": self.random.choice(["gauss", "exp", "linear"]), "origin": self.random.randint(0, 6),
                      "scale": self.random.choice([1, 2.5]), "decay": self.random.choice([0.2, 0.5]), "offset": self.random.choice([0, 1])}
        field = [] if boosts else ["n"]
        function = Function("ranker", FunctionType.RERANK, field, params=params)
        found = self.client.search(self.name, [vector], anns_field="e", limit=limit, filter=expr, search_params={"metric_type": "COSINE"}, ranker=function)[0]
        ranker = json.dumps({**params, **({} if boosts else {"field": "n"})})
        statement = (f"SELECT (item).id, -distance AS score FROM milvus.search(NULL::words, 'e', '{vector}'::vector, k => {limit}, "
                     f"filter => $${expr}$$, ranker => '{ranker}')")
        self.compare(statement, [(h["id"], h["distance"]) for h in found], statement, limit)

    def by_ids(self):
        ids, limit = self.random.sample(range(ROWS), self.random.randint(1, 4)), self.random.choice([3, 20])
        words = self.number >= (2, 6, 10) and self.random.random() < 0.3
        field, metric, column, score = ("words", "BM25", "body", "-distance") if words else ("e", "COSINE", "e", "1 - distance")
        for place, key in enumerate(ids, 1):
            found = self.client.search(self.name, ids=[key], anns_field=field, limit=limit, search_params={"metric_type": metric})[0]
            statement = (f"SELECT (item).id, {score} AS score FROM milvus.search(NULL::words, '{column}', NULL, k => {limit}, "
                         f"ids => '{{{','.join(map(str, ids))}}}') WHERE query = {place}")
            self.compare(statement, [(h["id"], h["distance"]) for h in found], statement, limit)

    def highlighted(self):
        words, limit = self.query(), self.random.choice([1, 5, 20])
        given = {"pre_tags": ["<b>", "<i>"], "post_tags": ["</b>", "</i>"], "fragment_size": self.random.choice([10, 30, 100]),
                 "num_of_fragments": self.random.choice([1, 3]), "fragment_offset": self.random.choice([0, 5])}
        marked = LexicalHighlighter(highlight_search_text=True, **given)
        found = self.client.search(self.name, [words, "fox"], anns_field="words", limit=limit, output_fields=["body"], search_params={"metric_type": "BM25"}, highlighter=marked)
        here = [[i, h["id"], h["highlight"]["body"]["fragments"]] for i, hits in enumerate(found, 1) for h in hits]
        statement = (f"SELECT query, (item).id, extra->'highlight'->'body' FROM milvus.search(NULL::words, 'body', ARRAY['{words}', 'fox'], k => {limit}, "
                     f"highlight => '{json.dumps({**given, 'highlight_search_text': True})}')")
        there = self.sql(f"SELECT json_build_array(query, id, fragments) FROM ({statement}) q (query, id, fragments)")
        self.compared += 1
        if here != there:
            self.complain(statement, here[:4], there[:4])

    def refused(self, arguments, state):
        """milvus.search() with these must end with that SQLSTATE, and ask nothing."""
        self.compared += 1
        try:
            self.sql(f"\\set VERBOSITY sqlstate\nSELECT to_json(distance) FROM milvus.search(NULL::words, {arguments})")
        except RuntimeError as error:
            if f"ERROR:  {state}" in str(error):
                return
            return self.complain(arguments, state, str(error))
        self.complain(arguments, state, "no error")

    def refusals(self):
        vector = "'e', '[1,0,0,0]'::vector"
        ranks, highlights, ids = self.number >= (2, 6, 0), self.number >= (2, 6, 8), self.number >= (2, 6, 8)
        for ranker in ("[]", "1", "null", '{"functions": []}', '{"reranker": "decay", "field": 1}', '[["x"]]'):
            self.refused(f"{vector}, ranker => '{ranker}'", "22023" if ranks else "0A000")
        for highlight in ("[]", '"x"', '{"type": "other"}'):
            self.refused(f"{vector}, highlight => '{highlight}'", "22023" if highlights else "0A000")
        self.refused("'e', NULL, ids => '{1,x}'", "22P02" if ids else "0A000")
        self.refused("'e', NULL, ids => ARRAY['']", "22P02" if ids else "0A000")
        self.refused(f"{vector}, ids => '{{1}}'", "22023")

    def run(self, queries):
        self.make()
        self.sql(f"DROP SERVER IF EXISTS words_server CASCADE; CREATE SERVER words_server FOREIGN DATA WRAPPER milvus_fdw OPTIONS (host '127.0.0.1', port '{self.port}'); "
                 "CREATE USER MAPPING FOR CURRENT_USER SERVER words_server; "
                 f"IMPORT FOREIGN SCHEMA \"default\" LIMIT TO ({self.name}) FROM SERVER words_server INTO public; ALTER FOREIGN TABLE {self.name} RENAME TO words; "
                 f"ALTER FOREIGN TABLE words OPTIONS (ADD consistency_level 'strong')")
        kinds = [self.by_words, self.by_words, self.matching, lambda: self.hybrid(False)]
        # the Lites weight in ways of their own: the bare scores, or of words the worse the more
        if not self.is_lite:
            kinds.append(lambda: self.hybrid(True))
        if self.is_lite or self.number >= (2, 5, 0):
            kinds.append(self.grouped)
        if self.number >= (2, 6, 0):
            kinds.append(self.ranked)
        if self.number >= (2, 6, 8):
            kinds += [self.by_ids, self.highlighted]
        try:
            self.refusals()
            for _ in range(queries):
                self.random.choice(kinds)()
        finally:
            self.sql("DROP SERVER words_server CASCADE")
            self.client.drop_collection(self.name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    judge = Judge(options.port, options.seed)
    judge.run(options.queries)
    print(f"{judge.compared} compared, {judge.failed} differ")
    sys.exit(judge.failed > 0 or judge.compared < options.queries)


if __name__ == "__main__":
    main()
