"""What the flags of a dialect say, asked of the server itself.

A test returns True where the server does what the flag says, else False, or
either with a remark. It raises Absent where that can't be measured, Odd where
the answer is neither; Refused counts as False. The flags are those of
src/server/dialect.h, each of which is cautious where it is false; FACTS are
measured beside them.
"""
import datetime
import json
import struct

from scratch import DOCUMENTS, HAN, KEY, MANY, NULL_ROWS, STAMPS, TEXTS, VECTOR, at
from server import BOUNDED, EVENTUALLY, SESSION, Absent, Collection, Field, Refused, Unknown

TESTS = []
FACTS = []
NOT_MEASURED = {
    "run_here": "who ran such a server is no matter of the server",
}


class Test:
    def __init__(self, function):
        self.name, self.function = function.__name__, function
        self.about = " ".join(function.__doc__.split())


def flag(function):
    TESTS.append(Test(function))
    return function


def fact(function):
    FACTS.append(Test(function))
    return function


class Odd(Exception):
    """An answer that is neither of the expected ones."""


def measure(test, scratch):
    """(value, remark): the value None when it could not be measured. A "no" that was read eventually is read again strong."""
    server = scratch.server
    before = server.writes
    found = measure_once(test, scratch)
    if found[0] is False and server.writes == before:
        server.doubt = True
        found = measure_once(test, scratch)
        server.doubt = False
    return found


def measure_once(test, scratch):
    try:
        value = test.function(scratch)
    except Absent as error:
        return None, str(error)
    except Odd as error:
        return None, f"odd: {error}"
    except Refused as error:
        return False, f"refused: {error}"
    remark = ""
    if isinstance(value, tuple):
        value, remark = value
    return value, remark


def literal(text):
    """As the wrapper writes a text in a filter."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


def ids(numbers, test):
    return [i for i in numbers if test(i)]


def every(collection, *pairs):
    """True when every filter finds what it must; else False and the first that does not."""
    for expr, wanted in pairs:
        try:
            found = collection.keys(expr)
        except Refused as error:
            return False, f"{expr}: refused: {error}"
        if found != sorted(wanted):
            return False, f"{expr}: found {found}, not {sorted(wanted)}"
    return True


ALL = range(len(TEXTS))


# --- filters ---

@flag
def filters(s):
    """Comparisons of every type, in, like "x%", and, or find exactly their rows."""
    c = s["plain"]
    return every(c, ("id == 3", [3]), ("i32 >= 15 or b == true", ids(ALL, lambda i: i >= 15 or i % 2 == 0)),
                 ("i8 < -7 and i32 != 0", [1]), (f"i64 == {2**53 + 1}", [1]), (f"i64 > {2**53 + 17}", [18, 19]), ("d <= 0.125", [0, 1]),
                 ("d != 0.5", [i for i in ALL if i != 4]),
                 ('s == "abc"', [1]), ('s > "b" and s < "y"', ids(ALL, lambda i: "b" < TEXTS[i] < "y")), ('s in ["abc", "aBc"]', [1, 2]),
                 ('s not in ["abc", "aBc"]', [i for i in ALL if i not in (1, 2)]),
                 ('s like "a%"', ids(ALL, lambda i: TEXTS[i].startswith("a"))),
                 *((f"s == {literal(t)}", [i]) for i, t in enumerate(TEXTS) if "\n" not in t and "\r" not in t),
                 ("array_contains(ai, 5)", ids(ALL, lambda i: i % 4 == 3)), ('array_contains_any(at, ["x y", "b"])', ids(ALL, lambda i: i % 3 != 1)),
                 ('j["k"] == "x"', [2]), ('j["n"]["m"] == "z"', [9]), ('$meta["w"] == "v3"', [3]), ('$meta["c"] >= 7', [7, 8]))


@flag
def has_not(s):
    """not (...) of comparisons, patterns and arrays that can't be null is their complement."""
    c = s["plain"]
    return every(c, ("not (d > 1.5)", ids(ALL, lambda i: i / 8 <= 1.5)), ('not (s like "a%")', ids(ALL, lambda i: not TEXTS[i].startswith("a"))),
                 ("not (array_contains(ai, 1))", ids(ALL, lambda i: i % 4 > 1)), ("id > 2 and not (id > 4)", [3, 4]),
                 ("not (id == 3 or id > 3)", [0, 1, 2]))


@flag
def has_is_null(s):
    """field is null, field is not null."""
    rows = range(len(NULL_ROWS))
    if "nulls" in s.why:
        return every(s["plain"], ("i32 is null", []), ("i32 is not null and id < 2", [0, 1]))
    return every(s["nulls"], ("n is null", ids(rows, lambda i: NULL_ROWS[i][0] is None)),
                 ("s is not null", ids(rows, lambda i: NULL_ROWS[i][1] is not None)),
                 ("d is null or n == 1", ids(rows, lambda i: NULL_ROWS[i][2] is None or NULL_ROWS[i][0] == 1)))


def known(column, test):
    return [i for i, row in enumerate(NULL_ROWS) if row[column] is not None and test(row[column])]


@flag
def nullable_fields(s):
    """There are nullable fields: NULLs come back as NULLs."""
    if "nulls" in s.why:
        return False, s.why["nulls"]
    rows = {r["id"]: r["n"] for r in s["nulls"].query("id >= 0", ["id", "n"])}
    return rows == {i: row[0] for i, row in enumerate(NULL_ROWS)}


@flag
def not_excludes_null(s):
    """not (...) of one comparison, pattern or array test is not true where the field is null."""
    return every(s["nulls"], ("n != 4", known(0, lambda x: x != 4)), ("not (n > 3)", known(0, lambda x: x <= 3)),
                 ('not (s like "a%")', known(1, lambda x: x[0] != "a")),
                 ("not (d <= 1.5)", known(2, lambda x: x > 1.5)), ("not (array_contains(a, 4))", known(0, lambda x: x != 4)))


@flag
def or_of_contraries(s):
    """n in [...] or n != 1 is true of every n, and not of NULL."""
    found = every(s["plain"], ("i32 in [1, 2] or i32 != 1", ALL), ("i32 == 1 or i32 == 2 or i32 != 1", ALL), ('s in ["a", "b"] or s not in ["a", "x"]', ALL),
                  ("b == true or b != true", ALL))
    if found is not True or "nulls" in s.why:
        return found
    return every(s["nulls"], ("n in [1, 2] or n != 1", known(0, lambda x: True)), ('s in ["a", "b"] or s != "a"', known(1, lambda x: True)),
                 ("n == 1 or n == 2 or n != 1", known(0, lambda x: True)))


@flag
def or_of_ranges(s):
    """An or of ranges of one field is their union, each end as it is written."""
    return every(s["plain"], ("(1 < i32 and i32 < 5) or (1 <= i32 and i32 < 3)", [1, 2, 3, 4]), ("(i32 > 2 and i32 <= 4) or (i32 >= 2 and i32 < 4)", [2, 3, 4]),
                 ("(2 <= i32 and i32 <= 3) or (2 < i32 and i32 < 6)", [2, 3, 4, 5]), ("i32 < 2 or i32 <= 2", [0, 1, 2]),
                 ("(id > 5 and i32 < 9) or (i32 >= 9 and i32 < 10)", [6, 7, 8, 9]))


@flag
def and_of_lists(s):
    """n in [1, 2] and n in [3, 4] and n == 3 finds nothing, also where n may be NULL or missing."""
    c = s["plain"]
    found = every(c, ("i32 in [1, 2] and i32 in [3, 4] and i32 == 3", []))
    # where lists are right alone
    if found is True and every(c, ('$meta["c"] in [1, 2, 30]', [1, 2])) is True:
        found = every(c, ('$meta["c"] in [1, 2] and $meta["c"] in [5, 7] and $meta["c"] == 5', []))
    if found is not True or "nulls" in s.why:
        return found
    return every(s["nulls"], ("n in [0, 7] and n in [1, 2] and n == 1", []), ("n == 1 and n in [1, 2] and n in [0, 7]", []))


@fact
def not_in_excludes_null(s):
    """f not in [...] does not find NULL."""
    return every(s["nulls"], ("n not in [1, 2]", known(0, lambda x: x not in (1, 2))), ('s not in ["a", "b"]', known(1, lambda x: x not in ("a", "b"))))


@fact
def three_valued(s):
    """not (a or b), not (a and b), with NULL in a or b, are as in SQL."""
    def row(test):
        return [i for i, r in enumerate(NULL_ROWS) if test(*r) is True]
    def gt(a, b):
        return None if a is None else a > b
    def both(a, b):
        return False if a is False or b is False else None if a is None or b is None else True
    def negate(a):
        return None if a is None else not a
    def either(a, b):
        return negate(both(negate(a), negate(b)))
    def eq(a, b):
        return None if a is None else a == b
    return every(s["nulls"], ('not (n > 3 or s == "a")', row(lambda n, t, d: negate(either(gt(n, 3), eq(t, "a"))))),
                 ('not (n > 3 and s == "a")', row(lambda n, t, d: negate(both(gt(n, 3), eq(t, "a"))))),
                 ("not (n > 3 or d > 1.0)", row(lambda n, t, d: negate(either(gt(n, 3), gt(d, 1.0))))))


@flag
def float4_exact(s):
    """A constant is not rounded to float4 before a FLOAT field is compared with it: f == 0.1 does not find float4 0.1, f > 0.1 does."""
    c = s["plain"]
    found = 1 in c.keys("f == 0.1"), 1 in c.keys("f > 0.1")
    if found not in ((True, False), (False, True)):
        raise Odd(f"f == 0.1, f > 0.1 find it: {found}")
    return found[1]


@fact
def takes_nan(s):
    """NaN can be stored in a Float and a Double field."""
    return s["nan"].nan


@flag
def float_lists(s):
    """A list of floats does not contain NaN, and != of floats finds it."""
    c = s["nan"]
    nan = [9] if c.nan else []
    return every(c, ("d in [0.5, 2.0]", [2, 3]), ("f in [0.5, 2.0]", [2, 3]), ("d not in [0.5, 2.0]", [0, 1, *nan]), ("d != 0.5", [0, 1, 3, *nan]),
                 ("f != 0.5", [0, 1, 3, *nan]))


@flag
def zeros_equal(s):
    """A list with 0.0 contains -0.0."""
    return every(s["nan"], ("d in [0.0, 2.0] and id < 9", [0, 1, 3]), ("d in [-0.0, 2.0] and id < 9", [0, 1, 3]))


@flag
def like_infix(s):
    """like "%x%" and like "%x" find exactly what contains x, and what ends with it."""
    infixes = ["abc", "b", ".", "(", ")*", "\u672c", "\U0001f418", " ", "\t", "'", '"', "zz", "A"]
    return every(s["plain"], *((f"s like {literal('%' + x + '%')}", ids(ALL, lambda i: x in TEXTS[i])) for x in infixes),
                 *((f"s like {literal('%' + x)}", ids(ALL, lambda i: TEXTS[i].endswith(x))) for x in ("c", "x", "*", "\u672c", "abc", ".c")))


@flag
def newline_escapes(s):
    r"""\n and \r in a string literal are line breaks."""
    return every(s["plain"], ('s == "a\\nb"', [8]), ('s == "cr\\rhere"', [9]), ('s like "a\\n%"', [8]))


@fact
def exact_han(s):
    """A Han character beyond the BMP, as it is, is that character in a filter (of newer servers it is another)."""
    c = s["texts"]
    return every(c, *((f"id == {literal(k)}", [k]) for k in HAN))


@flag
def wide_escapes(s):
    r"""\UXXXXXXXX in a string literal is that character, and Han characters beside it stay as they are."""
    c = s["texts"]
    return every(c, ('id == "\\U00020bb7\u91ce"', [HAN[0]]), ('id in ["\u65e5\\U00020bb7", "z"]', [HAN[1], "z"]), ('id like "\\U00020bb7%"', [HAN[0]]))


@fact
def field_names_free(s):
    """Field names that are words of newer grammars can be used in filters."""
    c = s["words"]
    wrong = []
    for word in c.words:
        try:
            if c.keys(f"{word} == 1") != [1]:
                wrong.append(word)
        except Refused:
            wrong.append(word)
    return not wrong, f"not as they are: {' '.join(wrong)}" if wrong else ""


@flag
def json_lists(s):
    """j["k"] in [...] of texts, of integers."""
    return every(s["plain"], ('j["k"] in ["x", "y", "1"]', [2, 3, 9]), ('$meta["c"] in [1, 2, 30]', [1, 2]), ('$meta["w"] in ["v1", "v8"]', [1, 8]))


@flag
def json_strict(s):
    """A JSON true is not the number 1, nor the text "1"."""
    return every(s["plain"], ('j["k"] == 1', [0]), ('j["k"] == true', [1]), ('j["k"] == 0', [8]), ('j["k"] == false', [7]),
                 (f'j["k"] == {2**53 + 1}', [12]),
                 ('j["k"] == "1"', [3]))


@flag
def json_floats(s):
    """A dynamic key is compared with a float, although it has a whole number beyond 64 bits somewhere."""
    return every(s["numbers"], ('$meta["w"] > 1.5', [1, 2]), ('$meta["w"] <= 1.5', [0]))


@flag
def json_exists(s):
    """exists j["k"] is true of a JSON null."""
    return every(s["plain"], ('exists j["nul"]', [0]), ('exists j["k"]', ids(ALL, lambda i: i < len(DOCUMENTS) and "k" in DOCUMENTS[i])))


@flag
def json_integers(s):
    """An integer beyond 2^53 is compared exactly in documents; with a JSON index, where there are such."""
    return every(s["integers"], *((f'$meta["n"] == {2**53 + i}', [i]) for i in range(3)), (f'$meta["n"] > {2**53}', [1, 2]))


@flag
def json_unknown(s):
    """!= and not in are not true where the key is missing, or of another type."""
    texts = [i for i, d in enumerate(DOCUMENTS) if isinstance(d.get("k"), str)]
    return every(s["plain"], ('j["k"] != "x"', [i for i in texts if DOCUMENTS[i]["k"] != "x"]),
                 ('j["k"] not in ["x", "y"]', [i for i in texts if DOCUMENTS[i]["k"] not in "xy"]))


@flag
def json_mixed_or(s):
    """An or of equalities of one path with a number and a text finds both."""
    return every(s["plain"], ('j["k"] == 77 or j["k"] == 78 or j["k"] == "x"', [2]))


@flag
def json_list_and_range(s):
    """j["k"] in [...] beside a range of the same key: both hold."""
    c = s["plain"]
    if every(c, ('$meta["c"] in [1, 2, 30]', [1, 2])) is not True:
        raise Absent("its lists of integers are not right alone")
    return every(c, ('$meta["c"] in [1, 2, 30] and $meta["c"] >= 2', [2]), ('$meta["c"] > 1 and $meta["c"] in [1, 2, 5]', [2, 5]),
                 ('$meta["c"] in [1, 2, 5] and $meta["c"] < 5 and $meta["c"] > 1', [2]))


@flag
def text_match(s):
    """text_match(f, "a b") finds what has one of these words, and no parts of words."""
    return every(s["bodies"], ('text_match(t, "fox")', [0, 2]), ('text_match(t, "quick lazy")', [0, 1, 3]), ('text_match(t, "qui")', []),
                 ('id > 0 and not (text_match(t, "dog"))', [2, 4]))


@flag
def match_minimum(s):
    """minimum_should_match: how many of the words there must be."""
    return every(s["bodies"], ('text_match(t, "quick lazy", minimum_should_match=1)', [0, 1, 3]), ('text_match(t, "quick lazy dog", minimum_should_match=2)', [1, 3]),
                 ('text_match(t, "quick lazy dog", minimum_should_match=3)', [3]))


@flag
def phrase_match(s):
    """phrase_match(f, "a b", 0) finds what has these words one behind the other."""
    return every(s["bodies"], ('phrase_match(t, "lazy dog", 0)', [1]), ('phrase_match(t, "dog lazy", 0)', [3]), ('phrase_match(t, "brown fox", 0)', [0]))


@flag
def random_sample(s):
    """random_sample(0.5) takes some rows, and only some; an error where it is none."""
    found = len(s["many"].keys("random_sample(0.5)"))
    if 0.2 * MANY < found < 0.8 * MANY:
        return True
    raise Odd(f"{found} rows of {MANY}")


@flag
def remainders(s):
    """n % 7 == 5 of whole numbers, negative ones as in C."""
    return every(s["plain"], ("id % 7 == 5", ids(ALL, lambda i: i % 7 == 5)), ("id % 7 == 2 or id % 7 == -5", ids(ALL, lambda i: i % 7 == 2)),
                 ("i8 % 3 == -1", ids(ALL, lambda i: i < 9 and (9 - i) % 3 == 1)))


@flag
def negative_elements(s):
    """Negative constants are found in arrays."""
    return every(s["plain"], ("array_contains(ai, -1)", ids(ALL, lambda i: i % 4 == 0)),
                 ("array_contains_any(ai, [-3, 5])", ids(ALL, lambda i: i % 4 > 1)))


@flag
def timestamptz_filters(s):
    """ts >= ISO "..." of a Timestamptz field is exact to the microsecond."""
    return every(s["stamps"], ('ts >= ISO "2025-01-01T00:00:00Z"', [1, 2]), ('ts == ISO "2025-01-01T00:00:00.000001Z"', [2]),
                 ('ts < ISO "2025-01-01T01:00:00+01:00"', [0]), ('ts != ISO "2025-01-01T00:00:00Z"', [0, 2]))


# --- reading ---

@flag
def checks_id(s):
    """A query and a search with the collection_id of another collection are refused, and with its own are answered."""
    c = s["many"]
    own = s.server.call("DescribeCollection", collection_name=c.name).collectionID
    if not own:
        return False, "collections have no number"
    if c.keys("id < 3", params={"limit": 10, "collection_id": own}) != [0, 1, 2] or len(c.search(at(0), 3, extra={"collection_id": own})) != 3:
        return False, "not with its own"
    for ask in (lambda: c.keys("id < 3", params={"limit": 10, "collection_id": own + 1}), lambda: c.count("id < 3", params={"collection_id": own + 1}),
                lambda: c.search(at(0), 3, extra={"collection_id": own + 1})):
        try:
            ask()
        except Refused:
            continue
        return False, "another one's is overlooked"
    return True


@flag
def max_window(s):
    """The largest limit of a query and topk of a search that are taken, of 1,000, 10,000, 16,384, 16,385 and 131,072."""
    c = s["many"]
    found, remark = None, ""
    for size in (1000, 10000, 16384, 16385, 131072):
        try:
            c.ask("", ["id"], params={"limit": size, "iterator": "True"})
            c.search(at(0), size)
        except Refused as error:
            remark = f"{size}: {error}"
            break
        found = size
    return found, remark


@fact
def pages_by_key(s):
    """Pages of limit 300 and the key "iterator", each of the keys beyond the last, are in order and bring every row once."""
    c = s["many"]
    found, last = [], None
    while True:
        page = [r["id"] for r in c.query("" if last is None else f"id > {last}", ["id"], params={"limit": 300, "iterator": "True"})]
        if not page:
            break
        if page != sorted(page):
            return False, f"a page begins {page[:5]}"
        found += page
        last = page[-1]
    return found == list(range(MANY)), f"{len(found)} of {MANY} rows" if found != list(range(MANY)) else ""


@fact
def text_pages_by_key(s):
    """The same of keys that are texts, in the order of their bytes; Han beyond the BMP left out."""
    c = s["texts"]
    found = [r["id"] for r in c.query("", ["id"], params={"limit": 100, "iterator": "True"})]
    wanted = sorted(c.keys("n >= 0"), key=str.encode)
    return found == wanted, "" if found == wanted else str(found)


def year_1970(s):
    """The rows of a page with the key "iterator" and a guarantee_timestamp of the year 1970."""
    found = len(s["many"].query("", ["id"], params={"limit": 10, "iterator": "True"}, level=BOUNDED, guarantee=2))
    if found not in (0, 10):
        raise Odd(f"{found} rows")
    return found


@flag
def iterator_waits(s):
    """Beside the key "iterator" too, a guarantee_timestamp is what a query waits for: what was written by then is there, and all of the rest."""
    if not year_1970(s):
        return False, "with one of the year 1970 there are no rows"
    c = s["writes"]
    for key in range(1401, 1404):
        told = c.insert([s.row(key)]).timestamp
        if c.keys(f"id == {key}", params={"limit": 10, "iterator": "True"}, level=SESSION, guarantee=told or 2) != [key]:
            return False, "a row just written is not there"
    return True


@flag
def iterator_snapshots(s):
    """Beside the key "iterator", a guarantee_timestamp is the snapshot to be read. Answers to 0 tell one as session_ts, and pages
    of that moment do not show what came later."""
    if year_1970(s):
        return False, "with one of the year 1970 there are rows"
    c = s["writes"]
    pages = {"limit": 1000, "iterator": "True"}
    moment = c.ask("id >= 0", ["id"], params=pages).session_ts
    if not moment:
        return False, "no session_ts"
    before = c.keys("id >= 0 and id < 200", params=pages)
    c.insert([s.row(150)])
    later = c.keys("id >= 0 and id < 200", params=pages)
    if later != before + [150]:
        raise Odd(f"a row just written is not found: {later}")
    then = c.keys("id >= 0 and id < 200", params=pages, level=BOUNDED, guarantee=moment)
    return then == before, "" if then == before else f"{then}"


@flag
def sees_all_writes(s):
    """Every read sees what was written before it, at whatever level."""
    c = s["writes"]
    for key in range(1411, 1421):
        c.insert([s.row(key)])
        if c.keys(f"id == {key}", params={"limit": 10}, level=EVENTUALLY, guarantee=1) != [key]:
            return False, ""
    return True, "10 rows of 10 were seen at once"


@flag
def has_databases(s):
    """The name of a database is heeded: one that is not there is an error."""
    try:
        s.server.call("DescribeCollection", collection_name=s["many"].name, db_name=s.server.prefix)
    except Refused:
        return True
    return False, "any name is taken"


@flag
def has_partitions(s):
    """Partitions can be made, written to and read."""
    c = s["parts"]
    if not c.parts:
        return False, "CreatePartition is refused"
    found = c.keys("id >= 0", partitions=["p1"]), c.keys("id >= 0", partitions=["p2"])
    return found == ([0, 1, 2, 3], [4, 5, 6, 7]), "" if found == ([0, 1, 2, 3], [4, 5, 6, 7]) else f"p1, p2 have {found}"


@flag
def counts_partition(s):
    """count(*) without a filter counts the named partition only."""
    c = s["parts"]
    if not c.parts:
        raise Absent("there are no partitions")
    found = c.count(partitions=["p1"])
    return found == 4, f"{found} of 4" if found != 4 else ""


# --- searching ---

@flag
def groups(s):
    """group_by_field: one neighbour of each value."""
    c = s["many"]
    found = sorted(k // 10 % 7 for k, _, _ in c.search(at(0), 7, {}, ["n"], extra={"group_by_field": "n"}))
    return found == list(range(7)), "" if found == list(range(7)) else f"of the values {found}"


@flag
def group_sizes(s):
    """group_size and strict_group_size: so many neighbours of each value, also of one whose nearest is behind many of another."""
    c = s["many"]
    for field, wanted in (("n", [i * 10 + j for i in range(7) for j in range(3)]), ("far", [i * 100 + j for i in range(7) for j in range(3)])):
        found = sorted(k for k, _, _ in c.search(at(0), 7, {}, [field], extra={"group_by_field": field, "group_size": 3, "strict_group_size": "true"}))
        if found != wanted:
            return False, f"by {field}: {found}"
    return True


@flag
def rankers(s):
    """function_score: a decay by a field puts what is far before what is near."""
    def change(request):
        function = request.function_score.functions.add(name="ranker", type=3, input_field_names=["n"])
        for key, value in {"reranker": "decay", "function": "gauss", "origin": 4, "scale": 1, "decay": 0.001}.items():
            function.params.add(key=key, value=str(value))
    found = s["many"].search(at(0), 50, change=change)[0][0]
    return found // 10 % 7 == 4, f"the first is {found}"


@flag
def searches_by_ids(s):
    """A search by the vector of a row, told by its key."""
    def change(request):
        request.ids.int_id.data.append(7)
    return [k for k, _, _ in s["many"].search(at(0), 1, change=change)] == [7]


@flag
def highlights(s):
    """A highlighter marks the words that are looked for."""
    def change(request):
        request.highlighter.type = 0
        request.highlighter.params.add(key="highlight_query", value=json.dumps([{"type": "TextMatch", "field": "t", "text": "fox"}]))
    results = s["bodies"].results(at(0), 1, fields=["t"], change=change)
    found = [list(d.fragments) for h in results.highlight_results for d in h.datas]
    return found == [["<em>fox</em>"]], f"it marks {found}"


@flag
def range_search(s):
    """radius: only neighbours nearer than it, all of them."""
    found = sorted(k for k, _, _ in s["many"].search(at(0), 100, {"radius": 25.0}))
    return found == [0, 1, 2, 3, 4], f"finds {found[:10]}" if found != [0, 1, 2, 3, 4] else ""


@flag
def range_steps(s):
    """range_filter: the nearest from there on, also far out, with a small topk."""
    found = [k for k, _, _ in s["many"].search(at(0), 5, {"radius": 1010.0**2, "range_filter": 1000.0**2})]
    return found == list(range(1000, 1005)), f"finds {found[:10]}" if found != list(range(1000, 1005)) else ""


@flag
def returns_all_vectors(s):
    """A search can return vectors of any type."""
    c = s["vectors"]
    for field in (f for f in c.fields if f.kind.endswith("Vector")):
        query = {"b": b"\x01", "e": at(0), "h": bytes(4), "g": bytes(4)}[field.name]
        others = [f.name for f in c.fields if f.kind.endswith("Vector") and f.name != "e"]
        found = c.search(query, 4, {}, others, field.name, "HAMMING" if field.name == "b" else "L2")
        if len(found) != 4 or any(row.get("b") != bytes([1 << key]) for key, _, row in found):
            return False, f"by {field.name}: {found}"
    return True, f"measured with {', '.join(f.kind for f in c.fields if f.kind.endswith('Vector'))}"


@flag
def search_without_index(s):
    """A collection without an index can be loaded and searched."""
    c = s["bare"].load(seconds=15)
    found = [k for k, _, _ in c.search(at(0), 3)]
    return found == [0, 1, 2], f"finds {found}"


# --- writing ---

@flag
def has_timestamps(s):
    """An insert tells its timestamp, and a read with that as guarantee_timestamp sees it."""
    c = s["writes"]
    told = c.insert([s.row(1001)]).timestamp
    if not told:
        return False, "no timestamp is told"
    return c.keys("id == 1001", level=SESSION, guarantee=told) == [1001]


@flag
def defaults_left_out(s):
    """A field with a default may be left out, and has it then."""
    c = s["defaults"]
    c.insert([{"id": 1, "m": 1, "e": at(1)}], leave_out=("n",))
    found = [r["n"] for r in c.query("id == 1", ["n"])]
    return found == [7], f"it became {found}" if found != [7] else ""


@flag
def defaults_validity(s):
    """A field with a default can be sent with valid_data."""
    c = s["defaults"]
    c.insert([{"id": 2, "n": 5, "m": 5, "e": at(2)}], change=valid_everywhere)
    found = [r["n"] for r in c.query("id == 2", ["n"])]
    return found == [5], f"5 became {found}" if found != [5] else ""


@fact
def defaults_need_validity(s):
    """A field with a default must be sent with valid_data."""
    c = s["defaults"]
    try:
        c.insert([{"id": 4, "n": 5, "m": 5, "e": at(2)}])
    except Refused as error:
        return True, str(error)
    return False


@fact
def null_becomes_default(s):
    """NULL in a nullable field that has a default is stored as the default."""
    c = s["defaults"]
    c.insert([{"id": 3, "n": 5, "m": None, "e": at(3)}], change=valid_everywhere)
    found = [r["m"] for r in c.query("id == 3", ["m"])]
    return found == [9], "" if found in ([9], [None]) else f"NULL became {found}"


def valid_everywhere(columns):
    for column in columns:
        if column.field_name == "n":
            column.valid_data.append(True)


def comes_back(s, key, document):
    c = s["writes"]
    try:
        c.insert([s.row(key, j=json.dumps(document).encode())])
    except Refused as error:
        return False, f"{document!r}: refused: {error}"
    found = [r["j"] if r["j"] is None else bytes(r["j"]) for r in c.query(f"id == {key}", ["j"])]
    if found == [None]:
        return False, f"{document!r} comes back as NULL"
    try:
        same = len(found) == 1 and json.loads(found[0]) == document
        return same, "" if same else f"{document!r} comes back as {found}"
    except ValueError:
        return False, f"{document!r} comes back as {found}"


@flag
def json_arrays(s):
    """A document may be an array."""
    return comes_back(s, 1100, [1, "x"])


@flag
def json_nulls(s):
    """A document may be null."""
    return comes_back(s, 1101, None)


@flag
def json_scalars(s):
    """A document may be a text, a number, a boolean."""
    for n, document in enumerate(["text", 5, True]):
        same, remark = comes_back(s, 1110 + n, document)
        if not same:
            return False, remark
    return True


@flag
def insert_replaces(s):
    """An insert replaces the row of the same key, $meta as well."""
    c = s["writes"]
    c.insert([{**s.row(1201, s="old"), "$meta": {"old": 1}}])
    c.insert([{**s.row(1201, s="new"), "$meta": {"new": 1}}])
    count = c.count("id == 1201")
    found = [(r["s"], json.loads(bytes(r["$meta"]))) for r in c.query("id == 1201", ["s", "$meta"])]
    return count == 1 and found == [("new", {"new": 1})], f"count {count}, {found}" if count == 1 else ""


@flag
def upsert_replaces(s):
    """An upsert replaces the whole row, $meta as well."""
    c = s["writes"]
    c.insert([{**s.row(1211, s="old"), "$meta": {"old": 1, "both": 1}}])
    c.upsert([{**s.row(1211, s="new"), "$meta": {"new": 2, "both": 2}}])
    found = [(r["s"], json.loads(bytes(r["$meta"]))) for r in c.query("id == 1211", ["s", "$meta"])]
    count = c.count("id == 1211")
    return count == 1 and found == [("new", {"new": 2, "both": 2})], f"count {count}, {found}"


@flag
def partial_update(s):
    """An upsert with partial_update leaves fields as they are that it does not have."""
    c = s["writes"]
    c.insert([s.row(1221, s="kept", n=1)])
    c.upsert([{"id": 1221, "n": 2}], ["id", "n"], partial=True)
    found = [(r["s"], r["n"]) for r in c.query("id == 1221", ["s", "n"])]
    return found == [("kept", 2)], f"(s, n) is {found}" if found != [("kept", 2)] else ""


@fact
def upsert_of_twins(s):
    """Two rows of one key in an upsert: the last is there, both are, or it is refused."""
    c = s["writes"]
    try:
        c.upsert([s.row(1231, s="first"), s.row(1231, s="last")])
    except Refused as error:
        return "refused", str(error)
    found = c.count("id == 1231")
    texts = [r["s"] for r in c.query("id == 1231", ["s"])]
    return ("both" if found == 2 else texts[0] if len(texts) == 1 else f"{found} rows"), ""


@flag
def upsert_keeps_auto_id(s):
    """An upsert of a key that the server made keeps the key."""
    c = s["auto"]
    before = {r["n"]: r["id"] for r in c.query("n >= 0", ["id", "n"])}
    c.upsert([{"id": before[1], "n": 10, "e": at(10)}])
    after = {r["n"]: r["id"] for r in c.query("n >= 0", ["id", "n"])}
    return after == {0: before[0], 2: before[2], 10: before[1]}, f"{before[1]} became {after.get(10)}" if after.get(10) != before[1] else ""


@flag
def upsert_partitions(s):
    """Rows that are upserted are found by their partition key."""
    c = s["routed"]
    c.upsert([{"id": i, "n": 5 + i % 2, "e": at(i)} for i in range(20, 26)])
    return every(c, ("n == 5", [20, 22, 24]), ("n == 6", [21, 23, 25]), ("n in [5, 6] and id > 22", [23, 24, 25]))


@flag
def quotes_in_keys(s):
    """A row whose key has a single quote can be replaced and deleted, and no other goes with it."""
    c = s["texts"]
    before = c.count("n >= 0")
    for key in ("it's", "' OR true --"):
        c.upsert([{"id": key, "n": 99, "e": at(9)}])
    replaced = [r["n"] for r in c.query('id == "it\'s"', ["n"])], c.count("n >= 0")
    if replaced != ([99], before):
        return False, f"replaced: {replaced}, of {before} rows"
    for key in ("it's", "' OR true --"):
        c.delete(f"id in [{literal(key)}]")
    left = c.count("n >= 0")
    return left == before - 2, f"{before} rows became {left}" if left != before - 2 else ""


@flag
def delete_by_filter(s):
    """A deletion by a filter of other fields than the key deletes those rows, and tells how many."""
    c = s["writes"]
    c.insert([s.row(1301 + i, s="go" if i % 2 else "stay") for i in range(6)])
    c.keys("id > 1300 and id < 1310")
    told = c.delete('s == "go" and id > 1300').delete_cnt
    left = c.keys("id > 1300 and id < 1310")
    if left != [1301, 1303, 1305]:
        return False, f"{left} are left"
    return told == 3, f"{told} told" if told != 3 else ""


@fact
def delete_counts_absent_keys(s):
    """A deletion of keys that are not there counts them."""
    return s["writes"].delete("id in [880001, 880002]").delete_cnt != 0


@flag
def delete_in_partition(s):
    """A deletion reaches only the partition that it names."""
    c = s["parts"]
    if not c.parts:
        raise Absent("there are no partitions")
    c.delete("n == 7", partition="p1")
    left = c.keys("id >= 0")
    return left == [0, 1, 2, 4, 5, 6, 7], f"{left} are left"


@flag
def nullable_vectors(s):
    """A vector field can be nullable: NULL comes back as NULL."""
    c = s.server.create("nullvec", [KEY, Field("e", "FloatVector", dim=2, nullable=True)])
    schema = s.server.call("DescribeCollection", collection_name=c.name).schema
    if not next(f for f in schema.fields if f.name == "e").nullable:
        return False, "nullable is overlooked"
    c.insert([{"id": 0, "e": at(0)}, {"id": 1, "e": None}, {"id": 2, "e": at(2)}])
    c.index()
    found = {r["id"]: r.get("e") for r in c.load().query("id >= 0", ["id", "e"])}
    return found == {0: at(0), 1: None, 2: at(2)}, f"{found}"


def stores(s, label, *fields):
    """Collections with such fields, more than one in a row of fields: what is stored comes back."""
    for number, (more, values) in enumerate(fields):
        c = s.server.create(f"{label}{number}", [KEY, *more])
        c.insert([{"id": i, **{f.name: v for f, v in zip(more, row)}} for i, row in enumerate(values)])
        for field in more:
            if field.kind.endswith("Vector"):
                c.index(field.name, *{"BinaryVector": ("BIN_FLAT", "HAMMING"), "SparseFloatVector": ("SPARSE_INVERTED_INDEX", "IP"),
                                      "Int8Vector": ("HNSW", "L2")}.get(field.kind, ("FLAT", "L2")))
        names = [f.name for f in more]
        found = {r["id"]: tuple(r.get(n) for n in names) for r in c.load().query("id >= 0", ["id", *names])}
        if found != dict(enumerate(values)):
            return False, f"{more[0].kind}: {found}"
    return True


@flag
def timestamptz_fields(s):
    """A field of type Timestamptz gives back the moments that are stored."""
    if not s.since(2, 6, 3):
        raise Absent("not asked: such a server may die of it")
    found = [r["ts"] for r in sorted(s["stamps"].query("id >= 0", ["id", "ts"]), key=lambda r: r["id"])]
    moments = [datetime.datetime.fromisoformat(t.replace("Z", "+00:00")) for t in found]
    wanted = [datetime.datetime.fromisoformat(t.replace("Z", "+00:00")) for t in STAMPS]
    return moments == wanted, f"{found}" if moments != wanted else ""


@flag
def binary_vectors(s):
    """Fields of type BinaryVector."""
    return stores(s, "binary", ([Field("b", "BinaryVector", dim=16)], [(b"\x01\x80",), (b"\xff\x00",)]))


@flag
def half_vectors(s):
    """Fields of type Float16Vector and BFloat16Vector."""
    return stores(s, "half", ([Field("h", "Float16Vector", dim=2)], [(struct.pack("<2e", 1.5, -2),), (struct.pack("<2e", 0, 65504),)]),
                  ([Field("g", "BFloat16Vector", dim=2)], [(b"\xc0\x3f\x00\xc0",), (bytes(4),)]))


@flag
def sparse_vectors(s):
    """Fields of type SparseFloatVector."""
    return stores(s, "sparse", ([Field("p", "SparseFloatVector")], [(struct.pack("<IfIf", 0, 0.5, 7, 2),), (struct.pack("<If", 4000000, 1),)]))


@flag
def int8_vectors(s):
    """Fields of type Int8Vector."""
    return stores(s, "bytes", ([Field("w", "Int8Vector", dim=4)], [(b"\x01\x80\x7f\x00",), (b"\x00\xff\x02\x03",)]))


def not_asked_before(s, *version):
    if not s.since(*version):
        raise Absent("not asked: such a server may die of it")


@flag
def geometry_fields(s):
    """Fields of type Geometry, as well-known text."""
    not_asked_before(s, 2, 6, 4)
    return stores(s, "shapes", ([VECTOR, Field("g", "Geometry")], [(at(0), "POINT (1 2)"), (at(1), "POLYGON ((0 0, 2 0, 2 2, 0 0))")]))


@flag
def text_fields(s):
    """Fields of type Text."""
    if s.server.lite != 3:
        not_asked_before(s, 3, 0, 0)
    return stores(s, "long", ([VECTOR, Field("t", "Text")], [(at(0), "a" * 70000), (at(1), "")]))


@flag
def struct_fields(s):
    """Fields that are arrays of structs: the schema that was asked for has them."""
    schema = s.server.schema("structs", [KEY, VECTOR])
    member = schema.struct_array_fields.add(fieldID=102, name="clips")
    Field("n", "Array", element="Int32", max_capacity=10).describe(member.fields.add(), 103)
    s.server.create_of(schema)
    described = s.server.call("DescribeCollection", collection_name=schema.name).schema
    found = [f.name for f in described.struct_array_fields]
    return found == ["clips"], "overlooked" if not found else f"{found}"


@flag
def has_functions(s):
    """Functions, which make one field of another: rows are taken without it. (Lite 2 does not describe them.)"""
    fields = [KEY, Field("t", "VarChar", max_length=200, enable_analyzer="true"), Field("w", "SparseFloatVector")]
    schema = s.server.schema("functions", fields)
    schema.functions.add(name="f", type=1, input_field_names=["t"], output_field_names=["w"])
    s.server.create_of(schema)
    Collection(s.server, schema.name, fields[:2]).insert([{"id": 1, "t": "a fox"}])
    return True


@flag
def several_vectors(s):
    """More than one vector field in a collection."""
    return stores(s, "several", ([VECTOR, Field("e2", "FloatVector", dim=2)], [(at(1), at(2)), (at(3), at(4))]))


@flag
def truncates(s):
    """The RPC TruncateCollection is there, and empties a collection."""
    c = s["bare"]
    try:
        s.server.call("TruncateCollection", collection_name=c.name)
    except Unknown:
        return False, "the RPC is not there"
    c.insert([{"id": 77, "e": at(7)}])
    c.index()
    left = c.load(seconds=60).keys("id >= 0")
    return left == [77], f"{left} are left" if left != [77] else ""


@flag
def large_topk(s):
    """The property query_mode=large_topk of a collection lifts the window."""
    c = s.server.create("large", [KEY, VECTOR], properties={"query_mode": "large_topk"})
    c.insert([{"id": 1, "e": at(1)}])
    c.index()
    c.load(seconds=60).ask("", ["id"], params={"limit": 200000})
    return True
