"""Frameworks for agents, each with its own tool loop."""

from __future__ import annotations

import asyncio
import json
import pathlib
import sys

import openai
import pydantic
import pytest

from bench import MODEL, TASK, Bench, call


class Basket(pydantic.BaseModel):
    """What is in the basket."""
    fruit: str
    count: int


# openai-agents

@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_openai_agents(url: str, bench: Bench, kind: str, streamed: bool):
    import agents
    model_class = {"chat": agents.OpenAIChatCompletionsModel, "responses": agents.OpenAIResponsesModel}[kind]

    async def run() -> str:
        async with openai.AsyncOpenAI(base_url=url, api_key=bench.key, max_retries=0) as client:
            agent = agents.Agent(
                name="Gardener", instructions="Be careful.", model=model_class(MODEL, openai_client=client),
                tools=[agents.function_tool(bench.read_file), agents.function_tool(bench.replace_text)])
            settings = agents.RunConfig(tracing_disabled=True)
            if not streamed:
                return (await agents.Runner.run(agent, TASK, run_config=settings)).final_output
            result = agents.Runner.run_streamed(agent, TASK, run_config=settings)
            async for _ in result.stream_events():
                pass
            return result.final_output
    bench.check(asyncio.run(run()))


@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_openai_agents_hand_over(url: str, bench: Bench, kind: str):
    """One agent hands over to another, which answers in a form."""
    import agents
    model_class = {"chat": agents.OpenAIChatCompletionsModel, "responses": agents.OpenAIResponsesModel}[kind]
    bench.fake.script(bench.key, lambda prompt: '{"fruit": "pear", "count": 3}' if "You count." in prompt
                      else call(prompt, "transfer_to_counter"))

    async def run() -> Basket:
        async with openai.AsyncOpenAI(base_url=url, api_key=bench.key, max_retries=0) as client:
            model = model_class(MODEL, openai_client=client)
            counter = agents.Agent(name="Counter", instructions="You count.", model=model, output_type=Basket)
            porter = agents.Agent(name="Porter", instructions="You hand over.", model=model, handoffs=[counter])
            result = await agents.Runner.run(
                porter, "What is there?", run_config=agents.RunConfig(tracing_disabled=True))
            return result.final_output
    assert asyncio.run(run()) == Basket(fruit="pear", count=3)


# LangChain

def langchain(url: str, bench: Bench, kind: str):
    if kind == "anthropic":
        from langchain_anthropic import ChatAnthropic
        return ChatAnthropic(model=MODEL, base_url=url.removesuffix("/v1"), api_key=bench.key, max_retries=0)
    from langchain_openai import ChatOpenAI
    return ChatOpenAI(model=MODEL, base_url=url, api_key=bench.key, max_retries=0,
                      use_responses_api=kind == "responses")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("kind", ["chat", "responses", "anthropic"])
def test_langchain(url: str, bench: Bench, kind: str, streamed: bool):
    from langchain_core.messages import HumanMessage
    from langchain_core.tools import tool
    tools = {each.name: each for each in (tool(bench.read_file), tool(bench.replace_text))}
    model = langchain(url, bench, kind).bind_tools(list(tools.values()))
    messages: list = [HumanMessage(TASK)]
    for _ in range(5):
        if streamed:
            answer = None
            for chunk in model.stream(messages):
                answer = chunk if answer is None else answer + chunk
        else:
            answer = model.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            break
        messages += [tools[made["name"]].invoke(made) for made in answer.tool_calls]
    bench.check(answer.text)


@pytest.mark.parametrize("kind, method", [
    ("chat", "json_schema"), ("chat", "function_calling"), ("chat", "json_mode"),
    ("responses", "json_schema"), ("responses", "function_calling"), ("responses", "json_mode"),
    ("anthropic", "json_schema"), ("anthropic", "function_calling"),
])
def test_langchain_forms(url: str, bench: Bench, kind: str, method: str):
    text = '{"fruit": "pear", "count": 3}'
    bench.fake.script(bench.key, lambda prompt: call(prompt, "Basket", fruit="pear", count=3)
                      if method == "function_calling" else text)
    model = langchain(url, bench, kind).with_structured_output(Basket, method=method)
    assert model.invoke("What is there? Answer as JSON.") == Basket(fruit="pear", count=3)


# pydantic-ai

def pydantic_model(url: str, bench: Bench, kind: str):
    if kind == "anthropic":
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider
        client = AsyncAnthropic(base_url=url.removesuffix("/v1"), api_key=bench.key, max_retries=0)
        return AnthropicModel(MODEL, provider=AnthropicProvider(anthropic_client=client))
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider
    provider = OpenAIProvider(
        openai_client=openai.AsyncOpenAI(base_url=url, api_key=bench.key, max_retries=0))
    return (OpenAIChatModel if kind == "chat" else OpenAIResponsesModel)(MODEL, provider=provider)


@pytest.mark.parametrize("kind", ["chat", "responses", "anthropic"])
def test_pydantic_ai(url: str, bench: Bench, kind: str):
    import pydantic_ai

    class Report(pydantic.BaseModel):
        fruit: str
        receipt: str
    bench.play(finish=lambda prompt, found: call(prompt, "final_result", fruit="pear", receipt=found))
    agent = pydantic_ai.Agent(pydantic_model(url, bench, kind), output_type=Report,
                              tools=[bench.read_file, bench.replace_text])
    result = agent.run_sync(TASK)
    assert result.output.fruit == "pear"
    bench.check(result.output.receipt)


@pytest.mark.parametrize("kind", ["chat", "responses", "anthropic"])
def test_pydantic_ai_streams(url: str, bench: Bench, kind: str):
    import pydantic_ai
    agent = pydantic_ai.Agent(pydantic_model(url, bench, kind), tools=[bench.read_file, bench.replace_text])

    async def run() -> str:
        async with agent.run_stream(TASK) as result:
            return await result.get_output()
    # For run_stream a text before a call is the final answer.
    bench.play(silently=True)
    bench.check(asyncio.run(run()))


@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_pydantic_ai_forms(url: str, bench: Bench, kind: str):
    import pydantic_ai
    bench.fake.script(bench.key, ['{"fruit": "pear", "count": 3}'])
    agent = pydantic_ai.Agent(pydantic_model(url, bench, kind), output_type=pydantic_ai.NativeOutput(Basket))
    assert agent.run_sync("What is there?").output == Basket(fruit="pear", count=3)


# smolagents

def test_smolagents(url: str, bench: Bench):
    import smolagents

    # It reads the tools' own source text, so they are functions that name nothing from outside.
    class Read(smolagents.Tool):
        name, description, output_type = "read_file", "Reads a file.", "string"
        inputs = {"path": {"type": "string", "description": "the file's name"}}

        def forward(self, path: str) -> str:
            return bench.read_file(path)

    class Replace(smolagents.Tool):
        name, description, output_type = "replace_text", "Replaces a text in a file.", "string"
        inputs = {each: {"type": "string", "description": each} for each in ("path", "old", "new")}

        def forward(self, path: str, old: str, new: str) -> str:
            return bench.replace_text(path, old, new)

    bench.play(finish=lambda prompt, found: call(prompt, "final_answer", answer=f"A pear: {found}"))
    model = smolagents.OpenAIServerModel(MODEL, api_base=url, api_key=bench.key)
    agent = smolagents.ToolCallingAgent([Read(), Replace()], model, max_steps=5, verbosity_level=0)
    bench.check(str(agent.run(TASK)))


# llm

def test_llm(url: str, bench: Bench, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    """The library, with a model out of extra-openai-models.yaml."""
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    configure_llm(tmp_path, url, bench)
    import llm
    chain = llm.get_model("pear").chain(TASK, tools=[bench.read_file, bench.replace_text], key=bench.key)
    answer = "".join(str(part) for part in chain)
    bench.check(answer)


def test_llm_on_the_command_line(url: str, bench: Bench, tmp_path: pathlib.Path):
    configure_llm(tmp_path, url, bench)
    tools = tmp_path / "tools.py"
    tools.write_text("""\
import pathlib

def read_file(path: str) -> str:
    "Reads a file."
    return pathlib.Path(path).read_text()

def replace_text(path: str, old: str, new: str) -> str:
    "Replaces a text in a file."
    text = pathlib.Path(path).read_text()
    pathlib.Path(path).write_text(text.replace(old, new))
    return "changed, receipt: " + str(len(text))
""")
    output = bench.run([sys.executable, "-m", "llm", "-m", "pear", "--functions", tools, TASK],
                       LLM_USER_PATH=str(tmp_path))
    assert f"There is a pear now: {len(f'one apple a day ({bench.word})') + 1}." in output
    assert bench.file.read_text() == "one pear a day\n"


def configure_llm(directory: pathlib.Path, url: str, bench: Bench) -> None:
    (directory / "extra-openai-models.yaml").write_text(f"""\
- model_id: pear
  model_name: {MODEL}
  api_base: "{url}"
  api_key_name: relay
  supports_tools: true
  supports_schema: true
""")
    (directory / "keys.json").write_text(json.dumps({"relay": bench.key}))
