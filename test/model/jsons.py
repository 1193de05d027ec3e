"""JSON as the core reads it (common/Json.h over simdjson).

Numbers keep their kind: an int where it fits 64 bits, else a float.  A path's
keys are compared with the document's keys as they are written, escapes and
all: where a document has a backslash it is parsed here with raw keys.
"""

import functools
import json
import re

MISSING = object()
TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[\[\]{},:])')


def number(text):
    if "." in text or "e" in text or "E" in text:
        return float(text)
    value = int(text)
    return value if -2 ** 63 <= value < 2 ** 63 else float(value)


def with_raw_keys(text):
    """A document as dicts whose keys are not unescaped."""
    at = 0

    def token():
        nonlocal at
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(text[at:at + 20])
        at = found.end()
        return found.group(1)

    def value(first):
        if first == "{":
            made = {}
            key = token()
            while key != "}":
                if key == ",":
                    key = token()
                if token() != ":":
                    raise ValueError(text)
                made.setdefault(key[1:-1], value(token()))
                key = token()
            return made
        if first == "[":
            made = []
            item = token()
            while item != "]":
                if item == ",":
                    item = token()
                made.append(value(item))
                item = token()
            return made
        if first[0] == '"':
            return json.loads(first, strict=False)
        return {"true": True, "false": False, "null": None}[first] if first in ("true", "false", "null") \
            else number(first)

    return value(token())


def first_wins(found):
    made = {}
    for key, value in found:
        made.setdefault(key, value)
    return made


@functools.lru_cache(maxsize=200000)
def parse(raw):
    """Bytes -> document, or MISSING if they are no JSON."""
    try:
        if b"\\" in raw:
            return with_raw_keys(raw.decode())
        return json.loads(raw, parse_int=number, object_pairs_hook=first_wins)
    except (ValueError, RecursionError, KeyError):
        return MISSING


def at(document, path):
    """at_pointer, or MISSING."""
    for key in path:
        if isinstance(document, dict):
            if key not in document:
                return MISSING
            document = document[key]
        elif isinstance(document, list):
            if not re.fullmatch(r"0|[1-9][0-9]*", key) or int(key) >= len(document):
                return MISSING
            document = document[int(key)]
        else:
            return MISSING
    return document


def equal(value, constant):
    """One JSON value and one constant of a filter, as CompareTwoJsonArray compares elements."""
    items = getattr(constant, "items", None)
    if items is not None and not isinstance(constant, dict):
        return isinstance(value, list) and len(value) == len(items) and all(map(equal, value, items))
    if isinstance(constant, bool) or isinstance(value, bool):
        return isinstance(constant, bool) and isinstance(value, bool) and value == constant
    if isinstance(constant, str):
        return isinstance(value, str) and value == constant
    if isinstance(value, (int, float)):
        if isinstance(value, float) or isinstance(constant, float):
            return float(value) == float(constant)
        return value == constant
    return False
