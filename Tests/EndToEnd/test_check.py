"""Usage, `check` and exit codes."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

from harness import run_cli


pytestmark = pytest.mark.only("fastcgi")


def check(tmp_path: pathlib.Path, text: str, **options):
    file = tmp_path / "fastrelay.json5"
    file.write_text(text)
    return run_cli("check", "--config", "fastrelay.json5", directory=tmp_path, **options)


def test_version_and_help():
    version = run_cli("--version")
    assert version.returncode == 0 and re.fullmatch(r"fastrelay \d+\.\d+\.\d+\S*\n", version.stdout)
    help_text = run_cli("--help")
    assert help_text.returncode == 0 and "--listen" in help_text.stdout and help_text.stderr == ""


@pytest.mark.parametrize("arguments", [
    [], ["bogus"], ["serve", "--bogus"], ["serve", "--config"], ["serve", "--listen", "nonsense"],
    ["serve", "--listen", "tcp:127.0.0.1:99999"], ["serve", "--listen", "fd:x"], ["serve", "--protocol", "http"],
    ["check", "--listen", "fd:0"], ["serve", "extra"],
])
def test_wrong_usage_is_64_with_one_line(arguments: list[str]):
    done = run_cli(*arguments)
    assert done.returncode == 64
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_check_without_a_file_prints_the_defaults():
    done = run_cli("check")
    assert done.returncode == 0 and done.stderr == ""
    for word in ("listen", "/run/fastrelay/fastrelay.sock", "https://api.1min.ai", "heartbeat", "10s", "0660"):
        assert word in done.stdout


def test_check_accepts_json5(tmp_path: pathlib.Path):
    done = check(tmp_path, """
        // a comment
        {
          listen: 'unix:/tmp/x.sock',   /* another */
          heartbeat: "5s",
          providers: { onemin: { kind: "1min", baseURL: "https://api.example.org", }, },
        }
    """)
    assert done.returncode == 0, done.stderr
    assert "https://api.example.org" in done.stdout and "unix:/tmp/x.sock" in done.stdout


def test_what_check_prints_is_a_configuration(tmp_path: pathlib.Path):
    first = run_cli("check")
    again = check(tmp_path, first.stdout)
    assert again.returncode == 0, again.stderr
    assert again.stdout == first.stdout


@pytest.mark.parametrize("text, place, words", [
    ('{\n  heartbeet: "10s"\n}', "2:3", "heartbeat"),
    ('{\n  heartbeat: 10\n}', "2:14", "10s"),
    ('{\n  heartbeat: "ten"\n}', "2:14", "duration"),
    ('{\n\n  limits: { bodyBytes: "x" }\n}', "3:24", ""),
    ('{ limits: { bodyByte: 5 } }', "1:13", "bodyBytes"),
    ('{ listen: "nonsense" }', "1:11", ""),
    ('{ providers: { onemin: { kind: "2min" } } }', "1:32", "1min"),
    ('{ providers: { onemin: { kind: "1min", baseUrl: "https://x" } } }', "1:40", "baseURL"),
    ('{ providers: { onemin: { baseURL: "ftp://x" } } }', "1:35", ""),
    ('{ providers: { onemin: { timeouts: { firstbyte: "1s" } } } }', "1:38", "firstByte"),
    ('{ socketMode: "999" }', "1:15", ""),
    ('{ "a": }', "1:8", ""),
    ('{', "1:2", ""),
    ('[]', "1:1", ""),
    ('{ listen: "unix:${FASTRELAY_NO_SUCH_VARIABLE}" }', "1:11", "FASTRELAY_NO_SUCH_VARIABLE"),
])
@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_wrong_configuration_is_78_with_its_place(tmp_path: pathlib.Path, text: str, place: str, words: str, command: str):
    (tmp_path / "fastrelay.json5").write_text(text)
    done = run_cli(command, "--config", "fastrelay.json5", directory=tmp_path)
    assert done.returncode == 78, done
    [line] = done.stderr.splitlines()
    assert f"fastrelay.json5:{place}: " in line, line
    assert words in line, line
    assert done.stdout == ""


def test_a_missing_file_is_78(tmp_path: pathlib.Path):
    done = run_cli("check", "--config", str(tmp_path / "nothing.json5"))
    assert done.returncode == 78 and "nothing.json5" in done.stderr and len(done.stderr.splitlines()) == 1


def test_secrets_are_not_printed(tmp_path: pathlib.Path):
    secret = tmp_path / "proxy-url"
    secret.write_text("http://user:canary-from-file@proxy:3128\n")
    for value in ("http://user:canary-in-text@proxy:3128", f"file:{secret}", "${CANARY_PROXY}"):
        done = check(tmp_path, json.dumps({"providers": {"onemin": {"kind": "1min", "proxy": value}}}),
                     environment={"CANARY_PROXY": "http://user:canary-in-variable@proxy:3128"})
        assert done.returncode == 0, done.stderr
        assert "canary" not in done.stdout + done.stderr
        assert "•••" in done.stdout


def test_a_wrong_secret_is_not_printed_either(tmp_path: pathlib.Path):
    done = check(tmp_path, '{ providers: { onemin: { proxy: "canary://user:canary@" } } }')
    assert done.returncode in (0, 78)
    assert "user:canary" not in done.stdout + done.stderr


def test_environment_variables_are_taken(tmp_path: pathlib.Path):
    done = check(tmp_path, '{ listen: "unix:${RUNTIME}/fastrelay.sock" }', environment={
        "RUNTIME": "/tmp/runtime", "MEMCACHED_HOST": "cache.example.org", "MEMCACHED_PORT": "11311",
        "SUBSET_OF_ONE_MIN_PERMITTED_MODELS": "gpt-4o,gpt-5", "PERMIT_MODELS_FROM_SUBSET_ONLY": "True"})
    assert done.returncode == 0, done.stderr
    for word in ("/tmp/runtime/fastrelay.sock", "cache.example.org", "11311", "gpt-4o", "gpt-5"):
        assert word in done.stdout


def test_the_file_wins_over_the_variables(tmp_path: pathlib.Path):
    done = check(tmp_path, '{ memcached: { host: "from-file" } }', environment={"MEMCACHED_HOST": "from-variable"})
    assert "from-file" in done.stdout and "from-variable" not in done.stdout
