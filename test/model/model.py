#!/usr/bin/env python3
"""A model of Milvus 2.4 … 3.0: it behaves over gRPC as its own source says, in memory.

    PYTHON test/model/model.py [--port N] [--version 2.6.20] [--lag MS] [--auth]

PYTHON is the python of a venv with PyMilvus, numpy and grpcio.  The first
line it prints is its port, on 127.0.0.1, without TLS.

It is written from Milvus' source alone (the file a rule is from is named
beside it), so that milvus_fdw meets something that does not share its
assumptions.  What the model lacks it answers with UNIMPLEMENTED.  Where a
server of the version played would panic, it dies.

--lag is how far behind the clock the first shard's readers are, in
milliseconds; the others lag half of that more each.  The environment's
MODEL_VERSION and MODEL_LAG are the defaults (dev/milvus start n), and
COMMON_SECURITY_AUTHORIZATIONENABLED=true is --auth, as for Milvus itself.
"""

import argparse
import concurrent.futures
import importlib.util
import os
import sys
import types

import grpc

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def declarations_alone():
    """PyMilvus' declarations without the rest of it, which brings pandas and takes a second to import."""
    spec = importlib.util.find_spec("pymilvus")
    bare = types.ModuleType("pymilvus")
    bare.__path__, bare.__spec__ = list(spec.submodule_search_locations), spec
    sys.modules["pymilvus"] = bare


declarations_alone()

import base         # noqa: E402
import service      # noqa: E402
import store        # noqa: E402

# filters nest: 300 ORs are that many calls deep
sys.setrecursionlimit(20000)


def main():
    parser = argparse.ArgumentParser(description="A model of Milvus: behaves as its source says.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--version", default=os.environ.get("MODEL_VERSION", "2.6.20"),
                        help="which Milvus (%(default)s)")
    parser.add_argument("--lag", type=float, default=os.environ.get("MODEL_LAG", "300"),
                        help="ms that readers are behind (%(default)s)")
    parser.add_argument("--auth", action="store_true",
                        default=os.environ.get("COMMON_SECURITY_AUTHORIZATIONENABLED", "").lower() == "true",
                        help="ask for user and password (root:Milvus), and check rights")
    args = parser.parse_args()

    keeper = store.Store(base.Version(args.version), args.lag)
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(max_workers=32),
        handlers=[service.Service(keeper, args.auth).handler()],
        options=[("grpc.max_receive_message_length", 256 * 1024 * 1024), ("grpc.max_send_message_length", -1),
                 # a second server on the same port would take some of the calls
                 ("grpc.so_reuseport", 0),
                 # Milvus' own: pings every 5 s are taken, idle clients are asked after 60 s
                 # (internal/distributed/proxy/service.go)
                 ("grpc.keepalive_permit_without_calls", 1), ("grpc.http2.min_ping_interval_without_data_ms", 5000),
                 ("grpc.http2.max_ping_strikes", 0), ("grpc.keepalive_time_ms", 60000),
                 ("grpc.keepalive_timeout_ms", 10000)])
    port = server.add_insecure_port("127.0.0.1:%d" % args.port)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
