"""`fastrelay count`."""

from __future__ import annotations

import json
import os
import pathlib
import resource
import subprocess

import pytest

from harness import BINARY, run_cli

pytestmark = pytest.mark.only("fastcgi")

REQUEST = {"model": "gpt-4", "messages": [{"role": "user", "content": "hello world"}]}


@pytest.fixture
def files(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "plain.txt").write_text("hello world, and 日本語 too\n" * 10)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "request.json").write_text(json.dumps(REQUEST, indent=2))
    (tmp_path / "other.json").write_text('{"messages": "none", "model": "gpt-4"}')
    (tmp_path / "bad.json").write_text('{"messages": [{"role": "nobody", "content": "x"}]}')
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 40)
    return tmp_path


def lines(*arguments: str, directory: pathlib.Path, code: int = 0) -> list[list[str]]:
    done = run_cli("count", *arguments, directory=directory)
    assert done.returncode == code, done
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_one_line_a_file(files: pathlib.Path):
    assert lines("plain.txt", "empty", "request.json", directory=files) == [
        ["80", "plain.txt"], ["0", "empty"], ["9", "request.json"]]


def test_a_model_chooses_the_vocabulary(files: pathlib.Path):
    assert lines("--model", "gpt-4", "plain.txt", directory=files) == [["100", "plain.txt"]]
    assert lines("--model=claude-sonnet-4-5", "plain.txt", directory=files) == [["96", "plain.txt", "estimate"]]


def test_a_request_has_its_own_model_and_frame(files: pathlib.Path):
    assert lines("request.json", directory=files) == [["9", "request.json"]]
    # Two tokens of text, one of the role, three of the frame, two of the beginning of a reasoning model's answer.
    assert lines("--model", "gpt-5", "request.json", directory=files) == [["8", "request.json"]]
    as_text = lines("--text", "request.json", directory=files)
    assert int(as_text[0][0]) > 20
    assert lines("other.json", directory=files) != []


def test_json_lines(files: pathlib.Path):
    done = run_cli("count", "--json", "request.json", "plain.txt", "--model", "gemini-2.5-flash", directory=files)
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == {"file": "request.json", "tokens": 10, "model": "gemini-2.5-flash", "encoding": "o200k_base",
                     "exact": False}
    assert second["file"] == "plain.txt" and second["tokens"] == 104
    done = run_cli("count", "--json", "request.json", directory=files)
    assert json.loads(done.stdout) == {
        "file": "request.json", "tokens": 9, "model": "gpt-4", "encoding": "cl100k_base", "exact": True}


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input(arguments: list[str]):
    done = subprocess.run([str(BINARY), "count", *arguments], input=b"hello world", capture_output=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"2\t-\n", b"")


def test_what_cannot_be_counted_is_told_and_the_rest_counted(files: pathlib.Path):
    done = run_cli("count", "nothing", "plain.txt", "bad.json", ".", "empty", directory=files)
    assert done.returncode == 66
    assert done.stdout.splitlines() == ["80\tplain.txt", "0\tempty"]
    errors = done.stderr.splitlines()
    assert len(errors) == 3 and all(line.startswith("fastrelay: ") for line in errors)
    assert "nothing: cannot be read: No such file" in errors[0]
    assert "bad.json: " in errors[1] and "messages[0].role" in errors[1]
    assert ".: cannot be read: Is a directory" in errors[2]
    assert run_cli("count", "bad.json", "plain.txt", directory=files).returncode == 65


@pytest.mark.parametrize("arguments", [["--bogus"], ["--model"], ["-x", "plain.txt"]])
def test_wrong_usage_is_64(files: pathlib.Path, arguments: list[str]):
    done = run_cli("count", *arguments, directory=files)
    assert done.returncode == 64 and done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_help_names_it():
    assert "fastrelay count" in run_cli("--help").stdout


def test_a_large_file_in_little_memory(tmp_path: pathlib.Path):
    large = tmp_path / "large.txt"
    line = "Some words of a line, 12345 of them, and 日本語.\n"
    large.write_text(line * 2_000_000)
    assert large.stat().st_size > 100_000_000

    def limit() -> None:
        # The program, its vocabularies and a few hundred kilobytes; far less than the file.
        resource.setrlimit(resource.RLIMIT_DATA, (32 << 20, 32 << 20))
    done = subprocess.run([str(BINARY), "count", str(large)], capture_output=True, text=True, timeout=60,
                          preexec_fn=limit, env=os.environ)
    assert done.returncode == 0, done
    small = subprocess.run([str(BINARY), "count"], input=line * 1000, capture_output=True, text=True, timeout=10)
    assert int(done.stdout.split("\t")[0]) == int(small.stdout.split("\t")[0]) * 2000
