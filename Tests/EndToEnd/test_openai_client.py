"""The openai Python client as people use it."""

from __future__ import annotations

import asyncio

import openai
import pytest

from fake_onemin import BAD_KEY, directive
from harness import KEY, MODEL, Stack


def messages(text: str) -> list:
    return [{"role": "user", "content": text}]


def test_create(client: openai.OpenAI):
    completion = client.chat.completions.create(model=MODEL, messages=messages("Hi"))
    assert completion.choices[0].message.content == "Hello from 1min.ai, the fake one."
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == 18


def test_stream(client: openai.OpenAI):
    stream = client.chat.completions.create(
        model=MODEL, messages=messages("Hi"), stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) \
        == "Hello from 1min.ai, the fake one."
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage.prompt_tokens == 11 and chunks[-1].choices == []


def test_the_stream_helper_accumulates(client: openai.OpenAI):
    with client.chat.completions.stream(model=MODEL, messages=messages("Hi")) as stream:
        for _ in stream:
            pass
        completion = stream.get_final_completion()
    assert completion.choices[0].message.content == "Hello from 1min.ai, the fake one."


def test_async_create_and_stream(stack: Stack):
    async def run() -> None:
        async with openai.AsyncOpenAI(base_url=stack.url, api_key=KEY, max_retries=0, timeout=30) as client:
            completions = await asyncio.gather(*(
                client.chat.completions.create(model=MODEL, messages=messages(directive(text=f"answer {number}")))
                for number in range(20)))
            assert [completion.choices[0].message.content for completion in completions] \
                == [f"answer {number}" for number in range(20)]
            stream = await client.chat.completions.create(
                model=MODEL, messages=messages(directive(events=50, size=6)), stream=True)
            count = 0
            async for chunk in stream:
                count += bool(chunk.choices and chunk.choices[0].delta.content)
            assert count == 50
    asyncio.run(run())


def test_raw_responses_have_the_headers(client: openai.OpenAI):
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=messages("Hi"), temperature=0.5, extra_headers={"x-request-id": "from-the-client"})
    assert raw.headers["x-request-id"] == "from-the-client"
    assert raw.headers["x-fastrelay-ignored"] == "temperature"
    completion = raw.parse()
    assert completion.choices[0].message.content and completion._request_id == "from-the-client"


def test_streamed_raw_responses(client: openai.OpenAI):
    with client.chat.completions.with_streaming_response.create(
            model=MODEL, messages=messages("Hi"), stream=True) as response:
        assert response.headers["x-request-id"]
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"


def test_models(client: openai.OpenAI):
    identifiers = [model.id for model in client.models.list()]
    assert MODEL in identifiers
    identifier = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert client.models.retrieve(identifier).id == identifier
    assert client.models.retrieve("meta/muse-spark-1.3").id == "meta/muse-spark-1.3"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


@pytest.mark.parametrize("fields, error, status, code", [
    (dict(mode="status", status=401), openai.AuthenticationError, 401, "invalid_api_key"),
    (dict(mode="status", status=401, body="plain"), openai.AuthenticationError, 401, "invalid_api_key"),
    (dict(mode="status", status=400, body="B", code="UNSUPPORTED_MODEL"), openai.NotFoundError, 404, "model_not_found"),
    (dict(mode="status", status=429), openai.RateLimitError, 429, "rate_limit_exceeded"),
    (dict(mode="status", status=402, body="plain"), openai.RateLimitError, 429, "insufficient_quota"),
    (dict(mode="status", status=422), openai.BadRequestError, 400, "upstream_rejected"),
    (dict(mode="status", status=403, body="plain"), openai.PermissionDeniedError, 403, "permission_denied"),
    (dict(mode="status", status=500), openai.InternalServerError, 502, "upstream_failed"),
    (dict(mode="status", status=503), openai.InternalServerError, 502, "upstream_failed"),
    (dict(mode="reset"), openai.InternalServerError, 502, "upstream_failed"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_failures_raise_the_right_class(client: openai.OpenAI, fields, error, status, code, stream: bool):
    with pytest.raises(error) as caught:
        client.chat.completions.create(model=MODEL, messages=messages(directive(**fields)), stream=stream)
    assert caught.value.status_code == status and caught.value.code == code
    assert caught.value.request_id


def test_rate_limits_carry_retry_after(client: openai.OpenAI):
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(
            model=MODEL, messages=messages(directive(mode="status", status=429, retryAfter=17)))
    assert caught.value.response.headers["retry-after"] == "17"


def test_the_client_retries_a_rate_limit_by_itself(stack: Stack, fake):
    """The SDK waits as Retry-After says and comes back; the relay itself repeats nothing."""
    with openai.OpenAI(base_url=stack.url, api_key=KEY, max_retries=1, timeout=30) as client:
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(
                model=MODEL, messages=messages(directive(mode="status", status=429, retryAfter=1)))
    assert len(fake.chats()) == 2


def test_a_bad_key(stack: Stack):
    with openai.OpenAI(base_url=stack.url, api_key=BAD_KEY, max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.chat.completions.create(model=MODEL, messages=messages("Hi"))
    assert BAD_KEY not in str(caught.value)


@pytest.mark.parametrize("fields", [
    dict(mode="error-event", afterEvents=2, message="The model fell over"),
    dict(mode="cut", afterEvents=2), dict(mode="reset", afterEvents=2), dict(mode="end", afterEvents=2),
    dict(record={"status": "FAILED"}),
])
def test_a_failure_in_mid_stream_is_raised(client: openai.OpenAI, fields):
    stream = client.chat.completions.create(model=MODEL, messages=messages(directive(**fields)), stream=True)
    received = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in stream:
            received.append(chunk)
    assert received and not isinstance(caught.value, openai.APIConnectionError)
    assert all(choice.finish_reason is None for chunk in received for choice in chunk.choices)
    if fields.get("message"):
        assert fields["message"] in caught.value.message


def test_a_client_that_breaks_off_its_loop_cancels(client: openai.OpenAI, fake):
    stream = client.chat.completions.create(
        model=MODEL, messages=messages(directive(mode="stall", at=3)), stream=True)
    for _ in stream:
        break
    request = fake.wait_for_chat()
    stream.close()
    fake.wait_for_abort(request, 2)
