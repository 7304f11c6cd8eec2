"""The anthropic client: messages, the helpers for streams and tools, counting, models."""

from __future__ import annotations

from typing import Iterator

import anthropic
import pydantic
import pytest
from anthropic import beta_tool

from bench import FUNCTIONS, MODEL, TASK, Bench, call
from fake_onemin import BAD_KEY

TOOLS = [{"name": function["name"], "description": function["description"], "input_schema": function["parameters"]}
         for function in FUNCTIONS]


@pytest.fixture
def client(url: str, bench: Bench) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url.removesuffix("/v1"), api_key=bench.key, max_retries=0, timeout=30) as client:
        yield client


def user(content) -> dict:
    return {"role": "user", "content": content}


@pytest.mark.parametrize("stream", [False, True])
def test_tools(client: anthropic.Anthropic, bench: Bench, stream: bool):
    messages: list = [user(TASK)]
    for _ in range(5):
        arguments = dict(model=MODEL, max_tokens=1000, system="Be careful.", messages=messages, tools=TOOLS)
        if stream:
            with client.messages.stream(**arguments) as events:
                pieces = [event.partial_json for event in events if event.type == "input_json"]
                message = events.get_final_message()
        else:
            message = client.messages.create(**arguments)
        messages.append({"role": "assistant", "content": [block.to_dict() for block in message.content]})
        if message.stop_reason != "tool_use":
            break
        results = []
        for block in message.content:
            if block.type == "tool_use":
                assert block.id.startswith("toolu_")
                results.append({"type": "tool_result", "tool_use_id": block.id,
                                "content": bench.use(block.name, block.input)})
        assert not stream or pieces
        messages.append(user(results))
    assert message.stop_reason == "end_turn" and message.usage.output_tokens > 0
    bench.check(message.content[0].text)


def test_the_tool_runner(client: anthropic.Anthropic, bench: Bench):
    tools = [beta_tool(bench.read_file), beta_tool(bench.replace_text)]
    runner = client.beta.messages.tool_runner(
        model=MODEL, max_tokens=1000, messages=[user(TASK)], tools=tools)
    bench.check(runner.until_done().content[0].text)


def test_the_tool_runner_with_streams(client: anthropic.Anthropic, bench: Bench):
    tools = [beta_tool(bench.read_file), beta_tool(bench.replace_text)]
    runner = client.beta.messages.tool_runner(
        model=MODEL, max_tokens=1000, messages=[user(TASK)], tools=tools, stream=True)
    for stream in runner:
        message = stream.get_final_message()
    bench.check(message.content[0].text)


def test_a_text_stream(client: anthropic.Anthropic, bench: Bench):
    bench.fake.script(bench.key, ["One pear, two pears."])
    with client.messages.stream(model=MODEL, max_tokens=100, messages=[user("Count")]) as stream:
        pieces = list(stream.text_stream)
    assert "".join(pieces) == "One pear, two pears." and len(pieces) > 2


def test_a_tool_that_must_be_used(client: anthropic.Anthropic, bench: Bench):
    message = client.messages.create(model=MODEL, max_tokens=100, messages=[user(TASK)], tools=TOOLS,
                                     tool_choice={"type": "tool", "name": "read_file"})
    assert [block.name for block in message.content if block.type == "tool_use"] == ["read_file"]


def test_parse(client: anthropic.Anthropic, bench: Bench):
    class Basket(pydantic.BaseModel):
        fruit: str
        count: int
    bench.fake.script(bench.key, ['{"fruit": "pear", "count": 3}'])
    message = client.messages.parse(
        model=MODEL, max_tokens=100, messages=[user("What is there?")], output_format=Basket)
    assert message.parsed_output == Basket(fruit="pear", count=3)


def test_stop_sequences_and_max_tokens(client: anthropic.Anthropic, bench: Bench):
    bench.fake.script(bench.key, ["one two END three", "word " * 50])
    message = client.messages.create(model=MODEL, max_tokens=100, messages=[user("Go")], stop_sequences=["END"])
    assert message.content[0].text.strip() == "one two"
    assert message.stop_reason == "stop_sequence" and message.stop_sequence == "END"
    message = client.messages.create(model=MODEL, max_tokens=5, messages=[user("Go")])
    assert message.stop_reason == "max_tokens"


def test_count_tokens(client: anthropic.Anthropic, bench: Bench):
    short = client.messages.count_tokens(model=MODEL, messages=[user("Hi")]).input_tokens
    long = client.messages.count_tokens(model=MODEL, messages=[user("Hi")], tools=TOOLS).input_tokens
    assert 0 < short < 20 and long > short + 40
    assert not bench.prompts, "counting asks nobody"


def test_models(client: anthropic.Anthropic):
    identifiers = [model.id for model in client.models.list(limit=3)]
    assert MODEL in identifiers and len(identifiers) > 3, "all pages"
    assert client.models.retrieve(MODEL).type == "model"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("no-such-model")


def test_errors(client: anthropic.Anthropic):
    with pytest.raises(anthropic.AuthenticationError) as caught:
        client.with_options(api_key=BAD_KEY).messages.create(model=MODEL, max_tokens=9, messages=[user("Hi")])
    assert caught.value.body["error"]["type"] == "authentication_error" and caught.value.request_id
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(model="no-such-model", max_tokens=9, messages=[user("Hi")])
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(model=MODEL, max_tokens=9, messages=[])


def test_an_auth_token(url: str, bench: Bench):
    """As it is set for gateways: a bearer token instead of the key."""
    bench.fake.script(bench.key, ["A pear."])
    with anthropic.Anthropic(base_url=url.removesuffix("/v1"), auth_token=bench.key, max_retries=0) as client:
        message = client.messages.create(model=MODEL, max_tokens=9, messages=[user("Hi")])
    assert message.content[0].text == "A pear."


def test_several_calls_at_once(client: anthropic.Anthropic, bench: Bench):
    bench.fake.script(bench.key, lambda prompt: "\n".join(
        call(prompt, "read_file", path=f"{name}.txt") for name in "abc"))
    with client.messages.stream(model=MODEL, max_tokens=99, messages=[user("Read all")], tools=TOOLS) as stream:
        message = stream.get_final_message()
    assert [block.input["path"] for block in message.content if block.type == "tool_use"] \
        == ["a.txt", "b.txt", "c.txt"]
