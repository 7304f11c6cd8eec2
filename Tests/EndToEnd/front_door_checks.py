"""What holds behind every web server: the checks that the test files of Apache, lighttpd and Caddy share."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import pathlib
import re
import shutil
import socket
from typing import Any, Iterator

import openai
import pytest

from doctor import doctor
from doors import DoorStack, open_directory
from fake_onemin import directive
from fastcgi_dump import Dump
from harness import KEY, MODEL, Answer, Stack, contents, question, wait_until
from lockstep import each_event_arrives_before_the_next_is_sent

ORIGIN = {"Origin": "https://chat.example.org"}
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def preflight(door: Stack, path: str = "/v1/chat/completions", port: int | None = None) -> Answer:
    return door.request("OPTIONS", path, port=port, headers={
        **ORIGIN, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os,openai-beta"})


def is_error(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/json")
    assert set(answer.error) == {"message", "type", "param", "code"} and answer.error["code"] == code


def doctor_finds_nothing(door: DoorStack) -> None:
    """At the root and below a path all is right, without so much as a note."""
    for port, mount in ((door.door.port, ""), (door.door.mounted_port, "/relay")):
        findings = doctor(f"http://127.0.0.1:{port}{mount}/v1", "--wait", "2", quick=False)
        assert findings.worse_than("ok") == {}
        assert "event by event" in findings.message("stream") and (mount or "root") in findings.message("mount")


def unstable(body: bytes) -> bytes:
    """A body without what differs from answer to answer."""
    return re.sub(rb'"created":\d+', b'"created":0', re.sub(rb"chatcmpl-[0-9a-f]+", b"chatcmpl", body))


class FrontDoorChecks:
    """A class that inherits gets all of them for its fixture `door`, a stack whose heart beats fast."""

    #: How often the worker writes to a client that has left until the server tells it. Measured, as the pages say.
    writes_until_told: int
    #: What the server calls a worker that is not there.
    missing_worker = (503, "relay_unavailable")
    #: Whether the server grants each header by its name.
    grants_by_name = True
    #: Whether a body is refused before it has come.
    refuses_announced_length = True

    @pytest.fixture
    def door(self, shared_door: DoorStack, fake: Any) -> Iterator[DoorStack]:
        yield shared_door

    def test_models_are_listed(self, door: DoorStack):
        answer = door.get("/v1/models")
        assert answer.status == 200 and MODEL in [entry["id"] for entry in answer.json["data"]]

    @pytest.mark.parametrize("written, identifier", [
        (CLAUDE, CLAUDE), (CLAUDE.replace(":", "%3A"), CLAUDE), ("meta/muse-spark-1.3", "meta/muse-spark-1.3"),
        ("meta%2Fmuse-spark-1.3", "meta/muse-spark-1.3"), ("meta%2fmuse-spark-1%2E3", "meta/muse-spark-1.3")])
    def test_a_model_is_found_by_its_id(self, door: DoorStack, written: str, identifier: str):
        assert door.get(f"/v1/models/{written}").json["id"] == identifier
        mounted = door.get(f"/relay/v1/models/{written}", port=door.door.mounted_port)
        assert mounted.json["id"] == identifier

    def test_everything_works_below_a_path(self, door: DoorStack):
        port = door.door.mounted_port
        assert door.get("/relay/health", port=port).status == 200
        assert door.get("/relay/", port=port).status == 200
        assert door.get("/relay//v1//models", port=port).status == 200
        assert door.post(question("Hi"), path="/relay/v1/chat/completions", port=port).text
        is_error(door.get("/relay/v1/nothing", port=port), 404, "unknown_url")
        assert preflight(door, "/relay/v1/chat/completions", port).status == 204

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_health(self, door: DoorStack, method: str):
        answer = door.request(method, "/health")
        assert answer.status == 200 and bool(answer.body) == (method == "GET")

    def test_each_event_arrives_before_the_next_is_sent(self, door: DoorStack, fake: Any):
        stream = each_event_arrives_before_the_next_is_sent(door, fake, headers={"Accept-Encoding": "gzip, br"})
        assert "Content-Encoding" not in stream.headers

    @pytest.mark.parametrize("prompt, streamed", [
        ("Hi", False), ("Hi", True), (directive(chunks=["a", "日本", "\n\n", "d" * 70_000]), True),
        (directive(mode="status", status=429), False)], ids=["whole", "stream", "long stream", "error"])
    def test_an_answer_is_the_same_as_behind_nginx(self, door: DoorStack, stack: Stack, prompt: str, streamed: bool):
        answers = []
        for each in (door, stack):
            body = question(prompt, stream=streamed or None)
            answers.append(each.post(body, headers={"x-request-id": "same"}))
        ours, nginx = answers
        assert ours.status == nginx.status
        assert unstable(ours.body) == unstable(nginx.body)
        for name in ("Content-Type", "Cache-Control", "x-request-id", "Access-Control-Allow-Origin", "Retry-After"):
            assert ours.headers.get_all(name) == nginx.headers.get_all(name), name
        assert "Status" not in ours.headers

    def test_a_heartbeat_passes(self, door: DoorStack, fake: Any):
        gate = fake.gate("beat")
        with door.stream(directive(gate="beat", chunks=["a"])) as stream:
            assert all(stream.block(5).startswith(":") for _ in range(3))
            gate.release(2)
            assert contents(stream.rest()) == "a"

    def test_a_client_that_leaves_a_silent_stream_is_noticed(self, door: DoorStack, fake: Any):
        """After so many heartbeats: their number is told by what the worker sent more than the client received."""
        with door.stream(directive(mode="stall", at=1), headers={"x-request-id": "left-the-door"}) as stream:
            assert stream.text(5)
            heartbeat = stream.block(5)
            request = fake.wait_for_chat()
        fake.wait_for_abort(request, 10)
        line = door.wait_for_exchange("left-the-door")
        assert line["outcome"] == "client_left" and line["status"] == 499
        more = (line["bytes_out"] - len(stream.raw)) / len(f"{heartbeat}\n\n")
        assert 0 <= more <= self.writes_until_told

    def test_a_client_that_leaves_a_flowing_stream_is_noticed(self, door: DoorStack, fake: Any):
        with door.stream(directive(events=100_000, gap=0.01)) as stream:
            assert stream.text(5)
            request = fake.wait_for_chat()
        fake.wait_for_abort(request, 5)
        # A few events are in socket buffers; what the model would still have written is saved.
        assert request.events_sent < 1000

    def test_a_preflight_is_granted(self, door: DoorStack):
        answer = preflight(door)
        assert answer.status == 204 and answer.body == b""
        assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
        assert {"GET", "POST", "OPTIONS"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        for name in ("authorization", "content-type", "x-stainless-os") if self.grants_by_name else ("authorization", "*"):
            assert name in re.split(", *", allowed)
        assert int(answer.headers["Access-Control-Max-Age"]) >= 600
        assert "Access-Control-Allow-Credentials" not in answer.headers

    @pytest.mark.parametrize("prompt", ["Hi", directive(mode="status", status=500)])
    def test_answers_and_errors_carry_cors_headers(self, door: DoorStack, prompt: str):
        answer = door.chat(prompt, headers=ORIGIN)
        assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
        for name in ("x-request-id", "x-fastrelay-ignored", "retry-after", "ratelimit-policy", "x-ratelimit-reset-tokens",
                     "anthropic-ratelimit-requests-reset"):
            assert name in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Methods" not in answer.headers

    def test_the_workers_errors_pass_as_they_are(self, door: DoorStack):
        answer = door.request("GET", "/v1/models")
        is_error(answer, 401, "missing_api_key")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        is_error(door.get("/v1/nothing"), 404, "unknown_url")
        answer = door.get("/v1/chat/completions")
        is_error(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == "POST, OPTIONS"
        answer = door.request("OPTIONS", "/v1/models")
        assert answer.status == 204 and "GET" in answer.headers["Allow"]

    @pytest.mark.parametrize("status, ours", [(400, 400), (402, 402), (429, 429), (500, 502), (503, 503)])
    def test_the_status_of_an_upstream_error_passes(self, door: DoorStack, stack: Stack, status: int, ours: int):
        answer, nginx = (each.chat(directive(mode="status", status=status)) for each in (door, stack))
        assert answer.status == nginx.status and answer.error == nginx.error

    @pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"x-api-key": KEY}])
    def test_the_key_reaches_the_worker(self, door: DoorStack, fake: Any, headers: dict[str, str]):
        assert door.post(question("Hi"), headers={"Authorization": None, **headers}).status == 200
        assert fake.wait_for_chat().header("API-KEY") == KEY

    def test_a_body_of_5_mb_passes(self, door: DoorStack, fake: Any):
        prompt = "x" * 5_000_000
        assert door.chat(prompt).status == 200
        assert prompt in fake.wait_for_chat().prompt

    def test_a_body_without_announced_length_passes(self, door: DoorStack, fake: Any):
        prompt = "y" * 1_000_000
        body = json.dumps(question(prompt)).encode()
        answer = door.request(
            "POST", "/v1/chat/completions", iter([body[:7], body[7:500_000], body[500_000:]]),
            {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"})
        assert answer.status == 200 and prompt in fake.wait_for_chat().prompt

    def test_a_body_over_the_limit_is_413_in_openai_shape(self, door: DoorStack, fake: Any):
        connection = http.client.HTTPConnection("127.0.0.1", door.door.port, timeout=20)
        connection.putrequest("POST", "/v1/chat/completions")
        connection.putheader("Authorization", f"Bearer {KEY}")
        connection.putheader("Content-Length", str((64 << 20) + 1))
        connection.endheaders()
        if not self.refuses_announced_length:
            connection.send(bytes((64 << 20) + 1))
        is_error(Answer(connection.getresponse()), 413, "request_too_large")
        connection.close()
        assert fake.chats() == []

    def test_the_openai_client(self, door: DoorStack):
        with openai.OpenAI(base_url=door.url, api_key=KEY, max_retries=0, timeout=30) as client:
            assert client.models.retrieve("meta/muse-spark-1.3").id == "meta/muse-spark-1.3"
            messages = [{"role": "user", "content": "Hi"}]
            answer = client.chat.completions.create(model=MODEL, messages=messages)
            assert answer.choices[0].message.content == "Hello from 1min.ai, the fake one."
            chunks = client.chat.completions.create(model=MODEL, messages=messages, stream=True)
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) \
                == "Hello from 1min.ai, the fake one."
            with pytest.raises(openai.NotFoundError):
                client.models.retrieve("no-such-model")

    def test_many_at_once(self, door: DoorStack):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda number: door.chat(directive(text=f"answer {number}")), range(100)))
        assert [answer.text for answer in answers] == [f"answer {number}" for number in range(100)]

    def test_the_server_accepts_its_configuration(self, door: DoorStack):
        done = door.door.check()
        assert done.returncode == 0 and not re.search("AH0011|WARN|DEPRECATED|unknown", done.stdout + done.stderr), done


class ServiceChecks:
    """What holds where the worker is a service of its own, in place of which another can listen."""

    #: What the server says of the length of a body of 200,000 bytes that did not announce it: it has read it first.
    unknown_length: str | None = "200000"

    def test_a_missing_worker_is_an_error_in_openai_shape(self, make_door: Any):
        door = make_door()
        assert door.chat().status == 200
        door.worker.stop()
        is_error(door.chat(headers=ORIGIN), *self.missing_worker)
        answer = door.get("/relay/v1/models", port=door.door.mounted_port)
        is_error(answer, *self.missing_worker)
        assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
        # Back at once, or as soon as the server looks again.
        door.worker = door.worker.again().start()
        wait_until(lambda: door.chat().status == 200, 5, "an answer of the new worker")

    def test_a_call_is_never_repeated(self, make_door: Any, fake: Any):
        """It costs money: a worker that ends in the middle of one is an error, not a second call."""
        door = make_door()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(door.chat, directive(mode="stall", at="head"))
            fake.wait_for_chat()
            door.worker.process.kill()
            door.worker.process.wait(5)
            door.worker = door.worker.again().start()
            assert answer.result(20).status in (500, 502, 503)
        assert door.get("/health").status in (200, 503) and len(fake.chats()) == 1

    def test_what_the_server_tells(self, tmp_path: pathlib.Path, make_server: Any):
        """The variables that the table of CGITests.swift holds for this server."""
        listener = socket.socket(socket.AF_UNIX)
        run = open_directory()
        listener.bind(str(run / "dump.sock"))
        (run / "dump.sock").chmod(0o777)
        listener.listen(16)
        dump = Dump(listener)
        server = make_server(tmp_path / "server", run / "dump.sock")
        try:
            server.start()
            told_at(server, self.unknown_length)
        finally:
            server.stop()
            dump.stop()
            shutil.rmtree(run)


def told_at(server: Any, unknown_length: str | None) -> None:
    """Asks a server in front of the dump at both places and compares with what the worker needs."""
    stack = Stack.__new__(Stack)
    stack.nginx = server
    for port, mount in ((server.port, ""), (server.mounted_port, "/relay")):
        target = f"{mount}/v1/models/a%2Fb%3Ac?q=%2F&r=1"
        told = stack.request("POST", target, b"12345", port=port, headers={
            "Authorization": "Bearer k", "X-Api-Key": "x", "Content-Type": "text/x-odd", "X-Forwarded-For": "192.0.2.9",
            "Proxy": "http://192.0.2.1/"}).json
        params = told["params"]
        assert told["body"] == 5
        assert params["REQUEST_METHOD"] == "POST" and params["REQUEST_URI"] == target
        assert params["QUERY_STRING"] == "q=%2F&r=1" and params["REMOTE_ADDR"] == "127.0.0.1"
        assert params["CONTENT_LENGTH"] == "5" and params["CONTENT_TYPE"] == "text/x-odd"
        assert params["HTTP_AUTHORIZATION"] == "Bearer k" and params["HTTP_X_API_KEY"] == "x"
        assert params["REQUEST_SCHEME"] == "http" and "HTTPS" not in params
        assert params.get("SCRIPT_NAME", "").rstrip("/") == mount
        assert params.get("PATH_INFO", "").lstrip("/") in ("", "v1/models/a/b:c", "v1/models/a%2Fb:c")
        # Apache adds this to it by default.
        assert not params["SCRIPT_FILENAME"].startswith("proxy:")
    # In pieces that are too large to arrive together.
    told = stack.request("POST", "/v1", iter([b"1" * 100_000, b"2" * 100_000]), headers={}).json
    assert told["body"] == 200_000
    assert told["params"].get("CONTENT_LENGTH") == unknown_length
