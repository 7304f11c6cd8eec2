"""The anthropic Python client as people use it: odd but legal requests, and what it raises."""

from __future__ import annotations

import secrets
from typing import Any, Iterator

import anthropic
import pytest

from fake_onemin import BAD_KEY, FakeOneMin, directive
from harness import KEY, MODEL, Stack

TOOL: dict[str, Any] = {"name": "read", "input_schema": {
    "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


@pytest.fixture
def claude(stack: Stack) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
            base_url=stack.url.removesuffix("/v1"), api_key=KEY, max_retries=0, timeout=30) as client:
        yield client


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def ask(claude: anthropic.Anthropic, *messages: Any, **options: Any) -> anthropic.types.Message:
    return claude.messages.create(**{"model": MODEL, "max_tokens": 100, "messages": list(messages), **options})


def used(*ids: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [
        {"type": "tool_use", "id": name, "name": "read", "input": {"path": name}} for name in ids]}


def test_blocks_become_one_prompt(claude: anthropic.Anthropic, fake: FakeOneMin):
    thought = {"type": "thinking", "thinking": "secret thought", "signature": "s"}
    message = ask(
        claude, user("Read a"), {"role": "assistant", "content": [thought, *used("a")["content"]]},
        user([{"type": "text", "text": "Here:"},
              {"type": "tool_result", "tool_use_id": "a", "is_error": True, "content": [
                  {"type": "text", "text": "No such file"}]},
              {"type": "document", "title": "Title", "source": {
                  "type": "text", "media_type": "text/plain", "data": "Words"}}]),
        system=[{"type": "text", "text": "One", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "Two"}])
    assert message.stop_reason == "end_turn" and message.usage.input_tokens == 11
    prompt = fake.chats()[-1].prompt
    assert prompt.startswith("[system]\nOne\nTwo\n\n[user]\nRead a\n\n[assistant]\n")
    assert prompt.endswith("[tool: read #1 failed]\nNo such file\n\n[user]\nHere:\nTitle\nWords\n\n[assistant]")
    assert "secret thought" not in prompt


def test_the_answer_goes_on_from_its_beginning(claude: anthropic.Anthropic, fake: FakeOneMin):
    fake.script(key := secrets.token_hex(8), [' "pear"}'])
    message = ask(claude.with_options(api_key=key), user("JSON!"), {"role": "assistant", "content": '{"fruit":'})
    assert fake.prompts(key) == ['[user]\nJSON!\n\n[assistant]\n{"fruit":']
    assert message.content[0].text == ' "pear"}'


def test_a_call_that_is_cut_is_no_call(claude: anthropic.Anthropic, fake: FakeOneMin):
    call = '<tool_call>\n{"name": "read", "arguments": {"path": "' + "word " * 99
    fake.script(key := secrets.token_hex(8), [call, call])
    claude = claude.with_options(api_key=key)
    whole = ask(claude, user("Read"), tools=[TOOL], max_tokens=30)
    with claude.messages.stream(
            model=MODEL, max_tokens=30, messages=[user("Read")], tools=[TOOL]) as stream:
        streamed = stream.get_final_message()
    assert whole.stop_reason == streamed.stop_reason == "max_tokens"
    for message in (whole, streamed):
        assert all(isinstance(block.input, dict) for block in message.content if block.type == "tool_use")


@pytest.mark.parametrize("messages, place", [
    ([user([{"type": "text", "text": "What?"}, IMAGE])], "messages.0.content.1"),
    ([user("Read"), used("a"), user([{"type": "tool_result", "tool_use_id": "a"}, IMAGE])], "messages.2.content.1"),
    ([user("Read"), used("a", "b"), user([
        {"type": "tool_result", "tool_use_id": "a"}, {"type": "tool_result", "tool_use_id": "b", "content": [IMAGE]}])],
     "messages.2.content.1.content.0"),
    ([user([{"type": "document", "source": {
        "type": "base64", "media_type": "application/pdf", "data": "AAECAw=="}}])], "messages.0.content.0"),
])
def test_what_cannot_be_sent_is_named(claude: anthropic.Anthropic, fake: FakeOneMin, messages: list, place: str):
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask(claude, *messages)
    assert caught.value.body["error"]["message"].startswith(f"{place}: ")
    assert fake.chats() == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault, error, word", [
    ({"status": 401}, anthropic.AuthenticationError, "authentication_error"),
    ({"status": 402}, anthropic.APIStatusError, "billing_error"),
    ({"status": 403}, anthropic.PermissionDeniedError, "permission_error"),
    ({"status": 429, "retryAfter": 7}, anthropic.RateLimitError, "rate_limit_error"),
    ({"status": 500}, anthropic.InternalServerError, "api_error"),
])
def test_each_failure_has_its_class(claude: anthropic.Anthropic, stream: bool, fault: dict, error: type, word: str):
    with pytest.raises(error) as caught:
        ask(claude, user(directive(mode="status", **fault)), stream=stream)
    failure = caught.value
    assert failure.body["error"]["type"] == word
    assert failure.request_id == failure.body["request_id"] == failure.response.headers["x-request-id"]
    assert failure.response.headers.get("retry-after") == ("7" if "retryAfter" in fault else None)


@pytest.mark.parametrize("fault", [
    {"mode": "cut"}, {"mode": "reset"}, {"mode": "end"}, {"mode": "error-event", "message": "It broke"}])
def test_a_stream_that_breaks_off_is_raised(claude: anthropic.Anthropic, fault: dict):
    pieces: list[str] = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        with claude.messages.stream(model=MODEL, max_tokens=100, messages=[
                user(directive(chunks=["One ", "two"], afterEvents=1, **fault))]) as stream:
            pieces.extend(stream.text_stream)
    assert pieces == ["One "]
    assert caught.value.body["error"]["type"] == "api_error"


def test_what_is_not_there(claude: anthropic.Anthropic):
    for call in (lambda: claude.messages.batches.list(), lambda: claude.models.retrieve("nonsense"),
                 lambda: claude.messages.count_tokens(model="nonsense", messages=[user("Hi")])):
        with pytest.raises(anthropic.NotFoundError) as caught:
            call()
        assert caught.value.body["error"]["type"] == "not_found_error" and caught.value.request_id
    with pytest.raises(anthropic.AuthenticationError):
        ask(claude.with_options(api_key=BAD_KEY), user("Hi"))


def test_pages_of_models(claude: anthropic.Anthropic):
    every = [model.id for model in claude.models.list(limit=2)]
    first = claude.models.list(limit=3)
    second = claude.models.list(limit=3, after_id=first.last_id)
    back = claude.models.list(limit=2, before_id=second.data[0].id)
    assert [model.id for model in [*first.data, *second.data]] == every[:6] and len(set(every)) == len(every)
    assert [model.id for model in back.data] == every[1:3] and back.has_more
