"""The collections that flags are measured on. Made and loaded together, since loading takes its time."""
import math
import random
import struct
import time

from server import Absent, Field, Refused

TEXTS = ["", "abc", "aBc", "a%c", "a_c", 'q"q', "q'q", "back\\slash", "a\nb", "cr\rhere", "\u65e5\u672c", "\U0001f418", "a.c", "(x)*", "xabcx", "abcabc",
         "\u00fcn\u00ef", "tab\there", "x" * 60, "C:\\\u65b0"]
HAN = ["\U00020bb7\u91ce", "\u65e5\U00020bb7", "\u0bb7\u91ce", "z"]
DOCUMENTS = [{"k": 1, "t": True, "nul": None}, {"k": True}, {"k": "x"}, {"k": "1"}, {}, {"k": 1.5}, {"k": None}, {"k": False}, {"k": 0},
             {"k": "y", "n": {"m": "z"}}, {"k": ["x"]}, {"k": {"x": 1}}, {"k": 2**53 + 1}]
NULL_ROWS = [(0, "a", 0.5), (1, "ab", 1.5), (2, None, 2.5), (3, "b", None), (4, "x", 0.5), (None, "a", 1.5), (None, None, None), (7, "ba", 7.5)]
STAMPS = ["2024-12-31T23:59:59.999999Z", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000001Z"]
BODIES = ["the quick brown fox", "the lazy dog", "a fox jumps", "quick is the dog lazy", "nothing"]
WORDS = ["threshold", "minimum_should_match", "match_all", "match_any", "match_least", "match_most", "match_exact", "element_filter", "text_match_fuzzy",
         "st_within", "st_equals", "st_contains", "st_dwithin", "st_isvalid", "interval", "iso", "null", "is", "exists", "like", "text_match",
         "random_sample"]
KEY = Field("id", "Int64", key=True)
VECTOR = Field("e", "FloatVector", dim=2)
MANY = 2000


def at(i):
    return [float(i), 0.0]


def float4(x):
    return struct.unpack("f", struct.pack("f", x))[0]


STATIC = ("plain", "nan", "numbers", "many", "nulls", "integers", "words", "stamps", "bodies")


class Scratch:
    """fixture NAME: the method NAME; None and a reason where the server does not take it."""

    def __init__(self, server):
        self.server = server
        self.made = {}
        self.why = {}

    def prepare(self):
        for name in (*STATIC, "defaults", "texts", "parts", "auto", "routed", "vectors", "writes", "bare"):
            try:
                self.made[name] = getattr(self, name)()
            except (Refused, Absent) as error:
                self.why[name] = str(error)
        for name, collection in self.made.items():
            if name != "bare":
                try:
                    collection.start_loading()
                except Refused as error:
                    self.why[name] = str(error)
        self.prepared = time.monotonic()

    def __getitem__(self, name):
        if name in self.why:
            raise Absent(f"its collection: {self.why[name]}")
        collection = self.made[name]
        if name == "bare":
            return collection
        if not collection.loaded:
            try:
                collection.load().count("id >= 0" if collection.key.kind == "Int64" else 'id >= ""')
            except Refused as error:
                self.why[name] = str(error)
                raise Absent(f"its collection: {error}") from None
            collection.static = name in STATIC
        return collection

    def since(self, *version):
        """A Milvus of that version at least. Lite 3 has what is asked for, Lite 2 not, a server that does not say is not asked."""
        number = self.server.number()
        return self.server.lite == 3 or number is not None and number >= version

    # --- each collection ---

    def plain(self):
        fields = [KEY, Field("b", "Bool"), Field("i8", "Int8"), Field("i32", "Int32"), Field("i64", "Int64"), Field("f", "Float"), Field("d", "Double"),
                  Field("s", "VarChar", max_length=400), Field("j", "JSON"), Field("ai", "Array", element="Int64", max_capacity=10),
                  Field("at", "Array", element="VarChar", max_capacity=10, max_length=100), VECTOR]
        found = self.server.create("plain", fields, dynamic=True)
        rows = [{"id": i, "b": i % 2 == 0, "i8": i - 9, "i32": i, "i64": 2**53 + i, "f": float4(0.1) if i == 1 else float4(i / 4), "d": i / 8, "s": s,
                 "j": DOCUMENTS[i] if i < len(DOCUMENTS) else {"other": i}, "ai": [[-1, 1], [1], [2, -3], [5]][i % 4],
                 "at": [["a", "b"], [s], ["x y"]][i % 3], "e": at(i), "$meta": {"c": i, "w": f"v{i}"} if i < 9 else {}} for i, s in enumerate(TEXTS)]
        found.insert(rows)
        found.index()
        return found

    def nan(self):
        """0.0, -0.0 and, where it is taken, NaN."""
        found = self.server.create("nan", [KEY, Field("f", "Float"), Field("d", "Double"), VECTOR])
        values = [0.0, -0.0, 0.5, 2.0]
        found.insert([{"id": i, "f": x, "d": x, "e": at(i)} for i, x in enumerate(values)])
        found.nan = True
        try:
            found.insert([{"id": 9, "f": math.nan, "d": math.nan, "e": at(9)}])
        except Refused:
            found.nan = False
        found.index()
        return found

    def numbers(self):
        """A dynamic key that has whole numbers only, one of them beyond 64 bits."""
        found = self.server.create("numbers", [KEY, VECTOR], dynamic=True)
        documents = [b'{"w": 1}', b'{"w": 2}', b'{"w": ' + b"1" + b"0" * 300 + b"}", b"{}"]
        found.insert([{"id": i, "e": at(i), "$meta": text} for i, text in enumerate(documents)])
        found.index()
        return found

    def integers(self):
        """Integers beyond 2^53 of a dynamic key, sealed, under a JSON index where there are such."""
        found = self.server.create("integers", [KEY, VECTOR], dynamic=True)
        found.insert([{"id": i, "e": at(i), "$meta": {"n": 2**53 + i}} for i in range(3)])
        found.index()
        number = self.server.number()
        if number is not None and number >= (2, 5, 7):
            self.server.call("Flush", collection_names=[found.name])
            found.index("$meta", "INVERTED", name="by_n", json_path='$meta["n"]', json_cast_type="DOUBLE")
        return found

    def many(self):
        """More than a page of keys, in no order; e is (key, 0), n the same in ten rows that are near, far in all of a hundred."""
        found = self.server.create("many", [KEY, Field("n", "Int32"), Field("far", "Int32"), VECTOR])
        keys = list(range(MANY))
        random.Random(1).shuffle(keys)
        for start in range(0, MANY, 500):
            found.insert([{"id": i, "n": i // 10 % 7, "far": i // 100, "e": at(i)} for i in keys[start:start + 500]])
        found.index()
        return found

    def nulls(self):
        fields = [KEY, Field("n", "Int32", nullable=True), Field("s", "VarChar", nullable=True, max_length=100), Field("d", "Double", nullable=True),
                  Field("j", "JSON", nullable=True), Field("a", "Array", element="Int64", max_capacity=5, nullable=True), VECTOR]
        found = self.server.create("nulls", fields)
        schema = self.server.call("DescribeCollection", collection_name=found.name).schema
        if not all(f.nullable for f in schema.fields if f.name in ("n", "s", "d")):
            raise Absent("nullable fields are overlooked")
        found.insert([{"id": i, "n": n, "s": s, "d": d, "j": None if n is None else {"k": n}, "a": None if n is None else [n, 1], "e": at(i)}
                      for i, (n, s, d) in enumerate(NULL_ROWS)])
        found.index()
        return found

    def defaults(self):
        # (before 2.5, leaving such a field out kills the proxy; Lite 2 was seen to die, too)
        if not self.since(2, 5):
            raise Absent("not asked: such a server may die of it")
        found = self.server.create("defaults", [KEY, Field("n", "Int64", default=7), Field("m", "Int64", default=9, nullable=True), VECTOR])
        found.index()
        return found

    def texts(self):
        """Keys that are texts."""
        found = self.server.create("texts", [Field("id", "VarChar", key=True, max_length=100), Field("n", "Int32"), VECTOR])
        keys = ["b", "a", "it's", "' OR true --", "\u65e5\u672c", "\U0001f418", "B", *HAN]
        found.insert([{"id": k, "n": i, "e": at(i)} for i, k in enumerate(keys)])
        found.index()
        return found

    def parts(self):
        """Keys 0 to 3 in p1, 4 to 7 in p2; n = 7 in a row of each."""
        found = self.server.create("parts", [KEY, Field("n", "Int32"), VECTOR])
        try:
            for name in ("p1", "p2"):
                self.server.call("CreatePartition", collection_name=found.name, partition_name=name)
            found.parts = True
        except Refused:
            found.parts = False
        for name, keys in (("p1", range(4)), ("p2", range(4, 8))):
            found.insert([{"id": i, "n": 7 if i in (3, 4) else 0, "e": at(i)} for i in keys], partition=name if found.parts else "")
        found.index()
        return found

    def auto(self):
        found = self.server.create("auto", [Field("id", "Int64", key=True, auto=True), Field("n", "Int32"), VECTOR])
        found.insert([{"n": i, "e": at(i)} for i in range(3)])
        found.index()
        return found

    def routed(self):
        """By a partition key."""
        found = self.server.create("routed", [KEY, Field("n", "Int64", partition_key=True), VECTOR])
        found.insert([{"id": i, "n": i % 3, "e": at(i)} for i in range(9)])
        found.index()
        return found

    def vectors(self):
        """Vectors of other types: all of them, or a binary one alone."""
        number = self.server.number()
        if self.server.lite == 3:
            raise Absent("it has no vectors of other types")
        fields = [Field("b", "BinaryVector", dim=8), VECTOR, Field("h", "Float16Vector", dim=2), Field("g", "BFloat16Vector", dim=2)]
        if number is not None and number < (2, 4):
            fields = fields[:1]
        try:
            found = self.server.create("vectors", [KEY, *fields])
        except Refused:
            fields = fields[:1]
            found = self.server.create("vector", [KEY, *fields])
        found.insert([{"id": i, "b": bytes([1 << i]), "e": at(i), "h": struct.pack("<2e", i, 0), "g": bytes(2) + struct.pack("<f", i)[2:]}
                      for i in range(4)])
        for field in fields:
            found.index(field.name, *(("BIN_FLAT", "HAMMING") if field.name == "b" else ("FLAT", "L2")))
        return found

    def writes(self):
        """What is written to; each test has keys of its own."""
        found = self.server.create("writes", [KEY, Field("n", "Int32"), Field("s", "VarChar", max_length=100), Field("j", "JSON"), VECTOR], dynamic=True)
        found.insert([self.row(i) for i in range(10)])
        found.index()
        return found

    @staticmethod
    def row(key, **more):
        return {"id": key, "n": key % 1000, "s": "s", "j": {"k": key}, "e": at(key), "$meta": {}, **more}

    def words(self):
        """Fields whose names are words of some grammar, as far as they are taken."""
        words = WORDS
        try:
            found = self.server.create("words", [KEY, *(Field(w, "Int64") for w in words), VECTOR])
        except Refused:
            words = [w for w in WORDS if self.takes_name(w)]
            found = self.server.create("words_left", [KEY, *(Field(w, "Int64") for w in words), VECTOR])
        found.words = words
        found.insert([{"id": i, **{w: i for w in words}, "e": at(i)} for i in range(3)])
        found.index()
        return found

    def takes_name(self, word):
        try:
            name = self.server.create(f"word_{word}", [KEY, Field(word, "Int64"), VECTOR]).name
        except Refused:
            return False
        self.server.call("DropCollection", collection_name=name)
        return True

    def stamps(self):
        if not self.since(2, 6, 3):
            raise Absent("no fields of type Timestamptz are expected")
        found = self.server.create("stamps", [KEY, Field("ts", "Timestamptz"), VECTOR])
        found.insert([{"id": i, "ts": t, "e": at(i)} for i, t in enumerate(STAMPS)])
        found.index()
        return found

    def bodies(self):
        """Texts that are searched by words."""
        text = Field("t", "VarChar", max_length=200, enable_analyzer="true", enable_match="true", analyzer_params='{"type": "standard"}')
        found = self.server.create("bodies", [KEY, text, VECTOR])
        found.insert([{"id": i, "t": t, "e": at(i)} for i, t in enumerate(BODIES)])
        found.index()
        return found

    def bare(self):
        """No index, and not loaded."""
        found = self.server.create("bare", [KEY, VECTOR])
        found.insert([{"id": i, "e": at(i)} for i in range(5)])
        return found
