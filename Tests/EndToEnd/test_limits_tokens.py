"""Limits of tokens: reserved before the call, settled to what was used after it, however it ends."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import pytest

from fake_onemin import directive
from harness import MODEL, Stack, Stream, question, wait_until
from limit_checks import (MESSAGES, USED, ask, chat, count, held, left, limits, open_stream, race, refused, send,
                          tokens_left)

# None of this depends on how nginx and the worker speak.
pytestmark = pytest.mark.only("fastcgi")

#: What is reserved for an answer at most where the limit is 10,000: a tenth of it.
RESERVE = 1000


def settled(stack: Stack, tokens: int) -> None:
    """Waits until that many are left: an answer's last byte does not wait for the books."""
    wait_until(lambda: tokens_left(stack) == tokens, 5, f"{tokens} tokens to be left, and not {tokens_left(stack)}")


def test_what_was_reserved_is_settled_to_what_was_used(make_stack):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    answer = chat(stack)
    assert answer.status == 200 and answer.headers["x-ratelimit-limit-tokens"] == "10000"
    assert answer.json["usage"]["total_tokens"] == USED
    settled(stack, 10_000 - USED)
    # The fields of an answer are of the moment when it began: prompt and reservation are always the same here.
    first = left(answer, "tokens")
    second = left(chat(stack), "tokens")
    assert first - second == USED and first < 10_000
    settled(stack, 10_000 - 2 * USED)


@pytest.mark.parametrize("usage, used", [
    ({"inputToken": 1000, "outputToken": 500, "totalToken": 1500}, 1500),
    ({"inputToken": 5000, "outputToken": 9000, "totalToken": 14_000}, 14_000)])
@pytest.mark.parametrize("stream", [False, True])
def test_more_than_was_reserved_counts_as_well(make_stack, usage: dict[str, int], used: int, stream: bool):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    prompt = directive(usage=usage)
    if stream:
        with open_stream(stack, prompt, max_tokens=50) as events:
            events.rest()
    else:
        assert chat(stack, prompt).status == 200
    settled(stack, max(0, 10_000 - used))
    if used > 10_000:
        answer = chat(stack)
        assert refused(answer) >= 50 and "tokens per minute" in answer.error["message"]
        # Counting them uses none.
        assert count(stack).status == 200


def test_without_a_usage_what_was_sent_is_counted(make_stack):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    for usage in (None, "zero"):
        before = tokens_left(stack)
        answer = chat(stack, directive(text="one two three four five", usage=usage))
        told = answer.json["usage"]["total_tokens"]
        assert 0 < told < 1000
        settled(stack, before - told)


def test_a_stream_holds_its_reservation(make_stack, fake):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    with held(stack, fake, "tokens-held"):
        assert 10_000 - RESERVE - 200 < tokens_left(stack) <= 10_000 - RESERVE
        with held(stack, fake, "tokens-held-less", max_tokens=100):
            assert 10_000 - RESERVE - 400 < tokens_left(stack) <= 10_000 - RESERVE - 100
        settled_by = 10_000 - RESERVE - USED
        wait_until(lambda: settled_by - 200 < tokens_left(stack) <= settled_by, 5, "the shorter to be settled")
        # Twice a thousand is held, and eight more are too many.
        with held(stack, fake, "tokens-held-too"):
            answer = chat(stack, max_tokens=None, n=8)
            assert refused(answer) and answer.error["code"] == "rate_limit_exceeded"
            assert "tokens per minute" in answer.error["message"]
            assert ask(stack, {"model": MODEL, "max_tokens": 5000, "messages": [
                {"role": "user", "content": "pear " * 8000}]}, path=MESSAGES).status == 429
            assert len(fake.chats()) == 3
    settled(stack, 10_000 - 3 * USED)
    assert chat(stack, max_tokens=None).status == 200


def test_the_reserve_is_a_setting(make_stack, fake):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}, outputReserve=500))
    with held(stack, fake, "reserve-set"):
        assert 10_000 - 700 < tokens_left(stack) <= 10_000 - 500


def test_a_refused_request_costs_neither_tokens_nor_its_count(make_stack, fake):
    stack = make_stack(limits=limits({"tokensPerMinute": 5000, "requestsPerMinute": 10}))
    with held(stack, fake, "refused-tokens"):
        for _ in range(5):
            refused(chat(stack, "pear " * 4600, max_tokens=None))
        answer = count(stack)
        assert answer.headers["anthropic-ratelimit-requests-remaining"] == "8"
    settled(stack, 5000 - USED)


def test_more_than_the_limit_is_refused_for_good(make_stack, fake):
    stack = make_stack(limits=limits({"tokensPerMinute": 1000}))
    answer = chat(stack, "pear " * 2000)
    assert answer.status == 429 and answer.error["code"] == "rate_limit_exceeded"
    assert "Retry-After" not in answer.headers and fake.chats() == []
    assert tokens_left(stack) == 1000 and chat(stack).status == 200


@pytest.mark.parametrize("fault", [
    dict(mode="cut", afterEvents=2), dict(mode="reset", afterEvents=2), dict(mode="error-event", afterEvents=2),
    dict(mode="end", afterEvents=2)], ids=["cut", "reset", "error event", "end without usage"])
def test_a_stream_that_breaks_gives_back_what_it_did_not_use(make_stack, fault: dict[str, Any]):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    with open_stream(stack, directive(chunks=["one ", "two ", "three "], **fault)) as stream:
        assert stream.text() == "one "
        stream.rest()
    wait_until(lambda: 9800 < tokens_left(stack) < 10_000, 5, "the reservation to be settled")


def test_a_failure_before_the_first_byte_gives_back_its_answer(make_stack):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    assert chat(stack, directive(mode="status", status=500), max_tokens=None).status == 502
    wait_until(lambda: tokens_left(stack) > 9900, 5, "the reservation to be settled")
    assert ask(stack, {"model": "nonsense", "messages": [{"role": "user", "content": "Hi"}]}).status == 404
    assert tokens_left(stack) > 9900


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_gives_back_what_it_did_not_use(make_stack, fake, stream: bool):
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    prompt = directive(mode="stall", at=2 if stream else "head", chunks=["one ", "two ", "three "])
    with Stream(send(stack, question(prompt, stream=stream or None))) as events:
        request = fake.wait_for_chat()
        if stream:
            assert events.text() == "one "
        assert tokens_left(stack) <= 10_000 - RESERVE
    fake.wait_for_abort(request, 5)
    if stream:
        wait_until(lambda: 9800 < tokens_left(stack) < 10_000, 5, "what was sent to have been used, and no more")
    else:
        # What the vendor would have written, and takes money for, nobody knows: up to all that was reserved.
        assert 10_000 - RESERVE - 200 < tokens_left(stack) <= 10_000


def test_reservations_of_a_race_never_exceed_the_limit(make_stack, fake):
    """What each may use is reserved before any has: at most nine of a little over 1000 are inside of 10,000 at once."""
    stack = make_stack(limits=limits({"tokensPerMinute": 10_000}))
    gate = fake.gate("tokens-race")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(chat, stack, directive(gate="tokens-race"), max_tokens=None) for _ in range(16)]
        done = wait_until(lambda: sum(one.done() for one in waiting) == 7 and waiting, 15, "seven to be refused")
        assert {one.result().status for one in done if one.done()} == {429}
        # Those that pass need not be there before the others are refused.
        wait_until(lambda: len(fake.chats()) >= 9, 15, "nine to be asked for")
        assert len(fake.chats()) == 9
        gate.release(9)
        assert sorted(one.result(20).status for one in waiting) == [200] * 9 + [429] * 7
    settled(stack, 10_000 - 9 * USED)


def test_many_small_ones_are_exact(make_stack):
    stack = make_stack(limits=limits({"tokensPerMinute": 1_000_000}))
    assert race([stack], 16, 4) == [200] * 64
    settled(stack, 1_000_000 - 64 * USED)
