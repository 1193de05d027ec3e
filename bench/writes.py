"""What is measured of writing. Every round has a collection of its own, and its content is checked afterwards."""
import re
import statistics
import sys
import threading

from report import anonymous_kb, in_turns, progress

BATCHES = [2500, 5000, 10000]
FORMS = ["numpy", "lists"]              # in which PyMilvus takes columns
DELETE_BATCHES = [1000, 10000, 50000]
# DeleteRequest.expr is field 5, that of a query 4; a query is for a number of rows, or for a count
REQUESTS = {"Delete": re.compile(rb"\x2a[\x80-\xff]*[\x00-\x7f]id (in \[|>= 0)"), "Query": re.compile(rb"\x05limit|count\(\*\)")}
NARROW_ROWS, WIDE_ROWS, WIDE_DIM = 1_000_000, 100_000, 768


class Writes:
    def __init__(self, bench):
        self.bench = bench
        self.rows = bench.rows
        self.changed = min(10000, bench.rows)
        self.pymilvus, self.fdw = bench.pymilvus, bench.fdw
        self.best = None

    def stored(self, name, expected, seconds):
        """The collection goes; it must have had so many rows."""
        stored = self.pymilvus.count_and_drop(name=name)
        if stored != expected:
            sys.exit(f"{name}: {stored} rows where there should be {expected}")
        return seconds

    def insert_pymilvus(self, form=None, batch=None):
        if form is None:
            form, batch = self.best_insert()
        seconds = self.pymilvus.insert(form=form, batch=batch)["seconds"]
        return self.stored("loaded_py", self.rows, seconds)

    def best_insert(self):
        if self.best is None:
            tried = {(form, batch): self.insert_pymilvus(form, batch) for form in FORMS for batch in BATCHES}
            self.best = form, batch = min(tried, key=tried.get)
            self.bench.notes.append(f"Inserts of PyMilvus: {form} in batches of {batch}, the best of {FORMS} in batches of {BATCHES}.")
        return self.best

    def insert_fdw(self):
        return self.stored("loaded_fdw", self.rows, self.fdw.insert()["seconds"])

    def insert_raw(self, path):
        self.fdw.make_loaded()
        return self.stored("loaded_fdw", self.rows, self.bench.grpc.replay("Insert", path)[0])

    def insert(self):
        progress("insert")
        self.best_insert()
        path = self.bench.recorded("insert", lambda message: len(message) > 5000, self.fdw.record_insert)
        self.stored("loaded_fdw", self.rows, 0)
        self.insert_fdw()
        results = in_turns({"pymilvus": lambda _: self.insert_pymilvus(), "fdw": lambda _: self.insert_fdw(),
                            "grpc": lambda _: self.insert_raw(path)}, self.bench.rounds(5))
        self.bench.table.add_rounds("INSERT … SELECT of a local table", results, self.rows)

    def copy(self):
        progress("copy")
        self.best_insert()
        works = {"pymilvus": lambda _: self.insert_pymilvus()}
        for form in "binary", "text":
            works[form] = lambda _, form=form: self.stored("loaded_fdw", self.rows, self.fdw.copy_from(form=form)["seconds"])
        works["binary"](0)
        results = in_turns(works, self.bench.rounds(5))
        for form in "binary", "text":
            self.bench.table.add_rounds(f"COPY FROM STDIN, {form}", {"pymilvus": results["pymilvus"], "fdw": results[form]},
                                        self.rows)
        path = self.fdw.write_csv()
        batch = self.best[1]
        works = {"pymilvus": lambda _: self.stored("loaded_py", self.rows, self.pymilvus.insert_csv(path=path, batch=batch)["seconds"]),
                 "fdw": lambda _: self.stored("loaded_fdw", self.rows, self.fdw.copy_csv(path=path)["seconds"]),
                 "local": lambda _: self.fdw.copy_csv_locally(path=path)["seconds"]}
        results = in_turns(works, self.bench.rounds(3))
        self.bench.table.add_rounds("COPY FROM a CSV file; a script reads it", results, self.rows)
        foreign, local = (statistics.median(results[name]) for name in ("fdw", "local"))
        self.bench.notes.append(f"COPY of the CSV file into a local unlogged table: {self.rows / local:,.0f} rows/s; the foreign table is {local / foreign:.2f} times as fast.")

    def changed_pymilvus(self, command, left, **arguments):
        self.pymilvus.load_copy(name="loaded_py")
        seconds = getattr(self.pymilvus, command)(name="loaded_py", **arguments)["seconds"]
        self.pymilvus.check(name="loaded_py", rows=left)
        return seconds

    def changed_fdw(self, command, left, **arguments):
        self.pymilvus.load_copy(name="loaded_fdw")
        seconds = getattr(self.fdw, command)(**arguments)["seconds"]
        self.pymilvus.check(name="loaded_fdw", rows=left)
        return seconds

    def delete_raw(self, paths):
        """The same RPCs: also those that find out how many rows there are."""
        self.pymilvus.load_copy(name="loaded_fdw")
        seconds = sum(self.bench.grpc.replay(rpc, path)[0] for rpc, path in paths.items())
        self.pymilvus.check(name="loaded_fdw", rows=0)
        return seconds

    def recorded_delete(self, how):
        paths = {}
        # a deletion by a filter tells by itself how many rows there were
        for rpc in ("Query", "Delete") if how == "keys" else ("Delete",):
            pattern = REQUESTS[rpc]
            self.pymilvus.load_copy(name="loaded_fdw")
            paths[rpc] = self.bench.recorded(f"{rpc}-{how}", pattern.search, self.fdw.record_delete, how=how)
        return paths

    def delete(self):
        progress("delete")
        batches = [batch for batch in DELETE_BATCHES if batch <= self.rows]
        tried = {batch: self.changed_pymilvus("delete", 0, batch=batch) for batch in batches}
        batch = min(tried, key=tried.get)
        works = {"pymilvus": lambda _: self.changed_pymilvus("delete", 0, batch=batch),
                 "counted": lambda _: self.changed_pymilvus("delete", 0, batch=batch, counted=True)}
        for how in "keys", "filter":
            paths = self.recorded_delete(how)
            works["raw " + how] = lambda _, paths=paths: self.delete_raw(paths)
            works[how] = lambda _, how=how: self.changed_fdw("delete", 0, how=how)
        results = in_turns(works, self.bench.rounds(3))
        for what, other, how in (("DELETE of {:,} keys of a local table", "pymilvus", "keys"),
                                 ("the same; PyMilvus asks which keys there are", "counted", "keys"),
                                 ("DELETE of {:,} rows by a filter", "pymilvus", "filter")):
            raw = {} if other == "counted" else {"grpc": results["raw " + how]}
            self.bench.table.add_rounds(what.format(self.rows), {"pymilvus": results[other], "fdw": results[how], **raw}, self.rows)
        self.bench.notes.append(f"Deletes of PyMilvus: all keys, {batch} a request, the best of {batches}.")

    def update(self):
        progress("update")
        results = in_turns({"pymilvus": lambda _: self.changed_pymilvus("update", self.rows, count=self.changed),
                            "fdw": lambda _: self.changed_fdw("update", self.rows, count=self.changed)},
                           self.bench.rounds(3))
        self.bench.table.add_rounds(f"UPDATE of {self.changed:,} rows", results, self.changed)

    def memory(self):
        """Does a backend grow with what it loads?"""
        progress("memory of loading")
        scale = 10 if self.bench.options.quick else 1
        for what, rows, dim in ("narrow rows", NARROW_ROWS // scale, 2), (f"vectors of {WIDE_DIM}", WIDE_ROWS // scale, WIDE_DIM):
            start, highest = self.watched(lambda rows=rows, dim=dim: self.fdw.load_many(rows=rows, dim=dim))
            self.stored("loaded_fdw", rows, 0)
            self.bench.notes.append(f"Memory of a backend (RssAnon) that inserts {rows:,} {what}: {start:,} kB before, {highest:,} kB at most.")

    def watched(self, work):
        """RssAnon of the backend before some work, and the highest seen in it."""
        pid = self.fdw.connect_again(ef=self.bench.ef)
        start = highest = anonymous_kb(pid)
        done = threading.Event()

        def watch():
            nonlocal highest
            while not done.wait(0.02):
                highest = max(highest, anonymous_kb(pid))
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            work()
        finally:
            done.set()
            watcher.join()
        return start, highest
