#!/usr/bin/env python3
"""Hold proto/*.proto to the descriptors of the PyMilvus that is installed.

    PYTHON test/conformance/conformance.py [--proto DIR] [--ours-only]

PYTHON is the python of a venv with some PyMilvus; nothing else of it is used
than the generated modules of pymilvus.grpc_gen and google.protobuf.  Our files
are compiled with $PROTOC, protoc or protoc-c, whichever is found first.

Everything PyMilvus has must be in ours and be the same: RPCs (request,
response, streaming), messages, fields (number, type, label, type name, packed,
oneof) and enum values.  What ours has beyond that is no mismatch: --ours-only
lists it.  Exit status: 0 in agreement, 1 a mismatch, 2 could not compare.
"""

import argparse
import importlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types

try:
    from google.protobuf import descriptor_pb2 as pb
except ImportError:
    print("conformance: %s has no protobuf, so no PyMilvus" % sys.executable, file=sys.stderr)
    sys.exit(2)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# The version proto/ was transcribed from: from here on nothing is excused.
TRANSCRIBED = (3, 0, 2)

# Fields named differently in ours, for protobuf-c.
RENAMED = {"base_": "base"}

# Where PyMilvus before TRANSCRIBED may differ from ours: what, the pattern of
# its full name, the difference it may show, and why that is no fault of ours.
EXCUSED = [
    ("rpc", r"milvus\.proto\.milvus\.MilvusService\.SearchV2", r"missing",
     "2.3 only, an experiment: became HybridSearch in 2.4"),
    ("message", r"milvus\.proto\.milvus\.SearchRequestV2", r"missing",
     "request of SearchV2"),
    ("field", r"milvus\.proto\.milvus\.SearchRequestV2\..*", r"missing",
     "request of SearchV2"),
    ("field", r"milvus\.proto\.milvus\.SearchRequest\.placeholder_group",
     r"oneof none, is search_input",
     "joined a oneof when ids came as the other way to search: same bytes on the wire"),
    ("field", r"milvus\.proto\.milvus\.AlterCollectionSchemaResponse\.index_status", r"missing",
     "in 3.0.0 only; its number has not been given to another field"),
]

F = pb.FieldDescriptorProto
TYPE = {v: k[5:].lower() for k, v in F.Type.items()}
LABEL = {v: k[6:].lower() for k, v in F.Label.items()}
UNPACKABLE = (F.TYPE_STRING, F.TYPE_BYTES, F.TYPE_MESSAGE, F.TYPE_GROUP)


def fail(text):
    print("conformance: " + text, file=sys.stderr)
    sys.exit(2)


def compile_ours(folder):
    """The FileDescriptorProtos of the .proto files in a folder."""
    names = sorted(n for n in os.listdir(folder) if n.endswith(".proto"))
    if not names:
        fail("no .proto file in %s" % folder)
    wanted = [os.environ.get("PROTOC"), "protoc", "protoc-c"]
    tools = [t for t in wanted if t and shutil.which(t)]
    if not tools:
        fail("neither protoc nor protoc-c found (package protobuf-compiler or protobuf-c-compiler)")
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "ours.bin")
        run = subprocess.run([tools[0], "--descriptor_set_out=" + out, "-I", folder] + names,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode != 0 or not os.path.exists(out):
            fail("%s failed on %s:\n%s" % (tools[0], folder, run.stdout))
        with open(out, "rb") as f:
            return list(pb.FileDescriptorSet.FromString(f.read()).file)


def load_pymilvus():
    """The version of PyMilvus, and the FileDescriptorProtos it carries.

    The packages are stood in for, not initialized: that would pull in grpc,
    pandas and, in old versions, packages that no longer fit together.
    """
    try:
        version = importlib.metadata.version("pymilvus")
        spec = importlib.util.find_spec("pymilvus")
    except importlib.metadata.PackageNotFoundError:
        fail("%s has no PyMilvus" % sys.executable)
    folders = list(spec.submodule_search_locations)
    for name, path in (("pymilvus", folders),
                       ("pymilvus.grpc_gen", [os.path.join(f, "grpc_gen") for f in folders])):
        package = types.ModuleType(name)
        package.__path__ = path
        sys.modules[name] = package

    files = {}

    def add(descriptor):
        if descriptor.name in files or not descriptor.package.startswith("milvus."):
            return
        files[descriptor.name] = proto = pb.FileDescriptorProto()
        descriptor.CopyToProto(proto)
        for imported in descriptor.dependencies:
            add(imported)

    for name in ("common", "schema", "milvus"):
        try:
            add(importlib.import_module("pymilvus.grpc_gen.%s_pb2" % name).DESCRIPTOR)
        except Exception as e:
            fail("PyMilvus %s does not load: %s" % (version, e))
    return version, list(files.values())


def flatten(files):
    """Full name -> properties, for each of the four kinds of things."""
    flat = {"rpc": {}, "message": {}, "field": {}, "enum value": {}}

    def add_field(field, message, full):
        oneof, optional = "", field.proto3_optional
        if field.HasField("oneof_index"):
            oneof = message.oneof_decl[field.oneof_index].name
            members = [f for f in message.field
                       if f.HasField("oneof_index") and f.oneof_index == field.oneof_index]
            if len(members) == 1 and oneof == "_" + field.name:
                oneof, optional = "", True      # what "optional" stands for
        repeated = field.label == F.LABEL_REPEATED
        packed = (repeated and field.type not in UNPACKABLE
                  and (field.options.packed or not field.options.HasField("packed")))
        name = RENAMED.get(field.name, field.name)
        flat["field"]["%s.%s" % (full, name)] = {
            "number": field.number, "type": TYPE[field.type], "label": LABEL[field.label],
            "type name": field.type_name.lstrip("."), "oneof": oneof,
            "optional": optional, "packed": packed}

    def add_message(message, scope):
        full = "%s.%s" % (scope, message.name)
        flat["message"][full] = {"map entry": message.options.map_entry}
        for field in message.field:
            add_field(field, message, full)
        for nested in message.nested_type:
            add_message(nested, full)
        for enum in message.enum_type:
            add_enum(enum, full)

    def add_enum(enum, scope):
        for value in enum.value:
            flat["enum value"]["%s.%s.%s" % (scope, enum.name, value.name)] = {
                "number": value.number}

    for file in files:
        if file.syntax != "proto3":
            fail("%s is not proto3: packed-ness would be judged wrongly" % file.name)
        for message in file.message_type:
            add_message(message, file.package)
        for enum in file.enum_type:
            add_enum(enum, file.package)
        for service in file.service:
            for method in service.method:
                flat["rpc"]["%s.%s.%s" % (file.package, service.name, method.name)] = {
                    "request": method.input_type.lstrip("."),
                    "response": method.output_type.lstrip("."),
                    "client streaming": method.client_streaming,
                    "server streaming": method.server_streaming}
    return flat


def compare(ours, theirs):
    """Yields (kind, full name, difference)."""
    for kind in theirs:
        for name, want in sorted(theirs[kind].items()):
            have = ours[kind].get(name)
            if have is None:
                yield kind, name, "missing"
                continue
            for key in want:
                if have[key] != want[key]:
                    yield kind, name, "%s %s, is %s" % (
                        key, show(want[key]), show(have[key]))


def show(value):
    return "none" if value == "" else str(value)


def excuse(kind, name, difference):
    for entry in EXCUSED:
        if (kind == entry[0] and re.fullmatch(entry[1], name)
                and re.fullmatch(entry[2], difference)):
            return entry
    return None


def main():
    parser = argparse.ArgumentParser(description="Compare proto/ with the installed PyMilvus.")
    parser.add_argument("--proto", default=os.path.join(ROOT, "proto"), metavar="DIR",
                        help="folder with our .proto files (default: proto/ of this tree)")
    parser.add_argument("--ours-only", action="store_true",
                        help="list what ours has and this PyMilvus has not")
    args = parser.parse_args()

    version, files = load_pymilvus()
    theirs = flatten(files)
    ours = flatten(compile_ours(args.proto))
    older = tuple(int(n) for n in re.findall(r"\d+", version)[:3]) < TRANSCRIBED

    mismatches, excused = 0, {}
    for kind, name, difference in compare(ours, theirs):
        entry = excuse(kind, name, difference) if older else None
        if entry:
            excused.setdefault(entry, []).append(name)
        else:
            mismatches += 1
            print("mismatch: %s %s: %s" % (kind, name, difference))
    for (kind, _, difference, reason), names in excused.items():
        more = " and %d more" % (len(names) - 1) if len(names) > 1 else ""
        print("excused: %s %s%s: %s (%s)" % (kind, names[0], more, difference, reason))
    if args.ours_only:
        for kind in ours:
            for name in sorted(set(ours[kind]) - set(theirs[kind])):
                print("ours only: %s %s" % (kind, name))

    print("%d enum values compared, %d differences excused" % (
        len(theirs["enum value"]), sum(len(names) for names in excused.values())))
    print("conformance: %d messages, %d fields, %d rpcs compared with PyMilvus %s; %d mismatches" % (
        len(theirs["message"]), len(theirs["field"]), len(theirs["rpc"]), version, mismatches))
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
