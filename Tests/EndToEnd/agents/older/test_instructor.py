"""instructor: forms by tools, by JSON modes, and asking again when an answer does not fit."""

from __future__ import annotations

from typing import Any

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


def client(url: str, bench: Bench, vendor: str, mode: instructor.Mode):
    if vendor == "anthropic":
        return instructor.from_anthropic(
            anthropic.Anthropic(base_url=url.removesuffix("/v1"), api_key=bench.key, max_retries=0), mode=mode)
    return instructor.from_openai(openai.OpenAI(base_url=url, api_key=bench.key, max_retries=0), mode=mode)


def arguments(vendor: str) -> dict[str, Any]:
    limits = {"max_tokens": 500} if vendor == "anthropic" else {}
    return {"model": MODEL, "messages": [{"role": "user", "content": "What is there?"}], **limits}


@pytest.mark.parametrize("vendor, mode", [
    ("openai", instructor.Mode.TOOLS), ("openai", instructor.Mode.JSON), ("openai", instructor.Mode.JSON_SCHEMA),
    ("openai", instructor.Mode.MD_JSON), ("openai", instructor.Mode.RESPONSES_TOOLS),
    ("anthropic", instructor.Mode.TOOLS), ("anthropic", instructor.Mode.JSON),
], ids=lambda value: getattr(value, "value", value))
def test_instructor_asks_again(url: str, bench: Bench, vendor: str, mode: instructor.Mode):
    """A rule that stands in no schema is broken first."""
    def model(prompt: str) -> str:
        count = 3 if "nobody has so many" in prompt else 300
        if "TOOLS" in mode.name:
            return call(prompt, "Basket", fruit="pear", count=count)
        text = f'{{"fruit": "pear", "count": {count}}}'
        return f"```json\n{text}\n```" if mode is instructor.Mode.MD_JSON else text
    bench.fake.script(bench.key, model)
    basket = client(url, bench, vendor, mode).chat.completions.create(
        **arguments(vendor), response_model=Basket, max_retries=3)
    # Its class is made anew for each call.
    assert (basket.fruit, basket.count) == ("pear", 3)
    assert len(bench.prompts) == 2


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_instructor_streams_parts(url: str, bench: Bench, vendor: str):
    bench.fake.script(bench.key, lambda prompt: call(
        prompt, "PartialBasket" if '"PartialBasket"' in prompt else "Basket", fruit="pear", count=3))
    parts = list(client(url, bench, vendor, instructor.Mode.TOOLS).chat.completions.create_partial(
        **arguments(vendor), response_model=Basket))
    assert (parts[-1].fruit, parts[-1].count) == ("pear", 3)
    assert len(parts) > 1 and parts[0].count is None
