"""String literals as the server reads them: Han characters, escapes, LIKE patterns.

From internal/parser/planparserv2/utils.go (convertHanToASCII, decodeUnicode,
convertEscapeSingle), pattern_match.go and Go's strconv.Unquote.
"""

import re

# Go's unicode.Han (Unicode 15): first, last, step
HAN = ((0x2e80, 0x2e99, 1), (0x2e9b, 0x2ef3, 1), (0x2f00, 0x2fd5, 1), (0x3005, 0x3007, 2), (0x3021, 0x3029, 1),
       (0x3038, 0x303b, 1), (0x3400, 0x4dbf, 1), (0x4e00, 0x9fff, 1), (0xf900, 0xfa6d, 1), (0xfa70, 0xfad9, 1),
       (0x16fe2, 0x16fe3, 1), (0x16ff0, 0x16ff1, 1), (0x20000, 0x2a6df, 1), (0x2a700, 0x2b739, 1),
       (0x2b740, 0x2b81d, 1), (0x2b820, 0x2cea1, 1), (0x2ceb0, 0x2ebe0, 1), (0x2f800, 0x2fa1d, 1),
       (0x30000, 0x3134a, 1), (0x31350, 0x323af, 1))
ESCAPABLE = set("\\ntrf\"'")
SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}


def is_han(character):
    code = ord(character)
    return code >= 0x2e80 and any(a <= code <= b and (code - a) % step == 0 for a, b, step in HAN)


def han_to_ascii(text, raw_strings):
    """Every Han character becomes \\uXXXX of its low 16 bits (facts 1.2).

    An escape of another kind than isEscapeCh() knows leaves the whole filter as it is.
    """
    if text.isascii():
        return text
    if raw_strings and not any(is_han(c) for c in text):
        return text
    out, skip, quote, raw, raw_skip, before, earlier = [], False, "", False, False, "", ""
    for i, char in enumerate(text):
        if raw:
            out.append(char)
            if raw_skip:
                raw_skip = False
            elif char == "\\":
                raw_skip = True
            elif char == quote:
                raw, quote = False, ""
        elif skip:
            out.append(char)
            skip = False
        elif char == "\\":
            if i + 1 < len(text) and text[i + 1] not in ESCAPABLE:
                return text
            skip = True
            out.append(char)
        elif raw_strings and char in "\"'":
            if not quote:
                quote = char
                raw = before in ("r", "R") and not (earlier.isascii() and (earlier.isalnum() or earlier == "_"))
            elif char == quote:
                quote = ""
            out.append(char)
        elif is_han(char):
            out.append("\\u%04x" % (ord(char) & 0xffff))
        else:
            out.append(char)
        earlier, before = before, char
    return "".join(out)


def decode_names(text):
    """decodeUnicode: in identifiers and JSON paths."""
    def one(found):
        code = int(found.group()[2:], 16)
        # string(rune) of a surrogate is the replacement character
        return "\ufffd" if 0xd800 <= code < 0xe000 else chr(code)
    return re.sub(r"\\u[0-9a-fA-F]{4}", one, text)


class BadString(Exception):
    pass


def unquote(inner):
    """strconv.Unquote of a double-quoted text, without the quotes."""
    out, at = bytearray(), 0
    while at < len(inner):
        char = inner[at]
        if char != "\\":
            if char in '"\n':
                raise BadString("invalid syntax")
            out += char.encode("utf-8", "surrogatepass")
            at += 1
            continue
        at += 1
        kind = inner[at:at + 1]
        at += 1
        if kind in SIMPLE and kind:
            out.append(SIMPLE[kind])
            continue
        digits = {"x": 2, "u": 4, "U": 8}.get(kind)
        if digits:
            word = inner[at:at + digits]
            if not re.fullmatch(r"[0-9a-fA-F]{%d}" % digits, word):
                raise BadString("invalid syntax")
            at += digits
            code = int(word, 16)
            if kind == "x":
                out.append(code)
            elif code > 0x10ffff or 0xd800 <= code < 0xe000:
                raise BadString("invalid syntax")
            else:
                out += chr(code).encode()
        elif kind and kind in "01234567":
            word = kind + inner[at:at + 2]
            if not re.fullmatch(r"[0-7]{3}", word) or int(word, 8) > 255:
                raise BadString("invalid syntax")
            at += 2
            out.append(int(word, 8))
        else:
            raise BadString("invalid syntax")
    try:
        return out.decode()
    except UnicodeDecodeError:
        # the plan is protobuf: a string that is no UTF-8 can't be sent on
        raise BadString("string field contains invalid UTF-8")


def literal(token):
    """convertEscapeSingle: the value of a string token, a prefix (u8, L) counted as it is counted there."""
    body, out, slashes = token[1:-1], [], 0
    for char in body:
        if char == "\\":
            slashes += 1
            out.append(char)
            continue
        if char == '"' and slashes % 2 == 0:
            out.append("\\")
        elif char == "'" and slashes % 2:
            out.pop()
        out.append(char)
        slashes = 0
    return unquote("".join(out))


# --- LIKE ---

def like_24(pattern):
    """2.4 to 2.5.9: a prefix is told, everything else is a regex."""
    loc = len(pattern) - 1
    while loc >= 0 and pattern[loc] in "_%" and not (loc > 0 and pattern[loc - 1] == "\\"):
        loc -= 1
    if loc < 0:
        return "prefix", ""
    head, wild, i = pattern[:loc + 1], False, loc
    while i >= 0:
        if head[i] in "_%":
            if i > 0 and head[i - 1] == "\\":
                i -= 2
                continue
            wild = True
            break
        i -= 1
    if loc >= len(pattern) - 1 and not wild:
        return "==", pattern
    return ("prefix", head) if not wild else ("match", pattern)


def like_25(pattern):
    """optimizeLikePattern of 2.5.10 to 2.6: only \\% and \\_ are escapes."""
    if not pattern:
        return "==", ""
    if pattern in ("%", "%%"):
        return "prefix", ""

    def plain(text):
        out, i = [], 0
        while i < len(text):
            if text[i] == "\\" and text[i + 1:i + 2] in ("_", "%"):
                out.append(text[i + 1])
                i += 2
                continue
            if text[i] in "_%":
                return None
            out.append(text[i])
            i += 1
        return "".join(out)

    leading, trailing = pattern[0] == "%", pattern[-1] == "%"
    if leading and trailing:
        found = plain(pattern[1:-1].strip("%"))
        if found == "":
            return "prefix", ""
        return ("inner", found) if found is not None else ("match", pattern)
    if leading:
        found, op = plain(pattern[1:].lstrip("%")), "postfix"
    elif trailing:
        found, op = plain(pattern[:-1].rstrip("%")), "prefix"
    else:
        found, op = plain(pattern), "=="
    return (op, found) if found is not None else ("match", pattern)


def like_30(pattern):
    """3.0: a backslash escapes whatever follows."""
    units, i = [], 0
    while i < len(pattern):
        if pattern[i] == "\\":
            if i + 1 == len(pattern):
                return "match", pattern
            units.append((pattern[i + 1], False))
            i += 2
            continue
        units.append((pattern[i], pattern[i] in "%_"))
        i += 1
    if not units:
        return "==", ""
    lead = 0
    while lead < len(units) and units[lead] == ("%", True):
        lead += 1
    if lead == len(units):
        return "prefix", ""
    trail = 0
    while units[len(units) - 1 - trail] == ("%", True):
        trail += 1
    core = units[lead:len(units) - trail]
    if any(wild for _, wild in core):
        return "match", pattern
    op = "inner" if lead and trail else "postfix" if lead else "prefix" if trail else "=="
    return op, "".join(char for char, _ in core)


def like(pattern, version):
    if version >= (3, 0, 0):
        return like_30(pattern)
    if version >= (2, 5, 10):
        return like_25(pattern)
    return like_24(pattern)


def like_regex(pattern, version):
    """A test for texts: % and _ are [\\s\\S]* and [\\s\\S] (common/RegexQuery.cpp).

    Before 3.0 the regex runs over bytes (boost), so that _ is one byte; RE2 goes by characters.
    """
    out, i = [], 0
    while i < len(pattern):
        char = pattern[i]
        if char == "\\":
            if i + 1 == len(pattern) and version >= (3, 0, 0):
                raise BadString("invalid pattern: trailing escape")
            out.append(re.escape(pattern[i + 1:i + 2]))
            i += 2
            continue
        out.append("[\\s\\S]*" if char == "%" else "[\\s\\S]" if char == "_" else re.escape(char))
        i += 1
    if version >= (3, 0, 0):
        compiled = re.compile("".join(out))
        return lambda text: compiled.fullmatch(text) is not None
    compiled = re.compile("".join(out).encode())
    return lambda text: compiled.fullmatch(text.encode()) is not None
