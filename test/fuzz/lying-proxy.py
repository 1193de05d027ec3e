#!/usr/bin/env python3
"""A proxy before a Milvus server that changes some of its answers, on purpose and at random.

    PYTHON test/fuzz/lying-proxy.py UPSTREAM-PORT SEED [--every N]

PYTHON is the python of a venv with PyMilvus and grpcio.  The first line it prints
is its port, on 127.0.0.1.  One in N answers (default 3) is changed: values and ids
become those of another kind, columns are dropped, doubled or renamed, counts and
dimensions lie, values are cut off, bytes are flipped.  The same seed makes the same
choices, for calls that come in the same order.
"""
import argparse
import concurrent.futures
import os
import random
import sys
import threading

import grpc

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "double"))
import messages

ODD_NUMBERS = [0, 1, -1, 2, 3, 127, 255, 32767, 65539, 2**31 - 1, -2**31, 2**63 - 1, -2**63]
ODD_TEXTS = ["", "x", "id", "1e999", "{", "[1,2]", "\u00e9\u4e2d", "x" * 70000, "FLAT", "COSINE", "Int64"]


def bounded(field, number):
    """The number, as far as the field's type can hold it."""
    wide = {field.TYPE_INT64: (-2**63, 2**63 - 1), field.TYPE_UINT64: (0, 2**64 - 1), field.TYPE_UINT32: (0, 2**32 - 1)}
    low, high = wide.get(field.type, (-2**31, 2**31 - 1))
    return max(low, min(high, number))


class Liar:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def a_value(self, field):
        if field.message_type:
            return None
        if field.cpp_type == field.CPPTYPE_STRING:
            text = self.random.choice(ODD_TEXTS)
            return text if field.type == field.TYPE_STRING else text.encode()
        if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
            return self.random.choice([0.0, -1.5, float("nan"), float("inf"), 3e38])
        if field.cpp_type == field.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        return bounded(field, self.random.choice(ODD_NUMBERS))

    def places(self, message):
        """All submessages, and the message itself."""
        yield message
        for field, value in message.ListFields():
            if not field.message_type or field.message_type.GetOptions().map_entry:
                continue
            for inner in value if field.is_repeated else [value]:
                yield from self.places(inner)

    def change_kind(self, message):
        """Another member of a oneof, with as many values if it has any."""
        oneof = self.random.choice(message.DESCRIPTOR.oneofs)
        was = message.WhichOneof(oneof.name)
        count = len(getattr(getattr(message, was), "data", [])) if was and message.DESCRIPTOR.fields_by_name[was].message_type else 0
        field = self.random.choice(oneof.fields)
        if not field.message_type:
            setattr(message, field.name, self.a_value(field))
            return
        member = getattr(message, field.name)
        member.SetInParent()
        data = member.DESCRIPTOR.fields_by_name.get("data")
        if data is not None and data.is_repeated and not data.message_type:
            member.data.extend(self.a_value(data) for _ in range(min(count, 3000)))

    def change_list(self, field, values):
        n = self.random.randrange(len(values))
        way = self.random.randrange(4)
        if way == 0:
            del values[n]
        elif way == 1:
            values.append(values[n])
        elif way == 2 and not field.message_type:
            values[n] = self.a_value(field)
        else:
            del values[n:]

    def change_field(self, message):
        filled = message.ListFields()
        if not filled:
            field = self.random.choice(message.DESCRIPTOR.fields)
            if not field.is_repeated and not field.message_type:
                setattr(message, field.name, self.a_value(field))
            return
        field, value = self.random.choice(filled)
        if field.message_type and field.message_type.GetOptions().map_entry:
            message.ClearField(field.name)
        elif field.is_repeated:
            self.change_list(field, value)
        elif field.message_type or self.random.random() < 0.3:
            message.ClearField(field.name)
        else:
            setattr(message, field.name, self.a_value(field))

    def change_bytes(self, answer):
        changed = bytearray(answer)
        for _ in range(self.random.randrange(1, 4)):
            if changed:
                changed[self.random.randrange(len(changed))] = self.random.randrange(256)
        return bytes(changed[:self.random.randrange(len(changed) + 1)] if self.random.random() < 0.2 else changed)

    def change(self, rpc, answer):
        if self.random.random() < 0.15:
            return self.change_bytes(answer)
        message = rpc.response.FromString(answer)
        for _ in range(self.random.randrange(1, 3)):
            places = list(self.places(message))
            kinds = [p for p in places if p.DESCRIPTOR.oneofs]
            if kinds and self.random.random() < 0.4:
                self.change_kind(self.random.choice(kinds))
            else:
                self.change_field(self.random.choice(places))
        return message.SerializeToString()


class Handler(grpc.GenericRpcHandler):
    def __init__(self, protocol, channel, liar, every):
        self.rpcs = protocol.rpcs
        self.channel = channel
        self.liar = liar
        self.every = every
        self.lock = threading.Lock()

    def service(self, details):
        rpc = self.rpcs.get(details.method.rpartition("/")[2])
        forward = self.channel.unary_unary(details.method)

        def call(request, context):
            keep = [(k, v) for k, v in context.invocation_metadata() if k in ("authorization", "dbname", "identifier")]
            try:
                answer = forward(request, metadata=keep, timeout=60)
            except grpc.RpcError as e:
                context.abort(e.code(), e.details())
            with self.lock:
                if rpc is None or self.liar.random.randrange(self.every):
                    return answer
                return self.liar.change(rpc, answer)

        return grpc.unary_unary_rpc_method_handler(call)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("upstream", type=int)
    parser.add_argument("seed")
    parser.add_argument("--every", type=int, default=3)
    options = parser.parse_args()
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel("127.0.0.1:%d" % options.upstream, options=unlimited)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=unlimited)
    server.add_generic_rpc_handlers([Handler(messages.Protocol(), channel, Liar(options.seed), options.every)])
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
