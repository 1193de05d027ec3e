#!/usr/bin/env python3
"""Write the demo's data as files for PostgreSQL's COPY.

    copydata.py FOLDER      makes packages.copy, phrases.copy and installed.copy there

packages.copy   name, section, installed_size, priority, description, embedding
phrases.copy    phrase, embedding
installed.copy  name, version: the packages of this machine

Descriptions are those of "apt-cache dumpavail"; '' where it has none.
"""
import os
import struct
import subprocess
import sys

DIMENSIONS = 384
HERE = os.path.dirname(os.path.abspath(__file__))


def output_lines(*command):
    """The lines a command prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace") as process:
        for line in process.stdout:
            yield line.rstrip("\n")
    if process.returncode != 0:
        sys.exit(f"copydata.py: {command[0]} failed with status {process.returncode}")


def descriptions():
    """One-line descriptions by package name."""
    found = {}
    name = None
    for line in output_lines("apt-cache", "dumpavail"):
        if line.startswith("Package: "):
            name = line[len("Package: "):]
        elif line.startswith(("Description: ", "Description-en: ")):
            found.setdefault(name, line.split(": ", 1)[1])
    return found


def input_lines(name):
    """The lines of one of the files beside this one."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read().splitlines()


def embeddings(name, code):
    """The rows of a file of vectors, as pgvector's input; code: e for halves, f for floats."""
    row = struct.Struct(f"<{DIMENSIONS}{code}")
    with open(os.path.join(HERE, name), "rb") as file:
        for values in row.iter_unpack(file.read()):
            yield "[" + ",".join(map("{:.9g}".format, values)) + "]"


def escape(text):
    """A value of COPY's text format."""
    for char, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(char, escaped)
    return text


def write(folder, name, rows):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        for row in rows:
            file.write("\t".join(map(escape, row)) + "\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    described = descriptions()
    packages = [line.split("\t") for line in input_lines("packages.tsv")]
    write(folder, "packages.copy", (
        [*package, described.get(package[0], ""), embedding]
        for package, embedding in zip(packages, embeddings("packages.f16", "e"))))
    write(folder, "phrases.copy", zip(input_lines("queries.txt"), embeddings("queries.f32", "f")))
    # a package may be installed for two architectures
    installed = dict(
        line.split("\t")[1:]
        for line in output_lines("dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${Package}\t${Version}\n")
        if line.startswith("ii"))
    write(folder, "installed.copy", installed.items())


if __name__ == "__main__":
    main()
