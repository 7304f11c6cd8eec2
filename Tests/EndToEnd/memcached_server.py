"""memcached as a process of a test's own: with bad days on request."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import threading
import time
import urllib.parse

from harness import Process, free_port, tcp_accepts, unix_accepts, wait_until

MEMCACHED = shutil.which("memcached") or "memcached"


class MemcachedServer(Process):
    """On a port of 127.0.0.1, or on a Unix socket; always on the same one, however often it is killed and started."""

    def __init__(self, directory: pathlib.Path, path: pathlib.Path | None = None, megabytes: int = 16) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path, self.port = path, 0 if path else free_port()
        where = ["-s", str(path), "-a", "0777"] if path else ["-l", "127.0.0.1", "-p", str(self.port), "-U", "0"]
        # As root it wants to be told who to be.
        user = ["-u", "root"] if os.geteuid() == 0 else []
        self._arguments = [MEMCACHED, *where, *user, "-m", str(megabytes), "-t", "1"]
        self._directory = directory
        self.start()

    @property
    def address(self) -> str:
        """As `memcached.servers` has it."""
        return f"unix:{self.path}" if self.path else f"127.0.0.1:{self.port}"

    def start(self) -> "MemcachedServer":
        """Starts it, empty; also again, after `kill`."""
        if self.path:
            # One that was killed has left it.
            self.path.unlink(missing_ok=True)
        super().__init__("memcached", self._arguments, self._directory)
        try:
            self.wait_ready(lambda: unix_accepts(self.path) if self.path else tcp_accepts(self.port))
        except BaseException:
            self.stop()
            raise
        return self

    def freeze(self) -> None:
        """It answers nobody from now on; the kernel still accepts connections for it."""
        self.signal(signal.SIGSTOP)
        # One thread takes the signal and stops the others; on a busy machine they may answer until it runs.
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        wait_until(lambda: all(" T " in (task / "stat").read_text().rpartition(")")[2][:3] for task in tasks.iterdir()),
                   what="all threads of memcached to stop")

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it at once; its port refuses."""
        self.process.kill()
        self.process.wait(5)

    def stop(self) -> None:
        if self.process.poll() is None:
            # What is stopped does not hear that it is to end.
            self.thaw()
        super().stop()

    def ask(self, command: str) -> str:
        """What it says to a command of its text protocol, up to the line that ends it."""
        with contextlib.closing(socket.socket(socket.AF_UNIX if self.path else socket.AF_INET)) as connection:
            connection.settimeout(5)
            connection.connect(str(self.path) if self.path else ("127.0.0.1", self.port))
            connection.sendall(f"{command}\r\n".encode())
            answer = b""
            while not answer.endswith((b"END\r\n", b"OK\r\n", b"ERROR\r\n", b"request\r\n")):
                piece = connection.recv(65536)
                assert piece, f"memcached closed after {answer[-200:]!r}"
                answer += piece
        return answer.decode()

    def items(self) -> int:
        """How many values it has."""
        lines = [line.split() for line in self.ask("stats").splitlines()]
        return next(int(line[2]) for line in lines if line[1:2] == ["curr_items"])

    def keys(self) -> list[str]:
        """The names of all its values."""
        def found() -> list[str]:
            # It looks at its values bit by bit, and at one wish at a time.
            return [urllib.parse.unquote(line.split()[0].removeprefix("key="))
                    for line in self.ask("lru_crawler metadump all").splitlines() if line.startswith("key=")]
        if not self.items():
            return []
        return wait_until(found, 5, "memcached to list its values")

    def __enter__(self) -> "MemcachedServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class DelayedServer:
    """A way to a server on which everything the server says takes `delay` seconds longer; it can change at any time."""

    def __init__(self, server: MemcachedServer) -> None:
        self.delay = 0.0
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port)) as there:
                    self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=outer._pass, args=(self.request, there, False), daemon=True).start()
                    outer._pass(there, self.request, True)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_delayed: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if is_delayed:
                    time.sleep(self.delay)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def __enter__(self) -> "DelayedServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
