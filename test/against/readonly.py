"""An existing collection, read through the extension and by PyMilvus: nothing is made, nothing is written."""
import datetime
import decimal
import json
import logging
import math
import os
import struct
import sys

from pymilvus import DataType, MilvusClient

from sql import LEVELS, Sql, SqlError, quote

ROWS = 300          # compared value by value
KEYS = 20_000       # compared by their keys
NEIGHBOURS = 10


def ident(name):
    return '"' + name.replace('"', '""') + '"'


class ReadOnly:
    def __init__(self, sql, address, login, tls, collection):
        self.sql, self.name = sql, collection
        more = {"server_pem_path": tls} if tls else {}
        self.client = MilvusClient(uri=f"{'http' if tls is None else 'https'}://{address}", token=login, timeout=60, **more)
        self.described = self.client.describe_collection(collection)
        self.fields = self.described["fields"]
        self.key = next(f for f in self.fields if f.get("is_primary"))
        sql.run(f'IMPORT FOREIGN SCHEMA "default" LIMIT TO ({ident(collection)}) FROM SERVER m INTO f')
        self.table = f"f.{ident(collection)}"
        self.columns = dict(sql.rows(f"""SELECT attname, format_type(atttypid, atttypmod) AS kind FROM pg_attribute
            WHERE attrelid = {quote(self.table)}::regclass AND attnum > 0"""))
        self.order = ident(self.key["name"]) + (' COLLATE "C"' if self.key["type"] == DataType.VARCHAR else "")

    # --- by PyMilvus ---

    def their_count(self):
        return self.client.query(self.name, output_fields=["count(*)"], consistency_level="Strong")[0]["count(*)"]

    def their_rows(self, limit, fields):
        """The first rows in the order of the key, as an iterator brings them."""
        pages = self.client.query_iterator(self.name, batch_size=min(limit, 1000), limit=limit, output_fields=fields, consistency_level="Strong")
        found = []
        while True:
            page = pages.next()
            if not page:
                break
            found += page
        pages.close()
        return found

    # --- comparisons; each returns None or what is wrong, or raises Skip ---

    def count(self):
        """count(*)"""
        here, there = self.sql.column(f"SELECT count(*) FROM {self.table}")[0], self.their_count()
        return None if here == there else f"{here} rows, PyMilvus counts {there}"

    def keys(self):
        """the first keys, in order, none twice"""
        here = self.sql.column(f"SELECT {ident(self.key['name'])} FROM {self.table} ORDER BY {self.order} LIMIT {KEYS}")
        there = [r[self.key["name"]] for r in self.their_rows(KEYS, [self.key["name"]])]
        if here == there:
            return None
        differs = next((f"{a} and {b}" for a, b in zip(here, there) if a != b), "beyond the shorter")
        return f"{len(here)} keys, PyMilvus reads {len(there)}; the first that differs: {differs}"

    def values(self):
        """all values of the first rows"""
        names = [f["name"] for f in self.fields if f["name"] in self.columns and not f.get("is_function_output")]
        listed = ", ".join(f"t.{ident(n)}::text AS {ident(n)}" for n in names)
        here = self.sql.rows(f"SELECT {listed} FROM {self.table} t ORDER BY t.{self.order} LIMIT {ROWS}")
        there = {r[self.key["name"]]: r for r in self.their_rows(ROWS, names)}
        for row in here:
            values = dict(zip(names, row))
            key = values[self.key["name"]]
            theirs = there.get(int(key) if self.key["type"] == DataType.INT64 else key)
            if theirs is None:
                return f"PyMilvus has no row {key}"
            for field in self.fields:
                name = field["name"]
                if name in values and not equal(field["type"], values[name], theirs.get(name)):
                    return f"row {key}, {name}: {str(values[name])[:100]!r}, by PyMilvus {str(theirs.get(name))[:100]!r}"
        return None if len(here) == len(there) else f"{len(here)} rows, PyMilvus reads {len(there)}"

    def levels(self):
        """the same rows at every consistency level"""
        query = f"SELECT count(*) FROM (SELECT {ident(self.key['name'])} FROM {self.table} ORDER BY {self.order} LIMIT {KEYS}) q"
        found = {level: self.sql.column(query, f"SET milvus_fdw.consistency_level = {level};")[0] for level in LEVELS}
        return None if len(set(found.values())) == 1 else f"{found}"

    def snapshot(self):
        """a table read to its end has as many rows as are counted"""
        count = self.their_count()
        if count > 10 * KEYS:
            return None
        here = self.sql.column(f"SELECT count(*) FROM (SELECT {ident(self.key['name'])} FROM {self.table} OFFSET 0) q")[0]
        return None if here == count else f"{here} rows read, {count} counted"

    def by_key(self):
        """rows looked up by their keys"""
        some = [r[self.key["name"]] for r in self.their_rows(50, [self.key["name"]])][::5]
        written = ", ".join(str(k) if isinstance(k, int) else quote(k) for k in some)
        if not some:
            return None
        here = self.sql.column(f"SELECT {ident(self.key['name'])} FROM {self.table} WHERE {ident(self.key['name'])} IN ({written})")
        return None if sorted(here) == sorted(some) else f"{here}, not {some}"

    def search(self):
        """nearest neighbours of a row's first float vector"""
        for field in self.fields:
            if field["type"] == DataType.FLOAT_VECTOR and field["name"] in self.columns:
                metric = self.metric(field["name"])
                if metric in ("L2", "IP", "COSINE"):
                    return self.search_by(field["name"], metric)
        return None

    def metric(self, field):
        for name in self.client.list_indexes(self.name):
            index = self.client.describe_index(self.name, name)
            if index and index.get("field_name") == field:
                return index.get("metric_type")
        return None

    def search_by(self, field, metric):
        rows = self.their_rows(1, [self.key["name"], field])
        if not rows or rows[0].get(field) is None:
            return None
        vector = [float(x) for x in rows[0][field]]
        hits = self.client.search(self.name, [vector], anns_field=field, limit=NEIGHBOURS, search_params={"metric_type": metric},
                                  consistency_level="Strong")[0]
        there = [{"L2": lambda x: math.sqrt(max(x, 0)), "IP": lambda x: -x, "COSINE": lambda x: 1 - x}[metric](hit["distance"]) for hit in hits]
        operator = {"L2": "<->", "IP": "<#>", "COSINE": "<=>"}[metric]
        text = "[" + ",".join(map(repr, vector)) + "]"
        constant = f"'{{{text[1:-1]}}}'::real[]" if self.columns[field] == "real[]" else f"'{text}'"
        used = f"OPERATOR(milvus.{operator})" if self.columns[field] == "real[]" else operator
        here = self.sql.column(f"SELECT {ident(field)} {used} {constant} AS distance FROM {self.table} ORDER BY distance LIMIT {NEIGHBOURS}",
                               "SET milvus_fdw.exact_distance = off;")
        if len(here) < len(there):
            return f"{len(here)} neighbours, PyMilvus finds {len(there)}"
        # an approximate search may find others each time: none may be much farther
        wrong = [(a, b) for a, b in zip(here, there) if a > b + 1e-3 * max(1, abs(b))]
        return f"distances {here}, by PyMilvus {there}" if wrong else None

    def run(self):
        """(name, about, what is wrong) of each; one that differs is asked again, since others may write meanwhile."""
        for ask in (self.count, self.keys, self.values, self.levels, self.snapshot, self.by_key, self.search):
            wrong = None
            for _ in range(3):
                try:
                    wrong = ask()
                except SqlError as error:
                    wrong = str(error)
                if wrong is None:
                    break
            yield ask.__name__, ask.__doc__, wrong


def number_equal(text, value):
    if math.isnan(value):
        return text == "NaN"
    return float(text) == value or struct.pack("f", float(text)) == struct.pack("f", value)


def equal(kind, text, value):
    """A value as PostgreSQL writes it, and as PyMilvus has it."""
    if text is None or value is None:
        return text is None and value is None
    if kind == DataType.BOOL:
        return text == ("true" if value else "false")
    if kind in (DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64):
        return int(text) == int(value)
    if kind in (DataType.FLOAT, DataType.DOUBLE):
        return number_equal(text, float(value))
    if kind == DataType.VARCHAR:
        return text == value
    if kind == DataType.JSON:
        value = json.loads(value) if isinstance(value, (str, bytes)) and not isinstance(value, dict) else value
        return json.loads(text, parse_float=decimal.Decimal) == json.loads(json.dumps(value), parse_float=decimal.Decimal) or json.loads(text) == value
    if kind == DataType.FLOAT_VECTOR:
        parts = text[1:-1].split(",")
        return len(parts) == len(value) and all(number_equal(a, float(b)) for a, b in zip(parts, value))
    if int(kind) == 26:
        return instant(text) == instant(str(value))
    # arrays, and vectors of other types, are told by their presence alone
    return True


def instant(text):
    text = text.replace(" ", "T").replace("Z", "+00:00")
    if len(text) > 3 and text[-3] in "+-":
        text += ":00"
    return datetime.datetime.fromisoformat(text)


def main():
    """Each result as a line of JSON."""
    logging.disable(logging.CRITICAL)
    address, collection = sys.argv[1:]
    reader = ReadOnly(Sql(address, setup=False), address, os.environ.get("AGAINST_LOGIN", ""), os.environ.get("AGAINST_TLS"), collection)
    for result in reader.run():
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
