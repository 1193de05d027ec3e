"""Does the judge find faults? Both sides are local; the one gets the queries, or the rows, slightly wrong.

Without a fault nothing may be found, although that side has its rows in
another order, and no indexes.
"""
import argparse
import io
import random
import re
import sys
import time

import compare
import kinds
import main
import selfwrites
import store
import world

NOT = re.compile(r"NOT \(")


def wrong_limit(sql):
    return re.sub(r"LIMIT (\d+)", lambda m: f"LIMIT {max(0, int(m[1]) - 1)}", sql)


# what is sent in place of a query, as a server (or a wrapper) with that fault would understand it
REWRITES = {
    "NOT over NULL is true": lambda sql: NOT.sub("true IS DISTINCT FROM (", sql),
    "NOT IN with NULL in the list leaves it out": lambda sql: sql.replace(", NULL)", ")"),
    "_ in LIKE is plain": lambda sql: re.sub(r"(LIKE '[^']*)_([^']*')", r"\1\\_\2", sql),
    "LIKE ignores case": lambda sql: sql.replace(" LIKE ", " ILIKE "),
    "texts ordered by bytes": lambda sql: re.sub(r"""( (?:<|<=|>|>=) '[^']*')(?!:| COLLATE)""", r'\1 COLLATE "C"', sql),
    "one row less than LIMIT": wrong_limit,
    "OFFSET off by one": lambda sql: re.sub(r"OFFSET (\d+)", lambda m: f"OFFSET {int(m[1]) + 1}", sql),
    "NULLS FIRST is last": lambda sql: sql.replace("NULLS FIRST", "NULLS LAST"),
    "<= is <": lambda sql: re.sub(r" <= (?!>)", " < ", sql),
    "= ANY (column) by any element": lambda sql: sql.replace(" @> '{", " && '{"),
    "a key in a document is asked for without its null": lambda sql: re.sub(r"(a\d+\.\S+) \? ('[^']*')", r"(\1 -> \2 <> 'null')", sql),
    "the search leaves out the nearest": lambda sql: re.sub(r"(ORDER BY distance)( LIMIT \d+)$", r"\1 OFFSET 1\2", sql),
    "the search takes another metric": lambda sql: sql.replace("<=>", "<->"),
    "a cursor loses a row": lambda sql: sql.replace("FETCH 3 ", "FETCH 4 "),
    "the first parameter stays": None,
}

# what is done to the rows of a table, as a reader with that fault would deliver them: which columns, and how
DAMAGES = {
    "a row is missing": (lambda c, key: key, "DELETE FROM {t} WHERE {c} = (SELECT min({c}) FROM {t})"),
    "a row comes twice": (lambda c, key: key, "INSERT INTO {t} SELECT * FROM {t} ORDER BY {c} LIMIT 1"),
    "-0 is read as 0": (lambda c, key: c.kind in ("real", "double precision"), "UPDATE {t} SET {c} = 0 WHERE {c}::text = '-0'"),
    "NULL is read as 0": (lambda c, key: c.kind in ("smallint", "integer"), "UPDATE {t} SET {c} = 0 WHERE {c} IS NULL"),
    "a long text is cut": (lambda c, key: c.kind == "text" and not key, "UPDATE {t} SET {c} = left({c}, 1000) WHERE length({c}) > 1000"),
    "numbers above 2^53 are rounded": (lambda c, key: c.kind == "bigint" and not key,
                                       "UPDATE {t} SET {c} = {c} / 2 * 2 WHERE abs({c} / 2) > 2::bigint ^ 52 AND {c} % 2 <> 0"),
    "one element of an array is lost": (lambda c, key: c.kind.endswith("[]") and not c.is_vector,
                                        "UPDATE {t} SET {c} = {c}[:cardinality({c}) - 1] WHERE cardinality({c}) > 2"),
    "a JSON null is a missing key": (lambda c, key: c.kind == "jsonb", "UPDATE {t} SET {c} = jsonb_strip_nulls({c}) WHERE jsonb_typeof({c}) = 'object'"),
}


class Stale:
    """Executes a prepared statement with the values of the first time."""

    def __init__(self):
        self.first = None

    def __call__(self, sql):
        if sql.startswith("PREPARE"):
            self.first = None
        elif sql.startswith("EXECUTE"):
            self.first = self.first or sql
            return self.first
        return sql


def damage(side, name, tables):
    """Plant it wherever there is such a column; how many rows it hit."""
    fits, sql = DAMAGES[name]
    hit = 0
    for table in tables:
        for c in table.columns:
            if table.foreign and fits(c, c is table.key):
                hit += len(side.run(sql.format(t=f"f.{table.name}", c=world.ident(c.name)) + " RETURNING 1").rows)
    return hit


def build_damaged(side, name, tables, seed, pgvector):
    """The tables, or others if they have nothing that the fault could change."""
    for other in range(10):
        build(side, tables)
        if damage(side, name, tables):
            break
        tables = world.make_world(random.Random(f"{seed} {other}"), kinds.LITE_3, pgvector, 0)
    return tables


def build_undeclared(side, tables):
    """With tables that hand out whatever is stored, whether their columns could hold it or not."""
    build(side, tables)
    for table in tables:
        if table.narrow:
            store.create_narrow_local(side.run, table.narrow)
            side.run(f"CREATE TABLE f.{table.narrow.name} AS TABLE l.{table.narrow.name}")
            table.narrow.collection, table.narrow.misfits = "here", []


def build(side, tables):
    """Local copies for both sides; those of the other in another order."""
    store.make_schemas(side.run)
    for table in tables:
        if not table.foreign:
            store.create_local(side.run, table, "x")
            continue
        (store.create_wide_local if table.wide_of else store.create_local)(side.run, table)
        side.run(f"CREATE TABLE f.{table.name} (LIKE l.{table.name})")
        side.run(f"INSERT INTO f.{table.name} SELECT * FROM l.{table.name} ORDER BY md5({world.ident(table.key.name)}::text)")


def compared(side_pair, options, tables, queries, rewrite=None, whole=False, shrunk=False):
    """How many queries it took to find a fault; None when none was found."""
    here, there = side_pair
    judge = main.Judge(here, there, rewrite, io.StringIO())
    if not shrunk:
        judge.report = lambda *a: None
    scripts = list(main.whole_tables(tables)) if whole else []
    for n in range(queries):
        name = f"self.{n}"
        judge.run(scripts[n][1] if n < len(scripts) else main.make_script(options.seed, name, tables), name)
        if judge.failures:
            return n + 1, judge
    return None, judge


def run():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seed", default="17", help="of the tables and queries (default: always the same)")
    p.add_argument("--queries", type=int, default=1500, help="within which each fault must be found")
    p.add_argument("--writes", type=int, default=800, help="within which each fault of writes must be found")
    options = p.parse_args()
    print(f"seed {options.seed}")
    start = time.monotonic()
    there, here = compare.Side("", "f"), compare.Side("", "l")
    there.run("CREATE EXTENSION milvus_fdw")
    pgvector = bool(there.run("SELECT FROM pg_available_extensions WHERE name = 'vector'").rows)
    if pgvector:
        there.run("CREATE EXTENSION vector")
    # as Milvus Lite 3 has them: with NULLs
    tables = world.make_world(random.Random(options.seed), kinds.LITE_3, pgvector, 0)
    wrong = 0
    build(there, tables)
    found, judge = compared((here, there), options, tables, options.queries, whole=True)
    n = judge.counts["queries"]
    if found:
        print(f"FAILED  no fault, but one is found by query {found}: {judge.last}")
    else:
        print(f"ok      no fault: nothing found in {n} queries")
    wrong += found is not None
    if judge.counts["both"] > 0.2 * n or judge.counts["rows"] < 0.6 * n:
        print(f"FAILED  too many of the queries fail ({judge.counts['both']}) or find nothing ({n - judge.counts['rows']})")
        wrong += 1
    faults = [(name, rewrite or Stale(), None) for name, rewrite in REWRITES.items()] + [(name, None, name) for name in DAMAGES]
    for name, rewrite, damaged in faults:
        asked = build_damaged(there, damaged, tables, options.seed, pgvector) if damaged else tables
        first = name == next(iter(REWRITES))
        found, judge = compared((here, there), options, asked, options.queries, rewrite, shrunk=first)
        print(f"{'ok' if found else 'FAILED':8}{name}: " + (f"found by query {found}" if found else "not found"))
        wrong += found is None
        if first and found:
            small = judge.out.getvalue().partition("--- shrunk\n")[2].partition("\n---")[0]
            print("        cut down to: " + small)
            if len(small) > 300:
                print("FAILED  that is no small query")
                wrong += 1
    build_undeclared(there, tables)
    found, judge = compared((here, there), options, tables, options.queries)
    print(f"{'ok' if found else 'FAILED':8}values longer than their columns: " + (f"found by query {found}" if found else "not found"))
    wrong += found is None
    more, misjudged = selfwrites.run((here, there), pgvector, options.seed, options.writes, Stale())
    wrong += misjudged
    print(f"{len(faults) + more + 3 - wrong} passed, {wrong} failed in {time.monotonic() - start:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    run()
