"""What every part of the model needs: the version it plays, errors, time.

A version is compared as a tuple, so `v >= (2, 6, 11)` is how a rule says since
when it holds.  Errors carry Milvus' own code (pkg/util/merr/errors.go).
"""

import re
import threading
import time

from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2  # noqa: F401

DT = schema_pb2.DataType


class Version:
    """2.4.23 and the like; a leading v and a suffix after "-" are kept for the client only."""

    def __init__(self, text):
        found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
        if not found:
            raise ValueError("not a version: %s" % text)
        self.text = text
        self.number = tuple(int(part or 0) for part in found.groups())

    def __ge__(self, other):
        return self.number >= tuple(other)

    def __lt__(self, other):
        return self.number < tuple(other)

    def between(self, first, last):
        """first <= version <= last, both within one line of releases."""
        return tuple(first) <= self.number <= tuple(last)

    @property
    def build_tag(self):
        """cmd/milvus/run.go: 2.4 tells git's tag, later ones the number of pkg/common/version.go."""
        return "v" + self.text if self < (2, 5, 0) and not self.text.startswith("v") else self.text


# --- errors: pkg/util/merr/errors.go and utils.go ---

SERVICE_INTERNAL = 5
COLLECTION_NOT_FOUND = 100
COLLECTION_NOT_LOADED = 101
COLLECTION_LOADED = 104
COLLECTION_ILLEGAL_SCHEMA = 105
SCHEMA_MISMATCH = 109
PARTITION_NOT_FOUND = 200
PARTITION_NOT_LOADED = 201
RESOURCE_GROUP_NOT_FOUND = 300
INDEX_NOT_FOUND = 700
INDEX_DUPLICATE = 702
DATABASE_NOT_FOUND = 800
DATABASE_INVALID_NAME = 802
PARAMETER_INVALID = 1100
PARAMETER_MISSING = 1101
NOT_AUTHENTICATED = 1400
NOT_PERMITTED = 1401
PRIVILEGE_GROUP_NAME = 1402
ALIAS_NOT_FOUND = 1600
ALIAS_NAME_CONFLICT = 1601
ALIAS_EXISTS = 1602
FIELD_NOT_FOUND = 1700
FIELD_INVALID_NAME = 1701
SEGCORE = 2000
SEGCORE_UNSUPPORTED = 2001
CORE_UNSUPPORTED, CORE_NOT_LOADED, CORE_METRIC, CORE_DIMENSION = 2003, 2027, 2031, 2032   # the core's own numbers
FUNCTION_FAILED = 2400
UNEXPECTED = 65535

RETRIABLE = {1, 2, 4, 8, 12, 103, 106, 2200}

OLD_CODES = {
    1: common_pb2.NotReadyServe,
    COLLECTION_NOT_FOUND: common_pb2.CollectionNotExists,
    SCHEMA_MISMATCH: common_pb2.SchemaMismatch,
    PARTITION_NOT_FOUND: common_pb2.MetaFailed,
    INDEX_NOT_FOUND: common_pb2.IndexNotExist,
    PARAMETER_INVALID: common_pb2.IllegalArgument,
    PARAMETER_MISSING: common_pb2.IllegalArgument,
}

TEXTS = {
    SERVICE_INTERNAL: "service internal error",
    COLLECTION_NOT_FOUND: "collection not found",
    COLLECTION_NOT_LOADED: "collection not loaded",
    COLLECTION_LOADED: "collection already loaded",
    SCHEMA_MISMATCH: "collection schema mismatch",
    PARTITION_NOT_FOUND: "partition not found",
    PARTITION_NOT_LOADED: "partition not loaded",
    INDEX_NOT_FOUND: "index not found",
    DATABASE_NOT_FOUND: "database not found",
    DATABASE_INVALID_NAME: "invalid database name",
    PARAMETER_INVALID: "invalid parameter",
    PARAMETER_MISSING: "missing parameter",
    ALIAS_NOT_FOUND: "alias not found",
    ALIAS_NAME_CONFLICT: "alias and collection name conflict",
    ALIAS_EXISTS: "alias already exist",
    FIELD_NOT_FOUND: "field not found",
    FIELD_INVALID_NAME: "field name invalid",
    NOT_PERMITTED: "privilege not permitted",
    FUNCTION_FAILED: "function execution failed",
    SEGCORE: "segcore error",
    SEGCORE_UNSUPPORTED: "segcore unsupported error",
}


class MilvusError(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Unimplemented(Exception):
    """This the real server has and the model has not: gRPC's UNIMPLEMENTED, with a text that says so."""


def play(version):
    """One process plays one version; what depends on it everywhere is said here."""
    global PLAYED
    PLAYED = version


PLAYED = Version("2.6.20")


def wrapped(code, text):
    """errors.Wrap of a sentinel: the text, then what the sentinel says."""
    return MilvusError(code, "%s: %s" % (text, TEXTS[code]))


def invalid(text, *args):
    """merr.WrapErrParameterInvalidMsg."""
    return wrapped(PARAMETER_INVALID, (text % args) if args else text)


def plain(text, *args, code=PARAMETER_INVALID):
    """An error of Go's own, which merr.Status() tells as 65535 without more, until 39c9b039d2 made merr's of all (2.6.19)."""
    text = (text % args) if args else text
    return wrapped(code, text) if PLAYED >= (2, 6, 19) else MilvusError(UNEXPECTED, text)


def expected(wanted, actual, text):
    """WrapErrParameterInvalid: what was wanted and what came, before the text."""
    return MilvusError(PARAMETER_INVALID, "%s: invalid parameter[expected=%s][actual=%s]" % (text, wanted, actual))


def missing(text):
    """merr.WrapErrParameterMissingMsg."""
    return wrapped(PARAMETER_MISSING, text)


def about(code, **what):
    return MilvusError(code, TEXTS[code] + "".join("[%s=%s]" % pair for pair in what.items()))


def segcore(text, number=2001, action="Query"):
    """An assertion of the C++ core (its UnexpectedError, unless `number` says another): the query fails, the server lives.

    The delegator made a text of the worker's error until 2.6.18 (querynodev2/delegator, "worker(%d) query failed"), so
    that its code was lost; pkg/util/merr/segcore.go says what became of each since then.
    """
    text = "failed to %s: fail to %s on QueryNode 1: worker(1) query failed: => %s" % (action.lower(), action, text)
    if PLAYED < (2, 6, 19):
        return MilvusError(UNEXPECTED, text)
    code = SEGCORE_UNSUPPORTED if number == CORE_UNSUPPORTED else SEGCORE
    return MilvusError(code, "%s: %s[segcoreCode=%d]" % (text, TEXTS[code], number))


def fill_status(status, error=None):
    """Status(): both the code and, for old clients, the enum."""
    status.SetInParent()
    if error is None:
        return status
    status.code = error.code
    status.error_code = OLD_CODES.get(error.code, common_pb2.UnexpectedError)
    status.reason = error.reason
    status.detail = error.reason
    status.retriable = error.code in RETRIABLE
    return status


# --- time: pkg/util/tsoutil; 46 bits of milliseconds, 18 bits of a counter ---

LOGICAL_BITS = 18


def compose(ms, logical=0):
    return (int(ms) << LOGICAL_BITS) + logical


class Clock:
    """The timestamp oracle: never the same twice, never backwards."""

    def __init__(self):
        self.lock = threading.Lock()
        self.last = 0

    def now(self):
        with self.lock:
            self.last = max(self.last + 1, compose(time.time() * 1000))
            return self.last

    @staticmethod
    def wall():
        """What the proxy takes for reads that need no oracle (task_scheduler.go)."""
        return compose(time.time() * 1000)


def before(timestamp, ms):
    """AddPhysicalDurationOnTs with a negative duration."""
    return max(0, timestamp - (int(ms) << LOGICAL_BITS))


def pairs(params):
    """Key-value pairs; the first of a key counts (funcutil.GetAttrByKeyFromRepeatedKV)."""
    found = {}
    for pair in params:
        found.setdefault(pair.key, pair.value)
    return found


def go_int(text):
    """strconv.ParseInt(text, 0, 64), or None."""
    if not re.fullmatch(r"[+-]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]*|[1-9][0-9]*)", text or ""):
        return None
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    lower = digits.lower()
    if lower.startswith("0x"):
        number = int(lower, 16)
    elif lower.startswith("0b"):
        number = int(lower, 2)
    elif len(lower) > 1 and lower[0] == "0":
        number = int(lower[1:].lstrip("o") or "0", 8)
    else:
        number = int(lower)
    number *= sign
    return number if -2 ** 63 <= number < 2 ** 63 else None


def go_float(text):
    """strconv.ParseFloat of decimals, or None."""
    if not re.fullmatch(r"[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf(inity)?|nan)", text or "", re.I | re.A):
        return None
    number = float(text)
    return None if number in (float("inf"), float("-inf")) and "n" not in text.lower() else number


def go_bool(text):
    """strconv.ParseBool, or None."""
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    return None
