"""Stands before the store: hands on every byte, counts requests and bytes, and lets no more through in a second than it is told."""

import collections
import socket
import threading
import time

_PIECE = 256 << 10
_BURST = 0.02
_ANSWER, _END_OF_HEAD, _LONGEST_HEAD = b"HTTP/1.1 ", b"\r\n\r\n", 16 << 10
_METHODS = (b"GET ", b"HEAD ", b"PUT ", b"POST ", b"DELETE ")


class CountedStore:
    def __init__(self, behind):
        self.cap = None
        """Bytes a second from the store; None for as fast as it can."""
        self.requests, self.bytes, self.bytes_in = collections.Counter(), 0, 0
        self._behind, self._lock, self._free = behind, threading.Lock(), 0.0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def counts(self):
        """Requests by method, bytes that came from the store, and bytes that went there, all so far."""
        with self._lock:
            return collections.Counter(self.requests, bytes=self.bytes, bytes_in=self.bytes_in)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                store = socket.create_connection(("127.0.0.1", self._behind))
            except OSError:
                return
            for each in (client, store):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._hand_on, args=(client, store, self._asked), daemon=True).start()
            threading.Thread(target=self._hand_on, args=(store, client, self._answered), daemon=True).start()

    @staticmethod
    def _hand_on(source, target, told):
        piece = memoryview(bytearray(_PIECE))
        try:
            while count := source.recv_into(piece):
                told(piece[:count])
                target.sendall(piece[:count])
        except OSError:
            pass  # One side has hung up; so does the other.
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _asked(self, piece):
        """A client waits for the answer before it asks again: a request begins a piece."""
        head = bytes(piece[:7])
        with self._lock:
            self.bytes_in += len(piece)
            if head.startswith(_METHODS):
                self.requests[head.split(b" ")[0].decode()] += 1

    def _answered(self, piece):
        """Bytes of objects: what says of them how many they are is not counted."""
        head = bytes(piece[:_LONGEST_HEAD]).find(_END_OF_HEAD) + len(_END_OF_HEAD) if piece[: len(_ANSWER)] == _ANSWER else 0
        with self._lock:
            self.bytes += len(piece) - head
            if self.cap is None:
                return
            now = time.monotonic()
            self._free = max(self._free, now - _BURST) + len(piece) / self.cap
            wait = self._free - now
        if wait > 0:
            time.sleep(wait)
