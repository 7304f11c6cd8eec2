"""Floods: keys that are wrong, missing, or ever new ones."""

from __future__ import annotations

import concurrent.futures
import itertools
import statistics
import time
from typing import Any, Iterator

import openai
import pytest

from fake_onemin import BAD_KEY, FakeOneMin
from harness import KEY, MODEL
from limit_checks import MESSAGES, ask, chat, limits, refused
from memcached_server import MemcachedServer

# None of this depends on how nginx and the worker speak.
pytestmark = pytest.mark.only("fastcgi")

BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50}


@pytest.fixture
def memcached(tmp_path) -> Iterator[MemcachedServer]:
    with MemcachedServer(tmp_path / "memcached") as server:
        yield server


def wrong_keys(**more: Any) -> dict[str, Any]:
    """The defaults for wrong keys, without other limits."""
    return limits(wrongKeysPerMinute=30, wrongKeyMemory="60s", **more)


def test_the_vendor_is_asked_once_about_a_wrong_key(make_stack, fake: FakeOneMin):
    stack = make_stack(limits=wrong_keys())
    first, *others = [chat(stack, key=BAD_KEY) for _ in range(10)]
    assert first.status == 401 and first.error["code"] == "invalid_api_key" and len(fake.chats()) == 1
    for answer in others:
        assert answer.status == 401 and answer.json == first.json
    # By any route, with the words of that.
    with openai.OpenAI(base_url=stack.url, api_key=BAD_KEY, max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}])
    answer = ask(stack, {**BODY, "max_tokens": 9}, key=None, path=MESSAGES, **{"x-api-key": BAD_KEY})
    assert answer.status == 401 and answer.json["error"]["type"] == "authentication_error"
    assert len(fake.chats()) == 1
    # Another key is another question, and streams are no way around.
    assert chat(stack, key=f"{BAD_KEY}-2", stream=True).status == 401 and len(fake.chats()) == 2
    assert chat(stack, key=f"{BAD_KEY}-2", stream=True).status == 401 and len(fake.chats()) == 2


def test_without_memory_the_vendor_is_always_asked(make_stack, fake: FakeOneMin):
    stack = make_stack(limits=limits())
    for number in range(1, 41):
        assert chat(stack, key=BAD_KEY).status == 401 and len(fake.chats()) == number


def test_too_many_wrong_keys_of_an_address_are_429(make_stack, fake: FakeOneMin):
    stack = make_stack(limits=wrong_keys())
    assert chat(stack).status == 200, "known to be good"
    assert [chat(stack, key=f"{BAD_KEY}-{number}").status for number in range(30)] == [401] * 30
    asked = len(fake.chats())
    for number in range(30, 60):
        answer = chat(stack, key=f"{BAD_KEY}-{number}")
        assert 1 <= refused(answer) <= 61
        assert "x-ratelimit-limit-requests" not in answer.headers
    assert ask(stack, BODY, key=None, path=MESSAGES, **{"x-api-key": BAD_KEY}).json["error"]["type"] == "rate_limit_error"
    assert len(fake.chats()) == asked == 31, "nobody was asked about these"
    # A key that the vendor took lately passes; one that nobody knows does not; elsewhere nothing has happened.
    assert chat(stack).status == 200
    assert chat(stack, key="never-seen").status == 429
    assert chat(stack, key="never-seen", source="127.0.0.2").status == 200
    assert chat(stack, key="never-seen").status == 200, "and now it is known"


def test_no_key_at_all_counts_too(make_stack, fake: FakeOneMin):
    stack = make_stack(limits=wrong_keys())
    answers = [ask(stack, BODY, key=None) for _ in range(40)]
    assert [answer.status for answer in answers] == [401] * 30 + [429] * 10
    assert answers[0].error["code"] == "missing_api_key" and answers[0].headers["WWW-Authenticate"]
    assert 1 <= refused(answers[-1]) <= 61 and fake.requests == []


def test_refusals_are_quick(make_stack, fake: FakeOneMin):
    """Nothing is read, asked or counted that is not needed: a refusal takes less than an answer that needs the vendor."""
    stack = make_stack(limits=wrong_keys())

    def took(key: str | None) -> float:
        began = time.monotonic()
        ask(stack, BODY, key=key)
        return time.monotonic() - began
    for _ in range(3):
        assert chat(stack).status == 200
    answered = statistics.median(took(KEY) for _ in range(20))
    missing = statistics.median(took(None) for _ in range(20))
    assert missing < answered


def test_the_address_counts_before_any_store_is_asked(make_stack, fake: FakeOneMin, memcached: MemcachedServer):
    stack = make_stack(limits=limits({"requestsPerMinute": 100}, {"requestsPerMinute": 1000}, wrongKeysPerMinute=10,
                                     wrongKeyMemory="60s"), memcached={"servers": [memcached.address], "timeout": "1s"})
    for number in range(500):
        chat(stack, key=f"{BAD_KEY}-{number}")
    asked = len(fake.chats())
    assert asked <= 10 and memcached.items() <= asked + 1, memcached.keys()
    # The same of no key, and of one that is remembered as wrong.
    for source, key in (("127.0.0.2", None), ("127.0.0.3", f"{BAD_KEY}-0")):
        before = memcached.items()
        for _ in range(50):
            assert ask(stack, BODY, key=key, source=source).status in (401, 429)
        assert memcached.items() == before and len(fake.chats()) == asked


@pytest.mark.timeout(120)
def test_ever_new_keys_take_no_memory(make_stack, fake: FakeOneMin, memcached: MemcachedServer):
    """Right or wrong, nobody knows until the vendor is asked: the address is what limits them."""
    stack = make_stack(limits=limits({"requestsPerMinute": 100}, {"requestsPerDay": 200}, wrongKeysPerMinute=30,
                                     wrongKeyMemory="60s"), memcached={"servers": [memcached.address], "timeout": "1s"})
    numbers = itertools.count()

    def flood(count: int) -> list[int]:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: chat(stack, key=f"new-key-{next(numbers)}").status, range(count)))
    statuses = flood(1000)
    assert statuses.count(200) == 200 and statuses.count(429) == 800
    assert memcached.items() <= 201, "a caller who is refused is not written down"
    before = stack.worker.resident_bytes()
    assert set(flood(2000)) == {429} and len(fake.chats()) == 200
    assert stack.worker.resident_bytes() - before < 4 << 20


def test_others_are_unharmed_while_a_flood_runs(make_stack, fake: FakeOneMin):
    stack = make_stack(limits=limits({"requestsPerMinute": 180}, {"requestsPerMinute": 600}, wrongKeysPerMinute=30,
                                     wrongKeyMemory="60s"))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(lambda number: chat(stack, key=f"{BAD_KEY}-{number}", source="127.0.0.9").status, number)
                 for number in range(1000)]
        assert {chat(stack, key=f"good-{number}").status for number in range(50)} == {200}
        statuses = [one.result(50) for one in flood]
    # Some may be on their way to the vendor when the thirtieth comes back.
    assert set(statuses) == {401, 429} and 30 <= statuses.count(401) <= 40
    assert stack.worker.process.poll() is None


def test_keys_of_a_flood_are_in_no_log(make_stack):
    stack = make_stack(limits=wrong_keys())
    for number in range(40):
        chat(stack, key=f"{BAD_KEY}-secret-{number}", request_id=f"flood-{number}")
    stack.worker.wait_for_exchange("flood-39")
    assert "secret" not in stack.worker.output()
