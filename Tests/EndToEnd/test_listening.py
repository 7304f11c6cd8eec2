"""A Unix socket, a TCP address, or a descriptor that somebody else opened."""

from __future__ import annotations

import os
import pathlib
import signal
import socket

import pytest

from conftest import configuration
from harness import RelayNginx, Stack, Worker, free_port, run_cli


def test_tcp(make_stack):
    stack = make_stack(listen=f"tcp:127.0.0.1:{free_port()}")
    assert stack.chat().status == 200
    with stack.stream("Hi") as stream:
        assert stream.rest()[-1] == "[DONE]"


def test_tcp_by_name(make_stack):
    assert make_stack(listen=f"tcp:localhost:{free_port()}").chat().status == 200


def serve_on(listener: socket.socket, server: str, fake, tmp_path: pathlib.Path, listen: str, number: int | None = None):
    """A worker that inherits a listening socket, and nginx before it."""
    worker = Worker(tmp_path / "worker", configuration(fake), listen=listen, stdin=listener)
    nginx = RelayNginx(tmp_path / "nginx", server).start()
    return worker, nginx


@pytest.mark.parametrize("family", ["unix", "tcp"])
@pytest.mark.parametrize("listen", ["", "fd:0"], ids=["nothing said", "fd:0"])
def test_descriptor_0(fake, tmp_path: pathlib.Path, family: str, listen: str):
    """mod_fcgid, spawn-fcgi and systemd start the worker with a listening socket as standard input."""
    if family == "unix":
        listener = socket.socket(socket.AF_UNIX)
        path = tmp_path / "inherited.sock"
        listener.bind(str(path))
        server = f"unix:{path}"
    else:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{listener.getsockname()[1]}"
    listener.listen(64)
    with listener:
        worker, nginx = serve_on(listener, server, fake, tmp_path, listen)
    try:
        stack = Stack.__new__(Stack)
        stack.worker, stack.nginx = worker, nginx
        assert stack.chat().status == 200
        with stack.stream("Hi") as stream:
            assert stream.rest()[-1] == "[DONE]"
        worker.signal(signal.SIGTERM)
        assert worker.wait(5) == 0
        if family == "unix":
            # Whoever made the socket keeps it.
            assert path.exists()
    finally:
        nginx.stop()
        worker.stop()


def test_a_descriptor_that_does_not_listen_is_71():
    done = run_cli("serve", "--listen", "fd:0")
    assert done.returncode == 71 and len(done.stderr.splitlines()) == 1


def test_listen_from_the_configuration(fake, tmp_path: pathlib.Path):
    path = tmp_path / "configured.sock"
    worker = Worker(tmp_path / "worker", {**configuration(fake), "listen": f"unix:{path}"}, listen="")
    worker.listen, worker.socket_path = f"unix:{path}", path
    try:
        worker.start()
    finally:
        worker.stop()
    assert os.path.exists(tmp_path)


def test_without_any_configuration_it_serves(tmp_path: pathlib.Path):
    worker = Worker(tmp_path, None)
    try:
        worker.start()
    finally:
        worker.stop()
