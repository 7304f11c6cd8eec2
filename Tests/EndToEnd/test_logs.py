"""One JSON line per exchange, and nothing in any log that does not belong there."""

from __future__ import annotations

import datetime
import json

import harness
from fake_onemin import directive
from harness import Stack


def test_an_exchange_is_one_line(stack: Stack):
    stack.chat("Hi", headers={"x-request-id": "one-line"})
    line = stack.worker.wait_for_exchange("one-line")
    assert len(stack.worker.exchanges("one-line")) == 1
    assert line["level"] == "info" and line["method"] == "POST" and line["status"] == 200 and line["outcome"] == "ok"
    assert line["model"] == "gpt-4o" and line["upstream"] == "onemin" and line["upstream_calls"] == 1
    assert line["input_tokens"] == 11 and line["output_tokens"] == 7
    assert line["bytes_in"] > 0 and line["bytes_out"] > 0 and line["stream"] is False
    assert 0 < line["first_byte_ms"] <= line["total_ms"] < 10_000
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(line["time"])
    assert abs(age.total_seconds()) < 60
    assert len(line["caller"]) >= 8


def test_streams_failures_and_refusals_are_lines_too(stack: Stack):
    with stack.stream("Hi", headers={"x-request-id": "line-stream"}) as stream:
        stream.rest()
    stack.chat(directive(mode="status", status=429), headers={"x-request-id": "line-429"})
    with stack.stream(directive(mode="cut", afterEvents=2), headers={"x-request-id": "line-cut"}) as stream:
        stream.rest()
    stack.post(b"nonsense", headers={"x-request-id": "line-refused"})
    stack.get("/nothing", headers={"x-request-id": "line-404"})
    expected = {"line-stream": (200, "ok"), "line-429": (429, "failed"), "line-cut": (200, "broken_off"),
                "line-refused": (400, "refused"), "line-404": (404, "refused")}
    for identifier, (status, outcome) in expected.items():
        line = stack.worker.wait_for_exchange(identifier)
        assert (line["status"], line["outcome"]) == (status, outcome), line
    assert stack.worker.wait_for_exchange("line-stream")["stream"] is True
    assert stack.worker.wait_for_exchange("line-429")["error_code"] == "rate_limit_exceeded"


def test_callers_are_told_apart_by_a_hash(stack: Stack):
    keys = {"caller-1": "key-a", "caller-2": "key-b", "caller-3": "key-a"}
    for identifier, key in keys.items():
        stack.chat(headers={"x-request-id": identifier, "Authorization": f"Bearer {key}"})
    hashes = [stack.worker.wait_for_exchange(identifier)["caller"] for identifier in keys]
    assert hashes[0] == hashes[2] != hashes[1]


def test_no_log_holds_a_key_a_prompt_or_an_answer(make_stack, fake):
    stack = make_stack(log={"level": "debug"})
    key, prompt, answer = "canary-key-7f3a9c", "canary-prompt-51be", "canary-answer-c0de"
    authorization = {"Authorization": f"Bearer {key}"}
    prompts = [f"{prompt} {directive(text=answer, **fields)}" for fields in (
        {}, dict(mode="status", status=500, message=answer), dict(mode="status", status=400, body="B", message=prompt),
        dict(mode="error-event", afterEvents=1, message=answer), dict(mode="cut", afterEvents=1), dict(mode="garbage"),
        dict(mode="html"), dict(mode="reset"), dict(record={"status": "FAILED"}),
        dict(mode="redirect", location=f"https://{answer}.example.org/{answer}"))]
    for text in prompts:
        stack.chat(text, headers=authorization)
        with stack.stream(text, headers=authorization) as stream:
            assert stream.response.read()
    stack.chat(prompt, headers={"Authorization": None, "x-api-key": key})
    stack.post(f'{{"messages": "{prompt}", "model": ', headers=authorization)
    stack.post({"model": prompt, "messages": [{"role": "user", "content": prompt}]}, headers=authorization)
    stack.post({"model": "gpt-4o", "messages": [{"role": prompt, "content": prompt}]}, headers=authorization)
    leaver = stack.stream(f"{prompt} {directive(mode='stall', at=1)}", headers={**authorization, "x-request-id": "last"})
    leaver.block()
    leaver.close()
    stack.worker.wait_for_exchange("last")
    stack.stop()
    for name, text in (("worker", stack.worker.output()), ("nginx", stack.nginx.logs())):
        assert text, name
        for canary in (key, prompt, answer):
            assert canary not in text, (name, [line for line in text.splitlines() if canary in line][:3])


def test_every_line_of_the_log_is_json_with_time_and_level(make_stack):
    stack = make_stack()
    stack.chat()
    stack.stop()
    lines = stack.worker.lines()
    assert lines
    for line in lines:
        assert {"time", "level", "message"} <= set(line), json.dumps(line)


def test_a_log_that_nobody_reads_holds_up_nobody(fake, tmp_path):
    """Standard error is a pipe that is full: requests go on."""
    import os
    import subprocess
    from conftest import configuration
    from harness import BINARY, CLEAN, RelayNginx, Worker, unix_accepts, wait_until, _end_with_parent
    config = tmp_path / "fastrelay.json5"
    config.write_text(json.dumps(configuration(fake)))
    path = tmp_path / "worker.sock"
    read_end, write_end = os.pipe()
    process = subprocess.Popen([str(BINARY), "serve", "--config", str(config), "--listen", f"unix:{path}",
                                "--protocol", harness.PROTOCOL],
                               stderr=write_end, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent,
                               env={**os.environ, **CLEAN})
    nginx = RelayNginx(tmp_path / "nginx", f"unix:{path}")
    try:
        wait_until(lambda: unix_accepts(path), 10, "the worker")
        nginx.start()
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=10)
        # Each line has some 300 bytes; a pipe takes 65,536.
        for _ in range(600):
            connection.request("GET", "/health")
            response = connection.getresponse()
            response.read()
            assert response.status == 200
    finally:
        nginx.stop()
        os.close(read_end)
        os.close(write_end)
        process.kill()
        process.wait(5)
