"""The plain analyzer: words of letters and digits, lower case; and BM25 with k1 1.2, b 0.75.

Of analyzer_params only the default ("standard") is modelled: tantivy's
tokenizer by Unicode words followed by lower-casing.
"""

import json
import math
import re

from base import Unimplemented

WORD = re.compile(r"[^\W_]+")
K1, B = 1.2, 0.75


def check_params(params):
    """What the model can't analyze it refuses when the collection is made."""
    text = params.get("analyzer_params")
    if text:
        try:
            found = json.loads(text)
        except ValueError:
            raise Unimplemented("analyzer_params that are no JSON")
        kind = found.get("type", found.get("tokenizer", "standard"))
        if kind != "standard" or set(found) - {"type", "tokenizer", "filter"} or found.get(
                "filter", ["lowercase"]) != ["lowercase"]:
            raise Unimplemented("the model has the standard analyzer only, not %s" % text)
    if params.get("multi_analyzer_params"):
        raise Unimplemented("the model has no multi_analyzer_params")


def words(text):
    return [w.lower() for w in WORD.findall(text)]


def spans(text, wanted):
    """Where those words are: [(start, end)] in characters."""
    return [found.span() for found in WORD.finditer(text) if found.group().lower() in wanted]


def matcher(field, op, query, extra):
    """A test for texts: text_match, phrase_match, text_match_fuzzy."""
    wanted = words(query)
    if op == "text":
        distinct = set(wanted)
        least = extra or 1
        return lambda text: len(distinct.intersection(words(text))) >= least if distinct else False
    if op == "phrase":
        return lambda text: phrase(words(text), wanted, extra)
    return lambda text: any(distance(w, q) <= extra for w in set(words(text)) for q in wanted)


def phrase(have, wanted, slop):
    """All words, in places that need at most `slop` moves (each word's shift against its place in the query)."""
    if not wanted:
        return False
    if len(wanted) == 1:
        return wanted[0] in have
    places = [[i - n for i, w in enumerate(have) if w == q] for n, q in enumerate(wanted)]
    if not all(places):
        return False

    def search(n, low, high):
        if high - low > slop:
            return False
        if n == len(places):
            return True
        return any(search(n + 1, min(low, p), max(high, p)) for p in places[n])
    return any(search(1, p, p) for p in places[0])


def distance(a, b):
    """Levenshtein."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


class Bm25:
    """Scores over the texts of a shard's visible rows."""

    def __init__(self, documents):
        self.counts = []
        self.lengths = []
        self.having = {}
        for text in documents:
            count = {}
            found = words(text or "")
            for w in found:
                count[w] = count.get(w, 0) + 1
            self.counts.append(count)
            self.lengths.append(len(found))
            for w in count:
                self.having[w] = self.having.get(w, 0) + 1
        self.total = len(self.counts)
        self.average = sum(self.lengths) / self.total if self.total else 0.0

    def idf(self, word):
        n = self.having.get(word, 0)
        return math.log(1 + (self.total - n + 0.5) / (n + 0.5))

    def score(self, i, query, k1=K1, b=B):
        """query: word -> how often it is asked for."""
        total = 0.0
        for word, times in query.items():
            tf = self.counts[i].get(word, 0)
            if tf:
                norm = k1 * (1 - b + b * self.lengths[i] / self.average) if self.average else k1
                total += times * self.idf(word) * tf * (k1 + 1) / (tf + norm)
        return total
