#!/usr/bin/env python3
"""A double of Milvus: answers every unary RPC of MilvusService as it is told to.

    PYTHON test/double/double.py [--port N] [--version TEXT] [--fault NAME]

PYTHON is the python of a venv with PyMilvus and grpcio.  The first line it
prints is its port, on 127.0.0.1, with TLS where the environment has Milvus' own
TLS_SERVERPEMPATH and TLS_SERVERKEYPATH; MAX_IDLE_MS: ends a connection that is
idle for so long, by GOAWAY.  Requests are read with PyMilvus'
declarations (messages.py); one with a field that those don't have ends with
gRPC's INVALID_ARGUMENT and says which.  An RPC that nothing was said of is
answered with an empty success.

It is controlled by the RPC Dummy, so that SQL alone can do it: request_type is
a JSON object, and the answer's response is JSON as well.

    SELECT milvus.call('m', 'Dummy', jsonb_build_object('request_type', '{"op": "reset"}'::jsonb));

    {"op": "requests"}            [{"rpc", "id" (client-request-id), "request", or "fault" if it can't be read}, …] since last asked;
                                  with "bytes": true also as they came, in base64
    {"op": "counts"}              {rpc: calls, …} since the reset
    {"op": "answer", "rpc": R, "response": {…}}      or "bytes": "base64"; from now on
    {"op": "answers", "rpc": R, "list": [{…}, …]}    one after the other; the last one stays
    {"op": "fail", "rpc": R, "grpc": "UNAVAILABLE", "message": M, "times": N}
                                  before any answer; without times until the reset
    {"op": "gather", "rpc": R, "count": N}
                                  the next N are answered once they are all there; if not so, gRPC's ABORTED after 20 s
    {"op": "delay", "seconds": S} before each answer, from now on
    {"op": "reset"}               nothing recorded, nothing scripted
    {"op": "rows", "columns": [{…}, …], "count": N}
                                  Query is answered from these: with them, with none after a key, with their number
    {"op": "version", "version": V}   what it says it is to who connects from now on
"""

import argparse
import base64
import collections
import concurrent.futures
import json
import os
import re
import sys
import threading
import time
from pathlib import Path

import grpc
from google.protobuf import json_format
from google.protobuf.message import DecodeError

import messages

KEPT = 10000        # requests, until somebody asks for them
FAULTS = ("drop-field", "swap-number")


class ControlError(Exception):
    pass


def drop_field(message):
    fields = message.ListFields()
    if fields:
        message.ClearField(fields[-1][0].name)


def swap_number(message):
    """As if two fields had each other's number."""
    seen = {}
    for field, value in message.ListFields():
        if field.is_repeated or field.message_type or field.containing_oneof:
            continue
        kind = (field.type, field.enum_type)
        other = seen.setdefault(kind, field.name)
        if other != field.name and getattr(message, other) != value:
            setattr(message, field.name, getattr(message, other))
            setattr(message, other, value)
            return True
    return any(swap_number(inner) for _, inner in messages.submessages(message))


class Double:
    def __init__(self, protocol, version, fault=None):
        self.rpcs = protocol.rpcs
        self.version = version
        self.spoil = {"drop-field": drop_field, "swap-number": swap_number}.get(fault)
        self.lock = threading.Lock()
        self.reset({})

    # --- control ---

    def reset(self, _):
        self.recorded = collections.deque(maxlen=KEPT)
        self.counted = collections.Counter()
        self.answers = {}
        self.failures = {}
        self.barriers = {}
        self.rows = None
        self.delay = 0
        return {}

    def requests(self, order):
        found = [{k: v for k, v in r.items() if k != "bytes" or order.get("bytes")} for r in self.recorded]
        self.recorded.clear()
        return found

    def counts(self, _):
        return self.counted

    def answer(self, order):
        if "bytes" in order:
            # not looked at: they may be no message at all
            self.answers[self.rpc_of(order)] = collections.deque([base64.b64decode(order["bytes"])])
            return {}
        return self.answer_in_turn({**order, "list": [order["response"]]})

    def answer_in_turn(self, order):
        rpc = self.rpc_of(order)
        self.answers[rpc] = collections.deque(
            json_format.ParseDict(response, self.rpcs[rpc].response()).SerializeToString() for response in order["list"])
        return {}

    def fail(self, order):
        self.failures[self.rpc_of(order)] = {
            "status": grpc.StatusCode[order["grpc"]], "message": order.get("message", ""), "times": order.get("times")}
        return {}

    def gather(self, order):
        self.barriers[self.rpc_of(order)] = threading.Barrier(order["count"])
        return {}

    def hold_rows(self, order):
        of = self.rpcs["Query"].response
        count = {"type": "Int64", "field_name": "count(*)", "scalars": {"long_data": {"data": [order["count"]]}}}
        self.rows = {kind: json_format.ParseDict({"fields_data": columns}, of()).SerializeToString()
                     for kind, columns in (("page", order["columns"]), ("count", [count]), ("end", []))}
        return {}

    def query_rows(self, request):
        if list(request.output_fields) == ["count(*)"]:
            return self.rows["count"]
        return self.rows["end" if re.match(r"\w+ > ", request.expr) else "page"]

    def wait(self, order):
        self.delay = order["seconds"]
        return {}

    def call_itself(self, order):
        self.version = order["version"]
        return {}

    def rpc_of(self, order):
        if order["rpc"] not in self.rpcs:
            raise ControlError("there is no RPC %s" % order["rpc"])
        return order["rpc"]

    def control(self, order):
        does = {"reset": self.reset, "requests": self.requests, "counts": self.counts, "answer": self.answer,
                "answers": self.answer_in_turn, "fail": self.fail, "version": self.call_itself, "rows": self.hold_rows,
                "gather": self.gather, "delay": self.wait}.get(order.get("op"))
        if does is None:
            raise ControlError("no such op: %s" % order.get("op"))
        try:
            return does(order)
        except KeyError as e:
            raise ControlError("missing or unknown: %s" % e)
        except (ValueError, json_format.ParseError) as e:
            raise ControlError(str(e))

    # --- calls ---

    def record(self, rpc, sent, request_id=None):
        """What is wrong with a request, or None."""
        entry = {"rpc": rpc.name, "id": request_id}
        fault = None
        try:
            request = rpc.request.FromString(sent)
            fault = "; ".join(messages.unknown_fields(request)) or None
            if self.spoil:
                self.spoil(request)
                sent = request.SerializeToString()
            entry["request"] = messages.as_json(request)
        except DecodeError as e:
            fault = "not a %s: %s" % (rpc.request.DESCRIPTOR.name, e)
        if fault:
            entry["fault"] = fault
        entry["bytes"] = base64.b64encode(sent).decode()
        self.recorded.append(entry)
        return fault

    def failure(self, name):
        planned = self.failures.get(name)
        if planned is None or planned["times"] == 0:
            return None
        if planned["times"] is not None:
            planned["times"] -= 1
        return planned

    def default_answer(self, rpc):
        response = rpc.response()
        status = messages.status_of(response)
        if status is not None:
            status.SetInParent()
        if rpc.name == "Connect":
            response.server_info.build_tags = self.version
            response.identifier = 1
        if rpc.name == "GetVersion":
            response.version = self.version
        return response.SerializeToString()

    def answer_to(self, rpc, sent):
        if rpc.name == "Query" and self.rows:
            return self.query_rows(rpc.request.FromString(sent))
        planned = self.answers.get(rpc.name)
        if planned:
            return planned.popleft() if len(planned) > 1 else planned[0]
        return self.default_answer(rpc)

    def spoiled(self, rpc, answer):
        try:
            response = rpc.response.FromString(answer)
        except DecodeError:
            return answer
        self.spoil(response)
        return response.SerializeToString()

    def respond(self, rpc, sent, context):
        if rpc.name != "Dummy":
            time.sleep(self.delay)
        barrier = self.barriers.get(rpc.name)
        if barrier:
            try:
                if barrier.wait(20) == 0:
                    del self.barriers[rpc.name]
            except threading.BrokenBarrierError:
                context.abort(grpc.StatusCode.ABORTED, "only some of %d came" % barrier.parties)
        with self.lock:
            if rpc.name == "Dummy":
                try:
                    order = json.loads(rpc.request.FromString(sent).request_type)
                    return rpc.response(response=json.dumps(self.control(order))).SerializeToString()
                except (ValueError, ControlError) as e:
                    status, text = grpc.StatusCode.INVALID_ARGUMENT, "Dummy: %s" % e
            else:
                self.counted[rpc.name] += 1
                fault = self.record(rpc, sent, dict(context.invocation_metadata()).get("client-request-id"))
                planned = self.failure(rpc.name)
                if fault:
                    status, text = grpc.StatusCode.INVALID_ARGUMENT, "%s: %s" % (rpc.name, fault)
                elif planned:
                    status, text = planned["status"], planned["message"]
                else:
                    answer = self.answer_to(rpc, sent)
                    return self.spoiled(rpc, answer) if self.spoil and rpc.name != "Connect" else answer
        context.abort(status, text)


class Handler(grpc.GenericRpcHandler):
    """Bytes in, bytes out. What it does not know gRPC answers with UNIMPLEMENTED, streams included."""

    def __init__(self, double):
        self.double = double

    def service(self, details):
        service, _, name = details.method.lstrip("/").partition("/")
        rpc = self.double.rpcs.get(name)
        if service != messages.SERVICE or rpc is None or rpc.streaming:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda sent, context: self.double.respond(rpc, sent, context))


def main():
    parser = argparse.ArgumentParser(description="A double of Milvus that answers as it is told to.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--version", default="3.0.1", help="what it says it is (%(default)s)")
    parser.add_argument("--fault", choices=FAULTS, help="spoil what it records and answers, to test the tests")
    args = parser.parse_args()

    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(max_workers=16),
        handlers=[Handler(Double(messages.Protocol(), args.version, args.fault))],
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
                 # a second server on the same port would take some of the calls
                 ("grpc.so_reuseport", 0),
                 ("grpc.max_connection_idle_ms", int(os.environ.get("MAX_IDLE_MS", 2**31 - 1)))])
    address = "127.0.0.1:%d" % args.port
    if "TLS_SERVERPEMPATH" in os.environ:
        pair = [Path(os.environ[name]).read_bytes() for name in ("TLS_SERVERKEYPATH", "TLS_SERVERPEMPATH")]
        port = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port(address)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
