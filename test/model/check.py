#!/usr/bin/env python3
"""The model's own checks: small scenarios through PyMilvus, each for the versions it is about.

    PYTHON test/model/check.py [part of a NAME …]

A scenario says what Milvus' source says of a version, and asserts it.  Ends
with "N passed, N failed".
"""

import base64
import concurrent.futures
import logging
import os
import subprocess
import sys
import time
import traceback
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import grpc     # noqa: E402
from pymilvus import DataType, MilvusClient, MilvusException     # noqa: E402
from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc        # noqa: E402

ALL = ("2.4.23", "2.5.3", "2.5.24", "2.6.1", "2.6.2", "2.6.10", "2.6.18", "2.6.20", "3.0.1")
SCENARIOS = []
LAG = 5
AT_ONCE = 3


def number(version):
    return tuple(int(part) for part in version.split("."))


def scenario(*versions, since=None, until=None):
    """For the versions named, or all from `since` to `until`."""
    wanted = versions or [v for v in ALL if (since is None or number(v) >= number(since))
                          and (until is None or number(v) <= number(until))]

    def keep(run):
        SCENARIOS.append((run.__name__, run, wanted))
        return run
    return keep


def public(test, *versions):
    """What a test of Milvus' own asserts (tests/python_client/milvus_client of v2.6.20), in words of ours and small.

    Its checker looks for the text alone (check/func_check.py, assert_exception); the codes are from the source.
    """
    def keep(run):
        run.public = test
        SCENARIOS.append((run.__name__, run, versions or ("2.6.20", "3.0.1")))
        return run
    return keep


class Root(grpc.UnaryUnaryClientInterceptor):
    """Raw calls as root."""

    def intercept_unary_unary(self, go_on, details, request):
        token = base64.b64encode(b"root:Milvus").decode()
        return go_on(details._replace(metadata=[("authorization", token)]), request)


class Server:
    """One model of one version, and what scenarios do with it."""

    def __init__(self, version, lag=LAG, auth=False):
        self.version = number(version)
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "model.py"), "--version", version, "--lag", str(lag)]
            + ["--auth"] * auth,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline())
        self.uri = "http://127.0.0.1:%d" % self.port
        self.client = MilvusClient(uri=self.uri, token="root:Milvus")
        self.channel = grpc.insecure_channel("127.0.0.1:%d" % self.port)
        if auth:
            self.channel = grpc.intercept_channel(self.channel, Root())
        self.raw = milvus_pb2_grpc.MilvusServiceStub(self.channel)
        self.made = 0

    def stop(self):
        self.process.kill()
        self.process.wait()

    def collection(self, fields, dynamic=False, vector=True, load=True, functions=(), metric="L2", **more):
        """fields: {name: (DataType, {…})}; "id" is the key where none is marked."""
        self.made += 1
        name = "c%d" % self.made
        schema = self.client.create_schema(enable_dynamic_field=dynamic)
        if not any(p.get("is_primary") for _, p in fields.values()):
            schema.add_field("id", DataType.INT64, is_primary=True)
        for field, (kind, params) in fields.items():
            schema.add_field(field, kind, **params)
        metrics = {}
        if vector:
            schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
            metrics["v"] = metric
        for function in functions:
            schema.add_function(function)
        for field, (kind, params) in fields.items():
            if kind in VECTOR_METRICS:
                bm25 = any(field in f.output_field_names for f in functions)
                metrics[field] = "BM25" if bm25 else VECTOR_METRICS[kind]
        more.setdefault("consistency_level", "Strong")
        self.client.create_collection(name, schema=schema, **more)
        if load:
            # not through PyMilvus, which sleeps between its questions
            for field, kind in metrics.items():
                request = milvus_pb2.CreateIndexRequest(collection_name=name, field_name=field)
                request.extra_params.add(key="index_type", value="AUTOINDEX")
                request.extra_params.add(key="metric_type", value=kind)
                assert self.raw.CreateIndex(request).code == 0
            assert self.raw.LoadCollection(milvus_pb2.LoadCollectionRequest(collection_name=name)).code == 0
        return name

    def ids(self, name, text, **more):
        more.setdefault("limit", 1000)
        return sorted(row["id"] for row in self.client.query(name, filter=text, output_fields=["id"], **more))

    def query(self, name, expr, level=0, guarantee=0, iterator=False, fields=("id",), **params):
        request = milvus_pb2.QueryRequest(collection_name=name, expr=expr, output_fields=fields,
                                          consistency_level=level, guarantee_timestamp=guarantee)
        if iterator:
            params["iterator"] = "True"
        for key, value in params.items():
            request.query_params.add(key=key, value=str(value))
        return self.raw.Query(request)

    @staticmethod
    def long_values(answer, name="id"):
        for column in answer.fields_data:
            if column.field_name == name:
                return list(column.scalars.long_data.data)
        return []


VECTOR_METRICS = {DataType.BINARY_VECTOR: "HAMMING", DataType.SPARSE_FLOAT_VECTOR: "IP",
                  DataType.FLOAT16_VECTOR: "COSINE", DataType.BFLOAT16_VECTOR: "L2", DataType.INT8_VECTOR: "L2"}


def refuses(call, code=None, text=None):
    """The call's error, which must be Milvus' with that code and text."""
    try:
        call()
    except MilvusException as error:
        if code is not None:
            assert error.code == code, "code %s: %s" % (error.code, error)
        if text is not None:
            assert text in str(error), str(error)
        return error
    raise AssertionError("no error")


def plain(server):
    """The code of what Milvus' proxy refused with an error of Go's own, until 2.6.19 gave all of them codes."""
    return 1100 if server.version >= (2, 6, 19) else 65535


def run_version(version, chosen):
    """All scenarios of one version, one after the other: (how many passed, which failed)."""
    server, passed, failed = None, 0, []
    try:
        for name, call, versions in SCENARIOS:
            if version not in versions or chosen and not any(part in name for part in chosen):
                continue
            if server is None or server.process.poll() is not None:
                server = Server(version)
            try:
                call(server)
                passed += 1
            except Exception:
                failed.append("%s %s" % (name, version))
                print("FAILED %s %s\n    %s" % (name, version, traceback.format_exc().strip().replace("\n", "\n    ")))
    finally:
        if server is not None:
            server.stop()
    return passed, failed


def run(chosen):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(lambda version: run_version(version, chosen), ALL))
    failed = [line for _, lines in done for line in lines]
    for line in failed:
        print("failed: " + line)
    print("%d passed, %d failed" % (sum(passed for passed, _ in done), len(failed)))
    return bool(failed)


if __name__ == "__main__":
    # the scenarios import this file by its name
    sys.modules["check"] = sys.modules["__main__"]
    import scenarios_admin      # noqa: F401
    import scenarios_data       # noqa: F401
    import scenarios_functions  # noqa: F401
    import scenarios_public     # noqa: F401
    import scenarios_public_read    # noqa: F401
    import scenarios_read       # noqa: F401
    start = time.time()
    sys.exit(run(sys.argv[1:]))
