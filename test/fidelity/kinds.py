"""What the judge may make on a server: its kinds of fields, and what it refuses or gets wrong."""
import re


class Kind:
    def __init__(self, nullable=False, one_vector=False, sparse=False, other_vectors=False, most_vectors=5, partitions=True, flushes=False,
                 flushes_often=False, updates_auto=False, plain_keys=False, huge_keys=True, special_floats=True, aliases=True, defaults=False,
                 snapshots=False, ids=False, json_indexes=False, timestamps=False, null_vectors=False, int8_vectors=False, geometries=False):
        self.nullable = nullable                # fields may be
        self.defaults = defaults                # fields may have one
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
        self.snapshots = snapshots              # a scan of several pages does not see what is written meanwhile
        self.ids = ids                          # collections have one: another of the same name is told from the first
        self.json_indexes = json_indexes        # numbers in documents can have an index, as doubles
        self.timestamps = timestamps            # fields may be of type Timestamptz
        self.null_vectors = null_vectors        # vectors may be null
        self.int8_vectors = int8_vectors        # vectors may be of whole numbers
        self.geometries = geometries            # fields may be of type Geometry


MILVUS_2_3 = Kind(one_vector=True, ids=True, flushes=True, flushes_often=True)
LITE_3 = Kind(nullable=True, defaults=True, sparse=True, updates_auto=True, huge_keys=False, geometries=True)
LITE_2 = Kind(aliases=False, sparse=True, other_vectors=True, partitions=False, updates_auto=True, plain_keys=True)
# what every one of them has
UNKNOWN = Kind(one_vector=True, partitions=False, plain_keys=True, huge_keys=False, special_floats=False, aliases=False)

KINDS = {"s": MILVUS_2_3, "l3": LITE_3, "l2": LITE_2}


def newer(**more):
    return Kind(ids=True, sparse=True, other_vectors=True, most_vectors=4, flushes=True, special_floats=False, defaults=True, **more)


# of Milvus, each from a version on
SINCE = [((2, 6, 18), newer(nullable=True, snapshots=True, json_indexes=True, timestamps=True, int8_vectors=True, null_vectors=True)),
         ((2, 6, 6), newer(nullable=True, snapshots=True, json_indexes=True, timestamps=True, int8_vectors=True)),
         ((2, 6, 0), newer(nullable=True, snapshots=True, json_indexes=True, int8_vectors=True)),
         ((2, 5, 7), newer(nullable=True, snapshots=True, json_indexes=True)),
         ((2, 5, 0), newer(nullable=True, snapshots=True)),
         ((2, 4, 0), newer()),
         ((2, 3, 0), MILVUS_2_3)]


def of_version(version, dialect):
    """As milvus.versions has them."""
    if dialect == "unknown":
        return UNKNOWN
    if version.startswith("milvus_lite"):
        return LITE_3
    if version == "Milvus Lite 2":
        return LITE_2
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    if not found:
        return UNKNOWN
    number = tuple(int(part or 0) for part in found.groups())
    # (of a candidate for 2.5.0, nobody knows whether it has all of 2.5)
    if re.search(r"\.0-?(rc|beta|alpha)", version):
        number = (number[0], number[1] - 1, 0) if number[1] else (2, 6, 0)
    return next((kind for first, kind in SINCE if number >= first), UNKNOWN)
