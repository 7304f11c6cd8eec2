#!/usr/bin/env python3
"""A FastCGI responder that answers with the variables and the body length it was sent: what does a web server tell?

Serves a listening socket that it inherited as descriptor 0, as mod_fcgid starts its processes.
"""

from __future__ import annotations

import json
import socket
import struct
import threading

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT = 1, 2, 3, 4, 5, 6


class Dump:
    """Serves a listening socket, one thread for each connection."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        #: What came, by connection: the numbers of record types, in order; "EOF" at the end.
        self.connections: list[list[int | str]] = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer_all, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        # Closing alone would leave the thread in accept().
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def _answer_all(self, connection: socket.socket) -> None:
        seen: list[int | str] = []
        self.connections.append(seen)
        with connection, connection.makefile("rb") as stream:
            params, body, keep = b"", 0, False
            while header := stream.read(8):
                _, kind, number, length, padding, _ = struct.unpack("!BBHHBB", header)
                content = stream.read(length)
                stream.read(padding)
                seen.append(kind)
                if kind == BEGIN:
                    params, body, keep = b"", 0, bool(content[2] & 1)
                elif kind == PARAMS:
                    params += content
                elif kind == STDIN and content:
                    body += length
                elif kind == STDIN:
                    connection.sendall(answer(number, dict(variables(params)), body))
                    if not keep:
                        break
        seen.append("EOF")


def variables(data: bytes):
    """Name-value pairs. (FastCGI specification, section 3.4)"""
    position = 0

    def size() -> int:
        nonlocal position
        count = data[position]
        position += 1
        if count >> 7:
            count = (count & 127) << 24 | int.from_bytes(data[position:position + 3], "big")
            position += 3
        return count

    while position < len(data):
        name, value = size(), size()
        yield (data[position:position + name].decode(), data[position + name:position + name + value].decode())
        position += name + value


def answer(number: int, params: dict[str, str], body: int) -> bytes:
    text = json.dumps({"params": params, "body": body}).encode()
    text = b"Status: 200 OK\r\nContent-Type: application/json\r\n\r\n" + text
    record = b"".join(struct.pack("!BBHHBB", 1, STDOUT, number, len(piece), 0, 0) + piece
                      for piece in (text[start:start + 65535] for start in range(0, len(text), 65535)))
    return (record + struct.pack("!BBHHBB", 1, STDOUT, number, 0, 0, 0)
            + struct.pack("!BBHHBB", 1, END, number, 8, 0, 0) + bytes(8))


if __name__ == "__main__":
    Dump(socket.socket(fileno=0))
    threading.Event().wait()
