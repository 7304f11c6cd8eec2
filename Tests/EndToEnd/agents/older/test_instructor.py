"""instructor: forms by tools, by JSON modes, and asking again when an answer does not fit."""

from __future__ import annotations

import anthropic
import instructor
import openai
import pydantic
import pytest

from bench import MODEL, Bench, call


class Basket(pydantic.BaseModel):
    fruit: str
    count: int

    @pydantic.field_validator("count")
    @classmethod
    def plausible(cls, count: int) -> int:
        if count > 100:
            raise ValueError("nobody has so many")
        return count


def client(url: str, bench: Bench, mode: instructor.Mode):
    if mode.name.startswith("ANTHROPIC"):
        return instructor.from_anthropic(
            anthropic.Anthropic(base_url=url.removesuffix("/v1"), api_key=bench.key, max_retries=0), mode=mode)
    return instructor.from_openai(openai.OpenAI(base_url=url, api_key=bench.key, max_retries=0), mode=mode)


@pytest.mark.parametrize("mode", [
    instructor.Mode.TOOLS, instructor.Mode.TOOLS_STRICT, instructor.Mode.JSON, instructor.Mode.JSON_SCHEMA,
    instructor.Mode.MD_JSON, instructor.Mode.RESPONSES_TOOLS, instructor.Mode.ANTHROPIC_TOOLS,
    instructor.Mode.ANTHROPIC_JSON,
], ids=lambda mode: mode.name.lower())
def test_instructor_asks_again(url: str, bench: Bench, mode: instructor.Mode):
    """A rule that stands in no schema is broken first."""
    def model(prompt: str) -> str:
        count = 3 if "nobody has so many" in prompt else 300
        if "TOOLS" in mode.name:
            return call(prompt, "Basket", fruit="pear", count=count)
        return f'```json\n{{"fruit": "pear", "count": {count}}}\n```' if mode is instructor.Mode.MD_JSON \
            else f'{{"fruit": "pear", "count": {count}}}'
    bench.fake.script(bench.key, model)
    limits = {"max_tokens": 500} if mode.name.startswith("ANTHROPIC") else {}
    basket = client(url, bench, mode).chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "What is there?"}], response_model=Basket, max_retries=3,
        **limits)
    # Its class is made anew for each call.
    assert (basket.fruit, basket.count) == ("pear", 3)
    assert len(bench.prompts) == 2


@pytest.mark.parametrize("mode", [instructor.Mode.TOOLS, instructor.Mode.ANTHROPIC_TOOLS],
                         ids=lambda mode: mode.name.lower())
def test_instructor_streams_parts(url: str, bench: Bench, mode: instructor.Mode):
    bench.fake.script(bench.key, lambda prompt: call(prompt, "PartialBasket" if '"PartialBasket"' in prompt
                                                     else "Basket", fruit="pear", count=3))
    limits = {"max_tokens": 500} if mode.name.startswith("ANTHROPIC") else {}
    parts = list(client(url, bench, mode).chat.completions.create_partial(
        model=MODEL, messages=[{"role": "user", "content": "What is there?"}], response_model=Basket, **limits))
    assert (parts[-1].fruit, parts[-1].count) == ("pear", 3)
    assert len(parts) > 1 and parts[0].count is None
