#!/usr/bin/env python3
"""What newer versions of Milvus are sent, and what is made of their answers.

    test/versions/run [--only WORD] [--version V] [--list] [-v]

Each check says what it shows, and the file of Milvus' source that it follows from, never from milvus_fdw's code.
A check is made for each of its versions, and counts so often.
"""

import argparse
import sys

from harness import CHECKS, Runner

import reading          # noqa: F401
import writing          # noqa: F401
import filters          # noqa: F401
import versions_told    # noqa: F401


def main():
    parser = argparse.ArgumentParser(description="Judge what newer versions of Milvus are sent.")
    parser.add_argument("--only", help="checks with this word in their name or file")
    parser.add_argument("--version", help="only this version, as it calls itself")
    parser.add_argument("--list", action="store_true", help="tell the checks, run none")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell of every version, and of what passed")
    args = parser.parse_args()

    checks = [c for c in CHECKS if not args.only or args.only in c.name or args.only == c.function.__module__]
    if args.version:
        for c in checks:
            c.versions = [v for v in c.versions if v == args.version]
        checks = [c for c in checks if c.versions]
    if args.list:
        for c in checks:
            print("%s: %s  [%s]  %s" % (c.name, c.shows, c.source, " ".join(v or '""' for v in c.versions)))
        return 0
    return Runner(checks).run(args.verbose)


if __name__ == "__main__":
    sys.exit(main())
