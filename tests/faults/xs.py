# SPDX-License-Identifier: GPL-2.0-or-later
"""A connection to xenstored, by its own protocol (xen/include/public/io/xs_wire.h): quicker than a program for
each request, and it says nothing about which bytes a value may have."""

import socket
import struct

DIRECTORY, READ, WRITE, RM, ERROR = 1, 2, 11, 13, 16
HEADER = struct.Struct("=IIII")


class Store:
    def __init__(self, path="/run/xenstored/socket"):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.saved = {}

    def _receive(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError("xenstored has gone")
            data += more
        return data

    def ask(self, kind, payload):
        """The answer; an OSError where xenstored refuses."""
        self.socket.sendall(HEADER.pack(kind, 0, 0, len(payload)) + payload)
        answer, _, _, size = HEADER.unpack(self._receive(HEADER.size))
        data = self._receive(size)
        if answer == ERROR:
            raise OSError(data.rstrip(b"\0").decode())
        return data

    def write(self, path, value):
        self.ask(WRITE, path.encode() + b"\0" + (value if isinstance(value, bytes) else str(value).encode()))

    def remove(self, path):
        """With all below it; what is not there is removed already."""
        try:
            self.ask(RM, path.encode() + b"\0")
        except OSError:
            pass

    def tree(self, path):
        """The value of each node, by path."""
        found = {path: self.ask(READ, path.encode() + b"\0")}
        for name in self.ask(DIRECTORY, path.encode() + b"\0").decode().split("\0")[:-1]:
            found.update(self.tree(f"{path}/{name}"))
        return found

    def save(self, path):
        self.saved.update(self.tree(path))

    def restore(self, path):
        """Back to what `save` of the path has seen."""
        try:
            now = self.tree(path)
        except OSError:
            now = {}
        saved = {name: value for name, value in self.saved.items() if f"{name}/".startswith(path + "/")}
        for name in now.keys() - saved.keys():
            self.remove(name)
        for name, value in saved.items():
            if now.get(name) != value:
                self.write(name, value)
