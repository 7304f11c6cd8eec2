"""The openai client: tools, structured output and the helpers for streams, in chat and in responses."""

from __future__ import annotations

import json
from typing import Iterator

import openai
import pydantic
import pytest

from bench import FUNCTIONS, MODEL, TASK, Bench, call

CHAT_TOOLS = [{"type": "function", "function": {**function, "strict": True}} for function in FUNCTIONS]
RESPONSES_TOOLS = [{"type": "function", "strict": True, **function} for function in FUNCTIONS]


class Basket(pydantic.BaseModel):
    fruit: str
    count: int


BASKET = '{"fruit": "pear", "count": 3}'


@pytest.fixture
def client(url: str, bench: Bench) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key=bench.key, max_retries=0, timeout=30) as client:
        yield client


def user(text: str) -> dict:
    return {"role": "user", "content": text}


@pytest.mark.parametrize("stream", [False, True])
def test_chat_tools(client: openai.OpenAI, bench: Bench, stream: bool):
    messages: list = [user(TASK)]
    for _ in range(5):
        arguments = dict(model=MODEL, messages=messages, tools=CHAT_TOOLS)
        if stream:
            with client.chat.completions.stream(**arguments) as events:
                kinds = [event.type for event in events]
                completion = events.get_final_completion()
        else:
            completion = client.chat.completions.create(**arguments)
        [choice] = completion.choices
        messages.append(choice.message.to_dict())
        if not choice.message.tool_calls:
            break
        assert choice.finish_reason == "tool_calls"
        if stream:
            assert "tool_calls.function.arguments.delta" in kinds and "tool_calls.function.arguments.done" in kinds
        for made in choice.message.tool_calls:
            assert made.id.startswith("call_")
            result = bench.use(made.function.name, json.loads(made.function.arguments))
            messages.append({"role": "tool", "tool_call_id": made.id, "content": result})
    assert choice.finish_reason == "stop"
    bench.check(choice.message.content)


def test_several_calls_at_once(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, lambda prompt: "\n".join(
        call(prompt, "read_file", path=f"{name}.txt") for name in "abc"))
    completion = client.chat.completions.create(model=MODEL, messages=[user("Read all")], tools=CHAT_TOOLS)
    made = completion.choices[0].message.tool_calls
    assert [json.loads(one.function.arguments)["path"] for one in made] == ["a.txt", "b.txt", "c.txt"]
    assert len({one.id for one in made}) == 3


def test_a_tool_that_must_be_used(client: openai.OpenAI, bench: Bench):
    completion = client.chat.completions.create(
        model=MODEL, messages=[user(TASK)], tools=CHAT_TOOLS,
        tool_choice={"type": "function", "function": {"name": "read_file"}})
    assert completion.choices[0].message.tool_calls[0].function.name == "read_file"


def test_chat_parse(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, [BASKET])
    completion = client.chat.completions.parse(model=MODEL, messages=[user("What is there?")], response_format=Basket)
    assert completion.choices[0].message.parsed == Basket(fruit="pear", count=3)
    assert "count" in bench.prompts[0]


def test_chat_parse_of_a_tool(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, lambda prompt: call(prompt, "Basket", fruit="pear", count=3))
    completion = client.chat.completions.parse(
        model=MODEL, messages=[user("What is there?")], tools=[openai.pydantic_function_tool(Basket)])
    assert completion.choices[0].message.tool_calls[0].function.parsed_arguments == Basket(fruit="pear", count=3)


def test_chat_stream_of_a_form(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, [f"```json\n{BASKET}\n```"])
    with client.chat.completions.stream(
            model=MODEL, messages=[user("What is there?")], response_format=Basket) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        completion = stream.get_final_completion()
    assert completion.choices[0].message.parsed == Basket(fruit="pear", count=3)
    assert json.loads("".join(deltas)) == json.loads(BASKET), "without the fence"


def test_legacy_completions(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, ["a pear."] * 2)
    assert client.completions.create(model=MODEL, prompt="Name a fruit:").choices[0].text == "a pear."
    chunks = list(client.completions.create(model=MODEL, prompt="Name a fruit:", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == "a pear."


# Responses

@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("stored", [False, True])
def test_responses_tools(client: openai.OpenAI, bench: Bench, stream: bool, stored: bool):
    """The tool loop, with the whole input each time, and with the relay's memory of it."""
    history: list = [user(TASK)]
    arguments: dict = dict(model=MODEL, tools=RESPONSES_TOOLS, store=stored, input=history)
    for _ in range(5):
        if stream:
            with client.responses.stream(**arguments) as events:
                kinds = [event.type for event in events]
                response = events.get_final_response()
        else:
            response = client.responses.create(**arguments)
        assert response.status == "completed"
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            break
        if stream:
            assert "response.function_call_arguments.delta" in kinds
        results = [{"type": "function_call_output", "call_id": made.call_id,
                    "output": bench.use(made.name, json.loads(made.arguments))} for made in calls]
        if stored:
            arguments |= {"previous_response_id": response.id, "input": results}
        else:
            history += [item.to_dict() for item in response.output] + results
    bench.check(response.output_text)


def test_responses_text(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, ["A pear."] * 2)
    assert client.responses.create(model=MODEL, instructions="Be brief.", input="Name one").output_text == "A pear."
    with client.responses.stream(model=MODEL, input="Name one") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "A pear." and len(deltas) > 1
    assert "Be brief." in bench.prompts[0]


def test_responses_parse(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, [BASKET] * 2)
    parsed = client.responses.parse(model=MODEL, input="What is there?", text_format=Basket)
    assert parsed.output_parsed == Basket(fruit="pear", count=3)
    with client.responses.stream(model=MODEL, input="What is there?", text_format=Basket) as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_parsed == Basket(fruit="pear", count=3)


def test_responses_are_kept(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, ["A pear.", "Still a pear."])
    first = client.responses.create(model=MODEL, input="Name a fruit")
    second = client.responses.create(model=MODEL, input="And now?", previous_response_id=first.id)
    assert "Name a fruit" in bench.prompts[1] and "A pear." in bench.prompts[1]
    assert client.responses.retrieve(second.id).output_text == "Still a pear."
    [item] = client.responses.input_items.list(first.id).data
    assert item.role == "user" and item.content[0].text == "Name a fruit"
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_responses_are_nobody_elses(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, ["A pear."])
    response = client.responses.create(model=MODEL, input="Name a fruit")
    other = client.with_options(api_key=bench.key + "-other")
    with pytest.raises(openai.NotFoundError):
        other.responses.retrieve(response.id)
    with pytest.raises(openai.APIStatusError):
        other.responses.create(model=MODEL, input="And now?", previous_response_id=response.id)


def test_conversations(client: openai.OpenAI, bench: Bench):
    bench.fake.script(bench.key, ["A pear.", "Still a pear."])
    conversation = client.conversations.create(metadata={"topic": "fruit"})
    client.responses.create(model=MODEL, input="Name a fruit", conversation=conversation.id)
    client.responses.create(model=MODEL, input="And now?", conversation=conversation.id)
    assert "Name a fruit" in bench.prompts[1] and "A pear." in bench.prompts[1]
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [item.role for item in items] == ["user", "assistant"] * 2
    assert client.conversations.retrieve(conversation.id).metadata == {"topic": "fruit"}
    client.conversations.delete(conversation.id)
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_responses_count_tokens(client: openai.OpenAI, bench: Bench):
    short = client.responses.input_tokens.count(model=MODEL, input="Hi").input_tokens
    long = client.responses.input_tokens.count(model=MODEL, input="Hi " * 100, tools=RESPONSES_TOOLS).input_tokens
    assert 0 < short < 20 and long > short + 100
    assert not bench.prompts, "counting asks nobody"
