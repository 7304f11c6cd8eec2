"""What systemd passes to the worker, and what the worker tells it; without a systemd that runs."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import socket
import time

import pytest

import harness
from conftest import configuration
from fake_onemin import directive
from harness import BINARY, CLEAN, Process, RelayNginx, Stack, Worker, unix_accepts, wait_until
from supervision import ActivatedWorker, NotifySocket, Successor, adopting, unix_listener


@pytest.fixture
def config(fake, tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "fastrelay.json5"
    file.write_text(json.dumps(configuration(fake, listen=f"unix:{tmp_path}/configured.sock")))
    return file


@pytest.fixture
def behind(tmp_path: pathlib.Path):
    """nginx before a socket, and clients for it."""
    started: list[RelayNginx] = []

    def make(path: pathlib.Path) -> Stack:
        stack = Stack.__new__(Stack)
        stack.directory = tmp_path
        stack.nginx = RelayNginx(tmp_path / "nginx", f"unix:{path}").start()
        started.append(stack.nginx)
        return stack
    yield make
    for nginx in started:
        nginx.stop()


def test_descriptor_3_is_served_and_its_file_stays(fake, config, behind, tmp_path: pathlib.Path):
    path = tmp_path / "passed.sock"
    with unix_listener(path) as listener:
        stack = behind(path)
        worker = ActivatedWorker(tmp_path, config, listener)
        try:
            assert stack.chat().status == 200
            assert not (tmp_path / "configured.sock").exists()
            worker.signal(signal.SIGTERM)
            assert worker.wait(5) == 0
            # Whoever made it keeps it, and the next worker finds what came meanwhile.
            assert path.exists() and unix_accepts(path)
            with stack.stream("Hi") as stream:
                worker = ActivatedWorker(tmp_path, config, listener)
                assert stream.rest()[-1] == "[DONE]"
        finally:
            worker.stop()


def test_more_than_one_socket_is_an_error(config, tmp_path: pathlib.Path):
    with unix_listener(tmp_path / "passed.sock") as listener:
        worker = ActivatedWorker(tmp_path, config, listener, count=2, environment={"LISTEN_FDNAMES": "a:b"})
        assert worker.wait(5) == 71
    [line] = worker.output().splitlines()
    assert "2 sockets (a, b)" in line


def test_what_is_passed_has_to_listen(config, tmp_path: pathlib.Path):
    with socket.socket(socket.AF_UNIX) as idle:
        worker = ActivatedWorker(tmp_path, config, idle)
        assert worker.wait(5) == 71
    assert worker.output() == "fastrelay: descriptor 3 is not a listening socket\n"


def test_an_address_that_is_given_counts_more(fake, config, tmp_path: pathlib.Path):
    with unix_listener(tmp_path / "passed.sock") as listener:
        path = tmp_path / "given.sock"
        worker = ActivatedWorker(tmp_path, config, listener, arguments=("--listen", f"unix:{path}"))
        try:
            worker.wait_ready(lambda: unix_accepts(path))
        finally:
            worker.stop()


def test_sockets_meant_for_another_process_are_not_touched(fake, tmp_path: pathlib.Path):
    worker = Worker(tmp_path / "worker", {**configuration(fake), "listen": f"unix:{tmp_path}/configured.sock"},
                    listen="", environment={"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())})
    try:
        worker.wait_ready(lambda: unix_accepts(tmp_path / "configured.sock"))
    finally:
        worker.stop()


@pytest.mark.skipif(shutil.which("systemd-socket-activate") is None, reason="systemd is not installed")
def test_systemd_socket_activate(fake, config, behind, tmp_path: pathlib.Path):
    path = tmp_path / "activated.sock"
    manager = Process("manager", [
        "systemd-socket-activate", "--listen", str(path), "--fdname", "fastrelay",
        str(BINARY), "serve", "--config", str(config), "--protocol", harness.PROTOCOL], tmp_path, CLEAN)
    try:
        manager.wait_ready(path.exists)
        # It becomes the worker when the first connection comes.
        stack = behind(path)
        assert stack.chat().status == 200
        assert os.readlink(f"/proc/{manager.pid}/exe") == str(BINARY.resolve())
        manager.signal(signal.SIGTERM)
        assert manager.wait(5) == 0
        assert path.exists()
    finally:
        manager.stop()


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_it_tells_how_it_is(fake, tmp_path: pathlib.Path, abstract: bool):
    name = f"@fastrelay-test/{tmp_path.name}-{os.getpid()}" if abstract else tmp_path / "notify.sock"
    with NotifySocket(name) as manager:
        worker = Worker(tmp_path / "worker", configuration(fake), environment=manager.variables)
        try:
            ready = manager.wait_for("READY")
            assert ready["READY"] == "1" and ready["STATUS"] and ready["pid"] == str(worker.pid)
            # It listens by then.
            assert unix_accepts(worker.socket_path)
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            worker.signal(signal.SIGHUP)
            reloading = manager.wait_for("RELOADING")
            assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            assert manager.wait_for("READY")["READY"] == "1"
            worker.wait_for_event("configuration reloaded")
            worker.signal(signal.SIGTERM)
            assert manager.wait_for("STOPPING")["EXTEND_TIMEOUT_USEC"] == "35000000"
            assert worker.wait(5) == 0
            assert not any("WATCHDOG" in message for message in manager.messages)
        finally:
            worker.stop()


def test_nobody_has_to_listen(fake, tmp_path: pathlib.Path):
    worker = Worker(tmp_path / "worker", configuration(fake), environment={"NOTIFY_SOCKET": f"{tmp_path}/nobody"}).start()
    worker.signal(signal.SIGHUP)
    worker.wait_for_event("configuration reloaded")
    worker.signal(signal.SIGTERM)
    assert worker.wait(5) == 0


def test_the_watchdog_is_fed_twice_in_its_interval(fake, tmp_path: pathlib.Path):
    with NotifySocket(tmp_path / "notify.sock") as manager:
        worker = Worker(tmp_path / "worker", configuration(fake, loops=3),
                        environment={**manager.variables, "WATCHDOG_USEC": "200000"})
        try:
            for _ in range(4):
                started = time.monotonic()
                manager.wait_for("WATCHDOG")
                assert time.monotonic() - started < 0.2
            # A process that stands still is noticed by the silence.
            worker.signal(signal.SIGSTOP)
            with pytest.raises(TimeoutError):
                while True:
                    manager.wait_for("WATCHDOG", 0.5)
            worker.signal(signal.SIGCONT)
            manager.wait_for("WATCHDOG")
        finally:
            worker.signal(signal.SIGCONT)
            worker.stop()


def parent(pid: int) -> int:
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_successor_becomes_the_main_process(fake, tmp_path: pathlib.Path):
    with NotifySocket(tmp_path / "notify.sock") as manager, adopting(), unix_listener(tmp_path / "s.sock") as listener:
        config = tmp_path / "fastrelay.json5"
        config.write_text(json.dumps(configuration(fake)))
        worker = ActivatedWorker(tmp_path, config, listener, environment={
            **manager.variables, "WATCHDOG_USEC": "400000", "LISTEN_FDNAMES": "fastrelay"})
        successor = None
        try:
            assert manager.wait_for("READY")["pid"] == str(worker.pid)
            worker.signal(signal.SIGUSR2)
            main = manager.wait_for("MAINPID")
            successor = Successor(int(main["MAINPID"]))
            assert main["pid"] == str(worker.pid) and successor.pid != worker.pid
            # Already the manager's own child, which this process is here, and silent until now: nobody would listen.
            assert parent(successor.pid) == os.getpid()
            assert not any(message["pid"] == str(successor.pid) for message in manager.messages)
            said = manager.wait_for("READY")
            assert said["pid"] == str(successor.pid) and said["STATUS"] == "Serving"
            assert worker.wait(10) == 0
            # The service goes on: nobody said that it stops, and the watchdog is the new one's task.
            assert not any("STOPPING" in message for message in manager.messages)
            wait_until(lambda: manager.wait_for("WATCHDOG")["pid"] == str(successor.pid), 5, "the new one's watchdog")
            after = manager.messages[manager.messages.index(main) + 1:]
            assert {message["pid"] for message in after} == {str(successor.pid)}
            variables = pathlib.Path(f"/proc/{successor.pid}/environ").read_bytes().split(b"\0")
            names = {variable.split(b"=")[0] for variable in variables}
            assert b"NOTIFY_SOCKET" in names and b"WATCHDOG_USEC" in names
            assert not names & {b"LISTEN_FDS", b"LISTEN_PID", b"LISTEN_FDNAMES", b"WATCHDOG_PID"}
            successor.signal(signal.SIGTERM)
            assert successor.wait() == 0
            assert (tmp_path / "s.sock").exists()
        finally:
            worker.stop()
            if successor is not None:
                successor.stop()
