"""SIGHUP: the configuration is read again while the worker runs."""

from __future__ import annotations

import json
import pathlib
import signal
from typing import Any

import pytest

from conftest import configuration
from fake_onemin import directive
from harness import Stack, Worker, contents, free_port, wait_until


def write(stack: Stack, config: dict[str, Any] | str) -> pathlib.Path:
    file = stack.directory / "worker" / "fastrelay.json5"
    new = file.with_suffix(".new")
    new.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
    # As a whole: the worker may be reading what an earlier signal asked for.
    new.rename(file)
    return file


def reload(stack: Stack, config: dict[str, Any] | str, message: str = "configuration reloaded") -> dict[str, Any]:
    """Writes the configuration, has it read, and gives the line that the log has about it."""
    write(stack, config)
    count = len(stack.worker.events(message))
    stack.worker.signal(signal.SIGHUP)
    return stack.worker.wait_for_event(message, count + 1)


def test_new_requests_see_what_was_changed_and_the_log_says_what(make_stack, fake):
    stack = make_stack()
    assert stack.chat("x" * 5000).status == 200
    line = reload(stack, configuration(
        fake, {"timeouts": {"idle": "77s"}}, limits={"bodyBytes": 4096, "choices": 2}, models={"aliases": {"mine": "gpt-5"}}))
    assert line["changed"] == "providers.onemin.timeouts.idle, models.aliases, limits.bodyBytes, limits.choices"
    assert "needs_restart" not in line and line["level"] == "info"
    assert stack.chat("x" * 5000).status == 413
    assert stack.chat(n=3).status == 400
    assert stack.chat(model="mine").status == 200 and fake.chats()[-1].json["model"] == "gpt-5"
    line = reload(stack, configuration(fake))
    assert stack.chat("x" * 5000).status == 200 and stack.chat(model="mine").status == 404
    assert reload(stack, configuration(fake))["changed"] == ""
    # What is logged is keys: neither values nor names of models.
    assert all(word not in json.dumps(line) for word in ("77", "4096", "mine"))


def test_what_runs_ends_as_it_began(make_stack, fake):
    stack = make_stack(heartbeat=None)
    gate = fake.gate("reload")
    with stack.stream(directive(gate="reload", chunks=["a", "b", "c"])) as stream:
        gate.release()
        assert stream.text(5) == "a"
        dead = f"http://127.0.0.1:{free_port()}"
        assert reload(stack, configuration(fake, {"baseURL": dead}))["changed"] == "heartbeat, providers.onemin.baseURL"
        assert stack.chat().status == 502
        gate.release(3)
        assert contents(stream.rest()) == "bc" and b"[DONE]" in stream.raw


def test_a_bad_file_changes_nothing(make_stack, fake):
    stack = make_stack(limits={"bodyBytes": 4096})
    line = reload(stack, '{\n  limits: { bodyBytes: 1 },\n}', "configuration not reloaded")
    file = stack.directory / "worker" / "fastrelay.json5"
    assert line["level"] == "warning" and line["reason"].startswith(f"{file}:2:24: ")
    assert stack.chat().status == 200 and stack.chat("x" * 5000).status == 413
    file.unlink()
    count = len(stack.worker.events("configuration not reloaded"))
    stack.worker.signal(signal.SIGHUP)
    line = stack.worker.wait_for_event("configuration not reloaded", count + 1)
    assert line["reason"].startswith(f"{file}: cannot be read: ")
    assert stack.chat().status == 200
    assert reload(stack, configuration(fake))["changed"] == "limits.bodyBytes"


def test_what_needs_a_restart_is_said(make_stack, fake):
    stack = make_stack()
    before = configuration(fake, loops=3, socketMode="0600", socketGroup="root", listen="unix:/tmp/other.sock", heartbeat="3s")
    for changed in ("heartbeat", ""):
        line = reload(stack, before)
        assert line["changed"] == changed and line["level"] == "warning"
        assert line["needs_restart"] == "listen, socketMode, socketGroup, loops"
    assert stack.chat().status == 200


def test_the_log_level_changes(make_stack, fake):
    stack = make_stack()
    assert stack.chat(headers={"x-request-id": "shown"}).status == 200
    stack.worker.wait_for_exchange("shown")
    reload(stack, configuration(fake, log={"level": "debug"}))
    write(stack, configuration(fake, log={"level": "error"}))
    stack.worker.signal(signal.SIGHUP)
    # The line about it is below the new level, so requests have to tell.
    for number in range(200):
        stack.chat(headers={"x-request-id": f"n{number}"})
        if number > 5 and not stack.worker.exchanges(f"n{number - 5}"):
            break
    else:
        pytest.fail("it is still logged")


def test_the_drain_time_changes(make_stack, fake):
    stack = make_stack()
    with stack.stream(directive(mode="stall", at=1)) as stream:
        assert stream.text(5)
        assert reload(stack, configuration(fake, drainTimeout="200ms"))["changed"] == "drainTimeout"
        stack.worker.signal(signal.SIGTERM)
        assert stack.worker.wait(5) == 0


def test_the_list_of_models_outlives_a_reload(make_stack, fake):
    stack = make_stack()
    fetches = lambda: [request for request in fake.requests if request.target.endswith("UNIFY_CHAT_WITH_AI")]
    expected = stack.get("/v1/models").json
    # The built-in list has it, the fake one does not.
    assert "grok-4.7" not in [entry["id"] for entry in expected["data"]] and len(fetches()) == 1
    for number in range(1, 6):
        changed = {"timeouts": {"idle": f"{number}m"}} if number % 2 else {}
        reload(stack, configuration(fake, changed, heartbeat=f"{number}s"))
        assert stack.get("/v1/models").json == expected
        assert stack.chat().status == 200
    assert len(fetches()) == 1


def test_a_secret_is_read_again_from_its_file(make_stack, fake, tmp_path: pathlib.Path):
    secret = tmp_path / "proxy"
    secret.write_text("http://user:first-secret@127.0.0.1:9/\n")
    config = configuration(fake, {"proxy": f"file:{secret}"})
    stack = make_stack(config=config)
    assert stack.chat().status == 502
    secret.write_text("http://user:second-secret@127.0.0.1:9/\n")
    assert reload(stack, config)["changed"] == "providers.onemin.proxy"
    secret.unlink()
    assert str(secret) in reload(stack, config, "configuration not reloaded")["reason"]
    assert "-secret" not in stack.worker.output()


def test_of_many_reloads_the_last_one_counts(make_stack, fake):
    stack = make_stack()
    for number in range(1, 60):
        write(stack, configuration(fake, models={"aliases": {f"alias-{number}": "gpt-5"}}))
        stack.worker.signal(signal.SIGHUP)
    wait_until(lambda: stack.chat(model="alias-59").status == 200, 5, "the last configuration")
    assert stack.chat(model="alias-58").status == 404
    stack.worker.wait_for_event("configuration reloaded")
    assert not stack.worker.events("configuration not reloaded")


def test_without_a_file_there_is_nothing_to_change(make_stack, tmp_path: pathlib.Path):
    worker = Worker(tmp_path, None).start()
    try:
        worker.signal(signal.SIGHUP)
        assert worker.wait_for_event("configuration reloaded")["changed"] == ""
    finally:
        worker.stop()
