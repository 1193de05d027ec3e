"""Reading rows: timestamps, levels, pages, shards, own writes, the canary."""

from harness import BOUNDED, CUSTOMIZED, EVENTUALLY, ID, SESSION, STRONG, V, before, check, field, parameters, since

TASK_QUERY = "internal/proxy/task_query.go PreExecute, PostExecute"
N = field("n", "Int64", nullable=True)
M = field("m", "Int64")
INDEX = [{"field_name": "v", "index_name": "v", "state": "Finished", "params": [
    {"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]
NEW = since("2.5.0")
OLD = before("2.5.0")
LAG = 10000         # ms
DESCRIBING = {"DescribeCollection", "DescribeIndex", "ShowPartitions", "GetCollectionStatistics"}


def rows(count, first=1):
    return [{"id": i, "m": i * 10, "v": [float(i), 0.0]} for i in range(first, first + count)]


def pairs(count, first=1):
    return [(i, i * 10) for i in range(first, first + count)]


def first_pages_are_fresh(c, what=""):
    """Whatever pages were asked for: none begins with a timestamp; the level says how recent."""
    c.expect(c.pages(), "no page was asked for%s", what)
    for query in c.pages():
        c.expect(not query["use_default_consistency"], "use_default_consistency would overrule the level")
    query = c.pages()[0]
    c.expect(query["guarantee_timestamp"] == 0, "the first page%s has guarantee_timestamp %s: that is the snapshot then", what, query["guarantee_timestamp"])
    c.expect(query["consistency_level"] in (STRONG, BOUNDED, EVENTUALLY), "level %s with guarantee 0 waits for nothing", query["consistency_level"])


@check("SELECT * gives all rows", TASK_QUERY)
def all_rows(c):
    t = c.make(ID, M, V, rows=rows(5))
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(5))
    if c.version >= (2, 5):
        first_pages_are_fresh(c)
    else:
        for query in c.pages():
            c.expect(query["guarantee_timestamp"] > 0, "on 2.4, guarantee_timestamp 0 makes reads wait 200 ms")


@check("a WHERE gives the rows that pass", TASK_QUERY)
def some_rows(c):
    t = c.make(ID, M, V, rows=rows(5))
    c.forget()
    c.select("SELECT id, m FROM %s WHERE m >= 20 AND m < 50" % t, pairs(3, 2))
    c.expect("m" in c.named(), "the filter was not sent: %s", c.filters())
    if c.version >= (2, 5):
        first_pages_are_fresh(c)


@check("a lookup by key gives its row", TASK_QUERY)
def one_row(c):
    t = c.make(ID, M, V, rows=rows(5))
    c.forget()
    c.select("SELECT id, m FROM %s WHERE id = 3" % t, pairs(1, 3))
    if c.version >= (2, 5) and c.pages():
        first_pages_are_fresh(c)
    for q in c.queries():
        if not c.pages():
            c.expect(q["guarantee_timestamp"] == 0 or c.version < (2, 5) or q["consistency_level"] in (SESSION, BOUNDED, CUSTOMIZED, EVENTUALLY), "%s", q)


@check("the inner side of a join, once for each outer row", TASK_QUERY)
def inner_side(c):
    t = c.make(ID, M, V, rows=rows(5))
    c.must("CREATE TEMP TABLE o AS SELECT * FROM (VALUES (20), (40), (60)) o(m)")
    c.must("ANALYZE o")
    c.must("SET enable_hashjoin = off")
    c.must("SET enable_mergejoin = off")
    c.must("SET enable_material = off")
    c.forget()
    c.select("SELECT t.id FROM o, LATERAL (SELECT * FROM %s t WHERE t.m = o.m OFFSET 0) t" % t, [(2,), (4,)])
    c.expect(c.pages(), "no pages")
    if c.version >= (2, 5):
        snapshots = set()
        for query in c.pages():
            at = query["guarantee_timestamp"]
            c.expect(at == 0 or at > 10**12, "a page has guarantee_timestamp %s: that is the year 1970", at)
            snapshots.add(at)


@check("INSERT … SELECT FROM copies all rows", TASK_QUERY)
def insert_select(c):
    t = c.make(ID, M, V, rows=rows(5))
    u = c.make(ID, M, V)
    c.forget()
    result = c.run("INSERT INTO %s SELECT * FROM %s" % (u, t))
    c.expect(result.error is None and result.count == 5, "%s", result)
    c.same(sorted(r["id"] for r in c.stored(u)), [1, 2, 3, 4, 5], "the copy")
    if c.version >= (2, 5):
        first_pages_are_fresh(c)


@check("ANALYZE sees the rows", TASK_QUERY)
def analyze(c):
    t = c.make(ID, M, V, rows=rows(50))
    c.forget()
    c.must("ANALYZE %s" % t)
    c.same(c.must("SELECT reltuples FROM pg_class WHERE relname = '%s'" % t), [(50.0,)], "reltuples")
    c.same(c.must("SELECT n_distinct FROM pg_stats WHERE tablename = '%s' AND attname = 'm'" % t), [(-1.0,)], "n_distinct of m")
    if c.version >= (2, 5):
        first_pages_are_fresh(c)


@check("the pages of a statement are of the first one's session_ts", TASK_QUERY)
def pages(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'")
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(7))
    found = c.pages()
    c.expect(len(found) >= 4, "only %d pages for 7 rows by twos", len(found))
    if c.version < (2, 5):
        for query in found:
            c.expect(query["guarantee_timestamp"] > 0, "guarantee_timestamp 0")
        return
    first_pages_are_fresh(c)
    told = {q["guarantee_timestamp"] for q in found if "id >" in q["expr"]}
    c.same(told, {470000000000000000}, "guarantee_timestamp of the following pages")


@check("where no session_ts is told, the following pages ask for none", TASK_QUERY, NEW)
def no_session_ts(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'", no_session_ts=True)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(7))
    c.same({q["guarantee_timestamp"] for q in c.pages()}, {0}, "guarantee_timestamp")


@check("a cursor goes on with the snapshot that it began with, whatever others write", TASK_QUERY, NEW)
def snapshot(c):
    t = c.make(ID, M, V, rows=rows(10), options="fetch_size '2'")
    c.must("BEGIN")
    c.must("DECLARE k CURSOR FOR SELECT id, m FROM %s" % t)
    begin = c.must("FETCH 1 FROM k")
    c.others(t, rows=rows(3, 11), delete=[8, 9])
    rest = c.must("FETCH ALL FROM k")
    c.same(sorted(begin + rest), pairs(10), "all that was fetched")
    c.must("COMMIT")
    c.select("SELECT id FROM %s" % t, [(i,) for i in (1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13)], "the next statement")


@check("own writes are seen at once, though the server lags", TASK_QUERY)
def own_write(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.must("SELECT count(*) FROM (SELECT id FROM %s) x" % t)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(3))
    if c.version < (2, 5):
        return
    first_pages_are_fresh(c)
    c.expect([q for q in c.pages() if (q["consistency_level"], q["guarantee_timestamp"]) == (STRONG, 0)],
             "nothing was asked at level Strong with timestamp 0, though the server lags")


@check("own writes: a page that is recent enough is not asked for again", TASK_QUERY, NEW)
def own_write_recent(c):
    t = c.make(ID, M, V, rows=rows(2), lag=0)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(3))
    first_pages_are_fresh(c)
    c.expect(not [q for q in c.pages() if q["guarantee_timestamp"] == 0 and q is not c.pages()[0]], "the first page was asked for twice")


@check("own writes: where no session_ts is told, the page is asked for again", TASK_QUERY, NEW)
def own_write_untold(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG, no_session_ts=True)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(3))


@check("after an own write, what others write later is seen as well, and not the moment of the write for ever", TASK_QUERY)
def others_after_own(c):
    t = c.make(ID, M, V, rows=rows(2))
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.select("SELECT id, m FROM %s" % t, pairs(3))
    c.others(t, rows=rows(1, 4), delete=[1])
    c.select("SELECT id, m FROM %s" % t, pairs(3, 2))


@check("own deletions and updates are seen at once, though the server lags", TASK_QUERY)
def own_changes(c):
    t = c.make(ID, M, V, rows=rows(4), lag=LAG)
    c.must("DELETE FROM %s WHERE id = 2" % t)
    c.select("SELECT id, m FROM %s" % t, pairs(1) + pairs(2, 3), "after the deletion")
    c.must("UPDATE %s SET m = 31 WHERE id = 3" % t)
    c.select("SELECT id, m FROM %s" % t, [(1, 10), (3, 31), (4, 40)], "after the update")
    c.must("UPDATE %s SET m = m + 1" % t)
    c.select("SELECT id, m FROM %s" % t, [(1, 11), (3, 32), (4, 41)], "after the update of all")


@check("own writes are seen on every rescan of an inner side", TASK_QUERY)
def own_write_inner(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]'), (4, 40, '[4,0]')" % t)
    c.select("SELECT o.m, t.id FROM (VALUES (30), (10), (40)) o(m), LATERAL (SELECT * FROM %s t WHERE t.m = o.m OFFSET 0) t" % t, [(30, 3), (10, 1), (40, 4)])
    c.select("SELECT t.id FROM (VALUES (3), (4)) o(id), LATERAL (SELECT * FROM %s t WHERE t.id = o.id OFFSET 0) t" % t, [(3,), (4,)], "by key")


@check("own writes: WHERE, LIMIT, ORDER BY key, lookups", TASK_QUERY)
def own_write_forms(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]'), (4, 40, '[4,0]')" % t)
    c.select("SELECT id FROM %s WHERE m >= 30" % t, [(3,), (4,)])
    c.select("SELECT id FROM %s WHERE id = 4" % t, [(4,)])
    c.select("SELECT id FROM %s WHERE id = ANY ('{1,3,4,9}')" % t, [(1,), (3,), (4,)])
    c.same(c.must("SELECT id FROM %s ORDER BY id OFFSET 2 LIMIT 1" % t), [(3,)], "OFFSET 2 LIMIT 1")
    c.same(c.must("SELECT min(id) FROM %s WHERE m > 20" % t), [(3,)], "min(id)")


@check("own writes are seen through another foreign table of the collection, and after a new connection", TASK_QUERY)
def own_write_elsewhere(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.must("CREATE FOREIGN TABLE %s_too (id bigint NOT NULL, m bigint NOT NULL) SERVER %s OPTIONS (collection '%s')" % (t, c.server, t))
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.select("SELECT id, m FROM %s_too" % t, pairs(3), "another table")
    c.must("DELETE FROM %s_too WHERE id = 1" % t)
    c.select("SELECT id, m FROM %s" % t, pairs(2, 2), "after a deletion through it")


@check("own writes are seen through an alias, and what is written through it by the name", TASK_QUERY)
def own_write_alias(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG, name="real%s" % c.server, aliases=["alias%s" % c.server])
    c.must("CREATE FOREIGN TABLE alias%s (id bigint NOT NULL, m bigint NOT NULL, v vector(2) NOT NULL) SERVER %s" % (c.server, c.server))
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.select("SELECT id, m FROM alias%s" % c.server, pairs(3), "through the alias")
    c.must("INSERT INTO alias%s VALUES (4, 40, '[4,0]')" % c.server)
    c.select("SELECT id, m FROM %s" % t, pairs(4), "by the name")


@check("who may use a collection by its alias alone can: read, search, write, and sees it",
       "internal/proxy/privilege_interceptor.go: the right is looked for by the name in the request; DescribeCollection tells the collection's own")
def alias_only(c):
    real, alias = "hidden%s" % c.server, "shown%s" % c.server
    t = c.make(ID, M, V, rows=rows(4), indexes=INDEX, lag=LAG, name=real, aliases=[alias], denied=[real])
    c.same(c.run("SELECT id FROM %s" % t).error, "42501", "by its own name: the SQLSTATE")
    c.must("CREATE FOREIGN TABLE %s (id bigint NOT NULL, m bigint NOT NULL, v vector(2) NOT NULL) SERVER %s OPTIONS (fetch_size '2')" % (alias, c.server))
    c.select("SELECT id, m FROM %s" % alias, pairs(4))
    c.same(c.must("SELECT id FROM %s ORDER BY v <-> '[3,0]' LIMIT 1" % alias), [(3,)], "the nearest")
    c.must("INSERT INTO %s VALUES (5, 50, '[5,0]')" % alias)
    c.same(c.run("UPDATE %s SET m = 0 WHERE id = 2" % alias).count, 1, "rows updated")
    c.same(c.run("DELETE FROM %s WHERE m = 30" % alias).count, 1, "rows deleted")
    c.forget()
    c.select("SELECT id, m FROM %s" % alias, [(1, 10), (2, 0), (4, 40), (5, 50)], "after own writes")
    c.same({q["collection_name"] for q in c.queries()}, {alias}, "the name in queries")
    c.same(sorted((r["id"], r["m"]) for r in c.stored(t)), [(1, 10), (2, 0), (4, 40), (5, 50)], "what is stored")


@check("own writes are seen over a new connection of the same session", TASK_QUERY)
def own_write_reconnected(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.must("SELECT milvus.disconnect('%s')" % c.server)
    c.select("SELECT id, m FROM %s" % t, pairs(3))
    c.must("INSERT INTO %s VALUES (4, 40, '[4,0]')" % t)
    c.must("ALTER SERVER %s OPTIONS (ADD connect_timeout '7')" % c.server)
    c.must("ALTER SERVER %s OPTIONS (DROP connect_timeout)" % c.server)
    c.select("SELECT id, m FROM %s" % t, pairs(4), "after ALTER SERVER")


@check("write_mode commit: own writes are seen after the commit, TRUNCATE too", TASK_QUERY)
def own_write_commit(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG, options="write_mode 'commit'")
    c.must("BEGIN")
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.must("COMMIT")
    c.select("SELECT id, m FROM %s" % t, pairs(3))
    c.must("DELETE FROM %s WHERE m = 10" % t)
    c.select("SELECT id, m FROM %s" % t, pairs(2, 2))
    c.must("TRUNCATE %s" % t)
    c.select("SELECT id, m FROM %s" % t, [])


@check("own writes of a function, a trigger's statement, a CTE are seen by what comes next", TASK_QUERY)
def own_write_inside(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.must("DO $$ BEGIN INSERT INTO %s VALUES (3, 30, '[3,0]'); IF (SELECT count(*) FROM (SELECT id FROM %s) x) <> 3 THEN RAISE 'not seen'; END IF; END $$" % (t, t))
    c.must("WITH w AS (INSERT INTO %s VALUES (4, 40, '[4,0]') RETURNING id) SELECT * FROM w" % t)
    c.select("SELECT id, m FROM %s" % t, pairs(4))
    c.must("BEGIN")
    c.must("INSERT INTO %s VALUES (5, 50, '[5,0]')" % t)
    c.select("SELECT id, m FROM %s" % t, pairs(5))
    c.must("ROLLBACK")
    c.select("SELECT id, m FROM %s" % t, pairs(5), "after ROLLBACK: what was sent stays")


@check("a write and a read of several shards: LIMIT, lookups, joins, cursors", TASK_QUERY, NEW)
def shards_forms(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'", describe={"shards_num": 4}, lag=LAG)
    c.must("INSERT INTO %s VALUES (8, 80, '[8,0]')" % t)
    c.same(c.must("SELECT id FROM %s ORDER BY id LIMIT 3 OFFSET 5" % t), [(6,), (7,), (8,)], "LIMIT")
    c.select("SELECT id FROM %s WHERE id = 8" % t, [(8,)], "by key")
    c.select("SELECT t.id FROM (VALUES (8), (2)) o(id), LATERAL (SELECT * FROM %s t WHERE t.id = o.id OFFSET 0) t" % t, [(8,), (2,)], "join")
    c.must("BEGIN")
    c.must("DECLARE k CURSOR FOR SELECT id, m FROM %s" % t)
    begin = c.must("FETCH 1 FROM k")
    c.others(t, rows=rows(1, 9), delete=[5])
    c.same(sorted(begin + c.must("FETCH ALL FROM k")), pairs(8), "a cursor")
    c.must("COMMIT")
    result = c.run("UPDATE %s SET m = m + 1 WHERE id > 5" % t)
    c.expect(result.count == 4, "UPDATE: %s", result)
    c.same(c.run("DELETE FROM %s WHERE m %% 2 = 0" % t).count, 4, "DELETE")


@check("a partition: pages, the probe of several shards, counts, own writes are of it alone", TASK_QUERY)
def partition(c):
    for describe in ({}, {"shards_num": 2}):
        data = [{**r, " part": "p" if r["id"] > 3 else "_default"} for r in rows(8)]
        t = c.make(ID, M, V, rows=data, options="fetch_size '2', partition 'p'", partitions=["p"], describe=describe, lag=LAG)
        c.forget()
        c.select("SELECT id, m FROM %s" % t, pairs(5, 4))
        c.must("INSERT INTO %s VALUES (9, 90, '[0,0]')" % t)
        c.select("SELECT id, m FROM %s" % t, pairs(6, 4))
        c.same(c.must("SELECT count(*) FROM %s" % t), [(6,)], "count(*)")
        c.same(c.run("UPDATE %s SET m = 0 WHERE id = 5" % t).count, 1, "rows updated")
        c.same(c.run("DELETE FROM %s WHERE m = 0 OR id = 1" % t).count, 1, "rows deleted")
        for query in c.queries():
            c.same(query["partition_names"], ["p"], "partition_names")
        c.same(sorted((r["id"], r.get(" part")) for r in c.stored(t)), [(1, None), (2, None), (3, None), (4, "p"), (6, "p"), (7, "p"), (8, "p"), (9, "p")], "what is there")
        c.must("TRUNCATE %s" % t)
        c.same(sorted(r["id"] for r in c.stored(t)), [1, 2, 3], "what is there after TRUNCATE")


@check("an empty partition of a collection with rows is empty; one that hides its rows is an error", "internal/proxy/task_query.go")
def canary_partition(c):
    data = [{**r, " part": "p" if r["id"] > 3 else "_default"} for r in rows(8)]
    t = c.make(ID, M, V, rows=data, options="partition 'q'", partitions=["p", "q"])
    c.select("SELECT id, m FROM %s" % t, [])
    t = c.make(ID, M, V, rows=data, options="partition 'p'", partitions=["p", "q"], blind=-1, blind_strong=-1)
    result = c.run("SELECT id FROM %s" % t)
    c.expect(result.error, "no error, but %s", result)


@check("no request asks for more rows than Milvus gives at once", "internal/proxy/util.go validateMaxQueryResultWindow, validateLimit: 16384")
def windows(c):
    t = c.make(ID, M, V, rows=rows(3), indexes=INDEX, options="fetch_size '100000'")
    c.forget()
    c.must("SELECT * FROM %s" % t)
    c.must("SELECT * FROM %s LIMIT 50000 OFFSET 20000" % t)
    c.must("SELECT id FROM %s ORDER BY v <-> '[1,1]' LIMIT 50000" % t)
    c.must("SELECT id FROM %s ORDER BY v <-> '[1,1]' LIMIT 10 OFFSET 16380" % t)
    for query in c.queries() + c.asked("Search"):
        p = parameters(query)
        c.expect(int(p.get("limit") or p.get("topk") or 0) + int(p.get("offset", 0)) <= 16384, "%s", p)


@check("a collection with the property query_mode=large_topk gives up to 1,000,000 rows at once, where the version knows that",
       "internal/proxy/util.go validateMaxQueryResultWindow, validateLimit; quota_param.go: 2dbca2c2fa, 2.6.14", ["2.6.13", "2.6.20"])
def large_windows(c):
    many = 16500
    knows = c.version >= (2, 6, 14)
    for mode, large in (("large_topk", knows), *([("other", False)] if knows else [])):
        t = c.make(ID, M, V, rows=rows(many), indexes=INDEX, options="fetch_size '1000000'", describe={"properties": [{"key": "query_mode", "value": mode}]})
        c.forget()
        c.same(len(c.must("SELECT id FROM %s LIMIT 16400" % t)), 16400, "rows of a LIMIT")
        limits = [int(parameters(q)["limit"]) for q in c.pages()]
        c.same(max(limits), 16400 if large else 16384, "the largest limit sent of %s, query_mode %s" % (limits, mode))
        c.forget()
        near = c.must("SELECT id FROM %s ORDER BY v <-> '[0,0]' LIMIT 16450" % t)
        c.same([r[0] for r in near], list(range(1, 16451)), "the nearest")
        topks = [int(parameters(q)["topk"]) for q in c.asked("Search")]
        c.same(topks[0], 16450 if large else 16384, "the first topk of %s, query_mode %s" % (topks, mode))
        c.same(len(topks) == 1, large, "one search, query_mode %s: %s" % (mode, topks))
        c.forget()
        asked = "SELECT count(*) FROM milvus.search(NULL::%s, 'v', ARRAY['[0,0]']::vector[], k => 16390)" % t
        if large:
            c.same(c.must(asked), [(16390,)], "milvus.search()")
        else:
            c.refused(asked, "22", sends=("Search",))


@check("no AllocTimestamp before reads", "internal/proxy/task_query.go: level Strong takes the proxy's own time", NEW)
def no_alloc(c):
    t = c.make(ID, M, V, rows=rows(4), lag=LAG, options="consistency_level 'strong'")
    u = c.make(ID, M, V, rows=rows(4), lag=LAG)
    c.forget()
    c.must("SELECT * FROM %s" % t)
    c.must("SELECT count(*) FROM %s" % t)
    for table in (t, u):
        c.must("INSERT INTO %s VALUES (5, 50, '[5,0]')" % table)
        c.must("SELECT * FROM %s" % table)
        c.must("SELECT count(*) FROM %s" % table)
        c.must("DELETE FROM %s WHERE id = 1" % table)
        c.must("SELECT * FROM %s" % table)
        c.must("UPDATE %s SET m = 1 WHERE id = 2" % table)
        c.must("SELECT * FROM %s" % table)
    c.expect(not c.asked("AllocTimestamp"), "AllocTimestamp was called %d times", len(c.asked("AllocTimestamp")))


@check("a collection with several shards: all pages at the session_ts of a probe, as that is the latest of all shards", TASK_QUERY, NEW)
def shards(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'", describe={"shards_num": 2})
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(7))
    first_pages_are_fresh(c)
    first, *rest = c.pages()
    c.expect(parameters(first).get("limit") == "1", "the first query should be a probe with limit 1, has %s", parameters(first))
    c.expect(rest, "only the probe")
    c.same({q["guarantee_timestamp"] for q in rest}, {470000000000000000}, "guarantee_timestamp of the pages")


@check("a scan of several pages is one snapshot with one shard too: session_ts is the time of asking, which the first page may be older than", TASK_QUERY, NEW)
def one_shard(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'")
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(7))
    c.expect(parameters(c.pages()[0]).get("limit") == "1", "the first query: %s", parameters(c.pages()[0]))
    c.same(len([q for q in c.pages() if q["guarantee_timestamp"] == 0]), 1, "queries without a timestamp")
    c.same(len({q["guarantee_timestamp"] for q in c.pages()[1:]}), 1, "snapshots")


@check("a lookup by key is one request", TASK_QUERY)
def one_key(c):
    t = c.make(ID, M, V, rows=rows(7))
    c.must("SELECT id FROM %s WHERE id = 3" % t)
    c.forget()
    c.select("SELECT id, m FROM %s WHERE id = 3" % t, pairs(1, 3))
    c.same(len(c.queries()), 1, "queries for one key")


@check("several shards: own writes are seen, the probe is made again at level Strong", TASK_QUERY, NEW)
def shards_own_write(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'", describe={"shards_num": 2}, lag=LAG)
    c.must("INSERT INTO %s VALUES (8, 80, '[8,0]')" % t)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(8))
    zero = [q for q in c.pages() if q["guarantee_timestamp"] == 0]
    c.expect(zero[-1]["consistency_level"] == STRONG, "%s", zero)
    c.expect(len({q["guarantee_timestamp"] for q in c.pages()} - {0}) == 1, "pages of several snapshots")


@check("several shards: an empty collection is empty", TASK_QUERY, NEW)
def shards_empty(c):
    t = c.make(ID, M, V, describe={"shards_num": 2})
    c.select("SELECT id, m FROM %s" % t, [])


@check("consistency_level strong: level Strong, and no timestamp beside the iterator", TASK_QUERY)
def strong(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2', consistency_level 'strong'", lag=LAG)
    c.others(t, rows=rows(1, 8))
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(8))
    if c.version >= (2, 5):
        first_pages_are_fresh(c)
        c.same(c.pages()[0]["consistency_level"], STRONG, "the level")
    c.same(c.must("SELECT count(*) FROM %s" % t), [(8,)], "count(*)")


@check("consistency_level strong on the server", TASK_QUERY)
def strong_server(c):
    c.must("ALTER SERVER %s OPTIONS (ADD consistency_level 'strong')" % c.server)
    try:
        t = c.make(ID, M, V, rows=rows(3), lag=LAG)
        c.others(t, rows=rows(1, 4))
        c.forget()
        c.select("SELECT id, m FROM %s" % t, pairs(4))
        if c.version >= (2, 5):
            first_pages_are_fresh(c)
            c.same(c.pages()[0]["consistency_level"], STRONG, "the level")
    finally:
        c.must("ALTER SERVER %s OPTIONS (DROP consistency_level)" % c.server)


@check("a collection whose own level is Strong is read so: what another session wrote is seen at once", TASK_QUERY)
def strong_collection(c):
    t = c.make(ID, M, V, rows=rows(7), indexes=INDEX, options="fetch_size '2'", lag=LAG, describe={"consistency_level": "Strong"})
    u = c.make(ID, M, V, rows=rows(7), indexes=INDEX, lag=LAG)
    for table in (t, u):
        c.others(table, rows=rows(1, 8), delete=[1])
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(7, 2))
    if c.version >= (2, 5):
        first_pages_are_fresh(c)
        c.same(c.pages()[0]["consistency_level"], STRONG, "the level")
    c.same(c.must("SELECT count(*) FROM %s WHERE id = 8" % t), [(1,)], "count(*)")
    c.same(c.must("SELECT id FROM %s ORDER BY v <-> '[1,0]' LIMIT 1" % t), [(2,)], "the nearest")
    c.select("SELECT id FROM %s WHERE id IN (1, 8)" % t, [(8,)], "by key")
    c.same(c.must("SELECT (s.item).id FROM milvus.search(NULL::%s, 'v', ARRAY['[8,0]']::vector[], k => 1) s" % t), [(8,)], "milvus.search()")
    # else the double's lag would show nothing
    c.select("SELECT id, m FROM %s" % u, pairs(7), "a collection that is not")


@check("the other levels: no timestamp beside the iterator", TASK_QUERY, NEW)
def levels(c):
    for level, want in (("bounded", {BOUNDED}), ("eventually", {EVENTUALLY}), ("session", {BOUNDED, EVENTUALLY, STRONG})):
        t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2', consistency_level '%s'" % level)
        c.forget()
        c.select("SELECT id, m FROM %s" % t, pairs(7), level)
        first_pages_are_fresh(c)
        c.expect(c.pages()[0]["consistency_level"] in want, "%s: the level sent is %s", level, c.pages()[0]["consistency_level"])


@check("session: own writes are seen", TASK_QUERY, NEW)
def session(c):
    t = c.make(ID, M, V, rows=rows(2), options="consistency_level 'session'", lag=LAG)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    c.select("SELECT id, m FROM %s" % t, pairs(3))


def sees_own_writes(c, query, since_when):
    level, at = query["consistency_level"], query["guarantee_timestamp"]
    c.expect(not query["use_default_consistency"], "use_default_consistency")
    if level == STRONG:
        c.expect(at == 0 or at >= since_when, "level Strong with guarantee_timestamp %d is taken literally", at)
    else:
        c.expect(level in (SESSION, CUSTOMIZED), "level %s computes a timestamp of its own", level)
        c.expect(at >= since_when, "guarantee_timestamp %d is before the own write, %d", at, since_when)


@check("count(*) has no iterator, and sees own writes", "internal/proxy/task_query.go, util.go parseGuaranteeTsFromConsistency")
def count(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.forget()
    c.same(c.must("SELECT count(*) FROM %s" % t), [(2,)], "count(*)")
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    own = 470000000000000000 + 10 * (1 << 18)
    c.forget()
    c.same(c.must("SELECT count(*) FROM %s" % t), [(3,)], "count(*) after an own write")
    c.same(c.must("SELECT count(*) FROM %s WHERE m > 10" % t), [(2,)], "count(*) with a filter")
    c.expect(c.counts(), "Milvus was not asked to count")
    for query in c.counts():
        c.expect("iterator" not in parameters(query), "count(*) with the key iterator")
        sees_own_writes(c, query, own)


@check("searches have no iterator, and see own writes", "internal/proxy/task_search.go, util.go parseGuaranteeTsFromConsistency")
def search(c):
    t = c.make(ID, M, V, rows=rows(2), indexes=INDEX, lag=LAG)
    c.same(c.must("SELECT id, v <-> '[2,0]' FROM %s ORDER BY v <-> '[2,0]' LIMIT 1" % t), [(2, 0.0)], "the nearest")
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    own = 470000000000000000 + 10 * (1 << 18)
    c.forget()
    c.same(c.must("SELECT id FROM %s ORDER BY v <-> '[3,0]' LIMIT 2" % t), [(3,), (2,)], "the nearest after an own write")
    c.same(c.must("SELECT id FROM %s WHERE m < 30 ORDER BY v <-> '[3,0]' LIMIT 1" % t), [(2,)], "with a filter")
    c.expect(c.asked("Search"), "no search")
    for request in c.asked("Search"):
        c.expect("iterator" not in parameters(request), "a search with the key iterator")
        sees_own_writes(c, request, own)


@check("a search is one Search, and a description of the collection at the most", "internal/proxy/impl.go: what each RPC costs is the proxy's")
def one_search(c):
    t = c.make(ID, M, V, rows=rows(30), indexes=INDEX)
    for sql, want in (("SELECT id, m, v <-> '[2,0]' FROM %s ORDER BY v <-> '[2,0]' LIMIT 3", 3), ("SELECT m FROM %s WHERE m > 100 ORDER BY v <-> '[2,0]' LIMIT 3", 3),
                      ("SELECT (s.item).id FROM milvus.search(NULL::%s, 'v', ARRAY['[3,0]']::vector[], k => 3) s", 3)):
        c.must(sql % t)
        for _ in range(2):
            c.forget()
            c.same(len(c.must(sql % t)), want, "rows")
            asked = [r["rpc"] for r in c.sent]
            c.same(asked.count("Search"), 1, "searches of %s" % asked)
            others = sorted(set(asked) - {"Search"})
            c.expect(len(asked) == len(others) + 1 and set(others) <= DESCRIBING, "%s sends %s", sql, asked)


@check("milvus.search() has no iterator, and sees own writes", "internal/proxy/task_search.go")
def search_function(c):
    t = c.make(ID, M, V, rows=rows(2), indexes=INDEX, lag=LAG)
    c.must("INSERT INTO %s VALUES (3, 30, '[3,0]')" % t)
    own = 470000000000000000 + 10 * (1 << 18)
    c.forget()
    c.same(c.must("SELECT (s.item).id FROM milvus.search(NULL::%s, 'v', ARRAY['[3,0]']::vector[], k => 1) s" % t), [(3,)], "the nearest")
    for request in c.asked("Search"):
        sees_own_writes(c, request, own)


@check("the rows behind a search that found too few are read as any", TASK_QUERY)
def rest_behind_search(c):
    t = c.make(ID, M, V, rows=rows(5), indexes=INDEX)
    c.forget()
    c.same(len(c.must("SELECT id FROM %s ORDER BY v <-> '[3,0]' LIMIT 10" % t)), 5, "rows")
    for query in c.pages():
        at = query["guarantee_timestamp"]
        if c.version >= (2, 5):
            c.expect(at == 0 or at > 10**12, "a page has guarantee_timestamp %s", at)


@check("rows to be changed are looked up as recent as can be", TASK_QUERY)
def lookups_of_changes(c):
    t = c.make(ID, M, V, rows=rows(2), lag=LAG)
    c.others(t, rows=rows(2, 3))
    c.forget()
    result = c.run("UPDATE %s SET m = m + 1 WHERE m >= 20" % t)
    c.expect(result.count == 3, "UPDATE of 3 rows: %s", result)
    if c.version >= (2, 5):
        first_pages_are_fresh(c, " of the UPDATE")
        c.same(c.pages()[0]["consistency_level"], STRONG, "the level of the UPDATE's look-up")
    c.others(t, rows=rows(1, 5))
    c.forget()
    result = c.run("DELETE FROM %s WHERE m >= 50 AND m %% 2 = 0" % t)
    c.expect(result.count == 1, "DELETE of 1 row: %s", result)
    if c.version >= (2, 5):
        first_pages_are_fresh(c, " of the DELETE")
        c.same(c.pages()[0]["consistency_level"], STRONG, "the level of the DELETE's look-up")
    c.same(sorted((r["id"], r["m"]) for r in c.stored(t)), [(1, 10), (2, 21), (3, 31), (4, 41)], "what is there")


@check("the look-ups of changes are of one snapshot as well", TASK_QUERY, NEW)
def lookups_in_pages(c):
    t = c.make(ID, M, V, rows=rows(9), lag=LAG, options="fetch_size '2'")
    result = c.run("UPDATE %s SET m = m + 1" % t)
    c.expect(result.count == 9, "%s", result)
    c.same(sorted(r["m"] for r in c.stored(t)), [i * 10 + 1 for i in range(1, 10)], "m")
    for query in c.pages():
        c.expect(query["guarantee_timestamp"] != 0 or query is c.pages()[0], "a following page has no timestamp")


@check("a statement is of one snapshot, also where it reads a collection again and again", TASK_QUERY, NEW)
def one_snapshot(c):
    for describe in ({}, {"shards_num": 2}):
        t = c.make(ID, M, V, rows=rows(5), options="fetch_size '2'", describe=describe)
        c.must("BEGIN")
        c.must("DECLARE k CURSOR FOR SELECT o.x, t.n FROM (VALUES (1), (2), (3)) o(x), LATERAL (SELECT count(m + o.x) AS n FROM %s OFFSET 0) t" % t)
        c.same(c.must("FETCH 1 FROM k"), [(1, 5)], "the first row")
        c.others(t, rows=rows(4, 6), delete=[1])
        c.same(c.must("FETCH ALL FROM k"), [(2, 5), (3, 5)], "the rows after others wrote, %s shards" % describe.get("shards_num", 1))
        c.must("COMMIT")
        c.same(c.must("SELECT count(m + 1) FROM %s" % t), [(8,)], "the next statement")


@check("two tables of one server: each statement's pages keep to their own collection's snapshot", TASK_QUERY, NEW)
def two_tables(c):
    t = c.make(ID, M, V, rows=rows(5), options="fetch_size '2'")
    u = c.make(ID, M, V, rows=rows(5), options="fetch_size '2'", now=480000000000000000)
    c.forget()
    c.select("SELECT t.id, u.m FROM %s t JOIN %s u USING (id)" % (t, u), pairs(5))
    for query in c.pages():
        if query["guarantee_timestamp"]:
            want = {t: 470000000000000000, u: 480000000000000000}[query["collection_name"]]
            c.same(query["guarantee_timestamp"], want, "guarantee_timestamp for %s" % query["collection_name"])


@check("what follows from a statement that failed: the next one reads from scratch", TASK_QUERY, NEW)
def after_an_error(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'")
    c.run("SELECT 1 / (id - 5) FROM %s" % t)
    c.others(t, rows=rows(1, 8))
    c.select("SELECT id, m FROM %s" % t, pairs(8))


# --- the collection's id ---

CHECKED = since("2.5.4")
IDENTITY = "internal/proxy/task_query.go, task_search.go, collection_id: 4c91e05a5d, 2.5.4"


def ids_sent(c, rpc):
    c.expect(c.asked(rpc), "no %s was sent", rpc)
    return {parameters(request).get("collection_id") for request in c.asked(rpc)}


@check("queries and searches tell the id of the collection that they mean, where the server compares it", IDENTITY)
def identity(c):
    t = c.make(ID, M, V, rows=rows(7), indexes=INDEX, options="fetch_size '2'", describe={"collectionID": "777"})
    want = {"777"} if c.version >= (2, 5, 4) else {None}
    for sql in ("SELECT id FROM %s", "SELECT id FROM %s WHERE id = 3", "SELECT count(*) FROM %s WHERE m > 10", "SELECT id FROM %s WHERE m > 10", "DELETE FROM %s WHERE m = 10 AND v IS NOT NULL AND id % 2 = 1"):
        c.forget()
        c.must(sql.replace("%s", t))
        c.same(ids_sent(c, "Query"), want, "collection_id, %s" % sql)
    for sql in ("SELECT id FROM %s ORDER BY v <-> '[3,0]' LIMIT 2", "SELECT (s.item).id FROM milvus.search(NULL::%s, 'v', ARRAY['[3,0]']::vector[], k => 1) s",
                "SELECT o.x, t.id FROM (VALUES ('[1,0]'::vector), ('[2,0]')) o(x), LATERAL (SELECT id FROM %s ORDER BY v <-> o.x LIMIT 1) t"):
        c.forget()
        c.must(sql.replace("%s", t))
        c.same(ids_sent(c, "Search"), want, "collection_id, %s" % sql)


def changed(c, cursor, table, first):
    """What comes after the collection was made again: nothing of the new one, but 40001."""
    c.must("BEGIN")
    c.must("DECLARE k CURSOR FOR %s" % cursor)
    c.same(c.must("FETCH 1 FROM k"), [first], "the first row")
    c.make_again(table, ID, M, V, rows=[{"id": i, "m": -1, "v": [float(i), 0.0]} for i in range(1, 10)], indexes=INDEX)
    result = c.run("FETCH ALL FROM k")
    c.same(result.error, "40001", "after it was made again: %s; the SQLSTATE" % result)
    c.must("ROLLBACK")
    # what is believed of it does not outlive that
    c.same(c.must("SELECT DISTINCT m FROM %s" % table), [(-1,)], "the next statement")


@check("a collection that was dropped and made again between two pages: 40001", IDENTITY)
def made_again_pages(c):
    t = c.make(ID, M, V, rows=rows(9), indexes=INDEX, options="fetch_size '2'")
    changed(c, "SELECT id, m FROM %s" % t, t, (1, 10))


@check("the same between two searches of one statement", IDENTITY, CHECKED)
def made_again_searches(c):
    t = c.make(ID, M, V, rows=rows(9), indexes=INDEX)
    changed(c, "SELECT o.x, t.m FROM (VALUES (1, '[1,0]'::vector), (2, '[2,0]'), (3, '[3,0]')) o(x, q), LATERAL (SELECT m FROM %s ORDER BY v <-> o.q LIMIT 1) t" % t, t, (1, 10))


@check("the same between two reads of one statement, one page each", IDENTITY, CHECKED)
def made_again_reads(c):
    t = c.make(ID, M, V, rows=rows(9), indexes=INDEX)
    changed(c, "SELECT o.x, t.m FROM (VALUES (1), (2), (3)) o(x), LATERAL (SELECT m FROM %s t WHERE t.m = o.x * 10 OFFSET 0) t" % t, t, (1, 10))


@check("the same between a description that is a moment old and the first request", IDENTITY, CHECKED)
def made_again_before(c):
    for sql in ("SELECT m FROM %s", "SELECT m FROM %s ORDER BY v <-> '[1,0]' LIMIT 1", "SELECT m FROM %s WHERE id = 1", "SELECT count(*) FROM %s", "SELECT m FROM %s WHERE m > 5"):
        t = c.make(ID, M, V, rows=rows(9), indexes=INDEX)
        c.must("PREPARE p AS " + sql % t)
        c.must("EXECUTE p")
        c.make_again(t, ID, M, V, rows=[{"id": 1, "m": -1, "v": [1.0, 0.0]}], indexes=INDEX)
        result = c.run("EXECUTE p")
        # the plan still holds: an answer of the new one alone is right as well
        new = {"SELECT count(*) FROM %s": [(1,)], "SELECT m FROM %s WHERE m > 5": []}.get(sql, [(-1,)])
        c.expect(result.error == "40001" or result.rows == new, "%s: %s", sql, result)
        c.must("DEALLOCATE p")


# --- 9: the canary ---

CANARY = "internal/proxy/task_query.go: what an empty first page may come of (a timestamp that is taken for a snapshot)"


@check("an empty page of a collection that has rows is an error, not an empty table", CANARY)
def canary(c):
    t = c.make(ID, M, V, rows=rows(3), blind=-1, blind_strong=-1)
    result = c.run("SELECT id FROM %s" % t)
    c.expect(result.error, "no error, but %s", result)
    c.expect(result.error not in ("57014", "XX000"), "%s", result)
    # for the report that the hint asks for: what was sent, to what
    strong = [q for q in c.pages() if q["consistency_level"] == STRONG]
    c.expect(strong, "it was not asked again at level Strong")
    told = ", ".join("%s=%s" % (k, v) for k, v in sorted(parameters(strong[-1]).items(), reverse=True) if k != "collection_id")
    for text in ("Query", told, "consistency level Strong", "guarantee timestamp %d" % strong[-1]["guarantee_timestamp"], '"%s"' % c.text):
        c.expect(text in result.detail, "the detail lacks %s: %s", text, result.detail)
    c.expect(t in result.message and "3" in result.message, "%s", result)


@check("an empty page in other statements is an error as well", CANARY)
def canary_statements(c):
    t = c.make(ID, M, V, rows=rows(3), blind=-1, blind_strong=-1)
    u = c.make(ID, M, V)
    result = c.run("INSERT INTO %s SELECT * FROM %s" % (u, t))
    c.expect(result.error, "INSERT … SELECT: no error, but %s", result)
    result = c.run("SELECT count(m + 1) FROM %s" % t)
    c.expect(result.error, "an aggregate: no error, but %s", result)


@check("where page and count agree when asked again at level Strong, there is no error", CANARY)
def canary_settles(c):
    t = c.make(ID, M, V, rows=rows(3), blind_until_strong=True)
    c.select("SELECT id, m FROM %s" % t, pairs(3))


@check("a count that only seemed to be there is no error", CANARY)
def canary_miscount(c):
    t = c.make(ID, M, V, miscount=3)
    c.select("SELECT id, m FROM %s" % t, [])


@check("every form of a first page that has no condition: LIMIT, min(key), EXISTS, ANALYZE, a cursor", CANARY)
def canary_forms(c):
    t = c.make(ID, M, V, rows=rows(3), blind=-1, blind_strong=-1)
    for sql in ("SELECT id FROM %s LIMIT 1", "SELECT min(id) FROM %s", "SELECT EXISTS (SELECT FROM %s)", "SELECT id FROM %s ORDER BY id LIMIT 5", "SELECT id FROM %s ORDER BY m", "ANALYZE %s",
                "SELECT count(*) FROM (VALUES (1)) o(x) LEFT JOIN (SELECT * FROM %s OFFSET 0) t ON t.id = o.x"):
        result = c.run(sql % t)
        c.expect(result.error and result.error != "57014", "%s: no error, but %s", sql, result)


@check("the canary also holds after an own write, and with several shards", CANARY)
def canary_own_write(c):
    for describe in ({}, {"shards_num": 2}):
        t = c.make(ID, M, V, rows=rows(3), describe=describe)
        c.must("INSERT INTO %s VALUES (4, 40, '[4,0]')" % t)
        c.set(t, blind=-1, blind_strong=-1)
        result = c.run("SELECT id FROM %s" % t)
        c.expect(result.error, "no error, but %s", result)


@check("a page with rows is no reason to count", CANARY)
def canary_quiet(c):
    t = c.make(ID, M, V, rows=rows(3), options="fetch_size '2'")
    c.must("SELECT id FROM %s" % t)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(3))
    c.expect(not c.counts(), "counted %d times", len(c.counts()))


@check("Milvus 2.3.5 has been run: it is not counted", CANARY, ["v2.3.5"])
def canary_old(c):
    t = c.make(ID, M, V)
    c.must("SELECT id FROM %s" % t)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, [])
    c.expect(not c.counts(), "counted %d times", len(c.counts()))


@check("2.3.5 is read as before: a timestamp with every read", TASK_QUERY, ["v2.3.5"])
def as_before(c):
    t = c.make(ID, M, V, rows=rows(7), options="fetch_size '2'", lag=LAG)
    c.forget()
    c.select("SELECT id, m FROM %s" % t, pairs(7))
    c.must("INSERT INTO %s VALUES (8, 80, '[8,0]')" % t)
    c.select("SELECT id, m FROM %s WHERE m > 50" % t, pairs(3, 6))
    for query in c.pages():
        c.expect(query["guarantee_timestamp"] > 0, "guarantee_timestamp 0 makes 2.3.5 wait 200 ms")


@check("an empty collection is empty", CANARY)
def canary_empty(c):
    t = c.make(ID, M, V)
    c.select("SELECT id, m FROM %s" % t, [])
    c.select("SELECT id, m FROM %s" % t, [])


@check("a filter that nothing passes is no reason to count", CANARY)
def canary_filtered(c):
    t = c.make(ID, M, V, rows=rows(3))
    c.must("SELECT id FROM %s" % t)
    c.forget()
    c.select("SELECT id, m FROM %s WHERE m = 5" % t, [])


