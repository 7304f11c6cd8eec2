"""500 open streams and 200 requests a second, while the configuration, the process and the executable change."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import sys
import time
from typing import Any, Callable, Iterator

import pytest

import harness
from harness import Process, RelayNginx, Worker, free_port, tcp_accepts, unix_accepts, unlimited
from load import Load, Report
from supervision import ActivatedWorker, Successor, adopting, unix_listener

pytestmark = pytest.mark.timeout(120)


class Vendor(Process):
    """The fake in a process of its own, beside which this one has time for 500 streams."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        fake = pathlib.Path(__file__).with_name("fake_onemin.py")
        super().__init__("vendor", [sys.executable, str(fake), "--port", str(self.port)], directory)
        self.wait_ready(lambda: tcp_accepts(self.port))


@pytest.fixture
def vendor(tmp_path: pathlib.Path) -> Iterator[Vendor]:
    vendor = Vendor(tmp_path)
    yield vendor
    vendor.stop()


@pytest.fixture
def nginx(tmp_path: pathlib.Path) -> Iterator[Callable[[pathlib.Path], RelayNginx]]:
    started: list[RelayNginx] = []

    def start(socket_path: pathlib.Path) -> RelayNginx:
        started.append(RelayNginx(tmp_path / "nginx", f"unix:{socket_path}").start())
        return started[-1]
    yield start
    for process in started:
        process.stop()


def settings(vendor: Vendor, **settings: Any) -> dict[str, Any]:
    onemin = {"kind": "1min", "baseURL": vendor.url, "assetBaseURL": vendor.url}
    return unlimited({"providers": {"onemin": onemin}, **settings})


def assert_nothing_lost(report: Report, streams: int = 500) -> None:
    print(report)
    assert report.streams_cut == [] and report.requests_failed == [], str(report)
    assert report.streams_complete == streams
    assert report.requests_done > 200


def test_reloads_cut_nothing(vendor, nginx, tmp_path: pathlib.Path):
    worker = Worker(tmp_path / "worker", settings(vendor)).start()
    try:
        with Load(nginx(worker.socket_path).port) as load:
            load.wait_open()
            for number in range(1, 6):
                limits = {"choices": 1 + number, "bodyBytes": 1_000_000 * number}
                (tmp_path / "worker" / "fastrelay.json5").write_text(
                    json.dumps(settings(vendor, heartbeat=f"{number}s", limits=limits)))
                worker.signal(signal.SIGHUP)
                line = worker.wait_for_event("configuration reloaded", number)
                assert line["changed"] == "heartbeat, limits.bodyBytes, limits.choices"
                load.wait_for_more(100)
            assert_nothing_lost(load.finish())
        worker.signal(signal.SIGTERM)
        assert worker.wait(5) == 0
    finally:
        worker.stop()


def test_restarts_under_socket_activation_cut_nothing(vendor, nginx, tmp_path: pathlib.Path):
    """As `systemctl restart` does it: end, wait for the end, start; requests wait in the socket's backlog."""
    config = tmp_path / "fastrelay.json5"
    config.write_text(json.dumps(settings(vendor)))
    path = tmp_path / "activated.sock"
    with unix_listener(path) as listener:
        workers = [ActivatedWorker(tmp_path, config, listener)]
        try:
            with Load(nginx(path).port, events=20) as load:
                load.wait_open()
                for _ in range(2):
                    workers[-1].signal(signal.SIGTERM)
                    assert workers[-1].wait(20) == 0
                    workers.append(ActivatedWorker(tmp_path, config, listener))
                    load.wait_for_more(300)
                assert_nothing_lost(load.finish())
        finally:
            for worker in workers:
                worker.stop()


def test_a_swap_of_the_executable_cuts_nothing(vendor, nginx, tmp_path: pathlib.Path, monkeypatch):
    binary = tmp_path / "fastrelay"
    shutil.copy(harness.BINARY, binary)
    monkeypatch.setattr(harness, "BINARY", binary)
    worker = Worker(tmp_path / "worker", settings(vendor)).start()
    successor = None
    with adopting():
        try:
            with Load(nginx(worker.socket_path).port) as load:
                load.wait_open()
                new = tmp_path / "fastrelay.new"
                shutil.copy(harness.BINARY, new)
                # Not the same bytes either.
                with new.open("ab") as file:
                    file.write(b"\0")
                new.rename(binary)
                worker.signal(signal.SIGUSR2)
                successor = Successor(worker.wait_for_event("succeeded by another process")["pid"])
                assert os.stat(f"/proc/{successor.pid}/exe").st_ino == binary.stat().st_ino
                load.wait_for_more(300)
                # Its streams go on.
                assert worker.process.poll() is None
                assert_nothing_lost(load.finish())
            assert worker.wait(70) == 0
            assert unix_accepts(worker.socket_path)
            successor.signal(signal.SIGTERM)
            assert successor.wait() == 0
            assert not worker.socket_path.exists()
        finally:
            worker.stop()
            if successor is not None:
                successor.stop()


def test_a_killed_worker_costs_what_ran_and_nothing_more(vendor, nginx, tmp_path: pathlib.Path):
    """Also the proof that the load notices what is lost."""
    worker = Worker(tmp_path / "worker", settings(vendor)).start()
    try:
        with Load(nginx(worker.socket_path).port, streams=50, events=30) as load:
            load.wait_open()
            worker.signal(signal.SIGKILL)
            worker.wait()
            # A supervisor's part; the socket's file is still there.
            assert worker.socket_path.exists()
            time.sleep(0.2)
            worker = worker.again().start()
            restarted = time.monotonic() - load.started
            load.wait_for_more(100)
            report = load.finish()
        print(report)
        assert len(report.streams_cut) == 50 and report.streams_complete == 0
        # While nobody listened nginx said so; what came later was answered.
        assert report.requests_failed and all("status 502" in what for _, what in report.requests_failed)
        # What was refused just before is noticed just after.
        assert all(when <= restarted + 0.1 for when, _ in report.requests_failed)
    finally:
        worker.stop()
