"""`bash nginx/quickstart.sh`, the one command that runs it."""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from conftest import configuration
from harness import REPOSITORY, ConnectProxy, _end_with_parent, free_port, question, tcp_accepts, wait_until

pytestmark = [pytest.mark.timeout(600), pytest.mark.only("fastcgi")]


class Quickstart:
    def __init__(self, directory: pathlib.Path, **environment: str) -> None:
        self.port = int(environment.get("PORT", "0"))
        self.log = directory / f"quickstart-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["bash", str(REPOSITORY / "nginx" / "quickstart.sh")], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=directory, preexec_fn=_end_with_parent, env={**os.environ, **environment})

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_ready(self) -> "Quickstart":
        def ready() -> bool:
            assert self.process.poll() is None, self.output()
            return f"ready: http://127.0.0.1:{self.port}/v1\n" in self.output()
        wait_until(ready, 500, "quickstart")
        return self

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def children(self, name: str) -> list[int]:
        """Processes of that name below the script."""
        found = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(self.process.pid)],
                               capture_output=True, text=True).stdout
        return [int(line.split()[0]) for line in found.splitlines() if line.split()[1] == name]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture
def start(tmp_path: pathlib.Path):
    running: list[Quickstart] = []

    def make(**environment: str) -> Quickstart:
        environment.setdefault("PORT", str(free_port()))
        running.append(Quickstart(tmp_path, **environment))
        return running[-1]
    yield make
    for quickstart in running:
        quickstart.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_from_anywhere_until_a_signal(start, number: int):
    quickstart = start().wait_ready()
    assert quickstart.get("/health") == 200 and quickstart.get("/v1/chat/completions") == 405
    began = time.monotonic()
    quickstart.process.send_signal(number)
    assert quickstart.process.wait(10) == 0, quickstart.output()
    assert time.monotonic() - began < 5
    assert not tcp_accepts(quickstart.port)
    assert quickstart.children("fastrelay") == quickstart.children("nginx") == []


def test_it_takes_a_configuration_and_two_run_side_by_side(start, fake, tmp_path: pathlib.Path):
    (tmp_path / "mine.json5").write_text(json.dumps(configuration(fake)))
    # Named from where it is called.
    first = start(FASTRELAY_CONFIG="mine.json5").wait_ready()
    second = start().wait_ready()
    connection = http.client.HTTPConnection("127.0.0.1", first.port, timeout=10)
    connection.request("POST", "/v1/chat/completions", json.dumps(question("Hi")),
                       {"Authorization": "Bearer k", "Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()
    assert len(fake.chats()) == 1
    second.stop()
    assert first.get("/health") == 200


@pytest.mark.parametrize("name", ["fastrelay", "nginx"])
def test_when_one_of_the_two_dies_it_says_which_and_ends(start, name: str):
    quickstart = start().wait_ready()
    [victim] = quickstart.children(name)
    os.kill(victim, signal.SIGKILL)
    assert quickstart.process.wait(20) == 1
    assert f"{'the worker' if name == 'fastrelay' else 'nginx'} ended by itself" in quickstart.output()
    wait_until(lambda: not tcp_accepts(quickstart.port), 5, "the port to be free")


def test_a_port_in_use_is_said_at_once(start):
    with ConnectProxy() as listener:
        quickstart = start(PORT=str(listener.port))
        assert quickstart.process.wait(10) == 1
        assert f"port {listener.port} is in use" in quickstart.output()


@pytest.mark.parametrize("environment, status", [
    ({"PORT": "http"}, 1), ({"PORT": "70000"}, 1), ({"FASTRELAY_CONFIG": "/nonexistent"}, 1)])
def test_wrong_settings_are_said_at_once(tmp_path: pathlib.Path, environment: dict, status: int):
    done = subprocess.run(["bash", str(REPOSITORY / "nginx" / "quickstart.sh")], capture_output=True, text=True, timeout=10,
                          env={**os.environ, **environment}, stdin=subprocess.DEVNULL)
    assert done.returncode == status and done.stderr.startswith("quickstart: ") and len(done.stderr.splitlines()) == 1


def test_a_wrong_configuration_is_78(start, tmp_path: pathlib.Path):
    (tmp_path / "wrong.json5").write_text("{ heartbeet: 5 }")
    quickstart = start(FASTRELAY_CONFIG="wrong.json5")
    assert quickstart.process.wait(500) == 78
    assert "wrong.json5:1:3" in quickstart.output()
