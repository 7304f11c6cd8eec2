"""What every agent is given: a file, tools for it, and a scripted model that works with them."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
from typing import Any, Callable

from fake_onemin import FakeOneMin
from harness import CLEAN, MODEL

TASK = "Put a pear where the apple is in fruit.txt, then say what the receipt is."
TAG = re.compile(r'<(tool_call\w*)>\s*\{"name": "NAME"')


def call(prompt: str, name: str, **arguments: Any) -> str:
    """A tool call as the prompt says that it is to be written."""
    found = TAG.search(prompt)
    tag = found.group(1) if found else "tool_call"
    return f"<{tag}>\n{json.dumps({'name': name, 'arguments': arguments})}\n</{tag}>"


class Bench:
    """A folder with fruit.txt, and the model that reads the file, changes it and says so.

    Nothing of what the model does can be known before: it takes a word out of the file's text to change the file, and
    the receipt for that into its last answer. So an agent is done only when every result has reached the model.
    """

    def __init__(self, directory: pathlib.Path, fake: FakeOneMin) -> None:
        self.fake = fake
        self.key = f"key-{secrets.token_hex(8)}"
        self.directory = directory / "project"
        self.directory.mkdir()
        self.file = self.directory / "fruit.txt"
        self.word, self._receipt = secrets.token_hex(4), secrets.token_hex(4)
        self.file.write_text(f"one apple a day ({self.word})\n")
        #: The tools that were used.
        self.used: list[str] = []
        self.play()

    def play(self, read: Callable[[], tuple[str, dict[str, Any]]] | None = None,
             edit: Callable[[str, str], tuple[str, dict[str, Any]]] | None = None,
             receipt: str = r"receipt: (\w+)", finish: Callable[[str, str], str] | None = None,
             silently: bool = False) -> None:
        """Says how the model's two calls look (by default it uses the tools below), how the result of the second is
        known, what the model writes at the end, and whether it calls without a word."""
        read = read or (lambda: ("read_file", {"path": "fruit.txt"}))
        edit = edit or (lambda old, new: ("replace_text", {"path": "fruit.txt", "old": old, "new": new}))
        finish = finish or (lambda prompt, found: f"There is a pear now: {found}.")

        def model(prompt: str) -> str:
            if found := re.search(receipt, prompt):
                return finish(prompt, found.group(1))
            if found := re.search(r"one apple a day \((\w+)\)", prompt):
                name, arguments = edit(f"apple a day ({found.group(1)})", "pear a day")
                return ("" if silently else "It has an apple.\n") + call(prompt, name, **arguments)
            name, arguments = read()
            return ("" if silently else "I look at the file.\n") + call(prompt, name, **arguments)
        self.fake.script(self.key, model)

    # The tools

    def read_file(self, path: str) -> str:
        """Reads a file.

        Args:
            path: the file's name
        """
        self.used.append("read_file")
        return (self.directory / path).read_text()

    def replace_text(self, path: str, old: str, new: str) -> str:
        """Replaces a text in a file by another.

        Args:
            path: the file's name
            old: the text to replace
            new: the text to put there
        """
        self.used.append("replace_text")
        text = (self.directory / path).read_text()
        assert text.count(old) == 1, old
        (self.directory / path).write_text(text.replace(old, new))
        return f"changed, receipt: {self._receipt}"

    def use(self, name: str, arguments: dict[str, Any]) -> str:
        return {"read_file": self.read_file, "replace_text": self.replace_text}[name](**arguments)

    @property
    def prompts(self) -> list[str]:
        return self.fake.prompts(self.key)

    def check(self, answer: str, calls: int = 3) -> None:
        """The agent has done its work by three calls of the model, through the tools."""
        assert self.file.read_text().startswith("one pear a day")
        assert self.used == ["read_file", "replace_text"]
        assert self._receipt in answer
        assert len(self.prompts) == calls

    # Programs

    def run(self, arguments: list[Any], timeout: float = 40, **environment: str) -> str:
        """Runs a program in the folder, with a home of its own and nothing of ours; gives what it prints."""
        home, log = self.directory.parent / "home", self.directory.parent / "agent.log"
        home.mkdir(exist_ok=True)
        with log.open("wb") as output:
            # What it starts belongs to its session, and ends with it.
            process = subprocess.Popen(
                [str(argument) for argument in arguments], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True,
                env={**CLEAN, "PATH": os.environ["PATH"], "HOME": str(home), "no_proxy": "127.0.0.1", "TERM": "dumb",
                     "LANG": "C.UTF-8", **environment})
        try:
            status = process.wait(timeout)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        text = log.read_text("utf-8", "replace")
        assert status == 0, text
        return text


FUNCTIONS: list[dict[str, Any]] = [
    {"name": "read_file", "description": "Reads a file.", "parameters": {
        "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"],
        "additionalProperties": False}},
    {"name": "replace_text", "description": "Replaces a text in a file by another.", "parameters": {
        "type": "object", "properties": {"path": {"type": "string"}, "old": {"type": "string"},
                                         "new": {"type": "string"}},
        "required": ["path", "old", "new"], "additionalProperties": False}},
]
"""The two tools as functions with JSON schemas."""

__all__ = ["Bench", "FUNCTIONS", "MODEL", "TASK", "call"]
