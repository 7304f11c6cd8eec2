"""aider, which needs no tools: it edits by a form of text, and the model's answer streams."""

from __future__ import annotations

import pathlib
import re
import sys

import pytest

from bench import MODEL, Bench

QUIET = ["--no-git", "--yes-always", "--no-analytics", "--analytics-disable", "--no-check-update",
         "--no-show-release-notes", "--no-show-model-warnings", "--no-suggest-shell-commands", "--no-detect-urls",
         "--no-auto-lint", "--no-pretty", "--no-fancy-input", "--map-tokens", "0"]


@pytest.mark.parametrize("stream", ["--stream", "--no-stream"])
@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_aider(url: str, bench: Bench, vendor: str, stream: str):
    def model(prompt: str) -> str:
        word = re.search(r"one apple a day \((\w+)\)", prompt).group(1)
        return ("It becomes a pear.\n\nfruit.txt\n```\n<<<<<<< SEARCH\n"
                f"one apple a day ({word})\n=======\none pear a day ({word})\n>>>>>>> REPLACE\n```\n")
    bench.fake.script(bench.key, model)
    # For Anthropic's dialect litellm wants a name that looks like it.
    model_name = {"openai": MODEL, "anthropic": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}[vendor]
    base = {"openai": f"OPENAI_API_BASE={url}",
            "anthropic": f"ANTHROPIC_API_BASE={url.removesuffix('/v1')}"}[vendor]
    output = bench.run(
        [pathlib.Path(sys.executable).parent / "aider", *QUIET, stream, "--model", f"{vendor}/{model_name}",
         "--edit-format", "diff", "--set-env", base, "--api-key", f"{vendor}={bench.key}",
         "--message", "Put a pear where the apple is.", "fruit.txt"],
        # It would fetch a list of prices.
        LITELLM_LOCAL_MODEL_COST_MAP="True")
    assert bench.file.read_text() == f"one pear a day ({bench.word})\n", output
    assert "Applied edit to fruit.txt" in output
    assert len(bench.prompts) == 1
