"""Claude Code and Codex: the programs that their Python packages carry."""

from __future__ import annotations

import asyncio
import json
import pathlib
from typing import Any, Callable

import claude_agent_sdk
import codex_cli_bin
import pytest

from bench import MODEL, TASK, Bench, call
from fake_onemin import CHAT_MODELS, model as listed

CLAUDE = pathlib.Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
CODEX = pathlib.Path(codex_cli_bin.__file__).parent / "bin" / "codex"
QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1", "DISABLE_ERROR_REPORTING": "1",
         "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_MAX_RETRIES": "0"}


@pytest.fixture
def claude(url: str, bench: Bench) -> dict[str, str]:
    """The environment that points Claude Code at the relay."""
    # Its own tools give no receipt, but say what they did.
    bench.play(read=lambda: ("Read", {"file_path": str(bench.file)}),
               edit=lambda old, new: ("Edit", {"file_path": str(bench.file), "old_string": old, "new_string": new}),
               receipt=r"fruit\.txt (has been updated)")
    return {**QUIET, "ANTHROPIC_BASE_URL": url.removesuffix("/v1"),
            "CLAUDE_CONFIG_DIR": str(bench.directory.parent / "claude")}


def check(bench: Bench, answer: str) -> None:
    assert bench.file.read_text() == "one pear a day\n"
    assert "There is a pear now" in answer
    assert len(bench.prompts) == 3


def test_claude_agent_sdk(bench: Bench, claude: dict[str, str]):
    async def run() -> list:
        options = claude_agent_sdk.ClaudeAgentOptions(
            cwd=bench.directory, model=MODEL, allowed_tools=["Read", "Edit"], permission_mode="acceptEdits",
            max_turns=6, setting_sources=[],
            env={**claude, "ANTHROPIC_API_KEY": bench.key, "HOME": str(bench.directory.parent)})
        return [message async for message in claude_agent_sdk.query(prompt=TASK, options=options)]
    messages = asyncio.run(run())
    used = [block.name for message in messages if isinstance(message, claude_agent_sdk.AssistantMessage)
            for block in message.content if isinstance(block, claude_agent_sdk.ToolUseBlock)]
    assert used == ["Read", "Edit"]
    result = messages[-1]
    assert isinstance(result, claude_agent_sdk.ResultMessage) and not result.is_error
    assert result.usage["input_tokens"] > 0 and result.usage["output_tokens"] > 0
    check(bench, result.result)


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
@pytest.mark.parametrize("model", [MODEL, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"])
def test_claude_code(bench: Bench, claude: dict[str, str], variable: str, model: str):
    output = bench.run([CLAUDE, "-p", TASK, "--model", model, "--allowedTools", "Read", "Edit"],
                       **{**claude, variable: bench.key})
    check(bench, output)


def test_claude_code_loads_a_tool(bench: Bench, claude: dict[str, str]):
    """Tools of Claude Code whose schemas come only when the model has asked for them."""
    def model(prompt: str) -> str:
        if "Tool loaded" not in prompt:
            return call(prompt, "ToolSearch", query="select:NotebookEdit", max_results=1)
        return "It is loaded."
    bench.fake.script(bench.key, model)
    output = bench.run([CLAUDE, "-p", "Load it", "--model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
                       **claude, ANTHROPIC_API_KEY=bench.key)
    assert "It is loaded." in output
    # The loaded tool's schema reaches the model.
    assert "NotebookEdit" in bench.prompts[1]


def configure_codex(url: str, bench: Bench, model: str) -> pathlib.Path:
    home = bench.directory.parent / "codex"
    home.mkdir()
    (home / "config.toml").write_text(f"""\
model = "{model}"
model_provider = "relay"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[model_providers.relay]
name = "relay"
base_url = "{url}"
env_key = "RELAY_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0

[analytics]
enabled = false
""")
    # The receipt stands only in what the command prints, not in the command.
    bench.play(read=lambda: ("exec_command", {"cmd": "cat fruit.txt"}),
               edit=lambda old, new: ("exec_command", {
                   "cmd": f"sed -i 's/{old}/{new}/' fruit.txt && echo receipt-$((6 * 7)): $(wc -l < fruit.txt) line"}),
               receipt=r"(receipt-42: 1 line)")
    return home


def test_codex(url: str, bench: Bench):
    home = configure_codex(url, bench, MODEL)
    output = bench.run([CODEX, "exec", "--skip-git-repo-check", "--json", TASK],
                       CODEX_HOME=str(home), RELAY_KEY=bench.key)
    events = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    commands = [event["item"] for event in events if event["type"] == "item.completed"
                and event["item"]["type"] == "command_execution"]
    assert [command["exit_code"] for command in commands] == [0, 0]
    assert events[-1]["type"] == "turn.completed" and events[-1]["usage"]["output_tokens"] > 0
    check(bench, output)
    assert "receipt-42" in output


def test_codex_goes_on_with_a_session(url: str, bench: Bench):
    home = configure_codex(url, bench, MODEL)
    settings = {"CODEX_HOME": str(home), "RELAY_KEY": bench.key}
    bench.run([CODEX, "exec", "--skip-git-repo-check", TASK], **settings)
    bench.fake.script(bench.key, ["It was an apple."])
    output = bench.run([CODEX, "exec", "--skip-git-repo-check", "resume", "--last", "What was it before?"], **settings)
    assert "It was an apple." in output
    assert bench.word in bench.prompts[-1] and "There is a pear now" in bench.prompts[-1]


def test_codex_patches_with_its_own_tool(make_stack: Callable[..., Any], bench: Bench):
    """A model that Codex knows is given apply_patch: a tool whose input is plain text, not JSON."""
    bench.fake.listing = [*CHAT_MODELS, listed("gpt-5.5", "openai")]
    home = configure_codex(make_stack().url, bench, "gpt-5.5")
    bench.play(read=lambda: ("exec_command", {"cmd": "cat fruit.txt"}),
               edit=lambda old, new: ("apply_patch", {"input": (
                   f"*** Begin Patch\n*** Update File: fruit.txt\n@@\n-one {old}\n+one {new}\n*** End Patch\n")}),
               receipt=r"(Success\. Updated)")
    check(bench, bench.run([CODEX, "exec", "--skip-git-repo-check", TASK], CODEX_HOME=str(home), RELAY_KEY=bench.key))
