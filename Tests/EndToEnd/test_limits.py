"""Limits of requests and of what is open at once, as clients see them through nginx."""

from __future__ import annotations

import concurrent.futures
import secrets
import signal
import time
from typing import Any

import anthropic
import openai
import pytest

from conftest import configuration
from fake_onemin import directive
from harness import KEY, MODEL, wait_until
from limit_checks import (COUNT, MESSAGES, SHORT, ask, chat, count, held, items, left, limit_fields, limits, open_stream,
                          refused, seconds)
from test_reload import reload

USER = [{"role": "user", "content": "Hi"}]
MESSAGE = {"model": MODEL, "max_tokens": 50, "messages": USER}


def test_the_defaults(make_stack):
    stack = make_stack(limits={"caller": {}, "address": {}, "file": "limits"})
    answer = chat(stack)
    assert answer.headers["x-ratelimit-limit-requests"] == "180" and left(answer) == 179
    assert "x-ratelimit-limit-tokens" not in answer.headers
    policy = items(answer.headers["RateLimit-Policy"])
    assert policy["caller-requests-minute"] == {"q": 180, "w": 60}
    assert policy["address-requests-minute"] == {"q": 600, "w": 60}
    assert policy["caller-concurrent"] == {"q": 64, "qu": "concurrent-requests"}


def test_each_request_takes_one_and_one_too_many_is_refused(make_stack, fake):
    stack = make_stack(limits=limits({"requestsPerMinute": 3}))
    assert [left(chat(stack)) for _ in range(3)] == [2, 1, 0]
    answer = chat(stack)
    after = refused(answer)
    assert 50 <= after <= 60 and answer.error["type"] == "rate_limit_error"
    assert answer.error["message"].startswith("Rate limit reached for requests per minute: limit 3, used 3, requested 1.")
    assert f"Please try again in {after} s" in answer.error["message"]
    assert len(fake.chats()) == 3, "what is refused does not reach 1min.ai"


@pytest.mark.parametrize("body, status", [
    ({"model": MODEL, "messages": USER, **SHORT}, 200), ({"model": MODEL, "messages": "none"}, 400), (b"{", 400),
    ({"model": "nonsense", "messages": USER}, 404), ({"model": MODEL, "messages": USER, **SHORT}, 429)])
def test_openai_fields_are_on_every_answer(make_stack, body: Any, status: int):
    stack = make_stack(limits=limits({"requestsPerMinute": 5, "tokensPerMinute": 100_000}))
    for _ in range(5 if status == 429 else 0):
        chat(stack)
    answer = ask(stack, body)
    assert answer.status == status
    fields = limit_fields(answer)
    assert fields["x-ratelimit-limit-requests"] == "5" and fields["x-ratelimit-limit-tokens"] == "100000"
    assert fields["x-ratelimit-remaining-requests"] == ("0" if status == 429 else "4")
    assert 0 <= int(fields["x-ratelimit-remaining-tokens"]) <= 100_000
    assert 55 <= seconds(fields["x-ratelimit-reset-requests"]) <= 60
    assert items(fields["ratelimit-policy"]) == {
        "caller-requests-minute": {"q": 5, "w": 60}, "caller-tokens-minute": {"q": 100_000, "qu": "tokens", "w": 60}}
    state = items(fields["ratelimit"])
    assert state["caller-requests-minute"]["r"] == int(fields["x-ratelimit-remaining-requests"])
    assert 55 <= state["caller-requests-minute"]["t"] <= 60
    assert state["caller-tokens-minute"]["r"] == int(fields["x-ratelimit-remaining-tokens"])
    assert not any(name.startswith("anthropic-") for name in fields)
    assert ("retry-after" in fields) == (status == 429)


@pytest.mark.parametrize("path, body, status", [
    (MESSAGES, MESSAGE, 200), (MESSAGES, {"model": MODEL}, 400), (COUNT, {"model": MODEL, "messages": USER}, 200),
    (MESSAGES, MESSAGE, 429)])
def test_anthropic_fields_are_on_its_routes(make_stack, path: str, body: Any, status: int):
    stack = make_stack(limits=limits({"requestsPerMinute": 5, "tokensPerMinute": 100_000}))
    for _ in range(5 if status == 429 else 0):
        count(stack)
    before = time.time()
    answer = ask(stack, body, path=path)
    assert answer.status == status
    fields = limit_fields(answer)
    assert fields["anthropic-ratelimit-requests-limit"] == "5"
    assert fields["anthropic-ratelimit-requests-remaining"] == ("0" if status == 429 else "4")
    assert fields["anthropic-ratelimit-tokens-limit"] == "100000"
    for name in ("requests", "tokens"):
        text = fields[f"anthropic-ratelimit-{name}-reset"]
        # RFC 3339, in UTC.
        moment = time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
        assert before - 1 <= (time.mktime(moment) - time.timezone) <= before + 63, text
    assert items(fields["ratelimit-policy"])["caller-requests-minute"] == {"q": 5, "w": 60}
    assert fields["x-ratelimit-remaining-requests"] == fields["anthropic-ratelimit-requests-remaining"]


def test_streams_have_the_fields(make_stack):
    stack = make_stack(limits=limits({"requestsPerMinute": 5}))
    with open_stream(stack, "Hi") as stream:
        assert stream.headers["x-ratelimit-remaining-requests"] == "4" and stream.rest()[-1] == "[DONE]"
    answer = ask(stack, {**MESSAGE, "stream": True}, path=MESSAGES)
    assert answer.status == 200 and answer.headers["anthropic-ratelimit-requests-remaining"] == "3"
    for _ in range(3):
        chat(stack)
    # A stream that is refused has a status, and no events.
    refused(chat(stack, stream=True))


def test_browsers_may_read_the_fields(make_stack):
    stack = make_stack(limits=limits({"requestsPerMinute": 5, "tokensPerMinute": 100_000}))
    for path, body in (("/v1/chat/completions", {"model": MODEL, "messages": USER}), (MESSAGES, MESSAGE)):
        answer = ask(stack, body, path=path, Origin="https://chat.example.org")
        exposed = answer.headers["Access-Control-Expose-Headers"].lower().split(", ")
        assert limit_fields(answer) and limit_fields(answer).keys() <= set(exposed)


def test_what_is_not_limited_has_no_fields(make_stack):
    stack = make_stack(limits=limits({"requestsPerMinute": 1}))
    for _ in range(3):
        for answer in (ask(stack, method="GET", path="/v1/models"), ask(stack, method="GET", path="/health")):
            assert answer.status == 200 and limit_fields(answer) == {}
    assert left(chat(stack)) == 0


def test_the_openai_client_waits_and_comes_again(make_stack, fake):
    """A place is free as soon as somebody has ended: no minute has to pass."""
    stack = make_stack(limits=limits({"concurrent": 1}))
    with openai.OpenAI(base_url=stack.url, api_key=KEY, max_retries=0, timeout=30) as client:
        with held(stack, fake, "openai-waits"):
            with pytest.raises(openai.RateLimitError) as caught:
                client.chat.completions.create(model=MODEL, messages=USER)
            assert caught.value.code == "rate_limit_exceeded" and "concurrent" in caught.value.message
            assert caught.value.response.headers["retry-after"] == "1"
            for answer in (chat(stack), ask(stack, MESSAGE, path=MESSAGES)):
                assert answer.status == 429 and answer.headers["Retry-After"] == "1"
        wait_until(lambda: chat(stack).status == 200, 5, "the place to be free")
        assert client.chat.completions.create(model=MODEL, messages=USER).choices[0].message.content
    # With its own retries it notices nothing but the time that passes.
    gate = fake.gate("openai-comes-again")
    with openai.OpenAI(base_url=stack.url, api_key=KEY, max_retries=5, timeout=30) as client, \
            concurrent.futures.ThreadPoolExecutor(1) as pool, \
            open_stream(stack, directive(gate="openai-comes-again", chunks=["a"])) as stream:
        gate.release()
        assert stream.text() == "a"
        refusals = len(refusals_of(stack))
        waiting = pool.submit(client.chat.completions.create, model=MODEL, messages=USER)
        wait_until(lambda: len(refusals_of(stack)) > refusals, 10, "the client to be refused")
        gate.release()
        stream.rest()
        assert waiting.result(20).choices[0].message.content


def refusals_of(stack: Any) -> list[dict[str, Any]]:
    return [line for line in stack.worker.exchanges() if line.get("status") == 429]


def test_the_anthropic_client_raises_its_class(make_stack):
    stack = make_stack(limits=limits({"requestsPerMinute": 1}))
    with anthropic.Anthropic(base_url=stack.url.removesuffix("/v1"), api_key=KEY, max_retries=0, timeout=30) as client:
        assert client.messages.create(model=MODEL, max_tokens=50, messages=USER).content
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(model=MODEL, max_tokens=50, messages=USER)
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    assert 50 <= int(caught.value.response.headers["retry-after"]) <= 60
    assert caught.value.response.headers["anthropic-ratelimit-requests-remaining"] == "0"


@pytest.mark.only("fastcgi")
@pytest.mark.timeout(150)
def test_after_a_minute_there_is_room_again(make_stack, fake):
    """The one test that a minute passes for: Retry-After is true, and 60 seconds at most, which SDKs wait."""
    stack = make_stack(limits=limits({"requestsPerMinute": 2}))
    # Whatever part of a second is over then.
    begun = [time.monotonic() for _ in range(2) if chat(stack).status == 200]
    with concurrent.futures.ThreadPoolExecutor() as pool, \
            openai.OpenAI(base_url=stack.url, api_key=KEY, max_retries=1, timeout=30) as client:
        # It waits as long as it is told, once.
        first = pool.submit(client.chat.completions.create, model=MODEL, messages=USER)
        after = refused(chat(stack))
        assert after == 60
        # Time is what is tested.
        time.sleep(after - 3)
        later = refused(chat(stack))
        assert 2 <= later <= 3
        assert first.result(30).choices
    assert 60 <= time.monotonic() - begun[0] <= 66 and len(fake.chats()) == 3


def test_a_refused_request_costs_nothing(make_stack):
    stack = make_stack(limits=limits({"requestsPerMinute": 2}, {"requestsPerMinute": 3}))
    assert [left(chat(stack)) for _ in range(2)] == [1, 0]
    first = refused(chat(stack))
    for _ in range(10):
        assert refused(chat(stack)) <= first
    # The address was not charged for what the caller was refused.
    assert chat(stack, key="another").status == 200
    answer = chat(stack, key="a-third")
    assert refused(answer) and answer.headers["x-ratelimit-limit-requests"] == "3"
    # And the caller not for what the address was.
    assert left(chat(stack, key="a-third", source="127.0.0.2")) == 1


def test_callers_and_addresses_are_apart(make_stack):
    stack = make_stack(limits=limits({"requestsPerMinute": 2}))
    for _ in range(2):
        assert chat(stack).status == 200
    refused(chat(stack, source="127.0.0.2"))
    assert left(chat(stack, key="another")) == 1
    # The same credential, however it is shown.
    answer = ask(stack, MESSAGE, key=None, path=MESSAGES, **{"x-api-key": KEY})
    assert answer.status == 429
    stack = make_stack(limits=limits(None, {"requestsPerMinute": 2}))
    for _ in range(2):
        assert chat(stack, key=secrets.token_hex(8)).status == 200
    refused(chat(stack, key=secrets.token_hex(8)))
    assert left(chat(stack, source="127.0.0.2")) == 1


@pytest.mark.parametrize("field", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Remote-Addr", "Client-IP"])
def test_nobody_can_say_where_he_comes_from(make_stack, field: str):
    stack = make_stack(limits=limits(None, {"requestsPerMinute": 2}, exempt={"networks": ["192.0.2.0/24"]}))
    answers = [ask(stack, {"model": MODEL, "messages": USER}, **{field: f"192.0.2.{number}"}) for number in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]


def test_classes_are_apart(make_stack):
    rules = {name: {"requestsPerMinute": number, "concurrent": None}
             for number, name in enumerate(("text", "image", "audio", "files"), 1)}
    stack = make_stack(limits={**limits(), "caller": rules}, store={"path": "state/store.sqlite"})
    assert left(chat(stack)) == 0
    refused(chat(stack))
    # What is wrong counts too, which saves making pictures.
    for path, method, number in (("/v1/images/generations", "POST", 2), ("/v1/audio/speech", "POST", 3),
                                 ("/v1/files", "GET", 4)):
        answer = ask(stack, {} if method == "POST" else None, path=path, method=method)
        assert answer.status in (200, 400), answer
        assert answer.headers["x-ratelimit-limit-requests"] == str(number) and left(answer) == number - 1
    for path in ("/v1/completions", "/v1/responses", MESSAGES, COUNT):
        answer = ask(stack, {"model": MODEL, "prompt": "Hi", "input": "Hi", "messages": USER, "max_tokens": 9}, path=path)
        assert answer.status == 429, path


def test_a_chat_that_paints_is_a_picture(make_stack):
    rules = {"text": {"requestsPerMinute": 4}, "image": {"requestsPerMinute": 5, "concurrent": 1}}
    stack = make_stack(limits={**limits(), "caller": rules})

    def paint(_: int):
        return chat(stack, directive(delay=2), model="gpt-image-1-mini")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(paint, range(3)))
    assert sorted(answer.status for answer in answers) == [200, 429, 429]
    painted = next(answer for answer in answers if answer.status == 200)
    policy = items(painted.headers["RateLimit-Policy"])
    assert policy["caller-requests-minute"]["q"] == 5 and policy["caller-concurrent"]["q"] == 1
    # Neither what was painted nor what was refused is left among the chats.
    assert left(chat(stack)) == 3


@pytest.mark.parametrize("settings", [
    None, {"caller": None, "address": None}, {"caller": {"text": None}, "address": {"text": None}},
    {"caller": {"text": {"requestsPerMinute": None, "concurrent": None}}, "address": None}])
def test_null_turns_them_off(make_stack, settings: dict | None):
    stack = make_stack(limits=settings)
    for _ in range(3):
        answer = chat(stack)
        assert answer.status == 200 and limit_fields(answer) == {}


def test_one_limit_for_all_classes(make_stack):
    stack = make_stack(limits={"caller": {"requestsPerMinute": 7, "image": {"requestsPerMinute": 2}}, "address": None,
                               "file": "limits"})
    assert left(chat(stack)) == 6
    assert left(ask(stack, {}, path="/v1/images/generations")) == 1
    assert left(ask(stack, {}, path="/v1/audio/speech")) == 6


def test_who_is_exempt(make_stack, tmp_path):
    (tmp_path / "key").write_text("exempt-by-file\n")
    stack = make_stack(limits=limits({"requestsPerMinute": 1}, {"requestsPerMinute": 2}, exempt={
        "networks": ["127.0.0.3/32"], "callers": ["exempt-itself", f"file:{tmp_path}/key"]}))
    for _ in range(4):
        for options in ({"key": "exempt-itself"}, {"key": "exempt-by-file"}, {"source": "127.0.0.3"}):
            answer = chat(stack, **options)
            assert answer.status == 200 and limit_fields(answer) == {}
    # None of that was counted for others.
    assert chat(stack).status == 200 and refused(chat(stack))


def test_places_are_given_back_however_a_request_ends(make_stack, fake):
    stack = make_stack(limits=limits({"concurrent": 2}))
    for number in range(6):
        prompt = (directive(mode="cut", afterEvents=1), directive(mode="status", status=500), "Hi")[number % 3]
        chat(stack, prompt, stream=number % 2 == 0)
    for number in range(3):
        with open_stream(stack, directive(mode="stall", at=2)) as stream:
            assert stream.text()
        fake.wait_for_abort(fake.wait_for_chat("stall"), 5)

    def both() -> bool:
        with held(stack, fake, f"first-{secrets.token_hex(4)}"):
            return chat(stack).status == 200
    wait_until(both, 5, "both places to be free")
    with held(stack, fake, "places-1"), held(stack, fake, "places-2"):
        assert chat(stack).status == 429
        assert chat(stack, key="another").status == 200


def test_places_show(make_stack, fake):
    stack = make_stack(limits=limits({"concurrent": 3}))

    def free() -> int:
        answer = count(stack)
        assert answer.status == 200 and "Retry-After" not in answer.headers
        return items(answer.headers["RateLimit"])["caller-concurrent"]["r"]
    # The request that asks has one itself.
    assert free() == 2
    with held(stack, fake, "places-show"):
        assert free() == 1
    wait_until(lambda: free() == 2, 5, "the place to be free")


def test_a_reload_changes_limits_and_keeps_counts(make_stack, fake):
    stack = make_stack(limits=limits({"requestsPerMinute": 2}))
    assert [chat(stack).status for _ in range(3)] == [200, 200, 429]
    line = reload(stack, configuration(fake, limits=limits({"requestsPerMinute": 5})))
    assert "limits.caller" in line["changed"] and "needs_restart" not in line
    answer = chat(stack)
    assert answer.status == 200 and left(answer) == 2
    reload(stack, configuration(fake, limits=limits({"requestsPerMinute": 1})))
    assert refused(chat(stack))
    reload(stack, configuration(fake, limits=limits(None)))
    assert limit_fields(chat(stack)) == {}


def test_a_file_that_cannot_be_had_costs_no_request(make_stack, tmp_path):
    (tmp_path / "file").touch()
    stack = make_stack(limits=limits({"requestsPerMinute": 2}, file=str(tmp_path / "file" / "limits")))
    assert [chat(stack).status for _ in range(3)] == [200, 200, 429]
    stack.worker.signal(signal.SIGTERM)
    assert stack.worker.wait(5) == 0
