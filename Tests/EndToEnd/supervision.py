"""What a service manager does, as far as the worker can tell: it holds the socket, and listens to messages."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import sys
import time
from typing import Any, Iterator, Mapping

from conftest import configuration
import harness
from harness import BINARY, CLEAN, Process, wait_until

_libc = ctypes.CDLL(None)

# Descriptors keep their numbers through exec, and LISTEN_PID is the number of the process that this shell becomes.
PASS_SOCKET = 'n=$1; shift; [ "$n" = 3 ] || { exec 3<&"$n"; exec {n}<&-; }; export LISTEN_PID=$$; exec "$@"'


class ActivatedWorker(Process):
    """`fastrelay serve` with the sockets that a service manager passes, by default one, as descriptor 3."""

    def __init__(self, directory: pathlib.Path, config: pathlib.Path, listener: socket.socket, count: int = 1,
                 environment: Mapping[str, str] | None = None, arguments: tuple[str, ...] = (),
                 binary: pathlib.Path = BINARY) -> None:
        super().__init__(
            "worker",
            ["bash", "-c", PASS_SOCKET, "bash", str(listener.fileno()), str(binary), "serve", "--config", str(config),
             "--protocol", harness.PROTOCOL, *arguments],
            directory, {**CLEAN, "LISTEN_FDS": str(count), **(environment or {})}, pass_fds=(listener.fileno(),))


def unix_listener(path: pathlib.Path) -> socket.socket:
    """A socket with room for what comes while nobody accepts."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(4096)
    return listener


class NotifySocket:
    """$NOTIFY_SOCKET, and what came."""

    def __init__(self, path: pathlib.Path | str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        name = str(path)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.variables = {"NOTIFY_SOCKET": name}
        self.messages: list[dict[str, str]] = []

    def __enter__(self) -> "NotifySocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def wait_for(self, key: str, timeout: float = 10.0) -> dict[str, str]:
        """The next message that has a key; `pid` is its sender."""
        deadline = time.monotonic() + timeout
        while True:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            data, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(12))
            message = dict(line.split("=", 1) for line in data.decode().splitlines())
            message["pid"] = str(int.from_bytes(ancillary[0][2][:4], sys.byteorder))
            self.messages.append(message)
            if key in message:
                return message


def has_ended(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Workers whose predecessor ended become children of this process, which can wait for them then.

    PR_SET_CHILD_SUBREAPER
    """
    _libc.prctl(36, 1)
    try:
        yield
    finally:
        _libc.prctl(36, 0)


class Successor:
    """A worker that another worker started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float = 10.0) -> int:
        """Its exit code; only within `adopting`, and after its predecessor has ended."""
        result: list[Any] = []

        def ended() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                result.append(os.waitstatus_to_exitcode(status))
            return bool(pid)
        wait_until(ended, timeout, f"process {self.pid} to end")
        return result[0]

    def stop(self) -> None:
        if has_ended(self.pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
            return
        self.signal(signal.SIGKILL)
        wait_until(lambda: has_ended(self.pid), 5, f"process {self.pid} to end")
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
