"""The openai Python client's completions from before chat."""

from __future__ import annotations

import openai
import pytest

from fake_onemin import FakeOneMin, directive
from harness import MODEL

GREETING = "Hello from 1min.ai, the fake one."


def test_prompts_and_choices(client: openai.OpenAI, fake: FakeOneMin):
    completion = client.completions.create(model=MODEL, prompt=["a ", "b "], n=2, best_of=2, echo=True)
    assert [choice.text for choice in completion.choices] \
        == [f"a {GREETING}", f"a {GREETING}", f"b {GREETING}", f"b {GREETING}"]
    assert [choice.index for choice in completion.choices] == [0, 1, 2, 3]
    assert sorted(chat.prompt for chat in fake.chats()) == ["a ", "a ", "b ", "b "]
    assert completion.usage.total_tokens == 4 * 18


def test_a_stream_of_several_prompts(client: openai.OpenAI):
    texts, reasons = {}, {}
    for event in client.completions.create(
            model=MODEL, prompt=["a ", "b "], echo=True, stream=True, stream_options={"include_usage": True}):
        for choice in event.choices:
            texts[choice.index] = texts.get(choice.index, "") + choice.text
            reasons[choice.index] = choice.finish_reason or reasons.get(choice.index)
    assert texts == {0: f"a {GREETING}", 1: f"b {GREETING}"} and reasons == {0: "stop", 1: "stop"}
    assert event.choices == [] and event.usage.total_tokens == 2 * 18


def test_it_is_cut_where_it_is_to_end(client: openai.OpenAI):
    prompt = directive(chunks=["One ", "two ", "three"])
    stopped = client.completions.create(model=MODEL, prompt=prompt, stop=["two"])
    assert stopped.choices[0].text == "One " and stopped.choices[0].finish_reason == "stop"
    cut = client.completions.create(model=MODEL, prompt=prompt, max_tokens=1)
    assert cut.choices[0].text == "One" and cut.choices[0].finish_reason == "length"


@pytest.mark.parametrize("options, place", [
    ({"suffix": "end"}, "suffix"), ({"prompt": [1, 2]}, "prompt"), ({"prompt": ""}, "prompt"),
    ({"best_of": 3}, "best_of"),
    ({"prompt": ["a", " "]}, "prompt[1]"), ({"logprobs": 6}, "logprobs"), ({"n": 9}, "n"),
])
def test_what_is_wrong_is_named(client: openai.OpenAI, fake: FakeOneMin, options: dict, place: str):
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(**{"model": MODEL, "prompt": "a", **options})
    assert caught.value.param == place and caught.value.request_id
    assert fake.chats() == []


@pytest.mark.parametrize("fault", [
    {"mode": "cut"}, {"mode": "end"}, {"mode": "error-event", "message": "It broke"}])
def test_a_stream_that_breaks_off_is_raised(client: openai.OpenAI, fault: dict):
    pieces: list[str] = []
    with pytest.raises(openai.APIError):
        for event in client.completions.create(
                model=MODEL, prompt=directive(chunks=["One ", "two"], afterEvents=1, **fault), stream=True):
            pieces += [choice.text for choice in event.choices if choice.text]
    assert pieces == ["One "]
