"""What a server calls itself, and what is trusted for it.

How Milvus says its version (server_info.build_tags of Connect, and GetVersion, are the same environment variable):
- up to 2.5.5: `git describe --tags --always --dirty=-dev` (Makefile BUILD_TAGS): v2.4.23, v2.4.23-gpu, v2.4.23-dev;
  between tags v2.4.0-rc.1-1502-gfedcba9876, which on master may be anything later; without tags a bare hash;
- 2.5.6 to 2.6.12: the constant of pkg/common/version.go: 2.6.10, and 2.6.0-rc.1 of what came before 2.6.0;
- from 79e45a605c (2026-03-19, 2.6.13) on, and in 3.0: the tag without v, else BRANCH-DATE-COMMIT: master-20260710-88f357a345,
  2.6-20260720-387152383b; outside of the Makefile the constant, in 3.0 3.0.0-beta;
- Zilliz Cloud, as milvus-backup has observed it (core/client/milvus, _cloudDesc): "Zilliz Cloud Vector Database(Compatible with
  Milvus 2.6)" by Connect, "unknown-20260608-7ea6e3526" by GetVersion.
- Milvus Lite 2 tells nothing by Connect, and has no GetVersion (asked on 2.5.1).
Assumed here: what has no MAJOR.MINOR.PATCH at its beginning, and what is so many commits after a tag, can't be told; where MAJOR.MINOR can,
as in 2.6-20260720-387152383b, filters may be sent, but must be right for every version of that line.
"""

from harness import ID, V, check, dynamic, field
from filters import answers, mixed, unguarded

RUN = "cmd/milvus/run.go injectVariablesToEnv, getEffectiveVersion; Makefile BUILD_TAGS, MILVUS_VERSION; pkg/common/version.go"
M = field("m", "Int64")
S = field("s", "VarChar")
N = field("n", "Int64", nullable=True)
CLOUD = "Zilliz Cloud Vector Database(Compatible with Milvus 2.6)"
UNKNOWN = ["", "banana", "master-20260710-88f357a345", "HEAD-20260720-387152383b", "-20260720-387152383b", "88f357a345",
           "3e12345678", "unknown-20260608-7ea6e3526", "hotfix-2.6.8-20260101-abcdef1234", "v2.4.0-rc.1-1502-gfedcba9876", "v2.5.3-12-gabcdef1234", "v2.4.0-812-g0123456789-dev", "2", "2.", "v", "2.x.1", "99999999999999999999.1.1", "v9.9.9-x"]
LINES = {"2.6-20260720-387152383b": [(2, 6, 0), (2, 6, 10), (2, 6, 18), (2, 6, 20)], CLOUD: [(2, 6, 0), (2, 6, 10), (2, 6, 18), (2, 6, 20)], "3.0-20260901-77b26a506d": [(3, 0, 0)],
         "2.5-20260401-abcdef1234": [(2, 5, 0), (2, 5, 24)]}
SEMANTICS = [(2, 3, 5), (2, 4, 23), (2, 5, 3), (2, 6, 18), (3, 0, 0)]
LAG = 10000


def rows(count, first=1):
    return [{"id": i, "m": i * 10, "s": "x", "v": [float(i), 0.0]} for i in range(first, first + count)]


@check("of a server whose version can't be told nothing is trusted: it is sent no filters", RUN, UNKNOWN)
def unknown_filters(c):
    t = c.make(ID, M, S, field("doc", "JSON"), dynamic("y", "bigint"), V, semantics=[2, 6, 18],
               rows=[{"id": i, "m": i * 10, "s": s, "doc": {"k": i}, "$meta": {"y": i}, "v": [0.0, 0.0]} for i, s in ((1, "a"), (2, "b"), (3, "\U00020bb7"))])
    for where, want in (("m = 10", [1]), ("m > 10", [2, 3]), ("s = 'b'", [2]), ("s LIKE 'a%'", [1]), ("m IN (10, 20)", [1, 2]), ("doc @> '{\"k\": 2}'", [2]), ("y = 3", [3]), ("y <> 3", [1, 2]),
                        ("NOT s = 'a'", [2, 3]), ("m IS NULL", []), ("m = 10 OR s = 'b'", [1, 2]), ("s = '\U00020bb7'", [3])):
        answers(c, t, where, want, False)
    answers(c, t, "id = 2 AND m = 20", [2])
    answers(c, t, "id IN (1, 3, 9)", [1, 3])
    c.same(c.must("SELECT count(*) FROM %s WHERE m > 10" % t), [(2,)], "count(*)")


@check("what can't be told reads rightly whatever it is: pages, own writes, what others write", RUN, UNKNOWN)
def unknown_reads(c):
    for semantics in SEMANTICS:
        more = {"semantics": list(semantics), "lag": LAG}
        t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'", **more)
        c.forget()
        c.select("SELECT id, m FROM %s" % t, [(i, i * 10) for i in range(1, 8)], "if it is %s" % (semantics,))
        c.expect(c.pages()[0]["guarantee_timestamp"] == 0, "if it is 2.5 or later, guarantee_timestamp %s is the snapshot", c.pages()[0]["guarantee_timestamp"])
        c.must("INSERT INTO %s VALUES (8, 80, '[0,0]')" % t)
        c.select("SELECT id, m FROM %s" % t, [(i, i * 10) for i in range(1, 9)], "after an own write, if it is %s" % (semantics,))
        c.same(c.must("SELECT count(*) FROM %s" % t), [(8,)], "count(*)")
        c.same(c.run("DELETE FROM %s WHERE id = 3 OR id = 99" % t).count, 1, "rows deleted, if it is %s" % (semantics,))
        result = c.run("UPDATE %s SET m = 0 WHERE id = 4" % t)
        c.expect(result.count == 1 or result.error == "0A000", "%s", result)
        four = 40 if result.error else 0
        c.select("SELECT id, m FROM %s" % t, [(i, four if i == 4 else i * 10) for i in range(1, 9) if i != 3], "after own changes, if it is %s" % (semantics,))
        if semantics >= (2, 5):
            c.others(t, rows=rows(1, 9))
            c.set(t, lag=0)
            c.select("SELECT id FROM %s WHERE id > 7" % t, [(8,), (9,)], "what others wrote, if it is %s" % (semantics,))


@check("what can't be told: keys with characters above U+FFFF are paged and deleted rightly, or it is an error, but nothing gets lost", RUN, UNKNOWN)
def unknown_texts(c):
    keys = sorted(["a", "中", "\U0001f600", "\U00020bb7", "\u0bb7", "\U00030000"], key=lambda k: k.encode())
    for semantics in SEMANTICS[1:]:
        t = c.make(field("k", "VarChar", key=True), M, V, rows=[{"k": k, "m": 1, "v": [0.0, 0.0]} for k in keys], options="fetch_size '2'", semantics=list(semantics))
        result = c.run("SELECT k FROM %s" % t)
        c.expect(result.error or sorted(r[0] for r in result.rows) == sorted(keys), "if it is %s: %s", semantics, result)
        c.expect(result.error != "57014", "%s", result)
        result = c.run("DELETE FROM %s WHERE k = '\U00020bb7'" % t)
        c.expect(result.error or result.count == 1, "%s", result)
        c.same(sorted(r["k"] for r in c.stored(t)), sorted(k for k in keys if result.error or k != "\U00020bb7"), "what is left, if it is %s" % (semantics,))
        result = c.run("SELECT k FROM %s WHERE k = '\u0bb7'" % t)
        c.expect(result.error or result.rows == [("\u0bb7",)], "if it is %s: %s", semantics, result)


@check("what can't be told: TRUNCATE, upserts, keys that Milvus makes, later RPCs", RUN, UNKNOWN)
def unknown_writes(c):
    for semantics in SEMANTICS:
        t = c.make(ID, M, V, rows=rows(3), semantics=list(semantics))
        c.must("TRUNCATE %s" % t)
        c.same(c.stored(t), [], "what is left, if it is %s" % (semantics,))
        a = c.make(field("id", "Int64", key=True, auto=True), M, V, rows=rows(3), semantics=list(semantics))
        c.refused("UPDATE %s SET m = 1 WHERE id = 2" % a, "0A000", sends=("Upsert", "Insert", "Delete"))
        u = c.make(ID, M, V, semantics=list(semantics), options="insert_mode 'upsert'")
        result = c.run("INSERT INTO %s VALUES (1, 1, '[0,0]'), (1, 2, '[0,0]')" % u)
        c.same((result.error, [(r["id"], r["m"]) for r in c.stored(u)]), ("0A000", []) if result.error else (None, [(1, 2)]), "what is stored, if it is %s" % (semantics,))


@check("a server that tells nothing by Connect is Milvus Lite 2 only if it has no GetVersion either: else nothing is trusted", RUN, [""])
def no_server_info(c):
    c.order("answer", rpc="Connect", response={"status": {}})
    for version in ("", "banana", "master-20260710-88f357a345"):
        c.order("answer", rpc="GetVersion", response={"status": {}, "version": version})
        c.connect()
        t = c.make(ID, M, V, rows=rows(3), semantics=[2, 6, 18])
        answers(c, t, "m > 10", [2, 3], False)
        c.expect(c.pages()[0]["guarantee_timestamp"] == 0, "guarantee_timestamp")


@check("a server without Connect: nothing is trusted, or it is an error", RUN, ["", "2.6.20"])
def no_connect(c):
    c.order("fail", rpc="Connect", grpc="UNIMPLEMENTED", message="unknown method Connect")
    c.connect()
    t = c.make(ID, M, V, rows=rows(3), semantics=[2, 6, 18])
    c.forget()
    result = c.run("SELECT id FROM %s WHERE m > 10" % t)
    if not result.error:
        c.same(result.rows, [(2,), (3,)], "the rows")
        c.expect(c.pages()[0]["guarantee_timestamp"] == 0, "guarantee_timestamp")


@check("the version told by GetVersion alone: what is read is right", RUN, [""])
def by_get_version(c):
    for version in ("2.6.20", "v2.4.23", "3.0.1"):
        c.order("answer", rpc="Connect", response={"status": {}, "identifier": "1"})
        c.order("answer", rpc="GetVersion", response={"status": {}, "version": version})
        c.connect()
        t = c.make(ID, M, V, rows=rows(3), semantics=[int(n) for n in version.lstrip("v").split(".")])
        answers(c, t, "m > 10", [2, 3])
        c.select("SELECT id FROM %s" % t, [(1,), (2,), (3,)])


@check("where only MAJOR.MINOR can be told, all that is sent is right for every version of that line", RUN, list(LINES))
def lines(c):
    for semantics in LINES[c.text]:
        c.grammar = semantics
        t = c.make(ID, N, field("threshold", "Int64"), field("minimum_should_match", "Int64"), field("doc", "JSON"), dynamic("y", "bigint"), V, options="fetch_size '2'", semantics=list(semantics), rows=[
            {"id": i, "n": n, "threshold": i, "minimum_should_match": i, "doc": d, "$meta": d, "v": [0.0, 0.0]}
            for i, n, d in ((1, 1, {"y": 1}), (2, None, {}), (3, 3, {"y": None}), (4, 4, {"y": 4}), (5, None, {"y": 5}))], lag=LAG)
        c.forget()
        c.select("SELECT id FROM %s" % t, [(i,) for i in range(1, 6)], "if it is as %s" % (semantics,))
        c.expect(c.pages()[0]["guarantee_timestamp"] == 0, "guarantee_timestamp")
        for where, want in (("n IS NULL", [2, 5]), ("n NOT IN (1, 7)", [3, 4]), ("threshold > 3", [4, 5]), ("minimum_should_match > 3", [4, 5]), ("y <> 1", [4, 5]), ("y NOT IN (1, 4)", [5]),
                            ("n IN (1, 2) OR n <> 1", [1, 3, 4]), ("y = 4", [4]), ("doc @> '{\"y\": 4}' OR doc @> '{\"y\": \"x\"}'", [4]), ("y = 9007199254740993", [])):
            answers(c, t, where, want)
            for tree in c.trees() if c.text[0] != "3" and (2, 6, 8) <= semantics < (2, 6, 19) else ():
                c.expect(not unguarded(tree), "WHERE %s: no guard, which 2.6.8 to 2.6.18 need: %s", where, c.filters())
                c.expect(not mixed(tree), "WHERE %s: a list of several types: %s", where, c.filters())
            if "9007" in where and c.text[0] != "3":
                c.expect("9007199254740993" not in " ".join(c.filters()), "beyond 2^53: %s", c.filters())
        c.must("INSERT INTO %s (id, n, threshold, minimum_should_match, doc, v) VALUES (6, NULL, 1, 1, '{}', '[0,0]')" % t)
        c.select("SELECT id FROM %s WHERE id > 4" % t, [(5,), (6,)], "after an own write")
        c.forget()
        result = c.run("UPDATE %s SET n = 9 WHERE id = 1" % t)
        c.expect(result.count == 1 or result.error == "0A000", "%s", result)
        for request in c.asked("Upsert"):
            c.expect(not request.get("partial_update") or semantics >= (2, 6, 2) and c.text[0] == "3", "a partial update, which 2.6.0 does not know")
        c.same(c.run("DELETE FROM %s WHERE id = 2 OR id = 99" % t).count, 1, "rows deleted")
        c.must("TRUNCATE %s" % t)
        c.same(c.stored(t), [], "what is left")


@check("what is newer than all that is known gets what the newest known one gets: filters, and the timestamps of 2.5 and later", RUN, ["3.1.0", "4.0.0", "10.0.0"])
def newer(c):
    t = c.make(ID, M, S, field("threshold", "Int64"), V, rows=[{**r, "threshold": r["id"]} for r in rows(7)], semantics=[3, 0, 0], options="fetch_size '2'")
    c.forget()
    c.select("SELECT id, m FROM %s" % t, [(i, i * 10) for i in range(1, 8)])
    c.expect(c.pages()[0]["guarantee_timestamp"] == 0, "guarantee_timestamp")
    answers(c, t, "m > 50", [6, 7], "m > 50")
    answers(c, t, "s = '\U00020bb7'", [], r"\\U00020bb7")
    text = answers(c, t, "threshold > 5", [6, 7])
    c.expect("threshold" not in text, "%s", text)
    c.must("TRUNCATE %s" % t)
    c.same(c.stored(t), [], "what is left")


@check("builds for GPUs, and of a changed tree, are of the version that they name", RUN, ["v2.4.23-gpu", "v2.5.3-gpu", "v2.4.23-dev"])
def suffixes(c):
    t = c.make(ID, M, S, V, rows=rows(3))
    c.forget()
    answers(c, t, "m > 10", [2, 3], "m > 10")
    c.same(c.pages()[0]["guarantee_timestamp"] > 0, c.version < (2, 5), "is a timestamp sent")


PRERELEASES = {"v2.5.0-beta": [(2, 5, 0)], "2.6.0-rc.1": [(2, 5, 13), (2, 6, 0)], "2.6.0-rc1": [(2, 5, 13), (2, 6, 0)], "3.0.0-beta": [(2, 6, 18), (3, 0, 0)], "3.0.0-rc.1": [(2, 6, 18), (3, 0, 0)],
               "v2.5.4-beta": [(2, 5, 3), (2, 5, 4)], "2.6.20-rc1": [(2, 6, 19)]}


@check("what came before a release is not trusted to have all that the release has: rows, NULLs, words, documents are right either way", RUN, list(PRERELEASES))
def prereleases(c):
    for semantics in PRERELEASES[c.text]:
        t = c.make(ID, N, field("threshold", "Int64"), field("doc", "JSON"), dynamic("y", "bigint"), V, options="fetch_size '2'", semantics=list(semantics), rows=[
            {"id": i, "n": n, "threshold": i, "doc": d, "$meta": d, "v": [0.0, 0.0]} for i, n, d in ((1, 1, {"y": 1}), (2, None, {}), (3, 3, {"y": None}), (4, 4, {"y": 4}), (5, None, {"y": 5}))])
        c.forget()
        c.select("SELECT id FROM %s" % t, [(i,) for i in range(1, 6)], "if it is as %s" % (semantics,))
        c.expect(c.pages()[0]["guarantee_timestamp"] == 0, "guarantee_timestamp")
        for where, want in (("n IS NULL", [2, 5]), ("n NOT IN (1, 7)", [3, 4]), ("threshold > 3", [4, 5]), ("y <> 1", [4, 5]), ("y NOT IN (1, 4)", [5]), ("n IN (1, 2) OR n <> 1", [1, 3, 4]), ("y = 4", [4])):
            answers(c, t, where, want)
            for tree in c.trees() if semantics >= (2, 6, 8) else ():
                c.expect(semantics >= (2, 6, 19) or not unguarded(tree), "WHERE %s: no guard: %s", where, c.filters())
        c.must("INSERT INTO %s (id, n, threshold, doc, v) VALUES (6, NULL, 1, '{}', '[0,0]')" % t)
        c.same(c.run("UPDATE %s SET n = 9 WHERE id = 1" % t).count, 1, "rows updated")
        for request in c.asked("Upsert"):
            c.expect(not request.get("partial_update") or semantics >= (2, 6, 2), "a partial update")
        c.must("TRUNCATE %s" % t)
        c.same(c.stored(t), [], "what is left")


@check("milvus.versions tells what a server calls itself, whatever that is", RUN, ["v2.4.23", "2.6.20", "3.0.1", "banana", "master-20260710-88f357a345", CLOUD])
def told(c):
    found = c.must("SELECT version, dialect FROM milvus.versions WHERE server = '%s'" % c.server)
    c.same(found[0][0], c.text, "the version")
    c.expect(found[0][1], "no dialect is told")


@check("the canary is for all that has never been run, what can't be told and other 2.3 too", "reading.py", ["banana", "", "master-20260710-88f357a345", "v9.9.9-x", "4.0.0", "v2.3.4", "v2.3.22", CLOUD])
def canary_unknown(c):
    t = c.make(ID, M, V, rows=rows(3), blind=-1, blind_strong=-1, semantics=[2, 6, 18])
    result = c.run("SELECT id FROM %s" % t)
    c.expect(result.error and result.error != "57014", "no error, but %s", result)
    t = c.make(ID, M, V, semantics=[2, 6, 18])
    c.select("SELECT id FROM %s" % t, [])
