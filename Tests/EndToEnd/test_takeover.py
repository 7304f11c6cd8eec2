"""SIGUSR2: another process takes over the socket, and this one finishes what it began."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
from typing import Any, Callable, Iterator

import pytest

import harness
from conftest import configuration
from fake_onemin import directive
from harness import RelayNginx, Stack, contents, free_port, unix_accepts, wait_until
from supervision import NotifySocket, Successor, adopting, has_ended


@pytest.fixture(params=["alone", "supervised"])
def supervised(request) -> bool:
    """Whether a service manager listens, whose child the new process becomes then."""
    return request.param == "supervised"


@pytest.fixture
def swap(make_stack, tmp_path: pathlib.Path, monkeypatch, supervised) -> Iterator[Callable[..., Stack]]:
    """Makes a stack whose worker runs a copy of the executable, `stack.binary`."""
    binary = tmp_path / "fastrelay"
    shutil.copy(harness.BINARY, binary)
    monkeypatch.setattr(harness, "BINARY", binary)
    stacks: list[Stack] = []

    def make(**settings: Any) -> Stack:
        stacks.append(make_stack(**settings, environment=manager.variables if supervised else {}))
        stacks[-1].binary = binary
        return stacks[-1]
    with adopting(), NotifySocket(tmp_path / "notify.sock") as manager:
        yield make
        for stack in stacks:
            for line in stack.worker.events("succeeded by another process"):
                Successor(line["pid"]).stop()


def take_over(stack: Stack, signalled: Callable[[int], None] | None = None, count: int = 1) -> Successor:
    (signalled or stack.worker.signal)(signal.SIGUSR2)
    return Successor(stack.worker.wait_for_event("succeeded by another process", count)["pid"])


def replace(binary: pathlib.Path, content: str) -> None:
    """Puts something else in the executable's place, as package managers do."""
    new = binary.with_suffix(".new")
    new.write_text(content)
    new.chmod(0o755)
    new.rename(binary)


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        # The thread that started the process may end meanwhile; its children are then another thread's.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def test_streams_go_on_without_the_drain_time_and_new_requests_go_to_the_new_one(swap, fake):
    stack = swap(drainTimeout="100ms")
    old = stack.worker
    gate = fake.gate("takeover")
    with stack.stream(directive(gate="takeover", chunks=["a", "b", "c"])) as stream:
        gate.release()
        assert stream.text(5) == "a"
        new = take_over(stack)
        assert not new.pid == old.pid
        # On connections that nginx kept, the old one may answer once more; then all is the new one's.
        for number in range(8):
            assert stack.chat(headers={"x-request-id": f"after-{number}"}).status == 200
        gate.release()
        assert stream.text(5) == "b"
        with pytest.raises(Exception):
            old.wait(0.5)
        gate.release(2)
        assert contents(stream.rest()) == "c" and b"[DONE]" in stream.raw
    assert old.wait(10) == 0
    assert stack.chat().status == 200
    # The socket's file is the new one's now.
    assert old.socket_path.exists()
    new.signal(signal.SIGTERM)
    assert new.wait() == 0
    assert not old.socket_path.exists()


def test_the_new_one_reads_the_configuration_anew_and_can_be_succeeded_itself(swap, fake):
    stack = swap()
    file = stack.directory / "worker" / "fastrelay.json5"
    file.write_text(json.dumps(configuration(fake, limits={"bodyBytes": 4096}, loops=1)))
    first = take_over(stack)
    assert stack.worker.wait(10) == 0
    assert stack.chat("x" * 5000).status == 413
    file.write_text(json.dumps(configuration(fake)))
    second = take_over(stack, first.signal, 2)
    assert first.wait() == 0
    assert stack.chat("x" * 5000).status == 200
    second.signal(signal.SIGTERM)
    assert second.wait() == 0
    assert not stack.worker.socket_path.exists()


def test_it_has_what_a_fresh_worker_has_and_nothing_more(swap, fake):
    stack = swap()
    # The socket comes first, everything else is there by then.
    stack.worker.wait_for_event("listening")
    fresh = len(os.listdir(f"/proc/{stack.worker.pid}/fd"))
    arguments = pathlib.Path(f"/proc/{stack.worker.pid}/cmdline").read_bytes()
    with stack.stream(directive(mode="stall", at=1)) as stream:
        assert stream.text(5)
        new = take_over(stack)
        assert pathlib.Path(f"/proc/{new.pid}/cmdline").read_bytes() == arguments
        wait_until(lambda: len(os.listdir(f"/proc/{new.pid}/fd")) <= fresh, 5, "no more descriptors than before")
        status = pathlib.Path(f"/proc/{new.pid}/status").read_text()
        assert next(line for line in status.splitlines() if line.startswith("SigIgn")).split()[1][-8:] == "80001000"


@pytest.mark.parametrize("content, reason", [
    ("#!/bin/sh\nexit 3\n", "it ended with code 3"),
    ("#!/bin/sh\nkill -9 $$\n", "it was ended by signal 9"),
    ("no program at all\n", "Exec format error"),
    (None, "No such file or directory"),
])
def test_a_bad_executable_changes_nothing(swap, fake, content: str | None, reason: str):
    stack = swap()
    if content is None:
        stack.binary.unlink()
    else:
        replace(stack.binary, content)
    for count in (1, 2):
        stack.worker.signal(signal.SIGUSR2)
        line = stack.worker.wait_for_event("takeover failed", count)
        assert line["level"] == "error" and reason in line["reason"]
        assert stack.chat().status == 200
    assert children(stack.worker.pid) == []


def test_a_bad_configuration_changes_nothing(swap, fake):
    stack = swap()
    file = stack.directory / "worker" / "fastrelay.json5"
    file.write_text("{ lisen: 1 }")
    stack.worker.signal(signal.SIGUSR2)
    line = wait_until(lambda: [line for line in parsed(stack) if line.get("message") == "takeover failed"], 5, "the line")[0]
    assert line["reason"].startswith(f"{file}:1:3: unknown key")
    assert stack.chat().status == 200
    assert children(stack.worker.pid) == []
    assert stack.worker.socket_path.exists()
    # The successors that are stopped at the end are found in the log, which has only JSON then.
    stack.worker.log.write_text("")


def parsed(stack: Stack) -> list[dict[str, Any]]:
    """The log without the lines that a process wrote which could not start."""
    return [json.loads(line) for line in stack.worker.output().splitlines() if line.startswith("{")]


def test_only_one_at_a_time_and_a_stop_ends_it(swap, fake, supervised):
    stack = swap()
    replace(stack.binary, "#!/bin/sh\nexec sleep 60\n")
    stack.worker.signal(signal.SIGUSR2)
    [child] = processes = wait_until(lambda: children(stack.worker.pid), 5, "the new process")
    if supervised:
        processes += wait_until(lambda: children(child), 5, "what the middle man starts")
    stack.worker.wait_for_event("takeover started")
    stack.worker.signal(signal.SIGUSR2)
    stack.worker.wait_for_event("takeover ignored, the worker is leaving or another one runs")
    assert stack.chat().status == 200
    stack.worker.signal(signal.SIGTERM)
    assert stack.worker.wait(5) == 0
    for process in processes:
        wait_until(lambda: has_ended(process), 5, "the new process to end")
    assert not stack.worker.socket_path.exists()


def test_a_stop_of_the_old_one_drains_as_ever(swap, fake):
    stack = swap(drainTimeout="300ms")
    with stack.stream(directive(mode="stall", at=1)) as stream:
        assert stream.text(5)
        take_over(stack)
        assert stack.worker.process.poll() is None
        stack.worker.signal(signal.SIGHUP)
        stack.worker.wait_for_event("signal ignored")
        stack.worker.signal(signal.SIGTERM)
        assert stack.worker.wait(5) == 0
    assert stack.chat().status == 200
    assert stack.worker.socket_path.exists()


def test_a_new_one_that_dies_later_is_buried(swap, fake, supervised):
    stack = swap()
    with stack.stream(directive(mode="stall", at=1)) as stream:
        assert stream.text(5)
        new = take_over(stack)
        new.signal(signal.SIGKILL)
        if supervised:
            # This process adopts it, as a service manager does.
            assert new.wait() == -signal.SIGKILL
        else:
            line = stack.worker.wait_for_event("the successor ended")
            assert line["reason"] == "it was ended by signal 9"
        assert children(stack.worker.pid) == []
        # What it began still goes on.
        assert stack.worker.process.poll() is None


def test_tcp(swap, fake):
    stack = swap(listen=f"tcp:127.0.0.1:{free_port()}")
    new = take_over(stack)
    assert stack.worker.wait(10) == 0
    assert stack.chat().status == 200
    new.signal(signal.SIGTERM)
    assert new.wait() == 0


def test_a_symbolic_link_set_anew_counts(make_stack, swap, fake, tmp_path: pathlib.Path, monkeypatch):
    link = tmp_path / "current"
    link.symlink_to(harness.BINARY)
    monkeypatch.setattr(harness, "BINARY", link)
    stack = swap()
    other = tmp_path / "other-version"
    shutil.copy(stack.binary, other)
    new_link = tmp_path / "new-link"
    new_link.symlink_to(other)
    new_link.rename(link)
    new = take_over(stack)
    assert os.readlink(f"/proc/{new.pid}/exe") == str(other)
    assert stack.worker.wait(10) == 0
    assert stack.chat().status == 200
