"""What filters are sent, and how they are written."""

import re

from grammar import flat
from harness import ID, V, check, dynamic, field

GRAMMAR = "internal/parser/planparserv2/Plan.g4"
UTILS = "internal/parser/planparserv2/utils.go convertHanToASCII"
N = field("n", "Int64", nullable=True)
M = field("m", "Int64")
S = field("s", "VarChar")
NS = field("s", "VarChar", nullable=True)
KEY = field("k", "VarChar", key=True)


def key_c(name="k"):
    """A text key under the collation C, so that its order can be used."""
    f = field(name, "VarChar", key=True)
    f["sql"] = '"%s" text COLLATE "C" NOT NULL' % name
    return f


def collated(f):
    return {**f, "sql": f["sql"].replace(" text", ' text COLLATE "C"')}


def answers(c, t, where, want, sent=None, cols="id"):
    """The rows, and what was sent for it; sent: a pattern that a filter must have, False: none may name a field but the key."""
    c.forget()
    rows = sorted(c.must("SELECT %s FROM %s WHERE %s" % (cols, t, where)), key=repr)
    c.same(rows, sorted(((w if isinstance(w, tuple) else (w,)) for w in want), key=repr), "WHERE %s" % where)
    text = " | ".join(c.filters())
    if isinstance(sent, str):
        c.expect(re.search(sent, text), "WHERE %s: the filter should be like %s, is %s", where, sent, text)
    elif sent is False:
        c.expect(not (c.named() - {"id", "k"}), "WHERE %s: nothing should be sent, is %s", where, text)
    return text


# --- 4: characters above U+FFFF ---

ASTRAL = ["\U00020bb7", "a\U0002f800b", "\U00030000", "中\U00020bb7新", "\U0001f600", "\U0001d510\U00020bb7"]


def plain(c):
    """No character above U+FFFF stands for itself in a filter."""
    for text in c.filters():
        c.expect(not [x for x in text if ord(x) > 0xffff], "a character above U+FFFF is sent as itself: %s", ascii(text))


def escaped(text):
    return "".join("\\\\U%08x" % ord(x) if ord(x) > 0xffff else re.escape(x) for x in text)


@check("characters above U+FFFF are written as \\UXXXXXXXX in =, <>, IN", UTILS)
def astral(c):
    rows = [{"id": i, "s": s, "v": [0.0, 0.0]} for i, s in enumerate(ASTRAL + ["x", "\u0bb7", "中", "\uf800"], 1)]
    t = c.make(ID, S, V, rows=rows)
    for i, s in enumerate(ASTRAL, 1):
        answers(c, t, "s = '%s'" % s, [i], "(?i)s == \"%s\"" % escaped(s))
        plain(c)
        answers(c, t, "s <> '%s'" % s, [j for j in range(1, 11) if j != i], "(?i)%s" % escaped(s))
        plain(c)
    answers(c, t, "s IN ('\U00020bb7', 'x', '中')", [1, 7, 9], "in")
    plain(c)
    answers(c, t, "s NOT IN ('\U00020bb7', '中', '\U0001f600')", [2, 3, 4, 6, 7, 8, 10], "in")
    plain(c)
    answers(c, t, "s = ANY (ARRAY['\U00030000', '\U00020bb7'])", [1, 3], "in")
    plain(c)


@check("the same in LIKE, and in parameters", UTILS)
def astral_like(c):
    t = c.make(ID, S, V, rows=[{"id": i, "s": s, "v": [0.0, 0.0]} for i, s in enumerate(["\U00020bb7x", "\u0bb7x", "中\U00020bb7", "x\U00020bb7", "\U00020bb7"], 1)])
    answers(c, t, "s LIKE '\U00020bb7%'", [1, 5], "like")
    plain(c)
    answers(c, t, "s LIKE '中\U00020bb7%'", [3], "like")
    plain(c)
    answers(c, t, "s LIKE '%\U00020bb7'", [3, 4, 5])
    plain(c)
    answers(c, t, "s LIKE '%\U00020bb7%'", [1, 3, 4, 5])
    plain(c)
    c.must("SET plan_cache_mode = force_generic_plan")
    c.must("PREPARE p(text) AS SELECT id FROM %s WHERE s = $1" % t)
    c.select("EXECUTE p('\U00020bb7')", [(5,)])
    plain(c)


@check("the same in arrays, documents, and dynamic keys", UTILS)
def astral_inside(c):
    t = c.make(ID, field("a", "Array", element="VarChar"), field("j", "JSON"), dynamic("word", "text"), V, rows=[
        {"id": 1, "a": ["\U00020bb7", "b"], "j": {"k": "\U00020bb7"}, "$meta": {"word": "\U00020bb7"}, "v": [0.0, 0.0]},
        {"id": 2, "a": ["\u0bb7"], "j": {"k": "\u0bb7"}, "$meta": {"word": "\u0bb7"}, "v": [0.0, 0.0]}])
    for where in ("'\U00020bb7' = ANY (a)", "a @> ARRAY['\U00020bb7']", "j ->> 'k' = '\U00020bb7'", "j @> '{\"k\": \"\U00020bb7\"}'", "word = '\U00020bb7'", "a && ARRAY['\U00020bb7']"):
        answers(c, t, where, [1])
        plain(c)


@check("a key with such a character: the next page goes on behind it", UTILS)
def astral_pages(c):
    keys = sorted(["a", "中", "\uf900", "\U0001f600", "\U00020bb7", "\U00020bb8", "\U0002f800", "\U00030000", "b"], key=lambda k: k.encode())
    for made in (KEY, key_c()):
        t = c.make(made, M, V, rows=[{"k": k, "m": 1, "v": [0.0, 0.0]} for k in keys], options="fetch_size '2'")
        c.forget()
        c.select("SELECT k FROM %s" % t, [(k,) for k in keys])
        plain(c)


@check("DELETE and UPDATE by a key with such a character", UTILS)
def astral_writes(c):
    t = c.make(KEY, M, V, rows=[{"k": k, "m": i, "v": [0.0, 0.0]} for i, k in enumerate(["\U00020bb7", "\u0bb7", "中", "a\U00030000", "\x00".replace("\x00", "z")])])
    result = c.run("DELETE FROM %s WHERE k = '\U00020bb7'" % t)
    c.expect(result.count == 1, "%s", result)
    plain(c)
    c.same(sorted(r["k"] for r in c.stored(t)), sorted(["\u0bb7", "中", "a\U00030000", "z"]), "what is left")
    result = c.run("UPDATE %s SET m = 9 WHERE k IN ('a\U00030000', '中')" % t)
    c.expect(result.count == 2, "%s", result)
    plain(c)
    c.same(sorted((r["k"], r["m"]) for r in c.stored(t)), sorted([("\u0bb7", 1), ("中", 9), ("a\U00030000", 9), ("z", 4)]), "what is there")
    result = c.run("DELETE FROM %s WHERE m = 9" % t)
    c.expect(result.count == 2, "%s", result)
    plain(c)
    c.same(sorted(r["k"] for r in c.stored(t)), ["z", "\u0bb7"], "what is left at last")


@check("pages whose keys go back are an error, not an endless loop", "internal/proxy/task_query.go: pages come in the order of the key, else they can't be followed")
def descending(c):
    c.must("SET statement_timeout = '8s'")
    for made, keys in ((KEY, "abcdefg"), (key_c(), "abcdefg"), (field("k", "Int64", key=True), range(1, 8))):
        t = c.make(made, M, V, rows=[{"k": k, "m": 1, "v": [0.0, 0.0]} for k in keys], options="fetch_size '2'", backward=True)
        result = c.run("SELECT k FROM %s" % t)
        c.expect(result.error and result.error != "57014", "%s", result)


@check("rows within a page that do not ascend: an error, or the right rows", "the same")
def disorder(c):
    c.must("SET statement_timeout = '8s'")
    for made, keys in ((KEY, "cadb"), (field("k", "Int64", key=True), (3, 1, 4, 2))):
        t = c.make(made, M, V, rows=[{"k": k, "m": 1, "v": [0.0, 0.0]} for k in keys], options="fetch_size '2'", disorder=True)
        result = c.run("SELECT k FROM %s" % t)
        c.expect(result.error != "57014", "%s", result)
        if not result.error:
            c.same(sorted(result.rows), [(k,) for k in sorted(keys)], "the rows")


@check("a server that sends the same page again and again: an error", "the same")
def same_page(c):
    c.must("SET statement_timeout = '8s'")
    t = c.make(KEY, M, V, options="fetch_size '2'")
    column = {"type": "VarChar", "field_name": "k", "field_id": 100, "scalars": {"string_data": {"data": ["a", "b"]}}}
    c.order("answer", rpc="Query", response={"status": {}, "collection_name": t, "fields_data": [column], "session_ts": "470000000000000000"})
    result = c.run("SELECT k FROM %s" % t)
    c.expect(result.error and result.error != "57014", "%s", result)


# --- 5: words of the grammar ---

# word -> the first version whose grammar has it
WORDS = {"threshold": (3, 0, 0), "match_any": (3, 0, 0), "match_all": (3, 0, 0), "match_least": (3, 0, 0), "match_most": (3, 0, 0), "match_exact": (3, 0, 0),
         "element_filter": (3, 0, 0), "text_match_fuzzy": (3, 0, 0), "minimum_should_match": (2, 6, 8)}
LOOSE = {"st_within": ((2, 5, 18), (2, 6, 3)), "st_equals": ((2, 5, 18), (2, 6, 3)), "st_contains": ((2, 5, 18), (2, 6, 3)), "st_dwithin": ((2, 5, 18), (2, 6, 3)),
         "st_touches": ((2, 5, 18), (2, 6, 3)), "st_overlaps": ((2, 5, 18), (2, 6, 3)), "st_crosses": ((2, 5, 18), (2, 6, 3)), "st_intersects": ((2, 5, 18), (2, 6, 3)),
         "phrase_match": ((2, 5, 17), (2, 6, 0)), "st_isvalid": ((2, 5, 99), (3, 0, 0)), "interval": ((2, 5, 99), (2, 6, 3)), "iso": ((2, 5, 99), (2, 6, 3)), "random_sample": ((2, 5, 99), (2, 6, 0)),
         "text_match": ((2, 5, 0), (2, 6, 0))}
ALWAYS = ["like", "exists", "and", "or", "not", "in", "json_contains", "array_contains_all", "array_length", "true"]
WORD_VERSIONS = ["v2.4.23", "v2.5.3", "2.5.24", "2.6.1", "2.6.3", "2.6.10", "2.6.20", "3.0.1"]


@check("a column called as a word of that version's grammar is not named in a filter; where the version does not know the word, it is", GRAMMAR, WORD_VERSIONS)
def words(c):
    for word, first in WORDS.items():
        t = c.make(ID, field(word, "Int64"), V, rows=[{"id": i, word: i, "v": [0.0, 0.0]} for i in (1, 2, 3)])
        for where, want in (('"%s" = 2', [2]), ('"%s" > 1', [2, 3]), ('"%s" IN (1, 3)', [1, 3])):
            text = answers(c, t, where % word, want)
            c.expect((word in text) == (c.version < first), "%s: Milvus %s %s it as a word, the filter is %s", word, c.text, "knows" if c.version >= first else "does not know", text)


@check("the same with words that came and went: not named where they are known", GRAMMAR, WORD_VERSIONS)
def words_loose(c):
    for word, (five, six) in LOOSE.items():
        t = c.make(ID, field(word, "Int64"), V, rows=[{"id": i, word: i, "v": [0.0, 0.0]} for i in (1, 2, 3)])
        text = answers(c, t, '"%s" >= 2' % word, [2, 3])
        known = c.version >= six or (2, 5) <= c.version < (2, 6) and c.version >= five
        if known:
            c.expect(word not in text, "%s is a word for Milvus %s, the filter is %s", word, c.text, text)


@check("words of every version are never named, upper case ones neither", GRAMMAR, WORD_VERSIONS)
def words_always(c):
    for word in ALWAYS + [w.upper() for w in ALWAYS]:
        t = c.make(ID, field(word, "Int64"), V, rows=[{"id": i, word: i, "v": [0.0, 0.0]} for i in (1, 2, 3)])
        answers(c, t, '"%s" >= 2' % word, [2, 3], False)


@check("the same in IS NULL, LIKE, text comparisons, dynamic fields, ORs, counts, deletions", GRAMMAR, WORD_VERSIONS)
def words_elsewhere(c):
    t = c.make(ID, field("threshold", "VarChar", nullable=c.version >= (2, 5)), M, V, rows=[{"id": i, "threshold": s, "m": i, "v": [0.0, 0.0]} for i, s in ((1, "a"), (2, "ab"), (3, "b"))])
    for where, want in (("threshold LIKE 'a%'", [1, 2]), ("threshold = 'b'", [3]), ("threshold = 'b' OR m = 1", [1, 3]), ("threshold IS NULL", []), ("threshold <> 'a'", [2, 3])):
        text = answers(c, t, where, want)
        if c.version >= (3, 0):
            c.expect("threshold" not in text, "WHERE %s: %s", where, text)
    c.same(c.must("SELECT count(*) FROM %s WHERE threshold = 'ab'" % t), [(1,)], "count(*)")
    result = c.run("DELETE FROM %s WHERE threshold = 'ab'" % t)
    c.expect(result.count == 1, "DELETE: %s", result)


@check("a key called as a word: the pages are right, or it is a clear error that does not come from the server's parser", GRAMMAR, WORD_VERSIONS)
def words_as_key(c):
    t = c.make(field("threshold", "Int64", key=True), M, V, rows=[{"threshold": i, "m": i, "v": [0.0, 0.0]} for i in range(1, 6)], options="fetch_size '2'")
    result = c.run("SELECT threshold FROM %s" % t)
    if c.version < (3, 0):
        c.same(sorted(result.rows), [(i,) for i in range(1, 6)], "the rows")
    else:
        if not result.error:
            c.same(sorted(result.rows), [(i,) for i in range(1, 6)], "the rows")
        c.expect("parse" not in result.message, "%s", result)
    result = c.run("DELETE FROM %s WHERE threshold = 2" % t)
    c.expect("parse" not in result.message, "%s", result)
    if not result.error:
        c.same(sorted(r["threshold"] for r in c.stored(t)), [1, 3, 4, 5], "what is left")


# --- IS NULL ---

NULL_VERSIONS = ["v2.5.0", "v2.5.3", "v2.5.4", "2.5.24", "2.6.1", "2.6.10", "2.6.20", "3.0.1"]
NULLROWS = [{"id": i, "n": n, "s": s, "v": [0.0, 0.0]} for i, n, s in ((1, 1, "a"), (2, None, None), (3, 3, "ab"), (4, None, "x"), (5, 5, None))]


@check("IS NULL is sent from 2.5.4 on, and not before", GRAMMAR, NULL_VERSIONS)
def is_null(c):
    t = c.make(ID, N, NS, V, rows=NULLROWS)
    sent = c.version >= (2, 5, 4)
    answers(c, t, "n IS NULL", [2, 4], "n is null" if sent else False)
    answers(c, t, "s IS NOT NULL", [1, 3, 4], "s is not null" if sent else False)
    answers(c, t, "n IS NULL OR n = 3", [2, 3, 4], "n is null" if sent else False)
    answers(c, t, "n IS NOT NULL AND s IS NULL", [5], "n is not null" if sent else False)
    answers(c, t, "NOT n IS NULL", [1, 3, 5], "n is not null" if sent else False)


@check("NOT IN, <>, NOT LIKE, NOT = of nullable fields are sent, as Milvus' NOT leaves NULL out", "internal/core/src/exec/expression/LogicalUnaryExpr.cpp", NULL_VERSIONS)
def negations(c):
    t = c.make(ID, N, NS, V, rows=NULLROWS)
    text = answers(c, t, "n NOT IN (1, 7)", [3, 5], "n not in|not .*n in")
    if c.version < (2, 5, 4):
        c.expect(" null" not in text, "%s", text)
    answers(c, t, "n <> 1", [3, 5], "n !=|not ")
    answers(c, t, "NOT n = 1", [3, 5], "n !=|not ")
    answers(c, t, "s NOT IN ('a', 'q')", [3, 4], "s not in|not .*s in")
    answers(c, t, "s <> 'a'", [3, 4], "s !=|not ")
    answers(c, t, "s NOT LIKE 'a%'", [4], "not")
    answers(c, t, "n <> ALL ('{1,3}')", [5], "n not in|not ")
    answers(c, t, "NOT (n = 1 OR s = 'x')", [3], None)
    answers(c, t, "NOT (n = 1 AND s = 'a')", [3, 4, 5], None)


@check("negated tests of nullable arrays are sent", "internal/core/src/exec/expression/LogicalUnaryExpr.cpp", NULL_VERSIONS)
def negated_arrays(c):
    t = c.make(ID, field("a", "Array", element="Int64", nullable=True), V, rows=[{"id": i, "a": a, "v": [0.0, 0.0]} for i, a in ((1, [1, 2]), (2, None), (3, [3]), (4, []))])
    answers(c, t, "NOT 1 = ANY (a)", [3, 4], "not")
    answers(c, t, "1 <> ALL (a)", [3, 4], "not")
    answers(c, t, "NOT a @> '{1}'", [3, 4], "not")
    answers(c, t, "NOT a && '{1,3}'", [4], "not")


@check("the same of fields that can't be null", GRAMMAR)
def negations_not_null(c):
    t = c.make(ID, M, S, field("a", "Array", element="Int64"), V, rows=[{"id": i, "m": i, "s": s, "a": [i], "v": [0.0, 0.0]} for i, s in ((1, "a"), (2, "ab"), (3, "b"))])
    answers(c, t, "m NOT IN (1, 7)", [2, 3], "m not in|not ")
    answers(c, t, "s NOT LIKE 'a%'", [3], "not")
    answers(c, t, "NOT 1 = ANY (a)", [2, 3], "not")
    answers(c, t, "NOT (m > 1 AND s = 'b')", [1, 2], None)


# --- LIKE ---

@check("LIKE with % at both ends, or at the front, is sent", "internal/parser/planparserv2/pattern_match.go: Match (2.4), InnerMatch, PostfixMatch (2.5.10)")
def like(c):
    words = ["abc", "xabc", "abcx", "xabcx", "ABC", "a.c", "ab\nc", "", "abcabc"]
    t = c.make(ID, S, V, rows=[{"id": i, "s": s, "v": [0.0, 0.0]} for i, s in enumerate(words, 1)])
    for pattern, want in (("%abc%", [1, 2, 3, 4, 9]), ("%abc", [1, 2, 9]), ("abc%", [1, 3, 9]), ("%a.c%", [6]), ("%b\nc", [7]), ("%中%", [])):
        answers(c, t, "s LIKE '%s'" % pattern, want, "s like" if "\n" not in pattern else None)
    for pattern in ("a_c", "%a_c%", "a%c", "%a\\%%"):
        text = answers(c, t, "s LIKE '%s'" % pattern, {"a_c": [1, 6], "%a_c%": [1, 2, 3, 4, 6, 9], "a%c": [1, 6, 7, 9], "%a\\%%": []}[pattern])
        for found in re.findall(r'like "((?:[^"\\]|\\.)*)"', text):
            c.expect("_" not in found and "\\" not in found, "wildcards inside: %s", text)


# --- Text fields ---

TEXTS = ["3.0.1"]


@check("no filter at all on Text fields", "internal/parser/planparserv2: filter on text field is not supported yet", TEXTS)
def text_fields(c):
    t = c.make(ID, field("body", "Text", nullable=True), M, V, rows=[{"id": i, "body": b, "m": i, "v": [0.0, 0.0]} for i, b in ((1, "a"), (2, None), (3, "abc"))])
    for where, want in (("body = 'a'", [1]), ("body <> 'a'", [3]), ("body LIKE 'a%'", [1, 3]), ("body IS NULL", [2]), ("body IS NOT NULL", [1, 3]), ("body IN ('a', 'abc')", [1, 3]),
                        ("body = 'abc' AND m = 3", [3]), ("body IS NULL OR m = 1", [1, 2]), ("NOT body = 'a'", [3])):
        text = answers(c, t, where, want)
        c.expect("body" not in text, "WHERE %s: %s", where, text)
    c.same(c.must("SELECT count(*) FROM %s WHERE body IS NULL" % t), [(1,)], "count(*)")
    c.same(c.run("DELETE FROM %s WHERE body IS NULL" % t).count, 1, "DELETE")


# --- the rewriter of 2.6.8 to 2.6.18 ---

REWRITER = "internal/parser/planparserv2/rewriter/term_in.go combineOrInWithNotEqual"
REWRITTEN = ["2.6.8", "2.6.10", "2.6.12", "2.6.13", "2.6.16", "2.6.18"]


def unguarded(tree, guarded=frozenset()):
    """Fields for which an OR has a list or == beside != or not in, and no "is not null" around."""
    if not isinstance(tree, tuple) or not tree:
        return set()
    if tree[0] in ("and", "&&"):
        parts = flat(tree, ("and", "&&"))
        guards = guarded | {p[1][1] for p in parts if isinstance(p, tuple) and p[0] == "is not null"}
        return set().union(*(unguarded(p, guards) for p in parts))
    if tree[0] in ("or", "||"):
        parts = flat(tree, ("or", "||"))
        found = set().union(*(unguarded(p, guarded) for p in parts))

        def fields(*ops):
            return {p[1][1] for p in parts if isinstance(p, tuple) and p[0] in ops and isinstance(p[1], tuple) and p[1][0] in ("field", "path")}
        lists = fields("in") | {f for f in fields("==") if sum(1 for p in parts if p[0] == "==" and p[1][1] == f) > 1}
        against = fields("!=", "not in")
        for p in parts:
            if p[0] == "not" and p[1][0] in ("==", "in"):
                against |= {p[1][1][1]}
        return found | ((lists & against) - guarded)
    return set().union(*(unguarded(t, guarded) for t in tree[1:] if isinstance(t, tuple)))


@check("OR of a list and <> or NOT IN of one nullable field is guarded or kept here: the rewriter makes it true, of NULL as well", REWRITER, REWRITTEN)
def rewriter(c):
    t = c.make(ID, N, NS, M, V, rows=[{**r, "m": r["id"]} for r in NULLROWS])
    for where, want in (("n IN (1, 2) OR n <> 1", [1, 3, 5]), ("n <> 1 OR n IN (1, 2)", [1, 3, 5]), ("n IN (1, 2) OR n NOT IN (1, 9)", [1, 3, 5]), ("s IN ('a', 'b') OR s <> 'a'", [1, 3, 4]),
                        ("n = 1 OR n = 2 OR n <> 1", [1, 3, 5]), ("m = 2 OR n IN (1, 2) OR n <> 1", [1, 2, 3, 5]), ("m > 0 AND (n IN (1, 2) OR n <> 1)", [1, 3, 5]),
                        ("n IN (1, 2) OR (m = 4 OR n <> 1)", [1, 3, 4, 5])):
        answers(c, t, where, want)
        for tree in c.trees():
            c.expect(not unguarded(tree), "WHERE %s is sent without a guard: %s", where, c.filters())


@check("an OR of a list and <> of a value in it, of a field that can't be null: right in SELECT, counts, UPDATE and DELETE; 2.6.8 to 2.6.12 make a constant of it, which segcore refuses, later ones refuse to delete by what is always true",
       REWRITER + ", newBoolConstExpr until 2.6.12; internal/core/src/exec/operator/FilterBitsNode.cpp; task_delete.go IsAlwaysTruePlan", ["2.6.7", "2.6.8", "2.6.10", "2.6.12", "2.6.13", "2.6.16", "2.6.18", "2.6.19", "2.6.20", "3.0.1"])
def rewriter_not_null(c):
    wrong = []
    for where, want in (("m IN (1, 2) OR m <> 1", 5), ("m <> 1 OR m IN (1, 2)", 5), ("s IN ('a', 'b') OR s <> 'a'", 5), ("s = 'a' OR s = 'b' OR s <> 'a'", 5), ("m IN (1, 2) OR m NOT IN (1)", 5), ("m IN (1, 2) OR m <> 3", 4),
                        ("id > 2 AND (m IN (1, 2) OR m <> 1)", 3), ("id IN (1, 2) OR id <> 1", 5), ("b OR NOT b", 5), ("b IN (true, false)", 5)):
        t = c.make(ID, M, S, field("b", "Bool"), V, rows=[{"id": i, "m": i, "s": "abcab"[i - 1], "b": i > 2, "v": [0.0, 0.0]} for i in range(1, 6)])
        for sql in ("SELECT id FROM %s WHERE %s", "SELECT count(*) FROM %s WHERE %s", "UPDATE %s SET v = '[1,1]' WHERE %s", "DELETE FROM %s WHERE %s"):
            result = c.run(sql % (t, where))
            if result.error or (result.rows[0][0] if "count" in sql else result.count) != want:
                wrong.append("%s => %s" % (sql % (t, where), result))
    c.said = []
    c.expect(not wrong, "%d statements are wrong:\n  %s", len(wrong), "\n  ".join(wrong[:6]))


@check("NOT IN of both values of a boolean: 2.6.14 to 2.6.18 make an \"is null\" of it", "internal/parser/planparserv2/rewriter/entry.go visitUnaryExpr, visitTermExpr", ["2.6.10", "2.6.14", "2.6.16", "2.6.18", "2.6.19", "2.6.20", "3.0.1"])
def rewriter_boolean(c):
    t = c.make(ID, field("b", "Bool", nullable=True), M, V, rows=[{"id": i, "b": b, "m": i, "v": [0.0, 0.0]} for i, b in ((1, True), (2, False), (3, None))])
    for where, want in (("b NOT IN (true, false)", []), ("b IN (true, false)", [1, 2]), ("b <> ALL ('{t,f}')", []), ("NOT b = ANY ('{t,f}')", []), ("b NOT IN (true)", [2]), ("b OR NOT b", [1, 2]), ("b = true OR b <> true", [1, 2]), ("b NOT IN (true, false) OR m = 1", [1])):
        answers(c, t, where, want)


@check("the same may be sent to versions without that rewriter, and is right", REWRITER, ["v2.5.4", "2.5.24", "2.6.1"])
def no_rewriter(c):
    t = c.make(ID, N, NS, M, V, rows=[{**r, "m": r["id"]} for r in NULLROWS])
    answers(c, t, "n IN (1, 2) OR n <> 1", [1, 3, 5], "n")


JSON_OR = "internal/parser/planparserv2/rewriter/term_in.go combineOrEqualsToIn, combineOrInWithEqual; TermExpr.cpp wants one type"


def mixed(tree):
    """JSON paths that an OR compares with values of different types."""
    if not isinstance(tree, tuple) or not tree:
        return set()
    found = set()
    if tree[0] in ("or", "||"):
        kinds = {}
        for p in flat(tree, ("or", "||")):
            if isinstance(p, tuple) and p[0] in ("==", "in") and isinstance(p[1], tuple) and p[1][0] == "path":
                values = [p[2]] if p[0] == "==" else p[2][1]
                for v in values:
                    v = v[1] if v[0] == "-" else v
                    kinds.setdefault(str(p[1]), set()).add(type(v[1]).__name__)
        found = {path for path, types in kinds.items() if len(types) > 1}
    return found.union(*(mixed(t) for t in tree[1:]))


def keeps_the_rules(c, where):
    """What was sent for a WHERE is none of what a server of the version parses or folds wrong."""
    plain(c)
    text = " | ".join(c.filters())
    for tree in c.trees():
        c.expect(not unguarded(tree) or not (2, 6, 8) <= c.version < (2, 6, 19), "WHERE %s: no guard: %s", where, text)
        c.expect(not mixed(tree) or not (2, 6, 8) <= c.version < (3, 0), "WHERE %s: several types: %s", where, text)
    if (2, 5, 7) <= c.version < (3, 0):
        c.expect(str(BIG) not in text, "WHERE %s: %s", where, text)


@check("an OR of equalities of one JSON path with values of different types is not sent: it becomes one list, which fails", JSON_OR, ["2.6.8", "2.6.10", "2.6.18", "2.6.20"])
def json_or(c):
    t = c.make(ID, field("doc", "JSON"), dynamic("k", "text"), V, rows=[{"id": i, "doc": d, "$meta": {}, "v": [0.0, 0.0]} for i, d in ((1, {"k": 1}), (2, {"k": 2}), (3, {"k": "x"}), (4, {}), (5, {"k": True}))])
    for where, want in (("doc @> '{\"k\": 1}' OR doc @> '{\"k\": 2}' OR doc @> '{\"k\": \"x\"}'", [1, 2, 3]), ("doc @> '{\"k\": 1}' OR doc @> '{\"k\": \"x\"}'", [1, 3]),
                        ("doc ->> 'k' IN ('x', 'y') OR doc @> '{\"k\": 1}'", [1, 3]), ("doc @> '{\"k\": true}' OR doc @> '{\"k\": 1}'", [1, 5]), ("doc ->> 'k' = 'x' OR doc @> '{\"k\": 2}' OR id = 4", [2, 3, 4])):
        answers(c, t, where, want)
        for tree in c.trees():
            c.expect(not mixed(tree), "WHERE %s is sent: %s", where, c.filters())
    answers(c, t, "doc @> '{\"k\": 1}' OR doc @> '{\"k\": 2}'", [1, 2], "doc")


# --- JSON ---

BIG = 9007199254740993
BIG_JSON = "internal/core/src/exec/expression/UnaryExpr.cpp, TermExpr.cpp: an index with json_cast_type DOUBLE compares doubles; 2.5.7 (json path index) to 3.0 (IsInt64SafeForJsonDoubleIndex)"


@check("whole numbers beyond 2^53 are not compared in documents and dynamic keys, where an index may round them", BIG_JSON, ["2.5.24", "2.6.1", "2.6.10", "2.6.20"])
def big_numbers(c):
    t = c.make(ID, field("doc", "JSON"), dynamic("y", "bigint"), V, rows=[{"id": i, "doc": {"k": n}, "$meta": {"y": n}, "v": [0.0, 0.0]} for i, n in ((1, BIG - 1), (2, BIG), (3, BIG + 1), (4, 5), (5, -BIG))])
    for where, want in (("y = %d" % BIG, [2]), ("y > %d" % BIG, [3]), ("y >= %d" % BIG, [2, 3]), ("y < -%d" % (BIG - 1), [5]), ("y IN (5, %d)" % BIG, [2, 4]), ("y = -%d" % BIG, [5]),
                        ("doc @> '{\"k\": %d}'" % BIG, [2])):
        answers(c, t, where, want, False)
    answers(c, t, "y = 5", [4], "y")
    answers(c, t, "doc @> '{\"k\": 5}'", [4], "doc")
    answers(c, t, "y = %d" % (2**53 - 1), [], "y")


@check("where there is no such index, or it is not used beyond 2^53, the answer is the same, sent or not", BIG_JSON, ["v2.4.23", "v2.5.3", "3.0.1"])
def big_numbers_exact(c):
    t = c.make(ID, field("doc", "JSON"), dynamic("y", "bigint"), V, rows=[{"id": i, "doc": {"k": n}, "$meta": {"y": n}, "v": [0.0, 0.0]} for i, n in ((1, BIG - 1), (2, BIG), (3, BIG + 1), (4, 5))])
    answers(c, t, "y = %d" % BIG, [2])
    answers(c, t, "doc @> '{\"k\": %d}'" % BIG, [2])


JSON_3VL = "internal/core/src/exec/expression: a path that is missing, or of another type, is UNKNOWN for != and not in from 2.6.20 on (7ee85ba28e, 936b0f74ac, 42e0c0f03c)"
NUMBERED = [{"id": i, "doc": d, "$meta": d, "v": [0.0, 0.0]} for i, d in ((1, {"y": 1, "w": "a"}), (2, {"y": 2, "w": "b"}), (3, {}), (4, {"y": None, "w": None}), (5, {"y": 5, "w": "5x"}))]


@check("<> and NOT IN of dynamic keys: sent from 2.6.20 on, where a missing key is unknown; before, it differs from everything", JSON_3VL)
def json_differs(c):
    t = c.make(ID, dynamic("y", "bigint"), dynamic("w", "text"), V, rows=NUMBERED)
    sent = c.version >= (2, 6, 20)
    answers(c, t, "y <> 1", [2, 5], "y" if sent else False)
    answers(c, t, "y NOT IN (1, 2)", [5], "y" if sent else False)
    answers(c, t, "NOT y = 1", [2, 5], None)
    answers(c, t, "NOT y > 1", [1], None)
    answers(c, t, "y <> ALL ('{1}')", [2, 5], None)
    answers(c, t, "w <> 'a'", [2, 5], None)


@check("what other JSON types than a text are: ->> makes texts of them, Milvus does not compare them", JSON_3VL)
def json_texts_differ(c):
    docs = [{"k": "x"}, {"k": "y"}, {"k": 5}, {"k": True}, {"k": None}, {}, {"k": {"a": 1}}, {"k": "5"}]
    t = c.make(ID, field("doc", "JSON"), dynamic("k", "text"), V, rows=[{"id": i, "doc": d, "$meta": d, "v": [0.0, 0.0]} for i, d in enumerate(docs, 1)])
    answers(c, t, "doc ->> 'k' <> 'x'", [2, 3, 4, 7, 8])
    answers(c, t, "doc ->> 'k' NOT IN ('x', 'y')", [3, 4, 7, 8])
    answers(c, t, "NOT doc @> '{\"k\": \"x\"}'", [2, 3, 4, 5, 6, 7, 8])
    answers(c, t, "NOT (doc ->> 'k' = 'x')", [2, 3, 4, 7, 8])
    answers(c, t, "doc ->> 'k' = '5'", [3, 8])
    answers(c, t, "doc ->> 'k' = 'x'", [1], "doc")
    answers(c, t, "k <> 'x'", [2, 3, 4, 7, 8])
    answers(c, t, "k NOT IN ('x', 'y')", [3, 4, 7, 8])
    answers(c, t, "k IS NULL", [5, 6])
    answers(c, t, "doc ? 'k'", [1, 2, 3, 4, 5, 7, 8])
    answers(c, t, "NOT doc ? 'k'", [6])


# --- timestamptz ---

TIMES = "internal/parser/planparserv2/Plan.g4 TimestamptzCompare, pkg/util/timestamptz"


@check("timestamptz is compared as ts >= ISO \"…\", at least from 2.6.6 on, which Milvus' documentation names", TIMES, ["2.6.3", "2.6.6", "2.6.10", "2.6.20", "3.0.1"])
def timestamptz(c):
    c.must("SET timezone = 'Europe/Berlin'")
    times = ["2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000001Z", "2024-12-31T23:59:59.999999Z", "2025-06-01T12:00:00+02:00", None]
    t = c.make(ID, field("ts", "Timestamptz", nullable=True), V, rows=[{"id": i, "ts": x, "v": [0.0, 0.0]} for i, x in enumerate(times, 1)])
    for where, want in (("ts = '2025-01-01 00:00:00Z'", [1]), ("ts > '2025-01-01 00:00:00Z'", [2, 4]), ("ts >= '2025-01-01 01:00:00+01'", [1, 2, 4]), ("ts < '2025-01-01 00:00:00Z'", [3]),
                        ("ts <= '2025-01-01 01:00:00'", [1, 3]), ("ts BETWEEN '2025-01-01 00:00:00.000001Z' AND '2025-12-31'", [2, 4]), ("'2025-06-01 10:00:00Z' = ts", [4]),
                        ("ts > '2025-01-01 00:00:00.0000005Z'", [2, 4])):
        answers(c, t, where, want, r'ts (==|<|<=|>|>=) (ISO|iso) "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"' if c.version >= (2, 6, 6) else None)
    answers(c, t, "ts <> '2025-01-01 00:00:00Z'", [2, 3, 4])
    answers(c, t, "ts IS NULL", [5])
    answers(c, t, "ts IN ('2025-01-01 00:00:00Z', '2025-06-01 10:00:00Z')", [1, 4])
    answers(c, t, "ts NOT IN ('2025-01-01 00:00:00Z')", [2, 3, 4])
    answers(c, t, "NOT ts > '2025-01-01 00:00:00Z'", [1, 3])


@check("times that have no four-digit year, and infinities, are kept here", TIMES, ["2.6.3", "2.6.10", "2.6.20", "3.0.1"])
def timestamptz_odd(c):
    t = c.make(ID, field("ts", "Timestamptz"), V, rows=[{"id": i, "ts": x, "v": [0.0, 0.0]} for i, x in ((1, "2025-01-01T00:00:00Z"), (2, "9999-12-31T23:59:59Z"))])
    for where, want in (("ts < 'infinity'", [1, 2]), ("ts > '-infinity'", [1, 2]), ("ts < '20000-01-01 00:00:00Z'", [1, 2]), ("ts > '0044-03-15 00:00:00Z BC'", [1, 2]), ("ts = 'infinity'", [])):
        answers(c, t, where, want)
    c.must("SET timezone = 'America/Anchorage'")
    answers(c, t, "ts >= '9999-12-31 14:59:59'", [2])
    answers(c, t, "ts >= '1890-01-01 00:00:00'", [1, 2])      # an offset with seconds
    c.must("SET plan_cache_mode = force_generic_plan")
    c.must("PREPARE p(timestamptz) AS SELECT id FROM %s WHERE ts < $1" % t)
    c.select("EXECUTE p('infinity')", [(1,), (2,)])
    c.select("EXECUTE p('2026-01-01')", [(1,)])
    c.select("EXECUTE p(NULL)", [])


@check("a column that is a timestamp of a dynamic key, or of text, is not compared so", TIMES, ["2.6.10", "3.0.1"])
def timestamptz_not(c):
    t = c.make(ID, dynamic("at", "timestamptz"), V, rows=[{"id": 1, "$meta": {"at": "2025-01-01T00:00:00Z"}, "v": [0.0, 0.0]}, {"id": 2, "$meta": {}, "v": [0.0, 0.0]}])
    answers(c, t, "at >= '2024-01-01'", [1], False)


# --- what is the same on all ---

@check("what was right stays right: comparisons, lists, ranges, floats, booleans, documents", GRAMMAR)
def plain_filters(c):
    t = c.make(ID, M, S, field("f", "Float"), field("d", "Double"), field("b", "Bool"), field("a", "Array", element="VarChar"), field("doc", "JSON"), dynamic("y", "bigint"), V, rows=[
        {"id": i, "m": m, "s": s, "f": f, "d": d, "b": b, "a": a, "doc": doc, "$meta": {"y": i}, "v": [0.0, 0.0]} for i, m, s, f, d, b, a, doc in (
            (1, -5, "a", 0.5, 0.1, True, ["x"], {"k": "v"}), (2, 0, "it's", 1.5, -0.1, False, ["x", "y"], {"k": "w", "n": 1}), (3, 7, 'q"\\', -2.5, 1e300, True, [], {}), (4, 9223372036854775807, "\n", 0.0, 0.0, False, ["z"], {"k": True}))])
    for where, want in (("m = -5", [1]), ("m > 0", [3, 4]), ("m = 9223372036854775807", [4]), ("m <= -5 OR m = 7", [1, 3]), ("m NOT IN (7, 0)", [1, 4]), ("s = 'it''s'", [2]), ("s = 'q\"\\'", [3]),
                        ("s = E'\\n'", [4]), ("s LIKE 'it%%'", [2]), ("f = 0.5::real", [1]), ("f > 0::real", [1, 2]), ("f <= 0::real", [3, 4]), ("d >= 0.1", [1, 3]), ("d < 0", [2]), ("b", [1, 3]),
                        ("NOT b", [2, 4]), ("'x' = ANY (a)", [1, 2]), ("a @> ARRAY['x', 'y']", [2]), ("a && ARRAY['y', 'z']", [2, 4]), ("cardinality(a) = 0", [3]), ("doc ->> 'k' = 'v'", [1]),
                        ("doc @> '{\"n\": 1}'", [2]), ("doc @> '{\"k\": true}'", [4]), ("y >= 3", [3, 4]), ("y IN (1, 2)", [1, 2]), ("id BETWEEN 2 AND 3 AND m < 5", [2])):
        text = answers(c, t, where.replace("%%", "%"), want)
        c.expect(text.replace("|", "").strip(), "WHERE %s: nothing was sent", where)


@check("-9223372036854775808 does not parse before 2.6.8", GRAMMAR + " (d1dc7f4881)")
def lowest(c):
    t = c.make(ID, M, V, rows=[{"id": i, "m": m, "v": [0.0, 0.0]} for i, m in ((1, -9223372036854775808), (2, -9223372036854775807), (3, 0))])
    for where, want in (("m = -9223372036854775808", [1]), ("m > -9223372036854775808", [2, 3]), ("m <> -9223372036854775808", [2, 3]), ("m IN (-9223372036854775808, 0)", [1, 3])):
        text = answers(c, t, where, want)
        if c.version < (2, 6, 8):
            c.expect("9223372036854775808" not in text, "%s", text)


@check("filters of searches and counts keep to the same rules", GRAMMAR + ", " + UTILS, WORD_VERSIONS)
def filters_elsewhere(c):
    index = [{"field_name": "v", "index_name": "v", "state": "Finished", "params": [{"key": "index_type", "value": "FLAT"}, {"key": "metric_type", "value": "L2"}]}]
    t = c.make(ID, field("threshold", "Int64"), S, V, indexes=index, rows=[{"id": i, "threshold": i, "s": s, "v": [float(i), 0.0]} for i, s in ((1, "\U00020bb7"), (2, "\u0bb7"), (3, "x"))])
    c.forget()
    c.same(c.must("SELECT id FROM %s WHERE s = '\U00020bb7' ORDER BY v <-> '[3,0]' LIMIT 1" % t), [(1,)], "a search with a filter")
    c.same(c.must("SELECT id FROM %s WHERE threshold < 3 ORDER BY v <-> '[3,0]' LIMIT 1" % t), [(2,)], "a search with a word")
    c.same(c.must("SELECT count(*) FROM %s WHERE s = '\U00020bb7'" % t), [(1,)], "a count")
    plain(c)
    if c.version >= (3, 0):
        c.expect("threshold" not in c.named(), "%s", c.filters())


@check("conditions known only at execution keep to the same rules", REWRITER + "; " + BIG_JSON + "; " + UTILS, ["v2.5.3", "2.5.24", "2.6.8", "2.6.10", "2.6.18", "2.6.20", "3.0.1"])
def parameters_too(c):
    c.must("SET plan_cache_mode = force_generic_plan")
    t = c.make(ID, N, NS, field("doc", "JSON"), dynamic("y", "bigint"), V, rows=[{**r, "doc": {"k": k}, "$meta": {"y": y}} for r, k, y in zip(NULLROWS, (1, 2, "x", True, None), (BIG - 1, BIG, BIG + 1, 5, 6))])
    for i, (types, where, arguments, want) in enumerate((
            ("bigint[], bigint", "n = ANY ($1) OR n <> $2", "'{1,2}', 1", [1, 3, 5]), ("bigint, bigint[]", "n = $1 OR n <> ALL ($2)", "1, '{1,9}'", [1, 3, 5]),
            ("text", "doc ->> 'k' = $1 OR doc @> '{\"k\": 1}'", "'x'", [1, 3]), ("text[]", "doc ->> 'k' = ANY ($1) OR doc @> '{\"k\": 1}'", "'{x,z}'", [1, 3]),
            ("bigint", "y = $1", str(BIG), [2]), ("bigint", "y > $1", str(BIG), [3]), ("bigint[]", "y = ANY ($1)", "'{5,%d}'" % BIG, [2, 4]), ("bigint", "y = $1", "5", [4]),
            ("bigint", "y <> $1", "5", [1, 2, 3, 5]), ("text", "s LIKE $1", "'a%'", [1, 3]), ("text", "s NOT LIKE $1", "'a%'", [4]), ("bigint[]", "n <> ALL ($1)", "'{1,3}'", [5]), ("bigint[]", "n <> ALL ($1)", "'{1,NULL}'", []),
            ("bigint", "n = $1 OR n IS NULL", "1", [1, 2, 4]), ("text", "s = $1", "'\U00020bb7'", []))):
        c.must("PREPARE p%d(%s) AS SELECT id FROM %s WHERE %s" % (i, types, t, where))
        c.forget()
        c.same(sorted(c.must("EXECUTE p%d(%s)" % (i, arguments))), [(w,) for w in want], "WHERE %s with %s" % (where, arguments))
        keeps_the_rules(c, where)


@check("filters of DELETE, UPDATE and counts keep to the same rules", GRAMMAR + "; " + REWRITER, ["v2.4.23", "v2.5.3", "2.5.24", "2.6.1", "2.6.8", "2.6.10", "2.6.18", "2.6.20", "3.0.1"])
def filters_of_changes(c):
    nullable = c.version >= (2, 5)
    data = [{**r, "doc": {"k": k}, "$meta": {"y": y}, "threshold": r["id"]} for r, k, y in zip(NULLROWS, (1, 2, "x", True, None), (1, None, BIG, 5, 6))]
    if not nullable:
        data = [{**r, "n": r["n"] or 0, "s": r["s"] or ""} for r in data]
    for where in ("n IS NULL", "n NOT IN (1, 7)", "n IN (1, 2) OR n <> 1", "doc @> '{\"k\": 1}' OR doc @> '{\"k\": \"x\"}'", "threshold > 3", "y = %d" % BIG, "y <> 1", "s = '\U00020bb7'", "s NOT LIKE 'a%'", "s LIKE '%b%'", "NOT n = 1"):
        t = c.make(ID, N if nullable else field("n", "Int64"), NS if nullable else S, field("threshold", "Int64"), field("doc", "JSON"), dynamic("y", "bigint"), V, rows=data)
        c.must("DROP TABLE IF EXISTS l")
        c.must("CREATE TEMP TABLE l AS SELECT id, n, s, threshold, doc, y FROM %s" % t)
        want = c.must("SELECT id FROM l WHERE %s ORDER BY 1" % where)
        c.forget()
        c.same(c.must("SELECT count(*) FROM %s WHERE %s" % (t, where)), [(len(want),)], "count(*) WHERE %s" % where)
        result = c.run("UPDATE %s SET threshold = threshold WHERE %s" % (t, where))
        c.expect(result.count == len(want), "UPDATE WHERE %s: %s, should be %d", where, result, len(want))
        result = c.run("DELETE FROM %s WHERE %s" % (t, where))
        c.expect(result.count == len(want), "DELETE WHERE %s: %s, should be %d", where, result, len(want))
        c.same(sorted(r["id"] for r in c.stored(t)), [i for i in range(1, 6) if (i,) not in want], "what is left after DELETE WHERE %s" % where)
        keeps_the_rules(c, where)


@check("booleans that may be NULL", GRAMMAR, NULL_VERSIONS)
def null_booleans(c):
    t = c.make(ID, field("b", "Bool", nullable=True), M, V, rows=[{"id": i, "b": b, "m": i, "v": [0.0, 0.0]} for i, b in ((1, True), (2, False), (3, None))])
    for where, want in (("b", [1]), ("NOT b", [2]), ("b IS TRUE", [1]), ("b IS NOT TRUE", [2, 3]), ("b IS FALSE", [2]), ("b IS NOT FALSE", [1, 3]), ("b IS NULL", [3]), ("b IS NOT NULL", [1, 2]), ("b = true OR b = false", [1, 2]),
                        ("b <> true", [2]), ("NOT (b AND m = 1)", [2, 3]), ("b IS UNKNOWN", [3]), ("NOT (b OR m = 2)", [])):
        text = answers(c, t, where, want)
        if c.version < (2, 5, 4):
            c.expect(" null" not in text, "%s", text)


@check("the words of the grammar are written in lower case, which 2.5.0 to 2.5.2 know alone", GRAMMAR + " (4533fc8f9c)", ["v2.5.0", "v2.5.3", "3.0.1"])
def lower_case(c):
    t = c.make(ID, M, S, V, options="fetch_size '1'", rows=[{"id": i, "m": i, "s": "a", "v": [0.0, 0.0]} for i in (1, 2, 3)])
    for where in ("m > 1 OR s = 'b'", "NOT (m > 1 AND s = 'b')", "m NOT IN (1, 5)", "s NOT LIKE 'b%'"):
        text = answers(c, t, where, [2, 3] if "> 1 OR" in where or "NOT IN" in where else [1, 2, 3])
        c.expect(not re.search(r"\b(AND|OR|NOT|IN|LIKE|IS)\b", text), "%s", text)


@check("exists is not sent: of a key whose value is null servers don't agree, and in 2.5 it switches NULL off for the rest of the filter", "internal/core/src/exec/expression/ExistsExpr.cpp, common/Json.h exist()")
def exists(c):
    t = c.make(ID, field("doc", "JSON"), V, rows=[{"id": i, "doc": d, "v": [0.0, 0.0]} for i, d in ((1, {"k": 1}), (2, {"k": None}), (3, {}), (4, {"k": {}}))])
    text = answers(c, t, "doc ? 'k'", [1, 2, 4])
    if c.version >= (2, 5):
        c.expect("exists" not in text, "%s", text)


@check("dynamic keys and documents: missing keys, other types, NOT, nested ones", JSON_3VL)
def json_missing(c):
    nullable = c.version >= (2, 5)
    metas = [{"y": 1, "f": 1.5, "w": "a", "b": True}, {"y": 2, "f": -1.0, "w": "b", "b": False}, {}, {"y": None, "f": None, "w": None, "b": None}, {"y": 9, "f": 9, "w": "x%", "b": True}]
    docs = [{"a": {"b": "x", "n": 1}}, {"a": {"b": "y"}}, {"a": "x"}, None if nullable else {}, {"a": {"b": None}}]
    t = c.make(ID, M, dynamic("y", "bigint"), dynamic("f", "double precision"), dynamic("w", "text"), dynamic("b", "boolean"), field("doc", "JSON", nullable=nullable), V,
               rows=[{"id": i, "m": i, "$meta": x, "doc": d, "v": [0.0, 0.0]} for i, (x, d) in enumerate(zip(metas, docs), 1)])
    c.must("DROP TABLE IF EXISTS l")
    c.must("CREATE TEMP TABLE l AS SELECT id, m, y, f, w, b, doc FROM %s" % t)
    for where in ("y > 1", "y >= 2 AND y < 9", "NOT y > 1", "NOT (y > 1 AND m = 2)", "NOT (y > 1 OR m = 2)", "y = 1 OR m = 3", "f > 0", "f <= 0", "f >= 1.5", "f < 9", "NOT f > 0", "f = 9", "f <> 9", "f IN (9, 1.5)",
                  "w = 'a'", "w IN ('a', 'b')", "w <> 'a'", "w NOT IN ('a', 'b')", "w > 'a'", "w LIKE 'x%'", "b", "NOT b", "b IS TRUE", "b IS NOT TRUE", "b IS FALSE", "b IS NOT FALSE", "b = true", "b <> true", "y IS NULL", "y IS NOT NULL",
                  "y BETWEEN 1 AND 2", "y NOT BETWEEN 1 AND 2", "doc -> 'a' ->> 'b' = 'x'", "doc -> 'a' ->> 'b' IN ('x', 'y')", "doc -> 'a' ->> 'b' <> 'x'", "doc @> '{\"a\": {\"n\": 1}}'", "NOT doc @> '{\"a\": {\"n\": 1}}'",
                  "doc @> '{\"a\": {\"b\": \"x\", \"n\": 1}}'", "NOT (doc @> '{\"a\": {\"n\": 1}}' AND m = 1)", "doc IS NULL", "doc IS NOT NULL", "doc ->> 'a' IS NULL", "doc -> 'a' ? 'b'"):
        want = c.must("SELECT id FROM l WHERE %s" % where)
        answers(c, t, where, [w[0] for w in want])


@check("arrays that may be NULL, and empty ones", GRAMMAR, ["v2.5.3", "v2.5.4", "2.6.10", "2.6.20", "3.0.1"])
def null_arrays(c):
    t = c.make(ID, field("a", "Array", element="Int64", nullable=True), V, rows=[{"id": i, "a": a, "v": [0.0, 0.0]} for i, a in ((1, [1, 2]), (2, None), (3, []), (4, [3]))])
    for where, want in (("a IS NULL", [2]), ("a IS NOT NULL", [1, 3, 4]), ("1 = ANY (a)", [1]), ("a @> '{1,2}'", [1]), ("a @> '{}'", [1, 3, 4]), ("a && '{}'", []), ("cardinality(a) = 0", [3]), ("cardinality(a) = 2", [1]),
                        ("NOT cardinality(a) = 0", [1, 4]), ("a && '{3,1}' OR a IS NULL", [1, 2, 4]), ("3 <> ALL (a)", [1, 3])):
        text = answers(c, t, where, want)
        if c.version < (2, 5, 4):
            c.expect(" null" not in text, "%s", text)
