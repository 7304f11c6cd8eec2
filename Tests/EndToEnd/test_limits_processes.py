"""Limits that several worker processes of one machine share: exactly, and whatever becomes of a process or of the file."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import pathlib
import signal
import time
from typing import Any, Callable, Iterator

import pytest

from conftest import CRASHES, configuration
from doors import FcgidStack
from fake_onemin import FakeOneMin, directive
from harness import Stack, Worker, unix_accepts, wait_until
from limit_checks import USED, Fleet, chat, held, left, limits, open_stream, race, refused, tokens_left

# None of this depends on how nginx and the worker speak.
pytestmark = pytest.mark.only("fastcgi")

MakeFleet = Callable[..., Fleet]


@pytest.fixture
def make_fleet(fake: FakeOneMin, tmp_path: pathlib.Path) -> Iterator[MakeFleet]:
    """Makes workers behind one nginx that share the file `limits` of the test's directory."""
    with contextlib.ExitStack() as stack:
        def make(count: int, **settings: Any) -> Fleet:
            config = configuration(fake, limits=limits(**{"file": str(tmp_path / "limits"), **settings}))
            fleet = Fleet(tmp_path / "fleet", [config] * count)
            stack.callback(fleet.stop)
            return fleet
        yield make


def pair(make_stack: Any, path: pathlib.Path, **settings: Any) -> tuple[Stack, Stack]:
    """Two workers with an nginx each."""
    first, second = (make_stack(limits=limits(**settings, file=str(path))) for _ in range(2))
    return first, second


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_race_is_exact(make_fleet: MakeFleet, fake: FakeOneMin, workers: int):
    fleet = make_fleet(workers, caller={"requestsPerMinute": 20}, address={"requestsPerMinute": 1000})
    statuses = race([fleet], clients=64)
    assert sorted(statuses) == [200] * 20 + [429] * 44 and len(fake.chats()) == 20
    served = [len(worker.exchanges()) for worker in fleet.workers]
    assert all(served), f"nginx has asked every worker: {served}"
    # All or nothing: the address was charged for what passed, and for nothing else.
    assert left(chat(fleet, key="another")) == 19
    assert {worker.process.poll() for worker in fleet.workers} == {None}


def test_a_race_of_addresses_is_exact(make_fleet: MakeFleet, fake: FakeOneMin):
    fleet = make_fleet(3, caller={"requestsPerMinute": 1000}, address={"requestsPerMinute": 30})
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        statuses = list(pool.map(lambda number: chat(fleet, key=f"key-{number % 8}").status, range(96)))
    assert sorted(statuses) == [200] * 30 + [429] * 66


def test_a_race_for_places_is_exact(make_fleet: MakeFleet, fake: FakeOneMin):
    fleet = make_fleet(3, caller={"concurrent": 10})
    gate = fake.gate("places-race")
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        waiting = [pool.submit(chat, fleet, directive(gate="places-race"), max_tokens=None) for _ in range(32)]
        wait_until(lambda: sum(one.done() for one in waiting) == 22, 15, "all but ten to be refused")
        fake.wait_for(lambda: len(fake.chats()) >= 10, 15, "ten calls")
        gate.release(10)
        assert sorted(one.result(20).status for one in waiting) == [200] * 10 + [429] * 22
        assert len(fake.chats()) == 10
    wait_until(lambda: chat(fleet).status == 200, 5, "places to be free")


def test_tokens_are_shared(make_stack, tmp_path: pathlib.Path):
    first, second = pair(make_stack, tmp_path / "limits", caller={"tokensPerMinute": 10_000})
    for number in range(1, 4):
        assert chat(first if number % 2 else second).status == 200
        for stack in (first, second):
            wait_until(lambda: tokens_left(stack) == 10_000 - number * USED, 5, "both to know what was used")


def test_a_worker_that_was_killed_gives_back_after_its_lease(make_stack, fake: FakeOneMin, tmp_path: pathlib.Path):
    first, second = pair(make_stack, tmp_path / "limits", caller={"concurrent": 2, "tokensPerMinute": 10_000}, lease="5s")
    streams = [open_stream(first, directive(mode="stall", at=1)) for _ in range(2)]
    for stream in streams:
        assert stream.text()
    assert chat(second).status == 429
    first.worker.process.kill()
    first.worker.wait()
    assert chat(second).status == 429, "nobody knows yet that it is dead"
    for stream in streams:
        stream.close()
    # Kept by a worker that lives, places and tokens would be held as long as this takes.
    wait_until(lambda: chat(second).status == 200, 15, "the lease to end")
    wait_until(lambda: tokens_left(second) > 9900, 10, "its reservations to be gone")
    with held(second, fake, "killed-1"), held(second, fake, "killed-2"):
        assert chat(second).status == 429
    first.worker = first.worker.again().start()
    assert chat(first).status == 200


def test_a_worker_that_was_told_twice_to_stop_gives_back_at_once(make_stack, fake: FakeOneMin, tmp_path: pathlib.Path):
    first, second = pair(make_stack, tmp_path / "limits", caller={"concurrent": 1}, lease="1h")
    stream = open_stream(first, directive(mode="stall", at=1))
    assert stream.text()
    assert chat(second).status == 429
    first.worker.signal(signal.SIGTERM)
    wait_until(lambda: not unix_accepts(first.worker.socket_path), 5, "the socket to close")
    first.worker.signal(signal.SIGTERM)
    first.worker.wait(3)
    assert chat(second).status == 200
    stream.close()


@pytest.mark.timeout(90)
def test_a_worker_that_lives_keeps_what_it_holds(make_stack, fake: FakeOneMin, tmp_path: pathlib.Path):
    """Twice the lease and more, with nothing but the open stream."""
    first, second = pair(make_stack, tmp_path / "limits", caller={"concurrent": 1, "tokensPerMinute": 10_000}, lease="5s")
    with held(first, fake, "renewed"):
        end = time.monotonic() + 12
        while time.monotonic() < end:
            assert chat(second).status == 429 and tokens_left(second) <= 9000
            # Time is what is tested.
            time.sleep(0.5)
    wait_until(lambda: chat(second).status == 200, 5, "the place to be free")


def test_workers_killed_in_the_middle_of_it_stop_nobody(make_fleet: MakeFleet, fake: FakeOneMin):
    fleet = make_fleet(3, caller={"requestsPerMinute": 100_000, "concurrent": 1000}, lease="5s")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for number in range(6):
            victim = fleet.workers[number % 2]
            running = [pool.submit(chat, fleet) for _ in range(60)]
            victim.process.kill()
            victim.wait()
            statuses = [one.result(20).status for one in running]
            # What the victim had begun is lost to nginx; nothing else is, and nothing hangs.
            assert set(statuses) <= {200, 502} and statuses.count(200) >= 20, statuses
            fleet.workers[number % 2] = victim.again().start()
    answers = [chat(fleet) for _ in range(9)]
    assert {answer.status for answer in answers} == {200}
    assert left(answers[-1]) < 100_000 - 9


def test_a_restart_keeps_the_counts(make_stack, tmp_path: pathlib.Path):
    stack = make_stack(limits=limits({"requestsPerMinute": 3}))
    assert chat(stack).status == chat(stack).status == 200
    stack.worker.signal(signal.SIGTERM)
    assert stack.worker.wait(5) == 0
    stack.worker = stack.worker.again().start()
    assert left(chat(stack)) == 0 and refused(chat(stack))


def empty(path: pathlib.Path) -> None:
    os.truncate(path, 0)


def half(path: pathlib.Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def garbage(path: pathlib.Path) -> None:
    with path.open("r+b") as file:
        for _ in range(0, path.stat().st_size, 1 << 20):
            file.write(os.urandom(1 << 20))


def removed(path: pathlib.Path) -> None:
    path.unlink()


def replaced(path: pathlib.Path) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(b"something else")
    new.rename(path)


def a_directory(path: pathlib.Path) -> None:
    path.unlink()
    path.mkdir()


def a_link(path: pathlib.Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize("harm", [empty, half, garbage, removed, replaced, a_directory, a_link])
def test_harm_to_the_file_costs_at_most_the_counts(make_stack, tmp_path: pathlib.Path, harm: Callable[[pathlib.Path], None]):
    path = tmp_path / "limits"
    first, second = pair(make_stack, path, caller={"requestsPerMinute": 5})
    for stack in (first, second):
        assert chat(stack).status == 200
    harm(path)
    # Nobody is refused for it, and nobody ends; it is noticed within a second or two.
    statuses = [chat(stack).status for _ in range(2) for stack in (first, second)]
    assert set(statuses) <= {200, 429} and 200 in statuses
    for stack in (first, second):
        assert stack.worker.process.poll() is None

    def limited_again() -> bool:
        return {chat(first).status, chat(second).status} == {429}
    wait_until(limited_again, 20, "both to be limited again")
    if harm is a_link:
        assert pathlib.Path("/etc/passwd").read_bytes().startswith(b"root:")


def test_the_file_is_for_its_owner_alone(make_stack, tmp_path: pathlib.Path):
    path = tmp_path / "limits"
    stack = make_stack(limits=limits({"requestsPerMinute": 5}, file=str(path)))
    assert chat(stack).status == 200
    assert path.stat().st_mode & 0o7777 == 0o600 and path.is_file() and not path.is_symlink()
    content = path.read_bytes()
    assert b"test-key" not in content and b"127.0.0.1" not in content
    # It is no larger on the disk than what is used of it.
    assert path.stat().st_blocks * 512 < 4 << 20


@pytest.mark.only("fastcgi")
def test_processes_of_mod_fcgid_share_them(fake: FakeOneMin, tmp_path: pathlib.Path):
    """Apache starts them as they are needed, each for one request at a time."""
    stack = FcgidStack(tmp_path / "fcgid", configuration(fake, limits=limits({"requestsPerMinute": 30})))
    try:
        gate = fake.gate("fcgid-processes")
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            waiting = [pool.submit(chat, stack, directive(gate="fcgid-processes"), max_tokens=None) for _ in range(6)]
            fake.wait_for(lambda: len(fake.chats()) == 6, 20, "six calls at once")
            assert len(stack.processes()) >= 6
            gate.release(6)
            assert {one.result(20).status for one in waiting} == {200}
        statuses = race([stack], clients=8, rounds=8)
        assert sorted(statuses) == [200] * 24 + [429] * 40
        assert len(stack.processes()) >= 2
    finally:
        stack.stop()


def test_no_worker_crashes_when_many_start_at_once(make_fleet: MakeFleet, tmp_path: pathlib.Path, fake: FakeOneMin):
    """All of them make the file, and agree on one."""
    config = configuration(fake, limits=limits({"requestsPerMinute": 40}, file=str(tmp_path / "shared")))
    workers = [Worker(tmp_path / f"many{number}", config) for number in range(8)]
    try:
        for worker in workers:
            worker.start()
            assert worker.process.poll() not in CRASHES
        fleet = make_fleet(2, caller={"requestsPerMinute": 40}, file=str(tmp_path / "shared"))
        assert sorted(race([fleet], 64)) == [200] * 40 + [429] * 24
        left_over = {path.name for path in tmp_path.glob("shared*")} - {"shared", "shared.lock"}
        assert not left_over, "of making it"
    finally:
        for worker in workers:
            worker.stop()
