"""Analyzers, which make words of texts; and BM25 with k1 1.2, b 0.75.

Of analyzer_params the model has the "standard" kind, and those made of the
standard or whitespace tokenizer and the filters lowercase, length and stop
(internal/core/thirdparty/tantivy/tantivy-binding/src/analyzer).
"""

import functools
import json
import math
import re

import base
from base import Unimplemented, invalid

# tantivy's SimpleTokenizer: what is neither letter nor digit parts; its other one parts by ASCII whitespace
TOKENIZERS = {"standard": re.compile(r"[^\W_]+"), "whitespace": re.compile(r"[^ \t\n\f\r]+")}
K1, B = 1.2, 0.75


class Analyzer:
    """The words of a text, each with its place in characters."""

    def __init__(self, text):
        def unbuilt():
            return Unimplemented("the model has no analyzer %s" % text)
        try:
            found = json.loads(text) if text else {}
        except ValueError:
            raise Unimplemented("analyzer_params that are no JSON")
        kind = found.get("type") if found else "standard"
        if kind is not None:
            # a kind of its own overlooks everything else
            if kind != "standard":
                raise unbuilt()
            tokenizer, filters = "standard", ["lowercase"]
            if found.get("stop_words"):
                filters.append({"type": "stop", "stop_words": found["stop_words"]})
        else:
            # without a filter it is as it was written
            tokenizer, filters = found.get("tokenizer"), found.get("filter", [])
            if set(found) - {"tokenizer", "filter"}:
                raise unbuilt()
        if isinstance(tokenizer, dict) and set(tokenizer) == {"type"}:
            tokenizer = tokenizer["type"]
        if not isinstance(tokenizer, str) or tokenizer not in TOKENIZERS:
            raise unbuilt()
        self.pattern = TOKENIZERS[tokenizer]
        self.filters = []
        for one in filters:
            made = self.filter(one)
            if made is None:
                raise unbuilt()
            self.filters.append(made)

    @staticmethod
    def filter(params):
        """word -> word, or None where it is taken out."""
        if params == "lowercase":
            return str.lower
        if not isinstance(params, dict):
            return None
        if params.get("type") == "length" and isinstance(params.get("max"), int):
            return lambda word: word if len(word.encode()) <= params["max"] else None
        if params.get("type") == "stop" and isinstance(params.get("stop_words"), list):
            stopped = set(params["stop_words"])
            if not any(word.startswith("_") for word in stopped):
                return lambda word: None if word in stopped else word
        return None

    def tokens(self, text):
        """[(word, start, end, its number)]; a word that is taken out leaves its number free."""
        found = []
        for number, match in enumerate(self.pattern.finditer(text)):
            word = match.group()
            for one in self.filters:
                word = one(word) if word is not None else None
            if word is not None:
                found.append((word,) + match.span() + (number,))
        return found

    def words(self, text):
        return [token[0] for token in self.tokens(text)]

    def spans(self, text, wanted):
        """Where those words are: [(start, end)] in characters."""
        return [token[1:3] for token in self.tokens(text) if token[0] in wanted]


@functools.lru_cache(256)
def made(text):
    return Analyzer(text)


def of(params):
    """The analyzer of a field's parameters."""
    if params.get("multi_analyzer_params"):
        raise Unimplemented("the model has no multi_analyzer_params")
    return made(params.get("analyzer_params", ""))


def run(keeper, request, answer):
    """RunAnalyzer (2.5.11 and 2.6 on): of a text given, or as the readers of a collection do it."""
    if not len(request.placeholder):
        return
    if not request.collection_name:
        found = made(request.analyzer_params)
    else:
        if request.analyzer_params:
            raise invalid("run analyzer can't use analyzer params and (collection,field) in same time")
        if not request.field_name:
            raise invalid("must set field name when collection name was set")
        collection = keeper.collection(request.db_name, request.collection_name)
        field = collection.schema.field(request.field_name)
        if field is None:
            raise base.about(base.FIELD_NOT_FOUND, field=request.field_name)
        if collection.loaded is None:
            raise base.about(base.COLLECTION_NOT_LOADED, collection=request.collection_name)
        if field.name not in collection.schema.bm25.values():
            raise invalid("analyzer runner for field %d not exist, now only support run analyzer by field if field was "
                          "bm25 input field", field.id)
        found = field.analyzer
    if request.with_hash:
        raise Unimplemented("the model has no hashes of words")
    for text in request.placeholder:
        result = answer.results.add()
        text = text.decode()
        for word, start, end, number in found.tokens(text):
            token = result.tokens.add(token=word)
            if request.with_detail:
                token.start_offset, token.end_offset = len(text[:start].encode()), len(text[:end].encode())
                token.position, token.position_length = number, 1


def matcher(field, op, query, extra):
    """A test for texts: text_match, phrase_match, text_match_fuzzy."""
    words = field.analyzer.words
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

    def __init__(self, documents, words):
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
