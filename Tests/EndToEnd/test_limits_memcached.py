"""Limits that are shared by memcached: between machines, and what happens when it fails."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import re
import time
from typing import Any, Callable, Iterator

import pytest

from conftest import configuration
from fake_onemin import FakeOneMin, directive
from harness import KEY, Answer, Stack, wait_until
from limit_checks import USED, Fleet, ask, chat, count, held, items, left, limits, open_stream, race, refused, tokens_left
from memcached_server import DelayedServer, MemcachedServer
from test_reload import reload

# None of this depends on how nginx and the worker speak.
pytestmark = pytest.mark.only("fastcgi")

NOT_USED, USED_AGAIN = "limit store is not used", "limit store is used again"
#: A breaker asks again after 1, 2, 4 … 15 seconds.
HEALED_WITHIN = 40


@pytest.fixture
def make_memcached(tmp_path: pathlib.Path) -> Iterator[Callable[..., MemcachedServer]]:
    servers: list[MemcachedServer] = []

    def make(**options: Any) -> MemcachedServer:
        servers.append(MemcachedServer(tmp_path / f"memcached{len(servers)}", **options))
        return servers[-1]
    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def memcached(make_memcached) -> MemcachedServer:
    return make_memcached()


def shared(*servers: MemcachedServer, **more: Any) -> dict[str, Any]:
    # Long enough that a busy machine is not taken for a server that hangs.
    return {"servers": [server.address for server in servers], "timeout": "1s", **more}


def health(stack: Stack, source: str = "127.0.0.1") -> Any:
    answer = ask(stack, method="GET", path="/health?verbose", key=None, source=source)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def place(server: MemcachedServer, is_up: bool) -> dict[str, Any]:
    return {"name": server.address, "up": is_up}


def places(stack: Stack) -> list[dict[str, Any]]:
    """What the health says of each server, but for the reasons."""
    return [{"name": one["name"], "up": one["up"]} for one in health(stack)["limits"]["places"]]


@pytest.mark.parametrize("by", ["port", "socket"])
def test_workers_with_nothing_else_in_common_share(make_stack, make_memcached, tmp_path: pathlib.Path, by: str):
    server = make_memcached(path=tmp_path / "m.sock" if by == "socket" else None)
    first, second = (make_stack(limits=limits({"requestsPerMinute": 4, "tokensPerMinute": 10_000}), memcached=shared(server))
                     for _ in range(2))
    assert [left(chat(stack)) for stack in (first, second, first, second)] == [3, 2, 1, 0]
    assert refused(chat(first)) and refused(chat(second))
    # Letters that tell nothing.
    assert server.keys() and all(re.fullmatch("fastrelay:3:ct[0-9a-f]{32}", key) for key in server.keys())


def test_the_variables_of_other_relays_are_enough(make_stack, memcached: MemcachedServer):
    environment = {"MEMCACHED_HOST": "127.0.0.1", "MEMCACHED_PORT": str(memcached.port)}
    first, second = (make_stack(environment=environment, limits=limits({"requestsPerMinute": 2})) for _ in range(2))
    assert left(chat(first)) == 1 and left(chat(second)) == 0 and refused(chat(first))


def test_namespaces_are_apart(make_stack, memcached: MemcachedServer):
    for number in range(2):
        stack = make_stack(limits=limits({"requestsPerMinute": 1}), memcached=shared(memcached, namespace=f"one-{number}"))
        assert chat(stack).status == 200 and refused(chat(stack))


def test_a_race_of_four_workers_is_exact(fake: FakeOneMin, memcached: MemcachedServer, tmp_path: pathlib.Path):
    config = configuration(fake, memcached=shared(memcached), limits=limits(
        {"requestsPerMinute": 20, "concurrent": 60}, {"requestsPerMinute": 1000}))
    fleet = Fleet(tmp_path / "fleet", [config] * 4)
    try:
        statuses = race([fleet], clients=64)
        assert sorted(statuses) == [200] * 20 + [429] * 44 and len(fake.chats()) == 20
        assert left(chat(fleet, key="another")) == 19
    finally:
        fleet.stop()


def test_workers_that_count_ahead_let_pass_just_so_many(fake: FakeOneMin, memcached: MemcachedServer, tmp_path: pathlib.Path):
    limit = 900
    config = configuration(fake, memcached=shared(memcached), limits=limits(
        {"requestsPerMinute": limit, "concurrent": 10_000}, {"requestsPerMinute": 100_000}))
    fleet = Fleet(tmp_path / "fleet", [config] * 4)
    passed: list[int] = []
    deadline = time.monotonic() + 20

    def requests_left(answer: Answer) -> int:
        return int(answer.headers["anthropic-ratelimit-requests-remaining"])

    def ask_on(_: int) -> None:
        # What one has counted ahead and does not need comes back to the others within a second.
        while len(passed) < limit and time.monotonic() < deadline:
            answer = count(fleet)
            if answer.status == 200:
                passed.append(requests_left(answer))
    try:
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(ask_on, range(16)))
        # Of what is taken back while many others write something may stay counted, but never is too little counted.
        assert limit * 15 / 16 < len(passed) <= limit
        for _ in range(20):
            assert count(fleet).status == 429
        assert all(0 <= remaining < limit for remaining in passed)
        assert requests_left(count(fleet, key="another")) == limit - 1
    finally:
        fleet.stop()


def test_tokens_and_places_are_shared(make_stack, fake: FakeOneMin, memcached: MemcachedServer):
    first, second = (make_stack(limits=limits({"tokensPerMinute": 10_000, "concurrent": 1}), memcached=shared(memcached))
                     for _ in range(2))
    with held(first, fake, "memcached-shared"):
        answer = chat(second)
        assert answer.status == 429 and answer.headers["Retry-After"] == "1"
        assert tokens_left(second) <= 9000
    wait_until(lambda: tokens_left(second) == 10_000 - USED, 5, "the stream to be settled")
    wait_until(lambda: chat(second).status == 200, 5, "the place to be free")


def test_a_killed_worker_gives_back_after_its_lease(make_stack, memcached: MemcachedServer):
    first, second = (make_stack(limits=limits({"concurrent": 1, "tokensPerMinute": 10_000}, lease="5s"),
                                memcached=shared(memcached)) for _ in range(2))
    stream = open_stream(first, directive(mode="stall", at=1))
    assert stream.text() and chat(second).status == 429
    first.worker.process.kill()
    first.worker.wait()
    stream.close()
    wait_until(lambda: chat(second).status == 200, 15, "the lease to end")
    wait_until(lambda: tokens_left(second) > 9900, 10, "its reservation to be gone")
    first.worker = first.worker.again().start()
    assert chat(first).status == 200


@pytest.mark.timeout(120)
def test_one_that_is_slow_counts_as_long_as_it_is_in_time(make_stack, memcached: MemcachedServer):
    with DelayedServer(memcached) as slow:
        stack = make_stack(limits=limits({"requestsPerMinute": 100}), memcached=shared(slow, timeout="500ms"))
        slow.delay = 0.03
        assert [left(chat(stack)) for _ in range(3)] == [99, 98, 97]
        assert health(stack)["status"] == "ok"
        slow.delay = 2
        # The first that waits too long is counted by this machine alone, and so are the others, who do not wait.
        assert left(chat(stack)) == 99
        before = time.monotonic()
        assert [left(chat(stack)) for _ in range(5)] == [98, 97, 96, 95, 94]
        assert time.monotonic() - before < 1 and health(stack)["status"] == "degraded"
        slow.delay = 0
        wait_until(lambda: health(stack)["status"] == "ok", HEALED_WITHIN, "it to be used again")
        assert left(chat(stack)) <= 96


@pytest.mark.timeout(120)
@pytest.mark.parametrize("harm", ["kill", "freeze"])
@pytest.mark.parametrize("policy", ["local", "deny", "allow"])
def test_without_memcached_the_rules_say_what_happens(make_stack, memcached: MemcachedServer, harm: str, policy: str):
    stack = make_stack(limits=limits({"requestsPerMinute": 3, "onStoreFailure": policy}), memcached=shared(memcached))
    for _ in range(3):
        assert chat(stack).status == 200
    refused(chat(stack))
    before = health(stack)
    assert (before["status"], before["limits"]["store"]) == ("ok", "memcached") and places(stack) == [place(memcached, True)]
    getattr(memcached, harm)()
    answers = [chat(stack) for _ in range(6)]
    if policy == "allow":
        assert {answer.status for answer in answers} == {200}
    elif policy == "deny":
        assert {answer.status for answer in answers} == {503}
        assert all(answer.headers["Retry-After"] == "1" and answer.error["message"] for answer in answers)
    else:
        # The machine begins to count when it counts alone.
        assert [answer.status for answer in answers] == [200] * 3 + [429] * 3
        assert left(answers[0]) == 2 and refused(answers[-1])
    stack.worker.wait_for_event(NOT_USED)
    lines = stack.worker.events(NOT_USED)
    assert len(lines) == 1 and lines[0]["level"] == "warning", lines
    assert memcached.address in json.dumps(lines[0]) and KEY not in json.dumps(lines[0])
    now = health(stack)
    assert now["status"] == "degraded" and places(stack) == [place(memcached, False)]
    assert now["limits"]["places"][0]["reason"]
    if harm == "kill":
        memcached.start()
    else:
        memcached.thaw()
    stack.worker.wait_for_event(USED_AGAIN, 1, HEALED_WITHIN)
    assert health(stack)["status"] == "ok" and places(stack) == [place(memcached, True)]
    if harm == "kill":
        # It has forgotten everything; what the machine counted by itself is not added.
        assert [chat(stack).status for _ in range(4)] == [200] * 3 + [429]
    else:
        assert chat(stack).status == 429
    assert len(stack.worker.events(NOT_USED)) == len(stack.worker.events(USED_AGAIN)) == 1


@pytest.mark.timeout(90)
def test_while_it_hangs_nobody_waits(make_stack, memcached: MemcachedServer):
    """The first ones wait for the time-out; as soon as it is known, nobody does."""
    stack = make_stack(limits=limits({"requestsPerMinute": 10_000}), memcached=shared(memcached))
    assert chat(stack).status == 200
    memcached.freeze()
    began = time.monotonic()
    assert chat(stack).status == 200
    assert time.monotonic() - began < 4
    stack.worker.wait_for_event(NOT_USED)
    # Two hundred of them would take minutes if each waited; the limit of the test is not what is measured here.
    began = time.monotonic()
    statuses = {chat(stack).status for _ in range(200)}
    assert statuses == {200} and time.monotonic() - began < 20
    memcached.thaw()
    stack.worker.wait_for_event(USED_AGAIN, 1, HEALED_WITHIN)


@pytest.mark.timeout(90)
def test_streams_that_run_when_it_fails_are_settled(make_stack, fake: FakeOneMin, memcached: MemcachedServer):
    stack = make_stack(limits=limits({"concurrent": 2, "tokensPerMinute": 20_000}, lease="5s"), memcached=shared(memcached))
    with held(stack, fake, "fails-1"):
        memcached.freeze()
        with held(stack, fake, "fails-2"):
            stack.worker.wait_for_event(NOT_USED)
            assert chat(stack).status == 200, "the second place of this machine's own two"
    wait_until(lambda: chat(stack).status == 200, 5, "a place")
    memcached.thaw()
    stack.worker.wait_for_event(USED_AGAIN, 1, HEALED_WITHIN)

    def both() -> bool:
        with open_stream(stack, directive(mode="stall", at=1)) as stream:
            return stream.status == 200 and bool(stream.text()) and chat(stack).status == 200
    # What could not be told to it ends with its lease.
    wait_until(both, 15, "both places")
    wait_until(lambda: tokens_left(stack) > 19_000, 15, "the reservations to be gone")


@pytest.mark.timeout(120)
def test_one_of_three_servers_is_not_all(make_stack, make_memcached):
    servers = [make_memcached() for _ in range(3)]
    stack = make_stack(limits=limits({"requestsPerMinute": 2}), memcached=shared(*servers))
    keys = [f"caller-{number}" for number in range(30)]
    for key in keys:
        assert left(chat(stack, key=key)) == 1
    counts = [server.items() for server in servers]
    assert sum(counts) == 30 and all(counts), f"all of them have some: {counts}"
    servers[1].kill()
    # Whom the others count is counted on; whom the lost one counted begins anew, on this machine.
    remaining = [left(chat(stack, key=key)) for key in keys]
    assert remaining.count(0) == 30 - counts[1] and remaining.count(1) == counts[1]
    assert len(stack.worker.events(NOT_USED)) == 1
    assert places(stack) == [place(servers[0], True), place(servers[1], False), place(servers[2], True)]
    servers[1].start()
    stack.worker.wait_for_event(USED_AGAIN, 1, HEALED_WITHIN)
    remaining = [chat(stack, key=key).status for key in keys]
    assert remaining.count(429) == 30 - counts[1] and servers[1].items() == counts[1]


def test_a_server_that_was_never_there(make_stack, make_memcached):
    server = make_memcached()
    server.kill()
    stack = make_stack(limits=limits({"requestsPerMinute": 2}), memcached=shared(server))
    assert [chat(stack).status for _ in range(3)] == [200, 200, 429]
    server.start()
    stack.worker.wait_for_event(USED_AGAIN, 1, HEALED_WITHIN)
    assert chat(stack).status == 200 and server.items() == 1


def test_a_server_that_forgets_costs_at_most_the_counts(make_stack, fake: FakeOneMin, memcached: MemcachedServer):
    stack = make_stack(limits=limits({"requestsPerMinute": 2, "concurrent": 5}), memcached=shared(memcached))
    with held(stack, fake, "forgets"):
        memcached.ask("flush_all")
        assert left(chat(stack)) == 1
    # What nobody remembers is given back to nobody.
    assert left(chat(stack)) == 0 and refused(chat(stack))
    assert stack.worker.events(NOT_USED) == []


def test_who_is_told_how_the_relay_is(make_stack, memcached: MemcachedServer):
    stack = make_stack(limits=limits({"requestsPerMinute": 2}), memcached=shared(memcached),
                       health={"networks": ["127.0.0.3/32"]})
    assert health(stack, "127.0.0.3")["limits"]["store"] == "memcached"
    for answer in (ask(stack, method="GET", path="/health?verbose", key=None, **{"X-Forwarded-For": "127.0.0.3"}),
                   ask(stack, method="GET", path="/health", key=None, source="127.0.0.3")):
        assert (answer.status, answer.body) == (200, b'{"status":"ok"}')


def test_health_names_the_store(make_stack, tmp_path: pathlib.Path):
    assert health(make_stack(limits=limits({"requestsPerMinute": 2})))["limits"]["store"] == "machine"
    # No directory, whoever runs the tests.
    (tmp_path / "file").touch()
    assert health(make_stack(limits=limits({"requestsPerMinute": 2}, file=str(tmp_path / "file" / "limits"))))[
        "limits"]["store"] == "process"
    assert health(make_stack(limits=None))["limits"]["store"] in ("none", "machine")


def test_other_servers_need_a_restart(make_stack, fake: FakeOneMin, make_memcached):
    first, second = make_memcached(), make_memcached()
    stack = make_stack(limits=limits({"requestsPerMinute": 2}), memcached=shared(first))
    assert chat(stack).status == 200
    line = reload(stack, configuration(fake, limits=limits({"requestsPerMinute": 3}), memcached=shared(second)))
    assert "memcached.servers" in line["needs_restart"] and "limits.caller" in line["changed"]
    assert left(chat(stack)) == 1 and (first.items(), second.items()) == (1, 0)


def test_policies_are_of_the_newest_draft(make_stack, memcached: MemcachedServer):
    """The fields do not depend on who counts."""
    stack = make_stack(limits=limits({"requestsPerMinute": 5, "tokensPerMinute": 10_000, "concurrent": 3}),
                       memcached=shared(memcached))
    assert items(chat(stack).headers["RateLimit-Policy"]) == {
        "caller-requests-minute": {"q": 5, "w": 60}, "caller-tokens-minute": {"q": 10_000, "qu": "tokens", "w": 60},
        "caller-concurrent": {"q": 3, "qu": "concurrent-requests"}}
