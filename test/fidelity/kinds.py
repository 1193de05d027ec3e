"""What the judge may make on a server: its kinds of fields, and what it refuses or gets wrong."""
import re


class Kind:
    def __init__(self, nullable=False, one_vector=False, sparse=False, other_vectors=False, most_vectors=5, partitions=True, flushes=False,
                 flushes_often=False, updates_auto=False, plain_keys=False, huge_keys=True, special_floats=True, aliases=True):
        self.nullable = nullable                # fields may be, and have defaults
        self.one_vector = one_vector            # a collection has one, of floats or bits
        self.sparse = sparse
        self.other_vectors = other_vectors      # of half precision, of bits, beside the others
        self.most_vectors = most_vectors
        self.partitions = partitions
        self.flushes = flushes
        self.flushes_often = flushes_often      # (newer servers take one in ten seconds)
        self.updates_auto = updates_auto        # rows whose key the server made
        self.plain_keys = plain_keys            # see server-defects
        self.huge_keys = huge_keys              # a dynamic key with whole numbers only may have one beyond 64 bits
        self.aliases = aliases                  # a collection may have other names
        self.special_floats = special_floats    # NaN and infinity can be stored


MILVUS_2_3 = Kind(one_vector=True, flushes=True, flushes_often=True)
LITE_3 = Kind(nullable=True, sparse=True, updates_auto=True, huge_keys=False)
LITE_2 = Kind(aliases=False, sparse=True, other_vectors=True, partitions=False, updates_auto=True, plain_keys=True)
MILVUS_2_4 = Kind(sparse=True, other_vectors=True, most_vectors=4, flushes=True, special_floats=False)
MILVUS_2_5 = Kind(nullable=True, sparse=True, other_vectors=True, most_vectors=4, flushes=True, special_floats=False)
# what every one of them has
UNKNOWN = Kind(one_vector=True, partitions=False, plain_keys=True, huge_keys=False, special_floats=False, aliases=False)

KINDS = {"s": MILVUS_2_3, "l3": LITE_3, "l2": LITE_2}


def of_version(version, dialect):
    """As milvus.versions has them."""
    if dialect == "unknown":
        return UNKNOWN
    if version.startswith("milvus_lite"):
        return LITE_3
    if version == "Milvus Lite 2":
        return LITE_2
    found = re.search(r"(\d+)\.(\d+)", version)
    if not found:
        return UNKNOWN
    number = tuple(map(int, found.groups()))
    # (of a candidate for 2.5.0, nobody knows whether it has all of 2.5)
    candidate = re.search(r"\.0-?(rc|beta|alpha)", version)
    if number >= (2, 6) or number == (2, 5) and not candidate:
        return MILVUS_2_5
    if number >= (2, 4):
        return MILVUS_2_4
    return MILVUS_2_3 if number == (2, 3) else UNKNOWN
