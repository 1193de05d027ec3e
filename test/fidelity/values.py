"""Awkward values of every type, and how they are written as SQL literals."""
import json
import math
import struct

INTEGERS = {"smallint": 16, "integer": 32, "bigint": 64}
FLOATS = ("real", "double precision")
NUMBERS = (*INTEGERS, "numeric", *FLOATS)

TEXTS = [
    "", "a", "A", "b", "B", "ab", "aB", "Ab", "abc", "a%b", "a_b", "axb", "%", "_", "%%", "a%", "_b", "\\", "a\\b", "\\%", "\\_", "back\\",
    "it's", "''", 'quote"', '"', '" or id > 0 or id == "', "' OR true --", "line\nbreak", "\n", "cr\rhere", "\r\n", "tab\there", "bell\x07",
    "\x01", "\x7f", "ü", "Ü", "u\u0308", "ß", "ss", "é", "e", "🐘", "🐘🐘", "\U0001d518nicode", "日本語", "𠮷", "𠮷野家", "\u200b", "\ufeffbom", " ", "  ", " a", "a ",
    "null", "NULL", "true", "{}", "[1]", "{a}", "%s", "{0}", "$1", "$meta", "0", "00", "1", "-1", "1.0", "1e3", "10", "9", "z", "zz", "Z", "a-b", "a b",
    "prefix one", "prefix two", "Prefix three", "prefix_four", "prefix%five", "one infix two", "INFIX",
]
LONG_TEXTS = ["x" * 3000, "ä" * 1500, "long " * 700 + "end", "🐘" * 900]
JSON_KEYS = ["k", "n", "s", "b", "nest", "list", "K", "a b", 'q"q', "", "ü", "0", "x.y", "nil"]


def float4(x):
    """The nearest value of type real."""
    if math.isnan(x) or math.isinf(x):
        return x
    try:
        return struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def integer(rng, kind, small=False):
    bits = INTEGERS[kind]
    top = 2 ** (bits - 1)
    pick = rng.random()
    if small or pick < 0.6:
        return rng.randint(-12, 12)
    if pick < 0.8:
        return rng.choice([top - 1, -top, top - 2, -top + 1, 0, 1, -1])
    if bits == 64 and pick < 0.9:
        return rng.choice([2**53, 2**53 + 1, -(2**53) - 1, 2**31, -(2**31) - 1, 10**18])
    return rng.randint(-top, top - 1)


def floating(rng, kind, special=True):
    pick = rng.random()
    if pick < 0.5:
        x = rng.randint(-40, 40) / 8
    elif pick < 0.7:
        x = rng.choice([0.1, 0.2, 0.3, -0.1, 1.1, 3.3, 1e-3])
    elif pick < 0.85 or not special:
        x = rng.uniform(-100, 100)
    else:
        x = rng.choice([-0.0, 0.0, math.inf, -math.inf, math.nan, 1e-30, -1e30,
                        3.4028234663852886e38, -3.4028234663852886e38, 1.1754943508222875e-38])
        if kind == "double precision" and rng.random() < 0.4:
            x = rng.choice([1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 9007199254740993.0])
    return float4(x) if kind == "real" else x


def text(rng, limit=None):
    pick = rng.random()
    if pick < 0.04 and limit is None:
        s = rng.choice(LONG_TEXTS)
    elif pick < 0.75:
        s = rng.choice(TEXTS)
    else:
        s = rng.choice(TEXTS) + rng.choice(TEXTS)
    return s[:limit] if limit else s


def json_value(rng, depth=2):
    pick = rng.random()
    if depth > 0 and pick < 0.12:
        return {rng.choice(JSON_KEYS): json_value(rng, depth - 1) for _ in range(rng.randint(0, 3))}
    if depth > 0 and pick < 0.24:
        return [json_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if pick < 0.5:
        return rng.choice(TEXTS)
    if pick < 0.75:
        return rng.choice([0, 1, 2, 3, -1, 10, 2**53 + 1, -(2**63), 2**63 - 1])
    if pick < 0.85:
        # never a whole one: 1 and 1.0 are equal, and written differently
        return rng.choice([0.5, 1.5, -2.25, 0.1, 12345.678])
    if pick < 0.93:
        return rng.random() < 0.5
    return None


def document(rng):
    doc = {}
    if rng.random() < 0.75:
        doc["k"] = rng.choice(["x", "y", "z", "x y", 1, 2, "1", None, True, ["x"], {"x": 1}])
    if rng.random() < 0.6:
        doc["n"] = rng.choice([0, 1, 2, 3, 1.5, -7, 2**53 + 1, "2", None])
    if rng.random() < 0.4:
        doc["nest"] = {"a": json_value(rng, 1), "b": {"c": rng.choice([1, "x", None])}}
    if rng.random() < 0.4:
        doc["list"] = [json_value(rng, 1) for _ in range(rng.randint(0, 4))]
    for _ in range(rng.randint(0, 2)):
        doc[rng.choice(JSON_KEYS)] = json_value(rng)
    return doc


def instant(rng):
    """What both can say: the years 1 to 9999."""
    pick = rng.random()
    if pick < 0.15:
        return rng.choice(["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00", "1970-01-01 00:00:00+00", "1969-12-31 23:59:59.999999+00",
                           "2000-02-29 12:00:00+00", "2024-03-31 02:30:00+01", "1900-01-01 00:00:00-11:30"])
    day = f"20{rng.randint(10, 40)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}" if pick < 0.5 else f"2024-05-{rng.randint(1, 6):02}"
    clock = f"{rng.randint(0, 23):02}:00:00" if pick < 0.8 else f"12:00:{rng.randint(0, 2):02}.{rng.choice(['5', '000001', '999999', '25'])}"
    return f"{day} {clock}{rng.choice(['+00', '+00', '+02', '-07', '+05:45'])}"


def value(rng, kind, limit=None, special=True):
    """A random value of a type, never None."""
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in INTEGERS:
        return integer(rng, kind)
    if kind in FLOATS:
        return floating(rng, kind, special)
    if kind == "numeric":
        return rng.choice([0, 1, 2, -1, 1.5, 0.1, 2.5, 7, 40000, 2**31, 2**63, -(2**63) - 1, 1e30])
    if kind == "text":
        return text(rng, limit)
    if kind == "jsonb":
        return document(rng)
    if kind == "timestamp with time zone":
        return instant(rng)
    if kind.endswith("[]"):
        count = rng.choice([0, 1, 1, 2, 2, 3, 4, 6])
        return [value(rng, kind[:-2], 20, special) for _ in range(count)]
    raise AssertionError(kind)


def quoted(s):
    return "'" + s.replace("'", "''") + "'"


def number_text(x):
    if isinstance(x, float):
        if math.isnan(x):
            return "NaN"
        if math.isinf(x):
            return "Infinity" if x > 0 else "-Infinity"
    return repr(x)


def array_text(items):
    def element(item):
        if item is None:
            return "NULL"
        if isinstance(item, bool):
            return "t" if item else "f"
        if isinstance(item, str):
            return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return number_text(item)
    return "{" + ",".join(element(i) for i in items) + "}"


def bare_text(x):
    """A value as its type's input function takes it."""
    if isinstance(x, bool):
        return "true" if x else "false"
    if isinstance(x, str):
        return x
    if isinstance(x, dict):
        return json.dumps(x, ensure_ascii=False)
    if isinstance(x, (list, tuple)):
        return array_text(x)
    return number_text(x)


def literal(x, kind):
    """A value of a type, in full."""
    return f"NULL::{kind}" if x is None else f"{quoted(bare_text(x))}::{kind}"
