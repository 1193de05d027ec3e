"""A port before a gRPC server that keeps the messages sent to it: do two clients say the same?"""
import socket
import struct
import threading

PREFACE = 24            # bytes before the first frame of HTTP/2
DATA, END_STREAM, PADDED = 0, 1, 8


class Recorder:
    def __init__(self, port):
        self.target = port
        self.messages = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.forward, args=(client, server, self.parse), daemon=True).start()
            threading.Thread(target=self.forward, args=(server, client, None), daemon=True).start()

    @staticmethod
    def forward(source, sink, parse):
        state = (bytearray(), {})
        try:
            while block := source.recv(65536):
                if parse:
                    parse(block, *state)
                sink.sendall(block)
        except OSError:
            pass
        for end in source, sink:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def parse(self, block, bytes_, streams):
        """Take the whole frames off; gRPC's five bytes before a message go too."""
        bytes_ += block
        if None not in streams:
            if len(bytes_) < PREFACE:
                return
            del bytes_[:PREFACE]
            streams[None] = b""
        while len(bytes_) >= 9 and len(bytes_) >= 9 + (size := int.from_bytes(bytes_[:3], "big")):
            kind, flags, stream = struct.unpack(">BBI", bytes_[3:9])
            payload = bytes(bytes_[9:9 + size])
            del bytes_[:9 + size]
            if kind != DATA:
                continue
            if flags & PADDED:
                payload = payload[1:len(payload) - payload[0]]
            streams[stream] = streams.get(stream, b"") + payload
            if flags & END_STREAM:
                self.messages.append(streams.pop(stream)[5:])

    def take(self):
        """The messages since the last time."""
        messages, self.messages = self.messages, []
        return messages

    def close(self):
        self.listener.close()
