"""Apache with mod_fcgid and the shipped configuration: Apache starts the workers, each serves one request at a time."""

from __future__ import annotations

import contextlib
import pathlib
import re
import shutil
from typing import Any, Iterator

import pytest

from conftest import configuration
from doors import FcgidApache, FcgidStack, open_directory
from fake_onemin import FakeOneMin, directive
from front_door_checks import FrontDoorChecks, told_at
from harness import REPOSITORY, contents, run_cli, wait_until

# Each server speaks what it is configured to.
pytestmark = pytest.mark.only("fastcgi")


@pytest.fixture(scope="module")
def shared_door(shared_fake: FakeOneMin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FcgidStack]:
    stack = FcgidStack(tmp_path_factory.mktemp("fcgid"), configuration(shared_fake, heartbeat="100ms"))
    yield stack
    stack.stop()


class TestFcgid(FrontDoorChecks):
    writes_until_told = 2

    def test_requests_at_once_have_processes_of_their_own(self, door: FcgidStack, fake: Any):
        with contextlib.ExitStack() as stack:
            streams = []
            for number in range(3):
                streams.append(stack.enter_context(door.stream(directive(gate=f"at-once-{number}", chunks=["a"]))))
                fake.wait_for(lambda: len(fake.chats()) == number + 1, 10, "the call")
            assert len(door.processes()) >= 3
            for number, stream in reversed(list(enumerate(streams))):
                fake.gate(f"at-once-{number}").release(2)
                assert contents(stream.rest()) == "a"


def test_an_idle_process_is_ended_cleanly(fake: Any, tmp_path: pathlib.Path):
    quick = ("FcgidIdleScanInterval 1\nFcgidErrorScanInterval 1\nFcgidZombieScanInterval 1\nLogLevel fcgid:info\n")
    stack = FcgidStack(tmp_path / "fcgid", configuration(fake), extra=quick,
                       replace=(("FcgidIdleTimeout 300", "FcgidIdleTimeout 1"),))
    try:
        assert stack.chat().status == 200 and len(stack.processes()) == 1
        wait_until(lambda: not stack.processes(), 20, "the end of the process")
        log = stack.door.directory / "error.log"
        found = wait_until(lambda: re.search(r"exit\(idle timeout\), .*", log.read_text()), 10, "its end in the log")
        assert found[0] == "exit(idle timeout), terminated by calling exit(), return code: 0"
        assert "graceful kill fail" not in log.read_text()
        # And the next request starts another.
        assert stack.chat().status == 200
    finally:
        stack.stop()


def test_the_shipped_configuration_is_accepted():
    done = run_cli("check", "--config", str(REPOSITORY / "apache" / "fastrelay-fcgid.json5"))
    assert done.returncode == 0, done


def test_what_the_server_tells(tmp_path: pathlib.Path):
    run = open_directory()
    run.chmod(0o777)
    program = shutil.copy(REPOSITORY / "Tests" / "EndToEnd" / "fastcgi_dump.py", run)
    server = FcgidApache(tmp_path / "server", run, f"/usr/bin/python3 {program}", run / "nothing.json5")
    try:
        server.start()
        told_at(server, "200000")
    finally:
        server.stop()
        shutil.rmtree(run)
