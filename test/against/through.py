"""The extension: what it believes of a server, and whether what it does there is right."""
import json
import os
import subprocess
import time

from scratch import DOCUMENTS, HAN, MANY, NULL_ROWS, TEXTS, at
from server import Absent
from sql import LEVELS, SqlError, quote, unicode_quote

CHECKS = []
STRONG = "SET milvus_fdw.consistency_level = strong;"
# of a bounded read, on some servers
STALENESS = 6


def beliefs(sql):
    """The name of the dialect; flag -> True or False, and where that is known from."""
    name = sql.column("SELECT milvus.dialect('m') AS dialect")[0]
    rows = sql.rows("SELECT flag, value, source FROM milvus.dialect_flags('m')")
    return name, {flag: value for flag, value, _ in rows}, {flag: source for flag, _, source in rows}


def check(function):
    CHECKS.append(function)
    return function


def same(found, wanted):
    """None when they are, else what to say."""
    return None if found == wanted else f"found {str(found)[:300]}, not {str(wanted)[:300]}"


def each(sql, cases, before=""):
    """cases: (what to call it, query of one column, what must come): None, or what is wrong with the first that is."""
    found = sql.all([query for _, query, _ in cases], before)
    for (name, _, wanted), rows in zip(cases, found):
        if [r[0] for r in rows] != wanted:
            return f"{name}: {same([r[0] for r in rows], wanted)}"
    return None


def both_sides(sql, table, conditions):
    """Conditions on a foreign table and on a local copy."""
    wanted = sql.all([f"SELECT id FROM l.{table} WHERE {c} ORDER BY id" for c in conditions])
    return each(sql, [(f"WHERE {c}", f"SELECT id FROM f.{table} WHERE {c} ORDER BY id", [r[0] for r in rows]) for c, rows in zip(conditions, wanted)])


# --- reading ---

@check
def values(sql, s):
    """Every value comes back as it was written."""
    sql.foreign("plain", s["plain"], 'id bigint NOT NULL, b boolean NOT NULL, i8 smallint NOT NULL, i32 integer NOT NULL, i64 bigint NOT NULL, f real NOT NULL, '
                'd double precision NOT NULL, s varchar(100) NOT NULL, j jsonb NOT NULL, ai bigint[] NOT NULL, "at" varchar(100)[] NOT NULL, e real[] NOT NULL')
    wanted = [[i, i % 2 == 0, i - 9, i, 2**53 + i, 0.1 if i == 1 else i / 4, i / 8, t, DOCUMENTS[i] if i < len(DOCUMENTS) else {"other": i},
               [[-1, 1], [1], [2, -3], [5]][i % 4], [["a", "b"], [t], ["x y"]][i % 3], at(i)] for i, t in enumerate(TEXTS)]
    return same(sql.rows("SELECT * FROM f.plain ORDER BY id"), wanted)


@check
def every_level(sql, s):
    """SELECT brings all rows at every consistency level."""
    sql.foreign("many", s["many"], "id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL")
    for level in LEVELS:
        for _ in range(10):
            found = sql.rows("SELECT count(*) AS all, count(DISTINCT id) AS distinct FROM (SELECT id FROM f.many OFFSET 0) q",
                             f"SET milvus_fdw.consistency_level = {level};")[0]
            if found == [MANY, MANY]:
                break
            time.sleep(1)
        else:
            return f"{level}: {found[0]} rows, of {MANY}"
    return None


@check
def ordered(sql, s):
    """Pages, ORDER BY the key, LIMIT, count(*) with a filter."""
    sql.foreign("paged", s["many"], "id bigint NOT NULL, n integer NOT NULL", ", fetch_size '300'")
    return same(sql.column("SELECT id FROM f.paged ORDER BY id"), list(range(MANY))) or \
        same(sql.column("SELECT id FROM f.paged WHERE n = 3 ORDER BY id LIMIT 3 OFFSET 9"), [39, 100, 101]) or \
        same(sql.column("SELECT count(*) FROM f.paged WHERE n < 3"), [sum(i // 10 % 7 < 3 for i in range(MANY))])


@check
def others_writes(sql, s):
    """A session that has written sees what others write afterwards."""
    c = s["writes"]
    sql.foreign("writes", c, 'id bigint NOT NULL, n integer NOT NULL, s varchar(25) NOT NULL, j jsonb NOT NULL, e real[] NOT NULL, "$meta" jsonb')
    env = {**os.environ, "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "-c client_min_messages=error"}
    session = subprocess.Popen([*sql.psql, "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, text=True, bufsize=1)

    def tell(text):
        session.stdin.write(text + ";\n")
        session.stdin.flush()
        return session.stdout.readline().strip()
    count = "SELECT count(*) FROM (SELECT id FROM f.writes WHERE id >= 5000 AND id < 5010 OFFSET 0) q"
    try:
        first = tell(f"INSERT INTO f.writes (id, n, s, j, e) VALUES (5001, 1, 's', '{{}}', '{{1,1}}'); {count}")
        if first != "1":
            return f"its own row is not found: {first}"
        c.insert([s.row(5002)])
        for _ in range(20):
            found = tell(count)
            if found == "2":
                return None
            time.sleep(0.5)
        return f"found {found} rows of 2, for 10 s"
    finally:
        session.stdin.close()
        session.wait()


@check
def null_logic(sql, s):
    """Conditions with NULL find what they find in a local table."""
    sql.foreign("nulls", s["nulls"], "id bigint NOT NULL, n integer, s varchar(25), d double precision, a bigint[]")
    def null(x, written):
        return "NULL" if x is None else written
    rows = ", ".join(f"({i}, {null(n, n)}, {null(t, quote(t or ''))}, {null(d, d)}, {null(n, f'ARRAY[{n}, 1]')})" for i, (n, t, d) in enumerate(NULL_ROWS))
    sql.run(f"CREATE TABLE l.nulls (id bigint, n integer, s varchar(25), d double precision, a bigint[]); INSERT INTO l.nulls VALUES {rows};")
    conditions = ["true", "n IS NULL", "s IS NOT NULL", "n <> 4", "n NOT IN (1, 2)", "NOT (n > 3)", "n IN (1, 2) OR n <> 1", "n = 1 OR n <> 1",
                  "n < 3 OR n >= 3", "NOT (n > 3 OR s = 'a')", "NOT (n > 3 AND s = 'a')", "n > 3 OR s = 'a'", "s NOT LIKE 'a%'", "NOT 4 = ANY (a)", "4 = ANY (a) OR n IS NULL",
                  "n IS DISTINCT FROM 4",
                  "(n > 3) IS NOT TRUE", "d <= 1.5", "NOT (d <= 1.5)", "d IN (0.5, 1.5)", "d NOT IN (0.5, 1.5)", "(n > 1) IS UNKNOWN AND s = 'a'"]
    return both_sides(sql, "nulls", conditions)


@check
def documents(sql, s):
    """Conditions on documents find what they find in a local table, and none fails."""
    rows = ", ".join(f"({i}, {quote(json.dumps(DOCUMENTS[i] if i < len(DOCUMENTS) else {'other': i}))}::jsonb)" for i in range(len(TEXTS)))
    sql.run(f"CREATE TABLE l.docs (id bigint, j jsonb); INSERT INTO l.docs VALUES {rows};")
    sql.foreign("docs", s["plain"], "id bigint NOT NULL, j jsonb NOT NULL")
    return both_sides(sql, "docs", ("j ->> 'k' = 'x'", "j ->> 'k' IN ('x', 'y', '1')", "j ->> 'k' <> 'x'", "j @> '{\"k\": 1}'", "j @> '{\"k\": true}'",
                                    "j ? 'nul'", "NOT j ? 'k'", "j -> 'n' ->> 'm' = 'z'", "j ->> 'k' IS NULL",
                                    "j @> '{\"k\": 0}' OR j @> '{\"k\": 8}' OR j @> '{\"k\": \"x\"}'", f"j @> '{{\"k\": {2**53 + 1}}}'"))


@check
def texts(sql, s):
    """Every text finds its own row; patterns too."""
    sql.foreign("texts", s["plain"], "id bigint NOT NULL, s varchar(100) NOT NULL")
    patterns = (("a%", lambda t: t.startswith("a")), ("%b%", lambda t: "b" in t), ("%x", lambda t: t.endswith("x")), ("%(%", lambda t: "(" in t))
    return each(sql, [(f"s = {text!r}", f"SELECT id FROM f.texts WHERE s = {unicode_quote(text)}", [i]) for i, text in enumerate(TEXTS)] +
                [(f"s LIKE '{p}'", f"SELECT id FROM f.texts WHERE s LIKE '{p}' ORDER BY id", [i for i, t in enumerate(TEXTS) if test(t)])
                 for p, test in patterns])


@check
def field_names(sql, s):
    """Fields whose names are words of Milvus' grammar can be asked for."""
    words = s["words"].words
    sql.foreign("words", s["words"], "id bigint NOT NULL, " + ", ".join(f'"{w}" bigint NOT NULL' for w in words))
    return each(sql, [(f"{word} = 1", f'SELECT id FROM f.words WHERE "{word}" = 1', [1]) for word in words])


@check
def timestamps(sql, s):
    """Conditions on a timestamptz are exact to the microsecond."""
    sql.foreign("stamps", s["stamps"], "id bigint NOT NULL, ts timestamptz NOT NULL")
    cases = ((">= '2025-01-01 00:00:00+00'", [1, 2]), ("= '2025-01-01 00:00:00.000001+00'", [2]), ("< '2025-01-01 01:00:00+01'", [0]),
             ("<> '2025-01-01 00:00:00+00'", [0, 2]))
    return each(sql, [(f"ts {c}", f"SELECT id FROM f.stamps WHERE ts {c} ORDER BY id", wanted) for c, wanted in cases])


@check
def searches(sql, s):
    """Nearest neighbours, filtered, and within a distance."""
    distance = "e OPERATOR(milvus.<->) '{3,0}'"
    return same(sql.column(f"SELECT id FROM f.many ORDER BY {distance} LIMIT 1"), [3]) or \
        same(sql.column(f"SELECT id FROM f.many WHERE n = 2 ORDER BY {distance} LIMIT 3"), [20, 21, 22]) or \
        same(sorted(sql.column(f"SELECT id FROM f.many WHERE {distance} < 2.5")), [1, 2, 3, 4, 5])


# --- writing ---

@check
def text_keys(sql, s):
    """Keys with Han characters beyond the BMP: pages, look-ups, and a deletion that takes just its row."""
    c = s["texts"]
    present = [r["id"] for r in c.query("n >= 0", ["id"])]
    sql.foreign("keys", c, 'id varchar(25) COLLATE "C" NOT NULL, n integer NOT NULL', ", fetch_size '2'")
    wrong = same(sql.column("SELECT id FROM f.keys ORDER BY id", STRONG), sorted(present, key=str.encode))
    wrong = wrong or each(sql, [(f"id = {key!r}", f"SELECT id FROM f.keys WHERE id = {unicode_quote(key)}", [key]) for key in HAN], STRONG)
    if wrong:
        return wrong
    sql.run(f"DELETE FROM f.keys WHERE id = {unicode_quote(HAN[0])}")
    return same(sorted(r["id"] for r in c.query("n >= 0", ["id"])), sorted(set(present) - {HAN[0]}))


@check
def defaults(sql, s):
    """INSERT with and without a column that has a default, and NULL where the field has one."""
    c = s["defaults"]
    sql.foreign("defaults", c, "id bigint NOT NULL, n bigint NOT NULL, m bigint, e real[] NOT NULL")
    sql.foreign("less", c, "id bigint NOT NULL, e real[] NOT NULL")
    wrong = same(sql.rows("SELECT id, n, m FROM f.defaults WHERE id > 100 AND id < 104 ORDER BY id",
                          "INSERT INTO f.defaults VALUES (101, 5, 6, '{1,1}'), (102, 5, 6, '{1,1}'); INSERT INTO f.less VALUES (103, '{1,1}');"),
                 [[101, 5, 6], [102, 5, 6], [103, 7, 9]])
    if wrong:
        return wrong
    try:
        found = sql.rows("SELECT id, n, m FROM f.defaults WHERE id = 104", "INSERT INTO f.defaults VALUES (104, 5, NULL, '{1,1}');")
    except SqlError:
        return None
    return same(found, [[104, 5, None]])


@check
def auto_keys(sql, s):
    """UPDATE of a row whose key the server made keeps the key, or is refused."""
    c = s["auto"]
    sql.foreign("auto", c, "id bigint NOT NULL, n integer NOT NULL, e real[] NOT NULL")
    before = sql.column("SELECT id FROM f.auto ORDER BY id", STRONG)
    try:
        sql.run("UPDATE f.auto SET n = n + 50")
    except SqlError:
        pass
    return same(sql.column("SELECT id FROM f.auto ORDER BY id", STRONG), before)


@check
def rows_deleted(sql, s):
    """DELETE tells how many rows there were, also of keys that are not there."""
    s["writes"].insert([s.row(6000 + i) for i in range(4)])
    for condition, wanted in (("id IN (880001, 880002)", 0), ("id = 880001 OR id = 880002", 0), ("id = 6000 OR id = 880002", 1),
                              ("id > 6000 AND (id = 6001 OR id = 880003)", 1),
                              ("id IN (6002, 880004)", 1), ("id >= 6000 AND id < 6010", 1)):
        wrong = same(sql.run(f"DELETE FROM f.writes WHERE {condition}"), [f"DELETE {wanted}"])
        if wrong:
            return f"{condition}: {wrong}"
    return None


@check
def upserts(sql, s):
    """UPDATE changes what it names, and keeps the rest; a key twice in an upsert leaves one row."""
    c = s["writes"]
    c.insert([{**s.row(6100), "s": "kept", "$meta": {"x": 1}}])
    found = sql.rows('SELECT n, s, j, "$meta" FROM f.writes WHERE id = 6100', "UPDATE f.writes SET n = 77 WHERE id = 6100;")
    if found != [[77, "kept", {"k": 6100}, {"x": 1}]]:
        return same(found, [[77, "kept", {"k": 6100}, {"x": 1}]])
    sql.run("ALTER FOREIGN TABLE f.writes OPTIONS (ADD insert_mode 'upsert')")
    twins = "INSERT INTO f.writes (id, n, s, j, e) VALUES (6101, 1, 'first', '{}', '{1,1}'), (6101, 2, 'last', '{}', '{1,1}');"
    return same(sql.rows("SELECT n, s FROM f.writes WHERE id = 6101", twins), [[2, "last"]])


def run_checks(sql, s, say):
    """(name, about, None or what went wrong or Absent) of each."""
    time.sleep(max(0, s.prepared + STALENESS - time.monotonic()))
    for function in CHECKS:
        say(f"check {function.__name__}")
        try:
            wrong = function(sql, s)
        except SqlError as error:
            wrong = str(error)
        except Absent as error:
            wrong = error
        yield function.__name__, " ".join(function.__doc__.split()), wrong
